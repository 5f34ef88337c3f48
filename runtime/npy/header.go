package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	npyMagic = "\x93NUMPY"
	// npyMaxHeader is far above what any supported array needs; versions 2 and 3
	// could ask for 4 GiB.
	npyMaxHeader = 64 << 10
	// npyMaxString bounds a key or element type, and so what a message quotes.
	npyMaxString = 64
)

// npyHeader is what stands before the elements.
type npyHeader struct {
	dtype   npyType
	fortran bool
	shape   []int
	start   int // offset of the first element
	bytes   int // size of all elements
}

// npyReadHeader reads up to the first element and no further.
func npyReadHeader(r io.Reader) (npyHeader, error) {
	b := make([]byte, 12)
	if n, err := io.ReadFull(r, b[:8]); err != nil {
		return npyHeader{}, npyCut(n, err, "in the magic string")
	}
	if string(b[:6]) != npyMagic {
		return npyHeader{}, npyErrorf(0, "not an .npy file: the magic string is missing")
	}
	if b[6] < 1 || b[6] > 3 || b[7] != 0 {
		return npyHeader{}, npyErrorf(6, "version %d.%d is unknown; 1.0, 2.0 and 3.0 are read", b[6], b[7])
	}
	start := 10
	if b[6] > 1 {
		start = 12
	}
	if n, err := io.ReadFull(r, b[8:start]); err != nil {
		return npyHeader{}, npyCut(8+n, err, "in the header's length")
	}
	length := int64(binary.LittleEndian.Uint32(b[8:12])) // version 1 leaves the upper half zero
	if length > npyMaxHeader {
		return npyHeader{}, npyErrorf(8, "header of %d bytes, more than the limit of %d", length, npyMaxHeader)
	}
	text := make([]byte, length)
	if n, err := io.ReadFull(r, text); err != nil {
		return npyHeader{}, npyCut(start+n, err, "in the header")
	}
	p := &npyParser{text: string(text), base: start, utf8: b[6] == 3}
	h, err := p.header()
	if err != nil {
		return npyHeader{}, err
	}
	h.start = start + len(text)
	h.bytes, err = npyBytes(h.shape, h.dtype.size)
	if err != nil {
		return npyHeader{}, npyErrorf(start, "%v", err)
	}
	return h, nil
}

// npyCut is the error for a read that stopped at offset at: the end of the
// file, or a fault of whatever it is read from.
func npyCut(at int, err error, where string) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return npyErrorf(at, "the file ends %s", where)
	}
	return fmt.Errorf("npy: at byte %d, %s: %w", at, where, err)
}

// npyParser reads the header's text. The grammar is the part of Python's that
// NumPy writes:
//
//	header = "{" { key ":" value [","] } "}"      a comma between two pairs is required
//	key    = 'descr' | 'fortran_order' | 'shape'  each exactly once, any order
//	value  = string | True | False | "(" [ integer "," [ integer { "," integer } [","] ] ] ")"
//
// with blanks anywhere between, and nothing but blanks after it.
type npyParser struct {
	text string
	pos  int
	base int  // offset of text in the file
	utf8 bool // version 3
}

func (p *npyParser) errorf(format string, args ...any) error {
	return npyErrorf(p.base+p.pos, format, args...)
}

func (p *npyParser) header() (npyHeader, error) {
	var h npyHeader
	if !p.ascii() {
		return h, p.errorf("header is not text")
	}
	if !p.take('{') {
		return h, p.errorf("header does not start with {")
	}
	seen := map[string]bool{}
	for comma := true; !p.take('}'); {
		if !comma {
			return h, p.errorf("need , or } in the header")
		}
		p.blanks()
		at := p.pos
		key, err := p.str()
		if err != nil {
			return h, err
		}
		if seen[key] {
			p.pos = at
			return h, p.errorf("key %q stands twice in the header", key)
		}
		seen[key] = true
		if !p.take(':') {
			return h, p.errorf("need : after key %q", key)
		}
		p.blanks()
		switch key {
		case "descr":
			h.dtype, err = p.descr()
		case "fortran_order":
			h.fortran, err = p.truth()
		case "shape":
			h.shape, err = p.shape()
		default:
			p.pos = at
			err = p.errorf("unknown key %q in the header", key)
		}
		if err != nil {
			return h, err
		}
		comma = p.take(',')
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return h, p.errorf("key %q is missing from the header", key)
		}
	}
	p.blanks()
	if p.pos < len(p.text) {
		return h, p.errorf("text after the header's }")
	}
	return h, nil
}

// ascii moves to the first byte that is not text, if there is one. Versions 1
// and 2 are Latin-1, of which only the ASCII part can be right here.
func (p *npyParser) ascii() bool {
	if p.utf8 && utf8.ValidString(p.text) {
		return true
	}
	for i := range len(p.text) {
		if p.text[i] >= utf8.RuneSelf {
			p.pos = i
			return false
		}
	}
	return true
}

func (p *npyParser) blanks() {
	rest := strings.TrimLeft(p.text[p.pos:], " \t\r\n")
	p.pos = len(p.text) - len(rest)
}

// take skips blanks and then c, if c comes next.
func (p *npyParser) take(c byte) bool {
	p.blanks()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// str reads a quoted string; NumPy never needs an escape in one.
func (p *npyParser) str() (string, error) {
	rest := p.text[p.pos:]
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return "", p.errorf("need a quoted string in the header")
	}
	n := strings.IndexByte(rest[1:], rest[0])
	if n < 0 || n > npyMaxString || strings.ContainsAny(rest[1:1+n], "\\\r\n") {
		return "", p.errorf("string does not end, is longer than %d bytes or has an escape", npyMaxString)
	}
	p.pos += n + 2
	return rest[1 : 1+n], nil
}

func (p *npyParser) descr() (npyType, error) {
	if p.pos < len(p.text) && (p.text[p.pos] == '[' || p.text[p.pos] == '(') {
		return npyType{}, p.errorf("structured element type; save one array for each field")
	}
	at := p.pos
	s, err := p.str()
	if err != nil {
		return npyType{}, err
	}
	t, err := npyParseType(s)
	if err != nil {
		p.pos = at
		return npyType{}, p.errorf("%v", err)
	}
	return t, nil
}

func (p *npyParser) truth() (bool, error) {
	for word, value := range map[string]bool{"True": true, "False": false} {
		if strings.HasPrefix(p.text[p.pos:], word) {
			p.pos += len(word)
			return value, nil
		}
	}
	return false, p.errorf("fortran_order is neither True nor False")
}

func (p *npyParser) shape() ([]int, error) {
	if !p.take('(') {
		return nil, p.errorf("shape is not a tuple")
	}
	shape := []int{}
	for comma := true; !p.take(')'); {
		if !comma {
			return nil, p.errorf("need , or ) in the shape")
		}
		p.blanks()
		rest := p.text[p.pos:]
		n := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		d, err := strconv.Atoi(rest[:n])
		if err != nil || n > 1 && rest[0] == '0' {
			return nil, p.errorf("need an axis length from 0 to 2^63-1 in the shape")
		}
		if len(shape) == npyMaxDims {
			return nil, p.errorf("more than %d axes", npyMaxDims)
		}
		p.pos += n
		if p.pos < len(p.text) && p.text[p.pos] == 'L' { // Python 2 wrote long integers so
			p.pos++
		}
		shape = append(shape, d)
		comma = p.take(',')
		if len(shape) == 1 && !comma {
			return nil, p.errorf("shape of one axis needs a comma: (n,)")
		}
	}
	return shape, nil
}

// npyWriteHeader is the header that NumPy would write, to the byte: keys in
// order, room for the first axis to grow to 21 digits, and blanks up to a
// multiple of 64 bytes.
func npyWriteHeader(t npyType, shape []int) []byte {
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", t, npyShape(shape))
	if len(shape) > 0 {
		text += strings.Repeat(" ", 21-len(strconv.Itoa(shape[0])))
	}
	used := len(npyMagic) + 4 + len(text) + 1
	text += strings.Repeat(" ", 64-used%64) + "\n"
	b := append([]byte(npyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(b, text...)
}
