// Package exact answers for small models what a sampler can only estimate, in
// float64 and from the weights as the user gave them (not as a number format
// rounds them).
//
// Three questions are answered. What is the law? Enumerate lists it, state by
// state, up to 2^22 joint states of the free nodes; beyond, Eliminate sums the
// nodes out one by one and comes back with every marginal, as far as its tables
// fit in a stated memory; Solve picks between them. What is the energy of a
// state? Energy. And what is the law after exactly k sweeps? Kernel applies one
// sweep, block after block, to a distribution over all states.
//
// Everywhere p(x) = exp(-βH(x))/Z over the states that agree with the clamps,
// with H = Σ over factors and rows of -W[c1, c2, …]·s1·s2·…; states hold -1/+1
// for spins and 0 … K-1 for categoricals, one entry for each node.
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
	Memory int64 // most bytes of tables that elimination holds at once
}

const maxEnumerated = 1 << 22

// DefaultLimits are 2^22 joint states and 1 GiB of tables.
var DefaultLimits = Limits{States: maxEnumerated, Memory: 1 << 30}

// Solve answers by enumeration where the joint states of the free nodes are
// within lim.States, by variable elimination beyond. The error is a
// *diag.Problem: of class Limit when neither fits, of class Model when clamps
// differ between chains, so that there is no one law.
func Solve(g *graph.Graph, lim Limits) (*Answer, error) {
	s, err := NewSpace(g)
	if err != nil {
		return nil, err
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
