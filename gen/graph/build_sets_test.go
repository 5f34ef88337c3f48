package graph

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// archive is an .npz of arrays given as name, shape, data.
func archive(t *testing.T, entries ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	for i := 0; i < len(entries); i += 3 {
		if err := z.Add(entries[i].(string), entries[i+1].([]int), entries[i+2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tensors is a .safetensors file of arrays given as name, shape, data.
func tensors(t *testing.T, entries ...any) []byte {
	t.Helper()
	var data bytes.Buffer
	var header []string
	for i := 0; i < len(entries); i += 3 {
		dtype := map[string]string{"[]bool": "BOOL", "[]int8": "I8", "[]int32": "I32", "[]int64": "I64", "[]uint8": "U8", "[]float32": "F32", "[]float64": "F64"}[fmt.Sprintf("%T", entries[i+2])]
		begin := data.Len()
		if err := binary.Write(&data, binary.LittleEndian, entries[i+2]); err != nil || dtype == "" {
			t.Fatalf("%T: %v", entries[i+2], err)
		}
		header = append(header, fmt.Sprintf("%q:{\"dtype\":%q,\"shape\":%s,\"data_offsets\":[%d,%d]}", entries[i], dtype,
			shapeText(entries[i+1].([]int)), begin, data.Len()))
	}
	text := "{" + strings.Join(header, ",") + "}"
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), []byte(text), data.Bytes())
}

// TestFileGroups: what an array says of the nodes of one variable, or of `of`.
func TestFileGroups(t *testing.T) {
	files := mapFiles{"f.npz": archive(t,
		"at", []int{3}, []uint8{5, 0, 3},
		"grid", []int{2, 3}, []bool{true, false, false, false, true, true},
		"mask", []int{6}, []bool{true, false, false, false, true, true},
		"one", []int{1}, []int64{1},
		"half", []int{3}, []bool{false, true, true})}
	g, l := tryBuild(t, `model: m
variables: {s: {kind: spin, shape: [2, 3]}}
groups:
  a: {file: f.npz#at}
  b: {file: f.npz#grid}
  c: {file: f.npz#mask, of: s}
  d: {file: f.npz#half, of: "s[1, :]"}
  e: {file: f.npz#one, of: a}
  f: {file: f.npz#half, of: a}
  g: a - e
factors: [{over: [s, s], edges: {grid: s}, weights: 1.0}]
observe: [{state: [g]}]
`, files)
	if g == nil {
		t.Fatal(l.Err())
	}
	equal(t, "groups", g.Groups, []Group{{"a", []int32{5, 0, 3}}, {"b", []int32{0, 4, 5}}, {"c", []int32{0, 4, 5}},
		{"d", []int32{4, 5}}, {"e", []int32{0}}, {"f", []int32{0, 3}}, {"g", []int32{5, 3}}})
	equal(t, "observed", g.Observe[0].Nodes, []int32{5, 3})
}

// TestSetsEverywhere: unions, intersections and differences wherever a reference
// may stand.
func TestSetsEverywhere(t *testing.T) {
	g := build(t, `model: m
variables: {s: {kind: spin, shape: [4, 4]}, c: {kind: categorical, states: 3, shape: [4]}}
groups:
  even: {parity: 0, of: [s, c]}
  edge: ["s[0, :]", "s[3, :]", "s[:, 0]", "s[:, 3]"]
  inner: s - edge
  both: even & edge
  few: {random: {of: [inner, "c[1:3]"], n: 3, seed: 1}}
factors: [{over: [s, s], edges: {grid: s}, weights: 1.0}, {over: [s, c], index: [[5, 0]], weights: 1.0}]
clamp: {"both - s[0]": 1}
blocks: [[even & s, c], "s - even"]
observe: [{state: [inner, even & c]}]
synchronous: true
`)
	find := func(name string) []int32 {
		return g.Groups[slices.IndexFunc(g.Groups, func(x Group) bool { return x.Name == name })].Nodes
	}
	equal(t, "parity", find("even"), []int32{0, 2, 5, 7, 8, 10, 13, 15, 16, 18})
	equal(t, "union", find("edge"), []int32{0, 1, 2, 3, 12, 13, 14, 15, 4, 8, 7, 11})
	equal(t, "difference", find("inner"), []int32{5, 6, 9, 10})
	equal(t, "intersection", find("both"), []int32{0, 2, 7, 8, 13, 15})
	equal(t, "random", len(find("few")), 3)
	equal(t, "clamped", g.Clamps[0].Nodes, []int32{2, 7, 8, 13, 15})
	equal(t, "blocks", g.Blocks[0][0].Nodes, []int32{0, 2, 5, 7, 8, 10, 13, 15, 16, 17, 18, 19})
	equal(t, "second block", g.Blocks[1][0].Nodes, []int32{1, 3, 4, 6, 9, 11, 12, 14})
	equal(t, "observed", g.Observe[0].Nodes, []int32{5, 6, 9, 10, 16, 18})
}

// TestShares: on: {g: {random: …}} takes node i where its word is below the
// share of 2^32; a mask takes where it is true; the rest is what no other
// variable has. Shares of one seed are nested, those of two seeds independent,
// and the parts hold the whole graph once.
func TestShares(t *testing.T) {
	part := func(share string, seed int) []int32 {
		g := build(t, fmt.Sprintf("model: m\ngraphs: {g: {torus: [50, 60]}}\nvariables: {a: {kind: spin, on: {g: {random: %s, seed: %d}}}}\nfactors: [{over: [a, a], edges: g, weights: 1.0}]\n", share, seed))
		return g.Vars[0].OnNodes
	}
	half := part("0.5", 1)
	equal(t, "the same seed again", part("0.5", 1), half)
	for _, share := range []string{"0.1", "0.25", "0.5", "0.9"} {
		var p float64
		fmt.Sscan(share, &p)
		chosen := part(share, 1)
		// Six standard deviations: a right share fails once in 5e8.
		if far := math.Abs(float64(len(chosen)) - 3000*p); far > 6*math.Sqrt(3000*p*(1-p)) {
			t.Errorf("a share of %s takes %d of 3000", share, len(chosen))
		}
		if p < 0.5 {
			for _, n := range chosen {
				if !slices.Contains(half, n) {
					t.Errorf("node %d is in a share of %s and not in one half", n, share)
				}
			}
		}
	}
	both := 0
	for _, n := range part("0.5", 2) {
		if slices.Contains(half, n) {
			both++
		}
	}
	if math.Abs(float64(both)-750) > 6*math.Sqrt(3000*0.25*0.75) {
		t.Errorf("two halves with different seeds share %d nodes of 3000", both)
	}
	equal(t, "everything", len(part("1", 1)), 3000)
	// The first nodes of a share are pinned: they are part of the model format.
	equal(t, "for ever", half[:8], pinnedShare)

	mask := make([]bool, 12)
	mask[1], mask[7] = true, true
	g, l := tryBuild(t, `model: m
graphs: {g: {grid: [3, 4]}}
variables:
  a: {kind: spin, on: {g: {file: m.npz#m}}}
  b: {kind: categorical, states: 3, on: {g: {random: 0.5, seed: 3}}}
  c: {kind: spin, on: {g: rest}}
  d: {kind: spin, shape: [2]}
factors: [{over: [c, c], edges: g, weights: 1.0}]
`, mapFiles{"m.npz": archive(t, "m", []int{3, 4}, mask)})
	if g == nil {
		t.Fatal(l.Err())
	}
	equal(t, "masked", g.Vars[0].OnNodes, []int32{1, 7})
	for n := range int32(12) {
		in := slices.Contains(g.Vars[0].OnNodes, n) || slices.Contains(g.Vars[1].OnNodes, n)
		if slices.Contains(g.Vars[2].OnNodes, n) == in {
			t.Errorf("node %d: in a or b %v, in the rest %v", n, in, !in)
		}
	}
}

var pinnedShare = []int32{0, 8, 9, 11, 12, 13, 14, 15}

// TestTraining: a model samples whatever its training section says, as long as
// it says it right; the files of the section need not be there.
func TestTraining(t *testing.T) {
	plain := "model: m\nvariables: {s: {kind: spin, shape: [4]}, c: {kind: categorical, states: 3, shape: [2]}}\nfactors: [{over: [s, s], edges: {chain: s}, weights: 1.0}]\n"
	section := `train:
  data: [[-1, 1], [1, 1], [1, -1]]
  held_out: gone.npz#x
  visible: "s[0:2]"
  condition: {c: [[0, 2], [1, 1], [2, 0]], "s[3]": {bernoulli: 0.5, rows: 3}}
  batch: 3
  positive: {blocks: ["s[2]"], init: hinton}
  negative: {init: {s: zeros, c: random}, blocks: [{together: [s, c]}]}
`
	if a, b := build(t, plain), build(t, plain+section); a.Hash() != b.Hash() {
		t.Error("training changes the law")
	}
	for _, name := range []string{"kl_chain4", "pegasus14_train"} {
		g := load(t, name)
		if len(g.Factors) != 2 || !g.Factors[0].Runtime {
			t.Errorf("%s: %d factors", name, len(g.Factors))
		}
	}
	s, l := spec.Parse("model.yaml", []byte(plain+section))
	if l.Len() > 0 || s.Train == nil || s.Train.Condition[1].Data.Rows.V != 3 || s.Train.Negative.Init.Vars[0].Kind != "zeros" {
		t.Errorf("%v %+v", l.Err(), s.Train)
	}
}
