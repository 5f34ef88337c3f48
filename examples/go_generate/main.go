// Command magnet samples the two-dimensional Ising model at its critical point
// with the sampler that thrmlgen made of package energy, and compares the mean
// energy with the exact one.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"runtime"

	"example.com/magnet/sampler"
)

//go:generate go tool thrmlgen gen ./energy#Torus --target go --out sampler --package sampler

// exact is the mean energy a spin of the 32 by 32 torus at the critical point:
// B. Kaufman, Physical Review 76 (1949) 1232.
const exact = -1.43365846

func main() {
	log.SetFlags(0)
	s, err := sampler.New(sampler.Options{Seed: sampler.Seed, Threads: runtime.NumCPU()})
	if err != nil {
		log.Fatal(err)
	}
	energies := trace{h: make([][]float64, s.Chains())}
	schedule := sampler.Schedule{Warmup: sampler.Warmup, Samples: sampler.Samples, StepsPerSample: sampler.StepsPerSample}
	if err := s.Run(context.Background(), schedule, false, &energies); err != nil {
		log.Fatal(err)
	}
	mean := sampler.Mean(energies.h).V
	mcse := sampler.MCSEMean(energies.h).V
	off := math.Abs(mean-exact) / mcse
	fmt.Printf("%d chains of %d draws, %d spins\n", s.Chains(), sampler.Samples, sampler.N)
	fmt.Printf("energy a spin  %.5f ± %.5f\n", mean, mcse)
	fmt.Printf("exact          %.5f, %.1f standard errors away\n", exact, off)
	if !(off < 5) {
		os.Exit(1)
	}
}

// trace keeps the energy a spin of every draw, chain by chain.
type trace struct {
	h   [][]float64
	now []float64
}

func (t *trace) Observe(s *sampler.Sampler, _ int) error {
	t.now = s.Energies(1, t.now[:0])
	for c, h := range t.now {
		t.h[c] = append(t.h[c], h/sampler.N)
	}
	return nil
}
