"""Cubic perovskites with a displaced cation, and the idealised layers of Ruddlesden and Popper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Strontium titanate at room temperature, Å.
SRTIO3 = 3.905
#: Between the two SrO layers where blocks meet, in lattice constants; real crystals have 0.59 to 0.63.
GAP = 0.6
#: More perovskite layers than this are a slip.
MOST_LAYERS = 1000


def perovskite(
    a: float,
    *,
    symbols: tuple[str, str, str] = ("Sr", "Ti", "O"),
    displacement: Sequence[float] = (0.0, 0.0, 0.0),
) -> Crystal:
    """Cubic perovskite ABX₃ (Pm-3m), primitive cell, with B displaced from the centre.

    Parameters
    ----------
    a
        Lattice constant in Å.
    symbols
        Of A (corner), B (centre) and X (faces).
    displacement
        (3,) of B, in lattice constants. Along one axis the crystal becomes tetragonal, along a face's diagonal
        orthorhombic, along the body's diagonal rhombohedral.

    Raises
    ------
    XtalprintError
        If the lattice constant is not a positive number, or the displacement not three finite ones.

    Examples
    --------
    >>> perovskite(3.905).formula
    'O3SrTi'
    """
    _check_length("a", a)
    shift = np.asarray(displacement, dtype=np.float64)
    if shift.shape != (3,) or not np.isfinite(shift).all():
        raise XtalprintError("a displacement is three finite numbers", value=displacement)
    frac = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    frac[1] += shift
    corner, centre, face = symbols
    moved = f", {centre} moved by {tuple(shift.tolist())}" if shift.any() else ""
    source = f"{corner}{centre}{face}3, a = {a:g} Å{moved}"
    return Crystal(a * frac, [corner, centre, face, face, face], cell=a * np.eye(3), source=source)


def ruddlesden_popper(
    n: int, *, a: float = SRTIO3, gap: float = GAP, symbols: tuple[str, str, str] = ("Sr", "Ti", "O")
) -> Crystal:
    """Idealised crystal A(n+1)B(n)X(3n+1) of Ruddlesden and Popper (I4/mmm), conventional cell.

    n layers of octahedra, cut unchanged from the cubic perovskite, then two AX layers as in rock salt, and the next
    block shifted by half a diagonal. All layers are flat. With n = 0 it is rock salt, stretched in the layers.

    Parameters
    ----------
    n
        Layers of octahedra in a block, 0 or more.
    a
        Lattice constant of the perovskite in Å.
    gap
        Between the two AX layers, in lattice constants; c = 2·(n + gap)·a.
    symbols
        Of A, B and X.

    Raises
    ------
    XtalprintError
        If n is not a whole number from 0 to 1,000, or a length is not positive.

    Examples
    --------
    >>> ruddlesden_popper(1).formula, len(ruddlesden_popper(3))
    ('O8Sr4Ti2', 34)
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 0 <= n <= MOST_LAYERS:
        raise XtalprintError(f"n is a whole number from 0 to {MOST_LAYERS:,}", value=n)
    _check_length("a", a)
    _check_length("gap", gap)
    cation, centre, anion = symbols
    height = 2 * (n + gap)
    sites: list[tuple[str, float, float, float]] = []
    for layer in range(-n, n + 1):
        z = layer / 2 / height
        if (n - layer) % 2:
            sites += [(centre, 0, 0, z), (anion, 0.5, 0, z), (anion, 0, 0.5, z)]
        else:
            sites += [(cation, 0.5, 0.5, z), (anion, 0, 0, z)]
    block = np.array([site[1:] for site in sites])
    frac = np.concatenate([block, block + 0.5]) % 1.0
    cell = a * np.diag([1.0, 1.0, height])
    source = f"Ruddlesden-Popper n = {n}, a = {a:g} Å, gap = {gap:g} a"
    return Crystal(frac @ cell, 2 * [site[0] for site in sites], cell=cell, source=source)


def _check_length(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise XtalprintError(f"{name} must be a positive number", value=value)
