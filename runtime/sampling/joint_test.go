package sampling_test

import (
	"context"
	"encoding/json"
	"errors"
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

// The covariance of (x, p) after a step of BAOAB in a harmonic well of stiffness k at
// mass m, in the units of the law (p of variance noise at rest): kicks and drifts are
// shears, friction is a scaling with noise. It is computed here from the definition.
func baoabCovariance(k, mass, eps, beta, friction, noise float64, steps int, xx float64) (after [3]float64) {
	e := eps / math.Sqrt(mass)
	c := math.Exp(-friction * eps)
	pp, xp := 0.0, 0.0
	kick := func() { // p -= h·x
		h := e * beta / 2 * k
		pp += h*h*xx - 2*h*xp
		xp -= h * xx
	}
	drift := func() { // x += e/2·p
		h := e / 2
		xx += h*h*pp + 2*h*xp
		xp += h * pp
	}
	for range steps {
		kick()
		drift()
		pp, xp = c*c*pp+(1-c*c)*noise, c*xp
		drift()
		kick()
	}
	return [3]float64{xx, xp, pp}
}

// Underdamped Langevin chains of harmonic wells have the exact variances of position and
// velocity, and their covariance, after 1, 2, 5, 10 and 100 steps, with masses,
// temperatures and β: 32,768 chains see a variance that is off by 4 %. BAOAB is exact for
// the position of a harmonic well at rest, which the recursion shows too.
func TestUnderdampedLaws(t *testing.T) {
	const chains, k, start = 1 << 15, 2.5, 0.7
	for _, c := range []struct{ step, friction, noise, beta, mass float64 }{{0.1, 1, 1, 1, 1}, {0.4, 0.5, 1, 1, 1}, {0.3, 3, 0.25, 1, 4}, {0.2, 1, 1, 2, 0.5}} {
		p := lowered(t, fmt.Sprintf("model: m\nvariables: {x: {kind: continuous}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"1.25*u^2\"}\nbeta: %v\ninit: {x: {normal: [0, %v]}}\ndynamics: {underdamped: {over: x, step_size: %v, friction: %v, noise_scale: %v, mass: %v}}\nsample: {chains: %d, warmup: 0, seed: 5}\n",
			c.beta, start, c.step, c.friction, c.noise, c.mass, chains))
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{})
		if err != nil {
			t.Fatal(err)
		}
		done := 0
		for _, n := range []int{1, 2, 5, 10, 100} {
			s.Sweeps(n - done)
			done = n
			want := baoabCovariance(k, c.mass, c.step, c.beta, c.friction, c.noise, n, start*start)
			x, v := s.Floats(0, nil), s.Steps(0, nil)
			var got [3]float64
			for i := range x {
				a, b := float64(x[i]), float64(v[i])
				got[0], got[1], got[2] = got[0]+a*a/chains, got[1]+a*b/chains, got[2]+b*b/chains
			}
			for i, name := range []string{"position", "covariance", "velocity"} {
				se := math.Sqrt((want[0]*want[2]+want[1]*want[1])/chains) + 1e-7
				if i != 1 {
					se = want[i]*math.Sqrt(2.0/chains) + 1e-7
				}
				if math.Abs(got[i]-want[i]) > 5*se {
					t.Errorf("%+v after %d steps: %s %v, want %v", c, n, name, got[i], want[i])
				}
			}
		}
		rest := c.noise / (c.beta * k)
		if got := baoabCovariance(k, c.mass, c.step, c.beta, c.friction, c.noise, 2000, start*start)[0]; math.Abs(got-rest) > 1e-6*rest {
			t.Errorf("%+v: the position at rest has variance %v, not %v", c, got, rest)
		}
	}
}

// HMC with masses has the law of the energy: a Gaussian whose directions differ a
// hundredfold, where one mass for all would need steps ten times as short.
func TestMasses(t *testing.T) {
	p := lowered(t, `model: m
variables: {x: {kind: continuous, shape: [3]}}
factors:
  - {over: {u: x}, index: all, energy: "k*u^2/2", params: {k: [1, 100, 0.04]}}
  - {over: {u: x, v: x}, index: [[0, 2]], energy: "0.1*u*v"}
init: {x: {normal: [0, 0.3]}}
dynamics: {hmc: {over: x, step_size: 0.4, steps: 5, mass: [1, 100, 0.04]}}
sample: {chains: 16384, warmup: 0, seed: 4}
`)
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(60)
	det := 1*0.04 - 0.01
	want := map[[2]int]float64{{0, 0}: 0.04 / det, {1, 1}: 0.01, {2, 2}: 1 / det, {0, 2}: -0.1 / det, {0, 1}: 0}
	for pair, w := range want {
		x, y := s.Floats(pair[0], nil), s.Floats(pair[1], nil)
		got := 0.0
		for i := range x {
			got += float64(x[i]) * float64(y[i]) / float64(len(x))
		}
		a, b := want[[2]int{pair[0], pair[0]}], want[[2]int{pair[1], pair[1]}]
		if se := math.Sqrt((a*b + w*w) / float64(len(x))); math.Abs(got-w) > 5*se {
			t.Errorf("covariance %v: %v, want %v", pair, got, w)
		}
	}
	if rate, _ := s.Acceptance("x"); rate < 0.9 {
		t.Errorf("%.3f taken", rate)
	}
}

// Descents come to the minimum, as a linear recursion in float64 says they do step by
// step; the best state is the lowest.
func TestDescents(t *testing.T) {
	const k, eta, mu = 2.5, 0.05, 0.8
	for _, kind := range []string{"gradient: {over: x, step_size: 0.05}", "nesterov: {over: x, step_size: 0.05, momentum: 0.8}"} {
		s := jointSampler(t, "1.25*sum((u - 3)^2)", 1, "[0, 0]", "{"+kind+"}", 3)
		x, v := 0.0, 0.0
		for step := range 200 {
			if kind[0] == 'g' {
				x -= eta * k * (x - 3)
			} else {
				v = mu*v - eta*k*(x+mu*v-3)
				x += v
			}
			s.Sweep()
			if got := float64(s.Floats(0, nil)[2]); math.Abs(got-x) > 1e-5 {
				t.Fatalf("%s after %d steps: %v, want %v", kind, step+1, got, x)
			}
		}
		if math.Abs(x-3) > 1e-4 {
			t.Errorf("%s ends at %v", kind, x)
		}
	}
	s := jointSampler(t, "100*(u[1] - u[0]^2)^2 + (1 - u[0])^2", 2, "[0, 0]", "{nesterov: {over: x, step_size: 0.0005, momentum: 0.98}}", 1)
	s.Sweeps(6000)
	if x, y := s.Floats(0, nil)[0], s.Floats(1, nil)[0]; math.Abs(float64(x)-1) > 1e-2 || math.Abs(float64(y)-1) > 2e-2 {
		t.Errorf("Rosenbrock's valley: %v, %v", x, y)
	}
}

// Fitted steps bring the acceptance to the one asked for, stand still after warm-up and
// leave the law alone. 96 chains fit their own steps; their mean acceptance is known to
// half a percent, and dual averaging comes within five.
func TestAdaptedSteps(t *testing.T) {
	for _, c := range []struct {
		dynamics string
		want     float64
	}{{"{mala: {over: x, step_size: 5, adapt: 0.57}}", 0.57}, {"{mala: {over: x, step_size: 0.001, adapt: 0.57}}", 0.57}, {"{hmc: {over: x, step_size: 0.01, steps: 3, adapt: 0.8}}", 0.8}} {
		p := lowered(t, fmt.Sprintf("model: m\nvariables: {x: {kind: continuous, dim: 12}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"sum(u^2)/2 + 0.1*sum(u^4)\"}\ndynamics: %s\nsample: {chains: 96, warmup: 1000, seed: 3}\n", c.dynamics))
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		s.Sweeps(1000)
		before, ok := s.Adapted(7)
		s.Sweeps(200)
		after, _ := s.Adapted(7)
		rate, n := s.Acceptance("x")
		t.Logf("%s: %.3f of %d taken with steps such as %v", c.dynamics, rate, n, after[2])
		if !ok || before != after || n != 96*200 || math.Abs(rate-c.want) > 0.05 {
			t.Errorf("%s: %.3f of %d taken, numbers %v and %v", c.dynamics, rate, n, before, after)
		}
	}
}

// Rates are what their formulas say, computed with math's own functions.
func TestRates(t *testing.T) {
	cases := map[string]struct {
		rate sampling.Rate
		want func(t float64) float64
	}{
		"constant": {sampling.Fixed(0.3), func(float64) float64 { return 0.3 }},
		"linear": {sampling.Rate{Shape: "linear", From: 0.5, To: 0.1, Sweeps: 40}, func(t float64) float64 {
			return 0.5 - 0.4*min(t/40, 1)
		}},
		"cosine": {sampling.Rate{Shape: "cosine", From: 0.5, To: 0.1, Sweeps: 40}, func(t float64) float64 {
			return 0.1 + 0.2*(1+math.Cos(math.Pi*min(t/40, 1)))
		}},
		"exponential": {sampling.Rate{Shape: "exponential", From: 2, Factor: 0.9, Least: 0.2}, func(t float64) float64 { return max(0.2, 2*math.Pow(0.9, t)) }},
		"multi_step": {sampling.Rate{Shape: "multi_step", From: 2, Factor: 0.5, At: []int{3, 3, 10}}, func(t float64) float64 {
			switch {
			case t < 3:
				return 2
			case t < 10:
				return 0.5
			}
			return 0.25
		}},
	}
	for name, c := range cases {
		for _, rise := range []int{0, 7} {
			c.rate.Rise = rise
			for i := range 60 {
				want := c.want(float64(i - rise))
				if i < rise {
					want = c.rate.From * (0.01 + 0.99*float64(i)/float64(rise))
				}
				if got := c.rate.Value(uint64(i)); math.Abs(got-want) > 1e-14*want {
					t.Errorf("%s with a rise of %d in sweep %d: %v, want %v", name, rise, i, got, want)
				}
			}
		}
	}
}

// A schedule of step sizes gives the chain of exactly those steps: the variance of a
// harmonic Langevin chain by its recursion.
func TestScheduledLaws(t *testing.T) {
	const k, chains = 2.5, 1 << 16
	rate := sampling.Rate{Shape: "cosine", From: 0.3, To: 0.02, Sweeps: 20, Rise: 5}
	noise := sampling.Rate{Shape: "linear", From: 2, To: 0.1, Sweeps: 25}
	s := jointSampler(t, "1.25*u[0]^2", 1, "[0, 0.5]", "{langevin: {over: x, step_size: {cosine: [0.3, 0.02], sweeps: 20, rise: 5}, noise_scale: {linear: [2, 0.1], sweeps: 25}}}", chains)
	want := 0.25
	for step := range uint64(40) {
		eta := rate.Value(step)
		want = (1-eta*k)*(1-eta*k)*want + 2*eta*noise.Value(step)
		s.Sweep()
		if step%3 != 0 {
			continue
		}
		got := 0.0
		for _, x := range s.Floats(0, nil) {
			got += float64(x) * float64(x) / chains
		}
		if se := want * math.Sqrt(2.0/chains); math.Abs(got-want) > 5*se {
			t.Errorf("after %d steps: variance %v, want %v", step+1, got, want)
		}
	}
}

// A move that leaves the finite numbers ends a run, with the place of the first, whatever
// the number of threads; no state has lost its numbers.
func TestMoveFaults(t *testing.T) {
	for _, dynamics := range []string{"{langevin: {over: x, step_size: 5}}", "{underdamped: {over: x, step_size: 5}}", "{gradient: {over: x, step_size: 2}}", "{nesterov: {over: x, step_size: 2}}"} {
		var said string
		for threads := range 3 {
			p := lowered(t, fmt.Sprintf("model: m\nvariables: {x: {kind: continuous, dim: 2}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"sum(u^4)\"}\ninit: {x: {normal: [0, 0.3]}}\ndynamics: %s\nsample: {chains: 200, warmup: 100, seed: 3}\n", dynamics))
			s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Threads: 1 + threads})
			if err != nil {
				t.Fatal(err)
			}
			err = s.Run(context.Background(), sampling.Schedule{Warmup: 100, Samples: 1, StepsPerSample: 1}, false)
			var fault *sampling.MoveFault
			if !errors.As(err, &fault) || !sampling.IsFault(err) || fault.Sweep > 100 || threads > 0 && err.Error() != said {
				t.Fatalf("%s: %v, with another number of threads %s", dynamics, err, said)
			}
			said = err.Error()
			for _, x := range append(append(s.Floats(0, nil), s.Floats(1, nil)...), s.Steps(0, nil)...) {
				if x-x != 0 {
					t.Errorf("%s: %v", dynamics, x)
				}
			}
			if s.Init(); s.Fault() != nil {
				t.Error("the fault outlives the run")
			}
		}
		t.Log(said)
	}
}
