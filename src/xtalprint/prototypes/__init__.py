"""Crystal-structure prototypes of the AFLOW library, and transition paths between simple lattices."""

from __future__ import annotations

from xtalprint.prototypes.aflow import Prototype, all_prototypes, prototype
from xtalprint.prototypes.lattices import SIMPLE_LATTICES, body_centred_tetragonal, rhombohedral, simple_lattice

__all__ = [
    "SIMPLE_LATTICES",
    "Prototype",
    "all_prototypes",
    "body_centred_tetragonal",
    "prototype",
    "rhombohedral",
    "simple_lattice",
]
