package chart

import (
	"fmt"
	"html"
	"strings"
)

// svgCanvas writes a picture with plain attributes, which every viewer knows.
type svgCanvas struct {
	strings.Builder
	clips int
}

func newSVG(w, h float64, alt string) *svgCanvas {
	c := &svgCanvas{}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" font-family="system-ui,'Liberation Sans',Arial,sans-serif" font-size="%.0f">`, w, h, w, h, textSize)
	fmt.Fprintf(c, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"%s\"/>\n", html.EscapeString(alt), paper.Light())
	return c
}

// String is the finished file.
func (c *svgCanvas) String() string { return c.Builder.String() + "</svg>\n" }

func (c *svgCanvas) paint(s shape, x, y, w, h float64) {
	if s.kind == imageShape {
		fmt.Fprintf(c, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" style="image-rendering:pixelated" href="%s"/>`+"\n",
			decimal(x), decimal(y), decimal(w), decimal(h), dataURI(s.image))
		return
	}
	clip := ""
	if s.leaves() {
		c.clips++
		fmt.Fprintf(c, `<clipPath id="c%d"><rect x="%s" y="%s" width="%s" height="%s"/></clipPath>`, c.clips, decimal(x), decimal(y), decimal(w), decimal(h))
		clip = fmt.Sprintf(` clip-path="url(#c%d)"`, c.clips)
	}
	var d strings.Builder
	for _, run := range s.placed(x, y, w, h) {
		for i, p := range run {
			verb := "L"
			if i == 0 || s.kind == dotShape {
				verb = "M"
			}
			d.WriteString(verb + decimal(p.x) + " " + decimal(p.y))
			if s.kind == dotShape {
				d.WriteString("h0")
			}
		}
		if s.kind == areaShape {
			d.WriteByte('z')
		}
	}
	colour := s.colour.Light()
	style := fmt.Sprintf(`fill="%s"`, colour)
	switch s.kind {
	case strokeShape:
		style = fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%s" stroke-linejoin="round"`, colour, decimal(s.width))
	case dotShape:
		style = fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%s" stroke-linecap="round"`, colour, decimal(s.width))
	}
	if s.alpha < 1 {
		style += fmt.Sprintf(` opacity="%s"`, decimal(s.alpha))
	}
	if s.dashed {
		style += ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(c, "<path %s%s d=\"%s\"/>\n", style, clip, d.String())
}

// leaves says whether a shape goes beyond its rectangle.
func (s shape) leaves() bool {
	for _, run := range s.runs {
		for _, p := range run {
			if p.x < 0 || p.x > 1 || p.y < 0 || p.y > 1 {
				return true
			}
		}
	}
	return false
}

func (c *svgCanvas) text(x, y float64, anchor, text string, colour Colour, bold bool) {
	weight := ""
	if bold {
		weight = ` font-weight="600" font-size="14"`
	}
	fmt.Fprintf(c, "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\"%s>%s</text>\n", decimal(x), decimal(y), anchor, colour.Light(), weight, html.EscapeString(text))
}

func (c *svgCanvas) swatch(x, y, w, h float64, colour string) {
	fmt.Fprintf(c, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n", decimal(x), decimal(y), decimal(w), decimal(h), html.EscapeString(colour))
}
