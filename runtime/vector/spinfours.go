package vector

// The spin kernel in AVX2 updates four nodes in 256 chains. Fields are sums by groups of
// four neighbours, of 16 bits in a unit that each node has for itself, and thresholds come
// from parabolas; the lanes where these are not sure of the choice are left to the caller.
//
// Lane b of column e is chain 8b + e of 256.

// SpinFours is the largest number of groups of four neighbours of a node.
const SpinFours = 12

// SpinDigits are the first digits of a quad of slots in 256 chains, each less 2^15, by
// slot and column. The first 16 of a column are those of lanes 0 to 7 and 16 to 23.
type SpinDigits [4][8][2][16]int16

// At is the digit of a chain.
func (d *SpinDigits) At(slot, chain int) uint16 {
	b := chain / 8
	return uint16(d[slot][chain%8][b/8%2][b/16*8+b%8]) ^ 1<<15
}

// What the kernel reads about a node, in bytes, numbers being little-endian of 32 bits:
//
//	FoursAtGroups  number of groups of four neighbours
//	FoursAtOut     offset of the row to write from the state
//	FoursAtCurve   offset of its curve from Spins256.Curves
//	FoursAtFirst   the groups, FoursStride bytes each: offsets of four rows from the state,
//	              then the low bytes of 16 partial sums, by the values of the neighbours,
//	              and their high bytes
const (
	FoursAtGroups = 0
	FoursAtOut    = 4
	FoursAtCurve  = 8
	FoursAtFirst  = 16
	FoursStride   = 48
)

// A SpinCurve bounds the threshold of a field of magnitude m, in 16 bits. With x = (min(m,
// Most)·Power mod 2^16)·Factor div 2^16, i = x div 2^11, f = 32·x mod 2^16 and numbers (A,
// B, C, E) of segment i,
//
//	T = A - (f·(B - (f·C div 2^16)) div 2^16),   (T - E + Round) & Keep ≤ threshold ≤ (T + E + Round) & Keep
//
// A and T being less 2^15 and sums being saturated; with all bits kept Round is 0. Nothing
// is known where m is at most Zero. Low and high bytes stand apart.
type SpinCurve struct {
	Low, High [4][16]uint8 // of A, B, C and E
	Most      [16]uint16
	Power     [16]uint16
	Factor    [16]uint16
	Zero      [16]int16
	Round     [16]int16
	Keep      [16]uint16
}

// SpinFields is the kernel's own, for a quad of nodes: values of four neighbours by group,
// column and lane, bit j being that of neighbour j, and fields.
type SpinFields [4]struct {
	Patterns [SpinFours][8][32]uint8
	Fields   [8][2][16]int16
}

// Spins256 are the arguments of the kernel.
type Spins256 struct {
	State, Out *uint64  // the same, or a shadow
	Nodes      [4]*byte // of a quad of slots; nil: none
	Curves     *SpinCurve
	Digits     *SpinDigits
	Scratch    *SpinFields
	Open       [4][8]uint32 // by node and column, a bit for each lane that is open
	_          uint64
}
