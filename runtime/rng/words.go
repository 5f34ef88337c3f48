package rng

// Purpose separates the streams of words that a sampler uses.
type Purpose uint32

const (
	PurposeUpdate     Purpose = 0 // discrete updates, 16-bit digits
	PurposeContinuous Purpose = 1 // continuous updates
	PurposeInit       Purpose = 2 // initial states
	PurposePlanes     Purpose = 3 // bit planes of lattices
	PurposeWeights    Purpose = 4 // weights drawn by the generator
	PurposeUser       Purpose = 5 // samplers written by users
	PurposeOrder      Purpose = 6 // order of examples in training
	PurposeBytes      Purpose = 8 // spins with first digits of 8 bits
	PurposeSingle     Purpose = 9 // spins decided by single bytes

	// PurposeNegative is added in the negative phase of training.
	PurposeNegative Purpose = 128
)

// Words gives access to every random word of one seed.
type Words struct {
	Rounds int // 10 or 7 of Philox, or ARS5
	Key    [2]uint32
}

// NewWords returns the words of a seed under Philox with the given rounds, or ARS5.
func NewWords(seed uint64, rounds int) Words {
	return Words{Rounds: rounds, Key: [2]uint32{uint32(seed), uint32(seed >> 32)}}
}

// CounterC3 packs purpose, draw and the high half of the sweep number into the
// last counter word: purpose << 24 | draw << 16 | sweep >> 32.
func CounterC3(p Purpose, draw uint32, sweep uint64) uint32 {
	return uint32(p)<<24 | draw<<16 | uint32(sweep>>32)
}

// Block is the block at a counter.
func (w Words) Block(ctr [4]uint32) [4]uint32 {
	if w.Rounds == ARS5 {
		return ARS(5, ctr, w.Key)
	}
	return Philox4x32(w.Rounds, ctr, w.Key)
}

// Digit is the 16-bit digit of a discrete update. Draw 0 is the most
// significant digit. One block serves 4 slots of 2 chains.
func (w Words) Digit(p Purpose, chain uint32, sweep uint64, slot uint32, draw uint32) uint16 {
	b := w.Block([4]uint32{uint32(sweep), chain / 2, slot / 4, CounterC3(p, draw, sweep)})
	return uint16(b[2*(chain&1)+(slot>>1&1)] >> (16 * (slot & 1)))
}

// Byte is the first digit of 8 bits of a spin. One block serves 4 slots of 4 chains.
func (w Words) Byte(p Purpose, chain uint32, sweep uint64, slot uint32) uint8 {
	b := w.Block([4]uint32{uint32(sweep), chain / 4, slot / 4, CounterC3(p, 0, sweep)})
	return uint8(b[slot&3] >> (8 * (chain & 3)))
}

// Word32 is a 32-bit word of the purposes continuous, init, weights and user.
func (w Words) Word32(p Purpose, chain uint32, sweep uint64, slot uint32, draw uint32) uint32 {
	b := w.Block([4]uint32{uint32(sweep), chain, slot / 4, CounterC3(p, draw, sweep)})
	return b[slot&3]
}

// Number is the word of a continuous update: one block serves 4 chains of a slot.
func (w Words) Number(p Purpose, chain uint32, sweep uint64, slot uint32, draw uint32) uint32 {
	return w.Word32(p, chain/4, sweep, 4*slot+chain%4, draw)
}
