package observe

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

func TestTranspose64(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var a, b [64]uint64
	for i := range a {
		a[i] = r.Uint64()
	}
	b = a
	transpose64(&b)
	for i := range 64 {
		for j := range 64 {
			if a[i]>>j&1 != b[j]>>i&1 {
				t.Fatalf("bit %d of row %d", j, i)
			}
		}
	}
}

func TestTransposeBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var a, b [8]uint64
	for i := range a {
		a[i] = r.Uint64()
	}
	b = a
	transposeOctets(&b)
	for i := range 8 {
		for c := range 64 {
			if a[i]>>c&1 != b[c%8]>>(c/8*8+i)&1 {
				t.Fatalf("bit %d of word %d", c, i)
			}
		}
	}
}

func TestSpinBytes(t *testing.T) {
	for v := range 256 {
		for n := range 17 {
			got := spinBytes(nil, []byte{byte(v), byte(255 - v), byte(v)}, n)
			if len(got) != n {
				t.Fatalf("%d bytes, want %d", len(got), n)
			}
			for i, x := range got {
				packed := []byte{byte(v), byte(255 - v), byte(v)}
				if int8(x) != int8(packed[i/8]>>(i%8)&1)*2-1 {
					t.Fatalf("spin %d of %08b is %d", i, v, int8(x))
				}
			}
		}
	}
}

func TestChainCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var counts chainCounts
	var want [64]int
	for range 1000 {
		w := r.Uint64() | r.Uint64()
		counts.add(w)
		for ; w != 0; w &= w - 1 {
			want[bits.TrailingZeros64(w)]++
		}
	}
	for c, n := range want {
		if got := counts.of(c); int(got) != n {
			t.Errorf("chain %d: %d, want %d", c, got, n)
		}
	}
}
