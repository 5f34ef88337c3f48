package graph

import (
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// clamps resolves what is clamped. b.free is then known.
func (b *builder) clamps() {
	b.free = slices.Repeat([]bool{true}, b.g.Nodes)
	owner := map[int32]int{}
	for i := range b.s.Clamps {
		d := &b.s.Clamps[i]
		nodes, ok := b.ref(d.Ref)
		if !ok {
			b.unclear = true
			continue
		}
		twice := few{b: b, code: diag.ClampTwice, help: "remove it from one of the two, also where the values agree"}
		for _, n := range nodes {
			if o, taken := owner[n]; taken {
				twice.add(d.Pos, "%s is clamped here and by %s", b.g.NodeName(int(n)), refText(b.s.Clamps[o].Ref))
			}
			owner[n] = i
			b.free[n] = false
		}
		twice.done("nodes")
		if c, ok := b.clamp(d, nodes); ok {
			b.g.Clamps = append(b.g.Clamps, c)
		}
	}
	if b.g.Nodes > 0 && len(owner) == b.g.Nodes {
		b.warn(b.s.Clamps[0].Pos, diag.NothingToDraw, "", "every node is clamped: there is nothing to sample")
	}
}

func (b *builder) clamp(d *spec.Clamp, nodes []int32) (Clamp, bool) {
	c := Clamp{Nodes: nodes, Text: d.Ref.Text, Pos: d.Pos, Values: make([]int32, len(nodes))}
	place := func(int) diag.Pos { return d.Pos }
	var values []float64
	if d.File != nil {
		shape, read, ok := b.floats(d.File)
		if !ok {
			return c, false
		}
		want := b.refShape(d.Ref, nodes)
		chains, ok := chainAxis(shape, want, len(nodes))
		if !ok {
			b.fail(d.File.Pos, diag.ClampShape, "", "%s has shape %s; %s needs %s, with or without a leading axis over chains",
				fileText(d.File), shapeText(shape), refText(d.Ref), shapeText(want))
			return c, false
		}
		if chains > 0 && int64(chains) != b.s.Sample.Chains.V {
			b.fail(d.File.Pos, diag.ClampShape, "", "%s is for %d chains, the model has %d", fileText(d.File), chains, b.s.Sample.Chains.V)
			return c, false
		}
		c.Chains, c.Source, values = chains, fileText(d.File), read
	} else {
		values = d.Values.Values
		if d.Values.At != nil {
			place = d.Values.At
		}
		want := b.refShape(d.Ref, nodes)
		switch {
		case d.Values.Shape == nil:
			values = slices.Repeat(values, len(nodes))
			place = func(int) diag.Pos { return d.Pos }
		case !slices.Equal(d.Values.Shape, want) && !slices.Equal(d.Values.Shape, []int{len(nodes)}):
			b.fail(d.Pos, diag.ClampShape, "", "the values have shape %s; %s needs one value, or %s",
				shapeText(d.Values.Shape), refText(d.Ref), shapeText(want))
			return c, false
		}
	}
	var ok bool
	c.Values, ok = b.stateValues(diag.ClampValue, values, func(i int) int32 { return nodes[i%len(nodes)] }, place)
	return c, ok
}

// stateValues turns numbers into states: -1 or +1 for spins, 0 … K-1 for
// categoricals, the bits of a float32 for continuous nodes.
func (b *builder) stateValues(code string, values []float64, node func(int) int32, place func(int) diag.Pos) ([]int32, bool) {
	out := make([]int32, len(values))
	bad := few{b: b, code: code}
	var v *Variable
	for i, x := range values {
		n := int(node(i))
		if v == nil || n < v.First || n >= v.First+v.Count {
			v = &b.g.Vars[b.g.varOf(int32(n))]
		}
		switch {
		case v.Kind == Spin && x != -1 && x != 1:
			bad.add(place(i), "%v for %s: a spin is -1 or 1", x, b.g.NodeName(n))
			continue
		case v.Kind == Categorical && !(x >= 0 && x < float64(v.States) && x == float64(int32(x))):
			bad.add(place(i), "%v for %s: its states are 0 … %d", x, b.g.NodeName(n), v.States-1)
			continue
		case v.Kind == Continuous:
			if !v.takes(x) {
				bad.add(place(i), "%v for %s: %s", x, b.g.NodeName(n), v.numbers())
				continue
			}
			out[i] = int32(math.Float32bits(float32(x)))
			continue
		}
		out[i] = int32(x)
	}
	bad.done("values")
	return out, bad.count == 0
}

// takes reports whether a continuous variable can have a value, as a float32.
func (v *Variable) takes(x float64) bool {
	number := float64(float32(x))
	if v.Range != nil {
		return v.Range[0] <= number && number <= v.Range[1]
	}
	return finite(number)
}

// numbers says what a continuous variable holds.
func (v *Variable) numbers() string {
	if v.Range != nil {
		return fmt.Sprintf("its range is %v to %v", v.Range[0], v.Range[1])
	}
	return "a finite number is needed, within ±3.4e38"
}

// refShape is the shape of the nodes of a reference: a variable's own shape, of
// an index the lengths along its axes, else the number of nodes.
func (b *builder) refShape(r *spec.Ref, nodes []int32) []int {
	shape, dim := b.refGrid(r, len(nodes))
	if dim > 0 {
		shape = append(shape, dim)
	}
	return shape
}

// refGrid is refShape without the axis of vectors, and the length of that, 0 where
// no vectors are meant. count is what the reference names if it is no variable.
func (b *builder) refGrid(r *spec.Ref, count int) (shape []int, dim int) {
	i, ok := b.vars[r.Name.Text]
	if r.Op != "" || !ok {
		return []int{count}, 0
	}
	v := &b.g.Vars[i]
	grid, dim := v.Grid(), v.Dim
	switch n := len(r.Index); {
	case n == 0:
		return slices.Clone(grid), dim
	case dim > 0 && n == len(grid)+1:
		grid, dim = v.Shape, 0
	case n == 1 && dim == 0:
		return []int{count}, 0
	case n == 1:
		grid = []int{v.Places()}
	}
	for d, axis := range r.Index {
		if axis.IsIndex {
			continue
		}
		at, p := axisPositions(&axis, grid[d], v.Name)
		if p != nil {
			return []int{count}, 0
		}
		shape = append(shape, len(at))
	}
	return shape, dim
}

// chainAxis matches a shape with the one needed, or with it behind an axis over
// chains (chains > 0).
func chainAxis(shape, want []int, count int) (chains int, ok bool) {
	flat := []int{count}
	if slices.Equal(shape, want) || slices.Equal(shape, flat) {
		return 0, true
	}
	if len(shape) > 0 && shape[0] > 0 && (slices.Equal(shape[1:], want) || slices.Equal(shape[1:], flat)) {
		return shape[0], true
	}
	return 0, false
}

// initialStates resolves init: one form for all variables, or by variable.
func (b *builder) initialStates() {
	b.g.Init = make([]Init, len(b.g.Vars))
	if all := b.s.Init.All; all != nil {
		for i := range b.g.Vars {
			form := *all
			if form.File != nil && form.File.Key == "" {
				file := *form.File
				file.Key = b.g.Vars[i].Name
				form.File = &file
			}
			b.g.Init[i] = b.initial(&b.g.Vars[i], &form)
		}
	}
	seen := map[string]bool{}
	for i := range b.s.Init.Vars {
		d := &b.s.Init.Vars[i]
		at, ok := b.vars[d.Var.Text]
		if fields := b.fieldIndices(d.Var.Text); fields != nil { // each of them, unless by itself
			for _, f := range fields {
				if !seen[b.g.Vars[f].Name] {
					b.g.Init[f] = b.initial(&b.g.Vars[f], &d.InitForm)
				}
			}
			continue
		}
		switch {
		case !ok:
			if !b.brokenVars[d.Var.Text] {
				b.unknown(d.Var, "variable", b.declNames())
			}
			continue
		case seen[d.Var.Text]:
			b.fail(d.Var.Pos, diag.Duplicate, "", "variable %s starts twice", d.Var.Text)
		}
		seen[d.Var.Text] = true
		b.g.Init[at] = b.initial(&b.g.Vars[at], &d.InitForm)
	}
}

func (b *builder) initial(v *Variable, form *spec.InitForm) Init {
	switch form.Kind {
	case "hinton":
		if v.Kind == Spin {
			return Init{Kind: InitHinton}
		}
	case "zeros":
		if v.Range != nil && (v.Range[0] > 0 || v.Range[1] < 0) {
			b.fail(form.Pos, diag.InitValue, "", "variable %s cannot start at 0: %s", v.Name, v.numbers())
		}
		return Init{Kind: InitZeros}
	case "normal":
		if v.Kind == Continuous {
			return Init{Kind: InitNormal, Mean: form.Normal[0].V, SD: form.Normal[1].V}
		}
		b.fail(form.Pos, diag.InitValue, "", "variable %s is %s; a normal start is for continuous variables", v.Name, v.Kind)
	case "code":
		return b.goInit(form)
	case "file":
		return b.fileInit(v, form.File)
	}
	return Init{Kind: InitRandom}
}

func (b *builder) fileInit(v *Variable, file *spec.File) Init {
	shape, values, ok := b.floats(file)
	if !ok {
		return Init{}
	}
	chains, ok := chainAxis(shape, v.Shape, v.Count)
	if !ok {
		b.fail(file.Pos, diag.InitValue, "", "%s has shape %s; variable %s needs %s, with or without a leading axis over chains",
			fileText(file), shapeText(shape), v.Name, shapeText(v.Shape))
		return Init{}
	}
	if chains > 0 && int64(chains) != b.s.Sample.Chains.V {
		b.fail(file.Pos, diag.InitValue, "", "%s is for %d chains, the model has %d", fileText(file), chains, b.s.Sample.Chains.V)
		return Init{}
	}
	states, _ := b.stateValues(diag.InitValue, values,
		func(i int) int32 { return int32(v.First + i%v.Count) },
		func(int) diag.Pos { return file.Pos })
	return Init{Kind: InitValues, Chains: chains, Values: states, Source: fileText(file)}
}
