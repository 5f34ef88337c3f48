package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// errDifference ends verify and gen --diff with exit code 1; what differs has
// been printed.
var errDifference = errors.New("a difference")

// fault is a problem of a command, with its exit code.
type fault struct {
	exit int
	diag.Problem
}

func (f *fault) Error() string { return f.Text }

func (f *fault) help(format string, args ...any) *fault {
	f.Help = fmt.Sprintf(format, args...)
	return f
}

func newFault(exit int, class diag.Class, code, format string, args []any) *fault {
	return &fault{exit, diag.Problem{Class: class, Code: code, Text: fmt.Sprintf(format, args...)}}
}

// usage is a command line that cannot be used: exit code 2.
func usage(format string, args ...any) *fault {
	return newFault(exitUsage, diag.Model, diag.Usage, format, args)
}

// wrong is data that does not suit the model: exit code 3.
func wrong(format string, args ...any) *fault {
	return newFault(3, diag.Model, diag.BadStates, format, args)
}

// environment is a file, tool or device that failed: exit code 4.
func environment(format string, args ...any) *fault {
	return newFault(4, diag.Env, diag.Environment, format, args)
}

// limit is more than is offered: exit code 5.
func limit(format string, args ...any) *fault {
	return newFault(5, diag.Limit, diag.TooMuch, format, args)
}

// interrupted is a signal that ended the command.
type interrupted struct{ sig os.Signal }

func (e interrupted) Error() string { return "interrupted" }

// bug is a panic.
type bug struct {
	text  string
	stack []byte
}

func (b bug) Error() string { return b.text }

// problems is an error as a list, with the exit code.
func (c *command) problems(err error) (int, *diag.List) {
	list := &diag.List{}
	var (
		found   *diag.List
		problem *diag.Problem
		f       *fault
		sig     interrupted
		b       bug
	)
	switch {
	case errors.As(err, &found):
		return found.ExitCode(), found
	case errors.As(err, &problem):
		list.Add(*problem)
		return list.ExitCode(), list
	case errors.As(err, &f):
		list.Add(f.Problem)
		return f.exit, list
	case errors.As(err, &sig):
		list.Add(diag.Problem{Code: diag.Interrupted, Text: "interrupted"})
		n, _ := sig.sig.(syscall.Signal)
		return exitSignal + int(n), list
	case errors.As(err, &b):
		list.Add(diag.Problem{Code: diag.Internal, Text: b.text, Help: "this is a bug of thrmlgen; please report it with the command line and the model"})
		return exitBug, list
	case errors.Is(err, context.Canceled):
		list.Add(diag.Problem{Code: diag.Interrupted, Text: "interrupted"})
		return exitSignal + int(syscall.SIGINT), list
	}
	list.Add(diag.Problem{Code: diag.Environment, Text: err.Error()})
	return 4, list
}
