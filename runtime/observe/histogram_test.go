package observe_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// histograms are some of a model's: all nodes of each variable, and two in another
// order. The bins of continuous ones leave some values outside.
func histograms(m *sampling.Model) []observe.Histogram {
	var list []observe.Histogram
	for i := range m.Vars {
		v := &m.Vars[i]
		h := observe.Histogram{Name: v.Name}
		for n := range v.Count {
			h.Nodes = append(h.Nodes, int32(v.First+n))
		}
		if v.Kind == sampling.Continuous {
			h.Bins, h.Low, h.High = 7, -0.625, 1.1
		}
		list = append(list, h)
		if v.Count > 1 {
			h.Name, h.Nodes = v.Name+"_back", []int32{h.Nodes[v.Count-1], h.Nodes[0]}
			list = append(list, h)
		}
	}
	return list
}

// counted is a histogram from the definition: value by value, edge by edge.
func counted(m *sampling.Model, h observe.Histogram, states [][][]int32) (counts, outside []int64) {
	var v *sampling.Var
	for i := range m.Vars {
		if m.Vars[i].First <= int(h.Nodes[0]) {
			v = &m.Vars[i]
		}
	}
	for _, n := range h.Nodes {
		width := v.States
		switch v.Kind {
		case sampling.Spin:
			width = 2
		case sampling.Continuous:
			width = h.Bins
		}
		one, beyond := make([]int64, width), make([]int64, 2)
		for _, draw := range states {
			for _, chain := range draw {
				x := chain[n]
				switch v.Kind {
				case sampling.Spin:
					one[(x+1)/2]++
				case sampling.Categorical:
					one[x]++
				default:
					y, edges := float64(sampling.BitsFloat(x)), h.Edges()
					switch {
					case y < edges[0]:
						beyond[0]++
					case y > edges[h.Bins]:
						beyond[1]++
					default:
						at := 0
						for at+1 < h.Bins && y >= edges[at+1] {
							at++
						}
						one[at]++
					}
				}
			}
		}
		counts, outside = append(counts, one...), append(outside, beyond...)
	}
	return counts, outside
}

func TestHistogramsCountTheStates(t *testing.T) {
	for _, m := range []*sampling.Model{chain5(), mixed(), realMix(), wide()} {
		for _, chains := range []int{1, 70} {
			plan := observe.Plan{Histograms: histograms(m)}
			file := result(t, newSampler(t, m, chains), schedule, false, plan)
			states := watch(t, newSampler(t, m, chains), schedule).states
			for _, h := range plan.Histograms {
				name := "histogram/" + h.Name
				counts, outside := counted(m, h, states)
				if got := ints(t, array(t, file, name)); !slices.Equal(got, counts) {
					t.Errorf("%s, %d chains: %s is %v, the states say %v", m.Name, chains, name, got, counts)
				}
				if h.Bins == 0 {
					continue
				}
				if got := ints(t, array(t, file, name+"/outside")); !slices.Equal(got, outside) {
					t.Errorf("%s: %s has %v outside, the states say %v", m.Name, name, got, outside)
				}
				if got := floats(t, array(t, file, name+"/edges")); !slices.Equal(got, h.Edges()) {
					t.Errorf("%s: edges %v", name, got)
				}
			}
		}
	}
}

// Values on edges and next to them, where a division would round to the wrong side.
func TestHistogramEdges(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	m := &sampling.Model{Name: "m", Hash: "m", Nodes: 1, Rounds: 10, Beta: 1, Format: format,
		Vars: []sampling.Var{{Name: "x", Kind: sampling.Continuous, Count: 1}}}
	for range 200 {
		low := float64(float32(rnd.NormFloat64()))
		h := observe.Histogram{Name: "x", Nodes: []int32{0}, Bins: 1 + rnd.IntN(40), Low: low, High: low + math.Exp(4*rnd.NormFloat64())}
		var states [][]int32
		for _, e := range h.Edges() {
			x := float32(e)
			for _, y := range []float32{x, math.Nextafter32(x, -1e30), math.Nextafter32(x, 1e30)} {
				states = append(states, []int32{sampling.FloatBits(y)})
			}
		}
		v := observe.NewChainStates(m, 1, states)
		c := newCollector(t, v, sampling.Schedule{Samples: 1, StepsPerSample: 1}, observe.Plan{Histograms: []observe.Histogram{h}})
		if err := c.Drive(false, c.Observe); err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := c.WriteResult(&file); err != nil {
			t.Fatal(err)
		}
		counts, outside := counted(m, h, [][][]int32{states})
		if got := ints(t, array(t, file.Bytes(), "histogram/x")); !slices.Equal(got, counts) {
			t.Fatalf("%d bins from %v to %v: %v, want %v", h.Bins, h.Low, h.High, got, counts)
		}
		if got := ints(t, array(t, file.Bytes(), "histogram/x/outside")); !slices.Equal(got, outside) {
			t.Fatalf("%d bins from %v to %v: outside %v, want %v", h.Bins, h.Low, h.High, got, outside)
		}
	}
}

// 4 draws, a state file, 5 draws: the counts of 9 draws. Other bins are refused, and
// so is every damage to the counts.
func TestHistogramsGoOn(t *testing.T) {
	ctx := context.Background()
	for _, m := range []*sampling.Model{mixed(), realMix()} {
		path := filepath.Join(t.TempDir(), "state.npz")
		plan := observe.Plan{Histograms: histograms(m)}
		whole := result(t, newSampler(t, m, 70), schedule, false, plan)
		short := schedule
		short.Samples = 4
		s := newSampler(t, m, 70)
		c := newCollector(t, s, short, plan)
		if err := c.Run(ctx, s, false); err != nil {
			t.Fatal(err)
		}
		if err := c.SaveState(ctx, path); err != nil {
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
		c = newCollector(t, again, short, plan)
		if err := c.Continue(saved.Histograms()); err != nil {
			t.Fatal(err)
		}
		if err := c.Run(ctx, again, true); err != nil {
			t.Fatal(err)
		}
		var second bytes.Buffer
		if err := c.WriteResult(&second); err != nil {
			t.Fatal(err)
		}
		for _, h := range plan.Histograms {
			want, got := ints(t, array(t, whole, "histogram/"+h.Name)), ints(t, array(t, second.Bytes(), "histogram/"+h.Name))
			if !slices.Equal(want, got) {
				t.Errorf("%s: 4 and 5 draws count %v, 9 draws %v", h.Name, got, want)
			}
		}
		other := slices.Clone(plan.Histograms)
		other[0].Nodes = other[0].Nodes[:1]
		c = newCollector(t, newSampler(t, m, 70), short, observe.Plan{Histograms: other})
		wantStateError(t, "another histogram", c.Continue(saved.Histograms()))
	}
}

func TestDamagedCountsAreRefused(t *testing.T) {
	m := chain5()
	s := newSampler(t, m, 3)
	c := newCollector(t, s, schedule, observe.Plan{Histograms: histograms(m)})
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state.npz")
	if err := c.SaveState(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := observe.DecodeState(whole); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 3 {
		_, err := observe.DecodeState(whole[:n])
		wantStateError(t, "cut short", err)
	}
	for bit := 0; bit < 8*len(whole); bit += 5 {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		_, err := observe.DecodeState(b)
		wantStateError(t, "a bit flipped", err)
	}
}
