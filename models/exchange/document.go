package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Document is a model in the files of this project. Besides the model file there
// may be one .npz file of arrays that it names, and a graph file; the side file
// of labels says what the foreign file called the variables.
type Document struct {
	Base   string // file names begin with it: Base.yaml, Base.npz, Base.labels.json, Base.rud
	YAML   []byte
	Arrays []Array
	Graph  []byte // Base.rud, nil if there is none
	side   *Labels
}

// Array is one array of Base.npz: Data is []int32 or []float64, row-major.
type Array struct {
	Name  string
	Shape []int
	Data  any
}

// DocumentOptions name the parts of a document.
type DocumentOptions struct {
	Name   string // of the model
	Base   string // of its files
	Source string // file that the model was read from, for comments
}

// Labels is the content of a side file.
type Labels struct {
	Generator string            `json:"generator"` // LabelsMark
	Source    string            `json:"source"`
	Format    Format            `json:"format"`
	Detail    string            `json:"detail,omitempty"`
	Vartype   string            `json:"vartype,omitempty"` // values of the variables in the source
	Offset    float64           `json:"offset"`            // energy in the source = H + offset
	Files     map[string]string `json:"files"`             // SHA-256 of the files written beside this one
	First     int               `json:"first"`             // what the source calls s[0], where it numbers
	Labels    []json.RawMessage `json:"labels,omitempty"`  // what it calls s[0], s[1], … otherwise
	Nodes     []string          `json:"nodes,omitempty"`   // of the variables of a UAI file, in order; "" for one left out
}

// LabelsMark is what the generator of a side file is.
const LabelsMark = "thrmlgen import"

// inlineCells is how many numbers a factor may have in the model file itself.
const inlineCells = 600

// stateNodes is how many nodes a model may have for its states to be recorded.
const stateNodes = 10000

// Document writes the model as files.
func (m *Model) Document(o DocumentOptions) *Document {
	w := &writer{doc: &Document{Base: o.Base}, m: m, o: o}
	w.doc.side = &Labels{Generator: LabelsMark, Source: o.Source, Format: m.Format, Detail: m.Detail, Files: map[string]string{}}
	w.head()
	if m.Spins != nil {
		w.spins(m.Spins)
	} else {
		w.tables(m.Tables)
	}
	w.line("blocks: auto")
	w.line("sample: {chains: 4, warmup: 1000, samples: 1000, steps_per_sample: 1, seed: 0}")
	if w.nodes <= stateNodes {
		w.line("observe: [state, energy, best]")
	} else {
		w.line("observe: [energy, best]")
	}
	w.doc.YAML = w.b.Bytes()
	return w.doc
}

// Side is the text of the labels file; files are the others by name, whose sums
// it states.
func (d *Document) Side(files map[string][]byte) []byte {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		d.side.Files[name] = Sum(files[name])
	}
	var b bytes.Buffer
	lead := "{\n "
	put := func(key string, text []byte) {
		fmt.Fprintf(&b, "%s%q: %s", lead, key, text)
		lead = ",\n "
	}
	l := d.side
	put("generator", quoteJSON(l.Generator))
	put("source", quoteJSON(l.Source))
	put("format", quoteJSON(string(l.Format)))
	put("detail", quoteJSON(l.Detail))
	put("vartype", quoteJSON(l.Vartype))
	put("offset", []byte(number(l.Offset)))
	sums, _ := json.Marshal(l.Files) // strings always have a text
	put("files", sums)
	if l.Nodes == nil && l.Labels == nil {
		put("first", strconv.AppendInt(nil, int64(l.First), 10))
	}
	names := l.Labels
	key := "labels"
	if l.Nodes != nil {
		key = "nodes"
		for _, n := range l.Nodes {
			names = append(names, quoteJSON(n))
		}
	}
	if names != nil {
		put(key, append(bytes.Join(asBytes(names), []byte(",\n  ")), ']'))
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// asBytes are the texts of a list of JSON values, the first behind its bracket.
func asBytes(values []json.RawMessage) [][]byte {
	out := make([][]byte, len(values))
	for i, v := range values {
		out[i] = v
	}
	if len(out) > 0 {
		out[0] = append([]byte("[\n  "), out[0]...)
	}
	return out
}

// Sum is the SHA-256 of a file in hexadecimal.
func Sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// ReadLabels reads a side file; false if it is none.
func ReadLabels(text []byte) (*Labels, bool) {
	var l Labels
	if json.Unmarshal(text, &l) != nil || l.Generator != LabelsMark {
		return nil, false
	}
	return &l, true
}

type writer struct {
	doc   *Document
	m     *Model
	o     DocumentOptions
	b     bytes.Buffer
	nodes int
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.b, format, args...)
	w.b.WriteByte('\n')
}

// head writes what is known of the source as comments.
func (w *writer) head() {
	detail := ""
	if w.m.Detail != "" {
		detail = " (" + w.m.Detail + ")"
	}
	w.line("# %s: imported by thrmlgen from %s, %s%s.", w.o.Name, strconv.QuoteToASCII(w.o.Source), w.m.Format, detail)
	for _, note := range w.m.Conversion() {
		w.line("# %s.", comment(note))
	}
	for _, note := range w.m.Notes {
		w.line("# %s.", comment(note))
	}
	w.line("# Names in the source: %s.labels.json.", w.o.Base)
	w.line("model: %s", w.o.Name)
}

// comment is text that is safe in a comment of YAML.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// Conversion says what the numbers of the source have become.
func (m *Model) Conversion() []string {
	var out []string
	switch s := m.Spins; {
	case s == nil:
		out = append(out, "weights are log φ, p ∝ Π φ")
		if off := m.Tables.Offset; off != 0 {
			out = append(out, "log Z of the source = log Z of this model "+signed(-off))
		}
	case s.Graph:
		out = append(out, "H = Σ w s s over the edges; cut = (Σ w − H)/2")
	case m.Format == Edges || m.Format == MatrixMarket: // a note says which sign
	default:
		out = append(out, "weights are −h and −J of E = offset + Σ h s + Σ J s s, p ∝ exp(−βE)")
		if s.Offset != 0 {
			out = append(out, "E of the source = H "+signed(s.Offset))
		}
	}
	return out
}

// signed is a number as a sum continues with it: "+ 1.5" or "− 1.5".
func signed(x float64) string {
	if x < 0 {
		return "− " + number(-x)
	}
	return "+ " + number(x)
}

func (w *writer) spins(s *Spins) {
	w.nodes = s.Nodes
	side := w.doc.side
	side.Vartype, side.Offset, side.First, side.Labels = s.Vartype, s.Offset, s.First, s.Labels
	if s.Graph {
		var b bytes.Buffer
		_ = WriteGSet(&b, s) // a buffer takes everything
		w.doc.Graph = b.Bytes()
		w.line("maxcut: {file: %s}", quote(w.o.Base+".rud"))
		return
	}
	w.line("variables:")
	w.line("  s: {kind: spin, shape: [%d]}", s.Nodes)
	w.line("factors:")
	if s.Bias != nil || len(s.Pairs) == 0 {
		w.line("  - name: bias")
		w.line("    over: [s]")
		w.line("    index: all")
		if s.Bias == nil {
			w.line("    weights: 0") // a model needs a factor
		} else {
			bias := make([]float64, s.Nodes)
			for i, h := range s.Bias {
				bias[i] = -h + 0
			}
			w.numbers("weights", "bias", []int{s.Nodes}, bias, s.Nodes > inlineCells)
		}
	}
	if len(s.Pairs) > 0 {
		index, weights := make([]int32, 0, 2*len(s.Pairs)), make([]float64, 0, len(s.Pairs))
		for _, p := range s.Pairs {
			index = append(index, p.I, p.J)
			weights = append(weights, -p.Weight)
		}
		big := 3*len(s.Pairs) > inlineCells
		w.line("  - name: pairs")
		w.line("    over: [s, s]")
		w.indices("pairs_index", 2, index, big)
		w.numbers("weights", "pairs", []int{len(weights)}, weights, big)
	}
	w.line("beta: %s", number(s.Beta))
}

// group is the tables over variables of the same numbers of states, in order.
type group struct {
	states []int
	tables []*Table
}

func (w *writer) tables(t *Tables) {
	w.doc.side.Offset = t.Offset
	count := map[int]int{}
	for _, k := range t.States {
		count[k]++
	}
	delete(count, 1)
	sizes := slices.Sorted(maps.Keys(count))
	name := func(k int) string {
		if len(sizes) == 1 {
			return "x"
		}
		return fmt.Sprintf("x%d", k)
	}
	w.line("variables:")
	for _, k := range sizes {
		w.line("  %s: {kind: categorical, states: %d, shape: [%d]}", name(k), k, count[k])
		w.nodes += count[k]
	}
	at := make([]int, len(t.States)) // position inside its variable
	seen := map[int]int{}
	w.doc.side.Nodes = make([]string, len(t.States))
	for v, k := range t.States {
		if at[v] = seen[k]; k > 1 {
			w.doc.side.Nodes[v] = fmt.Sprintf("%s[%d]", name(k), at[v])
		}
		seen[k]++
	}
	groups := groupTables(t)
	if len(groups) == 0 {
		w.line("factors: []")
	} else {
		w.line("factors:")
	}
	for _, g := range groups {
		w.group(t, g, name, at)
	}
	w.evidence(t, name, at)
}

func groupTables(t *Tables) []*group {
	var groups []*group
	by := map[string]*group{}
	for i := range t.Factors {
		f := &t.Factors[i]
		states := make([]int, len(f.Scope))
		for k, v := range f.Scope {
			states[k] = t.States[v]
		}
		key := fmt.Sprint(states)
		if by[key] == nil {
			by[key] = &group{states: states}
			groups = append(groups, by[key])
		}
		by[key].tables = append(by[key].tables, f)
	}
	return groups
}

func (w *writer) group(t *Tables, g *group, name func(int) string, at []int) {
	over, label := make([]string, len(g.states)), "table"
	cells := 1
	for k, n := range g.states {
		over[k] = name(n)
		label += fmt.Sprintf("_%d", n)
		cells *= n
	}
	var index []int32
	logs := make([]float64, 0, cells*len(g.tables))
	for _, f := range g.tables {
		for _, v := range f.Scope {
			index = append(index, int32(at[v]))
		}
		logs = append(logs, f.Log...)
	}
	big := len(index)+len(logs) > inlineCells
	lead := "  - "
	if len(label) < 100 {
		w.line("  - name: %s", label)
		lead = "    "
	} else {
		label = fmt.Sprintf("table%d", len(w.doc.Arrays))
	}
	w.line("%sover: [%s]", lead, strings.Join(over, ", "))
	w.indices(label+"_index", len(g.states), index, big)
	w.numbers("weights", label, append([]int{len(g.tables)}, g.states...), logs, big)
}

func (w *writer) evidence(t *Tables, name func(int) string, at []int) {
	if len(t.Evidence) == 0 {
		return
	}
	nodes, values := map[string][]string{}, map[string][]string{}
	for _, e := range t.Evidence {
		v := name(t.States[e.Variable])
		nodes[v] = append(nodes[v], strconv.Itoa(at[e.Variable]))
		values[v] = append(values[v], strconv.Itoa(e.Value))
	}
	w.line("clamp:")
	for _, v := range slices.Sorted(maps.Keys(nodes)) {
		w.line("  ? \"%s[[%s]]\"\n  : [%s]", v, strings.Join(nodes[v], ", "), strings.Join(values[v], ", "))
	}
}

// indices writes rows of nodes, in the model file or in an array.
func (w *writer) indices(name string, slots int, index []int32, big bool) {
	shape := []int{len(index) / slots, slots}
	if big {
		w.line("    index: {file: %s}", quote(w.o.Base+".npz#"+name))
		w.doc.Arrays = append(w.doc.Arrays, Array{name, shape, index})
		return
	}
	w.b.WriteString("    index: ")
	w.list(shape, func(i int) string { return strconv.Itoa(int(index[i])) })
}

func (w *writer) numbers(key, name string, shape []int, values []float64, big bool) {
	if big {
		w.line("    %s: {file: %s}", key, quote(w.o.Base+".npz#"+name))
		w.doc.Arrays = append(w.doc.Arrays, Array{name, shape, values})
		return
	}
	w.b.WriteString("    " + key + ": ")
	w.list(shape, func(i int) string { return number(values[i]) })
}

// list writes a nested list, with a new line after about a hundred bytes.
func (w *writer) list(shape []int, element func(i int) string) {
	at, start := 0, w.b.Len()
	var nested func(shape []int)
	nested = func(shape []int) {
		if len(shape) == 0 {
			w.b.WriteString(element(at))
			at++
			return
		}
		w.b.WriteByte('[')
		for i := range shape[0] {
			if i > 0 {
				w.b.WriteByte(',')
				if w.b.Len()-start > 100 {
					w.b.WriteString("\n      ")
					start = w.b.Len()
				} else {
					w.b.WriteByte(' ')
				}
			}
			nested(shape[1:])
		}
		w.b.WriteByte(']')
	}
	nested(shape)
	w.b.WriteByte('\n')
}

// quote is a file name as a string of YAML.
func quote(s string) string { return strconv.Quote(s) }
