package sampling

import (
	"context"
	"time"
)

// Speed is how fast a sampler sweeps.
type Speed struct {
	Best    float64 `json:"best"`    // sweeps a second, of the fastest round
	Sweeps  int     `json:"sweeps"`  // of all rounds
	Seconds float64 `json:"seconds"` // that they took
	Work    string  `json:"work"`    // what did it, as Sampler.Work says
}

// SpeedRounds is how many rounds one measurement has; the fastest counts, since whatever else
// the machine does only slows a round down.
const SpeedRounds = 5

// MeasureSpeed sweeps for about so many seconds, after as many sweeps as warm caches and tables
// up. The error is that of the context.
func (s *Sampler) MeasureSpeed(ctx context.Context, seconds float64) (Speed, error) {
	// Sweeps for a round, found by doubling.
	round := time.Duration(seconds / SpeedRounds * float64(time.Second))
	n := 1
	for {
		t := s.sweepFor(n)
		if ctx.Err() != nil {
			return Speed{}, context.Cause(ctx)
		}
		if t >= round/4 || n >= 1<<30 {
			n = max(1, int(float64(n)*float64(round)/float64(max(t, 1))))
			break
		}
		n *= 2
	}
	r := Speed{Work: s.Work()}
	for range SpeedRounds {
		t := max(1, s.sweepFor(n))
		if ctx.Err() != nil {
			return Speed{}, context.Cause(ctx)
		}
		r.Best = max(r.Best, float64(n)/t.Seconds())
		r.Sweeps += n
		r.Seconds += t.Seconds()
	}
	return r, nil
}

func (s *Sampler) sweepFor(n int) time.Duration {
	began := time.Now()
	s.Sweeps(n)
	return time.Since(began)
}
