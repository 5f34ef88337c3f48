package gen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// unfused are the packages and files whose floating-point results become samples,
// results or emitted text.
var unfused = []string{
	"runtime/rng/", "runtime/sampling/", "runtime/train/", "runtime/observe/", "runtime/npy/",
	"runtime/stats/autocov.go", "runtime/stats/batches.go", "runtime/stats/ess.go", "runtime/stats/chains.go",
	"gen/graph/", "gen/ir/", "gen/pass/", "targets/emit/", "targets/golang/", "targets/verilog/",
}

// exactProducts are parts of lines whose product is exact (a power of two, or
// small whole numbers), so that rounding it once more or once less is the same.
var exactProducts = []string{
	"(2*float64(", // a count
	"got.MCSE.V *= 2",
	"return (float64(float64(e)*math.Ln2) + 2*sum) / math.Ln10",
	"line := spinLine{1<<31 + 32768, uint32(math.Floor(16*(v0-v1) + 0.5))}",
	"d := math.Floor(16*drop + 0.5)",
	"a := math.Floor((y+drop/2+math.Min(0, d/16-drop))*65536) - 1",
	"line.a = uint32(math.Floor((v0 - ((v0+v1)/2-y)/2 + 0.5) * 65536))",
	"pairs += float64(f.rows) * s * (s - 1) / 2",
}

var fusedLine = regexp.MustCompile(`\(([^()]+\.go):([0-9]+)\)\s+FN?M(?:ADD|SUB)[DS]\b`)

// TestNoFusedProducts looks at the code compiled for arm64, where x*y + z may be
// rounded once instead of twice: nothing that a result hangs on may be, or it has
// other bits than on amd64.
func TestNoFusedProducts(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for another architecture")
	}
	root := testtool.Root(t)
	args := []string{"build", "-gcflags=-S"}
	for _, p := range unfused {
		args = append(args, "./"+filepath.Dir(p+"x"))
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "FADDD") {
		t.Fatal("no listing of the compiled code")
	}
	said := map[string]bool{}
	for _, m := range fusedLine.FindAllStringSubmatch(string(out), -1) {
		file, _ := filepath.Rel(root, m[1])
		if said[m[0]] || !watched(filepath.ToSlash(file)) {
			continue
		}
		said[m[0]] = true
		n, _ := strconv.Atoi(m[2])
		source, err := os.ReadFile(m[1])
		if err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSpace(strings.Split(string(source), "\n")[n-1])
		if !exactProduct(line) {
			t.Errorf("%s:%d is fused on arm64: write float64(x*y) + z, or list it as exact\n\t%s", file, n, line)
		}
	}
}

func watched(file string) bool {
	for _, p := range unfused {
		if strings.HasPrefix(file, p) {
			return true
		}
	}
	return false
}

func exactProduct(line string) bool {
	for _, x := range exactProducts {
		if strings.Contains(line, x) {
			return true
		}
	}
	return false
}
