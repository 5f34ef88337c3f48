package golang_test

import "github.com/thrmlgen/thrmlgen/targets/emit"

// special are models that random ones do not reach: every width of inputs, the
// bundled runtime, embedded model data, no straight-line code, and names that Go
// or the file system would trip over.
var special = []struct {
	yaml string
	req  emit.Request
}{
	{yaml: `
model: runtime
variables: {a_b: {kind: spin, shape: [3, 3]}, a__b: {kind: spin}, type: {kind: categorical, states: 3, shape: [2, 1, 2]}}
groups: {border: "a_b[0,:]", odd: {parity: 1, of: a_b}}
factors:
  - {over: [a_b, a_b], edges: {king: a_b}, weights: {normal: [0, 1], seed: 1}}
  - {over: [a_b, a__b], index: [[0, 0], [4, 0]], weights: 0.75}
  - {over: [type, type], edges: {grid: type}, weights: {identity: 0.5}}
  - {over: [a_b, type], index: [[3, 1]], weights: [[0.5, -0.5, 1.0]]}
`},
	{yaml: `
model: complete
variables: {s: {kind: spin, shape: [20]}}
factors:
  - {over: [s], index: all, weights: {normal: [0, 0.3], seed: 4}, runtime: true}
  - {over: [s, s], index: pairs, weights: {normal: [0, 0.3], seed: 5}, runtime: true}
`, req: emit.Request{Runtime: emit.Import}},
	{yaml: `
model: big_test
variables: {s: {kind: spin, shape: [30, 40]}}
factors:
  - {over: [s], index: all, weights: {normal: [0, 1], seed: 1}}
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 1], seed: 2}}
`, req: emit.Request{Runtime: emit.Import, Chunk: 256}},
	{yaml: `
model: tables
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: 1.0}
`, req: emit.Request{Runtime: emit.Import, Unroll: -1}},
	{yaml: `
model: wide
variables: {s: {kind: spin, shape: [12]}, x: {kind: categorical, states: 300, shape: [3]}}
factors:
  - {over: [s, s, s], index: [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 4, 8]], weights: [0.8, -0.6, 0.4, 1.1]}
  - {over: [s, s, s, s], index: [[0, 3, 6, 9], [1, 4, 7, 10]], weights: 0.7}
  - {over: [x, x], edges: {chain: x}, weights: {identity: 2.0}}
format: {fraction: 34}
`, req: emit.Request{Runtime: emit.Import}},
}
