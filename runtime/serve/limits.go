package serve

import (
	"fmt"
	"math"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// DefaultMemory is what a run may take unless asked otherwise, in MiB. What would
// take more is refused before it begins, not killed after hours.
const DefaultMemory = 8192

// MostThreads is far above what any machine has cores.
const MostThreads = 4096

// CheckThreads refuses a number of threads; name is that of the flag or key.
func CheckThreads(name string, n int) error {
	switch {
	case n < 1:
		return RefuseUsage("%s %d: at least 1 is needed", name, n)
	case n > MostThreads:
		return RefuseLimit("%s %d: the limit is %d", name, n, MostThreads)
	}
	return nil
}

// CheckMemory refuses a run that would take more than so many bytes. steps is how
// the flag or key for the distance of draws is called.
func CheckMemory(m *sampling.Model, chains, draws int, limit float64, prefix, steps string) error {
	need := chainBytes(m, chains) + seriesBytes(m, chains, draws)
	if need <= limit {
		return nil
	}
	return RefuseLimit("%s × %s need %s of memory, the limit is %s", countText(chains, "chain"), countText(draws, "draw"),
		SizeText(need), SizeText(limit)).
		WithHelp("take fewer draws, further apart (%[1]ssamples, %[1]s%[2]s), or fewer %[1]schains; --memory raises the limit", prefix, steps)
}

// chainBytes is what the states of all chains take: in the engine, as the
// observers see them, at the end and at the best.
func chainBytes(m *sampling.Model, chains int) float64 {
	bits := 0.0
	for _, v := range m.Vars {
		switch {
		case v.Kind == sampling.Spin:
			bits += float64(v.Count)
		case v.Kind == sampling.Continuous:
			bits += 32 * float64(v.Count)
		case v.States <= 256:
			bits += 8 * float64(v.Count)
		default:
			bits += 16 * float64(v.Count)
		}
	}
	for _, super := range m.Sweep {
		for _, b := range super {
			bits += 64 * float64(b.Numbers*len(b.Nodes))
		}
	}
	return 4 * bits / 8 * float64(max(chains, 64))
}

// seriesBytes is what the figures of the summary take: for each chain and draw
// 8 bytes for the energy, 4 for each spin variable and for each state of each
// categorical one, 8 for a continuous one or one of more than 32 states, and what
// ranking one of them needs.
func seriesBytes(m *sampling.Model, chains, draws int) float64 {
	each := 8 + 40
	for _, v := range m.Vars {
		switch {
		case v.Kind == sampling.Spin:
			each += 4
		case v.Kind == sampling.Continuous || v.States > 32:
			each += 8
		default:
			each += 4 * v.States
		}
	}
	return float64(each) * float64(chains) * float64(draws)
}

// stateMemory is how many bytes states may take before they wait on disk: twice
// what a short run needs, so that it does not pay for more, and no more than a
// quarter of the limit.
func stateMemory(m *sampling.Model, chains, draws int, limit float64) int {
	const least = 4096
	need := chainBytes(m, chains) / 2 * float64(draws)
	return int(math.Min(math.Max(least, need), math.Min(observe.DefaultStateMemory, limit/4)))
}

// countText is "1 row" or "3 rows".
func countText(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// SizeText is a size as people say it.
func SizeText(n float64) string {
	if n < 1024 {
		return fmt.Sprintf("%.0f bytes", n)
	}
	unit := -1
	for n >= 1024 && unit < 5 {
		n /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", n, "KMGTPE"[unit])
}

// shapeText spells a shape as Python does: (), (3,), (3, 4).
func shapeText(shape []int) string {
	text := make([]string, len(shape))
	for i, n := range shape {
		text[i] = fmt.Sprint(n)
	}
	if len(text) == 1 {
		return "(" + text[0] + ",)"
	}
	return "(" + strings.Join(text, ", ") + ")"
}
