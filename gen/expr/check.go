package expr

import (
	"fmt"
	"math"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// Shape is how an expression uses a parameter: which axes it must have, beyond an
// axis along the rows of the factor.
type Shape struct {
	Used bool
	At   Span  // of its first use
	Axes []int // sizes; an axis with whole numbers as indices only needs at least this size
	Open []bool
	Dim  int // size of the vector axis that comes last; 0 for none
}

// IsFunction tells the names of functions.
func IsFunction(name string) bool {
	_, ok := functions[name]
	return ok || name == "sum" || name == "dot"
}

// Parse reads the text of an expression and gives its tree, and the shape of each
// parameter. All problems of meaning are reported at once; those of syntax end at
// the first.
func Parse(text string, scope *Scope) (*Expr, []Shape, []*Error) {
	tree, err := parse(text)
	if err != nil {
		return nil, nil, []*Error{err}
	}
	c := &checker{scope: scope, shapes: make([]Shape, len(scope.Params))}
	v := c.value(tree)
	if v.dim != scalar && len(c.errors) == 0 {
		c.fail(tree.span, "an energy is one number, this is a vector", "sum(…) adds its components")
	}
	if len(c.errors) > 0 {
		return nil, nil, c.errors
	}
	e := v.at(0)
	if len(c.errors) > 0 { // vectors are written out late
		return nil, nil, c.errors
	}
	return e, c.shapes, nil
}

const (
	scalar  = -1 // dim of what is no vector
	unknown = 0  // dim of m[:] by itself
)

// value is a checked part: a scalar, or a vector given by its components.
type value struct {
	dim int
	at  func(i int) *Expr // i is ignored by scalars
}

type checker struct {
	scope  *Scope
	shapes []Shape
	errors []*Error
}

func (c *checker) fail(at Span, text, help string) value {
	c.errors = append(c.errors, &Error{at, text, help})
	return value{scalar, func(int) *Expr { return Number(0) }}
}

func single(e *Expr) value { return value{scalar, func(int) *Expr { return e }} }

func (c *checker) value(s *syntax) value {
	switch s.kind {
	case number:
		return single(&Expr{Op: Const, Value: s.num, Comp: Scalar, Span: s.span})
	case name:
		return c.name(s)
	case element:
		return c.element(s)
	case call:
		return c.call(s)
	case colon:
		return c.fail(s.span, `":" stands only as the last index of a parameter`, "")
	}
	if len(s.args) == 1 {
		return c.apply(Neg, s.span, c.value(s.args[0]))
	}
	op := map[string]Op{
		"+": Add, "-": Sub, "*": Mul, "/": Div, "^": Pow,
		"<": Less, "<=": LessEq, ">": Greater, ">=": GreaterEq, "==": Equal, "!=": NotEqual,
	}[s.text]
	return c.apply(op, s.span, c.value(s.args[0]), c.value(s.args[1]))
}

func (c *checker) slot(name string) int {
	for i, s := range c.scope.Slots {
		if s.Name == name {
			return i
		}
	}
	return -1
}

func (c *checker) param(name string) int {
	for i, p := range c.scope.Params {
		if p == name {
			return i
		}
	}
	return -1
}

func (c *checker) name(s *syntax) value {
	if n := c.slot(s.text); n >= 0 {
		slot := c.scope.Slots[n]
		switch {
		case slot.Kind == Categorical:
			return single(&Expr{Op: Index, N: n, Comp: Scalar, Span: s.span})
		case slot.Dim > 0:
			return value{slot.Dim, func(i int) *Expr { return &Expr{Op: Slot, N: n, Comp: i, Span: s.span} }}
		}
		return single(&Expr{Op: Slot, N: n, Comp: Scalar, Span: s.span})
	}
	if n := c.param(s.text); n >= 0 {
		return c.use(n, s.span, nil, false)
	}
	return c.unknownName(s)
}

func (c *checker) unknownName(s *syntax) value {
	if IsFunction(s.text) {
		return c.fail(s.span, s.text+" is a function", "its argument stands in parentheses: "+s.text+"(…)")
	}
	var known []string
	for _, x := range c.scope.Slots {
		known = append(known, x.Name)
	}
	known = append(known, c.scope.Params...)
	help := ""
	for _, x := range c.scope.Slots {
		if x.Of == s.text {
			help = fmt.Sprintf("%s is a variable; its node in a row is called %s here", s.text, x.Name)
		}
	}
	if help != "" {
		return c.fail(s.span, "nothing is named "+diag.Quote(s.text), help)
	}
	if near := diag.Suggest(s.text, known); near != "" {
		help = "did you mean " + near + "?"
	} else if s.text == "pi" {
		help = "π is written 3.141592653589793"
	} else {
		help = "slots are named in over: {u: x}, parameters in params"
	}
	return c.fail(s.span, "nothing is named "+diag.Quote(s.text), help)
}

// use is a parameter with indices; vector adds the last index ":".
func (c *checker) use(n int, at Span, indices []*Expr, vector bool) value {
	p := &c.shapes[n]
	if !p.Used {
		*p = Shape{Used: true, At: at, Axes: make([]int, len(indices)), Open: make([]bool, len(indices))}
		for i := range p.Open {
			p.Open[i] = true
		}
	} else if len(p.Axes) != len(indices) {
		return c.fail(at, fmt.Sprintf("%s has %s here, and %s before", c.scope.Params[n], axes(len(indices)), axes(len(p.Axes))), "")
	}
	for i, x := range indices {
		if x.Op == Const {
			if need := int(x.Value) + 1; p.Open[i] {
				p.Axes[i] = max(p.Axes[i], need)
			} else if need > p.Axes[i] {
				return c.fail(x.Span, fmt.Sprintf("the index %d is outside an axis of %d", need-1, p.Axes[i]), "")
			}
			continue
		}
		k := c.scope.Slots[x.N].States
		switch {
		case !p.Open[i] && p.Axes[i] != k:
			return c.fail(x.Span, fmt.Sprintf("axis %d of %s has %d elements before, %s has %d states", i+1, c.scope.Params[n], p.Axes[i], c.scope.Slots[x.N].Name, k), "")
		case p.Open[i] && p.Axes[i] > k:
			return c.fail(x.Span, fmt.Sprintf("%s is used with the index %d before, %s has %d states", c.scope.Params[n], p.Axes[i]-1, c.scope.Slots[x.N].Name, k), "")
		}
		p.Axes[i], p.Open[i] = k, false
	}
	if !vector {
		return single(&Expr{Op: Param, N: n, Comp: Scalar, Args: indices, Span: at})
	}
	return value{unknown, func(i int) *Expr {
		p.Dim = max(p.Dim, i+1)
		return &Expr{Op: Param, N: n, Comp: i, Args: indices, Span: at}
	}}
}

func axes(n int) string {
	switch n {
	case 0:
		return "no index"
	case 1:
		return "1 index"
	}
	return strconv.Itoa(n) + " indices"
}

// element is u[0], W[c, d], m[:].
func (c *checker) element(s *syntax) value {
	base, list := s.args[0], s.args[1:]
	if n := c.slot(base.text); n >= 0 {
		slot := c.scope.Slots[n]
		if slot.Dim == 0 {
			return c.fail(base.span, base.text+" is one number and has no elements", "")
		}
		i, ok := whole(list[0])
		switch {
		case len(list) != 1 || !ok:
			return c.fail(s.span, "a component of a vector has one whole number as its index", "for example "+base.text+"[0]")
		case i >= slot.Dim:
			return c.fail(list[0].span, fmt.Sprintf("the component %d is outside %s, which has %d", i, base.text, slot.Dim), "they are counted from 0")
		}
		return single(&Expr{Op: Slot, N: n, Comp: i, Span: s.span})
	}
	n := c.param(base.text)
	if n < 0 {
		return c.unknownName(base)
	}
	vector := list[len(list)-1].kind == colon
	if vector {
		list = list[:len(list)-1]
	}
	var indices []*Expr
	for _, x := range list {
		if i, ok := whole(x); ok {
			indices = append(indices, &Expr{Op: Const, Value: float64(i), Comp: Scalar, Span: x.span})
			continue
		}
		if x.kind == name {
			if slot := c.slot(x.text); slot >= 0 && c.scope.Slots[slot].Kind == Categorical {
				indices = append(indices, &Expr{Op: Index, N: slot, Comp: Scalar, Span: x.span})
				continue
			}
		}
		if x.kind == colon {
			return c.value(x)
		}
		help := ""
		if slot := c.slot(x.text); x.kind == name && slot >= 0 && c.scope.Slots[slot].Kind == Spin {
			help = fmt.Sprintf("a spin chooses between two numbers as %[1]s[0]*(1 - %[2]s)/2 + %[1]s[1]*(1 + %[2]s)/2", base.text, x.text)
		}
		return c.fail(x.span, "an index is a categorical slot or a whole number", help)
	}
	return c.use(n, s.span, indices, vector)
}

// whole is a number written as a whole number from 0 up.
func whole(s *syntax) (int, bool) {
	if s.kind != number || s.num != math.Floor(s.num) || s.num > 1<<20 {
		return 0, false
	}
	return int(s.num), true
}

func (c *checker) call(s *syntax) value {
	args, before := make([]value, len(s.args)), len(c.errors)
	for i, x := range s.args {
		args[i] = c.value(x)
	}
	if len(c.errors) > before {
		return single(Number(0))
	}
	arity := func(n int) bool {
		if len(args) == n {
			return true
		}
		c.fail(s.span, fmt.Sprintf("%s takes %d argument%s, here are %d", s.text, n, plural(n), len(args)), "")
		return false
	}
	switch s.text {
	case "sum":
		if !arity(1) {
			return single(Number(0))
		}
		return c.sum(s.span, args[0])
	case "dot":
		if !arity(2) {
			return single(Number(0))
		}
		product := c.apply(Mul, s.span, args[0], args[1])
		if len(c.errors) > before {
			return product
		}
		return c.sum(s.span, product)
	case "min", "max":
		if len(args) < 2 {
			return c.fail(s.span, s.text+" takes two arguments or more", "")
		}
		v := args[0]
		for _, x := range args[1:] {
			v = c.apply(functions[s.text], s.span, v, x)
		}
		return v
	}
	if op, ok := functions[s.text]; ok {
		if !arity(1) {
			return single(Number(0))
		}
		return c.apply(op, s.span, args[0])
	}
	if c.slot(s.text) >= 0 || c.param(s.text) >= 0 {
		return c.fail(s.span, s.text+" is no function", "a product is written with *, an element with [ ]")
	}
	known := []string{"sum", "dot", "exp", "log", "sqrt", "sin", "cos", "tanh", "abs", "min", "max"}
	help := "functions are exp, log, sqrt, sin, cos, tanh, abs, min, max, sum and dot"
	if near := diag.Suggest(s.text, known); near != "" {
		help = "did you mean " + near + "?"
	} else if s.text == "ln" {
		help = "the natural logarithm is log"
	} else if s.text == "pow" {
		help = "a power is written x^y"
	}
	return c.fail(Span{s.span.From, s.span.From + len(s.text)}, "there is no function "+diag.Quote(s.text), help)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// sum adds the components of a vector.
func (c *checker) sum(at Span, v value) value {
	switch v.dim {
	case scalar:
		return c.fail(at, "sum and dot need a vector", "")
	case unknown:
		return c.fail(at, "the length of this vector cannot be told", "beside a vector slot, as in dot(u, m[:]), it has the slot's")
	}
	total := v.at(0)
	for i := 1; i < v.dim; i++ {
		total = binary(Add, total, v.at(i))
	}
	return single(total)
}

// apply is an operator or function on scalars, or by component on vectors.
func (c *checker) apply(op Op, at Span, args ...value) value {
	dim := scalar
	for _, v := range args {
		switch {
		case v.dim == scalar || v.dim == dim || v.dim == unknown && dim > 0:
		case dim == scalar || dim == unknown:
			dim = v.dim
		default:
			return c.fail(at, fmt.Sprintf("a vector of %d components meets one of %d", dim, v.dim), "")
		}
	}
	return value{dim, func(i int) *Expr {
		e := &Expr{Op: op, Comp: Scalar, Span: at, Args: make([]*Expr, len(args))}
		for j, v := range args {
			e.Args[j] = v.at(i)
		}
		return e
	}}
}
