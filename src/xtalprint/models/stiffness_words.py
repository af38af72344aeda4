"""What the card of the model of elastic moduli says in words: what it is, what it is for, what it is not for."""

from __future__ import annotations

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
    (
        "The intervals hold nine of ten true values on the whole and about as many among the soft and the remote; "
        "for one kind of crystal they may hold fewer."
    ),
    "Molecular crystals, layers held by weak forces and noble elements are few in the data.",
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
