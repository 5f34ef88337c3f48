package sampling

import (
	"fmt"
	"slices"
)

// mostCases is how many states of discrete slots a row of an expression is looked at
// one by one.
const mostCases = 1 << 20

// bounded is a value on the stack of an expression's code: its interval, and where its
// code begins.
type bounded struct {
	Interval
	from int
}

// bound is the interval of code in a row whose slots lie in intervals, and the first
// fault of its operations.
func (c *CodeFactor) bound(ops []CodeOp, row int, slots []Interval) (r Interval, fault DomainFault) {
	var stack []bounded
	for i, o := range ops {
		n := len(stack)
		switch {
		case o.Op == CodeConst:
			stack = append(stack, bounded{Interval{o.V, o.V}, i})
		case o.Op == CodeSlot:
			stack = append(stack, bounded{slots[o.N], i})
		case o.Op == CodeParamAt:
			from, first := i, n-len(c.Params[o.N].Axes)
			if first < n {
				from = stack[first].from
			}
			stack = append(stack[:first], bounded{c.Params[o.N].bound(row, stack[first:]), from})
		case o.Op >= CodeNet:
			first := n - c.Net.Sizes[0]
			stack = append(stack[:first], bounded{AnyNumber, stack[first].from})
		default:
			x, y, first := stack[n-1], stack[n-1], n-1
			same := false
			if (&Code{}).arity(o) == 2 {
				x, first = stack[n-2], n-2
				same = slices.Equal(ops[x.from:y.from], ops[y.from:i])
			}
			v, f := OperateInterval(o.Op, x.Interval, y.Interval, same)
			if fault == Defined {
				fault = f
			}
			stack = append(stack[:first], bounded{v, x.from})
		}
	}
	return stack[0].Interval, fault
}

// bound is the interval of a parameter in a row, over the indices that may be picked.
func (p *CodeParam) bound(row int, index []bounded) Interval {
	if p.Shared {
		row = 0
	}
	size := p.size()
	var values []float64
	for k, v := range p.Values[row*size : (row+1)*size] {
		picked := true
		for a, at := len(p.Axes)-1, k; a >= 0; a-- {
			picked = picked && index[a].Holds(float64(at%p.Axes[a]))
			at /= p.Axes[a]
		}
		if picked {
			values = append(values, v)
		}
	}
	return hull(values...)
}

// slotRanges are the intervals of the slots of a row.
func (m *Model) slotRanges(c *CodeFactor, row int) []Interval {
	out := make([]Interval, len(c.Slots))
	for j, s := range c.Slots {
		switch v := m.varOf(int(c.Index[row*len(c.Slots)+j])); {
		case s.Kind == Spin:
			out[j] = Interval{-1, 1}
		case s.Kind == Categorical:
			out[j] = Interval{0, float64(s.States - 1)}
		case v.Range != nil:
			out[j] = Interval{v.Range[0], v.Range[1]}
		default:
			out[j] = AnyNumber
		}
	}
	return out
}

// checkDomain refuses a code factor in whose energy an operation can leave its domain,
// by the ranges of a row's slots or, where these do not rule it out, in a state of the
// discrete ones.
func (m *Model) checkDomain(c *CodeFactor) error {
	for r := range c.Rows {
		slots := m.slotRanges(c, r)
		_, fault := c.bound(c.Energy, r, slots)
		if fault == Defined {
			continue
		}
		states, cases := make([]int, len(slots)), 1.0
		for _, s := range c.Slots {
			cases *= float64(s.discrete())
		}
		if cases <= mostCases {
			fault = c.faultInState(r, slots, states)
		}
		if fault != Defined {
			return fmt.Errorf("factor %s: with these parameters its energy has %v in row %d", c.Name, fault, r)
		}
	}
	return nil
}

// faultInState is the fault of the first state of a row's discrete slots with one.
func (c *CodeFactor) faultInState(row int, slots []Interval, states []int) DomainFault {
	for {
		for j, s := range c.Slots {
			switch v := float64(states[j]); s.Kind {
			case Spin:
				slots[j] = Interval{2*v - 1, 2*v - 1}
			case Categorical:
				slots[j] = Interval{v, v}
			}
		}
		if _, fault := c.bound(c.Energy, row, slots); fault != Defined {
			return fault
		}
		j := len(states) - 1
		for ; j >= 0; j-- {
			if states[j]++; states[j] < c.Slots[j].discrete() {
				break
			}
			states[j] = 0
		}
		if j < 0 {
			return Defined
		}
	}
}

// discrete is the number of states that a slot takes one by one.
func (s Slot) discrete() int {
	switch s.Kind {
	case Spin:
		return 2
	case Categorical:
		return s.States
	}
	return 1
}

// addLowestSquares adds lower bounds of what code adds to the coefficients of x².
func (m *Model) addLowestSquares(codes []CodeFactor, low []float64) {
	for i := range codes {
		c := &codes[i]
		for r := range c.Rows {
			var slots []Interval
			for j, part := range c.Parts[:c.heads()] {
				if part.Square == nil {
					continue
				}
				if slots == nil {
					slots = m.slotRanges(c, r)
				}
				bound, _ := c.bound(part.Square, r, slots)
				low[c.Index[r*len(c.Slots)+j]] += bound.Lo
			}
		}
	}
}
