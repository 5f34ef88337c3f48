package sampling

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// vectorSpins is a model of pairs of spins as package vector's spin kernel reads it:
// tables of partial sums of fields in 8 bits, one unit for each node, and of exact ones.
// The kernel takes a lane's choice from its 8 bits where the cell of its field tells it
// whatever the field is exactly, so that units may be coarse and no bit depends on them.
type vectorSpins struct {
	node  []byte // at blockPlan.vector
	ahead []int  // where nodes begin, one behind the other, and the last one ends
	short bool   // exact sums of groups have 16 bits
	units spinUnits
	cells []vector.SpinCells // of the current β, one for each unit
}

// spinUnits are the units of a model's nodes, each once.
type spinUnits struct {
	list []spinUnit
	seen map[int64]int // unit, negative where all sums are exact → place
}

// place is where a node's unit stands.
func (u *spinUnits) place(x spinUnit) int {
	key := x.size
	if x.off == 0 {
		key = -key
	}
	k, ok := u.seen[key]
	if !ok {
		k = len(u.list)
		u.seen[key] = k
		u.list = append(u.list, x)
	}
	u.list[k].off = max(u.list[k].off, x.off)
	return k
}

func (u *spinUnits) clear() { u.list, u.seen = u.list[:0], map[int64]int{} }

// spinUnit is a unit of 8-bit fields in the units of exact ones, and how far the sum
// of a node in it may be from its field.
type spinUnit struct{ size, off int64 }

// With fewer chains than this the engine for words of 64 chains is faster.
const vectorChains = 65

const (
	vectorWords = 8 // of 64 chains
	rowBytes    = 8 * vectorWords
)

// vectorised says whether a spin kernel is for the model: spins, perhaps among categoricals,
// most of which have not too many neighbours.
func (s *Sampler) vectorised() bool {
	m := s.model
	if s.kernelInUse < vector.AVX2 || s.chains < vectorChains || m.Format.Accum != 32 || m.Format.Planes > 0 || m.Format.singleByte() || len(m.Codes) > 0 || s.hard != nil {
		return false
	}
	for _, super := range m.Sweep {
		for _, b := range super {
			if b.Sampler != "" { // the user's
				return false
			}
		}
	}
	degree := make([]int, m.Nodes)
	for i := range m.Factors {
		if f := &m.Factors[i]; len(f.Slots) > 1 {
			for _, n := range f.Index {
				degree[n]++
			}
		}
	}
	size, spins, wide := 0, 0, 0
	for _, v := range m.Vars {
		switch v.Kind {
		case Continuous:
			return false
		case Categorical:
			size += 8 * v.Count
		case Spin:
			size += v.Count
			for _, n := range degree[v.First : v.First+v.Count] {
				spins++
				if n > s.spinDegree() {
					wide++
				}
			}
		}
	}
	if s.bytes && (s.kernelInUse < vector.AVX512 || wide > 0 || !m.onlyPairs()) {
		return false // there is no kernel for first digits of 8 bits
	}
	return spins > 2*wide && size <= math.MaxInt32/rowBytes
}

// onlyPairs says whether all nodes are spins, in factors of at most two.
func (m *Model) onlyPairs() bool {
	for i := range m.Factors {
		if len(m.Factors[i].Slots) > 2 {
			return false
		}
	}
	return !slices.ContainsFunc(m.Vars, func(v Var) bool { return v.Kind != Spin })
}

// buildVector makes the nodes from the weights at hand.
func (s *Sampler) buildVector() {
	v := s.vector
	if short := s.spinReach < 1<<15; v.node == nil || short != v.short {
		v.short = short
		v.place(s)
	}
	v.units.clear()
	var w []int32
	var build nodeBuild
	for _, super := range s.blocks {
		for _, b := range super {
			for i, at := range b.vector {
				if at < 0 {
					continue
				}
				node := v.node[at:]
				var unit spinUnit
				switch {
				case b.patterned(i):
					unit = build.mixed(s, node, &b.mixed.nodes[i], b.row[i])
				case s.model.Format.Group > 1:
					unit = build.rounded(s, node, b, i)
				default:
					var constant int32
					w, constant = nodeWeights(s, b, i, w)
					unit = build.node(node, b.input[b.start[i]:b.end[i]], w, constant, b.row[i])
				}
				put32(node, vector.SpinAtCells, v.units.place(unit)*cellBytes)
			}
		}
	}
	v.fetch()
}

const cellBytes = 192

// place finds room for every node.
func (v *vectorSpins) place(s *Sampler) {
	n := 0
	v.ahead = v.ahead[:0]
	for _, super := range s.blocks {
		for _, b := range super {
			for i := range b.vector {
				if b.vector[i] >= 0 {
					b.vector[i] = n
					v.ahead = append(v.ahead, n)
					n += v.bytes(s, b, i)
				}
			}
		}
	}
	v.node = make([]byte, n)
	v.ahead = append(v.ahead, n)
}

// bytes is the room of node i of a block.
func (v *vectorSpins) bytes(s *Sampler, b *blockPlan, i int) int {
	if b.patterned(i) {
		return b.mixed.nodes[i].mixedBytes()
	}
	inputs := int(b.end[i] - b.start[i])
	g := groupsOfEight(inputs)
	exact := 128 * g
	if size := s.model.Format.Group; size > 1 {
		parts := s.groupCount(inputs)
		exact = v.width() * ((parts-1)<<size + 1<<(inputs-(parts-1)*size))
		exact = (exact + 2 + 63) &^ 63 // numbers of 16 bits are read with what is behind
		exact = max(exact, 128*parts)
	}
	return tablesAt(g) + 128*g + exact
}

// fetch makes every node fetch the one in the same place of the next quad, or what stands
// there: tables of large models come from beyond the second cache.
func (v *vectorSpins) fetch() {
	last := len(v.ahead) - 1
	for i, at := range v.ahead[:last] {
		next := min(i+4, last-1)
		put32(v.node[at:], vector.SpinAtAhead, v.ahead[next]-at)
		node := v.node[v.ahead[next]:v.ahead[next+1]]
		lines := len(node) / 64
		if get32(node, vector.SpinAtFine) != 0 { // what is left is for whole sums
			groups := get32(node, vector.SpinAtGroups)
			lines = (tablesAt(groups) + 128*groups + 128*get32(node, vector.SpinAtParts)) / 64
		}
		put32(v.node[at:], vector.SpinAtLines, lines)
	}
}

// width is the bytes of an exact sum of a group.
func (v *vectorSpins) width() int {
	if v.short {
		return 2
	}
	return 4
}

func groupsOfEight(inputs int) int { return max(1, (inputs+7)/8) }

// tablesAt is where the tables of a node with so many groups begin.
func tablesAt(groups int) int { return (vector.SpinAtRows + 32*groups + 63) &^ 63 }

func put32(dst []byte, at, x int) { binary.LittleEndian.PutUint32(dst[at:], uint32(int32(x))) }

func get32(src []byte, at int) int { return int(int32(binary.LittleEndian.Uint32(src[at:]))) }

// nodeBuild is room to make one node in: its neighbours by group of eight, those that
// there are not with weight 0.
type nodeBuild struct {
	row  [8 * vector.SpinGroups]int32
	w    [8 * vector.SpinGroups]int32
	sums [128]int32

	inputs [8 * vector.SpinGroups]int32 // in the order of groups
	weight [8 * vector.SpinGroups]int32
}

// node writes one node and gives its unit.
func (t *nodeBuild) node(dst []byte, inputs []rowRef, w []int32, constant, own int32) spinUnit {
	groups := groupsOfEight(len(inputs))
	put32(dst, vector.SpinAtGroups, groups)
	put32(dst, vector.SpinAtOut, int(own)*rowBytes)
	put32(dst, vector.SpinAtTables, tablesAt(groups))
	t.balance(inputs, w, constant, groups)
	for g := range groups {
		lo, hi := groupSpan(len(inputs), groups, g)
		t.take(g, t.inputs[lo:hi], t.weight[lo:hi], own)
	}
	unit := spinUnit{size: t.unit(groups, constant)}
	at := tablesAt(groups)
	for g := range groups {
		t.swap(8*g+7, t.roundest(8*g, 8*g+8, 8*g+7, unit.size))
		for j, r := range t.row[8*g : 8*g+8] {
			put32(dst, vector.SpinAtRows+32*g+4*j, int(r)*rowBytes)
		}
		unit.off += t.group(dst[at+128*g:], t.w[8*g:8*g+8], constant, unit.size, &dst[vector.SpinAtEighth+g])
		exact := dst[at+128*groups+128*g:]
		for k := range 2 {
			t.fill(t.w[8*g+4*k:8*g+4*k+4], constant)
			for i, x := range t.sums[:16] {
				put32(exact, 64*k+4*i, int(x))
			}
			constant = 0
		}
	}
	return unit
}

// rounded is node for weights rounded by groups. Sums in 8 bits are of eight neighbours
// all the same, from weights with finer extra bits.
func (t *nodeBuild) rounded(s *Sampler, dst []byte, b *blockPlan, i int) spinUnit {
	inputs, own := b.input[b.start[i]:b.end[i]], b.row[i]
	groups, parts := groupsOfEight(len(inputs)), s.groupCount(len(inputs))
	put32(dst, vector.SpinAtGroups, groups)
	put32(dst, vector.SpinAtOut, int(own)*rowBytes)
	put32(dst, vector.SpinAtTables, tablesAt(groups))
	put32(dst, vector.SpinAtWide, s.model.Format.Group)
	put32(dst, vector.SpinAtParts, parts)
	extra := s.fineBits()
	constant := t.fine(s, b, i, 8*groups, extra)
	for j, r := range t.row[:8*groups] {
		put32(dst, vector.SpinAtRows+4*j, b.rowOf(i, j, r)*rowBytes)
	}
	fine := (t.unit(groups, constant) + 1<<extra - 1) >> extra << extra
	unit := spinUnit{size: fine >> extra}
	at := tablesAt(groups)
	for g := range groups {
		unit.off += t.group(dst[at+128*g:], t.w[8*g:8*g+8], constant, fine, &dst[vector.SpinAtEighth+g])
		constant = 0
	}
	unit.off = s.roundedOff(b, i, unit.off, extra)
	// The tables of all parts stand one behind the other, as they do in the pool but for
	// padding.
	size, n := s.vector.width(), len(inputs)-(parts-1)*s.model.Format.Group
	put32(dst, vector.SpinAtStride, size<<s.model.Format.Group)
	put32(dst, vector.SpinAtShort, size&2)
	put32(dst, vector.SpinAtThere, 1<<len(inputs)-1)
	to := dst[at+128*groups:]
	extra = t.fineSums(to, s, b, i)
	put32(dst, vector.SpinAtFine, extra)
	if extra > 0 {
		return unit
	}
	for k, x := range s.pool32[b.table[i]:][:(parts-1)<<s.model.Format.Group+1<<n] {
		if size == 2 {
			binary.LittleEndian.PutUint16(to[2*k:], uint16(x))
		} else {
			put32(to, 4*k, int(x))
		}
	}
	return unit
}

// fineBits are extra bits with which fields still have 32.
func (s *Sampler) fineBits() int {
	if s.spinReach >= 1<<26 {
		return 0
	}
	return 4
}

// fine puts n neighbours of a node in place, those that there are with their weights in
// units that are extra bits finer, and gives the constant in these.
func (t *nodeBuild) fine(s *Sampler, b *blockPlan, i, n, extra int) (constant int32) {
	scale := math.Ldexp(1, s.model.Format.Fraction+extra)
	weight := func(at int32) int32 { return int32(math.RoundToEven(float64(s.flat[at] * scale))) }
	for _, at := range b.wref[b.end[i]:b.start[i+1]] {
		constant += weight(at)
	}
	inputs := b.input[b.start[i]:b.end[i]]
	for j := range n {
		t.row[j], t.w[j] = b.row[i], 0
		if j < len(inputs) {
			t.row[j], t.w[j] = inputs[j], weight(b.wref[int(b.start[i])+j])
		}
	}
	return constant
}

// fineSums writes the sums of groups as two tables of four neighbours each with extra bits,
// which are smaller than those of whole sums. It gives the number of these bits, 0 where
// they are not enough for some sum (which lies too near to the middle of two integers).
func (t *nodeBuild) fineSums(dst []byte, s *Sampler, b *blockPlan, i int) (extra int) {
	inputs, size := int(b.end[i]-b.start[i]), s.model.Format.Group
	extra = min(16, 28-bits.Len64(s.spinReach))
	if extra < 1 {
		return 0
	}
	constant := t.fine(s, b, i, 8*groupsOfEight(inputs), extra) + 1<<(extra-1) // what is shifted is rounded
	pool := s.pool32[b.table[i]:]
	for k := range s.groupCount(inputs) {
		w := t.w[k*size : min(inputs, (k+1)*size)]
		var sums [2][16]int32
		for h := range sums {
			four := w[min(len(w), 4*h):min(len(w), 4*h+4)]
			t.fill(four, constant)
			for j := range sums[h] { // bits of other groups may follow
				sums[h][j] = t.sums[j&(1<<len(four)-1)]
				put32(dst, 128*k+64*h+4*j, int(sums[h][j]))
			}
			constant = 0
		}
		for x, want := range pool[:1<<len(w)] {
			if (sums[0][x&15]+sums[1][x>>4])>>extra != want {
				return 0
			}
		}
		pool, constant = pool[1<<len(w):], 1<<(extra-1)
	}
	return extra
}

// roundedOff is how far the sum of a node from fine weights may be from its field: every
// weight is off by half a unit of these, every rounded sum by half of its own.
func (s *Sampler) roundedOff(b *blockPlan, i int, off int64, extra int) int64 {
	parts := s.groupCount(int(b.end[i] - b.start[i]))
	rounding := int64(int(b.start[i+1]-b.start[i])+parts<<extra+1) / 2
	return (off + rounding + 1<<extra) >> extra
}

// balance puts the inputs in an order in which the last group's sum is about as large as
// that of the others: units are finest then. Larger weights are placed first, each where
// the sum is smaller.
func (t *nodeBuild) balance(inputs []rowRef, w []int32, constant int32, groups int) {
	n := len(w)
	last, _ := groupSpan(n, groups, groups-1)
	var order [8 * vector.SpinGroups]uint8
	for i := range order[:n] {
		j := i
		for ; j > 0 && magnitude(int64(w[order[j-1]])) < magnitude(int64(w[i])); j-- {
			order[j] = order[j-1]
		}
		order[j] = uint8(i)
	}
	to, end := [2]int{0, last}, [2]int{last, n}
	sum := [2]uint64{magnitude(int64(constant)), 0}
	for _, i := range order[:n] {
		side := 0
		if to[0] == end[0] || to[1] < end[1] && sum[1] < sum[0] {
			side = 1
		}
		t.inputs[to[side]], t.weight[to[side]] = inputs[i], w[i]
		to[side]++
		sum[side] += magnitude(int64(w[i]))
	}
}

// take puts the neighbours of a group in place.
func (t *nodeBuild) take(g int, inputs, w []int32, own int32) {
	row, weight := t.row[8*g:8*g+8], t.w[8*g:8*g+8]
	clear(weight)
	for j := range row {
		row[j] = own
	}
	copy(row, inputs)
	copy(weight, w)
}

// roundest is the neighbour from lo to hi whose weight is the nearest to a number of half
// units, at if none is nearer: the eighth one of a group is rounded by itself.
func (t *nodeBuild) roundest(lo, hi, at int, unit int64) int {
	distance := func(j int) int64 {
		x := int64(magnitude(int64(t.w[j]))) * 2 % unit
		return min(x, unit-x)
	}
	for j := lo; j < hi; j++ {
		if distance(j) < distance(at) {
			at = j
		}
	}
	return at
}

func (t *nodeBuild) swap(i, j int) {
	t.row[i], t.row[j] = t.row[j], t.row[i]
	t.w[i], t.w[j] = t.w[j], t.w[i]
}

// unit is the unit of a node's 8-bit fields: the largest common divisor of its
// weights if all sums are within 8 bits then, else one with which no sum before the
// last group's saturates, nor any group's own; with four significant bits, so that
// there are few.
func (t *nodeBuild) unit(groups int, constant int32) int64 {
	total, last := weightSum(t.w[:8*groups], constant), weightSum(t.w[8*(groups-1):8*groups], 0)
	need := total
	if groups > 1 {
		need = max(last, total-last)
	}
	return unitFor(t.w[:8*groups], constant, int64(126-groups), need)
}

// weightSum is the largest magnitude of constant ± w[0] ± w[1] ….
func weightSum(w []int32, constant int32) int64 {
	sum := int64(magnitude(int64(constant)))
	for _, x := range w {
		sum += int64(magnitude(int64(x)))
	}
	return sum
}

// unitFor is the largest common divisor of weights if their sums are within the limit
// then, else one with which the magnitude need is; with four significant bits.
func unitFor(w []int32, constant int32, limit, need int64) int64 {
	divisor := int64(magnitude(int64(constant)))
	for _, x := range w {
		divisor = commonDivisor(divisor, x)
	}
	return sizeOfUnit(divisor, weightSum(w, constant), limit, need)
}

// commonDivisor is the largest one of two numbers.
func commonDivisor(divisor int64, x int32) int64 {
	for a := int64(magnitude(int64(x))); a != 0; {
		divisor, a = a, divisor%a
	}
	return divisor
}

// sizeOfUnit is unitFor for sums with a common divisor and the magnitude total.
func sizeOfUnit(divisor, total, limit, need int64) int64 {
	if total <= limit*divisor {
		return max(1, divisor)
	}
	unit := max(1, (need+limit-1)/limit)
	step := int64(1) << max(0, bits.Len64(uint64(unit))-4)
	return (unit + step - 1) / step * step
}

// group writes the table of a group and its eighth weight, and gives how far their
// sum may be from the exact one.
func (t *nodeBuild) group(dst []byte, w []int32, constant int32, unit int64, eighth *byte) int64 {
	t.fill(w[:7], constant-w[7])
	return t.bytes(dst, 2*int64(w[7]), unit, eighth)
}

// bytes writes the sums at hand and what the eighth neighbour adds in 8 bits.
func (t *nodeBuild) bytes(dst []byte, last, unit int64, eighth *byte) int64 {
	off := int64(0)
	inverse := 1 / float64(unit)
	for i, x := range t.sums {
		y := math.Floor(float64(float64(x)*inverse) + 0.5) // any rounding serves
		dst[i] = byte(int8(y))
		off = max(off, int64(magnitude(int64(x)-int64(y)*unit)))
	}
	y := int64(math.Floor(float64(float64(last)*inverse) + 0.5))
	*eighth = byte(int8(y))
	return off + int64(magnitude(last-y*unit))
}

// fill makes the sums constant ± w[0] ± w[1] …, bit j of the index saying that
// neighbour j is +1.
func (t *nodeBuild) fill(w []int32, constant int32) {
	for _, x := range w {
		constant -= x
	}
	t.sums[0] = constant
	n := 1
	for _, x := range w {
		for i, y := range t.sums[:n] {
			t.sums[n+i] = y + 2*x
		}
		n *= 2
	}
}

// makeCells bounds the thresholds of the current β.
func (v *vectorSpins) makeCells(t *spinTable) {
	v.cells = append(v.cells[:0], make([]vector.SpinCells, len(v.units.list))...)
	for i, u := range v.units.list {
		c := &v.cells[i]
		width := int64(1) // of a cell
		c.Map = vector.KeepBits
		if float64(63*u.size)*t.scale < 5.55 { // where the high byte of σ(-x) becomes 0
			width, c.Map = 2, vector.HalveBits
		}
		for k := range int64(64) {
			from, to := k*width*u.size-u.off, (k*width+width-1)*u.size+u.off
			switch {
			case from <= 0 && u.off > 0: // the sign is open
				c.Low[k], c.High[k] = 0, 255
				continue
			case k == 63:
				to = math.MaxInt32
			}
			low, high := t.bounds(uint64(from), uint64(to))
			c.Low[k], c.High[k] = uint8(low>>8), uint8(high>>8)
		}
	}
}

// bounds are the least and the largest threshold of the magnitudes from a to b. They
// fall inside a segment, and may rise from one to the next.
func (t *spinTable) bounds(a, b uint64) (low, high uint32) {
	low, high = t.first(a), t.first(a)
	for i := a >> t.shift; ; i++ {
		start, end := max(a, i<<t.shift), min(b, i<<t.shift|(1<<t.shift-1))
		x, y := t.first(start), t.first(end)
		low, high = min(low, x, y), max(high, x, y)
		if end == b || i >= t.n {
			return low, high
		}
	}
}

// spinWorker is what a worker needs for the kernel. What it reads 64 bytes at a time
// stands at multiples of 64.
type spinWorker struct {
	noise   vector.SpinNoise
	scratch vector.SpinScratch
	args    vector.Spins
	ties    *vector.SpinTies // nil: first digits have 16 bits
}

// updateVector is updateQuads for the spin kernel: tile is one of 512 chains.
func (s *Sampler) updateVector(w *worker, b *blockPlan, tile, lo, hi int) {
	if w.vector == nil {
		w.vector = &spinWorker{}
		w.vector.args.Bits = 16
		if s.bytes {
			w.vector.args.Bits, w.vector.args.Shift = 24, 8
			w.vector.ties = &vector.SpinTies{}
		}
	}
	v, a, t := s.vector, &w.vector.args, w.spins
	a.State, a.Out = &w.bits[0], &w.outBits[0]
	a.Cells, a.Lines = &v.cells[0], &t.line[0].a
	a.Noise, a.Scratch = &w.vector.noise, &w.vector.scratch
	a.Segments, a.S, a.Up, a.Down = uint32(t.n), uint32(t.shift), uint32(t.up), uint32(t.down)
	a.Round, a.Keep = t.round, t.keep
	chain := uint32(64 * vectorWords * tile)
	ties, listed := w.vector.ties, lo
	for g := lo; g < hi; g++ {
		if b.allSkipped(4 * g) {
			continue
		}
		slot := uint32(b.first + 4*g)
		w.noise.fillSpins(w.sweep, chain, slot/4, a.Noise)
		if ties != nil {
			if g-listed >= vector.SpinTieQuads || ties.Count > vector.SpinTieRoom-vector.SpinTieCount {
				s.decideTies(w, b, listed, chain)
				listed = g
			}
			a.List, a.Quad = &ties.List[ties.Count], uint32(g-listed)<<11
		}
		for q := range a.Nodes {
			a.Nodes[q] = nil
			if i := 4*g + q; !b.skip[i] && b.vector[i] >= 0 {
				a.Nodes[q] = &v.node[b.vector[i]]
			}
		}
		if b.mixed != nil {
			a.State = s.makeInputs(w, b.mixed, g)
		}
		vector.SpinUpdate512(a)
		if ties != nil {
			ties.Count += a.Listed
			continue
		}
		open := &w.vector.scratch
		for k, place := range open.Ties[:a.Ties] {
			q := int(place >> 9)
			s.chooseTie(w, b, 4*g+q, int64(open.TieFields[k]), vector.SpinChain(place), slot+uint32(q), chain)
		}
		s.updateOthers(w, b, tile, g)
	}
	if ties != nil && ties.Count > 0 {
		s.decideTies(w, b, listed, chain)
	}
}

// chooseTie updates node i with field g in chain c of a tile, whose first digit is its
// threshold.
func (s *Sampler) chooseTie(w *worker, b *blockPlan, i int, g int64, c int, slot, chain uint32) {
	if int(chain)+c < s.chains {
		s.setBit(w, b, i, c, w.chooseField(s, g, w.spins.first(magnitude(g)), chain+uint32(c), slot))
	}
}

// fieldOf is the field of node i in chain c of a tile.
func (s *Sampler) fieldOf(w *worker, b *blockPlan, i, c int) int64 {
	if b.kernel[i] == kernelTerms {
		w.termFields(s, b.terms[b.tstart[i]:b.tstart[i+1]], w.theta[:1], c/64, c%64)
		return w.theta[0]
	}
	g, inputs := int64(0), b.input[b.start[i]:b.end[i]]
	pool, groups := s.pool32[b.table[i]:], s.groupCount(len(inputs))
	lane, shift := c/64, c%64
	for k := range groups {
		lo, hi := s.span(len(inputs), groups, k)
		at := uint64(0)
		for j, r := range inputs[lo:hi] {
			at |= s.load(w.bits, r, lane) >> shift & 1 << j
		}
		g += int64(pool[at])
		pool = pool[1<<(hi-lo):]
	}
	return g
}

func (s *Sampler) setBit(w *worker, b *blockPlan, i, c int, value uint64) {
	out := &w.outBits[int(b.row[i])*s.tile+c/64]
	*out = *out&^(1<<(c%64)) | value<<(c%64)
}
