package sampling

import (
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Which programs a sampler has, and how they are run.

// codePick is what of an expression an update evaluates.
type codePick uint8

const (
	fieldCode codePick = iota
	energyCode
	slopeCode
	linearCode
	squareCode
	codePicks
)

// of is the code of a part.
func (k codePick) of(p *CodePart) []CodeOp {
	return [...][]CodeOp{p.Field, p.Energy, p.Slope, p.Linear, p.Square}[k]
}

// Larger programs than these many operations in all are not made.
const mostProgramOps = 1 << 17

// planPrograms makes the programs of expressions from the weights and parameters at hand;
// β is not in them.
func (s *Sampler) planPrograms() {
	if s.kernelInUse != vector.AVX512 || !s.vectorFloats() {
		return
	}
	s.programOps = 0
	for _, super := range s.blocks {
		for _, b := range super {
			if b.float == nil {
				continue
			}
			for i := range b.float.nodes {
				for k := range b.float.nodes[i].codes {
					s.planTerm(&b.float.nodes[i].codes[k])
				}
			}
		}
	}
	s.energyPrograms = make([]*vectorCode, len(s.codes))
	for i := range s.codes {
		s.energyPrograms[i] = s.energyProgram(&s.codes[i])
	}
	s.planSlopes()
}

// planSlopes makes the programs for the slopes of joint moves, of the nodes that move.
func (s *Sampler) planSlopes() {
	if s.kernelInUse != vector.AVX512 || !s.vectorFloats() {
		return
	}
	others := s.programOps
	for _, super := range s.blocks {
		for _, b := range super {
			if b.joint != nil && b.skip != nil {
				if b.dense == nil {
					b.slopes = s.slopesProgram(b)
				}
				s.placeRows(b)
				b.moves = b.sweepProgram()
			}
		}
	}
	s.programOps = others // these may be made again without the others
}

// finish counts what a builder made; nil if it is not to be used.
func (s *Sampler) finish(b *codeBuilder, p *vectorCode) *vectorCode {
	for _, r := range p.runs {
		s.programOps += len(r)
	}
	if b.failed || s.programOps > mostProgramOps || b.deepest > len(wideStack{}) {
		return nil
	}
	return p
}

// planTerm makes the programs of a row seen from one of its nodes, which add to a sum.
func (s *Sampler) planTerm(t *codeTerm) {
	c := &s.codes[t.factor]
	for k := range codePicks {
		ops := k.of(&c.Parts[t.self])
		t.programs[k] = nil
		if ops == nil {
			continue
		}
		b, p := newCodeBuilder(false), &vectorCode{}
		b.code(ops, c.Params, t.row, func(n int32) vector.Op {
			if n == t.self && t.slots[n].kind != nodeSpin {
				return vector.Op{Code: vector.OpLoad, Base: vector.BaseOwn}
			}
			return s.slotLoad(t.slots[n])
		})
		if !b.failed {
			b.load(0)
			b.emit(vector.Op{Code: vector.OpAdd, Base: vector.BaseOut})
			b.storeTop(0)
			b.takeRun(p)
		}
		t.programs[k] = s.finish(b, p)
	}
}

// slotLoad loads the state of a node as a number.
func (s *Sampler) slotLoad(r slotRef) vector.Op {
	switch r.kind {
	case nodeSpin:
		return vector.Op{Code: vector.OpLoadSpin, Base: vector.BaseBits, At: 8 * s.tile * int(r.row)}
	case nodeCat8:
		return vector.Op{Code: vector.OpLoadByte, Base: vector.BaseBytes, At: 64 * s.tile * int(r.row)}
	case nodeCat16:
		return vector.Op{Code: vector.OpLoadShort, Base: vector.BaseShorts, At: 128 * s.tile * int(r.row)}
	}
	return vector.Op{Code: vector.OpLoad, At: 256 * s.tile * int(r.row)}
}

// energyProgram adds the rows of a code factor to a sum in float64.
func (s *Sampler) energyProgram(c *CodeFactor) *vectorCode {
	b, p := newCodeBuilder(true), &vectorCode{}
	sum := vector.Op{Code: vector.OpLoadWide, Base: vector.BaseOut}
	for r := range c.Rows {
		if c.Directed || len(p.runs)*vector.MostOps > mostProgramOps {
			return nil
		}
		if len(b.values) == 0 {
			b.wait(sum)
		}
		b.code(c.Energy, c.Params, r, func(n int32) vector.Op {
			node := c.Index[r*len(c.Slots)+int(n)]
			return s.slotLoad(slotRef{s.kind[node], s.row[node]})
		})
		if b.failed {
			return nil
		}
		b.two(CodeAdd)
		if len(b.ops) > vector.MostOps/2 || r == c.Rows-1 {
			b.storeTop(0)
			b.takeRun(p)
		}
	}
	return s.finish(b, p)
}

// slopesProgram puts the slopes of a block's nodes that move into rows.
func (s *Sampler) slopesProgram(block *blockPlan) *vectorCode {
	b, p := newCodeBuilder(false), &vectorCode{}
	terms := 0
	for i := range block.nodes {
		if block.skip[i] {
			continue
		}
		node := &block.float.nodes[i]
		s.slope(b, node)
		if b.failed || len(p.runs)*vector.MostOps > mostProgramOps {
			return nil
		}
		b.storeTop(256 * i)
		terms += len(node.linear) + len(node.square)
		if len(b.ops) > vector.MostOps/2 || terms > vector.MostTerms/2 {
			b.takeRun(p)
			terms = 0
		}
	}
	b.takeRun(p)
	return s.finish(b, p)
}

// slope is the slope at the present state of a node.
func (s *Sampler) slope(b *codeBuilder, node *floatNode) {
	if node.linearRun == nil || node.squareRun == nil {
		b.failed = true
		return
	}
	if float32(node.a) != 0 || len(node.square) > 0 { // 0·x + b is b for every x that a state holds
		b.constant(2)
		b.termSum(float32(node.a), node.squareRun)
		b.two(CodeMul)
		b.wait(s.slotLoad(slotRef{nodeFloat, s.row[node.node]}))
		b.two(CodeMul)
		b.termSum(node.constant[0], node.linearRun)
		b.two(CodeAdd)
	} else {
		b.termSum(node.constant[0], node.linearRun)
	}
	for i := range node.codes {
		t := &node.codes[i]
		c := &s.codes[t.factor]
		if ops := c.Parts[t.self].Slope; ops != nil {
			b.code(ops, c.Params, t.row, func(n int32) vector.Op { return s.slotLoad(t.slots[n]) })
			if b.failed {
				return
			}
			b.two(CodeAdd)
		}
	}
}

// termSum is a constant and a run of terms.
func (b *codeBuilder) termSum(constant float32, run []vector.Term) {
	b.constant(float64(constant))
	if n := len(run) - 1; n > 0 {
		b.load(len(b.values) - 1)
		b.emit(vector.Op{Code: vector.OpTerms, At: n, Terms: &run[0]})
	}
}

// first is the address of the first element from a place on, nil if there is none.
func first[T any](a []T, at int) *T {
	if at < len(a) {
		return &a[at]
	}
	return nil
}

// runProgram runs a program for the chains of a word, with the row of the node itself
// and rows of results, and reports whether the kernel knew everything.
func (w *worker) runProgram(p *vectorCode, own, out *[64]float32, lane int) bool {
	v := w.aimProgram(own, out, lane)
	for _, ops := range p.runs {
		v.Ops = &ops[0]
		vector.RunCode512(v)
	}
	return v.Far == 0
}

// aimProgram points the programs of a worker at a word.
func (w *worker) aimProgram(own, out *[64]float32, lane int) *vector.Program[float32] {
	v := &w.program
	v.State, v.Stack, v.Own, v.Out = first(w.floats, 64*lane), &w.float.stack[0], own, out
	v.Bits, v.Bytes, v.Shorts = first(w.bits, lane), first(w.cat8, 64*lane), first(w.cat16, 64*lane)
	v.Far = 0
	return v
}

// addProgram is a term's code added to a sum by its program; false if there is none.
func (w *worker) addProgram(s *Sampler, t *codeTerm, k codePick, own, sum *[64]float32, lane int) bool {
	p := t.programs[k]
	if p == nil {
		return false
	}
	if self := t.slots[t.self]; own == nil && self.kind == nodeFloat {
		own = w.lane(s, self.row, lane)
	}
	if p.far {
		w.float.before = *sum
	}
	if !w.runProgram(p, own, sum, lane) {
		*sum = w.float.before
		return false
	}
	return true
}

// wideStack is room for values put aside in float64.
type wideStack [12][64]float64

// addEnergyProgram is addCodeFactor by a program; false if there is none.
func (s *Sampler) addEnergyProgram(sum *[64]float64, i, word int) bool {
	p := s.energyPrograms[i]
	if p == nil {
		return false
	}
	var stack wideStack
	v := vector.Program[float64]{State: first(s.floats, s.chainAt(s.floatRows, 0, 64*word)), Stack: &stack[0], Out: sum}
	if s.spinRows > 0 {
		v.Bits = &s.bits[s.wordAt(0, word)]
	}
	v.Bytes, v.Shorts = first(s.cat8, s.chainAt(s.cat8Rows, 0, 64*word)), first(s.cat16, s.chainAt(s.cat16Rows, 0, 64*word))
	before := *sum
	for _, ops := range p.runs {
		v.Ops = &ops[0]
		vector.RunWide512(&v)
	}
	if v.Far != 0 {
		*sum = before
		return false
	}
	return true
}
