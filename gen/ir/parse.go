package ir

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Parse reads the text of Fprint. Blanks and line ends are alike. Parse checks
// the grammar only; Verify checks the program. Empty lists are nil.
func Parse(r io.Reader) (*Program, error) {
	t := &parser{r: bufio.NewReaderSize(r, 1<<16), line: 1}
	p := &Program{}
	t.next()
	t.program(p)
	if t.err != nil {
		return nil, fmt.Errorf("ir: line %d: %w", t.line, t.err)
	}
	return p, nil
}

// parser reads words; it keeps the first error, after which every read gives
// nothing.
type parser struct {
	r    *bufio.Reader
	word string // the next one, "" at the end
	line int    // of word
	ends int    // line ends read past word
	err  error
	buf  []byte
}

const maxWord = 1 << 12

// next reads one word.
func (t *parser) next() {
	t.line += t.ends
	t.ends = 0
	t.buf = t.buf[:0]
	for {
		c, err := t.r.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.fail("%v", err)
			break
		}
		if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
			if len(t.buf) > 0 {
				if c == '\n' {
					t.ends++
				}
				break
			}
			if c == '\n' {
				t.line++
			}
			continue
		}
		if len(t.buf) == maxWord {
			t.fail("a word of more than %d bytes", maxWord)
			break
		}
		t.buf = append(t.buf, c)
	}
	t.word = string(t.buf)
}

func (t *parser) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf(format, args...)
	}
	t.word = ""
}

// take reads the next word, which must be there.
func (t *parser) take() string {
	w := t.word
	if t.err != nil {
		return ""
	}
	if w == "" {
		t.fail("the text ends early")
		return ""
	}
	t.next()
	return w
}

func (t *parser) keys(words ...string) {
	for _, want := range words {
		if w := t.take(); w != want {
			t.fail("%q where %q is due", w, want)
		}
	}
}

// is takes the next word if it is w.
func (t *parser) is(w string) bool {
	if t.err != nil || t.word != w {
		return false
	}
	t.next()
	return true
}

func (t *parser) name() string {
	w := t.take()
	if w == "-" {
		return ""
	}
	if t.err == nil && !isName(w) && !isHex(w) {
		t.fail("bad name %q", w)
	}
	return w
}

// goName reads the name of a sampler, or of code of the user's.
func (t *parser) goName() string {
	w := t.take()
	if t.err == nil && !isName(w) && !IsGoCode(w) {
		t.fail("bad name %q", w)
	}
	return w
}

func (t *parser) integer(key string, bits int) int64 {
	if key != "" {
		t.keys(key)
	}
	w := t.take()
	n, err := strconv.ParseInt(w, 10, bits)
	if err != nil {
		t.fail("%q is not an integer of %d bits", w, bits)
		return 0
	}
	return n
}

func (t *parser) int(key string) int { return int(t.integer(key, 32)) }

func (t *parser) float(key string) float64 {
	if key != "" {
		t.keys(key)
	}
	return t.parseFloat(t.take())
}

func (t *parser) parseFloat(w string) float64 {
	x, err := strconv.ParseFloat(w, 64)
	if err != nil || !finite(x) {
		t.fail("%q is not a finite number", w)
		return 0
	}
	return x
}

func (t *parser) bool(key string) bool {
	t.keys(key)
	switch w := t.take(); w {
	case "true":
		return true
	case "false":
	default:
		t.fail("%s is %q, not true or false", key, w)
	}
	return false
}

// count reads "n:", the length of a list.
func (t *parser) count() int {
	w := t.take()
	n, err := strconv.ParseInt(strings.TrimSuffix(w, ":"), 10, 32)
	if err != nil || n < 0 || !strings.HasSuffix(w, ":") {
		t.fail("%q where the length of a list is due", w)
		return 0
	}
	return int(n)
}

// ints reads a list of node numbers or values.
func (t *parser) ints(key string) []int32 {
	t.keys(key)
	var list []int32
	for n := t.count(); n > 0 && t.err == nil; n-- {
		list = append(list, int32(t.integer("", 32)))
	}
	return list
}

func (t *parser) shape(key string) []int {
	t.keys(key)
	var list []int
	for n := t.count(); n > 0 && t.err == nil; n-- {
		list = append(list, t.int(""))
	}
	return list
}

func (t *parser) kind() Kind {
	w := t.take()
	for k, name := range kindWords {
		if w == name {
			return Kind(k)
		}
	}
	t.fail("%q is no kind of node", w)
	return 0
}

func (t *parser) program(p *Program) {
	t.keys("program")
	p.Model = t.name()
	t.keys("hash")
	p.Hash = t.name()
	t.keys("format")
	p.Format = Format{
		Profile:       t.name(),
		Fraction:      t.int("fraction"),
		Segments:      t.int("segments"),
		ThresholdBits: t.int("threshold_bits"),
		Accum:         t.int("accum"),
		WeightBits:    t.int("weight_bits"),
		Range:         t.float("range"),
		Budget:        t.float("budget"),
		Bound:         t.float("bound"),
	}
	if t.is("group") {
		p.Format.Group = t.int("")
	}
	if t.is("planes") {
		p.Format.Planes = t.int("")
	}
	if t.is("digit") {
		p.Format.Digit = t.int("")
	}
	if t.is("noise") {
		p.Format.Noise, p.Format.LowBits = true, t.int("low_bits")
	}
	if t.is("ars") {
		p.Rounds = t.int("")
	} else {
		p.Rounds = t.int("philox")
	}
	if t.is("stream") {
		p.Stream.Generator = t.name()
		p.Stream.Interleave = t.int("interleave")
	}
	p.Beta = t.float("beta")
	t.keys("param")
	p.BetaParam = t.name()
	t.keys("betas")
	for n := t.count(); n > 0 && t.err == nil; n-- {
		p.Betas = append(p.Betas, t.float(""))
	}
	t.keys("sample")
	p.Sample = Sample{
		Chains:         t.int("chains"),
		Warmup:         int(t.integer("warmup", 64)),
		Samples:        int(t.integer("samples", 64)),
		StepsPerSample: int(t.integer("steps_per_sample", 64)),
	}
	t.keys("seed")
	seed := t.take()
	s, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		t.fail("seed %q", seed)
	}
	p.Sample.Seed = s
	p.Synchronous = t.bool("synchronous")
	p.Nodes = t.int("nodes")
	for t.is("variable") {
		v := Var{
			Name: t.name(), Kind: t.kind(), States: t.int(""),
			First: t.int("first"), Count: t.int("count"), Shape: t.shape("shape"),
		}
		if v.Kind == Continuous {
			t.keys("range")
			for n := t.count(); n > 0 && t.err == nil; n-- {
				v.Range = append(v.Range, t.float(""))
			}
		}
		p.Vars = append(p.Vars, v)
	}
	for t.is("factor") {
		p.Factors = append(p.Factors, t.factor())
	}
	for t.is("code") {
		p.Codes = append(p.Codes, t.code())
	}
	for t.is("superblock") {
		var sb Superblock
		for t.is("block") {
			b := Block{Kind: t.kind(), States: t.int(""), Float: t.is("float")}
			if t.is("sampler") {
				if b.Sampler = t.goName(); t.is("numbers") {
					b.Numbers = t.int("")
				}
			}
			if t.is("joint") {
				b.Joint = t.joint()
			}
			b.First, b.Nodes = t.int("slot"), t.ints("nodes")
			sb = append(sb, b)
		}
		p.Sweep = append(p.Sweep, sb)
	}
	for t.is("clamp") {
		p.Clamps = append(p.Clamps, Clamp{Chains: t.int("chains"), Nodes: t.ints("nodes"), Values: t.ints("to")})
	}
	for t.is("start") {
		in := Init{Kind: t.initKind()}
		if in.Kind == InitNormal {
			in.Mean, in.SD = t.float("mean"), t.float("sd")
		}
		if in.Kind == InitCode {
			in.Code = t.goName()
		}
		in.Chains, in.Values = t.int("chains"), t.ints("values")
		p.Init = append(p.Init, in)
	}
	for t.is("formula") {
		p.Formulas = append(p.Formulas, t.formula())
	}
	for t.is("go") {
		c := GoCode{}
		w := t.take()
		i := slices.Index(goWords[:], w)
		if i < 0 {
			t.fail("%q is no use of code", w)
		} else {
			c.Use = GoUse(i)
		}
		c.Name, c.Func = t.goName(), t.bool("func")
		p.GoCode = append(p.GoCode, c)
	}
	t.keys("end")
	if t.err == nil && t.word != "" {
		t.fail("%q after the end", t.word)
	}
}

func (t *parser) initKind() InitKind {
	w := t.take()
	for k, name := range initWords {
		if w == name {
			return InitKind(k)
		}
	}
	t.fail("%q is no way to start", w)
	return 0
}

func (t *parser) factor() Factor {
	f := Factor{Name: t.name(), Rows: t.int("rows"), Shared: t.bool("shared"), Runtime: t.bool("runtime")}
	integers := t.bool("integers")
	t.keys("slots")
	for n := t.count(); n > 0 && t.err == nil; n-- {
		s := Slot{Kind: t.kind(), States: t.int("")}
		if s.Kind == Continuous {
			s.Power = t.int("power")
		}
		f.Slots = append(f.Slots, s)
	}
	f.Table = t.shape("table")
	size := 1
	for _, k := range f.Table {
		if k < 1 || size > math.MaxInt32/k {
			t.fail("factor %s: table %v", f.Name, f.Table)
			return f
		}
		size *= k
	}
	if f.Rows < 0 {
		t.fail("factor %s: %d rows", f.Name, f.Rows)
	}
	if integers {
		f.Ints = []int64{}
	}
	if f.Shared {
		t.keys("all")
		t.weights(&f, size)
	}
	for r := 0; r < f.Rows && t.err == nil; r++ {
		t.keys("row")
		for range f.Slots {
			f.Index = append(f.Index, int32(t.integer("", 32)))
		}
		if !f.Shared {
			t.weights(&f, size)
		}
	}
	return f
}

// weights reads the weights of one table, w or w=integer.
func (t *parser) weights(f *Factor, size int) {
	t.keys(":")
	for ; size > 0 && t.err == nil; size-- {
		w, q, found := strings.Cut(t.take(), "=")
		f.Weights = append(f.Weights, t.parseFloat(w))
		if found != (f.Ints != nil) {
			t.fail("factor %s: some weights have integers and some have none", f.Name)
		}
		if found {
			n, err := strconv.ParseInt(q, 10, 64)
			if err != nil {
				t.fail("%q is not an integer", q)
			}
			f.Ints = append(f.Ints, n)
		}
	}
}
