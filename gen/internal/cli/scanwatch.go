package cli

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// scanWatch keeps H and the order parameters of every chain and draw of a run.
type scanWatch struct {
	h     [][]float64 // by chain and draw
	order []orderWatch
}

// orderWatch is the order parameter of one variable.
type orderWatch struct {
	v      *sampling.Var
	values [][]float64 // by chain and draw
}

// newScanWatch watches the energy, and every variable of several spins or
// categoricals that is not wholly clamped.
func newScanWatch(view observe.ChainView) *scanWatch {
	m := view.Model()
	clamped := make([]bool, m.Nodes)
	for _, c := range m.Clamps {
		for _, n := range c.Nodes {
			clamped[n] = true
		}
	}
	w := &scanWatch{h: make([][]float64, view.Chains())}
	for i := range m.Vars {
		v := &m.Vars[i]
		if v.Kind != sampling.Spin && v.Kind != sampling.Categorical {
			continue
		}
		for n := v.First; n < v.First+v.Count && v.Count > 1; n++ {
			if !clamped[n] {
				w.order = append(w.order, orderWatch{v, make([][]float64, view.Chains())})
				break
			}
		}
	}
	return w
}

// Observe looks at a draw.
func (w *scanWatch) Observe(f *observe.Frame) error {
	for c, h := range f.H() {
		w.h[c] = append(w.h[c], h)
	}
	for i := range w.order {
		if o := &w.order[i]; o.v.Kind == sampling.Spin {
			o.addSpins(f)
		} else {
			o.addCategories(f)
		}
	}
	return nil
}

// addSpins adds |Σ s| / nodes.
func (o *orderWatch) addSpins(f *observe.Frame) {
	words := (f.Chains() + 63) / 64
	for word := range words {
		var up laneCounter
		for n := o.v.First; n < o.v.First+o.v.Count; n++ {
			up.add(f.Spin(n)[word])
		}
		for c := 64 * word; c < min(64*(word+1), f.Chains()); c++ {
			sum := 2*up.of(c%64) - o.v.Count
			o.values[c] = append(o.values[c], math.Abs(float64(sum))/float64(o.v.Count))
		}
	}
}

// addCategories adds the largest share of a state.
func (o *orderWatch) addCategories(f *observe.Frame) {
	counts := make([]int, f.Chains()*o.v.States)
	for n := o.v.First; n < o.v.First+o.v.Count; n++ {
		for c, k := range f.Category(n) {
			counts[c*o.v.States+int(k)]++
		}
	}
	for c := range f.Chains() {
		most := 0
		for _, n := range counts[c*o.v.States : (c+1)*o.v.States] {
			most = max(most, n)
		}
		o.values[c] = append(o.values[c], float64(most)/float64(o.v.Count))
	}
}

// A laneCounter counts the ones in each of 64 lanes; word k holds bit k of every
// count.
type laneCounter [32]uint64

func (l *laneCounter) add(x uint64) {
	for k := 0; x != 0; k++ {
		l[k], x = l[k]^x, l[k]&x
	}
}

func (l *laneCounter) of(lane int) int {
	n := 0
	for k, x := range l {
		n |= int(x>>lane&1) << k
	}
	return n
}

// point is what the run says about its β.
func (w *scanWatch) point(beta float64, nodes int) scanPoint {
	p := scanPoint{Beta: beta, Order: []orderValue{}}
	p.Energy, p.EnergyMCSE = stats.Mean(w.h), stats.MCSEMean(w.h)
	p.HeatCapacity, p.HeatCapacitySE = heatCapacity(w.h, p.Energy, p.EnergyMCSE, beta)
	for _, v := range []*stats.Value{&p.Energy, &p.EnergyMCSE, &p.HeatCapacity, &p.HeatCapacitySE} {
		v.V /= float64(nodes)
	}
	for _, o := range w.order {
		x := orderValue{"abs_magnetisation/" + o.v.Name, stats.Mean(o.values), stats.MCSEMean(o.values), "|" + o.v.Name + "|"}
		if o.v.Kind == sampling.Categorical {
			x.Name, x.head = "largest_share/"+o.v.Name, "max "+o.v.Name
		}
		p.Order = append(p.Order, x)
	}
	return p
}

// heatCapacity is C = β²·Var(H) = -β² ∂⟨H⟩/∂β, with its standard error. Of the
// draws h with mean m, the mean of d = (h - m)² misses Var(H) by the variance of
// m itself, of which the squared MCSE of m is an estimate; it is added. The
// error is that of the mean of d, with the effective sample size of d (the delta
// method: the first variation of a variance is d; Vehtari et al. 2021 for the
// error of a mean of correlated draws).
func heatCapacity(h [][]float64, mean, mcse stats.Value, beta float64) (c, se stats.Value) {
	if !mean.OK() {
		return mean, mean
	}
	d := make([][]float64, len(h))
	for i, chain := range h {
		for _, x := range chain {
			d[i] = append(d[i], (x-mean.V)*(x-mean.V))
		}
	}
	c, se = stats.Mean(d), stats.MCSEMean(d)
	if mcse.OK() {
		c.V += mcse.V * mcse.V
	}
	c.V *= beta * beta
	se.V *= beta * beta
	return c, se
}
