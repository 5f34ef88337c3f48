package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// buildFlags are the flags of build.
type buildFlags struct {
	out, os, arch, target string
	force                 bool
}

func (c *command) build() *cobra.Command {
	var o buildFlags
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Make one program that samples this model",
		Long: `Emits the model as Go, compiles it and puts one static program in place. It needs
nothing else to run and has the flags of run; weights of runtime factors, beta,
clamps and starts are data (--weights --beta --betas --clamp --init), and --serve
takes commands through a pipe. The same seed gives the same bytes on every system.

With --target cuda the program samples on a GPU (--devices 0,1 on several): it looks
for the driver and NVRTC when it runs, compiles its kernels then and keeps them in the
user's cache. It is for Linux, and samples the same.

A program that thrmlgen built is replaced; any other file only with --force.
Building needs Go ` + compile.MinGo + ` or later, no network and no C compiler.`,
		Example: `  thrmlgen build model.yaml -o glass && ./glass --chains 64 --out samples.npz
  thrmlgen build model.yaml -o glass-pi --os linux --arch arm64
  thrmlgen build model.yaml -o glass-gpu --target cuda
  ./glass --beta 0.5 --weights w.npz --clamp 'x[3]=1'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd.Context(), args[0]); err != nil {
				return err
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			return c.buildProgram(cmd.Context(), m, &o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "the program, a `file`")
	f.StringVar(&o.target, "target", "go", "what samples: go, or cuda for a GPU")
	f.StringVar(&o.os, "os", runtime.GOOS, "the operating `system` it runs on, as Go names it")
	f.StringVar(&o.arch, "arch", runtime.GOARCH, "the `architecture` it runs on")
	f.BoolVar(&o.force, "force", false, "replace a file that thrmlgen did not build")
	return c.modelCommand(cmd)
}

// buildTargets are what programs sample by.
var buildTargets = []string{"go", cudaTarget}

// check refuses a place or system before anything is built.
func (o *buildFlags) check(ctx context.Context, model string) error {
	if !slices.Contains(buildTargets, o.target) {
		return unknownWord("--target", o.target, buildTargets)
	}
	if o.out == "" {
		return usage("-o is needed: the file to write").help("for example -o glass")
	}
	if err := canHold(o.out); err != nil {
		return err
	}
	if from, err := os.Stat(model); err == nil {
		if to, err := os.Stat(o.out); err == nil && os.SameFile(from, to) {
			return usage("-o %s: that is the model", o.out)
		}
	}
	path, err := compile.CanInstall(o.out, o.force)
	var place *compile.PlaceError
	if errors.As(err, &place) {
		f := environment("-o %s", place)
		if place.Force {
			f.Code = diag.Foreign
			f.help("name another file, or --force to replace it")
		}
		return f
	}
	o.out = path
	if o.os == runtime.GOOS && o.arch == runtime.GOARCH {
		return nil
	}
	systems, err := compile.Systems(ctx)
	if err != nil {
		return toolFault(ctx, err)
	}
	return o.checkSystem(systems)
}

// otherNames are what people call systems that Go names otherwise.
var otherNames = map[string]string{
	"macos": "darwin", "osx": "darwin", "mac": "darwin", "win": "windows", "win64": "windows", "win32": "windows",
	"x86_64": "amd64", "x64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armv8": "arm64", "i386": "386", "x86": "386", "armv7": "arm",
}

// checkSystem refuses a pair that is not one of those Go builds for.
func (o *buildFlags) checkSystem(systems []string) error {
	if slices.Contains(systems, o.os+"/"+o.arch) {
		return nil
	}
	var known, archs []string
	for _, s := range systems {
		goos, arch, _ := strings.Cut(s, "/")
		known = append(known, goos)
		if goos == o.os {
			archs = append(archs, arch)
		}
	}
	known = slices.Compact(known)
	if len(archs) == 0 {
		return unknownSystem("--os", o.os, known, "Go builds for "+strings.Join(known, ", "))
	}
	return unknownSystem("--arch", o.arch, archs, fmt.Sprintf("Go builds for %s on %s", o.os, diag.Or(archs)))
}

func unknownSystem(flag, word string, known []string, all string) error {
	f := usage("%s %s is not one that Go builds for here", flag, diag.Quote(word)).help("%s", all)
	if s := otherNames[strings.ToLower(word)]; slices.Contains(known, s) {
		return f.help("did you mean %s?", s)
	}
	if s := diag.Suggest(word, known); s != "" {
		return f.help("did you mean %s? %s", s, all)
	}
	return f
}

// toolFault is an error of package compile as one of the environment.
func toolFault(ctx context.Context, err error) error {
	var tool *compile.ToolError
	switch {
	case errors.As(err, &tool):
		return environment("%s", tool.Text).help("%s", tool.Help)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return environment("%v", err)
}

func (c *command) buildProgram(ctx context.Context, m *gen.Model, o *buildFlags) error {
	options := compile.Options{OS: o.os, Arch: o.arch, Ship: true, Dir: m.Dir(), GPU: o.target == cudaTarget}
	if options.GPU {
		if err := forGPU(ctx, m, options); err != nil {
			return err
		}
	}
	c.clearsUp.Store(true)
	if c.terminal && !c.quiet {
		fmt.Fprint(c.err, "compiling …\r")
		defer fmt.Fprint(c.err, "\x1b[K")
	}
	binary, err := compile.Build(ctx, m.Program, runDefaults(m), options)
	if err != nil {
		return toolFault(ctx, err)
	}
	size, err := compile.Install(ctx, binary, o.out)
	if err != nil {
		return writeError(o.out, err)
	}
	model := golang.Model(m.Program)
	weights := serve.DataNames(model)
	if c.json {
		return writeJSON(c.out, map[string]any{"model": m.Graph.Model, "hash": m.Program.Hash, "file": o.out, "bytes": size,
			"os": o.os, "arch": o.arch, "weights": weights})
	}
	if c.quiet {
		return nil
	}
	fmt.Fprintf(c.out, "wrote   %s (%s) for %s/%s\n", o.out, serve.SizeText(float64(size)), o.os, o.arch)
	fmt.Fprintf(c.out, "model   %s, %s, %s\n", m.Graph.Model, plural(m.Program.Nodes, "node"), m.Program.Hash)
	fmt.Fprintf(c.out, "takes   %s\n", takes(model, weights))
	if o.os == runtime.GOOS && o.arch == runtime.GOARCH {
		fmt.Fprintf(c.out, "next    %s --help\n", asCommand(o.out))
	}
	return nil
}

// forGPU refuses a model or system of which no program for a GPU is built.
func forGPU(ctx context.Context, m *gen.Model, o compile.Options) error {
	if len(m.Program.GoCode) > 0 {
		return noCodeIn("--target cuda", m).help("leave --target out: the model is compiled with the code")
	}
	if err := checkKernels(m.Program, cudaTarget); err != nil {
		return err
	}
	if err := compile.CheckGPUSystem(o); err != nil {
		return toolFault(ctx, err)
	}
	return nil
}

// takes says what the program takes as data.
func takes(m *sampling.Model, weights []string) string {
	data := "--beta, --clamp, --init; its weights are fixed"
	if len(weights) > 0 {
		data = "--beta, --clamp, --init, --weights of " + some(weights, 8)
		if len(weights) < len(m.Factors) {
			data += "; other weights are fixed"
		}
	}
	return data
}

// asCommand is how a shell finds a program: not on the PATH.
func asCommand(file string) string {
	if filepath.Base(file) == file {
		return "." + string(filepath.Separator) + file
	}
	return file
}

// runDefaults are what the model asks of every run.
func runDefaults(m *gen.Model) serve.RunDefaults {
	p := planOf(m, &runFlags{out: "f.npz"})
	d := serve.RunDefaults{Observe: serve.Observed{States: p.States, StateNodes: p.StateNodes, Energy: p.Energy,
		Best: p.Best, Moments: p.Moments, Magnetisation: p.Magnetisation, Observables: p.Observables, Histograms: p.Histograms, RowMeans: p.RowMeans, Code: p.Code}}
	if m.Graph.MaxCut != nil {
		d.CutTotal = &m.Graph.MaxCut.TotalWeight
	}
	return d
}
