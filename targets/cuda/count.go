package cuda

// CountThreads is a block of the kernels for observers; one that counts has countChains chains a thread.
const (
	CountThreads = 128
	countChains  = 512
)

// What the kernel of energies keeps of states, enum Keep of energy.cuh.
const (
	KeepNone = iota
	KeepLower
	KeepAll
)

// CountBlocks is how many blocks count a draw of so many rows and nodes.
func CountBlocks(rows, nodes, chains int) int {
	return BlocksOf(rows+nodes, CountThreads) * BlocksOf(chains, countChains)
}

// MeanBlocks is how many blocks add up so many rows with numbers, a warp each; MeanBytes of shared memory each.
func MeanBlocks(rows int) int { return BlocksOf(rows, CountThreads/32) }

const MeanBytes = 8 * CountThreads

// BlocksOf is how many blocks have so many things.
func BlocksOf(things, size int) int { return (things + size - 1) / size }
