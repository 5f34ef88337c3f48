package spec

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

func parseGood(t *testing.T, name string) *Spec {
	t.Helper()
	file := filepath.Join("testdata/good", name)
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, problems := Parse(file, src)
	if problems.Len() > 0 {
		t.Fatalf("%s", render(t, s, problems))
	}
	return s
}

func TestGood(t *testing.T) {
	files, _ := filepath.Glob("testdata/good/*.yaml")
	if len(files) < 12 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		s := parseGood(t, filepath.Base(file))
		if s.Model.Text == "" || s.Dir != "testdata/good" || s.File != file {
			t.Errorf("%s: model %q, folder %q", file, s.Model.Text, s.Dir)
		}
	}
}

// say prints values with a space between them.
func say(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

// points checks that a place in a file is where the given text stands.
func points(t *testing.T, s *Spec, at diag.Pos, text string) {
	t.Helper()
	src := newSource(at.File, s.SourceOf(at.File))
	if at.Line < 1 || at.Line > len(src.starts) || !bytes.HasPrefix(src.text[src.starts[at.Line-1]+at.Col-1:], []byte(text)) {
		t.Errorf("%v is not where %q stands", at, text)
	}
}

// equal compares a value with what is expected, as fmt prints them.
func equal(t *testing.T, what string, got any, want string) {
	t.Helper()
	if g := fmt.Sprint(got); g != want {
		t.Errorf("%s is %s, want %s", what, g, want)
	}
}

func values(list []Int) []int64 {
	var out []int64
	for _, v := range list {
		out = append(out, v.V)
	}
	return out
}

func TestChain5(t *testing.T) {
	s := parseGood(t, "chain5.yaml")
	equal(t, "model", s.Model.Text, "chain5")
	equal(t, "variables", len(s.Variables), "1")
	v := s.Variables[0]
	equal(t, "variable", say(v.Name.Text, v.Kind, values(v.Shape), v.On), "s spin [5] <nil>")
	equal(t, "factors", len(s.Factors), "2")
	f := s.Factors[1]
	equal(t, "rows", f.Index.Rows, "[[0 1] [1 2] [2 3] [3 4]]")
	equal(t, "weights", say(f.Weights.Kind, f.Weights.List.Shape, f.Weights.List.Values), "list [] [0.5]")
	points(t, s, f.Index.RowPos[2], "[2, 3]")
	equal(t, "place of the factor", f.Pos, "testdata/good/chain5.yaml:6:5")
	points(t, s, f.Weights.Pos, "0.5}")
	equal(t, "index all", s.Factors[0].Index.All, "true")
	equal(t, "beta", say(s.Beta.V, s.Beta.Ok, s.Beta.Param.Text), "1 true ")
	equal(t, "init", s.Init.All.Kind, "hinton")
	equal(t, "blocks", say(s.Blocks[0].Refs.Text, s.Blocks[1].Refs.Text), "s[0::2] s[1::2]")
	a := s.Blocks[1].Refs.Index[0]
	if !a.Slice || a.Lo == nil || *a.Lo != 1 || a.Hi != nil || a.Step != 2 {
		t.Errorf("s[1::2] is read as %+v", a)
	}
	equal(t, "sample", say(s.Sample.Chains.V, s.Sample.Warmup.V, s.Sample.Samples.V, s.Sample.StepsPerSample.V, s.Sample.Seed.V), "1 100 1000 2 0")
	equal(t, "observe", say(s.Observe[0].Kind, s.Observe[1].Kind), "state energy")
}

// TestSampleDefaults holds the defaults that the interface promises.
func TestSampleDefaults(t *testing.T) {
	s := parseGood(t, "ising_family.yaml")
	equal(t, "sample", say(s.Sample.Chains.V, s.Sample.Warmup.V, s.Sample.Samples.V, s.Sample.StepsPerSample.V, s.Sample.Seed.V), "4 1000 1000 1 0")
	equal(t, "written", say(s.Sample.Chains.Ok, s.Sample.Betas == nil, s.Observe == nil, s.Blocks == nil), "false true true true")
	f := s.Family
	equal(t, "family", say(f.Kind.Text, f.Graph == nil, f.Edges.Rows, f.Biases.Kind, f.Weights.List.Values), "ising true [[0 1] [1 2] [2 0]] uniform [-1]")
}

func TestFamilies(t *testing.T) {
	s := parseGood(t, "g11.yaml")
	equal(t, "maxcut", say(s.Family.Kind.Text, s.Family.File.Path, s.Family.File.Key), "maxcut G11.txt ")
	b := s.Sample.Betas
	equal(t, "betas", say(b.From.V, b.To.V, b.Shape.Text, b.List == nil), "0.1 5 geometric true")
	s = parseGood(t, "rbm_family.yaml")
	f := s.Family
	equal(t, "rbm", say(f.Kind.Text, values(f.Visible), values(f.Hidden), f.Weights == nil, s.Format.Profile), "rbm [67] [16] true hardware")
	s = parseGood(t, "boltzmann_family.yaml")
	f = s.Family
	equal(t, "boltzmann", say(f.Kind.Text, values(f.Visible), values(f.Hidden), f.Graph.Kind, f.Biases.List.Shape, f.Weights.Kind), "boltzmann [2 3] [4] complete [10] signs")
}

// TestLater: what package graph refuses for now is read all the same.
func TestLater(t *testing.T) {
	s := parseGood(t, "directed.yaml")
	x := s.Interactions[0]
	equal(t, "interaction", say(x.Head.Ref.Text, x.Head.Alias.Text, x.Tails[0].Ref.Text, x.Tails[0].Alias.Text, x.Energy), "s[0]  s[1] u w*u")
	equal(t, "interactions", s.Interactions[1].Head.Alias.Text, "k")
	equal(t, "dynamics", say(s.Dynamics.Kind, s.Dynamics.Over.Text, s.Dynamics.StepSize.From.V, s.Dynamics.NoiseScale.From.V, s.Dynamics.Pos), "langevin x 0.1 1 testdata/good/directed.yaml:6:1")
	s = parseGood(t, "pegasus14_train.yaml")
	points(t, s, s.Train.Pos, "train:")
	s = parseGood(t, "gaussian_bernoulli.yaml")
	equal(t, "energy", s.Factors[2].Energy, "w*p*u")
	points(t, s, s.Factors[2].EnergyPos, "w*p*u")
	equal(t, "slots", say(s.Factors[2].Over[0].Alias.Text, s.Factors[2].Over[0].Var.Text), "p s")
	equal(t, "rest", say(s.Variables[1].On.Rest, s.Variables[0].On.Random.V, s.Variables[0].On.Seed.V), "true 0.5 4242")
	equal(t, "init", say(s.Init.Vars[0].Var.Text, s.Init.Vars[0].Kind, s.Init.Vars[0].Normal[1].V), "x normal 0.1")
}

func TestAllKeys(t *testing.T) {
	s := parseGood(t, "all_keys.yaml")
	var graphs []string
	for _, g := range s.Graphs {
		graphs = append(graphs, say(g.Name.Text, g.Kind, values(g.Args)))
	}
	equal(t, "graphs", graphs, "[a chain [5] b ring [5] c grid [20 20] d torus [64 64] e king [3 4] f complete [7] g bipartite [2 3] "+
		"h hypercube [4] i random_regular [10] j chimera [4 4 4] k pegasus [14] l zephyr [12 4] m skip [30 30] n stencil [8 8] o file []]")
	equal(t, "degree and seed", say(s.Graphs[8].Degree.V, s.Graphs[8].Seed.V), "3 7")
	equal(t, "lengths", values(s.Graphs[12].Lengths), "[1 3 5]")
	equal(t, "offsets", say(values(s.Graphs[13].Offsets[1]), *s.Graphs[13].Wrap), "[1 -1] true")
	equal(t, "file", say(s.Graphs[14].File.Path, s.Graphs[14].File.Key, s.Graphs[14].Nodes.V), "g.npz edges 800")

	equal(t, "random part", s.Variables[1].On.Random.V, "0.5")
	equal(t, "mask", s.Variables[3].On.Mask.Path, "masks/mask.npy")
	equal(t, "states", s.Variables[3].States.V, "65536")
	x := s.Variables[5]
	equal(t, "continuous", say(x.Range[0].V, x.Range[1].V, x.Dim.V, values(x.Shape)), "-1 2.5 3 [4]")
	equal(t, "fields", say(s.Variables[6].Fields[1].Name.Text, s.Variables[6].Fields[1].Kind, values(s.Variables[6].Shape)), "b continuous [5]")

	p := s.Groups[0].Ref
	equal(t, "intersection", say(p.Op, p.Args[0].Text, p.Args[1].Text), "& s[0:10:2, 3] s[:,0]")
	points(t, s, p.Args[1].Pos, "s[:,0]")
	equal(t, "union", say(s.Groups[1].Ref.Op, s.Groups[1].Ref.Args[1].Index[0].List, s.Groups[1].Ref.Text), "| [3 17] [t, s[[3, 17]]]")
	equal(t, "random group", say(s.Groups[2].Random.Of.Text, s.Groups[2].Random.N.V, s.Groups[2].Random.Seed.V), "[s, t] 500 4242")
	equal(t, "parity", say(s.Groups[3].Parity.Parity.V, s.Groups[3].Parity.Of.Name.Text), "1 s")
	equal(t, "file group", s.Groups[4].File.Key, "zz")

	f := s.Factors
	equal(t, "scale", say(f[0].Scale.V, f[0].Scale.Ok, *f[0].Runtime, f[1].ScaleBy.Text), "2 true false strength")
	equal(t, "edges over a variable", say(f[1].Index.Edges.Kind, f[1].Index.Edges.Over.Text), "grid s")
	equal(t, "normal", say(f[1].Weights.A.V, f[1].Weights.B.V, f[1].Weights.Seed.V), "0 1 3")
	equal(t, "files", say(f[2].Index.File.Key, f[2].Weights.File.Path), "rows w.safetensors")
	equal(t, "edges by name", say(f[3].Index.Edges.Kind, f[3].Index.Edges.Ref.Text, f[3].Sum), " k true")
	if math.Signbit(f[4].Weights.A.V) {
		t.Error("-0.0 is not read as 0")
	}
	equal(t, "pairs", f[4].Index.Pairs, "true")
	equal(t, "list", f[5].Weights.List.Values, "[0.001 -5e-324]")
	points(t, s, f[5].Weights.List.At(1), "-4.9e-324")
	equal(t, "field slot", f[6].Over[0].Var.Text, "y.a")
	equal(t, "params", say(f[7].Params[0].Name.Text, f[7].Params[0].List.Values), "q [0.5 1.5]")

	equal(t, "beta", say(s.Beta.Param.Text, s.Beta.Ok, s.Runtime, s.Synchronous), "temperature false true true")
	equal(t, "init", say(s.Init.All == nil, s.Init.Vars[0].Kind, s.Init.Vars[2].File.Key), "true zeros t")
	equal(t, "blocks", say(s.Blocks[1].Refs.Text, len(s.Blocks[2].Together), s.Blocks[2].Together[1].Refs.Text), "[t, u] 2 [y, v]")
	equal(t, "clamps", say(s.Clamps[0].Ref.Text, s.Clamps[0].Values.Values, s.Clamps[1].Values.Shape, s.Clamps[2].File.Key), "s[0:2] [1 -1] [] t")
	equal(t, "update", say(s.Update[0].Var.Text, s.Update[0].Sampler.Text), "x slice")
	g := s.Format
	equal(t, "format", say(g.Profile, g.Fraction.V, g.Bits.V, g.ThresholdBits.V, g.Choice.Text, g.Group.V, g.Budget.V, g.Range.V, g.RNG.Text, g.Planes.V, g.Interleave.V, g.Digit.V),
		" 8 12 16 noise 4 0.001 4 ars5 3 4 8")
	equal(t, "sample", say(s.Sample.Chains.V, s.Sample.Warmup.V, s.Sample.Samples.V, s.Sample.StepsPerSample.V, s.Sample.Seed.V, s.Sample.Betas.List.Values), "2 3 5 7 18446744073709551615 [0.1 0.2 1]")
	var kinds []string
	for _, o := range s.Observe {
		kinds = append(kinds, o.Kind)
	}
	equal(t, "observe", kinds, "[energy best moments magnetisation state histogram value]")
	tr := s.Train
	equal(t, "train", say(tr.Data.File.Path, tr.Data.File.Key, tr.Visible.Text, tr.Batch.V, tr.Epochs.V, tr.Loss.Text, tr.K.V, tr.Start.Text), "data.npz digits s 10 3 cd 2 persistent")
	equal(t, "condition", say(tr.Condition[0].Ref.Text, tr.Condition[0].Data.List.Values), "w [0 1]")
	equal(t, "optimizer", say(tr.Optimizer.Name.Text, tr.Optimizer.Beta1.V, tr.Optimizer.Beta2.V, tr.Optimizer.Epsilon.V, tr.LearningRate.V, tr.WeightDecay.Ok, tr.Seed.V),
		"adam 0.9 0.999 1e-08 0.01 true 5")
	equal(t, "positive phase", say(len(tr.Positive.Blocks), tr.Positive.Init.All.Kind, tr.Positive.Chains.V, tr.Positive.Warmup.Ok, tr.Positive.Samples.V, tr.Positive.StepsPerSample.V), "2 hinton 2 true 10 1")
	equal(t, "negative phase", say(tr.Negative.Blocks == nil, tr.Negative.BlocksPos.Line > 0, tr.Negative.Init == nil, tr.Negative.Chains.Ok), "true true true false")
	equal(t, "held out", say(tr.HeldOut.P.V, tr.HeldOut.Rows.V, tr.HeldOut.Seed.V), "0.5 10 1")
	equal(t, "observed parts", say(s.Observe[4].Refs.Text, s.Observe[5].Refs.Name.Text, s.Observe[6].Name.Text), "[s, t[0]] x mine")
}

// strip removes places, which differ between files with the same meaning.
func strip(s *Spec) string {
	var b strings.Builder
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		if v.Type() == reflect.TypeOf(diag.Pos{}) {
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				b.WriteString("nil ")
			} else {
				walk(v.Elem())
			}
		case reflect.Struct:
			for i := 0; i < v.NumField(); i++ {
				if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Source" {
					walk(v.Field(i))
				}
			}
		case reflect.Slice:
			fmt.Fprintf(&b, "%d:", v.Len())
			for i := 0; i < v.Len(); i++ {
				walk(v.Index(i))
			}
		case reflect.Func:
		default:
			fmt.Fprintf(&b, "%v ", v.Interface())
		}
	}
	walk(reflect.ValueOf(s))
	return b.String()
}

// TestLineEnds: line ends and a byte order mark change no value and no place,
// document marks no value.
func TestLineEnds(t *testing.T) {
	for _, name := range []string{"chain5.yaml", "all_keys.yaml", "grid_gaussian.yaml"} {
		src, err := os.ReadFile(filepath.Join("testdata/good", name))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := Parse("m.yaml", src)
		for how, text := range map[string][]byte{
			"CR LF":           bytes.ReplaceAll(src, []byte("\n"), []byte("\r\n")),
			"CR":              bytes.ReplaceAll(src, []byte("\n"), []byte("\r")),
			"byte order mark": append([]byte("\ufeff"), src...),
			"document marks":  slices.Concat([]byte("---\n"), src, []byte("...\n")),
		} {
			got, problems := Parse("m.yaml", text)
			if problems.Len() > 0 {
				t.Errorf("%s with %s: %v", name, how, problems)
			} else if strip(got) != strip(want) {
				t.Errorf("%s with %s reads differently", name, how)
			} else if how != "document marks" && got.Factors[0].Pos != want.Factors[0].Pos {
				t.Errorf("%s with %s: factor at %v, want %v", name, how, got.Factors[0].Pos, want.Factors[0].Pos)
			}
		}
	}
}

// TestNumbers holds the strict rule of numbers.
func TestNumbers(t *testing.T) {
	for text, want := range map[string][2]bool{ // whole, any
		"0": {true, true}, "7": {true, true}, "-12": {true, true}, "1.5": {false, true}, "-0.0": {false, true},
		"1e5": {false, true}, "1E-05": {false, true}, "2.5e+3": {false, true}, "-0": {false, true},
		"00": {}, "010": {}, "+1": {}, "1_0": {}, "0x10": {}, ".5": {}, "5.": {}, "1e": {}, "1e+": {}, "e5": {},
		"-": {}, "": {}, "1 2": {}, ".inf": {}, "nan": {}, "1:30": {}, "１": {}, "1,5": {}, "--1": {},
	} {
		if isInt(text) != want[0] || isFloat(text) != want[1] {
			t.Errorf("%q: whole %v, number %v, want %v", text, isInt(text), isFloat(text), want)
		}
	}
}

func TestSet(t *testing.T) {
	src, err := os.ReadFile("testdata/good/chain5.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, problems := ParseWith("m.yaml", src, []string{
		"sample.chains=8", "beta=0.5", "variables.s.shape=[2, 3]", "factors.1.scale=3", "format.group=4",
		"sample.chains=16", "clamp.s[0]=1", "factors.0.name=bias", "factors.bias.weights=-1.5",
	})
	if problems.Len() > 0 {
		t.Fatal(problems)
	}
	equal(t, "chains", s.Sample.Chains.V, "16")
	equal(t, "warmup", s.Sample.Warmup.V, "100")
	equal(t, "beta", s.Beta.V, "0.5")
	equal(t, "shape", values(s.Variables[0].Shape), "[2 3]")
	equal(t, "scale", s.Factors[1].Scale.V, "3")
	equal(t, "group", s.Format.Group.V, "4")
	equal(t, "clamp", s.Clamps[0].Ref.Text, "s[0]")
	equal(t, "weights", s.Factors[0].Weights.List.Values, "[-1.5]")
	equal(t, "place", s.Variables[0].Shape[1].Pos, "--set variables.s.shape:1:23")
	equal(t, "text", string(s.SourceOf("--set variables.s.shape")), "variables.s.shape=[2, 3]")
}

// TestLarge reads 100,000 edges with weights, with every place right.
func TestLarge(t *testing.T) {
	const edges = 100_000
	for _, sep := range []string{", ", ",\n   "} {
		var b strings.Builder
		b.WriteString("model: m\nvariables: {s: {kind: spin, shape: [100001]}}\n# é\nfactors:\n  - over: [s, s]\n    index: [")
		for i := range edges {
			fmt.Fprintf(&b, "[%d, %d]%s", i, i+1, sep)
		}
		b.WriteString("]\n    weights: [")
		for i := range edges {
			fmt.Fprintf(&b, "%v%s", float64(i)/8, sep)
		}
		b.WriteString("]\n")
		s, problems := Parse("m.yaml", []byte(b.String()))
		if problems.Len() > 0 {
			t.Fatal(problems)
		}
		x, w := s.Factors[0].Index, s.Factors[0].Weights.List
		if len(x.Rows) != edges || len(w.Values) != edges {
			t.Fatalf("%d rows, %d weights", len(x.Rows), len(w.Values))
		}
		src := newSource("m.yaml", []byte(b.String()))
		for i := range edges {
			if x.Rows[i][0] != i || x.Rows[i][1] != i+1 || w.Values[i] != float64(i)/8 {
				t.Fatalf("row %d is %v, weight %v", i, x.Rows[i], w.Values[i])
			}
			if i%997 != 0 {
				continue
			}
			at := w.At(i)
			text := src.text[src.starts[at.Line-1]+at.Col-1:]
			if want := fmt.Sprintf("%v,", float64(i)/8); !bytes.HasPrefix(text, []byte(want)) {
				t.Fatalf("weight %d is said to be at %v, there is %q", i, at, text[:20])
			}
			at = x.RowPos[i]
			text = src.text[src.starts[at.Line-1]+at.Col-1:]
			if want := fmt.Sprintf("[%d,", i); !bytes.HasPrefix(text, []byte(want)) {
				t.Fatalf("row %d is said to be at %v, there is %q", i, at, text[:20])
			}
		}
	}
}

// TestLimits: what is too large is refused with exit code 5.
func TestLimits(t *testing.T) {
	_, problems := Parse("m.yaml", bytes.Repeat([]byte("#"), maxSize+1))
	if problems.Len() != 1 || problems.ExitCode() != 5 {
		t.Errorf("a file over the size limit: %v", problems)
	}
	if _, problems = Parse("m.yaml", bytes.Repeat([]byte("["), 1<<20)); problems.Len() != 1 || problems.Problems()[0].Code != diag.Depth {
		t.Errorf("a million brackets: %v", problems)
	}
}

// FuzzParse: no input makes the reader panic, every problem has a place inside
// the file and a text, and can be printed.
func FuzzParse(f *testing.F) {
	cases, _ := filepath.Glob("testdata/bad/*/model.yaml")
	good, _ := filepath.Glob("testdata/good/*.yaml")
	for _, file := range append(cases, good...) {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src, "beta=1")
	}
	f.Add([]byte("model: m\n"), "sample.chains=[1, {a: *b}]")
	f.Fuzz(func(t *testing.T, src []byte, set string) {
		s, problems := ParseWith("model.yaml", src, []string{set})
		if s == nil || problems == nil {
			t.Fatal("no result")
		}
		for _, p := range problems.Problems() {
			if p.Text == "" || p.Code == "" {
				t.Errorf("a problem without words: %+v", p)
			}
			if text := s.SourceOf(p.Pos.File); p.Pos.Line > 0 && text != nil {
				n := len(newSource("", text).starts)
				if p.Pos.Line > n || p.Pos.Col < 1 || p.Pos.Col > len(text)+2 {
					t.Errorf("place %v of %d lines: %v", p.Pos, n, p)
				}
			}
		}
		render(t, s, problems)
	})
}
