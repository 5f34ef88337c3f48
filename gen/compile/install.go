package compile

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// IsOurs says whether a file is a program that Build made: its build information
// names a module of ours, or our folder in the user's.
func IsOurs(file string) bool {
	info, err := buildinfo.ReadFile(file)
	return err == nil && (strings.HasPrefix(info.Main.Path, modulePrefix) || strings.HasPrefix(path.Base(info.Path), linkFolder))
}

// Install copies a binary to a path, with mode 0755: as a whole or not at all, and
// at once, so that a running program of this name goes on. It returns the size.
func Install(ctx context.Context, binary, path string) (int64, error) {
	from, err := os.Open(binary)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return 0, err
	}
	size, err := io.Copy(to, from)
	if err == nil {
		err = to.Chmod(0o755)
	}
	if err == nil {
		err = to.Sync()
	}
	if closing := to.Close(); err == nil {
		err = closing
	}
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = os.Rename(to.Name(), path)
	}
	if err != nil {
		os.Remove(to.Name())
		return 0, err
	}
	return size, nil
}

// CanInstall says why a path is no place for a binary: it is a folder or a device,
// or, unless force is set, a file that Build did not make. A symbolic link is
// followed; the result is the path behind it.
func CanInstall(path string, force bool) (string, error) {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return path, nil // that nothing can be written there shows when it is
	case info.IsDir():
		return "", &PlaceError{path, "is a folder", false}
	case !info.Mode().IsRegular():
		return "", &PlaceError{path, fmt.Sprintf("is no regular file (%s)", fs.FormatFileInfo(info)), false}
	case !force && !IsOurs(path):
		return "", &PlaceError{path, "is a file that thrmlgen did not build", true}
	}
	return path, nil
}

// A PlaceError says why a binary is not put somewhere.
type PlaceError struct {
	Path   string
	Reason string
	Force  bool // it would be, if forced
}

func (e *PlaceError) Error() string { return e.Path + " " + e.Reason }
