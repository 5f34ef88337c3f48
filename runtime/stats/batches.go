package stats

import (
	"fmt"
	"math"
	"math/bits"
)

// Batches keeps what R-hat and ESS of many series need when the draws themselves
// are not kept: the sums of each series over consecutive batches of draws, for
// each chain.
//
// There are at most 64 batches a chain. When they are full, neighbours are merged
// and batches become twice as long, so that memory does not grow with the run.
// Given the number of draws to come, batches have their final length from the
// start, which is cheaper. Where series × chains × 64 sums would exceed half a
// GiB, 32 batches are kept, and then the first chains only are watched, never
// fewer than four; Chains says how many.
//
// The estimator works on the complete batches (the middle one of an odd number is
// left out, as is the incomplete last one), split into the halves of each chain:
//
//   - R-hat is RHatSplit of the draws in those batches, exactly: the means of the
//     halves follow from the batch sums, and the variance within them from the
//     counts (bits) or from sums of squares. For two-valued series this is also
//     RHatRank. It sees differences in location only.
//   - ESS treats the batch means as a series of their own, to which the estimator
//     of ESSMean is applied; that gives the variance of the overall mean, and ESS
//     is the variance of single draws over it. With batches of one draw it is
//     ESSMean. Correlations longer than a batch are seen as those between batches.
//     For longer batches it is corrected by 1 − 2/h, h the batches in half a chain:
//     taking a row's own mean away makes its neighbours look anticorrelated by 1/h.
//     Its relative error (one standard deviation) is about √(11/(BC)) with B batches
//     a chain and C chains, as measured on AR(1) chains, 29 % for 4 chains and 7 %
//     for 64 with 32 batches. So the worst of many equal series lies well below the
//     typical one.
//
// A Batches holds bits or numbers, as made. It is not safe for concurrent use.
type Batches struct {
	series, chains int // as asked for
	watched        int // the first chains, which are kept
	limit          int // most batches
	length         int // draws in a batch
	complete       int // complete batches
	within         int // draws in the batch under way

	// Bits: counts of ones [batch][series*stride + chain], and the counters of the
	// draws not yet added to them.
	counts  [][]uint32
	stride  int          // watched chains, rounded up to whole bytes of bits
	words   int          // 64-bit words that hold the watched chains
	planes  []bitCounter // [(series*words + word)*counterBits + k]
	pending int          // draws in planes

	// Numbers: sums of x − offset [batch][chain*chainStep + series*seriesStep], and
	// of its square over all watched chains [batch][series].
	sums, squares         [][]float64
	bySeries              bool // fed by AddSeries
	chainStep, seriesStep int
	offset                []float64
	started               bool // offset is known
}

const (
	mostBatches   = 64
	fewestBatches = 32
	fewestChains  = 4
	batchMemory   = 1 << 29 // bytes

	counterBits = 8 // draws between two flushes: 2^8 − 1
)

// A bitCounter is digit k of 64 counters, one for each bit: sum and waiting both
// have the weight 2^k. Of a digit's inputs every odd one waits for the next; then
// a full adder takes both and passes one carry on, so that digit k works at every
// 2^(k+1)-th draw only, the same for all series.
type bitCounter struct{ sum, waiting uint64 }

// NewBatches makes one for small integers, fed by AddInt8. draws is the number of
// draws to come, or 0.
func NewBatches(series, chains, draws int) (*Batches, error) {
	return newBatches(series, chains, draws, 8)
}

// NewSeriesBatches makes one for numbers, fed by AddSeries. draws is the number of
// draws to come, or 0.
func NewSeriesBatches(series, chains, draws int) (*Batches, error) {
	b, err := newBatches(series, chains, draws, 8)
	if err != nil {
		return nil, err
	}
	b.bySeries, b.chainStep, b.seriesStep = true, 1, b.watched
	b.offset = make([]float64, series)
	return b, nil
}

// NewBitBatches makes one for packed spins, fed by AddBits. Its means are shares
// of ones. draws is the number of draws to come, or 0.
func NewBitBatches(series, chains, draws int) (*Batches, error) {
	b, err := newBatches(series, chains, draws, 4)
	if err != nil {
		return nil, err
	}
	b.words = (b.watched + 63) / 64
	b.stride = (b.watched + 7) / 8 * 8
	b.planes = make([]bitCounter, series*b.words*counterBits)
	return b, nil
}

func newBatches(series, chains, draws int, bytes int64) (*Batches, error) {
	if series < 1 || chains < 1 || draws < 0 {
		return nil, fmt.Errorf("batches of %d series, %d chains, %d draws: want at least 1, 1 and 0", series, chains, draws)
	}
	b := &Batches{series: series, chains: chains, watched: chains, limit: mostBatches, chainStep: series, seriesStep: 1}
	size := func() int64 { return int64(series) * int64(b.watched) * int64(b.limit) * bytes }
	if size() > batchMemory {
		b.limit = fewestBatches
	}
	for size() > batchMemory && b.watched > fewestChains {
		b.watched = max(fewestChains, b.watched/2)
	}
	b.length = max(1, (draws+b.limit-1)/b.limit)
	return b, nil
}

// Chains is the number of chains watched, the first ones of those asked for.
func (b *Batches) Chains() int { return b.watched }

// Layout is the number of complete batches of each chain and their length in
// draws.
func (b *Batches) Layout() (batches, length int) { return b.complete, b.length }

// AddBits adds one draw of a series: bit c%64 of words[c/64] is chain c.
func (b *Batches) AddBits(series int, words []uint64) error {
	if b.words == 0 || series < 0 || series >= b.series || len(words) < b.words {
		return fmt.Errorf("batches of %d series, %d words of bits: series %d with %d words", b.series, b.words, series, len(words))
	}
	for w, carry := range words[:b.words] {
		at := (series*b.words + w) * counterBits
		digit := b.planes[at : at+counterBits]
		for k := range digit {
			d := &digit[k]
			if b.pending>>k&1 == 0 {
				d.waiting = carry
				break
			}
			d.sum, carry = fullAdder(d.sum, d.waiting, carry)
		}
	}
	return nil
}

// AddSeries adds one draw of a series: a value for each chain. Those beyond the
// chains watched may be there or not.
func (b *Batches) AddSeries(series int, values []float64) error {
	if !b.bySeries || series < 0 || series >= b.series || len(values) < b.watched {
		return fmt.Errorf("batches of %d series, %d chains: series %d with %d values", b.series, b.chains, series, len(values))
	}
	if !b.started {
		b.offset[series] = values[0]
	}
	b.sums = openBatch(b.sums, b.complete, b.watched*b.series)
	b.squares = openBatch(b.squares, b.complete, b.series)
	offset, square := b.offset[series], b.squares[b.complete][series]
	sums := b.sums[b.complete][series*b.seriesStep:][:b.watched]
	for c, v := range values[:b.watched] {
		d := v - offset
		sums[c] += d
		square += float64(d * d)
	}
	b.squares[b.complete][series] = square
	return nil
}

// AddInt8 adds one draw of all series of one chain.
func (b *Batches) AddInt8(chain int, values []int8) error {
	if b.words != 0 || b.bySeries || chain < 0 || chain >= b.chains || len(values) != b.series {
		return fmt.Errorf("batches of numbers, %d series, %d chains: chain %d with %d values", b.series, b.chains, chain, len(values))
	}
	if chain >= b.watched {
		return nil
	}
	if !b.started {
		b.started = true
		b.offset = make([]float64, b.series)
		for s, v := range values {
			b.offset[s] = float64(v)
		}
	}
	b.sums = openBatch(b.sums, b.complete, b.watched*b.series)
	b.squares = openBatch(b.squares, b.complete, b.series)
	sums, squares := b.sums[b.complete][chain*b.series:], b.squares[b.complete]
	for s, v := range values {
		d := float64(v) - b.offset[s]
		sums[s] += d
		squares[s] += float64(d * d)
	}
	return nil
}

// EndDraw closes a draw, after one call of AddBits or AddSeries for each series or
// one of AddInt8 for each chain.
func (b *Batches) EndDraw() {
	b.within++
	b.started = b.started || b.bySeries
	if b.words != 0 {
		b.pending++
		if b.pending == 1<<counterBits-1 || b.within == b.length {
			b.flush()
		}
	}
	if b.within < b.length {
		return
	}
	b.within = 0
	b.complete++
	if b.complete == b.limit {
		mergeBatches(b.counts)
		mergeBatches(b.sums)
		mergeBatches(b.squares)
		b.complete /= 2
		b.length *= 2
	}
}

// openBatch makes sure that the batch under way has its slab.
func openBatch[T uint32 | float64](slabs [][]T, batch, size int) [][]T {
	if batch == len(slabs) {
		slabs = append(slabs, make([]T, size))
	}
	return slabs
}

// mergeBatches adds neighbours into the first half of the slabs and leaves the
// others zero, for use again.
func mergeBatches[T uint32 | float64](slabs [][]T) {
	for k := 0; 2*k+1 < len(slabs); k++ {
		even, odd := slabs[2*k], slabs[2*k+1]
		for i, v := range odd {
			even[i] += v
		}
		clear(odd)
		slabs[k], slabs[2*k] = slabs[2*k], slabs[k]
	}
}

// flush moves the counters into the counts of the batch.
func (b *Batches) flush() {
	b.counts = openBatch(b.counts, b.complete, b.series*b.stride)
	counts := b.counts[b.complete]
	used := bits.Len(uint(b.pending))
	for s := range b.series {
		row := counts[s*b.stride : (s+1)*b.stride]
		for w := range b.words {
			at := (s*b.words + w) * counterBits
			digits := b.planes[at : at+used]
			carry := uint64(0)
			for k := range digits { // what still waits joins the sum
				d := &digits[k]
				if b.pending>>k&1 == 0 {
					d.waiting = 0 // already in it
				}
				d.sum, carry = fullAdder(d.sum, d.waiting, carry)
			}
			for c := w * 64; c < min(w*64+64, b.stride); c += 8 {
				eight := uint64(0) // a byte for each of eight chains
				for k, d := range digits {
					eight += spreadBits(byte(d.sum>>(c%64))) << k
				}
				r := row[c : c+8]
				r[0] += uint32(eight & 255)
				r[1] += uint32(eight >> 8 & 255)
				r[2] += uint32(eight >> 16 & 255)
				r[3] += uint32(eight >> 24 & 255)
				r[4] += uint32(eight >> 32 & 255)
				r[5] += uint32(eight >> 40 & 255)
				r[6] += uint32(eight >> 48 & 255)
				r[7] += uint32(eight >> 56)
			}
			clear(digits)
		}
	}
	b.pending = 0
}

// fullAdder adds three bits in each of 64 places.
func fullAdder(a, b, c uint64) (sum, carry uint64) {
	half := a ^ b
	return half ^ c, a&b | half&c
}

// spreadBits puts bit i of v into the lowest bit of byte i.
func spreadBits(v byte) uint64 {
	const ones = 0x0101010101010101
	picked := uint64(v) * ones & 0x8040201008040201 // bit i of byte i
	return (picked + 0x7f*ones) >> 7 & ones         // any bit to the lowest
}

// A SeriesStats is what batches tell about one series. For bits, Mean and SD are
// those of the indicator: of a ±1 spin the mean is 2·Mean − 1, SD and MCSE are
// twice as large.
type SeriesStats struct{ Mean, SD, MCSE, ESS, RHat Value }

// Series is the estimate for one series, over the complete batches of the watched
// chains.
func (b *Batches) Series(series int) (SeriesStats, error) {
	if series < 0 || series >= b.series {
		return SeriesStats{}, fmt.Errorf("batches of %d series: no series %d", b.series, series)
	}
	return b.newEstimator().series(series), nil
}

// A WorstSeries names the series with the largest R-hat and the one with the
// smallest ESS; the first of equals. The index is −1 where no series has such a
// figure, and then the Value says why.
type WorstSeries struct {
	RHat     Value // an infinite one (NAStuck) is the worst of all
	RHatAt   int
	ESS      Value
	ESSAt    int
	Constant int // series that never moved, in no chain; they are not judged
}

// Worst looks at all series.
func (b *Batches) Worst() WorstSeries {
	w := WorstSeries{RHatAt: -1, ESSAt: -1}
	e := b.newEstimator()
	for s := range b.series {
		got := e.series(s)
		if got.RHat.NA == NAConstant || got.ESS.NA == NAConstant {
			w.Constant++
		}
		if judged := got.RHat.OK() || got.RHat.NA == NAStuck; judged && (w.RHatAt < 0 || got.RHat.V > w.RHat.V) {
			w.RHat, w.RHatAt = got.RHat, s
		} else if w.RHatAt < 0 {
			w.RHat = got.RHat
		}
		if got.ESS.OK() && (w.ESSAt < 0 || got.ESS.V < w.ESS.V) {
			w.ESS, w.ESSAt = got.ESS, s
		} else if w.ESSAt < 0 {
			w.ESS = got.ESS
		}
	}
	return w
}

// A batchEstimator has the buffers for one series after the other.
type batchEstimator struct {
	b        *Batches
	half     int       // batches in half a chain
	means    []float64 // [half-chain][batch]
	spectrum *drawSpectrum
}

func (b *Batches) newEstimator() *batchEstimator {
	e := &batchEstimator{b: b, half: b.complete / 2}
	if e.half > 0 {
		e.means = make([]float64, 2*b.watched*e.half)
		e.spectrum = newDrawSpectrum(e.half)
	}
	return e
}

// fewBatches: below this number of batches in half a chain, batches longer than
// one draw say too little about correlations.
const fewBatches = 8

func (e *batchEstimator) series(s int) SeriesStats {
	if e.half < 2 || e.half < fewBatches && e.b.length > 1 {
		na := noValue(NABatches)
		return SeriesStats{na, na, na, na, na}
	}
	offset, squares := e.gather(s)
	if math.IsNaN(squares) || math.IsInf(squares, 0) {
		na := noValue(NANaN)
		return SeriesStats{na, na, na, na, na}
	}

	// Variance within half-chains of n draws, from squares and the halves' means.
	n := e.half * e.b.length
	halves := chainMeans(e.means, e.half)
	centre := drawMean(halves)
	within, between := squares/float64(n), 0.0
	for _, m := range halves {
		within -= float64(m * m)
		between += float64((m - centre) * (m - centre))
	}
	count := float64(len(halves))
	within /= count // divisor n
	if within < 1e-12*squares/(float64(n)*count) {
		within = 0 // rounding left by chains that do not move
	}
	between /= count - 1

	total := float64(float64(n) * count)
	out := SeriesStats{
		Mean: finiteValue(offset + centre),
		SD:   finiteValue(math.Sqrt((within + between*(count-1)/count) * total / (total - 1))),
		RHat: rhatFrom(between, within*float64(n)/float64(n-1), n),
	}
	if e.b.watched == 1 {
		out.RHat = noValue(NAOneChain)
	}
	out.ESS = e.ess(within+between, between, total)
	out.MCSE = Value{out.SD.V / math.Sqrt(out.ESS.V), out.ESS.NA}
	return out
}

// ess is that of the batch means, in units of draws: plus is the variance of a
// draw, between that of the half-chains' means. As for single draws, it does not
// exceed S·log10(S).
func (e *batchEstimator) ess(plus, between, total float64) Value {
	if plus == 0 {
		return Value{total, NAConstant}
	}
	most := total * logTen(total)
	batches := e.spectrum.ess(e.means)
	if batches.NA == NAConstant { // draws move and batch means do not
		return Value{V: most}
	}
	variance := between
	for r := 0; r < len(e.means); r += e.half {
		variance += drawVariance(e.means[r:r+e.half], 0) / float64(len(e.means)/e.half)
	}
	ess := batches.V * plus / variance
	if e.b.length > 1 {
		ess *= 1 - 2/float64(e.half)
	}
	return finiteValue(min(most, ess))
}

// gather fills means, relative to the offset returned, and returns the sum of
// squares of the same draws, relative to it too.
func (e *batchEstimator) gather(s int) (offset, squares float64) {
	b := e.b
	length := float64(b.length)
	second := b.complete - e.half // the first batch of the second half
	for k := range 2 * e.half {
		batch := k
		if k >= e.half {
			batch = second + k - e.half
		}
		for c := range b.watched {
			row := 2*c + k/e.half
			var sum float64
			if b.words != 0 {
				sum = float64(b.counts[batch][s*b.stride+c])
				squares += sum
			} else {
				sum = b.sums[batch][c*b.chainStep+s*b.seriesStep]
			}
			e.means[row*e.half+k%e.half] = sum / length
		}
		if b.words == 0 {
			squares += b.squares[batch][s]
		}
	}
	if b.words == 0 {
		offset = b.offset[s]
	}
	return offset, squares
}
