"""Studies of elastic moduli on a small made set: nearest neighbours, the interpretable model, its intervals."""

from __future__ import annotations

import json
import weakref
from pathlib import Path

import numpy as np
import pytest

from xtalprint import Crystal
from xtalprint.datasets.elasticity import Elasticity
from xtalprint.errors import XtalprintError
from xtalprint.similarity.metrics import metric_named
from xtalprint.studies import bulk_modulus, fourier_modulus, modulus_distances, stiffness_kernels, stiffness_model
from xtalprint.studies.base import run_study
from xtalprint.studies.modulus_distances import (
    AMD_PART,
    COMPOSITION,
    GRID_COUNTED,
    RDF_PART,
    distances_by_part,
    summed,
)
from xtalprint.studies.modulus_errors import errors_of
from xtalprint.studies.stacking import stacked

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
    for part, metric in ((RDF_PART, "rdf-emd"), (GRID_COUNTED, "grid-emd"), (AMD_PART, "amd")):
        named = metric_named(metric)
        table = named.table(crystals)
        np.testing.assert_allclose(parts[part], named.distances(table, table), rtol=1e-6)
    for matrix in parts.values():
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
        assert (np.diag(matrix) == 0).all()
    rows, columns = np.array([0, 3]), np.array([1, 2, 5])
    total = summed(parts, {GRID_COUNTED: 10.0, COMPOSITION: 1.0}, rows, columns)
    expected = 10 * parts[GRID_COUNTED][np.ix_(rows, columns)] + parts[COMPOSITION][np.ix_(rows, columns)]
    np.testing.assert_allclose(total, expected, rtol=1e-6)


def test_a_crystal_without_neighbours_in_reach_is_named():
    lonely = Crystal([[0, 0, 0]], ["Cu"], cell=30 * np.eye(3), source="lonely.cif", frame=0)
    with pytest.raises(XtalprintError, match=r"lonely\.cif, frame 0: no two sites are within reach"):
        distances_by_part([lonely, lonely])
    empty = np.zeros((2, 3, 4))
    empty[0] = 1
    with pytest.raises(XtalprintError, match=r"lonely\.cif.*no neighbour of a group is within reach of GRID"):
        modulus_distances._shares(empty, [lonely, lonely])


def test_stacking_learns_from_the_other_folds_how_much_each_way_counts():
    rng = np.random.default_rng(4)
    y = rng.normal(size=5000)
    answers = np.stack([y + 0.1 * rng.normal(size=5000), y + 0.3 * rng.normal(size=5000)], axis=1)
    fold_of, used = np.arange(5000) % 5, rng.random(5000) < 0.9
    found, coefficients = stacked(answers, y, fold_of, used)
    assert coefficients.shape == (5, 2)
    np.testing.assert_allclose(coefficients, [[0.9, 0.1]] * 5, atol=0.02)
    assert abs(found - y).mean() < abs(answers[:, 0] - y).mean() < abs(answers.mean(axis=1) - y).mean()
    changed = y.copy()
    changed[fold_of == 2] += 5
    again, _ = stacked(answers, changed, fold_of, used)
    np.testing.assert_array_equal(again[fold_of == 2], found[fold_of == 2])


def test_errors_are_told_in_one_way():
    true = np.log10([100.0, 50.0, 10.0])
    found = errors_of(np.log10([110.0, 45.0, 10.0]), true)
    assert found["MAE, GPa"] == found["median error, GPa"] == 5.0
    assert found["mean error, % of K"] == pytest.approx(6.7)


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
    assert len(written["bulk modulus"]["intervals"]["by_true_value"]) == 5
    assert written["bulk modulus"]["ways"]["stacked"]["MAE of log10"] < 0.15
    assert set(written["bulk modulus"]["stacked"]) == {"kernel", "boosted trees", "network"}
    first, second = written["ablation"][:2]
    assert (first["numbers"], first["folds"], first["bulk modulus, MAE, GPa, more than all"]) == ("all", 5, 0)
    assert first["bulk modulus, MAE, GPa, standard error"] > 0
    more = second["bulk modulus, MAE, GPa"] - first["bulk modulus, MAE, GPa"]
    assert second["bulk modulus, MAE, GPa, more than all"] == pytest.approx(more, abs=2e-4)
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
        assert (row["gamma"] is None) == (row["way"] != "kernel ridge, Gaussian")
        assert (row["relative duality gap"] is None) == (row["way"] != "LASSO")
    assert (tmp_path / "stiffness-kernels.png").stat().st_size > 10_000


def test_a_lasso_that_was_stopped_says_how_far_it_came(monkeypatch):
    """Warnings are errors here: nothing of scikit-learn goes through."""
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(80, 1)) + 0.1 * rng.normal(size=(80, 12))).astype(np.float32)
    y = x @ rng.normal(size=12)
    assert stiffness_kernels.lasso(x, y).gaps.max() <= stiffness_kernels.GAP
    monkeypatch.setattr(stiffness_kernels, "SWEEPS", 1)
    assert stiffness_kernels.lasso(x, y).gaps.max() > stiffness_kernels.GAP


def test_one_kernel_at_a_time_is_in_memory():
    made = []
    x = np.random.default_rng(3).normal(size=(60, 3))

    def kernel(gamma):
        assert all(one() is None for one in made)
        squares = ((x[:, None] - x[None, :50]) ** 2).sum(axis=-1)
        gram = np.exp(-gamma * squares)
        made.append(weakref.ref(gram))
        return gram

    choice = stiffness_kernels._best_ridge(kernel, (0.1, 1.0, 10.0), x[:50, 0], np.arange(50) % 5)
    assert choice.settings["gamma"] in {0.1, 1.0, 10.0}
    assert len(made) == 4


def test_ridge_and_lasso_are_those_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    ridge = pytest.importorskip("sklearn.kernel_ridge")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 12)).astype(np.float32)
    y = x[:, 0] - 0.5 * x[:, 3] + 0.1 * rng.normal(size=80)
    fold_of = np.arange(60) % 5
    products = (x @ x[:60].T).astype(np.float64)
    choice = stiffness_kernels._best_ridge(lambda _: products, (), y[:60], fold_of)
    model = ridge.KernelRidge(alpha=choice.settings["ridge"], kernel="precomputed")
    expected = model.fit(products[:60], y[:60] - y[:60].mean()).predict(products) + y[:60].mean()
    np.testing.assert_allclose(choice.predicted, expected, atol=1e-8)
    sparse = stiffness_kernels._best_lasso(x, y[:60], fold_of)
    centred = (x[:60] - x[:60].mean(axis=0)).astype(np.float64)
    strongest = abs(centred.T @ (y[:60] - y[:60].mean())).max() / 60
    other = linear_model.Lasso(alpha=strongest * sparse.settings["share of the strongest"], tol=1e-6)
    other.fit(centred, y[:60])
    np.testing.assert_allclose(sparse.predicted, other.predict(x - x[:60].mean(axis=0)), atol=1e-2)


def test_the_distance_is_that_from_the_nearest():
    rng = np.random.default_rng(5)
    known, asked = (rng.normal(size=(n, 7)).astype(np.float32) for n in (40, 1200))
    expected = np.linalg.norm(asked[:, None].astype(np.float64) - known, axis=-1).min(axis=1)
    np.testing.assert_allclose(stiffness_model.nearest(known, asked), expected, rtol=1e-5)
