package cli

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// tool is a program that some command uses.
type tool struct {
	name    string
	version []string // arguments that print a version
	for_    string   // what it serves
}

var tools = []tool{
	{"go", []string{"version"}, "compiling emitted Go (--target go, --compiled)"},
	{"gcc", []string{"--version"}, "C and C++"},
	{"nvcc", []string{"--version"}, "CUDA"},
	{"iverilog", []string{"-V"}, "simulating Verilog"},
	{"verilator", []string{"--version"}, "simulating and checking Verilog"},
	{"yosys", []string{"--version"}, "synthesising Verilog"},
	{"nextpnr-ecp5", []string{"--version"}, "placing a synthesised design"},
}

type toolJSON struct {
	Name    string `json:"name"`
	Found   bool   `json:"found"`
	Path    string `json:"path,omitempty"`
	Version string `json:"version,omitempty"`
	For     string `json:"for"`
}

type targetJSON struct {
	Name  string `json:"name"`
	Works bool   `json:"works"`
	Why   string `json:"why"`
}

func (c *command) doctor() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Say which tools are there and which targets therefore work",
		Example: "  thrmlgen doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := map[string]toolJSON{}
			list := []toolJSON{}
			for _, t := range tools {
				x := look(cmd.Context(), t)
				found[t.name] = x
				list = append(list, x)
			}
			works := targetsThatWork(found)
			if c.json {
				return writeJSON(c.out, map[string]any{"tools": list, "targets": works, "cpus": runtime.NumCPU(), "os": runtime.GOOS, "arch": runtime.GOARCH})
			}
			if !c.quiet {
				c.doctorText(list, works)
			}
			return nil
		},
	}
}

// look finds a tool and asks for its version.
func look(ctx context.Context, t tool) toolJSON {
	x := toolJSON{Name: t.name, For: t.for_}
	path, err := exec.LookPath(t.name)
	if err != nil {
		return x
	}
	x.Found, x.Path = true, path
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, t.version...).CombinedOutput()
	if err != nil {
		x.Version = "does not say its version"
		return x
	}
	for line := range bytes.Lines(out) {
		if s := strings.TrimSpace(string(line)); s != "" {
			x.Version = s
			break
		}
	}
	// nvcc says its version on a line of its own.
	for line := range bytes.Lines(out) {
		if s := strings.TrimSpace(string(line)); strings.Contains(s, "release ") {
			x.Version = s
		}
	}
	return x
}

// targetsThatWork says for each target of run and verify whether it can be used.
func targetsThatWork(found map[string]toolJSON) []targetJSON {
	list := []targetJSON{
		{"table", true, "the engine linked into thrmlgen"},
		{"interp", true, "the reference interpreter, slow"},
	}
	if found["go"].Found {
		return append(list, targetJSON{"go", true, "emitted Go, compiled by " + found["go"].Path})
	}
	return append(list, targetJSON{"go", false, "source is emitted all the same; compiling it needs go on the PATH"})
}

func (c *command) doctorText(list []toolJSON, works []targetJSON) {
	t := &table{left: 3}
	for _, x := range list {
		if x.Found {
			t.row(x.Name, x.Version, x.Path)
		} else {
			t.row(x.Name, "not found", "for "+x.For)
		}
	}
	fmt.Fprintln(c.out, "tools")
	t.print(c.out, "  ")
	fmt.Fprintln(c.out, "targets of run and verify")
	t = &table{left: 3}
	for _, x := range works {
		state := "works"
		if !x.Works {
			state = "needs a tool"
		}
		t.row(x.Name, state, x.Why)
	}
	t.print(c.out, "  ")
	fmt.Fprintf(c.out, "%d CPUs, %s/%s\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
