package observe

import (
	"fmt"
	"io"
	"time"
)

// A Progress says how far a run is.
type Progress struct {
	Sweeps, Total uint64 // done, and in all
	Elapsed       time.Duration
	Left          time.Duration // at the speed so far; 0 before the first sweep
	Done          bool          // the run is over, finished or not
}

// progressWatch calls back at most five times a second, and once at the end.
type progressWatch struct {
	call  func(Progress)
	first uint64 // sweep number at the start
	total uint64
	start time.Time
	last  time.Time
}

const progressEvery = 200 * time.Millisecond

// ObserveSweep reports if it is time to.
func (p *progressWatch) ObserveSweep(f *Frame) error {
	if now := time.Now(); now.Sub(p.last) >= progressEvery {
		p.last = now
		p.report(f.Sweep(), false)
	}
	return nil
}

func (p *progressWatch) report(sweep uint64, done bool) {
	r := Progress{Sweeps: sweep - p.first, Total: p.total, Elapsed: time.Since(p.start), Done: done}
	if r.Sweeps > 0 && r.Sweeps <= r.Total {
		r.Left = time.Duration(float64(r.Elapsed) * float64(r.Total-r.Sweeps) / float64(r.Sweeps))
	}
	p.call(r)
}

// ProgressLine writes each report over the one before, for a terminal, and
// wipes the line when the run is over.
func ProgressLine(w io.Writer) func(Progress) {
	return func(p Progress) {
		if p.Done || p.Total == 0 {
			fmt.Fprint(w, "\r\x1b[K")
			return
		}
		left := "…"
		if p.Sweeps > 0 {
			left = p.Left.Round(time.Second).String() + " left"
		}
		fmt.Fprintf(w, "\r%3d %%  sweep %d of %d, %s\x1b[K", 100*p.Sweeps/p.Total, p.Sweeps, p.Total, left)
	}
}
