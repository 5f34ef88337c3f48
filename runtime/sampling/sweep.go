package sampling

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// worker updates a share of the chains, or of the slots of a block.
type worker struct {
	noise noise
	spins *spinTable
	sweep uint64

	// State of the tile at hand, and where updates go: the same arrays, or the
	// shadow of a synchronous model.
	bits, outBits     []uint64
	cat8, outCat8     []uint8
	cat16, outCat16   []uint16
	floats, outFloats []float32
	shadowFloats      []float32
	steps             []float32
	moves             []moves // by variable
	joint             jointScratch
	diverged          uint64
	divergedAt        uint64 // sweep of the first
	lost              *MoveFault
	float             floatScratch
	program           vector.Program[float32]

	theta  []int64
	cum    []uint64
	fields [64]int64
	sums   [64]int32
	index  [2][64]uint8
	inputs []uint64

	patterns [][64]uint8 // of a layer, see layerIndex
	pairs    [2][64]uint64
	words    [2][64]uint32
	noSums   [256]layerSums // the table of no inputs

	outputs []rng.StreamState // of a hardware generator
	drawn   drawnKey

	column Column
	user   *userCalls

	vector *spinWorker
	mixes  vector.Inputs
	made   []uint64 // by mixes
	fours  *fourWorker
	slots  *slotWorker
	plane  *planeWorker
	sliced *sliceWorker
	cats   vector.Cats
	thetas *vector.Thetas
	wide   *wideWorker

	shadowBits  []uint64
	shadowCat8  []uint8
	shadowCat16 []uint16
}

func (s *Sampler) newWorker() *worker {
	w := &worker{moves: make([]moves, len(s.model.Vars)), user: s.newUserCalls()}
	w.float.stack = make([][64]float32, max(s.codeDepth, len(wideStack{})))
	w.noise.kernel, w.float.second.kernel = s.kernelInUse, s.kernelInUse
	w.float.net.kernel = s.kernelInUse
	w.noise.init(s.rng)
	if s.bytes && s.vector != nil {
		w.noise.first = rng.PurposeBytes
	}
	if s.slices != nil {
		w.noise.first = rng.PurposeSingle
	}
	w.noise.phase, w.float.second.phase, w.float.second.draw = s.phase, s.phase, 1
	w.float.second.init(s.rng)
	w.float.first.kernel, w.float.first.phase = s.kernelInUse, rng.PurposeContinuous+s.phase
	w.float.first.init(s.rng)
	w.float.headSpan = 1
	k := 1
	for _, v := range s.model.Vars {
		k = max(k, v.States)
	}
	w.theta, w.cum = make([]int64, k), make([]uint64, k)
	return w
}

// Sweep updates every free node of every chain once, superblock after
// superblock.
func (s *Sampler) Sweep() { s.Sweeps(1) }

// Sweeps runs n sweeps at the current β.
func (s *Sampler) Sweeps(n int) {
	if s.device != nil {
		s.sweepsElsewhere(n, false)
		return
	}
	s.atBeta += n
	s.makePatterns(float64(s.atBeta))
	switch {
	case s.threads > 1 && s.tiles >= s.threads && n*s.model.Nodes*s.chains > 1<<14:
		s.parallel(func(w *worker, t int) { s.sweepTiles(w, t, s.threads, n) })
	case s.threads > 1 && s.worthSplitting():
		s.sweepsSplit(n)
	default:
		s.sweepTiles(s.workers[0], 0, 1, n)
	}
	s.sweep += uint64(n)
}

// SampleBlock updates superblock i alone, with the words it has in the sweep at
// hand. The sweep number moves on when the last superblock is done.
func (s *Sampler) SampleBlock(i int) {
	s.makePatterns(float64(s.atBeta + 1))
	s.superblock(s.workers[0], i, 0, 1, s.sweep)
	if i == len(s.blocks)-1 {
		s.atBeta++
		s.sweep++
	}
}

// parallel runs f on every worker.
func (s *Sampler) parallel(f func(w *worker, t int)) {
	var wg sync.WaitGroup
	for t := 1; t < s.threads; t++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(s.workers[t], t)
		}()
	}
	f(s.workers[0], 0)
	wg.Wait()
}

// worthSplitting says whether blocks are large enough for threads to share
// them: a hand-over costs microseconds.
func (s *Sampler) worthSplitting() bool {
	if s.model.Synchronous || s.hard != nil {
		return false
	}
	return s.model.Nodes*min(s.chains, 64) > 1<<13*len(s.blocks)
}

// bind points a worker at a tile.
func (s *Sampler) bind(w *worker, tile int, sweep uint64) {
	w.spins, w.sweep = s.spins, sweep
	w.bits = tileOf(s.bits, tile, s.tiles)
	w.cat8 = tileOf(s.cat8, tile, s.tiles)
	w.cat16 = tileOf(s.cat16, tile, s.tiles)
	w.floats = tileOf(s.floats, tile, s.tiles)
	w.steps = tileOf(s.steps, tile, s.tiles)
	w.outBits, w.outCat8, w.outCat16, w.outFloats = w.bits, w.cat8, w.cat16, w.floats
	if s.model.Synchronous {
		w.shadowBits = append(w.shadowBits[:0], w.bits...)
		w.shadowCat8 = append(w.shadowCat8[:0], w.cat8...)
		w.shadowCat16 = append(w.shadowCat16[:0], w.cat16...)
		w.shadowFloats = append(w.shadowFloats[:0], w.floats...)
		w.outBits, w.outCat8, w.outCat16, w.outFloats = w.shadowBits, w.shadowCat8, w.shadowCat16, w.shadowFloats
	}
}

func tileOf[T any](a []T, tile, tiles int) []T {
	n := len(a) / tiles
	return a[tile*n : (tile+1)*n]
}

// sweepTiles runs n sweeps of every step-th tile.
func (s *Sampler) sweepTiles(w *worker, first, step, n int) {
	if b := s.blocks[0][0]; len(s.blocks) == 1 && b.joint != nil {
		s.sweepJoint(w, b, first, step, n)
		return
	}
	for i := range n {
		for b := range s.blocks {
			s.superblock(w, b, first, step, s.sweep+uint64(i))
		}
	}
}

// sweepJoint is sweepTiles where nothing but a joint move is done: a tile has some sweeps
// one after the other, while it is in the cache.
func (s *Sampler) sweepJoint(w *worker, b *blockPlan, first, step, n int) {
	most := max(1, 64/len(b.nodes))
	if w.joint.turns = s.quickJoint(b); w.joint.turns {
		most = 8
	}
	for done := 0; done < n; done += most {
		w.float.headSpan = min(most, n-done)
		for tile := first; tile < s.tiles; tile += step {
			s.bind(w, tile, s.sweep+uint64(done))
			for left := w.float.headSpan; left > 0; {
				n := s.jointSweeps(w, b, tile, left)
				w.sweep += uint64(n)
				left -= n
			}
			if w.joint.turns {
				s.settle(w, tile)
			}
		}
	}
	w.float.headSpan, w.joint.turns = 1, false
}

// superblock updates one superblock of every step-th tile. All tiles pass a part
// of emitted code before the next one begins, while its tables are in the cache.
func (s *Sampler) superblock(w *worker, i, first, step int, sweep uint64) {
	if s.slices != nil && s.slices.serve {
		s.superblockSlices(w, i, first, step, sweep)
		return
	}
	parts := s.straight.parts(i)
	if s.slotsServe(i) || s.thetasServe(i) {
		parts = nil
	}
	for _, f := range parts {
		for tile := first; tile < s.tiles; tile += step {
			s.bind(w, tile, sweep)
			f(s.columnOf(w, i, tile))
		}
	}
	if parts != nil {
		return
	}
	for tile := first; tile < s.tiles; tile += step {
		s.bind(w, tile, sweep)
		for _, b := range s.blocks[i] {
			if s.hard != nil {
				s.hard.update(w, s, b, i, tile)
				continue
			}
			s.updateQuads(w, b, tile, 0, len(b.kernel)/4)
		}
		if s.model.Synchronous {
			copy(w.bits, w.outBits)
			copy(w.cat8, w.outCat8)
			copy(w.cat16, w.outCat16)
			copy(w.floats, w.outFloats)
		}
	}
}

// sweepsSplit runs n sweeps with the quads of every block shared by threads. They go from one
// superblock to the next together, waiting awake: to be woken takes as long as an update of
// thousands of spins.
func (s *Sampler) sweepsSplit(n int) {
	meet := meeting{threads: int32(s.threads)}
	s.parallel(func(w *worker, t int) {
		for sweep := s.sweep; sweep < s.sweep+uint64(n); sweep++ {
			for tile := range s.tiles {
				for i := range s.blocks {
					s.bind(w, tile, sweep)
					for _, b := range s.blocks[i] {
						quads := len(b.kernel) / 4
						s.updateQuads(w, b, tile, quads*t/s.threads, quads*(t+1)/s.threads)
					}
					meet.wait()
				}
			}
		}
	})
}

// meeting lets threads go on when all have come.
type meeting struct {
	threads    int32
	here, past atomic.Int32
}

// wait waits for the others.
func (m *meeting) wait() {
	past := m.past.Load()
	if m.here.Add(1) == m.threads {
		m.here.Store(0)
		m.past.Add(1)
		return
	}
	for turn := 0; m.past.Load() == past; turn++ {
		if turn > 1000 {
			runtime.Gosched() // there may be fewer processors than threads
		}
	}
}

// updateQuads updates slots 4·lo … 4·hi-1 of a block in every word of a tile.
// Four slots share their noise.
func (s *Sampler) updateQuads(w *worker, b *blockPlan, tile, lo, hi int) {
	switch {
	case b.vector != nil && s.vector != nil:
		s.updateVector(w, b, tile, lo, hi)
		return
	case b.vector != nil:
		s.updateFours(w, b, tile, lo, hi)
		return
	case s.planes != nil && b.user == nil:
		s.updatePlanes(w, b, tile, lo, hi)
		return
	case s.slices != nil && b.user == nil:
		s.updateSlices(w, b, tile, lo, hi)
		return
	case s.slotKernel(b):
		s.updateSlots(w, b, lo, hi)
		return
	case b.joint != nil:
		if lo == 0 { // it is not shared among threads
			s.updateJoint(w, b, tile)
		}
		return
	case s.catKernel(b):
		s.updateCats(w, b, tile, lo, hi)
		return
	case b.theta != nil:
		s.updateThetas(w, b, tile, lo, hi)
		return
	case b.layer != nil:
		s.updateLayer(w, b, tile, lo, hi)
		return
	}
	for g := lo; g < hi; g++ {
		if b.allSkipped(4 * g) {
			continue
		}
		skip := b.skip[4*g : 4*g+4]
		for lane := range s.tile {
			word := tile*s.tile + lane
			left := s.chains - 64*word
			if left <= 0 {
				break
			}
			bytes := (min(left, 64) + 7) / 8
			chain := uint32(64 * word)
			slot := uint32(b.first + 4*g)
			switch {
			case b.kind == Continuous || b.user != nil:
			case s.bytes && b.kind == Spin && b.float == nil:
				w.noise.fillBytes(w.sweep, chain/4, bytes, slot/4)
			default:
				w.noise.fill(w.sweep, chain/2, bytes, slot/4)
			}
			if b.float != nil && b.kind == Continuous {
				w.quadNormals(s, b, 4*g, 8*bytes, slot, chain)
			} else if b.float != nil {
				w.float.second.fill(w.sweep, chain/2, bytes, slot/4)
			}
			for q := range 4 {
				if !skip[q] {
					s.updateNode(w, b, 4*g+q, lane, bytes, slot+uint32(q), chain)
				}
			}
		}
	}
}

// updateNode updates node i of a block for the first 8·bytes chains of a word.
func (s *Sampler) updateNode(w *worker, b *blockPlan, i, lane, bytes int, slot, chain uint32) {
	switch b.kernel[i] {
	case kernelPattern:
		inputs := b.input[b.start[i]:b.end[i]]
		at := b.table[i]
		out := &w.outBits[int(b.row[i])*s.tile+lane]
		switch {
		case !s.usePattern:
			*out = s.chooseInputs(w, b, i, lane, bytes, slot, chain)
		default:
			var a [8]uint64
			for j, r := range inputs {
				a[j&7] = s.load(w.bits, r, lane)
			}
			if len(inputs) <= 4 {
				spreadNibbles(&a)
			} else {
				transpose8(&a)
			}
			*out = w.choosePattern(s, (*[256]uint32)(s.choice[at:]), &a, bytes, slot, chain, at)
		}
	case kernelGroups:
		w.outBits[int(b.row[i])*s.tile+lane] = s.chooseInputs(w, b, i, lane, bytes, slot, chain)
	case kernelFloat:
		w.updateFloat(s, b, i, lane, bytes, slot, chain)
	case kernelUser:
		w.updateUser(s, b, i, lane, 8*bytes, slot, chain)
	default:
		if b.cat != nil && b.cat.made {
			w.choosePatterns(s, b, i, b.cat.tails[i], lane, bytes, slot, chain)
			return
		}
		w.chooseTerms(s, b, i, lane, bytes, slot, chain)
	}
}

// chooseInputs updates a spin from its tables of partial sums.
func (s *Sampler) chooseInputs(w *worker, b *blockPlan, i, lane, bytes int, slot, chain uint32) uint64 {
	return w.chooseWords(s, b.table[i], w.loadInputs(s, b, i, lane), bytes, slot, chain)
}

// loadInputs are the words of a spin's inputs, good until the next call.
func (w *worker) loadInputs(s *Sampler, b *blockPlan, i, lane int) []uint64 {
	w.inputs = w.inputs[:0]
	for _, r := range b.input[b.start[i]:b.end[i]] {
		w.inputs = append(w.inputs, s.load(w.bits, r, lane))
	}
	return w.inputs
}

// chooseWords updates a spin from the words of its inputs and its tables of
// partial sums, which begin at a place of the pool.
func (w *worker) chooseWords(s *Sampler, at int32, inputs []uint64, bytes int, slot, chain uint32) uint64 {
	groups := s.groupCount(len(inputs))
	if s.pool32 == nil {
		return chooseMany(w, s, s.pool64[at:], inputs, groups, bytes, slot, chain)
	}
	pool := s.pool32
	switch {
	case s.bytes || !w.spins.fast:
		return chooseMany(w, s, pool[at:], inputs, groups, bytes, slot, chain)
	case groups > 2:
		return w.chooseGroups(s, pool[at:], inputs, groups, bytes, slot, chain)
	}
	var a0, a1 [8]uint64
	_, n := s.span(len(inputs), groups, 0)
	copy(a0[:], inputs[:n])
	copy(a1[:], inputs[n:])
	transpose8(&a0)
	t0 := (*[256]int32)(pool[at:])
	t1 := (*[256]int32)(pool[len(pool)-256:]) // zeros
	if groups == 2 {
		transpose8(&a1)
		t1 = (*[256]int32)(pool[int(at)+1<<n:])
	}
	return w.chooseSums(s, t0, t1, &a0, &a1, bytes, slot, chain)
}

// chooseGroups is for any number of groups where lines serve.
func (w *worker) chooseGroups(s *Sampler, pool []int32, inputs []uint64, groups, bytes int, slot, chain uint32) uint64 {
	f, x := &w.sums, &w.index[0]
	*f = [64]int32{}
	at := 0
	for g := range groups {
		var a [8]uint64
		lo, hi := s.span(len(inputs), groups, g)
		copy(a[:], inputs[lo:hi])
		transpose8(&a)
		t := (*[256]int32)(pool[at:])
		at += 1 << (hi - lo)
		order(x, &a, bytes)
		for i := 0; i < 8*bytes; i++ {
			f[i&63] += t[x[i&63]]
		}
	}
	return w.chooseFields(s, f, bytes, slot, chain)
}

// chooseMany is for any number of groups and any format.
func chooseMany[T int32 | int64](w *worker, s *Sampler, pool []T, inputs []uint64, groups, bytes int, slot, chain uint32) uint64 {
	f := sumGroups(w, s, pool, inputs, groups, bytes)
	var out uint64
	for i := range 8 * bytes {
		c := chainIn(i, bytes)
		u := uint32(w.noise.digit[slot&3][i&63])
		out |= w.chooseField(s, f[i&63], u, chain+uint32(c), slot) << uint(c)
	}
	return out
}

// sumGroups adds up the fields of a node, in places.
func sumGroups[T int32 | int64](w *worker, s *Sampler, pool []T, inputs []uint64, groups, bytes int) *[64]int64 {
	f := &w.fields
	*f = [64]int64{}
	at := 0
	for g := range groups {
		var a [8]uint64
		lo, hi := s.span(len(inputs), groups, g)
		copy(a[:], inputs[lo:hi])
		transpose8(&a)
		t := (*[256]T)(pool[at:])
		at += 1 << (hi - lo)
		order(&w.index[0], &a, bytes)
		for i := 0; i < 8*bytes; i++ {
			f[i&63] += int64(t[w.index[0][i&63]])
		}
	}
	return f
}

// Observer sees the chains after a draw. Draws count from 0.
type Observer interface {
	Observe(s *Sampler, draw int) error
}

// SweepObserver is an Observer that also wants to see every sweep, the initial
// state included.
type SweepObserver interface {
	ObserveSweep(s *Sampler) error
}

// Run follows a schedule: warm-up with the model's annealing, if it has one,
// then draws. A resumed run (resume true) skips warm-up, stays at the model's β
// and observes first after StepsPerSample sweeps. It stops with the context's
// error between sweeps.
func (s *Sampler) Run(ctx context.Context, sch Schedule, resume bool, observers ...Observer) error {
	err := s.run(ctx, sch, resume, observers)
	if brought := s.bring(); err == nil {
		err = brought
	}
	return err
}

func (s *Sampler) run(ctx context.Context, sch Schedule, resume bool, observers []Observer) error {
	if err := sch.Validate(); err != nil {
		return err
	}
	var each []SweepObserver
	for _, o := range observers {
		if e, ok := o.(SweepObserver); ok {
			each = append(each, e)
		}
	}
	if err := s.Fault(); err != nil { // of the initial state
		return err
	}
	r := runner{s: s, ctx: ctx, each: each}
	r.farDraws, r.farSweeps = areFar(observers)
	if !s.fitFixed {
		s.fitUntil = s.sweep + uint64(sch.Warmup)
		if resume {
			s.fitUntil = 0
		}
	}
	if !resume {
		if err := r.observeSweep(); err != nil {
			return err
		}
		if err := r.warmUp(sch.Warmup); err != nil {
			return err
		}
	}
	if err := s.SetBeta(s.model.Beta); err != nil {
		return err
	}
	for d := range sch.Samples {
		if d > 0 || resume {
			if err := r.sweeps(sch.StepsPerSample, !r.farDraws); err != nil {
				return err
			}
		}
		for _, o := range observers {
			if err := o.Observe(s, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// runner carries what the sweeps of a run need.
type runner struct {
	s    *Sampler
	ctx  context.Context
	each []SweepObserver

	farDraws, farSweeps bool // nobody looks at the states, see FarObserver
}

// areFar says whether observers do not look at the states of draws, and of sweeps.
func areFar(observers []Observer) (draws, sweeps bool) {
	draws, sweeps = true, true
	for _, o := range observers {
		var d, w bool
		if f, ok := o.(FarObserver); ok {
			d, w = f.Far()
		}
		_, each := o.(SweepObserver)
		draws, sweeps = draws && d, sweeps && (w || !each)
	}
	return draws, sweeps
}

func (r *runner) warmUp(n int) error {
	if r.s.model.Betas == nil {
		return r.sweeps(n, !r.farDraws)
	}
	for t := range n {
		// The last entry serves further sweeps of a longer warm-up.
		if err := r.s.SetBeta(r.s.model.Betas[min(t, len(r.s.model.Betas)-1)]); err != nil {
			return err
		}
		if err := r.sweeps(1, t == n-1 && !r.farDraws); err != nil {
			return err
		}
	}
	return nil
}

// sweeps runs n sweeps, in pieces short enough for a context to stop. look says that somebody looks at the
// states then.
func (r *runner) sweeps(n int, look bool) error {
	piece := max(1, 1<<22/max(1, r.s.model.Nodes*r.s.chains))
	if r.s.device != nil {
		piece = deviceSweeps
	}
	if r.each != nil {
		if piece = 1; r.s.device != nil && r.farSweeps {
			piece = shownSweeps
		}
	}
	for n > 0 {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		k := min(n, piece)
		if n -= k; r.s.device != nil {
			r.s.sweepsElsewhere(k, r.farSweeps && (n > 0 || !look))
		} else {
			r.s.Sweeps(k)
		}
		if err := r.s.Fault(); err != nil {
			return err
		}
		if err := r.observeSweep(); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) observeSweep() error {
	for _, o := range r.each {
		if err := o.ObserveSweep(r.s); err != nil {
			return err
		}
	}
	return nil
}
