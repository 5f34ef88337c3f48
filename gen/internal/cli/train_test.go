//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// trainingFolder is a copy of a case's folder, the working folder of the test.
func trainingFolder(t *testing.T, name string) {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.CopyFS(".", os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}

// TestTrainInterrupted holds that a signal leaves a checkpoint and no weights, ends
// with 130, and that going on gives the bytes of a run that was let be.
func TestTrainInterrupted(t *testing.T) {
	file := program(t)
	trainingFolder(t, "train_checkpoint")
	same := []string{"model.yaml", "--set", "train.learning_rate=0.001", "--set", "train.start=persistent", "--quiet"}
	cmd := exec.Command(file, append([]string{"train", "--epochs", "10000000", "--checkpoint", "c.npz", "--every", "3", "--out", "w.npz"}, same...)...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat("c.npz"); err == nil {
			break
		}
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != 130 || out.Len() > 0 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("%v: %s%s", cmd.ProcessState, out.String(), stderr.String())
	}
	if _, err := os.Stat("w.npz"); err == nil {
		t.Error("there are weights of a run that did not end")
	}
	var at struct{ Steps, Seed int }
	report, _ := thrmlgen(t, 0, append([]string{"train", "--epochs", "1", "--resume", "c.npz", "--json"}, same...)...)
	if err := json.Unmarshal([]byte(report), &at); err != nil || at.Steps < 6 {
		t.Fatalf("%v: %s", err, report)
	}
	epochs := at.Steps/2 + 2 // two steps each
	more := []string{"train", "--set", "train.epochs=" + jsonText(epochs), "--out"}
	thrmlgen(t, 0, append(append(more, "on.npz", "--resume", "c.npz"), same...)...)
	thrmlgen(t, 0, append(append(more, "whole.npz"), same...)...)
	if readText(t, "on.npz") != readText(t, "whole.npz") {
		t.Errorf("going on after step %d gives other weights", at.Steps)
	}
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestDamagedCheckpoint holds that a checkpoint that was cut, changed or is of another
// version is refused with a word on what is wrong.
func TestDamagedCheckpoint(t *testing.T) {
	trainingFolder(t, "train_checkpoint")
	thrmlgen(t, 0, "train", "model.yaml", "--checkpoint", "c.npz", "--quiet")
	good := []byte(readText(t, "c.npz"))
	refused := func(b []byte, word string) {
		t.Helper()
		if err := os.WriteFile("bad.npz", b, 0o644); err != nil {
			t.Fatal(err)
		}
		_, stderr := thrmlgen(t, 3, "train", "model.yaml", "--resume", "bad.npz")
		if !strings.Contains(stderr, "--resume bad.npz: ") || !strings.Contains(stderr, word) || !strings.Contains(stderr, "help: ") {
			t.Errorf("%s", stderr)
		}
	}
	for at := 0; at < len(good); at += 37 {
		b := slices.Clone(good)
		b[at] ^= 4
		refused(b, "")
		refused(good[:at], "cut short")
	}
	refused(append(slices.Clone(good), 0), "")
	z, err := npy.OpenNPZ(good)
	if err != nil {
		t.Fatal(err)
	}
	repacked := func(change func(meta string) string) []byte {
		var b bytes.Buffer
		w := npy.NewNPZWriter(&b)
		for _, name := range z.Names() {
			a, err := z.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			if name == "meta" {
				text, _ := a.Uint8s()
				text = []byte(change(string(text)))
				err = w.Add(name, []int{len(text)}, text)
			} else {
				values, _ := a.Float64s()
				err = w.Add(name, a.Shape, values)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	refused(repacked(func(m string) string { return strings.Replace(m, "checkpoint 1", "checkpoint 2", 1) }), "version")
	refused(repacked(func(m string) string { return strings.Replace(m, `"step":6`, `"step":5`, 1) }), "digest")
	refused(repacked(func(m string) string { return m[:len(m)-1] + `,"more":1}` }), "meta")
	if !bytes.Equal(repacked(func(m string) string { return m }), good) {
		t.Error("a checkpoint packed again differs: the test changes more than it says")
	}
}

// TestTrainedWeights holds that what train writes are weights: of a model that names
// the file, and of a program built from the model it was trained in. Both sample the
// same.
func TestTrainedWeights(t *testing.T) {
	file := program(t)
	trainingFolder(t, "train_weights")
	thrmlgen(t, 0, "train", "model.yaml", "--out", "w.npz", "--quiet")
	for _, name := range []string{"bias", "w", "c"} {
		a := readArray(t, "w.npz", name)
		if want := map[string][]int{"bias": {3}, "w": nil, "c": {2, 3}}[name]; !slices.Equal(a.Shape, want) {
			t.Errorf("%s has the shape %v, want %v", name, a.Shape, want)
		}
	}
	if out, err := exec.Command(file, "build", "model.yaml", "-o", "sampler").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := []string{"--chains", "6", "--warmup", "3", "--samples", "5", "--seed", "9", "--quiet", "--out"}
	for _, c := range [][]string{append([]string{"./sampler", "--weights", "w.npz"}, append(run, "a.npz")...), append([]string{file, "run", "trained.yaml"}, append(run, "b.npz")...), append([]string{file, "run", "model.yaml"}, append(run, "c.npz")...)} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", c, err, out)
		}
	}
	states := func(file string) (all [][]int64) {
		for _, v := range []string{"v", "h", "x"} {
			values, err := readArray(t, file, v).Ints()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, values)
		}
		return all
	}
	a, b, c := states("a.npz"), states("b.npz"), states("c.npz")
	for i := range a {
		if !slices.Equal(a[i], b[i]) {
			t.Errorf("array %d differs", i)
		}
	}
	if slices.EqualFunc(a, c, slices.Equal) {
		t.Error("trained weights sample as those before")
	}
}

// TestTrainedParameters is TestTrainedWeights for parameters of energies: a program
// built from the model samples with trained parameters as a model that names the file.
// It refuses parameters without a law and weights that follow from others.
func TestTrainedParameters(t *testing.T) {
	file := program(t)
	trainingFolder(t, "train_parameters")
	thrmlgen(t, 0, "train", "model.yaml", "--out", "w.npz", "--quiet", "--epochs", "5")
	for name, want := range map[string][]int{"own/a": {4}, "own/m": nil, "field/w": {2, 3}, "bias": {3}, "mixed/t": nil} {
		if a := readArray(t, "w.npz", name); !slices.Equal(a.Shape, want) {
			t.Errorf("%s has the shape %v, want %v", name, a.Shape, want)
		}
	}
	text, err := os.ReadFile("model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	trained := strings.NewReplacer("[1.2, 1.6, 1, 1.4]", "{file: w.npz#own/a}", "m: 0.1", "m: {file: w.npz#own/m}", "[[0.5, -0.5, 0.2], [0, 0.1, 0.1]]", "{file: w.npz#field/w}",
		"[0.2, -0.1, 0.3]", "{file: w.npz#bias}", "w: [0.4, -0.3, 0.2]", "w: [0.4, -0.3, 0.2], t: {file: w.npz#mixed/t}").Replace(string(text))
	if err := os.WriteFile("trained.yaml", []byte(trained), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(file, "build", "model.yaml", "-o", "sampler").CombinedOutput(); err != nil || !strings.Contains(string(out), "own/a") {
		t.Fatalf("%v\n%s", err, out)
	}
	run := []string{"--chains", "6", "--warmup", "3", "--samples", "5", "--seed", "9", "--quiet", "--out"}
	states := map[string][]float32{}
	for _, c := range [][]string{append([]string{"./sampler", "--weights", "w.npz"}, append(run, "a.npz")...), append([]string{file, "run", "trained.yaml"}, append(run, "b.npz")...), append([]string{file, "run", "model.yaml"}, append(run, "c.npz")...)} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", c, err, out)
		}
		name := c[len(c)-1]
		if states[name], err = readArray(t, name, "x").Float32s(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(states["a.npz"], states["b.npz"]) || slices.Equal(states["a.npz"], states["c.npz"]) {
		t.Error("trained parameters sample otherwise in a built program, or as those before")
	}
	writeArray := func(path string, shape []int, values []float64) {
		t.Helper()
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := npy.WriteNPY(f, shape, values); err != nil {
			t.Fatal(err)
		}
	}
	writeArray("a.npy", []int{4}, []float64{1, 1, -1, 1})
	writeArray("m.npy", nil, []float64{1})
	for _, c := range []struct{ weights, says string }{
		{"own/a=a.npy", "the coefficient of its square"}, {"own/m=a.npy", "parameter own/m takes ()"}, {"own.m0=a.npy", "follow from parameters"}, {"own/b=m.npy", "own/a"},
	} {
		out, err := exec.Command("./sampler", "--weights", c.weights).CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v\n%s", c.weights, err, out)
		}
	}
}
