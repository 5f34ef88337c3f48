"""A dimod model, annealed by thrmlgen: python dimod_bqm.py

The largest set of vertices of the Petersen graph without an edge between them has
four; there are five such sets."""

import dimod
import numpy as np

from thrmlgen import to_thrmlgen

outer = [(f"o{i}", f"o{(i + 1) % 5}") for i in range(5)]
inner = [(f"i{i}", f"i{(i + 2) % 5}") for i in range(5)]
edges = outer + inner + [(f"o{i}", f"i{i}") for i in range(5)]
bqm = dimod.BinaryQuadraticModel({v: -1.0 for v in sorted({v for e in edges for v in e})},
                                 {e: 2.0 for e in edges}, 0.0, "BINARY")

model = to_thrmlgen(bqm, "out/petersen", chains=200)
with model.sampler() as sampler:
    result = sampler.run(betas=np.linspace(0.1, 5, 100), samples=10, observe=["state", "energy"])

samples = model.sampleset(result)  # a dimod.SampleSet with dimod's labels, values and energies
best = samples.lowest().aggregate()
print(f"lowest energy {best.first.energy}, in {best.record.num_occurrences.sum()} of {len(samples)} draws")
for sample in best.samples(sorted_by=None):
    print(" ", sorted(v for v, x in sample.items() if x))
print(f"ExactSolver: {dimod.ExactSolver().sample(bqm).first.energy}")
