package npy

import (
	"bytes"
	"fmt"
	"io"
)

// NPYPart is an .npy file inside a stream of bytes of which the header has been
// read, and no more. The reader chooses by Shape, DType and Bytes whether to Read
// or to Skip its elements; either leaves the stream behind the file.
type NPYPart struct {
	Shape []int
	DType string
	Bytes int // that the elements take

	head npyHeader
	from io.Reader
}

// NextNPY reads the header of the .npy file that comes next in a stream. A fault
// in its bytes is an *NPYError; where the file would end is unknown then.
func NextNPY(r io.Reader) (*NPYPart, error) {
	h, err := npyReadHeader(r)
	if err != nil {
		return nil, err
	}
	return &NPYPart{h.shape, h.dtype.String(), h.bytes, h, r}, nil
}

// Read gives the array. Memory is taken as the bytes come, not as the header
// promises. An *NPYError of elements that are not of their type leaves the stream
// behind the file; after any other error it cannot be read on.
func (p *NPYPart) Read() (*NPYArray, error) {
	var body bytes.Buffer
	const believed = 1 << 20
	body.Grow(min(p.Bytes, believed) + bytes.MinRead)
	if n, err := io.CopyN(&body, p.from, int64(p.Bytes)); err != nil {
		return nil, p.cut(n, err)
	}
	return npyDecode(p.head, body.Bytes())
}

// Skip passes over the elements.
func (p *NPYPart) Skip() error {
	if n, err := io.CopyN(io.Discard, p.from, int64(p.Bytes)); err != nil {
		return p.cut(n, err)
	}
	return nil
}

// cut says that the stream ended inside the elements: not an *NPYError.
func (p *NPYPart) cut(n int64, err error) error {
	return fmt.Errorf("%w (byte %d of %d in the elements)", err, n, p.Bytes)
}
