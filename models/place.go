package models

import (
	"runtime"
	"strings"
)

// place is where in the user's source something was built: the call of a
// function of this package, and the part of the call that is meant.
type place struct {
	file  string
	line  int
	call  string // the function's name, without package and type
	arg   int    // the argument, from 1; 0 for the call as a whole
	field string // the field of a struct that is passed, as "Positive.Chains"
	site  uint64 // tells calls on one line apart
}

const packagePrefix = "github.com/thrmlgen/thrmlgen/models."

// here is the nearest caller outside of this package.
func here() place {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	p := place{}
	for {
		f, more := frames.Next()
		name, ours := strings.CutPrefix(f.Function, packagePrefix)
		if !ours {
			p.file, p.line, p.site = f.File, f.Line, uint64(f.PC)
			return p
		}
		name, _, _ = strings.Cut(name, "[") // of a generic function
		p.call = name[strings.LastIndexByte(name, '.')+1:]
		if !more {
			return p
		}
	}
}

// at is the place of an argument, counted from 1.
func (p place) at(arg int) place {
	p.arg = arg
	return p
}

// in is the place of a field of the struct that is passed.
func (p place) in(field string) place {
	if p.field != "" {
		field = p.field + "." + field
	}
	p.field = field
	return p
}
