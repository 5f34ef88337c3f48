package vector

// The kernel of bit slices updates spins of pairs whose field g and a number v of noise
// decide by the sign of g + v, in 512 chains or, as a pair of halves, in 1,024. A row of
// state is one bit for each chain; so is a slot of the kernel's scratch. What a spin
// adds up are single bits with weights 2^k: the digits of each neighbour's weight, as the
// neighbour's row or its complement, those of a constant, and the bits of v. They come in
// columns of one k each. A column adds up 7 slots and 6 carries from the column below, and
// gives 6 carries; the last but two adds up 5 slots and gives 5 carries, the next one 2 slots
// and 3 carries, and the sum modulo 2 of these and one slot is the new value.
//
// The noise is a byte for each chain. All bits but bit 6 choose an entry of a table, whose
// complement v is where bit 6 is 1.

const (
	SlicePlanes   = 14 // bits of v below its sign
	SliceTop      = 7  // more of them for kernels of wide numbers
	SliceRun      = 64 // nodes of a call, at most
	SliceSpan     = 16 // nodes of an emitted kernel, at most
	SliceColumn   = 7  // slots of a column
	SliceCarries  = 6
	SliceFifth    = 5   // slots of the last column but two
	SliceSecond   = 2   // slots of the last column but one
	SliceMost     = 512 // slots
	SliceBytesMax = 1024 * SliceMost / 8
	SliceTiles    = 4 // of 512 chains, for which counters are kept at a time
)

// Slots of the scratch: no bits, all bits, those of v from the lowest up, bit 6 of the bytes,
// the bits of wide numbers, then two for each neighbour, its row and the complement, then those
// of nodes' own.
const (
	SliceZero   = 0
	SliceOnes   = 1
	SliceNoise  = 2
	SliceSign   = SliceNoise + SlicePlanes
	SliceWide   = SliceSign + 1
	SliceInputs = SliceWide + SliceTop
)

// What the kernel reads about a node, numbers being little-endian:
//
//	SliceAtSlot     the slot of the node, 32 bits, as those that follow
//	SliceAtOut      offset of the row to write
//	SliceAtCount    neighbours
//	SliceAtAdders   adders
//	SliceAtColumns  columns below the last three, at least 1
//	SliceAtSize     bytes from here to the next node
//	SliceAtRows     offsets of the neighbours' rows from the state
//
// and then in 16 bits offsets of slots: five for each adder, which takes three slots and
// writes their sum modulo 2 and their carry; six of the carries into column 0; 8 for each
// column, the last being nothing; those of the last three. Behind the last node there are
// SliceAfter bytes.
const (
	SliceAtSlot    = 0
	SliceAtOut     = 4
	SliceAtCount   = 8
	SliceAtAdders  = 12
	SliceAtColumns = 16
	SliceAtSize    = 20
	SliceAtRows    = 24
	SliceAfter     = 8
)

// SliceTable are the complements of the numbers of noise in two's complement, 7 bits each, by
// bits 0 … 5 and 7 of the byte.
type SliceTable struct {
	Low, High, Top [128]uint8
}

// Fill makes the table of numbers below 2^(SlicePlanes+SliceTop).
func (t *SliceTable) Fill(noise *[128]uint64) {
	for i, n := range noise {
		t.Low[i], t.High[i], t.Top[i] = uint8(^n&127), uint8(^n>>7&127), uint8(^n>>14&127)
	}
}

// SliceScratch are the slots; they stand at multiples of 64 bytes for 512 chains, and of 128
// for 1,024. Those of no bits and all bits are the caller's to set. Counters stand behind
// them because so large an object begins with a line of the cache.
type SliceScratch struct {
	Slots [SliceBytesMax / 8]uint64
	Ars   [SliceTiles]SliceArs
	Bytes SliceBytes
	Rows  [SliceSpan * SliceRows][8]uint64 // of SliceDraws
}

// SliceBytes are the bytes of a run's nodes, 512 chains at a time in the order in which
// PhiloxSlices512 makes them.
type SliceBytes [2 * SliceRun][512]uint8

// Prepare sets the slots that do not change, for so many words of 64 chains.
func (s *SliceScratch) Prepare(words int) {
	for i := range words {
		s.Slots[SliceZero*words+i], s.Slots[SliceOnes*words+i] = 0, ^uint64(0)
	}
}

// Slices are the arguments of the kernel: nodes one behind the other from Code on.
type Slices struct {
	State, Out *uint64 // the same, or a shadow
	Code       *byte
	Scratch    *SliceScratch
	Table      *SliceTable
	Count      uint64 // becomes 0
}

// SliceDraws are the arguments of the kernels that make numbers of noise alone: for Count nodes
// with slots from Slot on, one behind the other from To on, SliceRows rows of 512 chains
// each: the bits of v from the lowest up, then bit 6 of the bytes.
type SliceDraws struct {
	To    *[SliceRows][8]uint64
	Count uint64
	Slot  uint32
	_     [3]uint32
	Table *SliceTable
}

const SliceRows = SlicePlanes + 1

// SliceArs are counters of ARS-5 for slot 0, after the first round key, and the other keys,
// four times. Blocks of 512 chains are numbered 8·l + r from the first one on, l being the
// place in Counter[r]; those of the second half stand in Counter[8] and on.
type SliceArs struct {
	Counter [16][16]uint32
	Keys    [5][8]uint64
}
