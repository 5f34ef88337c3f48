package vector

// The kernel of inputs makes rows of bits for the spin kernels, which read nothing else:
// products of spins, and the bits of categoricals' states.

// Inputs are the arguments of the kernel. What it makes is listed by numbers: n > 0 and n
// offsets from Bits for a row that is 1 where the product of so many spins is +1; -n and an
// offset from Cats for n rows, the bits of a categorical's state from the lowest on.
type Inputs struct {
	Bits  *uint64
	Cats  *uint8 // a byte a chain
	Out   *uint64
	Code  *int32
	Count uint64 // of products and categoricals, at least 1
}
