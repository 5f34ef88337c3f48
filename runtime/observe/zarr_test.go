package observe_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// zarrDescription is what the metadata of an array say.
type zarrDescription struct {
	Shape, Chunks []int
	DType         string
	dims          []string
}

// readZarr reads an array of a store by the specification: every chunk is a zlib
// stream of the whole chunk, named by its place.
func readZarr(t *testing.T, store, name string) (d zarrDescription, raw []byte) {
	t.Helper()
	dir := filepath.Join(store, filepath.FromSlash(name))
	readJSON(t, filepath.Join(dir, ".zarray"), &d)
	var attributes map[string][]string
	readJSON(t, filepath.Join(dir, ".zattrs"), &attributes)
	d.dims = attributes["_ARRAY_DIMENSIONS"]
	size := int(d.DType[2] - '0')
	total := size
	for _, n := range d.Shape {
		total *= n
	}
	raw = make([]byte, total)
	seen := 0
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		at := make([]int, len(d.Shape))
		for i, part := range strings.Split(f.Name(), ".")[:len(at)] { // the one of a scalar is called 0
			fmt.Sscan(part, &at[i])
		}
		packed, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		z, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		chunk, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		index := make([]int, len(at))
		for e := 0; e*size < len(chunk); e++ {
			to, rest, inside := 0, e, true
			for i := len(at) - 1; i >= 0; i-- {
				index[i] = at[i]*d.Chunks[i] + rest%d.Chunks[i]
				rest /= d.Chunks[i]
				inside = inside && index[i] < d.Shape[i]
			}
			if !inside {
				continue
			}
			for i := range index {
				to = to*d.Shape[i] + index[i]
			}
			copy(raw[to*size:(to+1)*size], chunk[e*size:(e+1)*size])
			seen += size
		}
	}
	if seen != total {
		t.Fatalf("%s: chunks hold %d bytes of %d", name, seen, total)
	}
	return d, raw
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// zarr runs a model and writes its store beside the bytes of its .npz.
func zarr(t *testing.T, m *sampling.Model, chains int, sch sampling.Schedule, p observe.Plan, chunk int) (store string, file []byte) {
	t.Helper()
	s := newSampler(t, m, chains)
	c := newCollector(t, s, sch, p)
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.WriteResult(&b); err != nil {
		t.Fatal(err)
	}
	store = filepath.Join(t.TempDir(), "f.zarr")
	if err := c.WriteZarrInChunks(store, chunk); err != nil {
		t.Fatal(err)
	}
	return store, b.Bytes()
}

// Every array of the .npz is in the store, element for element, wherever it is cut
// into chunks.
func TestZarrHoldsTheResult(t *testing.T) {
	for _, x := range []struct {
		m      *sampling.Model
		chains int
		chunk  int
		chunks int // files of the states
	}{
		{mixed(), 70, 1 << 20, 1}, {realMix(), 70, 1 << 20, 1}, {chain5(), 1, 1 << 20, 1},
		{wide(), 7, 3000, 4}, // 1386 bytes a chain: two chains, the last alone
		{wide(), 7, 500, 21}, // 154 bytes a draw: three draws
		{wide(), 2, 100, 36}, // a row of 2 × 77 spins
		{wide(), 1, 20, 72},  // 20 of 77 spins
		{chain5(), 2, 1, 90}, // single elements
	} {
		store, file := zarr(t, x.m, x.chains, schedule, everything(t.TempDir()), x.chunk)
		z, err := npy.OpenNPZ(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range z.Names() {
			if name == "meta" {
				continue
			}
			group := "sample_stats"
			if top, _, _ := strings.Cut(name, "/"); x.m.Var(name) != nil || top == "magnetisation" || top == "share" || top == "mean" {
				group = "posterior"
			}
			want := array(t, file, name)
			d, raw := readZarr(t, store, group+"/"+strings.ReplaceAll(name, "/", "_"))
			var elements bytes.Buffer
			if err := binary.Write(&elements, binary.LittleEndian, want.Data); err != nil {
				t.Fatal(err)
			}
			if d.DType != want.DType || !slices.Equal(d.Shape, want.Shape) || !bytes.Equal(raw, elements.Bytes()) {
				t.Errorf("%s: %s%v in the store, %s%v in the file, or the elements differ", name, d.DType, d.Shape, want.DType, want.Shape)
			}
		}
		energy, lp := floats(t, array(t, file, "energy")), make([]float64, 0)
		_, raw := readZarr(t, store, "sample_stats/lp")
		for i := 0; i < len(raw); i += 8 {
			lp = append(lp, -math.Float64frombits(binary.LittleEndian.Uint64(raw[i:])))
		}
		if !slices.Equal(lp, energy) {
			t.Error("lp is not −energy")
		}
		files, err := filepath.Glob(filepath.Join(store, "posterior", "s", "[0-9]*"))
		if err != nil || len(files) != x.chunks {
			t.Errorf("%s: states in %d chunks, want %d", x.m.Name, len(files), x.chunks)
		}
	}
}

// Axes are named, and those of chosen nodes count the nodes as the model does.
func TestZarrAxes(t *testing.T) {
	store, _ := zarr(t, mixed(), 3, schedule, observe.Plan{States: true, StateNodes: []int32{6, 1, 4}, Energy: true, Magnetisation: true}, 1<<20)
	for name, want := range map[string]string{
		"posterior/a": "chain draw a_dim_0", "posterior/a_dim_0": "a_dim_0", "posterior/draw": "draw", "posterior/share_a": "chain draw share_a_dim_0",
		"sample_stats/energy": "chain draw", "sample_stats/final_a": "chain final_a_dim_0 final_a_dim_1", "sample_stats/final_b": "chain",
	} {
		if d, _ := readZarr(t, store, name); strings.Join(d.dims, " ") != want {
			t.Errorf("axes of %s: %q, want %q", name, d.dims, want)
		}
	}
	_, raw := readZarr(t, store, "posterior/a_dim_0")
	if a, b := binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint64(raw[8:]); a != 3 || b != 1 {
		t.Errorf("the coordinate of chosen nodes is %d, %d, want 3, 1", a, b)
	}
	store, _ = zarr(t, mixed(), 3, schedule, everything(t.TempDir()), 1<<20)
	if d, _ := readZarr(t, store, "sample_stats/final_a"); strings.Join(d.dims, " ") != "chain a_dim_0 a_dim_1" {
		t.Errorf("axes of final_a: %q", d.dims)
	}
}

// A store of ours is replaced; anything else stays as it is.
func TestZarrPlace(t *testing.T) {
	s := newSampler(t, chain5(), 2)
	c := newCollector(t, s, schedule, everything(t.TempDir()))
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	store := filepath.Join(dir, "f.zarr")
	for range 2 {
		if err := c.WriteZarrFolder(context.Background(), store); err != nil {
			t.Fatal(err)
		}
		wantAlone(t, dir, "f.zarr")
		if err := os.WriteFile(filepath.Join(store, "stale"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(dir, "foreign.zarr")
	file := filepath.Join(dir, "file.zarr")
	empty := filepath.Join(dir, "empty.zarr")
	if err := errors.Join(os.Mkdir(empty, 0o777), os.Mkdir(foreign, 0o777), os.WriteFile(filepath.Join(foreign, ".zattrs"), []byte(`{"model": "x"}`), 0o666), os.WriteFile(file, []byte("x"), 0o666)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{foreign, file, empty, filepath.Join(dir, "none", "f.zarr")} {
		if err := c.WriteZarrFolder(context.Background(), path); err == nil {
			t.Errorf("%s was replaced", path)
		}
	}
	if observe.CheckZarrPlace(foreign) == nil || observe.CheckZarrPlace(store) != nil || observe.CheckZarrPlace(filepath.Join(dir, "new.zarr")) != nil {
		t.Error("CheckZarrPlace disagrees")
	}
	wantAlone(t, dir, "f.zarr", "foreign.zarr", "file.zarr", "empty.zarr")
}

func wantAlone(t *testing.T, dir string, names ...string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if !slices.Contains(names, f.Name()) {
			t.Errorf("left behind: %s", f.Name())
		}
	}
}

// failingArray is an observer that cannot write what it saw.
type failingArray struct{}

func (failingArray) Observe(*observe.Frame) error       { return nil }
func (failingArray) WriteArrays(z *npy.NPZWriter) error { return errors.New("no more") }

// Whatever fails, the store before is untouched and nothing is left.
func TestZarrWholeOrNone(t *testing.T) {
	dir := t.TempDir()
	store := filepath.Join(dir, "f.zarr")
	run := func(extra ...observe.Watcher) *observe.Collector {
		p := everything(t.TempDir())
		p.Extra = extra
		s := newSampler(t, chain5(), 2)
		c := newCollector(t, s, schedule, p)
		if err := c.Run(context.Background(), s, false); err != nil {
			t.Fatal(err)
		}
		return c
	}
	if err := run().WriteZarrFolder(context.Background(), store); err != nil {
		t.Fatal(err)
	}
	_, before := readZarr(t, store, "posterior/s")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := run().WriteZarrFolder(cancelled, store); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	if err := run(failingArray{}).WriteZarrFolder(context.Background(), store); err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("an array that cannot be written: %v", err)
	}
	wantAlone(t, dir, "f.zarr")
	if _, after := readZarr(t, store, "posterior/s"); !bytes.Equal(after, before) {
		t.Error("the store before has changed")
	}
}

// ArviZ and xarray open the store, and ArviZ's summary is ours: mean, sd, MCSE,
// bulk ESS and R-hat to 1e-6, for the energy, the magnetisation and the shares.
func TestZarrInArviZ(t *testing.T) {
	python := testtool.Need(t, "python")
	m := mixed()
	s := newSampler(t, m, 4)
	c := newCollector(t, s, sampling.Schedule{Warmup: 20, Samples: 401, StepsPerSample: 1}, everything(t.TempDir()))
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(t.TempDir(), "f.zarr")
	if err := c.WriteZarrFolder(context.Background(), store); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "testdata/zarr_arviz.py", store).Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("%v\n%s", err, exit.Stderr)
	}
	var got struct {
		Groups  []string
		Shapes  map[string][]int
		Attrs   map[string]any
		Summary map[string]map[string]float64
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !slices.Equal(got.Groups, []string{"posterior", "sample_stats"}) || !slices.Equal(got.Shapes["a"], []int{4, 401, 2, 2}) ||
		!slices.Equal(got.Shapes["b"], []int{4, 401}) || got.Attrs["model"] != "mixed" || got.Attrs["seed"] != 42.0 {
		t.Errorf("groups %v, shapes %v, attributes %v", got.Groups, got.Shapes, got.Attrs)
	}
	compared := 0
	for _, row := range c.Report().Rows {
		name := strings.NewReplacer("/", "_", "=0", "[0]", "=1", "[1]", "=2", "[2]").Replace(row.Name)
		theirs, ok := got.Summary[name]
		if !ok {
			t.Errorf("no %s in ArviZ's summary", name)
			continue
		}
		for figure, ours := range map[string]float64{
			"mean": row.Mean.V, "sd": row.SD.V, "mcse_mean": row.MCSE.V, "ess_bulk": row.ESSBulk.V, "ess_tail": row.ESSTail.V, "r_hat": row.RHat.V,
		} {
			compared++
			if their := theirs[figure]; math.Abs(their-ours) > 1e-6*max(1e-3, math.Abs(ours)) {
				t.Errorf("%s of %s: ArviZ %v, ours %v", figure, name, their, ours)
			}
		}
	}
	if compared < 30 {
		t.Errorf("%d figures compared", compared)
	}
}
