//go:build unix

package cli

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/report"
	"github.com/thrmlgen/thrmlgen/runtime/train"
)

// smallTraining has rows of spins, of categoricals and of both, in either order of
// nodes, and one of three nodes.
const smallTraining = `
model: small
variables: {s: {kind: spin, shape: [3]}, c: {kind: categorical, states: 3}}
factors:
  - {name: bias, over: [s], index: all, weights: [0.1, -0.2, 0.3]}
  - {name: pairs, over: [s, s], index: [[1, 0], [1, 2]], weights: [0.5, -0.4]}
  - {name: unary, over: [c], index: all, weights: [0.2, 0, -0.3]}
  - {name: mixed, over: [c, s], index: [[0, 2]], weights: [0.6, -0.5, 0.1]}
  - {name: cubic, over: [s, s, s], index: [[0, 1, 2]], weights: [0.25]}
runtime: true
sample: {chains: 201, warmup: 50, samples: 200, steps_per_sample: 2}
train: {data: [[-1, 1], [1, 1], [1, -1]], visible: "s[0:2]", epochs: 3, learning_rate: 0.05}
`

// The exact moments of a page are those of an enumeration that is written here from
// the definition of the energy, and the sampled ones agree with them.
func TestMomentsOfATrainingPage(t *testing.T) {
	realFolder(t, smallTraining)
	m, list := gen.Load("model.yaml")
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	task, list := gen.TrainingTask(m)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	trainer, err := train.NewTrainer(*task)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := trainer.Step(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	page := &report.Training{Graph: trainedGraph(m.Graph, trainer)}
	if err := addGradient(context.Background(), m, trainer, page); err != nil {
		t.Fatal(err)
	}
	w := trainer.Weights
	sum, z := make([]float64, 3+2+3+3), 0.0
	for code := range 24 {
		s, c := [3]float64{float64(code&1*2 - 1), float64(code>>1&1*2 - 1), float64(code>>2&1*2 - 1)}, code>>3
		features := []float64{s[0], s[1], s[2], s[1] * s[0], s[1] * s[2]}
		h := 0.0
		for i, f := range features {
			h += f * append(append([]float64{}, w("bias")...), w("pairs")...)[i]
		}
		for k := range 3 {
			in := 0.0
			if k == c {
				in = 1
			}
			features = append(features, in)
		}
		for k := range 3 {
			features = append(features, features[5+k]*s[2])
		}
		h += w("unary")[c] + w("mixed")[c]*s[2] + w("cubic")[0]*s[0]*s[1]*s[2]
		p := math.Exp(h)
		z += p
		for i, f := range features {
			sum[i] += p * f
		}
	}
	if len(page.Moments) != len(sum) || !strings.Contains(page.MomentText, "1 of 12 moments are not compared") {
		t.Fatalf("%d moments, %q", len(page.Moments), page.MomentText)
	}
	for i, got := range page.Moments {
		want := sum[i] / z
		if math.Abs(got.Exact-want) > 1e-12 {
			t.Errorf("%s is exactly %v, the page says %v", got.Name, want, got.Exact)
		}
		if !(got.SE > 1e-4 && got.SE < 0.02) || math.Abs(got.Sampled-want) > 5*got.SE {
			t.Errorf("%s is sampled as %v ± %v, exactly %v", got.Name, got.Sampled, got.SE, want)
		}
	}
	if !(page.Noise > 0) || !(page.Norm > 0) {
		t.Errorf("gradient %v, noise %v", page.Norm, page.Noise)
	}
}

// A model with parameters and continuous columns has a page too, with the weights that
// follow from what was fitted.
func TestTrainReportOfParameters(t *testing.T) {
	realFolder(t, `
model: mix
variables: {x: {kind: continuous, shape: [2]}, s: {kind: spin}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*a*(u - m)^2", params: {a: [1, 2], m: [0, 0]}, runtime: true}
  - {name: j, over: [x, s], index: [[0, 0], [1, 0]], weights: [0.1, 0.1], runtime: true}
sample: {chains: 20, warmup: 5, samples: 10, seed: 1}
train: {data: [[1, 2], [0.5, 1.5], [-1, -2]], visible: x, epochs: 3, learning_rate: 0.05}
`)
	thrmlgen(t, 0, "train", "model.yaml", "--report", "t.html", "--quiet", "--out", "w.npz")
	html := readText(t, "t.html")
	for _, want := range []string{"training report", "3 epochs of 1 step"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if a := numbersOf(t, "w.npz", "own/a"); len(a) != 2 || a[0] == 1 {
		t.Errorf("own/a is %v", a)
	}
}

// train --report makes a page, and changes neither weights nor what is printed.
func TestTrainReport(t *testing.T) {
	realFolder(t, smallTraining)
	thrmlgen(t, 0, "train", "model.yaml", "--out", "a.npz", "--quiet")
	out, _ := thrmlgen(t, 0, "train", "model.yaml", "--out", "b.npz", "--report", "t.html", "--set", "train.seed=0")
	if readText(t, "a.npz") != readText(t, "b.npz") {
		t.Error("with a page the weights are others")
	}
	if !strings.Contains(out, "wrote t.html\n") {
		t.Errorf("%s", out)
	}
	html := readText(t, "t.html")
	for _, want := range []string{"training report", "3 epochs of 1 step", "3 examples of 2 visible nodes", "SGD, rate 0.05", "11 means", "thrmlgen train model.yaml --out b.npz --set train.seed=0"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	// Going on: the page is of the epochs that were left, of which there may be none.
	thrmlgen(t, 0, "train", "model.yaml", "--epochs", "2", "--checkpoint", "c.npz", "--quiet")
	thrmlgen(t, 0, "train", "model.yaml", "--resume", "c.npz", "--report", "t.html", "--quiet")
	if !strings.Contains(readText(t, "t.html"), "1 epoch, from 3 on of 1 step") {
		t.Error("the page does not tell where it goes on")
	}
	thrmlgen(t, 0, "train", "model.yaml", "--epochs", "2", "--resume", "c.npz", "--report", "t.html", "--quiet")
	if !strings.Contains(readText(t, "t.html"), "No epoch was left") {
		t.Error("the page of no epoch")
	}
	// Contrastive divergence, conditions and models of which nothing exact is known.
	for _, x := range []struct{ set, text string }{
		{"train.loss=cd", "Contrastive divergence does not sample"},
		{"train.condition={c: [[0], [1], [2]]}", "given the data&#39;s conditions"},
		{"variables.s.shape=[30]", "this one is larger"},
	} {
		args := []string{"train", "model.yaml", "--report", "t.html", "--quiet", "--set", x.set}
		if strings.HasPrefix(x.set, "variables") {
			args = append(args, "--set", "factors.0.weights=0.1", "--set", "factors.1={name: pairs, over: [s, s], index: pairs, weights: 0.01}")
		}
		thrmlgen(t, 0, args...)
		if html := readText(t, "t.html"); !strings.Contains(html, x.text) {
			t.Errorf("%s: the page does not say %q", x.set, x.text)
		}
	}
	thrmlgen(t, exitUsage, "train", "model.yaml", "--report", "t.txt")
	thrmlgen(t, exitUsage, "train", "model.yaml", "--report", "")
	thrmlgen(t, 4, "train", "model.yaml", "--report", "nowhere/t.html")
	if _, err := os.Stat("t.txt"); err == nil {
		t.Error("a page was written under a name that was refused")
	}
}
