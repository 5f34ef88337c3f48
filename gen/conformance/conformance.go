// Package conformance holds samplers against exact laws.
//
// A sampler may agree with itself on every target and still be wrong, so the
// tests here compare it with what is known without sampling: the law after
// exactly k sweeps, computed by applying the sweep to a distribution over all
// states; moments by enumeration; the energy of the square lattice by Kaufman's
// formula; a torus of the G-set by transfer matrix.
//
// The k-sweep law is the sharpest. Many independent chains start in one state,
// make exactly k sweeps, and their whole states are counted. There is no burn-in
// to guess and no effective sample size: the counts are multinomial, and Pearson's
// chi-square has the law it says. The law they are compared with is that of the
// conditionals that the number format truly has (Kernel), and, with as many chains
// as the format's own error allows, that of the model as the user gave it.
//
//	conformance.go  seeds and counting
//	law.go          the sweep of the quantised conditionals
//	chisquare.go    the test, and what it can see
//
// Seeds are made from the name of the test (Seed), so that nobody picks one that
// passes. Every test logs the discrepancy that it would detect and how often it
// would fail a right sampler.
package conformance

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Seed is the first 8 bytes of the SHA-256 of a test's name, big-endian.
func Seed(name string) uint64 {
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:8])
}

// Indices writes the number of every chain's state, by Space.Index, into dst and
// returns it: one entry for each chain.
func Indices(s *sampling.Sampler, space *exact.Space, dst []int) []int {
	dst = append(dst[:0], make([]int, s.Chains())...)
	var bits []uint64
	var categories []int32
	for _, node := range space.Free {
		kind, states := variable(space.Graph, node)
		if kind == graph.Spin {
			bits = s.Bits(int(node), bits[:0])
			for c := range dst {
				dst[c] = 2*dst[c] + int(bits[c/64]>>(c%64)&1)
			}
			continue
		}
		categories = s.Categories(int(node), categories[:0])
		for c := range dst {
			dst[c] = states*dst[c] + int(categories[c])
		}
	}
	return dst
}

// variable is the kind and the number of states of a node.
func variable(g *graph.Graph, node int32) (graph.Kind, int) {
	for i := range g.Vars {
		if v := &g.Vars[i]; int(node) >= v.First && int(node) < v.First+v.Count {
			if v.Kind == graph.Spin {
				return v.Kind, 2
			}
			return v.Kind, v.States
		}
	}
	return graph.Spin, 0
}
