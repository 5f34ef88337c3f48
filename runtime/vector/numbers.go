package vector

// Words and normal numbers of continuous nodes, 64 chains of one slot at a time. A block of
// the generator serves four chains.

// NormalTable holds the polynomials of normal numbers, see sampling: Columns[l][i] is the
// coefficient of x^l of piece i, and Rows has the same by piece.
type NormalTable struct {
	Columns [6][32]float32
	Rows    [32][8]float32
}

// NormalPieces is how many pieces there are; NormalRare is the least n of theirs.
const (
	NormalPieces = 32
	NormalRare   = 1 << 15
)

// PhiloxHead is A to L of a Philox, of another slot.
type PhiloxHead struct{ A, D, F, H, L uint64 }
