package pass

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass/passtest"
)

// verified lowers with a check of every invariant after every pass.
func verified(t *testing.T, g *graph.Graph) *ir.Program {
	t.Helper()
	p, l := lower(g, func(name string, stage ir.Stage, p *ir.Program) {
		if err := ir.VerifyStage(p, stage); err != nil {
			t.Fatalf("after pass %s: %v", name, err)
		}
	})
	if l.Len() > 0 {
		t.Fatal(l)
	}
	return p
}

// refused lowers a graph that must give exactly one problem.
func refused(t *testing.T, g *graph.Graph) diag.Problem {
	t.Helper()
	p, l := Lower(g)
	if p != nil || l.Len() != 1 {
		t.Fatalf("want one problem, got program %v, problems %v", p != nil, l)
	}
	return l.Problems()[0]
}

func ptr[T any](x T) *T { return &x }

// star is a spin with 15 neighbours and a bias: degree 16, as a bulk node of
// Pegasus with biases.
func star() *passtest.Builder {
	b := passtest.New()
	s := b.Spins("s", 16)
	var rows [][]int32
	var weights []float64
	for i := 1; i < 16; i++ {
		rows = append(rows, []int32{s[0], s[i]})
		weights = append(weights, float64(i)/7-1)
	}
	b.Factor(rows, weights...)
	b.Factor([][]int32{{s[0]}}, 0.3)
	b.Block(s[0])
	b.Block(s[1:]...)
	b.G.Format.Pos = diag.Pos{File: "m.yaml", Line: 1, Col: 1}
	b.G.Format.At = map[string]diag.Pos{}
	for i, key := range []string{"fraction", "bits", "threshold_bits", "budget", "range", "interleave", "choice", "rng", "digit", "planes"} {
		b.G.Format.At[key] = diag.Pos{File: "m.yaml", Line: 10 + i, Col: 3}
	}
	return b
}

func TestDefaultFormat(t *testing.T) {
	p := verified(t, &star().G)
	f := p.Format
	want := ir.Format{Profile: "default", Fraction: 15, Segments: 256, ThresholdBits: 32, Accum: 32, Budget: 1.0 / 4096, Bound: f.Bound}
	if f != want {
		t.Errorf("format %+v, want %+v", f, want)
	}
	// 16·2^-17 + (1/16)²/8/(6√3) + 2^-20
	if f.Bound < 1.7000e-4 || f.Bound > 1.7002e-4 {
		t.Errorf("bound %v", f.Bound)
	}
}

func TestFormatChoices(t *testing.T) {
	weights := func(b *passtest.Builder, f func(*graph.Format)) *graph.Graph {
		f(&b.G.Format)
		return &b.G
	}
	for _, c := range []struct {
		name  string
		graph *graph.Graph
		want  func(f ir.Format) bool
	}{
		{"user fraction with 128 segments", weights(star(), func(f *graph.Format) { f.Fraction, f.Budget = ptr(15), ptr(0.01) }),
			func(f ir.Format) bool {
				return f.Fraction == 15 && f.Segments == 128 && f.Profile == "custom" && f.Budget == 0.01
			}},
		{"user fraction with 256 segments", weights(star(), func(f *graph.Format) { f.Fraction = ptr(16) }),
			func(f ir.Format) bool { return f.Fraction == 16 && f.Segments == 256 && f.Bound < 1.0/4096 }},
		{"a wide budget takes fewer bits", weights(star(), func(f *graph.Format) { f.Budget = ptr(0.01) }),
			func(f ir.Format) bool { return f.Fraction == 9 && f.Segments == 128 }},
		{"64-bit sums", weights(star(), func(f *graph.Format) { f.Fraction = ptr(30) }),
			func(f ir.Format) bool { return f.Accum == 64 }},
		{"threshold bits", weights(star(), func(f *graph.Format) { f.ThresholdBits, f.Budget = ptr(10), ptr(1.0/512) }),
			func(f ir.Format) bool { return f.ThresholdBits == 10 && f.Bound <= 1.0/512 }},
		{"bits", weights(star(), func(f *graph.Format) { f.Bits = ptr(17) }),
			func(f ir.Format) bool { return f.WeightBits == 17 && f.Fraction == 15 }},
		{"fast", weights(star(), func(f *graph.Format) { f.Profile = "fast" }), // largest weight 8/7
			func(f ir.Format) bool {
				return f.Fraction == 6 && f.WeightBits == 8 && f.ThresholdBits == 16 && f.Segments == 128 && f.Budget == 0 && f.Profile == "fast"
			}},
		{"philox7", weights(star(), func(f *graph.Format) { f.RNG = "philox7" }),
			func(f ir.Format) bool { return f.Profile == "custom" && f.Fraction == 15 }},
	} {
		p := verified(t, c.graph)
		if !c.want(p.Format) {
			t.Errorf("%s: %+v", c.name, p.Format)
		}
		if rounds := map[string]int{"philox7": 7, "": 10}[c.graph.Format.RNG]; p.Rounds != rounds {
			t.Errorf("%s: %d rounds", c.name, p.Rounds)
		}
	}
}

// The profile hardware takes thresholds of the fewest bits where no spin has more
// than four neighbours, else noise, and K from the program.
func TestHardwareFormat(t *testing.T) {
	ring := func(offsets ...int) *graph.Graph {
		b := passtest.New()
		s := b.Spins("s", 16)
		for _, d := range offsets {
			var rows [][]int32
			var w []float64
			for i := range 16 {
				rows, w = append(rows, []int32{s[i], s[(i+d)%16]}), append(w, 0.5)
			}
			b.Factor(rows, w...)
		}
		b.Colour()
		b.G.Format.Profile = "hardware"
		return &b.G
	}
	p := verified(t, ring(1, 3))
	if f := p.Format; f.Noise || f.ThresholdBits != 12 || f.Profile != "hardware" || p.Stream != (ir.Stream{Generator: "lfl128", Interleave: 4}) {
		t.Errorf("degree 4: %+v, %+v", f, p.Stream)
	}
	p = verified(t, ring(1, 3, 5))
	if f := p.Format; !f.Noise || f.LowBits < 4 || p.Stream != (ir.Stream{Generator: "lfl128", Interleave: 6}) { // 1 + log2(2 + 1), twice
		t.Errorf("degree 6: %+v, %+v", f, p.Stream)
	}
	g := ring(1)
	g.Format.Profile, g.Format.RNG, g.Format.Interleave, g.Format.ThresholdBits, g.Format.Budget = "default", "xoshiro128pp", ptr(9), ptr(7), ptr(0.01)
	p = verified(t, g)
	if f := p.Format; f.Profile != "custom" || f.ThresholdBits != 7 || p.Stream != (ir.Stream{Generator: "xoshiro128pp", Interleave: 9}) {
		t.Errorf("written: %+v, %+v", f, p.Stream)
	}
	g = ring(1)
	g.Format.Budget = ptr(0.01)
	if f := verified(t, g).Format; f.ThresholdBits != 6 && f.ThresholdBits != 7 {
		t.Errorf("a budget of 0.01 takes %d bits", f.ThresholdBits)
	}
}

func TestFastFraction(t *testing.T) {
	for _, c := range []struct {
		weight   float64
		fraction int
	}{{1, 6}, {127, 0}, {128, -1}, {127.5, -1}, {127.4, 0}, {1e6, -13}, {0, 0}, {1e-3, 16}} {
		b := passtest.New()
		s := b.Spins("s", 2)
		b.Factor([][]int32{s}, -c.weight)
		b.Colour()
		b.G.Format.Profile = "fast"
		if p := verified(t, &b.G); p.Format.Fraction != c.fraction {
			t.Errorf("weight %v: fraction %d, want %d (integer %d)", c.weight, p.Format.Fraction, c.fraction, p.Factors[0].Ints[0])
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*passtest.Builder)
		line      int
		code      string
		text, say string
	}{
		{"fraction", func(b *passtest.Builder) { b.G.Format.Fraction = ptr(9) }, 10, diag.FormatBudget, "fraction 9", "use fraction: 15, or budget: 0.0079"},
		{"threshold bits", func(b *passtest.Builder) { b.G.Format.ThresholdBits = ptr(8) }, 12, diag.FormatBudget, "threshold_bits 8", "use threshold_bits: 12,"},
		{"budget", func(b *passtest.Builder) { b.G.Format.Budget = ptr(1e-6) }, 13, diag.FormatBudget, "budget 1e-06", "use budget: "},
		{"bits", func(b *passtest.Builder) { b.G.Format.Bits = ptr(12) }, 11, diag.FormatFit, "does not fit 12 bits with fraction 15", "use bits: 17, or budget: 0.00"},
		{"bits and fraction", func(b *passtest.Builder) { b.G.Format.Bits, b.G.Format.Fraction = ptr(17), ptr(20) }, 11, diag.FormatFit, "17 bits", "use bits: 22, or fraction: 15"},
		{"odd threshold bits", func(b *passtest.Builder) { b.G.Format.ThresholdBits = ptr(20) }, 12, diag.OutOfRange, "threshold_bits", ""},
		{"fraction out of range", func(b *passtest.Builder) { b.G.Format.Fraction = ptr(60) }, 10, diag.OutOfRange, "fraction is 60", ""},
		{"noise with threshold bits", func(b *passtest.Builder) {
			b.G.Format.Choice, b.G.Format.ThresholdBits = "noise", ptr(12)
		}, 12, diag.BadFormat, "no meaning", "drop the key"},
		{"all bits of a hardware generator", func(b *passtest.Builder) {
			b.G.Format.RNG, b.G.Format.Choice, b.G.Format.ThresholdBits = "lfl128", "threshold", ptr(32)
		}, 12, diag.OutOfRange, "must be from 1 to 16", ""},
		{"digit of 12 bits", func(b *passtest.Builder) { b.G.Format.Digit = ptr(12) }, 18, diag.OutOfRange, "must be 8 or 16", ""},
		{"digit with threshold bits", func(b *passtest.Builder) {
			b.G.Format.Digit, b.G.Format.ThresholdBits = ptr(8), ptr(12)
		}, 12, diag.BadFormat, "digit: 8 goes with", "drop the key"},
		{"single bytes with groups", func(b *passtest.Builder) {
			b.G.Format.Digit, b.G.Format.ThresholdBits, b.G.Format.Group = ptr(8), ptr(8), ptr(7)
		}, 1, diag.BadFormat, "group does not go with digit: 8 and threshold_bits: 8", "drop one"},
		{"digit with noise", func(b *passtest.Builder) {
			b.G.Format.Digit, b.G.Format.Choice = ptr(8), "noise"
		}, 18, diag.BadFormat, "choice: threshold", "drop the key"},
		{"digit with planes", func(b *passtest.Builder) {
			b.G.Format.Digit, b.G.Format.Planes = ptr(8), ptr(16)
		}, 18, diag.BadFormat, "draws no digits", "drop one"},
		{"interleave of philox", func(b *passtest.Builder) { b.G.Format.Interleave = ptr(4) }, 15, diag.BadFormat, "interleave", "rng: lfl128"},
		{"interleave below the colours", func(b *passtest.Builder) {
			b.G.Format.RNG, b.G.Format.Interleave = "xoshiro128pp", ptr(1)
		}, 15, diag.OutOfRange, "must be from 2", ""},
		{"noise at beta 0", func(b *passtest.Builder) { b.G.Format.Choice, b.G.Beta = "noise", 0 }, 16, diag.FormatFit, "low bits", "larger beta"},
		{"range", func(b *passtest.Builder) {
			b.G.Factors[0].Runtime = true
			b.G.Format.Range = ptr(1.0)
		}, 14, diag.OutOfRange, "range 1 is below", "use range: 1.14"},
		{"sums", func(b *passtest.Builder) {
			b.G.Factors[0].Weights[3] = 1 << 40
			b.G.Format.Fraction = ptr(48)
		}, 10, diag.FormatFit, "with fraction 48", "use fraction: 21"},
		{"sums of a weight with no remedy", func(b *passtest.Builder) {
			b.G.Factors[0].Weights[3] = 1e60
		}, 10, diag.FormatFit, "1e+60", "scale the weights down"},
		{"range in sums", func(b *passtest.Builder) {
			b.G.Factors[0].Runtime = true
			b.G.Format.Range = ptr(1e15)
		}, 10, diag.FormatFit, "the fields reach", "scale the weights down"},
	} {
		b := star()
		c.change(b)
		p := refused(t, &b.G)
		if p.Pos.Line != c.line || p.Code != c.code || !strings.Contains(p.Text, c.text) || !strings.Contains(p.Help, c.say) {
			t.Errorf("%s: %v; help: %s", c.name, p, p.Help)
		}
	}
}

// What a refusal names must do.
func TestNamedRemedies(t *testing.T) {
	b := star()
	b.G.Format.Fraction = ptr(15)
	verified(t, &b.G)
	b = star()
	b.G.Format.ThresholdBits = ptr(13)
	verified(t, &b.G)
	b = star()
	b.G.Format.Bits, b.G.Format.Fraction = ptr(22), ptr(20)
	verified(t, &b.G)
	b = star()
	b.G.Factors[0].Weights[3] = 1 << 40
	b.G.Format.Fraction = ptr(21)
	if p := verified(t, &b.G); p.Format.Accum != 64 {
		t.Error(p.Format)
	}
}

func TestRuntimeRange(t *testing.T) {
	b := star()
	b.G.Factors[0].Runtime = true
	p := verified(t, &b.G)
	if p.Format.Range != 4 {
		t.Errorf("range %v, want 4", p.Format.Range)
	}
	// 15 runtime rows of at most 4, and the bias.
	if got, want := p.LargestField(ir.Spin), 15*4*32768+9830.0; got != want {
		t.Errorf("largest field %v, want %v", got, want)
	}
	b.G.Factors[0].Weights[2] = -3
	if p := verified(t, &b.G); p.Format.Range != 6 {
		t.Errorf("range %v, want 6", p.Format.Range)
	}
}

// Fields of categoricals take twice the room: their differences count.
func TestCategoricalHeadroom(t *testing.T) {
	for _, c := range []struct {
		weight float64
		accum  int
	}{{0.4999, 32}, {0.5, 64}} {
		b := passtest.New()
		x := b.Categoricals("x", 3, 1)
		b.Factor([][]int32{x}, 0, c.weight, 0)
		b.Block(x...)
		b.G.Format.Fraction = ptr(31)
		if p := verified(t, &b.G); p.Format.Accum != c.accum {
			t.Errorf("weight %v: %d bits, want %d", c.weight, p.Format.Accum, c.accum)
		}
	}
	// The tables of exponentials end at 2^40 units.
	b := passtest.New()
	x := b.Categoricals("x", 3, 1)
	b.Factor([][]int32{x}, 0, 10, 0)
	b.Block(x...)
	b.G.Format.Fraction = ptr(40)
	if p := refused(t, &b.G); !strings.Contains(p.Help, "use fraction: ") {
		t.Error(p, p.Help)
	}
	b.G.Format.Fraction = ptr(35)
	verified(t, &b.G)
}

func TestBlocksSplitByKind(t *testing.T) {
	b := passtest.New()
	s := b.Spins("s", 18)
	x := b.Categoricals("x", 3, 2)
	y := b.Categoricals("y", 4, 1)
	b.Factor([][]int32{{s[0], x[0]}}, 1, 2, 3)
	b.Block(append([]int32{x[1], s[0], y[0]}, s[1:]...)...)
	b.Superblock([]int32{x[0]})
	p := verified(t, &b.G)
	want := []ir.Superblock{
		{
			{Kind: ir.Categorical, States: 3, First: 0, Nodes: []int32{x[1]}},
			{Kind: ir.Spin, States: 2, First: 16, Nodes: s},
			{Kind: ir.Categorical, States: 4, First: 48, Nodes: y},
		},
		{{Kind: ir.Categorical, States: 3, First: 64, Nodes: x[:1]}},
	}
	if !reflect.DeepEqual(p.Sweep, want) {
		t.Errorf("got %+v", p.Sweep)
	}
	if p.Slots() != 80 {
		t.Errorf("%d slots", p.Slots())
	}
}

func TestClampingChangesNothingElse(t *testing.T) {
	free := verified(t, &star().G)
	b := star()
	b.Clamp([]int32{0, 3}, 1, -1)
	held := verified(t, &b.G)
	if !reflect.DeepEqual(free.Sweep, held.Sweep) || free.Format != held.Format {
		t.Error("clamping changed slots or format")
	}
}

func TestWarnings(t *testing.T) {
	b := star()
	b.G.Format.Profile = "fast"
	b.G.Factors[0].Weights = append([]float64(nil), b.G.Factors[0].Weights...)
	b.G.Factors[0].Weights[0] = 1e-9
	for range 2 { // lowering again adds nothing
		verified(t, &b.G)
	}
	var codes []string
	for _, w := range b.G.Warnings {
		codes = append(codes, w.Code)
	}
	if got := strings.Join(codes, " "); got != "tail-dropped coarse-law weight-lost" {
		t.Errorf("warnings %s", got)
	}
	b = star()
	b.G.Format.Range = ptr(8.0)
	verified(t, &b.G)
	if len(b.G.Warnings) != 1 || b.G.Warnings[0].Code != diag.NotUsed {
		t.Errorf("warnings %v", b.G.Warnings)
	}
	b = star()
	verified(t, &b.G)
	if len(b.G.Warnings) != 0 {
		t.Errorf("a default model warns: %v", b.G.Warnings)
	}
}

// Random programs verify after every pass, print to the same text every time
// and come back as they were.
func TestRandomPrograms(t *testing.T) {
	for seed := range uint64(60) {
		g := passtest.Random(seed)
		p := verified(t, g)
		var text bytes.Buffer
		if err := ir.Fprint(&text, p); err != nil {
			t.Fatal(err)
		}
		back, err := ir.Parse(strings.NewReader(text.String()))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text.String())
		}
		if !reflect.DeepEqual(p, back) {
			t.Fatalf("seed %d: another program came back\n%s", seed, text.String())
		}
		var again bytes.Buffer
		if err := ir.Fprint(&again, verified(t, g)); err != nil || again.String() != text.String() {
			t.Fatalf("seed %d: another text (%v)", seed, err)
		}
		if p.Format.Bound > p.Format.Budget {
			t.Errorf("seed %d: %+v", seed, p.Format)
		}
	}
}
