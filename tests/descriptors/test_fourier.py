"""Fourier descriptors: slow references, known values, invariance, continuity, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import Crystal
from xtalprint.cli import main
from xtalprint.descriptors.base import Descriptor, parameters
from xtalprint.descriptors.fourier_box import FourierBox
from xtalprint.descriptors.pairs_of_reflections import PairsOfReflections
from xtalprint.descriptors.powder_pattern import PowderPattern
from xtalprint.descriptors.reflection_bispectrum import TRIADS, ReflectionBispectrum
from xtalprint.descriptors.reflection_power_spectrum import ReflectionPowerSpectrum
from xtalprint.errors import UnsupportedInputError, XtalprintError
from xtalprint.geometry import niggli_cell, random_rotation, rotated, supercell
from xtalprint.geometry.primitive import reduced_cell
from xtalprint.scattering import form_factors

SETTINGS = settings(max_examples=12, deadline=None, derandomize=True)
FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
ROCK_SALT = Crystal([[0, 0, 0], [2.82] * 3], ["Na", "Cl"], cell=2.82 * FACE)
INVARIANT = [
    PowderPattern(s_max=0.8),
    ReflectionPowerSpectrum(s_max=0.8),
    ReflectionBispectrum(s_max=0.8),
    PairsOfReflections(s_max=0.8),
]
ALL = [FourierBox(limit=2), *INVARIANT]


def name_of(descriptor):
    return type(descriptor).__name__


def triclinic(rng, n=3):
    """Atoms of several elements in a cell without symmetry, none of the conditions of Niggli being near."""
    cell = np.array([[4.1, 0, 0], [0.5, 4.9, 0], [0.7, 0.9, 6.0]]) + rng.uniform(-0.15, 0.15, (3, 3))
    frac = (np.arange(n)[:, None] + rng.uniform(0.1, 0.5, (n, 3))) / n
    return Crystal(frac @ cell, rng.choice([8, 11, 22, 38], n), cell=cell)


def otherwise_given(crystal, rng):
    """The same crystal: another cell, supercell, orientation, origin and order of atoms."""
    m = np.array([[1, 0, 0], [int(rng.integers(-2, 3)), 1, 0], [1, int(rng.integers(-2, 3)), 1]])
    cell = m[rng.permutation(3)] @ crystal.cell
    rows = rng.permutation(len(crystal))
    other = Crystal(crystal.positions[rows] + rng.uniform(-9, 9, 3), crystal.numbers[rows], cell=cell)
    repeats = tuple(int(n) for n in rng.integers(1, 3, 3))
    return rotated(supercell(other, repeats), random_rotation(rng))


@pytest.mark.parametrize("descriptor", ALL, ids=name_of)
@SETTINGS
@given(seed=st.integers(0, 2**32 - 1))
def test_the_same_for_every_cell_supercell_orientation_origin_and_order(descriptor, seed):
    rng = np.random.default_rng(seed)
    crystal = triclinic(rng)
    expected = descriptor.compute(crystal).array
    found = descriptor.compute(otherwise_given(crystal, rng)).array
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * abs(expected).max())


@pytest.mark.parametrize("descriptor", INVARIANT, ids=name_of)
@SETTINGS
@given(seed=st.integers(0, 2**32 - 1))
def test_continuous_where_the_reduced_cell_jumps(descriptor, seed):
    """On both sides of a cubic lattice, and under any small strain and displacement."""
    rng = np.random.default_rng(seed)
    strain = rng.normal(size=(3, 3))
    moves = rng.normal(size=(2, 3))

    def at(size):
        turned = np.eye(3) + size * strain
        return Crystal((ROCK_SALT.positions + size * moves) @ turned, ROCK_SALT.numbers, cell=ROCK_SALT.cell @ turned)

    scale = abs(descriptor.compute(at(0)).array).max()
    changes = [
        abs(descriptor.compute(at(size)).array - descriptor.compute(at(-size)).array).max() / scale
        for size in (1e-3, 1e-4)
    ]
    assert changes[0] < 0.5
    assert changes[1] < 0.15 * changes[0] + 1e-6


def test_the_box_jumps_at_a_cubic_lattice():
    descriptor = FourierBox(scale="sites")

    def at(size):
        strain = np.diag([1, 1, 1 + size])
        return descriptor.compute(
            Crystal(ROCK_SALT.positions @ strain, ["Na", "Cl"], cell=ROCK_SALT.cell @ strain)
        ).array

    jump = np.linalg.norm(at(1e-3) - at(-1e-3))
    assert jump > 0.8 * np.linalg.norm(at(1e-3))
    assert jump > 500 * np.linalg.norm(at(3e-3) - at(1e-3))


def test_box_like_the_slow_reference(slow_fourier):
    crystal = triclinic(np.random.default_rng(1), n=4)
    reduced = niggli_cell(crystal)
    expected = slow_fourier.box(reduced, 2)
    np.testing.assert_allclose(FourierBox(limit=2, scale="cell").compute(crystal).array, expected, rtol=1e-6)
    volume = FourierBox(limit=2).compute(crystal).array
    np.testing.assert_allclose(volume, expected / crystal.volume**2, rtol=1e-6)


def test_the_box_depends_on_the_choice_of_axes_where_the_lattice_is_more_symmetrical_than_the_crystal():
    """A tetragonal crystal in a cubic lattice: turned by 90° it has another box, but no other pairs."""
    places = np.array([[0, 0, 0], [0.5, 0.5, 0.54], [0.5, 0.5, 0.11], [0.5, 0, 0.62], [0, 0.5, 0.62]])
    given = [
        Crystal(4.0 * places[:, axes], ["Pb", "Ti", "O", "O", "O"], cell=4.0 * np.eye(3))
        for axes in ([0, 1, 2], [2, 0, 1])
    ]
    one, other = (FourierBox().compute(crystal).array for crystal in given)
    assert abs(one - other).max() > 0.05 * np.sort(one.ravel())[-2]
    one, other = (PairsOfReflections().compute(crystal).array for crystal in given)
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_box_with_partial_occupancies(slow_fourier):
    crystal = Crystal(
        [[0, 0, 0], [0, 0, 0], [1.9, 2.2, 2.6]],
        ["Fe", "Ni", "O"],
        cell=np.diag([4, 4.5, 5.5]),
        occupancies=[0.5, 0.3, 1],
    )
    fingerprint = FourierBox(limit=1, scale="cell").compute(crystal)
    np.testing.assert_allclose(fingerprint.array, slow_fourier.box(crystal, 1), rtol=1e-6)
    assert fingerprint.warnings


def test_box_of_rock_salt():
    """The published recipe, with another fit of the form factors: primitive (100) is 0.010017, (110) 0.226508."""
    box = FourierBox(limit=1).compute(supercell(ROCK_SALT, (2, 1, 1))).array
    lines = sorted(set(np.round(box.ravel(), 4)))
    assert box[1, 1, 1] == box.max()
    np.testing.assert_allclose(box.max(), 0.389728, rtol=0.003)
    assert min(abs(np.array(lines) - 0.010017)) < 5e-4
    assert min(abs(np.array(lines) - 0.226508)) < 3e-3


def test_without_primitive_a_supercell_has_another_box():
    descriptor = FourierBox(primitive=False)
    one, other = (descriptor.compute(c).array for c in (ROCK_SALT, supercell(ROCK_SALT, (2, 1, 1))))
    assert abs(one - other).max() > 0.1 * one.max()


def test_reduced_cell_is_primitive():
    crystal = triclinic(np.random.default_rng(4))
    found = reduced_cell(supercell(crystal, (2, 3, 1)))
    assert len(found) == len(crystal)
    assert found.volume == pytest.approx(crystal.volume)
    with pytest.raises(XtalprintError, match="symprec must lie between"):
        reduced_cell(crystal, symprec=0)


def test_pairs_like_the_slow_reference(slow_fourier):
    crystal = triclinic(np.random.default_rng(2))
    descriptor = PairsOfReflections(s_max=0.36, resolution=0.12, angle_width=30)
    expected = slow_fourier.pairs_of_reflections(
        crystal, descriptor.shells, descriptor.angles, width=0.12, angle_width=30
    )
    np.testing.assert_allclose(descriptor.compute(crystal).array, expected, rtol=1e-5, atol=1e-6 * expected.max())


def test_pairs_hold_the_powder_pattern_and_the_power_spectrum():
    options = {"s_max": 0.8, "resolution": 0.1}
    crystal = triclinic(np.random.default_rng(3))
    powder = PowderPattern(**options).compute(crystal).array
    spectrum = ReflectionPowerSpectrum(**options).compute(crystal).array
    np.testing.assert_allclose(spectrum[0], powder, rtol=1e-6)
    pairs = PairsOfReflections(**options)
    degrees = np.arange(0, 13, 2)
    power = pairs._kernels.T @ (spectrum.astype(float) ** 2 * (2 * degrees + 1)[:, None])
    diagonal = np.diagonal(pairs.compute(crystal).array, axis1=1, axis2=2)
    np.testing.assert_allclose(diagonal, power, rtol=1e-4, atol=1e-5 * power.max())


def test_by_volume_it_tends_to_the_scattering_matter_in_it():
    crystal = triclinic(np.random.default_rng(6), n=6)
    one, other = (
        PowderPattern(scale=scale, table="neutron92").compute(crystal).array for scale in ("sites", "volume")
    )
    matter = (form_factors(crystal.numbers, 0.0, table="neutron92") ** 2).sum() / crystal.volume
    np.testing.assert_allclose(other, one * matter, rtol=1e-5)


def test_powder_pattern_tends_to_one():
    crystal = triclinic(np.random.default_rng(5), n=6)
    array = PowderPattern(s_max=2.0, resolution=0.2).compute(crystal).array
    assert abs(array[-4:].mean() - 1) < 0.1


def test_bispectrum_of_a_cubic_crystal_has_no_degree_2():
    array = ReflectionBispectrum().compute(ROCK_SALT).array
    second = [2 in triad for triad in TRIADS]
    assert len(TRIADS) == 17
    assert abs(array[second]).max() < 1e-5 * abs(array).max()


def test_bispectrum_tells_signs_that_the_power_spectrum_does_not_see():
    """A layer and a rod of points have opposite signs in degree 2."""
    cells = {"layers": np.diag([2.5, 2.5, 9.0]), "rods": np.diag([7.0, 7.0, 2.5])}
    low = {
        name: ReflectionBispectrum(s_max=0.4, resolution=0.4)
        .compute(Crystal([[0, 0, 0]], ["Fe"], cell=cell))
        .array[0, 0]
        for name, cell in cells.items()
    }
    assert low["layers"] * low["rods"] < 0


@pytest.mark.parametrize("descriptor", ALL, ids=name_of)
def test_contract(descriptor):
    assert isinstance(descriptor, Descriptor)
    named = Crystal(ROCK_SALT.positions, ["Na", "Cl"], cell=ROCK_SALT.cell, source="NaCl.cif", frame=2)
    fingerprint = descriptor.compute(named)
    assert fingerprint.array.dtype == np.float32
    assert fingerprint.array.shape == descriptor.shape
    assert (fingerprint.source, fingerprint.frame, fingerprint.formula) == ("NaCl.cif", 2, "ClNa")
    cluster = Crystal([[0, 0, 0]], ["Na"], source="cluster.xyz", frame=1)
    heavy = Crystal([[0, 0, 0]], ["Og"], cell=3 * np.eye(3))
    batch = descriptor.compute_many([cluster, named, heavy], threads=1)
    assert batch.index.tolist() == [1]
    np.testing.assert_array_equal(batch.array[0], fingerprint.array)
    assert [f.index for f in batch.failures] == [0, 2]
    assert "cluster.xyz, frame 1" in str(batch.failures[0].error)
    assert "no form factor" in str(batch.failures[1].error)
    with pytest.raises(UnsupportedInputError, match="this is no Crystal"):
        descriptor.compute("NaCl.cif")
    made = {k: v for k, v in parameters(descriptor).items() if k != "descriptor"}
    assert type(descriptor)(**made) == descriptor
    with pytest.raises(TypeError):
        type(descriptor)(2)
    assert fingerprint.plot().axes


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        (FourierBox, {"limit": 0}, "limit must lie between 1 and 20"),
        (FourierBox, {"limit": 2.5}, "limit must be a whole number"),
        (FourierBox, {"symprec": -1}, "symprec must lie between"),
        (FourierBox, {"symprec": float("nan")}, "symprec must lie between"),
        (FourierBox, {"scale": "atom"}, "unknown scale"),
        (FourierBox, {"table": "x"}, "unknown table"),
        (PowderPattern, {"s_max": -1}, "s_max must lie between 0 and 4"),
        (PowderPattern, {"s_max": "1"}, "s_max must be a number"),
        (PowderPattern, {"resolution": 0}, "resolution must divide s_max"),
        (PowderPattern, {"resolution": 0.07}, "resolution must divide s_max"),
        (PowderPattern, {"s_max": 3.96}, "two shells more, as far as the last one reaches, must end by 4 1/Å"),
        (PowderPattern, {"scale": "cell"}, "unknown scale"),
        (PowderPattern, {"table": "x"}, "unknown table of form factors"),
        (PairsOfReflections, {"angle_width": 5}, "angle_width must lie between 10° and 45°"),
        (PairsOfReflections, {"resolution": 0.004}, "too many pairs"),
    ],
)
def test_wrong_parameters(kind, wrong, message):
    with pytest.raises(XtalprintError, match=message):
        kind(**wrong)


def test_the_axis_of_a_powder_pattern_is_that_of_its_scale():
    labels, lines = {}, {}
    for scale in ("sites", "volume"):
        descriptor = PowderPattern(s_max=0.8, scale=scale)
        [axes] = descriptor.plot(descriptor.compute(ROCK_SALT)).axes
        labels[scale], lines[scale] = axes.get_ylabel(), len(axes.lines)
    assert labels == {"sites": "S(|s|), mean of |F|²/Σf²", "volume": "S(|s|), mean of |F|²/V in 1/Å³"}
    assert lines == {"sites": 2, "volume": 1}


def test_the_last_shell_is_where_s_max_says():
    assert PowderPattern(s_max=1.2, resolution=0.3).shells[-1] == pytest.approx(1.2, abs=1e-12)
    assert PowderPattern(s_max=3.6, resolution=0.2).shells[-1] == pytest.approx(3.6, abs=1e-12)


def test_points_beyond_the_form_factors_are_told():
    assert FourierBox(limit=3).compute(ROCK_SALT).warnings == ()
    [warning] = FourierBox(limit=20).compute(ROCK_SALT).warnings
    assert "points of the box are beyond |s| = 4 1/Å, where form factors end" in warning


@pytest.mark.parametrize("descriptor", INVARIANT, ids=lambda one: type(one).__name__)
def test_a_piece_has_no_reflections(descriptor):
    piece = Crystal([[0, 0, 0], [2.5, 0, 0]], ["Cu"] * 2, source="piece.xyz", frame=0)
    message = r"piece\.xyz, frame 0: only a crystal that repeats in three directions has reflections; give the cell"
    with pytest.raises(UnsupportedInputError, match=message):
        descriptor.compute(piece)


def test_too_large_a_sum_is_refused():
    n = 8000
    crystal = Crystal(np.random.default_rng(0).random((n, 3)) * 300, ["Fe"] * n, cell=300 * np.eye(3))
    with pytest.raises(UnsupportedInputError, match="points of the reciprocal lattice lie within"):
        PowderPattern().compute(crystal)


@pytest.mark.parametrize(
    "name",
    ["fourier-box", "powder-pattern", "reflection-power-spectrum", "reflection-bispectrum", "pairs-of-reflections"],
)
def test_on_the_command_line(name, tmp_path):
    copper = Path(__file__).parents[2] / "examples" / "data" / "copper.cif"
    result = CliRunner().invoke(
        main, ["describe", str(copper), "--descriptor", name, "--output", str(tmp_path), "--format", "json"]
    )
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["status"] == "ok"
    with np.load(record["path"]) as stored:
        assert list(stored["array"].shape) == record["shape"]
    assert Path(record["picture"]).stat().st_size > 1000
