"""What the card of the model of elastic moduli says in words: what it is, what it is for, what it is not for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.models.stiffness_prediction import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "stiffness"
#: Version of the recipe and of the meaning of the outputs; raised with every new set of shipped weights.
VERSION = "1.1.0"
SUMMARY = (
    "Bulk and shear modulus of an ordered crystal in GPa, from 150 numbers with names (composition, packing, bonds, "
    "distances) and the shares of its elements: the same for every cell, supercell, orientation and order of the "
    "sites. Each answer has an interval and the most similar known crystals with their moduli."
)
INTENDED_USE = (
    "Ordered inorganic crystals near equilibrium, given with their cell: a first guess before a calculation.",
    "Ranking and sifting many candidates, where an error of some ten GPa does no harm.",
    "Finding the known crystals that a new one is most like in what decides its stiffness.",
)
OUT_OF_SCOPE = (
    "Clusters without a cell, slabs and molecules in an empty cell, disordered crystals, elements beyond curium.",
    "Single elastic constants, anisotropy, strength, hardness; moduli at high temperature or under pressure.",
    "Composites, polycrystals with pores, glasses.",
    "Decisions about safety, health or the law.",
)
LIMITATIONS = (
    "It learned Voigt-Reuss-Hill averages of density-functional theory at zero temperature, not measurements.",
    ("Compressed or stretched crystals are rare among the known ones, and no accuracy was measured for them."),
    "Magnetic order is not seen; neither are charges, spins or defects other than by where the atoms are.",
    "Molecular crystals, layers held by weak forces and noble elements are few in the data.",
    "The intervals are made to hold nine of ten true values on the whole; of one kind they may hold fewer.",
)


def limitations(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """All limitations; those of the extremes as they were measured.

    Parameters
    ----------
    figures
        See `xtalprint.models.stiffness_figures.measured`.
    """
    return (*LIMITATIONS, *(_extremes(name, figures[name]["random"]["intervals"]) for name in PROPERTIES))


def _extremes(name: str, held: Mapping[str, Any]) -> str:
    bias, shares = held["mean_error_of_log10_by_true_value"], held["by_true_value"]
    return (
        f"By true {name.replace('-', ' ')}, the softest fifth of the crystals has a mean error of {bias[0]:+.3f} of "
        f"log10 and the stiffest {bias[-1]:+.3f}; the intervals hold {100 * shares[0]:.0f} and "
        f"{100 * shares[-1]:.0f} % of them."
    )


REFERENCE = (
    "Data: R. Zhang, S. Seth, J. Cumby, Digital Discovery 2, 81 (2023); structures and moduli of "
    "the Materials Project, A. Jain et al., APL Mater. 1, 011002 (2013), M. de Jong et al., Sci. Data 2, 150009 "
    "(2015). Intervals: V. Vovk, Ann. Math. Artif. Intell. 74, 9 (2015)."
)
LICENCE = (
    "MIT for the model; the moduli, formulas and ids of the known crystals in it are of the Materials Project, CC BY "
    "4.0"
)
