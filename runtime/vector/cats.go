package vector

// The kernel of categoricals updates a node in 64 chains, a byte of state each, by the
// pattern that its neighbours make: Σ stride·state. For every pattern tables hold limits,
// one for each category but the last, two of 16 bits in a number; tables stand two by two, the
// numbers of a pattern side by side, an odd last one alone. The new category is the number of
// limits below the chain's digit. A digit that equals one is left to the
// caller.

// Cats are the arguments of the kernel.
type Cats struct {
	Cats   *uint8 // states of categoricals in the 64 chains
	Spins  *uint64
	Out    *uint8
	Digits *[64]uint32
	Limits *uint32 // the first table
	Node   *int32  // CatHead numbers, then of each neighbour an offset and a stride
	Size   uint64  // bytes of a table
	Tables uint64  // at least 1
	Half   uint64  // 0: digits are low halves, 1: high halves
	Ties   uint64  // chains whose digit is a limit
}

// CatHead are the first numbers of a node: how many neighbours are categoricals, with
// offsets from Cats, and how many after them are spins, with offsets from Spins.
const CatHead = 2
