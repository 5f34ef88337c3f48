package spec

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// maxSize is the largest model file read. Weights beyond it belong in .npy,
// .npz or .safetensors files.
const maxSize = 16 << 20

// source is the text of a model file or of one --set value.
type source struct {
	file   string
	text   []byte
	starts []int // byte offset of each line
	ascii  bool

	// The last answer of byteCol. Places are mostly asked for in order, so
	// that a file of one long line is walked once and not once a number.
	memo struct{ line, rune, byte int }
}

func newSource(file string, text []byte) *source {
	s := &source{file: file, text: text, starts: []int{0}, ascii: true}
	for i, c := range text {
		s.ascii = s.ascii && c < utf8.RuneSelf
		if c == '\n' || c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			s.starts = append(s.starts, i+1)
		}
	}
	return s
}

// pos is the place of a byte offset.
func (s *source) pos(offset int) diag.Pos {
	line, found := slices.BinarySearch(s.starts, offset)
	if !found {
		line--
	}
	return diag.Pos{File: s.file, Line: line + 1, Col: offset - s.starts[line] + 1}
}

// lineText is the text of a line, its end included.
func (s *source) lineText(line int) []byte {
	if line < 1 || line > len(s.starts) {
		return nil
	}
	end := len(s.text)
	if line < len(s.starts) {
		end = s.starts[line]
	}
	return s.text[s.starts[line-1]:end]
}

// byteCol turns a column counted in characters, as yaml.v3 has it, into one
// counted in bytes. Both start at 1.
func (s *source) byteCol(line, col int) int {
	if s.ascii {
		return col
	}
	if s.memo.line != line || s.memo.rune > col {
		s.memo.line, s.memo.rune, s.memo.byte = line, 1, 1
	}
	text := s.lineText(line)
	for s.memo.rune < col && s.memo.byte <= len(text) {
		_, size := utf8.DecodeRune(text[s.memo.byte-1:])
		s.memo.rune++
		s.memo.byte += size
	}
	return s.memo.byte
}

// cleanText checks the bytes of a file before YAML sees them and strips a byte
// order mark. It reports false if they cannot be read as text at all.
func cleanText(file string, src []byte, list *diag.List) ([]byte, bool) {
	whole := diag.Pos{File: file, Line: 1, Col: 1}
	if len(src) > maxSize {
		list.Limitf(diag.Pos{File: file}, diag.TooLarge, "the file has %d bytes, the limit is %d", len(src), maxSize).
			Help = "put weights and edges into .npz files and name them with {file: f.npz#key}"
		return nil, false
	}
	if kind := utf16Kind(src); kind != "" {
		list.Addf(whole, diag.Encoding, "the file is in %s, a model file is in UTF-8", kind).
			Help = "save it as UTF-8, or convert it: iconv -f " + kind + " -t UTF-8"
		return nil, false
	}
	text := bytes.TrimPrefix(src, []byte("\ufeff"))
	before := list.Len()
	s := newSource(file, text)
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\r' || c == '\t' {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			list.Addf(s.pos(i), diag.Encoding, "byte 0x%02x at offset %d is not valid UTF-8", c, len(src)-len(text)+i).
				Help = "save the file as UTF-8"
		case r < ' ' || r >= 0x7f && r < 0xa0:
			list.Addf(s.pos(i), diag.ControlChar, "control character U+%04X", r).
				Help = "remove it; only tabs and line ends may be in the file"
		case steersDirection(r):
			list.Addf(s.pos(i), diag.ControlChar, "invisible character U+%04X, which can make text look other than it is", r).
				Help = "remove it"
		}
		i += size
	}
	return text, list.Len() == before
}

// utf16Kind recognises UTF-16 by its byte order mark or by the zero bytes that
// ASCII text has in it.
func utf16Kind(src []byte) string {
	switch {
	case bytes.HasPrefix(src, []byte{0xff, 0xfe}):
		return "UTF-16LE"
	case bytes.HasPrefix(src, []byte{0xfe, 0xff}):
		return "UTF-16BE"
	case len(src) >= 4 && src[0] == 0 && src[1] != 0 && src[2] == 0 && src[3] != 0:
		return "UTF-16BE"
	case len(src) >= 4 && src[0] != 0 && src[1] == 0 && src[2] != 0 && src[3] == 0:
		return "UTF-16LE"
	}
	return ""
}

// steersDirection tells the characters that change the direction of text, and
// the two Unicode line ends that YAML 1.1 and 1.2 read differently.
func steersDirection(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
		r == 0x200e || r == 0x200f || r == 0x061c || r == 0x2028 || r == 0x2029
}
