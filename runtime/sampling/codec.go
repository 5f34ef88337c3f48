package sampling

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"math"
)

// The binary form of a Model, little-endian:
//
//	8 bytes   "THRMLGEN"
//	4 bytes   version, 6
//	8 bytes   length of the payload
//	8 bytes   CRC-64 (ECMA) of the payload
//	payload   the fields of Model in order
//
// In the payload, integers take 8 bytes, kinds and truth values 1, strings and
// slices a 4-byte count before their elements; elements of []int32 take 4 bytes,
// of []int and []float64 8. Count 0 stands for nil.
const (
	codecMagic   = "THRMLGEN"
	codecVersion = 7
	codecHead    = len(codecMagic) + 4 + 8 + 8
)

// AppendBinary appends the binary form of a model to b. DecodeModel reads it.
func (m *Model) AppendBinary(b []byte) []byte {
	at := len(b)
	b = append(b, codecMagic...)
	b = binary.LittleEndian.AppendUint32(b, codecVersion)
	b = append(b, make([]byte, 16)...)
	e := codecWriter{b}
	e.text(m.Name)
	e.text(m.Hash)
	e.count(len(m.Vars))
	for _, v := range m.Vars {
		e.text(v.Name)
		e.b = append(e.b, byte(v.Kind))
		e.int(v.States)
		e.ints(v.Shape)
		e.int(v.First)
		e.int(v.Count)
		e.floats(v.Range)
	}
	e.int(m.Nodes)
	e.count(len(m.Factors))
	for _, f := range m.Factors {
		e.factor(&f)
	}
	e.count(len(m.Codes))
	for i := range m.Codes {
		e.code(&m.Codes[i])
	}
	e.count(len(m.Sweep))
	for _, super := range m.Sweep {
		e.count(len(super))
		for _, x := range super {
			e.b = append(e.b, byte(x.Kind))
			e.int(x.States)
			e.truth(x.Float)
			e.text(x.Sampler)
			e.int(x.Numbers)
			e.joint(x.Joint)
			e.int(x.First)
			e.ints32(x.Nodes)
		}
	}
	e.truth(m.Synchronous)
	e.count(len(m.Clamps))
	for _, c := range m.Clamps {
		e.ints32(c.Nodes)
		e.int(c.Chains)
		e.ints32(c.Values)
	}
	e.count(len(m.Init))
	for _, in := range m.Init {
		e.b = append(e.b, byte(in.Kind))
		e.int(in.Chains)
		e.ints32(in.Values)
		e.float(in.Mean)
		e.float(in.SD)
		e.text(in.Code)
	}
	e.format(m.Format)
	e.int(m.Rounds)
	e.text(m.Stream.Generator)
	e.int(m.Stream.Interleave)
	e.float(m.Beta)
	e.floats(m.Betas)
	e.int(m.Schedule.Warmup)
	e.int(m.Schedule.Samples)
	e.int(m.Schedule.StepsPerSample)
	e.int(m.Chains)
	e.b = binary.LittleEndian.AppendUint64(e.b, m.Seed)
	e.count(len(m.Formulas))
	for i := range m.Formulas {
		e.formula(&m.Formulas[i])
	}
	b = e.b
	payload := b[at+codecHead:]
	binary.LittleEndian.PutUint64(b[at+12:], uint64(len(payload)))
	binary.LittleEndian.PutUint64(b[at+20:], codecSum(payload))
	return b
}

func codecSum(b []byte) uint64 { return crc64.Checksum(b, crc64.MakeTable(crc64.ECMA)) }

type codecWriter struct{ b []byte }

func (e *codecWriter) int(v int) { e.b = binary.LittleEndian.AppendUint64(e.b, uint64(v)) }

func (e *codecWriter) count(n int) { e.b = binary.LittleEndian.AppendUint32(e.b, uint32(n)) }

func (e *codecWriter) float(v float64) {
	e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v))
}

func (e *codecWriter) truth(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *codecWriter) text(s string) {
	e.count(len(s))
	e.b = append(e.b, s...)
}

func (e *codecWriter) ints(x []int) {
	e.count(len(x))
	for _, v := range x {
		e.int(v)
	}
}

func (e *codecWriter) ints32(x []int32) {
	e.count(len(x))
	for _, v := range x {
		e.b = binary.LittleEndian.AppendUint32(e.b, uint32(v))
	}
}

func (e *codecWriter) floats(x []float64) {
	e.count(len(x))
	for _, v := range x {
		e.float(v)
	}
}

func (e *codecWriter) factor(f *Factor) {
	e.text(f.Name)
	e.count(len(f.Slots))
	for _, s := range f.Slots {
		e.b = append(e.b, byte(s.Kind))
		e.int(s.States)
		e.int(s.Power)
	}
	e.int(f.Rows)
	e.ints32(f.Index)
	e.ints(f.Table)
	e.truth(f.Shared)
	e.truth(f.Runtime)
	e.floats(f.Weights)
}

func (e *codecWriter) code(c *CodeFactor) {
	e.text(c.Name)
	e.truth(c.Directed)
	e.count(len(c.Slots))
	for _, s := range c.Slots {
		e.b = append(e.b, byte(s.Kind))
		e.int(s.States)
	}
	e.int(c.Rows)
	e.ints32(c.Index)
	e.params(c.Params)
	e.net(c.Net)
	e.ops(c.Energy)
	e.count(len(c.Parts))
	for _, p := range c.Parts {
		for _, ops := range [][]CodeOp{p.Field, p.Energy, p.Slope, p.Linear, p.Square} {
			e.ops(ops)
		}
	}
}

func (e *codecWriter) params(list []CodeParam) {
	e.count(len(list))
	for _, p := range list {
		e.ints(p.Axes)
		e.truth(p.Shared)
		e.floats(p.Values)
	}
}

func (e *codecWriter) net(n *Net) {
	e.truth(n != nil)
	if n != nil {
		e.ints(n.Sizes)
		e.b = append(e.b, byte(n.Activation))
		e.int(n.First)
	}
}

func (e *codecWriter) ops(ops []CodeOp) {
	e.count(len(ops))
	for _, o := range ops {
		e.b = append(e.b, byte(o.Op))
		e.int(int(o.N))
		e.float(o.V)
	}
}

func (e *codecWriter) format(f Format) {
	e.text(f.Profile)
	e.int(f.Fraction)
	e.int(f.Segments)
	e.int(f.ThresholdBits)
	e.int(f.Accum)
	e.int(f.Group)
	e.float(f.Range)
	e.float(f.Bound)
	e.truth(f.Noise)
	e.int(f.LowBits)
	e.int(f.Planes)
	e.int(f.Digit)
}

// DecodeModel reads the binary form of a model. It refuses anything but what
// AppendBinary writes for a model that NewSampler can take: other versions,
// damage, bytes left over, and indices or lengths that do not fit each other. It
// allocates no more than a small multiple of len(b).
func DecodeModel(b []byte) (*Model, error) {
	if len(b) < codecHead || string(b[:len(codecMagic)]) != codecMagic {
		return nil, errors.New("not a thrmlgen model")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != codecVersion {
		return nil, fmt.Errorf("model file of version %d; this runtime reads version %d", v, codecVersion)
	}
	payload := b[codecHead:]
	if n := binary.LittleEndian.Uint64(b[12:]); n != uint64(len(payload)) {
		return nil, fmt.Errorf("model file has %d bytes of data where it states %d", len(payload), n)
	}
	if binary.LittleEndian.Uint64(b[20:]) != codecSum(payload) {
		return nil, errors.New("model file is damaged: its checksum does not fit")
	}
	d := codecReader{b: payload}
	m := d.model()
	if d.err == nil && len(d.b) > 0 {
		d.err = fmt.Errorf("%d bytes left over", len(d.b))
	}
	if d.err == nil {
		d.err = m.checkShape()
	}
	if d.err != nil {
		return nil, fmt.Errorf("model file: %w", d.err)
	}
	return m, nil
}

// codecReader reads from the front of b and keeps the first error.
type codecReader struct {
	b   []byte
	err error
}

// take returns the next n bytes, nil after an error.
func (d *codecReader) take(n int) []byte {
	if d.err == nil && n > len(d.b) {
		d.err = errors.New("ends too early")
	}
	if d.err != nil {
		return nil
	}
	x := d.b[:n]
	d.b = d.b[n:]
	return x
}

// count reads the length of a list whose elements take at least size bytes.
func (d *codecReader) count(size int) int {
	x := d.take(4)
	if x == nil {
		return 0
	}
	n := int64(binary.LittleEndian.Uint32(x))
	if n*int64(size) > int64(len(d.b)) {
		d.err = errors.New("ends too early")
		return 0
	}
	return int(n)
}

func (d *codecReader) uint() uint64 {
	x := d.take(8)
	if x == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(x)
}

// int reads an integer that this machine's int holds.
func (d *codecReader) int() int {
	v := int64(d.uint())
	if v != int64(int(v)) && d.err == nil {
		d.err = fmt.Errorf("number %d is too large", v)
		return 0
	}
	return int(v)
}

func (d *codecReader) byte(below byte) byte {
	x := d.take(1)
	if x == nil {
		return 0
	}
	if x[0] >= below {
		d.err = fmt.Errorf("byte %d where 0 … %d may be", x[0], below-1)
		return 0
	}
	return x[0]
}

func (d *codecReader) truth() bool { return d.byte(2) == 1 }

func (d *codecReader) float() float64 {
	v := math.Float64frombits(d.uint())
	if (math.IsNaN(v) || math.IsInf(v, 0)) && d.err == nil {
		d.err = errors.New("a number is not finite")
	}
	return v
}

func (d *codecReader) text() string { return string(d.take(d.count(1))) }

func (d *codecReader) ints() []int {
	return codecList(d, 8, (*codecReader).int)
}

func (d *codecReader) floats() []float64 {
	return codecList(d, 8, (*codecReader).float)
}

func (d *codecReader) ints32() []int32 {
	return codecList(d, 4, func(d *codecReader) int32 {
		x := d.take(4)
		if x == nil {
			return 0
		}
		return int32(binary.LittleEndian.Uint32(x))
	})
}

// codecList reads a list of elements that take at least size bytes each.
func codecList[T any](d *codecReader, size int, read func(*codecReader) T) []T {
	n := d.count(size)
	if n == 0 {
		return nil
	}
	list := make([]T, n)
	for i := range list {
		list[i] = read(d)
	}
	return list
}

func (d *codecReader) model() *Model {
	m := &Model{Name: d.text(), Hash: d.text()}
	m.Vars = codecList(d, 4+1+8+4+16+4, func(d *codecReader) Var {
		return Var{Name: d.text(), Kind: Kind(d.byte(3)), States: d.int(), Shape: d.ints(), First: d.int(), Count: d.int(), Range: d.floats()}
	})
	m.Nodes = d.int()
	m.Factors = codecList(d, 5*4+8+2, func(d *codecReader) Factor {
		f := Factor{Name: d.text()}
		f.Slots = codecList(d, 17, func(d *codecReader) Slot { return Slot{Kind: Kind(d.byte(3)), States: d.int(), Power: d.int()} })
		f.Rows, f.Index, f.Table = d.int(), d.ints32(), d.ints()
		f.Shared, f.Runtime, f.Weights = d.truth(), d.truth(), d.floats()
		return f
	})
	m.Codes = codecList(d, 4+1+4+8+4+4+1+4+4, (*codecReader).code)
	m.Sweep = codecList(d, 4, func(d *codecReader) []Block {
		return codecList(d, 2+4+1+24+4, func(d *codecReader) Block {
			return Block{Kind: Kind(d.byte(3)), States: d.int(), Float: d.truth(), Sampler: d.text(), Numbers: d.int(),
				Joint: d.joint(), First: d.int(), Nodes: d.ints32()}
		})
	})
	m.Synchronous = d.truth()
	m.Clamps = codecList(d, 4+8+4, func(d *codecReader) Clamp {
		return Clamp{Nodes: d.ints32(), Chains: d.int(), Values: d.ints32()}
	})
	m.Init = codecList(d, 1+8+4+16+4, func(d *codecReader) Init {
		return Init{Kind: InitKind(d.byte(6)), Chains: d.int(), Values: d.ints32(), Mean: d.float(), SD: d.float(), Code: d.text()}
	})
	m.Format = Format{Profile: d.text(), Fraction: d.int(), Segments: d.int(), ThresholdBits: d.int(), Accum: d.int(), Group: d.int(),
		Range: d.float(), Bound: d.float(), Noise: d.truth(), LowBits: d.int(), Planes: d.int(), Digit: d.int()}
	m.Rounds, m.Stream.Generator, m.Stream.Interleave = d.int(), d.text(), d.int()
	m.Beta, m.Betas = d.float(), d.floats()
	m.Schedule = Schedule{Warmup: d.int(), Samples: d.int(), StepsPerSample: d.int()}
	m.Chains, m.Seed = d.int(), d.uint()
	m.Formulas = codecList(d, 24, (*codecReader).formula)
	return m
}

func (d *codecReader) code() CodeFactor {
	c := CodeFactor{Name: d.text(), Directed: d.truth()}
	c.Slots = codecList(d, 9, func(d *codecReader) Slot { return Slot{Kind: Kind(d.byte(3)), States: d.int()} })
	c.Rows, c.Index = d.int(), d.ints32()
	c.Params = d.params()
	c.Net = d.net()
	c.Energy = d.ops()
	c.Parts = codecList(d, 20, func(d *codecReader) CodePart {
		return CodePart{Field: d.ops(), Energy: d.ops(), Slope: d.ops(), Linear: d.ops(), Square: d.ops()}
	})
	return c
}

func (d *codecReader) params() []CodeParam {
	return codecList(d, 9, func(d *codecReader) CodeParam {
		return CodeParam{Axes: d.ints(), Shared: d.truth(), Values: d.floats()}
	})
}

func (d *codecReader) net() *Net {
	if !d.truth() {
		return nil
	}
	return &Net{Sizes: d.ints(), Activation: Activation(d.byte(byte(activations))), First: d.int()}
}

func (d *codecReader) ops() []CodeOp {
	return codecList(d, 17, func(d *codecReader) CodeOp {
		return CodeOp{Op: CodeOpKind(d.byte(byte(codeOpKinds))), N: int32(d.int()), V: d.float()}
	})
}
