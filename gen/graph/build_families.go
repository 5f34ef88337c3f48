package graph

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// family adds the variables and factors that the model's family stands for to
// those that are written out.
func (b *builder) family() {
	b.decls = b.s.Variables
	for i := range b.s.Factors {
		b.terms = append(b.terms, term{Factor: b.s.Factors[i]})
	}
	f := b.s.Family
	if f == nil {
		return
	}
	switch f.Kind.Text {
	case "ising":
		b.ising(f)
	case "potts":
		b.potts(f)
	case "maxcut":
		b.maxcut(f)
	case "rbm":
		b.rbm(f)
	case "boltzmann":
		b.boltzmann(f)
	case "gaussian":
		b.gaussian(f)
	case "gaussian_bernoulli":
		b.gaussianBernoulli(f)
	}
}

// familyVariables stands for the variables of a family that is refused, so that
// references to them are not reported as well.
func (b *builder) familyVariables(f *spec.Family) {
	names := map[string][]string{"gaussian": {"x"}, "gaussian_bernoulli": {"x", "s"}, "rbm": {"v", "h"}, "boltzmann": {"v", "h"}}
	for _, name := range names[f.Kind.Text] {
		b.brokenVars[name] = true
	}
}

// declare adds a variable of a family.
func (b *builder) declare(f *spec.Family, v spec.Variable) {
	v.Name.Pos, v.Pos = f.Kind.Pos, f.Kind.Pos
	b.decls = append(append([]spec.Variable(nil), b.decls...), v)
}

// graphOf is the graph of a family, declared or inline.
func (b *builder) graphOf(t *spec.Topology) (*Topology, bool) {
	if t.Over.Text != "" {
		b.fail(t.Over.Pos, diag.BadGraph, "give its sizes, as in {grid: [20, 20]}", "the graph of a family cannot take the shape of a variable, which it brings itself")
		return nil, false
	}
	return b.topology(t, nil)
}

// onGraph places a variable of a family on a graph, declared or inline.
func (b *builder) onGraph(t *spec.Topology) *spec.OnExpr {
	if t.Kind == "" {
		return &spec.OnExpr{Graph: t.Ref, Pos: t.Pos}
	}
	// No declared graph has this name: it is no identifier.
	name := spec.Name{Text: "graph of the family", Pos: t.Pos}
	if made, ok := b.graphOf(t); ok {
		b.graphs[name.Text] = made
	} else {
		b.badGraphs[name.Text] = true
	}
	return &spec.OnExpr{Graph: name, Pos: t.Pos}
}

// ising is spins s with −Σ biases·s − Σ weights·s·s. Without a graph it has as
// many spins as biases are listed, or as the edges name.
func (b *builder) ising(f *spec.Family) {
	s := spec.Name{Text: "s", Pos: f.Kind.Pos}
	v := spec.Variable{Name: s, Kind: "spin"}
	pair := term{Factor: spec.Factor{Weights: f.Weights, Pos: f.Kind.Pos, Over: []spec.Slot{{Var: s}, {Var: s}}}}
	top := f.Graph
	if top == nil && f.Edges != nil {
		top = f.Edges.Edges
	}
	switch {
	case top != nil:
		v.On = b.onGraph(top)
		pair.Index = &spec.Index{Edges: &spec.Topology{Ref: v.On.Graph, Pos: top.Pos}, Pos: top.Pos}
	case f.Edges != nil:
		n, ok := b.isingNodes(f)
		if !ok {
			b.brokenVars[s.Text] = true
			return
		}
		v.Shape = []spec.Int{{V: int64(n), Ok: true, Pos: f.Edges.Pos}}
		pair.Index = f.Edges
	default:
		b.fail(f.Kind.Pos, diag.BadSlots, "", "ising needs a graph or edges")
		b.brokenVars[s.Text] = true
		return
	}
	b.declare(f, v)
	if f.Biases != nil {
		b.terms = append(b.terms, term{Factor: spec.Factor{Weights: f.Biases, Pos: f.Biases.Pos,
			Over: []spec.Slot{{Var: s}}, Index: &spec.Index{All: true, Pos: f.Biases.Pos}}})
	}
	if f.Weights == nil {
		b.fail(f.Kind.Pos, diag.WeightsShape, "", "ising needs weights")
		return
	}
	b.terms = append(b.terms, pair)
}

// isingNodes counts the spins of an ising family without a graph.
func (b *builder) isingNodes(f *spec.Family) (int, bool) {
	if f.Biases != nil && f.Biases.List != nil && len(f.Biases.List.Shape) == 1 {
		return f.Biases.List.Shape[0], true
	}
	if f.Biases != nil && f.Biases.File != nil {
		shape, _, ok := b.floats(f.Biases.File)
		if !ok {
			return 0, false
		}
		if len(shape) == 1 {
			return shape[0], true
		}
	}
	most := int64(-1)
	for _, row := range f.Edges.Rows {
		for _, i := range row {
			most = max(most, int64(i))
		}
	}
	if f.Edges.File != nil {
		_, values, ok := b.ints(f.Edges.File)
		if !ok {
			return 0, false
		}
		for _, i := range values {
			most = max(most, i)
		}
	}
	if most < 0 || most >= MaxModelNodes {
		b.fail(f.Edges.Pos, diag.OutOfRange, "", "the edges name nodes up to %d; need 0 … %d", most, MaxModelNodes-1)
		return 0, false
	}
	return int(most) + 1, true
}

// potts is categoricals x with −Σ coupling·[x = x'], the coupling one number or
// one for each edge.
func (b *builder) potts(f *spec.Family) {
	x := spec.Name{Text: "x", Pos: f.Kind.Pos}
	if f.Graph == nil || f.Coupling == nil {
		b.fail(f.Kind.Pos, diag.BadSlots, "write potts: {graph: …, states: …, coupling: …}", "potts needs a graph and a coupling")
		b.brokenVars[x.Text] = true
		return
	}
	v := spec.Variable{Name: x, Kind: "categorical", States: f.States, On: b.onGraph(f.Graph)}
	b.declare(f, v)
	b.terms = append(b.terms, term{potts: true, Factor: spec.Factor{
		Weights: f.Coupling, Pos: f.Kind.Pos, Over: []spec.Slot{{Var: x}, {Var: x}},
		Index: &spec.Index{Edges: &spec.Topology{Ref: v.On.Graph, Pos: f.Graph.Pos}, Pos: f.Graph.Pos},
	}})
}

// maxcut is spins s with H = Σ w·s·s over the edges of a file in the rud format:
// `n m`, then m lines `i j w` with nodes from 1 and w = 1 where it is left out.
// The cut of a state is Σ w(1 − s·s')/2 = (Σ w − H)/2.
func (b *builder) maxcut(f *spec.Family) {
	s := spec.Name{Text: "s", Pos: f.Kind.Pos}
	if f.File == nil {
		b.fail(f.Kind.Pos, diag.BadFile, "write maxcut: {file: G11.txt}", "maxcut needs a file")
		b.brokenVars[s.Text] = true
		return
	}
	raw, ok := b.bytesOf(f.File)
	if !ok {
		b.brokenVars[s.Text] = true
		return
	}
	r, problem := readRud(raw)
	if problem != nil {
		problem.Pos = f.File.Pos
		problem.Text = f.File.Path + problem.Text
		b.add(*problem)
		b.brokenVars[s.Text] = true
		return
	}
	b.declare(f, spec.Variable{Name: s, Kind: "spin", Shape: []spec.Int{{V: int64(r.nodes), Ok: true, Pos: f.File.Pos}}})
	t := term{Factor: spec.Factor{Pos: f.File.Pos, Over: []spec.Slot{{Var: s}, {Var: s}}},
		rows: r.ends, values: r.weights,
		rowText: func(i int) string { return fmt.Sprintf("%s:%d", f.File.Path, r.lines[i]) }}
	b.g.MaxCut = &MaxCut{}
	for i, w := range r.weights {
		b.g.MaxCut.TotalWeight += w
		r.weights[i] = -w
	}
	b.terms = append(b.terms, t)
}

// rud is a weighted edge list.
type rud struct {
	nodes   int
	ends    []int32 // two an edge, from 0
	weights []float64
	lines   []int32 // where each edge stands
}

// readRud reads the rud format; blank lines, blanks at the ends of lines and
// either kind of line end are allowed. The text of a problem continues the
// file's name.
func readRud(raw []byte) (*rud, *diag.Problem) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) || bytes.IndexByte(raw, 0) >= 0 {
		return nil, &diag.Problem{Code: diag.Encoding, Text: " is UTF-16 or binary, not plain text",
			Help: "convert it: iconv -f UTF-16 -t UTF-8 old.txt > new.txt"}
	}
	var r *rud
	edges := 0
	line := int32(0)
	for len(raw) > 0 {
		var text []byte
		text, raw, _ = bytes.Cut(raw, []byte("\n"))
		line++
		fields := bytes.Fields(text)
		if len(fields) == 0 {
			continue
		}
		bad := func(format string, args ...any) *diag.Problem {
			return &diag.Problem{Code: diag.BadFile, Text: fmt.Sprintf(":%d: ", line) + fmt.Sprintf(format, args...),
				Help: "the first line is `nodes edges`, each other one `i j weight` with nodes from 1"}
		}
		if r == nil {
			if len(fields) != 2 {
				return nil, bad("the first line has %d fields, need the numbers of nodes and edges", len(fields))
			}
			n, ok := rudInt(fields[0])
			m, ok2 := rudInt(fields[1])
			if !ok || !ok2 || n < 1 || m < 0 {
				return nil, bad("%s are no numbers of nodes and edges", diag.Quote(string(text)))
			}
			if n > MaxModelNodes || m > MaxCells/2 {
				return nil, &diag.Problem{Code: diag.TooLarge, Class: diag.Limit,
					Text: fmt.Sprintf(": %d nodes and %d edges, at most %d and %d", n, m, MaxModelNodes, MaxCells/2)}
			}
			r = &rud{nodes: n}
			edges = m
			continue
		}
		if len(fields) != 2 && len(fields) != 3 {
			return nil, bad("%d fields, need i j weight", len(fields))
		}
		for _, field := range fields[:2] {
			i, ok := rudInt(field)
			if !ok || i < 1 || i > r.nodes {
				return nil, bad("%s is no node of 1 … %d", diag.Quote(string(field)), r.nodes)
			}
			r.ends = append(r.ends, int32(i-1))
		}
		w := 1.0
		if len(fields) == 3 {
			var err error
			if w, err = strconv.ParseFloat(string(fields[2]), 64); err != nil || !finite(w) {
				return nil, bad("%s is no finite weight", diag.Quote(string(fields[2])))
			}
		}
		r.weights = append(r.weights, w)
		r.lines = append(r.lines, line)
	}
	switch {
	case r == nil:
		return nil, &diag.Problem{Code: diag.BadFile, Text: " is empty"}
	case len(r.weights) != edges:
		return nil, &diag.Problem{Code: diag.BadFile, Text: fmt.Sprintf(" has %d edges, its first line says %d", len(r.weights), edges)}
	}
	return r, nil
}

func rudInt(field []byte) (int, bool) {
	n, err := strconv.Atoi(string(field))
	return n, err == nil
}
