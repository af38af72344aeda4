"""From what files write for an atom to its atomic number."""

from __future__ import annotations

import re
from functools import cache

from xtalprint.elements import ATOMIC_NUMBERS, MAX_ATOMIC_NUMBER
from xtalprint.errors import InvalidCrystalError, UnsupportedInputError

#: Names of water and hydroxyl in CIFs whose hydrogens were not located: the oxygen is the atom that is there.
WATER = frozenset({"wat", "oh", "oh2", "h2o", "hoh", "ow"})
_LETTERS = re.compile(r"[A-Za-z]+")


@cache
def atomic_number(symbol: str) -> int | None:
    """Read a chemical symbol with whatever may follow it: charge, number, pseudopotential; None if it is none.

    Examples
    --------
    >>> [atomic_number(s) for s in ("Fe", "FE", "Fe2+", "O2-", "D", "Ti_sv", "Cl1", "H2O")]
    [26, 26, 26, 8, 1, 22, 17, 8]
    >>> atomic_number("Xx") is None
    True
    """
    known = ATOMIC_NUMBERS.get(symbol)
    if known is not None:
        return known
    if not symbol.isascii():  # of a damaged or wrongly encoded symbol a sound beginning may be left
        return None
    if symbol.lower() in WATER:
        return ATOMIC_NUMBERS["O"]
    letters = _LETTERS.match(symbol)
    return ATOMIC_NUMBERS.get(letters[0].capitalize()) if letters else None


@cache
def symbol_or_number(text: str) -> int | None:
    """As `atomic_number`, and plain digits are an atomic number.

    Examples
    --------
    >>> symbol_or_number("29"), symbol_or_number("Cu"), symbol_or_number("0")
    (29, 29, None)
    """
    if text.isascii() and text.isdigit():
        z = int(text)
        return z if 1 <= z <= MAX_ATOMIC_NUMBER else None
    return atomic_number(text)


def number_of_label(label: str, expected: frozenset[int]) -> int | None:
    """Read an atom label such as ``Fe1``, ``C12A`` or ``OW1``; ``expected``: the elements of the formula, if known.

    ``CA1`` may be calcium or a carbon named A1: the formula decides, else the case (``Ca1`` is calcium). Two capitals
    that are an element are that element, as in old files (``CU1``), where the formula does not say otherwise.

    Examples
    --------
    >>> number_of_label("CU1", frozenset()), number_of_label("CA1", frozenset({6, 8}))
    (29, 6)
    >>> number_of_label("OW1", frozenset()), number_of_label("Ca1", frozenset())
    (8, 20)
    """
    letters = _LETTERS.match(label)
    if letters is None:
        return None
    run = letters[0]
    if run.lower() in {"wat", "hoh"}:
        return ATOMIC_NUMBERS["O"]
    two = ATOMIC_NUMBERS.get(run[:2].capitalize()) if len(run) > 1 else None
    one = ATOMIC_NUMBERS.get(run[0].upper())
    candidates = [z for z in (two, one) if z is not None]
    in_formula = [z for z in candidates if z in expected]
    if in_formula:
        return in_formula[0]
    # "Cu1", "CU1"; but a longer run of capitals is a name, as in CAB.
    if two is not None and (one is None or run[1].islower() or len(run) == len("CU")):
        return two
    return one if one is not None else two


def checked_elements(elements: object) -> tuple[str, ...] | None:
    """Elements as the caller gives them, ``("Cu", "Zr")`` or ``"Cu,Zr"``, as symbols; None stays None.

    Raises
    ------
    UnsupportedInputError
        If one of them is no chemical symbol.
    """
    if elements is None:
        return None
    if isinstance(elements, str):
        elements = [part.strip() for part in elements.split(",")]
    if not isinstance(elements, (list, tuple)) or not elements:
        raise UnsupportedInputError(
            "elements are not a list of chemical symbols", value=elements, remedy=GIVE_SYMBOLS
        )
    for symbol in elements:
        if symbol not in ATOMIC_NUMBERS:
            raise UnsupportedInputError("unknown element", value=symbol, remedy=GIVE_SYMBOLS)
    return tuple(elements)


GIVE_SYMBOLS = "give chemical symbols, as in --elements Cu,Zr or elements=('Cu', 'Zr')"


def unknown_species(text: str, atom: int | None, *, remedy: str = "") -> InvalidCrystalError:
    """Error for a species that is no element."""
    return InvalidCrystalError(
        "unknown element", atom=atom, value=text or "(empty)", remedy=remedy or "use chemical symbols H to Og"
    )
