package sampling

import "slices"

// A Device makes the sweeps of a sampler elsewhere, on a GPU, with the words that the
// sampler would draw, and so with the same states.
type Device interface {
	// Sweeps makes n sweeps, from s.SweepNumber() on at s.Beta(), and puts the states
	// after them into s. The sweep number stays.
	Sweeps(s *Sampler, n int) error
}

// A LeavingDevice leaves states where they are until somebody looks at them.
type LeavingDevice interface {
	Device
	// Leave is Sweeps but for the states, which stay there until Bring, or Sweeps.
	Leave(s *Sampler, n int) error
	// Bring puts the states after the last sweep, of this number, into s.
	Bring(s *Sampler, sweep uint64) error
}

// An ObservingDevice does for observers what hangs on the states of all chains.
type ObservingDevice interface {
	LeavingDevice
	// Tally begins to count draws of s.
	Tally(s *Sampler, plan *TallyPlan) error
	// Draw counts the present states.
	Draw() (TalliedDraw, error)
	// Counts are those of all draws: for each of TallyPlan.Rows, row by row, of spins alone how
	// often their product was +1; for each entry of a table the sum of the signs with which it
	// was picked; or the sum of values.
	Counts() ([]int64, error)
	// Watch keeps the state of lowest energy of each chain of s, of the sweeps to come, and the present one if
	// now is set.
	Watch(s *Sampler, now bool) error
	// Unwatch ends that, behind Best.
	Unwatch() error
	// Best gives these states, by chain and node in the form of State, and the number of sweeps done at each.
	Best() (states [][]int32, sweeps []uint64, err error)
	// Energies are those of all chains of s at β = 1, as Sampler.Energies adds them up.
	Energies(s *Sampler) ([]float64, error)
}

// A TallyPlan says what is counted of draws.
type TallyPlan struct {
	First int // chains whose states are wanted at each draw
	// Rows of factors, and nodes as such, are counted over all chains and draws; of a categorical
	// slot without a table the values.
	Rows []*Factor
	// Sums are over the nodes of a variable, in each chain and draw: how many are +1 or in each
	// state, or of a categorical with no number of states the values; of a continuous one the numbers, in
	// float64 from node to node.
	Sums []Var
	// Rows with continuous nodes are added up over all chains of a draw in float64: Singles from chain to chain,
	// Fours from each chain to the fourth behind it, and the four sums as (s0 + s1) + (s2 + s3).
	Singles, Fours []*Factor
	// Running lets the sums of Singles go on from draw to draw; there are no Fours then.
	Running bool
}

// A TalliedDraw is one draw.
type TalliedDraw struct {
	First [][]int32  // states of the first chains, in the form of State
	Sums  [][]uint64 // of each of TallyPlan.Sums, and of each state of a categorical, by chain; the bits of a float64 of numbers
	Moved []bool     // of each node: it has differed from the first draw in some chain
	Means []float64  // the sums over all chains of each of TallyPlan.Singles, then of Fours, row by row and entry by entry
}

// A FarObserver says that it does not look at the states of draws, or of sweeps, of a sampler whose
// device is an ObservingDevice. They stay there, and the sampler has others.
type FarObserver interface {
	Far() (draws, sweeps bool)
}

// A DeviceError says why a device did not sweep. The states are those before.
type DeviceError struct{ Err error }

func (e *DeviceError) Error() string { return e.Err.Error() }

func (e *DeviceError) Unwrap() error { return e.Err }

// deviceSweeps is how many sweeps a device makes between looks at the context, or where progress is shown.
const (
	deviceSweeps = 256
	shownSweeps  = 16
)

// sweepsElsewhere has the device sweep, and leave the states there if nobody looks. Nothing is done after
// a failure.
func (s *Sampler) sweepsElsewhere(n int, leave bool) {
	if s.deviceError != nil {
		return
	}
	far, ok := s.device.(LeavingDevice)
	sweeps := s.device.Sweeps
	if s.away = leave && ok; s.away {
		sweeps = far.Leave
	}
	if err := sweeps(s, n); err != nil {
		s.deviceError, s.away = &DeviceError{err}, false
		return
	}
	s.sweep += uint64(n)
}

// bring takes the states that the device has been left with.
func (s *Sampler) bring() error {
	if !s.away {
		return nil
	}
	s.away = false
	if err := s.device.(LeavingDevice).Bring(s, s.sweep); err != nil {
		s.deviceError = &DeviceError{err}
		return s.deviceError
	}
	return nil
}

// Device is what makes the sweeps, nil where the sampler does.
func (s *Sampler) Device() Device { return s.device }

// farEnergies are those of states that are elsewhere.
func (s *Sampler) farEnergies(beta float64, dst []float64) []float64 {
	h, err := s.device.(ObservingDevice).Energies(s)
	if err != nil {
		s.deviceError, h = &DeviceError{err}, make([]float64, s.chains)
	}
	for _, x := range h {
		dst = append(dst, float64(beta*x))
	}
	return dst
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
