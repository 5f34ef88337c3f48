package sampling

import (
	"fmt"
	"math"
	"slices"
)

// Net is a network of dense layers in the code of a factor: hidden layers with an
// activation, then one number without. Its tensors are parameters of the code, those of
// layer l being First+2l, the weights with axes [out, in], and First+2l+1, the biases
// with the axis [out]; all rows share them.
type Net struct {
	Sizes      []int // inputs, hidden layers, 1
	Activation Activation
	First      int
}

// Activation is the function of the hidden layers.
type Activation uint8

const (
	SiLU Activation = iota // z·σ(z)
	TanH
	ReLU     // max(z, 0), its slope at 0 being 0
	Softplus // log(1 + exp z)
	ELU      // z, and exp(z) - 1 for z <= 0
	activations
)

var activationNames = []string{"silu", "tanh", "relu", "softplus", "elu"}

// String is the name of an activation.
func (a Activation) String() string { return activationNames[a] }

// ActivationNames lists the activations.
func ActivationNames() []string { return slices.Clone(activationNames) }

// ActivationNamed is the activation of a name.
func ActivationNamed(name string) (Activation, bool) {
	i := slices.Index(activationNames, name)
	return Activation(max(i, 0)), i >= 0
}

// layers is the number of layers, the last one included.
func (n *Net) layers() int { return len(n.Sizes) - 1 }

// Tensors is the number of parameters that the network takes.
func (n *Net) Tensors() int { return 2 * n.layers() }

// check refuses a network whose tensors are not among the parameters.
func (n *Net) check(params []CodeParam) error {
	if len(n.Sizes) < 2 || n.Sizes[len(n.Sizes)-1] != 1 || slices.Min(n.Sizes) < 1 || n.Activation >= activations || n.First < 0 || n.First > len(params)-n.Tensors() {
		return fmt.Errorf("network of sizes %v with tensors from %d on", n.Sizes, n.First)
	}
	for l := range n.layers() {
		in, out := n.Sizes[l], n.Sizes[l+1]
		w, b := &params[n.First+2*l], &params[n.First+2*l+1]
		if !w.Shared || !b.Shared || !slices.Equal(w.Axes, []int{out, in}) || !slices.Equal(b.Axes, []int{out}) {
			return fmt.Errorf("layer %d of a network has tensors %v and %v, not [%d %d] and [%[4]d]", l, w.Axes, b.Axes, out, in)
		}
	}
	return nil
}

// Activate is the activation at z in float64, and its slope.
func (a Activation) Activate(z float64) (value, slope float64) {
	switch a {
	case SiLU:
		s := Sigma(z)
		return float64(z * s), float64(s * (1 + float64(z*(1-s))))
	case TanH:
		t := Tanh(z)
		return t, 1 - float64(t*t)
	case ReLU:
		if !(z <= 0) {
			return z, 1
		}
		return 0, 0
	case Softplus:
		return max(z, 0) + Log(1+Exp(-math.Abs(z))), Sigma(z)
	}
	if !(z <= 0) {
		return z, 1
	}
	e := Exp(z)
	return e - 1, e
}

// eval replaces the inputs at the top of a stack by the value of the network in
// float64, or for input >= 0 by its slope by that input.
func (n *Net) eval(params []CodeParam, input int, stack []float64) []float64 {
	base := len(stack) - n.Sizes[0]
	from := base
	// Behind the inputs: for each hidden layer its values, then their slopes.
	for l := range n.layers() - 1 {
		in, out := n.Sizes[l], n.Sizes[l+1]
		w, b := params[n.First+2*l].Values, params[n.First+2*l+1].Values
		next := len(stack)
		for o := range out {
			v, _ := n.Activation.Activate(dense(b[o], w[o*in:o*in+in], stack[from:]))
			stack = append(stack, v)
		}
		for o := range out {
			_, d := n.Activation.Activate(dense(b[o], w[o*in:o*in+in], stack[from:]))
			stack = append(stack, d)
		}
		from = next
	}
	last := params[n.First+n.Tensors()-2].Values
	if input < 0 {
		stack[base] = dense(params[n.First+n.Tensors()-1].Values[0], last, stack[from:])
		return stack[:base+1]
	}
	back := slices.Clone(last)
	for l := n.layers() - 2; l >= 0; l-- {
		in, out := n.Sizes[l], n.Sizes[l+1]
		w := params[n.First+2*l].Values
		slopes := stack[from+out : from+2*out]
		for o, d := range slopes {
			back[o] = float64(back[o] * d)
		}
		next := make([]float64, in)
		for i := range next {
			for o := range out {
				next[i] += float64(w[o*in+i] * back[o])
			}
		}
		back = next
		if l > 0 {
			from -= 2 * in
		}
	}
	stack[base] = back[input]
	return stack[:base+1]
}

// dense is b + Σ w·x, added from left to right.
func dense(b float64, w, x []float64) float64 {
	for i, v := range w {
		b += float64(v * x[i])
	}
	return b
}
