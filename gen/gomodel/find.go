package gomodel

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/models"
	"golang.org/x/tools/go/packages"
)

// modelsPath is the import path of package models.
const modelsPath = "github.com/thrmlgen/thrmlgen/models"

// modelFunc is a model function of the user's.
type modelFunc struct {
	name     string
	pkg      *packages.Package
	fails    bool // returns an error, too
	declared diag.Pos
}

const whatIsDue = "func() *models.Model or func() (*models.Model, error)"

// find loads the package and looks the function up.
func (l *loader) find(pattern, function string) (*modelFunc, bool) {
	pkg, ok := l.loadPackage(pattern)
	if !ok {
		return nil, false
	}
	l.model.Dir = pkg.Dir
	object := pkg.Types.Scope().Lookup(function)
	if object == nil {
		l.noFunction(pkg, function)
		return nil, false
	}
	f := &modelFunc{name: function, pkg: pkg, declared: l.pos(pkg.Fset, object.Pos())}
	refuse := func(help, format string, args ...any) (*modelFunc, bool) {
		p := l.list.Addf(f.declared, diag.GoFunction, format, args...)
		p.Width, p.Help = len(function), help
		return nil, false
	}
	fn, ok := object.(*types.Func)
	if !ok {
		return refuse("a model is a "+whatIsDue, "%s is no function", function)
	}
	sig := fn.Signature()
	switch {
	case sig.TypeParams().Len() > 0:
		return refuse("write a function without them that calls it", "%s has type parameters", function)
	case sig.Params().Len() > 0:
		return refuse("write a function without parameters that calls it", "%s has parameters", function)
	case !isModelFunc(fn):
		return refuse("a model is a "+whatIsDue, "%s is a %s", function, types.TypeString(sig, types.RelativeTo(pkg.Types)))
	case !fn.Exported() && pkg.Name != "main":
		return refuse("begin its name with a capital letter", "%s is not exported", function)
	}
	f.fails = sig.Results().Len() == 2
	return f, l.fits(f, modelType(sig.Results().At(0).Type()))
}

// isModelFunc tells a function that builds a model.
func isModelFunc(fn *types.Func) bool {
	sig := fn.Signature()
	results := sig.Results()
	if sig.TypeParams().Len() > 0 || sig.Params().Len() > 0 || results.Len() < 1 || results.Len() > 2 {
		return false
	}
	return modelType(results.At(0).Type()) != nil && (results.Len() == 1 || isError(results.At(1).Type()))
}

// loadPackage loads and type-checks one package. What it imports comes as the go
// command has compiled it.
func (l *loader) loadPackage(pattern string) (*packages.Package, bool) {
	config := &packages.Config{
		Mode:    packages.LoadSyntax | packages.NeedModule,
		Context: l.ctx,
		Env:     l.env,
		Dir:     l.dir,
	}
	if isPath(pattern) { // the module is the package's, wherever the working directory is
		info, err := os.Stat(pattern)
		if err != nil || !info.IsDir() {
			l.failf(diag.GoPackage, "", "%s is no folder", diag.Quote(pattern))
			return nil, false
		}
		config.Dir, pattern = pattern, "."
	}
	found, err := packages.Load(config, pattern)
	if err != nil {
		l.failf(diag.GoPackage, "", "%s", goText(err.Error()))
		return nil, false
	}
	if len(found) == 0 {
		l.failf(diag.GoPackage, "", "%s", l.goList(config.Dir, pattern))
		return nil, false
	}
	if len(found) > 1 {
		l.failf(diag.GoPackage, "name it as the go command does: ./energy, or by its import path", "%s is %d packages", diag.Quote(pattern), len(found))
		return nil, false
	}
	pkg := found[0]
	l.packageErrors(config.Dir, pattern, pkg)
	return pkg, l.list.Len() == 0
}

// goList is what the go command says of a package that cannot be loaded.
func (l *loader) goList(dir, pattern string) string {
	cmd := exec.CommandContext(l.ctx, l.tool, "list", "--", pattern)
	cmd.Dir, cmd.Env = dir, l.env
	out, err := cmd.CombinedOutput()
	if err == nil {
		return fmt.Sprintf("%s is no package", diag.Quote(pattern))
	}
	return goText(string(out))
}

// isPath tells a folder from an import path, as the go command does.
func isPath(pattern string) bool {
	return pattern == "." || pattern == ".." || strings.HasPrefix(pattern, "./") || strings.HasPrefix(pattern, "../") || filepath.IsAbs(pattern)
}

// packageErrors reports what the go command and the type checker say of a package
// and what it imports. What has no place is only said if nothing else is.
func (l *loader) packageErrors(dir, pattern string, pkg *packages.Package) {
	var unplaced []string
	seen := map[diag.Pos]bool{}
	packages.Visit([]*packages.Package{pkg}, nil, func(p *packages.Package) { // imports come first
		for _, e := range p.Errors {
			pos, ok := l.parsePos(dir, e.Pos)
			switch {
			case ok && strings.HasPrefix(e.Msg, "could not import ") && seen[pos]: // said with the reason
			case ok:
				seen[pos] = true
				problem := l.list.Addf(pos, diag.GoCode, "%s", goText(e.Msg))
				if pkg.Module != nil && strings.Contains(e.Msg, pkg.Module.Path+"/") {
					problem.Help = "generated code that is not there yet cannot be imported: keep the model in a package of its own"
				}
			case p == pkg || !l.compileErrors(dir, e.Msg):
				unplaced = append(unplaced, e.Msg)
			}
		}
	})
	if l.list.Len() == 0 && len(unplaced) > 0 {
		l.failf(diag.GoPackage, packageHelp(pattern), "%s", goText(unplaced[0]))
	}
}

// packageHelp suggests ./x for x where that is a folder.
func packageHelp(pattern string) string {
	if info, err := os.Stat(pattern); err == nil && info.IsDir() && !isPath(pattern) {
		return "did you mean ./" + pattern + "?"
	}
	return ""
}

// parsePos reads file:line:col, or file:line; the file is named from a folder.
func (l *loader) parsePos(dir, s string) (diag.Pos, bool) {
	file, line, col := s, 0, 0
	if i := strings.LastIndexByte(file, ':'); i > 0 {
		if n, err := strconv.Atoi(file[i+1:]); err == nil {
			file, col = file[:i], n
		}
	}
	if i := strings.LastIndexByte(file, ':'); i > 0 {
		if n, err := strconv.Atoi(file[i+1:]); err == nil {
			file, line = file[:i], n
		}
	}
	if line == 0 {
		line, col = col, 1
	}
	if line < 1 {
		return diag.Pos{}, false
	}
	return l.model.sources.pos(from(dir, file), line, col), true
}

// from is a file named from a folder.
func from(dir, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

func (l *loader) pos(fset *token.FileSet, at token.Pos) diag.Pos {
	p := fset.Position(at)
	return l.model.sources.pos(p.Filename, p.Line, p.Column)
}

// goText is the first line of what the go command says, without its name.
func goText(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "stderr: "); i >= 0 { // err: exit status 1: stderr: go: …
		s = s[i+len("stderr: "):]
	}
	s = strings.TrimPrefix(strings.TrimSpace(s), "go: ")
	line, rest, _ := strings.Cut(s, "\n")
	if strings.HasSuffix(line, ":") {
		next, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
		line += " " + strings.TrimSpace(next)
	}
	if at, found := strings.CutSuffix(line, ")"); found && strings.Contains(at, " is not in std (") {
		line, _, _ = strings.Cut(at, " (")
	}
	return line
}

// noFunction reports that there is no function of a name, at the one that may be
// meant or at the package clause.
func (l *loader) noFunction(pkg *packages.Package, function string) {
	var names []string
	scope := pkg.Types.Scope()
	for _, name := range scope.Names() {
		if fn, ok := scope.Lookup(name).(*types.Func); ok && isModelFunc(fn) && (fn.Exported() || pkg.Name == "main") {
			names = append(names, name)
		}
	}
	pos, width := diag.Pos{File: l.name}, 0
	if len(pkg.Syntax) > 0 {
		pos, width = l.pos(pkg.Fset, pkg.Syntax[0].Name.Pos()), len(pkg.Name)
	}
	help := "the package has no function that returns a *models.Model"
	if s := suggest(function, names); s != "" {
		pos, width = l.pos(pkg.Fset, scope.Lookup(s).Pos()), len(s)
		help = "did you mean " + s + "?"
	} else if len(names) > 0 {
		help = "model functions: " + strings.Join(names, ", ")
	}
	p := l.list.Addf(pos, diag.GoFunction, "no function %s in package %s", diag.Quote(function), pkg.Name)
	p.Width, p.Help = width, help
}

// suggest is diag.Suggest for names that may have capital letters.
func suggest(word string, names []string) string {
	small := map[string]string{}
	for _, n := range names {
		small[strings.ToLower(n)] = n
	}
	return small[diag.Suggest(strings.ToLower(word), slices.Sorted(maps.Keys(small)))]
}

// modelType is the package of models.Model if t is a pointer to it.
func modelType(t types.Type) *types.Package {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return nil
	}
	named, ok := types.Unalias(pointer.Elem()).(*types.Named)
	if !ok || named.Obj().Name() != "Model" || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != modelsPath {
		return nil
	}
	return named.Obj().Pkg()
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// fits compares the package models that the user's module has with our own, at
// the import in the user's file.
func (l *loader) fits(f *modelFunc, theirs *types.Package) bool {
	if !theirs.Complete() { // not imported by the package itself: the message will tell
		return true
	}
	version := int64(0)
	if c, ok := theirs.Scope().Lookup("MessageVersion").(*types.Const); ok {
		version, _ = constant.Int64Val(c.Val())
	}
	if version == models.MessageVersion {
		return true
	}
	pos, width := f.declared, len(f.name)
	for _, file := range f.pkg.Syntax {
		for _, i := range file.Imports {
			if path, err := strconv.Unquote(i.Path.Value); err == nil && path == modelsPath {
				pos, width = l.pos(f.pkg.Fset, i.Path.Pos()), len(i.Path.Value)
			}
		}
	}
	l.otherVersion(pos, width, int(version))
	return false
}

// otherVersion reports a package models of another version.
func (l *loader) otherVersion(pos diag.Pos, width, version int) {
	has := fmt.Sprintf("version %d", version)
	if version == 0 {
		has = "none"
	}
	p := l.list.Addf(pos, diag.GoVersion, "package models of this module and thrmlgen do not fit: the module's message version is %s, thrmlgen reads version %d",
		strings.TrimPrefix(has, "version "), models.MessageVersion)
	p.Width = width
	p.Help = otherVersionHelp
}

const otherVersionHelp = "run the thrmlgen of the module, `go tool thrmlgen`, or `go get github.com/thrmlgen/thrmlgen` at the version of this one"

// exprPos is a node's place with the bytes that it takes on its first line.
func exprPos(fset *token.FileSet, n ast.Node) (token.Position, int) {
	from, to := fset.Position(n.Pos()), fset.Position(n.End())
	if from.Line == to.Line {
		return from, to.Column - from.Column
	}
	return from, 1
}
