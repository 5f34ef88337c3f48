// Package npy reads and writes the array files of NumPy: .npy, one array, and
// .npz, a zip file of them. Weights, clamps and data come in this way and
// samples go out this way, so the other end is most often a Python session.
//
// An .npy file is a magic string, a version, a short header and the bare
// elements:
//
//	\x93NUMPY 1 0  length  {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }\n  elements
//
// The header looks like Python but is read by a fixed grammar; nothing is
// evaluated and nothing is unpickled. Files come from strangers: every length
// is checked against the bytes that are there before memory is taken, a file
// that is cut short or too long is refused, and no input makes the package
// panic.
//
// Reading: [ReadNPY] for one array, [OpenNPZ] for an archive. Versions 1.0,
// 2.0 and 3.0, both byte orders, C and Fortran order, booleans, integers of 8
// to 64 bits and floats of 16 to 64 bits. Elements arrive in C order (last axis
// fastest) whatever the file had.
//
// Writing: [WriteNPY] and [NPZWriter], always little-endian, C order, version
// 1.0. The same arrays give the same bytes: nothing depends on the clock or the
// machine. [NPZWriter.Stream] writes arrays that do not fit in memory.
//
// Through a pipe: [NewNPYSequence] writes and [NextNPY] reads .npy files that
// follow each other.
//
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
package npy

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// NPYArray is an array in memory, in C order.
//
// DType is the element type in NumPy's notation: |b1, |i1, <i2, <i4, <i8, |u1,
// <u2, <u4, <u8, <f2, <f4 or <f8. Big-endian files are turned round when they
// are read, so the first character is never '>'.
//
// Data holds the elements, as many as the product of Shape (one for the empty
// shape): []bool, []int8 … []int64, []uint8 … []uint64, []float32 or []float64
// as DType says. Float16 has no Go type; <f2 is held as []float32, exactly.
type NPYArray struct {
	Shape []int
	DType string
	Data  any
}

// NPYError is a fault in the bytes of an .npy file. Offset counts from the
// start of the file, or of the member when the file is inside an archive.
type NPYError struct {
	Offset int64
	Text   string
}

func (e *NPYError) Error() string { return fmt.Sprintf("npy: at byte %d: %s", e.Offset, e.Text) }

func npyErrorf(offset int, format string, args ...any) error {
	return &NPYError{Offset: int64(offset), Text: fmt.Sprintf(format, args...)}
}

// Len is the number of elements.
func (a *NPYArray) Len() int {
	_, n, _ := npyDataType(a.Data)
	return n
}

// Float64s returns the elements as float64, from any element type. An integer
// that float64 cannot hold exactly is an error.
func (a *NPYArray) Float64s() ([]float64, error) {
	switch d := a.Data.(type) {
	case []float64:
		return slices.Clone(d), nil
	case []float32:
		return npyConvert[float64](d), nil
	case []int64:
		return npyExactFloats(d)
	case []uint64:
		return npyExactFloats(d)
	}
	v, err := a.Ints()
	if err != nil {
		return nil, err
	}
	return npyConvert[float64](v), nil
}

// Float32s returns what Float64s does, rounded to the nearest float32. A finite element beyond the range of float32 is an error.
func (a *NPYArray) Float32s() ([]float32, error) {
	if d, ok := a.Data.([]float32); ok {
		return slices.Clone(d), nil
	}
	v, err := a.Float64s()
	if err != nil {
		return nil, err
	}
	out := npyConvert[float32](v)
	for i, x := range out {
		if math.IsInf(float64(x), 0) && !math.IsInf(v[i], 0) {
			return nil, fmt.Errorf("npy: element %d is %v, beyond the range of float32", i, v[i])
		}
	}
	return out, nil
}

// Ints returns the elements as int64. The element type must be an integer or
// bool (0 and 1); floats are an error even where their values are whole.
func (a *NPYArray) Ints() ([]int64, error) {
	switch d := a.Data.(type) {
	case []int64:
		return slices.Clone(d), nil
	case []int32:
		return npyConvert[int64](d), nil
	case []int16:
		return npyConvert[int64](d), nil
	case []int8:
		return npyConvert[int64](d), nil
	case []uint8:
		return npyConvert[int64](d), nil
	case []uint16:
		return npyConvert[int64](d), nil
	case []uint32:
		return npyConvert[int64](d), nil
	case []uint64:
		for i, x := range d {
			if x > math.MaxInt64 {
				return nil, fmt.Errorf("npy: element %d is %d, beyond the range of int64", i, x)
			}
		}
		return npyConvert[int64](d), nil
	case []bool:
		out := make([]int64, len(d))
		for i, x := range d {
			if x {
				out[i] = 1
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("npy: need integers, the array holds %s", npyTypeName(a.DType))
}

// Int8s is Ints for elements that all fit in int8.
func (a *NPYArray) Int8s() ([]int8, error) { return npyNarrow[int8](a, "int8") }

// Int32s is Ints for elements that all fit in int32.
func (a *NPYArray) Int32s() ([]int32, error) { return npyNarrow[int32](a, "int32") }

// Uint8s is Ints for elements that all fit in uint8.
func (a *NPYArray) Uint8s() ([]uint8, error) { return npyNarrow[uint8](a, "uint8") }

// Uint16s is Ints for elements that all fit in uint16.
func (a *NPYArray) Uint16s() ([]uint16, error) { return npyNarrow[uint16](a, "uint16") }

// Uint64s returns the elements as uint64. The element type must be an integer
// or bool and no element negative.
func (a *NPYArray) Uint64s() ([]uint64, error) {
	if d, ok := a.Data.([]uint64); ok {
		return slices.Clone(d), nil
	}
	return npyNarrow[uint64](a, "uint64")
}

// Bools returns the elements as bool. The element type must be bool, or an
// integer with no values but 0 and 1.
func (a *NPYArray) Bools() ([]bool, error) {
	v, err := a.Ints()
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(v))
	for i, x := range v {
		if x != 0 && x != 1 {
			return nil, fmt.Errorf("npy: element %d is %d, need 0 or 1", i, x)
		}
		out[i] = x == 1
	}
	return out, nil
}

type npyNumber interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func npyConvert[To, From npyNumber](in []From) []To {
	out := make([]To, len(in))
	for i, x := range in {
		out[i] = To(x)
	}
	return out
}

// npyNarrow goes through int64: an element fits if it survives the way there
// and back with its sign.
func npyNarrow[To int8 | int32 | uint8 | uint16 | uint64](a *NPYArray, name string) ([]To, error) {
	v, err := a.Ints()
	if err != nil {
		return nil, err
	}
	out := make([]To, len(v))
	for i, x := range v {
		out[i] = To(x)
		if int64(out[i]) != x || (out[i] < 0) != (x < 0) {
			return nil, fmt.Errorf("npy: element %d is %d, beyond the range of %s", i, x, name)
		}
	}
	return out, nil
}

// npyExactFloats converts integers whose significant bits fit in the 53 of a
// float64.
func npyExactFloats[T int64 | uint64](in []T) ([]float64, error) {
	out := make([]float64, len(in))
	for i, x := range in {
		m := uint64(x)
		if x < 0 {
			m = -m
		}
		if bits.Len64(m)-bits.TrailingZeros64(m) > 53 {
			return nil, fmt.Errorf("npy: element %d is %d, which float64 cannot hold exactly", i, x)
		}
		out[i] = float64(x)
	}
	return out, nil
}
