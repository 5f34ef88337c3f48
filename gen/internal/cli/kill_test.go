//go:build unix

package cli

import (
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/gen"
)

// kills is how many processes each of the tests kills: 50, or THRML_KILLS.
func kills(t *testing.T) int {
	n := 50
	if s := os.Getenv("THRML_KILLS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			t.Fatalf("THRML_KILLS=%s is no number of kills", s)
		}
	}
	return n
}

// killer starts programs and kills them at any time up to somewhat more than
// they can take.
type killer struct {
	file, dir string
	r         *rand.Rand
	takes     time.Duration // the shortest of whole runs so far
}

func newKiller(t *testing.T, seed uint64) *killer {
	return &killer{file: program(t), dir: t.TempDir(), r: rand.New(rand.NewPCG(seed, 1))}
}

// whole lets a program run to its end.
func (k *killer) whole(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command(k.file, args...)
	cmd.Dir = k.dir
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	if took := time.Since(began); k.takes == 0 || took < k.takes {
		k.takes = took
	}
}

// kill says whether the program was still running.
func (k *killer) kill(t *testing.T, args ...string) bool {
	t.Helper()
	cmd := exec.Command(k.file, args...)
	cmd.Dir = k.dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(k.r.Int64N(int64(k.takes) * 8 / 5)))
	cmd.Process.Kill()
	cmd.Wait()
	return !cmd.ProcessState.Exited()
}

// emittedSet is what gen writes for a model: its contents, and the file that the others
// are of no use without.
func emittedSet(t *testing.T, model string) (set map[string]string, key string) {
	t.Helper()
	m, list := gen.Load(model)
	if list.Len() > 0 {
		t.Fatal(list)
	}
	files, list := gen.Generate(gen.Request{Model: m, Target: "go", Runtime: "bundle"})
	if list.Len() > 0 {
		t.Fatal(list)
	}
	set = map[string]string{}
	for _, f := range files {
		set[f.Path] = string(f.Data)
	}
	return set, files[0].Path
}

// TestKilledGenerators kills generators of two models in one folder. There is
// the old set, the new one, or one that lacks the file with the package's API;
// every file is whole; and the next run clears up.
func TestKilledGenerators(t *testing.T) {
	t.Parallel()
	k := newKiller(t, 1)
	models := []string{"models/pegasus14", "models/torus64"}
	sets, keys := [2]map[string]string{}, [2]string{}
	for i, m := range models {
		sets[i], keys[i] = emittedSet(t, m)
		k.whole(t, "gen", m, "--out", "d", "--quiet")
	}
	killed, left := 0, 0
	for i := range kills(t) {
		new := k.r.IntN(2)
		if k.kill(t, "gen", models[new], "--out", "d", "--quiet") {
			killed++
		}
		there := map[string]string{}
		for name, text := range readFolder(t, filepath.Join(k.dir, "d")) {
			switch {
			case strings.HasPrefix(name, ".thrmlgen-tmp-"):
				left++
			case name != ".thrmlgen.json":
				there[name] = text
			}
		}
		for name, text := range there {
			if text != sets[0][name] && text != sets[1][name] {
				t.Fatalf("kill %d: %s is not whole: %d bytes", i, name, len(text))
			}
		}
		for s, key := range keys {
			if there[key] != "" && !maps.Equal(there, sets[s]) {
				t.Fatalf("kill %d: a mixture with %s: %v", i, key, slices.Sorted(maps.Keys(there)))
			}
		}
		if i%8 == 7 {
			k.whole(t, "gen", models[new], "--out", "d", "--quiet")
			there := readFolder(t, filepath.Join(k.dir, "d"))
			delete(there, ".thrmlgen.json")
			if !maps.Equal(there, sets[new]) {
				t.Fatalf("after kill %d a whole run leaves %v", i, slices.Sorted(maps.Keys(there)))
			}
		}
	}
	k.enough(t, killed, left)
}

// enough says how many were killed, and how many of them while they wrote.
func (k *killer) enough(t *testing.T, killed, temps int) {
	t.Helper()
	t.Logf("%d of %d were killed before their end; %d temporary files were left", killed, kills(t), temps)
	if killed < kills(t)/4 {
		t.Errorf("only %d of %d were killed before their end", killed, kills(t))
	}
}

// TestKilledRuns continues one chain of runs over and over, killing most: state
// and result are those of a run that was never killed, before or after the step, bit for
// bit, and a run that ends leaves no temporary file.
func TestKilledRuns(t *testing.T) {
	t.Parallel()
	const steps = 6
	k := newKiller(t, 2)
	args := []string{"run", "models/potts20", "--quiet", "--samples", "3", "--warmup", "2", "--steps", "1", "--chains", "300", "--threads", "1", "--out", "r.npz", "--state", "s"}
	step := func(i int) []string {
		if i == 0 {
			return args
		}
		return append(slices.Clone(args), "--resume", "s")
	}
	var states, results []string
	for i := range steps {
		k.whole(t, step(i)...)
		there := readFolder(t, k.dir)
		states, results = append(states, there["s"]), append(results, there["r.npz"])
	}
	at, killed, left := steps-1, 0, 0
	for i := range kills(t) {
		next := (at + 1) % steps
		if k.kill(t, step(next)...) {
			killed++
		}
		there := readFolder(t, k.dir)
		left += len(there) - 2
		result := slices.Index(results, there["r.npz"])
		switch s := slices.Index(states, there["s"]); {
		case s != at && s != next, result != at && result != next, s == next && result != next:
			t.Fatalf("kill %d in step %d: the state is of step %d, the result of %d", i, next, s, result)
		case s == next:
			at = next
		}
		if i%8 == 7 {
			at = (at + 1) % steps
			k.whole(t, step(at)...)
			if there := readFolder(t, k.dir); len(there) != 2 || there["s"] != states[at] || there["r.npz"] != results[at] {
				t.Fatalf("after kill %d a whole run leaves %v", i, slices.Sorted(maps.Keys(there)))
			}
		}
	}
	k.enough(t, killed, left)
}

// readFolder reads all files of a folder.
func readFolder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		there[e.Name()] = string(b)
	}
	return there
}
