"""The study of defects: the paper's levels, who is asked what, and how answers are counted."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.datasets import ElementalSolids, elemental_solids
from xtalprint.datasets.making import Recipe, make
from xtalprint.geometry import supercell
from xtalprint.geometry.symmetry import find_symmetry
from xtalprint.studies import defects_structures
from xtalprint.studies.base import run_study
from xtalprint.studies.defects_counts import (
    BEST,
    COLUMNS,
    DEFAULT,
    FIRST,
    ORACLE,
    PERIODIC,
    PUBLISHED,
    RESCALED,
    SEARCHED,
    SHIPPED,
    SIMPLE,
    SINGLE,
    UNSEEN,
    figures_of,
    shown_of,
    table_of,
)
from xtalprint.studies.defects_levels import LEVELS, PAPER, QUICK_LEVELS
from xtalprint.studies.defects_structures import Sample

LEVEL = {level.name: level for level in LEVELS}


def test_the_levels_are_those_of_the_paper():
    assert [sum(level.kind == kind for level in LEVELS) for kind in PAPER] == [1, 11, 12, 6]
    assert LEVEL["σ = 0.001 Å"].paper() == {
        "network": 100.0,
        "spglib tight": 0.0,
        "spglib medium": 73.7,
        "spglib loose": 99.99,
    }
    assert LEVEL["σ = 0.1 Å"].paper()["network"] == 99.91
    assert LEVEL["70 % vacancies"].paper()["network"] == 89.05
    assert set(QUICK_LEVELS) < set(LEVELS)
    assert len(QUICK_LEVELS) == 6
    for level in LEVELS:
        assert level.paper()["network"] <= 100


def test_each_level_does_what_it_says():
    box = supercell(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)), (6, 6, 6))
    rng = np.random.default_rng(0)
    assert LEVEL["pristine"].apply(box, rng) is box
    assert len(LEVEL["50 % vacancies"].apply(box, rng)) == 108
    moved = LEVEL["σ = 0.1 Å"].apply(box, rng).positions - box.positions
    assert moved.std() == pytest.approx(0.1, rel=0.1)
    assert (LEVEL["25 % substitutions"].apply(box, rng).numbers != 84).sum() == pytest.approx(54, abs=2)


def answers_of(truth):
    """Two structures, of which the second is searched; the network is wrong about the first, searches disagree."""
    asked = {
        PUBLISHED: {(0, 0): "bcc", (0, 1): "sc"},
        SHIPPED: {(0, 1): "sc"},
        DEFAULT: {(0, 0): "fcc", (0, 1): "sc"},
        PERIODIC: {(0, 0): "diam", (0, 1): "sc"},
        RESCALED: {(0, 0): "fcc", (0, 1): "sc"},
        "spglib tight": {(0, 1): None},
        "moyopy 0.1 Å": {(0, 1): None},
        "moyopy 0.2 Å": {(0, 1): truth[1]},
        "PTM, rmsd < 0.1": {(0, 1): "fcc"},
    }
    other = asked | {"moyopy 0.1 Å": {(0, 1): truth[1]}, "moyopy 0.2 Å": {(0, 1): None}}
    return {LEVEL["σ = 0.1 Å"]: asked, LEVEL["10 % vacancies"]: other}


@pytest.fixture
def sample():
    return Sample(
        crystals=[Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3), frame=frame) for frame in (17, 4)],
        truth=["fcc", "sc"],
        bonds=np.array([1.0, 3.0]),
        margins=np.array([0.06, 0.2]),
        unseen=frozenset({1}),
        searched=frozenset({1}),
        searched_few=frozenset({1}),
        simple=frozenset({1}),
        about={},
    )


def test_answers_are_counted_by_group_and_the_best_tolerance_is_found(sample):
    figures = figures_of(answers_of(sample.truth), sample)
    assert figures["one_tolerance_of_moyopy"] == "moyopy 0.2 Å"
    noisy, thinned = figures["levels"]
    assert noisy["accuracy"]["all test structures"][PUBLISHED]["right"] == 1
    assert noisy["accuracy"]["all test structures"][DEFAULT]["right"] == 2
    assert noisy["accuracy"][UNSEEN][PUBLISHED]["n"] == 1
    assert noisy["accuracy"]["all test structures"][PUBLISHED]["structures"] == 2
    assert [noisy["accuracy"][FIRST][method]["right"] for method in (PUBLISHED, RESCALED)] == [1, 2]
    searched = {
        name: [level["accuracy"][SEARCHED][name]["right"] for level in (noisy, thinned)]
        for name in (SINGLE, BEST, ORACLE)
    }
    assert searched == {SINGLE: [1, 0], BEST: [1, 1], ORACLE: [1, 1]}
    assert [level["best_tolerance_of_moyopy"] for level in (noisy, thinned)] == ["moyopy 0.2 Å", "moyopy 0.1 Å"]
    assert noisy["against_the_published_network"][SIMPLE]["PTM, rmsd < 0.1"] == {
        "only_it_is_right": 0,
        "only_the_network_is_right": 1,
    }
    about = noisy["published_network"]
    assert about["most_common_wrong_answers"] == {"fcc called bcc": 1}
    assert (about["bonds below 2 Å"]["right"], about["bonds from 2 Å"]["right"]) == (0, 1)
    ratios = figures["displacement_over_bond_length"][PUBLISHED]
    assert {name: counted["right"] for name, counted in ratios.items()} == {"0.03 to 0.04": 1, "0.1 to inf": 0}


def test_wrong_answers_are_told_by_structure_with_their_distance_from_degeneracy(sample):
    noisy = figures_of(answers_of(sample.truth), sample)["levels"][0]
    assert noisy["wrong_structures"] == {
        DEFAULT: [],
        PERIODIC: [
            {
                "frame": 17,
                "sites": 1,
                "truth": "fcc",
                "called": {"diam": 1},
                "bond_angstrom": 1.0,
                "margin": 0.06,
            }
        ],
    }
    assert {margin: counted["right"] for margin, counted in noisy["by_margin"][PERIODIC].items()} == {
        "0.06": 0,
        "0.2": 1,
    }


def test_a_method_is_counted_on_the_draws_that_it_was_asked_about(sample):
    answers = answers_of(sample.truth)
    for found in answers.values():
        found[PUBLISHED] |= {(1, 0): "fcc", (1, 1): "sc"}
    counted = figures_of(answers, sample)["levels"][0]["accuracy"]["all test structures"]
    assert [counted[method]["n"] for method in (PUBLISHED, DEFAULT, PERIODIC)] == [4, 2, 2]


def test_the_supercells_keep_the_class_of_the_crystal_where_bonds_are_short():
    # Bonds of 0.65 Å: idealised within 0.1 Å it would be of group 139.
    made = make(3785, Recipe(seed=0))
    solids = ElementalSolids(
        crystals=[made.crystal],
        labels=np.array(["bct_141"]),
        space_groups=np.array([made.space_group]),
        origins=np.array([made.origin]),
        margins=np.array([made.margin]),
        seed=0,
    )
    sample = defects_structures.sample_of(solids, np.array([0]), np.array([True]), searched=1, seed=0)
    symmetry = find_symmetry(sample.crystals[0], symprec=0.001)
    assert symmetry is not None
    assert symmetry.number == 141
    assert sample.margins.tolist() == [0.1]


def test_the_table_has_the_papers_numbers_beside_ours(sample):
    rows = table_of(figures_of(answers_of(sample.truth), sample))
    first = rows[0]
    assert (first["method"], first["n"], first["accuracy_percent"], first["paper_percent"]) == (
        PUBLISHED,
        2,
        50.0,
        99.91,
    )
    tight = [row for row in rows if row["method"] == "spglib tight" and row["defects"] == "vacancies"]
    assert [row["paper_percent"] for row in tight] == [0.0]


def test_the_printed_table_has_a_line_for_each_level_and_the_papers_numbers_beside_ours(sample):
    figures = figures_of(answers_of(sample.truth), sample)
    rows = shown_of(figures)
    assert [row["defects"] for row in rows] == [level["name"] for level in figures["levels"]]
    assert (rows[0]["published"], rows[0]["paper: published"]) == (50.0, 99.91)
    assert list(rows[0])[1:3] == ["published", "paper: published"]
    assert [row["paper: spglib tight"] for row in rows if "vacancies" in row["defects"]] == [0.0]
    # Of every method, but of moyopy at each of its tolerances: one, the best, any.
    methods = {method for level in figures["levels"] for method in level["accuracy"][SEARCHED]}
    shown = {method for of_group in COLUMNS.values() for method in of_group}
    assert all(method.startswith("moyopy") for method in methods - shown)


def test_crystals_that_the_shipped_network_has_learned_from_are_known():
    plain, mixed = (elemental_solids(seed=3, n=8, orbits=share, workers=1) for share in (0.0, 0.5))
    same = [
        np.array_equal(a.positions, b.positions) if len(a) == len(b) else False
        for a, b in zip(plain.crystals, mixed.crystals, strict=True)
    ]
    in_set = [defects_structures.is_in_set(row, 3, {"seed": 3, "n": 100, "orbits": 0.5}) for row in range(8)]
    assert in_set == same
    assert len(set(same)) == 2
    assert not defects_structures.is_in_set(0, 3, {"seed": 4, "n": 100, "orbits": 0.0})
    assert not defects_structures.is_in_set(8, 3, {"seed": 3, "n": 8, "orbits": 0.0})


@pytest.mark.slow
def test_a_quick_run_writes_table_and_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(defects_structures, "QUICK_STRUCTURES", 6)
    monkeypatch.setattr(defects_structures, "QUICK_SEARCHED", 2)
    run_study("defects", tmp_path, quick=True)
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [level["name"] for level in results["levels"]] == [level.name for level in QUICK_LEVELS]
    pristine = results["levels"][0]["accuracy"][SEARCHED]
    assert pristine["spglib medium"]["right"] == pristine[ORACLE]["right"] == 2
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as stream:
        assert {row["method"] for row in csv.DictReader(stream)} >= {PUBLISHED, SHIPPED, SINGLE, "PTM, no cutoff"}
    for name in ("defects", "defects-simple"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
