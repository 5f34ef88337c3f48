package observe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteWholeFile writes a file that is there as a whole or not at all: into a
// temporary file in the same folder, which is synced and then renamed. After an
// error or when ctx is done the temporary file is gone and path is as it was. A
// path that is there but no regular file (a pipe, a device) is written to as it
// is; a symbolic link is followed.
func WriteWholeFile(ctx context.Context, path string, write func(io.Writer) error) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeThrough(ctx, path, write)
	}
	f, err := createBeside(path)
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
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// createBeside makes a new file in the folder of path, with the permissions that
// path would get.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	for i := range 1000 {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%d-%d.tmp", base, os.Getpid(), i))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("%s: no name for a temporary file is free", path)
}

func writeThrough(ctx context.Context, path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = writeAll(ctx, f, write)
	return errors.Join(err, f.Close())
}

func writeAll(ctx context.Context, f *os.File, write func(io.Writer) error) error {
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

// syncFolder makes a rename last through a power failure, where the system can.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
