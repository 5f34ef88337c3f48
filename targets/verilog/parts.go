package verilog

// Costs of the parts of cells in each family: fitted once, by hand, to what Yosys 0.23
// makes of the corpus of TestEstimate (synth_ice40 -device hx, synth_ecp5 -abc9,
// synth_xilinx, all -noflatten); the test holds that they are within 15 %.

// Family is a kind of device.
type Family struct {
	Name, Title string
	Parts       []Part // the smallest first; the last is the one that designs are placed on
	Placed      bool   // else designs are only mapped

	inputs   int                // of a look-up table
	muxes    bool               // beside the look-up tables, which make wider ones of them
	words    int                // of 16 bits in a block RAM
	register bool               // of a block RAM's output, which noise units use
	rom      int                // most bits of a registered table that Yosys makes of look-up tables
	carry    func(bits int) int // look-up tables of a sum
	sign     func(bits int) int // of a sum of which only the carry is used
	units    [2]Resources       // a logistic and a Gumbel unit, without the bits below the table's
	reset    int                // look-up tables of a generator beside its functions
	mhz      [2]float64         // thresholds and noise, a design that is nearly empty
	slowdown float64            // of the clock where all look-up tables are used
}

// Families are those that report --hardware knows.
var Families = []*Family{
	{
		Name: "hx8k", Title: "iCE40 HX8K", Parts: ice40, Placed: true, inputs: 4, words: 256, rom: 1024,
		carry: func(bits int) int { return bits }, sign: func(int) int { return 0 },
		units: [2]Resources{{22, 73, 1}, {20, 77, 4}}, reset: 1, mhz: [2]float64{175, 120}, slowdown: 0.3,
	},
	{
		Name: "ecp5-85k", Title: "ECP5-85k", Parts: ecp5, Placed: true, inputs: 4, muxes: true, words: 1024, register: true, rom: 2048,
		carry: func(bits int) int { return bits + bits&1 }, sign: func(bits int) int { return bits + bits&1 },
		units: [2]Resources{{22, 73, 1}, {26, 77, 1}}, mhz: [2]float64{245, 215}, slowdown: 0.4,
	},
	{
		Name: "xc7", Title: "Xilinx 7", Parts: xilinx7, inputs: 6, muxes: true, words: 1024, rom: 4112,
		carry: func(bits int) int { return bits }, sign: func(bits int) int { return bits - 1 },
		units: [2]Resources{{22, 73, 1}, {22, 77, 1}}, mhz: [2]float64{250, 200},
	},
	{
		Name: "xcup", Title: "UltraScale+", Parts: ultrascale, inputs: 6, muxes: true, words: 1024, rom: 4112,
		carry: func(bits int) int { return bits }, sign: func(bits int) int { return bits - 1 },
		units: [2]Resources{{22, 73, 1}, {22, 77, 1}}, mhz: [2]float64{300, 300},
	},
}

// FindFamily is the family of a name, nil if there is none.
func FindFamily(name string) *Family {
	for _, f := range Families {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Part is a device that can be bought.
type Part struct {
	Name string
	Has  Resources // block RAMs of 4 kbit (iCE40) or 18 kbit
}

// What parts have by their makers' tables; of ECP5 as nextpnr counts them.
var (
	ice40 = []Part{
		{"iCE40 HX1K", Resources{1280, 1280, 16}}, {"iCE40 HX4K", Resources{3520, 3520, 20}}, {"iCE40 HX8K", Resources{7680, 7680, 32}},
	}
	ecp5 = []Part{
		{"ECP5-25k", Resources{24288, 24288, 56}}, {"ECP5-45k", Resources{43848, 43848, 108}}, {"ECP5-85k", Resources{83640, 83640, 208}},
	}
	xilinx7 = []Part{
		{"XC7A35T", Resources{20800, 41600, 100}}, {"XC7A100T", Resources{63400, 126800, 270}},
		{"XC7A200T", Resources{134600, 269200, 730}}, {"XC7K325T", Resources{203800, 407600, 890}},
	}
	ultrascale = []Part{
		{"XCKU5P", Resources{216960, 433920, 960}}, {"XCKU15P", Resources{522720, 1045440, 1968}},
		{"XCVU9P", Resources{1182240, 2364480, 4320}}, {"XCVU13P", Resources{1728000, 3456000, 5376}},
	}
)

func (f *Family) largest() Part { return f.Parts[len(f.Parts)-1] }

// SmallestPart is the part with the fewest look-up tables that has room for an array, by
// an estimate for each family; nil where there is none.
func SmallestPart(estimates []*Estimate) *Part {
	var best *Part
	for _, e := range estimates {
		for i := range e.Family.Parts {
			p := &e.Family.Parts[i]
			if e.needs().excess(p.Has) == "" && (best == nil || p.Has.LUT < best.Has.LUT) {
				best = p
			}
		}
	}
	return best
}
