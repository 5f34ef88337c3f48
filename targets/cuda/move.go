package cuda

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// move is the last superblock of a program with dynamics, whose nodes move together.
type move struct {
	Super, Slots       int // its number, and how many slots it has
	Sampler            string
	Step, Scale        []string // statements of functions of the sweep
	Friction, Momentum string
	Leaps              int    // of hmc
	Adapt, LogFirst    string // with a step that warm-up fits: the acceptance, log(10·step_size)
	Masses             bool
	Planes             int // how many rows a slot takes while it moves
}

// planesOf are Planes by sampler: new values; or old values, then old velocities, or the
// momenta of hmc, or what mala's test needs.
var planesOf = map[string]int{"langevin": 1, "gradient": 1, "underdamped": 2, "nesterov": 2, "hmc": 2, "mala": 3}

// moveOf is the move of a program, nil if it has none.
func moveOf(p *ir.Program) *move {
	if len(p.Sweep) == 0 {
		return nil
	}
	last := len(p.Sweep) - 1
	b := &p.Sweep[last][0]
	j := b.Joint
	if j == nil {
		return nil
	}
	m := &move{Super: last, Slots: (len(b.Nodes) + 15) / 16 * 16, Sampler: b.Sampler, Step: rateLines(&j.StepSize), Leaps: j.Steps,
		Friction: float(j.Friction), Momentum: single(float32(j.Momentum)), Masses: j.Mass != nil, Planes: planesOf[b.Sampler]}
	if b.Sampler == "langevin" || b.Sampler == "underdamped" {
		m.Scale = rateLines(&j.NoiseScale)
	}
	if j.Adapt > 0 {
		m.Adapt, m.LogFirst = float(j.Adapt), float(sampling.Log(10*j.StepSize.From))
	}
	return m
}

// Drawn says whether normal numbers are.
func (m *move) Drawn() bool { return m.Sampler != "gradient" && m.Sampler != "nesterov" }

// Tested says whether a Metropolis test follows.
func (m *move) Tested() bool { return m.Sampler == "mala" || m.Sampler == "hmc" }

// rows is how many rows of values it takes while it moves.
func (m *move) rows() int {
	n := m.Planes * m.Slots
	if m.Tested() {
		n++
	}
	return n
}

// putMasses writes the roots of the masses of a move.
func (d *tablePlan) putMasses() {
	m := moveOf(d.p)
	if m == nil || !m.Masses {
		return
	}
	b := &d.p.Sweep[m.Super][0]
	d.massesAt = d.words.section("roots of the masses of nodes that move together")
	for i, mass := range b.Joint.Mass {
		d.words.line(d.names[b.Nodes[i]], appendDoubles(nil, math.Sqrt(mass))...)
	}
}

// putMatrix writes the nodes of a dense block and the matrix of its forces, a row for each node.
func (d *tablePlan) putMatrix() {
	b := d.p.DenseBlock()
	if b == nil {
		return
	}
	d.column = make(map[int32]int)
	for j, n := range b.Nodes {
		d.column[n] = j
	}
	w := &d.words
	d.matrixAt = w.section("dense forces: the nodes of the block, then for each of them its row of the matrix")
	var nodes []uint32
	for _, n := range b.Nodes {
		nodes = append(nodes, uint32(n))
	}
	w.line("nodes", nodes...)
	for i, n := range b.Nodes {
		w.line(d.names[n], d.matrixRow(i, int(n))...)
	}
}

// matrixRow is a row of the matrix of dense forces, as package ir says it.
func (d *tablePlan) matrixRow(i, node int) []uint32 {
	sums := make([]float64, len(d.column))
	var square []touch
	for _, t := range d.touches[node] {
		if j := d.partner(t); j >= 0 {
			sums[j] += -d.weight(t)
		} else if d.p.Factors[t.factor].Slots[t.slot].Power == 2 {
			square = append(square, t)
		}
	}
	row := make([]uint32, len(sums))
	for j, x := range sums {
		row[j] = math.Float32bits(float32(x))
	}
	squares, _ := d.constants(square, 1, ir.Continuous)
	row[i] = math.Float32bits(2 * float32(squares[0]))
	return row
}

// partner is the column of the other node of a row that stands in the matrix, else -1.
func (d *tablePlan) partner(t touch) int {
	f := &d.p.Factors[t.factor]
	if !f.Pair() {
		return -1
	}
	if j, found := d.column[f.Index[2*t.row+1-t.slot]]; found {
		return j
	}
	return -1
}

// rateLines are the statements of a function of the sweep that returns a rate.
func rateLines(r *sampling.Rate) (lines []string) {
	put := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if r.Rise > 0 {
		put("if (sweep < %d) return multiply(%s, add(0.01, divide(multiply(0.99, (double)sweep), %d)));", r.Rise, float(r.From), r.Rise)
	}
	if r.IsFixed() || r.Shape == "constant" || r.Shape == "" {
		put("return %s;", float(r.From))
		return lines
	}
	put("const u64 t = sweep - %d;", r.Rise)
	switch r.Shape {
	case "linear":
		put("if (t >= %d) return %s;", r.Sweeps, float(r.To))
		put("return add(%s, divide(multiply(subtract(%s, %s), (double)t), %d));", float(r.From), float(r.To), float(r.From), r.Sweeps)
	case "cosine":
		put("if (t >= %d) return %s;", r.Sweeps, float(r.To))
		put("const double turn = sine(divide(multiply(3.141592653589793, (double)t), %d), 1);", r.Sweeps)
		put("return add(%s, multiply(divide(subtract(%s, %s), 2), add(1, turn)));", float(r.To), float(r.From), float(r.To))
	case "exponential":
		put("const double x = multiply(%s, exponential_of(multiply((double)t, logarithm(%s))));", float(r.From), float(r.Factor))
		put("return x < %s ? %s : x;", float(r.Least), float(r.Least))
	default: // multi_step
		put("double x = %s;", float(r.From))
		for _, at := range r.At {
			put("if (t >= %d) x = multiply(x, %s);", at, float(r.Factor))
		}
		put("return x;")
	}
	return lines
}
