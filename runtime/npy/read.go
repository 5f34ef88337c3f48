package npy

import (
	"bytes"
	"encoding/binary"
	"math"
)

// ReadNPY reads an .npy file held in memory. b must be the whole file: missing
// and trailing bytes are both errors. A fault in the bytes is an *NPYError.
// The array shares no memory with b.
func ReadNPY(b []byte) (*NPYArray, error) {
	h, err := npyReadHeader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if err := npyCheckSize(h, int64(len(b))); err != nil {
		return nil, err
	}
	return npyDecode(h, b[h.start:])
}

// npyCheckSize compares the size that the header implies with that of the file.
func npyCheckSize(h npyHeader, size int64) error {
	have := size - int64(h.start)
	if have < int64(h.bytes) {
		return npyErrorf(int(size), "the file ends after %d of the %d bytes that shape %s of %s needs", have, h.bytes, npyShape(h.shape), h.dtype)
	}
	if have > int64(h.bytes) {
		return npyErrorf(h.start+h.bytes, "%d bytes follow the %d that shape %s of %s needs", have-int64(h.bytes), h.bytes, npyShape(h.shape), h.dtype)
	}
	return nil
}

// npyDecode makes an array of the elements in raw, which has h.bytes bytes.
func npyDecode(h npyHeader, raw []byte) (*NPYArray, error) {
	a := &NPYArray{Shape: h.shape, DType: h.dtype.String()}
	switch a.DType {
	case "|b1":
		for i, x := range raw {
			if x > 1 {
				return nil, npyErrorf(h.start+i, "bool of value %d", x)
			}
		}
		a.Data = npyElements[bool](h, raw)
	case "|i1":
		a.Data = npyElements[int8](h, raw)
	case "<i2":
		a.Data = npyElements[int16](h, raw)
	case "<i4":
		a.Data = npyElements[int32](h, raw)
	case "<i8":
		a.Data = npyElements[int64](h, raw)
	case "|u1":
		a.Data = npyElements[uint8](h, raw)
	case "<u2":
		a.Data = npyElements[uint16](h, raw)
	case "<u4":
		a.Data = npyElements[uint32](h, raw)
	case "<u8":
		a.Data = npyElements[uint64](h, raw)
	case "<f2":
		half := npyElements[uint16](h, raw)
		wide := make([]float32, len(half))
		for i, x := range half {
			wide[i] = npyHalf(x)
		}
		a.Data = wide
	case "<f4":
		a.Data = npyElements[float32](h, raw)
	case "<f8":
		a.Data = npyElements[float64](h, raw)
	}
	return a, nil
}

// npyElements decodes raw into C order. T has the size of h.dtype.
func npyElements[T any](h npyHeader, raw []byte) []T {
	out := make([]T, len(raw)/h.dtype.size)
	var order binary.ByteOrder = binary.LittleEndian
	if h.dtype.big {
		order = binary.BigEndian
	}
	// Decode fails only when raw is shorter than out.
	binary.Decode(raw, order, out)
	if h.fortran {
		return npyTranspose(out, h.shape)
	}
	return out
}

// npyTranspose brings elements from Fortran order (first axis fastest) into C
// order. It walks the axes as an odometer, last axis fastest, and keeps the
// place in the Fortran array by adding strides.
func npyTranspose[T any](in []T, shape []int) []T {
	out := make([]T, len(in))
	stride := make([]int, len(shape))
	step := 1
	for a, d := range shape {
		stride[a] = step
		step *= d
	}
	index := make([]int, len(shape))
	from := 0
	for i := range out {
		out[i] = in[from]
		for a := len(shape) - 1; a >= 0; a-- {
			index[a]++
			from += stride[a]
			if index[a] < shape[a] {
				break
			}
			from -= stride[a] * shape[a]
			index[a] = 0
		}
	}
	return out
}

// npyHalf widens an IEEE 754 binary16 value: 1 sign bit, 5 of exponent with
// bias 15, 10 of fraction. Every value, subnormals and NaNs among them, is a
// float32.
func npyHalf(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent := uint32(h >> 10 & 31)
	fraction := uint32(h & 1023)
	switch exponent {
	case 0: // zero or subnormal: fraction · 2^-24
		magnitude := float32(fraction) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(magnitude))
	case 31: // infinity or NaN
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
