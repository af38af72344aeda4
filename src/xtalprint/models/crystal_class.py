"""What the card of the crystal-class model says in words: what it is, what it is for, what it is not for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "crystal-class"
#: Version of the recipe and of the meaning of the outputs; raised with every new set of shipped weights.
VERSION = "2.6.0"
SUMMARY = (
    "Crystal class of a structure (one label for the whole structure) from its bond-orientational order, which is "
    "exactly the same for every cell, supercell and orientation, and there for pieces without a cell. What a "
    "symmetry search finds is weighed with it: in the cell as given, and, where that says nothing or there is none, "
    "in the lattice that the atoms themselves repeat. Trained on made crystals only, in all these forms and with "
    "defects, never on real ones."
)
INTENDED_USE = (
    (
        "Elemental solids and solid solutions whose sites form one of the seven lattices: bcc, body-centred "
        "tetragonal (space groups 139 and 141), diamond, fcc, hexagonal or rhombohedral (194, 166), simple cubic."
    ),
    (
        "Structures with defects, as a periodic box in any setting or as a piece without a cell from 60 atoms on: "
        "thermal displacements, missing atoms, foreign atoms, as far as the accuracy below reaches."
    ),
)
OUT_OF_SCOPE = (
    (
        "Compounds whose elements occupy different sites: elements are not looked at, the class is that of the "
        "arrangement of all atoms."
    ),
    "Phase mixtures, grain boundaries, surfaces, molecules: there is one label for the whole structure.",
    "Determining a space group: seven classes do not tell the 230 apart, and hex/rh stands for two of them.",
    "Decisions about safety, health or the law.",
)
LIMITATIONS = (
    (
        "Only pairs up to 4.4 bond lengths are seen, and of their directions the harmonics up to degree 12. Crystals "
        "with large cells of low symmetry, and crystals that differ by a glide or screw only, are told less well."
    ),
    (
        "Classes that touch cannot be told apart where they touch: bct_139 is bcc at c/a = 1 and fcc at √2, bct_141 "
        "is diamond at √2, rhombohedral is bcc, sc or fcc at c/a = √(3/8), √(3/2), √6."
    ),
    "A mixture of orientations in one sample weakens the order: a polycrystal may get any class.",
)
REFERENCE = (
    "P. J. Steinhardt, D. R. Nelson, M. Ronchetti, Bond-orientational order in liquids and glasses, Physical Review "
    "B 28, 784 (1983), doi:10.1103/PhysRevB.28.784, for the order; the classes are those of A. Ziletti, D. Kumar, "
    "M. Scheffler, L. M. Ghiringhelli, Nature Communications 9, 2775 (2018)."
)
LICENCE = "MIT"
#: Where "none of the classes" was learned from.
METHOD = (
    "The networks have an output of their own for “none of the classes”, learned from crystals of other "
    "space groups, strained and shifted neighbours of the classes, random stackings, random packings and "
    "crystals shaken apart; none of them is a prototype of AFLOW or of another collection."
)


def architecture(members: Sequence[Mapping[str, Any]]) -> str:
    """Sizes of the ensemble in words."""
    sizes = members[0]["layers.dense1.weight"].shape[::-1]
    outputs = len(members[0]["layers.output.bias"])
    numbers = sum(value.size for value in members[0].values())
    return (
        f"{len(members)} networks, whose probabilities are averaged: {sizes[0]} inputs, two dense layers of "
        f"{sizes[1]} with ReLU, batch normalisation before each layer and dropout, {outputs} outputs (the classes "
        f"and none of them): {numbers:,} numbers each"
    )
