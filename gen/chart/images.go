package chart

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"math"
)

// shadeLevels is how many colours of a ramp an image has.
const shadeLevels = 128

// Heat is a matrix as an image, one pixel an element, the first row on top. NaN is
// transparent.
func Heat(values []float64, rows, cols int, ramp Ramp, lo, hi float64) *image.Paletted {
	palette := make(color.Palette, shadeLevels+1)
	for i := range shadeLevels {
		palette[i] = ramp.At(float64(i) / (shadeLevels - 1))
	}
	palette[shadeLevels] = color.NRGBA{}
	m := image.NewPaletted(image.Rect(0, 0, cols, rows), palette)
	for i, v := range values {
		level := shadeLevels
		if !math.IsNaN(v) {
			f := 0.5
			if hi > lo {
				f = (v - lo) / (hi - lo)
			}
			level = int(math.Round(max(0, min(1, f)) * (shadeLevels - 1)))
		}
		m.Pix[i/cols*m.Stride+i%cols] = uint8(level)
	}
	return m
}

// States is a matrix of states 0 … k−1 as an image, each in its StateColour; above
// 256 states neighbours share one. Negative states are transparent.
func States(values []int32, rows, cols, k int) *image.Paletted {
	shown := min(k, 255)
	palette := make(color.Palette, shown+1)
	for i := range shown {
		palette[i] = StateColour(i, shown)
	}
	palette[shown] = color.NRGBA{}
	m := image.NewPaletted(image.Rect(0, 0, cols, rows), palette)
	for i, v := range values {
		index := shown
		if v >= 0 && int(v) < k {
			index = int(v) * shown / k
		}
		m.Pix[i/cols*m.Stride+i%cols] = uint8(index)
	}
	return m
}

// PNG is an image as a file. The same image gives the same bytes.
func PNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if err := e.Encode(&b, m); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// dataURI is an image inside a page.
func dataURI(m image.Image) string {
	b, err := PNG(m)
	if err != nil {
		return "data:," // an image without pixels
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b)
}

// A Picture is an image with a caption.
type Picture struct {
	Image   image.Image
	Caption string
	Alt     string // "": the caption
}

// Images is a grid of small images, whose pixels stay square and sharp.
type Images struct {
	Title string
	Alt   string
	Items []Picture

	Columns int     // 0: up to 4
	Size    float64 // the longer side of an image, in pixels; 0: 150
	// Keys explain colours: text by colour as #rrggbb.
	Keys []Key
}

// A Key explains a colour.
type Key struct {
	Colour string // #rrggbb
	Text   string
}

// StateKeys explain the colours of k states; beyond eight, the ends.
func StateKeys(k int) []Key {
	if k > len(stateColours) {
		return []Key{{Hex(StateColour(0, k)), "0"}, {Hex(StateColour(k/2, k)), Number(float64(k / 2))}, {Hex(StateColour(k-1, k)), Number(float64(k - 1))}}
	}
	var keys []Key
	for i := range k {
		keys = append(keys, Key{Hex(StateColour(i, k)), Number(float64(i))})
	}
	return keys
}

// SpinKeys explain the colours of spins, those of two states.
func SpinKeys() []Key {
	return []Key{{Hex(StateColour(0, 2)), "−1"}, {Hex(StateColour(1, 2)), "+1"}}
}

// RampKeys explain a ramp from lo to hi.
func RampKeys(r Ramp, lo, hi float64) []Key {
	return []Key{{Hex(r.At(0)), Number(lo)}, {Hex(r.At(0.5)), Number((lo + hi) / 2)}, {Hex(r.At(1)), Number(hi)}}
}

func (g *Images) columns() int {
	if g.Columns > 0 {
		return g.Columns
	}
	return max(1, min(4, len(g.Items)))
}

// shown is the size of an item in a picture.
func (g *Images) shown(p Picture) (w, h float64) {
	size := g.Size
	if size == 0 {
		size = 150
	}
	b := p.Image.Bounds()
	w, h = float64(b.Dx()), float64(b.Dy())
	f := size / max(1, w, h)
	return w * f, h * f
}
