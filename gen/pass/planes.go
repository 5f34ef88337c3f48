package pass

import "github.com/thrmlgen/thrmlgen/gen/diag"

// planes settles the bit planes that the user asked for: they are for models of spins,
// and say how many bits a threshold has.
func (w *lowering) planes() bool {
	asked, f := &w.g.Format, &w.p.Format
	if asked.Planes == nil {
		return true
	}
	refuse := func(key, text, help string) {
		w.l.Addf(w.at(key), diag.BadFormat, "%s", text).Help = help
	}
	if f.Noise || w.p.Stream.Generator != "" {
		refuse("planes", "planes goes with choice: threshold and philox, philox7 or ars5", "drop the key")
	}
	if f.Group > 1 {
		refuse("group", "group does not go with planes", "drop one of the keys")
	}
	if asked.ThresholdBits != nil {
		refuse("threshold_bits", "threshold_bits has no meaning with planes, which says how many bits a threshold has", "drop the key")
	}
	if !w.p.OnlySpins() {
		w.l.Addf(w.at("planes"), diag.NotSupported, "planes is for models of spins without continuous neighbours or expressions").
			Help = "drop the key"
	}
	f.Planes, f.ThresholdBits = *asked.Planes, *asked.Planes
	return w.l.Len() == 0
}
