"""Files that appear complete or not at all, and their names."""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from platform import node
from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How the names of Parquet files end.
PARQUET = (".parquet", ".pq")
#: Seconds after which an unfinished file of another machine is nobody's any more.
ABANDONED = 3600
#: Characters of a file's name that the unfinished one keeps, so that its own name is never too long.
KEPT = 40
#: What a file system says that cannot bring a folder to the disk, or does not let it be read.
_UNABLE = {errno.EINVAL, errno.ENOTSUP, errno.EACCES}


@contextmanager
def whole_file(path: str | os.PathLike[str], *, new: bool = False) -> Iterator[Path]:
    """Give a place to write to, beside ``path``; at the end it is brought to the disk and moved there.

    The file is there complete or not at all, even if the machine loses its power. Any number of processes and threads
    may write the same file at once: the last one stays. After an error nothing is left.

    Parameters
    ----------
    path
        The file; where it is a link, what it leads to.
    new
        Whether to refuse to write over a file.

    Yields
    ------
    A path in the same folder at which there is nothing yet; a file must be there at the end.

    Raises
    ------
    FileExistsError
        If there is a file by the end that must not be written over.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "answer.txt"
    ...     with whole_file(target) as beside:
    ...         _ = beside.write_text("42")
    ...     target.read_text(), len(list(Path(folder).iterdir()))
    ('42', 1)
    """
    target = Path(path).resolve()
    unique = f"{node()}.{os.getpid()}.{get_ident()}-{time.monotonic_ns()}"
    beside = target.with_name(f".{target.name[:KEPT]}.{unique}.part")
    try:
        yield beside
        with beside.open("r+b") as stream:
            os.fsync(stream.fileno())
        if new:
            _link(beside, target)
        else:
            beside.replace(target)
        _bring_to_disk(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def as_text(name: str) -> str:
    r"""Text that UTF-8 can hold: other bytes of a file name are written in hexadecimal, after a backslash.

    Examples
    --------
    >>> print(as_text(os.fsdecode(b"caf\xe9.cif")))
    caf\xe9.cif
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def remove_unfinished(folder: Path) -> None:
    """Remove what was being written by `whole_file` when its process was killed."""
    here = f".{node()}."
    for beside in folder.glob(".*.part"):
        owner = beside.name.removesuffix(".part").split(".")[-2]
        with suppress(OSError):
            dead = here in beside.name and owner.isdigit() and not is_alive(int(owner))
            if dead or time.time() - beside.stat().st_mtime > ABANDONED:
                beside.unlink()


def _link(beside: Path, target: Path) -> None:
    """Give a file its name, unless there is one of that name: one of many that do so at once succeeds."""
    try:
        target.hardlink_to(beside)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without links
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        beside.replace(target)


def _bring_to_disk(folder: Path) -> None:
    """Make sure that the names in a folder outlast a loss of power."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise


def is_alive(process: int) -> bool:
    """Whether a process of this machine, by its number, has not ended; where that cannot be asked, it has not."""
    if os.name == "nt":  # where signal 0 is not a question but Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    # One that has ended keeps its number until its parent asks how; the state, after the name in brackets, tells.
    with suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2]
        return not state.startswith((b"Z", b"X"))
    return True
