// Thrmlgen-gpu runs emitted CUDA on a GPU for thrmlgen, which starts it and talks to it over
// its standard input and output; see package gpu. With --name it prints what GPU there is.
package main

import (
	"fmt"
	"os"
	"os/signal"

	"github.com/thrmlgen/thrmlgen/gen/gpu"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
}

func run() error {
	if len(os.Args) == 2 && os.Args[1] == "--name" {
		name, err := gpu.Name()
		if err == nil {
			_, err = fmt.Println(name)
		}
		return err
	}
	signal.Ignore(os.Interrupt) // of the terminal is for who started this, and who then ends it
	return gpu.Serve(os.Stdin, os.Stdout)
}
