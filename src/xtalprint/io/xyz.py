"""xyz and extended xyz: frames of ``number of atoms``, a comment with ``key=value``, one row per atom."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple, TextIO

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io.columns import next_line, number_columns, take_rows, text_and_number_columns
from xtalprint.io.completed_cell import completed_cell
from xtalprint.io.frames import check_number_of_atoms, frame_or_error
from xtalprint.io.lammps_types import GIVE_ELEMENTS, numbers_of_types
from xtalprint.io.site_species import species_rows
from xtalprint.io.species import symbol_or_number, unknown_species

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.io.input_file import InputFile

_ENTRY = re.compile(
    r"""([A-Za-z_][\w-]*)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|\{[^}]*\}|\[[^=]*\]|[^\s"']+)""",
)
#: Most blank lines between two frames.
MAX_BLANK_LINES = 10_000
#: What LAMMPS writes above each frame of its xyz files, whose first column is the type unless elements were set.
COMMENT_OF_LAMMPS = "Atoms. Timestep:"
_PLAIN = "species:S:1:pos:R:3"


class Columns(NamedTuple):
    """Where in a row the species and the position stand."""

    species: int
    position: int
    kind: int | None


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    """Read frame by frame; ``elements`` are those of types 1, 2, … where numbers stand in the place of symbols."""
    with file.lines() as lines:
        frame = 0
        while True:
            head = _line_with_text(lines, frame)
            if not head:
                return
            n = _number_of_atoms(head, frame)
            comment = next_line(lines)
            rows = take_rows(lines, n)
            yield frame_or_error(
                lambda comment=comment, rows=rows, frame=frame: _crystal(comment, rows, elements, file.source, frame),  # type: ignore[misc] # bound now
                source=file.source,
                frame=frame,
            )
            frame += 1


def _line_with_text(lines: TextIO, frame: int) -> str:
    """Pass over blank lines, but not for ever; "" at the end of the file."""
    for _ in range(MAX_BLANK_LINES):
        line = next_line(lines)
        if not line.isspace():
            return line
    raise UnreadableFileError(
        f"more than {MAX_BLANK_LINES} blank lines", frame=frame, remedy="check that this is the right file"
    )


def _number_of_atoms(head: str, frame: int) -> int:
    text = head.strip()
    try:
        n = int(text)
    except ValueError:
        remedy = "check that the number above each frame is that of its rows"
        where = "the number of atoms of the first frame" if frame == 0 else "the number of atoms of a further frame"
        raise UnreadableFileError(
            f"{where} was expected; nothing can be read from here on", frame=frame, value=text, remedy=remedy
        ) from None
    check_number_of_atoms(n)
    return n


def _crystal(comment: str, rows: list[str], elements: Sequence[str] | None, source: str, frame: int) -> Crystal:
    if '="' in comment and comment.count('"') % 2:
        raise UnreadableFileError(
            "a quote in the comment line is not closed", value=comment, remedy="correct the line"
        )
    entries = {key.lower(): _unquoted(value) for key, value in _ENTRY.findall(comment)}
    columns = _columns(entries.get("properties", _PLAIN))
    words, positions = text_and_number_columns(rows, columns.species, range(columns.position, columns.position + 3))
    numbers = _numbers(words, elements, types=comment.startswith(COMMENT_OF_LAMMPS))
    cell = _cell(entries.get("lattice"))
    pbc = _pbc(entries.get("pbc"), cell is not None)
    cell, pbc = completed_cell(cell, pbc, positions)
    occupancies = None
    if columns.kind is not None and "occupancy" in entries:
        kinds = number_columns(rows, [columns.kind])[:, 0]
        rows_of_atom = species_rows(_occupancies(entries["occupancy"]), kinds.astype(int).tolist(), numbers)
        positions, numbers, occupancies = positions[rows_of_atom.atom], rows_of_atom.numbers, rows_of_atom.occupancies
    return Crystal(positions, numbers, cell=cell, occupancies=occupancies, pbc=pbc, source=source, frame=frame)


def _numbers(words: Sequence[str], elements: Sequence[str] | None, *, types: bool) -> NDArray[np.int64]:
    """Atomic numbers of symbols; of digits too, unless they are types."""
    if (types or elements is not None) and all(word.isascii() and word.isdigit() for word in words):
        if elements is None:
            raise UnreadableFileError("LAMMPS types, no elements", value=words[0], remedy=GIVE_ELEMENTS)
        return numbers_of_types(np.array(words, dtype=np.float64), elements)
    numbers = np.empty(len(words), dtype=np.int64)
    for atom, word in enumerate(words):
        z = symbol_or_number(word)
        if z is None:
            raise unknown_species(word, atom)
        numbers[atom] = z
    return numbers


def _columns(properties: str) -> Columns:
    """Find species and position in ``species:S:1:pos:R:3:…``."""
    parts = properties.split(":")
    start = 0
    found: dict[str, int] = {}
    try:
        for name, _, width in zip(*[iter(parts)] * 3, strict=True):
            found.setdefault(name.lower(), start)
            start += int(width)
    except ValueError:
        raise UnreadableFileError(
            "Properties are not of the form name:type:columns", value=properties, remedy="as in species:S:1:pos:R:3"
        ) from None
    species = next((found[name] for name in ("species", "element", "symbol", "z", "numbers") if name in found), None)
    position = next((found[name] for name in ("pos", "positions", "position") if name in found), None)
    if species is None or position is None:
        raise UnreadableFileError(
            "Properties name no column of species or none of positions",
            value=properties,
            remedy="as in species:S:1:pos:R:3",
        )
    return Columns(species, position, found.get("spacegroup_kinds"))


def _unquoted(value: str) -> str:
    if value[:1] in "\"'" and value[-1:] == value[:1]:
        value = value[1:-1]
        return value.replace('\\"', '"').replace("\\\\", "\\")
    return value.strip("{}[]") if value[:1] in "{[" else value


def _cell(text: str | None) -> NDArray[np.float64] | None:
    if text is None:
        return None
    try:
        values = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if len(values) == 3:  # noqa: PLR2004 - a box given by its three lengths
        return np.diag(values)
    if len(values) != 9:  # noqa: PLR2004 - three vectors
        raise UnreadableFileError(
            "Lattice is not nine numbers", value=text, remedy='as in Lattice="a 0 0 0 b 0 0 0 c"'
        )
    return np.array(values).reshape(3, 3)


def _pbc(text: str | None, has_cell: bool) -> tuple[bool, bool, bool]:
    if text is None:
        return (has_cell,) * 3
    flags = [{"t": True, "1": True, "f": False, "0": False}.get(part[0].lower()) for part in re.findall(r"\w+", text)]
    if len(flags) == 1:
        flags *= 3
    if len(flags) != 3 or None in flags:  # noqa: PLR2004 - three directions
        raise UnreadableFileError("pbc is not three of T and F", value=text, remedy='as in pbc="T T F"')
    return bool(flags[0]), bool(flags[1]), bool(flags[2])


def _occupancies(text: str) -> dict[str, dict[str, float]]:
    try:
        found = json.loads(text.removeprefix("_JSON").strip())
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise UnreadableFileError("occupancy is not what ASE writes", value=text, remedy="remove it from the comment")
    return found
