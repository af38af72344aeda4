"""One made crystal after another: each row of the pristine set from a random stream of its own."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.datasets import candidates
from xtalprint.datasets.elements import ELEMENTS, bond_lengths
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import XtalprintError
from xtalprint.geometry import nearest_distances, random_rotation, rotated, standard_cell, supercell
from xtalprint.prototypes.classes import CLASS_OF_SPACE_GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtalprint.datasets.candidates import Candidate

#: Share of each space group: the two of hex/rh and the tetragonal ones have the more varied structures.
SHARES: Mapping[int, float] = {139: 0.15, 141: 0.12, 166: 0.14, 194: 0.15, 221: 0.11, 225: 0.11, 227: 0.11, 229: 0.11}
#: Tolerances in Å at which spglib must agree on the group; the last is left out for 166 and 194, as in the paper.
TOLERANCES = (1e-3, 1e-6, 1e-9)
#: Distances from degeneracy on record, in units of the mean nearest-neighbour distance.
MARGIN_GRID = (0.02, 0.04, 0.06, 0.08, 0.10, 0.15, 0.20)
#: No made crystal has more atoms.
MAX_ATOMS = 100
#: Nearest distances are at least this fraction of the cube root of the volume per atom (graphite has 0.69) …
CLOSEST = 0.45
#: … and the nearest distances of different sites differ by at most this factor.
MOST_UNEVEN = 1 / 0.6
#: Volume per atom relative to that of the element's covalent radius.
VOLUMES = (0.75, 1.25)
#: Share of cells that are given as a small supercell.
SUPERCELLS = 0.15


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What determines a made crystal, besides its row; see `xtalprint.datasets.elemental_solids` for the meaning."""

    seed: int = 0
    margin: float = 0.06
    orbits: float = 0.0
    shares: Mapping[int, float] = field(default_factory=lambda: dict(SHARES))
    conventional: float = 0.0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise XtalprintError("the seed must not be negative", value=self.seed)
        if not 0 <= self.margin <= MARGIN_GRID[-1]:
            raise XtalprintError(
                f"the margin must lie between 0 and {MARGIN_GRID[-1]} nearest-neighbour distances", value=self.margin
            )
        if not 0 <= self.orbits <= 1:
            raise XtalprintError("the share of random orbits must lie between 0 and 1", value=self.orbits)
        if not 0 <= self.conventional <= 1:
            raise XtalprintError("the share of conventional cells must lie between 0 and 1", value=self.conventional)
        self._check_shares()

    def _check_shares(self) -> None:
        remedy = f"give positive weights for some of the space groups {', '.join(map(str, SHARES))}"
        unknown = [group for group in self.shares if group not in SHARES]
        if unknown:
            raise XtalprintError("no class has this space group", value=unknown[0], remedy=remedy)
        weights = np.array(list(self.shares.values()), dtype=np.float64)
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
            raise XtalprintError(
                "the shares of the space groups are no weights", value=dict(self.shares), remedy=remedy
            )


@dataclass(frozen=True)
class Made:
    """A made crystal, its space group, what it was made from, and its distance from degeneracy."""

    crystal: Crystal
    space_group: int
    origin: str
    margin: float


def make(row: int, recipe: Recipe) -> Made:
    """Try until a candidate passes; the result depends on the recipe and the row alone."""
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    rng, group, of_orbits = _begin(row, recipe)
    draw = candidates.random_orbits if of_orbits else candidates.varied_prototype
    with warnings.catch_warnings():
        # spglib 2.8 announces a change of its error handling with every failed search.
        warnings.simplefilter("ignore", DeprecationWarning)
        while True:
            candidate = draw(group, rng)
            if candidate is None or not 1 <= len(candidate.frac) <= MAX_ATOMS:
                continue
            crystal = solid(candidate, rng, source=f"elemental-solids {recipe.seed}", row=row)
            if crystal is None or not label_holds(crystal, group):
                continue
            reach = distance_from_degeneracy(crystal, group)
            if reach >= recipe.margin:
                return Made(_as_given(crystal, rng, recipe.conventional), group, candidate.origin, reach)


def is_of_orbits(row: int, recipe: Recipe) -> bool:
    """Whether a crystal is made of random orbits, without making it.

    Two recipes that differ in the share of random orbits alone make the same crystal in every row where both take a
    prototype. So a model that was trained on one set may have seen the crystals of another.
    """
    return _begin(row, recipe)[2]


def _begin(row: int, recipe: Recipe) -> tuple[np.random.Generator, int, bool]:
    """Random numbers of a row, its space group, and whether it is made of random orbits."""
    rng = np.random.default_rng([recipe.seed, row])
    weights = np.array(list(recipe.shares.values()), dtype=np.float64)
    group = int(rng.choice(np.array(list(recipe.shares)), p=weights / weights.sum()))
    return rng, group, bool(rng.random() < recipe.orbits)


def solid(candidate: Candidate, rng: np.random.Generator, *, source: str, row: int) -> Crystal | None:
    """Give the candidate an element and its lengths; None if it does not look like a solid."""
    symbol = str(rng.choice(ELEMENTS))
    wanted = bond_lengths()[symbol] * np.cbrt(rng.uniform(*VOLUMES))
    frac, cell = candidate.frac, candidate.cell
    typical = np.cbrt(abs(np.linalg.det(cell)) / len(frac))
    numbers = np.full(len(frac), ATOMIC_NUMBERS[symbol])
    try:
        # In units in which the typical distance is 3 Å, so that coincident atoms are seen as such.
        nearest = nearest_distances(Crystal(frac @ cell * (3 / typical), numbers, cell=cell * (3 / typical))) / 3
    except XtalprintError:
        return None
    if nearest.min() < CLOSEST or nearest.max() > MOST_UNEVEN * nearest.min():
        return None
    cell = cell * (wanted / (nearest.mean() * typical))
    return Crystal(frac @ cell, numbers, cell=cell, source=source, frame=row)


def label_holds(crystal: Crystal, group: int) -> bool:
    """Whether spglib finds the space group at all tolerances that count for it."""
    tolerances = TOLERANCES[:-1] if group in candidates.HEXAGONAL else TOLERANCES
    if crystal.cell is None:
        return False
    return all(candidates.space_group(crystal.cell, crystal.frac, symprec=t) == group for t in tolerances)


def distance_from_degeneracy(crystal: Crystal, group: int) -> float:
    """Largest tolerance of `MARGIN_GRID`, in mean nearest-neighbour distances, that gives the class of ``group``.

    All smaller tolerances of the grid give it too; 0 if the smallest does not.
    """
    reached = 0.0
    if crystal.cell is None:
        return reached
    length = float(nearest_distances(crystal).mean())
    for tolerance in MARGIN_GRID:
        found = candidates.loose_space_group(crystal.cell, crystal.frac, symprec=tolerance * length)
        if found is None or CLASS_OF_SPACE_GROUP.get(found) != CLASS_OF_SPACE_GROUP[group]:
            break
        reached = tolerance
    return reached


def _as_given(crystal: Crystal, rng: np.random.Generator, conventional: float) -> Crystal:
    """Turn it at random, and sometimes give another cell, as a database would."""
    if rng.random() < SUPERCELLS and 8 * len(crystal) <= MAX_ATOMS:
        repeats = rng.integers(1, 3, size=3).tolist()
        crystal = supercell(crystal, (repeats[0], repeats[1], repeats[2]))
    # No number is drawn where no conventional cell is wanted, so that the default set does not depend on this.
    elif conventional and rng.random() < conventional:
        crystal = _in_conventional_cell(crystal)
    return rotated(crystal, random_rotation(rng))


def _in_conventional_cell(crystal: Crystal) -> Crystal:
    other = standard_cell(crystal, symprec=TOLERANCES[0])
    return other if len(other) <= MAX_ATOMS else crystal
