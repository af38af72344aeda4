"""Simple lattices by name, and the two-parameter families that lead from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Eight simple lattices, one for each space group of the classes.
SIMPLE_LATTICES = ("sc", "fcc", "bcc", "diam", "hcp", "rh", "bct_139", "bct_141")


def simple_lattice(name: str, *, symbol: str = "Fe", a: float = 4.0) -> Crystal:
    """One of `SIMPLE_LATTICES` in its conventional cell.

    Parameters
    ----------
    name
        ``rh`` is α-arsenic (166), ``bct_139`` indium with c/a = 1.52, ``bct_141`` white tin with c/a = 0.545.
    symbol
        Chemical symbol of all atoms.
    a
        First lattice constant in Å.
    """
    face = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    tin = np.array([[0, 0, 0], [0.5, 0, 0.25], [0.5, 0.5, 0.5], [0, 0.5, 0.75]])
    arsenic = np.array([[0, 0, 0.2271], [0, 0, -0.2271]])
    obverse = np.array([[0, 0, 0], [2 / 3, 1 / 3, 1 / 3], [1 / 3, 2 / 3, 2 / 3]])
    diamond = np.concatenate([face, face + 0.25])
    body, corner = np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), np.zeros((1, 3))
    cells: dict[str, tuple[Floats, Floats]] = {
        "sc": (np.eye(3), corner),
        "fcc": (np.eye(3), face),
        "bcc": (np.eye(3), body),
        "diam": (np.eye(3), diamond),
        "hcp": (_hexagonal(np.sqrt(8 / 3)), np.array([[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])),
        "rh": (_hexagonal(2.805), (obverse[:, None] + arsenic).reshape(-1, 3)),
        "bct_139": (np.diag([1, 1, 1.52]), body),
        "bct_141": (np.diag([1, 1, 0.545]), tin),
    }
    if name not in cells:
        raise XtalprintError(
            "no such simple lattice", value=name, remedy=f"choose one of {', '.join(SIMPLE_LATTICES)}"
        )
    cell, frac = cells[name]
    return _crystal(cell * a, frac, symbol, name)


def rhombohedral(a: float, c_over_a: float, *, symbol: str = "Po") -> Crystal:
    """One atom on a rhombohedral lattice (AFLOW A_hR1_166_a), primitive cell.

    Simple cubic at c/a = √(3/2), fcc at √6, bcc at √(3/8).

    Parameters
    ----------
    a
        Hexagonal lattice constant in Å.
    c_over_a
        Ratio of the hexagonal lattice constants.
    symbol
        Chemical symbol.
    """
    _check(a, c_over_a)
    hexagonal = _hexagonal(c_over_a) * a
    obverse = np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3
    return _crystal(obverse @ hexagonal, np.zeros((1, 3)), symbol, f"A_hR1_166_a, c/a = {c_over_a:.4f}")


def body_centred_tetragonal(a: float, c_over_a: float, *, symbol: str = "Fe") -> Crystal:
    """One atom on a body-centred tetragonal lattice: bcc at c/a = 1, fcc at √2 (the Bain path). Conventional cell.

    Parameters
    ----------
    a
        Lattice constant in Å.
    c_over_a
        Axial ratio.
    symbol
        Chemical symbol.
    """
    _check(a, c_over_a)
    cell = a * np.diag([1.0, 1.0, c_over_a])
    return _crystal(cell, np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), symbol, f"A_tI2_139_a, c/a = {c_over_a:.4f}")


def _hexagonal(c_over_a: float) -> Floats:
    return np.array([[1, 0, 0], [-0.5, np.sqrt(3) / 2, 0], [0, 0, c_over_a]])


def _crystal(cell: Floats, frac: Floats, symbol: str, source: str) -> Crystal:
    positions = frac @ cell
    return Crystal(positions, [symbol] * len(positions), cell=cell, source=source)


def _check(a: float, c_over_a: float) -> None:
    if not (np.isfinite(a) and a > 0 and np.isfinite(c_over_a) and c_over_a > 0):
        raise XtalprintError("a and c/a must be positive numbers", value=(a, c_over_a))
