package cuda

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Limits of the lattice kernel.
const (
	latticeLevels  = 24        // sums of couplings: each is compared with all planes
	latticeClasses = 64        // kinds of nodes, by the fields that they can have
	latticeShared  = 160 << 10 // bytes of states in shared memory; others are shared out to several blocks
	latticeParts   = 512       // of these, at most
	latticeThreads = 512       // of a block, at most
	latticeRow     = 16        // bytes of the 128 chains of a node
)

// Marks in the words of neighbours, whose places are multiples of latticeRow.
const (
	markNegative = 1 << iota // of a coupling
	markIdle                 // in the first one: the slot is padding or clamped
)

// lattice is a program as sums of few couplings. A node has neighbours at positions; a
// position has one size of couplings, in units.
type lattice struct {
	*plan
	unit  int64
	sizes []int // of positions
	edges [][]edge
	bias  []int64 // by node
	class []int   // by node

	classes []nodeClass
}

// edge is a coupling of a node, in units of the format.
type edge struct {
	other  int32
	weight int64
}

// nodeClass is what decides the fields that a node can have: they are
// bias + unit·(all - 2n), where couplings of n units of all are against the node.
type nodeClass struct {
	bias int64
	all  int
}

// latticeOf reads a program as a lattice, or says why it is none.
func latticeOf(p *ir.Program) (*lattice, error) {
	no := func(format string, args ...any) (*lattice, error) {
		return nil, fmt.Errorf("kernel lattice: "+format+": take --kernel table", args...)
	}
	if err := spinPairs(p); err != nil {
		return no("%w", err)
	}
	if p.Format.Planes == 0 {
		return no("the number format draws digits: write planes: 12 in it, or another number")
	}
	d := &lattice{plan: newPlan(p), edges: make([][]edge, p.Nodes), bias: make([]int64, p.Nodes), class: make([]int, p.Nodes)}
	for _, n := range d.order {
		if n >= 0 && !d.clamped[n] {
			d.couplings(int(n))
		}
	}
	if d.unit == 0 {
		return no("no node has a coupling")
	}
	most := map[int]int{} // how many couplings of a size a node has
	classes := map[nodeClass]int{}
	for _, n := range d.order {
		if n < 0 || d.clamped[n] {
			continue
		}
		here, all := map[int]int{}, 0
		for _, e := range d.edges[n] {
			size := d.size(e)
			here[size]++
			most[size] = max(most[size], here[size])
			if all += size; all >= latticeLevels {
				return no("the couplings of %s are %d units of 2^-%d times %d, and it compares sums below %d", d.names[n], all, p.Format.Fraction, d.unit, latticeLevels)
			}
		}
		c := nodeClass{d.bias[n], all}
		if _, ok := classes[c]; !ok {
			if len(classes) == latticeClasses {
				return no("there are more than %d kinds of nodes by bias and sum of couplings", latticeClasses)
			}
			classes[c] = len(d.classes)
			d.classes = append(d.classes, c)
		}
		d.class[n] = classes[c]
	}
	for size, count := range most {
		d.sizes = append(d.sizes, slices.Repeat([]int{size}, count)...)
	}
	slices.Sort(d.sizes)
	if d.levels() > latticeLevels {
		return no("couplings have %d sizes, which together sum up to %d units, and it compares sums below %d", len(most), d.levels()-1, latticeLevels)
	}
	return d, nil
}

// checkLattice refuses a program that the lattice kernel does not run, and says why.
func checkLattice(p *ir.Program) error {
	_, err := latticeOf(p)
	return err
}

// couplings collects the couplings and the bias of a node.
func (d *lattice) couplings(node int) {
	for _, t := range d.touches[node] {
		f := &d.p.Factors[t.factor]
		w := f.Ints[rowOf(f, t.row)]
		if len(f.Slots) == 1 {
			d.bias[node] += w
		} else if w != 0 {
			d.edges[node] = append(d.edges[node], edge{f.Index[2*t.row+1-t.slot], w})
			d.unit = gcd(d.unit, max(w, -w))
		}
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// size is a coupling's size in units; one that fits no int32 is beyond all limits.
func (d *lattice) size(e edge) int { return int(min(max(e.weight, -e.weight)/d.unit, math.MaxInt32)) }

// levels is how many sums of couplings there are.
func (d *lattice) levels() int {
	sum := 1
	for _, s := range d.sizes {
		sum += s
	}
	return sum
}

// field is that of a class where couplings of n units are against the node.
func (d *lattice) field(c nodeClass, n int) int64 { return c.bias + d.unit*int64(c.all-2*n) }

// write puts the lattice into words: positions of neighbours, then the class if there are several.
func (d *lattice) write(row []int32, ghost, classWords int) (edgesAt, edgeWords int) {
	several := 0
	if len(d.classes) > 1 {
		several = 1
	}
	edgeWords = (len(d.sizes) + several + 3) / 4 * 4
	edgesAt = d.words.section("slots: place of each neighbour's row in bytes, + %d for a negative coupling, + %d in the first for a slot without update%s",
		markNegative, markIdle, strings.Repeat("; place of the class among the tables in words", several))
	for slot, n := range d.order {
		words, text := make([]uint32, edgeWords), fmt.Sprintf("slot %d: padding", slot)
		for i := range d.sizes {
			words[i] = uint32(ghost * latticeRow)
		}
		if n < 0 || d.clamped[n] {
			words[0] |= markIdle
		}
		if n >= 0 {
			text = fmt.Sprintf("slot %d: %s", slot, d.names[n])
			taken := make([]bool, len(d.sizes))
			for _, e := range d.edges[n] {
				i := slices.Index(d.sizes, d.size(e))
				for taken[i] {
					i++
				}
				taken[i] = true
				if words[i] += uint32((int(row[e.other]) - ghost) * latticeRow); e.weight < 0 {
					words[i] |= markNegative
				}
				text += " " + d.names[e.other]
			}
			if several == 1 {
				words[len(d.sizes)] = uint32(d.class[n] * classWords)
			}
		}
		d.words.line(text, words...)
	}
	return edgesAt, edgeWords
}

// latticeCode is the part of the kernel that depends on the couplings.
type latticeCode struct {
	Count      []string // statements that add up what is against a spin
	Bits       []string // of the sum
	Choose     string   // of what the comparisons gave, by the sum
	Magnitudes []int64  // of fields that numbers are compared for, by class and comparison
	Signs      []int    // of these fields: 1 where negative; for several classes
	Compared   int      // comparisons of a class
	Half       int      // the one with the field 0, which needs only the highest plane; -1 for none
}

func (d *lattice) code() latticeCode {
	c := latticeCode{Half: -1}
	c.Count, c.Bits = countBits(d.sizes)
	var leaves []string
	if len(d.classes) > 1 { // the sign of a sum's field depends on the class
		c.Compared = d.levels()
		for _, class := range d.classes {
			for n := range c.Compared {
				g := d.field(class, n)
				c.Magnitudes = append(c.Magnitudes, max(g, -g))
				c.Signs = append(c.Signs, int(uint64(g)>>63))
			}
		}
		for n := range c.Compared {
			leaves = append(leaves, fmt.Sprintf("below[%d]", n))
		}
		c.Choose = choice(c.Bits, leaves)
		return c
	}
	for n := range d.levels() {
		g := d.field(d.classes[0], n)
		at := slices.Index(c.Magnitudes, max(g, -g))
		if at < 0 {
			at = len(c.Magnitudes)
			c.Magnitudes = append(c.Magnitudes, max(g, -g))
		}
		leaf := fmt.Sprintf("below[%d]", at)
		if g < 0 {
			leaf = "~" + leaf
		}
		leaves = append(leaves, leaf)
	}
	c.Compared, c.Half = len(c.Magnitudes), slices.Index(c.Magnitudes, 0)
	c.Choose = choice(c.Bits, leaves)
	return c
}

// planLattice is the kernel of lattices.
func planLattice(p *ir.Program, shared int, _ bool) (func() (*Kernels, error), error) {
	d, err := latticeOf(p)
	return func() (*Kernels, error) { return d.kernel(min(shared, latticeShared)) }, err
}

// kernel has states in so much shared memory, or spreads them over blocks in global memory.
func (d *lattice) kernel(shared int) (*Kernels, error) {
	p := d.p
	code, planes := d.code(), p.Format.Planes
	compareWords := (planes + 3) / 4 * 4
	if len(d.classes) > 1 {
		compareWords = (planes + 4) / 4 * 4 // the sign
	}
	row, rows := d.rowsOf()
	rowsAt := d.writeRows(row)
	edgesAt, edgeWords := d.write(row, rows, code.Compared*compareWords)
	d.starts()
	rows++ // what an absent neighbour reads
	blocks := (d.widest() + latticeThreads - 1) / latticeThreads
	l := Layout{Kernel: "lattice", Chains: 128, Values: rows * 4, ValueBytes: 4, TableWords: len(d.classes) * code.Compared * compareWords, LeastBeta: leastBeta(p),
		Threads: (d.widest()/blocks + 31) / 32 * 32, Rows: row}
	l.SharedBytes = l.TableWords*4 + rows*latticeRow
	inShared := l.SharedBytes <= shared
	if !inShared {
		l.SharedBytes = l.TableWords * 4
		l.Parts, l.Supers = min(BlocksOf(d.widest(), l.Threads), latticeParts), len(p.Sweep)
	}
	signs := false
	for _, list := range d.edges {
		for _, e := range list {
			signs = signs || e.weight < 0
		}
	}
	source, err := fill("lattice.cu", map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Namespace": namespace(p), "Nodes": p.Nodes, "Supers": len(p.Sweep), "Slots": p.Slots(),
		"Rows": rows, "Rounds": p.Rounds, "Fraction": p.Format.Fraction, "Planes": planes, "Width": 4, "Ghost": true, "Threads": l.Threads,
		"SupersAt": d.supersAt, "RowsAt": rowsAt, "EdgesAt": edgesAt, "StartsAt": d.startsAt, "GivenAt": d.givenAt,
		"LeastBeta": float(l.LeastBeta), "Unit": d.unit, "Sizes": d.sizes, "Code": code, "Classes": len(d.classes),
		"EdgeWords": edgeWords, "CompareWords": compareWords, "TableWords": l.TableWords,
		"InShared": inShared, "SharedBytes": l.SharedBytes, "HasSigns": signs, "Parts": l.Parts,
	})
	return &Kernels{Source: source, Words: &d.words, Layout: l}, err
}
