package exchange

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// network is a UAI file as a test writes it down.
type network struct {
	states []int
	scopes [][]int
	phi    [][]float64
}

func randomNetwork(r *rand.Rand) *network {
	w := &network{}
	for range 2 + r.IntN(4) {
		w.states = append(w.states, 1+r.IntN(4))
	}
	w.states[0] = 2
	for range 1 + r.IntN(8) {
		scope := r.Perm(len(w.states))[:r.IntN(min(4, len(w.states)+1))]
		size := 1
		for _, v := range scope {
			size *= w.states[v]
		}
		phi := make([]float64, size)
		for i := range phi {
			phi[i] = math.Exp(3 * r.NormFloat64())
		}
		w.scopes, w.phi = append(w.scopes, scope), append(w.phi, phi)
	}
	return w
}

func (w *network) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "MARKOV\n%d\n%s\n%d\n", len(w.states), bare(w.states), len(w.scopes))
	for _, s := range w.scopes {
		fmt.Fprintf(&b, "%d %s\n", len(s), bare(s))
	}
	for _, phi := range w.phi {
		fmt.Fprintf(&b, "%d %s\n", len(phi), bare(phi))
	}
	return b.String()
}

func bare[T any](v []T) string { return strings.Trim(fmt.Sprint(v), "[]") }

// product is the definition: the product of the entries of a state.
func (w *network) product(state []int) float64 {
	p := 1.0
	for k, scope := range w.scopes {
		at := 0
		for _, v := range scope {
			at = at*w.states[v] + state[v]
		}
		p *= w.phi[k][at]
	}
	return p
}

// everyTuple calls f with each state of variables of so many states.
func everyTuple(states []int, f func(state []int)) {
	state := make([]int, len(states))
	for {
		f(state)
		k := 0
		for ; k < len(states); k++ {
			if state[k]++; state[k] < states[k] {
				break
			}
			state[k] = 0
		}
		if k == len(states) {
			return
		}
	}
}

// TestProductsOfEveryState compares exp(−E) with the product of the tables for
// every state of random networks: variables of one state, constants, repeated
// scopes in other orders.
func TestProductsOfEveryState(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		w := randomNetwork(r)
		m := read(t, "a.uai", []byte(w.text()), Options{})
		seen := map[string]bool{}
		for _, f := range m.Tables.Factors {
			if key := setKey(f.Scope); seen[key] || len(f.Scope) == 0 {
				t.Fatalf("scope %v is empty or there twice", f.Scope)
			} else {
				seen[key] = true
			}
		}
		everyTuple(w.states, func(state []int) {
			got, want := -m.Tables.Energy(state), math.Log(w.product(state))
			if math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				t.Fatalf("log p%v = %v, want %v\n%s", state, got, want, w.text())
			}
		})
	}
}

// TestUAIRoundTrip writes random networks and reads them.
func TestUAIRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 100 {
		a := read(t, "a.uai", []byte(randomNetwork(r).text()), Options{}).Tables
		far := 0.0
		if i%4 == 0 && len(a.Factors) > 1 { // energies that e^x does not hold
			far = 5000
			for f := range 2 {
				for k := range a.Factors[f].Log {
					a.Factors[f].Log[k] += far
				}
			}
		}
		var b bytes.Buffer
		shift, err := WriteUAI(&b, UAIFile{States: a.States, Count: len(a.Factors),
			Table: func(i int) ([]int32, []float64) { return a.Factors[i].Scope, a.Factors[i].Log }})
		if err != nil {
			t.Fatal(err)
		}
		if (shift != 0) != (far != 0) {
			t.Errorf("shift %v", shift)
		}
		back := read(t, "b.uai", b.Bytes(), Options{}).Tables
		everyTuple(a.States, func(state []int) {
			got, want := back.Energy(state)-shift, a.Energy(state)-a.Offset
			if math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				t.Fatalf("E%v = %v, want %v", state, got, want)
			}
		})
	}
	_, err := WriteUAI(&bytes.Buffer{}, UAIFile{States: []int{2}, Count: 1,
		Table: func(int) ([]int32, []float64) { return []int32{0}, []float64{0, -800} }})
	if err == nil {
		t.Error("an entry of e^-800 beside 1 was written")
	}
}

// TestEvidence reads the spellings of an evidence file.
func TestEvidence(t *testing.T) {
	for name, text := range map[string][]byte{
		"burglary.evid": testdata(t, "burglary.evid"), "burglary_sample.evid": testdata(t, "burglary_sample.evid"),
		"lines": []byte("2\n3 1\n4 1\n"), "one line": []byte("1 2 3 1 4 1"),
	} {
		m := read(t, "burglary.uai", testdata(t, "burglary.uai"), Options{Evidence: text, EvidenceName: name})
		if fmt.Sprint(m.Tables.Evidence) != "[{3 1} {4 1}]" {
			t.Errorf("%s: %v", name, m.Tables.Evidence)
		}
		var b bytes.Buffer
		if err := WriteEvidence(&b, m.Tables.Evidence); err != nil || b.String() != "2 3 1 4 1\n" {
			t.Errorf("%s: wrote %q, %v", name, b.String(), err)
		}
	}
}

// TestFloor takes zeros as what the user says, and says how many.
func TestFloor(t *testing.T) {
	m := read(t, "asia.uai", testdata(t, "asia.uai"), Options{Floor: 1e-9})
	if got := fmt.Sprint(m.Notes); !strings.Contains(got, "4 table entries of 0 became 1e-09") {
		t.Errorf("notes %s", got)
	}
	if got, want := m.Tables.Factors[5].Log[1], math.Log(1e-9); math.Abs(got-want) > 1e-13 {
		t.Errorf("log of the floor %v, want %v", got, want)
	}
}

// TestElementary compares with package math, to 3 units in the last place.
func TestElementary(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	worst := 0.0
	ulps := func(got, want float64) float64 {
		return math.Abs(got-want) / (math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want))
	}
	for range 200000 {
		x := math.Ldexp(1+r.Float64(), r.IntN(2000)-1000)
		if r.IntN(2) == 0 {
			x = 1 + (r.Float64()-0.5)*math.Pow(10, -float64(r.IntN(12)))
		}
		if x != 1 {
			worst = max(worst, ulps(logOf(x), math.Log(x)))
		}
		y := (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(18)-14)/1.2)
		if math.Abs(y) < 700 {
			worst = max(worst, ulps(expOf(y), math.Exp(y)))
		}
	}
	t.Logf("at most %.2f units off", worst)
	if worst > 3 {
		t.Errorf("logOf or expOf differ from package math by %v units in the last place", worst)
	}
	// math.Log is wrong below 2^-1022 on some machines.
	for x, want := range map[float64]float64{5e-324: -744.4400719213812, 1e-310: -713.8013788281542, math.MaxFloat64: 709.782712893384} {
		if u := ulps(logOf(x), want); u > 3 {
			t.Errorf("logOf(%v) is off by %v units", x, u)
		}
	}
	if logOf(1) != 0 || expOf(0) != 1 {
		t.Errorf("log 1 = %v, e^0 = %v", logOf(1), expOf(0))
	}
	high := new(big.Float).SetFloat64(ln2High)
	if s := high.MinPrec(); s > 33 {
		t.Errorf("ln2High has %d bits: n·ln2High is not exact", s)
	}
	if got := ln2High + ln2Low; got != math.Ln2 {
		t.Errorf("the parts of ln 2 add up to %v", got)
	}
}
