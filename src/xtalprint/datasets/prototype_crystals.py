"""Varied crystals of named prototypes, and crystals of none of them: what the model ``prototype`` learns from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets.elemental_solids import ElementalSolids, elemental_solids, spread_rows
from xtalprint.datasets.other_crystals import other_crystals
from xtalprint.geometry import supercell
from xtalprint.prototypes.named import class_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xtalprint.prototypes.named import NamedPrototype

    Floats = NDArray[np.float64]

#: Keep the random streams apart from those of other sets.
STREAM, OTHERS_STREAM = 78, 79
#: Shares of the crystals of no class that are random orbits of the eight groups of the seven classes, and crystals of
#: the classes with other elements on their sites; the rest are `other_crystals`.
ORBITS, REDECORATED = 0.2, 0.2
#: What symmetry leaves of a random strain or shift (Å) is rounding below this.
LEAST_FREEDOM = 1e-3
#: Of the others so many get two elements at random; most sites of a cell that does; share of the first element.
DECORATED, MOST_DECORATED, SHARES = 0.5, 8, (0.25, 0.75)
#: Chance that a cell of several sites is repeated once more before.
REPEATED = 0.7


def prototype_crystals(
    prototypes: tuple[NamedPrototype, ...], *, seed: int = 0, n_each: int = 100, workers: int | None = None
) -> ElementalSolids:
    """Vary each prototype within its space group: axial ratios and free coordinates, as far as its row allows.

    Parameters
    ----------
    prototypes
        The class list.
    seed
        Each crystal has random numbers of its own, from the seed and its place.
    n_each
        Crystals of each class; the first of each row is the structure itself.
    workers
        Number of processes; None means all cores, 1 none.

    Returns
    -------
    Crystals with labels; ``origins`` say how many elements they have, "elements" or "compounds".
    """
    names = class_names(prototypes)
    n = len(names) * n_each
    make = partial(_example, prototypes=prototypes, names=names, n_each=n_each, seed=seed)
    examples = list(spread_rows(make, n, workers))
    return ElementalSolids(
        crystals=[crystal for crystal, _ in examples],
        labels=np.repeat(np.array(names), n_each),
        space_groups=np.zeros(n, dtype=np.int64),
        origins=np.array([origin for _, origin in examples]),
        margins=np.zeros(n),
        seed=seed,
    )


def _example(
    row: int, *, prototypes: tuple[NamedPrototype, ...], names: tuple[str, ...], n_each: int, seed: int
) -> tuple[Crystal, str]:
    which, i = divmod(row, n_each)
    members = [prototype for prototype in prototypes if prototype.name == names[which]]
    member = members[i % len(members)]
    crystal = member.crystal
    if i >= len(members):
        crystal = varied(member, np.random.default_rng([STREAM, seed, row]))
    return crystal, "elements" if member.n_elements == 1 else "compounds"


def varied(prototype: NamedPrototype, rng: np.random.Generator) -> Crystal:
    """One crystal of a prototype's type: strained and shifted at random within its space group."""
    crystal = prototype.crystal
    strains, shifts = prototype.freedom
    strain = rng.normal(size=(3, 3))
    strain = (strains @ (strain + strain.T).ravel()).reshape(3, 3)
    values, vectors = np.linalg.eigh(strain)
    size = rng.uniform(0, prototype.strain) / max(float(values[-1] - values[0]), LEAST_FREEDOM)
    cell = np.array(crystal.cell) @ vectors @ np.diag(np.exp(size * values)) @ vectors.T
    move = (shifts @ rng.normal(size=shifts.shape[0])).reshape(-1, 3) @ cell
    length = float(np.sqrt((move**2).sum(axis=1).mean()))
    size = rng.uniform(0, prototype.shift) * np.cbrt(abs(np.linalg.det(cell)) / len(move))
    move *= size / max(length, LEAST_FREEDOM)
    return Crystal(crystal.frac @ cell + move, crystal.numbers, cell=cell, source=prototype.name)


def prototype_others(
    parents: Sequence[Crystal], *, seed: int = 0, n: int = 4000, workers: int | None = None
) -> list[Crystal]:
    """Make crystals that are hardly one of the prototypes. A few of them may be: who learns from them has to look.

    Parameters
    ----------
    parents
        Crystals of the classes, of the training part only.
    seed, n, workers
        As for `xtalprint.datasets.other_crystals`.

    Returns
    -------
    Random orbits of other space groups, strained neighbours, stackings and random orbits of the eight groups of the
    seven classes, half of them with two elements at random; and crystals of the classes with elements drawn anew.
    """
    redecorated, orbits = round(REDECORATED * n), round(ORBITS * n)
    elements = [crystal for crystal in parents if len(np.unique(crystal.numbers)) == 1]
    plain = other_crystals(elements, seed=seed, n=n - redecorated - orbits, workers=workers)
    plain += elemental_solids(seed=seed + 1, n=orbits, orbits=1.0, workers=workers).crystals
    chosen = np.random.default_rng([OTHERS_STREAM, seed]).integers(len(parents), size=redecorated)
    sources = [*plain, *(parents[i] for i in chosen)]
    finish = partial(_finished, sources=sources, n_plain=len(plain), seed=seed)
    order = np.random.default_rng([OTHERS_STREAM, seed, 1]).permutation(n)
    made = list(spread_rows(finish, n, 1))
    return [made[i] for i in order]


def _finished(row: int, *, sources: Sequence[Crystal], n_plain: int, seed: int) -> Crystal:
    rng = np.random.default_rng([OTHERS_STREAM, seed, 2, row])
    crystal = sources[row]
    if row < n_plain:
        return decorated(crystal, rng) if rng.random() < DECORATED else crystal
    if len(np.unique(crystal.numbers)) > 1 and rng.random() < DECORATED:
        return Crystal(crystal.positions, [1] * len(crystal), cell=crystal.cell, source=crystal.source)
    return decorated(crystal, rng)


def decorated(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """Two elements at random on the sites of a cell, of a small supercell if it has few sites."""
    repeats = [1, 1, 1]
    while len(crystal) * np.prod(repeats) * 2 <= MOST_DECORATED and (
        len(crystal) * np.prod(repeats) <= 1 or rng.random() < REPEATED
    ):
        repeats[rng.integers(3)] += 1
    box = supercell(crystal, (repeats[0], repeats[1], repeats[2]))
    numbers = np.where(rng.random(len(box)) < rng.uniform(*SHARES), 1, 2)
    if len(box) > 1:
        numbers[rng.permutation(len(box))[:2]] = (1, 2)
    return Crystal(box.positions, numbers, cell=box.cell, source=f"decorated {crystal.source}")
