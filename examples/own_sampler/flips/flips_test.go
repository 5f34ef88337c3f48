package flips

import (
	"math"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

const path = "github.com/thrmlgen/thrmlgen/examples/own_sampler/flips."

var code = sampling.UserCode{
	Samplers: map[string]sampling.NodeSampler{
		path + "Metropolis": sampling.SamplerFunc(Metropolis),
		path + "HeatBath":   sampling.SamplerFunc(HeatBath),
		path + "Noisy":      Noisy{},
	},
	Starts: map[string]sampling.StartFunc{path + "Stripes": Stripes},
}

// TestLaw: the mean energy of Metropolis and heat bath is the exact one within five
// standard errors, estimated from the chains, which are independent; five of them are
// at most 4 % of the standard deviation of the energy. Noise in the field heats the magnet:
// more than 20.
func TestLaw(t *testing.T) {
	for name, off := range map[string]bool{"Metropolis": false, "HeatBath": false, "Noisy": true} {
		m, problems := gen.Load("../model.yaml", "update.s=flips."+name)
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		want, err := exact.Solve(m.Graph, exact.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		const chains, draws = 1024, 100
		s, err := sampling.NewSampler(golang.Model(m.Program), sampling.Options{Chains: chains, Seed: 7, Threads: 2, Code: code})
		if err != nil {
			t.Fatal(err)
		}
		s.Sweeps(60)
		sums := make([]float64, chains)
		for range draws {
			s.Sweeps(1)
			for c, h := range s.Energies(1, nil) {
				sums[c] += h / draws
			}
		}
		if err := s.UserFault(); err != nil {
			t.Fatal(err)
		}
		mean, square := 0.0, 0.0
		for _, x := range sums {
			mean += x / chains
			square += x * x / chains
		}
		z := (mean - want.EnergyMean) / math.Sqrt((square-mean*mean)/chains)
		if math.Abs(z) > 5 != off || off && z < 20 {
			t.Errorf("%s: mean energy %.4f, exactly %.4f, %.1f standard errors", name, mean, want.EnergyMean, z)
		}
		t.Logf("%s: %.1f standard errors of %.4f", name, z, math.Sqrt((square-mean*mean)/chains))
	}
}
