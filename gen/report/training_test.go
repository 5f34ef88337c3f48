package report

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// training is a run that might have been: a lattice in a plane, of which the data
// show all.
func training(t *testing.T) *Training {
	m := load(t, "ising2d", "runtime=true", "variables.s.shape=[8, 8]")
	g := m.Graph
	x := &Training{Graph: g, Hash: g.Hash(), Generator: "thrmlgen test", Norm: 0.3, Noise: 0.25, File: "w.npz", Command: []string{"thrmlgen", "train", "m.yaml"},
		Facts: []Fact{{"model", "64 nodes", "128 weights are trained"}, {"seed", "0", ""}}}
	for e := 1; e <= 30; e++ {
		x.Curve = append(x.Curve, Epoch{Epoch: e, Rate: 0.1, Norm: 3 / float64(e), Gap: -1 / float64(e), Score: -20 + float64(e)/3, HeldOut: -20 + float64(e)/4})
	}
	for n := range 64 {
		x.Visible = append(x.Visible, int32(n))
	}
	for i := range 12 {
		state := make([]int32, 64)
		for n := range state {
			state[n] = int32((n*n+i*n)/3%2*2 - 1)
		}
		x.Examples, x.States = append(x.Examples, state), append(x.States, state)
	}
	for k := range 64 {
		exact := math.Sin(float64(k))
		x.Moments = append(x.Moments, Moment{Name: "s", Exact: exact, Sampled: exact + 0.01*math.Sin(float64(7*k)), SE: 0.01})
	}
	return x
}

func trainingPage(t *testing.T, x *Training) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteTraining(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page says what it was given, loads nothing, and is the same each time.
func TestTrainingPage(t *testing.T) {
	x := training(t)
	html := trainingPage(t, x)
	for _, want := range []string{"training report", "Score of held-out examples −12.500 nats after epoch 30, from −19.750 after epoch 1.",
		"Learning curve", "held out", "s, data", "s, model", "Noise floor", "64 means", "sampling noise alone gives 0.01", "thrmlgen train m.yaml", "The weights are in w.npz",
		"128 weights are trained", "class=\"verdict ok\""} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, not := range []string{`src="http`, `href="http`, "url(", "@import", "<script", "NaN", "sampling report"} {
		if strings.Contains(html, not) {
			t.Errorf("the page has %q", not)
		}
	}
	if trainingPage(t, x) != html {
		t.Error("the page is not the same again")
	}
	if n := strings.Count(html, "<img "); n != 24 {
		t.Errorf("%d images of 12 examples and 12 states", n)
	}
	// Without scores, moments, samples and noise there still is a page.
	x.Moments, x.States, x.Examples, x.Noise, x.MomentText = nil, nil, nil, math.NaN(), "This one is larger."
	x.Curve = x.Curve[:1]
	x.Curve[0].Score, x.Curve[0].HeldOut = math.NaN(), math.NaN()
	html = trainingPage(t, x)
	if !strings.Contains(html, "its noise is not known") || !strings.Contains(html, "This one is larger.") || strings.Contains(html, "NaN") || strings.Contains(html, "Samples") {
		t.Errorf("the page of little:\n%s", html)
	}
}

func TestTrainingVerdicts(t *testing.T) {
	curve := func(held ...float64) (list []Epoch) {
		for i, h := range held {
			list = append(list, Epoch{Epoch: i + 1, HeldOut: h})
		}
		return list
	}
	nan := math.NaN()
	for _, x := range []struct {
		t    Training
		good bool
		text string
	}{
		{Training{}, false, "No epoch"},
		{Training{Curve: curve(-5, -3, -3.05)}, true, "−3.050 nats after epoch 3, from −5.000"},
		{Training{Curve: curve(-5, -3, -4)}, false, "Overfitting: held-out examples scored best after epoch 2, −3.000 nats"},
		{Training{Curve: curve(-5, -6, -7)}, false, "Not learning"},
		{Training{Curve: curve(-5)}, true, "after epoch 1."},
		{Training{Curve: curve(nan, nan), Norm: 2, Noise: 1.9}, true, "down to the noise"},
		{Training{Curve: curve(nan, nan), Norm: 2, Noise: 0.5}, false, "4.0 times the noise"},
		{Training{Curve: curve(nan, nan), Norm: 2, Noise: nan}, false, "not known"},
		{Training{Curve: curve(nan, nan), Norm: 0, Noise: 0}, true, "gradient is 0"},
	} {
		if text, good := x.t.verdict(); good != x.good || !strings.Contains(text, x.text) {
			t.Errorf("%v %q, want %v %q", good, text, x.good, x.text)
		}
	}
}
