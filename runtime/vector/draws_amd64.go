//go:build !purego

package vector

// AddDraws512 adds, in every series, each value less the offset to the sum of its chain, and
// its square to Squares, chain after chain.
//
//go:noescape
func AddDraws512(a *Draws)

// Totals512 are the sums of eight rows of numbers, stride bytes apart: of every fourth
// chain, from chains 0 to 3 on.
//
//go:noescape
func Totals512(totals *[8][4]float64, values *float64, stride, chains int)
