package stats

import "math"

// Autocov is the autocovariance of one chain at lags 0 to len(x) − 1, with
// divisor len(x) at every lag (the biased form, whose Fourier transform is
// positive).
func Autocov(x []float64) []float64 {
	if len(x) == 0 {
		return nil
	}
	s := newDrawSpectrum(len(x))
	s.centre(x)
	s.transform()
	return s.lags
}

// A drawSpectrum computes the mean autocovariance of rows of n values. The first lags,
// often all that are asked for, are plain sums of products; beyond them all lags
// come at once from the fast Fourier transform, in O(n log n). Its buffers serve
// one set of rows after the other.
type drawSpectrum struct {
	n           int
	means       []float64 // of the rows
	centred     []float64 // the rows less their means
	transformed bool      // lags holds them all

	twiddle    []complex128 // e^{−2πik/size}, k < size/2
	buf, power []complex128
	lags       []float64
}

// plainLags is where the transform begins to be the cheaper way; rows no longer
// than plainRows never need it.
const (
	plainLags = 8
	plainRows = 64
)

func newDrawSpectrum(n int) *drawSpectrum { return &drawSpectrum{n: n} }

// centre takes a new set of rows.
func (s *drawSpectrum) centre(rows []float64) {
	s.transformed = false
	s.means = chainMeans(rows, s.n)
	s.centred = append(s.centred[:0], rows...)
	for r, mean := range s.means {
		row := s.centred[r*s.n : (r+1)*s.n]
		for i := range row {
			row[i] -= mean
		}
	}
}

// pair is the mean over rows of the biased autocovariance at lags t and t + 1 < n.
func (s *drawSpectrum) pair(t int) (even, odd float64) {
	if t >= plainLags && s.n > plainRows && !s.transformed {
		s.transform()
	}
	if s.transformed {
		return s.lags[t], s.lags[t+1]
	}
	for start := 0; start < len(s.centred); start += s.n {
		row := s.centred[start : start+s.n]
		now, late := row[t+1:], row[:s.n-t]
		e, o := row[t]*late[0], 0.0
		for i, x := range now {
			o += float64(x * late[i])
			e += float64(x * late[i+1])
		}
		even += e
		odd += o
	}
	return even / float64(len(s.centred)), odd / float64(len(s.centred))
}

// transform fills lags. Only the sum over rows is wanted, so their power spectra
// are added and transformed back once; and two rows share one transform as real
// and imaginary part, because their cross terms end up in the imaginary part of
// the result.
func (s *drawSpectrum) transform() {
	s.transformed = true
	s.prepare()
	clear(s.power)
	for start := 0; start < len(s.centred); start += 2 * s.n {
		clear(s.buf)
		for i, a := range s.centred[start : start+s.n] {
			s.buf[i] = complex(a, 0)
		}
		if next := start + s.n; next < len(s.centred) {
			for i, b := range s.centred[next : next+s.n] {
				s.buf[i] = complex(real(s.buf[i]), b)
			}
		}
		s.forward(s.buf)
		for k, z := range s.buf {
			s.power[k] += complex(float64(real(z)*real(z))+float64(imag(z)*imag(z)), 0)
		}
	}
	s.inverse(s.power)
	scale := 1 / (float64(len(s.power)) * float64(len(s.centred)))
	for t := range s.lags {
		s.lags[t] = real(s.power[t]) * scale
	}
}

// prepare makes the tables once. Rows are padded to at least 2n, so that their
// ends do not meet.
func (s *drawSpectrum) prepare() {
	if s.lags != nil {
		return
	}
	size := 2
	for size < 2*s.n {
		size *= 2
	}
	s.lags = make([]float64, s.n)
	s.buf, s.power = make([]complex128, size), make([]complex128, size)
	s.twiddle = rootsOfUnity(size)
}

// rootsOfUnity are e^{−2πik/size}, k < size/2, for a power of two. The roots of
// order 2, 4, 8, … come from halving the angle, the others are their products.
func rootsOfUnity(size int) []complex128 {
	roots := make([]complex128, size/2)
	roots[0] = 1
	cos, sin := -1.0, 0.0 // of the angle 2πk/size, k = size/2
	for k := size / 4; k > 0; k /= 2 {
		if half := math.Sqrt((1 + cos) / 2); half == 0 {
			cos, sin = 0, 1
		} else {
			cos, sin = half, sin/(2*half)
		}
		roots[k] = complex(cos, -sin)
	}
	for k := 1; k < len(roots); k *= 2 {
		for i := 1; i < k; i++ {
			roots[k+i] = timesComplex(roots[k], roots[i])
		}
	}
	return roots
}

// timesComplex is the product, rounded in the same way on every machine.
func timesComplex(a, b complex128) complex128 {
	return complex(float64(real(a)*real(b))-float64(imag(a)*imag(b)), float64(real(a)*imag(b))+float64(imag(a)*real(b)))
}

// forward is the transform by decimation in frequency: natural order in,
// bit-reversed order out. A power spectrum needs no other order, and inverse
// takes it as it is.
func (s *drawSpectrum) forward(x []complex128) {
	for size, step := len(x), 1; size > 2; size, step = size/2, step*2 {
		half := size / 2
		for start := 0; start < len(x); start += size {
			lo, hi := x[start:start+half], x[start+half:start+size]
			for k, a := range lo {
				b := hi[k]
				lo[k] = a + b
				hi[k] = timesComplex(a-b, s.twiddle[k*step])
			}
		}
	}
	for i := 1; i < len(x); i += 2 {
		x[i-1], x[i] = x[i-1]+x[i], x[i-1]-x[i]
	}
}

// inverse is the inverse transform without its factor 1/size, by decimation in
// time: bit-reversed order in, natural order out.
func (s *drawSpectrum) inverse(x []complex128) {
	for size, step := 2, len(x)/2; size <= len(x); size, step = size*2, step/2 {
		half := size / 2
		for start := 0; start < len(x); start += size {
			lo, hi := x[start:start+half], x[start+half:start+size]
			for k, a := range lo {
				w := s.twiddle[k*step]
				b := timesComplex(hi[k], complex(real(w), -imag(w)))
				lo[k] = a + b
				hi[k] = a - b
			}
		}
	}
}
