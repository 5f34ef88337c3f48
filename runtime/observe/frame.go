package observe

import (
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// A Frame is the state of all chains at one draw or sweep. Nothing it gives may be
// changed or kept.
type Frame struct {
	view    ChainView
	draw    int
	sweep   uint64
	now     snapshot
	h       []float64
	scratch []int32

	fresh, loaded, weighed bool // sweep is known; now and h are of this sweep
}

func newFrame(v ChainView) *Frame {
	layout := newStateLayout(v.Model(), v.Chains())
	if k, ok := v.(interface{ Kernel() vector.Kernel }); ok {
		layout.kernel = k.Kernel()
	}
	return &Frame{view: v, now: newSnapshot(layout)}
}

// look moves to what the view shows now. What was fetched at the same sweep is
// kept.
func (f *Frame) look(draw int) {
	f.draw = draw
	sweep := f.view.SweepNumber()
	if !f.fresh || sweep != f.sweep {
		f.fresh, f.loaded, f.weighed = true, false, false
		f.sweep = sweep
	}
}

// Model returns the model.
func (f *Frame) Model() *sampling.Model { return f.now.model }

// Chains is the number of chains.
func (f *Frame) Chains() int { return f.now.chains }

// Draw is the number of the draw, from 0.
func (f *Frame) Draw() int { return f.draw }

// Sweep is the number of sweeps done.
func (f *Frame) Sweep() uint64 { return f.sweep }

// Spin is the packed state of a spin: bit c%64 of word c/64 is chain c, 1 for +1;
// bits beyond the last chain are 0.
func (f *Frame) Spin(node int) []uint64 { return f.state().spin(node) }

// Category is the state of a categorical in each chain.
func (f *Frame) Category(node int) []uint16 { return f.state().category(node) }

// Float is the value of a continuous node in each chain.
func (f *Frame) Float(node int) []float32 { return f.state().float(node) }

// Value is the state of a node in one chain, ±1, a category or the bits of a
// float32. It is slower than Spin, Category and Float.
func (f *Frame) Value(node, chain int) int32 {
	return f.state().value(node, chain)
}

// H is the energy of each chain at β = 1.
func (f *Frame) H() []float64 {
	if !f.weighed {
		f.weighed = true
		f.h = f.view.Energies(1, f.h[:0])
	}
	return f.h
}

func (f *Frame) state() snapshot {
	if !f.loaded {
		f.loaded = true
		f.scratch = f.now.load(f.view, f.scratch)
	}
	return f.now
}
