package observe_test

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// real is the value of a continuous node in a state.
func real(x []int32, node int) float64 { return float64(sampling.BitsFloat(x[node])) }

// realMixEnergy is H of realMix, written out.
func realMixEnergy(x []int32) float64 {
	v := func(n int) float64 { return real(x, n) }
	s := func(n int) float64 { return float64(x[n]) }
	h := -0.5 + 1.25
	h += 0.5*v(4)*v(4) + 0.625*v(5)*v(5) + 0.75*v(6)*v(6) + v(7)*v(7) + 0.3*v(8)*v(8)
	h -= 0.1*v(4)*v(5) - 0.2*v(6)*v(7) + 0.3*v(5)*v(8)
	h += 0.1 * v(4) * v(8) * v(8)
	h -= 0.7*s(0)*v(4) - 0.4*s(1)*v(6)
	h -= []float64{0.3, -0.2, 0.1}[x[2]] * v(8)
	h -= []float64{0.1, 0.2, 0.3, -0.1, -0.2, -0.3, 0.5, 0.6, -0.7}[3*x[2]+x[3]] * s(1) * v(5)
	return h - 0.4*s(0)*s(9) - 0.2*s(9)
}

// Energies of plain slices are the sampler's bit for bit, and right.
func TestRealEnergies(t *testing.T) {
	m := realMix()
	s := newSampler(t, m, 70)
	for range 20 {
		s.Sweep()
		states := statesOf(s)
		got, want := observe.NewChainStates(m, 42, states).Energies(0.75, nil), s.Energies(0.75, nil)
		if !slices.Equal(got, want) {
			t.Fatal("the energies of ChainStates and of the sampler differ")
		}
		for c, x := range states {
			if h := 0.75 * realMixEnergy(x); math.Abs(got[c]-h) > 1e-12*(1+math.Abs(h)) {
				t.Fatalf("energy %v, want %v", got[c], h)
			}
			if one, err := s.Energy(0.75, x); err != nil || one != got[c] {
				t.Fatalf("energy of one state %v, %v; of the chains %v", one, err, got[c])
			}
		}
	}
}

// Moments and series are means of the states.
func TestRealMeans(t *testing.T) {
	m, chains := realMix(), 70
	w := watch(t, newSampler(t, m, chains), schedule)
	file := result(t, newSampler(t, m, chains), schedule, false, everything(t.TempDir()))
	over := func(f func(x []int32) float64) float64 {
		sum := 0.0
		for _, draw := range w.states {
			for _, x := range draw {
				sum += f(x)
			}
		}
		return sum / float64(chains*schedule.Samples)
	}
	near := func(name string, i int, f func(x []int32) float64) {
		t.Helper()
		if got, want := floats(t, array(t, file, "moments/"+name))[i], over(f); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s[%d] is %v, want %v", name, i, got, want)
		}
	}
	power := map[string]int{"xsq": 2, "ysq": 2}
	for _, f := range m.Factors[1:3] {
		for r, n := range f.Index {
			near("factor/"+f.Name, r, func(x []int32) float64 { return math.Pow(real(x, int(n)), float64(power[f.Name])) })
		}
	}
	for n := range 4 {
		near("node/x", n, func(x []int32) float64 { return real(x, 4+n) })
	}
	near("node/y", 0, func(x []int32) float64 { return real(x, 8) })
	near("factor/xx", 2, func(x []int32) float64 { return real(x, 5) * real(x, 8) })
	near("factor/xyy", 0, func(x []int32) float64 { return real(x, 4) * real(x, 8) * real(x, 8) })
	near("factor/sx", 1, func(x []int32) float64 { return float64(x[1]) * real(x, 6) })
	near("factor/st", 0, func(x []int32) float64 { return float64(x[0] * x[9]) })
	for k := range 9 {
		near("factor/scxc", k, func(x []int32) float64 {
			if int(3*x[2]+x[3]) != k {
				return 0
			}
			return float64(x[1]) * real(x, 5)
		})
	}
	if a := array(t, file, "moments/factor/cy"); !slices.Equal(a.Shape, []int{1, 3}) {
		t.Errorf("moments of a table of 3 have shape %v", a.Shape)
	}
	if se := floats(t, array(t, file, "moments/node_se/x")); se[3] != 0 {
		t.Errorf("the clamped node has the error %v", se[3])
	}
	mean := floats(t, array(t, file, "mean/x"))
	for c := range chains {
		for d, draw := range w.states {
			x := draw[c]
			if got, want := mean[c*schedule.Samples+d], (real(x, 4)+real(x, 5)+real(x, 6)+real(x, 7))/4; math.Abs(got-want) > 1e-15*4 {
				t.Fatalf("mean of x is %v, want %v", got, want)
			}
		}
	}
}

// Standard errors of moments are those of the draws (a batch is one draw), rows of
// nodes too.
func TestRealErrors(t *testing.T) {
	const chains, draws = 6, 62
	m, sch := realMix(), sampling.Schedule{Warmup: 5, Samples: draws, StepsPerSample: 1}
	w := watch(t, newSampler(t, m, chains), sch)
	file := result(t, newSampler(t, m, chains), sch, false, observe.Plan{Moments: true})
	series := func(f func(x []int32) float64) [][]float64 {
		x := make([][]float64, chains)
		for c := range x {
			for d := range draws {
				x[c] = append(x[c], f(w.states[d][c]))
			}
		}
		return x
	}
	for _, c := range []struct {
		name string
		at   int
		f    func(x []int32) float64
	}{
		{"node_se/x", 1, func(x []int32) float64 { return real(x, 5) }},
		{"node_se/y", 0, func(x []int32) float64 { return real(x, 8) }},
		{"factor_se/xsq", 2, func(x []int32) float64 { return real(x, 6) * real(x, 6) }},
		{"factor_se/xx", 0, func(x []int32) float64 { return real(x, 4) * real(x, 5) }},
		{"factor_se/cy", 1, func(x []int32) float64 {
			if x[2] != 1 {
				return 0
			}
			return real(x, 8)
		}},
	} {
		want := stats.MCSEMean(series(c.f))
		if got := floats(t, array(t, file, "moments/"+c.name))[c.at]; !want.OK() || math.Abs(got-want.V) > 1e-9 {
			t.Errorf("%s[%d] is %v, want %v", c.name, c.at, got, want)
		}
	}
	r, c := reportOf(t, m, chains, sch, observe.Plan{})
	rows, err := c.Nodes().NodeRows()
	if err != nil {
		t.Fatal(err)
	}
	if names := len(rows); names != 2+2*3+3+1+1 {
		t.Errorf("%d rows of free nodes", names)
	}
	for _, row := range rows {
		if row.Name != "x[1,0]" {
			continue
		}
		x := series(func(x []int32) float64 { return real(x, 6) })
		for _, v := range [][2]stats.Value{{row.Mean, stats.Mean(x)}, {row.SD, stats.SD(x)}, {row.MCSE, stats.MCSEMean(x)}, {row.RHat, stats.RHatSplit(x)}} {
			if math.Abs(v[0].V-v[1].V) > 1e-9 {
				t.Errorf("%s: %v, want %v", row.Name, v[0], v[1])
			}
		}
	}
	for _, row := range r.Rows {
		var want stats.Row
		switch row.Name {
		case "mean/y":
			want = stats.Summary(row.Name, series(func(x []int32) float64 { return real(x, 8) }))
		case "mean/x":
			want = stats.Summary(row.Name, series(func(x []int32) float64 { return (real(x, 4) + real(x, 5) + real(x, 6) + real(x, 7)) / 4 }))
		default:
			continue
		}
		if math.Abs(row.Mean.V-want.Mean.V) > 1e-12 || math.Abs(row.ESSBulk.V-want.ESSBulk.V) > 1e-6 || math.Abs(row.RHat.V-want.RHat.V) > 1e-9 {
			t.Errorf("row %+v, want %+v", row, want)
		}
	}
}

// peculiar are float32 that go wrong wherever a value is computed with or shown.
var peculiar = []float32{float32(math.Copysign(0, -1)), 0, math.SmallestNonzeroFloat32, -0x1p-140, math.MaxFloat32, -math.MaxFloat32,
	0x1p-126, 1 + 0x1p-23, 0.1, 16777217}

// A state file holds every bit, and a run that goes on from it is the same.
func TestRealStatesKeepTheirBits(t *testing.T) {
	m := realMix()
	s := newSampler(t, m, len(peculiar))
	for c, v := range peculiar {
		state := s.State(c, nil)
		state[4], state[6] = sampling.FloatBits(v), sampling.FloatBits(-v)
		state[8] = sampling.FloatBits(math.Nextafter32(2, 0))
		if err := s.SetState(c, state); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "s")
	if err := observe.SaveState(context.Background(), path, s, "test"); err != nil {
		t.Fatal(err)
	}
	saved, err := observe.LoadState(path)
	if err != nil {
		t.Fatal(err)
	}
	again := newSampler(t, m, len(peculiar))
	if err := saved.Restore(again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(statesOf(again), statesOf(s)) || !reflect.DeepEqual(saved.States(m), statesOf(s)) {
		t.Fatal("the restored states differ")
	}
	c := newCollector(t, s, sampling.Schedule{Samples: 1, StepsPerSample: 1}, observe.Plan{States: true})
	if err := c.Drive(false, c.Observe); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.WriteResult(&b); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "final/x"} {
		x := ints(t, array(t, b.Bytes(), name))
		for c, v := range peculiar {
			if x[4*c] != int64(sampling.FloatBits(v)) || x[4*c+2] != int64(sampling.FloatBits(-v)) {
				t.Errorf("%s of chain %d holds %v for %v", name, c, sampling.BitsFloat(int32(x[4*c])), v)
			}
		}
	}
}

// What a continuous variable cannot be is refused.
func TestRealStatesRefused(t *testing.T) {
	m := realMix()
	m.Vars, m.Nodes = []sampling.Var{{Name: "y", Kind: sampling.Continuous, Count: 1, Range: []float64{-1, 2}}}, 1
	m.Factors = []sampling.Factor{{Slots: []sampling.Slot{{Kind: sampling.Continuous, Power: 2}}, Rows: 1, Index: []int32{0}, Weights: []float64{-1}}}
	b, _ := blockOf(sampling.Continuous, 0, 0, 0)
	b.Float = true
	m.Sweep, m.Clamps = [][]sampling.Block{{b}}, nil
	file, err := observe.EncodeState(newSampler(t, m, 2), "test")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := observe.DecodeState(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data any
		want string
	}{
		{[]float32{-1, 2}, ""},
		{[]float32{-1, math.Nextafter32(2, 3)}, "element 1 is 2.0000002, not a value"},
		{[]float32{float32(math.NaN()), 0}, "element 0 is NaN"},
		{[]float32{float32(math.Inf(1)), 0}, "element 0 is +Inf"},
		{[]int32{0, 0}, "type <i4, the model has y of shape [2] and type <f4"},
		{[]int8{0, 1}, "type <f4"},
	} {
		forged, err := observe.ForgeState(whole.Meta, "state/y", []int{2}, c.data)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := observe.DecodeState(forged)
		if err == nil {
			err = saved.Check(m, 42, 2)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: the error is %v, want %q in it", c.data, err, c.want)
		}
	}
}

// The report says of which updates the bound of the number format holds.
func TestErrorText(t *testing.T) {
	mix := observe.Report{FloatNodes: 3, MaxProbabilityError: 0.25}
	for _, c := range []struct {
		r    observe.Report
		want string
	}{
		{observe.Report{MaxProbabilityError: 0.25}, "error of any probability at most 0.25"},
		{observe.Report{FloatNodes: 3}, "updates are in float32"},
		{mix, "error of any probability at most 0.25 where neighbours are discrete, other updates are in float32"},
	} {
		if got := c.r.ErrorText(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	r, _ := reportOf(t, realMix(), 4, schedule, observe.Plan{})
	if r.FloatNodes != 8 { // all but the clamped one and t
		t.Errorf("%d nodes in float32, want 8", r.FloatNodes)
	}
}
