package ir

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
)

// Fprint writes a program as text that Parse reads back to the same program:
// floats are in their shortest exact form, and the text is the same for the
// same program. A word that does not fit the text (a name with a blank) is an
// error.
func Fprint(w io.Writer, p *Program) error {
	t := &printer{w: bufio.NewWriterSize(w, 1<<16)}
	t.program(p)
	if t.err == nil {
		t.err = t.w.Flush()
	}
	return t.err
}

// printer keeps the first error.
type printer struct {
	w   *bufio.Writer
	err error
	buf []byte
}

func (t *printer) bytes(b []byte) {
	if t.err == nil {
		_, t.err = t.w.Write(b)
	}
}

func (t *printer) f(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

// name is a word of the text, "-" for an empty one.
func (t *printer) name(s string) string {
	if s == "" {
		return "-"
	}
	if !isName(s) && !isHex(s) && t.err == nil {
		t.err = fmt.Errorf("ir: cannot print the name %q", s)
	}
	return s
}

// goName is the name of a sampler, or of code of the user's.
func (t *printer) goName(s string) string {
	if !isName(s) && !IsGoCode(s) && t.err == nil {
		t.err = fmt.Errorf("ir: cannot print the name %q", s)
	}
	return s
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// ints writes a list with its length, in lines of 16.
func (t *printer) ints(list []int32) {
	t.f(" %d:", len(list))
	for i, x := range list {
		b := t.buf[:0]
		if len(list) > 16 && i%16 == 0 {
			b = append(b, "\n  "...)
		}
		b = append(b, ' ')
		t.buf = strconv.AppendInt(b, int64(x), 10)
		t.bytes(t.buf)
	}
	t.f("\n")
}

func (t *printer) shape(list []int) {
	t.f(" %d:", len(list))
	for _, x := range list {
		t.f(" %d", x)
	}
}

func (t *printer) program(p *Program) {
	t.f("program %s hash %s\n", t.name(p.Model), t.name(p.Hash))
	f := p.Format
	t.f("format %s fraction %d segments %d threshold_bits %d accum %d weight_bits %d range %s budget %s bound %s",
		t.name(f.Profile), f.Fraction, f.Segments, f.ThresholdBits, f.Accum, f.WeightBits,
		number(f.Range), number(f.Budget), number(f.Bound))
	if f.Group != 0 {
		t.f(" group %d", f.Group)
	}
	if f.Planes != 0 {
		t.f(" planes %d", f.Planes)
	}
	if f.Digit != 0 {
		t.f(" digit %d", f.Digit)
	}
	t.f("\n")
	if f.Noise {
		t.f("noise low_bits %d\n", f.LowBits)
	}
	t.f("%s %d\n", map[bool]string{true: "ars", false: "philox"}[p.Rounds == 5], p.Rounds)
	if p.Stream != (Stream{}) {
		t.f("stream %s interleave %d\n", t.name(p.Stream.Generator), p.Stream.Interleave)
	}
	t.f("beta %s param %s\n", number(p.Beta), t.name(p.BetaParam))
	t.f("betas %d:", len(p.Betas))
	for _, b := range p.Betas {
		t.f(" %s", number(b))
	}
	s := p.Sample
	t.f("\nsample chains %d warmup %d samples %d steps_per_sample %d seed %d\n",
		s.Chains, s.Warmup, s.Samples, s.StepsPerSample, s.Seed)
	t.f("synchronous %t\n", p.Synchronous)
	t.f("nodes %d\n", p.Nodes)
	for _, v := range p.Vars {
		t.f("variable %s %s %d first %d count %d shape", t.name(v.Name), t.kind(v.Kind), v.States, v.First, v.Count)
		t.shape(v.Shape)
		if v.Kind == Continuous {
			t.f(" range %d:", len(v.Range))
			for _, x := range v.Range {
				t.f(" %s", number(x))
			}
		}
		t.f("\n")
	}
	for i := range p.Factors {
		t.factor(&p.Factors[i])
	}
	for i := range p.Codes {
		t.code(&p.Codes[i])
	}
	for _, sb := range p.Sweep {
		t.f("superblock\n")
		for _, b := range sb {
			t.f(" block %s %d", t.kind(b.Kind), b.States)
			if b.Float {
				t.f(" float")
			}
			if b.Sampler != "" {
				t.f(" sampler %s", t.goName(b.Sampler))
				if b.Numbers != 0 {
					t.f(" numbers %d", b.Numbers)
				}
			}
			if j := b.Joint; j != nil {
				t.joint(j)
			}
			t.f(" slot %d nodes", b.First)
			t.ints(b.Nodes)
		}
	}
	for _, c := range p.Clamps {
		t.f("clamp chains %d nodes", c.Chains)
		t.ints(c.Nodes)
		t.f(" to")
		t.ints(c.Values)
	}
	for _, in := range p.Init {
		if in.Kind > InitCode {
			t.fail("ir: cannot print a start of kind %d", in.Kind)
			return
		}
		t.f("start %s", initWords[in.Kind])
		if in.Kind == InitNormal {
			t.f(" mean %s sd %s", number(in.Mean), number(in.SD))
		}
		if in.Kind == InitCode {
			t.f(" %s", t.goName(in.Code))
		}
		t.f(" chains %d values", in.Chains)
		t.ints(in.Values)
	}
	for i := range p.Formulas {
		t.formula(&p.Formulas[i])
	}
	for _, c := range p.GoCode {
		if int(c.Use) >= len(goWords) {
			t.fail("ir: cannot print code for use %d", c.Use)
			return
		}
		t.f("go %s %s func %t\n", goWords[c.Use], t.goName(c.Name), c.Func)
	}
	t.f("end\n")
}

func (t *printer) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf(format, args...)
	}
}

var (
	kindWords = [...]string{Spin: "spin", Categorical: "categorical", Continuous: "continuous"}
	initWords = [...]string{InitRandom: "random", InitHinton: "hinton", InitZeros: "zeros", InitValues: "values", InitNormal: "normal", InitCode: "code"}
)

func (t *printer) kind(k Kind) string {
	if int(k) >= len(kindWords) {
		t.fail("ir: cannot print a node of kind %d", k)
		return "-"
	}
	return kindWords[k]
}

// factor prints a line for each row: its nodes and, unless all rows share one
// table, its weights. A weight is followed by = and its integer once there are
// integers.
func (t *printer) factor(f *Factor) {
	t.f("factor %s rows %d shared %t runtime %t integers %t slots %d:", t.name(f.Name), f.Rows, f.Shared, f.Runtime, f.Ints != nil, len(f.Slots))
	for _, s := range f.Slots {
		t.f(" %s %d", t.kind(s.Kind), s.States)
		if s.Kind == Continuous {
			t.f(" power %d", s.Power)
		}
	}
	t.f(" table")
	t.shape(f.Table)
	t.f("\n")
	size := f.TableSize()
	tables := f.Rows
	if f.Shared {
		tables = 1
	}
	if len(f.Index) != f.Rows*len(f.Slots) || len(f.Weights) != tables*size || f.Ints != nil && len(f.Ints) != len(f.Weights) {
		t.fail("ir: factor %s: lists of wrong lengths", f.Name)
		return
	}
	if f.Shared {
		t.f(" all")
		t.weights(f, 0, size)
	}
	n := len(f.Slots)
	for r := 0; r < f.Rows; r++ {
		b := append(t.buf[:0], " row"...)
		for _, node := range f.Index[r*n : (r+1)*n] {
			b = strconv.AppendInt(append(b, ' '), int64(node), 10)
		}
		t.buf = b
		t.bytes(b)
		if f.Shared {
			t.bytes([]byte("\n"))
		} else {
			t.weights(f, r*size, (r+1)*size)
		}
	}
}

func (t *printer) weights(f *Factor, from, to int) {
	b := append(t.buf[:0], " :"...)
	for i := from; i < to; i++ {
		b = strconv.AppendFloat(append(b, ' '), f.Weights[i], 'g', -1, 64)
		if f.Ints != nil {
			b = strconv.AppendInt(append(b, '='), f.Ints[i], 10)
		}
	}
	t.buf = append(b, '\n')
	t.bytes(t.buf)
}
