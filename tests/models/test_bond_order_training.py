"""A quick run of the cell-free model by the command line: its folder, its resumption, its graph, its answers."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.numpy import load_file

from xtalprint.cli.train import train
from xtalprint.crystal import Crystal
from xtalprint.datasets import ElementalSolids
from xtalprint.errors import WrongUsageError
from xtalprint.models import CLASSES, Classifier, bond_order_data, load_model
from xtalprint.models.bond_order_configuration import BondOrderConfig
from xtalprint.models.bond_order_data import PARTS
from xtalprint.models.bond_order_evaluation import groups
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.bond_order_network import BondOrderNetwork
from xtalprint.models.configuration import parse_config, read_config
from xtalprint.models.ensemble import member_probabilities
from xtalprint.models.manifest import KnownOutput, Manifest

FILES = {
    *("config.json", "crystals.npz", "metrics.json", "model.json", "card.md", "model.onnx", "model.safetensors"),
    *("steps-1.jsonl", "steps-2.jsonl", "epochs-1.jsonl", "epochs-2.jsonl", "checkpoints"),
    *("confusion_matrix.png", "learning_curve.png", "SHA256SUMS"),
}
ARGUMENTS = ["crystal-class", "--quick", "--threads", "1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "quick"
    result = CliRunner().invoke(train, [*ARGUMENTS, "--output", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "crystal-class 2" in result.output
    return folder


def test_the_folder_holds_everything_and_no_scratch(run):
    assert {path.name for path in run.iterdir()} == FILES


def test_the_manifest_says_what_made_it(run):
    manifest = Manifest.parse((run / "model.json").read_bytes(), source="run")
    assert manifest.training.command == "xtalprint train crystal-class --quick --output DIR"
    assert manifest.descriptor["descriptor"] == "BondOrientationalOrder"
    assert isinstance(manifest.known, KnownOutput)
    assert set(manifest.known.auroc) == {"other crystals", "disordered", "other crystals, pristine boxes"}
    assert {"data", "fingerprints", "training", "evaluation"} <= set(manifest.training.seconds)
    assert manifest.training.data["samples"]["train"] > manifest.training.data["samples"]["test"]
    text = (run / "card.md").read_text(encoding="utf-8")
    assert "called known at 95 % recall" in text


def test_a_run_that_was_interrupted_ends_with_the_same_weights(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    before = (copy / "model.safetensors").read_bytes()
    for name in ("model.safetensors", "model.onnx", "model.json"):
        (copy / name).unlink()
    shutil.rmtree(copy / "checkpoints" / "network-2")
    for checkpoint in (copy / "checkpoints" / "network-1").glob("epoch-0002*"):
        checkpoint.unlink()
    result = CliRunner().invoke(train, [*ARGUMENTS, "-q", "--resume", "--output", str(copy)], catch_exceptions=False)
    assert result.exit_code == 0
    assert (copy / "model.safetensors").read_bytes() == before


def test_the_graph_gives_what_the_networks_give(run):
    model = load_model(run)
    assert isinstance(model, Classifier)
    array = np.abs(np.random.default_rng(0).normal(size=(19, 40))).astype(np.float32)
    flat = load_file(run / "model.safetensors")
    logits = []
    for member in range(2):
        state = {
            k.removeprefix(f"{member}."): torch.from_numpy(v).float() for k, v in flat.items() if k[0] == str(member)
        }
        network = BondOrderNetwork(1000, 8, width=32, dropout=0.2)
        network.load_state_dict(state)
        with torch.inference_mode():
            logits.append(network.eval()(torch.from_numpy(network_input(array[None])))[0].numpy())
    expected = member_probabilities(np.array(logits), model.manifest.temperature)
    np.testing.assert_allclose(model.predict_order(array), expected, atol=1e-5)


def test_matrices_are_kept_in_half_precision_and_lose_nothing(run):
    flat = load_file(run / "model.safetensors")
    assert {v.dtype.name for v in flat.values() if v.ndim > 1} == {"float16"}
    assert (run / "model.onnx").stat().st_size < 0.7 * 4 * sum(v.size for v in flat.values())


def test_answers_in_order_with_failures_in_their_place(run, simple_crystals):
    model = load_model(run)
    lonely = Crystal([[0, 0, 0]], ["Ar"], source="lonely.xyz", frame=3)
    found = model.predict([simple_crystals[0], lonely, simple_crystals[1]])
    assert [p.status for p in found] == ["ok", "error", "ok"]
    assert found[1].error.startswith("lonely.xyz, frame 3: ")
    for prediction in (found[0], found[2]):
        assert tuple(prediction.probabilities) == CLASSES
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert isinstance(prediction.known, bool)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_bits_whatever_threads_and_company(run, simple_crystals, threads):
    model = load_model(run)
    alone = {c.source: model.predict(c, threads=1)[0].probabilities for c in simple_crystals}
    for prediction in model.predict(simple_crystals * 5, threads=threads):
        assert dict(prediction.probabilities) == dict(alone[prediction.source])


def test_no_crystal_is_in_two_parts(run):
    config = read_config(run / "config.json", BondOrderConfig)
    made = ElementalSolids.load(run / "crystals.npz")
    rows = bond_order_data._rows(made, config)
    assert sorted(np.concatenate([rows[part] for part in PARTS]).tolist()) == list(range(140))
    for number in (config.data.others, config.data.disordered):
        shares = [bond_order_data._share(number, part, config) for part in PARTS]
        assert np.concatenate(shares).tolist() == list(range(number))
    figures = json.loads((run / "metrics.json").read_text())
    assert [figures[part]["n"] for part in PARTS] == [len(rows[part]) for part in PARTS]


def test_crystals_of_no_class_are_made_from_those_of_their_own_part(run, monkeypatch, tmp_path):
    config = read_config(run / "config.json", BondOrderConfig)
    made = ElementalSolids.load(run / "crystals.npz")
    rows = bond_order_data._rows(made, config)
    asked = []

    def other_crystals(parents, *, n, first, **_):
        asked.append((list(parents), first, n))
        return list(made.crystals[:n])

    monkeypatch.setattr(bond_order_data, "other_crystals", other_crystals)
    parts = {part: [made.crystals[i] for i in rows[part]] for part in PARTS}
    bond_order_data._make_others(config, parts, tmp_path / "others.npz", lambda _: None)
    assert [parents for parents, _, _ in asked] == [parts[part] for part in PARTS]
    shares = [bond_order_data._share(config.data.others, part, config) for part in PARTS]
    assert [list(range(first, first + n)) for _, first, n in asked] == shares


def test_every_group_has_its_rows(run):
    figures = json.loads((run / "metrics.json").read_text())
    assert set(figures["calibration"]) == {"temperature", "before", "after", "reliability"}
    assert len(figures["single_networks"]) == 2


def test_the_figures_of_a_run_of_another_recipe_are_not_overwritten(run):
    result = CliRunner().invoke(train, [*ARGUMENTS, "--seed", "9", "--resume", "--output", str(run)])
    assert isinstance(result.exception, WrongUsageError) or "another recipe" in result.output


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"members": 0}, "members"),
        ({"descriptor": {"r_maximum": 3}}, "BondOrientationalOrder has no parameter r_maximum"),
        ({"data": {"n": 3}}, r"data\.n"),
    ],
)
def test_a_recipe_out_of_range_is_refused(values, message):
    with pytest.raises(WrongUsageError, match=message):
        parse_config(values, BondOrderConfig, source="recipe.toml")


def test_groups_part_the_samples_by_what_was_done_to_them():
    class Examples:
        labels = np.array([0, 1, 2, 7, 3, 4])
        periodic = np.array([True, False, False, True, True, True])
        displacement = np.array([0.0, 0.05, 0.0, 0.0, 0.0, 0.01])
        vacancies = np.array([0.0, 0.0, 0.3, 0.0, 0.02, 0.0])
        n_sites = np.array([4, 80, 300, 4, 50, 60])
        box = np.array([False, False, False, False, True, True])
        member = labels < 7

    found = {name: rows.nonzero()[0].tolist() for name, rows in groups(Examples()).items() if rows.any()}
    assert found == {
        "pristine, periodic": [0],
        "displaced, up to 0.08 bond lengths": [1],
        "vacancies, up to 50 %": [2],
        "finite pieces, up to 100 atoms left": [1],
        "finite pieces, more than 250 atoms left": [2],
        "small boxes, displaced up to 0.05 bond lengths": [5],
        "small boxes, 1 to 3 atoms missing": [4],
    }
