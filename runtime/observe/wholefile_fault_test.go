package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool/crashdisk"
)

// wholeOnDisk is a crashdisk as WriteWholeFile takes it.
type wholeOnDisk struct{ *crashdisk.Disk }

func (d wholeOnDisk) rename(from, to string) error { return d.Rename(from, to) }
func (d wholeOnDisk) remove(name string) error     { return d.Remove(name) }
func (d wholeOnDisk) syncFolder(dir string) error  { return d.SyncFolder(dir) }

func (d wholeOnDisk) create(name string) (wholeTemp, error) {
	f, err := d.Create(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

var oldWhole, newWhole = []byte("old contents"), bytes.Repeat([]byte("new contents, more than a buffer holds. "), 10000)

// place is a folder with a result, if there is to be one, and a file of the user's.
func place(t *testing.T, old bool) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "r.npz")
	if err := os.WriteFile(filepath.Join(dir, ".r.npz.mine"), oldWhole, 0o666); err != nil {
		t.Fatal(err)
	}
	if old {
		if err := os.WriteFile(path, oldWhole, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir, path
}

func writeNew(d wholeDisk, path string) error {
	return writeWhole(context.Background(), d, path, func(w io.Writer) error {
		_, err := w.Write(newWhole)
		return err
	})
}

// inPlace reads what is at path, nil if there is nothing, and lists temporary
// files.
func inPlace(t *testing.T, dir string) (there []byte, temps []string) {
	t.Helper()
	there, err := os.ReadFile(filepath.Join(dir, "r.npz"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	temps, _ = filepath.Glob(filepath.Join(dir, ".*.tmp"))
	if mine, err := os.ReadFile(filepath.Join(dir, ".r.npz.mine")); err != nil || !bytes.Equal(mine, oldWhole) {
		t.Errorf("the user's file is %q, %v", mine, err)
	}
	return there, temps
}

// TestWholeFileFaultAtEveryOperation lets each operation fail: what is there is
// the old file, or the new one, and after an error before the rename the old one.
func TestWholeFileFaultAtEveryOperation(t *testing.T) {
	for _, f := range []struct {
		way crashdisk.Way
		err error
	}{{crashdisk.Refuse, syscall.EIO}, {crashdisk.Refuse, syscall.EDQUOT}, {crashdisk.Short, syscall.ENOSPC}, {crashdisk.Late, syscall.EINTR}} {
		for _, old := range []bool{false, true} {
			for k := 1; ; k++ {
				dir, path := place(t, old)
				d := crashdisk.New(dir)
				d.Fail, d.Way, d.Err = k, f.way, f.err
				err := writeNew(wholeOnDisk{d}, path)
				if len(d.Ops) < k {
					break
				}
				what := fmt.Sprintf("%s fails with %v (way %d), error %v", d.Ops[k-1], f.err, f.way, err)
				got, temps := inPlace(t, dir)
				before := bytes.Equal(got, oldWhole) == old && (old || got == nil)
				after := bytes.Equal(got, newWhole)
				late := strings.HasPrefix(d.Ops[k-1], "sync folder") || f.way == crashdisk.Late && strings.HasPrefix(d.Ops[k-1], "rename")
				switch {
				case !errors.Is(err, f.err):
					t.Errorf("%s: it is not told", what)
				case late && !after, !late && !before:
					t.Errorf("%s: there are %d bytes", what, len(got))
				}
				if len(temps) > 0 && !(f.way == crashdisk.Late && strings.HasPrefix(d.Ops[k-1], "create")) {
					t.Errorf("%s: %v is left", what, temps)
				}
			}
		}
	}
}

// TestWholeFileAfterPowerLoss cuts the power at each operation and after the
// last: there is the old file or the new one, and once success was told the new.
func TestWholeFileAfterPowerLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, old := range []bool{false, true} {
		for k, told := 1, false; !told; k++ {
			before, path := place(t, old)
			d := crashdisk.New(before)
			d.Fail, d.Way, d.Err = k, crashdisk.Crash, errors.New("crash")
			err := writeNew(wholeOnDisk{d}, path)
			told = err == nil
			for i := range 8 {
				after := filepath.Join(t.TempDir(), "after")
				if err := d.PowerLoss(before, after, func(int) bool { return i == 0 || i > 1 && r.IntN(2) == 0 }, r); err != nil {
					t.Fatal(err)
				}
				got, _ := inPlace(t, after)
				switch {
				case bytes.Equal(got, newWhole):
				case told:
					t.Errorf("success was told, and there are %d bytes", len(got))
				case old && !bytes.Equal(got, oldWhole), !old && got != nil:
					t.Errorf("power fails before %s: %d bytes are there", d.Ops[k-1], len(got))
				}
			}
		}
	}
}

// TestStaleTemporaryFiles removes what a killed process left of the same file,
// and nothing that may be in use.
func TestStaleTemporaryFiles(t *testing.T) {
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	dir, path := place(t, true)
	names := map[string]bool{ // and whether they are to stay
		fmt.Sprintf(".r.npz.%d-abc-0.tmp", ended.Process.Pid):      false,
		fmt.Sprintf(".r.npz.%d-abc-0.tmp", os.Getpid()):            false, // an earlier process of our number
		fmt.Sprintf(".r.npz.%d-%s-7.tmp", os.Getpid(), wholeRun):   true,
		fmt.Sprintf(".r.npz.%d-abc-0.tmp", os.Getppid()):           true,
		fmt.Sprintf(".other.npz.%d-abc-0.tmp", ended.Process.Pid):  true,
		fmt.Sprintf(".r.npz.%d-abc.tmp", ended.Process.Pid):        true,
		fmt.Sprintf(".r.npz.%d-abc-0.tmp.mine", ended.Process.Pid): true,
		fmt.Sprintf(".r.npz.x%d-abc-0.tmp", ended.Process.Pid):     true,
	}
	for name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), oldWhole, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeNew(osWholeDisk{}, path); err != nil {
		t.Fatal(err)
	}
	for name, stays := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLongNames writes files whose names are as long as names can be.
func TestLongNames(t *testing.T) {
	for _, unit := range []string{"a", "ä", "€"} {
		path := filepath.Join(t.TempDir(), strings.Repeat(unit, 250/len(unit))+".npz")
		if err := writeNew(osWholeDisk{}, path); err != nil {
			t.Error(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, newWhole) {
			t.Errorf("%v, %d bytes", err, len(got))
		}
	}
}
