package observe_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// stateFile is a small state file, of three chains after seven sweeps.
func stateFile(t testing.TB) []byte {
	t.Helper()
	s := newSampler(t, chain5(), 3)
	s.Sweeps(7)
	b, err := observe.EncodeState(s, "test")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantStateError(t *testing.T, what string, err error) {
	t.Helper()
	var e *observe.StateError
	if !errors.As(err, &e) {
		t.Errorf("%s: the error is %v, want a StateError", what, err)
	}
}

func TestEveryDamageToAStateFileIsRefused(t *testing.T) {
	whole := stateFile(t)
	if _, err := observe.DecodeState(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		_, err := observe.DecodeState(whole[:n])
		wantStateError(t, "cut short", err)
	}
	for bit := range 8 * len(whole) {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		_, err := observe.DecodeState(b)
		wantStateError(t, "a bit flipped", err)
	}
	_, err := observe.DecodeState(append(bytes.Clone(whole), 0))
	wantStateError(t, "a byte too many", err)
}

// A file that is whole as an archive but whose digest is of other contents.
func TestStateFileWithAnotherDigest(t *testing.T) {
	z, err := npy.OpenNPZ(stateFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := npy.NewNPZWriter(&b)
	for _, name := range z.Names() {
		a, err := z.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if spins, ok := a.Data.([]int8); ok {
			spins[0] = -spins[0]
		}
		if err := w.Add(name, a.Shape, a.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = observe.DecodeState(b.Bytes())
	wantStateError(t, "a spin turned round", err)
}

func TestStateOfAnotherRunIsRefused(t *testing.T) {
	saved, err := observe.DecodeState(stateFile(t))
	if err != nil {
		t.Fatal(err)
	}
	other := func(change func(m *sampling.Model)) *sampling.Model {
		m := chain5()
		change(m)
		return m
	}
	for _, c := range []struct {
		what   string
		m      *sampling.Model
		seed   uint64
		chains int
		want   string
	}{
		{"model", other(func(m *sampling.Model) { m.Hash = "c6" }), 42, 3, "another model"},
		{"seed", chain5(), 43, 3, "saved with seed 42, this run has seed 43"},
		{"chains", chain5(), 42, 4, "saved with 3 chains, this run has 4"},
		{"generator", other(func(m *sampling.Model) { m.Rounds = 7 }), 42, 3, "philox7"},
		{"format", other(func(m *sampling.Model) { m.Format.Fraction = 13 }), 42, 3, "13 fraction bits"},
		{"beta", other(func(m *sampling.Model) { m.Beta = 2 }), 42, 3, "beta"},
		{"name", other(func(m *sampling.Model) { m.Vars[0].Name = "x" }), 42, 3, "x"},
		{"shape", other(func(m *sampling.Model) { m.Vars[0].Shape = []int{5, 1} }), 42, 3, "[3 5 1]"},
	} {
		s, err := sampling.NewSampler(c.m, sampling.Options{Chains: c.chains, Seed: c.seed})
		if err != nil {
			t.Fatal(err)
		}
		before := statesOf(s)
		err = saved.Restore(s)
		wantStateError(t, c.what, err)
		if err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %q, want %q in it", c.what, err, c.want)
		}
		if !reflect.DeepEqual(statesOf(s), before) || s.SweepNumber() != 0 {
			t.Errorf("%s: the refused state was taken over", c.what)
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.npz")
	s := newSampler(t, mixed(), 70)
	s.Sweeps(5)
	if err := observe.SaveState(context.Background(), path, s, "test"); err != nil {
		t.Fatal(err)
	}
	saved, err := observe.LoadState(path)
	if err != nil {
		t.Fatal(err)
	}
	to := newSampler(t, mixed(), 70)
	if err := saved.Restore(to); err != nil {
		t.Fatal(err)
	}
	if to.SweepNumber() != 5 || !reflect.DeepEqual(statesOf(to), statesOf(s)) {
		t.Error("the restored sampler differs")
	}
	if !reflect.DeepEqual(saved.States(mixed()), statesOf(s)) {
		t.Error("States differ from the sampler's")
	}

	if _, err := observe.LoadState(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	b, _ := os.ReadFile(path)
	if err := os.WriteFile(path, b[:len(b)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = observe.LoadState(path)
	wantStateError(t, "a file cut short", err)
	if err != nil && !strings.HasPrefix(err.Error(), path) {
		t.Errorf("the error %q does not name the file", err)
	}
}

// A result file is taken for what it is.
func TestResultIsNoState(t *testing.T) {
	_, err := observe.DecodeState(result(t, newSampler(t, chain5(), 2), schedule, false, observe.Plan{}))
	wantStateError(t, "a result file", err)
	if err != nil && !strings.Contains(err.Error(), "kind") {
		t.Errorf("the error is %q", err)
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add(stateFile(f))
	real, err := observe.EncodeState(newSampler(f, realMix(), 3), "test")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(real)
	f.Fuzz(func(t *testing.T, b []byte) {
		testtool.Bounded(t, func() {
			s, err := observe.DecodeState(b)
			for _, m := range []*sampling.Model{chain5(), realMix()} {
				if err == nil && s.Check(m, 42, 3) == nil {
					s.States(m)
				}
			}
		})
	})
}
