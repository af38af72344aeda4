"""How pairs of structures and their distances look to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtalprint.cli.tables import MAX_SOURCE_WIDTH, note, pad, short_name, shortened, visible
from xtalprint.files import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Up to so many structures the table is a matrix, from three on.
LARGEST_MATRIX = 12
_NUMBER = 9


class PairTable:
    """One line for each pair.

    Parameters
    ----------
    paths
        The files to come.
    metric, unit
        Of the distances.
    """

    def __init__(self, paths: Sequence[str], metric: str, unit: str) -> None:
        widest = max((len(path) for path in paths), default=MAX_SOURCE_WIDTH)
        self._width = min(max(widest, len("structure")) + len(" (99)"), MAX_SOURCE_WIDTH)
        self._title = f"{metric}, {distance_title(unit)}"

    def header(self) -> str:
        """Titles of the columns."""
        return f"{'structure':<{self._width}}  {'structure':<{self._width}}  {self._title}"

    def line(self, record: Mapping[str, Any]) -> str:
        """One line for a pair, a matrix, or an input that failed."""
        if record["status"] == "error":
            name = self._cell(record["source"], record["frame"], "")
            return "\n".join([f"{name}  error", *note(record["error"])])
        a, b = (self._cell(*(record[key] for key in (x, f"{x}_frame", f"{x}_id"))) for x in "ab")
        warned = [text for warning in record["warnings"] for text in note(warning)]
        return "\n".join([f"{a}  {b}  {in_digits(record['distance'])}", *warned])

    def _cell(self, source: str | None, frame: int | None, known: str) -> str:
        return pad(name_of(source, frame, known, self._width), self._width)


class MatrixTable:
    """A numbered list of structures, and a matrix of the distances between them.

    Parameters
    ----------
    metric, unit
        Of the distances.
    """

    def __init__(self, metric: str, unit: str) -> None:
        self._title = f"{metric}, {distance_title(unit)}"

    def header(self) -> str:
        """What the numbers are."""
        return self._title

    def line(self, record: Mapping[str, Any]) -> str:
        """The whole matrix, or an input that failed."""
        if record["status"] == "error":
            name = short_name(record["source"], record["frame"], MAX_SOURCE_WIDTH)
            return "\n".join([f"{name}  error", *note(record["error"])])
        names, matrix = record["names"], record["matrix"]
        width = max(map(len, names))
        above = " " * (width + 5) + "".join(f"{f'({j + 1})':>{_NUMBER}}" for j in range(len(names)))
        rows = (
            f"{f'({i + 1})':<4} {pad(name, width)}" + "".join(f"{in_digits(value):>{_NUMBER}}" for value in values)
            for i, (name, values) in enumerate(zip(names, matrix, strict=True))
        )
        return "\n".join([above, *rows, *(text for warning in record["warnings"] for text in note(warning))])


class RowTable:
    """Which row of a matrix each structure is.

    Parameters
    ----------
    paths
        The files to come.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        widest = max((len(path) for path in paths), default=MAX_SOURCE_WIDTH)
        self._width = min(max(widest, len("structure")) + len(" (9999)"), MAX_SOURCE_WIDTH)

    def header(self) -> str:
        """Titles of the columns."""
        return f"{'structure':<{self._width}}  row"

    def line(self, record: Mapping[str, Any]) -> str:
        """One line."""
        known = record.get("id", "")
        name = pad(name_of(record["source"], record["frame"], known, self._width), self._width)
        if record["status"] == "error":
            return "\n".join([f"{name}  error", *note(record["error"])])
        return f"{name}  {record['row']}"


def is_row(source: str | None, frame: int | None, known: str) -> bool:
    """Whether an id is that of a table row, and not made of file and frame.

    Examples
    --------
    >>> is_row("library.parquet", 3, "mp-30"), is_row("melt.extxyz", 3, "melt.extxyz#3")
    (True, False)
    """
    return bool(known) and not known.startswith(f"{as_text(source or '?')}#{frame or 0}")


def name_of(source: str | None, frame: int | None, known: str, width: int) -> str:
    """The id of a table row; file and frame of any other structure.

    Examples
    --------
    >>> name_of("library.parquet", 3, "mp-30", 16), name_of("melt.extxyz", 3, "melt.extxyz#3", 16)
    ('mp-30', 'melt.extxyz (3)')
    """
    return shortened(visible(known), width) if is_row(source, frame, known) else short_name(source, frame, width)


def distance_title(unit: str) -> str:
    """Title of a column of distances.

    Examples
    --------
    >>> distance_title("Å"), distance_title("1")
    ('distance (Å)', 'distance')
    """
    return "distance" if unit == "1" else f"distance ({unit})"


def in_digits(distance: float) -> str:
    """A distance for people: four decimals, and never 0 for what is not 0.

    Examples
    --------
    >>> in_digits(0.25), in_digits(0.0), in_digits(1e-7)
    ('0.2500', '0.0000', '1.0e-07')
    """
    return f"{distance:.1e}" if 0 < distance < 5e-5 else f"{distance:.4f}"  # noqa: PLR2004 - four decimals
