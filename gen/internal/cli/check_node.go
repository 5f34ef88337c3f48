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
	Label      string     `json:"label,omitempty"`
	Clamped    bool       `json:"clamped"`
	Superblock int        `json:"superblock"` // -1: the node is in no block
	Block      int        `json:"block"`      // inside the superblock
	Slot       int        `json:"slot"`
	Neighbours []string   `json:"neighbours"`
	Terms      []termJSON `json:"terms"`
}

type termJSON struct {
	Factor  string    `json:"factor"`
	Row     int       `json:"row"`
	Nodes   []string  `json:"nodes"`
	Weights []float64 `json:"weights"` // row-major over the categorical slots
	Ints    []int64   `json:"ints"`    // the same in units of 2^-fraction
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
	if kind != graph.Spin.String() {
		kind += fmt.Sprintf(" of %d states", n.States)
	}
	fmt.Fprintf(c.out, "%s, node %d: %s\n", n.Node, n.Index, kind)
	t := &table{left: 2}
	if n.Label != "" {
		t.row("label", n.Label)
	}
	t.row("block", n.blockText(m.Program))
	neighbours := "none"
	if len(n.Neighbours) > 0 {
		neighbours = fmt.Sprintf("%d: %s", len(n.Neighbours), strings.Join(n.Neighbours, " "))
	}
	t.row("neighbours", neighbours)
	t.print(c.out, "  ")
	terms := &table{left: 4}
	for k, x := range n.Terms {
		terms.row(fmt.Sprintf("%-*s", len("neighbours"), label("terms", k)), fmt.Sprintf("%s row %d", x.Factor, x.Row), strings.Join(x.Nodes, "·"), weightsText(x, m.Program.Format.Fraction))
	}
	terms.print(c.out, "  ")
	return nil
}

// blockText says where in the sweep the node is.
func (n *nodeJSON) blockText(p *ir.Program) string {
	if n.Superblock < 0 {
		return "none: the node is clamped"
	}
	text := fmt.Sprintf("%d of %d", n.Superblock, len(p.Sweep))
	if blocks := len(p.Sweep[n.Superblock]); blocks > 1 {
		text += fmt.Sprintf(" (part %d of %d)", n.Block, blocks)
	}
	text += fmt.Sprintf(", slot %d", n.Slot)
	if n.Clamped {
		text += "; clamped, so never updated"
	}
	return text
}

// weightsText is a weight as given and as the sampler has it, or the size of a
// table.
func weightsText(x termJSON, fraction int) string {
	if len(x.Weights) == 1 {
		return fmt.Sprintf("%s = %d·2^-%d%s", short(x.Weights[0], 6), x.Ints[0], fraction, residue(x.Weights[0], x.Ints[0], fraction))
	}
	var parts []string
	for _, w := range x.Weights {
		parts = append(parts, short(w, 4))
	}
	return "[" + some(parts, 12) + "]"
}

// residue is what rounding took from a weight.
func residue(w float64, n int64, fraction int) string {
	if d := w - math.Ldexp(float64(n), -fraction); d != 0 {
		return fmt.Sprintf(" %+.1e", d)
	}
	return ""
}

// findNode is the dense index of a reference to one node: x, x[3], x[2,5].
func findNode(g *graph.Graph, ref string) (int, error) {
	ref = strings.ReplaceAll(ref, " ", "")
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
	if len(at) == 1 {
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

func nodeOf(m *gen.Model, node int) *nodeJSON {
	g, p := m.Graph, m.Program
	n := &nodeJSON{Node: g.NodeName(node), Index: node, Superblock: -1, Neighbours: []string{}, Terms: []termJSON{}}
	for i := range g.Vars {
		v := &g.Vars[i]
		if node < v.First || node >= v.First+v.Count {
			continue
		}
		n.Kind, n.States = v.Kind.String(), v.States
		if v.Topology != nil && v.Topology.Published != nil {
			n.Label = v.Topology.Label(graphNode(v, node-v.First))
		}
	}
	for _, x := range g.Clamps {
		n.Clamped = n.Clamped || slices.Contains(x.Nodes, int32(node))
	}
	for s, super := range p.Sweep {
		for b, block := range super {
			if at := slices.Index(block.Nodes, int32(node)); at >= 0 {
				n.Superblock, n.Block, n.Slot = s, b, block.First+at
			}
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
			t := termJSON{Factor: f.Name, Row: r}
			for _, x := range nodes {
				t.Nodes = append(t.Nodes, g.NodeName(int(x)))
				if x != int32(node) {
					near = append(near, x)
				}
			}
			at := r * size
			if f.Shared {
				at = 0
			}
			t.Weights, t.Ints = f.Weights[at:at+size], f.Ints[at:at+size]
			n.Terms = append(n.Terms, t)
		}
	}
	slices.Sort(near)
	for _, x := range slices.Compact(near) {
		n.Neighbours = append(n.Neighbours, g.NodeName(int(x)))
	}
	return n
}

// graphNode is the node of its graph on which a variable's node sits.
func graphNode(v *graph.Variable, i int) int {
	if v.OnNodes != nil {
		return int(v.OnNodes[i])
	}
	return i
}
