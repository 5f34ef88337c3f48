package graph

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// GoUse is what code in Go is for.
type GoUse uint8

const (
	GoSampler  GoUse = iota // update: {x: package.Name}
	GoStart                 // init: {x: package.Name}
	GoObserver              // observe: [{name: …, go: package.Name}]
)

// GoCode is code of the user's that a model names.
type GoCode struct {
	Text    string // as written
	Name    string // import path, a dot, exported name
	Use     GoUse
	Func    bool // a function; else a type with methods
	Numbers int  // that it keeps for each node and chain, an observer for each chain
	Values  int  // of an observer: in one observation
}

// GoFiles are Files that find code in Go, from the model's folder.
type GoFiles interface {
	Files
	// FindGo checks that a name is that of a sampler, start or observer. Problems
	// are at places in Go files, or at pos where there is none.
	FindGo(use GoUse, text string, pos diag.Pos) (GoCode, *diag.List)
}

// goCode resolves a name of code. It is false if there is a problem.
func (b *builder) goCode(use GoUse, name spec.Name) (GoCode, bool) {
	for _, c := range b.g.GoCode {
		if c.Use == use && c.Text == name.Text {
			return c, true
		}
	}
	files, ok := b.files.(GoFiles)
	if !ok {
		b.add(diag.Problem{Pos: name.Pos, Width: len(name.Text), Code: diag.GoPackage,
			Text: "code in Go is found from the folder of a model file, and this model has none", Help: "write the model to a file inside a Go module"})
		return GoCode{}, false
	}
	c, problems := files.FindGo(use, name.Text, name.Pos)
	for _, p := range problems.Problems() {
		if p.Pos == name.Pos {
			p.Width = len(name.Text)
		}
		b.add(p)
	}
	if problems.Len() > 0 {
		return GoCode{}, false
	}
	b.g.GoCode = append(b.g.GoCode, c)
	return c, true
}

// goText is the name of code as the model has it.
func (g *Graph) goText(use GoUse, name string) string {
	for _, c := range g.GoCode {
		if c.Use == use && c.Name == name {
			return c.Text
		}
	}
	return name
}

// GoCodeOf is the code of a name, nil for anything else.
func (g *Graph) GoCodeOf(use GoUse, name string) *GoCode {
	for i := range g.GoCode {
		if g.GoCode[i].Use == use && g.GoCode[i].Name == name {
			return &g.GoCode[i]
		}
	}
	return nil
}

// goSampler gives a variable, or all fields of one, a sampler in Go.
func (b *builder) goSampler(u *spec.Update) {
	c, ok := b.goCode(GoSampler, u.Sampler)
	if !ok {
		return
	}
	if at, found := b.vars[u.Var.Text]; found {
		b.g.Vars[at].Sampler = c.Name
	}
	for _, at := range b.fieldIndices(u.Var.Text) {
		b.g.Vars[at].Sampler = c.Name
	}
}

// goInit is a start in Go.
func (b *builder) goInit(form *spec.InitForm) Init {
	c, ok := b.goCode(GoStart, form.Code)
	if !ok {
		return Init{}
	}
	return Init{Kind: InitCode, Code: c.Name}
}

// goObserver is an observer in Go.
func (b *builder) goObserver(o *spec.Observe) {
	if c, ok := b.goCode(GoObserver, o.Code); ok {
		b.g.Observe = append(b.g.Observe, Observe{Kind: "go", Name: o.Name.Text, Code: c.Name})
	}
}
