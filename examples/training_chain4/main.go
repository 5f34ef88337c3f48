// Command training_chain4 compares sampled gradients and sampled training of the
// four-spin model with exact ones.
//
//	go run . gradient free.json held.json gradient.npz gradient.svg
//	go run . learning noise.npz learn1.json w1.npz learn2.json w2.npz … learning.svg
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

func main() {
	log.SetFlags(0)
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 5 && args[0] == "gradient":
		err = gradient(args[1], args[2], args[3], args[4])
	case len(args) >= 5 && len(args)%2 == 1 && args[0] == "learning":
		err = learning(args[1], args[2:len(args)-1], args[len(args)-1])
	default:
		log.Fatal("usage: training_chain4 gradient free.json held.json gradient.npz picture.svg\n" +
			"       training_chain4 learning gradient.npz (learn.json weights.npz) … picture.svg")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// gradient compares a gradient and the moments it is made of with the exact ones.
func gradient(freeFile, heldFile, sampledFile, picture string) error {
	free, err := readExact(freeFile)
	if err != nil {
		return err
	}
	held, err := readExact(heldFile)
	if err != nil {
		return err
	}
	// thrmlgen exact against the enumeration in exact.go.
	h, f := start.moments(data{1, 0, 0, 0})
	for i := range h {
		if math.Abs(h[i]-held[i]) > 1e-12 || math.Abs(f[i]-free[i]) > 1e-12 {
			return fmt.Errorf("moment %d: thrmlgen exact has %v and %v, this program %v and %v", i, held[i], free[i], h[i], f[i])
		}
	}
	type part struct {
		name, key string
		exact     weights
		got, se   weights
	}
	parts := []*part{{name: "gradient", key: "gradient"}, {name: "data phase", key: "positive", exact: held}, {name: "model phase", key: "negative", exact: free}}
	for i := range free {
		parts[0].exact[i] = free[i] - held[i]
	}
	var within [3]int
	n := 0
	fmt.Printf("%-12s %-8s %9s %9s %9s %6s\n", "", "of", "exact", "sampled", "±", "z")
	for _, p := range parts {
		if p.got, err = readWeights(sampledFile, p.key+"/"); err != nil {
			return err
		}
		if p.se, err = readWeights(sampledFile, p.key+"_se/"); err != nil {
			return err
		}
		for i := range p.got {
			fmt.Printf("%-12s %-8s %9.5f %9.5f %9.5f", p.name, names[i], p.exact[i], p.got[i], p.se[i])
			if p.se[i] == 0 { // of spins that are held
				fmt.Println()
				continue
			}
			z := (p.got[i] - p.exact[i]) / p.se[i]
			fmt.Printf(" %+6.2f\n", z)
			n++
			for k := range within {
				if math.Abs(z) <= float64(k+1) {
					within[k]++
				}
			}
		}
	}
	fmt.Printf("of %d z, %d are within 1, %d within 2, %d within 3\n", n, within[0], within[1], within[2])

	var x []float64
	axis := chart.Axis{Label: "weight of a spin, or of a pair", Min: -0.6, Max: float64(len(free)) - 0.4}
	for i := range free {
		x = append(x, float64(i))
		axis.Ticks = append(axis.Ticks, chart.Tick{At: float64(i), Label: names[i]})
	}
	values := &chart.Chart{Title: "Gradient of the divergence", Width: 440, Height: 320, X: axis, Y: chart.Axis{Label: "gradient = model phase − data phase", Min: -1.1, Max: 1.1},
		Alt: "Moments of both phases and the gradient, sampled on exact."}
	off := &chart.Chart{Title: "Sampled − exact", Width: 440, Height: 320, X: axis, Y: chart.Axis{Label: "standard errors", Min: -4, Max: 4},
		Alt: "Differences between sampled and exact moments and gradients in standard errors."}
	bands(off, axis.Min, axis.Max)
	for j, p := range parts {
		shift := 0.26 * float64(j-1)
		var at, left, right, z, zAt []float64
		for i := range p.got {
			at, left, right = append(at, x[i]+shift), append(left, x[i]+shift-0.12), append(right, x[i]+shift+0.12)
			if p.se[i] > 0 {
				zAt, z = append(zAt, x[i]+shift), append(z, (p.got[i]-p.exact[i])/p.se[i])
			}
		}
		colour := []chart.Colour{chart.Vermilion, chart.Blue, chart.Green}[j]
		lines := values.Segments("", left, p.exact[:], right, p.exact[:])
		lines.Colour, lines.Width = chart.Ink, 2.5
		dots(values.Scatter(p.name, at, p.got[:]), colour)
		dots(off.Scatter(p.name, zAt, z), colour)
	}
	values.Segments("exact", nil, nil, nil, nil).Colour = chart.Ink
	return chart.Save(picture, 2, values, off)
}

// names are those of the weights.
var names = [...]string{"0", "1", "2", "3", "0·1", "1·2", "2·3"}

// shares are those of the examples of learn.yaml: (−1, −1), (+1, −1), (−1, +1), (+1, +1).
var shares = data{0.3, 0.2, 0.1, 0.4}

// learning compares a training run with exact gradient descent from the same
// weights at the same rate, and with the noise of one sampled gradient.
func learning(noiseFile string, files []string, picture string) error {
	se, err := readWeights(noiseFile, "gradient_se/")
	if err != nil {
		return err
	}
	type dot struct{ epoch, norm, gap float64 }
	var sampled []dot
	var reached, divergence []float64
	rate := 0.0
	for i := 0; i < len(files); i += 2 {
		var curve struct {
			Epochs []struct {
				Epoch, Rate, Gap float64
				Norm             float64 `json:"gradient_norm"`
			}
		}
		if err := readJSON(files[i], &curve); err != nil {
			return err
		}
		if len(curve.Epochs) == 0 {
			return fmt.Errorf("%s: no epochs", files[i])
		}
		for _, e := range curve.Epochs {
			sampled = append(sampled, dot{e.Epoch, e.Norm, e.Gap})
			rate = e.Rate
		}
		w, err := readWeights(files[i+1], "")
		if err != nil {
			return err
		}
		reached, divergence = append(reached, sampled[len(sampled)-1].epoch), append(divergence, w.divergence(shares))
	}
	var epochs, norms, kls, sampledAt, sampledNorm []float64
	exactAt := map[float64]float64{}
	w := start
	for e := range len(sampled) + 1 {
		g := w.gradient(shares)
		kl := w.divergence(shares)
		exactAt[float64(e)] = kl
		epochs, kls = append(epochs, float64(e)), append(kls, kl)
		norms = append(norms, norm(g))
		for i := range w {
			w[i] -= rate * g[i]
		}
	}
	for _, s := range sampled { // the gradient of an epoch is at the weights before it
		sampledAt, sampledNorm = append(sampledAt, s.epoch-1), append(sampledNorm, s.norm)
	}
	fmt.Printf("%6s %22s %22s\n", "epoch", "divergence, trained", "exact descent")
	fmt.Printf("%6d %22.2e %22.2e\n", 0, start.divergence(shares), kls[0])
	for i := range reached {
		fmt.Printf("%6.0f %22.2e %22.2e\n", reached[i], divergence[i], exactAt[reached[i]])
	}
	fmt.Printf("noise of a sampled gradient: %.3f\n", norm(se))

	size := func(c *chart.Chart) *chart.Chart { c.Width, c.Height = 440, 320; return c }
	kl := size(&chart.Chart{Title: "Learning curve", X: chart.Axis{Label: "epoch", Min: -2, Max: float64(len(sampled)) + 2}, Y: chart.Axis{Label: "KL(data ‖ model), nats", Log: true},
		Alt: "Divergence from data to model by epoch: training on sampled gradients follows exact gradient descent."})
	kl.Line("exact descent", epochs, kls).Colour = chart.Ink
	k := kl.Scatter("train", append([]float64{0}, reached...), append([]float64{kls[0]}, divergence...))
	dots(k, chart.Vermilion)
	k.Width = 6
	g := size(&chart.Chart{Title: "Norm of the gradient", X: kl.X, Y: chart.Axis{Label: "|gradient|", Log: true},
		Alt: "Norm of the sampled gradient by epoch: it follows the exact one down to the sampling noise."})
	g.Line("exact descent", epochs, norms).Colour = chart.Ink
	dots(g.Scatter("sampled", sampledAt, sampledNorm), chart.Vermilion)
	g.HLine("noise of sampling", norm(se))
	return chart.Save(picture, 2, kl, g)
}

// bands shade 1, 2 and 3 standard errors.
func bands(c *chart.Chart, from, to float64) {
	for i := range 3 {
		k := float64(i + 1)
		b := c.Band("", []float64{from, to}, []float64{-k, -k}, []float64{k, k})
		b.Colour, b.Alpha = chart.Grey, 0.12
	}
}

func dots(s *chart.Series, c chart.Colour) { s.Colour, s.Width = c, 5 }

func readJSON(file string, to any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// readExact reads moments from `thrmlgen exact --json`.
func readExact(file string) (m weights, err error) {
	var e struct {
		Mean struct{ S []float64 }
		Pair []struct{ Value float64 }
	}
	if err := readJSON(file, &e); err != nil {
		return m, err
	}
	if len(e.Mean.S) != spins || len(e.Pair) != spins-1 {
		return m, fmt.Errorf("%s is not of this model", file)
	}
	copy(m[:], e.Mean.S)
	for i, p := range e.Pair {
		m[spins+i] = p.Value
	}
	return m, nil
}

// readWeights reads the arrays prefix+bias and prefix+coupling.
func readWeights(file, prefix string) (w weights, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return w, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return w, fmt.Errorf("%s: %w", file, err)
	}
	var all []float64
	for _, name := range []string{"bias", "coupling"} {
		a, err := z.Get(prefix + name)
		if err != nil {
			return w, fmt.Errorf("%s: %w", file, err)
		}
		v, err := a.Float64s()
		if err != nil {
			return w, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, v...)
	}
	if len(all) != len(w) {
		return w, fmt.Errorf("%s: %d weights, not %d", file, len(all), len(w))
	}
	copy(w[:], all)
	return w, nil
}
