"""The standard cell is the same however the crystal comes, and it is spglib's without idealising."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import COMPLEX, CONVENTIONAL, SIMPLE, from_frac, in_another_cell

from xtalprint.crystal import Crystal, cell_parameters
from xtalprint.defects import displace_gaussian
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.errors import InvalidCrystalError, UnsupportedInputError, XtalprintError
from xtalprint.geometry import (
    nearest_distances,
    neighbour_distances,
    random_rotation,
    rotated,
    sorted_distances,
    space_group_number,
    standard_cell,
    supercell,
    supercell_to,
    symmetry,
    to_cluster,
    was_standardised,
)
from xtalprint.geometry.setting import rotations_of_axes

seeds = st.integers(0, 2**32 - 1)


def moved_and_shuffled(crystal, rng):
    order = rng.permutation(len(crystal))
    shift = rng.uniform(-5, 5, size=3)
    return Crystal(crystal.positions[order] + shift, crystal.numbers[order], cell=crystal.cell)


@pytest.mark.parametrize("name", SIMPLE)
def test_textbook_cells(name):
    cell = standard_cell(SIMPLE[name])
    atoms, group = CONVENTIONAL[name]
    assert len(cell) == atoms
    assert space_group_number(cell) == group


EVERY = SIMPLE | COMPLEX


def given_anyhow(crystal, rng):
    """Another origin, order, cell, supercell and orientation."""
    changed = moved_and_shuffled(in_another_cell(crystal, rng), rng)
    return rotated(supercell(changed, tuple(rng.integers(1, 4, size=3).tolist())), random_rotation(rng))


def same_places(one, two):
    """Largest distance from an atom of one to the nearest of the other, in the same cell, no images."""
    return np.linalg.norm(one.positions[:, None] - two.positions[None], axis=-1).min(axis=1).max()


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.sampled_from(sorted(EVERY)), seeds)
def test_the_same_atoms_at_the_same_places_however_the_crystal_is_given(name, seed):
    """Not only up to symmetry: the finite piece that is cut out of it later depends on axes and origin."""
    expected = standard_cell(EVERY[name])
    found = standard_cell(given_anyhow(EVERY[name], np.random.default_rng(seed)))
    np.testing.assert_allclose(found.cell, expected.cell, atol=1e-6)
    assert len(found) == len(expected)
    assert same_places(found, expected) < 1e-6


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.sampled_from(sorted(EVERY)), seeds)
def test_noise_below_the_tolerance_changes_the_places_by_no_more_than_the_noise(name, seed):
    rng = np.random.default_rng(seed)
    expected = standard_cell(EVERY[name])
    noisy = displace_gaussian(given_anyhow(EVERY[name], rng), 0.01, rng)
    found = standard_cell(noisy)
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.cell, expected.cell, atol=1e-6)
    assert same_places(found, expected) < 0.1


@settings(derandomize=True, deadline=None, max_examples=8)
@given(st.sampled_from(["hcp", "diam", "samarium", "graphite"]), seeds)
def test_the_diffraction_image_is_the_same_however_the_crystal_is_given(name, seed):
    """With origin and axes left to chance the images of hcp had correlations down to 0.89."""
    image = DiffractionImage().compute(EVERY[name]).array
    other = DiffractionImage().compute(given_anyhow(EVERY[name], np.random.default_rng(seed))).array
    np.testing.assert_allclose(other, image, atol=2e-4)


def test_a_lies_along_x_and_b_in_the_xy_plane():
    rng = np.random.default_rng(0)
    for crystal in SIMPLE.values():
        cell = standard_cell(rotated(crystal, random_rotation(rng))).cell
        np.testing.assert_allclose([cell[0, 1], cell[0, 2], cell[1, 2]], 0, atol=1e-9)
        assert (np.diag(cell) > 0).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seeds)
def test_reciprocal_angles_are_all_acute_or_all_obtuse(seed):
    rng = np.random.default_rng(seed)
    cell = np.eye(3) * 4 + rng.uniform(-1.5, 1.5, size=(3, 3))
    frac = rng.random((3, 3))
    crystal = from_frac(cell, frac, ["Li", "F", "O"])
    found = standard_cell(crystal, symprec=1e-4)
    a_star, b_star, c_star = np.linalg.inv(found.cell).T
    cosines = np.array([b_star @ c_star, a_star @ c_star, a_star @ b_star])
    assert (cosines > -1e-6).all() or (cosines < 1e-6).all()


def test_atoms_keep_their_displacements():
    box = supercell(standard_cell(SIMPLE["fcc"]), (2, 2, 2))
    moved = box.positions.copy()
    moved[5] += [0.03, 0, 0]
    found = standard_cell(Crystal(moved, box.numbers, cell=box.cell), symprec=1e-3)
    assert len(found) > 4
    _, distances = neighbour_distances(found, cutoff=2.7)
    assert distances.max() - distances.min() > 0.02


@pytest.mark.parametrize("repeats", [(2, 2, 2), (5, 5, 5)])
def test_copies_by_translation_are_averaged(repeats):
    """Both ways to find translations: moyopy for the small box, our own for the large one."""
    rng = np.random.default_rng(1)
    cell = SIMPLE["diam"].cell
    basis = SIMPLE["diam"].positions + np.array([[0.02, 0, 0], [0, 0, 0]])
    n = int(np.prod(repeats))
    noise = rng.normal(0, 0.005, (n, 2, 3))
    box = supercell(Crystal(basis, ["Si", "Ge"], cell=cell), repeats)
    noisy = Crystal(box.positions + noise.reshape(-1, 3), box.numbers, cell=box.cell)
    found = standard_cell(noisy)
    assert len(found) == 8
    bond = np.linalg.norm(basis[1] + noise.mean(axis=0)[1] - basis[0] - noise.mean(axis=0)[0])
    assert np.abs(neighbour_distances(found, cutoff=2.6)[1] - bond).min() < 1e-9


def test_a_noisy_box_keeps_its_axes_in_order():
    box = supercell(standard_cell(SIMPLE["hcp"]), (7, 5, 3))
    noisy = Crystal(
        box.positions + np.random.default_rng(1).normal(0, 0.2, box.positions.shape), box.numbers, cell=box.cell
    )
    np.testing.assert_allclose(standard_cell(noisy).cell, box.cell, atol=1e-9)


def test_disordered_sites_stay_whole():
    cell = 5.64 * np.eye(3)
    corner = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    frac = np.concatenate([corner, corner, corner + np.array([0.5, 0, 0])])
    crystal = Crystal(
        frac @ cell,
        ["Na"] * 4 + ["K"] * 4 + ["Cl"] * 4,
        cell=cell,
        occupancies=[0.7] * 4 + [0.3] * 4 + [1.0] * 4,
    )
    assert space_group_number(crystal) == 225
    found = standard_cell(supercell(crystal, (2, 1, 1)))
    assert found.n_sites == 8
    assert found.formula == crystal.formula


def test_a_cluster_and_a_slab_keep_what_they_have():
    cluster = to_cluster(supercell(SIMPLE["bcc"], (3, 3, 3)))
    assert standard_cell(cluster) is cluster
    slab = Crystal([[0, 0, 0]], ["C"], cell=np.diag([2.5, 4.3, 20.0]), pbc=(True, True, False))
    np.testing.assert_allclose(standard_cell(slab).cell, slab.cell, atol=1e-12)
    assert standard_cell(slab).pbc == slab.pbc


def test_left_handed_cells_are_the_same_crystal():
    crystal = SIMPLE["hcp"]
    left = Crystal(crystal.positions, crystal.numbers, cell=crystal.cell[[1, 0, 2]])
    np.testing.assert_allclose(standard_cell(left).cell, standard_cell(crystal).cell, atol=1e-9)


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")  # spglib 2.8 announces 3.0
@pytest.mark.parametrize("name", SIMPLE)
def test_same_cell_as_spglib_without_idealising(name):
    spglib = pytest.importorskip("spglib")
    crystal = rotated(supercell(SIMPLE[name], (2, 1, 3)), random_rotation(np.random.default_rng(3)))
    lattice, _, numbers = spglib.standardize_cell(
        (crystal.cell, crystal.frac, crystal.numbers), to_primitive=False, no_idealize=True, symprec=0.1
    )
    found = standard_cell(crystal)
    assert len(found) == len(numbers)
    np.testing.assert_allclose(cell_parameters(found.cell), cell_parameters(lattice), atol=1e-6)


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")  # spglib 2.8 announces 3.0
@pytest.mark.parametrize("seed", range(4))
def test_noisy_supercells_are_averaged_as_spglib_does(seed):
    spglib = pytest.importorskip("spglib")
    rng = np.random.default_rng(seed)
    crystal = displace_gaussian(supercell(SIMPLE["diam"], (2, 3, 2)), 0.01, rng)
    lattice, positions, numbers = spglib.standardize_cell(
        (crystal.cell, crystal.frac, crystal.numbers), to_primitive=False, no_idealize=True, symprec=0.1
    )
    theirs = Crystal(positions @ lattice, numbers, cell=lattice)
    ours = standard_cell(crystal)
    for k in (4, 16):
        np.testing.assert_allclose(
            np.sort(sorted_distances(ours, k=k).ravel()), np.sort(sorted_distances(theirs, k=k).ravel()), atol=1e-5
        )


def box_of(name, atoms, sigma, seed=0):
    box = supercell_to(standard_cell(SIMPLE[name]), min_atoms=atoms)
    rng = np.random.default_rng(seed)
    return rotated(displace_gaussian(box, sigma, rng), random_rotation(rng))


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("sigma", [0.0, 0.01])
def test_a_large_supercell_is_reduced(name, sigma):
    found = standard_cell(box_of(name, 3000, sigma))
    expected = standard_cell(SIMPLE[name])
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.cell, expected.cell, atol=1e-6)


@pytest.mark.parametrize(("atoms", "sigma"), [(250, 0.03), (1500, 0.02), (1500, 0.03), (7000, 0.02), (7000, 0.1)])
def test_no_large_noisy_box_takes_long(atoms, sigma):
    """Moyopy alone needs 13 s for 1,400 sites, 98 s for 4,000, and more memory than there is for 7,000."""
    box = box_of("fcc", atoms, sigma)
    start = time.perf_counter()
    standard_cell(box)
    assert time.perf_counter() - start < 5


def test_a_box_beyond_the_limit_keeps_its_cell_unsearched(monkeypatch):
    monkeypatch.setattr(symmetry, "MAX_SITES", 100)
    box = box_of("sc", 120, 0.0)
    assert not was_standardised(box)
    np.testing.assert_allclose(cell_parameters(standard_cell(box).cell), cell_parameters(box.cell), atol=1e-9)
    monkeypatch.setattr(symmetry, "MAX_NOISY_SITES", 100)
    with pytest.raises(UnsupportedInputError, match=r"no space group: 125 sites, .*give a smaller cell"):
        space_group_number(box)


def test_atoms_outside_a_kept_cell_are_brought_in_with_their_site():
    rng = np.random.default_rng(2)
    cell = np.array([[5.0, 0, 0], [0.3, 6.0, 0], [-0.4, 0.2, 7.0]])
    frac = np.concatenate([rng.uniform(-3, 3, (6, 3)), [[2.001, 0.5, 0.5], [-1.001, 0.5, -0.5]]])
    crystal = Crystal(frac @ cell, ["C"] * 6 + ["Si", "Ge"], cell=cell, occupancies=[1.0] * 6 + [0.4, 0.6])
    assert crystal.n_sites == 7
    found = standard_cell(crystal)
    assert found.frac.min() > -0.05
    assert found.frac.max() < 1.0
    assert np.linalg.norm(found.positions[6] - found.positions[7]) < 0.05


@pytest.mark.parametrize("symprec", [0.0, -1.0, np.nan, np.inf, 10.0])
def test_nonsense_tolerances_are_refused(symprec):
    with pytest.raises(XtalprintError, match="symprec must lie between"):
        standard_cell(SIMPLE["sc"], symprec=symprec)


class PanicException(BaseException):
    """Looks like a panic of the Rust library."""


@pytest.mark.parametrize("error", [PanicException("index out of bounds"), ValueError("PrimitiveCellError")])
def test_a_failing_search_keeps_the_cell_and_never_escapes(error, monkeypatch):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("moyopy.MoyoDataset", fail)
    crystal = Crystal([[0.1, 0.2, 0.3]], ["Po"], cell=3.35 * np.eye(3), source="po.cif")
    np.testing.assert_allclose(standard_cell(crystal).cell, crystal.cell)
    with pytest.raises(UnsupportedInputError, match=r"po.cif: no space group was found at symprec 0.1 Å"):
        space_group_number(crystal, symprec=0.1)


def test_other_interruptions_of_a_search_go_on_their_way(monkeypatch):
    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("moyopy.MoyoDataset", fail)
    with pytest.raises(KeyboardInterrupt):
        standard_cell(Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3)))


def test_a_cluster_has_no_space_group():
    with pytest.raises(UnsupportedInputError, match=r"repeats in three directions; give the cell"):
        space_group_number(to_cluster(SIMPLE["diam"]))


@pytest.mark.parametrize(
    ("number", "count"), [(2, 1), (14, 2), (62, 4), (136, 8), (166, 6), (164, 12), (194, 12), (225, 24)]
)
def test_changes_of_axes_are_a_group_of_rotations(number, count):
    matrices = rotations_of_axes(number)
    assert len({m.tobytes() for m in matrices + 0.0}) == count
    np.testing.assert_allclose(np.linalg.det(matrices), 1)
    metric = np.diag([1.0, 1.0, 1.7]) if 143 <= number < 195 else np.eye(3)
    if 143 <= number < 195:
        metric[0, 1] = metric[1, 0] = -0.5
    np.testing.assert_allclose(
        matrices @ metric @ matrices.transpose(0, 2, 1), np.broadcast_to(metric, (count, 3, 3))
    )


def table(name):
    """Crystals of one of the data sets."""
    pq = pytest.importorskip("pyarrow.parquet")
    for row in pq.read_table(Path(os.environ["XTALPRINT_DATA"]) / name).to_pylist():
        cell = np.array(row["cell"], dtype=float).reshape(3, 3)
        frac = np.array(row.get("frac64") or row["frac"], dtype=float).reshape(-1, 3)
        try:
            yield Crystal(frac @ cell, row["numbers"], cell=cell, source=row["id"])
        except InvalidCrystalError:  # eleven entries of spglib's own tests have split sites
            continue


@pytest.mark.data
@pytest.mark.skipif("XTALPRINT_DATA" not in os.environ, reason="XTALPRINT_DATA does not name the data sets")
@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:dict interface:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "agree"),
    [
        ("prototypes/aflow_prototypes.parquet", 0.99),
        ("symmetry/spglib_poscars.parquet", 0.99),
        ("elements/elemental_mp.parquet", 0.98),
    ],
)
def test_same_space_groups_and_standard_cells_as_spglib(name, agree):
    """At 0.01 Å. Where the two differ, a distance lies at the tolerance; the cells are compared where they agree."""
    spglib = pytest.importorskip("spglib")
    same, total, cells, bad = 0, 0, 0, []
    for crystal in list(table(name))[::2]:
        theirs = (crystal.cell, crystal.frac, crystal.numbers)
        number = spglib.get_symmetry_dataset(theirs, symprec=0.01).number
        total += 1
        if space_group_number(crystal, symprec=0.01) != number:
            continue
        same += 1
        if number < 3:
            continue
        lattice, _, kinds = spglib.standardize_cell(theirs, to_primitive=False, no_idealize=True, symprec=0.01)
        ours = standard_cell(crystal, symprec=0.01)
        cells += 1
        close = np.allclose(cell_parameters(ours.cell), cell_parameters(lattice), atol=0.03)
        if not (close and len(ours) == len(kinds)):
            bad.append(crystal.source)
        nearest = nearest_distances(ours)
        assert abs(nearest.mean() / nearest_distances(crystal).mean() - 1) < 0.02
    assert same / total >= agree
    assert len(bad) <= cells / 500, bad
