package spec

import (
	"math"
	"path/filepath"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// maxSeed is the largest seed outside of sample, where a seed has all 64 bits.
const maxSeed = math.MaxInt64

// Parse reads a model file. file is its name, for messages and as the folder of
// the files that it names. The list holds every problem found, in no
// particular order, and is never nil; with problems in it the Spec holds what
// could be read.
func Parse(file string, src []byte) (*Spec, *diag.List) {
	return ParseWith(file, src, nil)
}

// ParseWith is Parse with values replaced first: each set is path=value, the
// path in dots (sample.chains=8, variables.x.shape=[4, 4], factors.0.scale=2).
// A problem in such a value is reported in file "--set path", whose text
// SourceOf gives.
func ParseWith(file string, src []byte, sets []string) (*Spec, *diag.List) {
	s := &Spec{File: file, Dir: filepath.Dir(file), Source: src, sets: map[string][]byte{}, Sample: defaultSample()}
	problems := &diag.List{}
	text, ok := cleanText(file, src, problems)
	if !ok {
		return s, problems
	}
	root := load(newSource(file, text), problems, "thrmlgen init writes a model to start from")
	if root == nil {
		return s, problems
	}
	p := &parser{spec: s, problems: problems}
	p.applySets(root, sets)
	p.model(root)
	return s, problems
}

// SourceOf is the text of a file named in a position: the model file or a
// --set value; nil for any other.
func (s *Spec) SourceOf(file string) []byte {
	if file == s.File {
		return s.Source
	}
	return s.sets[file]
}

func defaultSample() Sample {
	return Sample{Chains: Int{V: 4}, Warmup: Int{V: 1000}, Samples: Int{V: 1000}, StepsPerSample: Int{V: 1}}
}

// parser fills in a Spec from nodes.
type parser struct {
	spec     *Spec
	problems *diag.List
}

// add reports a problem at n. About a node that was refused as such nothing
// more is said.
func (p *parser) add(n *node, code, format string, args ...any) *diag.Problem {
	if n.refused {
		return &diag.Problem{}
	}
	e := p.problems.Addf(n.pos(), code, format, args...)
	e.Width = n.width()
	return e
}

// The keys of a model file.
var (
	plainKeys = []string{
		"model", "graphs", "variables", "groups", "factors", "interactions", "beta", "runtime", "init", "blocks",
		"synchronous", "clamp", "update", "dynamics", "format", "sample", "observe", "train",
	}
	familyKeys = []string{"ising", "maxcut", "potts", "rbm", "boltzmann", "gaussian", "gaussian_bernoulli"}
	modelKeys  = append(append([]string{}, plainKeys...), familyKeys...)
)

func (p *parser) model(root *node) {
	s := p.spec
	if root.kind != mapping {
		p.expected(root, "the model", "a mapping").Help = "begin with model: name"
		return
	}
	p.checkKeys(root, "", modelKeys)
	f := fields{p, root, "", modelKeys}
	if v := f.get("model"); v != nil {
		s.Model = p.name(v, "model")
	} else if !f.attempted("model") {
		p.add(root, diag.MissingKey, "the model has no name").Help = "add model: and a name; it names the emitted package"
	}
	p.graphs(f)
	p.variables(f)
	p.groups(f)
	p.factors(f)
	p.families(f)
	p.beta(f)
	if b := f.boolean("runtime"); b != nil {
		s.Runtime = *b
	}
	if v := f.get("init"); v != nil {
		s.Init = p.init(v, "init")
	}
	p.blocks(f)
	if b := f.boolean("synchronous"); b != nil {
		s.Synchronous = *b
	}
	p.clamps(f)
	p.updates(f)
	p.formats(f)
	p.sample(f)
	p.observe(f)
	p.interactions(f)
	p.dynamics(f)
	p.train(f)
}

func (p *parser) beta(f fields) {
	v := f.get("beta")
	if v == nil {
		return
	}
	if v.kind == scalar && v.plain && isName(v.text) {
		name := p.name(v, "beta")
		p.spec.Beta = Beta{Param: name}
		return
	}
	if p.numberOrName(v, "beta") {
		p.spec.Beta.Float = p.floatIn(v, "beta", 0, math.Inf(1), false)
	}
}

// declared reads a mapping of names that the user chose. Names that are wrong
// are reported and skipped.
func (p *parser) declared(n *node, what, due string, each func(name Name, key, value *node)) {
	p.declaredBy(p.name, n, what, due, each)
}

// declaredBy is declared with names that another function reads.
func (p *parser) declaredBy(read func(*node, string) Name, n *node, what, due string, each func(name Name, key, value *node)) {
	if n == nil {
		return
	}
	if n.kind != mapping {
		p.expected(n, what, due)
		return
	}
	for i := 0; i < len(n.items); i += 2 {
		key, value := &n.items[i], &n.items[i+1]
		name := read(key, what)
		if value.isNull() {
			p.add(key, diag.Empty, "%s has no value", join(what, key.text)).Help = "write what it is, or remove it"
			continue
		}
		if name.Text != "" {
			each(name, key, value)
		}
	}
}

// numberOrName reports a value that is nothing like a number where a number or
// the name of a runtime parameter is due.
func (p *parser) numberOrName(n *node, what string) bool {
	if n.kind == scalar && (isFloat(n.text) || numberHelp(n) != "") {
		return true
	}
	p.expected(n, what, "a number or the name of a runtime parameter")
	return false
}
