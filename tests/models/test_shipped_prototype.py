"""The shipped model that names prototypes on the structures of its list, as people have them."""

from __future__ import annotations

import numpy as np
import pytest

from xtalprint import geometry
from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, substitute, vacancies
from xtalprint.models import load_model
from xtalprint.models.presentations import random_piece
from xtalprint.prototypes.named import class_names, named_prototypes

PROTOTYPES = {p.name: p for p in named_prototypes()}
BINARIES = [p.name for p in PROTOTYPES.values() if p.n_elements == 2]


@pytest.fixture(scope="module")
def model():
    return load_model("prototype")


def answer(model, crystal):
    [prediction] = model.predict(crystal)
    assert prediction.status == "ok", prediction.error
    return prediction


def test_its_classes_are_those_of_the_list_and_its_weights_are_small(model):
    assert model.classes == class_names(named_prototypes())
    assert model.manifest.weights.onnx.bytes < 4_000_000
    assert model.manifest.answers == "prototype"


@pytest.mark.parametrize("name", PROTOTYPES)
def test_every_structure_of_the_list_is_named_and_known(model, name):
    prediction = answer(model, PROTOTYPES[name].crystal)
    assert (prediction.prototype, prediction.crystal_class, prediction.known) == (name, name, True)


@pytest.mark.parametrize("name", BINARIES)
def test_exchanged_elements_and_other_cells_give_the_same(model, name):
    crystal = PROTOTYPES[name].crystal
    numbers = np.where(crystal.numbers == crystal.numbers[0], 30, 34)
    cell = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]]) @ crystal.cell
    other = Crystal(crystal.positions + np.array([1, 2, 3]), 64 - numbers, cell=cell)
    big = geometry.rotated(geometry.supercell(other, (2, 1, 2)), geometry.random_rotation(np.random.default_rng(0)))
    first, second, third = (
        answer(model, c).probabilities
        for c in (
            Crystal(crystal.positions, numbers, cell=crystal.cell),
            Crystal(crystal.positions, 64 - numbers, cell=crystal.cell),
            big,
        )
    )
    assert dict(first) == dict(second)
    assert dict(third) == pytest.approx(dict(first), abs=2e-3)


@pytest.mark.parametrize("name", ["fcc", "bcc", "sc", "diamond", "rock salt", "CsCl", "zinc blende", "Cu3Au", "NiAs"])
def test_a_turned_hot_thinned_piece_gets_the_same_name(model, name):
    rng = np.random.default_rng(0)
    piece = random_piece(PROTOTYPES[name].crystal, 200, rng)
    piece = displace_gaussian(vacancies(piece, 0.25, rng), 0.04, rng, unit="d_nn")
    assert answer(model, piece).prototype == name


def test_a_random_alloy_keeps_the_name_of_its_lattice(model):
    box = geometry.supercell_to(PROTOTYPES["fcc"].crystal, min_atoms=250)
    alloy = substitute(box, 0.5, np.random.default_rng(0), elements=("Ag", "Au"))
    assert answer(model, alloy).prototype == "fcc"


def test_disorder_is_not_known(model):
    box = geometry.supercell_to(PROTOTYPES["rock salt"].crystal, min_atoms=250)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        assert answer(model, displace_gaussian(box, 0.35, rng, unit="d_nn")).known is False
        assert answer(model, Crystal(rng.uniform(0, 16, (250, 3)), rng.choice([11, 17], 250))).known is False
