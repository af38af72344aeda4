"""The fast image against the direct sum, and its invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint.errors import UnsupportedInputError
from xtalprint.scattering import Detector, ImageGeometry, compiled, form_factors, image_of_cluster
from xtalprint.scattering import image as image_module
from xtalprint.scattering.arithmetic import cos_sin_turns
from xtalprint.scattering.columns import columns_of
from xtalprint.scattering.compiled import sum_compiled
from xtalprint.scattering.orientations import turned_coordinates
from xtalprint.scattering.ring_sum import Turned, sum_with_numpy

SETTINGS = settings(max_examples=15, deadline=None, derandomize=True)
#: The promise is 1e-4 of the maximum; the docstring says 1e-5.
PROMISED = 1e-5


@pytest.fixture(autouse=True, scope="module")
def _compiled():
    image_module.use_compiled_sum()


def error_against(reference, positions, numbers, occupancies=None, *, table="it92", **geometry):
    detector = Detector(**{k: v for k, v in geometry.items() if k != "angle"})
    ours = image_of_cluster(
        positions,
        numbers,
        occupancies=occupancies,
        geometry=ImageGeometry(detector=detector, rotation_angle=geometry.get("angle", 45.0), table=table),
    )
    names = {"inner_mask": "inner", "outer_mask": "outer"}
    weights = 1.0 if occupancies is None else occupancies[:, None]
    exact = reference.exact_image(
        positions,
        lambda s: form_factors(numbers, s, table=table) * weights,
        **{names.get(k, k): v for k, v in geometry.items()},
    )
    assert ours.shape == exact.shape
    return np.abs(ours - exact).max()


@pytest.mark.parametrize(
    ("name", "repeats"),
    [
        ("sc", (6, 7, 7)),
        ("fcc", (4, 4, 4)),
        ("fcc", (2, 2, 2)),
        ("bcc", (6, 5, 5)),
        ("diam", (4, 3, 3)),
        ("sc", (8, 8, 16)),
    ],
)
@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_error_on_lattices_with_and_without_noise(reference, lattice, name, repeats, sigma):
    rng = np.random.default_rng(1)
    positions = lattice(name, repeats)
    positions = positions + rng.normal(scale=sigma, size=positions.shape)
    assert error_against(reference, positions, np.full(len(positions), 31)) < PROMISED


@pytest.mark.parametrize("n", [1, 2, 32, 250, 1024])
@pytest.mark.parametrize("stretch", [(1, 1, 1), (6, 1, 1), (1, 1, 6), (0.01, 3, 3)])
def test_error_on_disordered_mixtures_of_any_shape(reference, n, stretch):
    rng = np.random.default_rng(n)
    edge = n ** (1 / 3) / 2
    positions = rng.uniform(-edge, edge, (n, 3)) * stretch + [5.0, -3.0, 100.0]
    numbers = rng.integers(1, 99, n)
    assert error_against(reference, positions, numbers, rng.uniform(0.1, 1.0, n)) < PROMISED


@pytest.mark.parametrize(
    "geometry",
    [
        {"angle": 30.0},
        {"angle": 0.0},
        {"n_pixels": 33, "inner_mask": 0.0, "outer_mask": 99.0, "pixel": 8e-4},
        {"n_pixels": 48, "inner_mask": 10.0, "outer_mask": 20.0},
        {"wavelength": 0.5, "distance": 0.02, "inner_mask": 2.0},
        {"n_pixels": 128, "pixel": 2e-4, "outer_mask": 60.0},
        {"n_pixels": 2, "inner_mask": 0.0},
    ],
)
def test_error_with_other_detectors(reference, lattice, geometry):
    rng = np.random.default_rng(5)
    positions = lattice("bcc", (4, 4, 4))
    positions = positions + rng.normal(scale=0.05, size=positions.shape)
    assert error_against(reference, positions, rng.choice([14, 31], len(positions)), **geometry) < PROMISED


@pytest.mark.parametrize("table", ["c4322", "neutron92"])
def test_error_with_other_tables(reference, lattice, table):
    positions = lattice("fcc", (3, 3, 3))
    assert error_against(reference, positions, np.arange(len(positions)) % 2 * 3 + 25, table=table) < PROMISED


@SETTINGS
@given(seed=st.integers(0, 10**6), n=st.integers(1, 400), elements=st.integers(1, 9))
def test_compiled_and_numpy_sums_are_the_same_bits(seed, n, elements):
    rng = np.random.default_rng(seed)
    columns = columns_of(Detector())
    across, along, patterns = turned_coordinates(rng.uniform(-5, 5, (n, 3)), 45.0)
    numbers = np.sort(rng.integers(1, elements + 1, n))
    cluster = Turned(
        across,
        along,
        patterns,
        rng.uniform(0.1, 1, n).astype(np.float32),
        np.array([0, *(np.flatnonzero(np.diff(numbers)) + 1), n], dtype=np.int64),
        rng.uniform(1, 90, (len(np.unique(numbers)), columns.height, columns.width)).astype(np.float32),
    )
    ours, theirs = sum_compiled(cluster, columns), sum_with_numpy(cluster, columns)
    inside = np.arange(columns.width) < columns.used[:, None]
    assert np.array_equal(ours[..., inside], theirs[..., inside])


def test_sine_and_cosine():
    turns = np.linspace(-0.5, 0.5, 100_001).astype(np.float32)
    cosine, sine = cos_sin_turns(turns)
    angle = 2 * np.pi * turns.astype(np.float64)
    assert cosine.dtype == sine.dtype == np.float32
    assert np.abs(cosine - np.cos(angle)).max() < 1e-6
    assert np.abs(sine - np.sin(angle)).max() < 1e-6


def test_first_images_without_numba_are_the_same_bits(monkeypatch, lattice):
    positions = lattice("fcc", (4, 4, 4))
    numbers = np.where(np.arange(len(positions)) % 3, 31, 81)
    compiled = image_of_cluster(positions, numbers)
    monkeypatch.setattr(image_module, "_sum_to_use", lambda: sum_with_numpy)
    assert np.array_equal(image_of_cluster(positions, numbers), compiled)


@SETTINGS
@given(seed=st.integers(0, 10**6), n=st.integers(2, 300))
def test_order_and_place_do_not_matter(seed, n):
    rng = np.random.default_rng(seed)
    positions, numbers = rng.uniform(0, 6, (n, 3)), rng.integers(1, 90, n)
    image = image_of_cluster(positions, numbers)
    order = rng.permutation(n)
    assert np.abs(image_of_cluster(positions[order], numbers[order]) - image).max() < PROMISED
    assert np.abs(image_of_cluster(positions + rng.normal(scale=50, size=3), numbers) - image).max() < PROMISED


@SETTINGS
@given(seed=st.integers(0, 10**6), step=st.floats(1e-9, 1e-3))
def test_a_small_jitter_changes_the_image_little(seed, step):
    rng = np.random.default_rng(seed)
    positions = np.stack(np.meshgrid(*3 * [np.arange(5.0)]), axis=-1).reshape(-1, 3)
    moved = positions + rng.uniform(-step, step, positions.shape)
    change = np.abs(image_of_cluster(moved, np.full(125, 26)) - image_of_cluster(positions, np.full(125, 26))).max()
    # At |s| = 2.4 1/Å a step d changes a phase by at most 26 d; twice that in |F|².
    assert change < 2 * 2 * 26 * step + PROMISED


@pytest.mark.parametrize("name", ["sc", "fcc", "bcc", "diam"])
def test_more_replicas_leave_the_peaks_where_they_are(lattice, name):
    small, large = (lattice(name, (n, n, n)) for n in ((5, 7) if name == "sc" else (3, 4)))
    peaks = [strong_peaks(image_of_cluster(p, np.full(len(p), 31))[2], 0.3) for p in (small, large)]
    # The width of a peak goes with 1/size, so that its highest pixel may move to the next one.
    for here, there in (peaks, peaks[::-1]):
        distances = np.linalg.norm(here[:, None, :] - there[None, :, :], axis=2).min(axis=1)
        assert distances.max() <= np.sqrt(2)


def strong_peaks(image, share):
    """(n, 2) pixels, from the middle, that are not below any of their eight neighbours and above a share."""
    padded = np.pad(image, 1)
    n = len(image)
    shifted = [padded[1 + i : 1 + i + n, 1 + j : 1 + j + n] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return np.argwhere((image >= np.max(shifted, axis=0)) & (image > share * image.max())) - (n - 1) / 2


def radii(image, share):
    return np.linalg.norm(strong_peaks(image, share), axis=1)


@pytest.mark.parametrize(
    ("name", "repeats", "share", "across", "along"),
    [
        ("fcc", (4, 4, 4), 0.05, (13.7, 15.1, 17.5, 25.5, 29.3), (17.7, 24.5)),
        ("bcc", (6, 5, 5), 0.05, (15.5, 21.5, 26.5), (15.5, 21.9)),
        # 9.5 px is a fringe of (100), 3 to 6 % of the maximum, which six or seven cells along an edge have there.
        ("sc", (6, 7, 7), 0.03, (9.5, 12.5, 17.5, 21.5, 24.5), ()),
        ("diam", (4, 3, 3), 0.05, (9.3, 15.5, 18.1, 21.5, 23.2, 24.1, 26.5), ()),
    ],
)
def test_peak_radii_with_unit_form_factors(lattice, *, name, repeats, share, across, along):
    positions = lattice(name, repeats)
    # One element with a constant scattering length: unit form factors.
    image = image_of_cluster(positions, np.full(len(positions), 26), geometry=ImageGeometry(table="neutron92"))
    for channel, known in ((0, across), (1, across), (2, along)):
        found = radii(image[channel], share)
        for radius in known:
            assert np.abs(found - radius).min() <= 0.5, (channel, radius)


def test_bragg_peaks_lie_where_the_reciprocal_lattice_meets_the_plane(lattice):
    positions = lattice("fcc", (5, 5, 5))
    image = image_of_cluster(positions, np.full(len(positions), 31))
    h = np.array([(i, j, 0) for i in range(-4, 5) for j in range(-4, 5) if i % 2 == j % 2 == 0 and (i or j)])
    s = h[:, :2] / np.sqrt(2)
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    expected = s @ turn.T / 0.08
    for pixel in strong_peaks(image[2], 0.1):
        assert np.linalg.norm(expected - pixel, axis=1).min() < 1.0


def test_minus_45_about_the_beam_is_a_quarter_turn(reference, lattice):
    rng = np.random.default_rng(3)
    positions = lattice("fcc", (3, 3, 3))
    positions = positions + rng.normal(scale=0.2, size=positions.shape)
    geometry = ImageGeometry(rotation_angle=45.0 + 1e-9)  # not recognised as 45°, so computed from six patterns
    numbers = np.full(len(positions), 31)
    assert image_of_cluster(positions, numbers) == pytest.approx(
        image_of_cluster(positions, numbers, geometry=geometry), abs=PROMISED
    )


def test_channels_follow_a_permutation_of_the_axes(lattice):
    positions = lattice("sc", (4, 5, 6)) + 0.0
    numbers = np.full(len(positions), 31)
    image = image_of_cluster(positions, numbers)
    swapped = image_of_cluster(positions[:, [1, 0, 2]], numbers)
    # Exchanging x and y exchanges the first two channels and transposes all three.
    assert swapped == pytest.approx(image[[1, 0, 2]].transpose(0, 2, 1), abs=PROMISED)


def test_mask_range_and_normalisation(lattice):
    positions = lattice("bcc", (5, 5, 5))
    image = image_of_cluster(positions, np.full(len(positions), 31))
    y, x = np.indices((64, 64)) - 31.5
    outside = (np.hypot(x, y) < 5) | (np.hypot(x, y) > 30)
    assert image.dtype == np.float32
    assert (image[:, outside] == 0).all()
    assert image.max() == 1.0
    assert image.min() == 0.0
    assert (image[:, ~outside] > 0).any(axis=0).all()
    # One factor for all three channels: the channels do not all reach 1 in an anisotropic crystal.
    slab = image_of_cluster(positions * [1.0, 1.0, 1.7], np.full(len(positions), 31))
    assert slab.max(axis=(1, 2)).min() < 0.9


def test_occupancy_weights_the_form_factor(lattice):
    positions = lattice("sc", (5, 5, 5))
    half = image_of_cluster(
        np.concatenate([positions, positions]),
        np.repeat([29, 79], len(positions)),
        occupancies=np.repeat([0.25, 0.75], len(positions)),
    )
    geometry = ImageGeometry(table="neutron92")
    assert np.isfinite(half).all()
    # Two rows of half an atom are one atom.
    whole = image_of_cluster(positions, np.full(len(positions), 29), geometry=geometry)
    split = image_of_cluster(
        np.concatenate([positions, positions]),
        np.full(2 * len(positions), 29),
        occupancies=np.full(2 * len(positions), 0.5),
        geometry=geometry,
    )
    assert split == pytest.approx(whole, abs=PROMISED)


def test_a_dark_image_is_an_error(lattice):
    positions = lattice("sc", (2, 2, 2))
    with pytest.raises(UnsupportedInputError, match="dark: no pixel between the masks has any intensity"):
        image_of_cluster(positions, np.full(8, 26), occupancies=np.zeros(8))


def test_a_large_cluster_is_summed_in_tiles(reference):
    rng = np.random.default_rng(0)
    positions = rng.uniform(-20, 20, (1500, 3))
    geometry, columns = ImageGeometry(), columns_of(Detector())
    tiles = list(image_module._tiles(positions, np.full(1500, 31), np.ones(1500), geometry, columns))
    assert len(tiles) == 8
    assert sum(len(tile.positions) for tile in tiles) == 1500
    assert error_against(reference, positions, np.full(1500, 31)) < PROMISED


def test_without_a_place_for_the_cache_it_is_compiled_all_the_same(monkeypatch):
    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        assert options == {"nogil": True, "error_model": "numpy"}
        return lambda function: function

    monkeypatch.setattr(compiled, "_njit", njit)
    assert compiled._compile() is compiled._sum
