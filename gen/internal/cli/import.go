package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/models/exchange"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

// importing is one run of import.
type importing struct {
	options    exchange.Options
	format     string
	sign       string
	duplicates string
	evidence   string
	out, name  string
	force      bool
}

func (c *command) importModel() *cobra.Command {
	var in importing
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a model of a file of another program",
		Long: `Reads a model in the format of another program and writes it as a model file,
with an .npz file beside it where there are many numbers, and a .labels.json file
with the names of the variables and the offset of the energy.

Formats, recognised by content and name:
  dimod-json  BinaryQuadraticModel.to_serializable(), schemas 1 to 3
  bqm         BinaryQuadraticModel.to_file(), versions 1 and 2
  coo         dimod COO list, with a vartype header or --vartype
  gset        max-cut graph (rud): nodes edges, then i j weight
  qubo        qbsolv .qubo file
  uai         UAI network, MARKOV or BAYES, with --evidence
  edges       edge list: i j or i j weight, by blanks or commas
  mtx         Matrix Market, coordinate, symmetric or general

Energies E of these formats are minimised: H = E − offset, p ∝ exp(−βH), so the
weights are −h and −J; tables of UAI become weights log φ.`,
		Example: `  thrmlgen import problem.json --out problem
  thrmlgen import G11.txt --out g11.yaml
  thrmlgen import asia.uai --evidence asia.uai.evid --floor 1e-9`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return fmt.Errorf("no file is given")
			case len(args) > 1:
				return fmt.Errorf("one file is taken, not also %s", diag.Quote(args[1]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := in.check(); err != nil {
				return err
			}
			return c.importFile(cmd.Context(), args[0], &in)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.format, "format", "", "the `format` of the file, where it is not recognised")
	f.StringVar(&in.out, "out", "model.yaml", "the model `file` to write, or a folder for model.yaml")
	f.StringVar(&in.name, "name", "", "`name` of the model (default: from that of the file)")
	f.BoolVar(&in.force, "force", false, "write over files that import did not write, or that were edited")
	f.StringVar(&in.options.Vartype, "vartype", "", "values of the variables of a COO list: SPIN or BINARY")
	f.StringVar(&in.sign, "sign", "energy", "what weights of an edge list are: energy (H = Σ w s s) or coupling (H = −Σ w s s)")
	f.StringVar(&in.duplicates, "duplicates", "add", "repeated entries: add them, or count them once")
	f.Float64Var(&in.options.Floor, "floor", 0, "what an entry 0 of a UAI table is taken as; 0 refuses it")
	f.StringVar(&in.evidence, "evidence", "", "UAI evidence `file`, whose variables are clamped")
	return cmd
}

// check refuses flags that cannot be used.
func (in *importing) check() error {
	known := []string{}
	for _, f := range exchange.Formats() {
		known = append(known, string(f))
	}
	switch {
	case in.format != "" && !slices.Contains(known, in.format):
		return unknownWord("format", in.format, known)
	case in.options.Vartype != "" && in.options.Vartype != exchange.SPIN && in.options.Vartype != exchange.BINARY:
		return usage("--vartype %s: SPIN or BINARY is needed", diag.Quote(in.options.Vartype))
	case in.sign != "energy" && in.sign != "coupling":
		return usage("--sign %s: energy or coupling is needed", diag.Quote(in.sign))
	case in.duplicates != "add" && in.duplicates != "once":
		return usage("--duplicates %s: add or once is needed", diag.Quote(in.duplicates))
	case !(in.options.Floor >= 0) || math.IsInf(in.options.Floor, 0):
		return usage("--floor %v: a number from 0 up is needed", in.options.Floor)
	case in.name != "" && in.name != modelName(in.name):
		return usage("--name %s: a name has the form [a-z][a-z0-9_]*", diag.Quote(in.name))
	}
	in.options.Format = exchange.Format(in.format)
	in.options.Couplings = in.sign == "coupling"
	in.options.Once = in.duplicates == "once"
	return nil
}

func (c *command) importFile(ctx context.Context, file string, in *importing) error {
	dir, base, err := outPlace(in.out)
	if err != nil {
		return err
	}
	text, err := c.readForeign(file)
	if err != nil {
		return err
	}
	if in.evidence != "" {
		if in.options.Evidence, err = c.readForeign(in.evidence); err != nil {
			return err
		}
		if in.options.Evidence == nil {
			in.options.Evidence = []byte{}
		}
		in.options.EvidenceName = in.evidence
	}
	m, list := exchange.Read(file, text, in.options)
	if err := list.Err(); err != nil {
		return err
	}
	if in.evidence != "" && m.Tables == nil {
		return usage("--evidence goes with UAI files, this is %s", m.Format)
	}
	if !c.quiet && !c.json {
		how := "recognised as"
		if in.format != "" {
			how = "read as"
		}
		fmt.Fprintf(c.err, "%s: %s %s%s\n", file, how, m.Format, detail(m))
	}
	name := in.name
	if name == "" {
		name = modelName(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	}
	doc := m.Document(exchange.DocumentOptions{Name: name, Base: base, Source: filepath.Base(file)})
	files, err := documentFiles(doc)
	if err != nil {
		return err
	}
	c.clearsUp.Store(true)
	w := &importWriter{dir: dir, base: base, source: file, files: files, force: in.force}
	if err := w.write(ctx); err != nil {
		return err
	}
	return c.imported(m, name, w)
}

func detail(m *exchange.Model) string {
	if m.Detail == "" {
		return ""
	}
	return " (" + m.Detail + ")"
}

// readForeign reads a regular file and keeps its text for excerpts in messages.
func (c *command) readForeign(file string) ([]byte, error) {
	list := &diag.List{}
	unreadable := func(format string, args ...any) ([]byte, error) {
		list.Envf(diag.Pos{File: file}, diag.FileUnreadable, format, args...)
		return nil, list
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return unreadable("no such file")
	case err != nil:
		return unreadable("%v", reasonOf(err))
	case !info.Mode().IsRegular():
		return unreadable("not a regular file")
	case info.Size() > exchange.MaxFile: // before there is memory for all of it
		list.Limitf(diag.Pos{File: file}, diag.TooLarge, "the file has more than %d bytes", exchange.MaxFile)
		return nil, list
	}
	f, err := os.Open(file)
	if err != nil {
		return unreadable("%v", reasonOf(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, exchange.MaxFile+1))
	if err != nil {
		return unreadable("%v", reasonOf(err))
	}
	if c.foreign == nil {
		c.foreign = map[string][]byte{}
	}
	c.foreign[file] = text
	return text, nil
}

// reasonOf is an error without the file name that the message begins with.
func reasonOf(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// outPlace is the folder and the common beginning of the names of the files to
// write.
func outPlace(out string) (dir, base string, err error) {
	if out == "" {
		return "", "", usage("--out is empty: a model file or a folder is needed")
	}
	ext := filepath.Ext(out)
	if ext != ".yaml" {
		return out, "model", nil
	}
	base = strings.TrimSuffix(filepath.Base(out), ext)
	plain := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) }
	if base == "" || strings.ContainsFunc(base, func(r rune) bool { return !plain(r) }) {
		return "", "", usage("--out %s: the name of the file may have letters, digits, dots, - and _", diag.Quote(out))
	}
	return filepath.Dir(out), base, nil
}

// modelName makes a name of any text: [a-z][a-z0-9_]*.
func modelName(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
		if b.Len() == 64 {
			break
		}
	}
	name := b.String()
	switch {
	case strings.Trim(name, "_") == "":
		return "imported"
	case name[0] >= '0' && name[0] <= '9':
		return "m_" + name
	}
	return name
}

// documentFiles are the files of a document by name.
func documentFiles(d *exchange.Document) (map[string][]byte, error) {
	files := map[string][]byte{d.Base + ".yaml": d.YAML}
	if d.Graph != nil {
		files[d.Base+".rud"] = d.Graph
	}
	if len(d.Arrays) > 0 {
		var b bytes.Buffer
		z := npy.NewNPZWriter(&b)
		for _, a := range d.Arrays {
			if err := z.Add(a.Name, a.Shape, a.Data); err != nil {
				return nil, err
			}
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		files[d.Base+".npz"] = b.Bytes()
	}
	files[d.Base+labelsEnd] = d.Side(files)
	return files, nil
}

// labelsEnd ends the name of the side file, which says what import wrote.
const labelsEnd = ".labels.json"

// importWriter writes the files of one import. The side file of an earlier one
// tells which files are of import and what they were, so that nothing else is
// written over.
type importWriter struct {
	dir, base, source string
	files             map[string][]byte
	force             bool
	written           []string
}

func (w *importWriter) write(ctx context.Context) error {
	old, err := w.olderSums()
	if err != nil {
		return err
	}
	names, stale, err := w.plan(old)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.dir, 0o777); err != nil {
		return writeError(w.dir, err)
	}
	for _, name := range names {
		path := filepath.Join(w.dir, name)
		w.written = append(w.written, path)
		err := observe.WriteWholeFile(ctx, path, func(to io.Writer) error {
			_, err := to.Write(w.files[name])
			return err
		})
		if err != nil {
			return writeError(path, err)
		}
	}
	for _, name := range stale {
		os.Remove(filepath.Join(w.dir, name)) // what stays does no harm
	}
	return nil
}

// olderSums are the sums of the files of an earlier import, nil if there was none.
func (w *importWriter) olderSums() (map[string]string, error) {
	text, err := w.existing(w.base + labelsEnd)
	if err != nil || text == nil {
		return nil, err
	}
	labels, ok := exchange.ReadLabels(text)
	if !ok {
		return nil, nil
	}
	sums := map[string]string{w.base + labelsEnd: exchange.Sum(text)}
	for name, sum := range labels.Files {
		sums[name] = sum
	}
	return sums, nil
}

// existing is the content of a file that is there, nil if there is none.
func (w *importWriter) existing(name string) ([]byte, error) {
	path := filepath.Join(w.dir, name)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, writeError(path, err)
	case !info.Mode().IsRegular():
		return nil, w.refuse(path, diag.Foreign, "this is not a regular file", "remove it, or choose another --out")
	case info.Size() > exchange.MaxFile:
		return []byte{}, nil // none of ours
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, writeError(path, err)
	}
	return append([]byte{}, text...), nil
}

func (w *importWriter) refuse(path, code, text, help string) error {
	list := &diag.List{}
	list.Envf(diag.Pos{File: path}, code, "%s", text).Help = help
	return list
}

// plan says which files to write, the model file last, and which of an earlier
// import to remove. It refuses files that are not of import, or were edited.
func (w *importWriter) plan(old map[string]string) (names, stale []string, err error) {
	problems := &diag.List{}
	for name := range w.files {
		text, err := w.existing(name)
		if err != nil {
			return nil, nil, err
		}
		path := filepath.Join(w.dir, name)
		switch {
		case text == nil:
		case bytes.Equal(text, w.files[name]):
			continue
		case sameFile(path, w.source):
			problems.Envf(diag.Pos{File: path}, diag.Foreign, "this is the file to import, and it would be written over").
				Help = "--out names another file or folder"
		case w.force || old[name] == exchange.Sum(text):
		case old[name] != "":
			problems.Envf(diag.Pos{File: path}, diag.Edited, "this file was changed since import wrote it").
				Help = "--force writes over it; --out names another file or folder"
		default:
			problems.Envf(diag.Pos{File: path}, diag.Foreign, "import did not write this file, and it would be written over").
				Help = "--force writes over it; --out names another file or folder"
		}
		names = append(names, name)
	}
	for name, sum := range old {
		if w.files[name] != nil || !strings.HasPrefix(name, w.base+".") || filepath.Base(name) != name {
			continue
		}
		if text, err := w.existing(name); err == nil && text != nil && exchange.Sum(text) == sum {
			stale = append(stale, name)
		}
	}
	slices.Sort(names)
	slices.Sort(stale)
	return names, stale, problems.Err()
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

type importJSON struct {
	Model     string          `json:"model"`
	Format    exchange.Format `json:"format"`
	Detail    string          `json:"detail"`
	Variables int             `json:"variables"`
	Factors   int             `json:"factors"`
	Offset    float64         `json:"offset"`
	Notes     []string        `json:"notes"`
	Files     []string        `json:"files"`
}

// imported says what was made of the file.
func (c *command) imported(m *exchange.Model, name string, w *importWriter) error {
	out := importJSON{Model: name, Format: m.Format, Detail: m.Detail, Notes: append(m.Conversion(), m.Notes...), Files: w.written}
	if out.Files == nil {
		out.Files = []string{}
	}
	what := ""
	if s := m.Spins; s != nil {
		out.Variables, out.Factors, out.Offset = s.Nodes, len(s.Pairs), s.Offset
		what = plural(out.Factors, "pair")
		if s.Bias != nil {
			out.Factors += s.Nodes
			what += ", biases"
		}
	} else {
		out.Variables, out.Factors, out.Offset = len(m.Tables.States), len(m.Tables.Factors), m.Tables.Offset
		what = plural(out.Factors, "table")
	}
	if c.json {
		return writeJSON(c.out, out)
	}
	if c.quiet {
		return nil
	}
	fmt.Fprintf(c.out, "%s: %s, %s\n", name, plural(out.Variables, "variable"), what)
	for _, note := range out.Notes {
		fmt.Fprintf(c.out, "  %s\n", note)
	}
	model := filepath.Join(w.dir, w.base+".yaml")
	if len(w.written) == 0 {
		fmt.Fprintf(c.out, "%s is up to date\n", model)
		return nil
	}
	fmt.Fprintf(c.out, "wrote %s; next: thrmlgen check %s\n", strings.Join(w.written, ", "), model)
	return nil
}
