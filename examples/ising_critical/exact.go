package main

import "math"

// A jet is a function of K at one K: its value, first and second derivative.
type jet [3]float64

func (a jet) plus(b jet) jet      { return jet{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a jet) times(x float64) jet { return jet{a[0] * x, a[1] * x, a[2] * x} }
func (a jet) shift(x float64) jet { return jet{a[0] + x, a[1], a[2]} }
func (a jet) by(b jet) jet {
	return jet{a[0] * b[0], a[1]*b[0] + a[0]*b[1], a[2]*b[0] + 2*a[1]*b[1] + a[0]*b[2]}
}
func (a jet) into(f, d, dd float64) jet { return jet{f, d * a[1], dd*a[1]*a[1] + d*a[2]} } // f(a), f′, f″ at a[0]

func expJet(a jet) jet { e := math.Exp(a[0]); return a.into(e, e, e) }
func logJet(a jet) jet { return a.into(math.Log(a[0]), 1/a[0], -1/(a[0]*a[0])) }

// acosh is not for a[0] = 1.
func acosh(a jet) jet {
	r := math.Sqrt(a[0]*a[0] - 1)
	return a.into(math.Acosh(a[0]), 1/r, -a[0]/(r*r*r))
}

// logCosh is log 2cosh a.
func logCosh(a jet) jet {
	t := math.Tanh(a[0])
	return a.into(math.Abs(a[0])+math.Log1p(math.Exp(-2*math.Abs(a[0]))), t, 1-t*t)
}

// logSinh is log 2sinh a, a > 0.
func logSinh(a jet) jet {
	c := 1 / math.Tanh(a[0])
	return a.into(a[0]+math.Log1p(-math.Exp(-2*a[0])), c, 1-c*c)
}

func twoSinh(a jet) jet {
	s, c := math.Sinh(a[0]), math.Cosh(a[0])
	return a.into(2*s, 2*c, 2*s)
}

// logZ is the logarithm of the partition function of the Ising model on a torus
// of n by n spins with coupling K = β: B. Kaufman, Physical Review 76 (1949) 1232,
// in the form of A. E. Ferdinand and M. E. Fisher, Physical Review 185 (1969) 832:
//
//	Z = ½ (2 sinh 2K)^(n²/2) (Z₁ + Z₂ + Z₃ + Z₄)
//	Z₁ = Π 2cosh(n γ(2r+1)/2), Z₂ = Π 2sinh(n γ(2r+1)/2), Z₃ = Π 2cosh(n γ(2r)/2), Z₄ = Π 2sinh(n γ(2r)/2)
//	cosh γ(l) = cosh 2K coth 2K − cos(πl/n), γ(0) = 2K + log tanh K
//
// over r = 0 … n−1. γ(0), and with it Z₄, is negative above the critical
// temperature and 0 there.
func logZ(n int, k float64) jet {
	twoK := jet{2 * k, 2, 0}
	sinh, cosh := math.Sinh(2*k), math.Cosh(2*k)
	gamma := func(l int) jet {
		if l == 0 {
			return twoK.plus(logJet(jet{math.Tanh(k), 1 / (math.Cosh(k) * math.Cosh(k)), -2 * math.Tanh(k) / (math.Cosh(k) * math.Cosh(k))}))
		}
		// cosh 2K coth 2K = sinh 2K + 1/sinh 2K
		c := twoK.into(sinh+1/sinh, cosh-cosh/(sinh*sinh), sinh-1/sinh+2*cosh*cosh/(sinh*sinh*sinh))
		return acosh(c.shift(-math.Cos(math.Pi * float64(l) / float64(n))))
	}
	var z [3]jet // logarithms of Z₁, Z₂, Z₃
	var rest jet // of Z₄ without r = 0
	for r := range n {
		odd, even := gamma(2*r+1).times(float64(n)/2), gamma(2*r).times(float64(n)/2)
		z[0], z[1], z[2] = z[0].plus(logCosh(odd)), z[1].plus(logSinh(odd)), z[2].plus(logCosh(even))
		if r > 0 {
			rest = rest.plus(logSinh(even))
		}
	}
	largest := max(z[0][0], z[1][0], z[2][0])
	sum := expJet(rest.shift(-largest)).by(twoSinh(gamma(0).times(float64(n) / 2)))
	for _, x := range z {
		sum = sum.plus(expJet(x.shift(-largest)))
	}
	front := logJet(twoSinh(twoK)).times(float64(n*n) / 2)
	return logJet(sum).plus(front).shift(largest - math.Ln2)
}

// energy is the exact mean of H a spin.
func energy(n int, beta float64) float64 { return -logZ(n, beta)[1] / float64(n*n) }

// heatCapacity is the exact β²·Var(H) a spin.
func heatCapacity(n int, beta float64) float64 { return beta * beta * logZ(n, beta)[2] / float64(n*n) }

// critical is the β at which an infinite lattice begins to be magnetic.
var critical = math.Log(1+math.Sqrt2) / 2

// magnetisation is that of an infinite lattice: C. N. Yang, Physical Review 85
// (1952) 808, after L. Onsager.
func magnetisation(beta float64) float64 {
	if beta <= critical {
		return 0
	}
	return math.Pow(1-math.Pow(math.Sinh(2*beta), -4), 0.125)
}
