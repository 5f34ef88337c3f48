package cuda

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// network is that of a factor at inputs that its slots give, as a function in C++.
type network struct {
	ID         int // from 1 on
	Note       string
	Body       []string // works out the inputs and keeps each
	Layers     []layer
	Hidden     int
	Activation sampling.Activation
}

// layer is a layer of a network: how many numbers, and where its weights and biases are.
type layer struct{ In, Out, Weights, Biases int }

// networks are those of a program, and what a thread keeps of them.
type networks struct {
	Floats, Doubles         []network
	Inputs, Neurons, Widest int // the most that one has, and the most neurons of a layer
	At, Rows, EnergyRows    int // where the rows of the first warp begin, and how many a warp has; or energies need
}

// hasNetworks says whether expressions of a program hold networks.
func hasNetworks(p *ir.Program) bool {
	return slices.ContainsFunc(p.Codes, func(c ir.CodeFactor) bool { return c.Net != nil })
}

// networkWeights is how many weights the networks of a program have.
func networkWeights(p *ir.Program) (n int) {
	for i := range p.Codes {
		if net := p.Codes[i].Net; net != nil {
			for l, in := range net.Sizes[:len(net.Sizes)-1] {
				n += in * net.Sizes[l+1]
			}
		}
	}
	return n
}

// networksOf are the networks of a program, whose functions are yet to come.
func (d *tablePlan) networksOf() *networks {
	if !hasNetworks(d.p) {
		return nil
	}
	s := &networks{Widest: 1}
	for i := range d.p.Codes {
		n := d.p.Codes[i].Net
		if n == nil {
			continue
		}
		hidden, neurons := n.Sizes[1:len(n.Sizes)-1], 0
		for _, size := range hidden {
			neurons += size
			s.Widest = max(s.Widest, size)
		}
		s.Inputs, s.Neurons = max(s.Inputs, n.Sizes[0]), max(s.Neurons, neurons)
	}
	s.Rows = 1 + 2*s.Inputs + s.Neurons + 2*s.Widest
	if s.EnergyRows = 1 + 4*max(s.Inputs, s.Widest); d.weighs() { // beside other warps, whose rows stay
		s.Rows = max(s.Rows, s.EnergyRows)
	}
	return s
}

// networkCall is a call of the function of a factor's network at inputs that ops leave on the
// stack; input is -1 for its value.
func (d *tablePlan) networkCall(c *ir.CodeFactor, ops []sampling.CodeOp, self, input int, params []int, a *arithmetic) string {
	net := c.Net
	y := network{Note: c.Name, Hidden: len(net.Sizes) - 2, Activation: net.Activation}
	from, keep := anySlot, "fresh |= m.put(%d, %s);"
	if a == doubles {
		from, keep = self, "m.put_double(1 + 2 * %d, %s);"
	}
	lines, stack := d.lines(c, ops, from, params, a)
	for i, v := range stack { // one at a time, which takes few registers
		end := len(lines)
		if i+1 < len(stack) {
			end = stack[i+1].line
		}
		y.Body = append(append(y.Body, lines[v.line:end]...), fmt.Sprintf(keep, i, v.name))
	}
	for l, in := range net.Sizes[:len(net.Sizes)-1] {
		y.Layers = append(y.Layers, layer{in, net.Sizes[l+1], params[net.First+2*l], params[net.First+2*l+1]})
	}
	list := &d.networks.Floats
	if a == doubles {
		list = &d.networks.Doubles
	}
	at := slices.IndexFunc(*list, func(x network) bool {
		return slices.Equal(x.Body, y.Body) && slices.Equal(x.Layers, y.Layers) && x.Activation == y.Activation
	})
	if at < 0 {
		y.ID = 1 + len(d.networks.Floats) + len(d.networks.Doubles)
		at = len(*list)
		*list = append(*list, y)
	}
	id := (*list)[at].ID
	if a == doubles {
		return fmt.Sprintf("network_%d(t, words, x)", id)
	}
	by := "network_value"
	if input >= 0 {
		by = fmt.Sprint(input)
	}
	return fmt.Sprintf("network_%d(t, weights, x, %d, own, %s)", id, self, by)
}
