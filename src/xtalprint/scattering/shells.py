"""The intensity of a crystal on soft shells of |s|, in spherical harmonics: what its invariants are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xtalprint.geometry.bond_moments import DEGREE, EXPONENTS, harmonics_of_moments
from xtalprint.scattering.reflections import reflections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.scattering.form_factors import FormFactorTable
    from xtalprint.scattering.reflections import Reflections

    Floats = NDArray[np.float64]

#: What an intensity is divided by: the scattering of the sites one by one, or the volume.
ShellScale = Literal["sites", "volume"]
#: Reflections whose monomials are in memory at once.
BLOCK = 2_048
#: A weaker reflection is an absent one, but for rounding; that of a typical atom in its place would be 1.
ABSENT = 1e-12


def bell(x: Floats) -> Floats:
    """Cubic B-spline: the bell of integral 1 and standard deviation 1/√3 that is zero, smoothly, beyond |x| = 2.

    Examples
    --------
    >>> bell(np.array([0.0, 1.0, 2.0])).round(4)
    array([0.6667, 0.1667, 0.    ])
    """
    x = np.abs(x)
    wide, narrow = np.maximum(2 - x, 0.0), np.maximum(1 - x, 0.0)
    value: Floats = wide * wide * wide / 6 - 4 * (narrow * narrow * narrow) / 6
    return value


def shell_harmonics(
    crystal: Crystal,
    shells: Floats,
    *,
    resolution: float,
    scale: ShellScale = "sites",
    table: FormFactorTable = "it92",
) -> tuple[Floats, ...]:
    """Coefficients of the intensity on each shell in real spherical harmonics of even degree (odd ones vanish).

        C_lm(i) = √4π Σ_s S(s) b((|s| − s_i)/w)/w Y_lm(s/|s|) / (4π V (s_i² + w²/3)),   S = |F|²/Σ_j f_j²

    The sum is over all reflections, b is the `bell` and w the resolution. The denominator is the number of
    reflections that the shell would hold on average, so that C_00 tends to 1 at large |s|.

    Parameters
    ----------
    crystal
        That repeats in three directions; cell, supercell and origin do not matter.
    shells
        (n,) s_i in 1/Å.
    resolution
        w in 1/Å.
    scale
        sites: S as above; volume: S = |F|²/V, so that C_00 tends to Σ_j f_j²/V: the same with the amount of
        scattering matter in it.
    table
        Of form factors.

    Returns
    -------
    For l = 0, 2, … 12 an array (n, 2 l + 1).

    Raises
    ------
    UnsupportedInputError
        As `reflections`.
    """
    found = reflections(crystal, float(shells[-1]) + 2 * resolution, table=table)
    return harmonics_on_shells(found, shells, resolution=resolution, scale=scale)


def harmonics_on_shells(
    found: Reflections, shells: Floats, *, resolution: float, scale: ShellScale = "sites"
) -> tuple[Floats, ...]:
    """The same of reflections up to 2 w beyond the last shell, however they were found or changed."""
    # Each stands for itself and its Friedel twin.
    weights = 2 * found.intensities / found.self_part
    amounts = found.self_part * found.volume if scale == "volume" else np.ones_like(weights)
    seen = np.flatnonzero(weights > ABSENT)
    seen = seen[np.argsort(found.lengths[seen], kind="stable")]
    moments = np.zeros((len(shells), len(EXPONENTS)))
    a, b, c = EXPONENTS.T
    for first in range(0, len(seen), BLOCK):
        part = seen[first : first + BLOCK]
        lengths = found.lengths[part]
        shares = bell((lengths - shells[:, None]) / resolution) * (weights[part] * amounts[part])
        x, y, z = _powers(found.vectors[part] / lengths[:, None])
        monomials = x[a] * y[b] * z[c]
        # Not by a matrix product: its last bits would depend on the number of threads.
        reached = np.searchsorted(lengths, [shells - 2 * resolution, shells + 2 * resolution]).T
        for shell, (start, end) in enumerate(reached.tolist()):
            moments[shell] += np.einsum("k,mk->m", shares[shell, start:end], monomials[:, start:end])
    volume = 4 * np.pi * (shells**2 + resolution**2 / 3) * resolution
    moments *= np.sqrt(4 * np.pi) / (volume * found.volume)[:, None]
    return tuple(moments @ harmonics for harmonics in harmonics_of_moments())


def _powers(units: Floats) -> Floats:
    """(3, 13, n) powers 0 … 12 of the three components."""
    powers = np.ones((3, DEGREE + 1, len(units)))
    for exponent in range(1, DEGREE + 1):
        powers[:, exponent] = powers[:, exponent - 1] * units.T
    return powers
