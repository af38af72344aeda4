"""The study of "none of the classes": what counts as other, what each form is, and a quick run on the real tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.studies.base import run_study
from xtalprint.studies.known import FORMS, _belongs_to_none

SALT = Crystal([[0, 0, 0], [2.82] * 3], ["Na", "Cl"], cell=2.82 * (1 - np.eye(3)))
#: Baddeleyite-like: monoclinic whatever its elements.
MONOCLINIC = Crystal(
    [[0.5, 0.4, 0.6], [2.1, 1.9, 3.0], [3.9, 3.2, 1.1]],
    ["Zr", "O", "O"],
    cell=[[5, 0, 0], [0, 5.2, 0], [-0.9, 0, 5.3]],
)


def test_a_compound_whose_equal_atoms_are_a_class_is_no_other():
    assert not _belongs_to_none(SALT)
    assert _belongs_to_none(MONOCLINIC)


def test_the_forms_are_what_they_are_called():
    given, box, piece, thinned = (bring(SALT, np.random.default_rng(0)) for bring in FORMS.values())
    assert given is SALT
    assert all(box.pbc)
    assert box.n_sites >= 200
    assert piece.cell is None
    assert abs(piece.n_sites - 200) < 40
    assert abs(thinned.n_sites - 200) < 40


@pytest.mark.data
def test_a_quick_run_has_a_row_for_each_form_and_collection(tmp_path):
    run_study("known", tmp_path, quick=True)
    results = json.loads((tmp_path / "results.json").read_text())
    assert len(results["rows"]) == len(FORMS) * 4
    for row in results["rows"]:
        assert 0.5 < row["auroc"] <= 1
        assert row["n_members"] == 20
    assert (tmp_path / "known.png").stat().st_size > 20_000
