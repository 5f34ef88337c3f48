package sampling

import (
	"errors"
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Options are the choices of a run. Threads changes no sample.
type Options struct {
	Chains  int    // 0: the model's
	Seed    uint64 // used as it is
	Threads int    // 0: 1
	// Straight is emitted code to use in place of tables.
	Straight *Straight
	// Negative takes the words of the negative phase of training, which differ
	// from all others of the same seed.
	Negative bool
	// FitSweeps is how many sweeps, from number 0 on, fit the steps of samplers that
	// have them; 0: those of warm-up, negative: none.
	FitSweeps int
	// Code is what the model names of its user's code in Go.
	Code UserCode
	// Hold makes a sampler without that code, which holds states and does not sweep.
	Hold bool
	// Kernel is the assembly to use, the best one by itself; it changes no sample.
	// NewSampler refuses one that the processor does not run.
	Kernel vector.Kernel
	// Device makes the sweeps, nil: the sampler does. What it cannot run it refuses at the
	// first sweep.
	Device Device
}

// Sampler holds the state of many chains of one model and sweeps it. Its
// methods are not safe for concurrent use.
type Sampler struct {
	model   *Model
	chains  int
	seed    uint64
	threads int

	rng   rng.Words
	phase rng.Purpose // 0, or PurposeNegative
	sweep uint64      // number of the next sweep
	beta  float64

	// State: tiles × rows × tile words (bits), × 64·tile chains (categoricals).
	words, tile, tiles            int
	spinRows, cat8Rows, cat16Rows int
	bits                          []uint64
	cat8                          []uint8
	cat16                         []uint16
	floatRows                     int
	floats                        []float32
	stepRows                      int
	steps                         []float32 // of samplers that have them
	stepRow                       []int32   // of each node, -1 without
	stepFree                      []bool    // of each row: any number, not a step
	adaptRow                      int       // see Adapted; -1 without
	fitUntil                      uint64    // sweeps before it fit the steps
	fitFixed                      bool      // by Options
	codeDepth                     int       // of the deepest expression
	normals                       *vector.NormalTable
	rare                          *rareTable
	kind                          []nodeKind
	row                           []int32 // of each node in its array
	slot                          []int32 // of each node, -1 in no block

	clamped []bool
	clamps  []Clamp

	blocks      [][]*blockPlan
	groupMax    int
	productRows [][]int32
	products    map[string]int32
	views       map[[2]int]*view
	viewList    []*view
	viewSize    int

	weights   [][]float64   // as given, by factor
	params    [][][]float64 // by formula and parameter
	codes     []CodeFactor  // with their parameters as they are now
	codes32   []*code32     // the same in float32
	counted   []float64     // see findCounted
	ints      []int64       // rounded, all factors
	flat      []float64     // the weights of ints, where they are rounded by groups
	weights32 [][]float32   // as float32, of models with updates in float32
	intAt     []int         // where each factor's begin
	numberAt  [][]int32     // by factor, see placeNumberRows

	energyPrograms []*vectorCode // by code factor; nil: none
	programOps     int           // of all programs

	// Fields by pattern of inputs, then by group; one pair is used.
	pool32, view32 []int32
	pool64, view64 []int64
	patterns       int // entries of the pool that are pattern tables

	// Tables of the current β.
	spins       *spinTable
	exps        map[int]*expTable
	spinReach   uint64 // largest magnitude of a field from spins alone
	catReach    map[int]uint64
	choice      []uint32 // threshold << 1 | likely, for pattern tables; nil: not made
	usePattern  bool
	atBeta      int            // sweeps since β changed
	catPatterns []*catPatterns // of the blocks that have them
	tail        bool
	digitShift  uint // 16 - digits drawn in one go
	bytes       bool // first digits of spins have 8 bits

	workers  []*worker
	user     userState
	starts   []StartFunc // by variable; nil: not by user's code
	straight *Straight   // emitted code, nil: tables throughout
	hard     *hardware   // nil: thresholds and Philox

	kernelInUse vector.Kernel
	vector      *vectorSpins // nil: the spin kernel does not take the model
	fours       *fourSpins   // nil: that in AVX2 does not
	planes      *planePlan   // nil: spins are drawn from digits
	slices      *slicePlan   // nil: single bytes do not decide

	device      Device // nil: none
	deviceError *DeviceError
	away        bool // the device has been left with the states
}

type nodeKind uint8

const (
	nodeSpin nodeKind = iota
	nodeCat8
	nodeCat16
	nodeFloat
)

// NewSampler compiles a model. The chains start in the model's initial state.
func NewSampler(m *Model, o Options) (*Sampler, error) {
	s := &Sampler{model: m, chains: o.Chains, seed: o.Seed, threads: max(1, o.Threads), straight: o.Straight, device: o.Device}
	if s.chains == 0 {
		s.chains = m.Chains
	}
	if s.chains < 1 || s.chains > math.MaxInt32 {
		return nil, fmt.Errorf("%d chains: at least 1 and at most %d are needed", s.chains, math.MaxInt32)
	}
	if f := m.Format; f.Group < 0 || f.Group > maxGroup || f.Segments != 128 && f.Segments != 256 || f.Accum != 32 && f.Accum != 64 ||
		f.ThresholdBits != 32 && f.Planes == 0 && (f.ThresholdBits < 1 || f.ThresholdBits > 16) {
		return nil, fmt.Errorf("number format %+v is not one this engine knows", f)
	}
	if f := m.Format; f.Digit != 0 && (f.Digit != 8 || f.ThresholdBits != 32 && !f.singleByte() || f.Planes > 0 || f.Noise || m.Stream != (Stream{})) {
		return nil, fmt.Errorf("first digits of %d bits in number format %+v are not ones this engine knows", f.Digit, f)
	}
	if m.Rounds != 7 && m.Rounds != 10 && m.Rounds != rng.ARS5 {
		return nil, fmt.Errorf("random words of %d rounds are not ones this engine knows", m.Rounds)
	}
	var err error
	if s.kernelInUse, err = vector.ChooseKernel(o.Kernel); err != nil {
		return nil, err
	}
	if err := m.checkHardware(); err != nil {
		return nil, err
	}
	if err := m.checkPlanes(); err != nil {
		return nil, err
	}
	if err := m.checkSlices(); err != nil {
		return nil, err
	}
	if s.hard = newHardware(m); s.hard != nil {
		s.straight = nil // emitted code compares digits with thresholds
	}
	s.rng = rng.NewWords(o.Seed, m.Rounds)
	if o.Negative {
		s.phase = rng.PurposeNegative
	}
	s.tail = m.Format.ThresholdBits == 32
	if s.bytes = m.Format.Digit == 8 && !m.Format.singleByte(); s.bytes {
		s.straight = nil // emitted code compares 16 bits
	}
	if !s.tail && m.Format.Planes == 0 {
		s.digitShift = uint(16 - m.Format.ThresholdBits)
	}
	s.words = (s.chains + 63) / 64
	s.tile = min(8, max(1, s.words/s.threads))
	if m.onlyNumbers() {
		s.tile = 1 // rows side by side: strides of a power of two share few places of a cache
	}
	if m.Synchronous {
		s.straight = nil // emitted code writes in place
	}
	switch {
	case !s.vectorised():
	case s.kernelInUse == vector.AVX512:
		s.vector, s.straight = &vectorSpins{}, nil
		s.tile = vectorWords
	default:
		s.fours, s.straight = &fourSpins{}, nil
		s.tile = fourWords
	}
	if s.planes = s.newPlanes(); s.planes != nil {
		s.straight = nil
		s.tile = (s.tile + 1) &^ 1 // planes are of 128 chains
		if s.planes.kernel {
			s.tile = vectorWords
		}
	}
	if s.slices = s.newSlices(); s.slices != nil {
		s.straight = nil
		if s.slices.kernel {
			s.tile = s.slices.words
		}
	}
	if s.straight != nil {
		s.tile = 1
	}
	s.tiles = (s.words + s.tile - 1) / s.tile
	s.placeNodes()
	s.bits = make([]uint64, s.tiles*s.tile*s.spinRows)
	s.cat8 = make([]uint8, s.tiles*s.tile*s.cat8Rows*64)
	s.cat16 = make([]uint16, s.tiles*s.tile*s.cat16Rows*64)
	s.floats = make([]float32, s.tiles*s.tile*s.floatRows*64)
	if s.floatRows > 0 || len(m.Codes) > 0 {
		s.normals, s.rare = NewNormalTable(), newRareTable()
	}
	s.slot = make([]int32, m.Nodes)
	for i := range s.slot {
		s.slot[i] = -1
	}
	s.placeSteps()
	s.fitFixed = o.FitSweeps != 0
	s.fitUntil = uint64(max(0, o.FitSweeps))
	if !s.fitFixed {
		s.fitUntil = uint64(max(0, m.Schedule.Warmup))
	}
	s.codes = m.Codes
	s.clamped = make([]bool, m.Nodes)
	s.groupMax = 8
	if m.fullPatterns() > 1<<26 {
		s.groupMax = 4
	}
	if m.Format.Group > 1 {
		s.groupMax, s.straight = m.Format.Group, nil
	}
	if err := s.compile(&o); err != nil {
		return nil, err
	}
	if s.slices != nil && s.slices.emitted != nil {
		s.placeSliceParts(s.slices.emitted.Slices)
	}
	if err := s.planStarts(&o); err != nil {
		return nil, err
	}
	s.placeNumbers()
	s.placeNumberRows()
	s.placeCodes()
	if s.hard != nil {
		s.hard.plan(s)
	}
	if s.straight != nil && s.straight.Fields != nil {
		s.straight.Fields(&Fields{s: s})
	}
	s.takeParams()
	s.weights = make([][]float64, len(m.Factors))
	for i, f := range m.Factors {
		s.weights[i] = f.Weights
		s.setInts(i, f.Weights)
	}
	for range s.threads {
		s.workers = append(s.workers, s.newWorker())
	}
	s.beta = m.Beta
	if len(m.Betas) > 0 {
		s.beta = m.Betas[0]
	}
	for i := range s.blocks {
		for _, b := range s.blocks[i] {
			s.planPatterns(b)
		}
	}
	s.buildTables()
	s.skipClamped()
	for _, c := range m.Clamps {
		s.setClamped(c)
	}
	s.Init()
	return s, nil
}

// fullPatterns is how many entries tables of up to 8 inputs take in all.
func (m *Model) fullPatterns() int {
	degree := make([]int32, m.Nodes)
	for _, f := range m.Factors {
		if len(f.Slots) > 1 {
			for _, n := range f.Index {
				degree[n]++
			}
		}
	}
	n := 0
	for _, d := range degree {
		n += int(d)/8*256 + 1<<(d%8)
	}
	return n
}

// Model returns the model the sampler was made from; it must not be changed.
func (s *Sampler) Model() *Model { return s.model }

// Chains returns the number of chains.
func (s *Sampler) Chains() int { return s.chains }

// Seed returns the seed.
func (s *Sampler) Seed() uint64 { return s.seed }

// Kernel returns the assembly in use.
func (s *Sampler) Kernel() vector.Kernel { return s.kernelInUse }

// Work says what does the updates: emitted code, the kernels of spins and of categories, or
// tables, and with which instructions these and the random words are made.
func (s *Sampler) Work() string {
	what := "tables"
	switch {
	case s.planes != nil:
		what = "planes"
	case s.slices != nil && s.slices.serve:
		what = "emitted slices"
	case s.slices != nil && s.slices.kernel:
		what = "slices"
	case s.vector != nil, s.fours != nil:
		what = "spins"
	case len(s.blocks) > 0 && s.slotsServe(0):
		what = "slots"
	case s.straight != nil:
		what = "emitted code"
	}
	switch {
	case !s.drawsThetas():
	case what == "spins":
		what = "spins and categories"
	case what == "tables":
		what = "categories"
	case what == "emitted code":
		what = "emitted code and categories"
	}
	return what + ", " + s.kernelInUse.String()
}

// Beta returns the current inverse temperature.
func (s *Sampler) Beta() float64 { return s.beta }

// SetBeta changes the inverse temperature of the sweeps that follow.
func (s *Sampler) SetBeta(beta float64) error {
	if err := s.checkBeta(beta); err != nil {
		return err
	}
	if beta != s.beta {
		s.tablesFor(beta)
	}
	return nil
}

// checkBeta refuses what is no inverse temperature, or too small a one for the
// categorical fields that the weights make.
func (s *Sampler) checkBeta(beta float64) error {
	if !(beta >= 0) || math.IsInf(beta, 1) {
		return fmt.Errorf("beta %v: a number from 0 up is needed", beta)
	}
	if s.hard != nil {
		if err := s.hard.checkNoise(s, beta); err != nil {
			return err
		}
	}
	for k, reach := range s.catReach {
		if c := math.Ldexp(beta, -s.model.Format.Fraction); !s.model.Format.Noise && reach>>40 != 0 && math.Ldexp(c, 40) < float64((float64(expBits(k))+1)*0.6931471805599453) {
			return fmt.Errorf("beta %v is too small for fields that reach 2^40 units: use fewer fractional bits", beta)
		}
	}
	return nil
}

// SweepNumber is the number of the next sweep; it picks the sweep's words.
func (s *Sampler) SweepNumber() uint64 { return s.sweep }

// SetSweepNumber continues from another sweep, as a resumed run does.
func (s *Sampler) SetSweepNumber(n uint64) { s.sweep = n }

// tablesFor builds the tables of one β. Those by pattern of inputs are made at
// once for the first β, which mostly stays; for another one when makePatterns
// finds that they pay.
func (s *Sampler) tablesFor(beta float64) {
	changed := s.spins != nil && beta != s.beta
	s.beta, s.atBeta = beta, 0
	if !s.spins.serves(beta, s.spinReach) {
		s.spins = newSpinTable(s.model.Format, beta, s.spinReach)
	}
	if s.hard != nil {
		s.hard.tables(s.model.Format, beta)
	}
	if s.vector != nil {
		s.vector.makeCells(s.spins)
	}
	if s.fours != nil {
		s.fours.makeCurves(s.spins)
	}
	if s.slices != nil {
		s.setSlices()
	}
	if s.planes != nil {
		s.planes.setBeta(s.spins.scale)
	}
	s.prepareFloats()
	s.exps = map[int]*expTable{}
	for k, reach := range s.catReach {
		s.exps[k] = newExpTable(s.model.Format, beta, k, reach)
	}
	s.usePattern = false
	for _, c := range s.catPatterns {
		c.made = false
	}
	if !changed {
		s.makePatterns(math.Inf(1))
	}
}

// makePatterns makes the tables by pattern of inputs that are used often enough
// in so many sweeps at one β: an entry of a spin costs what four
// updates save, a pattern of a categorical about what one does.
func (s *Sampler) makePatterns(sweeps float64) {
	uses := sweeps * float64(s.chains)
	if !s.usePattern && s.planes == nil && s.slices == nil && !s.bytes && s.patterns > 0 && float64(s.patterns) <= uses*float64(s.spinRows)/4 {
		s.usePattern = true
		s.choice = s.choice[:0]
		if s.pool32 != nil {
			s.choice = appendChoices(s.choice, s.spins, s.pool32, s.patterns)
		} else {
			s.choice = appendChoices(s.choice, s.spins, s.pool64, s.patterns)
		}
	}
	for _, c := range s.catPatterns {
		if !c.made && float64(len(c.pool)/c.block.states) <= uses*float64(len(c.block.nodes)) {
			c.fill(s)
		}
	}
}

func appendChoices[T int32 | int64](dst []uint32, t *spinTable, pool []T, n int) []uint32 {
	for _, g := range pool[:n] {
		dst = append(dst, t.first(magnitude(int64(g)))<<1|likely(int64(g)))
	}
	// Kernels index 256 entries from any table's start.
	return append(dst, make([]uint32, 256)...)
}

// reachOfCategoricals bounds, for each number of states, how far two fields of
// one node can be apart.
func (s *Sampler) reachOfCategoricals() map[int]uint64 {
	reach := map[int]uint64{}
	for _, super := range s.blocks {
		for _, b := range super {
			if b.kind != Categorical {
				continue
			}
			for i := range b.nodes {
				sum := uint64(0)
				for _, t := range b.terms[b.tstart[i]:b.tstart[i+1]] {
					sum += s.termReach(b, t)
				}
				reach[b.states] = max(reach[b.states], 2*sum)
			}
		}
	}
	return reach
}

// termReach is the largest magnitude a term can have.
func (s *Sampler) termReach(b *blockPlan, t term) uint64 {
	n := b.states
	for _, x := range t.cats {
		n *= int(x.states)
	}
	top := uint64(0)
	if s.view32 != nil {
		for _, w := range s.view32[t.base : int(t.base)+n] {
			top = max(top, magnitude(int64(w)))
		}
	} else {
		for _, w := range s.view64[t.base : int(t.base)+n] {
			top = max(top, magnitude(w))
		}
	}
	return top
}

// SetClamp fixes nodes; see Clamp for the form of the values. Clamping changes
// no word of any other node.
func (s *Sampler) SetClamp(c Clamp) error {
	n := len(c.Nodes)
	switch {
	case c.Chains == 0 && len(c.Values) != n, c.Chains > 0 && len(c.Values) != n*c.Chains:
		return fmt.Errorf("clamp of %d nodes has %d values for %d chains", n, len(c.Values), c.Chains)
	case c.Chains > 0 && c.Chains != s.chains:
		return fmt.Errorf("clamp has values for %d chains, the sampler has %d", c.Chains, s.chains)
	}
	for i, v := range c.Values {
		node := c.Nodes[i%n]
		if node < 0 || int(node) >= s.model.Nodes {
			return fmt.Errorf("clamp of node %d: the model has %d nodes", node, s.model.Nodes)
		}
		if err := s.checkValue(int(node), v); err != nil {
			return err
		}
	}
	s.setClamped(c)
	s.applyClamp(c)
	return nil
}

func (s *Sampler) setClamped(c Clamp) {
	s.clamps = append(s.clamps, c)
	for _, n := range c.Nodes {
		s.clamped[n] = true
	}
	s.skipClamped()
}

// Unclamp frees nodes again. A node in no block stays as it is.
func (s *Sampler) Unclamp(nodes []int32) {
	free := map[int32]bool{}
	for _, n := range nodes {
		free[n] = true
		s.clamped[n] = false
	}
	var kept []Clamp
	for _, c := range s.clamps {
		k := Clamp{Chains: c.Chains}
		rows := max(1, c.Chains)
		for _, n := range c.Nodes {
			if !free[n] {
				k.Nodes = append(k.Nodes, n)
			}
		}
		for r := range rows {
			for i, n := range c.Nodes {
				if !free[n] {
					k.Values = append(k.Values, c.Values[r*len(c.Nodes)+i])
				}
			}
		}
		if len(k.Nodes) > 0 {
			kept = append(kept, k)
		}
	}
	s.clamps = kept
	s.skipClamped()
}

// skipClamped tells the kernels which nodes to leave alone.
func (s *Sampler) skipClamped() {
	for _, super := range s.blocks {
		for _, b := range super {
			b.skip = b.skip[:0]
			for i := range b.kernel {
				b.skip = append(b.skip, i >= len(b.nodes) || s.clamped[b.nodes[i]])
			}
			if b.slots != nil {
				b.skipSlots()
			}
		}
	}
	s.planSlopes()
}

func (s *Sampler) checkValue(node int, v int32) error {
	return s.model.CheckValue(node, v)
}

var errStateSize = errors.New("state has the wrong number of values")
