package gen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/testtool/crashdisk"
)

// onDisk is a crashdisk as Write takes it.
type onDisk struct{ *crashdisk.Disk }

func (d onDisk) lock(_ context.Context, dir string) (func(), error) { return func() {}, d.Lock(dir) }
func (d onDisk) mkdir(dir string) error                             { return d.Mkdir(dir) }
func (d onDisk) read(file string) ([]byte, error)                   { return d.Read(file) }
func (d onDisk) link(old, new string) error                         { return d.Link(old, new) }
func (d onDisk) rename(old, new string) error                       { return d.Rename(old, new) }
func (d onDisk) remove(file string) error                           { return d.Remove(file) }
func (d onDisk) syncFolder(dir string) error                        { return d.SyncFolder(dir) }

func (d onDisk) create(file string) (diskFile, error) {
	f, err := d.Create(file)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// faults are the ways in which an operation fails.
var faults = []struct {
	way crashdisk.Way
	err error
}{
	{crashdisk.Refuse, syscall.EIO}, {crashdisk.Short, syscall.ENOSPC}, {crashdisk.Late, syscall.EINTR}, {crashdisk.Refuse, syscall.EDQUOT},
}

// transitions are sets of files and those that take their place.
var transitions = []struct {
	name     string
	old, new []File
}{
	{"all kinds of change", oldSet, newSet},
	{"the first", nil, newSet},
	{"another key", oldSet, set("b.go", "new key", "same.go", "same", "data.bin", "new")},
	{"the key stays", set("key.go", "k", "x.go", "old", "y.bin", "old"), set("key.go", "k", "x.go", "new", "y.bin", "new")},
	{"one file", set("key.go", "k", "x.go", "old"), set("key.go", "k", "x.go", "new")},
	{"the key alone", set("key.go", "k", "x.go", "old"), set("key.go", "new", "x.go", "old")},
	{"one more", set("key.go", "k"), set("key.go", "k", "deep/er/x.v", "new")},
}

// memory is a folder that is not on a disk, where there is such a thing.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "thrmlgen")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// users are files of the user's own in a folder of ours.
var users = map[string]string{"mine.txt": "mine", "notes/mine.txt": "mine"}

// folder makes one that holds a set of ours and, if there is one, files of the
// user's.
func folder(t *testing.T, dir string, files []File) {
	t.Helper()
	if files == nil {
		return
	}
	writeFast(t, dir, files)
	for name, text := range users {
		put(t, filepath.Join(dir, name), text)
	}
}

// writeFast is Write on a disk that is never waited for.
func writeFast(t *testing.T, dir string, files []File) {
	t.Helper()
	if _, err := write(context.Background(), onDisk{crashdisk.New(dir)}, dir, files, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// temps splits off temporary files, and files of the user's; those have to be
// as they were.
func split(t *testing.T, dir string, wantUsers bool) (ours map[string]string, temps []string) {
	t.Helper()
	ours = tree(t, dir)
	for f := range ours {
		if strings.HasPrefix(filepath.Base(f), tempPrefix) {
			delete(ours, f)
			temps = append(temps, f)
		}
	}
	for name, text := range users {
		if wantUsers && ours[name] != text {
			t.Errorf("%s: the user's %s is %q", dir, name, ours[name])
		}
		delete(ours, name)
	}
	return ours, temps
}

// TestFaultAtEveryOperation lets each operation on the file system fail once, in
// every way. The error says where, and what is there is the old set, or the new
// one without an error.
func TestFaultAtEveryOperation(t *testing.T) {
	for _, tr := range transitions {
		old, new := contents(tr.old), contents(tr.new)
		for _, f := range faults {
			failed := 0
			top := memory(t)
			for k := 1; ; k++ {
				dir := filepath.Join(top, fmt.Sprint(k), "d")
				if err := os.Mkdir(filepath.Dir(dir), 0o777); err != nil {
					t.Fatal(err)
				}
				folder(t, dir, tr.old)
				d := crashdisk.New(dir)
				d.Fail, d.Way, d.Err = k, f.way, f.err
				_, err := write(context.Background(), onDisk{d}, dir, tr.new, WriteOptions{})
				if len(d.Ops) < k {
					break
				}
				what := fmt.Sprintf("%s: %s fails with %v (way %d): error %v", tr.name, d.Ops[k-1], f.err, f.way, err)
				got, temps := split(t, dir, tr.old != nil)
				if err != nil {
					failed++
					var list *diag.List
					if !errors.As(err, &list) || list.ExitCode() != 4 || !strings.HasPrefix(list.Problems()[0].Pos.File, filepath.Dir(dir)) || !strings.Contains(err.Error(), f.err.Error()) {
						t.Errorf("%s: no message of class 4 that names a file", what)
					}
					if !maps.Equal(got, old) {
						t.Errorf("%s: there is neither the old set nor success: %v", what, slices.Sorted(maps.Keys(got)))
					}
					if left, _ := os.ReadDir(filepath.Dir(dir)); tr.old == nil && len(left) > 0 && !strings.HasPrefix(d.Ops[k-1], "remove") {
						t.Errorf("%s: %v is left", what, left)
					}
				} else if !maps.Equal(got, new) {
					t.Errorf("%s: not the new set: %v", what, slices.Sorted(maps.Keys(got)))
				}
				if len(temps) > 0 && !strings.HasPrefix(d.Ops[k-1], "remove") {
					t.Errorf("%s: %v is left", what, temps)
				}
			}
			if failed < 8 {
				t.Errorf("%s: only %d operations failed with %v", tr.name, failed, f.err)
			}
		}
	}
}

// TestCrashAtEveryOperation ends the process, or cuts the power, at each operation. Whatever
// reached the disk is the old set, the new one, or a set that lacks its first
// file; and the next run, of whatever model, ends well and clears up.
func TestCrashAtEveryOperation(t *testing.T) {
	third := set("third.go", "third", "data.bin", "third", "rtl/x.v", "third")
	for _, tr := range transitions {
		top := memory(t)
		n := 0
		place := func() string {
			n++
			return filepath.Join(top, fmt.Sprint(n))
		}
		for k := 1; ; k++ {
			before := place()
			if err := os.Mkdir(before, 0o777); err != nil {
				t.Fatal(err)
			}
			folder(t, filepath.Join(before, "d"), tr.old)
			d := crashdisk.New(before)
			d.Fail, d.Way, d.Err = k, crashdisk.Crash, errors.New("crash")
			write(context.Background(), onDisk{d}, filepath.Join(before, "d"), tr.new, WriteOptions{})
			if len(d.Ops) < k {
				break
			}
			r := rand.New(rand.NewPCG(uint64(k), 5))
			survivors := []func(int) bool{func(int) bool { return true }, func(int) bool { return false }}
			for i := range d.Uncertain() {
				survivors = append(survivors, func(c int) bool { return c <= i }, func(int) bool { return r.IntN(2) == 0 })
			}
			for i, keep := range survivors {
				after := place()
				if err := d.PowerLoss(before, after, keep, r); err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("%s: power fails before %s, survivors %d", tr.name, d.Ops[k-1], i)
				dir := filepath.Join(after, "d")
				usable(t, what, dir, tr.old, tr.new)
				recovers(t, what, dir, [][]File{tr.new, tr.old, third}[i%3], tr.old != nil)
			}
			// The process alone ends: all of its operations survive.
			what := fmt.Sprintf("%s: killed before %s", tr.name, d.Ops[k-1])
			dir := filepath.Join(before, "d")
			usable(t, what, dir, tr.old, tr.new)
			recovers(t, what, dir, [][]File{tr.new, tr.old, third}[k%3], tr.old != nil)
		}
	}
}

// TestSuccessIsOnTheDisk cuts the power after the end.
func TestSuccessIsOnTheDisk(t *testing.T) {
	for _, tr := range transitions {
		top := memory(t)
		before, after := filepath.Join(top, "before"), filepath.Join(top, "after")
		if err := os.Mkdir(before, 0o777); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join("new", "d")
		if tr.old != nil {
			dir = "d"
			folder(t, filepath.Join(before, dir), tr.old)
		}
		d := crashdisk.New(before)
		if _, err := write(context.Background(), onDisk{d}, filepath.Join(before, dir), tr.new, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := d.PowerLoss(before, after, func(int) bool { return false }, rand.New(rand.NewPCG(1, 1))); err != nil {
			t.Fatal(err)
		}
		if got, _ := split(t, filepath.Join(after, dir), tr.old != nil); !maps.Equal(got, contents(tr.new)) {
			t.Errorf("%s: %v", tr.name, slices.Sorted(maps.Keys(got)))
		}
	}
}

// usable holds what is there against the sets: with a first file it is one of
// them, and every file is whole.
func usable(t *testing.T, what, dir string, oldFiles, newFiles []File) {
	t.Helper()
	old, new := contents(oldFiles), contents(newFiles)
	got, _ := split(t, dir, oldFiles != nil)
	if maps.Equal(got, old) || maps.Equal(got, new) {
		return
	}
	for f, text := range got {
		if o, isOld := old[f]; !(isOld && text == o) && text != new[f] {
			t.Errorf("%s: %s is %q", what, f, text)
		}
	}
	for _, key := range []string{newFiles[0].Path, append(oldFiles, newFiles...)[0].Path} {
		text, there := got[key]
		if !there {
			continue
		}
		// A part of the old set is no mixture.
		for f, x := range got {
			if text != old[key] || x != old[f] {
				t.Errorf("%s: a mixture with its key: %v", what, slices.Sorted(maps.Keys(got)))
				break
			}
		}
	}
}

// recovers runs once more, without force.
func recovers(t *testing.T, what, dir string, files []File, wantUsers bool) {
	t.Helper()
	if files == nil {
		files = set("other.go", "other")
	}
	d := crashdisk.New(dir)
	if _, err := write(context.Background(), onDisk{d}, dir, files, WriteOptions{}); err != nil {
		t.Errorf("%s: the next run: %v", what, err)
		return
	}
	got, temps := split(t, dir, wantUsers)
	if !maps.Equal(got, contents(files)) || len(temps) > 0 {
		t.Errorf("%s: the next run leaves %v and %v", what, slices.Sorted(maps.Keys(got)), temps)
	}
	changes, err := write(context.Background(), onDisk{d}, dir, files, WriteOptions{Plan: true})
	if err != nil || slices.ContainsFunc(changes, func(c Change) bool { return c.Kind != Same }) {
		t.Errorf("%s: then there is still %s, %v", what, kinds(changes), err)
	}
}

// TestWithoutHardLinks has a file system that knows none: a failure still leaves
// the old set.
func TestWithoutHardLinks(t *testing.T) {
	for k := 1; ; k++ {
		dir := filepath.Join(memory(t), "d")
		folder(t, dir, oldSet)
		d := crashdisk.New(dir)
		d.Fail, d.Err = k, syscall.EIO
		_, err := write(context.Background(), linkless{onDisk{d}}, dir, newSet, WriteOptions{})
		if len(d.Ops) < k {
			break
		}
		want := contents(newSet)
		if err != nil {
			want = contents(oldSet)
		}
		if got, _ := split(t, dir, true); !maps.Equal(got, want) {
			t.Errorf("%s fails (error %v): %v", d.Ops[k-1], err, slices.Sorted(maps.Keys(got)))
		}
	}
}

type linkless struct{ onDisk }

func (linkless) link(_, _ string) error { return syscall.ENOTSUP }
