"""The study of orientations: images on circles, samples that are the same for all ways, and one quick run."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
import torch

from xtalprint.crystal import Crystal
from xtalprint.datasets import elemental_solids
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.descriptors.scattering_power_spectrum import ScatteringPowerSpectrum
from xtalprint.errors import MissingExtraError, NothingSeenError
from xtalprint.geometry import random_rotation, rotated, sorted_distances, supercell_to, to_cluster
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.classes import CLASSES
from xtalprint.models.presentations import present
from xtalprint.prototypes import simple_lattice
from xtalprint.studies import orientation, orientation_training, orientation_ways
from xtalprint.studies.base import run_study
from xtalprint.studies.circles import ANGLES, RADII, STEPS, as_steps, on_circles, scaled_piece, turned_images
from xtalprint.studies.orientation_models import image_model, order_model
from xtalprint.studies.orientation_networks import NETWORKS, fit, new_network, probabilities
from xtalprint.studies.orientation_training import SEED, VIEWS, samples
from xtalprint.studies.orientation_ways import WAYS, Ways

FACE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
COPPER = Crystal([[0, 0, 0]], ["Cu"], cell=1.8075 * FACE)


def about_the_beam(steps):
    angle = 2 * np.pi * steps / ANGLES
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


@pytest.mark.parametrize("steps", [1, 5, 24, 37])
def test_a_turn_about_the_beam_is_a_cyclic_shift_on_circles(steps):
    image = DiffractionImage(scale="robust")
    piece = rotated(scaled_piece(image, COPPER), random_rotation(np.random.default_rng(1)))
    before, after = on_circles(turned_images(image, piece, [np.eye(3), about_the_beam(steps)]))[:, 2]
    shifted = np.roll(before, steps, axis=1)
    # All channels share one maximum, and that of the others may change.
    after *= (after * shifted).sum() / (after**2).sum()
    assert np.abs(after - shifted).max() < 0.15 * shifted.max()
    assert np.corrcoef(after.ravel(), shifted.ravel())[0, 1] > 0.98
    assert np.corrcoef(after.ravel(), np.roll(shifted, 3, axis=1).ravel())[0, 1] < 0.5
    if steps == ANGLES // 4:  # pixels fall on pixels
        np.testing.assert_allclose(after, shifted, atol=1e-5)


def test_circles_lie_where_they_are_said_to():
    row, column = np.mgrid[:64, :64] - 31.5
    circles = on_circles(np.broadcast_to(np.stack([column, row, 0 * row + 0.16]), (2, 3, 64, 64)))
    assert circles.shape == (2, 3, len(RADII), ANGLES)
    angles = 2 * np.pi * np.arange(ANGLES) / ANGLES
    np.testing.assert_allclose(circles[1, 0], RADII[:, None] * np.cos(angles), atol=0.01)
    np.testing.assert_allclose(circles[1, 1], RADII[:, None] * np.sin(angles), atol=0.01)
    assert (as_steps(circles[:, 2]) == round(0.4 * STEPS)).all()


def test_images_of_a_turned_piece_are_those_of_the_descriptor():
    image, turn = image_model().descriptor, random_rotation(np.random.default_rng(2))
    piece = to_cluster(supercell_to(COPPER, min_atoms=100))
    np.testing.assert_allclose(
        turned_images(image, scaled_piece(image, piece), [turn])[0],
        image.compute(rotated(piece, turn)).array,
        atol=1e-5,
    )


def test_the_piece_of_a_skewed_box_is_no_needle():
    skewed = np.array([[1, 0, 0], [1, 1, 0], [-1, 1, 1]]) @ np.diag([1, 1, 3])
    cell = skewed @ COPPER.cell
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    within = np.unique((grid @ COPPER.cell @ np.linalg.inv(cell) % 1.0).round(6) % 1.0, axis=0)
    box = Crystal(within @ cell, ["Cu"] * len(within), cell=cell)
    spread = np.linalg.eigvalsh(np.cov(np.asarray(scaled_piece(image_model().descriptor, box).positions).T))
    assert spread[-1] < 4 * spread[0]


@pytest.fixture(scope="module")
def brought():
    made = elemental_solids(seed=SEED, n=3, orbits=0.4)
    return [(turn, row, made.crystals[row], str(made.labels[row])) for turn in range(2) for row in range(3)]


def test_samples_are_the_same_for_all_ways(brought):
    inputs, seconds = samples(brought)
    assert {len(array) for array in inputs.values()} == {len(brought)}
    assert [CLASSES[label] for label in inputs["labels"]] == [label for *_, label in brought]
    assert set(seconds) == {"bringing", "b", "c", "d"}
    turn, row, crystal, _ = brought[4]
    rng = np.random.default_rng([SEED, turn, row])
    sample = present(crystal, rng).crystal
    image = image_model().descriptor
    views = turned_images(image, scaled_piece(image, sample), [random_rotation(rng) for _ in range(VIEWS)])
    np.testing.assert_array_equal(inputs["b"][4, 0], ScatteringPowerSpectrum().compute(sample).array)
    np.testing.assert_array_equal(inputs["c"][4], as_steps(on_circles(views)))
    order = order_model().descriptor.compute(sample).array
    np.testing.assert_array_equal(inputs["d"][4], network_input(order[None]))


def test_samples_do_not_depend_on_how_they_are_shared_out(brought):
    whole, _ = samples(brought)
    parts = [samples(part)[0] for part in (brought[:2], brought[2:])]
    for name, array in whole.items():
        np.testing.assert_array_equal(array, np.concatenate([part[name] for part in parts]))


def test_what_one_way_cannot_see_is_left_out_of_all(brought, monkeypatch):
    compute, seen = ScatteringPowerSpectrum.compute, []

    def refuse_the_second(self, crystal):
        seen.append(crystal)
        if len(seen) == 2:
            raise NothingSeenError("too few pairs")
        return compute(self, crystal)

    whole, _ = samples(brought)
    monkeypatch.setattr(ScatteringPowerSpectrum, "compute", refuse_the_second)
    fewer, _ = samples(brought)
    for name, array in whole.items():
        np.testing.assert_array_equal(fewer[name], np.delete(array, 1, axis=0))


def test_a_shift_round_the_circles_changes_no_answer():
    network = new_network("c", seed=0).eval()
    circles = np.random.default_rng(0).integers(0, STEPS, (2, 3, len(RADII), ANGLES), dtype=np.uint8)
    expected = probabilities(network, circles)
    np.testing.assert_allclose(probabilities(network, np.roll(circles, 24, axis=3)), expected, atol=1e-6)
    assert np.abs(probabilities(network, circles[:, :, ::-1].copy()) - expected).max() > 1e-5


def test_a_network_learns_and_does_so_again_to_the_same_bits():
    rng = np.random.default_rng(0)
    labels = np.arange(128) % 2
    spectra = rng.normal(size=(128, 2, *(7, len(ScatteringPowerSpectrum().shells)))).astype(np.float32)
    spectra[labels == 1, :, 3] += 2
    answers = []
    before = torch.get_num_threads()
    for _ in range(2):
        network = new_network("b", seed=0)
        fitted = fit(network, spectra, labels, epochs=4)
        assert fitted.right > 0.95
        assert fitted.seconds > 0
        answers.append(probabilities(network, spectra[:, 0]))
    assert torch.get_num_threads() == before
    np.testing.assert_array_equal(*answers)
    assert (answers[0].argmax(axis=1) == labels).mean() > 0.95


def test_each_step_is_taken_once(monkeypatch):
    counts = {}

    def counted(name):
        function = getattr(orientation_ways, name)

        def count(*arguments):
            counts[name] = counts.get(name, 0) + 1
            return function(*arguments)

        monkeypatch.setattr(orientation_ways, name, count)

    for name in ("own_axes", "class_of_mean_cell", "scaled_piece", "by_symmetry"):
        counted(name)
    ways = Ways({way: new_network(way, seed=0).eval() for way in NETWORKS})
    box = supercell_to(simple_lattice("fcc"), min_atoms=100)
    answers = ways.answers(box, np.random.default_rng(0))
    assert list(answers) == list(WAYS)
    assert counts == {"own_axes": 1, "class_of_mean_cell": 1, "scaled_piece": 1, "by_symmetry": 4}
    needs_no_training = [way for way in WAYS if way[:3] not in {"(b)", "(c)"} and "samples" not in way]
    assert {answers[way] for way in needs_no_training} == {"fcc"}
    # Of the mean cell, which is simple, so that no network is asked.
    spent = ways.seconds
    assert spent["(a) where simple, else (d)"] == spent["(a) own axes, symmetry search"]
    assert 0 < spent["(c) turned images, k = 1"] < spent["(c) turned images, k = 8"]
    answers = ways.answers(to_cluster(box), np.random.default_rng(0))
    assert list(answers) == [way for way in WAYS if not way.startswith("moyopy")]


def test_a_way_that_cannot_answer_says_nothing():
    ways = Ways({way: new_network(way, seed=0).eval() for way in NETWORKS})
    answers = ways.answers(Crystal([[0, 0, 0]], ["Cu"]), np.random.default_rng(0))
    assert set(answers.values()) == {None}


def test_a_quick_run_trains_and_asks_all_ways(tmp_path, monkeypatch):
    monkeypatch.setattr(orientation, "DEFECTS", {"pristine": (0.0, 0.0), "40 % vacancies": (0.0, 0.4)})
    monkeypatch.setattr(orientation_training, "QUICK_CRYSTALS", 8)
    result = run_study("orientation", tmp_path, quick=True)
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    n = orientation.QUICK_STRUCTURES
    # Four tolerances of the search in the three forms that have a cell.
    assert len(result.table) == 2 * (len(WAYS) * 5 - 4 * 2)
    assert written["n_answers"] == n * len(result.table)
    assert list(written["over_all"]) == list(written["ms_per_structure"]) == list(WAYS)
    assert written["over_all"]["crystal-class"]["n"] == n * 2 * 5
    assert all(value > 0 for value in written["ms_per_structure"].values())
    training = written["training"]
    assert training["samples"] + training["left_out"] == 2 * training["set"]["n"]
    assert set(training["parameters"]) == set(training["processor_seconds"]) == set(NETWORKS)
    assert set(written["kept_of_the_standard_setting"]) >= {"image network", "crystal-class"}
    assert (tmp_path / "orientation.png").stat().st_size > 10_000
    assert (tmp_path / "orientation-ways.png").stat().st_size > 10_000


def test_without_torch_the_error_names_the_extra(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(MissingExtraError, match=r"torch.*xtalprint\[train\]"):
        run_study("orientation", tmp_path, quick=True)


def test_another_cell_is_the_same_crystal():
    for seed in range(10):
        other = orientation._another_cell(COPPER, np.random.default_rng(seed))
        assert abs(np.linalg.det(other.cell)) == pytest.approx(abs(np.linalg.det(COPPER.cell)))
        np.testing.assert_allclose(sorted_distances(other, k=20), sorted_distances(COPPER, k=20))
