package cuda

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
)

// keptOf is what the kernels of a program keep.
func keptOf(p *ir.Program) *device.Kept { return device.KeptOf(modelOf(p)) }

// varOf is the variable of a node.
func varOf(p *ir.Program, node int) *ir.Var {
	return &p.Vars[slices.IndexFunc(p.Vars, func(v ir.Var) bool { return node < v.First+v.Count })]
}
