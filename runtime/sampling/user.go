package sampling

import (
	"errors"
	"fmt"
	"math"
)

// What users write in Go and name in a model file: samplers of nodes here, starts
// of nodes with them, observers in userobserver.go. All of it is called from
// several goroutines at a time, each with chains or nodes of its own: what lasts
// from one call to the next belongs into the numbers that the engine keeps. Results
// are the same bits for any number of threads and chains as long as the code uses
// no other randomness than the words it is given; for the same bits on every
// machine it takes Exp, Log, Sigma, NormalQuantile of this package in place of
// those of package math, and rounds products that stand in sums: x + float64(a*b).

// A NodeSampler draws new values of the nodes of a variable: `update: {x:
// mypkg.Type}` names a type whose method Sample is one, or a function of its form.
type NodeSampler interface {
	// Sample returns the new value of a node: ±1 of a spin, 0 … States-1 of a
	// categorical, of a continuous node a number in its range, which is rounded to
	// float32.
	Sample(u *Update) float64
}

// A StatefulSampler is a NodeSampler with numbers of its own for each node and
// chain, which last from sweep to sweep and are part of a saved state.
type StatefulSampler interface {
	NodeSampler
	// Numbers is how many there are, a constant.
	Numbers() int
	// Begin fills the numbers of a node, zeros until then, before the first sweep.
	Begin(s *Site, numbers []float64)
}

// MaxNumbers is the largest number that Numbers may give.
const MaxNumbers = 1 << 16

// A SamplerFunc is a NodeSampler without numbers.
type SamplerFunc func(u *Update) float64

// Sample calls the function.
func (f SamplerFunc) Sample(u *Update) float64 { return f(u) }

// A StartFunc gives the initial value of a node, in the form Sample has:
// `init: {x: mypkg.Func}`.
type StartFunc func(s *Site) float64

// UserCode is the code that a model names, by its names in the model.
type UserCode struct {
	Samplers map[string]NodeSampler
	Starts   map[string]StartFunc
}

// A Site is one node of one chain. Its fields are for reading.
type Site struct {
	Variable string // name of the node's variable
	Index    int    // of the node in its variable, row-major
	Node     int    // of the node in the model
	Chain    int
	Kind     Kind
	States   int       // 0 of a continuous node
	Range    []float64 // lowest and highest value of a continuous node; nil: all
	Beta     float64

	from  SiteSource
	draw  uint32 // of the next word
	past  uint32 // first draw beyond what the call may take
	fault string // what the code did wrong, "" nothing
}

// A SiteTerm is a row of a factor that the node is in: what THRML calls an
// interaction. Nothing of it may be changed.
type SiteTerm struct {
	Factor  string
	Nodes   []int32   // of the row
	Slot    int       // which of them is the node itself
	Weights []float64 // of the row, one axis for each categorical
}

// Terms are the rows of factors that the node is in, in the order of factors and
// rows.
func (s *Site) Terms() []SiteTerm { return s.from.Terms(s.Node) }

// Word is the next random word: uniform, and a function of the seed, the chain, the
// sweep, the node and the number of words taken before it in this call alone. A
// call takes at most 256 (for the start of a node, or of its numbers, 128).
func (s *Site) Word() uint32 {
	if s.draw == s.past {
		s.fail("it takes too many random words in one call")
		return 0
	}
	s.draw++
	return s.from.Word(s.draw - 1)
}

func (s *Site) twoWords() uint64 {
	hi := uint64(s.Word())
	return hi<<32 | uint64(s.Word())
}

// Uniform is a uniform number between 0 and 1, both excluded, an odd multiple of
// 2^-53, from two words.
func (s *Site) Uniform() float64 { return (float64(s.twoWords()>>12) + 0.5) / (1 << 52) }

// Normal is a standard normal number, from two words.
func (s *Site) Normal() float64 {
	w := s.twoWords()
	z := NormalQuantile((float64(w&^(1<<63)) + 0.5) / (1 << 64))
	if w>>63 == 0 {
		return -z
	}
	return z
}

// fail keeps the first fault of a call.
func (s *Site) fail(format string, args ...any) {
	if s.fault == "" {
		s.fault = fmt.Sprintf(format, args...)
	}
}

// An Update is a Site whose node is updated. Its conditional law given its
// neighbours has a probability proportional to exp(-Energy(x)); the fields hold it
// in float64 from the weights as given, β included.
type Update struct {
	Site
	Sweep uint64
	Old   float64 // value before the update, in the form Sample gives

	Field  float64   // γ of a spin: P(x) ∝ exp(γ·x), P(+1) = σ(2γ)
	Fields []float64 // θ of a categorical: P(k) ∝ exp(θ_k)
	A, B   float64   // of a continuous node: p(x) ∝ exp(-A·x² - B·x), but for expressions that are no squares

	Numbers []float64 // of a StatefulSampler: its own, to be read and written
}

// Value is the value of a neighbour, a node that shares a row with this one.
func (u *Update) Value(node int32) float64 {
	x, ok := u.from.Value(u.Node, node)
	if !ok {
		u.fail("node %d is no neighbour of this one, so its value may not be read", node)
	}
	return x
}

// Energy is β times the part of the energy that the node is in, at the value x of
// the node, up to a constant: of a continuous node A·x² + B·x and what expressions
// add to that.
func (u *Update) Energy(x float64) float64 {
	switch u.Kind {
	case Spin:
		return -float64(u.Field * x)
	case Categorical:
		return -u.Fields[int(x)]
	}
	e := float64(float64(u.A*x)*x) + float64(u.B*x)
	if u.from.Extra != nil {
		more, _ := u.from.Extra(u.Node, x)
		e += float64(u.Beta * more)
	}
	return e
}

// Slope is the derivative of Energy of a continuous node.
func (u *Update) Slope(x float64) float64 {
	d := float64(2*u.A*x) + u.B
	if u.from.Extra != nil {
		_, more := u.from.Extra(u.Node, x)
		d += float64(u.Beta * more)
	}
	return d
}

// A SiteSource is how an engine shows nodes to user's code.
type SiteSource struct {
	Word  func(draw uint32) uint32  // of the call at hand
	Terms func(node int) []SiteTerm // of a node
	// Value is that of a neighbour; false: it is none.
	Value func(node int, neighbour int32) (float64, bool)
	// Extra is what expressions add to the energy of a continuous node at x, and its
	// derivative, without β; nil: nothing.
	Extra func(node int, x float64) (energy, slope float64)
}

// Numbers of words of a call. Starts of nodes take the draws from 0 on, those of
// numbers from startWords on.
const (
	sampleWords = 256
	startWords  = 128
)

// Sampled calls a sampler. The Update has all its exported fields; the value is in
// the form of State.
func (from SiteSource) Sampled(f NodeSampler, u *Update) (int32, error) {
	u.opened(from, 0, sampleWords)
	return u.checked(f.Sample(u))
}

// Started calls the start of a node.
func (from SiteSource) Started(f StartFunc, s *Site) (int32, error) {
	s.opened(from, 0, startWords)
	return s.checked(f(s))
}

// Begun calls Begin.
func (from SiteSource) Begun(f StatefulSampler, s *Site, numbers []float64) error {
	s.opened(from, startWords, 2*startWords)
	f.Begin(s, numbers)
	return s.faulty()
}

func (s *Site) opened(from SiteSource, draw, past uint32) {
	s.from, s.draw, s.past, s.fault = from, draw, past, ""
}

func (s *Site) faulty() error {
	if s.fault == "" {
		return nil
	}
	return errors.New(s.fault)
}

// checked is a value that user's code gave as a state holds it.
func (s *Site) checked(x float64) (int32, error) {
	if s.fault != "" {
		return 0, s.faulty()
	}
	switch s.Kind {
	case Spin:
		if x == 1 || x == -1 {
			return int32(x), nil
		}
		return 0, fmt.Errorf("it gives %v, and a spin is -1 or 1", x)
	case Categorical:
		if x >= 0 && x < float64(s.States) && x == math.Floor(x) {
			return int32(x), nil
		}
		return 0, fmt.Errorf("it gives %v, and a value is one of 0 … %d", x, s.States-1)
	}
	f := float32(x)
	switch {
	case !(math.Abs(float64(f)) <= math.MaxFloat32):
		return 0, fmt.Errorf("it gives %v, which is no finite float32", x)
	case s.Range != nil && !(s.Range[0] <= float64(f) && float64(f) <= s.Range[1]):
		return 0, fmt.Errorf("it gives %v, outside the range [%v, %v]", x, s.Range[0], s.Range[1])
	}
	return FloatBits(f), nil
}
