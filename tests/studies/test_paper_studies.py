"""The studies of the paper's figures: their crystals are what they say, and they take whatever the models answer."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from xtalprint.cli.study_printout import printout
from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.geometry import bond_length, nearest_distances, space_group_number, supercell_to
from xtalprint.models.prediction import Prediction
from xtalprint.prototypes import body_centred_tetragonal, rhombohedral
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP
from xtalprint.studies import amorphous, answers, transition_bain, transition_bcc_sc, transition_rhombohedral
from xtalprint.studies.answers import MODELS, Answers, Spread, ask, falls_below
from xtalprint.studies.base import run_study
from xtalprint.studies.fingerprints import cosine
from xtalprint.studies.lattice_paths import AS_CELL, CUBIC, STANDARD, Walk, in_cubic_axes
from xtalprint.studies.made_clusters import OTHER_RHOMBOHEDRAL, PROTOTYPES, cluster, with_element
from xtalprint.studies.probability_curves import Panel, draw_panels

CLASSES = ("sc", "bcc", "fcc", "hex/rh", "bct_139", "bct_141", "diam")


class AnyModel:
    """Says bcc for clusters with an even number of atoms and sc for odd ones; cells are hex/rh."""

    classes = CLASSES

    def __init__(self, name):
        self.name = name

    def predict(self, crystals):
        return [self._one(crystal) for crystal in crystals]

    def _one(self, crystal):
        name = "hex/rh" if crystal.cell is not None else ("sc" if len(crystal) % 2 else "bcc")
        probabilities = {c: 0.94 if c == name else 0.01 for c in CLASSES}
        return Prediction("ok", None, None, name, 0.94, probabilities, provenance={"model": self.name})


@pytest.fixture
def any_model(monkeypatch):
    monkeypatch.setattr(answers, "load_model", AnyModel)


def results(folder):
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def flags(checks):
    """What is said of all statements, which may stand in groups."""
    return [flag for one in checks.values() for flag in (flags(one) if isinstance(one, dict) else [one])]


def run_quickly(name, folder):
    run_study(name, folder, quick=True)
    with (folder / "table.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    pictures = list(folder.glob("*.png"))
    assert pictures
    assert all(p.name.startswith(name) and p.stat().st_size > 5000 for p in pictures)
    return results(folder), rows


@pytest.mark.parametrize(
    "name",
    [
        "transition-bcc-sc",
        "transition-rhombohedral",
        pytest.param("transition-bain", marks=pytest.mark.data),
        "amorphous",
        "size",
    ],
)
def test_a_study_takes_the_answers_of_any_model(name, any_model, tmp_path):
    found, rows = run_quickly(name, tmp_path)
    assert {row["model"] for row in rows} == set(MODELS)
    assert set(found["checks"]) == set(MODELS)
    assert "paper" in found
    for of_model in found["checks"].values():
        statements = flags(of_model)
        assert len(statements) >= 4
        assert all(isinstance(flag, bool) for flag in statements)
    assert flags(found["checks"]["crystal-class"]) == flags(found["checks"]["crystal-class-published"])
    columns = set(rows[0])
    assert columns >= {"model", "answer"} or columns >= {"model", "mean sc", "deviation sc"}


@pytest.mark.parametrize("name", ["transition-bcc-sc", "size"])
def test_a_few_lines_have_every_model_beside_the_paper(name, any_model, tmp_path):
    lines = printout(run_study(name, tmp_path, quick=True))
    assert len(lines) <= 60
    header = lines.index("") + 1
    assert "paper" in lines[header].split()
    for part in (lines[: header - 1], lines[header:]):
        assert all(any(f"{model}" in line for line in part) for model in MODELS)


def test_fingerprints_names_the_pairs_and_measures_the_defects(tmp_path):
    found, rows = run_quickly("fingerprints", tmp_path)
    n = len(found["prototypes"])
    assert np.array(found["cosines"]).shape == (n, n)
    assert np.allclose(np.diag(found["cosines"]), 1.0)
    assert np.allclose(np.array(found["distances"]) ** 2, 2 - 2 * np.array(found["cosines"]), atol=1e-3)
    assert len(rows) == n * (n - 1) // 2
    assert [float(r["cosine"]) for r in rows] == sorted((float(r["cosine"]) for r in rows), reverse=True)
    vacant = found["defects"]["25 % vacancies"]
    assert vacant["least_cosine_to_pristine"] > 0.99


@pytest.mark.slow
def test_the_shipped_models_know_the_two_ends_of_the_way_from_bcc_to_sc(tmp_path):
    found, rows = run_quickly("transition-bcc-sc", tmp_path)
    for model in MODELS:
        of_model = [row for row in rows if row["model"] == model]
        assert float(of_model[0]["mean bcc"]) > 0.9
        assert float(of_model[-1]["mean sc"]) > 0.9
        assert found["models"][model]["model"]["model"] == model


def test_a_study_leaves_out_nothing_that_failed(monkeypatch):
    class Failing(AnyModel):
        def _one(self, crystal):
            return Prediction.failure(XtalprintError("too dark", source=crystal.source and "here"))

    monkeypatch.setattr(answers, "load_model", Failing)
    with pytest.raises(XtalprintError, match=r"here.*crystal-class-image has no answer.*too dark"):
        ask("crystal-class-image", [cluster(PROTOTYPES[0].crystal)])


def test_place_of_a_drop():
    x = np.array([0.0, 10.0, 20.0, 30.0])
    assert falls_below(x, np.array([1.0, 1.0, 0.6, 0.2]), 0.4) == pytest.approx(25.0)
    assert falls_below(x, np.array([1.0, 1.0, 0.6, 0.5]), 0.4) is None
    assert falls_below(x, np.zeros(4), 0.4) == 0.0


def test_spread_is_over_the_draws_of_each_step():
    spread = Spread.of(Answers(("a", "b"), np.array([[1, 0], [0, 1], [1, 0], [1, 0]], float), (None,) * 4, {}), 2)
    assert spread.mean.tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert spread.deviation.tolist() == [[0.5, 0.5], [0.0, 0.0]]


@pytest.mark.parametrize("kind", [*PROTOTYPES, *OTHER_RHOMBOHEDRAL], ids=lambda kind: kind.name)
def test_prototypes_are_of_their_class(kind):
    assert CLASS_OF_SPACE_GROUP[space_group_number(kind.crystal, symprec=1e-3)] == kind.crystal_class
    gold = with_element(kind.crystal, "Au")
    assert set(gold.symbols) == {"Au"}
    assert bond_length(gold) == pytest.approx(2 * 1.36)
    assert 32 <= len(cluster(gold, atoms=32)) < len(cluster(gold, atoms=512))
    assert cluster(gold).is_cluster


def test_the_prototypes_stand_in_the_order_of_figure_2():
    order = ["bct_139", "bct_141", "hex/rh", "hex/rh", "sc", "fcc", "diam", "bcc"]
    assert [kind.crystal_class for kind in PROTOTYPES] == order


@pytest.mark.parametrize("percent", [0.0, 35.0, 100.0])
def test_body_centres_are_removed_and_corners_stay(percent):
    thinned = transition_bcc_sc.thinned(percent, np.random.default_rng(3))
    whole = transition_bcc_sc.thinned(0.0, np.random.default_rng(3))
    centres = len(whole) // 2
    assert len(whole) - len(thinned) == round(percent / 100 * centres)
    edge = 2 / np.sqrt(3) * nearest_distances(whole).min()
    corners = np.abs(thinned.positions / edge - np.round(thinned.positions / edge)).max(axis=1) < 1e-6
    assert corners.sum() == centres
    if percent == 100.0:
        assert nearest_distances(thinned) == pytest.approx(edge)


@pytest.mark.parametrize("lattice", transition_rhombohedral.LATTICES, ids=lambda at: at.crystal_class)
def test_rhombohedral_path_meets_the_cubic_lattices(lattice):
    cube = in_cubic_axes(rhombohedral(5.0, lattice.place), lattice)
    assert np.allclose(cube.cell, cube.cell[0, 0] * np.eye(3), atol=1e-9)
    assert CLASS_OF_SPACE_GROUP[space_group_number(cube, symprec=1e-4)] == lattice.crystal_class


@pytest.mark.parametrize("lattice", transition_bain.LATTICES, ids=lambda at: at.crystal_class)
def test_bain_path_meets_the_cubic_lattices(lattice):
    cube = in_cubic_axes(body_centred_tetragonal(3.0, lattice.place), lattice)
    assert np.allclose(cube.cell, cube.cell[0, 0] * np.eye(3), atol=1e-9)
    assert CLASS_OF_SPACE_GROUP[space_group_number(cube, symprec=1e-4)] == lattice.crystal_class


@pytest.mark.parametrize("lattice", transition_rhombohedral.LATTICES, ids=lambda at: at.crystal_class)
def test_cubic_axes_between_hold_the_same_lattice_with_a_symmetrical_strain(lattice):
    crystal = rhombohedral(5.0, 1.07 * lattice.place)
    cube = in_cubic_axes(crystal, lattice)
    assert np.allclose(cube.cell, cube.cell.T)
    assert cube.volume / len(cube) == pytest.approx(crystal.volume)
    assert space_group_number(cube, symprec=1e-4) == 166
    distances = [np.sort(nearest_distances(supercell_to(c, min_atoms=8)))[0] for c in (crystal, cube)]
    assert distances[0] == pytest.approx(distances[1])


def test_a_place_is_shown_in_three_ways():
    place = 1.01 * transition_rhombohedral.START
    at = transition_rhombohedral.step(
        rhombohedral(5.0, place), place, between="hex/rh", lattices=transition_rhombohedral.LATTICES
    )
    assert (at.expected, at.by_symmetry) == ("hex/rh", "bcc")
    assert at.views[AS_CELL].cell is not None
    assert at.views[STANDARD].is_cluster
    assert at.views[CUBIC].is_cluster
    assert len(at.views[STANDARD]) % 3 == 0  # the hexagonal cell of the lattice


def test_the_bain_path_has_each_cubic_lattice_once():
    places = transition_bain._places(301)
    assert len(places) == 302
    assert places.count(1.0) == 1
    assert float(np.sqrt(2)) in places
    assert np.diff(places).min() > 1e-4


def test_regions_are_stretches_of_one_answer():
    lattices = transition_bain.LATTICES
    steps = [transition_bain._made(c) for c in (0.9, 1.0, 1.01, 1.2, float(np.sqrt(2)))]
    columns = [0, 1, 1, 0, 0]
    probabilities = np.eye(2)[columns]
    line = Walk(steps, Answers(("bct_139", "bcc"), probabilities, (None,) * 5, {}))
    assert [(r["class"], r["from"], r["to"], r["places"]) for r in line.regions()] == [
        ("bct_139", 0.9, 0.9, 1),
        ("bcc", 1.0, 1.01, 2),
        ("bct_139", 1.2, 1.41421, 2),
    ]
    summary = line.summary(lattices, "bct_139")
    assert summary["answer_at"] == {"bcc": "bcc", "fcc": "bct_139"}
    assert summary["region_around"] == {"bcc": [1.0, 1.01], "fcc": None}
    assert summary["width_of_region"]["bcc"] == pytest.approx(0.01)
    assert summary["share_between"] == pytest.approx(2 / 3)


def test_the_lindemann_parameter_is_the_root_mean_square_displacement():
    pristine = supercell_to(with_element(PROTOTYPES[5].crystal, "Cu"), min_atoms=4000)
    steps = np.array([0.0, 0.2])
    still, moved = amorphous._displaced([pristine], steps, seed=1)
    assert np.array_equal(still.positions, pristine.positions)
    shift = moved.positions - pristine.positions
    assert np.sqrt((shift**2).sum(axis=1).mean()) / bond_length(pristine) == pytest.approx(0.2, rel=0.02)


def test_cosine_of_images():
    image = np.array([[0.0, 1.0], [0.5, 0.0]], dtype=np.float32)
    assert cosine(image, 3 * image) == pytest.approx(1.0)
    assert cosine(image, np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)) == 0.0


def test_curves_are_drawn_with_spread_marks_and_one_legend():
    x = np.linspace(0, 1, 5)
    mean = np.stack([1 - x, x, 0 * x], axis=1)
    panel = Panel("p", x, mean, ("bcc", "sc", "diam"), 0.1 * np.ones_like(mean), {"here": 0.5}, (0.1, 0.2))
    figure = draw_panels([panel, panel], columns=2, label="x", title="t")
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["bcc", "sc", "other classes"]
    with pytest.raises(WrongUsageError, match="3 panels, 2 columns"):
        draw_panels([panel] * 3, columns=2, label="x", title="t")
