package sampling

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// setInts rounds the weights of factor fi into Sampler.ints.
func (s *Sampler) setInts(fi int, w []float64) {
	dst := s.ints[s.intAt[fi]:s.intAt[fi+1]]
	if s.weights32 == nil {
		s.weights32 = make([][]float32, len(s.model.Factors))
	}
	if s.floatRows > 0 || len(s.model.Codes) > 0 {
		s.weights32[fi] = singles(w)
	}
	if !s.model.Factors[fi].integer() {
		return
	}
	if s.flat != nil {
		copy(s.flat[s.intAt[fi]:], w)
	}
	unit := math.Ldexp(1, s.model.Format.Fraction) // products with it are exact
	for i, x := range w {
		dst[i] = int64(math.RoundToEven(x * unit))
	}
}

// SetWeights replaces the weights of a runtime factor, in the shape they have
// in the model. It refuses a wrong number of weights, NaN, infinities, weights
// beyond the declared range and those with which continuous nodes have no law; then
// nothing has changed.
func (s *Sampler) SetWeights(factor string, w []float64) error {
	for fi := range s.model.Factors {
		f := &s.model.Factors[fi]
		if f.Name != factor {
			continue
		}
		if !f.Runtime {
			return bakedError(factor)
		}
		if x := s.model.FormulaOf(fi); x != nil {
			return x.ownsError(factor)
		}
		if len(w) != len(s.weights[fi]) {
			return fmt.Errorf("factor %s takes %d weights, got %d", factor, len(s.weights[fi]), len(w))
		}
		if err := s.model.checkRange(f, w); err != nil {
			return err
		}
		next := slices.Clone(s.weights)
		next[fi] = slices.Clone(w)
		if err := s.model.CheckPrecision(next, s.codes, func(n int32) bool { return s.clamped[n] }); err != nil {
			return err
		}
		s.weights = next
		s.setInts(fi, w)
		s.buildTables()
		return nil
	}
	return fmt.Errorf("no factor %s", factor)
}

func bakedError(factor string) error {
	return fmt.Errorf("factor %s has baked weights; declare it runtime: true", factor)
}

// checkRange refuses runtime weights beyond what the number format holds.
func (m *Model) checkRange(f *Factor, w []float64) error {
	for i, x := range w {
		if !(math.Abs(x) <= m.Format.Range) {
			return fmt.Errorf("factor %s: weight %d is %v, beyond the declared range ±%v; raise format.range", f.Name, i, x, m.Format.Range)
		}
	}
	return nil
}

// Weights returns the weights of a factor as they are now, nil if there is no
// such factor.
func (s *Sampler) Weights(factor string) []float64 {
	for fi := range s.model.Factors {
		if s.model.Factors[fi].Name == factor {
			return append([]float64(nil), s.weights[fi]...)
		}
	}
	return nil
}

// buildTables makes the field tables and views of the current weights and, from
// them, the tables of the current β.
func (s *Sampler) buildTables() {
	if s.model.Format.Accum == 32 {
		s.pool32, s.view32 = buildFields[int32](s, s.pool32[:0], s.view32)
	} else {
		s.pool64, s.view64 = buildFields[int64](s, s.pool64[:0], s.view64)
	}
	s.findCounted()
	if s.vector != nil {
		s.buildVector()
	}
	if s.fours != nil {
		s.buildFours()
	}
	if s.planes != nil {
		s.buildPlanes()
	}
	if s.slices != nil {
		s.buildSlices()
	}
	for _, super := range s.blocks {
		for _, b := range super {
			if b.theta != nil {
				s.buildThetas(b)
			}
		}
	}
	s.catReach = s.reachOfCategoricals()
	s.tablesFor(s.beta)
	s.fillDense()
	s.planPrograms()
}

// buildFields fills the pool of partial sums and the views. Nodes with the
// same weights in the same order share a pattern table; pattern tables come
// first in the pool.
func buildFields[T int32 | int64](s *Sampler, pool []T, views []T) ([]T, []T) {
	seen := map[string]int32{}
	s.spinReach = 0
	var w []T
	var constant T
	var key []byte
	for _, super := range s.blocks {
		for _, b := range super {
			for i := range b.nodes {
				if b.kernel[i] != kernelPattern {
					continue
				}
				w, constant = nodeWeights(s, b, i, w)
				if s.model.Format.Group > 1 {
					b.table[i] = int32(len(pool))
					pool = appendRounded(s, pool, b, i, 4)
					continue
				}
				key = binary.LittleEndian.AppendUint64(key[:0], uint64(constant))
				for _, x := range w {
					key = binary.LittleEndian.AppendUint64(key, uint64(x))
				}
				at, ok := seen[string(key)]
				if !ok {
					at = int32(len(pool))
					pool = appendSums(pool, w, constant, 4)
					seen[string(key)] = at
				}
				b.table[i] = at
			}
		}
	}
	s.patterns = len(pool)
	for _, super := range s.blocks {
		for _, b := range super {
			if b.slots != nil {
				s.buildSlots(b)
			}
			if b.layer != nil {
				s.fillLayer(b)
				continue
			}
			for i := range b.nodes {
				if b.kernel[i] != kernelGroups {
					continue
				}
				b.table[i] = int32(len(pool))
				w, constant = nodeWeights(s, b, i, w)
				if s.model.Format.Group > 1 {
					pool = appendRounded(s, pool, b, i, 0)
					continue
				}
				for g, groups := 0, s.groupCount(len(w)); g < groups; g++ {
					lo, hi := groupSpan(len(w), groups, g)
					pool = appendSums(pool, w[lo:hi], constant, 0)
					constant = 0
				}
			}
		}
	}
	// Kernels index 256 entries from any table's start.
	pool = append(pool, make([]T, 256)...)
	if views == nil {
		views = make([]T, s.viewSize)
	}
	for _, v := range s.viewList {
		ints := s.ints[s.intAt[v.factor]:s.intAt[v.factor+1]]
		fillView(views[v.base:int(v.base)+len(ints)], ints, s.model.Factors[v.factor].Table, v.axis)
	}
	return pool, views
}

// nodeWeights gives the weights of a spin's inputs, in w's room, and its
// constant, and widens Sampler.spinReach to the fields they make.
func nodeWeights[T int32 | int64](s *Sampler, b *blockPlan, i int, w []T) ([]T, T) {
	w = w[:0]
	constant := T(0)
	if b.literal != nil && b.literal[i] != nil {
		l := b.literal[i]
		for _, x := range l[:len(l)-1] {
			w = append(w, T(x))
		}
		constant = T(l[len(l)-1])
	} else {
		for _, at := range b.wref[b.start[i]:b.end[i]] {
			w = append(w, T(s.ints[at]))
		}
		for _, at := range b.wref[b.end[i]:b.start[i+1]] {
			constant += T(s.ints[at])
		}
	}
	reach := magnitude(int64(constant))
	for _, x := range w {
		reach += magnitude(int64(x))
	}
	if s.model.Format.Group > 1 { // each weight by half a unit more, and each sum
		reach += uint64(len(w)) + 1
	}
	s.spinReach = max(s.spinReach, reach)
	return w, constant
}

// appendSums appends the 2^len(w) sums constant ± w[0] ± w[1] …, bit j of the
// index saying that input j is +1, and pads to 2^least entries.
func appendSums[T int32 | int64](pool []T, w []T, constant T, least int) []T {
	for _, x := range w {
		constant -= x
	}
	at, size := len(pool), max(1<<len(w), 1<<least)
	pool = slices.Grow(pool, size)[:at+size]
	dst, n := pool[at:], 1
	dst[0] = constant
	for _, x := range w {
		x *= 2
		from, to := dst[:n], dst[n:2*n]
		for i, y := range from {
			to[i] = y + x
		}
		n *= 2
	}
	clear(dst[n:])
	return pool
}

// groupCount is how many tables n inputs need.
func (s *Sampler) groupCount(n int) int { return max(1, (n+s.groupMax-1)/s.groupMax) }

// span is the inputs of group g of a node's tables.
func (s *Sampler) span(n, groups, g int) (lo, hi int) {
	if size := s.model.Format.Group; size > 1 {
		return g * size, min(n, (g+1)*size)
	}
	return groupSpan(n, groups, g)
}

// groupSpan is the inputs of group g: sizes differ by one at most.
func groupSpan(n, groups, g int) (lo, hi int) { return n * g / groups, n * (g + 1) / groups }
