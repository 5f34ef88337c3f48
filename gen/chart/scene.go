package chart

import (
	"image"
	"math"
	"unicode/utf8"
)

// A point is a place in the plot: fractions of its width from the left and of its
// height from the top.
type point struct{ x, y float64 }

type shapeKind uint8

const (
	strokeShape shapeKind = iota // runs of points, joined
	areaShape                    // runs of points, filled
	dotShape                     // every point of every run
	imageShape                   // an image over the whole plot
)

// A shape is one thing to be painted.
type shape struct {
	kind   shapeKind
	runs   [][]point
	colour Colour
	width  float64 // of strokes, diameter of dots; pixels
	alpha  float64 // 0 < alpha ≤ 1
	dashed bool
	tip    string
	image  image.Image
}

// A label is a text beside the plot: dx, dy pixels from a point of it.
type label struct {
	at     point
	dx, dy float64
	anchor string // start, middle, end
	text   string
	title  bool // of an axis, not a tick
}

// A scene is a chart that is laid out, but for its size.
type scene struct {
	shapes []shape
	labels []label
	legend []legendEntry
	bar    *colourBar

	left, right, top, bottom float64 // margins in pixels
}

type legendEntry struct {
	name   string
	colour Colour
	kind   seriesKind
	dashed bool
	alpha  float64
}

// A colourBar is the key of a heat map.
type colourBar struct {
	ramp   Ramp
	lo, hi string
}

const (
	textSize  = 12.0
	textWidth = 0.58 * textSize // of a character, on average
)

func widthOf(s string) float64 { return textWidth * float64(utf8.RuneCountInString(s)) }

// layout turns data into shapes. width and height are those of the plot, roughly;
// they decide how many ticks there are.
func (c *Chart) layout(width, height float64) *scene {
	x, y := c.scales(width, height)
	s := &scene{left: 10, right: 14, top: 12, bottom: 10}
	faint := func(a, b point) {
		s.shapes = append(s.shapes, shape{kind: strokeShape, runs: [][]point{{a, b}}, colour: Faint, width: 1, alpha: 1})
	}
	for _, t := range x.ticks {
		f := x.at(t.At)
		if !c.hasHeat() {
			faint(point{f, 0}, point{f, 1})
		}
		s.labels = append(s.labels, label{at: point{f, 1}, dy: 16, anchor: "middle", text: t.Label})
		s.bottom = 24
	}
	for _, t := range y.ticks {
		f := y.at(t.At)
		if !c.hasHeat() {
			faint(point{0, f}, point{1, f})
		}
		s.labels = append(s.labels, label{at: point{0, f}, dx: -7, dy: 4, anchor: "end", text: t.Label})
		s.left = max(s.left, 12+widthOf(t.Label))
	}
	if c.X.Label != "" {
		s.labels = append(s.labels, label{at: point{1, 1}, dy: s.bottom + 9, anchor: "end", text: c.X.Label, title: true})
		s.bottom += 16
	}
	if c.Y.Label != "" {
		s.top = 26
		s.labels = append(s.labels, label{at: point{0, 0}, dx: 4 - s.left, dy: -12, anchor: "start", text: c.Y.Label, title: true})
	}
	for _, v := range c.series {
		s.shapes = append(s.shapes, v.shapes(x, y)...)
		if v.kind == heatSeries {
			s.bar = &colourBar{v.ramp, Number(v.rampLo), Number(v.rampHi)}
		}
		if v.Name != "" {
			s.legend = append(s.legend, legendEntry{v.Name, v.Colour, v.kind, v.Dashed, v.alpha()})
		}
	}
	return s
}

func (c *Chart) hasHeat() bool {
	for _, s := range c.series {
		if s.kind == heatSeries {
			return true
		}
	}
	return false
}

// scales cover all that is drawn.
func (c *Chart) scales(width, height float64) (x, y scale) {
	var xs, ys []float64
	for _, s := range c.series {
		if s.kind == heatSeries {
			continue
		}
		xs = append(append(xs, s.x...), s.x1...)
		ys = append(append(append(ys, s.y...), s.y1...), s.lo...)
	}
	xlo, xhi := bounds(xs, c.X.Log)
	ylo, yhi := bounds(ys, c.Y.Log)
	return newScale(c.X, xlo, xhi, int(max(2, width/85)), false), newScale(c.Y, ylo, yhi, int(max(2, height/45)), true)
}

func (s *Series) alpha() float64 {
	if s.Alpha == 0 {
		return 1
	}
	return s.Alpha
}

func (s *Series) shapes(x, y scale) []shape {
	base := shape{colour: s.Colour, width: s.Width, alpha: s.alpha(), dashed: s.Dashed, tip: s.Tip}
	if base.width == 0 {
		base.width = 1.5
	}
	at := func(vx, vy float64) point { return point{x.at(vx), y.at(vy)} }
	switch s.kind {
	case lineSeries:
		base.runs = runsOf(len(s.y), func(i int) point { return at(s.x[i], s.y[i]) })
	case dotSeries:
		return s.dots(base, at)
	case errorSeries:
		bars := base
		bars.width = 1.5
		for i := range s.x {
			bars.runs = append(bars.runs, runsOf(2, func(end int) point {
				return at(s.x[i], []float64{s.lo[i], s.y1[i]}[end])
			})...)
		}
		return append([]shape{bars}, s.dots(base, at)...)
	case segmentSeries:
		for i := range s.x {
			base.runs = append(base.runs, runsOf(2, func(end int) point {
				if end == 0 {
					return at(s.x[i], s.y[i])
				}
				return at(s.x1[i], s.y1[i])
			})...)
		}
	case bandSeries:
		base.kind = areaShape
		n := len(s.x)
		base.runs = runsOf(2*n, func(i int) point {
			if i < n {
				return at(s.x[i], s.y[i])
			}
			return at(s.x[2*n-1-i], s.y1[2*n-1-i])
		})
	case boxSeries:
		return s.boxes(base, at, y)
	case ruleSeries:
		if s.y != nil {
			f := y.at(s.y[0])
			base.runs = [][]point{{{0, f}, {1, f}}}
		} else {
			f := x.at(s.x[0])
			base.runs = [][]point{{{f, 0}, {f, 1}}}
		}
	case heatSeries:
		base.kind = imageShape
		base.image = Heat(s.y, s.rows, s.cols, s.ramp, s.rampLo, s.rampHi)
	}
	return []shape{base}
}

// dots are one shape, or one each if they have tips.
func (s *Series) dots(base shape, at func(x, y float64) point) []shape {
	base.kind = dotShape
	if s.Width == 0 {
		base.width = 5
	}
	place := func(i int) point { return at(s.x[i], s.y[i]) }
	if s.Tips == nil {
		base.runs = runsOf(len(s.y), place)
		return []shape{base}
	}
	var each []shape
	for i := range s.y {
		one := base
		one.runs, one.tip = runsOf(1, func(int) point { return place(i) }), s.Tips[i]
		each = append(each, one)
	}
	return each
}

// boxes are areas, one shape each if they have tips.
func (s *Series) boxes(base shape, at func(x, y float64) point, y scale) []shape {
	base.kind = areaShape
	var each []shape
	for i := range s.x {
		lo, hi := s.y[i], s.y1[i]
		if y.log && lo <= 0 {
			lo = math.Pow(10, y.min)
		}
		if lo == hi || math.IsNaN(lo) || math.IsNaN(hi) {
			continue
		}
		run := []point{at(s.x[i], lo), at(s.x[i], hi), at(s.x1[i], hi), at(s.x1[i], lo)}
		if s.Tips == nil {
			base.runs = append(base.runs, run)
			continue
		}
		one := base
		one.runs, one.tip = [][]point{run}, s.Tips[i]
		each = append(each, one)
	}
	if s.Tips != nil {
		return each
	}
	return []shape{base}
}

// runsOf cuts n points where one is not finite.
func runsOf(n int, at func(i int) point) [][]point {
	var runs [][]point
	var run []point
	for i := range n {
		p := at(i)
		if math.IsNaN(p.x+p.y) || math.IsInf(p.x+p.y, 0) {
			if len(run) > 0 {
				runs = append(runs, run)
			}
			run = nil
			continue
		}
		// Far outside the plot is as good as outside.
		run = append(run, point{max(-20, min(20, p.x)), max(-20, min(20, p.y))})
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs
}
