package graph

import (
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// quadratic is a symmetric matrix: its diagonal, and what of its upper triangle is
// not 0.
type quadratic struct {
	diagonal []float64
	pairs    []int32 // two for each element
	values   []float64
}

// mostInverted is the largest covariance that is inverted, in O(n³) steps.
const mostInverted = 2048

// gaussian is continuous x with
//
//	H = ½ (x-mean)ᵀ·precision·(x-mean),  precision = covariance⁻¹
//
// The law at β is normal with this mean and the covariance (β·precision)⁻¹. In
// general form it is a factor over single nodes, called diagonal, and one over pairs,
// called off_diagonal.
func (b *builder) gaussian(f *spec.Family) {
	n, v, ok := b.gaussianNodes(f)
	if !ok {
		b.familyVariables(f)
		return
	}
	b.declare(f, v)
	var q *quadratic
	if f.Covariance != nil {
		q, ok = b.inverseOf(f.Covariance, n)
	} else {
		q, ok = b.matrixOf(f.Precision, n)
	}
	mean, okMean := b.meanOf(f, n)
	if ok && okMean {
		b.gaussianTerms(f, v.Name, q, mean)
	}
}

// gaussianBernoulli is continuous x and spins s with
//
//	H = ½ (x-mean)ᵀ·precision·(x-mean) - Σ biases[j]·s[j] - Σ weights[i, j]·x[i]·s[j]
//
// so that x given s is normal with mean + precision⁻¹·weights·s. The precision is 1,
// mean and biases 0 and weights are drawn from N(0, 0.01²) with seed 0 where they are
// not given.
func (b *builder) gaussianBernoulli(f *spec.Family) {
	if f.Continuous == nil || f.Spins == nil {
		b.fail(f.Kind.Pos, diag.BadVariable, "write gaussian_bernoulli: {continuous: 8, spins: 4}", "gaussian_bernoulli needs continuous and spins")
		b.familyVariables(f)
		return
	}
	x, s := spec.Name{Text: "x", Pos: f.Kind.Pos}, spec.Name{Text: "s", Pos: f.Kind.Pos}
	b.declare(f, spec.Variable{Name: x, Kind: "continuous", Shape: f.Continuous})
	b.declare(f, spec.Variable{Name: s, Kind: "spin", Shape: f.Spins})
	n := size(f.Continuous)
	m := f.Precision
	if m == nil {
		m = &spec.Matrix{Dense: numbers(f.Kind.Pos, []float64{1}), Pos: f.Kind.Pos}
	}
	if n > MaxModelNodes || size(f.Spins) > MaxModelNodes {
		return // reported with the variables
	}
	q, ok := b.matrixOf(m, n)
	mean, okMean := b.meanOf(f, n)
	if !ok || !okMean {
		return
	}
	b.gaussianTerms(f, x, q, mean)
	biases := zeroUnless(f.Biases, f)
	b.terms = append(b.terms, term{untied: true, grids: [][]int{plain(f.Spins)}, Factor: spec.Factor{
		Name: spec.Name{Text: "biases", Pos: biases.Pos}, Pos: biases.Pos, Weights: biases,
		Over: []spec.Slot{{Var: s}}, Index: &spec.Index{All: true, Pos: biases.Pos},
	}})
	w := drawnUnless(f.Weights, f)
	b.terms = append(b.terms, term{untied: true,
		grids: [][]int{{n, size(f.Spins)}, append(plain(f.Continuous), plain(f.Spins)...)},
		Factor: spec.Factor{
			Name: spec.Name{Text: "weights", Pos: w.Pos}, Pos: w.Pos, Weights: w,
			Over: []spec.Slot{{Var: x}, {Var: s}}, Index: &spec.Index{Pairs: true, Pos: w.Pos},
		}})
}

// gaussianNodes finds how many nodes a gaussian family has: as its shape or graph
// says, else as its matrix, its diagonal or its mean are long, else as its edges
// name.
func (b *builder) gaussianNodes(f *spec.Family) (int, spec.Variable, bool) {
	x := spec.Name{Text: "x", Pos: f.Kind.Pos}
	v := spec.Variable{Name: x, Kind: "continuous", Shape: f.Shape}
	m := f.Precision
	if m == nil && f.Covariance == nil || m != nil && m.Dense == nil && m.Diagonal == nil {
		b.fail(f.Kind.Pos, diag.MissingKey, "write gaussian: {precision: [[2, -1], [-1, 2]]}", "gaussian needs a precision or a covariance")
		return 0, v, false
	}
	if m == nil {
		m = &spec.Matrix{Dense: f.Covariance, Pos: f.Covariance.Pos}
	}
	if m.Graph != nil {
		if f.Shape == nil {
			v.On = b.onGraph(m.Graph)
			m.Graph = &spec.Topology{Ref: v.On.Graph, Pos: m.Graph.Pos}
		}
		top, ok := b.graphOf(m.Graph)
		if !ok {
			return 0, v, false
		}
		if f.Shape != nil && size(f.Shape) != top.Nodes {
			b.fail(f.Shape[0].Pos, diag.BadGraph, "leave one of the two out", "the shape has %d nodes, the graph %d", size(f.Shape), top.Nodes)
			return 0, v, false
		}
		return top.Nodes, v, true
	}
	if f.Shape != nil {
		n := size(f.Shape)
		return n, v, n <= MaxModelNodes
	}
	n := 0
	for _, w := range []*spec.Weights{m.Dense, m.Diagonal, f.Mean} {
		if shape, ok := b.shapeOf(w); !ok {
			return 0, v, false
		} else if len(shape) > 0 && n == 0 {
			n = shape[0]
		}
	}
	if n == 0 && m.Edges != nil {
		var ok bool
		if n, ok = b.isingNodes(&spec.Family{Edges: m.Edges}); !ok {
			return 0, v, false
		}
	}
	if n == 0 {
		b.fail(f.Kind.Pos, diag.MissingKey, "add shape: and the number of nodes", "gaussian does not say how many nodes it has")
		return 0, v, false
	}
	v.Shape = []spec.Int{{V: int64(n), Ok: true, Pos: f.Kind.Pos}}
	return n, v, true
}

// shapeOf is the shape of a list or a file; nil for one number or what is drawn.
func (b *builder) shapeOf(w *spec.Weights) ([]int, bool) {
	switch {
	case w == nil:
	case w.List != nil:
		return w.List.Shape, true
	case w.File != nil:
		shape, _, ok := b.floats(w.File)
		return shape, ok
	}
	return nil, true
}

// meanOf is one mean for each node; nil where all are 0.
func (b *builder) meanOf(f *spec.Family, n int) ([]float64, bool) {
	if f.Mean == nil {
		return nil, true
	}
	grid := plain(f.Shape)
	if f.Kind.Text == "gaussian_bernoulli" {
		grid = plain(f.Continuous)
	}
	mean, ok := b.each("the means", f.Mean, n, grid)
	if !slices.ContainsFunc(mean, func(m float64) bool { return m != 0 }) {
		mean = nil
	}
	return mean, ok
}

// each gives n numbers from weights: one for all, [n], or in the shape of a grid.
func (b *builder) each(name string, w *spec.Weights, n int, grid []int) ([]float64, bool) {
	like := &Factor{Name: name, Rows: n}
	grids := [][]int{{n}}
	if len(grid) > 0 {
		grids = append(grids, grid)
	}
	values, place, ok := b.weightsOf(w, like, nil, grids...)
	if !ok {
		return nil, false
	}
	for i, v := range values {
		if !finite(v) {
			b.fail(place(i), diag.NotFinite, "", "%s[%d] is %v", name, i, v)
			return nil, false
		}
	}
	if like.Shared {
		values = slices.Repeat(values, n)
	}
	return values, true
}

// matrixOf reads a symmetric matrix of n rows.
func (b *builder) matrixOf(m *spec.Matrix, n int) (*quadratic, bool) {
	if m.Dense != nil {
		return b.denseMatrix("precision", m.Dense, n)
	}
	if m.Diagonal == nil || m.Values == nil {
		return nil, false // reported by the reader
	}
	diagonal, ok := b.each("the diagonal values", m.Diagonal, n, nil)
	q := &quadratic{diagonal: diagonal}
	index := m.Edges
	if m.Graph != nil || index != nil && index.Edges != nil {
		top := m.Graph
		if top == nil {
			top = index.Edges
		}
		t, found := b.graphOf(top)
		if !found {
			return nil, false
		}
		if t.Nodes != n {
			b.fail(top.Pos, diag.BadGraph, "", "the graph has %d nodes, the precision %d", t.Nodes, n)
			return nil, false
		}
		for _, e := range t.Edges {
			q.pairs = append(q.pairs, min(e[0], e[1]), max(e[0], e[1]))
		}
	} else {
		var found bool
		if q.pairs, found = b.edgeRows(index, n); !found {
			return nil, false
		}
	}
	if !ok || len(q.pairs) == 0 {
		return q, ok
	}
	q.values, ok = b.each("the values", m.Values, len(q.pairs)/2, nil)
	return q, ok
}

// edgeRows reads edges as rows of two nodes, each pair once.
func (b *builder) edgeRows(index *spec.Index, n int) ([]int32, bool) {
	if index == nil {
		return nil, false // reported by the reader
	}
	var flat []int64
	place := func(int) diag.Pos { return index.Pos }
	if index.File != nil {
		shape, values, ok := b.ints(index.File)
		if !ok {
			return nil, false
		}
		if len(shape) != 2 || shape[1] != 2 {
			b.fail(index.File.Pos, diag.BadFile, "one row for each edge, one column for each end", "%s has shape %s, edges need [n, 2]", fileText(index.File), shapeText(shape))
			return nil, false
		}
		flat = values
	} else {
		for _, row := range index.Rows {
			for _, k := range row {
				flat = append(flat, int64(k))
			}
		}
		place = func(i int) diag.Pos { return index.RowPos[i] }
	}
	wrong := few{b: b, code: diag.OutOfRange, help: "an edge joins two different nodes, and each two once"}
	seen := map[[2]int64]bool{}
	pairs := make([]int32, 0, len(flat))
	for i := 0; i+1 < len(flat); i += 2 {
		lo, hi := min(flat[i], flat[i+1]), max(flat[i], flat[i+1])
		switch {
		case lo < 0 || hi >= int64(n):
			wrong.add(place(i/2), "edge %d joins %d and %d; the nodes are 0 … %d", i/2, flat[i], flat[i+1], n-1)
		case lo == hi:
			wrong.add(place(i/2), "edge %d joins %d and itself; its element is on the diagonal", i/2, lo)
		case seen[[2]int64{lo, hi}]:
			wrong.add(place(i/2), "edge %d joins %d and %d, as an edge before does", i/2, lo, hi)
		}
		seen[[2]int64{lo, hi}] = true
		pairs = append(pairs, int32(lo), int32(hi))
	}
	wrong.done("edges")
	return pairs, wrong.count == 0
}

// symmetric is how far, in units of the root of the product of the diagonal elements,
// two elements that should be equal may lie apart; their mean is taken. Matrices that
// were computed are symmetric to rounding only.
const symmetric = 1e-6

// denseMatrix reads a matrix of n × n numbers, or its diagonal.
func (b *builder) denseMatrix(name string, w *spec.Weights, n int) (*quadratic, bool) {
	shape, ok := b.shapeOf(w)
	if !ok {
		return nil, false
	}
	if w.Kind == "identity" {
		w = numbers(w.Pos, []float64{w.A.V})
	}
	if len(shape) != 2 || shape[0] != shape[1] || shape[0] != n {
		if len(shape) == 2 {
			b.fail(w.Pos, diag.WeightsShape, "", "%s has shape %s; it needs %s, or %s for a diagonal", name, shapeText(shape), shapeText([]int{n, n}), shapeText([]int{n}))
			return nil, false
		}
		diagonal, ok := b.each(name, w, n, nil)
		return &quadratic{diagonal: diagonal}, ok
	}
	if !b.takeWeights(w.Pos, float64(n)*float64(n)) {
		return nil, false
	}
	place := func(int) diag.Pos { return w.Pos }
	var all []float64
	if w.File != nil {
		_, all, ok = b.floats(w.File)
	} else {
		all, place = w.List.Values, w.List.At
	}
	if !ok {
		return nil, false
	}
	q := &quadratic{diagonal: make([]float64, n)}
	for i := range n {
		q.diagonal[i] = all[i*n+i]
	}
	uneven := few{b: b, code: diag.WeightsShape, help: "write the same number on both sides of the diagonal"}
	for i := range n {
		for j := i + 1; j < n; j++ {
			x, y := all[i*n+j], all[j*n+i]
			if math.Abs(x-y) > symmetric*math.Sqrt(math.Abs(q.diagonal[i]*q.diagonal[j])) {
				uneven.add(place(j*n+i), "%s is not symmetric: [%d, %d] is %v, [%d, %d] is %v", name, i, j, x, j, i, y)
			}
			if m := float64(x/2) + float64(y/2); m != 0 {
				q.pairs, q.values = append(q.pairs, int32(i), int32(j)), append(q.values, m)
			}
		}
	}
	uneven.done("elements")
	return q, uneven.count == 0
}

// independent is the partial correlation below which an element of an inverse counts
// as 0: it is what rounding leaves of one.
const independent = 1.0 / (1 << 30)

// inverseOf is the inverse of a covariance, by Cholesky's factorisation in + - × ÷ and
// roots, the same on every machine.
func (b *builder) inverseOf(w *spec.Weights, n int) (*quadratic, bool) {
	c, ok := b.denseMatrix("covariance", w, n)
	if !ok {
		return nil, false
	}
	if len(c.pairs) > 0 && n > mostInverted {
		b.limit(w.Pos, "a covariance of %d nodes, at most %d can be inverted; give the precision", n, mostInverted)
		return nil, false
	}
	q := &quadratic{diagonal: make([]float64, n)}
	for i, v := range c.diagonal {
		if !(v > 0) {
			b.fail(w.Pos, diag.Unbounded, "a variance is above 0", "the covariance has %v at [%d, %d]", v, i, i)
			return nil, false
		}
		q.diagonal[i] = 1 / v
	}
	if len(c.pairs) == 0 {
		return q, true
	}
	full := make([]float64, n*n)
	for i, v := range c.diagonal {
		full[i*n+i] = v
	}
	for k, v := range c.values {
		i, j := int(c.pairs[2*k]), int(c.pairs[2*k+1])
		full[i*n+j], full[j*n+i] = v, v
	}
	if at := invert(full, n); at >= 0 {
		b.fail(w.Pos, diag.Unbounded, "check that it is the covariance of some numbers, none a sum of others", "the covariance is not positive definite: rows 0 to %d depend on each other", at)
		return nil, false
	}
	for i := range n {
		q.diagonal[i] = full[i*n+i]
		for j := i + 1; j < n; j++ {
			v := full[j*n+i]
			if math.Abs(v) > independent*math.Sqrt(float64(full[i*n+i]*full[j*n+j])) {
				q.pairs, q.values = append(q.pairs, int32(i), int32(j)), append(q.values, v)
			}
		}
	}
	return q, true
}

// invert replaces a symmetric n × n matrix by its inverse, of which only the lower
// triangle is written. It returns -1, or the row at which the matrix is found not to
// be positive definite.
func invert(a []float64, n int) int {
	// a = L·Lᵀ
	for i := range n {
		for j := range i + 1 {
			sum := a[i*n+j]
			for k := range j {
				sum -= float64(a[i*n+k] * a[j*n+k])
			}
			if i > j {
				a[i*n+j] = sum / a[j*n+j]
				continue
			}
			if !(sum > 1e-14*a[i*n+i]) {
				return i
			}
			a[i*n+i] = math.Sqrt(sum)
		}
	}
	// L becomes its inverse, column by column.
	for j := range n {
		a[j*n+j] = 1 / a[j*n+j]
		for i := j + 1; i < n; i++ {
			sum := 0.0
			for k := j; k < i; k++ {
				sum -= float64(a[i*n+k] * a[k*n+j])
			}
			a[i*n+j] = sum / a[i*n+i]
		}
	}
	// The inverse is L⁻ᵀ·L⁻¹: of column j of L⁻¹ only rows from j on are not 0, so
	// that row i, column j needs rows from i on and may be written over.
	for i := range n {
		for j := range i + 1 {
			sum := 0.0
			for k := i; k < n; k++ {
				sum += float64(a[k*n+i] * a[k*n+j])
			}
			a[i*n+j] = sum
		}
	}
	return -1
}

// gaussianTerms adds ½ (x-mean)ᵀ·q·(x-mean). With h = q·mean that is
// ½ xᵀ·q·x - h·x + ½ h·mean. Where q and h are data, the constant is left out.
func (b *builder) gaussianTerms(f *spec.Family, x spec.Name, q *quadratic, mean []float64) {
	pos := f.Kind.Pos
	name := func(s string) spec.Name { return spec.Name{Text: s, Pos: pos} }
	param := func(s string, values []float64) spec.Param {
		return spec.Param{Name: name(s), Weights: *numbers(pos, values)}
	}
	t := spec.Factor{Name: name("diagonal"), Pos: pos, EnergyPos: pos, Over: []spec.Slot{{Alias: name("u"), Var: x}}, Index: &spec.Index{All: true, Pos: pos}}
	p := param("p", q.diagonal)
	switch {
	case mean == nil:
		t.Energy, t.Params = "0.5*p*u^2", []spec.Param{p}
	case len(q.pairs) == 0:
		t.Energy, t.Params = "0.5*p*(u - m)^2", []spec.Param{p, param("m", mean)}
	default:
		h := make([]float64, len(mean))
		for i, m := range mean {
			h[i] = q.diagonal[i] * m
		}
		for k, v := range q.values {
			i, j := q.pairs[2*k], q.pairs[2*k+1]
			h[i] += float64(v * mean[j])
			h[j] += float64(v * mean[i])
		}
		t.Energy, t.Params = "0.5*p*u^2 - h*u + 0.5*h*m", []spec.Param{p, param("h", h), param("m", mean)}
		if b.s.Runtime {
			t.Energy, t.Params = "0.5*p*u^2 - h*u", t.Params[:2]
		}
	}
	b.terms = append(b.terms, term{Factor: t, untied: true})
	if len(q.pairs) == 0 {
		return
	}
	t = spec.Factor{Name: name("off_diagonal"), Pos: pos, EnergyPos: pos, Energy: "p*u*v",
		Over: []spec.Slot{{Alias: name("u"), Var: x}, {Alias: name("v"), Var: x}}, Params: []spec.Param{param("p", q.values)}}
	b.terms = append(b.terms, term{Factor: t, untied: true, rows: slices.Clone(q.pairs), rowText: func(row int) string {
		return fmt.Sprintf("[%d, %d]", q.pairs[2*row], q.pairs[2*row+1])
	}})
}

// numbers are weights given by their values, one where all are equal.
func numbers(pos diag.Pos, values []float64) *spec.Weights {
	list := &spec.List{Shape: []int{len(values)}, Values: values, At: func(int) diag.Pos { return pos }}
	if len(values) == 1 || !slices.ContainsFunc(values, func(v float64) bool { return v != values[0] }) {
		list.Shape, list.Values = nil, values[:1]
	}
	return &spec.Weights{Kind: "list", List: list, Pos: pos}
}
