package observe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

var errNoRoom = errors.New("no room")

// room is a writer that takes so many bytes.
type room struct{ left int }

func (r *room) Write(b []byte) (int, error) {
	if len(b) > r.left {
		n := r.left
		r.left = 0
		return n, errNoRoom
	}
	r.left -= len(b)
	return len(b), nil
}

// A result that does not fit is never taken for one that was written, whatever
// the byte at which the room ends; the collector can write it again.
func TestResultWithoutRoom(t *testing.T) {
	for _, memory := range []int{0, 1} { // states in memory, and in a file
		s := newSampler(t, mixed(), 3)
		plan := everything(t.TempDir())
		plan.StateMemory = memory
		c := newCollector(t, s, schedule, plan)
		if err := c.Run(context.Background(), s, false); err != nil {
			t.Fatal(err)
		}
		var whole bytes.Buffer
		if err := c.WriteResult(&whole); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < whole.Len(); n += 1 + n/60 {
			if err := c.WriteResult(&room{n}); !errors.Is(err, errNoRoom) {
				t.Fatalf("with room for %d of %d bytes: %v", n, whole.Len(), err)
			}
		}
		var again bytes.Buffer
		if err := c.WriteResult(&again); err != nil || !bytes.Equal(again.Bytes(), whole.Bytes()) {
			t.Errorf("written again it differs (%v)", err)
		}
	}
}

// Only regular files are read: a pipe would wait, a device never end.
func TestLoadStateOfOtherThings(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, os.DevNull, "/dev/zero"} {
		_, err := observe.LoadState(path)
		var at *fs.PathError
		if !errors.As(err, &at) {
			t.Errorf("%s: %v", path, err)
		}
	}
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, []byte("PK\x03\x04"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, 1<<40); err != nil {
		t.Skip(err)
	}
	_, err := observe.LoadState(big)
	wantStateError(t, "a terabyte of nothing", err)
}

// A digest proves that a file is whole, not that a run wrote it: contents that
// are no state are refused all the same.
func TestForgedStates(t *testing.T) {
	s := newSampler(t, chain5(), 3)
	whole, err := observe.DecodeState(stateFile(t))
	if err != nil {
		t.Fatal(err)
	}
	up := bytes.Repeat([]byte{1}, 15)
	spins := make([]int8, 15)
	for i := range spins {
		spins[i] = 1
	}
	for _, c := range []struct {
		what   string
		change func(m *observe.StateMeta)
		name   string
		shape  []int
		data   any
		want   string // "" where it is a state
	}{
		{"as it is", nil, "state/s", []int{3, 5}, spins, ""},
		{"the last sweep there is", func(m *observe.StateMeta) { m.Sweep = 1<<64 - 1 }, "state/s", []int{3, 5}, spins, ""},
		{"another kind", func(m *observe.StateMeta) { m.Kind = "thrmlgen state 2" }, "state/s", []int{3, 5}, spins, "no state file of this version"},
		{"another number of chains", func(m *observe.StateMeta) { m.Chains = 5 }, "state/s", []int{3, 5}, spins, "for 5 chains"},
		{"no chains", func(m *observe.StateMeta) { m.Chains = 0 }, "state/s", []int{0, 5}, []int8{}, "chains"},
		{"negative chains", func(m *observe.StateMeta) { m.Chains = -3 }, "state/s", []int{3, 5}, spins, "chains"},
		{"an array that is no state", nil, "other", []int{3, 5}, spins, "does not belong"},
		{"doubles", nil, "state/s", []int{3, 5}, make([]float64, 15), "need integers"},
		{"floats", nil, "state/s", []int{3, 5}, make([]float32, 15), "<f4"},
		{"beyond int32", nil, "state/s", []int{3, 1}, []uint64{1, 1 << 40, 1}, "range"},
		{"wide elements", nil, "state/s", []int{3, 5}, make([]int64, 15), "<i8"},
		{"bytes", nil, "state/s", []int{3, 5}, up, "|u1"},
		{"no axes", nil, "state/s", []int{}, []int8{1}, "shape"},
		{"too few nodes", nil, "state/s", []int{3, 1}, make([]int8, 3), "shape"},
		{"a spin of 0", nil, "state/s", []int{3, 5}, make([]int8, 15), "not a value of this variable"},
		{"another variable", nil, "state/t", []int{3, 5}, spins, "saved t of shape"},
		{"no variable", nil, "", nil, nil, "0 variables"},
	} {
		meta := whole.Meta
		if c.change != nil {
			c.change(&meta)
		}
		b, err := observe.ForgeState(meta, c.name, c.shape, c.data)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := observe.DecodeState(b)
		if err == nil {
			err = saved.Check(chain5(), 42, 3)
		}
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
			continue
		}
		wantStateError(t, c.what, err)
		if err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %q, want %q in it", c.what, err, c.want)
		}
		if saved != nil {
			before := fmt.Sprint(statesOf(s))
			if saved.Restore(s) == nil || fmt.Sprint(statesOf(s)) != before || s.SweepNumber() != 0 {
				t.Errorf("%s: the refused state was taken over", c.what)
			}
		}
	}
}

// The member meta has to be what it was written as.
func TestForgedMeta(t *testing.T) {
	for text, want := range map[string]string{
		`{`: "meta", `[]`: "meta", `null`: "kind", `{"kind": 3}`: "meta", `{"kind": "thrmlgen state 1", "more": 1}`: "meta",
		`{"kind": "thrmlgen state 1", "seed": -1}`: "meta", `{"kind": "thrmlgen state 1", "chains": "3"}`: "meta", `{"kind": "thrmlgen state 1"} {}`: "damaged",
		strings.Repeat("[", 20000): "meta",
	} {
		var b bytes.Buffer
		z := npy.NewNPZWriter(&b)
		if err := errors.Join(z.Add("meta", []int{len(text)}, []byte(text)), z.Close()); err != nil {
			t.Fatal(err)
		}
		_, err := observe.DecodeState(b.Bytes())
		wantStateError(t, text, err)
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	if err := errors.Join(z.Add("meta", []int{1}, []float32{1}), z.Close()); err != nil {
		t.Fatal(err)
	}
	_, err := observe.DecodeState(b.Bytes())
	wantStateError(t, "a meta of floats", err)
}
