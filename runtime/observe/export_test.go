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
