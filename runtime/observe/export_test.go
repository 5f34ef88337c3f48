package observe

import "context"

// WriteZarrInChunks is WriteZarrFolder with chunks of another size.
func (c *Collector) WriteZarrInChunks(path string, bytes int) error {
	return c.writeZarr(context.Background(), path, bytes)
}

// WatchAlone shows one watcher the same state as n draws.
func WatchAlone(v ChainView, w Watcher, n int) error {
	f := newFrame(v)
	for d := range n {
		f.fresh = false
		f.look(d)
		if err := w.Observe(f); err != nil {
			return err
		}
	}
	return nil
}

// Rows are the means of the rows of all factors and their standard errors.
func (o *Moments) Rows() (mean, se []float64, err error) {
	for _, r := range o.rows {
		m, e, err := r.means(o.chains, o.draws)
		if err != nil {
			return nil, nil, err
		}
		mean, se = append(mean, m...), append(se, e...)
	}
	return mean, se, nil
}
