"""The 83 elements of the made solids and how far apart their atoms are."""

from __future__ import annotations

from functools import lru_cache

from xtalprint.elements import SYMBOLS

#: Hydrogen to plutonium without the noble gases, whose solids have no bonds, and without At, Fr, Ra, Pm and Np.
ELEMENTS: tuple[str, ...] = tuple(
    symbol
    for symbol in SYMBOLS[1:95]
    if symbol not in {"He", "Ne", "Ar", "Kr", "Xe", "Rn", "At", "Fr", "Ra", "Pm", "Np"}
)


@lru_cache(maxsize=1)
def bond_lengths() -> dict[str, float]:
    """Twice the covalent radius in Å of each element (B. Cordero et al., Dalton Trans. 2008, 2832)."""
    from ase.data import covalent_radii  # noqa: PLC0415 - ASE is not needed to read a saved set

    return {symbol: 2.0 * float(covalent_radii[SYMBOLS.index(symbol)]) for symbol in ELEMENTS}
