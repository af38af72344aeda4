"""Crystals as points from numbers that a person can read, and kernel ridge regression on these points.

The numbers are those of `xtalprint.descriptors.interpretable` and the shares of the elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.descriptors.element_properties import LAST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.interpretable import Table

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

#: Weights of the groups of columns in the distance of two crystals, in the order of the coordinates of a point;
#: "elements", the last, are roots of their shares.
WEIGHTS = {"composition": 1.0, "packing": 1.5, "bonds": 1.0, "distances": 1.0, "elements": 0.7}
#: Beyond so many standard deviations a number counts no more; what is no bigger than the least is no spread.
CLIPPED, LEAST = 5.0, 1e-9
#: Entries by atomic number, entry 0 unused.
ELEMENTS = LAST + 1


@dataclass(frozen=True, kw_only=True)
class KernelSettings:
    """Kernel ridge regression with exp(−d/width), d the distance of standardised numbers, and what is added to d = 0.

    The width is large, so that the kernel is nearly 1 − d/width, and no scale of distances has to be chosen.
    """

    width: float = 10.0
    ridge: float = 0.02


def element_shares(numbers: Sequence[NDArray[np.int64]]) -> Floats:
    """(n, 97) share of each element by atomic number."""
    return np.array([np.bincount(one, minlength=ELEMENTS)[:ELEMENTS] / len(one) for one in numbers])


@dataclass(frozen=True)
class Standard:
    """How numbers of a crystal become a point of a space in which distances mean unlikeness.

    Parameters
    ----------
    centre, spread
        (columns,) mean and standard deviation of each column of a table, of the logarithm for the packing.
    weights
        Of the groups of columns, those of a point one after the other; "elements" are not in the table.
    clipped
        Beyond so many standard deviations a number counts no more.
    """

    centre: Floats
    spread: Floats
    weights: Mapping[str, float]
    clipped: float

    @classmethod
    def of(cls, table: Table, *, weights: Mapping[str, float] | None = None, clipped: float = CLIPPED) -> Standard:
        """Take mean and spread of all rows of a table; the weights are `WEIGHTS` if none are given."""
        values = _levelled(table)
        spread = np.maximum(values.std(axis=0), LEAST)
        return cls(values.mean(axis=0), spread, dict(WEIGHTS if weights is None else weights), clipped)

    def element_part(self, shares: Floats) -> Singles:
        """(n, elements) coordinates of the elements, the last of a point."""
        return np.asarray(self.weights["elements"] * np.sqrt(shares), dtype=np.float32)

    def points(self, table: Table, shares: Floats) -> Singles:
        """(n, dimensions) points, those of the groups one after the other.

        Parameters
        ----------
        table
            Of any crystals, with the columns of the other.
        shares
            See `element_shares`.
        """
        values = np.clip((_levelled(table) - self.centre) / self.spread, -self.clipped, self.clipped)
        parts: list[Floats | Singles] = []
        for group, weight in self.weights.items():
            if group == "elements":
                parts.append(self.element_part(shares))
                continue
            part = values[:, [column == group for column in table.groups]]
            parts.append(weight * part / np.sqrt(part.shape[1]))
        return np.concatenate(parts, axis=1).astype(np.float32)


def _levelled(table: Table) -> Floats:
    """Logarithms of the packing, all others as they are."""
    values = table.array.copy()
    packing = [group == "packing" for group in table.groups]
    values[:, packing] = np.log(np.maximum(values[:, packing], 1e-3))
    return values


def kernel_weights(known: Singles, y: Floats, settings: KernelSettings) -> Singles:
    """(n, targets) weights of the known points in a sum of kernels, to which the mean of y is added."""
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415 - 0.1 s

    gram = kernel(known, known, settings.width)
    gram.flat[:: len(gram) + 1] = 1 + settings.ridge
    # The matrix is positive definite, and single precision is enough for a ridge of 0.02.
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    weights: Singles = cho_solve(factor, (y - y.mean(axis=0)).astype(np.float32), check_finite=False)
    return weights


def kernel(a: Singles, b: Singles, width: float) -> Singles:
    """(n, m) values of exp(−d/width) for points a (n, dimensions) and b (m, dimensions)."""
    squares = a @ b.T
    squares *= -2
    squares += (a * a).sum(axis=1)[:, None]
    squares += (b * b).sum(axis=1)
    np.maximum(squares, 0, out=squares)
    np.sqrt(squares, out=squares)
    squares *= np.float32(-1 / width)
    return np.asarray(np.exp(squares, out=squares))
