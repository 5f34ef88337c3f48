//go:build unix

package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// FuzzCommandLine gives check any flags, which --set among them reach every
// value of a model: there is no panic, and the exit code is a stated one.
func FuzzCommandLine(f *testing.F) {
	for _, args := range []string{
		"models/mixed", "models/mixed\n--json", "models/chain5\n--set\nbeta=2", "--set=sample.chains=8\nmodels/chain5", "models/chain5\n--set\nvariables.s.shape=[3, 4]",
		"models/mixed\n--set\nformat=fast\n--ir", "models/chain5\n--node\ns[3]", "models/mixed\n--node=a[0:2, [1]]", "--\nmodels/chain5", "-q\nmodels/chain5\n--dot",
		"models/chain5\n--set\nfactors.0.weights={normal: [0, 1], seed: 1}", "models/chain5\n--expand\n--labels", "--unknown", "--set", "models/chain5\n--set\n=", "\n", "--json=maybe",
	} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if manyDigits(text) {
			return
		}
		args := append([]string{"check"}, strings.Split(text, "\n")...)
		var out, stderr bytes.Buffer
		var code int
		testtool.Bounded(t, func() { code = Main(args, strings.NewReader(""), &out, &stderr) })
		if !slices.Contains([]int{0, 2, 3, 4, 5}, code) || code != 0 && out.Len()+stderr.Len() == 0 {
			t.Errorf("%q: exit %d\n%s%s", args, code, out.String(), stderr.String())
		}
	})
}

// manyDigits tells large sizes, which are slow and not interesting.
func manyDigits(text string) bool {
	digits := 0
	for _, c := range text {
		if digits++; c < '0' || c > '9' {
			digits = 0
		}
		if digits > 3 {
			return true
		}
	}
	return strings.ContainsAny(text, "eE") && strings.Contains(text, "random_regular")
}

// FuzzStates reads files of states: what is wrong with one is a fault of the
// data, and a state that is taken has an energy.
func FuzzStates(f *testing.F) {
	dir := f.TempDir()
	file := filepath.Join(dir, "r.npz")
	var out bytes.Buffer
	if Main([]string{"run", "models/mixed", "--quiet", "--chains", "2", "--samples", "2", "--out", file}, nil, &out, &out) != 0 {
		f.Fatal(out.String())
	}
	good, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("PK\x05\x06"))
	m, list := gen.Load("models/mixed")
	if list.Len() > 0 {
		f.Fatal(list.Err())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := filepath.Join(t.TempDir(), "f.npz")
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
		testtool.Bounded(t, func() {
			s, err := readStates(m.Graph, file)
			if err == nil {
				err = (&command{out: &output{w: &bytes.Buffer{}}}).energies(context.Background(), m, s, &energyFlags{byFactor: true})
			}
			var bad *fault
			if err != nil && (!errors.As(err, &bad) || bad.exit != 3) {
				t.Errorf("%v", err)
			}
		})
	})
}
