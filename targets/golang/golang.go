// Package golang emits a program as a Go package.
//
// The package is the runtime's engine plus this one model spelt out: its data, its
// API with the model's own names, and, up to a budget, every update as a line of
// Go with neighbours and weights as constants.
//
//	names.go    package, file and function names
//	plan.go     which updates are written out, and their inputs
//	frame.go    <model>.go: package comment, constants, New, indices, groups
//	data.go     model.go: the model as a literal, or model.bin
//	update.go   update_NNN.go: updates, straight line
//	code.go     code.go: the user's code in Go
//	fields.go   fields_NNN.go: weights, straight line
//	slices.go   slices_*: updates in assembly of spins that single bytes decide
//	circuit.go  their instructions
//	bundle.go   runtime.go: the runtime in one file; runtime_*: its assembly
//	model.go    ir.Program → sampling.Model, for the engine linked into thrmlgen
//
// The frame goes through jennifer; bulk bodies are written directly, line by
// line, because a hundred thousand lines through a token tree take seconds and
// hundreds of megabytes. They are written as gofmt would; a test holds that.
package golang

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Defaults of a Request. Compiling takes time and memory that grow with updates and
// inputs: Pegasus-14 (4,264 updates, 61,000 inputs) 4.4 s and 0.5 GB on two
// cores, the largest program within these bounds 9 s and 0.95 GB. Functions of
// 512 updates take a fifth more of both, one of 8,192 twice the time; how fast
// the code runs does not depend on it.
const (
	defaultUnroll = 8192 // updates
	defaultChunk  = 256  // updates a function
	// Where nodes have more neighbours on average, tables serve.
	inputsPerUpdate = 16
	fileUpdates     = 2048 // updates a file
	// Updates in assembly take about 1 KiB of code for 12 neighbours, 5 of text: 960 spins of
	// Pegasus are 1.2 to 1.4 times as fast as by tables, 1,664 as fast in 512 chains and 1.3
	// times in 2,048. The second cache has 1 MiB.
	defaultSlices = 1024
)

// Check refuses what cannot be emitted.
func Check(r emit.Request) error {
	if err := emit.CheckNames(r); err != nil {
		return err
	}
	if _, err := packageName(r); err != nil {
		return err
	}
	if r.Runtime != "" && r.Runtime != emit.Bundle && r.Runtime != emit.Import {
		return fmt.Errorf("runtime %q: %s or %s is needed", r.Runtime, emit.Bundle, emit.Import)
	}
	if len(r.Program.GoCode) > 0 && r.Runtime == emit.Bundle {
		return errors.New("the model names code in Go, which takes types of thrmlgen's module: the package imports the runtime from there (--runtime import) and cannot carry it")
	}
	return ir.Verify(r.Program)
}

// Emit makes the files of the package.
func Emit(r emit.Request) ([]emit.File, error) {
	if err := Check(r); err != nil {
		return nil, err
	}
	e := newEmitter(r)
	var files []emit.File
	frame, err := e.frame()
	if err != nil {
		return nil, err
	}
	files = append(files, emit.File{Path: frameFile(r.Program.Model), Data: frame})
	data, err := e.modelFiles()
	if err != nil {
		return nil, err
	}
	files = append(files, data...)
	if len(r.Program.GoCode) > 0 {
		code, err := e.codeFile()
		if err != nil {
			return nil, err
		}
		files = append(files, code)
	}
	if len(r.Groups) > 0 {
		groups, err := e.groupsFile()
		if err != nil {
			return nil, err
		}
		files = append(files, emit.File{Path: "groups.go", Data: groups})
	}
	files = append(files, e.updateFiles()...)
	files = append(files, e.fieldFiles()...)
	files = append(files, e.sliceFiles()...)
	if e.bundle {
		runtime, err := e.bundledRuntime()
		if err != nil {
			return nil, err
		}
		files = append(files, runtime...)
	}
	return files, nil
}

// emitter carries what the files of one package share.
type emitter struct {
	r      emit.Request
	p      *ir.Program
	pkg    string
	bundle bool
	chunk  int
	names  []string    // of the nodes, as a user writes them
	supers []superPlan // updates to write out; nil: tables only
	fields bool        // weights are stated, too
	slices *slicePlan  // updates in assembly, nil: none
}

func newEmitter(r emit.Request) *emitter {
	e := &emitter{r: r, p: r.Program, bundle: r.Runtime != emit.Import && len(r.Program.GoCode) == 0, chunk: r.Chunk}
	e.pkg, _ = packageName(r) // Check has seen it
	if e.chunk < 1 {
		e.chunk = defaultChunk
	}
	e.supers = plan(r.Program, cmp.Or(r.Unroll, defaultUnroll))
	e.slices = e.planSlices(cmp.Or(r.Unroll, defaultSlices))
	if e.supers != nil {
		e.names = emit.NodeNames(r.Program)
		e.fields = statesFields(r.Program, e.supers)
	}
	return e
}

// rt is an identifier of the runtime as the emitted package writes it.
func (e *emitter) rt(name string) string {
	if e.bundle {
		return name
	}
	return "sampling." + name
}

// open begins a file that is written directly.
func (e *emitter) open(b *lines) {
	b.put("// ", emit.Header(e.p), "\n")
	e.packageClause(b)
}

// packageClause names the package and imports the runtime, unless it is in it.
func (e *emitter) packageClause(b *lines) {
	b.put("\npackage ", e.pkg, "\n")
	if !e.bundle {
		b.put("\nimport ", strconv.Quote(samplingPath), "\n")
	}
}

// runtimeVersion is the version of emitted code that this emitter makes; see
// sampling.MinVersion.
const runtimeVersion = 4

const samplingPath = "github.com/thrmlgen/thrmlgen/runtime/sampling"

// lines collects text.
type lines struct{ b []byte }

func (l *lines) put(parts ...string) {
	for _, s := range parts {
		l.b = append(l.b, s...)
	}
}

func (l *lines) num(n int) { l.b = strconv.AppendInt(l.b, int64(n), 10) }

func (l *lines) num64(n int64) { l.b = strconv.AppendInt(l.b, n, 10) }
