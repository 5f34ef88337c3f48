package npy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// npyType is an element type in NumPy's notation: a kind (b bool, i int, u
// uint, f float) and a size in bytes, stored little-endian unless big.
type npyType struct {
	kind byte
	size int
	big  bool
}

// npyNames are the element types that are read and written.
const npyNames = "|b1 |i1 <i2 <i4 <i8 |u1 <u2 <u4 <u8 <f2 <f4 <f8"

// String is the little-endian spelling, as NumPy writes it.
func (t npyType) String() string {
	order := "<"
	if t.size == 1 {
		order = "|"
	}
	return fmt.Sprintf("%s%c%d", order, t.kind, t.size)
}

// npyParseType accepts the types of npyNames in either byte order.
func npyParseType(s string) (npyType, error) {
	if len(s) < 2 {
		return npyType{}, fmt.Errorf("%q is no element type", s)
	}
	order, kind, size := s[0], s[1], s[2:]
	switch {
	case order == '=' || order >= 'a' && order <= 'z' || order >= 'A' && order <= 'Z':
		return npyType{}, fmt.Errorf("element type %q does not name its byte order (< or >)", s)
	case order != '<' && order != '>' && order != '|':
		return npyType{}, fmt.Errorf("%q is no element type", s)
	case kind == 'O':
		return npyType{}, fmt.Errorf("element type %q is Python objects, which would have to be unpickled; that is never done: save numbers", s)
	case kind == 'c':
		return npyType{}, fmt.Errorf("element type %q is complex; real numbers, integers or bool are needed", s)
	case strings.IndexByte("SaUV", kind) >= 0:
		return npyType{}, fmt.Errorf("element type %q is text or raw bytes; numbers are needed", s)
	case strings.IndexByte("Mm", kind) >= 0:
		return npyType{}, fmt.Errorf("element type %q is a date or duration; plain numbers are needed", s)
	}
	t := npyType{kind: kind, big: order == '>'}
	if len(size) == 1 && size[0] >= '1' && size[0] <= '8' {
		t.size = int(size[0] - '0')
	}
	if t.size == 1 {
		order, t.big = '|', false
	}
	if t.size == 0 || order == '|' && t.size > 1 || !strings.Contains(npyNames, t.String()) {
		return npyType{}, fmt.Errorf("element type %q is not supported; known are %s and their big-endian forms", s, npyNames)
	}
	return t, nil
}

// npyTypeName is for messages, where the array may be of the caller's making.
func npyTypeName(dtype string) string {
	if dtype == "" {
		return "nothing"
	}
	return dtype
}

// npyDataType is the element type that a slice is written as, and its length.
func npyDataType(data any) (npyType, int, error) {
	switch d := data.(type) {
	case []bool:
		return npyType{kind: 'b', size: 1}, len(d), nil
	case []int8:
		return npyType{kind: 'i', size: 1}, len(d), nil
	case []int16:
		return npyType{kind: 'i', size: 2}, len(d), nil
	case []int32:
		return npyType{kind: 'i', size: 4}, len(d), nil
	case []int64:
		return npyType{kind: 'i', size: 8}, len(d), nil
	case []uint8:
		return npyType{kind: 'u', size: 1}, len(d), nil
	case []uint16:
		return npyType{kind: 'u', size: 2}, len(d), nil
	case []uint32:
		return npyType{kind: 'u', size: 4}, len(d), nil
	case []uint64:
		return npyType{kind: 'u', size: 8}, len(d), nil
	case []float32:
		return npyType{kind: 'f', size: 4}, len(d), nil
	case []float64:
		return npyType{kind: 'f', size: 8}, len(d), nil
	}
	return npyType{}, 0, fmt.Errorf("npy: cannot write a %T; need a slice of bool, sized integers, float32 or float64", data)
}

// npyMaxDims is NumPy's own limit.
const npyMaxDims = 64

// npyBytes is the size of an array's elements. Axes of length zero count as
// one in the test for overflow, so (0, 2^62, 2^62) is refused, as in NumPy.
func npyBytes(shape []int, size int) (int, error) {
	if len(shape) > npyMaxDims {
		return 0, fmt.Errorf("%d axes, more than %d", len(shape), npyMaxDims)
	}
	bound, empty := size, false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, fmt.Errorf("negative axis in shape %s", npyShape(shape))
		case d == 0:
			empty = true
		case bound > math.MaxInt/d:
			return 0, fmt.Errorf("shape %s of %d-byte elements is too large for any memory", npyShape(shape), size)
		default:
			bound *= d
		}
	}
	if empty {
		return 0, nil
	}
	return bound, nil
}

// npyShape spells a shape as Python does: (), (3,), (3, 4).
func npyShape(shape []int) string {
	text := make([]string, len(shape))
	for i, d := range shape {
		text[i] = strconv.Itoa(d)
	}
	if len(text) == 1 {
		return "(" + text[0] + ",)"
	}
	return "(" + strings.Join(text, ", ") + ")"
}
