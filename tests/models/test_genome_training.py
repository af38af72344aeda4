"""The loop on property classes learns, stops early, and ends the same to the last bit if it was stopped between."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from xtalprint.errors import WrongUsageError  # noqa: E402 - torch may be missing
from xtalprint.models.genome_data import PARTS, GenomeCase  # noqa: E402 - as above
from xtalprint.models.genome_inputs import GenomeInput  # noqa: E402 - as above
from xtalprint.models.genome_training import (  # noqa: E402 - as above
    GenomeConfig,
    GenomeFit,
    box_places,
    make_network,
    seen,
    train_genome,
    turned,
)

pytestmark = pytest.mark.usefixtures("one_thread")
SIZES = dict(zip(PARTS, (96, 48, 48), strict=True))


def case_of(classes, names=("no", "yes")):
    ends = np.cumsum([0, *SIZES.values()])
    rows = {part: np.arange(*ends[i : i + 2]) for i, part in enumerate(PARTS)}
    return GenomeCase(
        "stiff",
        False,  # noqa: FBT003 - a field
        names,
        rows,
        {part: classes[some] for part, some in rows.items()},
        np.array([f"X{i % 20}" for i in range(SIZES["test"])]),
        {},
    )


def given_of(array):
    places = np.arange(len(array))
    return GenomeInput(places, array, places, {}, "0")


def numbers(names=("no", "yes"), seed=0):
    """Points whose class is that of the largest of the first numbers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(192, 9)).astype(np.float32)
    classes = x[:, : len(names)].argmax(axis=1) if len(names) > 2 else (x[:, 0] > 0).astype(int)
    return case_of(classes, names), given_of(x)


def clouds(seed=0):
    """Clouds of which the stiff ones have stronger points."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 2, 192)
    x = rng.normal(0, 0.2, (192, 343, 4)).astype(np.float32)
    x[..., 3] += 0.2 * classes[:, None]
    return case_of(classes), given_of(x)


SEVEN = tuple("abcdefg")
CONFIG = GenomeConfig(network="invariants", epochs=4, batch=32, learning_rate=5e-3, device="cpu", seed=3)


@pytest.mark.parametrize("names", [("no", "yes"), SEVEN])
def test_it_learns_and_says_so(names, tmp_path):
    said = []
    config = CONFIG.model_copy(update={"epochs": 15})
    found = train_genome(*numbers(names), config, tmp_path, say=said.append, draws=20)
    assert found.figures["auc"] > 0.85
    assert found.probabilities.shape == (48, len(names))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    low, high = found.figures["interval_95"]["auc"]
    assert low < found.figures["auc"] <= high
    assert said[0].startswith("invariants, stiff: epoch 1, validation AUC 0.")
    assert len(said) == found.figures["epochs"]
    assert json.loads((tmp_path / "metrics.json").read_text()) == found.figures
    with np.load(tmp_path / "answers.npz") as stored:
        assert np.array_equal(stored["probabilities"], found.probabilities)


def same(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("made", "changes"),
    [(numbers, {}), (clouds, {"network": "points", "miller": 1}), (clouds, {"network": "attention", "miller": 1})],
    ids=["invariants", "points", "attention"],
)
def test_stopped_and_resumed_ends_bit_for_bit_as_uninterrupted(made, changes, tmp_path):
    case, given = made()
    if changes.get("network") == "attention":
        case = GenomeCase(**(vars(case) | {"rows": {part: rows[:8] for part, rows in case.rows.items()}}))
        case.classes.update({part: classes[:8] for part, classes in case.classes.items()})
        case = GenomeCase(**(vars(case) | {"formulas": case.formulas[:8]}))
        changes |= {"batch": 4}
    config = CONFIG.model_copy(update={"epochs": 2} | changes)
    whole = train_genome(case, given, config, tmp_path / "whole")
    parts = {part: seen(case, part, given, config) for part in PARTS}
    config = config.model_copy(update={"data_sha256": case.sha256(given)})
    fit = GenomeFit(
        training=parts["training"],
        validation=parts["validation"],
        config=config,
        folder=tmp_path / "parts" / "checkpoints",
        make_network=lambda generator: make_network(config, 1, 9, generator),
    )
    fit.run(stop_after=1)
    (tmp_path / "parts" / "config.json").write_text((tmp_path / "whole" / "config.json").read_text())
    torch.rand(5)
    resumed = train_genome(case, given, config, tmp_path / "parts", resume=True)
    assert same(resumed.network, whole.network)
    assert np.array_equal(resumed.probabilities, whole.probabilities)
    again = train_genome(case, given, config, tmp_path / "parts", resume=True)
    assert np.array_equal(again.probabilities, whole.probabilities)


def test_it_stops_early_and_takes_the_best_epoch(tmp_path):
    _, given = numbers()
    noise = case_of(np.random.default_rng(5).integers(0, 2, 192))
    found = train_genome(
        noise, given, CONFIG.model_copy(update={"epochs": 60, "patience": 3, "schedule": "constant"}), tmp_path
    )
    lines = [json.loads(line) for line in (tmp_path / "epochs.jsonl").read_text().splitlines()]
    watched = [line["validation_auc"] for line in lines]
    assert found.figures["epochs"] == len(lines) == found.figures["best_epoch"] + 3 < 60
    assert max(watched) == watched[found.figures["best_epoch"] - 1] == found.figures["validation_auc"]
    assert len(list((tmp_path / "checkpoints").iterdir())) <= 2


def test_another_run_is_not_written_over(tmp_path):
    case, given = numbers()
    train_genome(case, given, CONFIG, tmp_path)
    with pytest.raises(WrongUsageError, match="not empty"):
        train_genome(case, given, CONFIG, tmp_path)
    with pytest.raises(WrongUsageError, match="another recipe"):
        train_genome(case, given, CONFIG.model_copy(update={"seed": 4}), tmp_path, resume=True)


def test_turned_clouds_keep_lengths_and_intensities():
    _, given = clouds()
    cloud = np.asarray(given.array[:5])
    found = turned(cloud, np.random.default_rng(0))
    assert np.array_equal(found[..., 3], cloud[..., 3])
    np.testing.assert_allclose(
        np.linalg.norm(found[..., :3], axis=2), np.linalg.norm(cloud[..., :3], axis=2), atol=1e-6
    )
    assert abs(found - cloud).max() > 0.1
    assert np.array_equal(found, turned(cloud, np.random.default_rng(0)))
    corners = np.broadcast_to(np.eye(3, 4, dtype=np.float32), (4000, 3, 4))
    means = turned(corners, np.random.default_rng(1))[..., :3].mean(axis=0)
    assert abs(means).max() < 0.05, "no direction is preferred"


def test_smaller_boxes_hold_the_points_near_the_origin():
    case, given = clouds()
    config = CONFIG.model_copy(update={"network": "points", "miller": 2})
    training = seen(case, "training", given, config).images
    assert training.shape == (96, 125, 4)
    assert np.array_equal(training[0, 62], given.array[0, 171]), "the origin is in the middle of both"
    assert np.array_equal(training[3], given.array[3][box_places(2)])
    assert np.array_equal(seen(case, "test", given, config).images, seen(case, "test", given, config).images)


def test_a_run_on_other_data_is_refused(tmp_path):
    case, given = numbers()
    train_genome(case, given, CONFIG, tmp_path)
    with pytest.raises(WrongUsageError, match="begun with another recipe"):
        train_genome(case, GenomeInput(given.rows, given.array, given.places, {}, "1"), CONFIG, tmp_path, resume=True)
    case.classes["test"] = 1 - case.classes["test"]
    with pytest.raises(WrongUsageError, match="begun with another recipe"):
        train_genome(case, given, CONFIG, tmp_path, resume=True)


@pytest.mark.parametrize("points", ["basis", "basis and origin"])
def test_nothing_is_taken_away_from_a_few_points(points):
    with pytest.raises(ValueError, match="only of a box of points"):
        GenomeConfig(points=points, ablation="shuffled")
