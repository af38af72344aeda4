"""Bulk modulus by the regressions of the report: kernel ridge, linear and Gaussian, and LASSO, on its descriptors."""

from __future__ import annotations

import warnings
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
from xtalprint.studies.kernel_ridge import ridge_weights, squared_distances
from xtalprint.studies.modulus_errors import errors_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
#: What is tried, for numbers whose variances add up to 1: ridges, γ of exp(-γ d²), shares of the strongest penalty.
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
GAMMAS = (0.015, 0.05, 0.15, 0.5, 1.5, 5.0)
PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003)
SETTINGS = (
    *("ridge", "ridge of the numbers as they are", "gamma"),
    *("share of the strongest", "used", "relative duality gap", "largest relative duality gap in folds"),
)
#: Relative duality gap at which LASSO stops, and most sweeps over the numbers; the gap that is left is told.
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
                    **{f"{part}, {key}": v for part, pair in parts.items() for key, v in errors_of(*pair).items()},
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
        "mean_of_training": errors_of(np.full(len(test), y[:n].mean()), y[n:]),
        "best_by_cross_validation": {
            name: min((row for row in rows if row["descriptor"] == name), key=_cross_validated)["way"]
            for name in described
        },
        "models": rows,
    }
    from xtalprint.studies.modulus_pictures import draw_log_parity  # noqa: PLC0415 - plotting is heavy

    shown = {name: drawn[f"{name}, {GAUSSIAN}"] for name in (FOURIER, "GRID")}
    return StudyResult(figures, rows, {"stiffness-kernels": draw_log_parity(shown)})


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
    x = numbers.x.astype(np.float64)
    linear = _best_ridge(lambda _: x @ x[:n].T, (), y, fold_of)
    linear.settings["ridge of the numbers as they are"] = linear.settings["ridge"] * numbers.scale**2
    gaussian = _best_ridge(lambda gamma: _gaussian(x, x[:n], gamma), GAMMAS, y, fold_of)
    return {LINEAR: linear, GAUSSIAN: gaussian, LASSO: _best_lasso(numbers.x, y, fold_of)}


def _gaussian(x: Floats, known: Floats, gamma: float) -> Floats:
    squares = squared_distances(x, known)
    squares *= -gamma
    return np.asarray(np.exp(squares, out=squares))


def _best_ridge(kernel: Callable[[float], Floats], gammas: Sequence[float], y: Floats, fold_of: Rows) -> Choice:
    """The kernel (n + test, n) and the ridge with the least mean absolute error in folds; one kernel in memory."""
    n = len(y)
    tried = []
    for gamma in gammas or (0.0,):
        gram = kernel(gamma)
        for ridge in RIDGES:
            errors = np.empty(n)
            for fold in range(FOLDS):
                test, train = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
                weights = ridge_weights(gram[np.ix_(train, train)], y[train], ridge)
                errors[test] = abs(gram[np.ix_(test, train)] @ weights + y[train].mean() - y[test])
            tried.append((float(errors.mean()), gamma, ridge))
        del gram
    error, gamma, ridge = min(tried)
    gram = kernel(gamma)
    predicted = gram @ ridge_weights(gram[:n], y, ridge) + y.mean()
    return Choice(error, {"ridge": ridge, **({"gamma": gamma} if gammas else {})}, predicted)


def _best_lasso(x: Singles, y: Floats, fold_of: Rows) -> Choice:
    """The penalty with the least mean absolute error in folds."""
    n = len(y)
    errors, gaps = np.empty((len(PENALTIES), n)), np.empty((FOLDS, len(PENALTIES)))
    for fold in range(FOLDS):
        test, train = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        found = lasso(x[train], y[train])
        errors[:, test] = abs(found.answers(x[test]) - y[test])
        gaps[fold] = found.gaps
    place = int(errors.mean(axis=1).argmin())
    whole = lasso(x[:n], y)
    settings = {
        "share of the strongest": PENALTIES[place],
        "used": int((whole.coefficients[place] != 0).sum()),
        "relative duality gap": float(whole.gaps[place]),
        "largest relative duality gap in folds": float(gaps[:, place].max()),
    }
    return Choice(float(errors[place].mean()), settings, whole.answers(x)[place])


@dataclass(frozen=True)
class Path:
    """LASSO from the strongest penalty to the weakest.

    Parameters
    ----------
    coefficients
        (penalties, numbers).
    gaps
        (penalties,) duality gaps, over the sum of squares of what was learned: 0 for the exact solution.
    centre, mean
        Of the numbers and of what was learned.
    """

    coefficients: Floats
    gaps: Floats
    centre: Singles
    mean: float

    def answers(self, asked: Singles) -> Floats:
        """(penalties, asked)."""
        return np.asarray((asked - self.centre).astype(np.float64) @ self.coefficients.T + self.mean).T


def lasso(x: Singles, y: Floats) -> Path:
    """Coordinate descent, from the strongest penalty to the weakest, until `GAP` or for `SWEEPS`.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise MissingExtraError.of("scikit-learn", "train", "learning with LASSO")
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - an extra
    from sklearn.linear_model import lasso_path  # noqa: PLC0415 - as above

    centre, mean = x.mean(axis=0), float(y.mean())
    centred, target = (x - centre).astype(np.float64), y - mean
    strongest = abs(centred.T @ target).max() / len(y)
    with warnings.catch_warnings():
        # The gaps are told instead.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficients, gaps = lasso_path(
            np.asfortranarray(centred), target, alphas=strongest * np.array(PENALTIES), tol=GAP, max_iter=SWEEPS
        )
    # Those of scikit-learn are of the objective divided by the number of crystals.
    return Path(np.asarray(coefficients.T), np.asarray(gaps) * len(y) / (target @ target), centre, mean)
