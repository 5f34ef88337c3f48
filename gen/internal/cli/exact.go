package cli

import (
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
)

func (c *command) exact() *cobra.Command {
	var memory int64
	var all bool
	cmd := &cobra.Command{
		Use:   "exact",
		Short: "Exact answers for models small enough",
		Long: `Prints log Z, the mean energy, and the exact means, marginals and pair laws of a
model, from its weights as given, in float64: by enumeration up to 2^22 joint
states, by variable elimination beyond, within a stated memory. Continuous nodes
that are Gaussian given the discrete ones are integrated in closed form, for every
joint state of these, with at most 2^36 multiplications. Energies are βH.`,
		Example: `  thrmlgen exact models/chain5
  thrmlgen exact model.yaml --set beta=0.5 --json`,
		RunE: func(_ *cobra.Command, args []string) error {
			if memory < 1 || memory > math.MaxInt64>>20 {
				return usage("--memory %d MiB: at least 1 is needed", memory)
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			limits := exact.DefaultLimits
			limits.Memory = memory << 20
			answer, err := exact.Solve(m.Graph, limits)
			if err != nil {
				return err
			}
			switch {
			case c.json:
				return writeJSON(c.out, answer)
			case !c.quiet:
				c.exactText(answer, all)
			}
			return nil
		},
	}
	cmd.Flags().Int64Var(&memory, "memory", exact.DefaultLimits.Memory>>20, "most MiB of tables and matrices to hold")
	cmd.Flags().BoolVar(&all, "all", false, "print all nodes and pairs")
	return c.modelCommand(cmd)
}

// maxRows is how many rows of each part are printed without --all.
const maxRows = 40

func (c *command) exactText(a *exact.Answer, all bool) {
	g := a.Graph
	fmt.Fprintf(c.out, "%s: exact, by %s\n", g.Model, a.Method)
	t := &table{left: 1}
	t.row("log Z", number(a.LogZ))
	t.row("mean energy", number(a.EnergyMean))
	t.row("sd of energy", number(math.Sqrt(max(0, a.EnergyVariance))))
	t.print(c.out, "  ")

	most := maxRows
	if all {
		most = math.MaxInt
	}
	for i := range g.Vars {
		v := &g.Vars[i]
		fmt.Fprintln(c.out)
		t := &table{left: 1}
		head := []string{"node", "mean"}
		switch v.Kind {
		case graph.Continuous:
			head = append(head, "sd")
		case graph.Categorical:
			head = head[:1]
			for k := range min(v.States, maxStates) {
				head = append(head, fmt.Sprintf("P(%d)", k))
			}
			if v.States > maxStates {
				head = append(head, "…")
			}
		}
		t.row(head...)
		for n := v.First; n < v.First+min(v.Count, most); n++ {
			cells := []string{g.NodeName(n)}
			switch v.Kind {
			case graph.Spin:
				cells = append(cells, number(a.Mean[n]))
			case graph.Continuous:
				cells = append(cells, number(a.Mean[n]), number(a.SD[n]))
			default:
				for _, p := range a.Marginal[n][:min(v.States, maxStates)] {
					cells = append(cells, number(p))
				}
			}
			t.row(cells...)
		}
		t.print(c.out, "  ")
		c.left(v.Count, most)
	}

	c.exactPairs(a, most)
}

// exactPairs prints the means of products: of spins, then of pairs with a number.
func (c *command) exactPairs(a *exact.Answer, most int) {
	g := a.Graph
	spins, numbers := &table{left: 2}, &table{left: 2}
	spins.row("pair", "", "mean product")
	numbers.row("pair", "", "mean product", "covariance")
	var shown [2]int
	others := 0
	for _, p := range a.Pairs {
		x, y := kindOf(g, p.A), kindOf(g, p.B)
		names := []string{g.NodeName(int(p.A)), g.NodeName(int(p.B)), number(p.Value)}
		switch {
		case x == graph.Categorical || y == graph.Categorical:
			others++
		case x == graph.Spin && y == graph.Spin:
			if shown[0]++; shown[0] <= most {
				spins.row(names...)
			}
		default:
			if shown[1]++; shown[1] <= most {
				numbers.row(append(names, number(p.Covariance))...)
			}
		}
	}
	for i, t := range []*table{spins, numbers} {
		if shown[i] > 0 {
			fmt.Fprintln(c.out)
			t.print(c.out, "  ")
			c.left(shown[i], most)
		}
	}
	if others > 0 {
		fmt.Fprintf(c.out, "\n  %s with a categorical: --json prints the joint tables\n", plural(others, "pair"))
	}
}

// maxStates is how many states of a categorical fit on a line.
const maxStates = 10

// left says how many rows were not printed.
func (c *command) left(all, most int) {
	if all > most {
		fmt.Fprintf(c.out, "  … and %d more (--all prints them)\n", all-most)
	}
}

func isSpin(g *graph.Graph, node int32) bool { return kindOf(g, node) == graph.Spin }

func kindOf(g *graph.Graph, node int32) graph.Kind {
	for i := range g.Vars {
		if v := &g.Vars[i]; int(node) < v.First+v.Count {
			return v.Kind
		}
	}
	return graph.Spin
}

// number is a figure with six decimals, or in powers of ten where these say
// nothing. What float64 leaves of a 0 is one.
func number(x float64) string {
	a := math.Abs(x)
	if a < 1e-13 {
		return "0"
	}
	if a < 1e-5 || a >= 1e9 {
		return strconv.FormatFloat(x, 'e', 4, 64)
	}
	return strconv.FormatFloat(x, 'f', 6, 64)
}
