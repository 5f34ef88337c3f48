package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
)

func (c *command) initCommand() *cobra.Command {
	return &cobra.Command{Use: "init", RunE: func(*cobra.Command, []string) error { return nil }}
}
func newGoTracer(_ context.Context, m *gen.Model, _, chains int) (tracer, error)  { return nil, nil }
func newGoEngine(_ context.Context, m *gen.Model, _ *runFlags) (engine, error) { return nil, nil }
