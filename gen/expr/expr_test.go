package expr

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// scope is that of all tests: two continuous slots, a vector, two spins and two
// categoricals.
var scope = &Scope{
	Slots: []SlotType{
		{Name: "u", Kind: Continuous}, {Name: "v", Kind: Continuous}, {Name: "x", Kind: Continuous, Dim: 3},
		{Name: "s", Kind: Spin}, {Name: "p", Kind: Spin},
		{Name: "c", Kind: Categorical, States: 3}, {Name: "d", Kind: Categorical, States: 2},
	},
	Params: []string{"a", "b", "w", "t", "m"},
}

// world holds a value for everything: t is a table [3, 2], m a vector of 3.
type world struct {
	u, v float64
	x    [3]float64
	s, p float64
	c, d int
	a, b float64
	w    float64
	t    [3][2]float64
	m    [3]float64
}

func (w *world) Slot(n, comp int) float64 {
	if n == 2 {
		return w.x[comp]
	}
	return [...]float64{w.u, w.v, 0, w.s, w.p}[n]
}

func (w *world) Index(n int) int { return [...]int{w.c, w.d}[n-5] }

func (w *world) Param(n int, i []int, comp int) float64 {
	switch n {
	case 3:
		return w.t[i[0]][i[1]]
	case 4:
		return w.m[comp]
	}
	return [...]float64{w.a, w.b, w.w}[n]
}

func randomWorld(r *rand.Rand) *world {
	sign := func() float64 { return float64(2*r.IntN(2) - 1) }
	w := &world{u: r.NormFloat64(), v: r.NormFloat64(), s: sign(), p: sign(), c: r.IntN(3), d: r.IntN(2), a: r.NormFloat64(), b: 0.5 + r.Float64(), w: r.NormFloat64()}
	for i := range 3 {
		w.x[i], w.m[i] = r.NormFloat64(), r.NormFloat64()
		w.t[i] = [2]float64{r.NormFloat64(), r.NormFloat64()}
	}
	return w
}

func mustParse(t testing.TB, text string) *Expr {
	t.Helper()
	e, _, errs := Parse(text, scope)
	if len(errs) > 0 {
		t.Fatalf("%s: %v", text, errs[0])
	}
	return e
}

// Values follow the precedence of mathematics.
func TestValues(t *testing.T) {
	w := &world{u: 2, v: 3, x: [3]float64{1, 2, 3}, s: -1, p: 1, c: 2, d: 1, a: 0.5, b: 4, w: 7, t: [3][2]float64{{1, 2}, {3, 4}, {5, 6}}, m: [3]float64{10, 20, 30}}
	for text, want := range map[string]float64{
		"1 + 2*3":              7,
		"2^3^2":                512,
		"-u^2":                 -4,
		"2^-1":                 0.5,
		"8/2/2":                2,
		"10 - 3 - 2":           5,
		"-2*-3":                6,
		"1.5e1 + .5 + 2.":      17.5,
		"t[c, d]":              6,
		"t[0, d]":              2,
		"dot(x, m[:])":         140,
		"sum(x^2)":             14,
		"sum(2*x - m[:])":      -48,
		"x[2]*u":               6,
		"max(u, v, 1)":         3,
		"min(u, v, 1)":         1,
		"(c == d) + (c != d)":  1,
		"(u < v)*(v >= 3)":     1,
		"abs(s)*s":             -1,
		"sqrt(b) + exp(0)":     3,
		"log(exp(1))":          1,
		"b^0.5":                2,
		"b^1.5":                8,
		"sin(0) + cos(0)":      1,
		"tanh(0)":              0,
		"(c - d)^2":            1,
		"+u - +v":              -1,
		"dot(x - m[:], x)":     14 - 140,
		"\n u\t+\r\n v ":       5,
		"w*s*p":                -7,
		"a*(u^2 - b)^2":        0,
		"((((u))))":            2,
		"2e3 - 2000":           0,
		"exp(-log(2))*2 == 1 ": 1,
	} {
		e := mustParse(t, text)
		if got := Eval(e, w); math.Abs(got-want) > 1e-12*max(1, math.Abs(want)) {
			t.Errorf("%s = %v, want %v", text, got, want)
		}
	}
}

func TestShapes(t *testing.T) {
	_, shapes, errs := Parse("t[c, d] + a + w[2]*dot(m[:], x) + w[1]", scope)
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	got := ""
	for i, s := range shapes {
		if s.Used {
			got += fmt.Sprintf("%s %v %d; ", scope.Params[i], s.Axes, s.Dim)
		}
	}
	if want := "a [] 0; w [3] 0; t [3 2] 0; m [] 3; "; got != want {
		t.Errorf("shapes %q, want %q", got, want)
	}
}

// Every message, with the part of the text that it is about.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, part, message, help string }{
		{"", "", "the expression is empty", ""},
		{"u +", "", "ends where a number, a name or ( is needed", ""},
		{"u + * v", "*", `"*" where a number, a name or ( is needed`, ""},
		{"u ** 2", "*", `"*" where an operator`, "^"},
		{"(u", "", `ends where ")" is needed`, ""},
		{"u)", ")", `")" where an operator`, "nothing is open"},
		{"2u", "u", `"u" where an operator`, "*"},
		{"u v", "v", `"v" where an operator`, "*"},
		{"u = v", "=", `"=" where an operator`, "=="},
		{"u < v < 1", "<", "not chained", "(a < b)*(b < c)"},
		{"u²", "²", "where an operator", "^2"},
		{"u − v", "−", "where an operator", "written -"},
		{"q + r", "q", `nothing is named "q"`, "over"},
		{"exp + 1", "exp", "exp is a function", "exp(…)"},
		{"ln(u)", "ln", "no function", "log"},
		{"pow(u, 2)", "pow", "no function", "x^y"},
		{"sinh(u)", "sinh", "no function", "sin?"},
		{"u(2)", "u(2)", "u is no function", "*"},
		{"exp(u, v)", "exp(u, v)", "exp takes 1 argument, here are 2", ""},
		{"max(u)", "max(u)", "two arguments", ""},
		{"sum(u)", "sum(u)", "need a vector", ""},
		{"x", "x", "this is a vector", "sum"},
		{"x[3]", "3", "outside x, which has 3", "from 0"},
		{"x[1.5]", "x[1.5]", "one whole number", "x[0]"},
		{"u[0]", "u", "is one number", ""},
		{"t[c, u]", "u", "categorical slot or a whole number", ""},
		{"t[c, d] + t[c]", "t[c]", "1 index here, and 2 indices before", ""},
		{"t[c] + t[d]", "d", "3 elements before, d has 2 states", ""},
		{"t[4] + t[d]", "d", "index 4 before, d has 2 states", ""},
		{"t[d] + t[2]", "2", "outside an axis of 2", ""},
		{"sum(m[:])", "sum(m[:])", "length of this vector cannot be told", "slot"},
		{"t[:, c]", ":", "last index", ""},
		{"(u + v)[0]", "[", "only a name has elements", ""},
		{"1e999", "1e999", "too large", ""},
		{strings.Repeat("(", 200) + "u", "(", "nested more than", ""},
		{strings.Repeat("-", 200) + "u", "-", "nested more than", ""},
		{strings.Repeat("u+", 9000) + "u", "u", "the limit is", "table"},
		{"u $ v", "$", "where an operator", ""},
		{"u && v", "&", "where an operator", "multiply"},
		{"pi*u", "pi", "nothing is named", "3.14159"},
		{"[u]", "[", "where a number", ""},
	} {
		_, _, errs := Parse(c.text, scope)
		if len(errs) == 0 {
			t.Errorf("%.30q is accepted", c.text)
			continue
		}
		e := errs[0]
		part := ""
		if e.From < len(c.text) {
			part = c.text[e.From:min(e.To, len(c.text))]
		}
		if part != c.part || !strings.Contains(e.Text, c.message) || !strings.Contains(e.Help, c.help) {
			t.Errorf("%.30q: at %q: %s (%s); want at %q: %s (%s)", c.text, part, e.Text, e.Help, c.part, c.message, c.help)
		}
	}
	if _, _, errs := Parse("q + r*exp(z)", scope); len(errs) != 3 {
		t.Errorf("%d problems of three are reported", len(errs))
	}
}

// random expressions, deep enough to bring every operation together with every
// other.
func random(r *rand.Rand, depth int) string {
	if depth == 0 {
		return [...]string{"u", "v", "s", "p", "a", "b", "2", "0.5", "3", "t[c, d]", "x[1]", "m[:]", "1"}[r.IntN(13)]
	}
	x, y := random(r, depth-1), random(r, r.IntN(depth))
	switch r.IntN(14) {
	case 0, 1:
		return "(" + x + " + " + y + ")"
	case 2, 3:
		return "(" + x + " - " + y + ")"
	case 4, 5, 6:
		return x + "*" + y
	case 7:
		return "(" + x + ")/(2 + (" + y + ")^2)"
	case 8:
		return "(" + x + ")^" + [...]string{"2", "3"}[r.IntN(2)]
	case 9:
		return [...]string{"sin", "cos", "tanh"}[r.IntN(3)] + "(" + x + ")"
	case 10:
		return "-" + x
	case 11:
		return "exp(-(" + x + ")^2)"
	case 12:
		return "sqrt(1 + (" + x + ")^2)"
	}
	return "log(2 + cos(" + x + "))"
}

func randomExpr(t testing.TB, r *rand.Rand, depth int) *Expr {
	t.Helper()
	for {
		text := random(r, depth)
		if strings.Contains(text, "m[:]") {
			text = "sum(0*x + " + text + ")"
		}
		e, _, errs := Parse(text, scope)
		if len(errs) > 0 {
			t.Fatalf("%s: %s", text, errs[0].Text)
		}
		return e
	}
}

func near(a, b, scale float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(b)+scale) }

// magnitude bounds what rounding can do to a value.
func magnitude(e *Expr, w *world) float64 {
	m := 0.0
	e.Visit(func(x *Expr) { m = max(m, math.Abs(Eval(x, w))) })
	return m
}

func TestSimplifyKeepsValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		e, w := randomExpr(t, r, 4), randomWorld(r)
		s := Simplify(e)
		if got, want := Eval(s, w), Eval(e, w); !near(got, want, magnitude(e, w)*1e-3) {
			t.Fatalf("%s = %v\nsimplified %s = %v", e.String(scope), want, s.String(scope), got)
		}
		if again := Simplify(s); again.key() != s.key() {
			t.Fatalf("%s\nsimplified once  %s\nsimplified twice %s", e.String(scope), s.String(scope), again.String(scope))
		}
	}
}

func TestSimplify(t *testing.T) {
	for text, want := range map[string]string{
		"u + u":                   "2*u",
		"u - u":                   "0",
		"u*u*u":                   "u^3",
		"2*u*3":                   "6*u",
		"u/2":                     "0.5*u",
		"u/3":                     "u/3",
		"0*exp(u) + v*1":          "v",
		"-(u - v)":                "-(u - v)",
		"a*u + v - u*a":           "v",
		"u*v + v*u":               "2*u*v",
		"u^0 + u^1":               "1 + u",
		"(2*u)^2":                 "4*u^2",
		"u^2/u":                   "u",
		"--u":                     "u",
		"exp(0) + log(1)":         "1",
		"(u^2)^0.5":               "(u^2)^0.5", // not u
		"1/(u*v)":                 "1/(u*v)",
		"3*(u + v)*2":             "6*(u + v)",
		"(a - b)*(-1)*u":          "-((a - b)*u)",
		"u*(1 < 2)":               "u",
		"log(0)":                  "log(0)", // is reported, not folded
		"u/3/5":                   "u/15",
		"1 - 2*u + 3 - u*(1 + 1)": "4 - 4*u",
	} {
		if got := Simplify(mustParse(t, text)).String(scope); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

func TestStringParsesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for range 2000 {
		e := randomExpr(t, r, 4)
		text := e.String(scope)
		back := mustParse(t, strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(text, "m[0]", "v"), "m[1]", "v"), "m[2]", "v"))
		if again := back.String(scope); again != strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(text, "m[0]", "v"), "m[1]", "v"), "m[2]", "v") {
			t.Fatalf("%s\nprints as %s", text, again)
		}
	}
}

// Derivatives equal central differences.
func TestDerivative(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	u, a := mustParse(t, "u"), mustParse(t, "a")
	for range 3000 {
		e, w := randomExpr(t, r, 4), randomWorld(r)
		for i, x := range []*Expr{u, a} {
			p := []*float64{&w.u, &w.a}[i]
			const h = 1e-5
			at, slope := *p, 0.0
			var f [4]float64
			for k, step := range []float64{-2, -1, 1, 2} {
				*p = at + step*h
				f[k] = Eval(e, w)
			}
			*p = at
			slope = (f[0] - 8*f[1] + 8*f[2] - f[3]) / (12 * h)
			d := Derivative(e, x)
			got := Eval(d, w)
			// Steep functions are left out: differences of them say little.
			if m := magnitude(e, w); m > 1e4 || math.Abs(got) > 1e4 || magnitude(d, w) > 1e5 {
				continue
			}
			if math.Abs(got-slope) > 1e-4*(1+math.Abs(slope)) {
				t.Fatalf("d/d%s %s\n= %s = %v, differences say %v", x.String(scope), e.String(scope), d.String(scope), got, slope)
			}
		}
	}
	for text, want := range map[string]string{
		"0.5*a*(u - v)^2": "a*(u - v)",
		"abs(u)":          "(u > 0) - (u < 0)",
		"max(u, v)":       "u >= v",
		"min(u, v)":       "u <= v",
		"(u < v)*3":       "0",
		"u^v":             "u^v*v/u",
		"b^u":             "b^u*log(b)",
	} {
		if got := Derivative(mustParse(t, text), u).String(scope); got != want {
			t.Errorf("d/du %s = %s, want %s", text, got, want)
		}
	}
}

func (m *Monomial) eval(w *world) float64 {
	v := Eval(m.Coef, w)
	for _, p := range m.Powers {
		v *= math.Pow(w.Slot(p.Slot, p.Comp), float64(p.Exp))
	}
	return v
}

// The monomials of an expression add up to it.
func TestMonomials(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	polynomials := 0
	for range 3000 {
		e, w := randomExpr(t, r, 3), randomWorld(r)
		list, ok := Monomials(Simplify(e), scope)
		if !ok {
			continue
		}
		polynomials++
		sum, scale := 0.0, 0.0
		for _, m := range list {
			v := m.eval(w)
			sum, scale = sum+v, max(scale, math.Abs(v))
			if m.Coef.has(func(x *Expr) bool { return x.Op == Slot }) {
				t.Fatalf("%s: the coefficient %s holds a slot", e.String(scope), m.Coef.String(scope))
			}
		}
		if want := Eval(e, w); !near(sum, want, scale) {
			t.Fatalf("%s = %v, its monomials add up to %v", e.String(scope), want, sum)
		}
	}
	if polynomials < 500 {
		t.Errorf("only %d of 3000 expressions were polynomials", polynomials)
	}
}

func TestMonomialsByName(t *testing.T) {
	for text, want := range map[string]string{
		"0.5*a*(u - b)^2":   "[] 0.5*a*b^2; [u^1] -(a*b); [u^2] 0.5*a; ",
		"w*u*v":             "[u^1 v^1] w; ",
		"s*s + p":           "[] 1; [p^1] 1; ",
		"exp(s)*u":          "[u^1] 1.543080634815244; [u^1 s^1] 1.1752011936438016; ",
		"t[c, d]*s":         "[s^1] t[c, d]; ",
		"(s == p)":          "[] 0.5; [s^1 p^1] 0.5; ",
		"u/(1 + c)":         "[u^1] 1/(1 + c); ",
		"sum((x - m[:])^2)": "[] m[0]^2 + m[1]^2 + m[2]^2; [x.0^1] -2*m[0]; [x.0^2] 1; [x.1^1] -2*m[1]; [x.1^2] 1; [x.2^1] -2*m[2]; [x.2^2] 1; ",
		"exp(u)":            "no polynomial",
		"1/u":               "no polynomial",
		"u^0.5":             "no polynomial",
		"s*exp(u*s)":        "no polynomial",
		"abs(s)*(s < 2)":    "[] 1; ",
		"s^2*u - u":         "",
	} {
		list, ok := Monomials(Simplify(mustParse(t, text)), scope)
		got := ""
		if !ok {
			got = "no polynomial"
		}
		for _, m := range list {
			var powers []string
			for _, p := range m.Powers {
				name := scope.Slots[p.Slot].Name
				if p.Comp != Scalar {
					name += fmt.Sprintf(".%d", p.Comp)
				}
				powers = append(powers, fmt.Sprintf("%s^%d", name, p.Exp))
			}
			got += fmt.Sprintf("%v %s; ", powers, m.Coef.String(scope))
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", text, got, want)
		}
	}
}

type bounds map[string]Range

func (b bounds) Slot(n, _ int) Range {
	if r, ok := b[scope.Slots[n].Name]; ok {
		return r
	}
	if scope.Slots[n].Kind == Spin {
		return Range{Lo: -1, Hi: 1}
	}
	return Range{Lo: math.Inf(-1), Hi: math.Inf(1)}
}

func (b bounds) Index(n int) Range { return Range{Lo: 0, Hi: float64(scope.Slots[n].States - 1)} }

func (b bounds) Param(n int, _ []int, _ int) Range {
	if r, ok := b[scope.Params[n]]; ok {
		return r
	}
	return Range{Lo: -5, Hi: 5}
}

// What an expression takes lies inside its bounds.
func TestDomainHoldsValues(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for range 3000 {
		e, w := randomExpr(t, r, 4), randomWorld(r)
		inside, errs := Domain(e, scope, bounds{})
		if len(errs) > 0 {
			t.Fatalf("%s: %s", e.String(scope), errs[0].Text)
		}
		v := Eval(e, w)
		if slack := 1e-9 * (1 + math.Abs(v)); v < inside.Lo-slack || v > inside.Hi+slack {
			t.Fatalf("%s = %v, outside %v", e.String(scope), v, inside)
		}
	}
}

func TestDomain(t *testing.T) {
	b := bounds{"v": {Lo: 0.5, Hi: 2}, "b": {Lo: 1, Hi: 3}, "u": {Lo: -2, Hi: 2}}
	for text, want := range map[string]string{
		"1/u":         "divide by zero: u can be 0 (it is -2 to 2)",
		"1/v":         "",
		"1/(1 + u^2)": "",
		"1/(1 + u*u)": "",
		"log(v)":      "",
		"log(u)":      "logarithm of 0 or less: u can be as low as -2",
		"sqrt(u)":     "root of a negative number",
		"sqrt(u^2)":   "",
		"u^0.5":       "only whole powers",
		"v^0.5":       "",
		"u^-1":        "divide by zero",
		"v^-2":        "",
		"u^3":         "",
		"b^u":         "",
		"a^u":         "only whole powers",
		"u/(c - 1)":   "divide by zero: c - 1 can be 0 (it is -1 to 1)",
		"u/(c + 1)":   "",
		"log(1 + s)":  "logarithm",
		"sqrt(1 + s)": "",
		"1/abs(v)":    "",
	} {
		_, errs := Domain(mustParse(t, text), scope, b)
		got := ""
		if len(errs) > 0 {
			got = errs[0].Text
		}
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// ones is 1 everywhere.
type ones struct{}

func (ones) Slot(int, int) float64         { return 1 }
func (ones) Index(int) int                 { return 1 }
func (ones) Param(int, []int, int) float64 { return 1 }

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0.5*a*(u - b)^2", "t[c, d]*s + dot(x, m[:])", "max(u, v, -1e-3) < .5", "((", "x[", "u^-s^2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, _, errs := Parse(text, scope)
		for _, x := range errs {
			if x.From < 0 || x.From > len(text) || x.To < x.From {
				t.Fatalf("%q: a problem at %v", text, x.Span)
			}
		}
		if len(errs) > 0 {
			return
		}
		s := Simplify(e)
		Monomials(s, scope)
		Derivative(s, &Expr{Op: Slot, N: 0, Comp: Scalar})
		Domain(e, scope, bounds{})
		Eval(s, ones{})
	})
}

// Compiled code has the value of its expression, to the last bit.
func TestCode(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	slots := func(n, comp int) int {
		if comp == Scalar {
			return n
		}
		return 10 + comp
	}
	for range 2000 {
		e, w := randomExpr(t, r, 4), randomWorld(r)
		var table []float64
		for _, row := range w.t {
			table = append(table, row[:]...)
		}
		c := &sampling.Code{Ops: Code(e, slots, func(n int) int { return n }), Params: []sampling.CodeParam{
			{Shared: true, Values: []float64{w.a}}, {Shared: true, Values: []float64{w.b}}, {Values: []float64{0, 0, w.w, 0}},
			{Axes: []int{3, 2}, Shared: true, Values: table}, {Axes: []int{3}, Shared: true, Values: w.m[:]},
		}}
		if err := c.Check(13, 4); err != nil {
			t.Fatalf("%s: %v", e.String(scope), err)
		}
		got, _ := c.Eval(2, func(n int) float64 {
			switch {
			case n >= 10:
				return w.x[n-10]
			case n >= 5:
				return float64(w.Index(n))
			}
			return w.Slot(n, Scalar)
		}, nil)
		if want := Eval(e, w); got != want && !(got != got && want != want) {
			t.Fatalf("%s = %v, compiled %v", e.String(scope), want, got)
		}
	}
	for _, bad := range []sampling.Code{
		{}, {Ops: []sampling.CodeOp{{Op: sampling.CodeAdd}}}, {Ops: []sampling.CodeOp{{Op: sampling.CodeSlot, N: 3}}},
		{Ops: []sampling.CodeOp{{}, {}}}, {Ops: []sampling.CodeOp{{Op: 99}}}, {Ops: []sampling.CodeOp{{Op: sampling.CodeParamAt}}},
		{Ops: []sampling.CodeOp{{}}, Params: []sampling.CodeParam{{Axes: []int{2}, Shared: true, Values: []float64{1}}}},
	} {
		if err := bad.Check(3, 1); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}
