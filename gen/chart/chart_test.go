package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Of a long series every excursion is still there, at its place.
func TestThinKeepsExtremes(t *testing.T) {
	y := make([]float64, 10007)
	for i := range y {
		y[i] = math.Sin(float64(i) / 100)
	}
	y[17], y[9876] = 50, -50
	x, thin := Thin(y, 100)
	if len(thin) > 200 || len(x) != len(thin) {
		t.Errorf("%d points at %d places", len(thin), len(x))
	}
	for _, at := range []int{17, 9876} {
		if i := slices.Index(x, float64(at)); i < 0 || thin[i] != y[at] {
			t.Errorf("the excursion at %d is not drawn", at)
		}
	}
	if !slices.IsSorted(x) {
		t.Error("points are out of order")
	}
	if _, same := Thin(y[:200], 100); len(same) != 200 {
		t.Error("a short series was thinned")
	}
}

// Bins cover all values; on a lattice each has the same number of places, so that a
// flat law looks flat.
func TestBins(t *testing.T) {
	var flat []float64
	for i := range 10000 {
		flat = append(flat, -100+4*float64(i%97))
	}
	counts := Counts(flat, Bins(flat))
	sum := 0.0
	for _, n := range counts[:len(counts)-1] {
		sum += n
		if math.Abs(n/counts[0]-1) > 0.05 {
			t.Errorf("a flat law on a lattice gives %v", counts)
			break
		}
	}
	if sum+counts[len(counts)-1] != 10000 {
		t.Errorf("%v of 10000 values counted", sum)
	}
	for _, v := range [][]float64{nil, {3}, {3, 3, 3}, {math.NaN(), math.Inf(1)}, {0, 1e300}, {1, 1 + 1e-12}, {-1e-300, 1e-300}} {
		edges := Bins(v)
		if len(edges) < 2 || len(edges) > mostBins+2 || !slices.IsSorted(edges) {
			t.Errorf("bins of %v: %v", v, edges)
		}
		total := 0.0
		for _, n := range Counts(v, edges) {
			total += n
		}
		if total != float64(len(v)) && len(v) > 0 && !math.IsNaN(v[0]) {
			t.Errorf("%v of %v counted in %v", total, v, edges)
		}
	}
}

func TestTicks(t *testing.T) {
	labels := func(ticks []Tick) string {
		var s []string
		for _, x := range ticks {
			s = append(s, x.Label)
		}
		return strings.Join(s, " ")
	}
	for _, x := range []struct {
		lo, hi float64
		want   string
	}{
		{0, 1, "0 0.2 0.4 0.6 0.8 1.0"}, {-350, -300, "−350 −340 −330 −320 −310 −300"}, {0.001, 0.0021, "0.0010 0.0015 0.0020"},
	} {
		if got := labels(plainTicks(x.lo, x.hi, 5)); got != x.want {
			t.Errorf("ticks from %v to %v: %s, want %s", x.lo, x.hi, got, x.want)
		}
	}
	if got := labels(logTicks(-3, 3, 6)); got != "0.001 0.01 0.1 1 10 100 1000" {
		t.Errorf("logarithmic ticks: %s", got)
	}
	if got := Number(-1.5e-7); got != "−1.5e−7" {
		t.Errorf("a small number: %s", got)
	}
}

// sample has every kind of series, and data that cannot be drawn.
func sample() []Panel {
	c := &Chart{Title: `<b>"A" & B</b>`, X: Axis{Label: "x < 3"}, Y: Axis{Label: "y"}}
	nan := math.NaN()
	c.Line("line & co", nil, []float64{1, 2, nan, 4, math.Inf(1), 3})
	c.Scatter("dots", nil, []float64{1, nan, 3}).Tips = []string{"a", "<b>", "c"}
	c.Errors("errors", nil, []float64{1, 2}, []float64{0.5, nan})
	c.Band("band", nil, []float64{0, 1}, []float64{1, 2})
	c.Bars("bars", []float64{0, 1, 2}, []float64{3, 0}).Tip = "bars"
	c.Segments("", []float64{0}, []float64{0}, []float64{1}, []float64{1})
	c.HLine("rule", 2)
	c.VLine("", 1)
	narrow := &Chart{X: Axis{Min: 0.2, Max: 0.4}, Y: Axis{Min: 0, Max: 1, Log: true}}
	narrow.Line("", nil, []float64{-1, 5, 0.5})
	narrow.Boxes("", []float64{-5}, []float64{0}, []float64{9}, []float64{9})
	h := &Chart{}
	h.Heat([]float64{0, nan, 1, 2, 3, 4}, 2, 3, Sequential, 0, 0)
	return []Panel{c, narrow, h, &Chart{},
		&Images{Title: "I", Keys: StateKeys(3), Items: []Picture{{Image: States([]int32{0, 1, 2, -1}, 2, 2, 3), Caption: "<i>"}}}, &Images{}}
}

// Whatever the data, the SVG is well formed and says nothing but escaped text.
func TestSVGIsWellFormed(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSVG(&b, 2, sample()...); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.String())
	for _, p := range sample() {
		if c, ok := p.(*Chart); ok {
			wellFormed(t, string(c.Inline()))
		}
	}
	if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") || strings.Contains(b.String(), "<b>") {
		t.Error(b.String())
	}
	var again bytes.Buffer
	if err := WriteSVG(&again, 2, sample()...); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("the same panels give other bytes")
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

func TestPNG(t *testing.T) {
	c := &Chart{Title: "T", Width: 300, Height: 200}
	c.Boxes("", []float64{0, 1}, []float64{0, 0}, []float64{1, 2}, []float64{1, 1}).Colour = Green
	c.X, c.Y = Axis{Min: 0, Max: 2}, Axis{Min: 0, Max: 1}
	var b bytes.Buffer
	if err := WritePNG(&b, 1, c); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds() != image.Rect(0, 0, 648, 448) {
		t.Fatalf("size %v", m.Bounds())
	}
	green := color.NRGBAModel.Convert(hex(Green.Light()))
	for x := 100; x < 590; x++ { // across the seam of the two boxes
		if got := color.NRGBAModel.Convert(m.At(x, 250)); got != green {
			t.Fatalf("pixel %d is %v, want %v", x, got, green)
		}
	}
	for _, p := range sample() {
		if err := WritePNG(io.Discard, 1, p); err != nil {
			t.Error(err)
		}
	}
}

// A heat map has its first row on top, and its colours run with the values.
func TestHeatAndStates(t *testing.T) {
	m := Heat([]float64{0, 1, math.NaN(), 2}, 2, 2, Shades, 0, 2)
	if m.At(0, 0) != color.Color(Shades.At(0)) || m.At(1, 1) != color.Color(Shades.At(1)) {
		t.Error("the ends of the ramp are not those of the values")
	}
	if _, _, _, a := m.At(0, 1).RGBA(); a != 0 {
		t.Error("NaN is not transparent")
	}
	if s := States([]int32{0, 1}, 1, 2, 2); s.At(0, 0) == s.At(1, 0) {
		t.Error("two states have one colour")
	}
	if b, err := PNG(States(make([]int32, 64*64), 64, 64, 5)); err != nil || len(b) > 300 {
		t.Errorf("an image of one colour takes %d bytes, %v", len(b), err)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	c := &Chart{}
	c.Histogram("", []float64{1, 2, 2, 3})
	for _, name := range []string{"a.svg", "a.png"} {
		if err := Save(filepath.Join(dir, name), 1, c); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Error(name, err)
		}
	}
	if err := Save(filepath.Join(dir, "a.gif"), 1, c); err == nil {
		t.Error("a.gif was written")
	}
}

func TestClip(t *testing.T) {
	a, b, ok := clipSegment(point{-1, 0.5}, point{2, 0.5})
	if !ok || a != (point{0, 0.5}) || b != (point{1, 0.5}) {
		t.Error(a, b, ok)
	}
	if _, _, ok := clipSegment(point{-1, -1}, point{2, -0.5}); ok {
		t.Error("a segment outside was kept")
	}
	area := 0.0
	p := clipArea([]point{{-1, -1}, {2, -1}, {2, 2}, {-1, 2}})
	for i, a := range p {
		b := p[(i+1)%len(p)]
		area += (a.x*b.y - b.x*a.y) / 2
	}
	if math.Abs(math.Abs(area)-1) > 1e-9 {
		t.Errorf("the square has area %v", area)
	}
}
