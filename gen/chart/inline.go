package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// inlineCSS positions what Inline writes. The margins of a plot are set on the
// element, since they follow from its labels; text is written outside of the svg's
// box, in those margins.
const inlineCSS = `.ch{margin:0}
.ch svg.pl{display:block;overflow:visible;color:var(--k8)}
.ch svg.in{overflow:hidden}
.ch .st{fill:none;stroke:var(--k);vector-effect:non-scaling-stroke;stroke-linejoin:round}
.ch .dt{fill:none;stroke:var(--k);vector-effect:non-scaling-stroke;stroke-linecap:round}
.ch .ar{fill:var(--k);stroke:none}
.ch .ar:hover{fill:var(--k8)}
.ch text{font-size:12px;fill:var(--k7)}
.ch text.ti{fill:var(--k8)}
.ch image{image-rendering:pixelated}
.lg{display:flex;flex-wrap:wrap;gap:.15rem .9rem;font-size:12px;padding:0 0 .2rem;color:var(--k8)}
.lg span{display:inline-flex;align-items:center;gap:.35rem}
.lg i{display:inline-block;width:18px;height:0;border-top:2.5px solid var(--k)}
.lg i.da{border-top-style:dashed}
.lg i.bx{height:10px;width:12px;border:0;background:var(--k)}
.lg i.do{height:8px;width:8px;border:0;border-radius:50%;background:var(--k)}
.lg i.sw{height:11px;width:14px;border:0}
.im{display:grid;grid-template-columns:repeat(auto-fill,minmax(var(--im,130px),1fr));gap:.7rem;margin:0}
.im figure{margin:0;min-width:0}
.im img{display:block;width:100%;height:auto;image-rendering:pixelated;background:var(--k9)}
.im figcaption{font-size:12px;line-height:1.35;margin-top:.25rem;color:var(--k7)}
`

// grain is the resolution of inline coordinates, across and down.
const grain = 1000

// Inline is the chart as a part of a page with CSS in its style sheet.
func (c *Chart) Inline() template.HTML {
	height := c.Height
	if height == 0 {
		height = 220
	}
	s := c.layout(440, height)
	var b strings.Builder
	b.WriteString(`<div class="ch">`)
	s.writeLegend(&b)
	fmt.Fprintf(&b, `<svg class="pl" role="img" aria-label="%s" style="width:calc(100%% - %.0fpx);height:%.0fpx;margin:%.0fpx %.0fpx %.0fpx %.0fpx">`,
		html.EscapeString(c.alt()), s.left+s.right, height, s.top, s.right, s.bottom, s.left)
	fmt.Fprintf(&b, `<svg class="in" width="100%%" height="100%%" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true">`, grain, grain)
	for _, x := range s.shapes {
		x.writeInline(&b)
	}
	b.WriteString(`</svg>`)
	for _, l := range s.labels {
		class := ""
		if l.title {
			class = ` class="ti"`
		}
		fmt.Fprintf(&b, `<text aria-hidden="true"%s x="%s%%" y="%s%%" dx="%s" dy="%s" text-anchor="%s">%s</text>`, class, decimal(100*l.at.x), decimal(100*l.at.y),
			decimal(l.dx), decimal(l.dy), l.anchor, html.EscapeString(l.text))
	}
	b.WriteString(`</svg></div>`)
	return template.HTML(b.String())
}

// alt is the text alternative.
func (c *Chart) alt() string {
	if c.Alt != "" {
		return c.Alt
	}
	text := c.Title
	if text == "" {
		text = "Chart"
	}
	if c.Y.Label != "" || c.X.Label != "" {
		text += ": " + strings.TrimSpace(c.Y.Label+" by "+c.X.Label)
	}
	return text
}

func (s *scene) writeLegend(b *strings.Builder) {
	if len(s.legend) == 0 && s.bar == nil {
		return
	}
	b.WriteString(`<div class="lg">`)
	for _, e := range s.legend {
		class := ""
		switch {
		case e.kind == boxSeries || e.kind == bandSeries:
			class = "bx "
		case e.kind == dotSeries || e.kind == errorSeries:
			class = "do "
		case e.dashed:
			class = "da "
		}
		style := ""
		if e.alpha < 1 {
			style = fmt.Sprintf(` style="opacity:%s"`, decimal(min(1, 1.6*e.alpha)))
		}
		fmt.Fprintf(b, `<span><i class="%s%s"%s></i>%s</span>`, class, e.colour.Class(), style, html.EscapeString(e.name))
	}
	if s.bar != nil {
		fmt.Fprintf(b, `<span>%s<i class="sw" style="width:90px;background:linear-gradient(90deg`, html.EscapeString(s.bar.lo))
		for _, stop := range rampStops[s.bar.ramp] {
			b.WriteString("," + stop)
		}
		fmt.Fprintf(b, `)"></i>%s</span>`, html.EscapeString(s.bar.hi))
	}
	b.WriteString(`</div>`)
}

// writeInline writes a shape in whole units of the grain; consecutive points are
// written as steps, which are short.
func (x shape) writeInline(b *strings.Builder) {
	if x.kind == imageShape {
		fmt.Fprintf(b, `<image width="%d" height="%d" preserveAspectRatio="none" href="%s"/>`, grain, grain, dataURI(x.image))
		return
	}
	class := [...]string{strokeShape: "st", areaShape: "ar", dotShape: "dt"}[x.kind]
	fmt.Fprintf(b, `<path class="%s %s"`, class, x.colour.Class())
	if x.kind != areaShape {
		fmt.Fprintf(b, ` stroke-width="%s"`, decimal(x.width))
	}
	if x.alpha < 1 {
		fmt.Fprintf(b, ` opacity="%s"`, decimal(x.alpha))
	}
	if x.dashed {
		b.WriteString(` stroke-dasharray="5 4"`)
	}
	b.WriteString(` d="`)
	for _, run := range x.runs {
		writeRun(b, run, x.kind)
	}
	if x.tip == "" {
		b.WriteString(`"/>`)
		return
	}
	fmt.Fprintf(b, `"><title>%s</title></path>`, html.EscapeString(x.tip))
}

func writeRun(b *strings.Builder, run []point, kind shapeKind) {
	unit := func(v float64) int { return int(math.Round(v * grain)) }
	px, py := unit(run[0].x), unit(run[0].y)
	fmt.Fprintf(b, "M%d %d", px, py)
	if kind == dotShape {
		b.WriteString("h0")
	}
	for _, p := range run[1:] {
		x, y := unit(p.x), unit(p.y)
		switch {
		case kind == dotShape:
			fmt.Fprintf(b, "M%d %dh0", x, y)
		case x == px && y == py:
		case x == px:
			fmt.Fprintf(b, "v%d", y-py)
		case y == py:
			fmt.Fprintf(b, "h%d", x-px)
		default:
			fmt.Fprintf(b, "l%d", x-px)
			if y > py {
				b.WriteByte(' ')
			}
			fmt.Fprintf(b, "%d", y-py)
		}
		px, py = x, y
	}
	if kind == areaShape {
		b.WriteByte('z')
	}
}

// decimal writes a number with up to two decimals.
func decimal(v float64) string {
	s := fmt.Sprintf("%.2f", v)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// Inline is the grid as a part of a page with CSS in its style sheet. As many images
// as are Size wide or a little wider stand in a row.
func (g *Images) Inline() template.HTML {
	var b strings.Builder
	writeKeys(&b, g.Keys)
	if g.Size > 0 {
		fmt.Fprintf(&b, `<div class="im" style="--im:%spx">`, decimal(g.Size))
	} else {
		b.WriteString(`<div class="im">`)
	}
	for _, p := range g.Items {
		alt := p.Alt
		if alt == "" {
			alt = p.Caption
		}
		box := p.Image.Bounds()
		fmt.Fprintf(&b, `<figure><img width="%d" height="%d" alt="%s" src="%s">`, box.Dx(), box.Dy(), html.EscapeString(alt), dataURI(p.Image))
		if p.Caption != "" {
			fmt.Fprintf(&b, `<figcaption>%s</figcaption>`, html.EscapeString(p.Caption))
		}
		b.WriteString(`</figure>`)
	}
	b.WriteString(`</div>`)
	return template.HTML(b.String())
}

func writeKeys(b *strings.Builder, keys []Key) {
	if len(keys) == 0 {
		return
	}
	b.WriteString(`<div class="lg">`)
	for _, k := range keys {
		fmt.Fprintf(b, `<span><i class="sw" style="background:%s"></i>%s</span>`, html.EscapeString(k.Colour), html.EscapeString(k.Text))
	}
	b.WriteString(`</div>`)
}
