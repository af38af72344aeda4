"""The many nearest neighbours of every site: against loops over all images, and in all kinds of cells."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_crystals import SIMPLE

from xtalprint.crystal import Crystal
from xtalprint.geometry import (
    compiled_images,
    compiled_nearest,
    random_rotation,
    rotated,
    sorted_distances,
    supercell,
    to_cluster,
)
from xtalprint.geometry.compiled_nearest import nearest
from xtalprint.geometry.site_batch import SiteBatch

REFERENCE = Path(__file__).parents[1] / "reference" / "grid.py"
SETTINGS = settings(derandomize=True, deadline=None, max_examples=40)


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("reference_grid", REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@st.composite
def crystals(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cell = np.diag(rng.uniform(2, 5, 3)) @ (np.eye(3) + np.tril(rng.uniform(-1.2, 1.2, (3, 3)), -1))
    n = int(rng.integers(1, 5))
    frac = (np.arange(n)[:, None] + 0.6 * rng.random((n, 3))) / n + rng.integers(-2, 3, (n, 3))
    pbc = tuple((rng.random(3) < 0.8).tolist())
    return rotated(Crystal(frac @ cell, [6] * n, cell=cell, pbc=pbc), random_rotation(rng))


def inside(crystal):
    """The same crystal with its sites in the cell, so that few images are enough."""
    shift = np.where(crystal.pbc, np.floor(crystal.frac), 0) @ crystal.cell
    return crystal.positions - shift


@SETTINGS
@given(crystals(), st.integers(1, 12))
def test_equals_the_loop_over_all_images(reference, crystal, k):
    expected = reference.neighbours(inside(crystal), crystal.cell, crystal.pbc, k, 6)
    found, owners = nearest(SiteBatch.of([crystal]), k, with_owners=True)
    distances = np.array([[d for d, _ in row] for row in expected])
    np.testing.assert_allclose(found, distances, atol=1e-9)
    apart = np.diff(distances, axis=1, prepend=-1, append=np.inf)
    for i, j in np.argwhere((apart[:, :-1] > 1e-6) & (apart[:, 1:] > 1e-6)):
        assert owners[i, j] == (-1 if expected[i][j][1] is None else expected[i][j][1])


@SETTINGS
@given(st.lists(crystals(), min_size=1, max_size=4), st.integers(1, 40))
def test_a_batch_is_the_same_as_one_by_one_to_the_last_bit(some, k):
    together, _ = nearest(SiteBatch.of(some), k)
    np.testing.assert_array_equal(together, np.concatenate([nearest(SiteBatch.of([one]), k)[0] for one in some]))


WAYS = [(compiled_nearest, "BOXED", 1), (compiled_nearest, "FULL", 0), (compiled_nearest, "FEW", 1)]
WAYS += [(compiled_nearest, "SPARE", 0.1), (compiled_nearest, "SPARE_BOXES", 0.1), (compiled_images, "MANY", 0)]


@pytest.mark.parametrize(("file", "constant", "value"), WAYS)
def test_every_way_through_gives_the_same(file, constant, value):
    """Boxes or slabs, both sorts, a ball too small at first: without compiling, so that constants count."""
    crystal = supercell(SIMPLE["hcp"], (2, 2, 1))
    expected, _ = nearest(SiteBatch.of([crystal]), 30)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("extent_of", "cells_away", "lattice_vectors", "images_within"):
            patch.setattr(compiled_images, name, getattr(compiled_images, name).py_func)
        for name in ("extent_of", "images_within"):
            patch.setattr(compiled_nearest, name, getattr(compiled_images, name))
        for name in ("boxed", "span", "squares_within"):
            patch.setattr(compiled_nearest, name, getattr(compiled_nearest, name).py_func)
        for name in ("heap_sort", "drawer_sort", "nearest_of_one", "fill_nearest"):
            patch.setattr(compiled_nearest, name, getattr(compiled_nearest, name).py_func)
        if constant == "SPARE_BOXES":
            patch.setattr(file, "BOXED", 1)
        patch.setattr(file, constant, value)
        found, _ = nearest(SiteBatch.of([crystal]), 30)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("n", [3, 12])
def test_large_boxes_equal_the_tree(n):
    box = supercell(SIMPLE["fcc"], (n, n, n))
    rng = np.random.default_rng(0)
    noisy = Crystal(box.positions + rng.normal(0, 0.1, box.positions.shape), box.numbers, cell=box.cell)
    np.testing.assert_allclose(nearest(SiteBatch.of([noisy]), 60)[0], sorted_distances(noisy, k=60), atol=1e-9)
    piece = to_cluster(noisy)
    np.testing.assert_allclose(nearest(SiteBatch.of([piece]), 26)[0], sorted_distances(piece, k=26), atol=1e-9)


@pytest.mark.parametrize("name", SIMPLE)
def test_distances_beyond_the_longest_are_infinite(name):
    whole, _ = nearest(SiteBatch.of([SIMPLE[name]]), 80)
    part, _ = nearest(SiteBatch.of([SIMPLE[name]]), 80, most=5.0)
    np.testing.assert_array_equal(part, np.where(whole <= 5.0, whole, np.inf))


def test_a_cluster_has_no_more_neighbours_than_others():
    cluster = Crystal([[0, 0, 0], [0, 0, 1.0], [0, 2.0, 0]], ["H"] * 3)
    found, owners = nearest(SiteBatch.of([cluster]), 4, with_owners=True)
    np.testing.assert_allclose(found[0], [1, 2, np.inf, np.inf])
    assert owners[0].tolist() == [1, 2, -1, -1]
    assert np.isinf(nearest(SiteBatch.of([Crystal([[0, 0, 0]], ["He"])]), 2)[0]).all()


def test_a_dense_heap_far_away_is_sorted_too():
    heap = np.random.default_rng(0).uniform(0, 12, (400, 3))
    cluster = Crystal(np.concatenate([[[500.0, 0, 0]], heap]), [1] * 401, occupancies=np.full(401, 1.0))
    found, _ = nearest(SiteBatch.of([cluster]), 400)
    expected = np.sort(np.linalg.norm(cluster.positions[:, None] - cluster.positions, axis=2), axis=1)[:, 1:]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def rod(n, *, turned):
    """A cell of n atoms, 3.6 Å wide and as long as it takes."""
    layer = 3.6 * np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    sites = np.concatenate([layer + np.array([0, 0, 3.6 * i]) for i in range(n // 4)])
    rng = np.random.default_rng(0)
    crystal = Crystal(sites + rng.normal(0, 0.05, sites.shape), [29] * n, cell=np.diag([3.6, 3.6, 0.9 * n]))
    return rotated(crystal, random_rotation(rng)) if turned else crystal


@pytest.mark.parametrize("turned", [False, True])
def test_a_long_thin_cell_takes_the_time_of_its_sites(reference, turned):
    """Of 1,600 sites in a rod there are some 30,000 images near one, and many millions as far away as its ends."""
    crystal = rod(1600, turned=turned)
    batch = SiteBatch.of([crystal])
    images, _ = compiled_images.images_within(batch.points, batch.bases[0], batch.inverses[0], 3, 8.0)
    assert images.shape[1] < 300_000
    found, _ = nearest(batch, 60)
    np.testing.assert_allclose(found, sorted_distances(crystal, k=60), atol=1e-9)
    # For the slow loops a piece of the middle, which repeats sideways, is enough.
    middle = np.argsort(np.abs(batch.points @ np.linalg.inv(crystal.cell)[:, 2] - 0.5))[:40]
    expected = reference.neighbours(batch.points[middle], crystal.cell, (True, True, False), 30, 3)
    np.testing.assert_allclose(found[middle[0], :30], [distance for distance, _ in expected[0]], atol=1e-9)


def test_sites_far_apart_make_no_more_boxes_than_images():
    cluster = Crystal(np.random.default_rng(0).uniform(0, 2500, (4200, 3)), [18] * 4200)
    sites = SiteBatch.of([cluster])
    place, owner = compiled_images.images_within(sites.points, sites.bases[0], sites.inverses[0], 0, 11.0)
    images = compiled_nearest.boxed(place, owner, len(place), 11.0)
    assert len(images[2]) <= compiled_nearest.SPARE_BOXES * 4200 + 1
    within, _ = nearest(sites, 5, most=150.0)
    expected = sorted_distances(cluster, k=5)
    np.testing.assert_allclose(within, np.where(expected <= 150, expected, np.inf), atol=1e-9)


def test_thin_and_huge_cells():
    thin = Crystal([[0, 0, 0]], ["C"], cell=np.diag([1.0, 90.0, 90.0]))
    np.testing.assert_allclose(nearest(SiteBatch.of([thin]), 100)[0][0], np.repeat(np.arange(1, 51), 2))
    needle = Crystal([[0.3, 0.2, 0.1]], ["C"], cell=[[4.0, 0, 0], [4e2 + 0.5, 4.0, 0], [-4e2, 4e2 + 1.0, 4.0]])
    straight = Crystal([[0, 0, 0]], ["C"], cell=SiteBatch.of([needle]).bases[0])
    assert np.linalg.norm(straight.cell, axis=1).max() < 6
    np.testing.assert_allclose(*(nearest(SiteBatch.of([c]), 50)[0] for c in (needle, straight)), atol=1e-6)
    lonely = Crystal([[0, 0, 0], [0, 0, 1.1]], ["N", "N"], cell=1000 * np.eye(3))
    found, _ = nearest(SiteBatch.of([lonely]), 2, most=10.0)
    assert found.tolist() == [[1.1, np.inf]] * 2


@SETTINGS
@given(crystals())
def test_reduced_cells_span_the_same_lattice(crystal):
    full = Crystal(crystal.positions, crystal.numbers, cell=crystal.cell)
    batch = SiteBatch.of([full])
    change = batch.bases[0] @ np.linalg.inv(crystal.cell)
    np.testing.assert_allclose(change, np.round(change), atol=1e-9)
    assert abs(np.linalg.det(change)) == pytest.approx(1)
    assert np.linalg.norm(batch.bases[0], axis=1).prod() <= np.linalg.norm(crystal.cell, axis=1).prod() * (1 + 1e-9)
    np.testing.assert_allclose(batch.bases[0] @ batch.inverses[0], np.eye(3), atol=1e-12)
    assert batch.volumes == pytest.approx(full.volume)
    fractional = batch.points @ batch.inverses[0]
    assert ((fractional > -1e-9) & (fractional < 1 + 1e-9)).all()
