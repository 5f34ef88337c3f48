package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// script writes a program that prints a text.
func script(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nprintf '"+text+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func toolNamed(d *doctorJSON, name string) toolJSON {
	for _, x := range d.Tools {
		if x.Name == name {
			return x
		}
	}
	return toolJSON{}
}

// TestDoctor looks at machines with few tools.
func TestDoctor(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the tools are shell scripts")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	t.Setenv("HOME", dir)

	var d doctorJSON
	promised(t, &d, "targets emits tools cache cpus os arch", "doctor", "--set", "sample.chains=1")
	if len(d.Targets) != len(engineNames) || len(d.Tools) != len(tools) || d.CPUs < 1 || d.Cache.Files != 0 {
		t.Errorf("%+v", d)
	}
	for _, x := range d.Targets {
		if x.Works != (x.Name == "table" || x.Name == "interp") || x.Name == "go" && !strings.Contains(x.Why, "no go command is on the PATH") {
			t.Errorf("without tools: %+v", x)
		}
	}
	for _, x := range d.Tools {
		if x.Found || x.For == "" {
			t.Errorf("without tools: %+v", x)
		}
	}

	script(t, dir, "go", "go1.21.0\\n")
	script(t, dir, "dot", "dot - graphviz version 2.43.0 (0)\\n")
	script(t, dir, "yosys", "\\n/----\\nYosys 0.23 (git)\\n")
	script(t, dir, "g++", "g++ without a number\\n")
	promised(t, &d, "", "doctor")
	if x := toolNamed(&d, "dot"); !x.Found || !x.Used || x.Version != "dot - graphviz version 2.43.0 (0)" || x.Path != filepath.Join(dir, "dot") {
		t.Errorf("%+v", x)
	}
	if x := toolNamed(&d, "yosys"); !x.Found || x.Version != "Yosys 0.23 (git)" || x.Used != hasTarget("verilog") {
		t.Errorf("%+v", x)
	}
	if x := toolNamed(&d, "c++"); x.Path != filepath.Join(dir, "g++") || x.Version != "g++ without a number" {
		t.Errorf("%+v", x)
	}
	if x := d.Targets[2]; x.Works || !strings.Contains(x.Why, "compiling needs Go 1.24 or later") {
		t.Errorf("with an old go: %+v", x)
	}
	cache := filepath.Join(dir, "cache", "thrmlgen")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cache, "bin-x"), make([]byte, 2048), 0o755); err != nil {
		t.Fatal(err)
	}
	text, _ := thrmlgen(t, 0, "doctor")
	for _, want := range []string{"go       does not work  ", "dot           dot - graphviz version 2.43.0 (0)  draws", "python3       not found", cache + ": 1 file, 2.0 KiB"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "no target of this version uses") {
		t.Errorf("tools that are of no use:\n%s", text)
	}
}

func hasTarget(name string) bool { return engines[name] != nil }

// TestDoctorKnowsTheTargets holds that doctor speaks of every target, and that
// run does what it says.
func TestDoctorKnowsTheTargets(t *testing.T) {
	for _, name := range engineNames {
		check := targetChecks[name]
		if check == nil {
			t.Errorf("doctor does not know the target %s", name)
			continue
		}
		want := 4
		if works, _ := check(context.Background()); works {
			want = 0
		}
		thrmlgen(t, want, "run", "models/chain5", "--target", name, "--samples", "2", "--quiet")
	}
	for name := range targetChecks {
		if engines[name] == nil {
			t.Errorf("doctor speaks of a target %s that is not there", name)
		}
	}
}
