package cli

import (
	"bytes"
	"fmt"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

func (c *command) generate() *cobra.Command {
	var target, out, pkg, runtime, kernel string
	var unroll int
	var diff, force bool
	cmd := &cobra.Command{
		Use:   "gen",
		Short: "Emit the source of a sampler made for a model",
		Long: `Emits the source of a sampler made for exactly this model into a folder of its
own: all files or none, written only where they change, never over a file that
thrmlgen did not write.

Targets:
` + targetList() + `
The Go target makes one package with the runtime inside, without go.mod, that can
be imported at any path; --runtime import links to thrmlgen's module instead, as
does the package of a model that names code in Go.
The CUDA target makes MODEL.cu with the kernels, tables.txt with what they get, a line
for each node, a host in C++ and a Makefile for nvcc (make, make check) and for
machines without a GPU (make check-shim). format: fast has the faster kernel.
The Verilog target makes rtl/, the design alone with its list files.f, and sim/,
testbenches for Icarus and Verilator with the states that they must see; a model
without a number format takes format: hardware.`,
		Example: `  thrmlgen gen model.yaml --target go --out sampler
  thrmlgen gen model.yaml --target go --out sampler --diff
  //go:generate go tool thrmlgen gen model.yaml --target go --out sampler
  //go:generate go tool thrmlgen gen ./energy#Torus --target go --out sampler`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case out == "":
				return usage("--out is needed: the folder to write").help("for example --out sampler")
			case pkg != "" && (!emit.IsName(pkg) || token.IsKeyword(pkg)):
				return usage("--package %s: a package name has the form [a-z][a-z0-9_]* and is no keyword", diag.Quote(pkg))
			case runtime != emit.Bundle && runtime != emit.Import:
				return usage("--runtime %s: %s or %s is needed", diag.Quote(runtime), emit.Bundle, emit.Import)
			}
			if !cmd.Flags().Changed("runtime") {
				runtime = "" // bundle, unless the model names code in Go
			}
			if _, err := targets.Find(target); err != nil {
				return usage("--target: %v", err)
			}
			c.hardware = target == verilogTarget
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			files, list := gen.Generate(gen.Request{Model: m, Target: target, Package: pkg, Runtime: runtime, Unroll: unroll, Kernel: kernel})
			if err := list.Err(); err != nil {
				return err
			}
			c.clearsUp.Store(true)
			changes, err := gen.Write(cmd.Context(), out, files, gen.WriteOptions{Force: force, Plan: diff})
			if err != nil {
				return err
			}
			return c.changes(m, out, changes, diff)
		},
	}
	f := cmd.Flags()
	f.StringVar(&target, "target", "go", "what to emit")
	f.StringVar(&out, "out", "", "the `folder` to write")
	f.StringVar(&pkg, "package", "", "`name` of the emitted package (default: that of the model)")
	f.StringVar(&runtime, "runtime", emit.Bundle, "where emitted code finds the runtime: bundle or import")
	f.IntVar(&unroll, "unroll", 0, "most `updates` of a sweep written as straight-line code; 0 chooses, -1 writes none")
	f.StringVar(&kernel, "kernel", "", "CUDA kernel: table takes the most models, swar spins in pairs in few bits, mma the same on tensor cores, lattice bit planes and couplings of few sizes, unrolled small models (default: the fastest that fits)")
	f.BoolVar(&diff, "diff", false, "write nothing, print what would change, and exit with 1 if anything would")
	f.BoolVar(&force, "force", false, "write over generated files that were edited")
	return c.modelCommand(cmd)
}

func targetList() string {
	var b strings.Builder
	for _, t := range targets.All() {
		fmt.Fprintf(&b, "  %-8s %s\n", t.Name, t.Does)
	}
	return b.String()
}

type changeJSON struct {
	Path   string         `json:"path"`
	Change gen.ChangeKind `json:"change"`
	Bytes  int            `json:"bytes"`
}

// changes reports what was written, or with diff what would be.
func (c *command) changes(m *gen.Model, out string, changes []gen.Change, diff bool) error {
	count := map[gen.ChangeKind]int{}
	files := []changeJSON{}
	for _, x := range changes {
		count[x.Kind]++
		files = append(files, changeJSON{x.Path, x.Kind, len(x.New)})
	}
	differs := count[gen.Same] < len(changes)
	switch {
	case c.json:
		err := writeJSON(c.out, map[string]any{"model": m.Graph.Model, "hash": m.Program.Hash, "out": out, "written": !diff, "files": files})
		if err != nil {
			return err
		}
	case c.quiet:
	case diff:
		for _, x := range changes {
			if x.Kind != gen.Same {
				c.diff(out, x)
			}
		}
		if !differs {
			fmt.Fprintf(c.out, "%s: nothing would change\n", out)
		}
	default:
		c.written(out, changes, count)
	}
	if diff && differs {
		return errDifference
	}
	return nil
}

func (c *command) written(out string, changes []gen.Change, count map[gen.ChangeKind]int) {
	for _, x := range changes {
		switch x.Kind {
		case gen.Added, gen.Changed:
			fmt.Fprintf(c.out, "%-8s %s (%s)\n", x.Kind, filepath.Join(out, filepath.FromSlash(x.Path)), serve.SizeText(float64(len(x.New))))
		case gen.Removed:
			fmt.Fprintf(c.out, "%-8s %s\n", x.Kind, filepath.Join(out, filepath.FromSlash(x.Path)))
		}
	}
	if n := count[gen.Same]; n == len(changes) {
		fmt.Fprintf(c.out, "%s: all %s are up to date\n", out, plural(n, "file"))
	} else if n > 0 {
		fmt.Fprintf(c.out, "%s unchanged\n", plural(n, "file"))
	}
}

// diff prints one change as a unified diff.
func (c *command) diff(out string, x gen.Change) {
	name := filepath.ToSlash(filepath.Join(out, filepath.FromSlash(x.Path)))
	old, new := "a/"+name, "b/"+name
	if x.Old == nil {
		old = "/dev/null"
	}
	if x.New == nil {
		new = "/dev/null"
	}
	if isBinary(x.Old) || isBinary(x.New) {
		fmt.Fprintf(c.out, "Binary files %s and %s differ\n", old, new)
		return
	}
	fmt.Fprintf(c.out, "--- %s\n+++ %s\n", old, new)
	for _, h := range unifiedDiff(lines(x.Old), lines(x.New)) {
		fmt.Fprint(c.out, h)
	}
}

func isBinary(b []byte) bool { return bytes.IndexByte(b, 0) >= 0 }
