// Command potts_domains draws states of a two-dimensional categorical model as
// a picture: one row of panels a chain, one panel a draw, one colour a category.
//
//	thrmlgen run model.yaml --out potts.npz
//	go run ./examples/potts_domains potts.npz domains.png
package main

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// palette is Okabe and Ito's, which the colour-blind can tell apart.
var palette = []color.RGBA{
	{0, 114, 178, 255}, {230, 159, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255},
	{240, 228, 66, 255}, {86, 180, 233, 255}, {213, 94, 0, 255}, {40, 40, 40, 255},
}

func main() {
	variable := flag.String("var", "x", "variable to draw; its shape is two-dimensional")
	chains := flag.Int("chains", 4, "chains to draw")
	draws := flag.String("draws", "0,1,5,20,99", "draws to draw, counted from 0")
	cell := flag.Int("cell", 9, "pixels a site")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: potts_domains [flags] result.npz picture.png")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *variable, *chains, *draws, *cell); err != nil {
		fmt.Fprintln(os.Stderr, "potts_domains:", err)
		os.Exit(1)
	}
}

func run(result, picture, variable string, chains int, draws string, cell int) error {
	raw, err := os.ReadFile(result)
	if err != nil {
		return err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", result, err)
	}
	a, err := z.Get(variable)
	if err != nil {
		return fmt.Errorf("%s: %w", result, err)
	}
	if len(a.Shape) != 4 {
		return fmt.Errorf("%s: %s has shape %v; (chain, draw, rows, columns) is needed", result, variable, a.Shape)
	}
	states, err := a.Ints()
	if err != nil {
		return err
	}
	var columns []int
	for _, t := range strings.Split(draws, ",") {
		d, err := strconv.Atoi(strings.TrimSpace(t))
		if err != nil || d < 0 || d >= a.Shape[1] {
			return fmt.Errorf("draw %q is not in 0 … %d", t, a.Shape[1]-1)
		}
		columns = append(columns, d)
	}
	img := panels(states, a.Shape, min(chains, a.Shape[0]), columns, cell)
	f, err := os.Create(picture)
	if err != nil {
		return err
	}
	if err := png.Encode(f, img); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// panels lays out chains × columns panels of shape[2] × shape[3] sites.
func panels(states []int64, shape []int, chains int, columns []int, cell int) *image.RGBA {
	rows, cols, gap := shape[2], shape[3], 2*cell
	w := gap + len(columns)*(cols*cell+gap)
	h := gap + chains*(rows*cell+gap)
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for c := range chains {
		for j, d := range columns {
			at := (c*shape[1] + d) * rows * cols
			for y := range rows * cell {
				for x := range cols * cell {
					v := states[at+y/cell*cols+x/cell]
					img.SetRGBA(gap+j*(cols*cell+gap)+x, gap+c*(rows*cell+gap)+y, palette[v%int64(len(palette))])
				}
			}
		}
	}
	return img
}
