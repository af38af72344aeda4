"""Bulk and shear modulus from numbers that a person can read: three ways to learn them, and their mean.

All learn log10 of both moduli together from `xtalprint.descriptors.interpretable` and the shares of the elements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import MissingExtraError
from xtalprint.models.stiffness_network import NetworkSettings, fitted_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.interpretable import Table

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Rows = NDArray[np.int64]

#: Weights of the groups of columns in the distance of two crystals; "elements" are roots of their shares.
WEIGHTS = {"composition": 1.0, "packing": 1.5, "bonds": 1.0, "distances": 1.0, "elements": 0.7}
#: Beyond so many standard deviations a number counts no more; what is no bigger than the least is no spread.
CLIPPED, LEAST = 5.0, 1e-9
#: Elements up to curium, entry 0 unused.
ELEMENTS = 97


@dataclass(frozen=True, kw_only=True)
class KernelSettings:
    """Kernel ridge regression with exp(−d/width), d the distance of standardised numbers, and what is added to d = 0.

    The width is large, so that the kernel is nearly 1 − d/width, and no scale of distances has to be chosen.
    """

    width: float = 10.0
    ridge: float = 0.02


@dataclass(frozen=True, kw_only=True)
class TreeSettings:
    """Gradient boosting on histograms, as scikit-learn's ``HistGradientBoostingRegressor`` has it."""

    max_iter: int = 200
    learning_rate: float = 0.08
    max_leaf_nodes: int = 31
    min_samples_leaf: int = 8
    l2_regularization: float = 1.0
    max_features: float = 0.3


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
    groups
        Which groups of columns; "elements" are not in the table.
    """

    centre: Floats
    spread: Floats
    groups: tuple[str, ...] = tuple(WEIGHTS)

    @classmethod
    def of(cls, table: Table, *, groups: Sequence[str] = tuple(WEIGHTS)) -> Standard:
        """Take mean and spread of all rows of a table."""
        values = _levelled(table)
        return cls(values.mean(axis=0), np.maximum(values.std(axis=0), LEAST), tuple(groups))

    @staticmethod
    def element_part(shares: Floats) -> Singles:
        """(n, elements) coordinates of the elements, the last of a point."""
        return np.asarray(WEIGHTS["elements"] * np.sqrt(shares), dtype=np.float32)

    def points(self, table: Table, shares: Floats) -> Singles:
        """(n, dimensions) points, those of the groups one after the other.

        Parameters
        ----------
        table
            Of any crystals, with the columns of the other.
        shares
            See `element_shares`.
        """
        values = np.clip((_levelled(table) - self.centre) / self.spread, -CLIPPED, CLIPPED)
        parts: list[Floats | Singles] = []
        for group in self.groups:
            if group == "elements":
                parts.append(self.element_part(shares))
                continue
            part = values[:, [column == group for column in table.groups]]
            parts.append(WEIGHTS.get(group, 1.0) * part / np.sqrt(part.shape[1]))
        return np.concatenate(parts, axis=1).astype(np.float32)


def _levelled(table: Table) -> Floats:
    """Logarithms of the packing, all others as they are."""
    values = table.array.copy()
    packing = [group == "packing" for group in table.groups]
    values[:, packing] = np.log(np.maximum(values[:, packing], 1e-3))
    return values


def inputs(table: Table, shares: Floats, train: Rows, *, groups: Sequence[str] = tuple(WEIGHTS)) -> Singles:
    """Numbers of all crystals as points of a space in which distances mean unlikeness.

    Parameters
    ----------
    table
        Of all crystals.
    shares
        See `element_shares`.
    train
        Rows whose mean and standard deviation are taken; no other row is looked at.
    groups
        Which groups of columns; default: those of `WEIGHTS`. Any other has the weight 1.
    """
    known = replace(table, array=table.array[train])
    return Standard.of(known, groups=groups).points(table, shares)


def kernel_answers(x: Singles, y: Floats, train: Rows, asked: Rows, settings: KernelSettings | None = None) -> Floats:
    """(m, targets) by kernel ridge regression on rows ``train`` of x, with targets y of these rows."""
    chosen = settings or KernelSettings()
    known, mean = x[train], y.mean(axis=0)
    weights = kernel_weights(known, y, chosen)
    result: Floats = (_kernel(x[asked], known, chosen.width) @ weights).astype(np.float64) + mean
    return result


def kernel_weights(known: Singles, y: Floats, settings: KernelSettings) -> Singles:
    """(n, targets) weights of the known points in a sum of kernels, to which the mean of y is added."""
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415 - 0.1 s

    gram = _kernel(known, known, settings.width)
    gram.flat[:: len(gram) + 1] = 1 + settings.ridge
    # The matrix is positive definite, and single precision is enough for a ridge of 0.02.
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    weights: Singles = cho_solve(factor, (y - y.mean(axis=0)).astype(np.float32), check_finite=False)
    return weights


def _kernel(a: Singles, b: Singles, width: float) -> Singles:
    squares = a @ b.T
    squares *= -2
    squares += (a * a).sum(axis=1)[:, None]
    squares += (b * b).sum(axis=1)
    np.maximum(squares, 0, out=squares)
    np.sqrt(squares, out=squares)
    squares *= np.float32(-1 / width)
    return np.asarray(np.exp(squares, out=squares))


def tree_answers(
    x: Floats, y: Floats, train: Rows, asked: Rows, *, seed: int, settings: TreeSettings | None = None
) -> Floats:
    """(m, targets) by gradient-boosted trees, one row of trees a target."""
    if find_spec("sklearn") is None:
        raise MissingExtraError.of("scikit-learn", "train", "learning with gradient-boosted trees")
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - an extra

    options: dict[str, Any] = vars(settings or TreeSettings())
    answers = []
    for target in y.T:
        model = HistGradientBoostingRegressor(**options, random_state=seed)
        answers.append(model.fit(x[train], target).predict(x[asked]))
    return np.stack(answers, axis=1)


def network_answers(
    x: Singles, y: Floats, train: Rows, asked: Rows, *, seed: int, settings: NetworkSettings | None = None
) -> Floats:
    """(m, targets) by a small perceptron that learns all targets at once."""
    return fitted_network(x[train], y, seed=seed, settings=settings).answers(x[asked])


def means(answers: Mapping[str, Floats], *names: str) -> Floats:
    """Mean of the answers of some ways, of log10: a geometric mean of the moduli."""
    return np.asarray(sum(answers[name] for name in names) / len(names))
