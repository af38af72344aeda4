"""The files of a model of moduli: NumPy archives without pickle, and what is known of the crystals learned from."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.elements import SYMBOLS
from xtalprint.models.stiffness import ELEMENTS, Standard
from xtalprint.models.stiffness_fit import StiffnessFit
from xtalprint.models.stiffness_network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True)
class KnownCrystals:
    """The crystals that a model learned from.

    Parameters
    ----------
    ids
        (n,) in the data set.
    starts, numbers, counts
        Atomic numbers in the reduced formula of crystal i, and how often each: from ``starts[i]`` to
        ``starts[i + 1]``.
    values
        (n, targets) GPa, what was learned.
    unseen
        (n, targets) GPa, what models said that had not learned from this crystal.
    """

    ids: NDArray[np.bytes_]
    starts: Integers
    numbers: Integers
    counts: Integers
    values: Floats
    unseen: Floats

    @classmethod
    def of(
        cls, ids: Sequence[str], numbers: Sequence[NDArray[np.int64]], values: Floats, unseen: Floats
    ) -> KnownCrystals:
        """Reduce the formulas."""
        found = [np.unique(one, return_counts=True) for one in numbers]
        starts = np.cumsum([0, *(len(z) for z, _ in found)])
        counts = np.concatenate([count // np.gcd.reduce(count) for _, count in found])
        return cls(np.array(ids, dtype="S"), starts, np.concatenate([z for z, _ in found]), counts, values, unseen)

    def formula(self, row: int) -> str:
        """Reduced formula, elements in alphabetical order."""
        part = slice(self.starts[row], self.starts[row + 1])
        amounts = sorted((SYMBOLS[z], int(n)) for z, n in zip(self.numbers[part], self.counts[part], strict=True))
        return "".join(symbol + ("" if n == 1 else str(n)) for symbol, n in amounts)

    @property
    def shares(self) -> Floats:
        """(n, 97) share of each element by atomic number."""
        found = np.zeros((len(self.ids), ELEMENTS))
        owner = np.repeat(np.arange(len(self.ids)), np.diff(self.starts))
        found[owner, self.numbers] = self.counts
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    @cached_property
    def elements(self) -> frozenset[int]:
        """All atomic numbers."""
        return frozenset(np.unique(self.numbers).tolist())


def encode(fit: StiffnessFit, known: KnownCrystals, columns: Sequence[str]) -> tuple[bytes, bytes]:
    """Archives of the weights, and of the known crystals."""
    weights: dict[str, NDArray[Any]] = {
        "columns": _text(list(columns)),
        "standard_centre": fit.standard.centre,
        "standard_spread": fit.standard.spread,
        "groups": _text(list(fit.standard.weights)),
        "group_weights": np.array(list(fit.standard.weights.values())),
        "clipped": np.array(fit.standard.clipped),
        "kernel_weights": fit.weights,
        "kernel_centre": fit.centre,
        "kernel_width": np.array(fit.width),
        "target_centre": fit.networks[0].centre,
        "target_spread": fit.networks[0].spread,
        "input_factor": np.array(fit.networks[0].factor),
    }
    for number, network in enumerate(fit.networks):
        for layer, (matrix, bias) in enumerate(zip(network.matrices, network.biases, strict=True)):
            weights[f"network_{number}_matrix_{layer}"] = matrix
            weights[f"network_{number}_bias_{layer}"] = bias
    told: dict[str, NDArray[Any]] = {
        "points": fit.rounded,
        "ids": known.ids,
        "starts": known.starts.astype(np.int32),
        "numbers": known.numbers.astype(np.uint8),
        "counts": known.counts.astype(np.uint16),
        "values": known.values.astype(np.float32),
        "unseen": known.unseen.astype(np.float32),
    }
    return _archive(weights), _archive(told)


def decode(weights: bytes, known: bytes) -> tuple[StiffnessFit, KnownCrystals, tuple[str, ...]]:
    """Read both archives; gives the columns of the table that the model was fitted to, too."""
    w, k = _arrays(weights), _arrays(known)
    crystals = KnownCrystals(
        k["ids"],
        k["starts"].astype(np.int64),
        k["numbers"].astype(np.int64),
        k["counts"].astype(np.int64),
        k["values"].astype(np.float64),
        k["unseen"].astype(np.float64),
    )
    networks: list[Network] = []
    while f"network_{len(networks)}_matrix_0" in w:
        name = f"network_{len(networks)}"
        layers = range(sum(key.startswith(f"{name}_matrix_") for key in w))
        networks.append(
            Network(
                tuple(w[f"{name}_matrix_{layer}"] for layer in layers),
                tuple(w[f"{name}_bias_{layer}"] for layer in layers),
                w["target_centre"],
                w["target_spread"],
                np.float32(w["input_factor"]),
            )
        )
    weights_of = dict(zip(json.loads(w["groups"].tobytes()), w["group_weights"].tolist(), strict=True))
    fit = StiffnessFit(
        Standard(w["standard_centre"], w["standard_spread"], weights_of, float(w["clipped"])),
        k["points"],
        crystals.shares,
        w["kernel_weights"],
        w["kernel_centre"],
        float(w["kernel_width"]),
        tuple(networks),
    )
    return fit, crystals, tuple(json.loads(w["columns"].tobytes()))


def _text(names: list[str]) -> NDArray[Any]:
    return np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)


def _archive(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
