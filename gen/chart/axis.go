package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A scale takes values of an axis to fractions of its length.
type scale struct {
	min, max float64 // of the axis, logarithms where log
	log      bool
	flip     bool // larger values have smaller fractions
	ticks    []Tick
}

func (s scale) at(v float64) float64 {
	if s.log {
		if v <= 0 {
			return math.NaN()
		}
		v = math.Log10(v)
	}
	f := (v - s.min) / (s.max - s.min)
	if s.flip {
		return 1 - f
	}
	return f
}

// newScale covers the values from lo to hi. about is the number of ticks looked
// for. Chosen ends leave room, except at a zero that the data begin with.
func newScale(a Axis, lo, hi float64, about int, vertical bool) scale {
	chosen := a.Min == a.Max
	if !chosen {
		lo, hi = a.Min, a.Max
	}
	s := scale{log: a.Log, flip: vertical != a.Down}
	if a.Log {
		if !(lo > 0) {
			lo = hi / 1e3
		}
		if !(hi > 0) {
			lo, hi = 0.1, 1
		}
		lo, hi = math.Log10(lo), math.Log10(hi)
	}
	if !(hi > lo) {
		half := max(math.Abs(lo)*1e-3, 0.5)
		lo, hi = lo-half, lo+half
		chosen = false
	}
	if chosen {
		room := 0.04 * (hi - lo)
		if a.Log || lo != 0 {
			lo -= room
		}
		if a.Log || hi != 0 {
			hi += room
		}
	}
	s.min, s.max = lo, hi
	switch {
	case a.Hidden:
	case a.Ticks != nil:
		s.ticks = slices.DeleteFunc(slices.Clone(a.Ticks), func(t Tick) bool {
			f := s.at(t.At)
			return !(f >= -1e-9 && f <= 1+1e-9)
		})
	case a.Log:
		s.ticks = logTicks(lo, hi, about)
	default:
		s.ticks = plainTicks(lo, hi, about)
	}
	return s
}

// plainTicks are multiples of 1, 2 or 5 times a power of ten.
func plainTicks(lo, hi float64, about int) []Tick {
	step := niceStep((hi - lo) / float64(max(1, about)))
	var at []float64
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step && len(at) < 100; k++ {
		at = append(at, k*step)
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	ticks := make([]Tick, len(at))
	for i, v := range at {
		ticks[i] = Tick{v, tickText(v, decimals)}
	}
	return ticks
}

// niceStep is the least of 1, 2, 5 times a power of ten that is not below x.
func niceStep(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logTicks are powers of ten, and 2 and 5 times them on a short axis.
func logTicks(lo, hi float64, about int) []Tick {
	var ticks []Tick
	every := max(1, int(math.Ceil((hi-lo)/float64(max(1, about)))))
	for k := int(math.Floor(lo)); k <= int(math.Ceil(hi)); k++ {
		if (k%every+every)%every != 0 {
			continue
		}
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow(10, float64(k))
			if m > 1 && hi-lo > 2.2 || math.Log10(v) < lo-1e-9 || math.Log10(v) > hi+1e-9 {
				continue
			}
			ticks = append(ticks, Tick{v, Number(v)})
		}
	}
	return ticks
}

func tickText(v float64, decimals int) string {
	if v == 0 || math.Abs(v) < 1e-12 && decimals < 12 {
		return "0"
	}
	if a := math.Abs(v); decimals > 6 || a >= 1e7 {
		return pretty(strconv.FormatFloat(v, 'g', 6, 64))
	}
	return pretty(strconv.FormatFloat(v, 'f', decimals, 64))
}

// Number writes a number for people: up to six digits, a true minus sign, 1e7 in
// place of 1e+07.
func Number(v float64) string { return pretty(strconv.FormatFloat(v, 'g', 6, 64)) }

func pretty(s string) string {
	digits, exponent, ok := strings.Cut(s, "e")
	if ok {
		n, _ := strconv.Atoi(exponent)
		digits += "e" + strconv.Itoa(n)
	}
	return strings.ReplaceAll(digits, "-", "−")
}
