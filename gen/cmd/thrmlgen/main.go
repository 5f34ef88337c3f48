// Command thrmlgen samples from probabilistic graphical models and emits
// samplers for them. `thrmlgen help` lists what it does.
package main

import (
	"os"

	"github.com/thrmlgen/thrmlgen/gen/internal/cli"
)

func main() {
	ignoreSignals()
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
