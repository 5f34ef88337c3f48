package cuda

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Limits of the mma kernel.
const (
	mmaGroups  = 3             // of 16 chains, of a block
	mmaThreads = 384           // of a block
	mmaEntry   = 64            // bytes of an entry of the choice: a word for two lanes each
	mmaLargest = 127*256 + 127 // weight of two bytes, each signed
	mmaField   = 1 << 24       // that sums hold in 64ths

	tileSlots = 16 // that a warp updates at once
	stepQuads = 8  // words of 4 nodes that a tensor instruction multiplies
	lanes     = 32

	minusBytes = 0xC0C0C0C0 // four spins -1: -64
)

// tiles is a program as matrices: tiles of slots by quads of rows.
type tiles struct {
	*plan
	row   []int32
	rows  int
	quads int           // of a chain's state
	list  []tileWeights // by tile
	steps int           // of all tiles
	keeps bool          // a slot with a node keeps its value
	bytes int           // of a weight
	limit int           // bytes of shared memory of a block
	lines bool          // thresholds are found on the lines of segments, not in a table of all fields
}

// tileWeights are the weights of a tile: by the place of a slot in it, and row.
type tileWeights struct {
	weight map[[2]int]int64
	bias   [tileSlots]int64
	keep   [tileSlots]bool
	quads  []int // of each step 8; those behind the last one have no weights
}

// tilesOf reads a program as tiles for blocks with so much shared memory, or says why it has none.
func tilesOf(p *ir.Program, shared int) (*tiles, error) {
	no := func(format string, args ...any) (*tiles, error) {
		return nil, fmt.Errorf("kernel mma: "+format+": take --kernel table", args...)
	}
	if err := spinPairs(p); err != nil {
		return no("%w", err)
	}
	switch f := &p.Format; {
	case f.Noise:
		return no("the number format chooses by noise")
	case f.Planes > 0:
		return no("the number format draws bit planes")
	case f.ThresholdBits > 16:
		return no("thresholds have %d bits, and it draws one digit: write format: fast", f.ThresholdBits)
	}
	d := &tiles{plan: newPlan(p), bytes: 1, limit: shared}
	d.row, d.rows = d.rowsOf()
	d.quads = (d.rows + 3) / 4
	d.list = make([]tileWeights, len(d.order)/tileSlots)
	for slot, n := range d.order {
		t := &d.list[slot/tileSlots]
		if t.weight == nil {
			t.weight = map[[2]int]int64{}
		}
		if n < 0 {
			continue
		}
		if d.clamped[n] {
			t.keep[slot%tileSlots], d.keeps = true, true
			continue
		}
		for _, touch := range d.touches[n] {
			f := &p.Factors[touch.factor]
			w := f.Ints[rowOf(f, touch.row)]
			if len(f.Slots) == 1 {
				t.bias[slot%tileSlots] += w
				continue
			}
			at := [2]int{slot % tileSlots, int(d.row[f.Index[2*touch.row+1-touch.slot]])}
			t.weight[at] += w
			if size := max(t.weight[at], -t.weight[at]); size > mmaLargest {
				return no("%s has a weight of %d units of 2^-%d, and it takes %d: write format: fast, or a smaller fraction", d.names[n], t.weight[at], p.Format.Fraction, mmaLargest)
			} else if size > 127 {
				d.bytes = 2
			}
		}
	}
	for i := range d.list {
		d.list[i].place()
		d.steps += len(d.list[i].quads) / stepQuads
	}
	d.lines = d.bytes == 2 || d.sharedBytes(1) > shared
	if d.lines {
		if largest := largestField(p); largest >= mmaField {
			return no("a field reaches %d units of 2^-%d, and it takes %d", largest, p.Format.Fraction, mmaField)
		}
		if beta := leastBeta(p); math.Ldexp(float64(p.Format.Segments)*2*beta, 16-p.Format.Fraction) < 12 {
			return no("beta %v is too small for the segments of its thresholds", beta)
		}
	}
	if need := d.sharedBytes(1); need > shared {
		return no("%d nodes need %d bytes of shared memory, and there are %d", p.Nodes, need, shared)
	}
	return d, nil
}

// sharedBytes is what a block of so many groups of chains needs.
func (d *tiles) sharedBytes(groups int) int {
	choice := 2 * reach(d.p) * mmaEntry
	if d.lines {
		choice = (d.p.Format.Segments + 2) / 2 * 16
	}
	return choice + groups*d.quads*tileSlots*4
}

// groups is how many groups of chains a block has room for.
func (d *tiles) groups() int {
	for n := mmaGroups; ; n-- {
		if n == 1 || d.sharedBytes(n) <= d.limit {
			return n
		}
	}
}

// place orders the quads that a tile reads. Those of four lanes that read together lie in
// different banks of shared memory where their numbers differ modulo 4.
func (t *tileWeights) place() {
	var by [4][]int
	seen := map[int]bool{}
	for at := range t.weight {
		seen[at[1]/4] = true
	}
	var all []int
	for q := range seen {
		all = append(all, q)
	}
	slices.Sort(all)
	for _, q := range all {
		by[q%4] = append(by[q%4], q)
	}
	for n := max(1, (len(all)+stepQuads-1)/stepQuads) * stepQuads; len(t.quads) < n; {
		from := len(t.quads) % 4
		if len(by[from]) == 0 {
			for i := range by {
				if len(by[i]) > len(by[from]) {
					from = i
				}
			}
		}
		if len(by[from]) == 0 {
			t.quads = append(t.quads, -1)
			continue
		}
		t.quads = append(t.quads, by[from][0])
		by[from] = by[from][1:]
	}
}

// filler is a quad that is read without weights: one that the tile reads anyway and nobody
// writes meanwhile, for the same lanes if there is one.
func (t *tileWeights) filler(lane int) int {
	for i := lane; i < len(t.quads); i += 4 {
		if t.quads[i] >= 0 {
			return t.quads[i]
		}
	}
	return max(0, t.quads[0])
}

// checkMMA refuses a program that the mma kernel does not run, and says why.
func checkMMA(p *ir.Program) error {
	_, err := tilesOf(p, mostShared)
	return err
}

// planMMA says whether the mma kernel takes fewer instructions than the swar kernel.
func planMMA(p *ir.Program, shared int, named bool) (func() (*Kernels, error), error) {
	d, err := tilesOf(p, shared)
	if err != nil {
		return nil, err
	}
	if here, swar := d.instructions(), swarInstructions(p); !named && here >= swar && checkSwar(p) == nil {
		return nil, fmt.Errorf("kernel mma: a flip takes about %.0f instructions, and %.0f of kernel swar", here, swar)
	}
	return d.kernel, nil
}

// instructions is about how many a flip takes on sm_90: in each step 13 and 6 to 8 for each group
// of chains, in each tile 20 and 80 to 144, for 8 flips a group.
func (d *tiles) instructions() float64 {
	groups, step, tile := float64(d.groups()), 6.0, 80.0
	if step += 2 * float64(d.bytes-1); d.lines {
		tile += 64
	}
	return (float64(d.steps)*(13+step*groups) + float64(len(d.list))*(20+tile*groups)) / (float64(d.p.Nodes) * groups / 2)
}

// swarInstructions is as much for the swar kernel.
func swarInstructions(p *ir.Program) float64 {
	degree := 0.0
	for _, n := range p.Degrees() {
		degree += float64(n)
	}
	return 13 + 1.2*degree/float64(p.Nodes)
}

// write puts tiles into words: where the steps of each are, these, biases.
func (d *tiles) write(half int) (tilesAt, stepsAt, biasesAt, keepsAt int) {
	w := &d.words
	tilesAt = w.section("tiles of 16 slots: place of the first step in words, steps, 1 if a slot keeps its value, %d", uint32(minusBytes))
	step := 0
	for i := range d.list {
		t := &d.list[i]
		n, keep := len(t.quads)/stepQuads, uint32(0)
		if slices.Contains(t.keep[:], true) {
			keep = 1
		}
		var names []string
		for _, n := range d.order[i*tileSlots : (i+1)*tileSlots] {
			if n >= 0 {
				names = append(names, d.names[n])
			}
		}
		w.line(fmt.Sprintf("tile %d: %s", i, strings.Join(names, " ")), uint32(step*(d.bytes*4*lanes+stepQuads)), uint32(n), keep, minusBytes)
		step += n
	}
	stepsAt = w.section("steps: weights by lane, bytes from the four nodes of quad lane %% 4 to slots 4(lane / 8) + lane / 4 %% 2, from quad 4 + lane %% 4 to it, then to the slot 2 behind from both; at the end places of quads by lane %% 4 in bytes, of two")
	for i := range d.list {
		t := &d.list[i]
		for k := 0; k < len(t.quads); k += stepQuads {
			for b := range d.bytes {
				words := make([]uint32, 0, 4*lanes)
				for lane := range lanes {
					for part := range 4 {
						slot := part/2*2 + lane/8*4 + lane/4%2
						words = append(words, t.word(slot, t.quads[k+part%2*4+lane%4], b))
					}
				}
				w.line(fmt.Sprintf("tile %d, step %d, byte %d", i, k/stepQuads, b), words...)
			}
			places := make([]uint32, stepQuads)
			for j, q := range t.quads[k : k+stepQuads] {
				if q < 0 {
					q = t.filler(j % 4)
				}
				places[j%4*2+j/4] = uint32(q * lanes)
			}
			w.line(fmt.Sprintf("tile %d, step %d, quads", i, k/stepQuads), places...)
		}
	}
	biasesAt = w.section("biases of slots, + %d, times 64", half)
	for i := range d.list {
		var words []uint32
		for _, b := range d.list[i].bias {
			words = append(words, uint32((b+int64(half))*64))
		}
		w.line(fmt.Sprintf("tile %d", i), words...)
	}
	keepsAt = w.section("slots that keep their values: bytes of their quads")
	if !d.keeps {
		return
	}
	for i := range d.list {
		words := make([]uint32, 4)
		for s, keep := range d.list[i].keep {
			if keep {
				words[s/4] |= 0xFF << (s % 4 * 8)
			}
		}
		w.line(fmt.Sprintf("tile %d", i), words...)
	}
	return
}

// word is the weights from the nodes of a quad to a slot: their low bytes, which are signed, or
// what is left for the high ones.
func (t *tileWeights) word(slot, quad, which int) (word uint32) {
	for i := range 4 {
		if quad < 0 {
			continue
		}
		w := t.weight[[2]int{slot, 4*quad + i}]
		if low := int64(int8(w)); which == 0 {
			w = low
		} else {
			w = (w - low) / 256
		}
		word |= uint32(uint8(w)) << (8 * i)
	}
	return word
}

// kernel makes the kernel of tensor cores.
func (d *tiles) kernel() (*Kernels, error) {
	p := d.p
	half, groups := reach(p), d.groups()
	if d.lines {
		half = 0 // nothing is added to fields
	}
	rowsAt := d.writeRows(d.row)
	tilesAt, stepsAt, biasesAt, keepsAt := d.write(half)
	nodesAt := d.words.section("nodes of rows, %d for none", uint32(noUpdate))
	nodes := slices.Repeat([]uint32{noUpdate}, 4*d.quads)
	for n, r := range d.row {
		nodes[r] = uint32(n)
	}
	for i := 0; i < len(nodes); i += 4 {
		d.words.line("", nodes[i:i+4]...)
	}
	d.starts()
	widest := d.widest() / tileSlots
	passes := (widest + mmaThreads/32 - 1) / (mmaThreads / 32)
	l := Layout{Kernel: "mma", Chains: 16 * groups, Values: groups * d.quads * tileSlots * 4, ValueBytes: 1, TableWords: thresholdWords, LeastBeta: leastBeta(p),
		Threads: 32 * ((widest + passes - 1) / passes), SharedBytes: d.sharedBytes(groups), Rows: d.row, Quads: d.quads}
	source, err := fill("mma.cu", map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Namespace": namespace(p), "Nodes": p.Nodes, "Supers": len(p.Sweep), "Slots": p.Slots(),
		"Quads": d.quads, "Groups": groups, "Rounds": p.Rounds, "Fraction": p.Format.Fraction, "ThresholdBits": p.Format.ThresholdBits, "Segments": p.Format.Segments,
		"Threads": l.Threads, "Half": half, "Keeps": d.keeps, "Entry": mmaEntry, "Bytes": d.bytes, "Lines": d.lines,
		"SupersAt": d.supersAt, "RowsAt": rowsAt, "NodesAt": nodesAt, "TilesAt": tilesAt, "StepsAt": stepsAt, "BiasesAt": biasesAt, "KeepsAt": keepsAt,
		"StartsAt": d.startsAt, "GivenAt": d.givenAt, "LeastBeta": float(l.LeastBeta),
	})
	return &Kernels{Source: source, Words: &d.words, Layout: l, StepsPerTile: float64(d.steps) / float64(len(d.list))}, err
}
