package gen

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/gen/testtool/crashdisk"
	"github.com/thrmlgen/thrmlgen/models"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// FuzzManifest: whatever the manifest of a folder says, a run either refuses and
// changes nothing, or makes the new set; what is outside stays as it is, and so
// does a file of the user's that the manifest does not name.
func FuzzManifest(f *testing.F) {
	f.Add(manifestText(map[string]string{"a.go": sum(oldSet[0].Data), "data.bin": sum([]byte("old"))}, nil))
	f.Add(manifestText(map[string]string{"a.go": "no sum", "../outside": sum([]byte("mine")), "sub/../../outside": sum([]byte("mine"))}, map[string]string{"data.bin": sum([]byte("old"))}))
	f.Add([]byte(`{"files": null, "replacing": 3}`))
	f.Add([]byte(`{`))
	f.Add(bytes.Repeat([]byte("["), 20000))
	f.Fuzz(func(t *testing.T, text []byte) {
		top := memory(t)
		dir := filepath.Join(top, "d")
		put(t, filepath.Join(top, "outside"), "mine")
		for _, x := range oldSet {
			put(t, filepath.Join(dir, x.Path), string(x.Data))
		}
		put(t, filepath.Join(dir, "mine.txt"), "mine")
		put(t, filepath.Join(dir, manifestName), string(text))
		before := tree(t, top)
		var err error
		testtool.Bounded(t, func() {
			_, err = write(context.Background(), onDisk{crashdisk.New(dir)}, dir, newSet, WriteOptions{})
		})
		after := tree(t, top)
		if err != nil {
			if !maps.Equal(before, after) {
				t.Errorf("refused (%v), and yet %v became %v", err, before, after)
			}
			return
		}
		for name, want := range contents(newSet) {
			if after["d/"+name] != want {
				t.Errorf("%s is %q", name, after["d/"+name])
			}
		}
		if after["outside"] != "mine" || after["d/mine.txt"] != "mine" && !bytes.Contains(text, []byte("mine")) && !bytes.Contains(text, []byte(`\u`)) {
			t.Errorf("a file of the user's is gone: %v", after)
		}
	})
}

// dataModels name one file each, in every role that a file of data can have.
var dataModels = []string{
	"model: m\nmaxcut: {file: G.txt}\n",
	"model: m\nvariables: {s: {kind: spin, shape: [2, 3]}}\nfactors: [{over: [s], index: all, weights: {file: f.npy}}]\n",
	"model: m\nvariables: {s: {kind: spin, shape: [2, 3]}}\nfactors: [{over: [s], index: all, weights: {file: f.npz#a}}]\n",
	"model: m\nvariables: {s: {kind: spin, shape: [2, 3]}}\nfactors: [{over: [s, s], index: {file: f.npy}, weights: 1.0}]\n",
	"model: m\ngraphs: {g: {file: f.npy, nodes: 6}}\nvariables: {s: {kind: spin, on: g}}\nfactors: [{over: [s, s], edges: g, weights: 1.0}]\n",
	"model: m\nvariables: {s: {kind: spin, shape: [2, 3]}}\nfactors: [{over: [s], index: all, weights: 1.0}]\nclamp: {s: {file: f.npy}}\n",
	"model: m\nvariables: {s: {kind: spin, shape: [2, 3]}}\nfactors: [{over: [s], index: all, weights: 1.0}]\ninit: {s: {file: f.npy}}\n",
}

// oneFile is the file that every path names.
type oneFile []byte

func (b oneFile) ReadFile(string) ([]byte, error) { return b, nil }

var _ graph.Files = oneFile(nil)

// FuzzDataFiles: no file that a model names makes the generator panic; what is
// wrong with it is a problem of the model or passes a limit.
func FuzzDataFiles(f *testing.F) {
	g11, err := models.FS().Open("G11.txt")
	if err != nil {
		f.Fatal(err)
	}
	head := make([]byte, 300)
	g11.Read(head)
	g11.Close()
	f.Add(byte(0), head)
	f.Add(byte(0), []byte("3 3\n1 2 1\n2 3 -1\r\n1 3 1\n\n"))
	f.Add(byte(0), []byte("999999999 0\n"))
	f.Add(byte(0), []byte("\xff\xfe3\x00 \x001\x00"))
	for i := range dataModels {
		f.Add(byte(i), goodFile(f, i))
	}
	f.Fuzz(func(t *testing.T, kind byte, file []byte) {
		var m *Model
		var list *diag.List
		testtool.Bounded(t, func() {
			m, list = Check(Source{Name: "m.yaml", Text: []byte(dataModels[int(kind)%len(dataModels)]), Files: oneFile(file)})
		})
		if list.Len() == 0 {
			if m.Program == nil {
				t.Error("neither a program nor a problem")
			}
			return
		}
		if code := list.ExitCode(); code != 3 && code != 5 {
			t.Errorf("exit %d: %v", code, list.Err())
		}
		var text strings.Builder
		diag.Render(&text, list, m.Spec.SourceOf)
	})
}

// goodFile is a file for one of dataModels.
func goodFile(t testing.TB, i int) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	spins := []int8{1, -1, 1, 1, 1, -1}
	switch i {
	case 0:
		return []byte("3 3\n1 2 1\n2 3 -1\n1 3 1\n")
	case 1:
		err = npy.WriteNPY(&b, []int{6}, []float64{1, 2, 3, 4, 5, 6})
	case 2:
		z := npy.NewNPZWriter(&b)
		err = errors.Join(z.Add("a", []int{6}, []float32{1, 2, 3, 4, 5, 6}), z.Close())
	case 3:
		err = npy.WriteNPY(&b, []int{2, 2}, []int32{0, 4, 1, 5})
	case 4:
		err = npy.WriteNPY(&b, []int{3, 2}, []int64{0, 1, 1, 2, 4, 5})
	default:
		err = npy.WriteNPY(&b, []int{2, 3}, spins)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestDataModelsAreGood builds each model with its good file, or the fuzzer would
// stop at the first line.
func TestDataModelsAreGood(t *testing.T) {
	for i, model := range dataModels {
		if _, list := Check(Source{Name: "m.yaml", Text: []byte(model), Files: oneFile(goodFile(t, i))}); list.Len() > 0 {
			t.Errorf("%s%v", model, list.Err())
		}
	}
}
