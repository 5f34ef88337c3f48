package golang

import (
	"math"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// literalNumbers is how many numbers a model may hold that is written as a
// literal for people to read; a larger one is embedded as a file.
const literalNumbers = 4096

// embeds says whether the model is an embedded file: a large one, or one with formulas,
// which nobody reads as operations.
func (e *emitter) embeds() bool {
	if len(e.p.Formulas) > 0 {
		return true
	}
	n := len(e.p.Betas)
	for i := range e.p.Factors {
		n += len(e.p.Factors[i].Index) + len(e.p.Factors[i].Weights)
		for _, w := range e.p.Factors[i].Weights {
			if w == 0 && math.Signbit(w) {
				return true // a Go constant has no negative zero
			}
		}
	}
	for _, super := range e.p.Sweep {
		for _, b := range super {
			n += len(b.Nodes)
			if b.Joint != nil {
				n += len(b.Joint.Mass)
			}
		}
	}
	for _, c := range e.p.Clamps {
		n += len(c.Values)
	}
	for _, in := range e.p.Init {
		n += len(in.Values)
	}
	return n > literalNumbers
}

// modelFiles writes model.go and, for large models, model.bin.
func (e *emitter) modelFiles() ([]emit.File, error) {
	m := Model(e.p)
	f := e.file()
	if e.embeds() {
		e.embeddedModel(f)
	} else {
		e.literalModel(f, m)
	}
	f.Comment("programVars lists the variables.")
	f.Func().Id("programVars").Params().Index().Add(e.run("Var")).Block(jen.Return(e.vars(m)))
	src, err := render(f)
	if err != nil {
		return nil, err
	}
	files := []emit.File{{Path: "model.go", Data: src}}
	if e.embeds() {
		files = append(files, emit.File{Path: "model.bin", Data: m.AppendBinary(nil)})
	}
	return files, nil
}

func (e *emitter) embeddedModel(f *jen.File) {
	f.Anon("embed")
	f.Comment("//go:embed model.bin")
	f.Var().Id("programData").Index().Byte()
	f.Comment("programModel is the model as data.")
	f.Func().Id("programModel").Params().Params(jen.Op("*").Add(e.run("Model")), jen.Error()).Block(
		jen.Return(e.run("DecodeModel").Call(jen.Id("programData"))),
	)
}

func (e *emitter) literalModel(f *jen.File, m *sampling.Model) {
	f.Comment("programModel is the model as data.")
	f.Func().Id("programModel").Params().Op("*").Add(e.run("Model")).Block(
		jen.Return(jen.Op("&").Add(e.run("Model")).Add(fieldLines(
			field("Name", jen.Id("ModelName")),
			field("Hash", jen.Id("ModelHash")),
			field("Vars", jen.Id("programVars").Call()),
			field("Nodes", jen.Id("N")),
			field("Factors", jen.Index().Add(e.run("Factor")).Add(e.factors(m))),
			onlyIf(m.Codes != nil, field("Codes", jen.Index().Add(e.run("CodeFactor")).Add(e.codes(m)))),
			field("Sweep", jen.Index().Index().Add(e.run("Block")).Add(e.sweep(m))),
			onlyIf(m.Synchronous, field("Synchronous", jen.True())),
			onlyIf(m.Clamps != nil, field("Clamps", jen.Index().Add(e.run("Clamp")).Add(e.clamps(m)))),
			onlyIf(m.Init != nil, field("Init", jen.Index().Add(e.run("Init")).Add(e.inits(m)))),
			field("Format", e.run("Format").Add(e.format(m.Format))),
			field("Rounds", jen.Lit(m.Rounds)),
			onlyIf(m.Stream != (sampling.Stream{}), field("Stream", e.run("Stream").Add(braces(
				field("Generator", jen.Lit(m.Stream.Generator)),
				field("Interleave", jen.Lit(m.Stream.Interleave)),
			)))),
			field("Beta", float(m.Beta)),
			onlyIf(m.Betas != nil, field("Betas", floatList(m.Betas, 8))),
			field("Schedule", e.run("Schedule").Add(braces(
				field("Warmup", jen.Id("Warmup")),
				field("Samples", jen.Id("Samples")),
				field("StepsPerSample", jen.Id("StepsPerSample")),
			))),
			field("Chains", jen.Id("Chains")),
			field("Seed", jen.Id("Seed")),
		))),
	)
}

func (e *emitter) vars(m *sampling.Model) jen.Code {
	var items []jen.Code
	for _, v := range m.Vars {
		items = append(items, braces(
			field("Name", jen.Lit(v.Name)),
			field("Kind", e.kind(v.Kind)),
			onlyIf(v.States != 0, field("States", jen.Lit(v.States))),
			onlyIf(v.Shape != nil, field("Shape", intList("int", v.Shape))),
			field("First", jen.Lit(v.First)),
			field("Count", jen.Lit(v.Count)),
			onlyIf(v.Range != nil, field("Range", floatList(v.Range, 2))),
		))
	}
	return jen.Index().Add(e.run("Var")).Add(each(items))
}

// factors writes one line for each row of a factor.
func (e *emitter) factors(m *sampling.Model) jen.Code {
	names := emit.NodeNames(e.p)
	var items []jen.Code
	for _, f := range m.Factors {
		var slots []jen.Code
		for _, s := range f.Slots {
			slots = append(slots, braces(field("Kind", e.kind(s.Kind)),
				onlyIf(s.States != 0, field("States", jen.Lit(s.States))),
				onlyIf(s.Power != 0, field("Power", jen.Lit(s.Power)))))
		}
		items = append(items, fieldLines(
			field("Name", jen.Lit(f.Name)),
			field("Slots", jen.Index().Add(e.run("Slot")).Values(slots...)),
			field("Rows", jen.Lit(f.Rows)),
			onlyIf(f.Index != nil, field("Index", jen.Index().Int32().Add(rowLines(f.Index, len(f.Slots), names)))),
			onlyIf(f.Table != nil, field("Table", intList("int", f.Table))),
			onlyIf(f.Shared, field("Shared", jen.True())),
			onlyIf(f.Runtime, field("Runtime", jen.True())),
			field("Weights", floatList(f.Weights, weightsPerLine(f.Table))),
		))
	}
	return each(items)
}

func (e *emitter) joint(j *sampling.Joint) jen.Code {
	if j == nil {
		return nil
	}
	return field("Joint", jen.Op("&").Add(e.run("Joint")).Add(braces(
		field("StepSize", e.rate(&j.StepSize)), field("NoiseScale", e.rate(&j.NoiseScale)), field("Steps", jen.Lit(j.Steps)),
		onlyIf(j.Mass != nil, field("Mass", floatList(j.Mass, 8))),
		onlyIf(j.Friction != 0, field("Friction", float(j.Friction))),
		onlyIf(j.Momentum != 0, field("Momentum", float(j.Momentum))),
		onlyIf(j.Adapt != 0, field("Adapt", float(j.Adapt))))))
}

func (e *emitter) rate(r *sampling.Rate) jen.Code {
	return e.run("Rate").Add(braces(
		onlyIf(r.Shape != "", field("Shape", jen.Lit(r.Shape))),
		field("From", float(r.From)),
		onlyIf(r.To != 0, field("To", float(r.To))),
		onlyIf(r.Sweeps != 0, field("Sweeps", jen.Lit(r.Sweeps))),
		onlyIf(r.Factor != 0, field("Factor", float(r.Factor))),
		onlyIf(r.Least != 0, field("Least", float(r.Least))),
		onlyIf(r.At != nil, field("At", intList("int", r.At))),
		onlyIf(r.Rise != 0, field("Rise", jen.Lit(r.Rise)))))
}

// codes writes one line for each row and for each list of operations.
func (e *emitter) codes(m *sampling.Model) jen.Code {
	names := emit.NodeNames(e.p)
	var items []jen.Code
	for _, c := range m.Codes {
		var slots, params, parts []jen.Code
		for _, s := range c.Slots {
			slots = append(slots, braces(field("Kind", e.kind(s.Kind)), onlyIf(s.States != 0, field("States", jen.Lit(s.States)))))
		}
		for _, p := range c.Params {
			params = append(params, braces(onlyIf(p.Axes != nil, field("Axes", intList("int", p.Axes))),
				onlyIf(p.Shared, field("Shared", jen.True())), field("Values", floatList(p.Values, 8))))
		}
		for _, p := range c.Parts {
			parts = append(parts, fieldLines(e.ops("Field", p.Field), e.ops("Energy", p.Energy), e.ops("Slope", p.Slope),
				e.ops("Linear", p.Linear), e.ops("Square", p.Square)))
		}
		items = append(items, fieldLines(
			field("Name", jen.Lit(c.Name)),
			onlyIf(c.Directed, field("Directed", jen.True())),
			field("Slots", jen.Index().Add(e.run("Slot")).Values(slots...)),
			field("Rows", jen.Lit(c.Rows)),
			field("Index", jen.Index().Int32().Add(rowLines(c.Index, len(c.Slots), names))),
			onlyIf(params != nil, field("Params", jen.Index().Add(e.run("CodeParam")).Add(each(params)))),
			e.net(c.Net),
			e.ops("Energy", c.Energy),
			field("Parts", jen.Index().Add(e.run("CodePart")).Add(each(parts))),
		))
	}
	return each(items)
}

// net is a field that holds a network, or nothing.
func (e *emitter) net(n *sampling.Net) jen.Code {
	if n == nil {
		return nil
	}
	return field("Net", jen.Op("&").Add(e.run("Net")).Add(braces(field("Sizes", intList("int", n.Sizes)),
		onlyIf(n.Activation != 0, field("Activation", e.run(netNames[n.Activation]))), onlyIf(n.First != 0, field("First", jen.Lit(n.First))))))
}

// netNames are the activations' names in the runtime.
var netNames = [...]string{
	sampling.SiLU: "SiLU", sampling.TanH: "TanH", sampling.ReLU: "ReLU", sampling.Softplus: "Softplus", sampling.ELU: "ELU",
}

// ops is a field that holds code, or nothing.
func (e *emitter) ops(name string, ops []sampling.CodeOp) jen.Code {
	var list []jen.Code
	for _, o := range ops {
		list = append(list, braces(
			onlyIf(o.Op != sampling.CodeConst, field("Op", e.run(codeNames[o.Op]))),
			onlyIf(o.N != 0, field("N", jen.Lit(int(o.N)))),
			onlyIf(o.V != 0, field("V", float(o.V))),
		))
	}
	return onlyIf(ops != nil, field(name, jen.Index().Add(e.run("CodeOp")).Values(list...)))
}

// codeNames are the operations' names in the runtime.
var codeNames = [...]string{
	sampling.CodeConst: "CodeConst", sampling.CodeSlot: "CodeSlot", sampling.CodeParamAt: "CodeParamAt",
	sampling.CodeNeg: "CodeNeg", sampling.CodeAdd: "CodeAdd", sampling.CodeSub: "CodeSub", sampling.CodeMul: "CodeMul",
	sampling.CodeDiv: "CodeDiv", sampling.CodePow: "CodePow", sampling.CodeExp: "CodeExp", sampling.CodeLog: "CodeLog",
	sampling.CodeSqrt: "CodeSqrt", sampling.CodeSin: "CodeSin", sampling.CodeCos: "CodeCos", sampling.CodeTanh: "CodeTanh",
	sampling.CodeAbs: "CodeAbs", sampling.CodeMin: "CodeMin", sampling.CodeMax: "CodeMax", sampling.CodeLess: "CodeLess",
	sampling.CodeLessEq: "CodeLessEq", sampling.CodeGreater: "CodeGreater", sampling.CodeGreaterEq: "CodeGreaterEq",
	sampling.CodeEqual: "CodeEqual", sampling.CodeNotEqual: "CodeNotEqual", sampling.CodeNet: "CodeNet", sampling.CodeNetSlope: "CodeNetSlope",
}

// weightsPerLine puts one line of a table, or eight numbers, on a line.
func weightsPerLine(table []int) int {
	if len(table) == 0 {
		return 8
	}
	return min(table[len(table)-1], 16)
}

func (e *emitter) sweep(m *sampling.Model) jen.Code {
	var supers []jen.Code
	for _, super := range m.Sweep {
		var blocks []jen.Code
		for _, b := range super {
			blocks = append(blocks, braces(
				field("Kind", e.kind(b.Kind)),
				onlyIf(b.States != 0, field("States", jen.Lit(b.States))),
				onlyIf(b.Float, field("Float", jen.True())),
				onlyIf(b.Sampler != "", field("Sampler", jen.Lit(b.Sampler))),
				e.joint(b.Joint),
				onlyIf(b.Numbers != 0, field("Numbers", jen.Lit(b.Numbers))),
				field("First", jen.Lit(b.First)),
				field("Nodes", intList("int32", b.Nodes)),
			))
		}
		supers = append(supers, jen.Values(blocks...))
	}
	return each(supers)
}

func (e *emitter) clamps(m *sampling.Model) jen.Code {
	var items []jen.Code
	for _, c := range m.Clamps {
		items = append(items, braces(
			field("Nodes", intList("int32", c.Nodes)),
			onlyIf(c.Chains != 0, field("Chains", jen.Lit(c.Chains))),
			field("Values", intList("int32", c.Values)),
		))
	}
	return each(items)
}

func (e *emitter) inits(m *sampling.Model) jen.Code {
	kinds := [...]string{"InitRandom", "InitHinton", "InitZeros", "InitValues", "InitNormal", "InitCode"}
	var items []jen.Code
	for _, in := range m.Init {
		items = append(items, braces(
			field("Kind", e.run(kinds[in.Kind])),
			onlyIf(in.Chains != 0, field("Chains", jen.Lit(in.Chains))),
			onlyIf(in.Values != nil, field("Values", intList("int32", in.Values))),
			onlyIf(in.Mean != 0, field("Mean", float(in.Mean))),
			onlyIf(in.SD != 0, field("SD", float(in.SD))),
			onlyIf(in.Code != "", field("Code", jen.Lit(in.Code))),
		))
	}
	return each(items)
}

func (e *emitter) format(f sampling.Format) jen.Code {
	return fieldLines(
		field("Profile", jen.Lit(f.Profile)),
		field("Fraction", jen.Lit(f.Fraction)),
		field("Segments", jen.Lit(f.Segments)),
		field("ThresholdBits", jen.Lit(f.ThresholdBits)),
		onlyIf(f.Planes != 0, field("Planes", jen.Lit(f.Planes))),
		onlyIf(f.Digit != 0, field("Digit", jen.Lit(f.Digit))),
		onlyIf(f.Noise, field("Noise", jen.True())),
		onlyIf(f.LowBits != 0, field("LowBits", jen.Lit(f.LowBits))),
		field("Accum", jen.Lit(f.Accum)),
		onlyIf(f.Group != 0, field("Group", jen.Lit(f.Group))),
		onlyIf(f.Range != 0, field("Range", float(f.Range))),
		field("Bound", float(f.Bound)),
	)
}

func (e *emitter) kind(k sampling.Kind) jen.Code {
	return e.run([...]string{"Spin", "Categorical", "Continuous"}[k])
}

// field is Name: value; onlyIf leaves a zero value out.
func field(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }

func onlyIf(wanted bool, c jen.Code) jen.Code {
	if wanted {
		return c
	}
	return nil
}

// braces is {a, b} on one line, fieldLines the same on a line each.
func braces(fields ...jen.Code) *jen.Statement { return jen.Values(present(fields)...) }

func fieldLines(fields ...jen.Code) *jen.Statement { return each(present(fields)) }

func present(fields []jen.Code) []jen.Code {
	var kept []jen.Code
	for _, f := range fields {
		if f != nil {
			kept = append(kept, f)
		}
	}
	return kept
}

// each is a composite body with one item a line.
func each(items []jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, items...)
}

// rowLines is one line for each row of a factor, named in a comment.
func rowLines(index []int32, slots int, names []string) jen.Code {
	return jen.BlockFunc(func(g *jen.Group) {
		for i := 0; i < len(index); i += slots {
			var nums, refs []string
			for _, n := range index[i : i+slots] {
				nums = append(nums, strconv.Itoa(int(n)))
				refs = append(refs, names[n])
			}
			g.Op(strings.Join(nums, ", ") + ", // " + strings.Join(refs, " "))
		}
	})
}

// intList and floatList are slices of a plain type, wrapped after so many.
func intList[T int | int32](typ string, x []T) jen.Code {
	text := make([]string, len(x))
	for i, v := range x {
		text[i] = strconv.Itoa(int(v))
	}
	return jen.Index().Id(typ).Add(wrapped(text, 16))
}

func floatList(x []float64, perLine int) jen.Code {
	text := make([]string, len(x))
	for i, v := range x {
		text[i] = floatText(v)
	}
	return jen.Index().Float64().Add(wrapped(text, perLine))
}

func wrapped(text []string, perLine int) jen.Code {
	if len(text) <= perLine {
		return jen.Op("{" + strings.Join(text, ", ") + "}")
	}
	return jen.BlockFunc(func(g *jen.Group) {
		for at := 0; at < len(text); at += perLine {
			g.Op(strings.Join(text[at:min(at+perLine, len(text))], ", ") + ",")
		}
	})
}

func float(x float64) jen.Code { return jen.Op(floatText(x)) }

// floatText is the shortest constant that is x.
func floatText(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
