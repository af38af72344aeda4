"""The studies of how alike crystals are reach the known answers, and measure curves and trees rightly."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from xtalprint.prototypes import perovskite
from xtalprint.similarity.arrangement import average_linkage
from xtalprint.studies.base import run_study
from xtalprint.studies.similarity_curves import Curve
from xtalprint.studies.similarity_methods import (
    GRID_COSINE,
    GRID_EMD,
    OF_NEIGHBOURS,
    RDF_EMD,
    SORTED,
    beside,
    methods,
)
from xtalprint.studies.similarity_pictures import draw_tables, draw_trees


def run_quickly(name, folder):
    run_study(name, folder, quick=True)
    with (folder / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["method"] for row in rows} == set(methods())
    pictures = list(folder.glob("*.png"))
    assert pictures
    assert all(p.name.startswith(name) and p.stat().st_size > 5000 for p in pictures)
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert all(isinstance(flag, bool) for flag in found["checks"].values())
    return found, rows


def test_expansion_has_the_known_slope(tmp_path):
    found, rows = run_quickly("similarity-lattice", tmp_path)
    assert all(found["known"][name]["within_2_percent"] for name in OF_NEIGHBOURS)
    assert found["found"][SORTED]["relative_residual"] < 1e-12
    assert found["found"][GRID_EMD]["rises_at_every_step"]
    assert not found["found"][RDF_EMD]["rises_at_every_step"]
    at_reference = [row for row in rows if float(row["expansion (Å)"]) == 0]
    assert len(at_reference) == len(methods())
    assert all(float(row["distance"]) < 1e-12 for row in at_reference)
    # The report's own example: the second is nearer.
    assert found["example_of_euclid"] == pytest.approx([np.sqrt(2), 2.0])


def test_displacements_have_the_known_distances(tmp_path):
    found, rows = run_quickly("similarity-displacement", tmp_path)
    assert found["known"][GRID_EMD]["within_2_percent"]
    assert found["known"]["GRID 0.2.0 + EMD"]["within_2_percent"]
    assert not found["known"][SORTED]["within_2_percent"]  # without smearing nothing cancels
    assert min(np.array(found["known"][SORTED]["relative_deviation"])) > 0
    sensible = {name for name, statements in found["checks_of_all_methods"].items() if all(statements.values())}
    assert {GRID_EMD, SORTED, "AMD"} <= sensible <= set(OF_NEIGHBOURS)
    assert len(rows) == 6 * len(methods())


@pytest.mark.data
def test_layered_crystals_have_the_known_distances(tmp_path):
    found, rows = run_quickly("similarity-ruddlesden-popper", tmp_path)
    assert found["known"][GRID_EMD]["within_2_percent"]
    assert found["found"][GRID_EMD]["real"]["falls_with_n_to_SrTiO3"]
    assert np.array(found["real_distances"][GRID_EMD]).shape == (22, 22)
    assert len(found["nearest_to_cubic_BaTiO3"][GRID_EMD]) == 5
    assert len(rows) == (9 + 4) * len(methods())


def test_methods_are_symmetric_and_zero_for_another_cell():
    crystals = [perovskite(3.9), perovskite(3.9, symbols=("Ba", "Ti", "O")), perovskite(4.0)]
    for method in methods().values():
        matrix = method.matrix(crystals)
        assert np.array_equal(matrix, matrix.T)
        # Elements do not matter.
        assert matrix[0, 1] == pytest.approx(0.0, abs=1e-12)
        assert matrix[0, 2] > 0
        assert method.unit == ("1" if "cosine" in method.name else "Å")


def test_a_crystal_that_a_recipe_refuses_has_no_distance():
    matrix = methods()["GRID 0.2.0 + EMD"].matrix([perovskite(3.9), perovskite(7.0), perovskite(4.0)])
    assert np.isnan(matrix[1]).all()
    assert np.isnan(matrix[:, 1]).all()
    assert matrix[0, 2] == pytest.approx(0.1277, rel=0.01)


def test_curves_are_measured():
    way = np.array([0.0, 3.0, 1.0, 2.0, 4.0])
    curve = Curve.of(way, np.array([0.0, 6.0, 2.0, 4.0, np.nan]))
    assert curve.way.tolist() == [1.0, 2.0, 3.0]
    assert curve.slope == pytest.approx(2.0)
    assert curve.off_the_line == pytest.approx(0.0)
    assert curve.residual == pytest.approx(0.0)
    assert curve.rises
    assert curve.largest_step == pytest.approx(1.0)
    jumping = Curve(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 4.0, 3.0, 4.0]))
    assert (jumping.steps_back, jumping.rises, jumping.largest_step) == (2, False, 4.0)
    assert jumping.summary()["steps_back"] == 2


def test_figures_stand_beside_the_known_ones():
    found = beside([1.0, 2.03], [1.0, 2.0])
    assert found["largest"] == pytest.approx(0.015)
    assert found["within_2_percent"]
    assert not beside([1.0, 2.05], [1.0, 2.0])["within_2_percent"]


def test_a_tree_joins_the_nearest_first():
    places = np.array([0.0, 5.0, 0.1, 5.3])
    tree = average_linkage(np.abs(places[:, None] - places))
    assert tree[0, :2].tolist() == [0.0, 2.0]
    assert tree[1, :2].tolist() == [1.0, 3.0]
    assert tree[2, 2] == pytest.approx(5.1)


def test_pictures_of_matrices_say_what_they_show():
    matrix = np.array([[0.0, 0.25], [0.25, 0.0]])
    units = {GRID_EMD: "Å", GRID_COSINE: "1"}
    matrices = dict.fromkeys(units, matrix)
    table = draw_tables(
        matrices, names=["a", "b"], units=units, forms=dict.fromkeys(units, "{:.2f}"), title="distances"
    )
    assert [ax.get_title() for ax in table.axes[:2]] == [f"{GRID_EMD} (Å)", GRID_COSINE]
    assert [text.get_text() for text in table.axes[0].texts] == ["0", ".25", ".25", "0"]
    tree = draw_trees(matrices, names=["a", "b"], units=units, title="distances")
    assert {label.get_text() for label in tree.axes[0].get_yticklabels()} == {"a", "b"}
