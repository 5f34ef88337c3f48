package gen

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/train"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// TrainingTask is the training section of a loaded model, its data read and both
// phases lowered.
func TrainingTask(m *Model) (*train.Task, *diag.List) {
	t, list := graph.BuildTraining(m.Spec, m.files)
	if list.Len() > 0 {
		return nil, m.placed(list)
	}
	task := &train.Task{
		Visible: t.Visible, Data: train.Examples(t.Data), Given: t.Given, Condition: train.Examples(t.Condition),
		HeldOut: train.Examples(t.HeldOut), HeldOutCondition: train.Examples(t.HeldOutCondition),
	}
	s := m.Spec.Train
	settings(task, s)
	programs, list := lowered(m, t)
	if list.Len() > 0 {
		return nil, list
	}
	task.Positive, task.Negative = phaseOf(programs[0], m.Program), phaseOf(programs[1], m.Program)
	return task, &diag.List{}
}

// lowered are the programs of the positive and the negative phase.
func lowered(m *Model, t *graph.Training) (programs [2]*ir.Program, list *diag.List) {
	for i, g := range []*graph.Graph{t.Positive, t.Negative} {
		if programs[i], list = pass.Lower(g); list.Len() > 0 {
			return programs, m.placed(list)
		}
	}
	return programs, list
}

// TrainingPrograms are what samples in the phases of a TrainingTask, for targets that
// emit code: the model's program with the blocks of the positive and the negative phase.
// Clamps and starts are those of the model; each step brings its own.
func TrainingPrograms(m *Model) (programs [2]*ir.Program, list *diag.List) {
	t, list := graph.BuildTraining(m.Spec, m.files)
	if list.Len() > 0 {
		return programs, m.placed(list)
	}
	phases, list := lowered(m, t)
	for i, p := range phases {
		if list.Len() > 0 {
			break
		}
		q := *m.Program
		q.Sweep, q.Sample = p.Sweep, p.Sample
		programs[i] = &q
	}
	return programs, list
}

// phaseOf is a phase's program as a model of the runtime. What it clamps stands
// for values that each step brings, so only the model's own clamps stay.
func phaseOf(p, whole *ir.Program) train.Phase {
	x, own := golang.Model(p), golang.Model(whole)
	x.Hash, x.Clamps, x.Format = own.Hash, own.Clamps, own.Format
	return train.Phase{Model: x, Chains: p.Sample.Chains,
		Schedule: sampling.Schedule{Warmup: p.Sample.Warmup, Samples: p.Sample.Samples, StepsPerSample: p.Sample.StepsPerSample}}
}

// settings takes over what is written, and the defaults of what is not.
func settings(task *train.Task, s *spec.Train) {
	whole := func(x spec.Int, otherwise int) int {
		if x.Ok {
			return int(x.V)
		}
		return otherwise
	}
	float := func(x spec.Float, otherwise float64) float64 {
		if x.Ok {
			return x.V
		}
		return otherwise
	}
	task.Batch, task.Epochs, task.K = whole(s.Batch, 0), whole(s.Epochs, 1), whole(s.K, 1)
	task.Seed = s.Seed.V
	task.Buffer, task.Fresh = whole(s.Buffer, 0), float(s.Fresh, 0)
	task.Sigma, task.Projections = float(s.Sigma, 0.1), whole(s.Projections, 1)
	switch s.Loss.Text {
	case "cd":
		task.Loss, task.Start = train.CD, train.StartData
	case "score_matching":
		task.Loss = train.ScoreMatching
	case "sliced":
		task.Loss = train.Sliced
	case "denoising":
		task.Loss = train.Denoising
	}
	switch s.Start.Text {
	case "data":
		task.Start = train.StartData
	case "noise":
		task.Start = train.StartNoise
	case "persistent":
		task.Start = train.StartPersistent
	}
	o := s.Optimizer
	task.Optimizer = train.Optimizer{Rate: float(s.LearningRate, 0.01), RateEnd: float(s.RateEnd, 0), Geometric: s.RateShape.Text == "geometric", WeightDecay: float(s.WeightDecay, 0), Momentum: float(o.Momentum, 0)}
	if o.Name.Text == "adam" {
		task.Optimizer.Rule = train.Adam
		task.Optimizer.Beta1, task.Optimizer.Beta2, task.Optimizer.Epsilon = float(o.Beta1, 0.9), float(o.Beta2, 0.999), float(o.Epsilon, 1e-8)
	}
}
