package sampling

import "math"

// Expressions in float32, for the 64 chains of a word at once.

// code32 is a code factor with its numbers in float32.
type code32 struct {
	params []param32
	net    *net32
	parts  []part32
}

type param32 struct {
	axes   []int
	shared bool
	values []float32
}

type part32 [codePicks][]op32

// op32 is an operation; codeWhole raises to the whole power n >= 0.
type op32 struct {
	op CodeOpKind
	n  int32
	v  float32
}

const codeWhole = codeOpKinds

// codeTerm is a row of a code factor seen from the node in one of its slots.
type codeTerm struct {
	code     *code32
	part     *part32
	factor   int32
	self     int32
	row      int
	slots    []slotRef
	programs [codePicks]*vectorCode // nil: none
}

// slotRef is where a node's state is.
type slotRef struct {
	kind nodeKind
	row  int32
}

// compileCodes lists, for every node, the terms of code factors in its conditional;
// nil without code factors.
func (s *Sampler) compileCodes() [][]codeTerm {
	if len(s.model.Codes) == 0 {
		return nil
	}
	terms := make([][]codeTerm, s.model.Nodes)
	for i := range s.model.Codes {
		c := &s.model.Codes[i]
		code := s.code32(c)
		s.codes32 = append(s.codes32, code)
		k := len(c.Slots)
		for r := range c.Rows {
			row := c.Index[r*k : r*k+k]
			slots := make([]slotRef, k)
			for j, n := range row {
				slots[j] = slotRef{s.kind[n], s.row[n]}
			}
			for j, n := range row[:c.heads()] {
				terms[n] = append(terms[n], codeTerm{code: code, part: &code.parts[j], factor: int32(i), self: int32(j), row: r, slots: slots})
			}
		}
	}
	return terms
}

func (s *Sampler) code32(c *CodeFactor) *code32 {
	out := &code32{}
	for _, p := range c.Params {
		out.params = append(out.params, param32{p.Axes, p.Shared, singles(p.Values)})
	}
	out.net = newNet32(c.Net, out.params)
	for i := range c.Parts {
		var part part32
		for k := range codePicks {
			part[k] = s.ops32(k.of(&c.Parts[i]))
		}
		out.parts = append(out.parts, part)
	}
	return out
}

// singles are numbers rounded to float32.
func singles(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

// ops32 rounds constants and joins a constant whole exponent with its power. It
// keeps s.codeDepth as large as the deepest stack.
func (s *Sampler) ops32(ops []CodeOp) []op32 {
	var out []op32
	for _, o := range ops {
		v := float32(o.V)
		if last := len(out) - 1; o.Op == CodePow && last >= 0 && out[last].op == CodeConst {
			if y := out[last].v; y >= 0 && y <= MaxWholePower && y == float32(math.Floor(float64(y))) {
				out[last] = op32{codeWhole, int32(y), 0}
				continue
			}
		}
		out = append(out, op32{o.Op, o.N, v})
	}
	s.codeDepth = max(s.codeDepth, len(out))
	return out
}

// evaluate computes code of a term for the first n chains of a word; own holds the
// value of the term's own slot, nil for the state. The result is good until the
// next call.
func (w *worker) evaluate(s *Sampler, t *codeTerm, ops []op32, own *[64]float32, lane, n int) *[64]float32 {
	stack := w.float.stack
	top := -1
	for _, o := range ops {
		switch {
		case o.op == CodeConst:
			top++
			fillFloats(&stack[top], o.v)
		case o.op == CodeSlot:
			top++
			if own != nil && o.n == t.self {
				stack[top] = *own
			} else {
				w.loadSlot(s, t.slots[o.n], lane, n, &stack[top])
			}
		case o.op == CodeParamAt:
			p := &t.code.params[o.n]
			top += 1 - len(p.axes)
			p.element(stack[top:top+max(1, len(p.axes))], t.row, n)
		case o.op == CodeNet || o.op == CodeNetSlope:
			first := top + 1 - t.code.net.layers[0].in
			input := -1
			if o.op == CodeNetSlope {
				input = int(o.n)
			}
			w.float.net.netAt(t.code.net, input, stack[first:top+1])
			top = first
		case o.op == codeWhole:
			wholePower(&stack[top], int(o.n), n)
		case o.op == CodeNeg || CodeExp <= o.op && o.op <= CodeAbs:
			operateOne(o.op, &stack[top], n)
		default:
			top--
			operateTwo(o.op, &stack[top], &stack[top+1], n)
		}
	}
	return &stack[0]
}

// loadSlot fills x with the state of a node as numbers.
func (w *worker) loadSlot(s *Sampler, r slotRef, lane, n int, x *[64]float32) {
	at := int(r.row)*s.tile + lane
	switch r.kind {
	case nodeSpin:
		bits := w.bits[at]
		for j := range x {
			x[j] = math.Float32frombits(0xbf800000 ^ uint32(bits>>(j&63)&1)<<31) // -1, or 1
		}
	case nodeCat8:
		for j, v := range w.cat8[at*64:][:64] {
			x[j] = float32(v)
		}
	case nodeCat16:
		for j, v := range w.cat16[at*64:][:64] {
			x[j] = float32(v)
		}
	default:
		copy(x[:], w.floats[at*64:][:64])
	}
}

// element replaces the indices on the stack, one for each axis, by the element of a
// row in the first place.
func (p *param32) element(index [][64]float32, row, n int) {
	if p.shared {
		row = 0
	}
	if len(p.axes) == 0 {
		fillFloats(&index[0], p.values[row])
		return
	}
	for j := range n {
		at := row
		for i, k := range p.axes {
			at = at*k + int(index[i][j&63])
		}
		index[0][j&63] = p.values[at]
	}
}

func wholePower(x *[64]float32, power, n int) {
	if power == 2 {
		for j, v := range x {
			x[j] = v * v
		}
		return
	}
	for j, v := range x[:n] {
		p := 1.0
		for range power {
			p = float64(p * float64(v))
		}
		x[j] = float32(p)
	}
}

func operateOne(op CodeOpKind, x *[64]float32, n int) {
	switch op {
	case CodeNeg:
		for j, v := range x {
			x[j] = -v
		}
	case CodeAbs:
		for j, v := range x {
			x[j] = math.Float32frombits(math.Float32bits(v) &^ (1 << 31))
		}
	default:
		for j, v := range x[:n] {
			x[j] = float32(Operate(op, float64(v), 0))
		}
	}
}

func operateTwo(op CodeOpKind, x, y *[64]float32, n int) {
	switch op {
	case CodeAdd:
		for j, v := range y {
			x[j] += v
		}
	case CodeSub:
		for j, v := range y {
			x[j] -= v
		}
	case CodeMul:
		for j, v := range y {
			x[j] = float32(x[j] * v)
		}
	case CodeDiv:
		for j, v := range y {
			x[j] /= v
		}
	default:
		for j, v := range y[:n] {
			x[j] = float32(Operate(op, float64(x[j]), float64(v)))
		}
	}
}

// addCode adds the code that k picks of every term to sum.
func (w *worker) addCode(s *Sampler, terms []codeTerm, k codePick, own, sum *[64]float32, lane, n int) {
	for i := range terms {
		t := &terms[i]
		ops := t.part[k]
		if ops == nil || w.addProgram(s, t, k, own, sum, lane) {
			continue
		}
		for j, v := range w.evaluate(s, t, ops, own, lane, n) {
			sum[j] += v
		}
	}
}

// addCodeFactor adds the rows of a code factor to the energies of the 64 chains of
// a word.
func (s *Sampler) addCodeFactor(sum *[64]float64, c *CodeFactor, word int) {
	var stack []float64
	for r := range c.Rows {
		for chain := range min(64, s.chains-64*word) {
			var e float64
			e, stack = c.RowEnergy(r, func(node int32) int32 { return s.Value(int(node), 64*word+chain) }, stack)
			sum[chain] += e
		}
	}
}

// RowEnergy is what a row adds to H for the values of nodes as states hold them; 0
// for a directed factor. stack is room that it may use and returns.
func (c *CodeFactor) RowEnergy(r int, value func(node int32) int32, stack []float64) (float64, []float64) {
	if c.Directed {
		return 0, stack
	}
	code := Code{Ops: c.Energy, Params: c.Params, Net: c.Net}
	nodes := c.Index[r*len(c.Slots):]
	return code.Eval(r, func(slot int) float64 {
		v := value(nodes[slot])
		if c.Slots[slot].Kind == Continuous {
			return float64(BitsFloat(v))
		}
		return float64(v)
	}, stack)
}

// AddCodes adds the rows of code factors to h, for the values of nodes as states hold
// them.
func AddCodes(codes []CodeFactor, h float64, value func(node int32) int32) float64 {
	var stack []float64
	for i := range codes {
		for r := range codes[i].Rows {
			var e float64
			e, stack = codes[i].RowEnergy(r, value, stack)
			h += e
		}
	}
	return h
}
