package observe

import (
	"context"
	"io"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// Meta says where the result comes from.
func (c *Collector) Meta() Meta {
	m := c.view.Model()
	meta := Meta{
		Model: m.Name, Hash: m.Hash, Target: c.plan.Target, Generator: c.plan.Generator,
		Seed: c.view.Seed(), Chains: c.view.Chains(), Draws: c.draws,
		Schedule: MetaSchedule(c.schedule), Resumed: c.resumed, Sweep: c.first + c.sweeps,
		Beta: m.Beta, Betas: m.Betas, Format: metaFormatOf(m.Format), RNG: rngName(m),
		FloatNodes: floatNodesOf(m),
	}
	if c.moments != nil {
		meta.Skipped = c.moments.Skipped
	}
	return meta
}

// WriteResult writes the result of a whole run as .npz: what the plan asked for,
// final/NAME (chain, *shape) for each variable, the arrays of Extra watchers and
// meta. The same run gives the same bytes. A run that was not finished is refused.
func (c *Collector) WriteResult(w io.Writer) error {
	if err := c.finished(); err != nil {
		return err
	}
	z := npy.NewNPZWriter(w)
	for _, a := range c.arrays() {
		if err := a.WriteArrays(z); err != nil {
			return err
		}
	}
	if err := c.final.write(z, "final/"); err != nil {
		return err
	}
	meta, err := jsonBytes(c.Meta())
	if err != nil {
		return err
	}
	if err := z.Add("meta", []int{len(meta)}, meta); err != nil {
		return err
	}
	return z.Close()
}

// arrays are those who write what the plan asked for.
func (c *Collector) arrays() []ArrayWriter {
	var list []ArrayWriter
	if c.plan.States {
		list = append(list, c.states)
	}
	if c.plan.Energy {
		list = append(list, c.energy)
	}
	if c.plan.Best {
		list = append(list, c.best)
	}
	if c.plan.Magnetisation {
		list = append(list, c.magnet)
	}
	if c.plan.Moments {
		list = append(list, c.moments)
	}
	for _, s := range c.scalars {
		list = append(list, s)
	}
	for _, h := range c.counts {
		list = append(list, h)
	}
	for _, r := range c.rows {
		list = append(list, r)
	}
	for _, w := range c.users {
		list = append(list, w)
	}
	for _, w := range c.plan.Extra {
		if a, ok := w.(ArrayWriter); ok {
			list = append(list, a)
		}
	}
	return list
}

// WriteResultFile is WriteResult to a file that is there as a whole or not at all.
func (c *Collector) WriteResultFile(ctx context.Context, path string) error {
	if err := c.finished(); err != nil {
		return err
	}
	return WriteWholeFile(ctx, path, c.WriteResult)
}

// SaveState writes the state at the end of a whole run, to be resumed from.
func (c *Collector) SaveState(ctx context.Context, path string) error {
	if err := c.finished(); err != nil {
		return err
	}
	return saveState(ctx, path, c.view, c.plan.Generator, c.Histograms(), c.observerNumbers())
}
