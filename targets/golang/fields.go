package golang

import (
	"strconv"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// fieldFiles writes the integer weights of the spins beside the names of their
// neighbours, in functions of chunk spins.
func (e *emitter) fieldFiles() []emit.File {
	if !e.fields {
		return nil
	}
	var spins []update
	for _, s := range e.supers {
		for _, u := range s.updates {
			if u.spin {
				spins = append(spins, u)
			}
		}
	}
	out := bulk{e: e, pattern: "fields_%03d.go"}
	parts := e.chunks(len(spins))
	b := out.function(0)
	b.put("\n// stateFields states the field of every spin in units of 2^-", strconv.Itoa(e.p.Format.Fraction),
		": slot, constant, then the\n// weight of each neighbour in the order of its update.\n")
	b.put("func stateFields(f *", e.rt("Fields"), ") {\n")
	if len(parts) == 1 {
		e.fieldBody(b, spins)
		return out.close()
	}
	for k := range parts {
		b.put("\t", partName("stateFields", k), "(f)\n")
	}
	b.put("}\n")
	for k, part := range parts {
		b := out.function(part[1] - part[0])
		b.put("\nfunc ", partName("stateFields", k), "(f *", e.rt("Fields"), ") {\n")
		e.fieldBody(b, spins[part[0]:part[1]])
	}
	return out.close()
}

func (e *emitter) fieldBody(b *lines, spins []update) {
	for _, u := range spins {
		e.field(b, u)
	}
	b.put("}\n")
}

func (e *emitter) field(b *lines, u update) {
	constant := int64(0)
	for _, in := range u.rows {
		if len(in.others) == 0 {
			constant += in.weight
		}
	}
	b.put("\t// ", e.names[u.node], ":")
	e.neighbours(b, u)
	b.put("\n\tf.Spin(")
	b.num(u.slot)
	b.put(", ")
	b.num64(constant)
	for _, in := range u.rows {
		if len(in.others) > 0 {
			b.put(", ")
			b.num64(in.weight)
		}
	}
	b.put(")\n")
}
