//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gen

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lockWait is how long a second generator waits for the first.
const lockWait = 30 * time.Second

// lockFolder locks a folder against other generators. The lock is on the folder
// itself, so no file of it remains, even after a kill.
func lockFolder(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockWait); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { f.Close() }, nil
		case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOLCK):
			return func() { f.Close() }, nil // a file system without locks
		case errors.Is(err, syscall.EWOULDBLOCK) && time.Now().After(end):
			f.Close()
			return nil, errors.New("another thrmlgen is writing to it")
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			f.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
