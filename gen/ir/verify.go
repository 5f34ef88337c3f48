package ir

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Stage says how much of a Program is there while passes build it.
type Stage int

const (
	Structure Stage = iota // variables, factors, clamps, starts, schedule
	Swept                  // and the sweep
	Quantised              // and the number format with the integer weights
	Complete               // and everything else
)

// Verify checks every invariant of a program. All faults it finds are in the
// error, up to a few of a kind.
func Verify(p *Program) error { return VerifyStage(p, Complete) }

// VerifyStage checks what a program that has reached a stage must hold.
func VerifyStage(p *Program, s Stage) error {
	v := &verifier{p: p}
	v.names()
	v.vars()
	if len(v.errs) > 0 {
		return errors.Join(v.errs...) // the rest indexes by node
	}
	v.factors()
	v.formulas()
	v.clamps()
	v.init()
	v.schedule()
	v.goCode()
	if len(v.errs) == 0 && s >= Swept {
		v.sweep()
	}
	if len(v.errs) == 0 && s >= Quantised {
		v.format()
		v.ints()
	}
	if len(v.errs) == 0 && s >= Complete {
		v.sums()
		v.bound()
		v.precision()
		v.hardware()
	}
	return errors.Join(v.errs...)
}

type verifier struct {
	p    *Program
	errs []error

	kind    []Kind // by node
	ranges  map[int32][]float64
	states  []int32
	clamped []bool
}

const maxFaults = 20

func (v *verifier) fault(format string, args ...any) {
	if len(v.errs) < maxFaults {
		v.errs = append(v.errs, fmt.Errorf(format, args...))
	}
}

// isName reports whether s is [a-z][a-z0-9_]*, or several of these joined by dots.
func isName(s string) bool {
	start := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z':
			start = false
		case !start && (c >= '0' && c <= '9' || c == '_'):
		case !start && c == '.':
			start = true
		default:
			return false
		}
	}
	return !start
}

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func (v *verifier) names() {
	p := v.p
	if !isName(p.Model) {
		v.fault("model: bad name %q", p.Model)
	}
	if !isHex(p.Hash) {
		v.fault("hash %q is not lower-case hex", p.Hash)
	}
	if p.BetaParam != "" && !isName(p.BetaParam) {
		v.fault("beta: bad parameter name %q", p.BetaParam)
	}
	seen := map[string]bool{}
	for i := range p.Vars {
		if n := p.Vars[i].Name; !isName(n) || seen[n] {
			v.fault("variable %d: name %q is bad or taken", i, n)
		} else {
			seen[n] = true
		}
	}
	clear(seen)
	for i := range p.Factors {
		if n := p.Factors[i].Name; !isName(n) || seen[n] {
			v.fault("factor %d: name %q is bad or taken", i, n)
		} else {
			seen[n] = true
		}
	}
	for i := range p.Codes {
		if n := p.Codes[i].Name; !isName(n) || seen[n] {
			v.fault("code factor %d: name %q is bad or taken", i, n)
		} else {
			seen[n] = true
		}
	}
}

// MaxNodes is the largest number of nodes of a program.
const MaxNodes = 1 << 26

func checkStates(k Kind, states int) bool {
	return k == Spin && states == 2 || k == Categorical && states >= 2 && states <= 65536 || k == Continuous && states == 0
}

func (v *verifier) vars() {
	next := 0
	for i := range v.p.Vars {
		x := &v.p.Vars[i]
		if !checkStates(x.Kind, x.States) {
			v.fault("variable %s: kind %d with %d states", x.Name, x.Kind, x.States)
		}
		if n := len(x.Range); n != 0 && (x.Kind != Continuous || n != 2 || !finite(x.Range[0]) || !finite(x.Range[1]) || x.Range[0] >= x.Range[1]) {
			v.fault("variable %s: range %v", x.Name, x.Range)
		}
		size := 1
		for _, d := range x.Shape {
			if d < 1 || size > math.MaxInt32/d {
				v.fault("variable %s: shape %v", x.Name, x.Shape)
				return
			}
			size *= d
		}
		if x.Count != size {
			v.fault("variable %s: %d nodes for shape %v", x.Name, x.Count, x.Shape)
			return
		}
		if x.First != next {
			v.fault("variable %s: first node is %d, not %d", x.Name, x.First, next)
		}
		next += x.Count
		if next > MaxNodes {
			v.fault("more than %d nodes", MaxNodes)
			return
		}
	}
	if v.p.Nodes != next {
		v.fault("%d nodes, but the variables have %d", v.p.Nodes, next)
		return
	}
	v.kind = make([]Kind, next)
	v.states = make([]int32, next)
	v.ranges = map[int32][]float64{}
	for i := range v.p.Vars {
		x := &v.p.Vars[i]
		for n := x.First; n < x.First+x.Count; n++ {
			v.kind[n], v.states[n] = x.Kind, int32(x.States)
			if x.Range != nil {
				v.ranges[int32(n)] = x.Range
			}
		}
	}
}

func (v *verifier) isNode(n int32) bool { return n >= 0 && int(n) < v.p.Nodes }

func (v *verifier) factors() {
	for i := range v.p.Factors {
		v.factor(&v.p.Factors[i])
	}
	for i := range v.p.Codes {
		v.code(&v.p.Codes[i])
	}
}

func (v *verifier) factor(f *Factor) {
	if f.Rows < 0 || len(f.Index) != f.Rows*len(f.Slots) {
		v.fault("factor %s: %d node indices for %d rows of %d slots", f.Name, len(f.Index), f.Rows, len(f.Slots))
		return
	}
	var table []int
	for i, s := range f.Slots {
		if !checkStates(s.Kind, s.States) {
			v.fault("factor %s: slot %d has kind %d with %d states", f.Name, i, s.Kind, s.States)
			return
		}
		if s.Power != 0 && (s.Kind != Continuous || s.Power > 2) || s.Kind == Continuous && s.Power < 1 {
			v.fault("factor %s: slot %d has the power %d", f.Name, i, s.Power)
		}
		if s.Kind == Categorical {
			table = append(table, s.States)
		}
	}
	if !slices.Equal(table, f.Table) {
		v.fault("factor %s: table %v, but its categorical slots have %v", f.Name, f.Table, table)
		return
	}
	size := 1
	for _, k := range table {
		if size > math.MaxInt32/k {
			v.fault("factor %s: a table of more than 2^31 weights", f.Name)
			return
		}
		size *= k
	}
	rows := f.Rows
	if f.Shared {
		rows = 1
	}
	if len(f.Weights) != rows*size {
		v.fault("factor %s: %d weights, not %d × %d", f.Name, len(f.Weights), rows, size)
	}
	for i, w := range f.Weights {
		if !finite(w) {
			v.fault("factor %s: weight %d is not finite", f.Name, i)
		}
	}
	n := len(f.Slots)
	for r := 0; r < f.Rows; r++ {
		row := f.Index[r*n : (r+1)*n]
		for j, node := range row {
			if !v.isNode(node) {
				v.fault("factor %s, row %d: no node %d", f.Name, r, node)
				continue
			}
			if v.kind[node] != f.Slots[j].Kind || int(v.states[node]) != f.Slots[j].States {
				v.fault("factor %s, row %d: node %d does not suit slot %d", f.Name, r, node, j)
			}
			if slices.Contains(row[:j], node) {
				v.fault("factor %s, row %d: node %d twice", f.Name, r, node)
			}
		}
	}
}

// value reports whether a node can take x.
func (v *verifier) value(node int32, x int32) bool {
	switch v.kind[node] {
	case Spin:
		return x == 1 || x == -1
	case Continuous:
		return v.number(node, math.Float32frombits(uint32(x)))
	}
	return x >= 0 && x < v.states[node]
}

// number reports whether a continuous node can take x.
func (v *verifier) number(node int32, x float32) bool {
	if r := v.ranges[node]; r != nil {
		return r[0] <= float64(x) && float64(x) <= r[1]
	}
	return finite(float64(x))
}

// values checks a [chains ×] nodes array.
func (v *verifier) values(what string, chains int, nodes []int32, values []int32) {
	if chains != 0 && chains != v.p.Sample.Chains {
		v.fault("%s: values for %d chains of %d", what, chains, v.p.Sample.Chains)
	}
	if len(values) != max(1, chains)*len(nodes) {
		v.fault("%s: %d values for %d nodes and %d chains", what, len(values), len(nodes), chains)
		return
	}
	for i, x := range values {
		if node := nodes[i%len(nodes)]; !v.value(node, x) {
			v.fault("%s: node %d cannot be %d", what, node, x)
		}
	}
}

func (v *verifier) clamps() {
	v.clamped = make([]bool, v.p.Nodes)
	for i := range v.p.Clamps {
		c := &v.p.Clamps[i]
		bad := false
		for _, node := range c.Nodes {
			if !v.isNode(node) || v.clamped[node] {
				v.fault("clamp %d: node %d is absent or clamped before", i, node)
				bad = true
				continue
			}
			v.clamped[node] = true
		}
		if !bad {
			v.values(fmt.Sprintf("clamp %d", i), c.Chains, c.Nodes, c.Values)
		}
	}
}

func (v *verifier) init() {
	p := v.p
	if len(p.Init) != len(p.Vars) {
		v.fault("%d starts for %d variables", len(p.Init), len(p.Vars))
		return
	}
	for i := range p.Init {
		in, x := &p.Init[i], &p.Vars[i]
		switch {
		case in.Kind > InitCode, (in.Kind == InitCode) != (in.Code != ""), in.Code != "" && !IsGoCode(in.Code), in.Kind == InitNormal && x.Kind != Continuous, in.Kind == InitHinton && x.Kind == Continuous:
			v.fault("start of %s: kind %d", x.Name, in.Kind)
		case in.Kind != InitNormal && (in.Mean != 0 || in.SD != 0), !finite(in.Mean) || !finite(in.SD) || in.SD < 0:
			v.fault("start of %s: mean %v and sd %v", x.Name, in.Mean, in.SD)
		case in.Kind == InitZeros && x.Range != nil && (x.Range[0] > 0 || x.Range[1] < 0):
			v.fault("start of %s: 0 is outside its range", x.Name)
		}
		if in.Kind != InitValues {
			if in.Chains != 0 || len(in.Values) != 0 {
				v.fault("start of %s: values that are not used", x.Name)
			}
			continue
		}
		nodes := make([]int32, x.Count)
		for j := range nodes {
			nodes[j] = int32(x.First + j)
		}
		v.values("start of "+x.Name, in.Chains, nodes, in.Values)
	}
}

func (v *verifier) schedule() {
	p := v.p
	s := p.Sample
	if s.Chains < 1 || s.Warmup < 0 || s.Samples < 1 || s.StepsPerSample < 1 {
		v.fault("sample: %+v", s)
	}
	if p.Rounds != 10 && p.Rounds != 7 && p.Rounds != 5 {
		v.fault("random words of %d rounds", p.Rounds)
	}
	for _, b := range p.AllBetas() {
		if !finite(b) || b < 0 {
			v.fault("beta %v", b)
		}
	}
	if n := len(p.Betas); n > 0 {
		if n != s.Warmup {
			v.fault("%d betas for %d warm-up sweeps", n, s.Warmup)
		}
		if p.Betas[n-1] != p.Beta {
			v.fault("beta is %v, but the last of betas %v", p.Beta, p.Betas[n-1])
		}
	}
}

func (v *verifier) sweep() {
	p := v.p
	at := make([]int32, p.Nodes) // 1 + superblock of each node
	float := p.FloatNodes()
	next := 0
	for i, sb := range p.Sweep {
		if len(sb) == 0 {
			v.fault("superblock %d is empty", i)
		}
		for j, b := range sb {
			if len(b.Nodes) == 0 {
				v.fault("superblock %d, block %d is empty", i, j)
			}
			if !checkStates(b.Kind, b.States) {
				v.fault("superblock %d, block %d: kind %d with %d states", i, j, b.Kind, b.States)
			}
			known := Samplers
			if b.Joint != nil {
				known = JointSamplers
				v.joint(i, &b)
			}
			code := IsGoCode(b.Sampler) && b.Joint == nil
			if (b.Sampler != "" || b.Joint != nil) && !code && (b.Kind != Continuous || !slices.Contains(known, b.Sampler)) ||
				b.Numbers < 0 || b.Numbers > sampling.MaxNumbers || b.Numbers > 0 && !code {
				v.fault("superblock %d, block %d: sampler %q with %d numbers", i, j, b.Sampler, b.Numbers)
			}
			if b.First != next {
				v.fault("superblock %d, block %d: first slot is %d, not %d", i, j, b.First, next)
			}
			next = b.First + (len(b.Nodes)+15)/16*16
			for _, node := range b.Nodes {
				switch {
				case !v.isNode(node):
					v.fault("superblock %d, block %d: no node %d", i, j, node)
				case at[node] != 0:
					v.fault("node %d is in two blocks", node)
				case v.kind[node] != b.Kind || int(v.states[node]) != b.States || float[node] != b.Float:
					v.fault("superblock %d, block %d: node %d is of another kind", i, j, node)
				default:
					at[node] = int32(i + 1)
				}
			}
		}
	}
	for node, s := range at {
		if s == 0 && !v.clamped[node] {
			v.fault("free node %d is in no block", node)
		}
	}
	v.codeFor()
	if p.Synchronous {
		return
	}
	for _, sb := range p.Sweep {
		for _, b := range sb {
			for _, n := range b.Nodes {
				if b.Joint != nil && v.isNode(n) {
					at[n] = 0
				}
			}
		}
	}
	v.neighbours(at)
}

// joint refuses a joint move that is not the last superblock by itself.
func (v *verifier) joint(super int, b *Block) {
	j := b.Joint
	if super != len(v.p.Sweep)-1 || len(v.p.Sweep[super]) != 1 || v.p.Synchronous {
		v.fault("superblock %d: a joint move is the last superblock by itself", super)
	}
	if !j.Fits(b.Sampler, len(b.Nodes)) {
		v.fault("superblock %d: joint move %+v", super, *j)
	}
	for _, n := range b.Nodes {
		if v.isNode(n) && v.ranges[n] != nil {
			v.fault("node %d has a range and moves with others", n)
		}
	}
}

// neighbours refuses two free nodes of one row in one superblock. (A clamped
// node keeps its place in its block and is harmless there.)
func (v *verifier) neighbours(at []int32) {
	refuse := func(name string, heads, n int, index []int32) {
		for r := 0; r*n < len(index); r++ {
			row := index[r*n : (r+1)*n]
			for j, a := range row {
				for _, b := range row[:min(j, heads)] {
					if at[a] != 0 && at[a] == at[b] && a != b && !v.clamped[a] && !v.clamped[b] {
						v.fault("factor %s, row %d: neighbours %d and %d in superblock %d", name, r, b, a, at[a]-1)
					}
				}
			}
		}
	}
	for i := range v.p.Factors {
		f := &v.p.Factors[i]
		refuse(f.Name, len(f.Slots), len(f.Slots), f.Index)
	}
	for i := range v.p.Codes {
		c := &v.p.Codes[i]
		refuse(c.Name, c.heads(), len(c.Slots), c.Index)
	}
}

// The range of Format.Fraction.
const (
	MinFraction = -32
	MaxFraction = 48
)

func (v *verifier) format() {
	f := &v.p.Format
	if !slices.Contains([]string{"default", "fast", "hardware", "custom"}, f.Profile) {
		v.fault("format: profile %q", f.Profile)
	}
	if f.Fraction < MinFraction || f.Fraction > MaxFraction {
		v.fault("format: fraction %d", f.Fraction)
	}
	if f.Group > 1 && (f.Noise || v.p.Stream.Generator != "") {
		v.fault("format: groups of %d with the rules of hardware", f.Group)
	}
	if f.Group < 0 || f.Group > MaxGroup {
		v.fault("format: groups of %d", f.Group)
	}
	if f.Segments != 128 && f.Segments != 256 {
		v.fault("format: %d segments", f.Segments)
	}
	switch {
	case f.Planes != 0:
		v.planes()
	case f.ThresholdBits != 32 && (f.ThresholdBits < 1 || f.ThresholdBits > 16):
		v.fault("format: threshold_bits %d", f.ThresholdBits)
	}
	if f.Digit != 0 {
		v.digit()
	}
	if f.WeightBits != 0 && (f.WeightBits < 2 || f.WeightBits > 63) {
		v.fault("format: weight_bits %d", f.WeightBits)
	}
	if !finite(f.Budget) || f.Budget < 0 {
		v.fault("format: budget %v", f.Budget)
	}
	runtime := slices.ContainsFunc(v.p.Factors, func(f Factor) bool { return f.Runtime })
	if !finite(f.Range) || f.Range < 0 || runtime != (f.Range > 0) {
		v.fault("format: range %v", f.Range)
	}
}

// WeightLimit is the largest |integer| of a signed weight of so many bits
// (symmetric, so that a product with a spin stays inside), 2^62 for bits = 0.
func WeightLimit(bits int) float64 {
	if bits == 0 {
		return 1 << 62
	}
	return math.Ldexp(1, bits-1) - 1
}

func (v *verifier) ints() {
	format := &v.p.Format
	limit := WeightLimit(format.WeightBits)
	if w := math.RoundToEven(math.Ldexp(format.Range, format.Fraction)); w > limit {
		v.fault("format: range %v does not fit %d bits", format.Range, format.WeightBits)
	}
	for i := range v.p.Factors {
		f := &v.p.Factors[i]
		if !f.Integer() {
			if f.Ints != nil {
				v.fault("factor %s: integers that are not used", f.Name)
			}
			continue
		}
		if len(f.Ints) != len(f.Weights) {
			v.fault("factor %s: %d integers for %d weights", f.Name, len(f.Ints), len(f.Weights))
			continue
		}
		for j, w := range f.Weights {
			q := math.RoundToEven(math.Ldexp(w, format.Fraction))
			if math.Abs(q) > limit {
				v.fault("factor %s: weight %d = %v does not fit %d bits", f.Name, j, w, format.WeightBits)
			} else if int64(q) != f.Ints[j] {
				v.fault("factor %s: weight %d = %v is %v units of 2^-%d, not %d", f.Name, j, w, q, format.Fraction, f.Ints[j])
			}
			if f.Runtime && math.Abs(w) > format.Range {
				v.fault("factor %s: weight %d = %v is outside range %v", f.Name, j, w, format.Range)
			}
		}
	}
}

// AccumFor is the number of bits that sums up to headroom need, 0 where 64 are
// too few.
func AccumFor(headroom float64) int {
	switch {
	case headroom < 1<<31:
		return 32
	case headroom < 1<<62:
		return 64
	}
	return 0
}

func (v *verifier) sums() {
	p := v.p
	largest := p.Headroom()
	need := AccumFor(largest)
	if a := p.Format.Accum; a != 32 && a != 64 || need == 0 || a < need {
		v.fault("format: sums reach %v, which %d bits do not hold", largest, a)
	}
	if err := p.ReachOfTables(p.AllBetas()); err != nil {
		v.errs = append(v.errs, err)
	}
}

// ReachOfTables refuses a program whose categorical fields can differ by more
// than the tables of exponentials hold at one of the βs.
func (p *Program) ReachOfTables(betas []float64) error {
	reach := 2 * p.LargestField(Categorical)
	if p.Format.Noise || reach < 1<<MaxExpShift {
		return nil
	}
	for c := range p.WorstDegrees() {
		if c.Kind != Categorical {
			continue
		}
		for _, beta := range betas {
			if math.Ldexp(beta, MaxExpShift-p.Format.Fraction) < ExpLimit(c.States) {
				return fmt.Errorf("format: with fraction %d and beta %v, fields of categoricals may differ by %v units, and tables end at 2^%d", p.Format.Fraction, beta, reach, MaxExpShift)
			}
		}
	}
	return nil
}

// precision refuses continuous nodes in blocks whose conditionals are not
// Gaussian, and β = 0 where one has no range.
func (v *verifier) precision() {
	p := v.p
	low := p.LowestPrecision()
	for _, sb := range p.Sweep {
		for _, b := range sb {
			if b.Kind != Continuous {
				continue
			}
			for _, n := range b.Nodes {
				if b.Sampler == "" && !(low[n] > 0) && !v.clamped[n] {
					v.fault("node %d: the coefficient of its square can be %v", n, low[n])
				}
			}
			for _, beta := range p.AllBetas() {
				if beta == 0 {
					v.fault("beta 0 and continuous nodes")
				}
			}
		}
	}
}

func (v *verifier) bound() {
	p := v.p
	b := ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
	if b != p.Format.Bound {
		v.fault("format: bound is %v, not %v", b, p.Format.Bound)
	}
	if p.Format.Budget > 0 && b > p.Format.Budget {
		v.fault("format: bound %v is above the budget %v", b, p.Format.Budget)
	}
}
