package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// load reads an embedded model.
func load(t *testing.T, name string, sets ...string) *gen.Model {
	t.Helper()
	m, list := gen.Load("models/"+name, sets...)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

// run samples a model and gives its page, as run --report makes it but for what a
// file does not hold (time and warm-up), and its result file.
func run(t *testing.T, m *gen.Model) (*Page, string) {
	t.Helper()
	s := m.Program.Sample
	model := golang.Model(m.Program)
	sampler, err := sampling.NewSampler(model, sampling.Options{Chains: s.Chains, Seed: s.Seed})
	if err != nil {
		t.Fatal(err)
	}
	schedule := sampling.Schedule{Warmup: s.Warmup, Samples: s.Samples, StepsPerSample: s.StepsPerSample}
	seen := NewSeen(model, s.Chains, s.Samples, 0)
	plan := observe.Plan{States: true, Energy: true, Best: true, Target: "table", Generator: "thrmlgen test", Extra: []observe.Watcher{seen}}
	for _, o := range m.Graph.Observe {
		if h := o.Histogram; h != nil {
			plan.Histograms = append(plan.Histograms, observe.Histogram{Name: h.Name, Nodes: o.Nodes, Bins: h.Bins, Low: h.Low, High: h.High})
		}
	}
	c, err := observe.NewCollector(sampler, schedule, plan)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Run(context.Background(), sampler, false); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "r.npz")
	if err := c.WriteResultFile(context.Background(), file); err != nil {
		t.Fatal(err)
	}
	p := &Page{Report: c.Report(), Meta: c.Meta(), Nodes: c.Nodes(), Seen: seen, Graph: m.Graph}
	p.Best = c.BestState(p.Report.Best.Chain)
	p.Report.Seconds, p.Report.Flips = 0, 0
	return p, file
}

func page(t *testing.T, p *Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A run and its result file give the same page, byte for byte, but for speed and
// warm-up; and so does the same run again.
func TestRunAndFileGiveOnePage(t *testing.T) {
	for _, m := range []*gen.Model{
		load(t, "mixed", "sample.chains=9"), load(t, "chain5"), load(t, "potts20", "sample.chains=5"),
		load(t, "chain5", "sample.samples=1", "sample.chains=3"), load(t, "ising2d", "sample.samples=20", "sample.warmup=5", "sample.chains=70"),
	} {
		p, file := run(t, m)
		live := page(t, p)
		r, err := ReadResult(file)
		if err != nil {
			t.Fatal(err)
		}
		replayed, err := r.Page(golang.Model(m.Program), m.Graph)
		if err != nil {
			t.Fatal(err)
		}
		if got := page(t, replayed); got != live {
			t.Errorf("%s: the pages differ: %s", m.Graph.Model, firstDifference(got, live))
		}
		again, _ := run(t, m)
		if page(t, again) != live {
			t.Errorf("%s: the same run gives another page", m.Graph.Model)
		}
	}
}

// The counts of a page are those of the run, also where no states were kept of it.
func TestHistogramOnPage(t *testing.T) {
	m := load(t, "grid_gaussian", "sample.chains=9", "sample.samples=20", "observe=[energy, {histogram: x, range: [-1, 1], bins: 4}]")
	p, file := run(t, m)
	live := page(t, p)
	r, err := ReadResult(file)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := r.Page(golang.Model(m.Program), m.Graph)
	if err != nil {
		t.Fatal(err)
	}
	if page(t, replayed) != live {
		t.Error("the pages differ")
	}
	h := p.Report.Histograms[0]
	sum := h.Under + h.Over
	for i, n := range h.Counts {
		sum += n
		if tip := fmt.Sprintf("%s to %s: %d<", []string{"−1", "−0.5", "0", "0.5"}[i], []string{"−0.5", "0", "0.5", "1"}[i], n); !strings.Contains(live, tip) {
			t.Errorf("the page does not say %s", tip)
		}
	}
	if sum != 25*9*20 || !strings.Contains(live, "4500 values of 25 nodes") {
		t.Errorf("%d values of %d", sum, 25*9*20)
	}
}

func firstDifference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[max(0, i-60):min(len(a), i+60)] + "\n… and …\n" + b[max(0, i-60):min(len(b), i+60)]
		}
	}
	return "one is longer"
}

// The figures of the page are those of the terminal, digit for digit.
func TestNumbersAreThoseOfTheTerminal(t *testing.T) {
	for _, m := range []*gen.Model{load(t, "mixed", "sample.chains=9"), load(t, "chain5"), load(t, "chain5", "sample.samples=1")} {
		p, _ := run(t, m)
		p.Report.Seconds, p.Report.Flips = 2, 1e6
		var text strings.Builder
		if err := p.Report.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		lines := map[string]string{}
		table, _, _ := strings.Cut(text.String(), "\nnodes ")
		for line := range strings.Lines(table) {
			if f := strings.Fields(strings.NewReplacer("NA [", "NA[").Replace(line)); len(f) == 11 {
				lines[f[0]] = strings.Join(f[1:], " ")
			}
		}
		rows := p.summary().Rows
		if len(rows) == 0 || len(rows) != len(lines) {
			t.Fatalf("%d rows, %d in the terminal:\n%s", len(rows), len(lines), text.String())
		}
		for _, row := range rows {
			var cells []string
			for _, c := range row.Cells {
				cell := strings.ReplaceAll(c.Text, "−", "-")
				if c.Note > 0 {
					cell += "[" + string(rune('0'+c.Note)) + "]"
				}
				cells = append(cells, cell)
			}
			if got := strings.Join(cells, " "); got != lines[row.Name] {
				t.Errorf("%s: %s, in the terminal %s", row.Name, got, lines[row.Name])
			}
		}
		if html := page(t, p); !strings.Contains(html, strings.ReplaceAll(p.Report.Verdict(), "+", "&#43;")) {
			t.Errorf("the page has not the verdict %q", p.Report.Verdict())
		}
	}
}

// Whatever names a result carries, they are text on the page and nothing else.
func TestHostileNames(t *testing.T) {
	p, _ := run(t, load(t, "mixed", "sample.chains=4", "sample.samples=50"))
	const evil = `"'></title></style><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}`
	p.Report.Model, p.Meta.Target, p.Meta.Generator, p.Meta.Hash, p.Meta.RNG, p.Meta.Format.Profile = evil, evil, evil, evil, evil, evil
	p.File, p.Command, p.Notes = evil+".npz", []string{"thrmlgen", "run", evil}, []string{evil}
	p.Report.Rows[0].Name, p.Report.Rows[0].Warn, p.Report.Rows[0].RHat = evil, evil, stats.Value{V: math.NaN(), NA: evil}
	p.Report.Worst.RHatAt = evil
	for i := range p.Seen.model.Vars {
		p.Seen.model.Vars[i].Name = evil
	}
	for i := range p.Graph.Vars {
		p.Graph.Vars[i].Name = evil
	}
	html := page(t, p)
	for _, bad := range []string{"<script", "<img src=x", "</title></style>", "javascript:", "http:", "https:", "<link", "@import", "url("} {
		if strings.Contains(html, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if !strings.Contains(html, "&lt;script&gt;") {
		t.Error("the name is not there as text")
	}
}

// A page stays small whatever the model: MaxBytes for any, far less for a Pegasus
// graph with 400 draws and for maps beyond the size of a screen.
func TestPagesAreSmall(t *testing.T) {
	for _, x := range []struct {
		m    *gen.Model
		most int
	}{
		{load(t, "pegasus14", "sample.samples=400", "sample.chains=8"), 300 << 10},
		{load(t, "ising2d", "variables.s.shape=[500, 300]", "sample.samples=4", "sample.chains=8", "sample.warmup=1"), 500 << 10},
		{load(t, "chain5", "sample.samples=20000", "sample.chains=20"), 500 << 10},
		{load(t, "potts20", "variables.x.shape=[12, 12]", "sample.samples=60", "sample.chains=300"), 700 << 10},
	} {
		p, _ := run(t, x.m)
		if n := len(page(t, p)); n > x.most {
			t.Errorf("%s: the page takes %d bytes, more than %d", x.m.Graph.Model, n, x.most)
		}
	}
}

// The autocorrelation of AR(1) chains x' = ax + noise is a^t. 40 chains of 5000
// draws: its standard error at these lags is below 0.008; the seed is fixed.
func TestAutocorrelation(t *testing.T) {
	x := ar1(40, 5000, 0.8, nil)
	rho := autocorrelation(x)
	for lag := range 12 {
		if want := math.Pow(0.8, float64(lag)); math.Abs(rho[lag]-want) > 0.03 {
			t.Errorf("lag %d: %.3f, want %.3f", lag, rho[lag], want)
		}
	}
	if autocorrelation([][]float64{{1, 1, 1, 1}}) != nil {
		t.Error("a constant has an autocorrelation")
	}
}

func ar1(chains, draws int, a float64, shift []float64) [][]float64 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([][]float64, chains)
	for c := range x {
		v := r.NormFloat64() / math.Sqrt(1-a*a)
		for range draws {
			v = a*v + r.NormFloat64()
			y := v
			if shift != nil {
				y += shift[c]
			}
			x[c] = append(x[c], y)
		}
	}
	return x
}

// Of chains of one law none leaves the band (it holds all of them with 95 %; the
// seed is fixed); one that is shifted by its standard deviation does, alone.
func TestRanksFindTheChainThatDiffers(t *testing.T) {
	same, _ := rankFigure(ar1(20, 2000, 0.5, nil))
	if !strings.HasPrefix(same.Caption, "Ranks of the energy by chain: 0 of 20 chains leave the band.") {
		t.Error(same.Caption)
	}
	shift := make([]float64, 20)
	shift[7] = 1.15
	one, _ := rankFigure(ar1(20, 2000, 0.5, shift))
	if !strings.HasPrefix(one.Caption, "Ranks of the energy by chain: 1 of 20 chains leave the band.") || !strings.Contains(string(one.Body), "chain 7") {
		t.Error(one.Caption)
	}
}

// Counts seen are those of the states.
func TestSeenCounts(t *testing.T) {
	p, file := run(t, load(t, "mixed", "sample.chains=70", "sample.samples=30"))
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenNPZ(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Seen.model.Vars {
		v := &p.Seen.model.Vars[i]
		a, err := z.Get(v.Name)
		if err != nil {
			t.Fatal(err)
		}
		x, err := a.Float64s()
		if err != nil {
			t.Fatal(err)
		}
		for n := range v.Count {
			sum := 0.0
			for k := n; k < len(x); k += v.Count {
				sum += x[k]
			}
			if got, want := p.Seen.mean(v.First+n, v), sum/(70*30); math.Abs(got-want) > 1e-12 {
				t.Errorf("mean of %s %d is %v, want %v", v.Name, n, got, want)
			}
		}
	}
	if len(p.Seen.shots) != 8 || p.Seen.shots[3].draw != 29 || p.Seen.shots[7].chain != 4 {
		t.Errorf("%d draws kept", len(p.Seen.shots))
	}
}

// Nodes have places of their own, the same every time.
func TestLayouts(t *testing.T) {
	for name, nodes := range map[string]int{"{chimera: [2, 2, 4]}": 32, "{pegasus: 2}": 40, "{zephyr: [1, 4]}": 48, "{torus: [6, 7]}": 42, "{ring: 9}": 9, "{complete: 12}": 12, "{chain: 30}": 30} {
		text := "model: m\ngraphs: {g: " + name + "}\nvariables: {s: {kind: spin, on: g}}\nfactors: [{over: [s, s], edges: g, weights: 1.0}]\n"
		m, list := gen.Check(gen.Source{Name: "m.yaml", Text: []byte(text)})
		if err := list.Err(); err != nil {
			t.Fatal(err)
		}
		edges := links(m.Graph)
		at, _ := layout(m.Graph, edges)
		if len(at) != nodes {
			t.Errorf("%s: %d places for %d nodes", name, len(at), nodes)
		}
		for i := range at {
			for j := range i {
				if d := math.Hypot(at[i].x-at[j].x, at[i].y-at[j].y); !(d > 0.25) {
					t.Errorf("%s: nodes %d and %d are %.2f apart", name, i, j, d)
				}
			}
		}
		if again, _ := layout(m.Graph, edges); !slices.Equal(again, at) {
			t.Errorf("%s: another layout", name)
		}
	}
}

// Files that are no results, or not of this model, are refused with a reason.
func TestBadResults(t *testing.T) {
	m := load(t, "mixed", "sample.chains=3", "sample.samples=7")
	_, file := run(t, m)
	arrays := map[string]*npy.NPYArray{}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenNPZ(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range z.Names() {
		if arrays[name], err = z.Get(name); err != nil {
			t.Fatal(err)
		}
	}
	meta := func(change func(m *observe.Meta)) *npy.NPYArray {
		var x observe.Meta
		if err := json.Unmarshal(arrays["meta"].Data.([]uint8), &x); err != nil {
			t.Fatal(err)
		}
		change(&x)
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		return &npy.NPYArray{Shape: []int{len(text)}, Data: text}
	}
	none := (*npy.NPYArray)(nil)
	for want, change := range map[string]map[string]*npy.NPYArray{
		"no meta":                   {"meta": none},
		"meta is not what":          {"meta": {Shape: []int{2}, Data: []uint8("{]")}},
		"meta: 0 chains":            {"meta": meta(func(m *observe.Meta) { m.Chains = 0 })},
		"meta says 4 chains":        {"meta": meta(func(m *observe.Meta) { m.Chains = 4 })},
		"of another model":          {"meta": meta(func(m *observe.Meta) { m.Hash = "ff" })},
		"energy has shape [21]":     {"energy": {Shape: []int{21}, Data: make([]float64, 21)}},
		"s has a spin of 3":         {"s": {Shape: []int{3, 7, 3}, Data: slices.Repeat([]int8{3}, 63)}},
		"s has shape [3 7 2]":       {"s": {Shape: []int{3, 7, 2}, Data: make([]int8, 42)}},
		"not that of the model":     {"a": {Shape: []int{3, 7, 2}, Data: slices.Repeat([]uint8{9}, 42)}},
		"node 5 of 3":               {"s/nodes": {Shape: []int{1}, Data: []int64{5}}},
		"best/energy: one number a": {"best/energy": {Shape: []int{1}, Data: []float64{5}}},
	} {
		r, err := ReadResult(rewritten(t, z.Names(), arrays, change))
		if err == nil {
			_, err = r.Page(golang.Model(m.Program), m.Graph)
		}
		var found *BadResult
		if !errors.As(err, &found) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	// What is missing is said, and the rest is shown.
	for want, change := range map[string]map[string]*npy.NPYArray{
		"has no energies":            {"energy": none},
		"has no states":              {"s": none, "a": none, "b": none},
		"of which nothing is":        {"extra": {Shape: []int{2, 2}, Data: make([]int32, 4)}},
		"has 2 of 3 nodes":           {"s": {Shape: []int{3, 7, 2}, Data: slices.Repeat([]int8{1, -1}, 21)}, "s/nodes": {Shape: []int{2}, Data: []int64{0, 2}}},
		"loops/of the user":          {"loops/of the user": {Shape: []int{3, 7}, Data: make([]float64, 21)}},
		"keeps nothing of its draws": {"energy": none, "s": none, "a": none, "b": none, "meta": meta(func(m *observe.Meta) { m.Chains, m.Draws = 1<<40, 1<<40 }), "best/energy": none, "best/sweep": none},
		"The model was not giv":      {},
	} {
		r, err := ReadResult(rewritten(t, z.Names(), arrays, change))
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		p, err := r.Page(nil, nil)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if html := page(t, p); !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// rewritten is a result file with some arrays changed, added or (nil) left out.
func rewritten(t *testing.T, names []string, arrays, change map[string]*npy.NPYArray) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "r.npz")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := npy.NewNPZWriter(f)
	add := func(name string, a *npy.NPYArray) {
		if a != nil {
			if err := w.Add(name, a.Shape, a.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range names {
		if a, ok := change[name]; ok {
			add(name, a)
		} else {
			add(name, arrays[name])
		}
	}
	for name, a := range change {
		if arrays[name] == nil {
			add(name, a)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}
