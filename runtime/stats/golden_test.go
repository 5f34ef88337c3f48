package stats

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
)

// loadChains reads testdata/chains.npz: uncompressed '<f8' arrays (chain, draw)
// in C order.
func loadChains(t testing.TB) map[string][][]float64 {
	t.Helper()
	archive, err := zip.OpenReader("testdata/chains.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	out := map[string][][]float64{}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		start := 10 + int(binary.LittleEndian.Uint16(raw[8:]))
		header := string(raw[10:start])
		var chains, draws int
		shape := header[strings.Index(header, "'shape':"):]
		if _, err := fmt.Sscanf(shape, "'shape': (%d, %d)", &chains, &draws); err != nil {
			t.Fatalf("%s: %v in %q", file.Name, err, header)
		}
		x := make([][]float64, chains)
		for c := range x {
			x[c] = make([]float64, draws)
			for i := range x[c] {
				x[c][i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[start+8*(c*draws+i):]))
			}
		}
		out[strings.TrimSuffix(file.Name, ".npy")] = x
	}
	return out
}

// The figures of testdata/expected.json come from ArviZ 0.23.4; null is a figure
// that is undefined or infinite.
func TestGolden(t *testing.T) {
	raw, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Expected map[string]map[string]any }
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	columns := map[string]func([][]float64) Value{
		"rhat_rank": RHatRank, "rhat_split": RHatSplit, "rhat_folded": RHatFolded,
		"rhat_z_scale": RHatZScale, "rhat_identity": RHatIdentity,
		"ess_bulk": ESSBulk, "ess_z_scale": ESSBulk, "ess_tail": ESSTail, "ess_mean": ESSMean,
		"ess_sd": ESSSD, "ess_median": ESSMedian, "ess_mad": ESSMAD, "ess_folded": ESSFolded,
		"ess_identity":      ESSIdentity,
		"ess_quantile_0.05": func(x [][]float64) Value { return ESSQuantile(x, 0.05) },
		"ess_quantile_0.95": func(x [][]float64) Value { return ESSQuantile(x, 0.95) },
		"mcse_mean":         MCSEMean, "mcse_sd": MCSESD, "mcse_median": MCSEMedian,
		"mcse_quantile_0.05": func(x [][]float64) Value { return MCSEQuantile(x, 0.05) },
		"mcse_quantile_0.95": func(x [][]float64) Value { return MCSEQuantile(x, 0.95) },
		"mean":               Mean, "sd_ddof1": SD,
	}
	all := loadChains(t)
	if len(all) != len(golden.Expected) || len(all) == 0 {
		t.Fatalf("%d arrays, %d expectations", len(all), len(golden.Expected))
	}
	for name, want := range golden.Expected {
		x, ok := all[name]
		if !ok {
			t.Errorf("no array %s", name)
			continue
		}
		for column, w := range want {
			at := name + " " + column
			if name == "constant_but_different" && column == "rhat_folded" {
				// 6.5e15 there: rounding in a within-chain variance that is 0.
				if got := RHatFolded(x); got.NA != NAStuck || !math.IsInf(got.V, 1) {
					t.Errorf("%s: %+v", at, got)
				}
				continue
			}
			switch column {
			case "shape":
			case "quantiles_5_25_50_75_95":
				for i, q := range Quantiles(x, 0.05, 0.25, 0.5, 0.75, 0.95) {
					compare(t, fmt.Sprint(at, " ", i), q, w.([]any)[i], 1e-12)
				}
			case "autocov_chain0_lag0to10":
				acov := Autocov(x[0])[:11]
				for i, a := range acov {
					if d := math.Abs(a - w.([]any)[i].(float64)); !(d <= 1e-12*acov[0]) {
						t.Errorf("%s: lag %d: %v, want %v", at, i, a, w.([]any)[i])
					}
				}
			default:
				figure, ok := columns[column]
				if !ok {
					t.Errorf("no function for column %s", column)
					continue
				}
				tolerance := 1e-9
				if strings.HasPrefix(column, "ess") {
					tolerance = 1e-6
				}
				compare(t, at, figure(x), w, tolerance)
			}
		}
	}
}

// compare expects want, or, where that is null, a Value that says why.
func compare(t *testing.T, at string, got Value, want any, tolerance float64) {
	t.Helper()
	if want == nil {
		if got.OK() || !(math.IsNaN(got.V) || math.IsInf(got.V, 1)) {
			t.Errorf("%s: %+v, want a reason", at, got)
		}
		return
	}
	w := want.(float64)
	if d := math.Abs(got.V - w); !(d <= tolerance*math.Abs(w)) {
		t.Errorf("%s: %+v, want %v", at, got, w)
	}
}

// A Summary of each array is the single functions' figures.
func TestSummaryIsItsParts(t *testing.T) {
	for name, x := range loadChains(t) {
		row := Summary(name, x)
		q := Quantiles(x, 0.05, 0.5, 0.95)
		for i, pair := range [][2]Value{
			{row.Mean, Mean(x)}, {row.SD, SD(x)}, {row.MCSE, MCSEMean(x)},
			{row.Q5, q[0]}, {row.Q50, q[1]}, {row.Q95, q[2]},
			{row.ESSBulk, ESSBulk(x)}, {row.ESSTail, ESSTail(x)}, {row.RHat, RHatRank(x)},
		} {
			same := pair[0].V == pair[1].V || math.IsNaN(pair[0].V) && math.IsNaN(pair[1].V)
			if !same || pair[0].NA != pair[1].NA {
				t.Errorf("%s: figure %d: %+v, alone %+v", name, i, pair[0], pair[1])
			}
		}
		if row.Name != name {
			t.Errorf("name %q, want %q", row.Name, name)
		}
	}
}
