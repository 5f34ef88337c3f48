package train

import (
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A buffer holds states of persistent chains (Tieleman 2008; Du and Mordatch 2019). A
// step takes as many of its slots as there are negative chains, each slot at most once;
// some chains begin anew; and where the chains have come to goes back into the slots that
// were drawn. The buffer begins with initial states.

// buffered reports whether persistent chains come from a buffer.
func (t *Task) buffered() bool {
	return t.Start == StartPersistent && (t.Buffer > 0 || t.Fresh > 0)
}

// slots is the size of the buffer.
func (t *Task) slots() int { return max(t.Buffer, t.Negative.Chains) }

// buffer is the sampler whose chains are the slots; it only holds their states.
func (t *Trainer) buffer() (*sampling.Sampler, error) {
	return t.sampler(useBuffer, t.task.Negative.Model, t.task.slots())
}

// drawSlots are the slots of a step: the first of a shuffle by Fisher and Yates from the
// first place up, place i swapped with i + floor(w·(n-i)/2^32), w the word of purpose 6,
// chain 1, sweep the step, slot i.
func drawSlots(n, count int, seed, step uint64) []int {
	slots := make([]int, n)
	for i := range slots {
		slots[i] = i
	}
	words := rng.NewWords(seed, 10)
	for i := range count {
		j := i + int(uint64(words.Word32(rng.PurposeOrder, 1, step, uint32(i), 0))*uint64(n-i)>>32)
		slots[i], slots[j] = slots[j], slots[i]
	}
	return slots[:count]
}

// fromBuffer puts the states of slots into the chains of s, but for those that begin anew:
// where the word of purpose 6, chain 2, sweep the step, slot the chain is below Fresh·2^32.
func (t *Trainer) fromBuffer(s *sampling.Sampler) ([]int, error) {
	b, err := t.buffer()
	if err != nil {
		return nil, err
	}
	slots := drawSlots(b.Chains(), s.Chains(), t.task.Seed, uint64(t.step))
	words := rng.NewWords(t.task.Seed, 10)
	first := !t.began
	if first {
		b.SetSweepNumber(t.sweeps[1])
		b.Restart()
	}
	s.Restart()
	var state []int32
	for chain, slot := range slots {
		w := words.Word32(rng.PurposeOrder, 2, uint64(t.step), uint32(chain), 0)
		if !first && float64(w) < float64(t.task.Fresh*(1<<32)) {
			continue
		}
		state = b.State(slot, state[:0])
		if err := s.SetState(chain, state); err != nil {
			return nil, err
		}
	}
	return slots, nil
}

// toBuffer returns the states of the chains to their slots.
func (t *Trainer) toBuffer(s *sampling.Sampler, slots []int) error {
	b, err := t.buffer()
	if err != nil {
		return err
	}
	var state []int32
	for chain, slot := range slots {
		state = s.State(chain, state[:0])
		if err := b.SetState(slot, state); err != nil {
			return err
		}
	}
	return nil
}
