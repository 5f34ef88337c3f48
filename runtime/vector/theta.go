package vector

// The kernel of fields updates a categorical in 64 chains from sums of tables, by patterns
// of the bits of its neighbours' states. It draws by probabilities in float32, which are off
// by less than ThetaMargin, and leaves to the caller the chains where that matters.

// Thetas are the arguments of the kernel. With θ the sums of all tables, a digit u has the
// category that is the number of k < States-1 with
//
//	Σ_{j ≤ k} e_j < (u/2^16 - Low)·Σ e_j,   e_j = 2^(Scale·(max θ - θ_j))
//
// and is left to the caller if some sum is not above (u/2^16 + High)·Σ e_j either.
type Thetas struct {
	Cats   *uint8 // states of categoricals in the 64 chains
	Spins  *uint64
	Out    *uint8
	Digits *[64]uint32
	Node   *int32
	Tables *int32
	States uint64 // 2 … ThetaStates
	Half   uint64 // 0: digits are low halves, 1: high halves

	Scale, Low, High float32
	Keep             uint32 // bits of a digit that count

	Open   uint64 // chains that are left to the caller
	Fields [ThetaStates][2][16]int32
}

// What the kernel reads about a node are numbers: how many patterns, at least 1, then of each
//
//	the number of bits, 4 or more
//	the place of its tables, in bytes: 2^bits numbers for each state
//	how many categoricals
//	how many products of spins
//	of each categorical its offset from Cats, and how far its state is shifted
//	of each product how many spins, the bit it is, and the spins' offsets from Spins
const (
	ThetaStates = 32
	ThetaBits   = 10           // of a pattern, at most
	ThetaMargin = 1.0 / 131072 // 32 states: 2^-18.4 from sums and powers in float32, 2^-20.4 from exponentials in integers
)
