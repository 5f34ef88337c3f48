package npy

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// NPZWriter writes an .npz archive from front to back. Members are stored
// uncompressed, with zip64 records where an archive or a member passes 4 GiB,
// and dated 1 January 1980, so that the same arrays give the same bytes.
//
// The first error stays: every later call returns it, and Close then writes no
// directory, so that a broken file cannot be taken for a whole one.
type NPZWriter struct {
	zip   *zip.Writer // nil: to bare
	bare  io.Writer
	order []string
	names map[string]bool
	open  *NPZMember
	err   error
}

// NewNPZWriter starts an archive on w. The caller closes w, after Close.
func NewNPZWriter(w io.Writer) *NPZWriter {
	return &NPZWriter{zip: zip.NewWriter(w), names: map[string]bool{}}
}

// NewNPYSequence writes the arrays as .npy files one after the other, with no
// archive around them: for a stream whose reader knows their names. Such a
// sequence is read with NextNPY.
func NewNPYSequence(w io.Writer) *NPZWriter {
	return &NPZWriter{bare: w, names: map[string]bool{}}
}

// Names lists the arrays begun so far.
func (z *NPZWriter) Names() []string { return append([]string(nil), z.order...) }

// Add writes one array; shape and data as in WriteNPY. The name is given
// without ".npy" and may contain slashes: "best/energy".
func (z *NPZWriter) Add(name string, shape []int, data any) error {
	t, err := npyCheckData(shape, data)
	if err != nil {
		return z.fail(name, err)
	}
	m, err := z.Stream(name, t.String(), shape)
	if err != nil {
		return err
	}
	if err := m.WriteValues(data); err != nil {
		return err
	}
	return m.Close()
}

// Stream starts an array whose elements are written piece by piece, in C order.
// dtype is little-endian as in NPYArray.DType. One member is open at a time:
// the next Add, Stream or Close closes it.
func (z *NPZWriter) Stream(name, dtype string, shape []int) (*NPZMember, error) {
	if err := z.closeMember(); err != nil {
		return nil, err
	}
	t, err := npyParseType(dtype)
	if err == nil && t.big {
		err = fmt.Errorf("element type %q is big-endian; only little-endian is written", dtype)
	}
	if err != nil {
		return nil, z.fail(name, err)
	}
	size, err := npyBytes(shape, t.size)
	if err != nil {
		return nil, z.fail(name, err)
	}
	if !fs.ValidPath(name) || name == "." || strings.HasSuffix(name, ".npy") || strings.ContainsAny(name, "\\\x00") {
		return nil, z.fail(name, fmt.Errorf("the name must be a plain path without .npy"))
	}
	if z.names[name] {
		return nil, z.fail(name, fmt.Errorf("the name is taken"))
	}
	const firstDay = 1<<5 | 1 // MS-DOS: years since 1980, month, day
	w := z.bare
	if z.zip != nil {
		if w, err = z.zip.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store, ModifiedDate: firstDay}); err != nil {
			return nil, z.fail(name, err)
		}
	}
	if _, err := w.Write(npyWriteHeader(t, shape)); err != nil {
		return nil, z.fail(name, err)
	}
	z.names[name] = true
	z.order = append(z.order, name)
	z.open = &NPZMember{z: z, w: w, name: name, dtype: t, size: size, left: size}
	return z.open, nil
}

// Close ends the archive.
func (z *NPZWriter) Close() error {
	if err := z.closeMember(); err != nil {
		return err
	}
	if z.zip != nil {
		if err := z.zip.Close(); err != nil {
			z.err = fmt.Errorf("npz: %w", err)
			return z.err
		}
	}
	z.err = fmt.Errorf("npz: the archive is closed")
	return nil
}

// closeMember closes the open member, if any, and returns the writer's error.
func (z *NPZWriter) closeMember() error {
	if z.open != nil {
		z.open.Close()
	}
	return z.err
}

// fail keeps the first error, with the name of the member at fault.
func (z *NPZWriter) fail(name string, err error) error {
	if z.err == nil {
		z.err = fmt.Errorf("npz: member %q: %w", name, err)
	}
	return z.err
}

// NPZMember is an array being written to an NPZWriter.
type NPZMember struct {
	z          *NPZWriter
	w          io.Writer
	name       string
	dtype      npyType
	size, left int
}

// Write adds elements as little-endian bytes; a piece may end inside an
// element. More bytes than the shape has room for are an error.
func (m *NPZMember) Write(b []byte) (int, error) {
	if err := m.room(len(b)); err != nil {
		return 0, err
	}
	n, err := m.w.Write(b)
	m.left -= n
	if err != nil {
		return n, m.z.fail(m.name, err)
	}
	return n, nil
}

// WriteValues adds a slice of elements; its type must be the member's.
func (m *NPZMember) WriteValues(data any) error {
	t, n, err := npyDataType(data)
	if err == nil && t != m.dtype {
		err = fmt.Errorf("elements are %s, a %T was given", m.dtype, data)
	}
	if err != nil {
		return m.z.fail(m.name, err)
	}
	if err := m.room(n * t.size); err != nil {
		return err
	}
	return npyEncode(m, data)
}

// room is an error unless n more bytes can be written.
func (m *NPZMember) room(n int) error {
	switch {
	case m.z.err != nil:
		return m.z.err
	case m.z.open != m:
		return m.z.fail(m.name, fmt.Errorf("written to after it was closed"))
	case n > m.left:
		return m.z.fail(m.name, fmt.Errorf("%d bytes more than the %d of its shape", n-m.left, m.size))
	}
	return nil
}

// Close ends the member. It is an error if bytes are missing; closing twice is
// not.
func (m *NPZMember) Close() error {
	if m.z.open != m {
		return m.z.err
	}
	m.z.open = nil
	if m.left != 0 {
		return m.z.fail(m.name, fmt.Errorf("closed after %d of the %d bytes of its shape", m.size-m.left, m.size))
	}
	return m.z.err
}
