package cuda

import (
	"errors"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Versions makes the kernels of versions of a program, one after the other.
type Versions struct {
	Program *ir.Program
	version *device.Version // the last one
	p       *ir.Program     // as it was then
	kernels *Kernels
}

// Kernels are those of a version, with its program. Where nothing but weights is new, and
// they lie in the words as they are, no more than these change.
func (s *Versions) Kernels(v *device.Version) (*ir.Program, *Kernels, error) {
	if s.version != nil && s.kernels.weightsAt > 0 && onlyWeights(s.version, v) {
		s.version = v
		s.kernels.setWeights(s.p, v.Weights)
		return s.p, s.kernels, nil
	}
	p := Versioned(s.Program, v)
	r := emit.Request{Program: p}
	if err := Check(r); err != nil {
		return nil, nil, err
	}
	k, err := New(r)
	if err != nil {
		return nil, nil, err
	}
	s.version, s.p, s.kernels = v, p, k
	return p, k, nil
}

// onlyWeights says whether two versions have the same words but for weights.
func onlyWeights(a, b *device.Version) bool {
	return !a.Own && !b.Own && a.Chains == b.Chains && a.Seed == b.Seed && a.LeastBeta == b.LeastBeta && slices.Equal(a.Clamped, b.Clamped)
}

// setWeights puts runtime weights of a program into the words.
func (k *Kernels) setWeights(p *ir.Program, weights [][]float64) {
	wide := p.Format.Accum == 64
	at := k.weightsAt
	for i := range p.Factors {
		f := &p.Factors[i]
		for j := range f.Ints {
			if f.Runtime && len(weights[i]) > 0 {
				x := rounded(weights[i][j], p.Format.Fraction)
				if k.Words.List[at] = uint32(x); wide {
					k.Words.List[at+1] = uint32(uint64(x) >> 32)
				}
			}
			if at++; wide {
				at++
			}
		}
	}
}

// Versioned is a version of a program, for kernels: states are given to these unless the
// version is the program's own, so that starts are without meaning.
func Versioned(p *ir.Program, v *device.Version) *ir.Program {
	q := *p
	q.Sample.Chains, q.Sample.Seed = v.Chains, v.Seed
	if v.Own {
		return &q
	}
	q.Beta, q.Betas = min(v.LeastBeta, leastBeta(p)), nil // tables that serve the program's own, too
	q.Factors = slices.Clone(p.Factors)
	for i, w := range v.Weights {
		if f := &q.Factors[i]; len(w) > 0 && f.Runtime {
			f.Weights = w
			if f.Ints != nil {
				f.Ints = make([]int64, len(w))
				for j, x := range w {
					f.Ints[j] = rounded(x, p.Format.Fraction)
				}
			}
		}
	}
	q.Formulas = nil // what follows from them is given
	q.Codes = slices.Clone(p.Codes)
	for i, list := range v.Params {
		if len(list) > 0 {
			c := &q.Codes[i]
			c.Params = slices.Clone(c.Params)
			for j, values := range list {
				c.Params[j].Values = values
			}
		}
	}
	q.Init = make([]ir.Init, len(p.Vars)) // the same number of words for all chains
	for i := range q.Init {
		q.Init[i].Kind = ir.InitZeros
	}
	q.Clamps = nil
	if len(v.Clamped) > 0 {
		c := ir.Clamp{Nodes: v.Clamped}
		for _, n := range v.Clamped {
			value := int32(0)
			if kindOf(p, int(n)) == ir.Spin {
				value = 1
			}
			c.Values = append(c.Values, value)
		}
		q.Clamps = []ir.Clamp{c}
	}
	q.Format.Bound = ir.ErrorBound(q.Format, q.WorstDegrees(), q.AllBetas())
	return &q
}

// rounded is a weight in units of 2^-fraction.
func rounded(x float64, fraction int) int64 {
	return int64(math.RoundToEven(math.Ldexp(x, fraction)))
}

func kindOf(p *ir.Program, node int) ir.Kind { return varOf(p, node).Kind }

// Smaller are the kernels of a version for a device that has no more shared memory than
// every GPU, and where their blocks of threads begin for a chain; an error says why
// there are none.
func Smaller(p *ir.Program, chain int) (k *Kernels, block int, err error) {
	if k, err = New(emit.Request{Program: p, SharedBytes: leastShared}); err != nil {
		return nil, 0, err
	}
	if chain%k.Layout.Chains != 0 {
		return nil, 0, errors.New("its chains begin within a block")
	}
	return k, chain / k.Layout.Chains, nil
}
