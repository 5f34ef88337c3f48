package sampling

// A ChainObserver looks at every draw of every chain: `observe: [{name: m, go:
// mypkg.Type}]` names a type that is one, or a function of the form of ObserverFunc.
type ChainObserver interface {
	// Values is how many numbers an observation has, a constant.
	Values() int
	// Numbers is how many numbers it keeps of each chain from draw to draw, a
	// constant. They are zeros at the start and part of a saved state.
	Numbers() int
	// Observe fills in the values of a draw.
	Observe(c *ChainState, numbers, values []float64)
}

// An ObserverFunc is a ChainObserver of one value that keeps nothing.
type ObserverFunc func(c *ChainState) float64

func (f ObserverFunc) Values() int  { return 1 }
func (f ObserverFunc) Numbers() int { return 0 }

// Observe calls the function.
func (f ObserverFunc) Observe(c *ChainState, _, values []float64) { values[0] = f(c) }

// ChainState is the state of one chain. Its fields are for reading.
type ChainState struct {
	Model *Model
	Chain int
	Draw  int    // of this run, from 0
	Sweep uint64 // sweeps done

	value  func(node, chain int) float64
	energy func(chain int) float64
	values map[string][]float64
}

// NewChainState is for engines: value and energy (at β = 1) are of the draw at hand.
func NewChainState(m *Model, value func(node, chain int) float64, energy func(chain int) float64) *ChainState {
	return &ChainState{Model: m, value: value, energy: energy, values: map[string][]float64{}}
}

// Value is the value of a node: ±1 of a spin, a category, or a number.
func (c *ChainState) Value(node int) float64 { return c.value(node, c.Chain) }

// Values are the values of a variable, row-major; nil for a name that is no
// variable's. They are good until the next call with the same name.
func (c *ChainState) Values(variable string) []float64 {
	v := c.Model.Var(variable)
	if v == nil {
		return nil
	}
	list := c.values[variable][:0]
	for n := range v.Count {
		list = append(list, c.Value(v.First+n))
	}
	c.values[variable] = list
	return list
}

// H is the energy at β = 1.
func (c *ChainState) H() float64 { return c.energy(c.Chain) }

// Observed calls an observer; a panic becomes an error.
func (c *ChainState) Observed(o ChainObserver, numbers, values []float64) error {
	_, err := guarded(func() (int32, error) {
		o.Observe(c, numbers, values)
		return 0, nil
	})
	return err
}
