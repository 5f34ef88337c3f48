package ir_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/pass/passtest"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// The worked example of the package documentation, every printed number
// computed anew: the two tables of doc.go are read as they stand.
func TestWorkedExample(t *testing.T) {
	b := passtest.New()
	s := b.Spins("s", 3)
	b.Factor([][]int32{{s[0], s[1]}, {s[1], s[2]}}, 0.7, -0.3)
	b.Factor([][]int32{{s[1]}}, 0.2)
	b.Block(s[0], s[2])
	b.Block(s[1])
	p, l := pass.Lower(&b.G)
	if l.Len() > 0 {
		t.Fatal(l)
	}
	f := p.Format
	if f.Fraction != 12 || f.Segments != 256 || f.ThresholdBits != 32 {
		t.Fatalf("format %+v", f)
	}
	const seed, chain, sweep = 1, 1, 67470
	m, err := interp.New(p, 2, seed)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetState([][]int32{{1, 1, 1}, {-1, -1, -1}}); err != nil {
		t.Fatal(err)
	}
	first, second := p.Sweep[0][0], p.Sweep[1][0]
	w := []int64{p.Factors[0].Ints[0], p.Factors[0].Ints[1], p.Factors[1].Ints[0]}
	table := interp.NewSpinTable(1, f.Fraction, f.Segments, 32)
	g := -w[0] - w[1] + w[2]
	if got := m.Field(chain, 1)[0]; got != g {
		t.Errorf("field %d, by hand %d", got, g)
	}
	mag := -g
	i, frac := mag>>table.Shift, (mag&(1<<table.Shift-1))<<(16-table.Shift)
	T, E := table.First(mag), table.Exact(mag)
	R := table.Second(mag)
	prob := (65536*float64(T) + float64(R)) / (1 << 32)
	if got := m.Probability(chain, 1)[1]; got != prob {
		t.Errorf("P(+1) = %v, by hand %v", got, prob)
	}
	slot := uint32(second.First)
	counter := func(draw uint32) [4]uint32 {
		return [4]uint32{sweep, chain / 2, slot / 4, rng.CounterC3(rng.PurposeUpdate, draw, sweep)}
	}
	key := [2]uint32{seed, 0}
	o0, o1 := rng.Philox4x32(10, counter(0), key), rng.Philox4x32(10, counter(1), key)
	u, v := int64(o0[2]&0xffff), int64(o1[2]&0xffff)
	// One sweep in which s[0] and s[2] stay where they are.
	held := *p
	held.Clamps = []ir.Clamp{{Nodes: []int32{0, 2}, Values: []int32{-1, -1}}}
	one, err := interp.New(&held, 2, seed)
	if err != nil {
		t.Fatal(err)
	}
	draws := 0
	one.OnWord = func(_, c uint32, _ uint64, _, _ uint32) {
		if c == chain {
			draws++
		}
	}
	one.SweepNumber = sweep
	if err := one.Sweep(); err != nil {
		t.Fatal(err)
	}
	if got := one.State()[chain][1]; got != 1 || draws != 2 {
		t.Errorf("result %d after %d digits", got, draws)
	}
	if u != T || v >= R {
		t.Errorf("u = %d, v = %d: not the tie that the text tells of", u, v)
	}
	if exact := 1 / (1 + math.Exp(0.4)); fmt.Sprintf("%.5f", math.Floor(exact*1e5)/1e5) != "0.40131" {
		t.Error(exact)
	}

	list := func(x any) string {
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(x), "[]"), " ", ", ")
	}
	want := []string{
		"weights    " + list(w),
		fmt.Sprintf("slots      s[0] %d, s[2] %d, s[1] %d", first.First, first.First+1, slot),
		fmt.Sprintf("c          %v", table.C),
		fmt.Sprintf("S          %d", table.Shift),
		fmt.Sprintf("h          %v", math.Ldexp(table.C, table.Shift)),
		fmt.Sprintf("g          %d + %d + %d = %d", -w[0], -w[1], w[2], g),
		fmt.Sprintf("m, x       %d, %v", mag, table.C*float64(mag)),
		fmt.Sprintf("i, f       %d, %d", i, frac),
		fmt.Sprintf("A, D       %d, %d", table.A[i], table.D[i]),
		fmt.Sprintf("T          (%d - (%d·%d >> 4)) >> 16 = %d", table.A[i], table.D[i], frac, T),
		fmt.Sprintf("E          %d", E),
		fmt.Sprintf("R          %d - 65536·%d = %d", E, T, R),
		fmt.Sprintf("P          (65536·%d + %d) / 2^32 = %v", T, R, prob),
		"key        " + list(key),
		"counter    " + list(counter(0)),
		"o          " + list(o0),
		fmt.Sprintf("u          low half of o[2] = %d", u),
		"counter    " + list(counter(1)),
		"o          " + list(o1),
		fmt.Sprintf("v          low half of o[2] = %d", v),
	}
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(text), "# An update, number by number")
	if !found {
		t.Fatal("doc.go has no example")
	}
	var got []string
	for _, line := range strings.Split(example, "\n") {
		if row, ok := strings.CutPrefix(line, "//\t"); ok {
			got = append(got, row)
		}
	}
	for i := range max(len(got), len(want)) {
		var a, b string
		if i < len(got) {
			a = got[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if a != b {
			t.Errorf("line %d of the example\nis  %s\nnot %s", i+1, a, b)
		}
	}
}
