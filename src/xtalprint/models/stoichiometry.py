"""Whether the elements of a crystal, in their numbers, can be those of the prototype that was answered."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.prototypes.named import named_prototypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal

    Floats = NDArray[np.float64]

#: A ratio off by more than this is none that vacancies by chance leave.
MOST_OFF = 1.5
#: From so many sites on a cell may have lost some by chance: so many standard deviations of the count of one element,
#: of a sample that half of the sites were taken from.
FEW, DEVIATIONS, HALF = 20, 3.0, np.sqrt(0.5)
#: A piece without a cell ends in layers of one element: its ratio may be off by 1 + SURFACE / N^(1/3) times more.
SURFACE = 4.0
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
    Random vacancies are allowed for, and the surface of a piece without a cell.

    Parameters
    ----------
    crystal
        As it was classified.
    prototype
        The answer; a name that the shipped class list does not have raises no objection.
    """
    wanted = [shares for shares in species_of_classes().get(prototype, ()) if len(shares) > 1]
    if not wanted or (crystal.is_cluster and crystal.n_sites < FEW):
        return []
    amounts = _amounts(crystal)
    amounts = amounts[amounts >= IMPURITY * amounts.sum()]
    rows = [shares for shares in wanted if len(shares) == len(amounts)]
    if not rows:
        here = "1 element" if len(amounts) == 1 else f"{len(amounts)} elements"
        return [f"{here}, and {prototype} has {len(wanted[0])}: it cannot be {prototype}"]
    if any(_fits(amounts, shares, crystal) for shares in rows):
        return []
    here, there = _ratio(amounts), _ratio(rows[0])
    return [f"the elements stand in the ratio {here}, those of {prototype} in {there}: it cannot be {prototype}"]


def _amounts(crystal: Crystal) -> Floats:
    """Atoms of each kind, in ascending order; elements that stand on one site are one kind."""
    kind_of = {number: number for number in np.unique(crystal.numbers).tolist()}
    if not crystal.is_ordered:
        first: dict[int, int] = {}
        for site, number in zip(crystal.site_of_row.tolist(), crystal.numbers.tolist(), strict=True):
            old, new = kind_of[number], kind_of[first.setdefault(site, number)]
            kind_of = {key: new if kind == old else kind for key, kind in kind_of.items()}
    kinds = np.array([kind_of[number] for number in crystal.numbers.tolist()])
    return np.sort(np.bincount(np.unique(kinds, return_inverse=True)[1], weights=crystal.occupancies))


def _fits(amounts: Floats, shares: Floats, crystal: Crystal) -> bool:
    total = float(amounts.sum())
    factors = amounts / total / shares
    allowed = MOST_OFF * (1 + SURFACE / np.cbrt(total) if crystal.is_cluster else 1.0)
    if factors.max() <= allowed * factors.min():
        return True
    chance = DEVIATIONS * HALF * np.sqrt(total * shares * (1 - shares))
    return crystal.n_sites >= FEW and bool((np.abs(amounts - total * shares) <= chance).all())


def _ratio(amounts: Floats) -> str:
    """Write a ratio as 1 to something, the rarest element first."""
    return " : ".join(f"{amount / amounts.min():.3g}" for amount in amounts)
