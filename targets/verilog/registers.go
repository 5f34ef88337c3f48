package verilog

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/verilog/regmap"
)

// addressBits is the width of the byte addresses of the registers, with room for so many
// clamps and bits of their values.
const (
	addressBits = 14
	clampNodes  = 1 << 15
	clampBits   = 1 << 16
)

// identity is "THML" as the bytes of a big-endian number.
const identity = 0x54484d4c

// registers are those of the shell.
func (d *design) registers() *regmap.Map {
	p := d.p
	constant := func(name string, offset uint32, doc string, words ...uint32) regmap.Register {
		return regmap.Register{Name: name, Offset: offset, Bits: 32 * len(words), Value: words, Doc: doc}
	}
	config := func(name string, offset uint32, reset int, doc string) regmap.Register {
		return regmap.Register{Name: name, Offset: offset, Access: regmap.Config, Bits: 32, Value: []uint32{uint32(min(reset, math.MaxUint32))}, Doc: doc}
	}
	status := func(name string, offset uint32, bits int, doc string) regmap.Register {
		return regmap.Register{Name: name, Offset: offset, Access: regmap.Status, Bits: bits, Doc: doc}
	}
	seed, beta := p.Sample.Seed, math.Float64bits(p.Beta)
	m := &regmap.Map{Name: p.Model, Header: emit.Header(p), AddressBits: addressBits, Registers: []regmap.Register{
		constant("id", 0x00, "The letters THML.", identity),
		constant("version", 0x04, "Version of the generator: major, minor (8 bits), patch (8 bits).", version()),
		constant("hash", 0x08, "The first 64 bits of the model's hash.", hashWords(p.Hash)...),
		{Name: "control", Offset: 0x10, Access: regmap.Action, Bits: 4, Doc: "What to do; with several bits, reset goes before stop, and stop before start.", Fields: []regmap.Field{
			{Name: "start", Low: 0, Width: 1, Doc: "Runs the schedule from the initial states. Refused while busy, without samples or steps, and where a clamp has a value that is no state."},
			{Name: "load", Low: 1, Width: 1, Doc: "With start: the generators' and the chains' states come through LOAD, in place of the baked ones."},
			{Name: "stop", Low: 2, Width: 1, Doc: "Ends the run. A frame that has begun is finished."},
			{Name: "reset", Low: 3, Width: 1, Doc: "Ends the run and sets all registers as they are after power-up. A frame that has begun is finished."},
		}},
		{Name: "status", Offset: 0x14, Access: regmap.Status, Bits: 13, Doc: "How the run stands. The errors stay until a reset or the next start.", Fields: []regmap.Field{
			{Name: "busy", Low: 0, Width: 1, Doc: "A run is under way."},
			{Name: "done", Low: 1, Width: 1, Doc: "All frames of the run have left."},
			{Name: "stopped", Low: 2, Width: 1, Doc: "The run was stopped."},
			{Name: "stalled", Low: 3, Width: 1, Doc: "The array has waited for the stream in this run. No sample is lost or changed by it."},
			{Name: "sending", Low: 4, Width: 1, Doc: "A frame is on the stream."},
			{Name: "loading", Low: 5, Width: 1, Doc: "The run waits for words of LOAD."},
			{Name: "bad_schedule", Low: 8, Width: 1, Doc: "A start was refused: no samples or no steps."},
			{Name: "bad_clamp", Low: 9, Width: 1, Doc: "A start was refused: a clamped categorical has a value that is no state."},
			{Name: "bad_busy", Low: 10, Width: 1, Doc: "A start or a configuration was refused because a run is under way."},
			{Name: "bad_load", Low: 11, Width: 1, Doc: "A word of LOAD was refused."},
			{Name: "bad_access", Low: 12, Width: 1, Doc: "An address without a register, or a write to one that cannot be written."},
		}},
		config("warmup", 0x18, p.Sample.Warmup, "Sweeps before the first draw; with 0 it is the initial state."),
		config("samples", 0x1c, p.Sample.Samples, "Draws of each chain."),
		config("steps", 0x20, p.Sample.StepsPerSample, "Sweeps from one draw to the next."),
		{Name: "load", Offset: 0x24, Access: regmap.Action, Bits: 32, Doc: "LOAD_WORDS words of states, made by the host's function; all four strobes. Refused when no run waits for it, and after 64 clocks in which the stream holds the run."},
		constant("load_words", 0x28, "Words that a start with load takes.", uint32(d.loadWords())),
		constant("seed", 0x2c, "The seed of the baked states.", uint32(seed), uint32(seed>>32)),
		constant("beta", 0x34, "β of the baked tables, of draws where it follows a schedule, as the bits of a float64.", uint32(beta), uint32(beta>>32)),
		constant("nodes", 0x3c, "Nodes, a bit of CLAMP_MASK each.", uint32(p.Nodes)),
		constant("bits", 0x40, "Bits of a state: of a frame, and of CLAMP_VALUE.", uint32(d.bits)),
		constant("chains", 0x44, "Chains that take turns in the array; each has a frame in each draw.", uint32(d.k)),
		status("draws", 0x48, 32, "Draws that all chains have made."),
		status("sweeps", 0x4c, 48, "Sweeps behind the states that come out of the array. Where the upper word may change, read it before and after the lower."),
		status("flips", 0x54, 64, "Updates of nodes in all chains, those with run-time clamps counted too."),
		status("stalls", 0x5c, 48, "Clocks in which the array has waited for the stream."),
		{Name: "clamp_mask", Offset: 0x1000, Access: regmap.Config, Bits: p.Nodes, Doc: "Bit n: node n keeps its value of CLAMP_VALUE in all chains, from the initial state on. Without effect on nodes that the model clamps."},
		{Name: "clamp_value", Offset: 0x2000, Access: regmap.Config, Bits: d.bits, Doc: "Values in the bits of a frame: 1 for a spin +1, the number of a category."},
	}}
	if d.choice > 0 {
		m.Registers = append(m.Registers,
			constant("beta_count", 0x64, "Sweeps of the schedule of β. Sweep t of a run has the β of sweep min(BETA_FIRST + t div BETA_STEPS, BETA_COUNT - 1) of it.", uint32(len(d.sweeps))),
			config("beta_first", 0x68, 0, "The sweep of the schedule that a run begins with; BETA_COUNT - 1 and more: the β of the draws throughout."),
			config("beta_steps", 0x6c, 1, "Sweeps of a run for which each sweep of the schedule lasts. With 0 a start is refused."),
			status("beta_index", 0x70, 32, "The sweep of the schedule at which the first superblock is."))
	}
	if d.stored {
		m.Registers = append(m.Registers, status("beta_waits", 0x74, 48, "Clocks in which the array was not to go on before a table of noise was loaded, which takes TABLE_WORDS and a few more."),
			constant("table_words", 0x7c, "Words that the tables of noise of one β have.", uint32(d.tableWords())))
	}
	return m
}

// version is emit.Version in one word.
func version() uint32 {
	var major, minor, patch uint32
	fmt.Sscanf(emit.Version, "%d.%d.%d", &major, &minor, &patch)
	return major<<16 | minor<<8 | patch
}

// hashWords are the first 64 bits of a hash in hexadecimal, the lower word first.
func hashWords(hash string) []uint32 {
	var b [8]byte
	hex.Decode(b[:], []byte((hash + strings.Repeat("0", 16))[:16])) // Check has read it
	word := func(x []byte) uint32 {
		return uint32(x[0])<<24 | uint32(x[1])<<16 | uint32(x[2])<<8 | uint32(x[3])
	}
	return []uint32{word(b[4:]), word(b[:4])}
}
