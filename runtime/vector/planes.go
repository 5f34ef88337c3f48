package vector

// The kernel of bit planes updates a run of nodes in 512 chains, a bit of state each in
// the order of chains. It counts the inputs of a node that pull upwards in counters of
// one bit a chain, marks the chains by the magnitude of their field, and compares a
// threshold of the mark with planes of noise, from the highest down and four at a time,
// until all chains are decided.

// PlaneCounters is the number of bits of a count.
const PlaneCounters = 6

// What the kernel reads about a node, in numbers of 32 bits:
//
//	PlaneAtOut    offset of the row to write from the state
//	PlaneAtClass  number of its class
//	PlaneAtSize   bytes of the node
//	PlaneAtOdd    bit k: counter k begins with an input
//	PlaneAtPairs  for each counter, how many pairs of inputs it counts
//	PlaneAtFew    1 … 7: it has so many inputs, all of one row and of equal weight, and
//	              no field of its own, so that its class is that of PlaneFew; else 0
//	PlaneAtInputs the inputs, those that begin counters first
//
// An input is the product of rows: for each row its offset from the state and a mark,
// PlaneMore but for the last one; that says with PlaneFlip that all bits are the other
// way.
const (
	PlaneAtOut    = 0
	PlaneAtClass  = 1
	PlaneAtSize   = 2
	PlaneAtOdd    = 3
	PlaneAtPairs  = 4
	PlaneAtFew    = 10
	PlaneAtInputs = 11

	PlaneFew = 7 // the largest PlaneAtFew

	PlaneMore = 1
	PlaneFlip = 64
)

// What it reads about a class, in numbers of 64 bits:
//
//	ClassAtMarks  number of magnitudes
//	ClassAtLower  how many of them count below the four highest planes
//	ClassAtWide   not 0: counts have more than 3 bits
//	ClassAtTables offset in bytes of its thresholds, from the class
//	ClassAtPlaces for each magnitude, of the count of its positive field and then of
//	              that of its negative one, the offsets of PlaneScratch.Low and High by
//	              the 3 low and the 3 high bits; NoPlace for a field that there is not
//
// and as thresholds, for each four planes from the highest down and each magnitude, four
// numbers with all bits set or none. Planes beyond those that there are have none. In the
// class of n few inputs magnitude i is that of counts i and n-i.
const (
	ClassAtMarks  = 0
	ClassAtLower  = 1
	ClassAtWide   = 2
	ClassAtTables = 3
	ClassAtPlaces = 4

	NoPlace = 1024 // offset of PlaneScratch.Zero
)

// PlaneScratch is the kernel's own but for Zero.
type PlaneScratch struct {
	Low, High [8][8]uint64 // chains by the bits of their count
	Zero      [8]uint64
	Marked    [64][8]uint64
	Input     [64][8]uint64
	Noise     [8][8]uint64
}

// MaxPlanes is the largest number of planes.
const MaxPlanes = 32

// ArsPlanes are the planes of ARS-5 in one sweep and 512 chains: the counter without
// slot and plane under the first key, what each plane from the highest down changes of
// it, and the round keys.
type ArsPlanes struct {
	Counter [16]uint32
	Draw    [MaxPlanes][16]uint32
	Keys    [5][8]uint64
}

// PhiloxPlanes are those of Philox4x32. Two planes next to each other are drawn together,
// in even and odd places of 64 bits. With m and n the multipliers, hi and lo the
// halves of a product, c1 the number of 128 chains and c3 that of a plane,
//
//	Group  c1 ^ k0[0]
//	Upper  hi(n·x) ^ k1[0] of two planes, x = hi(m·sweep) ^ c3 ^ k0[1]
//	Lower  lo(n·x)
//	Sweep  lo(m·sweep) ^ k1[1], k2[0], k2[1]
//
// and Philox has the round keys from the fourth round on.
type PhiloxPlanes struct {
	Philox Philox
	Group  [8]uint64
	Sweep  [3]uint64
	_      uint64
	Planes [MaxPlanes / 2][2][8]uint64 // Upper and Lower
}

// Planes are the arguments of the kernel.
type Planes struct {
	State, Out *uint64 // the same, or a shadow
	Nodes      *int32  // the first one of the run
	Classes    *uint64
	ClassAt    *int64     // offset of each class, in bytes
	Live       *[8]uint64 // chains that there are
	Scratch    *PlaneScratch
	Slot       uint64 // of the first node
	Count      uint64 // of nodes, at least 1 and at most PlaneRun
	Fours      uint64 // of planes
	Sure       uint64 // as long as more fours are left it is not looked whether chains are open
}

// PlaneRun is the largest number of nodes of a call.
const PlaneRun = 64
