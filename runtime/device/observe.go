package device

import "encoding/binary"

// Commands for observers, of programs that package cuda calls discrete; see Process:
//
//	terms N   ok, with so many words that follow, of 32 bits: the terms of the energy
//	energies  the energy of each chain at β = 1, a float64
//	watch N   ok; best states are kept from the next sweep on, with N = 1 from now on
//	best      of each chain the sweeps done at its best state, of 64 bits, then these states

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
