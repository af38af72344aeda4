"""Only the weights that were trained are used; everything else is refused with what to do."""

import json
import re
import shutil
from pathlib import Path

import pytest

import xtalprint
from xtalprint.errors import ModelError
from xtalprint.models import load_model, model_names
from xtalprint.models.atom_configuration import AtomConfig
from xtalprint.models.bond_order_configuration import BondOrderConfig, PrototypeConfig
from xtalprint.models.configuration import TrainingConfig, parse_config, read_config
from xtalprint.models.files import sha256
from xtalprint.models.manifest import Manifest, QuestionsManifest
from xtalprint.models.property_card import card_of
from xtalprint.models.registry import WEIGHTS, load_manifest, read_manifest

ROOT = Path(__file__).parents[2]
CLASSIFIERS = [name for name in model_names() if isinstance(read_manifest(name)[0], Manifest)]


def files_of(manifest):
    if isinstance(manifest, Manifest | QuestionsManifest):
        return [manifest.weights.onnx, manifest.weights.safetensors]
    return [manifest.files.weights, manifest.files.known]


@pytest.fixture
def run(untrained_run, tmp_path):
    return shutil.copytree(untrained_run, tmp_path / "run")


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ModelError) as caught:
        load_model("nonsense")
    assert str(caught.value) == (
        f"no such model (value: nonsense); choose one of {', '.join(model_names())}, or give the folder of a "
        "finished training run."
    )


def test_a_run_folder_is_a_model(run):
    for path in (run, str(run)):
        assert load_model(path).classes == ("bcc", "bct_139", "bct_141", "diam", "fcc", "hex/rh", "sc")


def test_an_unfinished_run_says_how_to_finish_it(tmp_path):
    with pytest.raises(ModelError, match=r"no finished training run: model\.json is missing; finish .* --resume"):
        load_model(tmp_path)


@pytest.mark.parametrize("change", [b"\0", b""], ids=["one byte more", "truncated"])
def test_changed_weights_are_refused(run, change):
    path = run / "model.onnx"
    path.write_bytes(path.read_bytes() + change if change else path.read_bytes()[:-1])
    with pytest.raises(ModelError) as caught:
        load_model(run)
    assert "weights do not match their SHA-256" in str(caught.value)
    assert str(path) in str(caught.value)
    assert sha256(path)[:50] in str(caught.value)
    assert "install xtalprint again" in str(caught.value)


def test_missing_weights_are_named(run):
    (run / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"model\.onnx: weights cannot be read: No such file"):
        load_model(run)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.pop("classes"), "not valid at classes: Field required"),
        (lambda m: m.update(colour="red"), "not valid at colour: Extra inputs are not permitted"),
        (lambda m: m["weights"]["onnx"].update(path="../../etc/passwd"), "not valid at weights.onnx.path: "),
        (lambda m: m["weights"]["onnx"].update(sha256="0"), "not valid at weights.onnx.sha256: "),
        (lambda m: m.update(out_of_scope=[]), "not valid at out_of_scope: "),
    ],
)
def test_a_description_that_is_not_valid_is_refused(run, change, message):
    path = run / "model.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelError) as caught:
        load_model(run)
    assert message in str(caught.value)


def test_a_descriptor_that_this_version_lacks_is_refused(run):
    path = run / "model.json"
    manifest = json.loads(path.read_text())
    manifest["descriptor"]["descriptor"] = "PowerSpectrum"
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"descriptor that this version does not have \(value: PowerSpectrum\)"):
        load_model(run)


@pytest.mark.parametrize("name", model_names())
def test_every_shipped_model_has_a_valid_manifest_a_card_and_its_files(name):
    manifest, folder = read_manifest(name)
    assert folder == WEIGHTS
    assert manifest.name == name
    for record in files_of(manifest):
        path = folder / record.path
        assert (path.stat().st_size, sha256(path)) == (record.bytes, record.sha256)
        assert manifest.version in record.path
    assert (folder / manifest.card).read_text(encoding="utf-8") == card_of(manifest)
    assert type(manifest).parse(manifest.model_dump_json(), source="again") == manifest


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_shipped_model_says_how_it_can_be_made_again(name):
    record = load_manifest(name)[0].training
    assert record.command.startswith("xtalprint train ")
    kinds = {"atom-class": AtomConfig, "crystal-class": BondOrderConfig, "prototype": PrototypeConfig}
    kind = kinds.get(name, TrainingConfig)
    if kind is AtomConfig:
        assert record.data["atoms"]["train"] >= 10_517
    else:
        assert record.data["n"] >= 10_517
        assert len(set(record.data["sha256"])) > 1
    made_with = parse_config(record.config, kind, source="").recipe()
    kept = re.search(r"--config (\S+)", record.command)
    assert made_with == (kind() if kept is None else read_config(ROOT / kept[1], kind)).recipe()


@pytest.mark.parametrize("name", model_names())
def test_every_card_says_what_the_model_is_not_for(name):
    text = card_of(read_manifest(name)[0])
    for heading in ("What it is for", "What it is not for", "How good it is", "Where it falls short", "known: no"):
        assert heading in text
    assert "SHA-256" in text
    assert "Command" in text


def test_no_file_lies_in_the_folder_of_weights_that_no_manifest_names():
    named = set()
    for name in model_names():
        manifest, _ = read_manifest(name)
        named |= {f"{name}.json", manifest.card, *(record.path for record in files_of(manifest))}
    assert {path.name for path in WEIGHTS.iterdir() if not path.name.startswith((".", "__"))} == named


def test_the_package_offers_it():
    assert xtalprint.load_model is load_model
