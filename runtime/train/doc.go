// Package train fits the runtime weights of a model to data by stochastic
// gradient descent on the Kullback-Leibler divergence from the law of the data to
// that of the model's visible nodes.
//
// The gradient by a weight W, whose row contributes -W·f to the energy, is
//
//	dKL/dW = -β(⟨f⟩₊ - ⟨f⟩₋)
//
// (Ackley, Hinton, Sejnowski 1985). The positive phase holds the visible nodes at
// an example and samples the others, some chains for each example; the negative
// phase samples all. f is the product of the row's spins, and for tables that
// product for the entry that the categoricals pick. Contrastive divergence takes
// the negative phase from k sweeps that begin in the positive phase's states.
//
//	task.go        what to train on, and how
//	trainer.go     steps and epochs
//	gradient.go    one gradient, with both phases' moments and their errors
//	moments.go     the sums of a phase
//	optimizer.go   SGD with momentum, Adam
//	buffer.go      states of persistent chains
//	scorematch.go  losses of score matching, which run no chains
//	lines.go       energies along lines, with their derivatives
//	score.go       how well examples fit
//	checkpoint.go  stopping and going on, bit for bit
//
// Everything is deterministic: same task, same weights to the last bit, on every
// machine and for any number of threads. Neither phase's sweep number ever goes
// back and the phases' words differ, so no step shares a random word with another.
package train
