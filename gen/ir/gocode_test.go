package ir_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

func TestIsGoCode(t *testing.T) {
	for name, want := range map[string]bool{
		"flips.Metropolis": true, "example.com/user/flips.Noisy": true, "a.b/c-d_e~1.X2": true,
		"slice": false, "flips.keep": false, ".Keep": false, "Keep": false, "": false, "a b.Keep": false, "a\nb.Keep": false,
		"flips.Keep\"": false, "flips.Of[int]": false, `a\b.Keep`: false,
	} {
		if got := ir.IsGoCode(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// withCode is a program of one spin by code.
func withCode() *ir.Program {
	return &ir.Program{
		Model: "own", Hash: "00", Nodes: 1, Beta: 1, Rounds: 10,
		Vars:   []ir.Var{{Name: "s", States: 2, Count: 1}},
		Sweep:  []ir.Superblock{{{States: 2, Sampler: "example.com/user/flips.Noisy", Numbers: 3, Nodes: []int32{0}}}},
		Init:   []ir.Init{{Kind: ir.InitCode, Code: "flips.Up"}},
		Sample: ir.Sample{Chains: 1, Samples: 1, StepsPerSample: 1},
		Format: ir.Format{Profile: "custom", Segments: 256, ThresholdBits: 32, Accum: 32},
		GoCode: []ir.GoCode{{Name: "example.com/user/flips.Noisy"}, {Name: "flips.Up", Use: ir.GoStart, Func: true}, {Name: "flips.Up", Use: ir.GoObserver}},
	}
}

func TestGoCodeText(t *testing.T) {
	p := withCode()
	if err := ir.VerifyStage(p, ir.Swept); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := ir.Fprint(&b, p); err != nil {
		t.Fatal(err)
	}
	again, err := ir.Parse(&b)
	if err != nil || !reflect.DeepEqual(p, again) {
		t.Errorf("%v: %+v, then %+v", err, p, again)
	}
}

func TestGoCodeIsVerified(t *testing.T) {
	for want, change := range map[string]func(p *ir.Program){
		`superblock 0: code "example.com/user/flips.Noisy" is not listed`: func(p *ir.Program) { p.GoCode = p.GoCode[1:] },
		`start of variable 0: code "flips.Up" is not listed`:              func(p *ir.Program) { p.GoCode = p.GoCode[:1] },
		`start of s: kind 5`: func(p *ir.Program) { p.Init[0].Code = "" },
		`code "flips.up" for use 1 is no name or there twice`:                              func(p *ir.Program) { p.GoCode[1].Name = "flips.up" },
		`code "flips.Up" for use 1 is no name or there twice`:                              func(p *ir.Program) { p.GoCode[2].Use = ir.GoStart; p.GoCode[2].Func = true },
		`superblock 0, block 0: sampler "example.com/user/flips.Noisy" with 65537 numbers`: func(p *ir.Program) { p.Sweep[0][0].Numbers = 1<<16 + 1 },
		`superblock 0, block 0: sampler "noisy" with 3 numbers`:                            func(p *ir.Program) { p.Sweep[0][0].Sampler = "noisy" },
	} {
		p := withCode()
		change(p)
		if err := ir.VerifyStage(p, ir.Swept); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
