package observe

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A zarrStore is a folder being written: groups of arrays, each array a folder of
// chunks. Format: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html, the
// names of axes as xarray looks for them (_ARRAY_DIMENSIONS).
type zarrStore struct {
	ctx        context.Context
	dir        string
	chunkBytes int            // most bytes of a chunk, unless one place of the last axis takes more
	attributes map[string]any // of the store and of every group
	groups     []*zarrGroup
}

type zarrGroup struct {
	name     string
	metadata map[string]any // of its members, by their place in the group
	taken    map[string]bool
	axes     []zarrAxis // that need a coordinate
}

type zarrAxis struct {
	name   string
	length int
}

// A zarrArray is an array to come.
type zarrArray struct {
	name, dtype string
	shape       []int
	dims        []string
}

// zarrChunkBytes is the size of a chunk before it is compressed.
const zarrChunkBytes = 8 << 20

// zarrMetadata is the file .zarray. A fill value would be taken for missing data.
type zarrMetadata struct {
	Format     int            `json:"zarr_format"`
	Shape      []int          `json:"shape"`
	Chunks     []int          `json:"chunks"`
	DType      string         `json:"dtype"`
	Compressor map[string]any `json:"compressor"`
	Fill       *int           `json:"fill_value"`
	Order      string         `json:"order"`
	Filters    []any          `json:"filters"`
}

// group finds a group, or begins it.
func (s *zarrStore) group(name string) *zarrGroup {
	for _, g := range s.groups {
		if g.name == name {
			return g
		}
	}
	g := &zarrGroup{name: name, metadata: map[string]any{}, taken: map[string]bool{}}
	s.groups = append(s.groups, g)
	return g
}

// begin makes the folder of an array and describes it. A name that is taken gets
// another underscore: user's names have no rule against magnetisation_x.
func (g *zarrGroup) begin(s *zarrStore, a *zarrArray) (chunks []int, dir string, err error) {
	for g.taken[a.name] {
		a.name += "_"
	}
	g.taken[a.name] = true
	size, err := strconv.Atoi(a.dtype[2:])
	if err != nil {
		return nil, "", fmt.Errorf("zarr: element type %q of %s", a.dtype, a.name)
	}
	chunks = zarrChunks(a.shape, size, s.chunkBytes)
	g.metadata[a.name+"/.zarray"] = zarrMetadata{
		Format: 2, Shape: append([]int{}, a.shape...), Chunks: chunks, DType: a.dtype,
		Compressor: map[string]any{"id": "zlib", "level": 1}, Order: "C",
	}
	g.metadata[a.name+"/.zattrs"] = map[string]any{"_ARRAY_DIMENSIONS": append([]string{}, a.dims...)}
	for i, d := range a.dims {
		if d != a.name && !slices.ContainsFunc(g.axes, func(x zarrAxis) bool { return x.name == d }) {
			g.axes = append(g.axes, zarrAxis{d, a.shape[i]})
		}
	}
	dir = filepath.Join(s.dir, g.name, a.name)
	return chunks, dir, os.MkdirAll(dir, 0o777)
}

// zarrChunks cuts a shape so that chunks follow each other in the order of the
// elements: one axis is cut, those before it into single places, those behind it
// not at all.
func zarrChunks(shape []int, size, most int) []int {
	chunks := make([]int, len(shape))
	for i := range shape {
		chunks[i] = max(1, shape[i])
	}
	for i := range shape {
		behind := size
		for _, n := range chunks[i+1:] {
			behind *= n
		}
		chunks[i] = max(1, min(chunks[i], most/behind))
		if chunks[i] > 1 {
			break
		}
	}
	return chunks
}

// add writes an array whose elements are read from r.
func (s *zarrStore) add(group string, a zarrArray, r io.Reader) error {
	return s.addSigned(group, a, r, "")
}

// addEnergy writes energies, and beside them lp, the logarithm of the density but
// for a constant: −energy.
func (s *zarrStore) addEnergy(group string, a zarrArray, r io.Reader) error {
	return s.addSigned(group, a, r, "lp")
}

// addSigned writes an array, and under the name negated, if there is one, the same
// float64 with the other sign.
func (s *zarrStore) addSigned(group string, a zarrArray, r io.Reader, negated string) error {
	g := s.group(group)
	chunks, dir, err := g.begin(s, &a)
	if err != nil {
		return err
	}
	other := ""
	if negated != "" {
		twin := a
		twin.name = negated
		if _, other, err = g.begin(s, &twin); err != nil {
			return err
		}
	}
	size, done := zarrElementBytes(a.dtype), 0
	return zarrEachChunk(a.shape, chunks, func(key string, elements, full int) error {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		chunk := make([]byte, full*size)
		if _, err := io.ReadFull(r, chunk[:elements*size]); err != nil {
			return fmt.Errorf("zarr: %s after %d bytes: %w", a.name, done, err)
		}
		done += elements * size
		if err := zarrWriteChunk(filepath.Join(dir, key), chunk); err != nil {
			return err
		}
		if other == "" {
			return nil
		}
		for i := 7; i < len(chunk); i += 8 {
			chunk[i] ^= 0x80 // the sign
		}
		return zarrWriteChunk(filepath.Join(other, key), chunk)
	})
}

// zarrElementBytes is the size of an element type that begin has accepted.
func zarrElementBytes(dtype string) int {
	n, _ := strconv.Atoi(dtype[2:])
	return n
}

// zarrEachChunk visits the chunks of zarrChunks in order. elements is how many of
// the array are in a chunk, which come next; full is how many it has room for.
func zarrEachChunk(shape, chunks []int, visit func(key string, elements, full int) error) error {
	count, full := make([]int, len(shape)), 1
	for i, n := range shape {
		if n == 0 {
			return nil
		}
		count[i] = (n + chunks[i] - 1) / chunks[i]
		full *= chunks[i]
	}
	at := make([]int, len(shape))
	for {
		elements := 1
		key := make([]string, len(at))
		for i, k := range at {
			elements *= min(chunks[i], shape[i]-k*chunks[i])
			key[i] = strconv.Itoa(k)
		}
		name := strings.Join(key, ".")
		if name == "" {
			name = "0" // of a scalar
		}
		if err := visit(name, elements, full); err != nil {
			return err
		}
		axis := len(at) - 1
		for ; axis >= 0; axis-- {
			if at[axis]++; at[axis] < count[axis] {
				break
			}
			at[axis] = 0
		}
		if axis < 0 {
			return nil
		}
	}
}

func zarrWriteChunk(path string, chunk []byte) error {
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := z.Write(chunk); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return zarrWriteFile(path, packed.Bytes())
}

// zarrWriteFile writes a file through to the disk.
func zarrWriteFile(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// finish adds coordinates and writes all metadata: one file an array and group, as
// the format wants, and all together at the top and in each group, where readers
// look first.
func (s *zarrStore) finish() error {
	for _, g := range s.groups {
		for _, x := range g.axes {
			if g.taken[x.name] {
				continue
			}
			var numbers []byte
			for i := range x.length {
				numbers = binary.LittleEndian.AppendUint64(numbers, uint64(i))
			}
			a := zarrArray{name: x.name, dtype: "<i8", shape: []int{x.length}, dims: []string{x.name}}
			if err := s.add(g.name, a, bytes.NewReader(numbers)); err != nil {
				return err
			}
		}
	}
	all := map[string]any{".zgroup": zarrGroupFormat(), ".zattrs": s.attributes}
	for _, g := range s.groups {
		g.metadata[".zgroup"], g.metadata[".zattrs"] = zarrGroupFormat(), s.attributes
		if err := s.describe(g.name, g.metadata); err != nil {
			return err
		}
		for key, value := range g.metadata {
			all[g.name+"/"+key] = value
		}
	}
	for key := range all {
		if strings.Contains(key, "/") {
			continue
		}
		if err := zarrWriteJSON(filepath.Join(s.dir, key), all[key]); err != nil {
			return err
		}
	}
	return s.consolidate("", all)
}

func zarrGroupFormat() any { return map[string]any{"zarr_format": 2} }

// describe writes the metadata of a group and of its arrays.
func (s *zarrStore) describe(group string, metadata map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if err := zarrWriteJSON(filepath.Join(s.dir, group, filepath.FromSlash(key)), metadata[key]); err != nil {
			return err
		}
	}
	return s.consolidate(group, metadata)
}

func (s *zarrStore) consolidate(group string, metadata map[string]any) error {
	return zarrWriteJSON(filepath.Join(s.dir, group, ".zmetadata"), map[string]any{"zarr_consolidated_format": 1, "metadata": metadata})
}

func zarrWriteJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("zarr: %w", err)
	}
	return zarrWriteFile(path, append(b, '\n'))
}
