package vector

// The slot kernel updates up to 128 slots of a block of spins in up to 32 chains, for few
// chains of a large model: 16 slots at a time, one chain after the other. Neighbours are
// gathered by their rows, which hold 64 chains, a bit each.

const (
	SlotRun    = 128 // slots in a call
	SlotDegree = 64  // neighbours of a slot
)

// SlotDigits are the first digits of a run of slots by chain.
type SlotDigits [32][SlotRun]uint16

// SlotPhilox is what Philox4x32 in one sweep needs for the slots of one pair of chains:
// only c2 differs. With n and m its multipliers, hi and lo the halves of a product, and q
// = n·c2, the counter after two rounds is
//
//	r = m·(hi(q) ^ Pair),  x0, x1, x2, x3 = lo(q) ^ B, L, hi(r) ^ C, lo(r)
//
// and Keys are the round keys from the third round on, eight of them, or five with More
// = 0. Numbers of 32 bits have 64 each.
type SlotPhilox struct {
	Pair, B, C, L uint64
	Keys          [8][2]uint64
	More          uint64
}

// What the kernel reads about 16 slots, in bytes from a multiple of 64, numbers having 32
// bits:
//
//	SlotsAtDegree  the largest number of neighbours
//	SlotsAtSums    where the sums are
//	SlotsAtRow     the row of slot 0, where that of slot k is 2k further; -1: see below
//	SlotsAtFirst   the same of each neighbour; with a neighbour's rows the next one is
//	               there too
//
// and from the next multiple of 64 on by 16 numbers the rows of the slots and neighbours
// with -1, in this order. The sums are the fields with all neighbours at -1, then what +1
// adds of each neighbour. Slots without so many neighbours have some that add 0.
const (
	SlotsAtDegree = 0
	SlotsAtSums   = 4
	SlotsAtRow    = 8
	SlotsAtFirst  = 12
)

// Slots are the arguments of the kernel. Cell (field + Centre) >> Shift of two numbers
// bounds the threshold of a field: the low half of the first is the least, the high half
// how many values there are. Digits among these leave a slot open.
type Slots struct {
	Words      [SlotDegree][16]uint32 // the kernel's own
	State, Out *uint64
	Node       *byte
	Cells      *uint32
	Digits     *SlotDigits
	Live       *[SlotRun / 16]uint16 // the slots to write
	Half       uint64                // 0: chains 0 to 31 of a row, 4: the others
	Groups     uint64                // of 16 slots
	Chains     uint64
	Centre     uint32
	Shift      uint32
	Open       [SlotRun / 16][32]uint16 // slots by chain
}
