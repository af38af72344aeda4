"""pymatgen's structure matcher, asked whether its distance obeys the axioms, beside ours on the same crystals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xtalprint.defects import displace_gaussian
from xtalprint.geometry import scaled
from xtalprint.io import to_pymatgen
from xtalprint.studies.random_crystals import in_another_cell, random_crystal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xtalprint.crystal import Crystal
    from xtalprint.studies.similarity_methods import Method

    #: Of two crystals of a chain, by name; None where they do not match.
    Distance = Callable[[str, str], float | None]

MATCHER = "pymatgen StructureMatcher"
#: Sites of the crystals; matching of larger ones is slow.
FEWEST_SITES, MOST_SITES = 2, 12
#: Standard deviation of each step of the chain, in Å, from and to.
DISPLACED = (0.05, 0.4)
EXPANDED = 1.04
#: Two distances that differ by less are the same; so is one that is less than this and 0.
EXACT = 1e-9


@dataclass(frozen=True)
class Chain:
    """A crystal, itself in another cell, it displaced and displaced again, and it expanded.

    Parameters
    ----------
    crystals
        By name: first, again, second, third, expanded.
    """

    crystals: Mapping[str, Crystal]

    @classmethod
    def of(cls, i: int, seed: int) -> Chain:
        """Draw the ``i``-th."""
        rng = np.random.default_rng([seed, 2, i])
        while True:
            first = random_crystal(rng)
            if FEWEST_SITES <= len(first) <= MOST_SITES:
                break
        sigma = rng.uniform(*DISPLACED)
        second = displace_gaussian(first, sigma, rng)
        crystals = {
            "first": first,
            "again": in_another_cell(first, rng),
            "second": in_another_cell(second, rng),
            "third": displace_gaussian(second, sigma, rng),
            "expanded": scaled(first, EXPANDED),
        }
        return cls(crystals)


def compare(chains: list[Chain], ours: Mapping[str, Method]) -> dict[str, dict[str, Any]]:
    """Count what breaks an axiom, by the matcher and by our methods."""
    found = {MATCHER: _counted([_of_matcher(chain) for chain in chains])}
    for name, method in ours.items():
        found[name] = _counted([_of_method(method, chain) for chain in chains])
    return found


def _of_matcher(chain: Chain) -> Distance:
    # Says so if pymatgen is not installed.
    structures = {name: to_pymatgen(crystal) for name, crystal in chain.crystals.items()}
    from pymatgen.core.structure_matcher import StructureMatcher  # noqa: PLC0415 - heavy, and an extra

    matcher = StructureMatcher()

    def distance(a: str, b: str) -> float | None:
        matched = matcher.get_rms_dist(structures[a], structures[b])
        return None if matched is None else float(matched[0])

    return distance


def _of_method(method: Method, chain: Chain) -> Distance:
    names = list(chain.crystals)
    matrix = method.matrix(list(chain.crystals.values()))
    return lambda a, b: float(matrix[names.index(a), names.index(b)])


def _counted(distances: list[Distance]) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "chains": len(distances),
        "farthest_from_itself_in_another_cell": 0.0,
        "not_zero_for_itself_in_another_cell": 0,
        "other_when_exchanged": 0,
        "both_steps_match": 0,
        "but_not_both_together": 0,
        "triangle_broken": 0,
        "zero_though_expanded": 0,
    }
    for d in distances:
        again, expanded = d("first", "again"), d("first", "expanded")
        one, other, step, both = d("first", "second"), d("second", "first"), d("second", "third"), d("first", "third")
        counts["farthest_from_itself_in_another_cell"] = max(
            counts["farthest_from_itself_in_another_cell"], again or 0.0
        )
        counts["not_zero_for_itself_in_another_cell"] += again is None or again > EXACT
        counts["other_when_exchanged"] += not _same(one, other)
        counts["zero_though_expanded"] += expanded is not None and expanded <= EXACT
        if one is not None and step is not None:
            counts["both_steps_match"] += 1
            counts["but_not_both_together"] += both is None
            counts["triangle_broken"] += both is not None and both > one + step + EXACT
    return counts


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= EXACT
