package compile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// Engine samples a program in a compiled binary. The states that the binary sends
// are put into a Sampler of the table engine, which does not sweep: it holds
// them, so that whatever looks at the table engine looks at compiled code in the
// same way, and its state is where a run starts from.
type Engine struct {
	*sampling.Sampler

	path      string
	threads   int
	observers []observe.UserObserver // in Go: the binary looks with them
	seen      []float64              // what they saw in the last draw: of each its values and its numbers
}

// job is what a binary is asked for; the other side is in templates/engine.go.tmpl.
type job struct {
	Chains         int    `json:"chains"`
	Warmup         int    `json:"warmup"`
	Samples        int    `json:"samples"`
	StepsPerSample int    `json:"steps_per_sample"`
	Seed           uint64 `json:"seed"`
	Threads        int    `json:"threads"`
	FitSweeps      int    `json:"fit_sweeps"` // 0: warm-up's
	Start          []byte `json:"start"`
	StartSweep     uint64 `json:"start_sweep"`
	Frames         string `json:"frames"`

	Observers []observe.UserObserver `json:"observers"`
	Carry     []byte                 `json:"carry"`

	Bench  float64 `json:"bench"`
	Kernel string  `json:"kernel"`
}

// NewEngine builds the binary of a program, if it is not in the cache, for a run
// with these chains, seed and threads. The schedule is the program's.
func NewEngine(ctx context.Context, p *ir.Program, run sampling.Options, o Options) (*Engine, error) {
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: run.Chains, Seed: run.Seed, Hold: true})
	if err != nil {
		return nil, err
	}
	path, err := Build(ctx, p, DefaultsOf(p), o)
	if err != nil {
		return nil, err
	}
	return &Engine{Sampler: s, path: path, threads: max(1, run.Threads)}, nil
}

// Watch has the binary look at draws with observers in Go: a collector of e.Sampler
// that is given them gets what they see. Their numbers begin as they are carried.
func (e *Engine) Watch(observers []observe.UserObserver) {
	e.observers = observers
	at := 0
	for i := range observers {
		from := at
		values, numbers := e.Chains()*observers[i].Values, e.Chains()*observers[i].Numbers
		observers[i].Fill = func(n, v []float64) error {
			copy(v, e.seen[from:from+values])
			copy(n, e.seen[from+values:from+values+numbers])
			return nil
		}
		at += values + numbers
	}
	e.seen = make([]float64, at)
}

// RunCompiled runs the program's schedule for a collector of e.Sampler, as
// Collector.Run does with the table engine: with the same draws, bit for bit.
// everySweep shows it every sweep; else, if it wants sweeps at all, it is told
// now and then how many are done.
func (e *Engine) RunCompiled(ctx context.Context, to *observe.Collector, everySweep, resume bool) error {
	return to.Drive(resume, func() error {
		frames := "draws"
		switch {
		case everySweep:
			frames = "sweeps"
		case to.WantsSweeps():
			frames = "ticks"
		}
		st, err := e.start(ctx, e.Model().Schedule, 0, frames, resume)
		if err != nil {
			return err
		}
		defer st.stop()
		for {
			kind, err := st.next()
			switch {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			case kind == 'd':
				err = to.Observe()
			default:
				err = to.ObserveSweep()
			}
			if err != nil {
				return err
			}
		}
	})
}

// Trace is a run that gives the state after every sweep.
type Trace struct {
	e      *Engine
	st     *stream
	states [][]int32
}

// Trace starts so many sweeps with the β that each has in the program's
// schedule.
func (e *Engine) Trace(ctx context.Context, sweeps int) (*Trace, error) {
	fit := e.Model().Schedule.Warmup
	if fit == 0 {
		fit = -1
	}
	st, err := e.start(ctx, sampling.Schedule{Warmup: sweeps, Samples: 1, StepsPerSample: 1}, fit, "sweeps", false)
	if err != nil {
		return nil, err
	}
	return &Trace{e, st, make([][]int32, e.Chains())}, nil
}

// Next gives the initial states, then those after each sweep, by chain and node;
// they are good until the next call. After the last sweep it gives io.EOF.
func (t *Trace) Next() ([][]int32, error) {
	kind, err := t.st.next()
	if err == nil && kind == 'd' { // of the last state
		_, err = t.st.next()
	}
	if err != nil {
		return nil, err
	}
	for c := range t.states {
		t.states[c] = t.e.State(c, t.states[c][:0])
	}
	return t.states, nil
}

// Close ends the run.
func (t *Trace) Close() { t.st.stop() }

// MeasureSpeed is Sampler.MeasureSpeed of the binary.
func (e *Engine) MeasureSpeed(ctx context.Context, seconds float64, kernel vector.Kernel) (r sampling.Speed, err error) {
	st, err := e.ask(ctx, job{Chains: e.Chains(), Seed: e.Seed(), Threads: e.threads, Bench: seconds, Kernel: kernel.String()})
	if err != nil {
		return r, err
	}
	defer st.stop()
	answer, err := io.ReadAll(st.out)
	if err == nil {
		err = io.EOF
	}
	if err = st.ended(err); err != io.EOF {
		return r, err
	}
	return r, json.Unmarshal(answer, &r)
}

// A CodeFault says what code of the user's did wrong in a binary.
type CodeFault struct{ Text string }

func (f *CodeFault) Error() string { return f.Text }

// stream is a binary at work.
type stream struct {
	ctx    context.Context
	e      *Engine
	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr bytes.Buffer
	packed []byte
	sweeps bool // states come with sweeps
	done   bool
}

// start starts the binary, from the states in e.Sampler if it is to resume.
func (e *Engine) start(ctx context.Context, sch sampling.Schedule, fit int, frames string, resume bool) (*stream, error) {
	j := job{Chains: e.Chains(), Warmup: sch.Warmup, Samples: sch.Samples, StepsPerSample: sch.StepsPerSample,
		Seed: e.Seed(), Threads: e.threads, FitSweeps: fit, Frames: frames, Observers: e.observers}
	for _, o := range e.observers {
		carried := o.Carried
		if carried == nil {
			carried = make([]float64, e.Chains()*o.Numbers)
		}
		for _, x := range carried {
			j.Carry = binary.LittleEndian.AppendUint64(j.Carry, math.Float64bits(x))
		}
	}
	if resume {
		j.Start, j.StartSweep = e.AppendPacked([]byte{}), e.SweepNumber()
	}
	return e.ask(ctx, j)
}

// ask starts the binary with a job.
func (e *Engine) ask(ctx context.Context, j job) (*stream, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	st := &stream{ctx: ctx, e: e, packed: make([]byte, e.PackedSize()), sweeps: j.Frames == "sweeps"}
	st.cmd = exec.CommandContext(ctx, e.path, "-engine")
	st.cmd.Stdin, st.cmd.Stderr = bytes.NewReader(text), &st.stderr
	st.cmd.Cancel = func() error { return st.cmd.Process.Signal(os.Interrupt) }
	st.cmd.WaitDelay = 5 * time.Second
	pipe, err := st.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	st.out = bufio.NewReaderSize(pipe, 1<<16)
	return st, st.cmd.Start()
}

// next takes a frame in: the letter it begins with, or io.EOF at the end.
func (st *stream) next() (kind byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(st.out, head[:]); err != nil {
		return 0, st.ended(err)
	}
	kind = head[0]
	if kind == 's' || kind == 'd' && !st.sweeps {
		if _, err := io.ReadFull(st.out, st.packed); err != nil {
			return 0, st.ended(err)
		}
		if err := st.e.SetPacked(st.packed); err != nil {
			return 0, err
		}
	}
	if kind == 'd' && len(st.e.seen) > 0 {
		b := make([]byte, 8*len(st.e.seen))
		if _, err := io.ReadFull(st.out, b); err != nil {
			return 0, st.ended(err)
		}
		for i := range st.e.seen {
			st.e.seen[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
	st.e.SetSweepNumber(binary.LittleEndian.Uint64(head[1:]))
	return kind, nil
}

// ended says why there are no more frames.
func (st *stream) ended(read error) error {
	st.done = true
	err := st.cmd.Wait()
	switch {
	case st.ctx.Err() != nil:
		return context.Cause(st.ctx)
	case err == nil && read == io.EOF:
		return io.EOF
	case err == nil:
		err = read
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == serve.ExitData {
		if _, text, ok := strings.Cut(strings.TrimSpace(st.stderr.String()), ": "); ok {
			return &CodeFault{text}
		}
	}
	return fmt.Errorf("the compiled sampler broke off: %w", errors.Join(err, errors.New(strings.TrimSpace(st.stderr.String()))))
}

func (st *stream) stop() {
	if !st.done {
		st.done = true
		st.cmd.Process.Kill()
		st.cmd.Wait()
	}
}
