package device

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
)

// Process has the kernels of a program. It takes commands on its standard input, one a
// line, and answers on its standard output:
//
//	start      ok, in the initial state
//	sweep N B  ok, after N sweeps at the β whose bits B are in hexadecimal
//	state N    ok, in the states that follow, before sweep N
//	get        the states
//	kept       what is kept of each chain beside them, where there is anything
//	keep N     ok, with such words in place of them; steps are fitted in N sweeps
//
// States and what is kept are values of 32 bits, the lowest byte first, by chain and node or number.
type Process struct {
	ctx    context.Context
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	said   bytes.Buffer // on standard error
	Chains int          // that it has
	nodes  int
	tally  Tally

	running []float64 // sums of means that go on
}

// Start starts a process. It ends with ctx.
func Start(ctx context.Context, cmd *exec.Cmd, nodes int) (*Process, error) {
	p := &Process{ctx: ctx, cmd: cmd, nodes: nodes}
	cmd.Stderr = &p.said
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReaderSize(out, 1<<16)
	return p, cmd.Start()
}

// Ask sends a command, with data behind it, that the process answers with ok.
func (p *Process) Ask(data []byte, format string, args ...any) error {
	if err := p.send([]byte(fmt.Sprintf(format, args...)+"\n"), data); err != nil {
		return err
	}
	return p.ok()
}

func (p *Process) send(parts ...[]byte) error {
	for _, b := range parts {
		if _, err := p.in.Write(b); err != nil {
			return p.failed(err)
		}
	}
	return nil
}

func (p *Process) ok() error {
	answer, err := p.answer()
	if err == nil && answer != "ok\n" {
		err = p.failed(fmt.Errorf("it answers %q", answer))
	}
	return err
}

// answer is the next line.
func (p *Process) answer() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", p.failed(err)
	}
	return line, nil
}

// failed is what the process said last.
func (p *Process) failed(err error) error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	p.Close()
	if said := strings.TrimSpace(p.said.String()); said != "" {
		return errors.New(said[max(0, len(said)-3000):])
	}
	return fmt.Errorf("the process of the kernels ended: %v", err)
}

// Sweep makes so many sweeps of all chains at a β.
func (p *Process) Sweep(sweeps int, beta float64) error {
	if err := p.beginSweep(sweeps, beta); err != nil {
		return err
	}
	return p.ok()
}

// beginSweep is Sweep without waiting for the end.
func (p *Process) beginSweep(sweeps int, beta float64) error {
	return p.send([]byte(fmt.Sprintf("sweep %d %x\n", sweeps, math.Float64bits(beta))))
}

// States reads the states of all chains.
func (p *Process) States() ([][]int32, error) {
	if err := p.send([]byte("get\n")); err != nil {
		return nil, err
	}
	return p.readStates()
}

func (p *Process) readStates() ([][]int32, error) { return p.readSome(p.Chains) }

// readSome reads the states of so many chains.
func (p *Process) readSome(chains int) ([][]int32, error) {
	states := make([][]int32, chains)
	for c := range states {
		states[c] = make([]int32, p.nodes)
		if err := binary.Read(p.out, binary.LittleEndian, states[c]); err != nil {
			return nil, p.failed(err)
		}
	}
	return states, nil
}

// Restore goes on from states before a sweep of this number.
func (p *Process) Restore(states [][]int32, sweep uint64) error {
	var data []byte
	for _, x := range states {
		data, _ = binary.Append(data, binary.LittleEndian, x)
	}
	return p.Ask(data, "state %d", sweep)
}

// Kept reads what is kept of all chains beside states, so many words of each.
func (p *Process) Kept(words int) ([][]uint32, error) {
	if err := p.send([]byte("kept\n")); err != nil {
		return nil, err
	}
	kept := make([][]uint32, p.Chains)
	for c := range kept {
		kept[c] = make([]uint32, words)
		if err := binary.Read(p.out, binary.LittleEndian, kept[c]); err != nil {
			return nil, p.failed(err)
		}
	}
	return kept, nil
}

// Keep replaces it; steps are fitted in so many sweeps, from the first on.
func (p *Process) Keep(kept [][]uint32, sweeps uint64) error {
	var data []byte
	for _, x := range kept {
		data, _ = binary.Append(data, binary.LittleEndian, x)
	}
	return p.Ask(data, "keep %d", sweeps)
}

// Close lets the process end.
func (p *Process) Close() {
	if p.in != nil && p.cmd.Process != nil {
		p.in.Close()
		p.cmd.Wait()
	}
}
