"""Neighbours, standard cells, supercells, clusters and scales."""

from __future__ import annotations

from xtalprint.geometry.inputs import takes_crystal
from xtalprint.geometry.neighbours import nearest_distances, neighbour_distances, sorted_distances
from xtalprint.geometry.niggli import niggli_cell
from xtalprint.geometry.primitive import reduced_cell
from xtalprint.geometry.scaling import bond_length
from xtalprint.geometry.standard_cell import standard_cell, was_standardised
from xtalprint.geometry.supercells import (
    central_block,
    compact_piece,
    heights,
    random_rotation,
    rotated,
    scaled,
    supercell,
    supercell_to,
    to_cluster,
)
from xtalprint.geometry.symmetry import space_group_number as _space_group_number

space_group_number = takes_crystal(_space_group_number)

__all__ = [
    "bond_length",
    "central_block",
    "compact_piece",
    "heights",
    "nearest_distances",
    "neighbour_distances",
    "niggli_cell",
    "random_rotation",
    "reduced_cell",
    "rotated",
    "scaled",
    "sorted_distances",
    "space_group_number",
    "standard_cell",
    "supercell",
    "supercell_to",
    "to_cluster",
    "was_standardised",
]
