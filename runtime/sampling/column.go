package sampling

// Straight is emitted straight-line code for a model: what the tables of this
// package say, spelt out with neighbours and weights as constants. It gives the
// same samples.
type Straight struct {
	// Blocks[i] updates superblock i of 64 chains, part after part; an empty one
	// is left to tables.
	Blocks [][]BlockFunc
	// Fields states the integer weights of the spins it updates. nil: they follow
	// from the model's weights, which is how runtime weights stay data.
	Fields func(f *Fields)
	// Slices are emitted kernels for spins that single bytes decide, for processors with
	// AVX-512; numbers of noise have at most SliceBits bits in them. Other spins, and these
	// with longer numbers or a clamped one among them, are left to tables.
	Slices    []SlicePart
	SliceBits int
}

// SlicePart is a kernel for up to 16 nodes in successive slots from Slot on, a multiple of 16.
type SlicePart struct {
	Slot, Nodes int
	Update      SliceFunc
}

// SliceFunc updates nodes in 512 chains.
type SliceFunc func(a *SliceArgs)

// SliceArgs are what emitted kernels read: at State and Noise rows of 64 bytes, a bit for each
// chain. State has one for each spin in dense order, Noise 15 for each node, as
// vector.SliceDraws says. New values go to State.
type SliceArgs struct {
	State, Noise *uint64
}

// BlockFunc updates free nodes of one superblock for 64 chains.
type BlockFunc func(c *Column)

// Column is 64 chains of a Sampler, as emitted code sees them.
type Column struct {
	Spins []uint64 // one word a spin node, in dense order of the spins

	s     *Sampler
	w     *worker
	super []*blockPlan
	block *blockPlan
	bytes int
	chain uint32
}

// parts is the code of superblock i, nil where tables serve.
func (st *Straight) parts(i int) []BlockFunc {
	if st == nil || i >= len(st.Blocks) {
		return nil
	}
	return st.Blocks[i]
}

// columnOf prepares a worker's view of one word; with straight-line code a tile
// is one word.
func (s *Sampler) columnOf(w *worker, super, word int) *Column {
	c := &w.column
	left := min(64, s.chains-64*word)
	*c = Column{Spins: w.bits, s: s, w: w, super: s.blocks[super],
		bytes: (left + 7) / 8, chain: uint32(64 * word)}
	c.block = c.super[0]
	return c
}

// Draw makes the digits of slots slot … slot+3, which the updates up to the next
// Draw use. slot is a multiple of 4.
func (c *Column) Draw(slot int) {
	for _, b := range c.super {
		if slot >= b.first && slot < b.first+len(b.kernel) {
			c.block = b
		}
	}
	if !c.block.allSkipped(slot - c.block.first) {
		c.w.noise.fill(c.w.sweep, c.chain/2, c.bytes, uint32(slot)/4)
	}
}

// Spin returns the next word of the spin in a slot with one to four inputs,
// each a word of Spins or a Product of them; unused inputs are 0. old is its
// present word, kept where the node is clamped.
func (c *Column) Spin(slot int, old, a0, a1, a2, a3 uint64) uint64 {
	b, i := c.block, slot-c.block.first
	if b.skip[i] {
		return old
	}
	a := [8]uint64{a0, a1, a2, a3}
	if !c.fromPattern(b, i) {
		return c.many(b, i, slot, a[:b.end[i]-b.start[i]])
	}
	spreadNibbles(&a)
	return c.pattern(b, i, slot, &a)
}

// Spin8 is Spin with five to eight inputs.
func (c *Column) Spin8(slot int, old, a0, a1, a2, a3, a4, a5, a6, a7 uint64) uint64 {
	b, i := c.block, slot-c.block.first
	if b.skip[i] {
		return old
	}
	a := [8]uint64{a0, a1, a2, a3, a4, a5, a6, a7}
	if !c.fromPattern(b, i) {
		return c.many(b, i, slot, a[:b.end[i]-b.start[i]])
	}
	transpose8(&a)
	return c.pattern(b, i, slot, &a)
}

// fromPattern says whether a spin has a table of choices at this β.
func (c *Column) fromPattern(b *blockPlan, i int) bool {
	return c.s.usePattern && b.kernel[i] == kernelPattern
}

// pattern updates a spin from its table of choices.
func (c *Column) pattern(b *blockPlan, i, slot int, a *[8]uint64) uint64 {
	at := b.table[i]
	return c.w.choosePattern(c.s, (*[256]uint32)(c.s.choice[at:]), a, c.bytes, uint32(slot), c.chain, at)
}

// SpinN is Spin with any number of inputs.
func (c *Column) SpinN(slot int, old uint64, inputs ...uint64) uint64 {
	b, i := c.block, slot-c.block.first
	if b.skip[i] {
		return old
	}
	return c.many(b, i, slot, inputs)
}

// Product is the product of two spins, word by word.
func Product(a, b uint64) uint64 { return ^(a ^ b) }

// Category updates the categorical in a slot. Its neighbours are given by their
// rows, in the order in which the node's factor rows name them first: r for the
// r-th categorical of at most 256 states, ^r for the r-th spin.
func (c *Column) Category(slot int, neighbours ...int32) {
	b, i := c.block, slot-c.block.first
	if b.skip[i] {
		return
	}
	if b.cat == nil || !b.cat.made {
		c.Node(slot)
		return
	}
	c.w.choosePatterns(c.s, b, i, neighbours, 0, c.bytes, uint32(slot), c.chain)
}

// Node updates the node in a slot from the tables of the model.
func (c *Column) Node(slot int) {
	b, i := c.block, slot-c.block.first
	if !b.skip[i] {
		c.s.updateNode(c.w, b, i, 0, c.bytes, uint32(slot), c.chain)
	}
}

// many updates a spin from groups of inputs.
func (c *Column) many(b *blockPlan, i, slot int, inputs []uint64) uint64 {
	return c.w.chooseWords(c.s, b.table[i], inputs, c.bytes, uint32(slot), c.chain)
}

// Fields takes the integer weights that emitted code states, in units of
// 2^-Fraction.
type Fields struct {
	s *Sampler
}

// Spin states the field of the spin in a slot: constant ± w[0] ± w[1] …, in the
// order of the inputs of its update. It panics if the slot holds no spin with
// so many inputs, because then the emitted files are not of one model.
func (f *Fields) Spin(slot int, constant int64, w ...int64) {
	for _, super := range f.s.blocks {
		for _, b := range super {
			i := slot - b.first
			if i < 0 || i >= len(b.nodes) {
				continue
			}
			if b.kind != Spin || b.kernel[i] == kernelTerms || int(b.end[i]-b.start[i]) != len(w) {
				panic("sampling: emitted weights do not fit the model")
			}
			if b.literal == nil {
				b.literal = make([][]int64, len(b.nodes))
			}
			b.literal[i] = append(append([]int64(nil), w...), constant)
			return
		}
	}
	panic("sampling: emitted weights do not fit the model")
}
