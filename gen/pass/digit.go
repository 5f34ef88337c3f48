package pass

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// digit settles the bits of the first digit of spins that the user asked for: 16, which
// is what there is without the key, or 8.
func (w *lowering) digit() bool {
	asked, f := &w.g.Format, &w.p.Format
	if asked.Digit == nil || *asked.Digit == 16 {
		return true
	}
	refuse := func(key, code, help, format string, args ...any) {
		w.l.Addf(w.at(key), code, format, args...).Help = help
	}
	if *asked.Digit != 8 {
		refuse("digit", diag.OutOfRange, "", "digit is %d, must be 8 or 16", *asked.Digit)
		return false
	}
	if f.Noise || w.p.Stream.Generator != "" {
		refuse("digit", diag.BadFormat, "drop the key", "digit goes with choice: threshold and philox, philox7 or ars5")
	}
	if f.Planes > 0 {
		refuse("digit", diag.BadFormat, "drop one of the keys", "digit does not go with planes, which draws no digits")
	} else if asked.ThresholdBits != nil && *asked.ThresholdBits != 32 && *asked.ThresholdBits != 8 {
		refuse("threshold_bits", diag.BadFormat, "drop the key: what 8 bits leave open is drawn to 32", "digit: 8 goes with threshold_bits: 32 or 8")
	}
	if f.ThresholdBits == 8 {
		if f.Group > 1 {
			refuse("group", diag.BadFormat, "drop one of the keys", "group does not go with digit: 8 and threshold_bits: 8")
		}
		if !w.p.OnlySpins() {
			refuse("threshold_bits", diag.NotSupported, "use threshold_bits: 32", "digit: 8 with threshold_bits: 8 is for models of spins without continuous neighbours or expressions")
			return false
		}
	}
	if !w.p.HasIntegerSpins() {
		refuse("digit", diag.NotSupported, "drop the key", "digit is for spins without continuous neighbours, and there are none")
	}
	f.Digit = 8
	return w.l.Len() == 0
}
