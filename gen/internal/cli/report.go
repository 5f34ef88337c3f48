package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/report"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

func (c *command) reportCommand() *cobra.Command {
	var out string
	var memory int64
	var onChip bool
	var f hardwareFlags
	cmd := &cobra.Command{
		Use:   "report result.npz [model.yaml]",
		Short: "Make a page from a result file; --hardware: what a model takes of a chip",
		Long: `Makes one HTML page from a result of run --out: summary, verdict, trace,
autocorrelation, marginals, draws as images, the worst nodes. With the model file
it also draws the graph and knows which nodes are clamped. The page needs no
network and no JavaScript. run --report makes it at once.

With --hardware the argument is a model, and the report says what its array in Verilog
takes of FPGAs: look-up tables, registers, block RAMs, clock and flips per ns, by kind of
cell and by module. Estimated is what is said before synthesis; mapped is what
Yosys makes of the array; placed is the array with its pins by nextpnr, which
knows hx8k (iCE40) and ecp5-85k. xc7 and xcup (UltraScale+) are mapped only,
their clock is an assumption. area is the sum of cells' areas of a liberty file.
--tiles maps some pieces of an array that is too large for one run of Yosys. What no tool is there for is skipped, and said.`,
		Example: `  thrmlgen run models/potts20 --out potts.npz
  thrmlgen report potts.npz models/potts20 --out potts.html
  thrmlgen report models/ising2d --hardware --part hx8k,ecp5-85k`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case onChip && len(args) != 1:
				return errors.New("--hardware takes one model file")
			case onChip:
				return nil
			case len(args) == 0:
				return errors.New("no result file is given")
			case len(args) > 2:
				return fmt.Errorf("a result file and a model file are taken, not also %q", args[2])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if onChip {
				return c.hardwareArgs(cmd, args[0], &f)
			}
			for _, name := range []string{"part", "liberty", "limit", "freq", "seed", "tiles"} {
				if cmd.Flags().Changed(name) {
					return usage("--%s goes with --hardware", name)
				}
			}
			if out == "" {
				return usage("--out is needed: the name of the page").help("for example --out %s.html", strings.TrimSuffix(filepath.Base(args[0]), ".npz"))
			}
			if err := pagePlace("--out", out); err != nil {
				return err
			}
			if memory < 1 {
				return usage("--memory %d: at least 1 MiB is needed", memory)
			}
			if len(c.sets) > 0 && len(args) < 2 {
				return usage("--set goes with a model file")
			}
			return c.reportFile(cmd.Context(), args, out, memory)
		},
	}
	h := cmd.Flags()
	h.BoolVar(&onChip, "hardware", false, "report what a model's array takes of FPGAs")
	h.StringSliceVar(&f.parts, "part", nil, "with --hardware, the `parts`: hx8k, ecp5-85k, xc7, xcup, area (default: all FPGAs)")
	h.StringVar(&f.liberty, "liberty", "", "with --part area, the liberty `file` (default: Debian's osu018)")
	h.IntVar(&f.limit, "limit", 900, "with --hardware, seconds that any tool may take")
	h.IntVar(&f.tiles, "tiles", 0, "with --hardware, map so many tiles of 64 nodes alone, and conclude from them on all (default: the array as a whole)")
	h.Float64Var(&f.freq, "freq", 200, "with --hardware, the clock in `MHz` that placing aims at")
	h.IntVar(&f.seed, "seed", 2, "with --hardware, the seed of placing")
	cmd.Flags().StringVar(&out, "out", "", "write the page to this .html `file`")
	cmd.Flags().Int64Var(&memory, "memory", serve.DefaultMemory, "most MiB that the result file may have")
	cmd.Flags().StringArrayVar(&c.sets, "set", nil, "replace a value of the model, as the run did: `path=value` (repeatable)")
	return cmd
}

// pagePlace says early that a page cannot be written.
func pagePlace(flag, file string) error {
	if file != "" && !strings.HasSuffix(file, ".html") {
		return usage("%s %s: a name ending in .html is needed", flag, file)
	}
	return canHold(file)
}

// reportFile makes a page from a result file.
func (c *command) reportFile(ctx context.Context, args []string, out string, memory int64) error {
	file := args[0]
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return fileError(file, err)
	case float64(info.Size()) > float64(memory)*(1<<20):
		return limit("%s: %s to read, the limit is %s", file, serve.SizeText(float64(info.Size())), serve.SizeText(float64(memory)*(1<<20))).help("--memory raises the limit")
	}
	result, err := report.ReadResult(file)
	if err != nil {
		return resultError(file, err)
	}
	var m *gen.Model
	if len(args) > 1 {
		if m, err = c.loadQuietly(args[1]); err != nil {
			return err
		}
	}
	page, err := pageOf(result, m)
	if err != nil {
		return resultError(file, err)
	}
	page.File = file
	page.Command = againByMeta(page.Meta, args[1:])
	return c.writePage(ctx, out, page)
}

func pageOf(result *report.Result, m *gen.Model) (*report.Page, error) {
	if m == nil {
		return result.Page(nil, nil)
	}
	page, err := result.Page(golang.Model(m.Program), m.Graph)
	if err != nil {
		return nil, err
	}
	addBestCut(m, page.Report)
	return page, nil
}

// writePage writes a page and says so.
func (c *command) writePage(ctx context.Context, out string, page *report.Page) error {
	size := int64(0)
	err := observe.WriteWholeFile(ctx, out, func(w io.Writer) error {
		counted := &output{w: w}
		err := report.Write(counted, page)
		size = counted.n
		return err
	})
	if err != nil {
		return writeError(out, err)
	}
	switch {
	case c.json:
		return writeJSON(c.out, map[string]any{"model": page.Report.Model, "hash": page.Report.Hash, "file": out, "bytes": size, "verdict": page.Verdict()})
	case !c.quiet:
		fmt.Fprintln(c.out, page.Verdict())
		fmt.Fprintf(c.out, "wrote %s (%s)\n", out, serve.SizeText(float64(size)))
	}
	return nil
}

// fileError is a result file that cannot be read.
func fileError(file string, err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return environment("%s: %v", file, err)
}

func resultError(file string, err error) error {
	var found *report.BadResult
	if errors.As(err, &found) {
		return wrong("%s: %s", file, found.Text).help("%s", found.Help)
	}
	return fileError(file, err)
}

// addBestCut gives the result of a max-cut model its cut: with H = Σ w s s over
// all edges, (Σ w − H)/2.
func addBestCut(m *gen.Model, r *observe.Report) {
	if cut := m.Graph.MaxCut; cut != nil && r.Best != nil && m.Program.Beta > 0 {
		value := wholeNumber((cut.TotalWeight - r.Best.Energy/m.Program.Beta) / 2)
		r.BestCut = &value
	}
}

// watchForReport adds what the page of run --report needs to the plan of a run.
func watchForReport(m *sampling.Model, s sampling.Schedule, chains int, o *runFlags, plan *observe.Plan) *report.Seen {
	if o.report == "" {
		return nil
	}
	warmup := s.Warmup
	if o.resume != "" || o.target == "go" { // there is none, or it is not shown
		warmup = 0
	}
	seen := report.NewSeen(m, chains, s.Samples, warmup)
	plan.Extra = append(plan.Extra, seen)
	return seen
}

// reportRun writes the page of run --report.
func reportRun(ctx context.Context, m *gen.Model, col *observe.Collector, seen *report.Seen, o *runFlags) error {
	if seen == nil {
		return nil
	}
	page := &report.Page{Report: col.Report(), Meta: col.Meta(), Nodes: col.Nodes(), Seen: seen, Graph: m.Graph, Command: o.again}
	addBestCut(m, page.Report)
	if page.Report.Best != nil {
		page.Best = col.BestState(page.Report.Best.Chain)
	}
	if strings.HasSuffix(o.out, ".npz") {
		page.File = o.out
	}
	if err := observe.WriteWholeFile(ctx, o.report, func(w io.Writer) error { return report.Write(w, page) }); err != nil {
		return writeError(o.report, err)
	}
	return nil
}

// again is the command line that gives the same samples: the flags that decide
// them.
func again(cmd *cobra.Command, args []string) []string {
	words := append([]string{"thrmlgen", "run"}, args...)
	decides := map[string]bool{"chains": true, "warmup": true, "samples": true, "steps": true, "seed": true, "target": true, "compiled": true, "resume": true}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case f.Name == "set":
			values, err := cmd.Flags().GetStringArray("set")
			if err == nil {
				for _, v := range values {
					words = append(words, "--set", v)
				}
			}
		case f.Value.Type() == "bool" && decides[f.Name]:
			words = append(words, "--"+f.Name)
		case decides[f.Name]:
			words = append(words, "--"+f.Name, f.Value.String())
		}
	})
	return words
}

// againByMeta is again for a result file. A resumed run needs its state file, of
// which the result does not know the name.
func againByMeta(m observe.Meta, model []string) []string {
	if m.Resumed {
		return nil
	}
	if len(model) == 0 {
		model = []string{m.Model + ".yaml"}
	}
	words := []string{"thrmlgen", "run", model[0], "--chains", strconv.Itoa(m.Chains), "--warmup", strconv.Itoa(m.Schedule.Warmup),
		"--samples", strconv.Itoa(m.Draws), "--steps", strconv.Itoa(m.Schedule.StepsPerSample), "--seed", strconv.FormatUint(m.Seed, 10)}
	if m.Target != "" {
		words = append(words, "--target", m.Target)
	}
	return words
}
