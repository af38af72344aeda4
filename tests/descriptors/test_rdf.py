"""RDF: known shells, the sum over the groups of GRID, invariance, disorder, errors."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xtalprint as xp
from xtalprint import Crystal, geometry
from xtalprint.descriptors.base import Descriptor, parameters
from xtalprint.descriptors.grid import GRID
from xtalprint.descriptors.rdf import RDF
from xtalprint.errors import UnsupportedInputError, XtalprintError

REFERENCE = Path(__file__).parents[1] / "reference" / "grid.py"
SETTINGS = settings(max_examples=20, deadline=None, derandomize=True)
SC = Crystal([[0, 0, 0]], ["Po"], cell=3.35 * np.eye(3))
EDGES = np.arange(101) * 0.1
SHELL = 4 / 3 * np.pi * np.diff(EDGES**3)


@st.composite
def crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(1, 4))
    cell = np.diag(rng.uniform(3, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-0.5, 0.5, (3, 3)), -1))
    frac = (np.arange(n)[:, None] + rng.random((n, 3)) * 0.4) / n
    return Crystal(frac @ cell, [6] * n, cell=cell), rng


@SETTINGS
@given(crystals())
def test_equals_the_slow_definition(made):
    spec = importlib.util.spec_from_file_location("reference_grid", REFERENCE)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    crystal, _ = made
    found = reference.neighbours(crystal.positions, crystal.cell, crystal.pbc, 150, 4)
    expected = reference.rdf(found, crystal.volume, n_bins=50, width=0.1)
    np.testing.assert_allclose(RDF(r_max=5).compute(crystal).array, expected, atol=1e-5)


@SETTINGS
@given(crystals())
def test_the_sum_over_the_groups_of_grid_gives_it_back(made):
    crystal, _ = made
    groups = GRID(n_groups=700, smearing=0).compute(crystal).array
    assert groups[-1].sum() == 0, "enough groups to reach r_max"
    expected = groups.sum(axis=0) / SHELL * crystal.volume / crystal.n_sites
    np.testing.assert_allclose(RDF().compute(crystal).array, expected, rtol=1e-5)


def test_shells_of_a_simple_cubic_lattice():
    array = RDF().compute(SC).array
    bins = [33, 47, 58, 67, 74, 82, 94]
    counts = [6, 12, 8, 6, 24, 24, 12]
    expected = np.zeros(100)
    expected[bins] = counts
    # The seventh shell, and (3, 0, 0) and (2, 2, 1) beyond 10 Å.
    np.testing.assert_allclose(array * SHELL / 3.35**3, expected, rtol=1e-6)


@SETTINGS
@given(crystals())
def test_same_for_every_orientation_cell_origin_and_order_of_rows(made):
    crystal, rng = made
    expected = RDF().compute(crystal).array * SHELL
    cell = np.array([[1, 0, 0], [int(rng.integers(-2, 3)), 1, 0], [1, int(rng.integers(-2, 3)), 1]]) @ crystal.cell
    rows = rng.permutation(len(crystal))
    moved = Crystal(crystal.positions[rows] + rng.uniform(-9, 9, 3), crystal.numbers[rows], cell=cell)
    big = geometry.supercell(moved, tuple(rng.integers(1, 4, 3).tolist()))
    found = RDF().compute(geometry.rotated(big, geometry.random_rotation(rng))).array * SHELL
    # A distance on the very edge of a bin may change it.
    assert np.sort(abs(found - expected))[:90].max() < 1e-3


def test_it_goes_to_one_far_away():
    rng = np.random.default_rng(0)
    gas = Crystal(rng.uniform(0, 20, (600, 3)), [18] * 600, cell=20 * np.eye(3))
    assert abs(RDF().compute(gas).array[20:].mean() - 1) < 0.02


def test_partly_occupied_sites_count_by_their_occupancies():
    half = Crystal(SC.positions, ["Po"], cell=SC.cell, occupancies=[0.5])
    np.testing.assert_allclose(RDF().compute(half).array, RDF().compute(SC).array, rtol=1e-6)
    mixed = Crystal([[0, 0, 0], [2, 2, 2]], ["Cs", "Cl"], cell=4 * np.eye(3), occupancies=[1, 0.5])
    found = RDF().compute(mixed)
    assert found.array[34] == pytest.approx(8 * 2 * 0.5 / 1.5 / SHELL[34] / (1.5 / 64), rel=1e-5)
    assert "1 disordered site" in found.warnings[0]


def test_a_function_without_a_neighbour_has_a_warning():
    lonely, near = (Crystal([[0, 0, 0]], ["Cu"], cell=a * np.eye(3)) for a in (40, 3))
    found = RDF().compute(lonely)
    assert not found.array.any()
    assert found.warnings == ("no two sites are within r_max = 10 Å: the function is 0 everywhere",)
    assert RDF().compute_many([near, lonely]).warnings == ((), found.warnings)


def test_many_are_the_same_as_one_by_one():
    some = [SC, Crystal([[0, 0, 0]], ["He"]), geometry.supercell(SC, (3, 3, 3)), None]
    for threads in (1, 2):
        batch = RDF().compute_many(some, threads=threads)
        assert batch.index.tolist() == [0, 2]
        assert [failure.index for failure in batch.failures] == [1, 3]
        np.testing.assert_array_equal(batch.array[1], RDF().compute(some[2]).array)


@pytest.mark.parametrize("pbc", [(True, True, False), (False, False, False)])
def test_without_a_density_there_is_none(pbc):
    slab = Crystal([[0, 0, 0]], ["C"], cell=3 * np.eye(3), pbc=pbc, source="slab.cif")
    message = r"slab\.cif: only a crystal that repeats in three directions has a density; give the cell, or use GRID"
    with pytest.raises(UnsupportedInputError, match=message):
        RDF().compute(slab)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"r_max": 0}, r"r_max must be a positive number \(value: 0\)"),
        ({"r_max": 1000}, r"r_max is beyond 100 Å \(value: 1000\); 10 Å is usual"),
        ({"bin_width": 0.7}, "bin_width must divide r_max = 10 Å into whole bins"),
        ({"bin_width": None}, r"bin_width must be a number \(value: None\)"),
    ],
)
def test_parameters_without_a_meaning_are_refused(options, message):
    with pytest.raises(XtalprintError, match=message):
        RDF(**options)


def test_contract_and_picture():
    assert xp.RDF is RDF
    assert isinstance(RDF(), Descriptor)
    assert RDF(**{k: v for k, v in parameters(RDF()).items() if k != "descriptor"}) == RDF()
    fingerprint = RDF().compute(SC)
    assert fingerprint.array.dtype == np.float32
    [axes] = fingerprint.plot().axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("distance (Å)", "g(r)")
