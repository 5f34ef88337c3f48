package gen_test

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

const module = "github.com/thrmlgen/thrmlgen/"

// layers says which of our own packages a package may depend on, directly or
// not, and whether it may use other modules. A prefix ends in "/".
var layers = []struct {
	pkg     string
	may     []string
	modules bool
}{
	{"runtime/rng", nil, false},
	{"runtime/npy", nil, false},
	{"runtime/stats", []string{"runtime/vector"}, false},
	{"runtime/vector", nil, false},
	{"runtime/sampling", []string{"runtime/rng", "runtime/vector"}, false},
	{"runtime/observe", []string{"runtime/"}, false},
	{"gen/diag", nil, false},
	{"gen/spec", []string{"gen/diag"}, true},
	{"gen/expr", []string{"gen/diag", "runtime/sampling", "runtime/rng", "runtime/vector"}, false},
	{"gen/safetensors", []string{"runtime/npy"}, false},
	{"gen/schema", []string{"gen/diag", "gen/spec"}, true},
	{"gen/graph", []string{"gen/diag", "gen/spec", "gen/expr", "gen/safetensors", "runtime/"}, true},
	{"gen/ir", []string{"runtime/sampling", "runtime/rng", "runtime/vector"}, false},
	{"gen/pass", []string{"gen/diag", "gen/spec", "gen/graph", "gen/expr", "gen/safetensors", "gen/ir", "runtime/"}, true},
	{"gen/interp", []string{"gen/ir", "runtime/sampling", "runtime/rng", "runtime/vector"}, false},
	{"gen/exact", []string{"gen/diag", "gen/spec", "gen/graph", "gen/expr", "gen/safetensors", "runtime/"}, true},
	{"templates", nil, false},
	{"models", []string{"runtime/npy"}, false},
	{"models/exchange", []string{"gen/diag"}, false},
	{"runtime/train", []string{"runtime/"}, false},
	{"runtime/serve", []string{"runtime/"}, false},
	{"targets/emit", []string{"gen/ir", "runtime/sampling", "runtime/rng", "runtime/vector"}, true},
	{"targets/verilog/regmap", nil, false},
	{"targets/verilog", []string{"gen/ir", "gen/interp", "targets/verilog/regmap", "targets/emit", "templates", "runtime/sampling", "runtime/rng", "runtime/vector"}, true},
	{"runtime/cuda", nil, false},
	{"runtime/device", []string{"runtime/sampling", "runtime/rng", "runtime/vector"}, false},
	{"targets/cuda", []string{"gen/ir", "gen/interp", "targets/emit", "templates", "runtime/cuda", "runtime/device", "runtime/sampling", "runtime/rng", "runtime/vector"}, true},
	{"gen/gpu", []string{"gen/ir", "gen/interp", "targets/cuda", "targets/emit", "templates", "runtime/cuda", "runtime/device", "runtime/sampling", "runtime/rng", "runtime/vector"}, true},
	{"targets/golang", []string{"gen/ir", "targets/emit", "runtime/sampling", "runtime/rng", "runtime/vector"}, true},
}

// Only the program that drives GPUs links purego, which needs the loader of the C library:
// thrmlgen itself can be static.
func TestPuregoIsApart(t *testing.T) {
	const purego = "github.com/ebitengine/purego"
	for pkg, want := range map[string]bool{"gen/cmd/thrmlgen": false, "gen/cmd/thrmlgen-gpu": true} {
		out, err := exec.Command("go", "list", "-deps", module+pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list %s: %v\n%s", pkg, err, out)
		}
		if strings.Contains(string(out), purego+"\n") != want && runtime.GOOS == "linux" {
			t.Errorf("%s links purego: %t", pkg, !want)
		}
	}
}

// TestLayers holds the arrows between packages: what emitted code links to needs
// the standard library only, yaml.v3 is behind package spec, and the oracle does
// not see the targets.
func TestLayers(t *testing.T) {
	for _, l := range layers {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+l.pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list %s: %v\n%s", l.pkg, err, out)
		}
		for _, dep := range strings.Fields(string(out)) {
			own, ours := strings.CutPrefix(dep, module)
			switch {
			case own == l.pkg:
			case ours && !allowed(own, l.may):
				t.Errorf("%s depends on %s", l.pkg, own)
			case !ours && !l.modules:
				t.Errorf("%s depends on %s, outside the standard library", l.pkg, dep)
			case dep == "gopkg.in/yaml.v3" && !depends(l.may, "gen/spec") && l.pkg != "gen/spec":
				t.Errorf("%s reads YAML, which is for gen/spec alone", l.pkg)
			}
		}
	}
}

func allowed(pkg string, may []string) bool {
	for _, m := range may {
		if pkg == m || strings.HasSuffix(m, "/") && strings.HasPrefix(pkg, m) {
			return true
		}
	}
	return false
}

func depends(may []string, pkg string) bool {
	for _, m := range may {
		if m == pkg {
			return true
		}
	}
	return false
}
