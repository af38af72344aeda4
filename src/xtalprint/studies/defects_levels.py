"""The levels of defects of Ziletti et al. (2018) and the accuracies that they publish for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xtalprint.defects import displace_gaussian, substitute, vacancies

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from xtalprint.crystal import Crystal

Kind = Literal["pristine", "displacements", "vacancies", "substitutions"]

#: Standard deviations in Å (Supplementary Table 1) and shares of missing atoms (Supplementary Table 2).
DISPLACEMENTS = (0.001, 0.002, 0.003, 0.004, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1)
VACANCIES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
#: Shares of substituted sites; the paper says only that there were some and that all answers were right.
SUBSTITUTIONS = (0.01, 0.1, 0.25, 0.5, 0.75, 1.0)

#: spglib's tolerances of the paper: Å and degrees, by the paper's names.
SPGLIB: Mapping[str, tuple[float, float]] = {"tight": (1e-3, 1.0), "medium": (1e-2, 1.0), "loose": (1e-1, 5.0)}

#: Accuracies in % as printed in the paper, level by level.
PAPER: Mapping[Kind, Mapping[str, tuple[float, ...]]] = {
    "pristine": {"network": (100.0,)},
    "displacements": {
        "network": (*9 * (100.0,), 99.97, 99.91),
        "spglib tight": 11 * (0.0,),
        "spglib medium": (73.7, *10 * (0.0,)),
        "spglib loose": (*5 * (99.99,), 75.22, *5 * (0.0,)),
    },
    "vacancies": {
        "network": (*9 * (100.0,), 99.56, 97.18, 89.05),
        "spglib tight": (0.02, *11 * (0.0,)),
        "spglib medium": (0.02, *11 * (0.0,)),
        "spglib loose": (0.01, *11 * (0.0,)),
    },
    "substitutions": {"network": 6 * (100.0,)},
}


@dataclass(frozen=True)
class Level:
    """One kind of defect in one amount.

    Parameters
    ----------
    kind
        Of the defect.
    amount
        Standard deviation of the displacements in Å, or share of the sites that are removed or substituted.
    number
        Of the level, in the order of the paper; each has random numbers of its own.
    """

    kind: Kind
    amount: float
    number: int

    @property
    def name(self) -> str:
        """For people."""
        if self.kind == "pristine":
            return "pristine"
        if self.kind == "displacements":
            return f"σ = {self.amount:g} Å"
        return f"{100 * self.amount:g} % {self.kind}"

    def apply(self, crystal: Crystal, rng: np.random.Generator) -> Crystal:
        """Return the crystal with the defects."""
        if self.kind == "displacements":
            return displace_gaussian(crystal, self.amount, rng)
        if self.kind == "vacancies":
            return vacancies(crystal, self.amount, rng)
        return substitute(crystal, self.amount, rng) if self.kind == "substitutions" else crystal

    def paper(self) -> dict[str, float]:
        """Return the accuracies in % that the paper has for this level, by method."""
        place = _AMOUNTS[self.kind].index(self.amount)
        return {method: values[place] for method, values in PAPER[self.kind].items()}


_AMOUNTS: Mapping[Kind, tuple[float, ...]] = {
    "pristine": (0.0,),
    "displacements": DISPLACEMENTS,
    "vacancies": VACANCIES,
    "substitutions": SUBSTITUTIONS,
}

#: Pristine first, then the two supplementary tables, then the substitutions.
LEVELS = tuple(
    Level(kind, amount, number)
    for number, (kind, amount) in enumerate(
        (kind, amount) for kind, amounts in _AMOUNTS.items() for amount in amounts
    )
)
#: One or two of each kind for a quick run.
QUICK_LEVELS = tuple(
    level
    for level in LEVELS
    if (level.kind, level.amount)
    in {("pristine", 0.0), ("displacements", 0.01), ("displacements", 0.1), ("vacancies", 0.25), ("vacancies", 0.7)}
    or (level.kind, level.amount) == ("substitutions", 0.25)
)
