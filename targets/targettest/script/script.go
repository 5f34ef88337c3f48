// Package script drives a sampler of any target through a list of steps and
// records what it does. It is linked into test programs beside emitted packages,
// so it knows nothing of the generator.
package script

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
)

// Sampler is what a script needs; samplers of emitted packages have it.
type Sampler interface {
	Chains() int
	Energies(beta float64, dst []float64) []float64
	SampleBlock(i int)
	Sweeps(n int)
	SetBeta(beta float64) error
	SetWeights(factor string, w []float64) error
	State(chain int, dst []int32) []int32
	Unclamp(nodes []int32)
}

// Run is a script with the options of the sampler it is for.
type Run struct {
	Chains  int
	Seed    uint64
	Threads int
	Steps   []Step
}

// Step does one thing: what is set.
type Step struct {
	Sweeps  int       `json:",omitempty"`
	Block   *int      `json:",omitempty"` // one superblock alone
	Beta    *float64  `json:",omitempty"`
	Factor  string    `json:",omitempty"` // takes Weights
	Weights []float64 `json:",omitempty"`
	Clamp   []int32   `json:",omitempty"` // take Values
	Values  []int32   `json:",omitempty"`
	Unclamp []int32   `json:",omitempty"`
}

// Play runs the steps and returns a digest of the states of all chains before
// the first and after each one, and one of the energies at the end.
func Play(s Sampler, clamp func(nodes, values []int32) error, steps []Step) ([]uint64, error) {
	digests := []uint64{digest(s)}
	for i, st := range steps {
		var err error
		switch {
		case st.Block != nil:
			s.SampleBlock(*st.Block)
		case st.Beta != nil:
			err = s.SetBeta(*st.Beta)
		case st.Factor != "":
			err = s.SetWeights(st.Factor, st.Weights)
		case st.Clamp != nil:
			err = clamp(st.Clamp, st.Values)
		case st.Unclamp != nil:
			s.Unclamp(st.Unclamp)
		default:
			s.Sweeps(st.Sweeps)
		}
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
		digests = append(digests, digest(s))
	}
	h := fnv.New64a()
	for _, e := range s.Energies(1, nil) {
		binary.Write(h, binary.LittleEndian, e)
	}
	return append(digests, h.Sum64()), nil
}

func digest(s Sampler) uint64 {
	h := fnv.New64a()
	var b [4]byte
	for c := range s.Chains() {
		for _, v := range s.State(c, nil) {
			b = [4]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}
			h.Write(b[:])
		}
	}
	return h.Sum64()
}

// Digest is the digest of states by chain and node.
func Digest(states [][]int32) uint64 {
	return digest(fixed{states: states})
}

// fixed shows states that are there already.
type fixed struct {
	Sampler
	states [][]int32
}

func (f fixed) Chains() int                          { return len(f.states) }
func (f fixed) State(chain int, dst []int32) []int32 { return append(dst, f.states[chain]...) }
