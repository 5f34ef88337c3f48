package vector

// The kernel of layers adds up the fields of 16 nodes with the same inputs in 64 chains,
// four inputs at a time.

// Layer are the arguments of the kernel.
type Layer struct {
	Start   *[16]int32     // what the sums begin with, by node; nil: what they are
	Tables  *[16][16]int32 // for every four inputs, by their pattern and node
	Offsets *[64]uint16    // for every four inputs, by chain: 64 · pattern
	Groups  uint64         // of four inputs, at least 1 and at most LayerRun
	Sums    *[64][16]int32 // by chain and node
}

// LayerRun is the largest number of groups of a call.
const LayerRun = 1024
