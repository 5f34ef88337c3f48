//go:build unix

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// What one command may take that is given a bad file. The time is generous, since
// the machine may be busy.
const (
	hostileTime   = 20 * time.Second
	hostileMemory = 512 << 20
)

// attempt runs the program in a folder. Whatever it is given, it ends, in bounded
// memory, with an exit code of those that are stated and without a stack trace.
func attempt(t *testing.T, dir string, args ...string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hostileTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("%q: it hangs\n%s", args, out.String())
		return -1, ""
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	code, output = cmd.ProcessState.ExitCode(), out.String()
	if !slices.Contains([]int{0, 1, 2, 3, 4, 5}, code) || strings.Contains(output, "goroutine ") || strings.Contains(output, "internal error") {
		t.Errorf("%q: exit %d\n%s", args, code, output)
	}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" && use.Maxrss > hostileMemory>>10 {
		t.Errorf("%q: took %d MiB", args, use.Maxrss>>10)
	}
	return code, output
}

// Models: with weights in a file, without, and with data.
const (
	fileModel = `model: m
variables: {s: {kind: spin, shape: [8]}}
factors: [{over: [s], index: all, weights: {file: w.npy}}]
`
	plainModel = `model: m
variables: {s: {kind: spin, shape: [8]}}
factors: [{over: [s, s], edges: {chain: s}, weights: 0.5}]
sample: {chains: 2, warmup: 1, samples: 2, steps_per_sample: 1}
`
	trainModel = `model: m
variables: {v: {kind: spin, shape: [4]}, h: {kind: spin, shape: [2]}}
factors: [{over: [v, h], index: [[0, 0], [1, 1], [2, 0], [3, 1]], weights: 0.1, runtime: true}]
train: {data: data.npy, visible: v, batch: 2, epochs: 1}
`
)

func linkTo(target string) func(*testing.T, string) error {
	return func(_ *testing.T, path string) error { return os.Symlink(target, path) }
}

// terabyte makes a file that says it has so much, and holds nothing after its
// first bytes.
func terabyte(start string) func(*testing.T, string) error {
	return func(_ *testing.T, path string) error {
		if err := os.WriteFile(path, []byte(start), 0o666); err != nil {
			return err
		}
		return os.Truncate(path, 1<<40)
	}
}

// strange makes what is not a plain file with good contents. The codes are those
// that a command ends with that is to read it or to write it.
var strange = []struct {
	name     string
	make     func(t *testing.T, path string) error
	read     []int
	writeTo  []int
	inFolder []int // gen
}{
	{"nothing", func(*testing.T, string) error { return nil }, []int{4}, []int{0}, []int{0}},
	{"a folder", func(_ *testing.T, p string) error { return os.Mkdir(p, 0o777) }, []int{4}, []int{4}, []int{0}},
	{"an empty file", func(_ *testing.T, p string) error { return os.WriteFile(p, nil, 0o666) }, []int{3, 4}, []int{0}, []int{4}},
	{"a link to nothing", linkTo("nothing/there"), []int{4}, []int{4}, []int{4}},
	{"a link to itself", func(_ *testing.T, p string) error { return os.Symlink(filepath.Base(p), p) }, []int{4}, []int{4}, []int{4}},
	{"a link to a folder", linkTo("."), []int{4}, []int{4}, []int{4}},
	{"/dev/zero", linkTo("/dev/zero"), []int{4, 3}, []int{0}, []int{4}},
	{"/dev/null", linkTo("/dev/null"), []int{4, 3}, []int{0}, []int{4}},
	{"/dev/full", linkTo("/dev/full"), []int{4, 3}, []int{4}, []int{4}},
	{"a pipe", func(_ *testing.T, p string) error { return syscall.Mkfifo(p, 0o666) }, []int{4}, nil, []int{4}},
	{"a socket", func(t *testing.T, p string) error {
		l, err := net.Listen("unix", p)
		if err == nil {
			t.Cleanup(func() { l.Close() })
		}
		return err
	}, []int{4}, []int{4}, []int{4}},
	{"a terabyte", terabyte(""), []int{3, 5}, nil, []int{4}},
	{"a terabyte that begins as an archive", terabyte("PK\x03\x04"), []int{3, 5}, nil, []int{4}},
	{"a terabyte that begins as an array", terabyte("\x93NUMPY\x01\x00"), []int{3, 5}, nil, []int{4}},
}

// arguments are the files that a command line names.
var arguments = []struct {
	file string
	use  string
	args string
}{
	{"m.yaml", "read", "check m.yaml"},
	{"w.npy", "read", "check file.yaml"},
	{"s", "read", "run plain.yaml --resume s"},
	{"f.npz", "read", "energy plain.yaml --states f.npz"},
	{"g.txt", "read", "import g.txt --quiet --out x.yaml"},
	{"g.npz", "read", "report g.npz --quiet --out x.html"},
	{"c.npz", "read", "train train.yaml --quiet --out x.npz --resume c.npz"},
	{"r.npz", "write", "run plain.yaml --quiet --out r.npz"},
	{"s", "write", "run plain.yaml --quiet --state s"},
	{"r.html", "write", "run plain.yaml --quiet --report r.html"},
	{"x.npz", "write", "train train.yaml --quiet --out x.npz"},
	{"x.npz", "write", "train train.yaml --quiet --out y.npz --checkpoint x.npz"},
	{"z.zarr", "new", "run plain.yaml --quiet --out z.zarr"},
	{"e.coo", "new", "export plain.yaml --quiet --format coo --out e.coo"},
	{"d", "folder", "gen plain.yaml --quiet --out d"},
	{"i.yaml", "new", "init --quiet --out i.yaml"},
}

// TestStrangeFiles gives everything that is no plain file for every file that a
// command line names. A refusal leaves the folder as it was.
func TestStrangeFiles(t *testing.T) {
	for _, a := range arguments {
		for _, s := range strange {
			t.Run(a.args+"/"+s.name, func(t *testing.T) {
				codes := s.read
				switch a.use {
				case "write":
					codes = s.writeTo
				case "folder":
					codes = s.inFolder
				case "new":
					codes = []int{4}
					if s.name == "nothing" {
						codes = []int{0}
					}
				}
				if codes == nil {
					return // TestPipesForResults; a large file is written over as any other
				}
				dir := strangeFolder(t)
				if err := s.make(t, filepath.Join(dir, a.file)); err != nil {
					t.Skip(err)
				}
				before := listing(t, dir)
				code, out := attempt(t, dir, strings.Fields(a.args)...)
				if !slices.Contains(codes, code) {
					t.Errorf("exit %d, want one of %v\n%s", code, codes, out)
				}
				if code != 0 && !strings.Contains(out, a.file) && a.file != "z.zarr" { // it names what a link leads to
					t.Errorf("the message does not name the file: %s", out)
				}
				if after := listing(t, dir); code != 0 && after != before {
					t.Errorf("before\n%safter\n%s", before, after)
				}
			})
		}
	}
}

func strangeFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var data bytes.Buffer
	if err := npy.WriteNPY(&data, []int{4, 4}, bytes.Repeat([]byte{1}, 16)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"plain.yaml": plainModel, "file.yaml": fileModel, "train.yaml": trainModel, "data.npy": data.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// listing is what is in a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, e.Name(), info.Mode(), info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}

// TestPipesForResults writes results and states into named pipes, which are
// neither replaced nor given up.
func TestPipesForResults(t *testing.T) {
	dir := strangeFolder(t)
	code, out := shell(t, dir, `
		mkfifo p.npz q && (cat p.npz >got.npz & cat q >got; wait) &
		while ! test -p q; do sleep 0.01; done
		"$T" run plain.yaml --quiet --out p.npz --state q && wait &&
		"$T" run plain.yaml --quiet --out r.npz --state s && cmp r.npz got.npz && cmp s got && test -p p.npz && test -p q`)
	if code != 0 {
		t.Errorf("exit %d, %s", code, out)
	}
	// Nobody reads: it waits, and a signal ends it.
	cmd := exec.Command(program(t), "run", "plain.yaml", "--quiet", "--state", "q")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case <-ended:
			if code := cmd.ProcessState.ExitCode(); code != -1 && code != 128+int(syscall.SIGTERM) {
				t.Errorf("%v", cmd.ProcessState)
			}
			return
		case <-time.After(300 * time.Millisecond):
			cmd.Process.Signal(syscall.SIGTERM) // the second one at once
		}
	}
}

// TestOddPaths has names that a shell, a flag parser or a terminal might trip
// over, and the longest ones there can be.
func TestOddPaths(t *testing.T) {
	for _, name := range []string{
		"two words", "-rf", "--quiet", "new\nline", "quote\"'$(touch x)`touch y`", "ö€😀", "\x80\xff", strings.Repeat("n", 245), "tab\t", "%s%d", "*?[a]",
		"\x1b[31mred", "..npz",
	} {
		t.Run(strings.ToValidUTF8(name, "?"), func(t *testing.T) {
			dir := t.TempDir()
			model := name + ".yaml"
			if err := os.WriteFile(filepath.Join(dir, model), []byte(plainModel), 0o666); err != nil {
				t.Skip(err)
			}
			for _, args := range [][]string{
				{"check", "--quiet", "--", model},
				{"run", "--quiet", "--out=" + name + ".npz", "--state=" + name + ".s", "--", model},
				{"run", "--quiet", "--resume=" + name + ".s", "--", model},
				{"energy", "--quiet", "--states=" + name + ".npz", "--", model},
				{"gen", "--quiet", "--out=" + name + ".d", "--", model},
				{"gen", "--diff", "--out=" + name + ".d", "--", model},
			} {
				if code, out := attempt(t, dir, args...); code != 0 {
					t.Errorf("%q: exit %d\n%s", args, code, out)
				}
			}
			entries, _ := os.ReadDir(dir)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			want := []string{name + ".d", name + ".npz", name + ".s", model}
			slices.Sort(want)
			if !slices.Equal(names, want) {
				t.Errorf("there are %q", names)
			}
			// A message on a terminal carries no control characters of the name.
			_, out := attempt(t, dir, "check", "--", name+".none")
			if strings.Trim(out, "\n") == "" || strings.ContainsAny(out, "\x1b\x80\t") {
				t.Errorf("the message is %q", out)
			}
		})
	}
}

// TestUnreadableFiles names files that belong to somebody else; root, who may
// read everything, takes another identity.
func TestUnreadableFiles(t *testing.T) {
	dir, err := os.MkdirTemp("", "thrmlgen")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	copied, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]struct {
		data []byte
		mode os.FileMode
	}{
		"program": {copied, 0o755}, "plain.yaml": {[]byte(plainModel), 0o644}, "file.yaml": {[]byte(fileModel), 0o644},
		"secret.yaml": {[]byte(plainModel), 0}, "w.npy": {nil, 0}, "secret.npz": {nil, 0},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), f.data, f.mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "secret.yaml"}, {"check", "file.yaml"}, {"run", "plain.yaml", "--resume", "secret.npz"}, {"energy", "plain.yaml", "--states", "secret.npz"},
	} {
		cmd := exec.Command(filepath.Join(dir, "program"), args...)
		cmd.Dir = dir
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, fs.ErrPermission) {
			t.Skip("root may read everything, and may not become another user here")
		}
		if cmd.ProcessState.ExitCode() != 4 || !strings.Contains(string(out), "may not be read") && !strings.Contains(string(out), "permission denied") {
			t.Errorf("%q: %v, %s", args, err, out)
		}
	}
}

// TestNoRoomAtAnyByte writes under a limit on the size of files, at many limits,
// in place of a disk that is full: either all is there or what was before, and no
// more.
func TestNoRoomAtAnyByte(t *testing.T) {
	dir := strangeFolder(t)
	code, out := shell(t, dir, `
		"$T" run plain.yaml --quiet --out whole.npz --state whole && "$T" gen plain.yaml --quiet --out whole.d &&
		"$T" run plain.yaml --quiet --seed 9 --out old.npz --state old && "$T" gen models/chain5 --quiet --out old.d`)
	if code != 0 {
		t.Fatal(out)
	}
	// sh counts in blocks of 512 bytes. The emitted runtime is the largest file.
	for _, blocks := range []int{0, 1, 2, 3, 4, 5, 8, 32, 256, 512, 4096} {
		code, out := shell(t, dir, fmt.Sprintf(`
			mkdir x && cp old.npz x/r.npz && cp old x/s && cp -R old.d x/d && cd x || exit 9
			(ulimit -f %d; "$T" run ../plain.yaml --quiet --out r.npz); t1=$?
			(ulimit -f %[1]d; "$T" run ../plain.yaml --quiet --state s); t2=$?
			(ulimit -f %[1]d; "$T" gen ../plain.yaml --quiet --out d); t3=$?
			cd ..
			cmp -s x/r.npz whole.npz && a=0 || a=4; test $a = 0 || cmp x/r.npz old.npz || a=9
			cmp -s x/s whole && b=0 || b=4; test $b = 0 || cmp x/s old || b=9
			diff -r x/d whole.d >/dev/null && c=0 || c=4; test $c = 0 || diff -r x/d old.d || c=9
			echo "now $a $b $c, told $t1 $t2 $t3, there are $(ls -A x | tr '\n' ' ')"; rm -r x`, blocks))
		line := out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]
		var now, told [3]int
		n, _ := fmt.Sscanf(line, "now %d %d %d, told %d %d %d, there are d r.npz s", &now[0], &now[1], &now[2], &told[0], &told[1], &told[2])
		if code != 0 || n != 6 || now != told || strings.TrimSpace(line[strings.Index(line, "are"):]) != "are d r.npz s" {
			t.Errorf("%d blocks: %s", blocks, out)
		}
		if blocks == 0 && told != [3]int{4, 4, 4} || blocks == 4096 && told != [3]int{} {
			t.Errorf("%d blocks: %s", blocks, out)
		}
	}
}

// TestFullDisk writes to a file system that is full, where one can be made.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "thrmlgen-test", dir).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no file system can be mounted here: %s; TestNoRoomAtAnyByte and the faults of package gen stand in for it", out)
	}
	defer exec.Command("umount", dir).Run()
	code, out := shell(t, dir, `
		"$T" run models/mixed --quiet --samples 10 --state s && cp s before || exit 1
		head -c 100000 /dev/zero >fill 2>/dev/null; there=$(ls -A)
		"$T" run models/mixed --quiet --samples 20 --state s; test $? = 4 || exit 2
		"$T" run models/mixed --quiet --samples 200 --out r.npz; test $? = 4 || exit 3
		"$T" gen models/mixed --quiet --out d; test $? = 4 || exit 4
		"$T" init --quiet; test $? = 4 || exit 5
		cmp s before || exit 6
		test "$(ls -A)" = "$there" || exit 7`)
	if code != 0 {
		t.Errorf("step %d: %s", code, out)
	}
}
