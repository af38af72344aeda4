"""LAMMPS data files: header, box, masses, type labels, atoms of the usual styles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import ATOMIC_NUMBERS, SYMBOLS
from xtalprint.errors import UnreadableFileError
from xtalprint.io.columns import number as as_number
from xtalprint.io.columns import number_columns, text_and_number_columns
from xtalprint.io.frames import check_number_of_atoms, frame_or_error
from xtalprint.io.lammps_types import GIVE_ELEMENTS, element_of_mass, numbers_of_types, unclear_mass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from xtalprint.errors import XtalprintError
    from xtalprint.io.input_file import InputFile

#: Column of the type and of x in each atom style.
STYLES = {
    "atomic": (1, 2), "charge": (1, 3), "bond": (2, 3), "angle": (2, 3), "molecular": (2, 3), "full": (2, 4),
    "sphere": (1, 4), "dipole": (1, 3), "ellipsoid": (1, 4), "spin": (1, 2),
}  # fmt: skip
#: Number of columns (without the three of the image) by which an unnamed style is known; others are ambiguous.
_WIDTH_OF_ATOMIC = 5
_IMAGE_COLUMNS = 3
_COUNT = re.compile(r"^\s*(\d+)\s+(atoms|atom types)\s*(?:#.*)?$")
_BOX = re.compile(r"^\s*(\S.*?)\s+(xlo xhi|ylo yhi|zlo zhi|xy xz yz|avec|bvec|cvec|abc origin)\s*(?:#.*)?$")
_SECTION = re.compile(r"^([A-Z][A-Za-z]*(?: [A-Z]?[A-Za-z]+)*)\s*(?:#\s*(.*\S))?\s*$")


class DataFile:
    """Header and sections as they stand in the file."""

    def __init__(self, text: str) -> None:
        self.counts: dict[str, int] = {}
        self.box: dict[str, list[float]] = {}
        self.sections: dict[str, list[str]] = {}
        self.hints: dict[str, str] = {}
        lines = text.splitlines()
        self.title = lines[0] if lines else ""
        section: list[str] | None = None
        for line in lines[1:]:
            if not line or line.isspace() or line.startswith("#"):
                continue
            head = _SECTION.match(line) if line[0].isalpha() else None
            if head:
                section = self.sections.setdefault(head[1], [])
                self.hints[head[1]] = head[2] or ""
            elif section is not None:
                section.append(line)
            else:
                self._header(line)

    def _header(self, line: str) -> None:
        if count := _COUNT.match(line):
            self.counts[count[2]] = int(count[1])
        elif bounds := _BOX.match(line):
            try:
                self.box[bounds[2]] = [as_number(part) for part in bounds[1].split()]
            except ValueError as error:
                raise UnreadableFileError(
                    f"the box is not given by numbers: {error}", value=line.strip(), remedy="check the header"
                ) from None


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    """Read the one structure."""
    text = file.text()
    yield frame_or_error(
        lambda: _crystal(DataFile(text), elements, file.source), source=file.source, frame=0, what="the data file"
    )


def _crystal(data: DataFile, elements: Sequence[str] | None, source: str) -> Crystal:
    if "atoms" not in data.counts:
        raise UnreadableFileError("no line with the number of atoms", remedy="check that this is a LAMMPS data file")
    n = data.counts["atoms"]
    check_number_of_atoms(n)
    rows = data.sections.get("Atoms", [])
    if len(rows) != n:
        raise UnreadableFileError(
            f"{len(rows)} rows of atoms, {n} in the header", remedy="copy or write the file again"
        )
    cell, origin = _cell(data.box)
    table = _elements_of_types(data, elements)
    type_column, x = _columns(data, rows)
    columns = [x, x + 1, x + 2]
    if any(row.split()[type_column : type_column + 1] == [] for row in rows[:1]):
        raise UnreadableFileError(
            "the row has too few columns", atom=0, value=rows[0], remedy="check the section Atoms"
        )
    if rows and not _is_number(rows[0].split()[type_column]):
        words, positions = text_and_number_columns(rows, type_column, columns)
        labels = _labels(data)
        types = np.array([labels.get(word, 0) for word in words], dtype=float)
    else:
        numbers = number_columns(rows, [type_column, *columns])
        types, positions = numbers[:, 0], numbers[:, 1:]
    return Crystal(positions - origin, numbers_of_types(types, table), cell=cell, source=source, frame=0)


def _cell(box: dict[str, list[float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cell and origin; the default box of LAMMPS is from -0.5 to 0.5."""
    try:
        if "avec" in box:
            return np.array([box["avec"], box["bvec"], box["cvec"]]), np.array(box["abc origin"])
        low, high = np.array([box[key] for key in ("xlo xhi", "ylo yhi", "zlo zhi")]).T
        xy, xz, yz = box.get("xy xz yz", [0.0, 0.0, 0.0])
    except (KeyError, ValueError) as error:
        raise UnreadableFileError(
            "the box is not complete", value=sorted(box), remedy="give xlo xhi, ylo yhi and zlo zhi"
        ) from error
    a, b, c = high - low
    return np.array([[a, 0, 0], [xy, b, 0], [xz, yz, c]]), low


def _elements_of_types(data: DataFile, elements: Sequence[str] | None) -> list[str]:
    """Elements as given, or from type labels, comments on masses, or masses; in this order."""
    if elements:
        return list(elements)
    labels = {number: label for label, number in _labels(data).items()}
    if labels and all(label in ATOMIC_NUMBERS for label in labels.values()):
        return [labels[i] for i in sorted(labels)]
    masses = data.sections.get("Masses", [])
    n_types = data.counts.get("atom types", len(masses))
    if not masses or len(masses) != n_types:
        raise UnreadableFileError("the file names types, not elements", remedy=GIVE_ELEMENTS)
    if re.search(r"units\s*=\s*lj", data.title):
        raise UnreadableFileError("the file is in reduced (lj) units", remedy=GIVE_ELEMENTS)
    by_type: dict[int, str] = {}
    for row in masses:
        values, _, comment = row.partition("#")
        parts = values.split()
        try:
            number, mass = int(parts[0]), float(parts[1])
        except (IndexError, ValueError):
            raise UnreadableFileError(
                "not a type and its mass", value=row, remedy="check the section Masses"
            ) from None
        by_type[number] = _element(mass, comment.split())
    if sorted(by_type) != list(range(1, n_types + 1)):
        raise UnreadableFileError("masses are not those of types 1, 2, …", remedy="check the section Masses")
    return [by_type[i] for i in range(1, n_types + 1)]


def _element(mass: float, comment: list[str]) -> str:
    """Element that a comment names and its mass does not contradict, or that the mass tells."""
    if comment and comment[0] in ATOMIC_NUMBERS:
        return comment[0]
    number = element_of_mass(mass)
    if number is None:
        raise unclear_mass(mass)
    return SYMBOLS[number]


def _labels(data: DataFile) -> dict[str, int]:
    pairs = (row.split()[:2] for row in data.sections.get("Atom Type Labels", []))
    return {pair[1]: int(pair[0]) for pair in pairs if len(pair) == 2 and pair[0].isdigit()}  # noqa: PLR2004 - number, label


def _columns(data: DataFile, rows: list[str]) -> tuple[int, int]:
    """Find columns of type and x: by the name of the style after ``Atoms #``, or by the width if that tells it."""
    hint = data.hints.get("Atoms", "").split()
    if hint and hint[0] in STYLES:
        return STYLES[hint[0]]
    if hint:
        raise _unknown_style(" ".join(hint))
    width = len(rows[0].partition("#")[0].split()) if rows else _WIDTH_OF_ATOMIC
    if width in {_WIDTH_OF_ATOMIC, _WIDTH_OF_ATOMIC + _IMAGE_COLUMNS}:
        return STYLES["atomic"]
    if width in {7, 10}:
        return _full_or_sphere(rows, data.counts.get("atom types", 0))
    if width in {6, 9}:
        return _charge_or_molecular(rows, data.counts.get("atom types", 0))
    raise _unknown_style(f"{width} columns")


def _charge_or_molecular(rows: list[str], n_types: int) -> tuple[int, int]:
    """``id type q x y z`` or ``id molecule type x y z``: only one of the columns may hold types."""
    table = number_columns([row.partition("#")[0] for row in rows], [1, 2])
    second, third = (_are_types(column, n_types) for column in table.T)
    if second and (not third or np.array_equal(*table.T)):
        return STYLES["charge"]
    if third and not second:
        return STYLES["molecular"]
    raise _unknown_style("6 columns: charge or molecular")


def _full_or_sphere(rows: list[str], n_types: int) -> tuple[int, int]:
    """``id molecule type q x y z`` or ``id type diameter density x y z``."""
    table = number_columns([row.partition("#")[0] for row in rows], [1, 2])
    second, third = (_are_types(column, n_types) for column in table.T)
    if third:
        return STYLES["full"]
    if second:
        return STYLES["sphere"]
    raise _unknown_style("7 columns: full or sphere")


def _are_types(column: NDArray[np.float64], n_types: int) -> bool:
    return bool(((column >= 1) & (column == np.round(column)) & (column <= n_types)).all())


def _unknown_style(value: str) -> UnreadableFileError:
    return UnreadableFileError(
        "the atom style is not known",
        value=value,
        remedy=f'name it after the section, as in "Atoms # atomic"; known: {", ".join(STYLES)}',
    )


def _is_number(text: str) -> bool:
    try:
        as_number(text)
    except ValueError:
        return False
    return True
