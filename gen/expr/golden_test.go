package expr_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/thrmlgen/thrmlgen/gen/expr"
)

// goldenCase is one of testdata/torchebm_energies.json: energies and gradients of
// TorchEBM 0.8.9 in float64. null stands for a value that is not finite.
type goldenCase struct {
	Energy   string
	Params   map[string]any
	Dim      int
	Points   [][]float64
	Value    []*float64
	Gradient [][]*float64
}

// text is the energy as a model file has it, over the vector u.
func (c *goldenCase) text(t *testing.T) string {
	number := func(name string) string { return fmt.Sprintf("%.17g", c.Params[name].(float64)) }
	well := func(h, b string) string { return h + "*sum((u^2 - " + b + "^2)^2)" }
	rosenbrock := func(a, b string) string {
		var terms []string
		for i := range c.Dim - 1 {
			terms = append(terms, fmt.Sprintf("%s*(u[%d] - u[%d]^2)^2 + (%s - u[%d])^2", b, i+1, i, a, i))
		}
		return strings.Join(terms, " + ")
	}
	rastrigin := func(a string) string {
		return fmt.Sprintf("%s*%d + sum(u^2 - %s*cos(2*%.17g*u))", a, c.Dim, a, math.Pi)
	}
	switch c.Energy {
	case "DoubleWell":
		return well(number("h"), number("b"))
	case "Harmonic":
		return number("k") + "/2*sum(u^2)"
	case "Rastrigin":
		return rastrigin(number("a"))
	case "Ackley":
		return fmt.Sprintf("-%s*exp(-%s*sqrt(sum(u^2)/%d)) - exp(sum(cos(%s*u))/%d) + %s + exp(1)", number("a"), number("b"), c.Dim, number("c"), c.Dim, number("a"))
	case "StyblinskiTang":
		return "sum(u^4 - 16*u^2 + 5*u)/2"
	case "Rosenbrock":
		return rosenbrock(number("a"), number("b"))
	case "Himmelblau":
		return "(u[0]^2 + u[1] - 11)^2 + (u[0] + u[1]^2 - 7)^2"
	case "Booth":
		return "(u[0] + 2*u[1] - 7)^2 + (2*u[0] + u[1] - 5)^2"
	case "Gaussian":
		return gaussianText(c.Params["mean"].([]any), c.Params["cov"].([]any))
	case "Composite":
		if len(c.Params["parts"].([]any)) == 2 {
			return "0.5*(" + well("2", "1") + ") + 2*(1/2*sum(u^2))"
		}
		cov := []any{[]any{1.0, 0.5}, []any{0.5, 2.0}}
		return rosenbrock("1", "100") + " + 0.25*(" + rastrigin("10") + ") - (" + gaussianText([]any{1.0, -1.0}, cov) + ")"
	}
	t.Fatalf("no expression for %s", c.Energy)
	return ""
}

// gaussianText is (u-m)'Σ⁻¹(u-m)/2.
func gaussianText(mean, cov []any) string {
	n := len(mean)
	sigma := mat.NewDense(n, n, nil)
	for i, row := range cov {
		for j, v := range row.([]any) {
			sigma.Set(i, j, v.(float64))
		}
	}
	var p mat.Dense
	if err := p.Inverse(sigma); err != nil {
		panic(err)
	}
	var terms []string
	for i := range n {
		for j := range n {
			terms = append(terms, fmt.Sprintf("0.5*(%.17g)*(u[%d] - (%.17g))*(u[%d] - (%.17g))", p.At(i, j), i, mean[i], j, mean[j]))
		}
	}
	return strings.Join(terms, " + ")
}

type vectorValues []float64

func (v vectorValues) Slot(_, comp int) float64      { return v[comp] }
func (v vectorValues) Index(int) int                 { panic("no categoricals") }
func (v vectorValues) Param(int, []int, int) float64 { panic("no parameters") }

// Energies and their derivatives are those of TorchEBM, to 1e-12 of the figure or of
// 100, whichever is more; to 1e-9 for a Gaussian given by its covariance.
func TestGoldenEnergies(t *testing.T) {
	b, err := os.ReadFile("testdata/torchebm_energies.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []goldenCase }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 37 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	figures := 0
	for _, c := range file.Cases {
		scope := &expr.Scope{Slots: []expr.SlotType{{Name: "u", Kind: expr.Continuous, Dim: c.Dim}}}
		tree, _, problems := expr.Parse(c.text(t), scope)
		if problems != nil {
			t.Fatalf("%s: %v", c.Energy, problems[0])
		}
		within := 1e-12
		if c.Energy == "Gaussian" || c.Energy == "Composite" {
			within = 1e-9
		}
		simple := expr.Simplify(tree)
		var slopes []*expr.Expr
		for i := range c.Dim {
			slopes = append(slopes, expr.Derivative(tree, &expr.Expr{Op: expr.Slot, N: 0, Comp: i}))
		}
		for k, p := range c.Points {
			check := func(what string, got float64, want *float64) {
				t.Helper()
				if want == nil {
					return
				}
				figures++
				if !(math.Abs(got-*want) <= within*max(100, math.Abs(*want))) {
					t.Errorf("%s in %d dimensions at %v: %s %v, want %v", c.Energy, c.Dim, p, what, got, *want)
				}
			}
			check("energy", expr.Eval(tree, vectorValues(p)), c.Value[k])
			check("simplified energy", expr.Eval(simple, vectorValues(p)), c.Value[k])
			for i, d := range slopes {
				check("derivative", expr.Eval(d, vectorValues(p)), c.Gradient[k][i])
			}
		}
	}
	t.Logf("%d figures", figures)
}
