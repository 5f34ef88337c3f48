package observe

import (
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// What counts as converged: R-hat and effective sample size as Vehtari et al. 2021
// recommend for single quantities. The worst of very many nodes lies beyond the
// typical one by chance alone, so that there the line is drawn further out.
const (
	rowRHat  = 1.01
	nodeRHat = 1.05
	rowESS   = 400
	nodeESS  = 100

	slightRHat = 1.1 // what few draws show by chance
)

// Verdict is one plain sentence on whether the run was long enough.
func (r *Report) Verdict() string {
	sentence, _ := r.judge()
	return sentence
}

// A weakPoint is the worst figure of its kind, and where it is.
type weakPoint struct {
	value float64
	at    string
	limit float64
	found bool
}

// consider takes over a figure that is farther from its limit: above it for R-hat,
// below it for sizes, which come negated.
func (w *weakPoint) consider(value float64, at string, limit float64) {
	if !w.found || value-limit > w.value-w.limit {
		*w = weakPoint{value, at, limit, true}
	}
}

func (w *weakPoint) bad() bool { return w.found && w.value > w.limit }

func (r *Report) judge() (sentence string, converged bool) {
	prefix := ""
	if r.Interrupted {
		prefix = fmt.Sprintf("Interrupted after %d of %d draws. ", r.Draws, r.Planned)
	}
	if i := slices.IndexFunc(r.Samplers, func(s SamplerReport) bool { return s.descends() }); i >= 0 {
		return prefix + fmt.Sprintf("No samples: %s descends the energy, so that R-hat and ESS say nothing here; read the best and the final states.", r.Samplers[i].Sampler), false
	}
	switch {
	case r.Draws == 0:
		return prefix + "No draws: nothing is known.", false
	case r.Draws == 1:
		return prefix + "One draw a chain: no convergence figures.", false
	case r.Draws < 4:
		return prefix + fmt.Sprintf("%d draws a chain: too few for convergence figures; take more (--samples).", r.Draws), false
	}
	sentence, converged = r.judgeFigures()
	return prefix + sentence, converged
}

func (r *Report) judgeFigures() (string, bool) {
	hat, size := r.weakest()
	ess := fmt.Sprintf("ESS at least %.0f (%s)", -size.value, size.at)
	switch {
	case hat.found && math.IsInf(hat.value, 1):
		return fmt.Sprintf("Not converged: at %s the chains do not move, and differ; anneal (betas) or run longer (--warmup, --steps).", hat.at), false
	case hat.bad() && hat.value < slightRHat && size.bad():
		return fmt.Sprintf("Too few draws to tell: R-hat %s at %s with %.0f effective draws of %s; take more (--samples).",
			rHatText(hat.value), hat.at, -size.value, size.at), false
	case hat.bad():
		return fmt.Sprintf("Not converged: R-hat %s at %s; run longer (--warmup, --steps).", rHatText(hat.value), hat.at), false
	case !size.found:
		return "Nothing observed moves: no convergence figures.", false
	case r.Chains == 1:
		return fmt.Sprintf("One chain, with nothing to compare it with (--chains): no R-hat; %s.", ess), false
	case size.bad():
		return fmt.Sprintf("The chains agree, but %.0f effective draws of %s are few; take more (--samples, --steps).", -size.value, size.at), false
	case !hat.found:
		return fmt.Sprintf("No R-hat; %s.", ess), false
	}
	return fmt.Sprintf("Converged: R-hat at most %s (%s), %s.", rHatText(hat.value), hat.at, ess), true
}

// weakest finds the figures that decide. Sizes are negated.
func (r *Report) weakest() (hat, size weakPoint) {
	judged := func(v stats.Value) bool { return v.OK() || v.NA == stats.NAStuck }
	for _, x := range r.Rows {
		if judged(x.RHat) {
			hat.consider(x.RHat.V, x.Name, rowRHat)
		}
		for _, e := range []stats.Value{x.ESSBulk, x.ESSTail} {
			if e.OK() {
				size.consider(-e.V, x.Name, -rowESS)
			}
		}
	}
	if judged(r.Worst.RHat) {
		hat.consider(r.Worst.RHat.V, r.Worst.RHatAt, nodeRHat)
	}
	if r.Worst.ESS.OK() {
		size.consider(-r.Worst.ESS.V, r.Worst.ESSAt, -nodeESS)
	}
	return hat, size
}

// rHatText shows an R-hat with the digits that matter.
func rHatText(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.3f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
