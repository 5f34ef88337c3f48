package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// mostLine is the longest line that a command may be.
const mostLine = 1 << 20

// pipeCommand is a command as it is written; nil stands for a key that is not
// there.
type pipeCommand struct {
	Cmd            string    `json:"cmd"`
	Chains         *int      `json:"chains"`
	Warmup         *int      `json:"warmup"`
	Samples        *int      `json:"samples"`
	StepsPerSample *int      `json:"steps_per_sample"`
	Seed           *uint64   `json:"seed"`
	Threads        *int      `json:"threads"`
	Beta           *float64  `json:"beta"`
	Betas          []float64 `json:"betas"`
	Resume         bool      `json:"resume"`
	Observe        []string  `json:"observe"`
	Summary        *bool     `json:"summary"`
	Arrays         []string  `json:"arrays"`
}

// pipeKeys are the keys of each command beside cmd.
var pipeKeys = map[string][]string{
	"info": {"arrays"}, "quit": {"arrays"}, "energy": {"arrays"},
	"run": {"chains", "warmup", "samples", "steps_per_sample", "seed", "threads", "beta", "betas", "resume", "observe", "summary", "arrays"},
}

// pipeFrame is a command and its arrays as they came.
type pipeFrame struct {
	pipeCommand
	arrays map[string]*npy.NPYArray
	// refused says why the command cannot be carried out; its arrays were passed
	// over.
	refused *Refusal
}

// frameReader reads commands. Its errors end the session: io.EOF between two
// commands, a *Refusal where the next one cannot be found.
type frameReader struct {
	in    *bufio.Reader
	limit float64 // bytes that the arrays of a command may take
}

func (r *frameReader) next() (*pipeFrame, error) {
	line, err := r.line()
	if err != nil {
		return nil, err
	}
	f := &pipeFrame{arrays: map[string]*npy.NPYArray{}}
	names, err := f.parse(line)
	if err != nil {
		return nil, err
	}
	return f, r.arrays(f, names)
}

// line reads up to the end of a line that is not blank.
func (r *frameReader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > mostLine:
			return nil, RefuseUsage("a line of more than %d bytes; a command is one line of JSON", mostLine)
		case err == nil && len(bytes.TrimSpace(line)) == 0:
			line = line[:0]
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(bytes.TrimSpace(line)) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, RefuseUsage("the input ends inside a line")
		default:
			return nil, RefuseEnvironment("standard input: %v", err)
		}
	}
}

// parse reads a line. The names of its arrays come back even if the command is
// refused, so that they can be passed over; an error means that they are not
// known.
func (f *pipeFrame) parse(line []byte) (names []string, err error) {
	keys := map[string]json.RawMessage{}
	if !utf8.Valid(line) {
		return nil, RefuseUsage("a line that is not UTF-8; a command is one line of JSON")
	}
	if err := json.Unmarshal(line, &keys); err != nil || keys == nil {
		return nil, RefuseUsage("a command is one JSON object on one line: %v", jsonFault(err))
	}
	if list, ok := keys["arrays"]; ok {
		if err := json.Unmarshal(list, &names); err != nil {
			return nil, RefuseUsage("arrays: a list of names is needed")
		}
	}
	f.refused = f.fill(line, keys)
	return names, nil
}

func jsonFault(err error) string {
	if err == nil {
		return "null"
	}
	return err.Error()
}

// fill takes the keys over, or says what is wrong with them.
func (f *pipeFrame) fill(line []byte, keys map[string]json.RawMessage) *Refusal {
	if err := json.Unmarshal(line, &f.pipeCommand); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return RefuseUsage("%s: %s is needed, this is a %s", wrong.Field, jsonNeeds[wrong.Field], wrong.Value)
		}
		return RefuseUsage("%v", err)
	}
	known, ok := pipeKeys[f.Cmd]
	if !ok {
		r := RefuseUnknown(ExitUsage, "command", f.Cmd, []string{"info", "run", "energy", "quit"})
		r.Code = codeUsage
		return r
	}
	for key := range keys {
		if key == "cmd" || containsWord(known, key) {
			continue
		}
		r := RefuseUnknown(ExitUsage, "key", key, known)
		r.Code, r.Text = codeUsage, f.Cmd+": "+r.Text
		return r
	}
	return nil
}

func containsWord(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// jsonNeeds says what each key takes.
var jsonNeeds = map[string]string{
	"cmd": "the name of a command", "chains": "a whole number", "warmup": "a whole number", "samples": "a whole number",
	"steps_per_sample": "a whole number", "threads": "a whole number", "seed": "a whole number from 0 to 2^64-1",
	"beta": "a number", "betas": "a list of numbers", "resume": "true or false", "summary": "true or false",
	"observe": "a list of words", "arrays": "a list of names",
}

// arrays reads the arrays of a command, or passes over those of one that is
// refused. An error ends the session: where the array ends is not known.
func (r *frameReader) arrays(f *pipeFrame, names []string) error {
	left := r.limit
	for _, name := range names {
		part, err := npy.NextNPY(r.in)
		if err != nil {
			return RefuseUsage("array %s: %v", QuoteWord(name), err)
		}
		left -= float64(part.Bytes)
		switch {
		case f.refused != nil:
		case f.arrays[name] != nil:
			f.refused = RefuseUsage("array %s is given twice", QuoteWord(name))
		case !arrayBelongs(f.Cmd, name):
			f.refused = RefuseUnknown(ExitUsage, "array", name, []string{"weights/NAME", "clamp/VARIABLE", "mask/VARIABLE", "state/VARIABLE"})
			f.refused.Text = f.Cmd + ": " + f.refused.Text
		case left < 0:
			f.refused = RefuseLimit("the arrays of the command take more than %s", SizeText(r.limit)).WithHelp("--memory raises the limit")
		}
		if f.refused != nil {
			if err := part.Skip(); err != nil {
				return RefuseUsage("the input ends inside array %s: %v", QuoteWord(name), err)
			}
			continue
		}
		a, err := part.Read()
		var fault *npy.NPYError
		switch {
		case errors.As(err, &fault):
			f.refused = RefuseStates("array %s: %v", QuoteWord(name), err)
		case err != nil:
			return RefuseUsage("the input ends inside array %s: %v", QuoteWord(name), err)
		default:
			f.arrays[name] = a
		}
	}
	return nil
}

// arrayBelongs says whether a command takes an array of this sort.
func arrayBelongs(cmd, name string) bool {
	sort, rest, _ := strings.Cut(name, "/")
	switch {
	case rest == "":
		return false
	case sort == "state":
		return cmd == "run" || cmd == "energy"
	}
	return cmd == "run" && (sort == "weights" || sort == "clamp" || sort == "mask")
}
