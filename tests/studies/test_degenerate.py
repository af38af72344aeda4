"""The study of near-degenerate lattices, and the answers by own axes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xtalprint.geometry import random_rotation, rotated, supercell_to
from xtalprint.geometry.own_axes import own_axes
from xtalprint.prototypes import body_centred_tetragonal, simple_lattice
from xtalprint.studies import degenerate
from xtalprint.studies.base import run_study
from xtalprint.studies.symmetry_answers import by_own_axes, by_symmetry, class_of_mean_cell, is_simple


def test_degenerate_scores_all_methods(tmp_path, monkeypatch):
    monkeypatch.setattr(
        degenerate, "FAMILIES", {k: degenerate.FAMILIES[k] for k in ("bct_139 near bcc", "rh near sc")}
    )
    monkeypatch.setattr(degenerate, "SIGMAS", (0.0,))
    monkeypatch.setattr(degenerate, "SITES", 100)
    result = run_study("degenerate", tmp_path, quick=True)
    rows = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["summary"]
    assert {row["n"] for row in rows} == {4}
    assert all(row["right"] == 4 for row in rows if row["method"] in {degenerate.OWN_AXES, degenerate.ORACLE})
    assert len(result.table) == 2 * 2 * (2 + 9 + 1 + 2)
    assert (tmp_path / "degenerate.png").stat().st_size > 10_000


@pytest.mark.parametrize("family", degenerate.FAMILIES)
def test_the_special_points_are_cubic(family):
    make, special, beside, there = degenerate.FAMILIES[family]
    assert by_symmetry(0.001, [make(4.0, special), make(4.0, special + 0.02)]) == [there, beside]


def test_the_mean_cell_of_a_simple_lattice_answers():
    assert by_own_axes(simple_lattice("fcc")) == "fcc"
    assert not is_simple(None)
    crystal = rotated(
        supercell_to(body_centred_tetragonal(3.0, 1.02), min_atoms=128), random_rotation(np.random.default_rng(0))
    )
    found = own_axes(crystal)
    assert is_simple(found)
    assert class_of_mean_cell(found) == "bct_139"
