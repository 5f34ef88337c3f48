package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// WriteZarrFolder writes the result of a whole run as a folder that ArviZ and
// xarray open: a Zarr store of version 2 with consolidated metadata and two groups.
//
//	posterior     NAME (chain, draw, NAME_dim_0, …) for each variable; what is
//	              observed of the states at every draw, as magnetisation_NAME,
//	              share_NAME, mean_NAME and the quantities of the user
//	sample_stats  energy, lp = −energy (chain, draw); final_NAME, best_NAME,
//	              best_energy, best_sweep (chain, …); moments; histogram_NAME (node, value), with
//	              histogram_NAME_edges or _values
//
// Every axis has a coordinate 0, 1, …; where chosen nodes are kept it holds their
// flat indices. Attributes are those of Meta. What the plan did not ask for is not
// there.
//
// The folder is there as a whole or not at all, as a file of WriteResultFile. A
// store written before by WriteZarrFolder is replaced, anything else at path is
// refused (CheckZarrPlace).
func (c *Collector) WriteZarrFolder(ctx context.Context, path string) error {
	return c.writeZarr(ctx, path, zarrChunkBytes)
}

func (c *Collector) writeZarr(ctx context.Context, path string, chunkBytes int) error {
	if err := c.finished(); err != nil {
		return err
	}
	path, err := zarrPlace(path)
	if err != nil {
		return err
	}
	zarrRemoveStale(path)
	temporary, err := zarrBeside(path, "tmp")
	if err != nil {
		return err
	}
	store := &zarrStore{ctx: ctx, dir: temporary, chunkBytes: chunkBytes, attributes: zarrAttributes(c.Meta())}
	err = c.fillZarr(store)
	if err == nil {
		err = store.finish()
	}
	if err == nil {
		err = zarrMove(temporary, path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(temporary))
	}
	return osWholeDisk{}.syncFolder(filepath.Dir(path))
}

// CheckZarrPlace says before a run whether WriteZarrFolder may put a store at path.
func CheckZarrPlace(path string) error {
	_, err := zarrPlace(path)
	return err
}

// zarrLibrary marks the stores that may be replaced.
const zarrLibrary = "thrmlgen"

// zarrPlace follows symbolic links and refuses what is not ours.
func zarrPlace(path string) (string, error) {
	path = filepath.Clean(path)
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("%s is there and is no folder", path)
	}
	var mark struct {
		Library string `json:"inference_library"`
	}
	if b, err := os.ReadFile(filepath.Join(path, ".zattrs")); err != nil || json.Unmarshal(b, &mark) != nil || mark.Library != zarrLibrary {
		return "", fmt.Errorf("the folder %s is there and is no store written by %s", path, zarrLibrary)
	}
	return path, nil
}

// zarrBeside makes a new folder next to path, named as the temporary files of
// WriteWholeFile.
func zarrBeside(path, ending string) (string, error) {
	for i := range 1000 {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%d-%s-%d.%s", tempStart(path), os.Getpid(), wholeRun, i, ending))
		err := os.Mkdir(name, 0o777)
		if !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
	return "", fmt.Errorf("%s: no name for a temporary folder is free", path)
}

// zarrRemoveStale removes the temporary folders for path of processes that are
// gone.
func zarrRemoveStale(path string) {
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), tempStart(path))
		number, run, whole := strings.Cut(rest, "-")
		pid, err := strconv.Atoi(number)
		if ok && whole && err == nil && e.IsDir() && strings.HasSuffix(run, ".tmp") && processGone(pid) {
			_ = os.RemoveAll(filepath.Join(dir, e.Name())) // the next run tries again
		}
	}
}

// zarrMove puts a finished folder in its place. A folder cannot be renamed onto
// another, so the former one steps aside first, and back if that fails.
func zarrMove(from, to string) error {
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(from, to)
	}
	aside, err := zarrBeside(to, "old")
	if err != nil {
		return err
	}
	former := filepath.Join(aside, "store")
	if err := os.Rename(to, former); err != nil {
		return errors.Join(err, os.Remove(aside))
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Rename(former, to), os.Remove(aside))
	}
	return os.RemoveAll(aside)
}

// zarrAttributes are the attributes of the store and of its groups. Nested ones
// could not be saved as netCDF, so the whole of Meta is a text.
func zarrAttributes(m Meta) map[string]any {
	text, err := json.Marshal(m)
	if err != nil { // of numbers and strings
		text = nil
	}
	return map[string]any{
		"inference_library": zarrLibrary, "inference_library_version": strings.TrimPrefix(m.Generator, zarrLibrary+" "),
		"model": m.Model, "hash": m.Hash, "target": m.Target, "seed": m.Seed, "chains": m.Chains, "draws": m.Draws,
		"warmup": m.Schedule.Warmup, "steps_per_sample": m.Schedule.StepsPerSample, "sweep": m.Sweep, "beta": m.Beta,
		"rng": m.RNG, "format": m.Format.String(), "max_probability_error": m.Format.Bound, "meta": string(text),
	}
}

// fillZarr sends every array of the result through the store. They come as
// WriteSequence writes them, so that states need not fit in memory.
func (c *Collector) fillZarr(store *zarrStore) error {
	from, to := io.Pipe()
	names := make(chan []string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := c.WriteSequence(to, func(list []string) error { names <- list; return nil })
		to.CloseWithError(err)
		close(names)
	}()
	err := c.sortIntoZarr(store, from, names)
	from.CloseWithError(err) // ends the writer
	<-ended
	return err
}

func (c *Collector) sortIntoZarr(store *zarrStore, from io.Reader, names <-chan []string) error {
	list, ok := <-names
	if !ok {
		_, err := from.Read(make([]byte, 1)) // why there are none
		return err
	}
	for _, name := range list {
		part, err := npy.NextNPY(from)
		if err != nil {
			return err
		}
		a := zarrArray{name: strings.ReplaceAll(name, "/", "_"), dtype: part.DType, shape: part.Shape}
		if v, ok := strings.CutSuffix(name, "/nodes"); ok && c.isVariable(v) {
			a.name = v + "_dim_0" // which nodes of v there are: a coordinate
			a.dims = []string{a.name}
			if err := store.add("posterior", a, from); err != nil {
				return err
			}
			continue
		}
		group := c.zarrDims(&a, name)
		if name == "energy" {
			err = store.addEnergy(group, a, from)
		} else {
			err = store.add(group, a, from)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Collector) isVariable(name string) bool {
	for i := range c.view.Model().Vars {
		if c.view.Model().Vars[i].Name == name {
			return true
		}
	}
	return false
}

// zarrDims names the axes of an array and says in which group it is.
func (c *Collector) zarrDims(a *zarrArray, name string) (group string) {
	chains, draws := c.view.Chains(), c.draws
	inner := a.name
	for _, prefix := range []string{"final/", "best/"} {
		if v, ok := strings.CutPrefix(name, prefix); ok && c.isVariable(v) {
			inner = "" // the axes of the variable, which it has whole even where chosen nodes are kept
			if !c.keepsChosen(v) {
				inner = v
			}
		}
	}
	if inner == "" {
		inner = a.name
	}
	group = "sample_stats"
	switch {
	case strings.HasPrefix(name, "moments/"), strings.HasPrefix(name, histogramPrefix):
	case len(a.shape) >= 2 && a.shape[0] == chains && a.shape[1] == draws && !strings.HasPrefix(name, "final/") && !strings.HasPrefix(name, "best/"):
		a.dims = []string{"chain", "draw"}
		if name != "energy" {
			group = "posterior"
		}
	case len(a.shape) >= 1 && a.shape[0] == chains:
		a.dims = []string{"chain"}
	}
	for i := range len(a.shape) - len(a.dims) {
		a.dims = append(a.dims, fmt.Sprintf("%s_dim_%d", inner, i))
	}
	return group
}

// keepsChosen says whether of a variable only some nodes are kept at every draw.
func (c *Collector) keepsChosen(variable string) bool {
	return c.states != nil && slices.ContainsFunc(c.states.logs, func(l *stateVarLog) bool {
		return l.chosen && l.v.Name == variable
	})
}
