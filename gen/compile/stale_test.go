package compile

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Folders of builds that were killed go after a day; that of a build that may be
// going on, and folders of others, stay.
func TestStaleWorkGoes(t *testing.T) {
	c := &cache{t.TempDir()}
	for name, stays := range map[string]bool{"work-old": false, "work-new": true, "other-old": true} {
		dir := filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Join(dir, "sampler"), 0o755); err != nil {
			t.Fatal(err)
		}
		if name != "work-new" {
			before := time.Now().Add(-2 * staleWork)
			if err := os.Chtimes(dir, before, before); err != nil {
				t.Fatal(err)
			}
		}
		defer func() {
			if _, err := os.Stat(dir); (err == nil) != stays {
				t.Errorf("%s: %v", name, err)
			}
		}()
	}
	c.prune()
}

// A binary that cannot be brought to the disk is not kept.
func TestKeepNeedsTheBinary(t *testing.T) {
	c := &cache{t.TempDir()}
	path := filepath.Join(c.dir, "bin-m-1")
	if err := c.keep(filepath.Join(c.dir, "none"), path); err == nil || c.hit(path) {
		t.Errorf("kept, %v", err)
	}
}
