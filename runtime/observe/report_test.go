package observe_test

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

func reportOf(t testing.TB, m *sampling.Model, chains int, sch sampling.Schedule, p observe.Plan) (*observe.Report, *observe.Collector) {
	t.Helper()
	s := newSampler(t, m, chains)
	c := newCollector(t, s, sch, p)
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	return c.Report(), c
}

// The rows and the worst node are those of the draws themselves.
func TestReportAgreesWithDraws(t *testing.T) {
	const chains, draws = 6, 63 // a batch is one draw
	m, sch := mixed(), sampling.Schedule{Warmup: 5, Samples: draws, StepsPerSample: 1}
	w := watch(t, newSampler(t, m, chains), sch)
	r, _ := reportOf(t, m, chains, sch, observe.Plan{})
	series := func(f func(draw, chain int) float64) [][]float64 {
		x := make([][]float64, chains)
		for c := range x {
			for d := range draws {
				x[c] = append(x[c], f(d, c))
			}
		}
		return x
	}
	want := []stats.Row{stats.Summary("energy", series(func(d, c int) float64 { return w.energy[d][c] })),
		stats.Summary("magnetisation/s", series(func(d, c int) float64 {
			x := w.states[d][c]
			return float64(x[0]+x[1]+x[2]) / 3
		}))}
	for k := range int32(3) {
		want = append(want, stats.Summary([]string{"share/a=0", "share/a=1", "share/a=2"}[k], series(func(d, c int) float64 {
			n := 0.0
			for _, v := range w.states[d][c][3:7] {
				if v == k {
					n++
				}
			}
			return n / 4
		})))
	}
	want = append(want, stats.Summary("mean/b", series(func(d, c int) float64 { return float64(w.states[d][c][7]) })))
	if len(r.Rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(r.Rows), len(want))
	}
	for i, row := range r.Rows {
		if row != want[i] {
			t.Errorf("row %d is\n%+v, want\n%+v", i, row, want[i])
		}
	}

	worst := stats.Value{}
	at := ""
	consider := func(name string, x [][]float64) {
		if v := stats.RHatSplit(x); v.OK() && v.V > worst.V {
			worst, at = v, name
		}
	}
	for n := range 2 {
		consider(m.NodeName(n), series(func(d, c int) float64 { return float64(w.states[d][c][n]) }))
	}
	for n := 3; n < 7; n++ {
		for k := range int32(3) {
			consider(m.NodeName(n)+"="+string(rune('0'+k)), series(func(d, c int) float64 {
				if w.states[d][c][n] == k {
					return 1
				}
				return 0
			}))
		}
	}
	consider("b", series(func(d, c int) float64 { return float64(w.states[d][c][7]) }))
	if r.Worst.RHatAt != at || math.Abs(r.Worst.RHat.V-worst.V) > 1e-9 {
		t.Errorf("worst R-hat is %v at %s, want %v at %s", r.Worst.RHat, r.Worst.RHatAt, worst, at)
	}
	if r.Worst.Still != 0 || r.Worst.Chains != chains {
		t.Errorf("worst nodes: %+v", r.Worst)
	}
}

func TestNodeRows(t *testing.T) {
	m, sch := chain5(), sampling.Schedule{Warmup: 5, Samples: 62, StepsPerSample: 1}
	w := watch(t, newSampler(t, m, 4), sch)
	_, c := reportOf(t, m, 4, sch, observe.Plan{})
	rows, err := c.Nodes().NodeRows()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 5 {
		t.Fatalf("%d rows, want 5", len(rows))
	}
	for n, row := range rows {
		x := make([][]float64, 4)
		for c := range x {
			for d := range w.states {
				x[c] = append(x[c], float64(w.states[d][c][n]))
			}
		}
		for _, v := range [][2]stats.Value{{row.Mean, stats.Mean(x)}, {row.SD, stats.SD(x)}, {row.MCSE, stats.MCSEMean(x)}, {row.RHat, stats.RHatSplit(x)}} {
			if math.Abs(v[0].V-v[1].V) > 1e-9 {
				t.Errorf("%s: %v, want %v", row.Name, v[0], v[1])
			}
		}
	}
}

// stuck is a model of two spins that never part: chains stay where they start.
func stuck() *sampling.Model {
	m := chain5()
	m.Factors[0].Weights = []float64{0}
	m.Factors[1].Weights = []float64{40}
	m.Format.Fraction = 8
	return m
}

func TestVerdict(t *testing.T) {
	long := sampling.Schedule{Warmup: 100, Samples: 1000, StepsPerSample: 1}
	for _, c := range []struct {
		what   string
		m      *sampling.Model
		chains int
		sch    sampling.Schedule
		want   string
	}{
		{"long", chain5(), 8, long, "Converged: R-hat at most 1.00"},
		{"one draw", chain5(), 8, sampling.Schedule{Warmup: 100, Samples: 1, StepsPerSample: 1}, "One draw a chain: no convergence figures."},
		{"three draws", chain5(), 8, sampling.Schedule{Samples: 3, StepsPerSample: 1}, "3 draws a chain: too few"},
		{"one chain", chain5(), 1, long, "One chain, with nothing to compare it with"},
		{"short", chain5(), 2, sampling.Schedule{Warmup: 100, Samples: 150, StepsPerSample: 10}, "Too few draws to tell: R-hat 1.0"},
		{"few", chain5(), 8, sampling.Schedule{Warmup: 100, Samples: 30, StepsPerSample: 10}, "effective draws of "},
		{"stuck", stuck(), 8, long, "Not converged: at "},
	} {
		r, _ := reportOf(t, c.m, c.chains, c.sch, observe.Plan{})
		if got := r.Verdict(); !strings.Contains(got, c.want) {
			t.Errorf("%s: the verdict is %q, want %q in it", c.what, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	r, _ := reportOf(t, mixed(), 4, sampling.Schedule{Warmup: 100, Samples: 400, StepsPerSample: 1}, observe.Plan{Best: true, Target: "table"})
	warned := stats.Summary("warned", [][]float64{{1, 1, 1, 1}, {1, 1, 1, 1}})
	warned.Warn = "1 of 2 chains never move"
	r.Rows = append(r.Rows, warned)
	cut := 17.0
	r.BestCut = &cut
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	t.Log("\n" + text)
	lines := strings.Split(text, "\n")
	width := 0
	for _, l := range lines[2:10] {
		if n := utf8.RuneCountInString(l); width == 0 {
			width = n
		} else if n > width {
			t.Errorf("line %q is longer than the heading", l)
		}
	}
	for _, want := range []string{"mixed on table, 4 chains × 400 draws", "share/a=2", "NA [2]", "[2] constant", "[1] 1 of 2 chains never move", "warned [1]",
		"nodes   R-hat at most 1.", "best    energy ", "cut 17", "flips/ns", "\nConverged: ", "magnetisation/s"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
}

func TestJSON(t *testing.T) {
	r, _ := reportOf(t, chain5(), 4, sampling.Schedule{Samples: 1, StepsPerSample: 1}, observe.Plan{})
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"model", "hash", "target", "seed", "chains", "draws", "sweeps", "flips", "seconds", "flips_per_ns", "max_probability_error", "summary", "best"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no key %s in %s", key, b)
		}
	}
	if _, ok := got["best_cut"]; ok {
		t.Error("best_cut without a cut")
	}
	row := got["summary"].([]any)[0].(map[string]any)
	if row["name"] != "energy" || row["r_hat"] != nil || row["mean"] == nil || got["best"] != nil {
		t.Errorf("the JSON is %s", b)
	}
	for _, key := range []string{"sd", "mcse", "q5", "q50", "q95", "ess_bulk", "ess_tail", "r_hat"} {
		if _, ok := row[key]; !ok {
			t.Errorf("no key %s in the row", key)
		}
	}
	r, _ = reportOf(t, chain5(), 4, sampling.Schedule{Warmup: 10, Samples: 20, StepsPerSample: 2}, observe.Plan{Best: true})
	if r.Sweeps != 48 || r.Flips != 48*5*4 || r.Best == nil || r.MaxProbabilityError != 1.0/4096 {
		t.Errorf("the report is %+v", r)
	}
}

// All nodes of a variable clamped, by chain: neither stuck chains nor a row.
func TestClampedNodesAreNotJudged(t *testing.T) {
	m := chain5()
	m.Vars = append(m.Vars, sampling.Var{Name: "data", Kind: sampling.Spin, Shape: []int{1}, First: 5, Count: 1})
	m.Nodes = 6
	m.Clamps = []sampling.Clamp{{Nodes: []int32{5}, Chains: 2, Values: []int32{1, -1}}}
	r, c := reportOf(t, m, 2, sampling.Schedule{Warmup: 50, Samples: 2000, StepsPerSample: 1}, observe.Plan{})
	if len(r.Rows) != 2 || !strings.HasPrefix(r.Verdict(), "Converged") || r.Worst.Still != 0 {
		t.Errorf("%d rows, %q, %+v", len(r.Rows), r.Verdict(), r.Worst)
	}
	if got, err := c.Nodes().Node(5, 0); err != nil || got.RHat.NA != "clamped" {
		t.Errorf("the clamped node has %+v, %v", got, err)
	}
}

func TestScalar(t *testing.T) {
	m := chain5()
	w := watch(t, newSampler(t, m, 3), schedule)
	first := &observe.Scalar{Name: "first", Value: func(f *observe.Frame, dst []float64) error {
		for c := range dst {
			dst[c] = float64(f.Value(0, c))
		}
		return nil
	}}
	file := result(t, newSampler(t, m, 3), schedule, false, observe.Plan{Extra: []observe.Watcher{first}})
	x := floats(t, array(t, file, "first"))
	for c := range 3 {
		for d := range schedule.Samples {
			if x[c*schedule.Samples+d] != float64(w.states[d][c][0]) {
				t.Fatalf("chain %d draw %d is %v", c, d, x[c*schedule.Samples+d])
			}
		}
	}
	if rows := first.Rows(); len(rows) != 1 || rows[0].Name != "first" {
		t.Errorf("rows are %+v", rows)
	}
}

func TestProgress(t *testing.T) {
	var last observe.Progress
	calls := 0
	s := newSampler(t, chain5(), 4)
	s.SetSweepNumber(1000) // of an earlier run
	c := newCollector(t, s, schedule, observe.Plan{Progress: func(p observe.Progress) { last = p; calls++ }})
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	if !last.Done || last.Sweeps != 19 || last.Total != 19 || calls < 2 {
		t.Errorf("after %d calls the last progress is %+v", calls, last)
	}
	var b strings.Builder
	line := observe.ProgressLine(&b)
	line(observe.Progress{Sweeps: 5, Total: 20, Left: 3e9})
	line(observe.Progress{Sweeps: 20, Total: 20, Done: true})
	if want := "\r 25 %  sweep 5 of 20, 3s left\x1b[K\r\x1b[K"; b.String() != want {
		t.Errorf("the line is %q, want %q", b.String(), want)
	}
}

// A collector watches one run, of its own sampler.
func TestMisuse(t *testing.T) {
	s := newSampler(t, chain5(), 4)
	c := newCollector(t, s, schedule, observe.Plan{})
	if err := c.WriteResult(&strings.Builder{}); err == nil {
		t.Error("a result before the run")
	}
	if err := c.Run(context.Background(), newSampler(t, chain5(), 4), false); err == nil {
		t.Error("another sampler was accepted")
	}
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	if err := c.Run(context.Background(), s, false); err == nil {
		t.Error("a second run was accepted")
	}
	if _, err := observe.NewCollector(s, sampling.Schedule{}, observe.Plan{}); err == nil {
		t.Error("a schedule without draws was accepted")
	}
}
