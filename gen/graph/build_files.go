package graph

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/safetensors"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// MaxFile is the largest file that a model may name, in bytes.
const MaxFile = 1 << 30

// Files gives a model the files of its folder.
type Files interface {
	// ReadFile returns the bytes of the regular file at a path that is relative
	// to the model's folder and stays inside it. A *FileError says who can mend
	// a failure; any other error counts as one of the environment.
	ReadFile(path string) ([]byte, error)
}

// FileError is the failure to read a file.
type FileError struct {
	Class diag.Class
	Text  string
}

func (e *FileError) Error() string { return e.Text }

// DirFiles reads files of the folder dir and of the folders below it. A path or
// a symbolic link that leaves dir is a fault of the model; a file that is
// missing, unreadable or not regular is one of the environment; one of more than
// MaxFile bytes passes a limit. The size is that of the bytes read, whatever the
// file says about itself.
func DirFiles(dir string) Files { return dirFiles(dir) }

type dirFiles string

func (d dirFiles) ReadFile(path string) ([]byte, error) {
	if why := pathFault(path); why != "" {
		return nil, &FileError{diag.Model, fmt.Sprintf("%q %s", path, why)}
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, fileError(path, err)
	}
	defer root.Close()
	local := filepath.FromSlash(path)
	// Asked before opening, because opening a named pipe waits for a writer.
	info, err := root.Stat(local)
	if err != nil {
		return nil, fileError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &FileError{diag.Env, fmt.Sprintf("%q is not a regular file", path)}
	}
	if info.Size() > MaxFile { // before there is memory for all of it
		return nil, &FileError{diag.Limit, fmt.Sprintf("%q has more than %d bytes", path, MaxFile)}
	}
	f, err := root.Open(local)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	if len(b) > MaxFile {
		return nil, &FileError{diag.Limit, fmt.Sprintf("%q has more than %d bytes", path, MaxFile)}
	}
	return b, nil
}

// pathFault says why a path cannot be inside the model's folder on every
// operating system, "" if it can.
func pathFault(path string) string {
	switch {
	case path == "":
		return "is an empty path"
	case strings.Contains(path, "://"):
		return "is an address, not a file"
	case strings.ContainsAny(path, "\\\x00"):
		return "holds a backslash or a NUL; folders are separated by /"
	case len(path) > 1 && path[1] == ':':
		return "is an absolute path; files are named relative to the model file"
	case path[0] == '/' || path[0] == '~':
		return "is an absolute path; files are named relative to the model file"
	case !filepath.IsLocal(filepath.FromSlash(path)):
		return "leaves the model's folder"
	}
	return ""
}

func fileError(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &FileError{diag.Env, fmt.Sprintf("%q does not exist", path)}
	case errors.Is(err, fs.ErrPermission):
		return &FileError{diag.Env, fmt.Sprintf("%q may not be read", path)}
	case strings.Contains(err.Error(), "escapes from parent"): // os has no name for it
		return &FileError{diag.Model, fmt.Sprintf("%q leaves the model's folder by a symbolic link", path)}
	}
	return &FileError{diag.Env, fmt.Sprintf("%q: %v", path, err)}
}

// bytesOf reads a file once, however often the model names it, so that all its
// uses see the same bytes.
func (b *builder) bytesOf(f *spec.File) ([]byte, bool) {
	if got, ok := b.read[f.Path]; ok {
		return got, got != nil
	}
	got, err := b.files.ReadFile(f.Path)
	if err != nil {
		b.read[f.Path] = nil
		class := diag.Env
		var fe *FileError
		if errors.As(err, &fe) {
			class = fe.Class
		}
		b.add(diag.Problem{Pos: f.Pos, Code: diag.FileUnreadable, Text: err.Error(), Class: class,
			Help: "files are named relative to the model file and stay inside its folder"})
		return nil, false
	}
	if len(got) == 0 {
		b.read[f.Path] = nil
		b.add(diag.Problem{Pos: f.Pos, Code: diag.FileUnreadable, Text: fmt.Sprintf("%q is empty: it has 0 bytes", f.Path), Class: diag.Env,
			Help: "write the file again"})
		return nil, false
	}
	b.read[f.Path] = got
	return got, true
}

// array reads the array that f names. Its problems are reported.
func (b *builder) array(f *spec.File) (*npy.NPYArray, bool) {
	ext := strings.ToLower(filepath.Ext(f.Path))
	if ext != ".npy" && ext != ".npz" && ext != ".safetensors" {
		b.fail(f.Pos, diag.BadFile, "save the array as .npy, .npz or .safetensors", "%q is no array file", f.Path)
		return nil, false
	}
	raw, ok := b.bytesOf(f)
	if !ok {
		return nil, false
	}
	a, help, err := readArray(f, ext, raw)
	if err != nil {
		b.fail(f.Pos, diag.BadFile, help, "%s: %v", f.Path, err)
		return nil, false
	}
	return a, true
}

// arrays is a file of arrays with names.
type arrays interface {
	Names() []string
	Get(name string) (*npy.NPYArray, error)
}

// readArray decodes one array; help says how to mend an error.
func readArray(f *spec.File, ext string, raw []byte) (a *npy.NPYArray, help string, err error) {
	var file arrays
	key := f.Key
	switch ext {
	case ".npy":
		if key != "" {
			return nil, "remove #" + key, fmt.Errorf("an .npy file holds one array and has no key %q", key)
		}
		a, err = npy.ReadNPY(raw)
		return a, "save it again with numpy.save", err
	case ".npz":
		help = "save it again with numpy.savez"
		file, err = npy.OpenNPZ(raw)
	default:
		help = "save it again with safetensors.numpy.save_file"
		file, err = safetensors.Open(raw)
	}
	if err != nil {
		return nil, help, err
	}
	names := file.Names()
	switch {
	case len(names) == 0:
		return nil, help, errors.New("there are no arrays in it")
	case key == "":
		return nil, "write " + f.Path + "#" + names[0], fmt.Errorf("no array is named; there are %s", someOf(names))
	case !slices.Contains(names, key):
		return nil, diag.DidYouMean(key, names), fmt.Errorf("no array is called %q; there are %s", key, someOf(names))
	}
	a, err = file.Get(key)
	return a, help, err
}

// someOf quotes names, the first twelve of them.
func someOf(names []string) string {
	const most = 12
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%q and %d more", names[:most], more)
	}
	return fmt.Sprintf("%q", names)
}

// floats reads an array of finite numbers.
func (b *builder) floats(f *spec.File) (shape []int, values []float64, ok bool) {
	a, ok := b.array(f)
	if !ok {
		return nil, nil, false
	}
	values, err := a.Float64s()
	if err != nil {
		b.fail(f.Pos, diag.BadFile, "", "%s: %s", fileText(f), arrayFault(err))
		return nil, nil, false
	}
	for i, v := range values {
		if !finite(v) {
			what := "infinite"
			if math.IsNaN(v) {
				what = "not a number (NaN)"
			}
			b.fail(f.Pos, diag.NotFinite, "only finite numbers are allowed", "%s: element %s is %s", fileText(f), elementText(a.Shape, i), what)
			return nil, nil, false
		}
	}
	return a.Shape, values, true
}

// ints reads an array of integers.
func (b *builder) ints(f *spec.File) (shape []int, values []int64, ok bool) {
	a, ok := b.array(f)
	if !ok {
		return nil, nil, false
	}
	values, err := a.Ints()
	if err != nil {
		b.fail(f.Pos, diag.BadFile, "", "%s: %s", fileText(f), arrayFault(err))
		return nil, nil, false
	}
	return a.Shape, values, true
}

// arrayFault is what is wrong with the elements of an array, whatever file they
// came from.
func arrayFault(err error) string { return strings.TrimPrefix(err.Error(), "npy: ") }

func fileText(f *spec.File) string {
	if f.Key == "" {
		return f.Path
	}
	return f.Path + "#" + f.Key
}

// elementText names element i of an array of a shape: [3, 4].
func elementText(shape []int, i int) string {
	at := make([]string, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d] = fmt.Sprint(i % shape[d])
		i /= shape[d]
	}
	return "[" + strings.Join(at, ", ") + "]"
}
