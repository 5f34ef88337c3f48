package interp

// The word law, written apart from runtime/rng.

// Purposes of words.
const (
	PurposeUpdate     = 0
	PurposeContinuous = 1
	PurposeInit       = 2
	PurposePlanes     = 3
	PurposeUser       = 5
	PurposeBytes      = 8
	PurposeSingle     = 9
)

// philox is Philox4x32 of Salmon, Moraes, Dror and Shaw (SC 2011): each round
// multiplies two of the four counter words and swaps halves, and the key moves
// on by a Weyl sequence.
func philox(rounds int, counter [4]uint32, key [2]uint32) [4]uint32 {
	x := counter
	for r := 0; r < rounds; r++ {
		left := uint64(x[0]) * 0xD2511F53
		right := uint64(x[2]) * 0xCD9E8D57
		x = [4]uint32{
			uint32(right>>32) ^ x[1] ^ key[0],
			uint32(right),
			uint32(left>>32) ^ x[3] ^ key[1],
			uint32(left),
		}
		key[0] += 0x9E3779B9
		key[1] += 0xBB67AE85
	}
	return x
}

// block is the block at the counter of a word.
func (m *Machine) block(purpose, c1 uint32, sweep uint64, c2, draw int) [4]uint32 {
	c3 := purpose<<24 | uint32(draw)<<16 | uint32(sweep/(1<<32))
	counter := [4]uint32{uint32(sweep % (1 << 32)), c1, uint32(c2), c3}
	if m.p.Rounds == 5 {
		return ars(5, counter, m.seed)
	}
	return philox(m.p.Rounds, counter, [2]uint32{uint32(m.seed % (1 << 32)), uint32(m.seed / (1 << 32))})
}

// digit is the 16-bit digit of a discrete update.
func (m *Machine) digit(chain, slot, draw int) uint64 {
	m.log(PurposeUpdate, chain, m.SweepNumber, slot, draw)
	o := m.block(PurposeUpdate, uint32(chain/2), m.SweepNumber, slot/4, draw)
	word := o[2*(chain%2)+slot/2%2]
	if slot%2 == 0 {
		return uint64(word % 65536)
	}
	return uint64(word / 65536)
}

// deciding is the byte that decides a spin alone.
func (m *Machine) deciding(chain, slot int) int64 {
	m.log(PurposeSingle, chain, m.SweepNumber, slot, 0)
	o := m.block(PurposeSingle, uint32(8*(chain/128)+chain/8%8), m.SweepNumber, slot, 0)
	at := 8*(chain/64%2) + 7 - chain%8
	return int64(o[at/4]>>(8*(at%4))) % 256
}

// first is the first digit of 8 bits of a spin.
func (m *Machine) first(chain, slot int) int64 {
	m.log(PurposeBytes, chain, m.SweepNumber, slot, 0)
	o := m.block(PurposeBytes, uint32(chain/4), m.SweepNumber, slot/4, 0)
	return int64(o[slot%4]>>(8*(chain%4))) % 256
}

// planes is the number whose bit k is the chain's bit of plane k.
func (m *Machine) planes(chain, slot, n int) int64 {
	u := int64(0)
	for k := range n {
		m.log(PurposePlanes, chain, m.SweepNumber, slot, k)
		o := m.block(PurposePlanes, uint32(chain/128), m.SweepNumber, slot, k)
		u |= int64(o[chain/32%4]>>(chain%32)&1) << k
	}
	return u
}

// number is the word of a continuous update.
func (m *Machine) number(chain, slot, draw int) uint64 {
	return m.word(PurposeContinuous, chain/4, m.SweepNumber, 4*slot+chain%4, draw)
}

// word is a 32-bit word of continuous updates and initial states.
func (m *Machine) word(purpose uint32, chain int, sweep uint64, slot, draw int) uint64 {
	m.log(purpose, chain, sweep, slot, draw)
	o := m.block(purpose, uint32(chain), sweep, slot/4, draw)
	return uint64(o[slot%4])
}

func (m *Machine) log(purpose uint32, chain int, sweep uint64, slot, draw int) {
	if m.OnWord != nil {
		m.OnWord(purpose, uint32(chain), sweep, uint32(slot), uint32(draw))
	}
}
