package vector

import "testing"

// AES is bit 3 of the value of kind 16, whatever stands before it, and is not there where
// that kind is not.
func TestAuxiliaryAES(t *testing.T) {
	pair := func(kind, value byte) []byte { return []byte{kind, 15: 0, 8: value} }
	for _, x := range []struct {
		pairs [][]byte
		want  bool
	}{
		{[][]byte{pair(33, 8), pair(16, 0xff)}, true},
		{[][]byte{pair(33, 8), pair(16, 0xf7), pair(0, 8)}, false},
		{[][]byte{pair(6, 8), pair(0, 0)}, false},
		{[][]byte{pair(16, 8)[:15]}, false},
		{nil, false},
	} {
		var b []byte
		for _, p := range x.pairs {
			b = append(b, p...)
		}
		if got := auxiliaryAES(b); got != x.want {
			t.Errorf("%v: %t", x.pairs, got)
		}
	}
}
