package cuda

import (
	"errors"
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Limits of the swar kernel. A field with its offset, moved up by three bits, fills half a word.
const (
	swarOffset  = 4096
	swarShared  = 160 << 10 // bytes of a block on sm_80 and later server GPUs
	swarThreads = 384       // of a block: a thread takes about 160 registers
	swarEntry   = 128       // bytes of an entry of the choice: a column for each lane
)

// checkSwar refuses a program that the swar kernel does not run, and says why.
func checkSwar(p *ir.Program) error {
	no := func(format string, args ...any) error {
		return fmt.Errorf("kernel swar: "+format+": take --kernel table", args...)
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
	largest, half := largestField(p), reach(p)
	if largest+int64(half) >= swarOffset {
		return no("a field reaches %d units of 2^-%d, its chosen values %d, and together they must stay below %d: write format: fast", largest, p.Format.Fraction, half, swarOffset)
	}
	if need := swarBytes(p, 1); need > swarShared {
		return no("%d nodes need %d bytes of shared memory, and there are %d", p.Nodes, need, swarShared)
	}
	return nil
}

// spinPairs refuses a program in which more is than spins in pairs, weights rounded one by one.
func spinPairs(p *ir.Program) error {
	for _, v := range p.Vars {
		if v.Kind != ir.Spin {
			return fmt.Errorf("%s is no spin", v.Name)
		}
	}
	if hasFloats(p) {
		return errors.New("nodes are updated in float32")
	}
	for i := range p.Factors {
		if f := &p.Factors[i]; len(f.Slots) > 2 {
			return fmt.Errorf("factor %s has %d slots, and it takes pairs", f.Name, len(f.Slots))
		}
	}
	switch {
	case p.Synchronous:
		return errors.New("the model is synchronous")
	case p.Format.Group > 1:
		return errors.New("weights are rounded by groups")
	}
	return nil
}

// largestField bounds the magnitude of any spin's field.
func largestField(p *ir.Program) int64 {
	sums := make([]int64, p.Nodes)
	for i := range p.Factors {
		f := &p.Factors[i]
		for at, n := range f.Index {
			w := int64(0)
			if f.Runtime {
				w = int64(math.RoundToEven(math.Ldexp(p.Format.Range, p.Format.Fraction)))
			} else if w = f.Ints[rowOf(f, at/len(f.Slots))]; w < 0 {
				w = -w
			}
			sums[n] += w
		}
	}
	largest := int64(0)
	for _, s := range sums {
		largest = max(largest, s)
	}
	return largest
}

// rowOf is the place of a row's weight in a factor of spins.
func rowOf(f *ir.Factor, row int) int {
	if f.Shared {
		return 0
	}
	return row
}

// reach is half the number of entries of the choice. Fields of ±reach and more share the last
// entries, so that the less likely value must never be taken from reach-1 on, at any β
// of the program; or there are no such fields.
func reach(p *ir.Program) int {
	limit := min(largestField(p)+1, swarOffset)
	f := &p.Format
	t := interp.NewSpinTable(leastBeta(p), f.Fraction, f.Segments, f.ThresholdBits)
	for limit > 1 && t.Threshold(limit-1) == 0 && t.Threshold(limit-2) == 0 {
		limit--
	}
	return int(limit)
}

// swarRows is the number of words of 32 chains: one for each slot and each node without.
func swarRows(p *ir.Program) int {
	free := p.Nodes
	for _, sb := range p.Sweep {
		for _, b := range sb {
			free -= len(b.Nodes)
		}
	}
	return p.Slots() + free
}

// swarPlan is a program as the words of the swar kernel.
type swarPlan struct {
	*plan
	row                        []int32 // by node
	rowsAt, updatesAt, edgesAt int
}

func newSwarPlan(p *ir.Program, width int) *swarPlan {
	d := &swarPlan{plan: newPlan(p)}
	d.row, _ = d.rowsOf()
	d.rowsAt = d.writeRows(d.row)
	w := &d.words
	var edges Words
	d.updatesAt = w.section("updates of slots: edges from and to, bias with offset in both halves, 1 if the node is free")
	for slot, n := range d.order {
		if n < 0 {
			w.line(fmt.Sprintf("slot %d: padding", slot), 0, 0, swarOffset*0x10001, 0)
			continue
		}
		d.update(&edges, slot, int(n), width)
	}
	d.edgesAt = w.section("edges, two neighbours each: place of the row in bytes, what a spin -1 adds")
	for _, n := range edges.notes {
		w.notes = append(w.notes, note{n.at + d.edgesAt, n.head, n.text})
	}
	w.List = append(w.List, edges.List...)
	d.starts()
	return d
}

// update writes the update of a slot and its edges.
func (d *swarPlan) update(edges *Words, slot, node, width int) {
	from, bias := len(edges.List)/4, int64(swarOffset)
	var pair []uint32
	text := ""
	for _, t := range d.touches[node] {
		f := &d.p.Factors[t.factor]
		w := f.Ints[rowOf(f, t.row)]
		if bias += w; len(f.Slots) == 1 {
			continue
		}
		other := f.Index[2*t.row+1-t.slot]
		pair = append(pair, uint32(int(d.row[other])*width*4), uint32(-2*w))
		text += " " + d.names[other]
		if len(pair) == 4 {
			edges.line(d.names[node]+":"+text, pair...)
			pair, text = nil, ""
		}
	}
	if len(pair) > 0 {
		edges.line(d.names[node]+":"+text, append(pair, 0, 0)...)
	}
	free := uint32(1)
	if d.clamped[node] {
		free = 0
	}
	d.words.line(fmt.Sprintf("slot %d: %s", slot, d.names[node]), uint32(from), uint32(len(edges.List)/4), uint32(bias)*0x10001, free)
}

// planSwar says whether the swar kernel runs a program in blocks with so much shared memory.
func planSwar(p *ir.Program, shared int, _ bool) (func() (*Kernels, error), error) {
	if err := checkSwar(p); err != nil {
		return nil, err
	}
	shared = min(shared, swarShared)
	width := 8
	for width > 1 && swarBytes(p, width) > shared {
		width /= 2
	}
	if need := swarBytes(p, width); need > shared {
		return nil, fmt.Errorf("kernel swar: %d nodes need %d bytes of shared memory, and there are %d: take --kernel table", p.Nodes, need, shared)
	}
	return func() (*Kernels, error) { return swarKernel(p, width) }, nil
}

// swarBytes is the shared memory of a block of so many words of chains.
func swarBytes(p *ir.Program, width int) int { return 2*reach(p)*swarEntry + swarRows(p)*width*4 }

// swarKernel makes the kernel of spins in pairs, for blocks of so many words of chains.
func swarKernel(p *ir.Program, width int) (*Kernels, error) {
	half, rows := reach(p), swarRows(p)
	d := newSwarPlan(p, width)
	l := Layout{Kernel: "swar", Chains: 32 * width, Values: rows * width, ValueBytes: 4, TableWords: thresholdWords, LeastBeta: leastBeta(p),
		Threads: min(swarThreads, max(32, (d.widest()/4*width+31)/32*32)), SharedBytes: swarBytes(p, width), Rows: d.row}
	source, err := fill("swar.cu", map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Namespace": namespace(p), "Nodes": p.Nodes, "Supers": len(p.Sweep), "Slots": p.Slots(),
		"Rows": rows, "Rounds": p.Rounds, "Fraction": p.Format.Fraction, "ThresholdBits": p.Format.ThresholdBits, "Segments": p.Format.Segments,
		"Width": width, "Ghost": false, "Threads": l.Threads, "Half": half, "Offset": swarOffset,
		"SupersAt": d.supersAt, "RowsAt": d.rowsAt, "UpdatesAt": d.updatesAt, "EdgesAt": d.edgesAt, "StartsAt": d.startsAt, "GivenAt": d.givenAt,
		"LeastBeta": float(l.LeastBeta),
	})
	return &Kernels{Source: source, Words: &d.words, Layout: l}, err
}
