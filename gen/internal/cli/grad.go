package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/train"
)

func (c *command) grad() *cobra.Command {
	var out string
	var threads int
	var all bool
	cmd := &cobra.Command{
		Use:   "grad",
		Short: "One gradient of the divergence from data to model",
		Long: `Estimates the gradient dKL/dW of every runtime weight at the weights as given, on
the first batch of the training section (all rows, unless it says otherwise):

  dKL/dW = -β(⟨f⟩₊ - ⟨f⟩₋)

⟨f⟩₊ is the mean of the weight's feature (the product of its spins and continuous
values, for a table's entry times the entry being the one picked) with the visible nodes held at the
data, ⟨f⟩₋ that of the model. All come with standard errors.`,
		Example: `  thrmlgen grad model.yaml
  thrmlgen grad model.yaml --out g.npz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkThreads(threads); err != nil {
				return err
			}
			if out != "" && !strings.HasSuffix(out, ".npz") {
				return usage("--out %s: a name ending in .npz is needed", out)
			}
			if err := canHold(out); err != nil {
				return err
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			if needsCode(m) {
				return noCodeIn("", m)
			}
			task, err := c.task(m, threads)
			if err != nil {
				return err
			}
			return c.gradient(cmd.Context(), m, task, out, all)
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "write gradient, moments and errors to this .npz `file`")
	f.BoolVar(&all, "all", false, "print every weight (default: the first 20 of each factor)")
	f.IntVar(&threads, "threads", runtime.GOMAXPROCS(0), "number of threads; it changes no figure")
	return c.modelCommand(cmd)
}

// firstBatch are the rows of the data that a gradient by itself is of.
func firstBatch(task *train.Task) []int32 {
	batch := task.Batch
	if batch == 0 {
		batch = task.Data.Rows
	}
	rows := make([]int32, batch)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func (c *command) gradient(ctx context.Context, m *gen.Model, task *train.Task, out string, all bool) error {
	t, err := train.NewTrainer(*task)
	if err != nil {
		return wrong("%s", strings.TrimPrefix(err.Error(), "train: "))
	}
	if task.Loss.Scores() {
		return wrong("moments of two phases are compared; %s has none", lossText(task)).help("train prints the loss of score matching, and its gradient's norm")
	}
	c.clearsUp.Store(true)
	g, err := t.Gradient(ctx, firstBatch(task), true)
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeGradient(ctx, t, g, out); err != nil {
			return err
		}
	}
	switch {
	case c.json:
		return c.gradientJSON(m, task, t, g)
	case c.quiet:
		return nil
	}
	c.gradientText(m, t, g, all)
	if out != "" {
		fmt.Fprintf(c.out, "wrote %s\n", out)
	}
	return nil
}

// gradientText prints a row for each moment; weights that rows share have their
// gradient behind them.
func (c *command) gradientText(m *gen.Model, t *train.Trainer, g *train.Gradient, all bool) {
	task := t.Task()
	for i := range g.Factors {
		f := &g.Factors[i]
		fmt.Fprintf(c.out, "factor %s\n", f.Name)
		rows := &table{left: 1}
		rows.row("weight", "gradient", "±", "data", "±", "model", "±")
		shown := len(f.Positive)
		if !all {
			shown = min(shown, 20)
		}
		for k := range shown {
			cells := []string{momentName(m, f, k), "", ""}
			if !f.Shared || f.Rows == 1 {
				cells = []string{cells[0], fixed(f.Grad[k%len(f.Grad)]), fixed(f.GradSE[k%len(f.Grad)])}
			}
			rows.row(append(cells, fixed(f.Positive[k]), fixed(f.PositiveSE[k]), fixed(f.Negative[k]), fixed(f.NegativeSE[k]))...)
		}
		rows.print(c.out, "  ")
		if left := len(f.Positive) - shown; left > 0 {
			fmt.Fprintf(c.out, "  … and %d more (--all)\n", left)
		}
		if f.Shared && f.Rows > 1 {
			for k := range f.Grad {
				fmt.Fprintf(c.out, "  %s %s ± %s (all rows)\n", "gradient"+entryName(f.Table, k), fixed(f.Grad[k]), fixed(f.GradSE[k]))
			}
		}
	}
	c.parametersText(t, g, all)
	fmt.Fprintf(c.out, "|gradient| %s; %s of %s, %s, seed %d\n", short(g.Norm(), 4), plural(task.Positive.Chains, "chain"), plural(task.Data.Rows, "example"),
		plural(task.Negative.Chains, "negative chain"), task.Seed)
}

// parametersText prints a row for each element of a parameter.
func (c *command) parametersText(t *train.Trainer, g *train.Gradient, all bool) {
	rows, left := &table{left: 1}, 0
	rows.row("parameter", "gradient", "±")
	for _, a := range g.Arrays {
		if !a.Param {
			continue
		}
		shown := len(a.Grad)
		if !all {
			shown = min(shown, 20)
		}
		left += len(a.Grad) - shown
		for k := range shown {
			rows.row(a.Name+entryName(t.Shape(a.Name), k), fixed(a.Grad[k]), fixed(a.SE[k]))
		}
	}
	if len(rows.rows) < 2 {
		return
	}
	rows.print(c.out, "")
	if left > 0 {
		fmt.Fprintf(c.out, "… and %d more (--all)\n", left)
	}
}

func fixed(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.5f", x)
}

// momentName is the nodes of a row, and the entry of its table.
func momentName(m *gen.Model, f *train.FactorGradient, k int) string {
	size := 1
	for _, n := range f.Table {
		size *= n
	}
	row := k / size
	for i := range m.Graph.Factors {
		x := &m.Graph.Factors[i]
		if x.Name != f.Name {
			continue
		}
		var nodes []string
		n := len(x.Slots)
		for _, node := range x.Index[row*n : row*n+n] {
			nodes = append(nodes, m.Graph.NodeName(int(node)))
		}
		return strings.Join(nodes, " ") + entryName(f.Table, k%size)
	}
	return fmt.Sprint(k)
}

// entryName is the place of a flat index in a table: "" without one.
func entryName(table []int, k int) string {
	if len(table) == 0 {
		return ""
	}
	at := make([]string, len(table))
	for a := len(table) - 1; a >= 0; a-- {
		at[a] = fmt.Sprint(k % table[a])
		k /= table[a]
	}
	return " [" + strings.Join(at, ",") + "]"
}

// part is an array of figures under its name.
type part struct {
	name   string
	shape  []int
	values []float64
}

// momentParts are both phases' moments of a factor.
func momentParts(f *train.FactorGradient) []part {
	shape := append([]int{f.Rows}, f.Table...)
	return []part{{"positive", shape, f.Positive}, {"positive_se", shape, f.PositiveSE}, {"negative", shape, f.Negative}, {"negative_se", shape, f.NegativeSE}}
}

func writeGradient(ctx context.Context, t *train.Trainer, g *train.Gradient, file string) error {
	err := observe.WriteWholeFile(ctx, file, func(w io.Writer) error {
		z := npy.NewNPZWriter(w)
		for _, a := range g.Arrays {
			shape := t.Shape(a.Name)
			if err := errors.Join(z.Add("gradient/"+a.Name, shape, a.Grad), z.Add("gradient_se/"+a.Name, shape, a.SE)); err != nil {
				return err
			}
		}
		for i := range g.Factors {
			for _, p := range momentParts(&g.Factors[i]) {
				if err := z.Add(p.name+"/"+g.Factors[i].Name, p.shape, p.values); err != nil {
					return err
				}
			}
		}
		return z.Close()
	})
	if err != nil {
		return writeError(file, err)
	}
	return nil
}

func (c *command) gradientJSON(m *gen.Model, task *train.Task, t *train.Trainer, g *train.Gradient) error {
	factors, parameters := map[string]any{}, map[string]any{}
	for i := range g.Factors {
		f := &g.Factors[i]
		shape := f.Table
		if !f.Shared {
			shape = append([]int{f.Rows}, f.Table...)
		}
		parts := map[string]any{"shape": shape, "rows": f.Rows, "table": f.Table}
		for _, p := range append(momentParts(f), part{"gradient", nil, f.Grad}, part{"gradient_se", nil, f.GradSE}) {
			parts[p.name] = orNull(p.values)
		}
		factors[f.Name] = parts
	}
	for _, a := range g.Arrays {
		if a.Param {
			parameters[a.Name] = map[string]any{"shape": t.Shape(a.Name), "gradient": orNull(a.Grad), "gradient_se": orNull(a.SE)}
		}
	}
	out := map[string]any{"model": m.Graph.Model, "hash": m.Graph.Hash(), "seed": task.Seed, "norm": g.Norm(), "factors": factors}
	if len(parameters) > 0 {
		out["parameters"] = parameters
	}
	return writeJSON(c.out, out)
}

// orNull has null for figures that are no numbers.
func orNull(values []float64) []any {
	list := make([]any, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			list[i] = v
		}
	}
	return list
}
