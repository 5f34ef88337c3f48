"""The examples of THRML's documents that peers.py measures beside bare flips.

    digits_rbm     an RBM of 67 visible and 16 hidden spins, trained on 432 images by KL gradients
                   and Adam: batches of 50, the positive phase 11 sweeps, the negative one of 50
                   chains 195 sweeps from new states in every step; examples seen per ms
    gaussian5x5    a Gaussian field on a 5 x 5 grid, two colours, 1,000 chains, 5 sweeps from draw to
                   draw, means and second moments of nodes and edges summed up; flips per ns

Both sides count user CPU seconds on one core, so that neighbours on the machine slow neither.
THRML's are those of a call that is compiled already; thrmlgen's those of a long run less a short
one, which takes out start-up and reading. thrmlgen makes 9 steps an epoch, the last of 32 images,
THRML here 8 of 50; both draw 50 negative chains in each.
"""

import os
import resource
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = os.path.join(HERE, "..", "..", "examples", "digits_rbm")
EPOCHS = (5, 65)  # of thrmlgen
THRML_EPOCHS = 5
CHAINS, STEPS = 1000, 5
DRAWS = (200, 1200)  # of thrmlgen
THRML_DRAWS = 200
SIDE = 5

GAUSSIAN = """model: grid_gaussian
variables: {x: {kind: continuous, shape: [5, 5]}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*a*(u - m)^2", params: {a: {uniform: [1, 2], seed: 1}, m: {normal: [0, 1], seed: 2}}}
  - {name: pair, over: {u: x, v: x}, edges: {grid: x}, energy: "w*u*v", params: {w: {uniform: [-0.25, 0.25], seed: 3}}}
init: {x: {normal: [0, 0.1]}}
observe: [moments]
"""


def user_seconds(call):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - before


def child_seconds(command, core):
    """User CPU seconds of a command on one core."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})  # the child inherits it
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"GOMAXPROCS": "1"})
    os.sched_setaffinity(0, own)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr or done.stdout}")
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def digits_thrmlgen(binary, folder, core):
    """A function that trains and returns examples per ms."""
    copy = os.path.join(folder, "digits")
    os.makedirs(copy)
    shutil.copy(os.path.join(DIGITS, "digits.npz"), copy)
    with open(os.path.join(DIGITS, "model.yaml")) as f:
        lines = [line for line in f if "held_out" not in line]  # scoring is not training
    with open(os.path.join(copy, "model.yaml"), "w") as f:
        f.writelines(lines)
    command = [binary, "train", os.path.join(copy, "model.yaml"), "--threads", "1", "--quiet", "--epochs"]

    def run():
        short, long = (child_seconds(command + [str(n)], core) for n in EPOCHS)
        return 432 * (EPOCHS[1] - EPOCHS[0]) / (long - short) / 1e3

    return run


def digits_thrml():
    """A function that trains and returns examples per ms, compiled and run once."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    from thrml import Block, SamplingSchedule, SpinNode
    from thrml.models import IsingEBM, IsingTrainingSpec, estimate_kl_grad, hinton_init

    data = np.load(os.path.join(DIGITS, "digits.npz"))
    train = jnp.asarray(data["train"] > 0)
    visible, hidden = [SpinNode() for _ in range(67)], [SpinNode() for _ in range(16)]
    nodes, edges = visible + hidden, [(v, h) for v in visible for h in hidden]
    blocks = [Block(visible), Block(hidden)]
    biases = jnp.concatenate([jnp.asarray(data["pixel_bias"]).ravel(), jnp.asarray(data["label_bias"]).ravel(), jnp.zeros(16)])
    weights = 0.01 * jax.random.normal(jax.random.key(0), (len(edges),))
    parameters = (biases.astype(jnp.float32), weights)

    @jax.jit
    def step(key, parameters, memory, t, batch):
        ebm = IsingEBM(nodes, edges, *parameters, jnp.array(1.0))
        spec = IsingTrainingSpec(
            ebm, [blocks[0]], [], [blocks[1]], blocks, SamplingSchedule(1, 10, 1), SamplingSchedule(100, 20, 5)
        )
        keys = jax.random.split(key, 3)
        positive = hinton_init(keys[0], ebm, [blocks[1]], (1, batch.shape[0]))
        negative = hinton_init(keys[1], ebm, blocks, (50,))
        gw, gb, _, _ = estimate_kl_grad(keys[2], spec, nodes, edges, [batch], [], positive, negative)
        first, second = memory
        gradient = (gb, gw)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = lambda p, m, v: p - 0.01 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return jax.tree.map(rate, parameters, first, second), (first, second)

    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = {"parameters": parameters, "memory": (zeros, zeros), "t": 0}

    def epoch():
        order = np.random.default_rng(state["t"]).permutation(len(train))
        for i in range(len(train) // 50):
            state["t"] += 1
            batch = train[order[50 * i : 50 * i + 50]]
            key = jax.random.key(state["t"])
            state["parameters"], state["memory"] = step(key, state["parameters"], state["memory"], float(state["t"]), batch)
        jax.block_until_ready(state["parameters"])

    epoch()

    def run():
        seconds = user_seconds(lambda: [epoch() for _ in range(THRML_EPOCHS)])
        return THRML_EPOCHS * (len(train) // 50) * 50 / seconds / 1e3

    return run


def gaussian_thrmlgen(binary, folder, core):
    """A function that samples and returns flips per ns."""
    file = os.path.join(folder, "gaussian.yaml")
    with open(file, "w") as f:
        f.write(GAUSSIAN)

    def run():
        command = [binary, "run", file, "--threads", "1", "--quiet", "--warmup", "0", "--chains", str(CHAINS), "--steps", str(STEPS)]
        short, long = (child_seconds(command + ["--samples", str(n)], core) for n in DRAWS)
        return SIDE * SIDE * CHAINS * STEPS * (DRAWS[1] - DRAWS[0]) / (long - short) / 1e9

    return run


def gaussian_thrml():
    """A function that samples and returns flips per ns, compiled and run once."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import thrml

    class Number(thrml.AbstractNode):
        pass

    class Linear(eqx.Module):  # w·x of a neighbour, or w alone
        weights: jax.Array

    class Square(eqx.Module):
        variance: jax.Array

    class Gaussian(thrml.AbstractConditionalSampler):
        def sample(self, key, interactions, active_flags, states, sampler_state, output_sd):
            field, variance = jnp.zeros(output_sd.shape), jnp.zeros(output_sd.shape)
            for x, active, state in zip(interactions, active_flags, states):
                if isinstance(x, Square):
                    variance = (active * x.variance)[..., 0]
                else:
                    product = jnp.prod(jnp.stack(state, -1), -1) if state else 1.0
                    field -= jnp.sum(x.weights * active * product, axis=-1)
            return jnp.sqrt(variance) * jax.random.normal(key, output_sd.shape) + field * variance, sampler_state

    nodes = [Number() for _ in range(SIDE * SIDE)]
    at = lambda i, j: nodes[SIDE * i + j]
    pairs = [(at(i, j), at(i + 1, j)) for i in range(SIDE - 1) for j in range(SIDE)]
    pairs += [(at(i, j), at(i, j + 1)) for i in range(SIDE) for j in range(SIDE - 1)]
    colours = [thrml.Block([n for k, n in enumerate(nodes) if (k // SIDE + k % SIDE) % 2 == c]) for c in (0, 1)]
    keys = jax.random.split(jax.random.key(1), 3)
    squares = jax.random.uniform(keys[0], (len(nodes),), minval=1.0, maxval=2.0)
    means = jax.random.normal(keys[1], (len(nodes),))
    weights = jax.random.uniform(keys[2], (len(pairs),), minval=-0.25, maxval=0.25)
    left, right = thrml.Block([a for a, _ in pairs]), thrml.Block([b for _, b in pairs])
    whole = thrml.Block(nodes)
    groups = [
        thrml.InteractionGroup(Square(1 / squares), whole, []),
        thrml.InteractionGroup(Linear(-squares * means), whole, []),
        thrml.InteractionGroup(Linear(weights), left, [right]),
        thrml.InteractionGroup(Linear(weights), right, [left]),
    ]
    spec = thrml.BlockGibbsSpec(colours, [], {Number: jax.ShapeDtypeStruct((), jnp.float32)})
    program = thrml.FactorSamplingProgram(spec, [Gaussian(), Gaussian()], [], groups)
    observer = thrml.MomentAccumulatorObserver([[(n,) for n in nodes], [(n, n) for n in nodes] + pairs])
    schedule = thrml.SamplingSchedule(0, THRML_DRAWS, STEPS)
    one_chain = lambda key, start: thrml.sample_with_observation(key, program, schedule, start, [], observer.init(), observer)[0]
    all_chains = jax.jit(jax.vmap(one_chain))
    counter = iter(range(1 << 30))

    def sample():
        key, *starts = jax.random.split(jax.random.key(next(counter)), 3)
        begin = [0.1 * jax.random.normal(k, (CHAINS, len(b.nodes))) for k, b in zip(starts, colours)]
        jax.block_until_ready(all_chains(jax.random.split(key, CHAINS), begin))

    sample()
    return lambda: SIDE * SIDE * CHAINS * STEPS * (THRML_DRAWS - 1) / user_seconds(sample) / 1e9


EXAMPLES = {"digits_rbm": (digits_thrml, digits_thrmlgen), "gaussian5x5": (gaussian_thrml, gaussian_thrmlgen)}
UNITS = {"digits_rbm": "images/ms", "gaussian5x5": "flips/ns"}
