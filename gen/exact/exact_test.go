package exact

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
)

// TestEliminationAgrees compares elimination with enumeration, under every order
// of summing out, on random models of mixed kinds, orders and clamps.
func TestEliminationAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		g := randomModel(r)
		law, err := Enumerate(g)
		if err != nil {
			t.Fatal(err)
		}
		want := law.Answer()
		for i := range orders {
			got := eliminateBy(t, g, i)
			what := "model " + strconv.Itoa(n) + ", order " + strconv.Itoa(i)
			compareAnswers(t, what, got, want)
		}
		if t.Failed() {
			return
		}
	}
}

// eliminateBy is Eliminate with one of the orders.
func eliminateBy(t *testing.T, g *graph.Graph, order int) *Answer {
	t.Helper()
	s, err := NewSpace(g)
	if err != nil {
		t.Fatal(err)
	}
	near := adjacency(s)
	p := newPlan(s, near, orders[order](s, near, 30), 30)
	return carryOut(s, p, newMarginals(s))
}

func compareAnswers(t *testing.T, what string, got, want *Answer) {
	t.Helper()
	near(t, what+": log Z", got.LogZ, want.LogZ, 1e-11)
	near(t, what+": mean energy", got.EnergyMean, want.EnergyMean, 1e-10)
	near(t, what+": variance of the energy", got.EnergyVariance, want.EnergyVariance, 1e-9)
	for i := range want.Mean {
		near(t, what+": mean "+strconv.Itoa(i), got.Mean[i], want.Mean[i], 1e-11)
		for k := range want.Marginal[i] {
			near(t, what+": marginal "+strconv.Itoa(i), got.Marginal[i][k], want.Marginal[i][k], 1e-11)
		}
	}
	if len(got.Pairs) != len(want.Pairs) {
		t.Fatalf("%s: %d pairs, want %d", what, len(got.Pairs), len(want.Pairs))
	}
	for i, p := range want.Pairs {
		q := got.Pairs[i]
		if q.A != p.A || q.B != p.B {
			t.Fatalf("%s: pair %d is %d, %d, want %d, %d", what, i, q.A, q.B, p.A, p.B)
		}
		near(t, what+": pair value", q.Value, p.Value, 1e-11)
		for a := range p.Joint {
			for b := range p.Joint[a] {
				near(t, what+": joint", q.Joint[a][b], p.Joint[a][b], 1e-11)
			}
		}
	}
}

// TestEnumerationByDefinition checks the tree walk and the sums of enumeration
// against the definition: exp(-Energy)/Z state by state.
func TestEnumerationByDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		g := randomModel(r)
		law, err := Enumerate(g)
		if err != nil {
			t.Fatal(err)
		}
		state := make([]int32, g.Nodes)
		total, mean := 0.0, make([]float64, g.Nodes)
		for i, p := range law.P {
			law.State(i, state)
			if err := CheckState(g, state); err != nil {
				t.Fatal(err)
			}
			if law.Index(state) != i {
				t.Fatalf("state %d has number %d", i, law.Index(state))
			}
			near(t, "log p", math.Log(p), -Energy(g, state)-law.LogZ, 1e-10)
			total += p
			for j, x := range state {
				mean[j] += p * float64(x)
			}
		}
		near(t, "sum", total, 1, 1e-12)
		for j, m := range law.Answer().Mean {
			near(t, "mean", m, mean[j], 1e-12)
		}
		if t.Failed() {
			return
		}
	}
}

// TestLongChain: 3000 spins, log Z = n log 2 + Σ log cosh βJ, neighbours
// correlated by tanh βJ.
func TestLongChain(t *testing.T) {
	const n, beta = 3000, 0.7
	r := rand.New(rand.NewPCG(5, 6))
	edges, weights := make([][2]int32, n-1), make([]float64, n-1)
	logZ := n * math.Ln2
	for i := range edges {
		edges[i], weights[i] = [2]int32{int32(i), int32(i + 1)}, r.NormFloat64()
		logZ += math.Log(math.Cosh(beta * weights[i]))
	}
	a, err := Solve(ising(beta, n, edges, weights), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "log Z", a.LogZ, logZ, 1e-9)
	for i, p := range a.Pairs {
		near(t, "pair "+strconv.Itoa(i), p.Value, math.Tanh(beta*weights[i]), 1e-12)
	}
}

// TestFrozen: at a β where every Boltzmann factor but one underflows, log Z is
// -β times the lowest energy plus log 2 and each pair sits at its sign.
func TestFrozen(t *testing.T) {
	const n, beta = 40, 5000
	edges, weights := make([][2]int32, n-1), make([]float64, n-1)
	sum := 0.0
	for i := range edges {
		edges[i], weights[i] = [2]int32{int32(i), int32(i + 1)}, float64(i%5-2)+0.5
		sum += math.Abs(weights[i])
	}
	a, err := Eliminate(ising(beta, n, edges, weights), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "log Z", a.LogZ, beta*sum+math.Ln2, 1e-8)
	for i, p := range a.Pairs {
		near(t, "pair", p.Value, math.Copysign(1, weights[i]), 1e-12)
	}
}

// TestBipartite: a restricted Boltzmann machine of 300 hidden and 8 visible
// spins. With the hidden spins summed by hand, 2^8 terms remain.
func TestBipartite(t *testing.T) {
	const visible, hidden = 8, 300
	r := rand.New(rand.NewPCG(7, 8))
	var edges [][2]int32
	var weights []float64
	for h := range hidden {
		for v := range visible {
			edges = append(edges, [2]int32{int32(h), int32(hidden + v)})
			weights = append(weights, 0.1*r.NormFloat64())
		}
	}
	terms := make([]float64, 1<<visible)
	z := 0.0
	for x := range terms {
		for h := range hidden {
			field := 0.0
			for v := range visible {
				field += weights[h*visible+v] * float64(2*(x>>v&1)-1)
			}
			terms[x] += math.Log(2 * math.Cosh(field))
		}
		z += math.Exp(terms[x] - terms[0])
	}
	a, err := Eliminate(ising(1, visible+hidden, edges, weights), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "log Z", a.LogZ, terms[0]+math.Log(z), 1e-10)
}

// TestRefusals: what does not fit is refused with a Limit that says what it
// would take; clamps that differ between chains have no one law.
func TestRefusals(t *testing.T) {
	c := goldentest.Load(t, "potts20x20_q5")
	_, err := Solve(c.Graph, DefaultLimits)
	var p *diag.Problem
	if !errors.As(err, &p) || p.Class != diag.Limit {
		t.Fatalf("20x20 Potts: %v", err)
	}
	chain := ising(1, 40, [][2]int32{{0, 39}}, []float64{1})
	if _, err = Eliminate(chain, 64); !errors.As(err, &p) || p.Class != diag.Limit {
		t.Errorf("64 bytes: %v", err)
	}
	if _, err = Enumerate(chain); !errors.As(err, &p) || p.Class != diag.Limit {
		t.Errorf("2^40 states: %v", err)
	}
	wide := ising(1, 2000, nil, []float64{1})
	f := &wide.Factors[0]
	f.Slots, f.Rows = nil, 1
	for node := range 2000 {
		f.Slots, f.Index = append(f.Slots, graph.Slot{Kind: graph.Spin, States: 2}), append(f.Index, int32(node))
	}
	if _, err = Solve(wide, DefaultLimits); !errors.As(err, &p) || p.Class != diag.Limit {
		t.Errorf("a row over 2000 spins: %v", err)
	}
	chain.Clamps = []graph.Clamp{{Nodes: []int32{1}, Chains: 2, Values: []int32{1, -1}}}
	if _, err = Solve(chain, DefaultLimits); !errors.As(err, &p) || p.Class != diag.Model {
		t.Errorf("clamps that differ: %v", err)
	}
	chain.Clamps[0].Values[1] = 1
	if _, err = Solve(chain, DefaultLimits); err != nil {
		t.Errorf("clamps that agree: %v", err)
	}
	for _, state := range [][]int32{{1}, make([]int32, 40)} {
		if CheckState(chain, state) == nil {
			t.Errorf("state of %d entries, the first %d, passed", len(state), state[0])
		}
	}
}

// TestAllClamped: nothing is free, log Z is -βH of the one state.
func TestAllClamped(t *testing.T) {
	g := ising(0.5, 2, [][2]int32{{0, 1}}, []float64{3})
	g.Clamps = []graph.Clamp{{Nodes: []int32{0, 1}, Values: []int32{1, -1}}}
	for _, solve := range []func() (*Answer, error){
		func() (*Answer, error) { return Solve(g, DefaultLimits) },
		func() (*Answer, error) { return Eliminate(g, 1<<20) },
	} {
		a, err := solve()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log Z", a.LogZ, -1.5, 0)
		near(t, "energy", a.EnergyMean, 1.5, 0)
		near(t, "pair", a.Pairs[0].Value, -1, 0)
	}
}

// TestJSON: the shape of the object that users read.
func TestJSON(t *testing.T) {
	g := &graph.Graph{Model: "m", Beta: 1, Nodes: 4, Vars: []graph.Variable{
		{Name: "s", Kind: graph.Spin, States: 2, Shape: []int{1, 2}, Count: 2},
		{Name: "t", Kind: graph.Spin, States: 2, First: 2, Count: 1},
		{Name: "c", Kind: graph.Categorical, States: 2, Shape: []int{1}, First: 3, Count: 1},
	}}
	spin, cat := graph.Slot{Kind: graph.Spin, States: 2}, graph.Slot{Var: 2, Kind: graph.Categorical, States: 2}
	g.Factors = []graph.Factor{
		{Slots: []graph.Slot{spin, spin}, Rows: 1, Index: []int32{1, 0}, Weights: []float64{0}},
		{Slots: []graph.Slot{spin, cat}, Rows: 1, Index: []int32{2, 3}, Table: []int{2}, Weights: []float64{0, 0}},
	}
	a, err := Solve(g, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	a.LogZ = 0
	got, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"log_z":0,"energy":0,"energy_variance":0,"method":"enumeration",` +
		`"mean":{"c":[0.5],"s":[[0,0]],"t":0},` +
		`"pair":[{"nodes":["s[0,0]","s[0,1]"],"value":0},{"nodes":["t","c[0]"],"value":[[0.25,0.25],[0.25,0.25]]}],` +
		`"marginal":{"c":[[0.5,0.5]],"s":[[[0.5,0.5],[0.5,0.5]]],"t":[0.5,0.5]}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
