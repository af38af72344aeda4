"""POSCAR and CONTCAR of VASP 4 and 5, with scale, selective dynamics, direct or Cartesian coordinates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import InvalidCrystalError, UnreadableFileError
from xtalprint.io.columns import number, number_columns
from xtalprint.io.frames import check_number_of_atoms, frame_or_error
from xtalprint.io.species import atomic_number, unknown_species

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.errors import XtalprintError
    from xtalprint.io.input_file import InputFile

#: A coordinate as programs write it.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


class Header(NamedTuple):
    """Everything above the coordinates."""

    scale: NDArray[np.float64]
    cell: NDArray[np.float64]
    numbers: NDArray[np.int64]
    n_lines: int


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    """Read the one structure."""
    lines = file.text().splitlines()
    yield frame_or_error(
        lambda: _crystal(lines, elements, file.source), source=file.source, frame=0, what="the POSCAR"
    )


def read_header(lines: list[str], elements: Sequence[str] | None) -> Header:
    """Read comment, scale, cell, species and counts.

    Raises
    ------
    XtalprintError
        If a line is missing or not what it should be, or no line names the species and ``elements`` are not given.
    """
    scale = _numbers(lines, 1, (1, 3), "the scale")
    vectors = np.array([_numbers(lines, i, (3,), "a lattice vector") for i in (2, 3, 4)])
    if len(scale) == 1 and scale[0] < 0:  # a negative scale is the volume of the cell
        volume = abs(np.linalg.det(vectors))
        if not volume > 0:
            raise InvalidCrystalError(
                "cell is flat: its three vectors span no volume",
                value=vectors.tolist(),
                remedy="correct lines 3 to 5",
            )
        scale = np.array([(-scale[0] / volume) ** (1 / 3)])
    factors = np.broadcast_to(scale, 3)
    if not (factors > 0).all():
        raise UnreadableFileError("the scale is not positive", value=lines[1].strip(), remedy="correct line 2")
    symbols, counts, n_lines = _species(lines, elements)
    known = []
    for symbol in symbols:
        z = atomic_number(symbol)
        if z is None:
            raise unknown_species(symbol, None, remedy="correct line 6, or give --elements")
        known.append(z)
    check_number_of_atoms(sum(counts))
    return Header(factors, vectors * factors, np.repeat(np.array(known, dtype=np.int64), counts), n_lines)


def _crystal(lines: list[str], elements: Sequence[str] | None, source: str) -> Crystal:
    header = read_header(lines, elements)
    at = header.n_lines
    if _first_letter(lines, at) == "s":  # selective dynamics
        at += 1
    mode = _first_letter(lines, at)
    if not mode or mode not in "dckf":
        raise UnreadableFileError(
            "neither Direct nor Cartesian",
            value=lines[at].strip() if at < len(lines) else "end of file",
            remedy=f"correct line {at + 1}",
        )
    n = len(header.numbers)
    coordinates = read_coordinates(lines[at + 1 :], n)
    _check_no_more(lines[at + 1 + n : at + 2 + n], n)
    positions = coordinates * header.scale if mode in "ck" else coordinates @ header.cell
    return Crystal(positions, header.numbers, cell=header.cell, source=source, frame=0)


def _check_no_more(following: list[str], n: int) -> None:
    """Velocities come after a blank line; three numbers right below the atoms are one more atom."""
    words = following[0].split()[:3] if n and following else []
    if len(words) == 3 and all(NUMBER.fullmatch(word) for word in words):  # noqa: PLR2004 - coordinates
        raise UnreadableFileError(
            f"more coordinates than the {n} atoms of the counts",
            value=following[0].strip(),
            remedy="correct the counts, or put a blank line above velocities",
        )


def read_coordinates(lines: list[str], n: int) -> NDArray[np.float64]:
    """(n, 3) coordinates in the first n lines.

    Raises
    ------
    UnreadableFileError
        If there are fewer, or a row is not three numbers.
    """
    rows = lines[:n]
    found = next((i for i, row in enumerate(rows) if not row.strip()), len(rows))
    if found < n:
        raise UnreadableFileError(
            f"the coordinates end after {found} of {n} atoms",
            remedy="copy or write the file again, or correct the counts",
        )
    return number_columns(rows, range(3))


def _species(lines: list[str], elements: Sequence[str] | None) -> tuple[list[str], list[int], int]:
    """Symbols, counts, and the number of lines up to the counts."""
    words = _words(lines, 5)
    if words and all(word.isdigit() for word in words):  # VASP 4: no line of symbols
        counts, n_lines = [int(word) for word in words], 6
        title = lines[0].split()
        if elements is None and len(title) == len(counts) and all(word in ATOMIC_NUMBERS for word in title):
            return title, counts, n_lines
        if elements is None:
            raise UnreadableFileError(
                "the POSCAR names no elements (VASP 4 format)",
                remedy="write the symbols into a line above the counts, or give --elements Cu,Zr",
            )
    else:
        counts_words = _words(lines, 6)
        if not counts_words or not all(word.isdigit() for word in counts_words):
            raise UnreadableFileError(
                "no line with the number of atoms of each element",
                value=lines[6].strip() if len(lines) > 6 else "end of file",  # noqa: PLR2004 - the seventh line
                remedy="check lines 6 and 7",
            )
        counts, n_lines, elements = [int(word) for word in counts_words], 7, None
    symbols = words if elements is None else list(elements)
    if len(symbols) != len(counts):
        raise UnreadableFileError(
            f"{len(symbols)} elements but {len(counts)} counts",
            value=" ".join(symbols),
            remedy="check lines 6 and 7" if elements is None else "give one element for each count",
        )
    return symbols, counts, n_lines


def _numbers(lines: list[str], at: int, allowed: tuple[int, ...], what: str) -> NDArray[np.float64]:
    words = lines[at].partition("!")[0].split() if at < len(lines) else []
    values: list[float] = []
    for word in words[: max(allowed)]:
        try:
            value = number(word)
        except ValueError:
            break
        if not np.isfinite(value):
            break
        values.append(value)
    if len(values) not in allowed:
        values = values[: min(allowed)]
    if len(values) not in allowed:
        raise UnreadableFileError(
            f"line {at + 1} is not {what}",
            value=lines[at].strip() if at < len(lines) else "end of file",
            remedy="check that this is a POSCAR and complete",
        )
    return np.array(values)


def _words(lines: list[str], at: int) -> list[str]:
    return lines[at].partition("!")[0].partition("#")[0].split() if at < len(lines) else []


def _first_letter(lines: list[str], at: int) -> str:
    return lines[at].strip()[:1].lower() if at < len(lines) else ""
