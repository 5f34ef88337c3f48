package cuda

import (
	"math"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Kinds of updates in float32, in the word that holds the states of a categorical.
const (
	floatSpin   = 1 << 31 // a categorical with n states: floatSpin + n
	floatNumber = 3 << 30
	floatInside = floatNumber + 1 // in a range

	floatSlice      = floatNumber + 2 // and those that propose
	floatMetropolis = floatNumber + 3
	floatMALA       = floatNumber + 4
)

// stepKinds are those of samplers that keep a step.
var stepKinds = map[string]uint32{"slice": floatSlice, "metropolis": floatMetropolis, "mala": floatMALA}

// numberHead is how many words stand before the terms of a number.
const numberHead = 12

// hasFloats says whether updates in float32 are among those of a program.
func hasFloats(p *ir.Program) bool {
	for _, v := range p.Vars {
		if v.Kind == ir.Continuous {
			return true
		}
	}
	for _, sb := range p.Sweep {
		for _, b := range sb {
			if b.Float {
				return true
			}
		}
	}
	return false
}

// putFloats writes the polynomials of normal numbers and the weights in float32 of factors
// whose nodes updates in float32 read.
func (d *tablePlan) putFloats() {
	w := &d.words
	d.normalsAt = w.section("polynomials of normal numbers")
	for _, row := range sampling.NewNormalTable().Rows {
		for _, c := range row[:6] {
			w.List = append(w.List, math.Float32bits(c))
		}
	}
	d.floatsAt = w.section("weights in float32")
	float := d.p.FloatNodes()
	for i := range d.p.Factors {
		f := &d.p.Factors[i]
		d.floatBase = append(d.floatBase, len(w.List)-d.floatsAt)
		reads := false
		for _, n := range f.Index {
			reads = reads || float[n]
		}
		if !reads {
			continue
		}
		for j := 0; j < len(f.Weights); j += 16 {
			var words []uint32
			for _, x := range f.Weights[j:min(j+16, len(f.Weights))] {
				words = append(words, math.Float32bits(float32(x)))
			}
			w.line(f.Name, words...)
		}
	}
	d.putParams()
}

// squareCodes is added to the number of squares of a node where expressions add to it.
const squareCodes = 1 << 31

// floats writes the update of a node in float32: node, kind, terms, terms of expressions and where
// they begin, then
//
//	spins         the constant
//	categoricals  the power of two of the largest weight, a constant for each state
//	numbers       the place of its law, the constant of the linear terms, how many squares
//	              there are, behind so many words of the terms, in float64 the constant
//	              of the square, and the row of what it keeps
func (d *tablePlan) floats(w *Words, node int) {
	var linear, square []touch
	_, dense := d.column[int32(node)]
	for _, t := range d.touches[node] {
		switch s := d.p.Factors[t.factor].Slots[t.slot]; {
		case s.Power == 2:
			square = append(square, t)
		case !dense || d.partner(t) < 0:
			linear = append(linear, t)
		}
	}
	states := 1
	if d.kind[node] == ir.Categorical {
		states = d.states[node]
	}
	constants, linear := d.constants(linear, states, d.kind[node])
	kind := uint32(floatSpin)
	var head []uint32
	switch d.kind[node] {
	case ir.Categorical:
		kind += uint32(states)
		head = append(head, uint32(ir.ExpBits(states)))
	case ir.Continuous:
		kind = floatNumber
		if d.bounded(node) {
			kind = floatInside
		}
		if k := stepKinds[d.sampler[node]]; k > 0 {
			kind = k
		}
		head = append(head, d.law[node])
	}
	for _, c := range constants {
		head = append(head, math.Float32bits(float32(c)))
	}
	var terms, codes Words
	for _, t := range linear {
		d.floatTerm(&terms, t)
	}
	count, more := d.codeTerms(&codes, node)
	if d.kind[node] == ir.Continuous {
		squares, others := d.constants(square, 1, ir.Continuous)
		number, a := uint32(len(others)), math.Float64bits(squares[0])
		if more {
			number += squareCodes
		}
		head = append(head, number, uint32(len(terms.List)), uint32(a), uint32(a>>32), uint32(d.p.Nodes+max(0, d.kept.Steps[node])))
		for _, t := range others {
			d.floatTerm(&terms, t)
		}
	}
	head = append([]uint32{uint32(node), kind, uint32(len(linear)), uint32(count), uint32(5 + len(head) + len(terms.List))}, head...)
	w.line(d.names[node], head...)
	w.append(&terms)
	w.append(&codes)
}

// constants are the sums of the rows of a node with nothing but it, for each of its states, and
// the other rows.
func (d *tablePlan) constants(list []touch, states int, kind ir.Kind) (sums []float64, others []touch) {
	sums = make([]float64, states)
	for _, t := range list {
		f := &d.p.Factors[t.factor]
		if len(f.Slots) > 1 {
			others = append(others, t)
			continue
		}
		row := rowOf(f, t.row) * f.TableSize()
		for k := range sums {
			switch kind {
			case ir.Categorical:
				sums[k] += f.Weights[row+k]
			case ir.Continuous:
				sums[k] -= f.Weights[row]
			default:
				sums[k] += f.Weights[row]
			}
		}
	}
	return sums, others
}

// floatTerm writes a term: place of its weights, stride of the own value, numbers of spins, of
// indices and of factors; then the spins, a stride and a node for each index, and the
// continuous nodes, as often as their power says.
func (d *tablePlan) floatTerm(w *Words, t touch) {
	f := &d.p.Factors[t.factor]
	own, stride := 0, f.TableSize()
	var spins, indices, numbers []uint32
	var others []string
	for j, s := range f.Slots {
		n := f.Index[t.row*len(f.Slots)+j]
		if s.Kind == ir.Categorical {
			stride /= s.States
		}
		if j == t.slot {
			if s.Kind == ir.Categorical {
				own = stride
			}
			continue
		}
		others = append(others, d.names[n])
		switch s.Kind {
		case ir.Categorical:
			indices = append(indices, uint32(stride), uint32(n))
		case ir.Spin:
			spins = append(spins, uint32(n))
		default:
			for range s.Power {
				numbers = append(numbers, uint32(n))
			}
		}
	}
	at := d.floatBase[t.factor] + rowOf(f, t.row)*f.TableSize()
	words := []uint32{uint32(at), uint32(own), uint32(len(spins)), uint32(len(indices) / 2), uint32(len(numbers))}
	words = append(append(append(words, spins...), indices...), numbers...)
	w.line(f.Name+": "+strings.Join(others, " "), words...)
}
