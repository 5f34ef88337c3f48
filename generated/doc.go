// Package generated holds what thrmlgen emits for one small model, torus.yaml: the
// first thing to open for whoever wants to know what generated code is like.
//
//	torus/torus.go       the API: New, indices by name, constants
//	torus/model.go       the model as data
//	torus/update_000.go  every update, straight line
//	torus/groups.go      named sets of nodes
//	torus/runtime.go     the runtime, the same in every emitted package
//	torus/runtime_*      its assembly for amd64 and arm64, and what stands for it elsewhere
//
// and, for GPUs,
//
//	torus_cuda/torus.cu    the kernels
//	torus_cuda/tables.txt  what they get: a line for each node, with its terms
//	torus_cuda/host.cu     a host in C++, with a Makefile and headers
//
// A test holds the files to what the generator emits now.
package generated

// The runtime that packages carry is made first.
//
//go:generate go generate ../targets/golang
//go:generate go run github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen gen torus.yaml --target go --out torus
//go:generate go run github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen gen torus.yaml --target cuda --out torus_cuda
