package cli

import (
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
)

// stateBytes is what the states of all chains take: in the engine, as the
// observers see them, at the end and at the best.
func stateBytes(m *gen.Model, chains int) float64 {
	bits := 0.0
	for _, v := range m.Program.Vars {
		switch {
		case v.Kind == ir.Spin:
			bits += float64(v.Count)
		case v.Kind == ir.Continuous:
			bits += 32 * float64(v.Count)
		case v.States <= 256:
			bits += 8 * float64(v.Count)
		default:
			bits += 16 * float64(v.Count)
		}
	}
	for _, sb := range m.Program.Sweep {
		for _, b := range sb {
			bits += 64 * float64(b.Numbers*len(b.Nodes))
		}
	}
	return 4 * bits / 8 * float64(max(chains, 64))
}

// summaryBytes is what the figures of the summary take: for each chain and draw
// 8 bytes for the energy, 4 for each spin variable and for each state of each
// categorical one, 8 for a continuous one or one of more than 32 states, and what
// ranking one of them needs.
func summaryBytes(m *gen.Model, chains, draws int) float64 {
	each := 8 + 40
	for _, v := range m.Program.Vars {
		switch {
		case v.Kind == ir.Spin:
			each += 4
		case v.Kind == ir.Continuous || v.States > 32:
			each += 8
		default:
			each += 4 * v.States
		}
	}
	for _, c := range m.Graph.GoCode {
		each += 8 * c.Values
	}
	return float64(each) * float64(chains) * float64(draws)
}

// listBytes is what the states of all chains take as lists of int32, now and
// after the next sweep, as the interpreter has them.
func listBytes(m *gen.Model, chains int) float64 {
	return 2 * (4*float64(m.Program.Nodes) + 64) * float64(chains)
}

// statesFit refuses more chains than there is room for, in the engine and in so
// many lists.
func statesFit(m *gen.Model, chains, lists int) error {
	if need := stateBytes(m, chains) + float64(lists)*listBytes(m, chains); need > serve.DefaultMemory<<20 {
		return limit("--chains: the states of %s need %s of memory, the limit is %s", plural(chains, "chain"),
			serve.SizeText(need), serve.SizeText(serve.DefaultMemory<<20))
	}
	return nil
}
