"""Order around each atom: a slow and plain reference, known values, exact invariance, continuity, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import sph_harm_y

from xtalprint import Crystal, geometry
from xtalprint.defects import displace_gaussian
from xtalprint.descriptors.neighbourhood_order import NeighbourhoodOrder
from xtalprint.errors import UnsupportedInputError, XtalprintError

SETTINGS = settings(max_examples=15, deadline=None, derandomize=True)
DESCRIPTOR = NeighbourhoodOrder()
FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
FCC = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * FACE)


def neighbours(crystal, reach):
    """(i, j, vector) of all pairs, by trying all images."""
    images = [np.zeros(3)]
    if crystal.cell is not None:
        n = np.ceil(reach / geometry.heights(crystal.cell)).astype(int) + 1
        images = [(np.array(k) - n) @ crystal.cell for k in np.ndindex(*(2 * n + 1))]
    for i, here in enumerate(crystal.positions):
        for j, there in enumerate(crystal.positions):
            for image in images:
                vector = there + image - here
                length = np.linalg.norm(vector)
                if 1e-9 < length < reach:
                    yield i, j, vector, length


def slow(crystal, d):
    """What the class says, formula by formula."""
    bond = geometry.bond_length(crystal, method="robust")
    degrees = range(0, 13, 2)
    order = {degree: np.zeros((len(crystal), d.n_shells, 2 * degree + 1), complex) for degree in degrees}
    pairs = list(neighbours(crystal, d.reach * bond))
    for i, _, (x, y, z), length in pairs:
        place = max((length / bond - d.r_min) / d.resolution, 0)
        for shell in range(d.n_shells):
            weight = max(0.0, 1 - abs(place - shell))
            for degree in degrees:
                harmonics = [
                    sph_harm_y(degree, m, np.arccos(np.clip(z / length, -1, 1)), np.arctan2(y, x))
                    for m in range(-degree, degree + 1)
                ]
                order[degree][i, shell] += weight * np.sqrt(4 * np.pi / (2 * degree + 1)) * np.array(harmonics)
    mean = {degree: values.copy() for degree, values in order.items()}
    for i, j, _, length in pairs:
        x = np.clip((d.outer - length / bond) / (d.outer - d.inner), 0, 1)
        for degree in degrees:
            mean[degree][i] += x * x * (3 - 2 * x) * order[degree][j]
    return np.array([[*features(order, i, d), *features(mean, i, d)] for i in range(len(crystal))])


def features(order, i, d):
    numbers = order[0][i, :, 0].real
    yield from np.log1p(numbers)
    for a in range(d.n_shells):
        for b in range(a, d.n_shells):
            for degree in range(2, 13, 2):
                product = (order[degree][i, a] @ order[degree][i, b].conj()).real
                product /= (numbers[a] + 0.5) * (numbers[b] + 0.5)
                yield np.sign(product) * np.sqrt(abs(product))


@st.composite
def crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(1, 5))
    cell = np.diag(rng.uniform(2.5, 4, 3)) @ (np.eye(3) + np.tril(rng.uniform(-0.5, 0.5, (3, 3)), -1))
    frac = (np.arange(n)[:, None] + rng.random((n, 3)) * 0.4) / n
    return Crystal(frac @ cell, [6] * n, cell=cell), rng


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_the_slow_reference(seed):
    box = displace_gaussian(geometry.supercell(FCC, (2, 2, 1)), 0.2, np.random.default_rng(seed))
    for crystal in (box, geometry.to_cluster(geometry.supercell(box, (2, 1, 1)))):
        # Roots make much of the rounding of what is zero by symmetry.
        expected, found = slow(crystal, DESCRIPTOR), DESCRIPTOR.compute(crystal)
        np.testing.assert_allclose(found * abs(found), expected * abs(expected), atol=2e-6)


def test_what_is_no_crystal_is_refused():
    with pytest.raises(UnsupportedInputError, match="this is no Crystal"):
        DESCRIPTOR.compute("Cu.cif")


def test_known_values_of_the_first_shell():
    sharp = NeighbourhoodOrder(n_shells=3)
    [found] = sharp.compute(FCC)
    assert found.shape == (sharp.n_features,)
    assert np.expm1(found[0]) == pytest.approx(12)
    # Q_4 and Q_6 of fcc: W. Mickel et al., J. Chem. Phys. 138, 044501 (2013); divided by 12.5 instead of 12.
    np.testing.assert_allclose(found[[4, 5]] * 12.5 / 12, [0.19094, 0.57452], atol=2e-5)


@SETTINGS
@given(crystals())
def test_same_for_every_orientation_cell_origin_and_order_of_rows(made):
    crystal, rng = made
    expected = DESCRIPTOR.compute(crystal)
    cell = np.array([[1, 0, 0], [int(rng.integers(-2, 3)), 1, 0], [1, int(rng.integers(-2, 3)), 1]]) @ crystal.cell
    rows = rng.permutation(len(crystal))
    moved = Crystal(crystal.positions[rows] + rng.uniform(-9, 9, 3), crystal.numbers[rows], cell=cell)
    repeats = tuple(rng.integers(1, 4, 3).tolist())
    found = DESCRIPTOR.compute(geometry.rotated(geometry.supercell(moved, repeats), geometry.random_rotation(rng)))
    expected = np.tile(expected[rows], (np.prod(repeats), 1))
    np.testing.assert_allclose(found * abs(found), expected * abs(expected), atol=2e-5)


@SETTINGS
@given(crystals())
def test_changes_continuously(made):
    crystal, rng = made
    box = displace_gaussian(geometry.supercell(crystal, (3, 3, 3)), 0.1, rng)
    # Beside it, so that the bond length stays as it is; that of a lattice may jump from one shell to the next.
    changes = []
    for size in (1e-5, 1e-7):
        nudge = size * np.random.default_rng(1).normal(size=box.positions.shape)
        moved = Crystal(box.positions + nudge, box.numbers, cell=box.cell)
        first, second = (DESCRIPTOR.compute(each) for each in (box, moved))
        changes.append(abs(first * abs(first) - second * abs(second)).max())
    assert changes[0] < 5e-2
    assert changes[1] < 5e-4


def test_what_cannot_be_described():
    with pytest.raises(UnsupportedInputError, match="no bond length"):
        DESCRIPTOR.compute(Crystal([[0, 0, 0]], ["He"]))
    for wrong in ({"r_min": -1}, {"n_shells": 0}, {"outer": 1.0}, {"outer": 9.0}):
        with pytest.raises(XtalprintError):
            NeighbourhoodOrder(**wrong)
