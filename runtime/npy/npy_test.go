package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// counts is first, first+1, … as any number type.
func counts[T npyNumber](first, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = T(first + i)
	}
	return out
}

func thirds() []bool {
	out := make([]bool, 24)
	for i := range out {
		out[i] = (i-5)%3 == 0
	}
	return out
}

// What testdata/make.py saved.
var numpyFiles = []struct {
	name   string
	ours   bool // WriteNPY gives the same bytes
	dtype  string
	shape  []int
	values any
}{
	{"b1", true, "|b1", []int{2, 3, 4}, thirds()},
	{"i1", true, "|i1", []int{2, 3, 4}, counts[int8](-5, 24)},
	{"i2", true, "<i2", []int{2, 3, 4}, counts[int16](-5, 24)},
	{"i4", true, "<i4", []int{2, 3, 4}, counts[int32](-5, 24)},
	{"i8", true, "<i8", []int{2, 3, 4}, counts[int64](-5, 24)},
	{"u1", true, "|u1", []int{2, 3, 4}, counts[uint8](0, 24)},
	{"u2", true, "<u2", []int{2, 3, 4}, counts[uint16](0, 24)},
	{"u4", true, "<u4", []int{2, 3, 4}, counts[uint32](0, 24)},
	{"u8", true, "<u8", []int{2, 3, 4}, counts[uint64](0, 24)},
	{"f2", false, "<f2", []int{2, 3, 4}, counts[float32](-5, 24)},
	{"f4", true, "<f4", []int{2, 3, 4}, counts[float32](-5, 24)},
	{"f8", true, "<f8", []int{2, 3, 4}, counts[float64](-5, 24)},
	{"big_i2", false, "<i2", []int{2, 3, 4}, counts[int16](-5, 24)},
	{"big_i4", false, "<i4", []int{2, 3, 4}, counts[int32](-5, 24)},
	{"big_i8", false, "<i8", []int{2, 3, 4}, counts[int64](-5, 24)},
	{"big_u2", false, "<u2", []int{2, 3, 4}, counts[uint16](0, 24)},
	{"big_u4", false, "<u4", []int{2, 3, 4}, counts[uint32](0, 24)},
	{"big_u8", false, "<u8", []int{2, 3, 4}, counts[uint64](0, 24)},
	{"big_f2", false, "<f2", []int{2, 3, 4}, counts[float32](-5, 24)},
	{"big_f4", false, "<f4", []int{2, 3, 4}, counts[float32](-5, 24)},
	{"big_f8", false, "<f8", []int{2, 3, 4}, counts[float64](-5, 24)},
	{"fortran_f8", false, "<f8", []int{2, 3, 4}, counts[float64](-5, 24)},
	{"fortran_big_i4", false, "<i4", []int{2, 3, 4}, counts[int32](-5, 24)},
	{"fortran_b1", false, "|b1", []int{2, 3, 4}, thirds()},
	{"scalar", true, "<f8", []int{}, []float64{2.5}},
	{"empty", true, "<f4", []int{0}, []float32{}},
	{"empty_axis", true, "<i8", []int{3, 0, 2}, []int64{}},
	{"v2", false, "<i4", []int{5}, counts[int32](0, 5)},
	{"v3", false, "<i4", []int{5}, counts[int32](0, 5)},
	{"extremes_i8", true, "<i8", []int{5}, []int64{math.MinInt64, -1, 0, 1<<53 + 1, math.MaxInt64}},
	{"extremes_u8", true, "<u8", []int{4}, []uint64{0, 1 << 53, 1 << 63, math.MaxUint64}},
	{"extremes_f2", false, "<f2", []int{9}, []float32{0, float32(math.Copysign(0, -1)), 0x1p-24, -1023 * 0x1p-24, 0x1p-14,
		1365 * 0x1p-12, -65504, float32(math.Inf(1)), float32(math.Inf(-1))}},
	{"wide_axis", true, "|u1", []int{123456789, 0}, []uint8{}},
	{"many_axes", true, "<f4", slices.Repeat([]int{1}, 32), []float32{1}},
}

func TestReadNumPyFiles(t *testing.T) {
	for _, c := range numpyFiles {
		a, err := ReadNPY(fixture(t, c.name+".npy"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := &NPYArray{Shape: c.shape, DType: c.dtype, Data: c.values}
		if !reflect.DeepEqual(a, want) {
			t.Errorf("%s:\n got %v\nwant %v", c.name, a, want)
		}
		if n := reflect.ValueOf(c.values).Len(); a.Len() != n {
			t.Errorf("%s: Len %d, want %d", c.name, a.Len(), n)
		}
	}
	// DeepEqual takes -0 for 0.
	a, err := ReadNPY(fixture(t, "extremes_f2.npy"))
	if err != nil || !math.Signbit(float64(a.Data.([]float32)[1])) {
		t.Errorf("extremes_f2: the sign of -0 is lost (%v)", err)
	}
}

func TestWriteIsWhatNumPyWrites(t *testing.T) {
	for _, c := range numpyFiles {
		var b bytes.Buffer
		if err := WriteNPY(&b, c.shape, c.values); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.ours && !bytes.Equal(b.Bytes(), fixture(t, c.name+".npy")) {
			t.Errorf("%s: bytes differ from numpy's:\n%q", c.name, b.Bytes())
		}
		a, err := ReadNPY(b.Bytes())
		if err != nil || !slices.Equal(a.Shape, c.shape) || !reflect.DeepEqual(a.Data, c.values) {
			t.Errorf("%s: round trip gave %v, %v", c.name, a, err)
		}
	}
}

func TestWriteAcrossChunks(t *testing.T) {
	want := counts[float64](0, 100_000)
	var b bytes.Buffer
	if err := WriteNPY(&b, []int{1000, 100}, want); err != nil {
		t.Fatal(err)
	}
	a, err := ReadNPY(b.Bytes())
	if err != nil || !reflect.DeepEqual(a.Data, want) {
		t.Errorf("100,000 floats do not survive: %v", err)
	}
}

func TestHalfAgainstDefinition(t *testing.T) {
	for h := range 1 << 16 {
		sign, exponent, fraction := 1.0, h>>10&31, float64(h&1023)
		if h>>15 == 1 {
			sign = -1
		}
		var want float64
		switch {
		case exponent == 0:
			want = sign * math.Ldexp(fraction, -24)
		case exponent < 31:
			want = sign * math.Ldexp(1024+fraction, exponent-25)
		case fraction == 0:
			want = math.Inf(int(sign))
		default:
			want = math.NaN()
		}
		got := float64(npyHalf(uint16(h)))
		if math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("half %#04x is %v, want %v", h, got, want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		shape []int
		data  any
		want  string
	}{
		"too few":   {[]int{2, 3}, make([]int8, 5), "shape (2, 3) has 6 elements, the data 5"},
		"too many":  {[]int{}, make([]int8, 2), "shape () has 1 elements, the data 2"},
		"negative":  {[]int{-1}, []int8{}, "negative axis"},
		"overflow":  {[]int{math.MaxInt, 2}, []int8{1, 2}, "too large"},
		"int":       {[]int{1}, []int{1}, "cannot write a []int"},
		"nil":       {[]int{0}, nil, "cannot write a <nil>"},
		"many axes": {make([]int, 65), []int8{}, "65 axes"},
	} {
		var b bytes.Buffer
		err := WriteNPY(&b, c.shape, c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes written", name, b.Len())
		}
	}
}

func TestAccessors(t *testing.T) {
	array := func(data any) *NPYArray {
		ty, n, err := npyDataType(data)
		if err != nil {
			t.Fatal(err)
		}
		return &NPYArray{Shape: []int{n}, DType: ty.String(), Data: data}
	}
	float64s := func(a *NPYArray) (any, error) { return a.Float64s() }
	float32s := func(a *NPYArray) (any, error) { return a.Float32s() }
	ints := func(a *NPYArray) (any, error) { return a.Ints() }
	int8s := func(a *NPYArray) (any, error) { return a.Int8s() }
	int32s := func(a *NPYArray) (any, error) { return a.Int32s() }
	uint8s := func(a *NPYArray) (any, error) { return a.Uint8s() }
	uint16s := func(a *NPYArray) (any, error) { return a.Uint16s() }
	uint64s := func(a *NPYArray) (any, error) { return a.Uint64s() }
	bools := func(a *NPYArray) (any, error) { return a.Bools() }
	for _, c := range []struct {
		data any
		get  func(*NPYArray) (any, error)
		want any // a string is part of the error
	}{
		{[]bool{true, false}, float64s, []float64{1, 0}},
		{[]int8{-128}, float64s, []float64{-128}},
		{[]int16{-3}, float64s, []float64{-3}},
		{[]int32{-3}, float64s, []float64{-3}},
		{[]int64{math.MinInt64, 1 << 60, -3 << 53}, float64s, []float64{-0x1p63, 0x1p60, -0x3p53}},
		{[]int64{1, 1<<53 + 1}, float64s, "element 1 is 9007199254740993, which float64 cannot hold exactly"},
		{[]int64{math.MaxInt64}, float64s, "exactly"},
		{[]uint64{1 << 63}, float64s, []float64{0x1p63}},
		{[]uint64{math.MaxUint64}, float64s, "exactly"},
		{[]uint32{1<<32 - 1}, float64s, []float64{0x1p32 - 1}},
		{[]float32{0.1}, float64s, []float64{float64(float32(0.1))}},
		{[]float64{0.1}, float64s, []float64{0.1}},
		{[]float64{0.1, 1e300}, float32s, "element 1 is 1e+300, beyond the range of float32"},
		{[]float64{0.1, math.Inf(1)}, float32s, []float32{0.1, float32(math.Inf(1))}},
		{[]float32{0.1}, float32s, []float32{0.1}},
		{[]uint8{200}, float32s, []float32{200}},
		{[]uint16{65535}, ints, []int64{65535}},
		{[]bool{true, false}, ints, []int64{1, 0}},
		{[]uint64{math.MaxInt64}, ints, []int64{math.MaxInt64}},
		{[]uint64{1 << 63}, ints, "element 0 is 9223372036854775808, beyond the range of int64"},
		{[]float64{1}, ints, "need integers, the array holds <f8"},
		{[]int64{-128, 127}, int8s, []int8{-128, 127}},
		{[]int64{128}, int8s, "element 0 is 128, beyond the range of int8"},
		{[]uint64{0, 255}, uint8s, []uint8{0, 255}},
		{[]int8{0, -1}, uint8s, "element 1 is -1, beyond the range of uint8"},
		{[]int32{65536}, uint16s, "beyond the range of uint16"},
		{[]int32{65535}, uint16s, []uint16{65535}},
		{[]int64{-1 << 31}, int32s, []int32{-1 << 31}},
		{[]int64{1 << 31}, int32s, "beyond the range of int32"},
		{[]uint64{math.MaxUint64}, uint64s, []uint64{math.MaxUint64}},
		{[]int64{math.MaxInt64}, uint64s, []uint64{math.MaxInt64}},
		{[]int64{-1}, uint64s, "element 0 is -1, beyond the range of uint64"},
		{[]uint8{0, 1}, bools, []bool{false, true}},
		{[]uint8{0, 2}, bools, "element 1 is 2, need 0 or 1"},
	} {
		got, err := c.get(array(c.data))
		if text, ok := c.want.(string); ok {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%T%v: error %v, want %q", c.data, c.data, err, text)
			}
		} else if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%T%v: %v, %v, want %v", c.data, c.data, got, err, c.want)
		}
	}

	zero := &NPYArray{}
	if _, err := zero.Float64s(); err == nil || zero.Len() != 0 {
		t.Error("the zero array gives elements")
	}
	data := []float64{1}
	if v, _ := array(data).Float64s(); &v[0] == &data[0] {
		t.Error("Float64s shares memory with the array")
	}
}

// file puts a version 1.0 header and elements together.
func file(header string, elements int) []byte {
	b := append([]byte(npyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	return append(append(b, header...), make([]byte, elements)...)
}

func TestHeaderGrammar(t *testing.T) {
	for _, header := range []string{
		"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
		`{"shape":(2,),"fortran_order":True,"descr":"<f8"}`,
		" \t{ 'shape' : ( 2 , ) ,\n'descr':'<f8' , 'fortran_order':False } \r\n",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 1L,)}",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2,)}",
	} {
		a, err := ReadNPY(file(header, 16))
		if err != nil || a.Len() != 2 {
			t.Errorf("%q: %v", header, err)
		}
	}
	const shape2 = "{'descr': '<f8', 'fortran_order': False, 'shape': "
	for _, c := range []struct{ header, want string }{
		{"", "at byte 10: header does not start with {"},
		{"{", "quoted string"},
		{"{}", `key "descr" is missing`},
		{"{,}", "quoted string"},
		{"{'descr': '<f8', 'fortran_order': False}", `key "shape" is missing`},
		{"{'fortran_order': False, 'shape': (2,)}", `key "descr" is missing`},
		{"{'descr': '<f8', 'shape': (2,)}", `key "fortran_order" is missing`},
		{shape2 + "(2,), 'shape': (2,)}", `at byte 66: key "shape" stands twice`},
		{shape2 + "(2,), 'name': 'x'}", `unknown key "name"`},
		{"{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}", "need , or }"},
		{"{'descr': '<f8',, 'fortran_order': False, 'shape': (2,)}", "quoted string"},
		{"{'descr' '<f8'}", "need : after"},
		{shape2 + "(2,)} x", "text after"},
		{shape2 + "(2,)", "need , or }"},
		{shape2 + "(2)}", "needs a comma"},
		{shape2 + "2}", "not a tuple"},
		{shape2 + "[2]}", "not a tuple"},
		{shape2 + "(-1,)}", "axis length"},
		{shape2 + "(,)}", "axis length"},
		{shape2 + "(2,,)}", "axis length"},
		{shape2 + "(2 1)}", "needs a comma"},
		{shape2 + "(1, 2 3)}", "need , or )"},
		{shape2 + "(02,)}", "axis length"},
		{shape2 + "(2_0,)}", "needs a comma"},
		{shape2 + "(0x2,)}", "needs a comma"},
		{shape2 + "(2.0,)}", "needs a comma"},
		{shape2 + "(9223372036854775808,)}", "axis length"},
		{shape2 + "(9223372036854775807,)}", "too large for any memory"},
		{shape2 + "(4194305, 4194305, 211106198978564)}", "too large for any memory"},
		{shape2 + "(0, 4611686018427387904, 4611686018427387904)}", "too large for any memory"},
		{shape2 + "(" + strings.Repeat("1,", 65) + ")}", "more than 64 axes"},
		{shape2 + "(", "axis length"},
		{"{'descr': '<f8', 'fortran_order': false, 'shape': (2,)}", "neither True nor False"},
		{"{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}", "neither True nor False"},
		{"{'descr': '<f8', 'fortran_order': Falsehood, 'shape': (2,)}", "need , or }"},
		{"{'descr': '<f8, 'fortran_order': False, 'shape': (2,)}", `"<f8, " is not supported`},
		{"{'descr': '<f8", "does not end"},
		{"{'descr': '\\x3cf8', 'fortran_order': False, 'shape': (2,)}", "escape"},
		{"{'" + strings.Repeat("k", 65) + "': 1}", "longer than 64"},
		{"{'descr': '\xff', 'fortran_order': False, 'shape': (2,)}", "not text"},
		{"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "never done"},
		{"{'descr': '=f8', 'fortran_order': False, 'shape': (2,)}", "byte order"},
		{"{'descr': 'f8', 'fortran_order': False, 'shape': (2,)}", "byte order"},
		{"{'descr': '|f8', 'fortran_order': False, 'shape': (2,)}", "not supported"},
		{"{'descr': '<f', 'fortran_order': False, 'shape': (2,)}", "not supported"},
		{"{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}", "not supported"},
		{"{'descr': '<i16', 'fortran_order': False, 'shape': (2,)}", "not supported"},
		{"{'descr': '<b8', 'fortran_order': False, 'shape': (2,)}", "not supported"},
		{"{'descr': '', 'fortran_order': False, 'shape': (2,)}", "no element type"},
		{"{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (2,)}", "structured"},
		{strings.Repeat("{", 60000), "quoted string"},
		{strings.Repeat("(", 60000), "does not start with {"},
	} {
		_, err := ReadNPY(file(c.header, 16))
		var fault *NPYError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80q: error %v, want %q", c.header, err, c.want)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	for name, want := range map[string]string{
		"bad_object": "unpickled", "bad_complex": "complex", "bad_struct": "structured",
		"bad_text": "text", "bad_bytes": "text", "bad_date": "date", "bad_f16": "not supported",
	} {
		_, err := ReadNPY(fixture(t, name+".npy"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	good := fixture(t, "v2.npy")
	for want, b := range map[string][]byte{
		"magic string is missing":         []byte("PK\x03\x04 and more"),
		"version 4.0 is unknown":          append([]byte(npyMagic+"\x04\x00"), good[8:]...),
		"version 1.1 is unknown":          append([]byte(npyMagic+"\x01\x01"), good[8:]...),
		"header of 4294967295 bytes":      append([]byte(npyMagic+"\x02\x00\xff\xff\xff\xff"), good[12:]...),
		"header of 65537 bytes":           append([]byte(npyMagic+"\x03\x00\x01\x00\x01\x00"), make([]byte, 65537)...),
		"the file ends in the header":     []byte(npyMagic + "\x01\x00\xff\xff{'descr'"),
		"1 bytes follow the 20 that":      append(slices.Clone(good), 0),
		"ends after 16 of the 20 bytes":   good[:len(good)-4],
		"at byte 139: bool of value 2":    append(fixture(t, "b1.npy")[:128], append(make([]byte, 11), append([]byte{2}, make([]byte, 12)...)...)...),
		"the file ends in the magic stri": nil,
	} {
		_, err := ReadNPY(b)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := ReadNPY(file("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", 4)); err != nil {
		t.Error(err)
	}
	if _, err := npyReadHeader(brokenReader{}); err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("a fault of the reader became %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func TestEveryPrefixIsRefused(t *testing.T) {
	for _, name := range []string{"i1.npy", "v2.npy", "v3.npy", "fortran_big_i4.npy", "scalar.npy", "empty.npy"} {
		b := fixture(t, name)
		for n := range b {
			if a, err := ReadNPY(b[:n]); err == nil {
				t.Errorf("%s cut to %d bytes reads as %v", name, n, a)
			}
		}
	}
	for _, name := range []string{"stored.npz", "deflated.npz", "none.npz"} {
		b := fixture(t, name)
		for n := range b {
			if _, err := OpenNPZ(b[:n]); err == nil {
				t.Errorf("%s cut to %d bytes opens", name, n)
			}
		}
	}
}

// allocated is how much memory f takes in all. Large pieces are counted at
// once, small ones in batches.
func allocated(f func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	return sample[0].Value.Uint64() - before
}

// eachFlip calls f with every version of b that has one bit changed.
func eachFlip(b []byte, f func(flipped []byte, bit int)) {
	c := slices.Clone(b)
	for bit := range 8 * len(c) {
		c[bit/8] ^= 1 << (bit % 8)
		f(c, bit)
		c[bit/8] ^= 1 << (bit % 8)
	}
}

// Far above what the small files need, far below what a wrong length can ask for.
const flipMemory = 1 << 20

func TestFlippedBitsOfNPY(t *testing.T) {
	for _, name := range []string{"i4.npy", "v2.npy", "v3.npy", "fortran_big_i4.npy", "scalar.npy", "empty_axis.npy", "b1.npy"} {
		eachFlip(fixture(t, name), func(b []byte, bit int) {
			var a *NPYArray
			var err error
			if n := allocated(func() { a, err = ReadNPY(b) }); n > flipMemory {
				t.Errorf("%s, bit %d: %d bytes allocated (%v)", name, bit, n, err)
			}
			if err == nil {
				checkArray(t, a)
			}
		})
	}
}

func TestFlippedBitsOfNPZ(t *testing.T) {
	for _, name := range []string{"stored.npz", "deflated.npz", "none.npz"} {
		good, err := OpenNPZ(fixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		eachFlip(fixture(t, name), func(b []byte, bit int) {
			n := allocated(func() {
				z, err := OpenNPZ(b)
				if err != nil {
					return
				}
				// The checksum covers all but names and dates: an array is right or refused.
				for _, member := range z.Names() {
					a, err := z.Get(member)
					if err != nil {
						continue
					}
					want, err := good.Get(member)
					if err == nil && !reflect.DeepEqual(a, want) {
						t.Errorf("%s, bit %d: wrong array %q without an error", name, bit, member)
					}
				}
			})
			if n > flipMemory {
				t.Errorf("%s, bit %d: %d bytes allocated", name, bit, n)
			}
		})
	}
}

// checkArray holds what every array that was read fulfils.
func checkArray(t *testing.T, a *NPYArray) {
	t.Helper()
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	ty, err := npyParseType(a.DType)
	if err != nil || ty.String() != a.DType {
		t.Errorf("DType %q: %v", a.DType, err)
	}
	if a.Len() != n {
		t.Errorf("shape %v with %d elements", a.Shape, a.Len())
	}
	a.Float64s()
	a.Float32s()
	a.Ints()
	a.Bools()
	var b bytes.Buffer
	if err := WriteNPY(&b, a.Shape, a.Data); err != nil {
		t.Errorf("cannot write %v: %v", a, err)
		return
	}
	back, err := ReadNPY(b.Bytes())
	if err != nil || fmt.Sprint(back.Data) != fmt.Sprint(a.Data) || !slices.Equal(back.Shape, a.Shape) {
		t.Errorf("round trip of %v gave %v, %v", a, back, err)
	}
}

func FuzzReadNPY(f *testing.F) {
	names, err := filepath.Glob("testdata/*.npy")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds: ", err)
	}
	for _, name := range names {
		f.Add(fixture(f, filepath.Base(name)))
	}
	f.Add(file("{'descr': '<f8', 'fortran_order': False, 'shape': (4194305, 4194305, 211106198978564)}", 32))
	f.Fuzz(func(t *testing.T, b []byte) {
		testtool.Bounded(t, func() {
			if a, err := ReadNPY(b); err == nil {
				checkArray(t, a)
			}
		})
	})
}

func BenchmarkReadNPY(b *testing.B) {
	for _, data := range []any{make([]float64, 10<<20/8), make([]float32, 10<<20/4), make([]int8, 10<<20)} {
		_, n, _ := npyDataType(data)
		var file bytes.Buffer
		if err := WriteNPY(&file, []int{n}, data); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%T", data), func(b *testing.B) {
			b.SetBytes(10 << 20)
			for b.Loop() {
				if _, err := ReadNPY(file.Bytes()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("fortran", func(b *testing.B) {
		const head = "{'descr': '<f8', 'fortran_order': True, 'shape': (1280, 1024)}"
		transposed := file(head, 10<<20)
		b.SetBytes(10 << 20)
		for b.Loop() {
			if _, err := ReadNPY(transposed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkWriteNPY(b *testing.B) {
	for _, data := range []any{make([]float64, 10<<20/8), make([]float32, 10<<20/4), make([]int8, 10<<20)} {
		_, n, _ := npyDataType(data)
		b.Run(fmt.Sprintf("%T", data), func(b *testing.B) {
			b.SetBytes(10 << 20)
			var file bytes.Buffer
			for b.Loop() {
				file.Reset()
				if err := WriteNPY(&file, []int{n}, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
