//go:build unix

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// scratch is a folder for the program and for compiled samplers.
var scratch string

// TestMain gives compiled samplers a cache of their own, and leaves the go
// command its usual one.
func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "thrmlgen"); err != nil {
		panic(err)
	}
	if out, err := exec.Command("go", "env", "GOCACHE").Output(); err == nil {
		os.Setenv("GOCACHE", strings.TrimSpace(string(out)))
		os.Setenv("XDG_CACHE_HOME", scratch)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	file := filepath.Join(scratch, "program")
	out, err := exec.Command("go", "build", "-o", file, "github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

func program(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	if _, err := exec.LookPath("go"); err != nil && !strings.Contains(os.Getenv("THRML_REQUIRE"), "go") {
		t.Skip("SKIPPED: there is no go command to build the program and emitted Go with; THRML_REQUIRE=go makes this a failure")
	}
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// long is a run that keeps states and takes minutes unless it is stopped.
var long = []string{"run", "models/potts20", "--samples", "1000000", "--memory", "1000000", "--out", "f.npz", "--state", "f.state"}

func TestSignalsStopARun(t *testing.T) {
	file := program(t)
	for sig, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		for _, extra := range []string{"--threads=1", "--json"} {
			t.Run(sig.String()+" "+extra, func(t *testing.T) {
				t.Parallel()
				stopRun(t, file, extra, sig, code)
			})
		}
	}
}

func stopRun(t *testing.T, file, extra string, sig os.Signal, code int) {
	dir := t.TempDir()
	var out, stderr bytes.Buffer
	cmd := exec.Command(file, append(long, extra)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	cmd.Process.Signal(sig)
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != code {
		t.Errorf("%v, want exit %d\n%s", cmd.ProcessState, code, stderr.String())
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	want := "Interrupted after"
	if extra == "--json" {
		want = `{"errors":[{`
	}
	if !strings.Contains(out.String(), want) || !strings.Contains(stderr.String()+out.String(), "interrupted") {
		t.Errorf("%s%s", out.String(), stderr.String())
	}
}

// TestSignalsStopOtherCommands stops what takes long besides run.
func TestSignalsStopOtherCommands(t *testing.T) {
	file := program(t)
	for _, args := range [][]string{
		{"bench", "models/torus64", "--seconds", "600"}, {"verify", "models/torus64", "--sweeps", "1000000"},
		{"run", "models/torus64", "--target", "interp", "--quiet"}, {"run", "models/chain5", "--compiled", "--samples", "50000000", "--quiet"},
	} {
		t.Run(args[0]+args[2], func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(file, args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			cmd.Process.Signal(os.Interrupt)
			cmd.Wait()
			if cmd.ProcessState.ExitCode() != 130 || stderr.String() != "thrmlgen "+args[0]+": interrupted\n" {
				t.Errorf("%v, %s", cmd.ProcessState, stderr.String())
			}
		})
	}
}

// shell runs a script with $T as the program, in a folder.
func shell(t *testing.T, dir, script string) (code int, output string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "T="+program(t))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestStandardOutputThatFails(t *testing.T) {
	dir := t.TempDir()
	code, out := shell(t, dir, `{ "$T" check models/pegasus14 --dot; echo "exit $?" >code; } | head -c 100 >head; cat code`)
	if code != 0 || !strings.Contains(out, "exit 4") || !strings.Contains(out, "broken pipe") {
		t.Errorf("a closed pipe: %s", out)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	code, out = shell(t, dir, `"$T" check models/chain5 >/dev/full`)
	if code != 4 || !strings.Contains(out, "no space left") {
		t.Errorf("a full disk: exit %d, %s", code, out)
	}
}

// TestFilesThatMayNotGrow has a limit on the size of files in place of a full
// disk: what was there stays as it was.
func TestFilesThatMayNotGrow(t *testing.T) {
	dir := t.TempDir()
	if code, out := shell(t, dir, `"$T" gen models/chain5 --out d --quiet && cp -R d before`); code != 0 {
		t.Fatal(out)
	}
	code, out := shell(t, dir, `ulimit -f 8; "$T" gen models/mixed --out d`)
	if code != 4 || !strings.Contains(out, "cannot be written: file too large") {
		t.Errorf("gen: exit %d, %s", code, out)
	}
	if code, out := shell(t, dir, `diff -r d before`); code != 0 {
		t.Errorf("the old set changed: %s", out)
	}
	code, out = shell(t, dir, `echo old >f.npz; ulimit -f 8; "$T" run models/mixed --out f.npz`)
	if code != 4 || !strings.Contains(out, "f.npz cannot be written: file too large") {
		t.Errorf("run: exit %d, %s", code, out)
	}
	if code, out := shell(t, dir, `test "$(cat f.npz)" = old && test "$(ls -A | sort | tr '\n' ' ')" = "before d f.npz "`); code != 0 {
		t.Errorf("the old result is gone, or more is there: %s", out)
	}
}

// TestReadOnlyFolder writes where nobody but the owner may; root, who may write
// anywhere, takes the identity of another user.
func TestReadOnlyFolder(t *testing.T) {
	file := program(t)
	dir, err := os.MkdirTemp("", "thrmlgen")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	copied, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "program"), copied, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"gen", "models/mixed", "--out", "x"}, {"run", "models/mixed", "--out", "f.npz"}, {"run", "models/mixed", "--state", "f"}, {"init"},
	} {
		cmd := exec.Command(filepath.Join(dir, "program"), args...)
		cmd.Dir = dir
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, fs.ErrPermission) {
			t.Skip("root may write anywhere, and may not become another user here")
		}
		if cmd.ProcessState.ExitCode() != 4 || !strings.Contains(string(out), "permission denied") {
			t.Errorf("%q: %v, %s", args, err, out)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}

// TestThreadsChangeNothing compares results byte for byte.
func TestThreadsChangeNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	var first []byte
	for _, threads := range []string{"1", "2", "7"} {
		thrmlgen(t, 0, "run", "models/mixed", "--chains", "130", "--samples", "5", "--threads", threads, "--state", "f", "--quiet")
		state, err := os.ReadFile("f")
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = state
		}
		if !bytes.Equal(state, first) {
			t.Errorf("%s threads end in another state", threads)
		}
	}
}

// TestDamagedFiles cuts state and result files short, everywhere, and changes
// bytes. What is damaged is refused, or reads as it was.
func TestDamagedFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	thrmlgen(t, 0, "run", "models/mixed", "--chains", "2", "--samples", "3", "--state", "f", "--out", "f.npz", "--quiet")
	for file, args := range map[string][]string{
		"f":     {"run", "models/mixed", "--chains", "2", "--samples", "3", "--quiet", "--resume", "damaged"},
		"f.npz": {"energy", "models/mixed", "--states", "damaged"},
	} {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var undamaged string
		try := func(what string, damaged []byte, codes ...int) {
			if err := os.WriteFile("damaged", damaged, 0o666); err != nil {
				t.Fatal(err)
			}
			var out, stderr bytes.Buffer
			code := Main(args, nil, &out, &stderr)
			if undamaged == "" {
				undamaged = out.String()
			}
			if !slices.Contains(codes, code) || code == 0 && out.String() != undamaged {
				t.Errorf("%s %s: exit %d\n%s%s", file, what, code, out.String(), stderr.String())
			}
		}
		try("as it is", whole, 0)
		for n := 0; n < len(whole); n += 7 {
			try(fmt.Sprint("cut at ", n), whole[:n], 3)
			damaged := bytes.Clone(whole)
			damaged[n] ^= 0x55
			if file == "f" { // holds a digest of all of it
				try(fmt.Sprint("changed at ", n), damaged, 3)
			} else {
				try(fmt.Sprint("changed at ", n), damaged, 0, 3)
			}
		}
	}
}

// TestTwoGeneratorsAtOnce lets several write different sets into one folder.
func TestTwoGeneratorsAtOnce(t *testing.T) {
	dir := t.TempDir()
	code, out := shell(t, dir, `
		for i in 1 2 3; do for m in chain5 mixed cubic; do "$T" gen models/$m --out d --quiet & p="$p $!"; done; done
		for x in $p; do wait $x || exit $?; done
		for m in chain5 mixed cubic; do "$T" gen models/$m --out d --diff --quiet && exit 0; done
		ls -A d; exit 1`)
	if code != 0 {
		t.Errorf("exit %d, %s", code, out)
	}
}

// TestTargetsAgree runs emitted Go beside the other targets.
func TestTargetsAgree(t *testing.T) {
	dir := t.TempDir()
	for _, m := range []string{"chain5", "mixed"} {
		code, out := shell(t, dir, `"$T" verify models/`+m+` --targets interp,table,go --sweeps 8`)
		if code != 0 || !strings.Contains(out, "agree in every bit") {
			t.Errorf("%s: exit %d, %s", m, code, out)
		}
	}
	code, out := shell(t, dir, `
		"$T" run models/mixed --chains 5 --warmup 3 --samples 4 --quiet --out a.npz --state a.state && "$T" energy models/mixed --states a.npz >a &&
		"$T" run models/mixed --chains 5 --warmup 3 --samples 4 --quiet --compiled --out b.npz --state b.state && "$T" energy models/mixed --states b.npz >b &&
		cmp a b && cmp a.state b.state`)
	if code != 0 {
		t.Errorf("exit %d, %s", code, out)
	}
}

// TestResumedDraws holds that 4 draws and 5 more are 9 draws. Verilog runs in Icarus, which
// takes less time to build a simulation than Verilator, of which all but its folder is seen.
func TestResumedDraws(t *testing.T) {
	dir := t.TempDir()
	for _, target := range engineNames {
		path := ""
		if target == "verilog" {
			path = `if command -v iverilog >/dev/null; then mkdir icarus; ln -s $(IFS=:; find $PATH -maxdepth 1 ! -type d ! -name verilator) icarus 2>/dev/null; PATH=$PWD/icarus; fi`
		}
		code, out := shell(t, dir, path+`
			run() { "$T" run models/mixed --chains 5 --warmup 3 --quiet --target `+target+` "$@"; }
			run --samples 9 --out all.npz && run --samples 4 --out first.npz --state s && run --samples 5 --resume s --out more.npz &&
			for f in all first more; do "$T" energy models/mixed --states $f.npz >$f || exit; done
			for c in 0 1 2 3 4; do
				grep "^ *$c," all | awk '{print $2}' >x
				{ grep "^ *$c," first; grep "^ *$c," more; } | awk '{print $2}' >y
				test "$(wc -l <x)" = 9 && cmp x y || exit
			done`)
		if code != 0 {
			t.Errorf("%s: exit %d, %s", target, code, out)
		}
	}
}
