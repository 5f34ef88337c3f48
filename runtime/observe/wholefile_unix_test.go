//go:build unix

package observe_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

// A pipe is written to, not replaced by a file; a link is followed, not replaced.
func TestPipesAndLinks(t *testing.T) {
	dir := t.TempDir()
	pipe, link, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	write := func(w io.Writer) error {
		_, err := io.WriteString(w, "whole")
		return err
	}
	got := make(chan string)
	go func() {
		b, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		got <- string(b)
	}()
	if err := observe.WriteWholeFile(context.Background(), pipe, write); err != nil {
		t.Fatal(err)
	}
	if b := <-got; b != "whole" {
		t.Errorf("the pipe gave %q", b)
	}
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := observe.WriteWholeFile(context.Background(), link, write); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if b, _ := os.ReadFile(file); string(b) != "whole" {
		t.Errorf("the file holds %q", b)
	}
}
