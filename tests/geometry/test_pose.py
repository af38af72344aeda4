"""The pose of a crystal: the same axes, origin and order of sites, however the crystal was given."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import (
    nearest_distances,
    niggli_cell,
    random_rotation,
    reduced_cell,
    rotated,
    supercell,
    supercell_to,
)
from xtalprint.geometry.own_axes import own_axes
from xtalprint.geometry.pose import posed
from xtalprint.models.presentations import random_piece
from xtalprint.prototypes import simple_lattice

MOST = 500
UNIMODULAR = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]])


def as_given_otherwise(crystal, rng):
    """The same crystal in other axes, order, origin and, if it has one, cell."""
    order = rng.permutation(len(crystal))
    positions = crystal.positions[order]
    yield "order", Crystal(positions, crystal.numbers[order], cell=crystal.cell)
    yield "origin", Crystal(crystal.positions + rng.normal(size=3), crystal.numbers, cell=crystal.cell)
    yield "axes", rotated(crystal, random_rotation(rng))
    if crystal.cell is not None:
        images = rng.integers(-2, 3, (len(crystal), 3)) @ crystal.cell
        yield "images", Crystal(crystal.positions + images, crystal.numbers, cell=crystal.cell)
        yield "cell", Crystal(crystal.positions, crystal.numbers, cell=UNIMODULAR @ crystal.cell)
        yield "supercell", supercell(crystal, (2, 1, 1))


def samples(rng):
    """Boxes of 20 to 600 sites and pieces, displaced, some with vacancies; boxes with little noise; molecules."""
    for share in (0.0006, 0.001):
        copper = simple_lattice("fcc")
        yield displace_gaussian(supercell(copper, (3, 3, 3)), share * float(nearest_distances(copper).mean()), rng)
    yield molecules(rng)
    for name in ("fcc", "bcc", "hcp", "diam"):
        crystal = simple_lattice(name)
        noise = 0.05 * float(nearest_distances(crystal).mean())
        for n_sites in (20, 110, 600):
            box = displace_gaussian(supercell_to(crystal, min_atoms=n_sites), noise, rng)
            yield vacancies(box, 0.05, rng) if n_sites == 110 else box
            piece = random_piece(crystal, n_sites + 40, rng)
            yield vacancies(displace_gaussian(piece, noise, rng), 0.2, rng)


@pytest.mark.parametrize("share", [0.0003, 0.0006, 0.0008, 0.001, 0.0012])
def test_little_noise_does_not_hide_a_supercell(share):
    """Most translations of the lattice nearly hold then, and fail before the true one is tried."""
    copper = simple_lattice("fcc")
    length = float(nearest_distances(copper).mean())
    for seed in range(4):
        rng = np.random.default_rng(seed)
        box = displace_gaussian(supercell(copper, (3, 3, 3)), share * length, rng)
        double = supercell(box, (2, 1, 1))
        order = rng.permutation(len(double))
        other = Crystal(double.positions[order], double.numbers[order], cell=double.cell)
        n = posed(box, length, most=MOST).crystal.n_sites
        assert [posed(c, length, most=MOST).crystal.n_sites for c in (double, other)] == [n, n]


def molecules(rng):
    """Three molecules of two atoms, turned at random: one atom of each is like the other."""
    ends = 0.4 * np.array([random_rotation(rng)[0] for _ in range(3)])
    middles = np.array([[0, 0, 0], [4, 0.3, 0.2], [0.1, 4.2, 1]])
    points = np.concatenate([middles + ends, middles - ends])
    return Crystal(points, ["H"] * 6, cell=np.array([[8, 0, 0], [1, 8.5, 0], [0.5, 1, 6]]))


def test_the_pose_is_the_same_across_a_mirror_plane():
    """The third moment along its normal is zero, and must not tell which way an axis points."""
    rng = np.random.default_rng(6)
    pairs = rng.uniform(0.8, 4, (4, 3))
    points = np.concatenate([pairs, pairs * [1, 1, -1], [[0.3, 4.4, 0]]])
    crystal = Crystal(points, ["Fe"] * 9, cell=np.array([[6, 0, 0], [1.1, 7, 0], [0, 0, 9]]))
    expected = posed(crystal, 2.0, most=MOST).crystal
    for _ in range(8):
        order, axes = rng.permutation(9), random_rotation(rng)
        other = rotated(Crystal(points[order], crystal.numbers, cell=crystal.cell), axes)
        found = posed(other, 2.0, most=MOST).crystal
        assert_allclose(found.cell, expected.cell, atol=1e-6)
        apart = (found.positions[:, None] - expected.positions) @ np.linalg.inv(expected.cell)
        apart = np.linalg.norm((apart - np.round(apart)) @ expected.cell, axis=2)
        assert apart.min(axis=1).max() < 1e-6


@pytest.mark.parametrize("longest", [1e5, 4e6])
def test_the_cell_of_a_needle(longest):
    cell = np.diag([2, 2.1, longest])
    needle = rotated(Crystal([[0, 0, 0]], ["Fe"], cell=cell), random_rotation(np.random.default_rng(7)))
    found = posed(needle, 2.0, most=MOST).crystal.cell
    assert_allclose(np.linalg.norm(found, axis=1), [2, 2.1, longest], rtol=1e-6)


def test_the_pose_is_the_same_however_the_crystal_is_given():
    rng = np.random.default_rng(1)
    for crystal in samples(rng):
        length = float(nearest_distances(crystal).mean())
        expected = posed(crystal, length, most=MOST).crystal
        for how, other in as_given_otherwise(crystal, rng):
            found = posed(other, length, most=MOST).crystal
            assert_allclose(found.positions, expected.positions, atol=1e-6, err_msg=how)
            if expected.cell is not None:
                assert_allclose(found.cell, expected.cell, atol=1e-6, err_msg=how)


@pytest.mark.parametrize("n_sites", [30, 900])
def test_the_way_back(n_sites):
    rng = np.random.default_rng(2)
    box = displace_gaussian(supercell_to(simple_lattice("bcc"), min_atoms=n_sites), 0.1, rng)
    pose = posed(box, 2.7, most=MOST)
    assert_allclose(pose.axes @ pose.axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(pose.axes) == pytest.approx(1)
    back = pose.as_given(pose.crystal)
    assert len(back) == min(box.n_sites, MOST)
    apart = (back.positions[:, None] - box.positions) @ np.linalg.inv(box.cell)
    apart = np.linalg.norm((apart - np.round(apart)) @ box.cell, axis=2)
    assert apart.min(axis=1).max() < 1e-9
    assert len(np.unique(apart.argmin(axis=1))) == len(back)
    if back.cell is not None:
        steps = back.cell @ np.linalg.inv(box.cell)
        assert_allclose(steps, np.round(steps), atol=1e-9)
        assert abs(np.linalg.det(steps)) == pytest.approx(1)


def test_the_middle_of_a_large_box_is_compact():
    rng = np.random.default_rng(3)
    rod = displace_gaussian(supercell(simple_lattice("fcc"), (3, 3, 100)), 0.1, rng)
    points = posed(rod, 2.55, most=MOST).crystal.positions
    widths = np.sqrt(np.linalg.eigvalsh(np.cov(points.T)))
    assert len(points) == MOST
    assert widths[1] == pytest.approx(widths[0], rel=0.2)


@pytest.mark.parametrize("name", ["sc", "fcc", "bcc", "hcp"])
def test_the_cell_is_made_of_the_shortest_vectors(name):
    """Also where nothing tells the axes, and lattice vectors lie along them."""
    crystal = simple_lattice(name)
    cell = posed(supercell(crystal, (2, 1, 1)), 2.55, most=MOST).crystal.cell
    shortest = np.sort(np.linalg.norm(niggli_cell(reduced_cell(crystal)).cell, axis=1))
    assert_allclose(np.linalg.norm(cell, axis=1), shortest, rtol=1e-6)


def test_a_perfect_supercell_is_seen_as_its_primitive_cell():
    copper = simple_lattice("fcc")
    assert posed(supercell(copper, (3, 4, 5)), 2.55, most=MOST).crystal.n_sites == 1


def test_own_axes_are_the_same_however_the_crystal_is_given():
    rng = np.random.default_rng(4)
    found_some = 0
    for crystal in samples(rng):
        expected = own_axes(crystal)
        found_some += expected is not None
        for how, other in as_given_otherwise(crystal, rng):
            found = own_axes(other)
            assert (found is None) == (expected is None), how
            if found is not None:
                assert found.scatter == pytest.approx(expected.scatter, rel=1e-6)
                assert found.error == pytest.approx(expected.error, rel=1e-6)
                assert found.crystal.volume == pytest.approx(expected.crystal.volume, rel=1e-6)
                assert len(found.crystal) == len(expected.crystal)
                assert_allclose(found.in_pose.cell, expected.in_pose.cell, atol=1e-6, err_msg=how)
                assert_allclose(found.in_pose.positions, expected.in_pose.positions, atol=1e-6, err_msg=how)
    assert found_some >= 20


def test_own_axes_lie_in_the_axes_given():
    """The mean atoms stand among the atoms."""
    rng = np.random.default_rng(5)
    box = displace_gaussian(supercell_to(simple_lattice("hcp"), min_atoms=150), 0.05, rng)
    turned = rotated(Crystal(box.positions + np.array([1, 2, 3]), box.numbers, cell=box.cell), random_rotation(rng))
    for sample in (turned, random_piece(simple_lattice("hcp"), 200, rng)):
        found = own_axes(sample)
        apart = (sample.positions[:, None] - found.crystal.positions) @ np.linalg.inv(found.crystal.cell)
        apart = np.linalg.norm((apart - np.round(apart)) @ found.crystal.cell, axis=2).min(axis=1)
        assert np.median(apart) < 0.1
