"""The momentum cloud: known answers, its slow twin, other libraries, and what must not matter."""

from __future__ import annotations

import importlib.util
import json
import os
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xtalprint as xp
from xtalprint.crystal import cell_parameters
from xtalprint.descriptors.base import parameters
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import random_rotation, rotated, supercell
from xtalprint.geometry.lattice_basis import lattice_basis
from xtalprint.io import read_table
from xtalprint.scattering import form_factors

FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])


def load(name):
    path = Path(__file__).parents[1] / "reference" / name
    spec = importlib.util.spec_from_file_location("reference_momentum_cloud", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = load("momentum_cloud.py")
TABLE = json.loads(files("xtalprint.scattering").joinpath("published_form_factors.json").read_text(encoding="utf-8"))
PUBLISHED = REFERENCE.mott_bethe({ATOMIC_NUMBERS[symbol]: rows for symbol, rows in TABLE["gaussians"].items()})


def hexagonal(a, c):
    return np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]])


def crystal(symbols, fractional, cell):
    return xp.Crystal(np.asarray(fractional) @ cell, symbols, cell=cell)


SALT = crystal(["Na"] * 4 + ["Cl"] * 4, np.vstack([FACE, FACE + np.array([0.5, 0, 0])]), 5.64 * np.eye(3))
#: A cube with edges of 3 Å by very long vectors.
SHEARED = 3 * np.array([[1.0, 0, 0], [200, 1, 0], [0, 200, 1]])
PLATINUM = crystal(["Pt"] * 4, FACE, 3.92 * np.eye(3))
OSMIUM = crystal(["Os"] * 2, [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]], hexagonal(2.73, 4.32))
QUARTZ = crystal(
    ["Si"] * 3 + ["O"] * 6,
    [
        *([0.47, 0, 1 / 3], [0, 0.47, 2 / 3], [0.53, 0.53, 0]),
        *([0.414, 0.267, 0.452], [0.733, 0.147, 0.785], [0.853, 0.586, 0.119]),
        *([0.267, 0.414, 0.548], [0.147, 0.733, 0.215], [0.586, 0.853, 0.881]),
    ],
    hexagonal(4.913, 5.405),
)

#: Known answers of the recipe in the authors' released code (github.com/raymond-yiqunwang/deepKNet, MIT licence) for
#: the conventional cells, Miller limit 4: volume, intensities and how many of the 729 points vanish.
KNOWN = {
    "NaCl": (SALT, 179.406, {"000": 0.389728, "111": 0.010017, "200": 0.226508, "220": 0.164682}, 540),
    "Pt": (PLATINUM, None, {"000": 26.828277, "111": 17.605646, "200": 16.177278, "220": 12.383116}, 540),
    "Os": (OSMIUM, None, {"000": 29.717196, "111": 0.0, "200": 2.902547, "220": 6.278999}, 108),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_answers_of_the_conventional_cell(name):
    solid, volume, known, zero = KNOWN[name]
    cloud = xp.MomentumCloud(cell="conventional", n_points=729).cloud(solid)
    for hkl, intensity in known.items():
        assert cloud.intensity(tuple(map(int, hkl))) == pytest.approx(intensity, abs=1e-6)
    assert (cloud.intensities < 1e-10).sum() == zero
    if volume is not None:
        assert 1 / np.linalg.det(cloud.reciprocal) == pytest.approx(volume, abs=1e-3)


def test_known_answers_of_the_primitive_cell():
    """From the same source."""
    cloud = xp.MomentumCloud(n_points=729).cloud(SALT)
    assert cloud.intensity((1, 0, 0)) == pytest.approx(0.010017, abs=1e-6)
    assert cloud.intensity((1, 1, 0)) == pytest.approx(0.226508, abs=1e-6)
    assert cloud.intensities.min() > 1e-6


def test_absences_do_not_depend_on_the_cell_that_was_given():
    descriptor = xp.MomentumCloud(cell="conventional")
    primitive = crystal(["Pt"], [[0, 0, 0]], 1.96 * (np.ones((3, 3)) - np.eye(3)))
    np.testing.assert_allclose(
        np.sort(descriptor.cloud(primitive).intensities), np.sort(descriptor.cloud(PLATINUM).intensities), atol=1e-12
    )


def test_features_are_the_published_ones():
    fingerprint = xp.MomentumCloud(cell="given").compute(SALT)
    assert fingerprint.array.shape == (343, 4)
    assert fingerprint.array.dtype == np.float32
    row = np.flatnonzero((fingerprint.cloud.hkl == (2, 0, 0)).all(axis=1))[0]
    logarithm = (np.log(0.226508 + 1e-6) - np.log(1e-6)) / 15
    np.testing.assert_allclose(fingerprint.array[row], [2 / 5.64 / 5, 0, 0, logarithm], atol=1e-6)
    origin = fingerprint.array[171]
    np.testing.assert_allclose(origin, [0, 0, 0, (np.log(0.389728 + 1e-6) - np.log(1e-6)) / 15], atol=1e-6)


@pytest.mark.parametrize("n", [3, 4, 27, 125, 343, 729])
def test_the_published_clouds(n):
    cloud = xp.MomentumCloud(n_points=n).cloud(QUARTZ)
    assert cloud.hkl.shape == (n, 3)
    assert len(np.unique(cloud.hkl, axis=0)) == n
    if n <= 4:
        assert (cloud.hkl.sum(axis=1) <= 1).all()
        assert (cloud.hkl >= 0).all()
        assert (cloud.hkl == 0).all(axis=1).sum() == n - 3
    else:
        assert np.abs(cloud.hkl).max() == (round(n ** (1 / 3)) - 1) // 2
        np.testing.assert_array_equal(cloud.hkl, -cloud.hkl[::-1])


RNG = np.random.default_rng(6)


def random_crystal(rng, n_atoms):
    cell = rng.normal(scale=1.5, size=(3, 3)) + 5 * np.eye(3)
    return crystal(rng.choice(["O", "Si", "Fe", "Ba", "U"], n_atoms).tolist(), rng.uniform(size=(n_atoms, 3)), cell)


def test_like_the_slow_twin():
    for n_atoms in (1, 7, 20):
        solid = random_crystal(RNG, n_atoms)
        cloud = xp.MomentumCloud(cell="given").cloud(solid)
        slow = REFERENCE.reference_intensities(solid, cloud.hkl, PUBLISHED)
        np.testing.assert_allclose(cloud.intensities, slow, rtol=1e-10, atol=1e-13 * slow.max())


@pytest.mark.parametrize(
    ("options", "table"),
    [({"radiation": "neutron"}, "neutron92"), ({"form_factors": "it92"}, "it92"), ({"s_max": 0.9}, "pymatgen")],
)
def test_like_the_slow_twin_in_its_other_forms(options, table):
    cloud = xp.MomentumCloud(cell="given", **options).cloud(QUARTZ)
    slow = REFERENCE.reference_intensities(
        QUARTZ,
        cloud.hkl,
        lambda z, s: float(form_factors(z, s, table=table)),
    )
    np.testing.assert_allclose(cloud.intensities, slow, rtol=1e-10, atol=1e-13 * slow.max())


def small_structure(solid):
    gemmi = pytest.importorskip("gemmi")
    small = gemmi.SmallStructure()
    small.cell = gemmi.UnitCell(*cell_parameters(solid.cell))
    small.spacegroup_hm = "P 1"
    for symbol, x, occupancy in zip(solid.symbols, solid.frac, solid.occupancies, strict=True):
        site = gemmi.SmallStructure.Site()
        site.element, site.fract, site.occ = gemmi.Element(symbol), gemmi.Fractional(*x), occupancy
        small.add_site(site)
    return gemmi.StructureFactorCalculatorX(small.cell), small


def intensities_by_gemmi(solid, hkl):
    calculator, small = small_structure(solid)
    amplitudes = [calculator.calculate_sf_from_small_structure(small, h) for h in hkl.tolist()]
    return np.abs(amplitudes) ** 2 / solid.volume**2


@pytest.mark.parametrize("solid", [SALT, OSMIUM, QUARTZ])
def test_like_gemmi(solid):
    cloud = xp.MomentumCloud(cell="given", form_factors="it92").cloud(solid)
    theirs = intensities_by_gemmi(solid, cloud.hkl)
    # gemmi has form factors in single precision.
    np.testing.assert_allclose(cloud.intensities, theirs, atol=1e-6 * theirs.max())


@pytest.mark.data
def test_like_gemmi_and_pymatgens_factors_on_real_crystals():
    for solid in read_table(Path(os.environ["XTALPRINT_DATA"]) / "properties" / "properties.parquet").crystals[
        ::6000
    ]:
        cloud = xp.MomentumCloud(cell="given", n_points=125, form_factors="it92").cloud(solid)
        theirs = intensities_by_gemmi(solid, cloud.hkl)
        np.testing.assert_allclose(cloud.intensities, theirs, atol=1e-6 * theirs.max())
        published = xp.MomentumCloud(cell="given", n_points=27).cloud(solid)
        slow = REFERENCE.reference_intensities(solid, published.hkl, PUBLISHED)
        np.testing.assert_allclose(published.intensities, slow, rtol=1e-9, atol=1e-12 * slow.max())


def test_like_the_powder_patterns_of_pymatgen():
    """Where the whole of pymatgen is installed; benchmarks/momentum_cloud.py compares more of them."""
    calculator = pytest.importorskip("pymatgen.analysis.diffraction.xrd").XRDCalculator("CuKa")
    solid = SALT
    pattern = calculator.get_pattern(xp.to_pymatgen(solid), scaled=False, two_theta_range=(0, 90))
    cloud = xp.MomentumCloud(cell="given", s_max=1.4142 / calculator.wavelength).cloud(solid)
    s = np.linalg.norm(cloud.positions, axis=1)
    theta = np.arcsin(calculator.wavelength * s[s > 0] / 2)
    lorentz = (1 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
    powder = cloud.intensities[s > 0] * solid.volume**2 * lorentz
    for angle, height in zip(pattern.x, pattern.y, strict=True):
        assert powder[np.abs(np.degrees(2 * theta) - angle) < 1e-4].sum() == pytest.approx(height, rel=1e-6)


def test_neutron_lengths_may_be_negative():
    # Sears (1992): Ti −3.438, O 5.803 fm
    oxide = crystal(["Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]], 3.0 * np.eye(3))
    cloud = xp.MomentumCloud(cell="given", radiation="neutron").cloud(oxide)
    assert cloud.intensity((0, 0, 0)) == pytest.approx(((5.803 - 3.438) / 27) ** 2)
    assert cloud.intensity((1, 0, 0)) == pytest.approx(((5.803 + 3.438) / 27) ** 2)


def test_occupancies_weigh():
    mixed = xp.Crystal([[0, 0, 0]] * 2, ["Cu", "Au"], cell=3 * np.eye(3), occupancies=[0.75, 0.25])
    fingerprint = xp.MomentumCloud(cell="given").compute(mixed)
    assert fingerprint.warnings == ("1 disordered site: averaged, each species weighted by its occupancy",)
    assert fingerprint.cloud.intensity((0, 0, 0)) == pytest.approx(((0.75 * 29 + 0.25 * 79) / 27) ** 2)
    slow = REFERENCE.reference_intensities(mixed, fingerprint.cloud.hkl, PUBLISHED)
    np.testing.assert_allclose(fingerprint.cloud.intensities, slow, rtol=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from(["given", "primitive", "conventional"]))
def test_order_of_atoms_and_origin_do_not_matter(seed, n_atoms, cell):
    rng = np.random.default_rng(seed)
    solid = random_crystal(rng, n_atoms)
    order = rng.permutation(n_atoms)
    moved = xp.Crystal(solid.positions[order] + rng.normal(size=3), solid.numbers[order], cell=solid.cell)
    descriptor = xp.MomentumCloud(cell=cell, n_points=125)
    one, other = descriptor.cloud(solid), descriptor.cloud(moved)
    np.testing.assert_allclose(one.positions, other.positions, atol=1e-12)
    np.testing.assert_allclose(one.intensities, other.intensities, rtol=1e-9, atol=1e-12 * one.intensities.max())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["given", "primitive", "sphere"]))
def test_a_turned_crystal_has_turned_points_and_the_same_intensities(seed, kind):
    rng = np.random.default_rng(seed)
    solid = random_crystal(rng, int(rng.integers(1, 9)))
    rotation = random_rotation(rng)
    turned = rotated(solid, rotation)
    options = {"s_max": 0.5, "cell": "given"} if kind == "sphere" else {"cell": kind, "n_points": 125}
    descriptor = xp.MomentumCloud(**options)
    one, other = descriptor.cloud(solid), descriptor.cloud(turned)
    np.testing.assert_array_equal(one.hkl, other.hkl)
    step = np.linalg.lstsq(solid.cell, turned.cell, rcond=None)[0]
    np.testing.assert_allclose(one.positions @ step, other.positions, atol=1e-12)
    np.testing.assert_allclose(one.intensities, other.intensities, rtol=1e-9, atol=1e-12 * one.intensities.max())


def by_length(cloud):
    """Lengths and intensities in an order that no choice of vectors changes."""
    lengths = np.round(np.linalg.norm(cloud.positions, axis=1), 9)
    order = np.lexsort((np.round(cloud.intensities, 9), lengths))
    return lengths[order], cloud.intensities[order]


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.integers(1, 3)] * 3), st.sampled_from([SALT, PLATINUM, OSMIUM, QUARTZ]), st.integers(0, 99))
def test_a_supercell_of_any_shape_has_the_cloud_of_its_crystal(repeats, solid, seed):
    sphere = xp.MomentumCloud(s_max=0.7)
    shear = np.array([[1, seed % 3, 0], [0, 1, seed % 2], [0, 0, 1]])
    skewed = xp.Crystal(solid.positions, solid.numbers, cell=shear @ solid.cell)
    for other in (supercell(solid, repeats), supercell(skewed, repeats)):
        for found, wanted in zip(by_length(sphere.cloud(other)), by_length(sphere.cloud(solid)), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-8)
        # A noisy one: the lattice vectors that are found are still whole sums of each other.
        rng = np.random.default_rng(seed)
        noisy = xp.Crystal(
            other.positions + rng.normal(scale=0.005, size=(len(other), 3)), other.numbers, cell=other.cell
        )
        whole = noisy.cell @ np.linalg.inv(lattice_basis(noisy, kind="primitive").vectors)
        np.testing.assert_allclose(whole, np.round(whole), atol=1e-6)


def test_many_are_each_the_same_to_the_last_bit():
    solids = [SALT, PLATINUM, xp.Crystal([[0, 0, 0]], ["Pt"]), OSMIUM, QUARTZ, supercell(QUARTZ, (2, 1, 1))]
    for options in ({}, {"s_max": 0.8}, {"cell": "conventional", "n_points": 27}):
        descriptor = xp.MomentumCloud(**options)
        for threads in (1, 2):
            batch = descriptor.compute_many(solids, threads=threads)
            assert batch.index.tolist() == [0, 1, 3, 4, 5]
            assert [failure.index for failure in batch.failures] == [2]
            for row, index in enumerate(batch.index.tolist()):
                alone = descriptor.compute(solids[index])
                np.testing.assert_array_equal(batch.array[row][batch.mask[row]], alone.array)
                assert not batch.array[row][~batch.mask[row]].any()
                back = batch.fingerprint(row, solids[index], descriptor)
                np.testing.assert_array_equal(back.array, alone.array)
                np.testing.assert_array_equal(back.cloud.intensities, alone.cloud.intensities)
    assert len(set(batch.mask.sum(axis=1))) == 1
    assert len(set(xp.MomentumCloud(s_max=0.8).compute_many(solids).mask.sum(axis=1))) > 1


def test_nothing_to_compute():
    assert xp.MomentumCloud().compute_many([]).array.shape == (0, 343, 4)
    assert xp.MomentumCloud(s_max=1.0).compute_many([]).array.shape == (0, 0, 4)
    assert xp.MomentumCloud().compute_many(SALT).array.shape == (1, 343, 4)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n_points": 100}, "n_points must be 3, 4 or the cube of an odd number"),
        ({"n_points": 8}, "n_points must be"),
        ({"n_points": -27}, "n_points must be"),
        ({"n_points": 343.0}, "n_points must be a whole number"),
        ({"n_points": 43**3}, "the most is 68921"),
        ({"s_max": 0}, "s_max must be a positive number"),
        ({"s_max": float("nan")}, "s_max must be a positive number"),
        ({"s_max": "1"}, "give it without quotes"),
        ({"cell": "niggli"}, "use one of primitive, conventional, given"),
        ({"radiation": "electron"}, "use one of x-ray, neutron"),
        ({"form_factors": "c4322"}, "use one of published, it92"),
        ({"symprec": 0.0}, "symprec must lie between"),
    ],
)
def test_parameters_without_a_meaning(options, says):
    with pytest.raises(XtalprintError, match=r".") as caught:
        xp.MomentumCloud(**options)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("solid", "options", "says"),
    [
        (xp.Crystal([[0, 0, 0]], ["Pt"]), {}, "give the cell, with all three directions periodic"),
        (xp.Crystal([[0, 0, 0]], ["Pt"], cell=4 * np.eye(3), pbc=(True, True, False)), {}, "give the cell"),
        (xp.Crystal([[0, 0, 0]], ["Fm"], cell=4 * np.eye(3)), {}, "Z = 100, Fm"),
        (xp.Crystal([[0, 0, 0]], ["Po"], cell=4 * np.eye(3)), {"radiation": "neutron"}, "Z = 84, Po"),
        (SALT, {"s_max": 50.0}, "give a smaller s_max"),
        (xp.Crystal([[0, 0, 0]], ["Po"], cell=SHEARED), {"s_max": 3.0, "cell": "given"}, "too skewed to find"),
        (xp.Crystal([[0, 0, 0]], ["Pt"], cell=np.diag([1e5, 1e5, 3])), {"s_max": 3.0, "cell": "given"}, "smaller"),
    ],
)
def test_crystals_without_a_cloud(solid, options, says):
    with pytest.raises(UnsupportedInputError) as caught:
        xp.MomentumCloud(**options).compute(solid)
    assert says in str(caught.value)


def test_too_large_a_sum_is_refused():
    grid = np.stack(np.meshgrid(*[np.arange(85.0)] * 3), axis=-1).reshape(-1, 3)
    box = xp.Crystal(grid, np.full(len(grid), 29), cell=85 * np.eye(3))
    with pytest.raises(UnsupportedInputError, match="too many for a sum over both"):
        xp.MomentumCloud(cell="given", n_points=41**3).compute(box)


def test_no_symmetry_is_told():
    crowd = random_crystal(np.random.default_rng(0), 40)
    fingerprint = xp.MomentumCloud(symprec=2.0).compute(crowd)
    assert fingerprint.warnings == ("no symmetry found at 2 Å: the reduced cell stands for the primitive one",)


def test_a_point_that_is_not_there():
    with pytest.raises(XtalprintError, match="ask for a larger cloud"):
        xp.MomentumCloud(n_points=27).cloud(SALT).intensity((2, 0, 0))


def test_parameters_travel():
    assert parameters(xp.MomentumCloud())["n_points"] == 343


def test_the_picture(tmp_path):
    for options in ({"n_points": 3}, {"n_points": 4}, {"cell": "conventional"}, {"s_max": 0.5}, {"s_max": 0.05}):
        descriptor = xp.MomentumCloud(**options)
        figure = descriptor.compute(SALT).plot()
        figure.savefig(tmp_path / "cloud.png", dpi=40)
        assert "Cl4Na4" in figure._suptitle.get_text()
    with pytest.raises(XtalprintError, match="no cloud"):
        descriptor.plot(xp.BondOrientationalOrder().compute(SALT))
