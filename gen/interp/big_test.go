package interp

import "math/big"

// Exact-enough arithmetic for tests: 160 bits.

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(160).SetFloat64(x) }

func bigMul(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(160).Mul(x, y) }

// bigExp is e^x by halving x to below 2^-8, its Taylor series, and squaring.
func bigExp(x *big.Float) *big.Float {
	r := new(big.Float).SetPrec(192).Set(x)
	halvings := 0
	if e := r.MantExp(nil); e > -8 && r.Sign() != 0 {
		halvings = e + 8
		r.SetMantExp(r, -halvings)
	}
	sum := new(big.Float).SetPrec(192).SetInt64(1)
	term := new(big.Float).SetPrec(192).SetInt64(1)
	for k := int64(1); k < 30; k++ {
		term.Mul(term, r)
		term.Quo(term, new(big.Float).SetInt64(k))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigSigma is 1/(1+e^-x).
func bigSigma(x *big.Float) *big.Float {
	e := bigExp(new(big.Float).Neg(x))
	e.Add(e, bigFloat(1))
	return new(big.Float).SetPrec(160).Quo(bigFloat(1), e)
}

// gap is a - b.
func gap(a, b *big.Float) float64 {
	d, _ := new(big.Float).SetPrec(160).Sub(a, b).Float64()
	return d
}

// in is x·2^bits in float64.
func in(x *big.Float, bits int) float64 {
	f, _ := new(big.Float).SetMantExp(x, bits).Float64()
	return f
}
