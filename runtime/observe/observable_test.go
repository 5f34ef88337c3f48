package observe_test

import (
	"math"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// An observable is the sum of its expression over its rows in every chain, of
// spins, categories and numbers alike.
func TestObservable(t *testing.T) {
	m := realMix()
	// (s·x^2 - w_row)·c over two rows of a spin, a number and a categorical.
	o := observe.Observable{
		Name: "o", Rows: 2, Index: []int32{0, 4, 2, 1, 5, 3},
		Slots: []sampling.Slot{{States: 2}, {Kind: sampling.Continuous, Power: 1}, {Kind: sampling.Categorical, States: 3}},
		Code: sampling.Code{
			Params: []sampling.CodeParam{{Values: []float64{0.25, -2}}},
			Ops: []sampling.CodeOp{
				{Op: sampling.CodeSlot, N: 0}, {Op: sampling.CodeSlot, N: 1}, {Op: sampling.CodeConst, V: 2}, {Op: sampling.CodePow}, {Op: sampling.CodeMul},
				{Op: sampling.CodeParamAt}, {Op: sampling.CodeSub}, {Op: sampling.CodeSlot, N: 2}, {Op: sampling.CodeMul},
			},
		},
	}
	s := newSampler(t, m, 70)
	w, err := observe.NewCollector(s, schedule, observe.Plan{Observables: []observe.Observable{o}, Extra: []observe.Watcher{check{t, &o}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context(), s, false); err != nil {
		t.Fatal(err)
	}
	rows := w.Report().Rows
	found := false
	for _, r := range rows {
		found = found || r.Name == "o"
	}
	if !found {
		t.Errorf("the summary has no row o: %v", rows)
	}
}

// check compares an observable with its formula at every draw.
type check struct {
	t *testing.T
	o *observe.Observable
}

func (c check) Observe(f *observe.Frame) error {
	got := make([]float64, f.Chains())
	if err := c.o.Scalar().Value(f, got); err != nil {
		return err
	}
	for chain, v := range got {
		x := func(n int) float64 { return float64(sampling.BitsFloat(f.Value(n, chain))) }
		n := func(n int) float64 { return float64(f.Value(n, chain)) }
		want := (n(0)*x(4)*x(4)-0.25)*n(2) + (n(1)*x(5)*x(5)+2)*n(3)
		if math.Abs(v-want) > 1e-12*(1+math.Abs(want)) {
			c.t.Fatalf("chain %d: %v, want %v", chain, v, want)
		}
	}
	return nil
}
