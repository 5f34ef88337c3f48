package cli

import (
	"fmt"
	"math"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// formatJSON is the number format as --json prints it, in the keys of the model
// file.
type formatJSON struct {
	Profile       string  `json:"profile"`
	Fraction      int     `json:"fraction"`
	ThresholdBits int     `json:"threshold_bits"`
	Choice        string  `json:"choice"`
	Group         int     `json:"group"`
	Budget        float64 `json:"budget,omitempty"`
	Range         float64 `json:"range,omitempty"`
	RNG           string  `json:"rng"`
	Segments      int     `json:"segments"`
	Accumulator   int     `json:"accumulator"`
}

func formatOf(p *ir.Program) formatJSON {
	f := p.Format
	return formatJSON{
		Profile: f.Profile, Fraction: f.Fraction, ThresholdBits: f.ThresholdBits, Choice: "threshold", Group: 1,
		Budget: f.Budget, Range: f.Range, RNG: generator(p), Segments: f.Segments, Accumulator: f.Accum,
	}
}

// generator is the name of the random generator in a model file.
func generator(p *ir.Program) string {
	if p.Rounds == 7 {
		return "philox7"
	}
	return "philox"
}

// formatText says the number format in a line.
func formatText(p *ir.Program) string {
	f := p.Format
	return fmt.Sprintf("%s: weights in units of 2^-%d, %d-bit sums, %d-bit draws from %s",
		f.Profile, f.Fraction, f.Accum, f.ThresholdBits, randomness(p))
}

// errorText says the bound on the error of a conditional probability.
func errorText(p *ir.Program) string {
	return "any conditional probability is off by at most " + power(p.Format.Bound)
}

// power is a small number, also as a power of two.
func power(x float64) string {
	if x <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.3g (2^%s)", x, strconv.FormatFloat(math.Round(math.Log2(x)*10)/10, 'g', -1, 64))
}

// randomness names the class of the random numbers: what is independent of
// what, and by which generator.
func randomness(p *ir.Program) string { return fmt.Sprintf("philox4x32-%d", p.Rounds) }
