package golang

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// A circuit adds up single bits of 512 chains, one in each bit of a register, in columns of
// one weight 2^k each, and writes the highest bit of the sum. It is AVX-512 in the assembly of
// Go: a register, or a row of memory, is 64 bytes.
//
// Of three bits of a column an adder makes one of the same column and a carry into the next
// one, those first that are there earliest. Only carries leave a column, so that its last adder
// makes no sum. What is the complement of a bit costs nothing: the instruction that takes it
// says so, VPTERNLOGQ by a truth table, of which bit 4·a + 2·b + c is for the values a, b and c
// of its last, second and first operand. Loads are what there is least room for: two in a
// cycle, beside four operations; so a row that is taken more than once stays in a register.
type circuit struct {
	b    *lines
	free uint32 // registers
	full bool   // they did not suffice

	uses map[string]int // that are left, by rows
	held map[string]int // registers of rows
	most int            // of these
}

// bit is a bit of every chain: in a register, or the sum modulo 2 of rows of memory; that of
// none is 0.
type bit struct {
	reg   int // -1: none
	rows  []string
	not   bool // it is the complement of what stands there
	spare bool // its register may be written to
	ready int  // steps after which it is there
}

func inRow(names ...string) bit { return bit{reg: -1, rows: names} }

// one is 1 in all chains.
func one() bit { return bit{reg: -1, not: true} }

func (x *bit) isOne() bool { return x.reg < 0 && len(x.rows) == 0 }

func (x *bit) key() string { return strings.Join(x.rows, " ") }

// add writes the instructions for columns of bits and says whether the registers sufficed. The
// last column's bit of the sum goes to a row. No column has the same rows twice.
func (c *circuit) add(columns [][]bit, to string) bool {
	start := len(c.b.b)
	for _, c.most = range []int{20, 12, 0} {
		if c.b.b = c.b.b[:start]; c.tryAdd(columns, to) {
			return true
		}
	}
	return false
}

func (c *circuit) tryAdd(columns [][]bit, to string) bool {
	c.free, c.full = ^uint32(0), false
	c.uses, c.held = map[string]int{}, map[string]int{}
	for _, x := range columns {
		for _, b := range x {
			c.uses[b.key()]++
		}
	}
	last := len(columns) - 1
	var carries []bit
	for _, x := range columns[:last] {
		carries = c.column(slices.Concat(carries, x))
	}
	c.sum(slices.Concat(carries, columns[last]), to)
	return !c.full
}

// column adds up a column and gives its carries.
func (c *circuit) column(x []bit) (carries []bit) {
	var kept []bit // for the last adder, which reads it from memory
	if i := slices.IndexFunc(x, c.inMemory); i >= 0 && len(x) > 2 {
		kept = []bit{x[i]}
		x = slices.Delete(x, i, i+1)
	}
	for len(x)+len(kept) > 3 {
		slices.SortStableFunc(x, func(a, b bit) int { return cmp.Or(cmp.Compare(a.ready, b.ready), order(b.isOne(), a.isOne())) })
		sum, carry := c.adder(x[0], x[1], x[2])
		x = append(x[3:], sum)
		carries = append(carries, carry)
	}
	x = append(x, kept...)
	slices.SortStableFunc(x, func(a, b bit) int { return order(b.isOne(), a.isOne()) })
	switch {
	case len(x) == 0:
		return carries
	case len(x) == 1:
		c.discard(x[0])
		return carries
	case x[0].isOne() && len(x) == 2:
		return append(carries, x[1])
	case x[0].isOne():
		return append(carries, c.or(x[1], x[2]))
	case len(x) == 2:
		x[0].not, x[1].not = !x[0].not, !x[1].not
		both := c.or(x[0], x[1])
		both.not = !both.not
		return append(carries, both)
	}
	return append(carries, c.majority(x[0], x[1], x[2]))
}

// adder gives the sum of three bits modulo 2 and their carry. The first may be 1.
func (c *circuit) adder(x, y, z bit) (sum, carry bit) {
	ready := max(x.ready, y.ready, z.ready)
	not := x.not != y.not != z.not
	if x.isOne() {
		c.fetch(&y)
		c.fetch(&z)
		sum = c.new(ready+1, not)
		c.put("VPXORQ     %s, %s, %s", reg(y), reg(z), reg(sum))
		return sum, c.or(y, z)
	}
	three := []bit{x, y, z}
	for i := range three {
		c.fetch(&three[i])
	}
	slices.SortStableFunc(three, func(a, b bit) int { return order(a.spare, b.spare) })
	x, y, z = three[0], three[1], three[2]
	if y.spare {
		c.put("VPTERNLOGQ $0x96, %s, %s, %s", reg(x), reg(y), reg(z))
		c.put("VPTERNLOGQ %s, %s, %s, %s", truth(func(p, q, s bool) bool {
			return most(p != y.not, q != x.not, p != q != s != z.not)
		}), reg(z), reg(x), reg(y))
		c.drop(x)
		return bit{reg: z.reg, spare: true, not: not, ready: ready + 1}, bit{reg: y.reg, spare: true, ready: ready + 2}
	}
	carry, sum = c.new(ready+2, false), c.new(ready+2, not)
	c.put("VPXORQ     %s, %s, %s", reg(x), reg(y), reg(carry))
	c.put("VPXORQ     %s, %s, %s", reg(carry), reg(z), reg(sum))
	c.put("VPTERNLOGQ %s, %s, %s, %s", truth(func(p, q, r bool) bool {
		return most(p != q != y.not, q != x.not, r != z.not)
	}), reg(z), reg(x), reg(carry))
	c.drop(z)
	return sum, carry
}

// majority is the carry of three bits.
func (c *circuit) majority(x, y, z bit) bit {
	three := []bit{x, y, z}
	slices.SortStableFunc(three, func(a, b bit) int { return order(c.inMemory(a), c.inMemory(b)) })
	c.fetch(&three[0])
	c.fetch(&three[1])
	third := c.operand(&three[2])
	if !three[0].spare {
		three[0], three[1] = three[1], three[0]
	}
	x, y, z = three[0], three[1], three[2]
	if !x.spare {
		copied := c.new(0, x.not)
		c.put("VMOVDQA64  %s, %s", reg(x), reg(copied))
		x.reg = copied.reg
	}
	c.put("VPTERNLOGQ %s, %s, %s, %s", truth(func(p, q, r bool) bool { return most(p != x.not, q != y.not, r != z.not) }), third, reg(y), reg(x))
	c.drop(y)
	c.drop(z)
	return bit{reg: x.reg, spare: true, ready: max(x.ready, y.ready, z.ready) + 1}
}

// or is 1 where one of two bits is.
func (c *circuit) or(x, y bit) bit {
	if x.not && !y.not || x.not == y.not && c.inMemory(x) {
		x, y = y, x
	}
	c.fetch(&x)
	second := c.operand(&y)
	c.drop(x)
	c.drop(y)
	to := c.new(max(x.ready, y.ready)+1, y.not)
	op := "VPORQ  "
	switch {
	case x.not: // not (x and y)
		op = "VPANDQ "
	case y.not: // not (not x and y)
		op = "VPANDNQ"
	}
	c.put("%s    %s, %s, %s", op, second, reg(x), reg(to))
	return to
}

// sum writes the sum of bits modulo 2 to a row.
func (c *circuit) sum(x []bit, to string) {
	not := false
	for _, b := range x {
		not = not != b.not
	}
	x = slices.DeleteFunc(x, func(b bit) bool { return b.isOne() })
	slices.SortStableFunc(x, func(a, b bit) int { return cmp.Or(order(c.inMemory(a), c.inMemory(b)), cmp.Compare(a.ready, b.ready)) })
	if len(x) == 0 {
		zero := c.new(0, false)
		c.put("VPXORQ     %s, %[1]s, %[1]s", reg(zero))
		x = []bit{zero}
	}
	all := x[0]
	c.fetch(&all)
	for _, b := range x[1:] {
		second := c.operand(&b)
		c.drop(all)
		c.drop(b)
		sum := c.new(0, false)
		c.put("VPXORQ     %s, %s, %s", second, reg(all), reg(sum))
		all = sum
	}
	if not {
		c.drop(all)
		inverse := c.new(0, false)
		c.put("VPTERNLOGQ %s, %s, %[2]s, %s", truth(func(_, q, _ bool) bool { return !q }), reg(all), reg(inverse))
		all = inverse
	}
	c.put("VMOVDQU64  %s, %s", reg(all), to)
	c.drop(all)
}

// inMemory says whether an instruction should read a bit where it is.
func (c *circuit) inMemory(x bit) bool {
	return x.reg < 0 && len(x.rows) == 1 && c.uses[x.rows[0]] == 1 && !c.isHeld(x)
}

func (c *circuit) isHeld(x bit) bool { _, ok := c.held[x.key()]; return ok }

// fetch puts a bit into a register.
func (c *circuit) fetch(x *bit) {
	if x.reg >= 0 {
		return
	}
	key := x.key()
	c.uses[key]--
	left := c.uses[key]
	r, ok := c.held[key]
	if !ok {
		r = c.take()
		for i, row := range x.rows {
			if i == 0 {
				c.put("VMOVDQU64  %s, Z%d", row, r)
				continue
			}
			c.put("VPXORQ     %s, Z%d, Z%[2]d", row, r)
		}
		if ok = left > 0 && len(c.held) < c.most; ok {
			c.held[key] = r
		}
	}
	if ok && left == 0 {
		delete(c.held, key)
	}
	x.reg, x.spare = r, !ok || left == 0
}

// operand is a bit as the first operand of an instruction.
func (c *circuit) operand(x *bit) string {
	if c.inMemory(*x) {
		c.uses[x.rows[0]]--
		return x.rows[0]
	}
	c.fetch(x)
	return reg(*x)
}

// discard leaves a bit out of the sum.
func (c *circuit) discard(x bit) {
	if x.reg < 0 && (c.uses[x.key()] > 1 || !c.isHeld(x)) {
		c.uses[x.key()]--
		return
	}
	c.fetch(&x)
	c.drop(x)
}

// drop frees a bit's register.
func (c *circuit) drop(x bit) {
	if x.reg >= 0 && x.spare {
		c.free |= 1 << x.reg
	}
}

// new is a bit in a register of its own.
func (c *circuit) new(ready int, not bool) bit {
	return bit{reg: c.take(), spare: true, ready: ready, not: not}
}

func (c *circuit) take() int {
	if c.free == 0 {
		c.full = true
		return 0
	}
	r := bits.TrailingZeros32(c.free)
	c.free &^= 1 << r
	return r
}

func (c *circuit) put(format string, args ...any) {
	c.b.put("\t", fmt.Sprintf(format, args...), "\n")
}

func reg(x bit) string { return fmt.Sprintf("Z%d", x.reg) }

// truth is the table of a function of the last, the second and the first operand.
func truth(f func(a, b, c bool) bool) string {
	t := 0
	for i := range 8 {
		if f(i&4 > 0, i&2 > 0, i&1 > 0) {
			t |= 1 << i
		}
	}
	return fmt.Sprintf("$%#02x", t)
}

// most is the majority of three.
func most(a, b, c bool) bool { return a && b || c && (a || b) }

// order compares no before yes.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
