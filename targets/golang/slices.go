package golang

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// slicePlan are the updates in assembly of spins that single bytes decide: circuits of adders
// with neighbours and weights as constants, for AVX-512.
type slicePlan struct {
	bits  int // of numbers of noise
	parts []slicePart
}

// slicePart is a function for nodes in successive slots.
type slicePart struct {
	slot int
	rows []int // of state that it names, ascending
	node []update
	text []byte
}

func (p *slicePart) name() string { return "updateSlots" + strconv.Itoa(p.slot) }

// planSlices writes the updates, of up to so many nodes. It gives nil for models that are drawn
// otherwise, and where weights or long numbers of noise leave it to tables.
func (e *emitter) planSlices(budget int) *slicePlan {
	p := e.p
	if !p.Format.SingleByte() || p.Synchronous || hasRuntime(p) {
		return nil
	}
	s := &slicePlan{}
	format := Model(p).Format
	for _, beta := range p.AllBetas() {
		if n := sampling.SliceBits(format, beta); n <= vector.SlicePlanes {
			s.bits = max(s.bits, n)
		}
	}
	nodes := 0
	for _, super := range p.Sweep {
		for _, b := range super {
			nodes += len(b.Nodes)
		}
	}
	if s.bits == 0 || nodes > budget {
		return nil
	}
	e.names = emit.NodeNames(p)
	rows := rowsOfNodes(p)
	for _, super := range p.Sweep {
		for _, b := range super {
			for at := 0; at < len(b.Nodes) && b.Sampler == ""; at += vector.SliceSpan {
				part := slicePart{slot: b.First + at}
				for i, n := range b.Nodes[at:min(at+vector.SliceSpan, len(b.Nodes))] {
					part.node = append(part.node, updateOf(p, rows[n], n, part.slot+i))
				}
				if e.slicePart(&part, s.bits) {
					s.parts = append(s.parts, part)
				}
			}
		}
	}
	if s.parts == nil {
		return nil
	}
	return s
}

// slicePart writes the instructions of a part and says whether it is possible.
func (e *emitter) slicePart(part *slicePart, noise int) bool {
	b := &lines{}
	c := circuit{b: b}
	for i, u := range part.node {
		e.sliceComment(b, u)
		columns, ok := sliceColumns(u, i, noise)
		if !ok || !c.add(columns, rowName(u.node)) {
			return false
		}
		part.rows = append(part.rows, u.node)
		for _, in := range u.rows {
			for _, n := range in.others {
				part.rows = append(part.rows, int(n))
			}
		}
	}
	slices.Sort(part.rows)
	part.rows = slices.Compact(part.rows)
	part.text = b.b
	return true
}

// rowName is a spin's row of state in assembly.
func rowName(node int) string { return "s" + strconv.Itoa(node) }

// sliceComment says what a node's field is.
func (e *emitter) sliceComment(b *lines, u update) {
	b.put("\n")
	e.nodeComment(b, u)
	sign := " "
	for _, in := range u.rows {
		w := in.weight
		if sign != " " && w < 0 {
			sign, w = " - ", -w
		}
		b.put(sign, strconv.FormatInt(w, 10))
		for _, n := range in.others {
			b.put("·", e.names[n])
		}
		sign = " + "
	}
	b.put(" and noise\n")
}

// sliceColumns are the bits of a spin in column k of weight 2^k each. The spin becomes +1 where
// its field g and a number v of noise add up to 0 or more. With x of value 0 or 1 for spins and
// products of them,
//
//	g = 2·Σ w·x + K,  K = constant - Σ w,  floor((g + v)/2) = Σ w·x + floor((v + K)/2)
//
// and to all that comes 2^last, so that the last bit of the sum is 1 where the spin becomes +1.
// -x is its complement less 1.
func sliceColumns(u update, place, noise int) ([][]bit, bool) {
	inputs, k := sumInputs(u)
	sum := magnitude(k)
	for _, in := range inputs {
		k -= in.weight
		sum += magnitude(in.weight)
	}
	if sum > 1<<40 {
		return nil, false
	}
	last := bits.Len64(uint64(sum)+1<<noise-1) - 1 // |g + v| <= 2^(last+1)
	columns := make([][]bit, last+1)
	row := func(i int) bit { return inRow(fmt.Sprintf("noise(%d, %d)", place, i)) }
	if k&1 == 1 {
		columns[0] = append(columns[0], row(0))
	}
	for i := 1; i < noise; i++ {
		columns[i-1] = append(columns[i-1], row(i))
	}
	columns[noise-1] = append(columns[noise-1], row(vector.SlicePlanes))
	constant := k>>1 - 1<<(noise-1) + 1<<last
	for i, digits := range weightDigits(inputs, &constant) {
		in := &inputs[i]
		x := bit{reg: -1, not: len(in.others)%2 == 0} // a product of two is +1 where they are equal
		for _, n := range in.others {
			x.rows = append(x.rows, rowName(int(n)))
		}
		for i, d := range digits[:last+1] {
			if d != 0 {
				y := x
				y.not = x.not != (d < 0)
				columns[i] = append(columns[i], y)
			}
		}
	}
	for i := range columns {
		if constant>>i&1 == 1 {
			columns[i] = append(columns[i], one())
		}
	}
	return columns, true
}

// sumInputs are the inputs of a node, each once, and the constant of its field.
func sumInputs(u update) (inputs []input, constant int64) {
	seen := map[string]int{}
	for _, in := range u.rows {
		if len(in.others) == 0 {
			constant += in.weight
			continue
		}
		in.others = slices.Sorted(slices.Values(in.others))
		key := fmt.Sprint(in.others)
		if i, ok := seen[key]; ok {
			inputs[i].weight += in.weight
			continue
		}
		seen[key] = len(inputs)
		inputs = append(inputs, in)
	}
	return inputs, constant
}

// weightDigits writes weights with digits -1, 0 and 1, of which the fewest are not 0, and takes
// from the constant what the complements of negative ones have too much. Of the forms that
// there are, for 3 is 4 - 1 and 2 + 1, it chooses those that leave the constant fewer bits.
func weightDigits(inputs []input, constant *int64) [][64]int8 {
	all := make([][64]int8, len(inputs))
	for i, in := range inputs {
		for k, w := 0, in.weight; w != 0; k++ {
			if w&1 == 1 {
				all[i][k] = int8(2 - w&3)
				w -= int64(all[i][k])
			}
			w >>= 1
		}
		for k, d := range all[i] {
			if d < 0 {
				*constant -= 1 << k
			}
		}
	}
	for k := range 40 {
		if *constant>>k&1 == 0 {
			continue
		}
		for i := range all {
			d := all[i][k : k+3 : k+3]
			if d[0] == 0 || d[1] != 0 || d[2] != -d[0] {
				continue
			}
			d[0], d[1], d[2] = -d[0], -d[0], 0
			*constant += 1 << k // 4 - 1 took 1 and 2 + 1 takes none, 1 - 4 took 4 and -2 - 1 takes 3
			break
		}
	}
	return all
}

func magnitude(x int64) int64 { return max(x, -x) }

// sliceFiles writes the parts: declarations, what stands for them elsewhere, and assembly.
func (e *emitter) sliceFiles() []emit.File {
	if e.slices == nil {
		return nil
	}
	files := []emit.File{
		{Path: "slices_amd64.go", Data: e.sliceDeclarations()},
		{Path: "slices_other.go", Data: e.noSlices()},
	}
	for at := 0; at < len(e.slices.parts); at += fileParts {
		parts := e.slices.parts[at:min(at+fileParts, len(e.slices.parts))]
		files = append(files, emit.File{Path: fmt.Sprintf("slices_%03d_amd64.s", at/fileParts), Data: e.sliceAssembly(parts)})
	}
	return files
}

const fileParts = 16 // functions a file

func (e *emitter) openSlices(tag string) *lines {
	b := &lines{}
	b.put("// ", emit.Header(e.p), "\n\n//go:build ", tag, "\n")
	return b
}

func (e *emitter) sliceDeclarations() []byte {
	b := e.openSlices("!purego")
	e.packageClause(b)
	b.put("\n// sliceParts are updates in assembly, each for 512 chains at a time.\nfunc sliceParts() []", e.rt("SlicePart"), " {\n\treturn []", e.rt("SlicePart"), "{\n")
	for _, p := range e.slices.parts {
		b.put("\t\t{Slot: ", strconv.Itoa(p.slot), ", Nodes: ", strconv.Itoa(len(p.node)), ", Update: ", p.name(), "},\n")
	}
	b.put("\t}\n}\n")
	for _, p := range e.slices.parts {
		b.put("\n// ", p.name(), " updates ", e.names[p.node[0].node])
		if n := len(p.node); n > 1 {
			b.put(" … ", e.names[p.node[n-1].node], ", ", count(n, "node"))
		}
		b.put(".\n//\n//go:noescape\nfunc ", p.name(), "(a *", e.rt("SliceArgs"), ")\n")
	}
	return b.b
}

func (e *emitter) noSlices() []byte {
	b := e.openSlices("!amd64 || purego")
	e.packageClause(b)
	b.put("\nfunc sliceParts() []", e.rt("SlicePart"), " { return nil }\n")
	return b.b
}

// Instructions are shortest where what they read is within 8 KiB of a register's address. Each
// of these registers is in the middle of 256 rows of state; the last one serves those beyond.
var stateBases = []string{"DI", "R8", "R9", "R10", "R11", "R12", "R13", "BX", "CX", "DX"}

const baseRows = 256

// baseOf is the register for a row, and its distance from there.
func baseOf(row int) (base, offset int) {
	base = min(row/baseRows, len(stateBases)-1)
	return base, 64 * (row - base*baseRows - baseRows/2)
}

func (e *emitter) sliceAssembly(parts []slicePart) []byte {
	b := e.openSlices("!purego")
	state, _ := spinRows(e.p)
	b.put(`
#include "textflag.h"

// Each bit of a row of 64 bytes is for a chain. A spin's is 1 where it is +1: s17 is node 17.
`)
	var rows []int
	for _, p := range parts {
		rows = append(rows, p.rows...)
	}
	slices.Sort(rows)
	for _, n := range slices.Compact(rows) {
		base, offset := baseOf(state[n])
		b.put(fmt.Sprintf("#define %s %d(%s) // %s\n", rowName(n), offset, stateBases[base], e.names[n]))
	}
	b.put(fmt.Sprintf(`
// Bit k of the number of noise of the i-th node of a function; %d is for its complement.
#define noise(i, k) (%d*i+64*k-%d)(SI)
`, vector.SlicePlanes, 64*vector.SliceRows, 64*baseRows/2))
	for _, p := range parts {
		b.put(fmt.Sprintf("\n// func %[1]s(a *%[2]s)\nTEXT ·%[1]s(SB), NOSPLIT, $0-8\n\tMOVQ a+0(FP), AX\n\tMOVQ 8(AX), SI // noise\n\tMOVQ 0(AX), AX // state\n\tADDQ $%[3]d, SI\n", p.name(), e.rt("SliceArgs"), 64*baseRows/2))
		used := make([]bool, len(stateBases))
		for _, n := range p.rows {
			base, _ := baseOf(state[n])
			used[base] = true
		}
		for base, yes := range used {
			if yes {
				b.put(fmt.Sprintf("\tLEAQ %d(AX), %s\n", 64*(base*baseRows+baseRows/2), stateBases[base]))
			}
		}
		b.put(string(p.text), "\n\tVZEROUPPER\n\tRET\n")
	}
	return b.b
}
