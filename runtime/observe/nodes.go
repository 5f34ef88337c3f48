package observe

import (
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// NodeBatches watches every free node for convergence without keeping states: a
// spin through its bit, a categorical through an indicator of each state (above 32
// states through its value), a continuous one through its value, each as sums over at most 64 batches of draws for
// each chain; see stats.Batches for what these can tell.
//
// Where the sums of all chains would take more than 128 MiB, the first chains only
// are watched, never fewer than four. Effective sample sizes and standard errors
// are scaled to all chains then, which are independent; R-hat compares the watched
// ones.
type NodeBatches struct {
	layout *stateLayout
	chains int

	bits      *stats.Batches // nil: nothing of this sort
	bitOf     []nodeState    // of each series
	numbers   *stats.Batches
	numberOf  []int32
	first     []int32   // of each node its first series, -1: clamped
	values    []float64 // of eight nodes in each chain
	indicator []uint64

	start snapshot // the first draw
	still []int32  // nodes not seen to move in any chain
	draws int
}

// A nodeState is a series of NodeBatches.
type nodeState struct{ node, state int32 }

const watchBytes = 128 << 20

// watchedChains is how many chains can be watched in so many bytes a series and
// chain, in whole words if there is one.
func watchedChains(series, chains, bytes, budget int) int {
	n := min(chains, max(4, budget/(max(1, series)*64*bytes)))
	if n < chains && n >= 64 {
		n = n / 64 * 64
	}
	return n
}

// NewNodeBatches watches the nodes of a model; draws is the number to come, or 0.
func NewNodeBatches(m *sampling.Model, chains, draws int) (*NodeBatches, error) {
	b := &NodeBatches{layout: newStateLayout(m, chains), chains: chains, first: make([]int32, m.Nodes)}
	clamped := clampedNodes(m)
	for _, v := range m.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			b.first[n] = -1
			if clamped[n] {
				continue
			}
			b.still = append(b.still, int32(n))
			switch {
			case byValue(&v):
				b.first[n] = int32(len(b.numberOf))
				b.numberOf = append(b.numberOf, int32(n))
			default:
				b.first[n] = int32(len(b.bitOf))
				series := 1
				if v.Kind == sampling.Categorical {
					series = v.States
				}
				for k := range series {
					b.bitOf = append(b.bitOf, nodeState{int32(n), int32(k)})
				}
			}
		}
	}
	var err error
	if n := len(b.bitOf); n > 0 {
		if b.bits, err = stats.NewBitBatches(n, watchedChains(n, chains, 4, watchBytes), draws); err != nil {
			return nil, err
		}
	}
	if n := len(b.numberOf); n > 0 {
		if b.numbers, err = stats.NewSeriesBatches(n, watchedChains(n, chains, 8, watchBytes), draws); err != nil {
			return nil, err
		}
		b.values = make([]float64, stats.Eight*b.layout.stride)
	}
	b.indicator = make([]uint64, mostShares*((chains+63)/64))
	return b, nil
}

// Observe adds a draw.
func (b *NodeBatches) Observe(f *Frame) error {
	state := f.state()
	b.watchMoves(state)
	b.draws++
	if b.bits != nil {
		if err := b.addBits(state); err != nil {
			return err
		}
		b.bits.EndDraw()
	}
	if b.numbers != nil {
		for i := 0; i < len(b.numberOf); i += stats.Eight {
			nodes := b.numberOf[i:min(i+stats.Eight, len(b.numberOf))]
			for k, n := range nodes {
				state.values(int(n), b.values[k*state.stride:][:state.chains])
			}
			if err := b.numbers.AddMany(i, len(nodes), b.values, state.stride, state.kernel); err != nil {
				return err
			}
		}
		b.numbers.EndDraw()
	}
	return nil
}

func (b *NodeBatches) addBits(state snapshot) error {
	for s := 0; s < len(b.bitOf); {
		node := int(b.bitOf[s].node)
		v := b.layout.varOf(node)
		if v.Kind == sampling.Spin {
			if err := b.bits.AddBits(s, state.spin(node)); err != nil {
				return err
			}
			s++
			continue
		}
		indicator := b.indicator[:v.States*state.words]
		clear(indicator)
		for c, k := range state.category(node) {
			indicator[int(k)*state.words+c/64] |= 1 << (c % 64)
		}
		for k := range v.States {
			if err := b.bits.AddBits(s+k, indicator[k*state.words:(k+1)*state.words]); err != nil {
				return err
			}
		}
		s += v.States
	}
	return nil
}

// watchMoves strikes out the nodes that differ from the first draw.
func (b *NodeBatches) watchMoves(state snapshot) {
	if b.draws == 0 {
		b.start = state.clone()
		return
	}
	b.still = slices.DeleteFunc(b.still, func(n int32) bool {
		switch b.layout.varOf(int(n)).Kind {
		case sampling.Spin:
			return !slices.Equal(state.spin(int(n)), b.start.spin(int(n)))
		case sampling.Continuous:
			return !slices.Equal(state.float(int(n)), b.start.float(int(n)))
		}
		return !slices.Equal(state.category(int(n)), b.start.category(int(n)))
	})
}

// WorstNodes names the nodes that look worst.
type WorstNodes struct {
	RHat   stats.Value
	RHatAt string // node, with "=k" for the share of a state; empty if there is none
	ESS    stats.Value
	ESSAt  string
	Still  int // free nodes that moved in no chain; they are not judged
	Chains int // chains watched, the first ones
	// Batches of Length draws each hold what is known of a chain.
	Batches, Length int
}

// Worst looks at all free nodes. R-hat is that of split chains; ESS is that of the
// mean, for all chains.
func (b *NodeBatches) Worst() WorstNodes {
	none := stats.Value{V: math.NaN(), NA: "no free node"}
	w := WorstNodes{RHat: none, ESS: none, Chains: b.chains}
	if b.draws > 1 {
		w.Still = len(b.still)
	}
	take := func(s *stats.Batches, name func(i int) string) {
		if s == nil {
			return
		}
		got := s.Worst()
		got.ESS = scaleValue(got.ESS, b.scale(s))
		if worseRHat(got.RHat, w.RHat) || w.RHatAt == "" {
			w.RHat = got.RHat
			if got.RHatAt >= 0 {
				w.RHatAt = name(got.RHatAt)
			}
		}
		if got.ESS.OK() && (!w.ESS.OK() || got.ESS.V < w.ESS.V) || w.ESSAt == "" {
			w.ESS = got.ESS
			if got.ESSAt >= 0 {
				w.ESSAt = name(got.ESSAt)
			}
		}
		w.Chains = min(w.Chains, s.Chains())
		w.Batches, w.Length = s.Layout()
	}
	take(b.numbers, func(i int) string { return b.layout.model.NodeName(int(b.numberOf[i])) })
	take(b.bits, func(i int) string { return b.seriesName(b.bitOf[i]) })
	return w
}

func worseRHat(a, b stats.Value) bool {
	judged := func(v stats.Value) bool { return v.OK() || v.NA == stats.NAStuck }
	return judged(a) && (!judged(b) || a.V > b.V)
}

func (b *NodeBatches) seriesName(s nodeState) string {
	name := b.layout.model.NodeName(int(s.node))
	if b.layout.varOf(int(s.node)).Kind == sampling.Categorical {
		name += fmt.Sprintf("=%d", s.state)
	}
	return name
}

// scale is the number of all chains over that of the watched ones.
func (b *NodeBatches) scale(s *stats.Batches) float64 {
	return float64(b.chains) / float64(s.Chains())
}

func scaleValue(v stats.Value, by float64) stats.Value {
	v.V *= by
	return v
}

// Node is what is known of a node: of a spin, of one state of a categorical (its
// indicator), or above 32 states and for a continuous node of the value, where state
// does not matter. Of a clamped node nothing is.
func (b *NodeBatches) Node(node, state int) (stats.SeriesStats, error) {
	if node < 0 || node >= len(b.first) || b.first[node] < 0 {
		na := stats.Value{V: math.NaN(), NA: "clamped"}
		return stats.SeriesStats{Mean: na, SD: na, MCSE: na, ESS: na, RHat: na}, nil
	}
	v := b.layout.varOf(node)
	from, at := b.bits, int(b.first[node])
	switch {
	case byValue(v):
		from = b.numbers
	case v.Kind == sampling.Categorical:
		if state < 0 || state >= v.States {
			return stats.SeriesStats{}, fmt.Errorf("%s has no state %d", b.layout.model.NodeName(node), state)
		}
		at += state
	}
	got, err := from.Series(at)
	if err != nil {
		return got, err
	}
	by := b.scale(from)
	got.ESS, got.MCSE = scaleValue(got.ESS, by), scaleValue(got.MCSE, 1/math.Sqrt(by))
	if v.Kind == sampling.Spin {
		got.Mean.V = 2*got.Mean.V - 1
		got.SD.V *= 2
		got.MCSE.V *= 2
	}
	return got, nil
}

// NodeRows is a row for each free node, or for each of its states. Quantiles are
// not known from running sums; both effective sample sizes are that of the mean.
func (b *NodeBatches) NodeRows() ([]stats.Row, error) {
	var rows []stats.Row
	add := func(name string, node, state int) error {
		got, err := b.Node(node, state)
		if err != nil {
			return err
		}
		none := stats.Value{V: math.NaN(), NA: "draws are not kept"}
		rows = append(rows, stats.Row{Name: name, Mean: got.Mean, SD: got.SD, MCSE: got.MCSE,
			Q5: none, Q50: none, Q95: none, ESSBulk: got.ESS, ESSTail: none, RHat: got.RHat})
		return nil
	}
	for _, s := range b.bitOf {
		if err := add(b.seriesName(s), int(s.node), int(s.state)); err != nil {
			return nil, err
		}
	}
	for _, n := range b.numberOf {
		if err := add(b.layout.model.NodeName(int(n)), int(n), 0); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
