package vector

// Draws are one draw of eight series for AddDraws512, in rows of numbers for each chain
// that are so many bytes apart.
type Draws struct {
	Values      *float64
	ValueStride int
	Sums        *float64
	SumStride   int
	Chains      int
	Offset      [8]float64
	Squares     [8]float64
}
