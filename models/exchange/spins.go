package exchange

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// Spins is E(s) = Offset + Σ Bias[i]·s_i + Σ J·s_i·s_j over spins ±1, to be
// minimised: p ∝ exp(−Beta·E).
type Spins struct {
	Nodes   int
	Bias    []float64 // one a node; nil if there is none
	Pairs   []Pair
	Offset  float64
	Beta    float64
	Vartype string            // values in the file: BINARY x means s = 2x − 1
	First   int               // what the file calls node 0, where nodes are numbered
	Labels  []json.RawMessage // what it calls the nodes otherwise; nil: First, First + 1, …
	Graph   bool              // a max-cut problem: pairs only, J the weight of an edge
}

// Pair is one term J·s_I·s_J with I < J. Pairs are sorted, each occurs once and
// none has J = 0.
type Pair struct {
	I, J   int32
	Weight float64
}

// Energy is E of a state of −1 and +1.
func (s *Spins) Energy(state []int8) float64 {
	e := s.Offset
	for i, h := range s.Bias {
		e += float64(h * float64(state[i]))
	}
	for _, p := range s.Pairs {
		e += float64(p.Weight * float64(state[p.I]) * float64(state[p.J]))
	}
	return e
}

// entry is one term of a file: a coefficient of two nodes, or of one named twice.
type entry struct {
	a, b   int64
	weight float64
	line   int32 // where it stands: a line, or a number of the entry where lines say nothing
}

// dense numbers the nodes that entries name from 0, in the order of their
// labels, and returns the labels; nil where they are 0, 1, … already.
func dense(entries []entry) (n int, labels []int64) {
	labels = make([]int64, 0, 2*len(entries))
	for i := range entries {
		e := &entries[i]
		if labels = append(labels, e.a); e.b != e.a {
			labels = append(labels, e.b)
		}
	}
	slices.Sort(labels)
	labels = slices.Clip(slices.Compact(labels))
	n = len(labels)
	if n == 0 || labels[0] == 0 && labels[n-1] == int64(n-1) {
		return n, nil
	}
	for i := range entries {
		e := &entries[i]
		a, _ := slices.BinarySearch(labels, e.a)
		b, _ := slices.BinarySearch(labels, e.b)
		e.a, e.b = int64(a), int64(b)
	}
	return n, labels
}

// Label is the JSON text of what the file calls a node.
func (s *Spins) Label(i int) json.RawMessage {
	if s.Labels != nil {
		return s.Labels[i]
	}
	return strconv.AppendInt(nil, int64(s.First+i), 10)
}

// numberLabels are labels that are numbers.
func numberLabels(labels []int64) []json.RawMessage {
	if labels == nil {
		return nil
	}
	out := make([]json.RawMessage, len(labels))
	for i, v := range labels {
		out[i] = strconv.AppendInt(nil, v, 10)
	}
	return out
}

// assemble adds up the entries of a quadratic model over n nodes. Entries of one
// node are linear terms. With BINARY the entries are coefficients of x = (1+s)/2.
func (m *Model) assemble(file string, n int, entries []entry, offset float64, vartype string, once bool, list *diag.List) {
	if n == 0 {
		list.Addf(diag.Pos{File: file}, diag.EmptyFile, "no variables are in this file")
		return
	}
	if n > MaxNodes {
		list.Limitf(diag.Pos{File: file}, diag.TooLarge, "%d variables, at most %d", n, MaxNodes)
		return
	}
	entries = m.merge(file, entries, once, list)
	s := &Spins{Nodes: n, Beta: 1, Vartype: vartype}
	m.Spins = s
	// With x = (1 + s)/2: a·x = a/2·s + a/2, b·x·y = b/4·(s·t + s + t + 1).
	binary := vartype == BINARY
	linear, quadratic := 1.0, 1.0
	if binary {
		linear, quadratic = 0.5, 0.25
	}
	var bias []exactSum // a file may announce any number of nodes: none without a linear term
	if binary || slices.ContainsFunc(entries, func(e entry) bool { return e.a == e.b && e.weight != 0 }) {
		bias = make([]exactSum, n)
	}
	constant := exactSum{}
	constant.add(offset)
	pairs, zeros := 0, 0
	for _, e := range entries {
		if e.a != e.b {
			pairs++
		}
	}
	s.Pairs = make([]Pair, 0, pairs)
	lost := 0 // products that are no float64: only underflow does that
	scaled := func(w, by float64) float64 {
		if w*by/by != w {
			lost++
		}
		return w * by
	}
	for _, e := range entries {
		switch {
		case e.weight == 0:
			if e.a != e.b {
				zeros++
			}
		case e.a == e.b:
			h := scaled(e.weight, linear)
			bias[e.a].add(h)
			if binary {
				constant.add(h)
			}
		default:
			j := scaled(e.weight, quadratic)
			if j != 0 {
				s.Pairs = append(s.Pairs, Pair{int32(e.a), int32(e.b), j})
			}
			if binary {
				bias[e.a].add(j)
				bias[e.b].add(j)
				constant.add(j)
			}
		}
	}
	s.Offset = constant.value()
	rounded := lost
	if constant.rounded() {
		rounded++
	}
	for i := range bias {
		if h := bias[i].value(); h != 0 || s.Bias != nil {
			if s.Bias == nil {
				s.Bias = make([]float64, n)
			}
			s.Bias[i] = h
		}
		if bias[i].rounded() {
			rounded++
		}
	}
	if !finite(s.Offset) || slices.ContainsFunc(s.Bias, func(h float64) bool { return !finite(h) }) {
		list.Addf(diag.Pos{File: file}, diag.NotFinite, "the terms of a variable, or of the offset, add up to infinity")
	}
	if zeros > 0 {
		m.note("%s with coefficient 0 left out", plural(zeros, "pair"))
	}
	if binary {
		how := "exactly"
		if rounded > 0 {
			how = fmt.Sprintf("with %s rounded to float64", plural(rounded, "sum"))
		}
		m.note("x of 0 and 1 became s = 2x − 1, %s", how)
	}
}

// merge sorts entries by nodes and adds up, in the order of the file, those of
// the same nodes.
func (m *Model) merge(file string, entries []entry, once bool, list *diag.List) []entry {
	for i := range entries {
		if e := &entries[i]; e.a > e.b {
			e.a, e.b = e.b, e.a
		}
	}
	slices.SortFunc(entries, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.line, y.line))
	})
	kept, merged := entries[:0], 0
	for i := 0; i < len(entries); {
		e := entries[i]
		from, sum := i, exactSum{}
		for ; i < len(entries) && entries[i].a == e.a && entries[i].b == e.b; i++ {
			if once && entries[i].weight != e.weight {
				list.Addf(m.pos(file, entries[i].line), diag.Duplicate,
					"this pair has the weight %v here and %v before", entries[i].weight, e.weight).
					Help = "entries that are to count once must agree"
			}
			sum.add(entries[i].weight)
		}
		merged += i - from - 1
		if !once {
			e.weight = sum.value()
		}
		e.weight += 0 // −0 is 0
		if !finite(e.weight) {
			list.Addf(m.pos(file, e.line), diag.NotFinite, "repeated entries add up to infinity")
		}
		kept = append(kept, e)
	}
	switch {
	case merged > 0 && once:
		m.note("%s counted once", plural(merged, "repeated entry"))
	case merged > 0:
		m.note("%s added to the first of the same nodes", plural(merged, "repeated entry"))
	}
	return kept
}

// pos is where an entry stands.
func (m *Model) pos(file string, line int32) diag.Pos {
	if m.Format == DimodJSON || m.Format == DimodBQM {
		return diag.Pos{File: file}
	}
	return diag.Pos{File: file, Line: int(line), Col: 1}
}

func (m *Model) note(format string, args ...any) {
	m.Notes = append(m.Notes, fmt.Sprintf(format, args...))
}

// exactSum adds float64 numbers and keeps what rounding loses (Knuth's two-sum),
// so that a sum whose exact value is a float64 comes out as it.
type exactSum struct {
	high, low float64
	lossy     bool // low was rounded
}

func (s *exactSum) add(x float64) {
	var lost, again float64
	s.high, lost = twoSum(s.high, x)
	s.low, again = twoSum(s.low, lost)
	s.lossy = s.lossy || again != 0
}

func (s *exactSum) value() float64 { return s.high + s.low + 0 }

func (s *exactSum) rounded() bool {
	_, lost := twoSum(s.high, s.low)
	return s.lossy || lost != 0
}

func twoSum(a, b float64) (sum, lost float64) {
	sum = a + b
	t := sum - a
	return sum, (a - (sum - t)) + (b - t)
}

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }

// plural counts things: "1 row", "3 rows", "2 entries".
func plural(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case one[len(one)-1] == 'y':
		return fmt.Sprintf("%d %sies", n, one[:len(one)-1])
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Term is one term of a quadratic energy: Weight·s_A·s_B, or Weight·s_A where B
// is A.
type Term struct {
	A, B   int32
	Weight float64
}

// NewSpins adds up terms over n spins. Its error is a sum that is infinite.
func NewSpins(n int, terms []Term) (*Spins, error) {
	entries := make([]entry, len(terms))
	for i, t := range terms {
		entries[i] = entry{int64(t.A), int64(t.B), t.Weight, int32(i)}
	}
	m, list := &Model{}, &diag.List{}
	m.assemble("", n, entries, 0, SPIN, false, list)
	for _, p := range list.Problems() {
		return nil, fmt.Errorf("%s", p.Text)
	}
	return m.Spins, nil
}
