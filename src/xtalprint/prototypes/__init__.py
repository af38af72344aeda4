"""Crystal-structure prototypes of the AFLOW library, perovskites, and paths between simple lattices."""

from __future__ import annotations

from xtalprint.prototypes.aflow import Prototype, all_prototypes, prototype
from xtalprint.prototypes.lattices import SIMPLE_LATTICES, body_centred_tetragonal, rhombohedral, simple_lattice
from xtalprint.prototypes.perovskites import perovskite, ruddlesden_popper

__all__ = [
    "SIMPLE_LATTICES",
    "Prototype",
    "all_prototypes",
    "body_centred_tetragonal",
    "perovskite",
    "prototype",
    "rhombohedral",
    "ruddlesden_popper",
    "simple_lattice",
]
