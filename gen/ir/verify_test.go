package ir_test

import (
	"bytes"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/pass/passtest"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// sample is a program with something of everything.
func sample(t *testing.T) *ir.Program {
	t.Helper()
	b := passtest.New()
	s := b.Spins("s", 5)
	x := b.Categoricals("x", 3, 3)
	b.Factor([][]int32{{s[0], s[1]}, {s[1], s[2]}, {s[2], s[3]}}, 0.7, -0.3, 1e-3).Runtime = true
	b.Factor([][]int32{{s[1], x[0]}, {s[3], x[1]}}, 0.25, -0.1, 1.0/3)
	b.Factor([][]int32{{x[0], x[2]}}, 1, 0, 0, 0, 1, 0, 0, 0, 1)
	b.Superblock([]int32{s[0], s[2], x[0]}, []int32{x[1], s[4]})
	b.Superblock([]int32{s[1], s[3], x[2]})
	b.Clamp([]int32{s[2]}, -1)
	g := &b.G
	g.Init[1].Kind = 3
	g.Init[1].Values = []int32{0, 1, 2}
	g.BetaParam = "beta"
	g.Betas, g.Beta, g.Sample.Warmup = []float64{0.1, 1.0 / 3}, 1.0/3, 2
	p, l := pass.Lower(g)
	if l.Len() > 0 {
		t.Fatal(l)
	}
	return p
}

func textOf(t *testing.T, p *ir.Program) string {
	t.Helper()
	var b bytes.Buffer
	if err := ir.Fprint(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// copyOf makes a copy that may be changed, by way of the text.
func copyOf(t *testing.T, p *ir.Program) *ir.Program {
	t.Helper()
	q, err := ir.Parse(strings.NewReader(textOf(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Fatalf("the text gives another program:\n%s", textOf(t, p))
	}
	return q
}

// Verify takes the program and refuses every single fault.
func TestVerify(t *testing.T) {
	p := sample(t)
	if err := ir.Verify(p); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		say   string
		spoil func(*ir.Program)
	}{
		{"bad name", func(p *ir.Program) { p.Model = "A b" }},
		{"hex", func(p *ir.Program) { p.Hash = "xyz" }},
		{"parameter name", func(p *ir.Program) { p.BetaParam = "β" }},
		{"bad or taken", func(p *ir.Program) { p.Vars[1].Name = "s" }},
		{"bad or taken", func(p *ir.Program) { p.Factors[1].Name = "f0" }},
		{"with 3 states", func(p *ir.Program) { p.Vars[0].States = 3 }},
		{"with 1 states", func(p *ir.Program) { p.Vars[1].States = 1 }},
		{"shape", func(p *ir.Program) { p.Vars[0].Shape[0] = 4 }},
		{"shape", func(p *ir.Program) { p.Vars[0].Shape[0] = -5 }},
		{"first node", func(p *ir.Program) { p.Vars[1].First = 4 }},
		{"the variables have 8", func(p *ir.Program) { p.Nodes = 9 }},
		{"node indices", func(p *ir.Program) { p.Factors[0].Rows++ }},
		{"no node", func(p *ir.Program) { p.Factors[0].Index[1] = 8 }},
		{"no node", func(p *ir.Program) { p.Factors[0].Index[1] = -1 }},
		{"does not suit slot", func(p *ir.Program) { p.Factors[1].Index[0] = 6 }},
		{"twice", func(p *ir.Program) { p.Factors[0].Index[1] = p.Factors[0].Index[0] }},
		{"its categorical slots", func(p *ir.Program) { p.Factors[1].Table = []int{4} }},
		{"weights, not", func(p *ir.Program) { p.Factors[2].Weights = p.Factors[2].Weights[1:] }},
		{"not finite", func(p *ir.Program) { p.Factors[2].Weights[0] = math.NaN() }},
		{"units of", func(p *ir.Program) { p.Factors[2].Ints[0]++ }},
		{"integers for", func(p *ir.Program) { p.Factors[2].Ints = nil }},
		{"cannot be 0", func(p *ir.Program) { p.Clamps[0].Values[0] = 0 }},
		{"clamped before", func(p *ir.Program) { p.Clamps = append(p.Clamps, p.Clamps[0]) }},
		{"clamped before", func(p *ir.Program) { p.Clamps[0].Nodes[0] = 100 }},
		{"values for", func(p *ir.Program) { p.Clamps[0].Chains = 3 }},
		{"values for", func(p *ir.Program) { p.Clamps[0].Values = nil }},
		{"cannot be 3", func(p *ir.Program) { p.Init[1].Values[0] = 3 }},
		{"values that are not used", func(p *ir.Program) { p.Init[1].Kind = ir.InitZeros }},
		{"starts for", func(p *ir.Program) { p.Init = p.Init[1:] }},
		{"sample", func(p *ir.Program) { p.Sample.StepsPerSample = 0 }},
		{"sample", func(p *ir.Program) { p.Sample.Warmup = -1 }},
		{"rounds", func(p *ir.Program) { p.Rounds = 8 }},
		{"beta", func(p *ir.Program) { p.Betas[0] = -1 }},
		{"betas for", func(p *ir.Program) { p.Betas = p.Betas[1:] }},
		{"the last of betas", func(p *ir.Program) { p.Beta = 1 }},
		{"first slot", func(p *ir.Program) { p.Sweep[0][1].First += 16 }},
		{"first slot", func(p *ir.Program) { p.Sweep[1][0].First++ }},
		{"is empty", func(p *ir.Program) { p.Sweep = append(p.Sweep, nil) }},
		{"is empty", func(p *ir.Program) { p.Sweep[0] = append(p.Sweep[0], ir.Block{Kind: ir.Spin, States: 2, First: 64}) }},
		{"two blocks", func(p *ir.Program) { p.Sweep[0][0].Nodes[0] = 2 }},
		{"another kind", func(p *ir.Program) { p.Sweep[0][0].Nodes[0] = 7 }},
		{"in no block", func(p *ir.Program) { p.Sweep[0][0].Nodes = p.Sweep[0][0].Nodes[1:] }},
		{"neighbours", func(p *ir.Program) {
			a, b := &p.Sweep[0][0], &p.Sweep[1][0]
			a.Nodes[0], b.Nodes[0] = b.Nodes[0], a.Nodes[0]
			p.Sweep[0][0], p.Sweep[1][0] = *a, *b
			p.Clamps = nil
		}},
		{"profile", func(p *ir.Program) { p.Format.Profile = "odd" }},
		{"fraction", func(p *ir.Program) { p.Format.Fraction = 49 }},
		{"segments", func(p *ir.Program) { p.Format.Segments = 64 }},
		{"8 planes, threshold_bits 32", func(p *ir.Program) { p.Format.Planes = 8 }},
		{"33 planes", func(p *ir.Program) { p.Format.Planes, p.Format.ThresholdBits = 33, 33 }},
		{"planes with groups", func(p *ir.Program) {
			p.Format.Planes, p.Format.ThresholdBits, p.Format.Group = 8, 8, 2
		}},
		{"threshold_bits", func(p *ir.Program) { p.Format.ThresholdBits = 17 }},
		{"digits of 16 bits", func(p *ir.Program) { p.Format.Digit = 16 }},
		{"thresholds than of 8 or 32 bits", func(p *ir.Program) { p.Format.Digit, p.Format.ThresholdBits = 8, 16 }},
		{"single bytes with groups", func(p *ir.Program) { p.Format.Digit, p.Format.ThresholdBits, p.Format.Group = 8, 8, 7 }},
		{"weight_bits", func(p *ir.Program) { p.Format.WeightBits = 1 }},
		{"does not fit 8 bits", func(p *ir.Program) { p.Format.WeightBits = 8 }},
		{"range 0", func(p *ir.Program) { p.Format.Range = 0 }},
		{"outside range", func(p *ir.Program) { p.Format.Range = 0.5 }},
		{"do not hold", func(p *ir.Program) { p.Format.Accum = 16 }},
		{"do not hold", func(p *ir.Program) { p.Format.Range = 1e6 }},
		{"budget -1", func(p *ir.Program) { p.Format.Budget = -1 }},
		{"above the budget", func(p *ir.Program) { p.Format.Budget = 1e-6 }},
		{"bound is", func(p *ir.Program) { p.Format.Bound = math.Nextafter(p.Format.Bound, 1) }},
	} {
		q := copyOf(t, p)
		c.spoil(q)
		err := ir.Verify(q)
		if err == nil {
			t.Errorf("a program with a fault (%s) verifies", c.say)
		} else if !strings.Contains(err.Error(), c.say) {
			t.Errorf("want %q, got %v", c.say, err)
		}
	}
	// What looks like a fault and is none.
	q := copyOf(t, p)
	q.Synchronous = true
	q.Sweep[0][0].Nodes[0], q.Sweep[1][0].Nodes[0] = q.Sweep[1][0].Nodes[0], q.Sweep[0][0].Nodes[0]
	if err := ir.Verify(q); err != nil {
		t.Errorf("synchronous neighbours: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	text := textOf(t, sample(t))
	for _, c := range []struct{ from, to, say string }{
		{"program", "programme", "line 1: \"programme\""},
		{"fraction 1", "fraction x1", "line 2"},
		{"beta 0.3", "beta Inf0.3", "line 4"},
		{"betas 2:", "betas 3:", "line 6"},
		{"betas 2:", "betas -2:", "length of a list"},
		{"seed 0", "seed -1", "seed"},
		{"synchronous false", "synchronous no", "true or false"},
		{"variable s spin", "variable s spun", "no kind"},
		{"start random", "start somehow", "no way"},
		{"integers true", "integers false", "have integers"},
		{"table 1: 3", "table 2: 1000000 1000000", "table"},
		{"end", "", "ends early"},
		{"end", "end end", "after the end"},
		{"nodes 8", "nodes 99999999999", "integer"},
		{" row 0 1 :", " row 0 1.5 :", "integer"},
		{"0.7=", "0.7=0x", "integer"},
	} {
		bad := strings.Replace(text, c.from, c.to, 1)
		if bad == text {
			t.Fatalf("no %q in\n%s", c.from, text)
		}
		if _, err := ir.Parse(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%q for %q: want %q, got %v", c.to, c.from, c.say, err)
		}
	}
	for n := range len(text) - 2 { // no part of a text is a text
		if _, err := ir.Parse(strings.NewReader(text[:n])); err == nil {
			t.Fatalf("the first %d bytes parse", n)
		}
	}
	if _, err := ir.Parse(strings.NewReader(strings.Repeat("x", 1<<20))); err == nil {
		t.Error("a long word parses")
	}
}

// lowered is the program of a model in ../graph/testdata/models.
func lowered(t *testing.T, name string) *ir.Program {
	t.Helper()
	text, err := os.ReadFile("../graph/testdata/models/" + name)
	if err != nil {
		t.Fatal(err)
	}
	s, l := spec.Parse("model.yaml", text)
	g, more := graph.Build(s, nil)
	if l.Len()+more.Len() > 0 {
		t.Fatal(l, more)
	}
	p, l := pass.Lower(g)
	if l.Len() > 0 {
		t.Fatal(l)
	}
	p.Hash = "00"
	if err := ir.Verify(copyOf(t, p)); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFormulas: a program with formulas comes back from its text, and one whose code,
// names, factors or values do not fit is refused.
func TestFormulas(t *testing.T) {
	p := lowered(t, "energy_params.yaml")
	if len(p.Formulas) != 6 {
		t.Fatalf("%d formulas", len(p.Formulas))
	}
	refuses(t, p, map[string]func(x *sampling.Formula){
		"name":      func(x *sampling.Formula) { x.Name = "A" },
		"rows":      func(x *sampling.Formula) { x.Rows = 2 },
		"arrays":    func(x *sampling.Formula) { x.Arrays = x.Arrays[1:] },
		"twice":     func(x *sampling.Formula) { x.Arrays[0] = x.Arrays[1] },
		"values":    func(x *sampling.Formula) { x.Params[0].Values[0]++ },
		"too few":   func(x *sampling.Formula) { x.Params[1].Values = x.Params[1].Values[1:] },
		"no parts":  func(x *sampling.Formula) { x.Parts = nil },
		"factor":    func(x *sampling.Formula) { x.Parts[0].Factor = 99 },
		"one twice": func(x *sampling.Formula) { x.Parts[0].Factor = x.Parts[1].Factor },
		"constant":  func(x *sampling.Formula) { x.Parts = x.Parts[len(x.Parts)-1:] },
		"code":      func(x *sampling.Formula) { x.Parts[0].Weight = x.Parts[0].Weight[1:] },
		"longer":    func(x *sampling.Formula) { x.Parts[0].Weight = append(x.Parts[0].Weight, sampling.CodeOp{}) },
	})
}

// TestCodeFormulas is TestFormulas for parameters of code.
func TestCodeFormulas(t *testing.T) {
	p := lowered(t, "energy_code_params.yaml")
	if len(p.Formulas) != 4 {
		t.Fatalf("%d formulas", len(p.Formulas))
	}
	refuses(t, p, map[string]func(x *sampling.Formula){
		"rows":    func(x *sampling.Formula) { x.Rows = 2 },
		"values":  func(x *sampling.Formula) { x.Params[0].Values[0]++ },
		"shared":  func(x *sampling.Formula) { x.Params[1].Shared = false },
		"no code": func(x *sampling.Formula) { x.Codes = nil },
		"factor":  func(x *sampling.Formula) { x.Codes[0] = 99 },
		"other":   func(x *sampling.Formula) { x.Codes[0] = 1 },
		"twice":   func(x *sampling.Formula) { x.Codes = append(x.Codes, x.Codes[0]) },
	})
}

// refuses changes the first formula of a program, and wants it refused as a program and
// as a model in binary form.
func refuses(t *testing.T, p *ir.Program, changes map[string]func(x *sampling.Formula)) {
	t.Helper()
	for name, change := range changes {
		q := copyOf(t, p)
		change(&q.Formulas[0])
		if ir.Verify(q) == nil {
			t.Errorf("%s: verified", name)
		}
		m := golang.Model(q)
		if _, err := sampling.DecodeModel(m.AppendBinary(nil)); err == nil && name != "name" && name != "twice" {
			t.Errorf("%s: decoded", name)
		}
	}
}

func TestPrintRefuses(t *testing.T) {
	for _, change := range []func(*ir.Program){
		func(p *ir.Program) { p.Model = "a b" },
		func(p *ir.Program) { p.Vars[0].Name = "x\ny" },
		func(p *ir.Program) { p.Vars[0].Kind = 7 },
		func(p *ir.Program) { p.Init[0].Kind = 9 },
		func(p *ir.Program) { p.Factors[0].Rows++ },
	} {
		p := sample(t)
		change(p)
		if ir.Fprint(new(bytes.Buffer), p) == nil {
			t.Error("a program that cannot be read back is printed")
		}
	}
}

// Whatever Parse takes prints to a text that parses to the same, and Verify
// does not panic on it.
func FuzzParse(f *testing.F) {
	f.Add("program m hash -\nformat custom fraction 1 segments 128 threshold_bits 32 accum 32 weight_bits 0 range 0 budget 0 bound 0\n" +
		"philox 10 beta 1 param - betas 0: sample chains 1 warmup 0 samples 1 steps_per_sample 1 seed 0 synchronous false\n" +
		"nodes 1 variable s spin 2 first 0 count 1 shape 0: factor f rows 1 shared true runtime false integers true slots 1: spin 2 table 0: all : 0.5=1\n" +
		"row 0 superblock block spin 2 slot 0 nodes 1: 0 clamp chains 0 nodes 1: 0 to 1: -1 start random chains 0 values 0: end")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ir.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		_ = ir.Verify(p)
		var b bytes.Buffer
		if ir.Fprint(&b, p) != nil {
			return
		}
		q, err := ir.Parse(&b)
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("%v\n%+v\n%+v", err, p, q)
		}
	})
}

func TestBounds(t *testing.T) {
	const unit = 1.0 / 65536
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-15 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	curve := 1.0 / 16 / 16 / 8 / (6 * math.Sqrt(3)) // h = 1/16
	near("two digits", ir.TableError(1, 15, 256, 32), curve+unit/16)
	near("16 bits", ir.TableError(1, 15, 256, 16), curve/2+1.625*unit)
	near("10 bits", ir.TableError(1, 15, 256, 10), curve/2+1.625*unit+1.0/2048)
	near("single values", ir.TableError(1, 2, 256, 32), unit*unit)
	near("single values, 16 bits", ir.TableError(1, 2, 256, 16), 1.5*unit)
	near("β = 0", ir.TableError(0, 15, 256, 32), unit/16)
	near("rounding", ir.RoundingError(16, 1, 15), 1.0/8192)
	near("K = 3", ir.CategoricalError(3, 32), 4.5/(1<<29)+1.0/(1<<32))
	near("K = 300", ir.CategoricalError(300, 16), 450.0/(1<<31)+unit)
	for k, want := range map[int]int{2: 30, 3: 29, 4: 29, 5: 28, 32: 26, 33: 31, 65536: 31} {
		if got := ir.ExpBits(k); got != want {
			t.Errorf("B of %d states is %d, want %d", k, got, want)
		}
	}
	p := sample(t)
	if got := p.Degrees(); !reflect.DeepEqual(got, []int{1, 3, 2, 2, 0, 2, 1, 1}) {
		t.Errorf("degrees %v", got)
	}
}
