package sampling

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// mixedBlock is a block of spins for a spin kernel, which reads rows of bits, where not all
// inputs are spins: products of spins and bits of categoricals are made first, for the four
// nodes of a quad at a time, and spins are copied, so that the kernel finds all in one place.
type mixedBlock struct {
	nodes []mixedNode
	code  []int32  // of all quads, see vector.Inputs
	quads []mixRun // by quad
}

type mixRun struct{ at, count, rows int }

// mixedNode is one node: its patterns, or its plain inputs where patterns is nil.
type mixedNode struct {
	patterns []pattern
	wide     bool    // of eight bits, else of four
	rows     []int32 // by bit the row among those of the quad
}

// patterned says whether node i has patterns.
func (b *blockPlan) patterned(i int) bool { return b.mixed != nil && b.mixed.nodes[i].patterns != nil }

// rowOf is the row of input j of node i as the kernel counts them: r of the state, or one of
// those that are made for the quad.
func (b *blockPlan) rowOf(i, j int, r rowRef) int {
	switch {
	case b.mixed == nil:
		return int(r)
	case j < len(b.mixed.nodes[i].rows):
		return int(b.mixed.nodes[i].rows[j])
	}
	return 0 // it has no weight
}

// spinDegree is how many inputs the kernel in use takes.
func (s *Sampler) spinDegree() int {
	if s.kernelInUse == vector.AVX512 && s.model.Format.Group > 1 {
		return 8 * vector.SpinWideGroups
	}
	return 8 * vector.SpinGroups
}

// planSpins finds the blocks that a spin kernel takes, and in them the nodes that are not
// too wide for it.
func (s *Sampler) planSpins() {
	if s.vector == nil && s.fours == nil {
		return
	}
	for _, super := range s.blocks {
		for _, b := range super {
			if b.kind == Spin && b.user == nil && b.float == nil {
				s.planSpinBlock(b)
			}
		}
	}
}

func (s *Sampler) planSpinBlock(b *blockPlan) {
	plain := true
	for i := range b.nodes {
		plain = plain && b.kernel[i] != kernelTerms && !slices.ContainsFunc(b.input[b.start[i]:b.end[i]], isProduct)
	}
	b.vector = make([]int, len(b.nodes))
	m := &mixedBlock{nodes: make([]mixedNode, len(b.nodes))}
	served := 0
	for i := range b.nodes {
		b.vector[i] = -1
		there := false
		if b.kernel[i] != kernelTerms && (plain || s.model.Format.Group > 1) {
			there = int(b.end[i]-b.start[i]) <= s.spinDegree()
		} else {
			there = s.planMixed(&m.nodes[i], b, i)
		}
		if there {
			b.vector[i] = 0
			served++
		}
	}
	switch {
	case served == 0:
		b.vector = nil
	case !plain:
		b.mixed = m
		s.placeInputs(b)
	}
}

func isProduct(r rowRef) bool { return r < 0 }

// planMixed finds patterns for node i of a block, false if it has too many neighbours or
// too wide terms.
func (s *Sampler) planMixed(n *mixedNode, b *blockPlan, i int) (ok bool) {
	terms, ok := s.termsOf(b, i)
	if !ok {
		return false
	}
	if s.fours != nil {
		n.patterns, ok = pack(gather(terms, 4), []patternShape{{4, 4}}, vector.SpinFours)
		return ok
	}
	// The eighth neighbour of a group is added by itself.
	n.patterns, ok = pack(gather(terms, 4), []patternShape{{4, 4}, {4, 3}}, 2*vector.SpinGroups)
	if !ok {
		n.wide = true
		n.patterns, ok = pack(gather(terms, 7), []patternShape{{8, 7}}, vector.SpinWideGroups)
	}
	return ok
}

// placeInputs lists what is made for each quad of a mixed block.
func (s *Sampler) placeInputs(b *blockPlan) {
	m := b.mixed
	for q := range len(b.kernel) / 4 {
		run := mixRun{at: len(m.code)}
		place := map[patternVar]int32{}
		find := func(v patternVar) int32 {
			at, ok := place[v]
			if !ok {
				at = int32(run.rows)
				place[v] = at
				run.count++
				run.rows += v.size()
				m.code = s.appendInput(m.code, v)
			}
			return at
		}
		for i := 4 * q; i < min(4*q+4, len(b.nodes)); i++ {
			n := &m.nodes[i]
			switch {
			case b.vector[i] < 0:
			case n.patterns == nil:
				for _, r := range b.input[b.start[i]:b.end[i]] {
					n.rows = append(n.rows, find(patternVar{row: r}))
				}
			default:
				for k, p := range n.patterns {
					for _, v := range p.vars {
						at := find(v)
						for range v.size() {
							n.rows = append(n.rows, at)
							at++
						}
					}
					for len(n.rows) < (k+1)*n.width() { // what no table looks at
						n.rows = append(n.rows, 0)
					}
				}
			}
		}
		m.quads = append(m.quads, run)
	}
}

// width is the bits of a place for patterns.
func (n *mixedNode) width() int {
	if n.wide {
		return 8
	}
	return 4
}

// appendInput lists a variable.
func (s *Sampler) appendInput(code []int32, v patternVar) []int32 {
	bits, bytes := int32(8*s.tile), int32(64*s.tile)
	switch {
	case v.states > 0:
		return append(code, int32(-v.size()), v.row*bytes)
	case v.row >= 0:
		return append(code, 1, v.row*bits)
	}
	rows := s.productRows[^v.row]
	code = append(code, int32(len(rows)))
	for _, r := range rows {
		code = append(code, r*bits)
	}
	return code
}

// makeInputs makes the rows of a quad and gives the first.
func (s *Sampler) makeInputs(w *worker, m *mixedBlock, quad int) *uint64 {
	run := &m.quads[quad]
	if need := max(1, run.rows) * s.tile; len(w.made) < need {
		w.made = make([]uint64, 2*need+512) // whole pages begin at multiples of 64
	}
	if run.count == 0 {
		return &w.made[0]
	}
	a := &w.mixes
	a.Out, a.Code, a.Count = &w.made[0], &m.code[run.at], uint64(run.count)
	if len(w.bits) > 0 {
		a.Bits = &w.bits[0]
	}
	if len(w.cat8) > 0 {
		a.Cats = &w.cat8[0]
	}
	if s.fours != nil {
		vector.SpinInputs256(a)
	} else {
		vector.SpinInputs512(a)
	}
	return a.Out
}

// updateOthers updates the nodes of a quad that are too wide for the kernel of their block.
func (s *Sampler) updateOthers(w *worker, b *blockPlan, tile, g int) {
	for i := 4 * g; i < min(4*g+4, len(b.nodes)); i++ {
		if b.vector[i] < 0 && !b.skip[i] {
			s.updateAlone(w, b, i, tile)
		}
	}
}

func (s *Sampler) updateAlone(w *worker, b *blockPlan, i, tile int) {
	slot := uint32(b.first + i)
	for lane := range s.tile {
		word := tile*s.tile + lane
		left := s.chains - 64*word
		if left <= 0 {
			return
		}
		bytes := (min(left, 64) + 7) / 8
		w.noise.fill(w.sweep, uint32(32*word), bytes, slot/4)
		s.updateNode(w, b, i, lane, bytes, slot, uint32(64*word))
	}
}

// mixedSums are the sums of a node's patterns, each of so many bits as places have: what
// bits beyond a pattern are does not matter.
func (n *mixedNode) mixedSums(s *Sampler) [][]int32 {
	var all [][]int32
	for k := range n.patterns {
		p := &n.patterns[k]
		sums := make([]int32, 1<<n.width())
		p.values(s, 1, sums)
		for x := 1 << p.bits(); x < len(sums); x++ {
			sums[x] = sums[x-1<<p.bits()]
		}
		all = append(all, sums)
	}
	return all
}

// reachOf is the largest magnitude of a sum, and what divides it and all others.
func reachOf(sums []int32, divisor int64) (reach, common int64) {
	for _, x := range sums {
		reach = max(reach, int64(magnitude(int64(x))))
		divisor = commonDivisor(divisor, x)
	}
	return reach, divisor
}

// mixed is node for one of a mixed block.
func (t *nodeBuild) mixed(s *Sampler, dst []byte, n *mixedNode, own int32) spinUnit {
	exact := n.mixedSums(s)
	groups := n.groups()
	put32(dst, vector.SpinAtGroups, groups)
	put32(dst, vector.SpinAtOut, int(own)*rowBytes)
	put32(dst, vector.SpinAtTables, tablesAt(groups))
	for j, row := range n.rows {
		put32(dst, vector.SpinAtRows+4*j, int(row)*rowBytes)
	}
	tables := dst[tablesAt(groups):]
	to := tables[128*groups:]
	if n.wide {
		put32(dst, vector.SpinAtWide, 8)
		put32(dst, vector.SpinAtParts, groups)
		put32(dst, vector.SpinAtStride, 4<<8)
		put32(dst, vector.SpinAtThere, -1)
	}
	for _, sums := range exact {
		for x, y := range sums {
			put32(to, 4*x, int(y))
		}
		to = to[4*len(sums):]
	}
	joined := make([][256]int32, groups)
	for g := range joined {
		joined[g] = n.joined(exact, g)
	}
	divisor, total, last := int64(0), int64(0), int64(0)
	for g := range joined {
		last, divisor = reachOf(joined[g][:], divisor)
		total += last
	}
	limit := int64(126 - groups)
	need := total
	if groups > 1 {
		need = max(last, total-last)
	}
	unit := spinUnit{size: sizeOfUnit(divisor, total, limit, need)}
	for g := range joined {
		sums := &joined[g]
		copy(t.sums[:], sums[:128])
		unit.off += t.bytes(tables[128*g:], int64(sums[128])-int64(sums[0]), unit.size, &dst[vector.SpinAtEighth+g])
	}
	return unit
}

// mixedFours is fours for one of a mixed block.
func (t *nodeBuild) mixedFours(s *Sampler, dst []byte, n *mixedNode, own int32) {
	exact := n.mixedSums(s)
	divisor, total := int64(0), int64(0)
	for _, sums := range exact {
		var reach int64
		reach, divisor = reachOf(sums, divisor)
		total += reach
	}
	unit := spinUnit{size: sizeOfUnit(divisor, total, fourLimit, total)}
	for g, sums := range exact {
		to := dst[vector.FoursAtFirst+vector.FoursStride*g:]
		for j, row := range n.rows[4*g : 4*g+4] {
			put32(to, 4*j, int(row)*8*fourWords)
		}
		unit.off += putFours(to, sums, unit.size)
	}
	s.fours.head(dst, len(exact), own, unit)
}

func (n *mixedNode) groups() int {
	if n.wide {
		return len(n.patterns)
	}
	return (len(n.patterns) + 1) / 2
}

// joined are the sums of a group of eight bits.
func (n *mixedNode) joined(exact [][]int32, g int) (sums [256]int32) {
	if n.wide {
		copy(sums[:], exact[g])
		return sums
	}
	for x := range sums {
		sums[x] = exact[2*g][x&15]
		if 2*g+1 < len(exact) {
			sums[x] += exact[2*g+1][x>>4]
		}
	}
	return sums
}

// mixedBytes is the room of a node.
func (n *mixedNode) mixedBytes() int {
	g := n.groups()
	if n.wide {
		return tablesAt(g) + (128+4<<8)*g
	}
	return tablesAt(g) + 256*g
}
