"""A whole run of ``train stiffness``, small: measured in folds, the same each time, and resumed where it stopped."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from xtalprint import read
from xtalprint.cli.train import train
from xtalprint.datasets import elasticity
from xtalprint.descriptors.interpretable import Table
from xtalprint.errors import WrongUsageError
from xtalprint.models import stiffness, stiffness_network
from xtalprint.models.files import sha256
from xtalprint.models.manifest import IntervalRule, PropertyManifest
from xtalprint.models.registry import load_stiffness, read_manifest
from xtalprint.models.shipping import ship
from xtalprint.models.stiffness import KernelSettings, element_shares
from xtalprint.models.stiffness_configuration import QUICK_STIFFNESS, StiffnessConfig
from xtalprint.models.stiffness_figures import measured
from xtalprint.models.stiffness_files import KnownCrystals, decode, encode
from xtalprint.models.stiffness_fit import fit_stiffness
from xtalprint.models.stiffness_intervals import Unseen, conformal_factor, coverage, fitted_rule
from xtalprint.models.stiffness_network import NetworkSettings
from xtalprint.models.stiffness_prediction import PROPERTIES
from xtalprint.models.stiffness_training import Folded, _one_thread, train_stiffness
from xtalprint.models.stiffness_words import VERSION, limitations

FILES = {"config.json", "metrics.json", "model.json", "card.md", "weights.npz", "known.npz", "SHA256SUMS"}


def run_train(*arguments, exit_code=0):
    result = CliRunner().invoke(train, ["stiffness", *map(str, arguments)])
    assert result.exit_code == exit_code, result.output
    return result


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("run") / "quick"
    told = run_train("--quick", "--output", folder)
    assert f"stiffness {VERSION}: mean error, GPa: bulk-modulus " in told.output
    return folder


@pytest.mark.data
def test_the_folder_holds_everything_and_no_scratch(run):
    assert {path.name for path in run.iterdir()} == FILES
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=run, check=True)
    assert json.loads((run / "config.json").read_text())["data"] == {"n": 300, "seed": 0, "folds": 2}


@pytest.mark.data
def test_the_model_in_it_answers_and_knows_what_it_learned_from(run):
    model = load_stiffness(run)
    data = elasticity()
    rows = {name: row for row, name in enumerate(data.ids)}
    row = rows[model.crystals.ids[7].decode()]
    [answer] = model.predict(data.crystals[row])
    assert answer.neighbours[0].id == data.ids[row]
    assert answer.neighbours[0].distance < model.manifest.far.same
    assert answer.neighbours[0].values["bulk-modulus"] == data.bulk_modulus[row]
    assert answer.neighbours[0].formula == data.formulas[row]
    assert any("this is probably " in warning for warning in answer.warnings)
    record = model.manifest.training
    assert record.command == "xtalprint train stiffness --quick --output DIR"
    assert record.data["n"] == 300
    assert not data.outlier[[rows[name.decode()] for name in model.crystals.ids]].any()


@pytest.mark.data
def test_the_same_recipe_gives_the_same_bytes_and_a_stopped_run_goes_on(run, tmp_path):
    class StoppedError(Exception):
        pass

    def stop_at_the_third_fold(text):
        if "fold 1 of 2, by formula" in text:
            raise StoppedError

    folder = tmp_path / "again"
    with pytest.raises(StoppedError):
        train_stiffness(QUICK_STIFFNESS, folder, say=stop_at_the_third_fold)
    with pytest.raises(WrongUsageError, match="the folder is not empty"):
        train_stiffness(QUICK_STIFFNESS, folder)
    said = []
    # As if all threads of the machine were at hand.
    with pytest.importorskip("threadpoolctl").threadpool_limits(4):
        manifest = train_stiffness(QUICK_STIFFNESS, folder, resume=True, say=said.append)
    assert manifest.training.command == "xtalprint.models.stiffness_training.train_stiffness"
    assert [text for text in said if "fold" in text] == ["fold 1 of 2, by formula", "fold 2 of 2, by formula"]
    for name in ("weights.npz", "known.npz", "metrics.json"):
        assert sha256(folder / name) == sha256(run / name), name


@pytest.mark.data
def test_taking_a_run_into_the_package(run, tmp_path):
    shipped = ship(run, "3.2.1", folder=tmp_path)
    assert isinstance(shipped, PropertyManifest)
    assert shipped.files.weights.path == f"stiffness-3.2.1-e{shipped.errors['bulk-modulus']:.2f}.npz"
    assert {path.name for path in tmp_path.iterdir()} == {
        *("stiffness.json", "stiffness.md", shipped.files.weights.path, shipped.files.known.path)
    }
    assert (tmp_path / "stiffness.md").read_text(encoding="utf-8").startswith("# stiffness 3.2.1")


@pytest.mark.data
def test_damaged_files_are_refused(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "known.npz").write_bytes((folder / "known.npz").read_bytes()[:-1])
    with pytest.raises(ValueError, match="weights do not match their SHA-256"):
        load_stiffness(folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threads", "2"], "trained in one thread on the processor; leave --threads out"),
        (["--device", "cpu"], "leave --device out"),
        (["--classes", "README.md"], "--classes is for: xtalprint train prototype"),
    ],
)
def test_options_of_other_models_are_refused(tmp_path, options, message):
    (tmp_path / "README.md").write_text("")
    options = [str(tmp_path / one) if one == "README.md" else one for one in options]
    told = run_train(*options, "--output", tmp_path / "run", exit_code=2)
    assert message in " ".join(told.output.split())


def test_without_the_data_it_says_where_to_get_them(tmp_path, monkeypatch):
    monkeypatch.delenv("XTALPRINT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pytest.importorskip("torch")
    with pytest.raises(WrongUsageError, match="the elastic moduli are neither in the folder of XTALPRINT_DATA"):
        train_stiffness(QUICK_STIFFNESS, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def made_answers(n, seed=0):
    rng = np.random.default_rng(seed)
    disagreement, distance = rng.gamma(2.0, 0.02, n), rng.gamma(4.0, 0.2, n)
    true = rng.normal(1.9, 0.3, n)
    return Unseen(true + rng.normal(0, 1, n) * (0.01 + disagreement + 0.03 * distance), true, disagreement, distance)


def test_intervals_hold_nine_of_ten_on_the_whole_and_among_the_wide_ones():
    unseen = made_answers(20_000)
    found = coverage(unseen, np.arange(20_000) % 5)
    assert found["coverage"] == pytest.approx(0.9, abs=0.01)
    for parts in (found["by_width"], found["by_distance"], found["by_predicted_value"]):
        assert len(parts) == 5
        assert min(parts) > 0.86
    fresh = made_answers(20_000, seed=1)
    rule = fitted_rule(unseen)
    assert (fresh.errors <= fresh.half_widths(rule)).mean() == pytest.approx(0.9, abs=0.01)


def test_the_width_of_one_is_that_of_many():
    unseen = made_answers(10)
    rule = IntervalRule(
        level=0.9, constant=0.01, disagreement=0.8, remoteness=0.1, softness=0.05, factor=2.1, stiff=2.2
    )
    one_by_one = [
        rule.half_width(float(unseen.value[i]), float(unseen.disagreement[i]), float(unseen.distance[i]))
        for i in range(10)
    ]
    np.testing.assert_array_equal(one_by_one, unseen.half_widths(rule))
    soft = rule.model_copy(update={"stiff": 3.2})
    np.testing.assert_allclose(
        soft.half_width(1.0, 0.0, 0.0) - rule.half_width(1.0, 0.0, 0.0), 2.1 * 0.05, rtol=1e-12
    )


def test_coverage_is_that_of_the_rule_which_is_shipped():
    """Harder crystals are held less often by a rule that was fitted to easier ones."""
    easy = made_answers(20_000)
    harder = Unseen(easy.true + 2 * (easy.value - easy.true), easy.true, easy.disagreement, easy.distance)
    fold_of = np.arange(20_000) % 5
    assert coverage(harder, fold_of)["coverage"] == pytest.approx(0.9, abs=0.01)
    assert coverage(harder, fold_of, fitted_to=easy)["coverage"] < 0.65
    folded = {
        split: Folded(
            {"both": np.stack([one.value] * 2, axis=1)},
            np.stack([one.disagreement] * 2, axis=1),
            one.distance,
            fold_of,
        )
        for split, one in (("random", easy), ("by formula", harder))
    }
    figures = measured(np.stack([easy.true] * 2, axis=1), folded)["shear-modulus"]
    assert figures["random"]["intervals"]["coverage"] == pytest.approx(0.9, abs=0.01)
    assert figures["by formula"]["intervals"]["coverage"] < 0.65


def test_the_extremes_are_told_by_true_value():
    """Answers that are drawn towards the middle: too high for the truly softest, which the predicted value hides."""
    rng = np.random.default_rng(2)
    true = rng.normal(1.9, 0.3, 20_000)
    value = 1.9 + 0.5 * (true - 1.9) + rng.normal(0, 0.1, 20_000)
    unseen = Unseen(value, true, np.full(20_000, 0.1), np.full(20_000, 0.5))
    found = coverage(unseen, np.arange(20_000) % 5)
    bias = found["mean_error_of_log10_by_true_value"]
    assert bias[0] == pytest.approx(0.21, abs=0.01)
    assert bias[-1] == pytest.approx(-0.21, abs=0.01)
    assert found["by_true_value"][0] < 0.8 < found["by_true_value"][2]
    figures = {name: {"random": {"intervals": found}} for name in PROPERTIES}
    assert f"the softest fifth of the crystals has a mean error of {bias[0]:+.3f}" in limitations(figures)[-1]


def test_the_conformal_factor_leaves_room_for_one_more():
    assert conformal_factor(np.arange(1.0, 20.0)) == 18.0


def test_formulas_and_shares_of_known_crystals():
    known = KnownCrystals.of(
        ["mp-1", "mvc-2"],
        [np.array([22, 8, 8, 22, 8, 8]), np.array([26])],
        np.array([[200.0, 100.0], [180.0, 80.0]]),
        np.array([[210.0, 90.0], [170.0, 70.0]]),
    )
    assert [known.formula(row) for row in (0, 1)] == ["O2Ti", "Fe"]
    assert known.shares.shape == (2, 97)
    assert known.shares[0, [8, 22]].tolist() == [2 / 3, 1 / 3]
    assert known.elements == {8, 22, 26}


def test_the_shipped_recipe_is_the_default():
    manifest, _ = read_manifest("stiffness")
    assert StiffnessConfig.model_validate(manifest.training.config) == StiffnessConfig()
    assert manifest.training.command == "xtalprint train stiffness --output DIR"


def test_linear_algebra_of_a_training_has_one_thread():
    control = pytest.importorskip("threadpoolctl")
    with control.threadpool_limits(3):
        with _one_thread():
            inside = [pool["num_threads"] for pool in control.threadpool_info() if pool["user_api"] == "blas"]
        after = {pool["num_threads"] for pool in control.threadpool_info() if pool["user_api"] == "blas"}
    assert inside == [1] * len(inside)
    assert len(inside) > 1 or after == {3}


def made_fit(weights, clipped):
    rng = np.random.default_rng(0)
    groups = ("composition", "packing", "bonds", "distances")
    table = Table(rng.random((40, 4)) + 0.5, tuple("abcd"), groups)
    shares = element_shares([np.array([z]) for z in range(1, 41)])
    learned = fit_stiffness(
        table,
        shares,
        rng.normal(size=(40, 2)),
        seed=0,
        members=1,
        weights=weights,
        clipped=clipped,
        kernel=KernelSettings(),
        network=NetworkSettings(epochs=1),
    )
    crystals = KnownCrystals.of(
        list("x" * 40), [np.array([z]) for z in range(1, 41)], np.ones((40, 2)), np.ones((40, 2))
    )
    return learned, crystals, table, shares


def test_the_weights_are_read_back_from_the_files_and_not_from_the_code(monkeypatch):
    pytest.importorskip("torch")
    weights = {"composition": 2.0, "packing": 0.5, "bonds": 1.0, "distances": 0.3, "elements": 0.9}
    learned, crystals, table, shares = made_fit(weights, 1.25)
    expected = [learned.answer(point).parts for point in learned.standard.points(table, shares)]
    files = encode(learned, crystals, table.columns)
    monkeypatch.setattr(stiffness, "WEIGHTS", dict.fromkeys(weights, 7.0))
    monkeypatch.setattr(stiffness, "CLIPPED", 7.0)
    monkeypatch.setattr(stiffness_network, "input_factor", lambda _: np.float32(7.0))
    fit, _, _ = decode(*files)
    assert (fit.standard.weights, fit.standard.clipped) == (weights, 1.25)
    found = [fit.answer(point).parts for point in fit.standard.points(table, shares)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_weights_of_the_groups_are_part_of_the_recipe():
    assert StiffnessConfig().weights.model_dump() == stiffness.WEIGHTS
    assert list(StiffnessConfig().weights.model_dump())[-1] == "elements"
    other = StiffnessConfig.model_validate({"weights": {"packing": 1.0}, "clipped": 3.0})
    assert other.recipe() != StiffnessConfig().recipe()


def test_a_file_is_read_and_answered():
    crystals = read(Path(__file__).parents[2] / "examples" / "data" / "copper.cif")
    assert load_stiffness().predict(crystals)[0].source.endswith("copper.cif")
