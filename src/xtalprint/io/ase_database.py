"""ASE databases: SQLite (.db) and JSON."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtalprint.errors import UnreadableFileError
from xtalprint.io.ase_objects import crystal_of_atoms
from xtalprint.io.frames import frame_or_error
from xtalprint.io.quiet import first_line, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.io.input_file import InputFile

MAGIC = b"SQLite format 3\0"


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:  # noqa: ARG001 - the signature of every reader
    """Read row by row, in order of their ids."""
    if not file.head.startswith(MAGIC):
        raise UnreadableFileError("not an ASE database", remedy="check what program wrote it")
    _check_length(file.content())
    yield from rows(file, "db")


def _check_length(content: bytes) -> None:
    """Compare with the header: SQLite itself does not miss pages at the end that it does not ask for.

    Bytes 16 and 17 are the page size (1 for 65536), 28 to 31 the number of pages (https://sqlite.org/fileformat2.html).
    """
    page = int.from_bytes(content[16:18], "big")
    length = (2**16 if page == 1 else page) * int.from_bytes(content[28:32], "big")
    if len(content) < length:
        raise UnreadableFileError(
            f"damaged ASE database: {len(content)} of {length} bytes", remedy="copy or write the file again"
        )


def rows(file: InputFile, kind: str) -> Iterator[Crystal | XtalprintError]:
    """Read the rows of a database of ASE's type ``db`` or ``json``."""
    with quiet():
        from ase.db import connect  # noqa: PLC0415 - ASE is slow to import

    with _copy(file, kind) as path:
        with quiet():
            try:
                database: Any = connect(path, type=kind, use_lock_file=False)  # type: ignore[no-untyped-call] # no types
                ids = sorted(row.id for row in database.select(include_data=False))
            except Exception as error:
                raise UnreadableFileError(
                    f"damaged ASE database, or not one ({first_line(error)})", remedy="copy or write the file again"
                ) from error
        if not ids:
            raise UnreadableFileError("a database without rows", remedy="check what program wrote it")
        for frame, row in enumerate(ids):
            yield frame_or_error(
                lambda row=row, frame=frame: _crystal(database, row, file.source, frame),  # type: ignore[misc] # bound now
                source=file.source,
                frame=frame,
                what=f"the row with id {row}",
            )


def _crystal(database: Any, row: int, source: str, frame: int) -> Crystal:  # noqa: ANN401 - ASE has no types
    with quiet():
        atoms = database.get(id=row).toatoms()
    return crystal_of_atoms(atoms, source=source, frame=frame)


@contextmanager
def _copy(file: InputFile, kind: str) -> Iterator[Path]:
    """A copy to work on: opening a database may write beside it, and a compressed one must be unpacked."""
    with tempfile.TemporaryDirectory(prefix="xtalprint-") as folder:
        path = Path(folder) / f"database.{kind}"
        path.write_bytes(file.content())
        yield path
