package vector

// The spin kernel updates four nodes in 512 chains, a bit of state each. It decides a
// lane from a field of 8 bits where that is enough to know the outcome, and the others
// from the exact field; a first digit that equals its threshold is left to the caller.
//
// Lane b of row z is chain 8·(16·(b/16) + 2z + b/8 mod 2) + b mod 8 of 512.

// SpinGroups is the largest number of groups of eight neighbours of a node.
const (
	SpinGroups     = 6
	SpinWideGroups = 4
)

// SpinChain is the chain at a place row << 6 | lane.
func SpinChain(place uint16) int {
	z, b := int(place>>6&7), int(place&63)
	return 8*(16*(b/16)+2*z+b/8%2) + b%8
}

// SpinNoise are the first digits of a quad of slots in 512 chains. Words[z][h] are
// those of row z in four sets, digits of slots 2h and 2h+1 as low and high halves:
// lane 16l + 4s + i is word 4l + i of set s. High are their high bytes by slot, row
// and lane.
type SpinNoise struct {
	Words [8][2][4][16]uint32
	High  [4][8][64]uint8
	_     [64]byte // first digits of 8 bits are High, and read with what is behind
}

// What the kernel reads about a node, in bytes from a multiple of 64, numbers being
// little-endian of 32 bits but for fields of 8:
//
//	SpinAtGroups  number of groups of eight neighbours
//	SpinAtOut     offset of the row to write from the state
//	SpinAtCells   offset of its cells from Spins.Cells
//	SpinAtTables  offset of its tables, a multiple of 64
//	SpinAtEighth  for each group, 8 bits to add where neighbour 7 is +1
//	SpinAtWide    not 0: exact sums are of so many neighbours at a time, see below
//	SpinAtParts   number of these sums
//	SpinAtStride  bytes from the table of one to the next
//	SpinAtShort   not 0: they have 16 bits
//	SpinAtThere   bits of the neighbours that there are, of all groups
//	SpinAtAhead   offset of what to fetch into the cache, and
//	SpinAtLines   how many lines of 64 bytes of it, at least 1
//	SpinAtRows    for each group, offsets of eight rows from the state
//
//	SpinAtFine    not 0: exact sums have so many extra bits, see below
//
// and in its tables for each group 128 partial sums of 8 bits by the values of
// neighbours 0 to 6, then for each group 16 exact partial sums of neighbours 0 to 3
// and 16 of 4 to 7. With SpinAtWide = n there are exact sums for each n neighbours
// in their order through all groups, which are at most SpinWideGroups then; with
// SpinAtFine = e, 16 numbers of their first four neighbours and 16 of the others, in 32
// bits, whose sum is shifted right by e; the bits that follow those of less than four are
// any.
const (
	SpinAtGroups = 0
	SpinAtOut    = 4
	SpinAtCells  = 8
	SpinAtTables = 12
	SpinAtEighth = 16
	SpinAtWide   = 24
	SpinAtParts  = 28
	SpinAtStride = 32
	SpinAtShort  = 36
	SpinAtThere  = 40
	SpinAtAhead  = 44
	SpinAtLines  = 48
	SpinAtFine   = 52
	SpinAtRows   = 64
)

// SpinCells bound the thresholds of fields h of 8 bits by cell min(Map·|h|, 63): with
// a digit whose high byte is below Low the less likely value is taken for certain, with
// one above High it is not. Map is a matrix of bits, KeepBits or HalveBits.
type SpinCells struct {
	Low, High [64]uint8
	Map       uint64
	_         [56]byte
}

const (
	KeepBits  = 0x0102040810204080 // h
	HalveBits = 0x0204081020408000 // h/2
)

// SpinScratch is the kernel's own, for a quad of nodes; the ties are for its caller.
type SpinScratch struct {
	Nodes [4]struct {
		Patterns [SpinGroups][8][64]uint8 // of neighbours, by group, row and lane
		Likely   [8]uint64                // lanes that take their likely value, by row
		Open     [8]uint64                // those that 8 bits do not decide
		From, To uint64                   // where these stand in the list of all nodes'
		_        [6]uint64
		Negative [8]uint64 // fields
		Decided  [8]uint64 // values of open lanes
	}
	Lanes     [2112]uint8 // listed
	Rows      [2112]uint8
	Values    [40]uint64
	Ties      [512]uint16
	TieFields [512]int32 // of Ties
	Fields    [2064]int32
	Places    [2064]uint32 // as in Ties
	Digits    [2064]uint32
}

// Spins are the arguments of the kernel. A threshold for magnitude m is, with line i
// = min(m >> S, Segments), f = (m << Up >> Down) mod 2^16 and (A, D) its two numbers,
//
//	((A - (D·f >> 4)) >> 16 + Round) & Keep
type Spins struct {
	State, Out *uint64  // the same, or a shadow
	Nodes      [4]*byte // of a quad of slots; nil: none
	Cells      *SpinCells
	Lines      *uint32
	Noise      *SpinNoise
	Scratch    *SpinScratch
	_          uint64

	Segments, S, Up, Down, Round, Keep uint32

	// The lanes whose first digit is their threshold, in Scratch.Ties: slot << 9 |
	// row << 6 | lane.
	Ties uint64

	// First digits of 8 bits: Bits is 24, Shift 8, and ties go to List as entries of SpinTies
	// with the bits of Quad, their fields to its Field, Listed of them. Else 16, 0 and nil.
	Bits, Shift uint32
	List        *uint32
	Quad        uint32
	Listed      uint64
}
