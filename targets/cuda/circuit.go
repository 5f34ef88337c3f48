package cuda

import (
	"fmt"
	"slices"
	"strings"
)

// countBits adds up words bit by bit: word i, named n[i], counts weights[i] wherever it has a
// bit. It returns statements in C++ and the names of the bits of the sums, the lowest first.
// Three words of a column become one there and one in the next.
func countBits(weights []int) (statements, bits []string) {
	var columns [][]string
	put := func(column int, name string) {
		for len(columns) <= column {
			columns = append(columns, nil)
		}
		columns[column] = append(columns[column], name)
	}
	for i, w := range weights {
		for b := range 31 {
			if w>>b&1 == 1 {
				put(b, fmt.Sprintf("n[%d]", i))
			}
		}
	}
	for b := 0; b < len(columns); b++ {
		for i := 0; len(columns[b]) > 1; i++ {
			n := min(3, len(columns[b]))
			of := slices.Clone(columns[b][:n])
			sum, carry := fmt.Sprintf("sum%d_%d", b, i), fmt.Sprintf("carry%d_%d", b, i)
			rule := "majority(" + strings.Join(of, ", ") + ")"
			if n == 2 {
				rule = strings.Join(of, " & ")
			}
			statements = append(statements, fmt.Sprintf("const u32 %s = %s, %s = %s;", sum, strings.Join(of, " ^ "), carry, rule))
			columns[b] = append(columns[b][n:], sum)
			put(b+1, carry)
		}
	}
	for _, c := range columns {
		bits = append(bits, strings.Join(c, "")) // one name, or none
	}
	return statements, bits
}

// choice is an expression in C++ that is leaves[v] where the bits, the lowest first, have the
// value v; values beyond the leaves do not occur.
func choice(bits, leaves []string) string {
	if len(leaves) == 1 {
		return leaves[0]
	}
	last := len(bits) - 1
	half := 1 << last
	if bits[last] == "" || len(leaves) <= half {
		return choice(bits[:last], leaves[:min(half, len(leaves))])
	}
	return fmt.Sprintf("select(%s, %s, %s)", bits[last], choice(bits[:last], leaves[half:]), choice(bits[:last], leaves[:half]))
}
