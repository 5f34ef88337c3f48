package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

var schedule = sampling.Schedule{Warmup: 3, Samples: 9, StepsPerSample: 2}

// Every array of a result holds what the sampler shows value by value.
func TestResultHoldsWhatTheSamplerShows(t *testing.T) {
	for _, m := range []*sampling.Model{chain5(), mixed(), wide(), realMix()} {
		for _, chains := range []int{1, 64, 70} {
			w := watch(t, newSampler(t, m, chains), schedule)
			file := result(t, newSampler(t, m, chains), schedule, false, everything(t.TempDir()))
			draws := schedule.Samples
			for _, v := range m.Vars {
				a := array(t, file, v.Name)
				if want := append([]int{chains, draws}, v.Shape...); !slices.Equal(a.Shape, want) {
					t.Fatalf("%s has shape %v, want %v", v.Name, a.Shape, want)
				}
				x, final, best := ints(t, a), ints(t, array(t, file, "final/"+v.Name)), ints(t, array(t, file, "best/"+v.Name))
				for c := range chains {
					for n := range v.Count {
						for d := range draws {
							if got, want := x[(c*draws+d)*v.Count+n], int64(w.states[d][c][v.First+n]); got != want {
								t.Fatalf("%s: chain %d draw %d node %d is %d, want %d", v.Name, c, d, n, got, want)
							}
						}
						if got, want := final[c*v.Count+n], int64(w.states[draws-1][c][v.First+n]); got != want {
							t.Fatalf("final %s: chain %d node %d is %d, want %d", v.Name, c, n, got, want)
						}
						if got, want := best[c*v.Count+n], int64(w.sweeps[w.lowest(c)][c][v.First+n]); got != want {
							t.Fatalf("best %s: chain %d node %d is %d, want %d", v.Name, c, n, got, want)
						}
					}
				}
			}
			energy := floats(t, array(t, file, "energy"))
			best, sweep := floats(t, array(t, file, "best/energy")), ints(t, array(t, file, "best/sweep"))
			for c := range chains {
				for d := range draws {
					if got, want := energy[c*draws+d], w.energy[d][c]; got != want {
						t.Fatalf("energy of chain %d draw %d is %v, want %v", c, d, got, want)
					}
				}
				if i := w.lowest(c); best[c] != m.Beta*w.sweepsH[i][c] || sweep[c] != int64(i) {
					t.Fatalf("best of chain %d is %v after %d sweeps, want %v after %d", c, best[c], sweep[c], m.Beta*w.sweepsH[i][c], i)
				}
			}
		}
	}
}

// lowest is the sweep with the lowest energy of a chain, the first of equals.
func (w *witness) lowest(chain int) int {
	best := 0
	for i, h := range w.sweepsH {
		if h[chain] < w.sweepsH[best][chain] {
			best = i
		}
	}
	return best
}

func TestElementTypes(t *testing.T) {
	file := result(t, newSampler(t, mixed(), 2), schedule, false, everything(t.TempDir()))
	for name, want := range map[string]string{"s": "|i1", "a": "|u1", "b": "<u2", "final/b": "<u2", "energy": "<f8", "best/energy": "<f8", "meta": "|u1"} {
		if got := array(t, file, name).DType; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	file = result(t, newSampler(t, realMix(), 2), schedule, false, everything(t.TempDir()))
	for name, shape := range map[string][]int{"x": {2, 9, 2, 2}, "y": {2, 9}, "final/x": {2, 2, 2}, "best/y": {2}} {
		if a := array(t, file, name); a.DType != "<f4" || !slices.Equal(a.Shape, shape) {
			t.Errorf("%s is %s%v, want <f4%v", name, a.DType, a.Shape, shape)
		}
	}
}

// Magnetisation, shares and moments are means of the states.
func TestObservablesAreMeansOfStates(t *testing.T) {
	m, chains, draws := mixed(), 70, schedule.Samples
	w := watch(t, newSampler(t, m, chains), schedule)
	file := result(t, newSampler(t, m, chains), schedule, false, everything(t.TempDir()))
	magnet, share := floats(t, array(t, file, "magnetisation/s")), floats(t, array(t, file, "share/a"))
	mean := floats(t, array(t, file, "mean/b"))
	for c := range chains {
		for d := range draws {
			x := w.states[d][c]
			if got, want := magnet[c*draws+d], float64(x[0]+x[1]+x[2])/3; got != want {
				t.Fatalf("magnetisation is %v, want %v", got, want)
			}
			for k := range 3 {
				count := 0
				for _, v := range x[3:7] {
					if int(v) == k {
						count++
					}
				}
				if got := share[(c*draws+d)*3+k]; got != float64(count)/4 {
					t.Fatalf("share of %d is %v, want %d/4", k, got, count)
				}
			}
			if got := mean[c*draws+d]; got != float64(x[7]) {
				t.Fatalf("mean of b is %v, want %v", got, x[7])
			}
		}
	}

	over := func(f func(x []int32) float64) float64 {
		sum := 0.0
		for _, draw := range w.states {
			for _, x := range draw {
				sum += f(x)
			}
		}
		return sum / float64(chains*draws)
	}
	is := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	s, a := floats(t, array(t, file, "moments/node/s")), floats(t, array(t, file, "moments/node/a"))
	for n := range 3 {
		near("mean spin", s[n], over(func(x []int32) float64 { return float64(x[n]) }))
	}
	for n := range 4 {
		for k := range 3 {
			near("share of a node", a[3*n+k], over(func(x []int32) float64 { return is(int(x[3+n]) == k) }))
		}
	}
	near("mean of b", floats(t, array(t, file, "moments/node/b"))[0], over(func(x []int32) float64 { return float64(x[7]) }))
	sa, aa := floats(t, array(t, file, "moments/factor/sa")), floats(t, array(t, file, "moments/factor/aa"))
	for row := range 2 {
		for k := range 3 {
			near("spin times indicator", sa[3*row+k], over(func(x []int32) float64 { return float64(x[row]) * is(int(x[3+row]) == k) }))
		}
	}
	for k := range 9 {
		near("pair of categories", aa[k], over(func(x []int32) float64 { return is(int(x[5]) == k/3 && int(x[6]) == k%3) }))
	}
	var meta observe.Meta
	if err := json.Unmarshal(array(t, file, "meta").Data.([]uint8), &meta); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(meta.Skipped, []string{"b"}) {
		t.Errorf("moments skipped are %q, want the table of 300 entries", meta.Skipped)
	}
	near("clamped spin's error", floats(t, array(t, file, "moments/node_se/s"))[2], 0)
}

// Means of products of spins, with their standard errors, agree with enumeration.
// 70 chains of 2000 draws: an error of 5 standard errors passes by chance less
// than once in 10^5 runs with 9 figures; the seed is fixed. The standard errors are
// about 0.003, so that 0.02 would be found.
func TestMomentsAgreeWithEnumeration(t *testing.T) {
	m := chain5()
	file := result(t, newSampler(t, m, 70), sampling.Schedule{Warmup: 50, Samples: 2000, StepsPerSample: 1}, false, observe.Plan{Moments: true})
	z, sums := 0.0, make([]float64, 9)
	for bits := range 32 {
		x := make([]float64, 5)
		h := 0.0
		for i := range x {
			x[i] = float64(bits>>i&1*2 - 1)
			h -= 0.1 * x[i]
			if i > 0 {
				h -= 0.5 * x[i-1] * x[i]
			}
		}
		p := math.Exp(-h)
		z += p
		for i := range 5 {
			sums[i] += p * x[i]
			if i < 4 {
				sums[5+i] += p * x[i] * x[i+1]
			}
		}
	}
	mean := append(floats(t, array(t, file, "moments/node/s")), floats(t, array(t, file, "moments/factor/f1"))...)
	se := append(floats(t, array(t, file, "moments/node_se/s")), floats(t, array(t, file, "moments/factor_se/f1"))...)
	for i := range mean {
		want := sums[i] / z
		if !(se[i] > 0.0005 && se[i] < 0.01) {
			t.Errorf("standard error of moment %d is %v", i, se[i])
		}
		if !(math.Abs(mean[i]-want) < 5*se[i]) {
			t.Errorf("moment %d is %v ± %v, want %v", i, mean[i], se[i], want)
		}
	}
	bias := floats(t, array(t, file, "moments/factor/bias"))
	if !slices.Equal(bias, mean[:5]) {
		t.Errorf("rows of one spin have means %v, the spins %v", bias, mean[:5])
	}
}

// However little memory is allowed, the file is the same, and no temporary file is
// left.
func TestStatesBeyondTheBudget(t *testing.T) {
	for _, m := range []*sampling.Model{wide(), mixed(), realMix()} {
		var files [][]byte
		dir := t.TempDir()
		for _, memory := range []int{1, 100, 1000, 5000, 1 << 20} {
			p := everything(dir)
			p.StateMemory = memory
			s := newSampler(t, m, 70)
			c := newCollector(t, s, sampling.Schedule{Samples: 40, StepsPerSample: 1}, p)
			if err := c.Run(context.Background(), s, false); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := c.WriteResult(&b); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			files = append(files, b.Bytes())
		}
		for i := range files {
			if !bytes.Equal(files[i], files[0]) {
				t.Errorf("result %d differs", i)
			}
		}
		wantEmpty(t, dir)
	}
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		t.Errorf("left behind: %s", f.Name())
	}
}

func TestChosenNodes(t *testing.T) {
	m := mixed()
	w := watch(t, newSampler(t, m, 70), schedule)
	file := result(t, newSampler(t, m, 70), schedule, false, observe.Plan{States: true, StateNodes: []int32{6, 1, 4}})
	a, s := array(t, file, "a"), array(t, file, "s")
	if !slices.Equal(a.Shape, []int{70, 9, 2}) || !slices.Equal(ints(t, array(t, file, "a/nodes")), []int64{3, 1}) {
		t.Errorf("a has shape %v, nodes %v", a.Shape, ints(t, array(t, file, "a/nodes")))
	}
	x, y := ints(t, a), ints(t, s)
	for c := range 70 {
		for d := range 9 {
			state := w.states[d][c]
			if x[(c*9+d)*2] != int64(state[6]) || x[(c*9+d)*2+1] != int64(state[4]) || y[c*9+d] != int64(state[1]) {
				t.Fatalf("chain %d draw %d is not that of the sampler", c, d)
			}
		}
	}
	z, _ := npy.OpenNPZ(file)
	for _, name := range z.Names() {
		if name == "b" || name == "energy" {
			t.Errorf("%s was not asked for", name)
		}
	}
	if _, err := observe.NewCollector(newSampler(t, m, 1), schedule, observe.Plan{States: true, StateNodes: []int32{8}}); err == nil {
		t.Error("node 8 of 8 was accepted")
	}
}

// A collector fed by another engine's slices gives the same file.
func TestOtherEngine(t *testing.T) {
	for _, m := range []*sampling.Model{mixed(), realMix()} {
		testOtherEngine(t, m)
	}
}

func testOtherEngine(t *testing.T, m *sampling.Model) {
	s := newSampler(t, m, 70)
	want := result(t, newSampler(t, m, 70), schedule, false, everything(t.TempDir()))
	v := observe.NewChainStates(m, 42, statesOf(s))
	c := newCollector(t, v, schedule, everything(t.TempDir()))
	err := c.Drive(false, func() error {
		show := func() { v.States, v.Sweep = statesOf(s), s.SweepNumber() }
		if err := c.ObserveSweep(); err != nil {
			return err
		}
		steps := schedule.Warmup
		for range schedule.Samples {
			for range steps {
				s.Sweep()
				show()
				if err := c.ObserveSweep(); err != nil {
					return err
				}
			}
			steps = schedule.StepsPerSample
			if err := c.Observe(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.WriteResult(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Error("the results differ")
	}
}

// 4 draws, a state file, 5 draws: the same as 9 draws.
func TestResume(t *testing.T) {
	for _, m := range []*sampling.Model{chain5(), mixed(), realMix()} {
		path := filepath.Join(t.TempDir(), "state.npz")
		plan := observe.Plan{States: true, Energy: true}
		whole := result(t, newSampler(t, m, 70), schedule, false, plan)
		short := schedule
		short.Samples = 4
		s := newSampler(t, m, 70)
		c := newCollector(t, s, short, plan)
		if err := c.Run(context.Background(), s, false); err != nil {
			t.Fatal(err)
		}
		var first bytes.Buffer
		if err := c.WriteResult(&first); err != nil {
			t.Fatal(err)
		}
		if err := c.SaveState(context.Background(), path); err != nil {
			t.Fatal(err)
		}
		saved, err := observe.LoadState(path)
		if err != nil {
			t.Fatal(err)
		}
		again := newSampler(t, m, 70)
		if err := saved.Restore(again); err != nil {
			t.Fatal(err)
		}
		short.Samples = 5
		second := result(t, again, short, true, plan)
		for _, name := range []string{"s", "energy"} {
			want, a, b := array(t, whole, name), array(t, first.Bytes(), name), array(t, second, name)
			size := want.Len() / 70 / 9
			x, y, z := floats(t, want), floats(t, a), floats(t, b)
			for c := range 70 {
				got := append(append([]float64(nil), y[c*4*size:(c+1)*4*size]...), z[c*5*size:(c+1)*5*size]...)
				if !slices.Equal(got, x[c*9*size:(c+1)*9*size]) {
					t.Fatalf("%s of chain %d: 4 and 5 draws are not 9", name, c)
				}
			}
		}
		for _, v := range m.Vars {
			if !reflect.DeepEqual(array(t, whole, "final/"+v.Name), array(t, second, "final/"+v.Name)) {
				t.Errorf("the final states of %s differ", v.Name)
			}
		}
	}
}

// stopAt cancels a run at a draw.
type stopAt struct {
	draw   int
	cancel func()
}

func (s stopAt) Observe(f *observe.Frame) error {
	if f.Draw() == s.draw {
		s.cancel()
	}
	return nil
}

func TestInterruptedRunLeavesNoFile(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir := t.TempDir()
	s := newSampler(t, chain5(), 70)
	plan := everything(dir)
	plan.StateMemory = 1
	plan.Extra = []observe.Watcher{stopAt{5, cancel}}
	c := newCollector(t, s, schedule, plan)
	if err := c.Run(ctx, s, false); !errors.Is(err, context.Canceled) {
		t.Fatalf("Run returned %v", err)
	}
	out := filepath.Join(dir, "out.npz")
	if err := c.WriteResultFile(context.Background(), out); !errors.Is(err, context.Canceled) {
		t.Errorf("WriteResultFile returned %v", err)
	}
	if err := c.SaveState(context.Background(), out); !errors.Is(err, context.Canceled) {
		t.Errorf("SaveState returned %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	wantEmpty(t, dir)
	var text strings.Builder
	r := c.Report()
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if !r.Interrupted || r.Draws != 6 || !strings.Contains(text.String(), "Interrupted after 6 of 9 draws.") {
		t.Errorf("the summary after the interruption is\n%s", text.String())
	}
}

// A file that cannot be finished leaves the one before as it was.
func TestWholeFileOrNone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npz")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSampler(t, chain5(), 4)
	c := newCollector(t, s, schedule, everything(dir))
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.WriteResultFile(done, path); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "before" {
		t.Errorf("the file is now %q", b)
	}
	if err := c.WriteResultFile(context.Background(), filepath.Join(dir, "none", "out.npz")); err == nil {
		t.Error("a missing folder is no error")
	}
	if err := c.WriteResultFile(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	array(t, b, "energy")
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files, want the result alone", len(left))
	}
}

func TestNameOfAnotherArray(t *testing.T) {
	m := chain5()
	m.Vars[0].Name = "energy"
	if _, err := observe.NewCollector(newSampler(t, m, 1), schedule, observe.Plan{States: true}); err == nil {
		t.Error("a variable named energy was accepted")
	}
}

// What is kept of a run does not grow with its draws, but for 8 bytes for the
// energy and 4 for the magnetisation of each chain and draw.
func TestMemoryIsFlatInDraws(t *testing.T) {
	kept := func(draws int) float64 {
		s := newSampler(t, chain5(), 256)
		plan := everything(t.TempDir())
		plan.StateMemory = 1 << 12
		c := newCollector(t, s, sampling.Schedule{Samples: draws, StepsPerSample: 1}, plan)
		before := heap()
		if err := c.Run(context.Background(), s, false); err != nil {
			t.Fatal(err)
		}
		after := heap()
		runtime.KeepAlive(c)
		return after - before
	}
	kept(100)
	few, many := kept(1000), kept(5000)
	// Appending may leave a quarter of a slice unused.
	if most := 4000*256*(8+4)*1.3 + 1<<18; many-few > most {
		t.Errorf("4000 more draws take %.0f bytes, want at most %.0f", many-few, most)
	}
}

func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
