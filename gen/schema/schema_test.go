package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write models/schema.json")

// generated is the schema, made once for all tests.
var generated = sync.OnceValues(Generate)

func mustGenerate(t *testing.T) []byte {
	t.Helper()
	text, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCheckedIn holds models/schema.json to what the reader takes today.
func TestCheckedIn(t *testing.T) {
	const file = "../../models/schema.json"
	text := mustGenerate(t)
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, text) {
		t.Error("models/schema.json is not that of package spec: go generate ./gen/schema")
	}
}

func validator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(mustGenerate(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("model.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("model.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document is a model file as an editor sees it; ok is false for what is no YAML
// of one document with texts as keys.
func document(src []byte) (doc any, ok bool) {
	d := yaml.NewDecoder(bytes.NewReader(src))
	var in any
	if d.Decode(&in) != nil || d.Decode(new(any)) == nil {
		return nil, false
	}
	b, err := json.Marshal(in)
	if err != nil {
		return nil, false
	}
	doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(b))
	return doc, err == nil
}

// modelFiles are all YAML files of the repository.
func modelFiles(t *testing.T) []string {
	var files []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".yaml") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestAgrees validates every model file of the repository, good and bad. What the
// reader takes must be valid. What it refuses for its keys and words must not be;
// of what it refuses for other reasons, most must not be.
func TestAgrees(t *testing.T) {
	known := []string{diag.UnknownKey, diag.MissingKey, diag.BadChoice, diag.Conflict}
	s := validator(t)
	good, bad, refused := 0, 0, 0
	for _, file := range modelFiles(t) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, problems := spec.Parse("model.yaml", src)
		doc, ok := document(src)
		if !ok || slices.ContainsFunc(problems.Problems(), func(p diag.Problem) bool { return p.Code == diag.Syntax || p.Code == diag.Alias }) {
			continue
		}
		err = s.Validate(doc)
		switch {
		case problems.Len() == 0:
			good++
			if err != nil {
				t.Errorf("%s: spec takes it, the schema does not: %#v", file, err)
			}
		default:
			bad++
			if err != nil {
				refused++
			} else if slices.ContainsFunc(problems.Problems(), func(p diag.Problem) bool { return slices.Contains(known, p.Code) }) {
				t.Errorf("%s: the schema takes it, spec says %v", file, problems)
			}
		}
	}
	t.Logf("%d good models; of %d bad ones the schema refuses %d", good, bad, refused)
	if good < 30 || bad < 30 || refused < bad*3/4 {
		t.Errorf("%d good models, %d bad ones, %d refused", good, bad, refused)
	}
}

// TestUnknownKeys puts a key that no grammar has into every mapping of the good
// models: where the reader refuses it, so does the schema, and only there.
func TestUnknownKeys(t *testing.T) {
	s := validator(t)
	tried := 0
	for _, file := range modelFiles(t) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var root yaml.Node
		if _, problems := spec.Parse("model.yaml", src); problems.Len() > 0 || yaml.Unmarshal(src, &root) != nil || len(src) > 20000 {
			continue
		}
		eachMapping(&root, func(m *yaml.Node) {
			m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "zqz"}, &yaml.Node{Kind: yaml.ScalarNode, Value: "1"})
			text, err := yaml.Marshal(&root)
			m.Content = m.Content[:len(m.Content)-2]
			if err != nil {
				t.Fatal(err)
			}
			_, problems := spec.Parse("model.yaml", text)
			unknown := slices.ContainsFunc(problems.Problems(), func(p diag.Problem) bool { return p.Code == diag.UnknownKey })
			doc, _ := document(text)
			if unknown && s.Validate(doc) == nil {
				t.Errorf("%s: the schema takes a key that spec does not know:\n%s", file, text)
			}
			tried++
		})
	}
	if tried < 200 {
		t.Errorf("only %d mappings tried", tried)
	}
}

func eachMapping(n *yaml.Node, do func(*yaml.Node)) {
	if n.Kind == yaml.MappingNode {
		do(n)
	}
	for _, c := range n.Content {
		eachMapping(c, do)
	}
}

// TestEveryKeyIsDescribed holds that an editor has something to show for every
// key, and that no description is left of a key that is gone.
func TestEveryKeyIsDescribed(t *testing.T) {
	var root object
	if err := json.Unmarshal(mustGenerate(t), &root); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	var walk func(at string, part object)
	walk = func(at string, part object) {
		if text, ok := part["description"].(string); ok {
			shown[text] = true
		}
		if keys, ok := part["properties"].(object); ok {
			for k, v := range keys {
				if _, ok := v.(object)["description"]; !ok {
					t.Errorf("%s.%s has no description: add one to describe.go", at, k)
				}
			}
		}
		children(part, "", func(p object, name string) object { walk(at+"."+name, p); return p })
	}
	walk("", root)
	for name, d := range root["$defs"].(object) {
		walk("$defs."+name, d.(object))
	}
	for path, text := range descriptions {
		if !shown[text] {
			t.Errorf("the description of %s is shown nowhere", path)
		}
	}
}

// TestWhatEditorsNeed looks at a few parts of the schema by hand.
func TestWhatEditorsNeed(t *testing.T) {
	s := validator(t)
	with := func(text string) string { return "model: m\nvariables: {s: {kind: spin, shape: [4]}}\n" + text }
	const factor = "factors: [{over: [s], index: all, weights: 0.5}]\n"
	for _, c := range []struct {
		text  string
		valid bool
	}{
		{with(factor), true},
		{with(factor + "beta: -1"), false},
		{with(factor + "beta: b"), true},
		{with(factor + "sample: {chains: 0}"), false},
		{with(factor + "sample: {chains: 2.5}"), false},
		{with(factor + "sample: {seed: 18446744073709551615}"), true},
		{with(factor + "sample: {betas: {from: 0.1, to: 3, shape: geometric}}"), true},
		{with(factor + "sample: {betas: {from: 0.1}}"), false},
		{with(factor + "sample: {betas: {file: b.npy, from: 0.1}}"), false},
		{with(factor + "format: {budget: 1}"), false},
		{with(factor + "format: {budget: 0.5, rng: philox7}"), true},
		{with(factor + "format: quick"), false},
		{with(factor + `clamp: {"s[0:2]": 1}`), true},
		{with(factor + `clamp: {"s[a]": 1}`), false},
		{with(factor + `blocks: [{together: ["s[0]", "s[1]"]}, ["s[2]", "s[3]"]]`), true},
		{with(factor + `blocks: [{together: [{together: [s]}]}]`), false},
		{with(factor + "graphs: {g: {grid: [2, 2]}}"), true},
		{with(factor + "graphs: {g: {grid: 4}}"), false},
		{with(factor + "graphs: {g: {grid: [2, 2], ring: 4}}"), false},
		{with(factor + "graphs: {g: {chimera: [2, 2]}}"), false},
		{with(factor + "graphs: {g: {file: ../g.npz, nodes: 3}}"), false},
		{with(factor + "graphs: {g: {file: g.npz#edges}}"), false},
		{with("factors: [{over: [s], index: all, edges: {chain: s}, weights: 0.5}]"), false},
		{with("factors: [{over: [s], index: all}]"), false},
		{with("factors: [{over: {u: s}, index: all, energy: u, params: {a: [1, 2]}}]"), true},
		{with("factors: [{over: [s], index: all, weights: 1, params: {a: 1}}]"), false},
		{with("factors: [{over: [s], index: all, weights: {normal: [0, -1]}}]"), false},
		{with("factors: [{over: [s], index: all, weights: {uniform: [2, 3], seed: 1}}]"), true},
		{with("factors: [{over: [s], index: all, weights: {identity: 1, seed: 1}}]"), false},
		{with(factor + "ising: {graph: {grid: [2, 2]}, weights: 1}"), false},
		{"model: m\nising: {graph: {grid: [2, 2]}, weights: 1}", true},
		{"model: m\nising: {weights: 1}", false},
		{"model: m\nvariables: {x: {kind: categorical}}\n" + factor, false},
		{"model: m\nvariables: {x: {kind: spin, states: 3}}\n" + factor, false},
		{"model: m\nvariables: {x: {fields: {a: {kind: categorical, states: 3}}, shape: [4]}}\n" + factor, true},
		{"model: m\nvariables: {x: {kind: spin, fields: {a: {kind: spin}}}}\n" + factor, false},
		{"model: Grid\nvariables: {s: {kind: spin}}\n" + factor, false},
	} {
		_, problems := spec.Parse("model.yaml", []byte(c.text))
		doc, ok := document([]byte(c.text))
		if err := s.Validate(doc); !ok || (err == nil) != c.valid || (problems.Len() == 0) != c.valid {
			t.Errorf("%s\nvalid should be %t; the schema says %v, spec %v", c.text, c.valid, err, problems)
		}
	}
}

// TestStrangeAnswers holds that an answer that is not understood is an error and
// not a schema that allows too much.
func TestStrangeAnswers(t *testing.T) {
	a := newAsker()
	a.textKindBy("here", func(text string) bool { return text == "Zq" })
	if want := "here: a text of no known kind (01000000)"; fmt.Sprint(a.failed) != want {
		t.Errorf("failed with %v, want %s", a.failed, want)
	}
}
