package graph

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// build makes a model that must be right.
func build(t *testing.T, text string) *Graph {
	t.Helper()
	g, l := tryBuild(t, text, mapFiles{})
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	return g
}

// tryBuild parses, which must succeed, and builds.
func tryBuild(t *testing.T, text string, files Files) (*Graph, *diag.List) {
	t.Helper()
	s, l := spec.Parse("model.yaml", []byte(text))
	if l.Len() > 0 {
		t.Fatalf("parse: %v\n%s", l.Err(), text)
	}
	return Build(s, files)
}

// mapFiles are files in memory.
type mapFiles map[string][]byte

func (m mapFiles) ReadFile(path string) ([]byte, error) {
	if b, ok := m[path]; ok {
		return b, nil
	}
	return nil, &FileError{diag.Env, path + " does not exist"}
}

// load builds one of testdata/models.
func load(t *testing.T, name string) *Graph {
	t.Helper()
	path := filepath.Join("testdata", "models", name+".yaml")
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, l := spec.Parse(path, src)
	if l.Len() > 0 {
		t.Fatal(l.Err())
	}
	g, l := Build(s, DirFiles(s.Dir))
	if l.Len() > 0 {
		t.Fatal(l.Err())
	}
	return g
}

func blockSizes(g *Graph) [][]int {
	var sizes [][]int
	for _, super := range g.Blocks {
		var s []int
		for _, b := range super {
			s = append(s, len(b.Nodes))
		}
		sizes = append(sizes, s)
	}
	return sizes
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !deepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestChain5(t *testing.T) {
	g := load(t, "chain5")
	equal(t, "nodes", g.Nodes, 5)
	equal(t, "factors", len(g.Factors), 2)
	equal(t, "edges", g.Edges, 4)
	equal(t, "max degree", g.MaxDegree, 2)
	bias, pair := &g.Factors[0], &g.Factors[1]
	equal(t, "bias rows", bias.Index, []int32{0, 1, 2, 3, 4})
	equal(t, "bias weights", bias.Weights, []float64{0})
	equal(t, "bias shared", bias.Shared, true)
	equal(t, "pair rows", pair.Index, []int32{0, 1, 1, 2, 2, 3, 3, 4})
	equal(t, "pair weights", pair.Weights, []float64{0.5})
	equal(t, "first block", g.Blocks[0][0].Nodes, []int32{0, 2, 4})
	equal(t, "second block", g.Blocks[1][0].Nodes, []int32{1, 3})
	equal(t, "coloured", g.Coloured, false)
	equal(t, "init", g.Init, []Init{{Kind: InitHinton}})
	equal(t, "sample", g.Sample, Sample{Chains: 1, Warmup: 100, Samples: 1000, StepsPerSample: 2})
	equal(t, "names", []string{bias.Name, pair.Name, g.NodeName(4)}, []string{"f0", "f1", "s[4]"})
}

func TestPotts20(t *testing.T) {
	g := load(t, "potts20")
	equal(t, "nodes", g.Nodes, 400)
	equal(t, "edges", g.Edges, 2*20*19)
	equal(t, "max degree", g.MaxDegree, 4)
	f := &g.Factors[0]
	equal(t, "rows", f.Rows, 760)
	equal(t, "table", f.Table, []int{5, 5})
	equal(t, "shared", f.Shared, true)
	for c := range 25 {
		want := 0.0
		if c/5 == c%5 {
			want = 1
		}
		equal(t, "weight", f.Weights[c], want)
	}
	equal(t, "blocks", blockSizes(g), [][]int{{200}, {200}})
	equal(t, "node", g.NodeName(64), "x[3,4]")
	equal(t, "states", g.Vars[0].States, 5)
}

func TestPegasus14(t *testing.T) {
	g := load(t, "pegasus14")
	equal(t, "nodes", g.Nodes, 4264)
	equal(t, "edges", g.Edges, 30404)
	equal(t, "max degree", g.MaxDegree, 15)
	equal(t, "blocks", blockSizes(g), [][]int{{1066}, {1066}, {1066}, {1066}})
	equal(t, "bias", g.Factors[0].Weights, drawNormal(1, 4264, 0, 1))
	equal(t, "weights", g.Factors[1].Weights, drawNormal(2, 30404, 0, 1))
	p14, _ := Pegasus(14)
	for r, e := range p14.Edges {
		if g.Factors[1].Index[2*r] != e[0] || g.Factors[1].Index[2*r+1] != e[1] {
			t.Fatalf("row %d is not edge %v", r, e)
		}
	}
}

func TestCubic(t *testing.T) {
	g := load(t, "cubic")
	equal(t, "nodes", g.Nodes, 9)
	// Six pairs, and three triples of three pairs each, none of them the same.
	equal(t, "edges", g.Edges, 6+9)
	f := &g.Factors[2]
	equal(t, "rows", f.Index, []int32{0, 3, 6, 1, 4, 7, 2, 5, 8})
	equal(t, "weights", f.Weights, []float64{0.8, -0.6, 0.4})
	equal(t, "shared", f.Shared, false)
	checkBlocks(t, g)
	if len(g.Blocks) < 3 {
		t.Errorf("a triple needs three blocks, got %d", len(g.Blocks))
	}
}

func TestMixed(t *testing.T) {
	g := load(t, "mixed")
	equal(t, "nodes", g.Nodes, 6)
	equal(t, "scalar name", g.NodeName(5), "b")
	f := &g.Factors[2] // over [s, a]: rows (s0,a0) (s1,a0) (s2,a1)
	equal(t, "rows", f.Index, []int32{0, 3, 1, 3, 2, 4})
	equal(t, "table", f.Table, []int{3})
	equal(t, "weights", f.Weights, drawNormal(11, 9, 0, 1))
	f = &g.Factors[3]
	equal(t, "pair table", f.Table, []int{3, 5})
	equal(t, "pair rows", f.Index, []int32{3, 5, 4, 5})
	equal(t, "pair weights", len(f.Weights), 2*15)
	f = &g.Factors[1]
	equal(t, "unary", f.Weights, []float64{0, 0.3, -0.2, 0.1, 0, 0.4})
	// s0-a0, s1-a0, s2-a1, a0-b, a1-b, s0-s1, s0-a1, s1-a1, s1-s2, s2-a0.
	equal(t, "edges", g.Edges, 10)
	checkBlocks(t, g)
}

func TestG11(t *testing.T) {
	g := load(t, "g11")
	equal(t, "nodes", g.Nodes, 800)
	equal(t, "edges", g.Edges, 1600)
	f := &g.Factors[0]
	// First line of edges: 1 793 1, and H = +w s s.
	equal(t, "first row", f.Index[:2], []int32{0, 792})
	equal(t, "first weights", f.Weights[:3], []float64{-1, 1, -1})
	sum := 0.0
	for _, w := range f.Weights {
		sum -= w
	}
	equal(t, "total weight", g.MaxCut.TotalWeight, sum)
	equal(t, "blocks", blockSizes(g), [][]int{{400}, {400}}) // a 100 × 8 torus is bipartite
}

// checkBlocks holds what every valid order has: each node once, a block of one
// kind, and no row with two nodes of one superblock.
func checkBlocks(t *testing.T, g *Graph) {
	t.Helper()
	super := slices.Repeat([]int{-1}, g.Nodes)
	for i, blocks := range g.Blocks {
		for _, b := range blocks {
			for _, n := range b.Nodes {
				if super[n] >= 0 {
					t.Errorf("%s is in two blocks", g.NodeName(int(n)))
				}
				super[n] = i
				if a, c := g.Vars[g.varOf(n)].Kind, g.Vars[g.varOf(b.Nodes[0])].Kind; a != c {
					t.Errorf("superblock %d has a block of %ss and %ss", i, a, c)
				}
			}
		}
	}
	for n, s := range super {
		if s < 0 {
			t.Errorf("%s is in no block", g.NodeName(n))
		}
	}
	for i := range g.Factors {
		f := &g.Factors[i]
		s := len(f.Slots)
		for r := range f.Rows {
			seen := map[int]bool{}
			for _, n := range f.Index[r*s : r*s+s] {
				if seen[super[n]] {
					t.Errorf("row %d of %s has two nodes in superblock %d", r, f.Name, super[n])
				}
				seen[super[n]] = true
			}
		}
	}
}

func deepEqual(a, b any) bool {
	switch x := a.(type) {
	case []float64:
		y := b.([]float64)
		return slices.EqualFunc(x, y, func(p, q float64) bool { return math.Float64bits(p) == math.Float64bits(q) })
	}
	return reflect.DeepEqual(a, b)
}

// TestExpand: the expanded text of a model is a model with the same hash, and
// its own expansion.
func TestExpand(t *testing.T) {
	texts := map[string]string{}
	for _, name := range []string{"chain5", "potts20", "pegasus14", "cubic", "mixed", "g11"} {
		texts[name] = load(t, name).Expand()
	}
	for i, text := range variedModels {
		texts[string(rune('A'+i))] = build(t, text).Expand()
	}
	for name, text := range texts {
		g, l := tryBuild(t, text, mapFiles{})
		if l.Len() > 0 {
			t.Errorf("%s: %v\n%s", name, l.Err(), text[:min(len(text), 2000)])
			continue
		}
		if again := g.Expand(); again != text {
			t.Errorf("%s: expanding again changes the text:\n%s\n%s", name, text[:min(len(text), 2000)], again[:min(len(again), 2000)])
		}
	}
	for _, name := range []string{"chain5", "potts20", "pegasus14", "cubic", "mixed", "g11"} {
		if a, b := load(t, name).Hash(), build(t, texts[name]).Hash(); a != b {
			t.Errorf("%s: hash %s, expanded %s", name, a, b)
		}
	}
	for i, text := range variedModels {
		if a, b := build(t, text).Hash(), build(t, texts[string(rune('A'+i))]).Hash(); a != b {
			t.Errorf("%d: hash %s, expanded %s\n%s", i, a, b, texts[string(rune('A'+i))])
		}
	}
}

// variedModels use what the normative ones do not.
var variedModels = []string{
	`model: a
variables: {s: {kind: spin, shape: [2, 3]}, c: {kind: categorical, states: 3}, q: {kind: spin}}
groups: {left: "s[:, 0]", both: [left, q], odd: {parity: 1, of: s}, some: {random: {of: s, n: 2, seed: 5}}}
factors:
  - {name: pair, over: [s, s], edges: {grid: s}, weights: {uniform: [-1, 1], seed: 3}, runtime: true}
  - {over: [s, c], index: [[0, 0], [1, 0]], weights: {normal: [0, 1], seed: 2}, scale: 0.5}
  - {over: [s, q], index: [[5, 0]], weights: -0.25}
beta: 0.7
init: {s: hinton, c: zeros}
clamp: {q: 1, "s[:, 0]": [1, -1]}
format: {fraction: 8, budget: 0.001, rng: philox7}
sample: {chains: 3, warmup: 4, samples: 5, seed: 18446744073709551615, betas: {from: 0.1, to: 0.7, shape: geometric}}
observe: [energy, {state: [left, q]}, best, moments, magnetisation]
`,
	`model: b
graphs: {g: {grid: [3, 4]}}
variables: {s: {kind: spin, on: {g: {random: 0.5, seed: 4}}}, c: {kind: categorical, states: 4, on: {g: rest}}}
factors:
  - {over: [s, c], edges: g, weights: {normal: [0, 1], seed: 1}}
  - {over: [s, s], edges: g, weights: {signs: 1.0, seed: 1}}
  - {over: [c, c], edges: g, weights: {identity: -1.5}}
beta: beta_now
`,
	`model: c
ising: {graph: {torus: [4, 4]}, biases: {normal: [0, 1], seed: 1}, weights: 0.5}
runtime: true
blocks: [{together: ["s[0,:]", "s[2,:]"]}, ["s[1,:]", "s[3,:]"]]
synchronous: true
`,
	`model: d
potts: {graph: {king: [3, 3]}, states: 3, coupling: {normal: [1, 0.1], seed: 8}}
clamp: {x: 2}
observe: []
`,
	`model: e
ising: {edges: [[0, 1], [1, 2], [0, 2]], weights: [0.1, 0.2, 0.3]}
`,
}

func TestRef(t *testing.T) {
	g := build(t, variedModels[0]) // s is 0 … 5 in two rows of three, c 6, q 7
	for text, want := range map[string][]int32{
		"s":              {0, 1, 2, 3, 4, 5},
		"s[3]":           {3},
		"s[1,2]":         {5},
		"s[:,1]":         {1, 4},
		"s[1,:]":         {3, 4, 5},
		"s[0:6:2]":       {0, 2, 4},
		"s[1:4]":         {1, 2, 3},
		"s[[5, 1]]":      {5, 1},
		"s[[1, 0],[2]]":  {5, 2},
		"c":              {6},
		"q[0]":           {7},
		"left":           {0, 3},
		"both":           {0, 3, 7},
		"odd":            {1, 3, 5},
		"s - left":       {1, 2, 4, 5},
		"s & both":       {0, 3},
		"odd & s[3:6]":   {3, 5},
		"both - q":       {0, 3},
		"s - left - odd": {2, 4},
	} {
		got, err := g.Ref(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"t":         "no variable or group",
		"lft":       "did you mean left?",
		"s[6]":      "outside 0 … 5",
		"s[2,0]":    "outside 0 … 1",
		"s[0,0,0]":  "3 indices",
		"s[0:7]":    "outside 0 … 6",
		"left[0]":   "takes no index",
		"s[":        "index is expected",
		"":          "",
		"q - both":  "names no node",
		"s[-1]":     "negative",
		"s: 1\nq":   "",
		"s\"}\nx: ": "",
	} {
		if _, err := g.Ref(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestBetaRamps(t *testing.T) {
	// Exact ends; every step against math.Pow, which is within a few units.
	for _, c := range []struct {
		from, to float64
		n        int
	}{{0.1, 5, 2}, {0.1, 5, 3}, {1, 1024, 11}, {3, 0.2, 1000}, {1e-300, 1e300, 77}, {2, 2, 5}} {
		got := geometricRamp(c.from, c.to, c.n)
		equal(t, "first", got[0], c.from)
		equal(t, "last", got[c.n-1], c.to)
		for i, x := range got {
			share := float64(i) / float64(c.n-1)
			want := c.from * math.Pow(c.to/c.from, share)
			if c.from < 1e-200 { // to/from overflows
				want = math.Exp(math.Log(c.from)*(1-share) + math.Log(c.to)*share)
			}
			if math.Abs(x/want-1) > 1e-12 {
				t.Errorf("%v: step %d is %v, want %v", c, i, x, want)
			}
		}
	}
	equal(t, "powers of two", geometricRamp(1, 1024, 11), []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024})
	equal(t, "linear", linearRamp(0, 1, 5), []float64{0, 0.25, 0.5, 0.75, 1})
	g := build(t, variedModels[0])
	equal(t, "betas", g.Betas, geometricRamp(0.1, 0.7, 4))
	equal(t, "beta", g.Beta, 0.7)
}
