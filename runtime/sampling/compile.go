package sampling

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// A rowRef is a row of spin state, or the complement of the index of a product
// of several (^i), or constantRow.
type rowRef = int32

const constantRow rowRef = math.MinInt32

// kernel is how a node is updated.
type kernel uint8

const (
	kernelNone    kernel = iota // padding or clamped
	kernelPattern               // spin with at most 8 inputs: one table of fields
	kernelGroups                // spin: sums of tables of up to 8 inputs
	kernelTerms                 // anything else in integers
	kernelFloat                 // float32
	kernelUser                  // user's code
)

// blockPlan is one block, compiled. Index i is the node of slot first + i.
type blockPlan struct {
	kind   Kind
	states int
	first  int
	nodes  []int32
	kernel []kernel    // padded to a multiple of 4
	skip   []bool      // padding and clamped nodes
	slopes *vectorCode // of a joint move; nil: none
	moves  []vector.Op // slopes and a sweep of langevin; nil: none
	row    []int32     // state row

	// Spins whose rows hold spins only: inputs start[i] … end[i], then the rows
	// that hold nothing else up to start[i+1].
	start   []int32
	end     []int32
	input   []rowRef
	wref    []int32   // index of each one's weight in Sampler.ints
	table   []int32   // offset of the node's tables in the field pool
	literal [][]int64 // weights that emitted code states, the constant last

	// Everything else: terms tstart[i] … tstart[i+1].
	tstart []int32
	terms  []term
	cat    *catPatterns // nil: none worth having
	theta  *thetaBlock  // nil: not for the kernel of fields

	float *floatPlan // nil: an integer block
	step  stepKind   // of continuous blocks
	joint *jointPlan // a joint move
	dense *densePlan // of a joint move; nil: not dense
	user  *userPlan  // nil: not sampled by user's code
	layer *spinLayer // nil: inputs differ from node to node
	slots *slotBlock // nil: not for the slot kernel

	vector []int       // where each node begins in vectorSpins.node or fourSpins.node, -1: nowhere; nil: not for these
	mixed  *mixedBlock // nil: all inputs are spins
	plane  []int       // where it begins in planePlan.nodes, -1: nowhere
	slice  []int       // where it begins in slicePlan.code, -1: nowhere

	sliceParts []SliceFunc // emitted, nil: left to tables

	sliceRun []int // where as many nodes as a call takes begin there, -1: some are missing
}

// allSkipped says whether none of the four nodes from i on is updated.
func (b *blockPlan) allSkipped(i int) bool {
	return b.skip[i] && b.skip[i+1] && b.skip[i+2] && b.skip[i+3]
}

// term is one row seen from one of its nodes.
type term struct {
	base  int32 // of the row's table in the view pool, own axis last
	spins []int32
	cats  []catTail
}

// catTail is a categorical neighbour and the stride of its axis.
type catTail struct {
	row    int32
	stride int32
	states int32
	wide   bool
}

// view is a factor's integer weights with the axis of one slot moved last.
type view struct {
	factor int
	axis   int // of Table, -1 for heads that are spins
	base   int32
	size   int // of one row
}

// placeNodes places every node in the state arrays.
func (s *Sampler) placeNodes() {
	m := s.model
	s.row = make([]int32, m.Nodes)
	s.kind = make([]nodeKind, m.Nodes)
	for _, v := range m.Vars {
		for i := v.First; i < v.First+v.Count; i++ {
			switch {
			case v.Kind == Spin:
				s.kind[i], s.row[i] = nodeSpin, int32(s.spinRows)
				s.spinRows++
			case v.Kind == Continuous:
				s.kind[i], s.row[i] = nodeFloat, int32(s.floatRows)
				s.floatRows++
			case v.States <= 256:
				s.kind[i], s.row[i] = nodeCat8, int32(s.cat8Rows)
				s.cat8Rows++
			default:
				s.kind[i], s.row[i] = nodeCat16, int32(s.cat16Rows)
				s.cat16Rows++
			}
		}
	}
}

// nodeTerms lists, for every node, the (factor, row, slot) triples it is in.
type nodeTerms struct {
	start  []int32
	factor []int32
	row    []int32
	slot   []uint8
}

func (m *Model) nodeTerms() (nodeTerms, error) {
	t := nodeTerms{start: make([]int32, m.Nodes+1)}
	total := 0
	for _, f := range m.Factors {
		if len(f.Slots) > 255 {
			return t, fmt.Errorf("factor %s has %d slots; the engine takes 255", f.Name, len(f.Slots))
		}
		total += len(f.Index)
		for _, n := range f.Index {
			t.start[n+1]++
		}
	}
	if total > math.MaxInt32 {
		return t, fmt.Errorf("%d factor entries; the engine takes %d", total, math.MaxInt32)
	}
	for i := range m.Nodes {
		t.start[i+1] += t.start[i]
	}
	t.factor = make([]int32, total)
	t.row = make([]int32, total)
	t.slot = make([]uint8, total)
	at := make([]int32, m.Nodes)
	for fi, f := range m.Factors {
		k := len(f.Slots)
		for i, n := range f.Index {
			p := t.start[n] + at[n]
			at[n]++
			t.factor[p], t.row[p], t.slot[p] = int32(fi), int32(i/k), uint8(i%k)
		}
	}
	return t, nil
}

// compile builds the plan of every block.
func (s *Sampler) compile(o *Options) error {
	m := s.model
	nt, err := m.nodeTerms()
	if err != nil {
		return err
	}
	if m.usesCode() {
		s.user.terms = nt
	}
	s.intAt = make([]int, len(m.Factors)+1)
	for i, f := range m.Factors {
		s.intAt[i+1] = s.intAt[i] + len(f.Weights)
	}
	if s.intAt[len(m.Factors)] > math.MaxInt32 {
		return fmt.Errorf("%d weights; the engine takes %d", s.intAt[len(m.Factors)], math.MaxInt32)
	}
	s.ints = make([]int64, s.intAt[len(m.Factors)])
	if m.Format.Group > 1 {
		s.flat = make([]float64, len(s.ints))
	}
	s.views = map[[2]int]*view{}
	s.products = map[string]int32{}
	codes := s.compileCodes()
	for _, super := range m.Sweep {
		var plans []*blockPlan
		for _, b := range super {
			p := &blockPlan{kind: b.Kind, states: b.States, first: b.First, nodes: b.Nodes}
			switch {
			case b.Joint != nil:
				p.joint = s.compileJoint(&b)
			default:
				p.step = samplerNamed(b.Sampler)
			}
			if !b.knownSampler() {
				return fmt.Errorf("sampler %q is not one this engine knows", b.Sampler)
			}
			padded := (len(b.Nodes) + 3) / 4 * 4
			p.kernel = make([]kernel, padded)
			p.row = make([]int32, padded)
			p.start = make([]int32, padded+1)
			p.end = make([]int32, padded)
			p.tstart = make([]int32, padded+1)
			p.table = make([]int32, padded)
			switch {
			case isCode(b.Sampler):
				if p.user, err = s.planUser(&b, o); err != nil {
					return err
				}
			case b.Float:
				p.dense = s.denseOf(&b, &nt)
				p.float = s.compileFloat(&b, &nt, codes, p.dense)
			}
			for i, n := range b.Nodes {
				p.row[i] = s.row[n]
				s.slot[n] = int32(b.First + i)
				switch {
				case p.user != nil:
					p.kernel[i] = kernelUser
					continue
				case b.Float:
					p.kernel[i] = kernelFloat
					continue
				}
				s.compileNode(p, i, n, &nt)
				p.start[i+1], p.tstart[i+1] = int32(len(p.input)), int32(len(p.terms))
			}
			for i := len(b.Nodes); i < padded; i++ {
				p.start[i+1], p.tstart[i+1] = int32(len(p.input)), int32(len(p.terms))
			}
			s.findLayer(p)
			s.findSlots(p)
			plans = append(plans, p)
		}
		s.blocks = append(s.blocks, plans)
	}
	s.planSpins()
	s.planThetas()
	return nil
}

// compileNode lists the inputs or terms of node n, the i-th of its block.
func (s *Sampler) compileNode(p *blockPlan, i int, n int32, nt *nodeTerms) {
	m := s.model
	plain := p.kind == Spin
	for t := nt.start[n]; t < nt.start[n+1] && plain; t++ {
		plain = len(m.Factors[nt.factor[t]].Table) == 0
	}
	if !plain {
		p.kernel[i] = kernelTerms
		for t := nt.start[n]; t < nt.start[n+1]; t++ {
			p.terms = append(p.terms, s.compileTerm(int(nt.factor[t]), int(nt.row[t]), int(nt.slot[t])))
		}
		return
	}
	var constants []int32
	for t := nt.start[n]; t < nt.start[n+1]; t++ {
		f := &m.Factors[nt.factor[t]]
		w := int32(s.intAt[nt.factor[t]])
		if !f.Shared {
			w += nt.row[t]
		}
		if len(f.Slots) == 1 {
			constants = append(constants, w)
			continue
		}
		p.input = append(p.input, s.inputRow(f.Index[int(nt.row[t])*len(f.Slots):][:len(f.Slots)], int(nt.slot[t])))
		p.wref = append(p.wref, w)
	}
	p.end[i] = int32(len(p.input))
	for _, w := range constants {
		p.input = append(p.input, constantRow)
		p.wref = append(p.wref, w)
	}
	p.kernel[i] = kernelGroups
	if int(p.end[i]-p.start[i]) <= s.groupMax {
		p.kernel[i] = kernelPattern
	}
}

// inputRow is the product of a row's other spins as one row of state.
func (s *Sampler) inputRow(nodes []int32, self int) rowRef {
	if len(nodes) == 2 {
		return s.row[nodes[1-self]]
	}
	var tails []int32
	for i, n := range nodes {
		if i != self {
			tails = append(tails, s.row[n])
		}
	}
	return s.product(tails)
}

// product is the product of several rows of spins as one.
func (s *Sampler) product(rows []int32) rowRef {
	key := make([]byte, 0, 4*len(rows))
	for _, r := range rows {
		key = append(key, byte(r), byte(r>>8), byte(r>>16), byte(r>>24))
	}
	id, ok := s.products[string(key)]
	if !ok {
		id = int32(len(s.productRows))
		s.products[string(key)] = id
		s.productRows = append(s.productRows, rows)
	}
	return ^id
}

// compileTerm is row r of factor fi seen from slot self.
func (s *Sampler) compileTerm(fi, r, self int) term {
	f := &s.model.Factors[fi]
	axis := -1
	if f.Slots[self].Kind == Categorical {
		axis = 0
		for _, sl := range f.Slots[:self] {
			if sl.Kind == Categorical {
				axis++
			}
		}
	}
	v := s.view(fi, axis)
	t := term{base: v.base}
	if !f.Shared {
		t.base += int32(r * v.size)
	}
	// Strides of the axes in the order they have in the view.
	stride := make([]int32, len(f.Table))
	step := int32(1)
	if axis >= 0 {
		stride[axis] = 1
		step = int32(f.Table[axis])
	}
	for a := len(f.Table) - 1; a >= 0; a-- {
		if a != axis {
			stride[a] = step
			step *= int32(f.Table[a])
		}
	}
	a := 0
	for i, sl := range f.Slots {
		n := f.Index[r*len(f.Slots)+i]
		if sl.Kind == Spin {
			if i != self {
				t.spins = append(t.spins, s.row[n])
			}
			continue
		}
		if i != self {
			t.cats = append(t.cats, catTail{row: s.row[n], stride: stride[a], states: int32(sl.States), wide: s.kind[n] == nodeCat16})
		}
		a++
	}
	return t
}

// view registers the table order that heads of one axis need. Its place in the
// pool follows from the shapes alone.
func (s *Sampler) view(fi, axis int) *view {
	key := [2]int{fi, axis}
	if v, ok := s.views[key]; ok {
		return v
	}
	f := &s.model.Factors[fi]
	v := &view{factor: fi, axis: axis, base: int32(s.viewSize), size: f.TableSize()}
	s.viewSize += len(f.Weights)
	s.views[key] = v
	s.viewList = append(s.viewList, v)
	return v
}

// fillView copies the integers of a factor into its place, own axis last.
func fillView[T int32 | int64](dst []T, ints []int64, table []int, axis int) {
	if axis < 0 || axis == len(table)-1 {
		for i, w := range ints {
			dst[i] = T(w)
		}
		return
	}
	inner := 1
	for _, k := range table[axis+1:] {
		inner *= k
	}
	k := table[axis]
	for o := 0; o < len(ints); o += k * inner {
		for a := range k {
			for j := range inner {
				dst[o+j*k+a] = T(ints[o+a*inner+j])
			}
		}
	}
}
