package sampling

import (
	"fmt"
	"strconv"
	"strings"
)

// NodeIndex is the number of the node that a reference to one node, x[3,4] or x
// for a scalar, names.
func NodeIndex(vars []Var, ref string) (int, error) {
	name, rest, bracket := strings.Cut(ref, "[")
	for i := range vars {
		v := &vars[i]
		if v.Name != name {
			continue
		}
		if !bracket {
			if v.Shape != nil {
				return 0, fmt.Errorf("%s: %s has shape %v; name one node, as in %s", ref, name, v.Shape, v.exampleRef())
			}
			return v.First, nil
		}
		inner, ok := strings.CutSuffix(rest, "]")
		parts := strings.Split(inner, ",")
		if !ok || len(parts) != len(v.Shape) {
			return 0, fmt.Errorf("%s: %s has shape %v; name one node, as in %s", ref, name, v.Shape, v.exampleRef())
		}
		flat := 0
		for a, p := range parts {
			k, err := strconv.Atoi(strings.TrimSpace(p))
			if err != nil || k < 0 || k >= v.Shape[a] {
				return 0, fmt.Errorf("%s: index %q is not one of 0 … %d", ref, strings.TrimSpace(p), v.Shape[a]-1)
			}
			flat = flat*v.Shape[a] + k
		}
		return v.First + flat, nil
	}
	return 0, fmt.Errorf("%s: no variable %q", ref, name)
}

// exampleRef is the reference to the variable's first node.
func (v *Var) exampleRef() string {
	if v.Shape == nil {
		return v.Name
	}
	return v.Name + "[" + strings.TrimSuffix(strings.Repeat("0,", len(v.Shape)), ",") + "]"
}
