"""What the card of the per-atom model says in words: what it is, what it is for, what it is not for."""

from __future__ import annotations

NAME = "atom-class"
#: Version of the recipe and of the meaning of the outputs; raised with every new set of shipped weights.
VERSION = "1.0.0"
SUMMARY = (
    "Class of the neighbourhood of every atom (one label for each atom), from the order of its neighbours and "
    "theirs: the same for every orientation, cell and supercell. Trained on made samples only: hot crystals, "
    "stackings, grains, pieces, liquids; never on a real structure or on a simulation of a real metal."
)
INTENDED_USE = (
    (
        "Simulated solids, hot ones too, with vacancies, stacking faults, grain boundaries or liquid in the same "
        "box: periodic boxes and finite pieces of any size."
    ),
    "Atoms in fcc, bcc, hcp, simple cubic, cubic diamond and hexagonal diamond surroundings; all others are “none”.",
)
OUT_OF_SCOPE = (
    "One label for the whole structure: that is what the crystal-class models are for.",
    "Compounds whose elements occupy different sites: elements are not looked at.",
    "Decisions about safety, health or the law.",
)
LIMITATIONS = (
    (
        "An atom is judged by its neighbours and theirs: within about 1 bond length of a boundary, and in the "
        "outermost layer of a piece, the class is uncertain; atoms there were not trained on."
    ),
    (
        "One bond length is taken for the whole sample: phases whose bond lengths differ by much more than 4 % in "
        "one box are told less well."
    ),
    "Body-centred tetragonal and rhombohedral lattices near a class are given that class.",
)
REFERENCE = (
    "W. Lechner, C. Dellago, Accurate determination of crystal structures based on averaged local bond order "
    "parameters, J. Chem. Phys. 129, 114707 (2008), doi:10.1063/1.2977970, for the averaging; P. J. Steinhardt, "
    "D. R. Nelson, M. Ronchetti, Phys. Rev. B 28, 784 (1983), for the order."
)
LICENCE = "MIT"
