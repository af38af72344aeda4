"""Whether the elements of a crystal, in their numbers, can be those of the prototype that was answered."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.elements import SYMBOLS
from xtalprint.geometry.vacuum import without_vacuum
from xtalprint.prototypes.named import named_prototypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]

#: A ratio off by no more than this factor may be what vacancies, other atoms on a few sites and a surface leave.
MOST_OFF = 1.5
#: From so many sites on a cell may have lost some by chance: so many standard deviations of the count of one element,
#: of a sample that half of the sites were taken from.
FEW, DEVIATIONS, HALF = 20, 3.0, np.sqrt(0.5)
#: The same for pieces without a cell, from as many sites on as models judge them. Measured on made pieces of all
#: classes by ``scripts/measure_piece_ratios.py``.
FEWEST_IN_PIECE, DEVIATIONS_IN_PIECE = 34, 2.5
#: An element with a smaller share of the atoms is an impurity.
IMPURITY = 0.1


@lru_cache(maxsize=1)
def species_of_classes() -> Mapping[str, tuple[Floats, ...]]:
    """For each class of the shipped list the shares of its species, in ascending order, one entry for each row."""
    found: dict[str, tuple[Floats, ...]] = {}
    for prototype in named_prototypes():
        shares = np.sort(np.unique(prototype.crystal.numbers, return_counts=True)[1] / len(prototype.crystal))
        found[prototype.name] = (*found.get(prototype.name, ()), shares)
    return found


def objections_of_stoichiometry(crystal: Crystal, prototype: str) -> list[str]:
    """Say so if the elements, or the ratio of their numbers, cannot be those of a prototype.

    A prototype of one element is no matter: random alloys are of it too. Elements that share sites count as one.
    Random vacancies are allowed for. A piece without a cell may end in atoms of one element all around, so there
    atoms count less the nearer they are to the surface.

    Parameters
    ----------
    crystal
        As it was classified; what stands in a vacuum is a piece.
    prototype
        The answer; a name that the shipped class list does not have raises no objection.
    """
    wanted = [shares for shares in species_of_classes().get(prototype, ()) if len(shares) > 1]
    if not wanted:
        return []
    crystal = without_vacuum(crystal)[0]
    if crystal.is_cluster and crystal.n_sites < FEW:
        return []
    names, counts, inside = _counted(crystal)
    rows = [shares for shares in wanted if len(shares) == len(counts)]
    if not rows:
        here = "1 element" if len(counts) == 1 else f"{len(counts)} elements"
        return [f"{here}, and {prototype} has {len(wanted[0])}: it cannot be {prototype}"]
    if any(_fits(np.sort(inside), shares, crystal) for shares in rows):
        return []
    here, there = _ratio(inside), _ratio(rows[0])
    if not crystal.is_cluster:
        return [f"the elements stand in the ratio {here}, those of {prototype} in {there}: it cannot be {prototype}"]
    piece = " and ".join(f"{count:.4g} {name}" for name, count in zip(names, counts, strict=True))
    those = f"the elements of {prototype} stand in {there}: it cannot be {prototype}"
    return [f"the piece has {piece}, {here} away from its surface, and {those}"]


def _counted(crystal: Crystal) -> tuple[list[str], Floats, Floats]:
    """Count the kinds of atoms that are no impurity, the rarest first.

    Returns
    -------
    Their names, how many there are, and how many there would be by their share away from the surface of a piece.
    """
    names, kinds = _kinds(crystal)
    depth = _depth(crystal) if crystal.is_cluster else np.ones(len(crystal))
    counts = np.bincount(kinds, weights=crystal.occupancies).astype(np.float64)
    weighted = np.bincount(kinds, weights=crystal.occupancies * depth).astype(np.float64)
    kept = counts >= IMPURITY * counts.sum()
    order = [int(i) for i in np.argsort(counts, kind="stable") if kept[i]]
    counts, weighted = counts[order], weighted[order]
    return [names[i] for i in order], counts, weighted * (counts.sum() / weighted.sum())


def _kinds(crystal: Crystal) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the kinds of atoms, and which each row is of; elements that stand on one site are one kind."""
    kind_of = {number: number for number in np.unique(crystal.numbers).tolist()}
    if not crystal.is_ordered:
        first: dict[int, int] = {}
        for site, number in zip(crystal.site_of_row.tolist(), crystal.numbers.tolist(), strict=True):
            old, new = kind_of[number], kind_of[first.setdefault(site, number)]
            kind_of = {key: new if kind == old else kind for key, kind in kind_of.items()}
    names = [
        "+".join(SYMBOLS[number] for number, of in kind_of.items() if of == kind)
        for kind in sorted(set(kind_of.values()))
    ]
    return names, np.unique([kind_of[n] for n in crystal.numbers.tolist()], return_inverse=True)[1]


def _depth(crystal: Crystal) -> Floats:
    """(N,) weights of the atoms of a piece: 1 in the middle, 0 at the surface of the ellipsoid with its moments."""
    away = crystal.positions - crystal.positions.mean(axis=0)
    moments = np.einsum("ni,nj->ij", away, away) / len(away)
    # The mean square of a coordinate in a ball is a fifth of its radius squared.
    squares: Floats = np.einsum("ni,ij,nj->n", away, np.linalg.pinv(moments, hermitian=True), away) / 5
    return np.maximum(0.0, 1.0 - squares)


def _fits(amounts: Floats, shares: Floats, crystal: Crystal) -> bool:
    if crystal.is_cluster and crystal.n_sites < FEWEST_IN_PIECE:
        return True
    total = float(amounts.sum())
    factors = amounts / total / shares
    if factors.max() <= MOST_OFF * factors.min():
        return True
    deviations = DEVIATIONS_IN_PIECE if crystal.is_cluster else DEVIATIONS
    chance = deviations * HALF * np.sqrt(total * shares * (1 - shares))
    return crystal.n_sites >= FEW and bool((np.abs(amounts - total * shares) <= chance).all())


def _ratio(amounts: Floats) -> str:
    """Write a ratio as 1 to something."""
    return " : ".join(f"{amount / (amounts.min() or 1.0):.3g}" for amount in amounts)
