package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// MinGo is the oldest Go that builds emitted code.
const MinGo = "1.24"

// ToolError says what is wrong with the go command, or what it said.
type ToolError struct {
	Text string
	Help string
}

func (e *ToolError) Error() string { return e.Text }

// goTool is a go command of a known version.
type goTool struct {
	path    string
	version string // as go1.24.1
}

// findGo looks for a go command that is new enough.
func findGo(ctx context.Context) (*goTool, error) {
	install := "install Go " + MinGo + " or later from https://go.dev/dl/; `thrmlgen run` without --compiled needs none"
	path := lookGo()
	if path == "" {
		return nil, &ToolError{"no go command is on the PATH; compiling needs Go " + MinGo + " or later", install}
	}
	cmd := exec.CommandContext(ctx, path, "env", "GOVERSION")
	var err error
	if cmd.Env, err = environment(path, os.TempDir()); err != nil {
		return nil, err
	}
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &ToolError{fmt.Sprintf("%s does not run: %v", path, err), install}
	}
	// A development version reads "devel go1.27-0123abcd …".
	v := strings.TrimSpace(strings.TrimPrefix(string(out), "devel "))
	if number, _, _ := strings.Cut(v, "-"); version.Compare(number, "go"+MinGo) < 0 {
		return nil, &ToolError{fmt.Sprintf("%s is %s; compiling needs Go %s or later", path, v, MinGo), install}
	}
	return &goTool{path, v}, nil
}

// lookGo is the first go command on the PATH, "" if there is none. Folders that
// are not named in full are passed over: what lies in the working folder is not to
// be run.
func lookGo() string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, "go")); err == nil {
			return path
		}
	}
	return ""
}

// FindGo is the path of a go command that is new enough. A *ToolError says what
// is wrong with the one that is there.
func FindGo(ctx context.Context) (string, error) {
	tool, err := findGo(ctx)
	if err != nil {
		return "", err
	}
	return tool.path, nil
}

// environment is what the go command sees: no settings of the user, no network,
// no other toolchain, no C compiler. Its build cache is the user's, so that the
// standard library is compiled once.
func environment(tool, home string) ([]string, error) {
	cache := os.Getenv("GOCACHE")
	if !filepath.IsAbs(cache) {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no folder for the build cache: %w", err)
		}
		cache = filepath.Join(dir, "go-build")
	}
	env := []string{
		"PATH=" + filepath.Dir(tool), "HOME=" + home, "USERPROFILE=" + home,
		"GOCACHE=" + cache, "GOPATH=" + filepath.Join(home, "gopath"),
		"GOPROXY=off", "GOSUMDB=off", "GOVCS=*:off", "GOFLAGS=-mod=mod", "GOWORK=off", "GOENV=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0",
	}
	for _, name := range []string{"TMPDIR", "TEMP", "TMP", "SystemRoot", "GOMAXPROCS", "GOMEMLIMIT"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env, nil
}

// build compiles the module in a folder.
func (g *goTool) build(ctx context.Context, dir, binary string, o Options) error {
	args := []string{"build", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", binary}
	if o.Ship {
		args = append(args, "-trimpath")
	}
	cmd := exec.CommandContext(ctx, g.path, append(args, ".")...)
	env, err := environment(g.path, filepath.Join(dir, "home"))
	if err != nil {
		return err
	}
	goos, goarch := o.target()
	cmd.Dir, cmd.Env = dir, append(env, "GOOS="+goos, "GOARCH="+goarch)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &exit):
		return &ToolError{fmt.Sprintf("%s does not build the emitted package for %s/%s:\n%s", g.version, goos, goarch, firstLines(out.String(), 20)),
			"`go tool dist list` prints the systems Go builds for; anything else is a fault of thrmlgen"}
	}
	return err
}

// target is the system and architecture a binary is for.
func (o Options) target() (goos, goarch string) {
	goos, goarch = o.OS, o.Arch
	if goos == "" {
		goos = runtime.GOOS
	}
	if goarch == "" {
		goarch = runtime.GOARCH
	}
	return goos, goarch
}

func firstLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	if len(lines) > n {
		lines = append(lines[:n], "…")
	}
	return strings.Join(lines, "\n")
}
