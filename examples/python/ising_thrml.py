"""The chain of THRML's README, sampled by thrmlgen: python ising_thrml.py"""

import jax.numpy as jnp
import numpy as np
from thrml import Block, SamplingSchedule, SpinNode
from thrml.models import IsingEBM, IsingSamplingProgram

from thrmlgen import to_thrmlgen

nodes = [SpinNode() for _ in range(5)]
edges = [(nodes[i], nodes[i + 1]) for i in range(4)]
ebm = IsingEBM(nodes, edges, jnp.zeros(5), jnp.ones(4) * 0.5, jnp.array(1.0))
program = IsingSamplingProgram(ebm, [Block(nodes[::2]), Block(nodes[1::2])], clamped_blocks=[])
schedule = SamplingSchedule(n_warmup=100, n_samples=1000, steps_per_sample=2)

# THRML goes on with sample_states(key, program, schedule, init, [], [Block(nodes)]).
model = to_thrmlgen(ebm, "out/chain5", blocks=program, schedule=schedule, chains=64, init="hinton")
with model.sampler() as sampler:
    result = sampler.run()

(samples,) = model.to_blocks(result, [Block(nodes)])  # bool, (chain, draw, node), as THRML has them
s = 2.0 * samples - 1
print("correlation with the first spin, and tanh(1/2)^distance:")
for i in range(1, 5):
    products = (s[..., 0] * s[..., i]).mean(axis=1)
    print(f"  {i}: {products.mean():.4f} ± {products.std(ddof=1) / np.sqrt(len(products)):.4f}   {np.tanh(0.5) ** i:.4f}")
print(f"energy {result.energy.mean():.4f}, R-hat of the energy {result.summary['summary'][0]['r_hat']:.4f}")
