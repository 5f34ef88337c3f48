package spec

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// Dynamics is a joint move of continuous variables.
type Dynamics struct {
	Kind       string // one of dynamicsKinds
	Over       *Ref
	StepSize   *Rate
	NoiseScale *Rate // langevin, underdamped
	Steps      Int   // hmc
	Mass       *Mass // hmc, underdamped
	Friction   Float // underdamped
	Momentum   Float // nesterov
	Adapt      Float // mala, hmc
	Pos        diag.Pos
}

// Rate is a number, or how it changes with the sweeps.
type Rate struct {
	Shape         string // constant, linear, cosine, exponential, multi_step
	From, To      Float
	Sweeps        Int
	Factor, Least Float
	At            []Int
	Rise          Int
	Pos           diag.Pos
}

// Mass is that of each node in over: a number, a list or a file.
type Mass struct {
	List *List
	File *File
	Pos  diag.Pos
}

var dynamicsKinds = []string{"langevin", "mala", "hmc", "underdamped", "gradient", "nesterov"}

// dynamicsKeys are the keys of each kind beside over and step_size.
var dynamicsKeys = map[string][]string{
	"langevin":    {"noise_scale"},
	"mala":        {"adapt"},
	"hmc":         {"steps", "mass", "adapt"},
	"underdamped": {"friction", "noise_scale", "mass"},
	"gradient":    nil,
	"nesterov":    {"momentum"},
}

// dynamics reads the joint move of continuous variables.
func (p *parser) dynamics(f fields) {
	k, v := f.find("dynamics")
	if v == nil {
		return
	}
	d, ok := p.fields(v, "dynamics", dynamicsKinds...)
	if !ok {
		return
	}
	form := p.oneOf(d, dynamicsKinds...)
	if form.key == "" {
		return
	}
	x := &Dynamics{Kind: form.key, Pos: k.pos()}
	l, ok := p.fields(form.value, "dynamics."+form.key, append([]string{"over", "step_size"}, dynamicsKeys[form.key]...)...)
	if !ok {
		return
	}
	if l.need("over", "over: x, the continuous variables that move") != nil {
		x.Over = l.ref("over")
	}
	if n := l.need("step_size", "step_size: 0.01"); n != nil {
		x.StepSize = p.rate(n, l.path("step_size"), true)
	}
	if n := l.get("noise_scale"); n != nil {
		x.NoiseScale = p.rate(n, l.path("noise_scale"), false)
	}
	x.Steps = l.integer("steps", 1, 1<<16)
	x.Friction = l.floatIn("friction", 0, math.Inf(1), false)
	x.Momentum = l.below1("momentum", true)
	x.Adapt = l.below1("adapt", false)
	if n := l.get("mass"); n != nil {
		x.Mass = p.mass(n, l.path("mass"))
	}
	if x.Over != nil {
		p.spec.Dynamics = x
	}
}

// below1 reads a number between 0 and 1, the first one too with zero.
func (f fields) below1(key string, zero bool) Float {
	x := f.floatIn(key, 0, math.Inf(1), !zero)
	if x.Ok && x.V >= 1 {
		f.p.problems.Addf(x.Pos, diag.OutOfRange, "%s must be below 1, not %v", f.path(key), x.V)
		return Float{}
	}
	return x
}

// rate reads a number or a schedule; above 0 if positive.
func (p *parser) rate(n *node, what string, positive bool) *Rate {
	r := &Rate{Shape: "constant", Pos: n.pos()}
	if n.kind == scalar {
		r.From = p.floatIn(n, what, 0, math.Inf(1), positive)
		return r
	}
	if n.kind == list {
		p.expected(n, what, "a number or a schedule such as {linear: [0.1, 0.01], sweeps: 1000}")
		return nil
	}
	shapes := []string{"constant", "linear", "cosine", "exponential", "multi_step"}
	f, ok := p.fields(n, what, append([]string{"sweeps", "factor", "least", "at", "rise"}, shapes...)...)
	if !ok {
		return nil
	}
	form := p.oneOf(f, shapes...)
	if form.key == "" {
		return nil
	}
	r.Shape = form.key
	at := f.path(form.key)
	ends := r.Shape == "linear" || r.Shape == "cosine"
	shrinks := r.Shape == "exponential" || r.Shape == "multi_step"
	if ends {
		r.From, r.To = p.pair(form.value, at, "a list [first, last]")
		for i, x := range []Float{r.From, r.To} {
			switch {
			case x.Ok && positive && x.V <= 0:
				p.problems.Addf(x.Pos, diag.OutOfRange, "%s must be greater than 0, not %v", item(at, i), x.V)
			default:
				p.notNegative(x, item(at, i))
			}
		}
		if f.need("sweeps", "sweeps: 1000, after which the last value stays") != nil {
			r.Sweeps = f.integer("sweeps", 1, maxCount)
		}
	} else {
		f.only("goes with linear and cosine only", "sweeps")
		r.From = p.floatIn(form.value, at, 0, math.Inf(1), positive)
	}
	if shrinks {
		if n := f.need("factor", "factor: 0.5, by which it shrinks"); n != nil {
			if r.Factor = f.floatIn("factor", 0, math.Inf(1), true); r.Factor.Ok && r.Factor.V > 1 {
				p.problems.Addf(r.Factor.Pos, diag.OutOfRange, "%s must be at most 1, not %v", f.path("factor"), r.Factor.V)
			}
		}
	} else {
		f.only("goes with exponential and multi_step only", "factor")
	}
	if r.Shape == "multi_step" {
		if n := f.need("at", "at: [1000, 2000], the sweeps at which it shrinks"); n != nil {
			r.At = p.integers(n, f.path("at"), "a list of sweep numbers", 0, maxCount)
			for i := 1; i < len(r.At); i++ {
				if a, b := r.At[i-1], r.At[i]; a.Ok && b.Ok && a.V > b.V {
					p.problems.Addf(b.Pos, diag.OutOfRange, "%s: %d comes after %d", f.path("at"), b.V, a.V).Help = "list the sweeps in order"
				}
			}
		}
	} else {
		f.only("goes with multi_step only", "at")
	}
	if r.Shape == "exponential" {
		r.Least = f.floatIn("least", 0, math.Inf(1), false)
	} else {
		f.only("goes with exponential only", "least")
	}
	r.Rise = f.integer("rise", 1, maxCount)
	return r
}

// mass reads a number, a list or a file.
func (p *parser) mass(n *node, what string) *Mass {
	m := &Mass{Pos: n.pos()}
	if n.kind == mapping {
		f, _ := p.fields(n, what, "file")
		if f.need("file", "file: f.npz#mass") == nil {
			return nil
		}
		if m.File = f.file("file"); m.File == nil {
			return nil
		}
		return m
	}
	if m.List = p.numbers(n, what); m.List == nil {
		return nil
	}
	for i, v := range m.List.Values {
		if v <= 0 {
			p.problems.Addf(m.List.At(i), diag.OutOfRange, "%s must be greater than 0, not %v", what, v)
		}
	}
	return m
}
