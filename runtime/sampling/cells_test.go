package sampling

import (
	"math/rand/v2"
	"testing"
)

// Where a cell tells, it tells what the threshold of the field says, for digits on
// both sides of every bound; no more than 1 in 100 digits is left to the line.
func TestCells(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range []Format{{Fraction: 15, Segments: 256, ThresholdBits: 32}, {Fraction: 17, Segments: 128, ThresholdBits: 32}, {Fraction: 4, Segments: 256, ThresholdBits: 32}, {Fraction: 12, Segments: 256, ThresholdBits: 16}} {
		for _, beta := range []float64{0.01, 0.3, 1, 2.5} {
			const reach = 1 << 19
			s := newSpinTable(f, beta, reach)
			if s.cells == nil {
				if s.fast && s.reach>>s.cell < maxCells {
					t.Errorf("%+v β %v: no cells", f, beta)
				}
				continue
			}
			const draws = 200000
			left := 0
			for i := range draws {
				g := int64(r.IntN(2*reach+1)) - reach
				if i%2 == 0 { // near a bound of a cell
					g = min(reach, max(-reach, g>>s.cell<<s.cell+int64(r.IntN(3))-1))
				}
				e := s.cells[(uint32(g)+s.centre)>>s.cell]
				digit := uint32(r.IntN(65536))
				if digit-e.bound&0xffff < e.bound>>16 {
					left++
				}
				threshold := s.first(magnitude(g))
				switch r.IntN(4) {
				case 0:
					digit = threshold
				case 1:
					digit = max(threshold, 1) - 1
				case 2:
					digit = e.bound&0xffff + e.bound>>16
				}
				v := digit - e.bound&0xffff
				if v < e.bound>>16 {
					continue
				}
				if digit == threshold {
					t.Fatalf("%+v β %v: the cell of field %d tells of its own threshold %d", f, beta, g, digit)
				}
				less := (digit - threshold) >> 31
				if got, want := (v^e.flip)>>31, less^likely(g); got != want {
					t.Fatalf("%+v β %v: field %d, digit %d: %d, want %d", f, beta, g, digit, got, want)
				}
			}
			if left > draws/100 {
				t.Errorf("%+v β %v: %d of %d digits are left to the line", f, beta, left, draws)
			}
		}
	}
}

// A block whose spins all have the same nine inputs or more is a layer.
func TestLayersAreFound(t *testing.T) {
	for _, c := range []struct {
		visible, hidden int
		want            bool
	}{{9, 12, true}, {8, 12, false}, {9, 3, false}} {
		m := &Model{Nodes: c.visible + c.hidden, Rounds: 10, Beta: 1, Chains: 1,
			Vars:   []Var{{Name: "x", Kind: Spin, States: 2, Shape: []int{c.visible + c.hidden}, Count: c.visible + c.hidden}},
			Format: Format{Fraction: 8, Segments: 256, ThresholdBits: 32, Accum: 32}}
		f := Factor{Name: "w", Slots: []Slot{{Kind: Spin, States: 2}, {Kind: Spin, States: 2}}, Rows: c.visible * c.hidden}
		blocks := make([]Block, 2)
		for v := range c.visible {
			blocks[0].Nodes = append(blocks[0].Nodes, int32(v))
			for h := range c.hidden {
				f.Index = append(f.Index, int32(v), int32(c.visible+h))
				f.Weights = append(f.Weights, 0.5)
			}
		}
		for h := range c.hidden {
			blocks[1].Nodes = append(blocks[1].Nodes, int32(c.visible+h))
		}
		for i := range blocks {
			blocks[i].Kind, blocks[i].States, blocks[i].First = Spin, 2, 16*i
			m.Sweep = append(m.Sweep, blocks[i:i+1])
		}
		m.Factors = []Factor{f}
		s, err := NewSampler(m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.blocks[1][0].layer != nil; got != c.want {
			t.Errorf("%d spins with %d inputs: layer %v", c.hidden, c.visible, got)
		}
	}
}
