// Package energy holds the model.
package energy

import (
	"math"

	"github.com/thrmlgen/thrmlgen/models"
)

// Torus is the two-dimensional Ising model on a 32 by 32 torus at its critical
// point.
func Torus() *models.Model {
	m := models.New("torus")
	s := m.Spin("s", 32, 32)
	m.Factor(s, s).Edges(models.Torus(s)).Weights(models.Number(1))
	m.Beta(math.Log(1+math.Sqrt2) / 2)
	m.Sample(models.Schedule{Chains: 64, Warmup: 1000, Samples: 500, StepsPerSample: 5, Seed: 1})
	m.Observe(models.Energy, models.Magnetisation)
	return m
}
