// Package safetensors reads the array files of that name, which much of machine
// learning keeps its weights in:
//
//	length of the header, 8 bytes, little-endian
//	header, JSON: {"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__": {…}}
//	elements, little-endian, row-major, tensor after tensor
//
// Files come from strangers. The header is read by its own grammar, every length
// is checked against the bytes that are there before memory is taken, and the
// tensors must fill the data from end to end: nothing twice, nothing between, and
// no two tensors at one place, so that no two readers can see different arrays in
// one file. No input makes the package panic.
//
// Format: https://huggingface.co/docs/safetensors
package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// MaxHeader is the longest header, in bytes: the limit of the format.
const MaxHeader = 100_000_000

// File gives the tensors of a file by name.
type File struct {
	names   []string
	tensors map[string]tensor
	data    []byte
}

// tensor is one entry of the header; its elements are data[begin:end].
type tensor struct {
	dtype      string
	shape      []int
	begin, end int
}

// Error is a fault in the bytes of a file. Offset counts from its start.
type Error struct {
	Offset int
	Text   string
}

func (e *Error) Error() string { return fmt.Sprintf("safetensors: at byte %d: %s", e.Offset, e.Text) }

// sizes of the element types in bytes.
var sizes = map[string]int{
	"BOOL": 1, "I8": 1, "U8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
	"I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}

const dtypes = "BOOL, I8 to I64, U8 to U64, F16, BF16, F32 and F64"

// Open checks a file held in memory. The bytes are kept, not copied.
func Open(b []byte) (*File, error) {
	if len(b) < 8 {
		return nil, &Error{len(b), "the file ends inside the 8 bytes that say how long the header is"}
	}
	switch n := binary.LittleEndian.Uint64(b); {
	case n > MaxHeader:
		return nil, &Error{0, fmt.Sprintf("a header of %d bytes, at most %d are allowed", n, MaxHeader)}
	case n > uint64(len(b)-8):
		return nil, &Error{0, fmt.Sprintf("a header of %d bytes, but only %d follow", n, len(b)-8)}
	}
	end := 8 + int(binary.LittleEndian.Uint64(b))
	f := &File{data: b[end:], tensors: map[string]tensor{}}
	p := &parser{text: b[:end], at: 8, file: f}
	if err := p.header(); err != nil {
		return nil, err
	}
	if err := f.checkPlaces(end); err != nil {
		return nil, err
	}
	return f, nil
}

// checkPlaces holds the tensors to fill the data without holes and overlaps.
// start is where the data begin in the file.
func (f *File) checkPlaces(start int) error {
	order := slices.Clone(f.names)
	slices.SortFunc(order, func(x, y string) int {
		a, b := f.tensors[x], f.tensors[y]
		if a.begin != b.begin {
			return a.begin - b.begin
		}
		if a.end != b.end {
			return a.end - b.end
		}
		return strings.Compare(x, y)
	})
	at := 0
	for i, name := range order {
		t := f.tensors[name]
		switch {
		case i > 0 && t.begin == f.tensors[order[i-1]].begin:
			help := ""
			if t.begin == f.tensors[order[i-1]].end {
				help = "; save the file without its empty tensors"
			}
			return &Error{start + t.begin, fmt.Sprintf("tensors %s and %s begin at the same byte%s", shown(order[i-1]), shown(name), help)}
		case t.begin < at:
			return &Error{start + t.begin, fmt.Sprintf("tensor %s overlaps tensor %s", shown(name), shown(order[i-1]))}
		case t.begin > at:
			return &Error{start + at, fmt.Sprintf("a hole of %s between the tensors", bytesText(t.begin-at))}
		}
		at = t.end
	}
	if at < len(f.data) {
		return &Error{start + at, fmt.Sprintf("%s at the end that no tensor has", bytesText(len(f.data)-at))}
	}
	return nil
}

func bytesText(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// Names lists the tensors in the order of the header.
func (f *File) Names() []string { return slices.Clone(f.names) }

// list shows the first names.
func (f *File) list() string {
	const most = 12
	var words []string
	for _, name := range f.names[:min(most, len(f.names))] {
		words = append(words, shown(name))
	}
	if more := len(f.names) - most; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return "[" + strings.Join(words, " ") + "]"
}

// Get decodes a tensor. F16 and BF16 are widened to float32, which holds them
// exactly; the array then says <f4.
func (f *File) Get(name string) (*npy.NPYArray, error) {
	t, ok := f.tensors[name]
	if !ok {
		return nil, fmt.Errorf("safetensors: no tensor %s; there are %s", shown(name), f.list())
	}
	a := &npy.NPYArray{Shape: slices.Clone(t.shape)}
	raw := f.data[t.begin:t.end]
	switch t.dtype {
	case "BOOL":
		v := make([]bool, len(raw))
		for i, x := range raw {
			if x > 1 {
				return nil, fmt.Errorf("safetensors: tensor %s: element %d of BOOL is %d, need 0 or 1", shown(name), i, x)
			}
			v[i] = x == 1
		}
		a.DType, a.Data = "|b1", v
	case "U8":
		a.DType, a.Data = "|u1", slices.Clone(raw)
	case "I8":
		a.DType, a.Data = "|i1", decode(raw, 1, func(b []byte) int8 { return int8(b[0]) })
	case "I16":
		a.DType, a.Data = "<i2", decode(raw, 2, func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b)) })
	case "U16":
		a.DType, a.Data = "<u2", decode(raw, 2, binary.LittleEndian.Uint16)
	case "F16":
		a.DType, a.Data = "<f4", decode(raw, 2, func(b []byte) float32 { return float16(binary.LittleEndian.Uint16(b)) })
	case "BF16":
		a.DType, a.Data = "<f4", decode(raw, 2, func(b []byte) float32 {
			return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
		})
	case "I32":
		a.DType, a.Data = "<i4", decode(raw, 4, func(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) })
	case "U32":
		a.DType, a.Data = "<u4", decode(raw, 4, binary.LittleEndian.Uint32)
	case "F32":
		a.DType, a.Data = "<f4", decode(raw, 4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })
	case "I64":
		a.DType, a.Data = "<i8", decode(raw, 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) })
	case "U64":
		a.DType, a.Data = "<u8", decode(raw, 8, binary.LittleEndian.Uint64)
	case "F64":
		a.DType, a.Data = "<f8", decode(raw, 8, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) })
	}
	return a, nil
}

func decode[T any](raw []byte, size int, element func([]byte) T) []T {
	out := make([]T, len(raw)/size)
	for i := range out {
		out[i] = element(raw[i*size:])
	}
	return out
}

// float16 widens an IEEE 754 half: 1 sign bit, 5 bits of exponent with bias 15,
// 10 bits of fraction.
func float16(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0: // zero and subnormal: fraction·2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	case 31: // infinite and NaN
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
