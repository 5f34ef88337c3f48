// Command cubic compares the sampled law of nine spins, state by state, with the exact
// one, which it makes from the energies of all 512 states.
//
//	go run . states states.npz
//	thrmlgen energy model.yaml --states states.npz --json > energies.json
//	thrmlgen run model.yaml --out samples.npz
//	go run . compare energies.json samples.npz law.svg
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"gonum.org/v1/gonum/stat/distuv"
)

const spins = 9

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "states":
		err = writeStates(os.Args[2])
	case len(os.Args) == 5 && os.Args[1] == "compare":
		err = compare(os.Args[2], os.Args[3], os.Args[4])
	default:
		log.Fatal("usage: cubic states states.npz | compare energies.json samples.npz law.svg")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// spin is spin i of a state, whose bits are its spins.
func spin(state, i int) int { return state>>i&1*2 - 1 }

func writeStates(file string) error {
	var x []int8
	for state := range 1 << spins {
		for i := range spins {
			x = append(x, int8(spin(state, i)))
		}
	}
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	if err := z.Add("s", []int{1, 1 << spins, spins}, x); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// exactLaw is p ∝ exp(−E).
func exactLaw(file string) ([]float64, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var e struct{ Energy [][]float64 }
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(e.Energy) != 1 || len(e.Energy[0]) != 1<<spins {
		return nil, fmt.Errorf("%s: not the energies of %d states", file, 1<<spins)
	}
	p, sum := make([]float64, 1<<spins), 0.0
	for i, x := range e.Energy[0] {
		p[i] = math.Exp(-x)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p, nil
}

func compare(energies, samples, picture string) error {
	p, err := exactLaw(energies)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(samples)
	if err != nil {
		return err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return err
	}
	a, err := z.Get("s")
	if err != nil {
		return err
	}
	s, ok := a.Data.([]int8)
	if !ok || len(s)%spins != 0 {
		return fmt.Errorf("%s: s is not spins", samples)
	}
	seen := make([]float64, len(p))
	for at := 0; at < len(s); at += spins {
		state := 0
		for i, x := range s[at : at+spins] {
			if x > 0 {
				state |= 1 << i
			}
		}
		seen[state]++
	}
	if err := moments(z, p); err != nil {
		return err
	}
	n := float64(len(s) / spins)
	common, rare := split(p, seen, n)
	chi := 0.0
	for _, c := range append(common, rare) {
		chi += (c.seen - n*c.p) * (c.seen - n*c.p) / (n * c.p)
	}
	law := distuv.ChiSquared{K: float64(len(common))}
	fmt.Printf("%d states, and the other %d together: chi-square %.0f with %d degrees of freedom, as large or larger by chance in %.0f %% of runs\n",
		len(common), len(p)-len(common), chi, len(common), 100*law.Survival(chi))
	return draw(picture, common, n)
}

// A cell is a state, or several: its probability and how often it was seen.
type cell struct{ p, seen float64 }

// split tells the states that ten draws or more are expected of from the rest, which
// a chi-square can only judge together.
func split(p, seen []float64, n float64) (common []cell, rare cell) {
	for i, q := range p {
		if n*q >= 10 {
			common = append(common, cell{q, seen[i]})
			continue
		}
		rare.p += q
		rare.seen += seen[i]
	}
	return common, rare
}

// triples are the rows of the factor of this name.
var triples = [][3]int{{0, 3, 6}, {1, 4, 7}, {2, 5, 8}}

// moments compares the means of products of three spins.
func moments(z *npy.NPZReader, p []float64) error {
	var got [2][]float64
	for i, name := range []string{"moments/factor/triples", "moments/factor_se/triples"} {
		a, err := z.Get(name)
		if err != nil {
			return err
		}
		if got[i], err = a.Float64s(); err != nil {
			return err
		}
	}
	fmt.Printf("%-16s %9s %9s %9s %6s\n", "mean of", "exact", "sampled", "±", "z")
	for k, t := range triples {
		exact := 0.0
		for state, q := range p {
			exact += q * float64(spin(state, t[0])*spin(state, t[1])*spin(state, t[2]))
		}
		fmt.Printf("s[%d]·s[%d]·s[%d]   %9.5f %9.5f %9.5f %+6.2f\n", t[0], t[1], t[2], exact, got[0][k], got[1][k], (got[0][k]-exact)/got[1][k])
	}
	return nil
}

// draw shows frequency against probability, and how far each is off.
func draw(file string, cells []cell, n float64) error {
	var p, z, frequency []float64
	for _, c := range cells {
		p, frequency = append(p, c.p), append(frequency, c.seen/n)
		z = append(z, (c.seen-n*c.p)/math.Sqrt(n*c.p*(1-c.p)))
	}
	law := &chart.Chart{Title: "Every state", Width: 430, Height: 330, X: chart.Axis{Label: "probability", Log: true}, Y: chart.Axis{Label: "frequency", Log: true},
		Alt: "Frequencies of the states lie on their probabilities, over four decades."}
	law.Line("equal", []float64{1e-5, 0.2}, []float64{1e-5, 0.2})
	dots := law.Scatter("a state", p, frequency)
	dots.Colour, dots.Width, dots.Alpha = chart.Vermilion, 4, 0.7
	off := &chart.Chart{Title: "Differences", Width: 430, Height: 330, X: chart.Axis{Label: "frequency − probability, in standard errors"}, Y: chart.Axis{Label: "states"},
		Alt: "Differences of the states in standard errors have the normal shape."}
	off.Histogram("counted", z)
	edges := chart.Bins(z)
	var x, y []float64
	for u := -3.5; u <= 3.5; u += 0.125 {
		x, y = append(x, u), append(y, float64(len(z))*(edges[1]-edges[0])*math.Exp(-u*u/2)/math.Sqrt(2*math.Pi))
	}
	line := off.Line("expected", x, y)
	line.Colour, line.Width = chart.Vermilion, 2
	return chart.Save(file, 2, law, off)
}
