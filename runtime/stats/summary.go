package stats

import "fmt"

// A Row is what a report says about one quantity.
type Row struct {
	Name string
	Mean Value // over all draws of all chains
	SD   Value // divisor S − 1
	MCSE Value // standard error of Mean
	Q5   Value
	Q50  Value
	Q95  Value

	ESSBulk Value
	ESSTail Value
	RHat    Value // RHatRank

	// Warn is empty or says what the figures do not show: chains that never move,
	// or a quantity that so rarely moves that the figures rest on a few events.
	Warn string
}

// A quantity that changes fewer than fewChanges times in at least manyDraws draws
// is called one that hardly moves.
const (
	fewChanges = 20
	manyDraws  = 100
)

// Summary is the row of a quantity with x[chain][draw].
func Summary(name string, x [][]float64) Row {
	t, reason := newChainTable(x, 1, 1)
	if reason != "" {
		na := noValue(reason)
		return Row{name, na, na, na, na, na, na, na, na, na, ""}
	}
	sorted := sortDraws(t.all)
	row := Row{
		Name: name,
		Mean: finiteValue(drawMean(t.all)),
		SD:   drawSD(t.all),
		Q5:   finiteValue(quantileSorted(sorted, 0.05)),
		Q50:  finiteValue(quantileSorted(sorted, 0.50)),
		Q95:  finiteValue(quantileSorted(sorted, 0.95)),
		Warn: t.warning(),
	}
	if t.draws < 4 {
		na := noValue(NAFewDraws)
		row.MCSE, row.ESSBulk, row.ESSTail, row.RHat = na, na, na, na
		return row
	}
	s := newDrawSpectrum(t.half)
	row.MCSE = t.mcseMean(row.SD, s)
	row.ESSTail = t.essTail(sorted, s)
	if t.draws%2 == 1 { // the ranks are those of the split chains
		sorted = sortDraws(t.split)
	}
	row.ESSBulk = s.ess(normalScores(sorted))
	row.RHat = noValue(NAOneChain)
	if t.chains > 1 {
		row.RHat = t.rhatRank(sorted)
	}
	return row
}

// warning is Row.Warn. A constant needs none: its figures are NA already.
func (t *chainTable) warning() string {
	changes, frozen := 0, 0
	for c := range t.chains {
		row := t.all[c*t.draws : (c+1)*t.draws]
		before := changes
		for i := 1; i < len(row); i++ {
			if row[i] != row[i-1] {
				changes++
			}
		}
		if changes == before {
			frozen++
		}
	}
	switch {
	case t.draws < 4 || drawsEqual(t.all):
		return ""
	case frozen > 0:
		return fmt.Sprintf("%d of %d chains never move", frozen, t.chains)
	case changes < fewChanges && len(t.all) >= manyDraws:
		return fmt.Sprintf("changes only %d times in %d draws", changes, len(t.all))
	}
	return ""
}
