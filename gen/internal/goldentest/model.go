package goldentest

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Model is a model.json. Nodes are its variables in order.
type Model struct {
	Name      string     `json:"name"`
	Family    string     `json:"family"` // ising, factors or potts
	Variables []Variable `json:"variables"`

	// ising: E = -beta·(Σ biases s + Σ weights s s).
	Beta    json.RawMessage `json:"beta"`
	Biases  []float64       `json:"biases"`
	Edges   [][]int32       `json:"edges"`
	Weights []float64       `json:"weights"`

	// factors: E = -Σ weights[row][categories]·product of spins, a column of nodes
	// for each slot.
	Factors []Factor `json:"factors"`

	// Superblocks of blocks of nodes; in potts a description in words.
	Superblocks json.RawMessage `json:"superblocks"`
	ClampCodes  map[string]int  `json:"clamp_codes"`

	// potts: a checkerboard of one shape.
	States int   `json:"states"`
	Shape  []int `json:"shape"`

	// Training cases.
	Visible           []int32   `json:"visible"`
	Hidden            []int32   `json:"hidden"`
	Conditioning      []int32   `json:"conditioning"`
	ConditioningCodes []int     `json:"conditioning_codes"`
	DataCodes         [][]int   `json:"data_codes"`
	PositiveBlocks    [][]int32 `json:"positive_blocks"`
	NegativeBlocks    [][]int32 `json:"negative_blocks"`
}

// Variable is one node.
type Variable struct {
	Kind   string `json:"kind"` // spin or categorical
	States int    `json:"states"`
}

// Factor is a factor of the general family.
type Factor struct {
	Spins   [][]int32       `json:"spins"`
	Cats    [][]int32       `json:"cats"`
	Weights json.RawMessage `json:"weights"` // nested: rows, then one axis for each of Cats
}

// value is the value of a code of node i.
func (m *Model) value(i, code int) int32 {
	if m.Family == "potts" || m.Variables[i].Kind != "spin" {
		return int32(code)
	}
	return int32(2*code - 1)
}

// graph builds the model. Neighbouring nodes of one kind make a variable: s, s1,
// … of spins, c, c1, … of categoricals. Blocks are the superblocks (for training
// cases those of the negative phase, conditioning nodes clamped), else one block
// for each node.
func (m *Model) graph() (*graph.Graph, error) {
	g := &graph.Graph{Model: m.Name, Beta: 1, Sample: graph.Sample{Chains: 4, Warmup: 1000, Samples: 1000, StepsPerSample: 1}}
	g.Observe = []graph.Observe{{Kind: "state"}, {Kind: "energy"}}
	g.Format.Profile = "default"
	var err error
	switch m.Family {
	case "potts":
		m.potts(g)
	case "ising":
		if err = json.Unmarshal(m.Beta, &g.Beta); err != nil {
			return nil, err
		}
		m.variables(g)
		err = m.ising(g)
	case "factors":
		m.variables(g)
		err = m.factors(g)
	default:
		err = fmt.Errorf("family %q is not discrete", m.Family)
	}
	if err == nil && m.Family != "potts" {
		err = m.schedule(g)
	}
	if err != nil {
		return nil, err
	}
	g.Init = make([]graph.Init, len(g.Vars))
	countNeighbours(g)
	return g, nil
}

func (m *Model) variables(g *graph.Graph) {
	count := map[graph.Kind]int{}
	for i, v := range m.Variables {
		kind, states, name := graph.Categorical, v.States, "c"
		if v.Kind == "spin" {
			kind, states, name = graph.Spin, 2, "s"
		}
		if last := len(g.Vars) - 1; last >= 0 && g.Vars[last].Kind == kind && g.Vars[last].States == states {
			g.Vars[last].Count++
			g.Vars[last].Shape[0]++
			continue
		}
		if count[kind] > 0 {
			name += strconv.Itoa(count[kind])
		}
		count[kind]++
		g.Vars = append(g.Vars, graph.Variable{Name: name, Kind: kind, States: states, Shape: []int{1}, First: i, Count: 1})
	}
	g.Nodes = len(m.Variables)
}

func (m *Model) ising(g *graph.Graph) error {
	all := make([]int32, len(m.Biases))
	for i := range all {
		all[i] = int32(i)
	}
	if err := addFactor(g, "biases", [][]int32{all}, m.Biases); err != nil {
		return err
	}
	return addFactor(g, "weights", transpose(m.Edges), m.Weights)
}

func (m *Model) factors(g *graph.Graph) error {
	for i, f := range m.Factors {
		var nested any
		if err := json.Unmarshal(f.Weights, &nested); err != nil {
			return err
		}
		columns := append(append([][]int32{}, f.Spins...), f.Cats...)
		if err := addFactor(g, "f"+strconv.Itoa(i), columns, flatten(nested, nil)); err != nil {
			return err
		}
	}
	return nil
}

// potts is the grid of the shape, horizontal pairs first, blocks by the parity
// of row + column.
func (m *Model) potts(g *graph.Graph) {
	rows, cols := m.Shape[0], m.Shape[1]
	g.Nodes = rows * cols
	g.Vars = []graph.Variable{{Name: "x", Kind: graph.Categorical, States: m.States, Shape: m.Shape, Count: g.Nodes}}
	slot := graph.Slot{Kind: graph.Categorical, States: m.States}
	f := graph.Factor{Name: "f0", Slots: []graph.Slot{slot, slot}, Table: []int{m.States, m.States}, Shared: true, Scale: 1}
	f.Weights = make([]float64, m.States*m.States)
	for k := range m.States {
		f.Weights[k*m.States+k] = 1
	}
	parity := make([]graph.Block, 2)
	for i := range g.Nodes {
		if i%cols < cols-1 {
			f.Index = append(f.Index, int32(i), int32(i+1))
		}
		p := (i/cols + i%cols) % 2
		parity[p].Nodes = append(parity[p].Nodes, int32(i))
	}
	for i := range g.Nodes - cols {
		f.Index = append(f.Index, int32(i), int32(i+cols))
	}
	f.Rows = len(f.Index) / 2
	g.Factors = []graph.Factor{f}
	g.Blocks = [][]graph.Block{parity[:1], parity[1:]}
}

func (m *Model) schedule(g *graph.Graph) error {
	for i := range m.Variables {
		if code, ok := m.ClampCodes[strconv.Itoa(i)]; ok {
			g.Clamps = append(g.Clamps, graph.Clamp{Nodes: []int32{int32(i)}, Values: []int32{m.value(i, code)}})
		}
	}
	for j, node := range m.Conditioning {
		g.Clamps = append(g.Clamps, graph.Clamp{Nodes: []int32{node}, Values: []int32{m.value(int(node), m.ConditioningCodes[j])}})
	}
	var superblocks [][][]int32
	switch {
	case m.Superblocks != nil:
		if err := json.Unmarshal(m.Superblocks, &superblocks); err != nil {
			return err
		}
	case m.NegativeBlocks != nil:
		for _, block := range m.NegativeBlocks {
			superblocks = append(superblocks, [][]int32{block})
		}
	default:
		for i := range m.Variables {
			superblocks = append(superblocks, [][]int32{{int32(i)}})
		}
	}
	for _, blocks := range superblocks {
		var together []graph.Block
		for _, nodes := range blocks {
			together = append(together, graph.Block{Nodes: nodes})
		}
		g.Blocks = append(g.Blocks, together)
	}
	return nil
}

// addFactor appends a factor of one column of nodes for each slot, one table of
// weights for each row.
func addFactor(g *graph.Graph, name string, columns [][]int32, weights []float64) error {
	f := graph.Factor{Name: name, Rows: len(columns[0]), Weights: weights, Scale: 1}
	for _, column := range columns {
		var slot graph.Slot
		for v, variable := range g.Vars {
			if node := int(column[0]); node >= variable.First && node < variable.First+variable.Count {
				slot = graph.Slot{Var: v, Kind: variable.Kind, States: variable.States}
			}
		}
		if v := g.Vars[slot.Var]; len(column) != f.Rows || outside(column, v.First, v.First+v.Count) {
			return fmt.Errorf("factor %s: a column is ragged or leaves its variable", name)
		}
		f.Slots = append(f.Slots, slot)
		if slot.Kind == graph.Categorical {
			f.Table = append(f.Table, slot.States)
		}
	}
	for r := range f.Rows {
		for _, column := range columns {
			f.Index = append(f.Index, column[r])
		}
	}
	if len(weights) != f.Rows*f.TableSize() {
		return fmt.Errorf("factor %s: %d weights for %d rows of %d", name, len(weights), f.Rows, f.TableSize())
	}
	g.Factors = append(g.Factors, f)
	return nil
}

func outside(nodes []int32, first, end int) bool {
	for _, node := range nodes {
		if int(node) < first || int(node) >= end {
			return true
		}
	}
	return false
}

func transpose(rows [][]int32) [][]int32 {
	columns := make([][]int32, 2)
	for _, r := range rows {
		columns[0] = append(columns[0], r[0])
		columns[1] = append(columns[1], r[1])
	}
	return columns
}

func flatten(nested any, out []float64) []float64 {
	if list, ok := nested.([]any); ok {
		for _, x := range list {
			out = flatten(x, out)
		}
		return out
	}
	return append(out, nested.(float64))
}

func countNeighbours(g *graph.Graph) {
	near := make([]map[int32]bool, g.Nodes)
	for i := range near {
		near[i] = map[int32]bool{}
	}
	for _, f := range g.Factors {
		for r := range f.Rows {
			nodes := f.Index[r*len(f.Slots) : (r+1)*len(f.Slots)]
			for _, a := range nodes {
				for _, b := range nodes {
					if a != b {
						near[a][b] = true
					}
				}
			}
		}
	}
	for _, set := range near {
		g.Edges += len(set)
		g.MaxDegree = max(g.MaxDegree, len(set))
	}
	g.Edges /= 2
}
