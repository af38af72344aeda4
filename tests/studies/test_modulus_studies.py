"""Studies of elastic moduli on a small made set: nearest neighbours, the interpretable model, its intervals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from xtalprint import Crystal
from xtalprint.datasets.elasticity import Elasticity
from xtalprint.models.stiffness_intervals import conformal_factor
from xtalprint.studies import bulk_modulus, fourier_modulus, stiffness_kernels, stiffness_model
from xtalprint.studies.base import run_study
from xtalprint.studies.modulus_distances import COMPOSITION, GRID_COUNTED, distances_by_part, summed
from xtalprint.studies.stiffness_intervals import intervals

METALS, OTHERS = ("Li", "Na", "K", "Mg", "Ca", "Ti", "Fe", "Ni", "Zr", "Pb"), ("O", "S", "N", "C", "F", "Cl")


def small_set():
    rng = np.random.default_rng(0)
    crystals, moduli = [], []
    for metal in METALS:
        for other in OTHERS:
            for a in (3.4, 4.2):
                edge = a + rng.uniform(-0.2, 0.2)
                crystals.append(Crystal([[0, 0, 0], [edge / 2] * 3], [metal, other], cell=edge * np.eye(3)))
                moduli.append(round(9000 / edge**3.5 * (1 + 0.1 * METALS.index(metal)), 0) + 1)
    values = np.array(moduli)
    shear = np.round(0.5 * values) + 1
    shear[7] = 5 * values[7]
    return Elasticity(
        ids=np.array([f"mp-{i}" for i in range(len(values))]),
        crystals=crystals,
        numbers=[crystal.numbers.astype(np.int64) for crystal in crystals],
        bulk_modulus=values,
        shear_modulus=shear,
        anisotropy=np.zeros(len(values)),
        path=Path("made"),
    )


@pytest.fixture
def made(monkeypatch):
    data = small_set()
    # As with the data in the cache: without the folder of the data sets.
    monkeypatch.delenv("XTALPRINT_DATA", raising=False)
    for module in (bulk_modulus, fourier_modulus, stiffness_kernels, stiffness_model):
        monkeypatch.setattr(module, "elasticity", lambda: data)
    return data


def test_nearest_neighbours(made, tmp_path):
    result = run_study("bulk-modulus", tmp_path, quick=True)
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert (written["n_training"], written["n_test"]) == (96, 24)
    assert written["bulk modulus"]["outliers_left_out"] == 0
    assert written["shear modulus"]["outliers_left_out"] == 1
    for name in ("bulk modulus", "shear modulus"):
        released = written[name]["released_split"]
        assert len(released) == len(bulk_modulus.NEAREST) + 2
        assert released["tuned"]["MAE, GPa"] < released["mean of training"]["MAE, GPa"]
        assert written[name]["learning_curve"][-1]["tuned"] == released["tuned"]["MAE, GPa"]
    assert len(result.table) == 2 * (len(bulk_modulus.NEAREST) + 2)
    assert len(list(tmp_path.glob("*.png"))) == 2


def test_distances_are_those_of_the_room(made):
    from xtalprint.similarity import CompositionEarthMovers  # noqa: PLC0415 - only here

    crystals = made.crystals[:6]
    parts = distances_by_part(crystals)
    distance = CompositionEarthMovers()
    table = distance.table(list(crystals))
    np.testing.assert_allclose(parts[COMPOSITION], distance.distances(table, table), atol=1e-6)
    for matrix in parts.values():
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
        assert (np.diag(matrix) == 0).all()
    rows, columns = np.array([0, 3]), np.array([1, 2, 5])
    total = summed(parts, {GRID_COUNTED: 10.0, COMPOSITION: 1.0}, rows, columns)
    expected = 10 * parts[GRID_COUNTED][np.ix_(rows, columns)] + parts[COMPOSITION][np.ix_(rows, columns)]
    np.testing.assert_allclose(total, expected, rtol=1e-6)


def test_the_choice_does_not_see_the_test_part():
    rng = np.random.default_rng(1)
    matrix = np.abs(np.subtract.outer(points := rng.random(60), points)).astype(np.float32)
    parts = dict.fromkeys((GRID_COUNTED, "AMD", COMPOSITION), matrix)
    y = 50 + 100 * points
    changed = y.copy()
    changed[40:] = 1.0
    cases = [bulk_modulus._Case(values, parts, np.arange(40), np.arange(40, 60), 0) for values in (y, changed)]
    assert bulk_modulus._choose(cases[0]) == bulk_modulus._choose(cases[1])


def test_the_interpretable_model(made, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    monkeypatch.setattr(stiffness_model, "QUICK", 100)
    monkeypatch.setattr(stiffness_model, "SIZES", (20, 40))
    run_study("stiffness-model", tmp_path, quick=True)
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert written["n"] == 100
    best = written["bulk modulus"]["ways"]["kernel and network"]
    assert best["MAE of log10"] < 0.15
    assert len(best["by_fold"]) == 5
    assert 0.7 < written["bulk modulus"]["intervals"]["coverage"] <= 1
    assert written["ablation"][0]["numbers"] == "all"
    assert [row["n_training"] for row in written["learning_curve"]] == [20, 40]
    assert (tmp_path / "stiffness-model.png").stat().st_size > 10_000


def test_kernels_of_the_report(made, tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(stiffness_kernels, "QUICK", 90)
    result = run_study("stiffness-kernels", tmp_path, quick=True)
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert (written["n_training"], written["n_test"], written["folds"]) == (90, 24, 5)
    assert len(result.table) == 4 * 3
    best = min(written["models"], key=lambda row: row["cross-validated MAE of log10"])
    assert best["test, MAE of log10"] < written["mean_of_training"]["MAE of log10"]
    for row in written["models"]:
        assert (row["used"] is None) == (row["way"] != "LASSO")
        assert (row["ridge"] is None) == (row["way"] == "LASSO")
    assert (tmp_path / "stiffness-kernels.png").stat().st_size > 10_000


def test_ridge_and_lasso_are_those_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    ridge = pytest.importorskip("sklearn.kernel_ridge")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 12)).astype(np.float32)
    y = x[:, 0] - 0.5 * x[:, 3] + 0.1 * rng.normal(size=80)
    fold_of = np.arange(60) % 5
    products = (x @ x[:60].T).astype(np.float64)
    choice = stiffness_kernels._best_ridge({0.0: products}, y[:60], fold_of)
    model = ridge.KernelRidge(alpha=choice.settings["ridge"], kernel="precomputed")
    expected = model.fit(products[:60], y[:60] - y[:60].mean()).predict(products) + y[:60].mean()
    np.testing.assert_allclose(choice.predicted, expected, atol=1e-8)
    sparse = stiffness_kernels._best_lasso(x, y[:60], fold_of)
    centred = (x[:60] - x[:60].mean(axis=0)).astype(np.float64)
    strongest = abs(centred.T @ (y[:60] - y[:60].mean())).max() / 60
    other = linear_model.Lasso(alpha=strongest * sparse.settings["share of the strongest"], tol=1e-6)
    other.fit(centred, y[:60])
    np.testing.assert_allclose(sparse.predicted, other.predict(x - x[:60].mean(axis=0)), atol=1e-2)


def test_intervals_hold_nine_of_ten():
    rng = np.random.default_rng(0)
    n = 5000
    spread = rng.uniform(0, 0.2, n)
    y = rng.normal(size=n)
    predicted = y + (spread + 0.03) * rng.standard_t(4, n)
    kept = rng.random(n) < 0.98
    found = intervals(predicted, y, spread, np.arange(n) % 5, kept)
    assert found["coverage"] == pytest.approx(0.9, abs=0.015)
    assert all(abs(part["coverage"] - 0.9) < 0.04 for part in found["by_width"])
    widths = [part["median_half_width_of_log10"] for part in found["by_width"]]
    assert widths == sorted(widths)
    assert conformal_factor(np.array([1.0, 2.0])) == 2.0
