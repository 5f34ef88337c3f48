package sampling

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// TestNetworkKernels compares kernels with portable code, to the bit: any bits as inputs
// of activations (numbers that are none may differ in their payload), and layers of odd
// sizes.
func TestNetworkKernels(t *testing.T) {
	kernel, err := vector.ChooseKernel(vector.AVX512)
	if err != nil {
		t.Skip(err)
	}
	r := rand.New(rand.NewPCG(4, 4))
	same := func(a, b float32) bool {
		return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
	}
	const rows = 600
	z, w := make([][64]float32, rows), make([][64]float32, rows)
	for i := range z {
		for j := range z[i] {
			z[i][j] = math.Float32frombits(r.Uint32())
			if i%2 == 0 {
				z[i][j] = float32(40 * r.NormFloat64())
			}
			w[i][j] = z[i][j]
		}
	}
	slope, bend := make([][64]float32, rows), make([][64]float32, rows)
	(&netScratch{kernel: kernel}).activate(SiLU, z, slope)
	(&netScratch{}).activate(SiLU, w, bend)
	for i := range z {
		for j := range z[i] {
			if !same(z[i][j], w[i][j]) || !same(slope[i][j], bend[i][j]) {
				t.Fatalf("silu: %v and %v, portable %v and %v", z[i][j], slope[i][j], w[i][j], bend[i][j])
			}
		}
	}
	for _, in := range []int{1, 2, 31, 256, 257, rows} {
		for _, stride := range []int{1, 3} {
			weights := make([]float32, (in-1)*stride+1)
			x := make([][64]float32, in)
			for i := range x {
				weights[i*stride] = float32(r.NormFloat64())
				for j := range x[i] {
					x[i][j] = float32(r.NormFloat64())
				}
			}
			var a, b [64]float32
			(&netScratch{kernel: kernel}).denseWord(&a, 0.3, weights, stride, x)
			(&netScratch{}).denseWord(&b, 0.3, weights, stride, x)
			if a != b {
				t.Fatalf("%d inputs, stride %d: %v, portable %v", in, stride, a, b)
			}
		}
	}
}

// TestExp32 holds exp in float32 against float64 over its range.
func TestExp32(t *testing.T) {
	worst := 0.0
	for x := float32(-87); x <= 87; x += 1.0 / 1024 {
		if e := math.Exp(float64(x)); math.Abs(float64(exp32(x))-e)/e > worst {
			worst = math.Abs(float64(exp32(x))-e) / e
		}
	}
	if worst > 1.0/(1<<22) {
		t.Errorf("relative error %.3g", worst)
	}
	t.Logf("largest relative error %.3g", worst)
}

// TestTapeKernels is the same for what tapes take in float64.
func TestTapeKernels(t *testing.T) {
	kernel, err := vector.ChooseKernel(vector.AVX512)
	if err != nil {
		t.Skip(err)
	}
	r := rand.New(rand.NewPCG(5, 5))
	normals := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		return x
	}
	for _, n := range []int{1, 7, 8, 32, 45} {
		for _, scale := range []float64{1, 40, 300, 1e4} {
			z, slope, bend := normals(n), make([]float64, n), make([]float64, n)
			for i := range z {
				z[i] *= scale
			}
			y := slices.Clone(z)
			(&Tape{kernel: kernel}).activate(SiLU, z, slope)
			(&Tape{}).activate(SiLU, y, bend)
			if !slices.Equal(z, y) || !slices.Equal(slope, bend) {
				t.Fatalf("silu of %d numbers: the kernel differs from portable code", n)
			}
		}
	}
	for _, size := range [][2]int{{1, 1}, {2, 32}, {32, 1}, {7, 9}, {3, 45}, {33, 71}, {300, 300}} {
		n, m := size[0], size[1]
		for _, tape := range []func(*Tape, []float64, []float64, []float64){
			func(t *Tape, z, w, a []float64) { t.matVec(z[:m], w, a[:n]) },
			func(t *Tape, g, d, a []float64) { t.outer(g, d[:n], a[:m]) },
		} {
			z, w, a := normals(n*m), normals(n*m), normals(n+m)
			y := slices.Clone(z)
			tape(&Tape{kernel: kernel}, z, w, a)
			tape(&Tape{}, y, w, a)
			if !slices.Equal(z, y) {
				t.Fatalf("%d and %d: the kernel differs from portable code", n, m)
			}
		}
	}
}
