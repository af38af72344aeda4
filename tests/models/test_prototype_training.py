"""A class list given to the command line becomes a model that answers with its names, without touching code."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from xtalprint.cli.classify import classify
from xtalprint.cli.train import train
from xtalprint.crystal import Crystal
from xtalprint.defects import SUBSTITUTES
from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.models import load_model, prototype_data
from xtalprint.models.bond_order_configuration import QUICK_PROTOTYPE, PrototypeConfig
from xtalprint.models.manifest import Manifest
from xtalprint.models.presentations import DEFECTIVE_SITES, present
from xtalprint.models.training import prepare_folder
from xtalprint.prototypes.named import named_prototypes

KEPT = ("fcc", "CsCl")
#: A class of the reader's own: ReO3.
MINE = {
    "name": "my ReO3",
    "cell": [3.75, 0, 0, 0, 3.75, 0, 0, 0, 3.75],
    "numbers": [75, 8, 8, 8],
    "frac": [0, 0, 0, 0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5],
}


def row_of(prototype):
    crystal = prototype.crystal
    return {
        "name": prototype.name,
        "cell": crystal.cell.ravel().tolist(),
        "numbers": crystal.numbers.tolist(),
        "frac": crystal.frac.ravel().tolist(),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prototype")
    rows = [row_of(p) for p in named_prototypes() if p.name in KEPT]
    (folder / "mine.json").write_text(json.dumps({"prototypes": [*rows, MINE]}))
    arguments = ["prototype", "--quick", "--threads", "1", "--classes", str(folder / "mine.json")]
    result = CliRunner().invoke(train, [*arguments, "--output", str(folder / "run")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return folder / "run"


def test_the_class_list_is_that_of_the_file(run):
    manifest = Manifest.parse((run / "model.json").read_bytes(), source="run")
    assert manifest.classes == (*KEPT, "my ReO3")
    assert (manifest.name, manifest.answers) == ("prototype", "prototype")
    assert manifest.descriptor["species"] is True
    assert [entry["name"] for entry in manifest.training.data["prototypes"]] == list(manifest.classes)
    assert "--classes" in manifest.training.command
    assert set(manifest.known.auroc) == {"other crystals", "disordered"}
    assert "my ReO3" in (run / "card.md").read_text(encoding="utf-8")


def test_it_answers_with_the_names_of_the_file(run):
    crystal = named_prototypes()[0].crystal
    [prediction] = load_model(run).predict(crystal)
    assert prediction.prototype == prediction.crystal_class in {*KEPT, "my ReO3"}
    record = prediction.to_record()
    assert list(record)[3:5] == ["class", "prototype"]
    assert record["prototype"] == record["class"]
    assert isinstance(record["known"], bool)


def test_the_command_line_writes_the_prototype(run, tmp_path):
    path = tmp_path / "cu.xyz"
    positions = 3.6 * np.array([[x, y, z] for x in range(3) for y in range(3) for z in range(3)])
    path.write_text("27\n\n" + "\n".join(f"Cu {x} {y} {z}" for x, y, z in positions))
    call = [str(path), "-q", "--model", str(run)]
    found = CliRunner().invoke(classify, [*call, "--format", "csv"], catch_exceptions=False).output.splitlines()
    row = dict(zip(found[0].split(","), found[1].split(","), strict=False))
    assert row["prototype"] == row["class"] != ""
    table = CliRunner().invoke(classify, call, catch_exceptions=False).output
    assert row["class"] in table
    default = CliRunner().invoke(classify, [str(path), "-q", "--format", "json"], catch_exceptions=False).output
    assert "prototype" not in json.loads(default)


def test_a_class_list_is_for_this_model_only(tmp_path):
    (tmp_path / "list.json").write_text("{}")
    call = ["crystal-class", "--quick", "--classes", str(tmp_path / "list.json"), "--output", str(tmp_path / "run")]
    result = CliRunner().invoke(train, call)
    assert result.exit_code == 2
    assert "--classes is for" in result.output


def test_a_run_is_not_resumed_with_a_class_list_that_has_changed(run, tmp_path):
    rows = {"prototypes": [row_of(p) for p in named_prototypes() if p.name in KEPT] + [MINE]}
    mine, folder = tmp_path / "mine.json", tmp_path / "run"
    mine.write_text(json.dumps(rows))
    recipe = QUICK_PROTOTYPE.with_changes(data={"classes": str(mine)})
    prepare_folder(folder, recipe, resume=False)
    moved = mine.rename(tmp_path / "moved.json")
    shutil.copy(moved, mine)
    prepare_folder(folder, recipe.with_changes(data={"classes": str(moved)}), resume=True)
    rows["prototypes"][-1]["strain"] = 0.01
    mine.write_text(json.dumps(rows))
    again = QUICK_PROTOTYPE.with_changes(data={"classes": str(mine)})
    assert again.recipe() != recipe.recipe()
    with pytest.raises(WrongUsageError, match=r"config\.json.*not the one of this recipe any more"):
        prepare_folder(folder, again, resume=True)
    with pytest.raises(WrongUsageError, match="the class list cannot be read"):
        QUICK_PROTOTYPE.with_changes(data={"classes": str(tmp_path / "nowhere.json")})


@pytest.fixture
def rounds(monkeypatch):
    """Candidates of the first round that are crystals of the classes, and later ones that are not."""
    members = [p.crystal for p in named_prototypes() if p.name in KEPT]
    others = [p.crystal for p in named_prototypes() if p.name not in KEPT]
    made = []

    def candidates(training, *, seed, n, workers):
        made.append(seed)
        return (members if len(made) == 1 else others)[:1] * (n // 2) + others[len(made) :][: n - n // 2]

    monkeypatch.setattr(prototype_data, "prototype_others", candidates)
    return members, made


def test_crystals_of_no_class_are_drawn_until_there_are_enough(rounds):
    members, made = rounds
    config = PrototypeConfig(data={"others": 20}, threads=1)
    found = prototype_data.unlike_prototypes(members, config)
    assert len(found) == 20
    assert made == [2, 4]


def test_without_enough_crystals_of_no_class_the_error_names_the_remedy(rounds, monkeypatch):
    members, made = rounds
    monkeypatch.setattr(prototype_data, "UNLIKE", 1e9)
    with pytest.raises(XtalprintError, match=r"only 0 are unlike the classes.*ask for fewer others"):
        prototype_data.unlike_prototypes(members, PrototypeConfig(data={"others": 20}, threads=1))
    assert len(made) == prototype_data.ROUNDS


def test_foreign_atoms_stand_on_elements_only_and_never_in_small_cells():
    copper = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
    salt = next(p.crystal for p in named_prototypes() if p.name == "rock salt")
    for seed in range(30):
        alloy = present(copper, np.random.default_rng(seed), substituted=1.0).crystal
        kinds = set(alloy.symbols)
        assert kinds <= {"Cu", *SUBSTITUTES}
        assert alloy.n_sites >= DEFECTIVE_SITES[0] * 0.25
        same = present(salt, np.random.default_rng(seed), substituted=1.0).crystal
        assert set(same.symbols) <= {"Na", "Cl"}
        assert same == present(salt, np.random.default_rng(seed)).crystal
