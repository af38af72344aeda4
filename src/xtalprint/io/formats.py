"""Which format a file has: by its name, else by its content."""

from __future__ import annotations

import fnmatch
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from xtalprint.errors import UnreadableFileError
from xtalprint.files import PARQUET
from xtalprint.io.input_file import uncompressed_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtalprint.crystal import Crystal
    from xtalprint.errors import XtalprintError
    from xtalprint.io.input_file import InputFile


class FrameReader(Protocol):
    """Reads the frames of a file: a crystal each, or the error in its place."""

    def __call__(self, file: InputFile, elements: Sequence[str] | None) -> Iterator[Crystal | XtalprintError]:
        """Read lazily; an error that ends the whole file is raised."""
        ...


class Format(NamedTuple):
    """A format: its title, its module with the function `frames`, how to recognise it, and what is mostly in it."""

    title: str
    module: str
    patterns: tuple[str, ...]
    is_text: bool
    content: re.Pattern[bytes]
    is_series: bool


def _format(
    title: str, module: str, patterns: str, content: bytes, *, is_text: bool = True, is_series: bool = False
) -> Format:
    endings, found = tuple(patterns.split()), re.compile(content, re.DOTALL)
    return Format(title, f"xtalprint.io.{module}", endings, is_text, found, is_series)


_NUMBER = rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?"
_ROW3 = rb"[ \t]*" + _NUMBER + rb"(?:[ \t]+" + _NUMBER + rb"){2}[^\n]*\n"
_NEVER = rb"(?!)"
#: Bytes of the file that are looked at.
SNIFFED = 4096

#: Every format, the more specific content first. To add one, write a module with `frames` and its line here.
FORMATS: tuple[Format, ...] = (
    _format("ASE trajectory", "ase_trajectory", "*.traj", rb"- of Ulm", is_text=False, is_series=True),
    _format("ASE database", "ase_database", "*.db", rb"SQLite format 3\0", is_text=False, is_series=True),
    _format("crystal table", "tables", " ".join(f"*{ending}" for ending in PARQUET), rb"PAR1", is_text=False),
    _format(
        "LAMMPS dump",
        "lammps_dump",
        "*.dump dump.* *.lammpstrj *.dump.* *.lammpsdump",
        rb"\s*ITEM:",
        is_series=True,
    ),
    _format("CIF", "cif", "*.cif *.mcif", rb"(?:\s*(?:#[^\n]*)?\n)*\s*data_\S*\s"),
    _format("JSON of pymatgen or ASE", "json_structures", "*.json *.jsonl", rb"\s*[\[{]"),
    _format(
        "extxyz or xyz",
        "xyz",
        "*.extxyz *.xyz *.exyz",
        rb"\s*\d+[ \t]*\r?\n[^\n]*\n\s*\w+[ \t]+" + _ROW3,
        is_series=True,
    ),
    _format(
        "XDATCAR",
        "xdatcar",
        "XDATCAR* *.xdatcar",
        rb"[^\n]*\n\s*[^\n]*\n" + 3 * _ROW3 + rb".{,400}?\n\s*Direct conf",
        is_series=True,
    ),
    _format(
        "POSCAR",
        "poscar",
        "POSCAR* CONTCAR* *.poscar *.vasp *.contcar *POSCAR *CONTCAR",
        rb"[^\n]*\n[ \t]*" + _NUMBER + rb"[^\n]*\n" + 3 * _ROW3,
    ),
    _format(
        "LAMMPS data",
        "lammps_data",
        "*.data data.* *.lmp *.lammps *.lammps-data *.lammpsdata",
        rb"[^\n]*\n(?:[^\n]*\n){0,4}?\s*\d+\s+atoms\b",
    ),
    _format("atom probe .pos or .epos", "atom_probe", "*.pos *.epos", _NEVER, is_text=False),
)


def format_of(file: InputFile) -> Format:
    """Find the format of a file.

    Raises
    ------
    UnreadableFileError
        If it is empty, an archive, binary where its name promises text, or of no known format.
    """
    file.check_content()
    found = _by_name(file.name) or _by_content(file.head)
    if found is None:
        if b"\0" in file.head:
            raise UnreadableFileError(
                "binary data of an unknown format", source=file.source, remedy=f"known formats: {known_formats()}"
            )
        raise UnreadableFileError(
            "neither its name nor its content tells a known format",
            source=file.source,
            remedy=f"known formats: {known_formats()}; others can be read with ASE and passed to xtalprint.from_ase",
        )
    if found.is_text and b"\0" in file.head:
        raise file.binary()
    return found


def other_format(file: InputFile) -> str | None:
    """What to do if a file plainly has another format than its name says; None if it has not.

    To be asked when it cannot be read: the name decides.
    """
    named = _by_name(file.name)
    if named is None or named.content.match(_start(file.head)):
        return None
    found = _by_content(file.head)
    if found is None:
        return None
    ending = next(pattern[1:] for pattern in found.patterns if pattern.startswith("*."))
    return f"its content looks like {found.title}, its name says {named.title}: rename it to end in {ending}"


def is_series(path: str) -> bool:
    """Whether a file of this name, which may be compressed, holds many frames as a rule; it is not looked into.

    Examples
    --------
    >>> is_series("run/melt.dump.gz"), is_series("Cu.cif")
    (True, False)
    """
    found = _by_name(uncompressed_name(Path(path)))
    return found is not None and found.is_series


def format_named(name: str) -> str | None:
    """Title of the format that a name, which may be that of a compressed file, promises; None if of none.

    Examples
    --------
    >>> format_named("POSCAR"), format_named("run/Cu.cif.gz"), format_named("classes.txt")
    ('POSCAR', 'CIF', None)
    """
    found = _by_name(uncompressed_name(Path(name)))
    return None if found is None else found.title


def reader_of(found: Format) -> FrameReader:
    """Import the reader of a format."""
    reader: FrameReader = import_module(found.module).frames
    return reader


def known_formats() -> str:
    """All titles in one line."""
    return ", ".join(sorted((f.title for f in FORMATS), key=str.lower))


def _by_name(name: str) -> Format | None:
    lower = name.lower()
    # Endings first, in any case: dump.xyz is an xyz file. Then the names of programs: POSCAR_2, dump.500, data.Cu.
    for ending in (True, False):
        for found in FORMATS:
            for pattern in found.patterns:
                simple = pattern.startswith("*.") and "*" not in pattern[2:]
                if simple is ending and fnmatch.fnmatchcase(lower if ending else name, pattern):
                    return found
    return None


def _by_content(head: bytes) -> Format | None:
    return next((found for found in FORMATS if found.content.match(_start(head))), None)


def _start(head: bytes) -> bytes:
    return head[:SNIFFED].removeprefix(b"\xef\xbb\xbf")
