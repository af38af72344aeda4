"""Bulk and shear modulus from numbers that a person can read: kernel, boosted trees, a small network, their means."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.datasets import elasticity
from xtalprint.descriptors.interpretable import GROUPS, Table, interpretable_features
from xtalprint.descriptors.reflection_power_spectrum import ReflectionPowerSpectrum
from xtalprint.models.stiffness import WEIGHTS, KernelSettings, element_shares
from xtalprint.models.stiffness_figures import log_errors, over_folds
from xtalprint.models.stiffness_intervals import LEVEL, Unseen, coverage
from xtalprint.models.stiffness_network import NetworkSettings
from xtalprint.studies.base import StudyResult, say
from xtalprint.studies.kernel_ridge import squared_distances
from xtalprint.studies.stacking import RIDGE, stacked
from xtalprint.studies.stiffness_ways import (
    TreeSettings,
    inputs,
    kernel_answers,
    means,
    network_answers,
    tree_answers,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.datasets.elasticity import Elasticity

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

KERNEL, TREES, NETWORK = "kernel", "boosted trees", "network"
PAIR, BEST, ALL, STACKED = "kernel and trees", "kernel and network", "all three", "stacked"
SINGLE = (KERNEL, TREES, NETWORK)
FOLDED = (*SINGLE, PAIR, BEST, ALL)
WAYS = (*FOLDED, STACKED)
MODULI = ("bulk modulus", "shear modulus")
FOLDS, QUICK = 5, 500
#: GPa: no shear modulus is taken for more.
MOST = 600.0
#: Others on the set matbench_log_kvrh (10,987 of the same kind of crystals), in its own five folds; see `PUBLISHED`.
PUBLISHED = {
    "coNGN": {"MAE of log10": 0.0491, "MAE, GPa": 7.98},
    "ALIGNN": {"MAE of log10": 0.0568, "MAE, GPa": 9.45},
    "CGCNN": {"MAE of log10": 0.0712, "MAE, GPa": 11.8},
    "random forest, Magpie": {"MAE of log10": 0.0820, "MAE, GPa": 14.1},
}
#: Training crystals of each fold for the ablation, and those of the first for the learning curve.
ABLATION = 3000
#: A further group there.
FOURIER = "Fourier"
SIZES = (300, 600, 1200, 2400, 4800)
#: Crystals whose distances are computed together.
TOGETHER = 500


@dataclass(frozen=True)
class Case:
    """All crystals: their numbers, shares of elements, log10 of both moduli, and which shear moduli are no errors."""

    data: Elasticity
    rows: Rows
    table: Table
    shares: Floats
    y: Floats
    sound: NDArray[np.bool_]
    seed: int
    trees: TreeSettings


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Five random folds of the whole set, by ``seed``; the groups of numbers one by one; learning from fewer."""
    case = make_case(seed, quick=quick)
    found, drawn = cross_validated(case, by_formula=False)
    found["ablation"] = _ablation(case, QUICK // 2 if quick else ABLATION)
    found["learning_curve"] = _learning_curve(case)
    say("ablation and learning curve: done")
    return result_of(found, drawn, "stiffness-model")


def make_case(seed: int, *, quick: bool) -> Case:
    """Read the set and compute its numbers."""
    data = elasticity()
    rows = np.arange(len(data))
    if quick:
        rows = np.sort(np.random.default_rng(seed).choice(rows, QUICK, replace=False))
    table = interpretable_features([data.crystals[int(i)] for i in rows])
    trees = TreeSettings(max_iter=30) if quick else TreeSettings()
    moduli = np.stack([data.bulk_modulus[rows], np.minimum(data.shear_modulus[rows], MOST)], axis=1)
    shares = element_shares([data.numbers[int(i)] for i in rows])
    say("numbers: computed")
    return Case(data, rows, table, shares, np.log10(moduli), ~data.outlier[rows], seed, trees)


def cross_validated(case: Case, *, by_formula: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of five folds, and predicted and true log10 of both moduli for the pictures."""
    answers = {way: np.full(case.y.shape, np.nan) for way in WAYS}
    fold_of, distance = np.empty(len(case.rows), dtype=np.int64), np.empty(len(case.rows))
    for number, (train, test) in enumerate(_folds(case, by_formula=by_formula)):
        fold_of[test] = number
        learned = train[case.sound[train]]
        x = inputs(case.table, case.shares, learned)
        distance[test] = nearest(x[learned], x[test])
        for way, values in _fold(case, x, learned, test, number).items():
            answers[way][test] = values
        say(f"fold {number + 1}: done")
    figures: dict[str, Any] = {
        "n": len(case.rows),
        "folds": FOLDS,
        "by_formula": by_formula,
        "outliers_left_out_of_training_and_of_shear": int((~case.sound).sum()),
        "numbers": {group: case.table.groups.count(group) for group in GROUPS},
        "settings": {
            KERNEL: asdict(KernelSettings()),
            TREES: asdict(case.trees),
            NETWORK: asdict(NetworkSettings()),
            STACKED: {"ridge": RIDGE},
            "weights of the groups": dict(WEIGHTS),
        },
        "intervals_and_picture_of": BEST,
        "published_matbench": PUBLISHED,
    }
    spread = np.std([answers[way] for way in SINGLE], axis=0)
    for target, name in enumerate(MODULI):
        kept = np.ones(len(case.rows), dtype=np.bool_) if target == 0 else case.sound
        y = case.y[:, target]
        single = np.stack([answers[way][:, target] for way in SINGLE], axis=1)
        answers[STACKED][:, target], shares = stacked(single, y, fold_of, case.sound)
        unseen = Unseen(answers[BEST][:, target], y, spread[:, target], distance)
        figures[name] = {
            "ways": {way: over_folds(answers[way][kept, target], y[kept], fold_of[kept]) for way in WAYS},
            "stacked": dict(zip(SINGLE, shares.mean(axis=0).round(3).tolist(), strict=True)),
            "intervals": coverage(unseen[kept], fold_of[kept]),
        }
    drawn = {name: (answers[BEST][:, i], case.y[:, i], case.sound) for i, name in enumerate(MODULI)}
    return figures, drawn


def _folds(case: Case, *, by_formula: bool) -> list[tuple[Rows, Rows]]:
    """Rows of the case, not of the data set."""
    where = np.full(len(case.data), -1)
    where[case.rows] = np.arange(len(case.rows))
    parts = case.data.folds(FOLDS, seed=case.seed, by_formula=by_formula, among=case.rows)
    return [(where[train], where[test]) for train, test in parts]


def _fold(case: Case, x: NDArray[np.float32], train: Rows, test: Rows, number: int) -> dict[str, Floats]:
    """All ways, learned from ``train``."""
    y = case.y[train]
    seed = FOLDS * case.seed + number
    answers = {
        KERNEL: kernel_answers(x, y, train, test),
        TREES: tree_answers(case.table.array, y, train, test, seed=seed, settings=case.trees),
        NETWORK: network_answers(x, y, train, test, seed=seed),
    }
    return {
        **answers,
        PAIR: means(answers, KERNEL, TREES),
        BEST: means(answers, KERNEL, NETWORK),
        ALL: means(answers, *SINGLE),
    }


def nearest(known: NDArray[np.float32], asked: NDArray[np.float32]) -> Floats:
    """(asked,) distance of each point from the nearest known one."""
    points, others = asked.astype(np.float64), known.astype(np.float64)
    parts = range(0, len(points), TOGETHER)
    return np.sqrt(
        [least for i in parts for least in squared_distances(points[i : i + TOGETHER], others).min(axis=1)]
    )


def _shuffled_folds(case: Case) -> list[tuple[Rows, Rows]]:
    """Random folds; the sound crystals for training in random order."""
    return [
        (np.random.default_rng([case.seed, 2, *[number] * (number > 0)]).permutation(train[case.sound[train]]), test)
        for number, (train, test) in enumerate(_folds(case, by_formula=False))
    ]


def _ablation(case: Case, n: int) -> list[dict[str, Any]]:
    """The kernel without each group of numbers, and with one alone, in all folds; fewer crystals of each.

    Weights of the groups stay as they are. The difference from all numbers is taken in each fold.
    """
    sets = {"all": tuple(WEIGHTS)}
    sets |= {f"without {group}": tuple(other for other in WEIGHTS if other != group) for group in WEIGHTS}
    sets |= {f"{group} alone": (group,) for group in WEIGHTS}
    sets["composition and elements"] = ("composition", "elements")
    sets["packing and distances"] = ("packing", "distances")
    sets["all and Fourier"] = (*WEIGHTS, FOURIER)
    table, folds = _with_fourier(case), _shuffled_folds(case)
    errors = {
        name: [
            _both(case, inputs(table, case.shares, train[:n], groups=groups), train[:n], test)
            for train, test in folds
        ]
        for name, groups in sets.items()
    }
    rows = []
    for name, found in errors.items():
        row: dict[str, Any] = {"numbers": name, "n_training": len(folds[0][0][:n]), "folds": len(folds)}
        for key in errors["all"][0]:
            values, whole = (np.array([one[key] for one in of]) for of in (found, errors["all"]))
            row[key] = round(float(values.mean()), 4)
            for title, of in (("standard error", values), ("more than all, standard error", values - whole)):
                row[f"{key}, {title}"] = round(float(of.std(ddof=1)) / len(folds) ** 0.5, 4)
            row[f"{key}, more than all"] = round(float((values - whole).mean()), 4)
        rows.append(row)
    return rows


def _with_fourier(case: Case) -> Table:
    """Numbers with the roots of the power spectrum of the reflections; it takes a minute or more."""
    spectrum = ReflectionPowerSpectrum(scale="volume")
    batch = spectrum.compute_many([case.data.crystals[int(i)] for i in case.rows], threads=1)
    if batch.failures:
        raise batch.failures[0].error
    roots = np.sqrt(np.maximum(batch.array, 0)).reshape(len(case.rows), -1)
    names = tuple(f"power spectrum {i}" for i in range(roots.shape[1]))
    whole = np.concatenate([case.table.array, roots], axis=1)
    return Table(whole, case.table.columns + names, case.table.groups + (FOURIER,) * len(names))


def _learning_curve(case: Case) -> list[dict[str, Any]]:
    """The kernel from ever more crystals of the first fold."""
    train, test = _shuffled_folds(case)[0]
    rows = []
    for n in SIZES:
        if n > len(train):
            break
        x = inputs(case.table, case.shares, train[:n])
        rows.append({"n_training": n} | _both(case, x, train[:n], test))
    return rows


def _both(case: Case, x: NDArray[np.float32], train: Rows, test: Rows) -> dict[str, float]:
    predicted = kernel_answers(x, case.y[train], train, test)
    found: dict[str, float] = {}
    for target, name in enumerate(MODULI):
        kept = np.ones(len(test), dtype=np.bool_) if target == 0 else case.sound[test]
        errors = log_errors(predicted[kept, target], case.y[test][kept, target])
        found |= {f"{name}, {key}": errors[key] for key in ("MAE, GPa", "MAE of log10")}
    return found


def result_of(found: dict[str, Any], drawn: dict[str, Any], name: str) -> StudyResult:
    """Figures, the table of all ways, and the picture."""
    from xtalprint.studies.stiffness_pictures import draw_model  # noqa: PLC0415 - plotting is heavy

    table = [
        {"modulus": modulus, "way": way}
        | {key: value for key, value in found[modulus]["ways"][way].items() if key != "by_fold"}
        for modulus in MODULI
        for way in WAYS
    ]
    for modulus in MODULI:
        say(f"{modulus}: {100 * found[modulus]['intervals']['coverage']:.1f} % within {100 * LEVEL:.0f} % intervals")
    return StudyResult(found, table, {name: draw_model(found, drawn)})
