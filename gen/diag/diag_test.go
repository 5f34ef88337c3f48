package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func at(file string, line, col int) Pos { return Pos{File: file, Line: line, Col: col} }

func TestListOrder(t *testing.T) {
	var l List
	l.Addf(at("b", 1, 1), Syntax, "later file")
	l.Addf(at("a", 2, 1), Syntax, "second line")
	l.Addf(at("a", 1, 9), Syntax, "second column")
	l.Addf(at("a", 1, 2), Syntax, "first")
	l.Addf(at("a", 1, 9), Syntax, "second column")
	l.Addf(Pos{File: "a"}, Syntax, "whole file")
	var got []string
	for _, p := range l.Problems() {
		got = append(got, p.Text)
	}
	if want := "whole file|first|second column|second line|later file"; strings.Join(got, "|") != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if l.Len() != 6 {
		t.Errorf("length %d, want 6", l.Len())
	}
}

func TestErr(t *testing.T) {
	var l List
	if l.Err() != nil || l.ExitCode() != 0 {
		t.Error("an empty list is an error")
	}
	l.Addf(at("m.yaml", 3, 4), BadNumber, "a").Help = "b"
	if l.ExitCode() != 3 {
		t.Errorf("exit code %d, want 3", l.ExitCode())
	}
	if got := l.Err().Error(); got != "m.yaml:3:4: bad-number: a" {
		t.Errorf("error %q", got)
	}
	l.Envf(Pos{File: "w.npz"}, BadPath, "gone")
	if l.ExitCode() != 4 {
		t.Errorf("exit code %d, want 4", l.ExitCode())
	}
	l.Limitf(Pos{}, TooLarge, "big")
	if l.ExitCode() != 5 {
		t.Errorf("exit code %d, want 5", l.ExitCode())
	}
	var list *List
	if !errors.As(fmt.Errorf("check: %w", l.Err()), &list) || list.ExitCode() != 5 {
		t.Error("the list is lost in a wrapped error")
	}
	var sum List
	sum.Append(&l)
	sum.Append(nil)
	if sum.Len() != 3 || sum.Problems()[1].Help != "b" {
		t.Errorf("appended: %+v", sum.Problems())
	}
}

func TestCap(t *testing.T) {
	var l List
	for i := range maxKept + 500 {
		l.Addf(at("m", i+1, 1), Syntax, "x")
	}
	if l.Len() != maxKept+500 {
		t.Errorf("length %d", l.Len())
	}
	var b bytes.Buffer
	if err := Render(&b, &l, nil); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("m:20:1: syntax: x\n… and %d more\n", maxKept+480); !strings.HasSuffix(b.String(), want) {
		t.Errorf("the end is %q", b.String()[b.Len()-60:])
	}
	if got := l.Error(); !strings.HasSuffix(got, fmt.Sprintf("\n… and %d more", maxKept+480)) {
		t.Errorf("the end is %q", got[len(got)-60:])
	}
}

// TestRender holds the caret under what it means, whatever stands before it.
func TestRender(t *testing.T) {
	long := strings.Repeat("0123456789", 30)
	for _, c := range []struct {
		name, src string
		p         Problem
		want      string
	}{
		{"plain", "a: 1\nsample: {chians: 8}\n", Problem{Pos: at("m", 2, 10), Width: 6, Help: "did you mean chains?"},
			"m:2:10: c: t\n    2 | sample: {chians: 8}\n      |          ^^^^^^\nhelp: did you mean chains?\n"},
		{"tab", "\ta: x\n", Problem{Pos: at("m", 1, 5)},
			"m:1:5: c: t\n    1 |     a: x\n      |        ^\n"},
		{"tab itself", "\ta\n", Problem{Pos: at("m", 1, 1)},
			"m:1:1: c: t\n    1 |     a\n      | ^^^^\n"},
		{"letters of two bytes", "größe: x\n", Problem{Pos: at("m", 1, 10)},
			"m:1:10: c: t\n    1 | größe: x\n      |        ^\n"},
		{"underlined letters of two bytes", "é: größe\n", Problem{Pos: at("m", 1, 5), Width: 7},
			"m:1:5: c: t\n    1 | é: größe\n      |    ^^^^^\n"},
		{"escape sequence", "a: \x1b[31mred\n", Problem{Pos: at("m", 1, 4)},
			"m:1:4: c: t\n    1 | a: \\x1b[31mred\n      |    ^^^^\n"},
		{"direction", "a: \u202ex\n", Problem{Pos: at("m", 1, 7)},
			"m:1:7: c: t\n    1 | a: \\u202ex\n      |          ^\n"},
		{"broken UTF-8", "a: \xff x\n", Problem{Pos: at("m", 1, 4)},
			"m:1:4: c: t\n    1 | a: \\xff x\n      |    ^^^^\n"},
		{"end of line", "a: [\n", Problem{Pos: at("m", 1, 5)},
			"m:1:5: c: t\n    1 | a: [\n      |     ^\n"},
		{"CR LF", "a\r\nb: 1\r\nc\r\n", Problem{Pos: at("m", 2, 4)},
			"m:2:4: c: t\n    2 | b: 1\n      |    ^\n"},
		{"CR", "a\rb: 1\rc\r", Problem{Pos: at("m", 2, 4)},
			"m:2:4: c: t\n    2 | b: 1\n      |    ^\n"},
		{"byte order mark", "\ufeffa: 1\n", Problem{Pos: at("m", 1, 4)},
			"m:1:4: c: t\n    1 | a: 1\n      |    ^\n"},
		{"no such line", "a\n", Problem{Pos: at("m", 7, 1)}, "m:7:1: c: t\n"},
		{"whole file", "a\n", Problem{Pos: Pos{File: "m"}}, "m: c: t\n"},
		{"other file", "a\n", Problem{Pos: at("n", 1, 1)}, "n:1:1: c: t\n"},
		{"long line, start", long, Problem{Pos: at("m", 1, 3)},
			"m:1:3: c: t\n    1 | " + long[:100] + "…\n      |   ^\n"},
		{"long line, middle", long, Problem{Pos: at("m", 1, 151), Width: 2},
			"m:1:151: c: t\n    1 | …" + long[117:217] + "…\n      | " + strings.Repeat(" ", 34) + "^^\n"},
		{"long line, end", long, Problem{Pos: at("m", 1, 300)},
			"m:1:300: c: t\n    1 | …" + long[200:] + "\n      | " + strings.Repeat(" ", 100) + "^\n"},
		{"line of many bytes", strings.Repeat("é", 500) + long + strings.Repeat("é", 500), Problem{Pos: at("m", 1, 1151)},
			"m:1:1151: c: t\n    1 | …" + long[117:217] + "…\n      | " + strings.Repeat(" ", 34) + "^\n"},
		{"name of the file", "a\n", Problem{Pos: at("n\nx", 1, 1)}, "n\\nx:1:1: c: t\n"},
	} {
		c.p.Code, c.p.Text = "c", "t"
		var l List
		l.Add(c.p)
		var b bytes.Buffer
		source := func(file string) []byte {
			if file == "m" {
				return []byte(c.src)
			}
			return nil
		}
		if err := Render(&b, &l, source); err != nil {
			t.Fatal(err)
		}
		if b.String() != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, b.String(), c.want)
		}
	}
}

func TestRenderJSON(t *testing.T) {
	var l List
	l.Addf(at("m.yaml", 2, 10), UnknownKey, "unknown key %s", Quote("<a>")).Help = "did you mean b?"
	l.Addf(at("m.yaml", 1, 1), MissingKey, "no name")
	var b bytes.Buffer
	if err := RenderJSON(&b, &l); err != nil {
		t.Fatal(err)
	}
	want := `{"errors":[{"file":"m.yaml","line":1,"column":1,"code":"missing-key","text":"no name","help":""},` +
		`{"file":"m.yaml","line":2,"column":10,"code":"unknown-key","text":"unknown key \"<a>\"","help":"did you mean b?"}]}` + "\n"
	if b.String() != want {
		t.Errorf("got %s, want %s", b.String(), want)
	}
	b.Reset()
	if err := RenderJSON(&b, &List{}); err != nil {
		t.Fatal(err)
	}
	var empty struct{ Errors []any }
	if err := json.Unmarshal(b.Bytes(), &empty); err != nil || empty.Errors == nil {
		t.Errorf("without problems: %s", b.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestRenderReportsWriteErrors(t *testing.T) {
	var l List
	l.Addf(at("m", 1, 1), Syntax, "x")
	if Render(full{}, &l, nil) == nil || RenderJSON(full{}, &l) == nil {
		t.Error("a failed write is not reported")
	}
}

func TestSuggest(t *testing.T) {
	keys := []string{"chains", "warmup", "samples", "steps_per_sample", "seed", "betas", "n"}
	for word, want := range map[string]string{
		"chians": "chains", "chain": "chains", "Warmup": "warmup", "warm_up": "warmup", "sample": "samples", "step_per_sample": "steps_per_sample",
		"sede": "seed", "beta": "betas", "frobnicate": "", "": "", "x": "", strings.Repeat("chains", 20): "",
	} {
		if got := Suggest(word, keys); got != want {
			t.Errorf("%q: suggested %q, want %q", word, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"x": `"x"`, "": `""`, "a\nb": `"a\nb"`, "\u202ex": `"\u202ex"`, strings.Repeat("é", 50): `"` + strings.Repeat("é", 40) + `…"`,
	} {
		if got := Quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if got := Or([]string{"a", "b", "c"}) + Or([]string{"a", "b"}) + Or([]string{"a"}) + Or(nil); got != "a, b or ca or ba" {
		t.Error(got)
	}
}
