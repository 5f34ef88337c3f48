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
	Planes        int     `json:"planes,omitempty"`
	Digit         int     `json:"digit,omitempty"`
	Budget        float64 `json:"budget,omitempty"`
	Range         float64 `json:"range,omitempty"`
	RNG           string  `json:"rng"`
	Segments      int     `json:"segments"`
	Accumulator   int     `json:"accumulator"`
	Interleave    int     `json:"interleave,omitempty"`
}

func formatOf(p *ir.Program) formatJSON {
	f := p.Format
	return formatJSON{
		Profile: f.Profile, Fraction: f.Fraction, ThresholdBits: f.ThresholdBits, Choice: choice(p), Group: max(1, f.Group), Planes: f.Planes, Digit: f.Digit,
		Budget: f.Budget, Range: f.Range, RNG: generator(p), Segments: f.Segments, Accumulator: f.Accum, Interleave: p.Stream.Interleave,
	}
}

// generator is the name of the random generator in a model file.
func generator(p *ir.Program) string {
	if p.Stream.Generator != "" {
		return p.Stream.Generator
	}
	switch p.Rounds {
	case 7:
		return "philox7"
	case 5:
		return "ars5"
	}
	return "philox"
}

// choice is the rule of choice in a model file.
func choice(p *ir.Program) string {
	if p.Format.Noise {
		return "noise"
	}
	return "threshold"
}

// formatText says the number format in a line.
func formatText(p *ir.Program) string {
	f := p.Format
	if f.Bound == 0 { // no node is updated in integers
		return "float32, random words from " + randomness(p)
	}
	what, draws := "weights", fmt.Sprintf("%d-bit draws", f.ThresholdBits)
	if f.Group > 1 {
		what = fmt.Sprintf("sums of %d weights", f.Group)
	}
	switch {
	case f.Noise:
		draws = "noise"
	case f.Planes > 0:
		draws = fmt.Sprintf("%d bit planes", f.Planes)
	case f.SingleByte():
		draws = "single bytes"
	case f.Digit > 0:
		draws += fmt.Sprintf(", first digits of %d bits", f.Digit)
	}
	return fmt.Sprintf("%s: %s in units of 2^-%d, %d-bit sums, %s from %s",
		f.Profile, what, f.Fraction, f.Accum, draws, randomness(p))
}

// errorText says how exact updates are: the bound on the error of a conditional
// probability, which holds for the nodes updated in integers.
func errorText(p *ir.Program) string {
	const float = "updates are in float32"
	text := "any conditional probability is off by at most " + power(p.Format.Bound)
	switch {
	case floatNodes(p) == 0:
		return text
	case p.Format.Bound == 0: // no node is updated in integers
		return float
	}
	return text + " where all neighbours are discrete; other " + float
}

// floatNodes is how many nodes a sweep updates in float32.
func floatNodes(p *ir.Program) int {
	clamped := make([]bool, p.Nodes)
	for _, c := range p.Clamps {
		for _, n := range c.Nodes {
			clamped[n] = true
		}
	}
	count := 0
	for _, super := range p.Sweep {
		for _, b := range super {
			for _, n := range b.Nodes {
				if b.Float && !clamped[n] {
					count++
				}
			}
		}
	}
	return count
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
func randomness(p *ir.Program) string {
	if s := p.Stream; s.Generator != "" {
		return fmt.Sprintf("%s, %s interleaved", s.Generator, plural(s.Interleave, "chain"))
	}
	if p.Rounds == 5 {
		return "ars4x32-5"
	}
	return fmt.Sprintf("philox4x32-%d", p.Rounds)
}
