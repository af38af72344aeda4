"""What a symmetry search finds, how it is numbered, and how it changes the networks' answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import nearest_distances, supercell, supercell_to, to_cluster
from xtalprint.models.classes import CLASSES
from xtalprint.models.evidence_fit import fitted_evidence
from xtalprint.models.manifest import EvidenceTable
from xtalprint.models.symmetry_evidence import (
    MOST_SITES,
    N_MARKS,
    SIZES,
    TOLERANCES,
    Finding,
    find_evidence,
    marks_of,
    nearly,
    objections,
    weighed,
)
from xtalprint.prototypes import body_centred_tetragonal

N_OUTPUTS = len(CLASSES) + 1


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def _copper(n_sites):
    half = 3.61 / 2
    return supercell_to(Crystal([[0, 0, 0]], ["Cu"], cell=half * (1 - np.eye(3))), min_atoms=n_sites)


def _table(*, trust=1.0, weights=None):
    if weights is None:
        weights = np.zeros((len(TOLERANCES), N_MARKS, N_OUTPUTS))
    return EvidenceTable(
        tolerances=TOLERANCES,
        sizes=SIZES,
        trust=(trust,) * (len(SIZES) + 2),
        weights=tuple(tuple(map(tuple, rows)) for rows in weights.tolist()),
    )


@pytest.mark.parametrize("n_sites", [1, 30, 300, 1000])
def test_a_supercell_gives_the_same_findings_as_its_primitive_cell(n_sites):
    findings = find_evidence(_copper(n_sites), 2.553)
    assert [(f.number, f.n_sites, f.crystal_class) for f in findings] == [(225, 1, "fcc")] * 2
    assert_allclose([f.symprec for f in findings], [0.02 * 2.553, 0.1 * 2.553])


def test_elements_are_not_looked_at(rng):
    copper = _copper(60)
    alloy = Crystal(copper.positions, rng.choice([29, 79], len(copper)), cell=copper.cell)
    assert [f.number for f in find_evidence(alloy, 2.553)] == [225, 225]


def test_a_vacancy_leaves_a_cell_as_large_as_the_box(rng):
    box = vacancies(_copper(60), 0.02, rng)
    found = find_evidence(box, 2.553)[0]
    assert found.n_sites == box.n_sites
    assert found.mark != find_evidence(_copper(60), 2.553)[0].mark


def test_large_boxes_without_translations_are_not_searched(rng):
    hot = displace_gaussian(_copper(2 * MOST_SITES), 0.3, rng)
    assert marks_of(find_evidence(hot, 2.553)) == (0, 0)


def test_without_a_cell_there_is_no_evidence():
    findings = find_evidence(to_cluster(_copper(60)), 2.553)
    assert findings == ()
    assert marks_of(findings) == (-1, -1)


def test_every_class_and_size_has_a_mark_of_its_own():
    numbers = (229, 139, 141, 227, 225, 194, 221, 62)
    sizes = (1, 2, 3, 10, 20, 100)
    marks = [Finding(0.1, number, size).mark for number in numbers for size in sizes]
    assert sorted([0, *marks]) == list(range(N_MARKS))
    assert Finding(0.1, 0, 0).mark == 0
    assert Finding(0.1, 166, 2).mark == Finding(0.1, 194, 2).mark


def test_a_table_of_zeros_changes_nothing(rng):
    p = rng.dirichlet(np.full(N_OUTPUTS, 5.0), 20)
    marks = rng.integers(0, N_MARKS, (20, 2))
    assert_allclose(weighed(p, marks, _table()), p, atol=1e-12)
    assert_allclose(weighed(p, marks, _table(trust=0.0)), 1 / N_OUTPUTS, atol=1e-12)


def test_a_cluster_keeps_the_networks_answer(rng):
    p = rng.dirichlet(np.ones(N_OUTPUTS), 3)
    weights = rng.normal(size=(2, N_MARKS, N_OUTPUTS))
    marks = np.array([[-1, -1], [3, 4], [-1, -1]])
    after = weighed(p, marks, _table(trust=0.5, weights=weights))
    assert_allclose(after[[0, 2]], p[[0, 2]])
    assert np.abs(after[1] - p[1]).max() > 1e-3
    assert_allclose(after.sum(axis=1), 1)


def test_weights_give_back_how_often_a_finding_was_right(rng):
    """Networks that know nothing: what is left is the share of each class among the samples with the same finding."""
    n = 40_000
    marks = np.column_stack([np.ones(n, dtype=np.int64), rng.integers(1, 3, n)])
    labels = np.where(rng.random(n) < np.where(marks[:, 1] == 1, 0.9, 0.2), 0, 4)
    uniform = np.full((n, N_OUTPUTS), 1 / N_OUTPUTS)
    table = fitted_evidence(uniform, marks, labels, TOLERANCES)
    after = weighed(uniform[:2], np.array([[1, 1], [1, 2]]), table)
    assert_allclose(after[:, 0], [0.9, 0.2], atol=0.01)
    assert_allclose(after[:, 4], [0.1, 0.8], atol=0.01)


def test_networks_that_are_right_keep_their_say_where_the_search_finds_nothing(rng):
    labels = rng.integers(0, N_OUTPUTS, 4000)
    p = 0.02 / (N_OUTPUTS - 1) * np.ones((4000, N_OUTPUTS))
    p[np.arange(4000), labels] = 0.98
    marks = np.zeros((4000, 2), dtype=np.int64)
    marks[:2000] = -1
    after = weighed(p, marks, fitted_evidence(p, marks, labels, TOLERANCES))
    assert (after.argmax(axis=1) == labels).all()


def test_an_objection_names_group_size_and_tolerance():
    findings = (Finding(0.05, 139, 1), Finding(0.25, 229, 1))
    assert objections(findings, "fcc") == [
        "the symmetry search within 0.25 Å finds space group 229 in a cell of 1 sites, that of class bcc"
    ]
    assert objections(findings, "bct_139") == objections(findings, "bcc") == []
    assert "which belongs to none of the classes" in objections((Finding(0.1, 62, 4),), "fcc")[0]


def test_a_noisy_box_without_symmetry_is_no_objection():
    assert objections((Finding(0.05, 1, 60), Finding(0.2, 0, 0)), "fcc") == []


@pytest.mark.parametrize("noise", [0.001, 0.0025, 0.02])
@pytest.mark.parametrize("repeats", [(2, 1, 1), (5, 5, 5), (1, 1, 90), (1, 70, 2)])
def test_a_supercell_of_a_noisy_cell_gives_the_same_findings_whatever_its_shape(rng, repeats, noise):
    noisy = displace_gaussian(_copper(8), noise, rng)
    found = marks_of(find_evidence(noisy, 2.553))
    assert found != (0, 0)
    assert marks_of(find_evidence(supercell(noisy, repeats), 2.553)) == found
    assert marks_of(find_evidence(supercell(_copper(1), repeats), 2.553)) == marks_of(
        find_evidence(_copper(1), 2.553)
    )


def _stacked(*, shift):
    """Two cells of fcc on top of each other, one of the four sites moved along the axis by so many bond lengths."""
    cell = 3.61 * np.diag([np.sqrt(0.5), np.sqrt(0.5), 2.0])
    places = np.array([[0, 0, 0], [0.5, 0.5, 0.25], [0, 0, 0.5], [0.5, 0.5, 0.75]]) @ cell
    places[2, 2] += shift * 2.553
    return Crystal(places, ["Cu"] * 4, cell=cell)


@pytest.mark.parametrize("noise", [0.0, 0.0005, 0.003, 0.01])
@pytest.mark.parametrize("shift", [0.05, 0.06, 0.08])
def test_sites_that_are_almost_copies_are_told_apart_in_a_noisy_box(rng, noise, shift):
    cell = _stacked(shift=shift)
    found = find_evidence(cell, 2.553, closer=True)
    assert [(finding.number, finding.n_sites) for finding in found] == [(99, 4), (225, 1)]
    box = displace_gaussian(supercell(cell, (4, 4, 4)), noise, rng)
    assert marks_of(find_evidence(box, 2.553, closer=True)) == marks_of(found)


@pytest.mark.parametrize(("c_over_a", "number"), [(1.0, 229), (1.01, 229), (1.02, 139), (1.05, 139)])
@pytest.mark.parametrize("repeats", [1, 6])
def test_a_nearly_cubic_crystal_is_looked_at_once_more(c_over_a, number, repeats):
    crystal = supercell(body_centred_tetragonal(4.0, c_over_a), (repeats,) * 3)
    length = float(nearest_distances(crystal).mean())
    findings = find_evidence(crystal, length, closer=True)
    assert findings[0].number == number
    warnings = nearly(crystal, length, findings, str(findings[0].crystal_class))
    assert len(warnings) == (c_over_a in {1.01, 1.02})


@pytest.mark.parametrize("repeats", [2, 3, 5])
@pytest.mark.parametrize("noise", [0.0, 0.004, 0.01, 0.02])
@pytest.mark.parametrize(("c_over_a", "number"), [(1.0, 229), (1.01, 229), (1.02, 139), (1.05, 139)])
def test_noise_and_the_size_of_the_box_do_not_hide_its_shape(rng, repeats, noise, c_over_a, number):
    length = 3.464
    box = supercell(body_centred_tetragonal(4.0, c_over_a), (repeats,) * 3)
    box = displace_gaussian(box, noise * length, rng) if noise else box
    assert find_evidence(box, length, closer=True)[-1].number == number


def test_atoms_that_are_not_known_well_enough_are_not_looked_at_once_more(rng):
    """Two copies, displaced by 0.03 bond lengths: their mean is not known to the 0.015 of the closer look."""
    box = displace_gaussian(body_centred_tetragonal(4.0, 1.02), 0.03 * 3.464, rng)
    assert find_evidence(box, 3.464, closer=True)[-1].number == 229


def test_what_is_decided_at_a_closer_look_names_the_other_class():
    crystal = body_centred_tetragonal(4.0, 1.02)
    length = float(nearest_distances(crystal).mean())
    [warning] = nearly(crystal, length, find_evidence(crystal, length, closer=True), "bct_139")
    assert warning == (
        "bct_139 within 0.052 Å only: within 0.17 Å the symmetry search finds space group 229, that of class bcc"
    )
