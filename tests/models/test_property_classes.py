"""Property classes: training, the file, the model and its answers, the command line."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("sklearn")

import xtalprint as xp
from xtalprint import Crystal
from xtalprint.cli import main
from xtalprint.datasets.properties import CRYSTAL_SYSTEMS, TASKS
from xtalprint.errors import ModelError, WrongUsageError, XtalprintError
from xtalprint.geometry import supercell
from xtalprint.models import property_class_training
from xtalprint.models import property_class_words as words
from xtalprint.models.manifest import QuestionsManifest
from xtalprint.models.property_card import card_of
from xtalprint.models.property_class_configuration import QUICK_PROPERTY_CLASSES
from xtalprint.models.property_class_job import PropertyClassJob
from xtalprint.models.property_class_model import MOST_VOLUME
from xtalprint.models.property_class_prediction import QUESTIONS, ClassAnswer
from xtalprint.models.property_class_training import train_property_classes
from xtalprint.models.registry import load_classifier, load_property_classes, load_stiffness, read_manifest
from xtalprint.models.shipping import ship
from xtalprint.models.training import WEIGHTS_FOR_ANSWERS

REFERENCE = Path(__file__).parents[1] / "reference" / "property_table.py"
TABLE = runpy.run_path(str(REFERENCE))["property_table"]()
CONFIG = QUICK_PROPERTY_CLASSES.with_changes(threads=1, device="cpu", epochs=12, examples=10_000)
CUBE = Crystal([[0, 0, 0], [1.5, 1.5, 1.5]], ["Fe", "O"], cell=3.0 * np.eye(3), source="cube.cif", frame=0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(property_class_training, "properties", lambda: TABLE)
        train_property_classes(CONFIG, folder, command="xtalprint train property-classes --output DIR")
    return folder


@pytest.fixture(scope="module")
def model(run):
    return load_property_classes(run)


def test_the_questions_are_the_tasks():
    assert QUESTIONS == TASKS


def test_the_run_folder(run):
    manifest, folder = read_manifest(run)
    assert isinstance(manifest, QuestionsManifest)
    assert folder == run
    assert set(manifest.questions) == set(QUESTIONS)
    assert manifest.questions["metal"].classes == ("no", "yes")
    assert set(manifest.questions["crystal-system"].classes) <= set(CRYSTAL_SYSTEMS)
    assert not (run / "inputs").exists()
    text = (run / "card.md").read_text(encoding="utf-8")
    assert text == card_of(manifest)
    for name in QUESTIONS:
        area = manifest.metrics[name]["by formula"]["auc"]
        assert f"| {name} | by formula |" in text
        assert f"{area:.3f}" in text
    assert manifest.headline.startswith("AUC on new formulas: crystal-system ")
    assert "with no formula in common" in manifest.limitations[-1]


def test_it_learned_something(run):
    metrics = read_manifest(run)[0].metrics
    assert metrics["stiff"]["random"]["auc"] > 0.8
    assert metrics["crystal-system"]["random"]["accuracy"] > 0.8


def test_answers(model):
    small, large = (
        Crystal([[0, 0, 0], [a / 2] * 3], ["Ni", "N"], cell=a * np.eye(3), source=f"{a}.cif") for a in (2.9, 4.1)
    )
    answers = model.predict([small, large])
    assert [answer.status for answer in answers] == ["ok", "ok"]
    assert answers[0].answers["stiff"].value is True
    assert answers[1].answers["stiff"].value is False
    assert answers[0].answers["stiff"].probability > 0.5 > answers[1].answers["stiff"].probability
    for one in answers[0].answers.values():
        assert sum(one.probabilities.values()) == pytest.approx(1)
    assert answers[0].answers["crystal-system"].value in CRYSTAL_SYSTEMS
    assert "stiff" in repr(model)


def test_neither_cell_nor_axes_nor_order_nor_company_matter(model):
    shear = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]])
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turned = Crystal(CUBE.positions[::-1] @ turn + 0.3, CUBE.numbers[::-1], cell=shear @ CUBE.cell @ turn)
    doubled = Crystal(
        np.concatenate([CUBE.positions, CUBE.positions + CUBE.cell[0]]),
        np.tile(CUBE.numbers, 2),
        cell=np.diag([2, 1, 1]) @ CUBE.cell,
    )
    expected, *others = model.predict([CUBE, turned, doubled])
    for other in others:
        for name in QUESTIONS:
            assert other.answers[name].probabilities == pytest.approx(expected.answers[name].probabilities, abs=1e-4)
    assert model.predict([turned, CUBE], threads=2)[1] == expected


def test_what_is_unlike_all(model):
    odd = Crystal([[0, 0, 0]], ["U"], cell=[[2.0, 0, 0], [0.3, 9.0, 0], [0.1, 0.2, 11.0]])
    [answer] = model.predict(odd)
    for name in ("metal", "stiff"):
        assert answer.answers[name].known is False
        assert "unlike what the model learned from: at " in answer.answers[name].warnings[0]
    assert answer.to_records(("metal",))[0]["warnings"] == [*answer.warnings, *answer.answers["metal"].warnings]
    [answer] = model.predict(TABLE.crystals[0])
    assert all(one.known and not one.warnings for one in answer.answers.values())


def test_what_is_far_is_said_by_crystals_of_the_question(run):
    manifest = read_manifest(run)[0]
    assert set(manifest.far) == {"crystal-system", "stiff"}
    assert {name for name, one in manifest.questions.items() if one.far_by == "stiff"} == {"stiff", "shear-stiff"}
    assert "stiff, shear-stiff " in card_of(manifest).split("known: no")[1]


def test_records_have_the_keys_of_the_contract(model):
    [answer] = model.predict(CUBE)
    system, metal = answer.to_records(("crystal-system", "metal"))
    assert list(metal)[:12] == [
        *("source", "frame", "status", "property", "value", "unit", "interval", "neighbours"),
        *("probability", "probabilities", "known", "warnings"),
    ]
    assert metal["value"] is (metal["probability"] > 0.5)
    assert metal["probability"] == metal["probabilities"]["yes"]
    assert system["probability"] == max(system["probabilities"].values())
    assert (metal["source"], metal["frame"], metal["model"]) == ("cube.cif", 0, "property-classes")


def test_an_even_answer_is_no():
    assert ClassAnswer({"no": 0.5, "yes": 0.5}).value is False


@pytest.mark.parametrize(
    ("crystal", "message"),
    [
        (
            Crystal([[0, 0, 0], [0, 0, 2.5]], ["Cu", "Cu"], source="dimer.xyz"),
            r"dimer\.xyz: a cluster without a cell has no property of a solid",
        ),
        (XtalprintError("unreadable", source="broken.cif"), r"broken\.cif: unreadable\."),
        ("NaCl", "this is no Crystal"),
    ],
)
def test_what_has_no_answer_gets_a_record(model, crystal, message):
    answer = model.predict_one(crystal)
    [record] = answer.to_records()
    assert answer.status == "error"
    assert re.search(message, record["error"])


def test_a_disordered_crystal_is_refused(model):
    alloy = Crystal(
        [[0, 0, 0], [0, 0, 0]], ["Cu", "Au"], cell=3.8 * np.eye(3), occupancies=[0.5, 0.5], source="alloy.cif"
    )
    assert "made for ordered crystals" in model.predict_one(alloy).error


def test_models_of_other_kinds(run):
    with pytest.raises(ModelError, match=r"tells classes and no moduli; use it with: xtalprint predict --property"):
        load_stiffness(run)
    with pytest.raises(ModelError, match=r"predicts properties and no class; use it with: xtalprint predict"):
        load_classifier(run)
    with pytest.raises(ModelError, match=r"tells no property classes; use it with: xtalprint predict"):
        load_property_classes("stiffness")
    with pytest.raises(ModelError, match=r"tells no property classes; use it with: xtalprint classify"):
        load_property_classes("crystal-class")
    assert isinstance(xp.load_model(run), type(load_property_classes(run)))


def test_spoiled_weights_and_other_questions(run, tmp_path):
    spoiled = tmp_path / "spoiled"
    spoiled.mkdir()
    for path in run.iterdir():
        if path.is_file():
            (spoiled / path.name).write_bytes(path.read_bytes())
    (spoiled / WEIGHTS_FOR_ANSWERS).write_bytes(b"no weights")
    with pytest.raises(ModelError, match="do not match their SHA-256"):
        load_property_classes(spoiled)
    (spoiled / WEIGHTS_FOR_ANSWERS).write_bytes((run / WEIGHTS_FOR_ANSWERS).read_bytes())
    content = json.loads((spoiled / "model.json").read_text(encoding="utf-8"))
    content["questions"]["hard"] = content["questions"].pop("stiff")
    (spoiled / "model.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match=r"answers other questions \(value: hard, stiff\)"):
        load_property_classes(spoiled)


def test_resumed_it_ends_the_same(run, tmp_path, monkeypatch):
    monkeypatch.setattr(property_class_training, "properties", lambda: TABLE)
    folder = tmp_path / "again"

    class StopError(Exception):
        pass

    def stop(text):
        if text.startswith("stable, random: training network 2"):
            raise StopError

    with pytest.raises(StopError):
        train_property_classes(CONFIG, folder, say=stop)
    with pytest.raises(WrongUsageError, match="not empty"):
        train_property_classes(CONFIG, folder)
    train_property_classes(CONFIG, folder, resume=True)
    assert (folder / WEIGHTS_FOR_ANSWERS).read_bytes() == (run / WEIGHTS_FOR_ANSWERS).read_bytes()


def test_another_descriptor_is_refused(tmp_path):
    config = CONFIG.with_changes(descriptor={"s_max": 0.8})
    with pytest.raises(WrongUsageError, match="one descriptor only"):
        train_property_classes(config, tmp_path / "run")


def test_shipping(run, tmp_path):
    shipped = ship(run, "1.0.0", folder=tmp_path)
    assert (tmp_path / shipped.weights.onnx.path).is_file()
    assert shipped.weights.onnx.path == "property-classes-1.0.0.onnx"
    assert (tmp_path / "property-classes.md").read_text(encoding="utf-8") == card_of(shipped)


def structure_file(tmp_path, name="cube.cif"):
    path = tmp_path / name
    xp.to_ase(CUBE).write(path)
    return str(path)


def invoke(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_command_line(run, tmp_path):
    path = structure_file(tmp_path)
    asked = ("--property", "metal", "--property", "crystal-system", "--model", run)
    found = invoke("predict", path, *asked, "--format", "json")
    assert found.exit_code == 0, found.output
    metal, system = (json.loads(line) for line in found.stdout.splitlines())
    assert (metal["property"], system["property"]) == ("metal", "crystal-system")
    assert isinstance(metal["value"], bool)
    table = invoke("predict", path, *asked)
    assert "probability" in table.stdout.splitlines()[0]
    assert f"metal: {words.CAVEATS['metal']}" in table.stderr
    assert "metal: many" not in invoke("predict", path, *asked, "--quiet").stderr
    assert len([line for line in table.stdout.splitlines() if "%" in line]) == 2
    csv = invoke("predict", path, *asked, "--format", "csv")
    header, first = csv.stdout.splitlines()[:2]
    assert header.startswith(
        "source,frame,status,property,value,unit,probability,probabilities.no,probabilities.yes,"
    )
    assert first.count(",") == header.count(",")


def test_command_line_refuses_mixtures(run, tmp_path):
    path = structure_file(tmp_path)
    found = invoke("predict", path, "--property", "metal", "--property", "bulk-modulus")
    assert found.exit_code == 2
    assert "ask for them in two runs" in found.stderr
    found = invoke(
        *("predict", path, "--property", "metal", "--property", "crystal-system"),
        *("--model", run, "--into", tmp_path / "into"),
    )
    assert found.exit_code == 2
    assert "an --into of its own" in found.stderr


def test_shards(run, tmp_path):
    path, into = structure_file(tmp_path), tmp_path / "into"
    for names in (("metal", "stiff"), ("crystal-system",)):
        folder = into / names[0]
        asked = [part for name in names for part in ("--property", name)]
        found = invoke("predict", path, *asked, "--model", run, "--into", folder)
        assert found.exit_code == 0, found.output
        collected = invoke("collect", folder, "--format", "json")
        direct = invoke("predict", path, *asked, "--model", run, "--format", "json")
        assert list(map(json.loads, collected.stdout.splitlines())) == list(
            map(json.loads, direct.stdout.splitlines())
        )
        for style in ("table", "csv"):
            seen, expected = (
                invoke(*command, "--format", style).stdout
                for command in (("collect", folder), ("predict", path, *asked, "--model", run))
            )
            # The table is as wide as the longest path, which collect does not know beforehand.
            assert [line.split() for line in seen.splitlines()] == [line.split() for line in expected.splitlines()]


def test_the_table_has_the_probability_of_the_answer(run, tmp_path):
    asked = ("predict", structure_file(tmp_path), "--property", "metal", "--property", "stiff", "--model", run)
    records = [json.loads(line) for line in invoke(*asked, "--format", "json").stdout.splitlines()]
    lines = invoke(*asked).stdout.splitlines()[1:]
    for record, line in zip(records, lines, strict=True):
        told = record["probability"] if record["value"] else 1 - record["probability"]
        assert record["value"] == (record["probability"] > 0.5)
        assert f"{100 * told:.2f}%" in line


def test_what_is_no_solid_or_too_large_is_refused(run):
    model = xp.load_model(run)
    near = Crystal([[0, 0, 0], [0.3, 0, 0]], ["Cu", "Cu"], cell=4 * np.eye(3), source="near.cif")
    assert "stand on top of each other" in model.predict_one(near).error
    sparse = Crystal([[0, 0, 0]], ["Cu"], cell=50 * np.eye(3), source="gas.cif")
    assert model.predict_one(sparse).status == "error"
    perfect = supercell(CUBE, (16, 16, 16))
    noise = np.random.default_rng(0).normal(scale=0.05, size=perfect.positions.shape)
    large = Crystal(perfect.positions + noise, perfect.numbers, cell=perfect.cell, source="noisy.xyz")
    error = model.predict_one(large).error
    assert "noisy.xyz: the primitive cell has more than 100,000 Å³ (value: 110,592 Å³, 8,192 atoms); give a" in error


def test_a_large_supercell_has_the_answer_of_its_primitive_cell(model):
    large = supercell(CUBE, (16, 16, 16))
    assert large.volume > MOST_VOLUME
    [expected, found] = model.predict([CUBE, large])
    for name in QUESTIONS:
        assert found.answers[name].probabilities == pytest.approx(expected.answers[name].probabilities, abs=1e-5)


def test_models_of_another_kind_say_what_to_type(run):
    for arguments, told in (
        (("predict", "x.cif", "--model", str(run)), "predict --property metal"),
        (("classify", "x.cif", "--model", str(run)), "predict --property metal"),
        (("predict", "x.cif", "--property", "metal", "--model", "stiffness"), "predict --property bulk-modulus"),
    ):
        found = invoke(*arguments)
        assert found.exit_code == 2
        assert told in " ".join(found.stderr.split())


def test_a_job_names_what_is_asked(run):
    job = PropertyClassJob(str(run), ("metal",))
    assert job.question()["properties"] == ["metal"]
    assert job.constants["model"] == "property-classes"


def test_list_of_models(run):
    found = invoke("models", run, "--format", "json")
    record = json.loads(found.stdout)
    assert set(record["auc"]) == set(QUESTIONS)
    assert record["properties"] == list(QUESTIONS)
    assert "AUC 0." in invoke("models", run, "--format", "table").stdout or "AUC 1." in invoke("models", run).stdout


def test_a_folder_that_was_trained_again_is_loaded_again(run, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for path in run.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    assert PropertyClassJob(str(folder)).constants["model_version"] == "1.0.0"
    text = (folder / "model.json").read_text(encoding="utf-8")
    (folder / "model.json").write_text(text.replace('"version": "1.0.0"', '"version": "1.0.1"'), encoding="utf-8")
    assert PropertyClassJob(str(folder)).constants["model_version"] == "1.0.1"
