package templates_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/templates"
)

// Every model that init writes is accepted as it is, is named after its file and
// sweeps.
func TestInitModelsRun(t *testing.T) {
	names, err := fs.Glob(templates.FS(), "init/*.yaml")
	if err != nil || len(names) < 4 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := templates.FS().ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := targettest.Parse(string(text))
		if want := strings.TrimSuffix(strings.TrimPrefix(name, "init/"), ".yaml"); p.Model != want {
			t.Errorf("%s: model %s", name, p.Model)
		}
		m, err := interp.New(p, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Sweep(); err != nil {
			t.Error(err)
		}
	}
}
