// Package cli is the command line of thrmlgen.
//
// A command is one file with one cobra.Command; it gets a *command, which holds
// the flags that all of them share, and returns an error. Main turns the error
// into a message (or, with --json, into one object on standard output) and an
// exit code:
//
//	0 done   2 usage   3 the model or data is wrong   4 the environment failed
//	5 a stated limit is passed   70 a bug of ours   130 SIGINT   143 SIGTERM
//
// verify and gen --diff end with 1 where they find a difference.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// Exit codes.
const (
	exitDone       = 0
	exitDifference = 1
	exitUsage      = 2
	exitBug        = 70
	exitSignal     = 128 // plus the number of the signal
)

// grace is how long a command that was interrupted may take to clear up.
const grace = 10 * time.Second

// Main runs one command line and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &command{out: &output{w: stdout}, err: stderr, terminal: isTerminal(stderr)}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	done := make(chan error, 1)
	go func() { done <- c.execute(ctx, args, stdin) }()
	var err error
	select {
	case err = <-done:
	case sig := <-signals:
		signal.Stop(signals) // a second one ends the process at once
		err = interrupted{sig}
		cancel(err)
		if c.clearsUp.Load() {
			select {
			case ended := <-done:
				if ended == nil {
					err = nil // it was done already
				}
			case <-time.After(grace):
			}
		}
	}
	return c.finish(err)
}

// command is the run of one command line.
type command struct {
	out      *output
	err      io.Writer
	terminal bool // err is one
	quiet    bool
	json     bool
	sets     []string
	hardware bool // a model without a number format takes that of hardware

	ctx      context.Context   // ends with a signal
	name     string            // of the command
	model    *gen.Model        // the last one loaded, for excerpts in messages
	foreign  map[string][]byte // files that import read, for the same
	clearsUp atomic.Bool
}

// execute runs the command line.
func (c *command) execute(ctx context.Context, args []string, stdin io.Reader) error {
	c.ctx = ctx
	return guard(func() error {
		root := c.root()
		root.SetArgs(args)
		root.SetIn(stdin)
		root.SetOut(c.out)
		root.SetErr(c.err)
		ran, err := root.ExecuteContextC(ctx)
		if c.name == "" { // no command began: the command line could not be used
			c.name = ran.CommandPath()
			c.json = c.json || asksForJSON(args)
			if err != nil {
				return misuse(ran, args, err)
			}
		}
		return err
	})
}

// guard turns a panic into an error with exit code 70.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = bug{fmt.Sprint(r), debug.Stack()}
		}
	}()
	return f()
}

// misuse is what cobra says of a command line, with a suggestion.
func misuse(ran *cobra.Command, args []string, err error) error {
	var stated *fault
	if errors.As(err, &stated) {
		return err
	}
	text := err.Error()
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		flag := value.GetFlag()
		text = fmt.Sprintf("--%s %s: %s is needed", flag.Name, diag.Quote(value.GetValue()), valueNeeded[flag.Value.Type()])
	}
	f := usage("%s", text).help("%s --help shows what it takes", ran.CommandPath())
	var known []string
	word := ""
	if flag, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		word = flag
		each := func(x *pflag.Flag) { known = append(known, x.Name) }
		ran.LocalFlags().VisitAll(each)
		ran.InheritedFlags().VisitAll(each)
	} else if !ran.HasParent() && len(args) > 0 {
		word = args[0]
		for _, x := range ran.Commands() {
			known = append(known, x.Name())
		}
		f.Text = "no command " + diag.Quote(word)
	}
	if s := diag.Suggest(word, known); s != "" {
		if strings.HasPrefix(text, "unknown flag") {
			s = "--" + s
		}
		f.help("did you mean %s?", s)
	}
	return f
}

// valueNeeded says what the flags of a type take.
var valueNeeded = map[string]string{
	"bool": "true or false", "int": "a whole number", "int64": "a whole number", "uint64": "a whole number from 0 up",
	"float64": "a number", "intSlice": "a whole number, or several with commas between them,",
}

// asksForJSON looks for --json where flags could not be parsed.
func asksForJSON(args []string) bool {
	for _, a := range args {
		if a == "--" {
			return false
		}
		if a == "--json" || a == "--json=true" {
			return true
		}
	}
	return false
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "thrmlgen",
		Short: "Sample from discrete graphical models, and generate samplers for them",
		Long: `thrmlgen reads a probabilistic graphical model (YAML) and samples from it, or
emits the source of a sampler made for exactly this model.

  thrmlgen init                  write model.yaml, a model to start from
  thrmlgen check model.yaml      is it right, and how will it be sampled?
  thrmlgen run model.yaml        sample, and say what the samples are worth
  thrmlgen gen model.yaml --target go --out sampler

models/NAME names an embedded model, for example models/potts20.
./energy#Torus names a Go function that builds the model with package models.`,
		Version:       gen.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.name = cmd.CommandPath()
			return cmd.Help()
		},
	}
	root.SetVersionTemplate("thrmlgen {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.BoolVar(&c.json, "json", false, "print one JSON object on standard output")
	flags.BoolVarP(&c.quiet, "quiet", "q", false, "print nothing but errors (and the object of --json)")
	root.SetHelpCommand(helpCommand())
	root.AddCommand(c.initCommand(), c.check(), c.exact(), c.energy(), c.generate(), c.run(), c.build(),
		c.train(), c.grad(), c.verify(), c.bench(), c.reportCommand(), c.importModel(), c.exportModel(), c.doctor(), c.schemaCommand(), c.version())
	for _, sub := range root.Commands() {
		began := sub.RunE
		sub.RunE = func(cmd *cobra.Command, args []string) error {
			c.name = cmd.CommandPath()
			return began(cmd, args)
		}
		c.complete(sub)
	}
	return root
}

// helpCommand is `thrmlgen help [command]`, out of the list of commands.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "help [command]",
		Short:  "Help about a command",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage("no command %s", diag.Quote(args[0])).help("thrmlgen --help lists the commands")
			}
			return about.Help()
		},
	}
}

// finish reports an error and returns the exit code.
func (c *command) finish(err error) int {
	if failed := c.out.failed(); failed != nil && !errors.As(err, new(interrupted)) {
		err = failed // whatever else was said of it
	}
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errDifference) {
		return exitDifference
	}
	code, list := c.problems(err)
	if c.json && c.out.n == 0 && c.out.failed() == nil {
		if failed := diag.RenderJSON(c.out, list); failed == nil {
			return code
		}
	}
	c.explain(err, list)
	return code
}

// explain prints an error for people.
func (c *command) explain(err error, list *diag.List) {
	var b bug
	if errors.As(err, &b) {
		fmt.Fprintf(c.err, "%s: internal error: %s\n", c.name, b.text)
		fmt.Fprintln(c.err, "This is a bug of thrmlgen, not of your model. Please report it with the command line and the model;")
		if os.Getenv("THRML_DEBUG") == "" {
			fmt.Fprintln(c.err, "THRML_DEBUG=1 prints the stack to add.")
		} else {
			c.err.Write(b.stack)
		}
		return
	}
	c.render(list, "")
}

// render prints problems: those with a place with their excerpt, the others
// after the name of the command.
func (c *command) render(list *diag.List, label string) {
	placed := &diag.List{}
	for _, p := range list.Problems() {
		if p.Pos.File != "" {
			p.Code = label + p.Code
			placed.Add(p)
			continue
		}
		fmt.Fprintf(c.err, "%s: %s%s\n", c.name, label, p.Text)
		if p.Help != "" {
			fmt.Fprintf(c.err, "help: %s\n", p.Help)
		}
	}
	if placed.Len() == 0 {
		return
	}
	source := func(file string) []byte { return c.foreign[file] }
	if c.model != nil {
		source = c.model.SourceOf
	}
	diag.Render(c.err, placed, source) // what cannot be written to standard error cannot be told
}

// output remembers whether writing failed: a result that did not arrive is not
// a success.
type output struct {
	w   io.Writer
	n   int64
	err error
}

func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	o.n += int64(n)
	o.err = err
	return n, err
}

func (o *output) failed() error {
	if o.err == nil {
		return nil
	}
	return environment("standard output: %v", o.err)
}

// isTerminal says whether progress may be written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
