package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Hash is the SHA-256, in hexadecimal, of everything that decides the law of the
// model and the words of its sampler: variables, factors with their weights,
// beta, blocks in order, clamps, initial states and the number format. Names of
// graphs and groups, the schedule, the seed and what is observed do not count.
func (g *Graph) Hash() string {
	h := &hasher{}
	h.text("thrmlgen graph 1", g.Model)
	h.count(len(g.Vars))
	for i := range g.Vars {
		v := &g.Vars[i]
		h.text(v.Name)
		h.count(int(v.Kind), v.States, v.Count)
		h.list(v.Shape)
		if v.Kind == Continuous {
			h.floats(v.Range)
		}
	}
	h.count(len(g.Factors))
	for i := range g.Factors {
		f := &g.Factors[i]
		h.text(f.Name)
		h.count(len(f.Slots))
		for _, s := range f.Slots {
			h.count(s.Var)
			if s.Kind == Continuous {
				h.count(s.Power)
			}
		}
		h.bools(f.Shared, f.Runtime)
		h.nodes(f.Index)
		h.floats(f.Weights)
	}
	for i := range g.Codes {
		h.code(&g.Codes[i])
	}
	for _, v := range g.Vars {
		if v.Sampler != "" {
			h.text(v.Name + " " + v.Sampler)
		}
		if c := g.GoCodeOf(GoSampler, v.Sampler); c != nil {
			h.count(c.Numbers)
		}
	}
	if d := g.Dynamics; d != nil {
		h.text(d.Kind)
		h.joint(&d.Joint)
	}
	for i := range g.Formulas {
		h.formula(&g.Formulas[i])
	}
	h.floats([]float64{g.Beta})
	h.text(g.BetaParam)
	h.bools(g.Synchronous)
	h.count(len(g.Blocks))
	for _, super := range g.Blocks {
		h.count(len(super))
		for _, b := range super {
			h.nodes(b.Nodes)
		}
	}
	h.count(len(g.Clamps))
	for _, c := range g.Clamps {
		h.count(c.Chains)
		h.nodes(c.Nodes)
		h.nodes(c.Values)
	}
	for _, s := range g.Init {
		h.count(int(s.Kind), s.Chains)
		h.nodes(s.Values)
		if s.Kind == InitNormal {
			h.floats([]float64{s.Mean, s.SD})
		}
		if s.Kind == InitCode {
			h.text(s.Code)
		}
	}
	h.format(&g.Format)
	h.flush()
	return hex.EncodeToString(h.sum())
}

// formula hashes what weights follow from.
func (h *hasher) formula(x *sampling.Formula) {
	h.text(x.Name)
	h.count(x.Rows)
	h.text(x.Arrays...)
	for _, p := range x.Params {
		h.list(p.Axes)
		h.bools(p.Shared)
		h.floats(p.Values)
	}
	for _, p := range x.Parts {
		h.count(p.Factor)
		h.ops(p.Weight)
	}
	for _, c := range x.Codes {
		h.count(c)
	}
}

// hasher writes fixed-size little-endian fields, every list behind its length,
// so that two different models have different texts.
type hasher struct {
	buf   []byte
	state interface {
		Write(b []byte) (int, error)
		Sum(b []byte) []byte
	}
}

func (h *hasher) sum() []byte { return h.state.Sum(nil) }

func (h *hasher) flush() {
	if h.state == nil {
		h.state = sha256.New()
	}
	h.state.Write(h.buf)
	h.buf = h.buf[:0]
}

func (h *hasher) put(v uint64) {
	h.buf = binary.LittleEndian.AppendUint64(h.buf, v)
	if len(h.buf) >= 1<<16 {
		h.flush()
	}
}

func (h *hasher) count(v ...int) {
	for _, n := range v {
		h.put(uint64(n))
	}
}

func (h *hasher) list(v []int) {
	h.count(len(v))
	h.count(v...)
}

func (h *hasher) bools(v ...bool) {
	for _, on := range v {
		if on {
			h.put(1)
		} else {
			h.put(0)
		}
	}
}

// code hashes a factor with code.
func (h *hasher) code(c *CodeFactor) {
	h.text(c.Name)
	h.bools(c.Directed)
	h.count(len(c.Slots))
	for _, s := range c.Slots {
		h.count(s.Var)
	}
	h.nodes(c.Index)
	h.count(len(c.Params))
	for _, p := range c.Params {
		h.bools(p.Shared)
		h.list(p.Axes)
		h.floats(p.Values)
	}
	if n := c.Net; n != nil {
		h.list(n.Sizes)
		h.count(int(n.Activation), n.First)
	}
	h.ops(c.Energy)
	for _, p := range c.Parts {
		for _, ops := range [][]sampling.CodeOp{p.Field, p.Energy, p.Slope, p.Linear, p.Square} {
			h.ops(ops)
		}
	}
}

func (h *hasher) ops(ops []sampling.CodeOp) {
	h.count(len(ops))
	for _, o := range ops {
		h.count(int(o.Op), int(o.N))
		h.floats([]float64{o.V})
	}
}

func (h *hasher) text(v ...string) {
	for _, s := range v {
		h.count(len(s))
		h.buf = append(h.buf, s...)
	}
}

func (h *hasher) nodes(v []int32) {
	h.count(len(v))
	for _, n := range v {
		h.put(uint64(n))
	}
}

func (h *hasher) floats(v []float64) {
	h.count(len(v))
	for _, x := range v {
		h.put(math.Float64bits(x))
	}
}

func (h *hasher) format(f *Format) {
	h.text(f.Profile, f.Choice, f.RNG)
	for _, n := range []*int{f.Fraction, f.Bits, f.ThresholdBits, f.Group, f.Planes, f.Interleave} {
		if n == nil {
			h.put(0)
		} else {
			h.count(1, *n)
		}
	}
	for _, x := range []*float64{f.Budget, f.Range} {
		if x == nil {
			h.put(0)
		} else {
			h.put(1)
			h.floats([]float64{*x})
		}
	}
	if f.Digit != nil { // a younger key
		h.text("digit")
		h.count(*f.Digit)
	}
}

// Expand writes the model as a model file in general form: shapes in place of
// graphs, factors in place of a family, rows and weights in numbers, blocks as
// found. It describes the same law and draws the same samples; initial states
// and clamps by chain stay in their files.
func (g *Graph) Expand() string {
	p := &printer{g: g}
	p.line("model: %s", g.Model)
	p.line("variables:")
	structure := ""
	for i := range g.Vars {
		v := &g.Vars[i]
		name, field, dotted := strings.Cut(v.Name, ".")
		if !dotted {
			p.variable("  ", name, v, v.Grid())
			continue
		}
		if name != structure {
			p.line("  %s:", name)
			if len(v.Grid()) > 0 {
				p.line("    shape: %s", shapeText(v.Grid()))
			}
			p.line("    fields:")
			structure = name
		}
		p.variable("      ", field, v, nil)
	}
	if len(g.Groups) > 0 {
		p.line("groups:")
		for _, x := range g.Groups {
			p.line("  %s: %s", x.Name, p.refs(x.Nodes))
		}
	}
	terms := g.UserFactors()
	if len(terms) == 0 {
		p.line("factors: []")
	} else {
		p.line("factors:")
	}
	for i, t := range terms {
		if t.Energy != nil {
			p.energy(i, &t)
		} else {
			p.factor(i, &t, &g.Factors[t.First])
		}
	}
	if len(g.Directed) > 0 {
		p.line("interactions:")
	}
	for i := range g.Directed {
		p.interaction(&g.Directed[i])
	}
	if g.BetaParam != "" {
		p.line("beta: %s", g.BetaParam)
	} else {
		p.line("beta: %s", number(g.Beta))
	}
	p.inits()
	gibbs := g.Blocks
	if g.Dynamics != nil {
		gibbs = gibbs[:len(gibbs)-1]
	}
	if len(gibbs) > 0 {
		p.line("blocks:")
	}
	for _, super := range gibbs {
		p.superblock(super)
	}
	if g.Synchronous {
		p.line("synchronous: true")
	}
	p.updates()
	p.clamps()
	p.format()
	p.sample()
	p.observe()
	return p.b.String()
}

type printer struct {
	g *Graph
	b strings.Builder
}

func (p *printer) updates() {
	var list []string
	for i, v := range p.g.Vars {
		if v.Sampler != "" && !p.g.moves(i) {
			list = append(list, v.Name+": "+p.g.goText(GoSampler, v.Sampler))
		}
	}
	if list != nil {
		p.line("update: {%s}", strings.Join(list, ", "))
	}
	if d := p.g.Dynamics; d != nil {
		var over []string
		for _, i := range d.Vars {
			over = append(over, p.g.Vars[i].Name)
		}
		p.line("dynamics: {%s: {over: [%s], %s}}", d.Kind, strings.Join(over, ", "), jointText(d.Kind, &d.Joint))
	}
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

// number writes a float64 so that reading gives it back.
func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func (p *printer) variable(indent, name string, v *Variable, shape []int) {
	p.b.WriteString(indent + name + ": {kind: " + v.Kind.String())
	if v.Kind == Categorical {
		fmt.Fprintf(&p.b, ", states: %d", v.States)
	}
	if len(v.Range) == 2 {
		p.b.WriteString(", range: [" + number(v.Range[0]) + ", " + number(v.Range[1]) + "]")
	}
	if v.Dim > 0 {
		fmt.Fprintf(&p.b, ", dim: %d", v.Dim)
	}
	if len(shape) > 0 {
		p.b.WriteString(", shape: " + shapeText(shape))
	}
	p.line("}")
}

// energy writes a factor with an expression as it was written, its parameters as
// numbers.
func (p *printer) energy(i int, t *Term) {
	lead := "  - "
	if t.Name != fmt.Sprintf("f%d", i) {
		p.line("%sname: %s", lead, t.Name)
		lead = "    "
	}
	p.b.WriteString(lead)
	p.expression("energy", t.Energy)
	if t.Energy.Scale != 1 {
		p.line("    scale: %s", number(t.Energy.Scale))
	}
	p.scaleBy(t)
	if t.Runtime {
		p.line("    runtime: true")
	}
}

func (p *printer) scaleBy(t *Term) {
	if t.ScaleBy != "" {
		p.line("    scale: %s", t.ScaleBy)
	}
}

// expression writes over, index, the text under a key and params, at the indent of
// a list's entries.
func (p *printer) expression(key string, e *Expression) {
	over := make([]string, len(e.Slots))
	for k, name := range e.Slots {
		over[k] = name + ": " + p.g.Vars[e.Vars[k]].Name
	}
	p.line("over: {%s}", strings.Join(over, ", "))
	p.b.WriteString("    ")
	p.rowsAndText(key, e)
}

// network writes a network with its tensors as numbers.
func (p *printer) network(e *Expression) {
	n := e.Network
	p.b.WriteString("\n    energy:\n      mlp:\n        input: [" + strings.Join(n.Input, ", ") + "]\n")
	if len(n.Times) > 0 {
		p.line("        times: [%s]", strings.Join(n.Times, ", "))
	}
	p.line("        hidden: %s", shapeText(n.Hidden))
	p.line("        activation: %s", n.Activation)
	p.line("        weights:")
	for _, x := range e.Params {
		p.b.WriteString("          " + x.Name + ": ")
		p.list(x.Axes, func(at int) string { return number(x.Values[at]) })
		p.b.WriteByte('\n')
	}
}

// rowsAndText writes index, the text under a key and params, at the place of a key.
func (p *printer) rowsAndText(key string, e *Expression) {
	p.b.WriteString("index: ")
	s := len(e.Slots)
	p.list([]int{e.Rows, s}, func(at int) string {
		v := &p.g.Vars[e.Vars[at%s]]
		return strconv.Itoa((int(e.Index[at]) - v.First) / v.Width())
	})
	if e.Network != nil {
		p.network(e)
		return
	}
	p.line("\n    %s: %s", key, strconv.Quote(e.Text))
	if len(e.Params) > 0 {
		p.line("    params:")
	}
	for _, x := range e.Params {
		p.b.WriteString("      " + x.Name + ": ")
		shape := x.Axes
		if !x.Shared {
			shape = append([]int{e.Rows}, x.Axes...)
		}
		p.list(shape, func(at int) string { return number(x.Values[at]) })
		p.b.WriteByte('\n')
	}
}

func (p *printer) factor(i int, t *Term, f *Factor) {
	names := make([]string, len(f.Slots))
	for k, s := range f.Slots {
		names[k] = p.g.Vars[s.Var].Name
	}
	lead := "  - "
	if f.Name != fmt.Sprintf("f%d", i) {
		p.line("%sname: %s", lead, f.Name)
		lead = "    "
	}
	p.line("%sover: [%s]", lead, strings.Join(names, ", "))
	p.scaleBy(t)
	if t.Runtime {
		p.line("    runtime: true")
	}
	p.b.WriteString("    index: ")
	s := len(f.Slots)
	p.list([]int{f.Rows, s}, func(at int) string {
		return strconv.Itoa(int(f.Index[at]) - p.g.Vars[f.Slots[at%s].Var].First)
	})
	p.b.WriteString("\n    weights: ")
	shape := f.Table
	if !f.Shared {
		shape = append([]int{f.Rows}, f.Table...)
	}
	p.list(shape, func(at int) string { return number(f.Weights[at]) })
	p.b.WriteByte('\n')
}

// list writes a nested list, with a new line after about a hundred bytes.
func (p *printer) list(shape []int, element func(at int) string) {
	at, column := 0, 0
	var nested func(shape []int)
	nested = func(shape []int) {
		if len(shape) == 0 {
			text := element(at)
			at++
			column += len(text)
			p.b.WriteString(text)
			return
		}
		p.b.WriteByte('[')
		for i := range shape[0] {
			if i > 0 {
				p.b.WriteByte(',')
				if column > 100 {
					p.b.WriteString("\n      ")
					column = 0
				} else {
					p.b.WriteByte(' ')
				}
				column += 2
			}
			nested(shape[1:])
		}
		p.b.WriteByte(']')
		column++
	}
	nested(shape)
}

// refs writes nodes, in order, as one reference or a list of references.
func (p *printer) refs(nodes []int32) string {
	parts := p.refParts(nodes)
	if len(parts) == 1 {
		return parts[0]
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// refParts writes one reference for each run of nodes.
func (p *printer) refParts(nodes []int32) (parts []string) {
	for len(nodes) > 0 {
		n := p.run(nodes)
		parts = append(parts, strconv.Quote(p.ref(nodes[:n])))
		nodes = nodes[n:]
	}
	return parts
}

// run is how many nodes from the first on one reference can name: nodes of one
// variable, whole vectors, or equal components of vectors along one axis.
func (p *printer) run(nodes []int32) int {
	v := &p.g.Vars[p.g.varOf(nodes[0])]
	inside := func(i int) bool {
		return i < len(nodes) && int(nodes[i]) >= v.First && int(nodes[i]) < v.First+v.Count
	}
	if v.Dim == 0 {
		n := 1
		for inside(n) {
			n++
		}
		return n
	}
	whole := func(from int) bool {
		for c := range v.Dim {
			if !inside(from+c) || nodes[from+c] != nodes[from]+int32(c) {
				return false
			}
		}
		return (int(nodes[from])-v.First)%v.Dim == 0
	}
	n := 0
	for whole(n) {
		n += v.Dim
	}
	if n > 0 || len(v.Grid()) > 1 {
		return max(n, 1)
	}
	component := func(i int) int { return (int(nodes[i]) - v.First) % v.Dim }
	for n = 1; inside(n) && (len(v.Grid()) == 0 || component(n) == component(0)) && !whole(n); n++ {
	}
	return n
}

// ref writes a run of nodes: all, a slice, or a list.
func (p *printer) ref(nodes []int32) string {
	v := &p.g.Vars[p.g.varOf(nodes[0])]
	var at []int
	component := ""
	switch first := int(nodes[0]) - v.First; {
	case v.Dim > 1 && (len(nodes) == 1 || nodes[1] != nodes[0]+1) && len(v.Grid()) > 0:
		if len(v.Grid()) > 1 {
			return p.g.NodeName(int(nodes[0]))
		}
		component = fmt.Sprintf(",%d", first%v.Dim)
		for _, n := range nodes {
			at = append(at, (int(n)-v.First)/v.Dim)
		}
	case v.Dim > 0 && len(v.Grid()) > 0: // whole vectors
		for i := 0; i < len(nodes); i += v.Dim {
			at = append(at, (int(nodes[i])-v.First)/v.Dim)
		}
	default:
		for _, n := range nodes {
			at = append(at, int(n)-v.First)
		}
	}
	n := len(at)
	if n == 1 {
		if len(v.Shape) == 0 {
			return v.Name
		}
		return fmt.Sprintf("%s[%d%s]", v.Name, at[0], component)
	}
	step := at[1] - at[0]
	for i := 1; i < n && step > 0; i++ {
		if at[i]-at[i-1] != step {
			step = 0
		}
	}
	switch {
	case step == 1 && len(nodes) == v.Count:
		return v.Name
	case step == 1:
		return fmt.Sprintf("%s[%d:%d%s]", v.Name, at[0], at[n-1]+1, component)
	case step > 1:
		return fmt.Sprintf("%s[%d:%d:%d%s]", v.Name, at[0], at[n-1]+1, step, component)
	}
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.Itoa(at[i])
	}
	return v.Name + "[[" + strings.Join(list, ", ") + "]" + component + "]"
}

func (p *printer) inits() {
	names := map[InitKind]string{InitRandom: "random", InitHinton: "hinton", InitZeros: "zeros"}
	p.line("init:")
	for i, s := range p.g.Init {
		name := names[s.Kind]
		switch s.Kind {
		case InitValues:
			name = "{file: " + strconv.Quote(s.Source) + "}"
		case InitNormal:
			name = "{normal: [" + number(s.Mean) + ", " + number(s.SD) + "]}"
		case InitCode:
			name = p.g.goText(GoStart, s.Code)
		}
		p.line("  %s: %s", p.g.Vars[i].Name, name)
	}
}

func (p *printer) superblock(super []Block) {
	if len(super) == 1 {
		p.line("  - %s", p.refs(super[0].Nodes))
		return
	}
	p.line("  - together:")
	for _, b := range super {
		p.line("      - %s", p.refs(b.Nodes))
	}
}

func (p *printer) clamps() {
	if len(p.g.Clamps) > 0 {
		p.line("clamp:")
	}
	for _, c := range p.g.Clamps {
		if c.Chains > 0 {
			p.line("  ? %s\n  : {file: %s}", strconv.Quote(c.Text), strconv.Quote(c.Source))
			continue
		}
		// Keys are single references, so one line for each run inside a variable.
		nodes, values := c.Nodes, c.Values
		for len(nodes) > 0 {
			n := p.run(nodes)
			continuous := p.g.Vars[p.g.varOf(nodes[0])].Kind == Continuous
			list := make([]string, n)
			for i := range list {
				if list[i] = strconv.Itoa(int(values[i])); continuous {
					list[i] = number(float64(math.Float32frombits(uint32(values[i]))))
				}
			}
			value := "[" + strings.Join(list, ", ") + "]"
			if n == 1 {
				value = list[0]
			}
			p.line("  ? %s\n  : %s", strconv.Quote(p.ref(nodes[:n])), value)
			nodes, values = nodes[n:], values[n:]
		}
	}
}

func (p *printer) format() {
	f := &p.g.Format
	var keys []string
	for _, n := range []struct {
		key string
		v   *int
	}{{"fraction", f.Fraction}, {"bits", f.Bits}, {"threshold_bits", f.ThresholdBits}, {"group", f.Group}, {"planes", f.Planes}, {"digit", f.Digit}, {"interleave", f.Interleave}} {
		if n.v != nil {
			keys = append(keys, fmt.Sprintf("%s: %d", n.key, *n.v))
		}
	}
	if f.Budget != nil {
		keys = append(keys, "budget: "+number(*f.Budget))
	}
	if f.Range != nil {
		keys = append(keys, "range: "+number(*f.Range))
	}
	if f.Choice != "" {
		keys = append(keys, "choice: "+f.Choice)
	}
	if f.RNG != "" {
		keys = append(keys, "rng: "+f.RNG)
	}
	if keys != nil {
		p.line("format: {%s}", strings.Join(keys, ", "))
	} else {
		p.line("format: %s", f.Profile)
	}
}

func (p *printer) sample() {
	s := &p.g.Sample
	p.line("sample:")
	p.line("  chains: %d\n  warmup: %d\n  samples: %d\n  steps_per_sample: %d\n  seed: %d",
		s.Chains, s.Warmup, s.Samples, s.StepsPerSample, s.Seed)
	if p.g.Betas != nil {
		p.b.WriteString("  betas: ")
		p.list([]int{len(p.g.Betas)}, func(at int) string { return number(p.g.Betas[at]) })
		p.b.WriteByte('\n')
	}
}

func (p *printer) observe() {
	if len(p.g.Observe) == 0 {
		p.line("observe: []")
		return
	}
	p.line("observe:")
	for _, o := range p.g.Observe {
		if o.Value != nil {
			p.line("  - name: %s", o.Value.Name)
			p.b.WriteString("    ")
			p.expression(o.Kind, &o.Value.As)
			continue
		}
		if h := o.Histogram; h != nil {
			text := fmt.Sprintf("histogram: [%s], name: %s", strings.Join(p.refParts(o.Nodes), ", "), h.Name)
			if h.Bins > 0 {
				text += fmt.Sprintf(", bins: %d, range: [%s, %s]", h.Bins, number(h.Low), number(h.High))
			}
			p.line("  - {%s}", text)
			continue
		}
		if o.Code != "" {
			p.line("  - {name: %s, go: %s}", o.Name, p.g.goText(GoObserver, o.Code))
			continue
		}
		if o.Nodes == nil {
			p.line("  - %s", o.Kind)
			continue
		}
		p.line("  - {%s: [%s]}", o.Kind, strings.Join(p.refParts(o.Nodes), ", "))
	}
}
