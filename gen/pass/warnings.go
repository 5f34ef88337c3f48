package pass

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// coarse is the bound above which a format without budget is worth a word.
const coarse = 1.0 / 64

// warnings says what works and may still surprise.
func warnings(w *lowering) {
	f := &w.p.Format
	if w.g.Format.Range != nil && f.Range == 0 {
		w.warn("range", diag.NotUsed, "write runtime: true, or drop the key", "range has no effect: no factor has runtime weights")
	}
	remedy := "use threshold_bits: 32 for an exact tail"
	if f.Noise || w.p.Stream != (ir.Stream{}) {
		remedy = "use format: default for an exact tail"
	}
	switch {
	case f.Noise && w.hasSpins():
		w.warn("choice", diag.TailDropped, remedy,
			"with choice: noise a spin never takes a value less likely than about 2^-18")
	case f.Planes > 0 && f.Planes <= 16 && w.hasSpins():
		w.warn("planes", diag.TailDropped, "planes: 32 has an exact tail, and costs little more",
			"with planes %d a spin never takes a value less likely than about 2^-%d", f.Planes, f.Planes+1)
	case f.SingleByte():
		w.warn("threshold_bits", diag.TailDropped, remedy,
			"with digit 8 and threshold_bits 8 a spin never takes a value less likely than 2^-9")
	case f.ThresholdBits <= 16 && w.hasSpins():
		w.warn("threshold_bits", diag.TailDropped, remedy,
			"with threshold_bits %d a spin never takes a value less likely than about 2^-%d", f.ThresholdBits, f.ThresholdBits)
	}
	if f.Budget == 0 && f.Bound > coarse {
		w.warn("fraction", diag.CoarseLaw, "use format: default", "format %s lets a probability be wrong by %s", f.Profile, short(f.Bound))
	}
	lost, all := 0, 0
	float := w.p.FloatNodes()
	for i := range w.p.Factors {
		x := &w.p.Factors[i]
		if !x.Integer() || f.Group > 1 && len(x.Table) == 0 || !slices.ContainsFunc(x.Index, func(n int32) bool { return !float[n] }) {
			continue // its weights are read as they are, or count in sums
		}
		for j, weight := range x.Weights {
			if weight != 0 {
				all++
				if x.Ints[j] == 0 {
					lost++
				}
			}
		}
	}
	if lost > 0 {
		w.warn("fraction", diag.WeightLost, "", "%d of %d weights are at most half a unit of 2^-%d and count as 0", lost, all, f.Fraction)
	}
}

func (w *lowering) hasSpins() bool {
	for _, sb := range w.p.Sweep {
		for _, b := range sb {
			if b.Kind == ir.Spin {
				return true
			}
		}
	}
	return false
}

// warn adds a warning to the graph's, once if the graph is lowered again.
func (w *lowering) warn(key, code, help, format string, args ...any) {
	w.warnAt(diag.Problem{Pos: w.at(key), Code: code, Text: fmt.Sprintf(format, args...), Help: help})
}

func (w *lowering) warnAt(p diag.Problem) {
	if !slices.Contains(w.g.Warnings, p) {
		w.g.Warnings = append(w.g.Warnings, p)
	}
}
