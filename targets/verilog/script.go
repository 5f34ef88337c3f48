package verilog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/verilog/regmap"
)

// operation is what a testbench of the shell with a bus does next: a line of 16 digits in
// sim/axi.hex, operation (2), strobes (1), order (1), address (4), data (8). Testbench,
// Verilator driver and cocotb test read the same script.
type operation uint8

const (
	opEnd     operation = iota
	opWrite             // expects OKAY
	opDenied            // a write, expects SLVERR
	opRead              // expects the data
	opNoRead            // expects SLVERR and 0
	opWait              // reads until a bit of the data is set
	opStream            // how the stream is taken: one of the modes
	opFrames            // waits until so many frames have come since opExpect
	opExpect            // the number of the frame that is expected next
	opIdle              // so many clocks
	opReset             // hard reset for so many clocks
	opNoFrame           // after so many clocks no frame has begun or come
)

// Modes of a stream: always ready, at random, never, and after one word never.
const (
	streamAlways = iota
	streamRandom
	streamNever
	streamOne
)

// Orders of address and data of a write.
const (
	together = iota
	addressFirst
	dataFirst
)

// script collects operations and the frames that they lead to.
type script struct {
	d      *design
	at     map[string]*regmap.Register
	lines  []string
	frames []string

	of              schedule   // its runs have this one
	loaded, clamped int        // first frames of those with loaded states, and with clamps
	clamps          []ir.Clamp // of these
}

func (s *script) op(o operation, strobes, order int, address uint32, data uint32) {
	s.lines = append(s.lines, fmt.Sprintf("%02x%x%x%04x%08x", uint8(o), strobes, order, address, data))
}

// write writes a word of a register, address and data in each order in turn.
func (s *script) write(name string, word int, data uint32) {
	s.op(opWrite, 15, len(s.lines)%3, s.at[name].Offset+4*uint32(word), data)
}

func (s *script) denied(name string, data uint32) {
	s.op(opDenied, 15, len(s.lines)%3, s.at[name].Offset, data)
}

func (s *script) read(name string, word int, data uint32) {
	s.op(opRead, 0, 0, s.at[name].Offset+4*uint32(word), data)
}

func (s *script) field(register, name string) uint32 {
	for _, f := range s.at[register].Fields {
		if f.Name == name {
			return (1<<f.Width - 1) << f.Low
		}
	}
	panic("no field " + name)
}

// status is that with these bits.
func (s *script) status(names ...string) uint32 {
	x := uint32(0)
	for _, n := range names {
		x |= s.field("status", n)
	}
	return x
}

func (s *script) control(name string) { s.write("control", 0, s.field("control", name)) }

func (s *script) wait(names ...string) { s.op(opWait, 0, 0, s.at["status"].Offset, s.status(names...)) }

func (s *script) mode(mode uint32) { s.op(opStream, 0, 0, 0, mode) }

// schedule is that of a run in the script.
type schedule struct{ warmup, samples, steps int }

func (c schedule) sweeps() int { return c.warmup + (c.samples-1)*c.steps }

func (s *script) schedule(c schedule) {
	s.write("warmup", 0, uint32(c.warmup))
	s.write("samples", 0, uint32(c.samples))
	s.write("steps", 0, uint32(c.steps))
}

// frame is the frame of a state: its chain and its words.
func (d *design) frame(chain int, state []int32) string {
	return fmt.Sprintf("%04x%0*s", chain, 8*d.words(), d.hex(state))
}

// framesOf adds the frames of a run, and gives the number of the first.
func (s *script) framesOf(c schedule, states [][][]int32) (first int) {
	first = len(s.frames)
	for i := range c.samples {
		for chain, x := range states[c.warmup+i*c.steps] {
			s.frames = append(s.frames, s.d.frame(chain, x))
		}
	}
	return first
}

// finish waits for all frames of a run.
func (s *script) finish(c schedule) {
	s.op(opFrames, 0, 0, 0, uint32(c.samples*s.d.k))
	s.wait("done")
	s.op(opNoFrame, 0, 0, 0, 20)
	flips := uint64(c.sweeps()) * uint64(s.d.k) * uint64(len(s.d.order))
	s.read("draws", 0, uint32(c.samples))
	s.read("sweeps", 0, uint32(c.sweeps()))
	s.read("flips", 0, uint32(flips))
	s.read("flips", 1, uint32(flips>>32))
}

// axiScript is the script that is emitted: registers, runs with and without back-pressure,
// with loaded states and with clamps, and what is refused.
func (d *design) axiScript() (*script, error) {
	s := &script{d: d, at: map[string]*regmap.Register{}}
	m := d.registers()
	for i := range m.Registers {
		s.at[m.Registers[i].Name] = &m.Registers[i]
	}
	c := schedule{0, 2, max(1, min(4, checkedUpdates/(4*d.k*d.p.Nodes)))}
	if c.steps == 4 {
		c = schedule{2, 3, 2}
	}
	seed := d.p.Sample.Seed
	baked, err := d.replay(seed, nil, course{0, 1}, c.sweeps())
	if err != nil {
		return nil, err
	}
	other, err := d.replay(seed+1, nil, course{0, 1}, c.sweeps())
	if err != nil {
		return nil, err
	}
	clamps := d.someClamps()
	clamped, err := d.replay(seed, clamps, course{0, 1}, c.sweeps())
	if err != nil {
		return nil, err
	}
	image, err := (&Bench{d}).Image(seed+1, 0, 0, other[0])
	if err != nil {
		return nil, err
	}
	s.constants(m)
	first := s.framesOf(c, baked)
	s.refusals(c)
	s.mode(streamAlways)
	s.run(first, c)
	s.mode(streamRandom)
	s.run(first, c)
	s.interrupted(first, c)

	s.of, s.clamps, s.loaded = c, clamps, len(s.frames)
	s.load(c, other, image, streamRandom)
	if now := (schedule{0, c.samples, c.steps}); d.k > 3 {
		s.load(now, other, image, streamNever)
	}
	s.schedule(c)

	s.clamped = s.framesOf(c, clamped)
	s.clamp(clamps)
	s.run(s.clamped, c)
	s.wrongClamps(clamps)
	s.control("reset")
	s.read("clamp_mask", 0, 0)
	s.schedule(c)
	s.mode(streamAlways)
	s.run(first, c)
	if d.choice > 0 {
		if err := s.anneal(c); err != nil {
			return nil, err
		}
	}
	s.op(opEnd, 0, 0, 0, 0)
	return s, nil
}

// run starts, with the frame that is to come first, and waits for the end.
func (s *script) run(first int, c schedule) {
	s.op(opExpect, 0, 0, 0, uint32(first))
	s.control("start")
	s.finish(c)
}

// anneal runs through the schedule of β from another of its sweeps, at half the speed, and
// stays at its end.
func (s *script) anneal(c schedule) error {
	d := s.d
	last := len(d.sweeps) - 1
	for _, x := range []course{{min(1, last), 2}, {last + 7, 1}, {0, 1}} {
		states, err := d.replay(d.p.Sample.Seed, nil, x, c.sweeps())
		if err != nil {
			return err
		}
		s.write("beta_first", 0, uint32(x.first))
		s.write("beta_steps", 0, uint32(x.steps))
		s.run(s.framesOf(c, states), c)
		// The first superblock has taken so many numbers when the last one makes the last draw.
		taken := c.sweeps() + (d.lastOffset()+d.betaLead())/d.k
		s.read("beta_index", 0, uint32(d.position(uint64(x.first+taken/x.steps))))
	}
	if d.stored {
		if err := s.wholeRamp(); err != nil {
			return err
		}
	}
	s.write("beta_steps", 0, 0)
	s.denied("control", s.field("control", "start"))
	s.write("beta_steps", 0, 1)
	s.op(opNoFrame, 0, 0, 0, 50)
	return nil
}

// wholeRamp runs through every stretch of the schedule, as far as the interpreter does not
// take long: a table that is late, early or another's would change the states.
func (s *script) wholeRamp() error {
	d := s.d
	c := schedule{min(len(d.sweeps)+1, checkedUpdates/(d.k*d.p.Nodes)), 2, 1}
	states, err := d.replay(d.p.Sample.Seed, nil, course{0, 1}, c.sweeps())
	if err != nil {
		return err
	}
	s.schedule(c)
	s.mode(streamRandom)
	s.run(s.framesOf(c, states), c)
	s.schedule(s.of)
	return nil
}

// load runs from an image. Where the stream takes nothing and the first draw is the initial
// state, the array stands still with rows to come: a word of them is refused, and taken
// later.
func (s *script) load(c schedule, states [][][]int32, image []uint32, mode uint32) {
	d := s.d
	s.op(opExpect, 0, 0, 0, uint32(s.framesOf(c, states)))
	s.schedule(c)
	s.mode(mode)
	s.write("control", 0, s.field("control", "start")|s.field("control", "load"))
	s.op(opDenied, 7, together, s.at["load"].Offset, 0) // all strobes or none
	stuck := loadClocks*d.seedWords() + (d.lastOffset()+3)*d.words()
	for i, w := range image {
		if mode == streamNever && i == stuck {
			s.denied("load", w)
			s.read("status", 0, s.status("busy", "stalled", "sending", "loading", "bad_load"))
			s.mode(streamRandom)
		}
		s.write("load", 0, w)
	}
	s.denied("load", 0)
	s.finish(c)
}

// constants reads all that is known.
func (s *script) constants(m *regmap.Map) {
	for _, r := range m.Registers {
		for i := range r.Words() {
			x := uint32(0)
			if i < len(r.Value) {
				x = r.Value[i]
			}
			s.op(opRead, 0, 0, r.Offset+4*uint32(i), x)
		}
	}
}

// refusals are accesses that are refused or change a part.
func (s *script) refusals(c schedule) {
	s.op(opNoRead, 0, 0, 0x80, 0)
	s.op(opNoRead, 0, 0, 1<<addressBits-4, 0)
	s.op(opDenied, 15, addressFirst, 0xff8, 1)
	s.denied("id", 0)
	s.denied("status", 0)
	s.denied("load", 0)
	s.read("status", 0, s.status("bad_access", "bad_load"))
	s.write("samples", 0, 0)
	s.denied("control", s.field("control", "start"))
	s.read("status", 0, s.status("bad_access", "bad_load", "bad_schedule"))
	s.control("reset")
	s.read("status", 0, 0)

	s.write("warmup", 0, 0x11223344)
	at := s.at["warmup"].Offset
	s.op(opWrite, 5, dataFirst, at, 0xaabbccdd)
	s.read("warmup", 0, 0x11bb33dd)
	s.op(opWrite, 0, together, at, 0)
	s.read("warmup", 0, 0x11bb33dd)
	s.op(opWrite, 8, addressFirst, at+3, 0x01000000) // the two lowest bits are ignored
	s.read("warmup", 0, 0x01bb33dd)
	s.op(opWrite, 14, together, s.at["control"].Offset, s.field("control", "start")) // start has no strobe
	s.read("status", 0, 0)
	s.schedule(c)
}

// interrupted are runs whose stream is not taken, that are stopped, reset, and written to.
func (s *script) interrupted(first int, c schedule) {
	stuck := func(mode uint32) {
		s.mode(mode)
		s.op(opExpect, 0, 0, 0, uint32(first))
		s.control("start")
		s.wait("stalled")
		s.op(opIdle, 0, 0, 0, 300)
	}
	begun := uint32(1) // frames up to the one that has begun
	if s.d.words() == 1 {
		begun = 2 // the first left as a whole
	}
	free := func() { // the frame that had begun leaves, and no other
		s.mode(streamRandom)
		s.op(opFrames, 0, 0, 0, begun)
		s.op(opNoFrame, 0, 0, 0, 100)
	}
	stuck(streamNever)
	s.read("status", 0, s.status("busy", "stalled", "sending"))
	s.denied("warmup", 7)
	s.denied("clamp_mask", 1)
	s.denied("control", s.field("control", "start"))
	s.read("status", 0, s.status("busy", "stalled", "sending", "bad_busy"))
	s.read("warmup", 0, uint32(c.warmup))
	s.finishAfter(c)

	stuck(streamOne)
	s.control("stop")
	s.read("status", 0, s.status("stopped", "stalled", "sending"))
	free()
	s.read("status", 0, s.status("stopped", "stalled"))

	stuck(streamOne)
	s.control("reset")
	s.read("status", 0, s.status("sending"))
	s.read("samples", 0, s.at["samples"].Value[0])
	s.schedule(c)
	s.control("start") // while the frame of the other run is still there
	s.wait("stalled")
	s.mode(streamRandom)
	s.op(opFrames, 0, 0, 0, begun)
	s.op(opExpect, 0, 0, 0, uint32(first))
	s.finish(c)

	stuck(streamOne)
	s.op(opReset, 0, 0, 0, 3)
	s.op(opNoFrame, 0, 0, 0, 100)
	s.read("status", 0, 0)
	s.schedule(c)
	s.mode(streamRandom)
	s.run(first, c)
}

// finishAfter lets a run that was held go on to its end.
func (s *script) finishAfter(c schedule) {
	s.mode(streamRandom)
	s.op(opFrames, 0, 0, 0, uint32(c.samples*s.d.k))
	s.wait("done")
}

// someClamps are of a few free nodes, each value once where there are enough.
func (d *design) someClamps() []ir.Clamp {
	var c ir.Clamp
	for i := 0; i < len(d.order)-1 && len(c.Nodes) < 7; i += 1 + len(d.order)/8 {
		n := d.order[i]
		x := int32(i/2) % int32(d.cells[n].states)
		if d.isSpin(n) {
			x = int32(1 - 2*(i/2%2))
		}
		c.Nodes, c.Values = append(c.Nodes, int32(n)), append(c.Values, x)
	}
	if c.Nodes == nil {
		return nil
	}
	return []ir.Clamp{c}
}

// clampWords are the registers of clamps.
func (d *design) clampWords(clamps []ir.Clamp) (mask, value []uint32) {
	mask, value = make([]uint32, (d.p.Nodes+31)/32), make([]uint32, d.words())
	for _, c := range clamps {
		for i, n := range c.Nodes {
			mask[n/32] |= 1 << (n % 32)
			x := d.code(int(n), c.Values[i])
			for b := range d.width[n] {
				at := d.at[n] + b
				value[at/32] |= uint32(x>>b&1) << (at % 32)
			}
		}
	}
	return mask, value
}

func (s *script) clamp(clamps []ir.Clamp) {
	mask, value := s.d.clampWords(clamps)
	for i, x := range mask {
		s.write("clamp_mask", i, x)
		s.read("clamp_mask", i, x)
	}
	for i, x := range value {
		s.write("clamp_value", i, x)
		s.read("clamp_value", i, x)
	}
	if rest := s.d.p.Nodes % 32; rest != 0 { // bits behind the last node are not there
		i := len(mask) - 1
		s.write("clamp_mask", i, mask[i]|^uint32(0)<<rest)
		s.read("clamp_mask", i, mask[i])
	}
	s.op(opDenied, 15, together, s.at["clamp_mask"].Offset+4*uint32(len(mask)), 1)
	s.op(opNoRead, 0, 0, s.at["clamp_value"].Offset+4*uint32(len(value)), 0)
}

// wrongClamps sets a categorical to what is no state, where there is one that can be.
func (s *script) wrongClamps(clamps []ir.Clamp) {
	d := s.d
	i := slices.IndexFunc(d.order, func(n int) bool { return d.cells[n].states < 1<<d.width[n] })
	if i < 0 {
		return
	}
	n := d.order[i]
	mask, value := d.clampWords(clamps)
	mask[n/32] |= 1 << (n % 32)
	for b := range d.width[n] {
		at := d.at[n] + b
		value[at/32] |= 1 << (at % 32)
	}
	for i := range mask {
		s.write("clamp_mask", i, mask[i])
	}
	for i := range value {
		s.write("clamp_value", i, value[i])
	}
	s.denied("control", s.field("control", "start"))
	s.op(opNoFrame, 0, 0, 0, 50)
}

// files are the script, its frames, and the testbenches that read both.
func (s *script) files() ([]emit.File, error) {
	d := s.d
	data := map[string]any{
		"Header": emit.Header(d.p), "Model": d.p.Model, "Words": d.words(), "Lines": len(s.lines), "Frames": len(s.frames),
		"TopAddress": addressBits - 1, "ChainTop": max(1, log2up(d.k)) - 1, "Keep": fmt.Sprintf("%x", 1<<((d.bits-1)%32/8+1)-1),
		"FrameBits": 32*d.words() + 16, "Limit": s.limit(), "LastBytes": (d.bits-1)%32/8 + 1,
		"Warmup": s.of.warmup, "Samples": s.of.samples, "Steps": s.of.steps, "K": d.k, "FirstLoaded": s.loaded, "FirstClamped": s.clamped,
		"Registers": d.registers().Registers, "LoadWords": d.loadWords(), "Microseconds": 100 + s.limit()/2 + d.loadWords(),
	}
	mask, value := d.clampWords(s.clamps)
	data["Mask"], data["Value"] = list(mask), list(value)
	var files []emit.File
	for _, f := range [][2]string{{"axi_tb.v", d.p.Model + "_axi_tb.v"}, {"axi_main.cpp", "axi_main.cpp"}, {"test_axi.py", "test_axi.py"}} {
		source, err := fill(f[0], data)
		if err != nil {
			return nil, err
		}
		files = append(files, emit.File{Path: "sim/" + f[1], Data: []byte(source)})
	}
	return append(files, d.hexFile("axi.hex", s.lines), d.hexFile("axi_frames.hex", s.frames)), nil
}

// list is numbers as Python writes them.
func list(words []uint32) string {
	return "[" + strings.ReplaceAll(strings.Trim(fmt.Sprint(words), "[]"), " ", ", ") + "]"
}

// limit is after how many clocks of one operation a testbench gives up.
func (s *script) limit() int {
	d := s.d
	return 1000 + 40*(d.start+d.k)*(d.words()+2) + 4*len(s.frames)*(8*d.words()+d.k*10) + d.loadingClocks()
}
