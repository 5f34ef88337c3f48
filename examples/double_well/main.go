// Command double_well counts how often chains cross the barrier between two wells, and
// has the exact means of a ring of spins and numbers.
//
//	go run . crossings crossings.svg langevin.npz mala.npz hmc.npz
//	go run . mixed mixed.json
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"gonum.org/v1/gonum/stat"
)

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) > 3 && os.Args[1] == "crossings":
		err = crossings(os.Args[2], os.Args[3:])
	case len(os.Args) == 3 && os.Args[1] == "mixed":
		err = mixed(os.Args[2])
	default:
		log.Fatal("usage: double_well crossings picture.svg FILE … | mixed mixed.json")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// well is exp(-h·(x²-1)²).
func well(h, x float64) float64 { return math.Exp(-h * (x*x - 1) * (x*x - 1)) }

// mean is that of f under exp(-E) for weights w, by sums over a fine grid.
func mean(w, f func(x float64) float64) float64 {
	sum, mass := 0.0, 0.0
	for x := -4.0; x <= 4; x += 1e-3 {
		sum, mass = sum+w(x)*f(x), mass+w(x)
	}
	return sum / mass
}

// crossings counts changes of sign from draw to draw and draws the first chain.
func crossings(picture string, files []string) error {
	exact := mean(func(x float64) float64 { return well(4, x) }, func(x float64) float64 { return x * x })
	fmt.Printf("%-10s %21s %9s %8s   exact %.4f\n", "", "draws for a crossing", "mean x²", "±", exact)
	var panels []chart.Panel
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		z, err := npy.OpenNPZ(raw)
		if err != nil {
			return err
		}
		a, err := z.Get("x")
		if err != nil {
			return err
		}
		x, err := a.Float64s()
		if err != nil {
			return err
		}
		draws, crossed, square := a.Shape[1], 0, make([]float64, a.Shape[0])
		for i, v := range x {
			square[i/draws] += v * v / float64(draws)
			if i%draws > 0 && v*x[i-1] < 0 {
				crossed++
			}
		}
		name := strings.TrimSuffix(file, ".npz")
		m, sd := stat.MeanStdDev(square, nil)
		fmt.Printf("%-10s %21.0f %9.4f %8.4f\n", name, float64(len(x))/float64(crossed), m, sd/math.Sqrt(float64(len(square))))
		c := &chart.Chart{Title: name, Width: 760, Height: 170, X: chart.Axis{Label: "draw"}, Y: chart.Axis{Min: -1.6, Max: 1.6},
			Alt: "One chain of " + name + ": how often it changes from one well to the other."}
		c.Line("", nil, x[:min(draws, 600)]).Width = 1
		panels = append(panels, c)
	}
	return chart.Save(picture, 1, panels...)
}

// mixed compares means of the ring with exact ones. The numbers, summed out, leave an
// Ising ring, since both signs of a spin have the same sum.
func mixed(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r struct {
		Summary []struct {
			Name       string
			Mean, MCSE float64
		}
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	t := math.Tanh(0.4)
	exact := map[string]float64{
		"neighbours": 4 * (t + t*t*t) / (1 + t*t*t*t),
		"pulled":     4 * mean(func(x float64) float64 { return well(2, x) * math.Exp(0.5*x) }, func(x float64) float64 { return x }),
	}
	fmt.Printf("%-12s %9s %9s %9s %6s\n", "sum of", "exact", "sampled", "±", "z")
	for _, row := range r.Summary {
		if want, ok := exact[row.Name]; ok {
			fmt.Printf("%-12s %9.4f %9.4f %9.4f %+6.2f\n", row.Name, want, row.Mean, row.MCSE, (row.Mean-want)/row.MCSE)
		}
	}
	return nil
}
