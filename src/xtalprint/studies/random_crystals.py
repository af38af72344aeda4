"""Random crystals, and the same ones in another cell, for properties that must hold for all crystals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.geometry import nearest_distances, random_rotation, rotated, scaled, supercell
from xtalprint.prototypes import all_prototypes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Å³ of a site, from and to.
VOLUME = (8.0, 25.0)
#: Atoms of a random cell, and no two of them nearer than this, in Å.
MOST_ATOMS, NEAREST = 8, 1.0
#: Larger prototypes are left out.
MOST_SITES = 24
#: Longest over shortest vector and least height of a random cell, relative to the cube of its volume.
LEAST_HEIGHT = 0.4


def random_crystal(rng: np.random.Generator) -> Crystal:
    """Draw a crystal: every second one a prototype of AFLOW, scaled; the others a random cell with random atoms."""
    if rng.random() < 1 / 2:
        kinds = [kind.crystal for kind in all_prototypes() if len(kind.crystal) <= MOST_SITES]
        return scaled_to(kinds[int(rng.integers(len(kinds)))], rng.uniform(*VOLUME))
    n = int(rng.integers(1, MOST_ATOMS + 1))
    side = np.cbrt(n * rng.uniform(*VOLUME))
    while True:
        cell = rng.normal(size=(3, 3))
        cell *= side / np.cbrt(abs(np.linalg.det(cell)))
        if 1 / np.linalg.norm(np.linalg.inv(cell), axis=0).max() < LEAST_HEIGHT * side:
            continue
        crystal = Crystal(rng.random((n, 3)) @ cell, ["Si"] * n, cell=cell)
        if nearest_distances(crystal).min() >= NEAREST:
            return crystal


def scaled_to(crystal: Crystal, volume_per_site: float) -> Crystal:
    """The same crystal with this volume of a site, in Å³."""
    return scaled(crystal, float(np.cbrt(volume_per_site * len(crystal) / crystal.volume)))


def in_another_cell(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """The same crystal: other vectors, perhaps a supercell, turned, shifted, sites in other order and cells."""
    repeats = (1, 1, int(rng.integers(1, 4)))
    other = supercell(crystal, repeats)
    cell = _other_vectors(rng) @ np.asarray(other.cell)
    order = rng.permutation(len(other))
    away = rng.integers(-2, 3, (len(other), 3)) @ cell
    positions = (other.positions + away + rng.normal(size=3))[order]
    return rotated(Crystal(positions, [other.symbols[i] for i in order], cell=cell), random_rotation(rng))


def _other_vectors(rng: np.random.Generator) -> Floats:
    """(3, 3) whole numbers with the determinant ± 1."""
    matrix = np.eye(3)[rng.permutation(3)]
    for _ in range(3):
        i, j = rng.permutation(3)[:2]
        matrix[i] += int(rng.integers(-1, 2)) * matrix[j]
    return matrix
