package pass

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"gonum.org/v1/gonum/mat"
)

// mostDense is the largest number of nodes whose joint law is checked by a dense
// factorisation.
const mostDense = 2000

// precision refuses continuous nodes whose energy is not bounded below: one whose
// own conditional is no Gaussian, β = 0, and a joint Gaussian law that does not
// exist though each conditional does.
func precision(w *lowering) {
	p := w.p
	free := w.freeContinuous()
	if len(free) == 0 {
		return
	}
	low := p.LowestPrecision()
	bad := 0
	for _, n := range free {
		if low[n] > 0 {
			continue
		}
		if bad++; bad > 5 {
			continue
		}
		text := "has no square in the energy: its conditional is no Gaussian"
		help := "the coefficient of its square must be above 0 whatever its neighbours are"
		if w.inCode(n) {
			help += "; a range of the neighbours may do, or another sampler: update: {" + w.varOf(n).Name + ": slice}"
			text = "has a square in the energy whose coefficient can be 0"
		}
		if low[n] != 0 {
			text = "has a square with the coefficient " + short(low[n]) + " in the energy"
			if math.IsInf(low[n], -1) {
				text = "has a square whose coefficient has no lower bound"
			}
		}
		w.l.Addf(w.posOf(n), diag.Unbounded, "%s %s", w.g.NodeName(int(n)), text).
			Help = help
	}
	if bad > 5 {
		w.l.Addf(w.posOf(free[0]), diag.Unbounded, "… and %d more nodes like this", bad-5)
	}
	for _, beta := range p.AllBetas() {
		if beta == 0 {
			w.l.Addf(w.posOf(free[0]), diag.Unbounded, "beta is 0: the conditionals of continuous nodes are then no Gaussians").
				Help = "use a small beta above 0"
			return
		}
	}
	if w.l.Len() == 0 {
		w.joint(free)
	}
}

// inCode reports whether an expression is quadratic in a node.
func (w *lowering) inCode(n int32) bool {
	for i := range w.p.Codes {
		c := &w.p.Codes[i]
		for at, m := range c.Index {
			if m == n && c.Parts[at%len(c.Slots)].Square != nil {
				return true
			}
		}
	}
	return false
}

// freeContinuous lists the continuous nodes that gibbs draws.
func (w *lowering) freeContinuous() []int32 {
	other := w.clamped()
	for _, v := range w.g.Vars {
		for n := v.First; n < v.First+v.Count && v.Sampler != ""; n++ {
			other[n] = true
		}
	}
	var free []int32
	for _, v := range w.p.Vars {
		for n := v.First; n < v.First+v.Count && v.Kind == ir.Continuous; n++ {
			if !other[n] {
				free = append(free, int32(n))
			}
		}
	}
	return free
}

func (w *lowering) posOf(node int32) diag.Pos {
	for _, v := range w.g.Vars {
		if v.First <= int(node) && int(node) < v.First+v.Count {
			return v.Pos
		}
	}
	return diag.Pos{}
}

// joint checks that the quadratic form of the unbounded nodes is positive
// definite where it depends on no other node: diagonally dominant, or by
// Cholesky's factorisation.
func (w *lowering) joint(free []int32) {
	p := w.p
	if len(p.Codes) > 0 {
		return // no Gaussian
	}
	at := map[int32]int{} // place of the unbounded nodes
	for _, n := range free {
		if v := w.varOf(n); v.Range == nil {
			at[n] = len(at)
		}
	}
	diagonal, off := make([]float64, len(at)), map[[2]int]float64{}
	for i := range p.Factors {
		if !w.quadratic(&p.Factors[i], at, diagonal, off) {
			return // it depends on discrete neighbours
		}
	}
	rest := append([]float64(nil), diagonal...)
	for k, c := range off {
		rest[k[0]] -= math.Abs(c)
		rest[k[1]] -= math.Abs(c)
	}
	dominant := true
	for _, r := range rest {
		dominant = dominant && r > 0
	}
	switch {
	case dominant:
	case len(at) > mostDense:
		w.warn("", diag.NotChecked, "", "%d continuous nodes are too many to check that their joint law exists (each conditional does)", len(at))
	default:
		m := mat.NewSymDense(len(at), nil)
		for i, d := range diagonal {
			m.SetSym(i, i, d)
		}
		for k, c := range off {
			m.SetSym(k[0], k[1], c)
		}
		var chol mat.Cholesky
		if !chol.Factorize(m) {
			w.l.Addf(w.posOf(free[0]), diag.Unbounded, "the quadratic form of the %d continuous nodes is not positive definite: their joint law does not exist", len(at)).
				Help = "make the squares larger or the products smaller; each node's own square is positive, all together are not enough"
		}
	}
}

// quadratic adds the second derivatives of a factor. It is false if one of them
// depends on other nodes.
func (w *lowering) quadratic(f *ir.Factor, at map[int32]int, diagonal []float64, off map[[2]int]float64) bool {
	k := len(f.Slots)
	for r := range f.Rows {
		var in []int
		order, others := 0, len(f.Table) > 0
		for j, s := range f.Slots {
			i, ok := at[f.Index[r*k+j]]
			if !ok {
				others = true
				continue
			}
			in = append(in, i)
			order += s.Power
		}
		if order < 2 {
			continue
		}
		if order > 2 || others {
			return false
		}
		weight := f.Weights[0]
		if !f.Shared {
			weight = f.Weights[r]
		}
		if len(in) == 1 {
			diagonal[in[0]] -= 2 * weight
		} else {
			key := [2]int{min(in[0], in[1]), max(in[0], in[1])}
			off[key] -= weight
		}
	}
	return true
}

func (w *lowering) varOf(node int32) *ir.Var {
	for i := range w.p.Vars {
		if v := &w.p.Vars[i]; v.First <= int(node) && int(node) < v.First+v.Count {
			return v
		}
	}
	return nil
}
