//go:build linux && (amd64 || arm64)

package gpu

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
)

// Name says what GPU there is, if it and NVRTC can be used.
func Name() (string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	d, _, err := OpenDevice(0)
	if err != nil {
		return "", err
	}
	c, err := OpenCompiler()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s (%s), compiled with NVRTC %d.%d", d.Name, d.Arch, c.Major, c.Minor), nil
}

// Serve reads a device.Job and answers ok. Then it takes the commands of device.Process, and
// "load", with a device.Version as a gob behind it, to which it answers "chains N": how many it
// has. Loading comes first.
func Serve(in io.Reader, out io.Writer) error {
	runtime.LockOSThread() // the context of the device belongs to the thread
	defer runtime.UnlockOSThread()
	r := bufio.NewReaderSize(in, 1<<16)
	h, err := newHost(r)
	for answer := "ok\n"; err == nil; {
		if _, err = io.WriteString(out, answer); err != nil {
			return err
		}
		var line string
		if line, err = r.ReadString('\n'); err == io.EOF && line == "" {
			return nil
		} else if err == nil {
			answer, err = h.answer(strings.Fields(line), r)
		}
	}
	return err
}

// answer carries out a command, with what follows it in r.
func (h *host) answer(words []string, r *bufio.Reader) (string, error) {
	ok := "ok\n"
	switch {
	case len(words) == 1 && words[0] == "load":
		var v device.Version
		if err := gob.NewDecoder(r).Decode(&v); err != nil {
			return "", fmt.Errorf("no version: %w", err)
		}
		err := h.load(&v)
		return fmt.Sprintf("chains %d\n", h.count), err
	case h.layout == nil:
		return "", errors.New("no version is loaded")
	case len(words) == 1 && words[0] == "get":
		if err := h.get(); err != nil {
			return "", err
		}
		var b []byte
		for _, x := range h.states {
			b, _ = binary.Append(b, binary.LittleEndian, x)
		}
		return string(b), nil
	case len(words) == 1 && words[0] == "start":
		return ok, h.start()
	case len(words) == 3 && words[0] == "sweep":
		n, _ := strconv.ParseUint(words[1], 10, 32)
		bits, _ := strconv.ParseUint(words[2], 16, 64)
		return ok, h.run(uint32(n), math.Float64frombits(bits))
	case len(words) == 2 && words[0] == "state":
		h.sweep, _ = strconv.ParseUint(words[1], 10, 64)
		for _, x := range h.states {
			if err := binary.Read(r, binary.LittleEndian, x); err != nil {
				return "", err
			}
		}
		return ok, h.put()
	case len(words) == 1 && words[0] == "kept":
		err := h.get()
		b, _ := binary.Append(nil, binary.LittleEndian, h.layout.DecodeKept(h.copy, h.count))
		return string(b), err
	case len(words) == 2 && words[0] == "keep":
		until, _ := strconv.ParseUint(words[1], 10, 64)
		return ok, h.keep(r, until)
	case len(words) == 2 && words[0] == "terms":
		n, _ := strconv.ParseUint(words[1], 10, 32)
		return ok, h.takeTerms(r, int(n))
	case len(words) == 1 && words[0] == "energies" && h.ready:
		return h.energies()
	case len(words) == 2 && words[0] == "watch" && h.ready:
		if h.watched = words[1] != "2"; !h.watched {
			return ok, nil
		}
		return ok, h.watch(words[1] == "1")
	case len(words) == 1 && words[0] == "best" && h.watched:
		return h.bestStates()
	case len(words) == 10 && words[0] == "tally":
		return ok, h.takeTally(words[1:], r)
	case len(words) == 1 && words[0] == "draw" && h.tallied:
		return h.draw()
	case len(words) == 2 && words[0] == "means" && h.tallied:
		n, _ := strconv.ParseUint(words[1], 10, 32)
		return h.addMeans(r, int(n))
	case len(words) == 1 && words[0] == "counts" && h.tallied:
		return h.allCounts()
	}
	return "", fmt.Errorf("no command %q", strings.Join(words, " "))
}

// host is a program on a device.
type host struct {
	job      device.Job
	versions cuda.Versions
	d        *Device
	compiler *Compiler

	source                    []byte // of the kernels in use
	tables, first, sweeps     uintptr
	layout                    *cuda.Layout
	words, betaTables, memory buffer
	keys                      [20]uint32
	block, count, all         int // first block of threads, chains here, all chains
	copy                      []byte
	states                    [][]int32
	sweep                     uint64
	beta                      float64 // of the tables on the device

	observed
}

// buffer is memory of the device.
type buffer struct {
	at   uint64
	size int
}

func newHost(r io.Reader) (*host, error) {
	h := &host{}
	if err := gob.NewDecoder(r).Decode(&h.job); err != nil {
		return nil, fmt.Errorf("no job: %w", err)
	}
	if h.job.Protocol != device.Protocol {
		return nil, fmt.Errorf("thrmlgen-gpu is of another version than the program that starts it: build both from one")
	}
	var err error
	if h.versions.Program, err = ir.Parse(bytes.NewReader(h.job.Program)); err != nil {
		return nil, fmt.Errorf("no program: %w", err)
	}
	var version int32
	if h.d, version, err = OpenDevice(h.job.Device); err != nil {
		return nil, err
	}
	c, err := OpenCompiler()
	if err != nil {
		return nil, err
	}
	if c.Major > version/1000 {
		return nil, fmt.Errorf("NVRTC is %d.%d, and the driver runs code of CUDA %d.%d: update the driver, or name an older libnvrtc.so in THRML_NVRTC", c.Major, c.Minor, version/1000, version%1000/10)
	}
	h.compiler = c
	return h, nil
}

// load takes a version of the program: its words, and its kernels where they are others.
func (h *host) load(v *device.Version) error {
	p, k, err := h.versions.Kernels(v)
	if err != nil {
		return err
	}
	h.block, h.count = k.Layout.Share(v.Chains, h.job.Share, h.job.Shares)
	if k.Layout.SharedBytes > h.d.Shared { // the bits are the same, and so the share
		if small, block, err := cuda.Smaller(p, h.block*k.Layout.Chains); err == nil {
			k, h.block = small, block
		}
	}
	if !bytes.Equal(k.Source, h.source) {
		if err := h.compile(p, k); err != nil {
			return err
		}
	}
	h.ready, h.watched, h.tallied = false, false, false
	h.layout, h.keys, h.beta, h.all = &k.Layout, roundKeys(v.Seed), -1, v.Chains
	h.copy, h.states = make([]byte, h.layout.StateBytes(h.count)), nil
	for range h.count {
		h.states = append(h.states, make([]int32, p.Nodes))
	}
	if err := h.reserveAll(room{&h.words, len(k.Words.List) * 4}, room{&h.betaTables, h.layout.TableWords * 4}, room{&h.memory, len(h.copy)}); err != nil {
		return err
	}
	words, _ := binary.Append(nil, binary.LittleEndian, k.Words.List)
	if err := h.d.Write(h.words.at, words); err != nil || h.count == 0 {
		return err
	}
	return h.d.Write(h.memory.at, h.copy) // what no node has is read, too
}

// room is how many bytes a buffer must have.
type room struct {
	of    *buffer
	bytes int
}

// reserveAll makes buffers large enough.
func (h *host) reserveAll(list ...room) error {
	for _, r := range list {
		if err := h.d.reserve(r.of, r.bytes); err != nil {
			return fmt.Errorf("%w; take fewer --chains", err)
		}
	}
	return nil
}

// reserve makes a buffer large enough.
func (d *Device) reserve(b *buffer, bytes int) (err error) {
	if b.at != 0 && bytes <= b.size {
		return nil
	}
	if b.at != 0 {
		if err := d.Free(b.at); err != nil {
			return err
		}
	}
	b.size = bytes
	b.at, err = d.Alloc(bytes)
	return err
}

// compile puts other kernels onto the device.
func (h *host) compile(p *ir.Program, k *cuda.Kernels) error {
	if l := &k.Layout; l.SharedBytes > h.d.Shared {
		return fmt.Errorf("the model takes %d bytes of shared memory, and a block of %s has %d; use --target go: the samples are the same", l.SharedBytes, h.d.Name, h.d.Shared)
	}
	cubin, err := h.compiler.Cubin(&Source{p.Model, k.Source, cuda.Headers(p), h.job.Cache}, h.d.Arch)
	if err != nil {
		return err
	}
	module, err := h.d.Load(cubin)
	if err != nil {
		return err
	}
	type kernel struct {
		name   string
		shared int
		f      *uintptr
	}
	kernels := []kernel{{"tables", 0, &h.tables}, {"start", 0, &h.first}, {"sweep", k.Layout.SharedBytes, &h.sweeps}}
	kernels = append(kernels, kernel{"energy", 0, &h.weighing}, kernel{"count", 0, &h.counting}, kernel{"sums", 0, &h.summing})
	if h.adding = 0; k.Layout.Means {
		kernels = append(kernels, kernel{"means", cuda.MeanBytes, &h.adding})
	}
	for _, f := range kernels {
		if *f.f, err = h.d.Kernel(module, p.Model+"_"+f.name, f.shared); err != nil {
			return err
		}
	}
	h.source = k.Source
	return nil
}

// roundKeys are struct Keys of random.cuh.
func roundKeys(seed uint64) (k [20]uint32) {
	for i := range uint32(10) {
		k[i] = uint32(seed) + i*0x9E3779B9
		k[10+i] = uint32(seed>>32) + i*0xBB67AE85
	}
	return k
}

// start puts all chains into the initial state.
func (h *host) start() error {
	h.sweep = 0
	if h.count == 0 {
		return nil
	}
	memory, words, keys, chains, block := h.memory.at, h.words.at, h.keys, uint32(h.all), uint32(h.block)
	return h.d.Launch(h.first, h.layout.Blocks(h.count), 128, 0,
		unsafe.Pointer(&memory), unsafe.Pointer(&words), unsafe.Pointer(&keys), unsafe.Pointer(&chains), unsafe.Pointer(&block))
}

// run makes so many sweeps at a β.
func (h *host) run(sweeps uint32, beta float64) error {
	l := h.layout
	if beta < l.LeastBeta {
		return fmt.Errorf("beta %v is below %v, for which the tables were made", beta, l.LeastBeta)
	}
	if h.count == 0 {
		return nil
	}
	tables := h.betaTables.at
	if beta != h.beta {
		blocks := 1
		if l.TableWords > 4096 {
			blocks = 64
		}
		at := beta
		if err := h.d.Launch(h.tables, blocks, 128, 0, unsafe.Pointer(&tables), unsafe.Pointer(&at)); err != nil {
			return err
		}
		h.beta = beta
	}
	for n := sweeps; sweeps > 0; sweeps -= n {
		if h.watched || l.Parts > 0 {
			n = 1
		}
		err := h.advance(n)
		if h.sweep += uint64(n); err == nil && h.watched {
			err = h.look()
		}
		if err != nil {
			return err
		}
	}
	return h.d.Finish()
}

// advance starts so many sweeps, or the superblocks of one.
func (h *host) advance(n uint32) error {
	l := h.layout
	memory, words, tables, keys, block, sweep := h.memory.at, h.words.at, h.betaTables.at, h.keys, uint32(h.block), h.sweep
	for super := range max(1, l.Supers) {
		if l.Parts > 0 {
			n = uint32(super)
		}
		err := h.d.Launch(h.sweeps, l.Blocks(h.count)*max(1, l.Parts), l.Threads, l.SharedBytes, unsafe.Pointer(&memory), unsafe.Pointer(&words),
			unsafe.Pointer(&tables), unsafe.Pointer(&keys), unsafe.Pointer(&block), unsafe.Pointer(&sweep), unsafe.Pointer(&n))
		if err != nil {
			return err
		}
	}
	return nil
}

// get reads the states.
func (h *host) get() error {
	if h.count == 0 {
		return nil
	}
	if err := h.d.Read(h.copy, h.memory.at); err != nil {
		return err
	}
	if c := h.layout.LostChain(h.copy, h.count); c >= 0 {
		return h.lost(c)
	}
	h.layout.Decode(h.copy, h.states)
	return nil
}

// lost says that a move of a chain went wrong.
func (h *host) lost(chain int) error {
	return fmt.Errorf("a move of chain %d left the numbers that float32 holds; take a smaller step_size", h.block*h.layout.Chains+chain)
}

// keep reads what is kept of the chains beside states; steps are fitted in so many sweeps.
func (h *host) keep(r io.Reader, until uint64) error {
	list := make([]uint32, h.layout.Kept*h.count)
	if err := binary.Read(r, binary.LittleEndian, list); err != nil || h.count == 0 {
		return err
	}
	if err := h.d.Read(h.copy, h.memory.at); err != nil {
		return err
	}
	h.layout.EncodeKept(h.copy, list)
	if err := h.d.Write(h.memory.at, h.copy); err != nil {
		return err
	}
	return h.d.Write(h.words.at+4*uint64(h.layout.WarmupAt), binary.LittleEndian.AppendUint64(nil, until))
}

// put writes the states; what has no node keeps its value.
func (h *host) put() error {
	if h.count == 0 {
		return nil
	}
	if err := h.d.Read(h.copy, h.memory.at); err != nil {
		return err
	}
	h.layout.Encode(h.copy, h.states)
	return h.d.Write(h.memory.at, h.copy)
}
