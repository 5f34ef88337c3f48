package gomodel

import (
	"context"
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"golang.org/x/tools/go/packages"
)

// samplingPath is the import path of package sampling, whose types code takes.
const samplingPath = "github.com/thrmlgen/thrmlgen/runtime/sampling"

// Code finds samplers, starts and observers in Go that a model file names, in the
// packages of the module that the file is in. What is wrong with one is reported
// in its Go file, that there is none in the model file.
type Code struct {
	Dir  string // of the model file
	load *loader
	pkgs map[string]*packages.Package // by what a name has before its last dot; nil: reported
}

// NewCode is for a model file in a folder.
func NewCode(ctx context.Context, dir string) *Code {
	return &Code{Dir: dir, pkgs: map[string]*packages.Package{},
		load: &loader{ctx: ctx, dir: dir, model: &Model{sources: sources{}}}}
}

// SourceOf is the text of a Go file that a problem is in; nil for any other.
func (c *Code) SourceOf(file string) []byte { return c.load.model.sources.text(file) }

// FindGo is as in graph.GoFiles.
func (c *Code) FindGo(use graph.GoUse, text string, pos diag.Pos) (graph.GoCode, *diag.List) {
	l := c.load
	l.list, l.at = &diag.List{}, pos
	path, name := ir.SplitGoCode(text)
	out := graph.GoCode{Text: text, Use: use}
	pkg := c.packageOf(path)
	if pkg == nil {
		return out, l.list
	}
	if pkg.Name == "main" {
		l.failf(diag.GoPackage, "move the code into a package of its own", "package %s is a command, which cannot be imported", pkg.PkgPath)
		return out, l.list
	}
	out.Name = pkg.PkgPath + "." + name
	if !ir.IsGoCode(out.Name) {
		l.failf(diag.GoPackage, "", "the import path %s has letters that are not taken here", diag.Quote(pkg.PkgPath))
		return out, l.list
	}
	object := pkg.Types.Scope().Lookup(name)
	if object == nil {
		c.noCode(pkg, use, name)
		return out, l.list
	}
	f := &found{l: l, pkg: pkg, object: object, form: codeForms[use]}
	f.check(&out)
	return out, l.list
}

// packageOf loads a package once. It is nil if that failed.
func (c *Code) packageOf(path string) *packages.Package {
	if pkg, seen := c.pkgs[path]; seen {
		return pkg
	}
	c.pkgs[path] = nil
	l := c.load
	if l.tool == "" && !l.findGo() {
		return nil
	}
	pattern, ok := c.pattern(path)
	if !ok {
		return nil
	}
	if pkg, ok := l.loadPackage(pattern); ok {
		c.pkgs[path] = pkg
	}
	return c.pkgs[path]
}

// pattern is how the go command knows a package: a folder is taken from the model
// file's.
func (c *Code) pattern(path string) (string, bool) {
	if strings.Contains(path, "/") && !isPath(path) {
		return path, true
	}
	dir, err := filepath.Abs(filepath.Join(c.Dir, filepath.FromSlash(path)))
	if err != nil {
		c.load.environment(err)
		return "", false
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return dir, true
	}
	here, err := filepath.Abs(c.Dir)
	if goFiles, _ := filepath.Glob(filepath.Join(here, "*.go")); err == nil && !isPath(path) && len(goFiles) > 0 {
		if pkg, ok := c.load.loadPackage(here); !ok {
			return "", false
		} else if pkg.Name == path {
			return here, true
		}
	}
	c.load.failf(diag.GoPackage, "a package is named by its folder beside the model file, or by its import path", "there is no folder %s beside the model file", diag.Quote(path))
	return "", false
}

// codeForm is what code for a use has to be.
type codeForm struct {
	what    string            // for messages
	params  []string          // of the function
	methods map[string]method // of the type, nil: only functions serve
	due     string            // all of it
}

type method struct {
	params, results []string
	with            string // needed only beside this one; "": always
}

const (
	updateType = "*" + samplingPath + ".Update"
	siteType   = "*" + samplingPath + ".Site"
	chainType  = "*" + samplingPath + ".ChainState"
)

var codeForms = map[graph.GoUse]codeForm{
	graph.GoSampler: {
		what: "a sampler", params: []string{updateType},
		methods: map[string]method{
			"Sample":  {params: []string{updateType}, results: []string{"float64"}},
			"Numbers": {results: []string{"int"}, with: "Begin"},
			"Begin":   {params: []string{siteType, "[]float64"}, with: "Numbers"},
		},
		due: "func(*sampling.Update) float64, or a type with the method Sample of that form (and, to keep numbers, Numbers() int and Begin(*sampling.Site, []float64))",
	},
	graph.GoStart: {what: "a start", params: []string{siteType}, due: "func(*sampling.Site) float64"},
	graph.GoObserver: {
		what: "an observer", params: []string{chainType},
		methods: map[string]method{
			"Values":  {results: []string{"int"}},
			"Numbers": {results: []string{"int"}},
			"Observe": {params: []string{chainType, "[]float64", "[]float64"}},
		},
		due: "func(*sampling.ChainState) float64, or a type with the methods Values() int, Numbers() int and Observe(*sampling.ChainState, []float64, []float64)",
	},
}

// found is an object of a package that a model file names.
type found struct {
	l      *loader
	pkg    *packages.Package
	object types.Object
	form   codeForm
}

// refuse reports a problem at a declaration.
func (f *found) refuse(at types.Object, help, format string, args ...any) {
	p := f.l.list.Addf(f.l.pos(f.pkg.Fset, at.Pos()), diag.GoFunction, format, args...)
	p.Width, p.Help = len(at.Name()), help
}

// check fills in what the object is, or reports why it does not serve.
func (f *found) check(out *graph.GoCode) {
	due := f.form.what + " is a " + f.form.due
	switch x := f.object.(type) {
	case *types.Func:
		out.Func, out.Values = true, 1
		if !hasForm(x.Signature(), f.form.params, []string{"float64"}) {
			f.refuse(x, due, "%s is not %s but a %s", x.Name(), f.form.what, f.shown(x.Type()))
			return
		}
		f.fits(x.Signature())
	case *types.TypeName:
		if f.form.methods == nil {
			f.refuse(x, due, "%s is a type", x.Name())
			return
		}
		if named, ok := x.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
			f.refuse(x, "", "%s has type parameters", x.Name())
			return
		}
		if types.IsInterface(x.Type()) {
			f.refuse(x, due, "%s is an interface", x.Name())
			return
		}
		f.checkType(x, out, due)
	default:
		f.refuse(x, due, "%s is neither a function nor a type", x.Name())
	}
}

func (f *found) shown(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == f.pkg.Types {
			return ""
		}
		return p.Name()
	})
}

// checkType looks at the methods of a type.
func (f *found) checkType(x *types.TypeName, out *graph.GoCode, due string) {
	has := map[string]*types.Func{}
	for name := range f.form.methods {
		object, _, _ := types.LookupFieldOrMethod(types.NewPointer(x.Type()), true, f.pkg.Types, name)
		if fn, ok := object.(*types.Func); ok {
			has[name] = fn
		}
	}
	good := true
	for _, name := range slices.Sorted(maps.Keys(f.form.methods)) {
		m, fn := f.form.methods[name], has[name]
		switch {
		case fn == nil && (m.with == "" || has[m.with] != nil):
			f.refuse(x, due, "type %s has no method %s", x.Name(), name)
			good = false
		case fn != nil && !hasForm(fn.Signature(), m.params, m.results):
			f.refuse(fn, due, "the method %s is a %s", name, f.shown(fn.Type()))
			good = false
		}
	}
	if !good {
		return
	}
	for name, to := range map[string]*int{"Numbers": &out.Numbers, "Values": &out.Values} {
		if fn := has[name]; fn != nil {
			least := int64(0)
			if name == "Values" {
				least = 1
			}
			*to = f.constant(fn, least)
		}
	}
	for _, fn := range has {
		if fn.Signature().Params().Len() > 0 {
			f.fits(fn.Signature())
		}
	}
}

// hasForm compares the types of parameters and results.
func hasForm(sig *types.Signature, params, results []string) bool {
	same := func(t *types.Tuple, want []string) bool {
		if t.Len() != len(want) {
			return false
		}
		for i, w := range want {
			if types.TypeString(types.Unalias(t.At(i).Type()), nil) != w {
				return false
			}
		}
		return true
	}
	return sig.TypeParams().Len() == 0 && !sig.Variadic() && same(sig.Params(), params) && same(sig.Results(), results)
}

// constant is the number that a method returns, which must be a constant so that
// the size of states is known before anything runs.
func (f *found) constant(fn *types.Func, least int64) int {
	for _, file := range f.pkg.Syntax {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Name.Pos() != fn.Pos() || decl.Body == nil || len(decl.Body.List) != 1 {
				continue
			}
			if ret, ok := decl.Body.List[0].(*ast.ReturnStmt); ok && len(ret.Results) == 1 {
				if v := f.pkg.TypesInfo.Types[ret.Results[0]].Value; v != nil {
					if n, exact := constant.Int64Val(v); exact && n >= least && n <= sampling.MaxNumbers {
						return int(n)
					}
					f.refuse(fn, "", "%s returns %s; a number from %d to %d is needed", fn.Name(), v, least, sampling.MaxNumbers)
					return 0
				}
			}
		}
	}
	f.refuse(fn, fmt.Sprintf("write func (%s) %s() int { return 1 }", f.object.Name(), fn.Name()), "%s must do nothing but return a constant: the size of states is known before anything runs", fn.Name())
	return 0
}

// fits compares the package sampling that the user's module has with our own.
func (f *found) fits(sig *types.Signature) {
	pointer, ok := types.Unalias(sig.Params().At(0).Type()).(*types.Pointer)
	if !ok {
		return
	}
	theirs := types.Unalias(pointer.Elem()).(*types.Named).Obj().Pkg()
	version := int64(0)
	if c, ok := theirs.Scope().Lookup("MaxVersion").(*types.Const); ok {
		version, _ = constant.Int64Val(c.Val())
	}
	if theirs.Complete() && version != sampling.MaxVersion {
		f.refuse(f.object, otherVersionHelp, "package sampling of this module and thrmlgen do not fit: the module's version is %d, that of thrmlgen %d", version, sampling.MaxVersion)
	}
}

// noCode reports that a package has no name of a kind, in the model file.
func (c *Code) noCode(pkg *packages.Package, use graph.GoUse, name string) {
	var names []string
	scope := pkg.Types.Scope()
	for _, n := range scope.Names() {
		probe := &found{l: &loader{list: &diag.List{}, model: &Model{sources: sources{}}}, pkg: pkg, object: scope.Lookup(n), form: codeForms[use]}
		if probe.object.Exported() {
			if probe.check(&graph.GoCode{}); probe.l.list.Len() == 0 {
				names = append(names, n)
			}
		}
	}
	help := fmt.Sprintf("%s is a %s; the package has none", codeForms[use].what, codeForms[use].due)
	if s := suggest(name, names); s != "" {
		help = "did you mean " + s + "?"
	} else if len(names) > 0 {
		help = "the package has " + strings.Join(names, ", ")
	}
	c.load.failf(diag.GoFunction, help, "no %s in package %s", diag.Quote(name), pkg.Name)
}
