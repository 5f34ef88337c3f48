// Package examples_test does what the READMEs of the examples say. Every block
//
//	```sh
//	command
//	```
//
// is run by a shell in a copy of the folder. A block directly behind it, of any
// other language, is what the commands print; a line … stands for any lines.
// Pictures that the commands make are compared with those checked in. A block
// ```sh slow is left out, and files that it would make are the checked-in ones.
//
//	go test ./examples -update          write what is printed and drawn into the folders
//	go test ./examples -slow [-update]  with the slow blocks
//
// Samples are the same bits on every machine, so that only times differ.
package examples_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

var (
	update = flag.Bool("update", false, "write what the commands print and draw into the folders")
	slow   = flag.Bool("slow", false, "run the slow blocks, too")
)

func TestExamples(t *testing.T) {
	testtool.Need(t, "go")
	root := testtool.Root(t)
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "thrmlgen"), "./gen/cmd/thrmlgen")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"quickstart", "ising_critical", "maxcut", "potts_domains", "training_chain4", "digits_rbm",
		"gaussian_grid", "gaussian_bernoulli", "cubic", "pegasus_gradient", "own_sampler", "fpga_torus", "densities", "double_well", "two_moons"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &example{dir: filepath.Join(root, "examples", name), work: t.TempDir(), bin: bin}
			x.copy(t, root)
			x.run(t)
			x.results(t)
		})
	}
}

// An example is a folder and the copy of it that its commands run in.
type example struct {
	dir, work, bin string
}

// copy takes over the folder but for its pictures, and makes it a module that
// finds thrmlgen here, as the folder itself does.
func (x *example) copy(t *testing.T, root string) {
	t.Helper()
	if err := os.CopyFS(x.work, os.DirFS(x.dir)); err != nil {
		t.Fatal(err)
	}
	for _, f := range pictures(t, x.work) {
		os.Remove(f)
	}
	mod := read(t, filepath.Join(root, "go.mod"))
	const module = "github.com/thrmlgen/thrmlgen"
	mod = strings.Replace(mod, "module "+module, "module example", 1)
	mod += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", module, module, root)
	write(t, filepath.Join(x.work, "go.mod"), mod)
	write(t, filepath.Join(x.work, "go.sum"), read(t, filepath.Join(root, "go.sum")))
}

// pictures are the .png and .svg files of a folder.
func pictures(t *testing.T, dir string) []string {
	t.Helper()
	return append(files(t, dir, "*.png"), files(t, dir, "*.svg")...)
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// block is commands, and what they print behind them, "" where nothing is shown.
var block = regexp.MustCompile("(?m)^```sh( slow)?\n((?:[^`].*\n|\n)*)```\n(?:\n```([a-z]+)\n((?:[^`].*\n|\n)*)```\n)?")

// run runs the blocks of the README.
func (x *example) run(t *testing.T) {
	file := filepath.Join(x.dir, "README.md")
	text := read(t, file)
	ran := 0
	text = block.ReplaceAllStringFunc(text, func(b string) string {
		m := block.FindStringSubmatch(b)
		isSlow, commands, language, want := m[1] != "", m[2], m[3], m[4]
		if language == "sh" { // two blocks of commands, one behind the other
			t.Errorf("%s: text between blocks of commands is needed:\n%s", file, commands)
			return b
		}
		if isSlow && !*slow {
			return b
		}
		ran++
		got := x.shell(t, commands)
		if language == "" || matches(want, got) {
			return b
		}
		if *update {
			if strings.Contains(want, "\n…\n") {
				t.Errorf("%s\nprints\n%s\nbring the README up to it by hand", commands, got)
				return b
			}
			return strings.Replace(b, "```"+language+"\n"+want, "```"+language+"\n"+got, 1)
		}
		t.Errorf("%s\nprints\n%s\nthe README says\n%s", commands, got, want)
		return b
	})
	if ran == 0 {
		t.Errorf("%s has no commands to run", file)
	}
	if *update {
		write(t, file, text)
	}
}

// shell runs commands and returns what they print on both outputs.
func (x *example) shell(t *testing.T, commands string) string {
	t.Helper()
	cmd := exec.Command("sh", "-e")
	cmd.Dir = x.work
	cmd.Stdin = strings.NewReader(commands)
	cmd.Env = append(os.Environ(), "PATH="+x.bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "GOWORK=off", "GOFLAGS=-mod=mod")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s\n%s%v", commands, out.String(), err)
	}
	return out.String()
}

// matches compares line by line, without times and widths of columns.
func matches(want, got string) bool {
	expr := ""
	for line := range strings.Lines(timeless(want)) {
		if strings.TrimSpace(line) == "…" {
			expr += `(?:.*\n)*?`
			continue
		}
		expr += regexp.QuoteMeta(line)
	}
	return regexp.MustCompile(`^` + expr + `$`).MatchString(timeless(got))
}

// timeless masks what depends on the clock: the line of the speed, the column
// ESS/s, times of steps; and joins blanks, which follow from the widths of these.
func timeless(text string) string {
	var out strings.Builder
	perSecond := false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			perSecond = false
		case words[0] == "speed":
			words = words[:1]
		case strings.Contains(line, "ESS/s"):
			perSecond = true
		case perSecond && len(words) > 2:
			words[len(words)-2] = "*"
		}
		joined := strings.Join(words, " ")
		out.WriteString(duration.ReplaceAllString(joined, " in *") + "\n")
	}
	return out.String()
}

var duration = regexp.MustCompile(` in [0-9.]+(ms|s|µs)\b`)

// results compares the pictures that were made with those checked in.
func (x *example) results(t *testing.T) {
	made := pictures(t, x.work)
	for _, f := range made {
		kept := filepath.Join(x.dir, filepath.Base(f))
		if *update {
			write(t, kept, read(t, f))
			continue
		}
		compare(t, f, kept)
	}
	if *update && *slow {
		for _, kept := range files(t, x.dir, "*.npz") {
			write(t, kept, read(t, filepath.Join(x.work, filepath.Base(kept))))
		}
	}
	all := pictures(t, x.dir)
	if len(all) != len(made) {
		t.Errorf("%d pictures are checked in, the commands made %d", len(all), len(made))
	}
	for _, f := range all {
		if i, err := os.Stat(f); err != nil || i.Size() > 60_000 {
			t.Errorf("%s: %d bytes are too many for a picture %v", f, i.Size(), err)
		}
	}
}

// compare allows one pixel, or one number, in 200 to differ: a last digit of a
// figure may move a label or the edge of a line.
func compare(t *testing.T, got, want string) {
	t.Helper()
	if strings.HasSuffix(got, ".svg") {
		differ(t, got, strings.Fields(read(t, got)), strings.Fields(read(t, want)))
		return
	}
	differ(t, got, pixels(t, got), pixels(t, want))
}

func differ[T comparable](t *testing.T, file string, a, b []T) {
	t.Helper()
	if len(a) != len(b) {
		t.Errorf("%s has %d words or pixels, the one checked in %d", filepath.Base(file), len(a), len(b))
		return
	}
	different := 0
	for i := range a {
		if a[i] != b[i] {
			different++
		}
	}
	if different*200 > len(a) {
		t.Errorf("%s differs from the one checked in at %d of %d places", filepath.Base(file), different, len(a))
	}
}

func pixels(t *testing.T, file string) []color.Color {
	t.Helper()
	m, _, err := image.Decode(strings.NewReader(read(t, file)))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var list []color.Color
	size := m.Bounds()
	for y := range size.Dy() {
		for x := range size.Dx() {
			list = append(list, m.At(x, y))
		}
	}
	return list
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
