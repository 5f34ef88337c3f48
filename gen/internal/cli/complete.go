package cli

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/models"
	"github.com/thrmlgen/thrmlgen/models/exchange"
	"github.com/thrmlgen/thrmlgen/targets"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// flagWords are the words that a flag of a command takes.
func flagWords(command, flag string) []string {
	switch command + " --" + flag {
	case "run --target":
		return engineNames
	case "run --scan":
		return []string{"beta="}
	case "verify --targets":
		return tracerNames
	case "gen --target":
		var names []string
		for _, t := range targets.All() {
			names = append(names, t.Name)
		}
		return names
	case "gen --runtime":
		return []string{emit.Bundle, emit.Import}
	case "export --format":
		return exportFormats
	case "import --format":
		var names []string
		for _, f := range exchange.Formats() {
			names = append(names, string(f))
		}
		return names
	case "import --vartype":
		return []string{exchange.SPIN, exchange.BINARY}
	}
	return nil
}

// flagFiles are the endings of the files that a flag names.
var flagFiles = map[string]string{
	"run --out": "npz", "run --state": "npz", "run --resume": "npz", "energy --states": "npz",
	"init --out": "yaml", "import --out": "yaml",
}

// complete tells shells what the flags of a command take.
func (c *command) complete(cmd *cobra.Command) {
	var failed error
	register := func(flag string, f cobra.CompletionFunc) {
		failed = errors.Join(failed, cmd.RegisterFlagCompletionFunc(flag, f))
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		words := flagWords(cmd.Name(), f.Name)
		ending := flagFiles[cmd.Name()+" --"+f.Name]
		switch {
		case f.Name == "set":
			register(f.Name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return completeSet(begun)
			})
		case words != nil && f.Value.Type() == "stringSlice":
			register(f.Name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return completeList(begun, words), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
			})
		case words != nil:
			register(f.Name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				directive := cobra.ShellCompDirectiveNoFileComp
				if strings.HasSuffix(words[0], "=") {
					directive |= cobra.ShellCompDirectiveNoSpace
				}
				return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !strings.HasPrefix(w, begun) }), directive
			})
		case ending != "":
			failed = errors.Join(failed, cmd.MarkFlagFilename(f.Name, ending))
		case cmd.Name() == "gen" && f.Name == "out":
			failed = errors.Join(failed, cmd.MarkFlagDirname(f.Name))
		case f.Value.Type() != "string" && f.Value.Type() != "bool":
			register(f.Name, cobra.NoFileCompletions)
		}
	})
	if failed != nil {
		panic(failed) // the flags are those of the command
	}
}

// completeModel gives the names of the embedded models, and the folders and model
// files that begin so.
func completeModel(begun string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, n := range models.Names() {
		if strings.HasPrefix(gen.Embedded+n, begun) {
			out = append(out, gen.Embedded+n)
		}
	}
	dir, start := filepath.Split(begun)
	here := dir
	if here == "" {
		here = "."
	}
	entries, _ := os.ReadDir(here) // a folder that cannot be read has nothing to offer
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, start) || name[0] == '.' && start == "" || slices.Contains(out, dir+name) {
			continue
		}
		if info, err := os.Stat(filepath.Join(here, name)); err == nil && info.IsDir() {
			out = append(out, dir+name+string(filepath.Separator))
		} else if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
			out = append(out, dir+name)
		}
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	if len(out) == 1 && os.IsPathSeparator(out[0][len(out[0])-1]) {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return out, directive
}

// completeList adds each word that is not there yet to a list with commas.
func completeList(begun string, words []string) []string {
	at := strings.LastIndexByte(begun, ',') + 1
	var out []string
	for _, w := range words {
		if strings.HasPrefix(w, begun[at:]) && !slices.Contains(strings.Split(begun[:at], ","), w) {
			out = append(out, begun[:at]+w)
		}
	}
	return out
}

// completeSet gives the next step of the path of --set, by the schema of the
// model file.
func completeSet(begun string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	if strings.Contains(begun, "=") {
		return nil, directive
	}
	s := schemaReader{}
	if err := json.Unmarshal([]byte(models.Schema()), &s.root); err != nil {
		return nil, directive
	}
	at := strings.LastIndexByte(begun, '.') + 1
	parts := []map[string]any{s.root}
	for _, step := range strings.Split(begun[:at], ".") {
		if step != "" {
			parts = s.under(parts, step)
		}
	}
	var out []string
	for _, p := range parts {
		keys, _ := p["properties"].(map[string]any)
		for k := range keys {
			if !strings.HasPrefix(k, begun[at:]) {
				continue
			}
			end := "="
			if sub := s.under(parts, k); slices.ContainsFunc(sub, func(p map[string]any) bool { return p["properties"] != nil }) {
				end = "."
				if len(sub) > 1 { // it can be set as a whole, too
					out = append(out, begun[:at]+k+"=")
				}
			}
			out = append(out, begun[:at]+k+end)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), directive
}

// schemaReader walks the JSON schema.
type schemaReader struct{ root map[string]any }

// under are the forms of what stands under a key.
func (s *schemaReader) under(parts []map[string]any, key string) []map[string]any {
	var out []map[string]any
	for _, p := range parts {
		keys, _ := p["properties"].(map[string]any)
		if sub, ok := keys[key].(map[string]any); ok {
			out = append(out, s.forms(sub)...)
		}
	}
	return out
}

// forms are the alternatives of a part, references followed.
func (s *schemaReader) forms(part map[string]any) []map[string]any {
	if to, ok := part["$ref"].(string); ok {
		defs, _ := s.root["$defs"].(map[string]any)
		def, _ := defs[strings.TrimPrefix(to, "#/$defs/")].(map[string]any)
		return s.forms(def)
	}
	list, ok := part["anyOf"].([]any)
	if !ok || part["properties"] != nil {
		return []map[string]any{part}
	}
	var out []map[string]any
	for _, x := range list {
		if sub, ok := x.(map[string]any); ok {
			out = append(out, s.forms(sub)...)
		}
	}
	return out
}
