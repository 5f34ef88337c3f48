package exact

// Tables over a clique are flat, axis 0 the fastest. A table over a part of the
// axes, axis 0 always among them, is read beside the full one by runs: maximal
// stretches of axes that it has or lacks, from axis 0 up, in turn. The first
// run is one that it has.

// runsOf returns the joint sizes of the runs.
func runsOf(dims, axes []int) []int {
	runs := []int{1}
	has, next := true, 0
	for axis, k := range dims {
		present := next < len(axes) && axes[next] == axis
		if present {
			next++
		}
		if present != has {
			runs = append(runs, 1)
			has = present
		}
		runs[len(runs)-1] *= k
	}
	return runs
}

// spread adds a part to every place of full that it describes.
func spread(full, part []float64, runs []int) {
	last := len(runs) - 1
	switch {
	case last == 0:
		for i, x := range part {
			full[i] += x
		}
	case last == 1 && len(part) == 2:
		a, b := part[0], part[1]
		for ; len(full) >= 2; full = full[2:] {
			full[0] += a
			full[1] += b
		}
	default:
		span, piece, step := pieces(len(full), len(part), runs)
		for j, at := 0, 0; j < len(full); j, at = j+span, at+step {
			spread(full[j:j+span], part[at:at+piece], runs[:last])
		}
	}
}

// collect adds every place of full to the part that describes it.
func collect(part, full []float64, runs []int) {
	last := len(runs) - 1
	switch {
	case last == 0:
		for i, x := range full {
			part[i] += x
		}
	case last == 1 && len(part) == 2:
		a, b := 0.0, 0.0
		for ; len(full) >= 2; full = full[2:] {
			a += full[0]
			b += full[1]
		}
		part[0] += a
		part[1] += b
	default:
		span, piece, step := pieces(len(full), len(part), runs)
		for j, at := 0, 0; j < len(full); j, at = j+span, at+step {
			collect(part[at:at+piece], full[j:j+span], runs[:last])
		}
	}
}

// pieces says how the last run cuts the tables up: full into pieces of span, of
// which each meets a piece of the part; from one to the next the part moves on
// by step, 0 where it lacks the axes of the run.
func pieces(full, part int, runs []int) (span, piece, step int) {
	n := runs[len(runs)-1]
	if len(runs)%2 == 0 {
		return full / n, part, 0
	}
	return full / n, part / n, part / n
}

// source is a table over a part of a clique.
type source struct {
	axes  []int
	table []float64
}

// fill writes the sum of the sources into full. The table grows axis by axis
// and each source is added as soon as its last axis is there, so that a source
// over early axes costs little.
func fill(full []float64, dims []int, sources []source) {
	size := 1
	full[0] = 0
	for axis, k := range dims {
		for j := 1; j < k; j++ {
			copy(full[j*size:(j+1)*size], full[:size])
		}
		size *= k
		for _, s := range sources {
			if s.axes[len(s.axes)-1] == axis {
				spread(full[:size], s.table, runsOf(dims[:axis+1], s.axes))
			}
		}
	}
}
