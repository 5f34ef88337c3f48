package regmap

import (
	"fmt"
	"strings"
)

var accessNames = [...]string{"r, constant", "r", "rw, not while busy", "w"}

// Markdown is a table of the registers, and one of each register's fields.
func (m *Map) Markdown() string {
	t := &text{}
	t.f("<!-- %s -->\n# Registers of %s\n", m.Header, m.Name)
	t.f("Words of 32 bits behind AXI4-Lite, addresses in bytes; the two lowest bits of an address")
	t.f("are ignored. Every other address is answered by SLVERR. A write changes the bytes that")
	t.f("have a strobe. Of a register with several words the first one has the lowest bits, and")
	t.f("bits beyond the last read as 0. Whatever is refused (SLVERR) changes nothing but the")
	t.f("error bits of the status.\n")
	t.f("| address | name | access | bits | after reset | |\n|---|---|---|---|---|---|")
	for i := range m.Registers {
		r := &m.Registers[i]
		address := fmt.Sprintf("0x%04x", r.Offset)
		if r.Words() > 1 {
			address += fmt.Sprintf(" … 0x%04x", r.Offset+4*uint32(r.Words()-1))
		}
		value := ""
		if r.Access == Constant || r.Access == Config {
			value = fmt.Sprintf("0x%x", r.word(0))
			if r.Words() > 1 && r.Access == Constant {
				value = fmt.Sprintf("0x%08x%08x", r.word(1), r.word(0))
			}
		}
		t.f("| %s | %s | %s | %d | %s | %s |", address, r.upper(), accessNames[r.Access], r.Bits, value, r.Doc)
	}
	for i := range m.Registers {
		r := &m.Registers[i]
		if len(r.Fields) == 0 {
			continue
		}
		t.f("\n## %s\n\n| bits | name | |\n|---|---|---|", r.upper())
		for _, f := range r.Fields {
			bits := fmt.Sprint(f.Low)
			if f.Width > 1 {
				bits = fmt.Sprintf("%d:%d", f.Low+f.Width-1, f.Low)
			}
			t.f("| %s | %s | %s |", bits, f.Name, f.Doc)
		}
	}
	return t.String()
}

// RDL is the map in SystemRDL 2.0. A register of several words is an array of registers.
func (m *Map) RDL() string {
	t := &text{}
	t.f("// %s\naddrmap %s_registers {\n  default regwidth = 32;\n  default accesswidth = 32;", m.Header, m.Name)
	for i := range m.Registers {
		r := &m.Registers[i]
		if r.Access == Constant && r.Words() > 1 { // words of an array have one reset value
			for w := range r.Words() {
				part := Register{Name: fmt.Sprintf("%s%d", r.Name, w), Offset: r.Offset + 4*uint32(w), Bits: 32, Value: []uint32{r.word(w)}, Doc: r.Doc}
				part.rdl(t)
			}
			continue
		}
		r.rdl(t)
	}
	t.f("};")
	return t.String()
}

func (r *Register) rdl(t *text) {
	access := [...]string{"sw = r; hw = na;", "sw = r; hw = w;", "sw = rw; hw = r;", "sw = w; hw = r; default swmod;"}[r.Access]
	t.f("  reg {\n    desc = %q;\n    default %s", r.Doc, strings.Replace(access, " hw", " default hw", 1))
	fields := r.Fields
	if len(fields) == 0 {
		fields = []Field{{Name: "value", Width: min(32, r.Bits)}}
	}
	for _, f := range fields {
		doc := ""
		if f.Doc != "" {
			doc = fmt.Sprintf("desc = %q;", f.Doc)
		}
		reset := ""
		if r.Access == Constant || r.Access == Config {
			reset = fmt.Sprintf(" = %#x", r.word(0)>>f.Low&(1<<f.Width-1))
		}
		t.f("    field { %s } %s[%d:%d]%s;", doc, f.Name, f.Low+f.Width-1, f.Low, reset)
	}
	array := ""
	if r.Words() > 1 {
		array = fmt.Sprintf("[%d]", r.Words())
	}
	t.f("  } %s%s @ %#x;", r.Name, array, r.Offset)
}

// C is lines of definitions for a header: addresses, numbers of words, masks of fields,
// and values of constants.
func (m *Map) C() string {
	t := &text{}
	prefix := strings.ToUpper(m.Name) + "_"
	for i := range m.Registers {
		r := &m.Registers[i]
		name := prefix + r.upper()
		t.f("#define %s 0x%04xu /* %s */", name, r.Offset, accessNames[r.Access])
		if r.Words() > 1 {
			t.f("#define %s_WORDS %du", name, r.Words())
		}
		if r.Access == Constant && r.Bits <= 32 {
			t.f("#define %s_VALUE 0x%xu", name, r.word(0))
		}
		for _, f := range r.Fields {
			t.f("#define %s_%s 0x%xu", name, strings.ToUpper(f.Name), f.mask())
		}
	}
	return t.String()
}

func (f Field) mask() uint64 { return (1<<f.Width - 1) << f.Low }

// Go is a file of constants for a package of this name.
func (m *Map) Go(pkg string) string {
	t := &text{}
	t.f("// %s\n\n// Package %s has the addresses of the registers of %s in bytes, the masks of their\n// fields and the values of constants.\npackage %[2]s\n", m.Header, pkg, m.Name)
	for i := range m.Registers {
		r := &m.Registers[i]
		name := Camel(r.Name)
		t.f("// %s: %s", name, r.Doc)
		lines := [][2]string{{name, fmt.Sprintf("0x%04x", r.Offset)}}
		if r.Words() > 1 {
			lines = append(lines, [2]string{name + "Words", fmt.Sprint(r.Words())})
		}
		if r.Access == Constant && r.Bits <= 32 {
			lines = append(lines, [2]string{name + "Value", fmt.Sprintf("0x%x", r.word(0))})
		}
		for _, f := range r.Fields {
			lines = append(lines, [2]string{name + Camel(f.Name), fmt.Sprintf("0x%x", f.mask())})
		}
		if len(lines) == 1 {
			t.f("const %s = %s\n", lines[0][0], lines[0][1])
			continue
		}
		width := 0
		for _, l := range lines {
			width = max(width, len(l[0]))
		}
		t.f("const (")
		for _, l := range lines {
			t.f("\t%-*s = %s", width, l[0], l[1])
		}
		t.f(")\n")
	}
	return strings.TrimSuffix(t.String(), "\n")
}

// Camel is a name as Go exports it.
func Camel(name string) string {
	var b strings.Builder
	for _, part := range strings.Split(name, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
