// Command potts_domains draws states of a two-dimensional model as pictures, one
// colour a category, one column a draw: a row for each result, or for each chain
// of a single one. It also draws how the energy relaxes, and compares energies
// with exact ones.
//
//	thrmlgen run models/potts20 --out potts.npz
//	go run . potts.npz domains.png
//	go run . -energy random.npz ordered.npz energy.svg
//	go run . -exact exact1.json run1.json exact2.json run2.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"log"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

func main() {
	log.SetFlags(0)
	variable := flag.String("var", "x", "variable to draw; its shape is two-dimensional")
	draws := flag.String("draws", "0,1,5,20,99", "draws to show, counted from 0")
	chains := flag.Int("chains", 4, "chains to show of a single result")
	relax := flag.Bool("energy", false, "draw energies against sweeps")
	compare := flag.Bool("exact", false, "compare energies of `run --json` with those of `exact --json`")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: potts_domains [flags] result.npz … picture\n       potts_domains -exact (exact.json run.json) …")
		flag.PrintDefaults()
	}
	flag.Parse()
	last := flag.NArg() - 1
	if *compare && last%2 == 1 {
		exit(exact(flag.Args()))
	}
	if *compare || last < 1 {
		flag.Usage()
		os.Exit(2)
	}
	var results []*result
	for _, file := range flag.Args()[:last] {
		r, err := read(file, *variable)
		if err != nil {
			log.Fatalf("potts_domains: %s: %v", file, err)
		}
		results = append(results, r)
	}
	if *relax {
		exit(energies(results, flag.Arg(last)))
	}
	columns, err := numbers(*draws)
	if err != nil {
		exit(err)
	}
	exit(domains(results, columns, *chains, flag.Arg(last)))
}

func exit(err error) {
	if err != nil {
		log.Fatalf("potts_domains: %v", err)
	}
	os.Exit(0)
}

func numbers(list string) ([]int, error) {
	var out []int
	for _, t := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(t))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("draw %q is no number from 0 up", t)
		}
		out = append(out, n)
	}
	return out, nil
}

// A result is what `thrmlgen run --out` wrote.
type result struct {
	beta                      float64
	warmup, step              int // sweeps before the first draw, and from one to the next
	chains, draws, rows, cols int
	states                    int
	x                         []int64   // (chain, draw, row, column)
	energy                    []float64 // βH, (chain, draw)
}

func read(file, variable string) (*result, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, err
	}
	x, err := z.Get(variable)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 4 {
		return nil, fmt.Errorf("%s has shape %v; (chain, draw, rows, columns) is needed", variable, x.Shape)
	}
	r := &result{chains: x.Shape[0], draws: x.Shape[1], rows: x.Shape[2], cols: x.Shape[3]}
	if r.x, err = x.Ints(); err != nil {
		return nil, err
	}
	for _, v := range r.x {
		r.states = max(r.states, int(v)+1)
	}
	e, err := z.Get("energy")
	if err != nil {
		return nil, err
	}
	if r.energy, err = e.Float64s(); err != nil {
		return nil, err
	}
	meta, err := z.Get("meta")
	if err != nil {
		return nil, err
	}
	text, err := meta.Uint8s()
	if err != nil {
		return nil, err
	}
	var m struct {
		Beta     float64
		Schedule struct {
			Warmup int
			Steps  int `json:"steps_per_sample"`
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	r.beta, r.warmup, r.step = m.Beta, m.Schedule.Warmup, m.Schedule.Steps
	return r, nil
}

func (r *result) sweep(draw int) int { return r.warmup + draw*r.step }

func (r *result) image(chain, draw int) image.Image {
	values := make([]int32, r.rows*r.cols)
	from := (chain*r.draws + draw) * len(values)
	for i := range values {
		values[i] = int32(r.x[from+i])
	}
	return chart.States(values, r.rows, r.cols, r.states)
}

// domains draws a row for each result, or for each chain of a single one.
func domains(results []*result, draws []int, chains int, file string) error {
	type row struct {
		*result
		chain int
		title string
	}
	var rows []row
	for _, r := range results {
		rows = append(rows, row{r, 0, fmt.Sprintf("β = %.4g", r.beta)})
	}
	if len(results) == 1 {
		r := results[0]
		rows = nil
		for c := range min(chains, r.chains) {
			rows = append(rows, row{r, c, fmt.Sprintf("chain %d", c)})
		}
	}
	var panels []chart.Panel
	for i, r := range rows {
		g := &chart.Images{Title: r.title, Columns: len(draws), Size: 120}
		for _, d := range draws {
			if d >= r.draws {
				return fmt.Errorf("there is no draw %d, the last is %d", d, r.draws-1)
			}
			p := chart.Picture{Image: r.image(r.chain, d), Alt: fmt.Sprintf("%s after %d sweeps", r.title, r.sweep(d))}
			if i == len(rows)-1 { // for its column
				p.Caption = fmt.Sprintf("%d sweeps", r.sweep(d))
			}
			g.Items = append(g.Items, p)
		}
		panels = append(panels, g)
	}
	return chart.Save(file, 1, panels...)
}

// ordered says that a result began with all sites in one state.
func (r *result) ordered() bool {
	for _, v := range r.x[:r.rows*r.cols] {
		if v != r.x[0] {
			return false
		}
	}
	return r.sweep(0) == 0
}

// energies draws the mean energy a site against sweeps, and the range of chains.
func energies(results []*result, file string) error {
	c := &chart.Chart{Title: "Energy after a quench", Width: 720, Height: 380,
		Alt: "Energy a site against sweeps, from random and from equal sites, at several β.",
		X:   chart.Axis{Label: "sweeps", Log: true}, Y: chart.Axis{Label: "H / sites"}}
	colours := map[float64]chart.Colour{}
	palette := []chart.Colour{chart.Blue, chart.Green, chart.Vermilion, chart.Purple}
	for _, r := range results {
		var x, mean, lo, hi []float64
		for d := range r.draws {
			if r.sweep(d) == 0 {
				continue
			}
			sum, least, most := 0.0, math.Inf(1), math.Inf(-1)
			for k := range r.chains {
				h := r.energy[k*r.draws+d] / r.beta / float64(r.rows*r.cols)
				sum, least, most = sum+h, min(least, h), max(most, h)
			}
			x, mean, lo, hi = append(x, float64(r.sweep(d))), append(mean, sum/float64(r.chains)), append(lo, least), append(hi, most)
		}
		colour, seen := colours[r.beta]
		if !seen {
			colour = palette[len(colours)%len(palette)]
			colours[r.beta] = colour
		}
		name, dashed := fmt.Sprintf("β = %.4g", r.beta), r.ordered()
		if dashed {
			name += ", from one colour"
		}
		c.Band("", x, lo, hi).Colour = colour
		l := c.Line(name, x, mean)
		l.Colour, l.Dashed = colour, dashed
	}
	return chart.Save(file, 1, c)
}

// exact compares mean energies βH of pairs of files.
func exact(files []string) error {
	fmt.Printf("%12s %12s %10s %6s\n", "exact", "sampled", "±", "z")
	for i := 0; i < len(files); i += 2 {
		var want struct{ Energy float64 }
		var got struct {
			Summary []struct {
				Name       string
				Mean, MCSE float64
			}
		}
		for k, to := range []any{&want, &got} {
			raw, err := os.ReadFile(files[i+k])
			if err != nil {
				return err
			}
			if err := json.Unmarshal(raw, to); err != nil {
				return fmt.Errorf("%s: %w", files[i+k], err)
			}
		}
		if len(got.Summary) == 0 || got.Summary[0].Name != "energy" {
			return fmt.Errorf("%s: no energy", files[i+1])
		}
		e := got.Summary[0]
		fmt.Printf("%12.4f %12.4f %10.4f %+6.2f\n", want.Energy, e.Mean, e.MCSE, (e.Mean-want.Energy)/e.MCSE)
	}
	return nil
}
