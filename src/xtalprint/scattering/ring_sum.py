r"""Σ_a w_a exp(−2πi s·r_a) on the ring of the detector: fast, and exact to a stated error.

The phase of an atom at (x, y, z) Å in the pixel (i, j), counted in pixels from the middle, is A + B + C with

    A = 2π (g/λ) c i x,    B = 2π (g/λ) c j y,    C = 2π (c − 1) z/λ,    c = cos 2θ,  g = pixel/distance,

where c depends on the radius of the pixel only. Two facts make it quick. First, the four pixels (±i, ±j) share c,
hence the eight real sums of {cos A, sin A} × {cos B, sin B} × {cos C, sin C} give their four complex amplitudes.
Second, c hardly changes along a column, so that

    A = A₀(i) + ε_A,    B = B₀(j) + ε_B,    C = C₀(i) + C₀(j) + ε_C

where the leading terms need one table of sines and cosines per atom and column, and the rests ε are small enough for
three terms of their series. This holds within `Columns.reach` of the origin; a larger cluster is summed in tiles, each
about its own centre.

The arithmetic of one atom in one pixel stands in `_terms` and nowhere else. It is executed by NumPy on blocks of atoms
(`sum_with_numpy`) or, compiled by Numba, in a loop (`xtalprint.scattering.compiled`). Both use plain IEEE single
precision operations in the same order, so that they agree to the last bit; a test watches this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from xtalprint.scattering.detector import Detector

    Singles = NDArray[np.float32]

#: Rows of pixels are padded to a multiple of this, so that the inner loop runs over whole vector registers.
LANES = 16
#: Largest rest of a phase A or B (radians) that `_terms` treats; the neglected term is below 0.16⁴/24 = 2.7e-5.
LARGEST_REST = 0.16
#: The same for C, of which only two terms are kept: 0.035³/6 = 7e-6.
LARGEST_SAG_REST = 0.035
#: Atoms per block in `sum_with_numpy`: its arrays stay in the second-level cache.
BLOCK = 16

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
        (H, 3, W) single precision: ε_A/√2 per Å of x, ε_B/√2 per Å of y, ε_C per Å of z; zero outside the ring.
    reach
        Largest |x|, |y|, |z| in Å for which the stated error holds.
    """

    height: int
    width: int
    frequency: NDArray[np.float64]
    sag: NDArray[np.float64]
    rests: Singles
    reach: float


@lru_cache(maxsize=16)
def columns_of(detector: Detector) -> Columns:
    """Split the phases of a detector into leading terms by column and rests by pixel."""
    ring = detector.ring
    height = int(np.flatnonzero(ring.any(axis=0)).max()) + 1
    width = -(-height // LANES) * LANES
    ring, offsets = ring[:height, :height], detector.offsets[:height]
    bend = detector.one_minus_cos[:height, :height]
    # In each column the middle of the values that 1 − c takes there.
    lowest = np.where(ring, bend, np.inf).min(axis=0)
    highest = np.where(ring, bend, -np.inf).max(axis=0)
    middle = np.where(ring.any(axis=0), 0.5 * (lowest + highest), 0.0)
    per_angstrom = detector.s_per_pixel * offsets
    rest_a = np.where(ring, TWO_PI * per_angstrom[None, :] * (middle[None, :] - bend), 0.0)
    # On the axes the sag is 1 − c(i); what is left over, about ¾ t_i² t_j² with t = g i, is centred.
    sag = -detector.one_minus_cos_on_axis[:height] / detector.wavelength
    rest_c = np.where(ring, -bend / detector.wavelength - sag[:, None] - sag[None, :], np.nan)
    centre = 0.5 * (np.nanmin(rest_c) + np.nanmax(rest_c))
    sag += 0.5 * centre
    rest_c = np.where(ring, TWO_PI * (rest_c - centre), 0.0)

    rests = np.zeros((height, 3, width), dtype=np.float32)
    rests[:, 0, :height] = rest_a / np.sqrt(2)
    rests[:, 1, :height] = rest_a.T / np.sqrt(2)
    rests[:, 2, :height] = rest_c
    rests.setflags(write=False)
    pad = (0, width - height)
    with np.errstate(divide="ignore"):
        reach = min(LARGEST_REST / np.abs(rest_a).max(), LARGEST_SAG_REST / np.abs(rest_c).max())
    return Columns(
        height=height,
        width=width,
        frequency=np.pad(per_angstrom * (1.0 - middle), pad),
        sag=np.pad(sag, pad),
        rests=rests,
        reach=float(min(reach, 1e6)),
    )


def phase_table(coordinates: NDArray[np.float64], turns_per_angstrom: NDArray[np.float64]) -> Singles:
    """Cosines and sines of the leading phases.

    Parameters
    ----------
    coordinates
        (N,) Å.
    turns_per_angstrom
        (W,) turns per Å.

    Returns
    -------
    (N, 2, W) single precision.
    """
    turns = coordinates[:, None] * turns_per_angstrom[None, :]
    turns -= np.rint(turns)
    turns *= TWO_PI
    angle = turns.astype(np.float32)
    table = np.empty((len(coordinates), 2, len(turns_per_angstrom)), dtype=np.float32)
    np.cos(angle, out=table[:, 0])
    np.sin(angle, out=table[:, 1])
    return table


def _terms(  # noqa: PLR0917 - one call per atom and pixel, compiled: no keywords
    cos_a0: Any,  # noqa: ANN401 - a number or an array
    sin_a0: Any,  # noqa: ANN401
    cos_b0: Any,  # noqa: ANN401
    sin_b0: Any,  # noqa: ANN401
    cos_ci: Any,  # noqa: ANN401
    sin_ci: Any,  # noqa: ANN401
    cos_cj: Any,  # noqa: ANN401
    sin_cj: Any,  # noqa: ANN401
    half_a: Any,  # noqa: ANN401
    half_b: Any,  # noqa: ANN401
    rest_c: Any,  # noqa: ANN401
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any]:
    """Eight products for one atom and one pixel, on numbers or on arrays, all in single precision.

    ``half_a`` and ``half_b`` are ε/√2, so that cos ε ≈ 1 − half² and sin ε ≈ half (√2 − (√2/3) half²).

    Returns
    -------
    cos A cos B cos C, cos A cos B sin C, then the same with sin A sin B, sin A cos B and cos A sin B.
    """
    one, half = np.float32(1.0), np.float32(0.5)
    root, third = np.float32(1.4142135623730951), np.float32(0.47140452079103168)
    square = half_a * half_a
    cosine, sine = one - square, half_a * (root - third * square)
    cos_a = cos_a0 * cosine - sin_a0 * sine
    sin_a = sin_a0 * cosine + cos_a0 * sine
    square = half_b * half_b
    cosine, sine = one - square, half_b * (root - third * square)
    cos_b = cos_b0 * cosine - sin_b0 * sine
    sin_b = sin_b0 * cosine + cos_b0 * sine
    cosine = one - half * (rest_c * rest_c)
    cos_c0 = cos_ci * cos_cj - sin_ci * sin_cj
    sin_c0 = sin_ci * cos_cj + cos_ci * sin_cj
    cos_c = cos_c0 * cosine - sin_c0 * rest_c
    sin_c = sin_c0 * cosine + cos_c0 * rest_c
    aa, ab, ba, bb = cos_a * cos_c, cos_a * sin_c, sin_a * cos_c, sin_a * sin_c
    return aa * cos_b, ab * cos_b, ba * sin_b, bb * sin_b, ba * cos_b, bb * cos_b, aa * sin_b, ab * sin_b


def sum_with_numpy(
    tables: tuple[Singles, Singles, Singles],
    positions: Singles,
    starts: NDArray[np.int64],
    factors: Singles,
    rests: Singles,
) -> Singles:
    """Sum over atoms, group by group, each group times its form factor; see `Columns` for H and W.

    Parameters
    ----------
    tables
        (N, 2, W) cosines and sines of A₀, B₀ and C₀.
    positions
        (N, 3) Å, atoms of one element together.
    starts
        (G + 1,) first atom of each group, and N.
    factors
        (G, H, W) form factor of each group in each pixel.
    rests
        (H, 3, W) from `Columns`.

    Returns
    -------
    (H, 8, W) sums in the order of `_terms`.
    """
    height, _, width = rests.shape
    total = np.zeros((8, height, width), dtype=np.float32)
    rows = [np.ascontiguousarray(rests[:, k]) for k in range(3)]
    buffer = np.empty((BLOCK + 1, height, width), dtype=np.float32)
    for group in range(len(starts) - 1):
        partial = np.zeros((8, height, width), dtype=np.float32)
        for first in range(starts[group], starts[group + 1], BLOCK):
            block = slice(first, min(first + BLOCK, int(starts[group + 1])))
            terms = _terms_of_block(tables, positions, rows, block)
            used = buffer[: block.stop - block.start + 1]
            for k, term in enumerate(terms):
                # A reduction along the first axis adds row after row, as the compiled loop does.
                used[0], used[1:] = partial[k], term
                np.add.reduce(used, axis=0, out=partial[k])
        total += factors[group] * partial
    return np.ascontiguousarray(total.transpose(1, 0, 2))


def _terms_of_block(
    tables: tuple[Singles, Singles, Singles], positions: Singles, rests: list[Singles], block: slice
) -> tuple[Singles, ...]:
    """`_terms` on arrays of shape (atoms, H, W)."""
    height = len(rests[0])
    a, b, c = (table[block] for table in tables)
    x, y, z = (positions[block, k, None, None] for k in range(3))
    return _terms(
        a[:, 0, None, :],
        a[:, 1, None, :],
        b[:, 0, :height, None],
        b[:, 1, :height, None],
        c[:, 0, None, :],
        c[:, 1, None, :],
        c[:, 0, :height, None],
        c[:, 1, :height, None],
        x * rests[0],
        y * rests[1],
        z * rests[2],
    )


def amplitudes(sums: Singles) -> NDArray[np.complex128]:
    """Combine the eight sums into the complex amplitudes of the four quadrants.

    Parameters
    ----------
    sums
        (H, 8, W) from `sum_with_numpy` or its compiled twin.

    Returns
    -------
    (4, H, W) at (x, y), (−x, y), (x, −y), (−x, −y).
    """
    cc_c, cc_s, ss_c, ss_s, sc_c, sc_s, cs_c, cs_s = sums.transpose(1, 0, 2).astype(np.float64)
    result = np.empty((4, *cc_c.shape), dtype=np.complex128)
    for quadrant, (sx, sy) in enumerate(((1, 1), (-1, 1), (1, -1), (-1, -1))):
        even_c, even_s = cc_c - sx * sy * ss_c, cc_s - sx * sy * ss_s
        odd_c, odd_s = sx * sc_c + sy * cs_c, sx * sc_s + sy * cs_s
        result[quadrant].real = even_c - odd_s
        result[quadrant].imag = -(odd_c + even_s)
    return result
