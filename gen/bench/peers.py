#!/usr/bin/env python3
"""Measures thrmlgen against dwave-samplers and THRML on this machine, in one run.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r gen/bench/requirements.txt
    /tmp/peers/bin/python gen/bench/peers.py --thrmlgen ./thrmlgen

A flip is one proposed update of one node, summed over chains. Everything runs on one core (this
process pins itself, its children inherit that), and the contestants take turns, so that a noisy
minute hits all of them. Of every contestant the best round counts; the slowest one is shown.

    dwave     simulated annealing sampler, Gibbs proposals, sequential order, at the fixed beta of the
              model; flips / user CPU seconds of the whole call, whose set-up is under 2 %
    thrml     block Gibbs under jit and vmap, two or four colours, compilation excluded; flips / user
              CPU seconds, the best of a few batch sizes
    thrmlgen  flips_per_ns as `thrmlgen bench --json` prints it

User CPU seconds forgive a peer the time that its neighbours took, thrmlgen's own clock does not.

The row "2 threads : 1 thread" compares thrmlgen with itself, both with twice the chains and
free to use every core.

Models (biases zero, beta 1); couplings are drawn here and by thrmlgen from the same law, not the
same stream:
    pegasus14  Ising, 4,264 nodes, 30,404 edges, J ~ N(0, 1)
    pegasus5   the same with 448 nodes; of some formats the emitted package, too
    torus64    Ising, 64 x 64 torus, J = +1 or -1
    torus512   Ising, 512 x 512 torus, J = +1 or -1, one chain
    potts20    Potts, 20 x 20 grid, q = 5, coupling 1
    rbm784     Ising, all pairs of 784 and 500 nodes, J ~ N(0, 0.05)
and two examples of THRML's documents, see peers_examples.py: digits_rbm, gaussian5x5.
"""

import argparse
import dataclasses
import importlib.metadata
import importlib.util
import itertools
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile

import peers_examples
from peers_examples import user_seconds

ROUNDS = 3
CHAINS = {"pegasus14": 512, "pegasus5": 2048, "torus64": 512, "torus512": 1, "potts20": 100, "rbm784": 512}  # of thrmlgen; THRML gets the best of its batch sizes
READS = 4  # chains of dwave-samplers, one after the other; the rate does not depend on it
DWAVE_FLIPS = 6e7  # of one timed run: about a second
THRML_FLIPS = {"pegasus14": 4e7, "pegasus5": 4e7, "torus64": 5e7, "torus512": 2e7, "potts20": 4e6, "rbm784": 2e6}
THRML_BATCHES = {"pegasus14": [32, 64], "pegasus5": [32, 64, 128], "torus64": [8, 16, 32], "torus512": [1], "potts20": [1, 8], "rbm784": [1, 8, 32]}
NEEDED = {  # the ratio that thrmlgen must reach, for each model and peer
    "pegasus14": {"dwave": 35, "thrml": None},
    "pegasus5": {"dwave": None, "thrml": None},
    "torus64": {"dwave": None, "thrml": None},
    "torus512": {"thrml": 20},
    "potts20": {"thrml": 100},
    "rbm784": {"thrml": 20},
    "digits_rbm": {"thrml": 10.0},
    "gaussian5x5": {"thrml": 10.0},
}
FORMATS = {  # others than the default, which is Philox-10 and an error below 2^-12, and the ratio to dwave
    "pegasus14": [("budget: 0.00390625, group: 7", None), ("budget: 0.00390625, group: 7, digit: 8", 50), ("digit: 8", None), ("digit: 8, rng: ars5", None), ("rng: philox7", None), ("rng: ars5", None),
                  ("budget: 0.00390625, group: 7, digit: 8, rng: ars5", None), ("budget: 0.00390625, threshold_bits: 8, digit: 8", None),
                  ("budget: 0.00390625, threshold_bits: 8, digit: 8, rng: ars5", 90)],
    "pegasus5": [("budget: 0.00390625, threshold_bits: 8, digit: 8", None), ("budget: 0.00390625, threshold_bits: 8, digit: 8, rng: ars5", None)],
    "torus64": [("rng: ars5", None), ("planes: 12", 90), ("planes: 12, rng: ars5", 200)],
}
EMITTED = {  # formats in which the emitted package is measured, too
    "pegasus5": ["budget: 0.00390625, threshold_bits: 8, digit: 8", "budget: 0.00390625, threshold_bits: 8, digit: 8, rng: ars5"],
}
NEEDED_THRML = {("pegasus14", "budget: 0.00390625, group: 7, digit: 8"): 40}  # of formats that are compared with THRML, too
MORE_CHAINS = {"threshold_bits: 8, digit: 8": 1024}  # of formats that have these words
EMITTED_MARK = ", emitted"
KERNELS = {"pegasus14": [("avx2", 15)]}  # others than the best one, and the ratio to dwave
NEEDED_TWO_THREADS = 1.9
MODULES = {"dwave": ["numpy", "dimod", "dwave.samplers"], "thrml": ["numpy", "jax", "thrml"]}
EXAMPLES = list(peers_examples.EXAMPLES)

MODELS = {  # what stands between the first and the last line of the model file
    "pegasus14": """
graphs: {p14: {pegasus: 14}}
variables: {s: {kind: spin, on: p14}}
factors: [{over: [s, s], edges: p14, weights: {normal: [0, 1], seed: 2}}]
""",
    "pegasus5": """
graphs: {p5: {pegasus: 5}}
variables: {s: {kind: spin, on: p5}}
factors: [{over: [s, s], edges: p5, weights: {normal: [0, 1], seed: 2}}]
""",
    "torus64": """
graphs: {t64: {torus: [64, 64]}}
variables: {s: {kind: spin, on: t64}}
factors: [{over: [s, s], edges: t64, weights: {signs: 1.0, seed: 2}}]
""",
    "torus512": """
graphs: {t512: {torus: [512, 512]}}
variables: {s: {kind: spin, on: t512}}
factors: [{over: [s, s], edges: t512, weights: {signs: 1.0, seed: 2}}]
""",
    "potts20": """
variables: {x: {kind: categorical, states: 5, shape: [20, 20]}}
factors: [{over: [x, x], edges: {grid: x}, weights: {identity: 1.0}}]
""",
    "rbm784": """
variables: {v: {kind: spin, shape: [784]}, h: {kind: spin, shape: [500]}}
factors: [{over: [v, h], index: pairs, weights: {normal: [0, 0.05], seed: 2}}]
""",
}


@dataclasses.dataclass
class Model:
    name: str
    colours: list  # of each node; neighbours differ
    edges: list  # pairs of node indices
    couplings: object = None  # of each edge; None: Potts with coupling 1
    states: int = 2


def pegasus(m):
    """Colours and edges of the main fabric of Pegasus-m.

    Qubit (u, w, k, z) is a segment of 12 unit steps on a grid of lines: vertical (u = 0) or
    horizontal (u = 1), on line 12 w + k, starting at 12 z + shift. Segments that cross are coupled,
    so are consecutive ones of a line, and the lines 2j and 2j + 1 of a pair at equal z.
    Boothby et al., Next-generation topology of D-Wave quantum processors, 2019.
    """
    shift = [[2, 10, 6], [6, 2, 10]]  # by u and k // 4
    qubits = [(u, w, k, z) for u in (0, 1) for w in range(m) for k in range(12) for z in range(m - 1)]

    def span(u, k, z):
        start = 12 * z + shift[u][k // 4]
        return range(start, start + 12)

    horizontal_at = {(x, 12 * w + k): (1, w, k, z) for u, w, k, z in qubits if u == 1 for x in span(1, k, z)}
    edges = []
    for u, w, k, z in qubits:
        if u == 0:
            crossed = (horizontal_at.get((12 * w + k, y)) for y in span(0, k, z))
            edges += [((u, w, k, z), q) for q in crossed if q]
    fabric = {q for edge in edges for q in edge}  # what crosses nothing is cut off at the border
    for u, w, k, z in qubits:
        edges.append(((u, w, k, z), (u, w, k, z + 1)))
        if k % 2 == 0:
            edges.append(((u, w, k, z), (u, w, k + 1, z)))
    nodes = sorted(fabric)
    index = {q: i for i, q in enumerate(nodes)}
    colours = [2 * u + ((k ^ z) & 1) for u, w, k, z in nodes]
    return colours, [(index[a], index[b]) for a, b in edges if a in fabric and b in fabric]


def lattice(side, wrap):
    """Chessboard colours and edges of a side x side grid, or torus with wrap."""
    edges = []
    for x in range(side):
        for y in range(side):
            for x2, y2 in ((x + 1, y), (x, y + 1)):
                if wrap or (x2 < side and y2 < side):
                    edges.append((x * side + y, x2 % side * side + y2 % side))
    return [(x + y) % 2 for x in range(side) for y in range(side)], edges


def build_model(name):
    import numpy as np

    rng = np.random.default_rng(2)
    if name.startswith("pegasus"):
        colours, edges = pegasus(int(name.removeprefix("pegasus")))
        return Model(name, colours, edges, rng.normal(size=len(edges)))
    if name in ("torus64", "torus512"):
        colours, edges = lattice(int(name.removeprefix("torus")), wrap=True)
        return Model(name, colours, edges, rng.choice([-1.0, 1.0], size=len(edges)))
    if name == "rbm784":
        edges = [(i, 784 + j) for i in range(784) for j in range(500)]
        return Model(name, [0] * 784 + [1] * 500, edges, rng.normal(scale=0.05, size=len(edges)))
    return Model(name, *lattice(20, wrap=False), states=5)


def dwave_runs(model):
    """{configuration: function that makes one run and returns flips/ns}."""
    import dimod
    import numpy as np
    from dwave.samplers import SimulatedAnnealingSampler

    n = len(model.colours)
    heads, tails = np.array(model.edges).T
    bqm = dimod.BinaryQuadraticModel.from_numpy_vectors(  # its energy is +J s s
        np.zeros(n), (heads, tails, -model.couplings), 0.0, dimod.SPIN
    )
    sweeps = int(DWAVE_FLIPS / n / READS)

    def anneal():
        SimulatedAnnealingSampler().sample(
            bqm,
            num_reads=READS,
            beta_schedule_type="custom",
            beta_schedule=[1.0],
            num_sweeps_per_beta=sweeps,
            proposal_acceptance_criteria="Gibbs",
            randomize_order=False,
        )

    return {f"{READS} reads": lambda: n * READS * sweeps / user_seconds(anneal) / 1e9}


def thrml_program(model):
    """The sampling program of the model, its blocks, and a function (key, batch) for random states."""
    import jax
    import jax.numpy as jnp
    from thrml import Block, BlockGibbsSpec, CategoricalNode, FactorSamplingProgram, SpinNode
    from thrml.models import CategoricalEBMFactor, CategoricalGibbsConditional, IsingEBM, IsingSamplingProgram

    spins = model.states == 2
    nodes = [SpinNode() if spins else CategoricalNode() for _ in model.colours]
    blocks = [
        Block([node for node, colour in zip(nodes, model.colours) if colour == c])
        for c in range(max(model.colours) + 1)
    ]
    if spins:
        edges = [(nodes[a], nodes[b]) for a, b in model.edges]
        ebm = IsingEBM(nodes, edges, jnp.zeros(len(nodes)), jnp.asarray(model.couplings, jnp.float32), jnp.array(1.0))
        program = IsingSamplingProgram(ebm, blocks, [])
    else:
        # With the ends sorted by colour each block reads one interaction group: THRML's fastest form.
        edges = [sorted(edge, key=lambda i: model.colours[i]) for edge in model.edges]
        ends = [Block([nodes[edge[side]] for edge in edges]) for side in (0, 1)]
        factor = CategoricalEBMFactor(ends, jnp.tile(jnp.eye(model.states), (len(edges), 1, 1)))
        spec = BlockGibbsSpec(blocks, [], {CategoricalNode: jax.ShapeDtypeStruct((), jnp.uint8)})
        samplers = [CategoricalGibbsConditional(model.states) for _ in blocks]
        program = FactorSamplingProgram(spec, samplers, [factor], [])

    def random_states(key, batch):
        shapes = [(batch, len(block)) for block in blocks]
        keys = jax.random.split(key, len(blocks))
        if spins:
            return [jax.random.bernoulli(k, 0.5, shape) for k, shape in zip(keys, shapes)]
        return [jax.random.randint(k, shape, 0, model.states, dtype=jnp.uint8) for k, shape in zip(keys, shapes)]

    return program, blocks, random_states


def thrml_runs(model):
    """{configuration: function that makes one run and returns flips/ns}, compiled and run once."""
    import jax
    from thrml import SamplingSchedule, sample_states

    n = len(model.colours)
    program, blocks, random_states = thrml_program(model)
    keys = map(jax.random.key, itertools.count())

    def compiled(batch):
        sweeps = int(THRML_FLIPS[model.name] / n / batch)
        schedule = SamplingSchedule(n_warmup=sweeps, n_samples=1, steps_per_sample=1)
        one_chain = lambda key, states: sample_states(key, program, schedule, states, [], blocks)
        many_chains = jax.jit(jax.vmap(one_chain))
        states = random_states(next(keys), batch)

        def sample():
            jax.block_until_ready(many_chains(jax.random.split(next(keys), batch), states))

        sample()
        return lambda: n * batch * sweeps / user_seconds(sample) / 1e9

    return {f"batch {batch}": compiled(batch) for batch in THRML_BATCHES[model.name]}


def thrmlgen_run(binary, file, threads, cores, options=()):
    """A function that makes one run of `thrmlgen bench` on the given cores and returns its flips/ns."""
    command = [binary, "bench", file, "--json", "--threads", str(threads), *options]

    def run():
        own = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)  # the child inherits it
        done = subprocess.run(command, capture_output=True, text=True)
        os.sched_setaffinity(0, own)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr or done.stdout}")
        return json.loads(done.stdout)["flips_per_ns"]

    return run


def compare(name, binary, folder, core, cores):
    """Measures one model, all contestants in turn; returns its rows of the table."""
    print(f"measuring {name}", file=sys.stderr)
    model = build_model(name)
    setup = {"dwave": dwave_runs, "thrml": thrml_runs}
    runs = {(peer, config): run for peer in NEEDED[name] for config, run in setup[peer](model).items()}
    if binary:
        file = os.path.join(folder, name + ".yaml")
        with open(file, "w") as f:
            f.write(f"model: {name}{MODELS[name]}sample: {{chains: {CHAINS[name]}}}\n")
        runs["pinned"] = thrmlgen_run(binary, file, 1, {core})
        for text, _ in FORMATS.get(name, []):
            options = ["--set", f"format={{{text}}}"]
            for words, chains in MORE_CHAINS.items():
                if words in text:
                    options += ["--chains", str(max(chains, CHAINS[name]))]
            runs[text] = thrmlgen_run(binary, file, 1, {core}, options)
            if text in EMITTED.get(name, []):
                runs[text + EMITTED_MARK] = thrmlgen_run(binary, file, 1, {core}, options + ["--target", "go"])
        for kernel, _ in KERNELS.get(name, []):
            runs[kernel] = thrmlgen_run(binary, file, 1, {core}, ["--kernel", kernel])
        if len(cores) > 1:
            twice = ["--chains", str(2 * CHAINS[name])]  # a batch for each thread
            runs["1 thread"] = thrmlgen_run(binary, file, 1, cores, twice)
            runs["2 threads"] = thrmlgen_run(binary, file, 2, cores, twice)

    rates = {key: [] for key in runs}
    for _ in range(ROUNDS):
        for key, run in runs.items():
            rates[key].append(run())

    rows = []
    for peer, needed in NEEDED[name].items():
        best = max((key for key in runs if key[0] == peer), key=lambda key: max(rates[key]))
        rows.append(row(name, " ".join(best), rates[best], rates.get("pinned"), needed))
    if binary and "dwave" in NEEDED[name]:
        best = max((key for key in runs if key[0] == "dwave"), key=lambda key: max(rates[key]))
        emitted = [(text + EMITTED_MARK, None) for text in EMITTED.get(name, [])]
        for text, needed in FORMATS.get(name, []) + emitted + KERNELS.get(name, []):
            rows.append(row(name, "dwave, " + text, rates[best], rates[text], needed))
            if (name, text) in NEEDED_THRML:
                batch = max((key for key in runs if key[0] == "thrml"), key=lambda key: max(rates[key]))
                rows.append(row(name, "thrml, " + text, rates[batch], rates[text], NEEDED_THRML[name, text]))
    if "2 threads" in runs:
        rows.append(row(name, "2 threads : 1 thread", rates["1 thread"], rates["2 threads"], NEEDED_TWO_THREADS))
    return rows


def compare_example(name, binary, folder, core):
    """Measures one example, both in turn; returns its row of the table."""
    print(f"measuring {name}", file=sys.stderr)
    thrml, own = peers_examples.EXAMPLES[name]
    runs = {"peer": thrml()}
    if binary:
        runs["own"] = own(binary, folder, core)
    rates = {key: [] for key in runs}
    for _ in range(ROUNDS):
        for key, run in runs.items():
            rates[key].append(run())
    r = row(name, "thrml", rates["peer"], rates.get("own"), NEEDED[name]["thrml"])
    return [r | {"unit": peers_examples.UNITS[name]}]


def row(model, peer, peer_rates, own_rates, needed):
    r = {"model": model, "peer": peer, "unit": "flips/ns", "peer_rates": peer_rates, "needed": needed}
    if own_rates:
        r |= {"thrmlgen_rates": own_rates, "ratio": max(own_rates) / max(peer_rates)}
    return r


def print_table(rows):
    def show(rates):
        return f"{max(rates):.4f} ({min(rates):.4f})" if rates else ""

    print(f"\nbest of {ROUNDS} (slowest)")
    wide = max(len(r["peer"]) for r in rows) + 2
    line = "{:<18}{:<%d}{:<10}{:>18}{:>20}{:>9}{:>8}  {}" % wide
    print(line.format("model", "against", "unit", "peer", "thrmlgen", "ratio", "needed", ""))
    for r in rows:
        ratio, needed = r.get("ratio"), r["needed"]
        print(
            line.format(
                r["model"],
                r["peer"],
                r["unit"],
                show(r["peer_rates"]),
                show(r.get("thrmlgen_rates")),
                f"{ratio:.2f}" if ratio else "",
                needed or "",
                ("reached" if ratio >= needed else "MISSED") if ratio and needed else "",
            )
        )


def installed(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the parent package is missing
        return False


def machine(names):
    """CPU model and the versions of what was measured."""
    packages = {"dwave": ["dwave-samplers"], "thrml": ["thrml", "jax"]}
    return facts({package for name in names for peer in NEEDED[name] for package in packages[peer]})


def facts(packages):
    """CPU model and the versions of packages."""
    with open("/proc/cpuinfo") as f:
        cpu = next((text.split(":")[1].strip() for text in f if text.startswith("model name")), platform.machine())
    return {"cpu": cpu} | {package: importlib.metadata.version(package) for package in sorted(packages)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="example: peers.py --thrmlgen ./thrmlgen --models torus64"
    )
    parser.add_argument("--thrmlgen", metavar="BINARY", help="left out: only the peers are measured")
    parser.add_argument("--models", default=",".join([*MODELS, *EXAMPLES]), help="default: %(default)s")
    parser.add_argument("--json", metavar="FILE", help="also write the table there")
    args = parser.parse_args()

    names = args.models.split(",")
    if unknown := [name for name in names if name not in NEEDED]:
        parser.error(f"no model {unknown[0]!r}; there are {', '.join(NEEDED)}")
    wanted = {module for name in names for peer in NEEDED[name] for module in MODULES[peer]}
    if missing := sorted(module for module in wanted if not installed(module)):
        requirements = os.path.join(os.path.dirname(os.path.abspath(__file__)), "requirements.txt")
        print(f"missing: {', '.join(missing)}. Install with\n  {sys.executable} -m pip install -r {requirements}")
        sys.exit(4)

    binary = args.thrmlgen and os.path.abspath(args.thrmlgen)
    if binary and not os.access(binary, os.X_OK):
        parser.error(f"no program at {args.thrmlgen}")

    cores = os.sched_getaffinity(0)
    core = max(cores)
    os.sched_setaffinity(0, {core})  # before jax starts its threads
    os.environ["JAX_PLATFORMS"] = "cpu"
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for name in names:
            if name in EXAMPLES:
                rows += compare_example(name, binary, folder, core)
            else:
                rows += compare(name, binary, folder, core, cores)

    measured = machine(names)
    print(", ".join(f"{key} {value}" for key, value in measured.items()))
    print_table(rows)
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"machine": measured, "rounds": ROUNDS, "rows": rows}, f, indent=1)


if __name__ == "__main__":
    main()
