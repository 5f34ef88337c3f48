package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// dynamics resolves the joint move: whole continuous variables without range that
// no other sampler draws.
func (b *builder) dynamics() {
	d := b.s.Dynamics
	if d == nil {
		return
	}
	out := &Dynamics{Kind: d.Kind, Joint: jointOf(d), Pos: d.Over.Pos}
	if d.Adapt.Ok && !out.Joint.StepSize.IsFixed() {
		b.fail(d.Adapt.Pos, diag.Conflict, "give the step_size as a number, where the fit begins", "adapt fits the step_size, which has a schedule")
		out.Joint.Adapt = 0
	}
	if d.StepSize != nil {
		out.StepPos = d.StepSize.Pos
	}
	nodes, ok := b.ref(d.Over)
	if !ok {
		return
	}
	count := map[int]int{}
	for _, n := range nodes {
		count[b.g.varOf(n)]++
	}
	for i := range b.g.Vars {
		v := &b.g.Vars[i]
		switch {
		case count[i] == 0:
			continue
		case v.Kind != Continuous:
			b.fail(d.Over.Pos, diag.BadChoice, "spins and categoricals are drawn by gibbs beside it", "%s moves continuous variables, %s is a %s variable", d.Kind, v.Name, v.Kind)
		case count[i] != v.Count:
			b.fail(d.Over.Pos, diag.BadReference, "clamp the nodes that should not move", "%s moves whole variables; here are %d of the %d nodes of %s", d.Kind, count[i], v.Count, v.Name)
			v.Sampler = d.Kind
		case v.Range != nil:
			b.fail(d.Over.Pos, diag.BadVariable, "leave the range away, or draw it by update: {"+v.Name+": slice}", "%s has a range, at whose ends %s does not stop", v.Name, d.Kind)
		case v.Sampler != "":
			b.fail(d.Over.Pos, diag.Duplicate, "take it out of update or of dynamics", "%s is drawn by %s already", v.Name, v.Sampler)
		default:
			v.Sampler = d.Kind
			out.Vars = append(out.Vars, i)
		}
	}
	b.g.Dynamics = out
	if d.Mass != nil {
		b.masses(d.Mass, out)
	}
}

// jointOf is what moves have without being told.
func jointOf(d *spec.Dynamics) sampling.Joint {
	j := sampling.Joint{StepSize: rateOf(d.StepSize), NoiseScale: rateOf(d.NoiseScale), Steps: 10, Adapt: d.Adapt.V}
	if d.NoiseScale == nil {
		j.NoiseScale = sampling.Fixed(1)
	}
	switch d.Kind {
	case "hmc":
		if d.Steps.Ok {
			j.Steps = int(d.Steps.V)
		}
	case "underdamped":
		j.Friction = 1
		if d.Friction.Ok {
			j.Friction = d.Friction.V
		}
	case "nesterov":
		j.Momentum = 0.9
		if d.Momentum.Ok {
			j.Momentum = d.Momentum.V
		}
	}
	return j
}

func rateOf(r *spec.Rate) sampling.Rate {
	if r == nil {
		return sampling.Rate{}
	}
	out := sampling.Rate{Shape: r.Shape, From: r.From.V, To: r.To.V, Sweeps: int(r.Sweeps.V), Factor: r.Factor.V, Least: r.Least.V, Rise: int(r.Rise.V)}
	if r.Shape == "constant" {
		out.Shape = ""
	}
	for _, at := range r.At {
		out.At = append(out.At, int(at.V))
	}
	return out
}

// masses are those of the nodes that move: one number for all, or one for each in the
// order of the variables.
func (b *builder) masses(m *spec.Mass, d *Dynamics) {
	var shape []int
	var values []float64
	pos := m.Pos
	if m.File != nil {
		var ok bool
		if shape, values, ok = b.floats(m.File); !ok {
			return
		}
		pos = m.File.Pos
		if i := slices.IndexFunc(values, func(v float64) bool { return v <= 0 }); i >= 0 {
			b.fail(pos, diag.OutOfRange, "a mass is greater than 0", "%s: element %s is %v", fileText(m.File), elementText(shape, i), values[i])
			return
		}
	} else {
		shape, values = m.List.Shape, m.List.Values
	}
	n := 0
	var own []int
	for _, i := range d.Vars {
		n += b.g.Vars[i].Count
		own = b.g.Vars[i].Shape
	}
	if len(d.Vars) > 1 || len(own) == 0 {
		own = []int{n}
	}
	switch {
	case len(shape) == 0:
		values = slices.Repeat(values, n)
	case !slices.Equal(shape, own) && !slices.Equal(shape, []int{n}):
		b.fail(pos, diag.WeightsShape, "one mass for all nodes, or one for each in the order of the variables", "the masses have shape %s, the nodes that move %s", shapeText(shape), shapeText(own))
		return
	}
	d.Joint.Mass = values
}

// moves tells the variables of the joint move.
func (g *Graph) moves(variable int) bool {
	return g.Dynamics != nil && slices.Contains(g.Dynamics.Vars, variable)
}

// jointBlock is the last superblock: the nodes that move together.
func (g *Graph) jointBlock() []Block {
	var nodes []int32
	for _, i := range g.Dynamics.Vars {
		v := &g.Vars[i]
		for n := v.First; n < v.First+v.Count; n++ {
			nodes = append(nodes, int32(n))
		}
	}
	return []Block{{Nodes: nodes, Pos: g.Dynamics.Pos, Joint: true}}
}

// joint adds a move to the hash: what differs from the plain form comes last, so that a
// model without it keeps its hash.
func (h *hasher) joint(j *sampling.Joint) {
	h.floats([]float64{j.StepSize.From, j.NoiseScale.From})
	h.count(j.Steps)
	for _, r := range []*sampling.Rate{&j.StepSize, &j.NoiseScale} {
		if !r.IsFixed() {
			h.text(r.Shape)
			h.floats([]float64{r.To, r.Factor, r.Least})
			h.count(r.Sweeps, r.Rise)
			h.list(r.At)
		}
	}
	if j.Mass != nil || j.Friction != 0 || j.Momentum != 0 || j.Adapt != 0 {
		h.floats([]float64{j.Friction, j.Momentum, j.Adapt})
		h.floats(j.Mass)
	}
}

// jointText is what a move has beside its variables, as a model file has it.
func jointText(kind string, j *sampling.Joint) string {
	text := "step_size: " + rateText(&j.StepSize)
	if kind == "langevin" || kind == "underdamped" {
		text += ", noise_scale: " + rateText(&j.NoiseScale)
	}
	switch kind {
	case "hmc":
		text += ", steps: " + strconv.Itoa(j.Steps)
	case "underdamped":
		text += ", friction: " + number(j.Friction)
	case "nesterov":
		text += ", momentum: " + number(j.Momentum)
	}
	if j.Mass != nil {
		text += ", mass: [" + joined(j.Mass, number) + "]"
	}
	if j.Adapt != 0 {
		text += ", adapt: " + number(j.Adapt)
	}
	return text
}

// rateText is a rate as a model file has it.
func rateText(r *sampling.Rate) string {
	if r.IsFixed() {
		return number(r.From)
	}
	text := "{constant: " + number(r.From)
	switch r.Shape {
	case "linear", "cosine":
		text = fmt.Sprintf("{%s: [%s, %s], sweeps: %d", r.Shape, number(r.From), number(r.To), r.Sweeps)
	case "exponential":
		text = fmt.Sprintf("{exponential: %s, factor: %s, least: %s", number(r.From), number(r.Factor), number(r.Least))
	case "multi_step":
		text = fmt.Sprintf("{multi_step: %s, factor: %s, at: [%s]", number(r.From), number(r.Factor), joined(r.At, strconv.Itoa))
	}
	if r.Rise > 0 {
		text += fmt.Sprintf(", rise: %d", r.Rise)
	}
	return text + "}"
}

func joined[T any](list []T, text func(T) string) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = text(x)
	}
	return strings.Join(out, ", ")
}
