"""From a crystal in any cell to its image: the pipeline, its warnings and its errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import Crystal, geometry
from xtalprint.descriptors.base import Descriptor, parameters
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.errors import InvalidCrystalError, UnsupportedInputError, XtalprintError
from xtalprint.scattering import form_factors

SETTINGS = settings(max_examples=10, deadline=None, derandomize=True)
FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
DESCRIPTOR = DiffractionImage()


def copper(**options):
    return Crystal(3.615 * FACE, ["Cu"] * 4, cell=3.615 * np.eye(3), **options)


def copper_primitive():
    return Crystal([[0, 0, 0]], ["Cu"], cell=3.615 / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))


def iron(a=2.866):
    return Crystal([[0, 0, 0], [a / 2] * 3], ["Fe"] * 2, cell=a * np.eye(3))


def noisy(crystal, sigma, seed=1):
    shift = np.random.default_rng(seed).normal(scale=sigma, size=crystal.positions.shape)
    return Crystal(crystal.positions + shift, crystal.numbers, cell=crystal.cell)


def correlation(one, other):
    y, x = np.indices((64, 64)) - 31.5
    ring = (np.hypot(x, y) >= 5) & (np.hypot(x, y) <= 30)
    return np.corrcoef(one[:, ring].ravel(), other[:, ring].ravel())[0, 1]


def test_contract():
    assert isinstance(DESCRIPTOR, Descriptor)
    fingerprint = DESCRIPTOR.compute(copper(source="Cu.cif", frame=3))
    assert fingerprint.array.shape == (3, 64, 64)
    assert fingerprint.array.dtype == np.float32
    assert (fingerprint.source, fingerprint.frame, fingerprint.formula) == ("Cu.cif", 3, "Cu4")
    assert fingerprint.warnings == ()
    assert DiffractionImage(**{k: v for k, v in parameters(DESCRIPTOR).items() if k != "descriptor"}) == DESCRIPTOR


def test_defaults_are_the_papers():
    assert parameters(DESCRIPTOR) == {
        "descriptor": "DiffractionImage",
        "wavelength": 0.05,
        "detector_distance": 0.1,
        "pixel_size": 4e-4,
        "n_pixels": 64,
        "rotation_angle": 45.0,
        "inner_mask": 5.0,
        "outer_mask": 30.0,
        "z_offset": 2,
        "form_factors": "it92",
        "min_atoms": 256,
        "max_atoms": 1024,
        "symprec": 0.1,
        "scale": "mean",
    }


def test_against_the_direct_sum_from_the_crystal_on(reference):
    # fcc, 4 × 4 × 4 cells scaled to a nearest-neighbour distance of 1 Å, with the form factor of Z + 2.
    grid = np.stack(np.meshgrid(*3 * [np.arange(4)]), axis=-1).reshape(-1, 1, 3)
    positions = (grid + FACE).reshape(-1, 3) * np.sqrt(2)
    exact = reference.exact_image(positions, lambda s: form_factors(31, s)[None, :])
    assert DESCRIPTOR.compute(copper()).array == pytest.approx(exact, abs=1e-5)


@SETTINGS
@given(volume=st.floats(0.5, 2.0), z=st.sampled_from([3, 14, 29, 47, 79]))
def test_volume_does_not_matter_and_the_element_little(volume, z):
    edge = 3.615 * volume ** (1 / 3)
    other = Crystal(edge * FACE, [z] * 4, cell=edge * np.eye(3))
    same_element = Crystal(edge * FACE, [29] * 4, cell=edge * np.eye(3))
    image = DESCRIPTOR.compute(copper()).array
    assert DESCRIPTOR.compute(same_element).array == pytest.approx(image, abs=1e-5)
    assert correlation(DESCRIPTOR.compute(other).array, image) > 0.9


def test_a_primitive_cell_is_seen_in_conventional_axes():
    image = DESCRIPTOR.compute(copper()).array
    assert DESCRIPTOR.compute(copper_primitive()).array == pytest.approx(image, abs=1e-5)
    supercell = geometry.supercell(copper_primitive(), (6, 6, 7))
    assert DESCRIPTOR.compute(supercell).array == pytest.approx(image, abs=1e-5)


def test_noise_in_conventional_axes_keeps_the_image():
    image = DESCRIPTOR.compute(copper()).array
    crystal = noisy(geometry.supercell(copper(), (4, 4, 4)), 0.06)
    assert correlation(DiffractionImage(scale="robust").compute(crystal).array, image) > 0.95


def test_trap_noise_in_primitive_axes_gives_another_image():
    # The known weakness of the method: with noise no symmetry is found, the primitive axes stay, and the image has
    # nothing to do with that of the cube. The fingerprint says so.
    fingerprint = DESCRIPTOR.compute(noisy(geometry.supercell(copper_primitive(), (6, 6, 7)), 0.06))
    assert correlation(fingerprint.array, DESCRIPTOR.compute(copper()).array) == pytest.approx(-0.01, abs=0.02)
    (warning,) = fingerprint.warnings
    assert warning.startswith("cell in an unusual setting: no symmetry was found within 0.1 Å in its 252 sites")


def test_trap_the_mean_scale_moves_peaks_inwards_under_noise():
    crystal = noisy(geometry.supercell(copper(), (4, 4, 4)), 0.10)
    expected = 3.615 / np.sqrt(2)
    mean, robust = (geometry.bond_length(crystal, method=method) for method in ("mean", "robust"))
    assert mean / expected == pytest.approx(0.916, abs=0.01)
    assert robust / expected == pytest.approx(1.0, abs=0.02)
    image = DESCRIPTOR.compute(copper()).array
    assert correlation(DiffractionImage(scale="robust").compute(crystal).array, image) > correlation(
        DESCRIPTOR.compute(crystal).array, image
    )


def test_size_from_32_to_1024_atoms_keeps_the_peaks():
    image = DESCRIPTOR.compute(copper()).array
    for cells in (2, 3, 5):
        other = DiffractionImage(min_atoms=4 * cells**3).compute(copper()).array
        assert correlation(other, image) > (0.5 if cells == 2 else 0.8)


def test_cluster_is_seen_in_its_own_axes():
    supercell = geometry.supercell(copper(), (4, 4, 4))
    cluster = Crystal(supercell.positions, supercell.numbers)
    fingerprint = DESCRIPTOR.compute(cluster)
    assert fingerprint.array == pytest.approx(DESCRIPTOR.compute(copper()).array, abs=1e-5)
    assert fingerprint.warnings[0].startswith("no cell: the cluster is seen in its own axes")


def test_a_slab_is_repeated_along_its_two_directions():
    slab = Crystal(
        np.concatenate([3.615 * FACE + [0, 0, 3.615 * k] for k in range(3)]),
        ["Cu"] * 12,
        cell=np.diag([3.615, 3.615, 40.0]),
        pbc=(True, True, False),
    )
    cluster, warnings = DESCRIPTOR.cluster(slab)
    assert len(cluster) >= 256
    assert np.ptp(cluster.positions[:, 2]) < 6
    assert warnings[0].startswith("repeats along fewer than three directions")
    assert np.isfinite(DESCRIPTOR.compute(slab).array).all()


def test_large_cell_is_cut():
    crystal = noisy(geometry.supercell(copper(), (8, 8, 8)), 0.1)
    cluster, warnings = DESCRIPTOR.cluster(crystal)
    # Noise may put two layers' ends next to each other.
    assert 1020 <= len(cluster) <= 1028
    assert warnings[0].startswith("cell in an unusual setting: no symmetry was found within 0.1 Å in its 2048 sites")
    assert warnings[1:] == ("cut to the middle 1024 of 2048 sites",)
    robust = DiffractionImage(scale="robust")
    assert correlation(robust.compute(crystal).array, robust.compute(copper()).array) > 0.5


def test_a_large_pristine_cell_in_other_axes_is_brought_to_the_standard_cell():
    primitive = Crystal([[0, 0, 0]], ["Cu"], cell=3.615 / 2 * (np.ones((3, 3)) - np.eye(3)))
    crystal = geometry.supercell(primitive, (11, 11, 11))
    fingerprint = DESCRIPTOR.compute(crystal)
    assert fingerprint.warnings == ()
    assert correlation(fingerprint.array, DESCRIPTOR.compute(copper()).array) > 0.999


def test_a_small_cell_in_which_nothing_is_found_is_worth_a_warning():
    primitive = Crystal([[0, 0, 0]], ["Cu"], cell=3.615 / 2 * (np.ones((3, 3)) - np.eye(3)))
    crystal = noisy(geometry.supercell(primitive, (2, 2, 2)), 0.1)
    assert DESCRIPTOR.compute(crystal).warnings[0].startswith("cell in an unusual setting: no symmetry was found")


@pytest.mark.parametrize("name", ["n_pixels", "min_atoms", "max_atoms"])
def test_numbers_of_things_are_whole(name):
    with pytest.raises(XtalprintError, match=rf"{name} must be a whole number \(value: 64.5\)"):
        DiffractionImage(**{name: 64.5})


def test_robust_scale_where_no_pair_is_near_the_median():
    pairs = Crystal([[0, 0, 0], [0.8, 0, 0], [100, 0, 0], [112, 0, 0]], ["H", "H", "Cu", "Cu"])
    assert np.isfinite(DiffractionImage(scale="robust").compute(pairs).array).all()


@pytest.mark.parametrize("lengths", [(707, 3.8, 0.06), (300, 3.8, 0.2), (3000, 3, 0.3), (100, 3, 0.3)])
def test_thin_cells_do_not_hang(lengths):
    thin = Crystal([[1, 1, 0.01], [0.42 * lengths[0], 2, 0.02]], ["Cu", "Al"], cell=np.diag(lengths))
    assert np.isfinite(DESCRIPTOR.compute(thin).array).all()


def test_a_fault_of_a_kernel_is_a_failure_and_the_others_go_on(monkeypatch):
    def bond_length(crystal, **_):
        return 2.5 / (len(crystal) != 7)

    monkeypatch.setattr(geometry, "bond_length", bond_length)
    seven = Crystal(np.arange(21.0).reshape(7, 3), ["Cu"] * 7)
    batch = DESCRIPTOR.compute_many([copper(), seven, copper()])
    assert batch.index.tolist() == [0, 2]
    assert str(batch.failures[0].error).startswith(
        "a fault of xtalprint itself (ZeroDivisionError: float division by zero); please"
    )


def test_disordered_sites_are_averaged():
    alloy = Crystal(
        np.repeat(3.75 * FACE, 2, axis=0), ["Cu", "Au"] * 4, cell=3.75 * np.eye(3), occupancies=[0.25, 0.75] * 4
    )
    fingerprint = DESCRIPTOR.compute(alloy)
    assert fingerprint.warnings == ("4 disordered sites: averaged, each species weighted by its occupancy",)
    assert correlation(fingerprint.array, DESCRIPTOR.compute(copper()).array) > 0.99
    vacancy = Crystal([[0, 0, 0]], ["Po"], cell=3.3 * np.eye(3), occupancies=[0.9])
    fingerprint = DESCRIPTOR.compute(vacancy)
    full = DESCRIPTOR.compute(Crystal([[0, 0, 0]], ["Po"], cell=3.3 * np.eye(3)))
    assert fingerprint.warnings[0].startswith("1 disordered site: averaged")
    assert fingerprint.array == pytest.approx(full.array, abs=1e-5)


def test_beyond_the_end_of_the_table_the_last_element_is_taken():
    heavy = Crystal([[0, 0, 0]], ["Og"], cell=3 * np.eye(3))
    fingerprint = DESCRIPTOR.compute(heavy)
    assert fingerprint.warnings == ("the table of form factors ends before Z + 2 of Og: that of Cf was used",)
    californium = DiffractionImage(z_offset=0).compute(Crystal([[0, 0, 0]], ["Cf"], cell=3 * np.eye(3)))
    assert np.array_equal(fingerprint.array, californium.array)


def test_many_equal_one_to_the_last_bit_whatever_the_threads():
    crystals = [
        copper(),
        iron(),
        copper_primitive(),
        noisy(iron(), 0.01),
        Crystal([[0, 0, 0]], [84], cell=3 * np.eye(3)),
    ]
    crystals *= 5
    single = [DESCRIPTOR.compute(crystal).array for crystal in crystals]
    for threads in (1, 2, 5):
        batch = DESCRIPTOR.compute_many(crystals, threads=threads)
        assert batch.failures == ()
        assert np.array_equal(batch.index, np.arange(25))
        assert np.array_equal(batch.array, single)
    backwards = DESCRIPTOR.compute_many(crystals[::-1], threads=2)
    assert np.array_equal(backwards.array[::-1], single)


def test_failures_are_records_and_lose_nothing():
    lonely = Crystal([[0, 0, 0]], ["H"], source="lonely.xyz", frame=7)
    batch = DESCRIPTOR.compute_many([copper(), lonely, iron()], threads=2)
    assert batch.array.shape == (2, 3, 64, 64)
    assert batch.index.tolist() == [0, 2]
    assert len(batch.warnings) == 2
    (failure,) = batch.failures
    assert failure.index == 1
    assert str(failure.error).startswith("lonely.xyz, frame 7: a single atom has no neighbour")
    nothing = DESCRIPTOR.compute_many([])
    assert nothing.array.shape == (0, 3, 64, 64)


def test_an_element_without_scattering_length_is_an_error():
    polonium = Crystal([[0, 0, 0]], ["Po"], cell=3.3 * np.eye(3), source="Po.cif")
    with pytest.raises(UnsupportedInputError, match=r"Po.cif: the table neutron92 has no form factor .*Z = 84, Po"):
        DiffractionImage(form_factors="neutron92", z_offset=0).compute(polonium)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"symprec": 0.0}, "symprec must be positive"),
        ({"symprec": float("nan")}, "symprec must be positive"),
        ({"rotation_angle": float("inf")}, "rotation_angle must be finite"),
        ({"min_atoms": 0}, "min_atoms must be at least 1 and at most max_atoms"),
        ({"min_atoms": 300, "max_atoms": 256}, "min_atoms must be at least 1 and at most max_atoms"),
        ({"z_offset": -1}, "z_offset must be a whole number, 0 or more"),
        ({"z_offset": 0.5}, "z_offset must be a whole number"),
        ({"form_factors": "wk95"}, "use one of it92, c4322, neutron92"),
        ({"scale": "median"}, "use mean or robust"),
        ({"inner_mask": 40.0}, "no pixel lies between the two masks"),
        ({"wavelength": -0.05}, "wavelength must be positive"),
    ],
)
def test_meaningless_parameters_are_refused(change, says):
    with pytest.raises(XtalprintError, match=says):
        DiffractionImage(**change)


def test_bad_crystals_never_reach_the_kernels():
    with pytest.raises(InvalidCrystalError, match="not finite"):
        Crystal([[0, 0, float("nan")]], ["Cu"], cell=np.eye(3))


@pytest.mark.parametrize("repeats", [(4, 4, 8), (8, 4, 4), (3, 3, 12), (2, 5, 9)])
def test_the_shape_of_a_box_without_symmetry_is_chance_and_not_seen(repeats):
    """A noisy box of any shape is seen as a compact piece, like that of a cube."""
    robust = DiffractionImage(scale="robust")
    box = noisy(geometry.supercell(copper(), repeats), 0.12)
    cluster, warnings = robust.cluster(box)
    assert warnings[0].startswith("cell in an unusual setting")
    extent = np.ptp(cluster.positions, axis=0)
    assert extent.max() < 1.35 * extent.min()
    assert 400 < len(cluster) < 640
    cube = robust.compute(noisy(geometry.supercell(copper(), (5, 5, 5)), 0.12))
    assert correlation(robust.compute(box).array, cube.array) > 0.6


@pytest.mark.parametrize("thing", [None, 5, [copper()]])
def test_what_is_no_crystal_is_said_so(thing):
    with pytest.raises(UnsupportedInputError, match=r"this is no Crystal .* from_ase or from_pymatgen"):
        DESCRIPTOR.cluster(thing)


@pytest.mark.parametrize(
    "lengths", [(3, 3, 1e5), (3000, 3, 0.5), (1, 2000, 2000), (0.745, 1.91, 59.8), (0.55, 2.2, 19.6)]
)
def test_needles_and_sheets_need_little_memory(lengths):
    thin = Crystal(
        [[0, 0, 0], [0.3 * lengths[0], 0, 0.1]], ["Cu", "Al"], cell=np.diag(np.array(lengths, dtype=float))
    )
    assert np.isfinite(DESCRIPTOR.compute(thin).array).all()
