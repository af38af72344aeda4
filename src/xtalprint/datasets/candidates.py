"""Random crystals of one element in a given space group: varied prototypes, and atoms on random orbits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.prototypes import all_prototypes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: The eight space groups of the classes.
SPACE_GROUPS = (139, 141, 166, 194, 221, 225, 227, 229)
CUBIC = frozenset({221, 225, 227, 229})
HEXAGONAL = frozenset({166, 194})
#: Root-mean-square displacements of the free coordinates, in units of the cube root of the volume per atom.
AMPLITUDES = (0.0, 0.03, 0.08, 0.15)
#: Largest |ln| of the change of c/a.
LARGEST_STRAIN = 0.35
#: Ranges of c/a of the random orbits' conventional cells.
TETRAGONAL_RATIOS = (0.4, 3.5)
HEXAGONAL_RATIOS = {194: (0.5, 5.0), 166: (0.5, 7.0)}
#: Most atoms in the conventional cell of random orbits.
MAX_ORBIT_ATOMS = 120
SAME_PLACE = 1e-4


@dataclass(frozen=True)
class Candidate:
    """A crystal of one element that should have a given space group; lengths are arbitrary.

    Parameters
    ----------
    cell
        (3, 3) rows of the primitive cell.
    frac
        (N, 3).
    origin
        What it was made from: an AFLOW label, or ``orbits-GROUP-N``.
    """

    cell: Floats
    frac: Floats
    origin: str


def alike(cell: Floats, frac: Floats) -> tuple[list[list[float]], list[list[float]], list[int]]:
    """Return what spglib takes, all atoms of one kind."""
    return cell.tolist(), frac.tolist(), [1] * len(frac)


def space_group(cell: Floats, frac: Floats, *, symprec: float) -> int | None:
    """Space-group number by spglib, all atoms alike; None if there is none at this tolerance."""
    import spglib  # noqa: PLC0415 - extra "symmetry"

    found = spglib.get_symmetry_dataset(alike(cell, frac), symprec=symprec)
    return None if found is None else int(found.number)


def loose_space_group(cell: Floats, frac: Floats, *, symprec: float) -> int | None:
    """Space-group number by moyopy, which is quick, all atoms alike; None if there is none at this tolerance.

    Called directly, not by way of `xtalprint.geometry`, so that the made set does not change when that improves.
    """
    from moyopy import Cell, MoyoDataset  # noqa: PLC0415 - not needed to read a saved set

    try:
        return int(MoyoDataset(Cell(*alike(cell, frac)), symprec=symprec).number)
    except ValueError:
        return None  # moyopy's way to say that no group fits at this tolerance


@lru_cache(maxsize=1)
def parents() -> dict[int, tuple[Candidate, ...]]:
    """Prototypes that, with all sites alike, have each of the space groups; duplicates left out."""
    import spglib  # noqa: PLC0415 - extra "symmetry"

    found: dict[int, list[Candidate]] = {group: [] for group in SPACE_GROUPS}
    seen: set[tuple[Any, ...]] = set()
    for prototype in all_prototypes():
        crystal = prototype.crystal
        if crystal.cell is None:
            continue
        same = alike(crystal.cell, crystal.frac)
        standard = spglib.standardize_cell(same, to_primitive=True, no_idealize=False, symprec=1e-2)
        if standard is None:
            continue
        cell, frac = np.array(standard[0]), np.array(standard[1])
        group = space_group(cell, frac, symprec=1e-3)
        if group not in found:
            continue
        key = (group, *_signature(cell, frac))
        if key not in seen:
            seen.add(key)
            found[group].append(Candidate(cell, frac, prototype.label))
    return {group: tuple(members) for group, members in found.items()}


def varied_prototype(group: int, rng: np.random.Generator) -> Candidate:
    """Return a prototype with its axial ratio and free coordinates changed within the space group."""
    members = parents()[group]
    # Structures of few atoms are more common in nature; all are drawn, the small ones more often.
    weights = np.array([len(member.frac) ** -0.5 for member in members])
    parent = members[rng.choice(len(members), p=weights / weights.sum())]
    cell = parent.cell
    if group not in CUBIC:
        cell = cell * np.array([1, 1, np.exp(rng.uniform(-LARGEST_STRAIN, LARGEST_STRAIN))])
    amplitude = rng.choice(AMPLITUDES)
    frac = parent.frac
    if amplitude:
        frac = frac + _symmetric_displacement(parent, cell, float(amplitude), rng)
    return Candidate(cell, frac, parent.origin)


def random_orbits(group: int, rng: np.random.Generator) -> Candidate | None:
    """Return one to three orbits of random, mostly special, points; None if that gives no crystal of small size."""
    import spglib  # noqa: PLC0415 - extra "symmetry"

    rotations, translations = operations(group)
    cell = _random_cell(group, rng)
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


@lru_cache(maxsize=8)
def operations(group: int) -> tuple[NDArray[np.int64], Floats]:
    """Rotations (n, 3, 3) and translations (n, 3) of a space group; hexagonal axes, origin choice 2."""
    import spglib  # noqa: PLC0415 - extra "symmetry"

    wanted = {166: "H", 141: "2", 227: "2"}.get(group, "")
    for hall_number in range(1, 531):
        kind = spglib.get_spacegroup_type(hall_number)
        if kind is not None and kind.number == group and kind.choice == wanted:
            found = spglib.get_symmetry_from_database(hall_number)
            if found is None:
                break
            return found["rotations"].astype(np.int64), found["translations"].astype(np.float64)
    raise AssertionError(group)  # the eight groups are all in the database


def _symmetric_displacement(parent: Candidate, cell: Floats, amplitude: float, rng: np.random.Generator) -> Floats:
    """Random fractional displacements averaged over the symmetry operations: what is left keeps the group."""
    import spglib  # noqa: PLC0415 - extra "symmetry"

    frac = parent.frac
    found = spglib.get_symmetry(alike(parent.cell, frac), symprec=1e-3)
    if found is None:
        return np.zeros_like(frac)
    length = np.cbrt(abs(np.linalg.det(cell)) / len(frac))
    raw = rng.normal(0, amplitude * length, frac.shape) @ np.linalg.inv(cell)
    total = np.zeros_like(raw)
    for rotation, translation in zip(found["rotations"], found["translations"], strict=True):
        image = frac @ rotation.T + translation
        apart = image[:, None] - frac[None]
        apart -= np.round(apart)
        partner = np.argmin((apart**2).sum(axis=-1), axis=1)
        total += raw[partner] @ np.linalg.inv(rotation).T
    mean: Floats = total / len(found["rotations"])
    return mean


def special_point(rotations: NDArray[np.int64], translations: Floats, rng: np.random.Generator) -> Floats:
    """Return a random point moved onto the fixed points of one to four random operations, where they have any."""
    point: Floats = rng.random(3)
    for _ in range(rng.integers(1, 5)):
        k = rng.integers(len(rotations))
        cycle = [point]
        for _ in range(6):  # no operation of a crystal has a higher order modulo lattice vectors
            image = rotations[k] @ cycle[-1] + translations[k]
            image -= np.round(image - point)
            if np.allclose(image, point, atol=1e-6):
                break
            cycle.append(image)
        middle = np.mean(cycle, axis=0)
        off = rotations[k] @ middle + translations[k] - middle
        if np.allclose(off, np.round(off), atol=1e-6):
            point = middle
    return point


def distinct_points(orbit: Floats) -> list[Floats]:
    """Points of an orbit that differ by more than lattice vectors."""
    orbit = orbit - np.floor(orbit + 1e-9)
    apart = orbit[:, None] - orbit[None]
    apart -= np.round(apart)
    same = np.abs(apart).max(axis=-1) <= SAME_PLACE
    first = same.argmax(axis=1)
    return [orbit[i] for i in np.flatnonzero(first == np.arange(len(orbit)))]


def _random_cell(group: int, rng: np.random.Generator) -> Floats:
    if group in CUBIC:
        return np.eye(3)
    low, high = HEXAGONAL_RATIOS.get(group, TETRAGONAL_RATIOS)
    ratio = np.exp(rng.uniform(np.log(low), np.log(high)))
    if group in HEXAGONAL:
        return np.array([[1, 0, 0], [-0.5, np.sqrt(3) / 2, 0], [0, 0, ratio]])
    return np.diag([1, 1, ratio])


def _signature(cell: Floats, frac: Floats) -> tuple[Any, ...]:
    """Tell two parents apart: atoms, packing, and the spread of their nearest distances."""
    from xtalprint.crystal import Crystal  # noqa: PLC0415 - only here
    from xtalprint.geometry import nearest_distances  # noqa: PLC0415 - only here

    nearest = np.sort(nearest_distances(Crystal(frac @ cell, np.ones(len(frac), dtype=int), cell=cell)))
    packing = round(float(nearest[0] ** 3 * len(frac) / abs(np.linalg.det(cell))), 3)
    return len(frac), packing, *np.round(nearest[:8] / nearest[0], 3).tolist()
