package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, name string) *File {
	t.Helper()
	f, err := Open(read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestTypes: every element type as the package safetensors writes it.
func TestTypes(t *testing.T) {
	f := open(t, "types")
	if n := len(f.Names()); n != 14 {
		t.Errorf("%d tensors: %q", n, f.Names())
	}
	for name, want := range map[string]struct {
		dtype string
		first int64
	}{
		"int8": {"|i1", -5}, "int16": {"<i2", -5}, "int32": {"<i4", -5}, "int64": {"<i8", -5},
		"uint8": {"|u1", 0}, "uint16": {"<u2", 0}, "uint32": {"<u4", 0}, "uint64": {"<u8", 0},
		"float16": {"<f4", -5}, "float32": {"<f4", -5}, "float64": {"<f8", -5},
	} {
		a, err := f.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		values, err := a.Float64s()
		if err != nil || a.DType != want.dtype || !slices.Equal(a.Shape, []int{2, 3, 4}) || len(values) != 24 {
			t.Fatalf("%s: %v %v %v", name, a.DType, a.Shape, err)
		}
		for i, v := range values {
			if v != float64(want.first+int64(i)) {
				t.Errorf("%s: element %d is %v", name, i, v)
			}
		}
		if _, err := a.Ints(); (err == nil) == strings.HasPrefix(name, "float") {
			t.Errorf("%s as integers: %v", name, err)
		}
	}
	a, err := f.Get("bool")
	if err != nil {
		t.Fatal(err)
	}
	mask, err := a.Bools()
	for i, on := range mask {
		if on != ((i-5)%3 == 0) {
			t.Errorf("bool: element %d is %v", i, on)
		}
	}
	if err != nil || len(mask) != 24 {
		t.Errorf("bool: %d elements, %v", len(mask), err)
	}
	a, err = f.Get("scalar")
	if err != nil || len(a.Shape) != 0 || !reflect.DeepEqual(a.Data, []float64{2.5}) {
		t.Errorf("scalar: %v %v", a, err)
	}
	a, err = f.Get(`weight with ünïcode "quotes"`)
	if err != nil || !reflect.DeepEqual(a.Data, []float32{1.5, -2}) {
		t.Errorf("name with quotes: %v %v", a, err)
	}
	if _, err := f.Get("none"); err == nil || !strings.Contains(err.Error(), `no tensor "none"; there are ["`) {
		t.Errorf("a tensor that is not there: %v", err)
	}
}

// TestHalves: every half has the value that its bits stand for.
func TestHalves(t *testing.T) {
	f := open(t, "halves")
	inf := float32(math.Inf(1))
	for name, want := range map[string][]float32{
		"f16":  {0, float32(math.Copysign(0, -1)), 0x1p-24, -1023 * 0x1p-24, 0x1p-14, 0.333251953125, -65504, inf, -inf},
		"bf16": {0, float32(math.Copysign(0, -1)), 1, -1.5, 0x1p-133, 0x1.fep127, inf},
	} {
		a, err := f.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		got := a.Data.([]float32)
		for i, w := range want {
			if math.Float32bits(got[i]) != math.Float32bits(w) {
				t.Errorf("%s: element %d is %v, want %v", name, i, got[i], w)
			}
		}
	}
	for h := range 1 << 16 {
		want := math.Ldexp(float64(h&1023), -24)
		if e := h >> 10 & 31; e > 0 {
			want = math.Ldexp(float64(1024+h&1023), e-25)
			if e == 31 {
				want = math.Inf(1)
				if h&1023 != 0 {
					want = math.NaN()
				}
			}
		}
		if h>>15 == 1 {
			want = -want
		}
		got := float64(float16(uint16(h)))
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) || math.Signbit(got) != (h>>15 == 1) && !math.IsNaN(want) {
			t.Fatalf("half %04x is %v, want %v", h, got, want)
		}
	}
}

func TestEmpty(t *testing.T) {
	if names := open(t, "empty").Names(); len(names) != 0 {
		t.Errorf("tensors %q", names)
	}
	a, err := open(t, "empty_tensor").Get("e")
	if err != nil || !slices.Equal(a.Shape, []int{3, 0}) || a.Len() != 0 {
		t.Errorf("%v %v", a, err)
	}
}

// file puts a header before data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// entry is one tensor of U8.
func entry(name string, begin, end int) string {
	return fmt.Sprintf(`"%s":{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}`, name, end-begin, begin, end)
}

// TestBad: what is refused, and that the message says why.
func TestBad(t *testing.T) {
	length := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	w := func(fields string) []byte { return file(`{"w":{`+fields+`}}`, 4) }
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{nil, "ends inside the 8 bytes"},
		{length(1), "only 0 follow"},
		{append(length(math.MaxUint64), '{'), "at most 100000000"},
		{append(length(100_000_001), make([]byte, 100)...), "at most 100000000"},
		{append(length(1<<63), '{'), "at most"},
		{file("", 0), "does not begin with {"},
		{file(" {}", 0), "does not begin with {"},
		{file("[]", 0), "does not begin with {"},
		{file("{} x", 0), "goes on behind"},
		{file("{}", 1), "1 byte at the end"},
		{file("{", 0), "a name in quotes"},
		{file(`{"a"}`, 0), "no colon"},
		{file(`{"a":{}}`, 0), "has no dtype"},
		{file(`{"a":{},}`, 0), "has no dtype"},
		{file(`{"a":5}`, 0), "is no { … }"},
		{file(`{"a`, 0), "never closed"},
		{file(`{"a\`, 0), "never closed"},
		{file(`{"a\q":{}}`, 0), "JSON does not allow"},
		{file("{\"a\xff\":{}}", 0), "JSON does not allow"},
		{file("{\"a\n\":{}}", 0), "JSON does not allow"},
		{file("{"+entry("a", 0, 1)+",}", 1), "a name in quotes"},
		{file("{"+entry("a", 0, 1)+" "+entry("b", 1, 2)+"}", 2), "comma or }"},
		{file("{"+entry("a", 0, 1)+","+entry("a", 1, 2)+"}", 2), `"a" is there twice`},
		{file("{"+entry("a", 0, 1)+`,"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "twice"},
		{w(`"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]`), "dtype twice"},
		{w(`"dtype":"U8","shape":[4],"data_offsets":[0,4],"strides":[1]`), `unknown key "strides"`},
		{w(`"dtype":"U8","shape":[4]`), "no data_offsets"},
		{w(`"shape":[4],"data_offsets":[0,4]`), "no dtype"},
		{w(`"dtype":"U8","data_offsets":[0,4]`), "no shape"},
		{w(`"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]`), `element type "F8_E4M3"; known are`},
		{w(`"dtype":8,"shape":[4],"data_offsets":[0,4]`), "dtype is a word"},
		{w(`"dtype":"U8","shape":4,"data_offsets":[0,4]`), "shape is no list"},
		{w(`"dtype":"U8","shape":[4.0],"data_offsets":[0,4]`), "comma or ]"},
		{w(`"dtype":"U8","shape":[-4],"data_offsets":[0,4]`), "no whole number"},
		{w(`"dtype":"U8","shape":[04],"data_offsets":[0,4]`), "no whole number"},
		{w(`"dtype":"U8","shape":[4e0],"data_offsets":[0,4]`), "comma or ]"},
		{w(`"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,4]`), "beyond 2^63"},
		{w(`"dtype":"U8","shape":[4],"data_offsets":[0,9223372036854775807]`), "which have 4"},
		{w(`"dtype":"U8","shape":[4],"data_offsets":[4,0]`), "before its begin"},
		{w(`"dtype":"U8","shape":[4],"data_offsets":[0,4,4]`), "3 data_offsets"},
		{w(`"dtype":"U8","shape":[4],"data_offsets":[0]`), "1 data_offsets"},
		{w(`"dtype":"U8","shape":[3],"data_offsets":[0,4]`), "4 bytes, which are not shape [3] of U8"},
		{w(`"dtype":"F32","shape":[2],"data_offsets":[0,4]`), "not shape [2] of F32"},
		{w(`"dtype":"U8","shape":[4194305,4194305,211106198978564],"data_offsets":[0,4]`), "not shape"},
		{w(`"dtype":"F64","shape":[0,4611686018427387904,4],"data_offsets":[0,0]`), "not shape"},
		{w(`"dtype":"U8","shape":[` + strings.Repeat("1,", 64) + `4],"data_offsets":[0,4]`), "more than 64"},
		{file("{"+entry("a", 0, 3)+","+entry("b", 2, 4)+"}", 4), `"b" overlaps tensor "a"`},
		{file("{"+entry("a", 0, 4)+","+entry("b", 1, 1)+"}", 4), `"b" overlaps tensor "a"`},
		{file("{"+entry("a", 0, 1)+","+entry("b", 2, 4)+"}", 4), "a hole of 1 byte between"},
		{file("{"+entry("a", 1, 4)+"}", 4), "a hole of 1 byte between"},
		{file("{"+entry("a", 0, 3)+"}", 4), "1 byte at the end"},
		{file("{"+entry("a", 0, 2)+","+entry("b", 0, 2)+"}", 2), `tensors "a" and "b" begin at the same byte`},
		{read(t, "shared_offset"), "without its empty tensors"},
		{file(`{"__metadata__":{"a":5}}`, 0), "text only"},
		{file(`{"__metadata__":{"a":{}}}`, 0), "text only"},
		{file(`{"__metadata__":null}`, 0), "__metadata__ is no { … }"},
		{file(`{"__metadata__":{"a":"b","a":"c"}}`, 0), `__metadata__ has "a" twice`},
		{file(`{"__metadata__":{},"__metadata__":{}}`, 0), "__metadata__ is there twice"},
		{file(strings.Repeat(`{"a":`, 100000), 0), "unknown key"},
	} {
		_, err := Open(c.b)
		var at *Error
		if !errors.As(err, &at) || !strings.Contains(err.Error(), c.want) || at.Offset < 0 || at.Offset > len(c.b) {
			t.Errorf("%.60q: %v, want %q", c.b, err, c.want)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("a message of %d bytes", len(err.Error()))
		}
	}
	f, err := Open(file(`{"m":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}`, 0))
	if err == nil {
		t.Errorf("data that are not there: %v", f)
	}
	b := file(`{"m":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}`, 1)
	b[len(b)-1] = 2
	f, err = Open(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get("m"); err == nil || !strings.Contains(err.Error(), "need 0 or 1") {
		t.Errorf("a BOOL of 2: %v", err)
	}
	// A header of many tensors, one wrong name: the message stays short.
	var many []string
	for i := range 1000 {
		many = append(many, entry(fmt.Sprintf("layer%d", i), i, i+1))
	}
	f, err = Open(file("{"+strings.Join(many, ",")+"}", 1000))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get("x"); err == nil || !strings.Contains(err.Error(), "and 988 more") {
		t.Errorf("%v", err)
	}
}

// TestTruncated: no beginning of a file is a file.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"types", "small", "halves", "empty", "empty_tensor"} {
		b := read(t, name)
		for n := range b {
			if _, err := Open(b[:n]); err == nil {
				t.Errorf("%s: its first %d bytes of %d are accepted", name, n, len(b))
			}
		}
		if _, err := Open(append(b, 0)); err == nil {
			t.Errorf("%s: a byte more is accepted", name)
		}
	}
}

// TestFlippedBits: no bit of a file can make the package panic; a bit flipped in
// the header is refused, or changes a name, or changes text that means nothing.
func TestFlippedBits(t *testing.T) {
	for _, name := range []string{"small", "halves"} {
		b := read(t, name)
		header := 8 + int(binary.LittleEndian.Uint64(b))
		accepted := 0
		for i := range 8 * len(b) {
			c := slices.Clone(b)
			c[i/8] ^= 1 << (i % 8)
			f, err := Open(c)
			if err != nil {
				continue
			}
			if i/8 < header {
				accepted++
			}
			for _, n := range f.Names() {
				if _, err := f.Get(n); err != nil {
					t.Errorf("%s, bit %d: %v", name, i, err)
				}
			}
		}
		// Names have some 70 bits; blanks and element types of one size a few more.
		if accepted > 100 {
			t.Errorf("%s: %d flipped bits of the header are accepted", name, accepted)
		}
	}
}

// FuzzOpen: whatever the bytes, no panic; what is accepted can be read, and its
// tensors fill the data exactly.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"types", "small", "halves", "empty", "empty_tensor", "shared_offset"} {
		f.Add(read(f, name))
	}
	f.Add(file("{"+entry("a", 0, 3)+","+entry("b", 3, 4)+"}", 4))
	f.Add(file(`{"__metadata__":{"a":"b"}}   `, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(b)
		if err != nil {
			return
		}
		total := 0
		for _, name := range file.Names() {
			a, err := file.Get(name)
			if err != nil && !strings.Contains(err.Error(), "BOOL") {
				t.Fatalf("%q: %v", name, err)
			}
			if err == nil {
				n := 1
				for _, side := range a.Shape {
					n *= side
				}
				if n != a.Len() {
					t.Fatalf("%q: shape %v, %d elements", name, a.Shape, a.Len())
				}
			}
			total += file.tensors[name].end - file.tensors[name].begin
		}
		if header := 8 + int(binary.LittleEndian.Uint64(b)); header+total != len(b) {
			t.Fatalf("%d bytes, of which %d are used", len(b), header+total)
		}
	})
}
