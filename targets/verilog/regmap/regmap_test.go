package regmap

import (
	"go/format"
	"strings"
	"testing"
)

func sample() *Map {
	return &Map{Name: "m", Header: "made", AddressBits: 8, Registers: []Register{
		{Name: "id", Offset: 0, Bits: 32, Value: []uint32{7}, Doc: "Seven."},
		{Name: "two_words", Offset: 4, Access: Config, Bits: 33, Value: []uint32{5, 1}, Doc: "Two."},
		{Name: "go", Offset: 12, Access: Action, Bits: 2, Doc: "Acts.", Fields: []Field{{"now", 0, 1, "Now."}, {"later", 1, 1, "Later."}}},
		{Name: "state", Offset: 16, Access: Status, Bits: 40, Doc: "Seen."},
	}}
}

func TestCheck(t *testing.T) {
	if err := sample().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want   string
		change func(m *Map)
	}{
		{"registers two_words and go are both at 0x8", func(m *Map) { m.Registers[2].Offset = 8 }},
		{"needs 0x104 bytes of addresses, there are 0x100", func(m *Map) { m.Registers[3].Offset = 0xfc }},
		{"register go has 33 bits", func(m *Map) { m.Registers[2].Bits = 33 }},
		{"register state has 0 bits", func(m *Map) { m.Registers[3].Bits = 0 }},
		{"register id has 32 bits at 0x2", func(m *Map) { m.Registers[0].Offset = 2 }},
		{"register id has 32 bits", func(m *Map) { m.Registers[0].Value = []uint32{1, 2} }},
		{"field later of register go lies outside", func(m *Map) { m.Registers[2].Fields[1].Low = 2 }},
	} {
		m := sample()
		c.change(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestDocuments(t *testing.T) {
	m := sample()
	for _, c := range []struct{ text, want string }{
		{m.Markdown(), "| 0x0004 … 0x0008 | TWO_WORDS | rw, not while busy | 33 | 0x5 | Two. |"},
		{m.Markdown(), "| 1 | later | Later. |"},
		{m.C(), "#define M_TWO_WORDS 0x0004u"},
		{m.C(), "#define M_TWO_WORDS_WORDS 2u\n"},
		{m.C(), "#define M_ID_VALUE 0x7u\n"},
		{m.C(), "#define M_GO_LATER 0x2u\n"},
		{m.Go("registers"), "const (\n\tTwoWords      = 0x0004\n\tTwoWordsWords = 2\n)\n"},
		{m.RDL(), "} two_words[2] @ 0x4;"},
		{m.Verilog("r"), "6'h2: rdata_o = {31'd0, two_words_o[32]};"},
		{m.Verilog("r"), "if (waddr_i == 6'h2) two_words_o[32] <= (two_words_o[32] & ~mask[0]) | wdata_o[0];"},
		{m.Verilog("r"), "6'h5: rdata_o = {24'd0, state_i[39:32]};"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("no %q in\n%s", c.want, c.text)
		}
	}
	text := m.Go("registers")
	if got, err := format.Source([]byte(text)); err != nil || string(got) != text {
		t.Errorf("%v\n%s", err, text)
	}
}
