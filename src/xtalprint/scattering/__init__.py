"""Form factors, the detector, and the sum over atoms: the numerical kernels of diffraction."""

from __future__ import annotations

from xtalprint.scattering.detector import Detector
from xtalprint.scattering.form_factors import TABLES, FormFactorTable, form_factors, largest_atomic_number
from xtalprint.scattering.image import COMPILE_FROM, ImageGeometry, image_of_cluster, use_compiled_sum

__all__ = [
    "COMPILE_FROM",
    "TABLES",
    "Detector",
    "FormFactorTable",
    "ImageGeometry",
    "form_factors",
    "image_of_cluster",
    "largest_atomic_number",
    "use_compiled_sum",
]
