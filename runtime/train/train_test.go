package train

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// model is the program of a model file.
func model(t testing.TB, text string) *sampling.Model {
	t.Helper()
	p, _ := targettest.Parse(text)
	return golang.Model(p)
}

// mixed has every kind of row with runtime weights: one spin, two, three, tables,
// a shared table, spins with a table.
const mixed = `
model: mixed
variables: {s: {kind: spin, shape: [4]}, x: {kind: categorical, states: 3, shape: [2]}}
factors:
  - {name: h, over: [s], index: all, weights: [0.3, -0.2, 0.1, 0.4]}
  - {name: j, over: [s, s], index: [[0, 1], [1, 2], [2, 3]], weights: [0.5, -0.7, 0.25]}
  - {name: t, over: [s, s, s], index: [[0, 2, 3]], weights: [0.6]}
  - {name: a, over: [x], index: all, weights: [0.2, 0, -0.4]}
  - {name: b, over: [x, x], index: [[0, 1]], weights: [[[0.5, 0, 0.1], [-0.3, 0.2, 0], [0, 0, 0.4]]]}
  - {name: c, over: [s, x], index: [[0, 0], [3, 1]], weights: [[0.5, -0.5, 0.1], [0.3, 0.2, -0.6]]}
runtime: true
beta: 0.8
`

func mixedTask(t testing.TB) Task {
	m := model(t, mixed)
	s := sampling.Schedule{Warmup: 20, Samples: 50, StepsPerSample: 2}
	return Task{
		Positive: Phase{m, 40, s}, Negative: Phase{m, 2000, s},
		Visible: []int32{0, 1, 4},
		Data:    Examples{4, []int32{1, 1, 0, -1, 1, 2, -1, -1, 1, 1, -1, 0}},
		Epochs:  1, Optimizer: Optimizer{Rate: 0.1}, Seed: 7,
	}
}

// exactMoments are the means of every row and entry given some nodes, by
// enumeration straight from the definition of the energy.
func exactMoments(m *sampling.Model, held map[int32]int32) [][]float64 {
	out := make([][]float64, len(m.Factors))
	for i, f := range m.Factors {
		out[i] = make([]float64, f.Rows*f.TableSize())
	}
	x, z := make([]int32, m.Nodes), 0.0
	var visit func(n int)
	visit = func(n int) {
		if n == m.Nodes {
			h := 0.0
			type feature struct {
				f, at int
				sign  float64
			}
			var list []feature
			for i, f := range m.Factors {
				k := len(f.Slots)
				for r := range f.Rows {
					at, sign := 0, 1.0
					for j, slot := range f.Slots {
						if v := x[f.Index[r*k+j]]; slot.Kind == sampling.Spin {
							sign *= float64(v)
						} else {
							at = at*slot.States + int(v)
						}
					}
					w := f.Weights[at]
					if !f.Shared {
						w = f.Weights[r*f.TableSize()+at]
					}
					h -= w * sign
					list = append(list, feature{i, r*f.TableSize() + at, sign})
				}
			}
			p := math.Exp(-m.Beta * h)
			z += p
			for _, l := range list {
				out[l.f][l.at] += p * l.sign
			}
			return
		}
		if v, ok := held[int32(n)]; ok {
			x[n] = v
			visit(n + 1)
			return
		}
		for _, v := range m.Vars {
			if v.First <= n && n < v.First+v.Count {
				for k := range v.States {
					if x[n] = int32(k); v.Kind == sampling.Spin {
						x[n] = int32(2*k - 1)
					}
					visit(n + 1)
				}
			}
		}
	}
	visit(0)
	for _, o := range out {
		for i := range o {
			o[i] /= z
		}
	}
	return out
}

// exactGradient is dKL/dW by the exact moments of both phases.
func exactGradient(t *Task) (grad, pos, neg [][]float64) {
	m := t.Positive.Model
	pos = make([][]float64, len(m.Factors))
	for e := range t.Data.Rows {
		held := map[int32]int32{}
		for i, n := range t.Visible {
			held[n] = t.Data.row(e, len(t.Visible))[i]
		}
		for i, n := range t.Given {
			held[n] = t.Condition.row(e, len(t.Given))[i]
		}
		for i, o := range exactMoments(m, held) {
			if pos[i] == nil {
				pos[i] = make([]float64, len(o))
			}
			for k, v := range o {
				pos[i][k] += v / float64(t.Data.Rows)
			}
		}
	}
	given := map[int32]int32{}
	for i, n := range t.Given {
		given[n] = t.Condition.Values[i]
	}
	neg = exactMoments(m, given)
	for i, f := range m.Factors {
		grad = append(grad, make([]float64, len(f.Weights)))
		for k := range pos[i] {
			grad[i][k%len(f.Weights)] -= m.Beta * (pos[i][k] - neg[i][k])
		}
	}
	return grad, pos, neg
}

// A gradient agrees with exact differences of moments, and its standard errors say
// by how much it may be off: of all z, the largest is below 5 (it fails by chance
// once in 10,000 seeds) and the mean square near 1.
func TestGradientAgainstExact(t *testing.T) {
	base := mixedTask(t)
	conditioned := mixedTask(t)
	conditioned.Given, conditioned.Condition = []int32{3}, Examples{4, []int32{1, 1, 1, 1}}
	single := mixedTask(t) // errors from batches of draws
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
		grad, pos, neg := exactGradient(&task)
		n, square := 0, 0.0
		for i, f := range g.Factors {
			for _, x := range []struct{ got, want, se []float64 }{{f.Positive, pos[i], f.PositiveSE}, {f.Negative, neg[i], f.NegativeSE}, {f.Grad, grad[i], f.GradSE}} {
				for k := range x.got {
					d := x.got[k] - x.want[k]
					if x.se[k] == 0 || math.Abs(d) < 1e-12 {
						if math.Abs(d) > 1e-9 {
							t.Errorf("%s %s[%d] = %v without error, want %v", name, f.Name, k, x.got[k], x.want[k])
						}
						continue
					}
					z := d / x.se[k]
					if !(math.Abs(z) < 5) {
						t.Errorf("%s %s[%d] = %v ± %v, want %v", name, f.Name, k, x.got[k], x.se[k], x.want[k])
					}
					if x.se[k] > 0.02 {
						t.Errorf("%s %s[%d] has the error %v: nothing could be seen", name, f.Name, k, x.se[k])
					}
					n++
					square += z * z
				}
			}
		}
		if rms := math.Sqrt(square / float64(n)); rms < 0.5 || rms > 1.6 {
			t.Errorf("%s: the root mean square of %d z is %.2f", name, n, rms)
		}
	}
}

// Standard errors are the spread of gradients that are estimated again and again,
// also of tables that rows share and of contrastive divergence, whose phases hang
// together: mean squares agree within 20 % (of 400 estimates each is good to 4 %).
func TestErrorsAreSpread(t *testing.T) {
	kl := mixedTask(t)
	kl.Positive.Chains, kl.Negative.Chains = 5, 40
	s := sampling.Schedule{Warmup: 10, Samples: 5, StepsPerSample: 1}
	kl.Positive.Schedule, kl.Negative.Schedule = s, s
	cd := kl
	cd.Loss, cd.K, cd.Start = CD, 1, StartData
	for name, task := range map[string]Task{"kl": kl, "cd": cd} {
		tr, err := NewTrainer(task)
		if err != nil {
			t.Fatal(err)
		}
		const times = 400
		var sum, square, claimed [6][12]float64
		for range times {
			g, err := tr.Gradient(t.Context(), []int32{0, 1, 2, 3}, true)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range g.Factors {
				for k, x := range f.Grad {
					sum[i][k] += x
					square[i][k] += x * x
					claimed[i][k] += f.GradSE[k] * f.GradSE[k] / times
				}
			}
		}
		for i, factor := range tr.Names() {
			var spread, errors float64
			for k := range sum[i] {
				mean := sum[i][k] / times
				spread += square[i][k]/times - mean*mean
				errors += claimed[i][k]
			}
			if ratio := errors / spread; !(ratio > 0.8 && ratio < 1.2) {
				t.Errorf("%s, factor %s: the mean square of standard errors is %.2f of the spread", name, factor, ratio)
			}
		}
	}
}

// Fully visible models have exact positive moments.
func TestFullyVisible(t *testing.T) {
	m := model(t, "model: m\nvariables: {s: {kind: spin, shape: [3]}}\nfactors:\n  - {name: h, over: [s], index: all, weights: [0, 0, 0], runtime: true}\n")
	s := sampling.Schedule{Warmup: 5, Samples: 5, StepsPerSample: 1}
	tr, err := NewTrainer(Task{Positive: Phase{m, 1, s}, Negative: Phase{m, 10, s}, Visible: []int32{2, 0, 1}, Data: Examples{2, []int32{1, -1, -1, 1, 1, -1}}, Epochs: 1, Optimizer: Optimizer{Rate: 1}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := tr.Gradient(t.Context(), []int32{0, 1}, true)
	if err != nil {
		t.Fatal(err)
	}
	if f := g.Factors[0]; !slices.Equal(f.Positive, []float64{0, -1, 1}) || !slices.Equal(f.PositiveSE, []float64{0, 0, 0}) {
		t.Errorf("positive moments %v ± %v, want [0 -1 1] exactly", f.Positive, f.PositiveSE)
	}
}

// run trains and gives the weights.
func run(t testing.TB, task Task, steps int) *Trainer {
	t.Helper()
	tr, err := NewTrainer(task)
	if err != nil {
		t.Fatal(err)
	}
	for range steps {
		if _, err := tr.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func small(t testing.TB) Task {
	task := mixedTask(t)
	task.Positive.Chains, task.Negative.Chains = 3, 30
	s := sampling.Schedule{Warmup: 3, Samples: 4, StepsPerSample: 1}
	task.Positive.Schedule, task.Negative.Schedule = s, s
	task.Batch, task.Epochs = 3, 20 // the second step of an epoch has one example
	return task
}

// variants are tasks with every loss, start and optimiser.
func variants(t testing.TB) map[string]Task {
	out := map[string]Task{"kl": small(t)}
	x := small(t)
	x.Start = StartPersistent
	x.Optimizer = Optimizer{Rule: Adam, Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01}
	out["persistent adam"] = x
	x = small(t)
	x.Loss, x.K, x.Start = CD, 2, StartData
	x.Optimizer = Optimizer{Rate: 0.1, RateEnd: 0.001, Geometric: true, Momentum: 0.5}
	out["cd momentum"] = x
	x = small(t)
	x.Loss, x.K, x.Start = CD, 1, StartPersistent
	out["pcd"] = x
	x = small(t)
	x.Given, x.Condition, x.Loss, x.K, x.Start = []int32{3, 5}, Examples{4, []int32{1, 0, -1, 1, 1, 2, -1, 0}}, CD, 1, StartData
	out["conditioned cd"] = x
	return out
}

func weightsOf(tr *Trainer) (all []float64) {
	for _, f := range tr.Names() {
		all = append(all, tr.Weights(f)...)
	}
	return all
}

// Training is the same for any number of threads, stops and goes on bit for bit,
// and every option makes a difference.
func TestStopAndGoOn(t *testing.T) {
	seen := map[string]string{}
	for name, task := range variants(t) {
		whole := weightsOf(run(t, task, 9))
		key := string(strings.Join(strings.Fields(strings.Trim(bytesOf(whole), "[]")), ","))
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s give the same weights", name, other)
		}
		seen[key] = name
		threads := task
		threads.Threads = 2
		if got := weightsOf(run(t, threads, 9)); !slices.Equal(got, whole) {
			t.Errorf("%s: two threads change the weights", name)
		}
		for _, stop := range []int{0, 4, 5} {
			first := run(t, task, stop)
			path := filepath.Join(t.TempDir(), "c")
			if err := first.Save(t.Context(), path, "g"); err != nil {
				t.Fatal(err)
			}
			second, err := NewTrainer(task)
			if err != nil {
				t.Fatal(err)
			}
			if err := second.Load(path); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for range 9 - stop {
				if _, err := second.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := weightsOf(second); !slices.Equal(got, whole) {
				t.Errorf("%s: stopping after step %d changes the weights", name, stop)
			}
		}
	}
}

// endsAfter is a context that ends when it has been asked so often.
type endsAfter struct {
	context.Context
	left int
}

func (e *endsAfter) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// A step that is interrupted anywhere is as if it had not begun: done again, and
// after a checkpoint, it gives the weights of a run without interruption.
func TestInterruptedStep(t *testing.T) {
	for name, task := range variants(t) {
		want := weightsOf(run(t, task, 3))
		tr := run(t, task, 2)
		broken := 0
		for n := 0; ; n++ {
			_, err := tr.Step(&endsAfter{t.Context(), n})
			if err == nil {
				break
			}
			broken++
			b, err := tr.checkpoint("g")
			if err != nil {
				t.Fatal(err)
			}
			again, err := NewTrainer(task)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.restore(b); err != nil {
				t.Fatal(err)
			}
			if _, err := again.Step(t.Context()); err != nil || !slices.Equal(weightsOf(again), want) {
				t.Fatalf("%s: a checkpoint after interruption %d leads elsewhere (%v)", name, n, err)
			}
		}
		if broken < 3 {
			t.Errorf("%s: only %d interruptions", name, broken)
		}
		if !slices.Equal(weightsOf(tr), want) {
			t.Errorf("%s: after %d interruptions the step leads elsewhere", name, broken)
		}
	}
}

func bytesOf(x []float64) string {
	var b strings.Builder
	for _, v := range x {
		b.WriteString(" ")
		b.WriteString(hexOf(v))
	}
	return b.String()
}

func hexOf(v float64) string {
	const digits = "0123456789abcdef"
	u, out := math.Float64bits(v), make([]byte, 16)
	for i := range out {
		out[i] = digits[u>>(60-4*i)&15]
	}
	return string(out)
}

// A checkpoint that is cut short, changed in any byte or of another run is
// refused, and the trainer goes on as it was.
func TestCheckpointRefused(t *testing.T) {
	task := variants(t)["persistent adam"]
	tr := run(t, task, 3)
	b, err := tr.checkpoint("g")
	if err != nil {
		t.Fatal(err)
	}
	before := weightsOf(tr)
	refuse := func(what string, b []byte) {
		t.Helper()
		if err := tr.restore(b); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	for n := 0; n < len(b); n += 1 + len(b)/400 {
		refuse("a part", b[:n])
	}
	for i := 0; i < len(b); i += 1 + len(b)/400 {
		x := bytes.Clone(b)
		x[i] ^= 1 << (i % 8)
		refuse("a changed bit", x)
	}
	refuse("an addition", append(bytes.Clone(b), 0))
	for name, change := range map[string]func(*Task){
		"another seed":   func(t *Task) { t.Seed++ },
		"other data":     func(t *Task) { t.Data.Values = append([]int32{-1}, t.Data.Values[1:]...) },
		"other chains":   func(t *Task) { t.Negative.Chains++ },
		"another rate":   func(t *Task) { t.Optimizer.Rate *= 2 },
		"other schedule": func(t *Task) { t.Positive.Schedule.Warmup++ },
	} {
		other := task
		change(&other)
		o, err := NewTrainer(other)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.restore(b); err == nil {
			t.Errorf("a checkpoint of a run with %s is accepted", name)
		}
	}
	if !slices.Equal(weightsOf(tr), before) {
		t.Error("a refused checkpoint changed the weights")
	}
	want := weightsOf(run(t, task, 4))
	if _, err := tr.Step(t.Context()); err != nil || !slices.Equal(weightsOf(tr), want) {
		t.Errorf("after refused checkpoints the next step differs (%v)", err)
	}
	longer := task
	longer.Epochs++
	o, err := NewTrainer(longer)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.restore(b); err != nil {
		t.Errorf("more epochs: %v", err)
	}
	if err := o.Load(t.TempDir()); err == nil {
		t.Error("a folder is a checkpoint")
	}
	if err := o.Load(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}

// Training brings the model's moments to those of the data: after 400 steps on an
// example of three visible spins all errors are below 0.1, where they began at 0.6.
func TestTrainingFits(t *testing.T) {
	m := model(t, `
model: m
variables: {s: {kind: spin, shape: [3]}}
factors:
  - {name: h, over: [s], index: all, weights: [0, 0, 0]}
  - {name: j, over: [s, s], index: pairs, weights: [0, 0, 0]}
runtime: true
`)
	data := Examples{8, []int32{1, 1, 1, 1, 1, -1, 1, 1, 1, -1, -1, 1, -1, -1, -1, 1, 1, 1, 1, -1, 1, -1, 1, -1}}
	s := sampling.Schedule{Warmup: 0, Samples: 4, StepsPerSample: 1}
	for name, task := range map[string]Task{
		"kl": {Start: StartPersistent}, "cd": {Loss: CD, K: 3, Start: StartData},
		"adam": {Start: StartPersistent, Optimizer: Optimizer{Rule: Adam, Rate: 0.02, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}},
	} {
		task.Positive, task.Negative = Phase{m, 8, s}, Phase{m, 256, s}
		task.Visible, task.Data, task.Epochs = []int32{0, 1, 2}, data, 400
		if task.Optimizer.Rate == 0 {
			task.Optimizer = Optimizer{Rate: 0.2}
		}
		tr := run(t, task, 400)
		fitted := *m
		fitted.Factors = slices.Clone(m.Factors)
		for i := range fitted.Factors {
			fitted.Factors[i].Weights = tr.Weights(m.Factors[i].Name)
		}
		task.Positive.Model = &fitted
		_, pos, neg := exactGradient(&task)
		for i := range pos {
			for k := range pos[i] {
				if d := pos[i][k] - neg[i][k]; math.Abs(d) > 0.1 {
					t.Errorf("%s: moment %d of %s is %.3f in the model, %.3f in the data", name, k, m.Factors[i].Name, neg[i][k], pos[i][k])
				}
			}
		}
	}
}

// Weights that would leave the declared range stop the run with the remedy, and
// are kept as they were.
func TestRangeStops(t *testing.T) {
	task := small(t)
	task.Optimizer.Rate = 1e6
	tr, err := NewTrainer(task)
	if err != nil {
		t.Fatal(err)
	}
	before := weightsOf(tr)
	if _, err := tr.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "format.range") || !strings.Contains(err.Error(), "step 1") {
		t.Errorf("a step of 1e6 ends with %v", err)
	}
	if !slices.Equal(weightsOf(tr), before) {
		t.Error("the weights moved all the same")
	}
	if err := tr.SetWeights("h", []float64{math.NaN(), 0, 0, 0}); err == nil {
		t.Error("NaN is a weight")
	}
}

func TestTaskRefused(t *testing.T) {
	for name, change := range map[string]func(*Task){
		"visible":     func(t *Task) { t.Visible = nil },
		"twice":       func(t *Task) { t.Visible = []int32{0, 1, 0} },
		"outside":     func(t *Task) { t.Visible = []int32{0, 1, 99} },
		"no data":     func(t *Task) { t.Data = Examples{} },
		"width":       func(t *Task) { t.Data.Rows = 5 },
		"value":       func(t *Task) { t.Data.Values = append([]int32{0}, t.Data.Values[1:]...) },
		"category":    func(t *Task) { t.Data.Values = append([]int32{1, 1, 3}, t.Data.Values[3:]...) },
		"batch":       func(t *Task) { t.Batch = 5 },
		"chains":      func(t *Task) { t.Positive.Chains = 0 },
		"schedule":    func(t *Task) { t.Negative.Schedule.Samples = 0 },
		"k":           func(t *Task) { t.Loss = CD },
		"start":       func(t *Task) { t.Start = StartData },
		"rate":        func(t *Task) { t.Optimizer.Rate = math.NaN() },
		"conditions":  func(t *Task) { t.Given = []int32{3} },
		"given twice": func(t *Task) { t.Given, t.Condition = []int32{0}, Examples{4, []int32{1, 1, 1, 1}} },
		"multiple": func(t *Task) {
			t.Given, t.Condition = []int32{3}, Examples{4, []int32{1, -1, 1, 1}}
			t.Negative.Chains = 7
		},
		"held out": func(t *Task) { t.HeldOut = Examples{1, []int32{1}} },
		"model":    func(t *Task) { t.Negative.Model = nil },
	} {
		task := mixedTask(t)
		change(&task)
		if _, err := NewTrainer(task); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	task := mixedTask(t)
	m := *task.Positive.Model
	m.Factors = slices.Clone(m.Factors)
	for i := range m.Factors {
		m.Factors[i].Runtime = false
	}
	task.Positive.Model, task.Negative.Model = &m, &m
	if _, err := NewTrainer(task); err == nil || !strings.Contains(err.Error(), "runtime") {
		t.Errorf("a model of baked weights: %v", err)
	}
}

// The score of examples is the mean of exact conditionals, here of a model with
// all nodes visible.
func TestScore(t *testing.T) {
	task := mixedTask(t)
	task.Visible = []int32{0, 1, 2, 3, 4, 5}
	task.Data = Examples{2, []int32{1, -1, 1, 1, 0, 2, -1, -1, 1, -1, 2, 1}}
	tr, err := NewTrainer(task)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tr.Score(t.Context(), task.Data, Examples{})
	if err != nil {
		t.Fatal(err)
	}
	want, m := 0.0, task.Positive.Model
	for e := range 2 {
		row := task.Data.row(e, 6)
		for n := range int32(6) {
			held := map[int32]int32{}
			for k, v := range row {
				if int32(k) != n {
					held[int32(k)] = v
				}
			}
			mom := exactMoments(m, held)
			if n < 4 {
				want += math.Log((1+float64(row[n])*mom[0][n])/2) / 2
			} else {
				want += math.Log(mom[3][(int(n)-4)*3+int(row[n])]) / 2
			}
		}
	}
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("score %v, want %v", got, want)
	}
}

func TestRates(t *testing.T) {
	for _, c := range []struct {
		o    Optimizer
		step int
		want float64
	}{
		{Optimizer{Rate: 0.5}, 7, 0.5}, {Optimizer{Rate: 1, RateEnd: 3}, 5, 2}, {Optimizer{Rate: 1, RateEnd: 3}, 0, 1}, {Optimizer{Rate: 1, RateEnd: 3}, 10, 3},
		{Optimizer{Rate: 1, RateEnd: 0.01, Geometric: true}, 5, 0.1}, {Optimizer{Rate: 1, RateEnd: 0.01, Geometric: true}, 10, 0.01}, {Optimizer{Rate: 2, RateEnd: 8, Geometric: true}, 3, 2 * math.Pow(4, 0.3)},
	} {
		if got := c.o.rate(c.step, 11); math.Abs(got-c.want) > 1e-10*c.want {
			t.Errorf("%+v in step %d: %v, want %v", c.o, c.step, got, c.want)
		}
	}
}

// Every epoch sees every example once, in another order.
func TestShuffle(t *testing.T) {
	a, b := shuffled(50, 3, 0), shuffled(50, 3, 1)
	if slices.Equal(a, b) || slices.Equal(a, shuffled(50, 4, 0)) || !slices.Equal(a, shuffled(50, 3, 0)) {
		t.Error("orders do not follow seed and epoch")
	}
	slices.Sort(a)
	for i, v := range a {
		if int(v) != i {
			t.Fatal("not a permutation")
		}
	}
}

// BenchmarkPegasus14 is one step of a batch of 50 on 500 visible nodes of
// Pegasus-14, and the change of its 34,668 weights alone.
func BenchmarkPegasus14(b *testing.B) {
	m := model(b, `
model: p14
graphs: {g: {pegasus: 14}}
variables: {s: {kind: spin, on: g}}
factors:
  - {name: bias, over: [s], index: all, weights: {normal: [0, 1], seed: 1}}
  - {name: coupling, over: [s, s], edges: g, weights: {normal: [0, 1], seed: 2}}
runtime: true
format: {range: 8}
`)
	s := sampling.Schedule{Warmup: 5, Samples: 100, StepsPerSample: 5}
	task := Task{Positive: Phase{m, 1, s}, Negative: Phase{m, 50, s}, Data: Examples{Rows: 50}, Epochs: 1, Optimizer: Optimizer{Rate: 0.01}}
	for i := range int32(500) {
		task.Visible = append(task.Visible, 8*i)
	}
	for i := range 500 * 50 {
		task.Data.Values = append(task.Data.Values, int32(i*i%7%2*2-1))
	}
	tr, err := NewTrainer(task)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("step", func(b *testing.B) {
		for range b.N {
			if _, err := tr.Step(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("weights", func(b *testing.B) {
		x, err := tr.sampler(useNegative, m, 50)
		if err != nil {
			b.Fatal(err)
		}
		for i := range b.N {
			for _, f := range tr.factors {
				tr.weights[f][i%len(tr.weights[f])] += 0.001
			}
			if err := tr.hold(useNegative, x, m, clampedRows{}, 50, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
