package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// goModel makes a Go module with one package, model, the working directory.
func goModel(t *testing.T, code string) {
	t.Helper()
	testtool.Need(t, "go")
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"go.mod":         "module example.com/user\n\ngo 1.24.0\n\nrequire github.com/thrmlgen/thrmlgen v0.0.0\n\nreplace github.com/thrmlgen/thrmlgen => " + root + "\n",
		"model/model.go": code,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

const chainInGo = `// Package model has the model chain5 in Go.
package model

import "github.com/thrmlgen/thrmlgen/models"

func Chain() *models.Model {
	m := models.New("chain5")
	s := m.Spin("s", 5)
	m.Factor(s).All().Weights(models.Number(0))
	m.Factor(s, s).Edges(models.Chain(s)).Weights(models.Number(0.5))
	m.Init(models.StartHinton)
	m.Blocks(s.Select("0::2"), s.Select("1::2"))
	m.Sample(models.Schedule{Chains: 1, Warmup: 100, Samples: 1000, StepsPerSample: 2})
	return m
}

func Cold() *models.Model {
	m := Chain()
	m.Beta(-1)
	return m
}

func Alone() *models.Model {
	m := models.New("alone")
	m.Factor(m.Spin("s", 3)).All().
		Weights(models.Number(1))
	return m
}
`

// TestGoModelIsAModel holds that commands do the same with a model in Go as with
// the file of it.
func TestGoModelIsAModel(t *testing.T) {
	goModel(t, chainInGo)
	for _, line := range []string{
		"exact MODEL --json", "check MODEL --json", "check MODEL --ir", "exact MODEL --set beta=2", "check MODEL --node s[2]",
		"gen MODEL --target go --out sampler --diff",
	} {
		var got, want bytes.Buffer
		a := Main(strings.Fields(strings.ReplaceAll(line, "MODEL", "./model#Chain")), nil, &got, &got)
		b := Main(strings.Fields(strings.ReplaceAll(line, "MODEL", "models/chain5")), nil, &want, &want)
		if a != b || got.String() != want.String() || a > 1 {
			t.Errorf("%s: exit %d and %d:\n%s\nfrom the file\n%s", line, a, b, got.String(), want.String())
		}
	}
	out, _ := thrmlgen(t, 0, "run", "./model#Chain", "--samples", "20", "--out", "chain.npz")
	if !strings.Contains(out, "energy") {
		t.Error(out)
	}
}

func TestGoModelProblems(t *testing.T) {
	goModel(t, chainInGo)
	_, err := thrmlgen(t, 3, "check", "./model#Cold")
	want := `model/model.go:19:9: out-of-range: beta must be at least 0, not -1
   19 |     m.Beta(-1)
      |            ^^
`
	if err != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
	out, _ := thrmlgen(t, 3, "check", "./model#Cold", "--json")
	want = `{"errors":[{"file":"model/model.go","line":19,"column":9,"code":"out-of-range","text":"beta must be at least 0, not -1","help":""}]}` + "\n"
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	_, err = thrmlgen(t, 3, "check", "./model#Chain", "--set", "sample.chains=0")
	want = `--set sample.chains:1:15: out-of-range: sample.chains must be a whole number of at least 1, not 0
    1 | sample.chains=0
      |               ^
`
	if err != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
	_, err = thrmlgen(t, 0, "exact", "./model#Alone")
	want = `model/model.go:25:18: warning: no-neighbours: nodes without neighbours: 3 of 3, the first is s[0]
   25 |     m.Factor(m.Spin("s", 3)).All().
      |                     ^^^
`
	if err != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
	_, err = thrmlgen(t, 3, "run", "./model#Chian")
	if !strings.HasPrefix(err, "model/model.go:6:6: go-function: no function \"Chian\" in package model\n    6 | func Chain() *models.Model {\n") {
		t.Error(err)
	}
}
