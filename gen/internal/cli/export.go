package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sort"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/models/exchange"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

// exportFormats are the formats that are written.
var exportFormats = []string{"coo", "dimod-json", "gset", "uai"}

// exporting is one run of export.
type exporting struct {
	format, out, labels string
	force               bool
}

func (c *command) exportModel() *cobra.Command {
	var ex exporting
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write a model in a format of another program",
		Long: `Writes the energy of a model in the format of another program.

Formats:
  coo         dimod COO list: spins, alone and in pairs
  dimod-json  what dimod's BinaryQuadraticModel.from_serializable() reads; the same
  gset        max-cut graph: spins in pairs, H = Σ w s s
  uai         MARKOV network: any discrete model; tables exp(−βH) of each row,
              spins as 0 for −1 and 1 for +1, clamps in FILE.evid

dimod energies are H; beta stands in a comment (coo) or in info (dimod-json) that
dimod passes over and import reads. A model that a format cannot hold is refused.`,
		Example: `  thrmlgen export models/chain5 --format coo --out chain5.coo
  thrmlgen export models/mixed --format uai --out mixed.uai`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(exportFormats, ex.format) {
				if ex.format == "" {
					return usage("--format is needed: %s", diag.Or(exportFormats))
				}
				return unknownWord("format", ex.format, exportFormats)
			}
			if ex.out == "" {
				return usage("--out is needed: the file to write, - for standard output")
			}
			if ex.out == "-" && c.json {
				return usage("--json and --out - both want standard output")
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			return c.export(cmd.Context(), m, &ex)
		},
	}
	f := cmd.Flags()
	f.StringVar(&ex.format, "format", "", "what to write: "+diag.Or(exportFormats))
	f.StringVar(&ex.out, "out", "", "the `file` to write, - for standard output")
	f.StringVar(&ex.labels, "labels", "", "side `file` of an import (.labels.json): its names and offset are written (dimod)")
	f.BoolVar(&ex.force, "force", false, "write over a file that is there")
	return c.modelCommand(cmd)
}

// exported is what is known of a file written.
type exported struct {
	notes []string
	extra map[string]func(io.Writer) error // files beside it, by what is added to its name
}

func (c *command) export(ctx context.Context, m *gen.Model, ex *exporting) error {
	var done *exported
	var write func(io.Writer) error
	var err error
	if ex.format == "uai" {
		write, done, err = exportTables(m.Graph)
	} else {
		write, done, err = c.exportSpins(m.Graph, ex)
	}
	if err != nil {
		return err
	}
	if ex.out == "-" {
		if len(done.extra) > 0 {
			return usage("--out -: the clamps of the model need a file of their own; name a file")
		}
		return write(c.out)
	}
	files := []string{ex.out}
	if err := c.exportFile(ctx, ex.out, ex.force, write); err != nil {
		return err
	}
	for end, write := range done.extra {
		files = append(files, ex.out+end)
		if err := c.exportFile(ctx, ex.out+end, ex.force, write); err != nil {
			return err
		}
	}
	return c.exportDone(m.Graph, ex, files, done.notes)
}

func (c *command) exportDone(g *graph.Graph, ex *exporting, files, notes []string) error {
	if c.json {
		if notes == nil {
			notes = []string{}
		}
		return writeJSON(c.out, map[string]any{"model": g.Model, "format": ex.format, "files": files, "notes": notes})
	}
	if c.quiet {
		return nil
	}
	fmt.Fprintf(c.out, "wrote %s\n", some(files, len(files)))
	for _, note := range notes {
		fmt.Fprintf(c.out, "  %s\n", note)
	}
	return nil
}

func (c *command) exportFile(ctx context.Context, file string, force bool, write func(io.Writer) error) error {
	if _, err := os.Lstat(file); err == nil && !force {
		return environment("%s is there already", file).help("--force writes over it")
	}
	if err := observe.WriteWholeFile(ctx, file, write); err != nil {
		return writeError(file, err)
	}
	return nil
}

// refuseVars reports variables that are neither spins nor, where allowed,
// categoricals.
func refuseVars(g *graph.Graph, format string, categoricals bool, list *diag.List) {
	for i := range g.Vars {
		v := &g.Vars[i]
		switch {
		case v.Kind == graph.Spin, v.Kind == graph.Categorical && categoricals:
		case v.Kind == graph.Categorical:
			list.Addf(v.Pos, diag.NotExported, "variable %s has %d states, %s holds spins", v.Name, v.States, format).
				Help = "--format uai writes any discrete model"
		default:
			list.Addf(v.Pos, diag.NotExported, "variable %s is %s, %s holds discrete variables", v.Name, v.Kind, format)
		}
	}
}

// refuseExpressions reports factors that are not given by weights.
func refuseExpressions(g *graph.Graph, format string, list *diag.List) {
	for i := range g.Factors {
		if f := &g.Factors[i]; len(f.Weights) == 0 && f.Rows > 0 {
			list.Addf(f.Pos, diag.NotExported, "factor %s has no weights, which %s needs", f.Name, format)
		}
	}
	for i := range g.Codes {
		list.Addf(g.Codes[i].Pos, diag.NotExported, "%s has no weights, which %s needs", g.Codes[i].Name, format)
	}
}

// exportSpins writes one of the formats of pairs of spins.
func (c *command) exportSpins(g *graph.Graph, ex *exporting) (func(io.Writer) error, *exported, error) {
	done := &exported{}
	list := &diag.List{}
	refuseVars(g, ex.format, false, list)
	for _, cl := range g.Clamps {
		list.Addf(cl.Pos, diag.NotExported, "clamped nodes cannot be said in %s", ex.format).
			Help = "--format uai writes them as evidence"
	}
	refuseExpressions(g, ex.format, list)
	terms := spinTerms(g, ex.format, list)
	if err := list.Err(); err != nil {
		return nil, done, err
	}
	s, err := exchange.NewSpins(g.Nodes, terms)
	if err != nil {
		return nil, done, limit("%s: %v", ex.format, err)
	}
	s.Beta = g.Beta
	if ex.labels != "" {
		if err := c.takeLabels(s, ex.labels); err != nil {
			return nil, done, err
		}
	}
	switch ex.format {
	case "dimod-json":
		return func(w io.Writer) error { return exchange.WriteDimodJSON(w, s) }, betaNote(s), nil
	case "gset":
		if s.Bias != nil {
			i := slices.IndexFunc(s.Bias, func(h float64) bool { return h != 0 })
			list.Addf(factorPos(g, int32(i)), diag.NotExported, "node %s has a bias, gset holds pairs only", g.NodeName(i))
			return nil, done, list
		}
		if g.Beta != 1 {
			done.notes = append(done.notes, fmt.Sprintf("beta %s is not part of the format", short(g.Beta, 6)))
		}
		return func(w io.Writer) error { return exchange.WriteGSet(w, s) }, done, nil
	}
	if !exchange.IndexLabels(s) {
		return nil, done, wrong("--labels %s: a COO list needs labels that are whole numbers from 0 up", ex.labels).
			help("--format dimod-json takes any labels")
	}
	done = betaNote(s)
	if s.Offset != 0 {
		done.notes = append(done.notes, "the offset of the labels file is not part of the format")
	}
	return func(w io.Writer) error { return exchange.WriteCOO(w, s) }, done, nil
}

func betaNote(s *exchange.Spins) *exported {
	if s.Beta == 1 {
		return &exported{}
	}
	return &exported{notes: []string{fmt.Sprintf("energies are H; beta %s is noted where import reads it and dimod does not", short(s.Beta, 6))}}
}

// factorPos is the place of the first factor over a node alone.
func factorPos(g *graph.Graph, node int32) diag.Pos {
	for i := range g.Factors {
		if f := &g.Factors[i]; len(f.Slots) == 1 && slices.Contains(f.Index, node) {
			return f.Pos
		}
	}
	return diag.Pos{}
}

// spinTerms are the terms of H, with −W for every row.
func spinTerms(g *graph.Graph, format string, list *diag.List) []exchange.Term {
	var terms []exchange.Term
	for i := range g.Factors {
		f := &g.Factors[i]
		k := len(f.Slots)
		if k > 2 {
			list.Addf(f.Pos, diag.NotExported, "factor %s joins %d nodes, %s holds pairs", f.Name, k, format).
				Help = "--format uai writes factors of any order"
			continue
		}
		if len(f.Table) > 0 || len(f.Weights) == 0 { // reported already
			continue
		}
		for r := range f.Rows {
			w := f.Weights[0]
			if !f.Shared {
				w = f.Weights[r]
			}
			terms = append(terms, exchange.Term{A: f.Index[r*k], B: f.Index[r*k+k-1], Weight: -w})
		}
	}
	return terms
}

// takeLabels gives the spins the names and the offset of an import.
func (c *command) takeLabels(s *exchange.Spins, file string) error {
	text, err := c.readForeign(file)
	if err != nil {
		return err
	}
	l, ok := exchange.ReadLabels(text)
	switch {
	case !ok:
		return wrong("--labels %s: this is no .labels.json file of import", file)
	case len(l.Nodes) > 0:
		return wrong("--labels %s: these are the names of a UAI network", file)
	case l.Labels != nil && len(l.Labels) != s.Nodes:
		return wrong("--labels %s: %s for %s", file, plural(len(l.Labels), "label"), plural(s.Nodes, "node"))
	}
	s.First, s.Labels, s.Offset = l.First, l.Labels, l.Offset
	return nil
}

// exportTables writes a UAI file: one table for each row of each factor.
func exportTables(g *graph.Graph) (func(io.Writer) error, *exported, error) {
	done := &exported{}
	list := &diag.List{}
	refuseVars(g, "uai", true, list)
	refuseExpressions(g, "uai", list)
	var given []exchange.Fixed
	for _, cl := range g.Clamps {
		if cl.Chains > 0 {
			list.Addf(cl.Pos, diag.NotExported, "values for each chain cannot be said in uai")
			continue
		}
		for i, n := range cl.Nodes {
			v := int(cl.Values[i])
			if isSpin(g, n) {
				v = (v + 1) / 2
			}
			given = append(given, exchange.Fixed{Variable: int(n), Value: v})
		}
	}
	if err := list.Err(); err != nil {
		return nil, done, err
	}
	if given != nil {
		done.extra = map[string]func(io.Writer) error{".evid": func(w io.Writer) error { return exchange.WriteEvidence(w, given) }}
	}
	u := exchange.UAIFile{}
	for i := range g.Vars {
		for range g.Vars[i].Count {
			u.States = append(u.States, g.Vars[i].States)
		}
	}
	ends := make([]int, len(g.Factors)) // tables up to and with each factor
	for i := range g.Factors {
		u.Count += g.Factors[i].Rows
		ends[i] = u.Count
	}
	var log []float64
	u.Table = func(i int) ([]int32, []float64) {
		at := sort.SearchInts(ends, i+1)
		f := &g.Factors[at]
		row := i - (ends[at] - f.Rows)
		log = rowLogs(f, row, g.Beta, log[:0])
		return f.Index[row*len(f.Slots):][:len(f.Slots)], log
	}
	done.notes = append(done.notes, fmt.Sprintf("%s over %s; spins are 0 for -1 and 1 for +1", plural(u.Count, "table"), plural(len(u.States), "variable")))
	if tableFaults(g, list); list.Len() > 0 {
		return nil, done, list
	}
	return func(w io.Writer) error {
		shift, err := exchange.WriteUAI(w, u)
		if shift != 0 {
			done.notes[0] += fmt.Sprintf("; log Z of the model = log Z of the file + %s", number(shift))
		}
		return err
	}, done, nil
}

// tableFaults refuses rows over so many nodes that their table is no table, and
// tables of numbers that float64 does not hold side by side.
func tableFaults(g *graph.Graph, list *diag.List) {
	for i := range g.Factors {
		f := &g.Factors[i]
		size := 1
		for _, s := range f.Slots {
			if size *= s.States; size > maxTable {
				list.Limitf(f.Pos, diag.TooLarge, "factor %s: the table of one row has more than %d entries", f.Name, maxTable)
				break
			}
		}
		if size > maxTable {
			continue
		}
		largest := 0.0
		for _, w := range f.Weights {
			largest = max(largest, math.Abs(g.Beta*w))
		}
		var log []float64
		for r := 0; r < f.Rows && largest > exchange.MaxLogSpan/2; r++ {
			log = rowLogs(f, r, g.Beta, log[:0])
			if span := slices.Max(log) - slices.Min(log); !(span <= exchange.MaxLogSpan) {
				list.Addf(f.Pos, diag.NotExported, "factor %s: the entries of the table of row %d would span e^%.0f, float64 holds e^%.0f",
					f.Name, r, span, exchange.MaxLogSpan)
				break
			}
		}
	}
}

// maxTable is the largest table written.
const maxTable = 1 << 24

// rowLogs are −βH of one row for all states of its nodes, the last one fastest.
func rowLogs(f *graph.Factor, row int, beta float64, to []float64) []float64 {
	table := f.Weights
	if n := f.TableSize(); !f.Shared {
		table = f.Weights[row*n:][:n]
	}
	var walk func(slot, at int, sign float64)
	walk = func(slot, at int, sign float64) {
		if slot == len(f.Slots) {
			to = append(to, float64(beta*table[at])*sign+0)
			return
		}
		s := &f.Slots[slot]
		for x := range s.States {
			if s.Kind == graph.Spin {
				walk(slot+1, at, sign*float64(2*x-1))
			} else {
				walk(slot+1, at*s.States+x, sign)
			}
		}
	}
	walk(0, 0, 1)
	return to
}
