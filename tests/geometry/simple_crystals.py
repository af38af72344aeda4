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
