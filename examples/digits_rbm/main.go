// Command digits_rbm trains the machine of model.yaml with the training loop as a
// package, follows the exact log-likelihood, and draws what the machine has learned.
//
//	go run . [-seed 0] [-epochs 60]
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/train"
)

// digits are the classes, in the order of the label units.
var digits = [labels]string{"0", "3", "4"}

func main() {
	log.SetFlags(0)
	seed := flag.Int("seed", 0, "seed of the training run and of the weights it begins with")
	epochs := flag.Int("epochs", 0, "epochs (default: the model's)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	t, err := trainer("model.yaml", *seed, *epochs)
	if err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, t); err != nil {
		log.Fatal(err)
	}
}

// trainer loads the model with another seed. Seeds but 0 begin with weights of their
// own, too.
func trainer(file string, seed, epochs int) (*train.Trainer, error) {
	sets := []string{fmt.Sprintf("train.seed=%d", seed)}
	if epochs > 0 {
		sets = append(sets, fmt.Sprintf("train.epochs=%d", epochs))
	}
	m, problems := gen.Load(file, sets...)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	task, problems := gen.TrainingTask(m)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	t, err := train.NewTrainer(*task)
	if err != nil || seed == 0 {
		return t, err
	}
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	for _, f := range []string{"pixel_hidden", "label_hidden"} {
		w := t.Weights(f)
		for i := range w {
			w[i] = 0.01 * r.NormFloat64()
		}
		if err := t.SetWeights(f, w); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// point is the machine after so many epochs.
type point struct {
	epoch                 int
	train, test, accuracy float64
}

// fit trains to the end and looks at the machine where at says so.
func fit(ctx context.Context, t *train.Trainer, at func(epoch int) bool, each func(p point)) (time.Duration, error) {
	var took time.Duration
	for {
		steps, all := t.Done()
		if epoch := steps / t.StepsPerEpoch(); at(epoch) || all {
			m := newMachine(t.Weights)
			z := m.logZ()
			each(point{epoch, m.logLikelihood(z, t.Task().Data), m.logLikelihood(z, t.Task().HeldOut), m.accuracy(t.Task().HeldOut)})
		}
		if all {
			return took, nil
		}
		began := time.Now()
		for range t.StepsPerEpoch() {
			if _, err := t.Step(ctx); err != nil {
				return took, err
			}
		}
		took += time.Since(began)
	}
}

func run(ctx context.Context, t *train.Trainer) error {
	fmt.Println("epoch   train LL    test LL   labels right (test)")
	var curve []point
	took, err := fit(ctx, t, func(epoch int) bool { return epoch < 4 || epoch%5 == 0 }, func(p point) {
		fmt.Printf("%5d  %9.3f  %9.3f  %9.3f\n", p.epoch, p.train, p.test, p.accuracy)
		curve = append(curve, p)
	})
	if err != nil {
		return err
	}
	steps, _ := t.Done()
	fmt.Printf("%d steps in %.1f s, %.1f ms a step\n", steps, took.Seconds(), took.Seconds()*1000/float64(steps))
	if err := drawCurve("curve.svg", curve); err != nil {
		return err
	}
	s, err := sampler(t, 64)
	if err != nil {
		return err
	}
	if err := drawSamples(ctx, s, "samples.svg"); err != nil {
		return err
	}
	right, err := recognise(ctx, t)
	if err != nil {
		return err
	}
	fmt.Printf("sampled labels of held-out images: %.3f right\n", right)
	return nil
}

// sampler samples the model with the weights as trained.
func sampler(t *train.Trainer, chains int) (*sampling.Sampler, error) {
	s, err := sampling.NewSampler(t.Task().Negative.Model, sampling.Options{Chains: chains, Seed: 1})
	if err != nil {
		return nil, err
	}
	for _, f := range t.Names() {
		if err := s.SetWeights(f, t.Weights(f)); err != nil {
			return nil, err
		}
	}
	s.Init()
	return s, nil
}

func drawCurve(file string, curve []point) error {
	var epoch, inside, outside []float64
	for _, p := range curve {
		epoch, inside, outside = append(epoch, float64(p.epoch)), append(inside, p.train), append(outside, p.test)
	}
	c := &chart.Chart{Title: "Exact log-likelihood", X: chart.Axis{Label: "epoch"}, Y: chart.Axis{Label: "nats an image with its label"},
		Alt: "Exact log-likelihood of training and held-out images by epoch."}
	c.Line("training", epoch, inside)
	c.Line("held out", epoch, outside)
	return chart.Save(file, 1, c)
}

// drawSamples draws images of the free machine, and of the machine with a label
// held.
func drawSamples(ctx context.Context, s *sampling.Sampler, file string) error {
	var rows []chart.Panel
	for k := -1; k < labels; k++ {
		title := "free"
		if k >= 0 {
			title = "label " + digits[k]
			if err := s.SetClamp(sampling.Clamp{Nodes: nodes(pixels, labels), Values: oneHot(k)}); err != nil {
				return err
			}
		}
		s.Restart()
		mean := &meanSpins{nodes: nodes(0, pixels)}
		if err := s.Run(ctx, sampling.Schedule{Warmup: 1000, Samples: 100, StepsPerSample: 10}, false, mean); err != nil {
			return err
		}
		g := &chart.Images{Title: title, Columns: 8, Size: 64, Alt: "Sampled images, " + title}
		if k < 0 {
			g.Keys = chart.SpinKeys()
		}
		for c := range 7 {
			g.Items = append(g.Items, chart.Picture{Image: image(s.State(c, nil)), Alt: fmt.Sprintf("chain %d", c)})
		}
		g.Items = append(g.Items, chart.Picture{Image: mean.image(), Alt: "mean"})
		rows = append(rows, g)
	}
	return chart.Save(file, 1, rows...)
}
