package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/report"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/train"
)

const (
	shownStates = 12   // samples and examples on a page
	mostMoments = 2000 // of a small model that are compared
)

// smallModel is what exact moments for a page may cost.
var smallModel = exact.Limits{States: 1 << 16, Memory: 16 << 20}

// trainAgain is the command line that gives the same weights.
func trainAgain(cmd *cobra.Command, args []string) []string {
	words := append([]string{"thrmlgen", "train"}, args...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "set":
			if values, err := cmd.Flags().GetStringArray("set"); err == nil {
				for _, v := range values {
					words = append(words, "--set", v)
				}
			}
		case "epochs", "resume", "out":
			words = append(words, "--"+f.Name, f.Value.String())
		}
	})
	return words
}

// reportTraining writes the page of train --report.
func reportTraining(ctx context.Context, m *gen.Model, t *train.Trainer, curve []epoch, o *trainFlags) error {
	if o.report == "" {
		return nil
	}
	task := t.Task()
	page := &report.Training{Graph: trainedGraph(m.Graph, t), Hash: m.Graph.Hash(), Generator: "thrmlgen " + gen.Version,
		Visible: task.Visible, File: o.out, Command: o.again, Norm: math.NaN(), Noise: math.NaN()}
	took := time.Duration(0)
	for _, e := range curve {
		took += e.took
		page.Curve = append(page.Curve, report.Epoch{Epoch: e.epoch, Rate: e.rate, Norm: e.norm, Gap: e.gap, Score: e.score, HeldOut: e.scoreOther})
	}
	page.Facts = trainingFacts(m, t, curve, took)
	if err := addGradient(ctx, m, t, page); err != nil {
		return err
	}
	if err := addStates(ctx, m, t, page); err != nil {
		return err
	}
	if err := observe.WriteWholeFile(ctx, o.report, func(w io.Writer) error { return report.WriteTraining(w, page) }); err != nil {
		return writeError(o.report, err)
	}
	return nil
}

// trainedGraph is the model with the weights that training found.
func trainedGraph(g *graph.Graph, t *train.Trainer) *graph.Graph {
	trained := *g
	trained.Factors, trained.Codes = slices.Clone(g.Factors), slices.Clone(g.Codes)
	for i, w := range t.FactorWeights() {
		trained.Factors[i].Weights = w
	}
	for i, c := range t.Codes() {
		trained.Codes[i].Params = c.Params
	}
	return &trained
}

// trainingFacts are the lines of the page's header.
func trainingFacts(m *gen.Model, t *train.Trainer, curve []epoch, took time.Duration) []report.Fact {
	task, g := t.Task(), m.Graph
	var list []report.Fact
	add := func(name, value, note string) { list = append(list, report.Fact{Name: name, Value: value, Note: note}) }
	weights := 0
	for _, f := range t.Names() {
		weights += len(t.Weights(f))
	}
	add("model", fmt.Sprintf("%s, %s", plural(g.Nodes, "node"), plural(g.Edges, "edge")), plural(weights, "weight")+" are trained")
	data := fmt.Sprintf("%s of %s", plural(task.Data.Rows, "example"), plural(len(task.Visible), "visible node"))
	held := ""
	if task.HeldOut.Rows > 0 {
		held = fmt.Sprintf("%d more held out", task.HeldOut.Rows)
	}
	add("data", data, held)
	epochs := plural(len(curve), "epoch")
	if len(curve) > 0 && curve[0].epoch > 1 {
		epochs += fmt.Sprintf(", from %d on", curve[0].epoch)
	}
	batch := task.Batch
	if batch == 0 {
		batch = task.Data.Rows
	}
	add("steps", fmt.Sprintf("%s of %s", epochs, plural(t.StepsPerEpoch(), "step")), "batches of "+plural(batch, "example"))
	add("loss", lossText(task), "")
	add("optimizer", optimizerText(&task.Optimizer), "")
	phase := func(p *train.Phase, each string) string {
		return fmt.Sprintf("%s%s × %s, %s apart", plural(p.Chains, "chain"), each, plural(p.Schedule.Samples, "draw"), plural(p.Schedule.StepsPerSample, "sweep"))
	}
	if !task.Loss.Scores() {
		add("data phase", phase(&task.Positive, " an example"), "after "+plural(task.Positive.Schedule.Warmup, "sweep")+" of warm-up")
	}
	if task.Loss == train.KL {
		add("model phase", phase(&task.Negative, ""), "after "+plural(task.Negative.Schedule.Warmup, "sweep")+" of warm-up")
	}
	add("seed", strconv.FormatUint(task.Seed, 10), "")
	if steps := len(curve) * t.StepsPerEpoch(); steps > 0 && took > 0 {
		add("speed", fmt.Sprintf("%.3g ms a step", took.Seconds()*1000/float64(steps)), "scores not included")
	}
	add("model hash", g.Hash(), "")
	add("generator", "thrmlgen "+gen.Version, "")
	return list
}

func lossText(task *train.Task) string {
	start := map[train.Start]string{train.StartData: "chains begin at data", train.StartNoise: "chains begin anew", train.StartPersistent: "chains persist"}[task.Start]
	if task.Loss == train.CD {
		return fmt.Sprintf("contrastive divergence of %s, %s", plural(task.K, "sweep"), start)
	}
	switch task.Loss {
	case train.ScoreMatching:
		return "score matching"
	case train.Sliced:
		return "sliced score matching, " + plural(task.Projections, "projection")
	case train.Denoising:
		return fmt.Sprintf("denoising score matching, sigma %g", task.Sigma)
	}
	return "KL divergence, " + start
}

func optimizerText(o *train.Optimizer) string {
	text := "SGD"
	switch {
	case o.Rule == train.Adam:
		text = "Adam"
	case o.Momentum > 0:
		text += fmt.Sprintf(" with momentum %g", o.Momentum)
	}
	text += fmt.Sprintf(", rate %g", o.Rate)
	if o.RateEnd > 0 {
		text += fmt.Sprintf(" to %g", o.RateEnd)
	}
	if o.WeightDecay > 0 {
		text += fmt.Sprintf(", weight decay %g", o.WeightDecay)
	}
	return text
}

// addGradient estimates the gradient at the end, on the first batch and by chains of
// its own, with its noise; and compares the model's moments with exact ones.
func addGradient(ctx context.Context, m *gen.Model, t *train.Trainer, page *report.Training) error {
	task := t.Task()
	fresh, err := train.NewTrainer(*task)
	if err != nil {
		return err
	}
	for _, f := range t.Names() {
		if err := fresh.SetWeights(f, t.Weights(f)); err != nil {
			return err
		}
	}
	g, err := fresh.Gradient(ctx, firstBatch(task), true)
	if err != nil {
		return err
	}
	page.Norm = g.Norm()
	noise := 0.0
	for _, f := range g.Factors {
		for _, se := range f.GradSE {
			noise += se * se
		}
	}
	page.Noise = math.Sqrt(noise)
	switch {
	case task.Loss.Scores():
		page.MomentText = "Score matching does not sample the model, so that there is nothing to compare with exact moments."
		return nil
	case task.Loss == train.CD:
		page.MomentText = "Contrastive divergence does not sample the model itself, so that there is nothing to compare with exact moments."
		return nil
	case len(task.Given) > 0:
		page.MomentText = "The model is sampled given the data's conditions; exact moments are not computed for each of these."
		return nil
	}
	answer, err := exact.Solve(page.Graph, smallModel)
	var why *diag.Problem
	switch {
	case errors.As(err, &why) && why.Class != diag.Limit:
		page.MomentText = fmt.Sprintf("Exact moments are not known: %s.", why.Text)
		return nil
	case err != nil:
		page.MomentText = fmt.Sprintf("Exact moments are computed for small models, of about %d joint states; this one is larger.", smallModel.States)
		return nil
	}
	addMoments(m, g, answer, page)
	return nil
}

// addMoments puts sampled beside exact moments, for rows of one and of two discrete
// nodes.
func addMoments(m *gen.Model, g *train.Gradient, answer *exact.Answer, page *report.Training) {
	joint := map[[2]int32][][]float64{}
	for _, p := range answer.Pairs {
		joint[[2]int32{p.A, p.B}] = p.Joint
	}
	left, total := 0, 0
	for i := range g.Factors {
		f := &g.Factors[i]
		x := factorNamed(m.Graph, f.Name)
		if x == nil {
			continue
		}
		size := len(f.Negative) / max(f.Rows, 1)
		for k, sampled := range f.Negative {
			value, ok := exactMoment(x, answer, joint, k/size, k%size)
			if total++; !ok || len(page.Moments) >= mostMoments {
				left++
				continue
			}
			page.Moments = append(page.Moments, report.Moment{Name: momentName(m, f, k), Exact: value, Sampled: sampled, SE: f.NegativeSE[k]})
		}
	}
	if left > 0 {
		page.MomentText = fmt.Sprintf("%d of %s are not compared: those of continuous nodes or of more than two, and all beyond the first %d.", left, plural(total, "moment"), mostMoments)
	}
}

func factorNamed(g *graph.Graph, name string) *graph.Factor {
	for i := range g.Factors {
		if g.Factors[i].Name == name {
			return &g.Factors[i]
		}
	}
	return nil
}

// exactMoment is the mean of the product of a row's spins, times that its
// categoricals pick an entry of the table.
func exactMoment(f *graph.Factor, a *exact.Answer, joint map[[2]int32][][]float64, row, entry int) (float64, bool) {
	n := len(f.Slots)
	nodes := f.Index[row*n : row*n+n]
	// what a slot's node contributes in a state; the entry has an axis for each
	// categorical slot.
	axes := make([]int, n)
	for i := n - 1; i >= 0; i-- {
		if f.Slots[i].Kind == graph.Categorical {
			axes[i] = entry % f.Slots[i].States
			entry /= f.Slots[i].States
		}
	}
	part := func(slot, state int) float64 {
		switch f.Slots[slot].Kind {
		case graph.Spin:
			return float64(2*state - 1)
		case graph.Categorical:
			if state == axes[slot] {
				return 1
			}
		}
		return 0
	}
	sum := 0.0
	switch {
	case slices.ContainsFunc(f.Slots, func(s graph.Slot) bool { return s.Kind == graph.Continuous }):
		return 0, false
	case n == 1:
		for state, p := range a.Marginal[nodes[0]] {
			sum += p * part(0, state)
		}
		return sum, true
	case n == 2:
		first, second := 0, 1
		if nodes[0] > nodes[1] {
			first, second = 1, 0
		}
		table := joint[[2]int32{nodes[first], nodes[second]}]
		for x, line := range table {
			for y, p := range line {
				sum += p * part(first, x) * part(second, y)
			}
		}
		return sum, table != nil
	}
	return 0, false
}

// addStates takes states of the trained model, from chains of their own after the
// model's warm-up, and examples.
func addStates(ctx context.Context, m *gen.Model, t *train.Trainer, page *report.Training) error {
	task := t.Task()
	at := func(e train.Examples, i, n int) []int32 { return e.Values[i%e.Rows*n : (i%e.Rows+1)*n] }
	for i := range min(shownStates, task.Data.Rows) {
		page.Examples = append(page.Examples, at(task.Data, i, len(task.Visible)))
	}
	s, err := sampling.NewSampler(task.Negative.Model, sampling.Options{Chains: shownStates, Seed: task.Seed, Threads: task.Threads})
	if err != nil {
		return err
	}
	if err := t.Give(s); err != nil {
		return err
	}
	if given := len(task.Given); given > 0 {
		held := sampling.Clamp{Nodes: task.Given, Chains: shownStates}
		for i := range shownStates {
			held.Values = append(held.Values, at(task.Condition, i, given)...)
		}
		if err := s.SetClamp(held); err != nil {
			return err
		}
	}
	s.Init()
	if err := s.Run(ctx, sampling.Schedule{Warmup: m.Program.Sample.Warmup, Samples: 1, StepsPerSample: 1}, false); err != nil {
		return err
	}
	for c := range shownStates {
		page.States = append(page.States, s.State(c, nil))
	}
	return nil
}
