package cli

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets"
)

// tool is a program that helps thrmlgen or its users.
type tool struct {
	name    string
	others  []string // other names of it, tried in order
	version []string // arguments that print a version
	target  string   // the target that needs it, "" for none
	use     string
}

// tools are looked for. One whose target this version does not have is of no use
// yet, and doctor says so.
var tools = []tool{
	{"go", nil, []string{"version"}, "go", "compiles emitted Go (run --compiled)"},
	{"c++", []string{"g++", "clang++"}, []string{"--version"}, "shim", "compiles emitted CUDA for the CPU"},
	{"nvcc", nil, []string{"--version"}, "cuda", "compiles emitted CUDA"},
	{"nvidia-smi", nil, []string{"--query-gpu=name,driver_version", "--format=csv,noheader"}, "cuda", "tells the GPU and its driver"},
	{"verilator", nil, []string{"--version"}, "verilog", "simulates and checks Verilog"},
	{"iverilog", nil, []string{"-V"}, "verilog", "simulates Verilog"},
	{"yosys", nil, []string{"--version"}, "verilog", "synthesises Verilog"},
	{"nextpnr-ecp5", []string{"nextpnr-ice40"}, []string{"--version"}, "verilog", "places a synthesised design"},
	{"dot", nil, []string{"-V"}, "", "draws what check --dot prints"},
	{"python3", []string{"python"}, []string{"--version"}, "", "reads results with NumPy or ArviZ"},
}

// targetChecks say of each target of run and verify whether it works here, and
// what it is or why it does not.
var targetChecks = map[string]func(ctx context.Context) (works bool, why string){
	"table":  func(context.Context) (bool, string) { return true, "the engine linked into thrmlgen" },
	"interp": func(context.Context) (bool, string) { return true, "the reference interpreter, slow" },
	"go": func(ctx context.Context) (bool, string) {
		path, err := compile.FindGo(ctx)
		if err != nil {
			return false, err.Error()
		}
		return true, "emitted Go, compiled with " + path
	},
	cudaTarget: func(ctx context.Context) (bool, string) {
		name, err := compile.FindGPU(ctx)
		if err != nil {
			return false, err.Error()
		}
		return true, "emitted CUDA, on " + name
	},
	shimTarget: func(context.Context) (bool, string) {
		path, err := compile.Compiler()
		if err != nil {
			return false, err.Error()
		}
		return true, "emitted CUDA, compiled for the CPU with " + path + ", slow"
	},
	verilogTarget: func(context.Context) (bool, string) {
		path, icarus, err := compile.Simulator()
		switch {
		case err != nil:
			return false, err.Error()
		case icarus:
			return true, "emitted Verilog, simulated with " + path + ", slowly; verilator is faster"
		}
		return true, "emitted Verilog, simulated with " + path
	},
}

type toolJSON struct {
	Name    string `json:"name"`
	Found   bool   `json:"found"`
	Path    string `json:"path,omitempty"`
	Version string `json:"version,omitempty"`
	For     string `json:"for"`
	Used    bool   `json:"used"` // by this version
}

type targetJSON struct {
	Name  string `json:"name"`
	Works bool   `json:"works"`
	Why   string `json:"why"`
}

// cacheJSON is where compiled samplers are kept.
type cacheJSON struct {
	Path  string `json:"path"`
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
}

// doctorJSON is what doctor --json prints.
type doctorJSON struct {
	Targets []targetJSON `json:"targets"` // of run and verify
	Emits   []string     `json:"emits"`   // targets of gen
	Tools   []toolJSON   `json:"tools"`
	Cache   cacheJSON    `json:"cache"`
	CPUs    int          `json:"cpus"`
	OS      string       `json:"os"`
	Arch    string       `json:"arch"`
}

func (c *command) doctor() *cobra.Command {
	return c.withoutModel(&cobra.Command{
		Use:   "doctor",
		Short: "Say which targets work here, and which tools are there",
		Long: `Says which targets of run and verify work on this machine, and why others do
not; which tools this version uses, with their versions; and where compiled
samplers are kept.`,
		Example: "  thrmlgen doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			d := examine(cmd.Context())
			switch {
			case c.json:
				return writeJSON(c.out, d)
			case !c.quiet:
				c.doctorText(d)
			}
			return nil
		},
	})
}

func examine(ctx context.Context) *doctorJSON {
	d := &doctorJSON{Emits: []string{}, Cache: cacheOf(), CPUs: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	for _, t := range targets.All() {
		d.Emits = append(d.Emits, t.Name)
	}
	for _, t := range tools {
		x := look(ctx, t)
		x.Used = t.target == "" || engines[t.target] != nil || slices.Contains(d.Emits, t.target)
		d.Tools = append(d.Tools, x)
	}
	for _, name := range engineNames {
		works, why := targetChecks[name](ctx)
		d.Targets = append(d.Targets, targetJSON{name, works, why})
	}
	return d
}

// look finds a tool and asks for its version.
func look(ctx context.Context, t tool) toolJSON {
	x := toolJSON{Name: t.name, For: t.use}
	for _, name := range append([]string{t.name}, t.others...) {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		x.Found, x.Path = true, path
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, path, t.version...).CombinedOutput()
		if x.Version = versionIn(out); err != nil || x.Version == "" {
			x.Version = "does not say its version"
		}
		return x
	}
	return x
}

var hasVersion = regexp.MustCompile(`[0-9]+\.[0-9]`)

// versionIn is the line that has the version: the first with a number such as
// 1.2, else the first that is not empty.
func versionIn(out []byte) string {
	first := ""
	for line := range bytes.Lines(out) {
		s := strings.TrimSpace(string(line))
		if hasVersion.MatchString(s) {
			return s
		}
		if first == "" {
			first = s
		}
	}
	return first
}

// cacheOf measures the folder of compiled samplers.
func cacheOf() cacheJSON {
	user, err := os.UserCacheDir()
	if err != nil {
		return cacheJSON{}
	}
	c := cacheJSON{Path: filepath.Join(user, "thrmlgen")}
	filepath.WalkDir(c.Path, func(_ string, e fs.DirEntry, err error) error { // what cannot be read is not counted
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				c.Files++
				c.Bytes += info.Size()
			}
		}
		return nil
	})
	return c
}

func (c *command) doctorText(d *doctorJSON) {
	fmt.Fprintln(c.out, "targets of run and verify")
	t := &table{left: 3}
	for _, x := range d.Targets {
		state := "works"
		if !x.Works {
			state = "does not work"
		}
		t.row(x.Name, state, x.Why)
	}
	t.print(c.out, "  ")
	fmt.Fprintf(c.out, "targets of gen, which needs no tools\n  %s\n", strings.Join(d.Emits, ", "))
	fmt.Fprintln(c.out, "tools")
	t = &table{left: 3}
	var unused []string
	for _, x := range d.Tools {
		switch {
		case !x.Used && x.Found:
			unused = append(unused, x.Name)
		case !x.Used:
		case x.Found:
			t.row(x.Name, x.Version, x.For)
		default:
			t.row(x.Name, "not found", x.For)
		}
	}
	t.print(c.out, "  ")
	if len(unused) > 0 {
		fmt.Fprintf(c.out, "  there, but no target of this version uses %s\n", strings.Join(unused, ", "))
	}
	fmt.Fprintf(c.out, "cache\n  %s: %s, %s\n", d.Cache.Path, plural(d.Cache.Files, "file"), serve.SizeText(float64(d.Cache.Bytes)))
	fmt.Fprintf(c.out, "machine\n  %s, %s/%s\n", plural(d.CPUs, "CPU"), d.OS, d.Arch)
}
