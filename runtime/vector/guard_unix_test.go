//go:build unix

package vector_test

import (
	"syscall"
	"testing"
	"unsafe"
)

// guarded is a T that ends where its page ends; the next page cannot be touched. What
// stands before it is checked when it is given back.
func guarded[T any](t *testing.T) (*T, func()) {
	t.Helper()
	page := syscall.Getpagesize()
	size := int(unsafe.Sizeof(*new(T)))
	pages := (size + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, pages+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mprotect(mem[page+pages:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	before := mem[:page+pages-size]
	for i := range before {
		before[i] = byte(i * 7)
	}
	return (*T)(unsafe.Pointer(&mem[page+pages-size])), func() {
		t.Helper()
		for i, x := range before {
			if x != byte(i*7) {
				t.Fatalf("byte %d before an array was written", i-len(before))
			}
		}
		if err := syscall.Munmap(mem); err != nil {
			t.Fatal(err)
		}
	}
}
