//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreSignals turns the signals of a closed pipe and of a file that may not
// grow into write errors, which are reported as such.
func ignoreSignals() { signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ) }
