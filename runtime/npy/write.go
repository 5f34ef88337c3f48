package npy

import (
	"encoding/binary"
	"fmt"
	"io"
)

// WriteNPY writes an array as an .npy file of version 1.0. data holds the
// elements in C order: a slice of bool, int8 to int64, uint8 to uint64, float32
// or float64, as long as the product of shape (one element for the empty
// shape). The bytes are those that numpy.save writes.
func WriteNPY(w io.Writer, shape []int, data any) error {
	t, err := npyCheckData(shape, data)
	if err != nil {
		return err
	}
	if _, err := w.Write(npyWriteHeader(t, shape)); err != nil {
		return err
	}
	return npyEncode(w, data)
}

// npyCheckData is the element type of data if there is as much of it as shape says.
func npyCheckData(shape []int, data any) (npyType, error) {
	t, n, err := npyDataType(data)
	if err != nil {
		return npyType{}, err
	}
	size, err := npyBytes(shape, t.size)
	if err != nil {
		return npyType{}, fmt.Errorf("npy: %v", err)
	}
	if n != size/t.size {
		return npyType{}, fmt.Errorf("npy: shape %s has %d elements, the data %d", npyShape(shape), size/t.size, n)
	}
	return t, nil
}

// npyEncode writes the elements of a slice that npyDataType knows.
func npyEncode(w io.Writer, data any) error {
	switch d := data.(type) {
	case []bool:
		return npyEncodeSlice(w, d, 1)
	case []int8:
		return npyEncodeSlice(w, d, 1)
	case []int16:
		return npyEncodeSlice(w, d, 2)
	case []int32:
		return npyEncodeSlice(w, d, 4)
	case []int64:
		return npyEncodeSlice(w, d, 8)
	case []uint8:
		_, err := w.Write(d)
		return err
	case []uint16:
		return npyEncodeSlice(w, d, 2)
	case []uint32:
		return npyEncodeSlice(w, d, 4)
	case []uint64:
		return npyEncodeSlice(w, d, 8)
	case []float32:
		return npyEncodeSlice(w, d, 4)
	case []float64:
		return npyEncodeSlice(w, d, 8)
	}
	return nil
}

// npyEncodeSlice goes through a small buffer, so that an array is never held twice.
func npyEncodeSlice[T any](w io.Writer, data []T, size int) error {
	const chunk = 64 << 10
	buf := make([]byte, min(chunk, len(data)*size))
	for len(data) > 0 {
		n := min(chunk/size, len(data))
		used, err := binary.Encode(buf, binary.LittleEndian, data[:n])
		if err != nil {
			return err
		}
		if _, err := w.Write(buf[:used]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
