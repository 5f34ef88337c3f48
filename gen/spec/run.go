package spec

import (
	"math"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// maxSweeps is how many sweeps the counter of the random words can tell apart.
const maxSweeps = 1 << 48

var generators = []string{"philox", "philox7", "ars5", "lfl128", "xoshiro128pp"}

// formats reads the number format.
func (p *parser) formats(f fields) {
	v := f.get("format")
	if v == nil {
		return
	}
	out := &p.spec.Format
	out.Pos = v.pos()
	if v.kind != mapping {
		if v.kind == list {
			p.expected(v, "format", "default, fast, hardware or a mapping")
			return
		}
		out.Profile = p.choice(v, "format", "default", "fast", "hardware").Text
		return
	}
	g, _ := p.fields(v, "format", "fraction", "bits", "threshold_bits", "choice", "group", "budget", "range", "rng", "planes", "digit", "interleave")
	out.Fraction = g.integer("fraction", 0, 62)
	out.Bits = g.integer("bits", 2, 64)
	out.ThresholdBits = g.integer("threshold_bits", 1, 32)
	out.Choice = g.choice("choice", "threshold", "noise")
	out.Group = g.integer("group", 1, maxCount)
	out.Budget = g.floatIn("budget", 0, 1, true)
	out.Range = g.floatIn("range", 0, math.Inf(1), true)
	out.RNG = g.choice("rng", generators...)
	out.Planes = g.integer("planes", 1, 64)
	out.Digit = g.integer("digit", 1, 64)
	out.Interleave = g.integer("interleave", 1, maxCount)
}

// sample reads the schedule. What is not written has its default already.
func (p *parser) sample(f fields) {
	v := f.get("sample")
	if v == nil {
		return
	}
	out := &p.spec.Sample
	out.Pos = v.pos()
	g, ok := p.fields(v, "sample", "chains", "warmup", "samples", "steps_per_sample", "seed", "betas")
	if !ok {
		return
	}
	counts := []struct {
		key   string
		least int64
		to    *Int
	}{
		{"chains", 1, &out.Chains}, {"warmup", 0, &out.Warmup}, {"samples", 1, &out.Samples}, {"steps_per_sample", 1, &out.StepsPerSample},
	}
	good := true
	for _, c := range counts {
		if n := g.get(c.key); n != nil {
			v := p.integer(n, g.path(c.key), c.least, math.MaxInt64)
			if good = good && v.Ok; v.Ok {
				*c.to = v
			}
		}
	}
	if n := g.get("seed"); n != nil {
		out.Seed = p.seed(n, "sample.seed")
	}
	if good {
		p.checkSweeps(v, "sample", out)
	}
	if n := g.get("betas"); n != nil {
		out.Betas = p.betas(n, "sample.betas")
	}
}

// checkSweeps refuses schedules whose sweeps or draws cannot be counted.
func (p *parser) checkSweeps(n *node, what string, s *Sample) {
	limit := func(at Int, format string, args ...any) {
		pos := at.Pos
		if !at.Ok {
			pos = n.pos()
		}
		p.problems.Limitf(pos, diag.OutOfRange, format, args...)
	}
	if s.Chains.V > maxCount {
		limit(s.Chains, "%s.chains is %d, the limit is %d", what, s.Chains.V, maxCount)
		return
	}
	high, sweeps := bits.Mul64(uint64(s.Samples.V-1), uint64(s.StepsPerSample.V))
	total, carry := bits.Add64(sweeps, uint64(s.Warmup.V), 0)
	if high != 0 || carry != 0 || total > maxSweeps {
		limit(s.Samples, "%s asks for more than 2^48 sweeps: warmup %d + (samples %d - 1) × steps_per_sample %d", what, s.Warmup.V, s.Samples.V, s.StepsPerSample.V)
		return
	}
	if high, draws := bits.Mul64(uint64(s.Chains.V), uint64(s.Samples.V)); high != 0 || draws > maxSweeps {
		limit(s.Samples, "%s asks for more than 2^48 draws: chains %d × samples %d", what, s.Chains.V, s.Samples.V)
	}
}

// betas reads one beta for each warm-up sweep.
func (p *parser) betas(n *node, what string) *Betas {
	out := &Betas{Pos: n.pos()}
	warmup := p.spec.Sample.Warmup
	switch n.kind {
	case scalar:
		p.expected(n, what, "a list of numbers, {file: …} or {from: 0.1, to: 5.0, shape: linear}")
		return nil
	case list:
		if out.List = p.numbers(n, what); out.List == nil {
			return nil
		}
		if len(out.List.Shape) != 1 {
			p.add(n, diag.WrongType, "%s must be a list of numbers, not of lists", what)
			return nil
		}
		for i, b := range out.List.Values {
			if b < 0 {
				p.problems.Addf(out.List.At(i), diag.OutOfRange, "%s must be at least 0, not %v", item(what, i), b)
			}
		}
		if int64(len(n.items)) != warmup.V {
			p.add(n, diag.Length, "%s has %s, warmup is %d", what, count(len(n.items), "number", "numbers"), warmup.V).
				Help = "give one beta for each warm-up sweep"
		}
		return out
	}
	f, _ := p.fields(n, what, "from", "to", "shape", "file")
	if f.written("file") {
		f.only("does not go with file", "from", "to", "shape")
		out.File = f.file("file")
		if out.File == nil {
			return nil
		}
		return out
	}
	out.Shape = f.choice("shape", "linear", "geometric")
	if v := f.need("from", "from: and the first beta"); v != nil {
		out.From = p.endBeta(v, f.path("from"), out.Shape)
	}
	if v := f.need("to", "to: and the last beta"); v != nil {
		out.To = p.endBeta(v, f.path("to"), out.Shape)
	}
	if !out.From.Ok || !out.To.Ok {
		return nil
	}
	return out
}

// endBeta reads an end of from … to: above 0 where the steps are geometric.
func (p *parser) endBeta(n *node, what string, shape Name) Float {
	if shape.Text == "geometric" {
		return p.floatIn(n, what+", with geometric steps,", 0, math.Inf(1), true)
	}
	return p.floatIn(n, what, 0, math.Inf(1), false)
}

var observeWords = []string{"state", "energy", "best", "moments", "magnetisation"}

// observe reads what is recorded.
func (p *parser) observe(f fields) {
	v := f.get("observe")
	if v == nil {
		return
	}
	if v.kind == scalar && contains(observeWords, v.text) {
		p.expected(v, "observe", "a list").Help = "write [" + v.text + "]"
		return
	}
	entries := p.list(v, "observe", "a list such as [state, energy]")
	p.spec.Observe = []Observe{}
	seen := map[string]int32{}
	for i := range entries {
		n := &entries[i]
		if n.kind == scalar {
			if line, again := seen[n.text]; again {
				p.add(n, diag.Duplicate, "observe: %s was already given on line %d", n.text, line).Help = "remove one of the two"
				continue
			}
			seen[n.text] = n.line
		}
		if o, ok := p.observed(n, item("observe", i)); ok {
			p.spec.Observe = append(p.spec.Observe, o)
		}
	}
}

// maxBins is far beyond what can be looked at.
const maxBins = 1 << 20

func (p *parser) observed(n *node, what string) (Observe, bool) {
	o := Observe{Pos: n.pos()}
	if n.kind == scalar {
		o.Kind = p.choice(n, what, observeWords...).Text
		return o, o.Kind != ""
	}
	if n.kind == list {
		p.expected(n, what, diag.Or(observeWords)+", or a mapping")
		return o, false
	}
	f, _ := p.fields(n, what, "state", "histogram", "name", "over", "index", "edges", "value", "mean", "params", "bins", "range", "go")
	v := p.oneOf(f, "state", "histogram", "value", "mean", "go")
	o.Kind = v.key
	if v.key == "state" || v.key == "histogram" || v.key == "go" {
		f.only("goes with value and mean only", "over", "index", "edges", "params")
	}
	if v.key != "histogram" && v.key != "" {
		f.only("goes with histogram only", "bins", "range")
	}
	switch v.key {
	case "state":
		f.only("goes with value, mean and histogram only", "name")
		o.Refs = p.ref(v.value, f.path(v.key))
		return o, o.Refs != nil
	case "histogram":
		if n := f.get("name"); n != nil {
			o.Name = p.name(n, f.path("name"))
		}
		o.Bins, o.Range = f.integer("bins", 1, maxBins), p.valueRange(f)
		o.Refs = p.ref(v.value, f.path(v.key))
		return o, o.Refs != nil
	case "go":
		if v := f.need("name", "name: and the name of the result"); v != nil {
			o.Name = p.name(v, f.path("name"))
		}
		o.Code = p.code(v.value, f.path("go"))
		return o, o.Name.Text != "" && o.Code.Text != ""
	case "value", "mean":
		return o, p.valueObserver(&o, f, v.key, v.value)
	}
	return o, false
}

// valueObserver reads {name, over, index or edges, value: expression, params}, or
// the same with mean.
func (p *parser) valueObserver(o *Observe, f fields, key string, value *node) bool {
	before := p.problems.Len()
	if v := f.need("name", "name: and the name of the result"); v != nil {
		o.Name = p.name(v, f.path("name"))
	}
	t := &Factor{Name: o.Name, Pos: o.Pos}
	if v := f.need("over", "over: {u: x}"); v != nil {
		over, named := p.slots(v, f.path("over"))
		if t.Over = over; !named && over != nil {
			p.add(v, diag.WrongType, "%s must name the slots for the expression", f.path("over")).Help = "write over: {u: x}"
		}
	}
	switch v := p.oneOf(f, "index", "edges"); v.key {
	case "index":
		t.Index = p.index(v.value, f.path("index"), len(t.Over))
	case "edges":
		t.Index = &Index{Pos: v.value.pos(), Edges: p.graphUse(v.value, f.path("edges"))}
		p.slotCount(v.name, f.path("edges"), 2, len(t.Over))
	}
	p.energy(t, f, key, value)
	o.Value = t
	return p.problems.Len() == before
}
