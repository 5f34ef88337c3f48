package compile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
)

// kernels are the emitted CUDA of a program in a process of its own. It takes commands on
// its standard input and answers with "ok" or states.
type kernels struct {
	ctx    context.Context
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	said   bytes.Buffer // on standard error
	chains int
	nodes  int
}

// begin starts the process.
func (k *kernels) begin() (err error) {
	k.cmd.Stderr = &k.said
	if k.in, err = k.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	k.out = bufio.NewReaderSize(out, 1<<16)
	return k.cmd.Start()
}

// ask sends a command, with data behind it, that the process answers with ok.
func (k *kernels) ask(data []byte, format string, args ...any) error {
	if err := k.send([]byte(fmt.Sprintf(format, args...)+"\n"), data); err != nil {
		return err
	}
	return k.ok()
}

func (k *kernels) send(parts ...[]byte) error {
	for _, p := range parts {
		if _, err := k.in.Write(p); err != nil {
			return k.failed(err)
		}
	}
	return nil
}

func (k *kernels) ok() error {
	if answer, err := k.out.ReadString('\n'); err != nil || answer != "ok\n" {
		return k.failed(err)
	}
	return nil
}

// failed says what the process said last.
func (k *kernels) failed(err error) error {
	if k.ctx.Err() != nil {
		return context.Cause(k.ctx)
	}
	k.end()
	if said := lastOf(k.said.Bytes()); said != "" {
		return fmt.Errorf("%s", said)
	}
	return fmt.Errorf("the process of the kernels ended: %v", err)
}

// lastOf is the end of what a program has printed.
func lastOf(out []byte) string { return strings.TrimSpace(string(out[max(0, len(out)-3000):])) }

// Sweep makes so many sweeps of all chains at a β.
func (k *kernels) Sweep(sweeps int, beta float64) error {
	if err := k.beginSweep(sweeps, beta); err != nil {
		return err
	}
	return k.ok()
}

// beginSweep is Sweep without waiting for the end.
func (k *kernels) beginSweep(sweeps int, beta float64) error {
	return k.send([]byte(fmt.Sprintf("sweep %d %x\n", sweeps, math.Float64bits(beta))))
}

// States reads the states of all chains.
func (k *kernels) States() ([][]int32, error) {
	if err := k.send([]byte("get\n")); err != nil {
		return nil, err
	}
	states := make([][]int32, k.chains)
	for c := range states {
		states[c] = make([]int32, k.nodes)
		if err := binary.Read(k.out, binary.LittleEndian, states[c]); err != nil {
			return nil, k.failed(err)
		}
	}
	return states, nil
}

// Restore goes on from states before a sweep of this number.
func (k *kernels) Restore(states [][]int32, sweep uint64) error {
	var data []byte
	for _, x := range states {
		data, _ = binary.Append(data, binary.LittleEndian, x)
	}
	return k.ask(data, "state %d", sweep)
}

// end lets the process end.
func (k *kernels) end() {
	if k.in != nil && k.cmd.Process != nil {
		k.in.Close()
		k.cmd.Wait()
	}
}
