package exchange

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// extensions are the endings of file names that name a format.
var extensions = map[string]Format{
	".json": DimodJSON, ".bqm": DimodBQM, ".coo": COO, ".qubo": QUBO, ".uai": UAI, ".mtx": MatrixMarket,
	".rud": GSet, ".gset": GSet, ".mc": GSet,
	".csv": Edges, ".tsv": Edges, ".edges": Edges, ".edgelist": Edges, ".el": Edges,
}

var gsetName = regexp.MustCompile(`^[Gg][0-9]{1,2}(\.txt)?$`)

// Detect tells the format of a file: by marks in the text that no other format
// has, else by its name, else by the shape of its lines. It is "" where nothing
// is certain.
func Detect(name string, text []byte) Format {
	if bytes.HasPrefix(text, []byte(bqmMagic)) {
		return DimodBQM
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if f := byMark(text); f != "" {
		return f
	}
	base := path.Base(strings.ReplaceAll(name, "\\", "/"))
	if f := extensions[strings.ToLower(path.Ext(base))]; f != "" {
		return f
	}
	if gsetName.MatchString(base) {
		return GSet
	}
	return byLines(text)
}

// byMark looks for what only one format begins with.
func byMark(text []byte) Format {
	if isMatrixMarket(text) {
		return MatrixMarket
	}
	l := lines{text: text}
	for seen := 0; l.next() && seen < 1000; {
		if len(l.fields) == 0 {
			continue
		}
		seen++
		switch word := string(l.fields[0].text); {
		case word[0] == '{':
			return DimodJSON
		case strings.EqualFold(word, "MARKOV"), strings.EqualFold(word, "BAYES"):
			return UAI
		case word == "p" && len(l.fields) > 1 && string(l.fields[1].text) == "qubo":
			return QUBO
		case word[0] == '#':
			if _, _, ok := commentValue(l.now, "vartype"); ok {
				return COO
			}
		case word[0] != 'c' && word[0] != '%':
			return ""
		}
	}
	return ""
}

// byLines tells graphs and edge lists apart. A first line of two numbers with
// lines of three behind it, or with as many lines behind it as it says, begins a
// G-set file.
func byLines(text []byte) Format {
	l := lines{text: text}
	var head [2]int64
	first, rows := 0, int64(0)
	triples := false
	for l.next() {
		if len(l.fields) == 0 || isComment(l.fields[0].text) {
			continue
		}
		n := len(l.fields)
		if n != 2 && n != 3 {
			return ""
		}
		for _, f := range l.fields[:2] {
			if _, ok := integer(f.text); !ok {
				return ""
			}
		}
		if first == 0 {
			first = n
			head[0], _ = integer(l.fields[0].text)
			head[1], _ = integer(l.fields[1].text)
			continue
		}
		rows++
		triples = triples || n == 3
	}
	switch {
	case first == 2 && (triples || rows == head[1]):
		return GSet
	case first > 0:
		return Edges
	}
	return ""
}
