package sampling

import (
	"math/bits"
	"slices"
)

// A patternVar is what a pattern has bits of: a spin or a product of several, one bit, or a
// categorical, the bits of its state.
type patternVar struct {
	row    rowRef
	states int32 // of a categorical; 0: spins
}

func (v patternVar) size() int {
	if v.states == 0 {
		return 1
	}
	return bits.Len32(uint32(v.states - 1))
}

// A patternTerm is a row of a factor, seen from one of its nodes, as a function of the
// variables that the row holds besides it.
type patternTerm struct {
	weight int32 // of a row of spins alone: its place in Sampler.ints; else -1 and
	base   int32 // that of its table in the view pool
	vars   []patternVar
	stride []int32      // of each variable's axis; spins have none
	apart  []patternVar // the spins of the product that vars is; nil: they are no inputs of the node themselves
}

func bitsOf(vars []patternVar) int {
	n := 0
	for _, v := range vars {
		n += v.size()
	}
	return n
}

// A pattern is the bits of some variables, and what they add to a field.
type pattern struct {
	vars  []patternVar
	terms []patternTerm
}

func (p *pattern) bits() int { return bitsOf(p.vars) }

// termsOf are the terms of node i of a block of spins or categoricals; false if there are
// neighbours of more than 256 states.
func (s *Sampler) termsOf(b *blockPlan, i int) (terms []patternTerm, ok bool) {
	if b.kernel[i] != kernelTerms {
		lo, mid, hi := b.start[i], b.end[i], b.start[i+1]
		for j := lo; j < hi; j++ {
			t := patternTerm{weight: b.wref[j]}
			if j < mid {
				t.vars = []patternVar{{row: b.input[j]}}
				t.apart = s.apart(b.input[j], b.input[lo:mid])
			}
			terms = append(terms, t)
		}
		return terms, true
	}
	for _, x := range b.terms[b.tstart[i]:b.tstart[i+1]] {
		t := patternTerm{weight: -1, base: x.base}
		switch len(x.spins) {
		case 0:
		case 1:
			t.vars, t.stride = []patternVar{{row: x.spins[0]}}, []int32{0}
		default:
			t.vars, t.stride = []patternVar{{row: s.product(x.spins)}}, []int32{0}
		}
		for _, c := range x.cats {
			if c.wide {
				return nil, false
			}
			t.vars, t.stride = append(t.vars, patternVar{c.row, c.states}), append(t.stride, c.stride)
		}
		terms = append(terms, t)
	}
	return terms, true
}

// apart are the spins of a product, if all are inputs themselves.
func (s *Sampler) apart(product rowRef, inputs []rowRef) []patternVar {
	if product >= 0 {
		return nil
	}
	var vars []patternVar
	for _, r := range s.productRows[^product] {
		if !slices.Contains(inputs, r) {
			return nil
		}
		vars = append(vars, patternVar{row: r})
	}
	return vars
}

// gather puts terms into patterns of at most limit bits, those with common variables
// together. A product may be a function of its spins if that takes no more bits, a term
// that has more than limit bits by itself has a pattern of its own.
func gather(terms []patternTerm, limit int) []pattern {
	terms = slices.Clone(terms)
	slices.SortStableFunc(terms, func(a, b patternTerm) int {
		return max(bitsOf(b.vars), len(b.apart)) - max(bitsOf(a.vars), len(a.apart))
	})
	var all []pattern
	for _, t := range terms {
		if t.apart != nil && len(t.apart) <= limit {
			if at := nearest(all, t.apart, limit); at >= 0 {
				all[at].add(t, t.apart)
				continue
			}
			if !anyHolds(all, t.apart) {
				all = append(all, pattern{})
				all[len(all)-1].add(t, t.apart)
				continue
			}
		}
		at := nearest(all, t.vars, limit)
		if at < 0 {
			at, all = len(all), append(all, pattern{})
		}
		all[at].add(t, t.vars)
	}
	return all
}

// nearest is the pattern that needs the fewest bits more to hold variables, of those that
// hold one of them or need none; -1: there is none.
func nearest(all []pattern, vars []patternVar, limit int) int {
	need := bitsOf(vars)
	at, least := -1, max(need, 1)
	for i := range all {
		extra := need
		for _, v := range vars {
			if slices.Contains(all[i].vars, v) {
				extra -= v.size()
			}
		}
		if extra < least && (extra == 0 || all[i].bits()+extra <= limit) {
			at, least = i, extra
		}
	}
	return at
}

func anyHolds(all []pattern, vars []patternVar) bool {
	for i := range all {
		for _, v := range vars {
			if slices.Contains(all[i].vars, v) {
				return true
			}
		}
	}
	return false
}

func (p *pattern) add(t patternTerm, vars []patternVar) {
	for _, v := range vars {
		if !slices.Contains(p.vars, v) {
			p.vars = append(p.vars, v)
		}
	}
	t.apart = nil
	if len(t.vars) > 0 && !slices.Contains(p.vars, t.vars[0]) { // a product of variables
		t.vars = vars
	}
	p.terms = append(p.terms, t)
}

// A patternShape is how many bits a place for patterns has, and how many of them those of
// more than one bit may take.
type patternShape struct{ bits, joint int }

// pack puts patterns, and the terms of none, into places of shapes that take turns, the
// first one that has room. A pattern that has none anywhere, and places beyond the most,
// are refused.
func pack(all []pattern, shapes []patternShape, most int) ([]pattern, bool) {
	slices.SortStableFunc(all, func(a, b pattern) int { return b.bits() - a.bits() })
	places := make([]pattern, 1, most)
	for _, p := range all {
		n := p.bits()
		fits := func(at int) bool {
			x := shapes[at%len(shapes)]
			used := 0
			if at < len(places) {
				used = places[at].bits()
			}
			return used+n <= x.bits && (n <= 1 || used+n <= x.joint)
		}
		at := 0
		for at < most && !fits(at) {
			at++
		}
		if at == most {
			return nil, false
		}
		for len(places) <= at {
			places = append(places, pattern{})
		}
		places[at].vars, places[at].terms = append(places[at].vars, p.vars...), append(places[at].terms, p.terms...)
	}
	return places, true
}

// values are what the terms give for each of the 2^n values of a pattern: for a spin
// sums[x], for a categorical of K states sums[k<<n|x]. What no state gives is 0.
func (p *pattern) values(s *Sampler, states int, sums []int32) {
	n := p.bits()
	sums = sums[:states<<n]
	clear(sums)
	var at [256]int
	for _, t := range p.terms {
		for j, v := range t.vars {
			at[j] = bitsOf(p.vars[:slices.Index(p.vars, v)])
		}
		for x := range 1 << n {
			off, minus, there := t.pick(x, at[:len(t.vars)])
			for k := range states {
				switch {
				case !there:
				case t.weight >= 0:
					sums[k<<n|x] += signed(int32(s.ints[t.weight]), minus)
				default:
					sums[k<<n|x] += signed(s.view32[off+k], minus)
				}
			}
		}
	}
}

func signed(x int32, minus bool) int32 {
	if minus {
		return -x
	}
	return x
}

// pick is the place in the views of what a term adds for value x of a pattern, and whether
// it has a minus; false at last for a category that there is not.
func (t *patternTerm) pick(x int, at []int) (off int, minus, there bool) {
	off = int(t.base)
	for j, v := range t.vars {
		value := x >> at[j] & (1<<v.size() - 1)
		switch {
		case v.states == 0:
			minus = minus != (value == 0)
		case value >= int(v.states):
			return 0, false, false
		default:
			off += int(t.stride[j]) * value
		}
	}
	return off, minus, true
}
