package ir

import (
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// arrayName prints the name of a parameter's array, "-" for a constant.
func (t *printer) arrayName(s string) string {
	for _, word := range strings.Split(s, "/") {
		t.name(word)
	}
	if s == "" {
		return "-"
	}
	return s
}

// formula prints parameters with their values, and the code of each part.
func (t *printer) formula(x *sampling.Formula) {
	if len(x.Arrays) != len(x.Params) {
		t.fail("ir: formula %s: lists of wrong lengths", x.Name)
		return
	}
	t.f("formula %s rows %d params %d parts %d codes %d\n", t.name(x.Name), x.Rows, len(x.Params), len(x.Parts), len(x.Codes))
	for i, p := range x.Params {
		t.f(" param %s", t.arrayName(x.Arrays[i]))
		t.param(&p)
	}
	for _, p := range x.Parts {
		t.f(" part %d weight", p.Factor)
		t.ops(p.Weight)
	}
	for _, c := range x.Codes {
		t.f(" code %d\n", c)
	}
}

func (t *parser) formula() sampling.Formula {
	x := sampling.Formula{Name: t.name(), Rows: t.int("rows")}
	params, parts, codes := t.int("params"), t.int("parts"), t.int("codes")
	for ; params > 0 && t.err == nil; params-- {
		t.keys("param")
		x.Arrays = append(x.Arrays, t.arrayName())
		x.Params = append(x.Params, t.param())
	}
	for ; parts > 0 && t.err == nil; parts-- {
		p := sampling.FormulaPart{Factor: t.int("part")}
		t.keys("weight")
		p.Weight = t.ops()
		x.Parts = append(x.Parts, p)
	}
	for ; codes > 0 && t.err == nil; codes-- {
		x.Codes = append(x.Codes, t.int("code"))
	}
	return x
}

func (t *parser) arrayName() string {
	w := t.take()
	if w == "-" {
		return ""
	}
	for _, word := range strings.Split(w, "/") {
		if t.err == nil && !isName(word) {
			t.fail("bad name %q", w)
		}
	}
	return w
}

// formulas checks the code of every formula, that the weights of its parts are those
// that it gives, and that its code factor has its parameters.
func (v *verifier) formulas() {
	owned, arrays := map[int]bool{}, map[string]bool{}
	for i := range v.p.Formulas {
		x := &v.p.Formulas[i]
		if !isName(x.Name) || x.Rows < 1 || len(x.Arrays) != len(x.Params) || len(x.Parts)+len(x.Codes) == 0 {
			v.fault("formula %d, %q: %d rows, %d parameters under %d names, %d parts", i, x.Name, x.Rows, len(x.Params), len(x.Arrays), len(x.Parts))
			return
		}
		for _, name := range x.Arrays {
			if name != "" && arrays[name] {
				v.fault("formula %s: array %s twice", x.Name, name)
			}
			arrays[name] = true
		}
		rows := false
		for _, part := range x.Parts {
			if part.Factor < 0 || part.Factor >= len(v.p.Factors) || owned[part.Factor] || !v.p.Factors[part.Factor].Runtime {
				v.fault("formula %s: factor %d is no part of it", x.Name, part.Factor)
				return
			}
			owned[part.Factor] = true
			rows = v.formulaPart(x, &v.p.Factors[part.Factor], part) || rows
		}
		for _, c := range x.Codes {
			if c < 0 || c >= len(v.p.Codes) || owned[-1-c] {
				v.fault("formula %s: code factor %d is no part of it", x.Name, c)
				return
			}
			owned[-1-c], rows = true, true
			if f := &v.p.Codes[c]; f.Directed || f.Rows != x.Rows || !slices.EqualFunc(f.Params, x.Params, sampling.CodeParam.Equal) {
				v.fault("formula %s: code factor %s has other rows or parameters", x.Name, f.Name)
			}
		}
		if !rows {
			v.fault("formula %s: no part has rows", x.Name)
		}
		for _, part := range x.Parts {
			f := &v.p.Factors[part.Factor]
			if len(v.errs) == 0 && !slices.Equal(FormulaWeights(x, f, part, x.Values()), f.Weights) {
				v.fault("formula %s: part %s has other weights than its parameters give", x.Name, f.Name)
			}
		}
	}
}

// formulaPart checks the code of a part, and says whether it has rows.
func (v *verifier) formulaPart(x *sampling.Formula, f *Factor, part sampling.FormulaPart) bool {
	code := sampling.Code{Ops: part.Weight, Params: x.Params}
	err := code.Check(len(f.Table), x.Rows)
	if err == nil {
		err = code.CheckIndices(f.Table)
	}
	if err != nil {
		v.fault("formula %s: weight of part %s: %v", x.Name, f.Name, err)
	}
	if len(f.Slots) > 0 && f.Rows != x.Rows || len(f.Slots) == 0 && f.Rows != 1 {
		v.fault("formula %s: %d rows, its part %s has %d", x.Name, x.Rows, f.Name, f.Rows)
	}
	return len(f.Slots) > 0
}

// FormulaWeights are the weights of a part for some values of the parameters, straight
// from the definition.
func FormulaWeights(x *sampling.Formula, f *Factor, part sampling.FormulaPart, values [][]float64) []float64 {
	code := sampling.Code{Ops: part.Weight, Params: slices.Clone(x.Params)}
	for i := range code.Params {
		code.Params[i].Values = values[i]
	}
	rows := x.Rows
	if f.Shared && len(f.Slots) > 0 {
		rows = 1
	}
	var out []float64
	states := make([]int, len(f.Table))
	for r := range rows {
		clear(states)
		for range f.TableSize() {
			w, _ := code.Eval(r, func(n int) float64 { return float64(states[n]) }, nil)
			out = append(out, w)
			for a := len(states) - 1; a >= 0; a-- {
				if states[a]++; states[a] < f.Table[a] {
					break
				}
				states[a] = 0
			}
		}
	}
	if len(f.Slots) == 0 {
		sum := 0.0
		for _, w := range out {
			sum += w
		}
		out = []float64{sum}
	}
	for i := range out {
		out[i] += 0 // no -0
	}
	return out
}
