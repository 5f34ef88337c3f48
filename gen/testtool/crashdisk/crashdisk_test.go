package crashdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var errHere = errors.New("here")

// write makes a file as a careful program does, or leaves a step out.
func write(d *Disk, dir, name, text string, sync, syncFolder bool) error {
	f, err := d.Create(filepath.Join(dir, name+".tmp"))
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	if sync {
		err = errors.Join(err, f.Sync())
	}
	err = errors.Join(err, f.Close(), d.Rename(f.Name(), filepath.Join(dir, name)))
	if syncFolder {
		err = errors.Join(err, d.SyncFolder(dir))
	}
	return err
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		got[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestPowerLoss: what was synced is there, what was not may be there, in part or
// as zeros, and a rename is never there by half.
func TestPowerLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		sync, syncFolder bool
		may              []string // contents of the file; "" for none
	}{
		{true, true, []string{"new"}},
		{true, false, []string{"old", "new"}},
		{false, true, []string{"", "n", "ne", "new", "\x00", "\x00\x00", "\x00\x00\x00"}},
	} {
		seen, top := map[string]bool{}, t.TempDir()
		for n := range 100 {
			dir := filepath.Join(top, fmt.Sprint(n))
			before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
			if err := os.MkdirAll(before, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(before, "f"), []byte("old"), 0o666); err != nil {
				t.Fatal(err)
			}
			d := New(before)
			if err := write(d, before, "f", "new", c.sync, c.syncFolder); err != nil {
				t.Fatal(err)
			}
			if got := files(t, before); got["f"] != "new" || len(got) != 1 {
				t.Fatalf("without a power failure there is %q", got)
			}
			if err := d.PowerLoss(before, after, func(int) bool { return r.IntN(2) == 0 }, r); err != nil {
				t.Fatal(err)
			}
			text := files(t, after)["f"]
			seen[text] = true
			if !slices.Contains(c.may, text) {
				t.Fatalf("sync %v, of the folder %v: %q", c.sync, c.syncFolder, text)
			}
		}
		if len(seen) < len(c.may) {
			t.Errorf("sync %v, of the folder %v: of %q only %v happened", c.sync, c.syncFolder, c.may, seen)
		}
	}
}

// TestFoldersAreLostWithTheirFiles: a folder that was not synced into its parent
// takes all of its contents along.
func TestFoldersAreLostWithTheirFiles(t *testing.T) {
	dir := t.TempDir()
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	if err := os.Mkdir(before, 0o777); err != nil {
		t.Fatal(err)
	}
	d := New(before)
	sub := filepath.Join(before, "sub")
	if err := errors.Join(d.Mkdir(sub), write(d, sub, "f", "new", true, true), d.Link(filepath.Join(sub, "f"), filepath.Join(sub, "g"))); err != nil {
		t.Fatal(err)
	}
	if n := d.Uncertain(); n != 2 {
		t.Errorf("%d changes are uncertain", n)
	}
	r := rand.New(rand.NewPCG(1, 2))
	if err := d.PowerLoss(before, after, func(int) bool { return false }, r); err != nil {
		t.Fatal(err)
	}
	if got := files(t, after); len(got) != 0 {
		t.Errorf("there is %q", got)
	}
	if err := errors.Join(d.SyncFolder(before), d.SyncFolder(sub), d.Remove(filepath.Join(sub, "f")), os.RemoveAll(after)); err != nil {
		t.Fatal(err)
	}
	if err := d.PowerLoss(before, after, func(int) bool { return true }, r); err != nil {
		t.Fatal(err)
	}
	if got := files(t, after); len(got) != 1 || got["sub/g"] != "new" {
		t.Errorf("there is %q", got)
	}
}

// TestWays lets each operation of one write fail in each way.
func TestWays(t *testing.T) {
	for way := Refuse; way <= Crash; way++ {
		for k := 1; ; k++ {
			dir := t.TempDir()
			d := New(dir)
			d.Fail, d.Way, d.Err = k, way, errHere
			err := write(d, dir, "f", "new", true, true)
			if len(d.Ops) < k {
				if err != nil || k != 7 {
					t.Errorf("way %d: %d operations, then %v", way, k-1, err)
				}
				break
			}
			if !errors.Is(err, errHere) {
				t.Errorf("way %d, %s: %v", way, d.Ops[k-1], err)
			}
			got := files(t, dir)
			want := map[Way]string{Short: "n", Late: "new"}[way]
			if k == 2 && got["f"] != want && way != Crash || k == 2 && way == Crash && got["f.tmp"] != "" {
				t.Errorf("way %d: a write that fails leaves %q", way, got)
			}
			if way == Crash && k < len(d.Ops) && got["f"] != "" && k <= 5 {
				t.Errorf("after the end in %s there is %q", d.Ops[k-1], got)
			}
		}
	}
	if _, err := New(t.TempDir()).Read("/nonexistent/file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading what is not there: %v", err)
	}
}
