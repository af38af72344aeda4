"""Three ways to learn moduli from numbers that a person can read, and their mean.

All learn log10 of both moduli together from `xtalprint.descriptors.interpretable` and the shares of the elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import MissingExtraError
from xtalprint.models.stiffness import WEIGHTS, KernelSettings, Standard, kernel, kernel_weights
from xtalprint.models.stiffness_network import NetworkSettings, fitted_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.interpretable import Table

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class TreeSettings:
    """Gradient boosting on histograms, as scikit-learn's ``HistGradientBoostingRegressor`` has it."""

    max_iter: int = 200
    learning_rate: float = 0.08
    max_leaf_nodes: int = 31
    min_samples_leaf: int = 8
    l2_regularization: float = 1.0
    max_features: float = 0.3


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
    weights = {group: WEIGHTS.get(group, 1.0) for group in groups}
    return Standard.of(table.rows(train), weights=weights).points(table, shares)


def kernel_answers(x: Singles, y: Floats, train: Rows, asked: Rows, settings: KernelSettings | None = None) -> Floats:
    """(m, targets) by kernel ridge regression on rows ``train`` of x, with targets y of these rows."""
    chosen = settings or KernelSettings()
    known, mean = x[train], y.mean(axis=0)
    weights = kernel_weights(known, y, chosen)
    result: Floats = (kernel(x[asked], known, chosen.width) @ weights).astype(np.float64) + mean
    return result


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
