package expr

// Values are what slots and parameters hold.
type Values interface {
	Slot(n, comp int) float64 // comp is Scalar or a component
	Index(n int) int
	Param(n int, indices []int, comp int) float64
}

// Eval is the value of e in float64, operation after operation as the tree is
// written, the same bits on every machine.
func Eval(e *Expr, v Values) float64 {
	switch e.Op {
	case Const:
		return e.Value
	case Slot:
		return v.Slot(e.N, e.Comp)
	case Index:
		return float64(v.Index(e.N))
	case Param:
		var room [4]int
		indices := room[:0]
		for _, x := range e.Args {
			indices = append(indices, int(Eval(x, v)))
		}
		return v.Param(e.N, indices, e.Comp)
	}
	x := Eval(e.Args[0], v)
	if len(e.Args) == 1 {
		return operate(e.Op, x, 0)
	}
	return operate(e.Op, x, Eval(e.Args[1], v))
}
