package ir

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Kind is what values a node takes.
type Kind uint8

const (
	Spin        Kind = iota // -1, +1
	Categorical             // 0 … States-1
	Continuous              // a float32; states hold its bits
)

// Program is a sampler, to the last bit. Slices are dense by node, variable or
// factor index and are not shared with the graph it came from.
type Program struct {
	Model string
	Hash  string // of the graph, hex

	Vars    []Var
	Nodes   int
	Factors []Factor
	Codes   []CodeFactor

	Sweep       []Superblock
	Synchronous bool // neighbours inside a superblock are wanted

	Clamps []Clamp
	Init   []Init // one for each variable

	Format Format
	Rounds int    // of Philox4x32: 10 or 7; 5: of ARS
	Stream Stream // of the updates in place of Philox

	Beta      float64
	BetaParam string    // name under which β is data, "" if it is not
	Betas     []float64 // β of warm-up sweep t; nil: Beta throughout. Draws use Beta = the last

	Sample Sample

	Formulas []sampling.Formula // of weights that follow from parameters

	GoCode []GoCode // of the user's that it names
}

// Var is a named array of nodes of one kind, node First + flat index.
type Var struct {
	Name   string
	Kind   Kind
	States int // 0 for continuous ones
	Shape  []int
	First  int
	Count  int
	Range  []float64 // of a continuous one: lowest and highest value; nil: all
}

// Factor is a table of rows; see the package documentation. A factor without
// slots holds constants of the energy.
type Factor struct {
	Name    string
	Slots   []Slot
	Rows    int
	Index   []int32 // Rows × len(Slots), row-major
	Table   []int   // one axis for each categorical slot
	Shared  bool    // one table for all rows
	Runtime bool
	Weights []float64 // as given: [1 or Rows] × Table
	Ints    []int64   // RoundHalfEven(Weights · 2^Fraction); nil where no slot or a continuous one is
}

// Slot is one position of a factor.
type Slot struct {
	Kind   Kind
	States int
	Power  int // of a continuous slot: 1 or 2; 0 of others
}

// Superblock is a list of blocks that read one snapshot.
type Superblock []Block

// Block is a list of nodes of one kind in slot order: node i has slot
// First + i. First is a multiple of 16.
type Block struct {
	Kind    Kind
	States  int
	Float   bool            // updates are in float32: nodes are continuous or have continuous neighbours
	Sampler string          // "" draws from the conditional law; else the name of another sampler
	Joint   *sampling.Joint // a joint move of all nodes, by Sampler
	Numbers int             // that a sampler of the user's keeps for each node and chain
	First   int
	Nodes   []int32
}

// Samplers are those of continuous nodes that read the energy rather than draw
// from a Gaussian.
var Samplers = []string{"slice", "metropolis", "mala"}

// JointSamplers move all nodes of a block together.
var JointSamplers = []string{"langevin", "mala", "hmc", "underdamped", "gradient", "nesterov"}

// Clamp fixes nodes; Chains > 0 gives Values a leading chain axis. Values are
// ±1, a category, or the bits of a float32.
type Clamp struct {
	Nodes  []int32
	Chains int
	Values []int32
}

// InitKind is how a variable starts.
type InitKind uint8

const (
	InitRandom InitKind = iota
	InitHinton
	InitZeros
	InitValues
	InitNormal // continuous: Mean + SD·z
	InitCode   // by code of the user's
)

// Init is the start of one variable; Values as in Clamp, [Chains ×] Count.
type Init struct {
	Kind     InitKind
	Chains   int
	Values   []int32
	Mean, SD float64 // InitNormal
	Code     string  // InitCode: its name
}

// Format is the number format.
type Format struct {
	Profile       string  // default, fast or custom
	Fraction      int     // F: weights are in units of 2^-F
	Segments      int     // 128 or 256
	ThresholdBits int     // 32: two digits; 1 … 16: one digit, no tail; Planes, where there are
	Planes        int     // 1 … 32: bit planes in place of digits; 0: none
	Digit         int     // 8: the first digit of a spin has 8 bits, the only one with ThresholdBits 8; 0: 16
	Noise         bool    // the rule of noise in place of thresholds
	LowBits       int     // with noise: bits below a cell's
	Accum         int     // 32 or 64 bits hold every partial sum
	Group         int     // 2 … 8: a field's weights are rounded by groups of so many; 0 or 1: one by one
	WeightBits    int     // every integer weight is within ±(2^(WeightBits-1) - 1); 0: as many bits as needed
	Range         float64 // largest |weight| a runtime update may bring, 0 if nothing is runtime
	Budget        float64 // 0: none
	Bound         float64 // largest error of any conditional probability
}

// Sample is the schedule.
type Sample struct {
	Chains, Warmup, Samples, StepsPerSample int
	Seed                                    uint64
}

// TableSize is the number of weights of one row.
func (f *Factor) TableSize() int {
	n := 1
	for _, k := range f.Table {
		n *= k
	}
	return n
}

// Continuous reports whether a row of the factor holds a continuous node.
func (f *Factor) Continuous() bool {
	return slices.ContainsFunc(f.Slots, func(s Slot) bool { return s.Kind == Continuous })
}

// Integer reports whether the factor has integer weights.
func (f *Factor) Integer() bool { return len(f.Slots) > 0 && !f.Continuous() }

// FloatNodes tells the nodes that are updated in float32: continuous ones, those in
// a row with one, and those whose conditional an expression changes.
func (p *Program) FloatNodes() []bool {
	float := make([]bool, p.Nodes)
	for _, v := range p.Vars {
		if v.Kind == Continuous {
			for n := v.First; n < v.First+v.Count; n++ {
				float[n] = true
			}
		}
	}
	for i := range p.Factors {
		if f := &p.Factors[i]; f.Continuous() {
			for _, n := range f.Index {
				float[n] = true
			}
		}
	}
	for i := range p.Codes {
		c := &p.Codes[i]
		for j, n := range c.Index {
			float[n] = float[n] || j%len(c.Slots) < c.heads()
		}
	}
	return float
}

// Slots is the number of slots of a sweep, padding included.
func (p *Program) Slots() int {
	n := 0
	for _, sb := range p.Sweep {
		for _, b := range sb {
			n = b.First + (len(b.Nodes)+15)/16*16
		}
	}
	return n
}
