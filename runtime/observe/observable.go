package observe

import "github.com/thrmlgen/thrmlgen/runtime/sampling"

// An Observable is a number of a state that a model file asks for: the sum of an
// expression over rows of nodes, or for RowMeans its value in each row.
type Observable struct {
	Name  string          `json:"name"`
	Slots []sampling.Slot `json:"slots"`
	Rows  int             `json:"rows"`
	Index []int32         `json:"index"` // Rows × slots, row-major
	Code  sampling.Code   `json:"code"`
}

// Scalar is the watcher that records the observable.
func (o *Observable) Scalar() *Scalar {
	value := o.rowValues()
	var term []float64
	return &Scalar{Name: o.Name, Value: func(f *Frame, dst []float64) error {
		term = append(term[:0], dst...)
		clear(dst)
		for r := range o.Rows {
			value(f, r, term)
			for chain, x := range term {
				dst[chain] += x
			}
		}
		return nil
	}}
}

// rowValues is the expression in one row, by chain.
func (o *Observable) rowValues() func(f *Frame, row int, dst []float64) {
	var stack []float64
	k := len(o.Slots)
	return func(f *Frame, row int, dst []float64) {
		nodes := o.Index[row*k : row*k+k]
		for chain := range dst {
			dst[chain], stack = o.Code.Eval(row, func(n int) float64 { return f.number(int(nodes[n]), chain) }, stack)
		}
	}
}

// number is the state of a node in one chain as expressions take it.
func (f *Frame) number(node, chain int) float64 {
	s := f.state()
	switch s.varOf(node).Kind {
	case sampling.Spin:
		return float64(int64(s.spin(node)[chain/64]>>(chain%64)&1)*2 - 1)
	case sampling.Continuous:
		return float64(s.float(node)[chain])
	}
	return float64(s.category(node)[chain])
}
