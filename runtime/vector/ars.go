package vector

// Ars is what ARS-5 in one sweep needs for the pairs of chains of one quad of slots: the
// counter of pair 0, and the key with the five round keys.
type Ars struct {
	Counter [4]uint32
	Keys    [6][2]uint64
}
