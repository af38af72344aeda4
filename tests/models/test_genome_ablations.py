"""What is taken away from clouds and invariants is gone, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint import Crystal, MomentumCloud
from xtalprint.descriptors.clouds import FLOOR, LOGARITHM_SCALE
from xtalprint.errors import WrongUsageError
from xtalprint.models.genome_ablations import (
    ABLATIONS,
    ABSENT,
    JITTER,
    MEANING,
    SCALES,
    ablated_clouds,
    ablated_invariants,
)
from xtalprint.models.genome_inputs import compute_chunk, source
from xtalprint.models.genome_invariants import GenomeInvariants

SEEN = GenomeInvariants(s_max=0.8)
FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
SALT = Crystal(
    5.64 * np.concatenate([FACE, FACE + np.array([0.5, 0, 0])]), ["Na"] * 4 + ["Cl"] * 4, cell=5.64 * np.eye(3)
)
DIAMOND = Crystal(5.43 * np.concatenate([FACE, FACE + 0.25]), ["Si"] * 8, cell=5.43 * np.eye(3))
ODD = Crystal(
    [[0, 0, 0], [1.1, 1.7, 2.0], [0.4, 2.3, 0.9]],
    ["Fe", "O", "S"],
    cell=[[3.9, 0, 0], [0.4, 4.3, 0], [0.2, -0.5, 5.1]],
)
CLOUDS = np.stack([MomentumCloud().compute(crystal).array for crystal in (SALT, DIAMOND, ODD)])


def repeated(crystal, times):
    copies = [crystal.positions + n * crystal.cell[0] for n in range(times)]
    return Crystal(
        np.concatenate(copies), np.tile(crystal.numbers, times), cell=np.diag([times, 1.0, 1.0]) @ crystal.cell
    )


def values(clouds):
    return FLOOR * np.expm1(LOGARITHM_SCALE * clouds[..., 3].astype(float))


def rng():
    return np.random.default_rng(5)


def test_each_has_a_meaning():
    assert set(ABLATIONS) == set(MEANING)


@pytest.mark.parametrize("crystal", [SALT, DIAMOND, ODD], ids=["salt", "diamond", "odd"])
def test_the_whole_is_what_the_descriptor_gives(crystal):
    np.testing.assert_allclose(ablated_invariants(crystal, "whole", SEEN), SEEN.compute(crystal), atol=1e-6)


@pytest.mark.parametrize("ablation", ["whole", "absences alone", "lattice alone", "density alone"])
def test_without_chance_no_cell_matters(ablation):
    for crystal in (SALT, ODD):
        found = ablated_invariants(repeated(crystal, 3), ablation, SEEN)
        np.testing.assert_allclose(found, ablated_invariants(crystal, ablation, SEEN), atol=1e-6)


def test_scaled_invariants_differ_by_the_factor():
    whole, scaled = SEEN.compute(SALT), ablated_invariants(SALT, "scaled", SEEN)
    strong = [i for i, name in enumerate(SEEN.names) if name.startswith("power of l = 0") and whole[i] > 0]
    factors = scaled[strong] - whole[strong]
    assert np.ptp(factors) < 0.01
    assert 0.1 < abs(factors[0]) < np.log(10.1)
    assert scaled[-1] - whole[-1] == pytest.approx(factors[0] / 2, abs=0.01)
    shares = [i for i, name in enumerate(SEEN.names) if name.startswith("singular")]
    np.testing.assert_allclose(scaled[shares], whole[shares], atol=1e-9)


def test_absences_and_lattice_do_not_know_the_atoms():
    heavy, descriptor = Crystal(SALT.positions, ["Rb"] * 4 + ["I"] * 4, cell=SALT.cell), GenomeInvariants()
    for ablation, alike in (("absences alone", True), ("lattice alone", True), ("scaled", False)):
        one, other = (ablated_invariants(crystal, ablation, descriptor) for crystal in (heavy, SALT))
        assert np.allclose(one, other, atol=1e-9) == alike


def test_a_crystal_without_symmetry_has_no_absent_reflections():
    descriptor = GenomeInvariants()
    found = (ablated_invariants(ODD, one, descriptor) for one in ("absences alone", "lattice alone"))
    assert np.array_equal(*found)


def test_the_lattice_does_not_know_absences():
    simple = Crystal([[0, 0, 0]], ["Po"], cell=SALT.cell / 2)
    face = Crystal(5.43 * FACE, ["Po"] * 4, cell=DIAMOND.cell)
    assert ablated_invariants(face, "lattice alone", SEEN) == pytest.approx(
        ablated_invariants(DIAMOND, "lattice alone", SEEN)
    )
    assert (
        abs(
            ablated_invariants(face, "absences alone", SEEN) - ablated_invariants(DIAMOND, "absences alone", SEEN)
        ).max()
        > 0.1
    )
    assert (
        abs(ablated_invariants(simple, "lattice alone", SEEN) - ablated_invariants(SALT, "lattice alone", SEEN)).max()
        > 0.1
    )


def test_moved_points_lose_the_symmetry_and_keep_the_density():
    cubic = [i for i, name in enumerate(SEEN.names) if name == "singular value 1 of l = 2"]
    assert SEEN.compute(SALT)[cubic] < -9
    for ablation in ("shuffled", "jittered", "scattered"):
        assert ablated_invariants(SALT, ablation, SEEN)[cubic] > -4
        found = ablated_invariants(SALT, ablation, SEEN)
        assert found[-1] == SEEN.compute(SALT)[-1]
        assert np.array_equal(found, ablated_invariants(SALT, ablation, SEEN)), "chance of a crystal stays"


def test_crystals_of_one_atom_have_a_chance_of_their_own():
    factors = []
    for symbol, edge in (("Po", 3.35), ("Cu", 3.35), ("Po", 3.0)):
        cube = Crystal([[0, 0, 0]], [symbol], cell=edge * np.eye(3))
        factors.append(ablated_invariants(cube, "scaled", SEEN)[-1] - SEEN.compute(cube)[-1])
    assert len({round(factor, 6) for factor in factors}) == 3


def test_the_origin_is_the_density():
    alone = ablated_invariants(SALT, "density alone", SEEN)
    assert alone[-1] == pytest.approx(np.log(4 * (11 + 17) / 5.64**3))
    assert not alone[:-1].any()


def test_only_what_keeps_the_scale_has_the_density():
    assert [bool(ablated_invariants(SALT, one, SEEN)[-1]) for one in ABLATIONS] == [
        one not in {"absences alone", "lattice alone"} for one in ABLATIONS
    ]


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_clouds_stay_symmetric_about_the_origin(ablation):
    before = CLOUDS.copy()
    found = ablated_clouds(CLOUDS, ablation, rng())
    assert np.array_equal(CLOUDS, before)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, ::-1] * [-1, -1, -1, 1], found, atol=1e-6)
    np.testing.assert_array_equal(ablated_clouds(CLOUDS, ablation, rng()), found)


def test_clouds_whole_origin_lattice_and_absences():
    assert np.array_equal(ablated_clouds(CLOUDS, "whole", rng()), CLOUDS)
    assert np.array_equal(ablated_clouds(CLOUDS, "density alone", rng()), CLOUDS[:, 171:172])
    lattice, absences = (ablated_clouds(CLOUDS, one, rng()) for one in ("lattice alone", "absences alone"))
    assert np.array_equal(lattice[..., :3], CLOUDS[..., :3])
    assert np.unique(lattice[..., 3]).tolist() == [1.0]
    assert np.array_equal(absences[..., 3] == 0, values(CLOUDS) < ABSENT * values(CLOUDS)[:, 171, None])
    assert [int((one == 0).sum()) for one in absences[..., 3]] == [0, 86, 0]


@pytest.mark.parametrize("kept", ["absences", "lattice"])
def test_with_the_density_only_the_origin_differs(kept):
    alone, both = (ablated_clouds(CLOUDS, f"{kept} {end}", rng()) for end in ("alone", "and density"))
    differs = (alone != both).any(axis=(0, 2))
    assert np.flatnonzero(differs).tolist() == [171]
    assert np.array_equal(both[:, 171], CLOUDS[:, 171])
    for crystal in (SALT, ODD):
        found = [ablated_invariants(crystal, f"{kept} {end}", SEEN) for end in ("alone", "and density")]
        assert np.array_equal(found[0][:-1], found[1][:-1])
        assert (found[0][-1], found[1][-1]) == (0.0, SEEN.compute(crystal)[-1])


def test_scaled_clouds_have_one_factor_each():
    found = ablated_clouds(CLOUDS, "scaled", rng())
    strong = values(CLOUDS) > 1e-2
    for cloud, before, part in zip(values(found), values(CLOUDS), strong, strict=True):
        ratios = cloud[part] / before[part]
        assert np.ptp(ratios) < 1e-3 * ratios[0]
        assert 0.1 < ratios[0] < 10


def test_shuffled_moved_and_scattered_clouds():
    shuffled, jittered, scattered = (
        ablated_clouds(CLOUDS, one, rng()) for one in ("shuffled", "jittered", "scattered")
    )
    for found in (shuffled, jittered, scattered):
        assert np.array_equal(found[:, 171], CLOUDS[:, 171]), "the origin"
    for found in (shuffled, scattered):
        np.testing.assert_array_equal(np.sort(found[..., 3]), np.sort(CLOUDS[..., 3]))
        assert (found[..., 3] != CLOUDS[..., 3]).any()
    assert np.array_equal(shuffled[..., :3], CLOUDS[..., :3])
    assert np.array_equal(jittered[..., 3], CLOUDS[..., 3])
    shortest = np.sort(np.linalg.norm(CLOUDS[..., :3], axis=2), axis=1)[:, 1]
    moved = (jittered - CLOUDS)[..., :3].reshape(3, -1).std(axis=1)
    np.testing.assert_allclose(moved, JITTER * shortest, rtol=0.1)
    lengths = np.linalg.norm(CLOUDS[..., :3], axis=2).max(axis=1)
    radii = np.linalg.norm(scattered[..., :3], axis=2)
    assert (radii.max(axis=1) <= lengths * (1 + 1e-6)).all()
    np.testing.assert_allclose(np.median(radii, axis=1), lengths * 0.5 ** (1 / 3), rtol=0.05)


def test_inputs_of_the_study():
    for ablation in ABLATIONS:
        found, errors = compute_chunk(
            f"invariants-{ablation}", [SALT, Crystal([[0, 0, 0]], ["Na"], source="atom.xyz")]
        )
        assert not errors.pop(0, None)
        assert "atom.xyz" in errors[1]
        assert np.array_equal(found[0], ablated_invariants(SALT, ablation, GenomeInvariants()).astype(np.float32))
    assert source("invariants-lattice alone").settings["ablation"] == MEANING["lattice alone"]
    assert source("invariants-neutron").settings["tables"] == ("neutron92",)
    by_neutrons, _ = compute_chunk("invariants-neutron", [SALT])
    assert abs(by_neutrons - compute_chunk("invariants", [SALT])[0])[:, :-1].max() > 0.1
    assert by_neutrons[0, -1] == 0, "no density of electrons"
    assert source("invariants-scaled").settings["scales"] == SCALES


def test_distances_of_neighbours_are_no_diffraction():
    with pytest.raises(WrongUsageError, match="n_neighbours=0"):
        ablated_invariants(SALT, "whole", GenomeInvariants(s_max=0.8, n_neighbours=2))
