""".pos and .epos of atom probe tomography: big-endian records of position (nm) and mass-to-charge ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.crystal import Crystal
from xtalprint.elements import ATOMIC_NUMBERS
from xtalprint.errors import UnreadableFileError
from xtalprint.io.frames import MAX_ATOMS, frame_or_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.errors import XtalprintError
    from xtalprint.io.input_file import InputFile

#: Record lengths (bytes): x, y, z, m/q; and in .epos five more floats and two integers.
POS_RECORD, EPOS_RECORD = 16, 44
#: Files are in nm.
ANGSTROM_PER_NM = 10.0


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
    """Read the one cluster."""
    yield frame_or_error(lambda: _crystal(file, elements), source=file.source, frame=0, what="the atom probe file")


def _crystal(file: InputFile, elements: Sequence[str] | None) -> Crystal:
    record = EPOS_RECORD if file.name.lower().endswith(".epos") else POS_RECORD
    data = file.content(MAX_ATOMS * record)
    n, rest = divmod(len(data), record)
    if rest:
        raise UnreadableFileError(
            f"{len(data)} bytes are not a whole number of {record}-byte records",
            remedy="copy or write the file again",
        )
    if elements is None or len(elements) != 1:
        raise UnreadableFileError(
            "an atom probe file names no elements, and mass-to-charge ratios need ranges to tell them",
            value=None if elements is None else ",".join(elements),
            remedy="select the ions of one element and name it, as in --elements Al",
        )
    table = np.frombuffer(data, dtype=np.dtype(">f4")).reshape(n, record // 4)
    positions = table[:, :3].astype(np.float64) * ANGSTROM_PER_NM
    return Crystal(positions, np.full(n, ATOMIC_NUMBERS[elements[0]]), source=file.source, frame=0)
