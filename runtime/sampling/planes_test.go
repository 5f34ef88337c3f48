package sampling_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// planeProgram is pairProgram drawn from bit planes: mostly with few values of weights,
// so that fields have few bits, and sometimes with a factor of three or four spins.
func planeProgram(r *rand.Rand) *ir.Program {
	p := pairProgram(r)
	p.Format.Digit = 0
	p.Format.Group = 0
	p.Format.Planes = 1 + r.IntN(32)
	p.Format.ThresholdBits = p.Format.Planes
	p.Beta = []float64{0, 0.02, 0.3, 1, 3, 20}[r.IntN(6)] / math.Exp2(4*r.Float64())
	kind := r.IntN(4)
	p.Format.Fraction = r.IntN(14)
	for i := range p.Factors {
		f := &p.Factors[i]
		for j := range f.Weights {
			switch kind {
			case 0:
				f.Weights[j] = float64(2*r.IntN(2) - 1)
			case 1:
				f.Weights[j] = 1
			case 2:
				f.Weights[j] = float64(r.IntN(7)-3) * (1 - 0.5*float64(i))
			}
			f.Ints[j] = int64(math.RoundToEven(math.Ldexp(f.Weights[j], p.Format.Fraction)))
		}
	}
	if r.IntN(4) == 0 && p.Nodes > 8 {
		manySpins(r, p)
	}
	p.Format.Accum = ir.AccumFor(p.Headroom())
	p.Format.Bound = ir.ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
	return p
}

// manySpins adds rows of three or four spins, all of different blocks.
func manySpins(r *rand.Rand, p *ir.Program) {
	block := map[int32]int{}
	for b, super := range p.Sweep {
		for _, n := range super[0].Nodes {
			block[n] = b
		}
	}
	order := 3 + r.IntN(2)
	slot := ir.Slot{Kind: ir.Spin, States: 2}
	f := ir.Factor{Name: "k"}
	for range order {
		f.Slots = append(f.Slots, slot)
	}
	for range 40 {
		var row []int32
		seen := map[int]bool{}
		for range 20 {
			n := int32(r.IntN(p.Nodes))
			if !seen[block[n]] && len(row) < order {
				seen[block[n]] = true
				row = append(row, n)
			}
		}
		if len(row) == order {
			f.Index = append(f.Index, row...)
			f.Weights = append(f.Weights, float64(2*r.IntN(2)-1))
			f.Ints = append(f.Ints, int64(math.Ldexp(f.Weights[f.Rows], p.Format.Fraction)))
			f.Rows++
		}
	}
	if f.Rows > 0 {
		p.Factors = append(p.Factors, f)
	}
}

// TestPlanesEqualInterpreter holds bit planes, with every kernel that the processor
// runs, to the interpreter.
func TestPlanesEqualInterpreter(t *testing.T) {
	models := modelCount(t, 30, 15)
	for n := range uint64(models) {
		r := rand.New(rand.NewPCG(n, 11))
		p := planeProgram(r)
		chains, threads := 1+r.IntN(160), 1+r.IntN(2)
		if n%8 == 0 {
			chains += 448
		}
		for _, k := range vector.Kernels() {
			compare(t, n, p, chains, threads, k)
		}
		if t.Failed() {
			return
		}
	}
}

// TestPlanesStayWithTheirModel changes everything that may change at run time, and
// holds the kernels to each other, for bit planes and for single bytes. Weights leave the
// 6 bits of a field and come back.
func TestPlanesStayWithTheirModel(t *testing.T) {
	best, _ := vector.ChooseKernel(vector.Automatic)
	models := modelCount(t, 60, 60)
	for n := range uint64(models) {
		r := rand.New(rand.NewPCG(n, 12))
		p := planeProgram(r)
		if n%2 == 1 {
			p = sliceProgram(r)
		}
		if p.Headroom() > 1<<28 || p.Format.Accum != 32 {
			continue
		}
		m := golang.Model(p)
		m.Format.Range = 64
		for i := range m.Factors {
			m.Factors[i].Runtime = true
		}
		var s [2]*sampling.Sampler
		for i, k := range []vector.Kernel{vector.Portable, best} {
			var err error
			if s[i], err = sampling.NewSampler(m, sampling.Options{Chains: 1 + int(n)*1200/models, Seed: n, Threads: 2 - i, Kernel: k}); err != nil {
				t.Fatal(err)
			}
		}
		for step := range 12 {
			f := &m.Factors[r.IntN(len(m.Factors))]
			w := make([]float64, len(f.Weights))
			for i := range w {
				w[i] = r.NormFloat64()
				if step%2 == 0 {
					w[i] = float64(2*r.IntN(2) - 1)
				}
			}
			node, value, beta, what := int32(r.IntN(p.Nodes)), int32(2*r.IntN(2)-1), 2*r.Float64(), r.IntN(5)
			for _, x := range s {
				var err error
				switch what {
				case 0:
					err = x.SetWeights(f.Name, w)
				case 1:
					err = x.SetBeta(beta)
				case 2:
					err = x.SetClamp(sampling.Clamp{Nodes: []int32{node}, Values: []int32{value}})
				case 3:
					x.Unclamp([]int32{node})
				case 4:
					x.SetSweepNumber(uint64(beta * (1 << 40)))
				}
				if err != nil {
					t.Fatal(err)
				}
				x.Sweeps(2)
			}
			if a, b := s[0].AppendPacked(nil), s[1].AppendPacked(nil); string(a) != string(b) {
				t.Fatalf("model %d parts in step %d, after %d", n, step, what)
			}
		}
	}
}
