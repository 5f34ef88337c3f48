package vector

// NetRows is the most rows, NetCells the most products, that a kernel of networks takes in
// one call.
const (
	NetRows  = 256
	NetCells = 1 << 16
)
