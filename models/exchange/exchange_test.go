package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// read reads a file that must be good.
func read(t *testing.T, name string, text []byte, o Options) *Model {
	t.Helper()
	m, list := Read(name, text, o)
	if list.Len() > 0 {
		t.Fatalf("%s: %v", name, list)
	}
	return m
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// quadratic is a binary quadratic model as a test writes it down.
type quadratic struct {
	vartype string
	offset  float64
	linear  []float64
	pairs   [][2]int
	weights []float64
}

// energy is the definition: offset + Σ h v + Σ J v v over the values v of the file.
func (q *quadratic) energy(spins []int8) float64 {
	value := func(i int) float64 {
		if q.vartype == BINARY {
			return float64(spins[i]+1) / 2
		}
		return float64(spins[i])
	}
	e := q.offset
	for i, h := range q.linear {
		e += h * value(i)
	}
	for k, p := range q.pairs {
		e += q.weights[k] * value(p[0]) * value(p[1])
	}
	return e
}

// randomQuadratic has repeated pairs and zeros; its numbers are multiples of 1/8,
// so that all sums are exact.
func randomQuadratic(r *rand.Rand, vartype string) *quadratic {
	n := 2 + r.IntN(7)
	q := &quadratic{vartype: vartype, offset: float64(r.IntN(33)-16) / 8, linear: make([]float64, n)}
	for i := range q.linear {
		q.linear[i] = float64(r.IntN(33)-16) / 8
	}
	for range r.IntN(2 * n) {
		i, j := r.IntN(n), r.IntN(n)
		if i != j {
			q.pairs = append(q.pairs, [2]int{i, j})
			q.weights = append(q.weights, float64(r.IntN(17)-8)/8)
		}
	}
	return q
}

// everyState calls f with each state of n spins.
func everyState(n int, f func(spins []int8)) {
	spins := make([]int8, n)
	for bits := range 1 << n {
		for i := range spins {
			spins[i] = int8(bits>>i&1)*2 - 1
		}
		f(spins)
	}
}

func sameEnergies(t *testing.T, what string, q *quadratic, s *Spins) {
	t.Helper()
	if s.Nodes != len(q.linear) {
		t.Fatalf("%s: %d spins, want %d", what, s.Nodes, len(q.linear))
	}
	everyState(s.Nodes, func(spins []int8) {
		if got, want := s.Energy(spins), q.energy(spins); got != want {
			t.Fatalf("%s: E(%v) = %v, want %v", what, spins, got, want)
		}
	})
}

// forms writes a model in every format that can hold it.
func (q *quadratic) forms() map[string]string {
	type doc map[string]any
	heads, tails := []int{}, []int{}
	terms := []doc{}
	labels := make([]int, len(q.linear))
	var linear []doc
	coo := "# vartype=" + q.vartype + "\n"
	for i, h := range q.linear {
		labels[i] = i
		linear = append(linear, doc{"label": i, "bias": h})
		coo += fmt.Sprintf("%d %d %v\n", i, i, h)
	}
	for k, p := range q.pairs {
		heads, tails = append(heads, p[0]), append(tails, p[1])
		terms = append(terms, doc{"label_head": p[0], "label_tail": p[1], "bias": q.weights[k]})
		coo += fmt.Sprintf("%d %d %v\n", p[0], p[1], q.weights[k])
	}
	weights := q.weights
	if weights == nil {
		weights = []float64{}
	}
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	out := map[string]string{
		"schema3.json": text(doc{"version": doc{"bqm_schema": "3.0.0"}, "variable_type": q.vartype, "offset": q.offset,
			"variable_labels": labels, "linear_biases": q.linear,
			"quadratic_biases": weights, "quadratic_head": heads, "quadratic_tail": tails}),
		"schema1.json": text(doc{"version": doc{"bqm_schema": "1.0.0"}, "variable_type": q.vartype, "offset": q.offset,
			"linear_terms": linear, "quadratic_terms": terms}),
	}
	if q.offset == 0 {
		out["list.coo"] = coo
		if q.vartype == BINARY {
			qubo := fmt.Sprintf("c made here\np qubo 0 %d %d %d\n", len(q.linear), len(q.linear), len(q.pairs))
			out["list.qubo"] = qubo + strings.SplitN(coo, "\n", 2)[1]
		}
	}
	return out
}

// TestEnergiesOfEveryState compares all energies of random models, exactly, in
// every format that can hold them.
func TestEnergiesOfEveryState(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 200 {
		q := randomQuadratic(r, []string{SPIN, BINARY}[i%2])
		if i%4 < 2 {
			q.offset = 0
		}
		for name, text := range q.forms() {
			m := read(t, name, []byte(text), Options{})
			sameEnergies(t, name, q, m.Spins)
		}
	}
}

// TestRoundTrips writes random models and reads them: the same energies, exactly,
// up to the offset where a format has none.
func TestRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		q := randomQuadratic(r, SPIN)
		var terms []Term
		for i := range q.linear {
			q.linear[i] = r.NormFloat64() * math.Pow(10, float64(r.IntN(30)-15))
			if r.IntN(3) == 0 {
				q.linear[i] = 0
			}
			terms = append(terms, Term{int32(i), int32(i), q.linear[i]})
		}
		for k, p := range q.pairs {
			terms = append(terms, Term{int32(p[0]), int32(p[1]), q.weights[k]})
		}
		s, err := NewSpins(len(q.linear), terms)
		if err != nil {
			t.Fatal(err)
		}
		s.Beta = 0.5 + float64(r.IntN(3))/4
		for name, write := range map[string]func(*bytes.Buffer) error{
			"a.coo":  func(b *bytes.Buffer) error { return WriteCOO(b, s) },
			"a.json": func(b *bytes.Buffer) error { return WriteDimodJSON(b, s) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			back := read(t, name, b.Bytes(), Options{}).Spins
			if back.Nodes != s.Nodes || !slices.Equal(back.Bias, s.Bias) || !slices.Equal(back.Pairs, s.Pairs) || back.Beta != s.Beta {
				t.Fatalf("%s: wrote\n%+v\nread\n%+v\n%s", name, s, back, b.Bytes())
			}
		}
	}
}

// TestRoundTripOfAGraph writes a graph in the rud format and reads it.
func TestRoundTripOfAGraph(t *testing.T) {
	s := read(t, "graph.rud", testdata(t, "graph.rud"), Options{}).Spins
	want := []Pair{{0, 1, 1}, {0, 3, 2}, {1, 2, 1}, {2, 3, -1}}
	if s.Nodes != 5 || !s.Graph || !slices.Equal(s.Pairs, want) || string(s.Label(4)) != "5" {
		t.Fatalf("read %+v", s)
	}
	var b bytes.Buffer
	if err := WriteGSet(&b, s); err != nil {
		t.Fatal(err)
	}
	back := read(t, "a.rud", b.Bytes(), Options{}).Spins
	if back.Nodes != s.Nodes || !slices.Equal(back.Pairs, s.Pairs) {
		t.Fatalf("read back %+v", back)
	}
}

// TestFilesOfTheWild holds what each file of testdata becomes.
func TestFilesOfTheWild(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		format  Format
		nodes   int
		pairs   []Pair
		bias    []float64
		offset  float64
		labels  string
	}{
		{"spin.json", Options{}, DimodJSON, 4, []Pair{{0, 1, 1.5}, {0, 2, -.75}, {2, 3, .125}}, []float64{.5, -1, 0, .2}, -.25, ""},
		{"schema1.json", Options{}, DimodJSON, 3, []Pair{{0, 1, .5}, {0, 2, -.25}}, []float64{1, -1, 0}, .5, `"a" ["b",2] "c"`},
		{"schema2.json", Options{}, DimodJSON, 2, []Pair{{0, 1, 1}}, []float64{1.5, 0}, .5, `"x" "y"`},
		{"labels.bqm", Options{}, DimodBQM, 4, []Pair{{0, 1, -.25}, {1, 2, .125}}, []float64{-.75, .625, .25, 0}, 1, `"a" "b" [1,"x"] 7`},
		{"version1.bqm", Options{}, DimodBQM, 4, []Pair{{0, 1, -.25}, {1, 2, .125}}, []float64{-.75, .625, .25, 0}, 1, `"a" "b" [1,"x"] 7`},
		{"float32.bqm", Options{}, DimodBQM, 3, []Pair{{0, 1, -1}, {1, 2, .25}}, []float64{1, 0, -.5}, 0, ""},
		{"spin.coo", Options{}, COO, 4, []Pair{{0, 1, -1}, {1, 2, .75}}, []float64{1, 0, 0, 0}, 0, "0 3 5 9"},
		{"binary.coo", Options{}, COO, 3, []Pair{{0, 1, .25}, {1, 2, -1.125}}, []float64{-.25, -.875, -1.125}, -1.375, ""},
		{"bare.coo", Options{Vartype: SPIN}, COO, 3, []Pair{{0, 1, 1}, {1, 2, -4.5}}, []float64{-1, 0, 0}, 0, ""},
		{"zero.rud", Options{}, GSet, 4, []Pair{{0, 1, 1}, {0, 3, 1}, {1, 2, 1}, {2, 3, 1}}, nil, 0, ""},
		{"small.qubo", Options{}, QUBO, 4, []Pair{{0, 1, .5625}, {0, 2, .875}, {0, 3, -.5}, {1, 2, 1.125}, {2, 3, -.8125}},
			[]float64{2.6875, 3.9375, 2.3125, -2.5625}, 5.125, "0 1 3 5"},
		{"edges.csv", Options{}, Edges, 3, []Pair{{0, 1, .5}, {0, 2, 2}, {1, 2, -1}}, nil, 0, "1 2 3"},
		{"edges.csv", Options{Couplings: true}, Edges, 3, []Pair{{0, 1, -.5}, {0, 2, -2}, {1, 2, 1}}, nil, 0, "1 2 3"},
		{"named.csv", Options{}, Edges, 3, []Pair{{0, 1, 1}, {1, 2, 1}}, nil, 0, `"New York" "Boston" "Oslo"`},
		{"edges.tsv", Options{}, Edges, 3, []Pair{{0, 1, 2}, {0, 2, .25}, {1, 2, -.5}}, nil, 0, ""},
		{"edges.tsv", Options{Once: true}, Edges, 3, []Pair{{0, 1, 1}, {0, 2, .25}, {1, 2, -.5}}, nil, 0, ""},
		{"plain.edges", Options{}, Edges, 3, []Pair{{0, 1, 1}, {0, 2, 1}, {1, 2, 1}}, nil, 0, "10 20 30"},
		{"symmetric.mtx", Options{}, MatrixMarket, 4, []Pair{{0, 1, 1.5}, {0, 3, .5}, {1, 2, -1}, {2, 3, 2}}, nil, 0, "from 1"},
		{"general.mtx", Options{}, MatrixMarket, 3, []Pair{{0, 1, 1}, {1, 2, -2}}, nil, 0, "from 1"},
		{"pattern.mtx", Options{}, MatrixMarket, 3, []Pair{{0, 1, 1}, {0, 2, 1}}, nil, 0, "from 1"},
	} {
		m := read(t, c.name, testdata(t, c.name), c.options)
		s := m.Spins
		labels := string(bytes.Join(asBare(s.Labels), []byte(" ")))
		if s.First != 0 {
			labels = fmt.Sprint("from ", s.First)
		}
		if m.Format != c.format || s.Nodes != c.nodes || !slices.Equal(s.Pairs, c.pairs) || !slices.Equal(s.Bias, c.bias) ||
			s.Offset != c.offset || labels != c.labels {
			t.Errorf("%s: %s %+v\nlabels %s\nwant %+v", c.name, m.Format, s, labels, c)
		}
	}
}

func asBare(values []json.RawMessage) (out [][]byte) {
	for _, v := range values {
		out = append(out, v)
	}
	return out
}

// TestLabelsOfAnyKind keeps every kind of label that JSON has, in the side file,
// too.
func TestLabelsOfAnyKind(t *testing.T) {
	m := read(t, "binary.json", testdata(t, "binary.json"), Options{})
	want := `"a b" 7 -3 2.5 [1,["x",0]] null "ünï \"q\""`
	if got := string(bytes.Join(asBare(m.Spins.Labels), []byte(" "))); got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
	d := m.Document(DocumentOptions{Name: "m", Base: "m", Source: "evil\n- {\u2028.json"})
	side := d.Side(map[string][]byte{"m.yaml": d.YAML})
	back, ok := ReadLabels(side)
	if !ok || len(back.Labels) != 7 || string(back.Labels[6]) != `"ünï \"q\""` || back.Vartype != BINARY ||
		back.Offset != m.Spins.Offset || back.Files["m.yaml"] != Sum(d.YAML) {
		t.Errorf("side file %s\nread %+v", side, back)
	}
	for line := range strings.Lines(string(d.YAML)) {
		if strings.HasPrefix(line, "-") {
			t.Errorf("text of the source became part of the model: %q", line)
		}
	}
}

// TestBinaryIsExactWherePossible converts a model whose sums are exact only when
// they are taken exactly: in float64 alone, 1e16 + 1 − 1e16 is 0.
func TestBinaryIsExactWherePossible(t *testing.T) {
	text := "# vartype=BINARY\n0 1 4e16\n0 2 4\n0 3 -4e16\n"
	m := read(t, "a.coo", []byte(text), Options{})
	if m.Spins.Bias[0] != 1 {
		t.Errorf("bias of node 0 is %v, want 1", m.Spins.Bias[0])
	}
	if !strings.Contains(strings.Join(m.Notes, "\n"), "exactly") {
		t.Errorf("notes %q do not say exactly", m.Notes)
	}
	m = read(t, "a.coo", []byte("# vartype=BINARY\n0 1 5e-324\n"), Options{}) // a quarter of it is 0
	if len(m.Spins.Pairs) != 0 || strings.Contains(strings.Join(m.Notes, "\n"), "exactly") {
		t.Errorf("%v, %q", m.Spins.Pairs, m.Notes)
	}
	m = read(t, "a.coo", []byte("# vartype=BINARY\n0 0 0.1\n0 1 0.7\n0 2 0.1\n"), Options{})
	if strings.Contains(strings.Join(m.Notes, "\n"), "exactly") {
		t.Errorf("notes %q say exactly of sums that are rounded", m.Notes)
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Format
	}{
		{"a", "3 2\n1 2 1\n2 3 1\n", GSet},
		{"a", "3 2\n1 2\n2 3\n", GSet},
		{"a.txt", "3 2\n1 2\n2 3\n3 1\n", Edges}, // not two edges
		{"G14.txt", "0 1\n", GSet},
		{"g14", "0 1\n", GSet},
		{"a", "0 1 1\n1 2 -1\n", Edges},
		{"a.coo", "0 1 1\n", COO},
		{"a", "# vartype=SPIN\n0 1 1\n", COO},
		{"a.csv", "# vartype: SPIN\n0 1 1\n", COO}, // content comes first
		{"a", "c x\np qubo 0 1 1 0\n", QUBO},
		{"a", " \n\ufeffMARKOV", ""},
		{"a", "\ufeffmarkov\n", UAI},
		{"a", "BAYES\n", UAI},
		{"a", "%%matrixmarket matrix\n", MatrixMarket},
		{"a", "\n {}", DimodJSON},
		{"a.JSON", "[]", DimodJSON},
		{"a", "DIMODBQM\x02", DimodBQM},
		{"a", "", ""},
		{"a", "hello world\n", ""},
		{"a", "1 2 3 4\n", ""},
	} {
		if got := Detect(c.name, []byte(c.text)); got != c.want {
			t.Errorf("Detect(%q, %q) = %q, want %q", c.name, c.text, string(got), string(c.want))
		}
	}
}

// TestLines counts lines of all three ends as messages show them.
func TestLines(t *testing.T) {
	l := lines{text: []byte("a\nb\r\nc\rd\r\r\n\ne \r")}
	var got []string
	for l.next() {
		got = append(got, fmt.Sprintf("%d:%s", l.line, l.now))
	}
	if want := "[1:a 2:b 3:c 4:d 5: 6: 7:e ]"; fmt.Sprint(got) != want {
		t.Errorf("lines %v, want %s", got, want)
	}
	long := bytes.Repeat([]byte("1 2\r"), 1<<16) // one scan of the text, not one a line
	l = lines{text: long}
	for l.next() {
	}
	if l.line != 1<<16 {
		t.Errorf("%d lines", l.line)
	}
}

// TestPrefixes reads every prefix of every file of testdata as every format:
// none panics, and what is accepted is a model.
func TestPrefixes(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		text := testdata(t, f.Name())
		for n := range len(text) {
			for _, format := range append(Formats(), "") {
				attempt(t, f.Name(), text[:n], Options{Format: format, Vartype: SPIN, Evidence: text[n:], EvidenceName: "e"})
			}
		}
	}
}

// attempt reads anything; what is accepted must be a model that can be written.
func attempt(t testing.TB, name string, text []byte, o Options) {
	m, list := Read(name, text, o)
	if (m == nil) != (list.Len() > 0) {
		t.Fatalf("%q as %s: model %v with problems %v", text, string(o.Format), m, list)
	}
	if m == nil {
		for _, p := range list.Problems() {
			if p.Code == "" || p.Text == "" || p.Pos.File == "" || p.Pos.Line > 0 && p.Pos.Col < 1 {
				t.Fatalf("%q: a problem without code, text or place: %+v", text, p)
			}
		}
		return
	}
	switch {
	case m.Spins != nil:
		s := m.Spins
		if s.Nodes < 1 || s.Bias != nil && len(s.Bias) != s.Nodes || s.Labels != nil && len(s.Labels) != s.Nodes || !finite(s.Offset) {
			t.Fatalf("%q: %+v", text, s)
		}
		for i, p := range s.Pairs {
			if p.I < 0 || p.I >= p.J || int(p.J) >= s.Nodes || p.Weight == 0 || !finite(p.Weight) ||
				i > 0 && (s.Pairs[i-1].I > p.I || s.Pairs[i-1].I == p.I && s.Pairs[i-1].J >= p.J) {
				t.Fatalf("%q: pair %d is %+v", text, i, p)
			}
		}
	case m.Tables != nil:
		for _, f := range m.Tables.Factors {
			size := 1
			for _, v := range f.Scope {
				size *= m.Tables.States[v]
			}
			if len(f.Log) != size || slices.ContainsFunc(f.Log, func(x float64) bool { return !finite(x) }) {
				t.Fatalf("%q: table %+v", text, f)
			}
		}
	default:
		t.Fatalf("%q: no form", text)
	}
	m.Document(DocumentOptions{Name: "m", Base: "m", Source: name})
}

// TestAnnouncedSizes reads small files that announce much: nothing is taken on
// their word.
func TestAnnouncedSizes(t *testing.T) {
	for name, text := range map[string]string{
		"a.rud":  "67108864 0\n",
		"a.mtx":  "%%MatrixMarket matrix coordinate real symmetric\n67108864 67108864 0\n",
		"a.qubo": "p qubo 0 67108864 1 0\n67108863 67108863 1\n",
		"b.rud":  "2 134217728\n",
		"a.uai":  "MARKOV\n67108864\n2 2",
		"b.uai":  "MARKOV 2 65536 2048 1 2 0 1 134217728 1 1",
		"c.uai":  "MARKOV 3 65536 65536 65536 1 3 0 1 2 281474976710656 1",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		attempt(t, name, []byte(text), Options{})
		runtime.ReadMemStats(&after)
		if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 1<<20 {
			t.Errorf("%s: %d bytes of memory for a file of %d bytes", name, bytes, len(text))
		}
	}
}
