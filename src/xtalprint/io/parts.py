"""Cutting the input into parts, in a way that depends on the input alone, and reading a part."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.errors import XtalprintError
from xtalprint.files import PARQUET
from xtalprint.io.formats import is_series
from xtalprint.io.input_file import InputFile
from xtalprint.io.reading import iter_read
from xtalprint.io.tables import number_of_rows, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Structures in a part: some seconds of work.
SIZE = 1000
#: Bytes of files that are read by the workers. The frames of a larger file are read by the one that hands out the
#: work, as nobody can begin in its middle; those of a table can be read from any row on.
LARGE = 8 * 2**20
#: Atoms of such frames that travel in one part.
MOST_ATOMS = 100_000
#: The same where answers are waited for one after the other: how much is read by a worker at a time, below what size
#: nobody asks whether a file holds many frames, and how many atoms travel together.
SOON, TINY, SOON_ATOMS = 128 * 2**10, 4 * 2**10, 5_000
_BLOCK = 2**20


@dataclass(frozen=True, kw_only=True)
class Part:
    """Structures that follow each other in the input: whole files, rows of a table, or frames that were read already.

    Parameters
    ----------
    index
        Its place among the parts.
    folder
        Where relative paths start.
    files
        Whole files; or one table, if there are ``rows``.
    rows
        The first row, and the one after the last.
    items
        Frames, and errors in their place.
    finished_files
        How many files of the input are finished with this part.
    """

    index: int = 0
    folder: str = ""
    files: tuple[str, ...] = ()
    rows: tuple[int, int] | None = None
    items: tuple[Crystal | XtalprintError, ...] = ()
    finished_files: int = 0

    @property
    def source(self) -> str | None:
        """The first file."""
        return self.files[0] if self.files else self.items[0].source

    def description(self) -> dict[str, Any]:
        """Where its structures come from, as plain data."""
        frames = [[item.source, item.frame] for item in self.items]
        return {"files": list(self.files), "rows": self.rows and list(self.rows), "frames": frames}

    def split(self) -> tuple[Part, ...]:
        """One part for each file."""
        if self.rows or self.items:
            return (self,)
        return tuple(replace(self, files=(path,)) for path in self.files)

    def read(self, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
        """Read it, one structure after the other; what cannot be read is an error in its place."""
        if self.rows is not None:
            yield from _table_rows(self, elements)
            return
        for path in self.files:
            yield from iter_read(path, elements=elements, folder=self.folder)
        yield from self.items

    def content(self, elements: Sequence[str] | None) -> str:
        """SHA-256 of what is in it: the bytes of its files, the numbers of its rows or frames."""
        found = hashlib.sha256()
        if self.files and self.rows is None:
            for path in self.files:
                found.update(_file_digest(Path(self.folder, Path(path).expanduser())))
        else:
            for item in self.read(elements):
                found.update(_item_digest(item))
        return found.hexdigest()


def cut(
    paths: Iterable[str | XtalprintError],
    elements: Sequence[str] | None = None,
    *,
    size: int = SIZE,
    few: int | None = None,
) -> Iterator[Part]:
    """Cut the input into parts.

    Files up to `LARGE` go together, up to ``size`` files and `LARGE` bytes. A table is cut into ``size`` rows. A
    larger file of another format is read here, and cut into ``size`` frames or `MOST_ATOMS` atoms.

    With ``few`` no part takes long: a file that its name says to hold many frames is read here if it has more than
    `TINY` bytes, any other from `SOON` bytes on, as reading takes a small part of the time of an answer.

    Parameters
    ----------
    paths
        The files in order; an error stands for a file that is not there.
    elements
        For files that name no elements.
    size
        Most structures in a part; a small file of many frames stays whole.
    few
        Most files or frames in a part where the answers are waited for; None where they are not.
    """
    number = count()
    folder = str(Path.cwd())
    limits = _Limits(size, size, LARGE, LARGE, MOST_ATOMS)
    if few is not None:
        limits = _Limits(size, few, SOON, TINY, SOON_ATOMS)
    for part in _pieces(paths, elements, limits):
        yield replace(part, index=next(number), folder=folder)


class _Limits(NamedTuple):
    """Most of everything in a part: rows; files or frames; bytes of whole files, and of one of many frames; atoms."""

    rows: int
    items: int
    n_bytes: int
    series_bytes: int
    atoms: int


def _pieces(paths: Iterable[str | XtalprintError], elements: Sequence[str] | None, most: _Limits) -> Iterator[Part]:
    group: list[str] = []
    total = 0
    for path in paths:
        weight = 0 if isinstance(path, XtalprintError) else _size(path)
        n_rows = None if isinstance(path, XtalprintError) else _rows_of_table(path)
        alone = isinstance(path, XtalprintError) or n_rows is not None or _is_long(path, weight, most)
        if group and (alone or len(group) >= most.items or total + weight > most.n_bytes):
            yield Part(files=tuple(group), finished_files=len(group))
            group, total = [], 0
        if isinstance(path, XtalprintError):
            yield Part(items=(path,), finished_files=1)
        elif n_rows is not None:
            for first in range(0, n_rows, most.rows):
                end = min(first + most.rows, n_rows)
                yield Part(files=(path,), rows=(first, end), finished_files=int(end == n_rows))
        elif alone:
            yield from _frames(path, elements, most)
        else:
            group.append(path)
            total += weight
    if group:
        yield Part(files=tuple(group), finished_files=len(group))


def _is_long(path: str, weight: int, most: _Limits) -> bool:
    return weight > most.n_bytes or (weight > most.series_bytes and is_series(path))


def _frames(path: str, elements: Sequence[str] | None, most: _Limits) -> Iterator[Part]:
    items: list[Crystal | XtalprintError] = []
    atoms = 0
    for item in iter_read(path, elements=elements):
        if len(items) >= most.items or (items and atoms >= most.atoms):
            yield Part(items=tuple(items))
            items, atoms = [], 0
        items.append(item)
        atoms += len(item) if isinstance(item, Crystal) else 0
    yield Part(items=tuple(items), finished_files=1)


def _size(path: str) -> int:
    try:
        return Path(path).expanduser().stat().st_size
    except (OSError, ValueError):
        return 0  # reading it says what is wrong


def _rows_of_table(path: str) -> int | None:
    """Number of rows if it is a sound table, else None; reading it as a whole file says what is wrong with it."""
    if not path.lower().endswith(PARQUET):
        return None
    try:
        file = InputFile(path)
        return number_of_rows(file) or None if file.compression is None else None
    except XtalprintError:
        return None


def _table_rows(part: Part, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    [path] = part.files
    first, end = part.rows or (0, 0)
    try:
        yield from rows(InputFile(path, folder=part.folder), elements, first, end)
    except XtalprintError as error:
        yield error.located(source=path, frame=first)


def _file_digest(path: Path) -> bytes:
    found = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                found.update(block)
    except (OSError, ValueError) as error:
        return hashlib.sha256(f"unreadable: {error}".encode("utf-8", "surrogateescape")).digest()
    return found.digest()


def _item_digest(item: Crystal | XtalprintError) -> bytes:
    found = hashlib.sha256()
    if isinstance(item, XtalprintError):
        found.update(str(item).encode("utf-8", "surrogateescape"))
        return found.digest()
    cell = np.zeros(0) if item.cell is None else item.cell
    for array in (item.positions, item.numbers, cell, item.occupancies, np.array(item.pbc)):
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.digest()
