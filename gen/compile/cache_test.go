package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Whatever goes into a binary is in its name.
func TestCachePath(t *testing.T) {
	c := &cache{"d"}
	files := func(path, text string) []emit.File { return []emit.File{{Path: path, Data: []byte(text)}} }
	seen := map[string]bool{}
	for _, p := range []string{
		c.path("m", files("a", "b"), "go1.24", Options{OS: "linux", Arch: "amd64"}),
		c.path("n", files("a", "b"), "go1.24", Options{OS: "linux", Arch: "amd64"}),
		c.path("m", files("a", "c"), "go1.24", Options{OS: "linux", Arch: "amd64"}),
		c.path("m", files("b", "b"), "go1.24", Options{OS: "linux", Arch: "amd64"}),
		c.path("m", append(files("a", "b"), files("c", "")...), "go1.24", Options{OS: "linux", Arch: "amd64"}),
		c.path("m", files("a", "b"), "go1.25", Options{OS: "linux", Arch: "amd64"}),
		c.path("m", files("a", "b"), "go1.24", Options{OS: "windows", Arch: "amd64"}),
		c.path("m", files("a", "b"), "go1.24", Options{OS: "linux", Arch: "arm64"}),
		c.path("m", files("a", "b"), "go1.24", Options{OS: "linux", Arch: "amd64", Ship: true}),
	} {
		if seen[p] {
			t.Errorf("%s stands for two binaries", p)
		}
		seen[p] = true
	}
}

// The cache keeps the binaries used last, and touches nothing else.
func TestCachePrune(t *testing.T) {
	c := &cache{t.TempDir()}
	put := func(name string, age int) {
		t.Helper()
		path := filepath.Join(c.dir, name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		when := time.Unix(1e9-int64(age), 0)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	put("other", 1000)
	for age := range keptBinaries + 2 {
		put(fmt.Sprintf("bin-m-%02d", age), age)
	}
	oldest := filepath.Join(c.dir, fmt.Sprintf("bin-m-%02d", keptBinaries+1))
	if !c.hit(oldest) { // used again
		t.Fatal("a binary is not found")
	}
	c.prune()
	for name, want := range map[string]bool{
		"other": true, "bin-m-00": true, fmt.Sprintf("bin-m-%02d", keptBinaries+1): true,
		fmt.Sprintf("bin-m-%02d", keptBinaries): false, fmt.Sprintf("bin-m-%02d", keptBinaries-1): false,
	} {
		if _, err := os.Stat(filepath.Join(c.dir, name)); (err == nil) != want {
			t.Errorf("%s: %v, should be kept: %v", name, err, want)
		}
	}
}
