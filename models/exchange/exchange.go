// Package exchange reads models in the file formats of other programs and writes
// them.
//
// A file becomes a Model in two steps: Detect tells its format by content and
// name, Read turns it into one of two plain forms, with every sign and offset
// converted:
//
//	Spins   E(s) = Offset + Σ h s + Σ J s s   dimod, G-set, qbsolv, edge lists
//	Tables  p(x) ∝ Π φ(x…)                    UAI
//
// Document then writes the form as a model file of this project, in which
// `weights` contribute −W·s·s and p ∝ exp(−βH): W = −h, −J or log φ, and
// E = H + Offset. The other way, WriteCOO, WriteDimodJSON, WriteGSet and WriteUAI
// write the forms in foreign formats.
//
// Files come from strangers: whatever is wrong in one is reported with its line
// and column, all at once, every announced size is checked before memory is
// taken, and no input makes the package panic.
package exchange

import (
	"bytes"
	"unicode/utf8"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// The limits of a model; graph.Build has the same.
const (
	MaxFile  = 1 << 30 // bytes of a file
	MaxNodes = 1 << 26 // variables
	MaxPairs = 1 << 27 // entries of a file, and terms of a model
)

// MaxStates is the largest number of states of a variable.
const MaxStates = 1 << 16

// Format names a file format.
type Format string

const (
	DimodJSON    Format = "dimod-json"
	DimodBQM     Format = "bqm"
	COO          Format = "coo"
	GSet         Format = "gset"
	QUBO         Format = "qubo"
	UAI          Format = "uai"
	Edges        Format = "edges"
	MatrixMarket Format = "mtx"
)

// Formats lists the formats that are read, in the order of their descriptions.
func Formats() []Format {
	return []Format{DimodJSON, DimodBQM, COO, GSet, QUBO, UAI, Edges, MatrixMarket}
}

var describe = map[Format]string{
	DimodJSON:    "dimod JSON",
	DimodBQM:     "a .bqm file of dimod",
	COO:          "a COO list of dimod",
	GSet:         "a G-set graph",
	QUBO:         "a .qubo file of qbsolv",
	UAI:          "a UAI network",
	Edges:        "an edge list",
	MatrixMarket: "a Matrix Market file",
}

// String is the format as people call it: "a G-set graph".
func (f Format) String() string { return describe[f] }

// Vartypes are the values that the variables of a quadratic model take.
const (
	SPIN   = "SPIN"   // -1, +1
	BINARY = "BINARY" // 0, 1
)

// Options say what a file leaves open.
type Options struct {
	Format    Format  // "" is recognised
	Vartype   string  // SPIN or BINARY, for COO lists without a header
	Couplings bool    // edge lists: H = −Σ w s s instead of +Σ w s s
	Once      bool    // repeated entries count once instead of being added
	Floor     float64 // UAI: what zeros of the tables become; 0 refuses them

	Evidence     []byte // UAI: text of an evidence file, nil for none
	EvidenceName string
}

// Model is what a file holds: Spins or Tables.
type Model struct {
	Format Format
	Detail string // what else names the format: "schema 3.0.0, BINARY"
	Spins  *Spins
	Tables *Tables
	Notes  []string // what was converted, merged or left out
}

// Read reads a file. name is for messages and, with the content, tells the
// format. The Model is nil if the list holds any problem.
func Read(name string, text []byte, o Options) (*Model, *diag.List) {
	list := &diag.List{}
	if o.Format == "" {
		if o.Format = Detect(name, text); o.Format == "" {
			if clean, ok := plain(name, text, list); ok {
				list.Addf(firstPlace(name, clean), diag.UnknownFormat, "the format of this file is not recognised").
					Help = "--format names it: " + formatWords()
			}
			return nil, list
		}
	}
	m := &Model{Format: o.Format}
	if o.Format == DimodBQM {
		readBQM(m, name, text, list)
	} else if text, ok := plain(name, text, list); ok {
		r := &reader{file: name, text: text, list: list, options: o}
		switch o.Format {
		case DimodJSON:
			r.dimodJSON(m)
		case COO:
			r.coo(m)
		case GSet:
			r.gset(m)
		case QUBO:
			r.qubo(m)
		case UAI:
			r.uai(m)
		case Edges:
			r.edges(m)
		case MatrixMarket:
			r.matrixMarket(m)
		}
	}
	if list.Len() > 0 {
		return nil, list
	}
	return m, list
}

func formatWords() string {
	var words []string
	for _, f := range Formats() {
		words = append(words, string(f))
	}
	return diag.Or(words)
}

// plain checks that a file is text and strips a byte order mark.
func plain(name string, text []byte, list *diag.List) ([]byte, bool) {
	switch {
	case len(text) > MaxFile:
		list.Limitf(diag.Pos{File: name}, diag.TooLarge, "the file has more than %d bytes", MaxFile)
		return nil, false
	case bytes.HasPrefix(text, []byte("\xff\xfe")), len(text) > 3 && text[0] != 0 && text[1] == 0 && text[2] != 0 && text[3] == 0:
		notText(name, "UTF-16LE", list)
		return nil, false
	case bytes.HasPrefix(text, []byte("\xfe\xff")), len(text) > 3 && text[0] == 0 && text[1] != 0 && text[2] == 0 && text[3] != 0:
		notText(name, "UTF-16BE", list)
		return nil, false
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if i := bytes.IndexByte(text, 0); i >= 0 {
		list.Addf(diag.Pos{File: name}, diag.Encoding, "byte %d is 0: this is no text file", i)
		return nil, false
	}
	if len(bytes.TrimSpace(text)) == 0 {
		list.Addf(diag.Pos{File: name, Line: 1, Col: 1}, diag.EmptyFile, "nothing is written here")
		return nil, false
	}
	return text, true
}

func notText(name, kind string, list *diag.List) {
	list.Addf(diag.Pos{File: name}, diag.Encoding, "the file is in %s, not in UTF-8 or ASCII", kind).
		Help = "convert it: iconv -f " + kind + " -t UTF-8 old.txt > new.txt"
}

// firstPlace is where the first word of a text stands.
func firstPlace(name string, text []byte) diag.Pos {
	l := lines{text: text}
	for l.next() {
		if len(l.fields) > 0 {
			return diag.Pos{File: name, Line: l.line, Col: l.fields[0].col}
		}
	}
	return diag.Pos{File: name, Line: 1, Col: 1}
}

// reader reads one text file.
type reader struct {
	file    string
	text    []byte
	list    *diag.List
	options Options
}

// fail reports a problem at a field of a line.
func (r *reader) fail(line int, f field, code, format string, args ...any) *diag.Problem {
	p := r.list.Addf(diag.Pos{File: r.file, Line: line, Col: f.col}, code, format, args...)
	p.Width = len(f.text)
	return p
}

// utf8 checks text of which parts are kept, such as labels.
func (r *reader) utf8() bool {
	for at := 0; at < len(r.text); {
		c, size := utf8.DecodeRune(r.text[at:])
		if c == utf8.RuneError && size == 1 {
			r.list.Addf(placeOf(r.file, r.text, at), diag.Encoding, "byte 0x%02x is not valid UTF-8", r.text[at]).
				Help = "save the file as UTF-8"
			return false
		}
		at += size
	}
	return true
}
