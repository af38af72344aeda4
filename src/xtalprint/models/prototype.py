"""What the card of the model that names prototypes says in words."""

from __future__ import annotations

NAME = "prototype"
#: Version of the recipe and of the meaning of the outputs; raised with every new set of shipped weights.
VERSION = "1.0.0"
SUMMARY = (
    "Prototype of a structure (one label for the whole structure) from its bond-orientational order, that of all "
    "pairs and that of pairs of like atoms: exactly the same for every cell, supercell and orientation, for any "
    "names of the elements, and for pieces without a cell. Trained on varied prototypes only, in all "
    "these forms and with defects, never on structures from a database of materials."
)
INTENDED_USE = (
    (
        "Elements and binary compounds that may have one of the listed structures, such as rock salt, wurtzite, hcp "
        "or α-arsenic; solid solutions whose elements share the sites of an elemental structure at random."
    ),
    (
        "Structures with defects, as a periodic box in any setting or as a piece without a cell from 60 atoms on: "
        "thermal displacements and missing atoms, as far as the accuracy below reaches."
    ),
)
OUT_OF_SCOPE = (
    (
        "Compounds with foreign atoms, exchanged atoms or three elements and more on ordered sites: only elements "
        "were shown with foreign atoms."
    ),
    "Phase mixtures, grain boundaries, surfaces, molecules: there is one label for the whole structure.",
    "Proof that a structure is of a type: axial ratios and free coordinates far off give other names.",
    "Decisions about safety, health or the law.",
)
LIMITATIONS = (
    (
        "Only pairs up to 5.2 bond lengths are seen, and of their directions the harmonics up to degree 12. "
        "Stackings of distant layers (graphite and its rhombohedral form) differ little in them."
    ),
    (
        "In small pieces stackings of close-packed layers (dhcp, α-Sm, hcp) are confused, those of graphite under "
        "noise too."
    ),
    (
        "Real crystals whose axial ratios or free coordinates are far from the example's are called unknown or get "
        "another name; of the orthorhombic and molecular types few real elements are named right."
    ),
    "A mixture of orientations in one sample weakens the order: a polycrystal may get any class.",
    "Other structures that are like one of the list may be called known.",
)
REFERENCE = (
    "The classes are those of A. Leitherer, A. Ziletti, L. M. Ghiringhelli, Nature Communications 12, 6234 (2021), "
    "doi:10.1038/s41467-021-26511-5, with structures from angeloziletti/ai4materials (Apache License 2.0); the order "
    "follows P. J. Steinhardt, D. R. Nelson, M. Ronchetti, Physical Review B 28, 784 (1983)."
)
LICENCE = "MIT"
#: Where "none of the classes" was learned from.
METHOD = (
    "The networks have an output of their own for “none of the classes”, learned from random orbits of all space "
    "groups, strained and shifted neighbours of the classes, random stackings, crystals with two elements at random "
    "on the sites of a small cell, random packings and crystals shaken apart; whatever was too much like a class was "
    "left out, and none is a prototype of AFLOW or of another collection."
)
