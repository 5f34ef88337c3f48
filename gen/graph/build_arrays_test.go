//go:build unix

package graph

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// npyFile is an .npy file of the given element type, order and shape.
func npyFile(t *testing.T, descr string, fortran bool, shape string, order binary.ByteOrder, data any) []byte {
	t.Helper()
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n", descr, map[bool]string{false: "False", true: "True"}[fortran], shape)
	b := bytes.NewBufferString("\x93NUMPY\x01\x00")
	b.WriteByte(byte(len(header)))
	b.WriteByte(0)
	b.WriteString(header)
	if err := binary.Write(b, order, data); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestArrayForms: the same table of a factor in every form in which NumPy may
// have written it: either byte order, rows or columns first, halves.
func TestArrayForms(t *testing.T) {
	want := []float64{0.5, -0.25, 2, 1, 0, -3} // [[0.5, -0.25, 2], [1, 0, -3]]
	columns := []float64{0.5, 1, -0.25, 0, 2, -3}
	whole := []float64{5, -2, 2, 1, 0, -3}
	for name, c := range map[string]struct {
		file []byte
		want []float64
	}{
		"<f8":         {npyFile(t, "<f8", false, "2, 3", binary.LittleEndian, want), want},
		">f8":         {npyFile(t, ">f8", false, "2, 3", binary.BigEndian, want), want},
		"<f8 columns": {npyFile(t, "<f8", true, "2, 3", binary.LittleEndian, columns), want},
		">f8 columns": {npyFile(t, ">f8", true, "2, 3", binary.BigEndian, columns), want},
		"<f2":         {npyFile(t, "<f2", false, "2, 3", binary.LittleEndian, []uint16{0x3800, 0xb400, 0x4000, 0x3c00, 0, 0xc200}), want},
		">f2":         {npyFile(t, ">f2", false, "2, 3", binary.BigEndian, []uint16{0x3800, 0xb400, 0x4000, 0x3c00, 0x8000, 0xc200}), want},
		">i2":         {npyFile(t, ">i2", false, "2, 3", binary.BigEndian, []int16{5, -2, 2, 1, 0, -3}), whole},
		"|i1 columns": {npyFile(t, "|i1", true, "2, 3", binary.LittleEndian, []int8{5, 1, -2, 0, 2, -3}), whole},
	} {
		g, l := tryBuild(t, `model: m
variables: {a: {kind: categorical, states: 2}, b: {kind: categorical, states: 3}}
factors: [{over: [a, b], index: [[0, 0]], weights: {file: w.npy}}]
`, mapFiles{"w.npy": c.file})
		if g == nil {
			t.Errorf("%s: %v", name, l.Err())
			continue
		}
		equal(t, name, g.Factors[0].Weights, c.want)
	}
}

// onceFiles gives other bytes when a file is read again.
type onceFiles struct {
	mapFiles
	read map[string]int
}

func (f onceFiles) ReadFile(path string) ([]byte, error) {
	if f.read[path]++; f.read[path] > 1 {
		return []byte("changed since"), nil
	}
	return f.mapFiles.ReadFile(path)
}

// TestReadOnce: a file that changes while a model is built is the file that it
// was: what is checked is what is used, for all its uses.
func TestReadOnce(t *testing.T) {
	files := onceFiles{mapFiles{"f.npz": archive(t,
		"edges", []int{2, 2}, []int64{0, 1, 1, 2},
		"w", []int{2}, []float64{1, 2},
		"s", []int{3}, []int8{1, -1, 1})}, map[string]int{}}
	g, l := tryBuild(t, `model: m
graphs: {g: {file: f.npz#edges, nodes: 3}}
variables: {s: {kind: spin, on: g}}
factors: [{over: [s, s], edges: g, weights: {file: f.npz#w}}, {over: [s, s], index: {file: f.npz#edges}, weights: 1.0}]
init: {s: {file: f.npz#s}}
clamp: {s: {file: f.npz#s}}
`, files)
	if g == nil || files.read["f.npz"] != 1 {
		t.Errorf("read %d times: %v", files.read["f.npz"], l.Err())
	}
}

// TestHostileFiles: what stands where a weight file should be. A way out of the
// folder is a fault of the model (exit 3), what cannot be read one of the
// environment (exit 4); nothing is waited for.
func TestHostileFiles(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "model")
	good := npyFile(t, "<f8", false, "2, 2", binary.LittleEndian, []float64{1, 2, 3, 4})
	for _, err := range []error{
		os.Mkdir(dir, 0o755),
		os.WriteFile(filepath.Join(outer, "secret.npy"), good, 0o644),
		os.WriteFile(filepath.Join(dir, "w.npy"), good, 0o644),
		os.Symlink("w.npy", filepath.Join(dir, "inside.npy")),
		os.Symlink("../secret.npy", filepath.Join(dir, "outside.npy")),
		os.Symlink(filepath.Join(outer, "secret.npy"), filepath.Join(dir, "absolute.npy")),
		os.Symlink("/proc/self/fd/0", filepath.Join(dir, "stdin.npy")),
		os.Symlink("/dev/zero", filepath.Join(dir, "device.npy")),
		os.Symlink("loop.npy", filepath.Join(dir, "loop.npy")),
		os.Mkdir(filepath.Join(dir, "folder.npy"), 0o755),
		os.Link(filepath.Join(dir, "w.npy"), filepath.Join(dir, "hard.npy")),
		os.WriteFile(filepath.Join(dir, "empty.npy"), nil, 0o644),
		syscall.Mkfifo(filepath.Join(dir, "pipe.npy"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for file, code := range map[string]int{
		"w.npy": 0, "inside.npy": 0, "hard.npy": 0,
		"outside.npy": 3, "absolute.npy": 3, "stdin.npy": 3, "device.npy": 3,
		"loop.npy": 4, "folder.npy": 4, "pipe.npy": 4, "gone.npy": 4, "empty.npy": 4,
	} {
		s, l := spec.Parse("m.yaml", fmt.Appendf(nil, `model: m
variables: {a: {kind: categorical, states: 2, shape: [2]}}
factors: [{over: [a, a], index: [[0, 1]], weights: {file: %s}}]
`, file))
		if l.Len() > 0 {
			t.Fatal(l.Err())
		}
		g, l := Build(s, DirFiles(dir))
		switch {
		case code == 0 && g == nil:
			t.Errorf("%s: %v", file, l.Err())
		case code == 0:
		case l.Len() != 1 || l.ExitCode() != code || l.Problems()[0].Code != diag.FileUnreadable:
			t.Errorf("%s: exit %d, want %d: %v", file, l.ExitCode(), code, l.Err())
		case !strings.Contains(l.Problems()[0].Text, file) || strings.Contains(l.Err().Error(), outer) || l.Problems()[0].Help == "":
			t.Errorf("%s: %v", file, l.Err())
		}
	}
}
