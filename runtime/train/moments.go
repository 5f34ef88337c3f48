package train

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// sums gather the moments of one phase.
type sums struct {
	factors []int // runtime ones
	coded   []int // formulas of code factors; they come behind the factors
	size    []int
	counted [][]int64   // by factor; nil where rows hold continuous nodes,
	total   [][]float64 // nil elsewhere
	draws   int

	// For standard errors.
	countedByChain [][]int32 // by factor: chains × size
	byChain        [][]float64
	before         [][]float64 // sums before the batch at hand
	batches        [][]float64 // by factor: batches × size
	length         int         // draws of a batch
	inBatch        int
	nBatches       int
}

// collect is an Observer that adds every draw to the sums.
type collect struct {
	s      *sampling.Sampler
	to     *sums
	chains int
	errors bool
}

func (c collect) Observe(s *sampling.Sampler, _ int) error {
	for i, f := range c.to.factors {
		if c.to.counted[i] != nil {
			s.AddRowSums(f, c.chains, c.to.counted[i])
		} else {
			s.AddRowNumbers(f, c.chains, c.to.total[i])
		}
		switch {
		case !c.errors:
		case c.to.counted[i] != nil:
			s.AddRowSumsByChain(f, c.chains, c.to.countedByChain[i])
		default:
			s.AddRowNumbersByChain(f, c.chains, c.to.byChain[i])
		}
	}
	for j, x := range c.to.coded {
		i := len(c.to.factors) + j
		s.AddCodeSlopes(x, c.chains, c.to.total[i])
		if c.errors {
			s.AddCodeSlopesByChain(x, c.chains, c.to.byChain[i])
		}
	}
	c.to.draws++
	if c.errors {
		c.to.endDraw()
	}
	return nil
}

// endDraw closes a batch of draws when it is full.
func (s *sums) endDraw() {
	if s.inBatch++; s.inBatch < s.length {
		return
	}
	s.inBatch = 0
	s.nBatches++
	for i := range s.size {
		for k := range s.size[i] {
			x := s.sum(i, k)
			s.batches[i] = append(s.batches[i], x-s.before[i][k])
			s.before[i][k] = x
		}
	}
}

func (t *Trainer) newSums(chains, draws int, errors bool) *sums {
	s := &sums{factors: t.factors, coded: t.coded, length: max(1, (draws+31)/32)}
	for _, f := range t.factors {
		x := &t.task.Positive.Model.Factors[f]
		s.add(x.Rows*x.TableSize(), chains, x.Counted(), errors)
	}
	for _, i := range t.coded {
		s.add(t.task.Positive.Model.Formulas[i].Elements()+1, chains, false, errors)
	}
	return s
}

// add makes room for n more moments: counts, if they are whole numbers.
func (s *sums) add(n, chains int, whole, errors bool) {
	var counted []int64
	var total, byChain, before []float64
	var countedByChain []int32
	if whole {
		counted = make([]int64, n)
	} else {
		total = make([]float64, n)
	}
	switch {
	case errors && whole:
		countedByChain, before = make([]int32, n*chains), make([]float64, n)
	case errors:
		byChain, before = make([]float64, n*chains), make([]float64, n)
	}
	s.size, s.batches = append(s.size, n), append(s.batches, nil)
	s.counted, s.total, s.before = append(s.counted, counted), append(s.total, total), append(s.before, before)
	s.countedByChain, s.byChain = append(s.countedByChain, countedByChain), append(s.byChain, byChain)
}

// sum is that of moment k of factor i over draws and chains. Counts are exact.
func (s *sums) sum(i, k int) float64 {
	if s.counted[i] != nil {
		return float64(s.counted[i][k])
	}
	return s.total[i][k]
}

// moments are the means of factor i.
func (s *sums) moments(i, chains int) []float64 {
	out := make([]float64, s.size[i])
	n := float64(chains) * float64(s.draws)
	for k := range out {
		out[k] = s.sum(i, k) / n
	}
	return out
}

// output is what errors are wanted of: the moments of a factor, added up over the rows
// of a table of so many entries (all entries: not added up), or sums of such.
type output struct {
	size   int
	factor int // place among the measured ones
	slopes []slope
	widths []int // of the table of each factor; for slopes
}

// of takes figures of factors, some rows of so many, together to those of the output.
func (o output) of(figures func(i, table int) []float64) []float64 {
	if o.slopes == nil {
		return figures(o.factor, o.size)
	}
	var out []float64
	rows := map[int][]float64{}
	for _, s := range o.slopes {
		width := o.widths[s.place]
		x, ok := rows[s.place]
		if !ok {
			x = figures(s.place, width)
			rows[s.place] = x
		}
		if out == nil {
			out = make([]float64, len(x)/width*o.size)
		}
		for r := range len(x) / width {
			out[r*o.size+s.element] += float64(s.by * x[r*width+s.weight])
		}
	}
	return out
}

// errorsOf are the standard errors of an output. Chains come in groups of so many that
// share a law; groups are independent and count equally.
func (s *sums) errorsOf(o output, chains, group int) []float64 {
	if group < 2 {
		return s.batchErrors(o, chains)
	}
	return groupErrors(s.chainMeans(o), group, o.size)
}

// chainMeans are the outputs of each chain alone.
func (s *sums) chainMeans(o output) []float64 {
	return o.of(func(i, table int) []float64 {
		size := s.size[i]
		out := make([]float64, max(len(s.byChain[i]), len(s.countedByChain[i]))/size*table)
		for k, x := range s.countedByChain[i] {
			out[k/size*table+k%table] += float64(x) / float64(s.draws)
		}
		for k, x := range s.byChain[i] {
			out[k/size*table+k%table] += x / float64(s.draws)
		}
		return out
	})
}

// groupErrors are the standard errors of the mean over groups of the means of their
// chains, from the spread inside the groups.
func groupErrors(means []float64, group, table int) []float64 {
	out := make([]float64, table)
	groups := len(means) / table / group
	for k := range out {
		for g := range groups {
			mean, square := 0.0, 0.0
			for c := g * group; c < (g+1)*group; c++ {
				mean += means[c*table+k]
			}
			mean /= float64(group)
			for c := g * group; c < (g+1)*group; c++ {
				d := means[c*table+k] - mean
				square += float64(d * d)
			}
			out[k] += square / float64(group-1) / float64(group)
		}
		out[k] = math.Sqrt(out[k]) / float64(groups)
	}
	return out
}

// batchErrors come from the spread of batches of draws.
func (s *sums) batchErrors(o output, chains int) []float64 {
	out, n := make([]float64, o.size), s.nBatches
	if n < 4 {
		for k := range out {
			out[k] = math.NaN()
		}
		return out
	}
	batches := o.of(func(i, table int) []float64 {
		sum := make([]float64, n*table)
		for k, x := range s.batches[i] {
			sum[k/s.size[i]*table+k%table] += x
		}
		return sum
	})
	for k := range out {
		mean, square := 0.0, 0.0
		for b := range n {
			mean += batches[b*o.size+k]
		}
		mean /= float64(n)
		for b := range n {
			d := batches[b*o.size+k] - mean
			square += float64(d * d)
		}
		out[k] = math.Sqrt(square/float64(n-1)/float64(n)) / (float64(s.length) * float64(chains))
	}
	return out
}
