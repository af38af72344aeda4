"""Made crystals of one element that belong to none of the seven classes: what a classifier learns "none" from."""

from __future__ import annotations

import os
import warnings
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.datasets.candidates import Candidate, loose_space_group
from xtalprint.datasets.elemental_solids import spread_rows
from xtalprint.datasets.making import MAX_ATOMS, solid
from xtalprint.datasets.other_candidates import neighbour, other_orbits, stacking
from xtalprint.geometry import nearest_distances
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xtalprint.crystal import Crystal

#: Shares of random orbits and of neighbours of the classes; the rest are stackings.
ORBITS, NEIGHBOURS = 0.6, 0.32
#: At none of these tolerances, in mean nearest-neighbour distances, may a crystal have the space group of a class.
TOLERANCES = (0.02, 0.04, 0.06)
#: So many of the parents are used: each worker is sent all of them.
MOST_PARENTS = 1000
#: Keeps the random streams apart from those of the elemental solids.
STREAM = 77


def other_crystals(
    parents: Sequence[Crystal],
    *,
    seed: int = 0,
    n: int = 12_000,
    first: int = 0,
    workers: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Crystal]:
    """Make crystals that belong to none of the classes.

    Six in ten have atoms on random orbits of one of the other 222 space groups; three in ten are crystals of the
    classes, strained and with atoms shifted; the rest are random stackings of close-packed layers. None is made from
    a prototype of AFLOW or of another collection, so that a detector can be tested on those.

    Parameters
    ----------
    parents
        Crystals of the classes to make neighbours of, of the training part only; a thousand of them are used.
    seed
        The result depends on it, on ``n`` and on the parents.
    n
        Number of crystals.
    first
        Number of the first: crystals with the same seed and other numbers are others.
    workers
        Number of processes; None means all cores, 1 none.
    progress
        Called with the number of finished crystals.

    Returns
    -------
    Crystals whose symmetry at 2, 4 and 6 % of the nearest-neighbour distance is not of a class; ``source`` says
    what each was made from.
    """
    chosen = np.random.default_rng([STREAM, seed]).permutation(len(parents))[:MOST_PARENTS]
    make = partial(_make, parents=tuple(parents[i] for i in chosen), seed=seed, first=first)
    made: list[Crystal] = []
    for crystal in spread_rows(make, n, workers):
        made.append(crystal)
        progress(len(made))
    return made


def _make(number: int, *, parents: tuple[Crystal, ...], seed: int, first: int) -> Crystal:
    """Try until a candidate passes; the result depends on the seed, the parents and the row alone."""
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    row = first + number
    rng = np.random.default_rng([STREAM, seed, row])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        while True:
            candidate = _candidate(parents, rng)
            if candidate is None or not 1 <= len(candidate.frac) <= MAX_ATOMS:
                continue
            crystal = solid(candidate, rng, source=candidate.origin, row=row)
            if crystal is not None and _belongs_to_none(crystal):
                return crystal


def _candidate(parents: tuple[Crystal, ...], rng: np.random.Generator) -> Candidate | None:
    kind = rng.random()
    if kind < ORBITS:
        return other_orbits(rng)
    if kind < ORBITS + NEIGHBOURS:
        return neighbour(parents[int(rng.integers(len(parents)))], rng)
    return stacking(rng)


def _belongs_to_none(crystal: Crystal) -> bool:
    if crystal.cell is None:
        return False
    length = float(nearest_distances(crystal).mean())
    groups = [loose_space_group(crystal.cell, crystal.frac, symprec=share * length) for share in TOLERANCES]
    return not any(group in CLASS_OF_SPACE_GROUP for group in groups)
