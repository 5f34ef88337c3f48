// Package cuda emits a program as CUDA: kernels that are read as what they are, the words
// that they get, and a host in C++ for plain nvcc.
//
//	words.go      the words of a kernel, with a comment for each
//	plan.go       what kernels get of every program: superblocks, starts
//	table.go      the table kernel: any program
//	tableplan.go  its updates and weights
//	tablefloat.go those in float32
//	expression.go expressions as functions
//	network.go    networks in them
//	move.go       moves of all nodes of a block together
//	kept.go       what kernels keep of a chain beside values
//	swar.go       a bit per chain: spins in pairs, with few bits of weights
//	lattice.go    a bit per chain: spins in pairs, with couplings of few sizes, by bit planes
//	circuit.go    its sums of bits
//	mma.go        a byte per chain: spins in pairs with weights of 8 bits, on tensor cores
//	unrolled.go   straight code for small models
//	energy.go     energies of states, and other kernels for observers
//	count.go      how these are launched
//	memory.go     states in memory of the device, and shares of devices
//	version.go    a program with other weights and clamps
//	check.go      digests of the states that a check must see
//
// The same files compile as C++ for machines without a GPU, over the shim of
// runtime/cuda.
package cuda

import (
	"bytes"
	"fmt"
	"slices"
	"text/template"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	runtime "github.com/thrmlgen/thrmlgen/runtime/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/templates"
)

// Shared memory that a block may take, in bytes.
const (
	mostShared  = 227 << 10 // on sm_90 and sm_100
	leastShared = 99 << 10  // on every GPU from sm_80 on
)

// Check refuses what no kernel runs.
func Check(r emit.Request) error {
	if err := emit.CheckNames(r); err != nil {
		return err
	}
	p := r.Program
	if err := ir.Verify(p); err != nil {
		return err
	}
	if p.Stream.Generator != "" {
		return fmt.Errorf("the number format draws from %s, a generator of hardware: write rng: philox in the format, or take --target go", p.Stream.Generator)
	}
	if p.Format.Digit > 0 {
		return fmt.Errorf("first digits have %d bits, which no kernel draws: drop digit from the format, or take --target go", p.Format.Digit)
	}
	for _, c := range p.GoCode {
		if c.Use != ir.GoObserver {
			return fmt.Errorf("%s is code in Go, which cannot run on a GPU: take --target go", c.Name)
		}
	}
	for _, k := range kernels {
		switch r.Kernel {
		case "":
			return nil
		case k.name:
			return k.check(p)
		}
	}
	return fmt.Errorf("no kernel %q: lattice, mma, swar, unrolled and table are known", r.Kernel)
}

// kernels are all that there are, the faster ones first: a program gets the first that it fits.
// plan says why a program does not fit, or returns what makes its kernels, for blocks with so
// much shared memory; named says that the kernel is wanted whether it pays or not.
var kernels = []struct {
	name  string
	check func(*ir.Program) error // for those who name it
	plan  func(p *ir.Program, shared int, named bool) (func() (*Kernels, error), error)
}{
	{"lattice", checkLattice, planLattice},
	{"mma", checkMMA, planMMA},
	{"swar", checkSwar, planSwar},
	{"unrolled", checkUnrolled, plain(fitsUnrolled, unrolledKernel)},
	{"table", takesAll, plain(takesAll, tableKernel)},
}

// plain is the plan of a kernel that takes little shared memory.
func plain(fits func(*ir.Program) error, kernel func(*ir.Program) (*Kernels, error)) func(*ir.Program, int, bool) (func() (*Kernels, error), error) {
	return func(p *ir.Program, _ int, named bool) (func() (*Kernels, error), error) {
		make := func() (*Kernels, error) { return kernel(p) }
		if named {
			return make, nil
		}
		return make, fits(p)
	}
}

func takesAll(*ir.Program) error { return nil }

// Emit makes the files: kernels, words, host, headers, what a check must see.
func Emit(r emit.Request) ([]emit.File, error) {
	files, err := filesOf(r)
	if err != nil {
		return nil, err
	}
	check, err := checkFile(r.Program)
	return slices.Insert(files, 2, emit.File{Path: "check.txt", Data: check}), err
}

// TablesFile has the words of the kernels, which are data.
const TablesFile = "tables.txt"

// Files are those of Emit but for the check.
func Files(p *ir.Program) ([]emit.File, error) { return filesOf(emit.Request{Program: p}) }

func filesOf(r emit.Request) ([]emit.File, error) {
	k, err := New(r)
	if err != nil {
		return nil, err
	}
	files := []emit.File{
		{Path: r.Program.Model + ".cu", Data: k.Source},
		{Path: TablesFile, Data: k.Words.text(emit.Header(r.Program))},
	}
	for _, name := range []string{"host.cu", "Makefile"} {
		text, err := fill(name, hostData(r.Program, &k.Layout))
		if err != nil {
			return nil, err
		}
		files = append(files, emit.File{Path: name, Data: text})
	}
	return append(files, Headers(r.Program)...), nil
}

// Headers are what the kernels include.
func Headers(p *ir.Program) []emit.File {
	var files []emit.File
	for _, name := range runtime.Headers {
		if name == "ars.cuh" && p.Rounds != 5 || name == "noise.cuh" && !p.Format.Noise || (name == "elementary.cuh" || name == "number.cuh") && !hasFloats(p) || name == "sampler.cuh" && len(keptOf(p).Start) == 0 || name == "expression.cuh" && len(p.Codes) == 0 && moveOf(p) == nil || name == "network.cuh" && !hasNetworks(p) {
			continue
		}
		text := append([]byte("// "+emit.Header(p)+"\n"), runtime.Header(name)...)
		files = append(files, emit.File{Path: name, Data: text})
	}
	return files
}

// Kernels are the kernels of a program and what a host gives to them.
type Kernels struct {
	Source []byte // of the .cu
	Words  *Words // they get
	Layout Layout

	StepsPerTile float64 // of kernel mma: instructions for tensor cores to update a tile

	weightsAt int // place of the weights of all factors in order, 0: they are elsewhere, too
}

// Layout is what a host must know to launch the kernels of a program: sizes, and how states
// lie in memory.
type Layout struct {
	Kernel      string  // one of kernels
	Spins       []bool  // by node: a spin, whose value 1 is -1
	Rows        []int32 // of nodes, where values are words of 32 chains; nil: a value is one of a chain
	Quads       int     // of rows, where bytes of four of them are a word of a chain; else 0
	Chains      int     // of a block of threads
	Values      int     // of a block's states
	ValueBytes  int     // 1, 2 or 4
	BestBytes   int     // of a value of the best states that are kept
	Means       bool    // there is a kernel that adds up rows with numbers
	TableWords  int     // of the tables of a β
	LeastBeta   float64
	Kept        int // rows of device.Kept, behind those of nodes
	WarmupAt    int // where the words say in how many sweeps steps are fitted, if any are kept
	Lost        int // with moves: the row of values of Kept.Lost; else 0
	Threads     int // of a block of the sweep kernel
	SharedBytes int // of it
	// Where several blocks of the sweep kernel have the same chains, of which each updates a part: how
	// many, and the number of superblocks, of which a launch updates one; else 0.
	Parts, Supers int
}

// New makes the kernels of a program that Check takes.
func New(r emit.Request) (*Kernels, error) {
	if err := Check(r); err != nil {
		return nil, err
	}
	shared := r.SharedBytes
	if shared == 0 {
		shared = mostShared
	}
	var k *Kernels
	for _, one := range kernels {
		if r.Kernel != "" && r.Kernel != one.name {
			continue
		}
		emit, err := one.plan(r.Program, shared, r.Kernel != "")
		if err != nil && r.Kernel == "" {
			continue
		}
		if err == nil {
			k, err = emit()
		}
		if err != nil {
			return nil, err
		}
		break
	}
	if err := k.addObservers(r.Program); err != nil {
		return nil, err
	}
	for _, v := range r.Program.Vars {
		for range v.Count {
			k.Layout.Spins = append(k.Layout.Spins, v.Kind == ir.Spin)
		}
	}
	return k, nil
}

// hostData is what the templates of the host say of a program.
func hostData(p *ir.Program, l *Layout) map[string]any {
	free := make([]bool, p.Nodes)
	for _, sb := range p.Sweep {
		for _, b := range sb {
			for _, n := range b.Nodes {
				free[n] = true
			}
		}
	}
	most := uint32(1) << 31
	for _, c := range p.Clamps {
		for _, n := range c.Nodes {
			free[n] = false
		}
		if c.Chains > 0 {
			most = min(most, uint32(c.Chains))
		}
	}
	for i := range p.Vars {
		if c := p.Init[i].Chains; c > 0 {
			most = min(most, uint32(c))
		}
	}
	count := 0
	for _, is := range free {
		if is {
			count++
		}
	}
	var betas []string
	for _, b := range p.Betas {
		betas = append(betas, float(b))
	}
	s := p.Sample
	return map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Namespace": namespace(p), "FreeNodes": count, "MostChains": most, "Spins": rangesOf(p, ir.Spin), "Vars": hostVars(p), "Numbers": rangesOf(p, ir.Continuous), "Lost": keptOf(p).Lost >= 0, "Kept": len(keptOf(p).Start), "Best": valueTypes[l.BestBytes],
		"Parts": l.Parts, "Supers": l.Supers,
		"Chains": min(uint32(s.Chains), most), "Warmup": s.Warmup, "Samples": s.Samples, "Steps": s.StepsPerSample, "Seed": s.Seed,
		"Beta": float(p.Beta), "Betas": betas,
	}
}

// A hostVar is struct Variable of npz.h.
type hostVar struct {
	Name         string
	First, Count int
	Type         string
	Bytes        int
	Shape        string
}

// hostVars are the variables with the types in which result files have them.
func hostVars(p *ir.Program) (list []hostVar) {
	for _, v := range p.Vars {
		x := hostVar{Name: v.Name, First: v.First, Count: v.Count, Type: "<u2", Bytes: 2}
		switch {
		case v.Kind == ir.Spin:
			x.Type, x.Bytes = "|i1", 1
		case v.Kind == ir.Continuous:
			x.Type, x.Bytes = "<f4", 4
		case v.States <= 256:
			x.Type, x.Bytes = "|u1", 1
		}
		for _, n := range v.Shape {
			x.Shape += fmt.Sprintf(", %d", n)
		}
		list = append(list, x)
	}
	return list
}

// namespace is that of a program's constants and functions.
func namespace(p *ir.Program) string { return "model_" + p.Model }

// fill fills in a template of templates/cuda.
func fill(name string, data any) ([]byte, error) {
	file := name + ".tmpl"
	t, err := template.New(file).Funcs(template.FuncMap{"lineBegins": func(i, perLine int) bool { return i%perLine == 0 }}).
		ParseFS(templates.FS(), "cuda/"+file, "cuda/rows.cu.tmpl", "cuda/move.cu.tmpl", "cuda/step.cu.tmpl", "cuda/network.cu.tmpl")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}
