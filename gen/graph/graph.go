// Package graph turns a Spec into a factor graph: every variable, node and
// factor row by dense index, every file read, every shape checked.
//
// Nodes are numbered variable after variable in the order of the model file,
// row-major inside a variable. The files build*.go resolve a Spec; topology.go,
// hardware.go and random.go hold the named graphs; colour.go finds blocks;
// normal.go draws weights.
package graph

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Kind is what values a node takes.
type Kind uint8

const (
	Spin        Kind = iota // -1, +1
	Categorical             // 0 … States-1
	Continuous              // a float32
)

func (k Kind) String() string { return [...]string{"spin", "categorical", "continuous"}[k] }

// Graph is a verified model.
type Graph struct {
	Model    string
	Vars     []Variable
	Nodes    int // all nodes
	Factors  []Factor
	Codes    []CodeFactor
	Terms    []Term // the factors as the user wrote them
	Directed []Term // the interactions, all Coded
	Groups   []Group

	Formulas []sampling.Formula // of weights that follow from parameters

	Beta      float64   // inverse temperature of draws and of every reported energy
	BetaParam string    // runtime parameter that holds beta, "" if none
	Betas     []float64 // one for each warm-up sweep, nil without annealing

	// Blocks is the sweep order: superblocks of blocks of nodes. Blocks are as
	// the user wrote them or as colouring found them; clamped nodes may be in
	// them and keep their place.
	Blocks      [][]Block
	Synchronous bool
	Coloured    bool // blocks: auto
	Edges       int  // pairs of nodes that share a factor row
	MaxDegree   int

	Dynamics *Dynamics // of the last superblock; nil without

	Clamps  []Clamp
	Init    []Init // one for each variable
	Sample  Sample
	Observe []Observe
	Format  Format
	GoCode  []GoCode // that the model names, in the order of first use

	MaxCut   *MaxCut // what the maxcut family adds to results
	Warnings []diag.Problem
}

// Variable is a named array of nodes of one kind. Count is the product of
// Shape, or the number of graph nodes it sits on.
type Variable struct {
	Name     string
	Kind     Kind
	States   int       // 2 for spins, 0 for continuous ones
	Shape    []int     // results have this shape (a vector's components last); nil for a scalar
	Dim      int       // of vectors: components of a node as the user sees it; 0 for numbers
	Range    []float64 // of a continuous one: lowest and highest value; nil: all
	Sampler  string    // what draws its values: "" for gibbs, a name of ours, or of GoCode
	First    int       // dense index of its first node
	Count    int
	Topology *Topology // set by on: g
	OnNodes  []int32   // graph node of each place (on: part of g); nil: identity
	Pos      diag.Pos
}

// Factor contributes -W[c1, c2, …]·s1·s2·…·x1^p1·… for each of its rows. An energy
// expression becomes several, of one name; one without slots holds its constants.
type Factor struct {
	Name       string // f0, f1, … by position when the user gave none
	Slots      []Slot
	Rows       int
	Index      []int32   // Rows × len(Slots) dense node indices, row-major
	Table      []int     // one axis for each categorical slot, in slot order
	Shared     bool      // one table for all rows
	Weights    []float64 // row-major: [Rows or 1] × Table, scale included
	Scale      float64
	Runtime    bool
	Pos        diag.Pos // of the factor
	WeightsPos diag.Pos
}

// CodeFactor adds an expression that no weights serve, evaluated for each of its
// rows, to the energy.
type CodeFactor struct {
	Name   string
	Slots  []Slot // scalars: of a vector each component that the expression reads
	Rows   int
	Index  []int32 // Rows × len(Slots) dense node indices, row-major
	Params []sampling.CodeParam
	Net    *sampling.Net
	Energy []sampling.CodeOp
	Parts  []sampling.CodePart // one for each slot
	Lowest []float64           // of each Square, over all rows
	Pos    diag.Pos
	// Directed rows add to the conditional of the node in the first slot alone;
	// there is no energy.
	Directed bool
}

// Term is a factor as the user wrote it, which became Factors[First:First+Parts]:
// one, or several for an energy expression; or Codes[First] if it is Coded.
type Term struct {
	Name         string
	First, Parts int
	Coded        bool
	Rows         int
	Energy       *Expression // nil: weights
	ScaleBy      string      // the parameter that scales it, "" if none does
	Runtime      bool        // its weights or parameters are data
}

// Expression is an energy, or an observed value, as the user wrote it.
type Expression struct {
	Text   string
	Slots  []string // names in the expression
	Vars   []int    // variables of the slots
	Rows   int
	Index  []int32 // Rows × slots: nodes; of a vector its first component
	Params []Param
	Scale  float64
	// Network is the energy where it is one: Params are its tensors, Text names it.
	Network *Network
}

// Network is an mlp as the user wrote it.
type Network struct {
	Input, Times []string // slots
	Hidden       []int
	Activation   string
}

// Param is a parameter of an expression.
type Param struct {
	Name   string
	Axes   []int // of one row
	Shared bool  // the same for all rows
	Values []float64
}

// UserFactors are the Terms; without any, as in a graph that was not built from a
// model file, one for each factor.
func (g *Graph) UserFactors() []Term {
	if len(g.Terms) > 0 || len(g.Factors) == 0 {
		return g.Terms
	}
	terms := make([]Term, len(g.Factors))
	for i := range terms {
		terms[i] = Term{Name: g.Factors[i].Name, First: i, Parts: 1, Rows: g.Factors[i].Rows, Runtime: g.Factors[i].Runtime}
	}
	return terms
}

// Slot is one position of a factor.
type Slot struct {
	Var    int // index into Vars
	Kind   Kind
	States int
	Power  int // of a continuous slot: 1 or 2
}

// TableSize is the number of weights of one row.
func (f *Factor) TableSize() int {
	n := 1
	for _, k := range f.Table {
		n *= k
	}
	return n
}

// Dynamics is a joint move of the nodes of whole continuous variables, the last
// superblock of a sweep. Their Sampler is Kind.
type Dynamics struct {
	Kind  string
	Vars  []int
	Joint sampling.Joint
	Pos   diag.Pos

	StepPos diag.Pos // of its step_size
}

// Group is a named set of nodes, in the order written.
type Group struct {
	Name  string
	Nodes []int32
}

// Block is an ordered list of nodes that are updated together.
type Block struct {
	Nodes []int32
	Pos   diag.Pos
	Joint bool // moved by Dynamics
}

// Clamp fixes nodes. Values are -1/+1 for spins, 0 … K-1 for categoricals and the
// bits of a float32 for continuous nodes:
// one for each node, or with a leading chain axis (Chains > 0) Chains × nodes.
type Clamp struct {
	Nodes  []int32
	Chains int
	Values []int32
	Source string // file#key the values came from, "" if they are in the model
	Text   string // the reference as written
	Pos    diag.Pos
}

// InitKind is how a variable starts.
type InitKind uint8

const (
	InitRandom InitKind = iota // uniform
	InitHinton                 // spins: P(+1) = σ(β·bias); else uniform
	InitZeros                  // spin -1, category 0
	InitValues                 // from a file
	InitNormal                 // continuous: Mean + SD·z
	InitCode                   // by GoCode
)

// Init is the initial state of one variable.
type Init struct {
	Kind     InitKind
	Chains   int     // leading chain axis of Values, 0 for none
	Values   []int32 // InitValues: [Chains ×] Count
	Mean, SD float64 // InitNormal
	Source   string  // InitValues: file#key
	Code     string  // InitCode: its name
}

// Sample is the schedule.
type Sample struct {
	Chains, Warmup, Samples, StepsPerSample int
	Seed                                    uint64
}

// Observe is one thing to record.
type Observe struct {
	Kind  string  // state, energy, best, moments, magnetisation, histogram, value, mean, go
	Nodes []int32 // state: nodes to keep, nil for all; histogram: those of one variable
	Text  string  // the reference as written, for state of a part
	Value *Observable
	Name  string // go: of the result
	Code  string // go: of the GoCode

	Histogram *Histogram
}

// Histogram is how often nodes had each value; the values of continuous nodes in
// Bins of equal width from Low to High.
type Histogram struct {
	Name      string
	Bins      int // 0 for spins and categoricals
	Low, High float64
}

// Observable is a number of a state, the sum of an expression over rows; or with
// the kind mean a number for each row.
type Observable struct {
	Name  string
	Slots []Slot
	Rows  int
	Index []int32 // Rows × len(Slots) dense node indices, row-major
	Code  sampling.Code
	As    Expression // as written
}

// Format is what the user asked of the number format; nil fields are chosen.
type Format struct {
	Profile       string // default, fast, hardware
	Fraction      *int
	Bits          *int
	ThresholdBits *int
	Choice        string // threshold or noise, "" chosen
	Group         *int
	Budget        *float64
	Range         *float64
	RNG           string // "" chosen
	Planes        *int
	Digit         *int
	Interleave    *int
	Pos           diag.Pos            // of the format key (or of the model key when silent)
	At            map[string]diag.Pos // place of each key written
}

// MaxCut turns energies into cuts: with H = Σ w s s, cut = (TotalWeight - H)/2.
type MaxCut struct {
	TotalWeight float64
}
