package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/gomodel"
)

// modelCommand makes cmd one that takes a model file and --set.
func (c *command) modelCommand(cmd *cobra.Command) *cobra.Command {
	cmd.Use += " model.yaml"
	cmd.DisableFlagsInUseLine = false
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fmt.Errorf("no model file is given")
		case len(args) > 1:
			return fmt.Errorf("one model file is taken, not also %s", diag.Quote(args[1]))
		}
		return nil
	}
	cmd.Flags().StringArrayVar(&c.sets, "set", nil, "replace a value of the model: `path=value`, such as sample.chains=8 (repeatable)")
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completeModel(begun)
	}
	return cmd
}

// load reads the model and shows its warnings on standard error, since what
// follows rests on them.
func (c *command) load(file string) (*gen.Model, error) {
	m, err := c.loadQuietly(file)
	if err == nil && !c.quiet {
		list := &diag.List{}
		for _, w := range m.Graph.Warnings {
			list.Add(w)
		}
		c.render(list, "warning: ")
	}
	return m, err
}

// loadQuietly leaves the warnings to the caller.
func (c *command) loadQuietly(file string) (*gen.Model, error) {
	if err := c.checkSets(); err != nil {
		return nil, err
	}
	if _, _, isCode := gomodel.Split(file); isCode { // it removes its files when it is interrupted
		c.clearsUp.Store(true)
		defer c.clearsUp.Store(false)
	}
	m, list := gen.LoadContext(c.ctx, file, c.sets...)
	c.model = m
	if err := list.Err(); err != nil {
		return m, err
	}
	return c.forHardware(file, m)
}

// checkSets refuses values of --set without a path.
func (c *command) checkSets() error {
	for _, s := range c.sets {
		if path, _, ok := strings.Cut(s, "="); !ok || strings.TrimSpace(path) == "" {
			return usage("--set %s is not path=value", diag.Quote(s)).help("for example --set sample.chains=8")
		}
	}
	return nil
}

// plural counts things: "1 row", "3 rows".
func plural(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(one, "y"))
	}
	return fmt.Sprintf("%d %ss", n, one)
}
