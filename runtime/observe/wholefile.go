package observe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// WriteWholeFile writes a file that is there as a whole or not at all: into a
// temporary file in the same folder, which is synced and then renamed. After an
// error or when ctx is done the temporary file is gone and path is as it was; an
// error after the rename, of the folder, leaves the new file. What a process that
// was killed left of its own attempt to write path is removed. A path that is
// there but no regular file (a pipe, a device) is written to as it is; a symbolic
// link is followed.
func WriteWholeFile(ctx context.Context, path string, write func(io.Writer) error) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	} else if _, link := os.Readlink(path); link == nil {
		return err // it leads nowhere
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeThrough(ctx, path, write)
	}
	return writeWhole(ctx, osWholeDisk{}, path, write)
}

// wholeDisk is what writing a whole file does to the file system. Tests let each
// operation fail.
type wholeDisk interface {
	create(name string) (wholeTemp, error)
	rename(from, to string) error
	remove(name string) error
	syncFolder(dir string) error
}

type wholeTemp interface {
	io.WriteCloser
	Sync() error
}

func writeWhole(ctx context.Context, d wholeDisk, path string, write func(io.Writer) error) error {
	removeStale(d, path)
	temp, f, err := createBeside(d, path)
	if err != nil {
		return err
	}
	if err = writeAll(ctx, f, write); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = d.rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, d.remove(temp))
	}
	return d.syncFolder(filepath.Dir(path))
}

// wholeRun tells this process from an earlier one of the same number.
var wholeRun = strconv.FormatInt(time.Now().UnixNano(), 36)

// createBeside makes a new file in the folder of path, with the permissions that
// path would get.
func createBeside(d wholeDisk, path string) (name string, f wholeTemp, err error) {
	for i := range 1000 {
		name = filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%d-%s-%d.tmp", tempStart(path), os.Getpid(), wholeRun, i))
		if f, err = d.create(name); !errors.Is(err, os.ErrExist) {
			return name, f, err
		}
	}
	return "", nil, fmt.Errorf("%s: no name for a temporary file is free", path)
}

// tempStart begins the names of temporary files for path.
func tempStart(path string) string {
	base := filepath.Base(path)
	return "." + strings.ToValidUTF8(base[:min(len(base), 150)], "") + "."
}

// removeStale removes the temporary files for path of processes that are gone.
func removeStale(d wholeDisk, path string) {
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), tempStart(path))
		if !ok || !strings.HasSuffix(rest, ".tmp") {
			continue
		}
		part := strings.Split(rest, "-")
		pid, err := strconv.Atoi(part[0])
		if len(part) == 3 && err == nil && (pid == os.Getpid() && part[1] != wholeRun || processGone(pid)) {
			_ = d.remove(filepath.Join(dir, e.Name())) // the next run tries again
		}
	}
}

// processGone says whether there is certainly no such process, by sending it
// signal 0, of whatever type signals have on this system.
func processGone(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release()
	zero := reflect.Zero(reflect.TypeOf(os.Interrupt)).Interface().(os.Signal)
	return errors.Is(p.Signal(zero), os.ErrProcessDone)
}

func writeThrough(ctx context.Context, path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = writeAll(ctx, f, write)
	return errors.Join(err, f.Close())
}

func writeAll(ctx context.Context, f io.Writer, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(cancelWriter{ctx, f}, 1<<18)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// A cancelWriter fails once its context is done.
type cancelWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c cancelWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

type osWholeDisk struct{}

func (osWholeDisk) rename(from, to string) error { return os.Rename(from, to) }
func (osWholeDisk) remove(name string) error     { return os.Remove(name) }

func (osWholeDisk) create(name string) (wholeTemp, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osWholeDisk) syncFolder(dir string) error { return syncFolder(dir) }

// syncFolder makes a rename last through a power failure, where the system can.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil // not every system, and not every permission, lets folders be opened
	}
	defer d.Close()
	if err := d.Sync(); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}
