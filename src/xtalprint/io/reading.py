"""`read` and `iter_read`: a file of any known format, frame by frame."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from xtalprint.errors import UnreadableFileError, UnsupportedInputError, XtalprintError
from xtalprint.io.formats import format_of, other_format, reader_of
from xtalprint.io.input_file import InputFile
from xtalprint.io.quiet import first_line
from xtalprint.io.species import checked_elements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.crystal import Crystal


def read(path: str | os.PathLike[str], *, elements: Sequence[str] | None = None) -> list[Crystal]:
    """Read all crystals of a file.

    Parameters
    ----------
    path
        CIF, POSCAR, XDATCAR, extxyz, xyz, LAMMPS data or dump, JSON of pymatgen or ASE, ASE trajectory or database,
        atom probe .pos or .epos, crystal table; each may be compressed with gzip, bzip2 or xz. Found by name, else
        by content.
    elements
        Elements of the types 1, 2, … of a LAMMPS file, of the species of a POSCAR that names none, or the one
        element of an atom probe file.

    Returns
    -------
    One crystal for each frame, in order; a list for a file of one structure, too.

    Raises
    ------
    XtalprintError
        The first thing that cannot be read; `iter_read` goes on after it where the format allows.
    """
    crystals = []
    for item in iter_read(path, elements=elements):
        if isinstance(item, XtalprintError):
            raise item
        crystals.append(item)
    return crystals


def iter_read(
    path: str | os.PathLike[str],
    *,
    elements: Sequence[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Iterator[Crystal | XtalprintError]:
    """Read a file frame by frame; what cannot be read is yielded as an error in its place, never raised.

    Parameters
    ----------
    path
        As for `read`.
    elements
        As for `read`.
    folder
        Where a relative path starts, if not in the current folder.

    Yields
    ------
    A `Crystal`, or an `XtalprintError` that names source and frame, for each frame. If the file as a whole cannot
    be read, or cannot be read further, one error tells so and is the last item.
    """
    try:
        source = os.fsdecode(path)
    except TypeError:
        raise UnsupportedInputError(
            "this is no path", value=f"{type(path).__name__} {path!r}", remedy="give the name of one file"
        ) from None
    next_frame: int | None = None
    file: InputFile | None = None
    try:
        file = InputFile(source, folder=folder)
        symbols = checked_elements(elements)
        for item in reader_of(format_of(file))(file, symbols):
            frame = item.frame if item.frame is not None else (next_frame or 0)
            misnamed = file if next_frame is None else None
            next_frame = frame + 1
            yield _complete(item, source, frame, misnamed) if isinstance(item, XtalprintError) else item
        if next_frame is None:
            raise UnreadableFileError(  # noqa: TRY301 - one way out for all that is wrong with the file as a whole
                "nothing in the file is a structure", remedy="check that it is complete and what its name says"
            )
    except XtalprintError as error:
        yield _complete(error, source, next_frame, file if next_frame is None else None)
    except MemoryError:
        yield UnreadableFileError(
            "too big for the memory", source=source, frame=next_frame, remedy="split the file or cut out a part"
        )
    except Exception as error:  # noqa: BLE001 - the edge to third-party parsers: nothing may be raised for bad input
        unreadable = UnreadableFileError(
            f"cannot be read ({type(error).__name__}: {first_line(error)})",
            remedy="check that the file is complete and of the format its name says",
        )
        yield _complete(unreadable, source, next_frame, file if next_frame is None else None)


def _complete(error: XtalprintError, source: str, frame: int | None, misnamed: InputFile | None) -> XtalprintError:
    """Say where it was and what to do; of a file of which nothing was read yet, also if its name may be wrong."""
    error.remedy = error.remedy or "check the file, and the program that wrote it"
    with suppress(XtalprintError):  # a damaged file, which the error is about
        if misnamed is not None and (other := other_format(misnamed)):
            error.remedy = f"{other}; or {error.remedy}"
    return error.located(source=source, frame=frame)
