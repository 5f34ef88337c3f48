package observe

import "testing"

// Records come back from memory and from the file, before and after pages fill.
func TestDrawLog(t *testing.T) {
	for _, budget := range []int{1, 20, 100, 10000} {
		l := newDrawLog(7, budget, t.TempDir())
		for d := range 100 {
			r, err := l.next()
			if err != nil {
				t.Fatal(err)
			}
			for i := range r {
				r[i] = byte(d + i)
			}
			if used := len(l.pages) * l.perPage * l.size; used > max(budget, 7) {
				t.Fatalf("%d bytes in memory, the budget is %d", used, budget)
			}
		}
		if (l.file != nil) != (budget < 700) {
			t.Errorf("budget %d: file %v", budget, l.file)
		}
		got := make([]byte, 3)
		for d := range 100 {
			if err := l.read(d, 2, got); err != nil || got[0] != byte(d+2) || got[2] != byte(d+4) {
				t.Fatalf("draw %d reads %v, %v", d, got, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
