// Package crashdisk is a file system that fails on purpose, for tests of what
// writes files. It works on a real folder and
//
//   - lets operation number Fail fail, in one of several ways, or
//   - ends the process, as far as the file system can tell: from operation Fail on
//     nothing happens any more. Afterwards PowerLoss makes the folder that a
//     machine would find whose power went at that moment.
//
// What survives a power failure is what POSIX promises: the bytes of a file up to
// its last Sync, and the names of a folder up to its last SyncFolder. Of
// what came later some has reached the disk and some has not, in any order;
// a rename has as a whole or not at all.
package crashdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Way is how an operation fails.
type Way int

const (
	Refuse Way = iota // nothing happens
	Short             // half of what is to be written is, nothing else happens
	Late              // it happens, and yet fails
	Crash             // neither it nor what follows happens
)

// Disk is a file system below a folder. Set Fail, Way and Err before its use.
type Disk struct {
	Fail int // the operation that fails, from 1; 0: none
	Way  Way
	Err  error // that it fails with

	Ops []string // what was asked for, in order

	names   map[string]*inode // what there is, by path
	durable map[string]*inode // what there is for certain
	pending []change          // of names, not on the disk for certain
}

// inode is a file or folder, whatever its names.
type inode struct {
	folder       bool
	data, synced []byte
}

// change is what one operation does to the names of a folder: it takes one away
// and sets another.
type change struct {
	folder    string
	gone, set string
	to        *inode
}

// New is a disk that holds what the folder holds, for certain.
func New(folder string) *Disk {
	d := &Disk{names: map[string]*inode{}, durable: map[string]*inode{}}
	filepath.WalkDir(folder, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n := &inode{folder: e.IsDir()}
		if !n.folder {
			n.data, _ = os.ReadFile(p)
			n.synced = n.data
		}
		d.names[p], d.durable[p] = n, n
		return nil
	})
	return d
}

// do counts an operation and does it, unless it is to fail.
func (d *Disk) do(name, file string, op func() error) error {
	d.Ops = append(d.Ops, name+" "+filepath.Base(file))
	k := len(d.Ops)
	switch {
	case k == d.Fail && d.Way == Late:
		if err := op(); err != nil {
			return err
		}
		return d.Err
	case k == d.Fail, d.Way == Crash && d.Fail > 0 && k > d.Fail:
		return &fs.PathError{Op: name, Path: file, Err: d.Err}
	}
	return op()
}

func (d *Disk) rename(gone, set string, to *inode) {
	if gone != "" {
		delete(d.names, gone)
	}
	if set != "" {
		d.names[set] = to
	}
	d.pending = append(d.pending, change{filepath.Dir(gone + set), gone, set, to})
}

// Lock fails or does nothing.
func (d *Disk) Lock(dir string) error { return d.do("lock", dir, func() error { return nil }) }

// Mkdir is os.Mkdir.
func (d *Disk) Mkdir(dir string) error {
	return d.do("mkdir", dir, func() error {
		err := os.Mkdir(dir, 0o777)
		if err == nil {
			d.rename("", dir, &inode{folder: true})
		}
		return err
	})
}

// Read is os.ReadFile.
func (d *Disk) Read(file string) (b []byte, err error) {
	err = d.do("read", file, func() error {
		b, err = os.ReadFile(file)
		return err
	})
	return b, err
}

// Link is os.Link.
func (d *Disk) Link(old, new string) error {
	return d.do("link", new, func() error {
		err := os.Link(old, new)
		if err == nil {
			d.rename("", new, d.names[old])
		}
		return err
	})
}

// Rename is os.Rename within one folder.
func (d *Disk) Rename(old, new string) error {
	return d.do("rename", new, func() error {
		if filepath.Dir(old) != filepath.Dir(new) {
			return fmt.Errorf("crashdisk: rename from one folder to another")
		}
		err := os.Rename(old, new)
		switch {
		case err != nil:
		case d.names[old] == d.names[new]: // two names of one file stay
		default:
			to := d.names[old]
			delete(d.names, old)
			d.names[new] = to
			d.pending = append(d.pending, change{filepath.Dir(new), old, new, to})
		}
		return err
	})
}

// Remove is os.Remove.
func (d *Disk) Remove(file string) error {
	return d.do("remove", file, func() error {
		err := os.Remove(file)
		if err == nil {
			d.rename(file, "", nil)
		}
		return err
	})
}

// SyncFolder makes the names of a folder certain.
func (d *Disk) SyncFolder(dir string) error {
	return d.do("sync folder", dir, func() error {
		for _, c := range d.pending {
			if c.folder == dir {
				c.apply(d.durable)
			}
		}
		d.pending = slices.DeleteFunc(d.pending, func(c change) bool { return c.folder == dir })
		return nil
	})
}

func (c change) apply(names map[string]*inode) {
	if c.gone != "" {
		delete(names, c.gone)
	}
	if c.set != "" {
		names[c.set] = c.to
	}
}

// Create makes a new file for writing.
func (d *Disk) Create(file string) (f *File, err error) {
	err = d.do("create", file, func() error {
		real, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			f = &File{disk: d, real: real, node: &inode{}}
			d.rename("", file, f.node)
		}
		return err
	})
	if err != nil && f != nil {
		f.real.Close()
		f = nil
	}
	return f, err
}

// File is a file being written.
type File struct {
	disk *Disk
	real *os.File
	node *inode
}

// Name is the path of the file.
func (f *File) Name() string { return f.real.Name() }

// Write adds to the end.
func (f *File) Write(b []byte) (n int, err error) {
	write := func() error {
		n, err = f.real.Write(b)
		f.node.data = append(slices.Clip(f.node.data), b[:n]...)
		return err
	}
	if d := f.disk; len(d.Ops)+1 == d.Fail && d.Way == Short {
		b = b[:len(b)/2]
		write()
	}
	err = f.disk.do("write", f.Name(), write)
	return n, err
}

// Sync makes the bytes certain.
func (f *File) Sync() error {
	return f.disk.do("sync", f.Name(), func() error {
		f.node.synced = f.node.data
		return nil
	})
}

// Close closes the file, whatever happens.
func (f *File) Close() error {
	closed := f.real.Close()
	return errors.Join(f.disk.do("close", f.Name(), func() error { return nil }), closed)
}

// Uncertain is how many changes of names a power failure may lose.
func (d *Disk) Uncertain() int { return len(d.pending) }

// PowerLoss makes in a new folder what a machine finds below the old one after
// the power went. Of the uncertain changes of names those survive that keep
// says; of bytes that were not brought to the disk, some chosen by r.
func (d *Disk) PowerLoss(old, new string, keep func(change int) bool, r *rand.Rand) error {
	names := map[string]*inode{}
	for p, n := range d.durable {
		names[p] = n
	}
	for i, c := range d.pending {
		if keep(i) {
			c.apply(names)
		}
	}
	paths := make([]string, 0, len(names))
	for p := range names {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		rel, inside := strings.CutPrefix(p, old)
		if !inside || rel != "" && rel[0] != filepath.Separator {
			continue
		}
		to := new + rel
		if parent := names[filepath.Dir(p)]; rel != "" && (parent == nil || !parent.folder) {
			delete(names, p) // its folder is not there
			continue
		}
		if names[p].folder {
			if err := os.Mkdir(to, 0o777); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(to, names[p].survivor(r), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// survivor is what is on the disk of a file: what was synced, or with some of
// what was written later, or with zeros in its place.
func (n *inode) survivor(r *rand.Rand) []byte {
	more := len(n.data) - len(n.synced)
	if more == 0 {
		return n.synced
	}
	b := slices.Clone(n.data[:len(n.synced)+r.IntN(more+1)])
	if r.IntN(2) == 0 {
		clear(b[len(n.synced):])
	}
	return b
}
