"""Vectors of a lattice as it lies: whole sums of each other, the standard cell's lengths, absences by centring."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint import Crystal, MomentumCloud
from xtalprint.crystal import cell_parameters
from xtalprint.errors import UnsupportedInputError
from xtalprint.geometry import random_rotation, rotated, space_group_number, standard_cell, supercell
from xtalprint.geometry.lattice_basis import given_basis, lattice_basis


def crystal(symbol, fractional, cell):
    cell = np.asarray(cell, dtype=float)
    return Crystal(np.asarray(fractional) @ cell, [symbol] * len(fractional), cell=cell)


def rhombohedral(a, c):
    """Primitive vectors, obverse, of a hexagonal cell."""
    hexagonal = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]])
    return np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3 @ hexagonal


URANIUM = [[0, 0.1025, 0.25], [0, -0.1025, 0.75], [0.5, 0.6025, 0.25], [0.5, 0.3975, 0.75]]
#: One of each centring: name, crystal, how many primitive cells its conventional cell holds, space group.
CENTRINGS = {
    "P": (crystal("Po", [[0, 0, 0]], 3.35 * np.eye(3)), 1, 221),
    "I": (crystal("In", [[0, 0, 0]], [[-1.63, 1.63, 2.47], [1.63, -1.63, 2.47], [1.63, 1.63, -2.47]]), 2, 139),
    "C": (crystal("U", URANIUM, np.diag([2.854, 5.87, 4.955])), 2, 63),
    "R": (crystal("Bi", [[0.234] * 3, [-0.234] * 3], rhombohedral(4.546, 11.863)), 3, 166),
    "F": (crystal("Si", [[0, 0, 0], [0.25] * 3], 2.715 * (np.ones((3, 3)) - np.eye(3))), 4, 227),
}


@pytest.mark.parametrize("centring", CENTRINGS)
def test_conventional_and_primitive_vectors(centring):
    solid, multiplicity, group = CENTRINGS[centring]
    assert space_group_number(solid) == group
    rng = np.random.default_rng(0)
    for given in (solid, rotated(supercell(solid, (2, 1, 1)), random_rotation(rng))):
        conventional = lattice_basis(given, kind="conventional")
        primitive = lattice_basis(given, kind="primitive")
        np.testing.assert_array_equal(conventional.primitive, primitive.vectors)
        assert primitive.found
        volumes = [np.linalg.det(basis.vectors) for basis in (conventional, primitive)]
        assert volumes[0] == pytest.approx(multiplicity * volumes[1])
        np.testing.assert_allclose(
            np.sort(cell_parameters(conventional.vectors)[:3]),
            np.sort(cell_parameters(standard_cell(given).cell)[:3]),
        )
        for coarse, fine in ((given.cell, primitive.vectors), (conventional.vectors, primitive.vectors)):
            whole = coarse @ np.linalg.inv(fine)
            np.testing.assert_allclose(whole, np.round(whole), atol=1e-9)


@pytest.mark.parametrize("centring", CENTRINGS)
def test_absences_by_centring_are_those_of_the_whole_conventional_cell(centring):
    solid, multiplicity, _ = CENTRINGS[centring]
    cloud = MomentumCloud(cell="conventional", n_points=729).cloud(solid)
    standard = standard_cell(solid)
    whole = MomentumCloud(cell="given", n_points=729).cloud(standard)
    np.testing.assert_allclose(
        np.sort(cloud.intensities), np.sort(whole.intensities), atol=1e-9 * whole.intensities.max()
    )
    absent = lattice_basis(solid, kind="conventional").absent(cloud.hkl)
    assert absent.mean() == pytest.approx(1 - 1 / multiplicity, abs=0.05)
    assert not cloud.intensities[absent].any()


def test_what_has_no_lattice():
    for solid in (
        Crystal([[0, 0, 0]], ["Po"]),
        Crystal([[0, 0, 0]], ["Po"], cell=np.eye(3) * 4, pbc=(True,) * 2 + (False,)),
    ):
        for function in (given_basis, lambda one: lattice_basis(one, kind="primitive")):
            with pytest.raises(UnsupportedInputError, match="repeats in three directions"):
                function(solid)
