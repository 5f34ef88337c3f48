package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/templates"
)

func (c *command) initCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "init [family]",
		Short: "Write a commented model file to start from",
		Long: `Writes a commented model.yaml that runs as it is. Families: ` + strings.Join(families(), ", ") + `
(default ising). A file that is there is never written over.`,
		Example: `  thrmlgen init
  thrmlgen init potts --out potts.yaml
  thrmlgen init maxcut --out -        on standard output`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			family := "ising"
			if len(args) == 1 {
				family = args[0]
			}
			return c.init(family, out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "model.yaml", "the `file` to write, - for standard output")
	return cmd
}

// families are the models that init knows.
func families() []string {
	var names []string
	files, _ := fs.Glob(templates.FS(), "init/*.yaml") // the pattern is good
	for _, f := range files {
		names = append(names, strings.TrimSuffix(path.Base(f), ".yaml"))
	}
	return names
}

func (c *command) init(family, out string) error {
	text, err := fs.ReadFile(templates.FS(), "init/"+family+".yaml")
	if err != nil {
		return unknownWord("family", family, families())
	}
	if out == "-" {
		if c.json {
			return usage("--json and --out - both want standard output")
		}
		_, err := c.out.Write(text)
		return err
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return environment("%s is there already", out).help("--out names another file")
	}
	if err != nil {
		return writeError(out, err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(out)
		return writeError(out, err)
	}
	if c.json {
		return json.NewEncoder(c.out).Encode(map[string]string{"file": out, "family": family})
	}
	if !c.quiet {
		fmt.Fprintf(c.out, "wrote %s; next: thrmlgen check %s\n", out, out)
	}
	return nil
}
