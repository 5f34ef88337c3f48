// Package spec reads a model file into a Spec: what the user wrote, typed, with
// the place of everything, and nothing resolved.
//
// It is the only importer of yaml.v3 and works on its node tree, because
// decoding into structs loses places, accepts duplicate keys and rereads
// numbers. Parse collects every problem it can see without opening another
// file; package graph resolves references, files and shapes.
package spec

import "github.com/thrmlgen/thrmlgen/gen/diag"

// Spec is a whole model file. A nil pointer or empty slice means that the key
// was not written; defaults are filled in by package graph, except in Sample,
// whose defaults are fixed numbers.
type Spec struct {
	File   string // as given by the caller, for messages
	Dir    string // files are named relative to it and stay inside it
	Source []byte

	Model        Name
	Graphs       []GraphDecl
	Variables    []Variable
	Groups       []Group
	Factors      []Factor
	Family       *Family // ising, potts, maxcut, …: expanded by package graph
	Interactions []Interaction
	Beta         Beta
	Runtime      bool
	Init         Init
	Blocks       []Block // nil: auto
	BlocksPos    diag.Pos
	BlockOrder   string // of nodes in automatic blocks: "" for the model's, or local
	Synchronous  bool
	Clamps       []Clamp
	Update       []Update
	Dynamics     *Dynamics
	Format       Format
	Sample       Sample
	Observe      []Observe // default state and energy
	Train        *Train    // nil without a training section

	sets map[string][]byte // text of each --set value by its file name in positions
}

// Name is an identifier [a-z][a-z0-9_]* with its place.
type Name struct {
	Text string
	Pos  diag.Pos
}

// Int and Float are numbers with their place. Ok is false when the key is absent.
type Int struct {
	V   int64
	Ok  bool
	Pos diag.Pos
}

type Float struct {
	V   float64
	Ok  bool
	Pos diag.Pos
}

// GraphDecl is one entry of graphs.
type GraphDecl struct {
	Name Name
	Topology
}

// Topology is a named graph with its sizes, e.g. {grid: [20, 20]} or
// {file: g.npz#edges, nodes: 800}. In `edges: {grid: x}` Over names a variable
// instead of giving sizes.
type Topology struct {
	Kind    string  // chain, ring, grid, torus, king, complete, bipartite, hypercube, random_regular, chimera, pegasus, zephyr, skip, stencil, file; "" for a graph by name
	Args    []Int   // sizes, in order
	Over    Name    // variable whose shape the graph takes (inline form)
	Ref     Name    // a declared graph (Kind "")
	Degree  Int     // random_regular
	Seed    Int     // random_regular
	File    *File   // file
	Nodes   Int     // file
	Lengths []Int   // skip
	Offsets [][]Int // stencil
	Wrap    *bool   // stencil
	Pos     diag.Pos
}

// File names a file inside the model's folder, with the key of an array inside
// it for .npz and .safetensors ("" otherwise).
type File struct {
	Path string
	Key  string
	Pos  diag.Pos
}

// Variable is one entry of variables.
type Variable struct {
	Name   Name
	Kind   string // spin, categorical, continuous; "" when Fields is set
	States Int    // categorical
	Dim    Int    // continuous
	Range  []Float
	Shape  []Int   // nil: scalar unless On is set
	On     *OnExpr // one node on every (chosen) node of a graph
	Fields []Variable
	Pos    diag.Pos
}

// OnExpr places a variable on the nodes of a graph.
type OnExpr struct {
	Graph  Name
	Rest   bool  // what is left
	Random Float // share of the nodes
	Seed   Int
	Mask   *File
	Pos    diag.Pos
}

// Group is one entry of groups: a reference, or one of the generated forms.
type Group struct {
	Name   Name
	Ref    *Ref
	Random *RandomGroup
	Parity *ParityGroup
	File   *File // node numbers or a mask
	Of     *Ref  // File: what they count; nil for the model's one variable
}

type RandomGroup struct {
	Of   *Ref
	N    Int
	Seed Int
}

type ParityGroup struct {
	Parity Int
	Of     *Ref
}

// Ref is a reference to a set of nodes, in the order written.
//
//	x  x[3]  x[2,5]  x[0:10:2]  x[:,0]  x[[3, 17]]  group  a & b  a - b  [a, b]
type Ref struct {
	Op    string // "": Name with optional Index; "&", "-": Args[0] op Args[1]; "|": union of Args
	Name  Name   // variable, field (x.name) or group
	Index []Axis // nil: everything
	Args  []*Ref
	Text  string // as written
	Pos   diag.Pos
}

// Axis is one index of a reference: a single index, a slice or a list.
type Axis struct {
	List    []int // single index or list; nil for a slice
	Slice   bool
	Lo, Hi  *int // nil: open
	Step    int  // 1 unless written; positive
	IsIndex bool // a single index, which drops no axis here but prints as one
	Pos     diag.Pos
}

// Factor is one entry of factors.
type Factor struct {
	Name    Name // "" if not written
	Over    []Slot
	Index   *Index
	Weights *Weights // nil when Energy is set
	Energy  string
	MLP     *MLP // the energy is this network; Energy is its text
	Params  []Param
	Scale   Float
	ScaleBy Name // runtime parameter
	Runtime *bool
	Sum     bool // duplicates: sum
	Pos     diag.Pos

	EnergyPos diag.Pos
	// EnergyAt is the place of byte i of Energy, EnergyPos where that is not known
	// (escapes, folded lines).
	EnergyAt func(i int) diag.Pos
}

// Interaction is one entry of interactions: a directed term of the field of its
// head's nodes, in row i of node i of the head and of each tail. With an Index
// head and tails are variables. Energy and its places are those of the field.
type Interaction struct {
	Factor
	Head  Tail
	Tails []Tail
}

// Tail is a list of nodes with the name it has in the field ("" in the list form).
type Tail struct {
	Alias Name
	Ref   *Ref
}

// Slot is one position of over: a variable, with the name it has in an energy
// expression ("" in the list form).
type Slot struct {
	Var   Name
	Alias Name
}

// Index says which nodes a factor's rows pick. Exactly one form is set.
type Index struct {
	Rows  [][]int // index: [[i1, i2], …]; flat indices
	File  *File
	All   bool
	Pairs bool
	Edges *Topology
	Pos   diag.Pos
	// RowPos is the place of each row of Rows.
	RowPos []diag.Pos
}

// Weights is a number, a nested list, a generated table or a file.
type Weights struct {
	Kind string // list, identity, normal, uniform, signs, file
	List *List
	A, B Float // identity: A; normal: mean A, sd B; uniform: lo A, hi B; signs: A
	Seed Int
	File *File
	Pos  diag.Pos
}

// List is a nested list of numbers, row-major. Shape is nil for one number.
// Positions of the elements are kept for messages.
type List struct {
	Shape  []int
	Values []float64
	At     func(i int) diag.Pos
}

// Param is one parameter of an energy expression.
type Param struct {
	Name Name
	Weights
}

// Family is a shorthand, with its keys as written. Package graph expands it.
type Family struct {
	Kind     Name // ising, maxcut, potts, rbm, boltzmann, gaussian, gaussian_bernoulli
	Graph    *Topology
	Edges    *Index   // ising: rows of two nodes
	Biases   *Weights // ising, boltzmann
	Weights  *Weights // ising, rbm, boltzmann
	States   Int      // potts
	Coupling *Weights // potts
	File     *File    // maxcut

	Visible, Hidden             []Int // rbm, boltzmann: shapes
	VisibleBiases, HiddenBiases *Weights

	Shape             []Int    // gaussian
	Continuous, Spins []Int    // gaussian_bernoulli: shapes
	Precision         *Matrix  // gaussian, gaussian_bernoulli
	Covariance        *Weights // gaussian: a matrix, or its diagonal
	Mean              *Weights // gaussian, gaussian_bernoulli
}

// Matrix is a symmetric matrix: all of it or its diagonal (Dense), or the diagonal
// and one value for each edge.
type Matrix struct {
	Dense    *Weights // [n, n], [n] or one number
	Diagonal *Weights
	Graph    *Topology
	Edges    *Index
	Values   *Weights
	Pos      diag.Pos
}

// Beta is a number or the name of a runtime parameter.
type Beta struct {
	Float
	Param Name
}

// Init is the initial state: one form for all, or one for each variable.
type Init struct {
	All  *InitForm
	Vars []VarInit
}

type VarInit struct {
	Var Name
	InitForm
}

// InitForm is random, hinton, zeros, a file or {normal: [mean, sd]}.
type InitForm struct {
	Kind   string // random, hinton, zeros, file, normal, code
	File   *File
	Normal []Float
	Code   Name
	Pos    diag.Pos
}

// Block is one entry of blocks: a union of references, or a superblock.
type Block struct {
	Refs     *Ref    // nil for a superblock
	Together []Block // superblock: each a plain block
	Pos      diag.Pos
}

// Clamp is one entry of clamp: reference: value(s) or a file.
type Clamp struct {
	Ref    *Ref
	Values *List
	File   *File
	Pos    diag.Pos
}

type Update struct {
	Var     Name
	Sampler Name
}

// Format is the number format. Profile is default, fast, hardware or "" for a
// mapping; absent numbers are chosen by the pass that fixes the format.
type Format struct {
	Profile       string
	Fraction      Int
	Bits          Int
	ThresholdBits Int
	Choice        Name // threshold or noise
	Group         Int
	Budget        Float
	Range         Float
	RNG           Name
	Planes        Int
	Digit         Int
	Interleave    Int
	Pos           diag.Pos
}

// Sample is the schedule; defaults are filled in.
type Sample struct {
	Chains         Int // 4
	Warmup         Int // 1000
	Samples        Int // 1000
	StepsPerSample Int // 1
	Seed           Uint
	Betas          *Betas
	Pos            diag.Pos
}

// Uint is a seed: 0 … 2^64-1.
type Uint struct {
	V   uint64
	Ok  bool
	Pos diag.Pos
}

// Betas is one beta for each warm-up sweep: a list, a file, or from … to.
type Betas struct {
	List     *List
	File     *File
	From, To Float
	Shape    Name // linear or geometric
	Pos      diag.Pos
}

// Train is the training section: what is learnt from, and how. Keys that are not
// written have Ok false, no Text or nil; their defaults are loss kl, all rows in
// one batch, 1 epoch, sgd, learning rate 0.01, weight decay 0, seed 0.
type Train struct {
	Data         *Data
	Visible      *Ref // the nodes that the columns of the data are of
	Condition    []Condition
	Batch        Int
	Epochs       Int
	Loss         Name  // kl, cd, score_matching, sliced or denoising
	Buffer       Int   // persistent: states
	Fresh        Float // persistent: share of chains
	Sigma        Float // denoising
	Projections  Int   // sliced
	K            Int   // cd: sweeps
	Start        Name  // cd: data, noise or persistent
	LearningRate Float // of the first step
	RateEnd      Float // of the last step; not written: the same
	RateShape    Name  // linear or geometric
	Optimizer    Optimizer
	WeightDecay  Float
	Seed         Uint
	Positive     Phase
	Negative     Phase
	HeldOut      *Data
	Pos          diag.Pos
}

// Data are examples, one a row: a nested list, a file, or drawn: every entry +1
// with probability P.
type Data struct {
	List *List
	File *File
	P    Float // bernoulli
	Rows Int
	Seed Int
	Pos  diag.Pos
}

// Condition clamps nodes to data of their own, row by row with the examples.
type Condition struct {
	Ref  *Ref
	Data *Data
}

// Optimizer is sgd with a momentum, or adam; Name.Text is "" if not written.
type Optimizer struct {
	Name                  Name
	Momentum              Float // sgd
	Beta1, Beta2, Epsilon Float // adam
}

// Phase is the schedule of one of the two expectations of a gradient. What is
// not written is as in sample, and in the model.
type Phase struct {
	Blocks    []Block // nil: auto, or as in the model where BlocksPos is empty
	BlocksPos diag.Pos
	Init      *Init

	Chains, Warmup, Samples, StepsPerSample Int

	Pos diag.Pos
}

// Observe is one entry of observe.
type Observe struct {
	Kind string // state, energy, best, moments, magnetisation, histogram, value, mean, go
	Refs *Ref   // state: [refs], histogram: ref
	Name Name   // value, mean, histogram, go
	Code Name   // go
	// Of a histogram of continuous nodes.
	Bins  Int
	Range []Float // nil, or lowest and highest
	// Value is what is added up over the rows, or of which each row's mean is taken,
	// as Energy.
	Value *Factor
	Pos   diag.Pos
}
