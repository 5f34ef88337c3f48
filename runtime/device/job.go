package device

// Protocol is the version of what processes are told.
const Protocol = 4

// Job is what the process of a GPU is told first.
type Job struct {
	Protocol int
	Program  []byte // as text, see package ir
	Cache    string // folder for what is compiled
	Device   int    // number of the GPU
	Share    int    // of the chains, which so many processes share
	Shares   int
}

// Version is what may differ from one run of a program to the next.
type Version struct {
	Chains int // of all processes
	Seed   uint64
	// Own leaves β, weights, clamps and starts as the program has them; then there is an
	// initial state. Else states are given before the first sweep.
	Own       bool
	LeastBeta float64       // of all sweeps
	Weights   [][]float64   // by factor, nil: as in the program
	Params    [][][]float64 // of factors of code and their parameters; nil: as in the program
	Clamped   []int32       // nodes, in order
}
