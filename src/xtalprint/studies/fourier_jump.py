"""Where the reduced cell jumps: what the Fourier box does there, and what descriptors do that no cell enters."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal, cell_parameters
from xtalprint.descriptors.fourier_box import FourierBox
from xtalprint.descriptors.pairs_of_reflections import PairsOfReflections
from xtalprint.descriptors.powder_pattern import PowderPattern
from xtalprint.descriptors.reflection_bispectrum import ReflectionBispectrum
from xtalprint.descriptors.reflection_power_spectrum import ReflectionPowerSpectrum
from xtalprint.geometry import random_rotation, rotated, supercell
from xtalprint.geometry.primitive import reduced_cell
from xtalprint.prototypes import all_prototypes
from xtalprint.studies.base import StudyResult, chosen, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from xtalprint.descriptors.base import Descriptor

    Floats = NDArray[np.float64]

#: The report's descriptor, on the scale on which all intensities are near 1, and those that replace it.
DESCRIPTORS: Mapping[str, Descriptor] = {
    "Fourier box": FourierBox(scale="sites"),
    "powder pattern": PowderPattern(),
    "power spectrum": ReflectionPowerSpectrum(),
    "bispectrum": ReflectionBispectrum(),
    "pairs of reflections": PairsOfReflections(),
}
BOX = "Fourier box"
#: Largest strain of a path, and its number of places.
LARGEST, PLACES, QUICK_PLACES = 0.02, 40, 8
#: Strains on both sides of the middle, whose distance must go to zero with them.
SIDES = (1e-2, 1e-3, 1e-4)
#: Random strain (norm) of the prototypes, and by what share of its norm a descriptor has then jumped.
SMALL, JUMPED = 1e-3, 0.1
QUICK_PROTOTYPES, QUICK_SAME = 6, 2
#: Crystals that are given in other ways; crystals for the times, also of a quick run; repeats.
SAME, TIMED, QUICK_TIMED, REPEATS = 20, 30, 3, 5
#: Prototypes of more atoms are left out: the times of all would be theirs.
MOST_ATOMS = 60
DIGITS = 6


@dataclass(frozen=True)
class Path:
    """A crystal under a strain that grows from −2 % to 2 %, through a lattice at which the reduced cell changes."""

    name: str
    crystal: Crystal
    strain: Floats

    def at(self, size: float) -> Crystal:
        """Return the strained crystal."""
        return strained(self.crystal, size * self.strain)


def strained(crystal: Crystal, strain: Floats) -> Crystal:
    """Strain a crystal with a cell."""
    if crystal.cell is None:
        return crystal
    turned = np.eye(3) + strain
    return Crystal(crystal.positions @ turned, crystal.numbers, cell=crystal.cell @ turned, source=crystal.source)


def paths() -> tuple[Path, ...]:
    """Rock salt through the cube, a perovskite through c = a, a triclinic crystal through 2 a·b = a²."""
    salt = Crystal(2.82 * np.array([[0, 0, 0], [1, 1, 1]]), ["Na", "Cl"], cell=2.82 * (1 - np.eye(3)))
    places = np.array([[0, 0, 0], [0.5, 0.5, 0.54], [0.5, 0.5, 0.11], [0.5, 0, 0.62], [0, 0.5, 0.62]])
    lead = Crystal(4.0 * places, ["Pb", "Ti", "O", "O", "O"], cell=4.0 * np.eye(3))
    cell = np.array([[4.0, 0, 0], [2.0, 4.2, 0], [0.6, 0.9, 6.0]])
    low = Crystal(
        np.array([[0.1, 0.2, 0.3], [0.55, 0.6, 0.2], [0.3, 0.75, 0.8]]) @ cell, ["Ca", "Si", "O"], cell=cell
    )
    along_c, shear = np.diag([0.0, 0.0, 1.0]), np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, 0]])
    return (
        Path("NaCl, c/a through 1", salt, along_c),
        Path("PbTiO3, c/a through 1", lead, along_c),
        Path("triclinic CaOSi, sheared through 2 a·b = a²", low, shear),
    )


def run(*, seed: int = 0, quick: bool = False) -> StudyResult:
    """Measure jumps on three paths and at all prototypes, invariance, and time."""
    rows = [row for path in paths() for row in _walk(path, QUICK_PLACES if quick else PLACES)]
    say("paths done")
    jumps = {path.name: _jump(path) for path in paths()}
    figures: dict[str, Any] = {
        "report": "the model does not generalise well, which is attributed to discontinuous unit cell changes",
        "parameters": {name: repr(descriptor) for name, descriptor in DESCRIPTORS.items()},
        "paths": jumps,
        "prototypes": _prototypes(seed, QUICK_PROTOTYPES if quick else None),
        "same_crystal": _same(seed, QUICK_SAME if quick else SAME),
        "time": _times(seed, QUICK_TIMED if quick else TIMED),
    }
    from xtalprint.studies.fourier_pictures import draw_boxes, draw_paths  # noqa: PLC0415 - plotting is heavy

    salt = paths()[0]
    sides = {f"c/a = {1 + e:g}": salt.at(e) for e in (-SMALL, SMALL)}
    drawings = {
        "fourier-jump": draw_paths(rows, list(DESCRIPTORS), BOX),
        "fourier-jump-boxes": draw_boxes(
            {
                name: (FourierBox(scale="sites").compute(c).array, PairsOfReflections().compute(c).array)
                for name, c in sides.items()
            },
            PairsOfReflections(),
        ),
    }
    return StudyResult(figures, rows, drawings)


def distance(one: Floats, other: Floats) -> float:
    """Norm of the difference over the mean of both norms."""
    return float(2 * np.linalg.norm(one - other) / (np.linalg.norm(one) + np.linalg.norm(other)))


def _arrays(crystal: Crystal) -> dict[str, Floats]:
    return {name: np.asarray(d.compute(crystal).array, dtype=np.float64) for name, d in DESCRIPTORS.items()}


def _walk(path: Path, places: int) -> list[dict[str, Any]]:
    """Distance of each place from the first, by descriptor; the middle itself is left out."""
    sizes = (np.arange(2 * places) - places + 0.5) / (places - 0.5) * LARGEST
    first = _arrays(path.at(float(sizes[0])))
    rows = []
    for size in sizes.tolist():
        crystal = path.at(size)
        found = _arrays(crystal)
        cell = np.round(cell_parameters(np.asarray(reduced_cell(crystal).cell)), 3)
        rows.append(
            {
                "path": path.name,
                "strain": round(size, 8),
                "reduced_cell": " ".join(f"{x:g}" for x in cell),
                **{name: round(distance(found[name], first[name]), DIGITS) for name in DESCRIPTORS},
            }
        )
    return rows


def _jump(path: Path) -> dict[str, Any]:
    """Distance between both sides of the middle, and that of one per cent of strain on one side."""
    sides = {size: (_arrays(path.at(-size)), _arrays(path.at(size))) for size in SIDES}
    further = _arrays(path.at(SIDES[1] + 0.01))
    cells = [cell_parameters(np.asarray(reduced_cell(path.at(e)).cell)) for e in (-SIDES[1], SIDES[1])]
    found: dict[str, Any] = {"reduced_cells": [[round(x, 3) for x in cell] for cell in cells]}
    for name in DESCRIPTORS:
        across = [distance(*(arrays[name] for arrays in sides[size])) for size in SIDES]
        percent = distance(sides[SIDES[1]][1][name], further[name])
        found[name] = {
            "across": {f"{size:g}": _significant(d) for size, d in zip(SIDES, across, strict=True)},
            "one_percent_of_strain": _significant(percent),
            "jump_in_percents_of_strain": _significant(across[-1] / percent),
            "continuous": bool(across[-1] < 0.2 * across[-2]),
        }
    return found


def _prototypes(seed: int, most: int | None) -> dict[str, Any]:
    """Share of the AFLOW prototypes whose descriptor jumps between two random strains of 0.1 % of opposite sign."""
    usable = [p for p in all_prototypes() if len(p.crystal) <= MOST_ATOMS]
    some = chosen(len(usable), most, seed)
    distances: dict[str, list[float]] = {name: [] for name in DESCRIPTORS}
    for i in some:
        strain = np.random.default_rng([seed, 1, i]).normal(size=(3, 3))
        strain *= SMALL / np.linalg.norm(strain)
        one, other = (_arrays(strained(usable[i].crystal, sign * strain)) for sign in (-1, 1))
        for name, values in distances.items():
            values.append(distance(one[name], other[name]))
    return {
        "n": len(some),
        "strain": SMALL,
        "jumped_by_more_than": JUMPED,
        **{
            name: {
                "jumped": int((np.array(values) > JUMPED).sum()),
                "median": _significant(float(np.median(values))),
                "largest": _significant(max(values)),
            }
            for name, values in distances.items()
        },
    }


def _same(seed: int, n: int) -> dict[str, Any]:
    """Largest distance between a crystal and itself given in another way, over random triclinic crystals."""
    ways: dict[str, Callable[[Crystal, np.random.Generator], Crystal]] = {
        "another cell": _in_another_cell,
        "supercell": lambda crystal, rng: supercell(crystal, tuple(rng.integers(1, 4, 3).tolist())),
        "turned": lambda crystal, rng: rotated(crystal, random_rotation(rng)),
        "atoms in another order, origin shifted": _in_another_order,
    }
    worst = {name: dict.fromkeys(ways, 0.0) for name in DESCRIPTORS}
    for i in range(n):
        rng = np.random.default_rng([seed, 2, i])
        crystal = _triclinic(rng)
        expected = _arrays(crystal)
        for way, change in ways.items():
            found = _arrays(change(crystal, rng))
            for name, by_way in worst.items():
                by_way[way] = max(by_way[way], distance(found[name], expected[name]))
    return {"n": n, **{name: {way: float(f"{d:.1e}") for way, d in ds.items()} for name, ds in worst.items()}}


def _triclinic(rng: np.random.Generator) -> Crystal:
    cell = np.array([[4.1, 0, 0], [0.5, 4.9, 0], [0.7, 0.9, 6.0]]) + rng.uniform(-0.15, 0.15, (3, 3))
    n = int(rng.integers(2, 7))
    frac = (np.arange(n)[:, None] + rng.uniform(0.1, 0.5, (n, 3))) / n
    return Crystal(frac @ cell, rng.choice([8, 11, 14, 22, 38, 56], n), cell=cell)


def _in_another_cell(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    m = np.eye(3)
    m[1, 0], m[2, 0], m[2, 1] = rng.integers(-3, 4, 3)
    return Crystal(crystal.positions, crystal.numbers, cell=m[rng.permutation(3)] @ np.asarray(crystal.cell))


def _in_another_order(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    rows = rng.permutation(len(crystal))
    return Crystal(crystal.positions[rows] + rng.uniform(-5, 5, 3), crystal.numbers[rows], cell=crystal.cell)


def _times(seed: int, n: int) -> dict[str, Any]:
    """Milliseconds a crystal, one thread, over prototypes drawn at random: of each the least of some repeats."""
    usable = [p.crystal for p in all_prototypes() if len(p.crystal) <= MOST_ATOMS]
    crystals = [usable[i] for i in chosen(len(usable), n, seed)]
    times = {name: float(np.mean(least_times(descriptor, crystals))) for name, descriptor in DESCRIPTORS.items()}
    return {
        "n": n,
        "repeats": REPEATS,
        "mean_atoms": round(float(np.mean([len(c) for c in crystals])), 1),
        "ms": {name: round(t, 2) for name, t in times.items()},
        "over_fourier_box": {name: round(t / times[BOX], 2) for name, t in times.items()},
    }


def least_times(descriptor: Descriptor, crystals: Sequence[Crystal]) -> Floats:
    """(n,) milliseconds of each crystal, the least of `REPEATS` after all were computed once, which compiles."""
    found = np.empty((1 + REPEATS, len(crystals)))
    for times in found:
        for place, crystal in enumerate(crystals):
            start = time.perf_counter()
            descriptor.compute(crystal)
            times[place] = 1e3 * (time.perf_counter() - start)
    return np.asarray(found[1:].min(axis=0))


def _significant(value: float) -> float:
    return float(f"{value:.3g}")
