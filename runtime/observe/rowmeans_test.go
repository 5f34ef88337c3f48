package observe_test

import (
	"math"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// TestRowMeans compares the means of rows, by products and by expressions, with sums
// over the states.
func TestRowMeans(t *testing.T) {
	m := realMix()
	spin, three, real := sampling.Slot{Kind: sampling.Spin}, sampling.Slot{Kind: sampling.Categorical, States: 3}, sampling.Slot{Kind: sampling.Continuous, Power: 1}
	slot := func(n int32) sampling.CodeOp { return sampling.CodeOp{Op: sampling.CodeSlot, N: n} }
	op := func(k sampling.CodeOpKind) sampling.CodeOp { return sampling.CodeOp{Op: k} }
	value := func(x []int32, n int32) float64 {
		if n >= 4 && n <= 8 {
			return real64(x[n])
		}
		return float64(x[n])
	}
	plan := observe.Plan{RowMeans: []observe.Observable{
		{Name: "ss", Slots: []sampling.Slot{spin, spin}, Rows: 2, Index: []int32{0, 1, 1, 9}, Code: sampling.Code{Ops: []sampling.CodeOp{slot(0), slot(1), op(sampling.CodeMul)}}},
		{Name: "sxx", Slots: []sampling.Slot{spin, real}, Rows: 2, Index: []int32{0, 4, 1, 6},
			Code: sampling.Code{Ops: []sampling.CodeOp{slot(0), slot(1), op(sampling.CodeMul), slot(1), op(sampling.CodeMul)}}},
		{Name: "cx", Slots: []sampling.Slot{three, real}, Rows: 2, Index: []int32{2, 5, 3, 8}, Code: sampling.Code{Ops: []sampling.CodeOp{slot(0), slot(1), op(sampling.CodeAdd)}}},
		{Name: "x3", Slots: []sampling.Slot{real, spin}, Rows: 2, Index: []int32{4, 0, 8, 9},
			Code: sampling.Code{Ops: []sampling.CodeOp{slot(0), {Op: sampling.CodeConst, V: 3}, op(sampling.CodePow), slot(1), op(sampling.CodeMul)}}},
		{Name: "x_1", Slots: []sampling.Slot{real, spin}, Rows: 2, Index: []int32{4, 0, 8, 9},
			Code: sampling.Code{Ops: []sampling.CodeOp{slot(0), {Op: sampling.CodeConst, V: -1}, op(sampling.CodePow), slot(1), op(sampling.CodeMul)}}},
	}}
	file := result(t, newSampler(t, m, 70), schedule, false, plan)
	states := watch(t, newSampler(t, m, 70), schedule).states
	of := map[string]func(x []int32, nodes []int32) float64{
		"ss":  func(x, n []int32) float64 { return value(x, n[0]) * value(x, n[1]) },
		"sxx": func(x, n []int32) float64 { return value(x, n[0]) * value(x, n[1]) * value(x, n[1]) },
		"x3":  func(x, n []int32) float64 { return math.Pow(value(x, n[0]), 3) * value(x, n[1]) },
		"x_1": func(x, n []int32) float64 { return value(x, n[1]) / value(x, n[0]) },
		"cx":  func(x, n []int32) float64 { return value(x, n[0]) + value(x, n[1]) },
	}
	for _, o := range plan.RowMeans {
		got := floats(t, array(t, file, "moments/value/"+o.Name))
		for row := range o.Rows {
			sum := 0.0
			for _, draw := range states {
				for _, chain := range draw {
					sum += of[o.Name](chain, o.Index[2*row:2*row+2])
				}
			}
			if want := sum / float64(70*len(states)); !(math.Abs(got[row]-want) <= 1e-11*max(1, math.Abs(want))) {
				t.Errorf("%s, row %d: %v, the states say %v", o.Name, row, got[row], want)
			}
		}
	}
}

func real64(bits int32) float64 { return float64(sampling.BitsFloat(bits)) }

// The same rows as the factor that Moments watches: the same figures and errors.
func TestRowMeansAreMoments(t *testing.T) {
	m := chain5()
	f := &m.Factors[1]
	o := observe.Observable{Name: "pairs", Slots: f.Slots, Rows: f.Rows, Index: f.Index, Code: sampling.Code{Ops: []sampling.CodeOp{
		{Op: sampling.CodeSlot, N: 0}, {Op: sampling.CodeSlot, N: 1}, {Op: sampling.CodeMul}}}}
	sch := sampling.Schedule{Warmup: 10, Samples: 300, StepsPerSample: 1}
	file := result(t, newSampler(t, m, 70), sch, false, observe.Plan{Moments: true, RowMeans: []observe.Observable{o}})
	for _, pair := range [][2]string{{"moments/factor/f1", "moments/value/pairs"}, {"moments/factor_se/f1", "moments/value_se/pairs"}} {
		if a, b := floats(t, array(t, file, pair[0])), floats(t, array(t, file, pair[1])); !slices.Equal(a, b) {
			t.Errorf("%s is %v, %s %v", pair[0], a, pair[1], b)
		}
	}
}
