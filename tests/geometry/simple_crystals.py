"""Crystals with textbook lattice constants (Kittel, Introduction to Solid State Physics, table 1.3 and 1.4)."""

from __future__ import annotations

import numpy as np

from xtalprint.crystal import Crystal


def hexagonal(a, c):
    return np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]])


def from_frac(cell, frac, symbols):
    cell = np.asarray(cell, dtype=float)
    return Crystal(np.asarray(frac, dtype=float) @ cell, symbols, cell=cell)


def fcc(a=3.61):
    return from_frac(a / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), [[0, 0, 0]], ["Cu"])


SIMPLE = {
    "sc": from_frac(3.35 * np.eye(3), [[0, 0, 0]], ["Po"]),
    "bcc": from_frac(2.87 / 2 * np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]), [[0, 0, 0]], ["Fe"]),
    "fcc": fcc(),
    "diam": from_frac(
        5.43 / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), [[0, 0, 0], [0.25, 0.25, 0.25]], ["Si", "Si"]
    ),
    "hcp": from_frac(hexagonal(3.21, 5.21), [[0, 0, 0], [1 / 3, 2 / 3, 1 / 2]], ["Mg", "Mg"]),
    "bct": from_frac(np.diag([3.25, 3.25, 4.95]), [[0, 0, 0], [0.5, 0.5, 0.5]], ["In", "In"]),
}
#: Nearest-neighbour distance in Å of each, by hand.
D_NN = {
    "sc": 3.35,
    "bcc": 2.87 * np.sqrt(3) / 2,
    "fcc": 3.61 / np.sqrt(2),
    "diam": 5.43 * np.sqrt(3) / 4,
    "hcp": np.sqrt(3.21**2 / 3 + 5.21**2 / 4),
    "bct": 3.25,
}
#: Atoms in the conventional cell, and space group.
CONVENTIONAL = {"sc": (1, 221), "bcc": (2, 229), "fcc": (4, 225), "diam": (8, 227), "hcp": (2, 194), "bct": (2, 139)}
#: More sites, layers or free coordinates than the simple ones.
COMPLEX = {
    "white tin": from_frac(
        np.diag([5.832, 5.832, 3.182]), [[0, 0, 0], [0.5, 0.5, 0.5], [0, 0.5, 0.25], [0.5, 0, 0.75]], ["Sn"] * 4
    ),
    "samarium": from_frac(
        hexagonal(3.629, 26.207),
        [[x, x * 2 % 1, (x + z) % 1] for x in (0, 1 / 3, 2 / 3) for z in (0, 2 / 9, -2 / 9)],
        ["Sm"] * 9,
    ),
    "arsenic": from_frac(
        hexagonal(3.760, 10.548),
        [[x, x * 2 % 1, (x + z) % 1] for x in (0, 1 / 3, 2 / 3) for z in (0.227, -0.227)],
        ["As"] * 6,
    ),
    "graphite": from_frac(
        hexagonal(2.461, 6.708), [[0, 0, 0.25], [0, 0, 0.75], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]], ["C"] * 4
    ),
    "black phosphorus": from_frac(
        np.diag([3.314, 10.478, 4.376]),
        [
            [x, (y + s) % 1, z % 1]
            for x, s in ((0, 0), (0.5, 0.5))
            for y, z in ((0.102, 0.081), (-0.102, -0.081), (0.102 + 0.5, 0.5 - 0.081), (0.398, 0.5 + 0.081))
        ],
        ["P"] * 8,
    ),
}


def random_cell_change(rng, steps=4):
    """Random integer matrix with determinant 1."""
    change = np.eye(3, dtype=int)
    for _ in range(steps):
        i, j = rng.choice(3, size=2, replace=False)
        step = np.eye(3, dtype=int)
        step[i, j] = rng.integers(-2, 3)
        change = step @ change
    return change


def in_another_cell(crystal, rng):
    """The same crystal with a more skewed choice of vectors."""
    return Crystal(crystal.positions, crystal.numbers, cell=random_cell_change(rng) @ crystal.cell)
