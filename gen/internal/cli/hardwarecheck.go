package cli

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// verilogJSON is what check --target verilog knows beside the model.
type verilogJSON struct {
	Registers [2]int      `json:"registers"`            // of a cell, and how many it has use for
	Wanted    int         `json:"interleave,omitempty"` // that would give them all, where it has fewer
	Betas     int         `json:"betas"`                // that differ: cells have tables for each
	Cells     []cellsJSON `json:"cells"`                // each kind at every β
	Estimates []partJSON  `json:"estimates"`
	Smallest  *roomJSON   `json:"smallest_part,omitempty"` // of those known that have room for the array
}

// roomJSON is a part and what it has.
type roomJSON struct {
	Name string `json:"name"`
	resourcesJSON
}

// cellsJSON are the cells of one kind at one β.
type cellsJSON struct {
	Kind     string  `json:"kind"`
	Beta     float64 `json:"beta"`
	Cells    int     `json:"cells"`
	MaxError float64 `json:"max_probability_error"`
	Node     string  `json:"node,omitempty"` // one that has it
	Tried    int     `json:"cells_tried"`    // in all patterns of neighbours; the format's bound holds the others
}

func (c *command) hardwareCheckArgs(target, part string) error {
	switch {
	case target != "" && target != verilogTarget:
		return usage("--target %s: check knows more about %s only", target, verilogTarget)
	case part != "" && target == "":
		return usage("--part goes with --target %s", verilogTarget)
	}
	c.hardware = target != ""
	if f := verilog.FindFamily(part); part != "" && (f == nil || !f.Placed) {
		return usage("--part %s: there is no such part", part).help("parts are hx8k and ecp5-85k")
	}
	return nil
}

// verilogOf refuses a model that is no array, or that does not fit a part.
func verilogOf(m *gen.Model, part string) (*verilogJSON, error) {
	if err := verilog.Check(emit.Request{Program: m.Program}); err != nil {
		return nil, wrong("verilog: %v", err)
	}
	exact, err := verilog.NewExactness(m.Program)
	if err != nil {
		return nil, err
	}
	has, wants, interleave, err := verilog.Pipeline(m.Program)
	if err != nil {
		return nil, err
	}
	h := &verilogJSON{Registers: [2]int{has, wants}, Betas: verilog.Betas(m.Program)}
	if has < wants {
		h.Wanted = interleave
	}
	for _, x := range exact {
		h.Cells = append(h.Cells, cellsJSON{x.Name, x.Beta, x.Cells, x.Error, x.Node, x.Tried})
	}
	var estimates []*verilog.Estimate
	var refused error
	for _, f := range verilog.Families {
		e, err := verilog.NewEstimate(m.Program, f)
		if err != nil {
			return nil, err
		}
		estimates = append(estimates, e)
		why := e.Excess()
		h.Estimates = append(h.Estimates, partJSON{Name: f.Name, Title: f.Title, Estimated: estimateOf(e), Store: e.Store, Excess: why})
		if why != "" && f.Name == part {
			refused = fmt.Errorf("%s has no room for the array: an estimated %s", f.Title, why)
		}
	}
	if s := verilog.SmallestPart(estimates); s != nil {
		h.Smallest = &roomJSON{s.Name, resources(s.Has)}
	}
	if refused == nil {
		return h, nil
	}
	return nil, wrong("verilog: %v", refused).help("%s", h.room())
}

// room says which part has room.
func (h *verilogJSON) room() string {
	if h.Smallest == nil {
		return "no known part has room for the array"
	}
	x := h.Smallest
	return fmt.Sprintf("%s is the smallest known part with room for the array: %d LUT, %d FF, %d RAM", x.Name, x.LUT, x.FF, x.RAM)
}

func estimateOf(e *verilog.Estimate) *estimateJSON {
	return &estimateJSON{resources(e.Array), clockJSON{e.MHz, e.FlipsPerNS()}}
}

// mostShown is for how many betas check prints a line each.
const mostShown = 16

// shown are the cells that check prints: of each kind those at the worst beta, where there
// are many.
func (h *verilogJSON) shown() []cellsJSON {
	if h.Betas <= mostShown {
		return h.Cells
	}
	var worst []cellsJSON
	for _, x := range h.Cells {
		last := len(worst) - 1
		switch {
		case last < 0 || worst[last].Kind != x.Kind:
			worst = append(worst, x)
		case x.MaxError > worst[last].MaxError:
			worst[last] = x
		}
	}
	return worst
}

// rows are the lines of check.
func (h *verilogJSON) rows(t *table) {
	if h.Wanted > 0 {
		t.row("pipeline", fmt.Sprintf("cells have %d of the %d registers that they have use for; interleave: %d gives them all", h.Registers[0], h.Registers[1], h.Wanted))
	}
	for i, x := range h.shown() {
		text := fmt.Sprintf("%d × %s: ", x.Cells, x.Kind)
		switch {
		case h.Betas > mostShown:
			text += fmt.Sprintf("at the worst of %d betas, %s, ", h.Betas, short(x.Beta, 6))
		case h.Betas > 1:
			text += fmt.Sprintf("at beta %s ", short(x.Beta, 6))
		}
		switch {
		case x.Tried == x.Cells:
			text += fmt.Sprintf("probabilities off by at most %s, as in %s; all patterns tried", power(x.MaxError), x.Node)
		case x.Tried == 0:
			text += fmt.Sprintf("probabilities off by at most %s, the bound of the format", power(x.MaxError))
		default:
			text += fmt.Sprintf("probabilities off by at most %s; all patterns of %d cells tried, the bound of the format for the others", power(x.MaxError), x.Tried)
		}
		t.row(label("cells", i), text)
	}
	for i, p := range h.Estimates {
		e := p.Estimated
		text := fmt.Sprintf("%s: %d LUT, %d FF, %d RAM, ", p.Title, e.LUT, e.FF, e.RAM)
		if p.Store > 0 {
			text += fmt.Sprintf("%d RAM for tables of all betas, ", p.Store)
		}
		if p.Excess != "" {
			text += "too small: " + p.Excess
		} else {
			text += fmt.Sprintf("%.0f MHz, %.1f flips/ns", e.MHz, e.FlipsPerNS)
		}
		t.row(label("estimate", i), text)
	}
	t.row("part", h.room())
}
