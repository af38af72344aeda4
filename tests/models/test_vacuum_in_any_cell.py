"""Slabs, wires and molecules in a vacuum get the same answer in every cell and orientation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtalprint import Crystal
from xtalprint.models import load_model
from xtalprint.models.stiffness_prediction import PROPERTIES

HEXAGONAL = np.array([[3.16, 0, 0], [-1.58, 2.7366, 0], [0, 0, 23.17]])
MONOLAYER = np.array([[0, 0, 0.5], [2 / 3, 1 / 3, 0.5685], [2 / 3, 1 / 3, 0.4315]])
ALONE = {
    "monolayer": Crystal(MONOLAYER @ HEXAGONAL, ["Mo", "S", "S"], cell=HEXAGONAL),
    "slab": Crystal(
        [[0, 0, 0], [1.28, 1.28, 1.81], [0, 0, 3.62], [1.28, 1.28, 5.43]], ["Cu"] * 4, cell=np.diag([2.56, 2.56, 20])
    ),
    "wire": Crystal([[0, 0, 0], [1.3, 1.7, 1]], ["Cu"] * 2, cell=np.diag([2.6, 14, 19])),
    "molecule": Crystal([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], ["O", "H", "H"], cell=12 * np.eye(3)),
    "molecules that are near": Crystal(
        [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], ["O", "H", "H"], cell=8 * np.eye(3)
    ),
}


@pytest.fixture(scope="module")
def models():
    return {name: load_model(name) for name in ("stiffness", "crystal-class")}


def in_another_cell(crystal, seed):
    rng = np.random.default_rng(seed)
    matrix = np.eye(3, dtype=int)
    for _ in range(5):
        i, j = rng.permutation(3)[:2]
        matrix[i] += rng.integers(-2, 3) * matrix[j]
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return Crystal(crystal.positions @ turn, crystal.numbers, cell=matrix[rng.permutation(3)] @ crystal.cell @ turn)


@pytest.mark.parametrize("name", ALONE)
@settings(derandomize=True, deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**9))
def test_the_modulus_is_the_same(models, name, seed):
    one, other = models["stiffness"].predict([ALONE[name], in_another_cell(ALONE[name], seed)])
    assert (one.status, one.known, one.warnings, one.error) == (
        other.status,
        other.known,
        other.warnings,
        other.error,
    )
    assert one.status == ("error" if name == "molecule" else "ok")
    assert one.known is not True
    if one.status == "ok":
        values, same = ([answer.moduli[key].value for key in PROPERTIES] for answer in (one, other))
        np.testing.assert_allclose(same, values, rtol=1e-4)


@pytest.mark.parametrize("name", ALONE)
@settings(derandomize=True, deadline=None, max_examples=5)
@given(seed=st.integers(0, 10**9))
def test_the_class_is_the_same(models, name, seed):
    one, other = models["crystal-class"].predict([ALONE[name], in_another_cell(ALONE[name], seed)])
    assert (one.status, one.known, one.crystal_class) == (other.status, other.known, other.crystal_class)
    assert one.warnings == other.warnings
    assert other.probability == pytest.approx(one.probability, abs=1e-4)
