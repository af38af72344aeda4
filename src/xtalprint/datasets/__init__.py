"""Data sets: made here, or read from files that a user has."""

from __future__ import annotations

from xtalprint.datasets.elasticity import Elasticity, elasticity
from xtalprint.datasets.elemental_solids import ElementalSolids, elemental_solids
from xtalprint.datasets.other_crystals import other_crystals
from xtalprint.datasets.properties import Properties, properties
from xtalprint.datasets.structure_types import structure_type

__all__ = [
    "Elasticity",
    "ElementalSolids",
    "Properties",
    "elasticity",
    "elemental_solids",
    "other_crystals",
    "properties",
    "structure_type",
]
