// Package vector holds the kernels of the samplers in assembly, and says which of
// them a processor runs.
//
// Nothing here decides a bit: every kernel gives what portable code of rng and
// sampling gives, and callers fall back on that. The assembly is for amd64 and, for words
// and bit planes, for arm64, by hand, with macros of the Go assembler for what repeats. On
// other machines, and under the build tag purego, Portable is the best kernel and none is
// called.
//
// Assembly cannot be preempted: each call ends after a few microseconds. Arguments
// are pointers to arrays of fixed size, so that no slice can be too short.
package vector
