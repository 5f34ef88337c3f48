package cli

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// ownCode is a package with samplers, a start and observers, right and wrong ones.
const ownCode = `package model

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Noisy draws every kind of node, with noise of its own that it keeps.
type Noisy struct{}

func (Noisy) Numbers() int { return 1 }

func (Noisy) Begin(s *sampling.Site, numbers []float64) { numbers[0] = s.Normal() }

func (Noisy) Sample(u *sampling.Update) float64 {
	u.Numbers[0] = float64(0.9*u.Numbers[0]) + float64(0.3*u.Normal())
	switch u.Kind {
	case sampling.Spin:
		if u.Uniform() < sampling.Sigma(2*(u.Field+u.Numbers[0])) {
			return 1
		}
		return -1
	case sampling.Categorical:
		best, at := math.Inf(-1), 0
		for k, theta := range u.Fields {
			if x := theta - sampling.Log(-sampling.Log(u.Uniform())); x > best {
				best, at = x, k
			}
		}
		return float64(at)
	}
	return u.Numbers[0] - u.B/(2*u.A) + u.Normal()/math.Sqrt(2*u.A)
}

func Start(s *sampling.Site) float64 { return float64(1 - 2*(s.Index%2)) }

// Sums keeps the sum of a node.
type Sums struct{}

func (Sums) Values() int  { return 2 }
func (Sums) Numbers() int { return 1 }

func (Sums) Observe(c *sampling.ChainState, numbers, values []float64) {
	numbers[0] += c.Value(0)
	values[0], values[1] = numbers[0], c.H()
}

func First(c *sampling.ChainState) float64 { return c.Values("s")[0] }

func Late(u *sampling.Update) float64 {
	if u.Sweep == 3 && u.Node == 1 {
		panic("too late")
	}
	return u.Old
}

func Zero(u *sampling.Update) float64 { return 0 }

func Blind(c *sampling.ChainState) float64 { return c.Values("none")[0] }
`

const ownModel = `model: own
variables: {s: {kind: spin, shape: [3, 4]}, k: {kind: categorical, states: 3, shape: [5]}, x: {kind: continuous, shape: [4]}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: 0.3}
  - {over: [s, k], index: [[0, 0], [1, 1], [2, 4]], weights: [0.1, 0.5, -0.5]}
  - {over: {u: x}, index: all, energy: "u^2"}
  - {over: {u: x, p: s}, index: [[0, 0], [1, 7]], energy: "0.4*u*p"}
update: {s: model.Noisy, k: model.Noisy, x: model.Noisy}
init: {s: model.Start}
clamp: {"k[2]": 1}
sample: {chains: 70, warmup: 4, samples: 9, seed: 5, steps_per_sample: 2}
observe: [state, energy, {name: first, go: model.First}, {name: sums, go: model.Sums}]
`

func ownProject(t *testing.T) {
	t.Helper()
	goModel(t, ownCode)
	if err := os.WriteFile("own.yaml", []byte(ownModel), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readBytes(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func memberOf(t *testing.T, file, name string) *npy.NPYArray {
	t.Helper()
	z, err := npy.OpenNPZ(readBytes(t, file))
	if err != nil {
		t.Fatal(err)
	}
	a, err := z.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Code in Go gives the same files with any number of threads, in a program of its
// own, and after a stop; each chain is the same beside more of them.
func TestUserCodeRuns(t *testing.T) {
	ownProject(t)
	run := func(args ...string) {
		t.Helper()
		thrmlgen(t, 0, append([]string{"run", "own.yaml", "--quiet"}, args...)...)
	}
	same := func(a, b string) {
		t.Helper()
		if !bytes.Equal(readBytes(t, a), readBytes(t, b)) {
			t.Errorf("%s and %s differ", a, b)
		}
	}
	run("--out", "a.npz", "--state", "a.state", "--threads", "1")
	run("--out", "b.npz", "--state", "b.state", "--threads", "3")
	same("a.npz", "b.npz")
	same("a.state", "b.state")

	run("--samples", "4", "--state", "c.state")
	run("--samples", "5", "--resume", "c.state", "--state", "d.state", "--out", "d.npz")
	same("a.state", "d.state")
	for _, name := range []string{"s", "k", "x", "energy", "first", "sums"} {
		all, part := memberOf(t, "a.npz", name), memberOf(t, "d.npz", name)
		if part.Shape[1] != 5 || all.Shape[1] != 9 || !sameTail(all, part) {
			t.Errorf("%s: 4 + 5 draws are not 9", name)
		}
	}
	if a := memberOf(t, "a.state", "sampler/x"); len(a.Shape) != 3 || a.Shape[2] != 1 {
		t.Errorf("numbers of x have shape %v", a.Shape)
	}

	run("--chains", "3", "--out", "e.npz")
	few, many := memberOf(t, "e.npz", "sums").Data.([]float64), memberOf(t, "a.npz", "sums").Data.([]float64)
	for i, x := range few {
		if x != many[i] {
			t.Fatal("chains depend on their number")
		}
	}

	thrmlgen(t, 0, "build", "own.yaml", "-o", "own")
	if out, err := exec.Command("./own", "--quiet", "--out", "f.npz", "--state", "f.state").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	same("a.npz", "f.npz")
	same("a.state", "f.state")
	thrmlgen(t, 0, "build", "own.yaml", "-o", "own") // it is known as ours
	out, err := exec.Command("./own", "--quiet", "--samples", "5", "--resume", "c.state", "--state", "g.state").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	same("a.state", "g.state")
}

// sameTail compares the last draws of an array (chain, draw, …) with one of fewer.
func sameTail(all, part *npy.NPYArray) bool {
	a, _ := npyFloats(all)
	b, _ := npyFloats(part)
	chains := all.Shape[0]
	rowA, rowB := len(a)/chains, len(b)/chains
	for c := range chains {
		for i := range rowB {
			if a[(c+1)*rowA-rowB+i] != b[c*rowB+i] {
				return false
			}
		}
	}
	return true
}

func npyFloats(a *npy.NPYArray) ([]float64, error) {
	if x, ok := a.Data.([]float32); ok {
		var out []float64
		for _, v := range x {
			out = append(out, float64(v))
		}
		return out, nil
	}
	return a.Float64s()
}

// What cannot have code in it says so; what code does wrong is a fault of the model.
func TestUserCodeRefused(t *testing.T) {
	ownProject(t)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{3, "--target table: the model names code in Go, model.Noisy", []string{"run", "own.yaml", "--target", "table"}},
		{3, "--target interp: the model names code in Go", []string{"run", "own.yaml", "--target", "interp"}},
		{3, "--target table: the model names code in Go, model.Noisy", []string{"run", "own.yaml", "--target", "table", "--scan", "beta=1,2"}},
		{5, "of memory, the limit is 1.0 MiB", []string{"run", "own.yaml", "--chains", "300000", "--memory", "1"}},
		{3, "--serve: the model names code in Go", []string{"run", "own.yaml", "--serve"}},
		{3, "--targets interp: the model names code in Go", []string{"verify", "own.yaml"}},
		{3, "the model names code in Go", []string{"bench", "own.yaml"}},
		{3, "cannot carry it", []string{"gen", "own.yaml", "--out", "g", "--runtime", "bundle"}},
		{3, "model.Late, s[0,1] of chain 0, sweep 3: panic: too late at ", []string{"run", "own.yaml", "--set", "update.s=model.Late"}},
		{3, "model.Zero, s[0,0] of chain 0, sweep 0: it gives 0, and a spin is -1 or 1", []string{"run", "own.yaml", "--set", "update.s=model.Zero"}},
		{3, "model.Blind, chain 0, after 4 sweeps: panic: runtime error: index out of range", []string{"run", "own.yaml", "--set", "observe=[{name: b, go: model.Blind}]"}},
	} {
		_, stderr := thrmlgen(t, c.code, c.args...)
		if !strings.Contains(stderr, c.want) {
			t.Errorf("%q: got %s, want %s", c.args, stderr, c.want)
		}
	}
}

// An emitted package with code is vetted in the user's module and links it.
func TestUserCodeIsEmitted(t *testing.T) {
	ownProject(t)
	thrmlgen(t, 0, "gen", "own.yaml", "--out", "sampler")
	code := string(readBytes(t, "sampler/code.go"))
	for _, want := range []string{`"example.com/user/model.Noisy": new(model.Noisy)`, "sampling.StartFunc(model.Start)", "sampling.ObserverFunc(model.First)"} {
		if !strings.Contains(code, want) {
			t.Errorf("code.go has no %s:\n%s", want, code)
		}
	}
	if err := os.WriteFile("sampler/use_test.go", []byte(`package own

import "testing"

func TestSweeps(t *testing.T) {
	s, err := New(Options{Chains: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(10)
	if err := s.UserFault(); err != nil || s.Value(IndexK(2), 1) != 1 || len(Observers()) != 2 || len(s.Numbers(0, 0)) != 1 {
		t.Fatal(err)
	}
}
`), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "test", "./sampler").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
