package train

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Loss is what the negative phase estimates.
type Loss uint8

const (
	KL            Loss = iota // the model's law, by the negative phase's schedule
	CD                        // contrastive divergence: k sweeps from where the chains start
	ScoreMatching             // see scorematch.go, as the losses that follow
	Sliced
	Denoising
)

// Start is where the negative chains of a step begin.
type Start uint8

const (
	StartNoise      Start = iota // a new initial state
	StartData                    // the positive phase's last states (CD only)
	StartPersistent              // where the step before left them
)

// Rule is how gradients move weights.
type Rule uint8

const (
	SGD Rule = iota
	Adam
)

// Task is all that decides a training run.
type Task struct {
	Positive, Negative Phase

	Visible []int32  // nodes that the data are of
	Data    Examples // of Visible
	Given   []int32  // nodes held at Condition in both phases
	// Condition has a row for each row of Data. Negative chain c is held at the
	// row of example c mod batch.
	Condition Examples

	Batch  int // examples of a step; 0: all
	Epochs int
	Loss   Loss
	K      int // sweeps of contrastive divergence
	Start  Start

	Buffer int     // of persistent chains: states that are kept, see buffer.go; 0: as many as chains
	Fresh  float64 // of persistent chains: the share that begins anew in every step

	Sigma       float64 // of denoising score matching
	Projections int     // of sliced score matching, for each example

	Optimizer Optimizer
	Seed      uint64
	Threads   int
	// Device makes what sweeps the chains of a phase, of which there may be several
	// numbers; nil: samplers do by themselves. It changes no weight.
	Device func(negative bool) sampling.Device

	HeldOut, HeldOutCondition Examples // scored after every epoch; may be empty
}

// Phase is the sampling of one phase of a step. Both phases' models have the same
// nodes and factors; their blocks and starts may differ.
type Phase struct {
	Model    *sampling.Model
	Chains   int // positive: for each example
	Schedule sampling.Schedule
}

// Examples are rows of node values, row-major: ±1, a category, or the bits of a
// float32 as sampling.FloatBits gives them.
type Examples struct {
	Rows   int
	Values []int32
}

// row is example i of a table with so many nodes.
func (e Examples) row(i, nodes int) []int32 { return e.Values[i*nodes : (i+1)*nodes] }

// Optimizer is how a gradient moves the weights. With g the gradient and λ
// WeightDecay, decoupled (Loshchilov, Hutter 2019):
//
//	SGD   u ← Momentum·u + g;                      W ← W - r·(u + λW)
//	Adam  m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g²;   W ← W - r·(m̂/(√v̂ + ε) + λW)
//
// with m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ) in step t (Kingma, Ba 2015). The rate r goes
// from Rate to RateEnd over the steps of the run, if RateEnd is set: linearly, or
// by equal factors if Geometric.
type Optimizer struct {
	Rule        Rule
	Rate        float64
	RateEnd     float64 // 0: Rate throughout
	Geometric   bool
	Momentum    float64
	Beta1       float64
	Beta2       float64
	Epsilon     float64
	WeightDecay float64
}

// check refuses numbers that make no step.
func (o *Optimizer) check() error {
	finite := func(x float64) bool { return math.Abs(x) <= math.MaxFloat64 }
	switch {
	case !(o.Rate > 0) || !finite(o.Rate) || !(o.RateEnd >= 0) || !finite(o.RateEnd):
		return fmt.Errorf("train: learning rate %v to %v", o.Rate, o.RateEnd)
	case !(o.Momentum >= 0 && o.Momentum < 1):
		return fmt.Errorf("train: momentum %v", o.Momentum)
	case !(o.WeightDecay >= 0) || !finite(o.WeightDecay):
		return fmt.Errorf("train: weight decay %v", o.WeightDecay)
	case !(o.Beta1 >= 0 && o.Beta1 < 1 && o.Beta2 >= 0 && o.Beta2 < 1):
		return fmt.Errorf("train: decays %v and %v of Adam", o.Beta1, o.Beta2)
	case o.Rule == Adam && (!(o.Epsilon > 0) || !finite(o.Epsilon)):
		return fmt.Errorf("train: epsilon %v of Adam", o.Epsilon)
	}
	return nil
}

// check refuses a task that cannot be trained.
func (t *Task) check() error {
	m := t.Positive.Model
	n := t.Negative.Model
	switch {
	case m == nil || n == nil:
		return fmt.Errorf("train: both phases need a model")
	case m.Nodes != n.Nodes || len(m.Factors) != len(n.Factors) || m.Hash != n.Hash:
		return fmt.Errorf("train: the phases are of different models")
	case len(t.Visible) == 0:
		return fmt.Errorf("train: no visible nodes")
	case t.Data.Rows < 1:
		return fmt.Errorf("train: no examples")
	case t.Batch < 0 || t.Batch > t.Data.Rows:
		return fmt.Errorf("train: a batch of %d of %d examples", t.Batch, t.Data.Rows)
	case t.Epochs < 0:
		return fmt.Errorf("train: %d epochs", t.Epochs)
	case t.Positive.Chains < 1 || t.Negative.Chains < 1:
		return fmt.Errorf("train: each phase needs at least one chain")
	case t.Loss == CD && t.K < 1:
		return fmt.Errorf("train: contrastive divergence of %d sweeps", t.K)
	case t.Buffer < 0 || t.Buffer > 0 && t.Buffer < t.Negative.Chains:
		return fmt.Errorf("train: a buffer of %d states for %d chains", t.Buffer, t.Negative.Chains)
	case !(t.Fresh >= 0 && t.Fresh <= 1):
		return fmt.Errorf("train: a share of %v of the chains begins anew", t.Fresh)
	case (t.Buffer > 0 || t.Fresh > 0) && t.Start != StartPersistent:
		return fmt.Errorf("train: a buffer is of persistent chains")
	case t.buffered() && len(t.Given) > 0:
		return fmt.Errorf("train: a buffer with conditions, which its states do not keep")
	case t.Loss == KL && t.Start == StartData:
		return fmt.Errorf("train: chains start at the data in contrastive divergence only")
	}
	if err := t.Optimizer.check(); err != nil {
		return err
	}
	for _, p := range []Phase{t.Positive, t.Negative} {
		if err := p.Schedule.Validate(); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	held := map[int32]bool{}
	for _, list := range [][]int32{t.Visible, t.Given} {
		for _, node := range list {
			if node < 0 || int(node) >= m.Nodes {
				return fmt.Errorf("train: node %d of %d", node, m.Nodes)
			}
			if held[node] {
				return fmt.Errorf("train: %s is given twice", m.NodeName(int(node)))
			}
			held[node] = true
		}
	}
	if t.Condition.Rows != t.Data.Rows && len(t.Given) > 0 || t.HeldOutCondition.Rows != t.HeldOut.Rows && len(t.Given) > 0 {
		return fmt.Errorf("train: conditions for %d of %d examples", t.Condition.Rows+t.HeldOutCondition.Rows, t.Data.Rows+t.HeldOut.Rows)
	}
	for _, n := range []int{t.batch(), t.Data.Rows % t.batch()} {
		if n > 0 && len(t.Given) > 0 && t.Loss == KL && t.Negative.Chains%n != 0 && !t.oneCondition() {
			return fmt.Errorf("train: %d negative chains for the conditions of %d examples; take a multiple", t.Negative.Chains, n)
		}
	}
	for _, x := range []struct {
		what  string
		nodes []int32
		e     Examples
	}{{"data", t.Visible, t.Data}, {"condition", t.Given, t.Condition}, {"held-out data", t.Visible, t.HeldOut}, {"held-out condition", t.Given, t.HeldOutCondition}} {
		if len(x.e.Values) != x.e.Rows*len(x.nodes) {
			return fmt.Errorf("train: %s: %d values for %d examples of %d nodes", x.what, len(x.e.Values), x.e.Rows, len(x.nodes))
		}
		for i, v := range x.e.Values {
			if err := m.CheckValue(int(x.nodes[i%len(x.nodes)]), v); err != nil {
				return fmt.Errorf("train: %s, example %d: %w", x.what, i/len(x.nodes), err)
			}
		}
	}
	if t.Loss.Scores() {
		if err := t.checkScores(); err != nil {
			return err
		}
	}
	for i := range m.Codes {
		if m.Codes[i].Directed {
			return fmt.Errorf("train: %s is directed; a model with interactions has no energy to take gradients of", m.Codes[i].Name)
		}
	}
	for i := range m.Factors {
		if m.Factors[i].Runtime {
			return nil
		}
	}
	if len(m.Formulas) > 0 {
		return nil
	}
	return fmt.Errorf("train: no factor has runtime weights; nothing can be trained")
}

func (t *Task) batch() int {
	if t.Batch == 0 {
		return t.Data.Rows
	}
	return t.Batch
}

// oneCondition says whether all examples have the same condition.
func (t *Task) oneCondition() bool {
	n := len(t.Given)
	for i, v := range t.Condition.Values {
		if v != t.Condition.Values[i%n] {
			return false
		}
	}
	return true
}
