package sampling

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// thetaBlock is a block of categoricals as package vector's kernel of fields reads it: the
// fields are sums of tables, by patterns of the neighbours. Those with equal tables share
// them.
type thetaBlock struct {
	patterns [][]pattern // by node
	node     []int32
	at       []int // where each node begins
	tables   []int32
}

const (
	thetaChains = 8       // with fewer of them one after the other is faster
	maxThetas   = 1 << 24 // numbers in the tables of a block
)

// planThetas finds the blocks for the kernel.
func (s *Sampler) planThetas() {
	if s.kernelInUse < vector.AVX2 || s.chains < thetaChains || s.model.Format.Accum != 32 || s.hard != nil ||
		(s.cat8Rows+s.spinRows)*s.tile > 1<<24 {
		return
	}
	for _, super := range s.blocks {
		for _, b := range super {
			if b.kind == Categorical && b.states <= vector.ThetaStates && b.user == nil && b.float == nil {
				b.theta = s.newThetas(b)
			}
		}
	}
}

// newThetas is nil for a block whose neighbours have too many states.
func (s *Sampler) newThetas(b *blockPlan) *thetaBlock {
	t := &thetaBlock{patterns: make([][]pattern, len(b.nodes))}
	size := 0
	for i := range b.nodes {
		terms, ok := s.termsOf(b, i)
		if !ok {
			return nil
		}
		var few, many []pattern
		for _, p := range gather(terms, 4) {
			if p.bits() <= 4 {
				few = append(few, p)
			} else {
				many = append(many, p)
			}
		}
		few, _ = pack(few, []patternShape{{4, 4}}, len(few)+1)
		for _, p := range append(few, many...) {
			if p.bits() > vector.ThetaBits {
				return nil
			}
			size += b.states << max(4, p.bits())
		}
		if size > maxThetas {
			return nil
		}
		t.patterns[i] = append(few, many...)
	}
	return t
}

// thetasServe says whether the kernel serves all blocks of a superblock.
func (s *Sampler) thetasServe(i int) bool {
	for _, b := range s.blocks[i] {
		if b.theta == nil {
			return false
		}
	}
	return true
}

// drawsThetas says whether some block is for the kernel.
func (s *Sampler) drawsThetas() bool {
	for _, super := range s.blocks {
		for _, b := range super {
			if b.theta != nil {
				return true
			}
		}
	}
	return false
}

// buildThetas makes the tables of the weights at hand.
func (s *Sampler) buildThetas(b *blockPlan) {
	t := b.theta
	t.node, t.at, t.tables = t.node[:0], t.at[:0], t.tables[:0]
	seen := map[string]int32{}
	var sums []int32
	var key []byte
	for _, patterns := range t.patterns {
		t.at = append(t.at, len(t.node))
		t.node = append(t.node, int32(len(patterns)))
		for k := range patterns {
			p := &patterns[k]
			wide := max(4, p.bits())
			sums = append(sums[:0], make([]int32, b.states<<p.bits())...)
			p.values(s, b.states, sums)
			key = append(key[:0], byte(p.bits()))
			for _, x := range sums {
				key = binary.LittleEndian.AppendUint32(key, uint32(x))
			}
			at, ok := seen[string(key)]
			if !ok {
				at = int32(4 * len(t.tables))
				seen[string(key)] = at
				for k := range b.states {
					row := sums[k<<p.bits():][:1<<p.bits()]
					t.tables = append(append(t.tables, row...), make([]int32, 1<<wide-len(row))...)
				}
			}
			t.node = s.appendThetaVars(append(t.node, int32(wide), at), p.vars)
		}
	}
}

// appendThetaVars lists variables as the kernel reads them.
func (s *Sampler) appendThetaVars(node []int32, vars []patternVar) []int32 {
	var cats, products []int32
	n, shift := [2]int32{}, 0
	for _, v := range vars {
		if v.states > 0 {
			n[0]++
			cats = append(cats, v.row*int32(64*s.tile), int32(shift))
		} else {
			n[1]++
			rows := []int32{v.row}
			if v.row < 0 {
				rows = s.productRows[^v.row]
			}
			products = append(products, int32(len(rows)), 1<<shift)
			for _, r := range rows {
				products = append(products, r*int32(8*s.tile))
			}
		}
		shift += v.size()
	}
	return append(append(append(node, n[0], n[1]), cats...), products...)
}

// updateThetas is updateQuads for the kernel.
func (s *Sampler) updateThetas(w *worker, b *blockPlan, tile, lo, hi int) {
	if w.thetas == nil {
		w.thetas = &vector.Thetas{}
	}
	a, t := w.thetas, b.theta
	a.Tables, a.States, a.Low, a.High = &t.tables[0], uint64(b.states), vector.ThetaMargin, vector.ThetaMargin
	a.Keep = 0xffff >> s.digitShift << s.digitShift
	if s.tail { // a second digit
		a.High += 1.0 / 65536
	}
	const log2e = 1.4426950408889634
	a.Scale = float32(-math.Min(1e30, float64(log2e*math.Ldexp(s.beta, -s.model.Format.Fraction))))
	s.eachWord(w, b, tile, lo, hi, s.updateTheta)
}

// updateTheta updates node i in the 64 chains of a word.
func (s *Sampler) updateTheta(w *worker, b *blockPlan, i, lane int, chain, slot uint32) {
	a, q := w.thetas, i&3
	a.Cats, a.Out, a.Digits = &w.cat8[64*lane], &w.outCat8[(int(b.row[i])*s.tile+lane)*64], &w.words[q/2]
	if len(w.bits) > 0 {
		a.Spins = &w.bits[lane]
	}
	a.Node, a.Half = &b.theta.node[b.theta.at[i]], uint64(q%2)
	if s.kernelInUse == vector.AVX512 {
		vector.ThetaUpdate512(a)
	} else {
		vector.ThetaUpdate256(a)
	}
	open := a.Open
	if left := s.chains - int(chain); left < 64 {
		open &= 1<<left - 1
	}
	terms, theta := b.terms[b.tstart[i]:b.tstart[i+1]], w.theta[:b.states]
	for ; open != 0; open &= open - 1 {
		c := bits.TrailingZeros64(open)
		w.termFields(s, terms, theta, lane, c)
		u := w.words[q/2][c] >> (16 * (q % 2)) & 0xffff
		w.putCategory(s, b, i, lane, c, w.chooseCategory(s, theta, u, chain+uint32(c), slot))
	}
}
