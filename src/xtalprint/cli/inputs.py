"""FILES of the command line: paths, globs and lists on stdin as one stream of crystals and errors."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click

from xtalprint.errors import UnreadableFileError, XtalprintError
from xtalprint.files import PARQUET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.io.parts import Part

STDIN = "-"
#: How the first line of a structure may look, and hardly a path: CIF, XYZ, JSON, LAMMPS, XML. A list of paths has no
#: other lines than paths, so that one that is missing and looks like this stops the command.
CONTENTS = re.compile(r"data_[^./*?[]*|#( .*)?|\d{1,7}|\{.*|ITEM: .*|<\?xml .*", re.IGNORECASE)
#: Characters of it that an error shows.
LONGEST = 60


@dataclass
class InputStream:
    """Crystals of many files, read when they are asked for.

    Parameters
    ----------
    arguments
        As typed: paths, patterns with ``*``, ``?``, ``[…]`` or ``**``, or ``-`` for paths on stdin, one a line.
    elements
        For files that name no elements.

    Iterating gives a `Crystal` or an `XtalprintError` for each frame of each file, in order; nothing is left out.
    """

    arguments: Sequence[str]
    elements: Sequence[str] | None = None
    _frames_at_end: deque[int] = field(default_factory=deque, init=False)
    _finished_files: int = field(default=0, init=False)
    _paths: list[str] | None = field(default=None, init=False)
    _files_at_part: deque[tuple[int, int]] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        if STDIN not in self.arguments:
            self._paths = list(_expand(self.arguments))

    @property
    def paths(self) -> Sequence[str]:
        """Paths and unmatched patterns as far as they are known before reading; empty for a list on stdin."""
        return self._paths or []

    @property
    def number_of_files(self) -> int | None:
        """How many, or None if they come from stdin."""
        return None if self._paths is None else len(self._paths)

    def __iter__(self) -> Iterator[Crystal | XtalprintError]:
        """Read one file after the other."""
        from xtalprint.io import iter_read  # noqa: PLC0415 - NumPy is not needed to print a usage error

        frames = 0
        for path in self._paths if self._paths is not None else _expand(self.arguments):
            if _is_unmatched_pattern(path):
                yield _no_match(path)
                frames += 1
            else:
                told = self.elements is None
                for item in iter_read(path, elements=self.elements):
                    told = told or self._tell_unused_elements(path, item)
                    yield item
                    frames += 1
            self._frames_at_end.append(frames)

    def parts(self, size: int, *, few: int | None = None) -> Iterator[Part]:
        """Cut the same stream into parts for workers, as `cut` does."""
        from xtalprint.io.parts import cut  # noqa: PLC0415 - NumPy is not needed to print a usage error

        files = 0
        for part in cut(self._told_paths(), self.elements, size=size, few=few):
            files += part.finished_files
            self._files_at_part.append((part.index, files))
            yield part

    def _told_paths(self) -> Iterator[str | XtalprintError]:
        """The paths, or errors; of the first file with each ending it is told whether it names its elements itself.

        Workers read the files: to look at each of them here too would take longer than to cut the input.
        """
        from xtalprint.io import iter_read  # noqa: PLC0415 - NumPy is not needed to print a usage error

        known: set[str] = set()
        for path in self._all_paths():
            if _is_unmatched_pattern(path):
                yield _no_match(path)
                continue
            ending = Path(path).suffix.lower()
            if self.elements is not None and ending not in known:
                known.add(ending)
                for item in islice(iter_read(path, elements=self.elements), 1):
                    self._tell_unused_elements(path, item)
            yield path

    def about(self) -> dict[str, Any]:
        """What the input is, as plain data: number of files, SHA-256 of their names in order, first of them."""
        names = hashlib.sha256()
        paths = self._all_paths()
        for path in paths:
            names.update(os.fsencode(path) + b"\n")
        return {
            "number_of_files": len(paths),
            "sha256_of_their_names": names.hexdigest(),
            "first_file": paths[0] if paths else None,
        }

    def _all_paths(self) -> list[str]:
        """The paths, for which a list on stdin is read to its end."""
        if self._paths is None:
            self._paths = list(_expand(self.arguments))
        return self._paths

    def _tell_unused_elements(self, path: str, item: Crystal | XtalprintError) -> bool:
        """Say so on stderr if a file names elements itself; returns whether it was said."""
        symbols = getattr(item, "symbols", [])
        others = sorted(set(symbols) - set(self.elements or ()))
        if others:
            click.echo(f"{path}: names its elements itself ({', '.join(others)}); --elements is not used", err=True)
        return bool(others)

    def least_structures(self) -> int:
        """How many structures there are at least, without reading them: rows of tables, and one in any other file."""
        from xtalprint.io.input_file import InputFile  # noqa: PLC0415 - not for a usage error
        from xtalprint.io.tables import number_of_rows  # noqa: PLC0415 - likewise

        n = 0
        for path in self.paths:
            rows = 1
            if path.lower().endswith(PARQUET):
                with suppress(XtalprintError):  # told when it is read
                    rows = number_of_rows(InputFile(path))
            n += rows
        return n

    def check_output(self, output: Path | None) -> None:
        """Refuse to write over a file that is to be read."""
        if output is None or not output.is_file():
            return
        for path in self.paths:
            if Path(path).is_file() and output.samefile(path):
                raise click.BadParameter(f"{output} is one of the files to read", param_hint="--output")

    def finished_files(self, finished_records: int) -> int:
        """How many files are finished when that many records, in order, are finished; never ask for fewer again."""
        while self._frames_at_end and self._frames_at_end[0] <= finished_records:
            self._frames_at_end.popleft()
            self._finished_files += 1
        return self._finished_files

    def finished_parts(self, index: int) -> int:
        """How many files are finished when all parts up to that one are; never ask for an earlier one again."""
        while self._files_at_part and self._files_at_part[0][0] <= index:
            self._finished_files = self._files_at_part.popleft()[1]
        return self._finished_files


def _expand(arguments: Sequence[str]) -> Iterator[str]:
    for argument in arguments:
        if argument == STDIN:
            yield from _listed_on_stdin()
        else:
            yield from _matches(argument)


def _matches(argument: str) -> list[str]:
    """Files that a pattern stands for; the argument itself if it is a file, no pattern, or matches nothing."""
    if not glob.has_magic(argument) or os.path.lexists(argument):
        return [argument]
    pattern = Path(argument).expanduser()
    # Path.glob would also descend into hidden folders, and wants the part without wildcards split off first.
    matches = sorted(glob.glob(str(pattern), recursive=True))  # noqa: PTH207
    # A pattern means the files; a folder is an error only where it was named.
    return [path for path in matches if not Path(path).is_dir()] or [argument]


def _listed_on_stdin() -> Iterator[str]:
    empty = True
    for line in sys.stdin.buffer:
        path = os.fsdecode(line.rstrip(b"\r\n"))
        if path.strip():
            if empty and CONTENTS.fullmatch(path.strip()) and _is_no_file(path):
                raise click.UsageError(
                    f"no file is called {shorten(path, LONGEST)!r}: stdin is read as a list of paths, one a line; if "
                    "it holds a structure, save that and give the path of the file"
                )
            empty = False
            yield from _matches(path)
    if empty:
        raise click.UsageError("the list of files on stdin is empty")


def _is_no_file(path: str) -> bool:
    return not os.path.lexists(path) and _matches(path) == [path]


def _is_unmatched_pattern(path: str) -> bool:
    return glob.has_magic(path) and not os.path.lexists(path)


def _no_match(pattern: str) -> UnreadableFileError:
    return UnreadableFileError(
        "no file matches this pattern",
        source=pattern,
        remedy=f"check the folder and the pattern; the search started in {Path.cwd()}",
    )
