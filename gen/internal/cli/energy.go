package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

func (c *command) energy() *cobra.Command {
	var o energyFlags
	cmd := &cobra.Command{
		Use:   "energy",
		Short: "Energies of given states",
		Long: `Prints βH of the states in an .npz file, from the weights as given, in float64.
The file holds one array for each variable, in the variable's shape behind any
axes over states, as run --out writes it: (chain, draw, …). Continuous values are
taken as float32. β is the last one where the model anneals.

--gradient adds the derivatives of βH by every continuous variable (the score is
minus this); --out writes energy and gradient/NAME as
float64 arrays, behind the same axes over states.`,
		Example: `  thrmlgen run models/chain5 --out f.npz
  thrmlgen energy models/chain5 --states f.npz --by-factor
  thrmlgen energy models/rosenbrock --states f.npz --gradient --out g.npz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.states == "" {
				return usage("--states is needed: an .npz file with one array for each variable")
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			s, err := readStates(m.Graph, o.states)
			if err != nil {
				return err
			}
			return c.energies(cmd.Context(), m, s, &o)
		},
	}
	cmd.Flags().StringVar(&o.states, "states", "", "the states: an .npz `file`")
	cmd.Flags().BoolVar(&o.byFactor, "by-factor", false, "also print what each factor contributes")
	cmd.Flags().BoolVar(&o.gradient, "gradient", false, "also the derivatives by the continuous variables")
	cmd.Flags().StringVar(&o.out, "out", "", "write energies and gradients to an .npz `file`")
	return c.modelCommand(cmd)
}

type energyFlags struct {
	states, out        string
	byFactor, gradient bool
}

// states are given states of a model, dense, in the order of leading axes of
// the file.
type states struct {
	lead  []int // axes over states
	count int
	at    func(i int, state []int32) // fills in state i
}

// readStates reads one array for each variable; their leading axes must agree.
func readStates(g *graph.Graph, file string) (*states, error) {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() { // opening a named pipe would wait for a writer
		return nil, environment("--states %s: not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, environment("--states: %v", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, environment("--states: %v", err)
	}
	z, err := npy.OpenNPZReader(f, info.Size())
	if err != nil {
		return nil, wrong("--states %s: %v", file, err)
	}
	s := &states{}
	values := make([][]int32, len(g.Vars))
	for i := range g.Vars {
		v := &g.Vars[i]
		a, err := z.Get(v.Name)
		if err != nil {
			return nil, wrong("--states %s: %v", file, err).help("one array for each variable is needed; %s is missing", v.Name)
		}
		lead, ok := leading(a.Shape, v.Shape)
		if !ok {
			return nil, wrong("--states %s: %s has shape %v, the variable %v", file, v.Name, a.Shape, v.Shape).
				help("the last axes must be those of the variable")
		}
		if i > 0 && !slices.Equal(lead, s.lead) {
			return nil, wrong("--states %s: %s has %v states, %s has %v", file, v.Name, lead, g.Vars[0].Name, s.lead)
		}
		s.lead = lead
		if values[i], err = givenValues(v, a); err != nil {
			return nil, wrong("--states %s: %s: %v", file, v.Name, err)
		}
	}
	s.count = 1
	for _, n := range s.lead {
		s.count *= n
	}
	s.at = func(i int, state []int32) {
		for k := range g.Vars {
			v := &g.Vars[k]
			copy(state[v.First:], values[k][i*v.Count:(i+1)*v.Count])
		}
	}
	return s, nil
}

// givenValues are the elements of an array as states hold them: of a continuous
// variable the bits of a float32. What int32 cannot hold is no value of any other.
func givenValues(v *graph.Variable, a *npy.NPYArray) ([]int32, error) {
	values := make([]int32, a.Len())
	if v.Kind == graph.Continuous {
		given, err := a.Float32s()
		for i, x := range given {
			values[i] = sampling.FloatBits(x)
		}
		return values, err
	}
	given, err := a.Ints()
	for i, x := range given {
		values[i] = int32(max(math.MinInt32, min(math.MaxInt32, x)))
	}
	return values, err
}

// leading is shape without the axes of the variable at its end.
func leading(shape, variable []int) ([]int, bool) {
	k := len(shape) - len(variable)
	if k < 0 || !slices.Equal(shape[k:], variable) {
		return nil, false
	}
	return shape[:k], true
}

// energies prints the energy of every state.
func (c *command) energies(ctx context.Context, m *gen.Model, s *states, o *energyFlags) error {
	g, byFactor := m.Graph, o.byFactor
	var slopes *gradients
	if o.gradient {
		var err error
		if slopes, err = newGradients(m, s.count); err != nil {
			return err
		}
	}
	all := make([]float64, s.count)
	names, part := factorNames(g)
	parts := make([][]float64, len(names))
	for k := range parts {
		parts[k] = make([]float64, s.count)
	}
	state := make([]int32, g.Nodes)
	for i := range all {
		s.at(i, state)
		if err := exact.CheckState(g, state); err != nil {
			return wrong("--states: state %v: %v", position(s.lead, i), err)
		}
		all[i] = exact.Energy(g, state)
		if byFactor {
			for f, e := range exact.EnergyByFactor(g, state) {
				parts[part[f]][i] += e
			}
		}
		if o.gradient {
			if err := slopes.add(position(s.lead, i), state); err != nil {
				return err
			}
		}
	}
	if o.out != "" {
		if err := observe.WriteWholeFile(ctx, o.out, func(w io.Writer) error { return writeEnergies(w, s, all, slopes) }); err != nil {
			return writeError(o.out, err)
		}
	}
	if c.json {
		out := map[string]any{"model": g.Model, "hash": g.Hash(), "energy": shaped(s.lead, all)}
		if byFactor {
			by := map[string]any{}
			for k, name := range names {
				by[name] = shaped(s.lead, parts[k])
			}
			out["by_factor"] = by
		}
		if o.gradient {
			by := map[string]any{}
			slopes.each(func(v *graph.Variable, values []float64) {
				by[v.Name] = shaped(slices.Concat(s.lead, v.Shape), values)
			})
			out["gradient"] = by
		}
		return writeJSON(c.out, out)
	}
	if c.quiet {
		return nil
	}
	t := &table{}
	head := []string{"state", "energy"}
	if byFactor {
		head = append(head, names...)
	}
	if o.gradient {
		head = append(head, slopes.heads()...)
	}
	t.row(head...)
	for i, e := range all {
		cells := []string{position(s.lead, i), number(e)}
		if byFactor {
			for k := range parts {
				cells = append(cells, number(parts[k][i]))
			}
		}
		if o.gradient {
			cells = append(cells, slopes.cells(i)...)
		}
		t.row(cells...)
	}
	t.print(c.out, "")
	return nil
}

// writeEnergies writes the file of --out.
func writeEnergies(w io.Writer, s *states, all []float64, slopes *gradients) error {
	z := npy.NewNPZWriter(w)
	if err := z.Add("energy", s.lead, all); err != nil {
		return err
	}
	var failed error
	slopes.each(func(v *graph.Variable, values []float64) {
		if failed == nil {
			failed = z.Add("gradient/"+v.Name, slices.Concat(s.lead, v.Shape), values)
		}
	})
	if failed != nil {
		return failed
	}
	return z.Close()
}

// factorNames are the factors of the model file, and of each factor of the graph
// which of them it is of: an expression is taken apart into NAME.m0, NAME.m1, ….
func factorNames(g *graph.Graph) (names []string, part []int) {
	var all []string
	for f := range g.Factors {
		all = append(all, g.Factors[f].Name)
	}
	for c := range g.Codes {
		all = append(all, g.Codes[c].Name)
	}
	for _, name := range all {
		name, _, _ = strings.Cut(name, ".")
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
		part = append(part, len(names)-1)
	}
	return names, part
}

// shaped is nested for any shape, empty ones included.
func shaped(shape []int, values []float64) any {
	if len(values) == 0 {
		return []float64{}
	}
	return exact.Nested(shape, values)
}

// position writes index i of a shape: "0" for the only one.
func position(shape []int, i int) string {
	text := ""
	for d := len(shape) - 1; d >= 0; d-- {
		if text != "" {
			text = "," + text
		}
		text = fmt.Sprint(i%shape[d]) + text
		i /= shape[d]
	}
	if text == "" {
		return "0"
	}
	return text
}
