"""Bulk and shear modulus from numbers that a person can read: three ways to learn them, and their mean.

All learn log10 of both moduli together from `xtalprint.descriptors.interpretable` and the shares of the elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.errors import MissingExtraError

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


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """A perceptron of two hidden layers (SiLU, dropout), absolute errors, AdamW with one cycle of the rate."""

    hidden: tuple[int, int] = (256, 128)
    dropout: float = 0.1
    epochs: int = 30
    batch: int = 64
    rate: float = 3e-3
    decay: float = 1e-3


def element_shares(numbers: Sequence[NDArray[np.int64]]) -> Floats:
    """(n, 97) share of each element by atomic number."""
    return np.array([np.bincount(one, minlength=ELEMENTS)[:ELEMENTS] / len(one) for one in numbers])


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
    parts: list[Floats] = []
    for group in groups:
        if group == "elements":
            parts.append(WEIGHTS[group] * np.sqrt(shares))
            continue
        values = table.part(group)
        if group == "packing":
            values = np.log(np.maximum(values, 1e-3))
        spread = values[train].std(axis=0)
        values = (values - values[train].mean(axis=0)) / np.maximum(spread, LEAST)
        parts.append(WEIGHTS.get(group, 1.0) * np.clip(values, -CLIPPED, CLIPPED) / np.sqrt(values.shape[1]))
    return np.concatenate(parts, axis=1).astype(np.float32)


def kernel_answers(x: Singles, y: Floats, train: Rows, asked: Rows, settings: KernelSettings | None = None) -> Floats:
    """(m, targets) by kernel ridge regression on rows ``train`` of x, with targets y of these rows."""
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415 - 0.1 s

    chosen = settings or KernelSettings()
    known, mean = x[train], y.mean(axis=0)
    gram = _kernel(known, known, chosen.width)
    gram.flat[:: len(gram) + 1] = 1 + chosen.ridge
    # The matrix is positive definite, and single precision is enough for a ridge of 0.02.
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    weights = cho_solve(factor, (y - mean).astype(np.float32), check_finite=False)
    result: Floats = (_kernel(x[asked], known, chosen.width) @ weights).astype(np.float64) + mean
    return result


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
    if find_spec("torch") is None:
        raise MissingExtraError.of("torch", "train", "learning with a network")
    import torch  # noqa: PLC0415 - an extra

    chosen = settings or NetworkSettings()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _network_answers(x, y, train, asked, chosen)
    finally:
        torch.set_num_threads(threads)


def _network_answers(x: Singles, y: Floats, train: Rows, asked: Rows, chosen: NetworkSettings) -> Floats:
    import torch  # noqa: PLC0415 - an extra
    from torch import nn  # noqa: PLC0415 - likewise

    mean, spread = y.mean(axis=0), y.std(axis=0)
    # Of the order of 1 for each number.
    known, others = (torch.from_numpy(x[rows] * np.float32(0.5 * x.shape[1] ** 0.5)) for rows in (train, asked))
    wanted = torch.from_numpy(((y - mean) / spread).astype(np.float32))
    first, second = chosen.hidden
    network = nn.Sequential(
        nn.Linear(x.shape[1], first),
        nn.SiLU(),
        nn.Dropout(chosen.dropout),
        nn.Linear(first, second),
        nn.SiLU(),
        nn.Dropout(chosen.dropout),
        nn.Linear(second, y.shape[1]),
    )
    n_batches = max(1, len(known) // chosen.batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=chosen.rate, weight_decay=chosen.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, chosen.rate, total_steps=chosen.epochs * n_batches)
    for _ in range(chosen.epochs):
        order = torch.randperm(len(known))
        for batch in range(n_batches):
            some = order[batch * chosen.batch : (batch + 1) * chosen.batch]
            loss = (network(known[some]) - wanted[some]).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        answers = network(others).numpy().astype(np.float64)
    result: Floats = answers * spread + mean
    return result


def means(answers: Mapping[str, Floats], *names: str) -> Floats:
    """Mean of the answers of some ways, of log10: a geometric mean of the moduli."""
    return np.asarray(sum(answers[name] for name in names) / len(names))
