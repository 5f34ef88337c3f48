// Package device makes the sweeps of samplers in processes beside them, which drive GPUs:
// they load the driver, and a program that samples does not.
//
//	job.go      what such a process is told
//	process.go  a process and its commands
//	gpus.go     the processes of thrmlgen-gpu, one for each GPU
//	kept.go     what kernels keep of a chain beside its state
//	terms.go    words of what observers see
//	observe.go  commands for observers
//	engine.go   a sampling.Device over them
//
// A program that thrmlgen builds has these files in it.
package device
