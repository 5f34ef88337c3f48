package observe

import "github.com/thrmlgen/thrmlgen/runtime/sampling"

// An Observable is a number of a state that a model file asks for: the sum of an
// expression over rows of nodes.
type Observable struct {
	Name  string          `json:"name"`
	Slots []sampling.Slot `json:"slots"`
	Rows  int             `json:"rows"`
	Index []int32         `json:"index"` // Rows × slots, row-major
	Code  sampling.Code   `json:"code"`
}

// Scalar is the watcher that records the observable.
func (o *Observable) Scalar() *Scalar {
	var stack []float64
	return &Scalar{Name: o.Name, Value: func(f *Frame, dst []float64) error {
		k := len(o.Slots)
		for chain := range dst {
			sum := 0.0
			for r := range o.Rows {
				nodes := o.Index[r*k : r*k+k]
				var v float64
				v, stack = o.Code.Eval(r, func(n int) float64 { return f.number(int(nodes[n]), chain) }, stack)
				sum += v
			}
			dst[chain] = sum
		}
		return nil
	}}
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
