"""The study of the prototypes on a table of three elements whose names are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xtalprint.cli.study_printout import printout
from xtalprint.crystal import Crystal
from xtalprint.io import write_table
from xtalprint.prototypes.named import class_names, named_prototypes
from xtalprint.studies.base import run_study
from xtalprint.studies.prototypes import FORMS, SAME_SITES

COPPER = Crystal([[0, 0, 0]], ["Cu"], cell=1.8075 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))
POLONIUM = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "elements").mkdir()
    write_table(
        [COPPER, POLONIUM, COPPER],
        folder / "elements" / "elemental_mp.parquet",
        ids=list("abc"),
        labels={"prototype_like": ["cF4_225_b", "hR1_166_a", "aP9_1_9a"]},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XTALPRINT_DATA", str(folder))
        result = run_study("prototypes", folder / "out", quick=True)
    return result, json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))


def test_every_class_is_scored_in_every_form(study):
    result, written = study
    names = class_names(named_prototypes())
    assert [row["form"] for row in written["forms"]] == [form.name for form in FORMS]
    assert all(list(row["per_class"]) == list(names) for row in written["forms"])
    assert [row["class"] for row in result.table] == list(names)
    assert written["forms"][0]["accuracy"] > 0.9
    assert sum(row["n"] for row in written["per_class"].values()) == len(names) * len(FORMS)
    assert {row["structures"] for row in written["per_class"].values()} == {written["n_each"]}
    assert written["exchange"] == {"n": 11, "same": 11}
    assert set(result.drawings) == {"prototypes", "prototypes-confusion"}


def test_a_few_lines_are_printed(study):
    lines = printout(study[0])
    assert len(lines) <= 60
    assert lines[0].startswith("pristine cell: ")
    assert {name.split()[0] for name in class_names(named_prototypes())} <= {
        line.split()[0] for line in lines if line
    }


def test_real_elements_are_judged_by_sites_of_one_class_only(study):
    elements = study[1]["elements"]
    assert (elements["n"], elements["right"]) == (1, 1)
    assert elements["ambiguous_sites_left_out"] == 1
    assert elements["others"] == 1


def test_aflow_has_a_structure_of_each_class(study):
    assert study[1]["aflow"]["as_given"]["n"] == 38
    assert study[1]["aflow"]["others"] > 150


def test_the_same_sites_are_sites_of_the_list():
    sites = {p.aflow.removeprefix("A_") for p in named_prototypes()}
    assert set(SAME_SITES.values()) <= sites
