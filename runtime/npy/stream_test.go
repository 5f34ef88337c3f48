package npy_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// What a sequence writes, NextNPY reads, each file up to its end and no further.
func TestSequence(t *testing.T) {
	var b bytes.Buffer
	z := npy.NewNPYSequence(&b)
	if err := z.Add("a", []int{2, 2}, []int8{1, -1, 1, 1}); err != nil {
		t.Fatal(err)
	}
	m, err := z.Stream("b/c", "<f8", []int{3})
	if err == nil {
		err = m.WriteValues([]float64{1, 2, 3})
	}
	if err == nil {
		err = z.Add("empty", []int{0}, []bool{})
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if z.Add("late", nil, []int8{1}) == nil {
		t.Error("an array after the end is taken")
	}
	if got := z.Names(); !reflect.DeepEqual(got, []string{"a", "b/c", "empty"}) {
		t.Errorf("names %q", got)
	}
	b.WriteString("rest")
	r := iotest.OneByteReader(&b)
	for i, want := range []any{[]int8{1, -1, 1, 1}, nil, []bool{}} {
		p, err := npy.NextNPY(r)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			if p.DType != "<f8" || p.Bytes != 24 || !reflect.DeepEqual(p.Shape, []int{3}) {
				t.Errorf("part %d: %s %v of %d bytes", i, p.DType, p.Shape, p.Bytes)
			}
			err = p.Skip()
		} else {
			var a *npy.NPYArray
			if a, err = p.Read(); err == nil && !reflect.DeepEqual(a.Data, want) {
				t.Errorf("part %d: %v", i, a.Data)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if rest, _ := io.ReadAll(r); string(rest) != "rest" {
		t.Errorf("left: %q", rest)
	}
}

// A file that is cut short inside its elements, however much it promises, is an
// error of the stream; elements that are not of their type are one of the array.
func TestPartFaults(t *testing.T) {
	head := "\x93NUMPY\x01\x00\x76\x00" + pad("{'descr': '|b1', 'fortran_order': False, 'shape': (1152921504606846976,), }", 0x75) + "\n"
	for _, read := range []func(*npy.NPYPart) error{
		(*npy.NPYPart).Skip,
		func(p *npy.NPYPart) error { _, err := p.Read(); return err },
	} {
		p, err := npy.NextNPY(strings.NewReader(head + "\x01\x00"))
		if err != nil {
			t.Fatal(err)
		}
		if err := read(p); !errors.Is(err, io.EOF) {
			t.Errorf("cut short: %v", err)
		}
	}
	var b bytes.Buffer
	if err := npy.WriteNPY(&b, []int{2}, []bool{true, true}); err != nil {
		t.Fatal(err)
	}
	raw := append(b.Bytes()[:b.Len()-1], 7, 'x')
	r := bytes.NewReader(raw)
	p, err := npy.NextNPY(r)
	if err != nil {
		t.Fatal(err)
	}
	var fault *npy.NPYError
	if _, err := p.Read(); !errors.As(err, &fault) || r.Len() != 1 {
		t.Errorf("a bool of 7: %v, %d bytes left", err, r.Len())
	}
}

func pad(s string, n int) string { return s + strings.Repeat(" ", n-len(s)) }
