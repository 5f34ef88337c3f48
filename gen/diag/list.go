package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxKept bounds the memory of a List: a file of a million bad numbers says
// nothing new after the first ten thousand.
const maxKept = 10000

// List collects problems. The zero value is ready for use; it is not safe for
// concurrent use.
type List struct {
	problems []*Problem
	dropped  int
}

// Add records a problem and returns the recorded copy, so that a caller can
// fill in more of it.
func (l *List) Add(p Problem) *Problem {
	kept := &p
	if len(l.problems) >= maxKept {
		l.dropped++
		return kept
	}
	l.problems = append(l.problems, kept)
	return kept
}

// Addf records a problem of class Model. The result takes the rest:
//
//	l.Addf(pos, diag.UnknownKey, "unknown key %s", key).Help = "…"
func (l *List) Addf(pos Pos, code, format string, args ...any) *Problem {
	return l.Add(Problem{Pos: pos, Code: code, Text: fmt.Sprintf(format, args...)})
}

// Envf records a problem of class Env.
func (l *List) Envf(pos Pos, code, format string, args ...any) *Problem {
	return l.Add(Problem{Pos: pos, Code: code, Text: fmt.Sprintf(format, args...), Class: Env})
}

// Limitf records a problem of class Limit.
func (l *List) Limitf(pos Pos, code, format string, args ...any) *Problem {
	return l.Add(Problem{Pos: pos, Code: code, Text: fmt.Sprintf(format, args...), Class: Limit})
}

// Append records all problems of other.
func (l *List) Append(other *List) {
	if other == nil {
		return
	}
	for _, p := range other.problems {
		l.Add(*p)
	}
	l.dropped += other.dropped
}

// Len is the number of problems recorded, repeats included.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return len(l.problems) + l.dropped
}

// Problems returns the problems by file, line and column, each once.
func (l *List) Problems() []Problem {
	if l == nil {
		return nil
	}
	sorted := slices.Clone(l.problems)
	slices.SortStableFunc(sorted, func(a, b *Problem) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Text, b.Text),
		)
	})
	same := func(a, b *Problem) bool { return a.Pos == b.Pos && a.Code == b.Code && a.Text == b.Text }
	sorted = slices.CompactFunc(sorted, same)
	out := make([]Problem, len(sorted))
	for i, p := range sorted {
		out[i] = *p
	}
	return out
}

// Err is nil for an empty list and the list itself otherwise.
func (l *List) Err() error {
	if l.Len() == 0 {
		return nil
	}
	return l
}

// Error gives one line a problem, at most maxPrinted of them.
func (l *List) Error() string {
	var b strings.Builder
	problems := l.Problems()
	for i, p := range problems {
		if i == maxPrinted {
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(visible(p.Error()))
	}
	if n := l.more(len(problems)); n > 0 {
		fmt.Fprintf(&b, "\n… and %d more", n)
	}
	return b.String()
}

// more is how many problems a print of the first maxPrinted leaves out.
func (l *List) more(distinct int) int { return max(0, distinct-maxPrinted) + l.dropped }

// ExitCode is the exit code of a command that ends with these problems: that
// of the worst class, 0 without problems.
func (l *List) ExitCode() int {
	if l.Len() == 0 {
		return 0
	}
	worst := Model
	for _, p := range l.problems {
		worst = max(worst, p.Class)
	}
	return 3 + int(worst)
}
