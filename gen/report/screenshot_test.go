package report

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// browse opens a page in Chromium and returns what the flags ask for on standard
// output, and its log.
func browse(t *testing.T, chromium, file string, flags ...string) (out, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	args := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--v=0", "--user-data-dir=" + t.TempDir()}, flags...)
	cmd := exec.CommandContext(ctx, chromium, append(args, "file://"+file)...)
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, stderr.String())
	}
	return stdout.String(), stderr.String()
}

// shoot takes a picture of a page.
func shoot(t *testing.T, chromium, html string, width, height int) image.Image {
	t.Helper()
	dir := t.TempDir()
	file, picture := filepath.Join(dir, "p.html"), filepath.Join(dir, "p.png")
	if width < 500 { // no window is that narrow, a frame is
		frame := fmt.Sprintf(`<body style="margin:0"><iframe src="q.html" style="border:0;width:%dpx;height:%dpx"></iframe>`, width, height)
		if err := os.WriteFile(filepath.Join(dir, "q.html"), []byte(html), 0o666); err != nil {
			t.Fatal(err)
		}
		html = frame
	}
	if err := os.WriteFile(file, []byte(html), 0o666); err != nil {
		t.Fatal(err)
	}
	_, log := browse(t, chromium, file, fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+picture)
	for line := range strings.Lines(log) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser complains: %s", line)
		}
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if b := m.Bounds(); b.Dx() != width || b.Dy() != height {
		t.Fatalf("the picture is %v, want %d × %d", b, width, height)
	}
	return m
}

// The page is drawn: in a window and on a telephone, light and dark, every part has
// several colours, nothing reaches over the right edge, and the browser has nothing
// to complain of.
func TestScreenshots(t *testing.T) {
	chromium := testtool.Need(t, "chromium")
	p, _ := run(t, load(t, "potts20", "sample.chains=6", "sample.samples=200", "sample.warmup=50"))
	testPictures(t, chromium, page(t, p), 2400, 3600)
}

func TestTrainingScreenshots(t *testing.T) {
	chromium := testtool.Need(t, "chromium")
	testPictures(t, chromium, trainingPage(t, training(t)), 1800, 3300)
}

// testPictures looks at a page from its top to a height, in a window and on a
// telephone.
func testPictures(t *testing.T, chromium, html string, window, telephone int) {
	dark := strings.ReplaceAll(html, "(prefers-color-scheme:dark)", "all")
	for _, x := range []struct {
		name          string
		html          string
		width, height int
		paper         color.Color
	}{
		{"window, light", html, 1280, window, color.RGBA{0xff, 0xff, 0xff, 0xff}},
		{"window, dark", dark, 1280, window, color.RGBA{0x15, 0x18, 0x1c, 0xff}},
		{"telephone, dark", dark, 400, telephone, color.RGBA{0x15, 0x18, 0x1c, 0xff}},
	} {
		m := shoot(t, chromium, x.html, x.width, x.height)
		is := func(at, y int) bool {
			r, g, b, _ := m.At(at, y).RGBA()
			R, G, B, _ := x.paper.RGBA()
			return r == R && g == G && b == B
		}
		// A band of 300 pixels is a part of the page, whatever it shows.
		for top := 0; top+300 <= x.height; top += 300 {
			colours := map[color.Color]bool{}
			for y := top; y < top+300; y++ {
				for at := range x.width {
					colours[m.At(at, y)] = true
				}
			}
			if len(colours) < 12 {
				t.Errorf("%s: %d colours from pixel %d on", x.name, len(colours), top)
			}
		}
		for y := range x.height {
			if !is(0, y) || !is(x.width-1, y) || !is(x.width-5, y) {
				t.Errorf("%s: something reaches the edge at pixel %d", x.name, y)
				break
			}
		}
	}
}

// The document, which may run no script, has the rendered text and its charts.
func TestDocument(t *testing.T) {
	chromium := testtool.Need(t, "chromium")
	p, _ := run(t, load(t, "mixed", "sample.chains=4", "sample.samples=200"))
	file := filepath.Join(t.TempDir(), "p.html")
	if err := os.WriteFile(file, []byte(page(t, p)), 0o666); err != nil {
		t.Fatal(err)
	}
	dom, log := browse(t, chromium, file, "--dump-dom")
	if strings.Contains(log, "CONSOLE") {
		t.Error(log)
	}
	for _, want := range []string{"magnetisation/s", "share/b=4", "Marginals of a", "Do the chains agree?", p.Meta.Hash, `aria-label="Energy at each of 200 draws of 4 chains`, "s[0], block"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the document has no %q", want)
		}
	}
	if n := strings.Count(dom, `role="img"`); n < 8 {
		t.Errorf("%d charts with a text alternative", n)
	}
}
