//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// glassModel has a factor of each sort, runtime weights, a clamp and a wide
// categorical.
const glassModel = `
model: glass
variables: {s: {kind: spin, shape: [5, 5]}, x: {kind: categorical, states: 3, shape: [4]}, y: {kind: categorical, states: 300}}
factors:
  - {name: h, over: [s], index: all, weights: {normal: [0, 0.5], seed: 3}, runtime: true}
  - {name: j, over: [s, s], edges: {torus: s}, weights: 0.3, runtime: true}
  - {over: [s, x], index: [[0, 0], [5, 1], [7, 3], [9, 2]], weights: {normal: [0, 0.5], seed: 2}}
  - {over: [s, y], index: [[3, 0]], weights: {normal: [0, 0.5], seed: 4}}
clamp: {"s[0,0]": 1}
sample: {chains: 70, warmup: 20, samples: 30, steps_per_sample: 2, seed: 9}
observe: [state, energy, best, moments, magnetisation, {histogram: [x, y, s]}, {name: agree, over: {u: x, v: x}, index: pairs, mean: "u == v"}]
`

// glass builds the program of glassModel once. The folder holds model.yaml and
// glass.
var glass = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "glass")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "model.yaml"), []byte(glassModel), 0o666); err != nil {
		return "", err
	}
	var out, stderr bytes.Buffer
	if code := Main([]string{"build", filepath.Join(dir, "model.yaml"), "-o", filepath.Join(dir, "glass")}, nil, &out, &stderr); code != 0 {
		return "", fmt.Errorf("build: exit %d\n%s%s", code, &out, &stderr)
	}
	return dir, nil
})

func glassFolder(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles")
	}
	testtool.Need(t, "go")
	dir, err := glass()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// ran is how a program ended.
type ran struct {
	exit        int
	out, stderr string
}

func start(t *testing.T, dir, file string, args ...string) ran {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.Command(file, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), stderr.String()}
}

var clockText = regexp.MustCompile(`(?m)^speed.*$|"(seconds|flips_per_ns)":[^,]*`)

// timeless is what was printed, without what depends on the clock.
func timeless(s string) string {
	return clockText.ReplaceAllString(withoutSpeedColumn(s), "")
}

// withoutSpeedColumn takes the column ESS/s out of the summary.
func withoutSpeedColumn(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if cells := strings.Fields(line); strings.HasPrefix(line, "energy") || strings.HasPrefix(line, "magnetisation") ||
			strings.HasPrefix(line, "share") || strings.HasPrefix(line, "mean") || strings.Contains(line, "ESS/s") {
			if len(cells) > 2 {
				cells = append(cells[:len(cells)-2], cells[len(cells)-1])
			}
			line = strings.Join(cells, " ") + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// A built program prints what run prints and writes the same files, byte for byte.
func TestBuiltEqualsRun(t *testing.T) {
	dir := glassFolder(t)
	thrml, built := program(t), filepath.Join(dir, "glass")
	work := t.TempDir()
	model := filepath.Join(dir, "model.yaml")
	for _, args := range [][]string{
		{}, {"--json"}, {"--json", "--all"}, {"--all", "--samples", "3"}, {"--quiet"}, {"--quiet", "--json", "--chains=3"},
		{"--seed", "7", "--chains", "3", "--samples", "4", "--steps", "3", "--warmup", "1", "--threads", "2", "--out", "r.npz", "--state", "s"},
		{"--seed=7", "--chains=3", "--samples=4", "--resume", "s", "--out", "r.npz", "--state", "s2"},
		{"--out", "z.zarr", "--quiet"},
	} {
		want := start(t, work, thrml, append([]string{"run", model, "--target", "go"}, args...)...)
		files := folder(t, work)
		got := start(t, work, built, args...)
		if got.exit != 0 || timeless(got.out) != timeless(want.out) || got.stderr != want.stderr {
			t.Errorf("%q: %+v\nrun: %+v", args, got, want)
		}
		if again := folder(t, work); !reflect.DeepEqual(again, files) {
			t.Errorf("%q: files differ", args)
		}
	}
	if b, err := os.ReadFile(filepath.Join(work, "r.npz")); err != nil || len(b) < 1000 {
		t.Errorf("no result: %v", err)
	}
}

// folder is the contents of a folder.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		files[p] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A built program refuses what run refuses, in the same words and with the same
// exit codes.
func TestBuiltRefusesAsRun(t *testing.T) {
	dir := glassFolder(t)
	built, model := filepath.Join(dir, "glass"), filepath.Join(dir, "model.yaml")
	work := t.TempDir()
	t.Chdir(work)
	put(t, "notes", []byte("no state file"))
	put(t, "file", nil)
	if err := os.Mkdir("folder", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", "link"); err != nil {
		t.Fatal(err)
	}
	thrmlgen(t, 0, "run", model, "--quiet", "--state", "s")
	for _, line := range []string{
		"--nonsense", "--chain 3", "--chains x", "--chains", "--samples 1.5", "--seed -1", "--seed x", "--memory x", "--threads 0",
		"--threads 5000", "--memory 0", "--chains 0", "--warmup -1", "--samples 0", "--steps 0", "--json=x", "--quiet=7",
		"--chains 100000000", "--samples 100000000 --memory 100", "--out x", "--out= ", "--state=", "--resume=", "--out a.npz --state a.npz",
		"--out folder/a.npz --state folder", "--out no/a.npz", "--out file/a.npz", "--state link", "--state file/a",
		"--resume gone", "--resume notes", "--resume folder", "--resume s --seed 1", "--resume s --chains 3", "--out folder.zarr/x.npz",
		"--out /dev/full/x.npz", "--resume s --memory 1 --chains 3",
	} {
		for _, json := range []string{"", " --json"} {
			args := strings.Fields(line + json)
			var out, stderr bytes.Buffer
			code := Main(append([]string{"run", model}, args...), nil, &out, &stderr)
			got := start(t, work, built, args...)
			want := strings.NewReplacer("thrmlgen run", "glass").Replace(stderr.String())
			wantOut := strings.NewReplacer("thrmlgen run", "glass").Replace(out.String())
			if code == 0 || got.exit != code || got.stderr != want || got.out != wantOut {
				t.Errorf("%s%s: exit %d\n%s%srun: exit %d\n%s%s", line, json, got.exit, got.out, got.stderr, code, wantOut, want)
			}
		}
	}
}

func put(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// npzOf is an archive of arrays, given as name, shape, elements.
func npzOf(t *testing.T, file string, arrays ...any) {
	t.Helper()
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	for i := 0; i < len(arrays); i += 3 {
		if err := z.Add(arrays[i].(string), arrays[i+1].([]int), arrays[i+2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, file, b.Bytes())
}

func npyOf(t *testing.T, file string, shape []int, data any) {
	t.Helper()
	var b bytes.Buffer
	if err := npy.WriteNPY(&b, shape, data); err != nil {
		t.Fatal(err)
	}
	put(t, file, b.Bytes())
}

// arrayOf reads an array of a result file.
func arrayOf(t *testing.T, file, name string) *npy.NPYArray {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenNPZ(b)
	if err != nil {
		t.Fatal(err)
	}
	a, err := z.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What is given as data does what it says; what does not suit the model is refused
// with its name and shape.
func TestBuiltData(t *testing.T) {
	dir := glassFolder(t)
	built := filepath.Join(dir, "glass")
	work := t.TempDir()
	t.Chdir(work)
	strong := make([]float64, 25)
	for i := range strong {
		strong[i] = 3
	}
	npzOf(t, "w.npz", "h", []int{25}, strong, "j", []int{}, []float32{0})
	npyOf(t, "h.npy", []int{25}, strong)
	npyOf(t, "wide.npy", []int{5, 5}, strong)
	npzOf(t, "c.npz", "s", []int{5, 5}, bytes25(1), "x", []int{70, 4}, make([]uint8, 280), "bad", []int{4}, []int8{0, 1, 2, 3})
	npzOf(t, "i.npz", "s", []int{5, 5}, bytes25(-1), "y", []int{}, []uint16{299})
	npyOf(t, "b.npy", []int{4}, []float64{0.1, 0.2, 0.4, 0.8})
	run := func(args ...string) ran { return start(t, work, built, append(args, "--quiet", "--out", "r.npz")...) }
	for _, c := range []struct {
		args  string
		check func() bool
	}{
		{"--weights w.npz --beta 10", func() bool { return all(arrayOf(t, "r.npz", "s").Data.([]int8), 1) }},
		{"--weights=h=h.npy --beta 10", func() bool { return all(arrayOf(t, "r.npz", "s").Data.([]int8), 1) }},
		{"--clamp s=c.npz#s --clamp x=c.npz#x", func() bool {
			return all(arrayOf(t, "r.npz", "s").Data.([]int8), 1) && all(arrayOf(t, "r.npz", "x").Data.([]uint8), 0)
		}},
		{"--clamp s[1:5,:]=1 --clamp s[0,1:]=1,1,1,1", func() bool { return all(arrayOf(t, "r.npz", "s").Data.([]int8), 1) }},
		{"--init i.npz --warmup 0 --samples 1 --chains 3", func() bool {
			s := arrayOf(t, "r.npz", "s").Data.([]int8)
			return s[0] == 1 && all(s[1:25], -1) && all(arrayOf(t, "r.npz", "y").Data.([]uint16), 299)
		}},
		{"--betas b.npy", func() bool {
			var meta struct {
				Beta     float64
				Betas    []float64
				Schedule struct{ Warmup int }
			}
			if err := json.Unmarshal(arrayOf(t, "r.npz", "meta").Data.([]uint8), &meta); err != nil {
				t.Fatal(err)
			}
			return meta.Beta == 0.8 && len(meta.Betas) == 4 && meta.Schedule.Warmup == 4
		}},
	} {
		if got := run(strings.Fields(c.args)...); got.exit != 0 || !c.check() {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
	for _, c := range []struct {
		args string
		exit int
		says string
	}{
		{"--weights gone.npz", 4, "gone.npz"}, {"--weights c.npz", 3, `"s"`}, {"--weights h=wide.npy", 3, "(5, 5), factor h takes (25,)"},
		{"--weights hh=h.npy", 3, "there are h, j"}, {"--weights b.npy", 3, "b.npy"}, {"--beta x", 2, "a number is needed"},
		{"--beta -1", 3, "-1"}, {"--beta NaN", 3, "NaN"}, {"--beta 1 --betas b.npy", 2, "exclude"}, {"--betas b.npy --warmup 5", 3, "4 betas"},
		{"--betas w.npz", 3, "w.npz"}, {"--clamp s", 2, "reference=value"}, {"--clamp q=1", 2, "no variable"}, {"--clamp s[9,9]=1", 2, "0 … 4"},
		{"--clamp s[1,1]=0", 3, "spin"}, {"--clamp s[1,1]=up", 2, "whole number"}, {"--clamp s[1,:]=1,1", 3, "5 nodes"},
		{"--clamp x=c.npz#bad", 3, "0 … 2"}, {"--clamp x=c.npz#gone", 3, `"gone"`}, {"--clamp s=c.npz#x", 3, "(70, 4)"},
		{"--clamp s[1,1]=1 --clamp s[1,:]=1", 3, "twice"}, {"--init c.npz --chains 3", 3, "(3, 4)"}, {"--init w.npz", 3, `"h"`},
		{"--serve --chains 3", 2, "exclude"}, {"extra", 2, `"extra"`},
	} {
		if got := run(strings.Fields(c.args)...); got.exit != c.exit || !strings.Contains(got.stderr, c.says) || !strings.HasPrefix(got.stderr, "glass: ") {
			t.Errorf("%s: exit %d, %s, want %d and %q", c.args, got.exit, got.stderr, c.exit, c.says)
		}
	}
	if got := start(t, work, built, "--help"); got.exit != 0 || !strings.Contains(got.out, "--weights") || got.stderr != "" {
		t.Errorf("%+v", got)
	}
}

func bytes25(x int8) []int8 {
	b := make([]int8, 25)
	for i := range b {
		b[i] = x
	}
	return b
}

func all[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x != y {
			return false
		}
	}
	return len(list) > 0
}

// Signals, full disks and closed pipes end a built program as they end run.
func TestBuiltEnds(t *testing.T) {
	built := filepath.Join(glassFolder(t), "glass")
	for sig, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		for _, extra := range []string{"--threads=1", "--json"} {
			t.Run(sig.String()+" "+extra, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				var out, stderr bytes.Buffer
				cmd := exec.Command(built, "--samples", "3000000", "--memory", "1000000", "--out", "f.npz", "--state", "f", extra)
				cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				cmd.Process.Signal(sig)
				cmd.Wait()
				want := "Interrupted after"
				if extra == "--json" {
					want = `{"errors":[{`
				}
				if cmd.ProcessState.ExitCode() != code || !strings.Contains(out.String(), want) || !strings.Contains(stderr.String()+out.String(), "interrupted") {
					t.Errorf("%v\n%s%s", cmd.ProcessState, &out, &stderr)
				}
				if left, _ := os.ReadDir(dir); len(left) > 0 {
					t.Errorf("%v is left", left)
				}
			})
		}
	}
	code, out := shell(t, t.TempDir(), `B=`+built+`; { $B --samples 3; echo "exit $?" >code; } | true; cat code
		$B --samples 3 >/dev/full; echo "exit $?"; $B --samples 3 --json >/dev/full; echo "exit $?"; $B --samples 3 --out /dev/full.npz --quiet; echo "exit $?"
		echo '{"cmd":"info"}' | $B --serve >/dev/full; echo "exit $?"; echo old >f.npz; ulimit -f 1; $B --out f.npz; echo "exit $?"; ls -A`)
	if code != 0 || strings.Count(out, "exit 4") < 5 || !strings.Contains(out, "no space left") || !strings.Contains(out, "f.npz cannot be written: file too large") || !strings.HasSuffix(out, "code\nf.npz\n") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// build never takes the place of what it did not make.
func TestBuildPlaces(t *testing.T) {
	dir := glassFolder(t)
	model := filepath.Join(dir, "model.yaml")
	t.Chdir(t.TempDir())
	put(t, "notes", []byte("mine"))
	put(t, "mine.yaml", []byte(glassModel))
	if err := os.Mkdir("folder", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("notes", "link"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{}, 2, "-o is needed"},
		{[]string{"-o", "folder"}, 4, "folder is a folder"},
		{[]string{"-o", "folder", "--force"}, 4, "folder is a folder"},
		{[]string{"-o", "no/glass"}, 4, "there is no folder no"},
		{[]string{"-o", "/dev/null", "--force"}, 4, "no regular file"},
		{[]string{"-o", "notes"}, 4, "--force to replace"},
		{[]string{"-o", "link"}, 4, "--force to replace"},
		{[]string{"-o", "x", "--os", "linx"}, 2, "did you mean linux?"},
		{[]string{"-o", "x", "--os", "macos"}, 2, "did you mean darwin?"},
		{[]string{"-o", "x", "--arch", "x86_64"}, 2, "did you mean amd64?"},
		{[]string{"-o", "x", "--os", "windows", "--arch", "s390x"}, 2, "Go builds for windows on"},
	} {
		if _, stderr := thrmlgen(t, c.code, append([]string{"build", model}, c.args...)...); !strings.Contains(stderr, c.says) {
			t.Errorf("%q: %s", c.args, stderr)
		}
	}
	if _, stderr := thrmlgen(t, 2, "build", "mine.yaml", "-o", "./mine.yaml", "--force"); !strings.Contains(stderr, "that is the model") {
		t.Error(stderr)
	}
	if b, _ := os.ReadFile("notes"); string(b) != "mine" {
		t.Error("a file of the user was written over")
	}
	thrmlgen(t, 0, "build", model, "-o", "link", "--force", "--quiet") // behind the link
	info, err := os.Stat("notes")
	if err != nil || info.Mode().Perm() != 0o755 || !compile.IsOurs("notes") {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	// A program of ours is replaced, also while it runs.
	running := exec.Command("./notes", "--serve")
	stdin, err := running.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	out, _ := thrmlgen(t, 0, "build", model, "-o", "notes", "--json")
	stdin.Close()
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
	var said struct {
		Model, Hash, File, OS, Arch string
		Bytes                       int64
		Weights                     []string
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Model != "glass" || said.Bytes < 1e6 || !reflect.DeepEqual(said.Weights, []string{"h", "j"}) {
		t.Errorf("%v, %s", err, out)
	}
	if left, _ := os.ReadDir("."); len(left) != 4 {
		t.Errorf("left: %v", left)
	}
	b, err := os.ReadFile("notes")
	if err != nil {
		t.Fatal(err)
	}
	home, _ := os.UserHomeDir()
	for _, path := range []string{scratch, runtime.GOROOT(), home + "/"} {
		if path != "/" && bytes.Contains(b, []byte(path)) {
			t.Errorf("the program names %s", path)
		}
	}
}

// A program for another system is of its format, static, and on arm64 gives the
// same bytes.
func TestBuildForOtherSystems(t *testing.T) {
	dir := glassFolder(t)
	model := filepath.Join(dir, "model.yaml")
	t.Chdir(t.TempDir())
	thrmlgen(t, 0, "build", model, "-o", "pi", "--os", "linux", "--arch", "arm64", "--quiet")
	f, err := elf.Open("pi")
	if err != nil || f.Machine != elf.EM_AARCH64 {
		t.Fatal(err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program needs a loader")
		}
	}
	f.Close()
	thrmlgen(t, 0, "build", model, "-o", "glass.exe", "--os", "windows", "--arch", "amd64", "--quiet")
	if f, err := pe.Open("glass.exe"); err != nil || f.Machine != pe.IMAGE_FILE_MACHINE_AMD64 {
		t.Error(err)
	}
	thrmlgen(t, 0, "build", model, "-o", "mac", "--os", "darwin", "--arch", "arm64", "--quiet")
	if f, err := macho.Open("mac"); err != nil || f.Cpu != macho.CpuArm64 {
		t.Error(err)
	}
	for _, file := range []string{"pi", "glass.exe", "mac"} {
		if !compile.IsOurs(file) {
			t.Errorf("%s does not say who built it", file)
		}
	}
	qemu := testtool.Need(t, "qemu")
	put(t, "run", nil)
	here := start(t, ".", filepath.Join(dir, "glass"), "--out", "here.npz", "--state", "here", "--quiet")
	there := start(t, ".", qemu, "./pi", "--out", "there.npz", "--state", "there", "--quiet", "--threads", "3")
	files := folder(t, ".")
	if here.exit != 0 || there.exit != 0 || files["here.npz"] != files["there.npz"] || files["here"] != files["there"] || files["here"] == "" {
		t.Errorf("%+v %+v, same results: %v", here, there, files["here.npz"] == files["there.npz"])
	}
}

// pipeline is a session with a program.
type pipeline struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func openPipe(t *testing.T, file string, args ...string) *pipeline {
	t.Helper()
	cmd := exec.Command(file, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return &pipeline{t, cmd, in, bufio.NewReader(out)}
}

// ask sends a command and gives the line of its reply and the bytes of its arrays.
func (p *pipeline) ask(command string) (reply map[string]any, arrays []byte) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		p.t.Fatal(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		p.t.Fatal(err)
	}
	var b bytes.Buffer
	tee := io.TeeReader(p.out, &b)
	names, _ := reply["arrays"].([]any)
	for range names {
		part, err := npy.NextNPY(tee)
		if err == nil {
			err = part.Skip()
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return reply, b.Bytes()
}

// The two sides of the pipe protocol: a built program and run --serve give the
// same arrays, which are those of a result file; signals and the end of input end
// them as promised.
func TestServe(t *testing.T) {
	dir := glassFolder(t)
	thrml, built, model := program(t), filepath.Join(dir, "glass"), filepath.Join(dir, "model.yaml")
	work := t.TempDir()
	if got := start(t, work, built, "--out", "r.npz", "--quiet"); got.exit != 0 {
		t.Fatal(got)
	}
	var before []byte
	for _, p := range []*pipeline{openPipe(t, built, "--serve", "--threads=1"), openPipe(t, thrml, "run", model, "--serve", "--memory=64")} {
		info, _ := p.ask(`{"cmd":"info"}`)
		if info["protocol"] != 1.0 || info["model"] != "glass" || !reflect.DeepEqual(info["observe"], []any{"state", "energy", "best", "moments", "magnetisation"}) {
			t.Errorf("%v", info)
		}
		reply, arrays := p.ask(`{"cmd":"run"}`)
		if before != nil && !bytes.Equal(arrays, before) {
			t.Error("a built program and run --serve differ")
		}
		before = arrays
		rest := bytes.NewReader(arrays)
		for _, name := range reply["arrays"].([]any) {
			part, err := npy.NextNPY(rest)
			if err != nil {
				t.Fatal(err)
			}
			a, err := part.Read()
			if err != nil {
				t.Fatal(err)
			}
			if want := arrayOf(t, filepath.Join(work, "r.npz"), name.(string)); fmt.Sprint(a) != fmt.Sprint(want) {
				t.Errorf("%s differs from the result file", name)
			}
		}
		time.AfterFunc(300*time.Millisecond, func() { p.cmd.Process.Signal(os.Interrupt) })
		if reply, _ := p.ask(`{"cmd":"run","warmup":1000000000,"samples":1}`); reply["error"].(map[string]any)["code"] != "interrupted" {
			t.Errorf("%v", reply)
		}
		p.cmd.Process.Signal(os.Interrupt) // between commands: nothing
		time.Sleep(100 * time.Millisecond) // the signal arrives when the other side gets to it
		p.ask(`{"cmd":"info"}`)
		if reply, _ := p.ask(`{"cmd":"run","resume":true,"samples":1}`); reply["ok"] != true {
			t.Errorf("%v", reply)
		}
		p.in.Close()
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("at the end of the input: %v", err)
		}
	}
	for _, args := range [][]string{{built, "--serve"}, {thrml, "run", model, "--serve"}} {
		p := openPipe(t, args[0], args[1:]...)
		go io.WriteString(p.in, `{"cmd":"run","warmup":1000000000,"samples":1}`+"\n")
		time.Sleep(500 * time.Millisecond)
		p.cmd.Process.Signal(syscall.SIGTERM)
		p.cmd.Wait()
		if code := p.cmd.ProcessState.ExitCode(); code != 143 {
			t.Errorf("%q after SIGTERM: %d", args, code)
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdin = strings.NewReader("nonsense\n")
		out, _ := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); code != 2 || !bytes.Contains(out, []byte(`"closed":true`)) {
			t.Errorf("%q after nonsense: %d, %s", args, code, out)
		}
	}
}

// A result far larger than the states' memory goes through the pipe as it is at
// hand: the process stays small.
func TestServeStaysSmall(t *testing.T) {
	built := filepath.Join(glassFolder(t), "glass")
	p := openPipe(t, built, "--serve", "--memory=64")
	reply, arrays := p.ask(`{"cmd":"run","chains":64,"samples":10000,"steps_per_sample":1,"observe":["state"],"summary":false}`)
	if reply["ok"] != true {
		t.Fatal(reply)
	}
	kib := mostMemory(t, p)
	t.Logf("%.1f MB of arrays, %.1f MB of memory at most", float64(len(arrays))/1e6, float64(kib)/1e3)
	if kib > 100<<10 {
		t.Errorf("%d KiB of memory", kib)
	}
}

// mostMemory ends a process and says what it has held at most, in KiB. On Linux what a process
// has used as the kernel tells when it has ended counts what held this test, which started it.
func mostMemory(t *testing.T, p *pipeline) (kib int64) {
	t.Helper()
	if runtime.GOOS == "linux" {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, peak, _ := strings.Cut(string(status), "VmHWM:")
		if _, err := fmt.Sscan(peak, &kib); err != nil {
			t.Fatal(err)
		}
	}
	p.in.Close()
	p.cmd.Wait()
	if kib == 0 {
		kib = p.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
		if runtime.GOOS == "darwin" {
			kib /= 1024
		}
	}
	return kib
}
