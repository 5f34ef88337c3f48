// Package sampling runs block Gibbs programs: the engine behind `thrmlgen run`
// and behind every emitted Go package.
//
// A Model is the program as data: factors, blocks, clamps, number format and
// schedule. NewSampler compiles it into a Sampler, which keeps the state of many
// chains and sweeps it. What a sweep does is fixed to the last bit by the
// program (package gen/ir is the specification); how it is done here, in tables
// or in straight-line code, on one thread or many, never changes a sample.
//
// The state of spins is packed one bit a chain, 64 chains a word (1 is +1);
// categoricals take a byte a chain, or two above 256 states. Chains are grouped
// in tiles of up to eight words, and inside a tile the words of one node are
// adjacent, so that a kernel runs over chains with the node's tables at hand.
//
//	model.go     Model
//	user.go      what users write in Go: samplers, starts; userobserver.go observers
//	usercode.go  how these are called
//	compile.go   rows, terms and kernels of every node
//	tables.go    thresholds and exponentials at one β
//	noise.go     random digits of four slots at a time
//	spin.go      spin kernels
//	layer.go     spins that share all inputs
//	cat.go       categorical kernels
//	sweep.go     sweeps, threads, schedule
package sampling
