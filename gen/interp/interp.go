// Package interp runs a Program by the letter of its specification, the package
// documentation of gen/ir. It is the oracle of every target: slow, obvious and
// written apart from them (it shares only the float64 σ and exp of
// runtime/sampling, which are part of the specification).
//
//	interp.go       the machine: states, clamps, weights, sweeps, schedule
//	words.go        random words
//	field.go        fields and energy
//	spin.go         thresholds of spins
//	categorical.go  exponentials of categoricals
//	float.go        continuous nodes and their neighbours
//	joint.go        joint moves
//	dense.go        their dense forces
//	user.go         samplers and starts in Go
//	noise.go        the rule of noise
//	stream.go       hardware generators
package interp

import (
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Machine runs the chains of one program.
type Machine struct {
	// SweepNumber is that of the next sweep. It may be set; it stays below 2^48.
	SweepNumber uint64

	// OnWord, if set, is called for every random word that is drawn.
	OnWord func(purpose, chain uint32, sweep uint64, slot, draw uint32)

	p    *ir.Program
	seed uint64
	beta float64

	state  [][]int32   // chain, node
	steps  [][]float32 // of samplers that have them, or velocities: chain, node
	adapt  [][3]float32
	lost   error     // the first *sampling.MoveFault
	clamps [][]int32 // values of p.Clamps, [chains ×] nodes

	weights [][]float64 // by factor, as given
	ints    [][]int64   // by factor, quantised

	kind    []ir.Kind // by node
	states  []int
	ranges  [][]float64
	float   []bool // updated in float32
	clamped []bool
	slot    []int // -1 for a node in no block
	rows    [][]row
	codes   [][]row         // of code factors, the same
	coded   []ir.CodeFactor // with their parameters as they are now
	sampler []string        // by node

	dense *ir.Block // with dense forces; nil: none

	user user

	spin       *SpinTable
	categories map[int]*ExpTable // by K

	logistic, gumbel *NoiseTable // with Format.Noise
	stream           *stream     // nil: Philox
	grouped          []bool      // nodes whose weights are rounded by groups; nil: none
}

// row is one factor row that touches a node.
type row struct {
	factor, row, position int
}

// New makes a machine of so many chains in the initial state, at the β of the
// first sweep.
func New(p *ir.Program, chains int, seed uint64) (*Machine, error) {
	return NewWithCode(p, chains, seed, sampling.UserCode{})
}

func newMachine(p *ir.Program, chains int, seed uint64, code sampling.UserCode) (*Machine, error) {
	if err := ir.Verify(p); err != nil {
		return nil, err
	}
	if chains < 1 {
		return nil, fmt.Errorf("interp: %d chains", chains)
	}
	m := &Machine{
		p: p, seed: seed,
		kind: make([]ir.Kind, p.Nodes), states: make([]int, p.Nodes),
		ranges: make([][]float64, p.Nodes), float: p.FloatNodes(),
		clamped: make([]bool, p.Nodes), slot: make([]int, p.Nodes), rows: make([][]row, p.Nodes),
		codes: make([][]row, p.Nodes), coded: slices.Clone(p.Codes), sampler: make([]string, p.Nodes),
	}
	m.grouped = p.Grouped()
	for _, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			m.kind[n], m.states[n], m.slot[n] = v.Kind, v.States, -1
			m.ranges[n] = v.Range
		}
	}
	for _, sb := range p.Sweep {
		for _, b := range sb {
			for i, n := range b.Nodes {
				m.slot[n], m.sampler[n] = b.First+i, b.Sampler
			}
		}
	}
	for i, f := range p.Factors {
		for r := 0; r < f.Rows; r++ {
			for j := range f.Slots {
				n := f.Index[r*len(f.Slots)+j]
				m.rows[n] = append(m.rows[n], row{i, r, j})
			}
		}
		m.weights = append(m.weights, append([]float64(nil), f.Weights...))
		m.ints = append(m.ints, append([]int64(nil), f.Ints...))
	}
	m.dense = p.DenseBlock()
	for i := range p.Codes {
		c := &p.Codes[i]
		for at, n := range c.Index {
			if j := at % len(c.Slots); j == 0 || !c.Directed {
				m.codes[n] = append(m.codes[n], row{i, at / len(c.Slots), j})
			}
		}
	}
	for _, c := range p.Clamps {
		if c.Chains > 0 && chains > c.Chains {
			return nil, fmt.Errorf("interp: %d chains, but a clamp has values for %d", chains, c.Chains)
		}
		for _, n := range c.Nodes {
			m.clamped[n] = true
		}
		m.clamps = append(m.clamps, c.Values)
	}
	for i, in := range p.Init {
		if in.Chains > 0 && chains > in.Chains {
			return nil, fmt.Errorf("interp: %d chains, but the start of %s has values for %d", chains, p.Vars[i].Name, in.Chains)
		}
	}
	for c := 0; c < chains; c++ {
		m.state = append(m.state, make([]int32, p.Nodes))
		m.steps = append(m.steps, make([]float32, p.Nodes))
		m.adapt = append(m.adapt, [3]float32{})
	}
	m.user.code = code
	m.placeUser(chains)
	if p.Stream.Generator != "" {
		m.stream = newStream(p.Stream.Generator)
		m.place()
	}
	m.setBeta(p.AllBetas()[0])
	m.Init()
	return m, nil
}

// Init puts every chain into its initial state and sets the sweep number to 0.
func (m *Machine) Init() {
	m.SweepNumber = 0
	for chain := range m.state {
		for n := range m.steps[chain] {
			m.steps[chain][n] = m.firstStep(n)
		}
		m.lost = nil
		for i, v := range m.p.Vars {
			in := m.p.Init[i]
			for j := 0; j < v.Count; j++ {
				if n := v.First + j; !m.clamped[n] {
					m.state[chain][n] = m.start(chain, n, in, v.Count, j)
				}
			}
		}
	}
	m.firstFit()
	m.beginUser()
	m.writeClamps()
}

// start is the initial value of node n, the j-th of its variable.
func (m *Machine) start(chain, n int, in ir.Init, count, j int) int32 {
	spin := m.kind[n] == ir.Spin
	switch {
	case in.Kind == ir.InitCode:
		return m.startUser(chain, n, in)
	case in.Kind == ir.InitValues && in.Chains > 0:
		return in.Values[chain*count+j]
	case in.Kind == ir.InitValues:
		return in.Values[j]
	case m.kind[n] == ir.Continuous:
		return m.startNumber(chain, n, in)
	case in.Kind == ir.InitZeros && spin:
		return -1
	case in.Kind == ir.InitZeros:
		return 0
	}
	w := m.word(PurposeInit, chain, 0, m.slot[n], 0)
	if !spin {
		return int32(w * uint64(m.states[n]) >> 32)
	}
	below := uint64(1) << 31
	if in.Kind == ir.InitHinton {
		below = m.hinton(n)
	}
	if w < below {
		return 1
	}
	return -1
}

// writeClamps sets the clamped nodes of every chain.
func (m *Machine) writeClamps() {
	for i, c := range m.p.Clamps {
		for chain := range m.state {
			from := 0
			if len(m.clamps[i]) > len(c.Nodes) {
				from = chain * len(c.Nodes)
			}
			for j, n := range c.Nodes {
				m.state[chain][n] = m.clamps[i][from+j]
			}
		}
	}
}

// Sweep runs all superblocks once, in every chain.
func (m *Machine) Sweep() error {
	if m.SweepNumber >= 1<<48 {
		return fmt.Errorf("interp: sweep number %d has more than 48 bits", m.SweepNumber)
	}
	for chain, x := range m.state {
		for _, sb := range m.p.Sweep {
			before := append([]int32(nil), x...)
			for _, b := range sb {
				if b.Joint != nil {
					m.joint(chain, &b, x)
					continue
				}
				for _, n := range b.Nodes {
					if !m.clamped[n] {
						x[n] = m.update(chain, int(n), before)
					}
				}
			}
		}
	}
	m.SweepNumber++
	return nil
}

// update draws a new value of node n given the others in x.
func (m *Machine) update(chain, n int, x []int32) int32 {
	switch {
	case m.user.name[n] != "":
		return m.userValue(chain, n, x)
	case m.kind[n] == ir.Continuous && m.sampler[n] != "":
		return m.stepNumber(chain, n, x)
	case m.kind[n] == ir.Continuous:
		return m.newNumber(chain, n, x)
	case m.float[n] && m.kind[n] == ir.Spin:
		return m.floatSpin(chain, n, x)
	case m.float[n]:
		return m.floatCategory(chain, n, x)
	}
	field, spin := m.field(n, x), m.kind[n] == ir.Spin
	switch {
	case spin && m.p.Format.Noise:
		return m.noisySpin(chain, n, field[0])
	case m.p.Format.Noise:
		return m.noisyCategory(chain, n, field)
	case spin:
		return m.newSpin(chain, n, field[0])
	}
	return m.newCategory(chain, n, field)
}

// State is a copy of the state, by chain and node: ±1 or a category.
func (m *Machine) State() [][]int32 {
	s := make([][]int32, len(m.state))
	for c, x := range m.state {
		s[c] = append([]int32(nil), x...)
	}
	return s
}

// Steps are the steps of samplers that have them and the velocities of joint moves, by
// chain and node.
func (m *Machine) Steps() [][]float32 {
	s := make([][]float32, len(m.steps))
	for c, x := range m.steps {
		s[c] = append([]float32(nil), x...)
	}
	return s
}

// Adapted are the numbers of the fitted step of a joint move, by chain.
func (m *Machine) Adapted() [][3]float32 { return append([][3]float32(nil), m.adapt...) }

// SetAdapted replaces those of one chain.
func (m *Machine) SetAdapted(chain int, numbers [3]float32) { m.adapt[chain] = numbers }

// SetStep replaces the step of a node.
func (m *Machine) SetStep(chain, node int, step float32) { m.steps[chain][node] = step }

// SetState replaces the state of every chain. Clamped nodes keep their values.
func (m *Machine) SetState(s [][]int32) error {
	if len(s) != len(m.state) {
		return fmt.Errorf("interp: states of %d chains, not %d", len(s), len(m.state))
	}
	for c, x := range s {
		if len(x) != m.p.Nodes {
			return fmt.Errorf("interp: chain %d has %d nodes, not %d", c, len(x), m.p.Nodes)
		}
		for n, v := range x {
			if !m.canBe(n, v) {
				return fmt.Errorf("interp: node %d cannot be %d", n, v)
			}
		}
	}
	for c, x := range s {
		copy(m.state[c], x)
	}
	m.writeClamps()
	return nil
}

func (m *Machine) canBe(n int, v int32) bool {
	switch m.kind[n] {
	case ir.Spin:
		return v == 1 || v == -1
	case ir.Continuous:
		x := float64(floatOf(v))
		if r := m.ranges[n]; r != nil {
			return r[0] <= x && x <= r[1]
		}
		return !math.IsInf(x, 0) && x == x
	}
	return v >= 0 && int(v) < m.states[n]
}

// SetClamp replaces the values of clamp i: one for each of its nodes, or with a
// leading axis over the chains of the machine.
func (m *Machine) SetClamp(i int, values []int32) error {
	if i < 0 || i >= len(m.clamps) {
		return fmt.Errorf("interp: no clamp %d", i)
	}
	nodes := m.p.Clamps[i].Nodes
	if len(values) != len(nodes) && len(values) != len(nodes)*len(m.state) {
		return fmt.Errorf("interp: %d values for a clamp of %d nodes", len(values), len(nodes))
	}
	for j, v := range values {
		if n := nodes[j%len(nodes)]; !m.canBe(int(n), v) {
			return fmt.Errorf("interp: node %d cannot be %d", n, v)
		}
	}
	m.clamps[i] = append([]int32(nil), values...)
	m.writeClamps()
	return nil
}

// SetWeights replaces the weights of a runtime factor.
func (m *Machine) SetWeights(factor int, w []float64) error {
	if factor < 0 || factor >= len(m.weights) {
		return fmt.Errorf("interp: no factor %d", factor)
	}
	f := &m.p.Factors[factor]
	if !f.Runtime {
		return fmt.Errorf("interp: the weights of factor %s are fixed", f.Name)
	}
	if len(w) != len(f.Weights) {
		return fmt.Errorf("interp: factor %s has %d weights, not %d", f.Name, len(f.Weights), len(w))
	}
	for i, x := range w {
		if !(math.Abs(x) <= m.p.Format.Range) {
			return fmt.Errorf("interp: weight %d of factor %s is %v, outside the range %v", i, f.Name, x, m.p.Format.Range)
		}
	}
	m.setWeights(factor, w)
	return nil
}

func (m *Machine) setWeights(factor int, w []float64) {
	for i, x := range w {
		m.weights[factor][i] = x
		if m.ints[factor] == nil {
			continue
		}
		m.ints[factor][i] = int64(math.RoundToEven(math.Ldexp(x, m.p.Format.Fraction)))
	}
}

// SetParams replaces all parameters of a formula, and the weights that follow from them
// or the code factor that has them.
func (m *Machine) SetParams(formula int, values [][]float64) error {
	x := &m.p.Formulas[formula]
	for i, p := range x.Params {
		if len(values[i]) != len(p.Values) {
			return fmt.Errorf("interp: parameter %d of %s has %d values, not %d", i, x.Name, len(p.Values), len(values[i]))
		}
	}
	for _, part := range x.Parts {
		m.setWeights(part.Factor, ir.FormulaWeights(x, &m.p.Factors[part.Factor], part, values))
	}
	for _, c := range x.Codes {
		params := slices.Clone(x.Params)
		for i := range params {
			params[i].Values = values[i]
		}
		m.coded[c].Params = params
	}
	return nil
}

// SetBeta replaces β for the sweeps and energies to come.
func (m *Machine) SetBeta(beta float64) error {
	if !(beta >= 0) || math.IsInf(beta, 0) {
		return fmt.Errorf("interp: beta %v", beta)
	}
	if err := m.p.ReachOfTables([]float64{beta}); err != nil {
		return err
	}
	if err := m.p.ReachOfNoise([]float64{beta}); err != nil {
		return err
	}
	m.setBeta(beta)
	return nil
}

func (m *Machine) setBeta(beta float64) {
	f := m.p.Format
	m.beta = beta
	m.spin = NewSpinTable(beta, f.Fraction, f.Segments, f.ThresholdBits)
	m.categories = map[int]*ExpTable{}
	if f.Noise {
		m.logistic, m.gumbel = nil, nil
		for _, k := range m.p.NoiseKinds() {
			if k == ir.Spin {
				m.logistic = NewLogistic(beta, f.Fraction)
			} else {
				m.gumbel = NewGumbel(beta, f.Fraction)
			}
		}
	}
}

// exp is the table of categoricals of K states.
func (m *Machine) exp(states int) *ExpTable {
	t := m.categories[states]
	if t == nil {
		t = NewExpTable(m.beta, m.p.Format.Fraction, states)
		m.categories[states] = t
	}
	return t
}

// Run follows the schedule from the present state: warm-up, then the draws. It
// returns them by draw, chain and node.
func (m *Machine) Run() ([][][]int32, error) {
	s := m.p.Sample
	for t := 0; t < s.Warmup; t++ {
		if m.p.Betas != nil {
			m.setBeta(m.p.Betas[t])
		}
		if err := m.Sweep(); err != nil {
			return nil, err
		}
	}
	if m.p.Betas != nil {
		m.setBeta(m.p.Beta)
	}
	first := m.State()
	more, err := m.Resume(s.Samples - 1)
	return append([][][]int32{first}, more...), err
}

// Resume makes so many further draws, each after StepsPerSample sweeps.
func (m *Machine) Resume(draws int) ([][][]int32, error) {
	var out [][][]int32
	for i := 0; i < draws; i++ {
		for t := 0; t < m.p.Sample.StepsPerSample; t++ {
			if err := m.Sweep(); err != nil {
				return out, err
			}
		}
		out = append(out, m.State())
	}
	return out, nil
}
