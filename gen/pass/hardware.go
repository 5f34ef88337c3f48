package pass

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

const (
	defaultStream = "lfl128"
	// Where a spin has more neighbours, a truth table is larger than a sum.
	tableNeighbours = 4
	// Threshold bits with a hardware generator, or with noise, are at most these.
	streamBits = 16
)

// hardware settles the rule of choice and the generator: what the user wrote; with
// the profile hardware, or a hardware generator, noise where a node is categorical or
// has more than four neighbours, and K of the interleave from the program.
func (w *lowering) hardware() bool {
	asked, f, p := &w.g.Format, &w.p.Format, w.p
	generator := asked.RNG
	if asked.Profile == "hardware" && generator == "" {
		generator = defaultStream
	}
	if rng.FindGenerator(generator) == nil {
		generator = ""
	}
	f.Noise = asked.Choice == "noise" || asked.Choice == "" && generator != "" && w.wantsNoise()
	if generator == "" && asked.Interleave != nil {
		w.l.Addf(w.at("interleave"), diag.BadFormat, "interleave is for hardware generators").
			Help = "add rng: lfl128, or drop the key"
	}
	if generator == "" && !f.Noise {
		return w.l.Len() == 0
	}
	what, key := "choice: noise", "choice"
	if generator != "" {
		what, key = "the hardware generator "+generator, "rng"
	}
	for _, float := range p.FloatNodes() {
		if float {
			w.l.Addf(w.at(key), diag.NotSupported, "%s is for spins and categoricals without continuous neighbours", what).
				Help = "use format: default"
			return false
		}
	}
	if b := asked.ThresholdBits; b != nil && f.Noise {
		w.l.Addf(w.at("threshold_bits"), diag.BadFormat, "threshold_bits has no meaning with choice: noise").Help = "drop the key, or write choice: threshold"
	} else if b != nil && *b > streamBits {
		w.l.Addf(w.at("threshold_bits"), diag.OutOfRange, "threshold_bits is %d, must be from 1 to %d with %s", *b, streamBits, generator)
	}
	if asked.ThresholdBits == nil || f.Noise {
		f.ThresholdBits = streamBits
	}
	if generator != "" {
		p.Stream = ir.Stream{Generator: generator, Interleave: w.interleave()}
	}
	return w.l.Len() == 0
}

// wantsNoise says whether a node in a block is categorical or has many neighbours.
func (w *lowering) wantsNoise() bool {
	list := w.p.Neighbours()
	for _, sb := range w.p.Sweep {
		for _, b := range sb {
			for _, n := range b.Nodes {
				if b.Kind == ir.Categorical || len(list[n]) > tableNeighbours {
					return true
				}
			}
		}
	}
	return false
}

// interleave is K: what the user wrote, or so many chains for each superblock as a
// pipeline has stages: the fields of groups of four rows, the levels of the tree that
// adds them and the noise, and one more for each doubling of categories.
func (w *lowering) interleave() int {
	p, blocks := w.p, max(1, len(w.p.Sweep))
	if k := w.g.Format.Interleave; k != nil {
		if *k < blocks || *k > ir.MaxInterleave {
			w.l.Addf(w.at("interleave"), diag.OutOfRange, "interleave is %d, must be from %d (the number of superblocks) to %d", *k, blocks, ir.MaxInterleave)
		}
		return *k
	}
	stages := 2
	if p.Format.Noise {
		rows, states := 0, 1
		for c, n := range p.WorstDegrees() {
			rows = max(rows, n)
			if c.Kind == ir.Categorical {
				states = max(states, c.States)
			}
		}
		stages = 1 + doublings((rows+3)/4+1) + doublings(states)
	}
	return blocks * stages
}

// doublings is the least n with 2^n >= x.
func doublings(x int) int {
	n := 0
	for 1<<n < x {
		n++
	}
	return n
}

// fewestBits takes the fewest threshold bits that keep the budget, where a hardware
// generator draws them and the user did not write their number.
func (w *lowering) fewestBits(c *chooser) {
	asked, f := &w.g.Format, &w.p.Format
	if w.p.Stream == (ir.Stream{}) || f.Noise || asked.ThresholdBits != nil {
		return
	}
	for b := 1; b <= streamBits; b++ {
		c.format.ThresholdBits = b
		ok := false
		if asked.Fraction != nil {
			_, ok = c.segments(*asked.Fraction)
		} else {
			_, _, ok = c.smallest()
		}
		if ok {
			break
		}
	}
	f.ThresholdBits = c.format.ThresholdBits
}

// lowBits counts the bits that noise needs below those of a cell.
func (w *lowering) lowBits() {
	f := &w.p.Format
	if !f.Noise || w.l.Len() > 0 {
		return
	}
	n, ok := ir.LowBitsFor(w.p.NoiseKinds(), w.p.AllBetas(), f.Fraction)
	if !ok {
		w.l.Addf(w.at("choice"), diag.FormatFit, "with fraction %d and the smallest beta, noise needs more than %d low bits", f.Fraction, ir.MaxLowBits).
			Help = "use a larger beta, or choice: threshold"
		return
	}
	f.LowBits = n
	if k, ok := w.p.NoiseDigits(); !ok {
		w.l.Addf(w.at("choice"), diag.FormatFit, "noise for %d states takes more random digits than an update has", k).
			Help = "use choice: threshold, or a hardware generator"
	}
}
