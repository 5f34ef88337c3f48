package sampling

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// Adopt makes the sampler one of another version of its model: m differs from
// the model at hand in β, annealing, schedule, starts, clamps, bound, and the
// weights of runtime factors with the parameters that they follow from, nothing
// else. It takes a fraction of the time of NewSampler. States and the sweep number stay, but for clamped nodes, which
// take their values; Init then starts anew, as NewSampler does. What SetWeights,
// SetParams, SetBeta and SetClamp did is forgotten. Nothing changes when m is refused.
func (s *Sampler) Adopt(m *Model, seed uint64) error {
	if err := s.adoptable(m); err != nil {
		return err
	}
	model, weights, beta := s.model, slices.Clone(s.weights), s.beta
	given := m.AllWeights()
	first := m.Beta
	if len(m.Betas) > 0 {
		first = m.Betas[0]
	}
	s.model = m
	s.takeWeights(given, first)
	for _, b := range append([]float64{m.Beta}, m.Betas...) {
		if err := s.checkBeta(b); err != nil {
			s.model = model
			s.takeWeights(weights, beta)
			return err
		}
	}
	s.takeCodes(m.Codes)
	s.takeParams()
	if seed != s.seed {
		s.reseed(seed)
	}
	clear(s.clamped)
	s.clamps = slices.Clone(m.Clamps)
	for _, c := range s.clamps {
		for _, n := range c.Nodes {
			s.clamped[n] = true
		}
		s.applyClamp(c)
	}
	s.skipClamped()
	return nil
}

// adoptable refuses a model that is not a version of the sampler's own.
func (s *Sampler) adoptable(m *Model) error {
	is := s.model
	if m.Name != is.Name || m.Hash != is.Hash || m.Nodes != is.Nodes || len(m.Factors) != len(is.Factors) || len(m.Codes) != len(is.Codes) || len(m.Formulas) != len(is.Formulas) ||
		m.Format.Fraction != is.Format.Fraction || m.Format.Group != is.Format.Group || m.Format.Planes != is.Format.Planes || m.Format.Digit != is.Format.Digit || m.Format.LowBits != is.Format.LowBits {
		return fmt.Errorf("model %s is not a version of %s", m.Name, is.Name)
	}
	for i := range m.Factors {
		f, own := &m.Factors[i], &is.Factors[i]
		switch {
		case f.Rows != own.Rows || f.Shared != own.Shared || len(f.Weights) != len(own.Weights):
			return fmt.Errorf("factor %s has another shape than in the sampler's model", own.Name)
		case own.Runtime:
			if err := m.checkRange(f, f.Weights); err != nil {
				return err
			}
		case !slices.Equal(f.Weights, own.Weights):
			return bakedError(own.Name)
		}
	}
	for i := range m.Codes {
		if err := m.adoptableCode(i, is); err != nil {
			return err
		}
	}
	for _, c := range m.Clamps {
		if err := m.checkClamp(c); err != nil {
			return fmt.Errorf("clamp: %w", err)
		}
	}
	return m.checkInit()
}

// adoptableCode refuses a code factor with other parameters than the sampler's model
// has, unless a formula holds them; then some of another shape.
func (m *Model) adoptableCode(i int, is *Model) error {
	c, own := &m.Codes[i], &is.Codes[i]
	data := slices.ContainsFunc(is.Formulas, func(x Formula) bool {
		return slices.Contains(x.Codes, i)
	})
	if !slices.EqualFunc(c.Params, own.Params, func(p, q CodeParam) bool {
		return p.Shared == q.Shared && slices.Equal(p.Axes, q.Axes) && len(p.Values) == len(q.Values) && (data || slices.Equal(p.Values, q.Values))
	}) {
		return fmt.Errorf("factor %s has other parameters than in the sampler's model", own.Name)
	}
	return nil
}

// takeWeights replaces the weights of all factors and β, and makes the tables
// that follow from what has changed.
func (s *Sampler) takeWeights(weights [][]float64, beta float64) {
	changed := false
	for i, w := range weights {
		if slices.Equal(w, s.weights[i]) {
			continue
		}
		changed = true
		s.weights[i] = slices.Clone(w)
		s.setInts(i, w)
	}
	switch {
	case changed:
		s.beta = beta
		s.buildTables()
	case beta != s.beta:
		s.tablesFor(beta)
	}
}

// reseed takes the words of another seed from the next sweep on.
func (s *Sampler) reseed(seed uint64) {
	s.seed = seed
	s.rng = rng.NewWords(seed, s.model.Rounds)
	if s.hard != nil {
		s.hard.restart()
	}
	for _, w := range s.workers {
		w.drawn, w.plane, w.sliced = drawnKey{}, nil, nil
		w.noise.init(s.rng)
		w.float.first.init(s.rng)
		w.float.heads = w.float.heads[:0]
		w.float.second.init(s.rng)
	}
}
