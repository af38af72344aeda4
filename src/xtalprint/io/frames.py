"""One frame after the other: a crystal each, or the error in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io.quiet import first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtalprint.crystal import Crystal

#: Most atoms of one frame: more would take longer than a person waits for an answer.
MAX_ATOMS = 2_000_000


def frame_or_error(
    make: Callable[[], Crystal], *, source: str, frame: int, what: str = "the frame"
) -> Crystal | XtalprintError:
    """Make the crystal of one frame; whatever goes wrong becomes its error."""
    try:
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and inf of the file are named by Crystal
            return make()
    except XtalprintError as error:
        return error.located(source=source, frame=frame)
    except MemoryError:
        return UnreadableFileError(
            f"{what} is too big for the memory", source=source, frame=frame, remedy="cut out a part"
        )
    except Exception as error:  # noqa: BLE001 - the edge to third-party parsers and to files of any content
        return UnreadableFileError(
            f"{what} cannot be read ({type(error).__name__}: {first_line(error)})",
            source=source,
            frame=frame,
            remedy="check that the file is complete",
        )


def check_number_of_atoms(n: int) -> None:
    """Refuse a negative or an excessive number before memory is asked for.

    Raises
    ------
    UnreadableFileError
        If it is outside 0 to `MAX_ATOMS`.
    """
    if n < 0:
        raise UnreadableFileError("a negative number of atoms", value=n, remedy="check that the file is complete")
    if n > MAX_ATOMS:
        raise UnreadableFileError(
            f"more than {MAX_ATOMS} atoms in one frame", value=n, remedy="cut out a part of the sample"
        )
