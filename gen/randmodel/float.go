package randmodel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Float draws program number n, a program with continuous nodes beside spins and
// categoricals: rows of one to four slots in any order, squares, ranges, clamps,
// all starts, superblocks of several kinds.
func Float(n uint64) *ir.Program {
	r := rand.New(rand.NewPCG(n, 77))
	p := &ir.Program{Model: "float", Hash: "00", Rounds: 10 - 3*r.IntN(2), Beta: []float64{1, 0.3, 2.5}[r.IntN(3)],
		Sample: ir.Sample{Chains: 1, Warmup: 2, Samples: 3, StepsPerSample: 1, Seed: r.Uint64()},
		Format: ir.Format{Profile: "custom", Fraction: 12, Segments: 256, ThresholdBits: 32, Accum: 64}}
	class := []ir.Slot{}
	for v := range 2 + r.IntN(4) {
		x := ir.Var{Name: fmt.Sprintf("v%d", v), Kind: ir.Kind(r.IntN(3)), States: 2, First: p.Nodes, Count: 1 + r.IntN(6)}
		if v == 0 {
			x.Kind = ir.Continuous
		}
		in := ir.Init{Kind: []ir.InitKind{ir.InitRandom, ir.InitZeros}[r.IntN(2)]}
		slot := ir.Slot{Kind: x.Kind, States: 2}
		switch x.Kind {
		case ir.Categorical:
			x.States = []int{2, 3, 7, 300}[r.IntN(4)]
			slot.States = x.States
		case ir.Continuous:
			x.States, slot.States = 0, 0
			switch r.IntN(4) {
			case 0:
				x.Range = []float64{-1 - r.Float64(), 0.5 + r.Float64()}
			case 1:
				x.Range = []float64{-0.01, 80}
			}
			if r.IntN(2) == 0 {
				in = ir.Init{Kind: ir.InitNormal, Mean: 0.3, SD: float64(r.IntN(2))}
			}
		}
		x.Shape = []int{x.Count}
		p.Nodes += x.Count
		p.Vars, p.Init = append(p.Vars, x), append(p.Init, in)
		for range x.Count {
			class = append(class, slot)
		}
	}
	// Every continuous node has a square of its own, large beside other ones.
	for i, v := range p.Vars {
		if v.Kind != ir.Continuous {
			continue
		}
		f := ir.Factor{Name: fmt.Sprintf("a%d", i), Slots: []ir.Slot{{Kind: ir.Continuous, Power: 2}}, Rows: v.Count}
		for k := range v.Count {
			f.Index = append(f.Index, int32(v.First+k))
			f.Weights = append(f.Weights, -3-r.Float64())
		}
		p.Factors = append(p.Factors, f)
	}
	if r.IntN(3) == 0 {
		p.Factors = append(p.Factors, ir.Factor{Name: "constant", Rows: 2, Weights: []float64{r.Float64(), -1}})
	}
	for f := range 3 + r.IntN(5) {
		p.Factors = append(p.Factors, floatFactor(p, r, class, fmt.Sprintf("f%d", f)))
	}
	for i := range p.Factors {
		if f := &p.Factors[i]; f.Integer() {
			for _, w := range f.Weights {
				f.Ints = append(f.Ints, int64(math.RoundToEven(math.Ldexp(w, 12))))
			}
		}
	}
	floatBlocks(p, r, class)
	if r.IntN(3) == 0 {
		node := int32(r.IntN(p.Nodes))
		value := int32(1)
		if class[node].Kind == ir.Continuous {
			value = sampling.FloatBits(0.25)
		}
		p.Clamps = []ir.Clamp{{Nodes: []int32{node}, Values: []int32{value}}}
	}
	p.Format.Bound = ir.ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
	return p
}

// floatFactor draws rows of different nodes with the same slots.
func floatFactor(p *ir.Program, r *rand.Rand, class []ir.Slot, name string) ir.Factor {
	f := ir.Factor{Name: name, Shared: r.IntN(3) == 0}
	for range 50 {
		nodes := r.Perm(p.Nodes)[:1+r.IntN(min(4, p.Nodes))]
		size, squares := 1, 0
		slots := []ir.Slot{}
		for _, n := range nodes {
			s := class[n]
			if s.Kind == ir.Continuous {
				s.Power = 1
				if r.IntN(4) == 0 && squares == 0 && len(nodes) > 1 {
					s.Power = 2
					squares++
				}
			}
			size *= max(1, s.States*int(s.Kind&1))
			slots = append(slots, s)
		}
		// A square beside an unbounded number could have either sign.
		if size > 2000 || squares > 0 && slices.ContainsFunc(nodes, func(n int) bool { return class[n].Kind == ir.Continuous && !bounded(p, n) }) {
			continue
		}
		if f.Slots == nil {
			f.Slots = slots
			for _, s := range slots {
				if s.Kind == ir.Categorical {
					f.Table = append(f.Table, s.States)
				}
			}
		} else if !slices.Equal(f.Slots, slots) {
			continue
		}
		for _, n := range nodes {
			f.Index = append(f.Index, int32(n))
		}
		if f.Rows++; f.Rows > r.IntN(8) {
			break
		}
	}
	rows := f.Rows
	if f.Shared {
		rows = 1
	}
	scale := 0.5
	if slices.ContainsFunc(f.Slots, func(s ir.Slot) bool { return s.Power == 2 }) {
		scale = 1e-5 // ranges reach to 80
	}
	for range rows * f.TableSize() {
		f.Weights = append(f.Weights, scale*(2*r.Float64()-1))
	}
	return f
}

func bounded(p *ir.Program, n int) bool {
	for _, v := range p.Vars {
		if v.First <= n && n < v.First+v.Count {
			return v.Range != nil
		}
	}
	return false
}

// floatBlocks puts the nodes into superblocks without neighbours, one block for
// each class in each.
func floatBlocks(p *ir.Program, r *rand.Rand, class []ir.Slot) {
	next := map[int]map[int]bool{}
	for i := range p.Factors {
		f := &p.Factors[i]
		k := len(f.Slots)
		for row := range f.Rows {
			for _, a := range f.Index[row*k : row*k+k] {
				for _, b := range f.Index[row*k : row*k+k] {
					if next[int(a)] == nil {
						next[int(a)] = map[int]bool{}
					}
					next[int(a)][int(b)] = true
				}
			}
		}
	}
	colour := make([]int, p.Nodes)
	colours := 0
	for _, n := range r.Perm(p.Nodes) {
		c := 0
		for m := 0; m < p.Nodes; m++ {
			if m != n && next[n][m] && colour[m] == c+1 {
				c, m = c+1, -1
			}
		}
		colour[n] = c + 1
		colours = max(colours, c+1)
	}
	float := p.FloatNodes()
	slot := 0
	for c := range colours {
		var sb ir.Superblock
		for n, s := range class {
			if colour[n] != c+1 {
				continue
			}
			i := slices.IndexFunc(sb, func(b ir.Block) bool { return b.Kind == s.Kind && b.States == s.States && b.Float == float[n] })
			if i < 0 {
				i = len(sb)
				sb = append(sb, ir.Block{Kind: s.Kind, States: s.States, Float: float[n]})
			}
			sb[i].Nodes = append(sb[i].Nodes, int32(n))
		}
		for i := range sb {
			sb[i].First = slot
			slot += (len(sb[i].Nodes) + 15) / 16 * 16
		}
		p.Sweep = append(p.Sweep, sb)
	}
}
