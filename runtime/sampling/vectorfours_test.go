package sampling

import "testing"

// The curve of a unit is as far from the threshold of every field as it says at most,
// for fields of every magnitude and as far from whole units as may be.
func TestSpinCurveBounds(t *testing.T) {
	tells := 0
	for _, fraction := range []int{1, 5, 10, 15} {
		for _, bits := range []int{12, 16, 32} {
			for _, beta := range []float64{0, 0.02, 0.3, 1, 3, 20} {
				for _, u := range []spinUnit{{1, 0}, {3, 0}, {4, 9}, {20, 40}} {
					table := newSpinTable(Format{Fraction: fraction, Segments: 256, ThresholdBits: bits}, beta, fourLimit*uint64(u.size))
					c := newSpinCurve(table, u, table.rise())
					for x := c.zero + 1; x <= fourLimit; x++ {
						i, curve := c.at(min(x, c.most))
						e := c.segment[i].e
						if e < 100 {
							tells++
						}
						for d := -u.off; d <= u.off; d++ {
							if exact := int64(table.value(uint64(x*u.size + d))); exact > curve+e || exact < curve-e {
								t.Fatalf("fraction %d, %d bits, β %v, unit %+v: field %d%+d has the threshold %d, the curve %d ± %d",
									fraction, bits, beta, u, x, d, exact, curve, e)
							}
						}
					}
				}
			}
		}
	}
	if tells < 1<<20 {
		t.Errorf("%d thresholds within 100 of their curve", tells)
	}
}
