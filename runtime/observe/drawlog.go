package observe

import (
	"errors"
	"fmt"
	"os"
)

// A drawLog keeps records of equal size, one a draw: in memory up to a budget, then
// all of them in a temporary file.
type drawLog struct {
	size    int // bytes of a record
	budget  int
	dir     string
	pages   [][]byte // whole records; with a file: the one page not yet in it
	perPage int      // records
	draws   int
	file    *os.File
	unnamed bool // the file is removed already
	written int  // draws in file
}

const logPageBytes = 1 << 20

func newDrawLog(size, budget int, dir string) *drawLog {
	return &drawLog{size: size, budget: budget, dir: dir, perPage: max(1, min(logPageBytes, budget)/max(1, size))}
}

// next is the record of the next draw, to be filled at once; it is not cleared.
func (l *drawLog) next() ([]byte, error) {
	inPages := l.draws - l.written
	if inPages == len(l.pages)*l.perPage {
		if l.file != nil || inPages > 0 && (inPages+l.perPage)*l.size > l.budget {
			if err := l.spill(); err != nil {
				return nil, err
			}
			inPages = 0
		} else {
			l.pages = append(l.pages, make([]byte, l.perPage*l.size))
		}
	}
	l.draws++
	return l.inPages(inPages), nil
}

func (l *drawLog) inPages(i int) []byte {
	at := i % l.perPage * l.size
	return l.pages[i/l.perPage][at : at+l.size]
}

// spill moves all pages to the file and keeps one for the draws to come.
func (l *drawLog) spill() error {
	if l.file == nil {
		f, err := os.CreateTemp(l.dir, ".states-*.tmp")
		if err != nil {
			return fmt.Errorf("states do not fit in %d bytes of memory: %w", l.budget, err)
		}
		l.file = f
		// Where an open file can be removed, it is gone whatever happens to the run.
		l.unnamed = os.Remove(f.Name()) == nil
	}
	for _, p := range l.pages {
		if _, err := l.file.Write(p); err != nil {
			return fmt.Errorf("states do not fit in %d bytes of memory: %w", l.budget, err)
		}
	}
	l.written = l.draws
	l.pages = l.pages[:1]
	return nil
}

// read fills dst from a place inside the record of a draw.
func (l *drawLog) read(draw, offset int, dst []byte) error {
	if draw >= l.written {
		copy(dst, l.inPages(draw - l.written)[offset:])
		return nil
	}
	_, err := l.file.ReadAt(dst, int64(draw)*int64(l.size)+int64(offset))
	return err
}

// Close gives the memory and the file back.
func (l *drawLog) Close() error {
	l.pages = nil
	if l.file == nil {
		return nil
	}
	f := l.file
	l.file = nil
	err := f.Close()
	if !l.unnamed {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
