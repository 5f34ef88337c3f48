package gen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// TestKernelsOnArm64 holds the assembly for arm64 to its declarations, and runs tests of the
// kernels of NEON in an emulator: each alone, and all kernels of such a processor against the
// interpreter and each other.
func TestKernelsOnArm64(t *testing.T) {
	if runtime.GOARCH == "arm64" {
		t.Skip("this machine is one, and runs them all")
	}
	emulator := testtool.Need(t, "qemu")
	root, dir := testtool.Root(t), t.TempDir()
	for _, args := range [][]string{
		{"vet", "-asmdecl", "./runtime/vector", "./generated/torus"},
		{"test", "-c", "-o", dir + "/", "./runtime/vector", "./runtime/sampling"},
	} {
		build := exec.Command("go", args...)
		build.Dir, build.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for _, x := range []struct{ pkg, models, tests string }{
		{"vector", "", "TestNEON|TestKernelNames|TestPlaneKernelBounds"},
		{"sampling", "12", "TestNoiseFillIsTheWordLaw|TestNumbersAreTheWordLaw|TestEveryKernel$|TestPlanesStayWithTheirModel"},
	} {
		test := exec.Command(emulator, filepath.Join(dir, x.pkg+".test"), "-test.short", "-test.run", x.tests)
		test.Dir, test.Env = filepath.Join(root, "runtime", x.pkg), append(os.Environ(), "THRML_REQUIRE=neon", "THRML_MODELS="+x.models)
		if out, err := test.CombinedOutput(); err != nil {
			t.Errorf("%s on arm64: %v\n%s", x.pkg, err, out)
		}
	}
}
