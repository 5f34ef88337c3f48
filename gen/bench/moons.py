#!/usr/bin/env python3
"""Trains the model of examples/two_moons with thrmlgen and its twin with TorchEBM, in turns on one core.

    python3 -m venv /tmp/moons && /tmp/moons/bin/pip install -r gen/bench/moons-requirements.txt
    /tmp/moons/bin/python gen/bench/moons.py --thrmlgen ./thrmlgen

Both have the network 2-32-32-1 with SiLU and the bowl 0.03 |x|^2, the same points, batches of 125,
a buffer of 1,000 chains that take k Langevin steps of the same size, Adam with the same rates
and the same number of steps. (A share of 0.05 of the chains begins anew with thrmlgen, gets a
little noise with TorchEBM.) TorchEBM's weight on squared energies is 0, as thrmlgen has none. Then
each draws 2,000 points by 1,000 Langevin steps from normal numbers. Printed are CPU seconds of the
training alone, and the squared MMD of the samples to the points held out (five Gaussian widths, without
bias) over a few seeds.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np
import torch
import torchebm
from torchebm.core import BaseModel
from torchebm.losses import ContrastiveDivergence
from torchebm.samplers import LangevinDynamics

torch.set_num_threads(1)
EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "two_moons"
EPOCHS, BATCH, K, STEP, BUFFER, DRAWN = 300, 125, 20, 0.015, 1000, 1000
RATES = 0.002, 0.0002


class Energy(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.SiLU(), torch.nn.Linear(32, 32), torch.nn.SiLU(), torch.nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1) + 0.03 * (x * x).sum(-1)


def discrepancy(a, b):
    def kernel(x, y):
        d = ((x[:, None] - y[None]) ** 2).sum(-1)
        return np.mean([np.exp(-d / (2 * w * w)) for w in (0.2, 0.5, 1, 2, 4)], axis=0)
    aa, bb = kernel(a, a), kernel(b, b)
    np.fill_diagonal(aa, 0), np.fill_diagonal(bb, 0)
    return aa.sum() / len(a) / (len(a) - 1) + bb.sum() / len(b) / (len(b) - 1) - 2 * kernel(a, b).mean()


def torchebm_run(train, test, seed):
    torch.manual_seed(seed)
    model = Energy()
    sampler = LangevinDynamics(model, step_size=STEP, noise_scale=1.0)
    loss = ContrastiveDivergence(model, sampler, k_steps=K, persistent=True, buffer_size=BUFFER, new_sample_ratio=0.05, energy_reg_weight=0)
    optimizer = torch.optim.Adam(model.parameters(), RATES[0])
    steps = EPOCHS * len(train) // BATCH
    data = torch.tensor(train)
    began = time.process_time()
    done = 0
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(data)).split(BATCH):
            optimizer.param_groups[0]["lr"] = RATES[0] * (RATES[1] / RATES[0]) ** (done / max(1, steps - 1))
            optimizer.zero_grad()
            value, _ = loss(data[rows])
            value.backward()
            optimizer.step()
            done += 1
    took = time.process_time() - began
    x = sampler.sample(x=1.5 * torch.randn(2000, 2), n_steps=DRAWN).detach().numpy()
    return took, discrepancy(x.astype(float), test)


def thrmlgen_run(binary, folder, test, seed):
    def call(*args):
        before = os.times()
        out = subprocess.run([binary, *args], cwd=folder, check=True, capture_output=True, text=True).stdout
        after = os.times()
        return out, after.children_user + after.children_system - before.children_user - before.children_system
    network = f"factors.0.energy.mlp={{input: x, hidden: [32, 32], seed: {seed}}}"
    trained = "factors.0.energy.mlp={input: x, hidden: [32, 32], weights: weights.npz#net}"
    _, took = call("train", "timed.yaml", "--set", network, "--set", f"train.seed={seed}", "--threads", "1", "--out", "weights.npz", "--quiet")
    call("run", "timed.yaml", "--set", trained, "--set", f"sample.seed={seed}", "--threads", "1", "--out", "samples.npz", "--quiet")
    return took, discrepancy(np.load(folder / "samples.npz")["x"].reshape(-1, 2).astype(float), test)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--thrmlgen", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    data = np.load(EXAMPLE / "moons.npz")
    test = data["test"].astype(float)
    folder = pathlib.Path(tempfile.mkdtemp())
    shutil.copy(EXAMPLE / "moons.npz", folder)
    text = (EXAMPLE / "model.yaml").read_text()
    # Scores of held-out points are no part of the training.
    (folder / "timed.yaml").write_text("\n".join(l for l in text.splitlines() if "held_out" not in l) + "\n")
    ours, theirs = [], []
    for seed in range(1, args.seeds + 1):
        ours.append(thrmlgen_run(os.path.abspath(args.thrmlgen), folder, test, seed))
        theirs.append(torchebm_run(data["train"], test, seed))
        print(f"seed {seed}: thrmlgen {ours[-1][0]:.2f} s, MMD^2 {ours[-1][1]:.5f}; TorchEBM {torchebm.__version__} {theirs[-1][0]:.2f} s, MMD^2 {theirs[-1][1]:.5f}", flush=True)
    best = [min(x[0] for x in runs) for runs in (ours, theirs)]
    mean = [statistics.mean(x[1] for x in runs) for runs in (ours, theirs)]
    print(json.dumps({"seconds": best, "times_faster": best[1] / best[0], "mmd2": mean, "mmd2_of_training_points": discrepancy(data["train"].astype(float), test)}))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
