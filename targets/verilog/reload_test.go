package verilog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/hdl"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// A ramp of 200 βs behind the bus in Icarus: tables of noise are reloaded 199 times, with
// the stream stopped at random, and the frames before and at its end are the interpreter's.
func TestLongRamp(t *testing.T) {
	iverilog := testtool.Need(t, "iverilog")
	text := strings.Replace(corpus["ramped"], "model: ramped", "model: long", 1)
	p, _ := targettest.Parse(text[:strings.Index(text, "sample:")] + "sample: {warmup: 200, betas: {from: 0.3, to: 3, shape: linear}}")
	if n := verilog.Betas(p); n != 200 {
		t.Fatalf("%d βs", n)
	}
	if out := behindBus(t, iverilog, hdl.Project(t, p), "long"); !strings.HasPrefix(out, "PASS: ") {
		t.Error(out)
	}
}

// Random models whose tables are reloaded, with categoricals among them, equal the
// interpreter in Icarus: at every sweep of a ramp that comes back to βs, with the clock
// stopped at random, and from the pins.
func TestRandomRamps(t *testing.T) {
	for n, done := uint64(0), 0; done < 3; n++ {
		g := randmodel.Hardware(randmodel.Rand(n))
		for i := range g.Factors {
			g.Factors[i].Runtime = false
		}
		g.Betas = []float64{0.4, 0.4, 1.3, 0.7, 0.4, 0.9, 1.5, 1.5, 0.5, 1}
		g.Beta, g.Sample.Warmup = 1, len(g.Betas)
		p, _ := pass.Lower(g)
		if p == nil || !p.Format.Noise || p.Nodes > 20 {
			continue
		}
		states, spins := 0, false
		for _, v := range p.Vars {
			states, spins = max(states, v.States), spins || v.Kind == ir.Spin
		}
		if states > 8 || done < 2 && (states == 2 || !spins) { // both kinds first
			continue
		}
		p.Model, p.Hash = fmt.Sprint("ramp", n), "00"
		if verilog.Check(emit.Request{Program: p}) != nil {
			continue
		}
		done++
		t.Run(p.Model, func(t *testing.T) {
			t.Parallel()
			hdl.Icarus(t, hdl.Project(t, p), p.Model)
		})
	}
}
