package cuda

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Words are what a kernel gets: words of 32 bits in sections, with comments that say what
// they are.
type Words struct {
	List  []uint32
	notes []note // in the order of places
}

// note says what the words from a place on are. Those up to the next one are on a line.
type note struct {
	at   int
	head string // a line of its own, above
	text string // behind the words
}

// section begins a part at a multiple of four words and returns its place.
func (w *Words) section(format string, args ...any) int {
	for len(w.List)%4 != 0 {
		w.List = append(w.List, 0)
	}
	w.notes = append(w.notes, note{at: len(w.List), head: fmt.Sprintf(format, args...)})
	return len(w.List)
}

// line adds words with a comment behind them.
func (w *Words) line(text string, words ...uint32) {
	w.notes = append(w.notes, note{at: len(w.List), text: text})
	w.List = append(w.List, words...)
}

// appendDoubles adds numbers of two words, the low one first.
func appendDoubles(list []uint32, numbers ...float64) []uint32 {
	for _, x := range numbers {
		b := math.Float64bits(x)
		list = append(list, uint32(b), uint32(b>>32))
	}
	return list
}

// append adds the words of another list with their comments.
func (w *Words) append(of *Words) {
	for _, n := range of.notes {
		w.notes = append(w.notes, note{n.at + len(w.List), n.head, n.text})
	}
	w.List = append(w.List, of.List...)
}

// text is the file of the words: their number, then all of them in decimal; # begins a
// comment.
func (w *Words) text(header string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n# Words of the kernels.\n%d\n", header, len(w.List))
	for i, n := range w.notes {
		if n.head != "" {
			fmt.Fprintf(&b, "# word %d: %s\n", n.at, n.head)
		}
		end := len(w.List)
		if i+1 < len(w.notes) {
			end = w.notes[i+1].at
		}
		if n.at == end {
			continue
		}
		for j, x := range w.List[n.at:end] {
			if j > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(strconv.FormatUint(uint64(x), 10))
		}
		if n.text != "" {
			b.WriteString(" # ")
			b.WriteString(n.text)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
