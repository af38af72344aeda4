"""The shipped model of property classes: what everybody knows of common crystals, in any cell, and its size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import xtalprint as xp
from xtalprint import Crystal
from xtalprint.datasets.properties import TASKS
from xtalprint.geometry import supercell
from xtalprint.models.registry import WEIGHTS, read_manifest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"
FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])


def two_on_fcc(first, second, a, shift):
    return Crystal(a * np.concatenate([FACE, FACE + shift]), [first] * 4 + [second] * 4, cell=a * np.eye(3))


TUNGSTEN = Crystal(3.165 * np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), ["W", "W"], cell=3.165 * np.eye(3))
#: Crystal system, metal, K > 85 GPa: textbook values.
KNOWN = {
    "NaCl": (two_on_fcc("Na", "Cl", 5.64, [0.5, 0, 0]), "cubic", False, False),
    "MgO": (two_on_fcc("Mg", "O", 4.21, [0.5, 0, 0]), "cubic", False, True),
    "diamond": (two_on_fcc("C", "C", 3.567, [0.25, 0.25, 0.25]), "cubic", False, True),
    "TiC": (two_on_fcc("Ti", "C", 4.33, [0.5, 0, 0]), "cubic", True, True),
    "W": (TUNGSTEN, "cubic", True, True),
    "Cu": (xp.read(EXAMPLES / "copper.cif")[0], "cubic", True, True),
    "Mg": (xp.read(EXAMPLES / "magnesium.poscar")[0], "hexagonal", True, False),
    "SrTiO3": (xp.read(EXAMPLES / "SrTiO3_mp-5229_221.cif")[0], "cubic", False, True),
}


@pytest.fixture(scope="module")
def model():
    return xp.load_model("property-classes")


@pytest.mark.parametrize("name", KNOWN)
def test_what_everybody_knows(model, name):
    crystal, system, metal, stiff = KNOWN[name]
    answers = model.predict_one(crystal).answers
    assert (answers["crystal-system"].value, answers["metal"].value, answers["stiff"].value) == (system, metal, stiff)
    assert all(answer.known for answer in answers.values())


def test_any_cell_any_axes(model):
    crystal = KNOWN["SrTiO3"][0]
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    larger = supercell(crystal, (2, 1, 3))
    turned = Crystal(larger.positions[::-1] @ turn, larger.numbers[::-1], cell=larger.cell @ turn)
    here, there = (model.predict_one(one).answers for one in (crystal, turned))
    for name in TASKS:
        assert there[name].probabilities == pytest.approx(here[name].probabilities, abs=1e-3)


def test_the_same_answer_twice(model):
    crystals = [crystal for crystal, *_ in KNOWN.values()]
    alone = [model.predict_one(crystal) for crystal in crystals]
    assert model.predict(crystals, threads=2) == alone


def test_the_files_are_small():
    weights = read_manifest("property-classes")[0].weights
    for record in (weights.onnx, weights.safetensors):
        assert (WEIGHTS / record.path).stat().st_size < 6e6
