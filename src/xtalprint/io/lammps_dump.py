"""LAMMPS dumps in text form: frames of ``ITEM:`` sections, orthogonal and triclinic boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TextIO

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io.columns import next_line, number_columns, take_rows, text_and_number_columns
from xtalprint.io.frames import check_number_of_atoms, frame_or_error
from xtalprint.io.lammps_types import GIVE_ELEMENTS, numbers_of_masses, numbers_of_types
from xtalprint.io.species import atomic_number, unknown_species

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.io.input_file import InputFile

#: Columns of the position, those preferred first; and whether they are in units of the box.
_POSITIONS = (
    ("x", "y", "z", False),
    ("xs", "ys", "zs", True),
    ("xu", "yu", "zu", False),
    ("xsu", "ysu", "zsu", True),
)


class Box(NamedTuple):
    """Simulation box."""

    cell: NDArray[np.float64]
    origin: NDArray[np.float64]
    pbc: tuple[bool, bool, bool]


class Frame(NamedTuple):
    """One frame as it stands in the file."""

    box: Box | None
    columns: list[str]
    rows: list[str]


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    """Read frame by frame."""
    with file.lines() as lines:
        frame = 0
        line = _next_timestep(lines, "")
        if not line:
            raise UnreadableFileError("no ITEM: TIMESTEP", remedy="check that this is a LAMMPS dump in text form")
        while line:
            ahead = _Ahead()
            yield frame_or_error(
                lambda ahead=ahead, frame=frame: _crystal(_frame(lines, ahead), elements, file.source, frame),  # type: ignore[misc] # bound now
                source=file.source,
                frame=frame,
            )
            frame += 1
            line = _next_timestep(lines, ahead.line)


class _Ahead:
    """The line that ended a frame: it may begin the next one."""

    line = ""


def _next_timestep(lines: TextIO, line: str) -> str:
    line = line or next_line(lines)
    while line and not line.startswith("ITEM: TIMESTEP"):
        line = next_line(lines)
    return line


def _frame(lines: TextIO, ahead: _Ahead) -> Frame:
    n: int | None = None
    box: Box | None = None
    next_line(lines)  # the step
    while line := next_line(lines):
        if line.startswith("ITEM: NUMBER OF ATOMS"):
            n = _whole_number(next_line(lines))
            check_number_of_atoms(n)
        elif line.startswith("ITEM: BOX BOUNDS"):
            box = _box(line.split()[3:], take_rows(lines, 3, what="lines of the box"))
        elif line.startswith("ITEM: ATOMS"):
            if n is None:
                raise UnreadableFileError("no ITEM: NUMBER OF ATOMS", remedy="check that the file is complete")
            rows = take_rows(lines, n)
            _check_end(rows, ahead)
            return Frame(box, line.split()[2:], rows)
        elif line.startswith("ITEM: TIMESTEP"):
            ahead.line = line
            break
    raise UnreadableFileError("the frame ends before its atoms", remedy="copy or write the file again")


def _check_end(rows: list[str], ahead: _Ahead) -> None:
    """See whether another frame begins among the rows; if so, remember where."""
    for row in rows:
        if row.startswith("ITEM:"):
            ahead.line = row if row.startswith("ITEM: TIMESTEP") else ""
            at = rows.index(row)
            raise UnreadableFileError(
                f"the frame ends after {at} of {len(rows)} atoms", remedy="copy or write the file again"
            )


def _whole_number(line: str) -> int:
    try:
        return int(line)
    except ValueError:
        raise UnreadableFileError(
            "the number of atoms is not a whole number", value=line.strip(), remedy="check that the file is complete"
        ) from None


def _box(words: list[str], rows: list[str]) -> Box:
    """Turn bounds, with tilts ``xy xz yz`` or the vectors of a general box, into cell, origin and pbc."""
    flags = [word for word in words if len(word) == 2 and set(word) <= set("pfsm")][-3:]  # noqa: PLR2004 - as in pp
    pbc = (flags[0] == "pp", flags[1] == "pp", flags[2] == "pp") if len(flags) == 3 else (True,) * 3  # noqa: PLR2004
    if words[:2] == ["abc", "origin"]:
        table = number_columns(rows, range(4))
        return Box(table[:, :3], table[:, 3], pbc)
    tilted = words[:3] == ["xy", "xz", "yz"]
    table = number_columns(rows, range(3 if tilted else 2))
    low, high = table[:, 0].copy(), table[:, 1].copy()
    xy, xz, yz = table[:, 2] if tilted else (0.0, 0.0, 0.0)
    # The bounds are those of the smallest upright box around the tilted one.
    low[0] -= min(0.0, xy, xz, xy + xz)
    high[0] -= max(0.0, xy, xz, xy + xz)
    low[1] -= min(0.0, yz)
    high[1] -= max(0.0, yz)
    a, b, c = high - low
    return Box(np.array([[a, 0, 0], [xy, b, 0], [xz, yz, c]]), low, pbc)


def _crystal(found: Frame, elements: Sequence[str] | None, source: str, frame: int) -> Crystal:
    box, names, rows = found
    where = {name: column for column, name in enumerate(names)}
    choice = next((names for names in _POSITIONS if all(name in where for name in names[:3])), None)
    if choice is None:
        raise UnreadableFileError(
            "no columns of positions such as x y z", value=" ".join(names), remedy="dump x y z, xs ys zs or xu yu zu"
        )
    position = [where[name] for name in choice[:3]]
    if "element" in where and not (elements and "type" in where):
        words, positions = text_and_number_columns(rows, where["element"], position)
        numbers = _of_words(words)
    elif "type" in where and elements:
        table = number_columns(rows, [where["type"], *position])
        numbers, positions = numbers_of_types(table[:, 0], elements), table[:, 1:]
    elif "mass" in where:
        table = number_columns(rows, [where["mass"], *position])
        numbers, positions = numbers_of_masses(table[:, 0]), table[:, 1:]
    else:
        raise _no_elements()
    if box is not None:
        positions = positions @ box.cell if choice[3] else positions - box.origin
    elif choice[3]:
        raise UnreadableFileError("positions in units of a box that is not given", remedy="dump ITEM: BOX BOUNDS")
    return Crystal(
        positions,
        numbers,
        cell=None if box is None else box.cell,
        pbc=None if box is None else box.pbc,
        source=source,
        frame=frame,
    )


def _of_words(words: list[str]) -> NDArray[np.int64]:
    known = {word: atomic_number(word) for word in set(words)}
    if None in known.values():
        atom = next(i for i, word in enumerate(words) if known[word] is None)
        raise unknown_species(words[atom], atom, remedy="give the elements of the types, as in --elements Cu,Zr")
    return np.array([known[word] for word in words], dtype=np.int64)


def _no_elements() -> UnreadableFileError:
    return UnreadableFileError(
        "the dump names types, not elements",
        remedy=f"{GIVE_ELEMENTS}, or dump the column element",
    )
