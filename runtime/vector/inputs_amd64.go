//go:build !purego

package vector

// SpinInputs512 makes rows of 512 chains.
//
//go:noescape
func SpinInputs512(a *Inputs)

// SpinInputs256 makes rows of 256 chains.
//
//go:noescape
func SpinInputs256(a *Inputs)
