// Command ising_critical compares scans of the Ising model over β with the exact
// curves: energy and heat capacity of each torus (see exact.go), magnetisation of
// an infinite lattice.
//
//	go run . scan8.npz scan16.npz scan32.npz ising_critical.svg
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: ising_critical scan.npz … picture.svg")
	}
	last := len(os.Args) - 1
	var scans []*scan
	for _, file := range os.Args[1:last] {
		s, err := readScan(file)
		if err != nil {
			log.Fatalf("%s: %v", file, err)
		}
		scans = append(scans, s)
	}
	fmt.Printf("%4s %8s  %9s %9s %8s %6s  %8s %8s %8s %6s\n", "size", "beta", "energy", "exact", "±", "z", "C", "exact", "±", "z")
	var all []float64
	for _, s := range scans {
		for i, b := range s.beta {
			u, c := energy(s.size, b), heatCapacity(s.size, b)
			zu, zc := (s.energy[i]-u)/s.energySE[i], (s.capacity[i]-c)/s.capacitySE[i]
			all = append(all, zu, zc)
			fmt.Printf("%4d %8.4f  %9.5f %9.5f %8.5f %+6.2f  %8.4f %8.4f %8.4f %+6.2f\n",
				s.size, b, s.energy[i], u, s.energySE[i], zu, s.capacity[i], c, s.capacitySE[i], zc)
		}
	}
	var within [3]int
	for _, z := range all {
		for k := range within {
			if math.Abs(z) <= float64(k+1) {
				within[k]++
			}
		}
	}
	fmt.Printf("of %d z, %d are within 1, %d within 2, %d within 3\n", len(all), within[0], within[1], within[2])
	ordered(scans[len(scans)-1])
	if err := draw(os.Args[last], scans); err != nil {
		log.Fatal(err)
	}
}

// A scan is what `thrmlgen run --scan` wrote, a figure a spin for each β.
type scan struct {
	size                 int // of the torus, size × size
	beta                 []float64
	energy, energySE     []float64
	capacity, capacitySE []float64
	absM, absMSE         []float64
}

func readScan(file string) (*scan, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, err
	}
	s := &scan{}
	for name, to := range map[string]*[]float64{
		"beta": &s.beta, "energy": &s.energy, "energy_mcse": &s.energySE, "heat_capacity": &s.capacity,
		"heat_capacity_se": &s.capacitySE, "abs_magnetisation/s": &s.absM, "abs_magnetisation_mcse/s": &s.absMSE,
	} {
		a, err := z.Get(name)
		if err != nil {
			return nil, err
		}
		if *to, err = a.Float64s(); err != nil {
			return nil, err
		}
	}
	meta, err := z.Get("meta")
	if err != nil {
		return nil, err
	}
	text, err := meta.Uint8s()
	if err != nil {
		return nil, err
	}
	var m struct{ Nodes int }
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	s.size = int(math.Sqrt(float64(m.Nodes)))
	if s.size*s.size != m.Nodes || s.size < 2 {
		return nil, fmt.Errorf("%d spins are no square torus", m.Nodes)
	}
	return s, nil
}

// ordered compares |m| with the infinite lattice where it is magnetic and the
// torus much wider than its correlations.
func ordered(s *scan) {
	fmt.Printf("\n%4s %8s  %9s %9s %8s %6s\n", "size", "beta", "|m|", "infinite", "±", "z")
	for i, b := range s.beta {
		// Correlations below the critical temperature fall off over this length.
		length := 1 / (2 * (2*b + math.Log(math.Tanh(b))))
		if b <= critical || float64(s.size) < 8*length {
			continue
		}
		m := magnetisation(b)
		fmt.Printf("%4d %8.4f  %9.5f %9.5f %8.5f %+6.2f\n", s.size, b, s.absM[i], m, s.absMSE[i], (s.absM[i]-m)/s.absMSE[i])
	}
}

// draw makes the four panels.
func draw(file string, scans []*scan) error {
	lo, hi := scans[0].beta[0], scans[0].beta[0]
	for _, s := range scans {
		for _, b := range s.beta {
			lo, hi = min(lo, b), max(hi, b)
		}
	}
	lo, hi = lo-0.01, hi+0.01
	var fine []float64
	for i := range 201 {
		fine = append(fine, lo+(hi-lo)*float64(i)/200)
	}
	panel := func(title, y string) *chart.Chart {
		return &chart.Chart{Title: title, Width: 440, Height: 320,
			X: chart.Axis{Label: "β = 1/temperature", Min: lo, Max: hi}, Y: chart.Axis{Label: y}}
	}
	u := panel("Energy", "mean of H / N")
	c := panel("Heat capacity", "β² Var(H) / N")
	m := panel("Magnetisation", "mean of |m|")
	z := panel("Energy and heat capacity: sampled − exact", "standard errors")
	z.Y.Min, z.Y.Max = -4, 4
	m.Y.Min, m.Y.Max = 0, 1
	for k := range 3 {
		b := z.Band("", []float64{lo, hi}, []float64{-float64(k + 1), -float64(k + 1)}, []float64{float64(k + 1), float64(k + 1)})
		b.Colour, b.Alpha = chart.Grey, 0.12
	}
	at := slices.Sorted(slices.Values(append([]float64{critical}, fine...)))
	infinite := m.Line("infinite lattice, exact", at, each(at, magnetisation))
	infinite.Colour = chart.Ink
	colours := []chart.Colour{chart.Blue, chart.Green, chart.Vermilion, chart.Purple}
	for i, s := range scans {
		colour := colours[i%len(colours)]
		name := fmt.Sprintf("%d × %d", s.size, s.size)
		u.Line("", fine, each(fine, func(b float64) float64 { return energy(s.size, b) })).Colour = colour
		c.Line("", fine, each(fine, func(b float64) float64 { return heatCapacity(s.size, b) })).Colour = colour
		dots(u.Errors(name, s.beta, s.energy, s.energySE), colour)
		dots(c.Errors(name, s.beta, s.capacity, s.capacitySE), colour)
		dots(m.Errors(name, s.beta, s.absM, s.absMSE), colour)
		var x, off []float64
		for k, b := range s.beta {
			shift := 0.0012 * (float64(i) - 1) // so that dots of one β stand side by side
			x = append(x, b+shift, b+shift)
			off = append(off, (s.energy[k]-energy(s.size, b))/s.energySE[k], (s.capacity[k]-heatCapacity(s.size, b))/s.capacitySE[k])
		}
		dots(z.Scatter(name, x, off), colour)
	}
	for _, p := range []*chart.Chart{u, c, m} {
		p.VLine("", critical)
	}
	u.Alt = "Mean energy a spin against β: dots on the exact curve of each size of torus."
	c.Alt = "Heat capacity against β: the peak grows with the torus; dots on the exact curves."
	m.Alt = "Mean absolute magnetisation against β: above the critical β it approaches the curve of the infinite lattice."
	z.Alt = "Differences between sampled and exact energies and heat capacities in standard errors."
	return chart.Save(file, 2, u, c, m, z)
}

func dots(s *chart.Series, c chart.Colour) { s.Colour, s.Width = c, 4 }

func each(x []float64, f func(float64) float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = f(v)
	}
	return y
}
