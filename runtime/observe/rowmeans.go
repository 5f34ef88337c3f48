package observe

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// RowMeans takes, over all chains and draws, the mean of an expression for each row
// of its nodes, and its standard error, as Moments does of the rows of factors:
// products of spins are counted, other values are summed in float64. No states and
// no values of single draws are kept.
type RowMeans struct {
	Name   string
	layout *stateLayout
	draws  int
	row    *rowMoments
}

// NewRowMeans watches an observable row by row.
func NewRowMeans(m *sampling.Model, chains, draws int, o Observable) (*RowMeans, error) {
	r := &RowMeans{Name: o.Name, layout: newStateLayout(m, chains), row: &rowMoments{name: o.Name}}
	if r.row.f = o.product(); r.row.f != nil {
		return r, r.row.prepare(chains, draws)
	}
	r.row.f, r.row.value = &sampling.Factor{Name: o.Name, Rows: o.Rows}, o.rowValues()
	return r, r.row.prepareValues(chains, draws)
}

// product is the rows of a product of spins and continuous slots, with whole powers,
// as a factor's; nil if the expression is something else.
func (o *Observable) product() *sampling.Factor {
	type part struct {
		slots    []int // once for each power; nil: the constant
		constant float64
	}
	var stack []part
	pop := func() part {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		return top
	}
	for _, op := range o.Code.Ops {
		switch {
		case op.Op == sampling.CodeSlot && o.Slots[op.N].Kind != sampling.Categorical:
			stack = append(stack, part{slots: []int{int(op.N)}})
		case op.Op == sampling.CodeConst:
			stack = append(stack, part{constant: op.V})
		case op.Op == sampling.CodeMul:
			b, a := pop(), pop()
			if a.slots == nil || b.slots == nil {
				return nil
			}
			stack = append(stack, part{slots: slices.Concat(a.slots, b.slots)})
		case op.Op == sampling.CodePow:
			power, base := pop(), pop()
			n := int(power.constant)
			if base.slots == nil || power.slots != nil || float64(n) != power.constant || n < 1 || n > mostPowers {
				return nil
			}
			stack = append(stack, part{slots: slices.Repeat(base.slots, n)})
		default:
			return nil
		}
	}
	used := pop().slots
	if used == nil || len(used) > mostPowers {
		return nil
	}
	f := &sampling.Factor{Name: o.Name, Rows: o.Rows}
	for _, n := range used {
		f.Slots = append(f.Slots, sampling.Slot{Kind: o.Slots[n].Kind, States: o.Slots[n].States, Power: 1})
	}
	for row := range o.Rows {
		for _, n := range used {
			f.Index = append(f.Index, o.Index[row*len(o.Slots)+n])
		}
	}
	return f
}

// mostPowers is how many factors a product may have.
const mostPowers = 16

// Observe adds a draw.
func (r *RowMeans) Observe(f *Frame) error {
	r.draws++
	return r.row.observe(f)
}

// Means are those of the rows, and their standard errors, NaN where draws are too
// few.
func (r *RowMeans) Means() (mean, se []float64, err error) {
	return r.row.means(r.layout.chains, r.draws)
}

// WriteArrays adds moments/value/NAME (row), float64, and the standard errors as
// moments/value_se/NAME.
func (r *RowMeans) WriteArrays(z *npy.NPZWriter) error {
	mean, se, err := r.Means()
	if err != nil {
		return err
	}
	return addPair(z, "moments/value", r.Name, []int{r.row.f.Rows}, mean, se)
}

// prepareValues makes room for the sums and the batches of an expression.
func (r *rowMoments) prepareValues(chains, draws int) (err error) {
	r.sums = make([]float64, r.f.Rows)
	r.makeProduct(chains)
	r.batches, err = stats.NewSeriesBatches(r.f.Rows, watchedChains(r.f.Rows, chains, 8, momentBytes), draws)
	return err
}

// addValues adds the values of an expression.
func (r *rowMoments) addValues(f *Frame) error {
	if err := r.addRows(f.state().kernel, f.Chains(), func(row int, values []float64) { r.value(f, row, values) }); err != nil {
		return fmt.Errorf("mean %s: %w", r.name, err)
	}
	return nil
}
