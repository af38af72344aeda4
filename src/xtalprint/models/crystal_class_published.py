"""What the card of the published recipe's network says in words."""

from __future__ import annotations

NAME = "crystal-class-published"
SUMMARY = (
    "Crystal class from the two-dimensional diffraction image with the recipe of Ziletti et al. (2018) as they "
    "published it: 10,517 pristine crystals, five epochs, scaled by the mean nearest distance. It is shipped so that "
    "the studies of the paper's tables and figures can be run; for answers use crystal-class."
)
INTENDED_USE = (
    "Reproducing the published tables and figures: a network that has seen pristine varied prototypes only.",
)
OUT_OF_SCOPE = (
    "Answers about real structures: crystal-class is right more often, above all on structure types not in AFLOW.",
    "Decisions about safety, health or the law.",
)
LIMITATIONS = (
    "On structure types that it has not seen it is right for 63 % only; see the page on accuracy.",
    (
        "The image is taken along the axes of the standard cell: a structure with defects in another setting, or a "
        "cluster in another orientation, often gets the wrong class."
    ),
)
