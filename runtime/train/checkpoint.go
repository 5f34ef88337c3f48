package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

// A checkpoint is an .npz: weights/NAME (shape of the weights) of every runtime factor
// and parameter, what the optimiser remembers of each as first/NAME and second/NAME, the
// packed negative chains if they persist, and meta. meta holds the SHA-256 digest of
// the file as it would be with an empty digest, and a digest of the task. A file is
// read only if it is byte for byte what would be written for its contents.

const checkpointKind = "thrmlgen checkpoint 1"

type checkpointMeta struct {
	Kind      string    `json:"kind"`
	Model     string    `json:"model"`
	Hash      string    `json:"hash"`
	Generator string    `json:"generator"`
	Task      string    `json:"task"` // digest of what decides the steps
	Seed      uint64    `json:"seed"`
	Epochs    int       `json:"epochs"`
	Step      int       `json:"step"`
	Sweeps    [2]uint64 `json:"sweeps"`
	Began     bool      `json:"began"`
	// Powers as bits: their last place matters.
	Powers [2]uint64 `json:"powers"`
	Digest string    `json:"digest"`
}

// A CheckpointError says why a run cannot go on from a checkpoint: the file is
// damaged, or of another run.
type CheckpointError struct {
	Path   string
	Reason string
}

func (e *CheckpointError) Error() string {
	if e.Path == "" {
		return "checkpoint: " + e.Reason
	}
	return e.Path + ": " + e.Reason
}

func checkpointErrorf(format string, args ...any) error {
	return &CheckpointError{Reason: fmt.Sprintf(format, args...)}
}

// Save writes a checkpoint, whole or not at all.
func (t *Trainer) Save(ctx context.Context, path, generator string) error {
	b, err := t.checkpoint(generator)
	if err != nil {
		return err
	}
	return observe.WriteWholeFile(ctx, path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// Load puts the trainer where the one that saved the checkpoint was. The task must
// be the same, but for the number of epochs. After an error the trainer is as it
// was.
func (t *Trainer) Load(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &os.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if info.Size() > t.largestCheckpoint() {
		return &CheckpointError{path, fmt.Sprintf("no checkpoint of this run: it has %d bytes", info.Size())}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := npy.OpenNPZReader(f, info.Size()); err != nil { // before there is memory for all of it
		return &CheckpointError{path, fmt.Sprintf("no checkpoint, or cut short: %v", err)}
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	err = t.restore(b)
	if e, ok := err.(*CheckpointError); ok {
		e.Path = path
	}
	return err
}

// largestCheckpoint is more than a checkpoint of this run can take: weights with both
// moments of Adam, four bytes a node of every negative chain, and the rest.
func (t *Trainer) largestCheckpoint() int64 {
	numbers := 0
	for _, a := range t.arrays {
		numbers += len(a.values)
	}
	chains := t.task.Negative.Chains + 64
	return 24*int64(numbers) + 4*int64(chains)*int64(t.task.Negative.Model.Nodes) + 1<<20
}

// checkpoint is the file of the trainer's state.
func (t *Trainer) checkpoint(generator string) ([]byte, error) {
	m := t.task.Positive.Model
	meta := checkpointMeta{Kind: checkpointKind, Model: m.Name, Hash: m.Hash, Generator: generator, Task: t.taskDigest(), Seed: t.task.Seed,
		Epochs: t.task.Epochs, Step: t.step, Sweeps: t.sweeps, Began: t.began, Powers: [2]uint64{math.Float64bits(t.powers.b1), math.Float64bits(t.powers.b2)}}
	return sealCheckpoint(meta, t.writeArrays)
}

func (t *Trainer) writeArrays(z *npy.NPZWriter) error {
	add := func(prefix string, a *trained, values []float64) error {
		if values == nil {
			return nil
		}
		return z.Add(prefix+a.name, a.shape, values)
	}
	for i := range t.arrays {
		a := &t.arrays[i]
		if err := errors.Join(add("weights/", a, a.values), add("first/", a, t.moved[i].first), add("second/", a, t.moved[i].second)); err != nil {
			return err
		}
	}
	if s := t.persistent(); s != nil {
		packed := s.AppendPacked(nil)
		return z.Add("chains", []int{len(packed)}, packed)
	}
	return nil
}

// persistent is the sampler whose states go from step to step, nil if none do.
func (t *Trainer) persistent() interface {
	AppendPacked([]byte) []byte
	SetPacked([]byte) error
} {
	if t.task.Start != StartPersistent || !t.began {
		return nil
	}
	s, err := t.sampler(useNegative, t.task.Negative.Model, t.task.Negative.Chains)
	if t.task.buffered() {
		s, err = t.buffer()
	}
	if err != nil {
		return nil // it was made before
	}
	return s
}

func sealCheckpoint(meta checkpointMeta, arrays func(*npy.NPZWriter) error) ([]byte, error) {
	meta.Digest = ""
	b, err := packCheckpoint(meta, arrays)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	meta.Digest = hex.EncodeToString(sum[:])
	return packCheckpoint(meta, arrays)
}

func packCheckpoint(meta checkpointMeta, arrays func(*npy.NPZWriter) error) ([]byte, error) {
	text, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	if err := z.Add("meta", []int{len(text)}, text); err != nil {
		return nil, err
	}
	if err := arrays(z); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// restore reads a checkpoint held in memory.
func (t *Trainer) restore(b []byte) error {
	z, err := npy.OpenNPZ(b)
	if err != nil {
		return checkpointErrorf("no checkpoint, or cut short: %v", err)
	}
	meta, err := readCheckpointMeta(z)
	if err != nil {
		return err
	}
	m := t.task.Positive.Model
	switch {
	case meta.Hash != m.Hash:
		return checkpointErrorf("of another model: %s with hash %s, this one is %s with hash %s", meta.Model, meta.Hash, m.Name, m.Hash)
	case meta.Seed != t.task.Seed:
		return checkpointErrorf("of a run with seed %d, this one has seed %d", meta.Seed, t.task.Seed)
	case meta.Task != t.taskDigest():
		return checkpointErrorf("of a run with other data, phases or optimizer; only the number of epochs may change")
	case meta.Epochs != t.task.Epochs && t.task.Optimizer.RateEnd != 0:
		return checkpointErrorf("of a run of %d epochs, this one has %d; the learning rate of a step depends on their number", meta.Epochs, t.task.Epochs)
	}
	next := &Trainer{task: t.task, factors: t.factors, coded: t.coded, held: t.held, arrays: slices.Clone(t.arrays), moved: make([]moved, len(t.moved)), samplers: t.samplers,
		step: meta.Step, sweeps: meta.Sweeps, began: meta.Began, powers: powers{math.Float64frombits(meta.Powers[0]), math.Float64frombits(meta.Powers[1])}}
	var packed []byte
	for i := range next.arrays {
		next.arrays[i].values = nil
	}
	for _, name := range z.Names() {
		if name == "meta" {
			continue
		}
		a, err := z.Get(name)
		if err != nil {
			return checkpointErrorf("damaged: %v", err)
		}
		if name == "chains" {
			if packed, err = a.Uint8s(); err != nil {
				return checkpointErrorf("damaged: %v", err)
			}
			continue
		}
		if err := next.take(name, a); err != nil {
			return err
		}
	}
	for _, a := range next.arrays {
		if a.values == nil {
			return checkpointErrorf("damaged: no weights of %s", a.name)
		}
	}
	if err := next.set(next.values()); err != nil {
		return checkpointErrorf("damaged: %v", err)
	}
	return t.become(next, meta, packed, b)
}

func readCheckpointMeta(z *npy.NPZReader) (meta checkpointMeta, err error) {
	a, err := z.Get("meta")
	if err != nil {
		return meta, checkpointErrorf("no checkpoint: %v", err)
	}
	text, err := a.Uint8s()
	if err != nil {
		return meta, checkpointErrorf("no checkpoint: %v", err)
	}
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return meta, checkpointErrorf("damaged: meta: %v", err)
	}
	if kind.Kind != checkpointKind {
		return meta, checkpointErrorf("no checkpoint of this version: its kind is %q, want %q", kind.Kind, checkpointKind)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&meta); err != nil || meta.Step < 0 {
		return meta, checkpointErrorf("damaged: meta: %v", err)
	}
	return meta, nil
}

// take puts one array in its place.
func (t *Trainer) take(name string, a *npy.NPYArray) error {
	prefix, of, _ := strings.Cut(name, "/")
	if i := t.array(of); i >= 0 {
		values, err := a.Float64s()
		if want := size(t.arrays[i].shape); err != nil || len(values) != want {
			return checkpointErrorf("damaged: %s has %d values, %s has %d weights", name, a.Len(), of, want)
		}
		switch prefix {
		case "weights":
			t.arrays[i].values = values
			return nil
		case "first":
			t.moved[i].first = values
			return nil
		case "second":
			t.moved[i].second = values
			return nil
		}
	}
	return checkpointErrorf("damaged: array %s does not belong in a checkpoint of this model", name)
}

// size is the number of elements of an array.
func size(shape []int) int {
	n := 1
	for _, k := range shape {
		n *= k
	}
	return n
}

// become takes over a state that was read, after a look at every byte of it.
func (t *Trainer) become(next *Trainer, meta checkpointMeta, packed, b []byte) error {
	s := next.persistent()
	if (s != nil) != (packed != nil) {
		return checkpointErrorf("damaged: the negative chains are missing, or too many")
	}
	var back []byte
	if s != nil {
		back = s.AppendPacked(nil)
		if err := s.SetPacked(packed); err != nil {
			return checkpointErrorf("damaged: %v", err)
		}
	}
	again, err := sealCheckpoint(meta, next.writeArrays)
	if err != nil || !bytes.Equal(again, b) {
		if s != nil {
			err = errors.Join(err, s.SetPacked(back))
		}
		return checkpointErrorf("damaged: its digest does not match (%v)", err)
	}
	*t = *next
	return nil
}

// taskDigest stands for everything that decides the steps, but the number of
// epochs and threads, and the examples held out.
func (t *Trainer) taskDigest() string {
	task := t.task
	phase := func(p Phase) any {
		return []any{p.Chains, p.Schedule, p.Model.Sweep, p.Model.Init, p.Model.Beta, p.Model.Format}
	}
	text, err := json.Marshal([]any{phase(task.Positive), phase(task.Negative), task.Visible, task.Data, task.Given, task.Condition,
		task.batch(), task.Loss, task.K, task.Start, task.Optimizer, task.Seed, task.Buffer, task.Fresh, task.Sigma, task.Projections})
	if err != nil {
		panic(err) // numbers and slices of them
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
