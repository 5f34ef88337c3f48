// Package regmap describes the registers of a peripheral once: the Verilog that decodes
// them, SystemRDL, a table in Markdown, a C header and Go constants all come from it.
//
//	regmap.go    registers, their fields, what is wrong with a map
//	verilog.go   storage and decoding behind an AXI4-Lite bus
//	document.go  SystemRDL, Markdown, C, Go
package regmap

import (
	"fmt"
	"strings"
)

// Access says who gives a register its value, and what a write does.
type Access int

// Kinds of access. A write to a constant or a status is refused, and so is one to a
// configuration while the peripheral is busy.
const (
	Constant Access = iota // known when the hardware is made
	Status                 // given by the hardware, read only
	Config                 // kept for the hardware, read and written
	Action                 // a write does something, a read gives 0
)

// Field is some bits of a register.
type Field struct {
	Name       string
	Low, Width int
	Doc        string
}

// Register is one or more words of 32 bits, the lowest bits in the first.
type Register struct {
	Name   string // of the form [a-z][a-z0-9_]*
	Offset uint32 // of its first word, in bytes
	Access Access
	Bits   int      // how many it has, at most 32 for an action
	Value  []uint32 // words of a constant, or of a configuration after reset; nil for zeros
	Fields []Field
	Doc    string // one sentence or more
}

// Words is the number of words of the register.
func (r *Register) Words() int { return (r.Bits + 31) / 32 }

// word is word i of the value.
func (r *Register) word(i int) uint32 {
	if i < len(r.Value) {
		return r.Value[i]
	}
	return 0
}

// upper is the name in capitals.
func (r *Register) upper() string { return strings.ToUpper(r.Name) }

// Map is the registers of a peripheral.
type Map struct {
	Name        string // of the peripheral, begins the names of constants in C
	Header      string // first line of every file
	AddressBits int    // of byte addresses
	Registers   []Register
}

// Check finds registers that overlap, leave the addresses or have no words.
func (m *Map) Check() error {
	taken := map[uint32]string{}
	for i := range m.Registers {
		r := &m.Registers[i]
		if r.Bits < 1 || r.Offset%4 != 0 || r.Access == Action && r.Bits > 32 || len(r.Value) > r.Words() {
			return fmt.Errorf("register %s has %d bits at %#x", r.Name, r.Bits, r.Offset)
		}
		for w := range uint32(r.Words()) {
			at := r.Offset + 4*w
			if other, ok := taken[at]; ok {
				return fmt.Errorf("registers %s and %s are both at %#x", other, r.Name, at)
			}
			if at>>m.AddressBits != 0 {
				return fmt.Errorf("register %s needs %#x bytes of addresses, there are %#x", r.Name, at+4, uint32(1)<<m.AddressBits)
			}
			taken[at] = r.Name
		}
		for _, f := range r.Fields {
			if f.Low < 0 || f.Width < 1 || f.Low+f.Width > min(r.Bits, 32) {
				return fmt.Errorf("field %s of register %s lies outside of it", f.Name, r.Name)
			}
		}
	}
	return nil
}
