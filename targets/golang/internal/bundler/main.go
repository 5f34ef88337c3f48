// Bundler merges the runtime packages that a sampler needs into one file, which
// emitted packages carry in place of an import. Run it by go generate.
package main

import (
	"flag"
	"log"
	"os"
)

// runtimePackages are merged in this order. Their top-level identifiers are unique across
// all of them, so that nothing is renamed.
var runtimePackages = []string{"rng", "sampling", "stats", "npy", "observe", "serve", "train"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bundler: ")
	out := flag.String("o", "runtime.go.txt", "file to write")
	flag.Parse()
	src, err := bundle(runtimePackages)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, src, 0o644); err != nil {
		log.Fatal(err)
	}
}
