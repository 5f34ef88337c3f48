package sampling

import "github.com/thrmlgen/thrmlgen/runtime/vector"

// netTape is a network on a tape. Lists are by number of the jets, then by neuron.
type netTape struct {
	net    *Net
	inputs []int32
	value  Jet
	act    [][3][]float64 // of each layer, the inputs first
	slope  [][3][]float64 // of the activations of the hidden layers
	delta  [2][3][]float64
	by     []float64 // a product of delta with what is asked for
}

// turn transposes the weights of a network.
func (t *Tape) turn(c *CodeFactor) {
	t.turned = t.turned[:0]
	if c.Net == nil {
		return
	}
	for l := range c.Net.layers() {
		in, out := c.Net.Sizes[l], c.Net.Sizes[l+1]
		w, x := c.Params[c.Net.First+2*l].Values, make([]float64, in*out)
		for o := range out {
			for i := range in {
				x[i*out+o] = w[o*in+i]
			}
		}
		t.turned = append(t.turned, x)
	}
}

// network runs the inputs on the stack through the network.
func (t *Tape) network() int32 {
	net := t.code.Net
	if t.used == len(t.nets) {
		t.nets = append(t.nets, netTape{})
	}
	n := &t.nets[t.used]
	t.used++
	first := len(t.stack) - net.Sizes[0]
	n.net, n.inputs = net, append(n.inputs[:0], t.stack[first:]...)
	t.stack = t.stack[:first]
	for len(n.act) <= net.layers() {
		n.act, n.slope = append(n.act, [3][]float64{}), append(n.slope, [3][]float64{})
	}
	for k := 0; k <= t.order; k++ {
		n.act[0][k] = sized(n.act[0][k], net.Sizes[0])
		for i, from := range n.inputs {
			n.act[0][k][i] = t.steps[from].value[k]
		}
	}
	last := net.layers()
	for l := range last {
		n.sums(t, l)
		if l+1 < last {
			n.activate(t, l+1)
		}
	}
	n.value = Jet{}
	for k := 0; k <= t.order; k++ {
		n.value[k] = n.act[last][k][0]
	}
	return int32(t.used - 1)
}

func sized(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// sums fills what goes into the neurons of layer l.
func (n *netTape) sums(t *Tape, l int) {
	z := &n.act[l+1]
	for k := 0; k <= t.order; k++ {
		z[k] = sized(z[k], n.net.Sizes[l+1])
		clear(z[k])
		if k == 0 {
			copy(z[k], t.code.Params[n.net.First+2*l+1].Values)
		}
		t.matVec(z[k], t.turned[l], n.act[l][k])
	}
}

// activate replaces these by what the neurons give, and keeps the slopes.
func (n *netTape) activate(t *Tape, l int) {
	z, slope := &n.act[l], &n.slope[l]
	for k := 0; k <= t.order; k++ {
		slope[k] = sized(slope[k], len(z[0]))
	}
	if t.order == 0 {
		t.activate(n.net.Activation, z[0], slope[0])
		return
	}
	for o := range z[0] {
		var x Jet
		for k := 0; k <= t.order; k++ {
			x[k] = z[k][o]
		}
		value, d := x.apply(n.net.Activation.Derivatives(x[0]))
		for k := 0; k <= t.order; k++ {
			z[k][o], slope[k][o] = value[k], d[k]
		}
	}
}

// input is the derivative of the result by input i, after back.
func (n *netTape) input(t *Tape, i int) (d Jet) {
	for k := 0; k <= t.order; k++ {
		d[k] = n.delta[0][k][i]
	}
	return d
}

// back works out derivatives of the result, whose derivative by the network is adjoint.
func (n *netTape) back(t *Tape, adjoint, by Jet, sums [][]float64) {
	last := n.net.layers() - 1
	at, below := &n.delta[0], &n.delta[1]
	for k := 0; k <= t.order; k++ {
		at[k] = append(at[k][:0], adjoint[k])
	}
	for l := last; l >= 0; l-- {
		if l < last {
			n.bend(t, l+1)
		}
		first := n.net.First + 2*l
		if sums != nil && sums[first] != nil {
			n.addLayer(t, l, by, sums[first], sums[first+1])
		}
		for k := 0; k <= t.order; k++ {
			below[k] = sized(below[k], n.net.Sizes[l])
			clear(below[k])
			t.matVec(below[k], t.code.Params[first].Values, at[k])
		}
		*at, *below = *below, *at
	}
}

// bend multiplies delta by the slopes of a layer's activations.
func (n *netTape) bend(t *Tape, l int) {
	at, slope := &n.delta[0], &n.slope[l]
	if t.order == 0 {
		for o, s := range slope[0] {
			at[0][o] = float64(at[0][o] * s)
		}
		return
	}
	for o := range at[0] {
		var d, s Jet
		for k := 0; k <= t.order; k++ {
			d[k], s[k] = at[k][o], slope[k][o]
		}
		d = d.Times(s)
		for k := 0; k <= t.order; k++ {
			at[k][o] = d[k]
		}
	}
}

// addLayer adds the derivatives by a layer's weights and biases, delta being those by
// what goes into its neurons: number by number of what the layer below gave.
func (n *netTape) addLayer(t *Tape, l int, by Jet, weights, biases []float64) {
	out := n.net.Sizes[l+1]
	n.by = sized(n.by, out)
	for j := 0; j <= t.order; j++ {
		for o := range out {
			c := 0.0
			for k := j; k <= t.order; k++ {
				c += float64(by[k] * n.delta[0][k-j][o])
			}
			n.by[o] = c
		}
		if j == 0 {
			for o, c := range n.by {
				biases[o] += c
			}
		}
		t.outer(weights, n.by, n.act[l][j])
	}
}

// farSigma is where exp(-|z|) is no longer made by the kernel.
const farSigma = 690

// activate replaces numbers by their activations and fills the slopes of these.
func (t *Tape) activate(a Activation, z, slope []float64) {
	near := a == SiLU && t.kernel == vector.AVX512
	for _, x := range z {
		near = near && -farSigma < x && x < farSigma
	}
	if near {
		for i := 0; i < len(z); i += vector.NetCells {
			vector.SiLU512(&z[i], &slope[i], min(vector.NetCells, len(z)-i))
		}
		return
	}
	for o, x := range z {
		z[o], slope[o] = a.Activate(x)
	}
}

// matVec adds a[0]·w[0:m] + a[1]·w[m:2m] + … to z, m numbers, in order.
func (t *Tape) matVec(z, w, a []float64) {
	m := len(z)
	if t.kernel == vector.AVX512 && m <= vector.NetCells {
		for k, step := 0, vector.NetCells/m; k < len(a); k += step {
			vector.MatVec512(&z[0], m, &w[k*m], &a[k], min(step, len(a)-k))
		}
		return
	}
	for k, c := range a {
		row := w[k*m : k*m+m]
		for j := range z {
			z[j] += float64(c * row[j])
		}
	}
}

// outer adds d[i]·a[j] to g[i·len(a)+j].
func (t *Tape) outer(g, d, a []float64) {
	m := len(a)
	if t.kernel == vector.AVX512 && m <= vector.NetCells {
		for i, step := 0, vector.NetCells/m; i < len(d); i += step {
			vector.Outer512(&g[i*m], &d[i], min(step, len(d)-i), &a[0], m)
		}
		return
	}
	for i, c := range d {
		row := g[i*m : i*m+m]
		for j, x := range a {
			row[j] += float64(c * x)
		}
	}
}
