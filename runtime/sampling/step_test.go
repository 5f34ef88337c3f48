package sampling_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// kolmogorov is the probability of a distance d or more between n draws of a
// continuous law and the law (Marsaglia, Tsang, Wang 2003, the asymptotic series
// with Stephens' correction).
func kolmogorov(d float64, n int) float64 {
	root := math.Sqrt(float64(n))
	x := (root + 0.12 + 0.11/root) * d
	p := 0.0
	for k := 1; k <= 100; k++ {
		term := 2 * math.Exp(-2*float64(k*k)*x*x)
		if k%2 == 0 {
			term = -term
		}
		p += term
	}
	return min(max(p, 0), 1)
}

// law is a density on a grid, summed up.
type law struct {
	lo, step float64
	cdf      []float64
}

// lawOf sums exp(-energy) over [lo, hi] by trapezes.
func lawOf(lo, hi float64, density func(x float64) float64) *law {
	const n = 1 << 16
	l := &law{lo, (hi - lo) / n, make([]float64, n+1)}
	for i := 1; i <= n; i++ {
		l.cdf[i] = l.cdf[i-1] + (density(lo+float64(i-1)*l.step)+density(lo+float64(i)*l.step))/2
	}
	for i := range l.cdf {
		l.cdf[i] /= l.cdf[n]
	}
	return l
}

func (l *law) at(x float64) float64 {
	t := (x - l.lo) / l.step
	i := int(math.Floor(t))
	switch {
	case i < 0:
		return 0
	case i >= len(l.cdf)-1:
		return 1
	}
	return l.cdf[i] + (t-float64(i))*(l.cdf[i+1]-l.cdf[i])
}

// distance is the largest one between the law and the draws.
func (l *law) distance(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	d, n := 0.0, float64(len(x))
	for i, v := range x {
		d = max(d, l.at(v)-float64(i)/n, float64(i+1)/n-l.at(v))
	}
	return d
}

// Chains that end warm-up are draws of the exact law: 4,096 of them, for each
// sampler and energies of every form. The test sees distances above 0.042 between
// the distribution functions and fails by chance in one of 10^6 runs.
func TestStepLaws(t *testing.T) {
	const chains = 4096
	energies := []struct {
		name, variable, energy string
		lo, hi                 float64
		density                func(x float64) float64
	}{
		{"double well", "", "2*(u^2 - 1)^2 + 0.3*u", -3, 3, func(x float64) float64 { return math.Exp(-2*(x*x-1)*(x*x-1) - 0.3*x) }},
		{"logistic", "", "u + 2*log(1 + exp(-u))", -40, 40, func(x float64) float64 { return math.Exp(-x) / math.Pow(1+math.Exp(-x), 2) }},
		{"cut off", ", range: [-0.5, 2]", "exp(u) + abs(u - 1)", -0.5, 2, func(x float64) float64 { return math.Exp(-math.Exp(x) - math.Abs(x-1)) }},
		{"rippled", "", "u^2 + cos(5*u) + W[1]*u", -8, 8, func(x float64) float64 { return math.Exp(-x*x - math.Cos(5*x) - 0.5*x) }},
	}
	for _, e := range energies {
		exact := lawOf(e.lo, e.hi, e.density)
		for _, sampler := range []string{"slice", "metropolis", "mala"} {
			params := ""
			if e.name == "rippled" {
				params = ", params: {W: [0, 0.5]}"
			}
			p := lowered(t, fmt.Sprintf("model: m\nvariables: {x: {kind: continuous%s}}\nfactors:\n  - {over: {u: x}, index: all, energy: %q%s}\nupdate: {x: %s}\nsample: {chains: %d, warmup: 220, seed: 5}\n",
				e.variable, e.energy, params, sampler, chains))
			s, err := sampling.NewSampler(golang.Model(p), sampling.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.Sweeps(240)
			x := make([]float64, 0, chains)
			for _, v := range s.Floats(0, nil) {
				x = append(x, float64(v))
			}
			d := exact.distance(x)
			if pv := kolmogorov(d, chains); pv < 1e-6 {
				t.Errorf("%s by %s: distance %v, p = %v", e.name, sampler, d, pv)
			}
			steps := s.Steps(0, nil)
			slices.Sort(steps)
			rate, tried := s.Acceptance("x")
			t.Logf("%s by %s: distance %.4f, steps %.3g to %.3g, median %.3g, %.3f of %d taken", e.name, sampler, d, steps[0], steps[chains-1], steps[chains/2], rate, tried)
			if sampler == "metropolis" && math.Abs(rate-0.44) > 0.05 || sampler == "mala" && math.Abs(rate-0.574) > 0.05 {
				t.Errorf("%s by %s: %v of the proposals are taken", e.name, sampler, rate)
			}
		}
	}
}

// A spin and a category beside a number of no Gaussian law, whose conditional the
// spin and the category decide: shares of the discrete states against the exact
// ones. It sees a share that is wrong by 0.041 and fails by chance in one of 10^6.
func TestMixedStepLaw(t *testing.T) {
	const chains = 4096
	w := []float64{0.2, -0.6, 0.9}
	energy := func(s float64, k int, x, y float64) float64 {
		return 0.5*(x*x-1)*(x*x-1) + s*math.Tanh(x) + w[k]*math.Cos(x)*s + y*y*math.Exp(-0.2*x) + y*math.Tanh(x) - 0.3*s
	}
	exact := make([]float64, 6)
	for i := range exact {
		const h = 0.02
		for x := -4.0; x <= 4; x += h {
			// y is Gaussian given x: its integral in closed form.
			a, b := math.Exp(-0.2*x), math.Tanh(x)
			exact[i] += math.Exp(-energy(float64(2*(i/3)-1), i%3, x, 0)+b*b/(4*a)) / math.Sqrt(a)
		}
	}
	total := 0.0
	for _, e := range exact {
		total += e
	}
	for _, sampler := range []string{"slice", "metropolis", "mala"} {
		p := lowered(t, fmt.Sprintf(`model: m
variables: {s: {kind: spin}, k: {kind: categorical, states: 3}, x: {kind: continuous, range: [-4, 4]}, y: {kind: continuous}}
factors:
  - {over: {p: s, c: k, u: x}, index: [[0, 0, 0]], energy: "0.5*(u^2 - 1)^2 + p*tanh(u) + W[c]*cos(u)*p", params: {W: [0.2, -0.6, 0.9]}}
  - {over: {u: x, v: y}, index: [[0, 0]], energy: "v^2*exp(-0.2*u) + v*tanh(u)"}
  - {over: [s], index: all, weights: 0.3}
update: {x: %s}
sample: {chains: %d, warmup: 200, seed: 8}
`, sampler, chains))
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		s.Sweeps(220)
		count := make([]float64, 6)
		for c := range chains {
			count[3*(s.Value(0, c)+1)/2+s.Value(1, c)]++
		}
		for i := range count {
			want := exact[i] / total
			sd := math.Sqrt(want * (1 - want) / chains)
			if z := (count[i]/chains - want) / sd; math.Abs(z) > 5.2 {
				t.Errorf("%s: state %d has the share %v, want %v: z = %.1f", sampler, i, count[i]/chains, want, z)
			}
		}
		t.Logf("%s: %v of %v", sampler, count, exact)
	}
}

// Three spins that drive each other in a circle, one of them with a memory of its
// own value: the law after exactly four sweeps from a uniform start, worked out from
// the fields alone. It sees a probability that is wrong by 0.0036 and fails by
// chance in one of 10^5 runs.
func TestDirectedLaw(t *testing.T) {
	const chains = 1 << 18
	p := lowered(t, fmt.Sprintf(`model: m
variables: {s: {kind: spin, shape: [3]}}
factors:
  - {over: [s], index: all, weights: [0.1, -0.2, 0.3]}
interactions:
  - {head: s, tails: {u: s}, index: [[1, 0], [2, 1], [0, 2]], params: {w: [0.8, -0.5, 0.6]}, field: "w*u"}
  - {head: "s[2]", tails: {old: "s[2]", u: "s[0]"}, field: "0.4*old*(1 + u)"}
blocks: ["s[0]", "s[1]", "s[2]"]
beta: 0.9
sample: {chains: %d, warmup: 0, seed: 21}
`, chains))
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(4)
	law := make([]float64, 8)
	for i := range law {
		law[i] = 1.0 / 8
	}
	value := func(state, i int) float64 { return float64(state>>i&1)*2 - 1 }
	field := func(state, i int) float64 {
		switch i {
		case 0:
			return 0.1 + 0.6*value(state, 2)
		case 1:
			return -0.2 + 0.8*value(state, 0)
		}
		return 0.3 - 0.5*value(state, 1) + 0.4*value(state, 2)*(1+value(state, 0))
	}
	for range 4 {
		for i := range 3 {
			next := make([]float64, 8)
			for state, q := range law {
				up := 1 / (1 + math.Exp(-2*0.9*field(state, i)))
				next[state|1<<i] += q * up
				next[state&^(1<<i)] += q * (1 - up)
			}
			law = next
		}
	}
	count := make([]float64, 8)
	for c := range chains {
		at := 0
		for i := range 3 {
			at |= int(s.Value(i, c)+1) / 2 << i
		}
		count[at]++
	}
	for i, want := range law {
		sd := math.Sqrt(want * (1 - want) / chains)
		if z := (count[i]/chains - want) / sd; math.Abs(z) > 5 {
			t.Errorf("state %d has the share %v, want %v: z = %.1f", i, count[i]/chains, want, z)
		}
	}
}
