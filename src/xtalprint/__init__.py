"""xtalprint: crystal fingerprints you can see through.

Everything a notebook types is here; it is imported when it is first used, so that ``import xtalprint`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xtalprint._version import __version__

if TYPE_CHECKING:
    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
    from xtalprint.descriptors.diffraction_image import DiffractionImage
    from xtalprint.descriptors.fourier_box import FourierBox
    from xtalprint.descriptors.grid import GRID
    from xtalprint.descriptors.momentum_cloud import MomentumCloud
    from xtalprint.descriptors.pairs_of_reflections import PairsOfReflections
    from xtalprint.descriptors.powder_pattern import PowderPattern
    from xtalprint.descriptors.rdf import RDF
    from xtalprint.descriptors.reflection_bispectrum import ReflectionBispectrum
    from xtalprint.descriptors.reflection_power_spectrum import ReflectionPowerSpectrum
    from xtalprint.descriptors.transformer import DescriptorTransformer as DescriptorTransformer
    from xtalprint.errors import XtalprintError
    from xtalprint.io import from_ase, from_pymatgen, iter_read, read, to_ase, to_pymatgen
    from xtalprint.models import load_model
    from xtalprint.similarity import SimilarityIndex
    from xtalprint.similarity import earth_movers_distance as emd

_HOME = {
    "GRID": "xtalprint.descriptors.grid",
    "RDF": "xtalprint.descriptors.rdf",
    "BondOrientationalOrder": "xtalprint.descriptors.bond_orientational_order",
    "Crystal": "xtalprint.crystal",
    "DescriptorTransformer": "xtalprint.descriptors.transformer",
    "DiffractionImage": "xtalprint.descriptors.diffraction_image",
    "MomentumCloud": "xtalprint.descriptors.momentum_cloud",
    "SimilarityIndex": "xtalprint.similarity",
    "FourierBox": "xtalprint.descriptors.fourier_box",
    "PairsOfReflections": "xtalprint.descriptors.pairs_of_reflections",
    "PowderPattern": "xtalprint.descriptors.powder_pattern",
    "ReflectionBispectrum": "xtalprint.descriptors.reflection_bispectrum",
    "ReflectionPowerSpectrum": "xtalprint.descriptors.reflection_power_spectrum",
    "XtalprintError": "xtalprint.errors",
    "emd": "xtalprint.similarity",
    "from_ase": "xtalprint.io",
    "from_pymatgen": "xtalprint.io",
    "iter_read": "xtalprint.io",
    "load_model": "xtalprint.models",
    "read": "xtalprint.io",
    "to_ase": "xtalprint.io",
    "to_pymatgen": "xtalprint.io",
}

# Not `DescriptorTransformer`, which needs an extra: ``from xtalprint import *`` must work without.
__all__ = [
    "GRID",
    "RDF",
    "BondOrientationalOrder",
    "Crystal",
    "DiffractionImage",
    "FourierBox",
    "MomentumCloud",
    "PairsOfReflections",
    "PowderPattern",
    "ReflectionBispectrum",
    "ReflectionPowerSpectrum",
    "SimilarityIndex",
    "XtalprintError",
    "__version__",
    "emd",
    "from_ase",
    "from_pymatgen",
    "iter_read",
    "load_model",
    "read",
    "to_ase",
    "to_pymatgen",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module-level hook of PEP 562
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'xtalprint' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_HOME})
