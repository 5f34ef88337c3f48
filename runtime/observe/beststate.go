package observe

// BestState is the state of lowest energy of one chain, a value for each node, ±1,
// a category or the bits of a float32. It is nil where the plan did not ask for the best.
func (c *Collector) BestState(chain int) []int32 {
	if c.best == nil || chain < 0 || chain >= len(c.best.sweep) {
		return nil
	}
	state := make([]int32, c.best.state.model.Nodes)
	for n := range state {
		state[n] = c.best.state.value(n, chain)
	}
	return state
}
