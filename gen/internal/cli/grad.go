package cli

import (
	"context"
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

⟨f⟩₊ is the mean of the weight's feature (the product of its spins, for a table's
entry times the entry being the one picked) with the visible nodes held at the
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

func (c *command) gradient(ctx context.Context, m *gen.Model, task *train.Task, out string, all bool) error {
	t, err := train.New(*task)
	if err != nil {
		return wrong("%s", strings.TrimPrefix(err.Error(), "train: "))
	}
	batch := task.Batch
	if batch == 0 {
		batch = task.Data.Rows
	}
	rows := make([]int32, batch)
	for i := range rows {
		rows[i] = int32(i)
	}
	c.clearsUp.Store(true)
	g, err := t.Gradient(ctx, rows, true)
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
	c.gradientText(m, task, g, all)
	if out != "" {
		fmt.Fprintf(c.out, "wrote %s\n", out)
	}
	return nil
}

// gradientText prints a row for each moment; weights that rows share have their
// gradient behind them.
func (c *command) gradientText(m *gen.Model, task *train.Task, g *train.Gradient, all bool) {
	for i := range g.Factors {
		f := &g.Factors[i]
		fmt.Fprintf(c.out, "factor %s\n", f.Name)
		t := &table{left: 1}
		t.row("weight", "gradient", "±", "data", "±", "model", "±")
		shown := len(f.Positive)
		if !all {
			shown = min(shown, 20)
		}
		for k := range shown {
			cells := []string{momentName(m, f, k), "", ""}
			if !f.Shared || f.Rows == 1 {
				cells = []string{cells[0], fixed(f.Grad[k%len(f.Grad)]), fixed(f.GradSE[k%len(f.Grad)])}
			}
			t.row(append(cells, fixed(f.Positive[k]), fixed(f.PositiveSE[k]), fixed(f.Negative[k]), fixed(f.NegativeSE[k]))...)
		}
		t.print(c.out, "  ")
		if left := len(f.Positive) - shown; left > 0 {
			fmt.Fprintf(c.out, "  … and %d more (--all)\n", left)
		}
		if f.Shared && f.Rows > 1 {
			for k := range f.Grad {
				fmt.Fprintf(c.out, "  %s %s ± %s (all rows)\n", "gradient"+entryName(f.Table, k), fixed(f.Grad[k]), fixed(f.GradSE[k]))
			}
		}
	}
	fmt.Fprintf(c.out, "|gradient| %s; %s of %s, %s, seed %d\n", short(g.Norm(), 4), plural(task.Positive.Chains, "chain"), plural(task.Data.Rows, "example"),
		plural(task.Negative.Chains, "negative chain"), task.Seed)
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

// gradientParts are the arrays of one factor under their names, with their
// shapes.
func gradientParts(t *train.Trainer, f *train.FactorGradient, each func(name string, shape []int, values []float64) error) error {
	moments := append([]int{f.Rows}, f.Table...)
	for _, x := range []struct {
		name   string
		shape  []int
		values []float64
	}{
		{"gradient/", t.Shape(f.Name), f.Grad}, {"gradient_se/", t.Shape(f.Name), f.GradSE},
		{"positive/", moments, f.Positive}, {"positive_se/", moments, f.PositiveSE},
		{"negative/", moments, f.Negative}, {"negative_se/", moments, f.NegativeSE},
	} {
		if err := each(x.name, x.shape, x.values); err != nil {
			return err
		}
	}
	return nil
}

func writeGradient(ctx context.Context, t *train.Trainer, g *train.Gradient, file string) error {
	err := observe.WriteWholeFile(ctx, file, func(w io.Writer) error {
		z := npy.NewNPZWriter(w)
		for i := range g.Factors {
			f := &g.Factors[i]
			if err := gradientParts(t, f, func(name string, shape []int, values []float64) error { return z.Add(name+f.Name, shape, values) }); err != nil {
				return err
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
	factors := map[string]any{}
	for i := range g.Factors {
		f := &g.Factors[i]
		parts := map[string]any{}
		gradientParts(t, f, func(name string, shape []int, values []float64) error {
			list := make([]any, len(values))
			for i, v := range values {
				if !math.IsNaN(v) {
					list[i] = v
				}
			}
			parts[strings.TrimSuffix(name, "/")] = list
			return nil
		})
		parts["shape"], parts["rows"], parts["table"] = t.Shape(f.Name), f.Rows, f.Table
		factors[f.Name] = parts
	}
	return writeJSON(c.out, map[string]any{"model": m.Graph.Model, "hash": m.Graph.Hash(), "seed": task.Seed, "norm": g.Norm(), "factors": factors})
}
