package sampling

import "fmt"

// Kind is what values a node takes.
type Kind uint8

const (
	Spin        Kind = iota // -1, +1
	Categorical             // 0 … States-1
	Continuous              // a float32; where states are int32, its bits
)

// Model is a block Gibbs program as data. Nodes are numbered variable after
// variable, row-major inside a variable.
type Model struct {
	Name string
	Hash string // of the model the program was made from, hex

	Vars    []Var
	Nodes   int
	Factors []Factor
	Codes   []CodeFactor

	Sweep       [][]Block // superblocks of blocks
	Synchronous bool      // neighbours inside a superblock are wanted

	Clamps []Clamp
	Init   []Init // one for each variable

	Format Format
	Rounds int // of Philox4x32: 10 or 7; or rng.ARS5
	Stream Stream

	Beta  float64
	Betas []float64 // β of warm-up sweep t, nil: Beta throughout

	Schedule Schedule
	Chains   int // default number of chains
	Seed     uint64

	Formulas []Formula // of weights that follow from parameters
}

// Var is a named array of nodes First … First+Count-1 of one kind.
type Var struct {
	Name   string
	Kind   Kind
	States int   // 0 for continuous ones
	Shape  []int // nil for a scalar
	First  int
	Count  int
	Range  []float64 // of a continuous one: lowest and highest value; nil: all
}

// Factor contributes -W[c1, c2, …]·s1·s2·…·x1^p1·x2^p2·… for each of its rows, c
// being the values of its categorical slots in order, s those of its spin slots and
// x those of its continuous slots. Without slots it contributes constants.
type Factor struct {
	Name    string
	Slots   []Slot
	Rows    int
	Index   []int32 // Rows × len(Slots) nodes, row-major
	Table   []int   // one axis for each categorical slot
	Shared  bool    // one table for all rows
	Runtime bool    // its weights may be set
	Weights []float64
}

// CodeFactor adds the value of an expression to the energy for each of its rows. A
// directed one has no energy and changes the conditional of the node in its first
// slot alone.
type CodeFactor struct {
	Name     string
	Directed bool
	Slots    []Slot // powers are 0
	Rows     int
	Index    []int32 // Rows × len(Slots) nodes, row-major
	Params   []CodeParam
	Net      *Net // of the code; may be nil
	Energy   []CodeOp
	Parts    []CodePart // one for each slot
}

// AllWeights are the weights of every factor, in a list of the caller's.
func (m *Model) AllWeights() [][]float64 {
	weights := make([][]float64, len(m.Factors))
	for i := range m.Factors {
		weights[i] = m.Factors[i].Weights
	}
	return weights
}

// heads is how many slots of a row have their nodes' conditionals changed by it.
func (c *CodeFactor) heads() int {
	if c.Directed {
		return min(1, len(c.Slots))
	}
	return len(c.Slots)
}

// Slot is one position of a factor.
type Slot struct {
	Kind   Kind
	States int
	Power  int // of a continuous slot: 1 or 2; 0 of others
}

// TableSize is the number of weights of one row.
func (f *Factor) TableSize() int {
	n := 1
	for _, k := range f.Table {
		n *= k
	}
	return n
}

// Block is a list of nodes of one kind; node i has slot First + i.
type Block struct {
	Kind    Kind
	States  int
	Float   bool   // updated in float32: continuous nodes and their neighbours
	Sampler string // "" draws from the conditional law; else the name of another sampler
	Joint   *Joint // a joint move of all nodes, by Sampler
	Numbers int    // that the sampler keeps for each node and chain
	First   int
	Nodes   []int32
}

// Joint is how a block moves as a whole.
type Joint struct {
	StepSize   Rate
	NoiseScale Rate      // of langevin and underdamped
	Steps      int       // of hmc
	Mass       []float64 // of hmc and underdamped, by node of the block; nil: 1
	Friction   float64   // of underdamped
	Momentum   float64   // of nesterov
	Adapt      float64   // of mala and hmc: the acceptance that warm-up fits the step to; 0: none
}

// Clamp fixes nodes to ±1, a category or the bits of a float32. Chains > 0 gives Values a leading
// chain axis.
type Clamp struct {
	Nodes  []int32
	Chains int
	Values []int32
}

// InitKind is how a variable starts.
type InitKind uint8

const (
	InitRandom InitKind = iota // uniform
	InitHinton                 // spins P(+1) = σ(β·bias), else uniform
	InitZeros                  // spin -1, category 0
	InitValues                 // given
	InitNormal                 // continuous: Mean + SD·z
	InitCode                   // by user's code
)

// Init is the start of one variable; Values as in Clamp.
type Init struct {
	Kind     InitKind
	Chains   int
	Values   []int32
	Mean, SD float64 // InitNormal
	Code     string  // InitCode: its name
}

// Format is the number format; see the program's specification.
type Format struct {
	Profile       string
	Fraction      int     // weights are integers in units of 2^-Fraction
	Segments      int     // of the threshold table: 128 or 256
	ThresholdBits int     // 32, or 1 … 16, or Planes
	Planes        int     // 1 … 32: spins are drawn from bit planes; 0: from digits
	Digit         int     // 8: the first digit of a spin has 8 bits, the only one with ThresholdBits 8; 0: 16
	Noise         bool    // the rule of noise in place of thresholds
	LowBits       int     // of noise
	Accum         int     // bits that hold every partial sum: 32 or 64
	Group         int     // 2 … 8: weights of fields of spins alone are rounded by groups; else one by one
	Range         float64 // largest |weight| that SetWeights takes
	Bound         float64 // largest error of any conditional probability
}

// singleByte says whether a byte decides a spin, with no second digit.
func (f *Format) singleByte() bool { return f.Digit == 8 && f.ThresholdBits == 8 }

// Schedule is THRML's: the first observation comes after Warmup sweeps, each
// further one after StepsPerSample more.
type Schedule struct {
	Warmup, Samples, StepsPerSample int
}

// Sweeps is the total number of sweeps of a run.
func (s Schedule) Sweeps() int { return s.Warmup + (s.Samples-1)*s.StepsPerSample }

// Validate refuses counts below 1 (Warmup: below 0).
func (s Schedule) Validate() error {
	if s.Warmup < 0 || s.Samples < 1 || s.StepsPerSample < 1 {
		return fmt.Errorf("schedule %+v: warm-up must be at least 0, samples and steps per sample at least 1", s)
	}
	return nil
}
