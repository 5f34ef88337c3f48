package ir

// Kind is what values a node takes.
type Kind uint8

const (
	Spin        Kind = iota // -1, +1
	Categorical             // 0 … States-1
)

// Program is a sampler, to the last bit. Slices are dense by node, variable or
// factor index and are not shared with the graph it came from.
type Program struct {
	Model string
	Hash  string // of the graph, hex

	Vars    []Var
	Nodes   int
	Factors []Factor

	Sweep       []Superblock
	Synchronous bool // neighbours inside a superblock are wanted

	Clamps []Clamp
	Init   []Init // one for each variable

	Format Format
	Rounds int // of Philox4x32: 10 or 7

	Beta      float64
	BetaParam string    // name under which β is data, "" if it is not
	Betas     []float64 // β of warm-up sweep t; nil: Beta throughout. Draws use Beta = the last

	Sample Sample
}

// Var is a named array of nodes of one kind, node First + flat index.
type Var struct {
	Name   string
	Kind   Kind
	States int
	Shape  []int
	First  int
	Count  int
}

// Factor is a table of rows; see the package documentation.
type Factor struct {
	Name    string
	Slots   []Slot
	Rows    int
	Index   []int32 // Rows × len(Slots), row-major
	Table   []int   // one axis for each categorical slot
	Shared  bool    // one table for all rows
	Runtime bool
	Weights []float64 // as given: [1 or Rows] × Table
	Ints    []int64   // RoundHalfEven(Weights · 2^Fraction)
}

// Slot is one position of a factor.
type Slot struct {
	Kind   Kind
	States int
}

// Superblock is a list of blocks that read one snapshot.
type Superblock []Block

// Block is a list of nodes of one kind in slot order: node i has slot
// First + i. First is a multiple of 16.
type Block struct {
	Kind   Kind
	States int
	First  int
	Nodes  []int32
}

// Clamp fixes nodes; Chains > 0 gives Values a leading chain axis. Values are
// ±1 or a category.
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
)

// Init is the start of one variable; Values as in Clamp, [Chains ×] Count.
type Init struct {
	Kind   InitKind
	Chains int
	Values []int32
}

// Format is the number format.
type Format struct {
	Profile       string  // default, fast or custom
	Fraction      int     // F: weights are in units of 2^-F
	Segments      int     // 128 or 256
	ThresholdBits int     // 32: two digits; 1 … 16: one digit, no tail
	Accum         int     // 32 or 64 bits hold every partial sum
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
