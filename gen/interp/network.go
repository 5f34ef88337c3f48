package interp

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Networks.

// netState is a network at some inputs: what each hidden neuron gives, and the slope of
// its activation.
type netState struct {
	c            *ir.CodeFactor
	out, slopeOf [][]float32
}

// network runs the inputs through the hidden layers.
func network(c *ir.CodeFactor, inputs []float32) *netState {
	s := &netState{c: c, out: [][]float32{append([]float32(nil), inputs...)}}
	for layer := 0; layer < len(c.Net.Sizes)-2; layer++ {
		var values, slopes []float32
		for neuron := range c.Net.Sizes[layer+1] {
			v, d := activation(c.Net.Activation, s.sum(layer, neuron))
			values, slopes = append(values, v), append(slopes, d)
		}
		s.out, s.slopeOf = append(s.out, values), append(s.slopeOf, slopes)
	}
	return s
}

// weight is the weight in a layer from a place of the layer below, in float32.
func (s *netState) weight(layer, neuron, below int) float32 {
	n := s.c.Net
	return float32(s.c.Params[n.First+2*layer].Values[neuron*n.Sizes[layer]+below])
}

// sum is what goes into the activation of a neuron.
func (s *netState) sum(layer, neuron int) float32 {
	z := float32(s.c.Params[s.c.Net.First+2*layer+1].Values[neuron])
	for i, x := range s.out[layer] {
		product := s.weight(layer, neuron, i) * x
		z = z + float32(product)
	}
	return z
}

func (s *netState) value() float32 { return s.sum(len(s.out)-1, 0) }

// slopes are those of the value by the inputs.
func (s *netState) slopes() []float32 {
	top := len(s.out) - 1
	var by []float32 // what is in a layer's place
	for i := range s.out[top] {
		by = append(by, s.weight(top, 0, i))
	}
	for layer := top - 1; layer >= 0; layer-- {
		below := make([]float32, len(s.out[layer]))
		for i := range below {
			for neuron, d := range s.slopeOf[layer] {
				inner := float32(by[neuron] * d)
				below[i] = below[i] + float32(s.weight(layer, neuron, i)*inner)
			}
		}
		by = below
	}
	return by
}

// activation is the value and the slope of an activation.
func activation(a sampling.Activation, z float32) (value, slope float32) {
	positive := z
	if z <= 0 {
		positive = 0
	}
	switch a {
	case sampling.SiLU:
		s := logistic(z)
		inner := float32(z * (1 - s))
		return z * s, s * (1 + inner)
	case sampling.TanH:
		t := 2*logistic(2*z) - 1
		return t, 1 - float32(t*t)
	case sampling.Softplus:
		far := exponential(float32(-math.Abs(float64(z))))
		return positive + float32(sampling.Log(1+float64(far))), logistic(z)
	case sampling.ReLU:
		if z <= 0 {
			return 0, 0
		}
		return z, 1
	}
	if z <= 0 {
		e := exponential(z)
		return e - 1, e
	}
	return z, 1
}

func logistic(x float32) float32 {
	below := 1 + exponential(-x)
	return 1 / below
}

// exponential is e(x) of the specification.
func exponential(x float32) float32 {
	if math.IsNaN(float64(x)) {
		x = -87
	}
	x = min(max(x, -87), 87)
	whole := float32(x * 1.44269504)
	k := int(math.Floor(float64(whole + 0.5)))
	r := x - float32(float32(k)*0.693359375)
	r = r + float32(float32(k)*2.12194440e-4)
	p := float32(0)
	for _, c := range []float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		p = float32(p*r) + c
	}
	square := float32(r * r)
	y := float32(p*square) + r
	y = y + 1
	return float32(math.Ldexp(float64(y), k))
}
