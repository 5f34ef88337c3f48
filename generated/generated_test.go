package generated_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/generated/torus"
)

func load(t *testing.T) *gen.Model {
	t.Helper()
	m, problems := gen.Load("torus.yaml")
	if m.Program == nil {
		t.Fatal(problems.Err())
	}
	return m
}

// The checked-in files are what the generator emits now, all of them and no
// others.
func TestNoDrift(t *testing.T) {
	noDrift(t, "go", "torus")
	noDrift(t, "cuda", "torus_cuda")
}

func noDrift(t *testing.T, target, dir string) {
	files, problems := gen.Generate(gen.Request{Model: load(t), Target: target, Runtime: "bundle"})
	if problems.Len() > 0 {
		t.Fatal(problems.Err())
	}
	want := map[string]bool{}
	for _, f := range files {
		want[f.Path] = true
		got, err := os.ReadFile(filepath.Join(dir, f.Path))
		if err != nil || !bytes.Equal(got, f.Data) {
			t.Errorf("%s/%s is not what the generator emits now: run go generate ./generated", dir, f.Path)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !want[e.Name()] && e.Name()[0] != '.' { // thrmlgen keeps a list of what it wrote
			t.Errorf("%s/%s is not emitted any more", dir, e.Name())
		}
	}
}

// The checked-in package samples what the interpreter does, bit for bit.
func TestTorusEqualsInterpreter(t *testing.T) {
	const chains = 66
	s, err := torus.New(torus.Options{Chains: chains, Seed: torus.Seed, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	want, err := interp.New(load(t).Program, chains, torus.Seed)
	if err != nil {
		t.Fatal(err)
	}
	for sweep := range 20 {
		for c, x := range want.State() {
			if got := s.State(c, nil); !reflect.DeepEqual(got, x) {
				t.Fatalf("chain %d after %d sweeps: %v, want %v", c, sweep, got, x)
			}
		}
		s.Sweep()
		if err := want.Sweep(); err != nil {
			t.Fatal(err)
		}
	}
}

// Nodes are found by the names of the model.
func TestTorusNames(t *testing.T) {
	if n, err := torus.Index("s[2,1]"); err != nil || n != 7 || torus.IndexS(2, 1) != n {
		t.Errorf("s[2,1] is node %d, %v", n, err)
	}
	if got := torus.GroupDiagonal(); !reflect.DeepEqual(got, []int32{0, 4, 8}) {
		t.Errorf("group diagonal: %v", got)
	}
	if torus.IndexX() != torus.N-1 {
		t.Errorf("x is node %d", torus.IndexX())
	}
}
