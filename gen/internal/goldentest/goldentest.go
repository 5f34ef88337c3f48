// Package goldentest gives tests the reference cases: small models with figures
// that were computed by enumeration or closed form, or measured on THRML.
//
// Each folder of testdata is a case: model.json the definition, expected.json the
// figures with what they mean, ksweep.json (some cases) the whole law after
// exactly k sweeps from a fixed state. Exact figures are to be met; measured ones
// ("thrml", float32) carry a standard error.
package goldentest

import (
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

//go:embed testdata
var files embed.FS

// Case is one reference model.
type Case struct {
	Name    string
	Graph   *graph.Graph // nil for a case that is not a model (schedule)
	Model   Model
	Records []Record
	KSweep  *KSweep // nil where there is none
}

// Record is one reference quantity. Fields that it lacks are zero.
type Record struct {
	Quantity string          `json:"quantity"`
	Meaning  string          `json:"meaning"`
	Exact    json.RawMessage `json:"exact"`
	Thrml    json.RawMessage `json:"thrml"`
	StdErr   json.RawMessage `json:"stderr"`
	// Terms are products of the factors listed: [i] is spin i as ±1, [i, k] the
	// indicator that categorical i is in state k.
	Terms Terms `json:"terms"`
	// States are in codes: 0, 1 for spins -1, +1.
	States  [][]int `json:"states"`
	NChains int     `json:"n_chains"`
}

// Terms are the products of a record of moments.
type Terms [][][]int

// UnmarshalJSON takes the words "as in moments" for no terms; Load fills them in.
func (t *Terms) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return nil
	}
	return json.Unmarshal(raw, (*[][][]int)(t))
}

// KSweep is the law of all states after exactly k sweeps from Start, by the
// number of the state: node 0 the most significant digit, a spin's -1 the digit
// 0. Exact has k as a decimal.
type KSweep struct {
	Start []int                `json:"start"` // codes
	Exact map[string][]float64 `json:"exact"`
}

// Names lists the cases that are discrete models.
func Names() []string {
	return []string{
		"bm_klgrad_conditioned", "cat_ring6_k3", "cat_triple_k3", "hinton_init", "ising_chain5", "ising_grid3x3",
		"ising_torus4x4", "mixed_nonsquare_clamped", "mixed_spin_cat", "potts20x20_q5", "rbm_klgrad",
		"spin_fourth_order", "spin_third_order",
	}
}

// Load reads a case and builds its graph; whatever fails, fails the test.
func Load(t testing.TB, name string) *Case {
	t.Helper()
	c := &Case{Name: name}
	if raw := Read(t, name, "expected.json"); raw != nil && raw[0] == '[' {
		decode(t, name, raw, &c.Records)
		for i := range c.Records {
			if strings.HasPrefix(c.Records[i].Quantity, "moments after") {
				c.Records[i].Terms = c.Find("moments").Terms
			}
		}
	}
	if raw := Read(t, name, "ksweep.json"); raw != nil {
		c.KSweep = new(KSweep)
		decode(t, name, raw, c.KSweep)
	}
	if raw := Read(t, name, "model.json"); raw != nil {
		decode(t, name, raw, &c.Model)
		g, err := c.Model.graph()
		if err != nil {
			t.Fatalf("golden case %s: %v", name, err)
		}
		c.Graph = g
	}
	return c
}

// Read is the text of one file of a case, nil when the case lacks it.
func Read(t testing.TB, name, file string) []byte {
	t.Helper()
	if _, err := fs.Stat(files, "testdata/"+name); err != nil {
		t.Fatalf("no golden case %s", name)
	}
	raw, err := files.ReadFile("testdata/" + name + "/" + file)
	if err != nil {
		return nil
	}
	return raw
}

func decode(t testing.TB, name string, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("golden case %s: %v", name, err)
	}
}

// Find is the record of a quantity, nil when the case lacks it.
func (c *Case) Find(quantity string) *Record {
	for i := range c.Records {
		if c.Records[i].Quantity == quantity {
			return &c.Records[i]
		}
	}
	return nil
}

// Record is the record of a quantity that the case must have.
func (c *Case) Record(t testing.TB, quantity string) *Record {
	t.Helper()
	r := c.Find(quantity)
	if r == nil {
		t.Fatalf("golden case %s has no %q", c.Name, quantity)
	}
	return r
}

// State turns codes into a state: -1/+1 for spins, 0 … K-1 for categoricals.
func (c *Case) State(codes []int) []int32 {
	state := make([]int32, len(codes))
	for i, code := range codes {
		state[i] = c.Model.value(i, code)
	}
	return state
}

// Floats reads a list of numbers: one of a record's Exact, Thrml, StdErr.
func Floats(t testing.TB, raw json.RawMessage) []float64 {
	t.Helper()
	var list []float64
	decode(t, "list", raw, &list)
	return list
}

// Float reads a number.
func Float(t testing.TB, raw json.RawMessage) float64 {
	t.Helper()
	var x float64
	decode(t, "number", raw, &x)
	return x
}

// Mean is the mean of a term under a law: sum over states of probability times
// the product. states gives the state (±1 and 0 … K-1) of each number.
func Mean(term [][]int, law []float64, states func(i int) []int32) float64 {
	sum := 0.0
	for i, p := range law {
		state := states(i)
		x := p
		for _, f := range term {
			switch {
			case len(f) == 1:
				x *= float64(state[f[0]])
			case int(state[f[0]]) != f[1]:
				x = 0
			}
		}
		sum += x
	}
	return sum
}
