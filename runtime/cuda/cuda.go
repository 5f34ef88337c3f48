// Package cuda holds the headers that emitted CUDA includes.
//
//	intrin.cuh      every machine instruction that kernels take by name
//	random.cuh      the random words of the sampler's law; ars.cuh those of rng: ars5
//	law.cuh         probabilities: tables of a β, and what updates read of them
//	noise.cuh       the rule of noise in place of thresholds
//	elementary.cuh  logarithm, exponential and the normal law in float64
//	number.cuh      updates in float32
//	sampler.cuh     samplers that read energies of numbers, and the fitting of steps
//	expression.cuh  operations of expressions
//	network.cuh     networks
//	energy.cuh      energies of states, for observers; count.cuh counts of draws
//	npz.h           result files of hosts
//	shim.h          runs a kernel as C++ on the host, for machines without a GPU
//
// Kernels keep to a part of CUDA that the shim runs faithfully: assembly in intrin.cuh
// alone, collectives executed by whole warps, no atomics but sums of whole numbers, no textures, and
// floats by functions that round once.
package cuda

import "embed"

//go:embed *.cuh *.h
var files embed.FS

// Headers are the files that kernels and hosts include, by name, in order.
var Headers = []string{"ars.cuh", "count.cuh", "elementary.cuh", "energy.cuh", "expression.cuh", "intrin.cuh", "law.cuh", "network.cuh", "noise.cuh", "npz.h", "number.cuh", "random.cuh", "sampler.cuh", "shim.h"}

// Header is the text of one of Headers.
func Header(name string) []byte {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // the name is not of the list
	}
	return text
}
