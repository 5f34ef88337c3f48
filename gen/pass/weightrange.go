package pass

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// weightRange fixes the largest |weight| that a runtime update may bring: the
// user's range, or twice the largest weight given, at least 4. Constants do not count.
func weightRange(w *lowering) {
	largest, found := 0.0, false
	for i := range w.p.Factors {
		if f := &w.p.Factors[i]; f.Runtime && len(f.Slots) > 0 {
			found = true
			for _, x := range f.Weights {
				largest = max(largest, math.Abs(x))
			}
		}
	}
	if !found {
		return
	}
	asked := w.g.Format.Range
	if asked == nil {
		w.p.Format.Range = max(4, 2*largest)
		if math.IsInf(w.p.Format.Range, 0) {
			w.p.Format.Range = largest
		}
		return
	}
	if *asked < largest {
		w.l.Addf(w.at("range"), diag.OutOfRange, "range %v is below the largest runtime weight given, %v", *asked, largest).
			Help = "use range: " + short(largest) + " or more"
	}
	w.p.Format.Range = *asked
}

// at is the place of a key of format, or of format as a whole where the key was
// not written.
func (w *lowering) at(key string) diag.Pos {
	if pos, ok := w.g.Format.At[key]; ok {
		return pos
	}
	return w.g.Format.Pos
}
