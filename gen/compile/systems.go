package compile

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Systems lists the pairs of system and architecture, as linux/arm64, that the go
// command builds programs for. Web assembly is none that runs by itself.
func Systems(ctx context.Context) ([]string, error) {
	tool, err := findGo(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, tool.path, "tool", "dist", "list")
	if cmd.Env, err = environment(tool.path, os.TempDir()); err != nil {
		return nil, err
	}
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &ToolError{tool.path + " tool dist list does not run: " + err.Error(), "is this Go whole?"}
	}
	wasm := func(pair string) bool { return strings.HasSuffix(pair, "/wasm") }
	return slices.DeleteFunc(strings.Fields(string(out)), wasm), nil
}
