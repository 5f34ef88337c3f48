package cli

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
)

// oddTracer is the interpreter with one wrong value after sweep 3.
type oddTracer struct {
	tracer
	calls int
}

func (o *oddTracer) next() ([][]int32, error) {
	state, err := o.tracer.next()
	if o.calls == 3 {
		state[1][4] = (state[1][4] + 1) % 3
	}
	o.calls++
	return state, err
}

func TestVerifyFindsADifference(t *testing.T) {
	tracers["odd"] = func(ctx context.Context, m *gen.Model, sweeps, chains int) (tracer, error) {
		inner, err := newInterpTracer(ctx, m, sweeps, chains)
		return &oddTracer{tracer: inner}, err
	}
	defer delete(tracers, "odd")
	args := []string{"verify", "models/mixed", "--targets", "table,odd,interp", "--sweeps", "6", "--chains", "2"}
	out, _ := thrmlgen(t, exitDifference, args...)
	if !strings.Contains(out, "part after sweep 3, in chain 1, at a[1]: table has ") {
		t.Error(out)
	}
	out, _ = thrmlgen(t, exitDifference, "verify", "models/grid_gaussian", "--targets", "table,odd", "--sweeps", "4", "--chains", "2")
	if !regexp.MustCompile(`at x\[0,4\]: table has -?\d+\.\d+, odd has (-?\d\.\d+e-\d+|0|NaN)\n`).MatchString(out) {
		t.Error(out)
	}
	out, _ = thrmlgen(t, exitDifference, append(args, "--json")...)
	if !strings.Contains(out, `"equal":false`) || !strings.Contains(out, `"sweep":3,"chain":1,"node":"a[1]"`) {
		t.Error(out)
	}
	if out, _ := thrmlgen(t, exitDifference, append(args, "--quiet")...); out != "" {
		t.Error(out)
	}
}
