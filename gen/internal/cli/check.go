package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

func (c *command) check() *cobra.Command {
	var expand, program, dot, labels bool
	var node, target, part string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify a model and show how it will be sampled",
		Long: `Verifies a model and prints its nodes, factors, blocks and number format, with a
bound on the error of any conditional probability. One of the other forms may be
asked for instead: the model in general form, its program, a drawing, the
published labels of a hardware graph, or all about one node.

With --target verilog it also says how exact the cells of the array are, by trying
all patterns of neighbours, and what the array takes of FPGAs, as an estimate; a model
that is no array is refused with the reason. --part refuses one that does not fit it.`,
		Example: `  thrmlgen check model.yaml
  thrmlgen check model.yaml --node 's[3]'
  thrmlgen check models/pegasus14 --node '(0,0,2,5)'
  thrmlgen check models/potts20 --set format=fast
  thrmlgen check models/ising2d --target verilog --part ecp5-85k
  thrmlgen check model.yaml --dot | dot -Tsvg -o model.svg`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneForm(cmd, "expand", "ir", "dot", "labels", "node"); err != nil {
				return err
			}
			if err := c.hardwareCheckArgs(target, part); err != nil {
				return err
			}
			load := c.load
			if c.json {
				load = c.loadQuietly // the object has the warnings
			}
			m, err := load(args[0])
			if err != nil {
				return err
			}
			switch {
			case expand:
				return c.text("expand", m.Graph.Expand())
			case program:
				var b bytes.Buffer
				if err := ir.Fprint(&b, m.Program); err != nil {
					return err
				}
				return c.text("ir", b.String())
			case dot:
				return c.text("dot", dotOf(m.Graph))
			case labels:
				return c.labels(m.Graph)
			case cmd.Flags().Changed("node"):
				return c.node(m, node)
			}
			var h *verilogJSON
			if target != "" {
				if h, err = verilogOf(m, part); err != nil {
					return err
				}
			}
			return c.report(m, args[0], h)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&expand, "expand", false, "print the model in general form: families written out, weights as numbers")
	f.BoolVar(&program, "ir", false, "print the program that every target follows")
	f.BoolVar(&dot, "dot", false, "print the factor graph for Graphviz: blocks as colours, weights below 0 dashed")
	f.BoolVar(&labels, "labels", false, "print the published labels of the nodes of a hardware graph")
	f.StringVar(&node, "node", "", "print neighbours, terms, block and slot of a `node`: 'x[3]', its number, or coordinates on a hardware graph")
	f.StringVar(&target, "target", "", "verify for a `target` too: verilog")
	f.StringVar(&part, "part", "", "with --target verilog, refuse a model that does not fit this `part`: hx8k or ecp5-85k")
	return c.modelCommand(cmd)
}

// oneForm refuses flags that exclude each other.
func oneForm(cmd *cobra.Command, flags ...string) error {
	first := ""
	for _, f := range flags {
		if !cmd.Flags().Changed(f) {
			continue
		}
		if first != "" {
			return usage("--%s and --%s do not go together", first, f)
		}
		first = f
	}
	return nil
}

// text prints one of the other forms; with --json it is the value of a key.
func (c *command) text(key, text string) error {
	switch {
	case c.json:
		return writeJSON(c.out, map[string]string{key: text})
	case !c.quiet:
		fmt.Fprint(c.out, text)
	}
	return nil
}

// checkJSON is what check --json prints.
type checkJSON struct {
	Model     string             `json:"model"`
	Hash      string             `json:"hash"`
	Nodes     int                `json:"nodes"`
	Factors   int                `json:"factors"`
	Rows      int                `json:"rows"`
	Edges     int                `json:"edges"`
	Blocks    []int              `json:"blocks"`
	Coloured  bool               `json:"coloured"`
	MaxDegree int                `json:"max_degree"`
	Clamped   int                `json:"clamped"`
	Format    formatJSON         `json:"format"`
	MaxError  float64            `json:"max_probability_error"` // of nodes updated in integers
	Float     int                `json:"float_nodes,omitempty"` // updated in float32
	Verilog   *verilogJSON       `json:"verilog,omitempty"`     // with --target verilog
	Warnings  []diag.ProblemJSON `json:"warnings"`
}

// report prints the model as check sees it.
func (c *command) report(m *gen.Model, file string, h *verilogJSON) error {
	if c.json {
		out := checkOf(m)
		out.Verilog = h
		return writeJSON(c.out, out)
	}
	if c.quiet {
		return nil
	}
	g, p := m.Graph, m.Program
	fmt.Fprintf(c.out, "%s (%s)\n", g.Model, file)
	t := &table{left: 2}
	t.row("nodes", nodesText(g))
	for i := range g.Vars {
		t.row(label("variables", i), variableText(&g.Vars[i]))
	}
	terms, rows := g.UserFactors(), 0
	for i := range terms {
		rows += terms[i].Rows
		if i < maxListed {
			for k, line := range termText(g, &terms[i]) {
				t.row(label("factors", i+k), line)
			}
		}
	}
	if n := len(terms); n > maxListed {
		t.row("", fmt.Sprintf("… and %d more, %d rows in all", n-maxListed, rows))
	}
	for i := range g.Directed {
		for k, line := range directedText(g, &g.Directed[i]) {
			t.row(label("directed", i+k), line)
		}
	}
	t.row("edges", fmt.Sprintf("%d; a node has at most %s", g.Edges, plural(g.MaxDegree, "neighbour")))
	t.row("blocks", blocksText(g))
	t.row("beta", betaText(g))
	t.row("format", formatText(p))
	t.row("error", errorText(p)+budgetText(p))
	if h != nil {
		h.rows(t)
	}
	t.row("schedule", scheduleText(g))
	t.row("observes", observesText(g))
	t.row("hash", p.Hash)
	t.print(c.out, "  ")
	return nil
}

// maxListed is how many factors the report lists.
const maxListed = 12

func label(name string, i int) string {
	if i > 0 {
		return ""
	}
	return name
}

func checkOf(m *gen.Model) checkJSON {
	g, p := m.Graph, m.Program
	out := checkJSON{
		Model: g.Model, Hash: p.Hash, Nodes: g.Nodes, Factors: len(g.UserFactors()), Edges: g.Edges, Blocks: []int{},
		Coloured: g.Coloured, MaxDegree: g.MaxDegree, Clamped: clamped(g), Format: formatOf(p), MaxError: p.Format.Bound, Float: floatNodes(p),
		Warnings: []diag.ProblemJSON{},
	}
	for _, t := range g.UserFactors() {
		out.Rows += t.Rows
	}
	for _, super := range g.Blocks {
		for _, b := range super {
			out.Blocks = append(out.Blocks, len(b.Nodes))
		}
	}
	for _, w := range g.Warnings {
		out.Warnings = append(out.Warnings, w.JSON())
	}
	return out
}

func clamped(g *graph.Graph) int {
	n := 0
	for _, x := range g.Clamps {
		n += len(x.Nodes)
	}
	return n
}

func nodesText(g *graph.Graph) string {
	count := map[graph.Kind]int{}
	var kinds []graph.Kind
	for _, v := range g.Vars {
		if count[v.Kind] == 0 {
			kinds = append(kinds, v.Kind)
		}
		count[v.Kind] += v.Count
	}
	slices.Sort(kinds)
	var parts []string
	for _, k := range kinds {
		kind := k.String()
		if strings.HasSuffix(kind, "s") { // as continuous, which has no plural
			parts = append(parts, fmt.Sprintf("%d %s", count[k], kind))
			continue
		}
		parts = append(parts, plural(count[k], kind))
	}
	text := strings.Join(parts, ", ")
	if len(parts) > 1 {
		text = fmt.Sprintf("%d: %s", g.Nodes, text)
	}
	if n := clamped(g); n > 0 {
		text += fmt.Sprintf("; %d clamped", n)
	}
	return text
}

func variableText(v *graph.Variable) string {
	text := v.Name + ": " + v.Kind.String()
	if v.Kind == graph.Categorical {
		text += fmt.Sprintf(" of %d states", v.States)
	}
	if len(v.Range) == 2 {
		text += fmt.Sprintf(" from %s to %s", short(v.Range[0], 6), short(v.Range[1], 6))
	}
	switch {
	case v.Topology != nil:
		text += fmt.Sprintf(", %s of %s graph", plural(v.Places(), "node"), article(v.Topology.Name))
	case len(v.Grid()) == 0:
		text += ", one node"
	case len(v.Grid()) == 1:
		text += ", " + plural(v.Places(), "node")
	default:
		text += ", " + sizes(v.Grid())
	}
	if v.Dim > 0 {
		text += fmt.Sprintf(", each a vector of %s", plural(v.Dim, "component"))
	}
	if v.Sampler != "" {
		text += ", drawn by " + v.Sampler
	}
	return text
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

// networkText is the layers of a network.
func networkText(c *graph.CodeFactor, n *graph.Network) string {
	sizes := make([]string, len(c.Net.Sizes))
	for i, k := range c.Net.Sizes {
		sizes[i] = strconv.Itoa(k)
	}
	numbers := 0
	for i := range c.Net.Tensors() {
		numbers += len(c.Params[c.Net.First+i].Values)
	}
	return fmt.Sprintf("a network %s with %s, %s", strings.Join(sizes, "-"), n.Activation, plural(numbers, "weight"))
}

// directedText says what an interaction is, behind the last of them also what they do
// to the law.
func directedText(g *graph.Graph, t *graph.Term) []string {
	e := t.Energy
	tails := make([]string, len(e.Slots)-1)
	for i := range tails {
		tails[i] = e.Slots[i+1] + " in " + g.Vars[e.Vars[i+1]].Name
	}
	head := g.Vars[e.Vars[0]].Name
	if g.Vars[e.Vars[0]].Kind == graph.Categorical {
		head = e.Slots[0] + " in " + head
	}
	text := fmt.Sprintf("%s: to %s from %s, %s: field %s", t.Name, head, cmp.Or(strings.Join(tails, ", "), "outside"), plural(t.Rows, "row"), expressionText(e))
	if t.First == g.Directed[len(g.Directed)-1].First {
		return []string{text, "with directed terms there is no Boltzmann law; energies are those of the factors"}
	}
	return []string{text}
}

// expressionText is an expression with its scale, cut short.
func expressionText(e *graph.Expression) string {
	text := strings.Join(strings.Fields(e.Text), " ")
	if r := []rune(text); len(r) > maxExpression {
		text = string(r[:maxExpression]) + "…"
	}
	if e.Scale != 1 {
		text = fmt.Sprintf("%s·(%s)", short(e.Scale, 6), text)
	}
	return text
}

// termText says what a factor is, as the user wrote it; of an expression also what
// it was taken apart into.
func termText(g *graph.Graph, t *graph.Term) []string {
	e := t.Energy
	if e == nil {
		text := factorText(g, t, &g.Factors[t.First])
		if data := dataNames(g, t.Name); len(data) > 0 {
			text += ", times " + data[0] + " that is set at run time"
		}
		return []string{text}
	}
	over := make([]string, len(e.Slots))
	for i, name := range e.Slots {
		over[i] = name + " in " + g.Vars[e.Vars[i]].Name
	}
	text := expressionText(e)
	var parts []string
	count := map[string]int{}
	for i := range t.Parts {
		part := partText(g, &g.Factors[t.First+i])
		if count[part]++; count[part] == 1 {
			parts = append(parts, part)
		}
	}
	for i, part := range parts {
		if n := count[part]; n > 1 { // by components of vectors
			parts[i] = fmt.Sprintf("%d × %s", n, part)
		}
	}
	first := fmt.Sprintf("%s: %s, %s: E = %s", t.Name, strings.Join(over, ", "), plural(t.Rows, "row"), text)
	lines := []string{first, "  made of " + some(parts, maxListed)}
	if t.Coded {
		lines[1] = "  evaluated as it is: no weights serve it"
	}
	if n := e.Network; n != nil {
		lines[1] = "  " + networkText(&g.Codes[t.First], n)
	}
	if data := dataNames(g, t.Name); len(data) > 0 {
		lines = append(lines, "  set at run time: "+some(data, maxListed))
	}
	return lines
}

// dataNames are the arrays that the weights of a factor follow from.
func dataNames(g *graph.Graph, name string) (list []string) {
	for _, x := range g.Formulas {
		for _, array := range x.Arrays {
			if x.Name == name && array != "" {
				list = append(list, array)
			}
		}
	}
	return list
}

// maxExpression is how much of an expression is printed for people.
const maxExpression = 100

// partText is a product of slots that an expression was taken apart into.
func partText(g *graph.Graph, f *graph.Factor) string {
	if len(f.Slots) == 0 {
		return "a constant"
	}
	var names []string
	for _, s := range f.Slots {
		if s.Kind != graph.Categorical {
			names = append(names, withPower(g.Vars[s.Var].Name, s.Power))
		}
	}
	switch text := strings.Join(names, "·"); {
	case len(f.Table) == 0:
		return text
	case text == "":
		return "a table of " + sizes(f.Table)
	default:
		return text + " by a table of " + sizes(f.Table)
	}
}

func factorText(g *graph.Graph, t *graph.Term, f *graph.Factor) string {
	names := make([]string, len(f.Slots))
	for i, s := range f.Slots {
		names[i] = withPower(g.Vars[s.Var].Name, s.Power)
	}
	text := fmt.Sprintf("%s: %s, %s", f.Name, strings.Join(names, " · "), plural(f.Rows, "row"))
	weight := "a weight"
	if len(f.Table) > 0 {
		weight = fmt.Sprintf("a table of %s weights", sizes(f.Table))
		if len(f.Table) == 1 {
			weight = fmt.Sprintf("%d weights", f.Table[0])
		}
	}
	if f.Shared {
		text += ", " + weight + " for all"
	} else {
		text += ", " + weight + " each"
	}
	if t.Runtime {
		text += ", set at run time"
	}
	return text
}

// rateText is a number, or how it begins and changes.
func rateText(r *sampling.Rate) string {
	text := short(r.From, 6)
	switch r.Shape {
	case "linear", "cosine":
		text += fmt.Sprintf(" to %s in %s (%s)", short(r.To, 6), plural(r.Sweeps, "sweep"), r.Shape)
	case "exponential":
		text += fmt.Sprintf(" times %s a sweep", short(r.Factor, 6))
	case "multi_step":
		text += fmt.Sprintf(" times %s at %s", short(r.Factor, 6), plural(len(r.At), "sweep"))
	}
	if r.Rise > 0 {
		text += fmt.Sprintf(" after a rise of %s", plural(r.Rise, "sweep"))
	}
	return text
}

func blocksText(g *graph.Graph) string {
	var parts []string
	blocks, joint := g.Blocks, ""
	if d := g.Dynamics; d != nil {
		last := blocks[len(blocks)-1][0]
		blocks = blocks[:len(blocks)-1]
		joint = fmt.Sprintf("%s move together by %s, step %s", plural(len(last.Nodes), "node"), d.Kind, rateText(&d.Joint.StepSize))
		if d.Kind == "hmc" {
			joint += fmt.Sprintf(", %s", plural(d.Joint.Steps, "leapfrog"))
		}
		if d.Joint.Adapt > 0 {
			joint += fmt.Sprintf(", fitted in warm-up to an acceptance of %s", short(d.Joint.Adapt, 3))
		}
		if len(blocks) == 0 {
			return joint
		}
		joint = "; then " + joint
	}
	for _, super := range blocks {
		var inside []string
		for _, b := range super {
			inside = append(inside, strconv.Itoa(len(b.Nodes)))
		}
		parts = append(parts, strings.Join(inside, "+"))
	}
	text := fmt.Sprintf("%d as written,", len(blocks))
	if g.Coloured {
		text = plural(len(blocks), "colour")
	}
	if same := slices.Compact(slices.Clone(parts)); len(parts) > 1 && len(same) == 1 {
		text += fmt.Sprintf(" of %s nodes each", same[0])
	} else {
		text += fmt.Sprintf(" of %s nodes", some(parts, 12))
	}
	if g.Synchronous {
		text += "; neighbours are updated together (synchronous)"
	}
	return text + joint
}

func betaText(g *graph.Graph) string {
	text := short(g.Beta, 6)
	if n := len(g.Betas); n > 0 {
		text += fmt.Sprintf(", reached from %s in %s", short(g.Betas[0], 6), plural(n, "warm-up sweep"))
	}
	if g.BetaParam != "" {
		text += ", set at run time as " + g.BetaParam
	}
	return text
}

func budgetText(p *ir.Program) string {
	if p.Format.Budget == 0 || p.Format.Bound == 0 {
		return ""
	}
	return "; budget " + power(p.Format.Budget)
}

func scheduleText(g *graph.Graph) string {
	s := g.Sample
	return fmt.Sprintf("%s; %s, then %s, %s apart; seed %d", plural(s.Chains, "chain"),
		plural(s.Warmup, "warm-up sweep"), plural(s.Samples, "draw"), plural(s.StepsPerSample, "sweep"), s.Seed)
}

func observesText(g *graph.Graph) string {
	var names []string
	for _, o := range g.Observe {
		name := o.Kind
		if o.Value != nil {
			name = o.Value.Name
		}
		switch {
		case o.Histogram != nil:
			name = "histogram " + o.Histogram.Name
		case o.Kind == "mean":
			name = "means " + name
		case o.Text != "":
			name += " of " + o.Text
		}
		names = append(names, name)
	}
	if names == nil {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
