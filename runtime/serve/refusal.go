package serve

import (
	"fmt"
	"strings"
)

// A Refusal says why a command, or a command line, is not carried out.
type Refusal struct {
	Code string `json:"code"` // a word for programs
	Exit int    `json:"exit"` // the exit code it stands for
	Text string `json:"text"`
	Help string `json:"help"` // what to do, "" if there is nothing to add
}

// Exit codes.
const (
	ExitUsage       = 2   // the command cannot be used
	ExitData        = 3   // the data does not suit the model
	ExitEnvironment = 4   // a file or pipe failed
	ExitLimit       = 5   // a stated limit is passed
	ExitBug         = 70  // a fault of ours
	ExitInterrupted = 130 // stopped by the user
)

// The codes of refusals, words of thrmlgen's own messages. They are added to and
// never renamed.
const (
	codeUsage       = "usage"
	codeUnknownName = "unknown-name"
	codeShape       = "weights-shape"
	codeNotFinite   = "not-finite"
	codeRange       = "out-of-range"
	codeClampShape  = "clamp-shape"
	codeClampValue  = "clamp-value"
	codeClampTwice  = "clamp-twice"
	codeInit        = "init-value"
	codeStates      = "bad-states"
	codeBetas       = "betas-length"
	codeUnbounded   = "unbounded"
	codeTooMuch     = "too-much"
	codeEnvironment = "environment"
	codeInterrupted = "interrupted"
	codeInternal    = "internal"
)

func (r *Refusal) Error() string { return r.Text }

// WithHelp adds what to do.
func (r *Refusal) WithHelp(format string, args ...any) *Refusal {
	r.Help = fmt.Sprintf(format, args...)
	return r
}

func refuse(exit int, code, format string, args ...any) *Refusal {
	return &Refusal{Exit: exit, Code: code, Text: fmt.Sprintf(format, args...)}
}

// RefuseUsage is a command line or command that cannot be used.
func RefuseUsage(format string, args ...any) *Refusal {
	return refuse(ExitUsage, codeUsage, format, args...)
}

// RefuseStates is data that does not suit the model.
func RefuseStates(format string, args ...any) *Refusal {
	return refuse(ExitData, codeStates, format, args...)
}

// RefuseEnvironment is a file, pipe or device that failed.
func RefuseEnvironment(format string, args ...any) *Refusal {
	return refuse(ExitEnvironment, codeEnvironment, format, args...)
}

// RefuseLimit is more than a stated limit allows.
func RefuseLimit(format string, args ...any) *Refusal {
	return refuse(ExitLimit, codeTooMuch, format, args...)
}

// RefuseBug is a fault of ours.
func RefuseBug(text string) *Refusal {
	return refuse(ExitBug, codeInternal, "%s", text).WithHelp("this is a bug of thrmlgen; please report it with the command line and the model")
}

// RefuseInterrupted is work that the user stopped.
func RefuseInterrupted() *Refusal { return refuse(ExitInterrupted, codeInterrupted, "interrupted") }

// RefuseUnknown is a word that is not one of those known, with the nearest.
func RefuseUnknown(exit int, what, word string, known []string) *Refusal {
	r := refuse(exit, codeUnknownName, "no %s %s", what, QuoteWord(word))
	if s := NearestWord(word, known); s != "" {
		return r.WithHelp("did you mean %s?", s)
	}
	if len(known) == 0 {
		return r.WithHelp("the model has none")
	}
	return r.WithHelp("there are %s", someWords(known, 12))
}

// QuoteWord puts a user's word into a message, cut if it is long.
func QuoteWord(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// someWords joins the first of many words and counts the rest.
func someWords(words []string, most int) string {
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s, … and %d more", strings.Join(words[:most], ", "), len(words)-most)
}

// NearestWord is the candidate that a word most likely meant, "" if none is near:
// at most a third of its letters differ, one at least, and a swap of neighbours
// counts as one change. Of equals the first wins.
func NearestWord(word string, candidates []string) string {
	if len(word) > 64 {
		return ""
	}
	best, limit := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := wordDistance(strings.ToLower(word), c); d < limit && d < len(c) {
			best, limit = c, d
		}
	}
	return best
}

// wordDistance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours.
func wordDistance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
