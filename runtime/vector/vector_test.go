package vector_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// philox are the constants of a random quad, sweep and seed, with its block of a pair
// computed round by round.
type philox struct {
	vector.Philox
	rounds int
}

func random(r *rand.Rand, rounds int) philox {
	p := philox{rounds: rounds}
	for _, x := range []*uint64{&p.A, &p.D, &p.F, &p.H, &p.L} {
		*x = uint64(r.Uint32())
	}
	for i := range p.Keys {
		p.Keys[i] = [2]uint64{uint64(r.Uint32()), uint64(r.Uint32())}
	}
	if rounds == 10 {
		p.More = 1
	}
	return p
}

func (p *philox) block(pair uint32) (x [4]uint32) {
	const m, n = 0xD2511F53, 0xCD9E8D57
	q := m * uint64(uint32(p.A)^pair)
	r := n * uint64(uint32(q>>32)^uint32(p.D))
	x = [4]uint32{uint32(r>>32) ^ uint32(p.F), uint32(r), uint32(p.H) ^ uint32(q), uint32(p.L)}
	for _, k := range p.Keys[:p.rounds-3] {
		q, r := m*uint64(x[0]), n*uint64(x[2])
		x = [4]uint32{uint32(r>>32) ^ x[1] ^ uint32(k[0]), uint32(r), uint32(q>>32) ^ x[3] ^ uint32(k[1]), uint32(q)}
	}
	return x
}

// Every kernel gives what the rounds one by one give, over the wrap of the number of
// pairs too, and touches nothing beyond its arrays. That the constants are those of
// Philox with its known answers is for the tests of sampling, which draw through both.
func TestPhilox(t *testing.T) {
	best, _ := vector.ChooseKernel(vector.Automatic)
	if best < vector.AVX2 {
		t.Skip("no kernels here")
	}
	type digits = [4][64]uint16
	type words = [2][64]uint32
	for kernel := vector.AVX2; kernel <= best; kernel++ {
		inWords, inDigits := vector.PhiloxWords256, vector.PhiloxDigits256
		if kernel == vector.AVX512 {
			inWords, inDigits = vector.PhiloxWords512, vector.PhiloxDigits512
		}
		w, freeWords := guarded[words](t)
		d, freeDigits := guarded[digits](t)
		r := rand.New(rand.NewPCG(1, 2))
		for n := range 2000 {
			p := random(r, 7+n%2*3)
			first := r.Uint32()
			if n%10 == 0 {
				first = -uint32(n % 40)
			}
			inWords(&p.Philox, first, w)
			inDigits(&p.Philox, first, d)
			for i := range uint32(32) {
				x := p.block(first + i)
				for b := range uint32(2) {
					c := 2*i + b
					place := c%8*8 + c/8
					if w[0][c] != x[2*b] || w[1][c] != x[2*b+1] {
						t.Fatalf("%v: words of chain %d are %x %x, of block %x", kernel, c, w[0][c], w[1][c], x)
					}
					for q := range 4 {
						if want := uint16(x[2*int(b)+q/2] >> (16 * (q % 2))); d[q][place] != want {
							t.Fatalf("%v: slot %d of chain %d: %x, want %x", kernel, q, c, d[q][place], want)
						}
					}
				}
			}
		}
		freeWords()
		freeDigits()
	}
}

func TestKernelNames(t *testing.T) {
	for _, k := range []vector.Kernel{vector.Automatic, vector.Portable, vector.AVX2, vector.AVX512} {
		if got, err := vector.ParseKernel(k.String()); got != k || err != nil {
			t.Errorf("%v becomes %v, %v", k, got, err)
		}
	}
	if _, err := vector.ParseKernel("sse9"); err == nil || !strings.Contains(err.Error(), "avx512") {
		t.Errorf("sse9: %v", err)
	}
	best, err := vector.ChooseKernel(vector.Automatic)
	if err != nil || best == vector.Automatic {
		t.Fatal(best, err)
	}
	for k := vector.Portable; k <= vector.AVX512; k++ {
		if got, err := vector.ChooseKernel(k); (err == nil) != (k <= best) || err == nil && got != k {
			t.Errorf("this processor runs %v: asked for %v, got %v, %v", best, k, got, err)
		}
	}
}
