package graph

import (
	"fmt"
	"math"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Limits of a model; beyond them Build refuses with a problem of class Limit
// before it takes the memory.
const (
	MaxModelNodes = 1 << 26 // nodes of all variables, and of one graph
	MaxCells      = 1 << 28 // rows × slots of all factors, and edges × 2 of one graph
	MaxWeights    = 1 << 27 // weights of all factors
	MaxSweeps     = 1 << 48 // of one chain: the sweep number has 48 bits in a counter
)

// Build resolves a Spec: graphs, variables, groups, factors, blocks, clamps,
// initial states, the schedule and training, in this order, reading what files they name.
// The Graph is nil if there is any problem; problems that do not hinder each
// other are all reported. Warnings are in the Graph.
func Build(s *spec.Spec, files Files) (*Graph, *diag.List) {
	b := resolve(s, files)
	if b.l.Len() > 0 {
		return nil, &b.l
	}
	return b.g, &b.l
}

// resolve resolves all there is to resolve.
func resolve(s *spec.Spec, files Files) *builder {
	b := &builder{
		s: s, files: files, g: &Graph{Model: s.Model.Text},
		read:       map[string][]byte{},
		graphs:     map[string]*Topology{},
		graphPos:   map[string]diag.Pos{},
		vars:       map[string]int{},
		structs:    map[string][]string{},
		groups:     map[string]*groupState{},
		layout:     map[int]*Topology{},
		placed:     map[string]place{},
		badGraphs:  map[string]bool{},
		seeds:      map[uint64]string{},
		brokenVars: map[string]bool{},
	}
	b.topologies()
	b.family()
	b.variables()
	b.updates()
	b.allGroups()
	b.dynamics()
	b.factors()
	b.directedTerms()
	b.clamps()
	b.drawable()
	b.initialStates()
	b.betas()
	b.schedule()
	b.observers()
	b.training()
	b.format()
	if b.s.Blocks != nil {
		b.userBlocks()
	}
	if b.l.Len() == 0 {
		b.interactions()
	}
	return b
}

// builder is one run of Build.
type builder struct {
	s     *spec.Spec
	files Files
	g     *Graph
	l     diag.List

	read map[string][]byte // files; nil for one that cannot be read

	graphs    map[string]*Topology
	graphPos  map[string]diag.Pos
	badGraphs map[string]bool // declared, but with a problem

	vars       map[string]int      // index in g.Vars
	structs    map[string][]string // names of the fields of structured variables, as x.name
	brokenVars map[string]bool     // declared, but with a problem
	groups     map[string]*groupState

	decls    []spec.Variable   // the model's and the family's
	terms    []term            // the same for factors
	layout   map[int]*Topology // by variable: the graph of its inline edges
	placed   map[string]place  // of a family's variables: where on a graph they are
	free     []bool            // not clamped
	unclear  bool              // a clamp could not be resolved, so free may be wrong
	oddSlots []oddSlot         // of energies that give no Gaussian
	weights  int               // so far
	cells    int
	seeds    map[uint64]string // of drawn weights: the factor that drew first
}

// term is a factor to resolve. A family that reads its rows from a file gives
// them here instead of in the factor.
type term struct {
	spec.Factor
	rows     []int32   // rows × slots, positions inside the variables
	values   []float64 // one for each row
	directed bool      // an interaction
	grids    [][]int   // shapes, besides [rows], of one number for each row
	untied   bool      // at run time one number is one for each row
	potts    bool      // weights are couplings, to be multiplied with the identity
	rowText  func(i int) string
	shown    *Expression       // of an energy that could be read
	coded    *CodeFactor       // of an energy that no weights serve
	formula  *sampling.Formula // of weights that follow from parameters
	live     bool              // weights, or parameters, are data
}

// place is where on a graph a variable sits: node after node from first on.
type place struct {
	on    *Topology
	first int
}

func (b *builder) add(p diag.Problem) { b.l.Add(p) }

// fail reports a fault of the model.
func (b *builder) fail(pos diag.Pos, code, help, format string, args ...any) {
	b.add(diag.Problem{Pos: pos, Code: code, Text: fmt.Sprintf(format, args...), Help: help})
}

func (b *builder) limit(pos diag.Pos, format string, args ...any) {
	b.add(diag.Problem{Pos: pos, Code: diag.TooLarge, Text: fmt.Sprintf(format, args...), Class: diag.Limit})
}

func (b *builder) unsupported(pos diag.Pos, what, help string) {
	b.fail(pos, diag.NotSupported, help, "%s: not supported yet", what)
}

func (b *builder) warn(pos diag.Pos, code, help, format string, args ...any) {
	b.g.Warnings = append(b.g.Warnings, diag.Problem{Pos: pos, Code: code, Text: fmt.Sprintf(format, args...), Help: help})
}

// few reports problems of one kind at up to five places, then only counts them.
type few struct {
	b     *builder
	code  string
	help  string
	count int
	last  diag.Pos
}

const fewShown = 5

func (f *few) add(pos diag.Pos, format string, args ...any) {
	f.count++
	if f.count <= fewShown {
		f.b.fail(pos, f.code, f.help, format, args...)
		f.last = pos
	}
}

// done reports how many more there are of what.
func (f *few) done(what string) {
	if f.count > fewShown {
		f.b.fail(f.last, f.code, "", "… and %d more %s like this", f.count-fewShown, what)
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// updates checks the samplers that variables are given.
func (b *builder) updates() {
	for _, u := range b.s.Update {
		if !b.isVariable(u.Var.Text) {
			b.unknown(u.Var, "variable", b.declNames())
		}
		switch u.Sampler.Text {
		case "gibbs":
			continue
		}
		if strings.ContainsAny(u.Sampler.Text, "./") {
			b.goSampler(&u)
			continue
		}
		switch u.Sampler.Text {
		case "slice", "metropolis", "mala":
			i, ok := b.vars[u.Var.Text]
			switch {
			case !ok: // reported
			case b.g.Vars[i].Kind != Continuous:
				b.fail(u.Sampler.Pos, diag.BadChoice, "gibbs draws spins and categoricals from their exact conditionals",
					"%s draws continuous values, %s is a %s variable", u.Sampler.Text, u.Var.Text, b.g.Vars[i].Kind)
			default:
				b.g.Vars[i].Sampler = u.Sampler.Text
			}
		default:
			b.unknown(u.Sampler, "sampler", []string{"gibbs", "slice", "metropolis", "mala"})
		}
	}
}

// unknown reports a name that is not declared.
func (b *builder) unknown(name spec.Name, what string, known []string) {
	help := diag.DidYouMean(name.Text, known)
	if help == "" && len(known) > 0 && len(known) <= 12 {
		help = "declared: " + strings.Join(known, ", ")
	}
	b.add(diag.Problem{Pos: name.Pos, Width: len(name.Text), Code: diag.UnknownName,
		Text: fmt.Sprintf("no %s %s", what, diag.Quote(name.Text)), Help: help})
}
