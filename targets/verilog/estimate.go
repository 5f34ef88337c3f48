package verilog

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// Resources are what a design takes of a device: look-up tables, those of carry chains
// included where they are one (ECP5), registers, and block RAMs.
type Resources struct{ LUT, FF, RAM int }

func (r Resources) plus(o Resources, times int) Resources {
	return Resources{r.LUT + times*o.LUT, r.FF + times*o.FF, r.RAM + times*o.RAM}
}

// Use is what one of several equal parts takes, and how many of them there are.
type Use struct {
	Name  string
	Count int
	Each  Resources
}

// Estimate is what the array takes, said before synthesis.
type Estimate struct {
	Family  *Family
	Array   Resources // without shell
	Kinds   []Use     // cells by kind, each with its noise units
	Modules []Use
	MHz     float64 // of the placed design with pins; an assumption where nothing can be placed
	Flips   int     // a clock
}

// FlipsPerNS is the number of updates that the array makes in a nanosecond.
func (e *Estimate) FlipsPerNS() float64 { return float64(e.Flips) * e.MHz / 1000 }

// Excess says what the array needs more of than the part has, "" where it fits or where
// designs of the family are only mapped.
func (e *Estimate) Excess() string {
	var over []string
	for _, x := range []struct {
		need, has int
		what      string
	}{{e.Array.LUT, e.Family.Has.LUT, "look-up tables"}, {e.Array.FF, e.Family.Has.FF, "registers"}, {e.Array.RAM, e.Family.Has.RAM, "block RAMs"}} {
		if e.Family.Placed && x.need > x.has {
			over = append(over, fmt.Sprintf("%d %s of %d", x.need, x.what, x.has))
		}
	}
	return strings.Join(over, ", ")
}

// NewEstimate is for a program that Check takes.
func NewEstimate(p *ir.Program, f *Family) (*Estimate, error) {
	d, err := newDesign(p)
	if err != nil {
		return nil, err
	}
	return d.estimate(f), nil
}

func (d *design) estimate(f *Family) *Estimate {
	e := &Estimate{Family: f, Flips: len(d.order)}
	units := [2]int{}
	cells := map[int]Resources{}
	for _, k := range d.cellKinds() {
		use := Use{Name: k.name, Count: len(k.nodes)}
		total := Resources{}
		for _, n := range k.nodes {
			w := d.work(n)
			cells[n] = f.cell(w)
			total = total.plus(cells[n], 1)
			for kind := range w.units {
				units[kind] += w.units[kind]
				total = total.plus(f.unit(d, ir.Kind(kind)), w.units[kind])
			}
		}
		c := use.Count
		use.Each = Resources{(total.LUT + c/2) / c, (total.FF + c/2) / c, (total.RAM + c/2) / c}
		e.Kinds = append(e.Kinds, use)
		e.Array = e.Array.plus(total, 1)
	}
	generators := Use{d.p.Model + "_" + d.gen.Name, len(d.instances()), f.generator(d.gen)}
	e.Array = e.Array.plus(generators.Each, generators.Count)
	e.Modules = append(e.Modules, generators)
	for _, k := range d.kinds() {
		if units[k] > 0 {
			e.Modules = append(e.Modules, Use{d.noiseUnit(k), units[k], f.unit(d, k)})
		}
	}
	for _, t := range d.tiles() {
		use := Use{Name: d.tileName(t), Count: 1}
		for _, n := range t.nodes {
			use.Each = use.Each.plus(cells[n], 1)
		}
		e.Modules = append(e.Modules, use)
	}
	fill := 0.0
	if f.Placed {
		fill = min(1, float64(e.Array.LUT)/float64(f.Has.LUT))
	}
	e.MHz = f.clock(d, fill)
	return e
}

// cellKind is a set of cells that are alike but for weights and delays.
type cellKind struct {
	name  string
	nodes []int
}

// cellKinds are those of a design, the most frequent first.
func (d *design) cellKinds() []cellKind {
	at, kinds := map[string]int{}, []cellKind(nil)
	for _, n := range d.order {
		name := d.kindName(d.cells[n])
		i, known := at[name]
		if !known {
			i = len(kinds)
			at[name] = i
			kinds = append(kinds, cellKind{name: name})
		}
		kinds[i].nodes = append(kinds[i].nodes, n)
	}
	slices.SortStableFunc(kinds, func(a, b cellKind) int { return len(b.nodes) - len(a.nodes) })
	return kinds
}

// kindName says what a cell is: its rule, and the inputs of its tables.
func (d *design) kindName(c *cell) string {
	name, rule := "spin", "threshold"
	if c.kind == ir.Categorical {
		name = fmt.Sprintf("%d states", c.states)
	}
	if d.p.Format.Noise {
		rule = "noise"
	}
	inputs := ""
	for i, g := range c.groups {
		if i > 0 {
			inputs += "+"
		}
		inputs += fmt.Sprint(d.inputs(g.nodes))
	}
	if inputs == "" || inputs == "0" {
		return name + ", " + rule + ", no neighbours"
	}
	return name + ", " + rule + ", " + inputs + " inputs"
}

// work is what a cell is made of.
type work struct {
	columns [rowBits + 1]int // outputs of tables by their number of inputs
	ff      int
	adders  []int // widths of sums
	signs   []int // of sums of which only the sign is used
	compare []int // of comparisons
	muxes   int   // bits
	outputs int   // bits of the state, each with a choice of what is set
	units   [2]int
}

// work counts what tileEmitter writes for a node, registers of noise units apart.
func (d *design) work(n int) *work {
	e := &tileEmitter{d: d, t: d.alone(n)}
	e.cell(d.cells[n], 0, 0, 1, d.width[n])
	return &e.work
}

// Costs of the parts of cells in each family: fitted once, by hand, to what Yosys 0.23
// makes of the corpus of TestEstimate (synth_ice40 -device hx, synth_ecp5 -abc9,
// synth_xilinx, all -noflatten); the test holds that they are within 15 %.

// Family is a kind of device.
type Family struct {
	Name, Title string
	Has         Resources // of the part that is placed, 0 where designs are only mapped
	Placed      bool

	inputs   int                // of a look-up table
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
		Name: "hx8k", Title: "iCE40 HX8K", Has: Resources{7680, 7680, 32}, Placed: true, inputs: 4,
		carry: func(bits int) int { return bits }, sign: func(int) int { return 0 },
		units: [2]Resources{{22, 73, 1}, {20, 77, 4}}, reset: 1, mhz: [2]float64{155, 120}, slowdown: 0.3,
	},
	{
		Name: "ecp5-85k", Title: "ECP5-85k", Has: Resources{83640, 83640, 208}, Placed: true, inputs: 4,
		carry: func(bits int) int { return bits + bits&1 }, sign: func(bits int) int { return bits + bits&1 },
		units: [2]Resources{{22, 73, 1}, {22, 77, 1}}, mhz: [2]float64{245, 170}, slowdown: 0.4,
	},
	{
		Name: "xc7", Title: "Xilinx 7", inputs: 6,
		carry: func(bits int) int { return bits }, sign: func(bits int) int { return bits - 1 },
		units: [2]Resources{{22, 73, 1}, {22, 77, 1}}, mhz: [2]float64{250, 200},
	},
	{
		Name: "xcup", Title: "UltraScale+", inputs: 6,
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

// table is the number of look-up tables of one output of a table of so many inputs.
func (f *Family) table(inputs int) float64 {
	if inputs <= f.inputs {
		return 1
	}
	return math.Ldexp(1, inputs-f.inputs) * 1.1
}

func (f *Family) cell(w *work) Resources {
	luts := 0.0
	for inputs, n := range w.columns {
		luts += float64(float64(n) * f.table(inputs))
	}
	for _, bits := range w.adders {
		luts += float64(f.carry(bits))
	}
	for _, bits := range w.signs {
		luts += float64(f.sign(bits))
	}
	for _, bits := range w.compare { // a number is subtracted, which takes inverters
		luts += float64(f.carry(bits))
	}
	return Resources{LUT: int(luts+0.5) + w.muxes + w.outputs, FF: w.ff}
}

// generator is an instance of a generator.
func (f *Family) generator(g *rng.Generator) Resources {
	if g == rng.LFL128 {
		return Resources{LUT: 192 + f.reset, FF: 224}
	}
	// Four XORs of 32 bits, two of which take a third input, and two sums.
	return Resources{LUT: 128 + f.reset + 2*f.carry(32), FF: 160}
}

// unit is a noise unit with the bits below its table's.
func (f *Family) unit(d *design, k ir.Kind) Resources {
	r := f.units[k]
	low := ir.NoiseShift(k, d.p.Beta, d.p.Format.Fraction)
	r.FF += 4 * low
	if k == ir.Spin {
		r.LUT += low
	}
	return r
}

// clock is what a placed design reaches: less where it fills a part, and where
// interleave leaves cells fewer registers than they have use for.
func (f *Family) clock(d *design, fill float64) float64 {
	mhz := f.mhz[0]
	if d.p.Format.Noise {
		mhz = f.mhz[1]
	}
	has, wants := d.stages(), d.wanted()
	return mhz * (1 - float64(f.slowdown*fill)) * float64(has) / float64(wants)
}

// wanted is the number of registers from a cell's inputs to its value where the clock
// would gain nothing by more.
func (d *design) wanted() int {
	n := 0
	for _, i := range d.order {
		n = max(n, d.cells[i].levels(d.p.Format.Noise)+1)
	}
	return n
}

// Pipeline is the number of registers that cells have, how many they have use for, and
// the interleave that would give them all.
func Pipeline(p *ir.Program) (has, wants, interleave int, err error) {
	d, err := newDesign(p)
	if err != nil {
		return 0, 0, 0, err
	}
	return d.stages(), d.wanted(), d.wanted() * len(p.Sweep), nil
}
