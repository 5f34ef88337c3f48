"""Tests of thrmlgen.py, run by python_test.go, which builds what they need:

    THRMLGEN         the program thrmlgen
    THRMLGEN_BINARY  a binary made by `thrmlgen build` from THRMLGEN_MODEL, runtime weights

Expected values come from enumeration of all states in numpy, written here from the
definition of each model and not from what was converted. Statistical tests have
fixed seeds; standard errors are those over independent chains.
"""

import ast
import itertools
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import dimod
import jax
import jax.numpy as jnp
import numpy as np
import thrml
from thrml import Block, BlockGibbsSpec, CategoricalNode, FactorSamplingProgram, SamplingSchedule, SpinNode, sample_states
from thrml.models import (CategoricalEBMFactor, CategoricalGibbsConditional, DiscreteEBMFactor, IsingEBM,
                          IsingSamplingProgram, SpinEBMFactor, SpinGibbsConditional, SquareCategoricalEBMFactor)

import thrmlgen as tg


class Case(unittest.TestCase):
    def setUp(self):
        d = tempfile.TemporaryDirectory()
        self.addCleanup(d.cleanup)
        self.dir = Path(d.name)

    def sampler(self, target, **options):
        s = tg.Sampler(target, **options)
        self.addCleanup(s.close)
        return s


# ---------------------------------------------------------------------------
# Models by definition, their exact laws, and the same in THRML


class Definition:
    """sizes: number of values of each node, spins (2 values, -1 and +1) first; terms:
    (nodes, weights) with weights (one axis for each categorical in the term)."""

    def __init__(self, n_spin, states, terms):
        self.n_spin, self.sizes = n_spin, [2] * n_spin + states
        self.n = len(self.sizes)
        self.terms = [(nodes, np.asarray(w, np.float32).astype(float)) for nodes, w in terms]
        self.states = np.array(list(itertools.product(*map(range, self.sizes))))
        self.energies = np.array([self.energy(x) for x in self.states])

    def energy(self, x):
        e = 0.0
        for nodes, w in self.terms:
            spins = [2 * x[i] - 1 for i in nodes if i < self.n_spin]
            e -= w[tuple(x[i] for i in nodes if i >= self.n_spin)] * np.prod(spins)
        return e

    def law(self, clamp={}):
        p = np.exp(-self.energies)
        for i, v in clamp.items():
            p[self.states[:, i] != v] = 0
        return p / p.sum()

    def sweep(self, p, superblocks):
        """The law after one sweep: all nodes of a superblock from one snapshot."""
        for group in superblocks:
            t = np.ones((len(p), len(p)))
            for i in range(self.n):
                if i not in group:
                    t *= self.states[:, i][:, None] == self.states[:, i][None]
                    continue
                e = np.stack([self.energies[self.index(self.with_value(i, v))] for v in range(self.sizes[i])], axis=1)
                c = np.exp(-e)
                c /= c.sum(axis=1, keepdims=True)
                t *= c[:, self.states[:, i]]
            p = p @ t
        return p

    def with_value(self, i, v):
        x = self.states.copy()
        x[:, i] = v
        return x

    def index(self, x):
        return np.ravel_multi_index(tuple(np.moveaxis(x, -1, 0)), self.sizes)

    def moments(self, x):
        """Singles and products of pairs (…, moment): spins ±1, indicators of states."""
        one = []
        for i in range(self.n):
            if i < self.n_spin:
                one.append([2 * x[..., i] - 1])
            else:
                one.append([x[..., i] == k for k in range(self.sizes[i])])
        pairs = [a * b for u, v in itertools.combinations(one, 2) for a in u for b in v]
        return np.stack([a for u in one for a in u] + pairs, axis=-1).astype(float)

    def thrml(self, superblocks, clamp={}):
        """Nodes, factors, program: a factor for each term, of the class that fits."""
        nodes = [SpinNode() for _ in range(self.n_spin)] + [CategoricalNode() for _ in range(self.n - self.n_spin)]
        factors = []
        for term, w in self.terms:
            groups = [Block([nodes[i]]) for i in term]
            w = jnp.array(w, jnp.float32)[None]
            spins = sum(i < self.n_spin for i in term)
            if spins == len(term):
                factors.append(SpinEBMFactor(groups, w))
            elif spins == 0 and len(set(w.shape[1:])) == 1:
                factors.append(SquareCategoricalEBMFactor(groups, w))
            elif spins == 0:
                factors.append(CategoricalEBMFactor(groups, w))
            else:
                factors.append(DiscreteEBMFactor(groups[:spins], groups[spins:], w))
        free = [tuple(Block([nodes[i] for i in b]) for b in group) for group in superblocks]
        spec = BlockGibbsSpec(free, [Block([nodes[i]]) for i in clamp])
        samplers = [SpinGibbsConditional() if b[0] in nodes[:self.n_spin]
                    else CategoricalGibbsConditional(self.sizes[nodes.index(b[0])]) for b in spec.free_blocks]
        return nodes, factors, FactorSamplingProgram(spec, samplers, factors, [])


def thrml_values(nodes, program, chains, schedule, clamp={}, seed=0):
    """THRML's own draws (chain, draw, node), spins as 0 and 1, from all-down states."""
    spec = program.gibbs_spec
    init = [jnp.zeros(len(b), bool if b.node_type is SpinNode else jnp.uint8) for b in spec.free_blocks]
    held = [jnp.array([v], bool if isinstance(nodes[i], SpinNode) else jnp.uint8) for i, v in clamp.items()]
    run = jax.jit(jax.vmap(lambda k: sample_states(k, program, schedule, init, held, [Block([n]) for n in nodes])))
    draws = run(jax.random.split(jax.random.key(seed), chains))
    return np.concatenate([np.asarray(d).astype(int) for d in draws], axis=-1)


def our_values(model, result, nodes):
    return np.concatenate([v.astype(int) for v in model.to_blocks(result, [Block([n]) for n in nodes])], axis=-1)


def worst_z(moments, exact):
    """Largest |z| of means over (chain, draw); constants must be equal."""
    means = moments.mean(axis=1)
    mean, se = means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(len(means))
    constant = se < 1e-12
    if not np.allclose(mean[constant], exact[constant], atol=1e-9):
        return np.inf
    return float(np.max(np.abs(mean - exact)[~constant] / se[~constant]))


def chi_square(index, law):
    """(χ² - dof) / sqrt(2 dof) of state indices against a law; cells below 10 pooled."""
    counts, expected = np.bincount(index.ravel(), minlength=len(law)).astype(float), law * index.size
    small = expected < 10
    counts = np.append(counts[~small], counts[small].sum())
    expected = np.append(expected[~small], expected[small].sum())
    if expected[-1] < 1e-9 and counts[-1] > 0:
        return np.inf
    counts, expected = counts[expected > 0], expected[expected > 0]
    dof = len(counts) - 1
    return (((counts - expected) ** 2 / expected).sum() - dof) / np.sqrt(2 * dof)


def random_terms(rng, sizes, n_spin, terms, scale=0.6):
    return [(t, np.round(256 * scale * rng.normal(size=[sizes[i] for i in t if i >= n_spin])) / 256) for t in terms]


def mixed():
    """Three spins, K = 3, 3 and 4: fields, pairs and a term over two spins and two
    categoricals of unlike K."""
    rng = np.random.default_rng(5)
    sizes = [2, 2, 2, 3, 3, 4]
    terms = [[0], [1], [3], [4], [5], [0, 1], [0, 3], [1, 4], [2, 5], [3, 4], [0, 2, 4, 5]]
    return Definition(3, sizes[3:], random_terms(rng, sizes, 3, terms))


def cubic():
    rng = np.random.default_rng(6)
    terms = [[i] for i in range(6)] + [[0, 1], [2, 3], [4, 5], [0, 2, 4], [1, 3, 5], [0, 3, 5]]
    return Definition(6, [], random_terms(rng, [2] * 6, 6, terms))


class Laws(Case):
    """Moments of THRML and of the converted model against exact ones. With 1,000
    chains of 100 draws a standard error is 0.001 to 0.003 (asserted below 0.005), so
    that |z| < 5 refuses any moment that is 0.025 off; of about 100 true moments one
    passes 5 with probability 6e-5."""

    schedule = SamplingSchedule(60, 100, 2)
    chains = 1000

    def compare(self, definition, superblocks, clamp={}, kind="s"):
        nodes, factors, program = definition.thrml(superblocks, clamp)
        exact = definition.moments(definition.states).T @ definition.law(clamp)
        theirs = definition.moments(thrml_values(nodes, program, self.chains, self.schedule, clamp))
        self.assertLess(worst_z(theirs, exact), 5, "THRML itself")
        model = tg.to_thrmlgen(factors, self.dir, blocks=program, schedule=self.schedule, chains=self.chains, seed=1,
                               clamp=[np.array([v], bool if i < definition.n_spin else np.uint8) for i, v in clamp.items()])
        result = self.sampler(model).run()
        ours = definition.moments(our_values(model, result, nodes))
        self.assertEqual(ours.shape, theirs.shape)
        self.assertLess(np.max(ours.mean(axis=1).std(axis=0) / np.sqrt(self.chains)), 0.005)
        self.assertLess(worst_z(ours, exact), 5)
        return ours, exact

    def test_readme_chain(self):
        nodes = [SpinNode() for _ in range(5)]
        edges = [(nodes[i], nodes[i + 1]) for i in range(4)]
        ebm = IsingEBM(nodes, edges, jnp.zeros(5), jnp.ones(4) * 0.5, jnp.array(1.0))
        program = IsingSamplingProgram(ebm, [Block(nodes[::2]), Block(nodes[1::2])], [])
        d = Definition(5, [], [([i, i + 1], 0.5) for i in range(4)])
        exact = d.moments(d.states).T @ d.law()
        theirs = d.moments(thrml_values(nodes, program, self.chains, self.schedule))
        self.assertLess(worst_z(theirs, exact), 5, "THRML itself")
        model = tg.to_thrmlgen(ebm, self.dir, blocks=program, schedule=self.schedule, chains=self.chains, init="hinton")
        sampler = self.sampler(model)
        result = sampler.run()
        ours = d.moments((result["s"] > 0).astype(int))
        self.assertLess(worst_z(ours, exact), 5)
        np.testing.assert_allclose(result.energy, d.energies[d.index((result["s"] > 0).astype(int))], atol=1e-12)
        # The same test refuses β 5 % off: it can fail.
        hot = d.moments((sampler.run(beta=0.95)["s"] > 0).astype(int))
        self.assertGreater(worst_z(hot, exact), 5)

    def test_mixed_with_clamps(self):
        """A clamped spin, a clamped categorical, and a superblock of spins and a categorical."""
        ours, exact = self.compare(mixed(), [[[1, 2], [3]], [[5]]], clamp={0: 1, 4: 2})
        d = mixed()
        d.energies *= 0.9
        self.assertGreater(worst_z(ours, d.moments(d.states).T @ d.law({0: 1, 4: 2})), 5)  # β 10 % off is refused

    def test_third_order(self):
        ours, exact = self.compare(cubic(), [[[0]], [[1, 2]], [[3, 4]], [[5]]])
        d = cubic()
        d.energies = -d.energies
        self.assertGreater(worst_z(ours, d.moments(d.states).T @ d.law()), 5)  # the other sign is refused


class Sweeps(Case):
    """The law of all 288 states after exactly two sweeps from all-down, over
    20,000 independent chains, for THRML and for us, against the exact one: superblocks,
    block order and snapshots are the same. (χ² - dof)/√(2 dof) < 6 fails by chance with
    probability about 1e-7; the same figure for other orders must exceed 6."""

    def test_superblocks(self):
        self.compare([[[0]], [[1, 2], [3]], [[4]], [[5]]], [[4], [5], [1, 2, 3], [0]], False)

    def test_synchronous(self):
        # 0 and 1, 3 and 4 are neighbours: parallel dynamics, as THRML has them.
        self.compare([[[0, 1], [3, 4]], [[2]], [[5]]], [[0], [1], [3], [4], [2], [5]], True)

    def compare(self, superblocks, other, synchronous):
        d, chains = mixed(), 20000
        nodes, factors, program = d.thrml(superblocks)
        law = wrong = np.eye(len(d.states))[0]
        for _ in range(2):
            law = d.sweep(law, [sum(group, []) for group in superblocks])
            wrong = d.sweep(wrong, other)
        theirs = d.index(thrml_values(nodes, program, chains, SamplingSchedule(2, 1, 1)))
        self.assertLess(chi_square(theirs, law), 6, "THRML itself")
        model = tg.to_thrmlgen(factors, self.dir, blocks=program, schedule=(2, 1, 1), chains=chains, seed=1,
                               init="zeros", synchronous=synchronous)
        ours = d.index(our_values(model, self.sampler(model).run(), nodes))
        self.assertLess(chi_square(ours, law), 6)
        self.assertGreater(chi_square(ours, wrong), 6)


# ---------------------------------------------------------------------------
# Conversion


class THRML(Case):
    def test_energies(self):
        """Energies of random states equal THRML's to float32, and those from float64
        weights to 1e-12, through arrays by block both ways."""
        d = mixed()
        nodes, factors, program = d.thrml([[[i]] for i in range(6)])
        model = tg.to_thrmlgen(factors, self.dir)
        blocks = [Block(nodes[2::-1]), Block([nodes[5]]), Block(nodes[3:5])]
        x = d.states[np.random.default_rng(1).permutation(len(d.states))]
        values = [x[:, [2, 1, 0]] > 0, x[:, [5]].astype(np.uint8), x[:, 3:5].astype(np.uint8)]
        states = model.from_blocks(blocks, values)
        got = self.sampler(model).energy(states)
        np.testing.assert_allclose(got, d.energies[d.index(x)], atol=1e-12)
        ebm = thrml.models.FactorizedEBM(factors)
        energy = jax.vmap(lambda *v: ebm.energy(list(v), blocks))(*map(jnp.array, values))
        np.testing.assert_allclose(got, energy, atol=1e-4)
        for a, b in zip(model.to_blocks(states, blocks), values):
            np.testing.assert_array_equal(a, b)
            self.assertEqual(a.dtype, b.dtype)

    def test_ising_energy_has_beta(self):
        nodes = [SpinNode() for _ in range(3)]
        for beta, other in ((0.7, None), (-0.5, None), (-0.5, 1.5)):
            ebm = IsingEBM(nodes[:2], [(nodes[0], nodes[2])], jnp.array([0.5, -1.0]), jnp.array([2.0]), jnp.array(beta))
            model = tg.to_thrmlgen(ebm, self.dir, beta=other)
            self.assertEqual([v.size for v in model.variables], [3])
            with model.sampler() as sampler:
                states = np.array(list(itertools.product([False, True], repeat=3)))
                want = [ebm.energy([jnp.array(s)], [Block(nodes)]) for s in states]
                got = sampler.energy({"s": states}, of_source=True)
                np.testing.assert_allclose(got, want, atol=1e-5)
                sampler.run(beta=2.0, samples=1, warmup=0)  # other energies, the same answer
                np.testing.assert_allclose(sampler.energy({"s": states}, of_source=True), want, atol=1e-5)

    def test_clamps_and_starts_by_chain(self):
        d = mixed()
        nodes, factors, _ = d.thrml([[[i]] for i in range(6)])
        free, held = [Block(nodes[:2]), Block([nodes[3]]), Block([nodes[5]])], [Block([nodes[2]]), Block([nodes[4]])]
        first = [np.array([[0, 1], [1, 1], [0, 0]], bool), np.array([[2], [1], [0]], np.uint8), np.array([3], np.uint8)]
        clamp = [np.array([[True], [False], [True]]), np.array([1], np.uint8)]
        model = tg.to_thrmlgen(factors, self.dir, blocks=free, clamped=held, clamp=clamp, init=first,
                               schedule=SamplingSchedule(0, 3, 2), synchronous=True)
        result = self.sampler(model).run()
        self.assertEqual(result["s"].shape, (3, 3, 3))
        for got, want in zip(model.to_blocks(result, free), first):  # draw 0 is the start
            np.testing.assert_array_equal(got[:, 0], np.broadcast_to(want, (3, want.shape[-1])))
        for got, want in zip(model.to_blocks(result, held), clamp):
            np.testing.assert_array_equal(got, np.broadcast_to(want if want.ndim == 1 else want[:, None], got.shape))

    def test_blocks_are_written_in_order(self):
        nodes = [SpinNode() for _ in range(9)]
        factors = [SpinEBMFactor([Block(nodes)], jnp.ones(9))]
        model = tg.to_thrmlgen(factors, self.dir, blocks=[Block(nodes[8:4:-1]), (Block(nodes[0:4:2]), Block(nodes[1:4:2])),
                                                          Block([nodes[4]])])
        text = model.path.read_text()
        self.assertIn("blocks: [block0, {together: [block1, block2]}, block3]", text)
        self.assertIn('block0: "s[[8, 7, 6, 5]]"', text)
        self.assertIn('block1: "s[0:3:2]"', text)
        self.assertIn('block3: "s[4]"', text)
        self.assertEqual(self.sampler(model).info["nodes"], 9)

    def test_repeated_terms_are_added(self):
        nodes = [SpinNode() for _ in range(2)]
        factor = SpinEBMFactor([Block([nodes[0], nodes[1]]), Block([nodes[1], nodes[0]])], jnp.array([0.25, 0.5]))
        model = tg.to_thrmlgen(factor, self.dir)
        self.assertIn("again", model.notes[0])
        np.testing.assert_array_equal(self.sampler(model).energy({"s": np.array([[1, 1], [1, -1]])}), [-0.75, 0.75])

    def test_labels(self):
        d = mixed()
        nodes, factors, _ = d.thrml([[[i]] for i in range(6)])
        names = {n: f"n{i}" for i, n in enumerate(nodes)}
        model = tg.to_thrmlgen(factors, self.dir, labels=names)
        again = tg.load(self.dir)
        for i, n in enumerate(nodes):
            self.assertEqual(model.place(n), again.place(f"n{i}"))
        self.assertEqual(model.labels, again.labels)
        self.assertEqual({v.name for v in again.variables}, {"s", "x3", "x4"})

    def test_what_cannot_be_said(self):
        n, c = [SpinNode() for _ in range(4)], [CategoricalNode() for _ in range(2)]
        pair = SpinEBMFactor([Block(n[:2]), Block(n[2:])], jnp.ones(2))
        field_ = SpinEBMFactor([Block(n)], jnp.ones(4))

        class Twisted(SpinEBMFactor):
            def energy(self, state, spec):
                return 2 * super().energy(state, spec)

        class Sigmoid(SpinGibbsConditional):
            pass

        spec = BlockGibbsSpec([Block(n[:2]), Block(n[2:])], [])
        group = pair.to_interaction_groups()[0]
        gibbs = [SpinGibbsConditional()] * 2
        program = FactorSamplingProgram(spec, gibbs, [pair], [group])
        ising = IsingEBM(n, [(n[0], n[1])], jnp.ones(4), jnp.ones(1), jnp.array(1.0))
        blocks = [Block(n[:2]), Block(n[2:])]
        cat = CategoricalEBMFactor([Block(c)], jnp.ones((2, 3)))
        for want, obj, options in [
            ("has its own energy", Twisted([Block(n)], jnp.ones(4)), {}),
            ("directed", [pair, group], {}),
            ("updates its block 0 by 4 terms, the factors have 2", pair, {"blocks": program}),
            ("Sigmoid is not THRML's", pair, {"blocks": FactorSamplingProgram(spec, [Sigmoid()] * 2, [pair], [])}),
            ("does not keep its factors", program, {}),
            ("neighbours in one block", ising, {"blocks": blocks}),
            ("neighbours in one block", pair, {"blocks": [(Block(n[:2]), Block(n[2:]))]}),
            ("in no block", field_, {"blocks": [Block(n[:3])]}),
            ("twice in the blocks", field_, {"blocks": [Block(n), Block(n[:1])]}),
            ("twice in the blocks", field_, {"blocks": [Block(n)], "clamped": [Block(n[:1])], "clamp": [np.ones(1, bool)]}),
            ("names a node twice", SpinEBMFactor([Block(n[:1]), Block(n[:1])], jnp.ones(1)), {}),
            ("weights of factor 0[1] is nan", SpinEBMFactor([Block(n[:2])], jnp.array([0, jnp.nan])), {}),
            ("biases[2] is inf", IsingEBM(n, [], jnp.array([0, 0, jnp.inf, 0]), jnp.zeros(0), jnp.array(1.0)), {}),
            ("biases have shape (3,) for 4 nodes", IsingEBM(n, [], jnp.ones(3), jnp.zeros(0), jnp.array(1.0)), {}),
            ("categorical with one state", CategoricalEBMFactor([Block(c)], jnp.ones((2, 1))), {}),
            ("3 states in one factor and 4 states in factor 1", [cat, CategoricalEBMFactor([Block(c)], jnp.ones((2, 4)))], {}),
            ("number of states is not known", pair, {"blocks": [*blocks, Block(c)]}),
            ("1 clamped blocks, 0 arrays", field_, {"blocks": [Block(n[:3])], "clamped": [Block(n[3:])]}),
            ("0.5 is no state", field_, {"blocks": [Block(n[:3])], "clamped": [Block(n[3:])], "clamp": [[0.5]]}),
            ("3 is no state; states are 0 … 2", cat, {"blocks": [Block(c[:1])], "clamped": [Block(c[1:])], "clamp": [[3]]}),
            ("clamp[0] has shape (2,)", field_, {"blocks": [Block(n[:3])], "clamped": [Block(n[3:])], "clamp": [[1, 1]]}),
            ("states for 3 chains where 2", field_, {"blocks": [Block(n[:3])], "clamped": [Block(n[3:])],
                                                     "clamp": [np.ones((3, 1))], "chains": 2}),
            ("warm-up must be at least 0", field_, {"schedule": SamplingSchedule(-1, 1, 1)}),
            ("the others at least 1", field_, {"schedule": SamplingSchedule(0, 0, 1)}),
            ("no model name", field_, {"name": "My model"}),
            ("init 'hot'", field_, {"init": "hot"}),
            ("two nodes one label", field_, {"labels": {x: "a" for x in n}}),
            ("labels= has none for s[1]", field_, {"labels": {n[0]: "a"}}),
            ("cannot convert a builtins.int", 3, {}),
        ]:
            with self.subTest(want), self.assertRaises(tg.ConversionError) as caught:
                tg.to_thrmlgen(obj, self.dir, **options)
            self.assertIn(want, str(caught.exception))
            self.assertEqual(list(self.dir.iterdir()), [])  # nothing half written


class Dimod(Case):
    """Energies of every state equal dimod's ExactSolver's to 1e-9."""

    def bqm(self, vartype, seed=3):
        rng = np.random.default_rng(seed)
        names = ["a", 7, ("x", 1), "Ω", 0, (2, ("y", 3)), "b c"]
        bqm = dimod.BinaryQuadraticModel({v: rng.normal() for v in names}, {}, rng.normal(), vartype)
        for u, v in itertools.combinations(names, 2):
            if rng.random() < 0.6:
                bqm.add_quadratic(u, v, rng.normal())
        return bqm

    def test_energies(self):
        for vartype in ("SPIN", "BINARY"):
            with self.subTest(vartype):
                bqm = self.bqm(vartype)
                model = tg.to_thrmlgen(bqm, self.dir / vartype)
                sampler = self.sampler(model)
                exact = dimod.ExactSolver().sample(bqm)
                rows = exact.record.sample[:, [list(exact.variables).index(v) for v in model.labels]]
                states = model.from_samples(rows)
                np.testing.assert_allclose(sampler.energy(states, of_source=True), exact.record.energy, rtol=0, atol=1e-9)
                np.testing.assert_array_equal(model.to_samples(states), rows)

                result = sampler.run(chains=8, samples=50)
                drawn = model.sampleset(result)
                np.testing.assert_allclose(drawn.record.energy, bqm.energies(drawn), rtol=0, atol=1e-9)
                cold = sampler.run(chains=8, betas=np.linspace(0.1, 8, 300), samples=1, observe=["best"])
                self.assertAlmostEqual(model.energy(cold.best_energy, cold.beta).min(), exact.first.energy, places=9)
                best = model.to_samples(cold.best)[cold.best_energy.argmin()]
                self.assertEqual(dict(zip(model.labels, best.tolist())), dict(exact.first.sample))

    def test_law(self):
        """Means of a BINARY model at β = 0.8, 1,000 chains of 50 draws: |z| < 5."""
        bqm = self.bqm("BINARY")
        model = tg.to_thrmlgen(bqm, self.dir, beta=0.8, schedule=(50, 50, 2), chains=1000)
        exact = dimod.ExactSolver().sample(bqm)
        rows = exact.record.sample[:, [list(exact.variables).index(v) for v in model.labels]]
        p = np.exp(-0.8 * exact.record.energy)
        x = model.to_samples(self.sampler(model).run()).astype(float)
        self.assertLess(worst_z(x, rows.T @ p / p.sum()), 5)
        self.assertGreater(worst_z(x, (1 - rows).T @ p / p.sum()), 5)

    def test_samples_and_labels(self):
        model = tg.to_thrmlgen(self.bqm("BINARY"), self.dir)
        again = tg.load(self.dir / "model.yaml")
        self.assertEqual(again.labels, list(self.bqm("BINARY").variables))
        self.assertEqual((again.vartype, again.offset, again.beta), (model.vartype, model.offset, model.beta))
        sample = {v: i % 2 for i, v in enumerate(model.labels)}
        states = again.from_samples(sample)
        np.testing.assert_array_equal(states["s"], [[-1, 1, -1, 1, -1, 1, -1]])
        np.testing.assert_array_equal(again.to_samples(states), [list(sample.values())])
        for bad in ({**sample, "zz": 1}, {"a": 1}, np.zeros((2, 3)), np.full((1, 7), 2)):
            with self.assertRaises(tg.ConversionError):
                again.from_samples(bad)

    def test_polynomial(self):
        rng = np.random.default_rng(4)
        poly = dimod.BinaryPolynomial({t: rng.normal() for t in ["", "a", "ab", "bc", "abc", "bcd", "abde"]}, "SPIN")
        model = tg.to_thrmlgen(poly, self.dir)
        exact = dimod.ExactPolySolver().sample_poly(poly)
        rows = exact.record.sample[:, [list(exact.variables).index(v) for v in model.labels]]
        got = self.sampler(model).energy(model.from_samples(rows), of_source=True)
        np.testing.assert_allclose(got, exact.record.energy, rtol=0, atol=1e-9)
        with self.assertRaises(tg.ConversionError):
            tg.to_thrmlgen(dimod.BinaryPolynomial({"ab": 1}, "BINARY"), self.dir)

    def test_discrete(self):
        rng = np.random.default_rng(4)
        dqm = dimod.DiscreteQuadraticModel()
        for name, k in [("u", 3), ("v", 2), ("w", 3), ("t", 4)]:
            dqm.add_variable(k, name)
            dqm.set_linear(name, rng.normal(size=k))
        for u, v in ["uv", "uw", "wv", "tu"]:
            for i, j in itertools.product(range(dqm.num_cases(u)), range(dqm.num_cases(v))):
                dqm.set_quadratic_case(u, i, v, j, rng.normal())
        dqm.offset = 2.5
        model = tg.to_thrmlgen(dqm, self.dir)
        exact = dimod.ExactDQMSolver().sample_dqm(dqm)
        rows = exact.record.sample[:, [list(exact.variables).index(v) for v in model.labels]]
        self.assertEqual(len(rows), 72)
        sampler = self.sampler(model)
        got = sampler.energy(model.from_samples(rows), of_source=True)
        np.testing.assert_allclose(got, exact.record.energy, rtol=0, atol=1e-9)
        drawn = model.sampleset(sampler.run(samples=20))
        by_label = [dict(zip(drawn.variables, row.tolist())) for row in drawn.record.sample]
        np.testing.assert_allclose(drawn.record.energy, dqm.energies((np.array([[s[v] for v in dqm.variables] for s in by_label]),
                                                                      list(dqm.variables))), rtol=0, atol=1e-9)


class Arrays(Case):
    def test_forms_agree(self):
        rng = np.random.default_rng(2)
        n = 6
        upper = np.triu(rng.normal(size=(n, n)), 1)
        upper[1, 3] = 0
        h = rng.normal(size=n)
        edges = np.argwhere(upper)
        states = np.array(list(itertools.product([-1, 1], repeat=n)))
        want = -np.einsum("ki,ij,kj->k", states, upper, states) - states @ h

        class Sparse:  # what scipy.sparse arrays answer
            def __init__(self, a):
                self.shape, (self.row, self.col) = a.shape, np.nonzero(a)
                self.data = a[self.row, self.col]

            def tocoo(self):
                return self

        for k, obj in enumerate([{"J": upper, "h": h}, {"J": upper.T, "h": h}, {"J": upper + upper.T, "h": h},
                                 {"J": Sparse(upper), "h": h}, {"J": Sparse(upper + upper.T), "h": h},
                                 {"biases": h, "edges": edges, "weights": upper[edges[:, 0], edges[:, 1]]}]):
            with self.subTest(k), tg.to_thrmlgen(obj, self.dir / str(k)).sampler() as sampler:
                np.testing.assert_allclose(sampler.energy({"s": states}), want, atol=1e-12)

    def test_no_coupling_and_no_field(self):
        model = tg.to_thrmlgen({"J": np.zeros((3, 3))}, self.dir)
        np.testing.assert_array_equal(self.sampler(model).energy({"s": np.ones((1, 3))}), [0])

    def test_refused(self):
        j = np.array([[0.0, 1.0], [2.0, 0.0]])
        for want, obj in [
            ("neither symmetric nor triangular", {"J": j}),
            ("a diagonal", {"J": np.eye(3)}),
            ("must be square", {"J": np.zeros((2, 3))}),
            ("h has shape (3,)", {"J": np.zeros((2, 2)), "h": np.zeros(3)}),
            ("J[0, 1] is nan", {"J": np.array([[0, np.nan], [0, 0]])}),
            ("weights have shape (1,) for 2 edges", {"biases": np.zeros(3), "edges": [[0, 1], [1, 2]], "weights": [1.0]}),
            ("edges name spins 0 … 3; there are 3", {"biases": np.zeros(3), "edges": [[0, 3]], "weights": [1.0]}),
            ("integers (m, 2)", {"biases": np.zeros(3), "edges": [[0.0, 1.0]], "weights": [1.0]}),
            ("row 0 of factor couplings names a node twice", {"biases": np.zeros(3), "edges": [[1, 1]], "weights": [1.0]}),
            ("arrays named ['J', 'b']", {"J": j, "b": 1}),
            ("J: could not convert", {"J": [["a", "b"], ["c", "d"]]}),
        ]:
            with self.subTest(want), self.assertRaises(tg.ConversionError) as caught:
                tg.to_thrmlgen(obj, self.dir)
            self.assertIn(want, str(caught.exception))

    def test_blocks_of_indices(self):
        model = tg.to_thrmlgen({"biases": np.ones(4), "edges": [[0, 1], [2, 3]], "weights": [1.0, 1.0]}, self.dir,
                               blocks=[[0, 2], ([1], [3])])
        self.assertIn("blocks: [block0, {together: [block1, block2]}]", model.path.read_text())
        self.assertEqual(self.sampler(model).run(samples=5)["s"].shape, (4, 5, 4))


# ---------------------------------------------------------------------------
# The pipe


def interrupt(sampler):
    """Ctrl-C, half a second into the next command."""
    def wait():
        while not sampler._pipe.lock.locked():
            time.sleep(0.01)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait).start()


class Sessions(Case):
    """Against thrmlgen run --serve, and a binary where one is given."""

    def glass(self, n=64, runtime=True, **options):
        rng = np.random.default_rng(8)
        edges = np.array([[i, (i + 1) % n] for i in range(n)])
        return tg.to_thrmlgen({"biases": rng.normal(size=n), "edges": edges, "weights": rng.normal(size=n)}, self.dir,
                              runtime=runtime, chains=4, schedule=(10, 9, 2), seed=3, **options)

    def test_result(self):
        model = self.glass()
        sampler = self.sampler(model)
        self.assertEqual(sampler.info["sample"], {"chains": 4, "warmup": 10, "samples": 9, "steps_per_sample": 2, "seed": 3})
        result = sampler.run(observe=["state", "energy", "best"], seed=12)
        self.assertEqual((result["s"].dtype, result["s"].shape), (np.int8, (4, 9, 64)))
        self.assertEqual((result.energy.dtype, result.energy.shape), (np.float64, (4, 9)))
        self.assertEqual(result.sweeps, 10 + 8 * 2)
        self.assertEqual(result.flips, result.sweeps * 4 * 64)
        np.testing.assert_array_equal(result.final["s"], result["s"][:, -1])
        np.testing.assert_allclose(sampler.energy({"s": result["s"]}), result.energy, atol=1e-12)
        np.testing.assert_allclose(sampler.energy(result.best), result.best_energy, atol=1e-12)
        self.assertTrue((result.best_energy[:, None] <= result.energy + 1e-12).all())
        self.assertEqual(result.summary["draws"], 9)
        with self.assertRaisesRegex(KeyError, "no states of 'x'"):
            result["x"]

    def test_same_as_the_command_line(self):
        model = self.glass()
        out = self.dir / "r.npz"
        subprocess.run([os.environ["THRMLGEN"], "run", model.path, "--quiet", "--out", out], check=True)
        with np.load(out) as z:
            result = self.sampler(model).run()
            np.testing.assert_array_equal(result["s"], z["s"])
            np.testing.assert_array_equal(result.energy, z["energy"])

    def test_resume(self):
        sampler = self.sampler(self.glass())
        whole = sampler.run(samples=9)
        parts = [sampler.run(samples=4), sampler.run(samples=5, resume=True)]
        np.testing.assert_array_equal(np.concatenate([p["s"] for p in parts], axis=1), whole["s"])
        self.assertEqual(parts[1].sweep, whole.sweep)

    def test_data_of_a_run(self):
        """Weights, clamps, masks and starts reach the nodes they name."""
        model = self.glass(max_weight=9.0)
        sampler = self.sampler(model)
        before = sampler.run()
        signs = (-1.0) ** np.arange(64)
        strong = sampler.run(weights={"biases": 9 * signs, "couplings": np.zeros(64)}, chains=50)
        np.testing.assert_array_equal(strong["s"], np.broadcast_to(signs, (50, 9, 64)))  # P(other) = σ(-18) = 1.5e-8 a spin
        again = sampler.run()
        np.testing.assert_array_equal(before["s"], again["s"])  # a run starts from the model
        values, mask = np.sign(np.random.default_rng(0).normal(size=(4, 64))), np.arange(64) % 3 == 0
        held = sampler.run(clamp={"s": values}, mask={"s": mask})
        np.testing.assert_array_equal(held["s"][:, :, mask], np.repeat(values[:, None][:, :, mask], 9, axis=1))
        moved = (held["s"] != held["s"][:, :1]).any(axis=(0, 1))
        self.assertGreater(moved[~mask].mean(), 0.5)  # strong fields may hold a few
        start = sampler.run(warmup=0, samples=1, state={"s": values > 0})
        np.testing.assert_array_equal(start["s"][:, 0], values)

    def test_refusals_leave_the_session(self):
        sampler = self.sampler(self.glass())
        for what, options in [
            ("a wrong shape", {"weights": {"couplings": np.zeros(3)}}),
            ("an unknown factor", {"weights": {"nothing": np.zeros(64)}}),
            ("NaN", {"weights": {"couplings": np.full(64, np.nan)}}),
            ("too large", {"weights": {"couplings": np.full(64, 1e9)}}),
            ("a wrong clamp", {"clamp": {"s": np.ones(63)}}),
            ("wrong chains", {"clamp": {"s": np.ones((3, 64))}, "chains": 5}),
            ("a wrong mask", {"clamp": {"s": np.ones(64)}, "mask": {"s": np.ones(7, bool)}}),
            ("an observable", {"observe": ["weather"]}),
            ("no draws", {"samples": 0}),
            ("chains", {"chains": -1}),
            ("beta", {"beta": -1.0}),
            ("another seed", {"resume": True, "seed": 99}),
        ]:
            if what == "another seed":
                sampler.run()
            with self.subTest(what), self.assertRaises(tg.CommandError) as caught:
                sampler.run(**options)
            self.assertIn(caught.exception.exit, (2, 3, 5), str(caught.exception))
            self.assertTrue(caught.exception.code and caught.exception.text)
        with self.assertRaises(tg.CommandError):
            sampler.energy({})
        for options in ({"clamp": {"y": np.ones(64)}}, {"clamp": {"s": np.zeros(64)}}, {"state": {"s": np.full(64, "a")}},
                        {"clamp": {"s": np.ones(64)}, "mask": {"s": [0, 3]}},
                        {"beta": np.nan}, {"betas": [[1, np.inf]]}):
            with self.assertRaises(tg.ConversionError):
                sampler.run(**options)
        self.assertEqual(sampler.run(samples=3)["s"].shape, (4, 3, 64))

    def test_large_frames(self):
        """More than 100 MB each way through the pipes."""
        n, chains = 4096, 260
        model = tg.to_thrmlgen({"J": np.zeros((n, n)), "h": np.linspace(-1, 1, n)}, self.dir)
        sampler = self.sampler(model)
        result = sampler.run(chains=chains, warmup=0, samples=100, observe=["state", "energy"], summary=False)
        self.assertGreater(result["s"].nbytes, 100 << 20)
        self.assertLess(np.max(np.abs(result["s"].mean(axis=(0, 1)) - np.tanh(np.linspace(-1, 1, n)))), 0.05)
        np.testing.assert_allclose(sampler.energy({"s": result["s"]}), result.energy, atol=1e-9)

    def test_interrupt(self):
        sampler = self.sampler(self.glass())
        interrupt(sampler)
        with self.assertRaises(KeyboardInterrupt):
            sampler.run(warmup=10**9, chains=64, beta=0.5)
        result = sampler.run(samples=2, resume=True)
        self.assertEqual((result["s"].shape, result.beta), ((64, 2, 64), 0.5))
        self.assertGreater(result.sweep, result.sweeps)  # it goes on where it was stopped
        self.assertEqual(sampler.run(samples=2)["s"].shape, (4, 2, 64))

    def test_dead_process(self):
        sampler = self.sampler(self.glass())
        os.kill(sampler._pipe.process.pid, signal.SIGKILL)
        with self.assertRaises(tg.ProcessError) as caught:
            sampler.run()
        self.assertEqual(caught.exception.returncode, -signal.SIGKILL)
        with self.assertRaisesRegex(tg.ProcessError, "has ended"):
            sampler.run()
        sampler.close()

    def test_wrong_model(self):
        path = self.dir / "model.yaml"
        path.write_text("model: m\nvariables: {s: {kind: spinn}}\nfactors: []\n")
        with self.assertRaises(tg.ProcessError) as caught:
            tg.Sampler(path)
        self.assertEqual(caught.exception.returncode, 3)
        self.assertIn("model.yaml:2:", caught.exception.stderr)

    def test_embedded_model(self):
        with tg.Sampler("models/chain5") as sampler:
            self.assertEqual(sampler.run(samples=3)["s"].shape, (1, 3, 5))

    def test_binary(self):
        """The binary gives the draws of thrmlgen run, at its own and at other weights."""
        binary = self.sampler(os.environ["THRMLGEN_BINARY"])
        program = self.sampler(os.environ["THRMLGEN_MODEL"])
        self.assertEqual(binary.info["hash"], program.info["hash"])
        name = next(f for f in binary.info["factors"] if f["runtime"])
        other = {name["name"]: np.random.default_rng(1).normal(size=name["shape"])}
        for weights in (None, other):
            a, b = binary.run(weights=weights, samples=20), program.run(weights=weights, samples=20)
            for variable in a.variables:
                np.testing.assert_array_equal(a[variable], b[variable])
            np.testing.assert_array_equal(a.energy, b.energy)


FAKE = """#!{python}
import json, os, signal, sys, time
import numpy as np
class Pipe:  # not a file to numpy, which would ask for the position in it
    def __init__(self, f):
        self.read, self.write, self.readline, self.flush = (getattr(f, k, None) for k in "read write readline flush".split())
inn, out = Pipe(sys.stdin.buffer), Pipe(sys.stdout.buffer)
def reply(d, arrays=()):
    out.write(json.dumps(dict(d, arrays=[k for k, _ in arrays])).encode() + b"\\n")
    for _, a in arrays:
        np.lib.format.write_array(out, a)
    out.flush()
def command():
    line = inn.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)
def read(c):
    return [(k, np.lib.format.read_array(inn)) for k in c.get("arrays", [])]
INFO = dict(ok=True, protocol=1, beta=1.0, variables=[dict(name="s", kind="spin", states=2, shape=[3])], factors=[])
RUN = dict(ok=True, beta=1.0, summary=None, meta={{}}, seconds=1.0, flips=1, sweeps=1, sweep=1)
{body}
"""


class Fakes(Case):
    """A program of a few lines stands for the sampler, and misbehaves."""

    def fake(self, body):
        path = self.dir / "fake"
        path.write_text(FAKE.format(python=sys.executable, body=body))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def refused(self, error, pattern, body, **options):
        with self.assertRaisesRegex(error, pattern):
            with tg.Sampler(self.fake(body), **options) as sampler:
                sampler.run()
        return None

    def test_echo_of_large_frames(self):
        """128 MB go and come back; arrays in Fortran order, of no size and without axes, too."""
        sampler = self.sampler(self.fake("""
command(); reply(INFO)
while True:
    c = command(); reply(RUN, read(c))
"""))
        for a in (np.random.default_rng(0).normal(size=(16, 1 << 20)), np.asfortranarray(np.arange(12.0).reshape(3, 4)),
                  np.zeros((0, 3)), np.array(2.0)):
            got = sampler.run(weights={"w": a}).observed["weights/w"]
            np.testing.assert_array_equal(got, a)

    def test_fortran_order(self):
        sampler = self.sampler(self.fake("""
command(); reply(INFO)
command(); reply(RUN, [("a", np.asfortranarray(np.arange(12.0).reshape(3, 4)))])
"""))
        np.testing.assert_array_equal(sampler.run().observed["a"], np.arange(12.0).reshape(3, 4))

    def test_answer_before_everything_is_read(self):
        """Both sides write 64 MB before either reads: only a client that reads while it
        writes gets through."""
        sampler = self.sampler(self.fake("""
command(); reply(INFO)
c = command(); reply(RUN, [("back", np.ones(1 << 23))]); read(c)
command(); reply(dict(ok=False, error=dict(code="late", exit=3, text="no", help="try")))
command(); reply(RUN)
"""))
        self.assertEqual(sampler.run(weights={"w": np.zeros(1 << 23)}).observed["back"].sum(), 1 << 23)
        with self.assertRaises(tg.CommandError) as caught:
            sampler.run()
        e = caught.exception
        self.assertEqual((e.code, e.exit, e.text, e.help), ("late", 3, "no", "try"))
        sampler.run()  # a refusal leaves the session

    def test_closed_by_an_error(self):
        sampler = self.sampler(self.fake("""
command(); reply(INFO)
command(); reply(dict(ok=False, closed=True, error=dict(code="usage", exit=2, text="broken frame", help="")))
"""))
        with self.assertRaisesRegex(tg.CommandError, "broken frame"):
            sampler.run()
        with self.assertRaisesRegex(tg.ProcessError, "broken frame"):
            sampler.run()

    def test_ends_within_an_array(self):
        self.refused(tg.ProcessError, "(?s)exit code 7.*out of luck", """
command(); reply(INFO)
command()
whole = out.write
out.write = lambda b: whole(b[:500])
sys.stderr.write("out of luck")
reply(RUN, [("s", np.ones(1000))]); os._exit(7)
""")

    def test_killed_while_it_is_written_to(self):
        sampler = self.sampler(self.fake("""
command(); reply(INFO)
inn.read(1 << 20); os.kill(os.getpid(), signal.SIGKILL)
"""))
        with self.assertRaises(tg.ProcessError) as caught:
            sampler.run(weights={"w": np.zeros(1 << 23)})
        self.assertEqual(caught.exception.returncode, -signal.SIGKILL)

    def test_no_npy(self):
        self.refused(tg.ProtocolError, "no npy header", """
command(); reply(INFO)
command(); out.write(b'{"ok": true, "arrays": ["s"]}\\n' + b"x" * 100); out.flush(); inn.read()
""")

    def test_objects_are_not_unpickled(self):
        self.refused(tg.ProtocolError, "objects", """
command(); reply(INFO)
command(); reply(RUN, [("s", np.array([{}], dtype=object))]); inn.read()
""")

    def test_no_json(self):
        self.refused(tg.ProtocolError, "it is no thrmlgen", "command(); print('hello', flush=True); inn.read()")

    def test_other_protocol(self):
        self.refused(tg.ProtocolError, "protocol 2, this file 1", "command(); reply(dict(INFO, protocol=2)); inn.read()")

    def test_no_protocol(self):
        self.refused(tg.ProtocolError, "protocol None", "command(); reply(dict(ok=True)); inn.read()")

    def test_incomplete_info(self):
        self.refused(tg.ProtocolError, "cannot be understood", "command(); reply(dict(ok=True, protocol=1)); inn.read()")

    def test_silent(self):
        self.refused(tg.ProcessError, "no answer within 0.5 s", "time.sleep(1000)", start_timeout=0.5)

    def test_ends_at_once(self):
        self.refused(tg.ProcessError, "(?s)exit code 2.*unknown flag", "sys.stderr.write('unknown flag'); sys.exit(2)")

    def test_floods_standard_error(self):
        sampler = self.sampler(self.fake("""
for _ in range(64):
    os.write(2, b"x" * (1 << 16))
command(); reply(INFO)
command(); reply(RUN)
"""))
        sampler.run()

    def test_interrupt_that_is_not_heard(self):
        tg._Pipe.PATIENCE, before = 0.5, tg._Pipe.PATIENCE
        self.addCleanup(setattr, tg._Pipe, "PATIENCE", before)
        sampler = self.sampler(self.fake("""
signal.signal(signal.SIGINT, signal.SIG_IGN)
command(); reply(INFO); command(); time.sleep(1000)
"""))
        interrupt(sampler)
        with self.assertRaises(KeyboardInterrupt):
            sampler.run()
        self.assertEqual(sampler._pipe.process.poll(), -signal.SIGKILL)
        with self.assertRaises(tg.ProcessError):
            sampler.run()

    def test_close_ends_the_process(self):
        sampler = tg.Sampler(self.fake("command(); reply(INFO)\ncommand()"))
        process = sampler._pipe.process
        sampler.close()
        sampler.close()
        self.assertEqual(process.returncode, 0)
        forgotten = tg.Sampler(self.fake("command(); reply(INFO)\ncommand()"))
        process = forgotten._pipe.process
        del forgotten
        self.assertIsNotNone(process.returncode)

    def test_no_such_program(self):
        (self.dir / "text").write_text("hello")
        for target, options in [(self.dir / "nothing", {}), (self.dir / "text", {}),
                                ("models/chain5", {"thrmlgen": self.dir / "nothing"})]:
            with self.assertRaises(tg.ProcessError):
                tg.Sampler(target, **options)


class THRMLNames(Case):
    """The list of names that ../thrml.md explains is that of the package."""

    def test_list(self):
        found = set()
        for file in Path(thrml.__file__).parent.rglob("*.py"):
            if file.name == "__init__.py":
                continue
            for node in ast.parse(file.read_text()).body:
                for name in defined(node):
                    found.add(name)
                    if isinstance(node, ast.ClassDef):
                        found.update(f"{name}.{m}" for part in node.body for m in defined(part))
        listed = Path(__file__).parent.parent / "testdata" / f"thrml-{thrml.__version__}.txt"
        names = {line for line in listed.read_text().splitlines() if not line.startswith("#")}
        self.assertEqual(found, names)


def defined(node):
    """Public names that a statement defines."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        names = [node.name]
    elif isinstance(node, ast.Assign):
        names = [t.id for t in node.targets if isinstance(t, ast.Name)]
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        names = [node.target.id]
    else:
        names = []
    return [n for n in names if not n.startswith("_")]


if __name__ == "__main__":
    unittest.main()
