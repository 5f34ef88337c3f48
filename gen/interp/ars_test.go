package interp

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// The oracle's ARS, written from the field of AES up, is that of the runtime.
func TestARSEqualsRuntime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		c := [4]uint32{r.Uint32(), r.Uint32(), r.Uint32(), r.Uint32()}
		key, rounds := r.Uint64(), 1+r.IntN(10)
		if got, want := ars(rounds, c, key), rng.ARS(rounds, c, [2]uint32{uint32(key), uint32(key >> 32)}); got != want {
			t.Fatalf("ars4x32-%d %x %x: %x, runtime %x", rounds, c, key, got, want)
		}
	}
}
