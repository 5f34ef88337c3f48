package spec

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

var (
	trainKeys = []string{
		"data", "visible", "condition", "batch", "epochs", "loss", "k", "start", "buffer", "fresh", "sigma", "projections", "learning_rate",
		"optimizer", "weight_decay", "seed", "positive", "negative", "held_out",
	}
	phaseKeys = []string{"blocks", "init", "chains", "warmup", "samples", "steps_per_sample"}
)

// train reads the training section. Package graph checks what it refers to.
func (p *parser) train(f fields) {
	k, v := f.find("train")
	if v == nil {
		return
	}
	t, ok := p.fields(v, "train", trainKeys...)
	if !ok {
		return
	}
	out := &Train{Pos: k.pos()}
	before := p.problems.Len()
	if d := t.need("data", "data: f.npz#key, a nested list or {bernoulli: 0.5, rows: 50, seed: 3}"); d != nil {
		out.Data = p.data(d, "train.data")
	}
	if h := t.get("held_out"); h != nil {
		out.HeldOut = p.data(h, "train.held_out")
	}
	if r := t.need("visible", "visible: and the nodes that the data are of"); r != nil {
		out.Visible = p.ref(r, "train.visible")
	}
	out.Condition = p.condition(t)
	out.Batch = t.integer("batch", 1, maxCount)
	out.Epochs = t.integer("epochs", 1, maxCount)
	out.K = t.integer("k", 1, maxCount)
	out.Loss = t.choice("loss", "kl", "cd", "score_matching", "sliced", "denoising")
	out.Start = t.choice("start", "data", "noise", "persistent")
	out.Sigma = t.floatIn("sigma", 0, math.Inf(1), true)
	out.Projections = t.integer("projections", 1, 256)
	out.Buffer = t.integer("buffer", 1, maxCount)
	out.Fresh = t.floatIn("fresh", 0, 1, false)
	p.learningRate(t, out)
	out.WeightDecay = t.floatIn("weight_decay", 0, math.Inf(1), false)
	if n := t.get("seed"); n != nil {
		out.Seed = p.seed(n, "train.seed")
	}
	out.Optimizer = p.optimizer(t)
	out.Positive = p.phase(t, "positive")
	out.Negative = p.phase(t, "negative")
	if p.problems.Len() == before {
		p.spec.Train = out
	}
}

// ScoreMatching tells the losses that run no chains.
func (t *Train) ScoreMatching() bool {
	return t.Loss.Text == "score_matching" || t.Loss.Text == "sliced" || t.Loss.Text == "denoising"
}

// data reads a file, a nested list or a generated table; nil if it is none.
func (p *parser) data(n *node, what string) *Data {
	out := &Data{Pos: n.pos()}
	switch n.kind {
	case scalar:
		out.File = p.fileName(n, what)
	case list:
		out.List = p.numbers(n, what)
	case mapping:
		f, _ := p.fields(n, what, "bernoulli", "rows", "seed", "file")
		switch v := p.oneOf(f, "bernoulli", "file"); v.key {
		case "bernoulli":
			out.P = p.floatIn(v.value, f.path("bernoulli"), 0, 1, false)
			if rows := f.need("rows", "rows: and the number of examples"); rows != nil {
				out.Rows = p.integer(rows, f.path("rows"), 1, maxCount)
			}
			out.Seed = f.seed("seed")
		case "file":
			f.only("goes with bernoulli only", "rows", "seed")
			out.File = p.fileName(v.value, f.path("file"))
		}
	}
	if out.File == nil && out.List == nil && !out.P.Ok {
		return nil
	}
	return out
}

func (p *parser) condition(t fields) (out []Condition) {
	v := t.get("condition")
	if v == nil {
		return nil
	}
	if v.kind != mapping {
		p.expected(v, "train.condition", "a mapping of references to data")
		return nil
	}
	for i := 0; i < len(v.items); i += 2 {
		key, value := &v.items[i], &v.items[i+1]
		c := Condition{Ref: p.oneRef(key, "train.condition")}
		if value.isNull() {
			p.add(key, diag.Empty, "train.condition.%s has no value", key.text).Help = "write the data that these nodes are held at, or remove it"
			continue
		}
		c.Data = p.data(value, join("train.condition", key.text))
		out = append(out, c)
	}
	return out
}

// learningRate reads a number, or {from, to, shape}.
func (p *parser) learningRate(t fields, out *Train) {
	v := t.get("learning_rate")
	if v == nil {
		return
	}
	if v.kind != mapping {
		out.LearningRate = t.floatIn("learning_rate", 0, math.Inf(1), true)
		return
	}
	f, _ := p.fields(v, "train.learning_rate", "from", "to", "shape")
	out.RateShape = f.choice("shape", "linear", "geometric")
	if f.need("from", "from: and the rate of the first step") != nil {
		out.LearningRate = f.floatIn("from", 0, math.Inf(1), true)
	}
	if f.need("to", "to: and the rate of the last step") != nil {
		out.RateEnd = f.floatIn("to", 0, math.Inf(1), true)
	}
}

// optimizer reads sgd, adam, {sgd: {momentum}} or {adam: {beta1, beta2, epsilon}}.
func (p *parser) optimizer(t fields) (out Optimizer) {
	v := t.get("optimizer")
	if v == nil {
		return out
	}
	what := "train.optimizer"
	if v.kind != mapping {
		out.Name = p.choice(v, what, "sgd", "adam")
		return out
	}
	f, _ := p.fields(v, what, "sgd", "adam")
	form := p.oneOf(f, "sgd", "adam")
	switch form.key {
	case "sgd":
		if g, ok := p.fields(form.value, what+".sgd", "momentum"); ok {
			out.Momentum = g.floatBelow("momentum", 1)
		}
	case "adam":
		if g, ok := p.fields(form.value, what+".adam", "beta1", "beta2", "epsilon"); ok {
			out.Beta1 = g.floatBelow("beta1", 1)
			out.Beta2 = g.floatBelow("beta2", 1)
			out.Epsilon = g.floatIn("epsilon", 0, math.Inf(1), true)
		}
	default:
		return out
	}
	out.Name = Name{Text: form.key, Pos: form.name.pos()}
	return out
}

// floatBelow reads a number in [0, end).
func (f fields) floatBelow(key string, end float64) Float {
	x := f.floatIn(key, 0, end, false)
	if x.Ok && x.V == end {
		f.p.problems.Addf(x.Pos, diag.OutOfRange, "%s must be below %v", f.path(key), end)
	}
	return x
}

// phase reads the schedule of one of the two phases of a step.
func (p *parser) phase(t fields, key string) (out Phase) {
	v := t.get(key)
	if v == nil {
		return out
	}
	out.Pos = v.pos()
	f, ok := p.fields(v, t.path(key), phaseKeys...)
	if !ok {
		return out
	}
	if n := f.get("blocks"); n != nil {
		out.BlocksPos = n.pos()
		out.Blocks = p.blockList(n, f.path("blocks"))
	}
	if n := f.get("init"); n != nil {
		init := p.init(n, f.path("init"))
		out.Init = &init
	}
	before := p.problems.Len()
	out.Chains = f.integer("chains", 1, math.MaxInt64)
	out.Warmup = f.integer("warmup", 0, math.MaxInt64)
	out.Samples = f.integer("samples", 1, math.MaxInt64)
	out.StepsPerSample = f.integer("steps_per_sample", 1, math.MaxInt64)
	if p.problems.Len() == before {
		p.checkPhase(v, t.path(key), &out)
	}
	return out
}

// checkPhase counts the sweeps of a phase, with what it takes from sample.
func (p *parser) checkPhase(n *node, what string, phase *Phase) {
	if !phase.Chains.Ok && !phase.Warmup.Ok && !phase.Samples.Ok && !phase.StepsPerSample.Ok {
		return
	}
	all := p.spec.Sample
	for _, c := range []struct {
		from Int
		to   *Int
	}{{phase.Chains, &all.Chains}, {phase.Warmup, &all.Warmup}, {phase.Samples, &all.Samples}, {phase.StepsPerSample, &all.StepsPerSample}} {
		if c.from.Ok {
			*c.to = c.from
		}
	}
	p.checkSweeps(n, what, &all)
}
