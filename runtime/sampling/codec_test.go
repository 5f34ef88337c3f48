package sampling_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc64"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// codecModel has something in every field.
func codecModel() *sampling.Model {
	return &sampling.Model{
		Name: "m", Hash: "c0ffee", Nodes: 7, Synchronous: true,
		Vars: []sampling.Var{
			{Name: "s", Kind: sampling.Spin, States: 2, Shape: []int{2, 2}, Count: 4},
			{Name: "b", Kind: sampling.Spin, States: 2, First: 4, Count: 1},
			{Name: "x", Kind: sampling.Categorical, States: 3, Shape: []int{2}, First: 5, Count: 2},
		},
		Factors: []sampling.Factor{
			{Name: "f0", Slots: []sampling.Slot{{States: 2}}, Rows: 2, Index: []int32{0, 4},
				Runtime: true, Weights: []float64{math.Copysign(0, -1), 5e-324}},
			{Name: "f1", Slots: []sampling.Slot{{States: 2}, {Kind: sampling.Categorical, States: 3}}, Rows: 2, Index: []int32{0, 5, 3, 6},
				Table: []int{3}, Shared: true, Weights: []float64{0.1, -0.2, 1e300}},
		},
		Sweep: [][]sampling.Block{
			{{States: 2, Nodes: []int32{3, 1, 0}}, {Kind: sampling.Categorical, States: 3, First: 16, Nodes: []int32{6}}},
			{{Kind: sampling.Categorical, States: 3, First: 32, Nodes: []int32{5}}},
		},
		Clamps: []sampling.Clamp{{Nodes: []int32{2, 4}, Chains: 2, Values: []int32{1, -1, -1, -1}}},
		Init:   []sampling.Init{{Kind: sampling.InitHinton}, {Kind: sampling.InitZeros}, {Kind: sampling.InitValues, Values: []int32{2, 0}}},
		Format: sampling.Format{Profile: "default", Fraction: 13, Segments: 256, ThresholdBits: 32, Accum: 64, Digit: 8, Range: 4, Bound: 1e-4},
		Rounds: 7, Beta: 0.7, Betas: []float64{0.1, 0.7},
		Schedule: sampling.Schedule{Warmup: 1, Samples: 2, StepsPerSample: 3},
		Chains:   2, Seed: math.MaxUint64 - 5,
	}
}

func TestCodecKeepsEveryField(t *testing.T) {
	m := codecModel()
	got, err := sampling.DecodeModel(m.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, m) {
		t.Errorf("got %+v\nwant %+v", got, m)
	}
	if !math.Signbit(got.Factors[0].Weights[0]) {
		t.Error("the sign of a zero weight is lost")
	}
	if b := m.AppendBinary([]byte("ab")); string(b[:2]) != "ab" || !bytes.Equal(b[2:], m.AppendBinary(nil)) {
		t.Error("AppendBinary does not append")
	}
}

// Every byte matters: no changed, shortened or lengthened file is read.
func TestCodecRefusesDamage(t *testing.T) {
	b := codecModel().AppendBinary(nil)
	for i := range b {
		x := bytes.Clone(b)
		x[i] ^= 1 << (i % 8)
		if _, err := sampling.DecodeModel(x); err == nil {
			t.Errorf("byte %d changed: no error", i)
		}
		if _, err := sampling.DecodeModel(b[:i]); err == nil {
			t.Errorf("cut at %d: no error", i)
		}
	}
	if _, err := sampling.DecodeModel(append(bytes.Clone(b), 0)); err == nil {
		t.Error("a byte too many: no error")
	}
	b[8] = 9
	if _, err := sampling.DecodeModel(b); err == nil || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("version 9: %v", err)
	}
}

// Models that hang together badly are refused when they are read, before the
// engine indexes by them.
func TestCodecRefusesBadModels(t *testing.T) {
	for name, change := range map[string]func(m *sampling.Model){
		"node count":         func(m *sampling.Model) { m.Nodes++ },
		"variable gap":       func(m *sampling.Model) { m.Vars[1].First++ },
		"shape":              func(m *sampling.Model) { m.Vars[0].Shape[0] = 0 },
		"huge shape":         func(m *sampling.Model) { m.Vars[0].Shape = []int{1 << 30, 1 << 30} },
		"states":             func(m *sampling.Model) { m.Vars[2].States = 1 },
		"factor node":        func(m *sampling.Model) { m.Factors[0].Index[1] = 7 },
		"negative node":      func(m *sampling.Model) { m.Factors[0].Index[1] = -1 },
		"slot kind":          func(m *sampling.Model) { m.Factors[1].Index[1] = 1 },
		"slot states":        func(m *sampling.Model) { m.Factors[1].Slots[1].States = 4 },
		"no slots":           func(m *sampling.Model) { m.Factors[0].Slots = nil },
		"rows":               func(m *sampling.Model) { m.Factors[0].Rows = 3 },
		"weights":            func(m *sampling.Model) { m.Factors[1].Weights = m.Factors[1].Weights[:2] },
		"NaN":                func(m *sampling.Model) { m.Factors[1].Weights[0] = math.NaN() },
		"table":              func(m *sampling.Model) { m.Factors[1].Table = nil },
		"block slot":         func(m *sampling.Model) { m.Sweep[1][0].First = 48 },
		"block kind":         func(m *sampling.Model) { m.Sweep[0][0].Nodes[0] = 5 },
		"node in two blocks": func(m *sampling.Model) { m.Sweep[1][0].Nodes[0] = 6 },
		"empty block":        func(m *sampling.Model) { m.Sweep[1][0].Nodes = nil },
		"clamp values":       func(m *sampling.Model) { m.Clamps[0].Chains = 3 },
		"clamp value":        func(m *sampling.Model) { m.Clamps[0].Values[0] = 0 },
		"clamp node":         func(m *sampling.Model) { m.Clamps[0].Nodes[0] = 7 },
		"start value":        func(m *sampling.Model) { m.Init[2].Values[0] = 3 },
		"start values":       func(m *sampling.Model) { m.Init[2].Values = nil },
		"more starts":        func(m *sampling.Model) { m.Init = append(m.Init, sampling.Init{}) },
		"infinite β":         func(m *sampling.Model) { m.Beta = math.Inf(1) },
		"node twice in a row": func(m *sampling.Model) {
			f := &m.Factors[1]
			f.Slots[1] = f.Slots[0]
			f.Table, f.Index = nil, []int32{0, 1, 2, 2}
			f.Weights = f.Weights[:1]
		},
	} {
		m := codecModel()
		change(m)
		if _, err := sampling.DecodeModel(m.AppendBinary(nil)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Lengths in a damaged payload with a right checksum do not lead to panics or to
// more memory than the file is worth.
func TestCodecSurvivesWrongLengths(t *testing.T) {
	b := codecModel().AppendBinary(nil)
	r := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		x := bytes.Clone(b)
		for range 1 + r.IntN(3) {
			x[28+r.IntN(len(x)-28)] = byte(r.IntN(256))
		}
		binary.LittleEndian.PutUint64(x[20:], crc64.Checksum(x[28:], crc64.MakeTable(crc64.ECMA)))
		decodeAndSample(t, x)
	}
}

func FuzzDecodeModel(f *testing.F) {
	f.Add(codecModel().AppendBinary(nil)[28:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		x := append([]byte("THRMLGEN\x01\x00\x00\x00"), make([]byte, 16)...)
		binary.LittleEndian.PutUint64(x[12:], uint64(len(payload)))
		binary.LittleEndian.PutUint64(x[20:], crc64.Checksum(payload, crc64.MakeTable(crc64.ECMA)))
		decodeAndSample(t, append(x, payload...))
	})
}

// decodeAndSample reads a model; what is read can be written again and, if it
// is small, sampled.
func decodeAndSample(t *testing.T, b []byte) {
	m, err := sampling.DecodeModel(b)
	if err != nil {
		return
	}
	if !bytes.Equal(m.AppendBinary(nil), b) {
		t.Fatal("decoding and encoding changed the bytes")
	}
	if m.Nodes > 100 || m.Chains > 100 || math.Abs(m.Beta) > 100 || m.Format.Fraction < 0 || m.Format.Fraction > 20 {
		return
	}
	for _, beta := range m.Betas {
		if beta < 0 || beta > 100 {
			return
		}
	}
	for _, f := range m.Factors {
		for _, w := range f.Weights {
			if math.Abs(w) > 100 {
				return
			}
		}
	}
	if s, err := sampling.NewSampler(m, sampling.Options{Chains: 2}); err == nil {
		s.Sweep()
	}
}

func TestIndexOf(t *testing.T) {
	vars := codecModel().Vars
	for ref, want := range map[string]int{"s[0,0]": 0, "s[1, 0]": 2, "b": 4, "x[1]": 6} {
		if got, err := sampling.NodeIndex(vars, ref); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", ref, got, err, want)
		}
	}
	for _, ref := range []string{"", "s", "s[", "s[]", "s[0]", "s[0,2]", "s[-1,0]", "s[0,0", "b[0]", "y", "x[+]", "x[1]]"} {
		if got, err := sampling.NodeIndex(vars, ref); err == nil {
			t.Errorf("%q: %d, no error", ref, got)
		}
	}
}

func TestNodeIndices(t *testing.T) {
	vars := codecModel().Vars
	for ref, want := range map[string][]int32{
		"s": {0, 1, 2, 3}, "s[1,0]": {2}, "s[:,1]": {1, 3}, "s[0, :]": {0, 1}, "s[0:2:9,0]": {0}, "s[[1, 0],1]": {3, 1}, "b": {4}, "s[1:,0]": {2},
	} {
		if got, err := sampling.NodeIndices(vars, ref); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", ref, got, err, want)
		}
	}
	for _, ref := range []string{"", "y", "s[0]", "s[]", "s[0,2]", "s[1:1,0]", "s[0:3,0]", "s[-1:,0]", "s[0:1:0,0]", "s[0:1:1:1,0]", "s[[0,0]", "s[[],0]", "s[[0,1],", "b[0]"} {
		if got, err := sampling.NodeIndices(vars, ref); err == nil {
			t.Errorf("%q: %v, no error", ref, got)
		}
	}
}
