"""Slow twins of the Fourier descriptors: one loop for each sum of the definition."""

from __future__ import annotations

import cmath
from itertools import product

import numpy as np

from xtalprint.scattering.form_factors import form_factors


def structure_factor(crystal, s, *, table="it92"):
    """F at one scattering vector in 1/Å, summed atom by atom."""
    total = 0j
    for position, number, occupancy in zip(crystal.positions, crystal.numbers, crystal.occupancies, strict=True):
        f = float(form_factors(int(number), np.linalg.norm(s), table=table))
        total += occupancy * f * cmath.exp(2j * cmath.pi * float(np.dot(s, position)))
    return total


def box(crystal, limit):
    """|F|² for all indices up to the limit in the cell as it is."""
    reciprocal = np.linalg.inv(crystal.cell).T
    n = 2 * limit + 1
    result = np.zeros((n, n, n))
    for h, k, l in product(range(-limit, limit + 1), repeat=3):  # noqa: E741 - Miller index
        s = np.array([h, k, l]) @ reciprocal
        result[h + limit, k + limit, l + limit] = abs(structure_factor(crystal, s)) ** 2
    return result


def all_reflections(crystal, s_max):
    """(vector, |F|²/Σf²) of every reflection but the origin, both of each Friedel pair, of an ordered crystal."""
    reciprocal = np.linalg.inv(crystal.cell).T
    last = np.floor(s_max * np.linalg.norm(crystal.cell, axis=1)).astype(int)
    found = []
    for h, k, l in product(*(range(-n, n + 1) for n in last)):  # noqa: E741 - Miller index
        s = np.array([h, k, l]) @ reciprocal
        length = np.linalg.norm(s)
        if (h, k, l) != (0, 0, 0) and length <= s_max:
            alone = (form_factors(crystal.numbers, length) ** 2).sum()
            found.append((s, abs(structure_factor(crystal, s)) ** 2 / alone))
    return found


def bell(x):
    """Cubic B-spline."""
    x = abs(x)
    if x < 1:
        return 2 / 3 - x**2 + x**3 / 2
    return (2 - x) ** 3 / 6 if x < 2 else 0.0


def shell_size(crystal, shell, width):
    """Number of reflections that a shell holds on average: its volume in reciprocal space times that of the cell."""
    grid = np.linspace(shell - 2 * width, shell + 2 * width, 4001)
    weights = np.array([bell((s - shell) / width) for s in grid]) / width
    return float((weights * 4 * np.pi * grid**2).sum() * (grid[1] - grid[0]) * crystal.volume)


def pairs_of_reflections(crystal, shells, angles, *, width, angle_width):
    """Soft histogram over all pairs of reflections, pair by pair."""
    found = all_reflections(crystal, shells[-1] + 2 * width)
    sigma = np.radians(angle_width)
    sizes = [shell_size(crystal, shell, width) for shell in shells]
    kernels = [
        np.polynomial.legendre.Legendre(
            [
                (2 * n + 1)
                * np.exp(-n * (n + 1) * sigma**2 / 2)
                * np.polynomial.legendre.Legendre.basis(n)(np.cos(np.radians(angle)))
                if n % 2 == 0
                else 0.0
                for n in range(13)
            ]
        )
        for angle in angles
    ]
    result = np.zeros((len(angles), len(shells), len(shells)))
    for s, weight in found:
        for other, other_weight in found:
            cosine = np.dot(s, other) / np.linalg.norm(s) / np.linalg.norm(other)
            in_first = [bell((np.linalg.norm(s) - shell) / width) / width for shell in shells]
            in_second = [bell((np.linalg.norm(other) - shell) / width) / width for shell in shells]
            if any(in_first) and any(in_second):
                both = np.outer(np.array(in_first) / sizes, np.array(in_second) / sizes) * weight * other_weight
                result += np.array([kernel(cosine) for kernel in kernels])[:, None, None] * both
    return result
