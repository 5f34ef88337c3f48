package golang_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/script"
)

// sliceModel is a random model of spins that single bytes decide: up to 60 of them with up to
// 40 neighbours, products, the same neighbours twice, clamps, βs that change.
func sliceModel(n uint64) *ir.Program {
	r := rand.New(rand.NewPCG(n, 17))
	var b strings.Builder
	spins := 1 + r.IntN(60)
	fmt.Fprintf(&b, "model: m\nvariables: {s: {kind: spin, shape: [%d]}}\nfactors:\n", spins)
	weight := func() string { return strconv.FormatFloat(r.NormFloat64(), 'g', 4, 64) }
	if r.IntN(3) == 0 {
		weight = func() string { return []string{"-1", "1", "0.75"}[r.IntN(3)] }
	}
	degree, limit := make([]int, spins), 1+r.IntN(40)
	for _, order := range []int{1, 2, 2, 3, 4} {
		var rows, weights []string
		seen := map[string]bool{}
		for k := r.IntN(1 + spins*limit/order); k > 0; k-- {
			row := r.Perm(spins)[:min(order, spins)]
			slices.Sort(row)
			text := strings.ReplaceAll(fmt.Sprint(row), " ", ", ")
			if len(row) < order || seen[text] || slices.ContainsFunc(row, func(i int) bool { return degree[i] >= limit }) || order > 2 && k%8 > 0 {
				continue
			}
			for _, i := range row {
				degree[i] += order - 1
			}
			seen[text], rows = true, append(rows, text)
			weights = append(weights, weight())
		}
		if rows != nil {
			over := strings.TrimSuffix(strings.Repeat("s, ", order), ", ")
			fmt.Fprintf(&b, "  - {over: [%s], index: [%s], weights: [%s]}\n", over, strings.Join(rows, ", "), strings.Join(weights, ", "))
		}
	}
	if strings.HasSuffix(b.String(), "factors:\n") {
		fmt.Fprintf(&b, "  - {over: [s], index: all, weights: %s}\n", weight())
	}
	betas := ""
	if r.IntN(3) == 0 {
		betas = ", betas: [0.2, 0.9, 1.5]"
	} else {
		fmt.Fprintf(&b, "beta: %v\n", []float64{0.1, 0.5, 1, 3}[r.IntN(4)])
	}
	if r.IntN(4) == 0 {
		fmt.Fprintf(&b, "clamp: {\"s[%d]\": 1}\n", r.IntN(spins))
	}
	fmt.Fprintf(&b, "format: {budget: 0.9, fraction: %d, digit: 8, threshold_bits: 8, rng: %s}\n", 9+r.IntN(3), []string{"ars5", "philox", "philox7"}[r.IntN(3)])
	fmt.Fprintf(&b, "sample: {chains: 1, warmup: 3, samples: 1, steps_per_sample: 1, seed: 1%s}\n", betas)
	p, _ := targettest.Parse(b.String())
	return p
}

// Updates in assembly give the states of tables and of the interpreter: whatever the number of
// chains and threads, while β and clamps change. They touch nothing beyond their rows.
func TestEmittedSlices(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	models := uint64(20)
	if n, err := strconv.Atoi(os.Getenv("THRML_MODELS")); err == nil {
		models = uint64(n)
	}
	dir := t.TempDir()
	var list []*subject
	for n := range models {
		s := &subject{pkg: fmt.Sprintf("slices%d", n)}
		s.add(sliceModel(n), emit.Request{Runtime: emit.Import}, n)
		r := rand.New(rand.NewPCG(n, 19))
		s.play.Chains = []int{65 + r.IntN(600), 1024 + r.IntN(1200), 2560}[n%3]
		s.play.Threads = 1 + int(n%2)
		list = append(list, s)
		if n < 8 {
			write(t, filepath.Join(dir, s.pkg), "guard_test.go", fmt.Sprintf(guardTest, s.pkg))
		}
	}
	best, _ := vector.ChooseKernel(vector.Automatic)
	got := playEmitted(t, dir, list)
	served := 0
	for _, s := range list {
		got := got[s.pkg]
		if want := s.tables(t); !slices.Equal(got.Digests, want) {
			t.Errorf("%s (%d chains, %d threads): emitted and tables part after step %d of %+v", s.pkg, s.play.Chains, s.play.Threads, parted(got.Digests, want), s.play.Steps)
		}
		if want := s.interpreted(t); !slices.Equal(got.Digests[:3], want) {
			t.Errorf("%s (%d chains, %d threads): emitted and interpreted part after step %d of %+v", s.pkg, s.play.Chains, s.play.Threads, parted(got.Digests[:3], want), s.play.Steps)
		}
		if strings.HasPrefix(got.Work, "emitted slices") {
			served++
		}
	}
	if best == vector.AVX512 {
		t.Logf("emitted kernels served %d of %d models", served, len(list))
		if served < len(list)/2 {
			t.Error("too few")
		}
		goTool(t, dir, nil, "test", "./...")
	}
	goTool(t, dir, []string{"GOARCH=arm64"}, "vet", "./"+list[0].pkg)
	goTool(t, dir, nil, "vet", "-tags", "purego", "./"+list[0].pkg)
}

// interpreted plays the first two steps, which sweep, in the interpreter.
func (s *subject) interpreted(t *testing.T) []uint64 {
	x, err := interp.New(s.p, s.play.Chains, s.play.Seed)
	if err != nil {
		t.Fatal(err)
	}
	x.Init()
	if s.p.Betas != nil { // samplers begin with the first
		if err := x.SetBeta(s.p.Betas[0]); err != nil {
			t.Fatal(err)
		}
	}
	d := []uint64{script.Digest(x.State())}
	for _, step := range s.play.Steps[:2] {
		for range step.Sweeps {
			if err := x.Sweep(); err != nil {
				t.Fatal(err)
			}
		}
		d = append(d, script.Digest(x.State()))
	}
	return d
}

// guardTest calls the kernels of a package with arguments that end where a page ends behind
// which nothing may be touched, and looks at what is before them.
const guardTest = `package %s

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

func TestGuard(t *testing.T) {
	var rows int
	for _, v := range programVars() {
		rows += v.Count
	}
	for _, p := range sliceParts() {
		p.Update(&sampling.SliceArgs{State: guarded(t, 64*rows), Noise: guarded(t, 64*15*p.Nodes)})
	}
}

func guarded(t *testing.T, size int) *uint64 {
	page := syscall.Getpagesize()
	pages := (size + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, pages+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mprotect(mem[page+pages:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	before := mem[:page+pages-size]
	t.Cleanup(func() {
		for i, x := range before {
			if x != 0 {
				t.Fatalf("byte %%d before an array was written", i-len(before))
			}
		}
	})
	return (*uint64)(unsafe.Pointer(&mem[page+pages-size]))
}
`

// The emitted assembly of a model, and where it ends.
func TestSliceBudget(t *testing.T) {
	p := sliceModel(5)
	for unroll, want := range map[int]bool{0: true, p.Nodes: true, p.Nodes - 1: false, -1: false} {
		files, err := golang.Emit(emit.Request{Program: p, Package: "m", Unroll: unroll})
		if err != nil {
			t.Fatal(err)
		}
		has := slices.ContainsFunc(files, func(f emit.File) bool { return f.Path == "slices_000_amd64.s" })
		if has != want {
			t.Errorf("unroll %d of %d nodes: assembly %v, want %v", unroll, p.Nodes, has, want)
		}
	}
}
