package cli

import (
	"fmt"
	"strings"
)

// diffContext is how many equal lines stand around a change.
const diffContext = 3

// maxEdits bounds the search for the shortest difference; beyond it the middle
// of two files is shown as replaced.
const maxEdits = 2000

// lines cuts a text into lines without their ends.
func lines(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// edit says that line i of the old text goes (-), line j of the new one comes
// (+), or both are equal (blank).
type edit struct {
	op   byte
	i, j int
}

// unifiedDiff is the difference of two texts as hunks with their header.
func unifiedDiff(a, b []string) []string {
	edits := editsOf(a, b)
	var hunks []string
	for at := 0; at < len(edits); {
		if edits[at].op == ' ' {
			at++
			continue
		}
		// From here to the last change that is near enough to the one before.
		from, end := max(0, at-diffContext), at+1
		for k := at; k < len(edits) && k <= end+2*diffContext; k++ {
			if edits[k].op != ' ' {
				end = k + 1
			}
		}
		to := min(len(edits), end+diffContext)
		hunks = append(hunks, hunk(a, b, edits[from:to]))
		at = to
	}
	return hunks
}

func hunk(a, b []string, edits []edit) string {
	var s strings.Builder
	olds, news := 0, 0
	for _, e := range edits {
		switch e.op {
		case '-':
			olds++
			s.WriteString("-" + a[e.i] + "\n")
		case '+':
			news++
			s.WriteString("+" + b[e.j] + "\n")
		default:
			olds++
			news++
			s.WriteString(" " + a[e.i] + "\n")
		}
	}
	return fmt.Sprintf("@@ -%s +%s @@\n", span(edits[0].i, olds), span(edits[0].j, news)) + s.String()
}

// span is the first line, from 1, and the number of lines.
func span(first, n int) string {
	if n == 0 {
		return fmt.Sprintf("%d,0", first)
	}
	return fmt.Sprintf("%d,%d", first+1, n)
}

// editsOf turns a into b: what both begin and end with stays, between them is
// the shortest edit script.
func editsOf(a, b []string) []edit {
	front := 0
	for front < len(a) && front < len(b) && a[front] == b[front] {
		front++
	}
	back := 0
	for back < len(a)-front && back < len(b)-front && a[len(a)-1-back] == b[len(b)-1-back] {
		back++
	}
	var edits []edit
	for i := range front {
		edits = append(edits, edit{' ', i, i})
	}
	for _, e := range shortest(a[front:len(a)-back], b[front:len(b)-back]) {
		edits = append(edits, edit{e.op, e.i + front, e.j + front})
	}
	for k := back; k > 0; k-- {
		edits = append(edits, edit{' ', len(a) - k, len(b) - k})
	}
	return edits
}

// shortest is Myers' greedy algorithm ("An O(ND) Difference Algorithm", 1986):
// reach[d][k] is how far d edits lead on the diagonal i - j = k.
func shortest(a, b []string) []edit {
	var trace [][]int
	reach := map[int]int{1: 0}
	for d := 0; d <= min(len(a)+len(b), maxEdits); d++ {
		row := make([]int, 2*d+1)
		for k := -d; k <= d; k += 2 {
			i := reach[k-1] + 1
			if k == -d || k != d && reach[k-1] < reach[k+1] {
				i = reach[k+1]
			}
			for i < len(a) && i-k < len(b) && a[i] == b[i-k] {
				i++
			}
			reach[k], row[k+d] = i, i
			if i >= len(a) && i-k >= len(b) {
				return back(append(trace, row), len(a), len(b))
			}
		}
		trace = append(trace, row)
	}
	var all []edit
	for i := range a {
		all = append(all, edit{'-', i, 0})
	}
	for j := range b {
		all = append(all, edit{'+', len(a), j})
	}
	return all
}

// back walks from the end to the start of the shortest way.
func back(trace [][]int, i, j int) []edit {
	var edits []edit
	for d := len(trace) - 1; d > 0; d-- {
		before := trace[d-1]
		at := func(k int) int {
			if k < -(d-1) || k > d-1 {
				return -1
			}
			return before[k+d-1]
		}
		k := i - j
		from := k - 1
		if k == -d || k != d && at(k-1) < at(k+1) {
			from = k + 1
		}
		i0 := at(from)
		j0 := i0 - from
		for i > i0 && j > j0 && !(from == k-1 && i == i0+1 && j == j0) && !(from == k+1 && i == i0 && j == j0+1) {
			i--
			j--
			edits = append(edits, edit{' ', i, j})
		}
		if from == k-1 {
			i--
			edits = append(edits, edit{'-', i, j})
		} else {
			j--
			edits = append(edits, edit{'+', i, j})
		}
	}
	for i > 0 && j > 0 {
		i--
		j--
		edits = append(edits, edit{' ', i, j})
	}
	for l, r := 0, len(edits)-1; l < r; l, r = l+1, r-1 {
		edits[l], edits[r] = edits[r], edits[l]
	}
	return edits
}
