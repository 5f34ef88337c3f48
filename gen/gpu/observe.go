//go:build linux && (amd64 || arm64)

package gpu

import (
	"encoding/binary"
	"io"
	"unsafe"

	"github.com/thrmlgen/thrmlgen/targets/cuda"
)

// observed is what a host keeps for observers, on the device.
type observed struct {
	weighing, looking uintptr // kernels
	terms, energy     buffer  // words of the energy; a float64 of each chain
	lowest, found     buffer  // lowest energies, and sweeps done then
	best              buffer  // their states, 16 bits a value, by node and chain
	ready             bool    // the terms are those of the version at hand
	watched, seen     bool    // each sweep is; states were
}

// observerThreads is a block of the kernels for observers.
const observerThreads = 128

// takeTerms reads so many words.
func (h *host) takeTerms(r io.Reader, n int) error {
	terms := make([]byte, 4*n)
	if _, err := io.ReadFull(r, terms); err != nil {
		return err
	}
	if err := h.reserveAll(room{&h.terms, len(terms)}, room{&h.energy, 8 * h.count}); err != nil {
		return err
	}
	h.ready = true
	return h.d.Write(h.terms.at, terms)
}

// energies are those of the chains.
func (h *host) energies() (string, error) {
	if h.count == 0 {
		return "", nil
	}
	memory, words, terms, energy, chains := h.memory.at, h.words.at, h.terms.at, h.energy.at, uint32(h.count)
	err := h.d.Launch(h.weighing, h.observerBlocks(), observerThreads, 0, unsafe.Pointer(&memory), unsafe.Pointer(&words),
		unsafe.Pointer(&terms), unsafe.Pointer(&energy), unsafe.Pointer(&chains))
	if err != nil {
		return "", err
	}
	b := make([]byte, 8*h.count)
	return string(b), h.d.Read(b, h.energy.at)
}

func (h *host) observerBlocks() int { return (h.count + observerThreads - 1) / observerThreads }

// watch keeps the best states from now on.
func (h *host) watch(now bool) error {
	if err := h.reserveAll(room{&h.lowest, 8 * h.count}, room{&h.found, 8 * h.count}, room{&h.best, h.bestLayout().StateBytes(h.count)}); err != nil {
		return err
	}
	if h.watched, h.seen = true, false; !now {
		return nil
	}
	return h.look()
}

// bestLayout is how best states lie in memory.
func (h *host) bestLayout() *cuda.Layout {
	return &cuda.Layout{Spins: h.layout.Spins, Chains: max(1, h.count), Values: max(1, h.count) * len(h.layout.Spins), ValueBytes: 2}
}

// look keeps the states that are better than those before.
func (h *host) look() error {
	if h.count == 0 {
		return nil
	}
	memory, words, terms, lowest, found, best := h.memory.at, h.words.at, h.terms.at, h.lowest.at, h.found.at, h.best.at
	chains, sweep, first := uint32(h.count), h.sweep, uint32(1)
	if h.seen {
		first = 0
	}
	h.seen = true
	return h.d.Launch(h.looking, h.observerBlocks(), observerThreads, 0, unsafe.Pointer(&memory), unsafe.Pointer(&words), unsafe.Pointer(&terms),
		unsafe.Pointer(&lowest), unsafe.Pointer(&found), unsafe.Pointer(&best), unsafe.Pointer(&chains), unsafe.Pointer(&sweep), unsafe.Pointer(&first))
}

// bestStates are the sweeps done and the states.
func (h *host) bestStates() (string, error) {
	if h.count == 0 {
		return "", nil
	}
	l := h.bestLayout()
	b, packed := make([]byte, 8*h.count), make([]byte, l.StateBytes(h.count))
	if err := h.d.Read(b, h.found.at); err != nil {
		return "", err
	}
	if err := h.d.Read(packed, h.best.at); err != nil {
		return "", err
	}
	states := make([][]int32, h.count)
	for c := range states {
		states[c] = make([]int32, len(l.Spins))
	}
	l.Decode(packed, states)
	for _, x := range states {
		b, _ = binary.Append(b, binary.LittleEndian, x)
	}
	return string(b), nil
}
