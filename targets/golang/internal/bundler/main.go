// Bundler merges the runtime packages that a sampler needs into one file, and the
// assembly with it into a few more, which emitted packages carry in place of an
// import. Run it by go generate.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

// runtimePackages are merged in this order. Their top-level identifiers are unique across
// all of them, so that nothing is renamed.
var runtimePackages = []string{"rng", "vector", "sampling", "stats", "npy", "observe", "serve", "train"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bundler: ")
	out := flag.String("o", "bundle", "folder to write to")
	flag.Parse()
	files, err := bundle(runtimePackages)
	if err != nil {
		log.Fatal(err)
	}
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(*out, name+".txt"), src, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
