package gen

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
)

// disk is what Write does to the file system. Tests let each operation fail.
type disk interface {
	lock(ctx context.Context, dir string) (unlock func(), err error)
	mkdir(dir string) error
	create(file string) (diskFile, error) // a new one
	read(file string) ([]byte, error)
	link(old, new string) error
	rename(old, new string) error
	remove(file string) error
	syncFolder(dir string) error
}

// diskFile is a file being written.
type diskFile interface {
	Write(b []byte) (int, error)
	Sync() error
	Close() error
}

type osDisk struct{}

func (osDisk) mkdir(dir string) error           { return os.Mkdir(dir, 0o777) }
func (osDisk) read(file string) ([]byte, error) { return os.ReadFile(file) }
func (osDisk) link(old, new string) error       { return os.Link(old, new) }
func (osDisk) rename(old, new string) error     { return os.Rename(old, new) }
func (osDisk) remove(file string) error         { return os.Remove(file) }
func (osDisk) create(f string) (diskFile, error) {
	return os.OpenFile(f, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

func (osDisk) lock(ctx context.Context, dir string) (func(), error) { return lockFolder(ctx, dir) }

// syncFolder brings names to the disk, where the system can do that for folders.
func (osDisk) syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
