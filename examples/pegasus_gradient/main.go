// Command pegasus_gradient compares two estimates of one gradient, made with different
// random numbers: their difference should be as large as their standard errors say.
//
//	thrmlgen grad model.yaml --out a.npz
//	thrmlgen grad model.yaml --set train.seed=1 --out b.npz
//	go run . errors.svg a.npz b.npz [a2.npz b2.npz]…
package main

import (
	"fmt"
	"log"
	"math"
	"os"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 || len(os.Args)%2 != 0 {
		log.Fatal("usage: pegasus_gradient picture.svg a.npz b.npz [a2.npz b2.npz]…")
	}
	var panels []chart.Panel
	for i := 2; i < len(os.Args); i += 2 {
		c, err := compare(os.Args[i], os.Args[i+1])
		if err != nil {
			log.Fatal(err)
		}
		panels = append(panels, c)
	}
	if err := chart.Save(os.Args[1], 2, panels...); err != nil {
		log.Fatal(err)
	}
}

var phases = []struct{ array, text string }{{"positive", "data phase"}, {"negative", "model phase"}, {"gradient", "gradient"}}

// compare prints how two estimates agree, and draws the differences of the phases.
func compare(a, b string) (*chart.Chart, error) {
	x, err := open(a)
	if err != nil {
		return nil, err
	}
	y, err := open(b)
	if err != nil {
		return nil, err
	}
	fmt.Printf("%s and %s\n", a, b)
	c := &chart.Chart{Title: a + " and " + b, Width: 430, Height: 300, X: chart.Axis{Label: "difference in its standard errors", Min: -8, Max: 8}, Y: chart.Axis{Label: "density"}}
	c.Alt = "Histograms of differences in standard errors, and the normal density."
	var edges, at, normal []float64
	for k := range 65 {
		edges = append(edges, -8+0.25*float64(k))
		u := edges[k]
		at, normal = append(at, u), append(normal, math.Exp(-u*u/2)/math.Sqrt(2*math.Pi))
	}
	for i, p := range phases {
		z, err := differences(x, y, p.array)
		if err != nil {
			return nil, err
		}
		sum, within := 0.0, 0
		for _, v := range z {
			sum += v * v
			if math.Abs(v) <= 1 {
				within++
			}
		}
		fmt.Printf("  %-11s  %5d figures, differences of %.2f standard errors; %.0f %% within one\n", p.text, len(z), math.Sqrt(sum/float64(len(z))), 100*float64(within)/float64(len(z)))
		if p.array == "gradient" {
			continue
		}
		heights := chart.Counts(z, edges)
		for k := range heights {
			heights[k] /= 0.25 * float64(len(z))
		}
		bars := c.Bars(p.text, edges, heights)
		bars.Colour, bars.Alpha = []chart.Colour{chart.Vermilion, chart.Blue}[i], 0.45
	}
	c.Line("expected", at, normal).Width = 2
	return c, nil
}

// differences are those of all weights, in standard errors. Where both errors are 0,
// at spins that the data hold, there is nothing to compare.
func differences(a, b *npy.NPZReader, phase string) (z []float64, err error) {
	for _, factor := range []string{"bias", "coupling"} {
		var v [4][]float64
		for i, name := range []string{phase + "/" + factor, phase + "_se/" + factor} {
			for k, from := range []*npy.NPZReader{a, b} {
				array, err := from.Get(name)
				if err != nil {
					return nil, err
				}
				if v[2*i+k], err = array.Float64s(); err != nil {
					return nil, err
				}
			}
		}
		for i := range v[0] {
			if e := math.Hypot(v[2][i], v[3][i]); e > 0 {
				z = append(z, (v[0][i]-v[1][i])/e)
			}
		}
	}
	return z, nil
}

func open(file string) (*npy.NPZReader, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return z, nil
}
