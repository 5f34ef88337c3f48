// Command two_moons makes the points of two moons, measures how near samples come to
// them, and draws both with the energy that was learned.
//
//	go run . data moons.npz
//	go run . grid grid.npz
//	go run . distance moons.npz samples.npz
//	go run . draw moons.npz samples.npz energies.json moons.svg
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

const (
	rows  = 2000 // points for training, and as many held out
	side  = 96   // of the grid of energies
	reach = 4.0  // the grid goes from -reach to +reach
)

func main() {
	log.SetFlags(0)
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == "data":
		r := rand.New(rand.NewPCG(7, 11))
		err = write(args[1], map[string][]float32{"train": moons(r), "test": moons(r)}, "train", "test")
	case len(args) == 2 && args[0] == "grid":
		err = write(args[1], map[string][]float32{"x": grid()}, "x")
	case len(args) == 3 && args[0] == "distance":
		err = distance(args[1], args[2])
	case len(args) == 5 && args[0] == "draw":
		err = draw(args[1], args[2], args[3], args[4])
	default:
		log.Fatal("usage: two_moons data FILE | grid FILE | distance DATA SAMPLES | draw DATA SAMPLES ENERGIES PICTURE")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// moons are two half circles that hold each other, with noise of standard deviation 0.2.
// Only functions of the runtime are used, so that the points are the same everywhere.
func moons(r *rand.Rand) (points []float32) {
	normal := func() float64 { return sampling.NormalQuantile((float64(r.Uint32()) + 0.5) / (1 << 32)) }
	for i := range rows {
		t := math.Pi * r.Float64()
		x, y := sampling.Cos(t)-0.5, sampling.Sin(t)-0.25
		if i%2 == 1 {
			x, y = -x, -y
		}
		points = append(points, float32(2*x+float64(0.2*normal())), float32(2*y+float64(0.2*normal())))
	}
	return points
}

// grid are the middles of the cells of a square, rows from the top.
func grid() (points []float32) {
	at := func(i int) float32 { return float32(reach * (float64(2*i+1)/side - 1)) }
	for i := range side {
		for j := range side {
			points = append(points, at(j), at(side-1-i))
		}
	}
	return points
}

// write makes a file of arrays of points; states have an axis for chains.
func write(file string, arrays map[string][]float32, names ...string) error {
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	for _, name := range names {
		shape := []int{len(arrays[name]) / 2, 2}
		if name == "x" {
			shape = []int{1, len(arrays[name]) / 2, 2}
		}
		if err := z.Add(name, shape, arrays[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// point is a place in the plane.
type point [2]float64

func read(file, name string) ([]point, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, err
	}
	a, err := z.Get(name)
	if err != nil {
		return nil, err
	}
	x, err := a.Float64s()
	if err != nil {
		return nil, err
	}
	points := make([]point, len(x)/2)
	for i := range points {
		points[i] = point{x[2*i], x[2*i+1]}
	}
	return points, nil
}

// widths are those of the kernels that distances are taken with.
var widths = []float64{0.2, 0.5, 1, 2, 4}

// kernel is the mean of Gaussians of these widths.
func kernel(a, b point) float64 {
	d := float64((a[0]-b[0])*(a[0]-b[0])) + float64((a[1]-b[1])*(a[1]-b[1]))
	sum := 0.0
	for _, w := range widths {
		sum += sampling.Exp(-d / (2 * w * w))
	}
	return sum / float64(len(widths))
}

// discrepancy is the squared maximum mean discrepancy, without bias (Gretton and others,
// 2012): 0 on average where both sets come from one law.
func discrepancy(a, b []point) float64 {
	within := func(x []point) float64 {
		sum := 0.0
		for i := range x {
			for j := range i {
				sum += kernel(x[i], x[j])
			}
		}
		return 2 * sum / (float64(len(x)) * float64(len(x)-1))
	}
	between := 0.0
	for _, x := range a {
		for _, y := range b {
			between += kernel(x, y)
		}
	}
	return within(a) + within(b) - 2*between/(float64(len(a))*float64(len(b)))
}

func distance(data, samples string) error {
	test, err := read(data, "test")
	if err != nil {
		return err
	}
	train, err := read(data, "train")
	if err != nil {
		return err
	}
	x, err := read(samples, "x")
	if err != nil {
		return err
	}
	fmt.Printf("squared MMD to the points held out: samples %.5f, points of the training %.5f\n", discrepancy(x, test), discrepancy(train, test))
	return nil
}

func draw(data, samples, energies, picture string) error {
	test, err := read(data, "test")
	if err != nil {
		return err
	}
	x, err := read(samples, "x")
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(energies)
	if err != nil {
		return err
	}
	var e struct{ Energy [][]float64 }
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	if len(e.Energy) != 1 || len(e.Energy[0]) != side*side {
		return fmt.Errorf("%s: not the energies of the grid", energies)
	}
	// As far above the valleys as a point is still seen now and then.
	lowest := math.Inf(1)
	for _, v := range e.Energy[0] {
		lowest = min(lowest, v)
	}
	heights := make([]float64, side*side)
	for i, v := range e.Energy[0] {
		heights[i] = min(v-lowest, 8)
	}
	heat := panel("energy above the lowest, up to 8", "The energy has two valleys along the moons")
	heat.X, heat.Y = chart.Axis{Hidden: true}, chart.Axis{Hidden: true, Down: true}
	heat.Heat(heights, side, side, chart.Sequential, 0, 8)
	return chart.Save(picture, 3, scatter("held out", test), scatter("samples", x), heat)
}

func panel(title, alt string) *chart.Chart {
	axis := chart.Axis{Min: -reach, Max: reach}
	return &chart.Chart{Title: title, Alt: alt, Width: 300, Height: 300, X: axis, Y: axis}
}

func scatter(title string, points []point) *chart.Chart {
	c := panel(title, "Points along two half circles that hold each other")
	var x, y []float64
	for _, p := range points[:len(points)/2] { // so that the picture is small
		x, y = append(x, p[0]), append(y, p[1])
	}
	c.Scatter("", x, y)
	return c
}
