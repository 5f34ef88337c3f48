package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what commands print into testdata")

// TestCases runs every folder of testdata: the command lines in its file cmd,
// one after the other, in a copy of the folder. What they print on standard
// output and standard error and how they end is in stdout, stderr and exit.
func TestCases(t *testing.T) {
	cases, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Name() == "fuzz" {
			continue // the corpus of fuzz tests
		}
		t.Run(c.Name(), func(t *testing.T) { runCase(t, filepath.Join("testdata", c.Name())) })
	}
}

// golden are the files of a case that say what is expected.
var golden = []string{"stdout", "stderr", "exit"}

func runCase(t *testing.T, dir string) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(dir, "cmd"))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, f := range append([]string{"cmd"}, golden...) {
		os.Remove(filepath.Join(work, f))
	}
	t.Chdir(work)
	var stdout, stderr bytes.Buffer
	var exit []string
	for line := range strings.Lines(string(script)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		code := Main(words(line), strings.NewReader(""), &stdout, &stderr)
		exit = append(exit, fmt.Sprint(code))
	}
	got := map[string]string{
		"stdout": normal(stdout.String()), "stderr": normal(stderr.String()), "exit": strings.Join(exit, " ") + "\n",
	}
	for _, name := range golden {
		file := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(file, []byte(got[name]), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got[name] != string(want) {
			t.Errorf("%s of %s: got\n%s\nwant\n%s", name, script, got[name], want)
		}
	}
}

// words splits a command line at blanks outside of single quotes.
func words(line string) []string {
	var list []string
	var word strings.Builder
	quoted, open := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, open = !quoted, true
		case r == ' ' && !quoted:
			if open {
				list = append(list, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if open {
		list = append(list, word.String())
	}
	return list
}

var (
	hashText  = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	timeText  = regexp.MustCompile(`"(seconds|step_seconds|flips_per_ns)":[0-9.e+-]+`)
	speedText = regexp.MustCompile(`(?m)^speed .*?; `)
	sizeText  = regexp.MustCompile(`\([0-9.]+ (bytes|KiB|MiB)\)`)
	byteText  = regexp.MustCompile(`"bytes":[0-9]+`)
	noFigure  = regexp.MustCompile(`NA \[`)
	cpuText   = regexp.MustCompile(`(threads.*\(default )[^)]*\)`)
	goText    = regexp.MustCompile(`\(go[^)]*\)|"(arch|go|os)":"[^"]*"`)
	tookText  = regexp.MustCompile(`(?m)(^\d+ steps? in )\S+$`)
	benchText = regexp.MustCompile(`(?m)^( +\d+ +\d+) +[0-9.e+]+ +[0-9.e+]+$`)
)

// normal takes out what changes from run to run (times) or with every change of
// what a hash or an emitted file is made of.
func normal(s string) string {
	s = hashText.ReplaceAllString(s, "HASH")
	s = timeText.ReplaceAllString(s, `"$1":0`)
	s = speedText.ReplaceAllString(s, "speed …; ")
	s = byteText.ReplaceAllString(s, `"bytes":0`)
	s = sizeText.ReplaceAllString(s, "(SIZE)")
	s = cpuText.ReplaceAllString(s, "${1}CPUS)")
	s = goText.ReplaceAllString(s, "GO")
	s = tookText.ReplaceAllString(s, "${1}…")
	s = benchText.ReplaceAllString(s, "$1 … …")
	var out strings.Builder
	inTable := false
	for line := range strings.Lines(s) {
		switch {
		case strings.Contains(line, "ESS/s"):
			inTable = true
		case strings.TrimSpace(line) == "" || line[0] == '[':
			inTable = false
		}
		if inTable { // the column of ESS/s and the widths that follow from it
			cells := strings.Fields(noFigure.ReplaceAllString(line, "NA["))
			cells[len(cells)-2] = "…"
			line = strings.Join(cells, " ") + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}
