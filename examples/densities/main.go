// Command densities draws energies of the plane beside samples of them, and compares
// means of the samples with sums over a grid.
//
//	go run . grid grid.npz
//	thrmlgen energy two_moons.yaml --states grid.npz --gradient --out two_moons.grid.npz
//	thrmlgen run two_moons.yaml --out two_moons.npz
//	go run . compare two_moons
//	go run . draw two_moons
package main

import (
	"bytes"
	"fmt"
	"log"
	"math"
	"os"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"gonum.org/v1/gonum/stat"
)

// The grid has side² points, from -reach to reach in each direction, first rows of the
// largest y.
const (
	side  = 160
	reach = 4.0

	deepest = 8 // energies above the lowest that are told apart
)

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "grid":
		err = writeGrid(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "compare":
		err = compare(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "draw":
		err = draw(os.Args[2])
	default:
		log.Fatal("usage: densities grid grid.npz | compare MODEL | draw MODEL")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// at is the place of point i of the grid.
func at(i int) (x, y float64) {
	step := 2 * reach / (side - 1)
	return -reach + step*float64(i%side), reach - step*float64(i/side)
}

func writeGrid(file string) error {
	var values []float32
	for i := range side * side {
		x, y := at(i)
		values = append(values, float32(x), float32(y))
	}
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	if err := z.Add("x", []int{side * side, 2}, values); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// array reads one array of a file as float64.
func array(file, name string) (shape []int, values []float64, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	a, err := z.Get(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	values, err = a.Float64s()
	return a.Shape, values, err
}

// A moment is a mean that grid and samples both have.
type moment struct {
	name string
	of   func(x, y, energy float64) float64
}

var moments = []moment{
	{"energy", func(_, _, e float64) float64 { return e }},
	{"x", func(x, _, _ float64) float64 { return x }},
	{"y", func(_, y, _ float64) float64 { return y }},
	{"x²", func(x, _, _ float64) float64 { return x * x }},
	{"y²", func(_, y, _ float64) float64 { return y * y }},
	{"|x|", func(x, _, _ float64) float64 { return math.Abs(x) }},
	{"r", func(x, y, _ float64) float64 { return math.Hypot(x, y) }},
}

// compare prints means under exp(-E) by summing over the grid, means of the samples, and
// how many standard errors apart they are; the errors are from the means of the chains.
func compare(name string) error {
	_, energy, err := array(name+".grid.npz", "energy")
	if err != nil {
		return err
	}
	shape, x, err := array(name+".npz", "x")
	if err != nil {
		return err
	}
	_, e, err := array(name+".npz", "energy")
	if err != nil {
		return err
	}
	fmt.Printf("%-16s %9s %9s %8s %6s\n", name, "grid", "sampled", "±", "z")
	for _, m := range moments {
		sum, mass := 0.0, 0.0
		for i, h := range energy {
			u, v := at(i)
			p := math.Exp(-h)
			sum, mass = sum+p*m.of(u, v, h), mass+p
		}
		means := make([]float64, shape[0])
		for i, h := range e {
			means[i/shape[1]] += m.of(x[2*i], x[2*i+1], h) / float64(shape[1])
		}
		mean, sd := stat.MeanStdDev(means, nil)
		se := sd / math.Sqrt(float64(len(means)))
		fmt.Printf("%-16s %9.4f %9.4f %8.4f %+6.2f\n", m.name, sum/mass, mean, se, (mean-sum/mass)/se)
	}
	return nil
}

// draw shows an energy and samples of it.
func draw(name string) error {
	_, energy, err := array(name+".grid.npz", "energy")
	if err != nil {
		return err
	}
	_, x, err := array(name+".npz", "x")
	if err != nil {
		return err
	}
	least := math.Inf(1)
	for _, h := range energy {
		least = min(least, h)
	}
	shown := make([]float64, len(energy))
	for i, h := range energy {
		shown[i] = -min(h-least, deepest)
	}
	ticks := func(first, last string) chart.Axis {
		return chart.Axis{Ticks: []chart.Tick{{At: 0, Label: first}, {At: (side - 1) / 2.0, Label: "0"}, {At: side - 1, Label: last}}}
	}
	c := &chart.Chart{Title: name + ": −energy above the lowest", Width: 360, Height: 360, X: ticks("−4", "4"), Y: ticks("4", "−4"),
		Alt: "The energy over the plane, dark where it is low."}
	c.Heat(shown, side, side, chart.Shades, -deepest, 0)
	s := &chart.Chart{Title: "samples", Width: 360, Height: 360, X: chart.Axis{Min: -reach, Max: reach}, Y: chart.Axis{Min: -reach, Max: reach},
		Alt: "Samples lie where the energy is low."}
	var u, v []float64
	for i := 0; i+1 < len(x); i += 2 * 8 { // every eighth draw
		u, v = append(u, x[i]), append(v, x[i+1])
	}
	dots := s.Scatter("", u, v)
	dots.Width, dots.Alpha = 2.5, 0.6
	return chart.Save(name+".svg", 2, c, s)
}
