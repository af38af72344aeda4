"""Textbook crystals: their structures, and the study that asks the shipped model about them."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest

from xtalprint.datasets import properties
from xtalprint.geometry.symmetry import space_group_number
from xtalprint.models.registry import read_manifest
from xtalprint.studies import run_study, textbook
from xtalprint.studies.base import data_file
from xtalprint.studies.textbook_crystals import textbook_crystals

CRYSTALS = {one.name: one for one in textbook_crystals()}
needs_data = pytest.mark.skipif("XTALPRINT_DATA" not in os.environ, reason="XTALPRINT_DATA names no data sets")
#: Space groups of the structure types.
GROUPS = {
    "fcc": 225,
    "bcc": 229,
    "diamond": 227,
    "rock salt": 225,
    "zincblende": 216,
    "caesium chloride": 221,
    "fluorite": 225,
    "antifluorite": 225,
    "L1_2": 221,
    "ReO3": 221,
    "perovskite": 221,
    "hcp": 194,
    "wurtzite": 186,
    "rutile": 136,
}
#: Labels of the data that are not what is measured: gaps that density-functional theory closes, and two oddities.
CALCULATED_OTHERWISE = {
    *(("metal", "Ge"), ("metal", "InAs"), ("metal", "InSb"), ("metal", "InN")),
    *(("metal", "Co"), ("stiff", "ZnO")),
}


@pytest.mark.parametrize("name", CRYSTALS)
def test_each_has_the_space_group_of_its_type(name):
    assert space_group_number(CRYSTALS[name].crystal) == GROUPS[CRYSTALS[name].structure]


def test_each_stands_there_once_and_formulas_are_as_they_are_written():
    assert len(CRYSTALS) == len(textbook_crystals())
    assert CRYSTALS.keys() >= {"Li2O", "Mg2Si", "CaF2", "Cu3Au", "Ni3Al", "ReO3", "SrTiO3", "TiO2", "NaCl"}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Rows and figures of the whole study."""
    folder = tmp_path_factory.mktemp("textbook")
    result = run_study("textbook", folder)
    return result.table, json.loads((folder / "results.json").read_text(encoding="utf-8")), folder


@pytest.mark.data
@needs_data
def test_the_data_agree_with_the_textbook(found):
    rows, _, _ = found
    table = properties(data_file("properties", "properties.parquet"))
    ratios = {}
    for name, one in CRYSTALS.items():
        row = textbook._row_of(table, one.crystal)
        if row is not None:
            known = table.crystals[row]
            ratios[name] = one.crystal.volume / len(one.crystal) / known.volume * len(known)
    assert len(ratios) > 95
    odd = {name for name, ratio in ratios.items() if not 0.92 < ratio < 1.08}
    assert odd == {"Ne"}  # bound by what the functional lacks
    otherwise = {
        (row["property"], row["name"])
        for row in rows
        if None not in {row["label"], row["expected"]} and row["label"] != row["expected"]
    }
    assert otherwise == CALCULATED_OTHERWISE


@pytest.mark.data
@needs_data
def test_the_figures_are_those_of_the_table(found):
    _, figures, folder = found
    assert figures["model"]["weights_sha256"] == read_manifest("property-classes")[0].weights.onnx.sha256
    with (folder / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name, counted in figures["questions"].items():
        clear = [row for row in rows if row["property"] == name and row["expected"]]
        right = [row for row in clear if row["answer"] == row["expected"]]
        assert counted["as_expected"] == {"n": len(clear), "right": len(right)}
        assert len(counted["not_as_expected"]) == len(clear) - len(right)
        assert sum(part["n"] for part in counted["by_part"].values()) == len(clear)
        assert sum(part["right"] for part in counted["by_expected"].values()) == len(right)
    answers = {(row["name"], row["property"]): (row["answer"], row["part"]) for row in rows}
    assert answers["NaCl", "metal"] == ("False", "training")
    assert answers["Cu", "stiff"][0] == "True"
    assert answers["Zn", "crystal-system"][0] == "hexagonal"
    assert answers["BaO", "metal"] == ("True", "test")


@pytest.mark.data
@needs_data
def test_noise_and_melting(found):
    _, figures, _ = found
    searched = [level["symmetry search"]["right"] for level in figures["crystal_system_with_noise"].values()]
    assert searched[0] == 3 * len(CRYSTALS)  # well below the distance of the search
    assert searched[-1] < 0.2 * searched[0]
    assert [level["errors"] for level in figures["crystal_system_with_noise"].values()] == [0] * len(textbook.NOISE)
    assert figures["melted"]["n"] == sum(one.structure in textbook.MELTED for one in CRYSTALS.values())
    assert figures["melted"]["errors"] == 0


def test_systems_of_space_groups():
    systems = {"NaCl": "cubic", "Zn": "hexagonal", "TiO2": "tetragonal"}
    assert {name: textbook._system(CRYSTALS[name].crystal) for name in systems} == systems
    assert np.searchsorted(
        textbook.LAST_GROUPS, [1, 2, 3, 15, 16, 74, 75, 142, 143, 167, 168, 194, 195]
    ).tolist() == [*(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6)]
