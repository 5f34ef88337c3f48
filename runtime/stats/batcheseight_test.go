package stats

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Many series at once give what they give one by one, with and without the kernel.
func TestAddMany(t *testing.T) {
	best, err := vector.ChooseKernel(vector.Automatic)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 3))
	for _, chains := range []int{1, 3, 8, 64, 131} {
		const series, stride = 19, 192
		var all [3]*Batches
		for i := range all {
			if all[i], err = NewSeriesBatches(series, chains, 0); err != nil {
				t.Fatal(err)
			}
		}
		values := make([]float64, series*stride)
		for range 300 {
			for i := range values {
				values[i] = 3 + r.NormFloat64()
			}
			for s := range series {
				if err := all[0].AddSeries(s, values[s*stride:]); err != nil {
					t.Fatal(err)
				}
			}
			for i, k := range []vector.Kernel{vector.Portable, best} {
				for s := 0; s < series; s += Eight {
					if err := all[1+i].AddMany(s, min(Eight, series-s), values[s*stride:], stride, k); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, b := range all {
				b.EndDraw()
			}
		}
		for s := range series {
			want, _ := all[0].Series(s)
			for i, b := range all[1:] {
				if got, _ := b.Series(s); got.Mean != want.Mean || got.SD != want.SD || got.ESS != want.ESS {
					t.Errorf("%d chains, series %d, way %d: %+v, want %+v", chains, s, i, got, want)
				}
			}
		}
		for _, b := range all {
			if b.AddMany(series-7, Eight, values, stride, best) == nil || b.AddMany(0, Eight, values[:3*stride], stride, best) == nil {
				t.Error("series and rows that are not there are taken")
			}
		}
	}
}
