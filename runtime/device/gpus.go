package device

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
)

// GPUs run the kernels of a program. Each has a process and some of the chains.
type GPUs struct{ processes []*Process }

// Setup says what runs on which GPUs.
type Setup struct {
	Helper  string // the program thrmlgen-gpu
	Program []byte // as text
	Nodes   int    // of it
	Cache   string // folder for what is compiled
	Devices []int  // numbers of the GPUs
}

// kept are the variables that reach the driver and the compiler: others change what they do.
var kept = []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "THRML_CUDA_DRIVER", "THRML_NVRTC"}

// Environment is what processes see of this one's.
func Environment() []string {
	var list []string
	for _, name := range kept {
		if v, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+v)
		}
	}
	return list
}

// Open starts the processes. Chains come with Load.
func Open(ctx context.Context, s Setup) (*GPUs, error) {
	g := &GPUs{}
	for i, number := range s.Devices {
		cmd := exec.CommandContext(ctx, s.Helper)
		cmd.Env = Environment()
		p, err := Start(ctx, cmd, s.Nodes)
		if err == nil {
			g.processes = append(g.processes, p)
			err = p.tell(Job{Protocol, s.Program, s.Cache, number, i, len(s.Devices)})
		}
		if err == nil {
			err = p.ok()
		}
		if err != nil {
			g.Close()
			return nil, err
		}
	}
	return g, nil
}

// tell sends a value as a gob.
func (p *Process) tell(v any) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	return p.send(b.Bytes())
}

// Load takes a version of the program, its chains shared out. Where the kernels hold
// numbers of it they are compiled again, else it is data.
func (g *GPUs) Load(v *Version) error {
	for _, p := range g.processes {
		err := p.send([]byte("load\n"))
		if err == nil {
			err = p.tell(v)
		}
		if err != nil {
			return err
		}
	}
	for _, p := range g.processes {
		line, err := p.answer()
		if err != nil {
			return err
		}
		if n, _ := fmt.Sscanf(line, "chains %d\n", &p.Chains); n != 1 {
			return p.failed(fmt.Errorf("it answers %q", line))
		}
	}
	return nil
}

// each does something with the processes, one after the other.
func (g *GPUs) each(do func(p *Process) error) error {
	for _, p := range g.processes {
		if err := do(p); err != nil {
			return err
		}
	}
	return nil
}

// Begin puts all chains into the initial state of a version with Own.
func (g *GPUs) Begin() error {
	return g.each(func(p *Process) error { return p.Ask(nil, "start") })
}

// Sweep makes so many sweeps of all chains at a β, on all GPUs at once.
func (g *GPUs) Sweep(sweeps int, beta float64) error {
	if err := g.each(func(p *Process) error { return p.beginSweep(sweeps, beta) }); err != nil {
		return err
	}
	return g.each((*Process).ok)
}

// States reads the states of all chains.
func (g *GPUs) States() (all [][]int32, err error) {
	for _, p := range g.processes {
		states, err := p.States()
		if err != nil {
			return nil, err
		}
		all = append(all, states...)
	}
	return all, nil
}

// Restore goes on from states before a sweep of this number.
func (g *GPUs) Restore(states [][]int32, sweep uint64) error {
	for _, p := range g.processes {
		if err := p.Restore(states[:p.Chains], sweep); err != nil {
			return err
		}
		states = states[p.Chains:]
	}
	return nil
}

// Kept is as for a process.
func (g *GPUs) Kept(words int) (all [][]uint32, err error) {
	for _, p := range g.processes {
		kept, err := p.Kept(words)
		if err != nil {
			return nil, err
		}
		all = append(all, kept...)
	}
	return all, nil
}

// Keep is as for a process.
func (g *GPUs) Keep(kept [][]uint32, sweeps uint64) error {
	for _, p := range g.processes {
		if err := p.Keep(kept[:p.Chains], sweeps); err != nil {
			return err
		}
		kept = kept[p.Chains:]
	}
	return nil
}

// Close ends the processes.
func (g *GPUs) Close() {
	for _, p := range g.processes {
		p.Close()
	}
}
