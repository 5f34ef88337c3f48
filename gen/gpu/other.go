//go:build !linux || (!amd64 && !arm64)

package gpu

import (
	"errors"
	"io"
)

var errNoGPU = errors.New("GPUs are driven on Linux alone, on amd64 and arm64; use --target go: the samples are the same")

// Serve drives no GPU on this system.
func Serve(io.Reader, io.Writer) error { return errNoGPU }

// Name is that of no GPU.
func Name() (string, error) { return "", errNoGPU }
