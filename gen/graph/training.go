package graph

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// Training is the training section with its data.
type Training struct {
	Visible []int32
	Data    Examples
	Given   []int32 // nodes of all conditions
	// Condition has a row for each example.
	Condition Examples

	HeldOut          Examples // may be empty
	HeldOutCondition Examples

	// The phases as models: other blocks and starts, the visible nodes of the
	// positive one and the conditions of both clamped to some value.
	Positive, Negative *Graph
}

// Examples are rows of node values, row-major: ±1, a category or the bits of a
// float32.
type Examples struct {
	Rows   int
	Values []int32
}

// BuildTraining resolves a model with its training section and reads the data.
func BuildTraining(s *spec.Spec, files Files) (*Training, *diag.List) {
	b := resolve(s, files)
	if s.Train == nil {
		b.fail(s.Model.Pos, diag.MissingKey, "add train: {data: …, visible: …}", "the model has no training section")
	}
	if b.l.Len() > 0 {
		return nil, &b.l
	}
	b.trainable()
	t := b.loadTraining()
	if b.l.Len() == 0 {
		t.Positive = b.phase(&s.Train.Positive, s.Train.Visible, t)
		t.Negative = b.phase(&s.Train.Negative, nil, t)
	}
	if b.l.Len() > 0 {
		return nil, &b.l
	}
	if len(t.Positive.Formulas) == 0 && !slices.ContainsFunc(t.Positive.Factors, func(f Factor) bool { return f.Runtime }) {
		b.fail(s.Train.Pos, diag.MissingKey, "add runtime: true to the model, or to the factors to train", "no factor has weights that are data, so there is nothing to train")
		return nil, &b.l
	}
	return t, &b.l
}

// trainable refuses models without an energy, and visible nodes that are clamped for
// good.
func (b *builder) trainable() {
	t := b.s.Train
	for _, c := range b.g.Codes {
		if c.Directed {
			b.fail(t.Pos, diag.NotSupported, "write it as a factor", "%s is directed: a model with interactions has no energy to take gradients of", c.Name)
			return
		}
	}
	nodes, _ := b.ref(t.Visible)
	for _, c := range b.s.Clamps {
		held, _ := b.ref(c.Ref)
		for _, n := range held {
			if slices.Contains(nodes, n) {
				b.fail(t.Visible.Pos, diag.ClampTwice, "leave it out of train.visible, or remove the clamp", "%s is visible in training, and clamped by %s", b.g.NodeName(int(n)), refText(c.Ref))
				break
			}
		}
	}
}

func (b *builder) batchTooLarge(t *spec.Train, rows int) {
	help := fmt.Sprintf("take at most %d; without batch a step takes all", rows)
	b.fail(t.Batch.Pos, diag.OutOfRange, help, "a batch of %d examples, the data have %d", t.Batch.V, rows)
}

func (b *builder) loadTraining() *Training {
	from := b.s.Train
	t := &Training{}
	t.Visible, _ = b.ref(from.Visible)
	t.Data = b.load("train.data", from.Data, from.Visible, t.Visible)
	if from.HeldOut != nil {
		t.HeldOut = b.load("train.held_out", from.HeldOut, from.Visible, t.Visible)
	}
	if b.l.Len() > 0 {
		return t
	}
	if from.Batch.V > int64(t.Data.Rows) {
		b.batchTooLarge(from, t.Data.Rows)
	}
	if len(from.Condition) > 0 && t.HeldOut.Rows > 0 {
		b.fail(from.HeldOut.Pos, diag.NotSupported, "leave held_out away", "examples held out have no conditions of their own yet")
	}
	var columns []Examples
	for _, c := range from.Condition {
		nodes, _ := b.ref(c.Ref)
		e := b.load("train.condition."+refText(c.Ref), c.Data, c.Ref, nodes)
		if e.Rows > 0 && e.Rows != t.Data.Rows {
			b.fail(c.Data.Pos, diag.Length, "there is one row for each example", "train.condition.%s has %d rows, train.data has %d", refText(c.Ref), e.Rows, t.Data.Rows)
		}
		t.Given = append(t.Given, nodes...)
		columns = append(columns, e)
	}
	if b.l.Len() > 0 || len(columns) == 0 {
		return t
	}
	t.Condition.Rows = t.Data.Rows
	for r := range t.Data.Rows {
		for _, e := range columns {
			width := len(e.Values) / e.Rows
			t.Condition.Values = append(t.Condition.Values, e.Values[r*width:(r+1)*width]...)
		}
	}
	b.chainsOfConditions(t)
	return t
}

// chainsOfConditions holds that the negative chains of loss kl come evenly to the
// conditions of every batch, where these differ.
func (b *builder) chainsOfConditions(t *Training) {
	from, width := b.s.Train, len(t.Given)
	chains, batch := from.Negative.Chains, t.Data.Rows
	if !chains.Ok {
		chains = b.s.Sample.Chains
	}
	if from.Batch.Ok {
		batch = int(from.Batch.V)
	}
	same := true
	for i, v := range t.Condition.Values {
		same = same && v == t.Condition.Values[i%width]
	}
	if from.Loss.Text == "cd" || same {
		return
	}
	for _, n := range []int{batch, t.Data.Rows % batch} {
		if n == 0 || chains.V%int64(n) == 0 {
			continue
		}
		pos := from.Pos
		if from.Negative.Chains.Ok {
			pos = chains.Pos
		}
		b.fail(pos, diag.OutOfRange, fmt.Sprintf("take a multiple of %d negative chains", n), "%d negative chains for the conditions of a batch of %d examples", chains.V, n)
		return
	}
}

// load gives the examples of a table for some nodes.
func (b *builder) load(what string, d *spec.Data, of *spec.Ref, nodes []int32) Examples {
	var values []float64
	place := func(int) diag.Pos { return d.Pos }
	rows := 0
	switch {
	case d.P.Ok:
		rows = int(d.Rows.V)
		if float64(rows)*float64(len(nodes)) > MaxCells {
			b.limit(d.Pos, "%s: more than %d values", what, MaxCells)
			return Examples{}
		}
		return Examples{rows, drawExamples(uint64(d.Seed.V), rows*len(nodes), d.P.V)}
	case d.List != nil:
		rows, values = d.List.Shape[0], d.List.Values // its shape is checked
		if d.List.At != nil {
			place = d.List.At
		}
	default:
		shape, read, ok := b.floats(d.File)
		if !ok {
			return Examples{}
		}
		want := b.refShape(of, nodes)
		if len(shape) == 0 || !slices.Equal(shape[1:], want) && !slices.Equal(shape[1:], []int{len(nodes)}) {
			b.fail(d.File.Pos, diag.Length, "one row is one example, its columns are the nodes in the order of "+refText(of), "%s has shape %s; %s needs an axis over examples, then %s", fileText(d.File), shapeText(shape), refText(of), shapeText(want))
			return Examples{}
		}
		if shape[0] == 0 {
			b.fail(d.File.Pos, diag.Empty, "training takes at least one example", "%s has no rows", fileText(d.File))
			return Examples{}
		}
		if rows, values = shape[0], read; !b.valuesFit(d.File, values, nodes) {
			return Examples{}
		}
	}
	states, ok := b.stateValues(diag.ClampValue, values, func(i int) int32 { return nodes[i%len(nodes)] }, place)
	if !ok {
		return Examples{}
	}
	return Examples{rows, states}
}

// valuesFit reports the first value of a file that its node cannot have, with its row.
func (b *builder) valuesFit(f *spec.File, values []float64, nodes []int32) bool {
	for i, x := range values {
		n := nodes[i%len(nodes)]
		v := &b.g.Vars[b.g.varOf(n)]
		help, fits := "spins are -1 and +1: what is 0 and 1 takes 2·x - 1", x == -1 || x == 1
		switch v.Kind {
		case Categorical:
			help, fits = fmt.Sprintf("its states are 0 … %d", v.States-1), x >= 0 && x < float64(v.States) && x == float64(int32(x))
		case Continuous:
			help, fits = v.numbers(), v.takes(x)
		}
		if !fits {
			b.fail(f.Pos, diag.ClampValue, help, "%s: row %d has %v for %s", fileText(f), i/len(nodes), x, b.g.NodeName(int(n)))
			return false
		}
	}
	return true
}

// drawExamples draws spins that are +1 with probability p: the word of each, as
// for drawn weights, is below p·2^32.
func drawExamples(seed uint64, n int, p float64) []int32 {
	out := make([]int32, n)
	weightWords(seed, n, 1, func(i int, w [2]uint32) {
		out[i] = -1
		if float64(w[0]) < float64(p*(1<<32)) {
			out[i] = 1
		}
	})
	return out
}

// phase is the model of one phase.
func (b *builder) phase(p *spec.Phase, visible *spec.Ref, t *Training) *Graph {
	s := *b.s
	s.Train = nil
	if p.BlocksPos.Line > 0 {
		s.Blocks, s.BlocksPos, s.BlockOrder = p.Blocks, p.BlocksPos, ""
	}
	if p.Init != nil {
		s.Init = *p.Init
	}
	for _, x := range []struct{ from, to *spec.Int }{{&p.Chains, &s.Sample.Chains}, {&p.Warmup, &s.Sample.Warmup}, {&p.Samples, &s.Sample.Samples}, {&p.StepsPerSample, &s.Sample.StepsPerSample}} {
		if x.from.Ok {
			*x.to = *x.from
		}
	}
	s.Clamps = slices.Clone(s.Clamps)
	if visible != nil {
		s.Clamps = append(s.Clamps, b.someClamp(visible))
	}
	for _, c := range b.s.Train.Condition {
		s.Clamps = append(s.Clamps, b.someClamp(c.Ref))
	}
	g, list := Build(&s, b.files)
	for _, problem := range list.Problems() {
		b.add(problem)
	}
	return g
}

// someClamp holds nodes at a value that they can have.
func (b *builder) someClamp(r *spec.Ref) spec.Clamp {
	nodes, _ := b.ref(r)
	list := &spec.List{Shape: []int{len(nodes)}, Values: make([]float64, len(nodes))}
	for i, n := range nodes {
		list.Values[i] = 1
		if v := &b.g.Vars[b.g.varOf(n)]; v.Kind == Continuous && !v.takes(1) {
			list.Values[i] = float64(v.Range[0]/2) + float64(v.Range[1]/2)
		}
	}
	return spec.Clamp{Ref: r, Values: list, Pos: r.Pos}
}
