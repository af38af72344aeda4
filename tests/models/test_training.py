"""A whole run, small: the folder holds everything, and the model in it answers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from xtalprint.cli.models import models
from xtalprint.cli.train import train
from xtalprint.datasets import ElementalSolids
from xtalprint.datasets.structure_types import structure_type
from xtalprint.errors import XtalprintError
from xtalprint.models import CLASSES, load_model
from xtalprint.models.card import described_training
from xtalprint.models.configuration import QUICK, CopiesConfig, DataConfig, TrainingConfig, read_config
from xtalprint.models.defective import training_copies
from xtalprint.models.manifest import Manifest
from xtalprint.models.property_card import card_of
from xtalprint.models.registry import read_manifest
from xtalprint.models.shipping import ship
from xtalprint.models.training import Clock, train_crystal_class
from xtalprint.models.training_data import prepare, rows_of_parts

RECIPES = Path(__file__).parents[2] / "recipes"

FILES = {
    *("config.json", "crystals.npz", "steps.jsonl", "epochs.jsonl", "metrics.json", "model.json", "card.md"),
    *("model.onnx", "model.safetensors", "confusion_matrix.png", "learning_curve.png", "SHA256SUMS", "checkpoints"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a quick run, made by the command line."""
    folder = tmp_path_factory.mktemp("run") / "quick"
    arguments = ["crystal-class-image", "--quick", "--seed", "3", "--threads", "1", "--output", str(folder)]
    result = CliRunner().invoke(train, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "crystal-class-image" in result.output
    assert "test accuracy" in result.output
    return folder


def test_the_folder_holds_everything_and_no_scratch(run):
    assert {path.name for path in run.iterdir()} == FILES


def test_the_check_sums_hold(run):
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=run, check=True)
    listed = {line.split()[1] for line in (run / "SHA256SUMS").read_text().splitlines()}
    assert listed == FILES - {"SHA256SUMS", "checkpoints"}


def test_the_recipe_is_complete(run):
    config = json.loads((run / "config.json").read_text())
    assert config["seed"] == 3
    data = {"n": 140, "seed": 0, "orbits": 0.0, "split": "random", "test": 0.1, "validation": 0.1}
    assert config["data"] == data
    assert {"epochs", "batch", "learning_rate", "schedule", "precision", "descriptor", "known"} <= set(config)


def test_the_manifest_says_what_made_it(run):
    manifest = Manifest.parse((run / "model.json").read_bytes(), source="run")
    record = manifest.training
    assert record.command == "xtalprint train crystal-class-image --seed 3 --quick --output DIR"
    assert len(record.data["sha256"]) == 64
    assert {"xtalprint", "python", "torch", "numpy"} <= set(record.versions)
    assert {"data", "images", "training", "evaluation", "calibration"} <= set(record.seconds)
    assert manifest.descriptor["descriptor"] == "DiffractionImage"
    assert manifest.descriptor["min_atoms"] == 256
    assert 0 < manifest.known.diffuse < 0.1
    assert manifest.known.distance > 1


def test_no_crystal_is_in_two_parts(run):
    made = ElementalSolids.load(run / "crystals.npz")
    labels = np.array([CLASSES.index(name) for name in made.labels.tolist()])
    parts = rows_of_parts(made, labels, read_config(run / "config.json", TrainingConfig))
    assert sorted(np.concatenate([*parts.values()]).tolist()) == list(range(140))
    metrics = json.loads((run / "metrics.json").read_text())
    assert {part: metrics[part]["n"] for part in parts} == {part: len(rows) for part, rows in parts.items()}


def test_the_figures_of_a_run_add_up(run):
    metrics = json.loads((run / "metrics.json").read_text())
    matrix = np.array(metrics["test"]["confusion_matrix"])
    assert matrix.sum() == metrics["test"]["n"]
    assert np.trace(matrix) == metrics["test"]["n"] - metrics["test"]["errors"]
    assert len(metrics["test"]["wrong"]) == metrics["test"]["errors"]
    assert set(metrics["defective"]) == {"σ = 0.06 Å", "25 % vacancies"}


def test_the_model_of_the_run_answers(run, simple_crystals):
    for prediction in load_model(run).predict(simple_crystals):
        assert prediction.status == "ok"
        assert prediction.crystal_class in CLASSES


def test_resuming_a_finished_run_gives_the_same_weights(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    before = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").unlink()
    arguments = [
        "crystal-class-image",
        "--quick",
        "--seed",
        "3",
        "--threads",
        "1",
        "-q",
        "--resume",
        "--output",
        str(copy),
    ]
    assert CliRunner().invoke(train, arguments, catch_exceptions=False).exit_code == 0
    assert (copy / "model.safetensors").read_bytes() == before


def test_a_folder_with_something_in_it_is_not_touched(run):
    with pytest.raises(XtalprintError, match=r"the folder is not empty; choose another, or go on .* --resume"):
        train_crystal_class(QUICK, run)


def test_a_run_goes_on_with_its_own_recipe_only(run):
    other = QUICK.model_copy(update={"learning_rate": 1e-4})
    with pytest.raises(XtalprintError, match=r"the run was begun with another recipe; go on with --config of that"):
        train_crystal_class(other, run, resume=True)


def test_crystals_from_random_orbits_are_counted_apart(tmp_path):
    config = QUICK.model_copy(update={"data": DataConfig(n=140, orbits=0.5, test=0.3, split="structure types")})
    data = prepare(config, tmp_path, clock=Clock(tmp_path / "seconds.json"))
    assert set(data.sources("train").tolist()) == {"AFLOW prototypes", "random orbits"}
    types = {part: {structure_type(c) for c in data.crystals_of(part)} for part in ("train", "validation", "test")}
    assert not types["test"] & (types["train"] | types["validation"])
    assert data.provenance["orbits"] == 0.5


def test_copies_are_of_the_training_part_and_of_all_sizes(tmp_path):
    wanted = CopiesConfig(per_crystal=2, sites=(40, 500), displacement=0.1, vacancies=0.4)
    config = QUICK.model_copy(update={"data": DataConfig(n=70), "copies": wanted})
    data = prepare(config, tmp_path, clock=Clock(tmp_path / "seconds.json"))
    n = len(data.index["train"])
    assert len(data.learned()) == 3 * n
    assert np.array_equal(data.learned().labels, np.tile(data.labels[data.index["train"]], 3))
    copies = training_copies(data.crystals_of("train"), wanted, seed=config.seed)
    again = training_copies(data.crystals_of("train"), wanted, seed=config.seed)
    assert copies == again
    sizes = np.array([len(copy) for copy in copies])
    assert sizes.min() < 80
    assert sizes.max() > 300
    assert all(copy.is_cluster for copy in copies)
    assert np.array_equal(data.copies.images[3], data.descriptor.compute(copies[3]).array.astype(np.float32))
    before = (tmp_path / "copies.npy").stat().st_mtime_ns
    prepare(config, tmp_path, clock=Clock(tmp_path / "seconds.json"))
    assert (tmp_path / "copies.npy").stat().st_mtime_ns == before


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_kept_recipes_are_valid(path):
    read_config(path, TrainingConfig)


def test_shipping_names_version_and_error(run, tmp_path):
    (tmp_path / "crystal-class-image-0.9.0-e1.00.onnx").touch()
    manifest = ship(run, "1.2.3", folder=tmp_path)
    error = 100 * (1 - manifest.metrics["test"]["accuracy"])
    stem = f"crystal-class-image-1.2.3-e{error:.2f}"
    assert {path.name for path in tmp_path.iterdir()} == {
        *("crystal-class-image.json", "crystal-class-image.md"),
        *(f"{stem}.onnx", f"{stem}.safetensors"),
    }
    assert "# crystal-class-image 1.2.3" in (tmp_path / "crystal-class-image.md").read_text(encoding="utf-8")


def test_models_prints_the_card_of_a_run(run):
    result = CliRunner().invoke(models, [str(run)], catch_exceptions=False)
    assert result.output == (run / "card.md").read_text(encoding="utf-8")


LATTICES = ("crystal-class", "crystal-class-image", "crystal-class-published")


def test_models_lists_what_is_shipped():
    result = CliRunner().invoke(models, ["--format", "json"], catch_exceptions=False)
    records = [json.loads(line) for line in result.output.splitlines()]
    assert [r["name"] for r in records] == ["atom-class", *LATTICES, "property-classes", "prototype", "stiffness"]
    for record in records[1:4]:
        assert record["classes"] == list(CLASSES)
        assert 0 <= record["test_accuracy"] <= 1
        assert len(record["weights_sha256"]) == 64
    table = CliRunner().invoke(models, [], catch_exceptions=False).output
    heading, *rows = table.splitlines()[: 1 + len(records)]
    assert all(row[heading.index("card") - 1] == " " for row in rows)
    assert all(row[heading.index("version") :].startswith(r["version"]) for row, r in zip(rows, records, strict=True))
    assert record["card"] in table


def test_models_refuses_an_unknown_name():
    result = CliRunner().invoke(models, ["crystal-klass"])
    assert result.exit_code == 2
    said = " ".join(result.output.split())
    assert "no such model (value: crystal-klass); did you mean crystal-class? Otherwise choose one of " in said


def test_quick_and_config_exclude_each_other(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("epochs = 1")
    arguments = ["crystal-class-image", "--quick", "--config", str(path), "-o", str(tmp_path / "x")]
    result = CliRunner().invoke(train, arguments)
    assert result.exit_code == 2
    assert "--quick is a recipe of its own" in result.output


def test_wrong_usage_is_said_before_anything_is_made_and_exits_with_2(run, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("epoch = 1")
    for arguments in (["--config", str(path), "-o", str(tmp_path / "x")], ["--quick", "-o", str(run)]):
        command = [sys.executable, "-m", "xtalprint", "train", "crystal-class-image", *arguments]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        assert ended.returncode == 2
        assert len(ended.stderr.splitlines()) == 1


def test_the_card_of_a_quick_run_says_that_it_is_of_no_use(run):
    assert "\n\n**Trained with `--quick`" in (run / "card.md").read_text(encoding="utf-8")
    assert "--quick" not in card_of(read_manifest("crystal-class-image")[0])


def test_a_card_leaves_out_what_is_not_set(run):
    manifest = read_manifest(run)[0]
    record = manifest.training.model_copy(
        update={
            "data": {"n": None, "failed": [], "seed": 0},
            "config": {"descriptor": {}, "data": {"n": None}, "seed": 1},
        }
    )
    text = described_training(manifest.model_copy(update={"training": record}))
    assert "| Data | seed 0 |" in text
    assert "| Recipe | seed 1 |" in text
