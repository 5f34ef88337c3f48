#!/usr/bin/env python3
"""Measures thrmlgen against TorchEBM on this machine, in one run, as peers.py does against others.

    python3 -m venv /tmp/torchebm && /tmp/torchebm/bin/pip install -r gen/bench/moons-requirements.txt
    /tmp/torchebm/bin/python gen/bench/peers_torchebm.py --thrmlgen ./thrmlgen

What counts is coordinates moved in a ns, summed over chains, on one core; a move of HMC is 10
leapfrogs, and each of them counts. TorchEBM's are those per user CPU second, torch with one
thread, the best of two numbers of chains. thrmlgen's are flips_per_ns of `thrmlgen bench --json`.

    well_langevin      E = 2·Σ(x² - 1)² in 2 dimensions, 100,000 chains, step 0.01
    well_hmc           the same by HMC, step 0.1
    gaussian_langevin  a normal law in 100 dimensions with a full precision matrix, 10,000 chains
"""

import argparse
import itertools
import os
import sys
import tempfile

import peers
from peers_examples import user_seconds

LEAPFROGS = 10
WELL = """
variables: {x: {kind: continuous, dim: 2}}
factors: [{over: {u: x}, index: all, energy: "h*sum((u^2 - b^2)^2)", params: {h: 2.0, b: 1.0}}]
"""
MODELS = {  # what stands between the first and the last line of the model file
    "well_langevin": WELL + "dynamics: {langevin: {over: x, step_size: 0.01}}\n",
    "well_hmc": WELL + f"dynamics: {{hmc: {{over: x, step_size: 0.1, steps: {LEAPFROGS}}}}}\n",
    "gaussian_langevin": """
variables: {x: {kind: continuous, shape: [100]}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*a*u^2", params: {a: {uniform: [1, 2], seed: 1}}}
  - {over: {u: x, v: x}, edges: {complete: x}, energy: "w*u*v", params: {w: {normal: [0, 0.02], seed: 2}}}
dynamics: {langevin: {over: x, step_size: 0.01}}
""",
}
CHAINS = {"well_langevin": 100_000, "well_hmc": 100_000, "gaussian_langevin": 10_000}
BATCHES = {"well_langevin": [10_000, 100_000], "well_hmc": [10_000, 100_000], "gaussian_langevin": [1_000, 10_000]}
COORDINATES = {"well_langevin": 8e6, "well_hmc": 8e6, "gaussian_langevin": 2e6}  # of one timed run of TorchEBM
NEEDED = {"well_langevin": 15.0, "well_hmc": 10.0, "gaussian_langevin": 50.0}
FORMATS = {"well_langevin": ["rng: ars5"]}  # others than the default


def torchebm_runs(name):
    """{configuration: function that makes one run and returns coordinates/ns}, each run once."""
    import torch
    from torchebm.core import DoubleWellModel, GaussianModel
    from torchebm.samplers import HamiltonianMonteCarlo, LangevinDynamics

    torch.set_num_threads(1)
    torch.manual_seed(1)
    dim, moves = 2, 1
    if name == "gaussian_langevin":
        dim = 100
        precision = torch.diag(1 + torch.rand(dim)) + torch.triu(0.02 * torch.randn(dim, dim), 1)
        precision = torch.triu(precision) + torch.triu(precision, 1).T
        sampler = LangevinDynamics(GaussianModel(torch.zeros(dim), torch.linalg.inv(precision)), step_size=0.01)
    elif name == "well_hmc":
        moves = LEAPFROGS
        sampler = HamiltonianMonteCarlo(DoubleWellModel(2.0, 1.0), step_size=0.1, n_leapfrog_steps=moves)
    else:
        sampler = LangevinDynamics(DoubleWellModel(2.0, 1.0), step_size=0.01)

    def prepared(chains):
        steps = max(1, int(COORDINATES[name] / chains / dim / moves))
        x = torch.randn(chains, dim)
        sampler.sample(x=x, n_steps=1)
        return lambda: chains * dim * moves * steps / user_seconds(lambda: sampler.sample(x=x, n_steps=steps)) / 1e9

    return {f"{n} chains": prepared(n) for n in BATCHES[name]}


def compare(name, binary, folder, core):
    """Measures one model, all in turn; returns its rows of the table."""
    print(f"measuring {name}", file=sys.stderr)
    runs = dict(torchebm_runs(name))
    if binary:
        file = os.path.join(folder, name + ".yaml")
        with open(file, "w") as f:
            f.write(f"model: {name}{MODELS[name]}sample: {{chains: {CHAINS[name]}}}\n")
        scale = LEAPFROGS if name == "well_hmc" else 1
        for text in ["", *FORMATS.get(name, [])]:
            options = ["--set", f"format={{{text}}}"] if text else []
            run = peers.thrmlgen_run(binary, file, 1, {core}, options)
            runs["thrmlgen " + text] = lambda run=run: scale * run()
    rates = {key: [] for key in runs}
    for _, (key, run) in itertools.product(range(peers.ROUNDS), runs.items()):
        rates[key].append(run())
    best = max((key for key in runs if key.endswith("chains")), key=lambda key: max(rates[key]))
    rows = [peers.row(name, "torchebm, " + best, rates[best], rates.get("thrmlgen "), NEEDED[name])]
    rows += [peers.row(name, f"torchebm, {text}", rates[best], rates.get("thrmlgen " + text), None) for text in FORMATS.get(name, [])]
    return [row | {"unit": "moves/ns"} for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--thrmlgen", metavar="BINARY", help="left out: only TorchEBM is measured")
    parser.add_argument("--models", default=",".join(MODELS), help="default: %(default)s")
    args = parser.parse_args()
    names = args.models.split(",")
    if unknown := [name for name in names if name not in MODELS]:
        parser.error(f"no model {unknown[0]!r}; there are {', '.join(MODELS)}")
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})  # before torch starts its threads
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for name in names for row in compare(name, args.thrmlgen and os.path.abspath(args.thrmlgen), folder, core)]
    print(", ".join(f"{key} {value}" for key, value in peers.facts(["torchebm", "torch"]).items()))
    peers.print_table(rows)


if __name__ == "__main__":
    main()
