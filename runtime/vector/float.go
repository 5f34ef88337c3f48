package vector

// Kernels of continuous nodes work on 64 chains: rows of float32 or of words, one for
// each chain. Their operations are those of the portable code, in its order, each
// rounded, no product fused with a sum but in dense forces, whose law has it so.

// Term is a weight and a row, At bytes from the beginning of the state.
type Term struct {
	Weight float32
	At     int32
}

// MostTerms, MostProducts and MostSigned are how many terms or rows a call may have.
const (
	MostSigned   = 1 << 10
	MostTerms    = 1 << 13
	MostProducts = 1 << 10
)
