package stats

import (
	"math"
	"sort"
)

// A sortedDraw is a draw's bits, in an order that unsigned integers share with
// the numbers, and where it came from.
type sortedDraw struct {
	key uint64
	at  int32
}

// sortDraws sorts v (no NaN) by a radix sort of eleven-bit digits, linear in
// len(v); digits in which all keys agree, most of those of spins and counts,
// cost nothing.
func sortDraws(v []float64) []sortedDraw {
	from, to := make([]sortedDraw, len(v)), make([]sortedDraw, len(v))
	const digit, mask = 11, 1<<11 - 1
	var count [6][1 << digit]int32
	for i, x := range v {
		key := drawKey(x)
		from[i] = sortedDraw{key, int32(i)}
		for d := range count {
			count[d][key>>(digit*d)&mask]++
		}
	}
	for d := range count {
		place := &count[d]
		if len(v) > 0 && int(place[from[0].key>>(digit*d)&mask]) == len(v) {
			continue
		}
		sum := int32(0)
		for k, n := range place {
			place[k] = sum
			sum += n
		}
		for _, s := range from {
			k := s.key >> (digit * d) & mask
			to[place[k]] = s
			place[k]++
		}
		from, to = to, from
	}
	return from
}

// drawKey orders as numbers do; −0 and +0 are the same number.
func drawKey(x float64) uint64 {
	key := math.Float64bits(x + 0)
	if key>>63 != 0 {
		return ^key
	}
	return key | 1<<63
}

// number undoes drawKey.
func (s sortedDraw) number() float64 {
	if s.key>>63 != 0 {
		return math.Float64frombits(s.key &^ (1 << 63))
	}
	return math.Float64frombits(^s.key)
}

// quantileSorted interpolates linearly between the order statistics on either
// side of (n − 1)q, numpy's default. Equal neighbours give exactly their value.
func quantileSorted(sorted []sortedDraw, q float64) float64 {
	h := q * float64(len(sorted)-1)
	k := min(int(h), len(sorted)-1)
	lo, hi := sorted[k].number(), sorted[min(k+1, len(sorted)-1)].number()
	if g := h - float64(k); g < 0.5 {
		return lo + (hi-lo)*g
	} else {
		return hi - (hi-lo)*(1-g)
	}
}

// normalScores rank-normalises: z = Φ⁻¹((r − 3/8)/(S + 1/4)) = √2·erf⁻¹((2r − S −
// 1)/(S + 1/4)), the second form being odd about the middle rank. A run of ties
// at places i to j−1 has 2r = i + j + 1.
func normalScores(sorted []sortedDraw) []float64 {
	z := make([]float64, len(sorted))
	size := len(sorted)
	for i := 0; i < size; {
		j := i + 1
		for j < size && sorted[j].key == sorted[i].key {
			j++
		}
		score := math.Sqrt2 * math.Erfinv(float64(i+j-size)/(float64(size)+0.25))
		for ; i < j; i++ {
			z[sorted[i].at] = score
		}
	}
	return z
}

// foldedScores rank-normalises |x − median|, given the sorted x. Below the median
// the distances fall, above they rise: merging the two runs sorts them.
func foldedScores(sorted []sortedDraw) []float64 {
	median := quantileSorted(sorted, 0.5)
	folded := make([]sortedDraw, 0, len(sorted))
	below := sort.Search(len(sorted), func(i int) bool { return sorted[i].number() > median }) - 1
	above := below + 1
	for below >= 0 || above < len(sorted) {
		if above == len(sorted) || below >= 0 && median-sorted[below].number() <= sorted[above].number()-median {
			folded = append(folded, sortedDraw{drawKey(median - sorted[below].number()), sorted[below].at})
			below--
		} else {
			folded = append(folded, sortedDraw{drawKey(sorted[above].number() - median), sorted[above].at})
			above++
		}
	}
	return normalScores(folded)
}

// drawDistances is |v − centre|.
func drawDistances(v []float64, centre float64) []float64 {
	d := make([]float64, len(v))
	for i, x := range v {
		d[i] = math.Abs(x - centre)
	}
	return d
}
