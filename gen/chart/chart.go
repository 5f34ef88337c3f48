// Package chart draws the few kinds of picture that results of samplers need:
// lines, points with error bars, bands, histograms, heat maps, and grids of small
// images. One description gives three renderings:
//
//	Inline  SVG for a page that includes CSS: as wide as its column, text never
//	        scaled, light and dark
//	.svg    a picture of fixed size
//	.png    the same picture in pixels, drawn by gonum's vg
//
// A chart is made and saved in a few lines:
//
//	c := &chart.Chart{Title: "Energy", X: chart.Axis{Label: "draw"}, Y: chart.Axis{Label: "βH"}}
//	c.Line("chain 0", nil, energy)
//	err := chart.Save("energy.png", 1, c)
//
// Colours are those of Okabe and Ito, which people who see few colours can tell
// apart. The same chart gives the same bytes.
//
//	chart.go    Chart and what is drawn in it
//	axis.go     ranges and ticks
//	scene.go    from data to shapes in fractions of the plot
//	inline.go, picture.go, svg.go, png.go   the renderings
//	colour.go   palettes and colour maps
//	images.go   arrays as images; grids of them
//	thin.go     long series for display; histograms
package chart

import "math"

// A Chart is one plot. Zero values of its options choose what is usual.
type Chart struct {
	Title string // above the plot
	Alt   string // text alternative: what a reader who cannot see the plot should know
	X, Y  Axis

	Width, Height float64 // of a picture, in CSS pixels; 0: 640 × 360. Inline, the height of the plot alone, 0: 220

	series []*Series
}

// An Axis runs from left to right or from bottom to top.
type Axis struct {
	Label    string  // with its unit
	Min, Max float64 // equal: chosen from the data
	Log      bool    // logarithmic; data and bounds must be positive
	Down     bool    // from top to bottom
	Hidden   bool    // no ticks
	Ticks    []Tick  // nil: chosen
}

// A Tick is a marked place of an axis.
type Tick struct {
	At    float64
	Label string
}

// A Series is one thing drawn. Its options may be changed after it was added.
type Series struct {
	Name   string // in the legend; "" leaves it out
	Colour Colour
	Width  float64 // of lines or diameter of dots, in pixels; 0: 1.5 or 5
	Alpha  float64 // opacity, 0: 1
	Dashed bool
	Tip    string   // what a page shows under the mouse
	Tips   []string // of each box or dot

	kind           seriesKind
	x, y           []float64 // of boxes: left, bottom
	x1, y1         []float64 // of boxes: right, top; of bands and errors: upper y; of segments: the other end
	lo             []float64 // of errors: lower y
	rows, cols     int       // of a heat map
	ramp           Ramp
	rampLo, rampHi float64
}

type seriesKind uint8

const (
	lineSeries seriesKind = iota
	dotSeries
	errorSeries
	bandSeries
	boxSeries
	segmentSeries
	ruleSeries
	heatSeries
)

func (c *Chart) add(s *Series) *Series {
	c.series = append(c.series, s)
	if s.Colour == Auto {
		s.Colour = Blue + Colour(c.colours())%(Grey-Blue)
	}
	return s
}

// colours counts the series that took a colour of their own.
func (c *Chart) colours() int {
	n := -1
	for _, s := range c.series {
		if s.kind != ruleSeries && s.kind != heatSeries {
			n++
		}
	}
	return max(0, n)
}

// count is 0, 1, 2, … where x is nil.
func count(x []float64, n int) []float64 {
	if x != nil {
		return x
	}
	x = make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}

// Line joins points; x nil counts from 0. NaN interrupts it.
func (c *Chart) Line(name string, x, y []float64) *Series {
	return c.add(&Series{Name: name, kind: lineSeries, x: count(x, len(y)), y: y})
}

// Scatter draws dots; x nil counts from 0.
func (c *Chart) Scatter(name string, x, y []float64) *Series {
	return c.add(&Series{Name: name, kind: dotSeries, x: count(x, len(y)), y: y})
}

// Errors draws dots with bars from y − e to y + e; x nil counts from 0.
func (c *Chart) Errors(name string, x, y, e []float64) *Series {
	s := c.Scatter(name, x, y)
	s.kind = errorSeries
	s.lo, s.y1 = make([]float64, len(y)), make([]float64, len(y))
	for i := range y {
		s.lo[i], s.y1[i] = y[i]-e[i], y[i]+e[i]
	}
	return s
}

// Band fills between lo and hi; x nil counts from 0.
func (c *Chart) Band(name string, x, lo, hi []float64) *Series {
	s := c.add(&Series{Name: name, kind: bandSeries, x: count(x, len(lo)), y: lo, y1: hi, Alpha: 0.25})
	return s
}

// Bars draws a bar of each height between neighbouring edges, of which there is
// one more.
func (c *Chart) Bars(name string, edges, heights []float64) *Series {
	n := len(heights)
	return c.Boxes(name, edges[:n], make([]float64, n), edges[1:n+1], heights)
}

// Boxes draws rectangles from (x0, y0) to (x1, y1).
func (c *Chart) Boxes(name string, x0, y0, x1, y1 []float64) *Series {
	return c.add(&Series{Name: name, kind: boxSeries, x: x0, y: y0, x1: x1, y1: y1})
}

// Segments draws lines from (x0, y0) to (x1, y1).
func (c *Chart) Segments(name string, x0, y0, x1, y1 []float64) *Series {
	return c.add(&Series{Name: name, kind: segmentSeries, x: x0, y: y0, x1: x1, y1: y1})
}

// Histogram counts values in bins that it chooses; see Bins.
func (c *Chart) Histogram(name string, values []float64) *Series {
	edges := Bins(values)
	return c.Bars(name, edges, Counts(values, edges))
}

// HLine is a thin line across the plot at y; its name stands in the legend.
func (c *Chart) HLine(name string, y float64) *Series {
	s := c.add(&Series{Name: name, kind: ruleSeries, y: []float64{y}, Colour: Grey, Dashed: true, Width: 1.2})
	return s
}

// VLine is a thin line up the plot at x.
func (c *Chart) VLine(name string, x float64) *Series {
	return c.add(&Series{Name: name, kind: ruleSeries, x: []float64{x}, Colour: Grey, Dashed: true, Width: 1.2})
}

// Heat fills the plot with a matrix, values row by row, the first row on top. The
// axes count columns and rows from 0, an element's middle being at its number.
// Equal lo and hi are chosen from the values; NaN stays empty.
func (c *Chart) Heat(values []float64, rows, cols int, ramp Ramp, lo, hi float64) *Series {
	c.Y.Down = true
	c.X.Min, c.X.Max = -0.5, float64(cols)-0.5
	c.Y.Min, c.Y.Max = -0.5, float64(rows)-0.5
	if lo == hi {
		lo, hi = bounds(values, false)
	}
	return c.add(&Series{kind: heatSeries, y: values, rows: rows, cols: cols, ramp: ramp, rampLo: lo, rampHi: hi, Colour: Grey})
}

// bounds are the least and the largest finite value (positive, for a logarithmic
// axis), 0 and 1 without any.
func bounds(v []float64, positive bool) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) || positive && x <= 0 {
			continue
		}
		lo, hi = min(lo, x), max(hi, x)
	}
	if lo > hi {
		return 0, 1
	}
	return lo, hi
}
