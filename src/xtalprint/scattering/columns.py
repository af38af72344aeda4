r"""Splitting the phase of an atom in a pixel into terms by column and small rests.

The phase of an atom at (x, y, z) Å in the pixel (i, j), counted in pixels from the middle, is A + B + C with

    A = 2π (g/λ) c i x,    B = 2π (g/λ) c j y,    C = 2π (c − 1) z/λ,    c = cos 2θ,  g = pixel/distance,

where c depends on the radius of the pixel only. Two facts make the sum over atoms quick. First, the four pixels
(±i, ±j) share c, hence the eight real sums of {cos A, sin A} × {cos B, sin B} × {cos C, sin C} give their four
complex amplitudes. Second, c hardly changes along a column, so that

    A = A₀(i) + ε_A,    B = B₀(j) + ε_B,    C = C₀(i) + C₀(j) + ε_C

where the leading terms need one sine and cosine per atom and column, and the rests ε are small enough for the
first terms of their series. This holds within `Columns.reach` of the origin; a larger cluster is summed in
tiles, each about its own centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.scattering.detector import Detector

    Singles = NDArray[np.float32]

#: Rows of pixels are padded to a multiple of this, so that the inner loop runs over whole vector registers.
LANES = 16
#: Largest rest of a phase A or B (radians); what the shears neglect is then below 0.3⁵/60 = 4e-5 for the outermost
#: atoms in the outermost pixels, and on average a hundredth of it.
LARGEST_REST = 0.3
#: The same for C, of which fewer terms are kept: 0.035³/6 = 7e-6.
LARGEST_SAG_REST = 0.035
#: No reach is larger than this (Å), however small the detector.
LARGEST_REACH = 1e4

TWO_PI = 2.0 * np.pi


@dataclass(frozen=True)
class Columns:
    """What the sum needs to know about a detector; H rows and W ≥ H columns of one quadrant, W a multiple of 16.

    Parameters
    ----------
    height, width
        H, W.
    frequency
        (W,) A₀ in turns per Å of x (and B₀ per Å of y).
    sag
        (W,) C₀ in turns per Å of z.
    rests
        (H, 3, W) single precision: half of ε_A per Å of x, of ε_B per Å of y, of ε_C per Å of z; zero outside the
        ring.
    used
        (H,) how many columns of each row reach into the ring, rounded up to a multiple of 16.
    reach
        Largest |x|, |y|, |z| in Å for which the series hold.
    """

    height: int
    width: int
    frequency: NDArray[np.float64]
    sag: NDArray[np.float64]
    rests: Singles
    used: NDArray[np.int64]
    reach: float


@lru_cache(maxsize=16)
def columns_of(detector: Detector) -> Columns:
    """Split the phases of a detector into leading terms by column and rests by pixel."""
    ring = detector.ring
    height = int(np.flatnonzero(ring.any(axis=0)).max()) + 1
    width = -(-height // LANES) * LANES
    ring, offsets = ring[:height, :height], detector.offsets[:height]
    bend = detector.one_minus_cos[:height, :height]
    per_angstrom = detector.s_per_pixel * offsets
    # In each column the middle of the values that 1 − c takes there.
    lowest = np.where(ring, bend, np.inf).min(axis=0)
    highest = np.where(ring, bend, -np.inf).max(axis=0)
    middle = np.where(ring.any(axis=0), 0.5 * (lowest + highest), 0.0)
    rest_a = np.where(ring, TWO_PI * per_angstrom[None, :] * (middle[None, :] - bend), 0.0)
    # On the axes the sag is 1 − c(i); what is left over, about ¾ t_i² t_j² with t = g i, is centred.
    sag = -detector.one_minus_cos_on_axis[:height] / detector.wavelength
    rest_c = -bend / detector.wavelength - sag[:, None] - sag[None, :]
    centre = 0.5 * (rest_c[ring].min() + rest_c[ring].max())
    sag += 0.5 * centre
    rest_c = np.where(ring, TWO_PI * (rest_c - centre), 0.0)

    rests = np.zeros((height, 3, width), dtype=np.float32)
    rests[:, 0, :height] = 0.5 * rest_a
    rests[:, 1, :height] = 0.5 * rest_a.T
    rests[:, 2, :height] = 0.5 * rest_c
    rests.setflags(write=False)
    last = np.array([np.flatnonzero(row).max(initial=-1) + 1 for row in ring], dtype=np.int64)
    largest = max(np.abs(rest_a).max() / LARGEST_REST, np.abs(rest_c).max() / LARGEST_SAG_REST)
    return Columns(
        height=height,
        width=width,
        frequency=np.pad(per_angstrom * (1.0 - middle), (0, width - height)),
        sag=np.pad(sag, (0, width - height)),
        rests=rests,
        used=-(-last // LANES) * LANES,
        reach=float(1.0 / max(largest, 1.0 / LARGEST_REACH)),
    )
