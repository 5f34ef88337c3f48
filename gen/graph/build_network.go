package graph

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/expr"
	"github.com/thrmlgen/thrmlgen/gen/safetensors"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// network makes code of an energy that a network computes, times some slots. Inputs are
// the numbers in its slots in order: of a spin ±1, of a vector its components, of a
// categorical with K states K numbers, 1 for its state and 0 for the others. The weights
// and biases of layer l are the parameters wl and bl.
func (e *expression) network() bool {
	m := e.t.MLP
	e.readSlots()
	if !e.namesDiffer() {
		return false
	}
	inputs, ok := e.inputs(m)
	tree, fits := e.timesSlots(m, expr.Network(inputs))
	if !ok || !fits {
		return false
	}
	e.net = &sampling.Net{Sizes: []int{len(inputs)}}
	for _, h := range m.Hidden {
		e.net.Sizes = append(e.net.Sizes, int(h.V))
	}
	e.net.Sizes = append(e.net.Sizes, 1)
	if m.Activation.Text != "" {
		e.net.Activation, _ = sampling.ActivationNamed(m.Activation.Text)
	}
	if !e.tensors(m) {
		return false
	}
	e.raw = tree
	if e.t.ScaleBy.Text != "" {
		scale, ok := e.scaleParam()
		if !ok {
			return false
		}
		tree = expr.Product(scale, tree)
	}
	return e.code(expr.Simplify(tree))
}

// inputs are what goes into the network.
func (e *expression) inputs(m *spec.MLP) (list []*expr.Expr, ok bool) {
	ok = true
	seen := map[string]bool{}
	for _, name := range m.Input {
		i := e.slotNamed(name)
		if i < 0 {
			ok = false
			continue
		}
		if seen[name.Text] {
			e.b.fail(name.Pos, diag.Duplicate, "", "%s is an input already", name.Text)
			ok = false
		}
		seen[name.Text] = true
		s := e.scope.Slots[i]
		for comp := range max(s.Dim, 1) {
			x := e.slotOf(column{i, comp})
			if s.Kind != expr.Categorical {
				list = append(list, x)
				continue
			}
			for k := range s.States {
				list = append(list, &expr.Expr{Op: expr.Equal, Args: []*expr.Expr{x, expr.Number(float64(k))}, Comp: expr.Scalar})
			}
		}
	}
	return list, ok
}

// slotNamed is the place of a slot, -1 if there is none of this name.
func (e *expression) slotNamed(name spec.Name) int {
	var names []string
	for i, s := range e.scope.Slots {
		if s.Name == name.Text {
			return i
		}
		names = append(names, s.Name)
	}
	e.b.unknown(name, "slot", names)
	return -1
}

// timesSlots multiplies the network with slots.
func (e *expression) timesSlots(m *spec.MLP, tree *expr.Expr) (*expr.Expr, bool) {
	ok := true
	for _, name := range m.Times {
		i := e.slotNamed(name)
		if i < 0 {
			ok = false
			continue
		}
		if s := e.scope.Slots[i]; s.Kind == expr.Categorical || s.Dim > 0 {
			e.b.fail(name.Pos, diag.BadSlots, "take it as an input", "a network cannot be multiplied with %s, which is no single number", name.Text)
			ok = false
			continue
		}
		tree = expr.Product(e.slotOf(column{i, 0}), tree)
	}
	for i, s := range e.scope.Slots {
		used := func(list []spec.Name) bool {
			return slices.ContainsFunc(list, func(n spec.Name) bool { return n.Text == s.Name })
		}
		if !used(m.Input) && !used(m.Times) {
			e.b.fail(e.t.Over[i].Var.Pos, diag.BadSlots, "add it to the inputs, or take it out of over", "slot %s is not in the network of factor %s", s.Name, e.f.Name)
			ok = false
		}
	}
	return tree, ok
}

// tensorName is the name of a tensor: w0, b0, w1, …
func tensorName(i int) string { return "wb"[i%2:i%2+1] + strconv.Itoa(i/2) }

// tensors reads, or draws, weights and biases.
func (e *expression) tensors(m *spec.MLP) bool {
	total := 0.0
	var shapes [][]int
	for l, in := range e.net.Sizes[:len(e.net.Sizes)-1] {
		out := e.net.Sizes[l+1]
		shapes = append(shapes, []int{out, in}, []int{out})
		total += float64(float64(out) * float64(in+1))
	}
	if !e.b.takeWeights(m.Pos, total) {
		return false
	}
	for i := range shapes {
		e.scope.Params = append(e.scope.Params, tensorName(i))
	}
	var values [][]float64
	ok := true
	switch {
	case m.File != nil:
		values, ok = e.fileTensors(m.File, shapes)
	case m.Tensors != nil:
		values, ok = e.writtenTensors(m, shapes)
	default:
		values = drawTensors(uint64(m.Seed.V), shapes)
	}
	for i := range values {
		e.params = append(e.params, energyParam{shapes[i], true, values[i]})
	}
	return ok
}

// drawTensors draws each layer, weights before biases, uniformly between ∓1/√in, as
// torch.nn.Linear does by default. Elements are counted through all of them.
func drawTensors(seed uint64, shapes [][]int) (values [][]float64) {
	total := 0
	for _, s := range shapes {
		total += elements(s)
	}
	all := drawUniform(seed, total, -1, 1)
	for i, s := range shapes {
		bound := 1 / math.Sqrt(float64(shapes[i/2*2][1]))
		t := all[:elements(s)]
		all = all[len(t):]
		for k := range t {
			t[k] = float64(t[k] * bound)
		}
		values = append(values, t)
	}
	return values
}

func elements(shape []int) int {
	n := 1
	for _, k := range shape {
		n *= k
	}
	return n
}

// writtenTensors are those in the model file.
func (e *expression) writtenTensors(m *spec.MLP, shapes [][]int) (values [][]float64, ok bool) {
	ok = true
	given := map[string]*spec.List{}
	for _, t := range m.Tensors {
		i := slices.Index(e.scope.Params, t.Name.Text)
		switch {
		case i < 0:
			e.b.unknown(t.Name, "tensor", e.scope.Params)
		case !slices.Equal(t.List.Shape, shapes[i]):
			e.b.fail(t.Name.Pos, diag.ParamShape, "", "%s has shape %s; layer %d of the network needs %s", t.Name.Text, shapeText(t.List.Shape), i/2, shapeText(shapes[i]))
		default:
			given[t.Name.Text] = t.List
			continue
		}
		ok = false
	}
	for _, name := range e.scope.Params {
		if given[name] == nil && ok {
			e.b.fail(m.Pos, diag.MissingKey, "weights have the names "+strings.Join(e.scope.Params, ", "), "the network has no %s", name)
			return nil, false
		}
		if ok {
			values = append(values, slices.Clone(given[name].Values))
		}
	}
	return values, ok
}

// fileTensors reads what training wrote: PREFIX/w0, PREFIX/b0, …; or a state_dict of
// PyTorch: tensors called PREFIX.LAYER.weight and PREFIX.LAYER.bias, layers in the order
// of their numbers. The prefix is what the file name has behind #, or the only one that
// there is.
func (e *expression) fileTensors(f *spec.File, shapes [][]int) (values [][]float64, ok bool) {
	file, ok := e.b.arraysOf(f)
	if !ok {
		return nil, false
	}
	if own := strings.TrimPrefix(f.Key+"/", "/"); slices.Contains(file.Names(), own+tensorName(0)) {
		var names []string
		for i := range shapes {
			names = append(names, own+tensorName(i))
		}
		return e.namedTensors(f, file, names, shapes)
	}
	layers, help, err := stateDict(file.Names(), f.Key)
	if err != nil {
		e.b.fail(f.Pos, diag.BadFile, help, "%s: %v", f.Path, err)
		return nil, false
	}
	if len(layers)*2 != len(shapes) {
		e.b.fail(f.Pos, diag.ParamShape, "hidden has one size for each layer but the last", "%s has %d layers; the network has %d", fileText(f), len(layers), len(shapes)/2)
		return nil, false
	}
	var names []string
	for i := range shapes {
		names = append(names, layers[i/2]+[...]string{".weight", ".bias"}[i%2])
	}
	return e.namedTensors(f, file, names, shapes)
}

// namedTensors reads tensors of a file.
func (e *expression) namedTensors(f *spec.File, file arrays, names []string, shapes [][]int) (values [][]float64, ok bool) {
	for i, shape := range shapes {
		name := names[i]
		if !slices.Contains(file.Names(), name) {
			e.b.fail(f.Pos, diag.BadFile, "each layer has a weight and a bias", "%s: no tensor is called %q; there are %s", f.Path, name, someOf(file.Names()))
			return nil, false
		}
		at := &spec.File{Path: f.Path, Key: name, Pos: f.Pos}
		got, v, read := e.b.floats(at)
		if !read {
			return nil, false
		}
		if !slices.Equal(got, shape) {
			help := ""
			if i%2 == 0 && len(got) == 2 && got[0] == shape[1] && got[1] == shape[0] {
				help = "it is transposed: the first axis is that of the outputs, as in torch.nn.Linear"
			}
			e.b.fail(f.Pos, diag.ParamShape, help, "%s has shape %s; layer %d of the network needs %s", fileText(at), shapeText(got), i/2, shapeText(shape))
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// stateDict finds the layers of a network among the names of tensors.
func stateDict(names []string, prefix string) (layers []string, help string, err error) {
	numbers := map[string][]int{} // by prefix
	for _, name := range names {
		base, kind := cutLast(name)
		if kind != "weight" && kind != "bias" {
			continue
		}
		above, number := cutLast(base)
		n, bad := strconv.Atoi(number)
		if bad != nil || strconv.Itoa(n) != number || slices.Contains(numbers[above], n) {
			continue
		}
		numbers[above] = append(numbers[above], n)
	}
	var prefixes []string
	for p := range numbers {
		prefixes = append(prefixes, p)
	}
	slices.Sort(prefixes)
	switch {
	case len(prefixes) == 0:
		return nil, "name them as torch.nn.Sequential does: 0.weight, 0.bias, 2.weight, …", fmt.Errorf("no tensors of layers; there are %s", someOf(names))
	case prefix != "" && numbers[prefix] == nil:
		return nil, diag.DidYouMean(prefix, prefixes), fmt.Errorf("no network is called %q; there are %s", prefix, someOf(prefixes))
	case prefix == "" && numbers[""] == nil && len(prefixes) > 1:
		return nil, "write its name behind the file's: FILE#" + prefixes[0], fmt.Errorf("several networks: %s", someOf(prefixes))
	case prefix == "" && numbers[""] == nil:
		prefix = prefixes[0]
	}
	found := numbers[prefix]
	slices.Sort(found)
	join := ""
	if prefix != "" {
		join = prefix + separator(names, prefix)
	}
	for _, n := range found {
		layers = append(layers, join+strconv.Itoa(n))
	}
	return layers, "", nil
}

// cutLast cuts a name at its last dot or slash.
func cutLast(name string) (before, after string) {
	i := strings.LastIndexAny(name, "./")
	return name[:max(i, 0)], name[i+1:]
}

// separator is what stands behind a prefix of names.
func separator(names []string, prefix string) string {
	for _, n := range names {
		if rest, ok := strings.CutPrefix(n, prefix); ok && rest != "" && (rest[0] == '.' || rest[0] == '/') {
			return rest[:1]
		}
	}
	return "."
}

// arraysOf opens a file that holds arrays with names.
func (b *builder) arraysOf(f *spec.File) (arrays, bool) {
	raw, ok := b.bytesOf(f)
	if !ok {
		return nil, false
	}
	var file arrays
	var err error
	switch strings.ToLower(filepath.Ext(f.Path)) {
	case ".npz":
		file, err = npy.OpenNPZ(raw)
	case ".safetensors":
		file, err = safetensors.Open(raw)
	default:
		err = fmt.Errorf("a network's weights are in a .safetensors or .npz file")
	}
	if err != nil {
		b.fail(f.Pos, diag.BadFile, "save the state_dict with safetensors.torch.save_file", "%s: %v", f.Path, err)
		return nil, false
	}
	return file, true
}

// shownNetwork is the network as written, nil if there is none.
func (e *expression) shownNetwork() *Network {
	if e.net == nil {
		return nil
	}
	text := func(names []spec.Name) (out []string) {
		for _, n := range names {
			out = append(out, n.Text)
		}
		return out
	}
	last := len(e.net.Sizes) - 1
	return &Network{Input: text(e.t.MLP.Input), Times: text(e.t.MLP.Times), Hidden: e.net.Sizes[1:last], Activation: e.net.Activation.String()}
}
