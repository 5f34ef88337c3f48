package ir

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// CodeFactor is a table of rows whose part of the energy is an expression; see
// "Expressions" in the package documentation. A directed one has no energy: it adds
// to the conditional of the node in its first slot alone.
type CodeFactor struct {
	Name     string
	Directed bool
	Slots    []Slot // powers are 0
	Rows     int
	Index    []int32 // Rows × len(Slots), row-major
	Params   []sampling.CodeParam
	Net      *sampling.Net
	Energy   []sampling.CodeOp
	Parts    []sampling.CodePart // one for each slot
	Lowest   []float64           // lower bounds of the Squares
}

// codeLists are the parts of p under the names that the text form has.
func codeLists(p *sampling.CodePart) []codeList {
	return []codeList{{"field", &p.Field}, {"energy", &p.Energy}, {"slope", &p.Slope}, {"linear", &p.Linear}, {"square", &p.Square}}
}

type codeList struct {
	name string
	ops  *[]sampling.CodeOp
}

// heads is how many slots of a row have their nodes' conditionals changed by it.
func (c *CodeFactor) heads() int {
	if c.Directed {
		return min(1, len(c.Slots))
	}
	return len(c.Slots)
}

// code prints a factor: its slots, parameters, code and rows.
func (t *printer) code(c *CodeFactor) {
	t.f("code %s directed %t rows %d slots %d:", t.name(c.Name), c.Directed, c.Rows, len(c.Slots))
	for _, s := range c.Slots {
		t.f(" %s %d", t.kind(s.Kind), s.States)
	}
	t.f(" params %d\n", len(c.Params))
	for _, p := range c.Params {
		t.f(" param")
		t.param(&p)
	}
	t.net(c.Net)
	t.f(" energy")
	t.ops(c.Energy)
	if len(c.Parts) != len(c.Slots) || len(c.Lowest) != len(c.Slots) || len(c.Index) != c.Rows*len(c.Slots) {
		t.fail("ir: code factor %s: lists of wrong lengths", c.Name)
		return
	}
	for i := range c.Parts {
		t.f(" part lowest %s\n", number(c.Lowest[i]))
		for _, l := range codeLists(&c.Parts[i]) {
			t.f("  %s", l.name)
			t.ops(*l.ops)
		}
	}
	t.f(" index")
	t.ints(c.Index)
}

// param prints a parameter behind its name, if it has one.
func (t *printer) param(p *sampling.CodeParam) {
	t.f(" shared %t axes", p.Shared)
	t.shape(p.Axes)
	t.f(" values %d:", len(p.Values))
	for _, v := range p.Values {
		t.f(" %s", number(v))
	}
	t.f("\n")
}

// net prints the network of a factor, if it has one.
func (t *printer) net(n *sampling.Net) {
	if n == nil {
		return
	}
	if int(n.Activation) >= len(sampling.ActivationNames()) {
		t.fail("ir: a network with activation %d", n.Activation)
		return
	}
	t.f(" net %s first %d sizes", n.Activation, n.First)
	t.shape(n.Sizes)
	t.f("\n")
}

func (t *printer) ops(ops []sampling.CodeOp) {
	t.f(" %d:", len(ops))
	for _, o := range ops {
		switch o.Op {
		case sampling.CodeConst:
			t.f(" %s", number(o.V))
		case sampling.CodeSlot:
			t.f(" $%d", o.N)
		case sampling.CodeParamAt:
			t.f(" @%d", o.N)
		case sampling.CodeNetSlope:
			t.f(" ~%d", o.N)
		default:
			t.f(" %s", o.Op)
		}
	}
	t.f("\n")
}

func (t *parser) code() CodeFactor {
	c := CodeFactor{Name: t.name(), Directed: t.bool("directed"), Rows: t.int("rows")}
	t.keys("slots")
	for n := t.count(); n > 0 && t.err == nil; n-- {
		c.Slots = append(c.Slots, Slot{Kind: t.kind(), States: t.int("")})
	}
	for n := t.int("params"); n > 0 && t.err == nil; n-- {
		t.keys("param")
		c.Params = append(c.Params, t.param())
	}
	c.Net = t.net()
	t.keys("energy")
	c.Energy = t.ops()
	for n := len(c.Slots); n > 0 && t.err == nil; n-- {
		t.keys("part")
		c.Lowest = append(c.Lowest, t.float("lowest"))
		var p sampling.CodePart
		for _, l := range codeLists(&p) {
			t.keys(l.name)
			*l.ops = t.ops()
		}
		c.Parts = append(c.Parts, p)
	}
	c.Index = t.ints("index")
	return c
}

func (t *parser) param() sampling.CodeParam {
	p := sampling.CodeParam{Shared: t.bool("shared"), Axes: t.shape("axes")}
	t.keys("values")
	for n := t.count(); n > 0 && t.err == nil; n-- {
		p.Values = append(p.Values, t.float(""))
	}
	return p
}

// net reads a network, if one stands here.
func (t *parser) net() *sampling.Net {
	if !t.is("net") {
		return nil
	}
	n := &sampling.Net{}
	name := t.take()
	var ok bool
	if n.Activation, ok = sampling.ActivationNamed(name); !ok {
		t.fail("%q is no activation", name)
	}
	n.First, n.Sizes = t.int("first"), t.shape("sizes")
	return n
}

func (t *parser) ops() []sampling.CodeOp {
	var ops []sampling.CodeOp
	for n := t.count(); n > 0 && t.err == nil; n-- {
		w := t.take()
		o := sampling.CodeOp{}
		if kind, ok := sampling.CodeOpNamed(w); ok && kind != sampling.CodeNetSlope {
			o.Op = kind
		} else if rest, ok := strings.CutPrefix(w, "$"); ok {
			o.Op, o.N = sampling.CodeSlot, t.place(rest)
		} else if rest, ok := strings.CutPrefix(w, "~"); ok {
			o.Op, o.N = sampling.CodeNetSlope, t.place(rest)
		} else if rest, ok := strings.CutPrefix(w, "@"); ok {
			o.Op, o.N = sampling.CodeParamAt, t.place(rest)
		} else {
			o.V = t.parseFloat(w)
		}
		ops = append(ops, o)
	}
	return ops
}

func (t *parser) place(w string) int32 {
	n, err := strconv.ParseInt(w, 10, 32)
	if err != nil {
		t.fail("%q is no place of a slot or parameter", w)
	}
	return int32(n)
}

func (v *verifier) code(c *CodeFactor) {
	n := len(c.Slots)
	if n == 0 || c.Rows < 0 || len(c.Index) != c.Rows*n || len(c.Parts) != n || len(c.Lowest) != n || c.Directed != (c.Energy == nil) {
		v.fault("code factor %s: %d slots, %d node indices and %d parts for %d rows", c.Name, n, len(c.Index), len(c.Parts), c.Rows)
		return
	}
	check := func(what string, ops []sampling.CodeOp) {
		code := sampling.Code{Ops: ops, Params: c.Params, Net: c.Net}
		if err := code.Check(n, c.Rows); err != nil {
			v.fault("code factor %s: %s: %v", c.Name, what, err)
		}
	}
	if !c.Directed {
		check("energy", c.Energy)
	}
	for j, s := range c.Slots {
		if !checkStates(s.Kind, s.States) || s.Power != 0 {
			v.fault("code factor %s: slot %d has kind %d with %d states and the power %d", c.Name, j, s.Kind, s.States, s.Power)
		}
		p := &c.Parts[j]
		for _, l := range codeLists(p) {
			if *l.ops != nil {
				check(fmt.Sprintf("%s of slot %d", l.name, j), *l.ops)
			}
		}
		if (s.Kind != Continuous && j < c.heads()) != (p.Field != nil) || (p.Energy == nil) != (p.Slope == nil) || p.Linear == nil && p.Square != nil || math.IsNaN(c.Lowest[j]) {
			v.fault("code factor %s: slot %d lacks code, or has too much", c.Name, j)
		}
	}
	for r := range c.Rows {
		row := c.Index[r*n : (r+1)*n]
		for j, node := range row {
			switch {
			case !v.isNode(node):
				v.fault("code factor %s, row %d: no node %d", c.Name, r, node)
			case v.kind[node] != c.Slots[j].Kind || int(v.states[node]) != c.Slots[j].States:
				v.fault("code factor %s, row %d: node %d does not suit slot %d", c.Name, r, node, j)
			case !c.Directed && slices.Contains(row[:j], node):
				v.fault("code factor %s, row %d: node %d twice", c.Name, r, node)
			}
		}
	}
}

// codeFor refuses a free node for whose sampler a code factor has no code.
func (v *verifier) codeFor() {
	if len(v.p.Codes) == 0 {
		return
	}
	sampler := map[int32]string{}
	for _, sb := range v.p.Sweep {
		for _, b := range sb {
			for _, n := range b.Nodes {
				if v.isNode(n) && !v.clamped[n] {
					sampler[n] = b.Sampler
				}
			}
		}
	}
	for i := range v.p.Codes {
		c := &v.p.Codes[i]
		for j, s := range c.Slots[:c.heads()] {
			for r := 0; r < c.Rows && s.Kind == Continuous; r++ {
				node := c.Index[r*len(c.Slots)+j]
				if name, free := sampler[node]; free && (name == "" && c.Parts[j].Linear == nil || name != "" && c.Parts[j].Energy == nil) {
					v.fault("code factor %s: slot %d has no code for the sampler of node %d", c.Name, j, node)
				}
			}
		}
	}
}
