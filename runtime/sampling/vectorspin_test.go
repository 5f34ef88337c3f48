package sampling_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// pairProgram is a program of up to 60 spins with pairs and biases: degrees from 0 to
// 40 and beyond what one table holds, weights of all sizes, equal ones, formats from
// one bit to more than 8-bit fields resolve.
func pairProgram(r *rand.Rand) *ir.Program { return pairsOf(r, 1+r.IntN(60)) }

// pairsOf is one of n spins.
func pairsOf(r *rand.Rand, n int) *ir.Program {
	degree := make([]int, n)
	limit := 1 + r.IntN(40)
	var edges [][2]int32
	for k := r.IntN(1 + n*limit); k > 0; k-- {
		i, j := r.IntN(n), r.IntN(n)
		if i != j && degree[i] < limit && degree[j] < limit {
			edges = append(edges, [2]int32{int32(i), int32(j)})
			degree[i]++
			degree[j]++
		}
	}
	p := &ir.Program{Model: "pairs", Hash: "00", Nodes: n, Rounds: []int{7, 10, rng.ARS5}[r.IntN(3)], Beta: []float64{0, 0.02, 0.3, 1, 3, 20}[r.IntN(6)],
		Vars: []ir.Var{{Name: "s", Shape: []int{n}, Count: n, States: 2}}, Init: []ir.Init{{}},
		Format: ir.Format{Profile: "custom", Fraction: r.IntN(20) - 2, Segments: 128 + 128*r.IntN(2), ThresholdBits: 32, Accum: 32},
		Sample: ir.Sample{Chains: 1, Samples: 1, StepsPerSample: 1}}
	if r.IntN(3) == 0 {
		p.Format.Group = 2 + r.IntN(7)
	}
	if r.IntN(3) == 0 {
		p.Format.ThresholdBits = 1 + r.IntN(16)
	}
	kind, scale := r.IntN(4), math.Exp2(float64(r.IntN(8)-4))
	weight := func() float64 {
		switch kind {
		case 0:
			return scale * r.NormFloat64()
		case 1:
			return float64(2*r.IntN(2) - 1)
		case 2:
			return scale * float64(r.IntN(5)-2)
		}
		return math.Exp2(-10*r.Float64()) * float64(2*r.IntN(2)-1)
	}
	slot := ir.Slot{Kind: ir.Spin, States: 2}
	pairs := ir.Factor{Name: "j", Slots: []ir.Slot{slot, slot}, Rows: len(edges)}
	for _, e := range edges {
		pairs.Index = append(pairs.Index, e[0], e[1])
		pairs.Weights = append(pairs.Weights, weight())
	}
	p.Factors = append(p.Factors, pairs)
	if r.IntN(2) == 0 {
		bias := ir.Factor{Name: "b", Slots: []ir.Slot{slot}, Rows: n}
		for i := range n {
			bias.Index = append(bias.Index, int32(i))
			bias.Weights = append(bias.Weights, weight())
		}
		p.Factors = append(p.Factors, bias)
	}
	for i := range p.Factors {
		f := &p.Factors[i]
		for _, w := range f.Weights {
			f.Ints = append(f.Ints, int64(math.RoundToEven(math.Ldexp(w, p.Format.Fraction))))
		}
	}
	csr, err := graph.NewCSR(n, unique(edges))
	if err != nil {
		panic(err)
	}
	colours, count := graph.Colour(csr, nil)
	first := 0
	for c := range count {
		b := ir.Block{States: 2, First: first}
		for i, x := range colours {
			if int(x) == c {
				b.Nodes = append(b.Nodes, int32(i))
			}
		}
		first += (len(b.Nodes) + 15) / 16 * 16
		p.Sweep = append(p.Sweep, ir.Superblock{b})
	}
	p.Format.Accum = ir.AccumFor(p.Headroom())
	p.Format.Bound = ir.ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
	if p.Format.ThresholdBits == 32 && r.IntN(2) == 0 {
		p.Format.Digit = 8
	}
	return p
}

func unique(edges [][2]int32) [][2]int32 {
	seen := map[[2]int32]bool{}
	var out [][2]int32
	for _, e := range edges {
		if e[0] > e[1] {
			e[0], e[1] = e[1], e[0]
		}
		if !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	return out
}

// bestKernel skips, loudly if asked to, where AVX-512 kernels do not run.
func bestKernel(t *testing.T) {
	t.Helper()
	if k, _ := vector.ChooseKernel(vector.Automatic); k != vector.AVX512 {
		if strings.Contains(os.Getenv("THRML_REQUIRE"), "avx512") {
			t.Fatal("this processor does not run avx512")
		}
		t.Skipf("the kernel needs avx512, this processor runs %v", k)
	}
}

// eachKernel runs a test with every kernel of the processor, and skips it, loudly if
// asked to, where there is none.
func eachKernel(t *testing.T, test func(t *testing.T, k vector.Kernel)) {
	for _, k := range []vector.Kernel{vector.AVX2, vector.AVX512} {
		t.Run(k.String(), func(t *testing.T) {
			if _, err := vector.ChooseKernel(k); err != nil {
				if strings.Contains(os.Getenv("THRML_REQUIRE"), k.String()) {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			test(t, k)
		})
	}
}

// modelCount is how many models a test takes: so many, or short of them in a short run,
// or what THRML_MODELS says.
func modelCount(t *testing.T, many, short int) int {
	t.Helper()
	models := many
	if testing.Short() {
		models = short
	}
	if v := os.Getenv("THRML_MODELS"); v != "" {
		if _, err := fmt.Sscan(v, &models); err != nil {
			t.Fatal(err)
		}
	}
	return models
}

// TestSpinKernelEqualsInterpreter holds the spin kernel to the interpreter, bit for
// bit, on models with every number of chains, threads, degree and format. THRML_MODELS
// says how many.
func TestSpinKernelEqualsInterpreter(t *testing.T) {
	eachKernel(t, equalsInterpreter)
}

func equalsInterpreter(t *testing.T, k vector.Kernel) {
	for n := range uint64(modelCount(t, 150, 40)) {
		r := rand.New(rand.NewPCG(n, 1))
		p := pairProgram(r)
		if p.Format.Accum != 32 {
			continue
		}
		chains := 65 + r.IntN(200)
		if n%8 == 0 {
			chains += 448
		}
		compare(t, n, p, chains, 1+r.IntN(2), k)
		if t.Failed() {
			return
		}
	}
}

// TestSpinKernelStaysWithItsModel changes everything that may change at run time: β,
// weights, clamps, and holds the spin kernel to the portable engine.
func TestSpinKernelStaysWithItsModel(t *testing.T) {
	eachKernel(t, func(t *testing.T, k vector.Kernel) {
		staysWithItsModel(t, k, 60, func(r *rand.Rand, n int) (*ir.Program, int) { return pairProgram(r), 65 + 20*n })
	})
}

// staysWithItsModel does it with so many models and numbers of chains.
func staysWithItsModel(t *testing.T, kernel vector.Kernel, models int, model func(r *rand.Rand, n int) (*ir.Program, int)) {
	for n := range uint64(models) {
		r := rand.New(rand.NewPCG(n, 2))
		p, chains := model(r, int(n))
		if p.Headroom() > 1<<28 {
			continue
		}
		m := golang.Model(p)
		m.Format.Range = 64
		for i := range m.Factors {
			m.Factors[i].Runtime = true
		}
		var s [2]*sampling.Sampler
		for i, k := range []vector.Kernel{vector.Portable, kernel} {
			var err error
			if s[i], err = sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: n, Threads: 1 + i, Kernel: k}); err != nil {
				t.Fatal(err)
			}
			if s[i].Kernel() != k {
				t.Fatalf("kernel %v, asked for %v", s[i].Kernel(), k)
			}
		}
		for step := range 12 {
			f := &m.Factors[r.IntN(len(m.Factors))]
			w := make([]float64, len(f.Weights))
			for i := range w {
				w[i] = r.NormFloat64() * math.Exp2(float64(r.IntN(6)-4))
			}
			node, value, beta, what := int32(r.IntN(p.Nodes)), int32(2*r.IntN(2)-1), 2*r.Float64(), r.IntN(5)
			for _, v := range m.Vars {
				if v.Kind == sampling.Categorical && int(node) >= v.First && int(node) < v.First+v.Count {
					value = int32(r.IntN(v.States))
				}
			}
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

// TestSpinKernelLaw compares pair moments of a dense model of 12 spins with those of
// its 4,096 states: 8,192 chains with 12 draws 4 sweeps apart. Neither replays words
// nor knows thresholds. Moments are off by 0.003 (one sigma at most); 78 of them
// stay below 6 sigma of independent draws times 1.5 for what correlation is left but
// for a chance of 10^-7, and a bias of 0.03 is found.
func TestSpinKernelLaw(t *testing.T) {
	eachKernel(t, kernelLaw)
}

func kernelLaw(t *testing.T, kernel vector.Kernel) {
	const n, chains, draws = 12, 8192, 12
	r := rand.New(rand.NewPCG(3, 3))
	p := pairProgram(r)
	for p.Nodes != n || p.Format.ThresholdBits != 32 || p.Beta != 1 || len(p.Factors) != 2 || p.Factors[0].Rows < 30 || p.Format.Fraction < 10 {
		p = pairProgram(r)
	}
	for i := range p.Factors {
		f := &p.Factors[i]
		for j := range f.Weights {
			f.Weights[j] = 0.3 * r.NormFloat64()
			f.Ints[j] = int64(math.RoundToEven(math.Ldexp(f.Weights[j], p.Format.Fraction)))
		}
	}
	var exact, got [n * n]float64
	z := 0.0
	for x := range 1 << n {
		spin := func(i int32) float64 { return float64(x>>i&1*2 - 1) }
		e := 0.0
		for _, f := range p.Factors {
			for row, w := range f.Weights {
				prod := w
				for _, i := range f.Index[row*len(f.Slots) : (row+1)*len(f.Slots)] {
					prod *= spin(i)
				}
				e += prod
			}
		}
		q := math.Exp(e)
		z += q
		for i := range int32(n) {
			for j := range i {
				exact[i*n+j] += q * spin(i) * spin(j)
			}
			exact[i*n+i] += q * spin(i)
		}
	}
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 5, Kernel: kernel})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(100)
	for range draws {
		s.Sweeps(4)
		for c := range chains {
			x := s.State(c, nil)
			for i := range n {
				for j := range i {
					got[i*n+j] += float64(x[i] * x[j])
				}
				got[i*n+i] += float64(x[i])
			}
		}
	}
	for i := range n {
		for j := range i + 1 {
			want, have := exact[i*n+j]/z, got[i*n+j]/(chains*draws)
			sigma := 1.5 * math.Sqrt((1-want*want)/(chains*draws))
			if math.Abs(have-want) > 6*sigma {
				t.Errorf("moment %d,%d is %.5f, exactly %.5f (sigma %.5f)", i, j, have, want, sigma)
			}
		}
	}
}
