// Package exact answers for small models what a sampler can only estimate, in
// float64 and from the weights as the user gave them (not as a number format
// rounds them).
//
// Three questions are answered. What is the law? Enumerate lists it, state by
// state, up to 2^22 joint states of the free nodes; beyond, Eliminate sums the
// nodes out one by one and comes back with every marginal, as far as its tables
// fit in a stated memory; continuous nodes that are Gaussian given the discrete
// ones are integrated in closed form, for each state of these; Solve picks the
// way. What is the energy of a state? Energy. And what is the law after exactly k
// sweeps? Kernel applies one sweep, block after block, to a distribution over all
// states.
//
// Everywhere p(x) = exp(-βH(x))/Z over the states that agree with the clamps,
// with H = Σ over factors and rows of -W[c1, c2, …]·s1·s2·…·x1^p1·…; states hold
// -1/+1 for spins, 0 … K-1 for categoricals and the bits of a float32 for
// continuous nodes, one entry for each node. Z sums over discrete and integrates
// over continuous nodes.
package exact

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Limits bound what Solve may spend.
type Limits struct {
	States int   // most joint states that are enumerated, 2^22 if more
	Memory int64 // most bytes of tables that elimination holds at once, and of matrices
}

const maxEnumerated = 1 << 22

// DefaultLimits are 2^22 joint states and 1 GiB of tables.
var DefaultLimits = Limits{States: maxEnumerated, Memory: 1 << 30}

// Solve answers by enumeration where the joint states of the free nodes are
// within lim.States, by variable elimination beyond; with free continuous nodes, by
// enumeration of the discrete ones and Gaussian integrals. The error is a
// *diag.Problem: of class Limit when nothing fits, of class Model when clamps
// differ between chains, so that there is no one law, or when continuous nodes are
// not Gaussian given the discrete ones.
func Solve(g *graph.Graph, lim Limits) (*Answer, error) {
	s, err := newSpace(g)
	if err != nil {
		return nil, err
	}
	if len(s.integrated) > 0 {
		return integrate(s, lim)
	}
	if s.within(min(lim.States, maxEnumerated)) {
		law, err := enumerate(s)
		if err != nil {
			return nil, err
		}
		return law.Answer(), nil
	}
	return eliminate(s, lim.Memory)
}

// limit is the error for a stated limit that is passed.
func limit(g *graph.Graph, help, format string, args ...any) error {
	return problem(g, diag.Limit, diag.TooLarge, help, format, args...)
}

func problem(g *graph.Graph, class diag.Class, code, help, format string, args ...any) error {
	var pos diag.Pos
	if len(g.Vars) > 0 {
		pos.File = g.Vars[0].Pos.File
	}
	return &diag.Problem{Pos: pos, Code: code, Class: class, Help: help, Text: fmt.Sprintf(format, args...)}
}

// bytesText says a size as people do.
func bytesText(b float64) string {
	const units = "KMGTPE"
	if b < 1024 {
		return fmt.Sprintf("%.0f bytes", b)
	}
	if math.IsInf(b, 1) {
		return "2^1024 bytes"
	}
	e := int(math.Log2(b) / 10)
	if e > len(units) {
		return fmt.Sprintf("2^%.0f bytes", math.Log2(b))
	}
	return fmt.Sprintf("%.3g %ciB", b/math.Pow(1024, float64(e)), units[e-1])
}
