package ir

// MaxGroup is the largest Format.Group.
const MaxGroup = 8

// Grouped tells the nodes whose weights are rounded by groups: spins all of whose rows
// hold spins only. It is nil where Format.Group is 1.
func (p *Program) Grouped() []bool {
	if p.Format.Group <= 1 {
		return nil
	}
	grouped := make([]bool, p.Nodes)
	for _, v := range p.Vars {
		for n := v.First; v.Kind == Spin && n < v.First+v.Count; n++ {
			grouped[n] = true
		}
	}
	for i := range p.Factors {
		f := &p.Factors[i]
		for _, s := range f.Slots {
			if s.Kind == Spin {
				continue
			}
			for _, n := range f.Index {
				grouped[n] = false
			}
		}
	}
	return grouped
}

// groups turns the degrees of grouped nodes into numbers of groups.
func (p *Program) groups(degree []int) {
	grouped := p.Grouped()
	if grouped == nil {
		return
	}
	inputs := make([]int, p.Nodes)
	for i := range p.Factors {
		if f := &p.Factors[i]; len(f.Slots) > 1 {
			for _, n := range f.Index {
				inputs[n]++
			}
		}
	}
	for n, is := range grouped {
		if is && degree[n] > 0 {
			degree[n] = max(1, (inputs[n]+p.Format.Group-1)/p.Format.Group)
		}
	}
}
