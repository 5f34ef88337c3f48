package conformance

import (
	"math"
	"strconv"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// batch is how many chains run at a time. The next batch starts the same chains
// again and goes on with the sweep number, so that no word is used twice.
const batch = 1 << 15

// chainsInAll is how many chains a law is estimated with: fewer where a node has
// many states and so takes long.
func chainsInAll(g *graph.Graph) int {
	n := 16 * batch
	for _, v := range g.Vars {
		n = min(n, max(2, 160/v.States)*batch)
	}
	if testing.Short() {
		return min(n, 2*batch)
	}
	return n
}

var sweepsCounted = []int{1, 2, 5}

// TestKSweepLaw counts the states of independent chains after exactly 1, 2 and 5
// sweeps from one state, against e_s·P^k
//
//   - of the program's own conditionals, with all chains;
//   - of the float64 conditionals, with as many chains as leave the number format
//     invisible: its noncentrality is at most a fifth of the chi-square's standard
//     deviation;
//   - of the reference files, with the same chains.
//
// Each comparison fails a right sampler once in a million, and 524,288 chains
// refuse a law that is off by a total variation of 0.005 to 0.02, depending on the
// number of states (logged).
func TestKSweepLaw(t *testing.T) {
	for _, m := range lawModels(t) {
		t.Run(m.name, func(t *testing.T) {
			p := lower(t, m.graph)
			quantised, err := Kernel(m.graph, p, p.Beta)
			if err != nil {
				t.Fatal(err)
			}
			given, err := exact.SweepKernel(m.graph)
			if err != nil {
				t.Fatal(err)
			}
			laws := map[int][2][]float64{}
			allowed := math.MaxInt
			for _, k := range sweepsCounted {
				q, e := quantised.After(m.start, k), given.After(m.start, k)
				laws[k] = [2][]float64{q, e}
				f := float64(len(e))
				allowed = min(allowed, int(math.Sqrt(2*f)/5/(ChiDistance(q, e)+1e-30)))
				if tv := exact.TotalVariation(q, e); tv > float64(k)*errorOfSweep(p) {
					t.Errorf("after %d sweeps the format moves the law by %v, its bound allows %v", k, tv, float64(k)*errorOfSweep(p))
				}
			}
			all, some := countStates(t, p, m.start, quantised.Space, chainsInAll(m.graph), allowed)
			for _, k := range sweepsCounted {
				fit := ChiSquare(all[k], laws[k][0])
				t.Logf("%d sweeps, own law: %v", k, fit)
				if fit.P < FalseFail {
					t.Errorf("after %d sweeps: %v", k, fit)
				}
				if fit = ChiSquare(some[k], laws[k][1]); fit.N == 0 {
					t.Logf("%d sweeps: the format's error shows with %d chains, no comparison with float64", k, allowed)
					continue
				}
				t.Logf("%d sweeps, float64: %v", k, fit)
				if fit.P < FalseFail {
					t.Errorf("after %d sweeps, float64: %v", k, fit)
				}
				if golden := m.golden[strconv.Itoa(k)]; golden != nil {
					if fit := ChiSquare(some[k], golden); fit.P < FalseFail {
						t.Errorf("after %d sweeps, reference file: %v", k, fit)
					}
				} else if m.golden != nil {
					t.Errorf("no reference for %d sweeps", k)
				}
			}
		})
	}
}

// errorOfSweep bounds the total variation that the format adds in one sweep: an
// update of K states moves at most K/2 times the bound of a probability.
func errorOfSweep(p *ir.Program) float64 {
	sum := 0.0
	for _, super := range p.Sweep {
		for _, b := range super {
			sum += float64(len(b.Nodes)*b.States) / 2 * p.Format.Bound
		}
	}
	return sum
}

// countStates counts the states after 1, 2 and 5 sweeps, of all chains and of
// those whole batches of them that are within allowed.
func countStates(t *testing.T, p *ir.Program, start []int32, space *exact.Space, chains, allowed int) (all, some map[int][]int) {
	all, some = map[int][]int{}, map[int][]int{}
	for _, k := range sweepsCounted {
		all[k], some[k] = make([]int, space.Size()), make([]int, space.Size())
	}
	var index []int
	s := sampler(t, p, sampling.Options{Chains: batch, Seed: Seed(t.Name())})
	for n := batch; n <= chains; n += batch {
		place(t, s, start)
		done := 0
		for _, k := range sweepsCounted {
			s.Sweeps(k - done)
			done = k
			index = Indices(s, space, index)
			for _, x := range index {
				all[k][x]++
			}
			if n <= allowed {
				for _, x := range index {
					some[k][x]++
				}
			}
		}
	}
	return all, some
}
