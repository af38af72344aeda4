"""Random crystals outside the classes: atoms on orbits of other space groups, strained neighbours, stackings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.datasets.candidates import MAX_ORBIT_ATOMS, Candidate, alike, distinct_points, special_point
from xtalprint.geometry import nearest_distances, supercell
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]

#: Space groups of the six lattice systems (trigonal and hexagonal together), those of the classes left out.
SYSTEMS: tuple[tuple[int, ...], ...] = tuple(
    tuple(group for group in groups if group not in CLASS_OF_SPACE_GROUP)
    for groups in (range(1, 3), range(3, 16), range(16, 75), range(75, 143), range(143, 195), range(195, 231))
)
#: Ranges of the ratios of cell lengths, by system.
LOW_RATIOS, TETRAGONAL_RATIOS, HEXAGONAL_RATIOS = (0.5, 2.0), (0.4, 3.0), (0.5, 4.0)
#: Angles of low systems in degrees, and the least squared height of c above the plane of a and b (both of length 1).
ANGLES, LEAST_HEIGHT = (60.0, 120.0), 0.1
#: A neighbour has at most so many atoms before and after it is repeated.
MAX_PARENT, MAX_REPEATED = 24, 32
#: Largest strain of a neighbour, and displacements of its atoms in bond lengths.
STRAINS, SHIFTS = (0.04, 0.25), (0.03, 0.2)
#: Chance that it is repeated once more, that it is strained, that a component of the strain is not zero, and that its
#: atoms are shifted.
REPEATED, STRAINED, COMPONENT, SHIFTED = 0.5, 0.8, 0.5, 0.7
#: Layers of a stacking; the shift of the second half of a double layer, in layers, as in diamond.
LAYERS, DOUBLE = (3, 8), 0.75
#: Share of stackings of double layers.
DOUBLED = 0.3


def other_orbits(rng: np.random.Generator) -> Candidate | None:
    """Return one to three orbits of a space group that belongs to no class; None if that gives no small crystal."""
    import spglib  # noqa: PLC0415 - extra "symmetry"

    system = int(rng.integers(len(SYSTEMS)))
    group = int(rng.choice(SYSTEMS[system]))
    cell = _random_cell(system, rng)
    if cell is None:
        return None
    rotations, translations = _operations(group)
    points: list[Floats] = []
    for _ in range(rng.choice([1, 2, 3], p=[0.35, 0.4, 0.25])):
        point = special_point(rotations, translations, rng)
        points += distinct_points(point @ rotations.transpose(0, 2, 1) + translations)
        if len(points) > MAX_ORBIT_ATOMS:
            return None
    primitive = spglib.find_primitive(alike(cell, np.array(points)), symprec=1e-4)
    if primitive is None:
        return None
    return Candidate(np.array(primitive[0]), np.array(primitive[1]), f"orbits-{group}-{len(primitive[2])}")


def neighbour(parent: Crystal, rng: np.random.Generator) -> Candidate | None:
    """Strain a crystal of a class, and shift atoms of a small supercell of it; None if it is too large."""
    if parent.cell is None or len(parent) > MAX_PARENT:
        return None
    repeats = [1, 1, 1]
    while rng.random() < REPEATED and len(parent) * np.prod(repeats) * 2 <= MAX_REPEATED:
        repeats[rng.integers(3)] += 1
    box = supercell(parent, (repeats[0], repeats[1], repeats[2]))
    frac, cell = box.frac, np.array(box.cell)
    if rng.random() < STRAINED:
        strain = rng.normal(size=(3, 3)) * (rng.random((3, 3)) < COMPONENT)
        strain = 0.5 * (strain + strain.T)
        cell = cell @ (np.eye(3) + strain * rng.uniform(*STRAINS) / max(float(np.abs(strain).max()), 0.3))
    if rng.random() < SHIFTED and len(frac) > 1:
        amplitude = rng.uniform(*SHIFTS) * float(nearest_distances(parent).mean())
        frac = frac + rng.normal(0, amplitude, frac.shape) @ np.linalg.inv(cell)
    return Candidate(cell, frac - np.floor(frac), f"neighbour of {parent.source} {parent.frame}")


def stacking(rng: np.random.Generator) -> Candidate:
    """Return a random sequence of close-packed layers, sometimes of double layers as in diamond."""
    n = int(rng.integers(LAYERS[0], LAYERS[1] + 1))
    sequence = [0]
    while len(sequence) < n or sequence[-1] == 0:
        steps = rng.integers(1, 3, size=n - 1)
        sequence = np.concatenate([[0], np.cumsum(steps) % 3]).tolist()
    ratio = np.sqrt(2 / 3) * rng.uniform(0.93, 1.07)
    cell = np.array([[1, 0, 0], [-0.5, np.sqrt(3) / 2, 0], [0, 0, n * ratio]])
    places = ((0, 0), (2 / 3, 1 / 3), (1 / 3, 2 / 3))
    frac = np.array([[*places[layer], i / n] for i, layer in enumerate(sequence)])
    if rng.random() < DOUBLED:
        frac = np.concatenate([frac, frac + np.array([0, 0, DOUBLE / n])])
        cell[2] *= 2
    return Candidate(cell, frac, "stacking " + "".join("ABC"[layer] for layer in sequence))


@lru_cache(maxsize=256)
def _operations(group: int) -> tuple[NDArray[np.int64], Floats]:
    """Rotations (n, 3, 3) and translations (n, 3) of a space group in its first setting."""
    import spglib  # noqa: PLC0415 - extra "symmetry"

    for hall_number in range(1, 531):
        kind = spglib.get_spacegroup_type(hall_number)
        if kind is not None and kind.number == group:
            found = spglib.get_symmetry_from_database(hall_number)
            if found is None:
                break
            return found["rotations"].astype(np.int64), found["translations"].astype(np.float64)
    raise AssertionError(group)  # all 230 are in the database


def _random_cell(system: int, rng: np.random.Generator) -> Floats | None:
    """(3, 3) rows of a cell of one of `SYSTEMS`; None if the angles drawn do not make one."""
    cubic, hexagonal, tetragonal, orthorhombic, monoclinic = 5, 4, 3, 2, 1
    if system == cubic:
        return np.eye(3)
    if system == hexagonal:
        return np.array([[1, 0, 0], [-0.5, np.sqrt(3) / 2, 0], [0, 0, _log_uniform(HEXAGONAL_RATIOS, rng)]])
    if system == tetragonal:
        return np.diag([1, 1, _log_uniform(TETRAGONAL_RATIOS, rng)])
    b, c = _log_uniform(LOW_RATIOS, rng), _log_uniform(LOW_RATIOS, rng)
    if system == orthorhombic:
        return np.diag([1, b, c])
    angles = np.radians(rng.uniform(*ANGLES, size=3))
    if system == monoclinic:
        angles[[0, 2]] = 0.5 * np.pi
    cos_a, cos_b, cos_c = np.cos(angles)
    y = (cos_a - cos_b * cos_c) / np.sin(angles[2])
    squared = 1 - cos_b**2 - y**2
    if squared < LEAST_HEIGHT:
        return None
    return np.array([[1, 0, 0], [b * cos_c, b * np.sin(angles[2]), 0], [c * cos_b, c * y, c * np.sqrt(squared)]])


def _log_uniform(limits: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))
