package sampling

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// isCode tells the name of user's code from that of a sampler of the engine.
func isCode(name string) bool { return strings.Contains(name, ".") }

// userPlan is the part of a block that user's code samples.
type userPlan struct {
	name    string
	sampler NodeSampler // nil in a sampler that only holds states
}

// userCalls is what one worker needs to call user's code.
type userCalls struct {
	source  SiteSource
	update  Update
	purpose rng.Purpose
	sweep   uint64
	slot    uint32
	chain   int
	stack   []float64
}

// userState is what user's code leaves behind.
type userState struct {
	numbers []float64 // of nodes in the order of slots, by node and chain
	at      []int     // where those of a node begin; nil: no sampler has any
	count   []int     // how many one chain of a node has
	terms   nodeTerms
	codes   [][]codePlace // by node; nil: the model has no expressions

	lock  sync.Mutex
	fault *UserFault
}

// A UserFault says what user's code did wrong, where it did so first.
type UserFault struct {
	Code   string // its name in the model
	Node   string // "" of an observer
	Chain  int
	Sweep  uint64
	Reason string

	slot  uint32
	start bool
}

func (f *UserFault) Error() string {
	when := fmt.Sprintf("sweep %d", f.Sweep)
	if f.start {
		when = "the initial state"
	}
	if f.Node == "" {
		return fmt.Sprintf("%s, chain %d, after %d sweeps: %s", f.Code, f.Chain, f.Sweep, f.Reason)
	}
	return fmt.Sprintf("%s, %s of chain %d, %s: %s", f.Code, f.Node, f.Chain, when, f.Reason)
}

// before orders faults so that threads do not decide which one is told.
func (f *UserFault) before(g *UserFault) bool {
	switch {
	case f.Sweep != g.Sweep:
		return f.Sweep < g.Sweep
	case f.start != g.start:
		return f.start
	case f.Chain != g.Chain:
		return f.Chain < g.Chain
	}
	return f.slot < g.slot
}

// UserFault is the first fault of user's code since the last Init; nil: none. The
// node kept its value. Run stops with it.
func (s *Sampler) UserFault() error {
	if s.user.fault == nil {
		return nil
	}
	return s.user.fault
}

// planUser finds the code of a block.
func (s *Sampler) planUser(b *Block, o *Options) (*userPlan, error) {
	p := &userPlan{name: b.Sampler, sampler: o.Code.Samplers[b.Sampler]}
	if o.Hold {
		p.sampler = nil
		return p, nil
	}
	if p.sampler == nil {
		return nil, fmt.Errorf("sampler %s is code in Go that is not linked in here", b.Sampler)
	}
	numbers := 0
	if f, ok := p.sampler.(StatefulSampler); ok {
		numbers = f.Numbers()
	}
	if numbers != b.Numbers {
		return nil, fmt.Errorf("sampler %s keeps %d numbers, and %d when the model was made: emit it again", b.Sampler, numbers, b.Numbers)
	}
	return p, nil
}

// placeNumbers gives every node the numbers that its sampler keeps.
func (s *Sampler) placeNumbers() {
	total := 0
	for _, super := range s.model.Sweep {
		for _, b := range super {
			if b.Numbers == 0 {
				continue
			}
			if s.user.at == nil {
				s.user.at, s.user.count = make([]int, s.model.Nodes), make([]int, s.model.Nodes)
			}
			for _, n := range b.Nodes {
				s.user.at[n], s.user.count[n] = total, b.Numbers
				total += b.Numbers * s.chains
			}
		}
	}
	s.user.numbers = make([]float64, total)
}

// Numbers are those that the sampler of a node keeps of it in one chain; they may be
// changed between sweeps. nil: none.
func (s *Sampler) Numbers(node, chain int) []float64 {
	if s.user.at == nil || s.user.count[node] == 0 {
		return nil
	}
	k := s.user.count[node]
	at := s.user.at[node] + chain*k
	return s.user.numbers[at : at+k : at+k]
}

// codePlace is a slot of a row of a code factor.
type codePlace struct {
	code int // index of the factor
	row  int
	slot int
}

// usesCode reports whether the model names code of the user's for samplers or starts.
func (m *Model) usesCode() bool {
	return slices.ContainsFunc(m.Sweep, func(super []Block) bool {
		return slices.ContainsFunc(super, func(b Block) bool { return isCode(b.Sampler) })
	}) || slices.ContainsFunc(m.Init, func(in Init) bool { return in.Kind == InitCode })
}

// placeCodes lists the rows of code factors in the conditional of every node, for
// code of the user's.
func (s *Sampler) placeCodes() {
	if len(s.model.Codes) == 0 || !s.model.usesCode() {
		return
	}
	s.user.codes = make([][]codePlace, s.model.Nodes)
	for i := range s.codes {
		c := &s.codes[i]
		k := len(c.Slots)
		for r := range c.Rows {
			for j, n := range c.Index[r*k : r*k+c.heads()] {
				s.user.codes[n] = append(s.user.codes[n], codePlace{i, r, j})
			}
		}
	}
}

// evaluate is code of a row in float64 with the value x in the place's own slot.
func (c *userCalls) evaluate(s *Sampler, p codePlace, ops []CodeOp, x float64) float64 {
	f := &s.codes[p.code]
	code := Code{Ops: ops, Params: f.Params, Net: f.Net}
	nodes := f.Index[p.row*len(f.Slots):]
	var v float64
	v, c.stack = code.Eval(p.row, func(slot int) float64 {
		if slot == p.slot {
			return x
		}
		return s.number(int(nodes[slot]), c.chain)
	}, c.stack)
	return v
}

// extra is as in SiteSource.
func (c *userCalls) extra(s *Sampler, node int, x float64) (energy, slope float64) {
	for _, p := range s.user.codes[node] {
		part := &s.codes[p.code].Parts[p.slot]
		energy += c.evaluate(s, p, part.Energy, x)
		slope += c.evaluate(s, p, part.Slope, x)
	}
	return energy, slope
}

// newUserCalls prepares a worker.
func (s *Sampler) newUserCalls() *userCalls {
	c := &userCalls{}
	c.source = SiteSource{
		Word: func(draw uint32) uint32 {
			return s.rng.Word32(c.purpose+s.phase, uint32(c.chain), c.sweep, c.slot, draw)
		},
		Terms: s.siteTerms,
		Value: func(node int, neighbour int32) (float64, bool) {
			if !s.areNeighbours(node, neighbour) {
				return 0, false
			}
			return s.number(int(neighbour), c.chain), true
		},
	}
	if s.user.codes != nil {
		c.source.Extra = func(node int, x float64) (energy, slope float64) { return c.extra(s, node, x) }
	}
	return c
}

// areNeighbours tells whether a row in the conditional of a node holds another one.
func (s *Sampler) areNeighbours(node int, other int32) bool {
	t := &s.user.terms
	for i := t.start[node]; i < t.start[node+1]; i++ {
		f := &s.model.Factors[t.factor[i]]
		k := len(f.Slots)
		if int(other) != node && slices.Contains(f.Index[int(t.row[i])*k:][:k], other) {
			return true
		}
	}
	if s.user.codes == nil || int(other) == node {
		return false
	}
	return slices.ContainsFunc(s.user.codes[node], func(p codePlace) bool {
		f := &s.codes[p.code]
		k := len(f.Slots)
		return slices.Contains(f.Index[p.row*k:][:k], other)
	})
}

// number is the value of a node in one chain: ±1, a category or its number.
func (s *Sampler) number(node, chain int) float64 {
	x := s.Value(node, chain)
	if s.kind[node] == nodeFloat {
		return float64(BitsFloat(x))
	}
	return float64(x)
}

// siteTerms are the rows that a node is in.
func (s *Sampler) siteTerms(node int) []SiteTerm {
	t := &s.user.terms
	var list []SiteTerm
	for i := t.start[node]; i < t.start[node+1]; i++ {
		f := &s.model.Factors[t.factor[i]]
		k, size, row := len(f.Slots), f.TableSize(), int(t.row[i])
		table := s.weights[t.factor[i]]
		if !f.Shared {
			table = table[row*size : (row+1)*size]
		}
		list = append(list, SiteTerm{Factor: f.Name, Nodes: f.Index[row*k : row*k+k : row*k+k], Slot: int(t.slot[i]), Weights: table})
	}
	return list
}

// siteOf fills in which node of which chain it is.
func (s *Sampler) siteOf(node, chain int) Site {
	v := s.model.varOf(node)
	return Site{Variable: v.Name, Index: node - v.First, Node: node, Chain: chain, Kind: v.Kind, States: v.States, Range: v.Range, Beta: s.beta}
}

// updateUser updates a node by user's code in the first n chains of a word.
func (w *worker) updateUser(s *Sampler, b *blockPlan, i, lane, n int, slot, chain uint32) {
	node := int(b.nodes[i])
	c := w.user
	c.purpose, c.sweep, c.slot = rng.PurposeUser, w.sweep, slot
	u := &c.update
	u.Site = s.siteOf(node, 0)
	for j := range min(n, s.chains-int(chain)) {
		c.chain = int(chain) + j
		u.Chain, u.Sweep, u.Old, u.Numbers = c.chain, w.sweep, s.number(node, c.chain), s.Numbers(node, c.chain)
		s.fillConditional(c, u)
		v, err := guarded(func() (int32, error) { return c.source.Sampled(b.user.sampler, u) })
		if err != nil {
			s.userFault(&UserFault{Code: b.user.name, Node: s.model.NodeName(node), Chain: c.chain, Sweep: w.sweep, Reason: err.Error(), slot: slot})
			continue
		}
		w.put(s, b, i, lane, j, v)
	}
}

// guarded calls user's code; a panic becomes an error.
func guarded(call func() (int32, error)) (v int32, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New(panicText(r, string(debug.Stack())))
		}
	}()
	return call()
}

// panicText is what a panic says, and the line of the innermost call that is not of
// the Go runtime.
func panicText(r any, stack string) string {
	_, trace, _ := strings.Cut(stack, "\npanic(")
	text := fmt.Sprintf("panic: %v", r)
	for line := range strings.Lines(trace) {
		at, ok := strings.CutPrefix(line, "\t")
		if !ok || strings.Contains(at, "/runtime/panic.go:") {
			continue
		}
		at, _, _ = strings.Cut(strings.TrimSpace(at), " +0x")
		return text + " at " + at
	}
	return text
}

// put writes a new value of one chain of a word to where updates go.
func (w *worker) put(s *Sampler, b *blockPlan, i, lane, c int, v int32) {
	at := int(b.row[i])*s.tile + lane
	switch b.kind {
	case Spin:
		word := &w.outBits[at]
		*word = *word&^(1<<c) | uint64(v+1)>>1<<c
	case Continuous:
		w.outFloats[at*64+c] = BitsFloat(v)
	default:
		w.putCategory(s, b, i, lane, c, int(v))
	}
}

// userFault keeps the first fault.
func (s *Sampler) userFault(f *UserFault) {
	s.user.lock.Lock()
	defer s.user.lock.Unlock()
	if s.user.fault == nil || f.before(s.user.fault) {
		s.user.fault = f
	}
}

// fillConditional fills in the conditional law of a node: β times sums over its
// terms, each its weight times the values of the other spin and continuous slots in
// order, and of the fields of expressions.
func (s *Sampler) fillConditional(c *userCalls, u *Update) {
	u.Field, u.A, u.B = 0, 0, 0
	u.Fields = u.Fields[:0]
	for range u.States {
		if u.Kind == Categorical {
			u.Fields = append(u.Fields, 0)
		}
	}
	t := &s.user.terms
	for i := t.start[u.Node]; i < t.start[u.Node+1]; i++ {
		s.addConditional(u, int(t.factor[i]), int(t.row[i]), int(t.slot[i]))
	}
	if s.user.codes != nil && u.Kind != Continuous {
		for _, p := range s.user.codes[u.Node] {
			field := s.codes[p.code].Parts[p.slot].Field
			if u.Kind == Spin {
				u.Field += c.evaluate(s, p, field, u.Old)
			}
			for k := range u.Fields {
				u.Fields[k] += c.evaluate(s, p, field, float64(k))
			}
		}
	}
	beta := s.beta
	u.Field, u.A, u.B = float64(beta*u.Field), float64(beta*u.A), float64(beta*u.B)
	for k := range u.Fields {
		u.Fields[k] = float64(beta * u.Fields[k])
	}
}

// addConditional adds one term.
func (s *Sampler) addConditional(u *Update, factor, row, self int) {
	f := &s.model.Factors[factor]
	nodes := f.Index[row*len(f.Slots):][:len(f.Slots)]
	stride, own, at := f.TableSize(), 0, 0
	if !f.Shared {
		at = row * stride
	}
	for i, slot := range f.Slots {
		if slot.Kind != Categorical {
			continue
		}
		if stride /= slot.States; i == self {
			own = stride
		} else {
			at += stride * int(s.Value(int(nodes[i]), u.Chain))
		}
	}
	times := func(v float64) float64 {
		for i, slot := range f.Slots {
			if i == self || slot.Kind == Categorical {
				continue
			}
			x := s.number(int(nodes[i]), u.Chain)
			for range max(1, slot.Power) {
				v = float64(v * x)
			}
		}
		return v
	}
	weights := s.weights[factor]
	switch {
	case u.Kind == Spin:
		u.Field += times(weights[at])
	case u.Kind == Categorical:
		for k := range u.Fields {
			u.Fields[k] += times(weights[at+k*own])
		}
	case f.Slots[self].Power == 2:
		u.A += times(-weights[at])
	default:
		u.B += times(-weights[at])
	}
}

// startUser gives user's code the starts of variables and of numbers.
func (s *Sampler) startUser() {
	if !s.model.usesCode() {
		return
	}
	s.user.fault = nil
	clear(s.user.numbers)
	c := s.workers[0].user
	c.purpose, c.sweep = rng.PurposeInit, s.sweep
	for _, super := range s.blocks {
		for _, b := range super {
			f, _ := b.userSampler().(StatefulSampler)
			for i, n := range b.nodes {
				start := s.starts[s.model.VarAt(int(n))]
				if s.clamped[n] {
					start = nil
				}
				if f == nil && start == nil {
					continue
				}
				c.slot = uint32(b.first + i)
				for c.chain = range s.chains {
					s.startNode(c, b, int(n), start, f)
				}
			}
		}
	}
}

// userSampler is the user's code of a block, nil if it has none.
func (b *blockPlan) userSampler() NodeSampler {
	if b.user == nil {
		return nil
	}
	return b.user.sampler
}

func (s *Sampler) startNode(c *userCalls, b *blockPlan, node int, start StartFunc, numbers StatefulSampler) {
	site := s.siteOf(node, c.chain)
	fault := func(name string, err error) {
		s.userFault(&UserFault{Code: name, Node: s.model.NodeName(node), Chain: c.chain, Sweep: s.sweep, Reason: err.Error(), slot: c.slot, start: true})
	}
	if start != nil {
		v, err := guarded(func() (int32, error) { return c.source.Started(start, &site) })
		if err != nil {
			fault(s.model.initOf(s.model.VarAt(node)).Code, err)
		} else {
			s.setValue(node, c.chain, v)
		}
	}
	if numbers != nil {
		if _, err := guarded(func() (int32, error) { return 0, c.source.Begun(numbers, &site, s.Numbers(node, c.chain)) }); err != nil {
			fault(b.user.name, err)
		}
	}
}

// planStarts finds the code of the starts.
func (s *Sampler) planStarts(o *Options) error {
	s.starts = make([]StartFunc, len(s.model.Vars))
	for vi := range s.model.Vars {
		in := s.model.initOf(vi)
		if in.Kind != InitCode || o.Hold {
			continue
		}
		if s.starts[vi] = o.Code.Starts[in.Code]; s.starts[vi] == nil {
			return fmt.Errorf("start %s is code in Go that is not linked in here", in.Code)
		}
	}
	return nil
}

// Numbers is how many numbers the sampler of a variable keeps for each node and
// chain.
func (m *Model) Numbers(v *Var) int {
	for _, super := range m.Sweep {
		for _, b := range super {
			if b.Numbers > 0 && m.varOf(int(b.Nodes[0])).First == v.First {
				return b.Numbers
			}
		}
	}
	return 0
}
