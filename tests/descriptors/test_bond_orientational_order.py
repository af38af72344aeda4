"""Bond-orientational order: known values, exact invariance, continuity, defects, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import Crystal, geometry
from xtalprint.defects import displace_gaussian, substitute, vacancies
from xtalprint.descriptors.base import Descriptor, parameters
from xtalprint.descriptors.bond_orientational_order import DEGREES, BondOrientationalOrder
from xtalprint.errors import UnsupportedInputError, XtalprintError

SETTINGS = settings(max_examples=15, deadline=None, derandomize=True)
DESCRIPTOR = BondOrientationalOrder()
SHARP = BondOrientationalOrder(smearing=0.02, resolution=0.05)
FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
FCC = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * FACE)
BCC = Crystal([[0, 0, 0]], ["Fe"], cell=1.43 * (1 - 2 * np.eye(3)))
SC = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
DIAMOND = Crystal([[0, 0, 0], [1.36] * 3], ["Si"] * 2, cell=2.72 * FACE)
HEX = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, np.sqrt(8 / 3)]])
HCP = Crystal(np.array([[0, 0, 0], [1 / 3, 2 / 3, 0.5]]) @ (3.2 * HEX), ["Mg"] * 2, cell=3.2 * HEX)
#: Q_4 and Q_6 of the first shell: W. Mickel et al., J. Chem. Phys. 138, 044501 (2013), table I, and for bcc's eight
#: neighbours and sc P. J. Steinhardt et al., Phys. Rev. B 28, 784 (1983).
FIRST_SHELLS = {
    "fcc": (FCC, 0.19094, 0.57452),
    "hcp": (HCP, 0.09722, 0.48476),
    "bcc, 8 neighbours": (BCC, 0.50918, 0.62854),
    "sc": (SC, 0.76376, 0.35355),
}


@pytest.mark.parametrize("name", FIRST_SHELLS)
def test_known_values_of_the_first_shell(name):
    crystal, q4, q6 = FIRST_SHELLS[name]
    array = SHARP.compute(crystal).array
    first = SHARP.distances.tolist().index(1.0)
    order = array[1:7, first] / array[0, first]
    np.testing.assert_allclose(order[[DEGREES.index(4), DEGREES.index(6)]], [q4, q6], atol=2e-5)


@pytest.mark.parametrize("crystal", [FCC, BCC, SC, DIAMOND], ids=["fcc", "bcc", "sc", "diam"])
def test_cubic_crystals_have_no_order_of_degree_2(crystal):
    array = DESCRIPTOR.compute(crystal).array
    assert abs(array[[1, 7, 13]]).max() < 1e-5


def test_contract():
    assert isinstance(DESCRIPTOR, Descriptor)
    fingerprint = DESCRIPTOR.compute(Crystal(FCC.positions, ["Cu"], cell=FCC.cell, source="Cu.cif", frame=3))
    assert fingerprint.array.shape == (19, 40)
    assert fingerprint.array.dtype == np.float32
    assert (fingerprint.source, fingerprint.frame, fingerprint.formula) == ("Cu.cif", 3, "Cu")
    assert len(DESCRIPTOR.channels) == 19
    assert DESCRIPTOR.channels[:3] == ("pairs", "order 2", "order 4")
    assert (
        BondOrientationalOrder(**{k: v for k, v in parameters(DESCRIPTOR).items() if k != "descriptor"}) == DESCRIPTOR
    )


@st.composite
def crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(1, 5))
    cell = np.diag(rng.uniform(2.5, 4, 3)) @ (np.eye(3) + np.tril(rng.uniform(-0.5, 0.5, (3, 3)), -1))
    frac = (np.arange(n)[:, None] + rng.random((n, 3)) * 0.4) / n
    return Crystal(frac @ cell, [6] * n, cell=cell), rng


@SETTINGS
@given(crystals())
def test_same_for_every_orientation_cell_origin_and_order_of_rows(made):
    crystal, rng = made
    expected = DESCRIPTOR.compute(crystal).array
    cell = np.array([[1, 0, 0], [int(rng.integers(-2, 3)), 1, 0], [1, int(rng.integers(-2, 3)), 1]]) @ crystal.cell
    rows = rng.permutation(len(crystal))
    moved = Crystal(crystal.positions[rows] + rng.uniform(-9, 9, 3), crystal.numbers[rows], cell=cell)
    big = geometry.supercell(moved, tuple(rng.integers(1, 4, 3).tolist()))
    found = DESCRIPTOR.compute(geometry.rotated(big, geometry.random_rotation(rng))).array
    np.testing.assert_allclose(found, expected, atol=2e-5 * abs(expected).max())


@SETTINGS
@given(crystals())
def test_same_for_a_piece_in_every_orientation(made):
    crystal, rng = made
    piece = geometry.to_cluster(geometry.supercell(crystal, (4, 4, 4)))
    turned = geometry.rotated(piece, geometry.random_rotation(rng))
    one, other = (DESCRIPTOR.compute(c).array for c in (piece, turned))
    np.testing.assert_allclose(one, other, atol=2e-5 * abs(one).max())


@SETTINGS
@given(st.integers(0, 10**6))
def test_changes_little_when_atoms_move_little(seed):
    rng = np.random.default_rng(seed)
    big = displace_gaussian(geometry.supercell(HCP, (3, 3, 2)), 0.05, rng)
    one = DESCRIPTOR.compute(big).array
    other = DESCRIPTOR.compute(displace_gaussian(big, 1e-6, rng)).array
    assert abs(one - other).max() < 2e-3


def test_scale_and_elements_do_not_matter():
    big = geometry.supercell(DIAMOND, (2, 2, 2))
    expected = DESCRIPTOR.compute(big).array
    other = substitute(geometry.scaled(big, 1.7), 0.5, np.random.default_rng(0))
    np.testing.assert_allclose(DESCRIPTOR.compute(other).array, expected, atol=1e-5)


def test_missing_atoms_drop_out_of_the_ratio():
    big = geometry.supercell(FCC, (8, 8, 8))
    whole, thinned = (DESCRIPTOR.compute(c).array for c in (big, vacancies(big, 0.4, np.random.default_rng(0))))
    assert abs(thinned[:7] - whole[:7]).max() < 0.15
    assert whole.max() > 4


def test_a_gas_has_no_order_and_a_crystal_of_its_density_has():
    rng = np.random.default_rng(0)
    gas = Crystal(rng.uniform(0, 22, (600, 3)), [18] * 600)
    order = DESCRIPTOR.compute(gas).array[1:7, 10:]
    crystal = DESCRIPTOR.compute(geometry.to_cluster(geometry.supercell(FCC, (8, 8, 9)))).array[1:7, 10:]
    assert order.mean() < 0.2 * crystal.mean()


def test_many_are_the_same_as_one_by_one_and_failures_keep_their_place():
    lonely = Crystal([[0, 0, 0]], ["He"], source="he.xyz")
    crystals = [FCC, lonely, geometry.supercell(SC, (3, 3, 3))]
    for threads in (1, 2):
        batch = DESCRIPTOR.compute_many(crystals, threads=threads)
        assert batch.index.tolist() == [0, 2]
        np.testing.assert_array_equal(batch.array[1], DESCRIPTOR.compute(crystals[2]).array)
        assert [failure.index for failure in batch.failures] == [1]
        assert "he.xyz" in str(batch.failures[0].error)


def test_a_slab_is_seen_as_a_piece():
    slab = Crystal(FCC.positions, ["Cu"], cell=FCC.cell, pbc=(True, True, False))
    assert DESCRIPTOR.compute(slab).warnings == (
        "repeats along fewer than three directions: seen is a round piece of 512 sites",
    )


def test_a_perfect_supercell_of_more_sites_than_are_looked_at_is_its_cell():
    cell = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    salt = Crystal([[0, 0, 0], [2.82, 2.82, 2.82]], ["Na", "Cl"], cell=2.82 * cell)
    box = geometry.supercell(salt, (22, 22, 22))
    for species in (False, True):
        descriptor = BondOrientationalOrder(species=species)
        found, expected = descriptor.compute(box), descriptor.compute(salt)
        assert found.warnings == ()
        np.testing.assert_allclose(found.array, expected.array, atol=1e-4)


def test_two_atoms_far_from_all_others_are_refused():
    message = r"two\.xyz: no two sites are 1\.2 to 4\.4 bond lengths of 2 Å apart"
    with pytest.raises(UnsupportedInputError, match=message):
        DESCRIPTOR.compute(Crystal([[0, 0, 0], [2, 0, 0]], ["H", "H"], source="two.xyz"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smearing": 0}, r"smearing must be a positive number \(value: 0\)"),
        ({"resolution": float("nan")}, "resolution must be a positive number"),
        ({"r_max": 1.0}, "r_max must be larger than r_min and 1.2"),
    ],
)
def test_parameters_without_a_meaning_are_refused(options, message):
    with pytest.raises(XtalprintError, match=message):
        BondOrientationalOrder(**options)


def test_what_is_no_crystal_is_refused():
    with pytest.raises(XtalprintError, match="from_ase"):
        DESCRIPTOR.compute("Cu.cif")


def test_picture():
    figure = DESCRIPTOR.compute(DIAMOND).plot()
    top, middle, bottom = figure.axes[:3]
    assert (top.get_ylabel(), middle.get_ylabel(), bottom.get_xlabel()) == (
        "pairs",
        "degree $l$",
        "distance in bond lengths",
    )
    assert [label.get_text() for label in middle.get_yticklabels()] == ["2", "4", "6", "8", "10", "12"]
