package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/expr"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

func tryModel(text string) (*graph.Graph, *diag.List) {
	s, l := spec.Parse("m.yaml", []byte(text))
	if l.Len() > 0 {
		return nil, l
	}
	return graph.Build(s, nil)
}

func model(t *testing.T, text string) *graph.Graph {
	t.Helper()
	g, l := tryModel(text)
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	return g
}

// energyModel is one of the models of testdata with an expression.
func energyModel(t *testing.T, name string) *graph.Graph {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/models", name))
	if err != nil {
		t.Fatal(err)
	}
	return model(t, string(text))
}

// TestEnergyExpand: expanded, a model with expressions is the same model.
func TestEnergyExpand(t *testing.T) {
	files, err := filepath.Glob("testdata/models/energy_*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		g := energyModel(t, filepath.Base(file))
		expanded := g.Expand()
		again, l := tryModel(expanded)
		if l.Len() > 0 {
			t.Fatalf("%s: %v\n%s", file, l.Err(), expanded)
		}
		if again.Hash() != g.Hash() {
			t.Errorf("%s: expanded it is another model\n%s", file, expanded)
		}
		if once := again.Expand(); once != expanded {
			t.Errorf("%s: expanded twice it differs\n%s\n%s", file, expanded, once)
		}
		if len(g.Observe) != len(again.Observe) {
			t.Errorf("%s: %d observers, then %d", file, len(g.Observe), len(again.Observe))
		}
	}
}

// TestVectorNodes: what of a model of vectors is by vector and what by component.
func TestVectorNodes(t *testing.T) {
	g := energyModel(t, "energy_graph.yaml")
	x := g.Vars[0]
	if !slices.Equal(x.Shape, []int{3, 2, 3}) || x.Count != 18 || x.Places() != 6 || x.Dim != 3 {
		t.Fatalf("x: %+v", x)
	}
	if y := g.Vars[1]; !slices.Equal(y.Shape, []int{2}) || y.First != 18 || len(y.Grid()) != 0 {
		t.Fatalf("y: %+v", y)
	}
	for ref, want := range map[string][]int32{
		"x[1]":       {3, 4, 5},
		"x[1,0]":     {6, 7, 8},
		"x[1,0,2]":   {8},
		"x[:,0,1]":   {1, 7, 13},
		"x[[5, 0]]":  {15, 16, 17, 0, 1, 2},
		"y":          {18, 19},
		"y[1]":       {19},
		"odd":        {3, 4, 5, 6, 7, 8, 15, 16, 17},
		"x[0] - odd": {0, 1, 2},
	} {
		got, err := g.Ref(ref)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", ref, got, err)
		}
	}
	if some, _ := g.Ref("some"); len(some) != 6 || some[0]%3 != 0 || some[3]%3 != 0 {
		t.Errorf("two vectors at random: %v", some)
	}
	for _, ref := range []string{"x[1,0,3]", "x[6]", "x[0,0,0,0]", "y[2]"} {
		if got, err := g.Ref(ref); err == nil {
			t.Errorf("%s: %v", ref, got)
		}
	}
	if a, b := g.NodeName(8), g.NodeName(19); a != "x[1,0,2]" || b != "y[1]" {
		t.Error(a, b)
	}
	if n := len(g.UserFactors()); n != 5 {
		t.Errorf("%d factors", n)
	}
}

// TestVectorBlocks: a block of vectors whose components are coupled becomes one
// superblock for each component; where they are not it stays as it is.
func TestVectorBlocks(t *testing.T) {
	text := `model: m
variables: {x: {kind: continuous, dim: 2, shape: [4]}, s: {kind: spin, shape: [2]}}
factors:
  - {over: {u: x}, index: all, energy: "%s"}
  - {over: {u: x, v: x}, edges: {chain: x}, energy: "0.1*dot(u, v)"}
  - {over: [s], index: all, weights: 1}
blocks: [{together: ["x[0:4:2]", s]}, "x[1:4:2]"]
`
	blocks := func(energy string) (out [][][]int32) {
		for _, super := range model(t, fmt.Sprintf(text, energy)).Blocks {
			var parts [][]int32
			for _, b := range super {
				parts = append(parts, b.Nodes)
			}
			out = append(out, parts)
		}
		return out
	}
	for energy, want := range map[string]string{
		"dot(u, u)":                 "[[[0 1 4 5] [8 9]] [[2 3 6 7]]]",
		"dot(u, u) + 0.5*u[0]*u[1]": "[[[0 4] [8 9]] [[1 5]] [[2 6]] [[3 7]]]",
	} {
		if got := fmt.Sprint(blocks(energy)); got != want {
			t.Errorf("%s: %s, want %s", energy, got, want)
		}
	}
}

// randomEnergy writes an expression of the slots p, q (spins), c, d (categoricals of
// 3 and 2 states), u, v (continuous, in polynomials alone) and the parameters a, b,
// W[c], M[c, d].
func randomEnergy(r *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{"p", "q", "c", "d", "a", "b", "W[c]", "M[c, d]", "W[1]", "0.5", "2", "(c == 1)", "(d < c)", "(p >= q)"}[r.IntN(14)]
	}
	x, y := randomEnergy(r, r.IntN(depth)), randomEnergy(r, r.IntN(depth))
	switch r.IntN(17) {
	case 0, 1:
		return "(" + x + " + " + y + ")"
	case 2:
		return "(" + x + " - " + y + ")"
	case 3, 4, 5:
		return x + "*" + y
	case 6:
		return "(" + x + ")/(1.5 + (" + y + ")^2)"
	case 7:
		return "(" + x + ")^" + []string{"2", "3", "0"}[r.IntN(3)]
	case 8:
		return "(1.2 + abs(" + x + "))^(" + []string{"0.5", "-1.5", "p", "c"}[r.IntN(4)] + ")"
	case 9:
		return "exp(tanh(" + x + "))"
	case 10:
		return "log(2 + (" + x + ")^2)"
	case 11:
		return "sqrt(1 + abs(" + x + "))"
	case 12:
		return []string{"sin", "cos", "tanh", "abs"}[r.IntN(4)] + "(" + x + ")"
	case 13:
		return []string{"min", "max"}[r.IntN(2)] + "(" + x + ", " + y + ", 0.3)"
	case 14:
		return "(" + x + " " + []string{"<", "<=", ">", ">=", "==", "!="}[r.IntN(6)] + " " + y + ")"
	case 15:
		return "-(" + x + ")"
	}
	return x + "*(" + []string{"u", "u^2", "v*u", "v", "(u - v)^2"}[r.IntN(5)] + ")"
}

// TestRandomEnergies: factors made of an expression have, in every state, the energy
// that evaluating the expression gives, to 1e-12 of the sizes involved.
func TestRandomEnergies(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	checked, refused := 0, 0
	for n := 0; checked < 300; n++ {
		if n > 2000 {
			t.Fatalf("only %d of %d expressions were taken", checked, n)
		}
		if checkEnergy(t, r, randomEnergy(r, 4)) {
			checked++
		} else {
			refused++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d expressions compared, %d refused", checked, refused)
}

// FuzzEnergy is TestRandomEnergies for any text.
func FuzzEnergy(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 30 {
		f.Add(randomEnergy(r, 3))
	}
	f.Fuzz(func(t *testing.T, text string) { checkEnergy(t, rand.New(rand.NewPCG(9, 10)), text) })
}

// checkEnergy builds a model with an expression and compares its energies; false if
// the expression is refused.
func checkEnergy(t *testing.T, r *rand.Rand, text string) bool {
	t.Helper()
	var used []string
	for name, value := range map[string]string{"a": "0.7", "b": "[0.3, -1.1]", "W": "[0.5, -0.25, 1.5]", "M": "[[[1, 2], [3, -4], [0.5, 6]], [[0.1, 0.2], [-0.3, 0.4], [5, 0.6]]]"} {
		if regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
			used = append(used, name+": "+value)
		}
	}
	slices.Sort(used)
	g, l := tryModel(fmt.Sprintf(`model: m
variables: {s: {kind: spin, shape: [3]}, c: {kind: categorical, states: 3, shape: [2]}, d: {kind: categorical, states: 2}, x: {kind: continuous, shape: [2]}}
factors:
  - over: {p: s, q: s, c: c, d: d, u: x, v: x}
    index: [[0, 1, 0, 0, 0, 1], [2, 1, 1, 0, 1, 0]]
    energy: %s
    params: {%s}
    scale: -0.75
`, strconv.Quote(text), strings.Join(used, ", ")))
	for _, p := range l.Problems() {
		if !slices.Contains([]string{diag.OutOfDomain, diag.NotQuadratic, diag.NotFinite}, p.Code) && !strings.Contains(t.Name(), "Fuzz") {
			t.Fatalf("%s: %v", text, p)
		}
		return false
	}
	if len(g.Terms) > 0 { // else the energy is 0
		compareStates(t, r, text, g)
	}
	return true
}

// compareStates goes through all states of the discrete nodes, with numbers at
// random.
func compareStates(t *testing.T, r *rand.Rand, text string, g *graph.Graph) {
	t.Helper()
	e := g.Terms[0].Energy
	scope := &expr.Scope{Slots: []expr.SlotType{
		{Name: "p"}, {Name: "q"}, {Name: "c", Kind: expr.Categorical, States: 3}, {Name: "d", Kind: expr.Categorical, States: 2},
		{Name: "u", Kind: expr.Continuous}, {Name: "v", Kind: expr.Continuous},
	}}
	for _, p := range e.Params {
		scope.Params = append(scope.Params, p.Name)
	}
	tree, _, problems := expr.Parse(e.Text, scope)
	if problems != nil {
		t.Fatal(problems)
	}
	state := make([]int32, g.Nodes)
	for k := range 8 * 9 * 2 {
		for i := range 3 {
			state[i] = int32(k>>i&1)*2 - 1
		}
		state[3], state[4], state[5] = int32(k/8%3), int32(k/24%3), int32(k/72)
		for i := 6; i < 8; i++ {
			state[i] = sampling.FloatBits(float32(r.NormFloat64()))
		}
		want, size := 0.0, 1.0
		for row := range e.Rows {
			v := expr.Eval(tree, rowValues{e, row, e.Index[row*6 : row*6+6], state})
			want += e.Scale * v
			size += math.Abs(v)
		}
		for i := range g.Factors {
			for _, w := range g.Factors[i].Weights {
				size = max(size, math.Abs(w))
			}
		}
		if got := exact.Energy(g, state); !(math.Abs(got-want) <= 1e-12*size) {
			t.Fatalf("%s in state %v: %v, want %v", text, state, got, want)
		}
	}
}

// rowValues are the slots and parameters of a row.
type rowValues struct {
	e     *graph.Expression
	row   int
	nodes []int32
	state []int32
}

func (v rowValues) Slot(n, _ int) float64 {
	x := v.state[v.nodes[n]]
	if n >= 4 {
		return float64(sampling.BitsFloat(x))
	}
	return float64(x)
}

func (v rowValues) Index(n int) int { return int(v.state[v.nodes[n]]) }

func (v rowValues) Param(n int, indices []int, _ int) float64 {
	p := v.e.Params[n]
	at := 0
	if !p.Shared {
		at = v.row
	}
	for i, k := range indices {
		at = at*p.Axes[i] + k
	}
	return p.Values[at]
}
