package sampling_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// jointEnergies are the energies of testdata/langevin_laws.json: exact moments by
// quadrature, of the density and of the Langevin chain after k steps of one size.
var jointEnergies = map[string]string{
	"DoubleWell h=2 b=1":                                "2*sum((u^2 - 1)^2)",
	"DoubleWell h=1 b=sqrt(2)":                          "sum((u^2 - 2)^2)",
	"Rastrigin a=1":                                     "sum(u^2 - cos(6.283185307179586*u)) + 1",
	"DoubleWell h=2 b=1 (1-D)":                          "2*sum((u^2 - 1)^2)",
	"DoubleWell h=2 b=1 (2-D)":                          "2*sum((u^2 - 1)^2)",
	"Rastrigin a=1 (1-D)":                               "sum(u^2 - cos(6.283185307179586*u)) + 1",
	"Harmonic k=2.5 (1-D)":                              "1.25*sum(u^2)",
	"Rosenbrock a=1 b=5":                                "5*(u[1] - u[0]^2)^2 + (1 - u[0])^2",
	"Composite 0.5*DoubleWell(2,1)+2*Harmonic(1) (1-D)": "sum((u^2 - 1)^2) + sum(u^2)",
	"Gaussian mean (1,-1) cov ((1,.5),(.5,2))":          "0.5*(8/7*(u[0] - 1)^2 - 4/7*(u[0] - 1)*(u[1] + 1) + 4/7*(u[1] + 1)^2)",
}

type momentLaws struct {
	ULA []struct {
		Name        string
		Step, Start float64
		After       map[string]map[string]float64 `json:"after_k_steps"`
		Stationary  map[string]float64
	} `json:"ula_1d"`
	Targets []struct {
		Name    string
		Moments map[string]float64
	}
}

func readLaws(t *testing.T) momentLaws {
	t.Helper()
	b, err := os.ReadFile("testdata/langevin_laws.json")
	if err != nil {
		t.Fatal(err)
	}
	var laws momentLaws
	if err := json.Unmarshal(b, &laws); err != nil {
		t.Fatal(err)
	}
	return laws
}

func jointSampler(t *testing.T, energy string, dim int, start, dynamics string, chains int) *sampling.Sampler {
	t.Helper()
	p := lowered(t, fmt.Sprintf("model: m\nvariables: {x: {kind: continuous, dim: %d}}\nfactors:\n  - {over: {u: x}, index: all, energy: %q}\ninit: {x: {normal: %s}}\ndynamics: %s\nsample: {chains: %d, warmup: 0, seed: 11}\n",
		dim, energy, start, dynamics, chains))
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// momentOf is a moment of one chain by the name that the laws have for it.
func momentOf(name string, x, y, energy float64) float64 {
	switch name {
	case "x", "x^1":
		return x
	case "y":
		return y
	case "xy":
		return x * y
	case "|x|":
		return math.Abs(x)
	case "P(x>0)":
		if x > 0 {
			return 1
		}
		return 0
	case "energy":
		return energy
	case "y^2":
		return y * y
	case "y^4":
		return y * y * y * y
	}
	power, _ := strconv.Atoi(name[2:])
	return math.Pow(x, float64(power))
}

// compareMoments holds the mean over chains of every moment within so many of its
// standard errors.
func compareMoments(t *testing.T, what string, s *sampling.Sampler, dim int, law map[string]float64, within float64) {
	t.Helper()
	x := s.Floats(0, nil)
	y := s.Floats(dim-1, nil)
	h := s.Energies(1, nil)
	n := float64(len(x))
	for name, want := range law {
		if name == "mass" || name == "log_Z" || name == "var" {
			continue
		}
		mean, square := 0.0, 0.0
		for c := range x {
			v := momentOf(name, float64(x[c]), float64(y[c]), h[c])
			mean += v / n
			square += v * v / n
		}
		se := math.Sqrt(max(square-mean*mean, 0) / n)
		if math.Abs(mean-want) > within*se+1e-6 {
			t.Errorf("%s: %s is %v, want %v: z = %.1f", what, name, mean, want, (mean-want)/se)
		}
	}
}

// The law of Langevin chains of three energies and four step sizes after exactly 1,
// 2, 5, 10 and 100 steps: 16,384 chains see a moment that is wrong by a twenty-fifth of
// its standard deviation. The 300 comparisons fail by chance in one of 5,000 runs.
func TestLangevinLaws(t *testing.T) {
	for _, law := range readLaws(t).ULA {
		s := jointSampler(t, jointEnergies[law.Name], 1, fmt.Sprintf("[%v, 0]", law.Start), fmt.Sprintf("{langevin: {over: x, step_size: %v}}", law.Step), 1<<14)
		done := 0
		for _, k := range []int{1, 2, 5, 10, 100} {
			s.Sweeps(k - done)
			done = k
			compareMoments(t, fmt.Sprintf("%s, step %v, %d steps", law.Name, law.Step, k), s, 1, law.After[strconv.Itoa(k)], 5)
		}
		if law.Name == "DoubleWell h=2 b=1" && law.Step == 0.02 {
			s.Sweeps(1500)
			compareMoments(t, fmt.Sprintf("%s, step %v, stationary", law.Name, law.Step), s, 1, law.Stationary, 5)
		}
	}
}

// With noise_scale n the law of a harmonic chain is that of a temperature n, and with
// beta the drift is β times as large.
func TestLangevinScales(t *testing.T) {
	const k, eta = 2.5, 0.02
	for _, c := range []struct{ beta, noise float64 }{{1, 1}, {1, 0.25}, {2, 1}} {
		p := lowered(t, fmt.Sprintf("model: m\nvariables: {x: {kind: continuous}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"1.25*u^2\"}\nbeta: %v\ninit: zeros\ndynamics: {langevin: {over: x, step_size: %v, noise_scale: %v}}\nsample: {chains: 65536, warmup: 0}\n", c.beta, eta, c.noise))
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.Sweeps(200)
		sum := 0.0
		for _, x := range s.Floats(0, nil) {
			sum += float64(x) * float64(x) / 65536
		}
		r := 1 - eta*c.beta*k
		want := 2 * eta * c.noise * (1 - math.Pow(r, 400)) / (1 - r*r)
		if se := want * math.Sqrt(2.0/65536); math.Abs(sum-want) > 5*se {
			t.Errorf("beta %v, noise %v: variance %v, want %v", c.beta, c.noise, sum, want)
		}
	}
}

// MALA and HMC have the law of the energy itself: 8,192 independent chains after
// enough moves, against quadrature. (They start near the middle: both reject nearly
// every move from far out, where the gradient of x⁴ is steep.)
func TestMetropolisedLaws(t *testing.T) {
	cases := []struct {
		name     string
		dim      int
		dynamics string
		moves    int
	}{
		{"DoubleWell h=2 b=1 (1-D)", 1, "{mala: {over: x, step_size: 0.05}}", 600},
		{"DoubleWell h=2 b=1 (1-D)", 1, "{hmc: {over: x, step_size: 0.2, steps: 7}}", 60},
		{"DoubleWell h=2 b=1 (2-D)", 2, "{hmc: {over: x, step_size: 0.2, steps: 7}}", 60},
		{"Rastrigin a=1 (1-D)", 1, "{hmc: {over: x, step_size: 0.15, steps: 10}}", 60},
		{"Harmonic k=2.5 (1-D)", 1, "{mala: {over: x, step_size: 0.3}}", 60},
		{"Composite 0.5*DoubleWell(2,1)+2*Harmonic(1) (1-D)", 1, "{mala: {over: x, step_size: 0.2}}", 80},
		{"Gaussian mean (1,-1) cov ((1,.5),(.5,2))", 2, "{mala: {over: x, step_size: 0.4}}", 120},
		{"Gaussian mean (1,-1) cov ((1,.5),(.5,2))", 2, "{hmc: {over: x, step_size: 0.5, steps: 3}}", 60},
		{"Rosenbrock a=1 b=5", 2, "{hmc: {over: x, step_size: 0.1, steps: 15}}", 300},
	}
	laws := map[string]map[string]float64{}
	for _, target := range readLaws(t).Targets {
		laws[target.Name] = target.Moments
	}
	for _, c := range cases {
		s := jointSampler(t, jointEnergies[c.name], c.dim, "[0, 0.5]", c.dynamics, 1<<13)
		s.Sweeps(c.moves)
		rate, _ := s.Acceptance("x")
		t.Logf("%s by %s: %.3f taken", c.name, c.dynamics, rate)
		if laws[c.name] == nil || rate < 0.3 || rate > 0.9999 {
			t.Errorf("%s by %s: %.3f taken", c.name, c.dynamics, rate)
		}
		compareMoments(t, c.name+" by "+c.dynamics, s, c.dim, laws[c.name], 5)
	}
}

// A step that is too large leaves the numbers: the chains stay finite, and it is
// counted.
func TestDivergence(t *testing.T) {
	for _, dynamics := range []string{"{langevin: {over: x, step_size: 5}}", "{mala: {over: x, step_size: 1e12}}", "{hmc: {over: x, step_size: 100, steps: 20}}"} {
		s := jointSampler(t, "sum(u^4)", 2, "[0, 30]", dynamics, 64)
		s.Sweeps(20)
		count, first := s.Divergences()
		if count == 0 || first > 20 {
			t.Errorf("%s: %d divergences, the first in sweep %d", dynamics, count, first)
		}
		for _, x := range append(s.Floats(0, nil), s.Floats(1, nil)...) {
			if x-x != 0 {
				t.Errorf("%s: %v", dynamics, x)
			}
		}
	}
}
