"""What the card of the crystal-class-image model says in words: what it is, what it is for, what it is not for."""

from __future__ import annotations

NAME = "crystal-class-image"
#: Version of the recipe and of the meaning of the outputs; raised with every new set of shipped weights.
VERSION = "1.0.0"
SUMMARY = (
    "Crystal class of a structure (one label for the whole structure) from its two-dimensional diffraction image, by "
    "the convolutional network of Ziletti et al. (2018), trained on made elemental solids only, never on real ones."
)
ARCHITECTURE = (
    "six 7×7 convolutions (32, 32, 16, 16, 8, 8 filters, ReLU, same padding), maximum pooling after the second and "
    "the fourth, dropout 0.25, dense 128 with ReLU, batch normalisation, dense 7, softmax: 365,719 parameters"
)
INTENDED_USE = (
    (
        "Elemental solids and solid solutions whose sites form one of the seven lattices: bcc, body-centred "
        "tetragonal (space groups 139 and 141), diamond, fcc, hexagonal or rhombohedral (194, 166), simple cubic."
    ),
    (
        "Structures with defects: displacements from their sites, missing atoms, foreign atoms, as far as the "
        "accuracy below reaches. One label for the whole structure."
    ),
)
OUT_OF_SCOPE = (
    (
        "Compounds whose elements occupy different sites: the network has learned arrangements of equal atoms only, "
        "and may name the class of the lattice without its chemistry."
    ),
    "Phase mixtures, grain boundaries, surfaces, molecules: there is one label for the whole structure.",
    "Determining a space group: seven classes do not tell the 230 apart, and hex/rh stands for two of them.",
    "Decisions about safety, health or the law.",
)
REFERENCE = (
    "A. Ziletti, D. Kumar, M. Scheffler, L. M. Ghiringhelli, Insightful classification of crystal structures using "
    "deep learning, Nature Communications 9, 2775 (2018), doi:10.1038/s41467-018-05169-6."
)
LICENCE = "MIT"
LIMITATIONS = (
    (
        "The image is taken along the axes of the standard cell. A structure with defects whose cell is not along "
        "those axes, or a cluster in any other orientation, is seen from the wrong side and often gets the wrong "
        "class; the answer then carries a warning. Where symmetry is found, a warning says if it is that of another "
        "class."
    ),
    (
        "Classes that touch cannot be told apart where they touch: bct_139 is bcc at c/a = 1 and fcc at √2, bct_141 "
        "is diamond at √2, rhombohedral is bcc, sc or fcc at c/a = √(3/8), √(3/2), √6."
    ),
    (
        "Beyond displacements of a tenth of the bond length or 40 % missing atoms, more than it has learned from, "
        "the accuracy falls; the probability does not always fall with it."
    ),
    (
        "Crystals of a kind that no prototype and no random orbit resembles, such as molecules on lattice points, "
        "may get any class."
    ),
)
