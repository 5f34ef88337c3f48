package sampling

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Networks in float32, for the 64 chains of a word at once.

// layer32 is a layer with its numbers in float32.
type layer32 struct {
	in, out int
	w, b    []float32
}

// net32 is a network with its numbers in float32.
type net32 struct {
	layers     []layer32
	activation Activation
}

func newNet32(n *Net, params []param32) *net32 {
	if n == nil {
		return nil
	}
	x := &net32{activation: n.Activation}
	for l := range n.layers() {
		x.layers = append(x.layers, layer32{n.Sizes[l], n.Sizes[l+1], params[n.First+2*l].values, params[n.First+2*l+1].values})
	}
	return x
}

// netScratch is what a worker needs for networks, and what the last one came to: the
// slopes by all inputs cost little more than that by one, and updates ask for one after
// the other at the same inputs.
type netScratch struct {
	kernel vector.Kernel
	of     *net32        // whose slopes these are; nil: nobody's
	input  [][64]float32 // where they were taken
	slope  [][64]float32 // by each input
	value  [64]float32
	act    [][][64]float32 // of each hidden layer
	bend   [][][64]float32 // the slopes of its activations
	deltas [2][][64]float32
}

func grown(x [][64]float32, n int) [][64]float32 {
	for len(x) < n {
		x = append(x, [64]float32{})
	}
	return x
}

// netAt replaces the first of the inputs by the value of the network, or for input >= 0
// by its slope by that input.
func (q *netScratch) netAt(n *net32, input int, x [][64]float32) {
	if input < 0 {
		q.forward(n, x)
		x[0] = q.value
		return
	}
	if q.of != n || !sameBits(q.input, x) {
		q.input = grown(q.input, len(x))[:len(x)]
		copy(q.input, x)
		q.forward(n, x)
		q.backward(n)
		q.of = n
	}
	x[0] = q.slope[input]
}

func sameBits(x, y [][64]float32) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		for j, v := range &x[i] {
			if math.Float32bits(v) != math.Float32bits(y[i][j]) {
				return false
			}
		}
	}
	return true
}

// forward computes the value and what backward takes.
func (q *netScratch) forward(n *net32, x [][64]float32) {
	hidden := len(n.layers) - 1
	for len(q.act) < hidden {
		q.act, q.bend = append(q.act, nil), append(q.bend, nil)
	}
	for l := range hidden {
		y := &n.layers[l]
		q.act[l], q.bend[l] = grown(q.act[l], y.out), grown(q.bend[l], y.out)
		for o := range y.out {
			q.denseWord(&q.act[l][o], y.b[o], y.w[o*y.in:o*y.in+y.in], 1, x)
		}
		q.activate(n.activation, q.act[l][:y.out], q.bend[l][:y.out])
		x = q.act[l]
	}
	last := &n.layers[hidden]
	q.denseWord(&q.value, last.b[0], last.w, 1, x)
}

// denseWord is b + w[0]·x[0] + w[stride]·x[1] + … , from left to right.
func (q *netScratch) denseWord(z *[64]float32, b float32, w []float32, stride int, x [][64]float32) {
	n := (len(w) + stride - 1) / stride
	if q.kernel == vector.AVX512 {
		vector.DenseStart512(z, &w[0], stride, min(vector.NetRows, n), &x[0], b)
		for i := vector.NetRows; i < n; i += vector.NetRows {
			vector.DenseWord512(z, &w[i*stride], stride, min(vector.NetRows, n-i), &x[i])
		}
		return
	}
	fillFloats(z, b)
	for i := range n {
		c, y := w[i*stride], &x[i]
		for j := range z {
			z[j] += float32(c * y[j])
		}
	}
}

// mulRows multiplies rows by those of another list.
func (q *netScratch) mulRows(d, by [][64]float32) {
	if q.kernel == vector.AVX512 {
		for i := 0; i < len(d); i += vector.NetRows {
			vector.MulRows512(&d[i], &by[i], min(vector.NetRows, len(d)-i))
		}
		return
	}
	for i := range d {
		x, y := &d[i], &by[i]
		for j := range x {
			x[j] = float32(x[j] * y[j])
		}
	}
}

// activate replaces rows by their activations and fills the slopes of these.
func (q *netScratch) activate(a Activation, z, slope [][64]float32) {
	if a == SiLU && q.kernel == vector.AVX512 {
		for i := 0; i < len(z); i += vector.NetRows {
			vector.SiLURows512(&z[i], &slope[i], min(vector.NetRows, len(z)-i))
		}
		return
	}
	for i := range z {
		a.word(&z[i], &slope[i])
	}
}

// backward computes the slopes after forward.
func (q *netScratch) backward(n *net32) {
	hidden := len(n.layers) - 1
	last := &n.layers[hidden]
	delta := q.room(0, last.in)
	for i, w := range last.w {
		fillFloats(&delta[i], w)
	}
	for l := hidden - 1; l >= 0; l-- {
		y := &n.layers[l]
		q.mulRows(delta[:y.out], q.bend[l])
		next := q.room((hidden-l)%2, y.in)
		for i := range y.in {
			q.denseWord(&next[i], 0, y.w[i:], y.in, delta[:y.out])
		}
		delta = next
	}
	q.slope = grown(q.slope, len(delta))
	copy(q.slope, delta)
}

// room is one of two lists of deltas.
func (q *netScratch) room(which, n int) [][64]float32 {
	q.deltas[which] = grown(q.deltas[which], n)
	return q.deltas[which][:n]
}

// word replaces z by the activations and fills their slopes.
func (a Activation) word(z, slope *[64]float32) {
	switch a {
	case SiLU:
		for j, v := range z {
			s := sigma32(v)
			z[j], slope[j] = float32(v*s), float32(s*(1+float32(v*(1-s))))
		}
	case TanH:
		for j, v := range z {
			t := float32(2*sigma32(2*v)) - 1
			z[j], slope[j] = t, 1-float32(t*t)
		}
	case ReLU:
		for j, v := range z {
			z[j], slope[j] = 0, 0
			if !(v <= 0) {
				z[j], slope[j] = v, 1
			}
		}
	case Softplus:
		for j, v := range z {
			e := exp32(-float32(math.Abs(float64(v))))
			slope[j] = sigma32(v)
			z[j] = 0
			if !(v <= 0) {
				z[j] = v
			}
			z[j] += float32(Log(1 + float64(e)))
		}
	default:
		for j, v := range z {
			e := exp32(v)
			z[j], slope[j] = e-1, e
			if !(v <= 0) {
				z[j], slope[j] = v, 1
			}
		}
	}
}

// exp32 is exp in float32 between -87 and 87, its value at the ends beyond them and at
// -87 for what is no number: a polynomial for |r| <= ln 2/2 (Cephes, expf) times a power
// of two, within two units in the last place.
func exp32(x float32) float32 {
	if !(x > -87) {
		x = -87
	}
	if x > 87 {
		x = 87
	}
	k := float32(math.Floor(float64(float32(x*1.44269504) + 0.5)))
	r := x - float32(k*0.693359375)
	r -= float32(k * -2.12194440e-4)
	p := float32(1.9875691500e-4)
	p = float32(p*r) + 1.3981999507e-3
	p = float32(p*r) + 8.3334519073e-3
	p = float32(p*r) + 4.1665795894e-2
	p = float32(p*r) + 1.6666665459e-1
	p = float32(p*r) + 5.0000001201e-1
	y := float32(p*float32(r*r)) + r + 1
	return float32(y * math.Float32frombits(uint32(int32(k)+127)<<23))
}

// sigma32 is 1/(1 + exp(-x)).
func sigma32(x float32) float32 { return 1 / (1 + exp32(-x)) }
