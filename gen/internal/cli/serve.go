package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// besideServe are the flags that run takes with --serve. Those of the schedule are
// what commands leave out.
var besideServe = []string{"serve", "chains", "warmup", "samples", "steps", "seed", "threads", "kernel", "memory", "set", "quiet"}

// serveFlags refuses flags that say what a command of the pipe says.
func serveFlags(cmd *cobra.Command, o *runFlags) error {
	var bad *fault
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case f.Name == "target" && o.target == "table" || slices.Contains(besideServe, f.Name):
		case f.Name == "target" || f.Name == "compiled":
			bad = usage("--serve has the target table").help("thrmlgen build makes a program of emitted Go, which has --serve, too")
		case bad == nil:
			bad = usage("--serve and --%s exclude each other: what a run is to do comes with its command", f.Name)
		}
	})
	if bad != nil {
		return bad
	}
	return nil
}

// servePipe carries out the commands that come through standard input; package
// serve has the protocol.
func (c *command) servePipe(ctx context.Context, m *gen.Model, o *runFlags, in io.Reader) error {
	if len(m.Program.GoCode) > 0 {
		return noCodeIn("--serve", m).help("thrmlgen build makes a program with the code in it, which has --serve, too")
	}
	c.clearsUp.Store(true)
	signal.Reset(os.Interrupt) // it is for the command at work
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	stdin, _ := in.(*os.File)
	err := serve.ServePipe(ctx, in, c.out, serve.Subject{
		Model: golang.Model(m.Program), New: func(m *sampling.Model, so sampling.Options) (*sampling.Sampler, error) {
			so.Kernel = o.kernel.kernel
			return sampling.NewSampler(m, so)
		}, Defaults: runDefaults(m),
		Target: "table", Generator: "thrmlgen " + gen.Version,
	}, serve.PipeOptions{
		Threads: o.thread, Memory: o.memory << 20, Interrupts: interrupts, Terminal: stdin != nil && isTerminal(stdin),
	})
	var no *serve.Refusal
	switch {
	case !errors.As(err, &no):
		return err
	case no.Exit == serve.ExitInterrupted:
		return interrupted{os.Interrupt}
	}
	return &fault{no.Exit, diag.Problem{Code: no.Code, Text: no.Text, Help: no.Help}}
}
