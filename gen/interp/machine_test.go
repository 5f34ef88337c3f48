package interp

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
	"github.com/thrmlgen/thrmlgen/gen/pass/passtest"
)

// place is where a word lies: a Philox counter and a part of its block.
type place struct {
	counter [4]uint32
	part    uint32
}

// The counter audit: over purposes, chains and sweeps on both sides of 2^32 no
// part of a Philox block is used twice, and only the words that the
// specification states are drawn.
func TestCounterAudit(t *testing.T) {
	g := passtest.Random(11)
	g.Clamps = []graph.Clamp{{Nodes: []int32{0, 5}, Values: []int32{1, -1}}}
	g.Init = make([]graph.Init, len(g.Vars))
	const chains = 5
	m := machine(t, g, chains)
	type word struct {
		purpose, chain uint32
		sweep          uint64
		slot, draw     uint32
	}
	words := map[word]bool{}
	places := map[place]word{}
	m.OnWord = func(purpose, chain uint32, sweep uint64, slot, draw uint32) {
		w := word{purpose, chain, sweep, slot, draw}
		if words[w] {
			t.Fatalf("%+v is drawn twice", w)
		}
		words[w] = true
		p := place{[4]uint32{uint32(sweep), chain, slot / 4, purpose<<24 | draw<<16 | uint32(sweep>>32)}, slot % 4}
		if purpose == PurposeUpdate {
			p.counter[1], p.part = chain/2, 4*(chain%2)+slot%4
		}
		if before, taken := places[p]; taken {
			t.Fatalf("%+v and %+v are the same bits", before, w)
		}
		places[p] = w
	}
	m.Init()
	free := 0
	for _, held := range m.clamped {
		if !held {
			free++
		}
	}
	if len(words) != free*chains {
		t.Errorf("%d words of starts, want %d", len(words), free*chains)
	}
	var want, ties int
	for _, start := range []uint64{0, 1<<32 - 3, 1<<48 - 6} {
		m.SweepNumber = start
		for range 6 {
			clear0 := len(words)
			if err := m.Sweep(); err != nil {
				t.Fatal(err)
			}
			need := 0
			for c := uint32(0); c < chains; c++ {
				for n, slot := range m.slot {
					w := word{PurposeUpdate, c, m.SweepNumber - 1, uint32(slot), 0}
					if words[w] == m.clamped[n] {
						t.Fatalf("node %d (clamped: %v): first digit drawn: %v", n, m.clamped[n], words[w])
					}
					w.draw = 1
					if m.clamped[n] {
						continue
					}
					need++
					if m.kind[n] != 0 {
						need++
						if !words[w] {
							t.Fatalf("categorical %d draws one digit", n)
						}
					} else if words[w] {
						ties++
						need++
					}
				}
			}
			if got := len(words) - clear0; got != need {
				t.Fatalf("%d words in a sweep, want %d", got, need)
			}
			want += need
		}
	}
	if m.Sweep() == nil {
		t.Error("sweep 2^48 is run")
	}
	if ties > want/1000 {
		t.Errorf("%d ties of first digits in %d words", ties, want)
	}
}

// A sweep number of more than 32 bits gives other words than its low half.
func TestSweepNumberBeyond32Bits(t *testing.T) {
	m := machine(t, passtest.Random(2), 2)
	start := m.State()
	var after [][][]int32
	for _, sweep := range []uint64{7, 7 + 1<<32, 7} {
		if err := m.SetState(start); err != nil {
			t.Fatal(err)
		}
		m.SweepNumber = sweep
		if err := m.Sweep(); err != nil {
			t.Fatal(err)
		}
		after = append(after, m.State())
	}
	if !reflect.DeepEqual(after[0], after[2]) || reflect.DeepEqual(after[0], after[1]) {
		t.Error("sweeps 7 and 7 + 2^32 draw the same words")
	}
}

// The states of a chain do not depend on how many others there are.
func TestChainsAreApart(t *testing.T) {
	g := passtest.Random(4)
	g.Clamps = nil
	few, many := machine(t, g, 2), machine(t, g, 7)
	a, err := few.Run()
	if err != nil {
		t.Fatal(err)
	}
	b, err := many.Run()
	if err != nil {
		t.Fatal(err)
	}
	for d := range a {
		if !reflect.DeepEqual(a[d], b[d][:2]) {
			t.Fatalf("draw %d differs", d)
		}
	}
	if reflect.DeepEqual(a[4][0], a[4][1]) {
		t.Error("two chains are alike")
	}
}

// The schedule: the first draw comes right after warm-up, 4 + 5 draws are 9, and
// βs of the warm-up are followed by the last.
func TestSchedule(t *testing.T) {
	g := passtest.Random(8)
	g.Sample.Samples, g.Sample.Warmup, g.Sample.StepsPerSample = 9, 3, 2
	g.Betas, g.Beta = []float64{0.1, 0.4, 0.9}, 0.9
	all := machine(t, g, 3)
	nine, err := all.Run()
	if err != nil {
		t.Fatal(err)
	}
	if len(nine) != 9 || all.SweepNumber != 3+8*2 {
		t.Fatalf("%d draws, %d sweeps", len(nine), all.SweepNumber)
	}

	g.Sample.Samples = 4
	part := machine(t, g, 3)
	four, err := part.Run()
	if err != nil {
		t.Fatal(err)
	}
	last, sweep := part.State(), part.SweepNumber
	part.Init()
	part.SweepNumber = sweep
	if err := part.SetState(last); err != nil {
		t.Fatal(err)
	}
	five, err := part.Resume(5)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(append(four, five...), nine) {
		t.Error("4 + 5 draws are not 9")
	}

	byHand := machine(t, g, 3)
	for _, beta := range g.Betas {
		if err := byHand.SetBeta(beta); err != nil {
			t.Fatal(err)
		}
		if err := byHand.Sweep(); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(byHand.State(), nine[0]) {
		t.Error("the first draw is not the state after warm-up")
	}

	g.Betas, g.Sample.Warmup = nil, 0
	still := machine(t, g, 3)
	start := still.State()
	draws, err := still.Run()
	if err != nil || !reflect.DeepEqual(draws[0], start) {
		t.Error("without warm-up the first draw is not the initial state")
	}
}

// Clamped nodes never move, also when their values are per chain or replaced,
// and what is free is drawn from the same words.
func TestClamps(t *testing.T) {
	b := passtest.New()
	s := b.Spins("s", 6)
	b.Factor([][]int32{{s[0], s[1]}, {s[2], s[3]}, {s[4], s[5]}}, 0.1, 5, 5)
	b.Block(s[0], s[2], s[4])
	b.Block(s[1], s[3], s[5])
	b.G.Sample.Chains = 3
	b.G.Clamps = []graph.Clamp{{Nodes: []int32{3, 2}, Chains: 3, Values: []int32{1, -1, -1, -1, -1, 1}}}
	m := machine(t, &b.G, 3)
	want := [][]int32{{-1, 1}, {-1, -1}, {1, -1}} // s[2], s[3]
	for range 20 {
		if err := m.Sweep(); err != nil {
			t.Fatal(err)
		}
		for c, x := range m.State() {
			if !slices.Equal(x[2:4], want[c]) {
				t.Fatalf("chain %d: %v", c, x)
			}
		}
	}
	b.G.Clamps = nil
	free := machine(t, &b.G, 3)
	free.SweepNumber = m.SweepNumber
	if err := free.SetState(m.State()); err != nil {
		t.Fatal(err)
	}
	if err := m.Sweep(); err != nil {
		t.Fatal(err)
	}
	if err := free.Sweep(); err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		x, y := m.State()[c], free.State()[c]
		if !slices.Equal(x[:2], y[:2]) || !slices.Equal(x[4:], y[4:]) {
			t.Errorf("clamping other nodes changed a draw: %v, %v", x, y)
		}
	}

	if err := m.SetClamp(0, []int32{1, 1}); err != nil {
		t.Fatal(err)
	}
	if x := m.State()[0]; x[2] != 1 || x[3] != 1 {
		t.Errorf("new clamp: %v", x)
	}
	for _, bad := range [][]int32{{1}, {0, 1}, {1, 1, 1}} {
		if m.SetClamp(0, bad) == nil {
			t.Errorf("clamp %v is taken", bad)
		}
	}
	if m.SetClamp(1, nil) == nil {
		t.Error("clamp 1 is there")
	}
	if _, err := New(m.p, 4, 0); err == nil {
		t.Error("4 chains run with clamps for 3")
	}
}

// In a superblock all blocks read the state before: two spins that copy each
// other exchange their values. One after the other, both take the second's.
func TestSnapshots(t *testing.T) {
	for _, c := range []struct {
		together bool
		want     []int32
	}{{true, []int32{-1, 1}}, {false, []int32{-1, -1}}} {
		b := passtest.New()
		s := b.Spins("s", 2)
		b.Factor([][]int32{s}, 15)
		if c.together {
			b.Superblock(s[:1], s[1:])
			b.G.Synchronous = true
		} else {
			b.Block(s[0])
			b.Block(s[1])
		}
		m := machine(t, &b.G, 1)
		if err := m.SetState([][]int32{{1, -1}}); err != nil {
			t.Fatal(err)
		}
		if err := m.Sweep(); err != nil {
			t.Fatal(err)
		}
		if got := m.State()[0]; !slices.Equal(got, c.want) {
			t.Errorf("together %v: %v, want %v", c.together, got, c.want)
		}
	}
}

func TestStarts(t *testing.T) {
	b := passtest.New()
	s := b.Spins("s", 3)
	x := b.Categoricals("x", 5, 3)
	b.Factor([][]int32{{s[0]}, {s[1]}, {s[2]}}, 0.4, -30, 30)
	b.Factor([][]int32{{x[0]}, {x[1]}, {x[2]}}, make([]float64, 15)...)
	b.Block(s...)
	b.Block(x...)
	g := &b.G
	const chains = 20000
	g.Sample.Chains = chains

	// Uniform: each count within 4.5 standard deviations.
	near := func(what string, got int, p float64) {
		t.Helper()
		if d := float64(got) - p*chains; math.Abs(d) > 4.5*math.Sqrt(p*(1-p)*chains) {
			t.Errorf("%s: %d of %d, want a share of %v", what, got, chains, p)
		}
	}
	count := func(m *Machine, node int, v int32) (n int) {
		for _, x := range m.state {
			if x[node] == v {
				n++
			}
		}
		return n
	}
	m := machine(t, g, chains)
	for n := range 3 {
		near("random spin", count(m, n, 1), 0.5)
		for k := range int32(5) {
			near("random categorical", count(m, 3+n, k), 0.2)
		}
	}
	g.Init[0].Kind = graph.InitHinton
	g.Betas, g.Sample.Warmup, g.Beta = []float64{0.5, 1}, 2, 1
	m = machine(t, g, chains)
	near("hinton at the first β", count(m, 0, 1), 1/(1+math.Exp(-0.2)))
	if count(m, 1, 1) > 1 || count(m, 2, 1) < chains-1 {
		t.Error("hinton with strong biases")
	}

	g.Init[0] = graph.Init{Kind: graph.InitZeros}
	g.Init[1] = graph.Init{Kind: graph.InitValues, Values: []int32{4, 0, 2}}
	m = machine(t, g, 3)
	for _, x := range m.State() {
		if !slices.Equal(x, []int32{-1, -1, -1, 4, 0, 2}) {
			t.Errorf("start %v", x)
		}
	}
	g.Sample.Chains = 2
	g.Init[1] = graph.Init{Kind: graph.InitValues, Chains: 2, Values: []int32{4, 0, 2, 1, 1, 1}}
	if x := machine(t, g, 2).State(); !slices.Equal(x[1][3:], []int32{1, 1, 1}) || x[0][5] != 2 {
		t.Errorf("starts by chain: %v", x)
	}
}

// βH is the float64 sum of the specification, from the weights as given.
func TestEnergy(t *testing.T) {
	for _, name := range []string{"ising_grid3x3", "cat_ring6_k3", "mixed_spin_cat", "spin_third_order", "mixed_nonsquare_clamped"} {
		g := goldentest.Load(t, name).Graph
		m := machine(t, g, 3)
		if err := m.Sweep(); err != nil {
			t.Fatal(err)
		}
		for c, x := range m.State() {
			if got, want := m.Energy(c), exact.Energy(g, x); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

func TestRuntimeWeights(t *testing.T) {
	b := passtest.New()
	s := b.Spins("s", 2)
	b.Factor([][]int32{s}, 0.5).Runtime = true
	b.Factor([][]int32{{s[0]}}, 0.25)
	b.Colour()
	m := machine(t, &b.G, 1)
	for _, bad := range [][]float64{{4.0001}, {math.NaN()}, {math.Inf(-1)}, {}, {1, 1}} {
		if m.SetWeights(0, bad) == nil {
			t.Errorf("weights %v are taken", bad)
		}
	}
	if m.SetWeights(1, []float64{1}) == nil || m.SetWeights(2, nil) == nil {
		t.Error("fixed or absent factors take weights")
	}
	if err := m.SetWeights(0, []float64{-4}); err != nil {
		t.Fatal(err)
	}
	if err := m.SetState([][]int32{{1, -1}}); err != nil {
		t.Fatal(err)
	}
	unit := math.Ldexp(1, m.p.Format.Fraction)
	if got := m.Field(0, 0)[0]; float64(got) != 4.25*unit {
		t.Errorf("field %d", got)
	}
	if e := m.Energy(0); e != -4.25 {
		t.Errorf("energy %v", e)
	}
	if err := m.SetBeta(0.5); err != nil {
		t.Fatal(err)
	}
	if e := m.Energy(0); e != -2.125 {
		t.Errorf("energy %v at β = 1/2", e)
	}
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		if m.SetBeta(bad) == nil {
			t.Errorf("β = %v is taken", bad)
		}
	}
}

func TestBadStates(t *testing.T) {
	m := machine(t, passtest.Random(5), 1)
	good := m.State()
	for _, change := range []func([][]int32) [][]int32{
		func(s [][]int32) [][]int32 { return nil },
		func(s [][]int32) [][]int32 { s[0] = s[0][1:]; return s },
		func(s [][]int32) [][]int32 { s[0][0] = 0; return s },
		func(s [][]int32) [][]int32 { s[0][len(s[0])-1] = 1000; return s },
		func(s [][]int32) [][]int32 { s[0][len(s[0])-1] = -1; return s },
	} {
		if m.SetState(change(m.State())) == nil {
			t.Error("a bad state is taken")
		}
		if !reflect.DeepEqual(m.State(), good) {
			t.Error("a refused state left a mark")
		}
	}
	if _, err := New(m.p, 0, 0); err == nil {
		t.Error("no chains are taken")
	}
}

// Words of another seed, or of 7 rounds, are others.
func TestSeedAndRounds(t *testing.T) {
	g := passtest.Random(6)
	a, b := machine(t, g, 2), machine(t, g, 2)
	if !reflect.DeepEqual(a.State(), b.State()) {
		t.Error("the same seed gives another start")
	}
	g.Sample.Seed ^= 1 << 40
	if reflect.DeepEqual(a.State(), machine(t, g, 2).State()) {
		t.Error("the high half of the seed has no effect")
	}
	g.Sample.Seed ^= 1 << 40
	g.Format.RNG = "philox7"
	if reflect.DeepEqual(a.State(), machine(t, g, 2).State()) {
		t.Error("philox7 is philox")
	}
}
