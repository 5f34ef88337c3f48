package sampling

import (
	"fmt"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// planePlan is a model whose spins are drawn from bit planes. The fields of a node are
// g(q) = constant - Σ|w| + 2·d·q, d being the greatest common divisor of its weights and
// q = Σ a·|w|/d over the inputs a of value 0 or 1 that pull upwards. Where q has at most
// 6 bits, it is counted for many chains at once with logical operations on their words,
// and so is the comparison of planes with thresholds; other nodes are updated one chain
// after another.
type planePlan struct {
	n       int     // planes
	kernel  bool    // in assembly; its offsets of rows have 32 bits
	nodes   []int32 // as package vector's kernel reads them, at blockPlan.plane
	classes []planeClass
	at      map[planeKey]int32
	pool    []uint64 // classes as the kernel reads them
	classAt []int64  // where each begins, in bytes
}

// planeClass are the nodes with the same fields.
type planeClass struct {
	field  []int64 // by magnitude, that of 0 last
	up     []int   // q of the field, and of its opposite; -1: there is none
	down   []int
	bits   int        // of q
	place  int        // in planePlan.pool
	planes [][]uint64 // by plane from the highest down, of each magnitude: all bits or none
}

type planeKey struct {
	constant, unit int64
	most           int
}

// mostPlaneField is the largest q that is counted.
const mostPlaneField = 1<<vector.PlaneCounters - 1

// checkPlanes refuses a format of planes that the engine does not know.
func (m *Model) checkPlanes() error {
	f := &m.Format
	if f.Planes == 0 {
		return nil
	}
	if err := m.spinsAlone("bit planes"); err != nil {
		return err
	}
	if f.Planes < 1 || f.Planes > 32 || f.ThresholdBits != f.Planes || f.Group > 1 || f.Noise || m.Stream != (Stream{}) || len(m.Codes) > 0 {
		return fmt.Errorf("number format %+v is not one this engine knows", *f)
	}
	return nil
}

// spinsAlone refuses variables of other kinds for a way of drawing.
func (m *Model) spinsAlone(what string) error {
	for _, v := range m.Vars {
		if v.Kind != Spin {
			return fmt.Errorf("%s are for spins, %s is a variable of another kind", what, v.Name)
		}
	}
	return nil
}

// newPlanes is nil for models drawn from digits.
func (s *Sampler) newPlanes() *planePlan {
	if s.model.Format.Planes == 0 {
		return nil
	}
	return &planePlan{n: s.model.Format.Planes, kernel: s.planeKernel() && s.model.Nodes <= maxRows}
}

// planeKernel says whether a kernel draws planes with the model's words.
func (s *Sampler) planeKernel() bool {
	return s.kernelInUse >= vector.AVX2 || s.kernelInUse == vector.NEON && (s.model.Rounds != rng.ARS5 || vector.ArmAES)
}

// buildPlanes lists the nodes with the weights at hand.
func (s *Sampler) buildPlanes() {
	p := s.planes
	p.nodes, p.classes, p.at = p.nodes[:0], p.classes[:0], map[planeKey]int32{}
	var w []int64
	for _, super := range s.blocks {
		for _, b := range super {
			if b.user != nil {
				continue
			}
			b.plane = b.plane[:0]
			for i := range b.nodes {
				var constant int64
				w, constant = nodeWeights(s, b, i, w)
				b.plane = append(b.plane, s.addPlaneNode(b, i, w, constant))
			}
		}
	}
	p.placeClasses()
}

// addPlaneNode lists a node, and gives its place; -1 if q has too many bits.
func (s *Sampler) addPlaneNode(b *blockPlan, i int, w []int64, constant int64) int {
	unit, sum := int64(0), int64(0)
	for _, x := range w {
		m := int64(magnitude(x))
		sum += m
		for a := m; a != 0; {
			unit, a = a, unit%a
		}
	}
	most := 0
	if unit > 0 {
		if sum/unit > mostPlaneField {
			return -1
		}
		most = int(sum / unit)
	}
	p := s.planes
	at := len(p.nodes)
	node := make([]int32, vector.PlaneAtInputs)
	inputs := b.input[b.start[i]:b.end[i]]
	// One input for each bit of a weight. First those that begin a counter, then pairs.
	var by [vector.PlaneCounters][]int
	for j, x := range w {
		for v := magnitude(x) / uint64(max(1, unit)); v != 0; v &= v - 1 {
			k := bits.TrailingZeros64(v)
			by[k] = append(by[k], j)
		}
	}
	for k, list := range by {
		if len(list)%2 == 1 {
			node[vector.PlaneAtOdd] |= 1 << k
			node = s.appendPlaneInput(node, inputs[list[0]], w[list[0]])
			by[k] = list[1:]
		}
	}
	for k, list := range by {
		node[vector.PlaneAtPairs+k] = int32(len(list) / 2)
		for _, j := range list {
			node = s.appendPlaneInput(node, inputs[j], w[j])
		}
	}
	node[vector.PlaneAtFew] = fewInputs(inputs, w, unit, constant)
	node[vector.PlaneAtOut] = b.row[i] * rowBytes
	node[vector.PlaneAtClass] = s.planeClass(planeKey{constant - sum, unit, most})
	node[vector.PlaneAtSize] = int32(4 * len(node))
	p.nodes = append(p.nodes, node...)
	return at
}

// fewInputs is what the kernel wants to know about a node of few equal inputs.
func fewInputs(inputs []rowRef, w []int64, unit, constant int64) int32 {
	n := int32(0)
	for j, x := range w {
		if x == 0 {
			continue
		}
		if int64(magnitude(x)) != unit || inputs[j] < 0 {
			return 0
		}
		n++
	}
	if n > vector.PlaneFew || constant != 0 {
		return 0
	}
	return n
}

// appendPlaneInput appends the rows whose product is an input, its sign with the last.
func (s *Sampler) appendPlaneInput(node []int32, r rowRef, w int64) []int32 {
	rows := []int32{r}
	if r < 0 {
		rows = s.productRows[^r]
	}
	flip := len(rows) - 1 + bits.OnesCount64(uint64(w)>>63)
	for k, row := range rows {
		mark := int32(vector.PlaneMore)
		if k == len(rows)-1 {
			mark = int32(flip&1) * vector.PlaneFlip
		}
		node = append(node, row*rowBytes, mark)
	}
	return node
}

// planeClass is the number of a class, made when it is first asked for.
func (s *Sampler) planeClass(k planeKey) int32 {
	p := s.planes
	if c, ok := p.at[k]; ok {
		return c
	}
	c := planeClass{bits: bits.Len(uint(k.most))}
	place := map[int64]int{}
	zero := -1
	for q := 0; q <= k.most; q++ {
		g := k.constant + 2*k.unit*int64(q)
		if g == 0 {
			zero = q
			continue
		}
		m := int64(magnitude(g))
		i, ok := place[m]
		if !ok {
			i = len(c.field)
			place[m] = i
			c.field, c.up, c.down = append(c.field, m), append(c.up, -1), append(c.down, -1)
		}
		if g > 0 {
			c.up[i] = q
		} else {
			c.down[i] = q
		}
	}
	if zero >= 0 {
		c.field, c.up, c.down = append(c.field, 0), append(c.up, zero), append(c.down, -1)
	}
	id := int32(len(p.classes))
	p.classes = append(p.classes, c)
	p.at[k] = id
	return id
}

// roundedThreshold is T_n(m) of n planes, for c = 2β·2^-F.
func roundedThreshold(n int, m uint64, scale float64) uint32 {
	e := RareProbability(float64(float64(m) * scale))
	if n == 32 {
		return e
	}
	return uint32((uint64(e) + 1<<(31-n)) >> (32 - n))
}

// setBeta makes the thresholds of all classes, for c = 2β·2^-F.
func (p *planePlan) setBeta(scale float64) {
	for i := range p.classes {
		c := &p.classes[i]
		c.planes = make([][]uint64, p.n)
		for k := range c.planes {
			c.planes[k] = make([]uint64, len(c.field))
		}
		for j, m := range c.field {
			t := roundedThreshold(p.n, uint64(m), scale)
			for k := range c.planes {
				c.planes[k][j] = -uint64(t >> (p.n - 1 - k) & 1)
			}
		}
	}
	p.fillClasses()
}

// updatePlanes is updateQuads for bit planes.
func (s *Sampler) updatePlanes(w *worker, b *blockPlan, tile, lo, hi int) {
	if w.plane == nil {
		w.plane = &planeWorker{}
	}
	for i := 4 * lo; i < min(4*hi, len(b.nodes)); i++ {
		switch {
		case b.skip[i]:
		case b.plane[i] >= 0 && s.planes.kernel:
			i += s.runPlanes(w, b, tile, i, min(4*hi, len(b.nodes))) - 1
		default:
			for lane := 0; lane < s.tile; lane += 2 {
				chain := 64 * (tile*s.tile + lane)
				if chain >= s.chains {
					break
				}
				if b.plane[i] >= 0 {
					s.slicePlanes(w, b, i, lane, chain)
				} else {
					s.fieldPlanes(w, b, i, lane, chain)
				}
			}
		}
	}
}

// planeWorker is what a worker needs for bit planes.
type planeWorker struct {
	kernel planeArgs
	low    [8][2]uint64
	high   [8][2]uint64
	chosen [64][2]uint64
}

// plane draws plane k of 128 chains for a slot, as two words.
func (w *worker) planeBlock(s *Sampler, chain int, slot uint32, k int) (x, y uint64) {
	o := s.rng.Block([4]uint32{uint32(w.sweep), uint32(chain / 128), slot, rng.CounterC3(rng.PurposePlanes+s.phase, uint32(k), w.sweep)})
	return uint64(o[0]) | uint64(o[1])<<32, uint64(o[2]) | uint64(o[3])<<32
}

// live are the bits of 128 chains from one on that there are.
func (s *Sampler) live(chain int) (x, y uint64) {
	n := s.chains - chain
	return ^uint64(0) >> (64 - min(64, n)), uint64(1)<<min(64, max(0, n-64)) - 1
}

// slicePlanes updates node i in 128 chains, all at once.
func (s *Sampler) slicePlanes(w *worker, b *blockPlan, i, lane, chain int) {
	p, z := s.planes, w.plane
	node := p.nodes[b.plane[i]:]
	c := &p.classes[node[vector.PlaneAtClass]]
	likely := z.choose(c, s.countPlanes(w, node, lane))
	open, less := [2]uint64{}, [2]uint64{}
	open[0], open[1] = s.live(chain)
	slot := uint32(b.first + i)
	for k, masks := range c.planes {
		if open == [2]uint64{} {
			break
		}
		var t [2]uint64
		for j, m := range masks {
			t[0] |= z.chosen[j&63][0] & m
			t[1] |= z.chosen[j&63][1] & m
		}
		u, v := w.planeBlock(s, chain, slot, p.n-1-k)
		less[0] |= open[0] & t[0] &^ u
		less[1] |= open[1] & t[1] &^ v
		open[0] &^= t[0] ^ u
		open[1] &^= t[1] ^ v
	}
	out := w.outBits[int(b.row[i])*s.tile+lane:]
	out[0], out[1] = likely[0]^less[0], likely[1]^less[1]
}

// countPlanes gives the bits of q of a node in 128 chains.
func (s *Sampler) countPlanes(w *worker, node []int32, lane int) (q [vector.PlaneCounters][2]uint64) {
	at := vector.PlaneAtInputs
	input := func() (x [2]uint64) {
		for {
			row := w.bits[int(node[at]/rowBytes)*s.tile+lane:]
			x[0], x[1] = x[0]^row[0], x[1]^row[1]
			mark := node[at+1]
			at += 2
			if mark == vector.PlaneFlip {
				x[0], x[1] = ^x[0], ^x[1]
			}
			if mark != vector.PlaneMore {
				return x
			}
		}
	}
	for k := range q {
		if node[vector.PlaneAtOdd]>>k&1 == 1 {
			q[k] = input()
		}
	}
	for k := range q {
		for range node[vector.PlaneAtPairs+k] {
			x, y := input(), input()
			var carry [2]uint64
			for h := range carry {
				carry[h] = x[h]&y[h] | q[k][h]&(x[h]^y[h])
				q[k][h] ^= x[h] ^ y[h]
			}
			for l := k + 1; l < len(q); l++ {
				for h := range carry {
					carry[h], q[l][h] = carry[h]&q[l][h], carry[h]^q[l][h]
				}
			}
		}
	}
	return q
}

// choose marks for each magnitude the chains whose field has it, and gives the likely
// values.
func (z *planeWorker) choose(c *planeClass, q [vector.PlaneCounters][2]uint64) (likely [2]uint64) {
	for h := range likely {
		for v := range z.low {
			lo, hi := ^uint64(0), ^uint64(0)
			for k := range 3 {
				flip := uint64(v>>k&1) - 1
				lo &= q[k][h] ^ flip
				hi &= q[k+3][h] ^ flip
			}
			z.low[v][h], z.high[v][h] = lo, hi
		}
		for i := range c.field {
			up, down := uint64(0), uint64(0)
			if v := c.up[i]; v >= 0 {
				up = z.low[v&7][h] & z.high[v>>3][h]
			}
			if v := c.down[i]; v >= 0 {
				down = z.low[v&7][h] & z.high[v>>3][h]
			}
			likely[h] |= up
			z.chosen[i&63][h] = up | down
		}
	}
	return likely
}

// fieldPlanes updates node i in 128 chains from its fields.
func (s *Sampler) fieldPlanes(w *worker, b *blockPlan, i, lane, chain int) {
	p := s.planes
	var plane [32][2]uint64
	slot := uint32(b.first + i)
	for k := range p.n {
		plane[k][0], plane[k][1] = w.planeBlock(s, chain, slot, k)
	}
	for h := range 2 {
		if chain+64*h >= s.chains {
			return
		}
		var out uint64
		for place, g := range w.inputFields(s, b, i, lane+h, 8) {
			c := chainIn(place, 8)
			u := uint32(0)
			for k := range p.n {
				u |= uint32(plane[k][h]>>c&1) << k
			}
			less := uint32(0)
			if u < roundedThreshold(p.n, magnitude(g), w.spins.scale) {
				less = 1
			}
			out |= uint64(less^likely(g)) << c
		}
		w.outBits[int(b.row[i])*s.tile+lane+h] = out
	}
}
