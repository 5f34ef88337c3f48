package sampling

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// maxRows is how many rows of state the kernels' offsets reach.
const maxRows = math.MaxInt32 / rowBytes

// planeArgs are a worker's arguments of the kernel of bit planes. The words of a sweep
// and a tile are prepared once.
type planeArgs struct {
	args    vector.Planes
	live    [8]uint64
	scratch *vector.PlaneScratch
	ars     *vector.ArsPlanes
	philox  *vector.PhiloxPlanes
	sweep   uint64
	tile    int
}

// placeClasses finds room for the classes.
func (p *planePlan) placeClasses() {
	n := 0
	for i := range p.classes {
		c := &p.classes[i]
		c.place = n
		n += vector.ClassAtPlaces + 2*len(c.field) + p.fours()*4*len(c.field)
	}
	p.pool = make([]uint64, n)
	p.classAt = p.classAt[:0]
	for i := range p.classes {
		p.classAt = append(p.classAt, int64(8*p.classes[i].place))
	}
}

// fours is the number of planes by fours.
func (p *planePlan) fours() int { return (p.n + 3) / 4 }

// fillClasses writes the classes as the kernel reads them.
func (p *planePlan) fillClasses() {
	for i := range p.classes {
		c := &p.classes[i]
		to, marks := p.pool[c.place:], len(c.field)
		lower := marks
		if c.field[marks-1] == 0 && p.n > 4 { // one half is its highest bit
			lower--
		}
		to[vector.ClassAtMarks], to[vector.ClassAtLower] = uint64(marks), uint64(lower)
		if c.bits > 3 {
			to[vector.ClassAtWide] = 1
		}
		tables := vector.ClassAtPlaces + 2*marks
		to[vector.ClassAtTables] = uint64(8 * tables)
		for j := range c.field {
			to[vector.ClassAtPlaces+2*j] = placeOfCount(c.up[j])
			to[vector.ClassAtPlaces+2*j+1] = placeOfCount(c.down[j])
		}
		for k, masks := range c.planes {
			for j, m := range masks {
				to[tables+4*(k/4*marks+j)+k%4] = m
			}
		}
	}
}

// placeOfCount are the two offsets of a count, the second in the upper half.
func placeOfCount(q int) uint64 {
	if q < 0 {
		return vector.NoPlace | vector.NoPlace<<32
	}
	return uint64(64*(q&7)) | uint64(512+64*(q>>3))<<32
}

// runPlanes updates the nodes from i on in the 512 chains of a tile, up to one that is
// skipped or has no place, and gives their number.
func (s *Sampler) runPlanes(w *worker, b *blockPlan, tile, i, end int) int {
	p, k := s.planes, &w.plane.kernel
	n := 1
	for n < vector.PlaneRun && i+n < end && !b.skip[i+n] && b.plane[i+n] >= 0 {
		n++
	}
	s.preparePlanes(w, tile)
	a := &k.args
	a.State, a.Out = &w.bits[0], &w.outBits[0]
	a.Nodes, a.Classes, a.ClassAt = &p.nodes[b.plane[i]], &p.pool[0], &p.classAt[0]
	a.Live, a.Scratch = &k.live, k.scratch
	a.Slot, a.Count, a.Fours = uint64(b.first+i), uint64(n), uint64(p.fours())
	switch ars, wide := k.ars != nil, s.kernelInUse == vector.AVX512; {
	case ars && s.kernelInUse == vector.NEON:
		vector.ArsPlanes128(a, k.ars)
	case s.kernelInUse == vector.NEON:
		vector.PhiloxPlanes128(a, k.philox)
	case ars && wide:
		a.Sure = a.Fours - min(a.Fours, 3)
		vector.ArsPlanes512(a, k.ars)
	case ars:
		vector.ArsPlanes256(a, k.ars)
	case wide:
		a.Sure = a.Fours - min(a.Fours, 2)
		vector.PhiloxPlanes512(a, k.philox)
	default:
		vector.PhiloxPlanes256(a, k.philox)
	}
	return n
}

// preparePlanes makes what the words of a sweep and a tile have in common.
func (s *Sampler) preparePlanes(w *worker, tile int) {
	k := &w.plane.kernel
	if k.scratch != nil && k.sweep == w.sweep && k.tile == tile {
		return
	}
	k.sweep, k.tile = w.sweep, tile
	if k.scratch == nil {
		k.scratch = new(vector.PlaneScratch)
	}
	for i := range k.live {
		k.live[i] = 0
		if left := s.chains - 64*(vectorWords*tile+i); left > 0 {
			k.live[i] = ^uint64(0) >> (64 - min(64, left))
		}
	}
	group := uint32(4 * tile) // of 128 chains
	if s.rng.Rounds == rng.ARS5 {
		s.prepareArs(w, group)
	} else {
		s.preparePhilox(w, group)
	}
}

// planeCounter is c3 of the i-th plane from the highest down.
func (s *Sampler) planeCounter(i int, sweep uint64) uint32 {
	return rng.CounterC3(rng.PurposePlanes+s.phase, uint32(max(0, s.planes.n-1-i)), sweep)
}

func (s *Sampler) prepareArs(w *worker, group uint32) {
	k := &w.plane.kernel
	if k.ars == nil {
		k.ars = new(vector.ArsPlanes)
	}
	keys := rng.ARSKeys(s.rng.Key)
	first := s.planeCounter(vector.MaxPlanes, w.sweep)
	for i := range uint32(4) {
		arsCounter(&keys, k.ars.Counter[4*i:], w.sweep, group+i, first)
		for d := range k.ars.Draw {
			k.ars.Draw[d][4*i+3] = s.planeCounter(d, w.sweep) ^ first
		}
	}
	k.ars.Keys = arsRounds(&keys)
}

// arsCounter is the counter of a block of slot 0 after the first round key of ARS-5.
func arsCounter(keys *[6][2]uint64, to []uint32, sweep uint64, c1, c3 uint32) {
	to[0], to[1] = uint32(sweep)^uint32(keys[0][0]), c1^uint32(keys[0][0]>>32)
	to[2], to[3] = uint32(keys[0][1]), c3^uint32(keys[0][1]>>32)
}

// arsRounds are the other round keys, four times.
func arsRounds(keys *[6][2]uint64) (rounds [5][8]uint64) {
	for r := range rounds {
		for i := range rounds[r] {
			rounds[r][i] = keys[r+1][i%2]
		}
	}
	return rounds
}

func (s *Sampler) preparePhilox(w *worker, group uint32) {
	k := &w.plane.kernel
	if k.philox == nil {
		k.philox = new(vector.PhiloxPlanes)
	}
	x, z := k.philox, &w.noise
	x.Philox = z.philox
	m := digitM0 * uint64(uint32(w.sweep))
	x.Sweep = [3]uint64{uint64(uint32(m) ^ z.key[1][1]), uint64(z.key[2][0]), uint64(z.key[2][1])}
	for i := range x.Group {
		x.Group[i] = uint64((group + uint32(i/2)) ^ z.key[0][0])
	}
	for d := range vector.MaxPlanes {
		q := digitM1 * uint64(uint32(m>>32)^s.planeCounter(d, w.sweep)^z.key[0][1])
		for i := d % 2; i < 8; i += 2 {
			x.Planes[d/2][0][i], x.Planes[d/2][1][i] = q>>32^uint64(z.key[1][0]), q&(1<<32-1)
		}
	}
}
