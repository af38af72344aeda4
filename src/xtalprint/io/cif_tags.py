"""The items of a CIF block by name, in any case and either dictionary language; cell, formula and atoms."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import InvalidCrystalError, UnreadableFileError
from xtalprint.io.columns import number
from xtalprint.io.species import atomic_number, number_of_label, unknown_species

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNCERTAINTY = re.compile(r"\(\d*\)?$")
_FRACTION = re.compile(r"([+-]?\d+)/(\d+)$")
_FORMULA = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*(?:\(\d+\))?)")
_MISSING = frozenset({"?", ".", ""})
#: Sites of a dummy atom, and symbols of an empty one.
_DUMMY_FLAG = "dum"


class Atoms(NamedTuple):
    """Atoms of the asymmetric unit as listed."""

    labels: list[str]
    numbers: NDArray[np.int64]
    frac: NDArray[np.float64]
    occupancies: NDArray[np.float64]


class Tags:
    """Items of one block.

    Parameters
    ----------
    block
        A ``gemmi.cif.Block``.
    """

    def __init__(self, block: Any) -> None:  # noqa: ANN401 - gemmi has no types
        self._items: dict[str, Any] = {}
        for item in block:
            if (pair := item.pair) is not None:
                self._items.setdefault(_normal(pair[0]), pair[1])
            elif (loop := item.loop) is not None:
                for column, tag in enumerate(loop.tags):
                    self._items.setdefault(_normal(tag), (loop, column))

    def __contains__(self, tag: str) -> bool:
        """Whether the block has the item."""
        return tag in self._items

    def has_atoms(self) -> bool:
        """Whether any item of a site is there."""
        return any(tag.startswith("_atom_site_") and not tag.startswith("_atom_site_aniso") for tag in self._items)

    def column(self, *tags: str) -> list[str] | None:
        """Values of the first of the tags that is there, unquoted; a pair counts as a loop of one row."""
        for tag in tags:
            found = self._items.get(tag)
            if isinstance(found, str):
                return [_unquoted(found)]
            if found is not None:
                loop, column = found
                return [_unquoted(value) for value in loop.values[column :: len(loop.tags)]]
        return None

    def one(self, *tags: str) -> str | None:
        """First value of the first of the tags that has one other than ``?`` and ``.``."""
        for tag in tags:
            for value in self.column(tag) or ():
                if value not in _MISSING:
                    return value
        return None


def cell_of(tags: Tags) -> NDArray[np.float64]:
    """(3, 3) cell rows in Å, a along x, b in the xy plane; angles that are not given are 90°, as the dictionary says.

    Raises
    ------
    XtalprintError
        If a length is missing or the angles are impossible.
    """
    lengths = [_cell_item(tags, f"_cell_length_{axis}", default=None) for axis in "abc"]
    angles = [_cell_item(tags, f"_cell_angle_{angle}", default=90.0) for angle in ("alpha", "beta", "gamma")]
    if not all(map(math.isfinite, [*lengths, *angles])):
        raise _impossible(lengths, angles)
    alpha, beta, gamma = (0.0 if angle == 90.0 else math.cos(math.radians(angle)) for angle in angles)  # noqa: PLR2004
    a, b, c = lengths
    sine = math.sqrt(max(0.0, 1 - gamma**2))
    if not (min(lengths) > 0 and sine > 0 and max(angles) < 180 and min(angles) > 0):  # noqa: PLR2004 - degrees
        raise _impossible(lengths, angles)
    y = (alpha - beta * gamma) / sine
    square = 1 - beta**2 - y**2
    if not square > 0:
        raise _impossible(lengths, angles)
    return np.array([[a, 0, 0], [b * gamma, b * sine, 0], [c * beta, c * y, c * math.sqrt(square)]])


def _cell_item(tags: Tags, tag: str, *, default: float | None) -> float:
    text = (tags.column(tag) or ["."])[0]
    if text == "." and default is not None:
        return default
    if text in _MISSING:
        raise UnreadableFileError(f"no {tag}", remedy="complete the cell")
    return cif_number(text, tag)


def _impossible(lengths: list[float], angles: list[float]) -> InvalidCrystalError:
    return InvalidCrystalError(
        "these lengths and angles span no cell", value=[*lengths, *angles], remedy="correct the _cell_ items"
    )


def atoms_of(tags: Tags) -> Atoms:
    """Atoms as listed; dummy sites and sites of occupancy 0 hold no atom and are left out.

    Raises
    ------
    XtalprintError
        If there are none, or one has no coordinates or no element.
    """
    columns = [tags.column(f"_atom_site_fract_{axis}") for axis in "xyz"]
    if any(column is None for column in columns):
        if "_atom_site_cartn_x" in tags:
            raise UnreadableFileError(
                "the atoms have Cartesian coordinates only", remedy="write _atom_site_fract_x, y and z"
            )
        raise UnreadableFileError(
            "no atoms", remedy="check that the file is complete: a cell or symmetry is not enough"
        )
    x, y, z = (column or [] for column in columns)
    n = len(x)
    labels = tags.column("_atom_site_label") or [""] * n
    types = tags.column("_atom_site_type_symbol") or [""] * n
    shares = tags.column("_atom_site_occupancy") or ["."] * n
    flags = tags.column("_atom_site_calc_flag") or [""] * n
    if not len(x) == len(y) == len(z) == len(labels) == len(types) == len(shares):
        raise UnreadableFileError("the columns of the atoms differ in length", remedy="put them into one loop")
    expected = frozenset(ATOMIC_NUMBERS[s] for s in formula_of(tags) or ())
    kept: list[int] = []
    numbers: list[int] = []
    frac: list[list[float]] = []
    occupancies: list[float] = []
    for i in range(n):
        occupancy = 1.0 if shares[i] in _MISSING else cif_number(shares[i], "_atom_site_occupancy", i)
        if occupancy == 0 or flags[i].lower() == _DUMMY_FLAG:
            continue
        number_found = _element(types[i], labels[i], expected)
        if number_found is None:
            raise unknown_species(types[i] if types[i] not in _MISSING else labels[i], i)
        frac.append([_coordinate(text, labels[i], i) for text in (x[i], y[i], z[i])])
        kept.append(i)
        numbers.append(number_found)
        occupancies.append(occupancy)
    if not kept:
        raise UnreadableFileError("no atoms", remedy="check that the file is complete: all its sites are empty")
    return Atoms([labels[i] for i in kept], np.array(numbers, dtype=np.int64), np.array(frac), np.array(occupancies))


def formula_of(tags: Tags) -> dict[str, float] | None:
    """_chemical_formula_sum as amounts, deuterium as hydrogen; None if absent or not a plain sum."""
    text = tags.one("_chemical_formula_sum")
    if text is None:
        return None
    amounts: dict[str, float] = {}
    for part in text.split():
        found = _FORMULA.findall(part)
        if "".join(symbol + count for symbol, count in found) != part:
            return None
        for symbol, count in found:
            if symbol not in ATOMIC_NUMBERS:
                return None
            symbol_of = "H" if symbol in {"D", "T"} else symbol
            amounts[symbol_of] = amounts.get(symbol_of, 0.0) + float(_UNCERTAINTY.sub("", count) or 1)
    return amounts or None


def cif_number(text: str, tag: str, atom: int | None = None) -> float:
    """Read a number with or without uncertainty, ``5.43(2)``, or a fraction, ``1/3``.

    Raises
    ------
    UnreadableFileError
        If it is neither.

    Examples
    --------
    >>> cif_number("5.43(2)", "_cell_length_a"), cif_number("1/4", "_atom_site_fract_x")
    (5.43, 0.25)
    """
    try:
        return number(_UNCERTAINTY.sub("", text) if "(" in text else text)
    except ValueError:
        fraction = _FRACTION.match(text)
        if fraction and int(fraction[2]):
            return int(fraction[1]) / int(fraction[2])
        raise UnreadableFileError(f"{tag} is not a number", atom=atom, value=text, remedy="correct it") from None


def _coordinate(text: str, label: str, atom: int) -> float:
    if text in _MISSING:
        raise UnreadableFileError(
            f"the atom {label} has no coordinates", atom=atom, value=text, remedy="add them, or remove the atom"
        )
    return cif_number(text, f"coordinate of {label}", atom)


def _element(type_symbol: str, label: str, expected: frozenset[int]) -> int | None:
    if type_symbol not in _MISSING:
        found = atomic_number(type_symbol)
        return found if found is not None else number_of_label(type_symbol, expected & _from_label(label, expected))
    return number_of_label(label, expected)


def _from_label(label: str, expected: frozenset[int]) -> frozenset[int]:
    found = number_of_label(label, expected)
    return frozenset() if found is None else frozenset({found})


def _normal(tag: str) -> str:
    return tag.lower().replace(".", "_")


def _unquoted(value: str) -> str:
    if value[:1] in "'\"" and len(value) > 1 and value[-1] == value[0]:
        return value[1:-1].strip()
    if value[:1] == ";" and "\n" in value:
        return value[1:].rstrip(";").strip()
    return value
