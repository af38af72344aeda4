"""The same noisy crystal given in another way: whether a model answers otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.defects import displace_gaussian, vacancies
from xtalprint.geometry import nearest_distances, random_rotation, rotated, supercell, supercell_to
from xtalprint.models.presentations import random_piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.models import Classifier

#: Sites of a small and a large box and of a piece; displacements in bond lengths; shares of vacancies.
SMALL, LARGE, PIECE = 20, 120, 150
DISPLACEMENTS, FEW, MANY = (0.001, 0.05), 0.05, 0.2
#: A probability that moves by more has changed.
CHANGED = 1e-3
#: Entries of a random cell of the same lattice.
MOST_STEPS = 2


def noisy_forms(crystal: Crystal, rng: np.random.Generator) -> Iterator[tuple[str, Crystal]]:
    """With each displacement a small box, a large one with vacancies, and a turned piece with many."""
    length = float(nearest_distances(crystal).mean())
    for displacement in DISPLACEMENTS:
        sigma, words = displacement * length, f"σ = {displacement:g} d_nn"
        small = displace_gaussian(supercell_to(crystal, min_atoms=SMALL), sigma, rng)
        yield f"box of {SMALL} atoms, {words}", small
        large = displace_gaussian(supercell_to(crystal, min_atoms=LARGE), sigma, rng)
        yield f"box of {LARGE} atoms, {words}, {100 * FEW:g} % vacancies", vacancies(large, FEW, rng)
        piece = displace_gaussian(random_piece(crystal, PIECE, rng), sigma, rng)
        yield f"piece of {PIECE} atoms, {words}, {100 * MANY:g} % vacancies", vacancies(piece, MANY, rng)


def other_settings(crystal: Crystal, rng: np.random.Generator) -> Iterator[tuple[str, Crystal]]:
    """The same crystal with its atoms in another order, moved, turned, and, if it repeats, in another cell."""
    order = rng.permutation(len(crystal))
    yield "another order", Crystal(crystal.positions[order], crystal.numbers[order], cell=crystal.cell)
    moved = crystal.positions + rng.normal(size=3)
    yield "another origin", Crystal(moved, crystal.numbers, cell=crystal.cell)
    yield "turned", rotated(crystal, random_rotation(rng))
    if crystal.cell is not None:
        cell = _unimodular(rng) @ crystal.cell
        yield "another cell", Crystal(crystal.positions, crystal.numbers, cell=cell)
        yield "a supercell", supercell(crystal, (2, 1, 1))


def _unimodular(rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    while True:
        matrix = rng.integers(-MOST_STEPS, MOST_STEPS + 1, (3, 3))
        if round(float(np.linalg.det(matrix))) == 1:
            return matrix


def same_answers(model: Classifier, crystals: Sequence[Crystal], rng: np.random.Generator) -> list[dict[str, Any]]:
    """How often each setting of each form of the crystals is answered otherwise, and by how much at most."""
    found: dict[tuple[str, str], list[tuple[float, bool, bool]]] = {}
    for crystal in crystals:
        for form, sample in noisy_forms(crystal, rng):
            names, others = zip(*other_settings(sample, rng), strict=True)
            first, *answers = model.predict([sample, *others])
            for name, answer in zip(names, answers, strict=True):
                moved = max(abs(first.probabilities[c] - answer.probabilities[c]) for c in first.probabilities)
                moved = max(moved, abs((first.probability_none or 0.0) - (answer.probability_none or 0.0)))
                known, same = first.known == answer.known, first.crystal_class == answer.crystal_class
                found.setdefault((form, name), []).append((moved, known, same))
    return [
        {
            "form": form,
            "setting": name,
            "n": len(of),
            "changed": sum(moved > CHANGED for moved, *_ in of),
            "other_class": sum(not same for *_, same in of),
            "other_known": sum(not known for _, known, _ in of),
            "largest_change": max(moved for moved, *_ in of),
        }
        for (form, name), of in found.items()
    ]
