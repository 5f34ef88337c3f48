package sampling

import (
	"encoding/binary"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// slotBlock is a block of spins in pairs as package vector's slot kernel reads it, for up
// to 64 chains: 16 slots at a time, where the kernels for many chains take one.
type slotBlock struct {
	node [][64]byte
	at   []int    // where each 16 slots begin
	live []uint16 // those that are updated
}

const slotChains = 64 // in a word

// findSlots says which blocks the kernel takes: spins in pairs, enough of them to fill its
// runs of slots.
func (s *Sampler) findSlots(b *blockPlan) {
	f := &s.model.Format
	if s.kernelInUse != vector.AVX512 || s.chains > slotChains || f.Accum != 32 || f.Group > 1 || s.hard != nil || s.planes != nil || s.slices != nil || s.bytes ||
		b.kind != Spin || b.layer != nil {
		return
	}
	padded := (len(b.nodes) + vector.SlotRun - 1) / vector.SlotRun * vector.SlotRun
	if padded > 2*len(b.nodes) && (s.chains > 8 || padded > 8*len(b.nodes)) {
		return
	}
	for i := range b.nodes {
		if b.kernel[i] != kernelPattern && b.kernel[i] != kernelGroups || b.end[i]-b.start[i] > vector.SlotDegree {
			return
		}
		for _, r := range b.input[b.start[i]:b.end[i]] {
			if r < 0 { // a product
				return
			}
		}
	}
	b.slots = &slotBlock{}
}

// slotKernel says whether the kernel serves a block at the current β.
func (s *Sampler) slotKernel(b *blockPlan) bool { return b.slots != nil && s.spins.cells != nil }

// slotsServe says whether it serves all blocks of a superblock.
func (s *Sampler) slotsServe(i int) bool {
	for _, b := range s.blocks[i] {
		if !s.slotKernel(b) {
			return false
		}
	}
	return true
}

// buildSlots makes the slots from the weights at hand.
func (s *Sampler) buildSlots(b *blockPlan) {
	v := b.slots
	if v.node == nil {
		s.placeSlots(b)
	}
	var w []int32
	var start int32
	for g := range v.at {
		sums := v.number(g, vector.SlotsAtSums)
		for k := range 16 {
			w, start = nodeWeights(s, b, min(16*g+k, len(b.nodes)-1), w)
			for j := range int(v.number(g, vector.SlotsAtDegree)) {
				add := int32(0)
				if j < len(w) {
					add = 2 * w[j]
					start -= w[j]
				}
				v.put(g, int(sums)+64+64*j+4*k, add)
			}
			v.put(g, int(sums)+4*k, start)
		}
	}
}

// placeSlots finds room for all slots of a block and writes their rows.
func (s *Sampler) placeSlots(b *blockPlan) {
	v := b.slots
	for g := range (len(b.nodes) + 15) / 16 {
		degree := 0
		for i := 16 * g; i < min(16*g+16, len(b.nodes)); i++ {
			degree = max(degree, int(b.end[i]-b.start[i]))
		}
		v.at = append(v.at, len(v.node))
		v.grow((vector.SlotsAtFirst + 4*degree + 63) / 64)
		v.put(g, vector.SlotsAtDegree, int32(degree))
		for j := -1; j < degree; j++ { // -1: the slots themselves
			var rows [16]int32
			for k := range rows {
				i := min(16*g+k, len(b.nodes)-1)
				rows[k] = b.row[i]
				if in := b.input[b.start[i]:b.end[i]]; j >= 0 && j < len(in) {
					rows[k] = in[j]
				}
			}
			first := rows[0]
			if !s.everyOther(&rows) {
				first = -1
				at := 64 * (len(v.node) - v.at[g])
				v.grow(1)
				for k, r := range rows {
					v.put(g, at+4*k, r)
				}
			}
			v.put(g, vector.SlotsAtRow+4*(1+j), first)
		}
		v.put(g, vector.SlotsAtSums, int32(64*(len(v.node)-v.at[g])))
		v.grow(1 + degree)
	}
}

// everyOther says whether rows are every other one, the last one not at the end of the
// state, as the kernel reads what lies between.
func (s *Sampler) everyOther(rows *[16]int32) bool {
	for k, r := range rows {
		if r != rows[0]+int32(2*k) {
			return false
		}
	}
	return int(rows[0])+33 <= s.spinRows
}

func (v *slotBlock) grow(n int) { v.node = append(v.node, make([][64]byte, n)...) }

// put writes a number at a place of 16 slots, number is what stands there.
func (v *slotBlock) put(g, at int, x int32) {
	binary.LittleEndian.PutUint32(v.node[v.at[g]+at/64][at%64:], uint32(x))
}

func (v *slotBlock) number(g, at int) int32 {
	return int32(binary.LittleEndian.Uint32(v.node[v.at[g]+at/64][at%64:]))
}

// skipSlots lists the slots that are updated.
func (b *blockPlan) skipSlots() {
	b.slots.live = append(b.slots.live[:0], make([]uint16, (len(b.nodes)+15)/16)...)
	for i := range b.nodes {
		if !b.skip[i] {
			b.slots.live[i/16] |= 1 << (i % 16)
		}
	}
}

// slotWorker is what a worker needs for the kernel.
type slotWorker struct {
	args   vector.Slots
	digits vector.SlotDigits
	live   [vector.SlotRun / 16]uint16
}

// updateSlots is updateQuads for the kernel.
func (s *Sampler) updateSlots(w *worker, b *blockPlan, lo, hi int) {
	if w.slots == nil {
		w.slots = &slotWorker{}
	}
	z, t := w.slots, w.spins
	a := &z.args
	a.State, a.Out, a.Cells = &w.bits[0], &w.outBits[0], &t.cells[0].bound
	a.Digits, a.Live, a.Centre, a.Shift = &z.digits, &z.live, t.centre, uint32(t.cell)
	for g := lo / 4; 4*g < hi; g += len(z.live) {
		n := min(len(z.live), (hi+3)/4-g)
		if !z.takeLive(b.slots.live[g:g+n], 4*(lo-4*g), 4*(hi-4*g)) {
			continue
		}
		a.Node, a.Groups = &b.slots.node[b.slots.at[g]][0], uint64(n)
		for chain := 0; chain < s.chains; chain += 32 {
			chains := min(32, s.chains-chain)
			w.noise.fillSlots(w.sweep, uint32(chain/2), (chains+1)/2, uint32(b.first/4+4*g), &z.digits)
			a.Half, a.Chains = uint64(chain/8), uint64(chains)
			vector.SpinSlots512(a)
			s.chooseSlots(w, b, g, n, chain, chains)
		}
	}
}

// takeLive takes the slots from lo to hi of a run, and says whether there are any.
func (z *slotWorker) takeLive(live []uint16, lo, hi int) bool {
	any := uint16(0)
	for k, x := range live {
		if 16*k < lo {
			x &= ^uint16(0) << (lo - 16*k)
		}
		if 16*k+16 > hi {
			x &= ^uint16(0) >> (16*k + 16 - hi)
		}
		z.live[k] = x
		any |= x
	}
	return any != 0
}

// chooseSlots updates the slots of a run that the kernel left open.
func (s *Sampler) chooseSlots(w *worker, b *blockPlan, g, n, chain, chains int) {
	z := w.slots
	for k := range n {
		for c, open := range z.args.Open[k][:chains] {
			for open &= z.live[k]; open != 0; open &= open - 1 {
				q := bits.TrailingZeros16(open)
				i := 16*(g+k) + q
				field := b.slotField(w.bits, i, chain+c)
				value := w.chooseField(s, field, uint32(z.digits[c][16*k+q]), uint32(chain+c), uint32(b.first+i))
				s.setBit(w, b, i, chain+c, value)
			}
		}
	}
}

// slotField is the field of node i of a block in a chain.
func (b *blockPlan) slotField(state []uint64, i, chain int) int64 {
	v, g := b.slots, i/16
	at := int(v.number(g, vector.SlotsAtSums)) + 4*(i%16)
	sum := int64(v.number(g, at))
	for j, r := range b.input[b.start[i]:b.end[i]] {
		sum += int64(state[r]>>chain&1) * int64(v.number(g, at+64+64*j))
	}
	return sum
}

// fillSlots draws for the slot kernel: so many pairs from the first one on, for the quads
// from g on.
func (z *noise) fillSlots(sweep uint64, first uint32, pairs int, g uint32, to *vector.SlotDigits) {
	if z.n == rng.ARS5 {
		z.setCounter(sweep, g)
		for p := range pairs {
			vector.ArsSlots512(&z.ars, first+uint32(p), (*[2][vector.SlotRun]uint16)(to[2*p:]))
		}
		return
	}
	k, x := &z.key, &z.slots
	q := digitM0 * uint64(uint32(sweep))
	r := digitM1 * uint64(uint32(q>>32)^rng.CounterC3(rng.PurposeUpdate+z.phase, z.draw, sweep)^k[0][1])
	x.B, x.C, x.L = r>>32^uint64(k[1][0]), q&(1<<32-1)^uint64(k[1][1]), r&(1<<32-1)
	for i, key := range k[2:] {
		x.Keys[i] = [2]uint64{uint64(key[0]), uint64(key[1])}
	}
	x.More = z.philox.More
	for p := range pairs {
		x.Pair = uint64((first + uint32(p)) ^ k[0][0])
		vector.PhiloxSlots512(x, g, (*[2][vector.SlotRun]uint16)(to[2*p:]))
	}
}
