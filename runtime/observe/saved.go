package observe

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
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A SavedState is what a state file holds: the state of every chain and what a
// run needs to go on from it as if it had not stopped.
//
// The file is an .npz with an array state/NAME (chain, *shape) for each variable,
// steps/NAME, float32, for each whose sampler fits steps (0 where a node has none),
// velocity/NAME in the same form for those that a joint move gives a velocity, adapt
// (chain, 3) with the numbers of a joint move whose step is fitted,
// histogram/NAME with the counts of each histogram so far, the numbers that samplers
// and observers in Go keep, if there are any, and the member meta. meta holds the
// SHA-256 digest of the whole file as it would be with an empty digest. A file is
// read only if it is byte for byte what would be written for its contents, so that
// no damage goes unnoticed.
type SavedState struct {
	Meta  StateMeta
	vars  []savedVar
	steps []savedVar // their values are the bits of the steps or velocities
	adapt *savedVar  // nil: no fitted step of a joint move

	histograms []SavedHistogram
	numbers    []savedNumbers
}

// StateMeta is the member meta of a state file.
type StateMeta struct {
	Kind      string     `json:"kind"` // "thrmlgen state 1"
	Model     string     `json:"model"`
	Hash      string     `json:"hash"`
	Generator string     `json:"generator"`
	Seed      uint64     `json:"seed"`
	Chains    int        `json:"chains"`
	Sweep     uint64     `json:"sweep"` // sweeps done
	Beta      float64    `json:"beta"`
	Format    MetaFormat `json:"format"`
	RNG       string     `json:"rng"`
	Digest    string     `json:"digest"`
	// Histograms whose counts so far are in the file.
	Histograms []Histogram `json:"histograms,omitempty"`
}

// A savedVar is one array of a state file.
type savedVar struct {
	name   string
	array  *npy.NPYArray
	values []int32
}

const (
	stateKind   = "thrmlgen state 1"
	statePrefix = "state/"
	stepsPrefix = "steps/"
	speedPrefix = "velocity/"
	adaptMember = "adapt"
)

// A StateError says why a state file cannot be continued from: it is damaged, or
// it is of another run. The file itself could be read.
type StateError struct {
	Path   string // empty when the bytes did not come from a file
	Reason string
}

func (e *StateError) Error() string {
	if e.Path == "" {
		return "state: " + e.Reason
	}
	return e.Path + ": " + e.Reason
}

func stateErrorf(format string, args ...any) error {
	return &StateError{Reason: fmt.Sprintf(format, args...)}
}

// SaveState writes the state that v shows as a state file, whole or not at all.
func SaveState(ctx context.Context, path string, v ChainView, generator string) error {
	return saveState(ctx, path, v, generator, nil, nil)
}

func saveState(ctx context.Context, path string, v ChainView, generator string, counts []SavedHistogram, carried []savedNumbers) error {
	b, err := encodeState(v, generator, counts, carried)
	if err != nil {
		return err
	}
	return WriteWholeFile(ctx, path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// EncodeState is the state file of what v shows.
func EncodeState(v ChainView, generator string) ([]byte, error) {
	return encodeState(v, generator, nil, nil)
}

func encodeState(v ChainView, generator string, counts []SavedHistogram, carried []savedNumbers) ([]byte, error) {
	m := v.Model()
	s := newSnapshot(newStateLayout(m, v.Chains()))
	s.load(v, nil)
	meta := StateMeta{Kind: stateKind, Model: m.Name, Hash: m.Hash, Generator: generator, Seed: v.Seed(), Chains: v.Chains(),
		Sweep: v.SweepNumber(), Beta: m.Beta, Format: metaFormatOf(m.Format), RNG: rngName(m)}
	for _, h := range counts {
		meta.Histograms = append(meta.Histograms, h.Histogram)
	}
	numbers := append(samplerNumbers(v), carried...)
	return sealState(meta, func(z *npy.NPZWriter) error {
		if err := s.write(z, statePrefix); err != nil {
			return err
		}
		if err := writeSteps(z, v); err != nil {
			return err
		}
		if err := writeHistograms(z, counts); err != nil {
			return err
		}
		return writeNumbers(z, numbers)
	})
}

// A keptVar is a variable of which a state keeps steps or velocities.
type keptVar struct {
	*sampling.Var
	member string // of a state file
	fits   func(float32) bool
}

// stepped are the variables whose sampler fits steps, or that have velocities.
func stepped(m *sampling.Model) []keptVar {
	var list []keptVar
	for i := range m.Vars {
		x := &m.Vars[i]
		switch {
		case m.Fits(i) != "":
			list = append(list, keptVar{x, stepsPrefix + x.Name, func(v float32) bool { return v == 0 || sampling.StepFits(v) }})
		case m.Moves(i):
			list = append(list, keptVar{x, speedPrefix + x.Name, func(v float32) bool { return v-v == 0 }})
		}
	}
	return list
}

func writeSteps(z *npy.NPZWriter, v ChainView) error {
	source, _ := v.(Stepped)
	for _, x := range stepped(v.Model()) {
		if source == nil {
			return fmt.Errorf("the engine does not tell the steps of %s", x.Name)
		}
		values := make([]float32, v.Chains()*x.Count)
		for i := range x.Count {
			for c, step := range source.Steps(x.First+i, nil) {
				values[c*x.Count+i] = step
			}
		}
		if err := z.Add(x.member, append([]int{v.Chains()}, x.Shape...), values); err != nil {
			return err
		}
	}
	return writeAdapted(z, v)
}

func writeAdapted(z *npy.NPZWriter, v ChainView) error {
	if !v.Model().Adapts() {
		return nil
	}
	source, ok := v.(Adapting)
	if !ok {
		return errors.New("the engine does not tell the fitted steps of the dynamics")
	}
	var values []float32
	for c := range v.Chains() {
		numbers, _ := source.Adapted(c)
		values = append(values, numbers[:]...)
	}
	return z.Add(adaptMember, []int{v.Chains(), 3}, values)
}

// sealState writes the archive twice: to find its digest, and with it.
func sealState(meta StateMeta, arrays func(*npy.NPZWriter) error) ([]byte, error) {
	meta.Digest = ""
	b, err := packState(meta, arrays)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	meta.Digest = hex.EncodeToString(sum[:])
	return packState(meta, arrays)
}

func packState(meta StateMeta, arrays func(*npy.NPZWriter) error) ([]byte, error) {
	text, err := jsonBytes(meta)
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

// LoadState reads a state file. A damaged one is a *StateError; what is no regular
// file is not opened.
func LoadState(path string) (*SavedState, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // opening a named pipe would wait for a writer
		return nil, &os.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := npy.OpenNPZReader(f, info.Size()); err != nil { // before there is memory for all of it
		return nil, &StateError{path, noStateFile(err)}
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	s, err := DecodeState(b)
	if e, ok := err.(*StateError); ok {
		e.Path = path
	}
	return s, err
}

// DecodeState reads a state file held in memory. Every error is a *StateError.
func DecodeState(b []byte) (*SavedState, error) {
	z, err := npy.OpenNPZ(b)
	if err != nil {
		return nil, stateErrorf("%s", noStateFile(err))
	}
	s := &SavedState{}
	if err := s.readMeta(z); err != nil {
		return nil, err
	}
	for _, name := range z.Names() {
		if name == "meta" {
			continue
		}
		read := s.readVar
		if strings.HasPrefix(name, histogramPrefix) {
			read = s.readHistogram
		}
		if err := read(z, name); err != nil {
			return nil, err
		}
	}
	if len(s.histograms) != len(s.Meta.Histograms) {
		return nil, stateErrorf("damaged: %d histograms, meta says %d", len(s.histograms), len(s.Meta.Histograms))
	}
	again, err := sealState(s.Meta, s.writeVars)
	if err != nil {
		return nil, stateErrorf("damaged: %v", err)
	}
	if !bytes.Equal(again, b) {
		return nil, stateErrorf("damaged: its digest does not match")
	}
	return s, nil
}

func noStateFile(err error) string { return fmt.Sprintf("no state file, or cut short: %v", err) }

func (s *SavedState) readMeta(z *npy.NPZReader) error {
	a, err := z.Get("meta")
	if err != nil {
		return stateErrorf("no state file: %v", err)
	}
	text, ok := a.Data.([]uint8)
	if !ok {
		return stateErrorf("no state file: its meta holds %s", a.DType)
	}
	// Kind first: of other files, result files above all, no more is understood.
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return stateErrorf("damaged: meta: %v", err)
	}
	if kind.Kind != stateKind {
		return stateErrorf("no state file of this version: its kind is %q, want %q", kind.Kind, stateKind)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s.Meta); err != nil {
		return stateErrorf("damaged: meta: %v", err)
	}
	return nil
}

func (s *SavedState) readVar(z *npy.NPZReader, member string) error {
	list := &s.vars
	name, ok := strings.CutPrefix(member, statePrefix)
	if !ok {
		name, list = member, &s.steps
		ok = strings.HasPrefix(member, stepsPrefix) || strings.HasPrefix(member, speedPrefix) || member == adaptMember
	}
	number := strings.HasPrefix(member, samplerPrefix) || strings.HasPrefix(member, observerPrefix)
	if !ok && !number {
		return stateErrorf("damaged: array %s does not belong in a state file", member)
	}
	a, err := z.Get(member)
	if err != nil {
		return stateErrorf("damaged: %v", err)
	}
	if number {
		return s.readNumbers(member, a)
	}
	values, err := savedValues(a)
	if err != nil {
		return stateErrorf("damaged: %s: %v", member, err)
	}
	if len(a.Shape) == 0 || a.Shape[0] != s.Meta.Chains {
		return stateErrorf("damaged: %s has shape %v for %d chains", member, a.Shape, s.Meta.Chains)
	}
	if member == adaptMember {
		s.adapt = &savedVar{member, a, values}
		return nil
	}
	*list = append(*list, savedVar{name, a, values})
	return nil
}

// readHistogram reads counts. They come in the order of meta.
func (s *SavedState) readHistogram(z *npy.NPZReader, member string) error {
	i := len(s.histograms)
	if i >= len(s.Meta.Histograms) || histogramPrefix+s.Meta.Histograms[i].Name != member {
		return stateErrorf("damaged: array %s does not belong in a state file", member)
	}
	a, err := z.Get(member)
	if err != nil {
		return stateErrorf("damaged: %v", err)
	}
	counts, ok := a.Data.([]int64)
	if !ok || slices.ContainsFunc(counts, func(n int64) bool { return n < 0 }) {
		return stateErrorf("damaged: %s holds no counts", member)
	}
	s.histograms = append(s.histograms, SavedHistogram{s.Meta.Histograms[i], counts})
	return nil
}

// savedValues are the elements of an array as states hold them.
func savedValues(a *npy.NPYArray) ([]int32, error) {
	floats, ok := a.Data.([]float32)
	if !ok {
		return a.Int32s()
	}
	values := make([]int32, len(floats))
	for i, x := range floats {
		values[i] = sampling.FloatBits(x)
	}
	return values, nil
}

func (s *SavedState) writeVars(z *npy.NPZWriter) error {
	for _, v := range s.vars {
		if err := z.Add(statePrefix+v.name, v.array.Shape, v.array.Data); err != nil {
			return err
		}
	}
	for _, v := range s.steps {
		if err := z.Add(v.name, v.array.Shape, v.array.Data); err != nil {
			return err
		}
	}
	if a := s.adapt; a != nil {
		if err := z.Add(a.name, a.array.Shape, a.array.Data); err != nil {
			return err
		}
	}
	if err := writeHistograms(z, s.histograms); err != nil {
		return err
	}
	return writeNumbers(z, s.numbers)
}

func writeNumbers(z *npy.NPZWriter, numbers []savedNumbers) error {
	for _, a := range numbers {
		if err := z.Add(a.member, a.shape, a.values); err != nil {
			return err
		}
	}
	return nil
}

// Check says with a *StateError why a run with this model, seed and number of
// chains cannot go on from the state; nil: it can.
func (s *SavedState) Check(m *sampling.Model, seed uint64, chains int) error {
	was := s.Meta
	switch {
	case was.Hash != m.Hash:
		return stateErrorf("saved from another model: %s with hash %s, this one is %s with hash %s", was.Model, was.Hash, m.Name, m.Hash)
	case was.Seed != seed:
		return stateErrorf("saved with seed %d, this run has seed %d", was.Seed, seed)
	case was.Chains != chains:
		return stateErrorf("saved with %d chains, this run has %d", was.Chains, chains)
	case was.RNG != rngName(m):
		return stateErrorf("saved with generator %s, this run has %s", was.RNG, rngName(m))
	case was.Format.String() != metaFormatOf(m.Format).String():
		return stateErrorf("saved with the number format %v, this run has %v", was.Format, metaFormatOf(m.Format))
	case was.Beta != m.Beta:
		return stateErrorf("saved at beta %v, this run has %v", was.Beta, m.Beta)
	case len(s.vars) != len(m.Vars):
		return stateErrorf("saved with %d variables, the model has %d", len(s.vars), len(m.Vars))
	}
	for i := range m.Vars {
		if err := s.vars[i].check(&m.Vars[i], chains); err != nil {
			return err
		}
	}
	if err := s.checkSteps(m, chains); err != nil {
		return err
	}
	return s.checkNumbers(m)
}

// checkSteps is Check for the steps of samplers.
func (s *SavedState) checkSteps(m *sampling.Model, chains int) error {
	vars := stepped(m)
	if len(s.steps) != len(vars) {
		return stateErrorf("saved with the steps of %d variables, the model has steps of %d", len(s.steps), len(vars))
	}
	for i, v := range vars {
		x := &s.steps[i]
		shape := append([]int{chains}, v.Shape...)
		if x.name != v.member || x.array.DType != "<f4" || !slices.Equal(x.array.Shape, shape) {
			return stateErrorf("saved %s of shape %v and type %s, the model has %s of shape %v", x.name, x.array.Shape, x.array.DType, v.member, shape)
		}
		for k, bits := range x.values {
			if step := sampling.BitsFloat(bits); !v.fits(step) {
				return stateErrorf("%s: element %d is %v, no step", v.member, k, step)
			}
		}
	}
	return s.checkAdapted(m, chains)
}

// checkAdapted is Check for the fitted steps of a joint move.
func (s *SavedState) checkAdapted(m *sampling.Model, chains int) error {
	a := s.adapt
	switch {
	case a == nil && !m.Adapts():
		return nil
	case a == nil:
		return stateErrorf("saved without fitted steps of the dynamics, which the model has")
	case !m.Adapts():
		return stateErrorf("saved with fitted steps of the dynamics, which the model has not")
	case a.array.DType != "<f4" || !slices.Equal(a.array.Shape, []int{chains, 3}):
		return stateErrorf("saved fitted steps of shape %v and type %s, the model has three for each of %d chains", a.array.Shape, a.array.DType, chains)
	}
	for c := range chains {
		if x := s.adapted(c); !sampling.AdaptedFits(x) {
			return stateErrorf("fitted steps of chain %d: %v are none", c, x)
		}
	}
	return nil
}

func (s *SavedState) adapted(chain int) (x [3]float32) {
	for k := range x {
		x[k] = sampling.BitsFloat(s.adapt.values[3*chain+k])
	}
	return x
}

// An Engine is what RestoreSteps fills: steps and velocities by node, and the fitted steps
// of a joint move.
type Engine interface {
	SetStep(chain, node int, step float32)
	SetAdapted(chain int, numbers [3]float32)
}

// RestoreSteps gives an engine every step and velocity of the file, for a model that
// Check accepts.
func (s *SavedState) RestoreSteps(m *sampling.Model, to Engine) {
	for i, v := range stepped(m) {
		for k, bits := range s.steps[i].values {
			if bits != 0 || strings.HasPrefix(v.member, speedPrefix) {
				to.SetStep(k/v.Count, v.First+k%v.Count, sampling.BitsFloat(bits))
			}
		}
	}
	if s.adapt != nil {
		for c := range s.Meta.Chains {
			to.SetAdapted(c, s.adapted(c))
		}
	}
}

func (s *savedVar) check(v *sampling.Var, chains int) error {
	shape := append([]int{chains}, v.Shape...)
	dtype, _ := stateType(v)
	if s.name != v.Name || s.array.DType != dtype || !slices.Equal(s.array.Shape, shape) {
		return stateErrorf("saved %s of shape %v and type %s, the model has %s of shape %v and type %s",
			s.name, s.array.Shape, s.array.DType, v.Name, shape, dtype)
	}
	for i, x := range s.values {
		if !savedFits(v, x) {
			shown := fmt.Sprint(x)
			if v.Kind == sampling.Continuous {
				shown = fmt.Sprint(sampling.BitsFloat(x))
			}
			return stateErrorf("state of %s: element %d is %s, not a value of this variable", v.Name, i, shown)
		}
	}
	return nil
}

// savedFits says whether a variable has a value.
func savedFits(v *sampling.Var, x int32) bool {
	switch v.Kind {
	case sampling.Spin:
		return x == 1 || x == -1
	case sampling.Continuous:
		f := float64(sampling.BitsFloat(x))
		return math.Abs(f) <= math.MaxFloat32 && (v.Range == nil || v.Range[0] <= f && f <= v.Range[1])
	}
	return x >= 0 && int(x) < v.States
}

// Histograms are the counts so far.
func (s *SavedState) Histograms() []SavedHistogram { return s.histograms }

// States are the states of all chains, one value a node, for a model that Check
// accepts.
func (s *SavedState) States(m *sampling.Model) [][]int32 {
	states := make([][]int32, s.Meta.Chains)
	for c := range states {
		for i, v := range m.Vars {
			states[c] = append(states[c], s.vars[i].values[c*v.Count:(c+1)*v.Count]...)
		}
	}
	return states
}

// Restore puts a sampler into the state. When it does not fit the sampler it is
// left as it was.
func (s *SavedState) Restore(to *sampling.Sampler) error {
	m := to.Model()
	if err := s.Check(m, to.Seed(), to.Chains()); err != nil {
		return err
	}
	for c, state := range s.States(m) {
		if err := to.SetState(c, state); err != nil {
			return stateErrorf("chain %d: %v", c, err)
		}
	}
	s.RestoreSteps(m, to)
	s.restoreNumbers(to)
	to.SetSweepNumber(s.Meta.Sweep)
	return nil
}
