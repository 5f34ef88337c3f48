"""thrmlgen from Python: one file, numpy only.

Two things are here. `to_thrmlgen` writes a model that lives in Python (THRML
factors, a dimod model, plain arrays) as a model.yaml with its arrays beside it.
`Sampler` runs such a model, or a binary made by `thrmlgen build`, and gives
numpy arrays:

    model = to_thrmlgen({"J": J, "h": h}, "glass")
    with Sampler(model) as sampler:
        result = sampler.run(chains=64, warmup=100, samples=1000)
    result["s"]        # int8, (chain, draw, spin)
    result.energy      # float64, (chain, draw)

Copy the file into your project, or put its folder on PYTHONPATH. `Sampler` needs
the program thrmlgen (on PATH, or named by THRMLGEN) unless it is given a binary.

THRML and dimod are never imported for recognising their objects, only asked for
their attributes; `Model.sampleset` alone imports dimod.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

import numpy as np

__all__ = [
    "to_thrmlgen", "load", "Model", "Variable", "Sampler", "Result",
    "Error", "ConversionError", "CommandError", "ProcessError", "ProtocolError",
]

PROTOCOL = 1  # the version of the pipe protocol spoken here


# ---------------------------------------------------------------------------
# Errors


class Error(Exception):
    """Whatever goes wrong here. `help` says what to do about it, if that is known."""

    def __init__(self, text: str, help: str = ""):
        super().__init__(text + (f" ({help})" if help else ""))
        self.text, self.help = text, help


class ConversionError(Error, ValueError):
    """The object cannot be written as a model, or would not mean the same."""


class CommandError(Error):
    """The sampler refused a command; it is as it was before and can go on.

    `code` names the kind of problem, `exit` is the exit code that the command
    line would have given: 2 usage, 3 the data, 4 the environment, 5 a limit, 70 a
    bug."""

    def __init__(self, code: str, text: str, help: str = "", exit: int = 0):
        super().__init__(f"{code}: {text}" if code else text, help)
        self.code, self.text, self.exit = code, text, exit


class ProcessError(Error):
    """The process could not be started or has ended. `returncode` is its exit
    code (negative: the signal), None if it never ran; `stderr` the end of what it
    said."""

    def __init__(self, text: str, help: str = "", returncode: Optional[int] = None, stderr: str = ""):
        super().__init__(text + (f":\n{stderr.rstrip()}" if stderr.strip() else ""), help)
        self.returncode, self.stderr = returncode, stderr


class ProtocolError(Error):
    """What came through the pipe is not what was agreed; the session is over."""


# ---------------------------------------------------------------------------
# A converted model


@dataclass(frozen=True)
class Variable:
    """One array of nodes. `kind` is "spin" (-1, +1) or "categorical" (0 … states-1);
    `labels` has one label a node, in order, or is None where nodes have no names."""

    name: str
    kind: str
    states: int
    size: int
    labels: Optional[tuple] = None


States = Mapping[str, np.ndarray]


class Model:
    """A model file written by `to_thrmlgen`, and the way back to the caller's names.

    path       the model.yaml; its arrays are beside it, labels in a .labels.json
    variables  the arrays of nodes, see `Variable`
    beta       the inverse temperature written into the file
    unit, offset   the source's energy is unit·H + offset: unit is β for a THRML
               IsingEBM, whose energy has β in it, else 1; the offset is dimod's
    vartype    "SPIN" or "BINARY" for dimod models, else None
    source     what was converted
    notes      what conversion changed, one sentence each

    States are mappings of variable name to array (…, size), as `Result` gives them
    and `Sampler.energy` takes them. A reported energy is βH; `energy` turns it into
    that of the source.
    """

    def __init__(self, path: Path, variables: Sequence[Variable], beta: float = 1.0, unit: float = 1.0,
                 offset: float = 0.0, vartype: Optional[str] = None, source: str = "arrays", notes: Sequence[str] = (),
                 places: Optional[Mapping[Any, tuple]] = None):
        self.path, self.variables, self.notes = Path(path), tuple(variables), tuple(notes)
        self.beta, self.unit, self.offset, self.vartype, self.source = beta, unit, offset, vartype, source
        if places is None:
            places = {label: (v.name, i) for v in self.variables for i, label in enumerate(v.labels or ())}
        self._places = dict(places)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{v.name}: {v.size} × {v.kind}" for v in self.variables)
        return f"Model({str(self.path)!r}, {sizes})"

    def sampler(self, **options: Any) -> "Sampler":
        """A `Sampler` of this model."""
        return Sampler(self, **options)

    def place(self, label: Any) -> tuple:
        """Where a label, or a THRML node, is: (variable name, index)."""
        try:
            return self._places[label]
        except (KeyError, TypeError):
            raise ConversionError(f"the model has no node {label!r}") from None

    def energy(self, energy: np.ndarray, beta: Optional[float] = None) -> np.ndarray:
        """The source's energies, THRML's or dimod's, of reported energies βH; β is that
        of the run, by default the model's."""
        beta = self.beta if beta is None else beta
        if beta == self.unit:
            return np.asarray(energy) + self.offset
        if beta == 0:
            raise ConversionError("at β = 0 every reported energy is 0", "take energies at another β")
        return np.asarray(energy) / beta * self.unit + self.offset

    # THRML: lists of blocks

    def to_blocks(self, states: Union[States, "Result"], blocks: Iterable) -> list:
        """States as THRML has them: one array (…, len(block)) for each block, bool
        for spins, unsigned integers for categoricals. Blocks may group the nodes in
        any way."""
        states = _arrays(states)
        out = []
        for block in blocks:
            places = [self.place(node) for node in block]
            if not places:
                raise ConversionError("an empty block")
            first = places[0][0]
            if all(name == first for name, _ in places):
                values = states[first][..., [i for _, i in places]]
            else:  # categoricals of unlike numbers of states
                values = np.stack([states[name][..., i] for name, i in places], axis=-1)
            out.append(values > 0 if self._variable(first).kind == "spin" else values)
        return out

    def from_blocks(self, blocks: Iterable, values: Iterable) -> dict:
        """The inverse of `to_blocks`: arrays (…, len(block)) of the blocks, which
        together hold every node, to arrays by variable."""
        blocks, values = _same_length(blocks, values, "blocks", "arrays of values")
        out, seen = {}, set()
        for block, value in zip(blocks, values):
            value = np.asarray(value)
            if value.shape[-1:] != (len(block),):
                raise ConversionError(f"values of shape {value.shape} for a block of {len(block)} nodes")
            for k, node in enumerate(block):
                name, i = self.place(node)
                v = self._variable(name)
                if name not in out:
                    out[name] = np.zeros(value.shape[:-1] + (v.size,), _dtype(v.kind, v.states))
                out[name][..., i] = _node_values(value[..., k], v.kind, v.states, repr(node))
                seen.add((name, i))
        missing = [f"{v.name}[{i}]" for v in self.variables for i in range(v.size) if (v.name, i) not in seen]
        if missing:
            raise ConversionError(f"no block holds {missing[0]}; nodes without values: {len(missing)}")
        return out

    # dimod: rows of samples

    @property
    def labels(self) -> list:
        """All labels, variable after variable."""
        return [x for v in self.variables for x in (v.labels if v.labels is not None else range(v.size))]

    def to_samples(self, states: Union[States, "Result"]) -> np.ndarray:
        """Values (…, node) in the source's values (BINARY: 0 and 1), columns in the
        order of `labels`."""
        states = _arrays(states)
        parts = [np.asarray(states[v.name]) for v in self.variables]
        if self.vartype == "BINARY":
            parts = [(p > 0).astype(np.int8) for p in parts]
        return np.concatenate(parts, axis=-1)

    def from_samples(self, samples: Any) -> dict:
        """The inverse of `to_samples`. Also takes one mapping of labels to values, or a
        list of them."""
        if isinstance(samples, Mapping):
            samples = [samples]
        if not isinstance(samples, np.ndarray) and all(isinstance(s, Mapping) for s in samples):
            for s in samples:
                unknown = [k for k in s if k not in self._places]
                missing = [k for k in self.labels if k not in s]
                if unknown or missing:
                    raise ConversionError(f"the sample has no value for {missing[0]!r}" if missing
                                          else f"the model has no variable {unknown[0]!r}")
            samples = [[s[label] for label in self.labels] for s in samples]
        a = np.asarray(samples)
        n = sum(v.size for v in self.variables)
        if a.shape[-1:] != (n,):
            raise ConversionError(f"samples of shape {a.shape}; the last axis has {n} nodes")
        out, at = {}, 0
        for v in self.variables:
            part = a[..., at:at + v.size]
            if self.vartype == "BINARY":
                if not np.isin(part, (0, 1)).all():
                    raise ConversionError("binary values are 0 or 1")
                part = 2 * part.astype(np.int8) - 1
            out[v.name] = _node_values(part, v.kind, v.states, v.name)
            at += v.size
        return out

    def sampleset(self, result: "Result") -> Any:
        """All draws of a result as a dimod.SampleSet, with dimod's energies."""
        import dimod

        samples = self.to_samples(result)
        vartype = self.vartype or ("SPIN" if all(v.kind == "spin" for v in self.variables) else "INTEGER")
        return dimod.SampleSet.from_samples(
            (samples.reshape(-1, samples.shape[-1]), self.labels), vartype=vartype,
            energy=self.energy(result.energy, result.beta).reshape(-1), info={"summary": result.summary})

    def _variable(self, name: str) -> Variable:
        return next(v for v in self.variables if v.name == name)


def load(path: Union[str, Path]) -> Model:
    """The model that `to_thrmlgen` wrote at path, a model.yaml or its folder. THRML
    nodes do not survive their process: of those only given labels come back."""
    path = _model_path(path)
    side = _labels_path(path)
    try:
        d = json.loads(side.read_text(encoding="utf-8"))
        if d["labels_format"] != 1:
            raise ConversionError(f"{side} has format {d['labels_format']}; this thrmlgen.py reads format 1")
        variables = [Variable(v["name"], v["kind"], v["states"], v["size"],
                              None if v["labels"] is None else tuple(_label_in(x) for x in v["labels"]))
                     for v in d["variables"]]
        return Model(path, variables, d["beta"], d["unit"], d["offset"], d["vartype"], d["source"], d["notes"])
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as e:
        raise ConversionError(f"{side}: {type(e).__name__}: {e}", "to_thrmlgen writes it beside the model") from e


# ---------------------------------------------------------------------------
# Conversion


def to_thrmlgen(obj: Any, path: Union[str, Path], *, name: str = "model", beta: Optional[float] = None,
                blocks: Any = None, clamped: Sequence = (), clamp: Sequence = (), init: Any = "random",
                schedule: Any = None, chains: Optional[int] = None, seed: int = 0,
                observe: Optional[Sequence[str]] = None, runtime: bool = False,
                max_weight: Optional[float] = None, synchronous: bool = False, states: Optional[int] = None,
                labels: Optional[Mapping] = None) -> Model:
    """Writes obj as path (…/model.yaml, or a folder) with a .npz and a .labels.json beside it.

    obj is one of
    - a THRML IsingEBM, FactorizedEBM, a factor (SpinEBMFactor, CategoricalEBMFactor,
      DiscreteEBMFactor and the square ones), or a list of factors;
    - a dimod BinaryQuadraticModel, BinaryPolynomial or DiscreteQuadraticModel;
    - {"J": (n, n), "h": (n,)}: H = -Σ_{i<j} J_ij s_i s_j - Σ h_i s_i, J symmetric or
      triangular, dense or of scipy.sparse, h optional;
    - {"biases": (n,), "edges": (m, 2), "weights": (m,)}: the same with an edge list.

    The law is p(x) ∝ exp(-βH(x)). Signs are those of THRML, E = -ΣW…; dimod's, which
    are opposite, are turned round, and an offset is kept in the model.

    beta      overrides β (IsingEBM has its own, all else 1)
    blocks    sweep order: a list of free blocks, a tuple of blocks in it being a
              superblock; or a THRML BlockGibbsSpec or program, which brings its clamped
              blocks along. A block is a THRML Block or a sequence of nodes, of labels
              or, for arrays, of indices. None: thrmlgen colours the graph.
    clamped   the clamped blocks, where blocks is a list
    clamp     values of the clamped blocks in order, each (n,) or (chains, n)
    init      "random", "hinton" (spins: P(+1) = σ(βb)), "zeros", or states of the free
              blocks in order, each (n,) or (chains, n)
    schedule  a THRML SamplingSchedule, or (n_warmup, n_samples, steps_per_sample)
    chains, seed, observe   as in the model file; None leaves the default there
    runtime   weights can be replaced in each Sampler.run, within ±max_weight, by default
              twice the largest weight given and at least 4
    synchronous  allow neighbours in one block. THRML updates them at once without a
              word, which does not sample the law; here that must be asked for.
    states    number of states of THRML categoricals that no weights tell
    labels    names of THRML nodes, {node: label}

    Raises ConversionError where the model cannot say the same.
    """
    if not _is_name(name):
        raise ConversionError(f"{name!r} is no model name", "lower-case letters, digits and _, a letter first")
    free, clamped, program = _given_blocks(blocks, clamped)
    p = _problem(obj, free or [], clamped, program, states)
    if beta is not None:
        p.beta = _finite(beta, "beta")
    p.settle()
    order = p.blocks(free, clamped, synchronous)
    if program is not None:
        _check_program(program, p)
    sample = _schedule(schedule)
    clamps = _clamp_values(p, clamped, clamp)
    starts = _init_values(p, free, init, clamped, clamps)
    chains = _chains(chains, [*clamps, *starts.values()])
    if chains is not None:
        sample = {"chains": int(chains), **sample}
    writer = _Writer(p, _model_path(path))
    writer.head(name)
    writer.factors(runtime, None if max_weight is None else _finite(max_weight, "max_weight"))
    writer.blocks(order, synchronous)
    writer.clamps(clamps)
    writer.init(init, starts)
    writer.tail({**sample, "seed": int(seed)}, observe)
    return writer.finish(labels)


@dataclass
class _Factor:
    """Rows over nodes: index (rows, slots) into the slots' variables, weights (rows,
    *states of the categorical slots), sign as in thrmlgen."""

    name: str
    over: list
    index: np.ndarray
    weights: np.ndarray
    repeats: int = 0  # rows whose set of nodes an earlier row had


@dataclass
class _Problem:
    """What all sources become. places maps a node (a THRML node, a label, an index)
    to (variable, index)."""

    source: str
    variables: dict  # name -> [kind, states, list of nodes]
    factors: list = field(default_factory=list)
    beta: float = 1.0
    unit: float = 1.0
    offset: float = 0.0
    vartype: Optional[str] = None
    notes: list = field(default_factory=list)
    places: dict = field(default_factory=dict)
    labelled: bool = False

    def locate(self) -> None:
        for name, (_, _, nodes) in self.variables.items():
            for i, node in enumerate(nodes):
                self.places[node] = (name, i)

    def place(self, node: Any, what: str) -> tuple:
        try:
            return self.places[node]
        except (KeyError, TypeError):
            raise ConversionError(f"{what} holds {node!r}, which is no node of the model") from None

    def settle(self) -> None:
        """Checks what holds for every source: β, and nodes met twice."""
        if self.beta < 0:
            self.beta, self.unit = -self.beta, -self.unit
            for f in self.factors:
                f.weights = -f.weights
            self.notes.append("β was negative: all weights have changed sign instead")
        if not self.factors:
            raise ConversionError("the model has no factors")
        first, total = {}, 0
        for name, (_, _, nodes) in self.variables.items():
            first[name], total = total, total + len(nodes)
        for f in self.factors:
            dense = np.stack([first[name] + f.index[:, k] for k, name in enumerate(f.over)], axis=1)
            dense.sort(axis=1)
            twice = np.flatnonzero((dense[:, 1:] == dense[:, :-1]).any(axis=1))
            if len(twice):
                raise ConversionError(f"row {twice[0]} of factor {f.name} names a node twice",
                                      "THRML's sampler would not follow the energy there; write the term without it")
            f.repeats = len(dense) - len(np.unique(dense, axis=0))
            if f.repeats:
                self.notes.append(f"factor {f.name} names {f.repeats} sets of nodes again: their weights are added")

    def text(self, name: str, i: int) -> str:
        node = self.variables[name][2][i]
        return f"{name}[{i}] ({node!r})" if self.labelled else f"{name}[{i}]"

    def blocks(self, free: Optional[list], clamped: list, synchronous: bool) -> list:
        """Superblocks of blocks of places, then one superblock of the clamped; each
        node is in one. Without blocks, only the clamped."""
        taken: dict = {}
        out = []
        for k, blocks in enumerate([*(free or []), clamped]):
            group = []
            for block in blocks:
                if len(block) == 0:
                    raise ConversionError("an empty block")
                places = [self.place(node, "a block") for node in block]
                for at in places:
                    if at in taken:
                        raise ConversionError(f"{self.text(*at)} is twice in the blocks")
                    taken[at] = k if k < len(free or []) else -1
                group.append(places)
            out.append(group)
        if free is None:
            return out
        for name, (_, _, nodes) in self.variables.items():
            for i in range(len(nodes)):
                if (name, i) not in taken:
                    raise ConversionError(f"{self.text(name, i)} is in no block, neither free nor clamped",
                                          "THRML would leave such a node out or stop with KeyError")
        if not synchronous:
            self._check_neighbours(taken)
        return out

    def _check_neighbours(self, superblock: dict) -> None:
        of = {name: np.array([superblock[name, i] for i in range(len(nodes))])
              for name, (_, _, nodes) in self.variables.items()}
        for f in self.factors:
            for a in range(len(f.over)):
                for b in range(a):
                    block_a, block_b = of[f.over[a]][f.index[:, a]], of[f.over[b]][f.index[:, b]]
                    bad = np.flatnonzero((block_a == block_b) & (block_a >= 0))
                    if len(bad):
                        r = bad[0]
                        raise ConversionError(
                            f"{self.text(f.over[b], f.index[r, b])} and {self.text(f.over[a], f.index[r, a])} are "
                            f"neighbours in one block or superblock ({len(bad)} such rows in factor {f.name})",
                            "updating them at once does not sample the law; synchronous=True keeps that, as THRML does")


# The three kinds of source.


def _problem(obj: Any, free: list, clamped: list, program: Any, states: Optional[int]) -> _Problem:
    blocks = [b for group in free for b in group] + list(clamped)
    if isinstance(obj, Mapping) and not hasattr(obj, "vartype"):
        return _from_arrays(obj)
    if hasattr(obj, "num_cases") and hasattr(obj, "get_quadratic"):
        return _from_dqm(obj)
    if hasattr(obj, "vartype"):
        if hasattr(obj, "to_numpy_vectors"):
            return _from_bqm(obj)
        if isinstance(obj, Mapping):
            return _from_polynomial(obj)
    if hasattr(obj, "gibbs_spec") and hasattr(obj, "per_block_interactions"):
        raise ConversionError("a THRML program does not keep its factors",
                              "give the EBM or the factors, and the program as blocks=")
    sampler_states = _sampler_states(program)
    if all(hasattr(obj, a) for a in ("nodes", "edges", "biases", "weights", "beta")):
        return _from_ising(obj, blocks)
    factors = obj
    if hasattr(obj, "factors"):
        factors = obj.factors
    elif hasattr(obj, "node_groups"):
        factors = [obj]
    if isinstance(factors, Sequence) and factors and all(
            hasattr(f, "node_groups") or hasattr(f, "head_nodes") for f in factors):
        return _from_factors(factors, blocks, sampler_states, states)
    raise ConversionError(
        f"cannot convert a {type(obj).__module__}.{type(obj).__qualname__}",
        'THRML factors and EBMs, dimod binary and discrete quadratic models and polynomials, {"J": …, "h": …} and '
        '{"biases": …, "edges": …, "weights": …} are known')


def _ising(p: _Problem, biases: Optional[np.ndarray], bias_index: np.ndarray, edges: np.ndarray,
           weights: np.ndarray) -> _Problem:
    if biases is not None and len(biases):
        p.factors.append(_Factor("biases", ["s"], np.asarray(bias_index, np.int64).reshape(-1, 1), biases))
    if len(weights):
        p.factors.append(_Factor("couplings", ["s", "s"], np.asarray(edges, np.int64).reshape(-1, 2), weights))
    if not p.factors:
        n = len(p.variables["s"][2])
        p.factors.append(_Factor("biases", ["s"], np.arange(n).reshape(-1, 1), np.zeros(n)))
    p.locate()
    return p


def _from_arrays(d: Mapping) -> _Problem:
    keys = set(d)
    if "J" in keys and keys <= {"J", "h"}:
        j = d["J"]
        if hasattr(j, "tocoo"):
            j = j.tocoo()
            if j.shape[0] != j.shape[1]:
                raise ConversionError(f"J has shape {j.shape}; it must be square")
            n = j.shape[0]
            row, col, w = np.asarray(j.row, np.int64), np.asarray(j.col, np.int64), _floats(j.data, "J")
            table: dict = {}
            for a, b, x in zip(row.tolist(), col.tolist(), w.tolist()):
                table[a, b] = table.get((a, b), 0.0) + x
            upper, weights = _pairs(table)
        else:
            j = _floats(j, "J")
            if j.ndim != 2 or j.shape[0] != j.shape[1]:
                raise ConversionError(f"J has shape {j.shape}; it must be square")
            n = len(j)
            if np.diag(j).any():
                raise ConversionError("J has a diagonal; s·s = 1, so it is only a constant", "set it to 0")
            both = np.triu(j, 1).any() and np.tril(j, -1).any()
            if both and not np.array_equal(j, j.T):
                raise ConversionError("J is neither symmetric nor triangular, so which coupling a pair has is not clear",
                                      "use (J + J.T) / 2 for H = -½ s·J·s, or np.triu(J)")
            if not both:
                j = j + j.T
            upper = np.argwhere(np.triu(j, 1) != 0)
            weights = j[upper[:, 0], upper[:, 1]]
        if n == 0:
            raise ConversionError("J is empty")
        h = None
        if d.get("h") is not None:
            h = _floats(d["h"], "h")
            if h.shape != (n,):
                raise ConversionError(f"h has shape {h.shape}, J has {n} spins")
        p = _Problem("arrays", {"s": ["spin", 2, list(range(n))]})
        return _ising(p, h, np.arange(n), upper, weights)
    if keys and keys <= {"biases", "edges", "weights"} and "biases" in keys:
        biases = _floats(d["biases"], "biases")
        if biases.ndim != 1 or not len(biases):
            raise ConversionError(f"biases have shape {biases.shape}; one for each spin is needed")
        edges = np.asarray(d.get("edges", np.zeros((0, 2), int)))
        weights = _floats(d.get("weights", np.zeros(0)), "weights")
        if edges.size == 0:
            edges = np.zeros((0, 2), np.int64)
        if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
            raise ConversionError(f"edges have shape {edges.shape} and type {edges.dtype}; integers (m, 2) are needed")
        if weights.shape == ():
            weights = np.full(len(edges), float(weights))
        if weights.shape != (len(edges),):
            raise ConversionError(f"weights have shape {weights.shape} for {len(edges)} edges")
        if len(edges) and (edges.min() < 0 or edges.max() >= len(biases)):
            raise ConversionError(f"edges name spins {edges.min()} … {edges.max()}; there are {len(biases)} biases")
        p = _Problem("arrays", {"s": ["spin", 2, list(range(len(biases)))]})
        return _ising(p, biases, np.arange(len(biases)), edges, weights)
    raise ConversionError(f"arrays named {sorted(map(str, keys))}",
                          'they are {"J": …, "h": …} or {"biases": …, "edges": …, "weights": …}')


def _pairs(table: dict) -> tuple:
    """The couplings of a sparse J given as {(i, j): value}."""
    table = {k: v for k, v in table.items() if v != 0}
    if any(a == b for a, b in table):
        raise ConversionError("J has a diagonal; s·s = 1, so it is only a constant", "set it to 0")
    if any(a > b for a, b in table) and any(a < b for a, b in table):
        if any(table.get((b, a)) != v for (a, b), v in table.items()):
            raise ConversionError("J is neither symmetric nor triangular, so which coupling a pair has is not clear",
                                  "use (J + J.T) / 2 for H = -½ s·J·s, or its upper triangle")
        table = {k: v for k, v in table.items() if k[0] < k[1]}
    index = sorted((min(k), max(k)) for k in table)
    weights = [table[k] if k in table else table[k[::-1]] for k in index]
    return np.array(index, np.int64).reshape(-1, 2), np.array(weights)


def _from_bqm(bqm: Any) -> _Problem:
    nodes = list(bqm.variables)
    if not nodes:
        raise ConversionError("the model has no variables")
    linear, (row, col, quadratic), offset = bqm.to_numpy_vectors(variable_order=nodes)
    h, j = _floats(linear, "linear biases"), _floats(quadratic, "quadratic biases")
    edges = np.stack([row, col], axis=1) if len(j) else np.zeros((0, 2), np.int64)
    offset = _finite(offset, "offset")
    vartype = bqm.vartype.name
    p = _Problem("dimod", {"s": ["spin", 2, nodes]}, offset=offset, vartype=vartype, labelled=True)
    p.notes.append("dimod has E = +Σ h s + Σ J s s + offset; here all signs are opposite and the offset stands apart")
    if vartype == "BINARY":
        # x = (1 + s)/2: a x = a/2 + (a/2) s, q x y = q/4 (1 + s + t + s t)
        spin_h = h / 2
        np.add.at(spin_h, edges[:, 0], j / 4)
        np.add.at(spin_h, edges[:, 1], j / 4)
        p.offset = offset + float(h.sum() / 2 + j.sum() / 4)
        h, j = spin_h, j / 4
        p.notes.append("0 and 1 became -1 and +1: x = (1 + s)/2; biases, couplings and offset were converted")
    elif vartype != "SPIN":
        raise ConversionError(f"vartype {vartype} is not known")
    return _ising(p, -h, np.arange(len(nodes)), edges, -j)


def _from_polynomial(poly: Any) -> _Problem:
    if poly.vartype.name != "SPIN":
        raise ConversionError("the polynomial is over binary variables", "give poly.to_spin()")
    terms = {tuple(t): _finite(b, "a coefficient") for t, b in poly.items()}
    nodes = list(dict.fromkeys(v for t in terms for v in t))
    if not nodes:
        raise ConversionError("the polynomial has no variables")
    p = _Problem("dimod", {"s": ["spin", 2, nodes]}, vartype="SPIN", labelled=True)
    p.notes.append("dimod has E = +Σ w s s …; here all signs are opposite and the constant stands apart")
    p.locate()
    p.offset = sum(b for t, b in terms.items() if not t)
    for order in sorted({len(t) for t in terms} - {0}):
        some = {t: b for t, b in terms.items() if len(t) == order}
        index = [[p.places[v][1] for v in t] for t in some]
        p.factors.append(_Factor(f"order{order}", ["s"] * order, np.array(index, np.int64), -np.array(list(some.values()))))
    return p


def _from_dqm(dqm: Any) -> _Problem:
    nodes = list(dqm.variables)
    if not nodes:
        raise ConversionError("the model has no variables")
    cases = {v: dqm.num_cases(v) for v in nodes}
    of = _by_states({v: k for v, k in cases.items()})
    p = _Problem("dimod", of, offset=_finite(getattr(dqm, "offset", 0.0), "offset"), labelled=True)
    p.notes.append("dimod has E = +Σ biases + offset; here all signs are opposite and the offset stands apart")
    p.locate()
    for name, (_, k, some) in of.items():
        w = _floats(np.array([dqm.get_linear(v) for v in some], float), "linear biases")
        p.factors.append(_Factor(f"linear_{name}", [name], np.arange(len(some)).reshape(-1, 1), -w))
    tables: dict = {}
    done = set()
    for u in nodes:
        for v in dqm.adj[u]:
            if (v, u) in done:
                continue
            done.add((u, v))
            tables.setdefault((p.places[u][0], p.places[v][0]), []).append((u, v))
    for (a, b), pairs in tables.items():
        w = _floats(np.array([dqm.get_quadratic(u, v, array=True) for u, v in pairs]), "quadratic biases")
        index = np.array([[p.places[u][1], p.places[v][1]] for u, v in pairs], np.int64)
        p.factors.append(_Factor(f"quadratic_{a}_{b}", [a, b], index, -w))
    return p


def _from_ising(ebm: Any, blocks: list) -> _Problem:
    nodes = list(ebm.nodes)
    edges = [tuple(e) for e in ebm.edges]
    if len(set(nodes)) != len(nodes):
        raise ConversionError("a node is twice in the model's nodes")
    if any(len(e) != 2 for e in edges):
        raise ConversionError("an edge is a pair of nodes")
    biases, weights = _floats(ebm.biases, "biases"), _floats(ebm.weights, "weights")
    if biases.shape != (len(nodes),):
        raise ConversionError(f"biases have shape {biases.shape} for {len(nodes)} nodes")
    if weights.shape != (len(edges),):
        raise ConversionError(f"weights have shape {weights.shape} for {len(edges)} edges")
    beta = _finite(ebm.beta, "beta")
    all_nodes = _in_order(nodes, [n for e in edges for n in e] + [n for b in blocks for n in b])
    p = _Problem("thrml", {"s": ["spin", 2, all_nodes]}, beta=beta, unit=beta)
    p.locate()
    index = [[p.places[a][1], p.places[b][1]] for a, b in edges]
    return _ising(p, biases, np.arange(len(nodes)), index, weights)


def _from_factors(factors: Sequence, blocks: list, sampler_states: dict, states: Optional[int]) -> _Problem:
    kinds: dict = {}  # node -> number of states, 0 a spin
    for k, f in enumerate(factors):
        _check_factor(f)
        w = _floats(f.weights, f"the weights of factor {k}")
        spins, cats = list(f.spin_node_groups), list(f.categorical_node_groups)
        if w.ndim != 1 + len(cats) or any(len(g) != w.shape[0] for g in spins + cats):
            raise ConversionError(f"factor {k}: weights of shape {w.shape} do not fit its node groups")
        for g, n in [(g, 0) for g in spins] + list(zip(cats, w.shape[1:])):
            if n == 1:
                raise ConversionError(f"factor {k}: a categorical with one state",
                                      "THRML would spread this table over all states")
            for node in g:
                if kinds.setdefault(node, n) != n:
                    raise ConversionError(f"{node!r} has {_states_text(kinds[node])} in one factor and "
                                          f"{_states_text(n)} in factor {k}")
    for block in blocks:
        for node in block:
            if node in kinds:
                n = sampler_states.get(node, kinds[node])
                if n != kinds[node]:
                    raise ConversionError(f"{node!r} has {_states_text(kinds[node])} in the factors and "
                                          f"{_states_text(n)} in its sampler")
                continue
            spin = any(c.__name__ == "SpinNode" for c in type(node).__mro__)
            n = 0 if spin else sampler_states.get(node, states)
            if n is None:
                raise ConversionError(f"{node!r} is in no factor, so its number of states is not known", "give states=")
            kinds[node] = n
    p = _Problem("thrml", _by_states({n: kinds[n] for n in _in_order([], kinds)}))
    p.locate()
    for k, f in enumerate(factors):
        groups = list(f.spin_node_groups) + list(f.categorical_node_groups)
        if len(groups[0]) == 0:
            continue
        places = [[p.places[node] for node in g] for g in groups]
        index = np.array([[i for _, i in g] for g in places], np.int64).T
        p.factors.append(_Factor(f"f{k}", [g[0][0] for g in places], index, _floats(f.weights, "weights")))
    return p


# Pieces of conversion.


def _check_factor(f: Any) -> None:
    """Only THRML's own discrete energies are known; a class that overrides them is not."""
    what = type(f).__qualname__
    if hasattr(f, "head_nodes"):
        raise ConversionError("an InteractionGroup is directed and has no energy", "give the factors it comes from")
    if not all(hasattr(f, a) for a in ("spin_node_groups", "categorical_node_groups", "weights")):
        raise ConversionError(f"a {what} is no DiscreteEBMFactor",
                              "energies of your own are written as expressions in the model file")
    for method, owners in (("energy", {"DiscreteEBMFactor"}),
                           ("to_interaction_groups", {"DiscreteEBMFactor", "SquareDiscreteEBMFactor"})):
        owner = next((c for c in type(f).__mro__ if method in vars(c)), None)
        if owner is None or owner.__name__ not in owners:
            raise ConversionError(f"a {what} has its own {method}, so its weights do not tell its law")


def _sampler_states(program: Any) -> dict:
    """Number of states of each free node by the samplers of a THRML program, 0 a spin."""
    if program is None:
        return {}
    out = {}
    for block, s in zip(program.gibbs_spec.free_blocks, program.samplers):
        kind = type(s).__name__
        if kind not in ("SpinGibbsConditional", "CategoricalGibbsConditional"):
            raise ConversionError(f"the sampler {type(s).__module__}.{kind} is not THRML's Gibbs conditional",
                                  "give the blocks without the program if the model's law is what you want")
        for node in block:
            out[node] = 0 if kind == "SpinGibbsConditional" else int(s.n_categories)
    return out


def _check_program(program: Any, p: _Problem) -> None:
    """A program remembers how many terms update each block; other interactions than
    the factors', or other factors, show here."""
    touches: dict = {}
    for f in p.factors:
        for k, name in enumerate(f.over):
            rows, counts = np.unique(f.index[:, k], return_counts=True)
            for i, c in zip(rows.tolist(), counts.tolist()):
                touches[name, i] = touches.get((name, i), 0) + c
    for k, block in enumerate(program.gibbs_spec.free_blocks):
        want = sum(touches.get(p.places[node], 0) for node in block)
        got = sum(int(np.asarray(a).sum()) for a in program.per_block_interaction_active[k])
        if want != got:
            raise ConversionError(
                f"the program updates its block {k} by {got} terms, the factors have {want}",
                "it was made from other factors, or with other interaction groups, which are directed and have no energy")


def _given_blocks(blocks: Any, clamped: Sequence) -> tuple:
    """Free superblocks (None: automatic), clamped blocks, and the program if there is one."""
    program = None
    if hasattr(blocks, "gibbs_spec"):
        program, blocks = blocks, blocks.gibbs_spec
    if hasattr(blocks, "superblocks"):
        if len(clamped):
            raise ConversionError("clamped blocks are given twice", "the specification brings its own")
        return [list(group) for group in blocks.superblocks], list(blocks.clamped_blocks), program
    if blocks is None:
        return None, list(clamped), None
    return [list(b) if _is_superblock(b) else [b] for b in blocks], list(clamped), program


def _is_superblock(b: Any) -> bool:
    """A tuple or list of blocks, not of nodes; labels may be tuples, never lists."""
    return not hasattr(b, "nodes") and isinstance(b, (tuple, list)) and len(b) > 0 and all(
        hasattr(x, "nodes") or isinstance(x, (list, np.ndarray)) for x in b)


def _by_states(states: Mapping) -> dict:
    """Variables of nodes by number of states (0: spin): s, and x or x3, x5, …"""
    cats = sorted(set(states.values()) - {0})
    out: dict = {}
    if 0 in states.values():
        out["s"] = ["spin", 2, [n for n, k in states.items() if k == 0]]
    for k in cats:
        if not 2 <= k <= 65536:
            raise ConversionError(f"a categorical with {k} states; 2 to 65,536 are possible")
        out["x" if len(cats) == 1 else f"x{k}"] = ["categorical", int(k), [n for n, m in states.items() if m == k]]
    return out


def _states_text(k: int) -> str:
    return "spin values" if k == 0 else f"{k} states"


def _in_order(first: list, more: Iterable) -> list:
    """first, then the others: THRML nodes by age, as their makers numbered them."""
    seen = set(first)
    rest = [n for n in dict.fromkeys(more) if n not in seen]
    try:
        rest.sort()
    except (TypeError, RuntimeError):
        pass  # nodes without order stay in order of appearance
    return first + rest


def _schedule(s: Any) -> dict:
    if s is None:
        return {}
    if hasattr(s, "n_warmup"):
        s = (s.n_warmup, s.n_samples, s.steps_per_sample)
    try:
        warmup, samples, steps = (int(x) for x in s)
        if (warmup, samples, steps) != tuple(s):
            raise ValueError
    except (TypeError, ValueError):
        raise ConversionError(f"schedule {s!r} is not (n_warmup, n_samples, steps_per_sample)") from None
    if samples == 1:
        steps = max(steps, 1)  # no step is taken between draws
    if warmup < 0 or samples < 1 or steps < 1:
        raise ConversionError(f"schedule {(warmup, samples, steps)}: warm-up must be at least 0, the others at least 1")
    return {"warmup": warmup, "samples": samples, "steps_per_sample": steps}


def _clamp_values(p: _Problem, clamped: list, values: Sequence) -> list:
    """States of the clamped blocks, spins -1 and +1."""
    clamped, values = _same_length(clamped, values, "clamped blocks", "arrays in clamp=")
    return [_block_values(p, b, v, f"clamp[{k}]") for k, (b, v) in enumerate(zip(clamped, values))]


def _block_values(p: _Problem, block: Any, value: Any, what: str) -> np.ndarray:
    value = np.asarray(value)
    if value.ndim not in (1, 2) or value.shape[-1] != len(block):
        raise ConversionError(f"{what} has shape {value.shape}; ({len(block)},) or (chains, {len(block)}) is needed")
    kinds = {tuple(p.variables[p.places[n][0]][:2]) for n in block}
    if len(kinds) > 1:
        raise ConversionError(f"{what} is for a block of several kinds", "give one block for each kind")
    kind, states = kinds.pop()
    if kind == "spin" and p.vartype == "BINARY":
        if not np.isin(value, (0, 1)).all():
            raise ConversionError(f"{what}: binary values are 0 or 1")
        value = value != 0
    return _node_values(value, kind, states, what)


def _init_values(p: _Problem, free: Optional[list], init: Any, clamped: list, clamps: list) -> dict:
    """Initial states by variable, where they are given as arrays."""
    if isinstance(init, str):
        if init not in ("random", "hinton", "zeros"):
            raise ConversionError(f"init {init!r} is not random, hinton, zeros or a list of arrays")
        return {}
    blocks = [b for group in free or [] for b in group]
    if free is None:
        raise ConversionError("initial states go with blocks", "give blocks=")
    blocks, init = _same_length(blocks, init, "free blocks", "arrays in init=")
    given = [_block_values(p, b, v, f"init[{k}]") for k, (b, v) in enumerate(zip(blocks, init))] + clamps
    chains = _chains(None, given)
    out = {name: np.zeros((len(nodes),) if chains is None else (chains, len(nodes)), _dtype(kind, states))
           for name, (kind, states, nodes) in p.variables.items()}
    for block, value in zip(blocks + clamped, given):
        for k, node in enumerate(block):
            name, i = p.places[node]
            out[name][..., i] = value[..., k]
    return out


def _chains(chains: Optional[int], arrays: Iterable[np.ndarray]) -> Optional[int]:
    for a in arrays:
        if a.ndim == 2:
            if chains is not None and len(a) != chains:
                raise ConversionError(f"states for {len(a)} chains where {chains} are wanted")
            chains = len(a)
    return chains


class _Writer:
    """Collects the lines of the model file and the arrays beside it."""

    def __init__(self, p: _Problem, path: Path):
        self.p, self.path, self.lines, self.arrays = p, path, [], {}
        self.npz = path.with_suffix(".npz")

    def file(self, key: str, value: np.ndarray) -> str:
        self.arrays[key] = value
        return f"{{file: {self.npz.name}#{key}}}"

    def head(self, name: str) -> None:
        p = self.p
        source = {"thrml": "THRML", "dimod": "dimod", "arrays": "arrays"}[p.source]
        self.lines.append(f"# Converted from {source} by thrmlgen.py.")
        self.lines += [f"# {note}." for note in p.notes]
        if p.offset:
            self.lines.append(f"# Offset: {p.offset!r}.")
        self.lines += [f"model: {name}", "variables:"]
        for v, (kind, states, nodes) in p.variables.items():
            k = f", states: {states}" if kind == "categorical" else ""
            self.lines.append(f"  {v}: {{kind: {kind}{k}, shape: [{len(nodes)}]}}")

    def factors(self, runtime: bool, max_weight: Optional[float]) -> None:
        self.lines.append("factors:")
        for f in self.p.factors:
            index, weights = self.file(f.name + "_index", f.index), self.file(f.name, f.weights)
            twice = ", duplicates: sum" if f.repeats else ""
            self.lines.append(f"  - {{name: {f.name}, over: [{', '.join(f.over)}], index: {index}, weights: {weights}{twice}}}")
        self.lines.append(f"beta: {self.p.beta!r}")
        if runtime:
            self.lines.append("runtime: true")
        if max_weight is not None:
            self.lines.append(f"format: {{range: {max_weight!r}}}")

    def blocks(self, order: list, synchronous: bool) -> None:
        """Every block is a group, so that the sweep order reads as names."""
        groups, blocks = [], []
        for group in order[:-1]:
            names = [f"block{len(groups) + k}" for k in range(len(group))]
            groups += zip(names, group)
            blocks.append(names[0] if len(names) == 1 else f"{{together: [{', '.join(names)}]}}")
        groups += [(f"clamped{k}", places) for k, places in enumerate(order[-1])]
        if groups:
            self.lines.append("groups:")
            self.lines += [f"  {name}: {_references(places, self.p)}" for name, places in groups]
        if blocks:
            self.lines.append(f"blocks: [{', '.join(blocks)}]")
            if synchronous:
                self.lines.append("synchronous: true")

    def clamps(self, clamps: list) -> None:
        if clamps:
            self.lines.append("clamp:")
            self.lines += [f"  clamped{k}: {self.file(f'clamped{k}_values', v)}" for k, v in enumerate(clamps)]

    def init(self, init: Any, starts: dict) -> None:
        if starts:
            self.lines.append("init:")
            self.lines += [f"  {name}: {self.file('init_' + name, v)}" for name, v in starts.items()]
        else:
            self.lines.append(f"init: {init}")

    def tail(self, sample: dict, observe: Optional[Sequence[str]]) -> None:
        self.lines.append(f"sample: {{{', '.join(f'{k}: {v}' for k, v in sample.items())}}}")
        if observe is not None:
            self.lines.append(f"observe: [{', '.join(observe)}]")

    def finish(self, given: Optional[Mapping]) -> Model:
        p = self.p
        variables = []
        for name, (kind, states, nodes) in p.variables.items():
            labels = tuple(nodes) if p.labelled else None
            if given is not None:
                missing = [i for i, n in enumerate(nodes) if n not in given]
                if missing:
                    raise ConversionError(f"labels= has none for {name}[{missing[0]}]")
                labels = tuple(given[n] for n in nodes)
            variables.append(Variable(name, kind, states, len(nodes), labels))
        places = dict(p.places)
        if given is not None:
            named = {x: (v.name, i) for v in variables for i, x in enumerate(v.labels)}
            if len(named) != len(p.places):
                raise ConversionError("labels= gives two nodes one label")
            places.update(named)
        side = {"labels_format": 1, "source": p.source, "vartype": p.vartype, "beta": p.beta, "unit": p.unit,
                "offset": p.offset, "notes": p.notes, "variables": [
                    {"name": v.name, "kind": v.kind, "states": v.states, "size": v.size,
                     "labels": None if v.labels is None else [_label_out(x) for x in v.labels]} for v in variables]}
        text = json.dumps(side, ensure_ascii=False, indent=1)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.npz, "wb") as f:
            np.savez(f, **self.arrays)
        _labels_path(self.path).write_text(text + "\n", encoding="utf-8")
        self.path.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        return Model(self.path, variables, p.beta, p.unit, p.offset, p.vartype, p.source, p.notes, places)


def _references(places: list, p: _Problem) -> str:
    """A block as a reference, or a list of them, in the order of its nodes."""
    by_name: dict = {}
    for name, i in places:
        by_name.setdefault(name, []).append(i)
    parts = [_reference(name, np.array(index), len(p.variables[name][2])) for name, index in by_name.items()]
    parts = [x for part in parts for x in part]
    return json.dumps(parts[0]) if len(parts) == 1 else json.dumps(parts)


def _reference(name: str, index: np.ndarray, size: int) -> list:
    """x, x[3], x[0:10:2], several of these where that is shorter, else x[[3, 17, 4]]."""
    if np.array_equal(index, np.arange(size)):
        return [name]
    runs, at = [], 0
    while at < len(index):
        end = at + 1
        if end < len(index) and index[end] > index[at]:
            step = index[end] - index[at]
            while end < len(index) and index[end] - index[end - 1] == step:
                end += 1
            runs.append(f"{name}[{index[at]}:{index[end - 1] + 1}" + (f":{step}]" if step > 1 else "]"))
        if end == at + 1:
            runs.append(f"{name}[{index[at]}]")
        at = end
    if len(runs) == 1 or 4 * len(runs) <= len(index):
        return runs
    return [f"{name}[[{', '.join(map(str, index))}]]"]


def _is_name(s: Any) -> bool:
    return isinstance(s, str) and s.isascii() and s[:1].islower() and s.replace("_", "a").isalnum() and s == s.lower()


def _model_path(path: Union[str, Path]) -> Path:
    """path, or model.yaml in it where it is a folder."""
    path = Path(path)
    if path.suffix in (".yaml", ".yml") and not path.is_dir():
        return path
    return path / "model.yaml"


def _labels_path(path: Path) -> Path:
    return path.with_suffix(".labels.json")


def _label_out(x: Any) -> Any:
    """A label as JSON; tuples, which dimod's lattices use, as {"tuple": […]}."""
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(x, tuple):
        return {"tuple": [_label_out(y) for y in x]}
    if x is None or isinstance(x, (str, bool, int)) or isinstance(x, float) and np.isfinite(x):
        return x
    raise ConversionError(f"the label {x!r} cannot be kept in a file", "labels are texts, numbers and tuples of these")


def _label_in(x: Any) -> Any:
    return tuple(_label_in(y) for y in x["tuple"]) if isinstance(x, dict) else x


def _floats(x: Any, what: str) -> np.ndarray:
    """float64, all finite."""
    try:
        a = np.asarray(x).astype(np.float64)
    except (TypeError, ValueError) as e:
        raise ConversionError(f"{what}: {e}") from None
    bad = np.argwhere(~np.isfinite(a))
    if len(bad):
        at = f"[{', '.join(map(str, bad[0]))}]" if a.ndim else ""
        raise ConversionError(f"{what}{at} is {a[tuple(bad[0])]}; {len(bad)} are not finite")
    return a


def _finite(x: Any, what: str) -> float:
    a = _floats(x, what)
    if a.size != 1:
        raise ConversionError(f"{what} has shape {a.shape}; it must be one number")
    return float(a.reshape(()))


def _dtype(kind: str, states: int) -> type:
    """Of states, as in result files."""
    if kind == "continuous":
        return np.float32
    return np.int8 if kind == "spin" else np.uint8 if states <= 256 else np.uint16


def _node_values(value: Any, kind: str, states: int, what: str) -> np.ndarray:
    """Values of nodes in their own type: spins -1 and +1, also given as bool."""
    a = np.asarray(value)
    if kind == "spin" and a.dtype == bool:
        a = 2 * a.astype(np.int8) - 1
    if a.dtype.kind not in "iuf":
        raise ConversionError(f"{what}: values of type {a.dtype}")
    good = (a == -1) | (a == 1) if kind == "spin" else (a >= 0) & (a < states) & (a == np.floor(a))
    if not good.all():
        allowed = "a spin is -1 or +1 (or a bool)" if kind == "spin" else f"states are 0 … {states - 1}"
        raise ConversionError(f"{what}: {a[~good].flat[0]} is no state; {allowed}")
    return a.astype(_dtype(kind, states))


def _same_length(a: Iterable, b: Iterable, what_a: str, what_b: str) -> tuple:
    a, b = list(a), list(b)
    if len(a) != len(b):
        raise ConversionError(f"{len(a)} {what_a}, {len(b)} {what_b}")
    return a, b


def _arrays(states: Any) -> Mapping:
    return states.variables if isinstance(states, Result) else states


# ---------------------------------------------------------------------------
# Sampling


@dataclass
class Result:
    """What a run gave. `result["s"]` is variables["s"].

    variables  states of the draws, (chain, draw, *shape): spins int8 -1 and +1,
               categoricals uint8 or uint16, continuous float32; empty where states
               are not observed
    energy     βH of the draws, float64 (chain, draw), or None
    beta       the β of the draws
    best       the lowest-energy state of each chain over all sweeps, (chain, *shape);
               best_energy and best_sweep (chain); empty and None where not observed
    final      the last state of each chain, (chain, *shape)
    observed   other observables by name
    summary    the object that `thrmlgen run --json` prints: mean, MCSE, ESS, R-hat, …
    meta       seed, schedule, format, generator version, … as in a result file
    seconds, flips, sweeps   cost: wall time of sampling, proposed updates, sweeps done
    sweep      the sweep number reached, over all resumed runs
    """

    variables: dict
    energy: Optional[np.ndarray]
    beta: float
    best: dict
    best_energy: Optional[np.ndarray]
    best_sweep: Optional[np.ndarray]
    final: dict
    observed: dict
    summary: Optional[dict]
    meta: dict
    seconds: float
    flips: int
    sweeps: int
    sweep: int

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self.variables[name]
        except KeyError:
            raise KeyError(f"no states of {name!r}; there are {sorted(self.variables) or 'none'}") from None


class Sampler:
    """A process that samples one model, fed through its pipes.

    target   a `Model` of to_thrmlgen, a model.yaml or a folder with one, an embedded
             model such as "models/potts20", or a binary made by `thrmlgen build`
    thrmlgen the program thrmlgen, for all but binaries; default $THRMLGEN, then PATH
    start_timeout   seconds until the process must have answered for the first time
    args     more arguments for the process, such as ["--threads", "2"]

    A Sampler is a context manager; `close` ends the process, and so does the end of
    Python. Ctrl-C stops a run between two sweeps; `run(resume=True)` goes on from
    there. Calls from several threads wait for each other.

    `info` is what the process said about its model: model, hash, nodes, variables,
    factors, beta, sample, observe, max_probability_error, …
    """

    def __init__(self, target: Union[str, Path, Model], *, thrmlgen: Union[str, Path, None] = None,
                 start_timeout: float = 120.0, args: Sequence[str] = ()):
        self.model = target if isinstance(target, Model) else None
        self._pipe = _Pipe([*_command(target, thrmlgen), *args])
        try:
            self.info: dict = self._pipe.call({"cmd": "info"}, {}, start_timeout)[0]
            if self.info.get("protocol") != PROTOCOL:
                raise ProtocolError(f"the process speaks protocol {self.info.get('protocol')!r}, this file {PROTOCOL}",
                                    "take thrmlgen.py and thrmlgen from the same release")
            self._kinds = {v["name"]: (v["kind"], v.get("states", 2)) for v in self.info["variables"]}
            self._beta = self.info["beta"]  # of the energies that the process reports
        except (KeyError, TypeError, AttributeError) as e:
            self.close()
            raise ProtocolError(f"the answer to info cannot be understood: {type(e).__name__}: {e}") from None
        except BaseException:
            self.close()
            raise

    def run(self, *, chains: Optional[int] = None, warmup: Optional[int] = None, samples: Optional[int] = None,
            steps_per_sample: Optional[int] = None, seed: Optional[int] = None, threads: Optional[int] = None,
            beta: Optional[float] = None, betas: Optional[Sequence[float]] = None,
            weights: Optional[Mapping[str, Any]] = None, clamp: Optional[Mapping[str, Any]] = None,
            mask: Optional[Mapping[str, Any]] = None, state: Optional[Mapping[str, Any]] = None,
            observe: Optional[Sequence[str]] = None, resume: bool = False, summary: bool = True) -> Result:
        """Samples. What is not given is as in the model file.

        weights  {factor: array in the shape of its weights}, for factors with runtime weights
        clamp    {variable: values}, shape of the variable or with a leading chain axis
        mask     {variable: bool in its shape}: which nodes clamp holds, by default all
        state    {variable: initial values}, shape of the variable or with a chain axis
        beta     β of this run; betas: one for each warm-up sweep, the draws are at the last
        observe  of "state", "energy", "best", "moments", "magnetisation"
        resume   go on from the last state and sweep, without warm-up, with the weights,
                 β and clamps of the run before unless given; first draw after
                 steps_per_sample sweeps
        summary  False leaves the summary out, and the time it takes

        Spins are -1 and +1; bool counts True as +1.
        """
        given = {"chains": chains, "warmup": warmup, "samples": samples, "steps_per_sample": steps_per_sample,
                 "seed": seed, "threads": threads}
        command: dict = {"cmd": "run", **{k: int(v) for k, v in given.items() if v is not None}}
        if beta is not None:
            command["beta"] = _finite(beta, "beta")
        if betas is not None:
            command["betas"] = _floats(betas, "betas").tolist()
        if observe is not None:
            command["observe"] = list(observe)
        if resume:
            command["resume"] = True
        if not summary:
            command["summary"] = False
        arrays = {f"weights/{k}": np.asarray(v, np.float64) for k, v in (weights or {}).items()}
        arrays.update(self._states("clamp", clamp))
        for k, v in (mask or {}).items():
            if np.asarray(v).dtype != bool:
                raise ConversionError(f"mask of {k} has type {np.asarray(v).dtype}; bool is needed, one for each node")
            arrays[f"mask/{k}"] = np.asarray(v)
        arrays.update(self._states("state", state))
        before = self._beta if resume else self.info["beta"]
        try:
            reply, out = self._pipe.call(command, arrays)
        except KeyboardInterrupt:
            self._beta = command.get("beta", command.get("betas", [before])[-1])
            raise
        return self._result(reply, out)

    def energy(self, states: Mapping[str, Any], *, of_source: bool = False) -> np.ndarray:
        """βH of given states, float64, in the shape of their leading axes: {variable: (…,
        *shape)}; at the weights and β of the last run, before it at the model's.
        of_source: instead what THRML or dimod call the energy, for a converted Model."""
        if of_source and self.model is None:
            raise ConversionError("this sampler was not made from a converted model")
        _, out = self._pipe.call({"cmd": "energy"}, self._states("state", states))
        if "energy" not in out:
            raise ProtocolError("the reply has no energies")
        return self.model.energy(out["energy"], self._beta) if of_source else out["energy"]

    def close(self) -> None:
        """Ends the process; a second call does nothing."""
        self._pipe.close()

    def __enter__(self) -> "Sampler":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _states(self, what: str, values: Optional[Mapping[str, Any]]) -> dict:
        out = {}
        for name, value in (values or {}).items():
            if name not in self._kinds:
                raise ConversionError(f"{what}: the model has no variable {name!r}", f"there are {sorted(self._kinds)}")
            kind, states = self._kinds[name]
            out[f"{what}/{name}"] = (np.asarray(value, np.float32) if kind == "continuous"
                                     else _node_values(value, kind, states, f"{what} of {name}"))
        return out

    def _result(self, reply: dict, out: dict) -> Result:
        def part(prefix: str) -> dict:
            return {k[len(prefix):]: out.pop(k) for k in list(out) if k.startswith(prefix) and k[len(prefix):] in self._kinds}

        try:
            self._beta = reply["beta"]
            return Result(
                variables={k: out.pop(k) for k in list(out) if k in self._kinds}, energy=out.pop("energy", None),
                beta=self._beta, best=part("best/"), best_energy=out.pop("best/energy", None),
                best_sweep=out.pop("best/sweep", None), final=part("final/"), observed=out, summary=reply["summary"],
                meta=reply["meta"], seconds=reply["seconds"], flips=reply["flips"], sweeps=reply["sweeps"],
                sweep=reply["sweep"])
        except KeyError as e:
            raise ProtocolError(f"the reply to run has no {e}") from None


def _command(target: Union[str, Path, Model], thrmlgen: Union[str, Path, None]) -> list:
    """The command line that serves target."""
    if isinstance(target, Model):
        target = target.path
    path = Path(target)
    if path.is_dir():
        path = path / "model.yaml"
    embedded = not path.exists() and str(target).startswith("models/")
    if path.suffix not in (".yaml", ".yml") and not embedded:
        if not path.is_file():
            raise ProcessError(f"{path} does not exist")
        return [str(path.resolve()), "--serve"]
    program = thrmlgen or os.environ.get("THRMLGEN") or shutil.which("thrmlgen")
    if not program:
        raise ProcessError("the program thrmlgen is not on PATH",
                           "go install github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen@latest, or set THRMLGEN to it")
    return [str(program), "run", str(target if embedded else path), "--serve"]


class _Pipe:
    """Commands to a process and its replies, in step.

    A thread reads the reply from the start of a command on: a process that answers
    before it has read everything cannot block both sides, and an interrupt finds the
    caller waiting, not within a frame. What breaks a frame ends the process, because
    half a frame cannot be mended."""

    MAX_LINE = 1 << 28  # bytes of one reply line
    PATIENCE = 30.0  # seconds that an interrupted command may take to stop

    def __init__(self, command: list):
        self.command, self.lock, self.ended = command, threading.Lock(), ""
        try:
            # A session of its own: an interrupt at the terminal is for Python, which
            # passes it on while a command runs.
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, start_new_session=True)
        except OSError as e:
            raise ProcessError(f"{command[0]} cannot be started: {e.strerror or e}",
                               "a binary made by thrmlgen build, or a model file, is needed") from None
        self.stderr = bytearray()
        self.listener = threading.Thread(target=_listen, args=(self.process.stderr, self.stderr), daemon=True)
        self.listener.start()
        self.finalizer = weakref.finalize(self, _end, self.process, 0.0)

    def call(self, command: dict, arrays: Mapping[str, np.ndarray], timeout: Optional[float] = None) -> tuple:
        """Sends a command with its arrays; gives the reply and its arrays by name."""
        if arrays:
            command = {**command, "arrays": list(arrays)}
        line = json.dumps(command, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        if len(line) > 1 << 20:
            raise ConversionError(f"the command has {len(line)} bytes, the limit is {1 << 20}")
        frames = [line]
        for value in arrays.values():
            frames += _npy_frames(value)
        with self.lock:
            if self.ended:
                raise ProcessError(f"the process has ended: {self.ended}", "make a new Sampler", self.process.poll())
            try:
                reply, out, interrupted = self._exchange(frames, timeout)
            except BaseException as e:
                self.ended = str(e).split("\n")[0] or type(e).__name__
                self._stop(0.0)
                raise
            if interrupted:
                raise KeyboardInterrupt
            if reply["ok"]:
                return reply, out
            e = reply.get("error") or {}
            error = CommandError(str(e.get("code", "")), str(e.get("text", "no reason given")), str(e.get("help", "")),
                                 int(e.get("exit", 0)))
            if reply.get("closed"):
                self.ended = str(error)
                self._stop(5.0)
            raise error

    def _exchange(self, frames: list, timeout: Optional[float]) -> tuple:
        outcome: list = []
        done = threading.Event()  # an interrupted Thread.join takes the thread for ended
        threading.Thread(target=self._read, args=(outcome, done), daemon=True).start()
        try:
            for frame in frames:
                self.process.stdin.write(frame)
            self.process.stdin.flush()
        except OSError:
            pass  # the process is gone; the reader finds out how
        interrupted = False
        try:
            done.wait(timeout)
        except KeyboardInterrupt:
            # The command stops between two sweeps and answers; then the session can go on.
            interrupted = True
            self.process.send_signal(signal.SIGINT)
            done.wait(self.PATIENCE)
        answer = outcome[0] if outcome else None
        if isinstance(answer, tuple):
            return (*answer, interrupted)
        if interrupted:
            raise KeyboardInterrupt("interrupted, and the process did not go on")
        if isinstance(answer, EOFError):
            raise self._dead("", 2.0)
        raise answer or self._dead(f"no answer within {timeout} s", 0.0)

    def _read(self, outcome: list, done: threading.Event) -> None:
        """Appends the reply, or the exception instead."""
        try:
            stdout = self.process.stdout
            line = stdout.readline(self.MAX_LINE)
            if not line.endswith(b"\n"):
                raise EOFError
            try:
                reply = json.loads(line)
                if not isinstance(reply, dict) or not isinstance(reply.get("ok"), bool):
                    raise ValueError
            except ValueError:
                raise ProtocolError(f"{Path(self.command[0]).name} answered {line[:80]!r}",
                                    "it is no thrmlgen, or one of another release") from None
            outcome.append((reply, {name: _read_npy(stdout, name) for name in reply.get("arrays") or ()}))
        except (OSError, ValueError):  # the stream was closed
            outcome.append(EOFError())
        except Exception as e:
            outcome.append(e)
        finally:
            done.set()

    def _dead(self, how: str, patience: float) -> ProcessError:
        """The process does not answer: what it said, and how it ended."""
        self._stop(patience)
        code, said = self.process.returncode, bytes(self.stderr).decode(errors="replace")
        how = how or (f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}")
        return ProcessError(f"{' '.join(self.command)}: {how}", "", code, said)

    def _stop(self, patience: float) -> None:
        """Ends the process and waits for it."""
        self.finalizer.detach()
        _end(self.process, patience)
        self.listener.join(1.0)

    def close(self) -> None:
        with self.lock:
            if not self.ended:
                self.ended = "it was closed"
                self._stop(5.0)


def _listen(stream: Any, said: bytearray) -> None:
    """Keeps the end of standard error."""
    for chunk in iter(lambda: stream.read1(1 << 16), b""):
        said += chunk
        del said[:-(1 << 16)]
    stream.close()


def _end(process: subprocess.Popen, patience: float) -> None:
    """Closes the input, at which the process ends by itself; after patience seconds it
    is killed, with the processes it may have started."""
    if patience == 0:
        _kill(process)
    try:
        process.stdin.close()
    except OSError:
        pass
    try:
        process.wait(patience or None)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
    process.stdout.close()


def _kill(process: subprocess.Popen) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except OSError:
        pass  # it has ended


def _npy_frames(a: np.ndarray) -> list:
    """An array as an .npy file, without a copy of its data."""
    a = np.ascontiguousarray(a) if a.ndim else a
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(a))
    return [head.getvalue(), memoryview(a).cast("B") if a.size else b""]


def _read_npy(stream: Any, name: str) -> np.ndarray:
    """One .npy file from a stream, straight into its array."""
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = read(stream)
    except (ValueError, KeyError) as e:
        if "EOF" in str(e):
            raise EOFError from None
        raise ProtocolError(f"array {name} has no npy header: {e}") from None
    if dtype.hasobject:
        raise ProtocolError(f"array {name} holds objects")
    a = np.empty(shape[::-1] if fortran else shape, dtype)
    if a.size:
        to = memoryview(a).cast("B")
        at = 0
        while at < len(to):
            n = stream.readinto(to[at:])
            if not n:
                raise EOFError
            at += n
    return a.T if fortran else a
