package models

// Training is how the weights that are data are learned. What is 0, "" or nil has
// the default of a model file.
type Training struct {
	Data         TrainingData
	Visible      Nodes
	Condition    []Condition
	Batch        int
	Epochs       int
	Loss         string // kl, cd, score_matching, sliced or denoising
	Buffer       int
	Fresh        float64
	Sigma        float64
	Projections  int
	K            int
	Start        string // data, noise or persistent
	LearningRate float64
	RateEnd      float64 // the learning rate of the last step, where it changes
	RateShape    string  // linear or geometric
	Optimizer    Optimizer
	WeightDecay  float64
	Seed         uint64
	Positive     Phase
	Negative     Phase
	HeldOut      TrainingData
}

// TrainingData are examples: Data, or Bernoulli.
type TrainingData interface{ numbers() *value }

type bernoulli struct{ value *value }

func (b bernoulli) numbers() *value { return b.value }

// Bernoulli draws examples whose nodes are up with probability p.
func Bernoulli(p float64, rows int, seed int64) TrainingData {
	at := here()
	return bernoulli{mapping(at, field{"bernoulli", number(at.at(1), p)}, field{"rows", integer(at.at(2), rows)}, field{"seed", integer(at.at(3), seed)})}
}

// Condition gives the data of nodes that are conditioned on.
type Condition struct {
	Nodes Nodes
	Data  TrainingData
}

// Optimizer is SGD or Adam.
type Optimizer interface{ optimizer(p place) *value }

// SGD is stochastic gradient descent.
type SGD struct{ Momentum float64 }

// Adam is Adam; what is 0 has its usual value.
type Adam struct{ Beta1, Beta2, Epsilon float64 }

func (o SGD) optimizer(p place) *value {
	f := fieldsOf{p: p}
	f.number("momentum", "Momentum", o.Momentum)
	return named(p, "sgd", f.list)
}

func (o Adam) optimizer(p place) *value {
	f := fieldsOf{p: p}
	f.number("beta1", "Beta1", o.Beta1)
	f.number("beta2", "Beta2", o.Beta2)
	f.number("epsilon", "Epsilon", o.Epsilon)
	return named(p, "adam", f.list)
}

// named is a word, or the word with what there is to say.
func named(p place, word string, fields []field) *value {
	if len(fields) == 0 {
		return text(p, word)
	}
	return mapping(p, field{word, mapping(p, fields...)})
}

// Phase is the schedule of one of the two expectations of a gradient. What is 0
// or nil is as in Schedule, None is 0.
type Phase struct {
	Blocks         []Block
	Init           Start
	Chains         int
	Warmup         int
	Samples        int
	StepsPerSample int
}

// Train sets the training section.
func (m *Model) Train(t Training) {
	f := fieldsOf{p: here().at(1)}
	if t.Data != nil {
		f.value("data", t.Data.numbers())
	}
	if t.Visible != nil {
		f.value("visible", m.own(t.Visible, f.p.in("Visible")).value)
	}
	if len(t.Condition) > 0 {
		f.value("condition", m.conditions(f.p.in("Condition"), t.Condition))
	}
	f.count("batch", "Batch", t.Batch)
	f.count("epochs", "Epochs", t.Epochs)
	f.word("loss", "Loss", t.Loss)
	f.count("buffer", "Buffer", t.Buffer)
	f.number("fresh", "Fresh", t.Fresh)
	f.number("sigma", "Sigma", t.Sigma)
	f.count("projections", "Projections", t.Projections)
	f.count("k", "K", t.K)
	f.word("start", "Start", t.Start)
	f.rate(&t)
	if t.Optimizer != nil {
		f.value("optimizer", t.Optimizer.optimizer(f.p.in("Optimizer")))
	}
	f.number("weight_decay", "WeightDecay", t.WeightDecay)
	if t.Seed != 0 {
		f.value("seed", integer(f.p.in("Seed"), t.Seed))
	}
	m.phase(&f, "positive", "Positive", t.Positive)
	m.phase(&f, "negative", "Negative", t.Negative)
	if t.HeldOut != nil {
		f.value("held_out", t.HeldOut.numbers())
	}
	m.set("train", mapping(f.p, f.list...))
}

// rate is the learning rate, or where it goes from and to.
func (f *fieldsOf) rate(t *Training) {
	if t.RateEnd == 0 && t.RateShape == "" {
		f.number("learning_rate", "LearningRate", t.LearningRate)
		return
	}
	ends := fieldsOf{p: f.p}
	ends.number("from", "LearningRate", t.LearningRate)
	ends.number("to", "RateEnd", t.RateEnd)
	ends.word("shape", "RateShape", t.RateShape)
	f.value("learning_rate", mapping(f.p, ends.list...))
}

func (m *Model) conditions(p place, list []Condition) *value {
	v := mapping(p)
	for _, c := range list {
		r := m.own(c.Nodes, p)
		given := bad(p, "", "no data are given")
		if c.Data != nil {
			given = c.Data.numbers()
		}
		if r.bad() {
			given = r.value
		}
		v.fields = append(v.fields, field{r.bare, given})
	}
	return v
}

func (m *Model) phase(to *fieldsOf, key, name string, s Phase) {
	f := fieldsOf{p: to.p.in(name)}
	if len(s.Blocks) > 0 {
		f.value("blocks", m.blockList(f.p.in("Blocks"), s.Blocks))
	}
	if s.Init != nil {
		f.value("init", s.Init.start(f.p.in("Init")))
	}
	f.schedule(s.Chains, s.Warmup, s.Samples, s.StepsPerSample)
	if len(f.list) > 0 {
		to.value(key, mapping(f.p, f.list...))
	}
}
