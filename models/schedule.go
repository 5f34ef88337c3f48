package models

import (
	"maps"
	"math"
	"slices"
)

// None is a count of 0 where the zero value means the default, as in
// Schedule{Warmup: None}.
const None = math.MinInt

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// fieldsOf collects the fields of a struct; those of the zero value are not written.
type fieldsOf struct {
	p    place
	list []field
}

func (f *fieldsOf) count(key, name string, n int) {
	switch n {
	case 0:
	case None:
		f.list = append(f.list, field{key, integer(f.p.in(name), 0)})
	default:
		f.list = append(f.list, field{key, integer(f.p.in(name), n)})
	}
}

func (f *fieldsOf) number(key, name string, x float64) {
	if x != 0 {
		f.list = append(f.list, field{key, number(f.p.in(name), x)})
	}
}

func (f *fieldsOf) word(key, name, s string) {
	if s != "" {
		f.list = append(f.list, field{key, text(f.p.in(name), s)})
	}
}

func (f *fieldsOf) weights(key string, w Weights) {
	if w != nil {
		f.list = append(f.list, field{key, w.numbers()})
	}
}

func (f *fieldsOf) value(key string, v *value) { f.list = append(f.list, field{key, v}) }

// Schedule says how long is sampled. Fields that are 0 have the defaults of a
// model file; None is 0.
type Schedule struct {
	Chains         int    // 4
	Warmup         int    // sweeps before the first draw, 1000
	Samples        int    // draws of each chain, 1000
	StepsPerSample int    // sweeps between two draws, 1
	Seed           uint64 // 0
	Betas          Betas  // one β for each warm-up sweep
}

// Sample sets the schedule.
func (m *Model) Sample(s Schedule) {
	f := fieldsOf{p: here().at(1)}
	f.schedule(s.Chains, s.Warmup, s.Samples, s.StepsPerSample)
	if s.Seed != 0 {
		f.value("seed", integer(f.p.in("Seed"), s.Seed))
	}
	if s.Betas != nil {
		f.value("betas", s.Betas.betas())
	}
	m.set("sample", mapping(f.p, f.list...))
}

func (f *fieldsOf) schedule(chains, warmup, samples, steps int) {
	f.count("chains", "Chains", chains)
	f.count("warmup", "Warmup", warmup)
	f.count("samples", "Samples", samples)
	f.count("steps_per_sample", "StepsPerSample", steps)
}

// Betas are one β for each warm-up sweep; the last is that of the draws.
type Betas interface{ betas() *value }

type betas struct{ value *value }

func (b betas) betas() *value { return b.value }

// Linear goes from one β to another in equal steps, both included.
func Linear(from, to float64) Betas { return ends(here(), "linear", from, to) }

// Geometric goes from one β to another by equal factors, both included.
func Geometric(from, to float64) Betas { return ends(here(), "geometric", from, to) }

func ends(p place, shape string, from, to float64) Betas {
	return betas{mapping(p, field{"from", number(p.at(1), from)}, field{"to", number(p.at(2), to)}, field{"shape", text(p, shape)})}
}

// BetaList is each β.
func BetaList(b ...float64) Betas {
	a := &array{shape: []int{len(b)}, floats: slices.Clone(b), byArgument: true}
	return betas{&value{kind: arrayValue, array: a, place: here()}}
}

// BetaFile reads each β from a file, as "b.npy".
func BetaFile(file string) Betas {
	p := here()
	return betas{mapping(p, field{"file", text(p.at(1), file)})}
}

// Blocks sets the order of a sweep. Every free node is in exactly one block. The
// generator finds blocks itself if none are set.
func (m *Model) Blocks(blocks ...Block) { m.set("blocks", m.blockList(here(), blocks)) }

func (m *Model) blockList(p place, blocks []Block) *value {
	v := list(p)
	for i, b := range blocks {
		at := p.at(i + 1)
		if p.field != "" {
			at = p
		}
		v.items = append(v.items, m.own(b, at).value)
	}
	return v
}

// Together is blocks that all read the state as it was before any of them.
func Together(blocks ...Nodes) Block {
	p := here()
	v, out := list(p), superblock{}
	for i, n := range blocks {
		r := refOf(n, p.at(i+1))
		v.items = append(v.items, r.value)
		if out.model == nil {
			out.model = r.model
		}
		if r.model != nil && r.model != out.model {
			return superblock{ref{value: foreign(p.at(i + 1))}}
		}
	}
	out.value = mapping(p, field{"together", v})
	return out
}

type superblock struct{ ref }

// Start is how a chain begins: StartRandom, StartHinton, StartZeros, or what
// StartNormal, StartFile and StartCode return.
type Start interface{ start(p place) *value }

type startWord string

func (w startWord) start(p place) *value { return text(p, string(w)) }

// The starts that need nothing more to be said.
const (
	StartRandom startWord = "random" // uniform, N(0, 1) for continuous variables; the default
	StartHinton startWord = "hinton" // P(+1) = σ(β·bias), as THRML; uniform where there is no bias
	StartZeros  startWord = "zeros"  // spin -1, category 0, number 0
)

type startValue struct{ value *value }

func (s startValue) start(place) *value { return s.value }

// StartNormal draws continuous variables from the normal law.
func StartNormal(mean, sd float64) Start {
	p := here()
	return startValue{mapping(p, field{"normal", list(p, number(p.at(1), mean), number(p.at(2), sd))})}
}

// StartFile reads the state from a file.
func StartFile(file string) Start {
	p := here()
	return startValue{mapping(p, field{"file", text(p.at(1), file)})}
}

// StartCode starts nodes by a function in Go, package.Func with the folder of the
// package beside that of the model, or its import path.
func StartCode(function string) Start {
	p := here()
	return startValue{text(p.at(1), function)}
}

// Init sets how every variable begins.
func (m *Model) Init(s Start) {
	p := here().at(1)
	m.set("init", startOf(s, p))
}

// InitVariable sets how one variable begins. Variables without such a call begin
// at random.
func (m *Model) InitVariable(x *Variable, s Start) {
	p := here()
	r, v := m.own(x, p.at(1)), startOf(s, p.at(2))
	if r.bad() {
		v = r.value
	}
	m.add("init", r.bare, v)
}

func startOf(s Start, p place) *value {
	if s == nil {
		return bad(p, "", "no start is given")
	}
	return s.start(p)
}

// Format is the number format: a profile (default, fast or hardware) alone, or
// the numbers. What is 0 or "" is chosen by the generator; None is 0.
type Format struct {
	Profile       string
	Fraction      int
	Bits          int
	ThresholdBits int
	Choice        string // threshold or noise
	Group         int
	Budget        float64 // largest error of a probability
	Range         float64 // largest absolute runtime weight
	RNG           string
	Planes        int
	Digit         int // bits of a first digit: 8 or 16
	Interleave    int
}

// Format sets the number format.
func (m *Model) Format(s Format) {
	f := fieldsOf{p: here().at(1)}
	f.count("fraction", "Fraction", s.Fraction)
	f.count("bits", "Bits", s.Bits)
	f.count("threshold_bits", "ThresholdBits", s.ThresholdBits)
	f.word("choice", "Choice", s.Choice)
	f.count("group", "Group", s.Group)
	f.number("budget", "Budget", s.Budget)
	f.number("range", "Range", s.Range)
	f.word("rng", "RNG", s.RNG)
	f.count("planes", "Planes", s.Planes)
	f.count("digit", "Digit", s.Digit)
	f.count("interleave", "Interleave", s.Interleave)
	switch {
	case s.Profile == "":
		m.set("format", mapping(f.p, f.list...))
	case len(f.list) > 0:
		m.set("format", bad(f.p.in("Profile"), "leave Profile out, or the other fields", "a profile stands alone"))
	default:
		m.set("format", text(f.p.in("Profile"), s.Profile))
	}
}

// Observer is what is recorded: State, Energy, Best, Moments, Magnetisation, or
// what StateOf, Histogram, Observable and Mean return.
type Observer interface {
	observer(m *Model, p place) *value
}

type observerWord string

func (w observerWord) observer(_ *Model, p place) *value { return text(p, string(w)) }

// The observers that need nothing more to be said.
const (
	State         observerWord = "state"         // every node of every draw
	Energy        observerWord = "energy"        // βH of every draw
	Best          observerWord = "best"          // the state of lowest energy over all sweeps
	Moments       observerWord = "moments"       // means of all nodes and of all factor rows
	Magnetisation observerWord = "magnetisation" // of each spin variable
)

type nodesObserver struct {
	key   string
	nodes Nodes
	place place
}

func (o nodesObserver) observer(m *Model, _ place) *value {
	return mapping(o.place, field{o.key, m.own(o.nodes, o.place.at(1)).value})
}

// StateOf records a part of the state.
func StateOf(nodes Nodes) Observer { return nodesObserver{"state", nodes, here()} }

// Counts is a histogram; see Histogram.
type Counts struct {
	nodesObserver
	more []field
}

// Histogram counts how often each node had each value.
func Histogram(nodes Nodes) *Counts {
	return &Counts{nodesObserver: nodesObserver{"histogram", nodes, here()}}
}

// Bins sets the number of bins of continuous nodes, without it 50.
func (c *Counts) Bins(n int) *Counts {
	c.more = append(c.more, field{"bins", integer(here().at(1), n)})
	return c
}

// Range sets where the bins begin and end, without it the range of the variable.
// What lies outside is counted as under and over.
func (c *Counts) Range(low, high float64) *Counts {
	p := here()
	c.more = append(c.more, field{"range", list(p, number(p.at(1), low), number(p.at(2), high))})
	return c
}

// Name sets the name in results, without it that of the variable.
func (c *Counts) Name(name string) *Counts {
	c.more = append(c.more, field{"name", text(here().at(1), name)})
	return c
}

func (c *Counts) observer(m *Model, p place) *value {
	if c == nil {
		return bad(p, "", "the histogram is nil")
	}
	v := c.nodesObserver.observer(m, p)
	v.fields = append(v.fields, c.more...)
	return v
}

type codeObserver struct {
	name, code string
	place      place
}

func (o codeObserver) observer(*Model, place) *value {
	return mapping(o.place, field{"name", text(o.place.at(1), o.name)}, field{"go", text(o.place.at(2), o.code)})
}

// ObserverCode records what an observer in Go sees, a type or function named as in
// StartCode.
func ObserverCode(name, code string) Observer { return codeObserver{name, code, here()} }

// Observed is an observable given by an expression over slots, as a factor's
// energy is.
type Observed struct {
	key              string // value or mean
	name, expression string
	place            place
	slots            []observedSlot
	index            *field
}

type observedSlot struct {
	name  string
	x     *Variable
	place place
}

// Observable records the sum of an expression over rows.
func Observable(name, expression string) *Observed {
	return &Observed{key: "value", name: name, expression: expression, place: here()}
}

// Mean records the mean of an expression in each of its rows, over all chains and
// draws, and its standard error.
func Mean(name, expression string) *Observed {
	return &Observed{key: "mean", name: name, expression: expression, place: here()}
}

// Slot names a slot of the expression and its variable.
func (o *Observed) Slot(name string, x *Variable) *Observed {
	o.slots = append(o.slots, observedSlot{name, x, here()})
	return o
}

// Index gives the rows as Factor.Index does.
func (o *Observed) Index(rows [][]int) *Observed {
	o.index = &field{"index", rowsOf(here().at(1), rows)}
	return o
}

// All gives one row for every node of the single slot.
func (o *Observed) All() *Observed {
	o.index = &field{"index", text(here(), "all")}
	return o
}

// Pairs gives one row for every pair of nodes of the two slots.
func (o *Observed) Pairs() *Observed {
	o.index = &field{"index", text(here(), "pairs")}
	return o
}

// Edges gives one row for every edge.
func (o *Observed) Edges(e EdgeSet) *Observed {
	f := edgesOf(e, here().at(1))
	o.index = &f
	return o
}

func (o *Observed) observer(m *Model, p place) *value {
	if o == nil {
		return bad(p, "", "the observable is nil")
	}
	over := mapping(o.place)
	for _, s := range o.slots {
		over.fields = append(over.fields, field{s.name, m.slot(s.place.at(2), s.x)})
	}
	v := mapping(o.place, field{"name", text(o.place.at(1), o.name)}, field{"over", over})
	if o.index != nil {
		v.fields = append(v.fields, *o.index)
	}
	v.fields = append(v.fields, field{o.key, quoted(o.place.at(2), o.expression)})
	return v
}

// Observe sets what is recorded; without it State and Energy are.
func (m *Model) Observe(what ...Observer) {
	p := here()
	v := list(p)
	for i, o := range what {
		if o == nil {
			v.items = append(v.items, bad(p.at(i+1), "", "no observer is given"))
			continue
		}
		v.items = append(v.items, o.observer(m, p.at(i+1)))
	}
	m.set("observe", v)
}
