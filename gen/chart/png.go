package chart

import (
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"math"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// pngScale is pixels for each of CSS.
const pngScale = 2

// mostPixels bounds the memory of a picture.
const mostPixels = 1 << 27

// pngCanvas paints with vg, whose lengths are points and whose y goes up: here a
// point is a pixel of CSS.
type pngCanvas struct {
	*vgimg.Canvas
	height        float64
	pixels        draw.Image
	plain, strong font.Face
	err           error
}

func newPNG(w, h float64) *pngCanvas {
	if w*h*pngScale*pngScale > mostPixels {
		return &pngCanvas{err: fmt.Errorf("a picture of %.0f × %.0f is too large", w, h)}
	}
	const dpi = 72 * pngScale
	to := vgimg.NewWith(vgimg.UseDPI(dpi), vgimg.UseWH(vg.Length(int(w)), vg.Length(int(h))), vgimg.UseBackgroundColor(paper.rgba(1)))
	faces := font.NewCache(liberation.Collection())
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	bold := sans
	bold.Weight = stdfont.WeightBold
	return &pngCanvas{
		Canvas: to, height: float64(int(h)), pixels: to.Image(),
		plain: faces.Lookup(sans, textSize), strong: faces.Lookup(bold, 14),
	}
}

func (c *pngCanvas) point(p point) vg.Point {
	return vg.Point{X: vg.Length(p.x), Y: vg.Length(c.height - p.y)}
}

func (c *pngCanvas) paint(s shape, x, y, w, h float64) {
	if c.err != nil {
		return
	}
	if s.kind == imageShape {
		at := image.Rect(round(x), round(y), round(x+w), round(y+h))
		m := enlarged(s.image, at.Dx(), at.Dy())
		draw.Draw(c.pixels, at, m, image.Point{}, draw.Over)
		return
	}
	c.SetColor(s.colour.rgba(s.alpha))
	c.SetLineWidth(vg.Length(s.width))
	c.SetLineDash(nil, 0)
	if s.dashed {
		c.SetLineDash([]vg.Length{5, 4}, 0)
	}
	var path vg.Path // all runs at once: areas that touch leave no seam
	for _, run := range s.inside().placed(x, y, w, h) {
		for i, p := range run {
			switch {
			case s.kind == dotShape:
				var dot vg.Path
				centre := c.point(p)
				dot.Move(vg.Point{X: centre.X + vg.Length(s.width/2), Y: centre.Y})
				dot.Arc(centre, vg.Length(s.width/2), 0, 2*math.Pi)
				dot.Close()
				c.Fill(dot)
			case i == 0:
				path.Move(c.point(p))
			default:
				path.Line(c.point(p))
			}
		}
		if s.kind == areaShape && len(run) > 0 {
			path.Close()
		}
	}
	switch s.kind {
	case strokeShape:
		c.Stroke(path)
	case areaShape:
		c.Fill(path)
	}
}

func round(x float64) int { return int(math.Round(x * pngScale)) }

// inside cuts a shape off at its rectangle, as vg does not.
func (s shape) inside() shape {
	if !s.leaves() {
		return s
	}
	out := s
	out.runs = nil
	for _, run := range s.runs {
		switch s.kind {
		case areaShape:
			out.runs = append(out.runs, clipArea(run))
		case dotShape:
			for _, p := range run {
				if p.x >= 0 && p.x <= 1 && p.y >= 0 && p.y <= 1 {
					out.runs = append(out.runs, []point{p})
				}
			}
		default:
			for i := 1; i < len(run); i++ {
				if a, b, ok := clipSegment(run[i-1], run[i]); ok {
					out.runs = append(out.runs, []point{a, b})
				}
			}
		}
	}
	return out
}

// clipSegment is the part of a segment inside the unit square (Liang and Barsky).
func clipSegment(a, b point) (point, point, bool) {
	from, to := 0.0, 1.0
	dx, dy := b.x-a.x, b.y-a.y
	for _, side := range [4][2]float64{{-dx, a.x}, {dx, 1 - a.x}, {-dy, a.y}, {dy, 1 - a.y}} {
		p, q := side[0], side[1]
		switch {
		case p == 0 && q < 0:
			return a, b, false
		case p < 0:
			from = max(from, q/p)
		case p > 0:
			to = min(to, q/p)
		}
	}
	if from > to {
		return a, b, false
	}
	return point{a.x + from*dx, a.y + from*dy}, point{a.x + to*dx, a.y + to*dy}, true
}

// clipArea is the part of a polygon inside the unit square (Sutherland and
// Hodgman).
func clipArea(run []point) []point {
	for _, side := range []func(p point) float64{
		func(p point) float64 { return p.x }, func(p point) float64 { return 1 - p.x },
		func(p point) float64 { return p.y }, func(p point) float64 { return 1 - p.y },
	} {
		var out []point
		for i, b := range run {
			a := run[(i+len(run)-1)%len(run)]
			da, db := side(a), side(b)
			if (da < 0) != (db < 0) {
				f := da / (da - db)
				out = append(out, point{a.x + f*(b.x-a.x), a.y + f*(b.y-a.y)})
			}
			if db >= 0 {
				out = append(out, b)
			}
		}
		run = out
	}
	return run
}

func (c *pngCanvas) text(x, y float64, anchor, text string, colour Colour, bold bool) {
	if c.err != nil {
		return
	}
	face := c.plain
	if bold {
		face = c.strong
	}
	switch anchor {
	case "middle":
		x -= float64(face.Width(text)) / 2
	case "end":
		x -= float64(face.Width(text))
	}
	c.SetColor(colour.rgba(1))
	c.FillString(face, c.point(point{x, y}), text)
}

func (c *pngCanvas) swatch(x, y, w, h float64, colour string) {
	if c.err != nil {
		return
	}
	draw.Draw(c.pixels, image.Rect(round(x), round(y), round(x+w), round(y+h)), image.NewUniform(hex(colour)), image.Point{}, draw.Src)
}

func (c *pngCanvas) write(w io.Writer) error {
	if c.err != nil {
		return c.err
	}
	return png.Encode(w, c.pixels)
}
