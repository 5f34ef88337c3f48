// Package diag carries what is wrong in a model, with its place.
//
// Every layer that reads user input collects Problems in a List and goes on, so
// that a user sees all of them at once. Render prints each as
//
//	file:line:col: code: text
//
// with the source line, a caret under the place and, where there is one, a
// suggestion.
package diag

import "fmt"

// Pos is a place in a source file. Line and Col count from 1 (Col in bytes);
// Line 0 means the file as a whole.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Class says who can mend a problem; it decides the exit code of a command.
type Class int

const (
	Model Class = iota // the model or its data is wrong: exit code 3
	Env                // a file, tool or device failed: exit code 4
	Limit              // a stated limit is passed: exit code 5
)

// Problem is one thing that is wrong.
type Problem struct {
	Pos   Pos
	Width int    // bytes to underline from Pos, 0 for a single caret
	Code  string // one of the codes in codes.go
	Text  string
	Help  string // what to do, "" if there is nothing to add
	Class Class
}

func (p Problem) Error() string { return fmt.Sprintf("%s: %s: %s", p.Pos, p.Code, p.Text) }
