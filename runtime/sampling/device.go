package sampling

import "slices"

// A Device makes the sweeps of a sampler elsewhere, on a GPU, with the words that the
// sampler would draw, and so with the same states.
type Device interface {
	// Sweeps makes n sweeps, from s.SweepNumber() on at s.Beta(), and puts the states
	// after them into s. The sweep number stays.
	Sweeps(s *Sampler, n int) error
}

// A DeviceError says why a device did not sweep. The states are those before.
type DeviceError struct{ Err error }

func (e *DeviceError) Error() string { return e.Err.Error() }

func (e *DeviceError) Unwrap() error { return e.Err }

// deviceSweeps is how many sweeps a device makes between looks at the context.
const deviceSweeps = 256

// sweepsElsewhere has the device sweep. Nothing is done after a failure.
func (s *Sampler) sweepsElsewhere(n int) {
	if s.deviceError != nil {
		return
	}
	if err := s.device.Sweeps(s, n); err != nil {
		s.deviceError = &DeviceError{err}
		return
	}
	s.sweep += uint64(n)
}

// Negative tells whether the words are those of the negative phase of training.
func (s *Sampler) Negative() bool { return s.phase != 0 }

// ClampedNodes are the nodes that are fixed now, in order.
func (s *Sampler) ClampedNodes() []int32 {
	var list []int32
	for n, is := range s.clamped {
		if is {
			list = append(list, int32(n))
		}
	}
	return slices.Clip(list)
}

// RuntimeWeights are the weights of each factor as they are now, nil for those that
// cannot change. They must not be changed.
func (s *Sampler) RuntimeWeights() [][]float64 {
	list := make([][]float64, len(s.weights))
	for i := range list {
		if s.model.Factors[i].Runtime {
			list[i] = s.weights[i]
		}
	}
	return list
}

// FitUntil is the number of the first sweep in which steps are not fitted.
func (s *Sampler) FitUntil() uint64 { return s.fitUntil }

// AddMoves counts proposals for a variable that a device has made, and how many it took.
func (s *Sampler) AddMoves(variable int, tried, taken uint64) {
	m := &s.workers[0].moves[variable]
	m.tried += tried
	m.taken += taken
}

// AddDivergences counts moves on a device that Divergences is about, the first in a sweep.
func (s *Sampler) AddDivergences(count, first uint64) {
	if count > 0 {
		s.workers[0].diverge(count, first)
	}
}
