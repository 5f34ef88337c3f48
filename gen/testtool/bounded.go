package testtool

import (
	"flag"
	"runtime"
	"testing"
	"time"
)

// What one input may cost a reader while it is fuzzed.
const (
	mostTime  = 2 * time.Second
	mostBytes = 512 << 20
)

// Bounded reads an input. While the test is fuzzed, an input that takes longer or
// allocates more than any may is a failure; in other runs, where a busy machine
// would decide, it is not.
func Bounded(t testing.TB, read func()) {
	t.Helper()
	if f := flag.Lookup("test.fuzzworker"); f == nil || f.Value.String() != "true" {
		read()
		return
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	read()
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; took > mostTime || bytes > mostBytes {
		t.Errorf("took %v and %d MiB", took, bytes>>20)
	}
}
