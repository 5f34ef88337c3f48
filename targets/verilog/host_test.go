package verilog_test

import (
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/hdl"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// hostMain prints the image of the initial states of a group of chains.
const hostMain = `
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "MODEL.h"
int main(int argc, char **argv) {
  static uint16_t states[K][NODES], seen[NODES];
  static uint32_t words[UPPER_LOAD_WORDS_VALUE], mask[(NODES + 31) / 32], value[UPPER_FRAME_WORDS];
  uint64_t seed = strtoull(argv[1], 0, 0), sweep = strtoull(argv[3], 0, 0);
  uint32_t group = (uint32_t)strtoul(argv[2], 0, 0);
  MODEL_start(seed, group, states);
  MODEL_image(seed, group, sweep, states, words);
  for (uint32_t i = 0; i < UPPER_LOAD_WORDS_VALUE; i++) printf("%08" PRIx32 "\n", words[i]);
  for (uint32_t n = 0; n < NODES; n++) MODEL_clamp(n, states[0][n], mask, value);
  MODEL_frame(value, seen);
  for (uint32_t n = 0; n < NODES; n++)
    if (seen[n] != states[0][n] || !(mask[n / 32] >> n % 32 & 1)) printf("node %" PRIu32 "\n", n);
  return argc != 4;
}
`

// The words that the library in C computes are those of Go, for the states that the
// interpreter begins with: another seed, a later group of chains, a later sweep.
func TestHost(t *testing.T) {
	gcc := testtool.Need(t, "gcc")
	texts := map[string]string{"zeros": strings.Replace(corpus["mixed"], "model: mixed", "model: zeros\ninit: zeros", 1)}
	for name, text := range corpus {
		texts[name] = text
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := targettest.Parse(text)
			dir := hdl.Project(t, p)
			b, err := verilog.NewBench(p)
			if err != nil {
				t.Fatal(err)
			}
			k := b.Group()
			source := strings.NewReplacer("MODEL", name, "UPPER", strings.ToUpper(name), "NODES", fmt.Sprint(p.Nodes), "[K]", fmt.Sprintf("[%d]", k)).Replace(hostMain)
			if err := os.WriteFile(filepath.Join(dir, "host", "main.c"), []byte(source), 0o666); err != nil {
				t.Fatal(err)
			}
			hdl.Tool(t, dir, gcc, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-o", "host/main", "host/main.c", "host/"+name+".c")
			for _, c := range []struct {
				seed  uint64
				group int
				sweep uint64
			}{{p.Sample.Seed, 0, 0}, {1<<63 + 12345, 3, 1<<48 - 1}} {
				m, err := interp.New(p, (c.group+1)*k, c.seed)
				if err != nil {
					t.Fatal(err)
				}
				words, err := b.Image(c.seed, c.group, c.sweep, m.State()[c.group*k:])
				if err != nil {
					t.Fatal(err)
				}
				want := &strings.Builder{}
				for _, w := range words {
					fmt.Fprintf(want, "%08x\n", w)
				}
				if got := hdl.Tool(t, dir, "host/main", fmt.Sprint(c.seed), fmt.Sprint(c.group), fmt.Sprint(c.sweep)); got != want.String() {
					t.Errorf("%+v: the words of C and Go differ", c)
				}
			}
		})
	}
}

// An image of a number of chains that the array does not run is refused.
func TestImageOfFewChains(t *testing.T) {
	p, _ := targettest.Parse(corpus["torus"])
	b, err := verilog.NewBench(p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := interp.New(p, b.Group(), p.Sample.Seed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Image(1, 0, 0, m.State()[1:]); err == nil {
		t.Error("an image of too few chains")
	}
}

// The constants in Go are what gofmt makes of them.
func TestRegistersInGo(t *testing.T) {
	p, _ := targettest.Parse(corpus["mixed"])
	name := filepath.Join(hdl.Project(t, p), "host", "registers", "registers.go")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := format.Source(text); err != nil || string(want) != string(text) {
		t.Errorf("%v\n%s", err, text)
	}
}
