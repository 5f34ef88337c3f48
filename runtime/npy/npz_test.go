package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

func TestReadNumPyArchives(t *testing.T) {
	for _, name := range []string{"stored.npz", "deflated.npz"} {
		z, err := OpenNPZ(fixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"weights", "best/energy", "state"}; !slices.Equal(z.Names(), want) {
			t.Errorf("%s: names %q", name, z.Names())
		}
		for member, want := range map[string]*NPYArray{
			"weights":     {[]int{2, 3, 4}, "<f4", counts[float32](-5, 24)},
			"weights.npy": {[]int{2, 3, 4}, "<f4", counts[float32](-5, 24)},
			"best/energy": {[]int{2}, "<f8", []float64{-1.5, 2}},
			"state":       {[]int{20, 20}, "|i1", slices.Repeat([]int8{1}, 400)},
		} {
			if a, err := z.Get(member); err != nil || !reflect.DeepEqual(a, want) {
				t.Errorf("%s, %s: %v, %v", name, member, a, err)
			}
		}
		_, err = z.Get("missing")
		if err == nil || !strings.Contains(err.Error(), `no member "missing"; there are ["weights" "best/energy" "state"]`) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if z, err := OpenNPZ(fixture(t, "none.npz")); err != nil || len(z.Names()) != 0 {
		t.Errorf("empty archive: %v", err)
	}
}

// member is one entry of an archive that is made wrong on purpose.
type member struct {
	name  string
	body  []byte
	patch func(*zip.FileHeader) // after sizes and checksum were filled in
}

// archive stores members with their headers patched.
func archive(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		// One honest archive gives size, checksum and packed bytes.
		var honest bytes.Buffer
		hw := zip.NewWriter(&honest)
		fw, err := hw.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		fw.Write(m.body)
		hw.Close()
		hr, err := zip.NewReader(bytes.NewReader(honest.Bytes()), int64(honest.Len()))
		if err != nil {
			t.Fatal(err)
		}
		header := hr.File[0].FileHeader
		raw, err := hr.File[0].OpenRaw()
		if err != nil {
			t.Fatal(err)
		}
		packed, err := io.ReadAll(raw)
		if err != nil {
			t.Fatal(err)
		}
		header.Flags &^= 8
		if m.patch != nil {
			m.patch(&header)
		}
		out, err := w.CreateRaw(&header)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(packed)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRefusedArchives(t *testing.T) {
	scalar := fixture(t, "scalar.npy")
	zeros := file("{'descr': '|u1', 'fortran_order': False, 'shape': (4194304,)}", 4<<20)
	for want, b := range map[string][]byte{
		`two members are named "a"`: archive(t, member{"a.npy", scalar, nil}, member{"b.npy", scalar, nil}, member{"a.npy", scalar, nil}),
		`two members are named "c"`: archive(t, member{"c.npy", scalar, nil}, member{"c", scalar, nil}),
		"encrypted":                 archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.Flags |= 1 }}),
		"compression method 12":     archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.Method = 12 }}),
		"cannot expand to":          archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 31 }}),
		"hold 136":                  archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.Method = zip.Store }}),
		"in an archive of":          archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.CompressedSize64 = 1 << 31 }}),
		"does not start with PK":    append([]byte("#!/bin/sh\n"), fixture(t, "stored.npz")...),
		"bytes follow the end":      append(fixture(t, "stored.npz"), 0),
		"a single .npy array":       scalar,
		"not a zip archive":         nil,
		"not a valid zip file":      []byte("PK\x03\x04 and no more of it"),
	} {
		if _, err := OpenNPZ(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}

	for want, b := range map[string][]byte{
		"checksum does not match":         archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.CRC32 = 0 }}),
		"1 bytes follow the 8":            archive(t, member{"a", append(slices.Clone(scalar), 0), nil}),
		"ends after 7 of the 8":           archive(t, member{"a", scalar[:len(scalar)-1], nil}),
		"expands to more than its size":   archive(t, member{"a", append(slices.Clone(scalar), 0), func(h *zip.FileHeader) { h.UncompressedSize64-- }}),
		"the file ends in the elements":   archive(t, member{"a", scalar[:len(scalar)-1], func(h *zip.FileHeader) { h.UncompressedSize64++ }}),
		"the file ends after the element": archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.CompressedSize64 -= 2 }}),
		"bytes follow the compressed":     archive(t, member{"a", scalar, func(h *zip.FileHeader) { h.CompressedSize64++ }}),
		"not an .npy file":                archive(t, member{"a", []byte("hello, this is text"), nil}),
		"unpickled":                       archive(t, member{"a", fixture(t, "bad_object.npy"), nil}),
		"the file ends in the magic":      archive(t, member{"a", nil, nil}),
		"more than the limit of 1048576":  archive(t, member{"a", zeros, nil}),
	} {
		z, err := OpenNPZ(b)
		if err != nil {
			t.Errorf("%q: does not open: %v", want, err)
			continue
		}
		z.MaxInflated = 1 << 20
		if _, err := z.Get("a"); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `member "a"`) {
			t.Errorf("error %v, want %q", err, want)
		}
	}

	// The same member is fine under the default limit; a folder entry is no member.
	z, err := OpenNPZ(archive(t, member{"folder/", nil, nil}, member{"folder/a.npy", zeros, nil}))
	if err != nil || !slices.Equal(z.Names(), []string{"folder/a"}) {
		t.Fatalf("%v, %v", z, err)
	}
	if a, err := z.Get("folder/a"); err != nil || a.Len() != 4<<20 {
		t.Error(err)
	}
}

// A small file that claims much, within what deflate could do, is believed only
// as its bytes come.
func TestBombTakesLittleMemory(t *testing.T) {
	const claim = 512 << 20
	// 600 kB that inflate to themselves, said to inflate to 512 MiB.
	noise := file(fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d,)}", claim), 600_000)
	start := len(noise) - 600_000
	x := uint32(1)
	for i := range noise[start:] {
		x = x*1664525 + 1013904223
		noise[start+i] = byte(x >> 24)
	}
	b := archive(t, member{"a", noise, func(h *zip.FileHeader) { h.UncompressedSize64 = uint64(start + claim) }})
	z, err := OpenNPZ(b)
	if err != nil {
		t.Fatal(err)
	}
	n := allocated(func() { _, err = z.Get("a") })
	if err == nil || !strings.Contains(err.Error(), "the file ends in the elements") {
		t.Errorf("error %v", err)
	}
	if n > 8<<20 {
		t.Errorf("%d bytes allocated for 600,000", n)
	}
}

// sample writes an archive with both ways of writing.
func sample(w io.Writer) error {
	z := NewNPZWriter(w)
	if err := z.Add("weights", []int{2, 3, 4}, counts[float32](-5, 24)); err != nil {
		return err
	}
	m, err := z.Stream("best/state", "|i1", []int{3, 2})
	if err != nil {
		return err
	}
	for _, draw := range [][]int8{{1, -1}, {-1, -1}} {
		if err := m.WriteValues(draw); err != nil {
			return err
		}
	}
	if _, err := m.Write([]byte{1, 0xff}); err != nil {
		return err
	}
	if err := z.Add("energy", []int{}, []float64{-1.5}); err != nil { // closes best/state
		return err
	}
	if err := z.Add("nothing", []int{0, 7}, []uint16{}); err != nil {
		return err
	}
	if err := z.Add("größe", []int{1}, []bool{true}); err != nil {
		return err
	}
	return z.Close()
}

func TestWriteArchive(t *testing.T) {
	var b, again bytes.Buffer
	if err := errors.Join(sample(&b), sample(&again)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("the same arrays give other bytes")
	}
	z, err := OpenNPZ(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"weights", "best/state", "energy", "nothing", "größe"}; !slices.Equal(z.Names(), want) {
		t.Errorf("names %q", z.Names())
	}
	for name, want := range map[string]*NPYArray{
		"weights":    {[]int{2, 3, 4}, "<f4", counts[float32](-5, 24)},
		"best/state": {[]int{3, 2}, "|i1", []int8{1, -1, -1, -1, 1, -1}},
		"energy":     {[]int{}, "<f8", []float64{-1.5}},
		"nothing":    {[]int{0, 7}, "<u2", []uint16{}},
		"größe":      {[]int{1}, "|b1", []bool{true}},
	} {
		if a, err := z.Get(name); err != nil || !reflect.DeepEqual(a, want) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	stream := func(z *NPZWriter, dtype string, shape ...int) *NPZMember {
		m, err := z.Stream("m", dtype, shape)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for want, f := range map[string]func(z *NPZWriter) error{
		`member "m": closed after 4 of the 12 bytes`: func(z *NPZWriter) error {
			m := stream(z, "<i4", 3)
			m.Write(make([]byte, 4))
			return m.Close()
		},
		"closed after 0 of the 8 bytes": func(z *NPZWriter) error {
			stream(z, "<f8", 1)
			return z.Close()
		},
		"closed after 0 of the 2 bytes": func(z *NPZWriter) error {
			stream(z, "|u1", 2)
			return z.Add("n", []int{1}, []int8{1})
		},
		"1 bytes more than the 4 of": func(z *NPZWriter) error {
			_, err := stream(z, "<i4", 1).Write(make([]byte, 5))
			return err
		},
		"8 bytes more than the 16 of": func(z *NPZWriter) error {
			return stream(z, "<f8", 2).WriteValues(make([]float64, 3))
		},
		"elements are <f8, a []float32 was given": func(z *NPZWriter) error {
			return stream(z, "<f8", 2).WriteValues(make([]float32, 2))
		},
		"cannot write a []string": func(z *NPZWriter) error {
			return stream(z, "<f8", 2).WriteValues([]string{"x"})
		},
		"after it was closed": func(z *NPZWriter) error {
			m := stream(z, "|u1", 0)
			if err := m.Close(); err != nil {
				t.Error(err)
			}
			_, err := m.Write([]byte{1})
			return err
		},
		"the name is taken": func(z *NPZWriter) error {
			return errors.Join(z.Add("n", []int{1}, []int8{1}), z.Add("n", []int{1}, []int8{1}))
		},
		"plain path": func(z *NPZWriter) error {
			return z.Add("../n", []int{1}, []int8{1})
		},
		"big-endian": func(z *NPZWriter) error {
			_, err := z.Stream("n", ">f8", []int{1})
			return err
		},
		`"<f3" is not supported`: func(z *NPZWriter) error {
			_, err := z.Stream("n", "<f3", []int{1})
			return err
		},
		"too large for any memory": func(z *NPZWriter) error {
			_, err := z.Stream("n", "<f8", []int{math.MaxInt})
			return err
		},
		"has 3 elements, the data 2": func(z *NPZWriter) error {
			return z.Add("n", []int{3}, []int8{1, 2})
		},
	} {
		var b bytes.Buffer
		z := NewNPZWriter(&b)
		err := f(z)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		// The error stays, and leaves no archive that opens.
		if later := z.Add("later", []int{1}, []int8{1}); later == nil {
			t.Errorf("%q: a later Add succeeds", want)
		}
		if z.Close() == nil {
			t.Errorf("%q: Close succeeds", want)
		}
		if _, err := OpenNPZ(b.Bytes()); err == nil {
			t.Errorf("%q: the broken archive opens", want)
		}
	}
	for _, name := range []string{"", ".", "/a", "a/", "a//b", "a/../b", `a\b`, "a.npy", "a\xff", "a\x00"} {
		if err := NewNPZWriter(io.Discard).Add(name, []int{1}, []int8{1}); err == nil {
			t.Errorf("name %q is written", name)
		}
	}
}

// fullDisk takes some bytes and then no more.
type fullDisk struct{ left int }

func (d *fullDisk) Write(b []byte) (int, error) {
	n := min(d.left, len(b))
	d.left -= n
	if n < len(b) {
		return n, errors.New("disk full")
	}
	return n, nil
}

func TestWriteErrorsAreReported(t *testing.T) {
	var whole bytes.Buffer
	if err := sample(&whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole.Len() {
		if err := sample(&fullDisk{n}); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Fatalf("room for %d of %d bytes: error %v", n, whole.Len(), err)
		}
	}
	for _, data := range []any{make([]float64, 20), make([]uint8, 20)} {
		if err := WriteNPY(&fullDisk{140}, []int{20}, data); err == nil {
			t.Errorf("%T: no error from a full disk", data)
		}
	}
	if err := WriteNPY(&fullDisk{100}, []int{1}, []int8{1}); err == nil {
		t.Error("no error from a full disk in the header")
	}
}

// holes is a file in memory that keeps only what is not zero.
type holes struct {
	size   int64
	pieces map[int64][]byte
}

func (h *holes) Write(b []byte) (int, error) {
	if bytes.Trim(b, "\x00") != nil {
		h.pieces[h.size] = bytes.Clone(b)
	}
	h.size += int64(len(b))
	return len(b), nil
}

func (h *holes) ReadAt(b []byte, at int64) (int, error) {
	n := int(min(int64(len(b)), h.size-at))
	clear(b[:n])
	for start, piece := range h.pieces {
		if from := at - start; from >= 0 && from < int64(len(piece)) {
			copy(b[:n], piece[from:])
		} else if from < 0 && -from < int64(n) {
			copy(b[-from:n], piece)
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func TestMemberAboveFourGiB(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 4 GiB of zeros to nowhere")
	}
	const block, blocks = 1 << 24, 257
	h := &holes{pieces: map[int64][]byte{}}
	z := NewNPZWriter(h)
	m, err := z.Stream("big", "|i1", []int{blocks, block})
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, block)
	for range blocks {
		if _, err := m.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Add("after", []int{2}, []int64{7, 8}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenNPZReader(h, h.size)
	if err != nil {
		t.Fatal(err)
	}
	if f := r.members["big"]; f.UncompressedSize64 != block*blocks+128 {
		t.Errorf("size %d", f.UncompressedSize64)
	}
	if a, err := r.Get("after"); err != nil || !reflect.DeepEqual(a.Data, []int64{7, 8}) {
		t.Errorf("%v, %v", a, err)
	}
}

// NumPy itself reads what we write.
func TestNumPyReadsOurs(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import numpy").Run()
	}
	if err != nil {
		t.Skipf("NOT TESTED whether NumPy reads our files: python3 with numpy is needed (%v)", err)
	}
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "ours.npz"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sample(out), out.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range numpyFiles {
		var b bytes.Buffer
		if err := WriteNPY(&b, c.shape, c.values); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.name+".npy"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const script = `
import glob, os, sys, zipfile
import numpy as np
dir, fixtures = sys.argv[1:]
with zipfile.ZipFile(os.path.join(dir, "ours.npz")) as z:
    assert z.testzip() is None
    assert all(i.date_time == (1980, 1, 1, 0, 0, 0) for i in z.infolist()), z.infolist()
with np.load(os.path.join(dir, "ours.npz")) as z:
    assert z.files == ["weights", "best/state", "energy", "nothing", "größe"], z.files
    assert z["weights"].dtype == np.float32 and (z["weights"] == np.arange(24).reshape(2, 3, 4) - 5).all()
    assert z["best/state"].dtype == np.int8 and z["best/state"].tolist() == [[1, -1], [-1, -1], [1, -1]]
    assert z["energy"].shape == () and z["energy"] == -1.5
    assert z["nothing"].shape == (0, 7) and z["nothing"].dtype == np.uint16
    assert z["größe"].tolist() == [True]
names = glob.glob(os.path.join(dir, "*.npy"))
assert len(names) > 30
for name in names:
    ours, theirs = np.load(name), np.load(os.path.join(fixtures, os.path.basename(name)))
    assert ours.shape == theirs.shape and (ours == theirs).all(), name
`
	cmd := exec.Command(python, "-c", script, dir, "testdata")
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8", "PYTHONUTF8=1")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
}

func FuzzOpenNPZ(f *testing.F) {
	for _, name := range []string{"stored.npz", "deflated.npz", "none.npz"} {
		f.Add(fixture(f, name))
	}
	var ours bytes.Buffer
	if err := sample(&ours); err != nil {
		f.Fatal(err)
	}
	f.Add(ours.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		testtool.Bounded(t, func() {
			z, err := OpenNPZ(b)
			if err != nil {
				return
			}
			z.MaxInflated = 1 << 20
			for _, name := range z.Names() {
				if a, err := z.Get(name); err == nil {
					checkArray(t, a)
				}
			}
		})
	})
}

func BenchmarkNPZ(b *testing.B) {
	data := make([]float32, 10<<20/4)
	var file bytes.Buffer
	write := func() error {
		file.Reset()
		z := NewNPZWriter(&file)
		return errors.Join(z.Add("a", []int{len(data)}, data), z.Close())
	}
	if err := write(); err != nil {
		b.Fatal(err)
	}
	b.Run("write", func(b *testing.B) {
		b.SetBytes(10 << 20)
		for b.Loop() {
			if err := write(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(10 << 20)
		for b.Loop() {
			z, err := OpenNPZ(file.Bytes())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := z.Get("a"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
