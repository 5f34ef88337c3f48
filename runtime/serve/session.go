package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// PipeProtocol is the version of the protocol.
const PipeProtocol = 1

// A Subject is what is sampled, and by what.
type Subject struct {
	Model *sampling.Model // as the model file has it
	// New makes a sampler of a version of the model.
	New               func(version *sampling.Model, o sampling.Options) (*sampling.Sampler, error)
	Defaults          RunDefaults
	Target, Generator string // for the result's meta and the summary
	// Observers are the observers in Go, by their names in Defaults.
	Observers map[string]sampling.ChainObserver
}

// Plan is what a Collector is asked for, the observers in Go among it.
func (s *Subject) Plan(o *Observed) observe.Plan {
	p := o.Plan()
	for i := range p.Code {
		p.Code[i].Observer = s.Observers[p.Code[i].Code]
	}
	return p
}

// PipeOptions are the choices of a session.
type PipeOptions struct {
	Threads int   // unless a command says otherwise
	Memory  int64 // bytes that a command may take
	// Interrupts stops the command at work; between commands it ends the session of
	// a person at a terminal, and is nothing to a program that waits with the next.
	Interrupts <-chan os.Signal
	Terminal   bool
}

// ServePipe carries out the commands that come from in and writes the replies to
// out, as the package comment says. It returns nil after quit or at the end of
// the input, the cause of ctx once that is done, and else a *Refusal.
func ServePipe(ctx context.Context, in io.Reader, out io.Writer, subject Subject, o PipeOptions) error {
	s := &pipeSession{Subject: subject, o: o, out: bufio.NewWriterSize(out, 1<<16)}
	reader := &frameReader{in: bufio.NewReaderSize(in, 1<<16), limit: float64(o.Memory)}
	type input struct {
		frame *pipeFrame
		err   error
	}
	want, frames := make(chan struct{}), make(chan input, 1)
	defer close(want)
	go func() {
		for range want {
			f, err := reader.next()
			frames <- input{f, err}
		}
	}()
	want <- struct{}{}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-o.Interrupts:
			if o.Terminal {
				return RefuseInterrupted()
			}
		case x := <-frames:
			switch {
			case x.err == io.EOF:
				return nil
			case x.err != nil:
				return s.close(x.err)
			}
			if err := s.answer(ctx, x.frame); err != nil || x.frame.Cmd == "quit" && x.frame.refused == nil {
				return err
			}
			select {
			case <-o.Interrupts: // it came too late for the command
			default:
			}
			want <- struct{}{}
		}
	}
}

// pipeSession is what lasts from one command to the next.
type pipeSession struct {
	Subject
	o       PipeOptions
	out     *bufio.Writer
	sampler *sampling.Sampler        // nil: no run yet
	threads int                      // that it was made for
	data    *RunData                 // of the last run
	counted []observe.SavedHistogram // up to now
	carried [][]float64              // by its observers in Go
}

// answer carries out one command and replies. An error ends the session.
func (s *pipeSession) answer(ctx context.Context, f *pipeFrame) error {
	err := s.carryOut(ctx, f)
	var no *Refusal
	switch {
	case err == nil:
		if err := s.out.Flush(); err != nil {
			return outputRefusal(err)
		}
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, new(outputError)):
		return outputRefusal(err)
	case errors.As(err, new(*sampling.DeviceError)):
		no = RefuseEnvironment("%v", err)
	case !errors.As(err, &no):
		no = RefuseStates("%v", err)
	case no.Exit == ExitBug:
		return s.close(no)
	}
	return s.refuse(no, false)
}

// An outputError is a reply that could not be written.
type outputError struct{ error }

func (e outputError) Unwrap() error { return e.error }

func outputRefusal(err error) error { return RefuseEnvironment("standard output: %v", err) }

// refuse replies with an error.
func (s *pipeSession) refuse(no *Refusal, closed bool) error {
	reply := map[string]any{"ok": false, "error": no}
	if closed {
		reply["closed"] = true
	}
	err := s.line(reply)
	if err == nil {
		err = s.out.Flush()
	}
	if err != nil {
		return outputRefusal(err)
	}
	return nil
}

// close replies with the error that ends the session, and returns it.
func (s *pipeSession) close(err error) error {
	var no *Refusal
	if errors.As(err, &no) {
		s.refuse(no, true) // the reader may be gone, too
	}
	return err
}

// line writes one line of JSON.
func (s *pipeSession) line(v any) error {
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// carryOut does what a command asks and writes the reply, unless it returns an
// error: then none has been written.
func (s *pipeSession) carryOut(ctx context.Context, f *pipeFrame) (err error) {
	defer func() {
		if r := recover(); r != nil {
			os.Stderr.Write(debug.Stack())
			err = RefuseBug(fmt.Sprint(r))
		}
	}()
	if f.refused != nil {
		return f.refused
	}
	switch f.Cmd {
	case "info":
		return s.line(s.info())
	case "quit":
		return s.line(map[string]bool{"ok": true})
	case "energy":
		return s.energy(f)
	}
	return s.run(ctx, f)
}

type pipeVariable struct {
	Name   string    `json:"name"`
	Kind   string    `json:"kind"`
	States int       `json:"states"`
	Shape  []int     `json:"shape"`
	Range  []float64 `json:"range,omitempty"`
}

type pipeFactor struct {
	Name    string `json:"name"`
	Rows    int    `json:"rows"`
	Shape   []int  `json:"shape"`
	Runtime bool   `json:"runtime"`
}

type pipeParameter struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

func (s *pipeSession) info() any {
	m := s.Model
	vars, factors := []pipeVariable{}, []pipeFactor{}
	for _, v := range m.Vars {
		kind := map[sampling.Kind]string{sampling.Spin: "spin", sampling.Categorical: "categorical", sampling.Continuous: "continuous"}[v.Kind]
		vars = append(vars, pipeVariable{v.Name, kind, v.States, append([]int{}, v.Shape...), v.Range})
	}
	for i := range m.Factors {
		f := &m.Factors[i]
		factors = append(factors, pipeFactor{FactorName(m, i), f.Rows, append([]int{}, weightsShape(f)...), f.Runtime && m.FormulaOf(i) == nil})
	}
	parameters := []pipeParameter{}
	for _, x := range m.Formulas {
		for k, array := range x.Arrays {
			if array != "" {
				parameters = append(parameters, pipeParameter{array, append([]int{}, x.Params[k].Shape(x.Rows)...)})
			}
		}
	}
	return map[string]any{
		"ok": true, "protocol": PipeProtocol, "model": m.Name, "hash": m.Hash, "generator": s.Generator, "target": s.Target,
		"nodes": m.Nodes, "variables": vars, "factors": factors, "parameters": parameters, "beta": m.Beta, "annealed": m.Betas != nil,
		"sample": map[string]any{"chains": m.Chains, "warmup": m.Schedule.Warmup, "samples": m.Schedule.Samples,
			"steps_per_sample": m.Schedule.StepsPerSample, "seed": m.Seed},
		"observe": s.Defaults.Observe.words(), "max_probability_error": m.Format.Bound,
		"threads": s.o.Threads, "memory": s.o.Memory,
	}
}

// A pipeRun is a run command, checked.
type pipeRun struct {
	chains, threads int
	seed            uint64
	schedule        sampling.Schedule
	resume, summary bool
	observed        Observed
	data            *RunData
	version         *sampling.Model
}

func (s *pipeSession) run(ctx context.Context, f *pipeFrame) error {
	r, err := s.plan(f)
	if err != nil {
		return err
	}
	replaced, err := s.replacements(r, f)
	if err != nil {
		return err
	}
	if err := s.prepare(r); err != nil {
		return err
	}
	for c, state := range replaced {
		if err := s.sampler.SetState(c, state); err != nil {
			return RefuseStates("%v", err)
		}
	}
	plan := s.Plan(&r.observed)
	for i := range plan.Code {
		if r.resume && i < len(s.carried) {
			plan.Code[i].Carried = s.carried[i]
		}
	}
	plan.Target, plan.Generator, plan.StateMemory = s.Target, s.Generator, stateMemory(s.Model, r.chains, r.schedule.Samples, float64(s.o.Memory))
	summary := &RunSummary{CutTotal: s.Defaults.CutTotal}
	if r.summary {
		plan.Extra = []observe.Watcher{summary}
	}
	col, err := observe.NewCollector(s.sampler, r.schedule, plan)
	if err != nil {
		return RefuseUsage("%v", err)
	}
	defer col.Close()
	if r.resume {
		if err := col.Continue(s.counted); err != nil {
			return RefuseStates("%v", err)
		}
	}
	from, start := s.sampler.SweepNumber(), time.Now()
	err = s.sweeps(ctx, col, r.resume)
	s.counted = col.Histograms()
	if err != nil {
		return err
	}
	s.carried = col.Carried()
	reply := runReply{OK: true, Seconds: time.Since(start).Seconds(), Sweeps: s.sampler.SweepNumber() - from,
		Sweep: s.sampler.SweepNumber(), Beta: r.version.Beta, Meta: col.Meta()}
	reply.Flips = float64(reply.Sweeps) * float64(sweptNodes(r.version)) * float64(r.chains)
	if r.summary {
		if reply.Summary, err = summary.JSON(col, r.version, false); err != nil {
			return err
		}
	}
	return s.result(col, &reply)
}

// sweeps runs, until it is done or the user stops it.
func (s *pipeSession) sweeps(ctx context.Context, col *observe.Collector, resume bool) error {
	ctx, stop := context.WithCancelCause(ctx)
	done := make(chan struct{})
	defer stop(nil)
	defer close(done)
	if s.o.Interrupts != nil {
		go func() {
			select {
			case <-s.o.Interrupts:
				stop(RefuseInterrupted())
			case <-done:
			}
		}()
	}
	err := col.Run(ctx, s.sampler, resume)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// runReply is the reply to run.
type runReply struct {
	OK      bool            `json:"ok"`
	Seconds float64         `json:"seconds"`
	Flips   float64         `json:"flips"`
	Sweeps  uint64          `json:"sweeps"`
	Sweep   uint64          `json:"sweep"`
	Beta    float64         `json:"beta"`
	Summary json.RawMessage `json:"summary"`
	Meta    observe.Meta    `json:"meta"`
	Arrays  []string        `json:"arrays"`
}

// result writes the reply and the arrays. After the line, an array that cannot be
// brought ends the session.
func (s *pipeSession) result(col *observe.Collector, reply *runReply) error {
	began := false
	err := col.WriteSequence(s.out, func(names []string) error {
		reply.Arrays, began = names, true
		return s.line(reply)
	})
	if began && err != nil {
		return outputError{err}
	}
	return err
}

// plan checks all of a run command against the model, the limits and the session,
// and changes nothing.
func (s *pipeSession) plan(f *pipeFrame) (*pipeRun, error) {
	m := s.Model
	r := &pipeRun{chains: m.Chains, threads: s.o.Threads, seed: m.Seed, schedule: m.Schedule, resume: f.Resume, summary: true, observed: s.Defaults.Observe}
	if r.resume {
		if s.sampler == nil {
			return nil, RefuseUsage("resume: there is no run yet to go on from")
		}
		r.chains, r.seed, r.threads = s.sampler.Chains(), s.sampler.Seed(), s.threads
	}
	before := *r
	for _, n := range []struct {
		key   string
		given *int
		to    *int
		least int
	}{
		{"chains", f.Chains, &r.chains, 1}, {"warmup", f.Warmup, &r.schedule.Warmup, 0}, {"samples", f.Samples, &r.schedule.Samples, 1},
		{"steps_per_sample", f.StepsPerSample, &r.schedule.StepsPerSample, 1}, {"threads", f.Threads, &r.threads, 1},
	} {
		switch {
		case n.given == nil:
		case *n.given < n.least:
			return nil, RefuseUsage("%s %d: at least %d is needed", n.key, *n.given, n.least)
		default:
			*n.to = *n.given
		}
	}
	if f.Seed != nil {
		r.seed = *f.Seed
	}
	if f.Summary != nil {
		r.summary = *f.Summary
	}
	switch {
	case r.resume && r.chains != before.chains:
		return nil, RefuseStates("resume: the last run had %d chains, this one has %d", before.chains, r.chains)
	case r.resume && r.seed != before.seed:
		return nil, RefuseStates("resume: the last run had seed %d, this one has %d", before.seed, r.seed)
	case r.resume && f.Betas != nil:
		return nil, RefuseUsage("resume and betas exclude each other: a run that goes on has no warm-up").WithHelp("beta sets one for all its sweeps")
	case f.Beta != nil && f.Betas != nil:
		return nil, RefuseUsage("beta and betas exclude each other")
	}
	if err := CheckThreads("threads", r.threads); err != nil {
		return nil, err
	}
	if err := CheckMemory(m, r.chains, r.schedule.Samples, float64(s.o.Memory), "", "steps_per_sample"); err != nil {
		return nil, err
	}
	if f.Observe != nil {
		r.observed = Observed{StateNodes: r.observed.StateNodes, Observables: r.observed.Observables,
			Histograms: r.observed.Histograms, RowMeans: r.observed.RowMeans, Code: r.observed.Code}
		for _, word := range f.Observe {
			flag := r.observed.flag(word)
			if flag == nil {
				return nil, RefuseUnknown(ExitUsage, "observable", word, observedWords)
			}
			*flag = true
		}
	}
	return r, s.takeData(r, f)
}

// takeData checks β, weights, clamps and starts of a run command.
func (s *pipeSession) takeData(r *pipeRun, f *pipeFrame) error {
	if r.resume {
		r.data = s.data.clone()
	} else {
		r.data = NewRunData(s.Model, r.chains)
	}
	if f.Beta != nil {
		if err := r.data.SetBeta("beta", *f.Beta); err != nil {
			return err
		}
	}
	if f.Betas != nil {
		if err := r.data.SetBetas("betas", f.Betas); err != nil {
			return err
		}
		if f.Warmup == nil {
			r.schedule.Warmup = len(f.Betas)
		}
	}
	if !r.resume {
		if err := r.data.CheckWarmup("warmup", r.schedule.Warmup); err != nil {
			return err
		}
	}
	for _, what := range f.Arrays {
		sort, name, _ := strings.Cut(what, "/")
		a := f.arrays[what]
		var err error
		switch sort {
		case "weights":
			err = r.data.SetWeights(what, name, a)
		case "clamp":
			err = r.data.Clamp(what, name, a, f.arrays["mask/"+name])
		case "mask":
			if f.arrays["clamp/"+name] == nil {
				err = RefuseUsage("%s: there is no clamp/%s that it belongs to", what, name)
			}
		case "state":
			err = r.data.Start(what, name, a)
		}
		if err != nil {
			return err
		}
	}
	var err error
	r.version, err = r.data.Model()
	return err
}

// replacements are the states of all chains with those in place that a resumed run
// is given.
func (s *pipeSession) replacements(r *pipeRun, f *pipeFrame) ([][]int32, error) {
	if !r.resume || !slices.ContainsFunc(f.Arrays, func(name string) bool { return strings.HasPrefix(name, "state/") }) {
		return nil, nil
	}
	states := make([][]int32, r.chains)
	for c := range states {
		states[c] = s.sampler.State(c, nil)
		for i, in := range r.data.init {
			v := &r.version.Vars[i]
			if f.arrays["state/"+v.Name] == nil {
				continue
			}
			row := 0
			if in.Chains > 0 {
				row = c
			}
			copy(states[c][v.First:v.First+v.Count], in.Values[row*v.Count:])
		}
	}
	return states, nil
}

// prepare makes the sampler one of the run's version of the model, in the state
// that the run begins with.
func (s *pipeSession) prepare(r *pipeRun) error {
	if s.sampler != nil && s.sampler.Chains() == r.chains && s.threads == r.threads {
		if err := s.sampler.Adopt(r.version, r.seed); err != nil {
			return RefuseStates("%v", err)
		}
		if !r.resume {
			s.sampler.Init()
		}
		s.data = r.data
		return nil
	}
	made, err := s.New(r.version, sampling.Options{Chains: r.chains, Seed: r.seed, Threads: r.threads})
	if err != nil {
		return RefuseUsage("%v", err)
	}
	if r.resume { // with another number of threads
		if err := made.SetPacked(s.sampler.AppendPacked(nil)); err != nil {
			return err
		}
		if err := made.Adopt(r.version, r.seed); err != nil { // clamps hold
			return err
		}
		made.SetSweepNumber(s.sampler.SweepNumber())
	}
	s.sampler, s.threads, s.data = made, r.threads, r.data
	return nil
}

// sweptNodes is the number of nodes that a sweep updates.
func sweptNodes(m *sampling.Model) int {
	clamped := map[int32]bool{}
	for _, c := range m.Clamps {
		for _, n := range c.Nodes {
			clamped[n] = true
		}
	}
	swept := 0
	for _, super := range m.Sweep {
		for _, b := range super {
			swept += len(b.Nodes)
			for _, n := range b.Nodes {
				if clamped[n] {
					swept--
				}
			}
		}
	}
	return swept
}

// energy weighs given states.
func (s *pipeSession) energy(f *pipeFrame) error {
	if s.sampler == nil {
		if err := s.prepare(&pipeRun{chains: 1, threads: 1, version: s.Model, data: NewRunData(s.Model, 1)}); err != nil {
			return err
		}
		defer func() { s.sampler, s.data = nil, nil }() // it is no run to go on from
	}
	lead, states, err := s.states(f)
	if err != nil {
		return err
	}
	energies := make([]float64, len(states))
	for i, x := range states {
		if energies[i], err = s.sampler.Energy(s.sampler.Model().Beta, x); err != nil {
			return err
		}
	}
	if err := s.line(map[string]any{"ok": true, "arrays": []string{"energy"}}); err != nil {
		return outputError{err}
	}
	if err := npy.WriteNPY(s.out, lead, energies); err != nil {
		return outputError{err}
	}
	return nil
}

// states are those of an energy command, one value a node, in the order of the
// arrays' leading axes.
func (s *pipeSession) states(f *pipeFrame) (lead []int, states [][]int32, err error) {
	known := NewRunData(s.Model, 1)
	for _, what := range f.Arrays {
		if _, err := known.variable(what, strings.TrimPrefix(what, "state/")); err != nil {
			return nil, nil, err
		}
	}
	for i := range s.Model.Vars {
		v := &s.Model.Vars[i]
		what := "state/" + v.Name
		a := f.arrays[what]
		if a == nil {
			return nil, nil, RefuseUsage("energy: %s is missing", what).WithHelp("one array for each variable is needed")
		}
		k := len(a.Shape) - len(v.Shape)
		if k < 0 || !slices.Equal(a.Shape[k:], append([]int{}, v.Shape...)) {
			return nil, nil, RefuseStates("%s has shape %s, the variable %s", what, shapeText(a.Shape), shapeText(v.Shape)).
				WithHelp("the last axes must be those of the variable")
		}
		if i == 0 {
			lead = a.Shape[:k]
			if need := 4 * float64(s.Model.Nodes) * float64(a.Len()/v.Count); need > float64(s.o.Memory) {
				return nil, nil, RefuseLimit("the states take %s, the limit is %s", SizeText(need), SizeText(float64(s.o.Memory)))
			}
			states = make([][]int32, a.Len()/v.Count)
			for c := range states {
				states[c] = make([]int32, s.Model.Nodes)
			}
		}
		if !slices.Equal(a.Shape[:k], lead) {
			return nil, nil, RefuseStates("%s has %s states, state/%s has %s", what, shapeText(a.Shape[:k]), s.Model.Vars[0].Name, shapeText(lead))
		}
		values, err := stateValues(what, codeStates, v, a)
		if err != nil {
			return nil, nil, err
		}
		for j, x := range values {
			states[j/v.Count][v.First+j%v.Count] = x
		}
	}
	return lead, states, nil
}
