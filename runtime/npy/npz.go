package npy

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// npzMaxInflated is the default of NPZReader.MaxInflated.
const npzMaxInflated = 1 << 30

// npzMaxRatio is the most by which deflate can shrink: 258 bytes in 2 bits.
const npzMaxRatio = 1032

// NPZReader gives the arrays of an .npz archive by name. Members are read when
// they are asked for, from the source given to OpenNPZReader.
type NPZReader struct {
	// MaxInflated is the most bytes to which one compressed member may expand;
	// OpenNPZ sets 1 GiB. Stored members are bounded by the archive itself.
	MaxInflated int64

	names   []string
	members map[string]*zip.File
}

// OpenNPZ opens an archive held in memory.
func OpenNPZ(b []byte) (*NPZReader, error) {
	return OpenNPZReader(bytes.NewReader(b), int64(len(b)))
}

// OpenNPZReader opens an archive of size bytes. The archive must fill the
// source from end to end. Members must be stored or deflated, unencrypted, and
// have different names.
func OpenNPZReader(r io.ReaderAt, size int64) (*NPZReader, error) {
	var start [6]byte
	n, err := r.ReadAt(start[:], 0)
	if n < len(start) && err != io.EOF {
		return nil, fmt.Errorf("npz: %w", err)
	}
	if string(start[:n]) == npyMagic {
		return nil, errors.New("npz: not an archive but a single .npy array")
	}
	if s := string(start[:min(n, 4)]); s != "PK\x03\x04" && s != "PK\x05\x06" {
		return nil, errors.New("npz: not a zip archive: it does not start with PK")
	}
	zr, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("npz: %w", err)
	}
	// The end record is 22 bytes and the comment; archive/zip would let more follow.
	var end [4]byte
	if _, err := r.ReadAt(end[:], size-22-int64(len(zr.Comment))); err != nil || string(end[:]) != "PK\x05\x06" {
		return nil, errors.New("npz: bytes follow the end of the archive")
	}
	z := &NPZReader{MaxInflated: npzMaxInflated, members: map[string]*zip.File{}}
	for _, f := range zr.File {
		if strings.HasSuffix(f.Name, "/") {
			continue // a folder
		}
		name := strings.TrimSuffix(f.Name, ".npy")
		if z.members[name] != nil {
			return nil, fmt.Errorf("npz: two members are named %q", name)
		}
		if err := npzCheckMember(f, size); err != nil {
			return nil, fmt.Errorf("npz: member %q: %w", name, err)
		}
		z.members[name] = f
		z.names = append(z.names, name)
	}
	return z, nil
}

// npzCheckMember refuses what cannot be read, and sizes that cannot be true.
func npzCheckMember(f *zip.File, archive int64) error {
	const encrypted = 1
	switch {
	case f.Flags&encrypted != 0:
		return errors.New("encrypted")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Errorf("compression method %d; stored and deflated are read", f.Method)
	case f.CompressedSize64 > uint64(archive):
		return fmt.Errorf("%d bytes in an archive of %d", f.CompressedSize64, archive)
	case f.Method == zip.Store && f.UncompressedSize64 != f.CompressedSize64:
		return fmt.Errorf("stored, but %d bytes hold %d", f.CompressedSize64, f.UncompressedSize64)
	case f.UncompressedSize64/npzMaxRatio > f.CompressedSize64:
		return fmt.Errorf("%d bytes cannot expand to %d", f.CompressedSize64, f.UncompressedSize64)
	}
	return nil
}

// Names lists the members in the order of the archive, without ".npy".
func (z *NPZReader) Names() []string { return append([]string(nil), z.names...) }

// Get reads a member, named with or without ".npy". An unknown name is an error
// that lists the known ones; a fault in the member's bytes wraps an *NPYError.
func (z *NPZReader) Get(name string) (*NPYArray, error) {
	f := z.members[name]
	if f == nil {
		f = z.members[strings.TrimSuffix(name, ".npy")]
	}
	if f == nil {
		return nil, fmt.Errorf("npz: no member %q; there are %s", name, npzList(z.names))
	}
	a, err := z.read(f)
	if err != nil {
		return nil, fmt.Errorf("npz: member %q: %w", name, err)
	}
	return a, nil
}

// npzList is for messages: the first names, and how many more there are.
func npzList(names []string) string {
	const most = 20
	text := fmt.Sprintf("%q", names[:min(most, len(names))])
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// read inflates and decodes one member. The header comes first: its shape must
// account for the member's size before the elements are read.
func (z *NPZReader) read(f *zip.File) (*NPYArray, error) {
	if f.Method == zip.Deflate && f.UncompressedSize64 > uint64(max(z.MaxInflated, 0)) {
		return nil, fmt.Errorf("expands to %d bytes, more than the limit of %d", f.UncompressedSize64, z.MaxInflated)
	}
	packed, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	source := bufio.NewReader(packed) // flate reads no further than it must from a ByteReader
	var plain io.Reader = source
	if f.Method == zip.Deflate {
		plain = flate.NewReader(source)
	}
	sum := crc32.NewIEEE()
	member := io.TeeReader(plain, sum)
	h, err := npyReadHeader(member)
	if err != nil {
		return nil, err
	}
	if err := npyCheckSize(h, int64(f.UncompressedSize64)); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if f.Method == zip.Store {
		body.Grow(h.bytes + bytes.MinRead) // these bytes exist; deflated ones are believed as they come
	}
	if n, err := io.CopyN(&body, member, int64(h.bytes)); err != nil {
		return nil, npyCut(h.start+int(n), err, "in the elements")
	}
	switch n, err := io.CopyN(io.Discard, plain, 1); {
	case n > 0:
		return nil, fmt.Errorf("expands to more than its size of %d bytes", f.UncompressedSize64)
	case err != io.EOF:
		return nil, npyCut(h.start+h.bytes, err, "after the elements")
	}
	if _, err := source.ReadByte(); err != io.EOF {
		return nil, errors.New("bytes follow the compressed data")
	}
	if sum.Sum32() != f.CRC32 {
		return nil, errors.New("checksum does not match: the archive is damaged")
	}
	return npyDecode(h, body.Bytes())
}
