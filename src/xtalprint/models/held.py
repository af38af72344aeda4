"""A file that says which process is at work in a folder, so that no two are."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from platform import node
from typing import TYPE_CHECKING

from xtalprint.errors import WrongUsageError
from xtalprint.files import is_alive, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file while something is made that one process alone may make.

    A file that a killed process of this machine left is taken over.

    Parameters
    ----------
    path
        Of the file, which names machine and process; its folder is made.

    Raises
    ------
    WrongUsageError
        If another process has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left(path)
    try:
        with whole_file(path, new=True) as beside:
            beside.write_text(f"{node()} {os.getpid()}", encoding="utf-8")
    except FileExistsError as error:
        raise WrongUsageError(
            "another run is making the same",
            value=_owner(path),
            source=str(path),
            remedy="wait for it; if that process is gone, delete this file",
        ) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _owner(path: Path) -> str:
    """Machine and process; nothing if the file is gone."""
    with suppress(OSError):
        return path.read_text(encoding="utf-8")
    return ""


def _remove_left(path: Path) -> None:
    machine, _, process = _owner(path).rpartition(" ")
    if machine == node() and process.isdigit() and not is_alive(int(process)):
        path.unlink(missing_ok=True)
