package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/chart"
)

// facts are the lines of the header.
func (p *Page) facts() []Fact {
	r, m := p.Report, p.Meta
	var list []Fact
	add := func(name, value, note string) {
		if value != "" {
			list = append(list, Fact{name, value, note})
		}
	}
	if g := p.Graph; g != nil {
		blocks := 0
		for _, super := range g.Blocks {
			blocks += len(super)
		}
		add("model", fmt.Sprintf("%s, %s, %s", plural(g.Nodes, "node"), plural(g.Edges, "edge"), plural(blocks, "block")), "")
	}
	add("schedule", scheduleText(p), "")
	add("β", betaText(p), "")
	add("seed", strconv.FormatUint(r.Seed, 10), "")
	add("target", m.Target, "")
	add("format", strings.TrimSpace(m.Format.Profile+": "+m.Format.String()), "")
	add("random numbers", m.RNG, "")
	if r.FloatNodes == 0 || r.MaxProbabilityError > 0 {
		add("probability error", "at most "+chart.Number(twoDigits(r.MaxProbabilityError)), "of any conditional probability, by the number format")
	}
	if r.FloatNodes > 0 {
		add("in float32", plural(r.FloatNodes, "node"), "continuous nodes, and discrete ones with continuous neighbours")
	}
	if r.BestCut != nil {
		add("best cut", minus(strconv.FormatFloat(*r.BestCut, 'g', 10, 64)), fmt.Sprintf("chain %d after %s", r.Best.Chain, plural(int(r.Best.Sweep), "sweep")))
	}
	if r.Seconds > 0 {
		add("speed", fmt.Sprintf("%s flips in %.3g s, %.3g flips/ns", chart.Number(threeRounded(r.Flips)), r.Seconds, r.FlipsPerNS()), "observation included")
	}
	add("model hash", m.Hash, "")
	add("generator", m.Generator, "")
	return list
}

func twoDigits(x float64) float64    { return rounded(x, 2) }
func threeRounded(x float64) float64 { return rounded(x, 3) }

// rounded is x to so many significant digits.
func rounded(x float64, digits int) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil {
		return x
	}
	return y
}

func scheduleText(p *Page) string {
	s := p.Meta.Schedule
	text := fmt.Sprintf("%s × %s", plural(p.Report.Chains, "chain"), plural(p.Report.Draws, "draw"))
	if p.Report.Draws > 1 {
		text += fmt.Sprintf(", %s apart", plural(s.StepsPerSample, "sweep"))
	}
	if p.Meta.Resumed {
		return text + ", resumed without warm-up"
	}
	return text + fmt.Sprintf(", after %s of warm-up", plural(s.Warmup, "sweep"))
}

func betaText(p *Page) string {
	b := p.Meta.Betas
	at := chart.Number(p.Meta.Beta)
	if len(b) == 0 {
		return at
	}
	return fmt.Sprintf("%s, annealed from %s to %s in the warm-up", at, chart.Number(b[0]), chart.Number(b[len(b)-1]))
}

// plural counts things, thousands set apart.
func plural(n int, one string) string {
	many := one + "s"
	if strings.HasSuffix(one, "x") {
		many = one + "es"
	}
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

func grouped(n int) string {
	s := strconv.Itoa(n)
	if len(s) < 5 || n < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteRune(' ') // narrow, does not break
		}
		b.WriteRune(r)
	}
	return b.String()
}
