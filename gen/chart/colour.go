package chart

import (
	"fmt"
	"image/color"
	"math"
)

// Colour is one of the palette.
type Colour uint8

const (
	Auto Colour = iota // the next one
	Blue
	Vermilion
	Green
	Purple
	Sky
	Orange
	Grey
	Ink // of text
	Faint
	paper
	colourCount
)

// tone is a colour on light and on dark paper.
type tone struct{ light, dark string }

// tones: Okabe and Ito's colours, lighter on dark paper.
var tones = [colourCount]tone{
	Auto:      {"#000000", "#ffffff"},
	Blue:      {"#0072b2", "#4aa8e0"},
	Vermilion: {"#d55e00", "#f28b45"},
	Green:     {"#009e73", "#2cc79b"},
	Purple:    {"#b0568a", "#dd8fba"},
	Sky:       {"#3d9fd6", "#7cc4ee"},
	Orange:    {"#c98a00", "#efb52d"},
	Grey:      {"#737373", "#9a9a9a"},
	Ink:       {"#1d2228", "#e6e6e3"},
	Faint:     {"#d5d8dc", "#3c4147"},
	paper:     {"#ffffff", "#15181c"},
}

// Light is the colour on white, as #rrggbb.
func (c Colour) Light() string { return tones[c].light }

// Class is the class that CSS gives the colour to.
func (c Colour) Class() string { return fmt.Sprintf("k%d", c) }

func (c Colour) rgba(alpha float64) color.NRGBA {
	x := hex(tones[c].light)
	x.A = uint8(math.Round(255 * alpha))
	return x
}

func hex(s string) color.NRGBA {
	c := color.NRGBA{A: 255}
	fmt.Sscanf(s, "#%02x%02x%02x", &c.R, &c.G, &c.B)
	return c
}

// CSS is the style sheet that Inline needs, light and dark.
func CSS() string {
	css := ":root{"
	for k := Blue; k < colourCount; k++ {
		css += fmt.Sprintf("--k%d:%s;", k, tones[k].light)
	}
	css += "}\n@media (prefers-color-scheme:dark){:root{"
	for k := Blue; k < colourCount; k++ {
		css += fmt.Sprintf("--k%d:%s;", k, tones[k].dark)
	}
	css += "}}\n@media print{:root{"
	for k := Blue; k < colourCount; k++ {
		css += fmt.Sprintf("--k%d:%s;", k, tones[k].light)
	}
	css += "}}\n"
	for k := Blue; k < colourCount; k++ {
		css += fmt.Sprintf(".k%d{--k:var(--k%d)}", k, k)
	}
	return css + inlineCSS
}

// A Ramp is a map from numbers to colours.
type Ramp uint8

const (
	// Diverging is blue at the lower end, pale in the middle, orange at the upper.
	Diverging Ramp = iota
	// Sequential goes from dark blue over green to yellow, evenly in lightness.
	Sequential
	// Shades goes from nearly white to dark blue.
	Shades
)

var rampStops = [...][]string{
	Diverging:  {"#0b4f86", "#2f83bd", "#8fc0de", "#f3f1ec", "#f5bd84", "#df7d28", "#a34a00"},
	Sequential: {"#2a1a4a", "#31487f", "#27738b", "#2b9b7f", "#7fbf57", "#f3e04f"},
	Shades:     {"#f4f6f8", "#bcd3e6", "#6ea3cc", "#2b6ca3", "#0d3560"},
}

// At is the colour at a fraction from 0 to 1 of the way.
func (r Ramp) At(f float64) color.NRGBA {
	stops := rampStops[r]
	f = max(0, min(1, f)) * float64(len(stops)-1)
	i := min(int(f), len(stops)-2)
	a, b, t := hex(stops[i]), hex(stops[i+1]), f-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + t*(float64(y)-float64(x)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// stateColours are those of the states of a categorical variable.
var stateColours = [...]string{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#55565a"}

// StateColour is the colour of state i of k. Beyond eight states they are taken
// from Sequential, in order.
func StateColour(i, k int) color.NRGBA {
	if k == 2 { // as spins: ends of Diverging
		return Diverging.At(0.08 + 0.77*float64(i))
	}
	if k <= len(stateColours) {
		return hex(stateColours[i])
	}
	return Sequential.At(float64(i) / float64(k-1))
}

// Hex is a colour as #rrggbb.
func Hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
