// Command gaussian_bernoulli draws the numbers of a model on the plane in which they
// vary most, and compares the means of a small one with exact ones.
//
//	go run . scatter warm.npz cold.npz components.svg
//	go run . exact exact.json small.npz
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) == 5 && os.Args[1] == "scatter":
		err = scatter(os.Args[2:4], os.Args[4])
	case len(os.Args) == 4 && os.Args[1] == "exact":
		err = compare(os.Args[2], os.Args[3])
	default:
		log.Fatal("usage: gaussian_bernoulli scatter warm.npz cold.npz picture.svg | exact exact.json small.npz")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// arrays reads arrays of a result file as float64, with the shape of the first.
func arrays(file string, names ...string) (shape []int, values [][]float64, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	for i, name := range names {
		a, err := z.Get(name)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		v, err := a.Float64s()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %s: %w", file, name, err)
		}
		if values = append(values, v); i == 0 {
			shape = a.Shape
		}
	}
	return shape, values, nil
}

// A projection is the draws on their two first principal components.
type projection struct {
	chains int
	point  [2][]float64 // chain by chain
	share  [2]float64   // of the whole variance
}

// project finds the two directions in which the numbers x vary most, and where the
// draws lie along them.
func project(file string) (*projection, error) {
	shape, values, err := arrays(file, "x")
	if err != nil {
		return nil, err
	}
	if len(shape) != 3 {
		return nil, fmt.Errorf("%s: x has shape %v, not (chain, draw, node)", file, shape)
	}
	draws, nodes := shape[0]*shape[1], shape[2]
	x := mat.NewDense(draws, nodes, values[0])
	var pc stat.PC
	if !pc.PrincipalComponents(x, nil) {
		return nil, fmt.Errorf("%s: no principal components", file)
	}
	var axes, at mat.Dense
	pc.VectorsTo(&axes)
	variance, total := pc.VarsTo(nil), 0.0
	for _, v := range variance {
		total += v
	}
	centre(x)
	at.Mul(x, axes.Slice(0, nodes, 0, 2))
	p := &projection{chains: shape[0]}
	for k := range p.point {
		p.point[k] = mat.Col(nil, k, &at)
		p.share[k] = variance[k] / total
		if axes.At(0, k) < 0 { // a direction has no sign of its own
			for i := range p.point[k] {
				p.point[k][i] = -p.point[k][i]
			}
		}
	}
	return p, nil
}

func centre(x *mat.Dense) {
	rows, cols := x.Dims()
	for j := range cols {
		mean := 0.0
		for i := range rows {
			mean += x.At(i, j) / float64(rows)
		}
		for i := range rows {
			x.Set(i, j, x.At(i, j)-mean)
		}
	}
}

// between is the share of the variance along a component that lies between the
// means of the chains.
func (p *projection) between(k int) float64 {
	draws := len(p.point[k]) / p.chains
	within, means := 0.0, 0.0
	for c := range p.chains {
		mean, variance := stat.PopMeanVariance(p.point[k][c*draws:(c+1)*draws], nil)
		within += variance
		means += mean * mean
	}
	return means / (means + within)
}

func scatter(files []string, picture string) error {
	var panels []chart.Panel
	for i, file := range files {
		p, err := project(file)
		if err != nil {
			return err
		}
		title := []string{"β = 0.01", "β = 1"}[i]
		fmt.Printf("%-9s components 1 and 2 have %.1f %% and %.1f %% of the variance; between chains lies %.0f %% and %.0f %% of theirs\n",
			title, 100*p.share[0], 100*p.share[1], 100*p.between(0), 100*p.between(1))
		c := &chart.Chart{Title: title, Width: 430, Height: 400, X: chart.Axis{Label: "component 1"}, Y: chart.Axis{Label: "component 2"}}
		c.Alt = []string{"One cloud: all chains visit the same states.", "Small spots: every chain stays in a place of its own."}[i]
		draws := len(p.point[0]) / p.chains
		const shown = 20 // draws of each chain
		for k := range 7 {
			var x, y []float64
			for c := k; c < p.chains; c += 7 {
				for d := draws - shown; d < draws; d++ {
					x, y = append(x, rounded(p.point[0][c*draws+d])), append(y, rounded(p.point[1][c*draws+d]))
				}
			}
			s := c.Scatter("", x, y)
			s.Colour, s.Width, s.Alpha = []chart.Colour{chart.Blue, chart.Orange, chart.Green, chart.Purple, chart.Sky, chart.Vermilion, chart.Grey}[k], 4, 0.7
		}
		panels = append(panels, c)
	}
	return chart.Save(picture, 2, panels...)
}

// rounded keeps four digits behind the point, so that the picture is the same on all
// machines.
func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// compare prints exact and sampled means of the small model.
func compare(exactFile, file string) error {
	raw, err := os.ReadFile(exactFile)
	if err != nil {
		return err
	}
	var exact struct{ Mean map[string][]float64 }
	if err := json.Unmarshal(raw, &exact); err != nil {
		return fmt.Errorf("%s: %w", exactFile, err)
	}
	fmt.Printf("%-5s %9s %9s %8s %6s\n", "mean", "exact", "sampled", "±", "z")
	worst := 0.0
	for _, v := range []string{"x", "s"} {
		_, got, err := arrays(file, "moments/node/"+v, "moments/node_se/"+v)
		if err != nil {
			return err
		}
		for i, want := range exact.Mean[v] {
			z := (got[0][i] - want) / got[1][i]
			worst = max(worst, math.Abs(z))
			fmt.Printf("%s[%d]  %9.5f %9.5f %8.5f %+6.2f\n", v, i, want, got[0][i], got[1][i], z)
		}
	}
	fmt.Printf("the largest of 16 differences is %.1f standard errors\n", worst)
	return nil
}
