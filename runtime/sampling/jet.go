package sampling

import "math"

// Jet is a number that depends on t: Jet{a, b, c} is a + b·t + c·t², what follows being
// dropped.
type Jet [3]float64

func (x Jet) plus(y Jet) Jet  { return Jet{x[0] + y[0], x[1] + y[1], x[2] + y[2]} }
func (x Jet) minus(y Jet) Jet { return Jet{x[0] - y[0], x[1] - y[1], x[2] - y[2]} }
func (x Jet) negated() Jet    { return Jet{-x[0], -x[1], -x[2]} }

// Times is the product.
func (x Jet) Times(y Jet) Jet {
	return Jet{float64(x[0] * y[0]), float64(x[0]*y[1]) + float64(x[1]*y[0]),
		float64(x[0]*y[2]) + float64(x[1]*y[1]) + float64(x[2]*y[0])}
}

// over is the quotient.
func (x Jet) over(y Jet) Jet {
	a := x[0] / y[0]
	b := (x[1] - float64(a*y[1])) / y[0]
	return Jet{a, b, (x[2] - float64(a*y[2]) - float64(b*y[1])) / y[0]}
}

// apply is a function of x with these derivatives at x[0], and its derivative.
func (x Jet) apply(d [4]float64) (value, slope Jet) {
	square := float64(x[1] * x[1])
	at := func(f, f1, f2 float64) Jet {
		return Jet{f, float64(f1 * x[1]), float64(f1*x[2]) + float64(float64(f2*square)/2)}
	}
	return at(d[0], d[1], d[2]), at(d[1], d[2], d[3])
}

// derivatives are a function of one argument and its first three derivatives.
func derivatives(op CodeOpKind, x float64) [4]float64 {
	f := Operate(op, x, 0)
	switch op {
	case CodeNeg:
		return [4]float64{f, -1}
	case CodeExp:
		return [4]float64{f, f, f, f}
	case CodeLog:
		r := 1 / x
		return [4]float64{f, r, -float64(r * r), float64(2 * float64(float64(r*r)*r))}
	case CodeSqrt:
		d := 0.5 / f
		return [4]float64{f, d, -d / (2 * x), float64(3*d) / float64(4*float64(x*x))}
	case CodeSin:
		c := Cos(x)
		return [4]float64{f, c, -f, -c}
	case CodeCos:
		s := Sin(x)
		return [4]float64{f, -s, -f, s}
	case CodeTanh:
		return tanhDerivatives(f)
	}
	switch { // abs
	case x > 0:
		return [4]float64{f, 1}
	case x < 0:
		return [4]float64{f, -1}
	}
	return [4]float64{f}
}

func tanhDerivatives(t float64) [4]float64 {
	d := 1 - float64(t*t)
	return [4]float64{t, d, float64(-2 * float64(t*d)), float64(d * (float64(6*float64(t*t)) - 2))}
}

// Derivatives are the activation and its first three derivatives at z.
func (a Activation) Derivatives(z float64) [4]float64 {
	s := Sigma(z)
	s1 := float64(s * (1 - s))
	s2 := float64(s1 * (1 - float64(2*s)))
	s3 := float64(s1 * (1 - float64(6*s1)))
	switch a {
	case SiLU:
		return [4]float64{float64(z * s), s + float64(z*s1), float64(2*s1) + float64(z*s2), float64(3*s2) + float64(z*s3)}
	case TanH:
		return tanhDerivatives(Tanh(z))
	case Softplus:
		return [4]float64{max(z, 0) + Log(1+Exp(-math.Abs(z))), s, s1, s2}
	}
	switch {
	case !(z <= 0):
		return [4]float64{z, 1}
	case a == ReLU:
		return [4]float64{}
	}
	e := Exp(z)
	return [4]float64{e - 1, e, e, e}
}

// powerJets are x^y and its derivatives by x and by y, which by a constant is 0. An
// exponent that does not change along the line may be a whole number, with any x.
func powerJets(x, y Jet, constant bool) (value, byX, byY Jet) {
	if y[1] == 0 && y[2] == 0 {
		n := y[0]
		at := func(k float64) float64 { // n·(n-1)·…·x^(n-k)
			c := 1.0
			for i := 0.0; i < k; i++ {
				c = float64(c * (n - i))
			}
			if c == 0 {
				return 0
			}
			return float64(c * Operate(CodePow, x[0], n-k))
		}
		value, byX = x.apply([4]float64{at(0), at(1), at(2), at(3)})
		if !constant {
			log, _ := x.apply(derivatives(CodeLog, x[0]))
			byY = value.Times(log)
		}
		return value, byX, byY
	}
	log, _ := x.apply(derivatives(CodeLog, x[0]))
	z := y.Times(log)
	value, _ = z.apply(derivatives(CodeExp, z[0]))
	return value, y.Times(value).over(x), value.Times(log)
}
