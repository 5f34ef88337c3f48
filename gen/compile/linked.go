package compile

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// A program that names code in Go is built inside the user's module: the files are
// laid over it, below the model's folder (an overlay of the go command), so that
// internal packages, a vendor folder, a workspace and replacements serve as they
// are. It links to the runtime of that module, whose types the code takes.

// linkFolder is the folder of the files in the overlay.
const linkFolder = "thrmlgen_run"

// UserEnvironment is what the go command sees where the user's module is built: his
// settings and modules, but no network and no other toolchain.
func UserEnvironment(tool string) ([]string, error) {
	env, err := environment(tool, os.TempDir())
	for _, name := range []string{"HOME", "USERPROFILE", "GOENV", "GOFLAGS", "GOWORK", "GOPATH", "GOMODCACHE"} {
		env = append(env, name+"="+os.Getenv(name))
	}
	return env, err
}

// buildLinked is Build for a program that names code in Go.
func buildLinked(ctx context.Context, tool *goTool, c *cache, p *ir.Program, defaults serve.RunDefaults, o Options) (string, error) {
	env, err := UserEnvironment(tool.path)
	if err != nil {
		return "", err
	}
	home, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", err
	}
	prefix, err := importPath(ctx, tool, env, home)
	if err != nil {
		return "", err
	}
	folder := linkFolder
	for i := 2; ; i++ {
		if _, err := os.Lstat(filepath.Join(home, folder)); err != nil {
			break
		}
		folder = linkFolder + strconv.Itoa(i)
	}
	files, err := linkedSources(p, defaults, path.Join(prefix, folder), o)
	if err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(c.dir, workPrefix)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	replace := map[string]string{}
	for _, f := range files {
		copied := filepath.Join(work, "source", filepath.FromSlash(f.Path))
		if err := writeSource(copied, f.Data); err != nil {
			return "", err
		}
		replace[filepath.Join(home, folder, filepath.FromSlash(f.Path))] = copied
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err == nil {
		err = os.WriteFile(filepath.Join(work, "overlay.json"), overlay, 0o666)
	}
	if err != nil {
		return "", err
	}
	binary := filepath.Join(work, "binary")
	if err := tool.buildOver(ctx, home, "./"+folder, filepath.Join(work, "overlay.json"), binary, env, o); err != nil {
		return "", err
	}
	// The go command alone knows what went into it, so the binary names itself.
	data, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	name := "bin-" + p.Model + "-" + hex.EncodeToString(sum[:12])
	if goos, _ := o.target(); goos == "windows" {
		name += ".exe"
	}
	kept := filepath.Join(c.dir, name)
	if c.hit(kept) {
		return kept, nil
	}
	return kept, c.keep(binary, kept)
}

// importPath is the import path of a folder of a module.
func importPath(ctx context.Context, tool *goTool, env []string, dir string) (string, error) {
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, tool.path, args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.Output()
		if err != nil && ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return strings.TrimSpace(string(out)), err
	}
	mod, err := run("env", "GOMOD")
	if err == nil && (mod == "" || mod == os.DevNull) {
		return "", &ToolError{Text: "the model names code in Go, and its folder is in no Go module", Help: "`go mod init` begins one"}
	}
	list, listErr := run("list", "-m", "-f", "{{.Path}}\t{{.Dir}}")
	if err := errors.Join(err, listErr); err != nil {
		return "", err
	}
	for line := range strings.Lines(list) {
		name, root, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if rel, err := filepath.Rel(root, dir); err == nil && root == filepath.Dir(mod) {
			return path.Join(name, filepath.ToSlash(rel)), nil
		}
	}
	return "", fmt.Errorf("the go command does not list the module of %s", mod)
}

// linkedSources are the files of the program.
func linkedSources(p *ir.Program, defaults serve.RunDefaults, prefix string, o Options) ([]emit.File, error) {
	emitted, err := golang.Emit(emit.Request{Program: p, Package: packageName, Runtime: emit.Import, Unroll: o.Unroll})
	if err != nil {
		return nil, err
	}
	files, err := mainFiles(p, defaults, prefix, o)
	if err != nil {
		return nil, err
	}
	var out []emit.File
	for _, f := range files {
		switch {
		case f.Path == "go.mod":
			continue
		case strings.HasSuffix(f.Path, ".go"):
			f.Data = linkRuntime(f.Data, prefix+"/"+packageName)
		}
		out = append(out, f)
	}
	for _, f := range emitted {
		out = append(out, emit.File{Path: packageName + "/" + f.Path, Data: f.Data})
	}
	return out, nil
}

var runtimeName = regexp.MustCompile(`\bsampler\.([A-Z]\w*)`)

// linkRuntime makes a file that takes everything from the emitted package take the
// runtime's names from the packages they are in.
func linkRuntime(src []byte, emitted string) []byte {
	imports := map[string]string{} // name → path
	src = runtimeName.ReplaceAllFunc(src, func(b []byte) []byte {
		name := string(b[len("sampler."):])
		from, ok := golang.RuntimePackages()[name]
		if !ok {
			imports["sampler"] = emitted
			return b
		}
		alias := "runtime" + path.Base(from)
		imports[alias] = from
		return []byte(alias + "." + name)
	})
	var lines bytes.Buffer
	for _, name := range slices.SortedFunc(maps.Keys(imports), func(a, b string) int { return cmp.Compare(imports[a], imports[b]) }) {
		fmt.Fprintf(&lines, "\t%s %q\n", name, imports[name])
	}
	return bytes.Replace(src, []byte(fmt.Sprintf("\tsampler %q\n", emitted)), lines.Bytes(), 1)
}

// buildOver compiles a package of an overlay.
func (g *goTool) buildOver(ctx context.Context, dir, pkg, overlay, binary string, env []string, o Options) error {
	args := []string{"build", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-overlay", overlay, "-o", binary}
	if o.Ship {
		args = append(args, "-trimpath")
	}
	cmd := exec.CommandContext(ctx, g.path, append(args, pkg)...)
	goos, goarch := o.target()
	cmd.Dir, cmd.Env = dir, append(env, "GOOS="+goos, "GOARCH="+goarch)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &exit):
		return &ToolError{fmt.Sprintf("%s does not build the program with the code of the module:\n%s", g.version, firstLines(string(out), 20)),
			"the module of the model must require github.com/thrmlgen/thrmlgen at the version of this thrmlgen; a vendor folder has all of it after " +
				"`go get -tool github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen` and `go mod vendor`"}
	}
	return err
}
