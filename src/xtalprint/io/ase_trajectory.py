"""ASE trajectories (.traj)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.io.ase_objects import crystal_of_atoms
from xtalprint.io.frames import check_number_of_atoms, frame_or_error
from xtalprint.io.quiet import first_line, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from xtalprint.crystal import Crystal
    from xtalprint.io.input_file import InputFile

MAGIC = b"- of Ulm"


def frames(file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:  # noqa: ARG001 - the signature of every reader
    """Read frame by frame."""
    if not file.head.startswith(MAGIC):
        raise UnreadableFileError("not an ASE trajectory", remedy="check what program wrote it")
    with quiet():
        from ase.io.trajectory import TrajectoryReader  # noqa: PLC0415 - ASE is slow to import

        try:
            source: Any = file.path if file.compression is None else io.BytesIO(file.content())
            trajectory: Any = TrajectoryReader(source)  # type: ignore[no-untyped-call] # ASE has no types
            n = len(trajectory)
        except XtalprintError:
            raise
        except Exception as error:
            raise UnreadableFileError(
                f"damaged ASE trajectory ({first_line(error)})", remedy="copy or write the file again"
            ) from error
    if n == 0:
        raise UnreadableFileError("a trajectory without frames", remedy="check that the program has finished")
    try:
        for frame in range(n):
            yield frame_or_error(
                lambda frame=frame: _crystal(trajectory, file.source, frame),  # type: ignore[misc] # bound now
                source=file.source,
                frame=frame,
            )
    finally:
        trajectory.close()


def _crystal(trajectory: Any, source: str, frame: int) -> Crystal:  # noqa: ANN401 - ASE has no types
    with quiet():
        atoms = trajectory[frame]
    check_number_of_atoms(len(atoms))
    return crystal_of_atoms(atoms, source=source, frame=frame)
