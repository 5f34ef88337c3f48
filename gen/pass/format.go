package pass

import (
	"fmt"
	"math"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

const (
	defaultBudget = 1.0 / 4096 // 2^-12

	// A silent format takes its fraction from 0 … largestChoice.
	largestChoice = 40

	fastBits          = 8
	fastThresholdBits = 16
)

// format chooses the number format. The profile fast puts each weight in 8 bits
// and has no budget. Otherwise the fraction is the smallest with which the bound
// of the error keeps the budget, with 128 segments if these do and 256 if not.
// What the user wrote is kept or refused, never widened.
func format(w *lowering) {
	asked, f := &w.g.Format, &w.p.Format
	f.Profile = asked.Profile
	if asked.Fraction != nil || asked.Bits != nil || asked.ThresholdBits != nil || asked.Budget != nil ||
		asked.Range != nil || asked.Choice != "" || asked.Group != nil || asked.Planes != nil || asked.Digit != nil || asked.RNG != "" || asked.Interleave != nil {
		f.Profile = "custom"
	}
	if n := asked.Group; n != nil && *n > 1 {
		if *n > ir.MaxGroup {
			w.l.Addf(w.at("group"), diag.OutOfRange, "group is %d, must be from 1 to %d", *n, ir.MaxGroup)
			return
		}
		f.Group = *n
	}
	f.ThresholdBits = 32
	if b := asked.ThresholdBits; b != nil {
		if *b < 1 || *b > 16 && *b != 32 {
			w.l.Addf(w.at("threshold_bits"), diag.OutOfRange, "threshold_bits is %d, must be from 1 to 16, or 32", *b)
			return
		}
		f.ThresholdBits = *b
	}
	if !w.hardware() {
		return
	}
	if f.Group > 1 && (f.Noise || w.p.Stream.Generator != "") {
		w.l.Addf(w.at("group"), diag.NotSupported, "group goes with choice: threshold and philox, philox7 or ars5").Help = "leave group away"
		return
	}
	if !w.planes() || !w.digit() {
		return
	}
	if b := asked.Bits; b != nil {
		if *b < 2 || *b > 63 {
			w.l.Addf(w.at("bits"), diag.OutOfRange, "bits is %d, must be from 2 to 63", *b)
			return
		}
		f.WeightBits = *b
	}
	if n := asked.Fraction; n != nil && (*n < ir.MinFraction || *n > ir.MaxFraction) {
		w.l.Addf(w.at("fraction"), diag.OutOfRange, "fraction is %d, must be from %d to %d", *n, ir.MinFraction, ir.MaxFraction)
		return
	}
	c := &chooser{format: *f, worst: w.p.WorstDegrees(), betas: w.p.AllBetas(), largest: w.largestWeight()}
	if f.Profile == "fast" {
		w.fast(c)
		return
	}
	f.Budget = defaultBudget
	if asked.Budget != nil {
		f.Budget = *asked.Budget
	}
	c.budget = f.Budget
	w.fewestBits(c)
	w.withBudget(c)
	w.lowBits()
}

// fast is the largest fraction with which every weight fits 8 bits.
func (w *lowering) fast(c *chooser) {
	f := &w.p.Format
	f.Segments, f.ThresholdBits, f.WeightBits = 128, fastThresholdBits, fastBits
	fraction, ok := c.fitting(fastBits)
	if !ok {
		w.l.Addf(w.g.Format.Pos, diag.FormatFit, "format fast: the largest weight, %v, does not fit 8 bits with any fraction from %d up", c.largest, ir.MinFraction).
			Help = "scale the weights down and beta up"
	}
	f.Fraction = fraction
}

// withBudget takes the user's fraction or the smallest that keeps the budget.
func (w *lowering) withBudget(c *chooser) {
	asked, f := &w.g.Format, &w.p.Format
	if asked.Fraction != nil {
		f.Fraction = *asked.Fraction
		segments, ok := c.segments(*asked.Fraction)
		if !ok {
			w.refuse(c)
			return
		}
		f.Segments = segments
	} else {
		fraction, segments, ok := c.smallest()
		if !ok {
			w.refuse(c)
			return
		}
		f.Fraction, f.Segments = fraction, segments
	}
	if f.WeightBits > 0 && !fits(c.largest, f.Fraction, f.WeightBits) {
		w.refuseBits(c)
	}
}

// refuse reports a missed budget at the key to change and names what would do.
func (w *lowering) refuse(c *chooser) {
	asked, f := &w.g.Format, &w.p.Format
	if asked.Fraction != nil {
		if fraction, _, ok := c.smallest(); ok {
			got := c.bound(f.Fraction, 256)
			w.l.Addf(w.at("fraction"), diag.FormatBudget,
				"fraction %d lets a probability be wrong by %s, which is above the budget %s", f.Fraction, short(got), short(c.budget)).
				Help = fmt.Sprintf("use fraction: %d, or budget: %s", fraction, atLeast(got))
			return
		}
	}
	best := c.best()
	if asked.Planes != nil {
		for n := f.Planes + 1; n <= ir.MaxPlanes; n++ {
			wider := *c
			wider.format.Planes, wider.format.ThresholdBits = n, n
			if _, _, ok := wider.smallest(); ok {
				w.l.Addf(w.at("planes"), diag.FormatBudget,
					"planes %d lets a probability be wrong by %s, which is above the budget %s", f.Planes, short(best), short(c.budget)).
					Help = fmt.Sprintf("use planes: %d, or budget: %s", n, atLeast(best))
				return
			}
		}
	}
	if asked.ThresholdBits != nil {
		for _, b := range []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32} {
			wider := *c
			wider.format.ThresholdBits = b
			if _, _, ok := wider.smallest(); ok {
				w.l.Addf(w.at("threshold_bits"), diag.FormatBudget,
					"threshold_bits %d lets a probability be wrong by %s, which is above the budget %s", f.ThresholdBits, short(best), short(c.budget)).
					Help = fmt.Sprintf("use threshold_bits: %d, or budget: %s", b, atLeast(best))
				return
			}
		}
	}
	w.l.Addf(w.at("budget"), diag.FormatBudget,
		"no fraction keeps the budget %s: the best lets a probability be wrong by %s", short(c.budget), short(best)).
		Help = "use budget: " + atLeast(best)
}

// refuseBits reports weights that do not fit the bits asked for.
func (w *lowering) refuseBits(c *chooser) {
	asked, f := &w.g.Format, &w.p.Format
	need := f.WeightBits
	for need < 63 && !fits(c.largest, f.Fraction, need) {
		need++
	}
	fraction, ok := c.fitting(f.WeightBits)
	help := fmt.Sprintf("use bits: %d", need)
	if !fits(c.largest, f.Fraction, need) {
		help = "scale the weights down"
	} else if ok {
		if _, keeps := c.segments(fraction); keeps && asked.Fraction != nil {
			help += fmt.Sprintf(", or fraction: %d", fraction)
		} else if !keeps {
			help += ", or budget: " + atLeast(c.bound(fraction, 256))
		}
	}
	w.l.Addf(w.at("bits"), diag.FormatFit, "the largest weight, %s, does not fit %d bits with fraction %d",
		short(c.largest), f.WeightBits, f.Fraction).Help = help
}

// largestWeight is the largest |weight| that the program may meet.
func (w *lowering) largestWeight() float64 {
	largest := w.p.Format.Range
	for i := range w.p.Factors {
		for _, x := range w.p.Factors[i].Weights {
			largest = max(largest, math.Abs(x))
		}
	}
	return largest
}

// chooser weighs fractions and segments.
type chooser struct {
	format  ir.Format // with its threshold bits
	worst   map[ir.Class]int
	betas   []float64
	largest float64 // |weight|
	budget  float64
}

func (c *chooser) bound(fraction, segments int) float64 {
	f := c.format
	f.Fraction, f.Segments = fraction, segments
	return ir.ErrorBound(f, c.worst, c.betas)
}

// segments is the number of segments with which a fraction keeps the budget.
func (c *chooser) segments(fraction int) (int, bool) {
	for _, n := range []int{128, 256} {
		if c.bound(fraction, n) <= c.budget {
			return n, true
		}
	}
	return 0, false
}

// smallest is the smallest fraction that keeps the budget, with its segments.
func (c *chooser) smallest() (fraction, segments int, ok bool) {
	degree, beta := 0, 0.0
	for _, n := range c.worst {
		degree = max(degree, n)
	}
	for _, b := range c.betas {
		beta = max(beta, b)
	}
	for fraction = 0; fraction <= largestChoice; fraction++ {
		if ir.RoundingError(degree, beta, fraction) > c.budget {
			continue // spares the look at every β
		}
		if segments, ok = c.segments(fraction); ok {
			return fraction, segments, true
		}
	}
	return 0, 0, false
}

// best is the smallest bound of any fraction.
func (c *chooser) best() float64 {
	best := math.Inf(1)
	for fraction := 0; fraction <= largestChoice; fraction++ {
		best = min(best, c.bound(fraction, 256))
	}
	return best
}

// fitting is the largest fraction with which every weight fits so many bits; 0
// if all weights are 0.
func (c *chooser) fitting(bits int) (int, bool) {
	if c.largest == 0 {
		return 0, true
	}
	for fraction := ir.MaxFraction; fraction >= ir.MinFraction; fraction-- {
		if fits(c.largest, fraction, bits) {
			return fraction, true
		}
	}
	return ir.MinFraction, false
}

func fits(weight float64, fraction, bits int) bool {
	return math.RoundToEven(math.Ldexp(weight, fraction)) <= ir.WeightLimit(bits)
}

func short(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

// atLeast is short, rounded up, so that it can be written as a budget.
func atLeast(x float64) string {
	s := short(x)
	if v, err := strconv.ParseFloat(s, 64); err == nil && v < x {
		s = short(x * 1.01)
	}
	return s
}
