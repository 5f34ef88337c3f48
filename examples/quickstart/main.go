// Command quickstart compares sampled means with exact ones: a row for each in a
// table, a dot for each in a picture.
//
//	thrmlgen exact model.yaml --json > exact.json
//	thrmlgen run model.yaml --out samples.npz
//	go run . exact.json samples.npz quickstart.svg
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
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: quickstart exact.json samples.npz picture.svg")
	}
	names, exact, err := readExact(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	mean, mcse, err := readMoments(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if len(mean) != len(exact) {
		log.Fatalf("%d exact and %d sampled means: not of one model", len(exact), len(mean))
	}
	z := make([]float64, len(mean))
	within := [3]int{}
	fmt.Printf("%-12s %9s %9s %9s %6s\n", "mean of", "exact", "sampled", "±", "z")
	for i := range z {
		z[i] = (mean[i] - exact[i]) / mcse[i]
		fmt.Printf("%-12s %9.5f %9.5f %9.5f %+6.2f\n", names[i], exact[i], mean[i], mcse[i], z[i])
		for k := range within {
			if math.Abs(z[i]) <= float64(k+1) {
				within[k]++
			}
		}
	}
	fmt.Printf("of %d, %d are within 1 standard error, %d within 2, %d within 3\n", len(z), within[0], within[1], within[2])
	if err := draw(os.Args[3], names, exact, mean, z); err != nil {
		log.Fatal(err)
	}
}

// readExact reads the means of spins, and of products of neighbours behind them.
func readExact(file string) (names []string, means []float64, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	var e struct {
		Mean struct{ S []float64 }
		Pair []struct {
			Nodes []string
			Value float64
		}
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	for i, m := range e.Mean.S {
		names, means = append(names, fmt.Sprintf("s[%d]", i)), append(means, m)
	}
	for _, p := range e.Pair {
		names, means = append(names, strings.Join(p.Nodes, "·")), append(means, p.Value)
	}
	return names, means, nil
}

// readMoments reads the same means, and their standard errors, from samples.
func readMoments(file string) (mean, mcse []float64, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	for name, to := range map[string]*[]float64{"moments/node": &mean, "moments/node_se": &mcse} {
		for _, part := range []string{name + "/s", strings.Replace(name, "node", "factor", 1) + "/coupling"} {
			a, err := z.Get(part)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", file, err)
			}
			v, err := a.Float64s()
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %s: %w", file, part, err)
			}
			*to = append(*to, v...)
		}
	}
	return mean, mcse, nil
}

// draw makes the picture: on the left the means, on the right how far the samples
// are off, in standard errors.
func draw(file string, names []string, exact, mean, z []float64) error {
	ticks := make([]chart.Tick, len(names))
	var x, left, right []float64
	for i, n := range names {
		ticks[i] = chart.Tick{At: float64(i), Label: strings.NewReplacer("s[", "", "]", "").Replace(n)}
		x, left, right = append(x, float64(i)), append(left, float64(i)-0.38), append(right, float64(i)+0.38)
	}
	axis := chart.Axis{Label: "spin, or pair of spins", Min: -0.6, Max: float64(len(names)) - 0.4, Ticks: ticks}

	means := &chart.Chart{Title: "Means", Width: 440, Height: 320, X: axis, Y: chart.Axis{Label: "mean", Min: -1, Max: 1},
		Alt: "Sampled means of spins and of products of neighbours lie on the exact ones."}
	means.Segments("exact", left, exact, right, exact).Width = 3
	s := means.Scatter("sampled", x, mean)
	s.Colour, s.Width = chart.Vermilion, 6

	off := &chart.Chart{Title: "Sampled − exact", Width: 440, Height: 320, X: axis, Y: chart.Axis{Label: "standard errors", Min: -4, Max: 4},
		Alt: "Differences between sampled and exact means in standard errors."}
	ends := []float64{-0.6, float64(len(names)) - 0.4}
	for k, name := range []string{"within 1, 2, 3", "", ""} {
		b := off.Band(name, ends, []float64{-float64(k + 1), -float64(k + 1)}, []float64{float64(k + 1), float64(k + 1)})
		b.Colour, b.Alpha = chart.Blue, 0.12
	}
	d := off.Scatter("sampled", x, z)
	d.Colour, d.Width = chart.Vermilion, 6
	return chart.Save(file, 2, means, off)
}
