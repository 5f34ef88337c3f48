package sampling

import "math"

// fused is a·b + c rounded once, to float32. In float64 the product of two float32 is exact;
// the sum is rounded to odd, so that rounding it again to half as many bits is as good as
// rounding the sum itself (Boldo and Melquiond 2008).
func fused(a, b, c float32) float32 {
	p, z := float64(float64(a)*float64(b)), float64(c)
	s := p + z
	t := s - p
	e := (p - (s - t)) + (z - t) // what s lacks, exactly (Knuth's two-sum)
	if u := math.Float64bits(s); e != 0 && u&1 == 0 && s-s == 0 {
		if (e > 0) == (s > 0) {
			u++
		} else {
			u--
		}
		s = math.Float64frombits(u)
	}
	return float32(s)
}
