package observe

import (
	"io"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// WriteSequence writes the arrays of WriteResult, but for meta, as .npy files one
// after the other. begin is told their names before the first byte is written.
func (c *Collector) WriteSequence(w io.Writer, begin func(names []string) error) error {
	if err := c.finished(); err != nil {
		return err
	}
	names, err := c.arrayNames()
	if err != nil {
		return err
	}
	if err := begin(names); err != nil {
		return err
	}
	z := npy.NewNPYSequence(w)
	for _, a := range c.arrays() {
		if err := a.WriteArrays(z); err != nil {
			return err
		}
	}
	if err := c.final.write(z, "final/"); err != nil {
		return err
	}
	return z.Close()
}

// arrayNames are the names of the arrays in their order. All but the states are
// small enough to be written twice, once to nowhere.
func (c *Collector) arrayNames() ([]string, error) {
	var names []string
	for _, a := range c.arrays() {
		if l, ok := a.(*StateLog); ok {
			names = slices.Concat(names, l.names())
			continue
		}
		z := npy.NewNPYSequence(io.Discard)
		if err := a.WriteArrays(z); err != nil {
			return nil, err
		}
		names = slices.Concat(names, z.Names())
	}
	for _, v := range c.view.Model().Vars {
		names = append(names, "final/"+v.Name)
	}
	return names, nil
}

// names are the arrays that WriteArrays writes.
func (s *StateLog) names() []string {
	var names []string
	for _, l := range s.logs {
		if l.chosen {
			names = append(names, l.v.Name+"/nodes")
		}
		names = append(names, l.v.Name)
	}
	return names
}
