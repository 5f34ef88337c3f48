package golang

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// frame is the file that shows the package's own API.
func (e *emitter) frame() ([]byte, error) {
	f := e.file()
	f.PackageComment(e.packageComment())
	e.constants(f)
	if !e.bundle {
		e.aliases(f)
		e.handshake(f)
	}
	e.newFunc(f)
	e.indexFuncs(f)
	return render(f)
}

// file is a jennifer file with the mark of generated code.
func (e *emitter) file() *jen.File {
	f := jen.NewFile(e.pkg)
	f.HeaderComment("// " + emit.Header(e.p))
	f.ImportName(samplingPath, "sampling")
	return f
}

func render(f *jen.File) ([]byte, error) {
	var b bytes.Buffer
	if err := f.Render(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// comment writes several lines; jennifer would make a block comment of them.
func comment(f *jen.File, lines ...string) { f.Comment("// " + strings.Join(lines, "\n// ")) }

// run is an identifier of the runtime.
func (e *emitter) run(name string) *jen.Statement {
	if e.bundle {
		return jen.Id(name)
	}
	return jen.Qual(samplingPath, name)
}

func (e *emitter) packageComment() string {
	var b strings.Builder
	p := e.p
	fmt.Fprintf(&b, "// Package %s samples the model %s: %s.\n", e.pkg, p.Model, describeVars(p))
	b.WriteString("//\n")
	fmt.Fprintf(&b, `//	s, err := %[1]s.New(%[1]s.Options{Chains: %[1]s.Chains, Seed: 1})
//	if err != nil {
//		return err
//	}
//	schedule := %[1]s.Schedule{Warmup: %[1]s.Warmup, Samples: %[1]s.Samples, StepsPerSample: %[1]s.StepsPerSample}
//	err = s.Run(ctx, schedule, false, observer)   // observer.Observe(s, draw) sees every draw
//	value := s.Value(%[1]s.%[2]s, 0)   // of one node in chain 0
`, e.pkg, e.exampleIndex())
	b.WriteString("//\n")
	fmt.Fprintf(&b, "// A sweep updates %s in order; the largest error of any conditional\n// probability is %.3g. Every sample is a function of the seed, the chain and the\n// sweep alone, whatever the number of threads.\n", count(len(p.Sweep), "superblock"), p.Format.Bound)
	set := "SetWeights"
	if len(p.Formulas) > 0 {
		set = "SetWeights and SetParams"
	}
	fmt.Fprintf(&b, "//\n// A Sampler has SampleBlock, Sweep, Sweeps and Run; Value, State and SetState;\n// SetClamp, SetBeta and, for runtime factors, %s; Field and Energy.", set)
	if e.bundle && hasRuntime(p) {
		b.WriteString(" NewTrainer\n// fits them to data.")
	}
	return b.String()
}

// exampleIndex is a call of the first variable's index function.
func (e *emitter) exampleIndex() string {
	v := e.p.Vars[0]
	return e.varNames("Index")[0] + "(" + strings.TrimSuffix(strings.Repeat("0, ", len(v.Shape)), ", ") + ")"
}

func (e *emitter) varNames(prefix string) []string {
	names := make([]string, len(e.p.Vars))
	for i, v := range e.p.Vars {
		names[i] = v.Name
	}
	return exportedNames(prefix, names)
}

// describeVars is "9 spins s[3,3], 2 categoricals a[2] of 3 states".
func describeVars(p *ir.Program) string {
	var parts []string
	for i, v := range p.Vars {
		if i == 8 {
			parts = append(parts, fmt.Sprintf("%d more variables", len(p.Vars)-8))
			break
		}
		name := v.Name
		if v.Shape != nil {
			name += "[" + joinInts(v.Shape) + "]"
		}
		what := count(v.Count, "spin") + " " + name
		switch v.Kind {
		case ir.Categorical:
			what = fmt.Sprintf("%s %s of %d states", count(v.Count, "categorical"), name, v.States)
		case ir.Continuous:
			what = count(v.Count, "continuous number") + " " + name
		}
		parts = append(parts, what)
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func joinInts(x []int) string {
	parts := make([]string, len(x))
	for i, v := range x {
		parts[i] = strconv.Itoa(v)
	}
	return strings.Join(parts, ",")
}

func (e *emitter) constants(f *jen.File) {
	p := e.p
	f.Comment("The model.")
	f.Const().Defs(
		jen.Id("ModelName").Op("=").Lit(p.Model),
		jen.Id("ModelHash").Op("=").Lit(p.Hash),
		jen.Id("GeneratorVersion").Op("=").Lit(emit.Version),
		jen.Id("N").Op("=").Lit(p.Nodes).Comment("nodes"),
	)
	f.Comment("The model's schedule; a run may follow another one.")
	f.Const().Defs(
		jen.Id("Chains").Op("=").Lit(p.Sample.Chains),
		jen.Id("Warmup").Op("=").Lit(p.Sample.Warmup),
		jen.Id("Samples").Op("=").Lit(p.Sample.Samples),
		jen.Id("StepsPerSample").Op("=").Lit(p.Sample.StepsPerSample),
		jen.Id("Seed").Uint64().Op("=").Op(strconv.FormatUint(p.Sample.Seed, 10)),
	)
}

// aliased are the types of the runtime that a user of the package names.
var aliased = []string{"Sampler", "Options", "Model", "Schedule", "Observer", "SweepObserver", "Clamp"}

func (e *emitter) aliases(f *jen.File) {
	f.Comment("Types of the runtime.")
	var defs []jen.Code
	for _, name := range aliased {
		defs = append(defs, jen.Id(name).Op("=").Add(e.run(name)))
	}
	f.Type().Defs(defs...)
}

// handshake makes a package that does not fit the runtime fail to compile.
func (e *emitter) handshake(f *jen.File) {
	comment(f, "Emitted code and runtime must fit each other. If the first line does not compile,",
		"this package is older than the runtime takes: emit it again. If the second does",
		"not, the runtime is older than this package: raise the version of the module",
		"github.com/thrmlgen/thrmlgen in go.mod.")
	f.Const().Defs(
		jen.Id("_").Op("=").Add(e.run("PackageTooOldEmitItAgain")).Call(jen.Lit(runtimeVersion).Op("-").Add(e.run("MinVersion"))),
		jen.Id("_").Op("=").Add(e.run("RuntimeTooOldUpdateItInGoMod")).Call(e.run("MaxVersion").Op("-").Lit(runtimeVersion)),
	)
}

// newFunc writes New.
func (e *emitter) newFunc(f *jen.File) {
	comment(f, "New makes a sampler whose chains are in the model's initial state. Options left",
		"zero take the model's number of chains, seed 0 and one thread. A change may",
		"replace β, the schedule and the starts of the model, nothing else.")
	change := jen.Id("change").Op("...").Func().Params(jen.Op("*").Add(e.run("Model")))
	f.Func().Id("New").Params(jen.Id("opts").Add(e.run("Options")), change).Params(jen.Op("*").Add(e.run("Sampler")), jen.Error()).BlockFunc(func(g *jen.Group) {
		if e.embeds() {
			g.List(jen.Id("m"), jen.Err()).Op(":=").Id("programModel").Call()
			g.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		} else {
			g.Id("m").Op(":=").Id("programModel").Call()
		}
		g.For(jen.List(jen.Id("_"), jen.Id("c")).Op(":=").Range().Id("change")).Block(jen.Id("c").Call(jen.Id("m")))
		if e.supers != nil || e.slices != nil {
			g.Id("opts").Dot("Straight").Op("=").Op("&").Add(e.run("Straight")).Values(e.straight())
		}
		if len(e.p.GoCode) > 0 {
			g.Id("opts").Dot("Code").Op("=").Id("userCode").Call()
		}
		g.Return(e.run("NewSampler").Call(jen.Id("m"), jen.Id("opts")))
	})
}

// straight lists the emitted functions.
func (e *emitter) straight() jen.Dict {
	rows := jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}
	var lists []jen.Code
	for i, s := range e.supers {
		parts := len(e.chunks(len(s.updates)))
		lists = append(lists, jen.ValuesFunc(func(g *jen.Group) {
			for k := range parts {
				g.Id(blockFunc(i, k, parts))
			}
		}))
	}
	d := jen.Dict{}
	if e.supers != nil {
		d[jen.Id("Blocks")] = jen.Index().Index().Add(e.run("BlockFunc")).Custom(rows, lists...)
	}
	if e.slices != nil {
		d[jen.Id("Slices")] = jen.Id("sliceParts").Call()
		d[jen.Id("SliceBits")] = jen.Lit(e.slices.bits)
	}
	if e.fields {
		d[jen.Id("Fields")] = jen.Id("stateFields")
	}
	return d
}

// indexFuncs writes Index and one function for each variable.
func (e *emitter) indexFuncs(f *jen.File) {
	f.Comment("Index is the number of the node that a reference such as " + Model(e.p).NodeName(e.p.Vars[0].First) + " names.")
	f.Func().Id("Index").Params(jen.Id("ref").String()).Params(jen.Int(), jen.Error()).Block(
		jen.Return(e.run("NodeIndex").Call(jen.Id("programVars").Call(), jen.Id("ref"))),
	)
	names := e.varNames("Index")
	for i, v := range e.p.Vars {
		e.indexFunc(f, names[i], v)
	}
}

// indexFunc writes the index function of one variable.
func (e *emitter) indexFunc(f *jen.File, name string, v ir.Var) {
	if v.Shape == nil {
		f.Comment(fmt.Sprintf("%s is the node %s.", name, v.Name))
		f.Func().Id(name).Params().Int().Block(jen.Return(jen.Lit(v.First)))
		return
	}
	args := make([]string, len(v.Shape))
	var params []jen.Code
	var outside *jen.Statement
	flat := jen.Null()
	if v.First > 0 {
		flat = jen.Lit(v.First).Op("+")
	}
	stride := v.Count
	for a, n := range v.Shape {
		args[a] = string(rune('i' + a))
		if len(v.Shape) > 8 {
			args[a] = fmt.Sprintf("i%d", a)
		}
		params = append(params, jen.Id(args[a]))
		test := jen.Uint().Call(jen.Id(args[a])).Op(">=").Lit(n)
		if outside == nil {
			outside = test
		} else {
			outside = outside.Op("||").Add(test)
		}
		stride /= n
		if a > 0 {
			flat = flat.Op("+")
		}
		if stride != 1 {
			flat = flat.Lit(stride).Op("*")
		}
		flat = flat.Id(args[a])
	}
	f.Comment(fmt.Sprintf("%s is the node %s[%s] of %s[%s]. Like an index of an array, it panics outside.",
		name, v.Name, strings.Join(args, ","), v.Name, joinInts(v.Shape)))
	var shown []jen.Code
	for _, a := range args {
		shown = append(shown, jen.Id(a))
	}
	f.Func().Id(name).Params(jen.List(params...).Int()).Int().Block(
		jen.If(outside).Block(
			jen.Panic(jen.Qual("fmt", "Sprint").Call(jen.Lit(v.Name+": no node "), jen.Index().Int().Values(shown...))),
		),
		jen.Return(flat),
	)
}

// groupsFile writes one function for each group.
func (e *emitter) groupsFile() ([]byte, error) {
	f := e.file()
	names := make([]string, len(e.r.Groups))
	for i, g := range e.r.Groups {
		names[i] = g.Name
	}
	for i, name := range exportedNames("Group", names) {
		g := e.r.Groups[i]
		f.Comment(fmt.Sprintf("%s is the %s of group %s.", name, count(len(g.Nodes), "node"), g.Name))
		f.Func().Id(name).Params().Index().Int32().Block(jen.Return(intList("int32", g.Nodes)))
	}
	return render(f)
}
