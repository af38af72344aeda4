"""Rows of text to arrays, fast; a bad row is found and named."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, TextIO

import numpy as np

from xtalprint.errors import UnreadableFileError
from xtalprint.io.input_file import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Characters kept of a text column.
TEXT_WIDTH = 12
#: Rows up to this many are parsed in Python, which is faster for few.
FEW = 24


def take_rows(lines: TextIO, n: int, *, what: str = "atoms") -> list[str]:
    """Read the next ``n`` lines.

    Raises
    ------
    UnreadableFileError
        If the file ends before, or a line is longer than `MAX_LINE`.
    """
    rows = list(takewhile(bool, (next_line(lines) for _ in range(n))))
    if len(rows) < n:
        raise UnreadableFileError(
            f"the file ends after {len(rows)} of {n} {what}",
            remedy="copy or write the file again, or correct the number in its header",
        )
    return rows


def next_line(lines: TextIO) -> str:
    """Read one line, "" at the end of the file; refuses a line so long that the file cannot be text in lines.

    Raises
    ------
    UnreadableFileError
        If the line is longer than `MAX_LINE`.
    """
    line = lines.readline(MAX_LINE)
    if len(line) >= MAX_LINE:
        raise UnreadableFileError(
            f"a line of more than {MAX_LINE} characters", remedy="check that this is the right file"
        )
    return line


def number_columns(rows: Sequence[str], columns: Sequence[int]) -> NDArray[np.float64]:
    """(N, k) numbers in the given columns of the rows.

    Raises
    ------
    UnreadableFileError
        Naming the first row that lacks a column or has something else there.
    """
    return text_and_number_columns(rows, None, columns)[1]


def text_and_number_columns(
    rows: Sequence[str], text_column: int | None, columns: Sequence[int]
) -> tuple[list[str], NDArray[np.float64]]:
    """Read one column of words (or none) and the (N, k) numbers of others.

    Raises
    ------
    UnreadableFileError
        Naming the first row that lacks a column or has something else there.
    """
    if len(rows) > FEW:
        text_first = [] if text_column is None else [text_column]
        dtype = [("text", f"U{TEXT_WIDTH}")] * len(text_first) + [("numbers", "f8", (len(columns),))]
        try:
            table = np.loadtxt(rows, dtype=np.dtype(dtype), usecols=[*text_first, *columns], comments=None, ndmin=1)
        except (ValueError, IndexError):
            return _slowly(rows, text_column, columns)
        if len(table) == len(rows):  # NumPy passes over blank lines
            words: list[str] = [] if text_column is None else table["text"].tolist()
            return words, np.ascontiguousarray(table["numbers"])
    return _slowly(rows, text_column, columns)


def _slowly(
    rows: Sequence[str], text_column: int | None, columns: Sequence[int]
) -> tuple[list[str], NDArray[np.float64]]:
    words: list[str] = []
    numbers = np.empty((len(rows), len(columns)))
    for atom, row in enumerate(rows):
        parts = row.split()
        try:
            if text_column is not None:
                words.append(parts[text_column])
            numbers[atom] = [number(parts[column]) for column in columns]
        except IndexError:
            raise UnreadableFileError(
                "the row has too few columns", atom=atom, value=row.strip() or "(empty row)", remedy=CHECK_ROW
            ) from None
        except ValueError as error:
            raise UnreadableFileError(
                f"not a number: {error}", atom=atom, value=row.strip(), remedy=CHECK_ROW
            ) from None
    return words, numbers


CHECK_ROW = "correct this row, and check that the number of atoms in the header is right"


def number(text: str) -> float:
    """Read a number, Fortran's ``1.0D-3`` too.

    Raises
    ------
    ValueError
        If it is none; the message is the text.

    Examples
    --------
    >>> number("1.5D-1")
    0.15
    """
    try:
        if "_" not in text:  # float() takes 1_000
            return float(text)
    except ValueError:
        try:
            return float(text.lower().replace("d", "e")) if text[:1] in "+-.0123456789" and text else _fail(text)
        except ValueError:
            pass
    return _fail(text)


def _fail(text: str) -> float:
    raise ValueError(repr(text)) from None
