package gen

import (
	"errors"
	"os"
	"runtime"
)

// disk is what Write does to the file system. Tests let each operation fail.
type disk interface {
	mkdir(dir string) error
	save(file string, data []byte) error // a new file, brought to the disk
	link(old, new string) error
	rename(old, new string) error
	remove(file string) error
	syncFolder(dir string) error
}

type osDisk struct{}

func (osDisk) mkdir(dir string) error       { return os.Mkdir(dir, 0o777) }
func (osDisk) link(old, new string) error   { return os.Link(old, new) }
func (osDisk) rename(old, new string) error { return os.Rename(old, new) }
func (osDisk) remove(file string) error     { return os.Remove(file) }

func (osDisk) save(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, syncFile(f), f.Close())
}

func syncFile(f *os.File) error { return f.Sync() }

// syncFolder brings renames to the disk where the system can open folders.
func (osDisk) syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
