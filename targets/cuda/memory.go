package cuda

import "encoding/binary"

// Share is the part of some chains that one of several devices has: whole blocks of
// threads, from block first on. A device for which there is no block has no chains.
func (l *Layout) Share(chains, share, shares int) (first, count int) {
	blocks := l.Blocks(chains)
	first, end := blocks*share/shares, blocks*(share+1)/shares
	return first, max(0, min(chains, end*l.Chains)-first*l.Chains)
}

// Blocks is the number of blocks of threads for so many chains.
func (l *Layout) Blocks(chains int) int { return (chains + l.Chains - 1) / l.Chains }

// StateBytes is the size of the states of so many chains.
func (l *Layout) StateBytes(chains int) int { return l.Blocks(chains) * l.Values * l.ValueBytes }

// at is the value of a node in a chain: its place in memory, and its bit there or -1.
func (l *Layout) at(chain, node int) (value, bit int) {
	block, c := chain/l.Chains*l.Values, chain%l.Chains
	if l.Rows == nil {
		return block + node*l.Chains + c, -1
	}
	if l.Quads > 0 { // bytes whose high bit is that of -1
		row, half := int(l.Rows[node]), (c/16*2+c%2)*l.Quads
		return block + (half+row/4)*32 + c%16/2*4 + row%4, 7
	}
	return block + int(l.Rows[node])*(l.Chains/32) + c/32, c % 32
}

// LostChain is the first of so many chains whose move left the numbers of float32, -1 for none.
func (l *Layout) LostChain(memory []byte, chains int) int {
	for c := range chains {
		if l.Lost > 0 && l.load(memory, c/l.Chains*l.Values+l.Lost*l.Chains+c%l.Chains) != 0 {
			return c
		}
	}
	return -1
}

// Decode takes states, by chain and node, from memory of the device.
func (l *Layout) Decode(memory []byte, states [][]int32) {
	for chain, x := range states {
		for node := range x {
			at, bit := l.at(chain, node)
			v := int32(l.load(memory, at))
			if bit >= 0 {
				v = v >> bit & 1
			}
			if l.Spins[node] {
				v = 1 - 2*v
			}
			x[node] = v
		}
	}
}

// Encode puts states into memory of the device.
func (l *Layout) Encode(memory []byte, states [][]int32) {
	for chain, x := range states {
		for node, v := range x {
			if l.Spins[node] {
				v = (1 - v) / 2
			}
			at, bit := l.at(chain, node)
			if bit >= 0 {
				v = int32(l.load(memory, at)&^(1<<bit) | uint32(v)<<bit)
			}
			switch b := memory[at*l.ValueBytes:]; l.ValueBytes {
			case 1:
				b[0] = byte(v)
			case 2:
				binary.LittleEndian.PutUint16(b, uint16(v))
			default:
				binary.LittleEndian.PutUint32(b, uint32(v))
			}
		}
	}
}

// keptAt is the value of a row of device.Kept in a chain: its place in memory.
func (l *Layout) keptAt(chain, row int) int {
	return chain/l.Chains*l.Values + (len(l.Spins)+row)*l.Chains + chain%l.Chains
}

// DecodeKept takes what is kept of so many chains from memory of the device.
func (l *Layout) DecodeKept(memory []byte, chains int) (words []uint32) {
	for c := range chains {
		for r := range l.Kept {
			words = append(words, l.load(memory, l.keptAt(c, r)))
		}
	}
	return words
}

// EncodeKept puts it into memory of the device.
func (l *Layout) EncodeKept(memory []byte, words []uint32) {
	for i, x := range words {
		binary.LittleEndian.PutUint32(memory[l.keptAt(i/l.Kept, i%l.Kept)*l.ValueBytes:], x)
	}
}

// load is one value of memory.
func (l *Layout) load(memory []byte, at int) uint32 {
	switch b := memory[at*l.ValueBytes:]; l.ValueBytes {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(binary.LittleEndian.Uint16(b))
	default:
		return binary.LittleEndian.Uint32(b)
	}
}
