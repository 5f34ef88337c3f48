package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// runFlags are the flags of run.
type runFlags struct {
	target, out, state, resume, scan       string
	compiled, all, serve                   bool
	chains, warmup, samples, steps, thread int
	devices                                []int
	seed                                   uint64
	memory                                 int64 // MiB
	report                                 string
	again                                  []string // command line for the same samples
	targetGiven                            bool
	kernel                                 kernelFlag
}

func (c *command) run() *cobra.Command {
	var o runFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Sample from a model and say what the samples are worth",
		Long: `Samples by the schedule of the model and prints the summary: energy,
magnetisation, shares, means of continuous variables, with their Monte Carlo error,
effective sample size and R-hat, the worst nodes and a verdict. Results go to a
file with --out.

With --scan there is a row for each beta, a run of its own with the same schedule
and seed: the energy H and the heat capacity C = beta²·Var(H), both per node, the
mean of |magnetisation| of each spin variable or of the largest share of each
categorical, all with standard errors, and the worst R-hat and ESS. The number
format is chosen for each beta, so --compiled compiles once for each.

Targets (all give the same samples, bit for bit):
  table   the engine linked into thrmlgen; no compiler is needed
  interp  the reference interpreter, slow
  go      emitted Go, compiled (as --compiled); a model that names code in Go is
          run so without being asked
  cuda    emitted CUDA on a GPU: needs its driver, NVRTC and the program thrmlgen-gpu
  shim    emitted CUDA, compiled as C++ for the CPU: to check it, not for speed
  verilog emitted Verilog in Verilator, else Icarus; a model without a number
          format takes format: hardware, which every target replays`,
		Example: `  thrmlgen run models/potts20
  thrmlgen run model.yaml --chains 64 --samples 2000 --out samples.npz
  thrmlgen run model.yaml --state s.npz && thrmlgen run model.yaml --resume s.npz
  thrmlgen run models/ising2d --scan beta=0.2:0.7:11 --out scan.npz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.again = again(cmd, args)
			if err := c.schedule(cmd, &o); err != nil {
				return err
			}
			if o.serve {
				if err := serveFlags(cmd, &o); err != nil {
					return err
				}
				m, err := c.load(args[0])
				if err != nil {
					return err
				}
				return c.servePipe(cmd.Context(), m, &o, cmd.InOrStdin())
			}
			if cmd.Flags().Changed("scan") {
				betas, err := c.scanFlags(cmd, &o)
				if err != nil {
					return err
				}
				return c.scan(cmd.Context(), args[0], betas, &o)
			}
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			return c.sample(cmd.Context(), m, &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.target, "target", "table", "what samples: "+strings.Join(engineNames, ", "))
	f.IntSliceVar(&o.devices, "devices", []int{0}, "GPUs that share the chains, with --target cuda; they change no sample")
	f.BoolVar(&o.compiled, "compiled", false, "emit Go, compile it and run that (the target go)")
	f.IntVar(&o.chains, "chains", 0, "number of chains (default: the model's, as for all of the schedule)")
	f.IntVar(&o.warmup, "warmup", 0, "sweeps before the first draw")
	f.IntVar(&o.samples, "samples", 0, "draws of each chain")
	f.IntVar(&o.steps, "steps", 0, "sweeps from one draw to the next")
	f.Uint64Var(&o.seed, "seed", 0, "seed")
	f.IntVar(&o.thread, "threads", runtime.GOMAXPROCS(0), "number of threads; it changes no sample")
	o.kernel.flag(f)
	f.Int64Var(&o.memory, "memory", serve.DefaultMemory, "most MiB that the run may take; more is refused before it starts")
	f.BoolVar(&o.all, "all", false, "also print a row for each node")
	f.StringVar(&o.scan, "scan", "", "run at one beta after the other: `beta=lo:hi:count`, a list with commas, or lo:hi:count:geometric")
	f.BoolVar(&o.serve, "serve", false, "carry out commands that come through standard input, until it ends")
	f.StringVar(&o.out, "out", "", "write what the model observes to this `file`: .npz, or .zarr for ArviZ")
	f.StringVar(&o.report, "report", "", "write a page with figures to this .html `file`")
	f.StringVar(&o.state, "state", "", "write the final state to this `file`, to continue from")
	f.StringVar(&o.resume, "resume", "", "continue from a state `file`: no warm-up, the next sweep number")
	return c.modelCommand(cmd)
}

// schedule checks the flags and turns those of the schedule into values of the
// model, so that they are checked with it.
func (c *command) schedule(cmd *cobra.Command, o *runFlags) error {
	for _, n := range []struct {
		flag, key string
		value     int
		least     int
	}{
		{"chains", "chains", o.chains, 1}, {"warmup", "warmup", o.warmup, 0},
		{"samples", "samples", o.samples, 1}, {"steps", "steps_per_sample", o.steps, 1},
	} {
		if !cmd.Flags().Changed(n.flag) {
			continue
		}
		if n.value < n.least {
			return usage("--%s %d: at least %d is needed", n.flag, n.value, n.least)
		}
		c.sets = append(c.sets, fmt.Sprintf("sample.%s=%d", n.key, n.value))
	}
	if cmd.Flags().Changed("seed") {
		c.sets = append(c.sets, fmt.Sprintf("sample.seed=%d", o.seed))
	}
	o.targetGiven = o.compiled || cmd.Flags().Changed("target")
	if o.compiled {
		if cmd.Flags().Changed("target") && o.target != "go" {
			return usage("--compiled is the target go, not %s", o.target)
		}
		o.target = "go"
	}
	if _, ok := engines[o.target]; !ok {
		return unknownWord("--target", o.target, engineNames)
	}
	c.hardware = o.target == verilogTarget
	if err := checkThreads(o.thread); err != nil {
		return err
	}
	if err := devicesFor(cmd, o.target, o.devices); err != nil {
		return err
	}
	if o.target != "table" && cmd.Flags().Changed("kernel") {
		return usage("--kernel is for the target table, not %s", o.target)
	}
	if err := o.kernel.choose(); err != nil {
		return err
	}
	if o.memory < 1 {
		return usage("--memory %d: at least 1 MiB is needed", o.memory)
	}
	for _, f := range []string{"out", "state", "resume", "report"} {
		if x := cmd.Flags().Lookup(f); x.Changed && x.Value.String() == "" {
			return usage("--%s: the name of a file is needed", f)
		}
	}
	if o.out != "" && !strings.HasSuffix(o.out, ".npz") && !strings.HasSuffix(o.out, ".zarr") {
		return usage("--out %s: a name ending in .npz or .zarr is needed", o.out)
	}
	if o.out != "" && o.out == o.state {
		return usage("--out and --state name the same file")
	}
	for _, f := range []string{o.out, o.state} {
		if err := canHold(f); err != nil {
			return err
		}
	}
	return pagePlace("--report", o.report)
}

// maxThreads is far above what any machine has cores.
const maxThreads = 4096

func checkThreads(n int) error {
	switch {
	case n < 1:
		return usage("--threads %d: at least 1 is needed", n)
	case n > maxThreads:
		return limit("--threads %d: the limit is %d", n, maxThreads)
	}
	return nil
}

// canHold says early, before hours of sampling, that a result has no place.
func canHold(file string) error {
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	if strings.HasSuffix(file, ".zarr") {
		if err := observe.CheckZarrPlace(file); err != nil {
			return environment("%v", err)
		}
	} else if err == nil && info.IsDir() {
		return environment("%s is a folder", file)
	}
	if _, link := os.Readlink(file); err != nil && link == nil {
		return environment("%s is a symbolic link that leads nowhere", file)
	}
	dir := filepath.Dir(file)
	info, err = os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return environment("there is no folder %s for %s", dir, filepath.Base(file))
	case err != nil:
		return environment("%v", err)
	case !info.IsDir():
		return environment("%s is not a folder", dir)
	}
	return nil
}

// engine samples a model for a collector.
type engine interface {
	view() observe.ChainView
	// restore continues from a saved state.
	restore(s *observe.SavedState) error
	run(ctx context.Context, to *observe.Collector, resume bool) error
	close()
}

// engines makes the engine of each target.
var (
	engineNames = []string{"table", "interp", "go", cudaTarget, shimTarget, verilogTarget}
	engines     = map[string]func(ctx context.Context, m *gen.Model, o *runFlags) (engine, error){
		"table": newTableEngine, "interp": newInterpEngine, "go": newGoEngine,
		cudaTarget:    newCUDAEngine,
		shimTarget:    newShimEngine,
		verilogTarget: newVerilogEngine,
	}
)

// chooseTarget settles what samples. Code in Go that the model names is in a
// compiled program alone.
func chooseTarget(m *gen.Model, o *runFlags) error {
	if len(m.Program.GoCode) > 0 {
		if o.targetGiven && o.target != "go" {
			return noCodeIn("--target "+o.target, m).help("leave --target out, or say --target go: the model is compiled with the code")
		}
		o.target = "go"
	}
	return nil
}

// needsCode tells whether samples hang on code in Go: observers change none.
func needsCode(m *gen.Model) bool {
	return slices.ContainsFunc(m.Program.GoCode, func(c ir.GoCode) bool { return c.Use != ir.GoObserver })
}

// noCodeIn refuses a model that names code in Go where none can be linked in.
func noCodeIn(what string, m *gen.Model) *fault {
	if what != "" {
		what += ": "
	}
	return wrong("%sthe model names code in Go, %s, which only a compiled program has in it", what, m.Graph.GoCode[0].Text)
}

func (c *command) sample(ctx context.Context, m *gen.Model, o *runFlags) error {
	s := m.Program.Sample
	if err := chooseTarget(m, o); err != nil {
		return err
	}
	if err := fits(m, o); err != nil {
		return err
	}
	c.clearsUp.Store(true)
	e, err := engines[o.target](c.tellSlow(ctx), m, o)
	if err != nil {
		return err
	}
	defer e.close()
	plan := planOf(m, o)
	var counted []observe.SavedHistogram
	if o.resume != "" {
		if counted, err = restore(e, plan.Code, o); err != nil {
			return err
		}
	}
	if w, ok := e.(interface{ watch([]observe.UserObserver) }); ok {
		w.watch(plan.Code)
	}
	lowest := &lowestDraw{}
	plan.Extra = []observe.Watcher{lowest}
	schedule := sampling.Schedule{Warmup: s.Warmup, Samples: s.Samples, StepsPerSample: s.StepsPerSample}
	seen := watchForReport(e.view().Model(), schedule, s.Chains, o, &plan)
	if c.terminal && !c.quiet {
		plan.Progress = observe.ProgressLine(c.err)
	}
	col, err := observe.NewCollector(e.view(), schedule, plan)
	if err != nil {
		return wrong("%v", err)
	}
	defer col.Close()
	if err := col.Continue(counted); err != nil {
		return wrong("--resume %s: %s", o.resume, strings.TrimPrefix(err.Error(), "state: "))
	}
	runErr := e.run(ctx, col, o.resume != "")
	if runErr != nil && !col.Interrupted() {
		return diverged(ctx, m, e.view(), plan.Generator, runErr, o)
	}
	if runErr == nil {
		if err := writeResults(ctx, col, o); err != nil {
			return err
		}
		if err := reportRun(ctx, m, col, seen, o); err != nil {
			return err
		}
	} else if c.json {
		return runErr
	}
	if err := c.summary(m, col, lowest, o); err != nil {
		return err
	}
	return runErr
}

// diverged puts a run that left the finite numbers at its place in the model file, and
// keeps the state where a file for it is named; other errors stay as they are.
func diverged(ctx context.Context, m *gen.Model, v observe.ChainView, generator string, err error, o *runFlags) error {
	var f *sampling.MoveFault
	if !errors.As(err, &f) {
		return err
	}
	p := &diag.Problem{Pos: m.Graph.Dynamics.StepPos, Code: diag.Diverged, Text: f.Error(), Help: "use a smaller step_size"}
	if o.state != "" {
		if err := observe.SaveState(ctx, o.state, v, generator); err != nil {
			return writeError(o.state, err)
		}
		p.Help += "; " + o.state + " holds the state of all chains"
	}
	return p
}

// fits refuses a run that would take more memory than it may.
func fits(m *gen.Model, o *runFlags) error {
	s := m.Program.Sample
	need := stateBytes(m, s.Chains) + summaryBytes(m, s.Chains, s.Samples)
	if o.target == "interp" || o.target == cudaTarget || o.target == shimTarget || o.target == verilogTarget {
		need += listBytes(m, s.Chains)
	}
	if need > float64(o.memory)*(1<<20) {
		return limit("%s × %s need %s of memory, the limit is %s", plural(s.Chains, "chain"), plural(s.Samples, "draw"),
			serve.SizeText(need), serve.SizeText(float64(o.memory)*(1<<20))).
			help("take fewer draws, further apart (--samples, --steps), or fewer --chains; --memory raises the limit")
	}
	return nil
}

// restore puts the engine, and observers in Go, into a saved state and returns what
// was counted up to it.
func restore(e engine, observers []observe.UserObserver, o *runFlags) ([]observe.SavedHistogram, error) {
	file := o.resume
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return nil, environment("--resume %s: not a regular file", file)
	} else if err == nil && float64(info.Size()) > float64(o.memory)*(1<<20) {
		return nil, limit("--resume %s: %s to read, the limit is %s", file, serve.SizeText(float64(info.Size())), serve.SizeText(float64(o.memory)*(1<<20))).
			help("--memory raises the limit")
	}
	saved, err := observe.LoadState(file)
	var bad *observe.StateError
	switch {
	case errors.As(err, &bad):
		return nil, wrong("--resume %s", bad)
	case err != nil:
		return nil, environment("--resume: %v", err)
	}
	err = e.restore(saved)
	if err == nil {
		err = saved.Carry(observers)
	}
	if err != nil {
		return nil, wrong("--resume %s: %s", file, strings.TrimPrefix(err.Error(), "state: "))
	}
	return saved.Histograms(), nil
}

func writeResults(ctx context.Context, col *observe.Collector, o *runFlags) error {
	if o.out != "" {
		write := col.WriteResultFile
		if strings.HasSuffix(o.out, ".zarr") {
			write = col.WriteZarrFolder
		}
		if err := write(ctx, o.out); err != nil {
			return writeError(o.out, err)
		}
	}
	if o.state != "" {
		if err := col.SaveState(ctx, o.state); err != nil {
			return writeError(o.state, err)
		}
	}
	return nil
}

func writeError(file string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return environment("%s cannot be written: %v", file, err)
}

// planOf is what the model observes. States cost time and room, so they are only
// kept for a file.
func planOf(m *gen.Model, o *runFlags) observe.Plan {
	plan := observe.Plan{Target: o.target, Generator: "thrmlgen " + gen.Version, Best: m.Graph.MaxCut != nil}
	if o.out != "" {
		plan.Dir = filepath.Dir(o.out)
	}
	whole := false
	for _, x := range m.Graph.Observe {
		switch x.Kind {
		case "state":
			plan.States = o.out != ""
			whole = whole || x.Nodes == nil
			plan.StateNodes = append(plan.StateNodes, x.Nodes...)
		case "energy":
			plan.Energy = true
		case "best":
			plan.Best = true
		case "moments":
			plan.Moments = true
		case "magnetisation":
			plan.Magnetisation = true
		case "histogram":
			plan.Histograms = append(plan.Histograms, observe.Histogram{Name: x.Histogram.Name, Nodes: x.Nodes,
				Bins: x.Histogram.Bins, Low: x.Histogram.Low, High: x.Histogram.High})
		case "go":
			c := m.Graph.GoCodeOf(graph.GoObserver, x.Code)
			plan.Code = append(plan.Code, observe.UserObserver{Name: x.Name, Code: x.Code, Values: c.Values, Numbers: c.Numbers})
		case "value":
			plan.Observables = append(plan.Observables, observableOf(x.Value))
		case "mean":
			plan.RowMeans = append(plan.RowMeans, observableOf(x.Value))
		}
	}
	slices.Sort(plan.StateNodes)
	plan.StateNodes = slices.Compact(plan.StateNodes)
	if whole {
		plan.StateNodes = nil
	}
	return plan
}

// observableOf is an observed value in the form of the runtime.
func observableOf(v *graph.Observable) observe.Observable {
	o := observe.Observable{Name: v.Name, Rows: v.Rows, Index: v.Index, Code: v.Code}
	for _, s := range v.Slots {
		o.Slots = append(o.Slots, sampling.Slot{Kind: sampling.Kind(s.Kind), States: s.States, Power: s.Power})
	}
	return o
}

// lowestDraw is the lowest energy among the draws, for the result of models that
// do not ask for the best of all sweeps.
type lowestDraw struct {
	h     float64
	chain int
	sweep uint64
	seen  bool
}

// OnlyEnergies is that of observe.EnergyWatcher.
func (l *lowestDraw) OnlyEnergies() {}

// Observe looks at a draw.
func (l *lowestDraw) Observe(f *observe.Frame) error {
	for chain, h := range f.H() {
		if !l.seen || h < l.h {
			*l = lowestDraw{h, chain, f.Sweep(), true}
		}
	}
	return nil
}

// summary prints what the run found.
func (c *command) summary(m *gen.Model, col *observe.Collector, lowest *lowestDraw, o *runFlags) error {
	if c.quiet && !c.json {
		return nil
	}
	r := col.Report()
	addBestCut(m, r)
	var nodes []stats.Row
	if o.all {
		var err error
		if nodes, err = col.Nodes().NodeRows(); err != nil {
			return err
		}
	}
	if c.json {
		if r.Best == nil && lowest.seen {
			r.Best = &observe.BestReport{Energy: m.Program.Beta * lowest.h, Chain: lowest.chain, Sweep: lowest.sweep}
		}
		if nodes == nil {
			return writeJSON(c.out, r)
		}
		return c.summaryWithNodes(r, nodes)
	}
	if err := r.WriteText(c.out); err != nil {
		return environment("standard output: %v", err)
	}
	if o.all {
		fmt.Fprintln(c.out)
		nodeTable(nodes).print(c.out, "")
	}
	for _, f := range []string{o.out, o.state, o.report} {
		if f != "" && !r.Interrupted {
			fmt.Fprintf(c.out, "wrote %s\n", f)
		}
	}
	return nil
}

// wholeNumber takes back what a division by β did to a whole number.
func wholeNumber(x float64) float64 {
	if n := math.Round(x); math.Abs(x-n) < 1e-9*max(1, math.Abs(x)) {
		return n
	}
	return x
}

// summaryWithNodes adds the rows of the nodes to the summary of --json. The
// verdict does not look at them: of very many nodes some are bad by chance.
func (c *command) summaryWithNodes(r *observe.Report, nodes []stats.Row) error {
	whole, err := fieldsOf(r)
	if err != nil {
		return err
	}
	part, err := fieldsOf(&observe.Report{Rows: nodes})
	if err != nil {
		return err
	}
	var rows, more []json.RawMessage
	if err := errors.Join(json.Unmarshal(whole["summary"], &rows), json.Unmarshal(part["summary"], &more)); err != nil {
		return err
	}
	if whole["summary"], err = json.Marshal(append(rows, more...)); err != nil {
		return err
	}
	return writeJSON(c.out, whole)
}

func fieldsOf(v any) (map[string]json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	return fields, json.Unmarshal(b, &fields)
}

// nodeTable has a row for each node. What has no figure is a dash.
func nodeTable(rows []stats.Row) *table {
	t := &table{left: 1}
	t.row("node", "mean", "MCSE", "sd", "ESS", "R-hat")
	for _, x := range rows {
		t.row(x.Name, figure(x.Mean, 4), figure(x.MCSE, 4), figure(x.SD, 4), figure(x.ESSBulk, 0), figure(x.RHat, 3))
	}
	return t
}

func figure(v stats.Value, decimals int) string {
	if v.NA == stats.NAStuck {
		return "inf"
	}
	if !v.OK() {
		return "–"
	}
	return fmt.Sprintf("%.*f", decimals, v.V)
}
