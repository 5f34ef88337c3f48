package compile

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// samplingPath is what package device imports; in a binary it is the emitted package.
const samplingPath = "github.com/thrmlgen/thrmlgen/runtime/sampling"

// gpuFiles are what a binary for GPUs has beyond others, in a module of that import path:
// package device, the program, and the program that drives GPUs.
func gpuFiles(p *ir.Program, module string, o Options) ([]emit.File, error) {
	var files []emit.File
	names, err := fs.Glob(device.Source, "*.go")
	if err != nil {
		return nil, err
	}
	header := []byte("// " + emit.Header(p) + "\n\n")
	for _, name := range names {
		text, err := device.Source.ReadFile(name)
		if err != nil {
			return nil, err
		}
		text = bytes.Replace(text, []byte(`"`+samplingPath+`"`), []byte(`sampling "`+module+"/"+packageName+`"`), 1)
		files = append(files, emit.File{Path: "device/" + name, Data: append(header, text...)})
	}
	var text bytes.Buffer
	if err := ir.Fprint(&text, p); err != nil {
		return nil, err
	}
	helper, err := helperFor(o)
	if err != nil {
		return nil, err
	}
	return append(files, emit.File{Path: "program.txt", Data: text.Bytes()}, emit.File{Path: "thrmlgen-gpu.gz", Data: helper}), nil
}

// machines are the architectures that GPUs are driven on.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// CheckGPUSystem refuses a system on which no GPU is driven, as a *ToolError.
func CheckGPUSystem(o Options) error {
	goos, arch := o.target()
	if _, ok := machines[arch]; goos == "linux" && ok {
		return nil
	}
	return &ToolError{fmt.Sprintf("GPUs are driven on Linux alone, on amd64 and arm64, not on %s/%s", goos, arch), "leave --target out: the samples are the same"}
}

// helperFor is the program that drives GPUs of a system, compressed.
func helperFor(o Options) ([]byte, error) {
	path, err := findGPUProgram()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	_, arch := o.target()
	if f, err := elf.NewFile(bytes.NewReader(data)); err != nil || f.Machine != machines[arch] {
		return nil, &ToolError{fmt.Sprintf("%s is not a program for linux/%s", path, arch),
			"build it with GOOS=linux GOARCH=" + arch + " and put it beside thrmlgen"}
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
