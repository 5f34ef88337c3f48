package device

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Commands for observers, see Process:
//
//	terms N   ok, with so many words that follow, of 32 bits: the terms of the energy
//	energies  the energy of each chain at β = 1, a float64
//	watch N   ok; best states are kept from the next sweep on, with N = 1 from now on, with N = 2 no more
//	best      of each chain the sweeps done at its best state, of 64 bits, then these states
//	tally …   ok, with a Tally's numbers, its words behind them: draws are counted from now on
//	draw      counts the present states; answers with the sums of 64 bits, by sum and chain, a byte for each
//	          node that is 1 if it has moved, and the states of the first chains
//	means N   adds a draw to sums of rows with numbers, and answers with all, float64; N of them follow, 0: they
//	          begin at 0
//	counts    those of all draws, of 64 bits

// Terms gives a process the terms of the energy.
func (p *Process) Terms(terms []uint32) error {
	data, _ := binary.Append(nil, binary.LittleEndian, terms)
	return p.Ask(data, "terms %d", len(terms))
}

// Energies are those of the chains at β = 1, after Terms.
func (p *Process) Energies() ([]float64, error) {
	if err := p.beginEnergies(); err != nil {
		return nil, err
	}
	return p.readEnergies()
}

// beginEnergies is Energies without waiting for them.
func (p *Process) beginEnergies() error { return p.send([]byte("energies\n")) }

func (p *Process) readEnergies() ([]float64, error) {
	h := make([]float64, p.Chains)
	if err := binary.Read(p.out, binary.LittleEndian, h); err != nil {
		return nil, p.failed(err)
	}
	return h, nil
}

// Watch begins to keep the best state of each chain, after Terms: of the sweeps that follow, and
// the present one if now is set.
func (p *Process) Watch(now bool) error {
	n := 0
	if now {
		n = 1
	}
	return p.Ask(nil, "watch %d", n)
}

// Unwatch ends that.
func (p *Process) Unwatch() error { return p.Ask(nil, "watch 2") }

// Best are the best states since Watch, by chain and node, and how many sweeps were done then.
func (p *Process) Best() (states [][]int32, sweeps []uint64, err error) {
	if err := p.send([]byte("best\n")); err != nil {
		return nil, nil, err
	}
	sweeps = make([]uint64, p.Chains)
	if err := binary.Read(p.out, binary.LittleEndian, sweeps); err != nil {
		return nil, nil, p.failed(err)
	}
	states, err = p.readStates()
	return states, sweeps, err
}

// Tally begins to count draws.
func (p *Process) Tally(t *Tally) error {
	p.tally, p.running = *t, nil
	data, _ := binary.Append(nil, binary.LittleEndian, slices.Concat(t.Terms, t.Vars, t.Means))
	return p.Ask(data, "tally %d %d %d %d %d %d %d %d %d", len(t.Terms), len(t.Vars), len(t.Means), t.Rows, t.Counts, t.Sums, t.Singles, t.Fours, t.First)
}

// Draw counts the present states.
func (p *Process) Draw() (d sampling.TalliedDraw, err error) {
	if err := p.beginDraw(); err != nil {
		return d, err
	}
	if d, err = p.readDraw(); err != nil {
		return d, err
	}
	if !p.tally.Running {
		p.running = nil
	}
	if p.running, err = p.means(p.running); err == nil {
		d.Means = p.tally.together(p.running)
	}
	return d, err
}

// beginDraw is Draw without waiting for it.
func (p *Process) beginDraw() error { return p.send([]byte("draw\n")) }

// readDraw reads all but the means.
func (p *Process) readDraw() (d sampling.TalliedDraw, err error) {
	d.Sums, d.Moved = make([][]uint64, p.tally.Sums), make([]bool, p.nodes)
	for i := range d.Sums {
		d.Sums[i] = make([]uint64, p.Chains)
		if err := binary.Read(p.out, binary.LittleEndian, d.Sums[i]); err != nil {
			return d, p.failed(err)
		}
	}
	if err := binary.Read(p.out, binary.LittleEndian, d.Moved); err != nil {
		return d, p.failed(err)
	}
	d.First, err = p.readSome(p.tally.First)
	return d, err
}

// means adds the chains of a process to sums of a draw, nil for 0, and returns these.
func (p *Process) means(sums []float64) ([]float64, error) {
	numbers := make([]float64, p.tally.numbers())
	if len(numbers) == 0 {
		return nil, nil
	}
	data, _ := binary.Append(nil, binary.LittleEndian, sums)
	if err := p.send([]byte(fmt.Sprintf("means %d\n", len(sums))), data); err != nil {
		return nil, err
	}
	if err := binary.Read(p.out, binary.LittleEndian, numbers); err != nil {
		return nil, p.failed(err)
	}
	return numbers, nil
}

// Counts are those of all draws.
func (p *Process) Counts() ([]int64, error) {
	if err := p.send([]byte("counts\n")); err != nil {
		return nil, err
	}
	counts := make([]int64, p.tally.Counts)
	if err := binary.Read(p.out, binary.LittleEndian, counts); err != nil {
		return nil, p.failed(err)
	}
	return counts, nil
}

// Tally is as for a process; the first chains are of the first processes.
func (g *GPUs) Tally(t *Tally) error {
	left := t.First
	return g.each(func(p *Process) error {
		own := *t
		own.First = min(left, p.Chains)
		left -= own.First
		return p.Tally(&own)
	})
}

// Draw is as for a process, on all GPUs at once; but the order of chains in sums of numbers is a law, so
// that each GPU goes on with those of the one before.
func (g *GPUs) Draw() (all sampling.TalliedDraw, err error) {
	if err := g.each((*Process).beginDraw); err != nil {
		return all, err
	}
	for i, p := range g.processes {
		d, err := p.readDraw()
		if err != nil {
			return all, err
		}
		if i == 0 {
			all = d
			continue
		}
		all.First = append(all.First, d.First...)
		for k := range all.Sums {
			all.Sums[k] = append(all.Sums[k], d.Sums[k]...)
		}
		for n := range all.Moved {
			all.Moved[n] = all.Moved[n] || d.Moved[n]
		}
	}
	first := g.processes[0] // keeps what goes on
	sums := first.running
	if !first.tally.Running {
		sums = nil
	}
	for _, p := range g.processes {
		if sums, err = p.means(sums); err != nil {
			return all, err
		}
	}
	first.running = sums
	all.Means = first.tally.together(sums)
	return all, nil
}

// Counts is as for a process, of all GPUs.
func (g *GPUs) Counts() (all []int64, err error) {
	for _, p := range g.processes {
		counts, err := p.Counts()
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = counts
			continue
		}
		for i, n := range counts {
			all[i] += n
		}
	}
	return all, nil
}

// Terms is as for a process.
func (g *GPUs) Terms(terms []uint32) error {
	return g.each(func(p *Process) error { return p.Terms(terms) })
}

// Energies is as for a process, on all GPUs at once.
func (g *GPUs) Energies() (all []float64, err error) {
	if err := g.each((*Process).beginEnergies); err != nil {
		return nil, err
	}
	for _, p := range g.processes {
		h, err := p.readEnergies()
		if err != nil {
			return nil, err
		}
		all = append(all, h...)
	}
	return all, nil
}

// Watch is as for a process.
func (g *GPUs) Watch(now bool) error {
	return g.each(func(p *Process) error { return p.Watch(now) })
}

// Unwatch is as for a process.
func (g *GPUs) Unwatch() error { return g.each((*Process).Unwatch) }

// Best is as for a process.
func (g *GPUs) Best() (states [][]int32, sweeps []uint64, err error) {
	for _, p := range g.processes {
		x, n, err := p.Best()
		if err != nil {
			return nil, nil, err
		}
		states, sweeps = append(states, x...), append(sweeps, n...)
	}
	return states, sweeps, nil
}
