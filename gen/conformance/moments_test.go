package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// momentLimit is in standard errors. There are about 1400 comparisons in this
// file, so with other seeds a right sampler would fail once in 1200 runs.
const momentLimit = 5

// momentRMS is the largest root mean square of the z of one list. It is 1 on
// average; 2 has probability below 1e-5 for 12 independent moments, and lists have
// more, which are correlated.
const momentRMS = 2

// columns are the values of products over all chains of a sampler. Those of one
// factor are kept until the next draw.
type columns struct {
	s     *sampling.Sampler
	atoms map[[2]int][]int8
	bits  []uint64
	cats  []int32
}

func (c *columns) nextDraw() { c.atoms = map[[2]int][]int8{} }

// atom is spin i as ±1 for [i], the indicator of state k for [i, k].
func (c *columns) atom(f []int) []int8 {
	key := [2]int{f[0], -1}
	if len(f) == 2 {
		key[1] = f[1]
	}
	if column := c.atoms[key]; column != nil {
		return column
	}
	column := make([]int8, c.s.Chains())
	if len(f) == 1 {
		c.bits = c.s.Bits(f[0], c.bits[:0])
		for i := range column {
			column[i] = int8(c.bits[i/64]>>(i%64)&1)*2 - 1
		}
	} else {
		c.cats = c.s.Categories(f[0], c.cats[:0])
		for i, k := range c.cats {
			if int(k) == f[1] {
				column[i] = 1
			}
		}
	}
	c.atoms[key] = column
	return column
}

// add adds a product to the sum of every chain.
func (c *columns) add(term [][]int, sum []int32) {
	first := c.atom(term[0])
	if len(term) == 1 {
		for i, x := range first {
			sum[i] += int32(x)
		}
		return
	}
	for i, y := range c.atom(term[1]) {
		sum[i] += int32(first[i] * y)
	}
}

// chainMeans is each chain's mean of each term over draws that lie step sweeps
// apart; the first is of the present state.
func chainMeans(s *sampling.Sampler, terms [][][]int, draws, step int) [][]float64 {
	sums := make([][]int32, len(terms))
	for i := range sums {
		sums[i] = make([]int32, s.Chains())
	}
	c := columns{s: s}
	for d := range draws {
		if d > 0 {
			s.Sweeps(step)
		}
		c.nextDraw()
		for i, term := range terms {
			c.add(term, sums[i])
		}
	}
	means := make([][]float64, len(terms))
	for i, sum := range sums {
		means[i] = make([]float64, len(sum))
		for chain, x := range sum {
			means[i][chain] = float64(x) / float64(draws)
		}
	}
	return means
}

// compareMoments holds one estimate a term against its exact value.
func compareMoments(t *testing.T, what string, terms [][][]int, values [][]float64, want []float64) {
	t.Helper()
	if len(values) != len(want) || len(want) == 0 {
		t.Fatalf("%s: %d estimates of %d moments", what, len(values), len(want))
	}
	largest, stderr, squares := 0.0, 0.0, 0.0
	for i := range want {
		e := estimateOf(values[i])
		z := e.z(want[i])
		largest, stderr, squares = math.Max(largest, math.Abs(z)), math.Max(stderr, e.stderr), squares+z*z
		if !(math.Abs(z) <= momentLimit) {
			t.Errorf("%s: %v is %v, want %v: %.1f standard errors", what, terms[i], e, want[i], z)
		}
	}
	rms := math.Sqrt(squares / float64(len(want)))
	t.Logf("%s: %d moments, largest |z| %.2f, rms %.2f, standard errors up to %.2g: errors of %.2g would be seen",
		what, len(want), largest, rms, stderr, (momentLimit+3.1)*stderr)
	if rms > momentRMS {
		t.Errorf("%s: the root mean square of z is %.2f", what, rms)
	}
}

// momentChains and momentDraws fix the standard error; 30 divides the chains.
func momentChains() (chains, draws int) {
	if testing.Short() {
		return 30 << 8, 5
	}
	return 30 << 10, 20
}

// TestGoldenMoments: the means of all variables and of all products of two, after
// 100 sweeps from random states, with one value a chain (its mean over draws). That
// the warm-up is long enough is computed, not guessed.
func TestGoldenMoments(t *testing.T) {
	chains, draws := momentChains()
	cases := 0
	for _, name := range goldentest.Names() {
		c := goldentest.Load(t, name)
		r := c.Find("moments")
		if r == nil {
			continue
		}
		cases++
		t.Run(name, func(t *testing.T) {
			s := sampler(t, lower(t, c.Graph), sampling.Options{Chains: chains, Seed: Seed(t.Name()), Threads: 2})
			s.Sweeps(100)
			if left := notMixed(t, c.Graph, 100); left > 1e-6 {
				t.Errorf("after 100 sweeps the law is still off by %v", left)
			}
			compareMoments(t, "at equilibrium", r.Terms, chainMeans(s, r.Terms, draws, 3), goldentest.Floats(t, r.Exact))
		})
	}
	if cases != 9 {
		t.Errorf("%d cases with moments", cases)
	}
}

// notMixed is the total variation between the law of a model and that of so many
// float64 sweeps from random states. It never rises, so the sweeps end when it is
// below 1e-6. Models of many states, which take seconds, are left out with -short.
func notMixed(t *testing.T, g *graph.Graph, sweeps int) float64 {
	t.Helper()
	law, err := exact.Enumerate(g)
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() && len(law.P) > 4096 {
		return 0
	}
	kernel, err := exact.SweepKernel(g)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, kernel.Size())
	for i := range p {
		p[i] = 1 / float64(len(p))
	}
	left := exact.TotalVariation(p, law.P)
	for n := 0; n < sweeps && left > 1e-6; n++ {
		p = kernel.Step(p)
		left = exact.TotalVariation(p, law.P)
	}
	return left
}

// TestGoldenMomentsAfterSweeps: the same after exactly 1, 2 and 5 sweeps from spin
// -1 and category 0, one state a chain, in a case whose law has too many states to
// be counted; of the others TestKSweepLaw counts all states.
func TestGoldenMomentsAfterSweeps(t *testing.T) {
	chains, _ := momentChains()
	chains *= 8
	cases := 0
	for _, name := range goldentest.Names() {
		c := goldentest.Load(t, name)
		if c.KSweep != nil || c.Find("moments after exactly 1 sweeps") == nil {
			continue
		}
		cases++
		t.Run(name, func(t *testing.T) {
			s := sampler(t, lower(t, c.Graph), sampling.Options{Chains: chains, Seed: Seed(t.Name()), Threads: 2})
			place(t, s, lowest(c.Graph))
			done := 0
			for _, k := range sweepsCounted {
				s.Sweeps(k - done)
				done = k
				r := c.Record(t, fmt.Sprintf("moments after exactly %d sweeps", k))
				compareMoments(t, fmt.Sprintf("after %d sweeps", k), r.Terms, chainMeans(s, r.Terms, 1, 0), goldentest.Floats(t, r.Exact))
			}
		})
	}
	if cases != 1 {
		t.Errorf("%d cases", cases)
	}
}

// TestGoldenPhases: the two phases of training, that of the model and that with
// the visible nodes clamped to the data, each chain to one row.
func TestGoldenPhases(t *testing.T) {
	chains, draws := momentChains()
	for _, name := range []string{"rbm_klgrad", "bm_klgrad_conditioned"} {
		t.Run(name, func(t *testing.T) {
			c := goldentest.Load(t, name)
			var terms [][][]int
			for i := range c.Graph.Nodes {
				terms = append(terms, [][]int{{i}})
			}
			for _, e := range c.Model.Edges {
				terms = append(terms, [][]int{{int(e[0])}, {int(e[1])}})
			}
			for _, phase := range []string{"negative", "positive"} {
				s := sampler(t, lower(t, c.Graph), sampling.Options{Chains: chains, Seed: Seed(t.Name() + phase), Threads: 2})
				rows := 1
				if phase == "positive" {
					rows = len(c.Model.DataCodes)
					if err := s.SetClamp(dataClamp(c, chains)); err != nil {
						t.Fatal(err)
					}
				}
				s.Sweeps(100)
				values := chainMeans(s, terms, draws, 2)
				for i := range values {
					values[i] = groupMeans(values[i], rows)
				}
				want := append(goldentest.Floats(t, c.Record(t, phase+" <s_i>").Exact),
					goldentest.Floats(t, c.Record(t, phase+" <s_i s_j>").Exact)...)
				compareMoments(t, phase, terms, values, want)
			}
		})
	}
}

// dataClamp gives chain c row c mod rows of the data.
func dataClamp(c *goldentest.Case, chains int) sampling.Clamp {
	clamp := sampling.Clamp{Nodes: c.Model.Visible, Chains: chains}
	for chain := range chains {
		for _, code := range c.Model.DataCodes[chain%len(c.Model.DataCodes)] {
			clamp.Values = append(clamp.Values, int32(2*code-1))
		}
	}
	return clamp
}

// groupMeans is the mean of every n neighbours: chains of different rows of data
// have different means, groups of one chain a row have the same.
func groupMeans(values []float64, n int) []float64 {
	means := make([]float64, len(values)/n)
	for i := range means {
		for _, x := range values[i*n : (i+1)*n] {
			means[i] += x / float64(n)
		}
	}
	return means
}

// TestGoldenEnergies: all weights are multiples of 2^-8, so the energies of single
// states agree with the exact ones to the last bit.
func TestGoldenEnergies(t *testing.T) {
	compared := 0
	for _, name := range goldentest.Names() {
		c := goldentest.Load(t, name)
		r := c.Find("energy of 20 states")
		if r == nil {
			continue
		}
		p := lower(t, c.Graph)
		want := goldentest.Floats(t, r.Exact)
		s := sampler(t, p, sampling.Options{Chains: len(want), Seed: 1})
		for i := range want {
			state := c.State(r.States[i])
			got, err := s.Energy(p.Beta, state)
			if err != nil {
				t.Fatal(err)
			}
			if got != want[i] {
				t.Errorf("%s: energy of state %d is %v, want %v", name, i, got, want[i])
			}
			if err := s.SetState(i, state); err != nil {
				t.Fatal(err)
			}
			compared++
		}
		for i, got := range s.Energies(p.Beta, nil) {
			if got != want[i] {
				t.Errorf("%s: energy of chain %d is %v, want %v", name, i, got, want[i])
			}
		}
	}
	if compared != 9*20 {
		t.Errorf("%d energies compared", compared)
	}
}

// TestGoldenHinton: with init hinton a spin starts at +1 with probability σ(β·b),
// whatever its couplings.
func TestGoldenHinton(t *testing.T) {
	c := goldentest.Load(t, "hinton_init")
	g := *c.Graph
	g.Init = nil
	for range g.Vars {
		g.Init = append(g.Init, graph.Init{Kind: graph.InitHinton})
	}
	chains, _ := momentChains()
	s := sampler(t, lower(t, &g), sampling.Options{Chains: 16 * chains, Seed: Seed(t.Name())})
	var terms [][][]int
	var want []float64
	for i, p := range goldentest.Floats(t, c.Record(t, "P(spin = +1) at initialisation").Exact) {
		terms = append(terms, [][]int{{i}})
		want = append(want, 2*p-1)
	}
	// A coupling must not correlate the spins either.
	terms = append(terms, [][]int{{0}, {1}})
	want = append(want, want[0]*want[1])
	compareMoments(t, "at the start", terms, chainMeans(s, terms, 1, 0), want)
}

// TestGoldenPotts: the share of equal neighbours in a 20 × 20 Potts picture from
// random starts, at each of THRML's 100 observations. At β = 1.25 the picture is
// still coarsening at the last of them, so this holds the dynamics too. The figures
// compared with have an error of their own; z is over both.
func TestGoldenPotts(t *testing.T) {
	c := goldentest.Load(t, "potts20x20_q5")
	chains, observations := 512, 100
	if testing.Short() {
		chains, observations = 128, 20
	}
	for _, beta := range []float64{1, 1.25} {
		t.Run(fmt.Sprint("beta = ", beta), func(t *testing.T) {
			g := *c.Graph
			g.Beta = beta
			s := sampler(t, lower(t, &g), sampling.Options{Chains: chains, Seed: Seed(t.Name()), Threads: 2})
			r := c.Record(t, fmt.Sprintf("fraction of grid pairs that are equal, by observation 0..99, beta=%s", decimal(beta)))
			want, stderr := goldentest.Floats(t, r.Thrml), goldentest.Floats(t, r.StdErr)
			seen := shareEqual(t, s, observations)
			estimateOf(seen[0]).expect(t, "observation 0", 0.2)
			largest, limit := 0.0, 0.0
			for i := range observations {
				e := estimateOf(seen[i])
				both := math.Hypot(e.stderr, stderr[i])
				z := (e.mean - want[i]) / both
				largest, limit = math.Max(largest, math.Abs(z)), math.Max(limit, both)
				if !(math.Abs(z) <= momentLimit) {
					t.Errorf("observation %d: %v, THRML %v ± %.2g: %.1f standard errors", i, e, want[i], stderr[i], z)
				}
			}
			t.Logf("largest |z| %.2f, standard errors up to %.2g: errors of %.2g would be seen", largest, limit, (momentLimit+3.1)*limit)
			if observations < 100 {
				return
			}
			late := make([]float64, chains)
			for chain := range late {
				for _, values := range seen[50:] {
					late[chain] += values[chain] / 50
				}
			}
			r = c.Record(t, "same, mean over observations 50..99, beta="+decimal(beta))
			e := estimateOf(late)
			e.stderr = math.Hypot(e.stderr, goldentest.Float(t, r.StdErr))
			e.expect(t, "observations 50 to 99", goldentest.Float(t, r.Thrml))
			last := make([]int, chains)
			for chain, share := range seen[99] {
				last[chain] = int(math.Round(share * 760))
			}
			r = c.Record(t, "histogram of the number of equal pairs at observation 99 (495 sweeps), beta="+decimal(beta))
			compareHistograms(t, "equal pairs at the end", last, r)
		})
	}
}

// decimal is a number with at least one decimal.
func decimal(x float64) string {
	text := fmt.Sprint(x)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// shareEqual runs THRML's schedule of the Potts picture, an observation of the
// start and then one every 5 sweeps: by observation and chain.
func shareEqual(t *testing.T, s *sampling.Sampler, observations int) [][]float64 {
	t.Helper()
	const pairs = 760
	o := &observed{see: func(s *sampling.Sampler) []float64 {
		shares := s.Energies(1, nil)
		for i := range shares {
			shares[i] /= -pairs
		}
		return shares
	}}
	schedule := sampling.Schedule{Samples: observations, StepsPerSample: 5}
	if err := s.Run(context.Background(), schedule, false, o); err != nil {
		t.Fatal(err)
	}
	return o.all
}

// observed keeps something of every draw.
type observed struct {
	see func(s *sampling.Sampler) []float64
	all [][]float64
}

func (o *observed) Observe(s *sampling.Sampler, draw int) error {
	if draw != len(o.all) {
		return fmt.Errorf("draw %d came as number %d", draw, len(o.all))
	}
	o.all = append(o.all, o.see(s))
	return nil
}

// TestGoldenSchedule: observation i shows the state after n_warmup +
// i·steps_per_sample sweeps, as THRML's does; and counts below 1 (a warm-up below 0),
// which THRML takes for 1 or for no sweep at all, are refused.
func TestGoldenSchedule(t *testing.T) {
	var golden struct {
		Cases []struct {
			Warmup  int   `json:"n_warmup"`
			Samples int   `json:"n_samples"`
			Steps   int   `json:"steps_per_sample"`
			Law     []int `json:"law"` // sweeps before each observation; -7 for none
		} `json:"cases"`
	}
	if err := json.Unmarshal(goldentest.Read(t, "schedule", "expected.json"), &golden); err != nil {
		t.Fatal(err)
	}
	p := lower(t, goldentest.Load(t, "ising_torus4x4").Graph)
	followed, refused := 0, 0
	for _, c := range golden.Cases {
		schedule := sampling.Schedule{Warmup: c.Warmup, Samples: c.Samples, StepsPerSample: c.Steps}
		ran := sampler(t, p, sampling.Options{Chains: 70, Seed: Seed(t.Name())})
		o := &keeper{}
		err := ran.Run(context.Background(), schedule, false, o)
		if c.Warmup < 0 || c.Samples < 1 || c.Steps < 1 {
			if err == nil || len(o.sweeps) > 0 {
				t.Errorf("%+v: %d observations, error %v, want a refusal", schedule, len(o.sweeps), err)
			}
			refused++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(o.states) != len(c.Law) {
			t.Fatalf("%+v: %d observations, want %d", schedule, len(o.states), len(c.Law))
		}
		swept := sampler(t, p, sampling.Options{Chains: 70, Seed: Seed(t.Name())})
		for i, sweeps := range c.Law {
			sweeps = max(sweeps, 0)
			for swept.SweepNumber() < uint64(sweeps) {
				swept.Sweep()
			}
			if o.sweeps[i] != uint64(sweeps) || o.states[i] != string(swept.AppendPacked(nil)) {
				t.Errorf("%+v: observation %d came after %d sweeps, or shows another state than that after %d", schedule, i, o.sweeps[i], sweeps)
			}
			if i > 0 && o.states[i] == o.states[i-1] {
				t.Errorf("%+v: observations %d and %d show the same state", schedule, i-1, i)
			}
		}
		followed++
	}
	if followed < 6 || refused < 4 {
		t.Errorf("%d schedules followed, %d refused", followed, refused)
	}
}

// keeper keeps the states of all draws.
type keeper struct {
	sweeps []uint64
	states []string
}

func (k *keeper) Observe(s *sampling.Sampler, _ int) error {
	k.sweeps = append(k.sweeps, s.SweepNumber())
	k.states = append(k.states, string(s.AppendPacked(nil)))
	return nil
}
