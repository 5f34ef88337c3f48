//go:build linux && (amd64 || arm64)

package gpu

import (
	"bufio"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

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

// Serve reads a job, then commands, one a line: "start", "sweep N B" (so many sweeps; the bits
// of a β in hexadecimal), "state N" (states follow, before sweep N) and "get". States are values
// of 32 bits, the lowest byte first, by chain and node. It answers get with states and
// everything else, the job too, with a line "ok".
func Serve(in io.Reader, out io.Writer) error {
	runtime.LockOSThread() // the context of the device belongs to the thread
	defer runtime.UnlockOSThread()
	r := bufio.NewReaderSize(in, 1<<16)
	var job cuda.Job
	if err := gob.NewDecoder(r).Decode(&job); err != nil {
		return fmt.Errorf("no job: %w", err)
	}
	h, err := newHost(&job)
	if err != nil {
		return err
	}
	for {
		if _, err := io.WriteString(out, "ok\n"); err != nil {
			return err
		}
	next:
		line, err := r.ReadString('\n')
		if err == io.EOF && line == "" {
			return nil
		} else if err != nil {
			return err
		}
		words := strings.Fields(line)
		switch {
		case len(words) == 1 && words[0] == "get":
			if err := h.get(); err != nil {
				return err
			}
			for _, x := range h.states {
				if err := binary.Write(out, binary.LittleEndian, x); err != nil {
					return err
				}
			}
			goto next
		case len(words) == 1 && words[0] == "start":
			err = h.start()
		case len(words) == 3 && words[0] == "sweep":
			n, _ := strconv.ParseUint(words[1], 10, 32)
			bits, _ := strconv.ParseUint(words[2], 16, 64)
			err = h.run(uint32(n), math.Float64frombits(bits))
		case len(words) == 2 && words[0] == "state":
			h.sweep, _ = strconv.ParseUint(words[1], 10, 64)
			for _, x := range h.states {
				if err := binary.Read(r, binary.LittleEndian, x); err != nil {
					return err
				}
			}
			err = h.put()
		default:
			err = fmt.Errorf("no command %q", line)
		}
		if err != nil {
			return err
		}
	}
}

// host is a job on a device.
type host struct {
	job                       *cuda.Job
	d                         *Device
	tables, first, sweeps     uintptr // kernels
	words, betaTables, memory uint64  // on the device
	keys                      [20]uint32
	copy                      []byte
	states                    [][]int32
	sweep                     uint64
	beta                      float64 // of the tables on the device
}

func newHost(job *cuda.Job) (*host, error) {
	l := &job.Layout
	d, version, err := OpenDevice(job.Device)
	if err != nil {
		return nil, err
	}
	if l.SharedBytes > d.Shared && job.Smaller != nil {
		job = job.Smaller
		l = &job.Layout
	}
	if l.SharedBytes > d.Shared {
		return nil, fmt.Errorf("the model takes %d bytes of shared memory, and a block of %s has %d; use --target go: the samples are the same", l.SharedBytes, d.Name, d.Shared)
	}
	c, err := OpenCompiler()
	if err != nil {
		return nil, err
	}
	if c.Major > version/1000 {
		return nil, fmt.Errorf("NVRTC is %d.%d, and the driver runs code of CUDA %d.%d: update the driver, or name an older libnvrtc.so in THRML_NVRTC", c.Major, c.Minor, version/1000, version%1000/10)
	}
	cubin, err := c.Cubin(job, d.Arch)
	if err != nil {
		return nil, err
	}
	module, err := d.Load(cubin)
	if err != nil {
		return nil, err
	}
	h := &host{job: job, d: d, beta: -1, keys: roundKeys(job.Seed), copy: make([]byte, l.StateBytes(job.Chains))}
	for _, k := range []struct {
		name   string
		shared int
		f      *uintptr
	}{{"tables", 0, &h.tables}, {"start", 0, &h.first}, {"sweep", l.SharedBytes, &h.sweeps}} {
		if *k.f, err = d.Kernel(module, job.Model+"_"+k.name, k.shared); err != nil {
			return nil, err
		}
	}
	for _, m := range []struct {
		bytes int
		p     *uint64
	}{{len(job.Words) * 4, &h.words}, {l.TableWords * 4, &h.betaTables}, {len(h.copy), &h.memory}} {
		if *m.p, err = d.Alloc(m.bytes); err != nil {
			return nil, fmt.Errorf("%w; take fewer --chains", err)
		}
	}
	for range job.Chains {
		h.states = append(h.states, make([]int32, len(l.Spins)))
	}
	words, _ := binary.Append(nil, binary.LittleEndian, job.Words)
	if err := d.Write(h.words, words); err != nil {
		return nil, err
	}
	return h, d.Write(h.memory, h.copy) // what no node has is read, too
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
	memory, words, keys, chains, block := h.memory, h.words, h.keys, uint32(h.job.AllChains), uint32(h.job.FirstBlock)
	return h.d.Launch(h.first, h.job.Layout.Blocks(h.job.Chains), 128, 0,
		unsafe.Pointer(&memory), unsafe.Pointer(&words), unsafe.Pointer(&keys), unsafe.Pointer(&chains), unsafe.Pointer(&block))
}

// run makes so many sweeps at a β.
func (h *host) run(sweeps uint32, beta float64) error {
	l := &h.job.Layout
	if beta < l.LeastBeta {
		return fmt.Errorf("beta %v is below %v, for which the tables were made", beta, l.LeastBeta)
	}
	memory, words, tables, keys, block, sweep := h.memory, h.words, h.betaTables, h.keys, uint32(h.job.FirstBlock), h.sweep
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
	h.sweep += uint64(sweeps)
	err := h.d.Launch(h.sweeps, l.Blocks(h.job.Chains), l.Threads, l.SharedBytes, unsafe.Pointer(&memory), unsafe.Pointer(&words),
		unsafe.Pointer(&tables), unsafe.Pointer(&keys), unsafe.Pointer(&block), unsafe.Pointer(&sweep), unsafe.Pointer(&sweeps))
	if err != nil {
		return err
	}
	return h.d.Finish()
}

// get reads the states.
func (h *host) get() error {
	if err := h.d.Read(h.copy, h.memory); err != nil {
		return err
	}
	if c := h.job.Layout.LostChain(h.copy, h.job.Chains); c >= 0 {
		return fmt.Errorf("a move of chain %d left the numbers that float32 holds; take a smaller step_size", h.job.FirstBlock*h.job.Layout.Chains+c)
	}
	h.job.Layout.Decode(h.copy, h.states)
	return nil
}

// put writes the states; what has no node keeps its value.
func (h *host) put() error {
	if err := h.d.Read(h.copy, h.memory); err != nil {
		return err
	}
	h.job.Layout.Encode(h.copy, h.states)
	return h.d.Write(h.memory, h.copy)
}
