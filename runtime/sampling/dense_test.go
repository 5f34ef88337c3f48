package sampling

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactlyFused is a·b + c in numbers as long as it takes, rounded once. (big.Float has no
// infinities times zero, and no numbers that are none.)
func exactlyFused(a, b, c float32) float32 {
	p := new(big.Float).SetPrec(700).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
	s, _ := new(big.Float).SetPrec(700).Add(p, big.NewFloat(float64(c))).Float32()
	return s
}

// The fused product of the specification is the exact one: of random bits, of numbers that
// end in ties and next to them, of sums that cancel, below the normal numbers, and at the
// end of the range; and where something is infinite or no number it is what IEEE 754 says.
func TestFused(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	short := func() float32 { // few bits, any place
		return float32(math.Ldexp(float64(r.IntN(1<<(1+r.IntN(24)))-r.IntN(3)), r.IntN(60)-30))
	}
	any := func() float32 {
		for {
			if v := math.Float32frombits(r.Uint32()); v-v == 0 {
				return v
			}
		}
	}
	near := func(v float32) float32 {
		return math.Float32frombits(math.Float32bits(v) + uint32(r.IntN(5)) - 2)
	}
	twice, seen := 0, map[string]int{}
	rounds := 1_000_000
	if testing.Short() {
		rounds = 200_000
	}
	for n := range rounds {
		var a, b, c float32
		switch n % 8 {
		case 0:
			a, b, c = any(), any(), any()
		case 1:
			a, b, c = short(), short(), short()
		case 2: // c cancels nearly all of the product
			a, b = short(), short()
			c = near(-a * b)
		case 3: // a tie of c and half its last bit, or next to one
			c = short()
			half := math.Ldexp(float64(math.Nextafter32(c, 2*c)-c), -1)
			a = 1 + float32(r.IntN(3)-1)*0x1p-23
			b = near(float32(half))
		case 4: // below the normal numbers
			a, b = short()*0x1p-60, short()*0x1p-60
			c = math.Float32frombits(r.Uint32() & 0x807fffff)
		case 5: // about the least number of all
			a, b = short()*0x1p-75, short()*0x1p-75
			c = math.Float32frombits(r.Uint32() & 0x80000003)
		case 6: // the end of the range
			a, b = near(math.MaxFloat32), near(1)
			c = float32(math.Ldexp(float64(r.IntN(64)-32), 101+r.IntN(4)))
		case 7: // a sum that float64 ties where float32 does
			c = float32(1 + r.IntN(1<<23))
			a, b = 0.5+float32(r.IntN(3)-1)*0x1p-24, 1+float32(r.IntN(3)-1)*0x1p-23
		}
		if a-a != 0 || b-b != 0 || c-c != 0 {
			continue
		}
		got, want := fused(a, b, c), exactlyFused(a, b, c)
		if math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("%x·%x + %x: %x, want %x", a, b, c, got, want)
		}
		if float32(float64(float64(a)*float64(b))+float64(c)) != want {
			twice++ // rounding twice would have been seen
		}
		switch size := math.Abs(float64(want)); {
		case math.IsInf(size, 0):
			seen["infinite"]++
		case size > 0 && size < 0x1p-126:
			seen["subnormal"]++
		case size == 0:
			seen["zero"]++
		}
	}
	t.Logf("%d sums that rounding twice has wrong; results %v", twice, seen)
	if twice < rounds/1000 || len(seen) != 3 {
		t.Error("the cases are not hard enough")
	}
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, x := range [][4]float32{
		{inf, 1, 1, inf}, {inf, 0, 1, nan}, {1, 1, -inf, -inf}, {inf, 1, -inf, nan}, {nan, 1, 1, nan}, {math.MaxFloat32, math.MaxFloat32, -inf, -inf},
		{0, 1, float32(math.Copysign(0, -1)), 0}, {-1, 0, float32(math.Copysign(0, -1)), float32(math.Copysign(0, -1))},
	} {
		got := fused(x[0], x[1], x[2])
		if got != got && x[3] != x[3] {
			continue
		}
		if math.Float32bits(got) != math.Float32bits(x[3]) {
			t.Errorf("%v·%v + %v: %v, want %v", x[0], x[1], x[2], got, x[3])
		}
	}
}
