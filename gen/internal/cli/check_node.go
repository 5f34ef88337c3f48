package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// nodeJSON is what check --node prints with --json.
type nodeJSON struct {
	Node       string     `json:"node"`
	Index      int        `json:"index"`
	Kind       string     `json:"kind"`
	States     int        `json:"states"`
	Sampler    string     `json:"sampler,omitempty"` // other than gibbs
	Label      string     `json:"label,omitempty"`
	Linear     *int       `json:"linear,omitempty"`
	Clamped    bool       `json:"clamped"`
	Values     []float64  `json:"values,omitempty"` // that it is clamped at: one, or one for each chain
	Superblock int        `json:"superblock"`       // -1: the node is in no block
	Block      int        `json:"block"`            // inside the superblock
	Slot       int        `json:"slot"`
	Neighbours []string   `json:"neighbours"`
	Terms      []termJSON `json:"terms"`

	Conditional *conditionalJSON `json:"conditional,omitempty"` // of a continuous node
}

// conditionalJSON is E = square·x² + linear·x of a continuous node, as far as it
// depends on no other node. SD is that of the normal law where square does not.
type conditionalJSON struct {
	Square float64  `json:"square"`
	Linear float64  `json:"linear"`
	SD     *float64 `json:"sd,omitempty"`

	squares, linears []string // the terms with other nodes
	expressions      int      // beside them
}

type termJSON struct {
	Factor  string    `json:"factor"`
	Row     int       `json:"row"`
	Nodes   []string  `json:"nodes"`
	Shape   []int     `json:"shape,omitempty"`  // of weights: an axis for each categorical slot
	Weights []float64 `json:"weights"`          // row-major
	Ints    []int64   `json:"ints"`             // the same in units of 2^-fraction; null where updates are in float32
	Energy  string    `json:"energy,omitempty"` // an expression that no weights serve
	Field   string    `json:"field,omitempty"`  // of the first node, by an interaction

	energy bool // part of an expression: people see its coefficient -W
}

// turned is the term with the coefficients of the energy.
func (t termJSON) turned() termJSON {
	t.Weights, t.Ints = slices.Clone(t.Weights), slices.Clone(t.Ints)
	for i := range t.Weights {
		t.Weights[i] = -t.Weights[i] + 0
	}
	for i := range t.Ints {
		t.Ints[i] = -t.Ints[i]
	}
	return t
}

// lines say what normal law a continuous node has given the others.
func (x *conditionalJSON) lines(beta float64) []string {
	bracket := func(constant float64, terms []string) string {
		if len(terms) == 0 {
			return short(constant, 6)
		}
		parts := terms
		if constant != 0 {
			parts = append([]string{short(constant, 6)}, terms...)
		}
		if more := len(parts) - maxCoefficients; more > 0 {
			parts = append(slices.Clone(parts[:maxCoefficients]), fmt.Sprintf("… and %d more", more))
		}
		return "(" + strings.ReplaceAll(strings.Join(parts, " + "), "+ -", "- ") + ")"
	}
	text := fmt.Sprintf("E = %s·x²", bracket(x.Square, x.squares))
	if x.Linear != 0 || len(x.linears) > 0 {
		text += fmt.Sprintf(" + %s·x", bracket(x.Linear, x.linears))
	}
	switch only := x.Square == 0 && x.Linear == 0 && len(x.squares)+len(x.linears) == 0; {
	case x.expressions > 0 && only:
		text = "E = " + plural(x.expressions, "expression")
	case x.expressions > 0:
		text += " + " + plural(x.expressions, "expression")
	}
	lines := []string{strings.ReplaceAll(text, "+ -", "- ")}
	if x.SD != nil {
		lines = append(lines, fmt.Sprintf("given the others normal with sd %s at beta %s", short(*x.SD, 6), short(beta, 6)))
	}
	return lines
}

// maxCoefficients is how many coefficients of a law are printed for people.
const maxCoefficients = 8

// conditional adds up the terms of a continuous node.
func (n *nodeJSON) conditional(beta float64) {
	if n.Kind != graph.Continuous.String() {
		return
	}
	x := &conditionalJSON{}
	for _, t := range n.Terms {
		if t.Energy != "" || t.Field != "" {
			x.expressions++
			continue
		}
		var others []string
		square := false
		for _, name := range t.Nodes {
			switch name {
			case n.Node:
			case withPower(n.Node, 2):
				square = true
			default:
				others = append(others, name)
			}
		}
		constant, terms := &x.Linear, &x.linears
		if square {
			constant, terms = &x.Square, &x.squares
		}
		switch product := strings.Join(others, "·"); {
		case len(others) == 0:
			*constant -= t.Weights[0]
		case len(t.Weights) > 1:
			*terms = append(*terms, "E("+product+")") // a table over the categoricals among them
		case t.Weights[0] != 0:
			*terms = append(*terms, short(-t.Weights[0], 6)+"·"+product)
		}
	}
	if len(x.squares) == 0 && x.Square > 0 && beta > 0 && x.expressions == 0 {
		sd := 1 / math.Sqrt(2*beta*x.Square)
		x.SD = &sd
	}
	n.Conditional = x
}

// node prints all about one node.
func (c *command) node(m *gen.Model, ref string) error {
	i, err := findNode(m.Graph, ref)
	if err != nil {
		return err
	}
	n := nodeOf(m, i)
	if c.json {
		return writeJSON(c.out, n)
	}
	if c.quiet {
		return nil
	}
	kind := n.Kind
	if kind == graph.Categorical.String() {
		kind += fmt.Sprintf(" of %d states", n.States)
	}
	if n.Sampler != "" {
		kind += ", drawn by " + n.Sampler
	}
	fmt.Fprintf(c.out, "%s, node %d: %s\n", n.Node, n.Index, kind)
	t := &table{left: 2}
	if n.Label != "" {
		t.row("label", fmt.Sprintf("%s, linear %d", n.Label, *n.Linear))
	}
	t.row("block", n.blockText(m.Program))
	if n.Clamped {
		t.row("clamped", n.valuesText())
	}
	neighbours := "none"
	if len(n.Neighbours) > 0 {
		neighbours = fmt.Sprintf("%d: %s", len(n.Neighbours), some(n.Neighbours, maxNeighbours))
	}
	t.row("neighbours", neighbours)
	if n.Conditional != nil {
		for k, line := range n.Conditional.lines(m.Graph.Beta) {
			t.row(label("law", k), line)
		}
	}
	t.print(c.out, "  ")
	terms := &table{left: 4}
	for k, x := range n.Terms[:min(len(n.Terms), maxTerms)] {
		weights := weightsText(x, m.Program.Format.Fraction)
		join := "·"
		switch {
		case x.Energy != "":
			weights, join = "E "+x.Energy, ", "
		case x.Field != "":
			weights, join = "field "+x.Field, ", "
		case x.energy:
			weights = "E " + weightsText(x.turned(), m.Program.Format.Fraction)
		}
		terms.row(fmt.Sprintf("%-*s", len("neighbours"), label("terms", k)), fmt.Sprintf("%s row %d", x.Factor, x.Row), strings.Join(x.Nodes, join), weights)
	}
	terms.print(c.out, "  ")
	if more := len(n.Terms) - maxTerms; more > 0 {
		fmt.Fprintf(c.out, "  %-*s  … and %d more (--json has all)\n", len("neighbours"), "", more)
	}
	return nil
}

// blockText says where in the sweep the node is.
func (n *nodeJSON) blockText(p *ir.Program) string {
	if n.Superblock < 0 {
		return "none: the node is clamped"
	}
	text := fmt.Sprintf("%d (of 0 to %d)", n.Superblock, len(p.Sweep)-1)
	if blocks := len(p.Sweep[n.Superblock]); blocks > 1 {
		text += fmt.Sprintf(", part %d (of 0 to %d)", n.Block, blocks-1)
	}
	text += fmt.Sprintf(", slot %d", n.Slot)
	if n.Clamped {
		text += "; never updated"
	}
	return text
}

// valuesText says what a node is clamped at.
func (n *nodeJSON) valuesText() string {
	var values []string
	for _, v := range n.Values {
		values = append(values, short(v, 6))
	}
	if len(values) == 1 {
		return "at " + values[0]
	}
	return "by chain: " + some(values, maxNeighbours)
}

// How many neighbours and terms are printed for people.
const (
	maxNeighbours = 32
	maxTerms      = 40
)

// weightsText is a weight as given and as the sampler has it, or the size of a
// table.
func weightsText(x termJSON, fraction int) string {
	if len(x.Weights) == 1 {
		if x.Ints == nil {
			return short(x.Weights[0], 6)
		}
		return fmt.Sprintf("%s = %d·2^-%d%s", short(x.Weights[0], 6), x.Ints[0], fraction, residue(x.Weights[0], x.Ints[0], fraction))
	}
	var parts []string
	for _, w := range x.Weights[:min(len(x.Weights), maxWeights)] {
		parts = append(parts, short(w, 4))
	}
	text := strings.Join(parts, " ")
	if more := len(x.Weights) - maxWeights; more > 0 {
		text += fmt.Sprintf(" … and %d more", more)
	}
	if len(x.Shape) > 1 {
		return fmt.Sprintf("%s: %s", sizes(x.Shape), text)
	}
	return text
}

// maxWeights is how many weights of a table are printed for people.
const maxWeights = 12

// residue is what rounding took from a weight.
func residue(w float64, n int64, fraction int) string {
	if d := w - math.Ldexp(float64(n), -fraction); d != 0 {
		return fmt.Sprintf(" %+.1e", d)
	}
	return ""
}

// findNode is the dense index of a reference to one node: x, x[3], x[2,5], the
// index itself, or the coordinates (0,0,2,5) of a node on a hardware graph.
func findNode(g *graph.Graph, ref string) (int, error) {
	ref = strings.ReplaceAll(ref, " ", "")
	if n, err := strconv.Atoi(ref); err == nil {
		if n < 0 || n >= g.Nodes {
			return 0, usage("--node: no node %d", n).help("nodes are numbered from 0 to %d", g.Nodes-1)
		}
		return n, nil
	}
	if strings.HasPrefix(ref, "(") {
		return findLabel(g, ref)
	}
	name, index, indexed := strings.Cut(ref, "[")
	var v *graph.Variable
	var names []string
	for i := range g.Vars {
		names = append(names, g.Vars[i].Name)
		if g.Vars[i].Name == name {
			v = &g.Vars[i]
		}
	}
	if v == nil {
		f := usage("--node: no variable %s", diag.Quote(name)).help("variables: %s", some(names, 12))
		if s := diag.DidYouMean(name, names); s != "" {
			f.help("%s", s)
		}
		return 0, f
	}
	example := g.NodeName(v.First + v.Count - 1)
	wrongForm := usage("--node %s does not name one node", diag.Quote(ref)).help("the last node of %s is %s", v.Name, example)
	if v.Dim > 0 {
		wrongForm = usage("--node %s does not name one component of a vector", diag.Quote(ref)).help("the last one of %s is %s", v.Name, example)
	}
	if !indexed {
		if v.Count > 1 || len(v.Shape) > 0 {
			return 0, wrongForm
		}
		return v.First, nil
	}
	index, closed := strings.CutSuffix(index, "]")
	var at []int
	for _, s := range strings.Split(index, ",") {
		k, err := strconv.Atoi(s)
		if err != nil || !closed {
			return 0, wrongForm
		}
		at = append(at, k)
	}
	shape := v.Shape
	if len(at) == 1 && v.Dim == 0 {
		shape = []int{v.Count} // flat indices are row-major
	}
	if len(at) != len(shape) {
		return 0, wrongForm
	}
	flat := 0
	for d, k := range at {
		if k < 0 || k >= shape[d] {
			return 0, usage("--node: %s has no node %s", v.Name, diag.Quote(ref)).help("its last one is %s", example)
		}
		flat = flat*shape[d] + k
	}
	return v.First + flat, nil
}

// findLabel is the node with these coordinates on its hardware graph.
func findLabel(g *graph.Graph, label string) (int, error) {
	found, example := []string{}, ""
	node := 0
	for i := range g.Vars {
		v := &g.Vars[i]
		if v.Topology == nil || v.Topology.Published == nil {
			continue
		}
		for k := range v.Count {
			name := v.Topology.Label(graphNode(v, k))
			if example = name; name == label {
				node = v.First + k
				found = append(found, g.NodeName(node))
			}
		}
	}
	switch {
	case example == "":
		return 0, usage("--node %s: no variable is on a hardware graph", label)
	case len(found) == 0:
		return 0, usage("--node: no node has the coordinates %s", label).help("the last one is %s; --labels prints all", example)
	case len(found) > 1:
		return 0, usage("--node: %s have the coordinates %s", some(found, 8), label).help("name one of them")
	}
	return node, nil
}

func nodeOf(m *gen.Model, node int) *nodeJSON {
	g, p := m.Graph, m.Program
	n := &nodeJSON{Node: g.NodeName(node), Index: node, Superblock: -1, Neighbours: []string{}, Terms: []termJSON{}}
	for i := range g.Vars {
		v := &g.Vars[i]
		if node < v.First || node >= v.First+v.Count {
			continue
		}
		n.Kind, n.States, n.Sampler = v.Kind.String(), v.States, v.Sampler
		if v.Topology != nil && v.Topology.Published != nil {
			linear, _ := v.Topology.Published(graphNode(v, node-v.First))
			n.Label, n.Linear = v.Topology.Label(graphNode(v, node-v.First)), &linear
		}
	}
	for _, x := range g.Clamps {
		if at := slices.Index(x.Nodes, int32(node)); at >= 0 {
			n.Clamped = true
			for k := at; k < len(x.Values); k += len(x.Nodes) {
				value := float64(x.Values[k])
				if n.Kind == graph.Continuous.String() {
					value = float64(math.Float32frombits(uint32(x.Values[k])))
				}
				n.Values = append(n.Values, value)
			}
		}
	}
	for s, super := range p.Sweep {
		for b, block := range super {
			if at := slices.Index(block.Nodes, int32(node)); at >= 0 {
				n.Superblock, n.Block, n.Slot = s, b, block.First+at
			}
		}
	}
	float, grouped := p.FloatNodes(), p.Grouped()
	expressions := map[int]bool{}
	for _, t := range g.UserFactors() {
		for i := range t.Parts {
			expressions[t.First+i] = t.Energy != nil
		}
	}
	var near []int32
	for i := range p.Factors {
		f := &p.Factors[i]
		k, size := len(f.Slots), f.TableSize()
		for r := range f.Rows {
			nodes := f.Index[r*k : (r+1)*k]
			if !slices.Contains(nodes, int32(node)) {
				continue
			}
			t := termJSON{Factor: f.Name, Row: r, Shape: f.Table, energy: expressions[i]}
			for k, x := range nodes {
				t.Nodes = append(t.Nodes, withPower(g.NodeName(int(x)), f.Slots[k].Power))
				if x != int32(node) {
					near = append(near, x)
				}
			}
			at := r * size
			if f.Shared {
				at = 0
			}
			t.Weights = f.Weights[at : at+size]
			if f.Ints != nil && !float[node] && (grouped == nil || !grouped[node]) {
				t.Ints = f.Ints[at : at+size]
			}
			n.Terms = append(n.Terms, t)
		}
	}
	for _, t := range slices.Concat(g.UserFactors(), g.Directed) {
		if t.Coded {
			near = append(near, n.codeTerms(g, &t, int32(node))...)
		}
	}
	slices.Sort(near)
	for _, x := range slices.Compact(near) {
		n.Neighbours = append(n.Neighbours, g.NodeName(int(x)))
	}
	n.conditional(g.Beta)
	return n
}

// codeTerms adds the rows of an expression that hold the node and gives the other
// nodes in them.
func (n *nodeJSON) codeTerms(g *graph.Graph, t *graph.Term, node int32) (near []int32) {
	c := &g.Codes[t.First]
	k := len(c.Slots)
	for r := range c.Rows {
		nodes := c.Index[r*k : (r+1)*k]
		if !slices.Contains(nodes, node) {
			continue
		}
		e := t.Energy
		term := termJSON{Factor: c.Name, Row: r, Weights: []float64{}}
		if c.Directed {
			term.Field = expressionText(e)
		} else {
			term.Energy = expressionText(e)
		}
		for j, name := range e.Slots {
			term.Nodes = append(term.Nodes, name+" = "+g.PlaceName(int(e.Index[r*len(e.Slots)+j])))
		}
		for _, x := range nodes {
			if x != node {
				near = append(near, x)
			}
		}
		n.Terms = append(n.Terms, term)
	}
	return near
}

// withPower is a node as it stands in a term.
func withPower(name string, power int) string {
	if power > 1 {
		return fmt.Sprintf("%s^%d", name, power)
	}
	return name
}

// graphNode is the node of its graph on which node i of a variable, or its vector,
// sits.
func graphNode(v *graph.Variable, i int) int {
	i /= v.Width()
	if v.OnNodes != nil {
		return int(v.OnNodes[i])
	}
	return i
}
