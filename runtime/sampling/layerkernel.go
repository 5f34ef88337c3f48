package sampling

import "github.com/thrmlgen/thrmlgen/runtime/vector"

// A wide layer is one for the kernel of package vector: tables of four inputs and 16
// nodes, which the cache holds better than those of eight and four.
type wideLayer struct {
	fours  int // groups of four inputs
	tables [][16][16]int32
	start  [][16]int32 // by 16 nodes
}

// wideWorker is what a worker needs for it.
type wideWorker struct {
	offsets [][64]uint16 // by word of the tile and four inputs
	sums    [64][16]int32
}

// fillWide makes the tables of the weights at hand. Padding has no weights.
func (s *Sampler) fillWide(b *blockPlan) {
	inputs := int(b.end[0] - b.start[0])
	sets := (len(b.nodes) + 15) / 16
	l := b.layer.wide
	if l.tables == nil {
		l.fours = (inputs + 3) / 4
		l.tables, l.start = make([][16][16]int32, sets*l.fours), make([][16]int32, sets)
	}
	var w []int32
	for i := range b.nodes {
		set, k := i/16, i%16
		w, l.start[set][k] = nodeWeights(s, b, i, w)
		for g := range l.fours {
			t := &l.tables[set*l.fours+g]
			four := w[4*g : min(4*g+4, len(w))]
			sum := int32(0)
			for _, x := range four {
				sum -= x
			}
			t[0][k] = sum
			n := 1
			for _, x := range four {
				for p := range n {
					t[n+p][k] = t[p][k] + 2*x
				}
				n *= 2
			}
		}
	}
}

// wideOffsets lists the patterns of the inputs in the chains of a tile.
func (s *Sampler) wideOffsets(w *worker, b *blockPlan) {
	l, inputs := b.layer.wide, b.input[b.start[0]:b.end[0]]
	if need := s.tile * l.fours; len(w.wide.offsets) < need {
		w.wide.offsets = make([][64]uint16, need)
	}
	for lane := range s.tile {
		to := w.wide.offsets[lane*l.fours : (lane+1)*l.fours]
		for g := 0; g < l.fours; g += 2 {
			var a [8]uint64
			for j, r := range inputs[4*g : min(4*g+8, len(inputs))] {
				a[j] = s.load(w.bits, r, lane)
			}
			transpose8(&a)
			transposeBytes(&a)
			var pattern [64]uint8
			order(&pattern, &a, 8)
			low, high := &to[g], &to[min(g+1, l.fours-1)]
			for c, x := range pattern {
				high[c] = uint16(x>>4) << 6
				low[c] = uint16(x&15) << 6
			}
		}
	}
}

// updateWide is updateQuads for a wide layer.
func (s *Sampler) updateWide(w *worker, b *blockPlan, tile, lo, hi int) {
	if w.wide == nil {
		w.wide = &wideWorker{}
	}
	l, z := b.layer.wide, w.wide
	s.wideOffsets(w, b)
	for set := lo / 4; set <= (hi-1)/4; set++ {
		from, to := max(lo, 4*set), min(hi, 4*set+4)
		for lane := range s.tile {
			word := tile*s.tile + lane
			left := s.chains - 64*word
			if left <= 0 {
				break
			}
			a := vector.Layer{Start: &l.start[set], Sums: &z.sums}
			for g := 0; g < l.fours; g += vector.LayerRun {
				a.Tables, a.Offsets = &l.tables[set*l.fours+g], &z.offsets[lane*l.fours+g]
				a.Groups = uint64(min(vector.LayerRun, l.fours-g))
				vector.LayerSums512(&a)
				a.Start = nil
			}
			for g := from; g < to; g++ {
				if !b.allSkipped(4 * g) {
					s.chooseWide(w, b, g, lane, (min(left, 64)+7)/8, uint32(64*word))
				}
			}
		}
	}
}

// chooseWide updates the quad of slots 4g … 4g+3 from its sums.
func (s *Sampler) chooseWide(w *worker, b *blockPlan, g, lane, bytes int, chain uint32) {
	slot := uint32(b.first + 4*g)
	w.noise.fill(w.sweep, chain/2, bytes, slot/4)
	for q := range 4 {
		i := 4*g + q
		if b.skip[i] {
			continue
		}
		for c := range 8 * bytes {
			w.sums[placeOf(c, bytes)&63] = w.wide.sums[c&63][i%16]
		}
		out := &w.outBits[int(b.row[i])*s.tile+lane]
		if w.spins.fast {
			*out = w.chooseFields(s, &w.sums, bytes, slot+uint32(q), chain)
			continue
		}
		*out = 0
		for k := range 8 * bytes {
			c := chainIn(k, bytes)
			*out |= w.chooseField(s, int64(w.sums[k]), uint32(w.noise.digit[q][k]), chain+uint32(c), slot+uint32(q)) << c
		}
	}
}
