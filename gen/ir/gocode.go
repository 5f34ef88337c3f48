package ir

import (
	"go/token"
	"slices"
	"strings"
)

// IsGoCode reports whether s is the name of code of the user's, an import path and an
// exported name with a dot between them. Samplers of our own have no dot.
func IsGoCode(s string) bool {
	path, name := SplitGoCode(s)
	for i := 0; i < len(path); i++ {
		c := path[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-~/+", c) >= 0) {
			return false
		}
	}
	return path != "" && token.IsIdentifier(name) && token.IsExported(name)
}

// SplitGoCode takes the name of code apart.
func SplitGoCode(s string) (path, name string) {
	i := strings.LastIndexByte(s, '.')
	return s[:max(i, 0)], s[i+1:]
}

// A GoCode is code of the user's that a program names.
type GoCode struct {
	Name string // import path, a dot, exported name
	Use  GoUse
	Func bool // a function; else a type with methods
}

// GoUse is what code is for.
type GoUse uint8

const (
	GoSampler  GoUse = iota // a sampling.NodeSampler or sampling.SamplerFunc
	GoStart                 // a sampling.StartFunc
	GoObserver              // a sampling.ChainObserver or sampling.ObserverFunc
)

var goWords = [...]string{GoSampler: "sampler", GoStart: "start", GoObserver: "observer"}

// hasGo tells whether the program names code for a use.
func (p *Program) hasGo(name string, use GoUse) bool {
	return slices.ContainsFunc(p.GoCode, func(c GoCode) bool { return c.Name == name && c.Use == use })
}

// code checks the code that a program names.
func (v *verifier) goCode() {
	for i, c := range v.p.GoCode {
		if !IsGoCode(c.Name) || int(c.Use) >= len(goWords) || c.Use == GoStart && !c.Func ||
			slices.ContainsFunc(v.p.GoCode[:i], func(d GoCode) bool { return d.Name == c.Name && d.Use == c.Use }) {
			v.fault("code %q for use %d is no name or there twice", c.Name, c.Use)
		}
	}
	for i, in := range v.p.Init {
		if in.Kind == InitCode && !v.p.hasGo(in.Code, GoStart) {
			v.fault("start of variable %d: code %q is not listed", i, in.Code)
		}
	}
	for i, sb := range v.p.Sweep {
		for _, b := range sb {
			if IsGoCode(b.Sampler) && !v.p.hasGo(b.Sampler, GoSampler) {
				v.fault("superblock %d: code %q is not listed", i, b.Sampler)
			}
		}
	}
}
