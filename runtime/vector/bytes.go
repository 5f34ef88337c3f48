package vector

// SpinTieCount is how many ties a quad of slots in 512 chains may have, and TieRoom how many
// a SpinTies holds.
const (
	SpinTieCount = 4 * 512
	SpinTieRoom  = 2 * SpinTieCount
	SpinTieQuads = 32
)

// SpinTies are lanes of up to SpinTieQuads quads of slots whose first digit of 8 bits is
// the high byte of their threshold, and what draws the words that decide them. An entry is
//
//	quad << 11 | slot << 9 | row << 6 | lane | low byte of the threshold << 16
//
// with bit 31 for negative fields. The kernel splits List: entries of Flip take the less
// likely value, those of Same have a word whose highest byte is the threshold's low byte.
// Fields stand in the same places as entries.
type SpinTies struct {
	Keys  [10][2]uint64 // round keys of Philox, with 7 rounds the last ones
	C0    uint64        // counter: c0, c1 of the first chain, c2 of quad 0, c3
	Chain uint64
	Quad  uint64
	C3    uint64
	More  uint64 // not 0: 10 rounds
	Ars   [6][2]uint64
	Count uint64
	Flips uint64
	Sames uint64
	List  [SpinTieRoom + 512]uint32
	Field [SpinTieRoom + 512]int32 // of List
	Flip  [SpinTieRoom + 512]uint32
	Same  [SpinTieRoom + 512]uint32

	SameField [SpinTieRoom + 512]int32
	SameWord  [SpinTieRoom + 512]uint32
}
