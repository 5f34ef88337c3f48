package graph

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// energy is H of a state: spins -1 or 1, categories by number.
func energy(g *Graph, state []int32) float64 {
	h := 0.0
	for i := range g.Factors {
		f := &g.Factors[i]
		s, size := len(f.Slots), f.TableSize()
		for r := range f.Rows {
			at, sign := 0, 1.0
			if !f.Shared {
				at = r
			}
			for k, n := range f.Index[r*s : r*s+s] {
				if f.Slots[k].Kind == Spin {
					sign *= float64(state[n])
				} else {
					at = at*f.Slots[k].States + int(state[n])
				}
			}
			if f.Shared {
				at %= size
			}
			h -= f.Weights[at] * sign
		}
	}
	return h
}

func randomState(g *Graph, r *rand.Rand) []int32 {
	state := make([]int32, g.Nodes)
	for i := range g.Vars {
		v := &g.Vars[i]
		for k := range v.Count {
			if v.Kind == Spin {
				state[v.First+k] = 2*r.Int32N(2) - 1
			} else {
				state[v.First+k] = r.Int32N(int32(v.States))
			}
		}
	}
	return state
}

// TestRandomModels: models of random variables and rows, some rows repeated in
// another order under `duplicates: sum`. The energy is that of the same rows
// each in a factor of its own, exactly, since weights are small integers; blocks
// are right; expanding keeps the hash.
func TestRandomModels(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	merged := 0
	for range 200 {
		var vars strings.Builder
		names, kinds, counts := []string{}, []int{}, []int{}
		for i := range 1 + r.IntN(3) {
			name, states, count := fmt.Sprintf("v%d", i), r.IntN(4), 1+r.IntN(4)
			if states < 2 {
				states = 0
				fmt.Fprintf(&vars, "  %s: {kind: spin, shape: [%d]}\n", name, count)
			} else {
				fmt.Fprintf(&vars, "  %s: {kind: categorical, states: %d, shape: [%d]}\n", name, states, count)
			}
			names, kinds, counts = append(names, name), append(kinds, states), append(counts, count)
		}
		var together, apart strings.Builder
		for range 1 + r.IntN(4) {
			slots := make([]int, 1+r.IntN(3))
			over := make([]string, len(slots))
			table := []int{}
			for k := range slots {
				slots[k] = r.IntN(len(names))
				over[k] = names[slots[k]]
				if kinds[slots[k]] > 0 {
					table = append(table, kinds[slots[k]])
				}
			}
			var rows, weights []string
			for range 1 + r.IntN(6) {
				row := make([]string, len(slots))
				seen := map[string]bool{}
				for k, v := range slots {
					row[k] = fmt.Sprint(r.IntN(counts[v]))
					seen[over[k]+row[k]] = true
				}
				if len(seen) < len(row) {
					continue
				}
				w := nestedWeights(r, table)
				rows, weights = append(rows, "["+strings.Join(row, ", ")+"]"), append(weights, w)
				fmt.Fprintf(&apart, "  - {over: [%s], index: [%s], weights: [%s]}\n", strings.Join(over, ", "), rows[len(rows)-1], w)
			}
			if rows == nil {
				continue
			}
			fmt.Fprintf(&together, "  - {over: [%s], index: [%s], weights: [%s], duplicates: sum}\n",
				strings.Join(over, ", "), strings.Join(rows, ", "), strings.Join(weights, ", "))
		}
		if together.Len() == 0 {
			continue
		}
		head := "model: m\nvariables:\n" + vars.String() + "factors:\n"
		a, b := build(t, head+together.String()), build(t, head+apart.String())
		merged += len(b.Factors)
		for i := range a.Factors {
			merged -= a.Factors[i].Rows
		}
		for range 5 {
			state := randomState(a, r)
			if x, y := energy(a, state), energy(b, state); x != y {
				t.Fatalf("energy %v together, %v apart, state %v\n%s%s", x, y, state, head, together.String())
			}
		}
		checkBlocks(t, a)
		equal(t, "edges", a.Edges, b.Edges)
		if expanded := build(t, a.Expand()); expanded.Hash() != a.Hash() {
			t.Fatalf("expanding changes the hash\n%s%s", head, together.String())
		}
	}
	if merged < 20 {
		t.Errorf("only %d rows were repeated: the test tests little", merged)
	}
}

func nestedWeights(r *rand.Rand, table []int) string {
	if len(table) == 0 {
		return fmt.Sprint(r.IntN(19) - 9)
	}
	parts := make([]string, table[0])
	for i := range parts {
		parts[i] = nestedWeights(r, table[1:])
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// TestMergeTransposes: a repeated row in the other order has its table turned.
func TestMergeTransposes(t *testing.T) {
	g := build(t, `model: m
variables: {x: {kind: categorical, states: 2, shape: [3]}}
factors:
  - {over: [x, x], index: [[0, 1], [2, 1], [1, 0], [0, 1]], weights: [[1, 2], [3, 4]], duplicates: sum}
`)
	f := &g.Factors[0]
	equal(t, "rows", f.Index, []int32{0, 1, 2, 1})
	equal(t, "shared", f.Shared, false)
	// 2·[[1 2] [3 4]] + [[1 3] [2 4]]
	equal(t, "weights", f.Weights, []float64{3, 7, 8, 12, 1, 2, 3, 4})
}

// TestRuntimeKeepsRows: every row of a runtime factor has its own weight.
func TestRuntimeKeepsRows(t *testing.T) {
	g := build(t, `model: m
variables: {s: {kind: spin, shape: [2]}}
factors:
  - {over: [s, s], index: [[0, 1], [1, 0]], weights: [1, 2], duplicates: sum, runtime: true}
`)
	equal(t, "weights", g.Factors[0].Weights, []float64{1, 2})
	equal(t, "edges", g.Edges, 1)
}

// TestParts: variables on parts of a graph share out its nodes and edges.
func TestParts(t *testing.T) {
	g := build(t, `model: m
graphs: {g: {torus: [6, 7]}}
variables:
  a: {kind: spin, on: {g: {random: 0.4, seed: 11}}}
  c: {kind: spin, on: {g: rest}}
factors:
  - {over: [a, a], edges: g, weights: 1.0}
  - {over: [c, a], edges: g, weights: 1.0}
  - {over: [c, c], edges: g, weights: 1.0}
`)
	a, c := &g.Vars[0], &g.Vars[1]
	equal(t, "nodes", a.Count+c.Count, 42)
	words := rng.NewWords(11, 10)
	var want []int32
	for i := range 42 {
		if float64(words.Word32(rng.PurposeWeights, 0, 0, uint32(i), 0)) < 0.4*(1<<32) {
			want = append(want, int32(i))
		}
	}
	equal(t, "chosen", a.OnNodes, want)
	if len(want) < 8 || len(want) > 26 {
		t.Errorf("a share of 0.4 chose %d of 42", len(want))
	}
	seen := map[[2]int32]bool{}
	onGraph := func(n int32) int32 {
		v := &g.Vars[g.varOf(n)]
		return v.OnNodes[int(n)-v.First]
	}
	for i := range g.Factors {
		f := &g.Factors[i]
		for r := range f.Rows {
			u, v := onGraph(f.Index[2*r]), onGraph(f.Index[2*r+1])
			seen[[2]int32{min(u, v), max(u, v)}] = true
			for k := range 2 {
				if g.varOf(f.Index[2*r+k]) != f.Slots[k].Var {
					t.Errorf("row %d of %s has slot %d in another variable", r, f.Name, k)
				}
			}
		}
	}
	torus, _ := Torus(6, 7)
	equal(t, "edges", len(seen), len(torus.Edges))
	for _, e := range torus.Edges {
		if !seen[e] {
			t.Errorf("edge %v is missing", e)
		}
	}
	equal(t, "pairs", g.Edges, len(torus.Edges))
	checkBlocks(t, g)
}

// TestBothOnOneGraph: with two variables on every node, an edge joins them both
// ways.
func TestBothOnOneGraph(t *testing.T) {
	g := build(t, `model: m
graphs: {g: {chain: 3}}
variables: {a: {kind: spin, on: g}, b: {kind: spin, on: g}}
factors: [{over: [a, b], edges: g, weights: 1.0}]
`)
	equal(t, "rows", g.Factors[0].Index, []int32{0, 4, 1, 3, 1, 5, 2, 4})
}

func TestPairs(t *testing.T) {
	g := build(t, `model: m
variables: {a: {kind: spin, shape: [3]}, b: {kind: spin, shape: [2]}}
factors: [{over: [a, a], index: pairs, weights: 1.0}, {over: [b, a], index: pairs, weights: 1.0}]
`)
	equal(t, "one variable", g.Factors[0].Index, []int32{0, 1, 0, 2, 1, 2})
	equal(t, "two variables", g.Factors[1].Index, []int32{3, 0, 3, 1, 3, 2, 4, 0, 4, 1, 4, 2})
	equal(t, "edges", g.Edges, 9)
}

// TestFamilies: a family is the model that it stands for.
func TestFamilies(t *testing.T) {
	for family, general := range map[string]string{
		"ising: {graph: {torus: [3, 4]}, biases: {normal: [0, 1], seed: 1}, weights: {signs: 1.0, seed: 2}}\n": `
graphs: {g: {torus: [3, 4]}}
variables: {s: {kind: spin, on: g}}
factors:
  - {over: [s], index: all, weights: {normal: [0, 1], seed: 1}}
  - {over: [s, s], edges: g, weights: {signs: 1.0, seed: 2}}
`,
		"ising: {edges: [[0, 1], [2, 1]], weights: [0.25, -1]}\n": `
variables: {s: {kind: spin, shape: [3]}}
factors: [{over: [s, s], index: [[0, 1], [2, 1]], weights: [0.25, -1]}]
`,
		"ising: {edges: [[0, 1]], weights: 1.0, biases: [1, 2, 3]}\n": `
variables: {s: {kind: spin, shape: [3]}}
factors: [{over: [s], index: all, weights: [1, 2, 3]}, {over: [s, s], index: [[0, 1]], weights: 1.0}]
`,
		"graphs: {g: {ring: 5}}\npotts: {graph: g, states: 3, coupling: 0.5}\n": `
graphs: {g: {ring: 5}}
variables: {x: {kind: categorical, states: 3, on: g}}
factors: [{over: [x, x], edges: g, weights: {identity: 0.5}}]
`,
		"potts: {graph: {chain: 3}, states: 2, coupling: [0.5, 2]}\n": `
variables: {x: {kind: categorical, states: 2, shape: [3]}}
factors: [{over: [x, x], edges: {chain: x}, weights: [[[0.5, 0], [0, 0.5]], [[2, 0], [0, 2]]]}]
`,
	} {
		a, b := build(t, "model: m\n"+family), build(t, "model: m"+general)
		if a.Hash() != b.Hash() {
			t.Errorf("%s\n%s", family, a.Expand())
		}
	}
}

// TestCut: the cut of a state counted edge by edge is (total − H)/2.
func TestCut(t *testing.T) {
	g := load(t, "g11")
	r := rand.New(rand.NewPCG(3, 4))
	raw, err := os.ReadFile("testdata/models/G11.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(raw))
	for range 10 {
		state, cut := randomState(g, r), 0.0
		for i := 2; i < len(lines); i += 3 {
			var a, b int
			var w float64
			if _, err := fmt.Sscan(lines[i]+" "+lines[i+1]+" "+lines[i+2], &a, &b, &w); err != nil {
				t.Fatal(err)
			}
			if state[a-1] != state[b-1] {
				cut += w
			}
		}
		equal(t, "cut", (g.MaxCut.TotalWeight-energy(g, state))/2, cut)
	}
}

// TestFileModel: rows, weights, clamps, starts and betas from files.
func TestFileModel(t *testing.T) {
	arrays := []any{
		"edges", []int{3, 2}, []int64{0, 1, 2, 1, 3, 0},
		"w", []int{3}, []float32{0.5, -0.25, 2},
		"one", []int{}, []float64{0.125},
		"rows", []int{2, 2}, []uint8{0, 0, 3, 0},
		"tables", []int{2, 3}, []float64{1, 2, 3, 4, 5, 6},
		"held", []int{2, 2}, []int8{1, -1, -1, 1},
		"betas", []int{3}, []float64{0.1, 0.2, 0.4},
		"s", []int{2, 4}, []int8{1, 1, 1, -1, -1, 1, -1, 1},
		"mask", []int{6}, []bool{true, false, true, true, false, true},
		"some", []int{2}, []int32{2, 0},
	}
	for file, raw := range map[string][]byte{"f.npz": archive(t, arrays...), "f.safetensors": tensors(t, arrays...)} {
		text := strings.ReplaceAll(`model: m
graphs: {g: {file: f#edges, nodes: 4}, m: {chain: 6}}
variables: {s: {kind: spin, on: g}, c: {kind: categorical, states: 3}, m: {kind: spin, on: {m: {file: f#mask}}}}
groups: {some: {file: f#some, of: s}, most: {file: f#mask, of: [s, c, "m[0]"]}}
factors:
  - {over: [s, s], edges: g, weights: {file: f#w}}
  - {over: [s, c], index: {file: f#rows}, weights: {file: f#tables}}
  - {over: [s], index: all, weights: {file: f#one}, scale: -2}
init: {s: {file: f#s}}
clamp: {"s[[3, 1]]": {file: f#held}, c: 2}
sample: {chains: 2, warmup: 3, betas: {file: f#betas}}
`, "f#", file+"#")
		files := mapFiles{file: raw}
		g, l := tryBuild(t, text, files)
		if l.Len() > 0 {
			t.Fatal(l.Err())
		}
		equal(t, "rows keep the order of the file", g.Factors[0].Index, []int32{0, 1, 2, 1, 3, 0})
		equal(t, "weights", g.Factors[0].Weights, []float64{0.5, -0.25, 2})
		equal(t, "mixed rows", g.Factors[1].Index, []int32{0, 4, 3, 4})
		equal(t, "tables", g.Factors[1].Weights, []float64{1, 2, 3, 4, 5, 6})
		equal(t, "one", g.Factors[2].Weights, []float64{-0.25})
		equal(t, "shared", g.Factors[2].Shared, true)
		held := g.Clamps[0]
		equal(t, "clamped", held.Nodes, []int32{3, 1})
		equal(t, "held", held.Values, []int32{1, -1, -1, 1})
		equal(t, "chains", held.Chains, 2)
		equal(t, "category", g.Clamps[1].Values, []int32{2})
		equal(t, "start", g.Init[0], Init{Kind: InitValues, Chains: 2, Values: []int32{1, 1, 1, -1, -1, 1, -1, 1}, Source: file + "#s"})
		equal(t, "other start", g.Init[1], Init{Kind: InitRandom})
		equal(t, "beta", g.Beta, 0.4)
		equal(t, "masked", g.Vars[2].OnNodes, []int32{0, 2, 3, 5})
		equal(t, "groups", g.Groups, []Group{{"some", []int32{2, 0}}, {"most", []int32{0, 2, 3, 5}}})
		again, l := tryBuild(t, g.Expand(), files)
		if l.Len() > 0 {
			t.Fatalf("%v\n%s", l.Err(), g.Expand())
		}
		equal(t, "hash of the expanded model", again.Hash(), g.Hash())
	}
}

// TestClampKeepsSlots: clamping changes neither colours nor order.
func TestClampKeepsSlots(t *testing.T) {
	text := "model: m\nvariables: {s: {kind: spin, shape: [5, 5]}}\nfactors: [{over: [s, s], edges: {king: s}, weights: 1.0}]\n"
	free, held := build(t, text), build(t, text+"clamp: {\"s[0,:]\": 1, \"s[4,4]\": -1}\n")
	for i := range free.Blocks {
		equal(t, "block", held.Blocks[i][0].Nodes, free.Blocks[i][0].Nodes)
	}
	equal(t, "superblocks", blockSizes(free), [][]int{{9}, {6}, {6}, {4}})
	if free.Hash() == held.Hash() {
		t.Error("clamping does not change the hash")
	}
}

// TestMixedColours: a colour with two kinds of nodes is a superblock of two
// blocks.
func TestMixedColours(t *testing.T) {
	g := build(t, `model: m
graphs: {g: {grid: [4, 4]}}
variables: {s: {kind: spin, on: {g: {random: 0.5, seed: 1}}}, c: {kind: categorical, states: 3, on: {g: rest}}}
factors:
  - {over: [s, s], edges: g, weights: 1.0}
  - {over: [s, c], edges: g, weights: {normal: [0, 1], seed: 3}}
  - {over: [c, c], edges: g, weights: {identity: 1.0}}
`)
	equal(t, "superblocks", len(g.Blocks), 2)
	for _, super := range g.Blocks {
		equal(t, "blocks", len(super), 2)
		equal(t, "nodes", len(super[0].Nodes)+len(super[1].Nodes), 8)
	}
	checkBlocks(t, g)
}

func TestWarnings(t *testing.T) {
	g := build(t, `model: m
variables: {s: {kind: spin, shape: [4]}, t: {kind: spin, shape: [1]}}
factors: [{over: [s, s], index: [[0, 2]], weights: 1.0}, {over: [t, t], edges: {chain: t}, weights: 1.0}]
clamp: {s: 1, t: -1}
`)
	var codes []string
	for _, w := range g.Warnings {
		codes = append(codes, w.Code+": "+w.Text)
	}
	equal(t, "warnings", codes, []string{
		"no-rows: factor f1 has no rows and is left out: no edge of the graph lies in its variables",
		"nothing-to-draw: every node is clamped: there is nothing to sample",
		"no-neighbours: nodes without neighbours: 3 of 5, the first is s[1]",
	})
	equal(t, "factors", len(g.Factors), 1)
}

// Two factors without a seed of their own would have the same weights.
func TestSameSeedWarns(t *testing.T) {
	g := build(t, `model: m
variables: {s: {kind: spin, shape: [4]}}
factors:
  - {over: [s], index: all, weights: {normal: [0, 1]}}
  - {over: [s, s], edges: {chain: s}, weights: {signs: 1.0}}
  - {over: [s, s], index: [[0, 3]], weights: {uniform: [0, 1], seed: 1}}
`)
	if len(g.Warnings) != 1 || g.Warnings[0].Code != "same-seed" || g.Warnings[0].Pos.Line != 5 {
		t.Errorf("warnings %+v", g.Warnings)
	}
}

// TestHash: everything that decides the law changes the hash, nothing else does.
func TestHash(t *testing.T) {
	base := `model: m
variables: {s: {kind: spin, shape: [4]}}
factors: [{over: [s, s], index: [[0, 1], [2, 3]], weights: [1, 2]}]
beta: 1.0
blocks: ["s[0::2]", "s[1::2]"]
`
	want := build(t, base).Hash()
	change := func(old, now string) string {
		t.Helper()
		if !strings.Contains(base, old) {
			t.Fatal(old)
		}
		return strings.Replace(base, old, now, 1)
	}
	different := map[string]string{}
	for _, text := range []string{
		change("model: m", "model: n"), change("shape: [4]", "shape: [2, 2]"), change("[1, 2]}", "[1, 2.0000000000000004]}"),
		change("[2, 3]", "[3, 2]"), change("beta: 1.0", "beta: 0.5"), change("beta: 1.0", "beta: b"),
		change(`["s[0::2]", "s[1::2]"]`, `["s[1::2]", "s[0::2]"]`), change("[1, 2]}", "[1, 2], name: g}"),
		change("[1, 2]}", "[1, 2], runtime: true}"),
		base + "init: zeros\n", base + "init: hinton\n", base + "clamp: {\"s[0]\": 1}\n", base + "clamp: {\"s[0]\": -1}\n",
		base + "synchronous: true\n", base + "format: fast\n", base + "format: {fraction: 0}\n", base + "format: {bits: 20}\n",
	} {
		h := build(t, text).Hash()
		if other := different[h]; h == want || other != "" {
			t.Errorf("the hash is the same for\n%s\nand\n%s%s", text, other, base)
		}
		different[h] = text
	}
	for _, text := range []string{
		base + "sample: {chains: 7, seed: 3, warmup: 2}\n", base + "observe: [energy]\n", base + "groups: {g: s}\n",
		change("weights: [1, 2]", "weights: [1.0, 0.2e1]"), change("beta: 1.0\n", ""), change(`"s[0::2]"`, `["s[0]", "s[2]"]`),
	} {
		if build(t, text).Hash() != want {
			t.Errorf("the hash changes with\n%s", text)
		}
	}
}

// corpus is every model file of the tests.
func corpus(t testing.TB) []string {
	texts := slices.Clone(variedModels)
	for _, pattern := range []string{"testdata/bad/*/model.yaml", "testdata/models/*.yaml"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(src))
		}
	}
	return texts
}

// TestSwappedTokens: models with parts of other models in them never make Build
// panic; what builds has right blocks and survives expansion.
func TestSwappedTokens(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	token := regexp.MustCompile(`[a-z_]+|[0-9.]+|"[^"]*"|\s+|.`)
	texts := corpus(t)
	var words, pool = make([][]string, len(texts)), []string(nil)
	for i, text := range texts {
		words[i] = token.FindAllString(text, -1)
		pool = append(pool, words[i]...)
	}
	built := 0
	for range 8000 {
		model := slices.Clone(words[r.IntN(len(words))])
		for range 1 + r.IntN(3) {
			at, with := r.IntN(len(model)), pool[r.IntN(len(pool))]
			for range 50 { // something of the same sort
				if strings.TrimSpace(with) != "" && sort(with) == sort(model[at]) {
					break
				}
				at, with = r.IntN(len(model)), pool[r.IntN(len(pool))]
			}
			model[at] = with
		}
		if checkAny(t, []byte(strings.Join(model, ""))) {
			built++
		}
	}
	if built < 150 {
		t.Errorf("only %d models could be built: the test tests little", built)
	}
}

func sort(token string) int {
	switch c := token[0]; {
	case c >= '0' && c <= '9':
		return 0
	case c >= 'a' && c <= 'z':
		return 1
	case c == '"':
		return 2
	}
	return int(token[0])
}

// FuzzBuild is TestSwappedTokens for any bytes.
func FuzzBuild(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkAny(t, src) })
}

// checkAny builds src if it can and reports whether it could.
func checkAny(t *testing.T, src []byte) bool {
	digits := 0
	if slices.ContainsFunc(src, func(c byte) bool {
		if c < '0' || c > '9' {
			digits = 0
		} else {
			digits++
		}
		return digits > 4 // large sizes are slow, not interesting
	}) {
		return false
	}
	s, l := spec.Parse("model.yaml", src)
	if l.Len() > 0 {
		return false
	}
	g, l := Build(s, mapFiles{})
	if (g == nil) != (l.Len() > 0) {
		t.Fatalf("graph %v, problems %v\n%s", g != nil, l.Err(), src)
	}
	if g == nil || g.Nodes > 1000 {
		return false
	}
	if g.Coloured {
		checkBlocks(t, g)
	}
	text := g.Expand()
	if len(text) > 1<<20 {
		return false
	}
	if e := build(t, text); e.Hash() != g.Hash() {
		t.Fatalf("expanding changes the hash:\n%s\n%s", src, text)
	}
	return true
}
