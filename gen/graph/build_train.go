package graph

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// training checks what the training section refers to. It stays in the Spec;
// its files are not read, so that a model samples without its data.
func (b *builder) training() {
	t := b.s.Train
	if t == nil {
		return
	}
	rows := 0
	visible, ok := b.ref(t.Visible)
	if ok {
		rows = b.examples("train.data", t.Data, t.Visible, visible)
		if t.HeldOut != nil {
			b.examples("train.held_out", t.HeldOut, t.Visible, visible)
		}
	}
	if rows > 0 && t.Batch.V > int64(rows) {
		b.batchTooLarge(t, rows)
	}
	b.conditions(t, visible, rows)
	b.chainStart(t)
	b.lossKeys(t)
	if t.ScoreMatching() && ok {
		b.scoreMatching(t, visible)
	}
	for _, p := range []*spec.Phase{&t.Positive, &t.Negative} {
		for i := range p.Blocks {
			b.blockRefs(&p.Blocks[i])
		}
		if p.Init == nil {
			continue
		}
		for _, v := range p.Init.Vars {
			if !b.isVariable(v.Var.Text) {
				b.unknown(v.Var, "variable", b.declNames())
			}
		}
	}
}

// lossKeys refuses keys that do not go with the loss.
func (b *builder) lossKeys(t *spec.Train) {
	loss := t.Loss.Text
	scores, persistent := t.ScoreMatching(), t.Start.Text == "persistent"
	for _, k := range []struct {
		key     string
		pos     diag.Pos
		written bool
		refused bool
		why     string
	}{
		{"k", t.K.Pos, t.K.Ok, scores, "is for chains, and loss " + loss + " runs none"},
		{"start", t.Start.Pos, t.Start.Text != "", scores, "is for chains, and loss " + loss + " runs none"},
		{"positive", t.Positive.Pos, t.Positive.Pos.Line > 0, scores, "is for chains, and loss " + loss + " runs none"},
		{"negative", t.Negative.Pos, t.Negative.Pos.Line > 0, scores, "is for chains, and loss " + loss + " runs none"},
		{"buffer", t.Buffer.Pos, t.Buffer.Ok, !persistent, "goes with start: persistent"},
		{"fresh", t.Fresh.Pos, t.Fresh.Ok, !persistent, "goes with start: persistent"},
		{"buffer", t.Buffer.Pos, t.Buffer.Ok, persistent && len(t.Condition) > 0, "does not go with condition: its states do not keep that of an example"},
		{"fresh", t.Fresh.Pos, t.Fresh.Ok, persistent && len(t.Condition) > 0, "does not go with condition: its states do not keep that of an example"},
		{"sigma", t.Sigma.Pos, t.Sigma.Ok, loss != "denoising", "goes with loss: denoising"},
		{"projections", t.Projections.Pos, t.Projections.Ok, loss != "sliced", "goes with loss: sliced"},
	} {
		if k.written && k.refused {
			b.fail(k.pos, diag.Conflict, "remove it", "train.%s %s", k.key, k.why)
		}
	}
	chains := t.Negative.Chains
	if !chains.Ok {
		chains = b.s.Sample.Chains
	}
	if t.Buffer.Ok && persistent && t.Buffer.V < chains.V {
		b.fail(t.Buffer.Pos, diag.OutOfRange, "each step takes as many slots as it has chains", "a buffer of %d states for %d negative chains", t.Buffer.V, chains.V)
	}
}

// scoreMatching refuses nodes that a loss without chains would have to sample.
func (b *builder) scoreMatching(t *spec.Train, visible []int32) {
	var known bitset
	for _, n := range visible {
		known.add(n)
	}
	refs := make([]*spec.Ref, 0, len(t.Condition)+len(b.s.Clamps))
	for _, c := range t.Condition {
		refs = append(refs, c.Ref)
	}
	for _, c := range b.s.Clamps {
		refs = append(refs, c.Ref)
	}
	var held bitset
	for _, r := range refs {
		nodes, _ := b.ref(r)
		for _, n := range nodes {
			held.add(n)
		}
	}
	wrong := few{b: b, code: diag.NotSupported, help: "score matching takes derivatives by all nodes that are not held: continuous ones without a range, all of them visible"}
	for n := range int32(b.g.Nodes) {
		v := &b.g.Vars[b.g.varOf(n)]
		switch name := b.g.NodeName(int(n)); {
		case held.has(n):
		case v.Kind != Continuous:
			wrong.add(t.Loss.Pos, "loss %s: %s is a %s", t.Loss.Text, name, v.Kind)
		case v.Range != nil:
			wrong.add(t.Loss.Pos, "loss %s: %s has a range", t.Loss.Text, name)
		case !known.has(n):
			wrong.add(t.Loss.Pos, "loss %s: %s is hidden", t.Loss.Text, name)
		}
	}
	wrong.done("nodes")
}

// conditions are nodes of their own, with as many rows as the data.
func (b *builder) conditions(t *spec.Train, visible []int32, rows int) {
	var taken bitset
	for _, n := range visible {
		taken.add(n)
	}
	for _, c := range t.Condition {
		nodes, ok := b.ref(c.Ref)
		if !ok {
			continue
		}
		twice := few{b: b, code: diag.NodeTwice, help: "a node is visible or in one condition"}
		for _, n := range nodes {
			if !taken.add(n) {
				twice.add(c.Ref.Pos, "%s is visible or in another condition already", b.g.NodeName(int(n)))
			}
		}
		twice.done("nodes")
		what := "train.condition." + refText(c.Ref)
		if n := b.examples(what, c.Data, c.Ref, nodes); n > 0 && rows > 0 && n != rows {
			b.fail(c.Data.Pos, diag.Length, "there is one row for each example", "%s has %d rows, train.data has %d", what, n, rows)
		}
	}
}

// examples checks data that are in the model file: one row for each example, in
// it one value for each node. It gives the number of rows, 0 if that is not known.
func (b *builder) examples(what string, d *spec.Data, of *spec.Ref, nodes []int32) int {
	switch {
	case d.P.Ok:
		for _, n := range nodes {
			if v := &b.g.Vars[b.g.varOf(n)]; v.Kind != Spin {
				b.fail(d.Pos, diag.BadVariable, "give the data as a list or a file", "%s: bernoulli data are for spins; %s is %s", what, b.g.NodeName(int(n)), v.Kind)
				return 0
			}
		}
		return int(d.Rows.V)
	case d.List == nil:
		return 0
	}
	want := b.refShape(of, nodes)
	shape := d.List.Shape
	if len(shape) == 0 || !slices.Equal(shape[1:], want) && !slices.Equal(shape[1:], []int{len(nodes)}) {
		help := "write a list of rows"
		if slices.Equal(shape, want) || slices.Equal(shape, []int{len(nodes)}) {
			help = "one example is a list in a list: [[…]]"
		}
		b.fail(d.Pos, diag.Length, help, "%s has shape %s; it needs an axis over examples, then %s for %s", what, shapeText(shape), shapeText(want), refText(of))
		return 0
	}
	if shape[0] == 0 || len(d.List.Values) == 0 {
		b.fail(d.Pos, diag.Empty, "", "%s has no rows", what)
		return 0
	}
	b.stateValues(diag.ClampValue, d.List.Values, func(i int) int32 { return nodes[i%len(nodes)] }, d.List.At)
	return shape[0]
}

// blockRefs resolves the references of a block of a phase.
func (b *builder) blockRefs(d *spec.Block) {
	if d.Refs != nil {
		b.ref(d.Refs)
	}
	for i := range d.Together {
		b.blockRefs(&d.Together[i])
	}
}

// chainStart refuses what goes with contrastive divergence only.
func (b *builder) chainStart(t *spec.Train) {
	if t.Loss.Text == "cd" || t.ScoreMatching() {
		return
	}
	if t.K.Ok {
		b.fail(t.K.Pos, diag.Conflict, "add loss: cd, or remove k; for loss kl the sweeps are those of negative",
			"train.k is the number of sweeps of contrastive divergence, the loss is kl")
	}
	if t.Start.Text == "data" {
		b.fail(t.Start.Pos, diag.Conflict, "add loss: cd, or take start: noise or persistent",
			"chains start at the data in contrastive divergence only, the loss is kl")
	}
}
