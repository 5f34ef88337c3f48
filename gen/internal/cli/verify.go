package cli

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// maxVerifyChains is how many chains are compared unless asked for more: enough
// for a second word of packed spins.
const maxVerifyChains = 66

func (c *command) verify() *cobra.Command {
	var names []string
	var sweeps, chains int
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare the states of several targets after every sweep, bit for bit",
		Long: `Runs a model on several targets with the same seed and compares the states of
all chains in the beginning and after every sweep. Where they part it says at
which sweep, chain and node, and exits with 1.`,
		Example: `  thrmlgen verify models/mixed --targets interp,table
  thrmlgen verify model.yaml --targets interp,table,go --sweeps 100`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case sweeps < 1:
				return usage("--sweeps %d: at least 1 is needed", sweeps)
			case chains < 0:
				return usage("--chains %d: at least 1 is needed", chains)
			}
			if len(names) < 2 {
				return usage("--targets: at least two are needed to compare").help("for example --targets interp,table")
			}
			for _, n := range names {
				if _, ok := tracers[n]; !ok {
					return unknownWord("--targets", n, tracerNames)
				}
			}
			c.hardware = slices.Contains(names, verilogTarget)
			m, err := c.load(args[0])
			if err != nil {
				return err
			}
			for _, n := range names {
				if n != "go" && needsCode(m) {
					return noCodeIn("--targets "+n, m).help("there is nothing to compare a compiled program with; another --threads of run gives the same samples")
				}
			}
			if chains == 0 {
				chains = verifyChains(m)
			}
			if err := statesFit(m, chains, len(names)); err != nil {
				return err
			}
			c.clearsUp.Store(true)
			return c.compare(cmd.Context(), m, names, sweeps, chains)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&names, "targets", []string{"interp", "table"}, "targets to compare: "+strings.Join(tracerNames, ", "))
	f.IntVar(&sweeps, "sweeps", 20, "number of sweeps")
	f.IntVar(&chains, "chains", 0, fmt.Sprintf("number of chains (default: the model's, at most %d)", maxVerifyChains))
	return c.modelCommand(cmd)
}

// verifyChains is the model's number of chains, cut unless clamps or starts are
// given by chain.
func verifyChains(m *gen.Model) int {
	n := m.Program.Sample.Chains
	for _, x := range m.Program.Clamps {
		if x.Chains > 0 {
			return n
		}
	}
	for _, x := range m.Program.Init {
		if x.Chains > 0 {
			return n
		}
	}
	return min(n, maxVerifyChains)
}

// tracer runs a model sweep by sweep.
type tracer interface {
	// next makes one more sweep; the first call only gives the initial state.
	// The state is by chain and node and good until the next call.
	next() ([][]int32, error)
	close()
}

var (
	tracerNames = []string{"interp", "table", "go", cudaTarget, shimTarget, verilogTarget}
	tracers     = map[string]func(ctx context.Context, m *gen.Model, sweeps, chains int) (tracer, error){
		"interp": newInterpTracer, "table": newTableTracer, "go": newGoTracer,
		cudaTarget:    newDeviceTracer(cudaTarget, graphics([]int{0})),
		shimTarget:    newDeviceTracer(shimTarget, shim),
		verilogTarget: newVerilogTracer,
	}
)

// betaAt is the β of sweep t.
func betaAt(m *gen.Model, t int) float64 {
	if t < len(m.Program.Betas) {
		return m.Program.Betas[t]
	}
	return m.Program.Beta
}

type interpTracer struct {
	model   *gen.Model
	machine *interp.Machine
	sweep   int
}

func newInterpTracer(_ context.Context, m *gen.Model, _, chains int) (tracer, error) {
	machine, err := interp.New(m.Program, chains, m.Program.Sample.Seed)
	if err != nil {
		return nil, wrong("interp: %v", err)
	}
	return &interpTracer{model: m, machine: machine, sweep: -1}, nil
}

func (t *interpTracer) next() ([][]int32, error) {
	if t.sweep >= 0 {
		if err := t.machine.SetBeta(betaAt(t.model, t.sweep)); err != nil {
			return nil, err
		}
		if err := t.machine.Sweep(); err != nil {
			return nil, err
		}
	}
	t.sweep++
	return t.machine.State(), nil
}

func (t *interpTracer) close() {}

type tableTracer struct {
	model   *gen.Model
	sampler *sampling.Sampler
	sweep   int
	state   [][]int32
}

func newTableTracer(_ context.Context, m *gen.Model, _, chains int) (tracer, error) {
	s, err := sampling.NewSampler(golang.Model(m.Program), sampling.Options{
		Chains: chains, Seed: m.Program.Sample.Seed, Threads: runtime.GOMAXPROCS(0),
	})
	if err != nil {
		return nil, wrong("table: %v", err)
	}
	return &tableTracer{model: m, sampler: s, sweep: -1, state: make([][]int32, chains)}, nil
}

func (t *tableTracer) next() ([][]int32, error) {
	if t.sweep >= 0 {
		if err := t.sampler.SetBeta(betaAt(t.model, t.sweep)); err != nil {
			return nil, err
		}
		t.sampler.Sweep()
	}
	t.sweep++
	for i := range t.state {
		t.state[i] = t.sampler.State(i, t.state[i][:0])
	}
	return t.state, nil
}

func (t *tableTracer) close() {}

// verifyJSON is what verify --json prints.
type verifyJSON struct {
	Model   string   `json:"model"`
	Hash    string   `json:"hash"`
	Targets []string `json:"targets"`
	Equal   bool     `json:"equal"`
	Sweeps  int      `json:"sweeps"`
	Chains  int      `json:"chains"`
	Nodes   int      `json:"nodes"`
	Parting *parting `json:"difference,omitempty"`
}

// parting is the first difference: after so many sweeps.
type parting struct {
	Sweep  int            `json:"sweep"`
	Chain  int            `json:"chain"`
	Node   string         `json:"node"`
	Values map[string]any `json:"values"`
}

func (c *command) compare(ctx context.Context, m *gen.Model, names []string, sweeps, chains int) error {
	out := verifyJSON{Model: m.Graph.Model, Hash: m.Program.Hash, Targets: names, Equal: true, Sweeps: sweeps, Chains: chains, Nodes: m.Graph.Nodes}
	var all []tracer
	for _, n := range names {
		t, err := tracers[n](c.tellSlow(ctx), m, sweeps, chains)
		if err != nil {
			return err
		}
		defer t.close()
		all = append(all, t)
	}
	for sweep := 0; sweep <= sweeps && out.Equal; sweep++ {
		states := make([][][]int32, len(all))
		for i, t := range all {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			var err error
			if states[i], err = t.next(); err != nil {
				return err
			}
		}
		out.Parting = difference(m, names, states)
		if out.Parting != nil {
			out.Equal = false
			out.Parting.Sweep = sweep
		}
		c.progress("%d of %d sweeps compared", sweep, sweeps)
	}
	c.progressDone()
	if err := c.verdict(&out); err != nil {
		return err
	}
	if !out.Equal {
		return errDifference
	}
	return nil
}

// difference is the first chain and node in which states differ.
func difference(m *gen.Model, names []string, states [][][]int32) *parting {
	for chain := range states[0] {
		same := true
		for _, s := range states[1:] {
			same = same && slices.Equal(s[chain], states[0][chain])
		}
		if same {
			continue
		}
		for node, x := range states[0][chain] {
			for _, s := range states[1:] {
				if s[chain][node] == x {
					continue
				}
				p := &parting{Chain: chain, Node: m.Graph.NodeName(node), Values: map[string]any{}}
				for i, n := range names {
					p.Values[n] = shownValue(m, node, states[i][chain][node])
				}
				return p
			}
		}
	}
	return nil
}

// shownValue is a value of a node as people know it.
func shownValue(m *gen.Model, node int, x int32) any {
	for _, v := range m.Program.Vars {
		if v.Kind == ir.Continuous && v.First <= node && node < v.First+v.Count {
			if f := float64(sampling.BitsFloat(x)); math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Sprint(f)
			}
			return sampling.BitsFloat(x)
		}
	}
	return x
}

func (c *command) verdict(out *verifyJSON) error {
	if c.json {
		return writeJSON(c.out, out)
	}
	if c.quiet {
		return nil
	}
	if out.Equal {
		fmt.Fprintf(c.out, "%s: %s agree in every bit: %s, %s, %s\n", out.Model, strings.Join(out.Targets, ", "),
			plural(out.Sweeps, "sweep"), plural(out.Chains, "chain"), plural(out.Nodes, "node"))
		return nil
	}
	p := out.Parting
	var values []string
	for _, n := range out.Targets {
		values = append(values, fmt.Sprintf("%s has %v", n, p.Values[n]))
	}
	when := "after sweep " + fmt.Sprint(p.Sweep)
	if p.Sweep == 0 {
		when = "in the initial state"
	}
	fmt.Fprintf(c.out, "%s: targets part %s, in chain %d, at %s: %s\n", out.Model, when, p.Chain, p.Node, strings.Join(values, ", "))
	return nil
}
