package sampling

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// sliceTree is a spin as the sum of bits whose sign decides: g + v with v the noise, halved,
// because the field g has the parity of the sum of its weights. With x of value 0 or 1,
//
//	g = 2·Σ w·x + K,  K = constant - Σ w,  floor((g + v)/2) = Σ w·x + floor((v + K)/2)
//
// and to all that comes 2^last, so that bit last of the sum is 1 where the spin becomes +1.
// Weights are written with digits -1, 0 and 1; -x is its complement less 1.
type sliceTree struct {
	digit    [][slicePlaces]int8 // of each weight
	fixed    [slicePlaces][]uint16
	constant int64
	last     int
	column   [slicePlaces][]uint16 // slots
	carries  []uint16              // into column 0
	adders   [][5]uint16
	kept     [][slicePlaces]int8 // room of balance
	places   int                 // of slots in use
}

// slicePlaces is more than columns have; larger sums are left to the portable engine.
const slicePlaces = 48

// compileSlices lists the nodes with the weights and the table at hand.
func (s *Sampler) compileSlices() {
	p := s.slices
	p.code, p.built = p.code[:0], p.bits
	var w []int64
	var tree sliceTree
	for _, super := range s.blocks {
		for _, b := range super {
			if b.user != nil {
				continue
			}
			b.slice, b.sliceRun = b.slice[:0], b.sliceRun[:0]
			var run []sliceNode
			for i := range b.nodes {
				var constant int64
				w, constant = nodeWeights(s, b, i, w)
				if inputs := b.input[b.start[i]:b.end[i]]; p.bits <= mostSliceBits && onlyRows(inputs) && tree.make(w, constant, p.bits) {
					run = append(run, sliceNode{i, len(inputs), tree.last, len(tree.adders), tree.append(nil, uint32(b.first+i), b.row[i], inputs, s.tile)})
				}
				b.slice = append(b.slice, -1)
				if i%vector.SliceRun == vector.SliceRun-1 || i == len(b.nodes)-1 {
					p.place(b, run)
					run = run[:0]
				}
			}
		}
	}
	p.code = append(p.code, make([]byte, vector.SliceAfter)...)
}

// sliceNode is a compiled node and how often the kernel's loops run for it.
type sliceNode struct {
	node, inputs, columns, adders int
	code                          []byte
}

// place puts the nodes of a run one behind the other. Nodes for which the kernel's loops run
// equally often stand together, which branches are predicted from.
func (p *slicePlan) place(b *blockPlan, run []sliceNode) {
	slices.SortStableFunc(run, func(x, y sliceNode) int {
		return cmp.Or(x.inputs-y.inputs, x.columns-y.columns, x.adders-y.adders)
	})
	whole := -1
	if left := len(b.nodes) - vector.SliceRun*len(b.sliceRun); len(run) == min(left, vector.SliceRun) {
		whole = len(p.code)
	}
	b.sliceRun = append(b.sliceRun, whole)
	for _, n := range run {
		b.slice[n.node] = len(p.code)
		p.code = append(p.code, n.code...)
	}
}

// onlyRows says whether no input is a product of spins.
func onlyRows(inputs []rowRef) bool {
	for _, r := range inputs {
		if r < 0 {
			return false
		}
	}
	return true
}

// make builds the columns of a node with noise of so many bits; false if it is too large.
func (t *sliceTree) make(w []int64, constant int64, noise int) bool {
	k, sum := constant, magnitude(constant)
	for _, x := range w {
		k -= x
		sum += magnitude(x)
	}
	if sum > 1<<40 {
		return false
	}
	t.last = max(3, bits.Len64(sum+1<<noise-1)-1) // |g + v| <= 2^(last+1)
	for i := range t.fixed {
		t.fixed[i], t.column[i] = t.fixed[i][:0], t.column[i][:0]
	}
	t.adders, t.carries = t.adders[:0], t.carries[:0]
	t.constant = k>>1 - 1<<(noise-1) + 1<<t.last
	if k&1 == 1 {
		t.fixed[0] = append(t.fixed[0], vector.SliceNoise)
	}
	for i := 1; i < noise; i++ {
		slot := vector.SliceNoise + i
		if i >= vector.SlicePlanes {
			slot = vector.SliceWide + i - vector.SlicePlanes
		}
		t.fixed[i-1] = append(t.fixed[i-1], uint16(slot))
	}
	t.fixed[noise-1] = append(t.fixed[noise-1], vector.SliceSign)
	t.digit = t.digit[:0]
	for _, x := range w {
		t.digit = append(t.digit, signedDigits(x))
	}
	t.places = vector.SliceInputs + 2*len(w)
	if t.places > vector.SliceMost {
		return false
	}
	t.balance()
	t.fill()
	return t.reduce()
}

// signedDigits writes a number with the fewest digits that are not 0.
func signedDigits(x int64) (d [slicePlaces]int8) {
	for k := 0; x != 0; k++ {
		if x&1 == 1 {
			d[k] = int8(2 - x&3)
			x -= int64(d[k])
		}
		x >>= 1
	}
	return d
}

// bitsOf is the constant with what the complements ask for.
func (t *sliceTree) bitsOf() uint64 {
	c := t.constant
	for i := range t.digit {
		for k, d := range t.digit[i][:t.last+1] {
			if d < 0 {
				c -= 1 << k
			}
		}
	}
	return uint64(c) & (1<<(t.last+1) - 1)
}

// room is how many slots a column takes: column 0 also those of the carries.
func (t *sliceTree) room(k int) int {
	switch k {
	case 0:
		return vector.SliceColumn + vector.SliceCarries
	case t.last - 2:
		return vector.SliceFifth
	case t.last - 1:
		return vector.SliceSecond
	case t.last:
		return 1
	}
	return vector.SliceColumn
}

const balanceTurns = 60

// balance writes weights in other forms as long as columns are longer than the kernel takes
// them: 3 is 4 - 1 and 2 + 1, and 7 is 8 - 1 and 4 + 2 + 1. Each turn takes the form that
// makes columns most equal, though it be worse, and leaves its place alone for some turns;
// what has the fewest slots too many is kept.
func (t *sliceTree) balance() {
	var count [slicePlaces]int
	for k := range count[:t.last+1] {
		count[k] = len(t.fixed[k])
		for i := range t.digit {
			count[k] += int(t.digit[i][k] & 1)
		}
	}
	c := t.bitsOf()
	mask := uint64(1)<<(t.last+1) - 1
	score := func(c uint64) int {
		sum := 0
		for k := range t.last + 1 {
			n := count[k] + int(c>>k&1)
			sum += n * n
			if over := n - t.room(k); over > 0 {
				sum += 40 * over
			}
		}
		return sum
	}
	over := func() (sum int) {
		for k := range t.last + 1 {
			sum += max(0, count[k]+int(c>>k&1)-t.room(k))
		}
		return sum
	}
	least := over()
	t.kept = append(t.kept[:0], t.digit...)
	var rests [64]int // until when a place is left alone, by a hash of it
	for turn := 1; turn <= balanceTurns && least > 0; turn++ {
		best, where, place, to := 1<<30, -1, 0, 0
		for i := range t.digit {
			d := &t.digit[i]
			for k := range t.last - 1 {
				if d[k] == 0 || rests[(16*i+k)&63] > turn {
					continue
				}
				for form := range 3 {
					step, ok := sliceStep(d, k, form, t.last)
					if !ok {
						continue
					}
					change := int64(0)
					for j, x := range step {
						count[k+j] += int(x&1) - int(d[k+j]&1)
						if x < 0 {
							change -= 1 << (k + j)
						}
						if d[k+j] < 0 {
							change += 1 << (k + j)
						}
					}
					if n := score((c + uint64(change)) & mask); n < best {
						best, where, place, to = n, i, k, form
					}
					for j, x := range step {
						count[k+j] -= int(x&1) - int(d[k+j]&1)
					}
				}
			}
		}
		if where < 0 {
			break
		}
		d := &t.digit[where]
		step, _ := sliceStep(d, place, to, t.last)
		for j, x := range step {
			count[place+j] += int(x&1) - int(d[place+j]&1)
			d[place+j] = x
		}
		rests[(16*where+place)&63] = turn + 8
		c = t.bitsOf()
		if n := over(); n < least {
			least = n
			copy(t.kept, t.digit)
		}
	}
	copy(t.digit, t.kept)
}

// sliceStep is another form of four digits from place k on, of one of three kinds.
func sliceStep(d *[slicePlaces]int8, k, kind, last int) (to [4]int8, ok bool) {
	copy(to[:], d[k:])
	s := d[k]
	switch {
	case kind == 0 && to[1] == 0 && to[2] == -s: // 4 - 1
		to[0], to[1], to[2] = -s, -s, 0
	case kind == 1 && to[1] == s && to[2] == 0 && k+2 < last: // 2 + 1
		to[0], to[1], to[2] = -s, 0, s
	case kind == 2 && to[1] == 0 && to[2] == 0 && to[3] == -s: // 8 - 1
		to[0], to[1], to[2], to[3] = -s, -s, -s, 0
	default:
		return to, false
	}
	return to, true
}

// fill puts the slots into their columns.
func (t *sliceTree) fill() {
	c := t.bitsOf()
	for k := range t.last + 1 {
		t.column[k] = append(t.column[k], t.fixed[k]...)
		for i := range t.digit {
			if d := t.digit[i][k]; d != 0 {
				slot := vector.SliceInputs + 2*i
				if d < 0 {
					slot++
				}
				t.column[k] = append(t.column[k], uint16(slot))
			}
		}
		if c>>k&1 == 1 {
			t.column[k] = append(t.column[k], vector.SliceOnes)
		}
	}
}

// reduce makes every column as short as the kernel takes it: a slot is twice that in the
// column below where there is room, else adders take three.
func (t *sliceTree) reduce() bool {
	for k := 1; k <= t.last; k++ {
		for len(t.column[k]) > t.room(k) && len(t.column[k-1])+2 <= t.room(k-1) {
			n := len(t.column[k]) - 1
			x := t.column[k][n]
			t.column[k] = t.column[k][:n]
			t.column[k-1] = append(t.column[k-1], x, x)
		}
	}
	for k := 0; k <= t.last; k++ {
		for len(t.column[k]) > t.room(k) {
			if t.places+2 > vector.SliceMost {
				return false
			}
			n := len(t.column[k])
			take := [3]uint16{vector.SliceZero, t.column[k][1], t.column[k][0]}
			if n > 2 {
				take[0] = t.column[k][2]
			}
			rest := append(t.column[k][:0], t.column[k][min(n, 3):]...)
			sum, carry := uint16(t.places), uint16(t.places+1)
			t.places += 2
			t.adders = append(t.adders, [5]uint16{take[0], take[1], take[2], sum, carry})
			t.column[k] = append(rest, sum)
			if k < t.last {
				t.column[k+1] = append(t.column[k+1], carry)
			}
		}
	}
	if n := len(t.column[0]) - vector.SliceColumn; n > 0 {
		t.carries = append(t.carries, t.column[0][:n]...)
		t.column[0] = t.column[0][n:]
	}
	return true
}

// append writes a node as the kernel reads it, for words of 64 chains in a tile.
func (t *sliceTree) append(code []byte, slot uint32, row int32, inputs []rowRef, words int) []byte {
	start := len(code)
	place := func(x uint16) { code = binary.LittleEndian.AppendUint16(code, uint16(int(x)*8*words)) }
	number := func(x int) { code = binary.LittleEndian.AppendUint32(code, uint32(int32(x))) }
	number(int(slot))
	number(int(row) * 8 * words)
	number(len(inputs))
	number(len(t.adders))
	number(t.last - 2)
	number(0)
	for _, r := range inputs {
		number(int(r) * 8 * words)
	}
	for _, a := range t.adders {
		for _, x := range a {
			place(x)
		}
	}
	for i := range vector.SliceCarries {
		place(slotAt(t.carries, i))
	}
	for k := range t.last - 2 {
		for i := range vector.SliceColumn + 1 {
			place(slotAt(t.column[k], i))
		}
	}
	for i := range vector.SliceFifth {
		place(slotAt(t.column[t.last-2], i))
	}
	for i := range vector.SliceSecond {
		place(slotAt(t.column[t.last-1], i))
	}
	place(slotAt(t.column[t.last], 0))
	binary.LittleEndian.PutUint32(code[start+vector.SliceAtSize:], uint32(len(code)-start))
	return code
}

// slotAt is a slot of a list, or that of no bits behind its end.
func slotAt(list []uint16, i int) uint16 {
	if i < len(list) {
		return list[i]
	}
	return vector.SliceZero
}
