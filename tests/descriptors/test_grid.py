"""GRID: analytic known answers, published fixtures, invariance, continuity, disorder, clusters, errors."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xtalprint as xp
from xtalprint import Crystal, geometry
from xtalprint.descriptors.base import Descriptor, parameters
from xtalprint.descriptors.distance_bins import chunks
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.errors import NothingSeenError, UnsupportedInputError, XtalprintError
from xtalprint.geometry.site_batch import SiteBatch

REFERENCE = Path(__file__).parents[1] / "reference" / "grid.py"
SETTINGS = settings(max_examples=15, deadline=None, derandomize=True)
DESCRIPTOR = GRID()
RECIPES = {
    "count": DESCRIPTOR,
    "count, plain": GRID(smearing=0),
    "cutoff": GRID.by_cutoff(n_groups=20),
    "cutoff, plain": GRID.by_cutoff(n_groups=20, smearing=0),
}
FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
FCC = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * FACE)
BCC = Crystal([[0, 0, 0]], ["Fe"], cell=1.43 * (1 - 2 * np.eye(3)))
SC = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
#: Distance of the first shell, neighbours in each, and squared distances over that of the first: the theta series of
#: the lattices, J. H. Conway and N. J. A. Sloane, Sphere Packings, Lattices and Groups, chapter 4.
SHELLS = {
    "sc": (SC, 3.35, [6, 12, 8, 6, 24, 24, 12], [1, 2, 3, 4, 5, 6, 8]),
    "fcc": (FCC, 1.8 * np.sqrt(2), [12, 6, 24, 12, 24, 8, 48], [1, 2, 3, 4, 5, 6, 7]),
    "bcc": (BCC, 1.43 * np.sqrt(3), [8, 6, 12, 24, 8, 6, 24], [1, 4 / 3, 8 / 3, 11 / 3, 4, 16 / 3, 19 / 3]),
}


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("reference_grid", REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SHELLS)
def test_shells_of_lattices(name):
    crystal, nearest, counts, squares = SHELLS[name]
    array = GRID(n_groups=60, smearing=0).compute(crystal).array
    distances = nearest * np.sqrt(np.repeat(squares, counts))[:60]
    expected = np.zeros((60, 100))
    expected[distances < 10, np.floor(distances / 0.1 + 1e-4).astype(int)[distances < 10]] = 1
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("name", SHELLS)
def test_means_of_smeared_groups_are_the_distances(name):
    crystal, nearest, counts, squares = SHELLS[name]
    array = GRID(n_groups=60, r_max=20).compute(crystal).array
    means = array @ GRID(r_max=20).distances
    np.testing.assert_allclose(means, nearest * np.sqrt(np.repeat(squares, counts))[:60], atol=2e-6)
    np.testing.assert_allclose(array.sum(axis=1), 1, atol=1e-6)


@st.composite
def crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(1, 5))
    cell = np.diag(rng.uniform(3, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-0.5, 0.5, (3, 3)), -1))
    frac = (np.arange(n)[:, None] + rng.random((n, 3)) * 0.4) / n
    occupancies = np.where(rng.random(n) < 0.5, rng.uniform(0.2, 1, n), 1.0)
    return Crystal(frac @ cell, [6] * n, cell=cell, occupancies=occupancies), rng


@SETTINGS
@given(crystals(), st.sampled_from([0.1, 0.0]))
def test_equals_the_slow_definition(reference, made, smearing):
    crystal, _ = made
    # More than 20, so that the last tie is complete.
    found = reference.neighbours(crystal.positions, crystal.cell, crystal.pbc, 60, 4)
    weights = reference.weights(found, crystal.occupancies)
    expected = reference.grid(found, weights, n_groups=20, n_bins=60, width=0.1, smearing=smearing)
    array = GRID(n_groups=20, r_max=6, smearing=smearing).compute(crystal).array
    np.testing.assert_allclose(array, expected, atol=3e-7)


@SETTINGS
@given(crystals())
def test_equals_the_slow_definition_by_cutoff(reference, made):
    crystal, _ = made
    found = reference.neighbours(crystal.positions, crystal.cell, crystal.pbc, 40, 4)
    expected = reference.grid_of_cutoff(found, n_groups=8, r_max=6, width=0.1, smearing=0.1)
    array = GRID.by_cutoff(n_groups=8, r_max=6).compute(crystal).array
    np.testing.assert_allclose(array, expected, atol=1e-6)


@pytest.mark.data
@pytest.mark.skipif("XTALPRINT_DATA" not in os.environ, reason="XTALPRINT_DATA does not name the data sets")
def test_the_61_published_fixtures():
    with np.load(Path(os.environ["XTALPRINT_DATA"]) / "elasticity" / "srtio3_grid_fixtures.npz") as stored:
        cells, fracs, numbers, groups, grids = (stored[k] for k in ("cell", "frac", "numbers", "n_groups", "grid"))
    for cell, frac, z, n, expected in zip(cells, fracs, numbers, groups.tolist(), grids, strict=True):
        crystal = Crystal(frac @ cell, z.astype(int), cell=cell)
        array = GRID.by_cutoff(n_groups=n, r_max=6).compute(crystal).array / 0.1
        np.testing.assert_allclose(array, expected[:n], atol=5.1e-4)
        if n < 100:
            with pytest.raises(UnsupportedInputError, match=f"more than {n} neighbours .* give n_groups={n}, "):
                GRID.by_cutoff(n_groups=n + 1, r_max=6).compute(crystal)


@pytest.mark.parametrize("name", RECIPES)
@SETTINGS
@given(crystals())
def test_same_for_every_orientation_cell_origin_and_order_of_rows(name, made):
    crystal, rng = made
    expected = RECIPES[name].compute(crystal).array
    cell = np.array([[1, 0, 0], [int(rng.integers(-2, 3)), 1, 0], [1, int(rng.integers(-2, 3)), 1]]) @ crystal.cell
    rows = rng.permutation(len(crystal))
    moved = Crystal(
        crystal.positions[rows] + rng.uniform(-9, 9, 3),
        crystal.numbers[rows],
        cell=cell,
        occupancies=crystal.occupancies[rows],
    )
    for same in (geometry.niggli_cell(moved), geometry.supercell(moved, tuple(rng.integers(1, 4, 3).tolist()))):
        found = RECIPES[name].compute(geometry.rotated(same, geometry.random_rotation(rng))).array
        # Where a distance lies on the edge of rounding or of a plain bin, a share of one site may move.
        if name == "count":
            np.testing.assert_allclose(found, expected, atol=2e-6)
        else:
            assert np.median(abs(found - expected).max(axis=1)) < 1e-6


@SETTINGS
@given(crystals(), st.floats(1e-5, 1e-2))
def test_changes_no_more_than_the_atoms_move(made, sigma):
    crystal, rng = made
    full = Crystal(crystal.positions, crystal.numbers, cell=crystal.cell)
    moved = Crystal(full.positions + rng.uniform(-sigma, sigma, full.positions.shape), full.numbers, cell=full.cell)
    one, other = (DESCRIPTOR.compute(c).array for c in (full, moved))
    earth_moved = 0.1 * abs(np.cumsum(one - other, axis=1, dtype=float)).sum(axis=1)
    assert earth_moved.max() < 2 * np.sqrt(3) * sigma + 1e-5


def test_disorder_counts_by_occupancies():
    """Two sites: the first full, the second half; the neighbours of each are of the other kind first."""
    cell = 4 * np.eye(3)
    crystal = Crystal([[0, 0, 0], [2, 2, 2]], ["Cs", "Cl"], cell=cell, occupancies=[1, 0.5])
    array = GRID(n_groups=14, smearing=0).compute(crystal)
    np.testing.assert_allclose(array.array[:8, 34], 1)  # 8 of the other kind: both weigh 0.5
    np.testing.assert_allclose(array.array[8:, 40], 1)  # 6 of the own kind
    assert "1 disordered site" in array.warnings[0]
    shared = Crystal([[0, 0, 0], [0, 0, 0]], ["Cu", "Au"], cell=cell, occupancies=[0.5, 0.5])
    ordered = Crystal([[0, 0, 0]], ["Cu"], cell=cell)
    np.testing.assert_array_equal(DESCRIPTOR.compute(shared).array, DESCRIPTOR.compute(ordered).array)


def test_weights_of_a_tie_do_not_depend_on_the_order_of_rows():
    cell = np.diag([4.0, 4.0, 9.0])
    places = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [2, 2, 0.5]])
    occupancies = np.array([1, 0.9, 0.3, 0.5])
    one = DESCRIPTOR.compute(Crystal(places, [6] * 4, cell=cell, occupancies=occupancies)).array
    turned = geometry.rotated(
        Crystal(places[::-1], [6] * 4, cell=cell, occupancies=occupancies[::-1]),
        geometry.random_rotation(np.random.default_rng(0)),
    )
    np.testing.assert_allclose(DESCRIPTOR.compute(turned).array, one, atol=1e-6)


def test_neighbours_that_are_missing_sit_at_r_max():
    molecule = Crystal([[0, 0, 0], [0, 0, 1.15]], ["C", "O"])
    array = DESCRIPTOR.compute(molecule).array
    assert array.shape == (100, 100)
    np.testing.assert_allclose(array.sum(axis=1), [1, *[0] * 99], atol=1e-6)
    in_a_box = Crystal(molecule.positions, molecule.numbers, cell=30 * np.eye(3))
    np.testing.assert_array_equal(DESCRIPTOR.compute(in_a_box).array, array)
    chain = Crystal([[0, 0, 0]], ["C"], cell=np.diag([1.3, 9, 9]), pbc=(True, False, False))
    inside = DESCRIPTOR.compute(chain).array.sum(axis=1)
    np.testing.assert_allclose(inside[[0, 12, 13, 15, 20]], [1, 1, 1, 0, 0], atol=1e-4)


def test_a_group_partly_beyond_r_max_adds_up_to_the_part_inside():
    array = GRID(n_groups=18, r_max=3.35 * np.sqrt(2), bin_width=3.35 * np.sqrt(2) / 50).compute(SC).array
    np.testing.assert_allclose(array.sum(axis=1), [1] * 6 + [0.5] * 12, atol=1e-6)


def test_sites_beyond_the_range_are_seen_through_the_smearing():
    simple_cubic = Crystal([[0, 0, 0]], ["Po"], cell=10.3 * np.eye(3))
    assert 0 < GRID().compute(simple_cubic).array.sum() < 0.01
    with pytest.raises(NothingSeenError, match=r"no two sites are within r_max = 10 Å \(value: 10\.3 Å between"):
        GRID(smearing=0).compute(simple_cubic)


@pytest.mark.parametrize("name", RECIPES)
def test_a_single_atom_and_atoms_far_apart_are_refused(name):
    lonely = Crystal([[0, 0, 0]], ["He"], source="he.xyz", frame=1)
    with pytest.raises(NothingSeenError, match=r"he\.xyz, frame 1: no two sites are within .* or the cell"):
        RECIPES[name].compute(lonely)
    reach = " and the 0.5 Å beyond it that the smearing reaches" if name == "count" else ""
    told = rf"no two sites are within r_max = 10 Å{reach} \(value: 40 Å between the nearest\); give a larger r_max"
    with pytest.raises(NothingSeenError, match=told):
        RECIPES[name].compute(Crystal([[0, 0, 0]], ["He"], cell=40 * np.eye(3)))


@pytest.mark.parametrize("name", RECIPES)
def test_many_are_the_same_as_one_by_one_and_failures_keep_their_place(name):
    lonely = Crystal([[0, 0, 0]], ["He"])
    half = Crystal(SC.positions, ["Po"], cell=SC.cell, occupancies=[0.5])
    some = [FCC, lonely, geometry.supercell(SC, (3, 3, 3)), "Cu.cif", half, BCC] * 40
    for threads in (1, 2):
        batch = RECIPES[name].compute_many(some, threads=threads)
        assert batch.index.tolist() == [i for i in range(240) if i % 6 not in {1, 3}]
        assert [failure.index for failure in batch.failures] == [i for i in range(240) if i % 6 in {1, 3}]
        for i in range(4, 8):
            np.testing.assert_array_equal(batch.array[i], RECIPES[name].compute(some[batch.index[i]]).array)
        assert ["disordered" in str(w) for w in batch.warnings[:4]] == [False, False, True, False]
    assert RECIPES[name].compute_many([]).array.shape == (0, *batch.array.shape[1:])


@pytest.mark.parametrize("kind", [GRID, RDF])
def test_a_fault_costs_one_crystal_only(kind, monkeypatch):
    of = SiteBatch.of

    def faulty(crystals):
        if any(crystal.source == "bad.cif" for crystal in crystals):
            raise FloatingPointError("by hand")
        return of(crystals)

    bad = Crystal(SC.positions, ["Po"], cell=SC.cell, source="bad.cif")
    monkeypatch.setattr(SiteBatch, "of", faulty)
    batch = kind().compute_many([FCC, bad, SC])
    assert batch.index.tolist() == [0, 2]
    assert "bad.cif: a fault of xtalprint itself (FloatingPointError: by hand)" in str(batch.failures[0].error)
    np.testing.assert_array_equal(batch.array[1], kind().compute(SC).array)


def test_chunks_cover_all_crystals_once():
    some = [FCC] * 70 + [geometry.supercell(SC, (10, 10, 10))] * 45 + [None]
    shares = list(chunks(some))
    assert [i for share in shares for i in share] == list(range(116))
    assert [len(share) for share in shares] == [64, 26, 20, 6]


def test_contract():
    assert xp.GRID is GRID
    assert isinstance(DESCRIPTOR, Descriptor)
    fingerprint = DESCRIPTOR.compute(Crystal(FCC.positions, ["Cu"], cell=FCC.cell, source="Cu.cif", frame=3))
    assert (fingerprint.array.shape, fingerprint.array.dtype) == ((100, 100), np.float32)
    assert (fingerprint.source, fingerprint.frame, fingerprint.formula) == ("Cu.cif", 3, "Cu")
    assert GRID(**{k: v for k, v in parameters(DESCRIPTOR).items() if k != "descriptor"}) == DESCRIPTOR
    assert RECIPES["cutoff"].compute(FCC).array.shape == (20, 101)
    assert len(RECIPES["cutoff"].distances) == 101
    assert DESCRIPTOR.distances[:2].tolist() == [0.05, 0.15]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_groups": 0}, r"n_groups must be a positive number \(value: 0\)"),
        ({"n_groups": 2.5}, r"n_groups must be a whole number \(value: 2.5\)"),
        ({"r_max": -1}, r"r_max must be a positive number \(value: -1\); give it in Å"),
        ({"r_max": "10"}, r"r_max must be a number \(value: '10'\); give it without quotes"),
        ({"bin_width": 0.3}, r"bin_width must divide r_max = 10 Å into whole bins, .*\(value: 0.3\); 0.1 Å is usual"),
        ({"bin_width": 1e-7}, "bin_width must divide r_max"),
        ({"smearing": -0.1}, r"smearing must be 0, or from a hundredth of bin_width to r_max \(value: -0.1\); 0.1 Å"),
        ({"smearing": float("nan")}, "smearing must be 0, or"),
        ({"recipe": "0.3.0"}, r"recipe must be 'count' or 'cutoff' \(value: '0.3.0'\)"),
        ({"n_groups": 10**6}, r"n_groups times the number of bins must be at most 10,000,000 \(value: 1000000\)"),
    ],
)
def test_parameters_without_a_meaning_are_refused(options, message):
    with pytest.raises(XtalprintError, match=message):
        GRID(**options)


@pytest.mark.parametrize("smearing", [0.001, 0.02, 0.5])
def test_other_widths_add_up_too(smearing):
    array = GRID(n_groups=12, smearing=smearing).compute(FCC).array
    np.testing.assert_allclose(array.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(array @ GRID().distances, 1.8 * np.sqrt(2), atol=0.05)


def test_more_groups_than_usual():
    array = GRID(n_groups=3000, r_max=30, bin_width=0.5).compute(SC).array
    assert array.shape == (3000, 60)
    np.testing.assert_allclose(array[:2800].sum(axis=1), 1, atol=1e-6)


def test_picture():
    figure = DESCRIPTOR.compute(SC).plot()
    top, main = figure.axes[:2]
    assert (top.get_ylabel(), main.get_xlabel(), main.get_ylabel()) == (
        "neighbours of a site\nin each bin",
        "distance (Å)",
        "group (k-th neighbour)",
    )
    assert main.get_legend().get_texts()[0].get_text() == "mean distance of the group"


def test_a_picture_shows_what_is_there():
    far = GRID(n_groups=20, r_max=1000, bin_width=0.5)
    _, main = far.compute(SC).plot().axes[:2]
    assert main.get_xlim()[1] < 20, "not a thousand angstroms of nothing"
    dimer = Crystal([[0, 0, 0], [0, 0, 1.1], [0, 1.1, 0]], ["N"] * 3)
    _, main = GRID().compute(dimer).plot().axes[:2]
    assert main.get_ylim() == (0.5, 2.5), "no rows for neighbours that no site has"
    assert main.get_title() == "no site has more than 2 neighbours within 10 Å"
    assert all(tick == int(tick) for tick in main.get_yticks())
