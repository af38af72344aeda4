"""The flat detector: where its pixels lie in reciprocal space on the curved Ewald sphere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A square detector of n × n pixels behind the sample, centred on the beam along z, read in a ring.

    The direction to the pixel at (X, Y) metres is û = (X, Y, D)/√(X² + Y² + D²), and its scattering vector is
    s = (û − ẑ)/λ: the full curvature of the Ewald sphere. Defaults: Ziletti et al., Nat. Commun. 9, 2775 (2018).

    Parameters
    ----------
    wavelength
        λ in Å.
    distance
        D, sample to detector, in m.
    pixel
        Edge of a pixel in m.
    n_pixels
        Pixels along an edge; the beam meets the middle, (n − 1)/2.
    inner_mask, outer_mask
        Only pixels at least ``inner_mask`` and at most ``outer_mask`` pixels from the middle are kept.

    Raises
    ------
    XtalprintError
        A parameter is not positive and finite, or no pixel lies between the masks.
    """

    wavelength: float = 0.05
    distance: float = 0.1
    pixel: float = 4e-4
    n_pixels: int = 64
    inner_mask: float = 5.0
    outer_mask: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what is not a detector."""
        for name in ("wavelength", "distance", "pixel", "n_pixels"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise XtalprintError(f"{name} must be positive and finite", value=value)
        if self.n_pixels != int(self.n_pixels) or self.n_pixels > MAX_PIXELS:
            raise XtalprintError(f"n_pixels must be a whole number up to {MAX_PIXELS}", value=self.n_pixels)
        if not self.inner_mask >= 0 or not self.ring.any():
            raise XtalprintError(
                "no pixel lies between the two masks",
                value=f"inner_mask={self.inner_mask}, outer_mask={self.outer_mask}, n_pixels={self.n_pixels}",
                remedy="choose 0 <= inner_mask < outer_mask, in pixels",
            )

    @cached_property
    def offsets(self) -> NDArray[np.float64]:
        """(H,) distances of the pixel columns from the middle in px, 0.5, 1.5, … or 0, 1, …; H = ⌈n/2⌉."""
        n = int(self.n_pixels)
        return np.arange((n + 1) // 2, dtype=np.float64) + (0.5 if n % 2 == 0 else 0.0)

    @cached_property
    def radius(self) -> NDArray[np.float64]:
        """(H, H) distances of the pixels of one quadrant from the middle in px, [row, column]."""
        return np.hypot(self.offsets[:, None], self.offsets[None, :])

    @cached_property
    def ring(self) -> NDArray[np.bool_]:
        """(H, H) pixels of one quadrant that are kept."""
        return (self.radius >= self.inner_mask) & (self.radius <= self.outer_mask)

    @cached_property
    def cos_two_theta(self) -> NDArray[np.float64]:
        """(H, H) cosine of the scattering angle; its cube is the solid angle relative to the central pixel."""
        return 1.0 / np.sqrt(1.0 + (self.radius * (self.pixel / self.distance)) ** 2)

    @cached_property
    def one_minus_cos(self) -> NDArray[np.float64]:
        """(H, H) 1 − cos 2θ without cancellation."""
        return _one_minus_cos(self.radius * (self.pixel / self.distance))

    @cached_property
    def one_minus_cos_on_axis(self) -> NDArray[np.float64]:
        """(H,) the same on the horizontal line through the middle."""
        return _one_minus_cos(self.offsets * (self.pixel / self.distance))

    @cached_property
    def s(self) -> NDArray[np.float64]:
        """(H, H) length of the scattering vector in 1/Å: |s|² = 2 (1 − cos 2θ)/λ²."""
        return np.sqrt(2.0 * self.one_minus_cos) / self.wavelength

    @property
    def s_per_pixel(self) -> float:
        """Step of the scattering vector from pixel to pixel at the middle, 1/Å."""
        return self.pixel / (self.distance * self.wavelength)


#: Largest detector; beyond it memory for one image is no longer small.
MAX_PIXELS = 1024


def _one_minus_cos(tangent: NDArray[np.float64]) -> NDArray[np.float64]:
    root = np.sqrt(1.0 + tangent**2)
    return np.asarray(tangent**2 / (root * (1.0 + root)), dtype=np.float64)
