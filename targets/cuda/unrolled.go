package cuda

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Limits of the unrolled kernel. nvcc 13.0 takes 18 ms for a spin and as much for each value of a
// categorical, and 8 ms where choices are calls, so that 100 of them take a second, and the nodes of a
// chain stay in registers.
const (
	unrolledValues = 100  // a spin is one, a categorical has as many as states
	unrolledInline = 64   // of these, at most, where choices are no calls
	unrolledTerms  = 2000 // a categorical's as often as it has states
	unrolledWarps  = 4
)

// checkUnrolled refuses a program that is not made into straight code, and says why.
func checkUnrolled(p *ir.Program) error {
	no := func(format string, args ...any) error {
		return fmt.Errorf("kernel unrolled: "+format+": take --kernel table", args...)
	}
	switch f := &p.Format; {
	case hasFloats(p):
		return no("nodes are updated in float32")
	case f.Noise:
		return no("the number format chooses by noise")
	case f.Planes > 0:
		return no("the number format draws bit planes")
	case f.Group > 1:
		return no("weights are rounded by groups")
	}
	for _, v := range p.Vars {
		if v.States > mostStates {
			return no("%s has %d states, and it takes %d", v.Name, v.States, mostStates)
		}
	}
	values := allValues(p)
	if values > unrolledValues {
		return no("there are %d nodes, with %d values if a spin is one, and it takes %d", p.Nodes, values, unrolledValues)
	}
	terms := 0
	for i := range p.Factors {
		f := &p.Factors[i]
		for _, s := range f.Slots {
			terms += f.Rows * valuesOf(s.Kind, s.States)
		}
	}
	if terms > unrolledTerms {
		return no("nodes have %d terms, and it takes %d", terms, unrolledTerms)
	}
	return nil
}

// valuesOf is how many fields an update of a node takes.
func valuesOf(kind ir.Kind, states int) int {
	if kind == ir.Spin {
		return 1
	}
	return states
}

// allValues is how many fields a sweep takes.
func allValues(p *ir.Program) (n int) {
	for _, v := range p.Vars {
		n += v.Count * valuesOf(v.Kind, v.States)
	}
	return n
}

// fitsUnrolled says whether straight code is the first choice: runtime weights would be
// compiled again with every change.
func fitsUnrolled(p *ir.Program) error {
	for i := range p.Factors {
		if p.Factors[i].Runtime {
			return fmt.Errorf("kernel unrolled: factor %s has runtime weights: take --kernel table", p.Factors[i].Name)
		}
	}
	return checkUnrolled(p)
}

// unrolled is a program as straight code.
type unrolled struct {
	*plan
	base []int // of each factor's weights in the table
}

// literal is a number of the sums.
func (d *unrolled) literal(w int64) string {
	if d.p.Format.Accum == 64 {
		return fmt.Sprintf("%dll", w)
	}
	return fmt.Sprint(w)
}

// field is that of a node with value k: constants for rows of spins, entries of the weights for others.
func (d *unrolled) field(node, k int) string {
	bias, terms := int64(0), []string(nil)
	for _, t := range d.touches[node] {
		f := &d.p.Factors[t.factor]
		stride, at, index, signs := f.TableSize(), d.base[t.factor], "", ""
		if !f.Shared {
			at += t.row * f.TableSize()
		}
		for j, s := range f.Slots {
			n := f.Index[t.row*len(f.Slots)+j]
			if s.Kind == ir.Categorical {
				stride /= s.States
			}
			switch {
			case j == t.slot && s.Kind == ir.Categorical:
				at += k * stride
			case j == t.slot:
			case s.Kind == ir.Spin:
				signs += fmt.Sprintf(" * x[%d]", n)
			case stride == 1:
				index += fmt.Sprintf(" + x[%d]", n)
			default:
				index += fmt.Sprintf(" + %d * x[%d]", stride, n)
			}
		}
		w := f.Ints[at-d.base[t.factor]]
		switch {
		case index != "":
			terms = append(terms, fmt.Sprintf("weights[%d%s]%s", at, index, signs))
		case signs == "":
			bias += w
		case w != 0:
			terms = append(terms, d.literal(w)+signs)
		}
	}
	if bias != 0 || len(terms) == 0 {
		terms = append(terms, d.literal(bias))
	}
	return strings.ReplaceAll(strings.Join(terms, " + "), "+ -", "- ")
}

// code is the statements of a superblock.
func (d *unrolled) code(sb ir.Superblock) []string {
	var list, writes []string
	quad := -1
	for _, b := range sb {
		for i, n := range b.Nodes {
			slot := b.First + i
			if d.clamped[n] {
				continue
			}
			if slot/4 != quad {
				quad = slot / 4
				list = append(list, fmt.Sprintf("draw.block(%d);", 4*quad))
			}
			to := fmt.Sprintf("x[%d]", n)
			if d.p.Synchronous { // others read the old value
				writes = append(writes, fmt.Sprintf("%s = y%d;", to, n))
				to = fmt.Sprintf("const i32 y%d", n)
			}
			note := fmt.Sprintf(" // %s", d.names[n])
			if b.Kind == ir.Spin {
				list = append(list, fmt.Sprintf("%s = draw.spin(%d, %s);%s", to, slot, d.field(int(n), 0), note))
				continue
			}
			fields := make([]string, b.States)
			for k := range fields {
				fields[k] = d.field(int(n), k)
			}
			list = append(list, fmt.Sprintf("const Fields<%d> f%d = {{%s}};%s", b.States, n, strings.Join(fields, ", "), note),
				fmt.Sprintf("%s = draw.category<%d>(%d, exponentials_%d_at, f%d);", to, b.States, slot, ir.ExpBits(b.States), n))
		}
	}
	return append(list, writes...)
}

// unrolledKernel makes straight code of a program.
func unrolledKernel(p *ir.Program) (*Kernels, error) {
	if err := checkUnrolled(p); err != nil {
		return nil, err
	}
	d := &unrolled{plan: newPlan(p)}
	weights, base := allWeights(p)
	d.base = base
	d.starts()
	exps, words := tableLayout(p)
	l := Layout{Kernel: "unrolled", Chains: 32 * unrolledWarps, Values: p.Nodes * 32 * unrolledWarps, ValueBytes: 1, TableWords: words,
		LeastBeta: leastBeta(p), Threads: 32 * unrolledWarps}
	var code [][]string
	hasSpins, hasTables := false, false
	for _, sb := range p.Sweep {
		code = append(code, d.code(sb))
		for _, b := range sb {
			hasSpins = hasSpins || b.Kind == ir.Spin
		}
	}
	for _, list := range code {
		hasTables = hasTables || strings.Contains(strings.Join(list, ""), "weights[")
	}
	if !hasTables {
		weights = nil
	}
	calls := allValues(p) > unrolledInline
	inline := "__forceinline__"
	if calls {
		inline = "__noinline__"
	}
	source, err := fill("unrolled.cu", map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Namespace": namespace(p), "Nodes": p.Nodes, "Supers": len(p.Sweep), "Rounds": p.Rounds,
		"Fraction": p.Format.Fraction, "ThresholdBits": p.Format.ThresholdBits, "Segments": p.Format.Segments, "Threads": l.Threads,
		"StartsAt": d.startsAt, "GivenAt": d.givenAt, "Sum": sumType(p), "Exponentials": exps, "HasSpins": hasSpins, "TableWords": words,
		"LeastBeta": float(l.LeastBeta), "Vars": p.Vars, "Spin": ir.Spin, "Weights": weights, "Code": code,
		"Calls": calls, "Inline": inline,
	})
	return &Kernels{Source: source, Words: &d.words, Layout: l}, err
}
