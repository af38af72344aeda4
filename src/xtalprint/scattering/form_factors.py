"""Atomic form factors f(Z, s) from the International Tables, vectorised over elements and scattering vectors.

Three tables are sums of Gaussians f(s) = Σ_g a_g exp(−b_g (s/2)²) with s = |s| = 2 sin θ/λ in 1/Å:

- ``it92``: X-rays, International Tables for Crystallography C (1992), table 6.1.1.4 (Cromer and Mann; the constant
  term is a Gaussian with b = 0), electrons; Z = 1 to 98. Hydrogen is the bonded atom of Stewart, Davidson and
  Simpson, more compact than the free one.
- ``c4322``: electrons, International Tables C, table 4.3.2.2 (Peng and others), Å; Z = 1 to 98.
- ``neutron92``: coherent scattering lengths of neutrons (Sears 1992), fm; Z = 1 to 96 with gaps.

They are fitted up to sin θ/λ = s/2 = 2 1/Å. The numbers come from gemmi by ``scripts/make_form_factors.py``. The
fourth is for published recipes only:

- ``pymatgen``: X-rays, f(s) = Z − 41.78214 (s/2)² Σ_g a_g exp(−b_g (s/2)²), electrons; Z = 1 to 98. The sum is an
  electron amplitude of De Graef and McHenry, Structure of Materials, turned by the formula of Mott and Bethe, as
  pymatgen does: exactly Z at s = 0, but for iron 5 % too high at sin θ/λ = 1 1/Å and 60 % at 2 1/Å. The numbers come
  from pymatgen (MIT licence, see the file) by ``scripts/make_published_form_factors.py``.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from xtalprint.elements import ATOMIC_NUMBERS, MAX_ATOMIC_NUMBER, SYMBOLS
from xtalprint.errors import UnsupportedInputError, XtalprintError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FormFactorTable = Literal["it92", "c4322", "neutron92", "pymatgen"]
TABLES: tuple[FormFactorTable, ...] = get_args(FormFactorTable)
#: From an electron amplitude in Å to electrons, 8π² times the Bohr radius in Å, with pymatgen's digits.
MOTT_BETHE = 41.78214

#: 1/Å: the Gaussians were fitted up to here.
LARGEST_S = 4.0


def form_factors(numbers: ArrayLike, s: ArrayLike, *, table: FormFactorTable = "it92") -> NDArray[np.float64]:
    """Form factors of the elements ``numbers`` at the scattering vectors of length ``s``.

    Parameters
    ----------
    numbers
        Atomic numbers, any shape A.
    s
        Lengths of the scattering vectors in 1/Å (no 2π), any shape B.
    table
        ``"it92"`` (X-rays, electrons), ``"c4322"`` (electrons, Å), ``"neutron92"`` (scattering lengths, fm) or
        ``"pymatgen"`` (X-rays, electrons, as published recipes have them).

    Returns
    -------
    Array of shape A + B.

    Raises
    ------
    UnsupportedInputError
        The table has no entry for one of the elements.
    XtalprintError
        There is no such table.

    Examples
    --------
    >>> form_factors([26], [0.0, 1.0]).round(2)
    array([[25.99, 11.51]])
    """
    amplitudes, exponents = _table(table)
    z = np.asarray(numbers, dtype=np.int64)
    check_elements(z, table=table)
    squares = (0.5 * np.asarray(s, dtype=np.float64)) ** 2
    lead = z.shape + (1,) * squares.ndim
    total = np.zeros(z.shape + squares.shape)
    for a, b in zip(amplitudes[z].T, exponents[z].T, strict=True):
        total += a.T.reshape(lead) * np.exp(-b.T.reshape(lead) * squares)
    return z.reshape(lead) - MOTT_BETHE * squares * total if table == "pymatgen" else total


def check_elements(numbers: NDArray[np.int64], *, table: FormFactorTable) -> None:
    """Refuse elements that the table has no entry for.

    Raises
    ------
    UnsupportedInputError
        Naming the first of them.
    """
    known = _known(table)
    has = np.zeros(numbers.shape, dtype=np.bool_)
    inside = (numbers >= 1) & (numbers < len(known))
    has[inside] = known[numbers[inside]]
    if not has.all():
        first = int(numbers[~has].flat[0])
        symbol = SYMBOLS[first] if 1 <= first <= MAX_ATOMIC_NUMBER else "no element"
        raise UnsupportedInputError(
            f"the table {table} has no form factor for this element",
            value=f"Z = {first}, {symbol}",
            remedy=f"use elements up to Z = {largest_atomic_number(table)}, or another table",
        )


class Gaussians(NamedTuple):
    """A table for compiled loops: f = Σ_g a_g exp(−b_g q), or Z − c q Σ_g a_g exp(−b_g q), with q = (s/2)².

    Parameters
    ----------
    amplitudes, exponents
        (Z_max + 1, n) a and b (Å²); row 0 and those of missing elements are zero.
    mott_bethe
        c in Å², or 0 for the plain sum.
    """

    amplitudes: NDArray[np.float64]
    exponents: NDArray[np.float64]
    mott_bethe: float


def gaussians(table: FormFactorTable) -> Gaussians:
    """Numbers that `form_factors` works with."""
    return Gaussians(*_table(table), MOTT_BETHE if table == "pymatgen" else 0.0)


def largest_atomic_number(table: FormFactorTable = "it92") -> int:
    """Last element of the table."""
    return len(_table(table)[0]) - 1


@cache
def _known(name: str) -> NDArray[np.bool_]:
    return np.asarray((_table(name)[0] != 0).any(axis=1), dtype=np.bool_)


@cache
def _table(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Amplitudes and exponents (Å²), each (Z_max + 1, Gaussians); row 0 and missing elements are zero."""
    if name not in TABLES:
        raise XtalprintError("unknown table of form factors", value=name, remedy=f"use one of {', '.join(TABLES)}")
    if name == "pymatgen":
        return _published()
    with files("xtalprint.scattering").joinpath("form_factors.npz").open("rb") as file, np.load(file) as arrays:
        return arrays[f"{name}_a"], arrays[f"{name}_b"]


def _published() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    text = files("xtalprint.scattering").joinpath("published_form_factors.json").read_text(encoding="utf-8")
    gaussians = {ATOMIC_NUMBERS[symbol]: rows for symbol, rows in json.loads(text)["gaussians"].items()}
    table = np.zeros((max(gaussians) + 1, 4, 2))
    for z, rows in gaussians.items():
        table[z] = rows
    return table[..., 0], table[..., 1]
