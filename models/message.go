package models

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// MessageVersion is that of the message between a program made of a model
// function and the thrmlgen that reads it. Both have to be of one version: it
// rises with every change of Message.
const MessageVersion = 1

// Message is what a model function gave.
type Message struct {
	Model *Encoded // nil if it failed
	Error string   // of the function: the error or the panic
	Panic []Source // where it panicked, the innermost call first
}

// begin of a message: what stands before it was printed by the user's code.
var begin = []byte("\x00thrmlgen model message\x00")

// header is the part of a message in JSON; the files follow in order.
type header struct {
	Version int
	Message
	Files []fileSize
}

type fileSize struct {
	Name string
	Size int
}

// Write writes the message.
func (m *Message) Write(to io.Writer) error {
	h := header{Version: MessageVersion, Message: *m}
	if m.Model != nil {
		text := *m.Model
		text.Files = nil
		h.Model = &text
		for _, name := range sortedKeys(m.Model.Files) {
			h.Files = append(h.Files, fileSize{name, len(m.Model.Files[name])})
		}
	}
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(to)
	w.Write(begin)
	w.Write(binary.BigEndian.AppendUint64(nil, uint64(len(head))))
	w.Write(head)
	for _, f := range h.Files {
		w.Write(m.Model.Files[f.Name])
	}
	return w.Flush()
}

// VersionError is a message of another version.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("a message of version %d; version %d is read", e.Version, MessageVersion)
}

// ReadMessage finds the message in what a program printed. A *VersionError says
// that it is of another version.
func ReadMessage(printed []byte) (*Message, error) {
	_, rest, found := bytes.Cut(printed, begin)
	if !found {
		return nil, errors.New("no message")
	}
	short := errors.New("the message is cut off")
	if len(rest) < 8 {
		return nil, short
	}
	size := binary.BigEndian.Uint64(rest)
	if rest = rest[8:]; size > uint64(len(rest)) {
		return nil, short
	}
	var version struct{ Version int }
	if err := json.Unmarshal(rest[:size], &version); err != nil {
		return nil, err
	}
	if version.Version != MessageVersion {
		return nil, &VersionError{version.Version}
	}
	var h header
	if err := json.Unmarshal(rest[:size], &h); err != nil {
		return nil, err
	}
	rest = rest[size:]
	m := h.Message
	if m.Model != nil {
		m.Model.Files = map[string][]byte{}
	}
	for _, f := range h.Files {
		if m.Model == nil || f.Size < 0 || f.Size > len(rest) {
			return nil, short
		}
		m.Model.Files[f.Name], rest = rest[:f.Size:f.Size], rest[f.Size:]
	}
	return &m, nil
}

// Main is the program that thrmlgen makes of a model function: it calls the
// function, prints a Message on standard output and ends. What the function
// prints goes to standard error.
func Main(f func() (*Model, error)) {
	out := os.Stdout
	os.Stdout = os.Stderr
	m := call(f)
	if err := m.Write(out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// call makes a message of what a function returns.
func call(f func() (*Model, error)) (m *Message) {
	defer func() {
		if r := recover(); r != nil {
			m = &Message{Error: fmt.Sprint(r), Panic: panicked()}
		}
	}()
	model, err := f()
	switch {
	case err != nil:
		return &Message{Error: err.Error()}
	case model == nil:
		return &Message{Error: "the function returned no model"}
	}
	return &Message{Model: model.Encode()}
}

// panicked is the calls that led to the panic that is recovered.
func panicked() []Source {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	var calls []Source
	for {
		f, more := frames.Next()
		if f.Function == "runtime.gopanic" {
			calls = []Source{} // what stands above it is the recovery
		} else if calls != nil {
			calls = append(calls, Source{File: f.File, Line: f.Line})
		}
		if !more {
			return calls
		}
	}
}
