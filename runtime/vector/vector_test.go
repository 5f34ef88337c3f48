package vector_test

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
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
	for _, k := range []vector.Kernel{vector.Automatic, vector.Portable, vector.NEON, vector.AVX2, vector.AVX512} {
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
	if all := vector.Kernels(); all[len(all)-1] != best || slices.Contains(all, vector.NEON) != (runtime.GOARCH == "arm64" && best != vector.Portable) {
		t.Errorf("this processor runs %v, the best one %v", all, best)
	}
	for k := vector.Portable; k <= vector.AVX512; k++ {
		if got, err := vector.ChooseKernel(k); (err == nil) != slices.Contains(vector.Kernels(), k) || err == nil && got != k {
			t.Errorf("this processor runs %v: asked for %v, got %v, %v", best, k, got, err)
		}
	}
}

// The digits of the spin kernel are those of PhiloxWords512 in another order, and
// nothing beyond their arrays is touched.
func TestPhiloxSpins(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	noise, free := guarded[vector.SpinNoise](t)
	defer free()
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 50 {
		p := random(r, 7+n%2*3)
		first := r.Uint32()
		vector.PhiloxSpins512(&p.Philox, first, noise)
		for place := range uint16(512) {
			chain := uint32(vector.SpinChain(place))
			x := p.block(first + chain/2)
			z, lane := place/64, place%64
			for q := range 4 {
				want := uint16(x[2*(chain&1)+uint32(q/2)] >> (16 * (q % 2)))
				word := noise.Words[z][q/2][lane%16/4][lane/16*4+lane%4]
				if got := uint16(word >> (16 * (q % 2))); got != want || noise.High[q][z][lane] != uint8(want>>8) {
					t.Fatalf("slot %d of chain %d: %x and %x, want %x", q, chain, got, noise.High[q][z][lane], want)
				}
			}
		}
	}
}

// ArsSpins512 draws the digits of rng's ARS-5, and touches nothing beyond its arguments.
func TestArsSpins(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	noise, freeNoise := guarded[vector.SpinNoise](t)
	defer freeNoise()
	k, freeKeys := guarded[vector.Ars](t)
	defer freeKeys()
	r := rand.New(rand.NewPCG(13, 14))
	for range 20 {
		key := [2]uint32{r.Uint32(), r.Uint32()}
		k.Counter, k.Keys = [4]uint32{r.Uint32(), 0, r.Uint32(), r.Uint32()}, rng.ARSKeys(key)
		columns := rng.ARSColumns(key)
		k.SetPairs(&columns)
		first := r.Uint32() &^ 255
		vector.ArsSpins512(k, first, noise)
		counter := k.Counter
		for place := range uint16(512) {
			chain := uint32(vector.SpinChain(place))
			z, lane := place/64, place%64
			counter[1] = first + chain/2
			x := rng.ARS(5, counter, key)
			for q := range 4 {
				want := uint16(x[2*(chain&1)+uint32(q/2)] >> (16 * (q % 2)))
				word := noise.Words[z][q/2][lane%16/4][lane/16*4+lane%4]
				if got := uint16(word >> (16 * (q % 2))); got != want || noise.High[q][z][lane] != uint8(want>>8) {
					t.Fatalf("slot %d of chain %d: %x and %x, want %x", q, chain, got, noise.High[q][z][lane], want)
				}
			}
		}
	}
}

// The spin kernel touches nothing beyond its arguments, whatever the states, and
// gives the sign of fields so strong that no digit matters.
func TestSpinKernelBounds(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	const rows, groups = 9, 3
	type table = [320 + 256*groups]byte
	state, freeState := guarded[[rows][8]uint64](t)
	out, freeOut := guarded[[4][8]uint64](t)
	node, freeNode := guarded[table](t)
	cells, freeCells := guarded[vector.SpinCells](t)
	lines, freeLines := guarded[[129][2]uint32](t)
	noise, freeNoise := guarded[vector.SpinNoise](t)
	scratch, freeScratch := guarded[vector.SpinScratch](t)
	r := rand.New(rand.NewPCG(5, 6))
	put := binary.LittleEndian.PutUint32
	for i := range state {
		for j := range state[i] {
			state[i][j] = r.Uint64()
		}
	}
	put(node[vector.SpinAtGroups:], groups)
	put(node[vector.SpinAtTables:], 192)
	for i := range 8 * groups {
		put(node[vector.SpinAtRows+4*i:], uint32(64*(i%rows)))
	}
	exact := node[192+128*groups:]
	for i := range 128 { // one field from neighbour 0 alone
		node[192+i] = byte(-60 + 120*(i&1))
	}
	for i := range 16 {
		put(exact[4*i:], uint32(int32(-1<<20+1<<21*(i&1))))
	}
	for _, undecided := range []bool{false, true} {
		*cells = vector.SpinCells{Map: vector.KeepBits}
		if undecided {
			for i := range cells.High {
				cells.High[i] = 255
			}
		}
		for i := range noise.Words {
			for j := range noise.Words[i] {
				for k := range noise.Words[i][j] {
					for l := range noise.Words[i][j][k] {
						noise.Words[i][j][k][l] = r.Uint32() | 0x01010101
					}
				}
			}
		}
		for i := range noise.High {
			for j := range noise.High[i] {
				for k := range noise.High[i][j] {
					noise.High[i][j][k] = 1 + uint8(r.IntN(255))
				}
			}
		}
		a := vector.Spins{State: &state[0][0], Out: &out[0][0], Nodes: [4]*byte{nil, &node[0], nil, nil}, Cells: cells,
			Lines: &lines[0][0], Noise: noise, Scratch: scratch, Segments: 128, S: 4, Up: 12, Keep: 1<<32 - 1, Bits: 16}
		*out = [4][8]uint64{}
		vector.SpinUpdate512(&a)
		if out[0] != state[0] || out[1] != [8]uint64{} || a.Ties != 0 {
			t.Errorf("all lanes open: %v; got %x, neighbour 0 is %x; %d ties", undecided, out[0], state[0], a.Ties)
		}
	}
	for _, free := range []func(){freeState, freeOut, freeNode, freeCells, freeLines, freeNoise, freeScratch} {
		free()
	}
}
