package expr

// Slope is a part of the derivative of an expression by a parameter: By, by the element
// that Leaf names.
type Slope struct{ Leaf, By *Expr }

// Slopes are the derivatives of e by the elements of parameters that stand in it, in the
// order in which they come first. Where two of them name one element, by different
// indices, its derivative is their sum.
func Slopes(e *Expr) []Slope {
	var list []Slope
	seen := map[string]bool{}
	e.Visit(func(x *Expr) {
		if x.Op != Param || seen[x.key()] {
			return
		}
		seen[x.key()] = true
		if d := Derivative(e, x); !d.is(0) {
			list = append(list, Slope{x, d})
		}
	})
	return list
}

// FlatIndex is the place of a parameter's element in a table with these axes.
func FlatIndex(leaf *Expr, axes []int) *Expr {
	indices := leaf.Args
	if leaf.Comp != Scalar {
		indices = append(append([]*Expr(nil), indices...), Number(float64(leaf.Comp)))
	}
	at := Number(0)
	for i, x := range indices {
		at = plus(times(at, Number(float64(axes[i]))), x)
	}
	return at
}
