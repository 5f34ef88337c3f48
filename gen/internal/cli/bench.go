package cli

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

func (c *command) bench() *cobra.Command {
	var threads, chains []int
	var seconds float64
	var kernel kernelFlag
	var target string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast a model is sampled",
		Long: `Measures spin flips (updates of one node of one chain) per nanosecond of wall
time: the best of ` + strconv.Itoa(sampling.SpeedRounds) + ` rounds at the model's final β, for every pair of --chains and
--threads. The figure goes with its conditions: which random numbers, which
number format with which bound on its error, which kernel.

With --target go it is that of the emitted package, compiled as run --compiled does.`,
		Example: `  thrmlgen bench models/pegasus14 --chains 64,256 --threads 1
  thrmlgen bench model.yaml --seconds 5 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(seconds > 0 && seconds <= 3600) {
				return usage("--seconds %v: more than 0 and at most 3600 are needed", seconds)
			}
			if target != "table" && target != "go" {
				return unknownWord("--target", target, []string{"table", "go"})
			}
			for _, n := range threads {
				if err := checkThreads(n); err != nil {
					return err
				}
			}
			for _, n := range chains {
				if n < 1 {
					return usage("--chains %d: at least 1 is needed", n)
				}
			}
			if err := kernel.choose(); err != nil {
				return err
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			if needsCode(m) && target == "table" {
				return noCodeIn("", m)
			}
			if chains == nil {
				chains = []int{m.Program.Sample.Chains}
			}
			for _, n := range chains {
				if err := statesFit(m, n, 0); err != nil {
					return err
				}
			}
			c.clearsUp.Store(true)
			var results []benchJSON
			for _, n := range chains {
				for _, t := range threads {
					r, err := measure(cmd.Context(), m, n, t, kernel.kernel, target, seconds)
					if err != nil {
						return err
					}
					results = append(results, r)
					c.progress("%d of %d measured", len(results), len(chains)*len(threads))
				}
			}
			c.progressDone()
			return c.benchmarks(m, results)
		},
	}
	f := cmd.Flags()
	f.IntSliceVar(&threads, "threads", []int{runtime.GOMAXPROCS(0)}, "numbers of threads")
	f.IntSliceVar(&chains, "chains", nil, "numbers of chains (default: the model's)")
	f.Float64Var(&seconds, "seconds", 1, "time for each measurement")
	f.StringVar(&target, "target", "table", "what samples: table or go")
	kernel.flag(f)
	return c.modelCommand(cmd)
}

// benchJSON is one measurement.
type benchJSON struct {
	FlipsPerNs float64     `json:"flips_per_ns"`
	Randomness string      `json:"randomness"`
	Format     formatJSON  `json:"format"`
	MaxError   float64     `json:"max_probability_error"` // of nodes updated in integers
	Float      int         `json:"float_nodes,omitempty"` // updated in float32
	Kernel     string      `json:"kernel"`
	Threads    int         `json:"threads"`
	Chains     int         `json:"chains"`
	Nodes      int         `json:"nodes"`
	Sweeps     int         `json:"sweeps"`
	Seconds    float64     `json:"seconds"`
	Results    []benchJSON `json:"results,omitempty"`
}

// measure times sweeps of one number of chains on one number of threads.
func measure(ctx context.Context, m *gen.Model, chains, threads int, kernel vector.Kernel, target string, seconds float64) (benchJSON, error) {
	p := m.Program
	r := benchJSON{
		Randomness: randomness(p), Format: formatOf(p), MaxError: p.Format.Bound, Float: floatNodes(p),
		Threads: threads, Chains: chains, Nodes: freeNodes(m),
	}
	if r.Nodes == 0 {
		return r, wrong("every node is clamped: there is nothing to measure")
	}
	how := measureTable
	if target == "go" {
		how = measureCompiled
	}
	speed, err := how(ctx, m, sampling.Options{Chains: chains, Seed: p.Sample.Seed, Threads: threads, Kernel: kernel}, seconds)
	if err != nil {
		return r, err
	}
	r.FlipsPerNs = speed.Best * float64(r.Nodes) * float64(chains) / 1e9
	r.Kernel, r.Sweeps, r.Seconds = speed.Work, speed.Sweeps, speed.Seconds
	return r, nil
}

func measureTable(ctx context.Context, m *gen.Model, o sampling.Options, seconds float64) (sampling.Speed, error) {
	model := *golang.Model(m.Program)
	model.Betas = nil // from the start at the β of the draws
	s, err := sampling.NewSampler(&model, o)
	if err != nil {
		return sampling.Speed{}, usage("--chains: %v", err)
	}
	return s.MeasureSpeed(ctx, seconds)
}

func measureCompiled(ctx context.Context, m *gen.Model, o sampling.Options, seconds float64) (sampling.Speed, error) {
	e, err := compiled(ctx, m, o.Chains, o.Threads)
	if err != nil {
		return sampling.Speed{}, err
	}
	speed, err := e.MeasureSpeed(ctx, seconds, o.Kernel)
	if err != nil && ctx.Err() == nil {
		return speed, environment("%v", err)
	}
	return speed, err
}

func freeNodes(m *gen.Model) int { return m.Graph.Nodes - clamped(m.Graph) }

func (c *command) benchmarks(m *gen.Model, results []benchJSON) error {
	best := results[0]
	for _, r := range results {
		if r.FlipsPerNs > best.FlipsPerNs {
			best = r
		}
	}
	if c.json {
		if len(results) > 1 {
			best.Results = results
		}
		return writeJSON(c.out, best)
	}
	if c.quiet {
		return nil
	}
	p := m.Program
	fmt.Fprintf(c.out, "%s: %s updated\n", m.Graph.Model, plural(best.Nodes, "node"))
	t := &table{left: 2}
	t.row("randomness", randomness(p)+", independent in every node, sweep and chain")
	t.row("format", formatText(p))
	t.row("error", errorText(p))
	t.row("kernel", best.Kernel)
	t.print(c.out, "  ")
	fmt.Fprintln(c.out)
	t = &table{}
	t.row("chains", "threads", "flips/ns", "sweeps/s")
	for _, r := range results {
		t.row(strconv.Itoa(r.Chains), strconv.Itoa(r.Threads), short(r.FlipsPerNs, 3), short(r.FlipsPerNs*1e9/float64(r.Nodes)/float64(r.Chains), 3))
	}
	t.print(c.out, "  ")
	return nil
}

// progress writes over the last line of a terminal.
func (c *command) progress(format string, args ...any) {
	if c.terminal && !c.quiet {
		fmt.Fprintf(c.err, "\r\x1b[K"+format, args...)
	}
}

// progressDone clears that line.
func (c *command) progressDone() {
	if c.terminal && !c.quiet {
		fmt.Fprint(c.err, "\r\x1b[K")
	}
}

// unknownWord is a usage error about a word of a flag.
func unknownWord(flag, word string, known []string) *fault {
	f := usage("%s: %s is not known", flag, diag.Quote(word)).help("known: %s", diag.Or(known))
	if s := diag.DidYouMean(word, known); s != "" {
		f.help("%s", s)
	}
	return f
}
