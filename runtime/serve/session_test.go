package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

const text = `
model: small
variables: {s: {kind: spin, shape: [3, 4]}, x: {kind: categorical, states: 3, shape: [2]}, k: {kind: spin}}
factors:
  - {name: h, over: [s], index: all, weights: {normal: [0, 0.5], seed: 3}, runtime: true}
  - {name: j, over: [s, s], edges: {torus: s}, weights: 0.3, runtime: true}
  - {name: t, over: [s, x], index: [[0, 0], [5, 0], [7, 1]], weights: {normal: [0, 0.5], seed: 2}, runtime: true}
  - {name: baked, over: [s, k], index: [[1, 0]], weights: 0.5}
clamp: {"s[0,0]": 1}
sample: {chains: 70, warmup: 5, samples: 6, steps_per_sample: 2, seed: 9}
`

func model() *sampling.Model {
	p, _ := targettest.Parse(text)
	return golang.Model(p)
}

func subject(m *sampling.Model) serve.Subject {
	return serve.Subject{Model: m, New: sampling.NewSampler, Target: "table", Generator: "g",
		Defaults: serve.RunDefaults{Observe: serve.Observed{States: true, Energy: true}}}
}

// pipe is the other end of a session.
type pipe struct {
	t     *testing.T
	in    *io.PipeWriter
	out   *bufio.Reader
	ended chan error
	stop  chan os.Signal
}

func open(t *testing.T, s serve.Subject) *pipe {
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	p := &pipe{t, toServer, bufio.NewReader(fromServer), make(chan error, 1), make(chan os.Signal, 1)}
	go func() {
		err := serve.ServePipe(context.Background(), fromClient, toClient, s, serve.PipeOptions{Threads: 1, Memory: 64 << 20, Interrupts: p.stop})
		toClient.Close()
		p.ended <- err
	}()
	return p
}

// array is an array to be sent.
type array struct {
	name  string
	shape []int
	data  any
}

// frame is a command as it goes through the pipe. keys is JSON without braces.
func frame(keys string, arrays ...array) []byte {
	var b bytes.Buffer
	names := make([]string, len(arrays))
	for i, a := range arrays {
		names[i] = a.name
	}
	list, _ := json.Marshal(names)
	fmt.Fprintf(&b, `{%s,"arrays":%s}`+"\n", keys, list)
	if arrays == nil {
		b.Reset()
		fmt.Fprintf(&b, "{%s}\n", keys)
	}
	for _, a := range arrays {
		if err := npy.WriteNPY(&b, a.shape, a.data); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// reply is what came back.
type reply struct {
	OK       bool
	Closed   bool
	Error    serve.Refusal
	Sweeps   uint64
	Sweep    uint64
	Flips    float64
	Beta     float64
	Summary  map[string]any
	Meta     observe.Meta
	Arrays   []string
	values   map[string]*npy.NPYArray
	Protocol int
	Nodes    int
	Factors  []map[string]any
}

func (p *pipe) ask(keys string, arrays ...array) *reply {
	p.t.Helper()
	go p.in.Write(frame(keys, arrays...))
	return p.read()
}

func (p *pipe) read() *reply {
	p.t.Helper()
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	r := &reply{values: map[string]*npy.NPYArray{}}
	if err := json.Unmarshal(line, r); err != nil {
		p.t.Fatalf("%v in %s", err, line)
	}
	for _, name := range r.Arrays {
		part, err := npy.NextNPY(p.out)
		if err != nil {
			p.t.Fatalf("%s: %v", name, err)
		}
		if r.values[name], err = part.Read(); err != nil {
			p.t.Fatal(err)
		}
	}
	return r
}

// good asks for what must succeed.
func (p *pipe) good(keys string, arrays ...array) *reply {
	p.t.Helper()
	r := p.ask(keys, arrays...)
	if !r.OK {
		p.t.Fatalf("%s: %+v", keys, r.Error)
	}
	return r
}

func (p *pipe) close() error {
	p.in.Close()
	return <-p.ended
}

// expected is the result of a run made by hand: the arrays of its file, and the
// sampler after it.
func expected(t *testing.T, s *sampling.Sampler, sch sampling.Schedule, resume bool) map[string]*npy.NPYArray {
	t.Helper()
	c, err := observe.NewCollector(s, sch, observe.Plan{States: true, Energy: true, Best: true, Moments: true, Magnetisation: true, Target: "table", Generator: "g"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b bytes.Buffer
	if err := c.Run(context.Background(), s, resume); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteResult(&b); err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenNPZ(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	arrays := map[string]*npy.NPYArray{}
	for _, name := range z.Names() {
		if arrays[name], err = z.Get(name); err != nil {
			t.Fatal(err)
		}
	}
	var meta observe.Meta
	if err := json.Unmarshal(arrays["meta"].Data.([]uint8), &meta); err != nil {
		t.Fatal(err)
	}
	delete(arrays, "meta")
	return arrays
}

func same(t *testing.T, what string, got, want map[string]*npy.NPYArray) {
	t.Helper()
	file := func(a *npy.NPYArray) []byte {
		var b bytes.Buffer
		if err := npy.WriteNPY(&b, a.Shape, a.Data); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, w := range want {
		if a := got[name]; a == nil || !bytes.Equal(file(a), file(w)) {
			t.Errorf("%s: %s differs", what, name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d arrays, want %d", what, len(got), len(want))
	}
}

const all = `"observe":["state","energy","best","moments","magnetisation"]`

func floats(n int, x float64) []float64 { return slices.Repeat([]float64{x}, n) }

// A run of a session, after whatever other runs, is that of a sampler made anew
// with the same data.
func TestRunsEqualFreshSamplers(t *testing.T) {
	p := open(t, subject(model()))
	clampX := array{"clamp/x", []int{2}, []int8{2, 1}}
	perChain := array{"clamp/s", []int{70, 3, 4}, slices.Repeat([]int64{1, -1}, 70*6)}
	mask := array{"mask/s", []int{3, 4}, append(make([]bool, 9), true, true, true)}
	weights := array{"weights/h", []int{12}, floats(12, 0.25)}
	shared := array{"weights/j", []int{}, []float32{-0.5}}
	table := array{"weights/t", []int{3, 3}, []int{}}
	table.data = []float64{0, 1, 2, 0, -1, -2, 1, 0, 1}
	start := array{"state/k", []int{}, []int8{-1}}
	for _, c := range []struct {
		keys   string
		arrays []array
		model  func(m *sampling.Model)
		sample func(s *sampling.Sampler) error
		chains int
		seed   uint64
	}{
		{keys: ""},
		{keys: `,"seed":3,"chains":5`, chains: 5, seed: 3},
		{keys: `,"beta":0.5`, model: func(m *sampling.Model) { m.Beta = 0.5 }},
		{keys: `,"betas":[0.1,0.2,0.4,0.8,0.9]`, model: func(m *sampling.Model) { m.Betas, m.Beta = []float64{0.1, 0.2, 0.4, 0.8, 0.9}, 0.9 }},
		{keys: `,"threads":3`, arrays: []array{weights, shared, table}, sample: func(s *sampling.Sampler) error {
			return errors.Join(s.SetWeights("h", floats(12, 0.25)), s.SetWeights("j", []float64{-0.5}), s.SetWeights("t", table.data.([]float64)))
		}},
		{arrays: []array{clampX, mask, perChain}, model: func(m *sampling.Model) {
			m.Clamps = append(m.Clamps, sampling.Clamp{Nodes: []int32{9, 10, 11}, Chains: 70, Values: slices.Repeat([]int32{-1, 1, -1}, 70)},
				sampling.Clamp{Nodes: []int32{12, 13}, Values: []int32{2, 1}})
		}},
		{arrays: []array{start}, model: func(m *sampling.Model) {
			m.Init = append(make([]sampling.Init, 2), sampling.Init{Kind: sampling.InitValues, Values: []int32{-1}})
		}},
		{keys: `,"threads":2`},
	} {
		got := p.good(`"cmd":"run",`+all+c.keys, c.arrays...)
		m := model()
		if c.model != nil {
			c.model(m)
		}
		chains, seed := 70, uint64(9)
		if c.chains != 0 {
			chains, seed = c.chains, c.seed
		}
		s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if c.sample != nil {
			if err := c.sample(s); err != nil {
				t.Fatal(err)
			}
			s.Init()
		}
		same(t, c.keys, got.values, expected(t, s, m.Schedule, false))
		if got.Sweeps != 15 || got.Sweep != 15 || got.Beta != m.Beta || got.Summary["chains"] != float64(chains) || got.Meta.Seed != seed {
			t.Errorf("%s: reply %+v", c.keys, got)
		}
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

// A histogram counts on in a run that goes on, and anew in one that begins again.
func TestHistogramsGoOn(t *testing.T) {
	sub := subject(model())
	sub.Defaults.Observe.Histograms = []observe.Histogram{{Name: "some", Nodes: []int32{3, 0}}}
	p := open(t, sub)
	counts := func(keys string) []int64 {
		return p.good(keys).values["histogram/some"].Data.([]int64)
	}
	whole := counts(`"cmd":"run","samples":9`)
	if sum := whole[0] + whole[1]; sum != 9*70 {
		t.Errorf("%d values are counted, not 9 draws of 70 chains", sum)
	}
	first := counts(`"cmd":"run","samples":4`)
	if more := counts(`"cmd":"run","samples":5,"resume":true`); !slices.Equal(more, whole) || slices.Equal(more, first) {
		t.Errorf("4 and 5 draws count %v, 9 draws %v", more, whole)
	}
	if again := counts(`"cmd":"run","samples":4`); !slices.Equal(again, first) {
		t.Errorf("4 draws count %v, then %v", first, again)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

// 4 draws and 5 more are 9 draws, on any number of threads; a run that goes on
// keeps its clamps and may bring weights.
func TestResume(t *testing.T) {
	p := open(t, subject(model()))
	if r := p.ask(`"cmd":"run","resume":true`); r.Error.Exit != 2 || r.Closed {
		t.Errorf("nothing to go on from: %+v", r.Error)
	}
	clamp := array{"clamp/k", []int{}, []int8{-1}}
	whole := p.good(`"cmd":"run","samples":9`, clamp).values["s"]
	first := p.good(`"cmd":"run","samples":4`, clamp).values["s"]
	more := p.good(`"cmd":"run","samples":5,"resume":true,"threads":3,"warmup":1000`)
	if more.Sweep != 5+8*2 || more.Sweeps != 10 {
		t.Errorf("%d sweeps, at %d", more.Sweeps, more.Sweep)
	}
	for c := range 70 {
		a := slices.Concat(first.Data.([]int8)[c*4*12:(c+1)*4*12], more.values["s"].Data.([]int8)[c*5*12:(c+1)*5*12])
		if !slices.Equal(a, whole.Data.([]int8)[c*9*12:(c+1)*9*12]) {
			t.Fatalf("chain %d differs", c)
		}
	}
	// By hand: the same runs, then other weights, β and clamps on the same chains.
	m := model()
	s, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetClamp(sampling.Clamp{Nodes: []int32{14}, Values: []int32{-1}}); err != nil {
		t.Fatal(err)
	}
	expected(t, s, sampling.Schedule{Warmup: 5, Samples: 9, StepsPerSample: 2}, false)
	m2 := model()
	m2.Beta = 2
	m2.Clamps = append(m2.Clamps, sampling.Clamp{Nodes: []int32{14}, Values: []int32{1}})
	s2, err := sampling.NewSampler(m2, sampling.Options{Chains: 70, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	if err := s2.SetWeights("h", floats(12, 1)); err != nil {
		t.Fatal(err)
	}
	for c := range 70 {
		x := s.State(c, nil)
		copy(x[12:14], []int32{2, 2})
		if err := s2.SetState(c, x); err != nil {
			t.Fatal(err)
		}
	}
	s2.SetSweepNumber(s.SweepNumber())
	got := p.good(`"cmd":"run",`+all+`,"resume":true,"beta":2`, array{"weights/h", []int{12}, floats(12, 1)},
		array{"clamp/k", []int{}, []int8{1}}, array{"state/x", []int{2}, []uint8{2, 2}})
	same(t, "resumed with data", got.values, expected(t, s2, m.Schedule, true))
	if r := p.good(`"cmd":"run"`); r.Sweep != 15 || r.Beta != 1 {
		t.Errorf("a run without resume begins at %d with beta %v", r.Sweep-r.Sweeps, r.Beta)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

// Every refusal names what is wrong, and leaves the session as it was, whatever
// follows its line.
func TestRefusals(t *testing.T) {
	p := open(t, subject(model()))
	p.good(`"cmd":"run","samples":2`)
	h := func(x float64) array { return array{"weights/h", []int{12}, floats(12, x)} }
	k := array{"clamp/k", []int{}, []int8{1}}
	run := `"cmd":"run"`
	for _, c := range []struct {
		keys   string
		arrays []array
		exit   int
		says   string
	}{
		{`"cmd":"rnu"`, nil, 2, "did you mean run"},
		{`"comd":"run"`, nil, 2, "command"},
		{run + `,"chain":3`, nil, 2, "did you mean chains"},
		{`"cmd":"info","chains":3`, nil, 2, "chains"},
		{`"cmd":"quit","beta":3`, nil, 2, "beta"},
		{run + `,"chains":0`, nil, 2, "at least 1"},
		{run + `,"chains":2.5`, nil, 2, "whole number"},
		{run + `,"chains":"4"`, []array{h(1)}, 2, "whole number"},
		{run + `,"seed":-1`, nil, 2, "seed"},
		{run + `,"warmup":-1`, nil, 2, "warmup"},
		{run + `,"samples":1e3`, nil, 2, "samples"},
		{run + `,"chains":2000000000`, []array{h(1)}, 5, "memory"},
		{run + `,"samples":2000000000`, nil, 5, "memory"},
		{run + `,"threads":100000`, nil, 5, "4096"},
		{run + `,"beta":-1`, nil, 3, "-1"},
		{run + `,"beta":1e999`, nil, 2, "number"},
		{run + `,"betas":[]`, nil, 3, "none"},
		{run + `,"betas":[1,2],"warmup":3`, nil, 3, "2 betas"},
		{run + `,"betas":[1],"beta":1`, nil, 2, "exclude"},
		{run + `,"betas":[1],"resume":true`, nil, 2, "exclude"},
		{run + `,"resume":true,"seed":1`, nil, 3, "seed"},
		{run + `,"resume":true,"chains":1`, nil, 3, "chains"},
		{run + `,"observe":["states"]`, nil, 2, "did you mean state"},
		{run + `,"observe":"state"`, nil, 2, "list"},
		{run, []array{{"weights/hh", []int{12}, floats(12, 1)}}, 3, "h, j, t"},
		{run, []array{{"weights/baked", []int{1}, floats(1, 1)}}, 3, "baked"},
		{run, []array{{"weights/h", []int{4, 3}, floats(12, 1)}}, 3, "(12,)"},
		{run, []array{{"weights/h", []int{12}, make([]bool, 12)}, h(math.NaN())}, 2, "twice"},
		{run, []array{h(math.NaN())}, 3, "NaN"},
		{run, []array{h(math.Inf(-1))}, 3, "-Inf"},
		{run, []array{h(1e6)}, 3, "range"},
		{run, []array{{"clamp/q", []int{}, []int8{1}}}, 3, "variable"},
		{run, []array{{"clamp/k", []int{}, []int8{0}}}, 3, "spin"},
		{run, []array{{"clamp/k", []int{3}, []int8{1, 1, 1}}}, 3, "(70,)"},
		{run, []array{{"clamp/x", []int{2}, []float64{1, 1}}}, 3, "integers"},
		{run, []array{{"clamp/x", []int{2}, []int64{3, 1}}}, 3, "0 … 2"},
		{run, []array{{"mask/k", []int{}, []bool{true}}}, 2, "clamp/k"},
		{run, []array{k, {"mask/k", []int{1}, []bool{true}}}, 3, "mask"},
		{run, []array{{"state/x", []int{69, 2}, make([]uint8, 138)}}, 3, "(70, 2)"},
		{run, []array{{"bias/h", []int{12}, floats(12, 1)}, k}, 2, "weights/NAME"},
		{run, []array{{"weights", []int{12}, floats(12, 1)}}, 2, "weights/NAME"},
		{`"cmd":"energy"`, []array{h(1)}, 2, "array"},
		{`"cmd":"info"`, []array{h(1)}, 2, "array"},
		{`"cmd":"energy"`, nil, 2, "state/s"},
		{`"cmd":"energy"`, []array{{"state/s", []int{4, 3}, make([]int8, 12)}}, 3, "(3, 4)"},
		{run, []array{{"weights/h", []int{12 << 20}, make([]int64, 12<<20)}, k}, 5, "memory"},
	} {
		r := p.ask(c.keys, c.arrays...)
		if r.OK || r.Closed || r.Error.Exit != c.exit || !strings.Contains(r.Error.Text+" "+r.Error.Help, c.says) {
			t.Errorf("%s %v: %+v, want exit %d and %q", c.keys, len(c.arrays), r.Error, c.exit, c.says)
		}
	}
	got := p.good(`"cmd":"run","samples":3,"resume":true,` + all)
	m := model()
	s, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	expected(t, s, sampling.Schedule{Warmup: 5, Samples: 2, StepsPerSample: 2}, false)
	same(t, "after refusals", got.values, expected(t, s, sampling.Schedule{Samples: 3, StepsPerSample: 2}, true))
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

func TestInfoAndQuit(t *testing.T) {
	p := open(t, subject(model()))
	r := p.good(`"cmd":"info"`)
	if r.Protocol != 1 || r.Nodes != 15 || !reflect.DeepEqual(r.Factors[1], map[string]any{"name": "j", "rows": 24.0, "shape": []any{}, "runtime": true}) ||
		!reflect.DeepEqual(r.Factors[2]["shape"], []any{3.0, 3.0}) {
		t.Errorf("%+v", r)
	}
	p.good(`"cmd":"quit"`)
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
}

func TestEnergy(t *testing.T) {
	p := open(t, subject(model()))
	x := slices.Repeat([]int8{1, -1, -1}, 4*5*2)
	ask := func() *npy.NPYArray {
		return p.good(`"cmd":"energy"`, array{"state/x", []int{5, 2, 2}, slices.Repeat([]uint8{2, 0}, 10)},
			array{"state/s", []int{5, 2, 3, 4}, x}, array{"state/k", []int{5, 2}, slices.Repeat([]int16{1, -1}, 5)}).values["energy"]
	}
	before := ask()
	if !slices.Equal(before.Shape, []int{5, 2}) {
		t.Fatalf("shape %v", before.Shape)
	}
	if r := p.ask(`"cmd":"run","resume":true`); r.OK {
		t.Error("energies are no run to go on from")
	}
	p.good(`"cmd":"run","samples":1,"beta":2`, array{"weights/h", []int{12}, floats(12, 1)})
	after := ask()
	for _, c := range []struct {
		beta    float64
		weights []float64
		got     *npy.NPYArray
	}{{1, nil, before}, {2, floats(12, 1), after}} {
		s, err := sampling.NewSampler(model(), sampling.Options{Chains: 1})
		if err != nil {
			t.Fatal(err)
		}
		if c.weights != nil {
			if err := s.SetWeights("h", c.weights); err != nil {
				t.Fatal(err)
			}
		}
		for i, got := range c.got.Data.([]float64) {
			state := []int32{1, -1, -1, 1, -1, -1, 1, -1, -1, 1, -1, -1, 2, 0, int32(1 - 2*(i%2))}
			if want, err := s.Energy(c.beta, state); err != nil || got != want {
				t.Errorf("state %d: %v, want %v, %v", i, got, want, err)
			}
		}
	}
}

// What cannot be parsed ends the session with a reply that says so.
func TestBrokenFrames(t *testing.T) {
	broken := string(frame(`"cmd":"run"`, array{"weights/h", []int{12}, floats(12, 1)}))
	for in, says := range map[string]string{
		"nonsense\n":            "JSON",
		"[1]\n":                 "JSON",
		"null\n":                "JSON",
		"{\"cmd\":\"run\"}{}\n": "JSON",
		"{\"cmd\":\"\xff\"}\n":  "UTF-8",
		`{"cmd":"run","arrays":"weights/h"}` + "\n":                 "list",
		`{"cmd":"run","arrays":["weights/h"]}` + "\nnot npy at all": "weights/h",
		strings.Repeat("x", 2<<20):                                  "1048576",
		`{"cmd":"run"`:                                              "ends inside",
		broken[:len(broken)-1]:                                      "ends inside",
		broken[:len(broken)-100]:                                    "ends",
	} {
		var out bytes.Buffer
		err := serve.ServePipe(context.Background(), strings.NewReader(in), &out, subject(model()), serve.PipeOptions{Threads: 1, Memory: 1 << 24})
		var no *serve.Refusal
		var r reply
		if jerr := json.Unmarshal(out.Bytes(), &r); jerr != nil || !errors.As(err, &no) || no.Exit != 2 || !r.Closed || !strings.Contains(no.Text, says) || r.Error != *no {
			t.Errorf("%.60q: %v (%v), reply %s", in, err, jerr, out.String())
		}
	}
}

// A session that is cut off anywhere has answered every whole command, and ends.
func TestCutAnywhere(t *testing.T) {
	in := slices.Concat([]byte("\n"), frame(`"cmd":"info"`), frame(`"cmd":"run","chains":1,"samples":1,"warmup":0`, array{"weights/h", []int{12}, floats(12, 1)}, array{"clamp/k", []int{}, []int8{1}}))
	half := len(frame(`"cmd":"info"`)) + 1
	for n := range len(in) + 1 {
		var out bytes.Buffer
		err := serve.ServePipe(context.Background(), bytes.NewReader(in[:n]), &out, subject(model()), serve.PipeOptions{Threads: 1, Memory: 1 << 24})
		if whole := n == len(in) || n == half || n <= 1; whole != (err == nil) {
			t.Errorf("cut at %d of %d: %v", n, len(in), err)
		}
		if answered := strings.Contains(out.String(), `"protocol":1`); answered != (n >= half) {
			t.Errorf("cut at %d: info is answered: %v", n, answered)
		}
	}
}

// An interrupt stops the run at work, which can be gone on with; between commands
// it does nothing.
func TestInterrupt(t *testing.T) {
	p := open(t, subject(model()))
	p.stop <- os.Interrupt
	p.good(`"cmd":"info"`)
	go func() {
		time.Sleep(50 * time.Millisecond)
		p.stop <- os.Interrupt
	}()
	if r := p.ask(`"cmd":"run","samples":1,"warmup":1000000000`); r.Error.Exit != 130 || r.Closed {
		t.Fatalf("%+v", r)
	}
	r := p.good(`"cmd":"run","resume":true,` + all)
	s, err := sampling.NewSampler(model(), sampling.Options{Chains: 70, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(int(r.Sweep - r.Sweeps))
	same(t, "gone on", r.values, expected(t, s, sampling.Schedule{Samples: 6, StepsPerSample: 2}, true))
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

func TestTerminalInterrupt(t *testing.T) {
	in, _ := io.Pipe()
	stop := make(chan os.Signal, 1)
	stop <- os.Interrupt
	err := serve.ServePipe(context.Background(), in, io.Discard, subject(model()), serve.PipeOptions{Threads: 1, Memory: 1 << 24, Interrupts: stop, Terminal: true})
	var no *serve.Refusal
	if !errors.As(err, &no) || no.Exit != 130 {
		t.Error(err)
	}
}

// A context that is done ends the session, at work or not.
func TestCancelled(t *testing.T) {
	cause := errors.New("terminated")
	for _, in := range []string{"", string(frame(`"cmd":"run","samples":1,"warmup":1000000000`))} {
		ctx, cancel := context.WithCancelCause(context.Background())
		r, w := io.Pipe()
		go w.Write([]byte(in))
		time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
		if err := serve.ServePipe(ctx, r, io.Discard, subject(model()), serve.PipeOptions{Threads: 1, Memory: 1 << 24}); err != cause {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// full fails after so many bytes.
type full int

func (f *full) Write(b []byte) (int, error) {
	if *f -= full(len(b)); *f < 0 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}

func TestOutputThatFails(t *testing.T) {
	in := frame(`"cmd":"run","samples":100`)
	for _, room := range []full{0, 1 << 16, 1 << 17} {
		err := serve.ServePipe(context.Background(), bytes.NewReader(in), &room, subject(model()), serve.PipeOptions{Threads: 1, Memory: 1 << 24})
		var no *serve.Refusal
		if !errors.As(err, &no) || no.Exit != 4 || !strings.Contains(no.Text, "no space left") {
			t.Errorf("room for %d: %v", room, err)
		}
	}
}

// A panic is answered as a bug, and ends the session.
func TestPanic(t *testing.T) {
	s := subject(model())
	s.New = func(*sampling.Model, sampling.Options) (*sampling.Sampler, error) { panic("broken") }
	p := open(t, s)
	if r := p.ask(`"cmd":"run"`); r.Error.Exit != 70 || !r.Closed || r.Error.Text != "broken" {
		t.Errorf("%+v", r)
	}
	var no *serve.Refusal
	if err := <-p.ended; !errors.As(err, &no) || no.Exit != 70 {
		t.Error(err)
	}
}

// Whatever the bytes, reading ends: with a command, the end, or a refusal.
func FuzzCommands(f *testing.F) {
	f.Add([]byte("{\"cmd\":\"info\"}\n"))
	f.Add(frame(`"cmd":"energy"`, array{"state/k", []int{2}, []int8{1, -1}}))
	f.Add(frame(`"cmd":"run","chains":1,"samples":1`, array{"weights/h", []int{12}, floats(12, 1)}))
	f.Add(frame(`"cmd":"run","betas":[1,2],"observe":["best"]`, array{"clamp/x", []int{2}, []uint16{1, 0}}, array{"mask/x", []int{2}, []bool{true, false}}))
	m := model()
	s := subject(m)
	s.New = func(version *sampling.Model, o sampling.Options) (*sampling.Sampler, error) {
		return nil, errors.New("no run is made")
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		err := serve.ServePipe(context.Background(), bytes.NewReader(in), &out, s, serve.PipeOptions{Threads: 1, Memory: 1 << 20})
		var no *serve.Refusal
		if err != nil && (!errors.As(err, &no) || no.Exit != 2) {
			t.Fatal(err)
		}
		for line := range bytes.Lines(out.Bytes()) {
			var r reply
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			if !r.OK && (r.Error.Exit == 0 || r.Error.Exit == 70 || r.Error.Text == "") {
				t.Fatalf("%s", line)
			}
		}
	})
}

// BenchmarkRun is the round trip of a short run: new weights, 4 chains, 8 draws.
func BenchmarkRun(b *testing.B) {
	in := frame(`"cmd":"run","chains":4,"warmup":0,"samples":8,"steps_per_sample":1,"summary":false`, array{"weights/h", []int{12}, floats(12, 1)})
	r, w := io.Pipe()
	done := make(chan error, 1)
	out := make(turns)
	go func() {
		done <- serve.ServePipe(context.Background(), r, out, subject(model()), serve.PipeOptions{Threads: 1, Memory: 1 << 28})
	}()
	for b.Loop() {
		w.Write(in)
		<-out
	}
	w.Close()
	<-done
}

// turns tells of each write.
type turns chan int

func (t turns) Write(b []byte) (int, error) { t <- len(b); return len(b), nil }
