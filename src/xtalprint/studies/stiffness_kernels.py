"""Bulk modulus by the regressions of the report: kernel ridge, linear and Gaussian, and LASSO, on its descriptors."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.datasets import elasticity
from xtalprint.descriptors.fourier_box import FourierBox
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.errors import MissingExtraError
from xtalprint.studies.base import StudyResult, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Descriptor

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Rows = NDArray[np.int64]

#: Crystals of the released training part that are learned from, drawn by the seed; of a quick run, the test too.
TRAINING, QUICK, FOLDS = 4000, 120, 5
FOURIER, TOGETHER = "Fourier box", "together"
LINEAR, GAUSSIAN, LASSO = "kernel ridge, linear", "kernel ridge, Gaussian", "LASSO"
#: What is tried, for numbers whose variances add up to 1: ridges, widths, and shares of the strongest penalty.
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
WIDTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003)
SETTINGS = ("ridge", "ridge of the numbers as they are", "width", "share of the strongest", "used")
#: Largest relative duality gap of LASSO, and most sweeps over the numbers.
GAP, SWEEPS = 1e-3, 2000
PUBLISHED = {
    "report": "a linear kernel with a regularisation strength of 1 gives the lowest mean absolute error",
    "report, figure 4": "Fourier box and kernel ridge: fits the training part, MAE 28 % on the test part",
}


@dataclass(frozen=True)
class Numbers:
    """A descriptor of the crystals for training, then of those for the test.

    Parameters
    ----------
    x
        (n, numbers) centred on the training part, the variances of which add up to 1.
    scale
        By which the numbers were divided: a ridge of the numbers as they are is ``scale²`` times that of x.
    """

    x: Singles
    scale: float

    @classmethod
    def of(cls, values: NDArray[Any], n: int) -> Numbers:
        """Centre and scale by the first n rows."""
        x = values - values[:n].mean(axis=0)
        scale = float(np.sqrt((x[:n].astype(np.float64) ** 2).sum(axis=1).mean()))
        return cls((x / scale).astype(np.float32), scale)


@dataclass(frozen=True)
class Choice:
    """What was chosen by cross-validation, and its answers for all crystals."""

    error: float
    settings: dict[str, float]
    predicted: Floats


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Learn log10 K of some of the released training part, and predict the released test part."""
    data = elasticity()
    train, test = data.released_split()
    train = np.random.default_rng(seed).permutation(train)[: QUICK if quick else TRAINING]
    test = test[:QUICK] if quick else test
    n, y = len(train), np.log10(data.bulk_modulus[np.concatenate([train, test])])
    described = _described([data.crystals[int(i)] for i in np.concatenate([train, test])], n)
    rows: list[dict[str, Any]] = []
    drawn = {}
    for name, numbers in described.items():
        for way, choice in _choices(numbers, y[:n], seed).items():
            parts = {"training": (choice.predicted[:n], y[:n]), "test": (choice.predicted[n:], y[n:])}
            rows.append(
                {
                    "descriptor": name,
                    "numbers": numbers.x.shape[1],
                    "way": way,
                    **dict.fromkeys(SETTINGS),
                    **{key: float(f"{value:.4g}") for key, value in choice.settings.items()},
                    "cross-validated MAE of log10": round(choice.error, 4),
                    **{f"{part}, {key}": v for part, pair in parts.items() for key, v in _errors(*pair).items()},
                }
            )
            if way == GAUSSIAN:
                drawn[f"{name}, {way}"] = parts
        say(f"{name}: done")
    figures = {
        "published": PUBLISHED,
        "n_training": n,
        "n_test": len(test),
        "folds": FOLDS,
        "target": "log10 of the bulk modulus in GPa",
        "mean_of_training": _errors(np.full(len(test), y[:n].mean()), y[n:]),
        "best_by_cross_validation": {
            name: min((row for row in rows if row["descriptor"] == name), key=_cross_validated)["way"]
            for name in described
        },
        "models": rows,
    }
    from xtalprint.studies.fourier_pictures import draw_parity  # noqa: PLC0415 - plotting is heavy

    shown = {name: drawn[f"{name}, {GAUSSIAN}"] for name in (FOURIER, "GRID")}
    return StudyResult(figures, rows, {"stiffness-kernels": draw_parity(shown)})


def _cross_validated(row: Mapping[str, Any]) -> float:
    return float(row["cross-validated MAE of log10"])


def _described(crystals: Sequence[Crystal], n: int) -> dict[str, Numbers]:
    """Each descriptor, and all of them with the same weight."""
    made: dict[str, Descriptor] = {"RDF": RDF(), "GRID": GRID.by_cutoff(), FOURIER: FourierBox(scale="volume")}
    found: dict[str, Numbers] = {}
    for name, descriptor in made.items():
        batch = descriptor.compute_many(crystals, threads=1)
        if batch.failures:
            raise batch.failures[0].error
        values = batch.array.reshape(len(crystals), -1)
        if name == FOURIER:  # one half repeats the other
            values = values[:, : values.shape[1] // 2 + 1]
        found[name] = Numbers.of(values, n)
        say(f"{name}: computed")
    return found | {TOGETHER: Numbers.of(np.concatenate([one.x for one in found.values()], axis=1), n)}


def _choices(numbers: Numbers, y: Floats, seed: int) -> dict[str, Choice]:
    """The best settings of each way by cross-validation on the training part, then learned from all of it."""
    n = len(y)
    fold_of = np.random.default_rng([seed, 1]).permutation(np.arange(n) % FOLDS)
    products = (numbers.x @ numbers.x[:n].T).astype(np.float64)
    squares = (numbers.x.astype(np.float64) ** 2).sum(axis=1)
    apart = np.maximum(squares[:, None] + squares[:n] - 2 * products, 0.0)
    linear = _best_ridge({0.0: products}, y, fold_of)
    linear.settings["ridge of the numbers as they are"] = linear.settings["ridge"] * numbers.scale**2
    gaussian = _best_ridge({width: np.exp(-0.5 * width * apart) for width in WIDTHS}, y, fold_of)
    return {LINEAR: linear, GAUSSIAN: gaussian, LASSO: _best_lasso(numbers.x, y, fold_of)}


def _best_ridge(grams: Mapping[float, Floats], y: Floats, fold_of: Rows) -> Choice:
    """The kernel (n + test, n) and the ridge with the least mean absolute error in folds."""
    n = len(y)
    tried = []
    for width, gram in grams.items():
        for ridge in RIDGES:
            errors = np.empty(n)
            for fold in range(FOLDS):
                test, train = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
                weights = _weights(gram[np.ix_(train, train)], y[train], ridge)
                errors[test] = abs(gram[np.ix_(test, train)] @ weights + y[train].mean() - y[test])
            tried.append((float(errors.mean()), width, ridge))
    error, width, ridge = min(tried)
    predicted = grams[width] @ _weights(grams[width][:n], y, ridge) + y.mean()
    return Choice(error, {"ridge": ridge, **({"width": width} if width else {})}, predicted)


def _weights(gram: Floats, y: Floats, ridge: float) -> Floats:
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415 - 0.1 s

    matrix = gram.copy()
    matrix.flat[:: len(matrix) + 1] += ridge
    return np.asarray(cho_solve(cho_factor(matrix, overwrite_a=True), y - y.mean()))


def _best_lasso(x: Singles, y: Floats, fold_of: Rows) -> Choice:
    """The penalty with the least mean absolute error in folds."""
    n = len(y)
    errors = np.empty((len(PENALTIES), n))
    for fold in range(FOLDS):
        test, train = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        errors[:, test] = abs(_lasso(x[train], y[train], x[test]) - y[test])
    place = int(errors.mean(axis=1).argmin())
    predicted, used = _lasso(x[:n], y, x)[place], int((_coefficients(x[:n], y)[place] != 0).sum())
    return Choice(float(errors[place].mean()), {"share of the strongest": PENALTIES[place], "used": used}, predicted)


def _lasso(x: Singles, y: Floats, asked: Singles) -> Floats:
    """(penalties, asked) answers."""
    found = _coefficients(x, y)
    return np.asarray((asked - x.mean(axis=0)).astype(np.float64) @ found.T + y.mean()).T


def _coefficients(x: Singles, y: Floats) -> Floats:
    """(penalties, numbers) by coordinate descent, from the strongest penalty to the weakest."""
    if find_spec("sklearn") is None:
        raise MissingExtraError.of("scikit-learn", "train", "learning with LASSO")
    from sklearn.linear_model import lasso_path  # noqa: PLC0415 - an extra

    centred, target = (x - x.mean(axis=0)).astype(np.float64), y - y.mean()
    strongest = abs(centred.T @ target).max() / len(y)
    _, coefficients, _ = lasso_path(
        np.asfortranarray(centred), target, alphas=strongest * np.array(PENALTIES), tol=GAP, max_iter=SWEEPS
    )
    return np.asarray(coefficients.T)


def _errors(predicted: Floats, true: Floats) -> dict[str, float]:
    in_gpa = abs(10.0**predicted - 10.0**true)
    return {
        "MAE of log10": round(float(abs(predicted - true).mean()), 4),
        "MAE, GPa": round(float(in_gpa.mean()), 2),
        "median error, GPa": round(float(np.median(in_gpa)), 2),
        "mean error, % of K": round(float(100 * (in_gpa / 10.0**true).mean()), 1),
    }
