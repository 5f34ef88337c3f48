package vector

// Dense forces: a matrix times rows. Their law fuses every product with the sum, so that a
// column costs one instruction for a row of results.

// MostDense is how many products of a row's number and a column's 64 a call of a kernel of
// matrices may make.
const MostDense = 1 << 16
