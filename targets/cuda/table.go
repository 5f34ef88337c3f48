package cuda

import (
	"math"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

const (
	maxShared = 96 << 10 // bytes of states in shared memory; every GPU from sm_80 on has so much
	maxWarps  = 8        // of a block

	networkWarps = 4 // with networks, whose calls take more registers

	mostStates = 16 // of a categorical whose fields are kept in registers

	thresholdWords = 4 + 2*256 // struct Thresholds of law.cuh
	headWords      = 2         // struct Exponentials
	betaWords      = 4

	maxSmallFields = 4096

	logisticWords = 2 + 2*256 // struct Noise of noise.cuh
	gumbelWords   = 2 + 2*1024
)

// valueTypes are those of values of so many bytes.
var valueTypes = map[int]string{1: "u8", 2: "u16", 4: "u32"}

// exponentials is the table of categoricals whose largest entry is 2^Top.
type exponentials struct{ Top, At int }

// tops are the kinds of exponentials that updates read, in order.
func tops(p *ir.Program) []int {
	var list []int
	for c := range p.WorstDegrees() {
		if top := ir.ExpBits(c.States); c.Kind == ir.Categorical && !slices.Contains(list, top) {
			list = append(list, top)
		}
	}
	slices.Sort(list)
	return list
}

// expWords is the size of a table of exponentials at a β.
func expWords(beta float64, fraction, top int) int {
	c, end := math.Ldexp(beta, -fraction), float64(float64(top+1)*0.6931471805599453)
	n := 0
	for n < ir.MaxExpShift && math.Ldexp(c, n) < end {
		n++
	}
	r := (n + 1) / 2
	return headWords + 1<<r + 1<<(n-r)
}

// leastBeta is the smallest β of a program, for which its tables are largest.
func leastBeta(p *ir.Program) float64 { return slices.Min(p.AllBetas()) }

// tableLayout places the tables of a β behind the thresholds, which come first but for the β
// that updates in float32 read.
func tableLayout(p *ir.Program) (list []exponentials, words int) {
	if p.Format.Planes > 0 {
		return nil, 2 + smallFields(p)
	}
	if p.Format.Noise {
		return nil, logisticWords + gumbelWords
	}
	words = thresholdWords
	if hasFloats(p) { // the beta itself goes first
		words += betaWords
	}
	for _, top := range tops(p) {
		list = append(list, exponentials{top, words})
		words += (expWords(leastBeta(p), p.Format.Fraction, top) + 3) / 4 * 4
	}
	return list, words
}

// smallFields is how many magnitudes of fields have thresholds in a table where numbers come
// from bit planes: all, as on lattices, or the first ones.
func smallFields(p *ir.Program) int { return int(min(p.LargestField(ir.Spin)+1, maxSmallFields)) }

// exponentialsAt is the place of the table with the largest entry 2^top.
func exponentialsAt(p *ir.Program, top int) int {
	list, _ := tableLayout(p)
	i := slices.IndexFunc(list, func(e exponentials) bool { return e.Top == top })
	return list[i].At
}

// tableKernel makes the kernel that takes any discrete program.
func tableKernel(p *ir.Program) (*Kernels, error) {
	d := newTablePlan(p)
	exps, words := tableLayout(p)
	l := Layout{Kernel: "table", Chains: 32, ValueBytes: 1, TableWords: words, LeastBeta: leastBeta(p)}
	for _, v := range p.Vars {
		if v.Kind == ir.Categorical && v.States > 256 {
			l.ValueBytes = 2
		}
	}
	first := 0 // of the tables of integers
	if hasFloats(p) {
		l.ValueBytes, first = 4, betaWords
	}
	m := moveOf(p)
	if l.Kept = len(d.kept.Start); d.kept.Lost >= 0 {
		l.Lost = p.Nodes + d.kept.Lost
	}
	l.WarmupAt = d.warmupAt
	kept := p.Nodes + l.Kept
	rows, fresh := kept, 0 // new values
	if p.Synchronous {
		fresh = p.Nodes
	}
	if m != nil {
		fresh = max(fresh, m.rows())
	}
	warps := max(1, min(maxWarps, (d.widest()+3)/4))
	if d.networks != nil {
		warps = max(1, min(warps, networkWarps, d.quads())) // idle ones would take registers and rows
		d.networks.At = kept + fresh
		fresh += max(warps*d.networks.Rows, d.networks.EnergyRows)
	}
	rows += fresh
	l.Threads = 32 * warps
	l.Values = rows * 32
	if bytes := l.Values * l.ValueBytes; bytes <= maxShared {
		l.SharedBytes = bytes
	}
	hasSpins, hasCategories, states := false, false, 0
	for c := range p.WorstDegrees() {
		hasSpins = hasSpins || c.Kind == ir.Spin
		if c.Kind == ir.Categorical {
			hasCategories, states = true, max(states, c.States)
		}
	}
	if states > mostStates {
		states = 0 // too many
	}
	singles := d.singles()
	expressions, energies := d.expressions(singles), d.rowEnergies() // and with them networks
	source, err := fill("table.cu", map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Namespace": namespace(p), "Tested": d.weighs(),
		"Nodes": p.Nodes, "Supers": len(p.Sweep), "Slots": p.Slots(), "Rounds": p.Rounds, "Synchronous": p.Synchronous, "Kept": d.kept, "KeptRows": l.Kept, "Fresh": fresh, "Move": m,
		"Singles": singles, "Single": m == nil || hasSpins || hasCategories || singles.Any(), "Steps": singles.Steps, "Ranges": hasRanges(p), "NumberHead": numberHead, "WarmupAt": d.warmupAt, "KeptAt": d.keptAt, "MassesAt": d.massesAt, "EnergyAt": d.energyAt, "RowEnergies": energies, "Networks": d.networks,
		"Fraction": p.Format.Fraction, "ThresholdBits": p.Format.ThresholdBits, "Segments": p.Format.Segments, "Warps": warps,
		"SupersAt": d.supersAt, "SlotsAt": d.slotsAt, "UpdatesAt": d.updatesAt, "WeightsAt": d.weightsAt, "StartsAt": d.startsAt, "GivenAt": d.givenAt,
		"Sum": sumType(p), "Value": valueTypes[l.ValueBytes], "ValueBytes": l.ValueBytes,
		"Exponentials": exps, "HasSpins": hasSpins, "MostStates": states,
		"HasCategories": hasCategories, "Noise": p.Format.Noise, "LowBits": p.Format.LowBits, "FirstAt": first, "GumbelAt": logisticWords, "Floats": hasFloats(p), "NormalsAt": d.normalsAt, "FloatsAt": d.floatsAt, "Dense": len(d.column), "MatrixAt": d.matrixAt, "Expressions": expressions, "FloatSpin": uint32(floatSpin), "FloatNumber": uint32(floatNumber), "FloatSlice": uint32(floatSlice), "FloatMALA": uint32(floatMALA),
		"Planes": p.Format.Planes, "SmallFields": smallFields(p), "TableWords": words, "LeastBeta": float(l.LeastBeta),
		"InShared": l.SharedBytes > 0, "SharedBytes": l.SharedBytes,
	})
	k := &Kernels{Source: source, Words: &d.words, Layout: l}
	if p.Format.Group <= 1 && !hasFloats(p) {
		k.weightsAt = d.weightsAt
	}
	return k, err
}

// hasRanges says whether a continuous variable has a range.
func hasRanges(p *ir.Program) bool {
	return slices.ContainsFunc(p.Vars, func(v ir.Var) bool { return v.Kind == ir.Continuous && v.Range != nil })
}

// sumType is that of fields, which holds every partial sum, as the generator has proved.
func sumType(p *ir.Program) string { return map[int]string{32: "i32", 64: "i64"}[p.Format.Accum] }

// float is a number in C++ that reads back to the same bits.
func float(x float64) string { return strconv.FormatFloat(x, 'e', -1, 64) }
