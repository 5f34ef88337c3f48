package sampling_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// packedModel has spins and categoricals of both widths, in mixed order.
func packedModel() *sampling.Model {
	m := &sampling.Model{Nodes: 9, Rounds: 10, Beta: 1, Chains: 1,
		Vars: []sampling.Var{
			{Name: "w", Kind: sampling.Categorical, States: 300, Shape: []int{2}, Count: 2},
			{Name: "s", Kind: sampling.Spin, States: 2, Shape: []int{3}, First: 2, Count: 3},
			{Name: "x", Kind: sampling.Categorical, States: 3, Shape: []int{2}, First: 5, Count: 2},
			{Name: "t", Kind: sampling.Spin, States: 2, Shape: []int{2}, First: 7, Count: 2},
		},
		Format: sampling.Format{Fraction: 10, Segments: 128, ThresholdBits: 32, Accum: 32}}
	for i, v := range m.Vars {
		b := sampling.Block{Kind: v.Kind, States: v.States, First: 16 * i}
		for n := range v.Count {
			b.Nodes = append(b.Nodes, int32(v.First+n))
		}
		m.Sweep = append(m.Sweep, []sampling.Block{b})
	}
	return m
}

// A packed state moves between samplers of different tiles, and holds each chain
// at its place.
func TestPackedState(t *testing.T) {
	m := packedModel()
	for _, chains := range []int{1, 64, 70, 700} {
		a, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		b, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 4, Straight: &sampling.Straight{}})
		if err != nil {
			t.Fatal(err)
		}
		a.Sweeps(2)
		packed := a.AppendPacked([]byte("x"))[1:]
		if len(packed) != a.PackedSize() {
			t.Fatalf("%d bytes, stated are %d", len(packed), a.PackedSize())
		}
		if err := b.SetPacked(packed); err != nil {
			t.Fatal(err)
		}
		for c := range chains {
			if x, y := a.State(c, nil), b.State(c, nil); !reflect.DeepEqual(x, y) {
				t.Fatalf("chain %d of %d: %v, was %v", c, chains, y, x)
			}
		}
		if !bytes.Equal(b.AppendPacked(nil), packed) {
			t.Errorf("%d chains: packing again gives other bytes", chains)
		}
	}
}

// Random bytes are refused or leave every node with a value it can have.
func TestPackedStateRefuses(t *testing.T) {
	s, err := sampling.NewSampler(packedModel(), sampling.Options{Chains: 2, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	before := s.AppendPacked(nil)
	if s.SetPacked(before[1:]) == nil || s.SetPacked(append(bytes.Clone(before), 0)) == nil {
		t.Error("a wrong length is accepted")
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		b := bytes.Clone(before)
		i := 40 + r.IntN(len(b)-40) // behind five spins
		b[i] = 250
		wideHigh := i >= 40+128 && i%2 == 1
		if err := s.SetPacked(b); err == nil && (i < 40+128 || wideHigh) {
			t.Fatalf("byte %d is 250, and accepted", i)
		}
		for c := range 2 {
			for n, v := range s.State(c, nil) {
				if n < 2 && v >= 300 || n >= 5 && n < 7 && v >= 3 {
					t.Fatalf("node %d is %d", n, v)
				}
			}
		}
	}
}
