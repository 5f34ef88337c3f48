// Package gpu runs emitted CUDA on a GPU without cgo: it loads the driver and NVRTC when it
// runs. It alone links purego, which ties a binary to the C library's loader; so it is in a
// program of its own, thrmlgen-gpu, that thrmlgen starts.
//
//	library.go  the two libraries: where they are looked for, calls
//	nvrtc.go    kernels to machine code, kept by the hash of all that made it
//	driver.go   memory, launches
//	host.go     a run: reads a job and commands, gives states
package gpu
