"""The slow twin of the momentum cloud: direct complex sums, point by point, as the formula is written."""

from __future__ import annotations

import numpy as np


def reference_intensities(crystal, hkl, factor):
    """|F|²/V² at each hkl of the reciprocal lattice of the cell of a crystal.

    Parameters
    ----------
    crystal
        With a cell.
    hkl
        (n, 3).
    factor
        From an atomic number and |s| in 1/Å to the form factor.
    """
    volume = abs(np.linalg.det(crystal.cell))
    reciprocal = np.linalg.inv(crystal.cell).T
    fractional = crystal.positions @ np.linalg.inv(crystal.cell)
    found = []
    for point in hkl:
        length = float(np.linalg.norm(point @ reciprocal))
        amplitude = 0.0 + 0.0j
        for x, z, occupancy in zip(fractional, crystal.numbers, crystal.occupancies, strict=True):
            amplitude += occupancy * factor(int(z), length) * np.exp(2j * np.pi * (point @ x))
        found.append(abs(amplitude) ** 2 / volume**2)
    return np.array(found)


def mott_bethe(gaussians):
    """Form factor of Wang et al. (2022): Z − 41.78214 q Σ a exp(−b q) with q = (s/2)²."""

    def factor(z, s):
        q = (s / 2) ** 2
        return z - 41.78214 * q * sum(a * np.exp(-b * q) for a, b in gaussians[z])

    return factor
