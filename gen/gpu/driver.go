//go:build linux && (amd64 || arm64)

package gpu

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Device is a GPU with a context on this thread.
type Device struct {
	Name   string
	Arch   string // sm_90
	Shared int    // bytes that a block may have

	api driver
}

// driver is the part of the driver's interface that is used; all give a code.
type driver struct {
	errorName, errorString func(code int32, text **byte) int32
	init                   func(flags uint32) int32
	version                func(v *int32) int32
	count                  func(n *int32) int32
	get                    func(device *int32, i int32) int32
	name                   func(to unsafe.Pointer, size, device int32) int32
	attribute              func(v *int32, attribute, device int32) int32
	retain                 func(context *uintptr, device int32) int32
	current                func(context uintptr) int32
	load                   func(module *uintptr, image unsafe.Pointer) int32
	function               func(f *uintptr, module uintptr, name string) int32
	setFunction            func(f uintptr, attribute, v int32) int32
	alloc                  func(p *uint64, bytes uintptr) int32
	free                   func(p uint64) int32
	toDevice               func(to uint64, from unsafe.Pointer, bytes uintptr) int32
	toHost                 func(to unsafe.Pointer, from uint64, bytes uintptr) int32
	launch                 func(f uintptr, gx, gy, gz, bx, by, bz, shared uint32, stream uintptr, args, extra unsafe.Pointer) int32
	synchronize            func() int32
}

// Numbers of cuda.h.
const (
	attributeMajor  = 75
	attributeMinor  = 76
	attributeShared = 97 // per block, opted in
	functionShared  = 8  // most dynamic shared memory
	leastMajor      = 7
)

// OpenDevice takes a GPU for this thread, which must stay locked.
func OpenDevice(index int) (*Device, int32, error) {
	l, err := driverPlaces.open()
	if err != nil {
		return nil, 0, err
	}
	d := &Device{}
	a := &d.api
	err = l.functions(map[string]any{
		"cuGetErrorName": &a.errorName, "cuGetErrorString": &a.errorString, "cuInit": &a.init, "cuDriverGetVersion": &a.version,
		"cuDeviceGetCount": &a.count, "cuDeviceGet": &a.get, "cuDeviceGetName": &a.name, "cuDeviceGetAttribute": &a.attribute,
		"cuDevicePrimaryCtxRetain": &a.retain, "cuCtxSetCurrent": &a.current, "cuModuleLoadData": &a.load, "cuModuleGetFunction": &a.function,
		"cuFuncSetAttribute": &a.setFunction, "cuMemAlloc_v2": &a.alloc, "cuMemFree_v2": &a.free, "cuMemcpyHtoD_v2": &a.toDevice, "cuMemcpyDtoH_v2": &a.toHost,
		"cuLaunchKernel": &a.launch, "cuCtxSynchronize": &a.synchronize,
	})
	if err != nil {
		return nil, 0, err
	}
	var version, count, device, major, minor, shared int32
	var context uintptr
	name := make([]byte, 256)
	steps := []struct {
		what string
		code func() int32
	}{
		{"cuInit", func() int32 { return a.init(0) }},
		{"cuDriverGetVersion", func() int32 { return a.version(&version) }},
		{"cuDeviceGetCount", func() int32 { return a.count(&count) }},
		{"cuDeviceGet", func() int32 { return a.get(&device, int32(index)) }},
		{"cuDeviceGetName", func() int32 { return a.name(unsafe.Pointer(&name[0]), 255, device) }},
		{"cuDeviceGetAttribute", func() int32 { return a.attribute(&major, attributeMajor, device) }},
		{"cuDeviceGetAttribute", func() int32 { return a.attribute(&minor, attributeMinor, device) }},
		{"cuDeviceGetAttribute", func() int32 { return a.attribute(&shared, attributeShared, device) }},
		{"cuDevicePrimaryCtxRetain", func() int32 { return a.retain(&context, device) }},
		{"cuCtxSetCurrent", func() int32 { return a.current(context) }},
	}
	for _, s := range steps {
		if err := d.check(s.code(), "%s", s.what); err != nil {
			return nil, 0, fmt.Errorf("no GPU that can be used: %w; use --target go: the samples are the same", err)
		}
		if s.what == "cuDeviceGetCount" && int(count) <= index {
			return nil, 0, fmt.Errorf("there is no GPU number %d: the driver knows %d; use --target go: the samples are the same", index, count)
		}
	}
	d.Name, d.Arch, d.Shared = cText(&name[0]), fmt.Sprintf("sm_%d%d", major, minor), int(shared)
	if major < leastMajor {
		return nil, 0, fmt.Errorf("%s is %s, and kernels need sm_%d0 or later; use --target go: the samples are the same", d.Name, d.Arch, leastMajor)
	}
	return d, version, nil
}

// check turns a code of the driver into an error.
func (d *Device) check(code int32, format string, args ...any) error {
	if code == 0 {
		return nil
	}
	var name, text *byte
	d.api.errorName(code, &name)
	d.api.errorString(code, &text)
	return fmt.Errorf("%s: %s (%d): %s", fmt.Sprintf(format, args...), cText(name), code, cText(text))
}

// cText is a string of C.
func cText(p *byte) string {
	if p == nil {
		return "unknown"
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

// Load puts machine code onto the device.
func (d *Device) Load(cubin []byte) (module uintptr, err error) {
	return module, d.check(d.api.load(&module, unsafe.Pointer(&cubin[0])), "the kernels for %s", d.Arch)
}

// Kernel finds one that may take so many bytes of shared memory.
func (d *Device) Kernel(module uintptr, name string, shared int) (f uintptr, err error) {
	if err := d.check(d.api.function(&f, module, name), "kernel %s", name); err != nil || shared == 0 {
		return f, err
	}
	return f, d.check(d.api.setFunction(f, functionShared, int32(shared)), "%d bytes of shared memory for %s", shared, name)
}

// Alloc gives memory of the device.
func (d *Device) Alloc(bytes int) (p uint64, err error) {
	return p, d.check(d.api.alloc(&p, uintptr(max(bytes, 16))), "%d bytes on %s", bytes, d.Name)
}

// Free gives memory back.
func (d *Device) Free(p uint64) error { return d.check(d.api.free(p), "memory of %s", d.Name) }

// Write copies to the device.
func (d *Device) Write(to uint64, from []byte) error {
	return d.check(d.api.toDevice(to, unsafe.Pointer(&from[0]), uintptr(len(from))), "copy to %s", d.Name)
}

// Read copies from the device.
func (d *Device) Read(to []byte, from uint64) error {
	return d.check(d.api.toHost(unsafe.Pointer(&to[0]), from, uintptr(len(to))), "copy from %s", d.Name)
}

// Launch starts a kernel. Arguments point to values as the kernel has them.
func (d *Device) Launch(f uintptr, blocks, threads, shared int, args ...unsafe.Pointer) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	for _, a := range args {
		pin.Pin(a)
	}
	pin.Pin(&args[0])
	return d.check(d.api.launch(f, uint32(blocks), 1, 1, uint32(threads), 1, 1, uint32(shared), 0, unsafe.Pointer(&args[0]), nil), "launch on %s", d.Name)
}

// Finish waits for all kernels.
func (d *Device) Finish() error { return d.check(d.api.synchronize(), "kernels on %s", d.Name) }
