package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A Result is a result file.
type Result struct {
	Meta observe.Meta

	vars       []*stateArray
	energy     []float64 // (chain, draw); nil: not kept
	series     []series
	best       bestArrays
	histograms []observe.HistogramReport
	other      []string // arrays of which nothing is made
}

// A stateArray is the array of one variable.
type stateArray struct {
	name   string
	kind   sampling.Kind
	states int
	shape  []int  // of the variable
	count  int    // of its nodes
	kept   []int  // flat indices of the nodes in values; nil: all
	isKept []bool // by flat index
	values valueArray
	final  valueArray // (chain, *shape)
}

// A valueArray has the values of a variable in one of their element types.
type valueArray struct {
	spins  []int8
	bytes  []uint8
	words  []uint16
	floats []float32
}

// at is a value as states hold it.
func (a *valueArray) at(i int) int32 {
	switch {
	case a.spins != nil:
		return int32(a.spins[i])
	case a.bytes != nil:
		return int32(a.bytes[i])
	case a.words != nil:
		return int32(a.words[i])
	}
	return int32(math.Float32bits(a.floats[i]))
}

func (a *valueArray) len() int {
	return max(len(a.spins), len(a.bytes), len(a.words), len(a.floats))
}

// kinds are those of the element types of states.
var kinds = map[string]sampling.Kind{"|i1": sampling.Spin, "|u1": sampling.Categorical, "<u2": sampling.Categorical, "<f4": sampling.Continuous}

// A series is a number at every draw.
type series struct {
	name string
	x    [][]float64 // by chain
}

type bestArrays struct {
	energy []float64
	sweep  []uint64
	values map[string]*npy.NPYArray
}

// A BadResult is what is wrong with a result file.
type BadResult struct{ Text, Help string }

func (e *BadResult) Error() string { return e.Text }

const wholeFile = "a whole result file is needed, as run --out f.npz writes it"

func bad(format string, args ...any) error { return &BadResult{Text: fmt.Sprintf(format, args...)} }

// ReadResult reads a result file as `run --out` writes it. What is wrong with its
// content is a *BadResult; any other error is of the file system.
func ReadResult(file string) (*Result, error) {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() { // opening a named pipe would wait for a writer
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	z, err := npy.OpenNPZReader(f, info.Size())
	if err != nil {
		return nil, &BadResult{err.Error(), wholeFile}
	}
	r := &Result{}
	if err := r.readMeta(z); err != nil {
		return nil, err
	}
	for _, name := range z.Names() {
		if name == "meta" {
			continue
		}
		a, err := z.Get(name)
		if err != nil {
			return nil, bad("%v", err)
		}
		if err := r.take(name, a, z); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Result) readMeta(z *npy.NPZReader) error {
	notOurs := &BadResult{"the archive has no meta, which says where a result comes from", wholeFile}
	if !slices.Contains(z.Names(), "meta") {
		return notOurs
	}
	a, err := z.Get("meta")
	if err != nil {
		return bad("%v", err)
	}
	text, err := a.Uint8s()
	if err != nil || json.Unmarshal(text, &r.Meta) != nil {
		notOurs.Text = "meta is not what run --out writes"
		return notOurs
	}
	if r.Meta.Chains < 1 || r.Meta.Draws < 1 {
		return bad("meta: %d chains of %d draws", r.Meta.Chains, r.Meta.Draws)
	}
	return nil
}

// take finds the use of an array.
func (r *Result) take(name string, a *npy.NPYArray, z *npy.NPZReader) error {
	top, rest, inner := strings.Cut(name, "/")
	_, state := kinds[a.DType]
	switch {
	case name == "energy":
		x, err := r.numbers(name, a)
		r.energy = x
		return err
	case name == "best/energy":
		x, err := a.Float64s()
		if err != nil || len(x) != r.Meta.Chains {
			return bad("%s: one number a chain is needed", name)
		}
		r.best.energy = x
		return nil
	case name == "best/sweep":
		x, err := a.Uint64s()
		if err != nil || len(x) != r.Meta.Chains {
			return bad("%s: one number a chain is needed", name)
		}
		r.best.sweep = x
		return nil
	case top == "best" && inner:
		if r.best.values == nil {
			r.best.values = map[string]*npy.NPYArray{}
		}
		r.best.values[rest] = a
		return nil
	case top == "histogram" && inner && !strings.Contains(rest, "/"):
		return r.takeHistogram(name, a, z)
	case top == "histogram" && inner:
		return nil // of the histogram
	case top == "final" || top == "moments" || inner && rest == "nodes":
		return nil // used with the states, or in the summary already
	case top == "share" && inner && len(a.Shape) == 3 && a.Shape[2] <= mostCounted:
		return r.takeShares(name, a)
	case !inner && state && slices.Contains(z.Names(), "final/"+name):
		return r.takeStates(name, a, z)
	case len(a.Shape) == 2 && a.Shape[0] == r.Meta.Chains && a.Shape[1] == r.Meta.Draws && (a.DType == "<f8" || a.DType == "<f4"):
		x, err := r.numbers(name, a)
		if err != nil {
			return err
		}
		r.series = append(r.series, series{name, byChain(x, r.Meta.Chains)})
		return nil
	}
	r.other = append(r.other, fmt.Sprintf("%s %s%v", name, a.DType, a.Shape))
	return nil
}

// numbers are (chain, draw).
func (r *Result) numbers(name string, a *npy.NPYArray) ([]float64, error) {
	if !slices.Equal(a.Shape, []int{r.Meta.Chains, r.Meta.Draws}) {
		return nil, bad("%s has shape %v; meta says %d chains of %d draws", name, a.Shape, r.Meta.Chains, r.Meta.Draws)
	}
	x, err := a.Float64s()
	if err != nil {
		return nil, bad("%s: %v", name, err)
	}
	return x, nil
}

func byChain(x []float64, chains int) [][]float64 {
	out := make([][]float64, chains)
	for c := range out {
		out[c] = x[c*len(x)/chains : (c+1)*len(x)/chains]
	}
	return out
}

// takeShares makes a series of each state.
func (r *Result) takeShares(name string, a *npy.NPYArray) error {
	k := a.Shape[2]
	x, err := a.Float64s()
	if err != nil || a.Shape[0] != r.Meta.Chains || a.Shape[1] != r.Meta.Draws {
		return bad("%s has shape %v; meta says %d chains of %d draws", name, a.Shape, r.Meta.Chains, r.Meta.Draws)
	}
	for state := range k {
		one := make([]float64, len(x)/k)
		for i := range one {
			one[i] = x[i*k+state]
		}
		r.series = append(r.series, series{fmt.Sprintf("%s=%d", name, state), byChain(one, r.Meta.Chains)})
	}
	return nil
}

func (r *Result) takeStates(name string, a *npy.NPYArray, z *npy.NPZReader) error {
	final, err := z.Get("final/" + name)
	if err != nil {
		return bad("%v", err)
	}
	if len(final.Shape) < 1 || final.Shape[0] != r.Meta.Chains || final.DType != a.DType {
		return bad("%s is %s%v and final/%s is %s%v; meta says %d chains of %d draws", name, a.DType, a.Shape, name, final.DType, final.Shape, r.Meta.Chains, r.Meta.Draws)
	}
	v := &stateArray{name: name, kind: kinds[a.DType], shape: final.Shape[1:], count: 1}
	if len(v.shape) == 0 {
		v.shape = nil
	}
	for _, n := range v.shape {
		v.count *= n
	}
	inner := v.shape
	if slices.Contains(z.Names(), name+"/nodes") {
		if err := v.readKept(z); err != nil {
			return err
		}
		inner = []int{len(v.kept)}
	}
	if !slices.Equal(a.Shape, append([]int{r.Meta.Chains, r.Meta.Draws}, inner...)) {
		return bad("%s has shape %v; meta and final/%s say %d chains of %d draws of %v", name, a.Shape, name, r.Meta.Chains, r.Meta.Draws, inner)
	}
	if a.Len() == 0 {
		return bad("%s has no elements", name)
	}
	v.values, v.final = valuesOf(a), valuesOf(final)
	if err := v.check(); err != nil {
		return err
	}
	r.vars = append(r.vars, v)
	return nil
}

func (v *stateArray) readKept(z *npy.NPZReader) error {
	a, err := z.Get(v.name + "/nodes")
	if err != nil {
		return bad("%v", err)
	}
	flat, err := a.Int32s()
	if err != nil {
		return bad("%s/nodes: %v", v.name, err)
	}
	v.kept, v.isKept = []int{}, make([]bool, v.count)
	for _, n := range flat {
		if n < 0 || int(n) >= v.count || v.isKept[n] {
			return bad("%s/nodes: node %d of %d, or twice", v.name, n, v.count)
		}
		v.kept, v.isKept[n] = append(v.kept, int(n)), true
	}
	return nil
}

func valuesOf(a *npy.NPYArray) valueArray {
	switch d := a.Data.(type) {
	case []int8:
		return valueArray{spins: d}
	case []uint8:
		return valueArray{bytes: d}
	case []uint16:
		return valueArray{words: d}
	case []float32:
		return valueArray{floats: d}
	}
	return valueArray{}
}

// check finds the number of states, and values that no spin has.
func (v *stateArray) check() error {
	if v.kind == sampling.Continuous {
		return nil
	}
	v.states = 2
	for _, a := range []*valueArray{&v.values, &v.final} {
		for i := range a.len() {
			x := a.at(i)
			if v.kind == sampling.Spin && x != 1 && x != -1 {
				return bad("%s has a spin of %d", v.name, x)
			}
			v.states = max(v.states, int(x)+1)
		}
	}
	return nil
}

// model is what the file itself tells of its model: the variables.
func (r *Result) model() *sampling.Model {
	m := &sampling.Model{Name: r.Meta.Model, Hash: r.Meta.Hash, Beta: r.Meta.Beta}
	for _, v := range r.vars {
		m.Vars = append(m.Vars, sampling.Var{Name: v.name, Kind: v.kind, States: v.states, Shape: v.shape, First: m.Nodes, Count: v.count})
		m.Nodes += v.count
	}
	return m
}

// lowest is the best of the chains, -1 if the file has none.
func (b *bestArrays) lowest() int {
	best := -1
	for c, e := range b.energy {
		if !math.IsNaN(e) && (best < 0 || e < b.energy[best]) {
			best = c
		}
	}
	return best
}
