package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
)

func (c *command) version() *cobra.Command {
	return c.withoutModel(&cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  thrmlgen version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case c.json:
				return writeJSON(c.out, map[string]string{"version": gen.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
			case !c.quiet:
				fmt.Fprintf(c.out, "thrmlgen %s (%s, %s/%s)\n", gen.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			}
			return nil
		},
	})
}
