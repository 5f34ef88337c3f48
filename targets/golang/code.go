package golang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"sync"

	"github.com/dave/jennifer/jen"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// codeFile links the code in Go that the program names. Its types are those of our
// module, so that the package imports the runtime in place of carrying it.
func (e *emitter) codeFile() (emit.File, error) {
	f := e.file()
	f.Comment("userCode is the code in Go that the model names.")
	f.Func().Id("userCode").Params().Add(e.run("UserCode")).Block(
		jen.Return(e.run("UserCode").Add(fieldLines(
			e.codeMap("Samplers", "NodeSampler", "SamplerFunc", ir.GoSampler),
			e.codeMap("Starts", "StartFunc", "StartFunc", ir.GoStart),
		))),
	)
	comment(f, "Observers are the observers in Go that the model names. They are for package", "observe: a Sampler does not call them.")
	f.Func().Id("Observers").Params().Map(jen.String()).Add(e.run("ChainObserver")).Block(
		jen.Return(jen.Map(jen.String()).Add(e.run("ChainObserver")).Add(e.codeItems("ObserverFunc", ir.GoObserver))),
	)
	src, err := render(f)
	return emit.File{Path: "code.go", Data: src}, err
}

func (e *emitter) codeMap(name, typ, function string, use ir.GoUse) jen.Code {
	return field(name, jen.Map(jen.String()).Add(e.run(typ)).Add(e.codeItems(function, use)))
}

// codeItems is {"path.Name": new(path.Name), …}; a function is converted.
func (e *emitter) codeItems(function string, use ir.GoUse) jen.Code {
	var items []jen.Code
	for _, c := range e.p.GoCode {
		if c.Use != use {
			continue
		}
		path, name := ir.SplitGoCode(c.Name)
		value := jen.New(jen.Qual(path, name))
		if c.Func {
			value = e.run(function).Call(jen.Qual(path, name))
		}
		items = append(items, jen.Lit(c.Name).Op(":").Add(value))
	}
	if items == nil {
		return jen.Values()
	}
	return each(items)
}

// RuntimePackages tells in which package of the runtime each exported name of the
// bundle is, by its import path.
var RuntimePackages = sync.OnceValue(func() map[string]string {
	packages := map[string]string{}
	fset := token.NewFileSet()
	text, err := bundled.ReadFile("bundle/runtime.go.txt")
	if err != nil {
		panic(err)
	}
	file, err := parser.ParseFile(fset, "runtime.go", text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		panic(err) // it is our own file, which the tests compile
	}
	section := ""
	sections := file.Comments
	for _, d := range file.Decls {
		for len(sections) > 0 && sections[0].Pos() < d.Pos() {
			if name, ok := strings.CutPrefix(sections[0].List[0].Text, "// Package runtime/"); ok {
				section, _, _ = strings.Cut(name, ".")
			}
			sections = sections[1:]
		}
		for _, name := range declaredNames(d) {
			packages[name] = strings.TrimSuffix(samplingPath, "sampling") + section
		}
	}
	return packages
})

// declaredNames are the exported names that a declaration makes; methods are none.
func declaredNames(d ast.Decl) []string {
	var names []string
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			add(d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				add(s.Name)
			case *ast.ValueSpec:
				for _, id := range s.Names {
					add(id)
				}
			}
		}
	}
	return names
}
