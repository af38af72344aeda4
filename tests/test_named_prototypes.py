"""The class list that is data: the 38 rows of the package, what may vary, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from xtalprint.datasets.prototype_crystals import decorated, prototype_crystals, varied
from xtalprint.errors import XtalprintError
from xtalprint.geometry import space_group_number
from xtalprint.prototypes.named import class_names, named_prototypes

DATA = os.environ.get("XTALPRINT_DATA")
FILE = Path(__file__).parents[1] / "src" / "xtalprint" / "prototypes" / "named.json"
PROTOTYPES = named_prototypes()
ROW = {"name": "one", "cell": [3, 0, 0, 0, 3, 0, 0, 0, 3], "numbers": [1], "frac": [0, 0, 0]}


def group_of(prototype):
    return int(prototype.aflow.split("_")[2])


def test_the_list_has_27_elements_and_11_binaries_and_says_where_it_is_from():
    assert [sum(p.n_elements == n for p in PROTOTYPES) for n in (1, 2)] == [27, 11]
    assert len(class_names(PROTOTYPES)) == 38
    assert FILE.stat().st_size < 50_000
    notice = json.loads(FILE.read_text(encoding="utf-8"))["notice"]
    assert "Leitherer" in notice
    assert "ai4materials, Apache License 2.0" in notice


@pytest.mark.parametrize("prototype", PROTOTYPES, ids=lambda p: p.name)
def test_a_varied_prototype_keeps_its_space_group_and_stays_within_its_limits(prototype):
    for seed in range(4):
        crystal = varied(prototype, np.random.default_rng(seed))
        assert space_group_number(crystal, symprec=1e-4) == group_of(prototype)
        stretch = np.linalg.svd(np.linalg.inv(prototype.crystal.cell) @ crystal.cell, compute_uv=False)
        assert np.log(stretch[0] / stretch[-1]) <= prototype.strain + 1e-9
        assert crystal.volume == pytest.approx(prototype.crystal.volume)
        move = (crystal.frac - prototype.crystal.frac) @ crystal.cell
        size = np.sqrt((move**2).sum(axis=1).mean()) / np.cbrt(crystal.volume / len(crystal))
        assert size <= prototype.shift + 1e-9


def test_what_is_free_varies_and_what_is_not_does_not():
    by_name = {p.name: p for p in PROTOTYPES}
    rng = np.random.default_rng(0)
    for name in ("fcc", "sc", "rock salt", "diamond"):
        assert np.allclose(varied(by_name[name], rng).cell, by_name[name].crystal.cell)
    ratios = [np.divide(*np.linalg.norm(varied(by_name["hcp"], rng).cell, axis=1)[[2, 0]]) for _ in range(20)]
    assert min(ratios) < 1.58
    assert max(ratios) > 1.7


def test_the_set_is_the_same_from_the_same_seed_and_its_labels_are_in_the_order_of_the_list():
    some = tuple(p for p in PROTOTYPES if p.name in {"hcp", "NiAs"})
    made, again, other = (prototype_crystals(some, seed=seed, n_each=12, workers=1) for seed in (0, 0, 1))
    assert made.data_hash == again.data_hash != other.data_hash
    assert made.labels.tolist() == ["hcp"] * 12 + ["NiAs"] * 12
    assert set(made.origins[made.labels == "NiAs"].tolist()) == {"compounds"}
    assert made.crystals[0] == some[0].crystal


def test_several_rows_of_a_name_are_examples_of_one_class(tmp_path):
    stretched = {**ROW, "cell": [3, 0, 0, 0, 3, 0, 0, 0, 4]}
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"prototypes": [ROW, stretched, {**ROW, "name": "two"}]}))
    found = named_prototypes(path)
    assert class_names(found) == ("one", "two")
    made = prototype_crystals(found, n_each=10, workers=1)
    assert {round(c.volume) for c in made.crystals[:10]} == {27, 36}


def test_decorated_crystals_have_two_elements():
    for seed in range(10):
        assert len(set(decorated(PROTOTYPES[0].crystal, np.random.default_rng(seed)).numbers.tolist())) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "this is no class list"),
        ('{"classes": []}', "this is no class list"),
        (json.dumps({"prototypes": [ROW]}), "needs two names or more"),
        (json.dumps({"prototypes": [ROW, {"name": "two"}]}), "row 1 of the class list is not complete"),
        (json.dumps({"prototypes": [ROW, {**ROW, "name": ""}]}), "row 1 of the class list has no name"),
        (json.dumps({"prototypes": [{**ROW, "strain": 3}, ROW]}), "varies by more than 1"),
        (json.dumps({"prototypes": [ROW, {**ROW, "numbers": [300]}]}), "300"),
        (json.dumps({"prototypes": [ROW, {**ROW, "cell": [0] * 9}]}), "cell is flat"),
    ],
)
def test_a_list_that_is_none_is_refused_with_the_place(tmp_path, content, message):
    path = tmp_path / "list.json"
    path.write_text(content)
    with pytest.raises(XtalprintError, match=message):
        named_prototypes(path)
    with pytest.raises(XtalprintError, match="cannot be read"):
        named_prototypes(tmp_path / "none.json")


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="XTALPRINT_DATA names no data sets")
def test_nothing_was_lost_on_the_way_from_the_table():
    table = pytest.importorskip("pyarrow.parquet").read_table(Path(DATA, "prototypes", "arise_prototypes.parquet"))
    rows = {row["label"]: row for row in table.to_pylist()}
    of_kind = [row["label"] for row in rows.values() if row["category"] in {"Elemental_solids", "Binaries"}]
    assert sorted(p.source for p in PROTOTYPES) == sorted(of_kind)
    for prototype in PROTOTYPES:
        row = rows[prototype.source]
        assert np.allclose(prototype.crystal.cell, np.reshape(row["cell"], (3, 3)), atol=1e-5)
        assert prototype.crystal.numbers.tolist() == list(row["numbers"])
        off = prototype.crystal.frac - np.reshape(row["frac"], (-1, 3))
        assert np.abs(off - np.round(off)).max() < 2e-6
