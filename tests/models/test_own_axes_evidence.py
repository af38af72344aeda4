"""The symmetry of the atoms' own lattice, and when it is asked."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import bond_length
from xtalprint.models.own_axes_evidence import ERRORS, SETTLED, believed, find_own_evidence, is_in_doubt, is_settled
from xtalprint.models.presentations import disordered, random_piece
from xtalprint.models.symmetry_evidence import Finding, marks_of
from xtalprint.prototypes import simple_lattice

GROUPS = {"fcc": 225, "bcc": 229, "sc": 221, "hcp": 194}


def found_in(crystal):
    return find_own_evidence(crystal, bond_length(crystal, method="robust"))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("name", GROUPS)
def test_a_thinned_hot_piece_still_tells_its_group(name, rng):
    piece = displace_gaussian(random_piece(simple_lattice(name), 250, rng), 0.03, rng, unit="d_nn")
    findings = found_in(vacancies(piece, 0.3, rng))
    assert len(findings) == len(ERRORS)
    assert findings[-1].number == GROUPS[name]
    assert findings[-1].n_sites <= 2


def test_where_nothing_repeats_nothing_is_found(rng):
    assert marks_of(found_in(disordered([simple_lattice("fcc")], rng))) == (0, 0)


def test_a_small_cell_settles_it_and_a_box_does_not():
    assert is_settled((Finding(0.1, 225, 1), Finding(0.2, 225, 1)))
    assert not is_settled(())
    assert not is_settled((Finding(0.1, 225, 1), Finding(0.2, 0, 0)))
    assert not is_settled((Finding(0.1, 0, 0), Finding(0.2, 221, SETTLED + 1)))


def test_only_those_in_doubt_are_asked():
    before = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
    after = np.array([[0.99, 0.01], [0.6, 0.4], [0.99, 0.01], [0.0, 1.0]])
    assert is_in_doubt(before, after, 0.9).tolist() == [False, True, True, False]


def test_the_symmetry_of_a_fault_is_not_believed():
    fcc, box, other = (Finding(0.1, number, size).mark for number, size in ((225, 1), (221, 31), (62, 40)))
    before, after = np.array([[0.9, 0.1]] * 4), np.array([[0.2, 0.8]] * 4)
    marks = np.array([[box, box], [fcc, fcc], [box, box], [-1, -1]])
    own = np.array([[fcc, fcc], [fcc, fcc], [other, other], [fcc, fcc]])
    assert believed(before, after, marks, own)[:, 0].tolist() == [0.9, 0.2, 0.2, 0.2]


@pytest.mark.parametrize("unit", [0.05, 10, 1e3, 1e6])
def test_the_unit_of_length_does_not_matter(rng, unit):
    piece = displace_gaussian(random_piece(simple_lattice("fcc"), 150, rng), 0.05, rng, unit="d_nn")
    large = Crystal(unit * piece.positions, piece.numbers)
    assert marks_of(found_in(large)) == marks_of(found_in(piece)) != (0, 0)
