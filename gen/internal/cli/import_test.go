package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/models/exchange"
)

// foreignFiles are the good files of package exchange, with what each needs.
var foreignFiles = map[string][]string{
	"spin.json": nil, "binary.json": nil, "schema1.json": nil, "schema2.json": nil,
	"labels.bqm": nil, "version1.bqm": nil, "float32.bqm": nil,
	"spin.coo": nil, "binary.coo": nil, "bare.coo": {"--vartype", "BINARY"},
	"graph.rud": nil, "zero.rud": nil, "small.qubo": nil,
	"burglary.uai": nil, "markov.uai": nil, "asia.uai": {"--floor", "1e-6"},
	"edges.csv": nil, "named.csv": nil, "edges.tsv": nil, "plain.edges": nil,
	"symmetric.mtx": nil, "general.mtx": nil, "pattern.mtx": nil,
}

func foreignFile(name string) string {
	return filepath.Join("..", "..", "..", "models", "exchange", "testdata", name)
}

// importTo imports a file into a folder and loads the model.
func importTo(t *testing.T, dir, file string, flags ...string) (string, *graph.Graph) {
	t.Helper()
	out := filepath.Join(dir, strings.ReplaceAll(filepath.Base(file), ".", "_"))
	mustRun(t, append([]string{"import", file, "--out", out, "--quiet"}, flags...)...)
	model := filepath.Join(out, "model.yaml")
	m, list := gen.Load(model)
	if list.Len() > 0 {
		t.Fatalf("%s: %v", file, list)
	}
	return model, m.Graph
}

// mustRun runs a command line that must succeed and returns its standard output.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := Main(args, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("thrmlgen %s: exit %d\n%s", strings.Join(args, " "), code, stderr.String())
	}
	return stdout.String()
}

// everyGraphState calls f with each state of a model.
func everyGraphState(g *graph.Graph, f func(state []int32)) {
	state := make([]int32, g.Nodes)
	states := make([]int32, g.Nodes)
	low := make([]int32, g.Nodes)
	step := make([]int32, g.Nodes)
	for i := range g.Vars {
		v := &g.Vars[i]
		for n := v.First; n < v.First+v.Count; n++ {
			states[n], step[n] = int32(v.States), 1
			if v.Kind == graph.Spin {
				low[n], step[n] = -1, 2
			}
			state[n] = low[n]
		}
	}
	for {
		f(state)
		n := 0
		for ; n < len(state); n++ {
			if state[n] += step[n]; state[n] < low[n]+states[n]*step[n] {
				break
			}
			state[n] = low[n]
		}
		if n == len(state) {
			return
		}
	}
}

// spinsOf is a state of a model of spins alone.
func spinsOf(state []int32) []int8 {
	out := make([]int8, len(state))
	for i, s := range state {
		out[i] = int8(s)
	}
	return out
}

// TestImportedModelsRun imports every good file, compares the energies of all
// states of the model with those that package exchange read, and samples.
func TestImportedModelsRun(t *testing.T) {
	dir := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(foreignFiles)) {
		file := foreignFile(name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, list := exchange.Read(file, text, exchange.Options{Vartype: map[string]string{"bare.coo": "BINARY"}[name], Floor: 1e-6})
		if list.Len() > 0 {
			t.Fatal(list)
		}
		model, g := importTo(t, dir, file, foreignFiles[name]...)
		everyGraphState(g, func(state []int32) {
			h := exact.Energy(g, state)
			if m.Spins != nil {
				if got, want := h+m.Spins.Offset, m.Spins.Energy(spinsOf(state)); math.Abs(got-want) > 1e-12 {
					t.Fatalf("%s: E%v = %v, want %v", name, state, got, want)
				}
				return
			}
			if got, want := h+m.Tables.Offset, m.Tables.Energy(tuple(m.Tables, g, state)); math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				t.Fatalf("%s: E%v = %v, want %v", name, state, got, want)
			}
		})
		mustRun(t, "run", model, "--chains", "2", "--warmup", "3", "--samples", "4", "--quiet")
	}
}

// tuple is a state of a model as the variables of the UAI file have it.
func tuple(tables *exchange.Tables, g *graph.Graph, state []int32) []int {
	next := map[int]int{} // of the nodes of each number of states
	for i := range g.Vars {
		next[g.Vars[i].States] = g.Vars[i].First
	}
	out := make([]int, len(tables.States))
	for v, k := range tables.States {
		if k > 1 {
			out[v] = int(state[next[k]])
			next[k]++
		}
	}
	return out
}

// TestImportWithArrays imports models too large for the model file itself and
// compares energies of random states.
func TestImportWithArrays(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	dir := t.TempDir()
	var coo, uai strings.Builder
	coo.WriteString("# vartype=BINARY\n")
	const n = 700
	fmt.Fprintf(&uai, "MARKOV %d%s\n%d\n", n, strings.Repeat(" 3", n), n-1)
	for i := range n {
		fmt.Fprintf(&coo, "%d %d %v\n%d %d %v\n", i, i, r.NormFloat64(), i, (i+7)%n, r.NormFloat64())
		if i > 0 {
			fmt.Fprintf(&uai, "2 %d %d\n", i, i-1)
		}
	}
	for range n - 1 {
		uai.WriteString("9")
		for range 9 {
			fmt.Fprintf(&uai, " %v", r.Float64()+0.1)
		}
		uai.WriteByte('\n')
	}
	for name, text := range map[string]string{"big.coo": coo.String(), "big.uai": uai.String()} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		m, list := exchange.Read(file, []byte(text), exchange.Options{})
		if list.Len() > 0 {
			t.Fatal(list)
		}
		model, g := importTo(t, dir, file)
		if _, err := os.Stat(strings.TrimSuffix(model, ".yaml") + ".npz"); err != nil {
			t.Errorf("%s: no arrays: %v", name, err)
		}
		state := make([]int32, g.Nodes)
		for range 20 {
			for i := range state {
				if state[i] = int32(r.IntN(3)); m.Spins != nil {
					state[i] = 2*int32(r.IntN(2)) - 1
				}
			}
			got, want := exact.Energy(g, state), 0.0
			if m.Spins != nil {
				got, want = got+m.Spins.Offset, m.Spins.Energy(spinsOf(state))
			} else {
				want = m.Tables.Energy(tuple(m.Tables, g, state))
			}
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: E = %v, want %v", name, got, want)
			}
		}
		mustRun(t, "run", model, "--chains", "2", "--warmup", "2", "--samples", "2", "--quiet")
	}
}

// partition is the sum of the products of the tables of a UAI file over all
// states that agree with the evidence, from the words of the file alone.
func partition(t *testing.T, file string, evidence map[int]int) float64 {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(text))[1:]
	whole := func() int {
		v, err := strconv.Atoi(words[0])
		if err != nil {
			t.Fatal(err)
		}
		words = words[1:]
		return v
	}
	states := make([]int, whole())
	for i := range states {
		states[i] = whole()
	}
	scopes := make([][]int, whole())
	for f := range scopes {
		scopes[f] = make([]int, whole())
		for k := range scopes[f] {
			scopes[f][k] = whole()
		}
	}
	tables := make([][]float64, len(scopes))
	for f := range tables {
		tables[f] = make([]float64, whole())
		for k := range tables[f] {
			if tables[f][k], err = strconv.ParseFloat(words[0], 64); err != nil {
				t.Fatal(err)
			}
			words = words[1:]
		}
	}
	state := make([]int, len(states))
	var sum func(v int) float64
	sum = func(v int) float64 {
		if v == len(states) {
			product := 1.0
			for f, scope := range scopes {
				at := 0
				for _, u := range scope {
					at = at*states[u] + state[u]
				}
				product *= tables[f][at]
			}
			return product
		}
		total := 0.0
		for x := range states[v] {
			if given, ok := evidence[v]; ok && given != x {
				continue
			}
			state[v] = x
			total += sum(v + 1)
		}
		return total
	}
	return sum(0)
}

type exactAnswer struct {
	LogZ     float64 `json:"log_z"`
	Marginal map[string][][]float64
}

func exactOf(t *testing.T, model string) exactAnswer {
	t.Helper()
	var a exactAnswer
	if err := json.Unmarshal([]byte(mustRun(t, "exact", model, "--json")), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func offsetOf(t *testing.T, model string) float64 {
	t.Helper()
	text, err := os.ReadFile(strings.TrimSuffix(model, ".yaml") + ".labels.json")
	if err != nil {
		t.Fatal(err)
	}
	l, ok := exchange.ReadLabels(text)
	if !ok {
		t.Fatalf("%s has no side file", model)
	}
	return l.Offset
}

// TestUAIPartition compares `thrmlgen exact` with the sum over all states of the
// products in the file, and with published figures of the networks.
func TestUAIPartition(t *testing.T) {
	dir := t.TempDir()
	near := func(what string, got, want, within float64) {
		t.Helper()
		if math.Abs(got-want) > within {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	markov, _ := importTo(t, dir, foreignFile("markov.uai"))
	near("log Z of markov", exactOf(t, markov).LogZ-offsetOf(t, markov), math.Log(partition(t, foreignFile("markov.uai"), nil)), 1e-12)

	alone, _ := importTo(t, t.TempDir(), foreignFile("burglary.uai"))
	near("log Z of a Bayesian network", exactOf(t, alone).LogZ, 0, 1e-12)
	given, _ := importTo(t, dir, foreignFile("burglary.uai"), "--evidence", foreignFile("burglary.evid"))
	a := exactOf(t, given)
	near("log P(john, mary)", a.LogZ, math.Log(partition(t, foreignFile("burglary.uai"), map[int]int{3: 1, 4: 1})), 1e-12)
	near("P(burglary | john, mary)", a.Marginal["x"][0][1], 0.284, 5e-4) // Russell and Norvig, AIMA

	asia, _ := importTo(t, dir, foreignFile("asia.uai"), "--floor", "1e-12")
	a = exactOf(t, asia)
	near("log Z of asia", a.LogZ, 0, 1e-10)
	near("P(x-ray)", a.Marginal["x"][6][1], 0.11029, 1e-7) // Lauritzen and Spiegelhalter
	near("P(dyspnoea)", a.Marginal["x"][7][1], 0.4359706, 1e-7)
}

// roundTrips are embedded models that the formats hold.
var roundTrips = map[string][]string{
	"coo": {"models/chain5"}, "dimod-json": {"models/chain5"}, "uai": {"models/chain5", "models/cubic", "models/mixed"},
}

// TestExportRoundTrips exports models, imports them and compares βH of every
// state: the same law.
func TestExportRoundTrips(t *testing.T) {
	for format, names := range roundTrips {
		for _, name := range names {
			for _, beta := range []string{"1", "0.7"} {
				dir := t.TempDir()
				m, list := gen.Load(name, "beta="+beta)
				if list.Len() > 0 {
					t.Fatal(list)
				}
				file := filepath.Join(dir, "out."+strings.TrimPrefix(format, "dimod-"))
				mustRun(t, "export", name, "--set", "beta="+beta, "--format", format, "--out", file, "--quiet")
				_, back := importTo(t, dir, file)
				if m.Graph.Nodes > 12 {
					t.Fatalf("%s has too many states for this test", name)
				}
				first, offset := true, 0.0
				everyGraphState(m.Graph, func(state []int32) {
					want := exact.Energy(m.Graph, state)
					got := exact.Energy(back, likewise(m.Graph, back, state))
					if first {
						first, offset = false, got-want
					}
					if math.Abs(got-want-offset) > 1e-12*(1+math.Abs(want)) {
						t.Fatalf("%s as %s: βH%v = %v, want %v", name, format, state, got-offset, want)
					}
				})
			}
		}
	}
}

// likewise is the state of g in the nodes of the model that came back: spins as
// they are, or as categoricals of two states, and categoricals by their number
// of states.
func likewise(g, back *graph.Graph, state []int32) []int32 {
	if len(back.Vars) == 1 && back.Vars[0].Kind == graph.Spin {
		return state
	}
	next := map[int]int{}
	for i := range back.Vars {
		next[back.Vars[i].States] = back.Vars[i].First
	}
	out := make([]int32, back.Nodes)
	for i := range g.Vars {
		v := &g.Vars[i]
		for n := v.First; n < v.First+v.Count; n++ {
			x := state[n]
			if v.Kind == graph.Spin {
				x = (x + 1) / 2
			}
			out[next[v.States]] = x
			next[v.States]++
		}
	}
	return out
}

// TestDimod lets dimod write files that are imported, and read files that were
// exported: the energies of all states agree.
func TestDimod(t *testing.T) {
	python := testtool.Need(t, "python")
	script := filepath.Join(testtool.Root(t), "models", "exchange", "testdata", "python", "dimod_files.py")
	dir := t.TempDir()
	runScript := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command(python, append([]string{script}, args...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		return out
	}
	runScript("write", dir)
	text, err := os.ReadFile(filepath.Join(dir, "energies.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth map[string]struct {
		Labels   []json.RawMessage
		Energies []float64
	}
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "energies.json")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "m*"))
	if err != nil || len(files) < 60 {
		t.Fatalf("dimod wrote %d files, %v", len(files), err)
	}
	back := t.TempDir()
	exportedFiles := map[string]*graph.Graph{}
	for _, file := range files {
		base, ext := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), filepath.Ext(file)
		want, ok := truth[base[:3]]
		if ext == ".coo" {
			want, ok = truth[base+"_coo"]
		}
		if !ok {
			t.Fatalf("no energies of %s", file)
		}
		model, g := importTo(t, dir, file)
		offset := offsetOf(t, model)
		node := nodesByLabel(t, model, g)
		state := make([]int32, g.Nodes)
		for bits, e := range want.Energies {
			for i, label := range want.Labels {
				n, ok := node[compactJSON(t, label)]
				if !ok {
					t.Fatalf("%s: no node is called %s", file, label)
				}
				state[n] = int32(bits>>i&1)*2 - 1
			}
			if got := exact.Energy(g, state) + offset; math.Abs(got-e) > 1e-9 {
				t.Fatalf("%s: energy of state %b is %v, dimod has %v", file, bits, got, e)
			}
		}
		for format, end := range map[string]string{"coo": ".coo", "dimod-json": ".json"} {
			name := base + "_" + ext[1:] + end
			mustRun(t, "export", model, "--format", format, "--out", filepath.Join(back, name), "--quiet")
			exportedFiles[name] = g
		}
	}
	var read map[string][]float64
	if err := json.Unmarshal(runScript("read", back), &read); err != nil {
		t.Fatal(err)
	}
	for name, g := range exportedFiles {
		if len(read[name]) != 1<<g.Nodes {
			t.Fatalf("dimod read %d states of %s", len(read[name]), name)
		}
		state := make([]int32, g.Nodes)
		for bits, e := range read[name] {
			for n := range state {
				state[n] = int32(bits>>n&1)*2 - 1
			}
			if got := exact.Energy(g, state); math.Abs(got-e) > 1e-9 {
				t.Fatalf("%s: dimod has energy %v of state %b, want %v", name, e, bits, got)
			}
		}
	}
}

// nodesByLabel are the nodes of an imported model by the compact JSON of their
// labels.
func nodesByLabel(t *testing.T, model string, g *graph.Graph) map[string]int {
	t.Helper()
	text, err := os.ReadFile(strings.TrimSuffix(model, ".yaml") + ".labels.json")
	if err != nil {
		t.Fatal(err)
	}
	l, ok := exchange.ReadLabels(text)
	if !ok {
		t.Fatalf("%s has no side file", model)
	}
	node := map[string]int{}
	for i := range g.Nodes {
		label := json.RawMessage(strconv.Itoa(l.First + i))
		if l.Labels != nil {
			label = l.Labels[i]
		}
		node[compactJSON(t, label)] = i
	}
	return node
}

func compactJSON(t *testing.T, text json.RawMessage) string {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

// TestLimitsAgree holds the limits of package exchange to those of the models
// that it writes.
func TestLimitsAgree(t *testing.T) {
	if exchange.MaxFile != graph.MaxFile || exchange.MaxNodes != graph.MaxModelNodes || 2*exchange.MaxPairs != graph.MaxCells {
		t.Error("limits of exchange and graph differ")
	}
}
