package serve

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// RunData collects what a run takes as data in place of what its model says:
// weights, β, clamps and initial states. Every piece is checked when it comes;
// one that is refused changes nothing. In messages, what names where a piece came
// from.
type RunData struct {
	model   *sampling.Model
	chains  int
	beta    float64
	betas   []float64
	heated  bool // β is not the model's
	weights map[int][]float64
	params  map[[2]int][]float64 // by formula and parameter
	clamps  []givenClamp
	init    map[int]sampling.Init
}

// A givenClamp is one clamp; a variable's is replaced by a later one of the same.
type givenClamp struct {
	variable string // "": of single nodes
	what     string
	clamp    sampling.Clamp
}

// NewRunData begins with what the model says.
func NewRunData(m *sampling.Model, chains int) *RunData {
	return &RunData{model: m, chains: chains, beta: m.Beta, betas: m.Betas,
		weights: map[int][]float64{}, params: map[[2]int][]float64{}, init: map[int]sampling.Init{}}
}

// clone is a copy that can be added to.
func (d *RunData) clone() *RunData {
	c := *d
	c.weights, c.params, c.init = maps.Clone(d.weights), maps.Clone(d.params), map[int]sampling.Init{}
	c.clamps = slices.Clone(d.clamps)
	return &c
}

// Model is the version of the model that the data makes. It refuses parameters from
// which no weights follow, and weights with which continuous nodes have no law.
func (d *RunData) Model() (*sampling.Model, error) {
	m := *d.model
	m.Beta, m.Betas = d.beta, d.betas
	if d.heated {
		m.Format.Bound = m.ErrorBound(append([]float64{d.beta}, d.betas...)...)
	}
	m.Factors = slices.Clone(m.Factors)
	for i, w := range d.weights {
		m.Factors[i].Weights = w
	}
	if err := d.formulas(&m); err != nil {
		return nil, err
	}
	m.Clamps = slices.Clone(m.Clamps)
	for _, c := range d.clamps {
		if len(c.clamp.Nodes) > 0 {
			m.Clamps = append(m.Clamps, c.clamp)
		}
	}
	if len(d.init) > 0 {
		m.Init = make([]sampling.Init, len(m.Vars))
		copy(m.Init, d.model.Init)
		for i, in := range d.init {
			m.Init[i] = in
		}
	}
	return &m, checkPrecision(&m, len(d.weights)+len(d.params) > 0)
}

// formulas sets parameters and the weights that follow from them.
func (d *RunData) formulas(m *sampling.Model) error {
	m.Formulas, m.Codes = slices.Clone(m.Formulas), slices.Clone(m.Codes)
	weights := m.AllWeights()
	for i := range m.Formulas {
		x := &m.Formulas[i]
		x.Params = slices.Clone(x.Params)
		given := false
		for k := range x.Params {
			if v, ok := d.params[[2]int{i, k}]; ok {
				x.Params[k].Values, given = v, true
			}
		}
		if !given {
			continue
		}
		if err := m.Apply(x, x.Values(), weights, m.Codes); err != nil {
			return refuse(ExitData, codeRange, "%v", err)
		}
	}
	for i, w := range weights {
		m.Factors[i].Weights = w
	}
	return nil
}

// checkPrecision looks at the continuous nodes of a model whose weights were replaced.
func checkPrecision(m *sampling.Model, replaced bool) error {
	if !replaced {
		return nil
	}
	held := map[int32]bool{}
	for _, c := range m.Clamps {
		for _, n := range c.Nodes {
			held[n] = true
		}
	}
	if err := m.CheckPrecision(m.AllWeights(), m.Codes, func(n int32) bool { return held[n] }); err != nil {
		return refuse(ExitData, codeUnbounded, "%v", err).WithHelp("these are not the weights of a law; make the squares larger or the products smaller")
	}
	return nil
}

// SetBeta replaces β and any annealing.
func (d *RunData) SetBeta(what string, beta float64) error {
	if err := checkBetas(what, beta); err != nil {
		return err
	}
	d.beta, d.betas, d.heated = beta, nil, true
	return nil
}

// SetBetas gives each warm-up sweep its β; draws are at the last.
func (d *RunData) SetBetas(what string, betas []float64) error {
	if len(betas) == 0 {
		return refuse(ExitData, codeBetas, "%s: none is given", what)
	}
	if err := checkBetas(what, betas...); err != nil {
		return err
	}
	d.beta, d.betas, d.heated = betas[len(betas)-1], slices.Clone(betas), true
	return nil
}

// CheckWarmup refuses a number of warm-up sweeps that is not that of the βs.
func (d *RunData) CheckWarmup(what string, warmup int) error {
	if d.betas != nil && len(d.betas) != warmup {
		return refuse(ExitData, codeBetas, "%s %d: there are %s, one for each warm-up sweep", what, warmup, countText(len(d.betas), "beta")).
			WithHelp("give as many betas, or one beta for all sweeps")
	}
	return nil
}

func checkBetas(what string, betas ...float64) error {
	for _, b := range betas {
		switch {
		case math.IsNaN(b) || math.IsInf(b, 0):
			return refuse(ExitData, codeNotFinite, "%s %v: a number from 0 up is needed", what, b)
		case b < 0:
			return refuse(ExitData, codeRange, "%s %v: a number from 0 up is needed", what, b).WithHelp("change the sign of the weights instead")
		}
	}
	return nil
}

// FactorName is what a factor is called: f0, f1, … by position without a name.
func FactorName(m *sampling.Model, i int) string {
	if m.Factors[i].Name == "" {
		return fmt.Sprintf("f%d", i)
	}
	return m.Factors[i].Name
}

// DataNames lists what a run takes as data in place of weights: runtime factors, and
// parameters as factor/parameter.
func DataNames(m *sampling.Model) []string {
	names := []string{}
	for i := range m.Factors {
		if m.Factors[i].Runtime && m.FormulaOf(i) == nil {
			names = append(names, FactorName(m, i))
		}
	}
	for _, x := range m.Formulas {
		for _, array := range x.Arrays {
			if array != "" {
				names = append(names, array)
			}
		}
	}
	return names
}

// weightsShape is the shape of a factor's weights: rows × table, or the table
// alone where all rows share it.
func weightsShape(f *sampling.Factor) []int {
	if f.Shared {
		return slices.Clone(f.Table)
	}
	return append([]int{f.Rows}, f.Table...)
}

// SetWeights replaces the weights of a runtime factor, named by its name, or a
// parameter, named factor/parameter.
func (d *RunData) SetWeights(what, name string, a *npy.NPYArray) error {
	if i, k := d.model.Param(name); i >= 0 {
		x := &d.model.Formulas[i]
		v, err := takeNumbers(what, "parameter "+name, a, x.Params[k].Shape(x.Rows), math.MaxFloat64)
		if err == nil {
			d.params[[2]int{i, k}] = v
		}
		return err
	}
	i := -1
	for k := range d.model.Factors {
		if FactorName(d.model, k) == name {
			i = k
		}
	}
	if i < 0 {
		r := RefuseUnknown(ExitData, "factor", name, DataNames(d.model))
		r.Text = what + ": " + r.Text
		return r
	}
	f := &d.model.Factors[i]
	switch {
	case !f.Runtime:
		return refuse(ExitData, codeUnknownName, "%s: factor %s has baked weights", what, name).WithHelp("declare it runtime: true in the model")
	case d.model.FormulaOf(i) != nil:
		return refuse(ExitData, codeUnknownName, "%s: the weights of factor %s follow from parameters", what, name).WithHelp("there are %s", strings.Join(DataNames(d.model), ", "))
	}
	w, err := takeNumbers(what, "factor "+name, a, weightsShape(f), d.model.Format.Range)
	if err == nil {
		d.weights[i] = w
	}
	return err
}

// takeNumbers reads an array of a shape with magnitudes up to a largest.
func takeNumbers(what, of string, a *npy.NPYArray, want []int, most float64) ([]float64, error) {
	if !slices.Equal(a.Shape, want) {
		return nil, refuse(ExitData, codeShape, "%s has shape %s, %s takes %s", what, shapeText(a.Shape), of, shapeText(want))
	}
	w, err := a.Float64s()
	if err != nil {
		return nil, refuse(ExitData, codeShape, "%s: %v", what, err)
	}
	for k, x := range w {
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return nil, refuse(ExitData, codeNotFinite, "%s: weight %s is %v", what, indexText(a.Shape, k), x)
		case math.Abs(x) > most:
			return nil, refuse(ExitData, codeRange, "%s: weight %s is %v, beyond ±%v that the number format holds", what, indexText(a.Shape, k), x, most).
				WithHelp("raise format: {range: …} in the model")
		}
	}
	return w, nil
}

// indexText is an element's index: [2, 0], or [] for the only one.
func indexText(shape []int, k int) string {
	at := make([]string, len(shape))
	for a := len(shape) - 1; a >= 0; a-- {
		at[a] = strconv.Itoa(k % shape[a])
		k /= shape[a]
	}
	return "[" + strings.Join(at, ", ") + "]"
}

// variable finds a variable by name.
func (d *RunData) variable(what, name string) (int, error) {
	known := make([]string, len(d.model.Vars))
	for i, v := range d.model.Vars {
		if v.Name == name {
			return i, nil
		}
		known[i] = v.Name
	}
	r := RefuseUnknown(ExitData, "variable", name, known)
	r.Text = what + ": " + r.Text
	return 0, r
}

// values are the values of a variable, with or without a leading chain axis.
func (d *RunData) values(what, code string, v *sampling.Var, a *npy.NPYArray) (values []int32, perChain bool, err error) {
	perChain = len(a.Shape) == len(v.Shape)+1
	want := v.Shape
	if perChain {
		want = append([]int{d.chains}, v.Shape...)
	}
	if !slices.Equal(a.Shape, want) {
		return nil, false, refuse(ExitData, code, "%s has shape %s, %s takes %s, or %s for the %s", what, shapeText(a.Shape), v.Name,
			shapeText(v.Shape), shapeText(append([]int{d.chains}, v.Shape...)), countText(d.chains, "chain"))
	}
	values, err = stateValues(what, code, v, a)
	return values, perChain, err
}

// stateValues are the elements of an array as states hold them: continuous values
// by the bits of a float32.
func stateValues(what, code string, v *sampling.Var, a *npy.NPYArray) (values []int32, err error) {
	if v.Kind == sampling.Continuous {
		var floats []float32
		floats, err = a.Float32s()
		values = make([]int32, len(floats))
		for i, x := range floats {
			values[i] = sampling.FloatBits(x)
		}
	} else {
		values, err = a.Int32s()
	}
	if err != nil {
		return nil, refuse(ExitData, code, "%s: %v", what, err)
	}
	for k, x := range values {
		if !hasValue(v, x) {
			return nil, refuseValue(what, code, v, indexText(a.Shape, k), x)
		}
	}
	return values, nil
}

// hasValue says whether a node of the variable may have a value.
func hasValue(v *sampling.Var, x int32) bool {
	switch v.Kind {
	case sampling.Spin:
		return x == 1 || x == -1
	case sampling.Continuous:
		f := float64(sampling.BitsFloat(x))
		if v.Range != nil {
			return v.Range[0] <= f && f <= v.Range[1]
		}
		return math.Abs(f) <= math.MaxFloat32
	}
	return x >= 0 && int(x) < v.States
}

func refuseValue(what, code string, v *sampling.Var, at string, x int32) *Refusal {
	switch {
	case v.Kind == sampling.Spin:
		return refuse(ExitData, code, "%s: element %s is %d, %s is a spin: -1 or 1", what, at, x, v.Name)
	case v.Range != nil:
		return refuse(ExitData, code, "%s: element %s is %v, %s has values %v … %v", what, at, sampling.BitsFloat(x), v.Name, v.Range[0], v.Range[1])
	case v.Kind == sampling.Continuous:
		return refuse(ExitData, code, "%s: element %s is %v, %s has finite values", what, at, sampling.BitsFloat(x), v.Name)
	}
	return refuse(ExitData, code, "%s: element %s is %d, %s has categories 0 … %d", what, at, x, v.Name, v.States-1)
}

// Clamp fixes a variable to values of its shape, with or without a leading chain
// axis, or where mask is not nil the nodes that it, in the shape of the variable,
// names.
func (d *RunData) Clamp(what, name string, values, mask *npy.NPYArray) error {
	i, err := d.variable(what, name)
	if err != nil {
		return err
	}
	v := &d.model.Vars[i]
	given, perChain, err := d.values(what, codeClampShape, v, values)
	if err != nil {
		return err
	}
	picked := slices.Repeat([]bool{true}, v.Count)
	if mask != nil {
		if !slices.Equal(mask.Shape, v.Shape) {
			return refuse(ExitData, codeClampShape, "the mask of %s has shape %s, %s has %s", what, shapeText(mask.Shape), name, shapeText(v.Shape))
		}
		if picked, err = mask.Bools(); err != nil {
			return refuse(ExitData, codeClampShape, "the mask of %s: %v", what, err)
		}
	}
	var c sampling.Clamp
	if perChain {
		c.Chains = d.chains
	}
	for n, yes := range picked {
		if yes {
			c.Nodes = append(c.Nodes, int32(v.First+n))
		}
	}
	for k, x := range given {
		if picked[k%v.Count] {
			c.Values = append(c.Values, x)
		}
	}
	return d.addClamp(givenClamp{name, what, c})
}

// ClampRef fixes the nodes that a reference names to one value, or to as many as
// there are nodes with commas between them.
func (d *RunData) ClampRef(what, ref, values string) error {
	nodes, err := sampling.NodeIndices(d.model.Vars, ref)
	if err != nil {
		return RefuseUsage("%s: %v", what, err)
	}
	list := strings.Split(values, ",")
	if len(list) != 1 && len(list) != len(nodes) {
		return refuse(ExitData, codeClampShape, "%s: %s for %s", what, countText(len(list), "value"), countText(len(nodes), "node"))
	}
	name, _, _ := strings.Cut(ref, "[")
	v := d.model.Var(strings.TrimSpace(name))
	c := sampling.Clamp{Nodes: nodes}
	for i, n := range nodes {
		text := strings.TrimSpace(list[i%len(list)])
		x, err := parseValue(v, text)
		if err != nil {
			return RefuseUsage("%s: %s is not a %v", what, QuoteWord(text), err)
		}
		if !hasValue(v, x) {
			return refuseValue(what, codeClampValue, v, d.model.NodeName(int(n)), x)
		}
		c.Values = append(c.Values, x)
	}
	return d.addClamp(givenClamp{"", what, c})
}

// parseValue reads a value as states hold it. The error says what is needed.
func parseValue(v *sampling.Var, text string) (int32, error) {
	if v.Kind == sampling.Continuous {
		x, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return 0, errors.New("number")
		}
		return sampling.FloatBits(float32(x)), nil
	}
	x, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, errors.New("whole number")
	}
	return int32(x), nil
}

// addClamp refuses a node under two clamps, but for those of the model, which
// give way.
func (d *RunData) addClamp(c givenClamp) error {
	kept := slices.DeleteFunc(slices.Clone(d.clamps), func(x givenClamp) bool { return x.variable != "" && x.variable == c.variable })
	taken := map[int32]bool{}
	for _, x := range kept {
		for _, n := range x.clamp.Nodes {
			taken[n] = true
		}
	}
	for _, n := range c.clamp.Nodes {
		if taken[n] {
			return refuse(ExitData, codeClampTwice, "%s: %s is clamped twice", c.what, d.model.NodeName(int(n)))
		}
		taken[n] = true
	}
	d.clamps = append(kept, c)
	return nil
}

// Start gives a variable its initial states, in its shape, with or without a
// leading chain axis.
func (d *RunData) Start(what, name string, a *npy.NPYArray) error {
	i, err := d.variable(what, name)
	if err != nil {
		return err
	}
	values, perChain, err := d.values(what, codeInit, &d.model.Vars[i], a)
	if err != nil {
		return err
	}
	in := sampling.Init{Kind: sampling.InitValues, Values: values}
	if perChain {
		in.Chains = d.chains
	}
	d.init[i] = in
	return nil
}
