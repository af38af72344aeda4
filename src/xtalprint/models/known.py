"""Is it one of the classes at all? The rule that every answer carries as ``known``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.models.manifest import KnownRule


def diffuse_share(image: NDArray[np.floating[Any]]) -> float:
    """Mean of a diffraction image (3, 64, 64) whose brightest pixel is 1.

    A crystal of 256 atoms has 0.002 to 0.02: its Bragg peaks are few. Where there is no long-range order, the
    intensity is speckle everywhere, and the mean 0.03 to 0.08.

    Examples
    --------
    >>> diffuse_share(np.full((3, 64, 64), 0.5))
    0.5
    """
    return float(image.mean(dtype=np.float64))


def strangeness(
    rule: KnownRule, distance: NDArray[np.floating[Any]], diffuse: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Larger of both quantities in units of their thresholds: above 1 is none of the classes."""
    return np.maximum(
        np.asarray(distance, np.float64) / rule.distance, np.asarray(diffuse, np.float64) / rule.diffuse
    )


def is_known(rule: KnownRule, distance: float, diffuse: float) -> bool:
    """Whether both quantities are within their thresholds."""
    return distance <= rule.distance and diffuse <= rule.diffuse
