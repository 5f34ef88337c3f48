package sampling

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// NodeIndex is the number of the node that a reference to one node, x[3,4] or x
// for a scalar, names.
func NodeIndex(vars []Var, ref string) (int, error) {
	v, axes, err := splitRef(vars, ref)
	if err != nil {
		return 0, err
	}
	if len(axes) != len(v.Shape) {
		return 0, fmt.Errorf("%s: %s has shape %v; name one node, as in %s", ref, v.Name, v.Shape, v.exampleRef())
	}
	flat := 0
	for a, p := range axes {
		k, err := strconv.Atoi(p)
		if err != nil || k < 0 || k >= v.Shape[a] {
			return 0, fmt.Errorf("%s: index %q is not one of 0 … %d", ref, p, v.Shape[a]-1)
		}
		flat = flat*v.Shape[a] + k
	}
	return v.First + flat, nil
}

// NodeIndices is the nodes that a reference names, row-major: a whole variable x,
// or on each axis an index x[3,4], a slice x[0:10:2, :] or a list x[[3, 17]].
func NodeIndices(vars []Var, ref string) ([]int32, error) {
	v, axes, err := splitRef(vars, ref)
	if err != nil {
		return nil, err
	}
	if axes != nil && len(axes) != len(v.Shape) {
		return nil, fmt.Errorf("%s: %s has shape %v; give one index, slice or list for each axis, as in %s", ref, v.Name, v.Shape, v.exampleRef())
	}
	nodes := []int32{0}
	for a, n := range v.Shape {
		at := ":"
		if axes != nil {
			at = axes[a]
		}
		picked, err := axisIndices(at, n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ref, err)
		}
		next := make([]int32, 0, len(nodes)*len(picked))
		for _, x := range nodes {
			for _, k := range picked {
				next = append(next, x*int32(n)+k)
			}
		}
		nodes = next
	}
	for i := range nodes {
		nodes[i] += int32(v.First)
	}
	return nodes, nil
}

// splitRef gives the variable of a reference and what stands for each axis, nil
// without brackets.
func splitRef(vars []Var, ref string) (*Var, []string, error) {
	name, rest, bracket := strings.Cut(ref, "[")
	name = strings.TrimSpace(name)
	for i := range vars {
		if vars[i].Name != name {
			continue
		}
		if !bracket {
			return &vars[i], nil, nil
		}
		inner, ok := strings.CutSuffix(strings.TrimSpace(rest), "]")
		if !ok {
			return nil, nil, fmt.Errorf("%s: %s has shape %v; name one node, as in %s", ref, name, vars[i].Shape, vars[i].exampleRef())
		}
		return &vars[i], splitAxes(inner), nil
	}
	return nil, nil, fmt.Errorf("%s: no variable %q", ref, name)
}

// splitAxes splits at the commas outside of brackets.
func splitAxes(s string) []string {
	axes := []string{}
	depth, from := 0, 0
	for i, c := range s + "," {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && (depth == 0 || i == len(s)):
			axes = append(axes, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return axes
}

// axisIndices is what an index, a slice or a list picks of 0 … n-1. The end of a
// slice is not part of it; a slice that picks nothing is an error.
func axisIndices(s string, n int) ([]int32, error) {
	index := func(text string, most int) (int, error) {
		k, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || k < 0 || k > most {
			return 0, fmt.Errorf("index %q is not one of 0 … %d", strings.TrimSpace(text), most)
		}
		return k, nil
	}
	if inner, list := strings.CutPrefix(s, "["); list {
		inner, closed := strings.CutSuffix(inner, "]")
		if !closed {
			return nil, fmt.Errorf("list %q has no end", s)
		}
		var picked []int32
		for _, part := range strings.Split(inner, ",") {
			k, err := index(part, n-1)
			if err != nil {
				return nil, err
			}
			picked = append(picked, int32(k))
		}
		return picked, nil
	}
	parts := strings.Split(s, ":")
	if len(parts) == 1 {
		k, err := index(s, n-1)
		return []int32{int32(k)}, err
	}
	bounds := [3]int{0, n, 1}
	for i, part := range parts {
		if i > 2 {
			return nil, fmt.Errorf("slice %q is not first:end or first:end:step", s)
		}
		if strings.TrimSpace(part) == "" {
			continue
		}
		most, err := n, error(nil)
		if i == 2 {
			most = math.MaxInt32
		}
		if bounds[i], err = index(part, most); err != nil {
			return nil, err
		}
	}
	if bounds[2] < 1 || bounds[1] <= bounds[0] {
		return nil, fmt.Errorf("slice %q picks nothing of 0 … %d", s, n-1)
	}
	var picked []int32
	for k := bounds[0]; k < bounds[1]; k += bounds[2] {
		picked = append(picked, int32(k))
	}
	return picked, nil
}

// exampleRef is the reference to the variable's first node.
func (v *Var) exampleRef() string {
	if v.Shape == nil {
		return v.Name
	}
	return v.Name + "[" + strings.TrimSuffix(strings.Repeat("0,", len(v.Shape)), ",") + "]"
}
