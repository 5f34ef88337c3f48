package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// scanFlags reads --scan and refuses what does not go with it.
func (c *command) scanFlags(cmd *cobra.Command, o *runFlags) ([]float64, error) {
	for _, f := range []string{"state", "resume", "all", "report", "serve"} {
		if cmd.Flags().Changed(f) {
			return nil, usage("--scan and --%s do not go together", f)
		}
	}
	for _, s := range c.sets {
		if path, _, _ := strings.Cut(s, "="); strings.TrimSpace(path) == "beta" {
			return nil, usage("--scan and --set beta do not go together")
		}
	}
	if o.out != "" && !strings.HasSuffix(o.out, ".npz") {
		return nil, usage("--out %s: a scan is written to a name ending in .npz", o.out)
	}
	return scanBetas(o.scan)
}

// maxScan is how many β one scan may have.
const maxScan = 10000

// scanBetas reads the value of --scan: beta= and numbers with commas between
// them, each a β or a range lo:hi:count, :geometric behind it for equal ratios.
// Numbers inside a range are rounded to 12 digits, so that 0.1:1:10 has 0.3 and
// no neighbour of it.
func scanBetas(text string) ([]float64, error) {
	name, list, ok := strings.Cut(text, "=")
	if !ok || list == "" {
		return nil, badScan(text, "beta= and the values are needed")
	}
	if name != "beta" {
		return nil, badScan(text, "only beta can be scanned, not %s", diag.Quote(name))
	}
	var out []float64
	for _, part := range strings.Split(list, ",") {
		betas, err := scanRange(text, strings.Split(part, ":"))
		if err != nil {
			return nil, err
		}
		if out = append(out, betas...); len(out) > maxScan {
			return nil, limit("--scan %s: the limit is %d values of beta", text, maxScan)
		}
	}
	return out, nil
}

func badScan(text, format string, args ...any) *fault {
	return usage("--scan %s: %s", text, fmt.Sprintf(format, args...)).
		help("for example --scan beta=0.1:1:10, beta=0.2,0.44,1 or beta=0.01:10:7:geometric")
}

// scanRange reads one number, or lo:hi:count with or without :linear or :geometric.
func scanRange(text string, words []string) ([]float64, error) {
	lo, err := scanNumber(text, words[0])
	if err != nil || len(words) == 1 {
		return []float64{lo}, err
	}
	if len(words) < 3 || len(words) > 4 {
		return nil, badScan(text, "a range is lo:hi:count")
	}
	hi, err := scanNumber(text, words[1])
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(words[2])
	switch {
	case err != nil || n < 2:
		return nil, badScan(text, "%s is no count: a whole number from 2 up is needed", diag.Quote(words[2]))
	case n > maxScan:
		return nil, limit("--scan %s: the limit is %d values of beta", text, maxScan)
	}
	shape := "linear"
	if len(words) == 4 {
		shape = words[3]
	}
	at := func(t float64) float64 { return lo + (hi-lo)*t }
	switch {
	case shape == "geometric" && (lo == 0 || hi == 0):
		return nil, badScan(text, "geometric steps cannot begin or end at 0")
	case shape == "geometric":
		at = func(t float64) float64 { return math.Exp(math.Log(lo) + (math.Log(hi)-math.Log(lo))*t) } // hi/lo may be beyond float64
	case shape != "linear":
		return nil, unknownWord("the steps of --scan", shape, []string{"linear", "geometric"})
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = roundDigits(at(float64(i)/float64(n-1)), 12)
	}
	out[0], out[n-1] = lo, hi
	return out, nil
}

func scanNumber(text, word string) (float64, error) {
	x, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
		return 0, badScan(text, "%s is no beta: a number from 0 up is needed", diag.Quote(word))
	}
	return x + 0, nil
}

func roundDigits(x float64, digits int) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// scanPoint is what a scan says about one β. Energies are those of H, without β;
// a figure that has no meaning is null in JSON.
type scanPoint struct {
	Beta           float64      `json:"beta"`
	Hash           string       `json:"hash"` // of the program at this β
	Energy         stats.Value  `json:"energy"`
	EnergyMCSE     stats.Value  `json:"energy_mcse"`
	HeatCapacity   stats.Value  `json:"heat_capacity"`
	HeatCapacitySE stats.Value  `json:"heat_capacity_se"`
	Order          []orderValue `json:"order"`
	RHat           stats.Value  `json:"r_hat"`
	RHatAt         string       `json:"r_hat_at"`
	ESS            stats.Value  `json:"ess"`
	ESSAt          string       `json:"ess_at"`
	MaxError       float64      `json:"max_probability_error"`
	Verdict        string       `json:"verdict"`

	flips float64
}

// orderValue is the order parameter of a variable: the mean of |magnetisation|
// of spins, or of the largest share of a state of categoricals.
type orderValue struct {
	Name string      `json:"name"` // abs_magnetisation/s or largest_share/x
	Mean stats.Value `json:"mean"`
	MCSE stats.Value `json:"mcse"`

	head string // of its column: |s| or max x
}

// scanResult is a whole scan.
type scanResult struct {
	Model    string      `json:"model"`
	Target   string      `json:"target"`
	Seed     uint64      `json:"seed"`
	Nodes    int         `json:"nodes"`
	Chains   int         `json:"chains"`
	Draws    int         `json:"draws"`
	Sweeps   int         `json:"sweeps"` // of each run
	Flips    float64     `json:"flips"`
	Seconds  float64     `json:"seconds"`
	Speed    float64     `json:"flips_per_ns"`
	MaxError float64     `json:"max_probability_error"` // over the scan, of nodes updated in integers
	Float    int         `json:"float_nodes,omitempty"` // updated in float32
	Scan     []scanPoint `json:"scan"`
}

// scan samples the model at one β after the other. Each is a run of its own, by
// the schedule of the model from its start and with its seed, and has the numbers
// of `run --set beta=…`: the number format is chosen for the β, so that the bound
// on its errors holds there. sample.betas are left aside.
func (c *command) scan(ctx context.Context, file string, betas []float64, o *runFlags) error {
	m, err := c.loadQuietly(file)
	if err != nil {
		return err
	}
	if err := chooseTarget(m, o); err != nil {
		return err
	}
	if err := fits(m, o); err != nil {
		return err
	}
	models, err := c.atBetas(m, betas)
	if err != nil {
		return err
	}
	s := m.Program.Sample
	r := &scanResult{
		Model: m.Graph.Model, Target: o.target, Seed: s.Seed, Nodes: m.Graph.Nodes, Chains: s.Chains, Draws: s.Samples,
		Sweeps: s.Warmup + (s.Samples-1)*s.StepsPerSample, Scan: []scanPoint{},
	}
	c.clearsUp.Store(true)
	start := time.Now()
	for i := range models {
		p, failed := c.scanOne(ctx, &models[i], o, fmt.Sprintf("beta %s, %d of %d", short(betas[i], 6), i+1, len(betas)))
		if err = failed; err != nil {
			break
		}
		r.Scan = append(r.Scan, p)
		r.MaxError, r.Float = max(r.MaxError, p.MaxError), floatNodes(models[i].Program)
		r.Flips += p.flips
	}
	r.Seconds = time.Since(start).Seconds()
	r.Speed = r.Flips / max(r.Seconds*1e9, 1)
	if err == nil && o.out != "" {
		if failed := observe.WriteWholeFile(ctx, o.out, r.writeNPZ); failed != nil {
			err = writeError(o.out, failed)
		}
	}
	switch {
	case c.json && err == nil:
		return writeJSON(c.out, r)
	case !c.json && !c.quiet && len(r.Scan) > 0:
		c.scanText(r, len(m.Graph.Betas) > 0)
		if len(r.Scan) < len(betas) {
			fmt.Fprintf(c.out, "%d of %s were done\n", len(r.Scan), plural(len(betas), "run"))
		}
		if o.out != "" && err == nil {
			fmt.Fprintf(c.out, "wrote %s\n", o.out)
		}
	}
	return err
}

// atBetas lowers a model once for each β, and shows each warning once.
func (c *command) atBetas(m *gen.Model, betas []float64) ([]gen.Model, error) {
	out := make([]gen.Model, len(betas))
	warnings, seen := &diag.List{}, map[string]bool{}
	for i, beta := range betas {
		g := *m.Graph
		g.Beta, g.Betas, g.Warnings = beta, nil, slices.Clip(g.Warnings)
		p, problems := pass.Lower(&g)
		if problems.Len() > 0 {
			return nil, atBeta(problems, beta)
		}
		out[i] = *m
		out[i].Graph, out[i].Program = &g, p
		for _, w := range g.Warnings {
			key := w.Pos.String() + w.Code
			if seen[key] || beta == 0 && w.Code == diag.WeightLost { // no weight counts at 0
				continue
			}
			seen[key] = true
			warnings.Add(w)
		}
	}
	if !c.quiet {
		c.render(warnings, "warning: ")
	}
	return out, nil
}

// atBeta says of every problem at which β it is one.
func atBeta(problems *diag.List, beta float64) error {
	out := &diag.List{}
	for _, p := range problems.Problems() {
		p.Text = fmt.Sprintf("at beta %s: %s", short(beta, 6), p.Text)
		out.Add(p)
	}
	return out.Err()
}

// scanOne is the run at one β.
func (c *command) scanOne(ctx context.Context, m *gen.Model, o *runFlags, label string) (scanPoint, error) {
	e, err := engines[o.target](c.tellSlow(ctx), m, o)
	if err != nil {
		return scanPoint{}, err
	}
	defer e.close()
	watch := newScanWatch(e.view())
	plan := observe.Plan{Target: o.target, Extra: []observe.Watcher{watch}}
	if c.terminal && !c.quiet {
		plan.Progress = scanProgress(c.err, label)
	}
	s := m.Program.Sample
	col, err := observe.NewCollector(e.view(), sampling.Schedule{Warmup: s.Warmup, Samples: s.Samples, StepsPerSample: s.StepsPerSample}, plan)
	if err != nil {
		return scanPoint{}, wrong("%v", err)
	}
	defer col.Close()
	if err := e.run(ctx, col, false); err != nil {
		return scanPoint{}, err
	}
	p := watch.point(m.Program.Beta, m.Graph.Nodes)
	p.Hash, p.MaxError = m.Program.Hash, m.Program.Format.Bound
	report := col.Report()
	p.flips = report.Flips
	p.judge(report)
	return p, nil
}

// scanProgress shows how far the run at one β is, for a terminal.
func scanProgress(w io.Writer, label string) func(observe.Progress) {
	return func(p observe.Progress) {
		if p.Done || p.Total == 0 {
			fmt.Fprint(w, "\r\x1b[K")
			return
		}
		fmt.Fprintf(w, "\r%s: %3d %%\x1b[K", label, 100*p.Sweeps/p.Total)
	}
}

// judge takes over the worst R-hat and the smallest ESS that run would show.
func (p *scanPoint) judge(r *observe.Report) {
	p.Verdict = r.Verdict()
	p.RHat, p.RHatAt, p.ESS, p.ESSAt = r.Worst.RHat, r.Worst.RHatAt, r.Worst.ESS, r.Worst.ESSAt
	figure := func(v stats.Value) bool { return v.OK() || v.NA == stats.NAStuck }
	for _, x := range r.Rows {
		if figure(x.RHat) && (!figure(p.RHat) || x.RHat.V > p.RHat.V) {
			p.RHat, p.RHatAt = x.RHat, x.Name
		}
		for _, e := range []stats.Value{x.ESSBulk, x.ESSTail} {
			if e.OK() && (!p.ESS.OK() || e.V < p.ESS.V) {
				p.ESS, p.ESSAt = e, x.Name
			}
		}
	}
}

// converged says whether run would say so.
func (p *scanPoint) converged() bool { return strings.HasPrefix(p.Verdict, "Converged") }

// maxVerdicts is how many runs that did not converge are spoken of.
const maxVerdicts = 5

// scanText prints a scan for people.
func (c *command) scanText(r *scanResult, annealed bool) {
	fmt.Fprintf(c.out, "%s on %s, %s × %s at each beta, %s each, seed %d; per node (%d)\n\n", r.Model, r.Target,
		plural(r.Chains, "chain"), plural(r.Draws, "draw"), plural(r.Sweeps, "sweep"), r.Seed, r.Nodes)
	scanTable(r.Scan).print(c.out, "")
	fmt.Fprintln(c.out)
	bad := 0
	for i := range r.Scan {
		if p := &r.Scan[i]; !p.converged() {
			if bad++; bad <= maxVerdicts {
				fmt.Fprintf(c.out, "beta %s: %s\n", short(p.Beta, 6), p.Verdict)
			}
		}
	}
	if bad > maxVerdicts {
		fmt.Fprintf(c.out, "… and %d more like these\n", bad-maxVerdicts)
	}
	if annealed {
		fmt.Fprintln(c.out, "sample.betas are left aside: every sweep of a run is at its beta")
	}
	fmt.Fprintf(c.out, "speed   %.3g flips in %.3g s, %.3g flips/ns; %s\n", r.Flips, r.Seconds, r.Speed,
		(&observe.Report{MaxProbabilityError: r.MaxError, FloatNodes: r.Float}).ErrorText())
}

// scanTable has a row for each β: H and C = β²·Var(H), both divided by the number
// of nodes, and the order parameters, each with its standard error.
func scanTable(points []scanPoint) *table {
	t := &table{}
	head := []string{"beta", "energy", "MCSE", "C", "error"}
	for _, x := range points[0].Order {
		head = append(head, x.head, "MCSE")
	}
	t.row(append(head, "R-hat", "ESS")...)
	for _, p := range points {
		cells := []string{short(p.Beta, 6)}
		cells = append(cells, withError(p.Energy, p.EnergyMCSE)...)
		cells = append(cells, withError(p.HeatCapacity, p.HeatCapacitySE)...)
		for _, x := range p.Order {
			cells = append(cells, withError(x.Mean, x.MCSE)...)
		}
		t.row(append(cells, figure(p.RHat, 3), figure(p.ESS, 0))...)
	}
	return t
}

// withError is a figure to two digits of its standard error, and that.
func withError(v, se stats.Value) []string {
	decimals := 6
	if se.OK() && se.V > 0 {
		decimals = min(max(1-int(math.Floor(math.Log10(se.V))), 0), 12)
	}
	return []string{figure(v, decimals), figure(se, decimals)}
}

// writeNPZ writes one array of float64 for each figure, with an entry for each β
// and NaN where there is none, and meta.
func (r *scanResult) writeNPZ(w io.Writer) error {
	z := npy.NewNPZWriter(w)
	column := func(name string, of func(p *scanPoint) float64) error {
		values := make([]float64, len(r.Scan))
		for i := range r.Scan {
			values[i] = of(&r.Scan[i])
		}
		return z.Add(name, []int{len(values)}, values)
	}
	number := func(v stats.Value) float64 {
		if !v.OK() && v.NA != stats.NAStuck {
			return math.NaN()
		}
		return v.V
	}
	type entry struct {
		name string
		of   func(p *scanPoint) float64
	}
	columns := []entry{
		{"beta", func(p *scanPoint) float64 { return p.Beta }},
		{"energy", func(p *scanPoint) float64 { return number(p.Energy) }},
		{"energy_mcse", func(p *scanPoint) float64 { return number(p.EnergyMCSE) }},
		{"heat_capacity", func(p *scanPoint) float64 { return number(p.HeatCapacity) }},
		{"heat_capacity_se", func(p *scanPoint) float64 { return number(p.HeatCapacitySE) }},
		{"r_hat", func(p *scanPoint) float64 { return number(p.RHat) }},
		{"ess", func(p *scanPoint) float64 { return number(p.ESS) }},
		{"max_probability_error", func(p *scanPoint) float64 { return p.MaxError }},
	}
	for i, x := range r.Scan[0].Order {
		columns = append(columns,
			entry{x.Name, func(p *scanPoint) float64 { return number(p.Order[i].Mean) }},
			entry{strings.Replace(x.Name, "/", "_mcse/", 1), func(p *scanPoint) float64 { return number(p.Order[i].MCSE) }})
	}
	for _, c := range columns {
		if err := column(c.name, c.of); err != nil {
			return err
		}
	}
	meta, err := r.meta()
	if err != nil {
		return err
	}
	if err := z.Add("meta", []int{len(meta)}, meta); err != nil {
		return err
	}
	return z.Close()
}

// meta says in JSON where the arrays come from. The same scan gives the same
// bytes, so the time is not in it.
func (r *scanResult) meta() ([]byte, error) {
	hashes := []string{}
	for _, p := range r.Scan {
		hashes = append(hashes, p.Hash)
	}
	b, err := json.Marshal(map[string]any{
		"model": r.Model, "hashes": hashes, "target": r.Target, "generator": "thrmlgen " + gen.Version, "seed": r.Seed,
		"nodes": r.Nodes, "chains": r.Chains, "draws": r.Draws, "sweeps": r.Sweeps,
	})
	return bytes.TrimSpace(b), err
}
