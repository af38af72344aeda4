"""Numbers that no choice of axes or cell enters, and that know the Laue class: counted by group theory."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from xtalprint import GRID
from xtalprint.crystal import Crystal
from xtalprint.errors import UnsupportedInputError, WrongUsageError, XtalprintError
from xtalprint.geometry import supercell
from xtalprint.geometry.bond_moments import real_harmonics
from xtalprint.models.genome_invariants import SHARE_FLOOR, GenomeInvariants

SEEN = GenomeInvariants(s_max=0.8)
#: Generators of a group of each Laue class, with a cell that has them: a, b, c and angles.
TURN = {n: Rotation.from_rotvec([0, 0, 2 * np.pi / n]).as_matrix() for n in (2, 3, 4, 6)}
ACROSS = np.diag([1.0, -1.0, -1.0])
DIAGONAL = np.roll(np.eye(3), 1, axis=0)
RIGHT, HEXAGON = np.diag([4.0, 4.6, 5.3]), np.array([[4.0, 0, 0], [-2.0, 2 * 3**0.5, 0], [0, 0, 5.3]])
SQUARE, CUBE = np.diag([4.4, 4.4, 5.3]), 5.0 * np.eye(3)
LAUE = {
    "-1": ([np.eye(3)], np.array([[4.0, 0, 0], [0.7, 4.6, 0], [0.9, -0.6, 5.3]])),
    "2/m": ([TURN[2]], np.array([[4.0, 0, 0], [0.7, 4.6, 0], [0, 0, 5.3]])),
    "mmm": ([TURN[2], ACROSS], RIGHT),
    "4/m": ([TURN[4]], SQUARE),
    "4/mmm": ([TURN[4], ACROSS], SQUARE),
    "-3": ([TURN[3]], HEXAGON),
    "-3m": ([TURN[3], ACROSS], HEXAGON),
    "6/m": ([TURN[6]], HEXAGON),
    "6/mmm": ([TURN[6], ACROSS], HEXAGON),
    "m-3": ([TURN[2], ACROSS, DIAGONAL], CUBE),
    "m-3m": ([TURN[4], ACROSS, DIAGONAL], CUBE),
}


def closed(generators):
    """All operations of the group."""
    found = [np.eye(3)]
    for one in found:
        for other in generators:
            new = one @ other
            if not any(np.allclose(new, known) for known in found):
                found.append(new)
    return found


def crystal_of(name):
    """Two orbits of general positions of a group of rotations: nothing else is symmetric."""
    generators, cell = LAUE[name]
    positions, symbols = [], []
    for point, symbol in (([0.31, 0.12, 0.23], "Cl"), ([0.11, 0.37, 0.42], "O")):
        orbit = [(operation @ (np.array(point) @ cell)) for operation in closed(generators)]
        positions += orbit
        symbols += [symbol] * len(orbit)
    return Crystal(positions, symbols, cell=cell)


def n_invariant(name, degree):
    """Dimension of the invariant harmonics of a degree: mean trace of the operations on them."""
    directions = np.random.default_rng(degree).normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    basis = real_harmonics(degree, directions)
    operations = closed(LAUE[name][0])
    traces = [
        np.trace(np.linalg.lstsq(basis, real_harmonics(degree, directions @ one.T), rcond=None)[0])
        for one in operations
    ]
    return round(float(np.mean(traces)))


def n_above_zero(values, degree):
    start = SEEN.names.index(f"singular value 1 of l = {degree}")
    part = np.exp(values[start : start + 2 * degree + 1]) - SHARE_FLOOR
    return int((part > 1e-9).sum())


@pytest.mark.parametrize("name", LAUE)
def test_singular_values_count_the_invariant_harmonics_of_the_laue_class(name):
    values = SEEN.compute(crystal_of(name))
    for degree in (2, 4, 6):
        assert n_above_zero(values, degree) == n_invariant(name, degree), degree


def test_counts_of_the_docstring_part_the_crystal_systems():
    counts = {name: tuple(n_invariant(name, degree) for degree in (2, 4, 6)) for name in LAUE}
    assert [counts[name][0] for name in ("-1", "2/m", "mmm")] == [5, 3, 2]
    assert {counts[name][0] for name in ("4/m", "4/mmm", "-3", "-3m", "6/m", "6/mmm")} == {1}
    assert {counts[name][0] for name in ("m-3", "m-3m")} == {0}
    assert len(set(counts.values())) == len(LAUE)


def random_crystal(seed):
    rng = np.random.default_rng(seed)
    cell = rng.uniform(3.0, 5.0) * (np.eye(3) + rng.uniform(-0.2, 0.2, (3, 3)))
    positions = (np.array(list(product((0.0, 0.5), repeat=3)))[: rng.integers(1, 5)] + rng.uniform(0, 0.1, 3)) @ cell
    symbols = rng.choice(["Na", "Fe", "O", "Pb"], len(positions)).tolist()
    return Crystal(positions + rng.normal(0, 0.1, positions.shape), symbols, cell=cell)


def rows_of(crystal):
    return np.asarray(crystal.positions), np.asarray(crystal.numbers), np.asarray(crystal.cell)


def turned(crystal, rng):
    positions, numbers, cell = rows_of(crystal)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return Crystal(positions @ turn, numbers, cell=cell @ turn)


def in_another_cell(crystal, rng):
    positions, numbers, cell = rows_of(crystal)
    shear = np.eye(3)
    i, j = rng.permutation(3)[:2]
    shear[i, j] = rng.integers(-2, 3)
    return Crystal(positions, numbers, cell=np.roll(shear, rng.integers(3), axis=0) @ cell)


def repeated(crystal, rng):
    positions, numbers, cell = rows_of(crystal)
    axis, times = int(rng.integers(3)), int(rng.integers(2, 4))
    factor = np.ones(3)
    factor[axis] = times
    copies = [positions + n * cell[axis] for n in range(times)]
    return Crystal(np.concatenate(copies), np.tile(numbers, times), cell=factor[:, None] * cell)


def shuffled(crystal, rng):
    positions, numbers, cell = rows_of(crystal)
    order = rng.permutation(len(numbers))
    return Crystal(positions[order] + rng.normal(size=3), numbers[order], cell=cell)


def mirrored(crystal, rng):
    positions, numbers, cell = rows_of(crystal)
    return Crystal(-positions, numbers, cell=-cell)


@pytest.mark.parametrize("change", [turned, in_another_cell, repeated, shuffled, mirrored])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_depends_on_axes_cell_origin_or_order(change, seed):
    crystal = random_crystal(seed)
    expected = SEEN.compute(crystal)
    np.testing.assert_allclose(SEEN.compute(change(crystal, np.random.default_rng(seed))), expected, atol=1e-6)


def test_all_at_once_for_each_laue_class():
    for seed, name in enumerate(LAUE):
        crystal, rng = crystal_of(name), np.random.default_rng(seed)
        changed = crystal
        for change in (repeated, in_another_cell, turned, shuffled):
            changed = change(changed, rng)
        np.testing.assert_allclose(SEEN.compute(changed), SEEN.compute(crystal), atol=1e-6)


def test_it_changes_continuously_and_knows_the_density():
    crystal = random_crystal(3)
    positions, numbers, cell = rows_of(crystal)
    expected = SEEN.compute(crystal)
    moved = SEEN.compute(Crystal(positions, numbers, cell=cell * (1 + 1e-7)))
    assert abs(moved - expected).max() < 1e-3
    denser = SEEN.compute(Crystal(positions * 0.9, numbers, cell=cell * 0.9))
    assert denser[-1] - expected[-1] == pytest.approx(-3 * np.log(0.9))


def test_names_and_errors():
    assert len(SEEN.names) == len(set(SEEN.names)) == len(SEEN.compute(random_crystal(0)))
    with pytest.raises(XtalprintError, match="s_max must lie"):
        GenomeInvariants(s_max=9)
    with pytest.raises(UnsupportedInputError, match=r"atom\.xyz"):
        SEEN.compute(Crystal([[0, 0, 0]], ["Na"], source="atom.xyz"))
    with pytest.raises(XtalprintError, match="Crystal"):
        SEEN.compute(None)


def test_several_tables_stand_one_after_the_other():
    both = GenomeInvariants(s_max=0.8, tables=["it92", "c4322"])
    assert both == GenomeInvariants(s_max=0.8, tables=("it92", "c4322"))
    first, second = (GenomeInvariants(s_max=0.8, tables=(table,)) for table in ("it92", "c4322"))
    crystal = Crystal([[0, 0, 0], [1.4, 1.4, 1.4]], ["Fe", "Al"], cell=2.8 * np.eye(3))
    seen = both.compute(crystal)
    assert np.array_equal(seen, np.concatenate([first.compute(crystal)[:-1], second.compute(crystal)]))
    assert len(set(both.names)) == len(seen)
    assert both.names[0].endswith(", it92")
    assert both.names[-2].endswith(", c4322")


def distances(crystal, n=12):
    return GenomeInvariants(s_max=0.8, n_neighbours=n).compute(crystal)[-2 * n :]


def test_distances_of_neighbours_are_the_moments_of_grid():
    crystal, fine = crystal_of("mmm"), GRID(n_groups=12, r_max=8.0, bin_width=0.002, smearing=0)
    groups, middles = fine.compute(crystal).array.astype(np.float64), (np.arange(4000) + 0.5) * 0.002
    means = groups @ middles
    spreads = np.sqrt(groups @ middles**2 - means**2)
    assert spreads.max() > 0.1
    np.testing.assert_allclose(distances(crystal), np.concatenate([means, spreads]), atol=2e-3)


def test_distances_of_rock_salt_by_hand():
    face = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    salt = Crystal(
        4 * np.concatenate([face, face + np.array([0.5, 0, 0])]), ["Na"] * 4 + ["Cl"] * 4, cell=4 * np.eye(3)
    )
    np.testing.assert_allclose(distances(salt)[:12], [2.0] * 6 + [8**0.5] * 6)
    np.testing.assert_allclose(distances(salt)[12:], 0, atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_no_cell_and_no_axes_change_the_distances(seed):
    crystal = random_crystal(seed)
    turn = Rotation.random(rng=seed).as_matrix()
    larger = supercell(crystal, (2, 1, 2))
    turned = Crystal(larger.positions[::-1] @ turn, larger.numbers[::-1], cell=larger.cell @ turn)
    np.testing.assert_allclose(distances(turned), distances(crystal), atol=1e-6)
    shifts = np.random.default_rng(seed).uniform(-1e-4, 1e-4, size=crystal.positions.shape)
    moved = Crystal(crystal.positions + shifts, crystal.numbers, cell=crystal.cell)
    np.testing.assert_allclose(distances(moved), distances(crystal), atol=4e-4)


def test_distances_have_names_and_are_not_negative_in_number():
    seen = GenomeInvariants(s_max=0.8, n_neighbours=3)
    assert seen.names[-6:][::3] == (
        "mean of the distance of neighbour 1 in Å",
        "standard deviation of the distance of neighbour 1 in Å",
    )
    assert len(seen.names) == len(set(seen.names)) == len(SEEN.names) + 6
    assert np.array_equal(seen.compute(random_crystal(0))[:-6], SEEN.compute(random_crystal(0)))
    with pytest.raises(WrongUsageError, match="n_neighbours must not be negative"):
        GenomeInvariants(n_neighbours=-1)


@pytest.mark.parametrize("tables", [(), ("it92", "it92")])
def test_tables_are_named_once(tables):
    with pytest.raises(WrongUsageError, match="tables of form factors, each once"):
        GenomeInvariants(tables=tables)
