package sampling

import (
	"math/bits"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// catPatterns are the conditionals of a block's categoricals for every pattern
// of their neighbours: cumulative integer weights, K a pattern. They serve
// blocks of at most 32 states whose nodes have few patterns.
type catPatterns struct {
	block  *blockPlan
	made   bool       // pool is that of the current β
	offset []int32    // of each node's patterns in pool
	tails  [][]int32  // of each node: rows of its neighbours, ^row for spins
	stride [][]uint32 // index of a pattern = Σ stride·state
	pool   []uint32
	make   []patternSet // distinct sets, in pool order

	// By pattern, limits of categories but the last, two a table: a digit above one is of
	// a later category, one that equals it is for the cumulative weights to decide.
	limits []uint32
	tables int
	set    []int32 // of each node, in make
	kernel []int32 // nodes as package vector reads them, see kernelAt
	at     []int32 // where each begins
}

// patternSet says how one set of patterns is computed from a node's terms.
type patternSet struct {
	node     int
	patterns int
	offset   int32 // in pool
	limit    int32 // in limits
}

const (
	maxPatterns    = 4096    // of one node
	maxPatternPool = 1 << 20 // entries of one block
)

// planPatterns decides whether a block of categoricals is updated from patterns.
func (s *Sampler) planPatterns(b *blockPlan) {
	b.cat = nil
	if b.kind != Categorical || b.states > 32 || b.float != nil || b.user != nil || s.hard != nil {
		return
	}
	n := len(b.nodes)
	c := &catPatterns{block: b, offset: make([]int32, n), tails: make([][]int32, n), stride: make([][]uint32, n), set: make([]int32, n), tables: b.states / 2}
	seen := map[string]int32{}
	size, limits := 0, 0
	var key []byte
	for i := range b.nodes {
		var rows []int32
		var strides []uint32
		patterns := 1
		key = key[:0]
		add := func(row int32, states int) bool {
			id := slices.Index(rows, row)
			if id < 0 {
				id = len(rows)
				rows, strides = append(rows, row), append(strides, uint32(patterns))
				patterns *= states
				key = append(key, byte(states), byte(states>>8))
			}
			key = append(key, byte(id))
			return patterns <= maxPatterns
		}
		for _, t := range b.terms[b.tstart[i]:b.tstart[i+1]] {
			key = append(key, 0xff, byte(t.base), byte(t.base>>8), byte(t.base>>16), byte(t.base>>24))
			for _, x := range t.spins {
				if !add(^x, 2) {
					return
				}
			}
			for _, x := range t.cats {
				if x.wide || !add(x.row, int(x.states)) {
					return
				}
				key = append(key, byte(x.stride), byte(x.stride>>8), byte(x.stride>>16), byte(x.stride>>24))
			}
		}
		at, ok := seen[string(key)]
		if !ok {
			at = int32(len(c.make))
			seen[string(key)] = at
			c.make = append(c.make, patternSet{node: i, patterns: patterns, offset: int32(size), limit: int32(limits)})
			limits += patterns * c.tables
			if size += patterns * b.states; size > maxPatternPool {
				return
			}
		}
		c.set[i], c.offset[i], c.tails[i], c.stride[i] = at, c.make[at].offset, rows, strides
	}
	// Patterns pay when they are used more often than they are made.
	if size > 64*n*s.chains {
		return
	}
	c.pool, c.limits = make([]uint32, size), make([]uint32, limits)
	c.listNodes(s)
	b.cat = c
	s.catPatterns = append(s.catPatterns, c)
}

// fill computes every pattern at the current β.
func (c *catPatterns) fill(s *Sampler) {
	b, k := c.block, c.block.states
	e := s.exps[k]
	theta := make([]int64, k)
	c.made = true
	for _, set := range c.make {
		for p := range set.patterns {
			clear(theta)
			for _, t := range b.terms[b.tstart[set.node]:b.tstart[set.node+1]] {
				off, minus := int(t.base), false
				for _, x := range t.spins {
					if c.value(set.node, p, ^x, 2) == 0 {
						minus = !minus
					}
				}
				for _, x := range t.cats {
					off += int(x.stride) * c.value(set.node, p, x.row, int(x.states))
				}
				s.addTable(theta, off, minus)
			}
			top := theta[0]
			for _, x := range theta[1:] {
				top = max(top, x)
			}
			sum := uint64(0)
			for i, x := range theta {
				sum += e.at(uint64(top - x))
				c.pool[int(set.offset)+p*k+i] = uint32(sum)
			}
			c.fillLimits(s, set, p, c.pool[int(set.offset)+p*k:][:k])
		}
	}
}

// value is the state of one neighbour in pattern p.
func (c *catPatterns) value(node, p int, row int32, states int) int {
	return p / int(c.stride[node][slices.Index(c.tails[node], row)]) % states
}

// addTable adds ±(own axis of a table) to θ.
func (s *Sampler) addTable(theta []int64, off int, minus bool) {
	if s.view32 != nil {
		addAxis(theta, s.view32[off:off+len(theta)], minus)
	} else {
		addAxis(theta, s.view64[off:off+len(theta)], minus)
	}
}

func addAxis[T int32 | int64](theta []int64, w []T, minus bool) {
	w = w[:len(theta)]
	if minus {
		for i, x := range w {
			theta[i] -= int64(x)
		}
		return
	}
	for i, x := range w {
		theta[i] += int64(x)
	}
}

// choosePatterns updates one categorical, whose neighbours have these rows, for
// the first 8·bytes chains of a word.
func (w *worker) choosePatterns(s *Sampler, b *blockPlan, i int, rows []int32, lane, bytes int, slot, chain uint32) {
	var index [64]uint32
	n := 8 * bytes
	for t, stride := range b.cat.stride[i] {
		row := int(rows[t])
		if row < 0 {
			x := w.bits[^row*s.tile+lane]
			for c := range index {
				index[c] += stride & -uint32(x&1)
				x >>= 1
			}
			continue
		}
		at := (row*s.tile + lane) * 64
		for c, v := range (*[64]uint8)(w.cat8[at : at+64]) {
			index[c] += stride * uint32(v)
		}
	}
	at := (int(b.row[i])*s.tile + lane) * 64
	out := w.outCat8[at : at+64]
	digit := &w.noise.digit[slot&3]
	set := &b.cat.make[b.cat.set[i]]
	var value [64]uint8
	ties := uint64(0)
	for t := range b.cat.tables {
		base, step := b.cat.limitsOf(*set, t)
		limits := b.cat.limits[base:]
		for c := 0; c < n; c++ {
			x, u := limits[uint32(step)*index[c&63]], uint32(digit[placeOf(c, bytes)&63])
			low, high := x&0xffff, x>>16
			value[c&63] += uint8((low-u)>>31) + uint8((high-u)>>31)
			ties |= uint64(equals(low, u)|equals(high, u)) << uint(c)
		}
	}
	copy(out[:n], value[:])
	for ; ties != 0; ties &= ties - 1 {
		c := bits.TrailingZeros64(ties)
		out[c] = uint8(w.chooseTied(s, b, i, int(index[c&63]), uint32(digit[placeOf(c, bytes)&63]), chain+uint32(c), slot))
	}
}

// equals is 1 for equal numbers of 16 bits.
func equals(x, y uint32) uint32 { return ((x ^ y) - 1) >> 31 }

// chooseTied is the new value of node i for a pattern and a digit, from its cumulative
// weights.
func (w *worker) chooseTied(s *Sampler, b *blockPlan, i, pattern int, digit uint32, chain, slot uint32) int {
	k := b.states
	cum := b.cat.pool[int(b.cat.offset[i])+pattern*k:][:k]
	if s.tail {
		return w.choosePrecisely(s, cum, uint64(digit), chain, slot)
	}
	t := uint64(digit>>s.digitShift) * uint64(cum[k-1]) >> (16 - s.digitShift)
	for v, x := range cum {
		if uint64(x) > t {
			return v
		}
	}
	return k - 1
}

// choosePrecisely draws the second digit and finds the first cumulative weight
// beyond (65536u+v)·Z / 2^32.
func (w *worker) choosePrecisely(s *Sampler, cum []uint32, u uint64, chain, slot uint32) int {
	d := s.rng.Digit(rng.PurposeUpdate+s.phase, chain, w.sweep, slot, 1)
	t := scaled(u<<16|uint64(d), uint64(cum[len(cum)-1]))
	for k, x := range cum {
		if uint64(x) > t {
			return k
		}
	}
	return len(cum) - 1
}

// scaled is floor(u·z / 2^32).
func scaled(u, z uint64) uint64 {
	hi, lo := bits.Mul64(u, z)
	return hi<<32 | lo>>32
}

// chooseTerms updates one node of any kind, one chain after another, from its
// terms.
func (w *worker) chooseTerms(s *Sampler, b *blockPlan, i, lane, bytes int, slot, chain uint32) {
	k := 1
	if b.kind == Categorical {
		k = b.states
	}
	theta := w.theta[:k]
	terms := b.terms[b.tstart[i]:b.tstart[i+1]]
	digit := &w.noise.digit[slot&3]
	var out uint64
	for c := range 8 * bytes {
		w.termFields(s, terms, theta, lane, c)
		u := uint32(digit[placeOf(c, bytes)&63])
		if b.kind == Spin {
			out |= w.chooseField(s, theta[0], u, chain+uint32(c), slot) << uint(c)
			continue
		}
		w.putCategory(s, b, i, lane, c, w.chooseCategory(s, theta, u, chain+uint32(c), slot))
	}
	if b.kind == Spin {
		w.outBits[int(b.row[i])*s.tile+lane] = out
	}
}

// putCategory writes the new value of node i in one chain of a word.
func (w *worker) putCategory(s *Sampler, b *blockPlan, i, lane, chain, value int) {
	at := (int(b.row[i])*s.tile+lane)*64 + chain
	if b.states > 256 {
		w.outCat16[at] = uint16(value)
	} else {
		w.outCat8[at] = uint8(value)
	}
}

// termFields are the fields of a node in one chain of a word, from its terms.
func (w *worker) termFields(s *Sampler, terms []term, theta []int64, lane, c int) {
	clear(theta)
	for t := range terms {
		t := &terms[t]
		off, sign := int(t.base), uint64(0)
		for _, r := range t.spins {
			sign ^= ^w.bits[int(r)*s.tile+lane] >> uint(c) & 1
		}
		for _, x := range t.cats {
			at := (int(x.row)*s.tile+lane)*64 + c
			if x.wide {
				off += int(x.stride) * int(w.cat16[at])
			} else {
				off += int(x.stride) * int(w.cat8[at])
			}
		}
		s.addTable(theta, off, sign == 1)
	}
}

// chooseCategory draws a category from its fields.
func (w *worker) chooseCategory(s *Sampler, theta []int64, u uint32, chain, slot uint32) int {
	e := s.exps[len(theta)]
	top := theta[0]
	for _, x := range theta[1:] {
		top = max(top, x)
	}
	z := uint64(0)
	cum := w.cum[:len(theta)]
	for i, x := range theta {
		z += e.at(uint64(top - x))
		cum[i] = z
	}
	var t uint64
	if s.tail {
		// One digit decides unless a boundary lies inside its interval.
		lo, hi := scaled(uint64(u)<<16, z), scaled(uint64(u)<<16|0xffff, z)
		if k := firstBeyond(cum, lo); cum[k] > hi {
			return k
		}
		t = scaled(uint64(u)<<16|uint64(s.rng.Digit(rng.PurposeUpdate+s.phase, chain, w.sweep, slot, 1)), z)
	} else {
		t = uint64(u>>s.digitShift) * z >> (16 - s.digitShift)
	}
	return firstBeyond(cum, t)
}

func firstBeyond(cum []uint64, t uint64) int {
	for k, x := range cum {
		if x > t {
			return k
		}
	}
	return len(cum) - 1
}
