package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// hardwareFlags are those of report --hardware.
type hardwareFlags struct {
	parts   []string
	liberty string
	limit   int // seconds
	freq    float64
	seed    int
	tiles   int // to be mapped alone, 0 for the array as a whole
}

// area is the part that stands for cells of a liberty file.
const area = "area"

// debianLiberty is a file of the package qflow-tech-osu018.
const debianLiberty = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"

// partNames are what --part takes.
func partNames() []string {
	var names []string
	for _, f := range verilog.Families {
		names = append(names, f.Name)
	}
	return append(names, area)
}

// hardwareJSON is what report --hardware --json prints.
type hardwareJSON struct {
	Model      string     `json:"model"`
	Hash       string     `json:"hash"`
	Nodes      int        `json:"nodes"`
	Interleave int        `json:"interleave"`
	Flips      int        `json:"flips_per_clock"`
	Parts      []partJSON `json:"parts"`
}

type resourcesJSON struct {
	LUT int `json:"lut"`
	FF  int `json:"ff"`
	RAM int `json:"ram"`
}

type clockJSON struct {
	MHz        float64 `json:"mhz"`
	FlipsPerNS float64 `json:"flips_per_ns"`
}

// estimateJSON is made before synthesis.
type estimateJSON struct {
	resourcesJSON
	clockJSON
}

// sampledJSON is the array as it follows from some of its tiles, mapped alone.
type sampledJSON struct {
	Tiles int `json:"tiles"`
	Of    int `json:"of"`
	resourcesJSON
	clockJSON        // the estimate's
	Part      string `json:"smallest_part,omitempty"` // of the family that has room
}

// placedJSON is the design with its pins.
type placedJSON struct {
	Logic int `json:"logic"`
	FF    int `json:"ff,omitempty"` // apart from logic cells
	RAM   int `json:"ram"`
	clockJSON
}

type useJSON struct {
	Name      string         `json:"name"`
	Count     int            `json:"count"`
	Estimated resourcesJSON  `json:"estimated"`
	Mapped    *resourcesJSON `json:"mapped,omitempty"`
}

type partJSON struct {
	Name      string         `json:"name"`
	Title     string         `json:"title"`
	Estimated *estimateJSON  `json:"estimated,omitempty"`
	Store     int            `json:"store_ram,omitempty"` // block RAMs with the tables of all betas, besides those of the array
	Excess    string         `json:"too_small,omitempty"` // what the array needs more of than the part that is placed has
	Mapped    *resourcesJSON `json:"mapped,omitempty"`
	Sampled   *sampledJSON   `json:"sampled,omitempty"`
	Placed    *placedJSON    `json:"placed,omitempty"`
	Area      float64        `json:"area,omitempty"` // in units of the liberty file
	Kinds     []useJSON      `json:"kinds,omitempty"`
	Modules   []useJSON      `json:"modules,omitempty"`
	Skipped   []string       `json:"skipped,omitempty"` // what was not done, and why
}

func resources(r verilog.Resources) resourcesJSON { return resourcesJSON{r.LUT, r.FF, r.RAM} }

// hardwareArgs looks at the flags and makes the report.
func (c *command) hardwareArgs(cmd *cobra.Command, file string, f *hardwareFlags) error {
	for _, name := range []string{"out", "memory"} {
		if cmd.Flags().Changed(name) {
			return usage("--%s does not go with --hardware", name)
		}
	}
	if len(f.parts) == 0 {
		f.parts = partNames()
		f.parts = f.parts[:len(f.parts)-1]
	}
	switch {
	case slices.Contains(f.parts, area):
		var err error
		if f.liberty, err = libertyFile(f.liberty); err != nil {
			return err
		}
	case f.liberty != "":
		return usage("--liberty goes with --part %s", area)
	}
	return c.hardwareReport(cmd.Context(), file, f)
}

// hardwareReport is report --hardware.
func (c *command) hardwareReport(ctx context.Context, file string, f *hardwareFlags) error {
	for _, name := range f.parts {
		if !slices.Contains(partNames(), name) {
			return usage("--part %s: there is no such part", name).help("parts are %s", strings.Join(partNames(), ", "))
		}
	}
	if f.limit < 1 || f.freq <= 0 {
		return usage("--limit and --freq are positive")
	}
	if f.tiles < 0 {
		return usage("--tiles %d: at least 0 is needed", f.tiles)
	}
	c.hardware = true
	m, err := c.load(file)
	if err != nil {
		return err
	}
	r, err := c.measureHardware(ctx, m, f)
	switch {
	case err != nil:
		return err
	case c.json:
		return writeJSON(c.out, r)
	case !c.quiet:
		c.hardwareText(r)
	}
	return nil
}

func (c *command) measureHardware(ctx context.Context, m *gen.Model, f *hardwareFlags) (*hardwareJSON, error) {
	p := m.Program
	files, err := verilog.Emit(emit.Request{Program: p})
	if err != nil {
		return nil, wrong("verilog: %v", err)
	}
	bench, kinds, err := verilog.KindBench(p)
	if err != nil {
		return nil, err
	}
	sources := compile.VerilogSources(files)
	s, err := compile.NewSynthesis(append(files, bench...), time.Duration(f.limit)*time.Second)
	if err != nil {
		return nil, environment("%v", err)
	}
	defer s.Close()
	r := &hardwareJSON{Model: p.Model, Hash: p.Hash, Nodes: p.Nodes, Interleave: p.Stream.Interleave}
	for _, name := range f.parts {
		part := partJSON{Name: name}
		skip := func(what string, err error) error { // a missing or slow tool is said, and the rest goes on
			var tool *compile.ToolError
			if !errors.As(err, &tool) && !errors.Is(err, compile.ErrSlow) {
				if ctx.Err() != nil {
					return err
				}
				return environment("%v", err)
			}
			text := fmt.Sprintf("not %s: %v", what, err)
			part.Skipped = append(part.Skipped, text)
			if !c.quiet && !c.json {
				fmt.Fprintf(c.err, "%s: SKIPPED, %s\n", name, text)
			}
			return nil
		}
		if name == area {
			part.Title = f.liberty
			if m, err := s.Area(ctx, f.liberty, p.Model+"_array", sources); err == nil {
				part.Area = m.Area
			} else if err := skip("mapped", err); err != nil {
				return nil, err
			}
			r.Parts = append(r.Parts, part)
			continue
		}
		family := verilog.FindFamily(name)
		e, err := verilog.NewEstimate(p, family)
		if err != nil {
			return nil, err
		}
		r.Flips = e.Flips
		part.Title = family.Title
		part.Estimated = estimateOf(e)
		modules, err := mapArray(ctx, s, &part, e, sources, p.Model+"_array", f.tiles)
		var alone *compile.Mapped
		if err == nil {
			alone, err = s.Map(ctx, name, "kinds", []string{"kinds.v"})
		}
		if err != nil {
			if err := skip("mapped", err); err != nil {
				return nil, err
			}
			modules, alone = nil, &compile.Mapped{}
			part.Mapped, part.Sampled = nil, nil
		}
		for i, x := range e.Kinds {
			part.Kinds = append(part.Kinds, useOf(x, alone.Modules, kinds[i], fmt.Sprint("kind", i)))
		}
		for _, x := range e.Modules {
			part.Modules = append(part.Modules, useOf(x, modules, x.Name, x.Name))
		}
		if why := e.Excess(); family.Placed && why != "" {
			if err := skip("placed", &compile.ToolError{Text: "the array does not fit: an estimated " + why}); err != nil {
				return nil, err
			}
		} else if family.Placed {
			placed, err := s.Place(ctx, name, p.Model+"_pins", sources, f.freq, f.seed)
			if err == nil {
				part.Placed = &placedJSON{placed.Logic, placed.FF, placed.RAM, clockJSON{placed.MHz, float64(e.Flips) * placed.MHz / 1000}}
			} else if err := skip("placed", err); err != nil {
				return nil, err
			}
		}
		r.Parts = append(r.Parts, part)
	}
	return r, nil
}

// mapArray maps the array, or so many of its tiles, into a part of the report.
func mapArray(ctx context.Context, s *compile.Synthesis, part *partJSON, e *verilog.Estimate, sources []string, top string, tiles int) (map[string]verilog.Resources, error) {
	if tiles == 0 {
		m, err := s.Map(ctx, part.Name, top, sources)
		if err != nil {
			return nil, err
		}
		all := resources(m.All)
		part.Mapped = &all
		return m.Modules, nil
	}
	modules, err := s.MapTiles(ctx, e, tiles)
	if err != nil {
		return nil, err
	}
	array, mapped := e.Extrapolate(modules)
	part.Sampled = &sampledJSON{Tiles: mapped, Of: e.Tiles(), resourcesJSON: resources(array), clockJSON: clockJSON{e.MHz, e.FlipsPerNS()}}
	measured := *e
	measured.Array = array
	if p := verilog.SmallestPart([]*verilog.Estimate{&measured}); p != nil {
		part.Sampled.Part = p.Name
	}
	return modules, nil
}

func useOf(u verilog.Use, mapped map[string]verilog.Resources, name, module string) useJSON {
	x := useJSON{Name: name, Count: u.Count, Estimated: resources(u.Each)}
	if m, ok := mapped[module]; ok {
		r := resources(m)
		x.Mapped = &r
	}
	return x
}

// hardwareText prints the report.
func (c *command) hardwareText(r *hardwareJSON) {
	fmt.Fprintf(c.out, "%s: %d flips a clock, %d chains interleaved\n\n", r.Model, r.Flips, r.Interleave)
	t := &table{left: 2}
	t.row("part", "", "LUT", "FF", "RAM", "MHz", "flips/ns")
	for _, p := range r.Parts {
		if e := p.Estimated; e != nil {
			t.row(p.Name, "array, estimated", fmt.Sprint(e.LUT), fmt.Sprint(e.FF), fmt.Sprint(e.RAM), fmt.Sprintf("%.0f", e.MHz), fmt.Sprintf("%.1f", e.FlipsPerNS))
		}
		if m := p.Mapped; m != nil {
			t.row(p.Name, "array, mapped", fmt.Sprint(m.LUT), fmt.Sprint(m.FF), fmt.Sprint(m.RAM))
		}
		if m := p.Sampled; m != nil {
			t.row(p.Name, fmt.Sprintf("array, by %d of %d tiles mapped", m.Tiles, m.Of), fmt.Sprint(m.LUT), fmt.Sprint(m.FF), fmt.Sprint(m.RAM), fmt.Sprintf("%.0f", m.MHz), fmt.Sprintf("%.1f", m.FlipsPerNS))
		}
		if d := p.Placed; d != nil {
			ff := ""
			if d.FF > 0 {
				ff = fmt.Sprint(d.FF)
			}
			t.row(p.Name, "with pins, placed", fmt.Sprint(d.Logic), ff, fmt.Sprint(d.RAM), fmt.Sprintf("%.1f", d.MHz), fmt.Sprintf("%.1f", d.FlipsPerNS))
		}
		if p.Area > 0 {
			t.row(p.Name, fmt.Sprintf("array, mapped: %.0f units of the cells' area", p.Area))
		}
		for _, why := range p.Skipped {
			t.row(p.Name, why)
		}
	}
	t.print(c.out, "")
	for _, p := range r.Parts {
		if m := p.Sampled; m != nil && m.Part != "" {
			fmt.Fprintf(c.out, "\n%s is the smallest known part of %s with room for the array; what is not mapped is an estimate, and the clock an assumption\n", m.Part, p.Title)
		}
		if len(p.Kinds) > 0 {
			c.useText(p.Title+": kinds of cells, the first of each", p.Kinds)
			c.useText(p.Title+": modules", p.Modules)
		}
	}
}

func (c *command) useText(title string, uses []useJSON) {
	fmt.Fprintf(c.out, "\n%s\n", title)
	t := &table{left: 1}
	t.row("", "count", "LUT", "FF", "RAM", "estimated LUT", "FF", "RAM")
	for _, u := range uses {
		row := []string{u.Name, fmt.Sprint(u.Count), "", "", ""}
		if m := u.Mapped; m != nil {
			row = []string{u.Name, fmt.Sprint(u.Count), fmt.Sprint(m.LUT), fmt.Sprint(m.FF), fmt.Sprint(m.RAM)}
		}
		e := u.Estimated
		t.row(append(row, fmt.Sprint(e.LUT), fmt.Sprint(e.FF), fmt.Sprint(e.RAM))...)
	}
	t.print(c.out, "  ")
}

// libertyFile is the file of --liberty, else Debian's where it is installed.
func libertyFile(given string) (string, error) {
	if given == "" {
		if _, err := os.Stat(debianLiberty); err != nil {
			return "", environment("no liberty file: %s is not there", debianLiberty).help("give one with --liberty, or leave the part %s", area)
		}
		return debianLiberty, nil
	}
	if _, err := os.Stat(given); err != nil {
		return "", fileError(given, err)
	}
	return given, nil
}
