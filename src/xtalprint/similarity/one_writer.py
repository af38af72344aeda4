"""One process at a time writes a file: a lock that the system takes back when its owner ends, however it ends."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from xtalprint.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Characters of the owner's name that are read.
_LONGEST = 200


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Let nobody else write this file meanwhile.

    ``NAME.lock`` beside the file is locked, and says who writes. If its owner is killed the lock is free at once,
    and the next writer takes what is left of it. A file system without locks keeps nobody out.

    Parameters
    ----------
    path
        The file; its folder is made if it is not there.

    Raises
    ------
    WrongUsageError
        If another writes it, or the folder may not be written to.
    """
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = _taken(path, lock)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        os.write(stream, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file; the next writer takes it
            lock.unlink()
        os.close(stream)


def cannot_write(path: Path, error: OSError) -> WrongUsageError:
    """Error for a place that cannot be written to."""
    return WrongUsageError(
        f"cannot be written: {error.strerror}",
        source=str(path),
        remedy="allow writing into its folder, or choose another",
    )


def _taken(path: Path, lock: Path) -> int:
    """Open and lock the file of the lock, which its last owner may remove in the meantime."""
    while True:
        stream = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        if not _locked(stream):
            owner = os.read(stream, _LONGEST).decode("utf-8", "replace")
            os.close(stream)
            raise WrongUsageError(
                f"{owner or 'another process'} is writing this file",
                source=str(path),
                remedy="wait until it is finished, or choose another name",
            )
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(stream), lock.stat()):
                os.ftruncate(stream, 0)
                return stream
        os.close(stream)


def _locked(stream: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - of that system only

            # Far behind the name of the owner, which others must be able to read.
            os.lseek(stream, 1 << 20, os.SEEK_SET)
            msvcrt.locking(stream, msvcrt.LK_NBLCK, 1)
            os.lseek(stream, 0, os.SEEK_SET)
        else:
            import fcntl  # noqa: PLC0415 - of these systems only

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.lseek(stream, 0, os.SEEK_SET)
        return False
    except OSError:  # a file system without locks
        return True
    return True
