package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/models"
	"github.com/thrmlgen/thrmlgen/templates"
)

// schemaFile is the schema beside the model files of a folder, which share it.
// The first line of a model names it to editors that use yaml-language-server.
const (
	schemaFile = "thrmlgen.schema.json"
	schemaLine = "# yaml-language-server: $schema=" + schemaFile + "\n"
)

func (c *command) initCommand() *cobra.Command {
	var out string
	var noSchema bool
	cmd := &cobra.Command{
		Use:   "init [family]",
		Short: "Write a commented model file to start from",
		Long: `Writes a commented model.yaml that runs as it is. Families: ` + strings.Join(families(), ", ") + `
(default ising). Beside it goes ` + schemaFile + `, with which editors complete
and explain the keys; --no-schema leaves it out. A file that is there is never
written over.`,
		Example: `  thrmlgen init
  thrmlgen init potts --out potts.yaml --set sample.chains=8
  thrmlgen init maxcut --out -        on standard output`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			family := "ising"
			if len(args) == 1 {
				family = args[0]
			}
			return c.init(family, out, !noSchema)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return families(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "model.yaml", "the `file` to write, - for standard output")
	f.BoolVar(&noSchema, "no-schema", false, "write the model alone, without the schema for editors")
	f.StringArrayVar(&c.sets, "set", nil, "write this value in place of the template's: `path=value`, such as sample.chains=8 (repeatable)")
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

func (c *command) init(family, out string, withSchema bool) error {
	text, err := fs.ReadFile(templates.FS(), "init/"+family+".yaml")
	if err != nil {
		return unknownWord("family", family, families())
	}
	if text, err = c.withValues(text, family); err != nil {
		return err
	}
	if out == "-" {
		if c.json {
			return usage("--json and --out - both want standard output")
		}
		_, err := c.out.Write(text)
		return err
	}
	schema := ""
	if withSchema {
		schema = filepath.Join(filepath.Dir(out), schemaFile)
		text = append([]byte(schemaLine), text...)
	}
	c.clearsUp.Store(true)
	kept, err := writeModel(out, text, schema)
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(c.out, map[string]string{"file": out, "family": family, "schema": schema})
	}
	if c.quiet {
		return nil
	}
	fmt.Fprintf(c.out, "wrote %s; next: thrmlgen check %s\n", out, out)
	if kept {
		fmt.Fprintf(c.out, "kept %s, which is not that of this version; thrmlgen schema prints that\n", schema)
	}
	return nil
}

// writeModel writes a model and, unless schema is empty, the schema: both or
// none. A schema that is there is kept; kept says that it differs from ours.
func writeModel(out string, text []byte, schema string) (kept bool, err error) {
	if schema != "" && filepath.Clean(out) == filepath.Clean(schema) {
		return false, usage("--out %s is the name of the schema", out).help("--no-schema leaves the schema out")
	}
	if err := writeNew(out, text); err != nil {
		return false, err
	}
	if schema == "" {
		return false, nil
	}
	if _, err := os.Lstat(schema); err == nil {
		have, err := os.ReadFile(schema)
		return err != nil || string(have) != models.Schema(), nil
	}
	if err := writeNew(schema, []byte(models.Schema())); err != nil {
		os.Remove(out)
		return false, err
	}
	return false, nil
}

// writeNew writes a file that is not there, or nothing.
func writeNew(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return environment("%s is there already", file).help("--out names another file")
	}
	if err != nil {
		return writeError(file, err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(file)
		return writeError(file, err)
	}
	return nil
}

// withValues puts the values of --set into the text of a template. The result is
// that of --set with any other command, or the value is refused.
func (c *command) withValues(text []byte, family string) ([]byte, error) {
	if err := c.checkSets(); err != nil || len(c.sets) == 0 {
		return text, err
	}
	whole := gen.Source{Name: family + ".yaml", Text: text}
	want, problems := gen.Check(whole, c.sets...)
	c.model = want
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for _, set := range c.sets {
		path, value, _ := strings.Cut(set, "=")
		changed, ok := setValue(text, strings.Split(strings.TrimSpace(path), "."), value)
		if !ok {
			return nil, usage("--set %s: the %s model has no line for this value", set, family).help("write the file without it and edit it")
		}
		text = changed
	}
	whole.Text = text
	got, problems := gen.Check(whole)
	if problems.Len() > 0 || got.Graph.Expand() != want.Graph.Expand() {
		return nil, usage("--set %s cannot be written into the %s model", strings.Join(c.sets, " --set "), family).help("write the file without it and edit it")
	}
	return text, nil
}

// setValue replaces the value of a key that stands on a line of its own, in a
// text indented by two spaces. What follows the value on the line stays.
func setValue(text []byte, path []string, value string) ([]byte, bool) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	first, end, indent := 0, len(lines), ""
	for depth, key := range path {
		at := -1
		for i := first; i < end; i++ {
			if bytes.HasPrefix(lines[i], []byte(indent+key+":")) {
				at = i
				break
			}
		}
		if at < 0 {
			return nil, false
		}
		start := len(indent + key + ":")
		rest := strings.TrimRight(string(lines[at][start:]), "\n")
		old, comment, commented := strings.Cut(rest, " #")
		if depth == len(path)-1 {
			if strings.TrimSpace(old) == "" || strings.ContainsAny(value, "\n\r") {
				return nil, false
			}
			line := string(lines[at][:start]) + " " + value
			if commented {
				line = fmt.Sprintf("%-*s #%s", start+len(old), line, comment)
			}
			lines[at] = []byte(line + "\n")
			return bytes.Join(lines, nil), true
		}
		indent += "  "
		first = at + 1
		for end = first; end < len(lines) && (bytes.HasPrefix(lines[end], []byte(indent)) || len(bytes.TrimSpace(lines[end])) == 0); end++ {
		}
	}
	return nil, false
}

func (c *command) schemaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the model file",
		Long: `Prints the JSON schema (draft 2020-12) of the model file, for editors: they
complete keys, explain them and underline mistakes. thrmlgen init writes it beside
the model and names it in the first line of the model:

  ` + strings.TrimSpace(schemaLine),
		Example: "  thrmlgen schema > " + schemaFile,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if c.quiet && !c.json {
				return nil
			}
			_, err := c.out.Write([]byte(models.Schema()))
			return err
		},
	}
	return c.withoutModel(cmd)
}

// withoutModel lets a command that reads no model take --set all the same, so
// that a script may give it to every command.
func (c *command) withoutModel(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringArrayVar(&c.sets, "set", nil, "has no effect, as no model is read: `path=value`")
	if err := cmd.Flags().MarkHidden("set"); err != nil {
		panic(err) // it was added above
	}
	return cmd
}
