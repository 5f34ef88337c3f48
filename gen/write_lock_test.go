//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gen

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestLockedFolder has another generator at work: a run waits for it, and an
// interrupted one leaves everything as it was.
func TestLockedFolder(t *testing.T) {
	dir := filepath.Join(memory(t), "d")
	writeFast(t, dir, oldSet)
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := Write(ctx, dir, newSet, WriteOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if got := tree(t, dir); !maps.Equal(got, contents(oldSet)) {
		t.Errorf("there is %v", got)
	}
	done := make(chan error)
	go func() {
		_, err := Write(context.Background(), dir, newSet, WriteOptions{})
		done <- err
	}()
	time.Sleep(100 * time.Millisecond)
	if got := tree(t, dir); !maps.Equal(got, contents(oldSet)) {
		t.Errorf("written into a locked folder: %v", got)
	}
	syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); !maps.Equal(got, contents(newSet)) {
		t.Errorf("there is %v", got)
	}
}
