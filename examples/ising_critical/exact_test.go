package main

import (
	"math"
	"testing"
)

// TestKaufman holds the formula against counts of states and against published
// and independently computed energies.
func TestKaufman(t *testing.T) {
	// Number of states of the 4 by 4 torus by energy.
	states := map[float64]float64{32: 2, 24: 32, 20: 64, 16: 424, 12: 1728, 8: 6688, 4: 13568, 0: 20524}
	for _, beta := range []float64{0.1, 0.3, critical, 0.6, 1} {
		var z, e, ee float64
		for h, g := range states {
			for _, h := range []float64{-h, h} {
				if h == 0 {
					g = states[0] / 2
				}
				w := g * math.Exp(-beta*h)
				z, e, ee = z+w, e+h*w, ee+h*h*w
			}
		}
		e, ee = e/z, ee/z
		near(t, "log Z", logZ(4, beta)[0], math.Log(z), 1e-11)
		near(t, "energy", energy(4, beta), e/16, 1e-11)
		near(t, "heat capacity", heatCapacity(4, beta), beta*beta*(ee-e*e)/16, 1e-10)
	}
	for _, c := range []struct {
		temperature float64
		size        int
		energy      float64
	}{
		{1.5, 8, -1.95111543}, {1.5, 64, -1.95111657},
		{2, 8, -1.74568317}, {2, 16, -1.74553067}, {2, 32, -1.74556453}, {2, 64, -1.74556457},
		{1 / critical, 8, -1.49158911}, {1 / critical, 16, -1.45306485}, {1 / critical, 32, -1.43365846}, {1 / critical, 64, -1.42393838},
		{2.5, 8, -1.22232064}, {2.5, 16, -1.13131799}, {2.5, 32, -1.10729166}, {2.5, 64, -1.10608299},
		{5, 8, -0.42836806}, {5, 32, -0.42822883},
	} {
		near(t, "energy", energy(c.size, 1/c.temperature), c.energy, 1e-8)
	}
	for _, c := range []struct{ size, variance float64 }{{4, 4.03319910}, {6, 5.13160109}, {8, 5.89871592}} {
		near(t, "variance", heatCapacity(int(c.size), critical)/(critical*critical), c.variance, 6e-9)
	}
	near(t, "magnetisation", magnetisation(1/1.5), 0.98649960, 6e-9)
	near(t, "magnetisation", magnetisation(1/2.2), 0.78475513, 6e-9)
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s %.12g, want %.12g", what, got, want)
	}
}
