package cuda_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// The shim runs a right kernel to the same result in both orders, and shows each planted
// mistake: by what it says, or by another result in one of the orders.
func TestShimSeesMistakes(t *testing.T) {
	gxx := testtool.Need(t, "g++")
	bin := filepath.Join(t.TempDir(), "planted")
	if out, err := exec.Command(gxx, "-O1", "-std=c++17", "-ffp-contract=off", "-DTHRML_SHIM", "-I.", "testdata/planted.cpp", "-o", bin).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(mistake, reverse string) string {
		cmd := exec.Command(bin, mistake)
		cmd.Env = append(os.Environ(), "THRML_SHIM_REVERSE="+reverse)
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	right := run("0", "0")
	if back := run("0", "1"); back != right {
		t.Fatalf("the right kernel gives %s and %s", right, back)
	}
	if !strings.HasSuffix(right, " 408f276d 6d5451fd 1723724149\n") {
		t.Errorf("known answers: %s", right)
	}
	for mistake, said := range map[string]string{
		"1": "", "2": "", "3": "different barriers", "4": "", "5": "different barriers or collectives", "6": "no shared memory", "7": "",
	} {
		a, b := run(mistake, "0"), run(mistake, "1")
		if said != "" && (!strings.Contains(a, said) || !strings.Contains(b, said)) || a == right && b == right || mistake == "7" && a == b {
			t.Errorf("mistake %s: %s%s", mistake, a, b)
		}
	}
}
