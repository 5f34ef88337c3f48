// Package targets lists what thrmlgen emits code for.
//
//	emit/    the request, the files, names
//	golang/  Go packages for the CPU
//	cuda/    kernels for GPUs, with a host in C++
//	verilog/ arrays for FPGA and ASIC
package targets

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// Target emits one language.
type Target struct {
	Name string
	Does string // one line for help texts
	Caps Caps
	// Check refuses what the target cannot emit, before anything is emitted.
	Check func(r emit.Request) error
	// Emit makes the files. It is a pure function; the same request gives the
	// same bytes.
	Emit func(r emit.Request) ([]emit.File, error)
}

// Caps says what programs a target takes.
type Caps struct {
	Kinds       []ir.Kind
	MaxStates   int  // of a categorical
	Runtime     bool // weights, β and clamps as data
	Synchronous bool // parallel dynamics
	Annealing   bool // β that follows a schedule
}

// All is every target, in the order help texts give them.
func All() []Target {
	return []Target{
		{
			Name: "go",
			Does: "a Go package for the CPU, without cgo",
			Caps: Caps{Kinds: []ir.Kind{ir.Spin, ir.Categorical}, MaxStates: 65536,
				Runtime: true, Synchronous: true, Annealing: true},
			Check: golang.Check,
			Emit:  golang.Emit,
		},
		{
			Name: "cuda",
			Does: "kernels for GPUs and a host in C++",
			Caps: Caps{Kinds: []ir.Kind{ir.Spin, ir.Categorical}, MaxStates: 65536,
				Runtime: true, Synchronous: true, Annealing: true},
			Check: cuda.Check,
			Emit:  cuda.Emit,
		},
		{
			Name:  "verilog",
			Does:  "a c-slow array for FPGA and ASIC, with testbenches",
			Caps:  Caps{Kinds: []ir.Kind{ir.Spin, ir.Categorical}, MaxStates: 1 << verilog.MaxStateBits, Synchronous: true},
			Check: verilog.Check,
			Emit:  verilog.Emit,
		},
	}
}

// Find returns a target by name.
func Find(name string) (Target, error) {
	known := ""
	for _, t := range All() {
		if t.Name == name {
			return t, nil
		}
		known += " " + t.Name
	}
	return Target{}, fmt.Errorf("no target %q emits source; known:%s", name, known)
}
