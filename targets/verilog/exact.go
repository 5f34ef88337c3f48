package verilog

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Cells with more neighbours than this many bits are not tried, nor any more once this
// many patterns were.
const (
	triedBits     = 12
	triedPatterns = 1 << 22
)

// Exactness is how far the probabilities of cells of one kind at one β are from those of
// the weights as given.
type Exactness struct {
	Name  string // of the kind
	Cells int
	Beta  float64
	Error float64 // the largest of any state, over all patterns of neighbours
	Node  string  // one that has it, "" where nothing was tried
	Tried int     // cells whose patterns were all tried; the bound of the format holds the others
}

// NewExactness is for a program that Check takes; kinds come one after the other, each at
// every β in the order of the schedule. The probability of a spin is a
// rational number that its table or the noise table gives; categoricals have the bound.
func NewExactness(p *ir.Program) ([]Exactness, error) {
	d, err := newDesign(p)
	if err != nil {
		return nil, err
	}
	rare := d.rare()
	rows, left := rowsOf(p), triedPatterns
	var out []Exactness
	for _, k := range d.cellKinds() {
		kind := make([]Exactness, len(d.betas))
		for b := range kind {
			kind[b] = Exactness{Name: k.name, Cells: len(k.nodes), Beta: d.betas[b]}
		}
		for _, n := range k.nodes {
			free := d.neighbours(n, rows[n])
			size := d.inputs(free)
			if d.cells[n].kind != ir.Spin || size > triedBits || len(d.betas)<<size > left {
				continue
			}
			left -= len(d.betas) << size
			for b := range kind {
				x := &kind[b]
				x.Tried++
				if e := d.worst(n, rows[n], free, d.betas[b], rare[b]); e > x.Error || x.Node == "" {
					x.Error, x.Node = e, d.names[n]
				}
			}
		}
		for _, x := range kind {
			if x.Tried < x.Cells {
				x.Error = max(x.Error, p.Format.Bound)
			}
			out = append(out, x)
		}
	}
	return out, nil
}

// rare gives the probability of a spin's less likely value by the magnitude of its field,
// for each β.
func (d *design) rare() []func(m int64) float64 {
	var all []func(m int64) float64
	for _, t := range d.thresholds {
		all = append(all, t.Probability)
	}
	if d.p.Format.Noise {
		for _, t := range d.noiseTables(ir.Spin) {
			all = append(all, t.Tail)
		}
	}
	return all
}

// neighbours are the free nodes of the rows of a node.
func (d *design) neighbours(n int, rows []row) []int {
	var all []int
	for _, r := range rows {
		all = union(all, d.others(n, r))
	}
	return all
}

// worst is the largest error of P(+1) of a spin over the states of its neighbours.
func (d *design) worst(n int, rows []row, free []int, beta float64, rare func(int64) float64) float64 {
	worst := 0.0
	value := map[int]int32{}
	for pattern := range 1 << d.inputs(free) {
		if !d.setPattern(value, free, pattern) {
			continue
		}
		field, exact := int64(0), 0.0
		for _, r := range rows {
			at, sign := d.pick(n, 0, r, value)
			field += sign * d.p.Factors[r.factor].Ints[at]
			exact += float64(float64(sign) * d.p.Factors[r.factor].Weights[at])
		}
		p := rare(max(field, -field))
		if field >= 0 {
			p = 1 - p
		}
		worst = max(worst, math.Abs(p-sampling.Sigma(2*beta*exact)))
	}
	return worst
}
