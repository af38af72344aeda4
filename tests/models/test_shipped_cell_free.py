"""The shipped cell-free model on simple crystals as people have them: any cell, turned, thinned, no cell, molten."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint import geometry
from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, substitute, vacancies
from xtalprint.errors import ModelError
from xtalprint.models import load_model
from xtalprint.models.bond_order_classifier import BondOrderClassifier
from xtalprint.models.manifest import CloserSearch
from xtalprint.models.presentations import random_piece
from xtalprint.studies.settings import noisy_forms, other_settings

FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
HEX = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, 1.6]])
CRYSTALS = {
    "fcc": Crystal([[0, 0, 0]], ["Cu"], cell=1.805 * FACE),
    "bcc": Crystal([[0, 0, 0]], ["Fe"], cell=1.433 * (1 - 2 * np.eye(3))),
    "sc": Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)),
    "diam": Crystal([[0, 0, 0], [1.3575] * 3], ["Si"] * 2, cell=2.715 * FACE),
    "hex/rh": Crystal(np.array([[0, 0, 0], [1 / 3, 2 / 3, 0.5]]) @ (3.2 * HEX), ["Mg"] * 2, cell=3.2 * HEX),
    "bct_139": Crystal([[0, 0, 0], [1.625, 1.625, 2.475]], ["In"] * 2, cell=np.diag([3.25, 3.25, 4.95])),
    "bct_141": Crystal(
        np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0, 0.5, 0.25], [0.5, 0, 0.75]]) * [5.83, 5.83, 3.18],
        ["Sn"] * 4,
        cell=np.diag([5.83, 5.83, 3.18]),
    ),
}
CLASSES = list(CRYSTALS)


@pytest.fixture(scope="module")
def model():
    return load_model("crystal-class")


def answer(model, crystal):
    [prediction] = model.predict(crystal)
    assert prediction.status == "ok", prediction.error
    return prediction


@pytest.mark.parametrize("name", CLASSES)
def test_pristine_crystals_are_known_and_sure(model, name):
    prediction = answer(model, CRYSTALS[name])
    assert (prediction.crystal_class, prediction.known, prediction.warnings) == (name, True, ())
    assert prediction.probability > 0.95


@pytest.mark.parametrize("name", CLASSES)
def test_every_cell_and_orientation_gives_the_same(model, name):
    crystal = CRYSTALS[name]
    cell = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]]) @ crystal.cell
    other = Crystal(crystal.positions + np.array([1, 2, 3]), crystal.numbers, cell=cell)
    turn = geometry.random_rotation(np.random.default_rng(0))
    big = geometry.rotated(geometry.supercell(other, (3, 1, 2)), turn)
    expected, found = (answer(model, c).probabilities for c in (crystal, big))
    assert dict(found) == pytest.approx(dict(expected), abs=2e-4)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_a_turned_piece_without_a_cell_gets_the_same_class(model, name, missing):
    rng = np.random.default_rng(CLASSES.index(name))
    piece = random_piece(CRYSTALS[name], round(180 / (1 - missing)), rng)
    assert answer(model, vacancies(piece, missing, rng)).crystal_class == name


@pytest.mark.parametrize("name", CLASSES)
def test_a_hot_thinned_alloy_in_a_box_gets_the_same_class(model, name):
    rng = np.random.default_rng(CLASSES.index(name))
    box = geometry.supercell_to(CRYSTALS[name], min_atoms=300)
    box = substitute(vacancies(displace_gaussian(box, 0.05, rng, unit="d_nn"), 0.25, rng), 0.5, rng)
    prediction = answer(model, box)
    assert prediction.crystal_class == name
    assert any(warning.startswith("several elements") for warning in prediction.warnings)


@pytest.mark.parametrize("name", CLASSES)
def test_a_noisy_crystal_gives_the_same_however_it_is_given(model, name):
    """Where the networks are in doubt the atoms' own lattice is looked for, which is done in a pose of its own."""
    rng = np.random.default_rng(CLASSES.index(name))
    for _, sample in noisy_forms(CRYSTALS[name], rng):
        expected = answer(model, sample)
        for setting, other in other_settings(sample, rng):
            found = answer(model, other)
            assert dict(found.probabilities) == pytest.approx(dict(expected.probabilities), abs=1e-4), setting
            assert (found.known, found.warnings) == (expected.known, expected.warnings), setting


def slabs(rng):
    """Noisy slabs of 6 to 9 layers with a vacuum."""
    for name in ("fcc", "bcc", "hex/rh"):
        crystal = CRYSTALS[name]
        n = 3 if name == "hex/rh" else 6
        slab = geometry.supercell(geometry.niggli_cell(crystal), (3, 3, n))
        cell = slab.cell.copy()
        cell[2] *= 1 + 16 / np.linalg.norm(cell[2])
        yield displace_gaussian(Crystal(slab.positions, slab.numbers, cell=cell), 0.08, rng)


def test_a_noisy_slab_gives_the_same_in_every_cell_of_its_plane(model):
    rng = np.random.default_rng(8)
    shear = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    for slab in slabs(rng):
        expected = answer(model, slab)
        moved = slab.positions + rng.uniform(-5, 5, 3)
        order = rng.permutation(len(slab))
        for other in (
            Crystal(slab.positions, slab.numbers, cell=shear @ slab.cell),
            Crystal(moved, slab.numbers, cell=slab.cell),
            Crystal(slab.positions[order], slab.numbers[order], cell=slab.cell),
            geometry.supercell(slab, (2, 1, 1)),
            geometry.rotated(slab, geometry.random_rotation(rng)),
        ):
            found = answer(model, other)
            assert dict(found.probabilities) == pytest.approx(dict(expected.probabilities), abs=1e-4)
            assert (found.known, found.warnings) == (expected.known, expected.warnings)


def test_a_supercell_of_any_size_is_seen_as_its_cell(model):
    """Beyond 20,000 sites the middle would be seen, as a finite piece without its symmetry."""
    cosine = np.cos(np.radians(61))
    cell = 2.6 * np.linalg.cholesky(np.full((3, 3), cosine) + (1 - cosine) * np.eye(3))
    crystal = Crystal([[0, 0, 0]], ["Fe"], cell=cell)
    expected = answer(model, crystal)
    for repeats in (8, 28):
        found = answer(model, geometry.supercell(crystal, (repeats,) * 3))
        assert (found.crystal_class, found.known, found.warnings) == (
            expected.crystal_class,
            expected.known,
            expected.warnings,
        )
        assert dict(found.probabilities) == pytest.approx(dict(expected.probabilities), abs=2e-4)


def test_a_large_perfect_compound_has_its_warning_and_a_noisy_box_says_that_it_is_cut(model):
    salt = Crystal([[0, 0, 0], [2.82, 2.82, 2.82]], ["Na", "Cl"], cell=2.82 * FACE)
    box = geometry.supercell(salt, (22, 22, 22))
    assert [w[:16] for w in answer(model, box).warnings] == ["several elements"]
    noisy = displace_gaussian(box, 0.1, np.random.default_rng(0))
    assert answer(model, noisy).warnings[0] == f"cut to the middle 20000 of {len(box)} sites"


def test_one_or_two_atoms_missing_from_a_small_box_change_nothing(model):
    box = geometry.supercell(CRYSTALS["fcc"], (4, 4, 4))
    for seed in range(5):
        for missing in (1, 2):
            thinned = vacancies(box, missing / len(box), np.random.default_rng(seed))
            assert answer(model, thinned).crystal_class == "fcc"


def test_disorder_is_not_known(model):
    box = geometry.supercell(CRYSTALS["fcc"], (6, 6, 6))
    for seed in range(5):
        rng = np.random.default_rng(seed)
        assert answer(model, displace_gaussian(box, 0.35, rng, unit="d_nn")).known is False
        assert answer(model, Crystal(rng.uniform(0, 16, (250, 3)), [18] * 250)).known is False


def test_molecules_far_apart_have_an_answer_and_are_not_known(model):
    for edge in (4, 30, 1000):
        cell = edge * np.diag([1, 1, 1.2])
        prediction = answer(model, Crystal([[0, 0, 0], [0, 0, 0.74]], ["H"] * 2, cell=cell))
        assert not prediction.known
        assert any("0.74 Å apart: the networks see nothing" in warning for warning in prediction.warnings)
        assert not any("networks answer" in warning for warning in prediction.warnings)


def test_few_atoms_without_a_cell_are_worth_a_warning(model):
    few = random_piece(CRYSTALS["fcc"], 55, np.random.default_rng(0))
    assert f"{len(few)} sites without a cell: fewer than the 60" in answer(model, few).warnings[0]


def test_networks_that_disagree_are_named(model, monkeypatch):
    members = np.full((3, 8), 0.01)
    members[[0, 1, 2], [4, 4, 0]] = 0.93
    monkeypatch.setattr(model, "predict_order", lambda _: members)
    prediction = answer(model, CRYSTALS["fcc"])
    assert prediction.crystal_class == "fcc"
    assert "1 of 3 networks answers otherwise" in prediction.warnings


def test_a_particle_in_an_empty_box_is_what_it_is_without_the_box(model):
    particle = random_piece(CRYSTALS["fcc"], 150, np.random.default_rng(3))
    boxed = Crystal(particle.positions, particle.numbers, cell=60 * np.eye(3))
    free, found = answer(model, particle), answer(model, boxed)
    assert found.crystal_class == "fcc"
    assert found.known
    assert found.probability == pytest.approx(free.probability, abs=1e-6)
    assert found.warnings[0].startswith("vacuum of ")
    assert found.warnings[0].endswith("in three directions: what stands in it is seen as finite there")


def test_of_a_handful_of_atoms_nobody_says_whether_it_is_known(model):
    prediction = answer(model, geometry.to_cluster(geometry.supercell(CRYSTALS["fcc"], (2, 2, 2))))
    assert prediction.known is None


@pytest.mark.parametrize(("name", "a"), [("fcc", 3.61), ("bcc", 3.165)])
@pytest.mark.parametrize("repeats", [2, 3])
def test_a_point_defect_in_cubes_of_the_standard_cell_changes_nothing(model, name, a, repeats):
    """The box is cubic then, of simple cubic space group 221: the symmetry of the fault, not of the crystal."""
    basis = {"fcc": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]], "bcc": [[0, 0, 0], [0.5, 0.5, 0.5]]}[
        name
    ]
    cube = Crystal(a * np.array(basis), ["W"] * len(basis), cell=a * np.eye(3))
    box = geometry.supercell(cube, (repeats,) * 3)
    vacancy = Crystal(box.positions[1:], box.numbers[1:], cell=box.cell)
    hole = {"fcc": [0.5, 0.5, 0.5], "bcc": [0.5, 0.5, 0.0]}[name]
    hydrogen = Crystal(np.vstack([box.positions, a * np.array([hole])]), [*box.numbers, 1], cell=box.cell)
    for crystal in (vacancy, hydrogen):
        prediction = answer(model, crystal)
        assert (prediction.crystal_class, prediction.known) == (name, True)
        assert prediction.probability > 0.9


@pytest.mark.parametrize(("ratio", "nearly"), [(1.0, None), (0.99, 139), (1.001, None), (np.sqrt(2) * 1.01, 139)])
@pytest.mark.parametrize("repeats", [(1, 1, 1), (4, 4, 5)])
def test_a_lattice_that_is_cubic_only_nearly_is_told(model, ratio, nearly, repeats):
    centred = Crystal([[0, 0, 0], [1.6, 1.6, 1.6 * ratio]], ["Fe", "Fe"], cell=np.diag([3.2, 3.2, 3.2 * ratio]))
    [found] = model.predict(geometry.supercell(centred, repeats))
    told = [warning for warning in found.warnings if " only: within " in warning]
    assert found.crystal_class == ("bcc" if ratio < 1.2 else "fcc")
    assert len(told) == (nearly is not None)
    assert all(f"finds space group {nearly}, that of class bct_139" in warning for warning in told)


def test_a_sheet_is_no_crystal_whatever_its_cell_says(model):
    layer = np.array([[0, 0, 0], [1.6, 0.92, 1.56], [1.6, 0.92, -1.56]])
    cell = np.array([[3.19, 0, 0], [-1.595, 2.763, 0], [0, 0, 25.0]])
    for pbc in ((True, True, True), (True, True, False)):
        sheet = Crystal(layer, ["Mo", "S", "S"], cell=cell, pbc=pbc)
        [found] = model.predict(sheet)
        assert found.known is False
        assert any("no lattice of three dimensions" in warning for warning in found.warnings)
    large = geometry.to_cluster(geometry.supercell(Crystal(layer, ["Mo", "S", "S"], cell=cell), (6, 6, 1)))
    assert model.predict(large)[0].known is False


@pytest.mark.parametrize(
    "changes", [{"tolerances": (0.02, 0.2)}, {"closer": CloserSearch(copies=(0.02,), decisive=0.015)}]
)
def test_weights_fitted_to_another_symmetry_search_are_refused(model, changes):
    evidence = model.manifest.evidence.model_copy(update=changes)
    with pytest.raises(ModelError, match="weighs a symmetry search that this version does not make"):
        BondOrderClassifier(model.manifest.model_copy(update={"evidence": evidence}), b"")
