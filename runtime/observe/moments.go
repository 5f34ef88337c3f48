package observe

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// Moments takes the means of all nodes and of all factor rows over all chains and
// draws:
//
//   - of a spin the mean of ±1; of a categorical the share of each state (above 32
//     states the mean value); of a continuous node the mean value;
//   - of a row without categoricals the mean of the product of its spins and its
//     continuous values with their powers; of a row with categoricals, for each entry
//     of its table, the mean of (that product) × (the entry is the one picked).
//     Tables above 64 entries, or factors with more than 2^20 entries in all, are
//     left out; Skipped names them. Constants, factors without slots, have none.
//
// What is not continuous is counted, so that its means are exact to the last
// rounding. Continuous values are summed in float64, the chains of a draw first and
// then the draws.
//
// Standard errors come from batches of draws, see stats.Batches. Those of rows are
// measured on the first chains, as many as fit into 64 MiB, at least four, and
// scaled to all chains, which are independent.
type Moments struct {
	Skipped []string // factors that are left out

	nodes  *NodeBatches
	layout *stateLayout
	chains int
	draws  int
	counts []int64   // of each node's figures; see figures
	at     []int     // of each node, where its counts begin
	sums   []float64 // of continuous nodes
	rows   []*rowMoments
}

// A rowMoments takes the means of one factor's rows, or of an expression.
type rowMoments struct {
	f       *sampling.Factor
	name    string
	counts  []int64                                // rows × entries: counts of +1, or of ± entries picked
	sums    []float64                              // the same with continuous values
	batches *stats.Batches                         // of bits for spins, of numbers else
	values  []int8                                 // of one chain
	value   func(f *Frame, row int, dst []float64) // of an expression; nil: of f's slots

	index           []int32   // entries picked by a row in each chain
	product, picked []float64 // of eight rows, and of one
	stride          int       // of product
}

const (
	mostEntries    = 64
	mostRowEntries = 1 << 20
	momentBytes    = 64 << 20
)

// NewMoments takes the moments of a model. nodes must be fed the same draws; it
// gives the errors of the nodes.
func NewMoments(m *sampling.Model, chains, draws int, nodes *NodeBatches) (*Moments, error) {
	o := &Moments{nodes: nodes, layout: newStateLayout(m, chains), chains: chains, at: make([]int, m.Nodes)}
	o.sums = make([]float64, o.layout.floats)
	total := 0
	for i := range m.Vars {
		v := &m.Vars[i]
		for n := v.First; n < v.First+v.Count; n++ {
			o.at[n] = total
			total += figures(v)
		}
	}
	o.counts = make([]int64, total)
	taken := map[string]bool{}
	for i := range m.Factors {
		f := &m.Factors[i]
		r := &rowMoments{f: f, name: f.Name}
		if r.name == "" {
			r.name = fmt.Sprintf("f%d", i)
		}
		for taken[r.name] {
			r.name += "_"
		}
		taken[r.name] = true
		size := f.TableSize()
		if size > mostEntries || size*f.Rows > mostRowEntries {
			o.Skipped = append(o.Skipped, r.name)
			continue
		}
		if f.Rows == 0 || len(f.Slots) == 0 {
			continue
		}
		if err := r.prepare(chains, draws); err != nil {
			return nil, err
		}
		o.rows = append(o.rows, r)
	}
	return o, nil
}

// prepare makes room for the sums and the batches.
func (r *rowMoments) prepare(chains, draws int) (err error) {
	n := r.f.Rows * r.f.TableSize()
	switch {
	case onlySpins(r.f):
		r.counts = make([]int64, n)
		r.batches, err = stats.NewBitBatches(n, watchedChains(n, chains, 4, momentBytes), draws)
	case hasContinuous(r.f):
		r.sums = make([]float64, n)
		r.makeProduct(chains)
		r.index, r.picked = make([]int32, chains), make([]float64, chains)
		r.batches, err = stats.NewSeriesBatches(n, watchedChains(n, chains, 8, momentBytes), draws)
	default:
		r.counts, r.values = make([]int64, n), make([]int8, n)
		r.batches, err = stats.NewBatches(n, watchedChains(n, chains, 8, momentBytes), draws)
	}
	return err
}

// figures is the number of means of a node.
func figures(v *sampling.Var) int {
	if v.Kind == sampling.Categorical && v.States <= mostShares {
		return v.States
	}
	return 1
}

// Observe adds a draw.
func (o *Moments) Observe(f *Frame) error {
	o.draws++
	state := f.state()
	for i := range f.Model().Vars {
		o.addNodes(&f.Model().Vars[i], state)
	}
	for _, r := range o.rows {
		if err := r.observe(f); err != nil {
			return err
		}
	}
	return nil
}

// observe adds a draw.
func (r *rowMoments) observe(f *Frame) (err error) {
	switch {
	case r.value != nil:
		err = r.addValues(f)
	case onlySpins(r.f):
		err = r.addProducts(f.state())
	case hasContinuous(r.f):
		err = r.addFloats(f.state())
	default:
		err = r.addEntries(f.state())
	}
	r.batches.EndDraw()
	return err
}

func (o *Moments) addNodes(v *sampling.Var, state snapshot) {
	for n := v.First; n < v.First+v.Count; n++ {
		counts := o.counts[o.at[n]:]
		switch {
		case v.Kind == sampling.Spin:
			up := 0
			for _, w := range state.spin(n) {
				up += bits.OnesCount64(w)
			}
			counts[0] += int64(up)
		case v.Kind == sampling.Continuous:
			sum := 0.0
			for _, x := range state.float(n) {
				sum += float64(x)
			}
			o.sums[state.row[n]] += sum
		case v.States <= mostShares:
			for _, k := range state.category(n) {
				counts[k]++
			}
		default:
			for _, k := range state.category(n) {
				counts[0] += int64(k)
			}
		}
	}
}

// addProducts counts the products of spins that are +1.
func (r *rowMoments) addProducts(state snapshot) error {
	k := len(r.f.Slots)
	plus := make([]uint64, state.words)
	for row := range r.f.Rows {
		nodes := r.f.Index[row*k : row*k+k]
		copy(plus, state.spin(int(nodes[0])))
		for _, n := range nodes[1:] {
			for w, b := range state.spin(int(n)) {
				plus[w] = ^(plus[w] ^ b)
			}
		}
		up := 0
		plus[state.words-1] &= state.chainMask(state.words - 1)
		for _, w := range plus {
			up += bits.OnesCount64(w)
		}
		r.counts[row] += int64(up)
		if err := r.batches.AddBits(row, plus); err != nil {
			return err
		}
	}
	return nil
}

// addEntries adds ±1 to the table entry that each row picks.
func (r *rowMoments) addEntries(state snapshot) error {
	size := r.f.TableSize()
	for c := range state.chains {
		watched := c < r.batches.Chains()
		if watched {
			clear(r.values)
		}
		for row := range r.f.Rows {
			at, sign := r.entry(state, row, c)
			r.counts[row*size+at] += int64(sign)
			if watched {
				r.values[row*size+at] = int8(sign)
			}
		}
		if watched {
			if err := r.batches.AddInt8(c, r.values); err != nil {
				return err
			}
		}
	}
	return nil
}

// addFloats adds the products of rows with continuous slots.
func (r *rowMoments) addFloats(state snapshot) error {
	k, size := len(r.f.Slots), r.f.TableSize()
	if size == 1 {
		return r.addRows(state.kernel, state.chains, func(row int, product []float64) { state.product(r.f, r.f.Index[row*k:row*k+k], product) })
	}
	product, index, picked := r.product[:state.chains], r.index[:state.chains], r.picked[:state.chains]
	for row := range r.f.Rows {
		nodes := r.f.Index[row*k : row*k+k]
		state.product(r.f, nodes, product)
		state.entries(r.f, nodes, index)
		for e := range size {
			for c, at := range index {
				picked[c] = 0
				if int(at) == e {
					picked[c] = product[c]
				}
			}
			if err := r.addSeries(row*size+e, picked); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *rowMoments) addSeries(i int, values []float64) error {
	var sum [4]float64 // of every fourth chain, so that additions need not wait for each other
	whole := values
	for ; len(values) >= 4; values = values[4:] {
		sum[0] += values[0]
		sum[1] += values[1]
		sum[2] += values[2]
		sum[3] += values[3]
	}
	for k, x := range values {
		sum[k] += x
	}
	r.sums[i] += (sum[0] + sum[1]) + (sum[2] + sum[3])
	values = whole
	return r.batches.AddSeries(i, values)
}

// entry is tableEntry for one chain of a snapshot.
func (r *rowMoments) entry(state snapshot, row, chain int) (at, sign int) {
	k := len(r.f.Slots)
	minus := uint64(0)
	for i, n := range r.f.Index[row*k : row*k+k] {
		if r.f.Slots[i].Kind == sampling.Spin {
			minus ^= ^state.spin(int(n))[chain/64] >> (chain % 64) & 1
		} else {
			at = at*r.f.Slots[i].States + int(state.category(int(n))[chain])
		}
	}
	return at, 1 - 2*int(minus)
}

// Nodes gives the means of a variable's nodes, and their standard errors (NaN
// where draws are too few, 0 for clamped nodes): one figure for a spin, one for
// each state of a categorical up to 32 states, else one.
func (o *Moments) Nodes(v *sampling.Var) (mean, se []float64, err error) {
	total := float64(o.chains) * float64(o.draws)
	for n := v.First; n < v.First+v.Count; n++ {
		for k := range figures(v) {
			x := float64(o.counts[o.at[n]+k]) / total
			switch v.Kind {
			case sampling.Spin:
				x = (2*float64(o.counts[o.at[n]]) - total) / total
			case sampling.Continuous:
				x = o.sums[o.layout.row[n]] / total
			}
			mean = append(mean, x)
			if o.nodes.first[n] < 0 {
				se = append(se, 0)
				continue
			}
			got, err := o.nodes.Node(n, k)
			if err != nil {
				return nil, nil, err
			}
			se = append(se, got.MCSE.V)
		}
	}
	return mean, se, nil
}

// means are those of the rows and their standard errors.
func (r *rowMoments) means(chains, draws int) (mean, se []float64, err error) {
	total := float64(chains) * float64(draws)
	shrink := math.Sqrt(float64(r.batches.Chains()) / float64(chains))
	unit := 1.0
	if onlySpins(r.f) {
		unit = 2
	}
	for i := range r.f.Rows * r.f.TableSize() {
		var x float64
		switch {
		case r.sums != nil:
			x = r.sums[i] / total
		case onlySpins(r.f):
			x = (2*float64(r.counts[i]) - total) / total
		default:
			x = float64(r.counts[i]) / total
		}
		got, err := r.batches.Series(i)
		if err != nil {
			return nil, nil, err
		}
		mean, se = append(mean, x), append(se, got.MCSE.V*unit*shrink)
	}
	return mean, se, nil
}

// WriteArrays adds moments/node/NAME (*shape, or *shape and state) and
// moments/factor/NAME (row, or row and table), float64, and their standard errors
// as moments/node_se/NAME and moments/factor_se/NAME. A factor without a name is
// f0, f1, … by its position.
func (o *Moments) WriteArrays(z *npy.NPZWriter) error {
	for i := range o.layout.model.Vars {
		v := &o.layout.model.Vars[i]
		mean, se, err := o.Nodes(v)
		if err != nil {
			return err
		}
		shape := append([]int(nil), v.Shape...)
		if v.Kind == sampling.Categorical && v.States <= mostShares {
			shape = append(shape, v.States)
		}
		if err := addPair(z, "moments/node", v.Name, shape, mean, se); err != nil {
			return err
		}
	}
	for _, r := range o.rows {
		mean, se, err := r.means(o.chains, o.draws)
		if err != nil {
			return err
		}
		shape := append([]int{r.f.Rows}, r.f.Table...)
		if err := addPair(z, "moments/factor", r.name, shape, mean, se); err != nil {
			return err
		}
	}
	return nil
}

// addPair adds figures and their standard errors.
func addPair(z *npy.NPZWriter, prefix, name string, shape []int, mean, se []float64) error {
	if err := z.Add(prefix+"/"+name, shape, mean); err != nil {
		return err
	}
	return z.Add(prefix+"_se/"+name, shape, se)
}
