//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Compiler is NVRTC.
type Compiler struct {
	Major, Minor int32

	create           func(program *uintptr, source, name string, headers int32, texts, names unsafe.Pointer) int32
	destroy          func(program *uintptr) int32
	compile          func(program uintptr, count int32, options unsafe.Pointer) int32
	logSize, binSize func(program uintptr, size *uintptr) int32
	log, binary      func(program uintptr, to unsafe.Pointer) int32
	text             func(code int32) string
}

// OpenCompiler loads NVRTC.
func OpenCompiler() (*Compiler, error) {
	l, err := nvrtcPlaces.open()
	if err != nil {
		return nil, err
	}
	c := &Compiler{}
	var version func(major, minor *int32) int32
	err = l.functions(map[string]any{
		"nvrtcVersion": &version, "nvrtcCreateProgram": &c.create, "nvrtcDestroyProgram": &c.destroy, "nvrtcCompileProgram": &c.compile,
		"nvrtcGetProgramLogSize": &c.logSize, "nvrtcGetProgramLog": &c.log, "nvrtcGetCUBINSize": &c.binSize, "nvrtcGetCUBIN": &c.binary,
		"nvrtcGetErrorString": &c.text,
	})
	if err != nil {
		return nil, err
	}
	if code := version(&c.Major, &c.Minor); code != 0 {
		return nil, fmt.Errorf("%s: nvrtcVersion: %s", l.path, c.text(code))
	}
	return c, nil
}

// options are those of every kernel. What has no mark is a function of the device; the host's
// accessors are so compiled and never called.
func options(arch string) []string {
	return []string{"--gpu-architecture=" + arch, "--std=c++17", "--fmad=false", "--device-as-default-execution-space", "--diag-suppress=177"}
}

// Source are kernels to compile.
type Source struct {
	Model   string
	Text    []byte
	Headers []emit.File
	Cache   string // folder for what is compiled
}

// Cubin is the machine code of kernels for an architecture, from the cache if it is
// there. First lines name the model's hash, which changes with the weights; the kernels get
// these as data, so that new ones need no other code.
func (c *Compiler) Cubin(k *Source, arch string) ([]byte, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%d.%d %q\n", c.Major, c.Minor, options(arch))
	for _, f := range append([]emit.File{{Path: k.Model, Data: k.Text}}, k.Headers...) {
		_, text, _ := bytes.Cut(f.Data, []byte("\n"))
		fmt.Fprintf(h, "%q %d\n", f.Path, len(text))
		h.Write(text)
	}
	file := filepath.Join(k.Cache, "bin-"+k.Model+"-"+hex.EncodeToString(h.Sum(nil)[:12])+".cubin")
	if code, err := os.ReadFile(file); err == nil && isELF(code) {
		return code, nil
	}
	code, err := c.make(k, arch)
	if err != nil {
		return nil, err
	}
	keep(file, code) // the next run compiles again if that fails
	return code, nil
}

func isELF(code []byte) bool { return bytes.HasPrefix(code, []byte("\x7fELF")) }

// keep writes a file of the cache at once, so that no other process sees half of it.
func keep(file string, data []byte) {
	t, err := os.CreateTemp(filepath.Dir(file), "work-")
	if err != nil {
		return
	}
	_, err = t.Write(data)
	if e := t.Close(); err == nil && e == nil && os.Rename(t.Name(), file) == nil {
		return
	}
	os.Remove(t.Name())
}

func (c *Compiler) make(k *Source, arch string) ([]byte, error) {
	var names, texts []string
	for _, f := range k.Headers {
		names, texts = append(names, f.Path), append(texts, string(f.Data))
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	var program uintptr
	if code := c.create(&program, string(k.Text), k.Model+".cu", int32(len(names)), cStrings(&pin, texts), cStrings(&pin, names)); code != 0 {
		return nil, fmt.Errorf("nvrtcCreateProgram: %s", c.text(code))
	}
	defer c.destroy(&program)
	list := options(arch)
	if code := c.compile(program, int32(len(list)), cStrings(&pin, list)); code != 0 {
		return nil, fmt.Errorf("NVRTC %d.%d does not compile %s.cu for %s: %s: %s", c.Major, c.Minor, k.Model, arch, c.text(code), c.said(program))
	}
	var size uintptr
	if code := c.binSize(program, &size); code != 0 || size == 0 {
		return nil, fmt.Errorf("NVRTC %d.%d has no machine code for %s: %s", c.Major, c.Minor, arch, c.text(code))
	}
	out := make([]byte, size)
	if code := c.binary(program, unsafe.Pointer(&out[0])); code != 0 {
		return nil, fmt.Errorf("nvrtcGetCUBIN: %s", c.text(code))
	}
	return out, nil
}

// said is what the compiler said last.
func (c *Compiler) said(program uintptr) string {
	var size uintptr
	if c.logSize(program, &size) != 0 || size == 0 {
		return ""
	}
	out := make([]byte, size)
	c.log(program, unsafe.Pointer(&out[0]))
	text := strings.TrimSpace(strings.TrimRight(string(out), "\x00"))
	return text[:min(len(text), 2000)]
}

// cStrings is an array of strings of C that stay where they are.
func cStrings(pin *runtime.Pinner, list []string) unsafe.Pointer {
	pointers := make([]*byte, len(list)+1)
	for i, s := range list {
		b := append([]byte(s), 0)
		pin.Pin(&b[0])
		pointers[i] = &b[0]
	}
	pin.Pin(&pointers[0])
	return unsafe.Pointer(&pointers[0])
}
