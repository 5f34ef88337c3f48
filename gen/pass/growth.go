package pass

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

const (
	probed    = 256 // nodes of a variable whose energy is looked at
	probeFar  = 40  // up to ±2^40
	probeElse = 0.734375
)

// growth refuses unbounded nodes of samplers of ours that read the energy when it
// does not rise towards both ends: they have no law then. It looks at the energy at
// ±1, ±2, ±4, …, spins at +1, categories at 0 and other numbers at 0.73 or in the
// middle of their range. Where a network touches the node it is a warning: networks far
// from their data seldom rise, and short runs do not get there.
func growth(w *lowering) {
	p := w.p
	var rows *touching
	var clamped []bool
	var rest []float64
	for i, v := range p.Vars {
		if w.g.Vars[i].Sampler == "" || ir.IsGoCode(w.g.Vars[i].Sampler) || v.Range != nil {
			continue
		}
		if rows == nil {
			rows, clamped, rest = touchingRows(p), w.clamped(), w.somewhere()
		}
		for n := v.First; n < v.First+min(v.Count, probed); n++ {
			if clamped[n] {
				continue
			}
			text := rows.trend(p, n, rest)
			if text == "" {
				continue
			}
			problem := diag.Problem{Pos: w.posOf(int32(n)), Code: diag.Unbounded, Text: w.g.NodeName(n) + text,
				Help: "its energy must rise towards both ends, whatever its neighbours are; or give it a range"}
			if rows.network(p, n) {
				problem.Help = "add a factor that holds it, such as 0.005*x^2, or give it a range"
				w.warnAt(problem)
			} else {
				w.l.Add(problem)
			}
			break
		}
	}
}

// clamped tells the clamped nodes.
func (w *lowering) clamped() []bool {
	is := make([]bool, w.p.Nodes)
	for _, c := range w.p.Clamps {
		for _, n := range c.Nodes {
			is[n] = true
		}
	}
	return is
}

// somewhere is a state inside all ranges.
func (w *lowering) somewhere() []float64 {
	x := make([]float64, w.p.Nodes)
	for _, v := range w.p.Vars {
		at := 1.0
		switch {
		case v.Kind == ir.Categorical:
			at = 0
		case v.Range != nil:
			at = float64(v.Range[0]/2) + float64(v.Range[1]/2)
		case v.Kind == ir.Continuous:
			at = probeElse
		}
		for n := v.First; n < v.First+v.Count; n++ {
			x[n] = at
		}
	}
	for _, c := range w.p.Clamps {
		for i, n := range c.Nodes {
			x[n] = float64(c.Values[i])
			if v := w.varOf(n); v.Kind == ir.Continuous {
				x[n] = float64(math.Float32frombits(uint32(c.Values[i])))
			}
		}
	}
	return x
}

// touching lists the rows that touch each node: of Factors, then of Codes.
type touching struct{ factors, codes [][][2]int32 }

func touchingRows(p *ir.Program) *touching {
	t := &touching{make([][][2]int32, p.Nodes), make([][][2]int32, p.Nodes)}
	for i := range p.Factors {
		for at, n := range p.Factors[i].Index {
			t.factors[n] = append(t.factors[n], [2]int32{int32(i), int32(at / len(p.Factors[i].Slots))})
		}
	}
	for i := range p.Codes {
		c := &p.Codes[i]
		for at, n := range c.Index {
			if !c.Directed {
				t.codes[n] = append(t.codes[n], [2]int32{int32(i), int32(at / len(c.Slots))})
			}
		}
	}
	return t
}

// trend says what is wrong with the energy of a node far out, or nothing.
func (t *touching) trend(p *ir.Program, node int, rest []float64) string {
	kept := rest[node]
	defer func() { rest[node] = kept }()
	at := func(x float64) float64 {
		rest[node] = x
		return t.energy(p, node, rest)
	}
	low := math.Inf(1)
	for k := range 11 {
		low = min(low, at(math.Ldexp(1, k)), at(-math.Ldexp(1, k)))
	}
	low = min(low, at(0))
	for _, side := range []float64{1, -1} {
		switch far := at(side * math.Ldexp(1, probeFar)); {
		case math.IsNaN(far) || math.IsNaN(low):
		case far < low-1000:
			return " has an energy without a lower bound: it is " + short(far) + " at " + short(side*math.Ldexp(1, probeFar))
		case far < low+1:
			return " has an energy that does not rise towards " + map[float64]string{1: "+", -1: "-"}[side] + "∞, so that it has no law"
		}
	}
	return ""
}

// network reports whether a network reads a node.
func (t *touching) network(p *ir.Program, node int) bool {
	return slices.ContainsFunc(t.codes[node], func(r [2]int32) bool { return p.Codes[r[0]].Net != nil })
}

// energy is the sum of the rows that touch a node.
func (t *touching) energy(p *ir.Program, node int, x []float64) float64 {
	h := 0.0
	for _, r := range t.factors[node] {
		f := &p.Factors[r[0]]
		at, product := 0, 1.0
		for j, n := range f.Index[int(r[1])*len(f.Slots):][:len(f.Slots)] {
			switch s := f.Slots[j]; s.Kind {
			case ir.Categorical:
				at = at*s.States + int(x[n])
			case ir.Spin:
				product *= x[n]
			default:
				for range s.Power {
					product *= x[n]
				}
			}
		}
		if !f.Shared {
			at += int(r[1]) * f.TableSize()
		}
		h -= float64(f.Weights[at] * product)
	}
	var stack []float64
	for _, r := range t.codes[node] {
		c := &p.Codes[r[0]]
		code := sampling.Code{Ops: c.Energy, Params: c.Params, Net: c.Net}
		nodes := c.Index[int(r[1])*len(c.Slots):]
		var e float64
		e, stack = code.Eval(int(r[1]), func(slot int) float64 { return x[nodes[slot]] }, stack)
		h += e
	}
	return h
}
