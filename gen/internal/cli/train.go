package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/train"
)

// trainFlags are the flags of train.
type trainFlags struct {
	out, checkpoint, resume, report string
	target                          string
	devices                         []int
	every, epochs, threads          int
	again                           []string // command line for the same weights
}

func (c *command) train() *cobra.Command {
	var o trainFlags
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Fit the runtime weights to data",
		Long: `Runs the training section of the model: gradient descent on the divergence
between the data and the model's visible nodes (loss kl), or contrastive
divergence (loss cd). Prints a learning curve, and writes the weights with --out:
an .npz with one array for each runtime factor, by its name. --report makes a page
with the curve, samples beside data, and of small models exact beside sampled
moments.

A checkpoint holds all that a run needs to go on from it bit for bit. It is
written every so many epochs, at the end, and when the run is interrupted or fails.

Columns: the learning rate, the norm of the last gradient, the gap βE₊ - βE₋ between
both phases' mean energies (mean of the epoch; it goes to 0), and the score of
training and held-out examples: the mean over examples of Σ log p(v | all other nodes)
over the visible nodes v, in nats (where there are held-out examples). For a
continuous node p is a density, so that scores may be above 0; where an energy that is no
polynomial of degree 2 touches a visible node there is no score.

With --target cuda both phases are sampled on a GPU, with --target shim by the same
kernels on the CPU; the weights are the same, bit for bit. New weights are data for the
kernels: nothing is compiled again from step to step.`,
		Example: `  thrmlgen train model.yaml --out weights.npz
  thrmlgen train model.yaml --out weights.npz --checkpoint c.npz --every 10
  thrmlgen train model.yaml --out weights.npz --resume c.npz --epochs 200
  thrmlgen train model.yaml --out weights.npz --report training.html
  thrmlgen train model.yaml --out weights.npz --target cuda`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.again = trainAgain(cmd, args)
			if err := c.trainFlags(cmd, &o); err != nil {
				return err
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			if needsCode(m) {
				return noCodeIn("", m)
			}
			task, err := c.task(m, o.threads)
			if err != nil {
				return err
			}
			done, err := c.trainOn(cmd.Context(), m, task, &o)
			if err != nil {
				return err
			}
			defer done()
			return c.fit(cmd.Context(), m, task, &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "", "write the weights to this .npz `file`")
	f.StringVar(&o.report, "report", "", "write a page with the learning curve to this .html `file`")
	f.StringVar(&o.checkpoint, "checkpoint", "", "write checkpoints to this `file`")
	f.IntVar(&o.every, "every", 10, "epochs from one checkpoint to the next")
	f.StringVar(&o.resume, "resume", "", "go on from a checkpoint `file`")
	f.IntVar(&o.epochs, "epochs", 0, "epochs in all (default: the model's)")
	f.IntVar(&o.threads, "threads", runtime.GOMAXPROCS(0), "number of threads; it changes no weight")
	f.StringVar(&o.target, "target", "table", "what samples: "+strings.Join(trainTargets, ", "))
	f.IntSliceVar(&o.devices, "devices", []int{0}, "GPUs that share the chains, with --target cuda; they change no weight")
	return c.modelCommand(cmd)
}

func (c *command) trainFlags(cmd *cobra.Command, o *trainFlags) error {
	if cmd.Flags().Changed("epochs") {
		if o.epochs < 1 {
			return usage("--epochs %d: at least 1 is needed", o.epochs)
		}
		c.sets = append(c.sets, fmt.Sprintf("train.epochs=%d", o.epochs))
	}
	if o.every < 1 {
		return usage("--every %d: at least 1 is needed", o.every)
	}
	if cmd.Flags().Changed("every") && o.checkpoint == "" {
		return usage("--every says how often a checkpoint is written; --checkpoint names its file")
	}
	if err := checkThreads(o.threads); err != nil {
		return err
	}
	if !slices.Contains(trainTargets, o.target) {
		return unknownWord("--target", o.target, trainTargets)
	}
	if err := devicesFor(cmd, o.target, o.devices); err != nil {
		return err
	}
	for _, f := range []string{"out", "checkpoint", "resume", "report"} {
		if x := cmd.Flags().Lookup(f); x.Changed && x.Value.String() == "" {
			return usage("--%s: the name of a file is needed", f)
		}
	}
	if o.out != "" && !strings.HasSuffix(o.out, ".npz") {
		return usage("--out %s: a name ending in .npz is needed", o.out)
	}
	if o.out != "" && o.out == o.checkpoint {
		return usage("--out and --checkpoint name the same file")
	}
	for _, f := range []string{o.out, o.checkpoint} {
		if err := canHold(f); err != nil {
			return err
		}
	}
	return pagePlace("--report", o.report)
}

// task reads the training section of a model.
func (c *command) task(m *gen.Model, threads int) (*train.Task, error) {
	task, list := gen.TrainingTask(m)
	if err := list.Err(); err != nil {
		return nil, err
	}
	task.Threads = threads
	return task, nil
}

// epoch is one row of the learning curve. Scores are NaN where they were not
// taken.
type epoch struct {
	epoch             int
	rate, norm, gap   float64
	loss              float64 // of score matching; else NaN
	score, scoreOther float64
	took              time.Duration // of the steps
}

// fit trains to the end, or to the first problem.
func (c *command) fit(ctx context.Context, m *gen.Model, task *train.Task, o *trainFlags) error {
	t, err := train.NewTrainer(*task)
	if err != nil {
		return wrong("%s", strings.TrimPrefix(err.Error(), "train: "))
	}
	if o.resume != "" {
		if err := loadCheckpoint(t, o.resume); err != nil {
			return err
		}
	}
	if task.HeldOut.Rows > 0 && !t.Scores() && !c.quiet {
		fmt.Fprintln(c.err, "examples have no score: a visible node is in an energy that no weights serve, so that its conditional has no closed form")
	}
	c.clearsUp.Store(true)
	began := time.Now()
	curve, failed := c.epochs(ctx, t, o)
	if failed != nil && o.checkpoint != "" {
		// The weights are those before the step that failed.
		if err := saveCheckpoint(context.WithoutCancel(ctx), t, o.checkpoint); err != nil {
			return errors.Join(err, failed)
		}
	}
	if failed != nil {
		return trainError(failed, o)
	}
	if o.checkpoint != "" {
		if err := saveCheckpoint(ctx, t, o.checkpoint); err != nil {
			return err
		}
	}
	if o.out != "" {
		if err := writeWeights(ctx, t, o.out); err != nil {
			return err
		}
	}
	if err := reportTraining(ctx, m, t, curve, o); err != nil {
		return err
	}
	return c.trained(m, t, curve, time.Since(began), o)
}

func loadCheckpoint(t *train.Trainer, file string) error {
	err := t.Load(file)
	var bad *train.CheckpointError
	var path *fs.PathError
	switch {
	case errors.As(err, &bad):
		return wrong("--resume %s", bad).help("a run goes on with the model, data and options it began with; without --resume it begins anew")
	case errors.As(err, &path):
		return environment("--resume %s: %v", file, path.Err)
	case err != nil:
		return environment("--resume: %v", err)
	}
	return nil
}

func saveCheckpoint(ctx context.Context, t *train.Trainer, file string) error {
	if err := t.Save(ctx, file, "thrmlgen "+gen.Version); err != nil {
		return writeError(file, err)
	}
	return nil
}

// trainError is what ended training, with what was kept.
func trainError(err error, o *trainFlags) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if failed := (*sampling.DeviceError)(nil); errors.As(err, &failed) {
		f := environment("%v", failed)
		if o.checkpoint != "" {
			return f.help("%s holds the weights before this step", o.checkpoint)
		}
		return f
	}
	if lost := (*sampling.MoveFault)(nil); errors.As(err, &lost) {
		return newFault(3, diag.Model, diag.Diverged, "%v", []any{err}).help("use a smaller step_size, or a smaller train.learning_rate; --checkpoint keeps the weights before such a step")
	}
	code, take := diag.OutOfRange, "or take"
	if bad := (*sampling.PrecisionError)(nil); errors.As(err, &bad) {
		code, take = diag.Unbounded, "take"
	}
	f := newFault(3, diag.Model, code, "%v", []any{err})
	if o.checkpoint != "" {
		return f.help("%s a smaller train.learning_rate; %s holds the weights before this step", take, o.checkpoint)
	}
	return f.help("%s a smaller train.learning_rate; --checkpoint keeps the weights before such a step", take)
}

// epochs runs the epochs that are left.
func (c *command) epochs(ctx context.Context, t *train.Trainer, o *trainFlags) ([]epoch, error) {
	var curve []epoch
	per := t.StepsPerEpoch()
	show := !c.quiet && !c.json
	head := show
	for {
		done, all := t.Done()
		if all {
			return curve, nil
		}
		e := epoch{epoch: done/per + 1, loss: math.NaN(), score: math.NaN(), scoreOther: math.NaN()}
		if t.Task().Loss.Scores() {
			e.loss = 0
		}
		steps, began := 0, time.Now()
		for ; steps == 0 || done%per != 0; steps++ {
			s, err := t.Step(ctx)
			if err != nil {
				return curve, err
			}
			e.rate, e.norm, e.gap = s.Rate, s.Norm, e.gap+t.Task().Positive.Model.Beta*(s.Energy[0]-s.Energy[1])
			e.loss += s.Loss
			done++
		}
		e.gap /= float64(steps)
		e.loss /= float64(steps)
		e.took = time.Since(began)
		if held := t.Task().HeldOut; held.Rows > 0 && t.Scores() {
			var err error
			if e.score, err = t.Score(ctx, t.Task().Data, t.Task().Condition); err == nil {
				e.scoreOther, err = t.Score(ctx, held, t.Task().HeldOutCondition)
			}
			if err != nil {
				return curve, err
			}
		}
		curve = append(curve, e)
		if head {
			fmt.Fprintln(c.out, curveHead(e))
			head = false
		}
		if show {
			fmt.Fprintln(c.out, e.text())
		}
		if o.checkpoint != "" && e.epoch%o.every == 0 {
			if err := saveCheckpoint(ctx, t, o.checkpoint); err != nil {
				return curve, err
			}
		}
	}
}

func curveHead(e epoch) string {
	what := "gap"
	if !math.IsNaN(e.loss) {
		what = "loss"
	}
	head := fmt.Sprintf("%6s  %9s  %10s  %10s", "epoch", "rate", "|gradient|", what)
	if !math.IsNaN(e.score) {
		head += fmt.Sprintf("  %10s  %10s", "score", "held out")
	}
	return head
}

func (e epoch) text() string {
	value := e.gap
	if !math.IsNaN(e.loss) {
		value = e.loss
	}
	row := fmt.Sprintf("%6d  %9.3g  %10.4g  %10.4f", e.epoch, e.rate, e.norm, value)
	if !math.IsNaN(e.score) {
		row += fmt.Sprintf("  %10.4f  %10.4f", e.score, e.scoreOther)
	}
	return row
}

// writeWeights writes one array for each runtime factor, in the shape of its
// weights.
func writeWeights(ctx context.Context, t *train.Trainer, file string) error {
	err := observe.WriteWholeFile(ctx, file, func(w io.Writer) error {
		z := npy.NewNPZWriter(w)
		for _, name := range t.Names() {
			if err := z.Add(name, t.Shape(name), t.Weights(name)); err != nil {
				return err
			}
		}
		return z.Close()
	})
	if err != nil {
		return writeError(file, err)
	}
	return nil
}

// trained prints the result of training.
func (c *command) trained(m *gen.Model, t *train.Trainer, curve []epoch, took time.Duration, o *trainFlags) error {
	steps, _ := t.Done()
	if c.json {
		type row struct {
			Epoch     int      `json:"epoch"`
			Rate      float64  `json:"rate"`
			Gradient  float64  `json:"gradient_norm"`
			Gap       float64  `json:"gap"`
			Loss      *float64 `json:"loss,omitempty"`
			Score     *float64 `json:"score,omitempty"`
			HeldScore *float64 `json:"held_out_score,omitempty"`
		}
		rows, inSteps := []row{}, 0.0
		for _, e := range curve {
			inSteps += e.took.Seconds()
			r := row{Epoch: e.epoch, Rate: e.rate, Gradient: e.norm, Gap: e.gap}
			if !math.IsNaN(e.loss) {
				r.Loss = &e.loss
			}
			if !math.IsNaN(e.score) {
				r.Score, r.HeldScore = &e.score, &e.scoreOther
			}
			rows = append(rows, r)
		}
		return writeJSON(c.out, map[string]any{"model": m.Graph.Model, "hash": m.Graph.Hash(), "steps": steps, "seed": t.Task().Seed,
			"seconds": took.Seconds(), "step_seconds": inSteps, "epochs": rows, "factors": t.Names()})
	}
	if c.quiet {
		return nil
	}
	fmt.Fprintf(c.out, "%s in %s\n", plural(steps, "step"), took.Round(time.Millisecond))
	for _, f := range []string{o.out, o.checkpoint, o.report} {
		if f != "" {
			fmt.Fprintf(c.out, "wrote %s\n", f)
		}
	}
	if o.out == "" && o.checkpoint == "" {
		fmt.Fprintln(c.err, "the weights were not kept: --out writes them")
	}
	return nil
}
