package serve_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
)

// A version holds what was given and leaves the model as it was.
func TestRunDataModel(t *testing.T) {
	m := model()
	before := m.AppendBinary(nil)
	d := serve.NewRunData(m, 2)
	w := &npy.NPYArray{Shape: []int{12}, DType: "<f8", Data: floats(12, 0.5)}
	x := &npy.NPYArray{Shape: []int{2, 2}, DType: "|u1", Data: []uint8{0, 1, 2, 0}}
	for _, err := range []error{
		d.SetBeta("b", 3), d.SetWeights("w", "h", w), d.Clamp("c", "x", x, nil), d.ClampRef("r", "s[1, 1:3]", "1,-1"), d.ClampRef("r", "s[2,:]", "-1"), d.Start("i", "x", x),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	v, err := d.Model()
	if err != nil {
		t.Fatal(err)
	}
	if v.Beta != 3 || v.Format.Bound <= m.Format.Bound || v.Factors[0].Weights[3] != 0.5 || len(v.Clamps) != 4 || v.Init[1].Chains != 2 ||
		!slices.Equal(v.Clamps[2].Nodes, []int32{5, 6}) || !slices.Equal(v.Clamps[2].Values, []int32{1, -1}) || !slices.Equal(v.Clamps[1].Values, []int32{0, 1, 2, 0}) {
		t.Errorf("%+v", v)
	}
	if !slices.Equal(m.AppendBinary(nil), before) {
		t.Error("the model has changed")
	}
	if _, err := sampling.NewSampler(v, sampling.Options{Chains: 2}); err != nil {
		t.Error(err)
	}
}

// Continuous values are numbers in their range; states hold their bits.
func TestContinuousData(t *testing.T) {
	m := &sampling.Model{Nodes: 4, Vars: []sampling.Var{
		{Name: "u", Kind: sampling.Continuous, Shape: []int{3}, Count: 3}, {Name: "v", Kind: sampling.Continuous, First: 3, Count: 1, Range: []float64{0, 1}}}}
	d := serve.NewRunData(m, 5)
	if err := d.Start("i", "u", &npy.NPYArray{Shape: []int{3}, DType: "<f8", Data: []float64{0.1, -2, 1e-50}}); err != nil {
		t.Fatal(err)
	}
	if err := d.ClampRef("c", "v", "0.25"); err != nil {
		t.Fatal(err)
	}
	v, err := d.Model()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.Init[0].Values, []int32{sampling.FloatBits(0.1), sampling.FloatBits(-2), 0}) || v.Clamps[0].Values[0] != sampling.FloatBits(0.25) {
		t.Errorf("%+v", v)
	}
	for says, err := range map[string]error{
		"finite":           d.Start("i", "u", &npy.NPYArray{Shape: []int{3}, DType: "<f8", Data: []float64{0, math.NaN(), 0}}),
		"beyond the range": d.Start("i", "u", &npy.NPYArray{Shape: []int{3}, DType: "<f8", Data: []float64{0, 1e60, 0}}),
		"0 … 1":            d.ClampRef("c", "v", "1.5"),
		"not a number":     d.ClampRef("c", "v", "x"),
		"finite values":    d.ClampRef("c", "u[0]", "inf"),
	} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}

// Weights with which continuous nodes have no law are refused, unless they are clamped.
func TestWeightsWithoutLaw(t *testing.T) {
	m := &sampling.Model{Nodes: 2, Vars: []sampling.Var{{Name: "u", Kind: sampling.Continuous, Shape: []int{2}, Count: 2}}, Format: sampling.Format{Range: 9},
		Factors: []sampling.Factor{
			{Name: "a", Slots: []sampling.Slot{{Kind: sampling.Continuous, Power: 2}}, Rows: 2, Index: []int32{0, 1}, Weights: []float64{-0.5, -0.5}, Runtime: true},
			{Name: "b", Slots: []sampling.Slot{{Kind: sampling.Continuous, Power: 1}, {Kind: sampling.Continuous, Power: 1}}, Rows: 1, Index: []int32{0, 1}, Weights: []float64{0.5}, Runtime: true},
		}}
	set := func(factor string, w []float64, clamp string) error {
		d := serve.NewRunData(m, 1)
		if err := d.SetWeights("w", factor, &npy.NPYArray{Shape: []int{len(w)}, DType: "<f8", Data: w}); err != nil {
			t.Fatal(err)
		}
		if clamp != "" {
			if err := d.ClampRef("c", clamp, "0"); err != nil {
				t.Fatal(err)
			}
		}
		_, err := d.Model()
		return err
	}
	for _, c := range []struct {
		factor string
		w      []float64
		clamp  string
		want   string // "": taken
	}{
		{"a", []float64{-1, -0.3}, "", ""}, {"a", []float64{-1, 0.1}, "", "u[1]: the coefficient of its square"}, {"a", []float64{-1, 0.1}, "u[1]", ""},
		{"b", []float64{0.99}, "", ""}, {"b", []float64{-0.99}, "", ""}, {"b", []float64{1.01}, "", "2 continuous nodes"}, {"b", []float64{1.01}, "u[0]", ""},
	} {
		err := set(c.factor, c.w, c.clamp)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %v with %q clamped: %v", c.factor, c.w, c.clamp, err)
		}
	}
}

// Parameters are data like weights: their formula's weights follow from all of them
// together.
func TestParametersAsData(t *testing.T) {
	param := sampling.CodeOp{Op: sampling.CodeParamAt}
	m := &sampling.Model{Nodes: 2, Vars: []sampling.Var{{Name: "u", Kind: sampling.Continuous, Shape: []int{2}, Count: 2}}, Format: sampling.Format{Range: 9},
		Factors: []sampling.Factor{{Name: "f", Slots: []sampling.Slot{{Kind: sampling.Continuous, Power: 2}}, Rows: 2, Index: []int32{0, 1}, Weights: []float64{-1, -2}, Runtime: true}},
		Formulas: []sampling.Formula{{Name: "f", Rows: 2, Arrays: []string{"f/a", "f/b", ""},
			Params: []sampling.CodeParam{{Values: []float64{1, 2}}, {Shared: true, Values: []float64{1}}, {Shared: true, Values: []float64{1}}},
			Parts:  []sampling.FormulaPart{{Factor: 0, Weight: []sampling.CodeOp{param, {Op: sampling.CodeParamAt, N: 1}, {Op: sampling.CodeMul}, {Op: sampling.CodeNeg}}}}}}}
	number := func(x ...float64) *npy.NPYArray { return &npy.NPYArray{Shape: []int{len(x)}, DType: "<f8", Data: x} }
	scalar := func(x float64) *npy.NPYArray { return &npy.NPYArray{DType: "<f8", Data: []float64{x}} }
	if got := serve.DataNames(m); !slices.Equal(got, []string{"f/a", "f/b"}) {
		t.Errorf("data are %v", got)
	}
	d := serve.NewRunData(m, 1)
	for name, a := range map[string]*npy.NPYArray{"f/a": number(-1, -3), "f/b": scalar(-2)} {
		if err := d.SetWeights("w", name, a); err != nil {
			t.Fatal(err)
		}
	}
	v, err := d.Model()
	if err != nil || !slices.Equal(v.Factors[0].Weights, []float64{-2, -6}) || !slices.Equal(v.Formulas[0].Params[0].Values, []float64{-1, -3}) {
		t.Errorf("%+v, %v", v, err)
	}
	if !slices.Equal(m.Factors[0].Weights, []float64{-1, -2}) || !slices.Equal(m.Formulas[0].Params[0].Values, []float64{1, 2}) {
		t.Error("the model has changed")
	}
	for says, err := range map[string]error{
		"parameter f/a takes (2,)": d.SetWeights("w", "f/a", number(1)), "weight [0] is NaN": d.SetWeights("w", "f/a", number(math.NaN(), 1)),
		"follow from parameters": d.SetWeights("w", "f", number(1, 2)), `no factor "f/c"`: d.SetWeights("w", "f/c", scalar(1)),
	} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
	if err := d.SetWeights("w", "f/b", scalar(3)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Model(); err == nil {
		t.Error("squares below 0 make a model")
	}
}
