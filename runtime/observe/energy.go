package observe

import (
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// EnergyTrace records the energy βH of every chain at every draw, at the model's
// β: 8 bytes each.
type EnergyTrace struct {
	trace drawSeries[float64]
}

// Observe records a draw.
func (e *EnergyTrace) Observe(f *Frame) error {
	e.trace.chains = f.Chains()
	beta := f.Model().Beta
	for _, h := range f.H() {
		e.trace.v = append(e.trace.v, float64(beta*h))
	}
	return nil
}

// Rows is the row "energy".
func (e *EnergyTrace) Rows() []stats.Row {
	return []stats.Row{stats.Summary("energy", e.trace.byChain(asIs))}
}

// WriteArrays adds energy (chain, draw), float64.
func (e *EnergyTrace) WriteArrays(z *npy.NPZWriter) error {
	return writeSeries(z, "energy", []drawSeries[float64]{e.trace}, asIs, nil)
}

func asIs(x float64) float64 { return x }
