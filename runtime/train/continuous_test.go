package train

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// gaussianMixed has rows with continuous nodes of every kind that has a Gaussian law
// given the discrete ones: squares, alone and by a table; products of two; linear
// ones, alone, with spins and by a table; and rows without.
const gaussianMixed = `
model: gm
variables: {x: {kind: continuous, shape: [4]}, s: {kind: spin, shape: [3]}, c: {kind: categorical, states: 3}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "a*u^2", params: {a: [0.6, 0.8, 0.5, 0.7]}}
  - {name: square, over: {u: x, k: c}, index: [[3, 0]], energy: "t[k]*u^2", params: {t: [0.1, 0.0, 0.4]}}
  - {name: mean, over: [x], index: all, weights: [0.1, -0.2, 0.3, 0.4]}
  - {name: pair, over: [x, x], index: [[0, 1], [1, 2], [0, 3]], weights: [0.2, -0.3, 0.1]}
  - {name: field, over: [x, c], index: [[2, 0]], weights: [[0.5, -0.5, 0.2]]}
  - {name: all, over: [x, c], index: [[0, 0], [1, 0]], weights: [0.3, 0.1, -0.2]}
  - {name: bias, over: [s], index: all, weights: [0.2, -0.1, 0.3]}
  - {name: mixed, over: [x, s], index: [[0, 0], [1, 1], [2, 2]], weights: [0.4, -0.3, 0.2]}
  - {name: three, over: [s, x, s], index: [[0, 1, 2]], weights: [0.3]}
runtime: false
beta: 0.9
`

func gaussianModel(t testing.TB) *sampling.Model {
	m := model(t, gaussianMixed)
	for i := range m.Factors {
		m.Factors[i].Runtime = true
	}
	m.Format.Range = 4
	return m
}

func gaussianTask(t testing.TB) Task {
	m := gaussianModel(t)
	f := func(x float32) int32 { return sampling.FloatBits(x) }
	s := sampling.Schedule{Warmup: 20, Samples: 50, StepsPerSample: 2}
	return Task{
		Positive: Phase{m, 40, s}, Negative: Phase{m, 2000, s},
		Visible: []int32{0, 3, 4, 7}, // x[0], x[3], s[0], c
		Data: Examples{4, []int32{f(0.5), f(-0.25), 1, 0, f(1.5), f(0.75), -1, 2,
			f(-0.5), f(0.1), -1, 1, f(0.3), f(2), 1, 1}},
		Epochs: 1, Optimizer: Optimizer{Rate: 0.1}, Seed: 7,
	}
}

// gaussianMoments are the means of every row and entry given some nodes: enumeration of
// the free discrete nodes, and for each of their states the normal law of the free
// continuous ones, from its precision matrix.
func gaussianMoments(t testing.TB, m *sampling.Model, held map[int32]int32) [][]float64 {
	out := make([][]float64, len(m.Factors))
	for i, f := range m.Factors {
		out[i] = make([]float64, f.Rows*f.TableSize())
	}
	var numbers, discrete []int32
	place, states := map[int32]int{}, map[int32]sampling.Var{}
	x := make([]int32, m.Nodes)
	for _, v := range m.Vars {
		for n := int32(v.First); n < int32(v.First+v.Count); n++ {
			states[n] = v
			if value, ok := held[n]; ok {
				x[n] = value
			} else if v.Kind == sampling.Continuous {
				place[n] = len(numbers)
				numbers = append(numbers, n)
			} else {
				discrete = append(discrete, n)
			}
		}
	}
	type row struct {
		f, at   int
		product float64 // of all that is not a free number
		in      []int   // free numbers, as often as their powers
	}
	rows := func() (list []row) {
		for i, f := range m.Factors {
			k := len(f.Slots)
			for r := range f.Rows {
				w := row{f: i, product: 1}
				at := 0
				for j, slot := range f.Slots {
					n := f.Index[r*k+j]
					switch slot.Kind {
					case sampling.Spin:
						w.product *= float64(x[n])
					case sampling.Categorical:
						at = at*slot.States + int(x[n])
					default:
						for range slot.Power {
							if p, free := place[n]; free {
								w.in = append(w.in, p)
							} else {
								w.product *= float64(sampling.BitsFloat(x[n]))
							}
						}
					}
				}
				w.at = r*f.TableSize() + at
				list = append(list, w)
			}
		}
		return list
	}
	total := 0.0
	var visit func(i int)
	visit = func(i int) {
		if i < len(discrete) {
			v := states[discrete[i]]
			for k := range v.States {
				if x[discrete[i]] = int32(k); v.Kind == sampling.Spin {
					x[discrete[i]] = int32(2*k - 1)
				}
				visit(i + 1)
			}
			return
		}
		n := len(numbers)
		q, b, c := mat.NewSymDense(max(n, 1), nil), mat.NewVecDense(max(n, 1), nil), 0.0
		if n == 0 {
			q.SetSym(0, 0, 1)
		}
		list := rows()
		for _, w := range list {
			f := m.Factors[w.f]
			weight := f.Weights[w.at%len(f.Weights)]
			switch e := -m.Beta * weight * w.product; {
			case len(w.in) == 0:
				c += e
			case len(w.in) == 1:
				b.SetVec(w.in[0], b.AtVec(w.in[0])+e)
			case w.in[0] == w.in[1]:
				q.SetSym(w.in[0], w.in[0], q.At(w.in[0], w.in[0])+2*e)
			default:
				q.SetSym(w.in[0], w.in[1], q.At(w.in[0], w.in[1])+e)
			}
		}
		var chol mat.Cholesky
		var cov mat.SymDense
		var mu mat.VecDense
		if !chol.Factorize(q) || chol.InverseTo(&cov) != nil || chol.SolveVecTo(&mu, b) != nil {
			t.Fatal("no law")
		}
		mu.ScaleVec(-1, &mu)
		p := math.Exp(-c - mat.Dot(b, &mu)/2 - chol.LogDet()/2)
		total += p
		for _, w := range list {
			mean := w.product
			switch len(w.in) {
			case 1:
				mean *= mu.AtVec(w.in[0])
			case 2:
				mean *= mu.AtVec(w.in[0])*mu.AtVec(w.in[1]) + cov.At(w.in[0], w.in[1])
			}
			out[w.f][w.at] += p * mean
		}
	}
	visit(0)
	for _, o := range out {
		for i := range o {
			o[i] /= total
		}
	}
	return out
}

// gaussianPhases are the exact moments of both phases.
func gaussianPhases(t testing.TB, task *Task) (pos, neg [][]float64) {
	m := task.Positive.Model
	given := map[int32]int32{}
	for i, n := range task.Given {
		given[n] = task.Condition.Values[i]
	}
	neg = gaussianMoments(t, m, given)
	for e := range task.Data.Rows {
		held := map[int32]int32{}
		for i, n := range task.Visible {
			held[n] = task.Data.row(e, len(task.Visible))[i]
		}
		for i, n := range task.Given {
			held[n] = task.Condition.row(e, len(task.Given))[i]
		}
		for i, o := range gaussianMoments(t, m, held) {
			if e == 0 {
				pos = append(pos, make([]float64, len(o)))
			}
			for k, v := range o {
				pos[i][k] += v / float64(task.Data.Rows)
			}
		}
	}
	return pos, neg
}

// Gradients of rows with continuous nodes agree with exact differences of moments, and
// their standard errors say by how much they may be off, as in TestGradientAgainstExact.
func TestContinuousGradient(t *testing.T) {
	base := gaussianTask(t)
	conditioned := gaussianTask(t)
	v := sampling.FloatBits(0.7)
	conditioned.Given, conditioned.Condition = []int32{1, 6}, Examples{4, []int32{v, 1, v, 1, v, 1, v, 1}}
	single := gaussianTask(t) // errors from batches of draws
	single.Positive.Chains, single.Positive.Schedule.Samples = 1, 4000
	for name, task := range map[string]Task{"": base, "conditioned": conditioned, "one chain": single} {
		tr, err := NewTrainer(task)
		if err != nil {
			t.Fatal(err)
		}
		g, err := tr.Gradient(t.Context(), []int32{0, 1, 2, 3}, true)
		if err != nil {
			t.Fatal(err)
		}
		pos, neg := gaussianPhases(t, &task)
		n, square := 0, 0.0
		for i, f := range g.Factors {
			grad := make([]float64, len(f.Grad))
			for k := range pos[i] {
				grad[k%len(grad)] -= base.Positive.Model.Beta * (pos[i][k] - neg[i][k])
			}
			for _, x := range []struct{ got, want, se []float64 }{{f.Positive, pos[i], f.PositiveSE}, {f.Negative, neg[i], f.NegativeSE}, {f.Grad, grad, f.GradSE}} {
				for k := range x.got {
					d := x.got[k] - x.want[k]
					if x.se[k] == 0 || math.Abs(d) < 1e-12 {
						if math.Abs(d) > 1e-9 {
							t.Errorf("%s %s[%d] = %v without error, want %v", name, f.Name, k, x.got[k], x.want[k])
						}
						continue
					}
					z := d / x.se[k]
					if !(math.Abs(z) < 5) || x.se[k] > 0.03 {
						t.Errorf("%s %s[%d] = %v ± %v, want %v", name, f.Name, k, x.got[k], x.se[k], x.want[k])
					}
					n++
					square += z * z
				}
			}
		}
		if rms := math.Sqrt(square / float64(n)); n < 40 || rms < 0.5 || rms > 1.6 {
			t.Errorf("%s: the root mean square of %d z is %.2f", name, n, rms)
		}
	}
}

// Products over rows are those of the values, chain by chain.
func TestRowNumbers(t *testing.T) {
	m := gaussianModel(t)
	s, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(5)
	for fi, f := range m.Factors {
		size := f.TableSize()
		want := make([]float64, 70*f.Rows*size)
		for c := range 70 {
			for r := range f.Rows {
				x, at := 1.0, 0
				for j, slot := range f.Slots {
					v := s.Value(int(f.Index[r*len(f.Slots)+j]), c)
					switch slot.Kind {
					case sampling.Spin:
						x *= float64(v)
					case sampling.Categorical:
						at = at*slot.States + int(v)
					default:
						x *= math.Pow(float64(sampling.BitsFloat(v)), float64(slot.Power))
					}
				}
				want[(c*f.Rows+r)*size+at] = x
			}
		}
		got, sum := make([]float64, len(want)), make([]float64, f.Rows*size)
		s.AddRowNumbersByChain(fi, 70, got)
		s.AddRowNumbers(fi, 66, sum)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-15*math.Abs(want[i]) {
				t.Fatalf("%s: %v in place %d, want %v", f.Name, got[i], i, want[i])
			}
			if i < 66*len(sum) {
				sum[i%len(sum)] -= got[i]
			}
		}
		for _, d := range sum {
			if math.Abs(d) > 1e-12 {
				t.Errorf("%s: the sum over 66 chains is off by %v", f.Name, d)
			}
		}
	}
}

// gaussianVariants are training runs of continuous models with every loss and start.
func gaussianVariants(t testing.TB) map[string]Task {
	small := func() Task {
		task := gaussianTask(t)
		task.Positive.Chains, task.Negative.Chains = 3, 30
		s := sampling.Schedule{Warmup: 3, Samples: 4, StepsPerSample: 1}
		task.Positive.Schedule, task.Negative.Schedule = s, s
		task.Batch, task.Epochs = 3, 20
		task.Optimizer.Rate = 0.01
		return task
	}
	out := map[string]Task{"kl": small()}
	x := small()
	x.Start = StartPersistent
	x.Optimizer = Optimizer{Rule: Adam, Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01}
	out["persistent adam"] = x
	x = small()
	x.Loss, x.K, x.Start = CD, 2, StartData
	x.Optimizer.Momentum = 0.5
	out["cd momentum"] = x
	x = small()
	v := sampling.FloatBits
	x.Given, x.Condition = []int32{1, 6}, Examples{4, []int32{v(0.5), 1, v(0.1), -1, v(-2), 1, v(0), -1}}
	x.Loss, x.K, x.Start = CD, 1, StartPersistent
	out["conditioned pcd"] = x
	x = small()
	m := model(t, parameterModel)
	x.Positive.Model, x.Negative.Model = m, m
	x.Start = StartPersistent
	x.Optimizer = Optimizer{Rule: Adam, Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01}
	out["parameters"] = x
	x = small()
	m = model(t, wellModel)
	x.Positive.Model, x.Negative.Model = m, m
	x.Visible, x.Data = []int32{0}, Examples{4, []int32{v(0.5), v(-0.25), v(1), v(-1.5)}}
	out["other samplers"] = x
	return out
}

// wellModel has an energy that no weights serve, and a sampler with steps.
const wellModel = `
model: wells
variables: {x: {kind: continuous, shape: [3]}}
factors:
  - {name: well, over: {u: x}, index: all, energy: "0.5*u^4 - 0.5*u^2"}
  - {name: pair, over: {u: x, v: x}, index: [[0, 1], [1, 2]], energy: "0.5*a*(u - v)^2", params: {a: 0.8}, runtime: true}
  - {name: b, over: [x], index: all, weights: [0.3, -0.2, 0.1], runtime: true}
update: {x: metropolis}
`

// Beside energies that no weights serve gradients agree with moments that are integrated
// on a grid, and examples have no score.
func TestGradientBesideCode(t *testing.T) {
	task := gaussianVariants(t)["other samplers"]
	task.Positive.Chains, task.Negative.Chains = 60, 400
	s := sampling.Schedule{Warmup: 100, Samples: 100, StepsPerSample: 2}
	task.Positive.Schedule, task.Negative.Schedule = s, s
	tr, err := NewTrainer(task)
	if err != nil {
		t.Fatal(err)
	}
	g, err := tr.Gradient(t.Context(), []int32{0, 1, 2, 3}, true)
	if err != nil {
		t.Fatal(err)
	}
	const n, width = 81, 0.08
	moments := func(first []float64) (out [4]float64) { // x0, x1, x2, and what a multiplies
		z := 0.0
		if first == nil {
			for i := range n {
				first = append(first, width*float64(i-n/2))
			}
		}
		for _, x := range first {
			for j := range n {
				for k := range n {
					y, w := width*float64(j-n/2), width*float64(k-n/2)
					h := -0.3*x + 0.2*y - 0.1*w
					for _, u := range []float64{x, y, w} {
						h += 0.5*u*u*u*u - 0.5*u*u
					}
					d := 0.5 * ((x-y)*(x-y) + (y-w)*(y-w))
					p := math.Exp(-h - 0.8*d)
					z += p
					for i, v := range []float64{x, y, w, d} {
						out[i] += p * v
					}
				}
			}
		}
		for i := range out {
			out[i] /= z
		}
		return out
	}
	neg, pos := moments(nil), [4]float64{}
	for e := range 4 {
		for i, v := range moments([]float64{float64(sampling.BitsFloat(task.Data.Values[e]))}) {
			pos[i] += v / 4
		}
	}
	for i, a := range []ArrayGradient{g.Arrays[0], g.Arrays[0], g.Arrays[0], g.Arrays[1]} {
		k, want := i, -(pos[i] - neg[i])
		if i == 3 {
			k, want = 0, -want // a is in the energy, not in a weight
		}
		if z := (a.Grad[k] - want) / a.SE[k]; !(math.Abs(z) < 5) || a.SE[k] > 0.03 {
			t.Errorf("%s[%d] = %v ± %v, want %v", a.Name, k, a.Grad[k], a.SE[k], want)
		}
	}
	if score, err := tr.Score(t.Context(), task.Data, Examples{}); err != nil || !math.IsNaN(score) || tr.Scores() {
		t.Errorf("a score of %v, %v", score, err)
	}
}

// parameterModel is like gaussianMixed, its energies having parameters that are data.
const parameterModel = `
model: pm
variables: {x: {kind: continuous, shape: [4]}, s: {kind: spin, shape: [3]}, c: {kind: categorical, states: 3}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*a*(u - m)^2", params: {a: [1.2, 1.6, 1, 1.4], m: 0.1}, runtime: true}
  - {name: field, over: {u: x, k: c}, index: [[2, 0], [0, 0]], energy: "-w[k]*u", params: {w: [[0.5, -0.5, 0.2], [0, 0.1, 0.1]]}, runtime: true}
  - {name: bias, over: [s], index: all, weights: [0.2, -0.1, 0.3], runtime: true}
  - {name: mixed, over: {u: x, p: s}, index: [[0, 0], [1, 1], [2, 2]], energy: "-w*u*p", params: {w: [0.4, -0.3, 0.2]}, scale: t}
beta: 0.9
`

// What is fitted has a name and a shape; weights of energies are not set by themselves,
// and a parameter without a law stops the run.
func TestParameters(t *testing.T) {
	task := gaussianVariants(t)["parameters"]
	tr, err := NewTrainer(task)
	if err != nil {
		t.Fatal(err)
	}
	if got := tr.Names(); !slices.Equal(got, []string{"bias", "own/a", "own/m", "field/w", "mixed/t"}) {
		t.Errorf("fitted are %v", got)
	}
	for name, want := range map[string][]int{"bias": {3}, "own/a": {4}, "own/m": nil, "field/w": {2, 3}, "mixed/t": nil} {
		if got := tr.Shape(name); !slices.Equal(got, want) {
			t.Errorf("%s has the shape %v, want %v", name, got, want)
		}
	}
	if err := tr.SetWeights("own/a", []float64{1, 2, 3, 4}); err != nil || !slices.Equal(tr.weights[1], []float64{-0.5, -1, -1.5, -2}) {
		t.Errorf("own/a gives the weights %v (%v)", tr.weights[1], err)
	}
	before := weightsOf(tr)
	for name, w := range map[string][]float64{"own/a": {1, 2, 0, 4}, "own.m0": {1, 1, 1, 1}, "own/m": {1, 2}, "field/w": {9, 9, 9, 9, 9, 9}} {
		if err := tr.SetWeights(name, w); err == nil {
			t.Errorf("%s = %v is taken", name, w)
		}
	}
	if !slices.Equal(weightsOf(tr), before) {
		t.Error("refused parameters changed something")
	}
	for i := range 3 {
		g, err := tr.Gradient(t.Context(), []int32{0, 1, 2}, true)
		if err != nil {
			t.Fatal(err)
		}
		if a := g.Arrays[3]; a.Name != "field/w" || len(a.Grad) != 6 || len(a.SE) != 6 || !a.Param || g.Arrays[0].Param {
			t.Errorf("estimate %d: %+v", i, g.Arrays)
		}
	}
	task.Optimizer = Optimizer{Rate: 20}
	tr, err = NewTrainer(task)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = tr.Step(t.Context()); err == nil {
		_, err = tr.Step(t.Context())
	}
	if err == nil {
		t.Error("steps of 20 go on")
	}
}

// Training continuous models is the same for any number of threads, and stops and goes
// on bit for bit.
func TestContinuousStopAndGoOn(t *testing.T) {
	for name, task := range gaussianVariants(t) {
		whole := weightsOf(run(t, task, 7))
		threads := task
		threads.Threads = 2
		if got := weightsOf(run(t, threads, 7)); !slices.Equal(got, whole) {
			t.Errorf("%s: two threads change the weights", name)
		}
		first := run(t, task, 4)
		b, err := first.checkpoint("g")
		if err != nil {
			t.Fatal(err)
		}
		second, err := NewTrainer(task)
		if err != nil {
			t.Fatal(err)
		}
		if err := second.restore(b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for range 3 {
			if _, err := second.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := weightsOf(second); !slices.Equal(got, whole) {
			t.Errorf("%s: stopping after step 4 changes the weights", name)
		}
		if int64(len(b)) > first.largestCheckpoint() {
			t.Errorf("%s: a checkpoint of %d bytes, no more than %d are read", name, len(b), first.largestCheckpoint())
		}
	}
}

// A step after which a continuous node has no law, alone or together with others, is an
// error, and everything stays as it was.
func TestPrecisionStops(t *testing.T) {
	alone, together := gaussianVariants(t)["kl"], gaussianVariants(t)["kl"]
	alone.Optimizer.Rate = 0.3
	m := gaussianModel(t)
	m.Factors = slices.DeleteFunc(m.Factors, func(f sampling.Factor) bool { return f.Name == "square" }) // the form depends on c there
	for i := range m.Factors {
		m.Factors[i].Runtime = m.Factors[i].Name == "pair"
	}
	together.Positive.Model, together.Negative.Model = m, m
	together.Optimizer.Rate = 0.5
	for name, c := range map[string]struct {
		task Task
		want string
	}{"alone": {alone, "the coefficient of its square"}, "together": {together, "not be positive definite"}} {
		tr, err := NewTrainer(c.task)
		if err != nil {
			t.Fatal(err)
		}
		for step := 1; ; step++ {
			before := weightsOf(tr)
			_, err := tr.Step(t.Context())
			if err == nil && step < 100 {
				continue
			}
			var bad *sampling.PrecisionError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: step %d ends with %v", name, step, err)
			}
			if !slices.Equal(weightsOf(tr), before) {
				t.Errorf("%s: the weights moved all the same", name)
			}
			break
		}
	}
	tr, err := NewTrainer(alone)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.SetWeights("square", []float64{-0.1, 2, -0.4}); err == nil {
		t.Error("a square above 0 is a weight")
	}
}

// The score of continuous examples is the mean of their conditional log densities, here
// integrated numerically from the energy, with and without a range.
func TestContinuousScore(t *testing.T) {
	ranged := model(t, strings.Replace(gaussianMixed, "kind: continuous,", "kind: continuous, range: [-0.75, 2.5],", 1))
	for i := range ranged.Factors {
		ranged.Factors[i].Runtime = true
	}
	ranged.Format.Range = 4
	for name, m := range map[string]*sampling.Model{"": gaussianModel(t), "range": ranged} {
		task := gaussianTask(t)
		task.Positive.Model, task.Negative.Model = m, m
		task.Visible = []int32{0, 1, 2, 3, 4, 5, 6, 7}
		f := sampling.FloatBits
		task.Data = Examples{2, []int32{f(0.5), f(-0.25), f(1), f(0.1), 1, -1, 1, 2, f(-0.6), f(0.75), f(0), f(2), -1, -1, 1, 0}}
		tr, err := NewTrainer(task)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tr.Score(t.Context(), task.Data, Examples{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := sampling.NewSampler(m, sampling.Options{Chains: 1})
		if err != nil {
			t.Fatal(err)
		}
		want := 0.0
		for e := range 2 {
			row := task.Data.row(e, 8)
			own, err := s.Energy(m.Beta, row)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 8 {
				at := slices.Clone(row)
				weight := func(value int32) float64 {
					at[n] = value
					h, err := s.Energy(m.Beta, at)
					if err != nil {
						t.Fatal(err)
					}
					return math.Exp(own - h)
				}
				z := 0.0
				switch {
				case n >= 7:
					z = weight(0) + weight(1) + weight(2)
				case n >= 4:
					z = weight(-1) + weight(1)
				default:
					lo, hi := -12.0, 12.0
					if name != "" {
						lo, hi = -0.75, 2.5
					}
					const steps = 20000 // Simpson's rule
					h := (hi - lo) / steps
					for i := range steps + 1 {
						c := 2 + 2*float64(i%2)
						if i == 0 || i == steps {
							c = 1
						}
						z += c * h / 3 * weight(f(float32(lo+h*float64(i))))
					}
				}
				want -= math.Log(z) / 2
			}
		}
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: score %v, want %v", name, got, want)
		}
	}
}
