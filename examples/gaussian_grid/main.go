// Command gaussian_grid compares the sampled mean and covariance of a normal law with
// exact ones, which it works out by itself from energies alone.
//
//	go run . states states.npz
//	thrmlgen energy model.yaml --states states.npz --json > energies.json
//	thrmlgen run model.yaml --out samples.npz
//	go run . compare energies.json samples.npz covariance.svg values.svg
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	side  = 5
	nodes = side * side
)

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "states":
		err = writeStates(os.Args[2])
	case len(os.Args) == 6 && os.Args[1] == "compare":
		err = compare(os.Args[2:])
	default:
		log.Fatal("usage: gaussian_grid states states.npz | compare energies.json samples.npz covariance.svg values.svg")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// probes are 0, every unit vector eᵢ, its negative, and every sum eᵢ + eⱼ.
func probes() [][nodes]float32 {
	list := [][nodes]float32{{}}
	for _, x := range []float32{1, -1} {
		for i := range nodes {
			var e [nodes]float32
			e[i] = x
			list = append(list, e)
		}
	}
	for i := range nodes {
		for j := range i {
			var e [nodes]float32
			e[i], e[j] = 1, 1
			list = append(list, e)
		}
	}
	return list
}

func writeStates(file string) error {
	list := probes()
	var flat []float32
	for _, x := range list {
		flat = append(flat, x[:]...)
	}
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	if err := z.Add("x", []int{1, len(list), side, side}, flat); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// exactLaw is mean and covariance of p ∝ exp(−E) for a quadratic E(x) = E(0) + bᵀx +
// xᵀAx/2, of which the energies of the probes tell every number: E(e) + E(−e) = 2E(0)
// + A_ii, E(e) − E(−e) = 2b_i, E(eᵢ + eⱼ) = E(eᵢ) + E(eⱼ) − E(0) + A_ij.
func exactLaw(energy []float64) (mean []float64, covariance *mat.SymDense, err error) {
	if len(energy) != len(probes()) {
		return nil, nil, fmt.Errorf("%d energies, not %d", len(energy), len(probes()))
	}
	zero, plus, minus, pairs := energy[0], energy[1:1+nodes], energy[1+nodes:1+2*nodes], energy[1+2*nodes:]
	a, b := mat.NewSymDense(nodes, nil), mat.NewVecDense(nodes, nil)
	for i := range nodes {
		a.SetSym(i, i, plus[i]+minus[i]-2*zero)
		b.SetVec(i, -(plus[i]-minus[i])/2)
		for j := range i {
			a.SetSym(i, j, pairs[0]-plus[i]-plus[j]+zero)
			pairs = pairs[1:]
		}
	}
	var l mat.Cholesky
	if !l.Factorize(a) {
		return nil, nil, fmt.Errorf("the precision has eigenvalues below 0: there is no such law")
	}
	m := mat.NewVecDense(nodes, nil)
	covariance = mat.NewSymDense(nodes, nil)
	if err := l.SolveVecTo(m, b); err != nil {
		return nil, nil, err
	}
	return m.RawVector().Data, covariance, l.InverseTo(covariance)
}

// sampledLaw is mean and covariance from the means of x, x² and of all products.
func sampledLaw(z *npy.NPZReader) (mean []float64, covariance *mat.SymDense, err error) {
	get := func(name string) (v []float64) {
		a, e := z.Get(name)
		if e == nil {
			v, e = a.Float64s()
		}
		if e != nil && err == nil {
			err = e
		}
		return v
	}
	mean = get("moments/node/x")
	square, product := get("moments/value/square"), get("moments/value/product")
	if err != nil {
		return nil, nil, err
	}
	covariance = mat.NewSymDense(nodes, nil)
	for i := range nodes {
		covariance.SetSym(i, i, square[i]-mean[i]*mean[i])
		for j := i + 1; j < nodes; j++ {
			covariance.SetSym(i, j, product[0]-mean[i]*mean[j])
			product = product[1:]
		}
	}
	return mean, covariance, nil
}

func compare(files []string) error {
	raw, err := os.ReadFile(files[0])
	if err != nil {
		return err
	}
	var e struct{ Energy [][]float64 }
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	if len(e.Energy) != 1 {
		return fmt.Errorf("%s: the energies of one chain are needed", files[0])
	}
	exactMean, exact, err := exactLaw(e.Energy[0])
	if err != nil {
		return err
	}
	if raw, err = os.ReadFile(files[1]); err != nil {
		return err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return err
	}
	mean, covariance, err := sampledLaw(z)
	if err != nil {
		return err
	}
	table(exactMean, mean, exact, covariance)
	h, err := readHistogram(z)
	if err != nil {
		return err
	}
	h.compare(exactMean, exact)
	if err := drawCovariance(files[2], exact, covariance); err != nil {
		return err
	}
	return drawValues(files[3], h, exactMean, exact)
}

// table says how far means and covariances are off.
func table(exactMean, mean []float64, exact, sampled *mat.SymDense) {
	largest, offMean, offVar, offCov := 0.0, 0.0, 0.0, 0.0
	for i := range nodes {
		largest = max(largest, exact.At(i, i))
		offMean = max(offMean, math.Abs(mean[i]-exactMean[i]))
		offVar = max(offVar, math.Abs(sampled.At(i, i)/exact.At(i, i)-1))
		for j := range nodes {
			offCov = max(offCov, math.Abs(sampled.At(i, j)-exact.At(i, j)))
		}
	}
	fmt.Printf("largest difference of a mean        %.5f of a standard deviation\n", offMean/math.Sqrt(largest))
	fmt.Printf("largest difference of a variance    %.2f %%\n", 100*offVar)
	fmt.Printf("largest difference of a covariance  %.2f %% of the largest one, %.4f\n", 100*offCov/largest, largest)
}

// drawCovariance shows the matrices, and their difference fifty times enlarged.
func drawCovariance(file string, exact, sampled *mat.SymDense) error {
	const reach, enlarge = 0.3, 50
	picture := func(value func(i, j int) float64, caption string) chart.Picture {
		var v []float64
		for i := range nodes {
			for j := range nodes {
				v = append(v, value(i, j))
			}
		}
		return chart.Picture{Image: chart.Heat(v, nodes, nodes, chart.Diverging, -reach, reach), Caption: caption}
	}
	g := &chart.Images{Title: "Covariance of the 25 numbers", Size: 250, Keys: chart.RampKeys(chart.Diverging, -reach, reach), Items: []chart.Picture{
		picture(exact.At, "exact (variances lie beyond the scale)"),
		picture(sampled.At, "sampled"),
		picture(func(i, j int) float64 { return enlarge * (sampled.At(i, j) - exact.At(i, j)) }, fmt.Sprintf("difference, enlarged %d times", enlarge)),
	}}
	g.Alt = "Exact and sampled covariance look the same; fifty times their difference is noise."
	return chart.Save(file, 1, g)
}

// A histogram has the counts of every node, and of what lies under and over its bins.
type histogram struct{ counts, outside, edges []float64 }

func readHistogram(z *npy.NPZReader) (*histogram, error) {
	h := &histogram{}
	for name, to := range map[string]*[]float64{"histogram/x": &h.counts, "histogram/x/outside": &h.outside, "histogram/x/edges": &h.edges} {
		a, err := z.Get(name)
		if err != nil {
			return nil, err
		}
		if *to, err = a.Float64s(); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// of are the counts of a node: under, bins, over.
func (h *histogram) of(node int) []float64 {
	bins := len(h.edges) - 1
	return slices.Concat(h.outside[2*node:2*node+1], h.counts[node*bins:(node+1)*bins], h.outside[2*node+1:2*node+2])
}

// compare tests the counts of every node against its normal law. Bins that fewer than
// ten values are expected in count together.
func (h *histogram) compare(mean []float64, covariance *mat.SymDense) {
	chi, freedom := 0.0, 0.0
	for node := range nodes {
		law := distuv.Normal{Mu: mean[node], Sigma: math.Sqrt(covariance.At(node, node))}
		counts := h.of(node)
		total, below := 0.0, 0.0
		for _, n := range counts {
			total += n
		}
		seen, due := 0.0, 0.0
		add := func() {
			chi += (seen - due) * (seen - due) / due
			freedom++
			seen, due = 0, 0
		}
		for i, n := range counts {
			up := 1.0
			if i < len(h.edges) {
				up = law.CDF(h.edges[i])
			}
			seen, due, below = seen+n, due+total*(up-below), up
			if due >= 10 && total*(1-up) >= 10 {
				add()
			}
		}
		add()
		freedom--
	}
	fmt.Printf("all 25 histograms against their laws: chi-square %.0f with %.0f degrees of freedom, as large by chance in %.0f %% of runs\n",
		chi, freedom, 100*distuv.ChiSquared{K: freedom}.Survival(chi))
}

// drawValues shows the histograms of three nodes and their exact densities.
func drawValues(file string, h *histogram, mean []float64, covariance *mat.SymDense) error {
	c := &chart.Chart{Title: "Values of three nodes", X: chart.Axis{Label: "x"}, Y: chart.Axis{Label: "density"},
		Alt: "Histograms of three nodes lie on their normal densities."}
	edges := h.edges
	for k, node := range []int{5, 12, 1} {
		counts := h.of(node)
		total := 0.0
		for _, n := range counts {
			total += n
		}
		heights := make([]float64, len(edges)-1)
		law := distuv.Normal{Mu: mean[node], Sigma: math.Sqrt(covariance.At(node, node))}
		var x, density []float64
		for i := range heights {
			heights[i] = counts[i+1] / total / (edges[i+1] - edges[i])
			middle := (edges[i] + edges[i+1]) / 2
			x, density = append(x, middle), append(density, law.Prob(middle))
		}
		colour := []chart.Colour{chart.Blue, chart.Green, chart.Vermilion}[k]
		bars := c.Bars(fmt.Sprintf("x[%d,%d], counted", node/side, node%side), edges, heights)
		bars.Colour, bars.Alpha = colour, 0.35
		line := c.Line("", x, density)
		line.Colour, line.Width = colour, 2
	}
	return chart.Save(file, 1, c)
}
