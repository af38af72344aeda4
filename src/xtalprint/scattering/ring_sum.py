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
#: Largest rest of a phase A or B (radians) that `_terms` treats; what it neglects is below 0.16⁴/24 = 2.7e-5.
LARGEST_REST = 0.16
#: The same for C, of which fewer terms are kept: 0.035³/6 = 7e-6.
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
        (H, 3, W) single precision: half of ε_A per Å of x, of ε_B per Å of y, of ε_C per Å of z; zero outside the
        ring.
    used
        (H,) how many columns of each row reach into the ring, rounded up to a multiple of 16.
    reach
        Largest |x|, |y|, |z| in Å for which the stated error holds.
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
    rests[:, 0, :height] = 0.5 * rest_a
    rests[:, 1, :height] = 0.5 * rest_a.T
    rests[:, 2, :height] = 0.5 * rest_c
    rests.setflags(write=False)
    last = np.array([np.flatnonzero(row).max(initial=-1) + 1 for row in ring], dtype=np.int64)
    pad = (0, width - height)
    with np.errstate(divide="ignore"):
        reach = min(LARGEST_REST / np.abs(rest_a).max(), LARGEST_SAG_REST / np.abs(rest_c).max())
    return Columns(
        height=height,
        width=width,
        frequency=np.pad(per_angstrom * (1.0 - middle), pad),
        sag=np.pad(sag, pad),
        rests=rests,
        used=-(-last // LANES) * LANES,
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
    (2, N, W) single precision.
    """
    turns = coordinates[:, None] * turns_per_angstrom[None, :]
    turns -= np.rint(turns)
    turns *= TWO_PI
    angle = turns.astype(np.float32)
    table = np.empty((2, len(coordinates), len(turns_per_angstrom)), dtype=np.float32)
    np.cos(angle, out=table[0])
    np.sin(angle, out=table[1])
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
    half_c: Any,  # noqa: ANN401
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any]:
    """Eight products for one atom and one pixel, on numbers or on arrays, all in single precision.

    A small turn by ε is made of three shears, x −= t y, y += s x, x −= t y, with h = ε/2, t = tan h ≈ h + h³/3 and
    s = sin ε ≈ 2h − 4h³/3: fewer multiplications, which are what limits the speed, than cos ε and sin ε would need.
    For C the cubes are left out.

    Returns
    -------
    cos A cos B cos C, cos A cos B sin C, then the same with sin A sin B, sin A cos B and cos A sin B.
    """
    third = np.float32(0.3333333333333333)
    cube = (half_a * half_a) * (third * half_a)
    twice = cube + cube
    tangent, sine = half_a + cube, (half_a + half_a) - (twice + twice)
    cos_a = cos_a0 - tangent * sin_a0
    sin_a = sin_a0 + sine * cos_a
    cos_a = cos_a - tangent * sin_a
    cube = (half_b * half_b) * (third * half_b)
    twice = cube + cube
    tangent, sine = half_b + cube, (half_b + half_b) - (twice + twice)
    cos_b = cos_b0 - tangent * sin_b0
    sin_b = sin_b0 + sine * cos_b
    cos_b = cos_b - tangent * sin_b
    cos_c0 = cos_ci * cos_cj - sin_ci * sin_cj
    sin_c0 = sin_ci * cos_cj + cos_ci * sin_cj
    cos_c = cos_c0 - half_c * sin_c0
    sin_c = sin_c0 + (half_c + half_c) * cos_c
    cos_c = cos_c - half_c * sin_c
    aa, ab, ba, bb = cos_a * cos_c, cos_a * sin_c, sin_a * cos_c, sin_a * sin_c
    return aa * cos_b, ab * cos_b, ba * sin_b, bb * sin_b, ba * cos_b, bb * cos_b, aa * sin_b, ab * sin_b


def sum_with_numpy(
    tables: tuple[Singles, Singles, Singles],
    positions: Singles,
    starts: NDArray[np.int64],
    factors: Singles,
    columns: Columns,
) -> Singles:
    """Sum over atoms, group by group, each group times its form factor; see `Columns` for H and W.

    Parameters
    ----------
    tables
        (2, N, W) cosines and sines of A₀, B₀ and C₀.
    positions
        (N, 3) Å, atoms of one element together.
    starts
        (G + 1,) first atom of each group, and N.
    factors
        (G, H, W) form factor of each group in each pixel.
    columns
        Of the detector.

    Returns
    -------
    (H, 8, W) sums in the order of `_terms`.
    """
    height, width = columns.height, columns.width
    total = np.zeros((8, height, width), dtype=np.float32)
    rows = [np.ascontiguousarray(columns.rests[:, k]) for k in range(3)]
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
    a, b, c = (table[:, block] for table in tables)
    x, y, z = (positions[block, k, None, None] for k in range(3))
    return _terms(
        a[0, :, None, :],
        a[1, :, None, :],
        b[0, :, :height, None],
        b[1, :, :height, None],
        c[0, :, None, :],
        c[1, :, None, :],
        c[0, :, :height, None],
        c[1, :, :height, None],
        x * rests[0],
        y * rests[1],
        z * rests[2],
    )


def amplitudes(sums: Singles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Combine the eight sums into the complex amplitudes of the four quadrants.

    Parameters
    ----------
    sums
        (P, H, 8, W) for P patterns from `sum_with_numpy` or its compiled twin.

    Returns
    -------
    Real and imaginary part, each (4, P, H, W), at (x, y), (−x, y), (x, −y), (−x, −y).
    """
    cc_c, cc_s, ss_c, ss_s, sc_c, sc_s, cs_c, cs_s = np.moveaxis(sums, 2, 0).astype(np.float64)
    real, imaginary = np.empty((2, 4, *cc_c.shape))
    like_c, like_s, unlike_c, unlike_s = cc_c - ss_c, cc_s - ss_s, cc_c + ss_c, cc_s + ss_s
    plus_c, plus_s, minus_c, minus_s = sc_c + cs_c, sc_s + cs_s, sc_c - cs_c, sc_s - cs_s
    np.subtract(like_c, plus_s, out=real[0])
    np.add(unlike_c, minus_s, out=real[1])
    np.subtract(unlike_c, minus_s, out=real[2])
    np.add(like_c, plus_s, out=real[3])
    np.add(like_s, plus_c, out=imaginary[0])
    np.subtract(unlike_s, minus_c, out=imaginary[1])
    np.add(unlike_s, minus_c, out=imaginary[2])
    np.subtract(like_s, plus_c, out=imaginary[3])
    np.negative(imaginary, out=imaginary)
    return real, imaginary
