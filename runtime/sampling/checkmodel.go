package sampling

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// checkShape refuses a model whose indices, kinds and lengths do not fit each
// other, so that the engine need not check them again.
func (m *Model) checkShape() error {
	if err := m.checkVars(); err != nil {
		return err
	}
	for i := range m.Factors {
		if err := m.checkFactor(&m.Factors[i]); err != nil {
			return fmt.Errorf("factor %s: %w", m.Factors[i].Name, err)
		}
	}
	for i := range m.Codes {
		if err := m.checkCode(&m.Codes[i]); err != nil {
			return fmt.Errorf("factor %s: %w", m.Codes[i].Name, err)
		}
	}
	owned := map[int]bool{}
	for i := range m.Formulas {
		if err := m.checkFormula(&m.Formulas[i], owned); err != nil {
			return fmt.Errorf("formula %s: %w", m.Formulas[i].Name, err)
		}
	}
	if err := m.checkSweep(); err != nil {
		return err
	}
	for i, c := range m.Clamps {
		if err := m.checkClamp(c); err != nil {
			return fmt.Errorf("clamp %d: %w", i, err)
		}
	}
	return m.checkInit()
}

func (m *Model) checkVars() error {
	first := 0
	for _, v := range m.Vars {
		size := 1
		for _, n := range v.Shape {
			if n < 1 || size > math.MaxInt32/n {
				return fmt.Errorf("variable %s: shape %v", v.Name, v.Shape)
			}
			size *= n
		}
		switch {
		case v.First != first || v.Count != size || first > math.MaxInt32-size:
			return fmt.Errorf("variable %s: %d nodes from %d on", v.Name, v.Count, v.First)
		case v.Kind == Spin && v.States != 2, v.Kind == Categorical && (v.States < 2 || v.States > 65536), v.Kind == Continuous && v.States != 0:
			return fmt.Errorf("variable %s: %d states", v.Name, v.States)
		case len(v.Range) != 0 && (v.Kind != Continuous || len(v.Range) != 2 || !(v.Range[0] < v.Range[1])):
			return fmt.Errorf("variable %s: range %v", v.Name, v.Range)
		}
		first += size
	}
	if m.Nodes != first {
		return fmt.Errorf("%d nodes, but variables of %d", m.Nodes, first)
	}
	return nil
}

// holds reports whether a node is of a kind (and, for categoricals, of a number
// of states).
func (m *Model) holds(node int32, k Kind, states int) bool {
	if node < 0 || int(node) >= m.Nodes {
		return false
	}
	v := m.varOf(int(node))
	return v.Kind == k && (k != Categorical || v.States == states)
}

func (m *Model) checkFactor(f *Factor) error {
	if len(f.Slots) > 255 {
		return fmt.Errorf("%d slots", len(f.Slots))
	}
	axes, size := 0, 1
	for _, s := range f.Slots {
		if s.Kind == Continuous != (s.Power == 1 || s.Power == 2) || s.Kind != Continuous && s.Power != 0 {
			return fmt.Errorf("a slot with the power %d", s.Power)
		}
		if s.Kind != Categorical {
			continue
		}
		if axes >= len(f.Table) || f.Table[axes] != s.States || s.States < 2 || size > math.MaxInt32/s.States {
			return fmt.Errorf("table %v does not fit its slots", f.Table)
		}
		size *= s.States
		axes++
	}
	rows := f.Rows
	if f.Shared {
		rows = 1
	}
	switch {
	case axes != len(f.Table):
		return fmt.Errorf("table %v does not fit its slots", f.Table)
	case f.Rows < 0 || !validRows(len(f.Index), f.Rows, len(f.Slots)) && f.Rows+len(f.Index) > 0 && len(f.Slots) > 0 || len(f.Slots) == 0 && len(f.Index) > 0:
		return fmt.Errorf("%d indices for %d rows", len(f.Index), f.Rows)
	case len(f.Weights)%size != 0 || len(f.Weights)/size != rows:
		return fmt.Errorf("%d weights for %d tables of %d", len(f.Weights), rows, size)
	}
	sorted := make([]int32, len(f.Slots))
	for at := 0; at < len(f.Index) && len(f.Slots) > 0; at += len(f.Slots) {
		for i, s := range f.Slots {
			n := f.Index[at+i]
			if !m.holds(n, s.Kind, s.States) {
				return fmt.Errorf("node %d in row %d", n, at/len(f.Slots))
			}
			sorted[i] = n
		}
		sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
		for i := 1; i < len(sorted); i++ {
			if sorted[i] == sorted[i-1] {
				return fmt.Errorf("node %d twice in row %d", sorted[i], at/len(f.Slots))
			}
		}
	}
	return nil
}

func (m *Model) checkCode(c *CodeFactor) error {
	n := len(c.Slots)
	if n == 0 || n > 255 || c.Rows < 0 || !validRows(len(c.Index), c.Rows, n) || len(c.Index) == 0 || len(c.Parts) != n || c.Directed != (len(c.Energy) == 0) {
		return fmt.Errorf("%d slots, %d parts and %d indices for %d rows", n, len(c.Parts), len(c.Index), c.Rows)
	}
	check := func(ops []CodeOp) error {
		if ops == nil {
			return nil
		}
		return (&Code{Ops: ops, Params: c.Params, Net: c.Net}).Check(n, c.Rows)
	}
	if err := check(c.Energy); err != nil {
		return err
	}
	for j, p := range c.Parts {
		for _, ops := range [][]CodeOp{p.Field, p.Energy, p.Slope, p.Linear, p.Square} {
			if err := check(ops); err != nil {
				return err
			}
		}
		if (c.Slots[j].Kind != Continuous && j < c.heads()) != (p.Field != nil) || (p.Energy == nil) != (p.Slope == nil) || p.Linear == nil && p.Square != nil {
			return fmt.Errorf("slot %d lacks code, or has too much", j)
		}
	}
	for at, node := range c.Index {
		s := c.Slots[at%n]
		if !m.holds(node, s.Kind, s.States) || !c.Directed && slices.Contains(c.Index[at-at%n:at], node) {
			return fmt.Errorf("node %d in row %d", node, at/n)
		}
	}
	return nil
}

func (m *Model) checkSweep() error {
	seen, float := map[int32]bool{}, m.floatNodes()
	next := 0
	for i, super := range m.Sweep {
		if len(super) == 0 {
			return fmt.Errorf("superblock %d is empty", i)
		}
		for _, b := range super {
			if b.Joint != nil && (len(super) > 1 || m.Synchronous) {
				return fmt.Errorf("superblock %d: a joint move is a superblock by itself", i)
			}
			if b.First != next || len(b.Nodes) == 0 || next > math.MaxInt32-len(b.Nodes)-16 {
				return fmt.Errorf("superblock %d: %d nodes from slot %d on", i, len(b.Nodes), b.First)
			}
			if b.Numbers < 0 || b.Numbers > MaxNumbers {
				return fmt.Errorf("superblock %d: %d numbers a node", i, b.Numbers)
			}
			if !b.knownSampler() || b.Sampler != "" && !isCode(b.Sampler) && b.Kind != Continuous {
				return fmt.Errorf("superblock %d: sampler %q", i, b.Sampler)
			}
			next += (len(b.Nodes) + 15) / 16 * 16
			for _, n := range b.Nodes {
				if !m.holds(n, b.Kind, b.States) || seen[n] || float[n] != b.Float {
					return fmt.Errorf("superblock %d: node %d", i, n)
				}
				seen[n] = true
			}
		}
	}
	return m.checkCodeFor()
}

// knownSampler reports whether the engine has the block's sampler.
func (b *Block) knownSampler() bool {
	if j := b.Joint; j != nil {
		return j.Fits(b.Sampler, len(b.Nodes))
	}
	return samplerNamed(b.Sampler) >= 0
}

// checkCodeFor refuses nodes whose sampler lacks code.
func (m *Model) checkCodeFor() error {
	if len(m.Codes) == 0 {
		return nil
	}
	clamped, sampler := map[int32]bool{}, map[int32]string{}
	for _, c := range m.Clamps {
		for _, n := range c.Nodes {
			clamped[n] = true
		}
	}
	for _, super := range m.Sweep {
		for _, b := range super {
			for _, n := range b.Nodes {
				sampler[n] = b.Sampler
			}
		}
	}
	for i := range m.Codes {
		c := &m.Codes[i]
		for at, n := range c.Index {
			j := at % len(c.Slots)
			name, drawn := sampler[n]
			if j >= c.heads() || c.Slots[j].Kind != Continuous || !drawn || clamped[n] {
				continue
			}
			if p := &c.Parts[j]; name == "" && p.Linear == nil || name != "" && p.Energy == nil {
				return fmt.Errorf("factor %s has no code for the sampler of node %d", c.Name, n)
			}
		}
	}
	return nil
}

func (m *Model) checkClamp(c Clamp) error {
	if !validRows(len(c.Values), c.Chains, len(c.Nodes)) {
		return fmt.Errorf("%d values for %d nodes", len(c.Values), len(c.Nodes))
	}
	vars := make([]*Var, len(c.Nodes))
	for i, n := range c.Nodes {
		if n < 0 || int(n) >= m.Nodes {
			return fmt.Errorf("node %d", n)
		}
		vars[i] = m.varOf(int(n))
	}
	for i, v := range c.Values {
		if k := i % len(c.Nodes); !vars[k].takes(v) {
			return fmt.Errorf("%s cannot be %d", m.NodeName(int(c.Nodes[k])), v)
		}
	}
	return nil
}

func (m *Model) checkInit() error {
	if len(m.Init) > len(m.Vars) {
		return fmt.Errorf("%d starts for %d variables", len(m.Init), len(m.Vars))
	}
	for i, in := range m.Init {
		v := &m.Vars[i]
		if in.Kind != InitValues {
			continue
		}
		if !validRows(len(in.Values), in.Chains, v.Count) {
			return fmt.Errorf("start of %s: %d values", v.Name, len(in.Values))
		}
		for _, x := range in.Values {
			if !v.takes(x) {
				return fmt.Errorf("start of %s: %d", v.Name, x)
			}
		}
	}
	return nil
}

// validRows reports whether n values are one row of width, or chains rows.
func validRows(n, chains, width int) bool {
	if chains == 0 {
		return n == width
	}
	return chains > 0 && width > 0 && n%width == 0 && n/width == chains
}

// takes reports whether a node of the variable may have a value.
func (v *Var) takes(x int32) bool {
	switch v.Kind {
	case Spin:
		return x == 1 || x == -1
	case Continuous:
		f := float64(BitsFloat(x))
		if v.Range != nil {
			return v.Range[0] <= f && f <= v.Range[1]
		}
		return math.Abs(f) <= math.MaxFloat32
	}
	return x >= 0 && int(x) < v.States
}
