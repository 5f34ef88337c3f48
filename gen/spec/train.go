package spec

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

var (
	trainKeys = []string{
		"data", "visible", "condition", "batch", "epochs", "loss", "k", "start", "learning_rate",
		"optimizer", "weight_decay", "seed", "positive", "negative", "held_out",
	}
	phaseKeys = []string{"blocks", "init", "chains", "warmup", "samples", "steps_per_sample"}
)

// train checks the training section; of its values only the place is kept.
func (p *parser) train(f fields) {
	k, v := f.find("train")
	if v == nil {
		return
	}
	pos := k.pos()
	p.spec.Train = &pos
	t, ok := p.fields(v, "train", trainKeys...)
	if !ok {
		return
	}
	if d := t.need("data", "data: f.npz#key, a nested list or {bernoulli: 0.5, rows: 50, seed: 3}"); d != nil {
		p.trainData(d, "train.data")
	}
	if h := t.get("held_out"); h != nil {
		p.trainData(h, "train.held_out")
	}
	if r := t.need("visible", "visible: and the nodes that the data are of"); r != nil {
		p.ref(r, "train.visible")
	}
	p.condition(t)
	t.integer("batch", 1, maxCount)
	t.integer("epochs", 1, maxCount)
	t.integer("k", 1, maxCount)
	t.choice("loss", "kl", "cd")
	t.choice("start", "data", "noise", "persistent")
	t.floatIn("learning_rate", 0, math.Inf(1), true)
	t.floatIn("weight_decay", 0, math.Inf(1), false)
	if n := t.get("seed"); n != nil {
		p.seed(n, "train.seed")
	}
	p.optimizer(t)
	p.phase(t, "positive")
	p.phase(t, "negative")
}

// trainData reads a file, a nested list or a generated table.
func (p *parser) trainData(n *node, what string) {
	switch n.kind {
	case scalar:
		p.fileName(n, what)
	case list:
		p.numbers(n, what)
	case mapping:
		f, _ := p.fields(n, what, "bernoulli", "rows", "seed", "file")
		switch v := p.oneOf(f, "bernoulli", "file"); v.key {
		case "bernoulli":
			p.floatIn(v.value, f.path("bernoulli"), 0, 1, false)
			if rows := f.need("rows", "rows: and the number of examples"); rows != nil {
				p.integer(rows, f.path("rows"), 1, maxCount)
			}
			f.seed("seed")
		case "file":
			f.only("goes with bernoulli only", "rows", "seed")
			p.fileName(v.value, f.path("file"))
		}
	}
}

func (p *parser) condition(t fields) {
	v := t.get("condition")
	if v == nil {
		return
	}
	if v.kind != mapping {
		p.expected(v, "train.condition", "a mapping of references to data")
		return
	}
	for i := 0; i < len(v.items); i += 2 {
		p.oneRef(&v.items[i], "train.condition")
		if v.items[i+1].isNull() {
			p.add(&v.items[i], diag.Empty, "train.condition.%s has no value", v.items[i].text)
			continue
		}
		p.trainData(&v.items[i+1], join("train.condition", v.items[i].text))
	}
}

// optimizer reads sgd, adam or {adam: {beta1, beta2, epsilon}}.
func (p *parser) optimizer(t fields) {
	v := t.get("optimizer")
	if v == nil {
		return
	}
	what := "train.optimizer"
	if v.kind != mapping {
		p.choice(v, what, "sgd", "adam")
		return
	}
	f, _ := p.fields(v, what, "sgd", "adam")
	switch form := p.oneOf(f, "sgd", "adam"); form.key {
	case "sgd":
		if g, ok := p.fields(form.value, what+".sgd", "momentum"); ok {
			g.floatIn("momentum", 0, 1, false)
		}
	case "adam":
		if g, ok := p.fields(form.value, what+".adam", "beta1", "beta2", "epsilon"); ok {
			g.floatIn("beta1", 0, 1, false)
			g.floatIn("beta2", 0, 1, false)
			g.floatIn("epsilon", 0, math.Inf(1), false)
		}
	}
}

// phase reads the schedule of one of the two phases of a step.
func (p *parser) phase(t fields, key string) {
	v := t.get(key)
	if v == nil {
		return
	}
	f, ok := p.fields(v, t.path(key), phaseKeys...)
	if !ok {
		return
	}
	if n := f.get("blocks"); n != nil {
		p.blockList(n, f.path("blocks"))
	}
	if n := f.get("init"); n != nil {
		p.init(n, f.path("init"))
	}
	f.integer("chains", 1, maxCount)
	f.integer("warmup", 0, math.MaxInt64)
	f.integer("samples", 1, math.MaxInt64)
	f.integer("steps_per_sample", 1, math.MaxInt64)
}
