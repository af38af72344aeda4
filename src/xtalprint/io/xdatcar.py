"""XDATCAR of VASP: a trajectory with one cell for all frames, or one above each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtalprint.crystal import Crystal
from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io.frames import frame_or_error
from xtalprint.io.poscar import Header, read_coordinates, read_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.io.input_file import InputFile


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    """Read frame by frame."""
    lines = file.text().splitlines()
    header = read_header(lines, elements)
    starts = [i for i, line in enumerate(lines) if line.lstrip().startswith(("Direct", "direct"))]
    if not starts:
        raise UnreadableFileError("no line Direct configuration", remedy="check that this is a complete XDATCAR")
    previous_end = header.n_lines
    for frame, start in enumerate(starts):
        above = lines[previous_end:start]
        if len(above) >= header.n_lines:  # the cell changes: VASP repeats the header
            try:
                header = read_header(above[-header.n_lines :], elements)
            except XtalprintError as error:
                yield error.located(source=file.source, frame=frame)
                continue
        n = len(header.numbers)
        rows = lines[start + 1 : start + 1 + n]
        previous_end = start + 1 + n
        yield frame_or_error(
            lambda rows=rows, header=header, frame=frame: _crystal(rows, header, file.source, frame),  # type: ignore[misc] # bound now
            source=file.source,
            frame=frame,
        )


def _crystal(rows: list[str], header: Header, source: str, frame: int) -> Crystal:
    coordinates = read_coordinates(rows, len(header.numbers))
    return Crystal(coordinates @ header.cell, header.numbers, cell=header.cell, source=source, frame=frame)
