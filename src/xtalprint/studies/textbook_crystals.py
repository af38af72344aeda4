"""Crystals that everybody knows: structure, lattice constants, whether they conduct, whether they are stiff.

Idealised structures with measured lattice constants in Å, rounded: near room temperature, of noble gases near 4 K,
of BaTiO3 that of its cubic phase. They are found in textbooks such as C. Kittel, Introduction to Solid State Physics,
8th edition (Wiley, 2005). Whether a crystal is stiff is said only where its measured bulk modulus is clearly, by a
fifth or so, above or below 85 GPa. A test compares volumes, gaps and moduli with those of the Materials Project.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FACE = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
BODY = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
HEXAGONAL = np.array([[1, 0, 0], [-0.5, 3**0.5 / 2, 0], [0, 0, 1]])
CLOSE = np.array([[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])


class Textbook(NamedTuple):
    """A crystal and what is measured of it; None where that is not clear, see above.

    Parameters
    ----------
    name, structure
        Formula and structure type.
    crystal
        Conventional cell.
    system
        Crystal system.
    metal
        Whether it has no band gap.
    stiff
        Whether the bulk modulus is over 85 GPa.
    """

    name: str
    structure: str
    crystal: Crystal
    system: str
    metal: bool | None
    stiff: bool | None


#: Fractional places of each species, in the order of the symbols, in a cubic cell.
CUBIC = {
    "fcc": (FACE,),
    "bcc": (BODY,),
    "diamond": (np.concatenate([FACE, FACE + 0.25]),),
    "rock salt": (FACE, FACE + np.array([0.5, 0, 0])),
    "zincblende": (FACE, FACE + 0.25),
    "caesium chloride": (BODY[:1], BODY[1:]),
    "fluorite": (FACE, np.concatenate([FACE + 0.25, FACE + 0.75])),
    "antifluorite": (np.concatenate([FACE + 0.25, FACE + 0.75]), FACE),
    "L1_2": (FACE[1:], FACE[:1]),
    "ReO3": (BODY[:1], FACE[1:] - 0.5),
    "perovskite": (BODY[:1], BODY[1:], FACE[1:]),
}
#: Crystal systems of those that are not cubic.
SYSTEMS = {"hcp": "hexagonal", "wurtzite": "hexagonal", "rutile": "tetragonal"}
#: Metal and stiff: yes, no, or not clear.
_TOLD = {"y": True, "n": False, "-": None}
#: Structure; then symbols, lattice constant in Å, metal and stiff of each crystal.
CUBIC_CRYSTALS = {
    "fcc": "Al 4.050 y-, Ca 5.588 yn, Ni 3.524 yy, Cu 3.615 yy, Sr 6.085 yn, Rh 3.803 yy, Pd 3.891 yy, Ag 4.086 y-, "
    "Ir 3.839 yy, Pt 3.924 yy, Au 4.078 yy, Pb 4.951 yn, Ne 4.464 nn, Ar 5.311 nn, Kr 5.646 nn, Xe 6.132 nn",
    "bcc": "Li 3.510 yn, Na 4.291 yn, K 5.328 yn, V 3.024 yy, Cr 2.884 yy, Fe 2.867 yy, Nb 3.301 yy, Mo 3.147 yy, "
    "Ba 5.020 yn, Ta 3.303 yy, W 3.165 yy",
    "diamond": "C 3.567 ny, Si 5.431 n-, Ge 5.658 n-",
    "rock salt": "Li-F 4.026 n-, Na-F 4.633 nn, Na-Cl 5.640 nn, K-Cl 6.293 nn, K-Br 6.600 nn, K-I 7.065 nn, "
    "Rb-Cl 6.581 nn, Mg-O 4.212 ny, Ca-O 4.811 ny, Sr-O 5.160 n-, Ba-O 5.539 n-, Ag-Cl 5.550 nn, Ag-Br 5.775 nn, "
    "Mn-O 4.446 ny, Co-O 4.260 ny, Ni-O 4.177 ny, Pb-S 5.936 nn, Pb-Te 6.462 nn, Ti-C 4.328 yy, Ti-N 4.242 yy, "
    "V-N 4.139 yy, Zr-C 4.698 yy, Zr-N 4.578 yy, Nb-C 4.470 yy, Hf-C 4.639 yy, Ta-C 4.456 yy",
    "zincblende": "B-N 3.615 ny, B-P 4.538 ny, Si-C 4.360 ny, Al-As 5.661 n-, Al-Sb 6.136 nn, Ga-P 5.451 n-, "
    "Ga-As 5.653 n-, In-P 5.869 n-, In-As 6.058 nn, In-Sb 6.479 nn, Zn-S 5.410 n-, Zn-Se 5.668 nn, Zn-Te 6.101 nn, "
    "Cd-Te 6.482 nn, Cu-Cl 5.416 nn, Cu-I 6.054 nn",
    "caesium chloride": "Cs-Cl 4.123 nn, Cs-Br 4.286 nn, Cs-I 4.567 nn, Tl-Cl 3.834 nn, Ni-Al 2.887 yy, "
    "Fe-Al 2.909 yy, Cu-Zn 2.950 yy",
    "fluorite": "Ca-F 5.463 n-, Sr-F 5.800 n-, Ba-F 6.200 nn, Ce-O 5.411 ny, Th-O 5.597 ny, U-O 5.470 ny",
    "antifluorite": "Li-O 4.619 n-, Mg-Si 6.351 nn",
    "L1_2": "Ni-Al 3.572 yy, Cu-Au 3.748 yy",
    "ReO3": "Re-O 3.751 yy",
    "perovskite": "Sr-Ti-O 3.905 ny, Ba-Ti-O 4.000 ny, K-Ta-O 3.989 ny",
}
#: Symbols, lattice constants a and c in Å, and the free coordinate where there is one.
CLOSE_PACKED = (
    "Be 2.287 3.583 yy, Mg 3.209 5.211 yn, Ti 2.951 4.684 yy, Co 2.507 4.069 yy, Zn 2.665 4.947 yn, "
    "Zr 3.232 5.147 y-, Ru 2.706 4.282 yy, Cd 2.979 5.617 yn, Re 2.761 4.458 yy, Os 2.734 4.320 yy"
)
WURTZITE = (
    "Zn-O 3.250 5.207 0.382 ny, Al-N 3.112 4.982 0.382 ny, Ga-N 3.189 5.185 0.377 ny, In-N 3.545 5.703 0.377 ny, "
    "Cd-S 4.136 6.714 0.377 nn, Cd-Se 4.300 7.011 0.376 nn"
)
RUTILE = "Ti-O 4.594 2.959 0.305 ny, Sn-O 4.737 3.186 0.307 ny, Ru-O 4.492 3.107 0.306 yy"


def textbook_crystals() -> list[Textbook]:
    """All of them.

    Examples
    --------
    >>> found = {one.name: one for one in textbook_crystals()}
    >>> found["NiO"].structure, found["NiO"].metal, len(found["TiO2"].crystal)
    ('rock salt', False, 6)
    """
    found = []
    for structure, line in CUBIC_CRYSTALS.items():
        for symbols, (a,), told in _entries(line):
            places = CUBIC[structure]
            found.append(_textbook(structure, symbols, places, a * np.eye(3), told))
    for symbols, (a, c), told in _entries(CLOSE_PACKED):
        found.append(_textbook("hcp", symbols, (CLOSE,), _hexagonal(a, c), told))
    for symbols, (a, c, u), told in _entries(WURTZITE):
        first = CLOSE - np.array([0, 0, 0.25])
        found.append(_textbook("wurtzite", symbols, (first, first + np.array([0, 0, u])), _hexagonal(a, c), told))
    for symbols, (a, c, u), told in _entries(RUTILE):
        ring = np.array([[u, u, 0], [-u, -u, 0], [0.5 + u, 0.5 - u, 0.5], [0.5 - u, 0.5 + u, 0.5]])
        found.append(_textbook("rutile", symbols, (BODY, ring), np.diag([a, a, c]), told))
    return found


def _entries(line: str) -> list[tuple[list[str], list[float], str]]:
    parts = (entry.split() for entry in line.split(", "))
    return [(symbols.split("-"), [float(number) for number in numbers], told) for symbols, *numbers, told in parts]


def _hexagonal(a: float, c: float) -> Floats:
    cell: Floats = np.array([a, a, c])[:, None] * HEXAGONAL
    return cell


def _textbook(structure: str, symbols: list[str], places: Sequence[Floats], cell: Floats, told: str) -> Textbook:
    species = [symbol for symbol, sites in zip(symbols, places, strict=True) for _ in sites]
    counts = [len(sites) for sites in places]
    amounts = (n // math.gcd(*counts) for n in counts)
    name = "".join(symbol + (str(n) if n > 1 else "") for symbol, n in zip(symbols, amounts, strict=True))
    metal, stiff = (_TOLD[letter] for letter in told)
    crystal = Crystal(np.concatenate(places) @ cell, species, cell=cell, source=name)
    return Textbook(name, structure, crystal, SYSTEMS.get(structure, "cubic"), metal, stiff)
