//go:build linux && (amd64 || arm64)

package gpu

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unsafe"

	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
)

// observed is what a host keeps for observers, on the device.
type observed struct {
	weighing      uintptr // kernel
	terms, energy buffer  // words of the energy; a float64 of each chain
	lowest, found buffer  // lowest energies, and sweeps done then
	best          buffer  // their states, by node and chain
	ready         bool    // the terms are those of the version at hand
	watched, seen bool    // each sweep is; states were

	counting, summing   uintptr // kernels
	adding              uintptr // and one of programs with numbers, else 0
	tally               device.Tally
	countTerms, vars    buffer
	counts, sums        buffer // of 64 bits
	meanTerms, means    buffer
	begun, moved        buffer // states of the first draw; a byte of each node
	tallied, firstDrawn bool   // a tally is at hand; it has had a draw
}

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
	if err := h.weigh(h.energy.at, cuda.KeepNone); err != nil {
		return "", err
	}
	b := make([]byte, 8*h.count)
	return string(b), h.d.Read(b, h.energy.at)
}

// weigh takes the energies to a place, and states that are kept by them.
func (h *host) weigh(energy uint64, keep uint32) error {
	memory, words, terms, found, best, chains, sweep := h.memory.at, h.words.at, h.terms.at, h.found.at, h.best.at, uint32(h.count), h.sweep
	return h.d.Launch(h.weighing, h.observerBlocks(), cuda.CountThreads, 0, unsafe.Pointer(&memory), unsafe.Pointer(&words), unsafe.Pointer(&terms),
		unsafe.Pointer(&energy), unsafe.Pointer(&found), unsafe.Pointer(&best), unsafe.Pointer(&chains), unsafe.Pointer(&sweep), unsafe.Pointer(&keep))
}

func (h *host) observerBlocks() int { return cuda.BlocksOf(h.count, cuda.CountThreads) }

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
	return &cuda.Layout{Spins: h.layout.Spins, Chains: max(1, h.count), Values: max(1, h.count) * len(h.layout.Spins), ValueBytes: h.layout.BestBytes}
}

// look keeps the states that are better than those before.
func (h *host) look() error {
	if h.count == 0 {
		return nil
	}
	keep := uint32(cuda.KeepAll)
	if h.seen {
		keep = cuda.KeepLower
	}
	h.seen = true
	return h.weigh(h.lowest.at, keep)
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

// takeTally begins to count, with numbers in words and what follows in r.
func (h *host) takeTally(words []string, r io.Reader) error {
	var terms, vars, means int
	t := &h.tally
	if _, err := fmt.Sscan(strings.Join(words, " "), &terms, &vars, &means, &t.Rows, &t.Counts, &t.Sums, &t.Singles, &t.Fours, &t.First); err != nil {
		return fmt.Errorf("no tally: %w", err)
	}
	lists := make([]byte, 4*(terms+vars+means))
	if _, err := io.ReadFull(r, lists); err != nil {
		return err
	}
	counts, moved := make([]byte, 8*t.Counts), make([]byte, len(h.layout.Spins))
	err := h.reserveAll(room{&h.countTerms, 4 * terms}, room{&h.vars, 4 * vars}, room{&h.counts, len(counts)},
		room{&h.sums, 8 * (t.Sums + 1) * h.count}, room{&h.meanTerms, 4 * means}, room{&h.means, 8 * h.meanSums()}, room{&h.begun, h.layout.StateBytes(h.count)}, room{&h.moved, len(moved)})
	for _, w := range []struct {
		to   buffer
		data []byte
	}{{h.countTerms, lists[:4*terms]}, {h.vars, lists[4*terms : 4*(terms+vars)]}, {h.meanTerms, lists[4*(terms+vars):]}, {h.counts, counts}, {h.moved, moved}} {
		if err == nil && len(w.data) > 0 {
			err = h.d.Write(w.to.at, w.data)
		}
	}
	h.tallied, h.firstDrawn = true, false
	return err
}

// draw counts the present states.
func (h *host) draw() (string, error) {
	t, nodes := &h.tally, len(h.layout.Spins)
	sumBytes, flags := 8*t.Sums*h.count, 0 // behind the sums, where chains can be lost
	if h.layout.Lost > 0 {
		flags = 8 * h.count
	}
	b := make([]byte, sumBytes+max(flags, nodes))
	if h.count == 0 {
		return string(b[:nodes]), nil
	}
	memory, words, terms, vars, counts, sums, begun, moved := h.memory.at, h.words.at, h.countTerms.at, h.vars.at, h.counts.at, h.sums.at, h.begun.at, h.moved.at
	chains, first := uint32(h.count), uint32(1)
	if h.firstDrawn {
		first = 0
	}
	h.firstDrawn = true
	err := h.d.Launch(h.counting, cuda.CountBlocks(t.Rows, nodes, h.count), cuda.CountThreads, 0, unsafe.Pointer(&memory), unsafe.Pointer(&words), unsafe.Pointer(&terms),
		unsafe.Pointer(&counts), unsafe.Pointer(&begun), unsafe.Pointer(&moved), unsafe.Pointer(&chains), unsafe.Pointer(&first))
	if err == nil && sumBytes+flags > 0 {
		err = h.d.Launch(h.summing, h.observerBlocks(), cuda.CountThreads, 0, unsafe.Pointer(&memory), unsafe.Pointer(&words), unsafe.Pointer(&vars),
			unsafe.Pointer(&sums), unsafe.Pointer(&chains))
		if err == nil {
			err = h.d.Read(b[:sumBytes+flags], sums)
		}
		for c := 0; c < flags/8 && err == nil; c++ {
			if b[sumBytes+8*c] != 0 {
				err = h.lost(c)
			}
		}
	}
	if b = b[:sumBytes+nodes]; err == nil {
		err = h.d.Read(b[sumBytes:], moved)
	}
	if err == nil && t.First > 0 {
		err = h.readFirst(t.First)
	}
	for _, x := range h.states[:t.First] {
		b, _ = binary.Append(b, binary.LittleEndian, x)
	}
	return string(b), err
}

// meanSums is how many sums there are of rows with numbers.
func (h *host) meanSums() int { return h.tally.Singles + 4*h.tally.Fours }

// addMeans adds the present states to sums of rows with numbers, of which so many follow in r.
func (h *host) addMeans(r io.Reader, n int) (string, error) {
	b := make([]byte, 8*h.meanSums())
	if h.adding == 0 || n != 0 && n != h.meanSums() {
		return "", fmt.Errorf("%d sums of rows with numbers, of which there are %d", n, h.meanSums())
	}
	if _, err := io.ReadFull(r, b[:8*n]); err != nil || h.count == 0 {
		return string(b), err
	}
	if err := h.d.Write(h.means.at, b); err != nil {
		return "", err
	}
	memory, words, terms, means := h.memory.at, h.words.at, h.meanTerms.at, h.means.at
	rows, singles, chains := uint32(h.tally.Singles+h.tally.Fours), uint32(h.tally.Singles), uint32(h.count)
	err := h.d.Launch(h.adding, cuda.MeanBlocks(int(rows)), cuda.CountThreads, cuda.MeanBytes, unsafe.Pointer(&memory), unsafe.Pointer(&words), unsafe.Pointer(&terms),
		unsafe.Pointer(&means), unsafe.Pointer(&rows), unsafe.Pointer(&singles), unsafe.Pointer(&chains))
	if err != nil {
		return "", err
	}
	return string(b), h.d.Read(b, means)
}

// readFirst reads the states of so many chains.
func (h *host) readFirst(chains int) error {
	part := h.copy[:h.layout.StateBytes(chains)]
	if err := h.d.Read(part, h.memory.at); err != nil {
		return err
	}
	h.layout.Decode(part, h.states[:chains])
	return nil
}

// allCounts are those of all draws.
func (h *host) allCounts() (string, error) {
	b := make([]byte, 8*h.tally.Counts)
	if len(b) == 0 {
		return "", nil
	}
	return string(b), h.d.Read(b, h.counts.at)
}
