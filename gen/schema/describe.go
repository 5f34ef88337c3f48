package schema

import (
	"maps"
	"strings"
)

// describe gives a part of the schema the description of its path: the longest
// end of the path that has one.
func describe(schema object, path string) object {
	out := maps.Clone(schema)
	if text := description(path); text != "" {
		out["description"] = text
	}
	return out
}

func description(path string) string {
	path = strings.NewReplacer("[]", "", ".*", "").Replace(path)
	for {
		if text, ok := descriptions[path]; ok {
			return text
		}
		_, rest, more := strings.Cut(path, ".")
		if !more {
			return ""
		}
		path = rest
	}
}

// descriptions say what a key means and what its default is. Editors show them.
// A key is named by the end of its path that tells it from others.
var descriptions = map[string]string{
	"$defs.name":      "A name: a small letter, then small letters, digits and _, at most 64.",
	"$defs.parameter": "A parameter of an expression: a letter, then letters, digits and _, at most 64.",
	"$defs.variable":  "A variable, or a field of one as variable.field.",
	"$defs.code":      "Code in Go: mypkg.Name with the folder of the package beside the model file, or its import path.",
	"$defs.sampler":   "A sampler: gibbs, slice, metropolis, mala, or code in Go as mypkg.Name.",
	"$defs.nodes":     "A set of nodes: x, x[3], x[2,5], x[0:10:2], x[:,0], x[[3, 17]], a group, a & b (both) or a - b (without).",
	"$defs.file":      "A file inside the model's folder, with the name of an array after # for .npz and .safetensors.",
	"$defs.numbers":   "A number or a nested list of numbers.",

	"model":        "The name of the model; it names the emitted package and module.",
	"graphs":       "Named graphs, for edges and for variables with a node on every node of a graph.",
	"variables":    "The variables: named sets of nodes of one kind.",
	"groups":       "Named sets of nodes, for blocks, clamps, observers and emitted code.",
	"factors":      "The terms of the energy H. The law is p(x) ∝ exp(-beta·H(x)).",
	"interactions": "Directed terms of single nodes' fields. Such a model has no Boltzmann law.",
	"beta":         "Inverse temperature, multiplying the whole energy, or the name of a runtime parameter. Default 1.",
	"runtime":      "true: weights (and, for the whole model, beta) are data of the emitted sampler. Default false: they are constants of it.",
	"init":         "The initial state: random (uniform), hinton (P(+1) = σ(beta·bias)), zeros, a file, a function in Go as mypkg.Func, or one of these for each variable. Default random.",
	"blocks":       "Which nodes are updated together, in the order of a sweep: auto (default: colours of the graph), {order: local} or a list of sets of nodes.",
	"blocks.order": "local: in each colour, nodes that share neighbours follow each other, in groups of 16 slots.",
	"together":     "Blocks of one superblock: all read the state as it was when the superblock began.",
	"synchronous":  "true: neighbours may be updated together (parallel dynamics, with another stationary law). Default false: that is an error.",
	"clamp":        "Nodes held at values: they are read, never updated. A key is a set of nodes.",
	"clamp.file":   "The values, with an optional leading axis for the chains.",
	"update":       "The sampler of a variable: gibbs (default), slice, metropolis, mala, or code in Go as mypkg.Name.",
	"dynamics":     "Joint moves of the continuous variables, one a sweep.",
	"step_size":    "The step of one move.",
	"noise_scale":  "Scales the variance of the noise of a move: a temperature. Default 1.",
	"constant":     "A number that stays, after the rise.",
	"linear":       "From the first to the last number in equal steps over the sweeps.",
	"cosine":       "From the first to the last number along half a wave over the sweeps.",
	"exponential":  "The first number; each sweep multiplies it by factor.",
	"multi_step":   "The first number; each sweep in at multiplies it by factor.",
	"sweeps":       "Over how many sweeps, after which the last number stays.",
	"factor":       "What multiplies it, above 0 and at most 1.",
	"least":        "The number below which it does not fall. Default 0.",
	"at":           "Sweep numbers in order.",
	"rise":         "Sweeps in which it rises from a hundredth of the first number to all of it. Default none.",
	"mass":         "Masses of the nodes that move: a number, one for each in the order of the variables, or a file. Default 1.",
	"adapt":        "The share of proposals to be taken, to which warm-up fits the step of each chain. Default: the step stays.",
	"format":       "The number format: default (any conditional probability within 2^-12), fast (8-bit weights), hardware, or its numbers one by one.",
	"sample":       "The schedule: chains, warm-up, draws.",
	"observe":      "What is recorded. Default [state, energy].",
	"train":        "Training of the weights.",

	"chain":          "A chain: its number of nodes or, where edges are given, a variable whose nodes it joins.",
	"ring":           "A ring: its number of nodes, or a variable.",
	"grid":           "A grid with open ends: its sizes, or a variable whose shape it takes.",
	"torus":          "A grid with periodic ends: its sizes, or a variable whose shape it takes.",
	"king":           "A grid with diagonals: its two sizes, or a variable.",
	"complete":       "Every pair of nodes: their number, or a variable.",
	"bipartite":      "Every pair across two sides: their sizes [n, m].",
	"hypercube":      "A hypercube: its dimension d, with 2^d nodes.",
	"random_regular": "A random graph in which all nodes have the same number of neighbours.",
	"degree":         "Neighbours of every node.",
	"n":              "The number of nodes.",
	"chimera":        "The Chimera graph [m, n, t] of D-Wave's first machines.",
	"pegasus":        "The Pegasus graph of size m.",
	"zephyr":         "The Zephyr graph [m, t].",
	"skip":           "A grid whose nodes also have neighbours at given distances along each axis.",
	"lengths":        "Distances of neighbours along each axis.",
	"stencil":        "A grid in which a node's neighbours are at given offsets.",
	"offsets":        "Offsets of neighbours, one number for each axis.",
	"wrap":           "true: the ends are joined. Default false.",
	"nodes":          "The number of nodes of a graph from a file.",

	"kind":   "spin (±1), categorical (0 … states-1) or continuous (float32).",
	"states": "The number of values of a categorical, 2 to 65536.",
	"dim":    "Each node is a vector of so many components, the last axis of results. A block of vectors whose components are coupled is drawn component by component. Default: a single number.",
	"range":  "The interval [lowest, highest] of a continuous variable. Default: all numbers.",
	"shape":  "Sizes of each axis. Default: a single node.",
	"on":     "One node on every node of a graph: g; on a part of it: {g: {random: 0.5}} or {g: {file: mask.npy}}; on what is left: {g: rest}.",
	"fields": "The fields of a structured node; x.name is the field of x.",

	"on.random":     "The share of the graph's nodes, chosen at random.",
	"on.file":       "A mask: one true or false for each node of the graph.",
	"groups.random": "Nodes chosen at random.",
	"of":            "The nodes to choose from.",
	"parity":        "0 or 1: nodes whose coordinates have an even or odd sum.",

	"name":        "Its name in messages, results and emitted code. Default: f0, f1, … by position.",
	"over":        "One variable for each slot. For an expression as {u: x, v: x}, with the names that it uses.",
	"index":       "Which nodes: rows with one flat index for each slot, a file of them, all (every node, one slot) or pairs (every pair, two slots).",
	"edges":       "Which nodes: the edges of a graph, for two slots.",
	"weights":     "The weights W of -W[c1, …]·s1·s2…: a number, a list, one table for all rows, drawn from a law, or a file.",
	"energy":      "The contribution as an expression of the slots and params: + - * / ^, exp, log, sqrt, sin, cos, tanh, abs, min, max, comparisons (0 or 1), tables W[c, d], sum, dot and components u[0] of vectors.",
	"params":      "Parameters of the expression, in the forms of weights.",
	"mlp":         "The contribution is computed by a network of dense layers with one output.",
	"input":       "The slots that go into the network: ±1 of a spin, components of a vector, K zeros and ones of a categorical.",
	"times":       "Slots that the network's output is multiplied with.",
	"mlp.hidden":  "The sizes of the hidden layers.",
	"activation":  "The function of the hidden layers. Default silu.",
	"mlp.weights": "A file with the network's state_dict (names as 0.weight, 0.bias, 2.weight, … behind a prefix after #), or arrays w0, b0, w1, …. Default: drawn as torch.nn.Linear does.",
	"scale":       "A factor of the whole term: a number (default 1) or the name of a runtime parameter.",
	"duplicates":  "sum: rows with the same nodes add up. Default: they are an error.",

	"identity": "W[a, b] is this number where a = b, and 0 else.",
	"normal":   "Drawn from the normal law with [mean, standard deviation].",
	"uniform":  "Drawn uniformly from [lowest, highest].",
	"signs":    "This number with random sign.",
	"seed":     "The seed of what is drawn here. Default 0.",
	"file":     "A file inside the model's folder, with the name of an array after # for .npz and .safetensors.",

	"fraction":       "Weights are whole multiples of 2^-fraction. Default: the smallest that keeps the budget.",
	"bits":           "Bits of a weight, sign included. Default: as many as it takes.",
	"threshold_bits": "Bits of a random threshold: 1 to 16, or 32 (default, exact tails).",
	"choice":         "How a value is chosen: threshold (default) or noise added to the field.",
	"group":          "Neighbours whose terms are added before rounding. Default 1.",
	"budget":         "The largest error of any conditional probability. Default 2^-12.",
	"format.range":   "The largest runtime weight. Default twice the largest given, at least 4.",
	"rng":            "The random generator: philox (default), philox7, ars5, or for hardware lfl128 and xoshiro128pp.",
	"planes":         "Spins are drawn from so many bit planes in place of digits, 1 to 32: fast where weights have few values.",
	"interleave":     "How many chains take turns at a hardware generator. Default from the model.",

	"chains":           "Independent runs, sampled side by side. Default 4.",
	"warmup":           "Sweeps before the first draw. Default 1000.",
	"samples":          "Draws of each chain. Default 1000.",
	"steps_per_sample": "Sweeps from one draw to the next. Default 1.",
	"sample.seed":      "The seed of the run. Default 0.",
	"betas":            "One beta for each warm-up sweep (annealing), in place of beta; draws are at the last.",
	"from":             "Beta of the first warm-up sweep.",
	"to":               "Beta of the last warm-up sweep, and of the draws.",
	"betas.shape":      "Equal steps: linear (default), or equal ratios: geometric.",

	"state":         "States of these nodes at every draw.",
	"histogram":     "How often each of these nodes had each value, over all chains and draws.",
	"bins":          "Bins of a histogram of continuous nodes. Default 50.",
	"observe.range": "Lowest and highest value of the bins; what lies outside is counted as under and over. Default: the range of the variable.",
	"observe.mean":  "An expression of the slots, of which the mean in every row is taken.",
	"value":         "A quantity of the user's: an expression of the slots, summed over the rows.",
	"observe.name":  "The name of the quantity in results.",
	"observe.go":    "An observer in Go: a type or function of a package of the model's module, as mypkg.Name.",

	"rbm.weights":                "A weight for every pair. Default: drawn from the normal law with standard deviation 0.01, seed 0.",
	"boltzmann.weights":          "A weight for every edge. Default: drawn from the normal law with standard deviation 0.01, seed 0.",
	"boltzmann.biases":           "One bias for each node, or one for all. Default 0.",
	"ising":                      "An Ising model of spins s: H = -Σ w s s - Σ b s.",
	"graph":                      "The graph: a name, or {grid: [20, 20]} and the like.",
	"biases":                     "One bias for each spin, or one for all. Default 0.",
	"maxcut":                     "A max-cut problem over spins s: H = Σ w s s.",
	"potts":                      "A Potts model of categoricals x: -coupling where neighbours are equal.",
	"coupling":                   "The coupling of neighbours, in the forms of weights.",
	"rbm":                        "A restricted Boltzmann machine: visible spins v, hidden spins h, every pair across.",
	"boltzmann":                  "A Boltzmann machine over a graph: its nodes are first the visible spins v, then the hidden spins h.",
	"visible":                    "The number of visible nodes, or their shape.",
	"hidden":                     "The number of hidden nodes, or their shape.",
	"visible_biases":             "Biases of the visible nodes. Default 0.",
	"hidden_biases":              "Biases of the hidden nodes. Default 0.",
	"gaussian":                   "A Gaussian model of continuous x: H = ½ (x - mean)ᵀ precision (x - mean).",
	"gaussian_bernoulli":         "Continuous x and spins s that shift their means: H = ½ (x - mean)ᵀ precision (x - mean) - Σ biases s - Σ weights x s.",
	"gaussian.shape":             "The number of nodes, or their shape. Default: that of the matrix or of the mean.",
	"precision":                  "The precision: a matrix, its diagonal or one number for all of it, or a mapping with what is not 0. Default of gaussian_bernoulli: 1.",
	"covariance":                 "The covariance at beta 1: a matrix, its diagonal or one number for all of it. It is inverted.",
	"mean":                       "One mean for each node, or one for all. Default 0.",
	"diagonal":                   "The diagonal of the precision: one number for each node, or one for all.",
	"precision.graph":            "The graph of the elements off the diagonal.",
	"precision.edges":            "The elements off the diagonal, as pairs of nodes.",
	"values":                     "The elements off the diagonal: one for each edge, or one for all.",
	"continuous":                 "The number of continuous nodes, or their shape.",
	"spins":                      "The number of spins, or their shape.",
	"gaussian_bernoulli.weights": "A weight for every pair of a continuous node and a spin. Default: drawn from the normal law with standard deviation 0.01, seed 0.",

	"data":                "Examples: a file, a nested list with a row for each, or drawn.",
	"held_out":            "Examples that are not trained on.",
	"bernoulli":           "Examples drawn with this share of +1.",
	"rows":                "The number of examples drawn.",
	"train.visible":       "The nodes that the data are of.",
	"buffer":              "How many states of persistent chains are kept; a step draws as many as it has chains. Default as many as chains.",
	"fresh":               "The share of persistent chains that begin anew in every step. Default 0.",
	"sigma":               "The standard deviation of the noise of loss denoising. Default 0.1.",
	"projections":         "The random directions of loss sliced, for each example. Default 1.",
	"condition":           "Data that other nodes are held at, by set of nodes.",
	"batch":               "Examples of one step. Default all.",
	"epochs":              "Passes over the data. Default 1.",
	"loss":                "kl (default), cd (contrastive divergence), or without chains score_matching, sliced or denoising (score matching).",
	"k":                   "Sweeps of contrastive divergence.",
	"start":               "Where negative chains begin: data, noise or persistent.",
	"learning_rate":       "The size of a step, or where it goes from and to over the run. Default 0.01.",
	"learning_rate.from":  "The size of the first step.",
	"learning_rate.to":    "The size of the last step.",
	"learning_rate.shape": "Equal steps: linear (default), or equal ratios: geometric.",
	"weight_decay":        "Pull of the weights towards 0. Default 0.",
	"optimizer":           "sgd (default) or adam, by name or with parameters.",
	"sgd":                 "Stochastic gradient descent.",
	"momentum":            "Share of the last step kept. Default 0.",
	"adam":                "Adam.",
	"beta1":               "Decay of the mean of gradients. Default 0.9.",
	"beta2":               "Decay of the mean of squared gradients. Default 0.999.",
	"epsilon":             "Added to the root of the mean of squares. Default 1e-8.",
	"positive":            "The schedule of the phase with data. Default: that of sample.",
	"negative":            "The schedule of the free phase. Default: that of sample.",
	"interactions.head":   "The nodes whose field is given.",
	"interactions.tails":  "The nodes that the field depends on.",
	"interactions.field":  "The field as an expression.",
	"dynamics.langevin":   "x ← x − step_size·β·∇E + √(2·step_size·noise_scale)·ε, without a Metropolis test.",
	"dynamics.mala":       "The same move with noise_scale 1, accepted or not (Metropolis-adjusted Langevin algorithm).",
	"dynamics.hmc":        "Hamiltonian Monte Carlo: leapfrogs from normal momenta, accepted or not.",
	"dynamics.hmc.steps":  "Leapfrogs of a move. Default 10.",

	"dynamics.underdamped":          "Langevin dynamics with a momentum (BAOAB), without a Metropolis test.",
	"dynamics.underdamped.friction": "How fast momentum is lost and drawn anew. Default 1.",
	"dynamics.gradient":             "Descent of the energy: x ← x − step_size·β·∇E.",
	"dynamics.nesterov":             "Descent with momentum: v ← momentum·v − step_size·β·∇E(x + momentum·v), x ← x + v.",
	"dynamics.nesterov.momentum":    "The share of the last move that goes on. Default 0.9.",
}
