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

// Plus adds what so many others take.
func (r Resources) Plus(o Resources, times int) Resources {
	return Resources{r.LUT + times*o.LUT, r.FF + times*o.FF, r.RAM + times*o.RAM}
}

// Use is what one of several equal parts takes, and how many of them there are.
type Use struct {
	Name  string
	Count int
	Each  Resources
	Tile  bool // a tile, apart from its noise units
}

// Estimate is what the array takes, said before synthesis.
type Estimate struct {
	Family  *Family
	Array   Resources // without shell
	Store   int       // block RAMs with the tables of noise of long ramps of β, in the shell
	Kinds   []Use     // cells by kind, each with its noise units
	Modules []Use     // the generator, the noise units, the tiles
	MHz     float64   // of the placed design with pins; an assumption where nothing can be placed
	Flips   int       // a clock
}

// FlipsPerNS is the number of updates that the array makes in a nanosecond.
func (e *Estimate) FlipsPerNS() float64 { return float64(e.Flips) * e.MHz / 1000 }

// Excess says what the array needs more of than the part has that its family is placed on,
// "" where it fits or where designs of the family are only mapped.
func (e *Estimate) Excess() string {
	if !e.Family.Placed {
		return ""
	}
	return e.needs().excess(e.Family.largest().Has)
}

// needs is what a part has to have: the array and its store.
func (e *Estimate) needs() Resources {
	r := e.Array
	r.RAM += e.Store
	return r
}

// excess says what is more than there is.
func (r Resources) excess(has Resources) string {
	var over []string
	for _, x := range []struct {
		need, has int
		what      string
	}{{r.LUT, has.LUT, "look-up tables"}, {r.FF, has.FF, "registers"}, {r.RAM, has.RAM, "block RAMs"}} {
		if x.need > x.has {
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
			total = total.Plus(cells[n], 1)
			for kind := range w.units {
				units[kind] += w.units[kind]
				total = total.Plus(f.unit(d, ir.Kind(kind)), w.units[kind])
			}
		}
		c := use.Count
		use.Each = Resources{(total.LUT + c/2) / c, (total.FF + c/2) / c, (total.RAM + c/2) / c}
		e.Kinds = append(e.Kinds, use)
		e.Array = e.Array.Plus(total, 1)
	}
	generators := Use{Name: d.p.Model + "_" + d.gen.Name, Count: len(d.instances()), Each: f.generator(d.gen)}
	e.Array = e.Array.Plus(generators.Each, generators.Count)
	e.Modules = append(e.Modules, generators)
	for _, k := range d.kinds() {
		if units[k] > 0 {
			e.Modules = append(e.Modules, Use{Name: d.noiseUnit(k), Count: units[k], Each: f.unit(d, k)})
		}
	}
	for _, t := range d.tiles() {
		use := Use{Name: d.tileName(t), Count: 1, Tile: true}
		for _, n := range t.nodes {
			use.Each = use.Each.Plus(cells[n], 1)
		}
		if d.stored { // tables go through a register of the tile
			use.Each.FF += d.tableBits()
			e.Array.FF += d.tableBits()
		}
		e.Modules = append(e.Modules, use)
	}
	if d.stored {
		e.Store = (d.storeWords() + f.words - 1) / f.words
	}
	fill := 0.0
	if f.Placed {
		fill = min(1, float64(e.Array.LUT)/float64(f.largest().Has.LUT))
	}
	e.MHz = f.clock(d, fill)
	return e
}

// Tiles is the number of tiles.
func (e *Estimate) Tiles() int {
	n := 0
	for _, u := range e.Modules {
		if u.Tile {
			n++
		}
	}
	return n
}

// Extrapolate is the array by what some of its modules take: a tile that is not among them
// takes as much more or less than its estimate as those that are do together. It also says
// how many tiles are.
func (e *Estimate) Extrapolate(mapped map[string]Resources) (array Resources, tiles int) {
	var known, estimated, rest Resources
	for _, u := range e.Modules {
		m, ok := mapped[u.Name]
		switch {
		case ok:
			array = array.Plus(m, u.Count)
		case u.Tile:
			rest = rest.Plus(u.Each, u.Count)
		default:
			array = array.Plus(u.Each, u.Count)
		}
		if ok && u.Tile {
			tiles++
			known, estimated = known.Plus(m, 1), estimated.Plus(u.Each, 1)
		}
	}
	scale := func(x, by, of int) int {
		if of == 0 {
			return x
		}
		return int(float64(x)*float64(by)/float64(of) + 0.5)
	}
	return array.Plus(Resources{scale(rest.LUT, known.LUT, estimated.LUT), scale(rest.FF, known.FF, estimated.FF), scale(rest.RAM, known.RAM, estimated.RAM)}, 1), tiles
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
	columns    [rowBits + 1]int // outputs of tables without register by their number of inputs
	registered []table
	ff         int   // besides those of tables
	adders     []int // widths of sums
	signs      []int // of sums of which only the sign is used
	compare    []int // of comparisons
	muxes      int   // bits
	outputs    int   // bits of the state, each with a choice of what is set
	units      [2]int
}

// table has a register behind it. Yosys puts it into block RAM where it has many bits.
type table struct{ inputs, outputs int }

// work counts what tileEmitter writes for a node, registers of noise units apart.
func (d *design) work(n int) *work {
	e := &tileEmitter{d: d, t: d.alone(n)}
	e.cell(d.cells[n], 0, 0, 1, d.width[n])
	return &e.work
}

// table is the number of look-up tables of one output of a table of so many inputs.
func (f *Family) table(inputs int) float64 {
	switch {
	case inputs <= f.inputs:
		return 1
	case f.muxes:
		return math.Ldexp(1, inputs-f.inputs) * 1.1
	}
	return (math.Ldexp(2, inputs-f.inputs) - 1) * 0.9
}

func (f *Family) cell(w *work) Resources {
	luts, r := 0.0, Resources{FF: w.ff}
	for _, t := range w.registered {
		if t.outputs<<t.inputs > f.rom {
			each := min(16, 16*f.words>>t.inputs) // outputs that a block RAM has at this depth
			r.RAM += (t.outputs + each - 1) / each
			continue
		}
		luts += float64(float64(t.outputs) * f.table(t.inputs))
		r.FF += t.outputs
	}
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
	r.LUT = int(luts+0.5) + w.muxes + w.outputs
	return r
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
	low := d.low(k)
	r.FF += 4 * low
	words := len(d.betas) << column(k)
	if d.stored {
		words = 2 << column(k)
	}
	if f.register && !d.stored && ownRegister(words) {
		r.FF -= 15 // one bit of a word is 0 in all of them, about
	}
	r.RAM = (words + f.words - 1) / f.words
	if choices := log2up(d.differentShifts(k)); choices > 0 { // of bits below the table, with the sign in the same look-up tables
		r.LUT += choices * d.noiseBits(k)
		r.FF += 3 * choices
	} else if k == ir.Spin {
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
