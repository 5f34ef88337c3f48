package graph

import (
	"math/big"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// MaxBetas bounds the length of an annealing schedule.
const MaxBetas = 1 << 24

// betas fixes beta, or one beta for each warm-up sweep: then draws and reported
// energies are at the last.
func (b *builder) betas() {
	g := b.g
	g.Beta = 1
	if b.s.Beta.Ok {
		g.Beta = b.s.Beta.V
		b.checkBeta(b.s.Beta.Pos, g.Beta)
	}
	g.BetaParam = b.s.Beta.Param.Text
	s := b.s.Sample.Betas
	if s == nil {
		return
	}
	if b.s.Beta.Ok {
		b.warn(b.s.Beta.Pos, diag.NotUsed, "the last of sample.betas is the beta of draws and energies", "beta %v has no effect: sample.betas replace it", g.Beta)
	}
	if g.BetaParam != "" {
		b.fail(s.Pos, diag.Conflict, "remove one of the two", "betas replace beta, which is the runtime parameter %s", g.BetaParam)
		return
	}
	warmup := int(b.s.Sample.Warmup.V)
	if warmup > MaxBetas {
		b.limit(s.Pos, "%d betas, at most %d", warmup, MaxBetas)
		return
	}
	place := func(int) diag.Pos { return s.Pos }
	switch {
	case s.List != nil:
		g.Betas = slices.Clone(s.List.Values)
		if len(s.List.Shape) != 1 {
			b.fail(s.Pos, diag.BetasLength, "", "betas is one list of numbers")
			return
		}
		if s.List.At != nil {
			place = s.List.At
		}
	case s.File != nil:
		shape, values, ok := b.floats(s.File)
		if !ok {
			return
		}
		if len(shape) != 1 {
			b.fail(s.File.Pos, diag.BetasLength, "", "%s has shape %s, betas need one axis", fileText(s.File), shapeText(shape))
			return
		}
		g.Betas = values
	default:
		var ok bool
		if g.Betas, ok = b.betaRamp(s, warmup); !ok {
			return
		}
	}
	if len(g.Betas) != warmup || warmup == 0 {
		b.fail(s.Pos, diag.BetasLength, "there is one beta for each warm-up sweep", "%d betas for %d warm-up sweeps", len(g.Betas), warmup)
		return
	}
	for i, beta := range g.Betas {
		if !b.checkBeta(place(i), beta) {
			return
		}
	}
	g.Beta = g.Betas[warmup-1]
}

func (b *builder) checkBeta(pos diag.Pos, beta float64) bool {
	if !finite(beta) {
		b.fail(pos, diag.NotFinite, "for a zero-temperature end, take a large beta", "a beta is infinite or not a number")
		return false
	}
	if beta < 0 {
		b.fail(pos, diag.OutOfRange, "change the sign of the weights instead", "a beta of %v, must be at least 0", beta)
		return false
	}
	return true
}

func (b *builder) betaRamp(s *spec.Betas, n int) ([]float64, bool) {
	if n < 2 {
		b.fail(s.Pos, diag.BetasLength, "raise warmup, or write the one beta as a list", "from … to needs at least 2 warm-up sweeps, got %d", n)
		return nil, false
	}
	if !b.checkBeta(s.From.Pos, s.From.V) || !b.checkBeta(s.To.Pos, s.To.V) {
		return nil, false
	}
	if s.Shape.Text != "geometric" {
		return linearRamp(s.From.V, s.To.V, n), true
	}
	for _, end := range []spec.Float{s.From, s.To} {
		if end.V == 0 {
			b.fail(end.Pos, diag.OutOfRange, "use shape: linear", "a geometric schedule cannot begin or end at 0")
			return nil, false
		}
	}
	return geometricRamp(s.From.V, s.To.V, n), true
}

// linearRamp is from + (to − from)·t/(n−1) for t = 0 … n−1, in float64 in this
// order of operations; the last is to itself.
func linearRamp(from, to float64, n int) []float64 {
	out := make([]float64, n)
	for t := range out {
		out[t] = from + float64(float64((to-from)*float64(t))/float64(n-1))
	}
	out[n-1] = to
	return out
}

// geometricRamp is from·(to/from)^(t/(n−1)) for t = 0 … n−1, each rounded to the
// nearest float64. The step r = a^(1/(n−1)), a = to/from, is the product of the
// repeated square roots a^(1/2), a^(1/4), … that the binary digits of 1/(n−1)
// ask for; 256 digits in numbers of 320 bits leave the error of r^t far below
// a float64's last bit.
func geometricRamp(from, to float64, n int) []float64 {
	const digits, precision = 256, 320
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

	step := number(1)
	root := new(big.Float).SetPrec(precision).Quo(number(to), number(from))
	share, denominator := 1, n-1 // what is left of 1/(n-1), as share/denominator
	for range digits {
		root.Sqrt(root)
		share *= 2
		if share >= denominator {
			share -= denominator
			step.Mul(step, root)
		}
	}
	out := make([]float64, n)
	x := number(from)
	for t := range out {
		out[t], _ = x.Float64()
		x.Mul(x, step)
	}
	out[n-1] = to
	return out
}
