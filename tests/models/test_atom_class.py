"""The per-atom model: made samples, the shipped weights on hot crystals and grains, a quick run, clear refusals."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from xtalprint import Crystal, geometry
from xtalprint.cli import main
from xtalprint.defects import displace_springs
from xtalprint.errors import UnsupportedInputError, WrongUsageError
from xtalprint.models import load_model
from xtalprint.models.atom_configuration import QUICK_ATOMS
from xtalprint.models.atom_samples import (
    ATOM_CLASSES,
    BCC,
    DIAM,
    FCC,
    HCP,
    HEX_DIAM,
    SC,
    UNUSED,
    atom_samples,
    grains,
    ideal_box,
    made_box,
    stacked,
)
from xtalprint.models.atom_training import train_atom_class

SOLIDS = {"fcc": FCC, "bcc": BCC, "hcp": HCP, "sc": SC, "diam": DIAM, "hex-diam": HEX_DIAM}


@pytest.fixture(scope="module")
def model():
    return load_model("atom-class")


@pytest.mark.parametrize("kind", SOLIDS)
def test_ideal_boxes_have_bond_length_one_and_one_class(kind):
    box, labels = ideal_box(kind, np.random.default_rng(0))
    np.testing.assert_allclose(geometry.nearest_distances(box), 1.0, atol=1e-9)
    assert set(labels.tolist()) == {SOLIDS[kind]}


def test_layers_of_a_stacking_have_classes_of_their_own():
    box, labels = stacked([0, 1, 2, 1], double=False)
    assert [int(label) for label in labels[:4]] == [HCP, FCC, HCP, FCC]
    np.testing.assert_allclose(geometry.sorted_distances(box, k=12), 1.0, atol=1e-9)


def test_samples_are_the_same_each_time():
    first, second = (atom_samples(5, 3) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.crystal.positions, other.crystal.positions)
        assert np.array_equal(one.labels, other.labels)


def test_springs_move_neighbours_together_by_as_much_as_asked():
    box, _ = ideal_box("bcc", np.random.default_rng(0))
    shift = displace_springs(box, 0.05, np.random.default_rng(1)).positions - box.positions
    assert np.sqrt((shift**2).mean()) == pytest.approx(0.05, rel=1e-6)
    delta = box.frac[:, None] - box.frac[None]
    apart = np.linalg.norm((delta - np.round(delta)) @ box.cell, axis=2)
    first, second = np.nonzero((apart > 0.5) & (apart < 1.05))
    assert (shift[first] * shift[second]).mean() > 0.1 * (shift**2).mean()


@pytest.mark.parametrize("kind", SOLIDS)
def test_pristine_crystals_are_sure(model, kind):
    box, _ = ideal_box(kind, np.random.default_rng(0))
    found = model.predict_atoms(box)
    assert set(found.classes.tolist()) == {kind}
    assert found.probability.min() > 0.9
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("kind", ["fcc", "bcc", "hcp"])
def test_a_hot_turned_box_and_its_supercell_get_the_same(model, kind):
    rng = np.random.default_rng(1)
    hot = displace_springs(ideal_box(kind, rng)[0], 0.07, rng)
    found = model.predict_atoms(hot)
    assert (found.classes == kind).mean() > 0.95
    order = rng.permutation(len(hot))
    turned = geometry.rotated(hot, geometry.random_rotation(rng))
    turned = Crystal(turned.positions[order], turned.numbers[order], cell=turned.cell)
    again = model.predict_atoms(geometry.supercell(turned, (1, 2, 1)))
    np.testing.assert_allclose(again.probabilities, np.tile(found.probabilities[order], (2, 1)), atol=1e-3)


def test_grains_are_told_a_bond_length_from_their_boundary(model):
    rng = np.random.default_rng(0)
    boxes = [made_box(kind, rng, molecular_dynamics=False) for kind in ("fcc", "bcc")]
    sample = grains(*boxes, rng, skin=1.0)
    found = model.predict_atoms(sample.crystal)
    used = sample.labels != UNUSED
    assert (found.classes[used] == np.array(ATOM_CLASSES)[sample.labels[used]]).mean() > 0.9


def test_a_liquid_is_none(model):
    liquid = made_box("liquid", np.random.default_rng(0)).crystal
    assert (model.predict_atoms(liquid).classes == "none").mean() > 0.9


def test_a_gas_is_none(model):
    gas = Crystal(np.random.default_rng(0).uniform(0, 60, (100, 3)), [18] * 100)
    assert (model.predict_atoms(gas).classes == "none").mean() > 0.9


def test_there_is_no_label_for_the_structure(model, tmp_path):
    box, _ = ideal_box("fcc", np.random.default_rng(0))
    [prediction] = model.predict(box)
    assert prediction.status == "error"
    assert "labels atoms" in prediction.error
    with pytest.raises(WrongUsageError, match="load atom-class"):
        load_model("crystal-class").predict_atoms(box)
    (tmp_path / "a.xyz").write_text("1\n\nHe 0 0 0\n")
    run = CliRunner().invoke(main, ["classify", str(tmp_path / "a.xyz"), "--model", "atom-class"])
    assert run.exit_code == 2
    assert "labels every atom" in run.output


def test_anything_but_a_crystal_is_refused(model):
    with pytest.raises(UnsupportedInputError, match=r"this is no Crystal.*Cu\.cif"):
        model.predict_atoms("Cu.cif")


def test_a_heap_whose_neighbours_are_not_all_counted_is_refused(model):
    steps = np.stack(np.meshgrid(*(np.arange(14),) * 3), -1).reshape(-1, 3)
    heap, apart = 0.3 * steps[(steps < 10).all(axis=1)], 5.0 * steps + 50.0
    together = Crystal(np.concatenate([heap, apart]), [29] * (len(heap) + len(apart)))
    with pytest.raises(UnsupportedInputError, match="999 neighbours within 2 bond lengths, more than 512"):
        model.predict_atoms(together)


def test_a_quick_run_gives_a_model_that_answers(tmp_path):
    config = QUICK_ATOMS.with_changes(threads=1)
    manifest = train_atom_class(config, tmp_path / "run")
    assert manifest.classes == ATOM_CLASSES
    assert manifest.metrics["test"]["n"] > 1000
    box, _ = ideal_box("fcc", np.random.default_rng(0))
    assert len(load_model(tmp_path / "run").predict_atoms(box).classes) == len(box)
