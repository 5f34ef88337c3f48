package exact

import (
	"strconv"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
)

// TestGoldenEnergies: all parameters are multiples of 2^-8, so energies agree
// to the last bit.
func TestGoldenEnergies(t *testing.T) {
	compared := 0
	for _, name := range goldentest.Names() {
		c := goldentest.Load(t, name)
		r := c.Find("energy of 20 states")
		if r == nil {
			continue
		}
		for i, want := range goldentest.Floats(t, r.Exact) {
			state := c.State(r.States[i])
			if err := CheckState(c.Graph, state); err != nil {
				t.Fatal(err)
			}
			if got := Energy(c.Graph, state); got != want {
				t.Errorf("%s: energy of state %d is %v, want %v", name, i, got, want)
			}
			sum := 0.0
			for _, part := range EnergyByFactor(c.Graph, state) {
				sum += part
			}
			near(t, name+": sum over factors", sum, Energy(c.Graph, state), 1e-12)
			compared++
		}
	}
	if compared != 9*20 {
		t.Errorf("%d energies compared", compared)
	}
}

// TestGoldenLaws: log Z and every moment of enumeration, and the answers of
// both methods, against figures from scripts that share no code with this one.
func TestGoldenLaws(t *testing.T) {
	for _, name := range goldentest.Names() {
		c := goldentest.Load(t, name)
		r := c.Find("moments")
		if r == nil {
			continue
		}
		law, err := Enumerate(c.Graph)
		if err != nil {
			t.Fatal(err)
		}
		want := goldentest.Floats(t, r.Exact)
		logZ := goldentest.Float(t, c.Record(t, "log Z").Exact)
		near(t, name+": log Z", law.LogZ, logZ, 1e-12)
		states := make([][]int32, len(law.P))
		for i := range states {
			states[i] = law.State(i, make([]int32, c.Graph.Nodes))
		}
		for i, term := range r.Terms {
			near(t, name+": moment "+strconv.Itoa(i), goldentest.Mean(term, law.P, func(i int) []int32 { return states[i] }), want[i], 1e-12)
		}
		eliminated, err := Eliminate(c.Graph, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []*Answer{law.Answer(), eliminated} {
			near(t, name+": log Z by "+a.Method, a.LogZ, logZ, 1e-12)
			if n := compareMoments(t, name, a, r.Terms, want); n < c.Graph.Nodes {
				t.Errorf("%s: %d moments compared", name, n)
			}
		}
	}
}

// compareMoments looks up those terms that an answer has: nodes, and pairs of
// the factors.
func compareMoments(t *testing.T, name string, a *Answer, terms [][][]int, want []float64) (compared int) {
	t.Helper()
	pairs := map[[2]int]*Pair{}
	for i := range a.Pairs {
		pairs[[2]int{int(a.Pairs[i].A), int(a.Pairs[i].B)}] = &a.Pairs[i]
	}
	for i, term := range terms {
		what := name + " by " + a.Method + ": moment " + strconv.Itoa(i)
		switch {
		case len(term) == 1 && len(term[0]) == 1:
			near(t, what, a.Mean[term[0][0]], want[i], 1e-12)
		case len(term) == 1:
			near(t, what, a.Marginal[term[0][0]][term[0][1]], want[i], 1e-12)
		default:
			p := pairs[[2]int{term[0][0], term[1][0]}]
			if p == nil {
				continue
			}
			near(t, what, pairMoment(p, term), want[i], 1e-12)
			if len(term[0]) == 1 && len(term[1]) == 1 {
				near(t, what+" as value", p.Value, want[i], 1e-12)
			}
		}
		compared++
	}
	return compared
}

// pairMoment is the mean of a product of two: ±1 of a spin, an indicator of a
// categorical.
func pairMoment(p *Pair, term [][]int) float64 {
	at := func(factor []int, code int) float64 {
		switch {
		case len(factor) == 1:
			return float64(2*code - 1)
		case factor[1] == code:
			return 1
		}
		return 0
	}
	sum := 0.0
	for a, row := range p.Joint {
		for b, x := range row {
			sum += x * at(term[0], a) * at(term[1], b)
		}
	}
	return sum
}

// TestGoldenConditioned checks means and pairs under clamps, of the negative and
// (clamped to one data row after another) the positive phase of training.
func TestGoldenConditioned(t *testing.T) {
	for _, name := range []string{"rbm_klgrad", "bm_klgrad_conditioned"} {
		c := goldentest.Load(t, name)
		edges := c.Model.Edges
		negative, err := Solve(c.Graph, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		compareEdges(t, name+" negative", c, "negative", []*Answer{negative}, edges)
		var positive []*Answer
		for _, codes := range c.Model.DataCodes {
			g := *c.Graph
			clamp := graph.Clamp{Nodes: c.Model.Visible}
			for j, node := range c.Model.Visible {
				state := make([]int, g.Nodes)
				state[node] = codes[j]
				clamp.Values = append(clamp.Values, c.State(state)[node])
			}
			g.Clamps = append([]graph.Clamp{clamp}, g.Clamps...)
			a, err := Eliminate(&g, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			positive = append(positive, a)
		}
		compareEdges(t, name+" positive", c, "positive", positive, edges)
	}
}

// compareEdges compares the mean over answers with the recorded phase.
func compareEdges(t *testing.T, what string, c *goldentest.Case, phase string, answers []*Answer, edges [][]int32) {
	t.Helper()
	for i, want := range goldentest.Floats(t, c.Record(t, phase+" <s_i>").Exact) {
		sum := 0.0
		for _, a := range answers {
			sum += a.Mean[i] / float64(len(answers))
		}
		near(t, what+": mean "+strconv.Itoa(i), sum, want, 1e-12)
	}
	for i, want := range goldentest.Floats(t, c.Record(t, phase+" <s_i s_j>").Exact) {
		sum := 0.0
		for _, a := range answers {
			for _, p := range a.Pairs {
				if p.A == edges[i][0] && p.B == edges[i][1] {
					sum += p.Value / float64(len(answers))
				}
			}
		}
		near(t, what+": pair "+strconv.Itoa(i), sum, want, 1e-12)
	}
}

// TestGoldenSweeps: the law of all states after exactly k sweeps.
func TestGoldenSweeps(t *testing.T) {
	compared := 0
	for _, name := range goldentest.Names() {
		c := goldentest.Load(t, name)
		if c.KSweep == nil {
			continue
		}
		k, err := SweepKernel(c.Graph)
		if err != nil {
			t.Fatal(err)
		}
		for sweeps, want := range c.KSweep.Exact {
			n, _ := strconv.Atoi(sweeps)
			got := k.After(c.State(c.KSweep.Start), n)
			if len(got) != len(want) {
				t.Fatalf("%s: %d states, want %d", name, len(got), len(want))
			}
			for x := range want {
				near(t, name+" after "+sweeps+" sweeps, state "+strconv.Itoa(x), got[x], want[x], 1e-12)
			}
			compared++
		}
	}
	if compared != 4*3 {
		t.Errorf("%d laws compared", compared)
	}
}
