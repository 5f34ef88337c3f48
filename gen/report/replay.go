package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// Page shows the file to the observers of a run and gathers what they say. The
// model (nil if it is not given) must be the one that the file comes from.
func (r *Result) Page(m *sampling.Model, g *graph.Graph) (*Page, error) {
	if m == nil {
		m = r.model()
	} else {
		if m.Hash != r.Meta.Hash {
			return nil, &BadResult{
				fmt.Sprintf("the result is of another model: %s with hash %s, and the model file is %s with hash %s", r.Meta.Model, short(r.Meta.Hash), m.Name, short(m.Hash)),
				"give the model file that the run had, with the same --set; or leave it out: the report then has no graph",
			}
		}
		if err := r.fits(m); err != nil {
			return nil, err
		}
	}
	p := &Page{Meta: r.Meta, Graph: g}
	if len(r.vars) == 0 && r.energy == nil { // no array says that so many draws exist
		none := stats.Value{V: math.NaN(), NA: "no states"}
		p.Report = &observe.Report{Worst: observe.WorstNodes{RHat: none, ESS: none}}
		r.complete(p, m)
	} else {
		view := newReplayView(r, m)
		p.Seen = NewSeen(view.model, r.Meta.Chains, r.Meta.Draws, 0)
		schedule := sampling.Schedule{Samples: r.Meta.Draws, StepsPerSample: max(1, r.Meta.Schedule.StepsPerSample)}
		c, err := observe.NewCollector(view, schedule, observe.Plan{Extra: []observe.Watcher{p.Seen}})
		if err != nil {
			return nil, bad("%v", err)
		}
		defer c.Close()
		if err := c.Drive(true, func() error { return view.show(c) }); err != nil {
			return nil, err
		}
		p.Report = c.Report()
		if len(r.vars) > 0 {
			p.Nodes = c.Nodes()
		}
		r.complete(p, m)
	}
	p.Report.Histograms = r.histograms
	return p, nil
}

func short(hash string) string {
	if len(hash) > 12 {
		return hash[:12] + "…"
	}
	return hash
}

// fits says whether the arrays can be those of the model; the hash says so, but
// files can be made by hand.
func (r *Result) fits(m *sampling.Model) error {
	for _, v := range r.vars {
		x := m.Var(v.name)
		switch {
		case x == nil:
			return bad("the file has states of %s, which the model has not", v.name)
		case x.Count != v.count || x.Kind != v.kind || v.kind == sampling.Categorical && v.states > x.States:
			return bad("%s of the file is not that of the model: shape %v, %d states", v.name, v.shape, v.states)
		}
		v.states = x.States
	}
	return nil
}

// complete puts into a report what a replay cannot know, and says what is missing.
func (r *Result) complete(p *Page, m *sampling.Model) {
	x := p.Report
	meta := &r.Meta
	x.Model, x.Hash, x.Target, x.Seed = meta.Model, meta.Hash, meta.Target, meta.Seed
	x.Chains, x.Draws, x.Planned = meta.Chains, meta.Draws, meta.Draws
	x.MaxProbabilityError, x.FloatNodes = meta.Format.Bound, meta.FloatNodes
	x.Flips, x.Seconds = 0, 0
	x.Sweeps = uint64(max(0, meta.Draws-1)) * uint64(max(1, meta.Schedule.StepsPerSample))
	if meta.Resumed {
		x.Sweeps += uint64(max(1, meta.Schedule.StepsPerSample))
	} else {
		x.Sweeps += uint64(max(0, meta.Schedule.Warmup))
	}
	unknown := func(row string) bool { // not of all nodes
		return row == "energy" && r.energy == nil || slices.ContainsFunc(r.vars, func(v *stateArray) bool {
			return v.kept != nil && isRowOf(row, v.name)
		})
	}
	x.Rows = slices.DeleteFunc(x.Rows, func(row stats.Row) bool { return unknown(row.Name) })
	for _, s := range r.series {
		if !slices.ContainsFunc(x.Rows, func(row stats.Row) bool { return row.Name == s.name }) {
			x.Rows = append(x.Rows, stats.Summary(s.name, s.x))
		}
	}
	if c := r.best.lowest(); c >= 0 {
		x.Best = &observe.BestReport{Energy: r.best.energy[c], Chain: c}
		if r.best.sweep != nil {
			x.Best.Sweep = r.best.sweep[c]
		}
		if len(m.Vars) > 0 {
			p.Best = r.bestState(m, c)
		}
	}
	if r.energy == nil {
		p.Notes = append(p.Notes, "The result has no energies (observe: [energy] keeps them): no trace, no autocorrelation.")
	}
	if len(r.vars) == 0 {
		p.Notes = append(p.Notes, "The result has no states (observe: [state] keeps them): nothing is known of single nodes, and the verdict rests on the rows of the summary alone.")
	}
	for _, v := range r.vars {
		if v.kept != nil {
			p.Notes = append(p.Notes, fmt.Sprintf("Of %s the result has %d of %d nodes; the others are not judged.", v.name, len(v.kept), v.count))
		}
	}
	if len(r.vars) > 0 && p.Graph == nil {
		p.Notes = append(p.Notes, "The model was not given, so there is no graph, and clamped nodes look like nodes that do not move.")
	}
	if len(r.other) > 0 {
		p.Notes = append(p.Notes, "The file also has "+listOf(r.other, 8)+", of which nothing is shown.")
	}
}

// listOf joins the first words and counts the others.
func listOf(words []string, most int) string {
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}

// isRowOf says whether a row of the summary is of a variable.
func isRowOf(row, variable string) bool {
	for _, prefix := range []string{"magnetisation/", "mean/", "share/"} {
		if name, ok := strings.CutPrefix(row, prefix); ok {
			name, _, _ = strings.Cut(name, "=")
			return name == variable
		}
	}
	return false
}

// bestState puts the arrays best/NAME of one chain together, nil unless there is
// one for each variable.
func (r *Result) bestState(m *sampling.Model, chain int) []int32 {
	state := make([]int32, m.Nodes)
	for i := range m.Vars {
		v := &m.Vars[i]
		a := r.best.values[v.Name]
		if a == nil || a.Len() != r.Meta.Chains*v.Count {
			return nil
		}
		if k, ok := kinds[a.DType]; !ok || k != v.Kind {
			return nil
		}
		values := valuesOf(a)
		for n := range v.Count {
			state[v.First+n] = values.at(chain*v.Count + n)
		}
	}
	return state
}

// A replayView shows the draws of a file one after the other as if an engine had
// just made them.
type replayView struct {
	r      *Result
	model  *sampling.Model
	from   []*stateArray // of each variable; nil: no states
	draw   int
	states [][]int32 // of each chain
}

// newReplayView shows H = energy at β = 1, so that energies are those of the file
// to the last bit. Without states there are no variables to be shown.
func newReplayView(r *Result, m *sampling.Model) *replayView {
	at1 := *m
	at1.Beta = 1
	v := &replayView{r: r, model: &at1}
	known := slices.ContainsFunc(m.Vars, func(x sampling.Var) bool { return r.variable(x.Name) != nil })
	if !known {
		v.model = &sampling.Model{Name: m.Name, Hash: m.Hash, Beta: 1}
		return v
	}
	v.states = make([][]int32, r.Meta.Chains)
	for c := range v.states {
		v.states[c] = make([]int32, m.Nodes)
	}
	for i := range m.Vars {
		x := &m.Vars[i]
		a := r.variable(x.Name)
		v.from = append(v.from, a)
		switch {
		case a == nil:
			at1.Clamps = append(slices.Clone(at1.Clamps), unseen(x, nil))
			for _, s := range v.states {
				fillUnseen(s, x)
			}
		case a.kept != nil:
			at1.Clamps = append(slices.Clone(at1.Clamps), unseen(x, a.isKept))
			for c, s := range v.states {
				for n := range a.count {
					s[x.First+n] = a.final.at(c*a.count + n)
				}
			}
		}
	}
	return v
}

// unseen clamps the nodes of a variable that are not kept, so that nobody judges
// them.
func unseen(x *sampling.Var, kept []bool) sampling.Clamp {
	c := sampling.Clamp{}
	for n := range x.Count {
		if kept == nil || !kept[n] {
			c.Nodes, c.Values = append(c.Nodes, int32(x.First+n)), append(c.Values, 0)
		}
	}
	return c
}

func fillUnseen(s []int32, x *sampling.Var) {
	for n := x.First; n < x.First+x.Count; n++ {
		if x.Kind == sampling.Spin {
			s[n] = -1
		}
	}
}

func (r *Result) variable(name string) *stateArray {
	for _, v := range r.vars {
		if v.name == name {
			return v
		}
	}
	return nil
}

// show shows every draw.
func (v *replayView) show(c *observe.Collector) error {
	for v.draw = range v.r.Meta.Draws {
		for i, a := range v.from {
			if a != nil {
				v.load(&v.model.Vars[i], a)
			}
		}
		if err := c.Observe(); err != nil {
			return err
		}
	}
	return nil
}

func (v *replayView) load(x *sampling.Var, a *stateArray) {
	width := a.count
	if a.kept != nil {
		width = len(a.kept)
	}
	for c, s := range v.states {
		from := (c*v.r.Meta.Draws + v.draw) * width
		if a.kept == nil {
			for n := range width {
				s[x.First+n] = a.values.at(from + n)
			}
			continue
		}
		for i, n := range a.kept {
			s[x.First+n] = a.values.at(from + i)
		}
	}
}

func (v *replayView) Model() *sampling.Model { return v.model }
func (v *replayView) Chains() int            { return v.r.Meta.Chains }
func (v *replayView) Seed() uint64           { return v.r.Meta.Seed }

// SweepNumber only tells one draw from the next.
func (v *replayView) SweepNumber() uint64 { return uint64(v.draw) }

// Bits is as in observe.ChainView.
func (v *replayView) Bits(node int, dst []uint64) []uint64 {
	for c := 0; c < len(v.states); c += 64 {
		word := uint64(0)
		for i, s := range v.states[c:min(c+64, len(v.states))] {
			if s[node] > 0 {
				word |= 1 << i
			}
		}
		dst = append(dst, word)
	}
	return dst
}

// Categories is as in observe.ChainView.
func (v *replayView) Categories(node int, dst []int32) []int32 {
	for _, s := range v.states {
		dst = append(dst, s[node])
	}
	return dst
}

// Floats is as in observe.ChainView.
func (v *replayView) Floats(node int, dst []float32) []float32 {
	for _, s := range v.states {
		dst = append(dst, sampling.BitsFloat(s[node]))
	}
	return dst
}

// Energies are those of the file, NaN where it has none.
func (v *replayView) Energies(beta float64, dst []float64) []float64 {
	for c := range v.r.Meta.Chains {
		e := math.NaN()
		if v.r.energy != nil {
			e = beta * v.r.energy[c*v.r.Meta.Draws+v.draw]
		}
		dst = append(dst, e)
	}
	return dst
}
