package chart

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// A Panel is a *Chart or an *Images.
type Panel interface {
	size() (w, h float64)
	draw(to canvas, x, y float64)
	alt() string
}

// A canvas is what pictures are painted on, in pixels from the upper left corner.
type canvas interface {
	// paint draws a shape whose points are fractions of the rectangle, clipped
	// to it.
	paint(s shape, x, y, w, h float64)
	text(x, y float64, anchor, text string, c Colour, bold bool)
	swatch(x, y, w, h float64, colour string)
}

// gap is the room around panels.
const gap = 12.0

// WriteSVG writes panels side by side, so many columns, as a picture.
func WriteSVG(w io.Writer, columns int, panels ...Panel) error {
	width, height, places := arrange(columns, panels)
	c := newSVG(width, height, altOf(panels))
	for i, p := range panels {
		p.draw(c, places[i].x, places[i].y)
	}
	_, err := io.WriteString(w, c.String())
	return err
}

// WritePNG writes the same picture in pixels, two for each of CSS.
func WritePNG(w io.Writer, columns int, panels ...Panel) error {
	width, height, places := arrange(columns, panels)
	c := newPNG(width, height)
	for i, p := range panels {
		p.draw(c, places[i].x, places[i].y)
	}
	return c.write(w)
}

// Save writes a picture to a file named *.svg or *.png.
func Save(file string, columns int, panels ...Panel) error {
	var b bytes.Buffer
	var err error
	switch filepath.Ext(file) {
	case ".svg":
		err = WriteSVG(&b, columns, panels...)
	case ".png":
		err = WritePNG(&b, columns, panels...)
	default:
		err = fmt.Errorf("%s: a name ending in .svg or .png is needed", file)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

func altOf(panels []Panel) string {
	var all []string
	for _, p := range panels {
		all = append(all, p.alt())
	}
	return strings.Join(all, " ")
}

// arrange gives every panel a place in rows.
func arrange(columns int, panels []Panel) (width, height float64, places []point) {
	columns = max(1, columns)
	y := gap
	for first := 0; first < len(panels); first += columns {
		x, tallest := gap, 0.0
		for _, p := range panels[first:min(first+columns, len(panels))] {
			w, h := p.size()
			places = append(places, point{x, y})
			x += w + gap
			tallest = max(tallest, h)
		}
		width = max(width, x)
		y += tallest + gap
	}
	return math.Ceil(width), math.Ceil(y), places
}

func (c *Chart) size() (w, h float64) {
	w, h = c.Width, c.Height
	if w == 0 {
		w = 640
	}
	if h == 0 {
		h = 360
	}
	return w, h
}

const (
	titleHeight  = 22.0
	legendHeight = 18.0
	barHeight    = 10.0
)

func (c *Chart) draw(to canvas, x, y float64) {
	w, h := c.size()
	s := c.layout(w-70, h-70)
	top := y
	if c.Title != "" {
		to.text(x+4, top+14, "start", c.Title, Ink, true)
		top += titleHeight
	}
	top = s.drawLegend(to, x+4, top, x+w)
	px, py := x+s.left, top+s.top
	pw, ph := w-s.left-s.right, y+h-s.bottom-py
	for _, v := range s.shapes {
		to.paint(v, px, py, pw, ph)
	}
	for _, l := range s.labels {
		colour := Grey
		if l.title {
			colour = Ink
		}
		to.text(px+l.at.x*pw+l.dx, py+l.at.y*ph+l.dy, l.anchor, l.text, colour, false)
	}
}

// drawLegend lays the legend out in lines and returns where it ends.
func (s *scene) drawLegend(to canvas, x, y, right float64) float64 {
	if len(s.legend) == 0 && s.bar == nil {
		return y
	}
	at := x
	room := func(w float64) {
		if at > x && at+w > right {
			at, y = x, y+legendHeight
		}
	}
	for _, e := range s.legend {
		w := 24 + widthOf(e.name)
		room(w)
		mark := shape{colour: e.colour, alpha: e.alpha, dashed: e.dashed, width: 2.5, runs: [][]point{{{0, 0.5}, {1, 0.5}}}}
		switch e.kind {
		case boxSeries, bandSeries:
			mark.kind, mark.runs = areaShape, [][]point{{{0, 0}, {0, 1}, {1, 1}, {1, 0}}}
		case dotSeries, errorSeries:
			mark.kind, mark.width, mark.runs = dotShape, 8, [][]point{{{0.5, 0.5}}}
		}
		to.paint(mark, at, y+3, 16, 10)
		to.text(at+21, y+12, "start", e.name, Ink, false)
		at += w + 14
	}
	if s.bar != nil {
		lo, hi := widthOf(s.bar.lo), widthOf(s.bar.hi)
		room(lo + hi + 110)
		to.text(at, y+12, "start", s.bar.lo, Ink, false)
		const steps = 60
		for i := range steps {
			to.swatch(at+lo+6+1.5*float64(i), y+3, 2, barHeight, Hex(s.bar.ramp.At(float64(i)/(steps-1))))
		}
		to.text(at+lo+102, y+12, "start", s.bar.hi, Ink, false)
	}
	return y + legendHeight
}

// rows gives the layout of a grid: sizes of cells, top of the first.
func (g *Images) cells() (w, h, top float64) {
	for _, p := range g.Items {
		iw, ih := g.shown(p)
		w, h = max(w, iw), max(h, ih)
	}
	if g.Title != "" {
		top += titleHeight
	}
	if len(g.Keys) > 0 {
		top += legendHeight
	}
	return w, h, top
}

const captionHeight = 20.0

func (g *Images) size() (w, h float64) {
	cw, ch, top := g.cells()
	n := g.columns()
	rows := (len(g.Items) + n - 1) / n
	return max(float64(n)*(cw+gap)-gap, 4+widthOf(g.Title)), top + float64(rows)*(ch+captionHeight+gap) - gap
}

func (g *Images) draw(to canvas, x, y float64) {
	cw, ch, top := g.cells()
	at := y
	if g.Title != "" {
		to.text(x, at+14, "start", g.Title, Ink, true)
		at += titleHeight
	}
	kx := x
	for _, k := range g.Keys {
		to.swatch(kx, at+3, 13, barHeight, k.Colour)
		to.text(kx+18, at+12, "start", k.Text, Ink, false)
		kx += 32 + widthOf(k.Text)
	}
	for i, p := range g.Items {
		n := g.columns()
		cx, cy := x+float64(i%n)*(cw+gap), y+top+float64(i/n)*(ch+captionHeight+gap)
		w, h := g.shown(p)
		to.paint(shape{kind: imageShape, image: p.Image, alpha: 1}, cx, cy, w, h)
		to.text(cx, cy+h+14, "start", p.Caption, Grey, false)
	}
}

func (g *Images) alt() string {
	if g.Alt != "" {
		return g.Alt
	}
	text := g.Title
	for _, p := range g.Items {
		a := p.Alt
		if a == "" {
			a = p.Caption
		}
		text += " " + a + "."
	}
	return strings.TrimSpace(text)
}

// placed are the runs of a shape in pixels.
func (s shape) placed(x, y, w, h float64) [][]point {
	out := make([][]point, len(s.runs))
	for i, run := range s.runs {
		for _, p := range run {
			out[i] = append(out[i], point{x + p.x*w, y + p.y*h})
		}
	}
	return out
}

// enlarged repeats pixels, so that a painter which smooths keeps them sharp.
func enlarged(m image.Image, w, h int) image.Image {
	b := m.Bounds()
	if b.Empty() {
		return m
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for j := range h {
		for i := range w {
			out.Set(i, j, m.At(b.Min.X+i*b.Dx()/w, b.Min.Y+j*b.Dy()/h))
		}
	}
	return out
}
