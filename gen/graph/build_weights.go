package graph

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// factorWeights gives the weights of f as written, before scale: one table, or
// one for each row (f.Shared). place says where element i is written.
func (b *builder) factorWeights(t *term, f *Factor) (values []float64, place func(int) diag.Pos, ok bool) {
	at := func(int) diag.Pos { return f.WeightsPos }
	if t.values != nil || t.rowText != nil {
		return t.values, at, true
	}
	if t.Weights == nil {
		b.fail(t.Pos, diag.WeightsShape, "", "factor %s has no weights", f.Name)
		return nil, nil, false
	}
	f.WeightsPos = t.Weights.Pos
	if t.potts {
		return b.couplings(t, f)
	}
	values, place, ok = b.weightsOf(t.Weights, f, f.Table, t.grids...)
	if ok && t.untied && f.Runtime && f.Shared {
		if !b.takeWeights(f.WeightsPos, float64(f.Rows)) {
			return nil, nil, false
		}
		values, f.Shared = slices.Repeat(values, f.Rows), false
	}
	return values, place, ok
}

// couplings multiplies one number, or one for each row, with the identity.
func (b *builder) couplings(t *term, f *Factor) ([]float64, func(int) diag.Pos, bool) {
	at := func(int) diag.Pos { return f.WeightsPos }
	js, _, ok := b.weightsOf(t.Weights, f, nil)
	k := f.Table[0]
	if !ok || !b.takeWeights(t.Weights.Pos, float64(len(js))*float64(k)*float64(k)) {
		return nil, nil, false
	}
	values := make([]float64, len(js)*k*k)
	for r, j := range js {
		for c := range k {
			values[(r*k+c)*k+c] = j
		}
	}
	return values, at, true
}

// weightsOf gives weights for rows with the given table axes. grids are shapes,
// besides [rows], that one number for each row may have.
func (b *builder) weightsOf(w *spec.Weights, f *Factor, table []int, grids ...[]int) ([]float64, func(int) diag.Pos, bool) {
	at := func(int) diag.Pos { return w.Pos }
	size := 1.0
	for _, k := range table {
		size *= float64(k)
	}
	switch w.Kind {
	case "list":
		shared, ok := b.weightShape(w.Pos, "the list", w.List.Shape, f, table, grids)
		if !ok {
			return nil, nil, false
		}
		f.Shared = shared
		place := at
		if w.List.At != nil {
			place = w.List.At
		}
		if w.List.Shape == nil { // one number, the same for all states
			if !b.takeWeights(w.Pos, size) {
				return nil, nil, false
			}
			return slices.Repeat(w.List.Values, int(size)), func(int) diag.Pos { return w.Pos }, true
		}
		if !b.takeWeights(w.Pos, float64(len(w.List.Values))) {
			return nil, nil, false
		}
		return slices.Clone(w.List.Values), place, true
	case "file":
		shape, values, ok := b.floats(w.File)
		if !ok {
			return nil, nil, false
		}
		if len(shape) == 0 {
			shape = nil
		}
		shared, ok := b.weightShape(w.File.Pos, fileText(w.File), shape, f, table, grids)
		if !ok {
			return nil, nil, false
		}
		f.Shared = shared
		n := float64(len(values))
		if shape == nil {
			n = size
		}
		if !b.takeWeights(w.Pos, n) {
			return nil, nil, false
		}
		if shape == nil {
			values = slices.Repeat(values, int(size))
		}
		return values, at, true
	case "identity":
		if len(table) != 2 || table[0] != table[1] {
			b.fail(w.Pos, diag.BadSlots, "", "an identity is a square table over two categorical slots with equally many states; factor %s has tables of shape %s",
				f.Name, shapeText(table))
			return nil, nil, false
		}
		if !b.takeWeights(w.Pos, size) {
			return nil, nil, false
		}
		f.Shared = true
		k := table[0]
		values := make([]float64, k*k)
		for c := range k {
			values[c*k+c] = w.A.V
		}
		return values, at, true
	}
	if !b.takeWeights(w.Pos, float64(f.Rows)*size) {
		return nil, nil, false
	}
	f.Shared = false
	n, seed := f.Rows*int(size), uint64(w.Seed.V)
	if first, ok := b.seeds[seed]; ok {
		b.warn(w.Pos, diag.SameSeed, "give each factor a seed of its own", "factor %s draws its weights from seed %d, as factor %s does: they are not independent", f.Name, seed, first)
	} else {
		b.seeds[seed] = f.Name
	}
	switch w.Kind {
	case "normal":
		if w.B.V < 0 {
			b.fail(w.B.Pos, diag.OutOfRange, "", "a standard deviation of %v, must be at least 0", w.B.V)
			return nil, nil, false
		}
		return drawNormal(seed, n, w.A.V, w.B.V), at, true
	case "uniform":
		if w.A.V > w.B.V {
			b.fail(w.A.Pos, diag.OutOfRange, "", "uniform from %v to %v: the first must not be above the second", w.A.V, w.B.V)
			return nil, nil, false
		}
		return drawUniform(seed, n, w.A.V, w.B.V), at, true
	case "signs":
		return drawSigns(seed, n, w.A.V), at, true
	}
	b.fail(w.Pos, diag.WeightsShape, "", "weights of kind %s are not known", diag.Quote(w.Kind))
	return nil, nil, false
}

// takeWeights counts weights against MaxWeights.
func (b *builder) takeWeights(pos diag.Pos, n float64) bool {
	if float64(b.weights)+n > MaxWeights {
		b.limit(pos, "the factors have more than %d weights", MaxWeights)
		return false
	}
	b.weights += int(n)
	return true
}

// weightShape checks that a shape is that of one table, or of one for each row.
func (b *builder) weightShape(pos diag.Pos, what string, shape []int, f *Factor, table []int, grids [][]int) (shared, ok bool) {
	if shape == nil || slices.Equal(shape, table) && len(table) > 0 {
		return true, true
	}
	perRow := append([]int{f.Rows}, table...)
	if slices.Equal(shape, perRow) || slices.ContainsFunc(grids, func(g []int) bool { return slices.Equal(g, shape) }) {
		return false, true
	}
	help := "one number for each row; one number serves all rows"
	if len(table) > 0 {
		help = "the categorical slots, in order, give the axes of a table; a leading axis over rows is needed only where rows differ"
		b.fail(pos, diag.WeightsShape, help, "%s has shape %s; factor %s needs %s for one table, or %s for one for each row",
			what, shapeText(shape), f.Name, shapeText(table), shapeText(perRow))
		return false, false
	}
	if len(grids) > 0 {
		help = "one number serves all"
		turned := slices.Clone(shape)
		if slices.Reverse(turned); len(turned) == 2 && slices.Equal(turned, grids[0]) {
			help = "transpose it: the first axis is that of the visible nodes"
		}
		b.fail(pos, diag.WeightsShape, help, "%s has shape %s; %s need %s", what, shapeText(shape), f.Name, shapeText(grids[0]))
		return false, false
	}
	b.fail(pos, diag.WeightsShape, help, "%s has shape %s; factor %s has %d rows", what, shapeText(shape), f.Name, f.Rows)
	return false, false
}

// finish multiplies the weights with the factor's scale.
func (b *builder) finish(f *Factor, place func(int) diag.Pos) bool {
	bad := few{b: b, code: diag.NotFinite, help: "the largest float64 is about 1.8e308; scale the weights down and beta up"}
	for i, w := range f.Weights {
		scaled := float64(w*f.Scale) + 0 // -0 becomes 0
		if !finite(scaled) {
			bad.add(place(i), "weight %d of factor %s, %v, times the scale %v is beyond any float64", i, f.Name, w, f.Scale)
			continue
		}
		f.Weights[i] = scaled
	}
	bad.done("weights")
	return bad.count == 0
}
