// Package flips has samplers, a start and observers for models of spins.
package flips

import "github.com/thrmlgen/thrmlgen/runtime/sampling"

// Metropolis turns a spin round with probability min(1, exp(-ΔE)).
func Metropolis(u *sampling.Update) float64 {
	if u.Uniform() < sampling.Exp(u.Energy(u.Old)-u.Energy(-u.Old)) {
		return -u.Old
	}
	return u.Old
}

// HeatBath draws from the conditional law, as thrmlgen's own sampler does.
func HeatBath(u *sampling.Update) float64 { return drawn(u, u.Field) }

func drawn(u *sampling.Update, field float64) float64 {
	if u.Uniform() < sampling.Sigma(2*field) {
		return 1
	}
	return -1
}

// Noisy is a p-bit in hardware: to the field of each one comes noise of its own that
// remembers its past, an Ornstein-Uhlenbeck process.
type Noisy struct{}

const (
	memory = 0.9 // of the noise from one sweep to the next
	size   = 0.5 // its standard deviation
)

// Numbers is one: the noise.
func (Noisy) Numbers() int { return 1 }

// Begin draws the noise from its stationary law.
func (Noisy) Begin(s *sampling.Site, numbers []float64) { numbers[0] = size * s.Normal() }

// Sample moves the noise on and draws with it.
func (Noisy) Sample(u *sampling.Update) float64 {
	fresh := size * 0.43588989435406735 // sqrt(1 - memory²)
	u.Numbers[0] = float64(memory*u.Numbers[0]) + float64(fresh*u.Normal())
	return drawn(u, u.Field+u.Numbers[0])
}

// Stripes starts rows up and down in turn.
func Stripes(s *sampling.Site) float64 {
	if s.Index/4%2 == 0 {
		return 1
	}
	return -1
}

// M2 is the square of the mean of s.
func M2(c *sampling.ChainState) float64 {
	m := mean(c)
	return m * m
}

func mean(c *sampling.ChainState) float64 {
	spins, sum := c.Values("s"), 0.0
	for _, x := range spins {
		sum += x
	}
	return sum / float64(len(spins))
}

// Turns tells whether the sign of the mean has turned since it last was not 0, and
// how large the mean is.
type Turns struct{}

// Values are two: 1 for a turn, else 0; and the size.
func (Turns) Values() int { return 2 }

// Numbers is one of each chain: the last sign.
func (Turns) Numbers() int { return 1 }

// Observe looks at a draw.
func (Turns) Observe(c *sampling.ChainState, numbers, values []float64) {
	m := mean(c)
	if m*numbers[0] < 0 {
		values[0] = 1
	}
	values[1] = m
	switch {
	case m > 0:
		numbers[0] = 1
	case m < 0:
		numbers[0], values[1] = -1, -m
	}
}
