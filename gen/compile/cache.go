package compile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// keptBinaries is how many binaries the cache holds; the ones that were not used
// for longest go first.
const keptBinaries = 32

// workPrefix begins the names of folders that builds work in.
const workPrefix = "work-"

// cache is a folder of binaries, each under a digest of all that made it.
type cache struct{ dir string }

func openCache(dir string) (*cache, error) {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no folder for compiled samplers: %w", err)
		}
		dir = filepath.Join(user, "thrmlgen")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &cache{dir}, os.MkdirAll(dir, 0o700)
}

// path is where the binary made of some files by some compiler is.
func (c *cache) path(model string, files []emit.File, goVersion string, o Options) string {
	goos, goarch := o.target()
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %v\n", emit.Version, goVersion, goos, goarch, o.Ship)
	for _, f := range files {
		fmt.Fprintf(h, "%q %d\n", f.Path, len(f.Data))
		h.Write(f.Data)
	}
	name := "bin-" + model + "-" + hex.EncodeToString(h.Sum(nil)[:12])
	if goos == "windows" {
		name += ".exe"
	}
	return filepath.Join(c.dir, name)
}

// hit reports whether a binary is there, and marks it as used.
func (c *cache) hit(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	now := time.Now()
	os.Chtimes(path, now, now) // only the order of removal hangs on it
	return true
}

// keep moves a new binary to its place: at once, so that no other process sees
// half of it, and once it is on the disk, so that no later one does after a power
// failure.
func (c *cache) keep(binary, path string) error {
	if err := syncBinary(binary); err != nil {
		return err
	}
	if err := os.Rename(binary, path); err != nil && !c.hit(path) {
		return err
	}
	c.prune()
	return nil
}

// syncBinary opens for reading: a program that is open for writing cannot be
// started. Windows syncs no such file.
func syncBinary(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && runtime.GOOS != "windows" {
		return err
	}
	return nil
}

// staleWork is the age from which a folder of sources is one of a build that was
// killed.
const staleWork = 24 * time.Hour

// prune removes the binaries that were not used for longest, and what builds left
// that were killed. What cannot be removed stays.
func (c *cache) prune() {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	var kept []os.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case strings.HasPrefix(e.Name(), "bin-") && info.Mode().IsRegular():
			kept = append(kept, info)
		case strings.HasPrefix(e.Name(), workPrefix) && info.IsDir() && time.Since(info.ModTime()) > staleWork:
			os.RemoveAll(filepath.Join(c.dir, e.Name()))
		}
	}
	slices.SortFunc(kept, func(a, b os.FileInfo) int { return cmp.Compare(b.ModTime().UnixNano(), a.ModTime().UnixNano()) })
	for _, old := range kept[min(len(kept), keptBinaries):] {
		os.Remove(filepath.Join(c.dir, old.Name()))
	}
}
