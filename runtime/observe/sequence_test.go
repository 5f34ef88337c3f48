package observe_test

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A sequence holds the arrays of the result file, in their order, under the names
// that are told first.
func TestSequenceIsTheResult(t *testing.T) {
	for _, m := range []*sampling.Model{chain5(), mixed(), wide()} {
		for _, nodes := range [][]int32{nil, {2, 0}} {
			s := newSampler(t, m, 70)
			plan := everything(t.TempDir())
			plan.StateNodes = nodes
			c := newCollector(t, s, schedule, plan)
			begin := func([]string) error { t.Error("began"); return nil }
			if err := c.WriteSequence(io.Discard, begin); err == nil {
				t.Error("there is a sequence before the run")
			}
			if err := c.Run(context.Background(), s, false); err != nil {
				t.Fatal(err)
			}
			var file, sequence bytes.Buffer
			if err := c.WriteResult(&file); err != nil {
				t.Fatal(err)
			}
			var names []string
			if err := c.WriteSequence(&sequence, func(n []string) error { names = n; return nil }); err != nil {
				t.Fatal(err)
			}
			z, err := npy.OpenNPZ(file.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			want := slices.DeleteFunc(z.Names(), func(n string) bool { return n == "meta" })
			if !slices.Equal(names, want) {
				t.Fatalf("names %q, the file has %q", names, want)
			}
			for _, name := range names {
				p, err := npy.NextNPY(&sequence)
				if err != nil {
					t.Fatal(err)
				}
				a, err := p.Read()
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(a, array(t, file.Bytes(), name)) {
					t.Errorf("%s differs", name)
				}
			}
			if sequence.Len() > 0 {
				t.Errorf("%d bytes follow", sequence.Len())
			}
		}
	}
}
