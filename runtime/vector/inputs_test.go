package vector_test

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The kernels of inputs make products and bits of states, and touch nothing beyond their
// arguments.
func TestSpinInputs(t *testing.T) {
	best, _ := vector.ChooseKernel(vector.Automatic)
	if best < vector.AVX2 {
		t.Skip("no kernel here")
	}
	spinInputs[[4][4]uint64, [2][256]uint8, [8][4]uint64](t, vector.SpinInputs256, 256)
	if best >= vector.AVX512 {
		spinInputs[[4][8]uint64, [2][512]uint8, [8][8]uint64](t, vector.SpinInputs512, 512)
	}
}

func spinInputs[B, C, O any](t *testing.T, kernel func(*vector.Inputs), chains int) {
	bits, freeBits := guarded[B](t)
	cats, freeCats := guarded[C](t)
	out, freeOut := guarded[O](t)
	code, freeCode := guarded[[15]int32](t)
	state, bytes, rows := all[uint64](bits), all[uint8](cats), all[uint64](out)
	row := int32(chains / 8)
	// A product of three, a spin, a product of two, one bit of a categorical and three of
	// another, the first spin.
	*code = [15]int32{3, 0, 2 * row, 3 * row, 1, 3 * row, 2, row, 2 * row, -1, 0, -3, int32(chains), 1, 0}
	r := rand.New(rand.NewPCG(19, 20))
	for range 50 {
		for i := range state {
			state[i] = r.Uint64()
		}
		for i := range bytes {
			bytes[i] = uint8(r.Uint32())
		}
		kernel(&vector.Inputs{Bits: &state[0], Cats: &bytes[0], Out: &rows[0], Code: &code[0], Count: 6})
		for c := range chains {
			bit := func(x []uint64, row int) uint64 { return x[row*chains/64+c/64] >> (c % 64) & 1 }
			state := func(i int) uint64 { return bit(state, i) }
			second := uint64(bytes[chains+c])
			want := [8]uint64{state(0) ^ state(2) ^ state(3), state(3), 1 ^ state(1) ^ state(2), uint64(bytes[c] & 1), second & 1, second >> 1 & 1, second >> 2 & 1, state(0)}
			for i, x := range want {
				if got := bit(rows, i); got != x {
					t.Fatalf("row %d of chain %d of %d is %d, want %d", i, c, chains, got, x)
				}
			}
		}
	}
	for _, free := range []func(){freeBits, freeCats, freeOut, freeCode} {
		free()
	}
}

// all are the elements of an array of arrays.
func all[E, A any](a *A) []E {
	return unsafe.Slice((*E)(unsafe.Pointer(a)), unsafe.Sizeof(*a)/unsafe.Sizeof(*new(E)))
}
