package cli

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestEditsTurnOneTextIntoTheOther applies the edits of random texts.
func TestEditsTurnOneTextIntoTheOther(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func() []string {
		s := make([]string, r.IntN(12))
		for i := range s {
			s[i] = string(rune('a' + r.IntN(3)))
		}
		return s
	}
	for range 3000 {
		a, b := text(), text()
		var from, to []string
		changed := 0
		for _, e := range editsOf(a, b) {
			if e.op != '+' {
				from = append(from, a[e.i])
			}
			if e.op != '-' {
				to = append(to, b[e.j])
			}
			if e.op != ' ' {
				changed++
			}
		}
		if !slices.Equal(from, a) || !slices.Equal(to, b) {
			t.Fatalf("%q to %q: edits read %q to %q", a, b, from, to)
		}
		if want := len(a) + len(b) - 2*common(a, b); changed != want {
			t.Fatalf("%q to %q: %d edits, the shortest way has %d", a, b, changed, want)
		}
	}
}

// common is the length of the longest common subsequence, by the definition.
func common(a, b []string) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	row := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			up := row[j+1]
			if a[i] == b[j] {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = up
		}
	}
	return row[len(b)]
}

func TestUnifiedDiff(t *testing.T) {
	a := strings.Split("a b c d e f g h i j k l m n o p q r s t", " ")
	b := slices.Clone(a)
	b[1] = "B"
	b = slices.Delete(b, 17, 18)
	want := `@@ -1,5 +1,5 @@
 a
-b
+B
 c
 d
 e
@@ -15,6 +15,5 @@
 o
 p
 q
-r
 s
 t
`
	if got := strings.Join(unifiedDiff(a, b), ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := strings.Join(unifiedDiff(nil, []string{"x"}), ""); got != "@@ -0,0 +1,1 @@\n+x\n" {
		t.Errorf("a new file: %q", got)
	}
	if got := unifiedDiff(a, a); got != nil {
		t.Errorf("equal texts: %q", got)
	}
}
