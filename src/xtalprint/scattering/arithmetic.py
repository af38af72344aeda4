# ruff: noqa: ANN401 - one arithmetic for numbers (compiled) and arrays (NumPy), which no annotation expresses
"""The arithmetic of the diffraction sum: written once, executed by NumPy on arrays or compiled by Numba.

Every function takes and returns numbers or arrays alike and uses plain IEEE additions, subtractions and
multiplications only. Both executors perform them in the order written, so that they agree to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def cos_sin_turns(turns: Any) -> tuple[Any, Any]:
    """Cosine and sine of 2π times ``turns`` in [−½, ½], single precision; error below 1e-6.

    Polynomials in the square of half the angle (interpolation at Chebyshev nodes, exact to 2e-8), then the formulas
    for twice the angle.
    """
    half = np.float32(0.5) * turns
    u = half * half
    sine = np.float32(39.759827)
    sine = np.float32(-76.58117) + u * sine
    sine = np.float32(81.60248) + u * sine
    sine = np.float32(-41.341682) + u * sine
    sine = half * (np.float32(6.2831855) + u * sine)
    cosine = np.float32(-24.981434)
    cosine = np.float32(60.14389) + u * cosine
    cosine = np.float32(-85.45357) + u * cosine
    cosine = np.float32(64.93935) + u * cosine
    cosine = np.float32(-19.739208) + u * cosine
    cosine = np.float32(1.0) + u * cosine
    twice = sine + sine
    return np.float32(1.0) - twice * sine, twice * cosine


def terms(  # noqa: PLR0917 - called for each atom and pixel, compiled: no keywords
    cos_a0: Any,
    sin_a0: Any,
    cos_b0: Any,
    sin_b0: Any,
    cos_ci: Any,
    sin_ci: Any,
    cos_cj: Any,
    sin_cj: Any,
    half_a: Any,
    half_b: Any,
    half_c: Any,
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any]:
    """Eight products for one atom and one pixel, single precision; the phases A, B, C are those of `columns`.

    A small turn by ε is made of three shears, x −= t y, y += s x, x −= t y, with h = ε/2, t = tan h ≈ h + h³/3 and
    s = sin ε ≈ 2h − 4h³/3. For C the cubes are left out.

    Returns
    -------
    cos A cos B cos C, cos A cos B sin C, then the same with sin A sin B, sin A cos B and cos A sin B.
    """
    third = np.float32(0.33333334)
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


def quadrant_amplitudes(  # noqa: PLR0917 - as above
    cc_c: Any, cc_s: Any, ss_c: Any, ss_s: Any, sc_c: Any, sc_s: Any, cs_c: Any, cs_s: Any
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any]:
    """Amplitudes at (x, y), (−x, y), (x, −y), (−x, −y) from the sums of the eight `terms` over atoms.

    Returns
    -------
    The four real parts, then the four imaginary parts.
    """
    like_c, like_s, unlike_c, unlike_s = cc_c - ss_c, cc_s - ss_s, cc_c + ss_c, cc_s + ss_s
    plus_c, plus_s, minus_c, minus_s = sc_c + cs_c, sc_s + cs_s, sc_c - cs_c, sc_s - cs_s
    return (
        like_c - plus_s,
        unlike_c + minus_s,
        unlike_c - minus_s,
        like_c + plus_s,
        -(like_s + plus_c),
        minus_c - unlike_s,
        -(unlike_s + minus_c),
        plus_c - like_s,
    )
